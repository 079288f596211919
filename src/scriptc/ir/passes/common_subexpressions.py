"""Computing once what is computed twice from the same operands and the same memory."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from scriptc.ir.graph import Block, Constant, Function, Operation, Value
from scriptc.ir.opdef import Trait
from scriptc.ir.passes.aliases import (
    Aliases,
    has_identity,
    holds_iterator,
    is_tracked,
    loop_around,
)
from scriptc.ir.passes.base import FunctionPass
from scriptc.ir.passes.rewrite import detach, set_operations
from scriptc.ir.text import LOOPS, is_pooled

_SAME_OBJECT = ("get_attr", "refine", "check_bound")
"""Structural operations whose result is one object each time, not a new one."""


@dataclass(frozen=True)
class CommonSubexpressions(FunctionPass):
    """Replaces a pure operation by an earlier one that dominates it and must give the same.

    The operation may raise: where the earlier one did, the later one is not reached. Between the
    two nothing may write what they read. Two results that are, or may be, objects of their own
    become one object only if nobody can tell: their memory is never written in the function, and at
    most one of them gets out of it, or is asked for its identity, once.
    """

    def apply_to_function(self, function: Function) -> bool:
        return _Merger(function).run()


class _Merger:
    """Walks over a function in order; `known` holds what was computed and still is visible.

    Memory is versioned: each set of values that may share memory has a clock, and so has each
    attribute by its name. What is read under another time is another value.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.aliases = Aliases(function)
        self.known: dict[Hashable, Operation] = {}
        self.observed: set[Value] = set()
        self.clocks: dict[Value, int] = {}
        self.attributes: dict[str, int] = {}
        self.outside = 0
        self.walked = 0
        self.changed = False

    def run(self) -> bool:
        self._block(self.function.body)
        return self.changed

    def _block(self, block: Block) -> None:
        added: list[Hashable] = []
        kept: list[Operation] = []
        dropped: list[Operation] = []
        for operation in block.operations:
            key = self._key(operation)
            if key is not None:
                earlier = self.known.get(key)
                if earlier is not None and self._may_merge(earlier, operation):
                    self._merge(earlier, operation)
                    dropped.append(operation)
                    continue
                if earlier is None:
                    self.known[key] = operation
                    added.append(key)
            kept.append(operation)
            if operation.name in LOOPS and operation.opdef is None:
                # The second round sees what the first one wrote.
                for inner in operation.walk():
                    self._advance(inner)
            for nested in operation.blocks:
                self._block(nested)
            self._advance(operation)
        if dropped:
            detach(dropped)
            set_operations(block, kept)
        for key in added:
            del self.known[key]

    def _advance(self, operation: Operation) -> None:
        effect = self.aliases.effect(operation)
        for value in effect.writes:
            root = self.aliases.root(value)
            self.clocks[root] = self.clocks.get(root, 0) + 1
        if effect.attribute is not None:
            self.attributes[effect.attribute] = self.attributes.get(effect.attribute, 0) + 1
        self.walked += effect.walks
        self.outside += effect.outside

    def _key(self, operation: Operation) -> Hashable | None:
        """Return what an operation computes, or None if it must stay."""
        traits = operation.traits
        if Trait.PURE not in traits or any(holds_iterator(r.type) for r in operation.results):
            return None
        attribute = operation.opdef is None and operation.name == "get_attr"
        timeless = attribute or Trait.METADATA in traits
        operands = [self._operand_key(value, timeless) for value in operation.operands]
        if Trait.COMMUTATIVE in traits and len(operands) == 2:
            operands.sort(key=repr)
        parts: list[Hashable] = [operation.opdef or operation.name, *operands]
        parts += [result.type for result in operation.results]
        if attribute:
            name = operation.operands[1]
            assert isinstance(name, Constant)
            parts += [self.attributes.get(name.value, 0), self.outside]
        return tuple(parts)

    def _operand_key(self, value: Value, timeless: bool) -> Hashable:
        clock = walked = 0
        if not timeless and is_tracked(value):
            clock = self.clocks.get(self.aliases.root(value), 0)
            walked = self.walked if holds_iterator(value.type) else 0
        if isinstance(value, Constant):
            return "constant", constant_key(value.value), str(value.type), clock
        return "value", id(value), clock, walked

    def _may_merge(self, earlier: Operation, later: Operation) -> bool:
        if earlier.opdef is None and earlier.name in _SAME_OBJECT:
            return True
        for a, b in zip(earlier.results, later.results, strict=True):
            if not has_identity(a.type):
                continue
            if self.aliases.is_written(a) or self.aliases.is_written(b):
                return False
            observed = [v in self.observed or self.aliases.is_observed(v) for v in (a, b)]
            if all(observed):
                return False
            # Each round of a loop makes an object of its own.
            if any(observed) and loop_around(earlier) is not loop_around(later):
                return False
        return True

    def _merge(self, earlier: Operation, later: Operation) -> None:
        self.changed = True
        for kept, result in zip(earlier.results, later.results, strict=True):
            if result in self.observed or self.aliases.is_observed(result):
                self.observed.add(kept)
            kept.name = kept.name or result.name
            result.replace_all_uses_with(kept)


def constant_key(value: Any) -> Hashable:
    """Return what two constants have in common if one may stand for the other."""
    if type(value) is tuple:
        return "tuple", *map(constant_key, value)
    if is_pooled(value):
        return "object", id(value)
    if isinstance(value, float):
        return "float", repr(value), math.copysign(1.0, value)
    if isinstance(value, complex):
        return "complex", constant_key(value.real), constant_key(value.imag)
    return type(value).__name__, repr(value)
