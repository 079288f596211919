"""The table of Python spellings: from functions, methods and attributes to operations.

It is built from the spellings that the operations declare. Functions are found by identity, so
that `np.sum`, `numpy.sum` and `from numpy import sum as total` are all the same.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import math
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from scriptc.ir.opdef import OpDef, Spelling
from scriptc.ir.ops import REGISTRY
from scriptc.ir.schema import BindError
from scriptc.ir.types import (
    COMPLEX,
    DTYPE,
    FLOAT,
    INT,
    RANGE,
    STR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
)

T = TypeVar("T")

ROOTS: dict[str, Any] = {"numpy": np, "math": math, "builtins": builtins}
LIMITS: dict[str, type] = {"finfo": np.finfo, "iinfo": np.iinfo}
"""Classes of NumPy whose objects are no values; their attributes are operations on a dtype."""
OWNERS: dict[str, type] = {
    "ndarray": np.ndarray,
    "dtype": np.dtype,
    "str": str,
    "list": list,
    "dict": dict,
    "tuple": tuple,
    "int": int,
    "float": float,
    "complex": complex,
    "range": range,
    **LIMITS,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A spelling of an operation: `is_method` if its object is the first operand.

    `overload` is another operation that the same name stands for with other arguments.
    """

    opdef: OpDef
    spelling: Spelling
    is_method: bool = False
    is_property: bool = False
    overload: Entry | None = None


@dataclass(frozen=True, slots=True)
class Gathered(Generic[T]):
    """Positional arguments that the library packs into one tuple, as in `x.reshape(2, 3)`."""

    items: tuple[T, ...]


class Dialect:
    """All spellings of one dialect."""

    def __init__(self, registry: Mapping[str, OpDef]) -> None:
        self._functions: dict[Any, tuple[Any, Entry]] = {}
        self._members: dict[tuple[str, str], Entry] = {}
        for opdef in registry.values():
            for spelling in opdef.spellings:
                self._add(opdef, spelling)

    def _add(self, opdef: OpDef, spelling: Spelling) -> None:
        root, _, rest = spelling.name.partition(".")
        if root in OWNERS:
            member = getattr(OWNERS[root], rest, None)
            entry = Entry(opdef, spelling, is_method=True, is_property=not callable(member))
            self._members[root, rest] = entry
            return
        function = _resolve(root, rest)
        if function is None:
            return
        known = self._functions.get(_key(function))
        overload = None if known is None or known[1].opdef is opdef else known[1]
        self._functions[_key(function)] = (function, Entry(opdef, spelling, overload=overload))

    def function(self, object_: Any) -> Entry | None:
        """Return the entry of a library function, found by identity."""
        key = _key(object_)
        found = self._functions.get(key)
        same = found is not None and (found[0] is object_ or type(key) is tuple)
        return found[1] if found is not None and same else None

    def functions(self) -> Iterator[tuple[str, Any]]:
        """Yield the library functions with the qualified names they are found under."""
        for function, entry in self._functions.values():
            yield entry.spelling.name, function

    def members(self, type_: Type) -> list[str]:
        """Return the names of the methods and properties of values of a type."""
        owner = owner_of(type_)
        return [name for known, name in self._members if known == owner]

    def limit(self, function: str, name: str) -> Entry | None:
        """Return the entry of an attribute of `np.finfo(dtype)` or `np.iinfo(dtype)`."""
        return self._members.get((function, name))

    def member(self, type_: Type, name: str) -> Entry | None:
        """Return the entry of a method or property of values of a type."""
        owner = owner_of(type_)
        return None if owner is None else self._members.get((owner, name))


def _key(function: Any) -> Any:
    """Return what a function is found by; a method of a ufunc is a new object at each access."""
    if type(function) is types.BuiltinMethodType and isinstance(function.__self__, np.ufunc):
        return function.__self__, function.__name__
    return id(function)


def _resolve(root: str, rest: str) -> Any:
    found = ROOTS.get(root)
    if found is None:
        return None
    for part in rest.split("."):
        nested = getattr(found, part, None)
        if nested is None and hasattr(found, "__path__"):
            try:
                nested = importlib.import_module(f"{found.__name__}.{part}")
            except ImportError:
                return None
        found = nested
        if found is None:
            return None
    return found


def owner_of(type_: Type) -> str | None:
    """Return the class, as spellings name it, whose methods a value of the type has."""
    if isinstance(type_, TensorType):
        return "ndarray"
    if isinstance(type_, ListType):
        return "list"
    if isinstance(type_, DictType):
        return "dict"
    if isinstance(type_, TupleType | VariadicTupleType):
        return "tuple"
    names: dict[Type, str] = {STR: "str", INT: "int", FLOAT: "float", COMPLEX: "complex"}
    names |= {RANGE: "range", DTYPE: "dtype"}
    return names.get(type_)


def choose(
    entry: Entry, positional: Sequence[T], keywords: Mapping[str, T]
) -> tuple[Entry, list[Any]]:
    """Return the overload that takes these arguments, and the arguments as `bind` gives them.

    Raises the `BindError` of the last one tried.
    """
    try:
        return entry, bind(entry, positional, keywords)
    except BindError:
        if entry.overload is None:
            raise
        return choose(entry.overload, positional, keywords)


def bind(entry: Entry, positional: Sequence[T], keywords: Mapping[str, T]) -> list[Any]:
    """Return the arguments of a call in schema order: values, `Gathered` values, or defaults.

    Raises `BindError` for a call that the operation does not take.
    """
    schema, spelling = entry.opdef.schema, entry.spelling
    renamed: dict[str, Any] = {}
    for name, value in keywords.items():
        renamed[spelling.rename.get(name, name)] = value
    arguments: list[Any] = list(positional)
    if spelling.order is not None:
        start = 1 if entry.is_method and spelling.order[:1] != (schema.parameters[0].name,) else 0
        if len(arguments) - start > len(spelling.order) and spelling.gather is None:
            raise BindError(f"{schema.name}() takes fewer positional arguments than were given")
        for name, value in zip(spelling.order, arguments[start:], strict=False):
            if name == "-":
                raise BindError(f"{spelling.name}() is called with an argument not supported here")
            if name in renamed:
                raise BindError(f"{schema.name}() got two values for `{name}`")
            renamed[name] = value
        arguments = arguments[:start]
    elif spelling.gather is not None:
        names = [p.name for p in schema.parameters if not p.keyword_only]
        place = names.index(spelling.gather)
        if len(arguments) > place + 1:
            arguments[place:] = [Gathered(tuple(arguments[place:]))]
    by_position = [p.name for p in schema.parameters if not p.keyword_only][: len(arguments)]
    for name, value in spelling.defaults.items():
        if name not in by_position:
            renamed.setdefault(name, value)
    return schema.bind(arguments, renamed)


@functools.cache
def numpy_dialect() -> Dialect:
    """Return the dialect of NumPy, `math` and Python's built-ins; built at the first use."""
    return Dialect(REGISTRY)
