"""Reductions: what is left of an array when axes are summed, averaged, compared or tested away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, Args, OpDef, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    accumulated,
    array_like_type,
    dtype_of,
    reduced_shape,
    reduction,
    same_dtype,
)
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import TensorType, Type

# NumPy tells a missing `initial` from `None`; nobody writes the latter.
_TAIL = "*, keepdims: bool = False, initial: number | None = None, where: ArrayLike = True"


def _spelled(*names: str, order: str) -> tuple[Spelling, ...]:
    """Return spellings as functions of NumPy and, for `ndarray.name`, as methods."""
    listed = ("x", *order.split())
    return tuple(
        Spelling(n if n.startswith("ndarray.") else f"numpy.{n}", {"a": "x"}, listed) for n in names
    )


def _method(ufunc: np.ufunc, *order: str) -> Spelling:
    """Return the spelling as a method of a ufunc, which reduces the first axis unless told."""
    name = f"numpy.{ufunc.__name__}.reduce"
    return Spelling(name, {}, ("x", "axis", *order), defaults={"axis": 0})


def _values(function: Callable[..., Any], more: Sequence[Sample] = ()) -> list[Sample]:
    """Return samples of a reduction: axes, kept dimensions, dtypes, empty and special arrays."""
    arrays = [
        special(), matrix(), matrix("int8"), matrix("uint16"), matrix("float16"), matrix("bool"),
        matrix("complex64"), cube(), np.array(2.5), np.float32(3), np.int64(7), cube().T[::2],
        5, 2.5, True, [1, 2, 3], [[1.5, 2.0], [3.0, 4.0]], (1, 2),
    ]  # fmt: skip
    found = [tried(function, x) for x in arrays]
    found += [tried(function, cube(), axis=axis) for axis in (0, -1, (0, 2), ())]
    found += [tried(function, matrix(), axis=1, keepdims=True)]
    found += [tried(function, matrix("int32"), keepdims=True), tried(function, cube(), (1, 0))]
    found += [tried(function, matrix(), axis=2), tried(function, np.zeros((0, 3)))]
    found += [tried(function, np.zeros((0, 3)), axis=1), tried(function, np.zeros((0, 3)), 0)]
    return [*found, *more]


# --- sums, products, extremes ---------------------------------------------------------------------


def _accumulating(ufunc: np.ufunc, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the kernel of `sum` and `prod`: for an array the ufunc itself, as NumPy ends up with."""
    reduce: Callable[..., Any] = ufunc.reduce

    def kernel(x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        if type(x) is np.ndarray and initial is None and where is True:
            return reduce(x, axis, dtype, None, keepdims)
        if initial is None:
            return function(x, axis, dtype, None, keepdims, where=where)
        return function(x, axis, dtype, None, keepdims, initial, where)

    return kernel


def _extreme(ufunc: np.ufunc, function: Callable[..., Any]) -> Callable[..., Any]:
    reduce: Callable[..., Any] = ufunc.reduce

    def kernel(x: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        if type(x) is np.ndarray and initial is None and where is True:
            return reduce(x, axis, None, None, keepdims)
        if initial is None:
            return function(x, axis, None, keepdims, where=where)
        return function(x, axis, None, keepdims, initial, where)

    return kernel


def _masked() -> list[Sample]:
    keep = np.array([[True, False, True], [False, True, True]])
    return [
        sample(matrix(), where=keep), sample(matrix(), 0, where=keep),
        sample(matrix(), axis=1, initial=2, keepdims=True), sample(matrix("int32"), initial=100),
        sample(matrix(), where=keep[0], initial=1.0), sample(matrix("float16"), initial=1),
    ]  # fmt: skip


def _masked_extremes() -> list[Sample]:
    keep = np.array([[True, False, True], [False, True, True]])
    return [
        sample(matrix(), where=keep, initial=3), sample(matrix(), 0, where=keep, initial=-1.0),
        sample(matrix("int32"), initial=4), sample(matrix(), where=keep, raises=ValueError),
        sample(np.zeros((0, 3)), axis=0, initial=0),
    ]  # fmt: skip


def _typed() -> list[Sample]:
    return [
        sample(matrix(), dtype=np.dtype("float64")), sample(matrix("int8"), 0, np.dtype("int8")),
        sample(matrix("bool"), dtype=np.dtype("float32")), sample(matrix(), 1, np.dtype("int64")),
    ]  # fmt: skip


def _accumulate(name: str, function: Callable[..., Any], ufunc: np.ufunc, doc: str) -> OpDef:
    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, "
        f"{_TAIL})",
        doc=doc,
        infer=reduction(accumulated),
        kernel=_accumulating(ufunc, function),
        traits=(PURE,),
        spellings=(
            *_spelled(f"ndarray.{name}", name, order="axis dtype - keepdims initial where"),
            _method(ufunc, "dtype"),
        ),
        samples=lambda: _values(function, [*_typed(), *_masked()]),
    )


def _extremum(
    name: str, function: Callable[..., Any], ufunc: np.ufunc, alias: str, doc: str
) -> OpDef:
    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, {_TAIL})",
        doc=doc,
        infer=reduction(same_dtype),
        kernel=_extreme(ufunc, function),
        traits=(PURE,),
        spellings=(
            *_spelled(f"ndarray.{name}", name, alias, order="axis - keepdims initial where"),
            _method(ufunc),
        ),
        samples=lambda: _values(function, _masked_extremes()),
    )


# --- means and spreads ----------------------------------------------------------------------------


# NumPy's functions of these do what the method of an array does; the way there costs a microsecond.


