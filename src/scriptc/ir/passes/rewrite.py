"""What passes share: replacing values, and taking operations out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scriptc.ir.graph import UNBOUND, Block, Constant, Operation, Value
from scriptc.ir.opdef import RuleError
from scriptc.ir.ops.rules import element_type
from scriptc.ir.types import BOOL, ClassType, Type, accepts, resolve
from scriptc.ir.verifier import infer_checked

_NEVER_UNBOUND = ("call", "return", "raise", "set_attr")


def fits(expected: Type, actual: Type) -> bool:
    """Tell whether `expected` accepts `actual`, without deciding open type variables."""
    return accepts(resolve(expected), resolve(actual))


def takes(operation: Operation, operands: Sequence[Value]) -> bool:
    """Tell whether an operation would verify with other operands of the same or narrower types.

    A type rule may refuse a constant that would only raise at run time, as an index out of range.
    """
    if any(isinstance(value, Constant) and value.value is UNBOUND for value in operands):
        return operation.opdef is None and operation.name not in _NEVER_UNBOUND
    if operation.opdef is not None:
        try:
            inferred = infer_checked(operation.opdef, operands)
        except RuleError:
            return False
        return len(inferred) == len(operation.results) and all(
            fits(result.type, type_)
            for result, type_ in zip(operation.results, inferred, strict=True)
        )
    first = operands[0].type if operands else None
    match operation.name:
        case "if":
            return first == BOOL
        case "get_attr" | "set_attr":
            return isinstance(first, ClassType)
        case "refine":
            after = operation.result.type
            return first is not None and (fits(first, after) or fits(after, first))
        case "for":
            try:
                item = element_type(operands[0].type)
            except RuleError:
                return False
            return fits(operation.blocks[0].arguments[0].type, item)
    return True


def substituted(operation: Operation, old: Value, new: Value) -> list[Value]:
    """Return the operands of an operation with one value in the place of another."""
    return [new if value is old else value for value in operation.operands]


def can_replace(old: Value, new: Value) -> bool:
    """Tell whether all uses of a value would verify with another one in its place."""
    return all(takes(use, substituted(use, old, new)) for use in old.uses)


def replace(old: Value, new: Value) -> None:
    """Put `new`, of the same or a narrower type, in the place of `old` everywhere.

    Where an operation would not verify with it, `refine` gives it the type of the old value.
    """
    same = not isinstance(new, Constant) and new.type == old.type
    for use in list(old.uses):
        operands = substituted(use, old, new)
        if not same and not takes(use, operands):
            hidden = Operation("refine", [new], [old.type], location=use.location)
            assert use.parent is not None
            use.parent.insert(use.parent.operations.index(use), hidden)
            operands = substituted(use, old, hidden.result)
        use.operands = operands


def detach(operations: Iterable[Operation]) -> None:
    """Forget operations, and all inside them, that no longer stand in a block."""
    for operation in operations:
        for inner in operation.walk():
            inner.operands = []
        operation.parent = None


def set_operations(block: Block, operations: list[Operation]) -> None:
    """Make these the operations of a block."""
    block.operations = operations
    for operation in operations:
        operation.parent = block
