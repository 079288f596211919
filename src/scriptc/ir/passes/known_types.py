"""What an operation gives where the types of its operands say it: shapes, dtypes, parts of tuples.

Each of these facts holds exactly, object identity included. A fact may need operations of its own,
which `build` makes: the sizes of a shape, and the parts of a tuple put together anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.builder import constant
from scriptc.ir.graph import Constant, Instance, Operation, OpResult, Value
from scriptc.ir.opdef import OpDef, Trait
from scriptc.ir.ops import REGISTRY
from scriptc.ir.ops.rules import promote, size_of
from scriptc.ir.types import (
    BOOL,
    DTYPE,
    FLOAT,
    INT,
    NEVER,
    NONE,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
)

Build = Callable[[OpDef, Sequence[Value]], list[Value]]
"""Makes an operation where the one that is looked at stands; gives its results."""

_MAX_REPEATED = 64


def simplified(operation: Operation, operands: Sequence[Value], build: Build) -> list[Value]:
    """Return the results of an operation with these operands, or nothing if they are not known."""
    rule = _RULES.get(operation.name)
    if rule is not None:
        found = rule(operands, build)
        if found is not None:
            return found if isinstance(found, list) else [found]
    if Trait.IDENTITY in operation.traits and len(operands) == 2:
        decided = _identity(operation.opdef, operands)
        if decided is not None:
            return [decided]
    return []


def identity_of_objects(
    operation: Operation, operands: Sequence[Value | Instance]
) -> list[Value] | None:
    """Decide `a is b` where an operand is a known object; None for other operations."""
    if Trait.IDENTITY not in operation.traits or len(operands) != 2 or operation.opdef is None:
        return None
    return [constant(operation.opdef.kernel(*map(_stand_in, operands)))]


def _stand_in(value: Value | Instance) -> Any:
    """Return an object that is another one's if and only if the two objects are the same.

    A value is never an object of a class, and equals the objects of none.
    """
    return value.__dict__ if isinstance(value, Instance) else value


def parts_of(value: Value, build: Build) -> list[Value] | None:
    """Return the elements of a tuple as values, or None if it is not known what they are."""
    if isinstance(value, Constant):
        if type(value.value) is not tuple:
            return None
        assert isinstance(value.type, TupleType)
        return [
            Constant(part, type_)
            for part, type_ in zip(value.value, value.type.elements, strict=True)
        ]
    if isinstance(value, OpResult) and value.operation.opdef is not None:
        made = value.operation
        if made.name == "tuple":
            return list(made.operands)
        if made.name == "shape":
            return _sizes(value, made.operands[0].type, build)
    return None


def _sizes(shape: Value, type_: Type, build: Build) -> list[Value] | None:
    if not isinstance(type_, TensorType) or type_.shape is None:
        return None
    getitem = REGISTRY["getitem"]
    return [
        constant(size) if isinstance(size, int) else build(getitem, [shape, constant(i)])[0]
        for i, size in enumerate(type_.shape)
    ]


def _tuple(parts: Sequence[Value], build: Build) -> Value:
    return build(REGISTRY["tuple"], parts)[0]


# --- arrays -------------------------------------------------------------------------------------


def _shape(operands: Sequence[Value], build: Build) -> Value | None:
    shape = _tensor(operands[0]).shape
    if shape is None or not all(isinstance(size, int) for size in shape):
        return None
    return constant(shape)


def _ndim(operands: Sequence[Value], build: Build) -> Value | None:
    rank = _tensor(operands[0]).rank
    return None if rank is None else constant(rank)


def _size(operands: Sequence[Value], build: Build) -> Value | None:
    size = size_of(_tensor(operands[0]).shape)
    return constant(size) if isinstance(size, int) else None


def _dtype(operands: Sequence[Value], build: Build) -> Value | None:
    dtype = _tensor(operands[0]).dtype
    return None if dtype is None else constant(np.dtype(dtype))


def _tensor(value: Value) -> TensorType:
    return value.type if isinstance(value.type, TensorType) else TensorType()


def _result_type(operands: Sequence[Value], build: Build) -> Value | None:
    types: list[Type] = []
    for value in operands:
        if isinstance(value, Constant) and isinstance(value.value, np.dtype):
            types.append(TensorType(value.value.name, (1,)))
        elif isinstance(value.type, TensorType):
            types.append(value.type)
        else:
            return None
    dtype = promote(*types) if types else None
    return None if dtype is None else constant(np.dtype(dtype))


# --- Python's own ---------------------------------------------------------------------------------


def _len(operands: Sequence[Value], build: Build) -> Value | None:
    type_ = operands[0].type
    if isinstance(type_, TupleType):
        return constant(len(type_.elements))
    if isinstance(type_, TensorType) and type_.shape and isinstance(type_.shape[0], int):
        return constant(type_.shape[0])
    return None


def _getitem(operands: Sequence[Value], build: Build) -> Value | None:
    x, index = operands
    if not isinstance(x.type, TupleType | VariadicTupleType) or not isinstance(index, Constant):
        return None
    at = index.value
    if type(at) is int and isinstance(x, OpResult) and x.operation.name == "shape":
        # One size of a shape: the others need no operations.
        shape = _tensor(x.operation.operands[0]).shape
        if shape is not None and -len(shape) <= at < len(shape):
            size = shape[at]
            if isinstance(size, int):
                return constant(size)
            return build(REGISTRY["getitem"], [x, constant(at % len(shape))])[0]
        return None
    if type(at) not in (int, slice):
        return None
    parts = parts_of(x, build)
    if parts is None:
        return None
    if type(at) is int:
        return parts[at] if -len(parts) <= at < len(parts) else None
    try:
        return _tuple(parts[at], build)
    except (ValueError, TypeError):
        return None


def _add(operands: Sequence[Value], build: Build) -> Value | None:
    if not all(isinstance(value.type, TupleType | VariadicTupleType) for value in operands):
        return None
    parts: list[Value] = []
    for value in operands:
        more = parts_of(value, build)
        if more is None:
            return None
        parts += more
    return _tuple(parts, build)


def _multiply(operands: Sequence[Value], build: Build) -> Value | None:
    for value, count in (operands, operands[::-1]):
        if isinstance(count, Constant) and type(count.value) is int:
            if not isinstance(value.type, TupleType | VariadicTupleType):
                continue
            parts = parts_of(value, build)
            if parts is not None and len(parts) * count.value <= _MAX_REPEATED:
                return _tuple(parts * count.value, build)
    return None


def _unpack(operands: Sequence[Value], build: Build) -> list[Value] | None:
    x, count = operands
    assert isinstance(count, Constant)
    parts = parts_of(x, build)
    return parts if parts is not None and len(parts) == count.value else None


def _equal(operands: Sequence[Value], build: Build) -> Value | None:
    """Compare two tuples of ints part by part."""
    if not all(isinstance(value.type, TupleType | VariadicTupleType) for value in operands):
        return None
    a, b = (parts_of(value, build) for value in operands)
    if a is None or b is None or any(part.type != INT for part in (*a, *b)):
        return None
    if len(a) != len(b):
        return constant(False)
    open_: list[tuple[Value, Value]] = []
    for x, y in zip(a, b, strict=True):
        if isinstance(x, Constant) and isinstance(y, Constant):
            if x.value != y.value:
                return constant(False)
        elif x is not y:
            open_.append((x, y))
    if not open_:
        return constant(True)
    return build(REGISTRY["equal"], open_[0])[0] if len(open_) == 1 else None


def _not_equal(operands: Sequence[Value], build: Build) -> Value | None:
    equal = _equal(operands, build)
    return None if equal is None else build(REGISTRY["not"], [equal])[0]


def _same_if(type_: Type) -> _Rule:
    """Make the rule of a conversion, which gives back what has that type already."""
    return lambda operands, build: operands[0] if operands[0].type == type_ else None


def _to_tuple(operands: Sequence[Value], build: Build) -> Value | None:
    return operands[0] if isinstance(operands[0].type, TupleType | VariadicTupleType) else None


def _identity(opdef: OpDef | None, operands: Sequence[Value]) -> Value | None:
    """Decide `x is None` where the type of x says it."""
    assert opdef is not None
    for value, other in (operands, operands[::-1]):
        if other.type != NONE or value.type == NEVER:
            continue
        if value.type == NONE or NONE not in members_of(value.type):
            return constant(opdef.kernel(None if value.type == NONE else object(), None))
    return None


_Rule = Callable[[Sequence[Value], Build], Value | list[Value] | None]
_RULES: dict[str, _Rule] = {
    "shape": _shape,
    "ndim": _ndim,
    "size": _size,
    "dtype": _dtype,
    "result_type": _result_type,
    "len": _len,
    "getitem": _getitem,
    "add": _add,
    "multiply": _multiply,
    "unpack": _unpack,
    "equal": _equal,
    "not_equal": _not_equal,
    "bool": _same_if(BOOL),
    "int": _same_if(INT),
    "float": _same_if(FLOAT),
    "to_dtype": _same_if(DTYPE),
    "to_tuple": _to_tuple,
}
