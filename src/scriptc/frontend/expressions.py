"""Lowering of expressions, except calls (`calls.py`) and conditions (`conditions.py`)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from scriptc.frontend import calls, comprehensions, conditions, statics
from scriptc.frontend.attributes import no_attribute, read_attribute
from scriptc.frontend.iterables import child, elements_of, module_keys
from scriptc.frontend.lowering import Lowering
from scriptc.frontend.statics import Expr
from scriptc.ir.builder import constant
from scriptc.ir.graph import Constant, Value
from scriptc.ir.types import BOOL, FLOAT, INT, NONE, STR, TensorType, Type, members_of, prune

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
    ast.LShift: "bitwise_left_shift",
    ast.RShift: "bitwise_right_shift",
}
UNARY: dict[type[ast.unaryop], str] = {
    ast.USub: "negative",
    ast.UAdd: "positive",
    ast.Invert: "bitwise_invert",
}
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Is: "is",
    ast.IsNot: "is_not",
}


def _constant(low: Lowering, node: ast.Constant) -> Expr:
    if isinstance(node.value, bytes):
        raise low.unsupported(node, "a bytes literal", "use a string or an array of uint8")
    return low.lift(node.value, ast.unparse(node), node)


def _name(low: Lowering, node: ast.Name) -> Expr:
    return low.lookup(node.id, node)


def _binary(low: Lowering, node: ast.BinOp) -> Expr:
    left, right = low.value_of(node.left), low.value_of(node.right)
    return low.emit(BINARY[type(node.op)], [left, right], node)


def _unary(low: Lowering, node: ast.UnaryOp) -> Expr:
    if isinstance(node.op, ast.Not):
        return _decided(conditions.lower_condition(low, node).value)
    return low.emit(UNARY[type(node.op)], [low.value_of(node.operand)], node)


def _decided(value: bool | Value) -> Value:
    return constant(value) if isinstance(value, bool) else value


def _compare(low: Lowering, node: ast.Compare) -> Expr:
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot):
        return _decided(conditions.lower_condition(low, node).value)
    left = _compared(low, node.ops[0], node.left)
    return _comparisons(low, node, left, list(zip(node.ops, node.comparators, strict=True)))


def _compared(low: Lowering, op: ast.cmpop, node: ast.expr) -> Value:
    """Lower an operand of a comparison; a dtype is compared with classes and with their tuples."""
    if isinstance(op, ast.In | ast.NotIn) and isinstance(node, ast.Set):
        return _constant_set(low, node)
    expr = low.expression(node)
    if isinstance(expr, statics.Sequence) and isinstance(op, ast.In | ast.NotIn):
        return low.emit("tuple", [low.dtype(e, node) for e in expr.elements], node)
    return low.dtype(expr, node) if isinstance(op, ast.Eq | ast.NotEq) else low.value(expr, node)


_PLAIN = frozenset({STR, INT, BOOL, FLOAT, NONE})


def _constant_set(low: Lowering, node: ast.Set) -> Value:
    """Lower `{"a", "b"}` behind `in`: a tuple of constants of one type has the same members."""
    kinds = {type(e.value) if isinstance(e, ast.Constant) else None for e in node.elts}
    if kinds not in ({str}, {int}):
        raise low.unsupported(node)
    return low.emit("tuple", [low.value_of(e) for e in node.elts], node)


def _comparisons(
    low: Lowering, node: ast.Compare, left: Value, rest: list[tuple[ast.cmpop, ast.expr]]
) -> Value:
    (op, right_node), *more = rest
    if isinstance(right_node, ast.Set) and not _PLAIN.issuperset(members_of(left.type)):
        raise low.unsupported(right_node)
    right = _compared(low, op, right_node)
    if isinstance(op, ast.In | ast.NotIn):
        result = low.emit("contains", [right, left], node)
        if isinstance(op, ast.NotIn):
            result = low.emit("not", [result], node)
    else:
        result = low.emit(COMPARE[type(op)], [left, right], node)
    if not more:
        return result
    test = conditions.truth(low, result, node)
    if isinstance(test, bool):
        return _comparisons(low, node, right, more) if test else result
    operation = low.structural("if", [test], [], node)
    with low.branch(low.new_block(operation)):
        following = _comparisons(low, node, right, more)
        low.structural("yield", [following], [], node)
    with low.branch(low.new_block(operation)):
        low.structural("yield", [result], [], node)
    return conditions.if_result(low, operation, result, following, node)


def _conditional(low: Lowering, node: ast.IfExp) -> Expr:
    condition = conditions.lower_condition(low, node.test)
    sides = ((node.body, condition.when_true), (node.orelse, condition.when_false))
    if isinstance(condition.value, bool):
        body, refinements = sides[0 if condition.value else 1]
        low.narrow(refinements, body)
        return low.expression(body)
    operation = low.structural("if", [condition.value], [], node)
    values: list[Value] = []
    for body, refinements in sides:
        with low.branch(low.new_block(operation)):
            low.narrow(refinements, body)
            values.append(low.value_of(body))
            low.structural("yield", [values[-1]], [], body)
    return conditions.if_result(low, operation, values[0], values[1], node)


def _tuple(low: Lowering, node: ast.Tuple) -> Expr:
    elements: list[Expr] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            starred = low.expression(element.value)
            known = elements_of(low, starred, element)
            if known is None:
                return low.emit("to_tuple", [_list_of(low, node)], node)
            elements += known
        else:
            elements.append(_element(low, element))
    if any(not isinstance(e, Value) for e in elements):
        return statics.Sequence(tuple(elements))
    values = [low.value(e, node) for e in elements]
    return low.emit("tuple", values, node)


def _element(low: Lowering, node: ast.expr) -> Expr:
    return low.expression(node)


def _list(low: Lowering, node: ast.List) -> Expr:
    return _list_of(low, node)


def _list_of(low: Lowering, node: ast.List | ast.Tuple) -> Value:
    """Make a list of the elements of a display; Python, too, adds to it from the first `*` on."""
    stars = [i for i, element in enumerate(node.elts) if isinstance(element, ast.Starred)]
    first = stars[0] if stars else len(node.elts)
    plain = [low.value(_element(low, e), e) for e in node.elts[:first]]
    result = low.emit("list", plain, node)
    for element in node.elts[first:]:
        if isinstance(element, ast.Starred):
            low.emit_all("list_extend", [result, low.value_of(element.value)], element)
        else:
            low.emit_all("list_append", [result, low.value_of(element)], element)
    return result


def _named(low: Lowering, node: ast.NamedExpr) -> Expr:
    if low.conditional:
        raise low.unsupported(
            node, "`:=` where it is not always evaluated", "assign in a statement of its own"
        )
    expr = low.expression(node.value)
    low.assign(node.target, expr)
    return low.lookup(node.target.id, node)


def _dict(low: Lowering, node: ast.Dict) -> Expr:
    operands: list[Value] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise low.unsupported(node, "`**` in a dict display", "use `dict.update`")
        operands += [low.value_of(key), low.value_of(value)]
    return low.emit("dict", operands, node)


def _joined_string(low: Lowering, node: ast.JoinedStr) -> Expr:
    parts: list[Value] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(constant(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        spec: Value = constant("")
        if part.format_spec is not None:
            spec = low.value_of(part.format_spec)
        conversion = "" if part.conversion == -1 else chr(part.conversion)
        value = low.value_of(part.value)
        if prune(value.type) == STR and part.format_spec is None and conversion in ("", "s"):
            parts.append(value)  # a string formats as itself
            continue
        parts.append(low.emit("format", [value, spec, conversion], part))
    if len(parts) == 1:
        return parts[0]
    return low.emit("concat_str", parts, node)


# --- subscripts ---------------------------------------------------------------------------------


def _subscript(low: Lowering, node: ast.Subscript) -> Expr:
    owner = low.expression(node.value)
    if isinstance(owner, statics.Sequence):
        index = low.value_of(node.slice)
        if isinstance(index, Constant) and isinstance(index.value, int):
            return owner.elements[index.value]  # type: ignore[no-any-return]  # elements are Expr
        raise low.unsupported(node, "a variable index into a sequence of modules")
    keys = module_keys(low, owner)
    if keys is not None:
        return _module_subscript(low, low.value(owner, node), keys, node)
    value = low.value(owner, node.value)
    return low.emit("getitem", [value, lower_index(low, node.slice, value.type)], node)


def _module_subscript(low: Lowering, value: Value, keys: list[str], node: ast.Subscript) -> Expr:
    if isinstance(node.slice, ast.Slice):
        bounds: list[int | None] = []
        for part in (node.slice.lower, node.slice.upper, node.slice.step):
            bound = constant(None) if part is None else low.value_of(part)
            if isinstance(bound, Constant) and isinstance(bound.value, int | None):
                bounds.append(bound.value)
        if len(bounds) == 3:
            chosen = keys[slice(*bounds)]
            return statics.Sequence(tuple(child(low, value, key, node) for key in chosen))
    else:
        index = low.value_of(node.slice)
        if isinstance(index, Constant):
            key = index.value
            try:
                found = keys[key] if isinstance(key, int) else key
            except IndexError:
                found = ""
            if found in keys:
                return child(low, value, found, node)
            raise no_attribute(low, node, "the module list", repr(key), "no such module")
    raise low.unsupported(
        node, "an index into a module list that is not a constant", "loop over the list"
    )


def lower_index(low: Lowering, node: ast.expr, owner: Type) -> Value:
    """Lower what stands in the brackets of a subscript."""
    del owner
    match node:
        case ast.Slice(lower=lower, upper=upper, step=step):
            parts = [constant(None) if p is None else low.value_of(p) for p in (lower, upper, step)]
            return low.emit("slice", parts, node)
        case ast.Tuple(elts=elements):
            return low.emit("tuple", [lower_index(low, e, TensorType()) for e in elements], node)
    return low.value_of(node)


def _attribute(low: Lowering, node: ast.Attribute) -> Expr:
    return read_attribute(low, low.expression(node.value), node.attr, node)


EXPRESSIONS: dict[type[ast.expr], Callable[[Lowering, Any], Expr]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: conditions.lower_bool_value,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Dict: _dict,
    ast.JoinedStr: _joined_string,
    ast.NamedExpr: _named,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: calls.lower_call,
    ast.ListComp: comprehensions.lower_list,
    ast.DictComp: comprehensions.lower_dict,
}
