"""What the type rules of Python's own operations share: numbers, containers and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from scriptc.ir.opdef import Args, RuleError, Sample, check_kind
from scriptc.ir.ops.rules import element_type, join_all
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    FUNCTION,
    INT,
    NEVER,
    NONE,
    NUMBERS,
    STR,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    UnionType,
    VariadicTupleType,
    ViewType,
    accepts,
    generalize,
    members_of,
    prune,
    tuple_elements,
)

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
_EXAMPLES: dict[Type, Any] = {BOOL: True, INT: 1, FLOAT: 1.0, COMPLEX: 1j}
_NUMBER_TYPES: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX}


def fits_int(value: int) -> int:
    """Return the value, or raise `OverflowError` if it does not fit in 64 bits."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise too_big()


def too_big() -> OverflowError:
    """Return the error for an int that is known to be too big before it is computed."""
    return OverflowError("integer overflow: the result does not fit in 64 bits")


# --- operands -----------------------------------------------------------------------------------


def require_known(*types: Type) -> None:
    """Raise `RuleError` for an element of a list that was made empty and is not yet filled."""
    for type_ in map(prune, types):
        if isinstance(type_, TypeVariable):
            raise RuleError(
                "the type of an element of an empty list or dict is not known here",
                "annotate the container where it is made, as in `values: list[int] = []`",
            )


def none_help(*types: Type) -> str:
    """Return the advice for operands that may be `None`, if one of them may."""
    if any(NONE in members_of(t) for t in types):
        return "test it first: `if value is not None:`"
    return ""


def not_defined(sign: str, *types: Type, help: str = "") -> RuleError:
    """Return the error for operands of types that an operation does not take."""
    listed = " and ".join(map(str, types))
    return RuleError(f"`{sign}` is not defined for {listed}", help or none_help(*types))


def check_real(args: Args, *names: str) -> None:
    """Raise `RuleError` if one of the operands is a complex number, or an unfilled element."""
    for type_ in [args[name] for name in names] or args.types:
        require_known(type_)
        for member in members_of(type_):
            is_array = isinstance(member, TensorType) and "complex" in str(member.dtype)
            if member == COMPLEX or is_array:
                raise RuleError(
                    f"`{args.schema.name}` takes a real number, not {type_}",
                    "use the absolute value, or `.real`",
                )


def is_tensor(type_: Type) -> bool:
    """Tell whether a type is that of a tensor, whatever it holds."""
    return isinstance(prune(type_), TensorType)


def is_sequence(type_: Type) -> bool:
    """Tell whether a type is that of a list or a tuple."""
    return isinstance(type_, ListType | TupleType | VariadicTupleType)


@cache
def number_result(function: Callable[..., Any], *types: Type) -> Type | None:
    """Return the type that Python gives for numbers of these types, or None if it refuses them.

    Python itself is asked, with an example of each type; so the type must not depend on values.
    """
    if not all(t in NUMBERS for t in types):
        return None
    try:
        return _NUMBER_TYPES[type(function(*(_EXAMPLES[t] for t in types)))]
    except TypeError:
        return None


def check_printable(type_: Type) -> None:
    """Raise `RuleError` for a type whose text in Python shows what a program does not have.

    Objects of user classes and iterators print their class or address.
    """
    for member in members_of(type_):
        if isinstance(member, ClassType | IteratorType) or member == FUNCTION:
            raise RuleError(
                f"the text of a value of type {member} is not available",
                "print its parts, or `list(...)` of an iterator",
            )
        for part in _parts(member):
            check_printable(part)


def _parts(type_: Type) -> tuple[Type, ...]:
    match type_:
        case ListType(element) | ViewType(element):
            return (element,)
        case TupleType() | VariadicTupleType():
            return tuple_elements(type_)
        case DictType(key, value):
            return (key, value)
    return ()


# --- containers ---------------------------------------------------------------------------------


