"""The public functions: `script` joins the front end and the run time."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scriptc.frontend.compiler import compile_entry
from scriptc.frontend.objects import is_module
from scriptc.frontend.tracer import Tracer, trace_function, trace_module
from scriptc.ir.diagnostic import ArgumentError
from scriptc.nn.module import tracing
from scriptc.scripted import ScriptFunction, ScriptModule


def script(obj: Any, example_inputs: Sequence[Any] | None = None) -> ScriptFunction | ScriptModule:
    """Compile a function, a module, or a bound method, and everything that it calls.

    The source is read, not run. Parameters take their types from annotations, else from
    `example_inputs`, else from their defaults, and are arrays otherwise.

    Raises:
        CompileError: with every problem found, each at its line.
        ArgumentError: if `obj` is nothing that can be compiled.
    """
    if isinstance(obj, ScriptFunction | ScriptModule):
        return obj
    if isinstance(obj, types.FunctionType):
        compiled = compile_entry(obj, None, example_inputs)
        return ScriptFunction(compiled.program, compiled.entry, obj)
    if isinstance(obj, types.MethodType) and isinstance(obj.__func__, types.FunctionType):
        compiled = compile_entry(obj.__func__, obj.__self__, example_inputs)
        assert compiled.root is not None
        return ScriptModule(compiled.program, compiled.entry, compiled.root)
    forward: Callable[..., Any] | None = getattr(type(obj), "forward", None)
    if is_module(obj) and isinstance(forward, types.FunctionType):
        compiled = compile_entry(forward, obj, example_inputs)
        assert compiled.root is not None
        return ScriptModule(compiled.program, compiled.entry, compiled.root)
    raise ArgumentError(
        f"script() takes a function, a module or a bound method, not {type(obj).__qualname__}"
    )


@contextmanager
def _hooked(tracer: Tracer) -> Iterator[None]:
    token = tracing.set(tracer)
    try:
        yield
    finally:
        tracing.reset(token)


def trace(obj: Any, example_inputs: Any) -> ScriptFunction | ScriptModule:
    """Run a function or a module on example inputs, and compile what it did.

    `example_inputs` is a tuple of arguments, or one array. What depends on the values of the
    inputs, such as a branch taken, is kept as it was in this run; a `TracerWarning` says where.

    Raises:
        TraceError: if the run does something that has no operation.
    """
    inputs = (
        tuple(example_inputs) if isinstance(example_inputs, tuple | list) else (example_inputs,)
    )
    if is_module(obj):
        return ScriptModule(*trace_module(obj, inputs, _hooked))
    return ScriptFunction(*trace_function(obj, inputs, _hooked), obj)
