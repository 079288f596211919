"""Making arrays: filled with one value, with numbers in a row, or with a pattern."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    Shape,
    array_like_type,
    broadcast_shapes,
    dtype_of,
    normalize_axis,
    shape_operand,
    value_of,
)
from scriptc.ir.ops.samples import matrix, named, special
from scriptc.ir.types import (
    NONE,
    Dim,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
)

# --- one value ------------------------------------------------------------------------------------


def _filled(args: Args) -> Type:
    return TensorType(dtype_of(args, default="float64"), shape_operand(args))


def _full_type(args: Args) -> Type:
    value = array_like_type(args["fill_value"])
    shape = shape_operand(args)
    broadcast_shapes(shape, value.shape)
    return TensorType(dtype_of(args, default=value.dtype), shape)


def _like(args: Args) -> Type:
    x = array_like_type(args["x"])
    shape: Shape = None
    if args["shape"] == NONE:
        shape = x.shape
    elif NONE not in members_of(args["shape"]):
        shape = shape_operand(args)
    return TensorType(dtype_of(args, default=x.dtype), shape)


def _zeros_like(x: Any, dtype: Any, order: Any, shape: Any) -> Any:
    if shape is None:
        return np.zeros_like(x, dtype, order)
    return np.zeros_like(x, dtype, order, shape=shape)


def _ones_like(x: Any, dtype: Any, order: Any, shape: Any) -> Any:
    if shape is None:
        return np.ones_like(x, dtype, order)
    return np.ones_like(x, dtype, order, shape=shape)


def _empty_like(x: Any, dtype: Any, order: Any, shape: Any) -> Any:
    if shape is None:
        return np.empty_like(x, dtype, order)
    return np.empty_like(x, dtype, order, shape=shape)


def _full_like(x: Any, fill_value: Any, dtype: Any, order: Any, shape: Any) -> Any:
    return np.full_like(x, fill_value, dtype, order, shape=shape)


def _shapes() -> list[Sample]:
    return [
        sample(3), sample((2, 3)), sample(()), sample([2, 0]), sample((2,), "float32"),
        sample((np.int64(2), 3), np.dtype("int8")), sample(2, dtype=np.dtype("bool")),
        sample((2, 3), dtype="complex64", order="F"), sample(np.array([1, 2])),
        sample(-1, raises=ValueError), sample((2, -1), raises=ValueError),
    ]  # fmt: skip


def _prototypes(*more: Any) -> list[Sample]:
    """Return samples of the `like` functions; `more` are operands behind the prototype."""
    return [
        *(sample(x, *more) for x in (matrix(), special(), np.array(3), np.int8(2), 2, 1.5)),
        sample([1, 2], *more), sample(np.zeros((0, 2)), *more),
        sample(matrix(), *more, np.dtype("int32")), sample(matrix(), *more, dtype="bool"),
        sample(matrix().T, *more, shape=(2, 2)), sample(matrix(), *more, shape=4, order="C"),
    ]  # fmt: skip


# --- numbers in a row -----------------------------------------------------------------------------


def _arange_type(args: Args) -> Type:
    limits = [args[n] for n in ("start", "stop", "step") if args[n] != NONE]
    optional = any(NONE in members_of(t) for t in limits)
    # Whatever the operands' widths, NumPy counts in its default types.
    dtypes = [array_like_type(t).dtype for t in limits]
    known = [dtype for dtype in dtypes if dtype is not None]
    counted = None if optional or len(known) < len(dtypes) else np.result_type("int64", *known).name
    values = [value_of(args, n) for n in ("start", "stop", "step")]
    size: Dim = None
    if all(v is None or type(v) in (int, bool) for v in values):
        start, stop, step = values
        if step == 0:
            raise RuleError("the step of `arange` cannot be zero")
        first, last = (0, start) if stop is None else (start, stop)
        size = len(range(first, last, 1 if step is None else step))
    return TensorType(dtype_of(args, default=counted), (size,))


def _arange(start: Any, stop: Any, step: Any, dtype: Any) -> Any:
    return np.arange(start, stop, step, dtype=dtype)


def _spaced(function: Callable[..., Any], *more: str) -> InferRule:
    """Make the rule of `linspace` and its kin; `more` names operands that take part beside."""

    def infer(args: Args) -> Type:
        operands = [args[name] for name in ("start", "stop", *more)]
        dtype = probed(function, *operands)
        around = broadcast_shapes(*(array_like_type(t).shape for t in operands))
        num, axis = value_of(args, "num"), value_of(args, "axis")
        if isinstance(num, int) and num < 0:
            raise RuleError(f"`{args.schema.name}` makes no {num} numbers", "pass 0 or more")
        shape: Shape = None
        if around is not None:
            size = num if type(num) is int else None
            at = UNKNOWN if axis is UNKNOWN else normalize_axis(axis, len(around) + 1)
            shape = (None,) * (len(around) + 1)
            if at is not UNKNOWN:
                shape = (*around[:at], size, *around[at:])
        return TensorType(dtype_of(args, default=dtype), shape)

    return infer


def _linspace_of(start: Any, stop: Any) -> Any:
    return np.linspace(start, stop, 2)


def _geomspace_of(start: Any, stop: Any) -> Any:
    return np.geomspace(start, stop, 2)


def _logspace_of(start: Any, stop: Any, base: Any) -> Any:
    return np.logspace(start, stop, 2, base=base)


def _linspace(start: Any, stop: Any, num: Any, endpoint: Any, dtype: Any, axis: Any) -> Any:
    return np.linspace(start, stop, num, endpoint, dtype=dtype, axis=axis)


# --- patterns -------------------------------------------------------------------------------------


def _known_size(value: Any) -> Dim:
    return max(int(value), 0) if isinstance(value, int) else None


def _eye_type(args: Args) -> Type:
    rows, columns = value_of(args, "n_rows"), value_of(args, "n_cols")
    shape = (_known_size(rows), _known_size(rows if columns is None else columns))
    return TensorType(dtype_of(args, default="float64"), shape)


def _eye(n_rows: Any, n_cols: Any, k: Any, dtype: Any, order: Any) -> Any:
    return np.eye(n_rows, n_cols, k, dtype, order)


def _identity_type(args: Args) -> Type:
    size = _known_size(value_of(args, "n"))
    return TensorType(dtype_of(args, default="float64"), (size, size))


def _vander_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.rank not in (None, 1):
        raise RuleError(f"`vander` takes a tensor of one dimension, not {x}")
    length = None if x.shape is None else x.shape[0]
    columns = value_of(args, "N")
    dtype = None if x.dtype is None else np.promote_types(x.dtype, "int64").name
    return TensorType(dtype, (length, length if columns is None else _known_size(columns)))


def _meshgrid_type(args: Args) -> Type:
    arrays = [array_like_type(t) for t in args.rest]
    sizes: list[Dim] = [
        None if a.shape is None or None in a.shape or any(isinstance(n, str) for n in a.shape)
        else math.prod(int(n) for n in a.shape if isinstance(n, int))
        for a in arrays
    ]  # fmt: skip
    indexing, sparse = value_of(args, "indexing"), value_of(args, "sparse")
    if indexing is UNKNOWN or sparse is UNKNOWN:
        grids: list[tuple[Dim, ...]] = [(None,) * len(arrays)] * len(arrays)
    else:
        order = list(range(len(arrays)))
        if indexing == "xy" and len(order) > 1:
            order[:2] = [1, 0]
        grids = [
            tuple(sizes[j] if j == i or not sparse else 1 for j in order)
            for i in range(len(arrays))
        ]
    return TupleType(
        tuple(TensorType(a.dtype, shape) for a, shape in zip(arrays, grids, strict=True))
    )


def _meshgrid(sparse: Any, indexing: Any, *arrays: Any) -> Any:
    return np.meshgrid(*arrays, sparse=sparse, indexing=indexing)


def _indices_type(args: Args) -> Type:
    sizes = shape_operand(args, "dimensions")
    sparse = value_of(args, "sparse")
    if sparse is UNKNOWN:
        raise RuleError(
            "`indices` needs a constant as `sparse`, since the type of the result depends on it",
            "write the value out in the call",
        )
    # Without a dtype, a sparse grid is made by `arange` and a full one by `empty`.
    dtype = dtype_of(args, default="int64" if sparse else "float64")
    if not sparse:
        return TensorType(dtype, None if sizes is None else (len(sizes), *sizes))
    if sizes is None:
        return VariadicTupleType(TensorType(dtype))
    ranks = range(len(sizes))
    return TupleType(
        tuple(TensorType(dtype, tuple(sizes[j] if i == j else 1 for j in ranks)) for i in ranks)
    )


_DEFAULT_ORDER = ("x", "dtype", "order", "-", "shape")

OPS: tuple[OpDef, ...] = (
    op(
        "zeros(shape: int | ints | Array, dtype: dtype | str | None = None, order: str = 'C')",
        doc="A new array of zeros.",
        infer=_filled,
        kernel=np.zeros,
        traits=(PURE,),
        spellings=("numpy.zeros",),
        samples=_shapes,
    ),
    op(
        "ones(shape: int | ints | Array, dtype: dtype | str | None = None, order: str = 'C')",
        doc="A new array of ones.",
        infer=_filled,
        kernel=np.ones,
        traits=(PURE,),
        spellings=("numpy.ones",),
        samples=_shapes,
    ),
    op(
        "empty(shape: int | ints | Array, dtype: dtype | str | None = None, order: str = 'C')",
        doc="A new array whose elements are whatever the memory holds.",
        infer=_filled,
        kernel=np.empty,
        spellings=("numpy.empty",),
        samples=_shapes,
    ),
    op(
        "full(shape: int | ints | Array, fill_value: ArrayLike, "
        "dtype: dtype | str | None = None, order: str = 'C')",
        doc="A new array filled with a value, which is broadcast.",
        infer=_full_type,
        kernel=np.full,
        traits=(PURE,),
        spellings=("numpy.full",),
        samples=lambda: [
            sample(3, 7), sample((2, 3), 1.5), sample((), True), sample(2, np.float32(3)),
            sample((2, 2), np.array([1, 2], "int8")), sample((2, 2), [1.0, 2.0]),
            sample(3, 7, "float32"), sample([2], 0.5, dtype=np.dtype("int32")), sample(2, 1j),
            sample((2, 3), -np.inf, order="F"),
            sample((2, 2), np.ones(3), raises=ValueError), sample(-1, 0, raises=ValueError),
        ],
    ),
    op(
        "zeros_like(x: ArrayLike, dtype: dtype | str | None = None, order: str = 'K', "
        "shape: int | ints | Array | None = None)",
        doc="A new array of zeros, of the shape and dtype of `x` unless others are given.",
        infer=_like,
        kernel=_zeros_like,
        traits=(PURE,),
        spellings=named("zeros_like", order=_DEFAULT_ORDER),
        samples=_prototypes,
    ),
    op(
        "ones_like(x: ArrayLike, dtype: dtype | str | None = None, order: str = 'K', "
        "shape: int | ints | Array | None = None)",
        doc="A new array of ones, of the shape and dtype of `x` unless others are given.",
        infer=_like,
        kernel=_ones_like,
        traits=(PURE,),
        spellings=named("ones_like", order=_DEFAULT_ORDER),
        samples=_prototypes,
    ),
    op(
        "empty_like(x: ArrayLike, dtype: dtype | str | None = None, order: str = 'K', "
        "shape: int | ints | Array | None = None)",
        doc="A new array as `empty` makes it, of the shape and dtype of `x` unless given.",
        infer=_like,
        kernel=_empty_like,
        spellings=named("empty_like", first="prototype", order=_DEFAULT_ORDER),
        samples=_prototypes,
    ),
    op(
        "full_like(x: ArrayLike, fill_value: ArrayLike, dtype: dtype | str | None = None, "
        "order: str = 'K', shape: int | ints | Array | None = None)",
        doc="A new array filled with a value, of the shape and dtype of `x` unless given.",
        infer=_like,
        kernel=_full_like,
        traits=(PURE,),
        spellings=named(
            "full_like", order=("x", "fill_value", "dtype", "order", "-", "shape")
        ),
        samples=lambda: [
            *_prototypes(7), sample(matrix(), np.array([1, 2, 3])), sample(matrix("int8"), 2.5),
            sample(matrix(), np.ones(2), raises=ValueError),
        ],
    ),
    op(
        "arange(start: number, stop: number | None = None, step: number = 1, "
        "dtype: dtype | str | None = None)",
        doc="Numbers from `start` in steps, before `stop`; from 0 to `start` without a `stop`.",
        infer=_arange_type,
        kernel=_arange,
        traits=(PURE,),
        spellings=("numpy.arange",),
        samples=lambda: [
            sample(5), sample(2, 7), sample(2, 9, 3), sample(9, 2, -3), sample(5, 2), sample(-3),
            sample(2.5), sample(0, 1, 0.25), sample(1.0, 3), sample(4, dtype="float32"),
            sample(4, dtype=np.dtype("int8")), sample(0, 3, 1, np.dtype("int32")),
            sample(np.int8(3)), sample(np.float32(2)), sample(1, np.float16(3)), sample(True),
            sample(np.uint64(2)), sample(np.array(4)), sample(0, stop=6, step=2),
            sample(0, 5, 0, raises=ZeroDivisionError),
        ],
    ),
    op(
        "linspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, "
        "dtype: dtype | str | None = None, axis: int = 0)",
        doc="`num` numbers in equal steps from `start` to `stop`.",
        infer=_spaced(_linspace_of),
        kernel=_linspace,
        traits=(PURE,),
        spellings=(
            Spelling(
                "numpy.linspace",
                order=("start", "stop", "num", "endpoint", "-", "dtype", "axis"),
            ),
        ),
        samples=lambda: [
            sample(0, 1), sample(0.0, 2.0, 5), sample(1, 3, 4, False), sample(0, 1, 0),
            sample(0, 1, 1), sample(np.float32(0), np.float32(1), 3), sample(2, -2, num=3),
            sample(0, 10, 5, dtype="int32"), sample(0, 1, 3, dtype=np.dtype("float16")),
            sample(np.zeros(2), np.array([1, 2]), 3), sample(np.zeros(2), 1, 3, axis=1),
            sample([0, 1], 3.0, 4, axis=-1), sample(0, 1j, 3), sample(0, 1, -1, raises=ValueError),
        ],
    ),
    op(
        "logspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, "
        "base: ArrayLike = 10.0, dtype: dtype | str | None = None, axis: int = 0)",
        doc="`num` powers of `base`, whose exponents go in equal steps from `start` to `stop`.",
        infer=_spaced(_logspace_of, "base"),
        kernel=np.logspace,
        traits=(PURE,),
        spellings=("numpy.logspace",),
        samples=lambda: [
            sample(0, 2), sample(0, 3, 4), sample(1.0, 2.0, 3, False), sample(0, 8, 3, base=2),
            sample(np.float32(0), 1, 2), sample(0, 2, 3, dtype="int32"),
            sample(np.zeros(2), 1, 3, axis=1), sample(0, 1, 3, base=2.0, dtype="float32"),
        ],
    ),
    op(
        "geomspace(start: ArrayLike, stop: ArrayLike, num: int = 50, endpoint: bool = True, "
        "dtype: dtype | str | None = None, axis: int = 0)",
        doc="`num` numbers from `start` to `stop`, each the same multiple of the one before.",
        infer=_spaced(_geomspace_of),
        kernel=np.geomspace,
        traits=(PURE,),
        spellings=("numpy.geomspace",),
        samples=lambda: [
            sample(1, 100), sample(1.0, 8.0, 4), sample(1, 8, 3, False), sample(-1, -4, 3),
            sample(np.float32(1), np.float32(4), 3), sample(1, 1000, 4, dtype="int32"),
            sample(np.ones(2), np.array([2.0, 4.0]), 3, axis=1),
            sample(0, 1, 3, raises=ValueError),
        ],
    ),
    op(
        "eye(n_rows: int, n_cols: int | None = None, k: int = 0, "
        "dtype: dtype | str | None = None, order: str = 'C')",
        doc="A matrix of ones on the `k`th diagonal, and zeros elsewhere.",
        infer=_eye_type,
        kernel=_eye,
        traits=(PURE,),
        spellings=(Spelling("numpy.eye", {"N": "n_rows", "M": "n_cols"}),),
        samples=lambda: [
            sample(3), sample(2, 3), sample(3, k=1), sample(3, None, -1), sample(0),
            sample(2, dtype="float32"), sample(2, 2, 0, np.dtype("bool")), sample(np.int64(2)),
            sample(-1, raises=ValueError), sample(2, 3, order="F"),
        ],
    ),
    op(
        "identity(n: int, dtype: dtype | str | None = None)",
        doc="The identity matrix.",
        infer=_identity_type,
        kernel=np.identity,
        traits=(PURE,),
        spellings=("numpy.identity",),
        samples=lambda: [
            sample(3), sample(0), sample(2, "int8"), sample(n=2, dtype=np.dtype("float32")),
        ],
    ),
    op(
        "tri(n_rows: int, n_cols: int | None = None, k: int = 0, "
        "dtype: dtype | str | None = None)",
        doc="A matrix of ones on the `k`th diagonal and below, and zeros above.",
        infer=_eye_type,
        kernel=np.tri,
        traits=(PURE,),
        spellings=(Spelling("numpy.tri", {"N": "n_rows", "M": "n_cols"}),),
        samples=lambda: [
            sample(3), sample(2, 3), sample(3, k=1), sample(3, 4, -1), sample(0),
            sample(2, dtype="bool"), sample(2, 2, 0, np.dtype("float32")),
        ],
    ),
    op(
        "vander(x: ArrayLike, N: int | None = None, increasing: bool = False)",
        doc="The matrix whose columns are powers of `x`, the highest first.",
        infer=_vander_type,
        kernel=np.vander,
        traits=(PURE,),
        spellings=named("vander", first="x"),
        samples=lambda: [
            sample(np.array([1, 2, 3])), sample(special()[:5], 3), sample([1.0, 2.0], 2, True),
            sample(np.array([1, 2], "int8"), increasing=True), sample(matrix(), raises=ValueError),
            sample(np.array([1.5], "float32")), sample(np.zeros(0)),
        ],
    ),
    op(
        "meshgrid(*arrays: ArrayLike, sparse: bool = False, indexing: str = 'xy')",
        doc="Coordinate arrays of the grid that vectors span.",
        infer=_meshgrid_type,
        kernel=_meshgrid,
        traits=(PURE,),
        spellings=("numpy.meshgrid",),
        samples=lambda: [
            sample(), sample(np.arange(3)), sample(np.arange(3), np.ones(2, "float32")),
            sample(np.arange(3), np.ones(2), indexing="ij"), sample([1, 2], 5, (1.0, 2.0)),
            sample(np.arange(3), np.ones(2), np.zeros(4), sparse=True), sample(matrix(), [1]),
            sample(np.arange(3), np.ones(2), sparse=True, indexing="ij"),
            sample(np.arange(2), indexing="zz", raises=ValueError),
        ],
    ),
    op(
        "indices(dimensions: ints, dtype: dtype | str | None = None, sparse: bool = False)",
        doc="The indices of every element of an array of these sizes, by dimension.",
        infer=_indices_type,
        kernel=np.indices,
        traits=(PURE,),
        spellings=(Spelling("numpy.indices", defaults={"dtype": np.dtype("int64")}),),
        samples=lambda: [
            sample((2, 3)), sample([2, 2]), sample((2,), sparse=True), sample(()),
            sample((2, 3), sparse=True), sample((0, 2)), sample((2,), "float32"),
            sample((2, 2), np.dtype("int8"), True),
        ],
    ),
)  # fmt: skip
