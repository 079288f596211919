"""Which values of a function may live in one Python variable.

SSA gives each assignment a value of its own. Written as Python, a loop-carried value, what it
starts from and what the next round makes of it should be one variable again. Two values may share a
variable if neither is written while the other one is still to be read: the usual interference of
register allocation, computed backwards over the structured control flow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

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
    """Values that share one variable; `conflicts` are the values that may not join it."""

    members: set[Value]
    conflicts: set[Value] = field(default_factory=set)
    order: int = 0
    holds_unbound: bool = False
    variable: str = ""


@dataclass(frozen=True, slots=True)
class _Loop:
    """Where `continue` and `break` lead: the loop, and what is alive there."""

    operation: Operation
    head: frozenset[Value]
    after: frozenset[Value]


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
        self._hints: list[tuple[Value, Value]] = []
        self._forced: list[tuple[Value, Value]] = []
        self._free: dict[Operation, frozenset[Value]] = {}
        for value in (*function.parameters, *self._definitions(function.body)):
            self._groups[value] = Group({value}, order=len(self._groups))
        self._find_free(function.body)
        live = self._walk(function.body, frozenset(), None)
        self._define(function.parameters, live)
        for a, b in self._forced:
            self._merge(a, b)
        for a, b in self._hints:
            if may_join(a, b) and not self._conflict(a, b):
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
        exclusive: set[str] = set()
        taken: set[str] = set()
        first = [self._groups[parameter] for parameter in parameters]
        for group in dict.fromkeys((*first, *self.groups())):
            used = {self._groups[value].variable for value in group.conflicts}
            for name in names(group):
                if name in used or name in exclusive or (group.holds_unbound and name in taken):
                    continue
                group.variable = name
                break
            taken.add(group.variable)
            if group.holds_unbound:
                exclusive.add(group.variable)

    # --- liveness, backwards ---------------------------------------------------------------------

    def _definitions(self, block: Block) -> Iterator[Value]:
        for operation in block.operations:
            if self.uses.is_rename(operation):
                continue
            for inner in operation.blocks:
                yield from inner.arguments
                yield from self._definitions(inner)
            yield from operation.results

    def _roots(self, values: Iterable[Value]) -> set[Value]:
        return {self.uses.root(v) for v in values if not isinstance(self.uses.root(v), Constant)}

    def _find_free(self, block: Block) -> set[Value]:
        """Return the values from outside that a block uses; remember those of loops."""
        free: set[Value] = set()
        defined: set[Value] = set(block.arguments)
        for operation in block.operations:
            if self.uses.is_silent(operation):
                continue
            free |= self._roots(operation.operands)
            inner: set[Value] = set()
            for nested in operation.blocks:
                inner |= self._find_free(nested)
            if operation.name in LOOPS and operation.opdef is None:
                self._free[operation] = frozenset(inner)
            free |= inner
            defined.update(operation.results)
        return free - defined

    def _define(self, written: Sequence[Value], live: Iterable[Value]) -> None:
        everything = {*live, *written}
        for value in written:
            conflicts = self._groups[value].conflicts
            conflicts |= everything
            conflicts.discard(value)
            for other in everything:
                if other is not value:
                    self._groups[other].conflicts.add(value)

    def _hint(self, targets: Sequence[Value], sources: Sequence[Value]) -> None:
        for target, source in zip(targets, sources, strict=True):
            root = self.uses.root(source)
            if not isinstance(root, Constant):
                self._hints.append((target, root))
            elif root.value is UNBOUND:
                self._groups[target].holds_unbound = True

    def _walk(self, block: Block, after: frozenset[Value], loop: _Loop | None) -> set[Value]:
        """Return what is alive before a block; `after` is alive after the `if` it belongs to."""
        live: set[Value] = set()
        for operation in reversed(block.operations):
            if operation.is_terminator:
                live = self._leave(operation, after, loop)
            elif operation.opdef is None and operation.name == "if":
                self._define(operation.results, live)
                rest = frozenset(live.difference(operation.results))
                live = set(self._roots(operation.operands))
                for inner in operation.blocks:
                    live |= self._walk(inner, rest, loop)
            elif operation.opdef is None and operation.name in LOOPS:
                live = self._loop(operation, live)
            elif self.uses.is_rename(operation):
                if not self.uses.is_silent(operation):
                    live |= self._roots(operation.operands)
            else:
                self._define(operation.results, live)
                live.difference_update(operation.results)
                if operation.name in IN_PLACE and operation.results:
                    # `r = x; r += y` assigns r before it reads y.
                    self._define(operation.results, self._roots(operation.operands[1:]))
                    self._hint(operation.results, operation.operands[:1])
                live |= self._roots(operation.operands)
        return live

    def _leave(
        self, operation: Operation, after: frozenset[Value], loop: _Loop | None
    ) -> set[Value]:
        live = self._roots(operation.operands)
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

    def _loop(self, operation: Operation, live: set[Value]) -> set[Value]:
        self._define(operation.results, live)
        after = frozenset(live.difference(operation.results))
        head = after | self._free[operation]
        body = operation.blocks[0]
        self._walk(body, frozenset(), _Loop(operation, head, after))
        # The carried values are assigned before the iterable is looked at.
        self._define(
            body.arguments, head | self._roots(operation.operands[: operation.name == "for"])
        )
        # A `for` that runs out of items leaves its results in the carried values.
        self._forced += zip(carried(operation), operation.results, strict=True)
        self._hint(carried(operation), initial(operation))
        return {*head, *self._roots(operation.operands)}

    # --- groups ----------------------------------------------------------------------------------

    def _conflict(self, a: Value, b: Value) -> bool:
        x, y = self._groups[a], self._groups[b]
        return x is not y and not x.conflicts.isdisjoint(y.members)

    def _merge(self, a: Value, b: Value) -> None:
        x, y = self._groups[a], self._groups[b]
        if x is y:
            return
        if len(x.members) < len(y.members):
            x, y = y, x
        x.members |= y.members
        x.conflicts |= y.conflicts
        x.order = min(x.order, y.order)
        x.holds_unbound |= y.holds_unbound
        for member in y.members:
            self._groups[member] = x
