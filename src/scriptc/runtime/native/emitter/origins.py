"""Which parameters a value may be, or share memory with."""

from __future__ import annotations

from collections.abc import Iterator

from scriptc.ir.graph import Block, BlockArgument, Function, Operation, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.types import ListType, TensorType, TupleType, Type, prune


class Origins:
    """What a function writes into and gives back of what it was given.

    `written` are the parameters that it may write into, `returned` those that a result may be or
    share memory with. `writes_arrays` tells whether it writes into any array at all.
    """

    _written_values: set[Value]

    def __init__(self, function: Function) -> None:
        self._of: dict[Value, frozenset[BlockArgument]] = {}
        for parameter in function.parameters:
            if _holds_memory(parameter.type):
                self._of[parameter] = frozenset([parameter])
        while self._walk(function.body):
            pass
        self.written: set[BlockArgument] = set()
        self.returned: set[BlockArgument] = set()
        self.writes_arrays = False
        self.changes_lists = False
        for operation in function.walk():
            if Trait.WRITES in operation.traits:
                self.written |= self.of(operation.operands[0])
                array = _is_array(operation.operands[0].type)
                self.writes_arrays |= array
                self.changes_lists |= not array
            elif operation.name == "return" and operation.opdef is None:
                self.returned |= self.of(operation.operands[0])

        self._written_values = _written(function)

    def may_be_written(self, value: Value) -> bool:
        """Tell whether something is written into the memory of a value, by whatever name."""
        return value in self._written_values

    def of(self, value: Value) -> frozenset[BlockArgument]:
        return self._of.get(value, frozenset())

    def writes_outside(self, operation: Operation) -> bool:
        """Tell whether an operation, or one inside it, writes into a parameter."""
        return any(
            Trait.WRITES in inner.traits and self.of(inner.operands[0])
            for inner in operation.walk()
        )

    def _add(self, value: Value, more: frozenset[BlockArgument]) -> bool:
        if not more or not _holds_memory(value.type):
            return False
        known = self._of.get(value, frozenset())
        if more <= known:
            return False
        self._of[value] = known | more
        return True

    def _walk(self, block: Block) -> bool:
        changed = False
        for operation in block.operations:
            if operation.opdef is not None or operation.name in ("refine", "check_bound"):
                if Trait.VIEW in operation.traits:
                    more = frozenset().union(*map(self.of, operation.operands))
                    fresh = Trait.FRESH in operation.traits
                    for result in operation.results:
                        if not (fresh and _is_array(result.type)):
                            changed |= self._add(result, more)
                if _captures(operation):
                    more = frozenset().union(*map(self.of, operation.operands[1:]))
                    changed |= self._add(operation.operands[0], more)
                continue
            if operation.name in ("for", "loop"):
                changed |= self._loop(operation)
            for inner in operation.blocks:
                changed |= self._walk(inner)
                end = inner.terminator
                if operation.name == "if" and end is not None and end.name == "yield":
                    for result, value in zip(operation.results, end.operands, strict=True):
                        changed |= self._add(result, self.of(value))
            if operation.name in ("continue", "break"):
                loop = _loop_around(operation)
                changed |= self._jump(loop, operation)
        return changed

    def _loop(self, operation: Operation) -> bool:
        changed = False
        body = operation.blocks[0]
        first = operation.name == "for"
        if first:
            changed |= self._add(body.arguments[0], self.of(operation.operands[0]))
        for i, start in enumerate(operation.operands[first:]):
            changed |= self._add(body.arguments[i + first], self.of(start))
            changed |= self._add(operation.results[i], self.of(start))
        return changed

    def _jump(self, loop: Operation, jump: Operation) -> bool:
        changed = False
        body = loop.blocks[0]
        first = loop.name == "for"
        for i, value in enumerate(jump.operands):
            changed |= self._add(body.arguments[i + first], self.of(value))
            changed |= self._add(loop.results[i], self.of(value))
        return changed


def _written(function: Function) -> set[Value]:
    """Return the values whose memory is written into by a name that comes from them."""
    operations = list(function.walk())
    found = {op.operands[0] for op in operations if Trait.WRITES in op.traits}
    before = -1
    while before != len(found):
        before = len(found)
        for operation in operations:
            for result, source in _flows(operation):
                if result in found:
                    found.add(source)
    return found


def _captures(operation: Operation) -> bool:
    """Tell whether an operation stores objects in its first operand; arrays take a copy."""
    return Trait.CAPTURES in operation.traits and not _is_array(operation.operands[0].type)


def _flows(operation: Operation) -> Iterator[tuple[Value, Value]]:
    """Yield pairs of a value and another one that it may be, or share memory with."""
    if operation.opdef is not None or operation.name in ("refine", "check_bound"):
        if Trait.VIEW in operation.traits:
            fresh = Trait.FRESH in operation.traits
            for result in operation.results:
                if not (fresh and _is_array(result.type)):
                    yield from ((result, operand) for operand in operation.operands)
        if _captures(operation):
            yield from ((operation.operands[0], operand) for operand in operation.operands[1:])
    elif operation.name == "if":
        for block in operation.blocks:
            end = block.terminator
            if end is not None and end.name == "yield":
                yield from zip(operation.results, end.operands, strict=True)
    elif operation.name in ("for", "loop"):
        body, first = operation.blocks[0], operation.name == "for"
        if first:
            yield body.arguments[0], operation.operands[0]
        for i, start in enumerate(operation.operands[first:]):
            yield body.arguments[i + first], start
            yield operation.results[i], start
    elif operation.name in ("continue", "break"):
        loop = _loop_around(operation)
        first = loop.name == "for"
        for i, value in enumerate(operation.operands):
            yield loop.blocks[0].arguments[i + first], value
            yield loop.results[i], value


def _loop_around(operation: Operation) -> Operation:
    block = operation.parent
    while True:
        assert block is not None
        owner = block.owner
        assert isinstance(owner, Operation)
        if owner.name in ("for", "loop"):
            return owner
        block = owner.parent


def _is_array(type_: Type) -> bool:
    return isinstance(prune(type_), TensorType)


def _holds_memory(type_: Type) -> bool:
    type_ = prune(type_)
    if isinstance(type_, TensorType):
        return type_.shape != ()
    return isinstance(type_, TupleType | ListType) or str(type_).startswith(("iterator", "view"))
