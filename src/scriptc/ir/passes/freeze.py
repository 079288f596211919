"""Freezing a module: attributes that no code changes become constants.

All calls are inlined first, so that each `get_attr` can be followed from the module itself to the
object it reads. An attribute becomes a constant where no function that is left assigns it, writes
into its memory or hands it out; what a caller holds, a caller can write. Then constants are folded,
which may take out the code that assigned another attribute, as that of a branch for training; so
this is repeated until nothing changes.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from scriptc.ir.builder import constant, type_of
from scriptc.ir.clone import clone_program
from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import (
    UNBOUND,
    ClassDef,
    Constant,
    Function,
    Instance,
    Operation,
    Program,
    Value,
    attribute_name,
)
from scriptc.ir.opdef import RuleError
from scriptc.ir.passes.aliases import Aliases, is_mutable
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.constant_folding import is_small
from scriptc.ir.passes.inline import keep_reachable
from scriptc.ir.passes.manager import FREEZE, INLINE, PassManager
from scriptc.ir.passes.rewrite import detach, fits, replace
from scriptc.ir.types import ClassType, Type, map_type

Key = tuple[int | None, str]
"""An attribute: the identity of its object's attributes, or None if that is not known; its name."""


def freeze_program(
    program: Program, entry: str, root: Instance, preserved: Iterable[str]
) -> tuple[Program, Instance]:
    """Return a frozen copy of a program and of its object, in which `training` is false.

    `preserved` names attributes, and methods, of the object and of objects below it
    (`encoder.weight`), which stay as they are. Raises `ArgumentError` for a name that is not there.
    """
    with _paused_collector():
        return _Freezer(program, entry, root).run(list(preserved))


