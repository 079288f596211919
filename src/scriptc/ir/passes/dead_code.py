"""Removing what has no effect and no use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from scriptc.ir.graph import Block, BlockArgument, Function, Operation, OpResult, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.passes.aliases import holds_iterator, loop_around
from scriptc.ir.passes.base import FunctionPass
from scriptc.ir.passes.rewrite import detach, set_operations
from scriptc.ir.text import LOOPS
from scriptc.ir.types import (
    RANGE,
    STR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
)

_T = TypeVar("_T")
_REMOVABLE = frozenset({Trait.PURE, Trait.TOTAL})


@dataclass(frozen=True)
class DeadCode(FunctionPass):
    """Removes operations that are pure, cannot raise, and whose results nobody needs.

    An operation that may raise stays, since eager Python raises there. A `for` goes if its body
    does nothing and the iterable cannot fail; a `loop` stays, since it might not end. Results of
    `if` and loops that nobody needs go too, with the carried values that serve nothing else.
    """

    def apply_to_function(self, function: Function) -> bool:
        marker = _Marker()
        marker.run(function)
        sweeper = _Sweeper(marker)
        sweeper.block(function.body)
        return sweeper.changed


def is_removable(operation: Operation) -> bool:
    """Tell whether an operation without blocks may go if its results are not used."""
    return (
        operation.traits >= _REMOVABLE
        and not any(holds_iterator(value.type) for value in operation.operands)
    )  # fmt: skip


def _walks_safely(type_: Type) -> bool:
    """Tell whether a `for` over values of a type cannot raise, and uses nothing up."""
    if isinstance(type_, TensorType):
        return type_.rank is not None and type_.rank > 0
    containers = ListType | TupleType | VariadicTupleType | DictType
    return type_ in (RANGE, STR) or isinstance(type_, containers)


class _Marker:
    """Finds the operations that must stay, and the values that they need."""

    def __init__(self) -> None:
        self.operations: set[Operation] = set()
        self.values: set[Value] = set()
        self._pending: list[Operation | Value] = []
        self.jumps: dict[Operation, list[Operation]] = {}

    def run(self, function: Function) -> None:
        for operation in function.walk():
            if operation.name in ("break", "continue") and operation.opdef is None:
                loop = loop_around(operation)
                assert loop is not None
                self.jumps.setdefault(loop, []).append(operation)
            elif self._is_root(operation):
                self._mark(operation)
        while self._pending:
            item = self._pending.pop()
            if isinstance(item, Operation):
                self._keep(item)
            else:
                self._need(item)

    @staticmethod
    def _is_root(operation: Operation) -> bool:
        if operation.opdef is None:
            match operation.name:
                case "if" | "yield":
                    return False
                case "for":
                    return not _walks_safely(operation.operands[0].type)
        return not is_removable(operation)

    def _mark(self, operation: Operation) -> None:
        if operation not in self.operations:
            self.operations.add(operation)
            self._pending.append(operation)

    def _use(self, value: Value) -> None:
        if value not in self.values:
            self.values.add(value)
            self._pending.append(value)

    def _keep(self, operation: Operation) -> None:
        """An operation stays: so do what it uses, and what owns it."""
        is_loop = operation.name in LOOPS and operation.opdef is None
        if operation.name in ("yield", "break", "continue") and operation.opdef is None:
            pass  # which of its operands are needed depends on the results that are
        elif is_loop:
            if operation.name == "for":
                self._use(operation.operands[0])
            for jump in self.jumps.get(operation, ()):
                self._mark(jump)
        else:
            for operand in operation.operands:
                self._use(operand)
        if operation.parent is not None and isinstance(operation.parent.owner, Operation):
            self._mark(operation.parent.owner)

    def _need(self, value: Value) -> None:
        """A value is needed: so is where it comes from."""
        if isinstance(value, OpResult):
            operation = value.operation
            self._mark(operation)
            if operation.name == "if" and operation.opdef is None:
                for block in operation.blocks:
                    end = block.terminator
                    if end is not None and end.name == "yield":
                        self._use(end.operands[value.index])
            elif operation.name in LOOPS and operation.opdef is None:
                self._need_carried(operation, value.index)
        elif isinstance(value, BlockArgument) and isinstance(value.block.owner, Operation):
            loop = value.block.owner
            self._mark(loop)
            index = value.index - (loop.name == "for")
            if index >= 0:
                self._need_carried(loop, index)

    def _need_carried(self, loop: Operation, index: int) -> None:
        first = loop.name == "for"
        self._use(loop.results[index])
        self._use(loop.blocks[0].arguments[index + first])
        self._use(loop.operands[index + first])
        for jump in self.jumps.get(loop, ()):
            self._use(jump.operands[index])


class _Sweeper:
    def __init__(self, marker: _Marker) -> None:
        self.marker = marker
        self.changed = False

    def block(self, block: Block) -> None:
        kept: list[Operation] = []
        dropped: list[Operation] = []
        for operation in block.operations:
            yields = operation.name == "yield" and operation.opdef is None
            stays = yields or operation in self.marker.operations
            (kept if stays else dropped).append(operation)
        # Inner blocks first: results that go must not be used any more.
        for operation in kept:
            for nested in operation.blocks:
                self.block(nested)
        if dropped:
            self.changed = True
            detach(dropped)
            set_operations(block, kept)
        for operation in reversed(kept):
            self._trim(operation)

    def _trim(self, operation: Operation) -> None:
        """Take out results of control flow that nobody needs, with what feeds them.

        A carried value needs itself in the next round: it goes if nothing else does.
        """
        if operation.opdef is not None or operation.name not in ("if", *LOOPS):
            return
        needed = self.marker.values
        places = [i for i, r in enumerate(operation.results) if r not in needed]
        if not places:
            return
        self.changed = True
        drop = frozenset(places)
        if operation.name == "if":
            ends = [b.terminator for b in operation.blocks]
            jumps = [e for e in ends if e is not None and e.name == "yield"]
        else:
            shift = operation.name == "for"
            jumps = self.marker.jumps.get(operation, [])
            body = operation.blocks[0]
            body.arguments = _without(body.arguments, drop, shift)
            for index, argument in enumerate(body.arguments):
                argument.index = index
            operation.operands = _without(operation.operands, drop, shift)
        for jump in jumps:
            jump.operands = _without(jump.operands, drop, 0)
        operation.results = _without(operation.results, drop, 0)
        for index, result in enumerate(operation.results):
            result.index = index


def _without(items: list[_T], drop: frozenset[int], shift: int) -> list[_T]:
    return [item for i, item in enumerate(items) if i - shift not in drop]
