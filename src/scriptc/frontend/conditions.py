"""Conditions: truth values, tests decided when compiling, and what a test says about types."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from scriptc.frontend.annotations import AnnotationError, parse_annotation
from scriptc.frontend.errors import CompileFailureError, branch_type
from scriptc.frontend.lowering import Lowering, Subject, is_inline
from scriptc.frontend.statics import Expr, Poison, Static
from scriptc.ir.graph import Constant, Operation, OpResult, Value
from scriptc.ir.types import (
    BOOL,
    NONE,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    either,
    members_of,
    prune,
    union,
    without_none,
)

Refinements = dict[Subject, Type]


@dataclass(slots=True)
class Condition:
    """A truth value: decided (`bool`) or a value of type bool, and the types that it implies."""

    value: bool | Value
    when_true: Refinements = field(default_factory=dict)
    when_false: Refinements = field(default_factory=dict)


def lower_condition(low: Lowering, node: ast.expr) -> Condition:
    """Lower an expression whose truth is asked for."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = lower_condition(low, operand)
            value: bool | Value
            if isinstance(inner.value, bool):
                value = not inner.value
            else:
                value = _known(low.emit("not", [inner.value], node))
            return Condition(value, inner.when_false, inner.when_true)
        case ast.BoolOp(op=op, values=values):
            return _junction(low, node, isinstance(op, ast.And), values)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
            return _identity(low, node, left, right, isinstance(op, ast.IsNot))
        case ast.Call(func=func, args=[subject, classes]) if _is_isinstance(low, func):
            return _isinstance(low, node, subject, classes)
    expr = low.expression(node)
    condition = Condition(truth(low, expr, node))
    about = low.subject(node, expr)
    if about is not None and isinstance(expr, Value):
        type_ = prune(expr.type)
        if isinstance(type_, UnionType) and NONE in type_.members:
            condition.when_true[about] = without_none(type_)
    return condition


def truth(low: Lowering, expr: Expr, node: ast.AST) -> bool | Value:
    """Return the truth value of an expression."""
    if isinstance(expr, Static):
        return True
    value = low.value(expr, node)
    if isinstance(value, Constant) and is_inline(value.value):
        return bool(value.value)
    if prune(value.type) == NONE:
        return False
    if prune(value.type) == BOOL:
        return value
    return _known(low.emit("bool", [value], node))


def _known(value: Value) -> bool | Value:
    return value.value if isinstance(value, Constant) and type(value.value) is bool else value


def _junction(low: Lowering, node: ast.expr, is_and: bool, values: list[ast.expr]) -> Condition:
    first = lower_condition(low, values[0])
    if len(values) == 1:
        return first
    implied = first.when_true if is_and else first.when_false
    if isinstance(first.value, bool):
        if first.value is not is_and:
            return first
        return _with_refinements(low, node, is_and, values[1:], implied)
    operation = low.structural("if", [first.value], [BOOL], node)
    evaluated, skipped = (0, 1) if is_and else (1, 0)
    blocks = [low.new_block(operation), low.new_block(operation)]
    with low.branch(blocks[evaluated]):
        rest = _with_refinements(low, node, is_and, values[1:], implied)
        low.structural("yield", [rest.value], [], node)
    with low.branch(blocks[skipped]):
        low.structural("yield", [not is_and], [], node)
    result = Condition(operation.result)
    both = {**implied, **(rest.when_true if is_and else rest.when_false)}
    if is_and:
        result.when_true = both
    else:
        result.when_false = both
    return result


def _with_refinements(
    low: Lowering, node: ast.expr, is_and: bool, values: list[ast.expr], implied: Refinements
) -> Condition:
    low.narrow(implied, node)
    return _junction(low, node, is_and, values)


def _identity(
    low: Lowering, node: ast.expr, left: ast.expr, right: ast.expr, negated: bool
) -> Condition:
    a, b = low.expression(left), low.expression(right)
    if isinstance(a, Static) or isinstance(b, Static):
        same = isinstance(a, Static) and isinstance(b, Static) and a.object is b.object
        return Condition(same is not negated)
    x, y = low.value(a, left), low.value(b, right)
    if prune(y.type) != NONE:
        return Condition(_known(low.emit("is_not" if negated else "is", [x, y], node)))
    type_ = prune(x.type)
    if type_ == NONE:
        return Condition(not negated)
    if NONE not in members_of(type_):
        return Condition(negated)
    condition = Condition(_known(low.emit("is_not" if negated else "is", [x, y], node)))
    subject = low.subject(left, x)
    if subject is not None:
        some: Refinements = {subject: without_none(type_)}
        none: Refinements = {subject: NONE}
        condition.when_true, condition.when_false = (some, none) if negated else (none, some)
    return condition


