"""The parameters of functions: their names, how the arguments of a call bind to them, what fits.

`*args` and `**kwargs` of a helper become ordinary parameters of the compiled function, as many as a
call needs: one tuple for all of `*args`, and one parameter for each keyword.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc.frontend.source import FunctionSource
from scriptc.frontend.statics import Expr
from scriptc.ir.schema import REQUIRED, BindError, Parameter, Schema
from scriptc.ir.types import BOOL, FLOAT, INT, TensorType, Type, accepts, members_of


def all_parameters(node: ast.FunctionDef) -> list[ast.arg]:
    """Return a function's parameters in order, keyword-only ones last, without starred ones."""
    args = node.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def parameter_names(node: ast.FunctionDef) -> list[str]:
    """Return the names of a function's parameters in order, without starred ones."""
    return [arg.arg for arg in all_parameters(node)]


def compiled_names(node: ast.FunctionDef) -> list[str]:
    """Return the parameters of the compiled function: that of `*args` before keyword-only ones."""
    names = parameter_names(node)
    if node.args.vararg is not None:
        names.insert(len(names) - len(node.args.kwonlyargs), node.args.vararg.arg)
    return names


def signature(source: FunctionSource) -> Schema:
    """Return a function's parameters as a schema, to bind arguments with."""
    keyword_only = {arg.arg for arg in source.node.args.kwonlyargs}
    parameters = [
        Parameter(
            name, default=source.defaults.get(name, REQUIRED), keyword_only=name in keyword_only
        )
        for name in parameter_names(source.node)
    ]
    return Schema(source.name, tuple(parameters))


@dataclass(frozen=True, slots=True)
class Bound:
    """The arguments of one call.

    `named` holds an expression or the default for each parameter; `collected` is what `*args` gets,
    or None if there is none; `keywords` is what `**kwargs` gets.
    """

    named: Mapping[str, Any]
    collected: Sequence[Expr] | None
    keywords: Mapping[str, Expr]


def bind_arguments(
    source: FunctionSource, positional: Sequence[Expr], keywords: Mapping[str, Expr]
) -> Bound:
    """Bind the arguments of a call as Python does. Raises `BindError`."""
    args = source.node.args
    by_position = len(args.posonlyargs) + len(args.args)
    only_by_position = {arg.arg for arg in args.posonlyargs}
    names = parameter_names(source.node)
    collected: Sequence[Expr] | None = None
    if args.vararg is not None:
        positional, collected = positional[:by_position], positional[by_position:]
    taken = {n: v for n, v in keywords.items() if n in names and n not in only_by_position}
    rest = {n: v for n, v in keywords.items() if n not in taken}
    if rest and args.kwarg is None:
        unknown = next(iter(rest))
        if unknown in names:
            raise BindError(f"{source.name}() takes `{unknown}` by position only")
        taken |= rest  # binding says what is wrong
        rest = {}
    values = signature(source).bind(positional, taken)
    return Bound(dict(zip(names, values, strict=True)), collected, rest)


def fits(expected: Type, actual: Type) -> bool:
    """Tell whether an argument of a helper fits its annotation.

    By Python's rules for numbers an `int` may stand for a `float`; and an element of an array may
    stand for a number, as it does in plain Python. The helper is compiled for the actual types.
    """
    if accepts(expected, actual):
        return True
    wanted = members_of(expected)
    return all(
        any(accepts(w, g) or _is_number_for(w, g) for w in wanted) for g in members_of(actual)
    )


def _is_number_for(wanted: Type, given: Type) -> bool:
    kinds = _NUMBER_KINDS.get(wanted, "")
    if isinstance(given, TensorType):
        if given.rank not in (None, 0):
            return False
        return bool(kinds) and (given.dtype is None or np.dtype(given.dtype).kind in kinds)
    return (wanted == FLOAT and given in (INT, BOOL)) or (wanted == INT and given == BOOL)


_NUMBER_KINDS: Mapping[Type, str] = {FLOAT: "fiub", INT: "iub", BOOL: "b"}
