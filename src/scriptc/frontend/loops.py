"""Lowering of loops: `for` and `while`, `break` and `continue`, and loops taken apart.

A loop carries the variables that its body assigns and somebody reads later. What type they have is
known only after the body has been lowered, so a body is lowered again with wider types until they
hold; types only ever widen, and few steps reach the widest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from scriptc.frontend.conditions import lower_condition
from scriptc.frontend.errors import CompileFailureError, LoopCarriedType
from scriptc.frontend.iterables import iterate, unrolled_elements
from scriptc.frontend.liveness import assigned
from scriptc.frontend.lowering import (
    AttributePath,
    Edge,
    Env,
    LoopContext,
    Lowering,
    common_facts,
)
from scriptc.frontend.statics import Expr, Poison
from scriptc.ir.builder import constant
from scriptc.ir.diagnostic import Label
from scriptc.ir.graph import UNBOUND, Block, Constant, Operation, Value
from scriptc.ir.types import NEVER, TENSOR, Type, either, prune

_MAX_ROUNDS = 16
_EACH_ROUND = "another type in each round"


def lower_for(low: Lowering, node: ast.For) -> None:
    """Lower `for target in iterable`."""
    iterable = low.expression(node.iter)
    elements = unrolled_elements(low, iterable, node.iter, any(exits(node.body)))
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
        _end(low, "continue", node)

    names = assigned([node.target, *node.body])
    context = LoopContext([], on_break=("break", _flag_of(node)))
    _with_else(low, node, lambda: _lower_loop(low, node, "for", [value], names, body, context))


def lower_while(low: Lowering, node: ast.While) -> None:
    """Lower `while test`: a `loop` whose body first leaves unless the test holds."""

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
            with low.branch(low.new_block(operation)):
                low.narrow(condition.when_false, node.test)
                _leave(low, "break", node.test)
        low.narrow(condition.when_true, node.test)
        low.block(node.body)
        _end(low, "continue", node)

    names = assigned([node.test, *node.body])
    context = LoopContext([], on_break=("break", _flag_of(node)))
    _with_else(low, node, lambda: _lower_loop(low, node, "loop", [], names, body, context))


def lower_break(low: Lowering, node: ast.Break) -> None:
    """Lower `break`."""
    _exit(low, node, low.loops[-1].on_break)


def lower_continue(low: Lowering, node: ast.Continue) -> None:
    """Lower `continue`."""
    _exit(low, node, low.loops[-1].on_continue)


def _exit(low: Lowering, node: ast.AST, how: tuple[str, str | None]) -> None:
    terminator, flag = how
    if flag is not None:
        low.env.assign(flag, constant(True))
    _leave(low, terminator, node)


def _leave(low: Lowering, name: str, node: ast.AST) -> None:
    operation = low.structural(name, [], [], node)
    low.loops[-1].edges.append(Edge(operation, low.env.copy(), low.locate(node)))


def _end(low: Lowering, name: str, node: ast.AST) -> None:
    if not low.terminated:
        _leave(low, name, node)


# --- `else` of a loop ---------------------------------------------------------------------------

# Variables that code after a loop reads to learn how the loop was left. No name of Python has a
# dot, and each loop resets its own before it starts.
_BROKE = ".broke"
_STOP = ".stop"


def _flag_of(node: ast.For | ast.While) -> str | None:
    """Return the variable that `break` sets, if the `else` of the loop has to know of it."""
    return _BROKE if node.orelse and exits(node.body)[0] else None


def _with_else(low: Lowering, node: ast.For | ast.While, loop: Callable[[], None]) -> None:
    """Lower a loop, and then its `else`, which runs unless `break` left the loop."""
    flag = _flag_of(node)
    if flag is not None:
        low.env.assign(flag, constant(False))
    loop()
    if not node.orelse or low.terminated:
        return
    if flag is None:
        low.block(node.orelse)
        return
    broke = low.env.values.pop(flag)
    low.branch_on(
        node, low.value(broke, node), lambda: None, lambda: low.block(node.orelse),
        assigned(node.orelse),
    )  # fmt: skip


# --- loops of the IR ----------------------------------------------------------------------------


def _lower_loop(
    low: Lowering,
    node: ast.For | ast.While,
    kind: str,
    operands: list[Value],
    names: list[str],
    body: Callable[[Block], None],
    context: LoopContext,
) -> None:
    """Lower a loop with the statements that `body` lowers, which ends its block itself."""
    live = low.liveness.head[node] | low.liveness.after[node]
    carried = [n for n in names if n in live and _is_carried(low, n)]
    carried += [f for f in _flags(context) if _is_carried(low, f)]
    before = low.env
    inits: list[Value] = []
    types: list[Type] = []
    for name in carried:
        found = before.values.get(name)
        value = found if isinstance(found, Value) else constant(UNBOUND)
        inits.append(value)
        types.append(value.type)
    unbound = {n for n in carried if n not in before.values or n in before.unbound}
    facts = before.facts
    for rounds in range(_MAX_ROUNDS):
        mark = low.compiler.mark()
        operation = Operation(kind, [*operands, *inits], types, location=low.locate(node))
        block = operation.add_block()
        context.carried, context.edges = carried, []
        low.env = before.copy()
        low.env.facts = dict(facts)
        for name, type_ in zip(carried, types, strict=True):
            low.env.values[name] = block.add_argument(type_, label_of(name))
        low.env.unbound |= unbound
        low.loops.append(context)
        returns = len(low.returns)
        try:
            with low.builder.at(block):
                body(block)
        finally:
            low.loops.pop()
            low.env = before
        wider, newly = _widen(low, node, carried, types, unbound, inits, context, rounds)
        known = _kept_facts(facts, context)
        if wider == types and newly == unbound and known == facts:
            break
        del low.returns[returns:]
        low.compiler.rewind(mark)
        operation.erase()
        types, unbound, facts = wider, newly, known
    low.builder.insert(operation)
    _complete(operation, carried, types, context)
    left = [edge.env for edge in context.edges if edge.operation.name == "break"]
    low.env = before.copy()
    if kind == "for":
        # It also ends where its items do, at its head.
        left.append(Env(facts=facts))
    low.env.facts = common_facts(left)
    for name in names:
        if name not in carried:
            low.env.values.pop(name, None)
    for name, result in zip(carried, operation.results, strict=True):
        result.name = label_of(name)
        low.env.values[name] = result
        low.env.places.setdefault(name, low.locate(node))
        (low.env.unbound.add if name in unbound else low.env.unbound.discard)(name)
    if not left:
        # It is left by `return` and `raise` only; the block after it must end.
        low.structural("unreachable", [], [], node)


def _flags(context: LoopContext) -> list[str]:
    flags = (context.on_break[1], context.on_continue[1])
    return [flag for flag in flags if flag is not None]


def label_of(name: str) -> str:
    """Return how a variable is called in the IR."""
    return name.removeprefix(".")


def _kept_facts(
    facts: dict[AttributePath, Type], context: LoopContext
) -> dict[AttributePath, Type]:
    """Return what is known of attributes at the head of a loop in every round."""
    again = [e.env.facts for e in context.edges if e.operation.name == "continue"]
    return {p: t for p, t in facts.items() if all(known.get(p) == t for known in again)}


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
    rounds: int,
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
            joined = either(wider[i], value.type)
            if joined is None:
                raise _changed_type(low, edge, name, wider[i], str(prune(value.type)))
            if joined != wider[i] and rounds == _MAX_ROUNDS - 1:
                raise _changed_type(low, edge, name, inits[i].type, _EACH_ROUND)
            wider[i] = joined
    return wider, newly


def _changed_type(
    low: Lowering, edge: Edge, name: str, before: Type, after: str
) -> CompileFailureError:
    location = edge.env.places.get(name) or edge.location
    advice = "give it one type before and inside the loop"
    if after.startswith(str(TENSOR)):
        advice = f"start from an array, as in `{name} = np.zeros(...)`"
    place = low.env.places.get(name)
    labels = (Label(place, f"starts as {before}"),) if place not in (None, location) else ()
    return CompileFailureError(
        LoopCarriedType(
            location=location, labels=labels, name=name, before=str(before), after=after,
            advice=advice,
        )
    )  # fmt: skip


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


def exits(body: Sequence[ast.stmt]) -> tuple[bool, bool]:
    """Tell whether statements hold a `break`, and a `continue`, of the loop around them."""
    breaks = continues = False
    for node in body:
        breaks = breaks or isinstance(node, ast.Break)
        continues = continues or isinstance(node, ast.Continue)
        inner: list[ast.stmt] = []
        if isinstance(node, ast.If):
            inner = [*node.body, *node.orelse]
        elif isinstance(node, ast.For | ast.While):
            inner = node.orelse
        if inner:
            found = exits(inner)
            breaks, continues = breaks or found[0], continues or found[1]
    return breaks, continues


# --- loops that are taken apart -----------------------------------------------------------------


def _unroll(low: Lowering, node: ast.For, elements: Sequence[Expr]) -> None:
    """Lower the body once for each element.

    A `break` leaves a `loop` around all of these bodies, which runs once, and a `continue` one
    around the body that it stands in. Where there are both, the inner loop says by a flag whether
    the outer one is to be left as well.
    """
    names = assigned([node.target, *node.body])
    breaks, continues = exits(node.body)
    flag = _flag_of(node)
    inner = LoopContext(
        [], on_break=("break", _STOP if breaks else None), on_continue=("break", None)
    )
    outer = LoopContext([], on_break=("break", flag))

    def one(element: Expr) -> None:
        low.assign(node.target, element)
        low.block(node.body)

    def one_in_loop(element: Expr) -> None:
        def body(block: Block) -> None:
            del block
            one(element)
            _end(low, "break", node)

        if breaks:
            low.env.assign(_STOP, constant(False))
        _lower_loop(low, node, "loop", [], names, body, inner)
        if breaks and not low.terminated:
            stop = low.value(low.env.values.pop(_STOP), node)
            low.branch_on(node, stop, lambda: _exit(low, node, outer.on_break), lambda: None, [])

    def every(block: Block | None = None) -> None:
        for element in elements:
            if low.terminated:
                return
            (one_in_loop if continues else one)(element)
        if block is not None:
            _end(low, "break", node)

    def whole() -> None:
        if breaks:
            _lower_loop(low, node, "loop", [], names, every, outer)
        else:
            every()

    _with_else(low, node, whole)
