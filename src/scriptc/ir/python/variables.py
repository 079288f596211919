"""Which values of a function may live in one Python variable.

SSA gives each assignment a value of its own. Written as Python, a loop-carried value, what it
starts from and what the next round makes of it should be one variable again. Two values may share a
variable if neither is written while the other one is still to be read: the usual interference of
register allocation, computed backwards over the structured control flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scriptc.ir.graph import (
    UNBOUND,
    Block,
    BlockArgument,
    Constant,
    Function,
    Operation,
    Value,
)
from scriptc.ir.python.templates import IN_PLACE

LOOPS = frozenset({"for", "loop"})
RENAMES = frozenset({"refine", "check_bound"})


@dataclass(slots=True, eq=False)
class Group:
    """Values that share one variable.

    Sets of values are ints, with a bit for each value. What is in `conflicts` may not join, nor may
    a group that has one of `members` among its conflicts.
    """

    values: list[Value]
    members: int
    conflicts: int = 0
    order: int = 0
    holds_unbound: bool = False
    variable: str = ""

    def conflicts_with(self, other: Group) -> bool:
        return bool(self.conflicts & other.members or other.conflicts & self.members)

    def absorb(self, other: Group) -> None:
        """Take in the members of another group, and what they conflict with."""
        self.values += other.values
        self.members |= other.members
        self.conflicts |= other.conflicts
        self.order = min(self.order, other.order)
        self.holds_unbound |= other.holds_unbound


@dataclass(frozen=True, slots=True)
class _Loop:
    """Where `continue` and `break` lead: the loop, and the values alive there."""

    operation: Operation
    head: int
    after: int


class Uses:
    """Who uses which value, with operations that only rename their operand seen through.

    `checked` tells whether `check_bound` is a use (it is one for the interpreter).
    """

    def __init__(self, function: Function, *, checked: bool) -> None:
        self.checked = checked
        self._users: dict[Value, list[Operation]] = {}
        for operation in function.walk():
            if not self.is_silent(operation):
                for operand in operation.operands:
                    self._users.setdefault(self.root(operand), []).append(operation)

    @staticmethod
    def is_rename(operation: Operation) -> bool:
        """Tell whether the result of the operation is its operand."""
        return operation.opdef is None and operation.name in RENAMES

    def is_silent(self, operation: Operation) -> bool:
        """Tell whether nothing at all is written for the operation."""
        return self.is_rename(operation) and not (self.checked and operation.name == "check_bound")

    def root(self, value: Value) -> Value:
        """Return the value that `value` is another name of."""
        while True:
            operation = getattr(value, "operation", None)
            if operation is None or not self.is_rename(operation):
                return value
            value = operation.operands[0]

    def of(self, value: Value) -> Sequence[Operation]:
        """Return the users of a root, one entry per use."""
        return self._users.get(value, ())


def carried(loop: Operation) -> list[BlockArgument]:
    """Return the loop-carried values of a loop: its body's arguments without the item."""
    arguments = loop.blocks[0].arguments
    return arguments[1:] if loop.name == "for" else arguments


def initial(loop: Operation) -> list[Value]:
    """Return the operands that the loop-carried values start from."""
    return loop.operands[1:] if loop.name == "for" else loop.operands