def _mean(x: Any, axis: Any, dtype: Any, keepdims: Any, where: Any) -> Any:
    method: Callable[..., Any] | None = getattr(x, "mean", None)
    if method is not None and where is True and type(x) is np.ndarray:
        return method(axis, dtype, None, keepdims)
    if method is not None:
        return method(axis, dtype, None, keepdims, where=where)
    return np.mean(x, axis, dtype, None, keepdims, where=where)


def _spread(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    method = getattr(np.ndarray, name)

    def kernel(x: Any, axis: Any, dtype: Any, correction: Any, keepdims: Any, where: Any) -> Any:
        if type(x) is np.ndarray and where is True:
            return method(x, axis, dtype, None, correction, keepdims)
        return function(x, axis, dtype, None, correction, keepdims, where=where)

    return kernel


def _averaged(function: Callable[..., Any]) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        dtype = dtype_of(args, default=probed(function, x))
        if function is not np.mean and dtype is not None:
            dtype = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
        return TensorType(dtype, reduced_shape(args, x.shape))

    return infer


def _dispersion(name: str, doc: str) -> OpDef:
    function = getattr(np, name)
    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, "
        "correction: number = 0, *, keepdims: bool = False, where: ArrayLike = True)",
        doc=doc,
        infer=_averaged(function),
        kernel=_spread(name),
        traits=(PURE,),
        spellings=[
            Spelling(full, {"a": "x", "ddof": "correction"}, ("x", "axis", "dtype", "-",
            "correction", "keepdims"))
            for full in (f"ndarray.{name}", f"numpy.{name}")
        ],
        samples=lambda: _values(
            function,
            [
                sample(matrix(), 0, None, 1), sample(matrix(), axis=1, correction=1),
                sample(matrix("int32"), correction=2.5), sample(matrix(), 0, np.dtype("float64")),
                sample(matrix(), where=np.array([True, False, True])),
            ],
        ),
    )  # fmt: skip


# --- truth ----------------------------------------------------------------------------------------


def _truth(ufunc: np.ufunc, function: Callable[..., Any]) -> Callable[..., Any]:
    reduce: Callable[..., Any] = ufunc.reduce

    def kernel(x: Any, axis: Any, keepdims: Any, where: Any) -> Any:
        if type(x) is np.ndarray and where is True:
            return reduce(x, axis, bool, None, keepdims)
        return function(x, axis, None, keepdims, where=where)

    return kernel


def _tested(name: str, ufunc: np.ufunc, doc: str) -> OpDef:
    function = getattr(np, name)
    return op(
        f"{name}(x: ArrayLike, axis: int | ints | None = None, *, keepdims: bool = False, "
        "where: ArrayLike = True)",
        doc=doc,
        infer=reduction(lambda _: "bool"),
        kernel=_truth(ufunc, function),
        traits=(PURE,),
        spellings=(
            *_spelled(f"ndarray.{name}", name, order="axis - keepdims"),
            _method(ufunc),
        ),
        samples=lambda: _values(function, [sample(matrix(), where=np.array([True, False, True]))]),
    )


# --- positions ------------------------------------------------------------------------------------


def _argmax(x: Any, axis: Any, keepdims: Any) -> Any:
    if type(x) is np.ndarray and not keepdims:
        return x.argmax(axis)
    return np.argmax(x, axis, keepdims=keepdims)


def _argmin(x: Any, axis: Any, keepdims: Any) -> Any:
    if type(x) is np.ndarray and not keepdims:
        return x.argmin(axis)
    return np.argmin(x, axis, keepdims=keepdims)


def _arg(name: str, kernel: Callable[..., Any], doc: str) -> OpDef:
    function = getattr(np, name)
    return op(
        f"{name}(x: ArrayLike, axis: int | None = None, *, keepdims: bool = False)",
        doc=doc,
        infer=reduction(lambda _: "int64"),
        kernel=kernel,
        traits=(PURE,),
        spellings=_spelled(f"ndarray.{name}", name, order="axis"),
        samples=lambda: [
            s
            for s in _values(function)
            if not isinstance(s.kwargs.get("axis", 0), tuple)
            and (len(s.args) < 2 or not isinstance(s.args[1], tuple))
        ],
    )


def _count_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType("int64", reduced_shape(args, x.shape))


OPS: tuple[OpDef, ...] = (
    _accumulate("sum", np.sum, np.add, "Sum of the elements; 0 of none."),
    _accumulate("prod", np.prod, np.multiply, "Product of the elements; 1 of none."),
    _extremum("max", np.max, np.maximum, "amax", "Largest element; NaN if there is one."),
    _extremum("min", np.min, np.minimum, "amin", "Smallest element; NaN if there is one."),
    op(
        "mean(x: ArrayLike, axis: int | ints | None = None, dtype: dtype | None = None, *, "
        "keepdims: bool = False, where: ArrayLike = True)",
        doc="Arithmetic mean of the elements; NaN of none.",
        infer=_averaged(np.mean),
        kernel=_mean,
        traits=(PURE,),
        spellings=_spelled("ndarray.mean", "mean", order="axis dtype - keepdims"),
        samples=lambda: _values(np.mean, [*_typed(), _masked()[0], _masked()[1]]),
    ),
    _dispersion("var", "Mean of the squared distances from the mean, over n - correction."),
    _dispersion("std", "Square root of the variance."),
    _tested("all", np.logical_and, "Whether all elements are other than zero."),
    _tested("any", np.logical_or, "Whether some element is other than zero."),
    _arg(
        "argmax", _argmax,
        "Index of the first largest element, of the flat array or along an axis.",
    ),
    _arg(
        "argmin", _argmin,
        "Index of the first smallest element, of the flat array or along an axis.",
    ),
)  # fmt: skip
