"""Python functions that compiled code calls, and whose frames tracebacks do not show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.runtime.exceptions import INFO, FrameInfo

globals()[INFO] = FrameInfo(hidden=True)


def overflow(value: int) -> NoReturn:
    """Raise the error of an `int` that left 64 bits."""
    size = value.bit_length()
    shown = str(value) if size <= 256 else f"a number of {size} bits"
    raise OverflowError(f"integer overflow: {shown} does not fit in 64 bits")


def fitting(value: Any) -> Any:
    """Return a value that may be an `int`. Raises `OverflowError` for one beyond 64 bits."""
    if type(value) is int and not INT_MIN <= value <= INT_MAX:
        overflow(value)
    return value


def trampoline(
    namespace: dict[str, Any], name: str, find: Callable[[], Callable[..., Any]]
) -> Callable[..., Any]:
    """Return a function that, when called, replaces itself in `namespace` by `find()`."""

    def call(*arguments: Any) -> Any:
        namespace[name] = function = find()
        return function(*arguments)

    return call