@contextmanager
def _paused_collector() -> Iterator[None]:
    """Keep the garbage collector off: of a large model it would walk all of the IR time and again.

    What a pass throws away is in few cycles, and is collected afterwards.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Read:
    """A `get_attr`, and what it reads: the attribute, and its value if the object is known."""

    operation: Operation
    key: Key
    value: Any


class _Freezer:
    def __init__(self, program: Program, entry: str, root: Instance) -> None:
        self.program = clone_program(program)
        self.entry = entry
        self.root: Instance = copy.deepcopy(root)
        self.memory = _memory_groups(self.root)
        self.roots: dict[str, Instance] = {entry: self.root}
        self.preserved: set[Key] = set()
        self.constants: dict[int, Any] = {}
        for instance in _objects(self.root):
            if "training" in instance.__dict__:
                instance.__dict__["training"] = False

    def run(self, preserved: list[str]) -> tuple[Program, Instance]:
        for name in preserved:
            self._preserve(name)
        self._run(INLINE)
        changed = True
        while changed:
            changed = self._freeze()
            self._run(FREEZE)
        self._forget()
        return self.program, self.root

    def _run(self, passes: Sequence[Pass]) -> None:
        keep_reachable(self.program, self.roots)
        PassManager(passes).run(self.program)
        keep_reachable(self.program, self.roots)

    def _preserve(self, name: str) -> None:
        *path, last = name.split(".")
        instance = self.root
        for part in path:
            child = instance.__dict__.get(attribute_name(part))
            if not isinstance(child, Instance):
                raise ArgumentError(f"freeze() is to preserve {name!r}, but has no {part!r}")
            self.preserved.add((id(instance.__dict__), attribute_name(part)))
            instance = child
        method = self.program.classes[instance.scriptc_class].methods.get(last)
        if method is not None:
            self.roots[method] = instance
            return
        attribute = next((n for n in (last, attribute_name(last)) if n in instance.__dict__), None)
        if attribute is None:
            known = ", ".join(map(repr, instance.__dict__))
            raise ArgumentError(f"freeze() is to preserve {name!r}; there are {known}")
        self.preserved.add((id(instance.__dict__), attribute))

    # --- one round ------------------------------------------------------------------------------

    def _freeze(self) -> bool:
        """Turn attributes into constants; return whether there were any."""
        names = self._assigned_names()
        reads: list[_Read] = []
        busy = set(self.preserved)
        for function in self.program.functions.values():
            known = self._follow(function, names)
            mine: dict[Value, _Read] = {}
            for operation in function.walk():
                if operation.opdef is None and operation.name in ("get_attr", "set_attr"):
                    read = _read(operation, known)
                    if operation.name == "set_attr":
                        busy.add(read.key)
                    else:
                        mine[operation.result] = read
            aliases = Aliases(function, mine.keys())
            busy |= {
                read.key
                for value, read in mine.items()
                if is_mutable(value.type) and (aliases.is_written(value) or aliases.escapes(value))
            }
            reads += mine.values()
        groups = {
            group for key, group in self.memory.items() if key in busy or (None, key[1]) in busy
        }
        changed = False
        for read in reads:
            if read.key[0] is None or read.key in busy or (None, read.key[1]) in busy:
                continue
            if self.memory.get(read.key) in groups:
                continue
            frozen = self._constant(read)
            if frozen is None:
                continue
            replace(read.operation.result, frozen)
            block = read.operation.parent
            assert block is not None
            block.operations.remove(read.operation)
            detach([read.operation])
            changed = True
        return changed

    def _constant(self, read: _Read) -> Constant | None:
        """Return the constant for what is read; attributes that are one object share it."""
        if id(read.value) not in self.constants:
            self.constants[id(read.value)] = _frozen(read.value)
        value, type_ = self.constants[id(read.value)], read.operation.result.type
        try:
            if value is UNBOUND or not fits(type_, type_of(value)):
                return None
        except RuleError:
            return None
        # An empty list has the type of its attribute only.
        return constant(value, type_ if isinstance(value, list | dict) else None)

    def _assigned_names(self) -> set[str]:
        return {
            _attribute_of(operation)
            for function in self.program.functions.values()
            for operation in function.walk()
            if operation.opdef is None and operation.name == "set_attr"
        }

    def _follow(self, function: Function, assigned: set[str]) -> dict[Value, Instance]:
        """Return the values that are known objects: what is read from `self`, and from that."""
        known: dict[Value, Instance] = {}
        if function.name in self.roots:
            known[function.parameters[0]] = self.roots[function.name]
        for operation in function.walk():
            if operation.opdef is None and operation.name == "get_attr":
                owner, name = known.get(operation.operands[0]), _attribute_of(operation)
                value = None if owner is None else owner.__dict__.get(name)
                if isinstance(value, Instance) and name not in assigned:
                    known[operation.result] = value
        return known

    # --- what is left ---------------------------------------------------------------------------

    def _forget(self) -> None:
        """Take out the attributes that no function uses."""
        used: set[tuple[str, str]] = set()
        for function in self.program.functions.values():
            for operation in function.walk():
                if operation.opdef is None and operation.name in ("get_attr", "set_attr"):
                    class_ = operation.operands[0].type
                    assert isinstance(class_, ClassType)
                    used.add((class_.name, _attribute_of(operation)))
        instances = list(_objects(self.root))
        for instance in instances:
            used |= {
                (instance.scriptc_class, name)
                for key, name in self.preserved
                if key == id(instance.__dict__)
            }
        for instance in instances:
            for name in list(instance.__dict__):
                if (instance.scriptc_class, name) not in used:
                    del instance.__dict__[name]
        for definition in self.program.classes.values():
            _trim(definition, {name for class_, name in used if class_ == definition.name})
        _drop_classes(self.program, {i.scriptc_class for i in _objects(self.root)})


def _attribute_of(operation: Operation) -> str:
    name = operation.operands[1]
    assert isinstance(name, Constant)
    assert isinstance(name.value, str)
    return name.value


def _read(operation: Operation, known: dict[Value, Instance]) -> _Read:
    owner, name = known.get(operation.operands[0]), _attribute_of(operation)
    if owner is None or name not in owner.__dict__:
        return _Read(operation, (None, name), None)
    return _Read(operation, (id(owner.__dict__), name), owner.__dict__[name])


def _frozen(value: Any) -> Any:
    """Return what stands for the value of an attribute in the program; `UNBOUND` if nothing can."""
    if isinstance(value, np.ndarray):
        array = np.array(value, order="K")
        array.flags.writeable = False
        return array
    if isinstance(value, np.generic) or is_small(value):
        return value
    parts: Iterable[Any] = ()
    if type(value) is list:
        parts = value
    elif type(value) is dict:
        parts = (*value, *value.values())
    else:
        return UNBOUND
    return copy.copy(value) if all(map(is_small, parts)) else UNBOUND


def _objects(root: Instance) -> list[Instance]:
    """Return an object and all that it reaches, each once."""
    found: dict[int, Instance] = {}
    pending: list[Any] = [root]
    while pending:
        value = pending.pop()
        if isinstance(value, Instance):
            if id(value.__dict__) not in found:
                found[id(value.__dict__)] = value
                pending += value.__dict__.values()
        elif isinstance(value, list | tuple):
            pending += value
        elif isinstance(value, dict):
            pending += value.values()
    return list(found.values())


def _memory_groups(root: Instance) -> dict[Key, int]:
    """Number the attributes so that those which may share memory have the same number."""
    spans: list[tuple[int, int, Key]] = []
    for instance in _objects(root):
        for name, value in instance.__dict__.items():
            spans += [(*span, (id(instance.__dict__), name)) for span in _spans(value)]
    spans.sort(key=lambda span: span[:2])
    groups: dict[Key, int] = {}
    members: dict[int, list[Key]] = {}
    end = -1
    number = 0
    for start, stop, key in spans:
        number += start >= end
        end = max(end, stop)
        before = groups.get(key)
        if before is None:
            groups[key] = number
            members.setdefault(number, []).append(key)
        elif before != number:
            # An attribute of several arrays joins the groups of all of them.
            for other in members.pop(before, []):
                groups[other] = number
                members.setdefault(number, []).append(other)
    return groups


def _spans(value: Any) -> Iterator[tuple[int, int]]:
    """Yield the pieces of memory that a value holds."""
    if isinstance(value, np.ndarray) and value.size:
        yield byte_bounds(value)
    elif isinstance(value, list | tuple | dict):
        if not isinstance(value, tuple):
            yield id(value), id(value) + 1
        for part in value.values() if isinstance(value, dict) else value:
            yield from _spans(part)


def _trim(definition: ClassDef, used: set[str]) -> None:
    """Leave the used attributes in a class."""
    definition.attributes = {n: t for n, t in definition.attributes.items() if n in used}
    for names in (
        definition.parameters,
        definition.buffers,
        definition.submodules,
        definition.transient,
    ):
        names[:] = [name for name in names if attribute_name(name) in used or name in used]


def _drop_classes(program: Program, kept: set[str]) -> None:
    """Take out the classes that nothing mentions any more."""
    for function in program.functions.values():
        values: list[Value] = [*function.parameters]
        for operation in function.walk():
            values += [*operation.results, *(a for b in operation.blocks for a in b.arguments)]
        for value in values:
            kept |= _classes_in(value.type)
    pending = list(kept)
    while pending:
        definition = program.classes.get(pending.pop())
        if definition is not None:
            for type_ in definition.attributes.values():
                more = _classes_in(type_) - kept
                kept |= more
                pending += more
    program.classes = {n: c for n, c in program.classes.items() if n in kept}


def _classes_in(type_: Type) -> set[str]:
    """Return the names of the classes that a type mentions."""
    found: set[str] = set()

    def visit(part: Type) -> Type:
        if isinstance(part, ClassType):
            found.add(part.name)
        map_type(part, visit)
        return part

    visit(type_)
    return found
