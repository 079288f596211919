"""Values that come in from Python: whether they have the type a program expects, and if not, why.

Types are exact, as NumPy's are: a program that was compiled for a `float` does not take an `int`,
which Python would keep an `int` where it matters (`x // 2`, `x / 0`, `str(x)`).
"""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any

import numpy as np

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import Instance
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    DTYPE,
    DTYPES,
    ELLIPSIS,
    FLOAT,
    INT,
    NONE,
    NUMBERS,
    RANGE,
    SLICE,
    STR,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    members_of,
    resolve,
)

Test = Callable[[Any], bool]

EXACT: dict[Type, type] = {
    FLOAT: float,
    BOOL: bool,
    COMPLEX: complex,
    STR: str,
    SLICE: slice,
    RANGE: range,
    ELLIPSIS: type(...),
    NONE: type(None),
}
_VIEWS = (KeysView, ValuesView, ItemsView)
_ARRAYS = (np.ndarray, np.memmap)
_KNOWN = frozenset(map(np.dtype, DTYPES))


def make_test(type_: Type) -> Test:
    """Return a function that tells whether a value has the type.

    Containers are looked through no further than their element types ask for.
    """
    type_ = resolve(type_)
    exact = EXACT.get(type_)
    if exact is not None:
        return lambda value: type(value) is exact
    if type_ == INT:
        return lambda value: type(value) is int and INT_MIN <= value <= INT_MAX
    if type_ == DTYPE:
        return _is_dtype
    match type_:
        case TensorType():
            return _tensor_test(type_)
        case ClassType(name):
            return lambda value: type(value) is Instance and value.scriptc_class == name
        case ListType(element):
            each = make_test(element)
            return lambda value: type(value) is list and all(map(each, value))
        case VariadicTupleType(element):
            each = make_test(element)
            return lambda value: type(value) is tuple and all(map(each, value))
        case TupleType(elements):
            tests = [make_test(element) for element in elements]
            return lambda value: (
                type(value) is tuple
                and len(value) == len(tests)
                and all(test(part) for test, part in zip(tests, value, strict=True))
            )
        case DictType(key, item):
            key_test, item_test = make_test(key), make_test(item)
            return lambda value: (
                type(value) is dict
                and all(map(key_test, value))
                and all(map(item_test, value.values()))
            )
        case UnionType(members):
            options = [make_test(member) for member in members]
            return lambda value: any(test(value) for test in options)
        case IteratorType():
            return lambda value: hasattr(value, "__next__") or isinstance(value, enumerate | zip)
        case ViewType():
            return lambda value: isinstance(value, _VIEWS)
    return lambda value: False


def _is_dtype(value: Any) -> bool:
    if isinstance(value, type) and issubclass(value, np.generic):
        value = np.dtype(value)
    return isinstance(value, np.dtype) and value in _KNOWN


def _tensor_test(type_: TensorType) -> Test:
    dtype = None if type_.dtype is None else np.dtype(type_.dtype)
    shape = type_.shape
    sizes = [(i, size) for i, size in enumerate(shape or ()) if isinstance(size, int)]

    def test(value: Any) -> bool:
        if type(value) not in _ARRAYS and not isinstance(value, np.generic):
            return False
        if value.dtype not in _KNOWN if dtype is None else value.dtype != dtype:
            return False
        if shape is None:
            return True
        given = value.shape
        return len(given) == len(shape) and all(given[i] == size for i, size in sizes)

    return test


def check_argument(type_: Type, value: Any, *, function: str, parameter: str) -> None:
    """Raise `ArgumentError` if the value does not have the type; say what to do about it."""
    if not make_test(type_)(value):
        raise argument_error(type_, value, function, parameter)


def argument_error(type_: Type, value: Any, function: str, parameter: str) -> ArgumentError:
    """Return the error for an argument that does not have the type of its parameter."""
    where, expected, culprit = _culprit(resolve(type_), value, parameter)
    message = f"{function}() expects {expected} as `{where}`, and was given {describe(culprit)}"
    help_ = _help(expected, culprit, where)
    return ArgumentError(f"{message}; {help_}" if help_ else message)


