"""Copying functions and programs, and taking the parts of one program over into another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scriptc.ir.graph import (
    Block,
    BlockArgument,
    ClassDef,
    Constant,
    Function,
    FunctionRef,
    Operation,
    OpResult,
    Program,
    Value,
)
from scriptc.ir.types import ClassType, Type, map_type

Names = Mapping[str, str]


class Copier:
    """Copies IR; `functions` and `classes` rename what it refers to."""

    def __init__(self, functions: Names | None = None, classes: Names | None = None) -> None:
        self.functions = functions or {}
        self.classes = classes or {}
        self.values: dict[Value, Value] = {}

    def type(self, type_: Type) -> Type:
        """Return a type with its classes renamed."""
        if isinstance(type_, ClassType):
            return ClassType(self.classes.get(type_.name, type_.name))
        return map_type(type_, self.type) if self.classes else type_

    def value(self, value: Value) -> Value:
        """Return the copy of a value; constants are copied when they are met."""
        known = self.values.get(value)
        if known is not None:
            return known
        if not isinstance(value, Constant):
            return value
        content: Any = value.value
        if isinstance(content, FunctionRef):
            content = FunctionRef(self.functions.get(content.name, content.name))
        copy = self.values[value] = Constant(content, self.type(value.type), value.name)
        return copy

    def operation(self, operation: Operation) -> Operation:
        """Return a copy of an operation and all inside it. Operands must have been copied."""
        copy = Operation(
            operation.name,
            [self.value(v) for v in operation.operands],
            [self.type(r.type) for r in operation.results],
            opdef=operation.opdef,
            location=operation.location,
            result_names=[r.name for r in operation.results],
        )
        for old, new in zip(operation.results, copy.results, strict=True):
            assert isinstance(new, OpResult)
            self.values[old] = new
        for block in operation.blocks:
            self.block(block, copy.add_block())
        return copy

    def block(self, block: Block, copy: Block) -> None:
        """Copy arguments and operations of a block into an empty one."""
        for argument in block.arguments:
            new: BlockArgument = copy.add_argument(self.type(argument.type), argument.name)
            self.values[argument] = new
        for operation in block.operations:
            copy.append(self.operation(operation))

    def function(self, function: Function) -> Function:
        """Return a copy of a function under its new name."""
        copy = Function(
            self.functions.get(function.name, function.name),
            origin=function.origin,
            rules=function.rules,
            location=function.location,
            composite=function.composite,
        )
        copy.defaults = dict(function.defaults)
        copy.keyword_only = function.keyword_only
        copy.outlined = function.outlined
        if function.return_type is not None:
            copy.return_type = self.type(function.return_type)
        self.block(function.body, copy.body)
        return copy

    def class_definition(self, definition: ClassDef) -> ClassDef:
        """Return a copy of a class declaration under its new name."""
        return ClassDef(
            self.classes.get(definition.name, definition.name),
            definition.origin,
            {name: self.type(t) for name, t in definition.attributes.items()},
            {n: self.functions.get(f, f) for n, f in definition.methods.items()},
            list(definition.parameters),
            list(definition.buffers),
            list(definition.submodules),
            list(definition.transient),
        )


def link(target: Program, source: Program) -> Copier:
    """Copy all functions and classes of `source` into `target` under names that are free there.

    Returns the copier, whose `functions` and `classes` tell the new names.
    """
    functions: dict[str, str] = {}
    classes: dict[str, str] = {}
    taken = {*target.functions, *target.classes}
    for names, wanted in ((classes, source.classes), (functions, source.functions)):
        for name in wanted:
            free, count = name, 0
            while free in taken:
                count += 1
                free = f"{name}_{count}"
            taken.add(free)
            names[name] = free
    copier = Copier(functions, classes)
    for definition in source.classes.values():
        copy = copier.class_definition(definition)
        target.classes[copy.name] = copy
    for function in source.functions.values():
        target.add_function(copier.function(function))
    target.exceptions.update(source.exceptions)
    return copier


def clone_program(program: Program) -> Program:
    """Return a program of its own with copies of all functions and classes."""
    copy = Program()
    link(copy, program)
    return copy
