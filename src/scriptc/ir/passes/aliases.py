"""Which values of a function may share memory, which memory is written, and what gets out.

The analysis is conservative and does not look at the order of operations. Values that may reach
common memory, the elements of containers included, form one set. Everything that the outside
holds (arguments, attributes, pooled constants, what calls take and return) is in one set too, since
a caller may pass the same array twice, or one that is also an attribute.

Equal values that are not one object can be told apart: arrays and containers by writing into one of
them and by `is`; NaNs too, since `nan in [nan]` asks for the object first.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

import numpy as np

from scriptc.ir.graph import Constant, Function, Operation, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.text import LOOPS, pooled_parts
from scriptc.ir.types import (
    ATOMS,
    COMPLEX,
    FLOAT,
    NONE,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
)

_IMMUTABLE = frozenset(ATOMS.values())


@cache
def is_mutable(type_: Type) -> bool:
    """Tell whether values of a type are, or hold, objects that can change."""
    match type_:
        case TupleType(parts) | UnionType(parts):
            return any(map(is_mutable, parts))
        case VariadicTupleType(element):
            return is_mutable(element)
    return type_ not in _IMMUTABLE


@cache
def holds_mutable(type_: Type) -> bool:
    """Tell whether values of a type may hold other objects that can change."""
    match type_:
        case ListType(element) | IteratorType(element) | ViewType(element):
            return is_mutable(element)
        case DictType(key, value):
            return is_mutable(key) or is_mutable(value)
        case UnionType(members):
            return any(map(holds_mutable, members))
    return isinstance(type_, TupleType | VariadicTupleType) and is_mutable(type_)


@cache
def has_identity(type_: Type) -> bool:
    """Tell whether equal values of a type are not interchangeable, as long as both exist."""
    match type_:
        case TupleType(parts) | UnionType(parts):
            return any(map(has_identity, parts))
        case VariadicTupleType(element):
            return has_identity(element)
    return type_ in (FLOAT, COMPLEX) or is_mutable(type_)


@cache
def _holds_identity(type_: Type) -> bool:
    """Tell whether values of a type may hold others that are not interchangeable."""
    match type_:
        case UnionType(members):
            return any(map(_holds_identity, members))
        case DictType(key, value):
            return has_identity(key) or has_identity(value)
        case ListType(element) | VariadicTupleType(element):
            return has_identity(element)
        case IteratorType(element) | ViewType(element):
            return has_identity(element)
        case TupleType(elements):
            return any(map(has_identity, elements))
    return False


@cache
def holds_iterator(type_: Type) -> bool:
    """Tell whether values of a type are, or hold, iterators: whoever walks over one uses it up."""
    match type_:
        case IteratorType():
            return True
        case TupleType(parts) | UnionType(parts):
            return any(map(holds_iterator, parts))
        case DictType(key, value):
            return holds_iterator(key) or holds_iterator(value)
        case ListType(element) | VariadicTupleType(element) | ViewType(element):
            return holds_iterator(element)
    return False


def is_tracked(value: Value) -> bool:
    """Tell whether a value is, or holds, an object that can change."""
    if isinstance(value, Constant):
        return any(not isinstance(part, np.generic) for part in pooled_parts(value.value))
    return is_mutable(value.type)


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation changes.

    `writes` are values whose memory it changes, and `attribute` is the name of one that it sets.
    `walks` tells that it uses up iterators, and `outside` that it does what a call may do.
    """

    writes: tuple[Value, ...] = ()
    attribute: str | None = None
    walks: bool = False
    outside: bool = False


_NOTHING = Effect()


