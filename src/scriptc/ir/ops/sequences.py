"""Operators on strings, lists, tuples and dicts: what `+`, `*`, `%` and `|` give."""

from __future__ import annotations

from typing import Any

from scriptc.ir.opdef import UNKNOWN, RuleError, check_kind
from scriptc.ir.ops.python_rules import check_printable, common_element, is_sequence
from scriptc.ir.ops.rules import element_type
from scriptc.ir.types import (
    STR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    union,
)

_MAX_REPEATED = 64


def concatenation(a: Type, b: Type, x: Any, y: Any) -> Type | None:
    """Return the type of `a + b` for strings, lists and tuples; None for anything else."""
    del x, y
    if a == STR and b == STR:
        return STR
    if isinstance(a, ListType) and isinstance(b, ListType):
        return ListType(common_element((a.element, b.element), "list"))
    if isinstance(a, TupleType) and isinstance(b, TupleType):
        return TupleType(a.elements + b.elements)
    tuples = TupleType | VariadicTupleType
    if isinstance(a, tuples) and isinstance(b, tuples):
        return VariadicTupleType(_either(a, b))
    return None


def _either(a: Type, b: Type) -> Type:
    return element_type(TupleType((element_type(a), element_type(b))))


def repetition(a: Type, b: Type, x: Any, y: Any) -> Type | None:
    """Return the type of `a * b` for a sequence and an int; None for anything else."""
    if is_sequence(b) or b == STR:
        a, b, x, y = b, a, y, x
    if not (is_sequence(a) or a == STR):
        return None
    if isinstance(b, TensorType) and a != STR:
        # A NumPy integer repeats a list, an array multiplies its elements.
        if b.rank:
            return None
        raise RuleError(
            f"`*` of a {a} with a {b} repeats it or multiplies its elements",
            "write `np.asarray(values) * x`, or `values * int(x)`",
        )
    if not check_kind("int", b):
        return None
    if isinstance(a, TupleType):
        if y is UNKNOWN or len(a.elements) * y > _MAX_REPEATED:
            return VariadicTupleType(union((element_type(a),)))
        return TupleType(a.elements * y)
    return a


def formatted(a: Type, b: Type, x: Any, y: Any) -> Type | None:
    """Return the type of `text % values`; None if the first operand is no string."""
    del x, y
    if a != STR:
        return None
    check_printable(b)
    return STR


def merged(a: Type, b: Type, x: Any, y: Any) -> Type | None:
    """Return the type of `a | b` for dicts; None for anything else."""
    del x, y
    if isinstance(a, DictType) and isinstance(b, DictType):
        key = common_element((a.key, b.key), "dict's keys")
        return DictType(key, common_element((a.value, b.value), "dict"))
    return None
