"""Schemas: the parameters that an operation or a function takes, and how arguments bind to them.

A schema is written as a Python signature, for example

    sum(x: Tensor, axis: int | tuple[int] | None = None, *, keepdims: bool = False)

The annotation of a parameter is a *kind*: what may stand there. Kinds are wider than types, since
NumPy takes a number where it takes an array. They are checked by `opdef.check_kind`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a schema; `default` is `REQUIRED` or a Python constant."""

    name: str
    kind: str = "Any"
    default: Any = REQUIRED
    keyword_only: bool = False
    variadic: bool = False


class BindError(Exception):
    """The arguments of a call do not fit the schema; the message is written for the user.

    `unknown` is a keyword that is none of the `known` ones.
    """

    def __init__(self, message: str, unknown: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.unknown = unknown
        self.known = known


@dataclass(frozen=True, slots=True)
class Schema:
    """The name and parameters of an operation. A variadic parameter stands last."""

    name: str
    parameters: tuple[Parameter, ...]

    @property
    def variadic(self) -> Parameter | None:
        last = self.parameters[-1] if self.parameters else None
        return last if last is not None and last.variadic else None

    def bind(self, positional: Sequence[T], keywords: Mapping[str, T]) -> list[T | Any]:
        """Return the arguments in the order of the parameters, defaults filled in.

        The arguments of a variadic parameter follow the others, as many as there are. Raises
        `BindError` as Python raises `TypeError`.
        """
        fixed = [p for p in self.parameters if not p.variadic]
        by_position = [p for p in fixed if not p.keyword_only]
        rest = list(positional[len(by_position) :])
        if rest and self.variadic is None:
            raise BindError(
                f"{self.name}() takes at most {len(by_position)} positional argument"
                f"{'s' * (len(by_position) != 1)}, and {len(positional)} were given"
            )
        bound = {p.name: value for p, value in zip(by_position, positional, strict=False)}
        for name, value in keywords.items():
            if name not in {p.name for p in fixed}:
                message = f"{self.name}() has no argument `{name}` here"
                raise BindError(message, name, [p.name for p in fixed])
            if name in bound:
                raise BindError(f"{self.name}() got two values for `{name}`")
            bound[name] = value
        for p in fixed:
            if p.name not in bound:
                if p.default is REQUIRED:
                    raise BindError(f"{self.name}() needs an argument `{p.name}`")
                bound[p.name] = p.default
        return [*(bound[p.name] for p in fixed), *rest]

    def __str__(self) -> str:
        parts: list[str] = []
        starred = False
        for p in self.parameters:
            if p.keyword_only and not starred:
                parts.append("*")
                starred = True
            text = f"{'*' * p.variadic}{p.name}: {p.kind}"
            parts.append(text if p.default is REQUIRED else f"{text} = {p.default!r}")
        return f"{self.name}({', '.join(parts)})"


@cache
def parse_schema(text: str) -> Schema:
    """Read a schema from its text, such as `clip(x: Tensor, min: Tensor | None = None)`."""
    name, _, signature = text.partition("(")
    tree = ast.parse(f"def _({signature}: ...").body[0]
    assert isinstance(tree, ast.FunctionDef)
    args = tree.args
    kinds = {a.arg: ast.unparse(a.annotation) if a.annotation else "Any" for a in _all(args)}
    parameters: list[Parameter] = []
    positional = [*args.posonlyargs, *args.args]
    missing: list[Any] = [REQUIRED] * (len(positional) - len(args.defaults))
    for arg, default in zip(positional, [*missing, *map(_literal, args.defaults)], strict=True):
        parameters.append(Parameter(arg.arg, kinds[arg.arg], default))
    for arg, node in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        value = REQUIRED if node is None else _literal(node)
        parameters.append(Parameter(arg.arg, kinds[arg.arg], value, keyword_only=True))
    if args.vararg is not None:
        parameters.append(Parameter(args.vararg.arg, kinds[args.vararg.arg], variadic=True))
    return Schema(name.strip(), tuple(parameters))


def _all(args: ast.arguments) -> list[ast.arg]:
    found = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return [*found, args.vararg] if args.vararg else found


def _literal(node: ast.expr) -> Any:
    return ast.literal_eval(node)
