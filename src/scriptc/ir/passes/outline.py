"""Taking runs of operations out of a function, each into a function of its own that it calls.

The opposite of inlining, for a back end that can do much of a function but not all of it: what it
can do becomes calls, and the rest stays as it is, around them. Who asks says what fits
(`Judge`); here is what keeps the program the same:

- A run is made of whole operations that follow each other in one block. Control flow is taken out
  with all inside it, or stays, and is searched inside. What leaves a block early (`return`, or the
  `break` of a loop around the run) stays.
- An operation that does not fit may be moved before a run that is open, so as not to split it, if
  it is pure, cannot raise, needs nothing of the run, and nothing that the run does changes it.
- Parts give values back, and objects that other values are, or share memory with, are one object
  on both sides of a call: what would be two of them afterwards stays in the function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scriptc.ir.builder import constant
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    BlockArgument,
    Constant,
    Function,
    FunctionRef,
    Operation,
    OpResult,
    Program,
    Value,
)
from scriptc.ir.location import Location
from scriptc.ir.opdef import Trait
from scriptc.ir.ops import REGISTRY
from scriptc.ir.passes.aliases import Aliases, holds_iterator, is_mutable, loop_around
from scriptc.ir.passes.rewrite import set_operations
from scriptc.ir.text import LOOPS
from scriptc.ir.types import INT, NONE, ListType, TensorType, TupleType, Type, prune, resolve

TOO_LITTLE = "too little work for a call"
"""Why a run that fits may stay."""


class Judge(Protocol):
    """Says what may be taken out. All answers are for an operation by itself, without its blocks.

    `refusal` is why an operation has to stay, or None; `takes` and `gives` tell whether a part can
    have a parameter, or a result, of a type. `weight` is how much taking an operation out gains.
    """

    def refusal(self, operation: Operation) -> str | None: ...
    def takes(self, type_: Type) -> bool: ...
    def gives(self, type_: Type) -> bool: ...
    def weight(self, operation: Operation) -> int: ...


@dataclass(frozen=True)
class Outlined:
    """What became of a function.

    `parts` are the names of the functions made, in the order of the text, each with the operations
    that it had at first. `stays` says of operations why they were left, by their places.
    """

    parts: Mapping[str, Sequence[Operation]]
    stays: Sequence[tuple[Location, str]]


def outline(
    program: Program, entry: str, judge: Judge, *, least: int = 2, most: int = 16
) -> Outlined:
    """Take what fits out of the function `entry`, in place.

    Runs of less than `least` weight stay, and of the others no more than the `most` heaviest go.
    """
    return _Outliner(program, program.functions[entry], judge, least, most).run()


@dataclass
class _Run:
    """Operations that follow each other and fit. `before` are moved in front of them.

    `writes` tells whether they write into objects, `acts` whether they have other effects.
    """

    block: Block
    operations: list[Operation] = field(default_factory=list)
    before: list[Operation] = field(default_factory=list)
    writes: bool = False
    acts: bool = False

    def walk(self) -> Iterator[Operation]:
        for operation in self.operations:
            yield from operation.walk()

    def inputs(self) -> list[Value]:
        """Return the values from outside that the run uses, in the order of their first use."""
        own: set[Value] = set()
        for operation in self.walk():
            own.update(operation.results)
            for block in operation.blocks:
                own.update(block.arguments)
        found: dict[Value, None] = {}
        for operation in self.walk():
            for value in operation.operands:
                if value not in own and not isinstance(value, Constant):
                    found[value] = None
        return list(found)

    def outputs(self) -> list[OpResult]:
        """Return the results that something outside the run uses."""
        inside = set(self.walk())
        return [
            result
            for operation in self.operations
            for result in operation.results
            if any(use not in inside for use in result.uses)
        ]


class _Outliner:
    def __init__(
        self, program: Program, function: Function, judge: Judge, least: int, most: int
    ) -> None:
        self.program = program
        self.function = function
        self.judge = judge
        self.least = least
        self.most = most
        self.aliases = Aliases(function)
        self.same: dict[Value, list[Value]] = {}
        """Values other than arrays that may share memory, by the representative of their set."""
        self.stuck: dict[Operation, str] = {}

    def run(self) -> Outlined:
        for value in _values(self.function):
            if not isinstance(prune(value.type), TensorType) and is_mutable(resolve(value.type)):
                self.same.setdefault(self.aliases.root(value), []).append(value)
        for operation in self.function.walk():
            reason = None if operation.is_terminator else self.judge.refusal(operation)
            if reason is not None:
                self.stuck[operation] = reason
        while True:
            before = len(self.stuck)
            runs = list(self._runs(self.function.body))
            for run in runs:
                self._look(run)
            if len(self.stuck) == before:
                break
        weighed = [(self._weight(run), run) for run in runs]
        weighed = [(w, run) for w, run in weighed if w >= self.least]
        weighed.sort(key=lambda pair: -pair[0])  # stable: of equal ones the first stay
        chosen = {id(run) for _, run in weighed[: self.most]}
        stays = list(self._reasons())
        parts: dict[str, Sequence[Operation]] = {}
        for run in runs:
            if id(run) in chosen:
                parts[self._take_out(run)] = list(run.walk())
            elif run.operations and run.operations[0].location is not None:
                stays.append((run.operations[0].location, TOO_LITTLE))
        return Outlined(parts, stays)

    def _reasons(self) -> Iterator[tuple[Location, str]]:
        for operation, reason in self.stuck.items():
            if operation.location is not None:
                yield operation.location, reason
        for operation in self.function.walk():
            returns = any(op.opdef is None and op.name == "return" for op in operation.walk())
            if operation.location is not None and operation.name in LOOPS and returns:
                yield operation.location, "a `return` leaves the loop"

    def _weight(self, run: _Run) -> int:
        return sum(map(self.judge.weight, run.walk()))

    # --- runs -----------------------------------------------------------------------------------

    def _runs(self, block: Block) -> Iterator[_Run]:
        """Yield the runs of a block, and of the blocks inside it, in the order of the text."""
        run = _Run(block)
        for operation in block.operations:
            if operation.is_terminator:
                break
            if self._fits(operation):
                run.operations.append(operation)
                for op in operation.walk():
                    run.writes |= Trait.WRITES in op.traits
                    run.acts |= Trait.EFFECT in op.traits and not op.blocks
            elif run.operations and self._moves_before(operation, run):
                run.before.append(operation)
            else:
                if run.operations:
                    yield run
                run = _Run(block)
                for nested in operation.blocks:
                    yield from self._runs(nested)
        if run.operations:
            yield run

    def _fits(self, operation: Operation) -> bool:
        inside = set(operation.walk())
        for op in inside:
            if op in self.stuck:
                return False
            if op.opdef is None:
                if op.name == "return":
                    return False
                if op.name in ("break", "continue") and loop_around(op) not in inside:
                    return False
        return True

    def _moves_before(self, operation: Operation, run: _Run) -> bool:
        traits = operation.traits
        if operation.blocks or run.acts or not {Trait.PURE, Trait.TOTAL} <= traits:
            return False
        # Which object an attribute is does not change when something is written into objects.
        if run.writes and Trait.METADATA not in traits and operation.opdef is not None:
            return False
        if any(holds_iterator(resolve(value.type)) for value in operation.operands):
            return False
        made = {result for op in run.operations for result in op.results}
        return not made.intersection(operation.operands)

    # --- what has to stay ---------------------------------------------------------------------

    def _look(self, run: _Run) -> None:
        """Find the operations of a run that have to stay for what they take, give or change."""
        inputs, outputs = run.inputs(), run.outputs()
        for value in inputs:
            if not self.judge.takes(resolve(value.type)):
                self._leave_users(run, value, f"a {_kind(value.type)} would be handed over")
        for output in outputs:
            if not self.judge.gives(resolve(output.type)):
                self._leave(output, f"a {_kind(output.type)} would be handed back")
            elif _may_be_unbound(output):
                self._leave(output, "a variable that may not be assigned would be handed back")
        self._look_at_objects(run, inputs, outputs)
        self._look_at_arrays(outputs)

    def _leave(self, value: OpResult, reason: str) -> None:
        self.stuck.setdefault(value.operation, reason)

    def _leave_users(self, run: _Run, value: Value, reason: str) -> None:
        for operation in run.walk():
            if value in operation.operands:
                while operation.is_terminator:
                    assert operation.parent is not None
                    assert isinstance(operation.parent.owner, Operation)
                    operation = operation.parent.owner
                self.stuck.setdefault(operation, reason)

    def _look_at_objects(
        self, run: _Run, inputs: Sequence[Value], outputs: Sequence[OpResult]
    ) -> None:
        """Keep lists that change, or have two names, on one side.

        A part is handed a copy of a list, and hands one back.
        """
        outside = set(inputs)
        for operation in run.walk():
            if Trait.WRITES in operation.traits:
                first = operation.operands[0]
                names = self.same.get(self.aliases.root(first), ())
                if not isinstance(prune(first.type), TensorType) and (
                    isinstance(first, Constant) or outside.intersection(names)
                ):
                    self.stuck.setdefault(operation, "it changes a list from outside")
        seen: set[Value] = {self.aliases.root(v) for v in inputs if _is_object(v)}
        for output in outputs:
            if _is_object(output):
                root = self.aliases.root(output)
                if root in seen or root is self.aliases.root(self.aliases.external):
                    self._leave(output, "a list that has two names would be handed back")
                seen.add(root)

    def _look_at_arrays(self, outputs: Sequence[OpResult]) -> None:
        """Keep views of arrays that are handed back outside: both are then what they were."""
        groups: dict[Value, list[OpResult]] = {}
        for output in outputs:
            if isinstance(prune(output.type), TensorType):
                groups.setdefault(_viewed(output), []).append(output)
        for base, views in groups.items():
            made_here = isinstance(base, OpResult) and len(views) > 1
            for view in views if made_here else ():
                if view is not base:
                    self._leave(view, "a view of an array that is handed back too")

    # --- taking out -----------------------------------------------------------------------------

    def _take_out(self, run: _Run) -> str:
        inputs, outputs = run.inputs(), run.outputs()
        made = Function(
            self.program.unique_name(f"{self.function.name}_part"),
            origin=self.function.origin,
            rules=self.function.rules,
            location=self.function.location,
            composite=self.function.composite,
        )
        made.outlined = True
        taken = {}
        for i, value in enumerate(inputs):
            taken[value] = made.body.add_argument(value.type, f"a{i}")
        first = run.operations[0]
        end = list[Operation]()
        given: Value = constant(None)
        if len(outputs) == 1:
            given = outputs[0]
        elif outputs:
            packed = _operation("tuple", outputs, [TupleType(tuple(v.type for v in outputs))])
            packed.location = run.operations[-1].location
            end.append(packed)
            given = packed.result
        call = Operation(
            "call",
            [constant(FunctionRef(made.name)), *inputs],
            [given.type],
            location=first.location,
        )
        replaced = list[Operation]([*run.before, call])
        inside = set(run.walk())
        results: Sequence[Value] = call.results
        if len(outputs) > 1:
            parts = [v.type for v in outputs]
            count = constant(len(outputs), INT)
            unpacked = _operation("unpack", [call.result, count], parts)
            unpacked.location = first.location
            replaced.append(unpacked)
            results = unpacked.results
        for output, result in zip(outputs, results, strict=False):
            result.name = output.name
            for use in [u for u in output.uses if u not in inside]:
                use.operands = [result if v is output else v for v in use.operands]
        if len(outputs) > 1:
            end[0].operands = outputs  # they are used there, and no longer outside
        for operation in inside:
            operation.operands = [taken.get(v, v) for v in operation.operands]
        block, gone = run.block, {*run.operations, *run.before}
        position = block.operations.index(first)
        before = [op for op in block.operations[:position] if op not in gone]
        after = [op for op in block.operations[position:] if op not in gone]
        set_operations(block, [*before, *replaced, *after])
        returned = Operation("return", [given], [], location=run.operations[-1].location)
        set_operations(made.body, [*run.operations, *end, returned])
        made.return_type = given.type
        self.program.add_function(made)
        return made.name


def _operation(name: str, operands: Sequence[Value], types: Sequence[Type]) -> Operation:
    return Operation(name, operands, types, opdef=REGISTRY[name])


def _values(function: Function) -> Iterator[Value]:
    yield from function.parameters
    for operation in function.walk():
        yield from operation.results
        for block in operation.blocks:
            yield from block.arguments


def _is_object(value: Value) -> bool:
    """Tell whether a value is, or holds, something other than arrays that can change."""
    type_ = resolve(value.type)
    if isinstance(type_, TupleType):
        return any(map(_is_object, (Value(t) for t in type_.elements)))
    return not isinstance(type_, TensorType) and is_mutable(type_)


def _viewed(value: Value) -> Value:
    """Return the array that a value is a view of, or a member of, as far as operations tell."""
    while isinstance(value, OpResult):
        made = value.operation
        first = made.operands[0] if made.operands else None
        if first is None or Trait.VIEW not in made.traits or made.blocks:
            break
        if Trait.FRESH in made.traits or not isinstance(prune(first.type), TensorType):
            break
        value = first
    return value


def _may_be_unbound(value: Value) -> bool:
    """Tell whether a value may be a variable that no path has assigned."""
    pending, seen = [value], set[Value]()
    while pending:
        value = pending.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, Constant):
            if value.value is UNBOUND:
                return True
        elif isinstance(value, OpResult):
            pending += _sources(value.operation, value.index)
        elif isinstance(value, BlockArgument) and isinstance(value.block.owner, Operation):
            loop = value.block.owner
            index = value.index - (loop.name == "for")
            if index >= 0:
                pending += _sources(loop, index)
    return False


def _sources(operation: Operation, index: int) -> Iterable[Value]:
    """Return what a result of control flow, or a carried value, may be."""
    if operation.opdef is not None or operation.name not in ("if", "refine", *LOOPS):
        return ()
    if operation.name == "refine":
        return operation.operands
    if operation.name == "if":
        ends = [block.terminator for block in operation.blocks]
        return [e.operands[index] for e in ends if e is not None and e.name == "yield"]
    jumps = [
        op.operands[index]
        for op in operation.walk()
        if op.opdef is None and op.name in ("break", "continue") and loop_around(op) is operation
    ]
    return [operation.operands[index + (operation.name == "for")], *jumps]


def _kind(type_: Type) -> str:
    """Return the name of a type for a sentence: what a list holds is another matter."""
    type_ = resolve(type_)
    return str(type_) if isinstance(type_, ListType) or type_ == NONE else str(type_).split("[")[0]
