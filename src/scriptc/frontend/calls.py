"""Lowering of calls: operations, user functions and methods, modules, and a few special forms."""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.frontend import comprehensions, iterables, statics
from scriptc.frontend.attributes import read_attribute
from scriptc.frontend.conditions import lower_condition
from scriptc.frontend.dtype_forms import lower_limits, lower_subtype
from scriptc.frontend.errors import CompileFailureError, UnsupportedCall
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.objects import is_user_object
from scriptc.frontend.operations import KeywordArguments, call_entry
from scriptc.frontend.statics import Expr, Keywords, OpMethod, Scripted, Static, UserMethod
from scriptc.ir.builder import constant
from scriptc.ir.graph import Constant, Value


def lower_call(low: Lowering, node: ast.Call) -> Expr:
    """Lower a call of anything."""
    callee = low.expression(node.func)
    if isinstance(callee, Static):
        special = SPECIAL.get(callee.object) if _hashable(callee.object) else None
        if special is not None:
            handled: Expr | None = special(low, node)
            if handled is not None:
                return handled
    positional, keywords = _arguments(low, node)
    return call(low, callee, positional, keywords, node)


def _hashable(object_: Any) -> bool:
    return type(object_).__hash__ is not None


def _arguments(low: Lowering, node: ast.Call) -> tuple[list[Expr], dict[str, Expr]]:
    positional: list[Expr] = []
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            elements = iterables.elements_of(low, low.expression(argument.value), argument)
            if elements is None:
                raise low.unsupported(
                    argument, "a `*` argument of unknown length", "write the arguments out"
                )
            positional += elements
            continue
        if isinstance(argument, ast.GeneratorExp):
            positional.append(comprehensions.lower_list(low, argument))
            continue
        positional.append(low.expression(argument))
    keywords: dict[str, Expr] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            rest = low.expression(keyword.value)
            if not isinstance(rest, Keywords):
                raise low.unsupported(keyword.value, "a `**` argument", "write the arguments out")
            keywords |= rest.values
            continue
        keywords[keyword.arg] = low.expression(keyword.value)
    return positional, keywords


def call(
    low: Lowering, callee: Expr, positional: list[Expr], keywords: KeywordArguments, node: ast.Call
) -> Expr:
    """Emit the call of a callee with lowered arguments."""
    if isinstance(callee, OpMethod):
        return call_entry(low, callee.entry, [callee.receiver, *positional], keywords, node)
    if isinstance(callee, UserMethod):
        entries = _container_entries(low, callee, node)
        if entries is not None and not positional and not keywords:
            return entries
        return call_user(low, callee, positional, keywords, node)
    if isinstance(callee, Value):
        return _call_instance(low, callee, positional, keywords, node)
    if isinstance(callee, Static):
        object_ = callee.object
        entry = low.dialect.function(object_)
        if entry is not None:
            return call_entry(low, entry, positional, keywords, node)
        if isinstance(object_, Scripted):
            return low.compiler.call_scripted(low, object_, positional, keywords, node)
        if isinstance(object_, types.FunctionType) and _is_user_code(object_):
            return low.compiler.call_function(low, object_, None, positional, keywords, node)
        if isinstance(object_, functools.partial):
            given = [low.lift(a, "an argument", node) for a in object_.args]
            named = {n: low.lift(a, n, node) for n, a in object_.keywords.items()}
            inner = low.lift(object_.func, "the function", node)
            return call(low, inner, [*given, *positional], {**named, **keywords}, node)
        raise CompileFailureError(_uncallable(low, object_, node))
    raise low.unsupported(node, "a call of something that is not a function")


def _uncallable(low: Lowering, object_: Any, node: ast.Call) -> UnsupportedCall:
    """Return the diagnostic of a call of something that cannot be called in a script."""
    location, name = low.locate(node), _qualified_name(object_)
    if isinstance(object_, types.ModuleType):
        reason, instead = "it is a module", "call a function of it"
    elif isinstance(object_, type):
        reason = "scripts make no objects of classes"
        instead = "make the object before, and keep it in an attribute of `self`"
    elif isinstance(object_, types.MethodType) or is_user_object(object_):
        reason = "it belongs to an object that the program does not hold"
        instead = "keep the object in an attribute of `self`"
    else:
        return UnsupportedCall(location=location, name=name)
    return UnsupportedCall(location=location, name=name, reason=reason, instead=instead)


