"""Sums that run along an axis, differences of neighbours, and what is computed from neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, Args, OpDef, RuleError, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    accumulated,
    array_like_type,
    dtype_of,
    flag,
    inexact,
    normalize_axis,
    promote,
    size_of,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import NONE, Dim, TensorType, Type, members_of

# --- running sums and products --------------------------------------------------------------------


def _running_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    dtype = dtype_of(args, default=accumulated(x.dtype))
    axis = value_of(args, "axis")
    if axis is None:
        return TensorType(dtype, (size_of(x.shape),))
    if x.shape is None or (axis is UNKNOWN and NONE in members_of(args["axis"])):
        return TensorType(dtype)
    if axis is not UNKNOWN and x.shape:
        normalize_axis(axis, len(x.shape))
    return TensorType(dtype, x.shape or (1,))


def _with_start_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    dtype = dtype_of(args, default=accumulated(x.dtype))
    axis, initial = value_of(args, "axis"), flag(args, "include_initial")
    if x.shape is None:
        return TensorType(dtype)
    if axis is UNKNOWN:
        return TensorType(dtype, (None,) * len(x.shape))
    if axis is None:
        if len(x.shape) != 1:
            raise RuleError(f"`{args.schema.name}` needs an axis for {len(x.shape)} dimensions")
        axis = 0
    at = normalize_axis(axis, len(x.shape))
    return TensorType(dtype, _changed(x.shape, at, 1 if initial else 0))


def _changed(shape: Sequence[Dim], axis: int, by: int) -> tuple[Dim, ...]:
    """Return a shape in which one size has grown."""
    sizes = list(shape)
    size = sizes[axis]
    sizes[axis] = max(size + by, 0) if isinstance(size, int) else None
    return tuple(sizes)


def _cumsum(x: Any, axis: Any, dtype: Any) -> Any:
    return x.cumsum(axis, dtype) if type(x) is np.ndarray else np.cumsum(x, axis, dtype)


def _cumprod(x: Any, axis: Any, dtype: Any) -> Any:
    return x.cumprod(axis, dtype) if type(x) is np.ndarray else np.cumprod(x, axis, dtype)


def _sums(function: Callable[..., Any]) -> list[Sample]:
    arrays = [special(), matrix("int8"), matrix("bool"), np.array(2.0), [1, 2, 3], np.zeros((0, 3))]
    return [
        *(tried(function, x) for x in arrays),
        *(tried(function, cube(), axis) for axis in (0, 1, -1)),
        tried(function, matrix(), axis=1, dtype=np.dtype("float64")), tried(function, matrix(), 2),
        tried(function, matrix("uint8"), 0), tried(function, np.arange(4), 1),
        tried(function, np.arange(4), -1),
    ]  # fmt: skip


def _running(name: str, kernel: Callable[..., Any], doc: str, *, method: bool = True) -> OpDef:
    function = getattr(np, name)
    order = ("x", "axis", "dtype")
    spelled = [Spelling(f"ndarray.{name}", {}, order)] if method else []
    return op(
        f"{name}(x: ArrayLike, axis: int | None = None, dtype: dtype | None = None)",
        doc=doc,
        infer=_running_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=[*spelled, Spelling(f"numpy.{name}", {"a": "x"}, order)],
        samples=lambda: _sums(function),
    )


def _cumulative(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, dtype: Any, include_initial: Any) -> Any:
        return function(x, axis=axis, dtype=dtype, include_initial=include_initial)

    return op(
        f"{name}(x: ArrayLike, *, axis: int | None = None, dtype: dtype | None = None, "
        "include_initial: bool = False)",
        doc=doc,
        infer=_with_start_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=[f"numpy.{name}"],
        samples=lambda: [
            tried(function, np.arange(4)), tried(function, matrix(), axis=0),
            tried(function, matrix("int8"), axis=-1, include_initial=True), tried(function, [1, 2]),
            tried(function, matrix(), axis=1, dtype=np.dtype("float64")), tried(function, matrix()),
        ],
    )  # fmt: skip


# --- neighbours -----------------------------------------------------------------------------------


def _diff_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    n, axis = value_of(args, "n"), value_of(args, "axis")
    dtype = "bool" if x.dtype == "bool" else x.dtype
    if args["prepend"] != NONE or args["append"] != NONE:
        return TensorType(None, None if x.shape is None else (None,) * len(x.shape))
    if x.shape is None or n is UNKNOWN or axis is UNKNOWN:
        return TensorType(dtype, None if x.shape is None else (None,) * len(x.shape))
    if n < 0:
        raise RuleError("the order of a difference is not negative")
    if n and not x.shape:
        raise RuleError("`diff` takes an array of one dimension at least")
    return TensorType(dtype, _changed(x.shape, normalize_axis(axis, len(x.shape)), -n))


def _diff(x: Any, n: Any, axis: Any, prepend: Any, append: Any) -> Any:
    more = {} if prepend is None else {"prepend": prepend}
    if append is not None:
        more["append"] = append
    return np.diff(x, n, axis, **more)


def _ediff1d_type(args: Args) -> Type:
    x = array_like_type(args["ary"])
    if args["to_end"] != NONE or args["to_begin"] != NONE:
        return TensorType(None, (None,))
    size = size_of(x.shape)
    return TensorType(x.dtype, (max(size - 1, 0) if isinstance(size, int) else None,))


def _gradient_type(args: Args) -> Type:
    x = array_like_type(args["f"])
    dtype = inexact(x.dtype)
    axis = value_of(args, "axis")
    if x.shape is None and axis is None:
        raise RuleError(
            "`gradient` gives an array or a list of arrays, by the rank of the array",
            "pass `axis=`",
        )
    if (axis is None and len(x.shape or ()) == 1) or isinstance(axis, int):
        return TensorType(dtype, x.shape)
    if axis is UNKNOWN:
        raise RuleError("`gradient` needs a constant as `axis`")
    raise RuleError("`gradient` over several axes gives a list", "take one axis at a time")


def _gradient(f: Any, axis: Any, edge_order: Any, *spacing: Any) -> Any:
    return np.gradient(f, *spacing, axis=axis, edge_order=edge_order)


def _trapezoid_type(args: Args) -> Type:
    y = array_like_type(args["y"])
    axis = value_of(args, "axis")
    if y.shape is None or axis is UNKNOWN or args["x"] != NONE:
        return TensorType()
    at = normalize_axis(axis, len(y.shape))
    return TensorType(None, (*y.shape[:at], *y.shape[at + 1 :]))


def _convolved_type(args: Args) -> Type:
    a, v = array_like_type(args["a"]), array_like_type(args["v"])
    return TensorType(promote(a, v), (None,))


def _convolving(name: str, default: str, doc: str) -> OpDef:
    function = getattr(np, name)
    return op(
        f"{name}(a: ArrayLike, v: ArrayLike, mode: str = {default!r})",
        doc=doc,
        infer=_convolved_type,
        kernel=function,
        traits=(PURE,),
        spellings=[f"numpy.{name}"],
        samples=lambda: [
            *(tried(function, np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.0]), mode)
              for mode in ("full", "same", "valid")),
            tried(function, [1, 2, 3], [0, 1]), tried(function, matrix("float32")[0], np.ones(2)),
            tried(function, np.zeros(0), np.ones(2)), tried(function, matrix(), np.ones(2)),
        ],
    )  # fmt: skip


def _interp_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    fp = array_like_type(args["fp"])
    complex_ = fp.dtype is not None and fp.dtype.startswith("complex")
    dtype = None if fp.dtype is None else ("complex128" if complex_ else "float64")
    return TensorType(dtype, x.shape)


def _interp(x: Any, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> Any:
    return np.interp(x, xp, fp, left, right, period)


def _unwrap_type(args: Args) -> Type:
    x = array_like_type(args["p"])
    return TensorType(None if x.dtype is None else probed(np.unwrap, x), x.shape)


def _unwrap(p: Any, discont: Any, axis: Any) -> Any:
    return np.unwrap(p, discont, axis)


def _polyval_type(args: Args) -> Type:
    return TensorType(None, array_like_type(args["x"]).shape)


OPS: tuple[OpDef, ...] = (
    _running("cumsum", _cumsum, "Sums up to each element."),
    _running("cumprod", _cumprod, "Products up to each element."),
    _running(
        "nancumsum", np.nancumsum, "Sums up to each element, NaN counting as 0.", method=False
    ),
    _running(
        "nancumprod", np.nancumprod, "Products up to each element, NaN counting as 1.", method=False
    ),
    _cumulative("cumulative_sum", "Sums up to each element, beginning with 0 if asked to."),
    _cumulative("cumulative_prod", "Products up to each element, beginning with 1 if asked to."),
    op(
        "diff(x: ArrayLike, n: int = 1, axis: int = -1, prepend: ArrayLike | None = None, "
        "append: ArrayLike | None = None)",
        doc="Differences of neighbours along an axis, n times over.",
        infer=_diff_type,
        kernel=_diff,
        traits=(PURE,),
        spellings=[Spelling("numpy.diff", {"a": "x"})],
        samples=lambda: [
            tried(np.diff, np.array([1.0, 4.0, 9.0])), tried(np.diff, matrix("int8")),
            tried(np.diff, matrix("bool")), tried(np.diff, cube(), 2), tried(np.diff, cube(), 1, 0),
            tried(np.diff, matrix(), 5), tried(np.diff, [1, 3, 7]), tried(np.diff, matrix(), 1, 2),
            tried(np.diff, np.arange(3), prepend=-1), tried(np.diff, matrix(), append=2.5, axis=0),
            tried(np.diff, np.array(2.0)), tried(np.diff, matrix("uint8"), n=-1),
        ],
    ),
    op(
        "ediff1d(ary: ArrayLike, to_end: ArrayLike | None = None, "
        "to_begin: ArrayLike | None = None)",
        doc="Differences of neighbours in the flat array.",
        infer=_ediff1d_type,
        kernel=np.ediff1d,
        traits=(PURE,),
        spellings=["numpy.ediff1d"],
        samples=lambda: [
            tried(np.ediff1d, matrix()), tried(np.ediff1d, [1, 2, 4], 0, 9), sample(np.zeros(0)),
        ],
    ),
    op(
        "gradient(f: ArrayLike, *spacing: ArrayLike, axis: int | None = None, edge_order: int = 1)",
        doc="Slopes along an axis: central differences inside, one-sided ones at the ends.",
        infer=_gradient_type,
        kernel=_gradient,
        traits=(PURE,),
        spellings=["numpy.gradient"],
        samples=lambda: [
            tried(np.gradient, np.array([1.0, 4.0, 9.0])), tried(np.gradient, cube(), axis=1),
            tried(np.gradient, matrix("int32"), axis=1), tried(np.gradient, np.arange(5), 2.0),
            tried(np.gradient, np.array([1.0, 4.0, 9.0, 2.0]), edge_order=2),
        ],
    ),
    op(
        "trapezoid(y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1)",
        doc="Integral along an axis by the trapezoidal rule.",
        infer=_trapezoid_type,
        kernel=np.trapezoid,
        traits=(PURE,),
        spellings=["numpy.trapezoid"],
        samples=lambda: [
            tried(np.trapezoid, np.array([1.0, 2.0, 4.0])), tried(np.trapezoid, matrix(), axis=0),
            tried(np.trapezoid, [1, 2, 3], [4, 6, 8]), tried(np.trapezoid, [1, 2, 3], dx=2),
        ],
    ),
    _convolving("convolve", "full", "Convolution of two vectors."),
    _convolving("correlate", "valid", "Cross-correlation of two vectors."),
    op(
        "interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike, left: ArrayLike | None = None, "
        "right: ArrayLike | None = None, period: float | None = None)",
        doc="Values between the points (xp, fp), on straight lines.",
        infer=_interp_type,
        kernel=_interp,
        traits=(PURE,),
        spellings=["numpy.interp"],
        samples=lambda: [
            tried(np.interp, np.array([0.0, 1.5, 9.0]), [1, 2, 3], [3, 2, 0]),
            tried(np.interp, 2.5, [1, 2, 3], [3.0, 2.0, 0.0]), tried(np.interp, matrix(), [1, 5],
            np.array([2.0, 4.0]), -1.0, 99.0), tried(np.interp, [400, -10], [0, 180], [1, 2],
            period=360), tried(np.interp, [1.5], [1, 2], [1j, 2j]), tried(np.interp, 1, [], []),
        ],
    ),
    op(
        "unwrap(p: ArrayLike, discont: float | None = None, axis: int = -1)",
        doc="Angles without jumps: multiples of 2 pi are added so that neighbours are near.",
        infer=_unwrap_type,
        kernel=_unwrap,
        traits=(PURE,),
        spellings=["numpy.unwrap"],
        samples=lambda: [
            tried(np.unwrap, np.array([0.0, 3.0, 6.5, 0.5])), tried(np.unwrap, matrix(), axis=0),
        ],
    ),
    op(
        "polyval(p: ArrayLike, x: ArrayLike)",
        doc="Value of a polynomial, its coefficients beginning with the highest power.",
        infer=_polyval_type,
        kernel=np.polyval,
        traits=(PURE,),
        spellings=["numpy.polyval"],
        samples=lambda: [
            tried(np.polyval, np.array([3.0, 0.0, 1.0]), 5.0), tried(np.polyval, [3, 0, 1], [1, 2]),
            tried(np.polyval, np.array([1, 2]), matrix()),
        ],
    ),
)  # fmt: skip
