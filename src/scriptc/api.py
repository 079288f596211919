"""The public functions: `script` joins the front end and the run time."""

from __future__ import annotations

import copy
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scriptc import scripted
from scriptc.frontend.compiler import compile_entry
from scriptc.frontend.objects import is_module
from scriptc.frontend.tracer import (
    TraceError,
    Tracer,
    TracerWarning,
    trace_function,
    trace_module,
)
from scriptc.ir.diagnostic import ArgumentError, CompileError
from scriptc.nn.module import tracing
from scriptc.scripted import ExtraFiles, ScriptFunction, ScriptModule

if TYPE_CHECKING:
    from scriptc.runtime.archive.reader import Source
    from scriptc.runtime.archive.writer import Target

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


def script(obj: Any, example_inputs: Sequence[Any] | None = None) -> ScriptedObject:
    """Compile a function, a module, or a bound method, and everything that it calls.

    The source is read, not run. Parameters take their types from annotations, else from
    `example_inputs`, else from their defaults, and are arrays otherwise. Where the source is not
    available or goes outside the subset, and `example_inputs` are given, the object is traced
    instead, and one `FallbackWarning` names what forced that and its line.

    Raises:
        CompileError: with every problem found, each at its line.
        ArgumentError: if `obj` is nothing that can be compiled.
    """
    if isinstance(obj, ScriptFunction | ScriptModule):
        return obj
    with _watched(obj, "script") as done:
        scripted = _script_or_trace(obj, example_inputs)
        done(scripted)
        return scripted
    return obj  # type: ignore[no-any-return]  # a watcher took the error


def _script_or_trace(obj: Any, example_inputs: Sequence[Any] | None) -> ScriptedObject:
    try:
        return _script(obj, example_inputs)
    except CompileError as error:
        if example_inputs is None or isinstance(obj, types.MethodType):
            raise
        try:
            traced = trace(obj, tuple(example_inputs))
        except TraceError as failure:
            error.add_note(f"tracing it instead failed too: {failure}")
            raise error from None
        first = error.diagnostics[0]
        place = "" if first.location is None else f" ({first.location})"
        warnings.warn(
            f"traced instead of scripted, because {first.title_text}{place}",
            FallbackWarning,
            stacklevel=3,
        )
        return traced


def _script(obj: Any, example_inputs: Sequence[Any] | None) -> ScriptedObject:
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


def trace(obj: Any, example_inputs: Any, *, check_trace: bool = True) -> ScriptedObject:
    """Run a function or a module on example inputs, and compile what it did.

    `example_inputs` is a tuple of arguments, or one array; they are copied first. What depends on
    the values of the inputs, such as a branch taken, is kept as it was in this run; a
    `TracerWarning` says where. With `check_trace`, the result is run beside a second run of `obj`,
    and a `TracerWarning` says where they differ, as they do when `obj` is not deterministic.

    Raises:
        TraceError: if the run does something that has no operation.
    """
    several = isinstance(example_inputs, tuple | list)
    inputs = tuple(example_inputs) if several else (example_inputs,)
    with _watched(obj, "trace") as done:
        traced = _trace(obj, inputs)
        if check_trace:
            _check_trace(obj, traced, inputs)
        done(traced)
        return traced
    return obj  # type: ignore[no-any-return]  # a watcher took the error


def _trace(obj: Any, inputs: tuple[Any, ...]) -> ScriptedObject:
    traced: ScriptedObject
    if is_module(obj):
        traced = ScriptModule(*trace_module(obj, copy.deepcopy(inputs), _hooked))
    else:
        traced = ScriptFunction(*trace_function(obj, copy.deepcopy(inputs), _hooked), obj)
    return traced


def _check_trace(obj: Any, traced: ScriptedObject, inputs: tuple[Any, ...]) -> None:
    again = copy.deepcopy(obj) if is_module(obj) else obj
    program = traced.session() if isinstance(traced, ScriptModule) else traced
    expected = again(*copy.deepcopy(inputs))
    actual = program(*copy.deepcopy(inputs))
    difference = _difference(expected, actual, "the result")
    if difference:
        warnings.warn(
            f"the trace differs from a second run: {difference}", TracerWarning, stacklevel=3
        )


def _difference(expected: Any, actual: Any, where: str) -> str:
    """Return the first place where two results differ, or nothing."""
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        if len(expected) != len(actual):
            return f"{where} has {len(actual)} elements, not {len(expected)}"
        pairs = enumerate(zip(expected, actual, strict=True))
        found = (_difference(e, a, f"{where}[{i}]") for i, (e, a) in pairs)
        return next(filter(None, found), "")
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            return f"{where} has the keys {list(actual)}, not {list(expected)}"
        found = (_difference(expected[k], actual[k], f"{where}[{k!r}]") for k in expected)
        return next(filter(None, found), "")
    e, a = np.asarray(expected), np.asarray(actual)
    if (e.shape, e.dtype) != (a.shape, a.dtype):
        return f"{where} is {a.dtype} of shape {a.shape}, not {e.dtype} of shape {e.shape}"
    same = np.array_equal(e, a, equal_nan=e.dtype.kind in "fc")
    return "" if same else f"{where} has other values"


def save(obj: ScriptedObject, target: Target, *, extra_files: ExtraFiles | None = None) -> None:
    """Write a compiled function or module to an archive: program, parameters, state.

    `target` is a path, or a file open for writing bytes. A path is written whole or not at all.
    `extra_files` are files of your own to keep in the archive, by name: `{"labels.txt": "a b c"}`.

    Raises:
        ArgumentError: if `obj` is not compiled, or an extra file has no proper name.
        ArchiveError: if the file cannot be written.
        UnsupportedError: if an attribute holds what an archive cannot.
    """
    if not isinstance(obj, ScriptFunction | ScriptModule):
        raise ArgumentError(
            f"save() takes a compiled object, not a {type(obj).__qualname__}; "
            "script or trace it first"
        )
    scripted.save(obj, target, extra_files)


def load(source: Source, *, extra_files: dict[str, str | bytes] | None = None) -> ScriptedObject:
    """Read a compiled function or module from an archive; nothing of it runs.

    `source` is a path, a file open for reading bytes, or the bytes. `extra_files` is a dict that
    receives the extra files whose names it has as keys; an empty one receives all.

    Raises:
        ArchiveError: if it is not an archive, or damaged, or too new: the message says which.
    """
    return scripted.load(source, extra_files)
