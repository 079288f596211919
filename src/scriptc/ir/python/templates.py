"""How single operations are written as Python: operator templates, displays and statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

IN_PLACE: Mapping[str, type[ast.operator]] = {
    "inplace_add": ast.Add,
    "inplace_subtract": ast.Sub,
    "inplace_multiply": ast.Mult,
    "inplace_divide": ast.Div,
    "inplace_floor_divide": ast.FloorDiv,
    "inplace_remainder": ast.Mod,
    "inplace_power": ast.Pow,
    "inplace_matmul": ast.MatMult,
    "inplace_bitwise_and": ast.BitAnd,
    "inplace_bitwise_or": ast.BitOr,
    "inplace_bitwise_xor": ast.BitXor,
    "inplace_bitwise_left_shift": ast.LShift,
    "inplace_bitwise_right_shift": ast.RShift,
}
"""Operations that are written as augmented assignments."""


@dataclass(slots=True)
class Expression:
    """A Python expression; `index` is how it stands inside a subscript, if that differs."""

    node: ast.expr
    index: ast.expr | None = None
    depth: int = 0
    leaf: bool = False

    @property
    def subscript(self) -> ast.expr:
        return self.node if self.index is None else self.index


@dataclass(frozen=True, slots=True)
class Template:
    """An operator template: its tree, and its parameters in the order of evaluation.

    `inline` tells that every parameter is evaluated exactly once, so that any expression may be
    put in its place.
    """

    tree: ast.expr
    order: tuple[str, ...]
    inline: bool

    def fill(
        self, operands: Mapping[str, Expression], outer: Callable[[str], ast.expr]
    ) -> ast.expr:
        """Return the tree with operands in place of parameters; `outer` gives other names."""
        return _fill(self.tree, operands, outer)


@cache
def parse_template(text: str, parameters: tuple[str, ...]) -> Template:
    """Read a template such as `a + b` or `x[index]`."""
    tree = ast.parse(text, mode="eval").body
    order = tuple(name for name in _names(tree) if name in parameters)
    conditional = any(
        isinstance(node, ast.BoolOp | ast.IfExp)
        or (isinstance(node, ast.Compare) and len(node.ops) > 1)
        for node in ast.walk(tree)
    )
    return Template(tree, order, not conditional and sorted(order) == sorted(parameters))


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _names(child)


def _fill(
    node: ast.expr, operands: Mapping[str, Expression], outer: Callable[[str], ast.expr]
) -> ast.expr:
    def fill(child: ast.expr) -> ast.expr:
        return _fill(child, operands, outer)

    match node:
        case ast.Name(name):
            return operands[name].node if name in operands else outer(name)
        case ast.Constant(value):
            return ast.Constant(value)
        case ast.BinOp(left, operator, right):
            return ast.BinOp(fill(left), operator, fill(right))
        case ast.UnaryOp(unary, operand):
            return ast.UnaryOp(unary, fill(operand))
        case ast.Compare(left, ops, comparators):
            return ast.Compare(fill(left), ops, [fill(c) for c in comparators])
        case ast.BoolOp(boolean, values):
            return ast.BoolOp(boolean, [fill(value) for value in values])
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(fill(test), fill(body), fill(orelse))
        case ast.Subscript(value, ast.Name(name)) if name in operands:
            return ast.Subscript(fill(value), operands[name].subscript, ast.Load())
        case ast.Subscript(value, index):
            return ast.Subscript(fill(value), fill(index), ast.Load())
        case ast.Attribute(value, name):
            return ast.Attribute(fill(value), name, ast.Load())
        case ast.Call(function, arguments):
            return ast.Call(fill(function), [fill(argument) for argument in arguments], [])
    raise AssertionError(f"a template may not hold {ast.unparse(node)}")


def make_slice(parts: Sequence[Expression]) -> ast.Slice:
    """Return `start:stop:step` for a subscript; constants `None` are left out."""

    def part(expression: Expression) -> ast.expr | None:
        node = expression.node
        missing = isinstance(node, ast.Constant) and node.value is None
        return None if missing else node

    start, stop, step = map(part, parts)
    return ast.Slice(start, stop, step)


def make_display(name: str, parts: Sequence[Expression]) -> Expression | None:
    """Return the display of a `tuple`, `list` or `dict` operation, or None for another one."""
    nodes = [part.node for part in parts]
    if name == "tuple":
        index = None
        # `x[()]` has no other form, and a starred or empty tuple cannot hold slices.
        if any(part.index is not None for part in parts):
            index = ast.Tuple([part.subscript for part in parts], ast.Load())
        return Expression(ast.Tuple(nodes, ast.Load()), index)
    if name == "list":
        return Expression(ast.List(nodes, ast.Load()))
    if name == "dict":
        return Expression(ast.Dict(list(nodes[::2]), nodes[1::2]))
    return None


def names_read(node: ast.AST) -> set[str]:
    """Return the names of the variables that an expression reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
