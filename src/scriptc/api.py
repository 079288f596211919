"""The public functions: `script` joins the front end and the run time."""

from __future__ import annotations

import copy
import inspect
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Protocol

from scriptc.calls import backend_of, trace_with
from scriptc.frontend.compiler import Compiled, compile_entry
from scriptc.frontend.errors import NoSource
from scriptc.frontend.objects import is_module
from scriptc.frontend.tracing.entry import trace_call
from scriptc.frontend.tracing.errors import TraceError, TracerWarning
from scriptc.ir.diagnostic import ArgumentError, CompileError, Diagnostic
from scriptc.nn import functional
from scriptc.runtime.native.settings import Backend
from scriptc.scripted import ScriptFunction, ScriptModule
from scriptc.trace_check import find_difference

ScriptedObject = ScriptFunction | ScriptModule


class FallbackWarning(UserWarning):
    """`script` traced an object because its source is outside the subset."""


class Watcher(Protocol):
    """What sees the calls of `script` and `trace`, as `scriptc check` does."""

    def compiling(self, obj: Any, how: str) -> AbstractContextManager[Done, bool]:
        """Return the context that `obj` is compiled in; `how` is "script" or "trace".

        It gets the result by a call of what it gives. If it takes the error, the result of
        `script` or `trace` is `obj` itself, so that the program that called it can go on.
        """


Done = Callable[[ScriptedObject], object]
watching: ContextVar[Watcher | None] = ContextVar("scriptc.watching", default=None)
"""The watcher of this thread or task, or None (the ordinary case)."""


class _Unwatched:
    def __enter__(self) -> Done:
        return id

    def __exit__(self, *_: object) -> bool:  # type: ignore[exit-return]  # as all watchers
        return False


_UNWATCHED = _Unwatched()


def _watched(obj: Any, how: str) -> AbstractContextManager[Done, bool]:
    watcher = watching.get()
    return _UNWATCHED if watcher is None else watcher.compiling(obj, how)


def script(obj: Any, example_inputs: Any = None, *, backend: str | None = None) -> ScriptedObject:
    """Compile a function, a module, a bound method or a callable object, and all that it calls.

    The source is read, not run. Parameters take their types from annotations, else from
    `example_inputs`, else from their defaults, and are arrays otherwise. Where the source is not
    available or goes outside the subset, and `example_inputs` are given, the object is traced
    instead, and one `FallbackWarning` names what forced that and its line.

    `backend` says who answers calls: "auto" is native code where there can be some, and the
    interpreter elsewhere; "native" makes it an error where there is none; "interpreter" compiles
    nothing. None leaves it to the environment variable `SCRIPTC_BACKEND`, "auto" unless set.

    Raises:
        CompileError: with every problem found, each at its line.
        ArgumentError: if `obj` is nothing that can be compiled.
    """
    if isinstance(obj, ScriptFunction | ScriptModule):
        return obj
    inputs = None if example_inputs is None else _as_arguments(example_inputs)
    with _watched(obj, "script") as done:
        scripted = _script_or_trace(obj, inputs, backend_of(backend))
        done(scripted)
        return scripted
    return obj  # type: ignore[no-any-return]  # a watcher took the error


def _script_or_trace(
    obj: Any, inputs: tuple[Any, ...] | None, backend: Backend | None
) -> ScriptedObject:
    try:
        return _script(obj, inputs, backend)
    except CompileError as error:
        if inputs is None:
            error.add_note("with example_inputs=(...), script() would trace it instead")
            raise
        try:
            traced = _trace(obj, inputs, {}, check=True, backend=backend)
        except TraceError as failure:
            error.add_note(f"tracing it instead failed too: {failure}")
            raise error from None
        warnings.warn(_forced_by(obj, error.diagnostics[0]), FallbackWarning, stacklevel=3)
        return traced


def _script(
    obj: Any, example_inputs: Sequence[Any] | None, backend: Backend | None
) -> ScriptedObject:
    found = _method_of(obj)
    if isinstance(obj, types.FunctionType):
        compiled = compile_entry(obj, None, example_inputs)
        return ScriptFunction(compiled.program, compiled.entry, obj, backend)
    if found is not None:
        return _as_module(compile_entry(found[0], found[1], example_inputs), backend)
    if callable(obj) and not isinstance(obj, type) and example_inputs is not None:
        name = getattr(obj, "__name__", type(obj).__qualname__)
        raise CompileError([NoSource(location=None, name=name)])
    raise ArgumentError(
        f"script() takes a function, a module or a bound method, not {type(obj).__qualname__}"
    )


