"""Modules in a trace: the hook of `scriptc.nn`, and calls of what is compiled already.

The call of a module becomes a function of its own, so the tree stays. Modules and functions of
scriptc's library, and compiled ones, are called as programs, which keep their control flow.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scriptc.frontend.errors import CompileFailureError
from scriptc.frontend.signatures import signature
from scriptc.frontend.source import source_of
from scriptc.frontend.tracing.arguments import Arguments, flattened
from scriptc.frontend.tracing.errors import TraceError
from scriptc.frontend.tracing.objects import is_library
from scriptc.frontend.tracing.places import trace_error, user_location
from scriptc.frontend.tracing.recorder import Recorder
from scriptc.frontend.tracing.state import modules_below
from scriptc.frontend.tracing.values import TracedArray, TracedShape, concrete_of, is_traced
from scriptc.ir.builder import constant
from scriptc.ir.graph import Constant, Function, Operation, Value, attribute_name
from scriptc.ir.printer import print_function
from scriptc.ir.schema import BindError
from scriptc.ir.types import Type, generalize, prune

_PLAIN = (bool, int, float, complex, str, type(None))


class Tracer(Recorder):
    """A recorder that knows modules."""

    def watch(self, module: Any) -> None:
        """Find the arrays of a module, and of all below it, wherever they are met."""
        for found in modules_below(module):
            for registry in ("_parameters", "_buffers"):
                for name, array in getattr(found, registry, {}).items():
                    if array is not None:
                        self._arrays.setdefault(id(array), (found, name, array))

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._arrays: dict[int, tuple[Any, str, np.ndarray]] = {}

    def held(self, array: np.ndarray) -> Value | None:
        found = self._arrays.get(id(array))
        if found is None or found[2] is not array:
            return None
        owner = self.instance_value(found[0])
        return None if owner is None else self._read(owner, found[0], found[1])

    # --- instances ------------------------------------------------------------------------------

    def instance_value(self, module: Any) -> Value | None:
        """Return the value that stands for a module here; None if no receiver holds it."""
        value: Value
        for owner, value in reversed(self.frame.receivers):
            path = _path(owner, module, set())
            if path is not None:
                for child, name in path:
                    type_ = self.objects.info(child).definition.type
                    value = self._get_attribute(value, attribute_name(name), type_)
                return value
        return None

    def _get_attribute(self, owner: Value, name: str, type_: Type) -> Value:
        operation = Operation("get_attr", [owner, constant(name)], [type_], result_names=[name])
        operation.location = user_location()
        return self.frame.builder.insert(operation).result

    def _read(self, owner: Value, module: Any, name: str) -> Value:
        class_name = self.objects.info(module).definition.name
        type_ = self.objects.attribute(class_name, attribute_name(name))
        assert type_ is not None
        return self._get_attribute(owner, attribute_name(name), type_)

    # --- the hook -------------------------------------------------------------------------------

    def read_attribute(self, module: Any, name: str, value: Any) -> Any:
        """Record the reading of a parameter, a buffer, or what the run assigned."""
        owner = self.instance_value(module)
        if owner is None:
            array = isinstance(value, np.ndarray | np.generic)
            return TracedArray(self, value, self.lift(value)) if array else value
        return self.wrap(value, self._read(owner, module, name))

    def write_attribute(self, module: Any, name: str, value: Any) -> bool:
        """Record the assignment of an attribute; the run reads it back through the hook."""
        attributes = module.__dict__
        if name == "training" or "_buffers" not in attributes:
            return False
        old = _held(module, name)
        plain = type(value) in _PLAIN
        if plain and type(old) is type(value) and old == value:
            return False
        owner = self.instance_value(module)
        if owner is None and not is_traced([value]):
            return False
        if owner is None:
            raise trace_error(
                f"the assignment of `{name}` of a {type(module).__name__} that is not a submodule",
                "make the module a submodule of what is traced",
            )
        if plain and value is not None:
            self.warner.warn(f"{value!r} was assigned to `{name}`")
        elif old is None and name in attributes:
            self.warner.warn(f"`{name}` was None and got a value")
        with self.suspend():
            lifted = self.lift(value)
            class_name = self.objects.info(module).definition.name
            concrete = concrete_of(value)
            if value is not None and self.objects.holds_arrays(class_name, attribute_name(name)):
                lifted = self.emit("asarray", [lifted, constant(None)])
                concrete = np.asarray(concrete)
            type_ = self.compiler.assigned_attribute(class_name, attribute_name(name), lifted.type)
            if type_ is None:
                raise trace_error(
                    f"the assignment of a {prune(lifted.type)} to `{name}`, which had another type"
                )
        operation = Operation("set_attr", [owner, constant(attribute_name(name)), lifted], [])
        operation.location = user_location()
        self.frame.builder.insert(operation)
        self._arrays = {k: v for k, v in self._arrays.items() if v[:2] != (module, name)}
        if plain:
            return False
        for held in (attributes, module._parameters):
            held.pop(name, None)
        module._buffers[name] = concrete
        return True

    def call_module(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a call of a module."""
        receiver = self.instance_value(module)
        if receiver is None:
            return module.forward(*args, **kwargs)
        if is_library(module):
            forward = type(module).forward
            made = self._compiled(forward, [(module, receiver)], args, kwargs)
            if made is not None:
                with self.suspend():
                    result = module(*concrete_of(args), **concrete_of(kwargs))
                return self.wrap(result, self._call(*made))
        return self._traced(module, receiver, args, kwargs)

    def call_scripted(
        self, object_: Any, run: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Record a call of a compiled object as a call of its program."""
        linkable = object_.__scriptc_link__()
        first: list[Value] = []
        if linkable.root is not None:
            receiver = self.instance_value(object_)
            if receiver is None:
                raise trace_error(
                    f"a call of the compiled {object_._get_name()}, which is not a submodule",
                    "assign it to an attribute of the module that is traced",
                )
            first.append(receiver)
        with self.suspend():
            result = run(*map(concrete_of, args), **{k: concrete_of(v) for k, v in kwargs.items()})
        function = self.program.functions[self.compiler.copier(linkable).functions[linkable.entry]]
        names = [p.name for p in function.parameters[len(first) :]]
        given = function.defaults | dict(zip(names, args, strict=False)) | dict(kwargs)
        operands = [self.lift(given[name]) for name in names]
        return self.wrap(result, self._call(function, [*first, *operands]))

    def intercepted(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Record a call of a function of the library as a call of its program."""
        if not function.__module__.startswith("scriptc.nn."):
            return super().intercepted(function, args, kwargs)
        if is_traced((*args, *kwargs.values())):
            made = self._compiled(function, [], args, kwargs)
            if made is not None:
                with self.suspend():
                    result = function(*concrete_of(args), **concrete_of(dict(kwargs)))
                return self.wrap(result, self._call(*made))
        return function(*args, **kwargs)

    # --- calls ----------------------------------------------------------------------------------

    def _call(self, function: Function, operands: Sequence[Value]) -> Value:
        self.frame.builder.location = user_location()
        return self.frame.builder.call(function, operands)

    def _compiled(
        self,
        function: Any,
        first: Sequence[tuple[Any, Value]],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> tuple[Function, list[Value]] | None:
        """Compile a function of the library; None if these arguments do not let it."""
        mark = self.compiler.mark()
        with self.suspend():
            try:
                source = source_of(function)
                objects = [object_ for object_, _ in first]
                bound = signature(source).bind([*objects, *args], dict(kwargs))
                operands = [value for _, value in first]
                operands += [self.lift(argument) for argument in bound[len(first) :]]
                types_ = [generalize(operand.type) for operand in operands]
                return self.compiler.compile(source, function, types_), operands
            except (BindError, CompileFailureError, TraceError):
                self.compiler.rewind(mark)
                return None

    def _traced(
        self, module: Any, receiver: Value, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        definition = self.objects.info(module).definition
        function = Function(f"{definition.name}.forward", origin=f"{definition.origin}.forward")
        self_value = function.body.add_argument(definition.type, "self")
        forward = type(module).forward
        bound = inspect.signature(forward).bind(module, *args, **kwargs)
        operands = [receiver]
        for _, value in flattened(bound, skip=1):
            operand = self._argument(value)
            operands += [] if operand is None else [operand]
        with self.recording(function) as frame:
            frame.receivers.append((module, self_value))
            arguments = Arguments(self, function)
            arguments.give(bound, skip=1)
            result = forward(*bound.args, **bound.kwargs)
            arguments.check()
            self.finish(result)
        call = [*operands, *self.captured_here(frame)]
        return self.wrap(concrete_of(result), self._call(self._added(function, definition), call))

    def _argument(self, value: Any) -> Value | None:
        """Return the operand for an argument; None for what no program can take."""
        try:
            return self.lift(tuple(value) if isinstance(value, TracedShape) else value)
        except TraceError:
            return None

    def _added(self, function: Function, definition: Any) -> Function:
        """Add a function to the program, unless an earlier run of the method was the same."""
        known = self.program.functions.get(definition.methods.get("forward", ""))
        if known is not None and _alike(known, function):
            return known
        self.add(function)
        definition.methods.setdefault("forward", function.name)
        return function


def _alike(known: Function, function: Function) -> bool:
    """Tell whether two functions are the same but for their names and places."""
    name = function.name
    function.name = known.name
    try:
        return print_function(known) == print_function(function) and _pool(known) == _pool(function)
    finally:
        function.name = name


def _pool(function: Function) -> list[int]:
    return [
        id(operand.value)
        for operation in function.walk()
        for operand in operation.operands
        if isinstance(operand, Constant)
        and isinstance(operand.value, np.ndarray | np.generic | list | dict)
    ]


def _path(owner: Any, module: Any, seen: set[int]) -> list[tuple[Any, str]] | None:
    """Return the submodules with their names that lead from a module to one below it."""
    if owner is module:
        return []
    seen.add(id(owner))
    children = getattr(owner, "_modules", {})
    for name, child in children.items():
        if child is module:
            return [(child, name)]
    for name, child in children.items():
        if child is not None and id(child) not in seen:
            rest = _path(child, module, seen)
            if rest is not None:
                return [(child, name), *rest]
    return None


def _held(module: Any, name: str) -> Any:
    for held in (module.__dict__, module._parameters, module._buffers):
        if name in held:
            return held[name]
    return None