def _culprit(type_: Type, value: Any, where: str) -> tuple[str, Type, Any]:
    """Find the part of a container that does not fit: its place, the type expected, the part."""
    for place, element, part in _parts(type_, value):
        if not make_test(element)(part):
            return _culprit(element, part, f"{where}{place}")
    return where, type_, value


def _parts(type_: Type, value: Any) -> Iterator[tuple[str, Type, Any]]:
    match type_, value:
        case (ListType(element), list()) | (VariadicTupleType(element), tuple()):
            for i, part in enumerate(value):
                yield f"[{i}]", element, part
        case TupleType(elements), tuple() if len(elements) == len(value):
            for i, part in enumerate(value):
                yield f"[{i}]", elements[i], part
        case DictType(key, item), dict():
            for k, part in value.items():
                yield ".keys()", key, k
                yield f"[{k!r}]", item, part


def describe(value: Any) -> str:
    """Say what a value is, for an error message: `a float64 array of shape (3, 4)`."""
    if isinstance(value, np.generic):
        return f"a NumPy {value.dtype} scalar"
    if isinstance(value, np.ndarray):
        kind = "array" if type(value) in _ARRAYS else f"{type(value).__qualname__}"
        order = "" if value.dtype.isnative else "byte-swapped "
        return f"a {order}{value.dtype.name} {kind} of shape {value.shape}"
    if isinstance(value, Instance):
        return f"an instance of {value.scriptc_class}"
    if value is None:
        return "None"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__qualname__} of {len(value)}"
    if isinstance(value, type):
        return f"the class {value.__qualname__}"
    name = type(value).__qualname__
    if type(value) is int and not INT_MIN <= value <= INT_MAX:
        return "an int that does not fit in 64 bits"
    article = "an" if name[:1] in "aeiou" else "a"
    if type(value) in (bool, int, float, complex):
        return f"the {name} {value!r}"
    return f"{article} {name}"


def _help(expected: Type, value: Any, where: str) -> str:
    members = members_of(expected)
    tensor = next((m for m in members if isinstance(m, TensorType)), None)
    if tensor is not None and isinstance(value, np.ndarray | np.generic):
        return _tensor_help(tensor, value, where)
    if tensor is not None and type(value) in (bool, int, float, complex):
        return (
            f"pass np.asarray({value!r}), or annotate the parameter with "
            f"`{type(value).__name__}` if it is always a Python number"
        )
    if tensor is not None and isinstance(value, list | tuple):
        return f"pass np.asarray({where})"
    if tensor is not None and hasattr(value, "__array__"):
        return f"pass np.asarray({where})"
    numbers = [m for m in members if m in NUMBERS]
    if type(value) is int and not INT_MIN <= value <= INT_MAX:
        return ""
    if numbers and type(value) in (bool, int, float, complex):
        (target, *_), given = numbers, type(value).__name__
        if target == FLOAT and type(value) is int:
            return f"pass {float(value)!r}, or annotate the parameter with `int`"
        return f"pass {target}({value!r}), or annotate the parameter with `{given}`"
    if numbers and isinstance(value, np.ndarray | np.generic):
        return f"pass {numbers[0]}({where}), or annotate the parameter with `Tensor`"
    if isinstance(expected, ListType) and isinstance(value, tuple):
        return f"pass list({where})"
    if isinstance(expected, TupleType | VariadicTupleType) and isinstance(value, list):
        return f"pass tuple({where})"
    return ""


def _tensor_help(tensor: TensorType, value: Any, where: str) -> str:
    if isinstance(value, np.ndarray) and type(value) not in _ARRAYS:
        return f"pass np.asarray({where})"
    if tensor.dtype is not None and value.dtype != np.dtype(tensor.dtype):
        return f"pass {where}.astype(np.{tensor.dtype})"
    if value.dtype not in _KNOWN:
        return "arrays of that dtype are not supported"
    return ""