def _is_user_code(function: types.FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] != "numpy"


def _qualified_name(object_: Any) -> str:
    module = getattr(object_, "__module__", None)
    name = getattr(object_, "__qualname__", None) or type(object_).__qualname__
    if isinstance(object_, types.ModuleType):
        return object_.__name__
    return f"{module}.{name}" if module and module != "builtins" else name


def _call_instance(
    low: Lowering, callee: Value, positional: list[Expr], keywords: KeywordArguments, node: ast.Call
) -> Expr:
    class_name = low.class_name(callee)
    if class_name is None:
        raise CompileFailureError(
            UnsupportedCall(
                location=low.locate(node),
                name=ast.unparse(node.func),
                reason=f"a value of type {callee.type} is not a function",
                instead="call a function, a method or a module",
            )
        )
    definition = low.compiler.program.classes[class_name]
    is_module = "forward" in definition.methods or isinstance(
        low.compiler.objects.member(class_name, "forward"), types.FunctionType
    )
    method = read_attribute(low, callee, "forward" if is_module else "__call__", node)
    return call(low, method, positional, keywords, node)


def _container_entries(low: Lowering, method: UserMethod, node: ast.Call) -> Expr | None:
    """Return what `items`, `keys` or `values` of a dict of modules gives."""
    keys = iterables.module_keys(low, method.receiver)
    if keys is None or method.name not in ("items", "keys", "values"):
        return None
    if method.function is not None and not iterables.is_library(method.function):
        return None
    names = [constant(key) for key in keys]
    if method.name == "keys":
        return statics.Sequence(tuple(names))
    modules = [iterables.child(low, method.receiver, key, node) for key in keys]
    if method.name == "values":
        return statics.Sequence(tuple(modules))
    pairs = [statics.Sequence(pair) for pair in zip(names, modules, strict=True)]
    return statics.Sequence(tuple(pairs))


def call_user(
    low: Lowering,
    method: UserMethod,
    positional: list[Expr],
    keywords: KeywordArguments,
    node: ast.AST,
) -> Expr:
    """Emit a call of a method of a user class."""
    if method.function is None:
        return low.compiler.call_linked_method(low, method, positional, keywords, node)
    return low.compiler.call_function(
        low, method.function, method.receiver, positional, keywords, node
    )


# --- special forms ------------------------------------------------------------------------------


def _hasattr(low: Lowering, node: ast.Call) -> Expr | None:
    owner, name = _object_and_name(low, node)
    class_name = low.class_name(owner)
    info = low.compiler.objects.infos.get(class_name or "")
    if info is None:
        raise low.unsupported(node, "`hasattr` of something that is not an object")
    if not hasattr(info.example, name):
        info.absent[name] = low.locate(node)
        return constant(False)
    return constant(True)


def _getattr(low: Lowering, node: ast.Call) -> Expr | None:
    owner, name = _object_and_name(low, node)
    info = low.compiler.objects.infos.get(low.class_name(owner) or "")
    if len(node.args) == 3 and info is not None and not hasattr(info.example, name):
        info.absent[name] = low.locate(node)
        return low.expression(node.args[2])
    return read_attribute(low, owner, name, node)


def _object_and_name(low: Lowering, node: ast.Call) -> tuple[Expr, str]:
    if len(node.args) not in (2, 3) or node.keywords:
        raise low.unsupported(node, "a call of this form", "pass the object and the name")
    owner = low.expression(node.args[0])
    name = low.value_of(node.args[1])
    if not isinstance(name, Constant) or not isinstance(name.value, str):
        raise low.unsupported(
            node.args[1], "an attribute name that is not a constant", "write the name out"
        )
    return owner, name.value


def _isinstance(low: Lowering, node: ast.Call) -> Expr | None:
    value = lower_condition(low, node).value
    return constant(value) if isinstance(value, bool) else value


