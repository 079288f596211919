"""Which objects of a file are compiled: those it scripts, or those that `--entry` names."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scriptc.api import ScriptedObject, script
from scriptc.cli.errors import CommandError, NothingToCompile, UnknownEntry, WrongEntry
from scriptc.cli.userfile import UserFile, imports_of
from scriptc.nn.module import Module
from scriptc.scripted import ScriptFunction, ScriptModule

_MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Target:
    """A compiled object of the file, and what the table says of it."""

    name: str
    object: ScriptedObject
    traced: bool
    seconds: float | None

    @property
    def kind(self) -> str:
        kind = "function" if isinstance(self.object, ScriptFunction) else "module"
        return f"traced {kind}" if self.traced else kind

    @property
    def signature(self) -> str:
        """The typed signature as a call sees it, so without the module itself."""
        schema = self.object.schema
        if isinstance(self.object, ScriptFunction):
            return schema
        receiver = self.object.graph.function.parameters[0]
        own = f"({receiver.name}: {receiver.type}"
        return schema.replace(f"{own}, ", "(", 1).replace(own, "(", 1)

    @property
    def operations(self) -> int:
        """The number of operations of the whole program, terminators left out."""
        functions = self.object.program.functions.values()
        return sum(not o.is_terminator for function in functions for o in function.walk())

    @property
    def parameters(self) -> int | None:
        """The number of elements of all parameters; None for a function."""
        if isinstance(self.object, ScriptModule):
            return sum(array.size for array in self.object.parameters())
        return None


def find_targets(file: UserFile, entries: Sequence[str] = ()) -> list[Target]:
    """Return the objects to compile, compiled. What does not compile is among `file.problems`.

    Without `entries` these are the scripted and traced objects that the file holds by a name of
    its own, and the modules that it constructs and does not script or trace itself.
    """
    if entries:
        return [t for name in dict.fromkeys(entries) if (t := _compiled(file, name, entry=True))]
    seen: set[int] = set()
    targets = []
    handled = {id(c.source) for c in file.compiled}
    for name in _own_names(file):
        value = file.names[name]
        if id(value) in seen or not (
            isinstance(value, ScriptFunction | ScriptModule)
            or (isinstance(value, Module) and id(value) not in handled)
        ):
            continue
        seen.add(id(value))
        target = _compiled(file, name)
        if target is not None:
            targets.append(target)
    return targets


def no_target(file: UserFile) -> NothingToCompile:
    """Return the problem of a file that scripts nothing."""
    known = list(_possible_entries(file))
    advice = "decorate a function with `@scriptc.script`, or construct a module at module level"
    if known:
        advice += f"; or choose with `--entry`: {_listed(known)}"
    return NothingToCompile(path=file.path, advice=advice)


def _compiled(file: UserFile, name: str, *, entry: bool = False) -> Target | None:
    value = _look_up(file, name) if entry else file.names[name]
    result = value if file.has_failed(value) else script(value)
    if not isinstance(result, ScriptFunction | ScriptModule):
        return None  # the problem is noted
    known = file.record(result)
    if known is None:  # a part of a compiled module, or one that was loaded
        return Target(name, result, traced=False, seconds=None)
    return Target(name, result, traced=known.how == "trace", seconds=known.seconds)


def _own_names(file: UserFile) -> Iterator[str]:
    """Yield the names that the file binds itself, not by importing them."""
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in imports_of(file.tree)
        for alias in node.names
    }
    for name in list(file.names):
        if name not in imported and not (name.startswith("__") and name.endswith("__")):
            yield name


def _possible_entries(file: UserFile) -> Iterator[str]:
    for name in _own_names(file):
        if _is_compilable(file.names[name]):
            yield name


def _is_compilable(value: Any) -> bool:
    kinds = (ScriptFunction, Module, types.FunctionType, types.MethodType)
    return isinstance(value, kinds)


def _look_up(file: UserFile, name: str) -> Any:
    first, *rest = name.split(".")
    missing = object()
    value = file.names.get(first, missing)
    for step in rest:
        value = getattr(value, step, missing)
    if value is missing:
        raise CommandError(_unknown(file, name))
    if isinstance(value, type):
        advice = "construct one at module level, and name that"
        raise CommandError(WrongEntry(name=name, what="a class", advice=advice))
    if not _is_compilable(value):
        raise CommandError(WrongEntry(name=name, what=f"of type {type(value).__name__}"))
    return value


def _unknown(file: UserFile, name: str) -> UnknownEntry:
    known = list(_possible_entries(file))
    near = difflib.get_close_matches(name, known, 3)
    advice = f"did you mean {_listed(near, ' or ')}? " if near else ""
    advice += f"it has {_listed(known)}" if known else "it defines no function and no module"
    return UnknownEntry(path=file.path, name=name, advice=advice)


def _listed(names: Sequence[str], joint: str = ", ") -> str:
    shown = joint.join(f"`{name}`" for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
