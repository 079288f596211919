"""Turning the early `return`s of a copied body into the end of a loop that runs once.

A body whose only `return` is its last operation needs nothing. Otherwise the body is put into a
`loop`, and `return` becomes `break`. A `return` inside a loop of the body cannot leave both: that
loop then carries two more values, whether it is returned from and what, and breaks; behind it an
`if` returns in its place, and so on outwards.
"""

from __future__ import annotations

from scriptc.ir.builder import constant
from scriptc.ir.graph import UNBOUND, Block, Operation, OpResult, Value
from scriptc.ir.location import Location
from scriptc.ir.passes.rewrite import set_operations
from scriptc.ir.text import LOOPS
from scriptc.ir.types import BOOL, Type


def is_return(operation: Operation) -> bool:
    """Tell whether an operation is a `return`."""
    return operation.name == "return" and operation.opdef is None


def has_early_return(block: Block) -> bool:
    """Tell whether a `return` stands anywhere but at the end of the block."""
    return any(is_return(op) for op in block.walk() if op.parent is not block)


def wrap_returns(block: Block, result: Type, location: Location | None) -> None:
    """Put all operations of a block that is not empty into a loop that breaks where they return.

    The loop's only result has the type `result`. The block then holds just the loop.
    """
    loop = Operation("loop", [constant(UNBOUND, result)], [result], location=location)
    body = loop.add_block()
    body.add_argument(result)
    set_operations(body, block.operations)
    set_operations(block, [loop])
    _leave_loops(body, result)
    for operation in body.walk():
        if is_return(operation):
            operation.name = "break"


def _leave_loops(block: Block, result: Type) -> None:
    """Take the `return`s out of all loops in a block."""
    operations: list[Operation] = []
    for operation in block.operations:
        operations.append(operation)
        is_loop = operation.name in LOOPS and operation.opdef is None
        for nested in operation.blocks:
            _leave_loops(nested, result)
        if is_loop and any(map(is_return, operation.walk())):
            operations.append(_carry_return(operation, result))
    set_operations(block, operations)


def _carry_return(loop: Operation, result: Type) -> Operation:
    """Make a loop break where it returns; return the `if` that returns behind it."""
    body = loop.blocks[0]
    carried: list[Value] = list(body.arguments[loop.name == "for" :])
    nothing = [constant(False), constant(UNBOUND, result)]
    loop.operands = [*loop.operands, *nothing]
    for type_ in (BOOL, result):
        loop.results.append(OpResult(loop, len(loop.results), type_))
        body.add_argument(type_)
    _end_with_flag(body, carried, result)
    flag, value = loop.results[-2:]
    leave = Operation("if", [flag], [], location=loop.location)
    leave.add_block().append(Operation("return", [value], [], location=loop.location))
    leave.add_block().append(Operation("yield", [], [], location=loop.location))
    return leave


def _end_with_flag(block: Block, carried: list[Value], result: Type) -> None:
    """Complete the jumps of a loop's body, those of inner loops left alone."""
    for operation in block.operations:
        if operation.opdef is not None:
            continue
        if operation.name == "return":
            (value,) = operation.operands
            operation.name = "break"
            # Nobody reads the other results after a return; any values of their types will do.
            operation.operands = [*carried, constant(True), value]
        elif operation.name in ("break", "continue"):
            nothing = [constant(False), constant(UNBOUND, result)]
            operation.operands = [*operation.operands, *nothing]
        elif operation.name == "if":
            for nested in operation.blocks:
                _end_with_flag(nested, carried, result)
