"""Turning blocks of IR into Python: the structured control flow becomes Python's own."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from scriptc.ir.graph import UNBOUND, Block, Constant, Function, Operation, OpResult, Value
from scriptc.ir.location import Location
from scriptc.ir.python.expressions import ExpressionEmitter
from scriptc.ir.python.templates import Expression, names_read
from scriptc.ir.python.variables import LOOPS, carried, initial
from scriptc.ir.types import BOOL, TupleType, prune


class Emitter(ExpressionEmitter):
    """Emits one function. Subclasses say how constants, calls and kernels are written."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self._as_expression: dict[Block, Expression | None] = {}
        self._trying = False

    # --- blocks ----------------------------------------------------------------------------------

    def emit_body(self) -> list[ast.stmt]:
        """Return the statements of the function."""
        return self._block(self.function.body)

    def _block(self, block: Block) -> list[ast.stmt]:
        with self._inside() as statements:
            for operation in block.operations:
                self._operation(operation)
        return statements

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
        self._emit(ast.If(self._test(operation, condition), then, orelse), operation.location)

    def _test(self, operation: Operation, condition: Expression) -> ast.expr:
        """Return the condition of an `if`; `if bool(x)` is `if x`."""
        root, node = self.uses.root(operation.operands[0]), condition.node
        made_by = root.operation.opdef if isinstance(root, OpResult) else None
        if made_by is not None and made_by.kernel is bool and isinstance(node, ast.Call):
            return node.args[0]
        return node

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
        node: ast.expr = ast.IfExp(self._test(operation, condition), then.node, orelse.node)
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
            self._emit(_while(self._loop_body(body, 0)), location)
            return
        target, taken = self._loop_target(body)
        statements = self._loop_body(body, taken)
        self._emit(ast.For(target, iterable.node, statements, []), location)

    def _loop_target(self, body: Block) -> tuple[ast.expr, int]:
        """Return the target of a `for`, and how many operations at the start it replaces.

        An item that is taken apart at once, and not used otherwise, gives `for a, b in pairs`.
        """
        item, first = body.arguments[0], body.operations[0]
        count = len(self.uses.of(item))
        unpacks = first.name == "unpack" and first.opdef is not None and count == 1
        if unpacks and self.uses.root(first.operands[0]) is item:
            return self._targets(first.results, first.location), 1
        type_ = prune(item.type)
        if isinstance(type_, TupleType) and count == len(type_.elements) > 0:
            parts = body.operations[:count]
            if all(self._is_part(part, item, i) for i, part in enumerate(parts)):
                return self._targets([part.result for part in parts], first.location), count
        return ast.Name(self.variables[item], ast.Store()), 0

    def _is_part(self, operation: Operation, item: Value, index: int) -> bool:
        """Tell whether an operation is `item[index]`."""
        if operation.name != "getitem" or operation.opdef is None:
            return False
        place = operation.operands[1]
        same = isinstance(place, Constant) and type(place.value) is int and place.value == index
        return same and self.uses.root(operation.operands[0]) is item

    def _loop_body(self, body: Block, start: int) -> list[ast.stmt]:
        with self._inside() as statements:
            for operation in body.operations[start:]:
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
        if name == "unreachable":
            return
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
