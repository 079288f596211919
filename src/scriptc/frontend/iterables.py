"""What a `for` walks over: values of the IR, or elements that are taken one by one."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from scriptc.frontend import statics
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.statics import Expr
from scriptc.ir.builder import constant
from scriptc.ir.graph import Constant, OpResult, Value, attribute_name
from scriptc.ir.opdef import RuleError, check_kind
from scriptc.ir.ops.python_rules import none_help
from scriptc.ir.ops.rules import element_type
from scriptc.ir.types import NEVER, TupleType, Type, join, prune

_MAX_CONSTANTS = 16


def iterate(low: Lowering, expr: Expr, node: ast.expr) -> tuple[Value, Type]:
    """Return the value to walk over and the type of its elements."""
    value = low.value(expr, node)
    if not check_kind("iterable", prune(value.type)):
        error = RuleError(f"a value of type {value.type} cannot be iterated", none_help(value.type))
        raise low.rule_failure(node, error)
    try:
        return value, element_type(prune(value.type))
    except RuleError as error:
        raise low.rule_failure(node, error) from None


def unrolled_elements(
    low: Lowering, expr: Expr, node: ast.expr, has_exit: bool
) -> Sequence[Expr] | None:
    """Return the elements of a loop that is taken apart, or None for an ordinary loop.

    Loops over modules and over tuples of mixed types are taken apart, and those over short constant
    tuples, so that the body sees constants.
    """
    if isinstance(expr, statics.Sequence):
        return expr.elements
    if not isinstance(expr, Value):
        return None
    modules = module_elements(low, expr, node)
    if modules is not None:
        return modules
    if isinstance(expr, Constant) and isinstance(expr.value, tuple):
        parts = [constant(part) for part in expr.value]
        if len(parts) <= _MAX_CONSTANTS and not has_exit:
            return parts
    type_ = prune(expr.type)
    if isinstance(type_, TupleType):
        common: Type | None = NEVER
        for element in type_.elements:
            common = None if common is None else join(common, element)
        if common is None:
            return [low.emit("getitem", [expr, i], node) for i in range(len(type_.elements))]
    return None


def elements_of(low: Lowering, expr: Expr, node: ast.AST) -> Sequence[Expr] | None:
    """Return the elements of a sequence of known length; None for anything else."""
    if isinstance(expr, statics.Sequence):
        return expr.elements
    if not isinstance(expr, Value):
        return None
    if isinstance(expr, OpResult) and expr.operation.name == "tuple":
        return expr.operation.operands
    if isinstance(expr, Constant) and isinstance(expr.value, tuple):
        return [constant(part) for part in expr.value]
    type_ = prune(expr.type)
    if isinstance(type_, TupleType):
        return [low.emit("getitem", [expr, i], node) for i in range(len(type_.elements))]
    return module_elements(low, expr, node)


def module_elements(low: Lowering, value: Value, node: ast.AST) -> Sequence[Expr] | None:
    """Return the children of a module list, or None if the value is not one."""
    keys = module_keys(low, value)
    if keys is None:
        return None
    info = low.compiler.objects.infos.get(low.class_name(value) or "")
    if info is not None and hasattr(info.python_class, "keys"):
        return [constant(key) for key in keys]  # as a dict, it gives its keys
    return [child(low, value, key, node) for key in keys]


def module_keys(low: Lowering, value: Expr) -> list[str] | None:
    """Return the names of the children of a module list or dict; None for anything else.

    It is an instance of `nn.ModuleList` and its like, or of a class derived from one that does not
    say itself how to walk over it.
    """
    name = low.class_name(value)
    if name is None:
        return None
    definition = low.compiler.program.classes[name]
    info = low.compiler.objects.infos.get(name)
    walk = None if info is None else getattr(info.python_class, "__iter__", None)
    is_list = walk is not None and is_library(walk)
    if info is None or info.linked:
        is_list = bool(definition.submodules) and all(k.isdigit() for k in definition.submodules)
    return list(definition.submodules) if is_list else None


def is_library(function: Any) -> bool:
    """Tell whether a function belongs to the modules of the library, whose meaning is known."""
    module = getattr(function, "__module__", None) or ""
    return module.startswith(("scriptc.nn.", "torch.nn."))


def child(low: Lowering, value: Value, key: str, node: ast.AST) -> Value:
    """Read a submodule by its name."""
    name = low.class_name(value)
    assert name is not None
    attribute = attribute_name(key)
    type_ = low.compiler.program.classes[name].attributes[attribute]
    label = attribute if attribute == key else ""
    return low.structural("get_attr", [value, attribute], [type_], node, label).result
