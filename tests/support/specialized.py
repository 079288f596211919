"""Running calls of compiled functions and modules through their specialised form."""

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.builder import type_of
from scriptc.ir.graph import Instance, Program
from scriptc.ir.passes.specialize import Specialized, specialize
from scriptc.ir.types import Dim, TensorType, TupleType, Type, UnionType, resolve
from scriptc.ir.verifier import verify_program
from scriptc.runtime.interpreter import Executable
from scriptc.runtime.values import make_test


def argument_type(declared: Type, value: Any, name: str) -> Type:
    """Return the type that a call is specialised for: dtype, rank, and which sizes are 1."""
    if isinstance(declared, UnionType):
        for member in declared.members:
            if make_test(member)(value):
                return argument_type(member, value, name)
    if isinstance(value, np.ndarray | np.generic):
        sizes: list[Dim] = [
            1 if size == 1 else f"{name}_{axis}" for axis, size in enumerate(value.shape)
        ]
        return TensorType(value.dtype.name, tuple(sizes))
    if isinstance(value, tuple):
        parts = declared.elements if isinstance(declared, TupleType) else (declared,) * len(value)
        return TupleType(
            tuple(
                argument_type(part, each, f"{name}_{i}")
                for i, (part, each) in enumerate(zip(parts, value, strict=True))
            )
        )
    return declared if isinstance(value, list | dict) else type_of(value)


def specialized_for(
    program: Program, entry: str, arguments: tuple[Any, ...], root: Instance | None = None
) -> Specialized:
    """Return the specialised form of a function for a call; it verifies."""
    parameters = program.functions[entry].parameters[root is not None :]
    types = [
        argument_type(resolve(parameter.type), value, parameter.name)
        for parameter, value in zip(parameters, arguments, strict=True)
    ]
    made = specialize(program, entry, types, root)
    verify_program(made.program)
    return made


def attribute(root: Instance, path: tuple[str, ...]) -> Any:
    """Return what an attribute holds."""
    value: Any = root
    for name in path:
        value = value.__dict__[name]
    return value


def run_specialized(
    program: Program, entry: str, root: Instance | None = None
) -> Callable[..., Any]:
    """Return a function that specialises for its arguments, and runs that."""
    function = program.functions[entry]
    names = [parameter.name for parameter in function.parameters[root is not None :]]

    def run(*arguments: Any) -> Any:
        given = (*arguments, *(function.defaults[name] for name in names[len(arguments) :]))
        made = specialized_for(program, entry, given, root)
        inputs = []
        for path, _ in made.attributes:
            assert root is not None
            inputs.append(attribute(root, path))
        result = Executable(made.program).function(made.function.name)(*given, *inputs)
        if not made.assigned:
            return result
        result, *finals = result
        for (path, _), value in zip(made.assigned, finals, strict=True):
            attribute(root, path[:-1]).__dict__[path[-1]] = value
        return result

    return run
