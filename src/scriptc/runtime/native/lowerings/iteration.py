"""What loops walk over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.values import (
    Iteration,
    List,
    NativeValue,
    Range,
    Scalar,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import add
from scriptc.runtime.native.lowerings.arguments import is_none


def _range(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    start, stop, step = operands
    if is_none(stop):
        start, stop = Scalar("int64", "0", python=True), start
    codes = []
    for value in (start, stop, step):
        if not isinstance(value, Scalar) or value.dtype != "int64":
            raise Unsupported("a range of these values", e.location)
        codes.append(value.code)
    if codes[2] == "0":
        e.stop("ValueError", "range() arg 3 must not be zero")
    elif not codes[2].lstrip("-").isdigit():
        e.stop_if(f"{codes[2]} == 0", "ValueError", "range() arg 3 must not be zero")
    return Range(*codes)


def _enumerate(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x, start = operands
    _refuse_lists(e, x)
    length, item = e.walked(x)
    assert isinstance(start, Scalar)
    first = start.code

    def pair(index: str) -> NativeValue:
        count = Scalar("int64", index, python=True)
        if first != "0":
            count = e.scalar("int64", add(index, first), python=True)
        return Tuple((count, item(index)))

    return Iteration(length, pair)


def _zip(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    if not operands:
        raise Unsupported("zip() of nothing", e.location)
    for operand in operands:
        _refuse_lists(e, operand)
    walked = [e.walked(v) for v in operands]
    length = walked[0][0]
    for other, _ in walked[1:]:
        if not e.same(other, length):
            length = e.size(f"{length} < {other} ? {length} : {other}")
    return Iteration(length, lambda i: Tuple(tuple(item(i) for _, item in walked)))


def _reversed(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    _refuse_lists(e, operands[0])
    length, item = e.walked(operands[0])
    count = e.size(length)

    def back(index: str) -> NativeValue:
        at = e.scalar("int64", f"{count} - 1 - {index}", python=True)
        return item(at.code)

    return Iteration(count, back)


def _refuse_lists(e: FunctionEmitter, value: NativeValue) -> None:
    """Lists may change while they are walked over: their length is asked for in each round."""
    if isinstance(value, List) and e.origins.changes_lists:
        raise Unsupported("a list that may change is walked over by an iterator", e.location)


LOWERINGS: Mapping[str, Lowering] = {
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "reversed": _reversed,
}
