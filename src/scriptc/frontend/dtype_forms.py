"""Calls about dtypes whose arguments or results are Python classes: `np.finfo`, `np.issubdtype`."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from scriptc.frontend.lowering import Lowering
from scriptc.frontend.statics import Expr, Limits, Static
from scriptc.ir.graph import Value
from scriptc.ir.types import STR, TensorType, prune

_KINDS: dict[Any, str | tuple[str, ...]] = {
    np.floating: "real floating",
    np.complexfloating: "complex floating",
    np.inexact: ("real floating", "complex floating"),
    np.integer: "integral",
    np.signedinteger: "signed integer",
    np.unsignedinteger: "unsigned integer",
    np.number: "numeric",
    np.generic: ("numeric", "bool"),
}
"""The abstract classes of NumPy's scalars, in the words of `isdtype`."""


def _dtype(low: Lowering, node: ast.expr) -> Value:
    value = low.dtype(low.expression(node), node)
    if isinstance(prune(value.type), TensorType):
        return low.emit("dtype", [value], node)
    return low.emit("to_dtype", [value], node) if value.type == STR else value


def lower_limits(low: Lowering, node: ast.Call) -> Expr | None:
    """Lower `np.finfo(dtype)` and `np.iinfo(dtype)`; their attributes are operations."""
    callee = low.expression(node.func)
    arguments = [*node.args, *(k.value for k in node.keywords)]
    if len(arguments) != 1 or not isinstance(callee, Static):
        raise low.unsupported(node, "this form of `finfo`", "pass one dtype")
    return Limits(callee.object.__name__, _dtype(low, arguments[0]))


def lower_subtype(low: Lowering, node: ast.Call) -> Expr | None:
    """Lower `np.issubdtype(dtype, kind)`: `isdtype` or, for a concrete class, equality."""
    if len(node.args) != 2 or node.keywords:
        raise low.unsupported(node, "this form of `issubdtype`", "pass two dtypes by position")
    dtype = _dtype(low, node.args[0])
    kind = low.expression(node.args[1])
    if isinstance(kind, Static) and isinstance(kind.object, type) and kind.object in _KINDS:
        return low.emit("isdtype", [dtype, _KINDS[kind.object]], node)
    return low.emit("equal", [dtype, _dtype(low, node.args[1])], node)