def common_element(types: Sequence[Type], what: str) -> Type:
    """Return the element type of a container made of values of these types.

    An empty one gets a type variable, to be decided by its first use. Raises `RuleError` where the
    types do not meet.
    """
    if not types:
        return TypeVariable()
    common = join_all(map(generalize, types))
    if common is None:
        distinct = list(dict.fromkeys(str(generalize(t)) for t in types))
        help_ = "make them one type, or use a tuple"
        if all(t in NUMBERS for t in types):
            help_ = "write the ints as floats, as in `1.0`" if FLOAT in types else help_
        raise RuleError(f"a {what} holds one type, not {' and '.join(distinct)}", help_)
    return TypeVariable() if common == NEVER else common


def element_of(type_: Type) -> Type:
    """Return what walking over a value yields, as the element of a container made of it."""
    element = element_type(type_)
    return TypeVariable() if element == NEVER else generalize(element)


def check_holds(container: Type | str, expected: Type, value: Type) -> None:
    """Raise `RuleError` unless a value may be stored where `expected` is held.

    A container that was made empty gets its element type here.
    """
    expected, value = prune(expected), prune(value)
    if accepts(expected, value):
        return
    help_ = f"annotate the container where it is made, so that it holds `{expected} | {value}`"
    if expected in NUMBERS and value in NUMBERS:
        help_ = f"store `{expected}(value)`"
    elif expected in NUMBERS and isinstance(value, TensorType):
        help_ = f"store `{expected}(value)`, or start with tensors"
    elif isinstance(expected, TensorType) and value in NUMBERS:
        help_ = "store `np.asarray(value)`"
    raise RuleError(f"a {container} cannot hold a value of type {value}", help_)


_UNHASHABLE = (ListType, DictType)


def check_hashable(type_: Type) -> None:
    """Raise `RuleError` for a type whose values cannot be keys of a dict."""
    for member in members_of(type_):
        if isinstance(member, _UNHASHABLE) or (isinstance(member, TensorType) and member.rank):
            raise RuleError(
                f"a value of type {member} cannot be a key of a dict",
                "use an int, a str or a tuple of these",
            )
        if isinstance(member, TupleType | VariadicTupleType):
            for part in tuple_elements(member):
                check_hashable(part)


def check_lookup(container: DictType, key: Type) -> None:
    """Raise `RuleError` if no key of a dict can equal a value of type `key`.

    Numbers are looked up by value, so any number, a NumPy scalar too, finds an equal one.
    """
    check_hashable(key)
    if accepts(container.key, key):
        return
    numeric = check_kind("number", key)
    if any(m in NUMBERS or is_tensor(m) for m in members_of(container.key)) and numeric:
        return
    raise RuleError(f"the keys of a {container} are {container.key}, not {key}", none_help(key))


def tuple_of(element: Type) -> Type:
    """Return the type of a tuple of unknown length."""
    return VariadicTupleType(element)


def walked(type_: Type) -> Type:
    """Return what walking over an operand yields; raises `RuleError` for what may be `None`."""
    if isinstance(type_, UnionType) and NONE in type_.members:
        raise RuleError(f"a value of type {type_} cannot be iterated over", none_help(type_))
    return element_type(type_)


def check_strings(type_: Type, what: str) -> None:
    """Raise `RuleError` unless walking over an operand yields strings."""
    element = prune(walked(type_))
    if not accepts(STR, element):
        raise RuleError(f"`{what}` takes strings, not {element}", "convert each with `str(...)`")


def samples(*listed: Sample) -> Callable[[], Sequence[Sample]]:
    """Return samples whose arguments are all immutable, and so may be made once."""
    return lambda: listed


def raised_by(function: Callable[..., Any], args: Sequence[Any]) -> type[BaseException] | None:
    """Return the class of what a function raises for these arguments, if it does."""
    with np.errstate(all="ignore"):
        try:
            function(*args)
        except Exception as error:  # noqa: BLE001 - whatever eager Python raises is the answer
            return type(error)
    return None
