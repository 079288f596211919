"""Lowering of statements. Control flow that loops is in `loops.py`."""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Callable, Sequence
from typing import Any

from scriptc.frontend import loops
from scriptc.frontend.annotations import AnnotationError, parse_annotation
from scriptc.frontend.attributes import read_attribute
from scriptc.frontend.calls import lower_call
from scriptc.frontend.conditions import Condition, lower_condition
from scriptc.frontend.errors import (
    AttributeType,
    CompileFailureError,
    DeclaredType,
    FixedAttribute,
    UnknownAttribute,
    UnpackLength,
    branch_type,
    unknown_annotation,
)
from scriptc.frontend.expressions import (
    BINARY,
    lower_index,
)
from scriptc.frontend.iterables import elements_of, is_library
from scriptc.frontend.liveness import assigned
from scriptc.frontend.lowering import Env, Lowering, common_facts
from scriptc.frontend.statics import Expr, Poison, Static
from scriptc.ir.builder import constant
from scriptc.ir.graph import UNBOUND, Block, ExceptionRef, Operation, OpResult, Value
from scriptc.ir.types import (
    NEVER,
    NONE,
    DictType,
    ListType,
    TensorType,
    Type,
    accepts,
    either,
    is_numeric_union,
    members_of,
    prune,
    union,
)

IN_PLACE = {
    name: f"inplace_{name}"
    for name in (
        "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "matmul",
        "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift",
    )
}  # fmt: skip


def lower_block(low: Lowering, statements: Sequence[ast.stmt]) -> None:
    """Lower statements until one ends the block. A broken one is reported and passed over."""
    for node in statements:
        if low.terminated:
            return
        low.builder.location = low.locate(node)
        try:
            lower_statement(low, node)
        except CompileFailureError as failure:
            low.compiler.report(failure.diagnostic)
            for name in assigned([node]):
                low.env.assign(name, Poison())


def lower_statement(low: Lowering, node: ast.stmt) -> None:
    """Lower one statement; a class of node without an entry is outside the subset."""
    handler = STATEMENTS.get(type(node))
    if handler is None:
        raise low.unsupported(node)
    handler(low, node)


# --- assignment ---------------------------------------------------------------------------------


def _assign(low: Lowering, node: ast.Assign) -> None:
    expr = low.expression(node.value)
    for target in node.targets:
        low.assign(target, expr)


def _annotated_assign(low: Lowering, node: ast.AnnAssign) -> None:
    declared = local_annotation(low, node.annotation)
    if node.value is None:
        return
    expr = low.expression(node.value)
    if declared is not None:
        value = low.value(expr, node.value)
        if not accepts(declared, value.type):
            raise CompileFailureError(
                DeclaredType(
                    location=low.locate(node.value),
                    name=ast.unparse(node.target),
                    expected=str(declared),
                    actual=str(value.type),
                )
            )
        # Only a union widens; elsewhere what is known is at least as exact as what is declared.
        wider = len(members_of(declared)) > 1 or isinstance(declared, ListType | DictType)
        expr = low.refine(value, declared, node.value) if wider else value
    low.assign(node.target, expr)


def local_annotation(low: Lowering, node: ast.expr) -> Type | None:
    """Return the type that the annotation of a local variable names."""
    try:
        return parse_annotation(
            node, low.compiler.annotation_lookup(low.source), low.compiler.class_types()
        )
    except AnnotationError as error:
        if error.incomplete:
            return None  # what is assigned says more
        raise CompileFailureError(unknown_annotation(low.locate(node), error)) from None


def assign_to(low: Lowering, target: ast.expr, expr: Expr) -> None:
    """Assign to a name, an element, an attribute, or several of these."""
    match target:
        case ast.Name(id=name):
            if isinstance(expr, OpResult) and not expr.name:
                expr.name = name
            low.env.assign(name, expr)
            low.env.places[name] = low.locate(target)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(low, target, targets, expr)
        case ast.Subscript(value=container, slice=index):
            object_ = low.value_of(container)
            place = lower_index(low, index, object_.type)
            low.emit_all("setitem", [object_, place, low.value(expr, target)], target)
        case ast.Attribute(value=owner, attr=name):
            _set_attribute(low, target, low.expression(owner), name, expr)
        case _:
            raise low.unsupported(target)


