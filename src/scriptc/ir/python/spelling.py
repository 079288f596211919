"""Writing operations, constants and types as Python source that the front end reads back."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scriptc.ir.graph import Constant, ExceptionRef, FunctionRef, Operation, Value
from scriptc.ir.opdef import OpDef, Spelling
from scriptc.ir.schema import REQUIRED, Parameter
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPE,
    FLOAT,
    INT,
    RANGE,
    STR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    prune,
)

_OWNERS: Mapping[str, type] = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "str": str,
    "list": list,
    "dict": dict,
    "tuple": tuple,
    "int": int,
    "float": float,
    "complex": complex,
    "range": range,
}
_LIMITS = frozenset({"finfo", "iinfo"})
_ATOM_OWNERS: Mapping[Type, str] = {
    STR: "str",
    INT: "int",
    BOOL: "int",
    FLOAT: "float",
    COMPLEX: "complex",
    RANGE: "range",
    DTYPE: "dtype",
}
_POSITIONAL = frozenset({*_OWNERS, "math", "builtins"}) - {"ndarray"}
"""Roots of functions that mostly take their arguments by position only."""


def type_text(type_: Type) -> str:
    """Return a type as an annotation."""
    match prune(type_):
        case TensorType(None, None):
            return "Tensor"
        case TensorType(dtype, None):
            return f"Tensor[{dtype}]"
        case TensorType(dtype, shape):
            return f"Tensor[{dtype}, {shape!r}]"
        case ListType(element):
            return f"list[{type_text(element)}]"
        case TupleType(elements):
            return f"tuple[{', '.join(map(type_text, elements)) or '()'}]"
        case VariadicTupleType(element):
            return f"tuple[{type_text(element)}, ...]"
        case DictType(key, value):
            return f"dict[{type_text(key)}, {type_text(value)}]"
        case IteratorType(element):
            return f"Iterator[{type_text(element)}]"
        case ViewType(element):
            return f"Collection[{type_text(element)}]"
        case UnionType(members):
            return " | ".join(map(type_text, members))
        case atom:
            return "np.dtype" if atom == DTYPE else str(atom)


def dotted(name: str) -> ast.expr:
    """Return `a.b.c` as an expression."""
    first, *rest = name.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for part in rest:
        node = ast.Attribute(node, part, ast.Load())
    return node


def literal(value: Any, pool: Mapping[int, int]) -> ast.expr:
    """Return a constant as an expression; `pool` numbers those that have no literal by `id`."""
    if id(value) in pool:
        return dotted(f"CONSTANTS.c{pool[id(value)]}")
    if isinstance(value, np.dtype):
        return dotted("np.bool_" if value == np.bool_ else f"np.{value.name}")
    if isinstance(value, FunctionRef | ExceptionRef):
        return ast.Name(value.name.rpartition(".")[2], ast.Load())
    if type(value) is tuple:
        return ast.Tuple([literal(part, pool) for part in value], ast.Load())
    if isinstance(value, slice | range):
        parts = [literal(part, pool) for part in (value.start, value.stop, value.step)]
        return ast.Call(dotted(type(value).__name__), parts, [])
    if type(value) in (int, float) and (value < 0 or (value == 0 and str(value)[0] == "-")):
        return ast.UnaryOp(ast.USub(), literal(-value, pool))
    if type(value) is float and not math.isfinite(value):
        return dotted("np.nan" if math.isnan(value) else "np.inf")
    return ast.Constant(value)


def pooled(value: Any) -> Iterator[Any]:
    """Yield the objects in a constant that are held by reference, having no literal."""
    if isinstance(value, np.ndarray | np.generic | list | dict):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from pooled(part)


def spelled(operation: Operation, operands: Sequence[ast.expr]) -> ast.expr:
    """Return an operation as a call of a library function or method, or as a property."""
    opdef = operation.opdef
    assert opdef is not None
    first = prune(operation.operands[0].type) if operation.operands else None
    spelling = _choose(opdef, first)
    if spelling is None:
        # Only operations of tests have neither a template nor a spelling.
        return ast.Call(dotted(f"ops.{opdef.name}"), list(operands), [])
    root, _, name = spelling.name.partition(".")
    arguments, keywords = _arguments(opdef, spelling, operation.operands, operands)
    if root in _OWNERS:
        method = ast.Attribute(operands[0], name, ast.Load())
        if not callable(getattr(_OWNERS[root], name, None)):
            return method
        return ast.Call(method, arguments[1:], keywords)
    if root in _LIMITS:
        return ast.Attribute(ast.Call(dotted(f"np.{root}"), arguments, []), name, ast.Load())
    names = {"numpy": f"np.{name}", "builtins": name}
    return ast.Call(dotted(names.get(root, spelling.name)), arguments, keywords)


def _choose(opdef: OpDef, first: Type | None) -> Spelling | None:
    """Return the first spelling that can be written for an object of that type."""
    for spelling in opdef.spellings:
        root = spelling.name.partition(".")[0]
        if spelling.write and (root not in _OWNERS or root == _owner(first)):
            return spelling
    return None


def _owner(type_: Type | None) -> str:
    match type_:
        case TensorType():
            return "ndarray"
        case ListType():
            return "list"
        case DictType():
            return "dict"
        case TupleType() | VariadicTupleType():
            return "tuple"
        case None:
            return ""
    return _ATOM_OWNERS.get(type_, "")


def _arguments(
    opdef: OpDef, spelling: Spelling, values: Sequence[Value], nodes: Sequence[ast.expr]
) -> tuple[list[ast.expr], list[ast.keyword]]:
    fixed = [p for p in opdef.schema.parameters if not p.variadic]
    rest = list(nodes[len(fixed) :])
    given = {p.name: node for p, node in zip(fixed, nodes, strict=False)}
    skipped = {
        p.name
        for p, value in zip(fixed, values, strict=False)
        if not rest and _is_default(p, spelling, value)
    }
    library = {ours: theirs for theirs, ours in spelling.rename.items()}
    order = spelling.order or tuple(p.name for p in fixed if not p.keyword_only)
    if spelling.gather is not None:
        # What follows the gathered arguments could not be told from them.
        order = order[: order.index(spelling.gather) + 1]
    wanted = [name for name in order if name in given and name not in skipped]
    last = max((order.index(name) for name in wanted), default=-1)
    root = spelling.name.partition(".")[0]
    arguments: list[ast.expr] = []
    for name in order[: last + 1]:
        if name not in given or (name in skipped and root not in _POSITIONAL):
            break
        arguments.append(given[name])
    by_position = set(order[: len(arguments)])
    keywords = [
        ast.keyword(library.get(p.name, p.name), given[p.name])
        for p in fixed
        if p.name in given and p.name not in by_position and p.name not in skipped
    ]
    if spelling.gather is not None and arguments and isinstance(arguments[-1], ast.Tuple):
        gathered = arguments[-1].elts
        if len(gathered) > 1 and len(arguments) == len(order):
            arguments[-1:] = gathered
    return [*arguments, *rest], keywords


def _is_default(parameter: Parameter, spelling: Spelling, value: Value) -> bool:
    default = spelling.defaults.get(parameter.name, parameter.default)
    if default is REQUIRED or not isinstance(value, Constant):
        return False
    # By text, since 0.0 == -0.0; defaults are plain literals.
    return type(value.value) is type(default) and repr(value.value) == repr(default)
