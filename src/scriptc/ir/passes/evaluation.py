"""Building a function anew for narrower types: what is known is decided, the rest is copied.

The operations of a function are walked over in the order in which they run, and built again from
operands whose types are known now. Type rules give the types of results. What depends on constants
or types only is computed; of an `if` whose condition is known just one branch is built. A loop is
built with the types that its carried values start from, and once more with wider ones where a round
passes on values of other types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from scriptc.ir.builder import constant, infer_types, type_of
from scriptc.ir.graph import (
    UNBOUND,
    Block,
    BlockArgument,
    Constant,
    ExceptionRef,
    Function,
    FunctionRef,
    Instance,
    Operation,
    OpResult,
    Value,
)
from scriptc.ir.opdef import OpDef, RuleError
from scriptc.ir.ops import REGISTRY
from scriptc.ir.ops.rules import element_type
from scriptc.ir.passes.aliases import loop_around
from scriptc.ir.passes.constant_folding import constant_results
from scriptc.ir.passes.known_dicts import KnownDict, KnownDicts
from scriptc.ir.passes.known_types import identity_of_objects, parts_of, simplified
from scriptc.ir.passes.known_values import is_bound, loop_invariants
from scriptc.ir.passes.list_elements import SPLITS, Elements, part_of_split
from scriptc.ir.passes.object_state import Key, ObjectState
from scriptc.ir.passes.rewrite import detach, fits, set_operations
from scriptc.ir.text import is_pooled
from scriptc.ir.types import (
    NEVER,
    DictType,
    ListType,
    TensorType,
    Type,
    TypeVariable,
    either,
    map_type,
    members_of,
    prune,
    resolve,
    union,
)

_MAX_UNROLLED = 64
"""The largest number of operations that a loop over a tuple is unrolled to."""


_Build = Callable[[OpDef, Sequence[Value]], list[Value]]


@dataclass(slots=True)
class _Loop:
    """A loop that is being built.

    `kept` tells which of the carried values of the source are carried, `keys` which attributes,
    and `before` what attributes were before the loop. `changed` are those that are not what they
    were where a round, or the loop, ends, and are not carried.
    """

    kept: list[int]
    keys: list[Key]
    before: dict[Key, Value]
    jumps: list[Operation] = field(default_factory=list)
    changed: dict[Key, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Way:
    """One way through an `if`: its block, its `yield` in the source, and what is known there."""

    block: Block
    end: Operation
    values: list[Value | Instance]
    state: dict[Key, Value]
    yields: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Returned:
    """A `return` that was built, and what the attributes are there."""

    operation: Operation
    state: dict[Key, Value]


class Evaluator:
    """Builds `target`, whose parameters are there already, from the body of `source`."""

    def __init__(
        self,
        source: Function,
        target: Function,
        arguments: Sequence[Value | Instance],
        objects: ObjectState,
        elements: Elements | None = None,
        dicts: Mapping[KnownDict, Mapping[str, Value]] = MappingProxyType({}),
    ) -> None:
        self.source = source
        self.target = target
        self.objects = objects
        self.dicts = KnownDicts(objects)
        for owner, parts in dicts.items():
            self.dicts.take(owner, parts)
        self.block = target.body
        self.returns: list[Returned] = []
        self.elements = elements or {}
        self.lists: dict[Operation, list[Value]] = {}
        """The lists that operations of the source have become."""
        self._values: dict[Value, Value | Instance] = dict(
            zip(source.parameters, arguments, strict=True)
        )
        self._known: dict[Value, bool] = {}
        self._loops: list[_Loop] = []
        self._hoped = 0

    def run(self) -> None:
        """Build the body, and find the type of what is returned."""
        self._operations(self.source.body.operations)
        type_: Type | None = NEVER
        for returned in self.returns:
            type_ = None if type_ is None else either(type_, returned.operation.operands[0].type)
        self.target.return_type = self.source.return_type if type_ is None else resolve(type_)

    # --- values ---------------------------------------------------------------------------------

    def _value(self, old: Value) -> Value:
        new = self._operand(old)
        if isinstance(new, Instance):
            raise self.objects.refusal("an object of a class is used as a value", None)
        return new

    def _operand(self, old: Value) -> Value | Instance:
        known = self._values.get(old)
        if known is None:
            assert isinstance(old, Constant), old
            known = self._values[old] = _copied(old)
        return known

    def _bind(self, old: Iterable[Value], new: Iterable[Value | Instance]) -> None:
        for before, after in zip(old, new, strict=True):
            self._values[before] = after
            if not isinstance(after, Instance | Constant):
                after.name = after.name or before.name

    def _insert(self, operation: Operation, like: Operation) -> Operation:
        operation.location = like.location
        self.block.append(operation)
        return operation

    def _build(self, opdef: OpDef, operands: Sequence[Value], like: Operation) -> list[Value]:
        """Build an operation whose operands certainly fit, unless constants give its results."""
        known = constant_results(opdef, operands)
        if known:
            return list(known)
        types = [resolve(t) for t in infer_types(opdef, operands)]
        made = self._insert(Operation(opdef.name, operands, types, opdef=opdef), like)
        return list(made.results)

    # --- operations -----------------------------------------------------------------------------

    def _operations(self, operations: Iterable[Operation]) -> Operation | None:
        """Build operations up to a terminator, which is returned as it stands in the source.

        None if what is behind one of them is not reached.
        """
        for operation in operations:
            if operation.is_terminator:
                return operation if self._terminator(operation) else None
            if not self._operation(operation):
                return None
        raise AssertionError("a block ends in a terminator")

    def _operation(self, operation: Operation) -> bool:
        """Build an operation; tell whether what follows can be reached."""
        if operation.opdef is not None:
            self._regular(operation, operation.opdef)
            return True
        match operation.name:
            case "if":
                return self._if(operation)
            case "for" | "loop":
                return self._any_loop(operation)
            case "refine":
                return self._refine(operation)
            case "check_bound":
                self._check_bound(operation)
            case "get_attr":
                self._get_attr(operation)
            case "set_attr":
                self._set_attr(operation)
            case _:
                self._call(operation)
        return True

    def _regular(self, operation: Operation, opdef: OpDef) -> None:
        given = [self._operand(value) for value in operation.operands]
        if operation.name == "tuple":
            given = [self._left(value, operation, returned=False) for value in given]
        known_dict = self.dicts.apply(operation, given, self.block)
        if known_dict is not None:
            self._bind(operation.results[: len(known_dict)], known_dict)
            return
        if any(isinstance(value, Instance) for value in given):
            decided = identity_of_objects(operation, given)
            if decided is None:
                raise self.objects.refusal(
                    f"`{operation.name}` takes an object of a class", operation.location
                )
            self._bind(operation.results, decided)
            return
        operands = [value for value in given if isinstance(value, Value)]
        known: Sequence[Value] = constant_results(opdef, operands, len(operation.results))
        known = known or simplified(operation, operands, self._build_like(operation))
        if known:
            self._bind(operation.results, known)
            return
        types, operands = self._inferred(operation, opdef, operands)
        made = Operation(operation.name, operands, types, opdef=opdef)
        self._insert(made, operation)
        results: Sequence[Value] = made.results
        if operation.name == "list" or operation.name in SPLITS:
            results = [self._list(operation, made)]
        self._bind(operation.results, results)

    def _list(self, operation: Operation, made: Operation) -> Value:
        """Return a list of arrays as one of the elements that it is known to hold.

        As long as nothing is known of one that an array was split into, it is hoped to hold the
        parts only; what is found out then is right in any case.
        """
        value: Value = made.result
        kind = prune(value.type)
        if not isinstance(kind, ListType) or not isinstance(prune(kind.element), TensorType):
            return value
        element = self.elements.get(operation)
        if operation not in self.elements and operation.name in SPLITS:
            element = part_of_split(made)
        if element is not None and element != prune(kind.element):
            value = self._hidden(ListType(element), value, operation)
        self.lists.setdefault(operation, []).append(value)
        return value

    def _inferred(
        self, operation: Operation, opdef: OpDef, operands: list[Value]
    ) -> tuple[list[Type], list[Value]]:
        """Return the types of the results, and the operands, which may be hidden.

        Where the type rule shows that the operation will raise, it is built for the types that it
        was written for: it raises when it runs.
        """
        before = [result.type for result in operation.results]
        if self._hoped and any(value.type == NEVER for value in operands):
            # A variable that is not bound in the first round: another round will know its type.
            return [NEVER] * len(before), operands
        try:
            inferred = infer_types(opdef, operands)
        except RuleError:
            operands = [
                new if isinstance(old, Constant) else self._hidden(old.type, new, operation)
                for old, new in zip(operation.operands, operands, strict=True)
            ]
            return before, operands
        return [_filled(a, b) for a, b in zip(inferred, before, strict=True)], operands

    def _hidden(self, type_: Type, value: Value, like: Operation) -> Value:
        return self._insert(Operation("refine", [value], [type_]), like).result

    def _refine(self, operation: Operation) -> bool:
        given, wanted = self._operand(operation.operands[0]), operation.result.type
        if isinstance(given, Instance):
            self._bind(operation.results, [given])
            return True
        type_ = _refined(given.type, wanted)
        if type_ is None:
            # A test has shown the type wherever this is reached, and so it is not.
            self._insert(Operation("unreachable", [], []), operation)
            return False
        if type_ != given.type:
            given = self._hidden(type_, given, operation)
        self._bind(operation.results, [given])
        return True

    def _check_bound(self, operation: Operation) -> None:
        value = self._operand(operation.operands[0])
        if isinstance(value, Instance) or is_bound(value):
            self._bind(operation.results, [value])
            return
        name = self._value(operation.operands[1])
        made = Operation("check_bound", [value, name], [value.type])
        self._insert(made, operation)
        self._bind(operation.results, made.results)

    def _call(self, operation: Operation) -> None:
        operands = [self._value(value) for value in operation.operands]
        made = Operation("call", operands, [r.type for r in operation.results])
        self._insert(made, operation)
        self._bind(operation.results, made.results)

    def _left(
        self, value: Value | Instance, operation: Operation, *, returned: bool
    ) -> Value | Instance:
        """Return a dict that was followed as a value; anything else as it is."""
        if not isinstance(value, KnownDict):
            return value
        parts = self.dicts.parts(value, operation, returned=returned)
        made = Operation("dict", parts, [value.type], opdef=REGISTRY["dict"])
        return self._insert(made, operation).result

    # --- attributes -----------------------------------------------------------------------------

    def _owner(self, operation: Operation) -> Instance:
        owner = self._operand(operation.operands[0])
        if not isinstance(owner, Instance):
            raise self.objects.refusal("which object it is depends on the run", operation.location)
        return owner

    def _get_attr(self, operation: Operation) -> None:
        name = operation.operands[1]
        assert isinstance(name, Constant)
        value = self.objects.read(self._owner(operation), name.value, operation)
        self._values[operation.result] = value

    def _set_attr(self, operation: Operation) -> None:
        name = operation.operands[1]
        assert isinstance(name, Constant)
        value = self._operand(operation.operands[2])
        self.objects.assign(self._owner(operation), name.value, value, operation)

    # --- terminators ----------------------------------------------------------------------------

    def _terminator(self, operation: Operation) -> bool:
        """Build a terminator other than `yield`; tell whether it was a `yield`."""
        match operation.name:
            case "yield":
                return True
            case "continue" | "break":
                self._jump(operation)
            case "return":
                value = self._left(self._operand(operation.operands[0]), operation, returned=True)
                if isinstance(value, Instance):
                    raise self.objects.refusal("an object of a class is returned", None)
                made = self._insert(Operation("return", [value], []), operation)
                state = self.objects.state.items()
                kept = {key: value for key, value in state if self.objects.has_initial(key)}
                self.returns.append(Returned(made, kept))
            case _:
                operands = [self._value(value) for value in operation.operands]
                self._insert(Operation(operation.name, operands, []), operation)
        return False

    def _jump(self, operation: Operation) -> None:
        loop, state = self._loops[-1], self.objects.state
        loop.changed |= dict.fromkeys(
            key for key in self._changed_keys(loop.before, [state]) if key not in loop.keys
        )
        operands = [self._value(operation.operands[i]) for i in loop.kept]
        operands += [self.objects.current(key) for key in loop.keys]
        loop.jumps.append(self._insert(Operation(operation.name, operands, []), operation))

    # --- if -------------------------------------------------------------------------------------

    def _if(self, operation: Operation) -> bool:
        condition = self._value(operation.operands[0])
        taken = self._known.get(condition)
        if isinstance(condition, Constant):
            taken = bool(condition.value)
        if taken is None:
            return self._both(operation, condition)
        end = self._operations(operation.blocks[0 if taken else 1].operations)
        if end is None:
            return False
        self._bind(operation.results, [self._operand(v) for v in end.operands])
        return True

    def _both(self, operation: Operation, condition: Value) -> bool:
        made = Operation("if", [condition], [])
        before, outer = self.objects.state, self.block
        ways: list[_Way] = []
        for inner, taken in zip(operation.blocks, (True, False), strict=True):
            self.objects.state = dict(before)
            self._known[condition] = taken
            self.block = made.add_block()
            end = self._operations(inner.operations)
            if end is not None:
                yielded = [self._operand(v) for v in end.operands]
                ways.append(_Way(self.block, end, yielded, self.objects.state))
        del self._known[condition]
        self.block, self.objects.state = outer, before
        self._insert(made, operation)
        if not ways:
            self._insert(Operation("unreachable", [], []), operation)
            return False
        for index, result in enumerate(operation.results):
            merged = self._merged(made, ways, [way.values[index] for way in ways], result.type)
            self._bind([result], [merged])
        for key in self._changed_keys(before, [way.state for way in ways]):
            values = [way.state.get(key) or self.objects.initial(key) for way in ways]
            merged = self._merged(made, ways, values, None)
            assert isinstance(merged, Value)
            before[key] = merged
        for way in ways:
            operands = _bound_as([result.type for result in made.results], way.yields)
            way.block.append(Operation("yield", operands, [], location=way.end.location))
        return True

    def _merged(
        self,
        made: Operation,
        ways: Sequence[_Way],
        values: Sequence[Value | Instance],
        type_: Type | None,
    ) -> Value | Instance:
        """Return what a value is behind an `if`: the same on all ways, or a result of it."""
        first = values[0]
        if all(value is first for value in values) and (
            isinstance(first, Instance) or len(values) > 1 or not _is_inside(first, made)
        ):
            return first
        merged: Type | None = NEVER
        for way, value in zip(ways, values, strict=True):
            if isinstance(value, Instance):
                raise self.objects.refusal("which object it is depends on the run", made.location)
            way.yields.append(value)
            merged = None if merged is None else either(merged, _flowing(value))
        if merged is None or merged == NEVER:
            merged = type_
        if merged is None:
            raise self.objects.refusal("an attribute has no one type", made.location)
        result = OpResult(made, len(made.results), resolve(merged))
        made.results.append(result)
        return result

    def _changed_keys(
        self, before: dict[Key, Value], states: Sequence[dict[Key, Value]]
    ) -> list[Key]:
        """Return the attributes that are not what they were, each once."""
        found: dict[Key, None] = {}
        for state in states:
            for key, value in state.items():
                if key not in before and not self.objects.has_initial(key):
                    continue  # of a dict that was made inside
                if value is not (before.get(key) or self.objects.initial(key)):
                    found[key] = None
        return list(found)

    # --- loops ----------------------------------------------------------------------------------

    def _any_loop(self, operation: Operation) -> bool:
        if operation.name == "for":
            items = parts_of(self._value(operation.operands[0]), self._build_like(operation))
            if items is not None and _is_unrollable(operation, len(items)):
                return self._unroll(operation, items)
        return self._loop(operation)

    def _build_like(self, operation: Operation) -> _Build:
        return lambda opdef, operands: self._build(opdef, operands, operation)

    def _unroll(self, operation: Operation, items: Sequence[Value]) -> bool:
        body = operation.blocks[0]
        item, *arguments = body.arguments
        *inside, end = body.operations
        values = [self._operand(v) for v in operation.operands[1:]]
        for each in items:
            self._bind(arguments, values)
            self._values[item] = each
            for inner in inside:
                if not self._operation(inner):
                    return False
            values = [self._operand(v) for v in end.operands]
        self._bind(operation.results, values)
        return True

    def _loop(self, operation: Operation) -> bool:  # noqa: PLR0915 - one way through
        first = operation.name == "for"
        body = operation.blocks[0]
        starts = [self._operand(v) for v in operation.operands[first:]]
        arguments = body.arguments[first:]
        kept = list(range(len(starts)))
        for same, start in loop_invariants(operation):
            self._values[same] = self._operand(start)
            if isinstance(same, BlockArgument):
                kept.remove(same.index - first)
        once = not first and not any(j.name == "continue" for j in jumps_of(operation))
        carried: list[Value] = []
        for index in kept:
            value = starts[index]
            if isinstance(value, Instance):
                raise self.objects.refusal(
                    "which object it is depends on the run", operation.location
                )
            carried.append(value)
        before, outer, returns = self.objects.state, self.block, len(self.returns)
        fixed = self._fixed_operands(operation)
        declared: list[Type | None] = [operation.results[i].type for i in kept]
        # Nobody reads what goes into a loop that runs once: its body has the values themselves.
        types = [NEVER if once else _flowing(value) for value in carried]
        keys: list[Key] = []
        while True:
            given = carried + [before.get(key) or self.objects.initial(key) for key in keys]
            made = Operation(operation.name, [], types)
            self.block = block = made.add_block()
            if first:
                item = block.add_argument(element_type(fixed[0].type), body.arguments[0].name)
                self._values[body.arguments[0]] = item
            fresh = [block.add_argument(type_) for type_ in types]
            self.objects.state = dict(before)
            if once:
                self._bind([arguments[i] for i in kept], carried)
            else:
                self._bind([arguments[i] for i in kept], fresh[: len(kept)])
                self.objects.state.update(zip(keys, fresh[len(kept) :], strict=True))
            loop = _Loop(kept, keys, before)
            self._loops.append(loop)
            self._hoped += NEVER in types
            self._operations(body.operations)
            self._hoped -= NEVER in types
            self._loops.pop()
            self.block = outer
            if once and _is_straight(block, loop.jumps):
                return self._splice(operation, block, loop)
            wider = self._widened(types, declared, loop.jumps, operation)
            if not loop.changed and wider == types:
                break
            detach(block.operations)
            del self.returns[returns:]
            added = list(loop.changed)
            keys = keys + added
            declared += [None] * len(added)
            starting = [_flowing(before.get(key) or self.objects.initial(key)) for key in added]
            types = wider + ([NEVER] * len(added) if once else starting)
        if once:
            given = [constant(UNBOUND, type_) for type_ in types]
        made.operands = [*fixed, *_bound_as(types, given)]
        for jump in loop.jumps:
            jump.operands = _bound_as(types, jump.operands)
        self._insert(made, operation)
        self.objects.state = before
        if not first and not any(jump.name == "break" for jump in loop.jumps):
            self._insert(Operation("unreachable", [], []), operation)
            return False
        self._bind([operation.results[i] for i in kept], made.results[: len(kept)])
        before.update(zip(keys, made.results[len(kept) :], strict=True))
        return True

    def _fixed_operands(self, operation: Operation) -> list[Value]:
        """Return what a `for` walks over; nothing for a `loop`."""
        if operation.name != "for":
            return []
        iterable = self._value(operation.operands[0])
        try:
            element_type(iterable.type)
        except RuleError:
            iterable = self._hidden(operation.operands[0].type, iterable, operation)
        return [iterable]

    def _widened(
        self,
        types: Sequence[Type],
        declared: Sequence[Type | None],
        jumps: Sequence[Operation],
        like: Operation,
    ) -> list[Type]:
        """Return the types of carried values that hold what the jumps pass on, too."""
        wider: list[Type] = []
        for index, (type_, fallback) in enumerate(zip(types, declared, strict=True)):
            found: Type | None = type_
            for jump in jumps:
                found = None if found is None else either(found, _flowing(jump.operands[index]))
            if found is None or (found == NEVER and type_ == NEVER):
                found = fallback
            if found is None:
                raise self.objects.refusal("an attribute has no one type", like.location)
            wider.append(resolve(found))
        return wider

    def _splice(self, operation: Operation, block: Block, loop: _Loop) -> bool:
        """Put the body of a loop that runs once, and is left at its end only, in its place."""
        inside, end = block.operations, None
        if loop.jumps:
            *inside, end = inside
        set_operations(self.block, [*self.block.operations, *inside])
        if end is None:
            return False
        values = end.operands[: len(loop.kept)]
        self._bind([operation.results[i] for i in loop.kept], values)
        detach([end])
        return True


def jumps_of(loop: Operation) -> list[Operation]:
    """Return the `continue` and `break` operations of a loop."""
    return [
        operation
        for operation in loop.walk()
        if operation.name in ("continue", "break")
        and operation.opdef is None
        and loop_around(operation) is loop
    ]


def _copied(old: Constant) -> Constant:
    """Return a copy of a constant, under its own type; what is pooled has the one it was given."""
    value = old.value
    if value is UNBOUND or is_pooled(value) or isinstance(value, FunctionRef | ExceptionRef):
        return Constant(value, old.type, old.name)
    return Constant(value, type_of(value), old.name)


def _flowing(value: Value) -> Type:
    """Return the type of a value, `never` if it is not bound."""
    if isinstance(value, Constant) and value.value is UNBOUND:
        return NEVER
    return value.type


def _bound_as(types: Sequence[Type], values: Sequence[Value]) -> list[Value]:
    """Return values as they flow into others of these types: what is unbound is so as any type."""
    return [
        constant(UNBOUND, type_) if _flowing(value) == NEVER != value.type else value
        for type_, value in zip(types, values, strict=True)
    ]


def _filled(inferred: Type, declared: Type) -> Type:
    """Return what a rule has inferred; the declared type where a container was made empty."""
    return declared if _is_open(inferred) else resolve(inferred)


def _is_open(type_: Type) -> bool:
    type_ = prune(type_)
    if isinstance(type_, TypeVariable):
        return True
    match type_:
        case ListType(element):
            return prune(element) == NEVER or _is_open(element)
        case DictType(key, value):
            return NEVER in (prune(key), prune(value)) or _is_open(key) or _is_open(value)
    found = False

    def look(part: Type) -> Type:
        nonlocal found
        found = found or _is_open(part)
        return part

    map_type(type_, look)
    return found


def _refined(given: Type, wanted: Type) -> Type | None:
    """Return the type of a value that a test has shown to be of a type, or None if it cannot be."""
    if fits(wanted, given):
        return given
    members = [member for member in members_of(given) if fits(wanted, member)]
    if members:
        return union(members)
    narrower = [member for member in members_of(wanted) if fits(given, member)]
    return union(narrower) if narrower else None


def _is_inside(value: Value, operation: Operation) -> bool:
    """Tell whether a value is made inside an operation."""
    if isinstance(value, Constant):
        return False
    if isinstance(value, OpResult):
        block = value.operation.parent
    else:
        assert isinstance(value, BlockArgument)
        block = value.block
    while block is not None and isinstance(block.owner, Operation):
        if block.owner is operation:
            return True
        block = block.owner.parent
    return False


def _is_straight(block: Block, jumps: Sequence[Operation]) -> bool:
    """Tell whether a body that runs once is left at its end, or not at all."""
    return not jumps or (len(jumps) == 1 and block.operations[-1] is jumps[0])


def _is_unrollable(loop: Operation, count: int) -> bool:
    """Tell whether a loop over a tuple may be written out: it is short, and left at its end."""
    body = loop.blocks[0]
    size = sum(1 for _ in body.walk())
    jumps = jumps_of(loop)
    return (
        count * size <= _MAX_UNROLLED
        and len(jumps) == 1
        and jumps[0] is body.operations[-1]
        and jumps[0].name == "continue"
    )
