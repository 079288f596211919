"""Making lists, tuples and slices, and asking for lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Constant, Operation, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.types import ListType, prune
from scriptc.runtime.native.emitter.function import MAX_LENGTH, FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.values import (
    Array,
    Iteration,
    List,
    NativeValue,
    Range,
    Scalar,
    Slice,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.lowerings import lists
from scriptc.runtime.native.lowerings.loops import as_array

_NEEDS_LIST = frozenset([
    "getitem", "setitem", "list", "tuple", "dict", "add", "multiply", "equal", "not_equal", "less",
    "less_equal", "greater", "greater_equal", "is", "is_not", "enumerate", "zip", "reversed",
    "sorted", "to_list", "to_tuple", "to_dict",
])  # fmt: skip
"""What tells a list from a tuple, gives it on, or asks for elements at places not known."""


def _is_only_read(value: Value) -> bool:
    """Tell whether all that a list is made for is to be read at once, element by element."""
    return all(
        _is_only_read(user.result) if user.name == "refine" else _only_reads(user, value)
        for user in value.uses
    )


def _only_reads(user: Operation, value: Value) -> bool:
    if user.opdef is None or Trait.PURE not in user.traits:
        return False
    if user.name == "list":
        return _is_only_read(user.result)
    if any(isinstance(prune(result.type), ListType) for result in user.results):
        return False
    return user.name not in _NEEDS_LIST or _reads_known(user, value)


def _reads_known(user: Operation, value: Value) -> bool:
    """Tell whether an operation is `x[i]` of the list, with an int that is known."""
    x, index = user.operands if user.name == "getitem" else (None, None)
    return x is value and isinstance(index, Constant) and type(index.value) is int


def _is_index(value: Value) -> bool:
    """Tell whether a value is only an index, or a part of one."""
    return bool(value.uses) and all(
        _is_index(user.result)
        if user.name == "tuple"
        else user.name in ("getitem", "setitem")
        and value is user.operands[1]
        and value not in (user.operands[0], *user.operands[2:])
        for user in value.uses
    )


def _list(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    if _is_only_read(op.result):
        return Tuple(tuple(operands))
    if operands and _is_index(op.result):
        return as_array(e, Tuple(tuple(operands)))
    users = list(op.result.uses)
    refined = len(users) == 1 and users[0].name == "refine"
    kind = prune(users[0].result.type if refined else op.result.type)
    assert isinstance(kind, ListType)
    made = lists.new(e, kind.element, str(len(operands)))
    for i, (value, operand) in enumerate(zip(op.operands, operands, strict=True)):
        lists.store(e, made, str(i), operand, (op, value))
    return made


def _tuple(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del e, op
    return Tuple(tuple(operands))


def _dict(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    """One that is returned: who calls knows the keys."""
    del e, op
    return Tuple(tuple(operands[1::2]))


def _dict_of_unknown_keys(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> NativeValue:
    del op, operands
    raise Unsupported("a dict whose keys are not known", e.location)


def _slice(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del e, op
    return Slice(*operands)


def _unpack(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> list[NativeValue]:
    x = operands[0]
    count = len(op.results)
    if isinstance(x, Tuple):
        if len(x.items) != count:
            raise Unsupported("a tuple of another length is unpacked", e.location)
        return list(x.items)
    if isinstance(x, Array) and x.sizes:
        size, item = e.walked(x)
        e.require_equal(size, str(count))
        return [item(str(i)) for i in range(count)]
    if isinstance(x, List):
        e.stop_if(f"{x.length} != {count}")
        return [e.element(x, str(i)) for i in range(count)]
    raise Unsupported("this value is unpacked", e.location)


def length(e: FunctionEmitter, value: NativeValue) -> NativeValue:
    """Return `len()` of a value."""
    match value:
        case Tuple(items):
            return Scalar("int64", str(len(items)), python=True)
        case Static(held) if isinstance(held, str):
            return Scalar("int64", str(len(held)), python=True)
        case List(fixed=(name, _)):
            return Scalar("int64", name, python=True)
        case List():
            made = e.scalar("int64", value.length, python=True)
            e.ranges.note(made.code, 0, MAX_LENGTH)
            return made
        case Range(start, stop, step):
            return e.scalar("int64", f"sc_range_length({start}, {stop}, {step})", python=True)
        case Iteration(count, _):
            return Scalar("int64", count, python=True)
        case Array() if value.sizes:
            return Scalar("int64", e.canonical(value.sizes[0]), python=True)
    raise Unsupported("the length of this value", e.location)


def _append(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    x, value = operands
    lists.append(e, lists.as_list(e, x), value, (op, op.operands[1]))


def _copy(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = operands[0]
    none = Static(None)
    return lists.getitem(e, op, lists.as_list(e, x), Slice(none, none, none))


LOWERINGS: Mapping[str, Lowering] = {
    "list": _list,
    "tuple": _tuple,
    "dict": _dict,
    "dict_get": _dict_of_unknown_keys,
    "slice": _slice,
    "unpack": _unpack,
    "list_append": _append,
    "list_copy": _copy,
}
