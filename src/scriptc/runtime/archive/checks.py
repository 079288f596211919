"""What a program must be, beyond verified IR, before it is written to or read from an archive.

Names end up in tracebacks, in printed modules and in `.code`; a hostile one must not become code,
control a terminal, or break what shows it.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

from scriptc.ir.graph import (
    Constant,
    ExceptionRef,
    Function,
    Instance,
    Program,
    attribute_name,
)
from scriptc.ir.location import SourceFile
from scriptc.ir.text import is_function_name
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    ClassType,
    Type,
    members_of,
    resolve,
)
from scriptc.runtime.archive.format import DamagedError
from scriptc.runtime.exceptions import BUILTIN_EXCEPTIONS
from scriptc.runtime.values import describe, make_test

_MAX_LEVELS = 100
_MAX_MODULES = 100_000
_LOCALS = re.compile(r"\.<locals>(?=\.)")
_NUMBERS: dict[Type, tuple[type, ...]] = {
    INT: (bool,),
    FLOAT: (bool, int),
    COMPLEX: (bool, int, float),
    BOOL: (),
}
"""Which Python numbers stand for an attribute of another type: annotations allow it."""


def check_program(program: Program, entry: str, root: Instance | None) -> None:
    """Check names, entry and exceptions of a verified program. Raises `DamagedError`."""
    entries = {f for definition in program.classes.values() for f in definition.methods.values()}
    for definition in program.classes.values():
        _check_text(definition.origin, f"the origin of class {definition.name}")
        for name in (*definition.submodules, *definition.parameters, *definition.buffers):
            _check_text(name, f"a name in class {definition.name}")
        for name in (*definition.parameters, *definition.buffers):
            if name not in definition.attributes:
                raise DamagedError(f"class {definition.name} has no attribute {name!r}")
    if entry or root is None:
        if entry not in program.functions:
            raise DamagedError(f"there is no function @{entry} to enter")
        entries.add(entry)
    if root is not None and root.scriptc_class not in program.classes:
        raise DamagedError(f"there is no class {root.scriptc_class!r}")
    if entry and root is not None:
        first = program.functions[entry].parameters[:1]
        if not first or first[0].type != ClassType(root.scriptc_class):
            raise DamagedError(f"@{entry} is no method of {root.scriptc_class}")
    for function in program.functions.values():
        _check_function(function, is_entry=function.name in entries)


def _check_function(function: Function, *, is_entry: bool) -> None:
    origin = function.origin
    _check_text(origin, f"the origin of @{function.name}")
    if function.composite and not _is_dotted(origin):
        raise DamagedError(f"@{function.name} is a library function, and {origin!r} names none")
    for parameter in function.parameters if is_entry else ():
        if not parameter.name.isidentifier() or keyword.iskeyword(parameter.name):
            raise DamagedError(f"@{function.name} has a parameter named {parameter.name!r}")
    for operation in function.walk():
        if operation.name == "raise" and operation.opdef is None:
            exception = operation.operands[0]
            assert isinstance(exception, Constant)
            _check_exception(exception.value)


def _check_exception(reference: ExceptionRef) -> None:
    base = reference.base or reference.name
    if base not in BUILTIN_EXCEPTIONS:
        raise DamagedError(f"a program cannot raise {base}")
    if reference.base and not _is_dotted(_LOCALS.sub("", reference.name)):
        raise DamagedError(f"{reference.name!r} is not the name of an exception class")


def _is_dotted(name: str) -> bool:
    return is_function_name(name) and not any(map(keyword.iskeyword, name.split(".")))


def _check_text(text: str, what: str) -> None:
    if not text.isprintable():
        raise DamagedError(f"{what} has signs that cannot be printed")


def check_sources(sources: Iterable[SourceFile]) -> None:
    """Check the names of source files. Raises `DamagedError`."""
    for source in sources:
        _check_text(source.path, "the path of a source file")


def check_attributes(
    program: Program, instances: Iterable[Instance], names: Mapping[int, str] | None = None
) -> None:
    """Check that instances have the attributes that their classes declare. Raises `DamagedError`.

    `None` may stand for any: so does an attribute that no assignment has reached yet. `names` are
    the names of the classes of instances by `id`, where they differ from what an instance says.
    """
    for instance in instances:
        definition = program.classes.get(instance.scriptc_class)
        if definition is None:
            raise DamagedError(f"there is no class {instance.scriptc_class!r}")
        where = definition.name
        if instance.__dict__.keys() != definition.attributes.keys():
            first = min(instance.__dict__.keys() ^ definition.attributes.keys())
            raise DamagedError(f"{where} and its declaration differ in `{first}`")
        for name, value in instance.__dict__.items():
            type_ = resolve(definition.attributes[name])
            if isinstance(value, Instance):
                value = value.under((names or {}).get(id(value), value.scriptc_class))
            if value is not None and not _holds(type_, value):
                raise DamagedError(
                    f"`{name}` of {where} is declared {type_}, and is {describe(value)}"
                )


def check_tree(program: Program, root: Instance) -> None:
    """Check that the submodules of an object are a tree that can be printed.

    Raises `DamagedError`.
    """
    sizes: dict[int, int] = {}

    def measure(instance: Instance, level: int) -> int:
        """Return how many modules a module is with all below it, shared ones each time."""
        if level > _MAX_LEVELS:
            raise DamagedError(f"modules are nested more than {_MAX_LEVELS} levels deep")
        if id(instance) not in sizes:
            keys = map(attribute_name, program.classes[instance.scriptc_class].submodules)
            children = [c for key in keys if isinstance(c := instance.__dict__.get(key), Instance)]
            sizes[id(instance)] = 1 + sum(measure(child, level + 1) for child in children)
        if sizes[id(instance)] > _MAX_MODULES:
            raise DamagedError(f"there are more than {_MAX_MODULES} modules")
        return sizes[id(instance)]

    measure(root, 0)


def _holds(type_: Type, value: Any) -> bool:
    numbers = {kind for member in members_of(type_) for kind in _NUMBERS.get(member, ())}
    return type(value) in numbers or make_test(type_)(value)
