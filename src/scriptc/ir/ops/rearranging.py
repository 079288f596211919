"""Arrays made of the elements of one: repeated, turned, shifted, padded, inserted, left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, VIEW, Args, OpDef, RuleError, op, sample
from scriptc.ir.ops.rules import (
    Shape,
    array_like_type,
    normalize_axes,
    normalize_axis,
    promote,
    sequence_length,
    shape_operand,
    size_of,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import NONE, Dim, TensorType, Type, members_of

# --- repeating ------------------------------------------------------------------------------------


def _times(size: Dim, count: Any) -> Dim:
    return size * int(count) if isinstance(size, int) and type(count) is int else None


def _tile_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    count, reps = sequence_length(args["reps"]), value_of(args, "reps")
    if x.shape is None or count is None:
        return TensorType(x.dtype)
    rank = max(count, len(x.shape))
    if reps is UNKNOWN:
        return TensorType(x.dtype, (None,) * rank)
    listed = reps if isinstance(reps, tuple) else (reps,)
    times = (1,) * (rank - len(listed)) + tuple(listed)
    sizes = (1,) * (rank - len(x.shape)) + x.shape
    return TensorType(x.dtype, tuple(map(_times, sizes, times)))


def _repeat_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis, repeats = value_of(args, "axis"), value_of(args, "repeats")
    if axis is None:
        return TensorType(x.dtype, (_times(size_of(x.shape), repeats),))
    if x.shape is None or (axis is UNKNOWN and NONE in members_of(args["axis"])):
        return TensorType(x.dtype)
    if axis is UNKNOWN:
        return TensorType(x.dtype, (None,) * (len(x.shape) or 1))
    sizes = x.shape or (1,)
    at = normalize_axis(axis, len(sizes))
    return TensorType(x.dtype, (*sizes[:at], _times(sizes[at], repeats), *sizes[at + 1 :]))


def _resize_type(args: Args) -> Type:
    return TensorType(array_like_type(args["x"]).dtype, shape_operand(args, "new_shape"))


# --- turning and shifting -------------------------------------------------------------------------


def _same_type(args: Args) -> Type:
    return array_like_type(args["x"])


def _along_axes(args: Args) -> Type:
    """The type of the operand; known axes must be some of its."""
    x = array_like_type(args["x"])
    axes = value_of(args, "axis")
    if x.shape is not None and axes is not UNKNOWN and axes is not None:
        for axis in axes if isinstance(axes, tuple) else (axes,):
            normalize_axis(axis, len(x.shape))
    return x


def _rot90_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    turns, axes = value_of(args, "k"), value_of(args, "axes")
    if x.shape is None:
        return x
    if len(x.shape) < 2:
        raise RuleError(f"`rot90` takes a tensor of two dimensions or more, not {x}")
    if UNKNOWN in (turns, axes):
        return TensorType(x.dtype, (None,) * len(x.shape))
    shape = list(x.shape)
    a, b = normalize_axes(axes, len(shape))
    if turns % 2:
        shape[a], shape[b] = shape[b], shape[a]
    return TensorType(x.dtype, tuple(shape))


def _at_least_rank(rank: int) -> Any:
    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        if x.rank is not None and x.rank < rank:
            raise RuleError(
                f"`{args.schema.name}` takes a tensor of {rank} dimensions or more, not {x}"
            )
        return x

    return infer


# --- padding and trimming -------------------------------------------------------------------------

_MODES = ("constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect",
          "symmetric", "wrap", "empty")  # fmt: skip


def _pad_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    mode, width = value_of(args, "mode"), value_of(args, "pad_width")
    if isinstance(mode, str) and mode not in _MODES:
        raise RuleError(f"there is no mode {mode!r} of `pad`", f"use one of {', '.join(_MODES)}")
    if x.shape is None:
        return x
    try:
        pairs: Any = None if width is UNKNOWN else np.broadcast_to(width, (len(x.shape), 2))
    except ValueError as error:
        raise RuleError(f"`pad_width` {width} does not fit a {x}") from error
    if pairs is None:
        return TensorType(x.dtype, (None,) * len(x.shape))
    shape = tuple(
        size + int(sum(pair)) if isinstance(size, int) else None
        for size, pair in zip(x.shape, pairs, strict=True)
    )
    return TensorType(x.dtype, shape)


def _pad(
    x: Any, pad_width: Any, mode: Any, constant_values: Any, end_values: Any, stat_length: Any,
    reflect_type: Any,
) -> Any:  # fmt: skip
    options = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return np.pad(x, pad_width, mode, **given)


def _trimmed_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(x.dtype, None if x.rank is None else (None,) * x.rank)


# --- adding and leaving out -----------------------------------------------------------------------


def _append_type(args: Args) -> Type:
    x, values = array_like_type(args["x"]), array_like_type(args["values"])
    dtype = promote(x, values)
    axis = value_of(args, "axis")
    if axis is None:
        sizes = [size_of(x.shape), size_of(values.shape)]
        known = [size for size in sizes if isinstance(size, int)]
        return TensorType(dtype, (sum(known) if len(known) == 2 else None,))
    return TensorType(dtype, _changed(args, x.shape))


def _changed(args: Args, shape: Shape) -> Shape:
    """Return the shape with the size along operand `axis` forgotten; of one dimension without."""
    axis = value_of(args, "axis")
    if axis is None:
        return (None,)
    if shape is None or (axis is UNKNOWN and NONE in members_of(args["axis"])):
        return None
    if axis is UNKNOWN:
        return (None,) * len(shape)
    at = normalize_axis(axis, len(shape))
    return (*shape[:at], None, *shape[at + 1 :])


def _changed_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(x.dtype, _changed(args, x.shape))


OPS: tuple[OpDef, ...] = (
    op(
        "tile(x: ArrayLike, reps: int | ints)",
        doc="The array repeated so many times along each dimension.",
        infer=_tile_type,
        kernel=np.tile,
        traits=(PURE,),
        spellings=named("tile", first="A"),
        samples=lambda: [
            sample(np.arange(3), 2), sample(matrix(), (2, 1)), sample(matrix(), (2, 1, 3)),
            sample(cube("int8"), [2]), sample(3, 4), sample(np.float32(1), (2, 2)), sample([1], 3),
            sample(matrix(), 0), sample(matrix(), ()), sample(matrix(), 1),
        ],
    ),
    op(
        "repeat(x: ArrayLike, repeats: int | ints | Array, axis: int | None = None)",
        doc="Each element repeated, along an axis or of the flattened array.",
        infer=_repeat_type,
        kernel=np.repeat,
        traits=(PURE,),
        spellings=("ndarray.repeat", *named("repeat")),
        samples=lambda: [
            sample(np.arange(3), 2), sample(matrix(), 2), sample(matrix(), 2, 0),
            sample(cube(), 3, axis=-1), sample(np.arange(3), [0, 1, 2]), sample([1, 2], 2),
            sample(matrix(), (1, 2), 0), sample(matrix(), np.array([2, 0, 1]), 1), sample(3, 2),
            sample(np.float32(1), 2), sample(np.array(3), 2, 0), sample(matrix(), 0),
            sample(np.arange(3), [1, 2], raises=ValueError),
            sample(np.arange(3), -1, raises=ValueError),
        ],
    ),
    op(
        "resize(x: ArrayLike, new_shape: int | ints)",
        doc="A new array of that shape, the elements repeated as often as needed.",
        infer=_resize_type,
        kernel=np.resize,
        traits=(PURE,),
        spellings=named("resize"),
        samples=lambda: [
            sample(matrix(), (3, 4)), sample(matrix(), 2), sample([1, 2], [3, 2]), sample(5, (2,)),
            sample(np.zeros(0), 2), sample(matrix(), ()), sample(matrix(), (2, 3)),
            sample(matrix(), (2, -1), raises=ValueError),
        ],
    ),
    op(
        "roll(x: ArrayLike, shift: int | ints, axis: int | ints | None = None)",
        doc="The elements shifted along axes, those that fall off put in at the other end.",
        infer=_along_axes,
        kernel=np.roll,
        traits=(PURE,),
        spellings=named("roll"),
        samples=lambda: [
            sample(np.arange(5), 2), sample(matrix(), 1), sample(matrix(), -1, 1),
            sample(cube(), (1, 2), axis=(0, 2)), sample([1, 2, 3], 1), sample(matrix(), 1, (0, 1)),
            sample(np.zeros((0, 2)), 1, 0), sample(np.array(3), 1), sample(matrix(), 0),
            sample(matrix(), 1, 2, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "flip(x: ArrayLike, axis: int | ints | None = None)",
        doc="A view in reverse order along axes, or along all.",
        infer=_along_axes,
        kernel=np.flip,
        traits=(PURE, VIEW),
        spellings=named("flip", first="m"),
        samples=lambda: [
            sample(special()), sample(matrix()), sample(matrix(), 0), sample(cube(), axis=-1),
            sample(cube(), (0, 2)), sample([[1, 2], [3, 4]], 1), sample(np.zeros((0, 2))),
            sample(matrix(), 2, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "fliplr(x: ArrayLike)",
        doc="A view in reverse order along the second axis.",
        infer=_at_least_rank(2),
        kernel=np.fliplr,
        traits=(PURE, VIEW),
        spellings=named("fliplr", first="m"),
        samples=lambda: [
            sample(matrix()), sample(cube("int8")), sample([[1, 2]]),
            sample(special(), raises=ValueError),
        ],
    ),
    op(
        "flipud(x: ArrayLike)",
        doc="A view in reverse order along the first axis.",
        infer=_at_least_rank(1),
        kernel=np.flipud,
        traits=(PURE, VIEW),
        spellings=named("flipud", first="m"),
        samples=lambda: [
            sample(matrix()), sample(cube("int8")), sample([1, 2]), sample(special()),
            sample(np.array(1), raises=ValueError),
        ],
    ),
    op(
        "rot90(x: ArrayLike, k: int = 1, axes: ints = (0, 1))",
        doc="A view turned by `k` right angles, from the first of the axes to the second.",
        infer=_rot90_type,
        kernel=np.rot90,
        traits=(PURE, VIEW),
        spellings=named("rot90", first="m"),
        samples=lambda: [
            sample(matrix()), sample(matrix(), 2), sample(matrix(), -1), sample(cube(), 3),
            sample(cube(), axes=(1, 2)), sample(matrix(), 4), sample(cube(), 1, (2, 0)),
            sample([[1, 2]]), sample(special(), raises=ValueError),
            sample(matrix(), 1, (0, 0), raises=ValueError),
        ],
    ),
    op(
        "pad(x: ArrayLike, pad_width: int | Arrays, mode: str = 'constant', *, "
        "constant_values: ArrayLike | None = None, end_values: ArrayLike | None = None, "
        "stat_length: ArrayLike | None = None, reflect_type: str | None = None)",
        doc="The array with a border of that width before and after each dimension.",
        infer=_pad_type,
        kernel=_pad,
        traits=(PURE,),
        spellings=named("pad", first="array"),
        samples=lambda: [
            sample(np.arange(3), 2), sample(matrix(), (1, 2)), sample(matrix(), ((0, 1), (2, 0))),
            sample(matrix(), ((1,),)), sample(matrix(), [(1, 0), (0, 1)]),
            sample(matrix(), np.array([[1, 0], [0, 2]])), sample([1, 2], 1), sample(matrix(), 0),
            sample(matrix("int8"), 1, constant_values=7), sample(cube(), ((1, 0), (0, 0), (0, 2))),
            sample(matrix(), 1, "constant", constant_values=((1, 2), (3, 4))),
            *(sample(cube(), ((1, 1), (0, 1), (2, 1)), mode) for mode in _MODES[1:-1]),
            sample(matrix(), 1, "linear_ramp", end_values=(9, -9)),
            sample(special()[:5], 3, mode="reflect", reflect_type="odd"),
            sample(np.arange(6), 2, "mean", stat_length=2),
            sample(np.zeros((0, 2)), ((1, 0), (0, 0))),
            sample(matrix(), 1, "edge", constant_values=1, raises=ValueError),
            sample(matrix(), -1, raises=ValueError), sample(matrix(), 1, "no", raises=ValueError),
            sample(matrix(), ((1, 1), (1, 1), (1, 1)), raises=ValueError),
        ],
    ),
    op(
        "trim_zeros(x: Array, trim: str = 'fb')",
        doc="A view without the zeros at the front, the back or both ends.",
        infer=_trimmed_type,
        kernel=np.trim_zeros,
        traits=(PURE, VIEW),
        spellings=named("trim_zeros", first="filt"),
        samples=lambda: [
            sample(np.array([0, 0, 1, 0, 2, 0])), sample(np.array([0.0, 1.5, 0.0]), "f"),
            sample(np.array([0, 1, 0], "int8"), trim="b"), sample(np.zeros(3)), sample(special()),
        ],
    ),
    op(
        "append(x: ArrayLike, values: ArrayLike, axis: int | None = None)",
        doc="A new array of the elements and then the values, along an axis or flattened.",
        infer=_append_type,
        kernel=np.append,
        traits=(PURE,),
        spellings=named("append", first="arr"),
        samples=lambda: [
            sample(np.arange(3), 7), sample(matrix(), [1, 2]), sample(matrix(), matrix("int32"), 0),
            sample(matrix(), np.ones((2, 1)), axis=1), sample([1, 2], [3.5]), sample(1, 2),
            sample(np.array([1], "int8"), 300), sample(np.zeros(0, "float32"), np.float32(1)),
            sample(matrix(), np.ones(3), 0, raises=ValueError),
        ],
    ),
    op(
        "insert(x: ArrayLike, obj: ArrayLike | slice, values: ArrayLike, axis: int | None = None)",
        doc="A new array with values inserted before indices, along an axis or flattened.",
        infer=_changed_type,
        kernel=np.insert,
        traits=(PURE,),
        spellings=named("insert", first="arr"),
        samples=lambda: [
            sample(np.arange(3), 1, 7), sample(matrix(), 1, 9, 1),
            sample(matrix(), 0, [1, 2, 3], 0),
            sample(np.arange(4), [1, 3], [8, 9]), sample(matrix(), 2, 5.7),
            sample(np.arange(4), slice(0, 4, 2), -1), sample([1, 2], -1, 3),
            sample(np.arange(3, dtype="int8"), np.array([0, 0]), np.array([1, 2])),
            sample(np.arange(3), 5, 1, raises=IndexError),
        ],
    ),
    op(
        "delete(x: ArrayLike, obj: ArrayLike | slice, axis: int | None = None)",
        doc="A new array without the elements at indices, along an axis or flattened.",
        infer=_changed_type,
        kernel=np.delete,
        traits=(PURE,),
        spellings=named("delete", first="arr"),
        samples=lambda: [
            sample(np.arange(4), 1), sample(matrix(), 1, 1), sample(matrix(), -1, axis=0),
            sample(np.arange(5), [0, 2]), sample(matrix(), 2), sample(np.arange(6), slice(1, 4)),
            sample([1, 2, 3], 0), sample(np.arange(3), np.array([True, False, True])),
            sample(np.arange(3), []), sample(np.arange(3), 5, raises=IndexError),
        ],
    ),
)  # fmt: skip
