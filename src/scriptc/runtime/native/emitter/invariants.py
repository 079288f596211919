"""What a loop computes anew in each round though it is the same each time, and where it reads.

Only the program is looked at here, not how its values stand in C. An operation counts that each
round carries out, whatever branch it takes: it may be carried out once in front of the rounds, if
there are any. Where it fails there, it would have failed in the first round; since the interpreter
then repeats the call from its start, nobody can tell. The same holds for the test that all places
of a list or an array exist to which a loop gets with its counter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scriptc.ir.graph import Constant, Operation, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.passes.aliases import Aliases, loop_around
from scriptc.ir.types import BOOL, FLOAT, INT, ListType, TensorType, Type, prune

_NUMBERS = (INT, FLOAT, BOOL)


@dataclass(frozen=True, slots=True)
class Access:
    """A place of a container: in dimension `axis` it is the loop's counter plus `offset`."""

    container: Value
    axis: int
    offset: int


@dataclass(slots=True)
class Invariants:
    """What is the same in all rounds of a loop.

    `moved` are operations that can stand in front of it, each with an earlier one that gives the
    same, if there is one. `lists` stay where they are and as long as they are. `accesses` happen in
    each round, and no round is the last one before its turn.
    """

    moved: list[tuple[Operation, Operation | None]] = field(default_factory=list)
    lists: list[Value] = field(default_factory=list)
    accesses: list[Access] = field(default_factory=list)


def find(loop: Operation, aliases: Aliases) -> Invariants:
    """Return what is the same in all rounds of a loop."""
    return _Search(loop, aliases).run()


class _Search:
    def __init__(self, loop: Operation, aliases: Aliases) -> None:
        self._loop = loop
        self._aliases = aliases
        self._found = Invariants()
        self._varying: set[Value] = set()
        self._written: set[tuple[Value, int]] = set()
        self._resized: set[tuple[Value, int]] = set()
        self._offsets: dict[Value, int] = {}

    def run(self) -> Invariants:
        inside = [op for block in self._loop.blocks for op in block.walk()]
        if not all(map(self._note_changes, inside)):
            return self._found
        for operation in (self._loop, *inside):
            for block in operation.blocks:
                self._varying.update(block.arguments)
        for operation in inside:
            self._varying.update(operation.results)
        body = self._loop.blocks[0]
        if self._loop.name == "for":
            self._offsets[body.arguments[0]] = 0
        leaves = any(self._ends_the_loop(op) for op in inside)
        earlier: dict[object, Operation] = {}
        for operation in body.operations:
            if self._is_same(operation):
                key = (operation.name, *map(_key, operation.operands))
                self._found.moved.append((operation, earlier.get(key)))
                earlier.setdefault(key, operation)
                self._varying.difference_update(operation.results)
            elif not leaves:
                self._note_access(operation)
            if any(self._ends_the_round(op) for op in operation.walk()):
                break
        used = dict.fromkeys(v for op in inside for v in op.operands)
        self._found.lists = [
            v
            for v in used
            if _depth(v.type) and v not in self._varying and self._of(v) not in self._resized
        ]
        return self._found

    def _of(self, value: Value) -> tuple[Value, int]:
        """Return what tells lists apart: a list and those that are its elements share a root."""
        return self._aliases.root(value), _depth(value.type)

    def _note_changes(self, operation: Operation) -> bool:
        """Note what an operation changes; false if that may be anything."""
        effect = self._aliases.effect(operation)
        if effect.outside:
            return False
        for value in effect.writes:
            if isinstance(prune(value.type), TensorType):
                continue
            if not _depth(value.type):
                return False
            self._written.add(self._of(value))
            if operation.name != "setitem" or prune(operation.operands[1].type) != INT:
                self._resized.add(self._of(value))
        return True

    def _ends_the_loop(self, operation: Operation) -> bool:
        if operation.opdef is not None:
            return False
        return operation.name == "return" or (
            operation.name == "break" and loop_around(operation) is self._loop
        )

    def _ends_the_round(self, operation: Operation) -> bool:
        return self._ends_the_loop(operation) or (
            operation.opdef is None
            and operation.name == "continue"
            and loop_around(operation) is self._loop
        )

    def _is_same(self, operation: Operation) -> bool:
        """Tell whether an operation gives the same in each round, and can be carried out before."""
        if any(v in self._varying for v in operation.operands) or operation.blocks:
            return False
        if operation.opdef is None:
            return operation.name == "refine"
        if Trait.PURE not in operation.traits:
            return False
        if operation.name in ("len", "getitem") and _depth(operation.operands[0].type):
            x, *index = operation.operands
            changed = self._written if index else self._resized
            return self._of(x) not in changed and all(prune(i.type) == INT for i in index)
        values = (*operation.operands, *operation.results)
        return all(prune(v.type) in _NUMBERS for v in values)

    def _note_access(self, operation: Operation) -> None:
        """Note where an operation reads or writes, and what it makes of the counter."""
        if operation.opdef is None:
            return
        operands = operation.operands
        if operation.name in ("add", "subtract") and prune(operation.result.type) == INT:
            a, b = operands
            if operation.name == "add" and isinstance(a, Constant):
                a, b = b, a
            if a in self._offsets and isinstance(b, Constant) and type(b.value) is int:
                sign = 1 if operation.name == "add" else -1
                self._offsets[operation.result] = self._offsets[a] + sign * b.value
        elif operation.name in ("getitem", "setitem") and operands[0] not in self._varying:
            for axis, index in enumerate(_places(operands[1])):
                if index in self._offsets:
                    access = Access(operands[0], axis, self._offsets[index])
                    self._found.accesses.append(access)


def _key(value: Value) -> object:
    return (type(value.value), repr(value.value)) if isinstance(value, Constant) else value


def _places(index: Value) -> Iterator[Value]:
    """Yield the ints of an index that stand at the first dimensions."""
    made = getattr(index, "operation", None)
    parts = made.operands if made is not None and made.name == "tuple" else (index,)
    for part in parts:
        if prune(part.type) != INT:
            return
        yield part


def _depth(type_: Type) -> int:
    """Return how many lists stand within each other; 0 for what is not a list."""
    kind = prune(type_)
    return 1 + _depth(kind.element) if isinstance(kind, ListType) else 0