class Variables:
    """Puts the values of a function into groups; `name` then gives each group its variable.

    `may_join` lets the caller keep two values apart that could share a variable.
    """

    def __init__(
        self, function: Function, uses: Uses, may_join: Callable[[Value, Value], bool]
    ) -> None:
        self.uses = uses
        self._groups: dict[Value, Group] = {}
        self._bits: dict[Value, int] = {}
        self._hints: list[tuple[Value, Value]] = []
        self._forced: list[tuple[Value, Value]] = []
        self._free: dict[Operation, int] = {}
        for i, value in enumerate((*function.parameters, *self._definitions(function.body))):
            self._bits[value] = 1 << i
            self._groups[value] = Group([value], 1 << i, order=i)
        self._find_free(function.body)
        live = self._walk(function.body, 0, None)
        self._define(function.parameters, live)
        for a, b in self._forced:
            self._merge(a, b)
        for a, b in self._hints:
            if may_join(a, b) and not self._groups[a].conflicts_with(self._groups[b]):
                self._merge(a, b)

    def __getitem__(self, value: Value) -> str:
        """Return the name of the variable that holds `value`."""
        return self._groups[self.uses.root(value)].variable

    def groups(self) -> list[Group]:
        """Return the groups in the order of their first definition."""
        unique = {id(group): group for group in self._groups.values()}
        return sorted(unique.values(), key=lambda group: group.order)

    def name(
        self, names: Callable[[Group], Iterator[str]], parameters: Iterable[Value] = ()
    ) -> None:
        """Name all groups with the first of their `names` that no conflicting group has.

        The groups of `parameters` choose first.
        """
        holders: dict[str, Group] = {}
        first = [self._groups[parameter] for parameter in parameters]
        for group in dict.fromkeys((*first, *self.groups())):
            for name in names(group):
                holder = holders.get(name)
                if holder is None:
                    holders[name] = replace(group, values=[])
                elif holder.holds_unbound or group.holds_unbound or holder.conflicts_with(group):
                    continue
                else:
                    holder.absorb(replace(group, values=[]))
                group.variable = name
                break

    # --- liveness, backwards ---------------------------------------------------------------------

    def _definitions(self, block: Block) -> Iterator[Value]:
        for operation in block.operations:
            if self.uses.is_rename(operation):
                continue
            for inner in operation.blocks:
                yield from inner.arguments
                yield from self._definitions(inner)
            yield from operation.results

    def _set(self, values: Iterable[Value]) -> int:
        """Return the set of values, constants left out."""
        found = 0
        for value in values:
            found |= self._bits.get(self.uses.root(value), 0)
        return found

    def _find_free(self, block: Block) -> int:
        """Return the values from outside that a block uses; remember those of loops."""
        free, defined = 0, self._set(block.arguments)
        for operation in block.operations:
            if self.uses.is_silent(operation):
                continue
            free |= self._set(operation.operands)
            inner = 0
            for nested in operation.blocks:
                inner |= self._find_free(nested)
            if operation.name in LOOPS and operation.opdef is None:
                self._free[operation] = inner
            free |= inner
            if not self.uses.is_rename(operation):
                defined |= self._set(operation.results)
        return free & ~defined

    def _define(self, written: Sequence[Value], live: int) -> None:
        everything = live | self._set(written)
        for value in written:
            self._groups[value].conflicts |= everything & ~self._bits[value]

    def _hint(self, targets: Sequence[Value], sources: Sequence[Value]) -> None:
        for target, source in zip(targets, sources, strict=True):
            root = self.uses.root(source)
            if not isinstance(root, Constant):
                self._hints.append((target, root))
            elif root.value is UNBOUND:
                self._groups[target].holds_unbound = True

    def _walk(self, block: Block, after: int, loop: _Loop | None) -> int:
        """Return what is alive before a block; `after` is alive after the `if` it belongs to."""
        live = 0
        for operation in reversed(block.operations):
            if operation.is_terminator:
                live = self._leave(operation, after, loop)
            elif operation.opdef is None and operation.name == "if":
                self._define(operation.results, live)
                rest = live & ~self._set(operation.results)
                live = self._set(operation.operands)
                for inner in operation.blocks:
                    live |= self._walk(inner, rest, loop)
            elif operation.opdef is None and operation.name in LOOPS:
                live = self._loop(operation, live)
            elif self.uses.is_rename(operation):
                if not self.uses.is_silent(operation):
                    live |= self._set(operation.operands)
            else:
                self._define(operation.results, live)
                live &= ~self._set(operation.results)
                if operation.name in IN_PLACE and operation.results:
                    # `r = x; r += y` assigns r before it reads y.
                    self._define(operation.results, self._set(operation.operands[1:]))
                    self._hint(operation.results, operation.operands[:1])
                live |= self._set(operation.operands)
        return live

    def _leave(self, operation: Operation, after: int, loop: _Loop | None) -> int:
        live = self._set(operation.operands)
        if operation.name == "yield":
            assert operation.parent is not None
            owner = operation.parent.owner
            assert isinstance(owner, Operation)
            self._hint(owner.results, operation.operands)
            live |= after
        elif operation.name in ("continue", "break"):
            assert loop is not None
            again = operation.name == "continue"
            targets = carried(loop.operation) if again else loop.operation.results
            self._hint(targets, operation.operands)
            live |= loop.head if again else loop.after
        return live

    def _loop(self, operation: Operation, live: int) -> int:
        self._define(operation.results, live)
        after = live & ~self._set(operation.results)
        head = after | self._free[operation]
        body = operation.blocks[0]
        self._walk(body, 0, _Loop(operation, head, after))
        # The carried values are assigned before the iterable is looked at.
        iterable = self._set(operation.operands[: operation.name == "for"])
        self._define(body.arguments, head | iterable)
        # A `for` that runs out of items leaves its results in the carried values.
        self._forced += zip(carried(operation), operation.results, strict=True)
        self._hint(carried(operation), initial(operation))
        return head | self._set(operation.operands)

    # --- groups ----------------------------------------------------------------------------------

    def _merge(self, a: Value, b: Value) -> None:
        x, y = self._groups[a], self._groups[b]
        if x is y:
            return
        if len(x.values) < len(y.values):
            x, y = y, x
        x.absorb(y)
        for value in y.values:
            self._groups[value] = x
