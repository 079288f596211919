"""Lowering of loops: `for` and `while`, `break` and `continue`, and loops taken apart.

A loop carries the variables that its body assigns and somebody reads later. What type they have is
known only after the body has been lowered, so a body is lowered again with wider types until they
hold; types only ever widen, and few steps reach the widest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from scriptc.frontend.conditions import lower_condition
from scriptc.frontend.errors import CompileFailureError, LoopCarriedType, UnrolledExit
from scriptc.frontend.iterables import iterate, unrolled_elements
from scriptc.frontend.liveness import assigned
from scriptc.frontend.lowering import Edge, LoopContext, Lowering
from scriptc.frontend.statics import Expr, Poison
from scriptc.ir.builder import constant
from scriptc.ir.graph import UNBOUND, Block, Constant, Operation, Value
from scriptc.ir.types import FLOAT, INT, NEVER, TensorType, Type, join, prune

_MAX_ROUNDS = 8


def lower_for(low: Lowering, node: ast.For) -> None:
    """Lower `for target in iterable`."""
    if node.orelse:
        raise low.unsupported(node.orelse[0], "`else` of a loop", "set a flag before `break`")
    iterable = low.expression(node.iter)
    elements = unrolled_elements(low, iterable, node.iter, has_exit(node.body))
    if elements is not None:
        _unroll(low, node, elements)
        return
    value, element = iterate(low, iterable, node.iter)

    def body(block: Block) -> None:
        item = block.add_argument(
            element, node.target.id if isinstance(node.target, ast.Name) else ""
        )
        block.arguments.remove(item)
        block.arguments.insert(0, item)
        for index, argument in enumerate(block.arguments):
            argument.index = index
        low.assign(node.target, item)
        low.block(node.body)

    _lower_loop(low, node, "for", [value], assigned([node.target, *node.body]), body)


def lower_while(low: Lowering, node: ast.While) -> None:
    """Lower `while test`: a `loop` whose body first leaves unless the test holds."""
    if node.orelse:
        raise low.unsupported(node.orelse[0], "`else` of a loop", "set a flag before `break`")

    def body(block: Block) -> None:
        del block
        condition = lower_condition(low, node.test)
        if condition.value is False:
            _leave(low, "break", node.test)
            return
        if not isinstance(condition.value, bool):
            operation = low.structural("if", [condition.value], [], node.test)
            with low.builder.at(low.new_block(operation)):
                low.structural("yield", [], [], node.test)
            with low.builder.at(low.new_block(operation)):
                _leave(low, "break", node.test)
        for name, type_ in condition.when_true.items():
            found = low.env.values.get(name)
            if isinstance(found, Value):
                low.env.assign(name, low.refine(found, type_, node.test))
        low.block(node.body)

    _lower_loop(low, node, "loop", [], assigned([node.test, *node.body]), body)


def lower_break(low: Lowering, node: ast.Break) -> None:
    """Lower `break`."""
    _leave(low, "break", node)


def lower_continue(low: Lowering, node: ast.Continue) -> None:
    """Lower `continue`."""
    _leave(low, "continue", node)


def _leave(low: Lowering, name: str, node: ast.AST) -> None:
    context = low.loops[-1]
    if context.unrolled:
        raise CompileFailureError(UnrolledExit(location=low.locate(node), what=name))
    operation = low.structural(name, [], [], node)
    context.edges.append(Edge(operation, low.env.copy(), low.locate(node)))


def _lower_loop(
    low: Lowering,
    node: ast.For | ast.While,
    kind: str,
    operands: list[Value],
    names: list[str],
    body: Callable[[Block], None],
) -> None:
    live = low.liveness.head[node] | low.liveness.after[node]
    carried = [n for n in names if n in live and _is_carried(low, n)]
    before = low.env
    inits: list[Value] = []
    types: list[Type] = []
    for name in carried:
        found = before.values.get(name)
        value = found if isinstance(found, Value) else constant(UNBOUND)
        inits.append(value)
        types.append(value.type)
    unbound = {n for n in carried if n not in before.values or n in before.unbound}
    for _ in range(_MAX_ROUNDS):
        mark = low.compiler.mark()
        operation = Operation(kind, [*operands, *inits], types, location=low.locate(node))
        block = operation.add_block()
        context = LoopContext(carried)
        low.env = before.copy()
        for name, type_ in zip(carried, types, strict=True):
            low.env.values[name] = block.add_argument(type_, name)
        low.env.unbound |= unbound
        low.loops.append(context)
        returns = len(low.returns)
        with low.builder.at(block):
            body(block)
            if not low.terminated:
                _leave(low, "continue", node)
        low.loops.pop()
        wider, newly = _widen(low, node, carried, types, unbound, inits, context)
        if wider == types and newly == unbound:
            break
        del low.returns[returns:]
        low.compiler.rewind(mark)
        operation.erase()
        types, unbound = wider, newly
    low.builder.insert(operation)
    _complete(operation, carried, types, context)
    low.env = before.copy()
    for name in names:
        if name not in carried:
            low.env.values.pop(name, None)
    for name, result in zip(carried, operation.results, strict=True):
        result.name = name
        low.env.values[name] = result
        (low.env.unbound.add if name in unbound else low.env.unbound.discard)(name)
    if kind == "loop" and not any(e.operation.name == "break" for e in context.edges):
        # It is left by `return` and `raise` only; the block after it must end.
        low.structural("unreachable", [], [], node)


def _is_carried(low: Lowering, name: str) -> bool:
    found = low.env.values.get(name)
    return found is None or isinstance(found, Value)


def _widen(
    low: Lowering,
    node: ast.For | ast.While,
    carried: list[str],
    types: list[Type],
    unbound: set[str],
    inits: list[Value],
    context: LoopContext,
) -> tuple[list[Type], set[str]]:
    wider, newly = list(types), set(unbound)
    for edge in context.edges:
        for i, name in enumerate(carried):
            found = edge.env.values.get(name)
            if found is None or name in edge.env.unbound:
                newly.add(name)
            if isinstance(found, Poison) or found is None:
                continue
            value = low.value(found, node)
            joined = join(wider[i], value.type)
            if joined is None:
                raise _changed_type(low, edge, name, wider[i], value)
            wider[i] = joined
    return wider, newly


def _changed_type(
    low: Lowering, edge: Edge, name: str, before: Type, value: Value
) -> CompileFailureError:
    location = edge.location
    if not isinstance(value, Constant):
        operation = getattr(value, "operation", None)
        location = getattr(operation, "location", None) or location
    advice = "give it one type before and inside the loop"
    after = prune(value.type)
    if isinstance(after, TensorType):
        advice = f"start from an array, as in `{name} = np.zeros(())`, or convert with `float(...)`"
    elif before == INT and after == FLOAT:
        advice = f"start from a float: `{name} = 0.0`"
    return CompileFailureError(
        LoopCarriedType(
            location=location, name=name, before=str(before), after=str(after), advice=advice
        )
    )


def _complete(
    operation: Operation, carried: list[str], types: list[Type], context: LoopContext
) -> None:
    """Give each edge the carried values as operands."""
    for edge in context.edges:
        operands: list[Value] = []
        for name, type_ in zip(carried, types, strict=True):
            found = edge.env.values.get(name)
            operands.append(found if isinstance(found, Value) else constant(UNBOUND, type_))
        edge.operation.operands = operands
    for i, operand in enumerate(operation.operands):
        if isinstance(operand, Constant) and operand.value is UNBOUND and operand.type == NEVER:
            place = i - (len(operation.operands) - len(types))
            replaced = constant(UNBOUND, types[place])
            operation.operands = [replaced if v is operand else v for v in operation.operands]


def has_exit(body: Sequence[ast.stmt]) -> bool:
    """Tell whether statements hold a `break` or `continue` of the loop around them."""
    for node in body:
        if isinstance(node, ast.Break | ast.Continue):
            return True
        if isinstance(node, ast.If) and has_exit([*node.body, *node.orelse]):
            return True
    return False


def _unroll(
    low: Lowering,
    node: ast.For,
    elements: Sequence[Expr],
) -> None:
    """Lower the body once for each element."""
    low.loops.append(LoopContext([], unrolled=True))
    try:
        for element in elements:
            if low.terminated:
                break
            low.assign(node.target, element)
            low.block(node.body)
    finally:
        low.loops.pop()
