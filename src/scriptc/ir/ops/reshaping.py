"""The same elements under another shape or another order of dimensions, mostly as views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    VIEW,
    Args,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.rules import (
    array_like_type,
    broadcast_shapes,
    normalize_axes,
    normalize_axis,
    sequence_length,
    shape_operand,
    size_of,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import (
    INT,
    NONE,
    Dim,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
)

# --- shape ----------------------------------------------------------------------------------------


def _reshape_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    wanted = value_of(args, "shape")
    sizes: tuple[Any, ...] = tuple(wanted) if isinstance(wanted, tuple) else (wanted,)
    if wanted is UNKNOWN or not all(type(size) is int for size in sizes):
        count = sequence_length(args["shape"])
        return TensorType(x.dtype, None if count is None else (None,) * count)
    return TensorType(x.dtype, _completed(sizes, size_of(x.shape), x))


def _completed(sizes: Sequence[int], total: Dim, x: TensorType) -> tuple[Dim, ...]:
    """Return the sizes with the one that is -1 computed, as far as that is known."""
    if sum(size < 0 for size in sizes) > 1:
        raise RuleError("only one size of a shape can be -1")
    known = math.prod(size for size in sizes if size >= 0)
    result: list[Dim] = [size if size >= 0 else None for size in sizes]
    if not isinstance(total, int):
        return tuple(result)
    fits = total == known if None not in result else known != 0 and total % known == 0
    if not fits:
        raise RuleError(
            f"a {x} of {total} elements cannot have the shape {tuple(sizes)}",
            "the sizes must multiply to the number of elements",
        )
    if None in result:
        result[result.index(None)] = total // known
    return tuple(result)


def _reshape(x: Any, shape: Any, order: Any) -> Any:
    if type(x) is np.ndarray:
        # An argument by keyword costs as much as the rest.
        return x.reshape(shape) if order == "C" else x.reshape(shape, order=order)
    return np.reshape(x, shape, order)


def _flat_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(x.dtype, (size_of(x.shape),))


def _ravel(x: Any, order: Any) -> Any:
    return x.ravel(order) if type(x) is np.ndarray else np.ravel(x, order)


def _flatten(x: Any, order: Any) -> Any:
    return x.flatten(order)


def _squeeze_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis = value_of(args, "axis")
    if x.shape is None:
        return x
    if axis is UNKNOWN:
        count = None if NONE in members_of(args["axis"]) else sequence_length(args["axis"])
        return TensorType(x.dtype, None if count is None else (None,) * (len(x.shape) - count))
    if axis is None:
        sure = all(isinstance(size, int) for size in x.shape)
        return TensorType(x.dtype, tuple(size for size in x.shape if size != 1) if sure else None)
    gone = normalize_axes(axis, len(x.shape))
    for i in gone:
        if isinstance(x.shape[i], int) and x.shape[i] != 1:
            raise RuleError(f"axis {i} of a {x} cannot be squeezed: its size is {x.shape[i]}")
    return TensorType(x.dtype, tuple(size for i, size in enumerate(x.shape) if i not in gone))


def _expand_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis = value_of(args, "axis")
    count = sequence_length(args["axis"])
    if x.shape is None or (axis is UNKNOWN and count is None):
        return TensorType(x.dtype)
    if axis is UNKNOWN:
        return TensorType(x.dtype, (None,) * (len(x.shape) + (count or 0)))
    axes = tuple(axis) if isinstance(axis, tuple | list) else (axis,)
    rank = len(x.shape) + len(axes)
    new = normalize_axes(axes, rank)
    old = iter(x.shape)
    return TensorType(x.dtype, tuple(1 if i in new else next(old) for i in range(rank)))


def _at_least(rank: int) -> Any:
    def grown(x: TensorType) -> TensorType:
        if x.shape is None or len(x.shape) >= rank:
            return x
        if rank < 3 or not x.shape:
            return TensorType(x.dtype, (1,) * (rank - len(x.shape)) + x.shape)
        # `atleast_3d` puts the old dimensions in front.
        return TensorType(x.dtype, (1, *x.shape, 1) if len(x.shape) == 1 else (*x.shape, 1))

    def infer(args: Args) -> Type:
        found = [grown(array_like_type(t)) for t in args.rest]
        return found[0] if len(found) == 1 else TupleType(tuple(found))

    return infer


def _at_least_samples() -> list[Sample]:
    return [
        sample(3), sample(np.float32(1)), sample(np.array(2)), sample(special()), sample(matrix()),
        sample(cube()), sample([1, 2]), sample(matrix(), 1), sample(), sample(np.zeros((0, 2))),
        sample([[1.0]], (1, 2), np.ones(2)),
    ]  # fmt: skip


# --- broadcasting ---------------------------------------------------------------------------------


def _broadcast_to_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    shape = shape_operand(args)
    if x.shape is not None and shape is not None:
        if len(x.shape) > len(shape):
            raise RuleError(f"a {x} cannot be broadcast to {len(shape)} dimensions")
        broadcast_shapes(x.shape, shape)
    return TensorType(x.dtype, shape)


def _broadcast_to(x: Any, shape: Any) -> Any:
    return np.broadcast_to(x, shape)


def _common_shape_type(args: Args) -> Type:
    counts = [sequence_length(t) for t in args.rest]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return VariadicTupleType(INT)
    return TupleType((INT,) * max(known, default=0))


def _broadcast_arrays_type(args: Args) -> Type:
    arrays = [array_like_type(t) for t in args.rest]
    shape = broadcast_shapes(*(a.shape for a in arrays))
    return TupleType(tuple(TensorType(a.dtype, shape) for a in arrays))


# --- order of dimensions --------------------------------------------------------------------------


def _permuted(x: TensorType, order: Sequence[int]) -> TensorType:
    assert x.shape is not None
    return TensorType(x.dtype, tuple(x.shape[i] for i in order))


def _any_order(x: TensorType) -> TensorType:
    return TensorType(x.dtype, None if x.rank is None else (None,) * x.rank)


def _transpose_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axes = value_of(args, "axes")
    if x.shape is None:
        if isinstance(axes, tuple):
            return TensorType(x.dtype, (None,) * len(axes))
        return x
    if axes is UNKNOWN:
        return _any_order(x)
    if axes is None:
        return _permuted(x, range(len(x.shape))[::-1])
    order = normalize_axes(axes, len(x.shape))
    if len(order) != len(x.shape):
        raise RuleError(f"the axes {axes} do not match a {x}", "name each of its dimensions once")
    return _permuted(x, order)


def _transpose(x: Any, axes: Any) -> Any:
    return x.transpose(axes) if type(x) is np.ndarray else np.transpose(x, axes)


def _swapaxes_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    first, second = value_of(args, "axis1"), value_of(args, "axis2")
    if x.shape is None or UNKNOWN in (first, second):
        return _any_order(x)
    a, b = (normalize_axis(axis, len(x.shape)) for axis in (first, second))
    order = list(range(len(x.shape)))
    order[a], order[b] = b, a
    return _permuted(x, order)


def _moveaxis_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    source, destination = value_of(args, "source"), value_of(args, "destination")
    if x.shape is None or UNKNOWN in (source, destination):
        return _any_order(x)
    sources, targets = (normalize_axes(v, len(x.shape)) for v in (source, destination))
    if len(sources) != len(targets):
        raise RuleError("`moveaxis` takes as many destinations as sources")
    order = [i for i in range(len(x.shape)) if i not in sources]
    for target, moved in sorted(zip(targets, sources, strict=True)):
        order.insert(target, moved)
    return _permuted(x, order)


def _rollaxis_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis, start = value_of(args, "axis"), value_of(args, "start")
    if x.shape is None or UNKNOWN in (axis, start):
        return _any_order(x)
    rank = len(x.shape)
    at = normalize_axis(axis, rank)
    if not -rank <= start <= rank:
        raise RuleError(f"`start` is {start}, and must be from {-rank} to {rank}")
    before = start + rank if start < 0 else start
    order = [i for i in range(rank) if i != at]
    order.insert(before - (at < before), at)
    return _permuted(x, order)


OPS: tuple[OpDef, ...] = (
    op(
        "reshape(x: ArrayLike, shape: int | ints | Array, order: str = 'C')",
        doc="The same elements in another shape; one size may be -1. A view where possible.",
        infer=_reshape_type,
        kernel=_reshape,
        traits=(PURE, VIEW),
        spellings=(
            Spelling("ndarray.reshape", gather="shape"),
            *named("reshape"),
        ),
        samples=lambda: [
            sample(matrix(), (3, 2)), sample(matrix(), -1), sample(matrix(), 6),
            sample(matrix().T, (2, 3)), sample(cube(), (4, -1)), sample(cube(), (-1, 2, 3)),
            sample(matrix(), [6, 1]), sample(np.array(3), (1, 1)), sample(np.array([3]), ()),
            sample(np.float32(2), -1), sample([1, 2, 3, 4], (2, 2)), sample(2.5, (1,)),
            sample(np.zeros((0, 3)), (3, 0)), sample(np.zeros((0, 3)), (-1, 3)),
            sample(matrix(), (3, 2), order="F"), sample(matrix(), np.array([3, 2])),
            sample(matrix(), (np.int64(3), 2)), sample(matrix(), (4, -1), raises=ValueError),
            sample(matrix(), (-1, -1), raises=ValueError), sample(matrix(), 5, raises=ValueError),
        ],
    ),
    op(
        "ravel(x: ArrayLike, order: str = 'C')",
        doc="The elements in one dimension; a view where possible.",
        infer=_flat_type,
        kernel=_ravel,
        traits=(PURE, VIEW),
        spellings=("ndarray.ravel", *named("ravel")),
        samples=lambda: [
            *map(sample, (matrix(), matrix().T, np.array(3), cube("int8"), [[1, 2], [3, 4]])),
            sample(matrix(), "F"), sample(matrix().T, order="K"), sample(np.zeros((0, 2))),
            sample(np.float32(1)), sample(3),
        ],
    ),
    op(
        "flatten(x: Array, order: str = 'C')",
        doc="A new array of the elements in one dimension.",
        infer=_flat_type,
        kernel=_flatten,
        traits=(PURE,),
        spellings=("ndarray.flatten",),
        samples=lambda: [
            *map(sample, (matrix(), matrix().T, np.array(3), cube("int8"), np.float32(1))),
            sample(matrix(), "F"), sample(np.zeros((0, 2))),
        ],
    ),
    op(
        "squeeze(x: ArrayLike, axis: int | ints | None = None)",
        doc="A view without the dimensions of size 1, or without those named.",
        infer=_squeeze_type,
        kernel=np.squeeze,
        traits=(PURE, VIEW),
        spellings=("ndarray.squeeze", *named("squeeze")),
        samples=lambda: [
            sample(np.ones((1, 3, 1))), sample(np.ones((1, 3, 1)), 0), sample(matrix()),
            sample(np.ones((1, 3, 1)), axis=-1), sample(np.ones((1, 3, 1)), (0, 2)),
            sample(np.ones((1, 1), "int8")), sample([[1, 2]]), sample(np.float32(1)), sample(3),
            sample(np.ones((2, 1)), 0, raises=ValueError),
        ],
    ),
    op(
        "expand_dims(x: ArrayLike, axis: int | ints)",
        doc="A view with dimensions of size 1 inserted.",
        infer=_expand_type,
        kernel=np.expand_dims,
        traits=(PURE, VIEW),
        spellings=named("expand_dims"),
        samples=lambda: [
            sample(matrix(), 0), sample(matrix(), -1), sample(matrix(), axis=1), sample(3, 0),
            sample(special(), (0, 2)), sample(np.float32(1), (0, 1)), sample([1, 2], -2),
            sample(matrix(), 3, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "broadcast_to(x: ArrayLike, shape: int | ints | Array)",
        doc="A view of that shape that can only be read.",
        infer=_broadcast_to_type,
        kernel=_broadcast_to,
        traits=(PURE, VIEW),
        spellings=named("broadcast_to", first="array"),
        samples=lambda: [
            sample(np.arange(3), (2, 3)), sample(np.ones((2, 1)), (2, 3)), sample(5, (2, 2)),
            sample(np.float32(1), 3), sample([1, 2], [2, 2]), sample(matrix(), (4, 2, 3)),
            sample(np.arange(3), (2, 4), raises=ValueError), sample(np.ones((1, 3)), (0, 3)),
            sample(matrix(), (3,), raises=ValueError), sample(np.array(2), ()),
        ],
    ),
    op(
        "broadcast_arrays(*arrays: ArrayLike)",
        doc="Views of the arrays in the shape that they broadcast to.",
        infer=_broadcast_arrays_type,
        kernel=np.broadcast_arrays,
        traits=(PURE, VIEW),
        spellings=("numpy.broadcast_arrays",),
        samples=lambda: [
            sample(), sample(matrix()), sample(np.arange(3), np.ones((2, 1))), sample(1, [1.0]),
            sample(matrix(), 2, np.ones((1, 1), "int8")), sample(np.zeros((0, 2)), np.ones(2)),
            sample(np.ones(2), np.ones(3), raises=ValueError),
        ],
    ),
    op(
        "broadcast_shapes(*shapes: int | ints)",
        doc="The shape that shapes broadcast to.",
        infer=_common_shape_type,
        kernel=np.broadcast_shapes,
        traits=(PURE,),
        spellings=("numpy.broadcast_shapes",),
        samples=lambda: [
            sample(), sample((2, 3)), sample((2, 1), (3,)), sample(3, (2, 3), [1, 1]), sample(()),
            sample((2,), (3,), raises=ValueError),
        ],
    ),
    op(
        "atleast_1d(*arrays: ArrayLike)",
        doc="The arrays with one dimension at least; one by itself, several as a tuple.",
        infer=_at_least(1),
        kernel=np.atleast_1d,
        traits=(PURE, VIEW),
        spellings=("numpy.atleast_1d",),
        samples=_at_least_samples,
    ),
    op(
        "atleast_2d(*arrays: ArrayLike)",
        doc="The arrays with two dimensions at least; one by itself, several as a tuple.",
        infer=_at_least(2),
        kernel=np.atleast_2d,
        traits=(PURE, VIEW),
        spellings=("numpy.atleast_2d",),
        samples=_at_least_samples,
    ),
    op(
        "atleast_3d(*arrays: ArrayLike)",
        doc="The arrays with three dimensions at least; one by itself, several as a tuple.",
        infer=_at_least(3),
        kernel=np.atleast_3d,
        traits=(PURE, VIEW),
        spellings=("numpy.atleast_3d",),
        samples=_at_least_samples,
    ),
    op(
        "permute_dims(x: ArrayLike, axes: ints | None = None)",
        doc="A view with the dimensions in another order, in reverse order by default.",
        infer=_transpose_type,
        kernel=_transpose,
        traits=(PURE, VIEW),
        spellings=(
            Spelling("ndarray.transpose", gather="axes"),
            *named("transpose", "permute_dims"),
        ),
        samples=lambda: [
            sample(matrix()), sample(cube()), sample(cube(), (2, 0, 1)), sample(cube(), [1, 0, 2]),
            sample(cube(), axes=(-1, 0, 1)), sample(matrix(), (1, 0)), sample([[1, 2]]),
            sample(np.float32(1)), sample(3), sample(special()), sample(np.zeros((0, 2))),
            sample(matrix(), (0, 0), raises=ValueError), sample(cube(), (0, 1), raises=ValueError),
        ],
    ),
    op(
        "swapaxes(x: ArrayLike, axis1: int, axis2: int)",
        doc="A view with two dimensions swapped.",
        infer=_swapaxes_type,
        kernel=np.swapaxes,
        traits=(PURE, VIEW),
        spellings=("ndarray.swapaxes", *named("swapaxes")),
        samples=lambda: [
            sample(matrix(), 0, 1), sample(cube(), -1, 0), sample(cube("int8"), 1, 1),
            sample([[1, 2]], 0, 1), sample(cube(), 0, 3, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "moveaxis(x: ArrayLike, source: int | ints, destination: int | ints)",
        doc="A view with dimensions moved, the others in their order.",
        infer=_moveaxis_type,
        kernel=np.moveaxis,
        traits=(PURE, VIEW),
        spellings=named("moveaxis"),
        samples=lambda: [
            sample(cube(), 0, -1), sample(cube(), (0, 1), (-1, 0)), sample(cube(), [2], [0]),
            sample(matrix(), source=1, destination=0), sample(cube(), (2, 0), (0, 1)),
            sample(cube(), 2, 1), sample([[1, 2]], 0, 1),
            sample(cube(), 3, 0, raises=np.exceptions.AxisError),
            sample(cube(), (0, 1), (0,), raises=ValueError),
        ],
    ),
    op(
        "rollaxis(x: Array, axis: int, start: int = 0)",
        doc="A view with one dimension moved to stand before another.",
        infer=_rollaxis_type,
        kernel=np.rollaxis,
        traits=(PURE, VIEW),
        spellings=named("rollaxis"),
        samples=lambda: [
            sample(cube(), 2), sample(cube(), 0, 3), sample(cube(), -1, 1), sample(cube(), 1, -1),
            sample(cube("int8"), 1, start=2), sample(cube(), 0, 0),
            sample(cube(), 3, raises=np.exceptions.AxisError),
            sample(cube(), 0, 4, raises=np.exceptions.AxisError),
        ],
    ),
)  # fmt: skip