def _unpack(low: Lowering, node: ast.expr, targets: list[ast.expr], expr: Expr) -> None:
    stars = [i for i, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if len(stars) > 1:
        raise low.unsupported(targets[stars[1]], "a second `*` in an assignment", "use one")
    parts = elements_of(low, expr, node)
    if stars:
        parts = _starred_parts(low, node, len(targets), stars[0], expr, parts)
    elif parts is None:
        parts = low.emit_all("unpack", [low.value(expr, node), len(targets)], node)
    if len(parts) != len(targets):
        raise CompileFailureError(
            UnpackLength(location=low.locate(node), expected=str(len(targets)), actual=len(parts))
        )
    for target, part in zip(targets, parts, strict=True):
        low.assign(target.value if isinstance(target, ast.Starred) else target, part)


def _starred_parts(
    low: Lowering,
    node: ast.expr,
    count: int,
    star: int,
    expr: Expr,
    parts: Sequence[Expr] | None,
) -> Sequence[Expr]:
    """Return what `count` targets get, of which the one at `star` takes a list of the rest."""
    after = count - star - 1
    if parts is not None:
        if len(parts) < count - 1:
            raise CompileFailureError(
                UnpackLength(
                    location=low.locate(node), expected=f"{count - 1} or more", actual=len(parts)
                )
            )
        stop = len(parts) - after
        middle = [low.value(part, node) for part in parts[star:stop]]
        return [*parts[:star], low.emit("list", middle, node), *parts[stop:]]
    items = low.emit("to_list", [low.value(expr, node)], node)
    length = low.emit("len", [items], node)
    too_few = low.emit("less", [length, count - 1], node)
    operation = low.structural("if", [too_few], [], node)
    with low.branch(low.new_block(operation)):
        got = low.emit("format", [length, "", ""], node)
        start = f"not enough values to unpack (expected at least {count - 1}, got "
        message = low.emit("concat_str", [start, got, ")"], node)
        low.structural("raise", [ExceptionRef("ValueError"), message], [], node)
    with low.branch(low.new_block(operation)):
        low.structural("yield", [], [], node)
    head = [low.emit("getitem", [items, i], node) for i in range(star)]
    rest = low.emit("slice", [star, -after if after else None, None], node)
    tail = [low.emit("getitem", [items, i - after], node) for i in range(after)]
    return [*head, low.emit("getitem", [items, rest], node), *tail]


def _set_attribute(low: Lowering, node: ast.expr, owner: Expr, name: str, expr: Expr) -> None:
    class_name = low.class_name(owner)
    if class_name is None:
        raise CompileFailureError(
            UnknownAttribute(
                location=low.locate(node),
                type=str(getattr(owner, "type", "this")),
                name=name,
                reason="only attributes of `self` and of other objects can be assigned",
            )
        )
    value = low.value(expr, node)
    assert isinstance(owner, Value)
    if _has_setter(low, owner, class_name, name, value, node):
        return
    expected = low.compiler.assigned_attribute(class_name, name, value.type)
    if expected is None:
        current = low.compiler.objects.attribute(class_name, name) or "no value of a program"
        raise CompileFailureError(
            AttributeType(
                location=low.locate(node),
                name=ast.unparse(node),
                short=name,
                expected=str(current),
                actual=str(value.type),
            )
        )
    if low.compiler.objects.holds_arrays(class_name, name) and prune(value.type) != NONE:
        # A buffer holds arrays: a module makes one of a NumPy scalar that is assigned to it.
        value = low.emit("asarray", [value, None], node)
    low.structural("set_attr", [owner, name, value], [], node)
    low.assigns([name])
    narrowed = union(m for m in members_of(expected) if accepts(m, value.type))
    low.env.facts[low.attribute_path(owner, name)] = narrowed


def _has_setter(
    low: Lowering, owner: Value, class_name: str, name: str, value: Value, node: ast.expr
) -> bool:
    """Assign by the setter of a property; refuse what the class does not let a script assign."""
    text, location = ast.unparse(node), low.locate(node)
    if low.is_submodule(owner, name):
        raise CompileFailureError(FixedAttribute(location=location, what="submodule", name=text))
    definition = low.compiler.program.classes[class_name]
    if name in definition.parameters:
        raise CompileFailureError(FixedAttribute(location=location, what="parameter", name=text))
    member = low.compiler.objects.member(class_name, name)
    if isinstance(member, property):
        if not isinstance(member.fset, types.FunctionType):
            what = "read-only property"
            raise CompileFailureError(FixedAttribute(location=location, what=what, name=text))
        low.compiler.call_function(low, member.fset, owner, [value], {}, node)
        return True
    setter = low.compiler.objects.member(class_name, "__setattr__")
    if isinstance(setter, types.FunctionType) and not is_library(setter):
        raise low.unsupported(node, "an attribute of a class with its own `__setattr__`")
    return False


def _augmented_assign(low: Lowering, node: ast.AugAssign) -> None:
    op = BINARY[type(node.op)]
    match node.target:
        case ast.Name(id=name):
            old = low.value(low.lookup(name, node.target), node.target)
            new = augmented(low, op, old, low.value_of(node.value), node)
            low.assign(node.target, new)
        case ast.Subscript(value=container, slice=index):
            object_ = low.value_of(container)
            place = lower_index(low, index, object_.type)
            old = low.emit("getitem", [object_, place], node.target)
            new = augmented(low, op, old, low.value_of(node.value), node)
            low.emit_all("setitem", [object_, place, new], node)
        case ast.Attribute(value=owner_node, attr=name):
            owner = low.expression(owner_node)
            old = low.value(read_attribute(low, owner, name, node.target), node.target)
            new = augmented(low, op, old, low.value_of(node.value), node)
            _set_attribute(low, node.target, owner, name, new)


def augmented(low: Lowering, op: str, old: Value, value: Value, node: ast.AST) -> Value:
    """Emit `old op= value`: in place on what is mutable, a plain operation elsewhere."""
    type_ = prune(old.type)
    in_place = (
        isinstance(type_, TensorType | ListType)
        or (isinstance(type_, DictType) and op == "bitwise_or")
        or (is_numeric_union(type_) and any(isinstance(m, TensorType) for m in members_of(type_)))
    )
    return low.emit(IN_PLACE[op] if in_place else op, [old, value], node)


def _delete(low: Lowering, node: ast.Delete) -> None:
    for target in node.targets:
        if not isinstance(target, ast.Subscript):
            raise low.unsupported(node)
        object_ = low.value_of(target.value)
        low.emit_all("delitem", [object_, lower_index(low, target.slice, object_.type)], target)


# --- leaving ------------------------------------------------------------------------------------


def _return(low: Lowering, node: ast.Return) -> None:
    value = constant(None) if node.value is None else low.value_of(node.value)
    low.returns.append(low.structural("return", [value], [], node))


def _raise(low: Lowering, node: ast.Raise) -> None:
    if node.exc is None:
        raise low.unsupported(node, "a bare `raise`", "name the exception")
    call = node.exc if isinstance(node.exc, ast.Call) else None
    if call is not None and call.keywords:
        raise low.unsupported(node.exc, "a keyword argument of an exception")
    class_node = call.func if call is not None else node.exc
    found = low.expression(class_node)
    if not isinstance(found, Static) or not (
        isinstance(found.object, type) and issubclass(found.object, Exception)
    ):
        raise low.unsupported(class_node, "raising something that is not an exception class")
    arguments = [low.value_of(a) for a in call.args] if call is not None else []
    for argument, value in zip(call.args if call is not None else [], arguments, strict=True):
        if low.class_name(value) is not None:
            raise low.unsupported(argument, "an object as an argument of an exception")
    low.structural("raise", [constant(exception_ref(low, found.object)), *arguments], [], node)


def exception_ref(low: Lowering, cls: type[BaseException]) -> ExceptionRef:
    """Return the reference to an exception class; a user's class is kept with the program."""
    if getattr(builtins, cls.__name__, None) is cls:
        return ExceptionRef(cls.__name__)
    base = next(b for b in cls.__mro__ if getattr(builtins, b.__name__, None) is b)
    name = f"{cls.__module__}.{cls.__qualname__}"
    low.compiler.program.exceptions[name] = cls
    return ExceptionRef(name, base.__name__)


def _assert(low: Lowering, node: ast.Assert) -> None:
    condition = lower_condition(low, node.test)
    if isinstance(condition.value, bool):
        if condition.value:
            return
        _raise_assertion(low, node)
        return
    operation = low.structural("if", [condition.value], [], node)
    then, other = low.new_block(operation), low.new_block(operation)
    with low.builder.at(then):
        low.structural("yield", [], [], node)
    with low.branch(other):
        low.narrow(condition.when_false, node)
        _raise_assertion(low, node)
    low.narrow(condition.when_true, node)


def _raise_assertion(low: Lowering, node: ast.Assert) -> None:
    arguments = [] if node.msg is None else [low.value_of(node.msg)]
    low.structural("raise", [constant(ExceptionRef("AssertionError")), *arguments], [], node)


# --- branches -----------------------------------------------------------------------------------


def _if(low: Lowering, node: ast.If) -> None:
    lower_if(
        low,
        node,
        lower_condition(low, node.test),
        lambda: low.block(node.body),
        lambda: low.block(node.orelse),
        assigned([*node.body, *node.orelse]),
    )


def lower_if(
    low: Lowering,
    node: ast.stmt,
    condition: Condition,
    then_body: Callable[[], None],
    else_body: Callable[[], None],
    names: Sequence[str],
) -> None:
    """Lower a branch whose bodies assign `names`; a test decided now leaves one body only."""
    if isinstance(condition.value, bool):
        low.narrow(condition.when_true if condition.value else condition.when_false, node)
        (then_body if condition.value else else_body)()
        return
    operation = low.structural("if", [condition.value], [], node)
    sides: list[tuple[Block, Env]] = []
    before = low.env
    for body, refinements in (
        (then_body, condition.when_true),
        (else_body, condition.when_false),
    ):
        low.env = before.copy()
        with low.builder.at(low.new_block(operation)) as block:
            low.narrow(refinements, node)
            body()
        sides.append((block, low.env))
    if all(block.terminator is not None for block, _ in sides):
        # Both sides left: what follows cannot be reached, and the block must still end.
        low.env = before
        low.structural("unreachable", [], [], node)
        return
    open_sides = [(block, env) for block, env in sides if block.terminator is None]
    low.env = merge(low, node, operation, open_sides, before, names)
    refined = [*condition.when_true, *condition.when_false]
    for name in dict.fromkeys(n for n in refined if isinstance(n, str) and n not in names):
        _refine_after(low, node, name, [env.values.get(name) for _, env in open_sides])


def _refine_after(low: Lowering, node: ast.stmt, name: str, found: list[Expr | None]) -> None:
    """Keep what the branches that come here have in common of the type of a variable."""
    type_: Type | None = NEVER
    for value in found:
        if not isinstance(value, Value):
            return
        type_ = None if type_ is None else either(type_, value.type)
    before = low.env.values.get(name)
    if type_ is not None and isinstance(before, Value):
        low.env.values[name] = low.refine(before, type_, node)


def merge(
    low: Lowering,
    node: ast.stmt,
    operation: Operation,
    sides: list[tuple[Block, Env]],
    before: Env,
    names: Sequence[str],
) -> Env:
    """End the open blocks of an `if` in `yield`s, and return what the variables mean after it."""
    live = low.liveness.after.get(node)
    after = before.copy()
    after.facts = common_facts([env for _, env in sides])
    yields: list[list[Value]] = [[] for _ in sides]
    for name in names:
        if live is not None and name not in live:
            if any(name in env.values for _, env in sides):
                after.values.pop(name, None)
                after.unbound.discard(name)
            continue
        found = [env.values.get(name) for _, env in sides]
        if all(f is None for f in found):
            continue
        maybe = any(
            f is None or name in env.unbound for f, (_, env) in zip(found, sides, strict=True)
        )
        (after.unbound.add if maybe else after.unbound.discard)(name)
        if any(isinstance(f, Poison) for f in found):
            after.values[name] = Poison()
            continue
        first = next(f for f in found if f is not None)
        if all(f is None or f == first for f in found) and (
            not isinstance(first, Value) or before.values.get(name) is first
        ):
            after.values[name] = first
            continue
        values: list[Value | None] = []
        for f, (block, _) in zip(found, sides, strict=True):
            with low.builder.at(block):
                values.append(None if f is None else low.value(f, node))
        type_ = _joined(low, node, name, values, sides)
        if type_ is None:
            after.values[name] = Poison()
            continue
        for outputs, value in zip(yields, values, strict=True):
            outputs.append(constant(UNBOUND, type_) if value is None else value)
        result = OpResult(operation, len(operation.results), type_, name)
        operation.results.append(result)
        after.values[name] = result
    for (block, _), outputs in zip(sides, yields, strict=True):
        with low.builder.at(block):
            low.structural("yield", outputs, [], node)
    return after


def _joined(
    low: Lowering,
    node: ast.stmt,
    name: str,
    values: list[Value | None],
    sides: list[tuple[Block, Env]],
) -> Type | None:
    """Return the type that a variable has after a branch; report that there is none."""
    found = [
        (value, env.places.get(name))
        for value, (_, env) in zip(values, sides, strict=True)
        if value is not None
    ]
    (first, place), *others = found
    type_ = first.type
    for value, other_place in others:
        joined = either(type_, value.type)
        if joined is None:
            low.compiler.report(
                branch_type(low.locate(node), name, type_, place, value.type, other_place)
            )
            return None
        type_ = joined
    return type_


def _expression_statement(low: Lowering, node: ast.Expr) -> None:
    if isinstance(node.value, ast.Constant):
        return  # a docstring, or `...`
    if isinstance(node.value, ast.Call):
        lower_call(low, node.value)
        return
    low.expression(node.value)


def _pass(low: Lowering, node: ast.stmt) -> None:
    del low, node


STATEMENTS: dict[type[ast.stmt], Callable[[Lowering, Any], None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated_assign,
    ast.AugAssign: _augmented_assign,
    ast.Delete: _delete,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.If: _if,
    ast.For: loops.lower_for,
    ast.While: loops.lower_while,
    ast.Break: loops.lower_break,
    ast.Continue: loops.lower_continue,
    ast.Expr: _expression_statement,
    ast.Pass: _pass,
}
