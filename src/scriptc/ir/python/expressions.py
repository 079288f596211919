"""Turning single operations into Python expressions and statements.

An operation whose result is used once, in the same block, is put into its consumer. What has been
evaluated in the program but not yet written waits on a stack, and a consumer may only take the top
of it, in order; anything else is first assigned to its variable, with all that waits below. So
the order of evaluation is the order of the program, exceptions, effects and memory included.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from scriptc.ir.graph import Constant, Function, Operation, Value
from scriptc.ir.location import Location
from scriptc.ir.opdef import Trait
from scriptc.ir.python.templates import (
    IN_PLACE,
    Expression,
    Template,
    make_display,
    make_slice,
    names_read,
    parse_template,
)
from scriptc.ir.python.variables import Uses, Variables

Node = TypeVar("Node", bound=ast.AST)
_REMOVABLE = frozenset({Trait.PURE, Trait.TOTAL})


class ExpressionEmitter(ABC):
    """Emits what is no control flow. Subclasses say how constants and calls are written."""

    checked = True
    """Whether `check_bound` and `UNBOUND` are written."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.uses = Uses(function, checked=self.checked)
        self.variables = Variables(function, self.uses, self.may_join)
        self.name_variables()
        self._statements: list[ast.stmt] = []
        self._pending: list[tuple[Value, Expression, Location | None]] = []

    # --- what subclasses decide ------------------------------------------------------------------

    @abstractmethod
    def name_variables(self) -> None:
        """Name all variables."""

    @abstractmethod
    def may_join(self, a: Value, b: Value) -> bool:
        """Tell whether two values that do not conflict should share a variable."""

    @abstractmethod
    def may_nest(self, value: Value, expression: Expression) -> bool:
        """Tell whether a value that is used once may stand inside its consumer."""

    @abstractmethod
    def constant(self, constant: Constant) -> ast.expr:
        """Return a constant as an expression."""

    @abstractmethod
    def kernel_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        """Return an operation without operator template as a call."""

    @abstractmethod
    def function_call(self, operation: Operation, operands: Sequence[Expression]) -> ast.expr:
        """Return `call`; `operands` are those after the callee."""

    @abstractmethod
    def exception(self, constant: Constant) -> ast.expr:
        """Return the exception class of a `raise`."""

    @abstractmethod
    def outer_name(self, operation: Operation, name: str) -> ast.expr:
        """Return what a template means by a name that is no parameter, such as `len`."""

    @abstractmethod
    def attribute(self, name: str) -> str:
        """Check the name of an attribute and return it."""

    @abstractmethod
    def fresh_name(self) -> str:
        """Return a variable name that nothing else has."""

    def finish(self, operation: Operation, node: ast.expr) -> ast.expr:
        """Add to the expression of an operation, such as a check of its result."""
        return node

    def bound_check(self, operation: Operation, value: ast.expr) -> list[ast.stmt]:
        """Return the statements of `check_bound`."""
        return []

    def place(self, node: Node, location: Location | None) -> Node:
        """Mark a new node, and new nodes inside it, as coming from `location`."""
        return node

    # --- the stack of expressions ----------------------------------------------------------------

    @contextmanager
    def _inside(self) -> Iterator[list[ast.stmt]]:
        """Collect statements apart, with a stack of their own."""
        outer = self._statements, self._pending
        self._statements, self._pending = [], []
        try:
            yield self._statements
        finally:
            self._statements, self._pending = outer

    def _emit(self, statement: ast.stmt, location: Location | None) -> None:
        self._statements.append(self.place(statement, location))

    def _leaf(self, value: Value) -> Expression:
        root = self.uses.root(value)
        if isinstance(root, Constant):
            return Expression(self.constant(root), leaf=True)
        return Expression(ast.Name(self.variables[root], ast.Load()), leaf=True)

    def _take(self, operands: Sequence[Value]) -> list[Expression]:
        """Return operands, which are in the order of evaluation, as expressions."""
        waiting = {value: i for i, (value, _, _) in enumerate(self._pending)}
        roots = [self.uses.root(operand) for operand in operands]
        needed = [waiting[root] for root in roots if root in waiting]
        count = 0
        while count < len(needed) and needed[-1 - count] == len(self._pending) - 1 - count:
            count += 1
        rest = needed[: len(needed) - count]
        nested = {value: e for value, e, _ in self._pending[len(self._pending) - count :]}
        if count:
            del self._pending[-count:]
        if rest:
            self._flush(max(rest) + 1)
        return [nested.get(root) or self._leaf(root) for root in roots]

    def _flush(self, count: int | None = None) -> None:
        """Assign the lowest `count` waiting expressions, or all, to their variables."""
        count = len(self._pending) if count is None else count
        waiting, self._pending = self._pending[:count], self._pending[count:]
        for value, expression, location in waiting:
            self._emit(self._store(self.variables[value], expression.node), location)

    @staticmethod
    def _store(variable: str, node: ast.expr) -> ast.stmt:
        return ast.Assign([ast.Name(variable, ast.Store())], node)

    def _result(
        self,
        operation: Operation,
        node: ast.expr,
        operands: Sequence[Expression],
        index: ast.expr | None = None,
    ) -> None:
        """Keep the expression of an operation for its consumer, or write it as a statement."""
        location = operation.location
        unused = not any(map(self.uses.of, operation.results))
        if unused and operation.traits >= _REMOVABLE and all(o.leaf for o in operands):
            return
        node = self.place(self.finish(operation, node), location)
        if len(operation.results) == 1:
            value = operation.result
            users = self.uses.of(value)
            expression = Expression(node, index, 1 + max((o.depth for o in operands), default=0))
            if (
                len(users) == 1
                and users[0].parent is operation.parent
                and not (users[0].opdef is None and self.uses.is_rename(users[0]))
                and self.may_nest(value, expression)
            ):
                self._pending.append((value, expression, location))
                return
            self._flush()
            if users:
                self._emit(self._store(self.variables[value], node), location)
                return
        self._flush()
        if len(operation.results) > 1:
            self._emit(
                ast.Assign([self._targets(operation.results, operation.location)], node), location
            )
        else:
            self._emit(ast.Expr(node), location)

    # --- operations of the registry --------------------------------------------------------------

    def _regular(self, operation: Operation) -> None:
        name, values = operation.name, operation.operands
        if name in IN_PLACE:
            self._in_place(operation)
        elif name in ("setitem", "delitem"):
            x, index, *value = values
            *new, x_, index_ = self._take([*value, x, index])
            self._flush()
            target = ast.Subscript(x_.node, index_.subscript, ast.Store() if new else ast.Del())
            self.place(target, operation.location)
            statement = ast.Assign([target], new[0].node) if new else ast.Delete([target])
            self._emit(statement, operation.location)
            self._none_results(operation)
        elif name == "unpack":
            (sequence,) = self._take(values[:1])
            self._flush()
            self._emit(
                ast.Assign([self._targets(operation.results, operation.location)], sequence.node),
                operation.location,
            )
        else:
            self._expression(operation)

    def _none_results(self, operation: Operation) -> None:
        for result in operation.results:
            if self.uses.of(result):
                self._emit(
                    self._store(self.variables[result], ast.Constant(None)), operation.location
                )

    def _expression(self, operation: Operation) -> None:
        template = self.template(operation)
        if template is None:
            operands = self._take(operation.operands)
            display = make_display(operation.name, operands)
            if display is not None:
                self._result(operation, display.node, operands, self._index(operation, display))
                return
            index = None
            if operation.name == "slice" and len(operands) == 3:
                index = self.place(make_slice(operands), operation.location)
            self._result(operation, self.kernel_call(operation, operands), operands, index)
            return
        assert operation.opdef is not None
        parameters = [p.name for p in operation.opdef.schema.parameters]
        given = dict(zip(parameters, operation.operands, strict=True))
        if template.inline:
            operands = self._take([given[name] for name in template.order])
        else:
            self._flush()
            operands = [self._leaf(given[name]) for name in template.order]
        filled = dict(zip(template.order, operands, strict=True))
        node = template.fill(filled, lambda name: self.outer_name(operation, name))
        self._result(operation, node, operands)

    def _index(self, operation: Operation, display: Expression) -> ast.expr | None:
        return display.index and self.place(display.index, operation.location)

    def template(self, operation: Operation) -> Template | None:
        """Return the operator template of an operation, if it has one."""
        opdef = operation.opdef
        if opdef is None or opdef.python is None or opdef.schema.variadic:
            return None
        return parse_template(opdef.python, tuple(p.name for p in opdef.schema.parameters))

    def _in_place(self, operation: Operation) -> None:
        location = operation.location
        x, y = self._take(operation.operands[:2])
        self._flush()
        target = self.variables[operation.result]
        same = isinstance(x.node, ast.Name) and x.node.id == target
        if not same and target in names_read(y.node):
            first, second = self.fresh_name(), self.fresh_name()
            self._emit(self._store(first, x.node), location)
            self._emit(self._store(second, y.node), location)
            x = Expression(ast.Name(first, ast.Load()))
            y = Expression(ast.Name(second, ast.Load()))
        if not same:
            self._emit(self._store(target, x.node), location)
        operator = IN_PLACE[operation.name]()
        self._emit(ast.AugAssign(ast.Name(target, ast.Store()), operator, y.node), location)

    def _targets(self, values: Sequence[Value], location: Location | None) -> ast.expr:
        names: list[ast.expr] = [ast.Name(self.variables[v], ast.Store()) for v in values]
        return self.place(ast.Tuple(names, ast.Store()), location)
