"""How large the ints of a function can get, so that most need no check for 64 bits.

A bound is a limit of the absolute value. Counters are bounded by the time that counting takes: what
grows by at most 1024 each round stays below 2**60 for 2**50 rounds, which no machine lives to see.
"""

from __future__ import annotations

import ast

from scriptc.ir.graph import BlockArgument, Constant, Operation, OpResult, Value
from scriptc.ir.python.templates import parse_template
from scriptc.ir.python.variables import LOOPS, Uses, carried, initial
from scriptc.ir.types import INT

LIMIT = 2**63 - 1
_STEP = 1024
_COUNTED = 2**60
_DEPTH = 60


class Bounds:
    """Bounds of the int values of one function, found on demand."""

    def __init__(self, uses: Uses) -> None:
        self.uses = uses
        self._known: dict[Value, int | None] = {}
        self._depth = 0

    def of(self, value: Value) -> int | None:
        """Return the bound of an int value, or None if none below 64 bits is known."""
        value = self.uses.root(value)
        if isinstance(value, Constant):
            return abs(value.value) if type(value.value) is int else None
        if value in self._known:
            return self._known[value]
        if value.type != INT or self._depth > _DEPTH:
            return None
        # A value that depends on itself around a loop is unknown while it is looked at.
        self._known[value] = None
        self._depth += 1
        found = self._find(value)
        self._depth -= 1
        self._known[value] = found if found is not None and found <= LIMIT else None
        return self._known[value]

    def _find(self, value: Value) -> int | None:
        if isinstance(value, BlockArgument):
            return self._argument(value)
        assert isinstance(value, OpResult)
        operation = value.operation
        if operation.opdef is not None:
            return self._arithmetic(operation)
        if operation.name == "if":
            ends = [block.terminator for block in operation.blocks]
            return self._largest(
                [t.operands[value.index] for t in ends if t is not None and t.name == "yield"]
            )
        if operation.name in LOOPS:
            left = [o.operands[value.index] for o in _leaving(operation, "break")]
            return self._largest([carried(operation)[value.index], *left])
        return None

    def _largest(self, values: list[Value]) -> int | None:
        bounds = [self.of(value) for value in values]
        known = [bound for bound in bounds if bound is not None]
        return max(known, default=0) if len(known) == len(bounds) else None

    def _arithmetic(self, operation: Operation) -> int | None:
        operator, operands = _operator(operation), operation.operands
        if isinstance(operator, ast.Mod):
            return self.of(operands[1])
        if isinstance(operator, ast.USub | ast.FloorDiv):
            # Rounding down takes -1 // 2 to -1, which is no further from zero.
            return self.of(operands[0])
        if not isinstance(operator, ast.Add | ast.Sub | ast.Mult):
            return None
        x, y = map(self.of, operands)
        if x is None or y is None:
            return None
        return x * y if isinstance(operator, ast.Mult) else x + y

    def _argument(self, argument: BlockArgument) -> int | None:
        loop = argument.block.owner
        if not isinstance(loop, Operation):
            return None
        if loop.name == "for" and argument.index == 0:
            return self._item(loop.operands[0])
        index = carried(loop).index(argument)
        start = self.of(initial(loop)[index])
        if start is None or start > _COUNTED:
            return None
        largest = start
        for operation in _leaving(loop, "continue"):
            again = operation.operands[index]
            step = self._step(again, argument)
            bound = start + _COUNTED if step is not None and step <= _STEP else self.of(again)
            if bound is None:
                return None
            largest = max(largest, bound)
        return largest if largest <= 2 * _COUNTED else None

    def _item(self, iterable: Value) -> int | None:
        """Return the bound of what a `for` over a range gives."""
        iterable = self.uses.root(iterable)
        if isinstance(iterable, Constant) and isinstance(iterable.value, range):
            items = iterable.value
            return max((abs(items[0]), abs(items[-1]))) if items else 0
        operation = iterable.operation if isinstance(iterable, OpResult) else None
        if operation is None or operation.opdef is None or operation.name != "range":
            return None
        given = dict(zip(operation.opdef.schema.parameters, operation.operands, strict=False))
        bounds = {p.name: self.of(v) for p, v in given.items() if p.name in ("start", "step")}
        start, step = bounds.get("start", 0), bounds.get("step", 1)
        if start is None or step is None or step > _STEP or start > _COUNTED:
            return None
        return start + _COUNTED

    def _step(self, value: Value, argument: Value, depth: int = 0) -> int | None:
        """Return how far a value can be from a loop-carried one, if it is that and small steps."""
        value = self.uses.root(value)
        if value is argument:
            return 0
        operation = value.operation if isinstance(value, OpResult) else None
        if operation is None or depth > _DEPTH:
            return None
        if operation.name == "if" and operation.opdef is None:
            assert isinstance(value, OpResult)
            steps = [
                self._step(block.terminator.operands[value.index], argument, depth + 1)
                for block in operation.blocks
                if block.terminator is not None and block.terminator.name == "yield"
            ]
            known = [step for step in steps if step is not None]
            return max(known, default=0) if len(known) == len(steps) else None
        operator = _operator(operation)
        if not isinstance(operator, ast.Add | ast.Sub) or len(operation.operands) != 2:
            return None
        x, y = operation.operands
        constant = self.uses.root(y)
        if isinstance(operator, ast.Add) and not isinstance(constant, Constant):
            x, constant = y, self.uses.root(x)
        if not isinstance(constant, Constant) or type(constant.value) is not int:
            return None
        step = self._step(x, argument, depth + 1)
        return None if step is None else step + abs(constant.value)


def _operator(operation: Operation) -> ast.operator | ast.unaryop | None:
    """Return the operator of an operation that is written with one."""
    opdef = operation.opdef
    if opdef is None or opdef.python is None or operation.results[0].type != INT:
        return None
    names = tuple(p.name for p in opdef.schema.parameters)
    match parse_template(opdef.python, names).tree:
        case ast.BinOp(ast.Name(left), operator, ast.Name(right)) if (left, right) == names:
            return operator
        case ast.UnaryOp(unary, ast.Name()):
            return unary
    return None


def _leaving(loop: Operation, name: str) -> list[Operation]:
    """Return the terminators of that name that belong to a loop."""
    found: list[Operation] = []
    waiting = list(loop.blocks)
    while waiting:
        for operation in waiting.pop().operations:
            if operation.is_terminator and operation.name == name:
                found.append(operation)
            elif operation.opdef is None and operation.name not in LOOPS:
                waiting += operation.blocks
    return found
