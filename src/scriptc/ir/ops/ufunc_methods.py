"""Methods of ufuncs: `np.fmax.reduce`, `np.maximum.accumulate`, `np.subtract.outer`, `np.add.at`.

The reductions that have functions of their own, as `np.add.reduce` has `np.sum`, are spellings of
those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, WRITES, Args, OpDef, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    array_like_type,
    dtype_of,
    normalize_axis,
    reduced_shape,
    ufunc_dtypes,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import NONE, TensorType, Type


def _named(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """Return a method of a ufunc under the name that messages show."""
    bound: Callable[..., Any] = getattr(ufunc, method)

    def run(*operands: Any, **options: Any) -> Any:
        return bound(*operands, **options)

    run.__name__ = f"{ufunc.__name__}.{method}"
    return run


def _given(function: Callable[..., Any]) -> Callable[[Args], str | None]:
    """Return how the dtype of a result follows from the operands `x` and `dtype`."""

    def dtype(args: Args) -> str | None:
        known = value_of(args, "dtype") is None
        return probed(function, array_like_type(args["x"])) if known else dtype_of(args)

    return dtype


# --- reduce ---------------------------------------------------------------------------------------


def _reduce(ufunc: np.ufunc, doc: str) -> OpDef:
    run = _named(ufunc, "reduce")
    result = _given(run)

    def infer(args: Args) -> Type:
        dtype = result(args)
        return TensorType(dtype, reduced_shape(args, array_like_type(args["x"]).shape))

    def kernel(x: Any, axis: Any, dtype: Any, keepdims: Any, initial: Any, where: Any) -> Any:
        more = {} if initial is None else {"initial": initial}
        return ufunc.reduce(x, axis, dtype, keepdims=keepdims, where=where, **more)

    return op(
        f"{ufunc.__name__}_reduce(x: ArrayLike, axis: int | ints | None = 0, "
        "dtype: dtype | None = None, *, keepdims: bool = False, initial: number | None = None, "
        "where: ArrayLike = True)",
        doc=doc,
        infer=infer,
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{ufunc.__name__}.reduce", {}, ("x", "axis", "dtype"))],
        samples=lambda: [
            *_arrays(run), tried(run, matrix("int32"), None), tried(run, cube("int16"), (0, 2)),
            tried(run, matrix("int8"), axis=-1, keepdims=True), tried(run, cube(), (1, 2)),
            tried(run, matrix(), 1, initial=2.0), tried(run, matrix("int32"), 0, initial=5),
            tried(run, matrix(), 0, where=np.array([True, False, True]), initial=0.0),
            tried(run, np.zeros((0, 2)), 0), tried(run, matrix("bool"), 0),
        ],
    )  # fmt: skip


def _arrays(run: Callable[..., Any]) -> list[Sample]:
    return [
        *(tried(run, x) for x in (special(), matrix(), matrix("int32"), [1, 2], np.float32(2), 3)),
        tried(run, cube(), 1), tried(run, matrix(), 2), tried(run, matrix("uint8"), -1),
        tried(run, matrix("float32"), 0, np.dtype("float64")), tried(run, np.zeros((0, 3))),
    ]  # fmt: skip


# --- accumulate -----------------------------------------------------------------------------------


def _accumulate(ufunc: np.ufunc, doc: str) -> OpDef:
    run = _named(ufunc, "accumulate")
    result = _given(run)

    def infer(args: Args) -> Type:
        dtype, shape = result(args), array_like_type(args["x"]).shape
        axis = value_of(args, "axis")
        if shape is not None and axis is not UNKNOWN:
            normalize_axis(int(axis), len(shape))
        return TensorType(dtype, shape)

    def kernel(x: Any, axis: Any, dtype: Any) -> Any:
        return ufunc.accumulate(x, axis, dtype)

    return op(
        f"{ufunc.__name__}_accumulate(x: ArrayLike, axis: int = 0, dtype: dtype | None = None)",
        doc=doc,
        infer=infer,
        kernel=kernel,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{ufunc.__name__}.accumulate", {}, ("x", "axis", "dtype"))],
        samples=lambda: _arrays(run),
    )


# --- outer ----------------------------------------------------------------------------------------


def _outer(ufunc: np.ufunc) -> OpDef:
    run = _named(ufunc, "outer")

    def infer(args: Args) -> Type:
        a, b = array_like_type(args["a"]), array_like_type(args["b"])
        shape = None if a.shape is None or b.shape is None else (*a.shape, *b.shape)
        return TensorType(ufunc_dtypes(ufunc, (a, b))[0], shape)

    return op(
        f"{ufunc.__name__}_outer(a: ArrayLike, b: ArrayLike)",
        doc=f"`{ufunc.__name__}` of each element of one array with each element of another.",
        infer=infer,
        kernel=ufunc.outer,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.{ufunc.__name__}.outer", {}, ("a", "b"))],
        samples=lambda: [
            tried(run, a, b)
            for a, b in (
                (np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])), (matrix(), matrix("int32")),
                ([1, 2], (3, 4)), (2, np.array([1, 2], "int8")), (np.float32(2), 3.5),
                (np.array([True]), np.array([False, True])), (np.zeros(0), matrix()),
            )
        ],
    )  # fmt: skip


# --- at -------------------------------------------------------------------------------------------


def _at(ufunc: np.ufunc) -> OpDef:
    run = _named(ufunc, "at")
    return op(
        f"{ufunc.__name__}_at(x: Array, indices: Any, b: ArrayLike)",
        doc=f"`{ufunc.__name__}` in place at indices; where one is repeated, once for each time.",
        infer=lambda args: NONE,
        kernel=ufunc.at,
        traits=(WRITES,),
        spellings=[Spelling(f"numpy.{ufunc.__name__}.at", {}, ("x", "indices", "b"))],
        samples=lambda: [
            sample(np.zeros(4) + 3, np.array([0, 2, 2]), np.array([1.0, 2.0, 5.0])),
            sample(np.ones(3, "int32"), [1, 1], 2), sample(matrix(), (np.array([0, 1]), 2), 4.0),
            sample(matrix(), 1, np.array([1, 2, 3], "float32")), sample(matrix(), slice(1), 2),
            sample(matrix(), matrix() > 2, 2), sample(np.ones(3), 5, 1.0, raises=IndexError),
            tried(run, np.ones(2, "int32"), 0, 1.5),
        ],
    )  # fmt: skip


OPS: tuple[OpDef, ...] = (
    _reduce(np.logaddexp, "Logarithm of the sum of exponentials along an axis."),
    _reduce(np.logaddexp2, "Logarithm to base 2 of the sum of powers of 2 along an axis."),
    _reduce(np.fmax, "Largest element along an axis that is not NaN."),
    _reduce(np.fmin, "Smallest element along an axis that is not NaN."),
    _reduce(np.bitwise_and, "Bits set in all elements along an axis."),
    _reduce(np.bitwise_or, "Bits set in some element along an axis."),
    _reduce(np.bitwise_xor, "Bits set in an odd number of elements along an axis."),
    _reduce(np.logical_xor, "Whether an odd number of elements along an axis are not zero."),
    _accumulate(np.add, "Sums up to each element along an axis."),
    _accumulate(np.multiply, "Products up to each element along an axis."),
    _accumulate(np.maximum, "Largest element up to each one along an axis."),
    _accumulate(np.minimum, "Smallest element up to each one along an axis."),
    _accumulate(np.logical_and, "Whether all elements up to each one are not zero."),
    _accumulate(np.logical_or, "Whether some element up to each one is not zero."),
    _accumulate(np.logaddexp, "Logarithm of the sums of exponentials up to each element."),
    *map(_outer, (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power,
                  np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)),
    *map(_at, (np.add, np.subtract, np.multiply, np.maximum, np.minimum)),
)  # fmt: skip
