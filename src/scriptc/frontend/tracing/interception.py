"""Library functions that do not ask their arguments, replaced while a trace runs.

NumPy lets recording values answer in most of its functions. Those that make arrays, `np.zeros`,
`np.asarray`, `np.random.normal` and the like, do not ask, nor does `math`. While at least one trace
runs, such a name of a module holds a function that asks for the recorder of its own thread, and
calls the original where there is none: other threads get what they always get.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import numpy as np

_ORIGINAL = "__scriptc_original__"
_CREATORS = frozenset({"linspace", "logspace", "geomspace"})
"""Functions that do ask their arguments, but are mostly called with plain numbers."""


Target = tuple[types.ModuleType, str, Any]
"""A name of a module, and the function that it holds."""


class Listener(Protocol):
    """The recorder, as replaced functions see it."""

    def intercepted(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Stands in for `function(*args, **kwargs)`."""


listening: ContextVar[tuple[int, Listener] | None] = ContextVar("scriptc.listening", default=None)
"""The recorder of this context and the thread it belongs to; contexts can be taken elsewhere."""


def original(object_: Any) -> Any:
    """Return what stands under a name of a library when no trace runs."""
    return getattr(object_, _ORIGINAL, object_) if type(object_) is types.FunctionType else object_


def _wrap(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def ask(*args: Any, **kwargs: Any) -> Any:
        found = listening.get()
        if found is None or found[0] != threading.get_ident() or _is_numpy(sys._getframe(1)):
            return function(*args, **kwargs)
        return found[1].intercepted(function, args, kwargs)

    setattr(ask, _ORIGINAL, function)
    return ask


def _is_numpy(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "numpy"


def _asks(function: Any) -> bool:
    """Tell whether a function lets its arguments answer."""
    return type(function) is type(np.sum)


def targets(
    functions: Iterable[tuple[str, Any]], modules: Iterable[types.ModuleType]
) -> Iterator[Target]:
    """Yield what to replace: library functions by qualified name, and all functions of modules."""
    plain = (types.BuiltinFunctionType, types.FunctionType)
    for qualified, function in functions:
        path, _, name = qualified.rpartition(".")
        module = sys.modules.get(path)
        wanted = isinstance(function, plain) or (_asks(function) and name in _CREATORS)
        # Those of `numpy.random` are methods of the global generator, or Cython's own.
        wanted = wanted or path == "numpy.random"
        if path.partition(".")[0] in ("numpy", "math") and module is not None and wanted:
            yield module, name, function
    for module in modules:
        for name, function in vars(module).items():
            if isinstance(function, types.FunctionType) and not name.startswith("_"):
                yield module, name, function


class _Replacements:
    """The names that hold other functions now, and how many traces need them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.done: list[Target] = []

    def enter(self, found: Iterable[Target]) -> None:
        with self.lock:
            self.users += 1
            if self.users == 1:
                self.done = [t for t in found if getattr(t[0], t[1], None) is t[2]]
                for module, name, function in self.done:
                    setattr(module, name, _wrap(function))

    def leave(self) -> None:
        with self.lock:
            self.users -= 1
            if not self.users:
                for module, name, function in self.done:
                    setattr(module, name, function)
                self.done.clear()


_replacements = _Replacements()


@contextmanager
def replacing(found: Iterable[Target]) -> Iterator[None]:
    """Have the functions replaced; they are put back when the last trace ends."""
    _replacements.enter(found)
    try:
        yield
    finally:
        _replacements.leave()
