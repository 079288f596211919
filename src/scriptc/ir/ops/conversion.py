"""Making arrays of other values and of other dtypes, and taking Python numbers out of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
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
from scriptc.ir.ops.promotion import is_integer
from scriptc.ir.ops.python_rules import fits_int
from scriptc.ir.ops.rules import Shape, array_like_type, dtype_of, flag, value_of
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPES,
    FLOAT,
    INT,
    NONE,
    RANGE,
    ListType,
    TensorType,
    Type,
    union,
)

# --- arrays of other values -----------------------------------------------------------------------


def _array_of(args: Args) -> TensorType:
    """Return the type of the operand as an array, of the dtype that is asked for."""
    x = args["x"]
    # An empty range becomes an array of float64, as an empty list does.
    found = TensorType(None, (None,)) if x == RANGE else array_like_type(x)
    return TensorType(dtype_of(args, default=found.dtype), found.shape)


def _array_type(args: Args) -> Type:
    if not flag(args, "copy"):
        raise RuleError("`array` always makes a new array here", "use `np.asarray(x)`")
    found = _array_of(args)
    least = value_of(args, "ndmin")
    shape: Shape = None
    if found.shape is not None and isinstance(least, int):
        shape = (1,) * (least - len(found.shape)) + found.shape
    return TensorType(found.dtype, shape)


def _array(x: Any, dtype: Any, copy: Any, order: Any, ndmin: Any) -> Any:
    del copy
    return np.array(x, dtype, order=order, ndmin=ndmin)


def _contiguous_type(args: Args) -> Type:
    found = _array_of(args)
    return TensorType(found.dtype, (None,) if found.shape == () else found.shape)


def _copy(x: Any, order: Any) -> Any:
    return x.copy(order)


def _array_likes() -> list[Sample]:
    return [
        *map(sample, (matrix(), special(), np.array(3), np.float32(2), 2, 1.5, True, 1j)),
        *map(sample, ([1, 2], [1.0], (1, 2.5), [[1, 2], [3, 4]], ((1, 2), (3.0, 4)), [], ())),
        sample([np.ones(2), np.zeros(2)]), sample((matrix(), 2 * matrix())), sample([True, False]),
        sample(np.zeros((0, 2))), sample(matrix().T), sample((np.float32(1), np.float32(2))),
        sample((np.int8(1), 300)), sample([matrix()[0], matrix()[1]]),
        sample(matrix(), "int32"), sample([1, 2], np.dtype("float32")), sample(2.7, dtype="int8"),
        sample(matrix("complex64"), dtype="complex128"), sample(range(3)), sample(range(0)),
        sample((np.ones(2), np.ones(3)), raises=ValueError),
    ]  # fmt: skip


# --- other dtypes ---------------------------------------------------------------------------------


def _astype_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(dtype_of(args), x.shape)


def _astype(x: Any, dtype: Any, copy: Any) -> Any:
    return x.astype(dtype, copy=copy)


def _scalar_type(dtype: str) -> OpDef:
    """Declare `numpy.float32` and the like as functions."""
    converter: Any = np.dtype(dtype).type
    name = "bool_" if dtype == "bool" else dtype

    def infer(args: Args) -> Type:
        return TensorType(dtype, array_like_type(args["x"]).shape)

    values = [matrix(), np.array([1, 0], dtype), np.array(2), np.float64(1.5), 2, True, [1, 2]]
    if "complex" in dtype:
        values.append(1j)
    return op(
        f"{name}(x: ArrayLike = 0)",
        doc=f"The value as {dtype}: a scalar of a number, and of an array one of that dtype.",
        infer=infer,
        kernel=converter,
        traits=(PURE, VIEW),
        spellings=(f"numpy.{name}",),
        samples=lambda: [sample(), *map(sample, map(_fresh, values))],
    )


def _fresh(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


# --- Python numbers -------------------------------------------------------------------------------


def _number_type(dtype: str | None) -> Type:
    """Return the Python type of an element, as `item` and `tolist` give it."""
    if dtype is None:
        return union((INT, FLOAT, BOOL, COMPLEX))
    if dtype == "bool":
        return BOOL
    if is_integer(dtype):
        return INT
    return COMPLEX if "complex" in dtype else FLOAT


def _item_type(args: Args) -> Type:
    return _number_type(array_like_type(args["x"]).dtype)


def _item(x: Any, *index: Any) -> Any:
    value = x.item(*index)
    return fits_int(value) if type(value) is int else value


def _tolist_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.rank is None or x.dtype is None:
        raise RuleError(
            f"`tolist` needs a tensor of known dtype and rank, not {x}, since the type of the "
            "result depends on them",
            "annotate the array, or write `[float(v) for v in x]`",
        )
    result = _number_type(x.dtype)
    for _ in range(x.rank):
        result = ListType(result)
    return result


def _tolist(x: Any) -> Any:
    if x.dtype == np.uint64 and x.size:
        fits_int(int(x.max()))
    return x.tolist()


def _fill_type(args: Args) -> Type:
    return NONE


def _fill(x: Any, value: Any) -> None:
    x.fill(value)


OPS: tuple[OpDef, ...] = (
    op(
        "array(x: ArrayLike | range, dtype: dtype | str | None = None, *, copy: bool = True, "
        "order: str = 'K', ndmin: int = 0)",
        doc="A new array of a number, of another array, or of nested sequences.",
        infer=_array_type,
        kernel=_array,
        traits=(PURE,),
        spellings=named("array", first="object"),
        samples=lambda: [
            *_array_likes(), sample([1, 2], ndmin=2), sample(matrix(), ndmin=3, order="F"),
            sample(5, ndmin=1), sample(matrix().T, order="C"),
        ],
    ),
    op(
        "asarray(x: ArrayLike | range, dtype: dtype | str | None = None)",
        doc="The value as an array: an array of that dtype itself, or a new one.",
        infer=_array_of,
        kernel=np.asarray,
        traits=(PURE, VIEW),
        spellings=named("asarray", "asanyarray"),
        samples=_array_likes,
    ),
    op(
        "ascontiguousarray(x: ArrayLike, dtype: dtype | str | None = None)",
        doc="The value as an array in row-major order, of one dimension at least.",
        infer=_contiguous_type,
        kernel=np.ascontiguousarray,
        traits=(PURE, VIEW),
        spellings=named("ascontiguousarray"),
        samples=lambda: [s for s in _array_likes() if not isinstance(s.args[0], range)],
    ),
    op(
        "copy(x: Array, order: str = 'C')",
        doc="A new array of the same elements.",
        infer=lambda args: array_like_type(args["x"]),
        kernel=_copy,
        traits=(PURE,),
        spellings=("ndarray.copy",),
        samples=lambda: [
            *map(sample, (matrix(), special(), np.array(3), np.float32(2), matrix().T)),
            sample(matrix().T, "K"), sample(matrix(), order="F"), sample(np.zeros((0, 2))),
        ],
    ),
    op(
        "array_copy(x: ArrayLike, order: str = 'K')",
        doc="A new array of the same elements, also of what is not an array.",
        infer=lambda args: array_like_type(args["x"]),
        kernel=np.copy,
        traits=(PURE,),
        spellings=named("copy"),
        samples=lambda: [
            *map(sample, (matrix(), special(), np.array(3), np.float32(2), matrix().T, [1, 2])),
            sample(matrix().T, "C"), sample(matrix(), order="F"), sample(2.5), sample((1, 2.5)),
        ],
    ),
    op(
        "astype(x: Array, dtype: dtype | str, *, copy: bool = True)",
        doc="The elements converted to a dtype; without `copy`, the array itself if it has it.",
        infer=_astype_type,
        kernel=_astype,
        traits=(PURE, VIEW),
        spellings=(
            Spelling("ndarray.astype", order=("x", "dtype", "-", "-", "-", "copy")),
            "numpy.astype",
        ),
        samples=lambda: [
            sample(matrix(), "int32"), sample(special()[:5], np.dtype("float32")),
            sample(np.array([1, 300, -1]), "uint8"), sample(matrix(), "bool"),
            sample(matrix("int8"), np.dtype("complex64")), sample(np.array(2.5), "int64"),
            sample(matrix(), np.dtype("float32"), copy=False), sample(matrix(), "float32"),
            sample(matrix(), "float64", copy=False), sample(np.zeros((0, 2)), "int8"),
            sample(np.array([1.5], "float16"), dtype="float64"),
        ],
    ),
    *map(_scalar_type, DTYPES),
    op(
        "item(x: Array, *index: int | ints)",
        doc="An element as a Python number: the only one, or that of an index.",
        infer=_item_type,
        kernel=_item,
        traits=(PURE,),
        spellings=("ndarray.item",),
        samples=lambda: [
            *map(sample, (np.array(2.5), np.array([[3]]), np.float32(0.1), np.bool_(True))),
            sample(np.array([1j])), sample(np.array(7, "uint8")), sample(matrix(), 4),
            sample(matrix(), 1, 2), sample(matrix(), (0, 1)), sample(matrix(), -1),
            sample(matrix(), raises=ValueError), sample(matrix(), 9, raises=IndexError),
        ],
    ),
    op(
        "tolist(x: Array)",
        doc="The elements as Python numbers in nested lists; of a 0-d tensor the number.",
        infer=_tolist_type,
        kernel=_tolist,
        traits=(PURE,),
        spellings=("ndarray.tolist",),
        samples=lambda: [
            *map(sample, (matrix(), special(), np.array(2.5), np.int8(3), cube("int16"))),
            sample(np.zeros((0, 2))), sample(np.zeros((2, 0), "int8")), sample(np.array([True])),
            sample(np.array([1j])), sample(np.array([1, 2], "uint64")),
        ],
    ),
    op(
        "fill(x: Array, value: ArrayLike)",
        doc="Set every element to a value.",
        infer=_fill_type,
        kernel=_fill,
        traits=(WRITES,),
        spellings=("ndarray.fill",),
        samples=lambda: [
            sample(matrix(), 5), sample(matrix("int8"), 2.7), sample(np.zeros(3), np.float32(1.5)),
            sample(np.array(3), 7), sample(matrix().T, np.array(2)), sample(np.zeros((0, 2)), 1),
            sample(matrix(), np.ones(3), raises=ValueError),
        ],
    ),
)  # fmt: skip
