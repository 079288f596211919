"""Order statistics, weighted means, covariances and histograms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, VIEW, Args, OpDef, Sample, Spelling, op
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    array_like_type,
    flag,
    inexact,
    reduced_shape,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import BOOL, FLOAT, INT, NONE, STR, Dim, TensorType, TupleType, Type

_HOLES = np.array([[1.0, np.nan, 3.0], [np.nan, -2.0, 0.5]])


def _arrays(function: Callable[..., Any], *more: Any) -> list[Sample]:
    arrays = [
        _HOLES, matrix(), matrix("float16"), matrix("int32"), matrix("bool"), cube(), special(),
        np.array(2.5), np.float32(1), 3, 2.5, [3, 1, 2], np.zeros((0, 3)),
    ]  # fmt: skip
    found = [tried(function, x, *more) for x in arrays]
    found += [tried(function, cube(), *more, axis=axis) for axis in (0, -1, (0, 2), 3)]
    found += [tried(function, matrix(), *more, axis=0, keepdims=True)]
    return [*found, tried(function, matrix(), *more, keepdims=True)]


# --- medians and quantiles ------------------------------------------------------------------------

_METHODS = frozenset({
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
})  # fmt: skip


def _median_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(probed(np.median, x), reduced_shape(args, x.shape))


def _median(name: str, doc: str) -> OpDef:
    function = getattr(np, name)

    def kernel(x: Any, axis: Any, keepdims: Any) -> Any:
        return function(x, axis, keepdims=keepdims)

    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False)",
        doc=doc,
        infer=_median_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{name}", {"a": "x"}, ("x", "axis", "-", "-", "keepdims"))],
        samples=lambda: [
            *_arrays(function), tried(function, np.array([1j, 2, 3])),
            tried(function, np.array([4, 1, 3, 2], "int8")), tried(function, np.zeros((2, 0)), 1),
        ],
    )  # fmt: skip


def _quantile_dtype(args: Args, function: Callable[..., Any]) -> str | None:
    x, q = args["x"], args["q"]
    method = value_of(args, "method")
    if q == BOOL or method not in _METHODS or args["weights"] != NONE:
        return None
    dtype = probed(function, array_like_type(x), q, method=method)
    if isinstance(q, TensorType) and q.rank in (None, 0):
        # A NumPy scalar of float64 is a Python float as well, and then gives way to the array.
        weak = probed(function, array_like_type(x), FLOAT, method=method)
        return dtype if dtype == weak else None
    return dtype


def _quantile(name: str, doc: str, levels: Sequence[Any]) -> OpDef:
    function = getattr(np, name)
    probe = np.percentile if "percentile" in name else np.quantile

    def infer(args: Args) -> Type:
        shape = reduced_shape(args, array_like_type(args["x"]).shape)
        levels = array_like_type(args["q"]).shape
        joined = None if shape is None or levels is None else (*levels, *shape)
        return TensorType(_quantile_dtype(args, probe), joined)

    def kernel(x: Any, q: Any, axis: Any, method: Any, keepdims: Any, weights: Any) -> Any:
        return function(x, q, axis, method=method, keepdims=keepdims, weights=weights)

    def samples() -> list[Sample]:
        one, many = levels[0], list(levels)
        return [
            *_arrays(function, one), tried(function, matrix(), many),
            tried(function, matrix("float64"), np.array(many)), tried(function, matrix(), one, 0),
            tried(function, matrix(), np.float64(one)), tried(function, matrix(), tuple(many), 1),
            tried(function, matrix(), np.float32(one)), tried(function, matrix("float16"), one),
            *(tried(function, array, one, method=method)
              for array in (matrix("int32"), matrix())
              for method in ("lower", "nearest", "inverted_cdf", "median_unbiased")),
            tried(function, matrix("int32"), one, weights=matrix(), method="inverted_cdf"),
            tried(function, matrix(), 1), tried(function, matrix(), -1), tried(function, cube(),
            np.array([many]), axis=1, keepdims=True), tried(function, matrix(), one, method="x"),
        ]  # fmt: skip

    order = ("x", "q", "axis", "-", "-", "method", "keepdims")
    return op(
        f"{name}(x: ArrayLike, q: ArrayLike, axis: int | ints | None = None, "
        "method: str = 'linear', *, keepdims: bool = False, weights: ArrayLike | None = None)",
        doc=doc,
        infer=infer,
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{name}", {"a": "x"}, order)],
        samples=samples,
    )


# --- weighted means -------------------------------------------------------------------------------


def _average_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    weights = args["weights"]
    if weights == NONE:
        dtype = probed(np.average, x)
    else:
        dtype = probed(_weighted, x, array_like_type(weights))
    average = TensorType(dtype, reduced_shape(args, x.shape))
    return TupleType((average, average)) if flag(args, "returned") else average


def _weighted(x: Any, weights: Any) -> Any:
    return np.average(x, weights=weights)


def _average(x: Any, axis: Any, weights: Any, returned: Any, keepdims: Any) -> Any:
    return np.average(x, axis, weights, returned, keepdims=keepdims)


# --- covariances ----------------------------------------------------------------------------------


def _covariance_type(name: str) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        kinds = [array_like_type(args[name])]
        shape = kinds[0].shape
        count: Dim = None
        if args["y"] != NONE:
            kinds.append(array_like_type(args["y"]))
            # NumPy looks at sizes to tell rows from columns, so only vectors are certain.
            count = 2 if all(t.rank == 1 for t in kinds) else None
        elif shape is not None and len(shape) < 2:
            count = 1
        elif shape is not None and len(shape) == 2 and value_of(args, "rowvar") is True:
            count = shape[0]
        dtype = probed(np.cov, *kinds) if value_of(args, "dtype") is None else None
        if not isinstance(count, int):
            return TensorType(dtype)
        return TensorType(dtype, () if count == 1 else (count, count))

    return infer


def _cov(
    m: Any, y: Any, rowvar: Any, bias: Any, ddof: Any, fweights: Any, aweights: Any, dtype: Any
) -> Any:
    return np.cov(m, y, rowvar, bias, ddof, fweights, aweights, dtype=dtype)


def _corrcoef(x: Any, y: Any, rowvar: Any, dtype: Any) -> Any:
    return np.corrcoef(x, y, rowvar, dtype=dtype)


def _observations(function: Callable[..., Any]) -> list[Sample]:
    v = np.array([1.0, 2.0, 4.0])
    return [
        tried(function, v), tried(function, matrix()), tried(function, cube()[0], None, False),
        tried(function, matrix("int32"), rowvar=False), tried(function, v, v[::-1]),
        tried(function, matrix()[:1]), tried(function, matrix(), v), tried(function, [1, 2, 4]),
        tried(function, matrix(), dtype=np.dtype("float32")), tried(function, v * 1j, v),
        tried(function, matrix()[:1], rowvar=False), tried(function, matrix(), matrix()[::-1]),
        tried(function, np.zeros((0, 3))), tried(function, cube()), tried(function, 2.0),
        tried(function, matrix("float16")), tried(function, np.float32(3)),
    ]  # fmt: skip


# --- counting -------------------------------------------------------------------------------------


def _bincount_type(args: Args) -> Type:
    return TensorType("int64" if args["weights"] == NONE else "float64", (None,))


def _bin_edges(args: Args) -> TensorType:
    x, bins = array_like_type(args["x"]), args["bins"]
    if bins == STR:
        return TensorType(None, (None,))
    if bins not in (INT, BOOL):
        edges = array_like_type(bins)
        # One number as an array is a count again.
        solid = edges.shape is not None and len(edges.shape) > 0
        dtype = edges.dtype if solid else None
        return TensorType(dtype, edges.shape if solid else (None,))
    count = value_of(args, "bins")
    dtype = inexact(x.dtype) if args["range"] == NONE else None
    return TensorType(dtype, (count + 1 if isinstance(count, int) and count >= 0 else None,))


def _histogram_type(args: Args) -> Type:
    edges = _bin_edges(args)
    size = edges.shape[0] if edges.shape is not None and len(edges.shape) == 1 else None
    count: Dim = size - 1 if isinstance(size, int) and size > 0 else None
    density, dtype = value_of(args, "density"), None
    if args["weights"] == NONE and density is not UNKNOWN:
        dtype = "float64" if density else "int64"
    return TupleType((TensorType(dtype, (count,)), edges))


def _histogram(x: Any, bins: Any, range: Any, density: Any, weights: Any) -> Any:
    return np.histogram(x, bins, range, density, weights)


def _histogram_bin_edges(x: Any, bins: Any, range: Any, weights: Any) -> Any:
    return np.histogram_bin_edges(x, bins, range, weights)


def _binned(function: Callable[..., Any]) -> list[Sample]:
    v = np.array([0.5, 1.0, 1.5, 4.0, 3.5])
    return [
        tried(function, v), tried(function, v, 4), tried(function, matrix("int32"), 3),
        tried(function, v.astype("float32"), 5), tried(function, v, [0, 1, 4]),
        tried(function, v, np.array([0.0, 2.0, 5.0])), tried(function, v, 3, (0, 2)),
        tried(function, v.astype("float32"), 3, (0.0, 2.0)), tried(function, v, "auto"),
        tried(function, v, weights=v), tried(function, np.zeros(0), 2), tried(function, v, 0),
        tried(function, v, [2, 1]), tried(function, np.array([np.nan]), 2),
        tried(function, matrix("bool"), 2), tried(function, [1, 2, 2], 2),
        tried(function, v, np.array(3)), tried(function, v, (0.0, 1.0, 2.0)),
        tried(function, matrix("float16"), 2), tried(function, matrix("uint8"), 2),
    ]  # fmt: skip


_BINNED = "x: ArrayLike, bins: ArrayLike | str = 10, range: Arrays | None = None, "

OPS: tuple[OpDef, ...] = (
    _median("median", "The middle element in order, or the mean of the middle two; NaN wins."),
    _median("nanmedian", "The median of the elements that are not NaN."),
    _quantile("quantile", "Values below which the fractions `q` of the elements lie.",
              (0.25, 0.5, 0.9)),
    _quantile("percentile", "Values below which `q` percent of the elements lie.", (30.0, 50.0)),
    _quantile("nanquantile", "Quantiles of the elements that are not NaN.", (0.25, 0.5)),
    _quantile("nanpercentile", "Percentiles of the elements that are not NaN.", (30.0, 50.0)),
    op(
        "average(x: ArrayLike, axis: int | ints | None = None, weights: ArrayLike | None = None, "
        "returned: bool = False, *, keepdims: bool = False)",
        doc="Mean with weights; with `returned`, also the sum of the weights.",
        infer=_average_type,
        kernel=_average,
        traits=(PURE,),
        spellings=[Spelling("numpy.average", {"a": "x"}, ("x", "axis", "weights", "returned"))],
        samples=lambda: [
            *_arrays(np.average), tried(np.average, matrix(), 1, [1, 2, 3]),
            tried(np.average, matrix(), 1, np.array([1.0, 2.0, 3.0]), returned=True),
            tried(np.average, matrix("int8"), weights=matrix("int8")),
            tried(np.average, matrix(), returned=True), tried(np.average, matrix(), 1, [0, 0, 0]),
            tried(np.average, matrix("float16"), weights=matrix("int32")),
            tried(np.average, matrix(), 0, np.array([1.0, 2.0]), True, keepdims=True),
            tried(np.average, matrix(), weights=[1, 2]),
        ],
    ),
    op(
        "cov(m: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, bias: bool = False, "
        "ddof: int | None = None, fweights: ArrayLike | None = None, "
        "aweights: ArrayLike | None = None, *, dtype: dtype | None = None)",
        doc="Covariances of variables, one to a row.",
        infer=_covariance_type("m"),
        kernel=_cov,
        traits=(PURE,),
        spellings=("numpy.cov",),
        samples=lambda: [
            *_observations(np.cov), tried(np.cov, matrix(), None, True, True),
            tried(np.cov, matrix(), ddof=0), tried(np.cov, matrix(), fweights=[1, 2, 3]),
            tried(np.cov, matrix(), aweights=np.array([0.5, 1, 2]), bias=True),
        ],
    ),
    op(
        "corrcoef(x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, *, "
        "dtype: dtype | None = None)",
        doc="Correlation coefficients of variables, one to a row.",
        infer=_covariance_type("x"),
        kernel=_corrcoef,
        traits=(PURE,),
        spellings=("numpy.corrcoef",),
        samples=lambda: _observations(np.corrcoef),
    ),
    op(
        "bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0)",
        doc="How often each of 0, 1, 2, ... occurs, or the sum of the weights there.",
        infer=_bincount_type,
        kernel=np.bincount,
        traits=(PURE,),
        spellings=("numpy.bincount",),
        samples=lambda: [
            tried(np.bincount, np.array([0, 3, 1, 3])), tried(np.bincount, [1, 1], minlength=4),
            tried(np.bincount, np.array([0, 1, 1]), np.array([0.5, 1.0, 2.0], "float32")),
            tried(np.bincount, [0, 1], [2, 3], 3), tried(np.bincount, np.array([-1])),
            tried(np.bincount, np.array([1.5])), tried(np.bincount, np.zeros(0, "int64")),
            tried(np.bincount, matrix("int64")), tried(np.bincount, np.array([2, 0], "uint8")),
        ],
    ),
    op(
        f"histogram({_BINNED}density: bool | None = None, weights: ArrayLike | None = None)",
        doc="How many elements fall into each bin, and the edges of the bins.",
        infer=_histogram_type,
        kernel=_histogram,
        traits=(PURE, VIEW),
        spellings=[Spelling("numpy.histogram", {"a": "x"})],
        samples=lambda: [
            *_binned(np.histogram), tried(np.histogram, matrix(), density=True),
            tried(np.histogram, matrix("int32"), 3, weights=matrix("int32")),
        ],
    ),
    op(
        f"histogram_bin_edges({_BINNED}weights: ArrayLike | None = None)",
        doc="The edges of the bins that `histogram` counts into.",
        infer=_bin_edges,
        kernel=_histogram_bin_edges,
        traits=(PURE, VIEW),
        spellings=[Spelling("numpy.histogram_bin_edges", {"a": "x"})],
        samples=lambda: _binned(np.histogram_bin_edges),
    ),
)  # fmt: skip
