"""Order statistics, averages, counts, and reductions that leave NaN out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, Args, OpDef, RuleError, Sample, Spelling, op
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    accumulated,
    array_like_type,
    dtype_of,
    flag,
    reduced_shape,
    reduction,
    same_dtype,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import INT, NONE, Dim, TensorType, TupleType, Type

_GAPS = np.array([[1.0, np.nan, 3.0], [np.nan, -2.0, 0.5]])


def _reductions(function: Callable[..., Any]) -> list[Sample]:
    arrays = [
        special(), matrix(), matrix("int8"), matrix("bool"), _GAPS, _GAPS.astype("float32"),
        np.array(2.5), [1, 2, 4], 3.5, np.zeros((0, 3)), np.full(3, np.nan),
    ]  # fmt: skip
    return [
        *(tried(function, x) for x in arrays),
        *(tried(function, cube(), axis=axis) for axis in (0, -1, (0, 2))),
        tried(function, _GAPS, axis=1), tried(function, _GAPS, axis=0, keepdims=True),
        tried(function, matrix(), axis=3),
    ]  # fmt: skip


# --- NaN left out ---------------------------------------------------------------------------------


def _without_nan(
    name: str, dtype: Callable[[str | None], str | None], doc: str, *, has_dtype: bool = False
) -> OpDef:
    function = getattr(np, name)
    more = "dtype: dtype | None = None, " if has_dtype else ""

    def with_dtype(x: Any, axis: Any, dtype: Any, keepdims: Any) -> Any:
        return function(x, axis, dtype, keepdims=keepdims)

    def without(x: Any, axis: Any, keepdims: Any) -> Any:
        return function(x, axis, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, {more}*, keepdims: bool = False)",
        doc=doc,
        infer=reduction(dtype),
        kernel=with_dtype if has_dtype else without,
        traits=(PURE,),
        spellings=[
            Spelling(f"numpy.{name}", {"a": "x"}, ("x", "axis", "dtype") if has_dtype else None)
        ],
        samples=lambda: _reductions(function),
    )


def _averaged(function: Callable[..., Any]) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        dtype = probed(function, x)
        if any(p.name == "dtype" for p in args.schema.parameters):
            dtype = dtype_of(args, default=dtype)
        return TensorType(dtype, reduced_shape(args, x.shape))

    return infer


def _nanmean(x: Any, axis: Any, dtype: Any, keepdims: Any) -> Any:
    return np.nanmean(x, axis, dtype, keepdims=keepdims)


def _nan_spread(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, dtype: Any, correction: Any, keepdims: Any) -> Any:
        return function(x, axis, dtype, None, correction, keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, "
        "correction: number = 0, keepdims: bool = False)",
        doc=doc,
        infer=_averaged(function),
        kernel=kernel,
        traits=(PURE,),
        spellings=[
            Spelling(
                f"numpy.{name}",
                {"a": "x", "ddof": "correction"},
                ("x", "axis", "dtype", "-", "correction", "keepdims"),
            )
        ],
        samples=lambda: [*_reductions(function), tried(function, _GAPS, 0, None, correction=1)],
    )


def _nan_position(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, keepdims: Any) -> Any:
        return function(x, axis, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | None = None, *, keepdims: bool = False)",
        doc=doc,
        infer=reduction(lambda _: "int64"),
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{name}", {"a": "x"}, ("x", "axis"))],
        samples=lambda: [
            tried(function, _GAPS), tried(function, _GAPS, 1), tried(function, matrix("int8")),
            tried(function, _GAPS, axis=0, keepdims=True), tried(function, np.full(2, np.nan)),
        ],
    )  # fmt: skip


# --- order statistics -----------------------------------------------------------------------------


def _median(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, keepdims: Any) -> Any:
        return function(x, axis, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, keepdims: bool = False)",
        doc=doc,
        infer=_averaged(np.median),
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{name}", {"a": "x"}, ("x", "axis", "-", "-", "keepdims"))],
        samples=lambda: _reductions(function),
    )


def _quantile_type(args: Args) -> Type:
    x, q = array_like_type(args["x"]), array_like_type(args["q"])
    left = reduced_shape(args, x.shape)
    shape = None if left is None or q.shape is None else (*q.shape, *left)
    return TensorType(None, shape)


def _quantile(name: str, doc: str, scale: float) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, q: Any, axis: Any, method: Any, keepdims: Any) -> Any:
        return function(x, q, axis, method=method, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, q: ArrayLike, axis: int | ints | None = None, "
        "method: str = 'linear', keepdims: bool = False)",
        doc=doc,
        infer=_quantile_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=[
            Spelling(
                f"numpy.{name}", {"a": "x"}, ("x", "q", "axis", "-", "-", "method", "keepdims")
            )
        ],
        samples=lambda: [
            *(tried(function, x, 0.5 * scale)
              for x in (matrix(), matrix("int32"), [1, 2, 3], _GAPS, matrix("float16"))),
            tried(function, matrix(), np.array([0.1, 0.9]) * scale, 1),
            tried(function, matrix(), [0.25 * scale], axis=0, keepdims=True),
            tried(function, cube(), scale, axis=(0, 1)), tried(function, matrix(), 2 * scale),
            tried(function, matrix(), 0.3 * scale, method="nearest"),
        ],
    )  # fmt: skip


# --- averages and counts --------------------------------------------------------------------------


def _average_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    returned = flag(args, "returned")
    shape = reduced_shape(args, x.shape)
    dtype = probed(np.average, x) if args["weights"] == NONE else None
    made = TensorType(dtype, shape)
    return TupleType((made, TensorType(dtype, shape))) if returned else made


def _average(x: Any, axis: Any, weights: Any, returned: Any, keepdims: Any) -> Any:
    return np.average(x, axis, weights, returned, keepdims=keepdims)


def _count_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if args["axis"] == NONE and value_of(args, "keepdims") is False:
        # NumPy made it an array scalar in 2.4; before it was an int.
        counted: object = np.count_nonzero(())
        return INT if type(counted) is int else TensorType("int64", ())
    return TensorType("int64", reduced_shape(args, x.shape))


def _count_nonzero(x: Any, axis: Any, keepdims: Any) -> Any:
    return np.count_nonzero(x, axis, keepdims=keepdims)


def _covariance_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.shape is None or args["y"] != NONE:
        return TensorType()
    if len(x.shape) < 2:
        return TensorType(None, ())
    by_rows = value_of(args, "rowvar")
    n: Dim = None
    if by_rows is not UNKNOWN:
        n = x.shape[0] if by_rows else x.shape[1]
    if n == 1 or n is None:
        return TensorType()
    return TensorType(None, (n, n))


def _cov(x: Any, y: Any, rowvar: Any, bias: Any, ddof: Any) -> Any:
    return np.cov(x, y, rowvar, bias, ddof)


def _corrcoef(x: Any, y: Any, rowvar: Any) -> Any:
    return np.corrcoef(x, y, rowvar)


def _histogram_type(args: Args) -> Type:
    bins = value_of(args, "bins")
    if isinstance(bins, str):
        raise RuleError("`histogram` takes a number of bins or their edges here")
    n = bins if isinstance(bins, int) else None
    edges = TensorType(None, (None if n is None else n + 1,))
    return TupleType((TensorType(None, (n,)), edges))


def _histogram(x: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    return np.histogram(x, bins, range, density, weights)


def _bincount_type(args: Args) -> Type:
    return TensorType("int64" if args["weights"] == NONE else "float64", (None,))


OPS: tuple[OpDef, ...] = (
    _without_nan("nansum", accumulated, "Sum, NaN counting as 0.", has_dtype=True),
    _without_nan("nanprod", accumulated, "Product, NaN counting as 1.", has_dtype=True),
    _without_nan("nanmax", same_dtype, "Largest element that is not NaN."),
    _without_nan("nanmin", same_dtype, "Smallest element that is not NaN."),
    op(
        "nanmean(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, *, "
        "keepdims: bool = False)",
        doc="Mean of the elements that are not NaN.",
        infer=_averaged(np.nanmean),
        kernel=_nanmean,
        traits=(PURE,),
        spellings=[Spelling("numpy.nanmean", {"a": "x"}, ("x", "axis", "dtype"))],
        samples=lambda: _reductions(np.nanmean),
    ),
    _nan_spread("nanvar", "Variance of the elements that are not NaN."),
    _nan_spread("nanstd", "Standard deviation of the elements that are not NaN."),
    _nan_position("nanargmax", "Index of the first largest element that is not NaN."),
    _nan_position("nanargmin", "Index of the first smallest element that is not NaN."),
    _median("median", "Middle of the sorted elements, or mean of the two in the middle."),
    _median("nanmedian", "Median of the elements that are not NaN."),
    _quantile("quantile", "Value below which a part `q` of the elements lies.", 1.0),
    _quantile("nanquantile", "Quantile of the elements that are not NaN.", 1.0),
    _quantile("percentile", "Value below which `q` percent of the elements lie.", 100.0),
    _quantile("nanpercentile", "Percentile of the elements that are not NaN.", 100.0),
    op(
        "ptp(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False)",
        doc="Distance from the smallest to the largest element.",
        infer=reduction(same_dtype),
        kernel=lambda x, axis, keepdims: np.ptp(x, axis, keepdims=keepdims),
        traits=(PURE,),
        spellings=[Spelling("numpy.ptp", {"a": "x"}, ("x", "axis"))],
        samples=lambda: _reductions(np.ptp),
    ),
    op(
        "average(x: ArrayLike, axis: int | ints | None = None, weights: ArrayLike | None = None, "
        "returned: bool = False, *, keepdims: bool = False)",
        doc="Weighted mean; with `returned` the sum of the weights too.",
        infer=_average_type,
        kernel=_average,
        traits=(PURE,),
        spellings=[Spelling("numpy.average", {"a": "x"})],
        samples=lambda: [
            *_reductions(np.average), tried(np.average, matrix(), 1, np.array([1, 2, 3])),
            tried(np.average, [1, 2, 3], weights=[0.5, 0.5, 1.0], returned=True),
            tried(np.average, matrix(), weights=np.zeros((2, 3))),
        ],
    ),
    op(
        "count_nonzero(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False)",
        doc="Number of elements other than zero.",
        infer=_count_type,
        kernel=_count_nonzero,
        traits=(PURE,),
        spellings=[Spelling("numpy.count_nonzero", {"a": "x"})],
        samples=lambda: _reductions(np.count_nonzero),
    ),
    op(
        "cov(x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, bias: bool = False, "
        "ddof: int | None = None)",
        doc="Covariance matrix of variables, one a row.",
        infer=_covariance_type,
        kernel=_cov,
        traits=(PURE,),
        spellings=[Spelling("numpy.cov", {"m": "x"})],
        samples=lambda: [
            tried(np.cov, matrix()), tried(np.cov, matrix(), rowvar=False),
            tried(np.cov, [1, 2, 4]),
            tried(np.cov, [1, 2, 4], [3, 1, 0], ddof=0), tried(np.cov, matrix(), bias=True),
        ],
    ),
    op(
        "corrcoef(x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True)",
        doc="Matrix of correlation coefficients of variables, one a row.",
        infer=_covariance_type,
        kernel=_corrcoef,
        traits=(PURE,),
        spellings=["numpy.corrcoef"],
        samples=lambda: [
            tried(np.corrcoef, matrix()), tried(np.corrcoef, [1, 2, 4], [3, 1, 0]),
            tried(np.corrcoef, matrix(), rowvar=False),
        ],
    ),
    op(
        "histogram(x: ArrayLike, bins: ArrayLike = 10, range: Any = None, "
        "density: bool | None = None, weights: ArrayLike | None = None)",
        doc="Counts of values in bins, and the edges of the bins.",
        infer=_histogram_type,
        kernel=_histogram,
        traits=(PURE,),
        spellings=[
            Spelling("numpy.histogram", {"a": "x"}, ("x", "bins", "range", "density", "weights"))
        ],
        samples=lambda: [
            tried(np.histogram, matrix()), tried(np.histogram, matrix(), 3),
            tried(np.histogram, [1, 2, 1], [0, 1, 2, 3]), tried(np.histogram, matrix(), 4, (0, 8)),
            tried(np.histogram, matrix(), density=True), tried(np.histogram, [1, 2], [3, 1]),
            tried(np.histogram, [1.0, 2.0], 2, weights=[0.5, 2.0]),
        ],
    ),
    op(
        "bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0)",
        doc="How often each number from 0 on occurs, or the sums of its weights.",
        infer=_bincount_type,
        kernel=np.bincount,
        traits=(PURE,),
        spellings=[Spelling("numpy.bincount", {"x": "x"}, ("x", "weights", "minlength"))],
        samples=lambda: [
            tried(np.bincount, np.array([0, 1, 1, 3])), tried(np.bincount, [2, 2], None, 5),
            tried(np.bincount, np.array([0, 1, 1]), np.array([0.5, 1.0, 2.0])),
            tried(np.bincount, np.array([-1])), tried(np.bincount, np.array([0.5])),
        ],
    ),
)  # fmt: skip
