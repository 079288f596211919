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


class Listener(Protocol):
    """The recorder, as replaced functions see it."""

    def intercepted(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Stands in for `function(*args, **kwargs)`."""


listening: ContextVar[tuple[int, Listener] | None] = ContextVar("scriptc.listening", default=None)
"""The recorder of this context and the thread it belongs to; contexts can be taken elsewhere."""

_lock = threading.Lock()
_users = 0
_replaced: list[tuple[types.ModuleType, str, Any]] = []


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
) -> Iterator[tuple[types.ModuleType, str, Any]]:
    """Yield what to replace: library functions by qualified name, and all functions of modules."""
    plain = (types.BuiltinFunctionType, types.FunctionType)
    for qualified, function in functions:
        path, _, name = qualified.rpartition(".")
        module = sys.modules.get(path)
        wanted = isinstance(function, plain) or (_asks(function) and name in _CREATORS)
        if path.partition(".")[0] in ("numpy", "math") and module is not None and wanted:
            yield module, name, function
    for module in modules:
        for name, function in vars(module).items():
            if isinstance(function, types.FunctionType) and not name.startswith("_"):
                yield module, name, function


@contextmanager
def replacing(found: Iterable[tuple[types.ModuleType, str, Any]]) -> Iterator[None]:
    """Have the functions replaced; they are put back when the last trace ends."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            for module, name, function in found:
                if vars(module).get(name) is function:
                    _replaced.append((module, name, function))
                    setattr(module, name, _wrap(function))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                for module, name, function in _replaced:
                    setattr(module, name, function)
                _replaced.clear()
