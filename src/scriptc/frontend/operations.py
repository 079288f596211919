"""Emitting an operation that is called by one of its spellings."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from scriptc.frontend.dialects.tables import Entry, Gathered, choose
from scriptc.frontend.errors import CompileFailureError, bad_call
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.statics import Expr
from scriptc.ir.builder import constant
from scriptc.ir.graph import Value
from scriptc.ir.opdef import RuleError
from scriptc.ir.schema import BindError
from scriptc.ir.types import TensorType, prune

KeywordArguments = Mapping[str, Expr]


def call_entry(
    low: Lowering,
    entry: Entry,
    positional: Sequence[Expr],
    keywords: KeywordArguments,
    node: ast.AST,
) -> Expr:
    """Emit an operation called by one of its spellings."""
    try:
        entry, bound = choose(entry, positional, keywords)
    except BindError as error:
        spelled = entry.spelling.name.removeprefix("builtins.")
        raise CompileFailureError(
            bad_call(low.locate(node), error, (f"{entry.opdef.name}()", f"{spelled}()"))
        ) from None
    values: list[Value] = []
    parameters = entry.opdef.schema.parameters
    for i, argument in enumerate(bound):
        takes_dtype = "dtype" in parameters[min(i, len(parameters) - 1)].kind
        if isinstance(argument, Gathered):
            items = [low.value(item, node) for item in argument.items]
            values.append(low.emit("tuple", items, node))
        elif isinstance(argument, Expr):
            values.append((low.dtype if takes_dtype else low.value)(argument, node))
        else:
            try:
                values.append(constant(argument))
            except RuleError as error:
                raise low.rule_failure(node, error) from None
    if entry.opdef.python is not None and entry.spelling.name.startswith("numpy."):
        # A NumPy function gives NumPy scalars also for plain numbers; an operator would not.
        tensors = [isinstance(prune(v.type), TensorType) for v in values]
        if not any(tensors):
            values[0] = low.emit("asarray", [values[0], None], node)
        for i, value in enumerate(values):
            if str(prune(value.type)).startswith(("list[", "tuple[")):
                values[i] = low.emit("asarray", [value, None], node)
    results = low.emit_all(entry.opdef, values, node)
    return results[0] if results else constant(None)
