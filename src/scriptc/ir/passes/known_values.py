"""What an operation gives, where that is one of its operands, or known from types alone.

Each of these facts holds exactly, object identity included.
"""

from __future__ import annotations

from collections.abc import Iterator

from scriptc.ir.builder import constant
from scriptc.ir.graph import UNBOUND, BlockArgument, Constant, Operation, OpResult, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.text import same_literal
from scriptc.ir.types import BOOL, NEVER, NONE, members_of

Pairs = list[tuple[OpResult, Value]]


def known_results(operation: Operation) -> Pairs:
    """Return results of an operation with what they always are. Only `if` may lack some."""
    if operation.opdef is not None:
        return _regular(operation)
    match operation.name:
        case "check_bound" if is_bound(operation.operands[0]):
            return [(operation.result, operation.operands[0])]
        case "refine" if operation.operands[0].type == operation.result.type:
            return [(operation.result, operation.operands[0])]
        case "if":
            return list(_yielded(operation))
    return []


def is_bound(value: Value) -> bool:
    """Tell whether a value cannot be `unbound`."""
    while isinstance(value, OpResult) and value.operation.name == "refine":
        value = value.operation.operands[0]
    if isinstance(value, Constant):
        return value.value is not UNBOUND
    if isinstance(value, OpResult):
        return value.operation.opdef is not None or value.operation.name in (
            "call", "get_attr", "check_bound",
        )  # fmt: skip
    assert isinstance(value, BlockArgument)
    owner = value.block.owner
    return not isinstance(owner, Operation) or (owner.name == "for" and value.index == 0)


def _regular(operation: Operation) -> Pairs:
    if Trait.IDENTITY in operation.traits and len(operation.operands) == 2:
        return _identity(operation)
    if not operation.operands:
        return []
    parts = _tuple_parts(operation.operands[0])
    if parts is None:
        return []
    if operation.name == "unpack" and len(parts) == len(operation.results):
        return list(zip(operation.results, parts, strict=True))
    if operation.name == "getitem":
        index = operation.operands[1]
        if isinstance(index, Constant) and type(index.value) is int:
            place = index.value
            if -len(parts) <= place < len(parts):
                return [(operation.result, parts[place])]
    return []


def _tuple_parts(value: Value) -> list[Value] | None:
    """Return the elements of a tuple that an operation has made of its operands."""
    if isinstance(value, OpResult) and value.operation.opdef is not None:
        operation = value.operation
        return operation.operands if operation.name == "tuple" else None
    return None


def _identity(operation: Operation) -> Pairs:
    """Decide `x is None` where the type of x says it."""
    assert operation.opdef is not None
    for value, other in (operation.operands, operation.operands[::-1]):
        if other.type != NONE or value.type == NEVER or not is_bound(other):
            continue
        if value.type == NONE or NONE not in members_of(value.type):
            stand_in = None if value.type == NONE else object()
            known = operation.opdef.kernel(stand_in, None)
            return [(operation.result, constant(known))]
    return []


def _yielded(operation: Operation) -> Iterator[tuple[OpResult, Value]]:
    """Find results of an `if` that are the same on both ways, or the condition itself."""
    ends = [block.terminator for block in operation.blocks]
    then, orelse = ends
    if then is None or orelse is None or then.name != "yield" or orelse.name != "yield":
        return
    for result, a, b in zip(operation.results, then.operands, orelse.operands, strict=True):
        if _same(a, b):
            yield result, a
        elif result.type == BOOL and _is_literal(a, is_=True) and _is_literal(b, is_=False):
            yield result, operation.operands[0]


def _same(a: Value, b: Value) -> bool:
    if isinstance(a, Constant) and isinstance(b, Constant):
        if a.value is UNBOUND or b.value is UNBOUND or a.type != b.type:
            return False
        return a.value is b.value or same_literal(a.value, b.value)
    return a is b


def _is_literal(value: Value, *, is_: bool) -> bool:
    return isinstance(value, Constant) and value.value is is_


def loop_invariants(loop: Operation) -> Iterator[tuple[Value, Value]]:
    """Yield carried values and results of a loop that always are what they start from."""
    first = loop.name == "for"
    body = loop.blocks[0]
    jumps = list(_jumps(loop))
    for index, result in enumerate(loop.results):
        start, argument = loop.operands[index + first], body.arguments[index + first]
        if isinstance(start, Constant) and start.value is UNBOUND:
            continue
        ways = [jump.operands[index] for jump in jumps]
        if all(value is argument or value is start for value in ways):
            yield argument, start
            yield result, start


def _jumps(loop: Operation) -> Iterator[Operation]:
    """Yield the `continue` and `break` operations of a loop, those of inner loops left out."""
    pending = list(loop.blocks)
    while pending:
        for operation in pending.pop().operations:
            if operation.opdef is not None:
                continue
            if operation.name in ("continue", "break"):
                yield operation
            elif operation.name == "if":
                pending += operation.blocks
