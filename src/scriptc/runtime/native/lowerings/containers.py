"""Making lists, tuples and slices, and asking for lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.ir.types import ListType, prune
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
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


def _list(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    kind = prune(op.result.type)
    assert isinstance(kind, ListType)
    made = lists.new(e, kind.element, str(len(operands)))
    for i, operand in enumerate(operands):
        lists.store(e, made, str(i), operand)
    return made


def _tuple(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del e, op
    return Tuple(tuple(operands))


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
        e.stop_if(f"{x.code}->length != {count}")
        return [e.element(x, str(i)) for i in range(count)]
    raise Unsupported("this value is unpacked", e.location)


def length(e: FunctionEmitter, value: NativeValue) -> NativeValue:
    """Return `len()` of a value."""
    match value:
        case Tuple(items):
            return Scalar("int64", str(len(items)), python=True)
        case Static(held) if isinstance(held, str):
            return Scalar("int64", str(len(held)), python=True)
        case List(code, _):
            return e.scalar("int64", f"{code}->length", python=True)
        case Range(start, stop, step):
            return e.scalar("int64", f"sc_range_length({start}, {stop}, {step})", python=True)
        case Iteration(count, _):
            return Scalar("int64", count, python=True)
        case Array() if value.sizes:
            return Scalar("int64", e.canonical(value.sizes[0]), python=True)
    raise Unsupported("the length of this value", e.location)


def _append(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    x, value = operands
    del op
    assert isinstance(x, List)
    lists.append(e, x, value)


def _copy(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = operands[0]
    none = Static(None)
    assert isinstance(x, List)
    return lists.getitem(e, op, x, Slice(none, none, none))


LOWERINGS: Mapping[str, Lowering] = {
    "list": _list,
    "tuple": _tuple,
    "slice": _slice,
    "unpack": _unpack,
    "list_append": _append,
    "list_copy": _copy,
}
