"""Classes of the program from live Python objects, and the run-time instances of them.

A module (anything with `_parameters`, `_buffers` and `_modules`, as `scriptc.nn.Module` has) gets a
class by structure: two modules of one Python class whose attributes have the same types share it,
and so share the code of their methods. Any other object gets a class of its own. Parameters,
buffers and submodules always belong to the class; other attributes are added when code reads or
assigns them, so that what is not used need not have a type.
"""

from __future__ import annotations

import ast
import enum
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scriptc.frontend.annotations import (
    AnnotationError,
    builtin_lookup,
    parse_annotation,
    type_from_object,
)
from scriptc.frontend.statics import Scripted
from scriptc.ir.builder import type_of
from scriptc.ir.graph import ClassDef, Instance, Program, attribute_name
from scriptc.ir.location import Location
from scriptc.ir.opdef import RuleError
from scriptc.ir.types import ClassType, TensorType, Type, generalize, optional, prune

ABSENT = object()
"""What a class has under a name that it has not."""

LinkRoot = Callable[[Scripted], Instance]


def is_module(object_: Any) -> bool:
    """Tell whether an object has registered parameters, buffers and submodules."""
    return all(isinstance(vars_of(object_).get(n), dict) for n in _REGISTRIES)


_REGISTRIES = ("_parameters", "_buffers", "_modules")


def is_user_object(object_: Any) -> bool:
    """Tell whether an object is an instance of a class that was written in Python.

    What is known at compile time, as functions, classes and members of enums, does not count.
    """
    cls = type(object_)
    return (
        hasattr(object_, "__dict__")
        and cls.__flags__ & _HEAP_TYPE != 0
        and not isinstance(object_, _KNOWN_NOW)
        and cls.__module__.partition(".")[0] not in ("builtins", "numpy", "functools")
    )


def is_known_now(object_: Any) -> bool:
    """Tell whether an object is part of the program itself, as functions are, and no value."""
    functions = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc)
    if isinstance(object_, type):
        return not issubclass(object_, np.generic)
    return isinstance(object_, (*functions, types.ModuleType, enum.Enum, functools.partial))


_HEAP_TYPE = 1 << 9
_KNOWN_NOW = (
    type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType,
    enum.Enum, np.ndarray, list, dict, tuple, str, int, float, complex, BaseException,
)  # fmt: skip


def vars_of(object_: Any) -> dict[str, Any]:
    """Return the instance attributes of an object; nothing for one that has no `__dict__`."""
    return getattr(object_, "__dict__", {})


def registered(object_: Any, registry: str) -> dict[str, Any]:
    """Return the registered parameters, buffers or modules of an object, by name."""
    found = vars_of(object_).get(registry)
    return dict(found) if isinstance(found, dict) and is_module(object_) else {}


@dataclass(slots=True)
class ClassInfo:
    """A class of the program while it is being made, and the objects that it stands for."""

    definition: ClassDef
    python_class: type
    objects: list[Any] = field(default_factory=list)
    constants: frozenset[str] = frozenset()
    annotations: dict[str, Type] = field(default_factory=dict)
    linked: bool = False
    created: set[str] = field(default_factory=set)
    """Attributes that the code assigns and no object has before."""
    absent: dict[str, Location] = field(default_factory=dict)
    """Attributes that the code asked for and was told are not there, and where it did."""

    @property
    def example(self) -> Any:
        return self.objects[0]


