"""Windows: an array seen through a moving one, and the weights of those of signal processing."""

from __future__ import annotations

from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, VIEW, Args, OpDef, RuleError, Spelling, op, sample
from scriptc.ir.ops.rules import array_like_type, normalize_axis, sequence_length, value_of
from scriptc.ir.ops.samples import cube, matrix
from scriptc.ir.types import Dim, TensorType, Type


def _window_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    window, axis = value_of(args, "window_shape"), value_of(args, "axis")
    count = sequence_length(args["window_shape"]) if window is UNKNOWN else len(_listed(window))
    if x.shape is None or count is None:
        return TensorType(x.dtype)
    sizes: list[Dim] = [None] * count if window is UNKNOWN else list(_listed(window))
    rank = len(x.shape)
    if axis is None:
        if rank != count:
            raise RuleError(f"a window of {count} sizes over an array of {rank} dimensions")
        axis = tuple(range(rank))
    if axis is UNKNOWN:
        return TensorType(x.dtype, (*[None] * rank, *sizes))
    axes = [normalize_axis(a, rank) for a in _listed(axis)]
    if len(axes) != count:
        raise RuleError(f"a window of {count} sizes along {len(axes)} axes")
    left = list(x.shape)
    for at, size in zip(axes, sizes, strict=True):
        left[at] = _rest(left[at], size)
    return TensorType(x.dtype, (*left, *sizes))


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple) else (value,)


def _rest(size: Dim, window: Dim) -> Dim:
    """Return how many windows fit."""
    if not isinstance(size, int) or not isinstance(window, int):
        return None
    if window > size:
        raise RuleError(f"a window of {window} is larger than the axis, which has {size} elements")
    return size - window + 1


def _windows(x: Any, window_shape: Any, axis: Any) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


def _weights_type(args: Args) -> Type:
    count = args.constant("M")
    known = isinstance(count, int) and not isinstance(count, bool)
    return TensorType("float64", (max(count, 0) if known else None,))


def _weights(name: str, doc: str) -> OpDef:
    """Declare a window of signal processing: the weights of its points."""
    function = getattr(np, name)
    return op(
        f"{name}(M: int)",
        doc=doc,
        infer=_weights_type,
        kernel=function,
        traits=(PURE,),
        spellings=(f"numpy.{name}",),
        samples=lambda: [sample(n) for n in (0, 1, 2, 5, 12, -3)] + [sample(np.int32(4))],
    )


OPS: tuple[OpDef, ...] = (
    op(
        "sliding_window_view(x: ArrayLike, window_shape: int | ints, "
        "axis: int | ints | None = None)",
        doc="All windows of a size: their places take the axes' places, their contents new axes.",
        infer=_window_type,
        kernel=_windows,
        traits=(PURE, VIEW),
        spellings=[
            Spelling(
                "numpy.lib.stride_tricks.sliding_window_view", order=("x", "window_shape", "axis")
            )
        ],
        samples=lambda: [
            sample(np.arange(6.0), 3), sample(matrix(), (2, 2)), sample(matrix("int8"), 2, 1),
            sample(cube(), (2, 1), (0, -1)), sample(cube(), (2, 2), axis=(1, 1)),
            sample(np.arange(6.0), (6,)), sample(np.arange(3.0), 4, raises=ValueError),
            sample(matrix(), 2, raises=ValueError), sample([1, 2, 3], 2),
        ],
    ),
    _weights("bartlett", "Weights of Bartlett's window of M points, a triangle."),
    _weights("blackman", "Weights of Blackman's window of M points."),
    _weights("hamming", "Weights of Hamming's window of M points."),
    _weights("hanning", "Weights of Hann's window of M points."),
    op(
        "kaiser(M: int, beta: float)",
        doc="Weights of Kaiser's window of M points, narrower with a larger `beta`.",
        infer=_weights_type,
        kernel=np.kaiser,
        traits=(PURE,),
        spellings=("numpy.kaiser",),
        samples=lambda: [sample(5, 14.0), sample(4, 0), sample(1, 2.5), sample(0, 1.0)],
    ),
)  # fmt: skip
