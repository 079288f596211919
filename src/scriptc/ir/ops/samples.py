"""Arrays to try operations with, and how NumPy's spellings name their arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import Sample, Spelling

SampleMaker = Callable[[], Iterable[Sample]]


def matrix(dtype: str = "float32") -> np.ndarray:
    """Return a matrix without special values, its entries in no order."""
    return np.array([[3, 1, 2], [7, 0, 5]], dtype)


def special() -> np.ndarray:
    """Return every special value of `float64`."""
    return np.array([0.0, -0.0, 1.5, -2.5, 0.5, np.nan, np.inf, -np.inf, 1e-310])


def cube(dtype: str = "float64") -> np.ndarray:
    """Return an array of three dimensions, its entries in order."""
    return np.arange(24).reshape(2, 3, 4).astype(dtype)


def operands() -> list[Any]:
    """Return what an elementwise function of one operand is tried with."""
    return [
        special(),
        matrix(),
        np.array([0.25, -0.75], "float16"),
        np.array([[1, 2, 3]], "int32"),
        np.array([-3, 0, 9]),
        np.array([3, 250], "uint8"),
        np.array([True, False]),
        np.array([1 + 2j, -0.5j, 3]),
        np.array(0.5),
        np.float32(0.25),
        np.int64(2),
        np.zeros((0, 3), "float32"),
        1,
        0.5,
        True,
        0.5 + 1j,
        [0.5, 1.0],
        (1, 2),
        matrix().T[::2],
    ]


def pairs() -> list[tuple[Any, Any]]:
    """Return what an elementwise function of two operands is tried with."""
    return [
        (special(), special()[::-1]),
        (matrix(), np.array([2, -1, 0.5], "float32")),
        (matrix(), 2),
        (2.5, matrix()),
        (np.array([[4], [6]], "int32"), np.array([2, 3, 5], "int32")),
        (np.array([4, 6], "int32"), np.array([2.5, 3], "float32")),
        (np.array([7, 8], "int8"), 3),
        (np.array([7, 8], "uint8"), np.array([3, 2])),
        (np.array([True, False]), np.array([True, True])),
        (np.array([True, False]), 2),
        (np.array([1 + 2j, 3j]), np.array([1.0, 2.0], "float32")),
        (np.array(0.5), np.float32(2)),
        (np.int64(12), 8),
        (12, 18),
        (2.5, 1),
        (True, 3),
        (np.zeros((0, 3)), np.ones((1, 3))),
        ([1.5, 2.0], 2),
    ]


def each(function: Callable[..., Any], listed: Sequence[tuple[Any, ...]]) -> list[Sample]:
    """Return samples of the arguments in the list, with what eager NumPy raises for them."""
    return [tried(function, *args) for args in listed]


def tried(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Sample:
    """Return a sample with what eager NumPy raises for it, which is found out when it is asked."""

    def raising() -> type[BaseException] | None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever eager NumPy raises is the answer
                return type(error)
        return None

    return Sample(args, kwargs, raising)


def named(
    *names: str, first: str = "a", order: tuple[str, ...] | None = None, **rename: str
) -> tuple[Spelling, ...]:
    """Return spellings; NumPy calls the first operand `first`, and others as `rename` says.

    `rename` maps NumPy's names to ours, as `Spelling.rename` does. Names without a dot are NumPy's.
    The first spelling is the one for writing.
    """
    renamed = {first: "x", **rename}
    return tuple(
        Spelling(name if "." in name and _is_full(name) else f"numpy.{name}", renamed, order)
        for name in names
    )


def _is_full(name: str) -> bool:
    return name.partition(".")[0] in ("numpy", "ndarray")
