"""Ints that a loop changes by small steps only: they cannot leave 64 bits.

Each step is an operation that is carried out, and no call lives to carry out 2**60 of them (at one
in a nanosecond that takes 36 years). So what starts below 2**61 and changes by 4 at most stays far
from the ends, in however many loops around each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scriptc.ir.graph import BlockArgument, Constant, Operation, OpResult, Value
from scriptc.ir.passes.aliases import loop_around
from scriptc.ir.text import LOOPS
from scriptc.ir.types import INT, prune
from scriptc.runtime.native.emitter.ranges import Range

FAR: Range = (-(2**62), 2**62)
"""Where counters stay."""
_STEP = 4
_RESET = 2**32


def range_of_counter(argument: BlockArgument, start: Range) -> Range | None:
    """Return the bounds of an int that a loop carries, from those of its start; None if unknown.

    They hold for what the loop gives in the end too.
    """
    if prune(argument.type) != INT or start[0] < FAR[0] or start[1] > FAR[1]:
        return None
    low, high = start
    pending = _handed_over(argument, "continue", "break")
    seen: set[Value] = {argument}
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, Constant):
            if type(value.value) is not int or abs(value.value) > _RESET:
                return None
            low, high = min(low, value.value), max(high, value.value)
            continue
        step = _step(value)
        if step is not None:
            pending.append(step[0])
            low, high = (FAR[0], high) if step[1] < 0 else (low, FAR[1])
            continue
        sources = _SOURCES.get(_kind(value))
        if sources is None:
            return None
        pending += sources(value)
    return low, high


def _step(value: Value) -> tuple[Value, int] | None:
    """Return what a small number is added to, and that number."""
    made = getattr(value, "operation", None)
    if made is None or made.opdef is None or prune(value.type) != INT:
        return None
    if made.name not in ("add", "subtract", "inplace_add", "inplace_subtract"):
        return None
    a, b = made.operands
    if made.name.endswith("add") and isinstance(a, Constant):
        a, b = b, a
    if not isinstance(b, Constant) or type(b.value) is not int or abs(b.value) > _STEP:
        return None
    return a, -b.value if made.name.endswith("subtract") else b.value


def _kind(value: Value) -> str:
    if isinstance(value, BlockArgument):
        loop = value.block.owner
        if not isinstance(loop, Operation) or loop.opdef is not None or loop.name not in LOOPS:
            return ""
        return "" if loop.name == "for" and value.index == 0 else "carried"
    if isinstance(value, OpResult) and value.operation.opdef is None:
        name = value.operation.name
        return "loop" if name in LOOPS else name
    return ""


def _place(argument: BlockArgument) -> tuple[Operation, int]:
    """Return the loop that carries a value, and which of those that it carries this is."""
    loop = argument.block.owner
    assert isinstance(loop, Operation)
    return loop, argument.index - (loop.name == "for")


def _jumps(loop: Operation, *names: str) -> Iterator[Operation]:
    for operation in loop.walk():
        if operation.opdef is None and operation.name in names and loop_around(operation) is loop:
            yield operation


def _handed_over(argument: BlockArgument, *names: str) -> list[Value]:
    """Return what a carried value becomes by these ways out of a round."""
    loop, place = _place(argument)
    return [jump.operands[place] for jump in _jumps(loop, *names)]


def _of_carried(value: Value) -> list[Value]:
    assert isinstance(value, BlockArgument)
    loop, place = _place(value)
    start = loop.operands[place + (loop.name == "for")]
    return [start, *_handed_over(value, "continue")]


def _of_loop(value: Value) -> list[Value]:
    assert isinstance(value, OpResult)
    loop = value.operation
    argument = loop.blocks[0].arguments[value.index + (loop.name == "for")]
    return [argument, *_handed_over(argument, "break")]


def _of_if(value: Value) -> list[Value]:
    assert isinstance(value, OpResult)
    ends = [block.terminator for block in value.operation.blocks]
    return [e.operands[value.index] for e in ends if e is not None and e.name == "yield"]


def _of_same(value: Value) -> list[Value]:
    assert isinstance(value, OpResult)
    return [value.operation.operands[0]]


_SOURCES: dict[str, Callable[[Value], list[Value]]] = {
    "carried": _of_carried,
    "loop": _of_loop,
    "if": _of_if,
    "refine": _of_same,
    "check_bound": _of_same,
}
