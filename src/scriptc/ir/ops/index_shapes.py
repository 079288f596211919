"""What indexing a tensor gives: NumPy's rules for basic and advanced indices, on types.

Source of the rules: "Indexing on ndarrays" in NumPy's user guide. An index whose kind is not
certain (a tensor of unknown rank or dtype) leaves the result's shape unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scriptc.ir.opdef import UNKNOWN, RuleError
from scriptc.ir.ops.promotion import is_integer
from scriptc.ir.ops.python_rules import is_sequence, none_help, require_known
from scriptc.ir.ops.rules import Shape, array_like_type, broadcast_shapes
from scriptc.ir.types import (
    BOOL,
    ELLIPSIS,
    INT,
    NEVER,
    NONE,
    SLICE,
    Dim,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    UnionType,
    VariadicTupleType,
    members_of,
    prune,
)


class _UnsureError(Exception):
    """The kind of an index is not certain."""


def indexed(x: TensorType, index: Type, value: Any) -> TensorType:
    """Return the type of `x[index]`; `value` is the index itself if it is known.

    Raises `RuleError` for an index that no tensor takes, or that has too many parts for this one.
    """
    parts = _parts(index, value)
    for type_, _ in parts:
        _check(type_)
    if x.shape is None or isinstance(index, VariadicTupleType | UnionType):
        return TensorType(x.dtype)
    try:
        return TensorType(x.dtype, _shape(x, x.shape, parts))
    except _UnsureError:
        return TensorType(x.dtype)


def _parts(index: Type, value: Any) -> list[tuple[Type, Any]]:
    if isinstance(index, VariadicTupleType):
        return [(index.element, UNKNOWN)]
    if not isinstance(index, TupleType):
        return [(index, value)]
    values = value if isinstance(value, tuple) else [UNKNOWN] * len(index.elements)
    return list(zip(map(prune, index.elements), values, strict=True))


def is_empty(element: Type) -> bool:
    """Tell whether a list with these elements is empty, or may be as far as is known yet."""
    return element == NEVER or isinstance(element, TypeVariable)


def _check(index: Type) -> None:
    """Raise `RuleError` for what cannot be an index of a tensor."""
    for member in members_of(index):
        require_known(member)
        if member in (INT, BOOL, SLICE, ELLIPSIS, NONE):
            continue
        if isinstance(member, TensorType) or is_sequence(member):
            inner = member.element if isinstance(member, ListType) else None
            if inner is not None and is_empty(prune(inner)):
                continue
            array = array_like_type(member)
            dtype = array.dtype
            leaves = _leaves(member)
            sound = all(t in (INT, BOOL) or isinstance(t, TensorType) for t in leaves)
            if sound and (dtype in (None, "bool") or is_integer(dtype) or member == TupleType(())):
                continue
        raise RuleError(
            f"a tensor cannot be indexed by a {member}",
            none_help(index) or "use ints, slices, `...`, `None`, or tensors of ints or bools",
        )


def _leaves(type_: Type) -> list[Type]:
    """Return what nested lists and tuples hold at the bottom."""
    type_ = prune(type_)
    match type_:
        case ListType(element) | VariadicTupleType(element):
            return _leaves(element)
        case TupleType(elements):
            return [leaf for element in elements for leaf in _leaves(element)]
        case UnionType(members):
            return [leaf for member in members for leaf in _leaves(member)]
    return [type_]


def _advanced(type_: Type) -> tuple[int, Shape] | None:
    """Return how many axes an array index takes, and the shape it gives; None for other indices.

    Raises `_UnsureError` where that depends on the run.
    """
    if type_ == BOOL or isinstance(type_, UnionType):
        raise _UnsureError
    if isinstance(type_, TensorType):
        if type_.dtype is None or type_.shape is None:
            raise _UnsureError
        if type_.dtype == "bool":
            if not type_.shape:
                raise _UnsureError
            return len(type_.shape), (None,)
        return None if not type_.shape else (1, type_.shape)
    if isinstance(type_, ListType):
        if isinstance(prune(type_.element), ListType | TupleType | VariadicTupleType | TensorType):
            raise _UnsureError
        return 1, (None,)
    if isinstance(type_, TupleType):
        leaves = set(_leaves(type_))
        if leaves != {INT} or any(not isinstance(prune(e), type(INT)) for e in type_.elements):
            raise _UnsureError
        return 1, (len(type_.elements),)
    if isinstance(type_, VariadicTupleType):
        raise _UnsureError
    return None


def _shape(x: TensorType, shape: tuple[Dim, ...], parts: Sequence[tuple[Type, Any]]) -> Shape:
    arrays = [_advanced(type_) for type_, _ in parts]
    taken = sum(
        1 if array is None and type_ not in (NONE, ELLIPSIS) else 0 if array is None else array[0]
        for (type_, _), array in zip(parts, arrays, strict=True)
    )
    if taken > len(shape):
        raise RuleError(
            f"too many indices for a {x}: it has {len(shape)} dimension"
            f"{'s' * (len(shape) != 1)}, and {taken} are indexed"
        )
    if [t for t, _ in parts].count(ELLIPSIS) > 1:
        raise RuleError("an index can have one `...` only")
    any_array = any(array is not None for array in arrays)
    joined: list[Shape] = []
    places: list[int] = []
    at: int | None = None
    result: list[Dim] = []
    axis = 0
    for position, ((type_, value), array) in enumerate(zip(parts, arrays, strict=True)):
        if type_ == NONE:
            result.append(1)
        elif type_ == ELLIPSIS:
            result += shape[axis : axis + len(shape) - taken]
            axis += len(shape) - taken
        elif type_ == SLICE:
            result.append(_sliced(shape[axis], value))
            axis += 1
        else:
            # Beside an array index, an int counts as one too.
            joined.append(() if array is None else array[1])
            places.append(position)
            at = len(result) if at is None else at
            axis += 1 if array is None else array[0]
    result += shape[axis:]
    if any_array:
        inserted = broadcast_shapes(*joined)
        if inserted is None:
            raise _UnsureError
        contiguous = places == list(range(places[0], places[-1] + 1))
        start = at if contiguous and at is not None else 0
        result[start:start] = inserted
    return tuple(result)


def _sliced(size: Dim, value: Any) -> Dim:
    if not isinstance(value, slice):
        return None
    if value == slice(None):
        return size
    if not isinstance(size, int):
        return None
    try:
        return len(range(*value.indices(size)))
    except ValueError as error:
        raise RuleError("the step of a slice cannot be zero") from error