class Objects:
    """The classes and instances of one compilation."""

    def __init__(
        self,
        program: Program,
        link: LinkRoot,
        overrides: Mapping[tuple[str, str], Type] | None = None,
    ) -> None:
        self.program = program
        self.infos: dict[str, ClassInfo] = {}
        self._link = link
        self._overrides = overrides or {}
        self._by_key: dict[Any, ClassInfo] = {}
        self._by_id: dict[int, ClassInfo] = {}
        self._instances: dict[int, Instance] = {}
        self._kept: list[Any] = []

    def info(self, object_: Any) -> ClassInfo:
        """Return the class of an object, made at the first use."""
        known = self._by_id.get(id(object_))
        if known is not None:
            return known
        info = self._linked(object_) if isinstance(object_, Scripted) else self._make(object_)
        self._by_id[id(object_)] = info
        self._kept.append(object_)
        return info

    def _linked(self, object_: Any) -> ClassInfo:
        instance = self._link(object_)
        self._instances[id(object_)] = instance
        definition = self.program.classes[instance.scriptc_class]
        info = ClassInfo(definition, type(object_), [object_], linked=True)
        self.infos.setdefault(definition.name, info)
        return self.infos[definition.name]

    def _make(self, object_: Any) -> ClassInfo:
        cls = type(object_)
        key = self._key(object_) if is_module(object_) else id(object_)
        known = self._by_key.get(key)
        if known is not None:
            known.objects.append(object_)
            return known
        name = self.program.unique_name(cls.__name__)
        definition = ClassDef(name, f"{cls.__module__}.{cls.__qualname__}")
        info = ClassInfo(definition, cls, [object_], constants_of(cls), annotations_of(cls))
        self.program.classes[name] = definition
        self.infos[name] = info
        self._by_key[key] = info
        if is_module(object_):
            self._declare_registered(info, object_)
        return info

    def _declare_registered(self, info: ClassInfo, object_: Any) -> None:
        definition = info.definition
        for name, value in registered(object_, "_parameters").items():
            definition.parameters.append(name)
            self._declare(info, name, _parameter_type(value))
        for name, value in registered(object_, "_buffers").items():
            definition.buffers.append(name)
            self._declare(info, name, generalize(type_of(value)))
        left_out = vars_of(object_).get("_non_persistent_buffers_set", ())
        definition.transient += [name for name in definition.buffers if name in left_out]
        for name, child in registered(object_, "_modules").items():
            definition.submodules.append(name)
            if child is not None:
                self._declare(info, attribute_name(name), self.info(child).definition.type)
        if isinstance(vars_of(object_).get("training"), bool):
            self._declare(info, "training", type_of(True))

    def _declare(self, info: ClassInfo, name: str, type_: Type) -> None:
        name_of_class = info.definition.name
        info.definition.attributes[name] = self._overrides.get((name_of_class, name), type_)

    def _key(self, object_: Any) -> Any:
        parts: list[Any] = []
        for name, value in registered(object_, "_parameters").items():
            parts.append((name, str(_parameter_type(value))))
        for name, value in registered(object_, "_buffers").items():
            parts.append((name, str(generalize(type_of(value)))))
        parts.append(tuple(sorted(vars_of(object_).get("_non_persistent_buffers_set", ()))))
        for name, child in registered(object_, "_modules").items():
            parts.append((name, None if child is None else self.info(child).definition.name))
        constants = constants_of(type(object_))
        for name, value in vars_of(object_).items():
            if name in _REGISTRIES or name.startswith("__"):
                continue
            if name in constants:
                parts.append((name, repr(value)))
                continue
            try:
                parts.append((name, str(generalize(type_of(value)))))
            except RuleError:
                # Functions and other objects are part of the program, so each is its own.
                own = is_known_now(value) or is_user_object(value)
                parts.append((name, id(value) if own else type(value).__qualname__))
        return type(object_), tuple(parts)

    def attribute(self, class_name: str, name: str) -> Type | None:
        """Return the type of an instance attribute, declared on demand; None if there is none.

        Raises `RuleError` for an attribute whose value has no type.
        """
        info = self.infos.get(class_name)
        definition = self.program.classes[class_name]
        if name in definition.attributes:
            return definition.attributes[name]
        if info is None or info.linked:
            return None
        values = [vars_of(o)[name] for o in info.objects if name in vars_of(o)]
        if values:
            declared = info.annotations.get(name)
            type_ = declared if declared is not None else self._attribute_type(values[0])
        elif (class_name, name) in self._overrides:
            # Code assigns it: what the class has is what the attribute of the instance starts from.
            starting = self.starting_type(class_name, name)
            if starting is None:
                return None
            type_ = starting
        else:
            return None
        self._declare(info, name, type_)
        return definition.attributes[name]

    def starting_type(self, class_name: str, name: str) -> Type | None:
        """Return the type of what instances find in their Python class; None if there is nothing.

        Raises `RuleError` if that has no type.
        """
        value = self.class_value(class_name, name)
        if value is ABSENT:
            return None
        declared = self.infos[class_name].annotations.get(name)
        return declared if declared is not None else self._attribute_type(value)

    def class_value(self, class_name: str, name: str) -> Any:
        """Return what instances find in their Python class, if that is data; else `ABSENT`."""
        info = self.infos.get(class_name)
        if info is None or info.linked:
            return ABSENT
        found = inspect.getattr_static(info.python_class, name, ABSENT)
        is_data = not callable(found) and not hasattr(type(found), "__get__")
        return found if is_data else ABSENT

    def _attribute_type(self, value: Any) -> Type:
        if is_module(value) or isinstance(value, Scripted) or is_user_object(value):
            return self.info(value).definition.type
        return generalize(type_of(value))

    def declare_new(self, class_name: str, name: str, type_: Type) -> None:
        """Add an attribute that the code assigns and no object has yet.

        An array makes it a buffer of a module, as the assignment itself does in plain Python.
        """
        info = self.infos[class_name]
        info.created.add(name)
        self._declare(info, name, optional(generalize(type_)))
        if is_module(info.example) and isinstance(prune(type_), TensorType):
            info.definition.buffers.append(name)

    def holds_arrays(self, class_name: str, name: str) -> bool:
        """Tell whether an attribute is a buffer, which makes an array of a NumPy scalar.

        One that the code creates may start as a scalar, and then stays no buffer.
        """
        info = self.infos.get(class_name)
        created = info is not None and name in info.created
        return name in self.program.classes[class_name].buffers and not created

    def member(self, class_name: str, name: str) -> Any:
        """Return what the Python class has under a name, unbound; None if nothing."""
        info = self.infos.get(class_name)
        if info is None or info.linked:
            return None
        return inspect.getattr_static(info.python_class, name, None)

    def instance(self, object_: Any) -> Instance:
        """Return the run-time instance of an object: made once, filled by `fill`."""
        info = self.info(object_)
        known = self._instances.get(id(object_))
        if known is None:
            known = self._instances[id(object_)] = Instance(info.definition.name)
        return known

    def fill(self) -> None:
        """Give all instances the attributes that their classes now declare."""
        done: set[int] = set()
        pending = True
        while pending:
            pending = False
            for info in list(self.infos.values()):
                for object_ in () if info.linked else list(info.objects):
                    if id(object_) not in done:
                        done.add(id(object_))
                        pending = True
                        self._fill(self.instance(object_), info, object_)

    def _fill(self, instance: Instance, info: ClassInfo, object_: Any) -> None:
        if is_module(object_) and isinstance(extra := _extra_repr(object_), str):
            instance.scriptc_repr = extra
        values = {**vars_of(object_)}
        for registry in _REGISTRIES:
            entries = registered(object_, registry)
            values.update({attribute_name(n): v for n, v in entries.items()})
        for name, type_ in info.definition.attributes.items():
            value = values.get(name, ABSENT)
            if value is ABSENT:
                found = self.class_value(info.definition.name, name)
                value = None if found is ABSENT else found
            instance.__dict__[name] = (
                self.instance(value) if isinstance(type_, ClassType) else value
            )