def _is_isinstance(low: Lowering, func: ast.expr) -> bool:
    if not isinstance(func, ast.Name) or func.id in low.env.values:
        return False
    try:
        return low.global_object(func.id) is isinstance
    except KeyError:
        return False


_TESTS: dict[str, Callable[[Type], bool]] = {
    "list": lambda t: isinstance(t, ListType),
    "dict": lambda t: isinstance(t, DictType),
    "tuple": lambda t: isinstance(t, TupleType | VariadicTupleType),
}


def _isinstance(low: Lowering, node: ast.Call, subject: ast.expr, classes: ast.expr) -> Condition:
    expr = low.expression(subject)
    if isinstance(expr, Poison | Static) or not isinstance(expr, Value):
        raise low.unsupported(node, "`isinstance` of something that is not a value")
    wanted = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    type_ = prune(expr.type)
    yes: list[Type] = []
    no: list[Type] = []
    for member in members_of(type_):
        (yes if any(_is_instance(low, member, c) for c in wanted) else no).append(member)
    if not no or not yes:
        return Condition(bool(yes))
    if set(no) == {NONE} or set(yes) == {NONE}:
        op = "is_not" if set(no) == {NONE} else "is"
        condition = Condition(_known(low.emit(op, [expr, None], node)))
        about = low.subject(subject, expr)
        if about is not None:
            condition.when_true = {about: union(yes)}
            condition.when_false = {about: union(no)}
        return condition
    raise low.unsupported(
        node, f"`isinstance` that has to look at a value of type {type_}",
        "give the parameter one type, or write two functions",
    )  # fmt: skip


def _is_instance(low: Lowering, member: Type, node: ast.expr) -> bool:
    if isinstance(node, ast.Name) and node.id in _TESTS and node.id not in low.env.values:
        return _TESTS[node.id](member)
    try:
        wanted = parse_annotation(
            node, low.compiler.annotation_lookup(low.source), low.compiler.class_types()
        )
    except AnnotationError:
        raise low.unsupported(node, f"`isinstance` with `{ast.unparse(node)}`") from None
    if wanted is None:
        return True
    if member == BOOL and str(wanted) == "int":
        return True  # bool is a subclass of int
    if isinstance(wanted, TensorType) and isinstance(member, TensorType):
        return True
    return wanted == member


def lower_bool_value(low: Lowering, node: ast.BoolOp) -> Value:
    """Lower `a and b` or `a or b` as a value: Python gives one of the operands."""
    is_and = isinstance(node.op, ast.And)
    value = low.value_of(node.values[0])
    for other in node.values[1:]:
        value = _choose(low, node, value, other, is_and)
    return value


def _choose(low: Lowering, node: ast.BoolOp, value: Value, other: ast.expr, is_and: bool) -> Value:
    test = truth(low, value, node)
    if isinstance(test, bool):
        return low.value_of(other) if test is is_and else value
    operation = low.structural("if", [test], [], node)
    blocks = [low.new_block(operation), low.new_block(operation)]
    evaluated, skipped = (0, 1) if is_and else (1, 0)
    with low.branch(blocks[evaluated]):
        second = low.value_of(other)
        low.structural("yield", [second], [], node)
    with low.branch(blocks[skipped]):
        kept = value if is_and else low.refine(value, without_none(value.type), node)
        low.structural("yield", [kept], [], node)
    return if_result(low, operation, kept, second, node)


def if_result(
    low: Lowering, operation: Operation, one: Value, other: Value, node: ast.expr
) -> Value:
    """Give an `if` the one result that its blocks yield."""
    type_ = joined_type(low, node, one, other)
    result = OpResult(operation, 0, type_)
    operation.results.append(result)
    return result


def joined_type(low: Lowering, node: ast.expr, one: Value, other: Value) -> Type:
    """Return the type that two ways to compute an expression share, or fail."""
    type_ = either(one.type, other.type)
    if type_ is None:
        location = low.locate(node)
        raise CompileFailureError(
            branch_type(location, ast.unparse(node), one.type, None, other.type, None)
        )
    return type_
