"""Arrays put together, and taken apart again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    VIEW,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    op,
    sample,
)
from scriptc.ir.ops.rules import (
    Shape,
    array_like_type,
    dtype_of,
    normalize_axis,
    promote,
    same_size,
    size_of,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import (
    TENSOR,
    Dim,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    prune,
)

# --- joining --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parts:
    """The arrays of a sequence: the type of each, or one type for all if their count is unknown."""

    types: tuple[TensorType, ...]
    counted: bool

    @property
    def dtype(self) -> str | None:
        return promote(*self.types) if self.types else None

    def common_shape(self, *free: int) -> Shape:
        """Return the sizes that all parts share; those of the axes in `free` may differ.

        Raises `RuleError` where ranks or sizes are known to differ.
        """
        shapes = [t.shape for t in self.types if t.shape is not None]
        if not shapes:
            return None
        result = shapes[0]
        for shape in shapes[1:]:
            if len(shape) != len(result):
                raise RuleError(
                    f"arrays of {len(result)} and of {len(shape)} dimensions cannot be joined"
                )
            result = tuple(
                None if i in free else same_size(a, b)
                for i, (a, b) in enumerate(zip(result, shape, strict=True))
            )
        return result

    def total(self, axis: int) -> Dim:
        """Return the sum of the sizes along an axis, if it is known."""
        sizes = [None if t.shape is None else t.shape[axis] for t in self.types]
        known = [size for size in sizes if isinstance(size, int)]
        return sum(known) if self.counted and len(known) == len(sizes) else None


def parts_of(type_: Type) -> Parts:
    """Return the arrays that a sequence of arrays holds; those of an array are its rows."""
    type_ = prune(type_)
    match type_:
        case TupleType(elements):
            return Parts(tuple(map(array_like_type, elements)), True)
        case ListType(element) | VariadicTupleType(element):
            return Parts((array_like_type(element),), False)
        case TensorType(dtype, shape):
            rows = TensorType(dtype, None if shape is None else shape[1:])
            count = shape[0] if shape else None
            if isinstance(count, int) and count <= 64:
                return Parts((rows,) * count, True)
            return Parts((rows,), False)
    return Parts((TENSOR,), False)


def _joined(args: Args, shape: Shape, parts: Parts) -> TensorType:
    has_dtype = any(p.name == "dtype" for p in args.schema.parameters)
    dtype = dtype_of(args, default=parts.dtype) if has_dtype else parts.dtype
    return TensorType(dtype, shape)


def _check_some(parts: Parts) -> None:
    if not parts.types:
        raise RuleError("there must be at least one array")


def _concat_type(args: Args) -> Type:
    parts = parts_of(args["arrays"])
    _check_some(parts)
    axis = value_of(args, "axis")
    if axis is None:
        arrays = prune(args["arrays"])
        # Numbers are weak here, and only here.
        dtype = promote(*arrays.elements) if isinstance(arrays, TupleType) else parts.dtype
        sizes = [size_of(t.shape) for t in parts.types]
        known = [size for size in sizes if isinstance(size, int)]
        total = sum(known) if parts.counted and len(known) == len(sizes) else None
        return TensorType(dtype_of(args, default=dtype), (total,))
    return _joined(args, _along(parts, axis), parts)


def _along(parts: Parts, axis: Any) -> Shape:
    """Return the shape of arrays joined along an axis of theirs."""
    rank = next((t.rank for t in parts.types if t.rank is not None), None)
    if rank is None:
        return None
    if axis is UNKNOWN:
        parts.common_shape(*range(rank))
        return (None,) * rank
    at = normalize_axis(axis, rank)
    shape = parts.common_shape(at)
    assert shape is not None
    return (*shape[:at], parts.total(at), *shape[at + 1 :])


def _concat(arrays: Any, axis: Any, dtype: Any) -> Any:
    return np.concatenate(arrays, axis, dtype=dtype)


def _stack_type(args: Args) -> Type:
    parts = parts_of(args["arrays"])
    _check_some(parts)
    shape, axis = parts.common_shape(), value_of(args, "axis")
    if shape is None:
        return _joined(args, None, parts)
    if axis is UNKNOWN:
        return _joined(args, (None,) * (len(shape) + 1), parts)
    at = normalize_axis(axis, len(shape) + 1)
    count = len(parts.types) if parts.counted else None
    return _joined(args, (*shape[:at], count, *shape[at:]), parts)


def _stack(arrays: Any, axis: Any, dtype: Any) -> Any:
    return np.stack(arrays, axis, dtype=dtype)


def _grown_type(grow: Callable[[TensorType], TensorType], axis: Callable[[int], int]) -> InferRule:
    """Make the rule of a function that gives its parts more dimensions and then joins them.

    `axis` maps the rank of the parts then to the axis along which they are joined.
    """

    def infer(args: Args) -> Type:
        found = parts_of(args["arrays"])
        _check_some(found)
        parts = Parts(tuple(map(grow, found.types)), found.counted)
        rank = next((t.rank for t in parts.types if t.rank is not None), None)
        return _joined(args, None if rank is None else _along(parts, axis(rank)), parts)

    return infer


def _rows(x: TensorType) -> TensorType:
    if x.shape is None or len(x.shape) >= 2:
        return x
    return TensorType(x.dtype, (1,) * (2 - len(x.shape)) + x.shape)


def _vector(x: TensorType) -> TensorType:
    return TensorType(x.dtype, (1,)) if x.shape == () else x


def _columns(x: TensorType) -> TensorType:
    if x.shape is None or len(x.shape) >= 2:
        return x
    return TensorType(x.dtype, (x.shape[0] if x.shape else 1, 1))


def _planes(x: TensorType) -> TensorType:
    if x.shape is None or len(x.shape) >= 3:
        return x
    if len(x.shape) == 2:
        return TensorType(x.dtype, (*x.shape, 1))
    return TensorType(x.dtype, (1, x.shape[0] if x.shape else 1, 1))


def _vstack(arrays: Any, dtype: Any) -> Any:
    return np.vstack(arrays, dtype=dtype)


def _hstack(arrays: Any, dtype: Any) -> Any:
    return np.hstack(arrays, dtype=dtype)


def _block_type(args: Args) -> Type:
    leaves = _leaves(args["arrays"])
    return TensorType(None if leaves is None else promote(*leaves))


def _leaves(type_: Type) -> list[TensorType] | None:
    """Return the arrays at the bottom of nested lists."""
    type_ = prune(type_)
    if isinstance(type_, ListType):
        return _leaves(type_.element)
    if isinstance(type_, TupleType | VariadicTupleType):
        raise RuleError("`block` takes lists, not tuples", "write the blocks as nested lists")
    return [array_like_type(type_)]


def _pairs() -> list[Any]:
    """Return sequences of arrays that differ along their first dimension at most."""
    return [
        (matrix(), matrix()), [matrix(), matrix("int32")], (matrix(), np.ones((1, 3))),
        (np.zeros((0, 3), "int8"), matrix("int8")), [matrix()], (matrix("bool"), matrix("uint8")),
        cube(), ([[1, 2]], [[3.5, 4.0]]),
    ]  # fmt: skip


def _vectors() -> list[Any]:
    return [
        (special(), special()), [np.arange(3), np.arange(3)], ([1, 2], [3, 4]), (np.arange(2),),
        (np.arange(2, dtype="int8"), np.array([1.5, 2], "float32")),
    ]  # fmt: skip


def _numbers() -> list[Any]:
    return [(1, 2.5), (np.float32(1), 2), [1, 2], (np.array(1), np.array(2.5))]


# --- taking apart ---------------------------------------------------------------------------------


def _split_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis: Any = 0
    if any(p.name == "axis" for p in args.schema.parameters):
        axis = value_of(args, "axis")
    if x.rank is not None and axis is not UNKNOWN:
        normalize_axis(axis, x.rank)
    return ListType(TENSOR)


def _unstack_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis = value_of(args, "axis")
    if x.shape is None:
        return VariadicTupleType(TensorType(x.dtype))
    if not x.shape:
        raise RuleError("`unstack` takes a tensor of one dimension at least")
    if axis is UNKNOWN:
        return VariadicTupleType(TensorType(x.dtype, (None,) * (len(x.shape) - 1)))
    at = normalize_axis(axis, len(x.shape))
    part = TensorType(x.dtype, (*x.shape[:at], *x.shape[at + 1 :]))
    count = x.shape[at]
    return TupleType((part,) * count) if isinstance(count, int) else VariadicTupleType(part)


def _unstack(x: Any, axis: Any) -> Any:
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(np.moveaxis(x, axis, 0))


def _divided(name: str, kernel: Callable[..., Any], doc: str, *more: Sample) -> OpDef:
    """Declare one of `hsplit`, `vsplit` and `dsplit`."""
    return op(
        f"{name}(x: Array, indices_or_sections: int | ints | Array)",
        doc=doc,
        infer=_split_type,
        kernel=kernel,
        traits=(PURE, VIEW),
        spellings=named(name, first="ary"),
        samples=lambda: [
            sample(np.zeros((2, 4, 6)), 2), sample(cube(), [1]), sample(cube("int8"), (0, 1)),
            sample(cube(), 5, raises=ValueError), sample(np.array(1), 1, raises=ValueError),
        ],
    )  # fmt: skip


OPS: tuple[OpDef, ...] = (
    op(
        "concat(arrays: Arrays, axis: int | None = 0, *, dtype: dtype | str | None = None)",
        doc="The arrays joined along an axis; flattened first if it is `None`.",
        infer=_concat_type,
        kernel=_concat,
        traits=(PURE,),
        spellings=named("concatenate", "concat", order=("arrays", "axis")),
        samples=lambda: [
            *map(sample, [*_pairs(), *_vectors()]),
            sample((matrix(), matrix()), 1), sample([cube(), cube()], axis=-1),
            sample((matrix(), np.ones((2, 1))), axis=1), sample((matrix(), special()), None),
            sample((1, matrix()), axis=None), sample((matrix(), matrix()), dtype="float64"),
            sample((matrix("int8"), matrix("int8")), 0, dtype=np.dtype("float32")),
            sample((matrix(), special()), raises=ValueError), sample((), raises=ValueError),
            sample((np.ones(2), np.ones((1, 2))), raises=ValueError),
            sample((matrix(), matrix()), 2, raises=np.exceptions.AxisError),
            sample((1, 2), raises=ValueError),
        ],
    ),
    op(
        "stack(arrays: Arrays, axis: int = 0, *, dtype: dtype | str | None = None)",
        doc="The arrays, all of one shape, joined along a new axis.",
        infer=_stack_type,
        kernel=_stack,
        traits=(PURE,),
        spellings=named("stack", order=("arrays", "axis")),
        samples=lambda: [
            *map(sample, [*_vectors(), *_numbers()]),
            sample((matrix(), matrix()), 1), sample([cube(), cube()], axis=-1), sample(cube()),
            sample((matrix(), matrix("int32"))), sample((matrix(), matrix()), dtype="float64"),
            sample((matrix(), special()), raises=ValueError), sample((), raises=ValueError),
            sample((np.zeros((0, 2)), np.zeros((0, 2))), 2),
            sample((matrix(), matrix()), 3, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "vstack(arrays: Arrays, *, dtype: dtype | str | None = None)",
        doc="The arrays on top of each other: joined along the first axis, vectors as rows.",
        infer=_grown_type(_rows, lambda rank: 0),
        kernel=_vstack,
        traits=(PURE,),
        spellings=named("vstack", first="tup", tup="arrays"),
        samples=lambda: [
            *map(sample, [*_pairs(), *_vectors(), *_numbers()]), sample((matrix(), [1, 2, 3])),
            sample((matrix(), matrix()), dtype="float64"),
            sample((matrix(), np.ones(2)), raises=ValueError),
        ],
    ),
    op(
        "hstack(arrays: Arrays, *, dtype: dtype | str | None = None)",
        doc="The arrays side by side: joined along the second axis, vectors along their only one.",
        infer=_grown_type(_vector, lambda rank: 0 if rank == 1 else 1),
        kernel=_hstack,
        traits=(PURE,),
        spellings=named("hstack", first="tup", tup="arrays"),
        samples=lambda: [
            *map(sample, [*_vectors(), *_numbers()]), sample((matrix(), np.ones((2, 1)))),
            sample((matrix(), matrix()), dtype="float64"), sample(cube()), sample([cube(), cube()]),
            sample((matrix(), np.ones(2)), raises=ValueError),
        ],
    ),
    op(
        "dstack(arrays: Arrays)",
        doc="The arrays joined along the third axis, which others are given.",
        infer=_grown_type(_planes, lambda rank: 2),
        kernel=np.dstack,
        traits=(PURE,),
        spellings=named("dstack", first="tup", tup="arrays"),
        samples=lambda: [
            *map(sample, [*_vectors(), *_numbers()]), sample((matrix(), matrix("int32"))),
            sample((cube(), np.ones((2, 3)))), sample((matrix(), np.ones(2)), raises=ValueError),
        ],
    ),
    op(
        "column_stack(arrays: Arrays)",
        doc="The arrays side by side, vectors as columns.",
        infer=_grown_type(_columns, lambda rank: 1),
        kernel=np.column_stack,
        traits=(PURE,),
        spellings=named("column_stack", first="tup", tup="arrays"),
        samples=lambda: [
            *map(sample, [*_vectors(), *_numbers()]), sample((matrix(), np.ones(2))),
            sample((matrix(), matrix("int32"))), sample((matrix(), np.ones(3)), raises=ValueError),
        ],
    ),
    op(
        "block(arrays: ArrayLike)",
        doc="The array that nested lists of blocks make: innermost along the last axis.",
        infer=_block_type,
        kernel=np.block,
        traits=(PURE,),
        spellings=("numpy.block",),
        samples=lambda: [
            sample([matrix(), matrix()]), sample([[matrix(), matrix()], [matrix(), matrix()]]),
            sample([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 2)), np.ones((1, 1))]]),
            sample(matrix()), sample([1, 2]), sample(3), sample(np.float32(2)),
            sample([np.ones(2), np.ones((1, 3))]),
            sample([[np.ones(2)], [np.ones(3)]], raises=ValueError),
            sample((matrix(), matrix()), raises=TypeError),
        ],
    ),
    op(
        "split(x: Array, indices_or_sections: int | ints | Array, axis: int = 0)",
        doc="Views of parts: so many of one size, or those between the indices.",
        infer=_split_type,
        kernel=np.split,
        traits=(PURE, VIEW),
        spellings=named("split", first="ary"),
        samples=lambda: [
            sample(np.arange(6), 3), sample(matrix(), 3, 1), sample(cube(), 2, axis=-1),
            sample(np.arange(6), [2, 3]), sample(matrix(), (1,), 1), sample(np.zeros((0, 2)), 2),
            sample(np.arange(6), np.array([1, 9])), sample(matrix(), 4, raises=ValueError),
            sample(matrix(), 2, 2, raises=IndexError),
        ],
    ),
    op(
        "array_split(x: Array, indices_or_sections: int | ints | Array, axis: int = 0)",
        doc="As `split`, where the parts may differ by one in size.",
        infer=_split_type,
        kernel=np.array_split,
        traits=(PURE, VIEW),
        spellings=named("array_split", first="ary"),
        samples=lambda: [
            sample(np.arange(7), 3), sample(matrix(), 2, 1), sample(cube(), 3, axis=-1),
            sample(np.arange(6), [2, 3]), sample(np.arange(2), 3),
            sample(matrix(), 0, raises=ValueError),
        ],
    ),
    _divided("hsplit", np.hsplit, "As `split` along the second axis, or the only one."),
    _divided("vsplit", np.vsplit, "As `split` along the first axis, of two at least."),
    _divided("dsplit", np.dsplit, "As `split` along the third axis."),
    op(
        "unstack(x: Array, *, axis: int = 0)",
        doc="Views of the parts along an axis, each without it.",
        infer=_unstack_type,
        kernel=_unstack,
        traits=(PURE, VIEW),
        spellings=("numpy.unstack",),
        samples=lambda: [
            sample(matrix()), sample(cube(), axis=1), sample(cube("int8"), axis=-1),
            sample(special()), sample(np.zeros((0, 2))), sample(np.array(1), raises=ValueError),
        ],
    ),
)  # fmt: skip
