"""What the front end knows at compile time and the IR has no value for.

An expression lowers to a `Value` of the IR or to a `Static`: a module, a function, a class, a
method still to be called, or a sequence whose elements have no common type.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from scriptc.frontend.dialects.tables import Entry
from scriptc.ir.graph import Linkable, Value


@dataclass(frozen=True, slots=True)
class Static:
    """A Python object known at compile time: a module, function, class or scripted object."""

    object: Any


@dataclass(frozen=True, slots=True)
class OpMethod:
    """A method of a value that is an operation, before its call: `x.sum`."""

    entry: Entry
    receiver: Value


@dataclass(frozen=True, slots=True)
class UserMethod:
    """A method of an instance of a user class, before its call: `self.step`."""

    receiver: Value
    name: str
    function: types.FunctionType | None
    """None for a method of a class that was linked in already compiled."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Elements that a loop takes one by one at compile time, such as those of a module list."""

    elements: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Super:
    """What `super()` gives in a method: its object, and the classes that are still to be asked."""

    receiver: Value
    classes: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Keywords:
    """What the `**kwargs` of a helper holds; it can be passed on by `**`."""

    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Limits:
    """`np.finfo(dtype)` or `np.iinfo(dtype)`, before one of its attributes is read."""

    function: str
    dtype: Value


@dataclass(frozen=True, slots=True)
class Poison:
    """Stands for a variable whose statement already had an error, to keep quiet about it."""


Expr = Value | Static | OpMethod | UserMethod | Sequence | Keywords | Super | Limits | Poison


@runtime_checkable
class Scripted(Protocol):
    """An object that is already compiled; the public classes in `api` are such."""

    def __scriptc_link__(self) -> Linkable:
        """Return what to link."""
