"""What type rules are made of: promotion, broadcasting, axes, and what an array-like value holds.

A rule never claims more than holds for every run: where a dtype or a size is not certain it is left
unknown (`None`). What is certain to fail raises `RuleError`. Promotion is that of NEP 50: Python
numbers are weak, arrays and NumPy scalars are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import UNKNOWN, Args, InferRule, RuleError
from scriptc.ir.ops.promotion import (
    accumulated,
    array_like_type,
    inexact,
    is_integer,
    join_all,
    promote,
    real_part,
    ufunc_dtypes,
)
from scriptc.ir.ops.shapes import (
    Shape,
    broadcast_shapes,
    normalize_axes,
    normalize_axis,
    same_size,
    size_of,
)
from scriptc.ir.types import (
    BOOL,
    DTYPES,
    INT,
    NONE,
    RANGE,
    STR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    members_of,
    prune,
    union,
)

__all__ = [
    "Shape",
    "accumulated",
    "always",
    "array_like_type",
    "broadcast_result",
    "broadcast_shapes",
    "dtype_of",
    "element_type",
    "elementwise",
    "flag",
    "inexact",
    "is_integer",
    "join_all",
    "normalize_axes",
    "normalize_axis",
    "promote",
    "real_part",
    "reduced_shape",
    "reduction",
    "returns",
    "same_as",
    "same_dtype",
    "same_size",
    "sequence_length",
    "shape_operand",
    "size_of",
    "ufunc_dtypes",
    "value_of",
]


# --- constants ---


def value_of(args: Args, name: str) -> Any:
    """Return the value of an operand if it is certain, else `UNKNOWN`."""
    return None if args[name] == NONE else args.constant(name)


def flag(args: Args, name: str) -> bool:
    """Return the value of an operand that decides what kind of result there is.

    Raises `RuleError` if it is not a constant.
    """
    value = value_of(args, name)
    if value is UNKNOWN:
        raise RuleError(
            f"`{args.schema.name}` needs a constant as `{name}`, since the type of the result "
            "depends on it",
            "write the value out in the call",
        )
    return bool(value)


def dtype_of(args: Args, name: str = "dtype", default: str | None = None) -> str | None:
    """Return the name of the dtype that an operand asks for.

    That is `default` if the operand is `None`, and None if it is not known. Raises `RuleError` for
    a dtype that scriptc does not have.
    """
    value = value_of(args, name)
    if value is None:
        return default
    if value is UNKNOWN:
        if STR in members_of(args[name]):
            raise RuleError(
                f"`{args.schema.name}` needs a constant as `{name}` if it is a string",
                "pass a dtype, as `np.float32`",
            )
        return None
    try:
        dtype: str = np.dtype(value).name
    except TypeError as error:
        raise RuleError(f"{value!r} is not a dtype", "use `np.float32` or the like") from error
    if dtype not in DTYPES:
        raise RuleError(f"the dtype {dtype} is not supported", f"use one of {', '.join(DTYPES)}")
    return dtype


# --- operands ---


def element_type(type_: Type) -> Type:
    """Return what a `for` over a value of that type yields.

    Raises `RuleError` for a value that cannot be iterated over.
    """
    type_ = prune(type_)
    match type_:
        case TensorType(dtype, shape):
            if shape == ():
                raise RuleError("iteration over a 0-d tensor", "iterate over `range(...)` instead")
            return TensorType(dtype, None if shape is None else shape[1:])
        case ListType(element) | VariadicTupleType(element):
            return prune(element)
        case IteratorType(element) | ViewType(element):
            return prune(element)
        case TupleType(elements):
            joined = join_all(elements)
            return union(elements) if joined is None else joined
        case DictType(key, _):
            return prune(key)
        case UnionType(members):
            return union(map(element_type, members))
    if type_ == STR:
        return STR
    if type_ == RANGE:
        return INT
    raise RuleError(f"a value of type {type_} cannot be iterated over")


def broadcast_result(types: Sequence[Type], dtype: str | None = None) -> TensorType:
    """Return the type of an elementwise result: promoted dtype (unless given), broadcast shape."""
    shape = broadcast_shapes(*(array_like_type(t).shape for t in types))
    return TensorType(promote(*types) if dtype is None else dtype, shape)


def sequence_length(type_: Type) -> int | None:
    """Return how many elements a tuple has, 1 for an int, and None where that is not known."""
    type_ = prune(type_)
    if isinstance(type_, TupleType):
        return len(type_.elements)
    return 1 if type_ in (INT, BOOL) else None


def reduced_shape(
    args: Args, shape: Shape, axis: str = "axis", keepdims: str | None = "keepdims"
) -> Shape:
    """Return the shape that is left when the axes of operand `axis` are reduced away."""
    axes = value_of(args, axis)
    keep = False if keepdims is None else value_of(args, keepdims)
    if axes is None and keep is not UNKNOWN and not keep:
        return ()
    if shape is None or keep is UNKNOWN:
        if shape is not None and axes is not UNKNOWN and axes is not None:
            normalize_axes(axes, len(shape))
        return None
    rank = len(shape)
    if axes is None:
        return (1,) * rank
    if rank == 0 and axes in (0, -1):
        return ()  # ufuncs take a number as an array of one dimension
    if axes is UNKNOWN:
        if args[axis] != NONE and NONE in members_of(args[axis]):
            return (None,) * rank if keep else None
        count = sequence_length(args[axis])
        return (None,) * rank if keep else None if count is None else (None,) * (rank - count)
    gone = normalize_axes(axes, rank)
    if keep:
        return tuple(1 if i in gone else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in gone)


def shape_operand(args: Args, name: str = "shape") -> Shape:
    """Return the shape that an operand asks for: an int, or a tuple or list of ints."""
    value, type_ = args.constant(name), args[name]
    if value is UNKNOWN:
        if isinstance(type_, TupleType):
            return (None,) * len(type_.elements)
        return (None,) if type_ in (INT, BOOL) else None
    sizes = tuple(value) if isinstance(value, tuple | list) else None
    if sizes is None:
        if isinstance(value, np.ndarray) and value.ndim:
            return None
        sizes = (value,)
    for size in sizes:
        if int(size) < 0:
            raise RuleError(f"a shape cannot have the negative size {size}")
    return tuple(int(size) for size in sizes)


# --- rules ---


def elementwise(ufunc: np.ufunc) -> InferRule:
    """Make the rule of a ufunc with one result: its loop gives the dtype."""

    def infer(args: Args) -> Type:
        shape = broadcast_shapes(*(array_like_type(t).shape for t in args.types[: ufunc.nin]))
        return TensorType(ufunc_dtypes(ufunc, args.types[: ufunc.nin])[0], shape)

    return infer


def same_as(name: str) -> InferRule:
    """Make a rule: dtype and shape of the operand of that name."""
    return lambda args: array_like_type(args[name])


def returns(type_: Type) -> InferRule:
    """Make a rule that gives the same type whatever the operands are."""
    return lambda args: type_


def reduction(dtype: Callable[[str | None], str | None], operand: str = "x") -> InferRule:
    """Make the rule of a reduction over `axis` with `keepdims`.

    `dtype` maps the dtype of the elements to that of the result; an operand `dtype` overrules it.
    """

    def infer(args: Args) -> Type:
        x = array_like_type(args[operand])
        result = dtype(x.dtype)
        if any(p.name == "dtype" for p in args.schema.parameters):
            result = dtype_of(args, "dtype", result)
        has_keepdims = any(p.name == "keepdims" for p in args.schema.parameters)
        shape = reduced_shape(args, x.shape, "axis", "keepdims" if has_keepdims else None)
        return TensorType(result, shape)

    return infer


def same_dtype(dtype: str | None) -> str | None:
    """Return the dtype itself: the dtype map of `max` and the like."""
    return dtype


def always(dtype: str) -> Callable[[str | None], str | None]:
    """Make a dtype map that gives one dtype, as that of `argmax`."""
    return lambda _: dtype
