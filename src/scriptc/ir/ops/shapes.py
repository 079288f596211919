"""Shapes as far as they are known: broadcasting, axes and sizes."""

from __future__ import annotations

from typing import Any

from scriptc.ir.opdef import RuleError
from scriptc.ir.types import Dim

Shape = tuple[Dim, ...] | None


def broadcast_shapes(*shapes: Shape) -> Shape:
    """Return the shape that these broadcast to, as far as it is known.

    Raises `RuleError` where two known sizes differ and neither is 1.
    """
    if any(shape is None for shape in shapes):
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max(map(len, known), default=0)
    result: tuple[Dim, ...] = (1,) * rank
    for shape in known:
        padded = (1,) * (rank - len(shape)) + shape
        try:
            result = tuple(map(_broadcast_sizes, result, padded))
        except _DifferError as error:
            listed = " and ".join(_shape_text(s) for s in known)
            raise RuleError(
                f"shapes {listed} do not broadcast",
                "sizes must be equal or 1, counted from the last dimension",
            ) from error
    return result


def _shape_text(shape: tuple[Dim, ...]) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in shape)})"


def _broadcast_sizes(a: Dim, b: Dim) -> Dim:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and isinstance(b, int):
        raise _DifferError
    # A size that is not known can only be 1 or the known one beside it.
    return a if isinstance(a, int) else b if isinstance(b, int) else None


def normalize_axis(axis: int, rank: int) -> int:
    """Return the axis counted from the front. Raises `RuleError` if there is none such."""
    if not -rank <= axis < rank:
        raise RuleError(
            f"axis {axis} is out of bounds for a tensor of {rank} dimension{'s' * (rank != 1)}",
            f"use one of {-rank} to {rank - 1}" if rank else "leave the axis out",
        )
    return axis % rank


def normalize_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """Return one axis or several as a tuple, each counted from the front."""
    listed = tuple(axes) if isinstance(axes, tuple | list) else (axes,)
    result = tuple(normalize_axis(int(axis), rank) for axis in listed)
    if len(set(result)) != len(result):
        raise RuleError(f"an axis is repeated in {listed}")
    return result


def size_of(shape: Shape) -> Dim:
    """Return the number of elements, if every size is known."""
    total = 1
    if shape is None:
        return None
    for size in shape:
        if not isinstance(size, int):
            return None
        total *= size
    return total


class _DifferError(Exception):
    pass


def same_size(a: Dim, b: Dim) -> Dim:
    """Return the size that two equal sizes have. Raises `RuleError` if they are known to differ."""
    if a is None or isinstance(a, str):
        return b if isinstance(b, int) else (a if a == b else None)
    if isinstance(b, int) and a != b:
        raise RuleError(f"sizes {a} and {b} differ where they must be equal")
    return a
