"""Attributes of live objects while a function is specialised: inputs, constants and state.

An attribute that the program does not assign is a constant if it is a plain value, and an input of
the function otherwise. One that it assigns is an input and a value that changes on the way, so that
no operation reads or writes an attribute any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scriptc.ir.builder import type_of
from scriptc.ir.diagnostic import Error
from scriptc.ir.graph import BlockArgument, Constant, Function, Instance, Operation, Value
from scriptc.ir.location import Location
from scriptc.ir.opdef import RuleError
from scriptc.ir.passes.constant_folding import is_small
from scriptc.ir.types import Dim, TensorType, Type, resolve

Key = tuple[int, str]
"""An attribute: the identity of its object's attributes, and its name."""
Path = tuple[str, ...]
"""The way from the root to an attribute, as `("encoder", "weight")`."""


class NotSpecializable(Error):  # noqa: N818 - the name says what is the matter
    """A program that cannot be specialised: why, and where in the source."""

    def __init__(self, reason: str, location: Location | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.location = location


@dataclass(slots=True)
class Attribute:
    """What became of an attribute: an input, a constant, and what it was found to hold."""

    path: Path
    value: Any
    parameter: BlockArgument | None = None
    assigned: bool = False


class ObjectState:
    """The attributes of one root object, as far as a function uses them.

    `assigned` are the attributes that the function was found to assign when it was built before.
    """

    def __init__(
        self, function: Function, root: Instance | None, assigned: frozenset[Key] = frozenset()
    ) -> None:
        self.state: dict[Key, Value] = {}
        """What attributes have been assigned, or would be, at the place that is being built."""
        self.attributes: dict[Key, Attribute] = {}
        self.assigned = set(assigned)
        self.is_stale = False
        """Whether an attribute was read as one that is not assigned, and is assigned later."""
        self._function = function
        self._initial: dict[Key, Value] = {}
        self._paths: dict[int, Path] = {} if root is None else _paths(root)
        self._names = {parameter.name for parameter in function.parameters}

    def refusal(self, reason: str, location: Location | None) -> NotSpecializable:
        return NotSpecializable(reason, location)

    def read(self, owner: Instance, name: str, operation: Operation) -> Value | Instance:
        """Return what an attribute holds at the place that is being built."""
        if name not in owner.__dict__:
            raise NotSpecializable(f"the attribute {name!r} is not set", operation.location)
        value = owner.__dict__[name]
        if isinstance(value, Instance):
            return value
        key = id(owner.__dict__), name
        if key not in self.attributes:
            path = self._paths.get(key[0])
            if path is None:
                raise NotSpecializable(
                    f"{name!r} belongs to an object that is not an attribute", operation.location
                )
            self.attributes[key] = Attribute((*path, name), value, assigned=key in self.assigned)
            self._initial[key] = self._made(key, operation)
        return self.current(key)

    def assign(
        self, owner: Instance, name: str, value: Value | Instance, operation: Operation
    ) -> None:
        """Note that an attribute holds another value from here on."""
        before = owner.__dict__.get(name)
        if isinstance(value, Instance) or isinstance(before, Instance):
            raise NotSpecializable(f"the object {name!r} is replaced", operation.location)
        key = id(owner.__dict__), name
        if key not in self.assigned:
            self.assigned.add(key)
            self.is_stale = self.is_stale or key in self.attributes
        self.read(owner, name, operation)
        self.state[key] = value

    def initial(self, key: Key) -> Value:
        """Return what an attribute holds when the function is called."""
        return self._initial[key]

    def has_initial(self, key: Key) -> bool:
        """Tell whether it is an attribute that is there when the function is called."""
        return key in self._initial

    def current(self, key: Key) -> Value:
        """Return what an attribute holds at the place that is being built."""
        return self.state.get(key) or self._initial[key]

    def _made(self, key: Key, operation: Operation) -> Value:
        """Return the constant or the parameter for an attribute."""
        attribute = self.attributes[key]
        value = attribute.value
        if value is None or (not attribute.assigned and is_small(value)):
            return Constant(value, type_of(value))
        name = self._name(attribute.path)
        try:
            type_ = self._type(attribute, name, operation)
        except RuleError as error:
            raise NotSpecializable(error.message, operation.location) from error
        attribute.parameter = self._function.body.add_argument(type_, name)
        return attribute.parameter

    @staticmethod
    def _type(attribute: Attribute, name: str, operation: Operation) -> Type:
        type_ = type_of(attribute.value)
        if not isinstance(type_, TensorType):
            declared = resolve(operation.result.type) if operation.results else resolve(type_)
            return declared if isinstance(attribute.value, list | dict) else resolve(type_)
        if not attribute.assigned or type_.shape is None:
            return type_
        sizes: list[Dim] = [
            size if size == 1 else f"{name}_{axis}" for axis, size in enumerate(type_.shape)
        ]
        return TensorType(type_.dtype, tuple(sizes))

    def _name(self, path: Path) -> str:
        name = wanted = "_".join(path)
        count = 0
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name


def _paths(root: Instance) -> dict[int, Path]:
    """Return the first way from the root to each object that attributes lead to."""
    found: dict[int, Path] = {}
    pending: list[tuple[Instance, Path]] = [(root, ())]
    while pending:
        instance, path = pending.pop(0)
        if id(instance.__dict__) in found:
            continue
        found[id(instance.__dict__)] = path
        pending += [
            (value, (*path, name))
            for name, value in instance.__dict__.items()
            if isinstance(value, Instance)
        ]
    return found
