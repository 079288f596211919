"""The public functions: `script` joins the front end and the run time."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from scriptc.frontend.compiler import compile_entry
from scriptc.frontend.objects import is_module
from scriptc.ir.diagnostic import ArgumentError
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