def _extra_repr(module: Any) -> Any:
    describe = getattr(module, "extra_repr", None)
    return describe() if callable(describe) else ""


def _parameter_type(value: Any) -> Type:
    if value is None:
        return type_of(None)
    type_ = type_of(np.asarray(value))
    assert isinstance(type_, TensorType)
    return TensorType(type_.dtype, (None,) * (type_.rank or 0))


def constants_of(cls: type) -> frozenset[str]:
    """Return the attribute names that a class declares constant: `__constants__` and `Final`."""
    found: set[str] = set()
    for base in cls.__mro__:
        found.update(base.__dict__.get("__constants__", ()))
        for name, annotation in inspect.get_annotations(base).items():
            origin: Any = typing.get_origin(annotation)
            text = annotation.partition("[")[0] if isinstance(annotation, str) else ""
            if text.rpartition(".")[2] == "Final" or typing.Final in (annotation, origin):
                found.add(name)
    return frozenset(found)


def annotations_of(cls: type) -> dict[str, Type]:
    """Return the types of the attributes that a class annotates in its body."""
    found: dict[str, Type] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("scriptc.nn") or base is object:
            continue
        namespace = vars(sys.modules.get(base.__module__, types.ModuleType("")))
        for name, annotation in inspect.get_annotations(base).items():
            try:
                if isinstance(annotation, str):
                    annotation = eval_annotation(annotation, namespace)
                type_ = None if annotation is None else type_from_object(annotation)
            except AnnotationError:
                continue  # an annotation that means nothing to us declares nothing
            if type_ is not None:
                found[name] = type_
    return found


def eval_annotation(text: str, namespace: Mapping[str, Any]) -> Type | None:
    """Return the type of an annotation kept as text, its names looked up in a namespace."""

    def lookup(name: str) -> Any:
        return namespace[name] if name in namespace else builtin_lookup(name)

    try:
        return parse_annotation(ast.parse(text, mode="eval").body, lookup)
    except SyntaxError as error:
        raise AnnotationError(text) from error
