"""Elements picked by index, by mask or by choice, and values written in such places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    VIEW,
    WRITES,
    Args,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.joining import parts_of
from scriptc.ir.ops.rules import (
    array_like_type,
    broadcast_shapes,
    normalize_axis,
    promote,
    sequence_length,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import (
    NONE,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
    prune,
)

_INDICES = TensorType("int64", (None,))

# --- picking --------------------------------------------------------------------------------------


def _take_type(args: Args) -> Type:
    x, indices = array_like_type(args["x"]), array_like_type(args["indices"])
    axis = value_of(args, "axis")
    if axis is None:
        return TensorType(x.dtype, indices.shape)
    if x.shape is None or indices.shape is None:
        return TensorType(x.dtype)
    if axis is UNKNOWN:
        if NONE in members_of(args["axis"]):
            return TensorType(x.dtype)
        return TensorType(x.dtype, (None,) * (max(len(x.shape), 1) - 1 + len(indices.shape)))
    if not x.shape:
        return TensorType(x.dtype, indices.shape)
    at = normalize_axis(axis, len(x.shape))
    return TensorType(x.dtype, (*x.shape[:at], *indices.shape, *x.shape[at + 1 :]))


def _take(x: Any, indices: Any, axis: Any, mode: Any) -> Any:
    return np.take(x, indices, axis, None, mode)


def _take_along_type(args: Args) -> Type:
    x, indices = array_like_type(args["x"]), array_like_type(args["indices"])
    axis = value_of(args, "axis")
    if axis is None:
        return TensorType(x.dtype, indices.shape)
    if x.shape is None or indices.shape is None or axis is UNKNOWN:
        return TensorType(x.dtype)
    if len(x.shape) != len(indices.shape):
        raise RuleError(
            f"`{args.schema.name}` takes indices of as many dimensions as the array: "
            f"{len(x.shape)}, not {len(indices.shape)}"
        )
    at = normalize_axis(axis, len(x.shape))
    # Along the axis the indices count by themselves; elsewhere both are broadcast.
    free = (*x.shape[:at], 1, *x.shape[at + 1 :])
    return TensorType(x.dtype, broadcast_shapes(free, indices.shape))


def _compress_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis = value_of(args, "axis")
    if axis is None:
        return TensorType(x.dtype, (None,))
    if x.shape is None or (axis is UNKNOWN and NONE in members_of(args["axis"])):
        return TensorType(x.dtype)
    if axis is UNKNOWN:
        return TensorType(x.dtype, (None,) * len(x.shape))
    at = normalize_axis(axis, len(x.shape))
    return TensorType(x.dtype, (*x.shape[:at], None, *x.shape[at + 1 :]))


def _compress(x: Any, condition: Any, axis: Any) -> Any:
    return np.compress(condition, x, axis)


def _extract_type(args: Args) -> Type:
    return TensorType(array_like_type(args["x"]).dtype, (None,))


def _choose_type(args: Args) -> Type:
    x, choices = array_like_type(args["x"]), parts_of(args["choices"])
    shapes = [t.shape for t in choices.types]
    return TensorType(choices.dtype, broadcast_shapes(x.shape, *shapes))


def _choose(x: Any, choices: Any, mode: Any) -> Any:
    return np.choose(x, choices, mode=mode)


def _select_type(args: Args) -> Type:
    conditions, choices = parts_of(args["condlist"]), parts_of(args["choicelist"])
    default = array_like_type(args["default"])
    listed = prune(args["choicelist"])
    dtype = None
    if isinstance(listed, TupleType):
        dtype = promote(*listed.elements, args["default"])  # numbers are weak here
    shapes = [t.shape for t in (*conditions.types, *choices.types, default)]
    return TensorType(dtype, broadcast_shapes(*shapes))


# --- where something is ---------------------------------------------------------------------------


def _nonzero_type(args: Args) -> Type:
    rank = array_like_type(args["x"]).rank
    if rank == 0:
        raise RuleError("`nonzero` takes no 0-d tensor", "use `np.flatnonzero`")
    return VariadicTupleType(_INDICES) if rank is None else TupleType((_INDICES,) * rank)


def _argwhere_type(args: Args) -> Type:
    return TensorType("int64", (None, array_like_type(args["x"]).rank))


# --- indices --------------------------------------------------------------------------------------


def _ix_type(args: Args) -> Type:
    count = len(args.rest)
    found: list[TensorType] = []
    for i, type_ in enumerate(args.rest):
        x = array_like_type(type_)
        if x.rank not in (None, 1):
            raise RuleError(f"`ix_` takes tensors of one dimension, not {x}")
        size = None if x.shape is None or x.dtype in (None, "bool") else x.shape[0]
        # A mask becomes the indices where it holds, and an empty list an array of `int64`.
        dtype = "int64" if x.dtype == "bool" else x.dtype
        if size is None or size == 0:
            dtype = "int64" if dtype == "int64" else None
        found.append(TensorType(dtype, (1,) * i + (size,) + (1,) * (count - i - 1)))
    return TupleType(tuple(found))


def _unravel_type(args: Args) -> Type:
    indices = TensorType("int64", array_like_type(args["indices"]).shape)
    count = sequence_length(args["shape"])
    return VariadicTupleType(indices) if count is None else TupleType((indices,) * count)


def _ravel_multi_type(args: Args) -> Type:
    parts = parts_of(args["multi_index"])
    return TensorType("int64", broadcast_shapes(*(t.shape for t in parts.types)))


# --- writing --------------------------------------------------------------------------------------


def _nothing(args: Args) -> Type:
    return NONE


def _put_along_type(args: Args) -> Type:
    _take_along_type(args)
    return NONE


def _copyto_type(args: Args) -> Type:
    target = array_like_type(args["dst"])
    shapes = [
        target.shape,
        array_like_type(args["src"]).shape,
        array_like_type(args["where"]).shape,
    ]
    result = broadcast_shapes(*shapes)
    if result is not None and target.shape is not None and len(result) > len(target.shape):
        raise RuleError(f"a {target} cannot take values of {len(result)} dimensions")
    return NONE


def _put(x: Any, indices: Any, values: Any, mode: Any) -> None:
    np.put(x, indices, values, mode)


def _written(
    name: str,
    schema: str,
    doc: str,
    kernel: Callable[..., Any],
    spellings: Sequence[Spelling | str],
    made: Callable[[], list[Sample]],
    infer: Callable[[Args], Type] = _nothing,
) -> OpDef:
    """Declare a function that writes into its first operand and returns nothing."""
    return op(
        f"{name}({schema})", doc=doc, infer=infer, kernel=kernel, traits=(WRITES,),
        spellings=spellings, samples=made,
    )  # fmt: skip


OPS: tuple[OpDef, ...] = (
    op(
        "take(x: ArrayLike, indices: ArrayLike, axis: int | None = None, mode: str = 'raise')",
        doc="Elements, or along an axis whole parts, at indices.",
        infer=_take_type,
        kernel=_take,
        traits=(PURE,),
        spellings=(
            *named("ndarray.take", "take", order=("x", "indices", "axis", "-", "mode")),
        ),
        samples=lambda: [
            sample(matrix(), 2), sample(matrix(), [0, 5]), sample(matrix(), np.array([[1], [2]])),
            sample(matrix(), 1, 0), sample(matrix(), [0, 2], axis=1), sample(cube(), [1, 0], -1),
            sample(matrix(), np.array([-1, 0], "int8"), 0), sample([1, 2, 3], [0, 0]),
            sample(special(), np.int64(3)), sample(np.array(3), 0), sample(np.array(3), [0, 0], 0),
            sample(matrix(), [7, -9], mode="wrap"), sample(matrix(), [7, -9], 1, mode="clip"),
            sample(np.zeros((0, 2)), np.zeros(0, "int64"), 0), sample((1, 2), (1, 1)),
            sample(matrix(), 6, raises=IndexError),
        ],
    ),
    op(
        "take_along_axis(x: Array, indices: Array, axis: int | None = -1)",
        doc="Elements at indices along an axis, each beside its own index.",
        infer=_take_along_type,
        kernel=np.take_along_axis,
        traits=(PURE,),
        spellings=named("take_along_axis", first="arr"),
        samples=lambda: [
            sample(matrix(), matrix().argsort(), 1), sample(matrix(), np.array([[0], [2]]), -1),
            sample(matrix(), np.array([[1, 0, 1]]), axis=0), sample(special(), np.array([0, 0]), 0),
            sample(matrix(), np.array([5, 0]), None), sample(cube(), np.zeros((1, 1, 2), int), 2),
            sample(matrix(), np.array([[3]]), 1, raises=IndexError),
            sample(matrix(), np.array([0]), 1, raises=ValueError),
        ],
    ),
    op(
        "compress(x: ArrayLike, condition: ArrayLike, axis: int | None = None)",
        doc="The elements, or parts along an axis, where a condition holds.",
        infer=_compress_type,
        kernel=_compress,
        traits=(PURE,),
        spellings=(
            "ndarray.compress",
            Spelling("numpy.compress", {"a": "x"}, ("condition", "x", "axis")),
        ),
        samples=lambda: [
            sample(matrix(), [True, False, True]), sample(matrix(), np.array([False, True]), 0),
            sample(cube(), [0, 1], axis=1), sample(np.arange(3), [True]), sample([1, 2], [0, 1]),
            sample(matrix(), [True] * 7, raises=IndexError),
        ],
    ),
    op(
        "extract(condition: ArrayLike, x: ArrayLike)",
        doc="The elements, flattened, where a condition holds.",
        infer=_extract_type,
        kernel=np.extract,
        traits=(PURE,),
        spellings=named("extract", first="arr"),
        samples=lambda: [
            sample(matrix() > 2, matrix()), sample([True, False], [1, 2]),
            sample(np.array([1, 0, 2]), special()[:3]), sample(np.zeros(3, bool), np.arange(3)),
        ],
    ),
    op(
        "choose(x: ArrayLike, choices: Arrays, mode: str = 'raise')",
        doc="For each index the element of the array that it chooses.",
        infer=_choose_type,
        kernel=_choose,
        traits=(PURE,),
        spellings=(*named("ndarray.choose", "choose", order=("x", "choices", "-", "mode")),),
        samples=lambda: [
            sample(np.array([0, 1, 0]), (np.arange(3), np.ones(3))),
            sample(np.array([[0, 1]]), [np.arange(2), 7 * np.ones(2)]), sample([0, 1], (5, 6)),
            sample(np.array([3, -1]), (np.arange(2), np.ones(2)), "clip"),
            sample(1, ([1, 2], [3, 4])),
            sample(np.array([0, 1, 1]), matrix()[:, :3]),
            sample(np.array([2]), (np.arange(1), np.ones(1)), raises=ValueError),
        ],
    ),
    op(
        "select(condlist: Arrays, choicelist: Arrays, default: ArrayLike = 0)",
        doc="For each place the first choice whose condition holds, or the default.",
        infer=_select_type,
        kernel=np.select,
        traits=(PURE,),
        spellings=("numpy.select",),
        samples=lambda: [
            sample([matrix() > 2, matrix() > 0], [matrix(), -matrix()]),
            sample((matrix() > 2, matrix() > 0), (matrix(), 7), 2.5),
            sample([np.array([True, False])], [np.array([1, 2], "int8")], default=300),
            sample((np.array([True]),), (np.array([1.5], "float32"),), np.float64(1)),
            sample([np.array([True])], [np.ones(1), np.ones(1)], raises=ValueError),
            sample([np.array([1])], [np.ones(1)], raises=TypeError),
        ],
    ),
    op(
        "nonzero(x: Array)",
        doc="The indices of the elements that are not zero, by dimension.",
        infer=_nonzero_type,
        kernel=np.nonzero,
        traits=(PURE,),
        spellings=(
            *named("ndarray.nonzero", "nonzero"),
            Spelling("numpy.where", {"condition": "x"}, write=False),
        ),
        samples=lambda: [
            *map(sample, (matrix(), special(), cube("int8"), matrix() > 2, np.zeros((0, 2)))),
            sample(np.array(3), raises=ValueError),
        ],
    ),
    op(
        "flatnonzero(x: ArrayLike)",
        doc="The indices, in the flattened array, of the elements that are not zero.",
        infer=lambda args: _INDICES,
        kernel=np.flatnonzero,
        traits=(PURE,),
        spellings=named("flatnonzero"),
        samples=lambda: [
            *map(sample, (matrix(), special(), cube("int8"), matrix() > 2, [0, 1], 3, np.array(0))),
        ],
    ),
    op(
        "argwhere(x: ArrayLike)",
        doc="The indices of the elements that are not zero, one row for each.",
        infer=_argwhere_type,
        kernel=np.argwhere,
        traits=(PURE,),
        spellings=named("argwhere"),
        samples=lambda: [
            *map(sample, (matrix(), special(), cube("int8"), matrix() > 2, [0, 1], np.array(3))),
        ],
    ),
    op(
        "ix_(*args: ArrayLike)",
        doc="Indices of the grid that vectors of indices, or masks, span.",
        infer=_ix_type,
        kernel=np.ix_,
        traits=(PURE, VIEW),
        spellings=("numpy.ix_",),
        samples=lambda: [
            sample(), sample(np.arange(3)), sample([0, 1], [2, 0, 1]), sample([]),
            sample([True, False], (1, 2)), sample(np.array([True, True, False]), np.arange(2), [5]),
            sample(np.arange(2, dtype="int8"), np.zeros(0, "int16")), sample(np.zeros(0)),
            sample(matrix(), raises=ValueError),
        ],
    ),
    op(
        "unravel_index(indices: ArrayLike, shape: int | ints, order: str = 'C')",
        doc="The indices by dimension for indices into the flattened array.",
        infer=_unravel_type,
        kernel=np.unravel_index,
        traits=(PURE,),
        spellings=("numpy.unravel_index",),
        samples=lambda: [
            sample(5, (2, 3)), sample(np.array([0, 4]), (2, 3)), sample([1, 2], (2, 2), "F"),
            sample(np.array([[1], [3]], "int8"), [2, 2]), sample(1, 4),
            sample(np.int64(2), shape=(3,)),
            sample(9, (2, 3), raises=ValueError),
        ],
    ),
    op(
        "ravel_multi_index(multi_index: Arrays, dims: int | ints, mode: str = 'raise', "
        "order: str = 'C')",
        doc="The indices into the flattened array for indices by dimension.",
        infer=_ravel_multi_type,
        kernel=np.ravel_multi_index,
        traits=(PURE,),
        spellings=("numpy.ravel_multi_index",),
        samples=lambda: [
            sample((1, 2), (2, 3)), sample((np.array([0, 1]), np.array([2, 0])), (2, 3)),
            sample(np.array([[0, 1], [2, 0]]), (2, 3)), sample((np.arange(2), 1), (2, 3), "clip"),
            sample(([5], [7]), (2, 3), mode="wrap", order="F"), sample((np.arange(2),), 4),
            sample((2, 0), (2, 3), raises=ValueError),
        ],
    ),
    _written(
        "put", "x: Array, indices: ArrayLike, values: ArrayLike, mode: str = 'raise'",
        "Write values to indices into the flattened array.", _put,
        (
            "ndarray.put",
            Spelling("numpy.put", {"a": "x", "ind": "indices", "v": "values"}),
        ),
        lambda: [
            sample(matrix(), 1, 9), sample(matrix(), [0, 5], [8, 9]), sample(matrix(), [0, 1], 7),
            sample(matrix().T, np.array([1, -1]), np.array([1.5, 2])),
            sample(np.zeros(3, "int8"), [7], 1, "wrap"), sample(matrix(), [9], 1, mode="clip"),
            sample(matrix(), 6, 1, raises=IndexError),
        ],
    ),
    _written(
        "put_along_axis",
        "x: Array, indices: Array, values: ArrayLike, axis: int | None = -1",
        "Write values at indices along an axis, each beside its own index.", np.put_along_axis,
        named("put_along_axis", first="arr"),
        lambda: [
            sample(matrix(), np.array([[0], [2]]), 9, 1), sample(special(), np.array([0, 1]), 7, 0),
            sample(matrix(), np.array([[1, 0, 1]]), np.array([[7, 8, 9]]), axis=0),
            sample(matrix(), np.array([5, 0]), [1, 2], None),
            sample(matrix(), np.array([[3]]), 0, 1, raises=IndexError),
        ],
        _put_along_type,
    ),
    _written(
        "putmask", "x: Array, mask: ArrayLike, values: ArrayLike",
        "Write values where a mask holds, repeated to the size of the array.", np.putmask,
        named("putmask"),
        lambda: [
            sample(matrix(), matrix() > 2, 9), sample(np.arange(5), np.arange(5) > 1, [-1, -2]),
            sample(matrix("int8"), matrix() > 0, np.float64(2.5)),
            sample(matrix(), np.array([True]), 1, raises=ValueError),
        ],
    ),
    _written(
        "place", "x: Array, mask: ArrayLike, vals: ArrayLike",
        "Write the first values, as many as needed, where a mask holds.", np.place,
        named("place", first="arr"),
        lambda: [
            sample(matrix(), matrix() > 2, [9, 8]), sample(np.arange(5), np.arange(5) > 1, [-1]),
            sample(np.arange(3), [True, False, True], np.array([7, 8, 9])),
            sample(np.arange(3), [True, True, True], [], raises=ValueError),
        ],
    ),
    _written(
        "copyto",
        "dst: Array, src: ArrayLike, casting: str = 'same_kind', where: ArrayLike = True",
        "Write values, broadcast, to all elements or where a mask holds.", np.copyto,
        ("numpy.copyto",),
        lambda: [
            sample(matrix(), 5), sample(matrix(), np.arange(3)), sample(np.zeros(3), [1, 2, 3]),
            sample(matrix(), -1, where=matrix() > 2), sample(np.zeros(2, "int8"), 2.7, "unsafe"),
            sample(matrix(), np.array([1.5, 2, 3]), where=[True, False, True]),
            sample(np.zeros(2, "int8"), 2.7, raises=TypeError),
            sample(matrix(), np.ones(2), raises=ValueError),
        ],
        _copyto_type,
    ),
)  # fmt: skip
