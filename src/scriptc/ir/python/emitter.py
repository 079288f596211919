"""Turning blocks of IR into Python statements and expressions.

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

from scriptc.ir.graph import UNBOUND, Block, Constant, Function, Operation, Value
from scriptc.ir.location import Location
from scriptc.ir.python.templates import (
    IN_PLACE,
    Expression,
    Template,
    make_display,
    make_slice,
    names_read,
    parse_template,
)
from scriptc.ir.python.variables import LOOPS, Uses, Variables, carried, initial
from scriptc.ir.types import BOOL

Node = TypeVar("Node", bound=ast.AST)


class Emitter(ABC):
    """Emits one function. Subclasses say how constants, calls and kernels are written."""

    checked = True
    """Whether `check_bound` and `UNBOUND` are written."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.uses = Uses(function, checked=self.checked)
        self.variables = Variables(function, self.uses, self.may_join)
        self.name_variables()
        self._statements: list[ast.stmt] = []
        self._pending: list[tuple[Value, Expression, Location | None]] = []
        self._as_expression: dict[Block, Expression | None] = {}
        self._trying = False

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

    # --- blocks ----------------------------------------------------------------------------------

    def emit_body(self) -> list[ast.stmt]:
        """Return the statements of the function."""
        return self._block(self.function.body)

    @contextmanager
    def _inside(self) -> Iterator[list[ast.stmt]]:
        """Collect statements apart, with a stack of their own."""
        outer = self._statements, self._pending
        self._statements, self._pending = [], []
        try:
            yield self._statements
        finally:
            self._statements, self._pending = outer

    def _block(self, block: Block) -> list[ast.stmt]:
        with self._inside() as statements:
            for operation in block.operations:
                self._operation(operation)
        return statements

    def _emit(self, statement: ast.stmt, location: Location | None) -> None:
        self._statements.append(self.place(statement, location))

    def _operation(self, operation: Operation) -> None:
        if operation.opdef is not None:
            self._regular(operation)
        elif operation.name == "if":
            self._if(operation)
        elif operation.name in LOOPS:
            self._loop(operation)
        elif operation.is_terminator:
            self._leave(operation)
        elif self.uses.is_rename(operation):
            if not self.uses.is_silent(operation):
                (value,) = self._take(operation.operands[:1])
                self._flush()
                for statement in self.bound_check(operation, value.node):
                    self._emit(statement, operation.location)
        elif operation.name == "call":
            operands = self._take(operation.operands[1:])
            self._result(operation, self.function_call(operation, operands), operands)
        elif operation.name == "get_attr":
            (instance,) = self._take(operation.operands[:1])
            node = ast.Attribute(instance.node, self._attribute_of(operation), ast.Load())
            self._result(operation, node, [instance])
        else:
            assert operation.name == "set_attr", operation.name
            value, instance = self._take([operation.operands[2], operation.operands[0]])
            target = ast.Attribute(instance.node, self._attribute_of(operation), ast.Store())
            self._flush()
            self._emit(ast.Assign([target], value.node), operation.location)

    def _attribute_of(self, operation: Operation) -> str:
        name = operation.operands[1]
        assert isinstance(name, Constant)
        assert isinstance(name.value, str)
        return self.attribute(name.value)

    # --- the stack of expressions ----------------------------------------------------------------

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
            self._emit(ast.Assign([self._targets(operation)], node), location)
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
            self._emit(ast.Assign([self._targets(operation)], sequence.node), operation.location)
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

    def _targets(self, operation: Operation) -> ast.expr:
        names: list[ast.expr] = [
            ast.Name(self.variables[result], ast.Store()) for result in operation.results
        ]
        return self.place(ast.Tuple(names, ast.Store()), operation.location)

    # --- control flow ----------------------------------------------------------------------------

    def _assign(
        self,
        targets: Sequence[Value],
        sources: Sequence[Expression],
        operands: Sequence[Value],
        location: Location | None,
    ) -> None:
        """Assign all sources to the targets as if at once."""
        pairs: list[tuple[str, ast.expr]] = []
        for target, source, operand in zip(targets, sources, operands, strict=True):
            root = self.uses.root(operand)
            if isinstance(root, Constant) and root.value is UNBOUND and not self.checked:
                continue
            variable = self.variables[target]
            if not (isinstance(source.node, ast.Name) and source.node.id == variable):
                pairs.append((variable, source.node))
        written: set[str] = set()
        clash = False
        if len(pairs) > 1:
            for variable, node in pairs:
                clash = clash or not written.isdisjoint(names_read(node))
                written.add(variable)
        if not clash:
            for variable, node in pairs:
                self._emit(self._store(variable, node), location)
            return
        names: list[ast.expr] = [ast.Name(variable, ast.Store()) for variable, _ in pairs]
        values = ast.Tuple([node for _, node in pairs], ast.Load())
        self._emit(ast.Assign([ast.Tuple(names, ast.Store())], values), location)

    def _if(self, operation: Operation) -> None:
        (condition,) = self._take(operation.operands)
        whole = self._conditional(operation, condition)
        if whole is not None:
            self._result(operation, whole.node, [condition, whole])
            return
        self._flush()
        if self._trying:
            # A statement will not do here, so spare the work (and its repetition at each level).
            self._emit(ast.Pass(), operation.location)
            return
        then, orelse = (self._block(block) for block in operation.blocks)
        if not then:
            then = [self.place(ast.Pass(), operation.location)]
        self._emit(ast.If(condition.node, then, orelse), operation.location)

    def _conditional(self, operation: Operation, condition: Expression) -> Expression | None:
        """Return an `if` as a conditional expression, where its value is used inside another."""
        if len(operation.results) != 1:
            return None
        users = self.uses.of(operation.result)
        if len(users) != 1 or users[0].parent is not operation.parent:
            return None
        if not self.may_nest(operation.result, Expression(condition.node)):
            return None
        parts: list[Expression] = []
        for block in operation.blocks:
            part = self._block_expression(block)
            if part is None:
                return None
            parts.append(part)
        then, orelse = parts
        node: ast.expr = ast.IfExp(condition.node, then.node, orelse.node)
        if operation.result.type == BOOL and operation.operands[0].type == BOOL:
            if _is_constant(orelse.node, value=False):
                node = ast.BoolOp(ast.And(), [condition.node, then.node])
            elif _is_constant(then.node, value=True):
                node = ast.BoolOp(ast.Or(), [condition.node, orelse.node])
        return Expression(node, depth=1 + max(then.depth, orelse.depth))

    def _block_expression(self, block: Block) -> Expression | None:
        """Return the value that a block yields as one expression, if it is one."""
        if block in self._as_expression:
            return self._as_expression[block]
        found: Expression | None = None
        terminator = block.terminator
        outer, self._trying = self._trying, True
        if terminator is not None and terminator.name == "yield":
            with self._inside() as statements:
                for operation in block.operations[:-1]:
                    self._operation(operation)
                    if statements:
                        break
                else:
                    (value,) = self._take(terminator.operands)
                    found = None if self._pending or statements else value
        self._trying = outer
        self._as_expression[block] = found
        return found

    def _loop(self, operation: Operation) -> None:
        location = operation.location
        if self._trying:
            self._emit(ast.Pass(), location)
            return
        arguments, starts = carried(operation), initial(operation)
        iterable: Expression | None = None
        if operation.name == "for":
            iterable = self._iterable(operation)
        values = self._take(starts)
        self._flush()
        self._assign(arguments, values, starts, location)
        body = operation.blocks[0]
        if iterable is None:
            self._emit(_while(self._loop_body(body, None)), location)
            return
        item = body.arguments[0]
        target: ast.expr = ast.Name(self.variables[item], ast.Store())
        first = body.operations[0]
        unpack = None
        if (
            first.name == "unpack"
            and first.opdef is not None
            and self.uses.root(first.operands[0]) is item
            and len(self.uses.of(item)) == 1
        ):
            # `for a, b in pairs`
            unpack = first
            target = self._targets(unpack)
        statements = self._loop_body(body, unpack)
        self._emit(ast.For(target, iterable.node, statements, []), location)

    def _loop_body(self, body: Block, skipped: Operation | None) -> list[ast.stmt]:
        with self._inside() as statements:
            for operation in body.operations:
                if operation is not skipped:
                    self._operation(operation)
        if statements and isinstance(statements[-1], ast.Continue):
            statements.pop()
        return statements or [self.place(ast.Pass(), body.operations[-1].location)]

    def _iterable(self, operation: Operation) -> Expression:
        """Return what a `for` walks over; it is written after its carried values are assigned."""
        value = self.uses.root(operation.operands[0])
        position = next((i for i, (v, _, _) in enumerate(self._pending) if v is value), None)
        if position is None:
            return self._leaf(value)
        written = {self.variables[argument] for argument in carried(operation)}
        read = names_read(self._pending[position][1].node)
        if position == len(self._pending) - 1 and written.isdisjoint(read):
            return self._take([value])[0]
        self._flush(position + 1)
        return self._leaf(value)

    def _leave(self, operation: Operation) -> None:
        location, name = operation.location, operation.name
        if name == "raise":
            exception, *arguments = operation.operands
            taken = [argument.node for argument in self._take(arguments)]
            assert isinstance(exception, Constant)
            self._flush()
            raised = self.place(ast.Call(self.exception(exception), taken, []), location)
            self._emit(ast.Raise(raised, None), location)
            return
        values = self._take(operation.operands)
        self._flush()
        if name == "return":
            self._emit(ast.Return(values[0].node), location)
            return
        assert operation.parent is not None
        owner = operation.parent.owner
        if name == "yield":
            assert isinstance(owner, Operation)
            self._assign(owner.results, values, operation.operands, location)
            return
        while not (isinstance(owner, Operation) and owner.name in LOOPS):
            assert isinstance(owner, Operation)
            assert owner.parent is not None
            owner = owner.parent.owner
        again = name == "continue"
        targets = carried(owner) if again else owner.results
        self._assign(targets, values, operation.operands, location)
        self._emit(ast.Continue() if again else ast.Break(), location)


def _is_constant(node: ast.expr, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _while(body: list[ast.stmt]) -> ast.While:
    """Return `while test: ...` for a body that begins with `if test: pass` `else: break`."""
    match body:
        case [ast.If(test, [ast.Pass()], [ast.Break()]), *rest]:
            return ast.While(test, rest or [ast.copy_location(ast.Pass(), body[0])], [])
    return ast.While(ast.Constant(True), body, [])
