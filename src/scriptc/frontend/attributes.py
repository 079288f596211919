"""Reading attributes: of modules and classes now, of instances and values at run time."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable

from scriptc.frontend.errors import (
    CompileFailureError,
    UnassignedAttribute,
    UnknownAttribute,
    did_you_mean,
)
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.objects import is_known_now, vars_of
from scriptc.frontend.operations import call_entry
from scriptc.frontend.statics import Expr, Limits, OpMethod, Static, Super, UserMethod
from scriptc.ir.graph import OpResult, Value, attribute_name
from scriptc.ir.opdef import RuleError
from scriptc.ir.ops.python_rules import none_help
from scriptc.ir.types import TupleType, prune

NUMPY_DOCS = "docs/operations.md"


def read_attribute(low: Lowering, owner: Expr, name: str, node: ast.AST) -> Expr:
    """Return an attribute of a module or class (looked up now), of an instance, or of a value."""
    if isinstance(owner, Static):
        try:
            found = getattr(owner.object, name)
        except AttributeError:
            type_name = getattr(owner.object, "__name__", type(owner.object).__name__)
            known = [n for n in dir(owner.object) if not n.startswith("_")]
            raise no_attribute(
                low, node, f"`{type_name}`", name, "no such attribute", known
            ) from None
        return low.lift(found, name, node)
    if isinstance(owner, Super):
        return _super_attribute(low, owner, name, node)
    if isinstance(owner, Limits):
        limit = low.dialect.limit(owner.function, name)
        if limit is None:
            raise no_attribute(low, node, f"`np.{owner.function}`", name, "no such attribute here")
        return call_entry(low, limit, [owner.dtype], {}, node)
    value = low.value(owner, node)
    class_name = low.class_name(value)
    if class_name is not None:
        return _instance_attribute(low, value, class_name, name, node)
    fields = field_names(value)
    if name in fields:
        return low.emit("getitem", [value, fields.index(name)], node, name)
    entry = low.dialect.member(prune(value.type), name)
    if entry is None:
        known = [*low.dialect.members(prune(value.type)), *fields]
        raise no_attribute(
            low, node, f"a value of type {value.type}", name, "not known", known,
            none_help(value.type) or f"`{NUMPY_DOCS}` lists what there is",
        )  # fmt: skip
    if entry.is_property:
        return call_entry(low, entry, [value], {}, node)
    return OpMethod(entry, value)


def field_names(value: Value) -> tuple[str, ...]:
    """Return the names of the elements of a named tuple, for the result of an operation.

    Types do not tell the names, so they are known where the tuple was made, not behind a branch.
    """
    while isinstance(value, OpResult) and value.operation.opdef is None:
        if value.operation.name not in ("refine", "check_bound"):
            return ()
        value = value.operation.operands[0]
    made = isinstance(value, OpResult) and isinstance(prune(value.type), TupleType)
    opdef = value.operation.opdef if isinstance(value, OpResult) and made else None
    return () if opdef is None else opdef.fields


def no_attribute(
    low: Lowering,
    node: ast.AST,
    type_: str,
    name: str,
    reason: str,
    known: Iterable[str] = (),
    otherwise: str = "",
) -> CompileFailureError:
    """Return the failure that says that something has no attribute of this name.

    It suggests the most similar of the `known` ones, or says what stands in `otherwise`.
    """
    hint = did_you_mean(name, known) or otherwise
    return CompileFailureError(
        UnknownAttribute(location=low.locate(node), type=type_, name=name, reason=reason, hint=hint)
    )


def _instance_attribute(
    low: Lowering, value: Value, class_name: str, name: str, node: ast.AST
) -> Expr:
    objects = low.compiler.objects
    info = objects.infos.get(class_name)
    if info is not None and name in info.constants and hasattr(info.example, name):
        return low.lift(getattr(info.example, name), name, node)
    member = objects.member(class_name, name)
    if isinstance(member, property) and isinstance(member.fget, types.FunctionType):
        return low.compiler.call_function(low, member.fget, value, [], {}, node)
    if info is not None and is_known_now(vars_of(info.example).get(name)):
        return low.lift(vars_of(info.example)[name], name, node)
    try:
        type_ = objects.attribute(class_name, attribute_name(name))
    except RuleError as error:
        raise no_attribute(low, node, class_name, name, error.message) from None
    if type_ is not None:
        known = low.env.facts.get(low.attribute_path(value, name))
        if known is None and info is not None and name in info.created:
            text = ast.unparse(node)
            raise CompileFailureError(
                UnassignedAttribute(location=low.locate(node), name=text, short=name)
            )
        found = low.structural("get_attr", [value, name], [type_], node, name).result
        return found if known is None else low.refine(found, known, node)
    if isinstance(member, types.FunctionType):
        return UserMethod(value, name, member)
    if isinstance(member, staticmethod):
        return Static(member.__func__)
    if isinstance(member, classmethod):
        raise no_attribute(
            low, node, f"`{class_name}`", name, "is a class method",
            otherwise="make it a static method, or a function",
        )  # fmt: skip
    definition = low.compiler.program.classes[class_name]
    if name in definition.methods:
        return UserMethod(value, name, None)
    if (member is not None and not callable(member)) or (
        objects.class_value(class_name, name) is None
    ):
        return low.lift(member, name, node)
    names = [*definition.attributes, *definition.methods]
    if info is not None:
        names += [n for n in dir(info.example) if not n.startswith("__")]
    reason = "neither an attribute nor a method"
    raise no_attribute(low, node, f"`{class_name}`", name, reason, names)


def _super_attribute(low: Lowering, owner: Super, name: str, node: ast.AST) -> Expr:
    """Return an attribute of `super()`: what the next class that has it says."""
    for cls in owner.classes:
        if name not in vars(cls):
            continue
        member = vars(cls)[name]
        if isinstance(member, types.FunctionType):
            return UserMethod(owner.receiver, name, member)
        if isinstance(member, staticmethod):
            return Static(member.__func__)
        if isinstance(member, property) and isinstance(member.fget, types.FunctionType):
            return low.compiler.call_function(low, member.fget, owner.receiver, [], {}, node)
        return low.lift(member, name, node)
    raise no_attribute(low, node, "`super()`", name, "no class above has it")
