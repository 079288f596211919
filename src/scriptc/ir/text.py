"""What the printer and the parser of `.graph` agree on: names, literals and how types are written.

The grammar stands in `docs/ir.md`.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.ir.graph import (
    CONTROL,
    STRUCTURAL_TRAITS,
    TERMINATORS,
    UNBOUND,
    ExceptionRef,
    FunctionRef,
)
from scriptc.ir.types import (
    ATOMS,
    DTYPES,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    resolve,
)

STRUCTURAL = frozenset({*CONTROL, *TERMINATORS, *STRUCTURAL_TRAITS})
"""Names of operations that have no declaration in the registry."""

LOOPS = ("for", "loop")

TYPE_WORDS = frozenset({*ATOMS, "Tensor", "list", "tuple", "dict", "iterator", "view", "class"})
"""Names that mean a type of the IR; a class of that name is written `class[name]`."""

EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException) and value.__name__ == name
)
"""Built-in exception classes, which are written by their names."""

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


_NO_ATTRIBUTES = frozenset({"None", "True", "False", "scriptc_class", "scriptc_repr"})


def is_attribute_name(name: str) -> bool:
    """Tell whether a name may be that of an attribute or a class: no `__special__` ones."""
    special = name.startswith("__") and name.endswith("__")
    return name.isidentifier() and not special and name not in _NO_ATTRIBUTES


def is_function_name(name: str) -> bool:
    """Tell whether a name is made of identifiers joined by dots."""
    return all(part.isidentifier() for part in name.split("."))


def quote(text: str) -> str:
    """Return a string literal in double quotes, in ASCII; `tokens.unquote` reads it."""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if " " <= char <= "~":
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_pooled(value: Any) -> bool:
    """Tell whether a constant has no literal of its own: an array, a list, a dict."""
    if isinstance(value, np.dtype):
        return value.name not in DTYPES or value != np.dtype(value.name)
    if isinstance(value, bool) or type(value) is int:
        return not INT_MIN <= value <= INT_MAX
    if isinstance(value, slice):
        return any(is_pooled(part) for part in (value.start, value.stop, value.step))
    if value is None or value is ... or value is UNBOUND:
        return False
    return type(value) not in (float, complex, str, tuple, range, FunctionRef, ExceptionRef)


def pooled_parts(value: Any) -> Iterable[Any]:
    """Yield the pooled objects of a constant: itself, or those inside a tuple."""
    if type(value) is tuple:
        for part in value:
            yield from pooled_parts(part)
    elif is_pooled(value):
        yield value


def same_literal(a: Any, b: Any) -> bool:
    """Tell whether two inline constants are written alike: `1`, `1.0` and `True` are not."""
    if type(a) is not type(b) or is_pooled(a) or is_pooled(b):
        return False
    if type(a) is tuple:
        return len(a) == len(b) and all(map(same_literal, a, b))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    return bool(a == b)


def print_constant(value: Any, pool: Mapping[int, int]) -> str:
    """Return the text of a constant; `pool` numbers pooled objects by `id`."""
    if is_pooled(value):
        return f"#{pool[id(value)]}"
    match value:
        case bool() | None | int() | range():
            return repr(value)
        case float():
            return _print_float(value)
        case complex():
            return f"complex({_print_float(value.real)}, {_print_float(value.imag)})"
        case str():
            return quote(value)
        case tuple():
            parts = [print_constant(part, pool) for part in value]
            return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
        case slice():
            parts = [print_constant(p, pool) for p in (value.start, value.stop, value.step)]
            return f"slice({', '.join(parts)})"
        case FunctionRef():
            return print_function_name(value.name)
        case ExceptionRef(name, base):
            if not base and name in EXCEPTIONS:
                return name
            return f"exception({quote(name)}, {quote(base)})"
    if value is ...:
        return "..."
    return "unbound" if value is UNBOUND else str(value.name)


def _print_float(value: float) -> str:
    return "nan" if math.isnan(value) else repr(value)


def print_function_name(name: str) -> str:
    """Return `@name`, in quotes if it is not made of identifiers."""
    return f"@{name}" if is_function_name(name) else f"@{quote(name)}"


def print_type(type_: Type) -> str:
    """Return the text of a type, as `str` does, and so that no class is taken for another type."""
    return _print_type(resolve(type_))


def _print_type(type_: Type) -> str:
    match type_:
        case ListType(element):
            return f"list[{_print_type(element)}]"
        case TupleType(elements):
            return f"tuple[{_print_types(elements) or '()'}]"
        case VariadicTupleType(element):
            return f"tuple[{_print_type(element)}, ...]"
        case DictType(key, value):
            return f"dict[{_print_types((key, value))}]"
        case IteratorType(element):
            return f"iterator[{_print_type(element)}]"
        case ViewType(element):
            return f"view[{_print_type(element)}]"
        case UnionType(members):
            return " | ".join(map(_print_type, members))
        case ClassType(name) if name in TYPE_WORDS or name in DTYPES:
            return f"class[{name}]"
    return str(type_)


def _print_types(types: Iterable[Type]) -> str:
    return ", ".join(map(_print_type, types))
