"""Computing at compile time what depends on constants only, and what follows from that.

The kernel of an operation is its meaning, so folding runs it. What raises, or warns, is left to do
so at run time. `known_values.py` has what is known without running anything.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc.ir.builder import constant, type_of
from scriptc.ir.graph import UNBOUND, Block, Constant, Function, Operation, Value
from scriptc.ir.opdef import OpDef, RuleError, Trait
from scriptc.ir.passes.aliases import Aliases, is_mutable
from scriptc.ir.passes.base import FunctionPass
from scriptc.ir.passes.known_values import known_results, loop_invariants
from scriptc.ir.passes.rewrite import can_replace, detach, fits, replace
from scriptc.ir.text import LOOPS, is_pooled
from scriptc.ir.types import TensorType

_MAX_INT = 4096
"""The largest count, width or exponent that is tried out where it may decide what that costs."""
_MAX_TEXT = 4096
_MAX_PARTS = 1024
_LONG_NUMBER = re.compile(r"\d{4}")


@dataclass(frozen=True)
class ConstantFolding(FunctionPass):
    """Replaces operations on constants by their results, and takes the known branch of an `if`.

    An operation is folded if it is pure, all its operands are inline constants, and the result is
    an immutable scalar, string or tuple of moderate size. What returns one of its operands in any
    case is replaced by it: an element of a tuple that was just made, a variable that is bound.

    With `arrays`, read-only arrays that own their memory count as constants too, and results may be
    such arrays, of up to `max_elements` elements, where nothing in the function writes them, hands
    them out or asks for their identity.
    """

    arrays: bool = False
    max_elements: int = 1 << 22

    def apply_to_function(self, function: Function) -> bool:
        return _Folder(self, function).run()


class _Folder:
    def __init__(self, options: ConstantFolding, function: Function) -> None:
        self.options = options
        self.function = function
        self.aliases: Aliases | None = None
        self.known: dict[Value, bool] = {}
        self.changed = False
        if options.arrays:
            frozen = {v for v in constants_in(function) if _is_frozen(v.value)}
            self.aliases = Aliases(function, frozen)

    def run(self) -> bool:
        self._block(self.function.body)
        return self.changed

    def _block(self, block: Block) -> None:
        """Fold a block; operations may come and go behind the one that is looked at."""
        position = 0
        while position < len(block.operations):
            operation = block.operations[position]
            if self._fold(operation):
                block.operations.remove(operation)
                detach([operation])
                self.changed = True
                continue
            if operation.opdef is None and operation.name == "if":
                condition = operation.operands[0]
                taken = self.known.get(condition, _bool(condition))
                if taken is not None:
                    self._take(block, position, operation.blocks[0 if taken else 1])
                    self.changed = True
                    continue
                self._branches(operation, condition)
            elif operation.opdef is None and operation.name in LOOPS:
                for old, new in loop_invariants(operation):
                    if old.uses and can_replace(old, new):
                        replace(old, new)
                        self.changed = True
                self._block(operation.blocks[0])
            position += 1

    def _branches(self, operation: Operation, condition: Value) -> None:
        for inner, taken in zip(operation.blocks, (True, False), strict=True):
            self.known[condition] = taken
            self._block(inner)
        del self.known[condition]
        for result, value in known_results(operation):
            if result.uses:
                replace(result, value)
                self.changed = True

    @staticmethod
    def _take(block: Block, position: int, chosen: Block) -> None:
        """Put the operations of one branch in the place of its `if`."""
        operation = block.operations[position]
        *inside, end = chosen.operations
        operation.blocks.remove(chosen)
        if end.name == "yield" and end.opdef is None:
            for result, value in zip(operation.results, end.operands, strict=True):
                replace(result, value)
            detach([end])
            block.operations[position : position + 1] = inside
        else:
            inside.append(end)
            detach(block.operations[position + 1 :])
            block.operations[position:] = inside
        detach([operation])
        for inner in inside:
            inner.parent = block

    def _fold(self, operation: Operation) -> bool:
        """Replace the results of an operation if they are known; tell whether it may go."""
        if operation.blocks or operation.is_terminator or not operation.results:
            return False
        values = [value for _, value in known_results(operation)] or self._computed(operation)
        pairs = list(zip(operation.results, values, strict=False))
        if not values or not all(can_replace(result, value) for result, value in pairs):
            return False
        for result, value in pairs:
            replace(result, value)
        return True

    def _computed(self, operation: Operation) -> list[Value]:
        """Return the results of an operation on constants, or nothing."""
        opdef, operands = operation.opdef, operation.operands
        if opdef is None or Trait.PURE not in opdef.traits:
            return []
        if any(is_mutable(r.type) for r in operation.results) and not self._may_keep(operation):
            return []
        values: list[Any] = []
        for operand in operands:
            if not isinstance(operand, Constant) or not self._is_known(operand.value):
                return []
            values.append(operand.value)
        if not _is_cheap(opdef, values):
            return []
        found = _attempt(opdef, values)
        if len(operation.results) > 1 and len(found) == 1:
            found = list(found[0])
        return self._constants(operation, found)

    def _constants(self, operation: Operation, found: list[Any]) -> list[Value]:
        """Return what a kernel gave as constants, or nothing if it cannot be kept."""
        results: list[Value] = []
        if len(found) != len(operation.results):
            return []
        for result, value in zip(operation.results, found, strict=True):
            if isinstance(value, np.ndarray) and self.options.arrays:
                if value.size > self.options.max_elements or value.dtype.hasobject:
                    return []
                if not _is_frozen(value):
                    value = value.copy(order="K")
                    value.flags.writeable = False
            elif not is_small(value) and not (
                isinstance(value, np.generic) and self.options.arrays
            ):
                return []
            try:
                made = constant(value)
                if not fits(result.type, type_of(value)):
                    return []
            except RuleError:
                return []
            results.append(made)
        return results

    def _may_keep(self, operation: Operation) -> bool:
        """Tell whether nobody can tell whether the results are new objects each time."""
        aliases = self.aliases
        return aliases is not None and all(
            isinstance(result.type, TensorType)
            and not aliases.is_written(result)
            and not aliases.is_observed(result)
            for result in operation.results
        )

    def _is_known(self, value: Any) -> bool:
        if self.options.arrays and (isinstance(value, np.generic) or _is_frozen(value)):
            return True
        return value is not UNBOUND and not _holds_pooled(value)


def constant_results(opdef: OpDef, operands: Sequence[Value], count: int = 1) -> list[Constant]:
    """Return what a pure operation gives for inline constants, or nothing if it has to run."""
    if Trait.PURE not in opdef.traits:
        return []
    values: list[Any] = []
    for operand in operands:
        if not isinstance(operand, Constant) or operand.value is UNBOUND:
            return []
        if _holds_pooled(operand.value):
            return []
        values.append(operand.value)
    if not _is_cheap(opdef, values):
        return []
    found = _attempt(opdef, values)
    if not found or not is_small(found[0]):
        return []
    results = found if count == 1 else list(found[0])
    try:
        return [constant(value) for value in results]
    except RuleError:
        return []


def constants_in(function: Function) -> Iterator[Constant]:
    """Yield the constants of a function, one for each use."""
    for operation in function.walk():
        for operand in operation.operands:
            if isinstance(operand, Constant):
                yield operand


def _bool(value: Value) -> bool | None:
    """Return the constant that a condition is, if it is one."""
    if isinstance(value, Constant) and type(value.value) is bool:
        return value.value
    return None


def _is_frozen(value: Any) -> bool:
    """Tell whether a value is an array that nobody can write."""
    return type(value) is np.ndarray and value.base is None and not value.flags.writeable


def _holds_pooled(value: Any) -> bool:
    if type(value) is tuple:
        return any(map(_holds_pooled, value))
    return is_pooled(value)


def is_small(value: Any) -> bool:
    """Tell whether a value may be an inline constant. A NaN would lose its sign in the text."""
    if type(value) is tuple:
        return len(value) <= _MAX_PARTS and all(map(is_small, value))
    if isinstance(value, float | complex) and value != value:  # noqa: PLR0124 - asks for a NaN
        return False
    if isinstance(value, str):
        return len(value) <= _MAX_TEXT
    return not is_pooled(value)


def _is_cheap(opdef: OpDef, values: list[Any]) -> bool:
    """Tell whether it cannot take long to compute something, or much memory."""
    texts = [value for value in values if isinstance(value, str | tuple)]
    if any(isinstance(text, str) and _LONG_NUMBER.search(text) for text in texts):
        return False
    if sum(map(len, texts)) > _MAX_TEXT:
        return False
    if Trait.ELEMENTWISE in opdef.traits and not texts:
        # Those that could make huge numbers have kernels that refuse to.
        return True
    return all(map(_is_moderate, values))


def _is_moderate(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_moderate, value))
    return type(value) is not int or abs(value) <= _MAX_INT


def _attempt(opdef: OpDef, values: list[Any]) -> list[Any]:
    """Run a kernel; return what it gives in a list, which is empty if it raises or warns."""
    try:
        with warnings.catch_warnings(), np.errstate(all="raise"):
            warnings.simplefilter("error")
            found = opdef.kernel(*values)
    except Exception:  # noqa: BLE001 - whatever it is, it is raised at run time
        return []
    return [found]