def _method_of(obj: Any) -> tuple[types.FunctionType, Any] | None:
    """Return function and object of what is called: a bound method, `forward`, or `__call__`."""
    forward = getattr(type(obj), "forward", None)
    if is_module(obj) and isinstance(forward, types.FunctionType):
        return forward, obj
    if isinstance(obj, types.MethodType) and isinstance(obj.__func__, types.FunctionType):
        return obj.__func__, obj.__self__
    call = inspect.getattr_static(type(obj), "__call__", None)
    if isinstance(call, types.FunctionType) and not is_module(obj):
        return call, obj
    return None


def _as_module(compiled: Compiled, backend: Backend | None) -> ScriptModule:
    assert compiled.root is not None
    return ScriptModule(compiled.program, compiled.entry, compiled.root, backend=backend)


def _as_arguments(example_inputs: Any) -> tuple[Any, ...]:
    """Return example inputs as the arguments of a call: one that is no sequence stands alone."""
    if isinstance(example_inputs, tuple | list):
        return tuple(example_inputs)
    return (example_inputs,)


def _forced_by(obj: Any, problem: Diagnostic) -> str:
    """Say what kept an object from being scripted: the construct, its line, its submodule."""
    text = f"traced instead of scripted, because {problem.title_text}"
    owner = _method_of(obj)
    code = getattr(obj if owner is None else owner[0], "__code__", None)
    if problem.location is not None:
        text += f" ({problem.location})"
    elif code is not None:
        text += f" ({code.co_filename}:{code.co_firstlineno})"
    if problem.location is None or owner is None or not is_module(owner[1]):
        return text
    path, line = problem.location.file.path, problem.location.line
    for name, module in owner[1].named_modules():
        for method in _methods(type(module)):
            lines = [n for *_, n in method.__code__.co_lines() if n is not None]
            if name and method.__code__.co_filename == path and min(lines) <= line <= max(lines):
                return f"{text}, in the submodule `{name}`, a {type(module).__name__}"
    return text


def _methods(cls: type) -> Iterator[types.FunctionType]:
    for base in cls.__mro__:
        yield from (m for m in vars(base).values() if isinstance(m, types.FunctionType))


def trace(
    obj: Any,
    example_inputs: Any = (),
    *,
    example_kwarg_inputs: Mapping[str, Any] | None = None,
    check_trace: bool = True,
    backend: str | None = None,
) -> ScriptedObject:
    """Run a function, a module or a bound method on example inputs, and compile what it did.

    `example_inputs` is a tuple of arguments, or one argument, and `example_kwarg_inputs` those
    given by keyword; they are copied first. Arrays, and lists, tuples and dicts of arrays, are
    inputs of the program. Any other argument is a constant of it: the program raises `ValueError`
    for another value. Sizes of arrays stay open; dtypes and the number of dimensions are those of
    this run. What Python has to know of an array, such as a branch taken, is kept as it was in
    this run; a `TracerWarning` says where.

    The object is left as it was, and so are the inputs. With `check_trace`, the result is run
    beside a second run of `obj`, and a `TracerWarning` says where they differ, as they do when
    `obj` is not deterministic. `backend` is that of `script`.

    Raises:
        TraceError: if the run does something that has no operation.
        ArgumentError: if `obj` cannot be called, or not with these inputs.
    """
    if isinstance(obj, ScriptFunction | ScriptModule):
        return obj
    args, kwargs = _as_arguments(example_inputs), dict(example_kwarg_inputs or {})
    with _watched(obj, "trace") as done:
        traced = _trace(obj, args, kwargs, check=check_trace, backend=backend_of(backend))
        done(traced)
        return traced
    return obj  # type: ignore[no-any-return]  # a watcher took the error


def _trace(
    obj: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    check: bool,
    backend: Backend | None,
) -> ScriptedObject:
    found = _method_of(obj)
    run_args, run_kwargs = copy.deepcopy((args, kwargs))
    traced: ScriptedObject
    if found is not None and is_module(found[1]):
        function, module = found
        compiled = trace_call(function, module, run_args, run_kwargs, trace_with, (functional,))
        traced = _as_module(compiled, backend)
    elif callable(obj) and not isinstance(obj, type):
        compiled = trace_call(obj, None, run_args, run_kwargs, trace_with, (functional,))
        traced = ScriptFunction(compiled.program, compiled.entry, obj, backend)
    else:
        raise ArgumentError(
            f"trace() takes a function, a module or a bound method, not {type(obj).__qualname__}"
        )
    difference = find_difference(obj, traced, args, kwargs) if check else ""
    if difference:
        warnings.warn(
            f"the trace differs from a second run: {difference}", TracerWarning, stacklevel=3
        )
    return traced
