"""Reductions that leave NaN out, counts, and spans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, Args, OpDef, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    accumulated,
    always,
    array_like_type,
    dtype_of,
    reduced_shape,
    reduction,
    same_dtype,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, tried
from scriptc.ir.types import INT, TensorType, Type

_HOLES = np.array([[1.0, np.nan, 3.0], [np.nan, -2.0, 0.5]])
_KEEP = np.array([[True, False, True], [False, True, True]])


def _spelled(*names: str, order: str) -> tuple[Spelling, ...]:
    listed = ("x", *order.split())
    return tuple(
        Spelling(n if n.startswith("ndarray.") else f"numpy.{n}", {"a": "x"}, listed) for n in names
    )


def _values(function: Callable[..., Any], more: Sequence[Sample] = ()) -> list[Sample]:
    arrays = [
        _HOLES, _HOLES.astype("float32"), _HOLES.astype("float16"), _HOLES * (1 + 1j),
        matrix("int8"), matrix("bool"), cube(), np.full((2, 2), np.nan), np.array(np.nan),
        np.float32(2), 2.5, 3, [1.0, np.nan], np.zeros((0, 3)),
    ]  # fmt: skip
    found = [tried(function, x) for x in arrays]
    found += [tried(function, _HOLES, axis=axis) for axis in (0, -1, 2)]
    found += [tried(function, _HOLES, axis=1, keepdims=True)]
    found += [tried(function, np.zeros((0, 3)), axis=0), tried(function, np.zeros((0, 3)), axis=1)]
    return [*found, *more]


def _along_axes(function: Callable[..., Any]) -> list[Sample]:
    return [
        tried(function, cube(), axis=(0, 2)), tried(function, cube(), axis=(0, 1), keepdims=True),
        tried(function, matrix(), keepdims=True),
    ]  # fmt: skip


def _accumulating(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        more = {} if initial is None else {"initial": initial}
        return function(x, axis, dtype, None, keepdims, where=where, **more)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, *, "
        "keepdims: bool = False, initial: number | None = None, where: ArrayLike = True)",
        doc=doc,
        infer=reduction(accumulated),
        kernel=kernel,
        traits=(PURE,),
        spellings=_spelled(name, order="axis dtype - keepdims initial where"),
        samples=lambda: _values(
            function,
            [
                *_along_axes(function), sample(_HOLES, initial=2.0), sample(_HOLES, where=_KEEP),
                sample(_HOLES, 0, np.dtype("float32")), sample(matrix("int8"), 0, np.dtype("int8")),
            ],
        ),
    )  # fmt: skip


def _extremum(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        more = {} if initial is None else {"initial": initial}
        if where is not True:
            more["where"] = where
        return function(x, axis, None, keepdims, **more)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False, "
        "initial: number | None = None, where: ArrayLike = True)",
        doc=doc,
        infer=reduction(same_dtype),
        kernel=kernel,
        traits=(PURE,),
        spellings=_spelled(name, order="axis - keepdims initial where"),
        samples=lambda: _values(
            function,
            [
                *_along_axes(function), sample(_HOLES, initial=0.0),
                sample(_HOLES, where=_KEEP, initial=0.0), tried(function, _HOLES, where=_KEEP),
            ],
        ),
    )  # fmt: skip


def _averaged_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    dtype = dtype_of(args, default=probed(np.nanmean, x))
    return TensorType(dtype, reduced_shape(args, x.shape))


def _nanmean(x: Any, axis: Any, dtype: Any, keepdims: Any, where: Any) -> Any:
    return np.nanmean(x, axis, dtype, None, keepdims, where=where)


def _spread_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    given = value_of(args, "dtype")
    dtype = probed(np.nanvar, x) if given is None else None
    return TensorType(dtype, reduced_shape(args, x.shape))


def _dispersion(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, dtype: Any, correction: Any, keepdims: Any, where: Any) -> Any:
        return function(x, axis, dtype, None, correction, keepdims, where=where)

    order = ("x", "axis", "dtype", "-", "correction", "keepdims")
    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, "
        "correction: number = 0, *, keepdims: bool = False, where: ArrayLike = True)",
        doc=doc,
        infer=_spread_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{name}", {"a": "x", "ddof": "correction"}, order)],
        samples=lambda: _values(
            function,
            [
                *_along_axes(function), sample(_HOLES, 0, None, 1), sample(_HOLES, correction=0.5),
                sample(_HOLES, 1, np.dtype("float32")), sample(_HOLES, where=_KEEP),
            ],
        ),
    )  # fmt: skip


def _position(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, keepdims: Any) -> Any:
        return function(x, axis, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | None = None, *, keepdims: bool = False)",
        doc=doc,
        infer=reduction(always("int64")),
        kernel=kernel,
        traits=(PURE,),
        spellings=_spelled(name, order="axis -"),
        samples=lambda: _values(function),
    )


# --- counts and spans -----------------------------------------------------------------------------

# NumPy made it an array scalar in 2.3; before it was an int.
_COUNTED: object = np.count_nonzero(())
_COUNT: Type = INT if type(_COUNTED) is int else TensorType("int64", ())


def _count_type(args: Args) -> Type:
    axis, keep = value_of(args, "axis"), value_of(args, "keepdims")
    if axis is None and keep is not UNKNOWN and not keep:
        return _COUNT
    shape = reduced_shape(args, array_like_type(args["x"]).shape)
    return TensorType("int64", shape)


def _count_nonzero(x: Any, axis: Any, keepdims: Any) -> Any:
    return np.count_nonzero(x, axis, keepdims=keepdims)


def _ptp(x: Any, axis: Any, keepdims: Any) -> Any:
    return np.ptp(x, axis, None, keepdims)


OPS: tuple[OpDef, ...] = (
    _accumulating("nansum", "Sum of the elements, NaN counting as 0."),
    _accumulating("nanprod", "Product of the elements, NaN counting as 1."),
    _extremum("nanmax", "Largest element that is not NaN; NaN where all are."),
    _extremum("nanmin", "Smallest element that is not NaN; NaN where all are."),
    op(
        "nanmean(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, *, "
        "keepdims: bool = False, where: ArrayLike = True)",
        doc="Arithmetic mean of the elements that are not NaN.",
        infer=_averaged_type,
        kernel=_nanmean,
        traits=(PURE,),
        spellings=_spelled("nanmean", order="axis dtype - keepdims"),
        samples=lambda: _values(
            np.nanmean,
            [
                *_along_axes(np.nanmean), sample(_HOLES, 0, np.dtype("float32")),
                sample(_HOLES, where=_KEEP),
            ],
        ),
    ),
    _dispersion("nanvar", "Variance of the elements that are not NaN."),
    _dispersion("nanstd", "Square root of the variance of the elements that are not NaN."),
    _position("nanargmax", "Index of the first largest element that is not NaN."),
    _position("nanargmin", "Index of the first smallest element that is not NaN."),
    op(
        "count_nonzero(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False)",
        doc="How many elements are other than zero.",
        infer=_count_type,
        kernel=_count_nonzero,
        traits=(PURE,),
        spellings=_spelled("count_nonzero", order="axis"),
        samples=lambda: _values(np.count_nonzero, _along_axes(np.count_nonzero)),
    ),
    op(
        "ptp(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False)",
        doc="The largest element less the smallest.",
        infer=reduction(same_dtype),
        kernel=_ptp,
        traits=(PURE,),
        spellings=_spelled("ptp", order="axis - keepdims"),
        samples=lambda: _values(np.ptp, _along_axes(np.ptp)),
    ),
)  # fmt: skip