class Aliases:
    """The analysis of one function, as it was when this was made.

    `private` are constants, and attributes that are read, whose memory nobody outside has.
    """

    def __init__(self, function: Function, private: AbstractSet[Value] = frozenset()) -> None:
        self.external = Value(NONE, "external")
        """Stands for all memory that the outside can reach."""
        self._private = private
        self._parents: dict[Value, Value] = {}
        self._sources: dict[Value, list[Value]] = {}
        self._captured: list[tuple[Value, Value]] = []
        self._effects: dict[Operation, Effect] = {}
        self._gone: list[Value] = []
        self._compared: list[Value] = []
        for parameter in function.parameters:
            self._join(parameter, self.external)
        for operation in function.walk():
            self._visit(operation)
        self._written = {
            self.root(value) for effect in self._effects.values() for value in effect.writes
        }
        gone = self._origins([*self._gone, self.external])
        self._escaping = gone
        self._observed = gone | self._origins(self._compared)

    def root(self, value: Value) -> Value:
        """Return the representative of the set of values that may share memory with this one."""
        parents = self._parents
        root = value
        while (above := parents.get(root, root)) is not root:
            root = above
        while value is not root:
            parents[value], value = root, parents.get(value, value)
        return root

    def effect(self, operation: Operation) -> Effect:
        """Return what an operation itself changes; what stands inside it counts for itself."""
        return self._effects.get(operation, _NOTHING)

    def is_written(self, value: Value) -> bool:
        """Tell whether the function may write memory that the value can reach."""
        return is_tracked(value) and self.root(value) in self._written

    def escapes(self, value: Value) -> bool:
        """Tell whether the object may be returned, stored outside, or passed to a call."""
        return value in self._escaping

    def is_observed(self, value: Value) -> bool:
        """Tell whether the object escapes, or the function may ask which object it is."""
        return value in self._observed

    # --- building -------------------------------------------------------------------------------

    def _join(self, a: Value, b: Value) -> None:
        if (a is self.external or is_tracked(a)) and (b is self.external or is_tracked(b)):
            x, y = self.root(a), self.root(b)
            if x is not y:
                self._parents[x] = y

    def _flow(self, source: Value, target: Value) -> None:
        """Note that `target` may be, or hold, the object `source`."""
        if has_identity(source.type) and has_identity(target.type):
            self._sources.setdefault(target, []).append(source)
            self._join(source, target)

    def _flow_all(self, sources: Iterable[Value], targets: Iterable[Value]) -> None:
        for source, target in zip(sources, targets, strict=True):
            self._flow(source, target)

    def _leaves(self, values: Iterable[Value]) -> None:
        self._gone += values

    def _visit(self, operation: Operation) -> None:
        for operand in operation.operands:
            if isinstance(operand, Constant) and operand not in self._private:
                self._join(operand, self.external)
        if operation.opdef is not None:
            self._regular(operation)
        elif operation.is_terminator:
            self._terminator(operation)
        elif operation.name in LOOPS:
            self._loop(operation)
        elif operation.name == "call":
            for value in (*operation.operands, *operation.results):
                self._join(value, self.external)
            self._leaves(operation.operands)
            self._effects[operation] = Effect((self.external,), walks=True, outside=True)
        elif operation.name == "get_attr":
            if operation.result not in self._private:
                self._join(operation.result, self.external)
        elif operation.name == "set_attr":
            _, name, value = operation.operands
            assert isinstance(name, Constant)
            self._join(value, self.external)
            self._leaves([value])
            self._effects[operation] = Effect(attribute=name.value)
        elif operation.name != "if":
            self._flow(operation.operands[0], operation.result)

    def _regular(self, operation: Operation) -> None:
        traits, operands = operation.traits, operation.operands
        for result in operation.results:
            fresh = Trait.FRESH in traits and isinstance(result.type, TensorType)
            view = Trait.VIEW in traits or Trait.PURE not in traits or holds_mutable(result.type)
            if view and not fresh:
                for operand in operands:
                    self._flow(operand, result)
        # An array copies what is stored in it.
        if Trait.CAPTURES in traits and not isinstance(operands[0].type, TensorType):
            first, *others = operands
            for other in others:
                if has_identity(other.type):
                    self._join(first, other)
                    self._captured.append((first, other))
        if Trait.IDENTITY in traits or any(
            _holds_identity(value.type) for value in (*operands, *operation.results)
        ):
            self._compared += operands
        outside = Trait.EFFECT in traits
        if outside:
            self._leaves(operands)
        writes = operands[:1] if Trait.WRITES in traits else []
        walks = any(holds_iterator(value.type) for value in operands)
        if writes or walks or outside:
            self._effects[operation] = Effect(tuple(writes), walks=walks, outside=outside)

    def _loop(self, operation: Operation) -> None:
        arguments, starts = list(operation.blocks[0].arguments), list(operation.operands)
        if operation.name == "for":
            iterable, item = starts.pop(0), arguments.pop(0)
            self._flow(iterable, item)
            if holds_iterator(iterable.type):
                self._effects[operation] = Effect(walks=True)
        self._flow_all(starts, arguments)
        self._flow_all(arguments, operation.results)

    def _terminator(self, operation: Operation) -> None:
        if operation.name in ("return", "raise"):
            self._leaves(operation.operands)
        elif operation.name == "yield":
            self._flow_all(operation.operands, owner_of(operation).results)
        elif operation.name in ("break", "continue"):
            loop = loop_around(operation)
            assert loop is not None
            self._flow_all(operation.operands, loop.results)
            first = loop.name == "for"
            self._flow_all(operation.operands, loop.blocks[0].arguments[first:])

    def _origins(self, values: Iterable[Value]) -> set[Value]:
        """Follow values back to where the objects that they are, or hold, came from."""
        contents: dict[Value, list[Value]] = {}
        for container, value in self._captured:
            contents.setdefault(self.root(container), []).append(value)
        pending = list(values)
        found: set[Value] = set()
        while pending:
            value = pending.pop()
            if value in found:
                continue
            found.add(value)
            pending += self._sources.get(value, [])
            pending += contents.pop(self.root(value), [])
        return found


def writes_outside(function: Function) -> bool:
    """Tell whether a function itself may change objects that it did not make.

    Those are attributes, its arguments, and whatever may share memory with them. What it calls
    counts for itself.
    """
    operations = list(function.walk())
    if any(o.name == "set_attr" and o.opdef is None for o in operations):
        return True
    writes = [o.operands[0] for o in operations if Trait.WRITES in o.traits]
    if not writes:
        return False
    aliases = Aliases(function)
    outside = aliases.root(aliases.external)
    return any(is_tracked(value) and aliases.root(value) is outside for value in writes)


def owner_of(operation: Operation) -> Operation:
    """Return the operation that owns the block of this one."""
    assert operation.parent is not None
    assert isinstance(operation.parent.owner, Operation)
    return operation.parent.owner


def loop_around(operation: Operation) -> Operation | None:
    """Return the innermost loop around an operation, if there is one."""
    block = operation.parent
    while block is not None and isinstance(block.owner, Operation):
        if block.owner.name in LOOPS and block.owner.opdef is None:
            return block.owner
        block = block.owner.parent
    return None
