"""Which variables a piece of code assigns, and which are live after each statement.

Computed for a whole function before it is lowered, so that an `if` returns and a loop carries
exactly the variables that somebody reads later. Classic backward data flow (Aho et al.,
"Compilers", 9.2.5), run on the syntax tree: loops are iterated to a fixpoint.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Names = frozenset[str]
NOTHING: Names = frozenset()
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# Most nodes are these, and none has names below it.
_LEAVES = frozenset(
    {ast.Load, ast.Store, ast.Constant, *ast.operator.__subclasses__()}
) | frozenset(
    (*ast.cmpop.__subclasses__(), *ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__())
)


def assigned(nodes: Iterable[ast.AST]) -> list[str]:
    """Return the names that the statements assign, in order of first assignment.

    Variables of comprehensions are their own and do not count.
    """
    found: dict[str, None] = {}
    for node in nodes:
        _collect(node, found)
    return list(found)


def _collect(node: ast.AST, found: dict[str, None]) -> None:
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store | ast.Del):
            found.setdefault(node.id)
        return
    if isinstance(node, _COMPREHENSIONS):
        return
    if isinstance(node, _DEFINITIONS):
        if not isinstance(node, ast.Lambda):
            found.setdefault(node.name)
        return
    if isinstance(node, ast.expr):
        _collect_below(node, found)
        return
    # What is refused assigns as well, and nobody shall complain of its names a second time.
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            found.setdefault(alias.asname or alias.name.partition(".")[0])
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        found.setdefault(node.name)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and node.value is not None:
        _collect(node.value, found)  # `:=` inside comes first
    _collect_below(node, found)


def _collect_below(node: ast.AST, found: dict[str, None]) -> None:
    for child in ast.iter_child_nodes(node):
        if type(child) not in _LEAVES:
            _collect(child, found)


def used(node: ast.AST | None) -> Names:
    """Return the names that an expression reads; variables of comprehensions do not count."""
    if node is None:
        return NOTHING
    if isinstance(node, ast.Name):
        return frozenset((node.id,)) if isinstance(node.ctx, ast.Load) else NOTHING
    children = (child for child in ast.iter_child_nodes(node) if type(child) not in _LEAVES)
    inner = NOTHING.union(*map(used, children))
    if isinstance(node, _COMPREHENSIONS):
        first = node.generators[0]
        bound = frozenset(assigned([g.target for g in node.generators]))
        return (inner - bound) | used(first.iter)
    return inner


@dataclass(slots=True)
class _Loop:
    after: Names
    head: Names = NOTHING


@dataclass(slots=True)
class Liveness:
    """Live variables of one function: `after[statement]`, and `head[loop]` at a loop's head."""

    after: dict[ast.stmt, Names] = field(default_factory=dict)
    head: dict[ast.stmt, Names] = field(default_factory=dict)


def analyze(function: ast.FunctionDef) -> Liveness:
    """Compute the live variables of a function."""
    result = Liveness()
    _block(function.body, NOTHING, None, result)
    return result


def _block(
    statements: Sequence[ast.stmt], live: Names, loop: _Loop | None, result: Liveness
) -> Names:
    for statement in reversed(statements):
        result.after[statement] = live
        live = _statement(statement, live, loop, result)
    return live


def _statement(node: ast.stmt, live: Names, loop: _Loop | None, result: Liveness) -> Names:
    match node:
        case ast.Return(value=value):
            return used(value)
        case ast.Raise(exc=exc, cause=cause):
            return used(exc) | used(cause)
        case ast.Break() if loop is not None:
            return loop.after
        case ast.Continue() if loop is not None:
            return loop.head
        case ast.If(test=test, body=body, orelse=orelse):
            then = _block(body, live, loop, result)
            other = _block(orelse, live, loop, result)
            return used(test) | then | other
        case ast.While(test=test, body=body, orelse=orelse):
            after = _after_loop(orelse, live, loop, result)
            return _fixpoint(node, body, after | used(test), live, used(test), NOTHING, result)
        case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
            after = _after_loop(orelse, live, loop, result)
            names = frozenset(assigned([target]))
            head = _fixpoint(node, body, after, live, used(target), names, result)
            return used(iterable) | head
        case ast.Assign(targets=targets, value=value):
            live -= frozenset(n for t in targets for n in _plain_names(t))
            return live.union(used(value), *map(used, targets))
        case ast.AnnAssign(target=target, value=value):
            if value is not None:
                live -= frozenset(_plain_names(target))
            return live | used(value) | used(target)
        case ast.AugAssign(target=target, value=value):
            names = frozenset(n.id for n in ast.walk(target) if isinstance(n, ast.Name))
            return live | used(value) | names
    # Anything else either has no control flow or is refused later.
    return live | used(node)


def _after_loop(
    orelse: Sequence[ast.stmt], live: Names, loop: _Loop | None, result: Liveness
) -> Names:
    """Return what is live where a loop runs out.

    `else` is lowered to a branch behind the loop on how it was left, so what is live behind it is
    live before it as well.
    """
    return _block(orelse, live, loop, result) | live


def _plain_names(target: ast.expr) -> Iterable[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _plain_names(element)
    elif isinstance(target, ast.Starred):
        yield from _plain_names(target.value)


def _fixpoint(
    node: ast.stmt,
    body: Sequence[ast.stmt],
    exit_live: Names,
    after: Names,
    test: Names,
    targets: Names,
    result: Liveness,
) -> Names:
    loop = _Loop(after, exit_live | test)
    while True:
        head = exit_live | test | (_block(body, loop.head, loop, result) - targets)
        if head == loop.head:
            result.head[node] = head
            return head
        loop.head |= head
