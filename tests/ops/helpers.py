"""What tests of operations share: running a sample, comparing outcomes, types that hold."""

from __future__ import annotations

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from scriptc.ir.builder import constant, infer_types, type_of
from scriptc.ir.graph import Value
from scriptc.ir.opdef import OpDef, RuleError, Sample
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPE,
    ELLIPSIS,
    FLOAT,
    INT,
    NEVER,
    NONE,
    RANGE,
    SLICE,
    STR,
    TENSOR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    generalize,
    map_type,
    resolve,
)

_CLASSES: dict[Type, type] = {
    INT: int,
    FLOAT: float,
    BOOL: bool,
    COMPLEX: complex,
    STR: str,
    NONE: type(None),
    SLICE: slice,
    RANGE: range,
    ELLIPSIS: type(...),
}
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))
Outcome = tuple[Any, type[BaseException] | None, str]


def type_holds(type_: Type, value: Any) -> bool:
    """Tell whether a value is one of those that a type describes."""
    type_ = resolve(type_)
    if type_ in _CLASSES:
        return type(value) is _CLASSES[type_]
    match type_:
        case TensorType(dtype, shape):
            if not isinstance(value, np.ndarray | np.generic):
                return False
            if dtype is not None and value.dtype.name != dtype:
                return False
            return shape is None or (
                len(shape) == value.ndim
                and all(
                    not isinstance(n, int) or n == m
                    for n, m in zip(shape, value.shape, strict=True)
                )
            )
        case ListType(element):
            return type(value) is list and all(type_holds(element, v) for v in value)
        case TupleType(elements):
            return (
                type(value) is tuple
                and len(value) == len(elements)
                and all(map(type_holds, elements, value))
            )
        case VariadicTupleType(element):
            return type(value) is tuple and all(type_holds(element, v) for v in value)
        case DictType(key, item):
            return type(value) is dict and all(
                type_holds(key, k) and type_holds(item, v) for k, v in value.items()
            )
        case UnionType(members):
            return any(type_holds(member, value) for member in members)
        case IteratorType(element):
            is_iterator = hasattr(value, "__next__")
            # Walking uses an iterator up, so a copy is walked where there can be one.
            return is_iterator and all(type_holds(element, v) for v in copied(value))
        case ViewType(element):
            return isinstance(value, _VIEWS) and all(type_holds(element, v) for v in value)
    if type_ == DTYPE:
        return isinstance(value, np.dtype)
    return False


def copied(value: Any) -> Any:
    """Return a deep copy; of an iterator, one that can be walked over by itself."""
    if isinstance(value, _VIEWS):
        return value
    if hasattr(value, "__next__"):
        return copy.copy(value)
    return copy.deepcopy(value)


def same(a: Any, b: Any) -> bool:
    """Tell whether two results are equal in class, dtype, shape and value, NaN equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray | np.generic):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")) and (
            a.dtype.kind != "f" or bool(np.array_equal(np.signbit(a), np.signbit(b)))
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    if hasattr(a, "__next__") or isinstance(a, _VIEWS):
        return same(list(copied(a)), list(copied(b)))
    return bool(a == b)


def attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Outcome:
    """Call a function; return its result, or the class and text of what it raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return function(*args, **kwargs), None, ""
        except Exception as error:  # noqa: BLE001 - whatever is raised is the outcome
            return None, type(error), str(error)


def same_outcome(a: Outcome, b: Outcome) -> bool:
    return a[1] is b[1] and same(a[0], b[0])


@dataclass
class Case:
    """One sample of one operation; `operands` makes them anew, in schema order."""

    opdef: OpDef
    index: int

    def sample(self) -> Sample:
        assert self.opdef.samples is not None
        return list(self.opdef.samples())[self.index]

    def operands(self) -> list[Any]:
        made = self.sample()
        return self.opdef.schema.bind(made.args, made.kwargs)

    def __str__(self) -> str:
        return f"{self.opdef.name}-{self.index}"


def cases(ops: Sequence[OpDef]) -> list[Case]:
    """Return all samples of operations."""
    found: list[Case] = []
    for opdef in ops:
        assert opdef.samples is not None, opdef.name
        found += [Case(opdef, i) for i in range(len(list(opdef.samples())))]
    return found


def over(ops: Iterable[OpDef]) -> pytest.MarkDecorator:
    """Run a test over operations."""
    return pytest.mark.parametrize("opdef", list(ops), ids=lambda opdef: opdef.name)


def over_samples(check: Callable[..., None]) -> Callable[..., None]:
    """Make of a check of one sample a test of all samples of an operation, named in failures."""

    @functools.wraps(check)
    def test(opdef: OpDef) -> None:
        failures: list[str] = []
        found = cases([opdef])
        for case in found:
            try:
                check(case)
            except AssertionError as error:
                failures.append(f"{case}: {error}")
            except Exception as error:
                error.add_note(f"in the sample {case}")
                raise
        assert not failures, "\n".join(failures)
        assert found

    signature = inspect.Signature([inspect.Parameter("opdef", inspect.Parameter.KEYWORD_ONLY)])
    test.__signature__ = signature  # type: ignore[attr-defined]  # pytest reads it
    return test


def value_type(value: Any) -> Type:
    """Return the type of an operand, also of what only operations make."""
    if isinstance(value, enumerate):
        return IteratorType(TupleType((INT, _joined(v for _, v in copied(value)))))
    if isinstance(value, zip):
        rows = list(copied(value))
        return IteratorType(value_type(rows[0]) if rows else NEVER)
    if isinstance(value, _VIEWS):
        return ViewType(_joined(value))
    if hasattr(value, "__next__"):
        return IteratorType(_joined(copied(value)))
    if isinstance(value, tuple):
        return TupleType(tuple(map(value_type, value)))
    return type_of(value)


def _joined(values: Any) -> Type:
    listed = list(values)
    return value_type(listed[0]) if listed else NEVER


def general(type_: Type) -> Type:
    """Return the type with tensors of no known dtype and shape inside."""
    return TENSOR if isinstance(type_, TensorType) else map_type(generalize(type_), general)


def inferred(opdef: OpDef, operands: Sequence[Any], how: str) -> tuple[list[Type], list[Type], str]:
    """Return the types of the operands, those inferred for the results, and "".

    Where the operation refuses the operands, that is two empty lists and the message. `how` is
    "constants", "typed" (no values are known) or "general" (nor are dtypes and shapes).
    """
    try:
        return (*_inferred(opdef, operands, how), "")
    except RuleError as refusal:
        return [], [], refusal.message or repr(refusal)


def _inferred(opdef: OpDef, operands: Sequence[Any], how: str) -> tuple[list[Type], list[Type]]:
    values: list[Value] = []
    for operand in operands:
        if how == "constants" and not _is_made(operand):
            values.append(constant(operand))
            continue
        type_ = value_type(operand)
        values.append(Value(general(type_) if how == "general" else type_))
    results = infer_types(opdef, values)
    return [v.type for v in values], results


def _is_made(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_made, value))
    return hasattr(value, "__next__") or isinstance(value, _VIEWS)