def _len(low: Lowering, node: ast.Call) -> Expr | None:
    if len(node.args) != 1 or node.keywords:
        return None
    expr = low.expression(node.args[0])
    if isinstance(expr, statics.Sequence):
        return constant(len(expr.elements))
    keys = iterables.module_keys(low, expr)
    if keys is not None:
        return constant(len(keys))
    value = low.value(expr, node.args[0])
    return low.emit("len", [value], node)


def _elements(low: Lowering, node: ast.expr) -> Sequence[Expr] | None:
    """Return the elements of an iterable that a loop takes apart, without emitting otherwise."""
    expr = low.expression(node)
    if isinstance(expr, statics.Sequence):
        return expr.elements
    if isinstance(expr, Value):
        return iterables.module_elements(low, expr, node)
    return None


def _mentions_modules(low: Lowering, node: ast.Call) -> bool:
    def is_sequence(argument: ast.expr) -> bool:
        mark = low.compiler.mark()
        count = len(low.builder.block.operations)
        try:
            expr = low.expression(argument)
            found = (
                isinstance(expr, statics.Sequence) or iterables.module_keys(low, expr) is not None
            )
        except CompileFailureError:
            found = False
        for operation in low.builder.block.operations[count:][::-1]:
            operation.erase()
        low.compiler.rewind(mark)
        return found

    candidates = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
    return any(isinstance(a, candidates) and is_sequence(a) for a in node.args)


def _enumerate(low: Lowering, node: ast.Call) -> Expr | None:
    if not node.args or node.keywords or not _mentions_modules(low, node):
        return None
    elements = _elements(low, node.args[0])
    assert elements is not None
    start = 0
    if len(node.args) > 1:
        first = low.value_of(node.args[1])
        if not isinstance(first, Constant):
            raise low.unsupported(node.args[1], "a variable start of `enumerate` over modules")
        start = first.value
    pairs = [statics.Sequence((constant(start + i), e)) for i, e in enumerate(elements)]
    return statics.Sequence(tuple(pairs))


def _zip(low: Lowering, node: ast.Call) -> Expr | None:
    if not node.args or node.keywords or not _mentions_modules(low, node):
        return None
    columns: list[Sequence[Expr]] = []
    for argument in node.args:
        elements = _elements(low, argument)
        if elements is None:
            raise low.unsupported(
                argument, "`zip` of modules with something that is not a list of modules",
                "index the other one in a loop over `enumerate(modules)`",
            )  # fmt: skip
        columns.append(elements)
    return statics.Sequence(tuple(statics.Sequence(row) for row in zip(*columns, strict=False)))


def _reversed(low: Lowering, node: ast.Call) -> Expr | None:
    if len(node.args) != 1 or not _mentions_modules(low, node):
        return None
    elements = _elements(low, node.args[0])
    assert elements is not None
    return statics.Sequence(tuple(reversed(elements)))


def _super(low: Lowering, node: ast.Call) -> Expr | None:
    cls = low.source.closure.get("__class__")
    parameters = low.function.parameters
    class_name = low.class_name(parameters[0]) if parameters else None
    info = low.compiler.objects.infos.get(class_name or "")
    if node.args or node.keywords or info is None or not isinstance(cls, type):
        raise low.unsupported(node, "this form of `super`", "write `super()` in a method")
    order = info.python_class.__mro__
    if cls not in order:
        raise low.unsupported(node, "`super()` of another class", "write `super()` in a method")
    return statics.Super(parameters[0], order[order.index(cls) + 1 :])


def _slice(low: Lowering, node: ast.Call) -> Expr | None:
    if len(node.args) not in (1, 2) or node.keywords:
        return None
    if any(isinstance(a, ast.Starred) for a in node.args):
        return None
    bounds = [low.value_of(a) for a in node.args]
    start, stop = bounds if len(bounds) == 2 else (constant(None), bounds[0])
    return low.emit("slice", [start, stop, None], node)


SPECIAL: dict[Any, Callable[[Lowering, ast.Call], Expr | None]] = {
    np.finfo: lower_limits,
    np.iinfo: lower_limits,
    np.issubdtype: lower_subtype,
    hasattr: _hasattr,
    getattr: _getattr,
    isinstance: _isinstance,
    len: _len,
    enumerate: _enumerate,
    zip: _zip,
    reversed: _reversed,
    slice: _slice,
    super: _super,
}
