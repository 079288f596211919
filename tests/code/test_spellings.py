"""Every operation, written as source, is the library call that the kernel stands for."""

import copy
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scriptc.ir.builder import Builder, constant, infer_types, type_of
from scriptc.ir.graph import Function, Operation, Program, Value
from scriptc.ir.opdef import OpDef, RuleError
from scriptc.ir.ops import REGISTRY
from scriptc.ir.python.spelling import pooled
from scriptc.ir.python_code import print_code
from scriptc.ir.types import TENSOR
from scriptc.runtime.interpreter import Executable

UNINITIALISED = {"empty", "empty_like"}
HIDDEN = (np.ndarray, np.generic, np.dtype, list, dict)


def build(opdef: OpDef, operands: list[Any]) -> tuple[Program, list[Any]]:
    """Return a program that applies an operation; what has no literal is a parameter."""
    function = Function("f")
    function.return_type = TENSOR
    values: list[Value] = []
    arguments: list[Any] = []
    for i, operand in enumerate(operands):
        # Operators are tried on values, so that nothing is known beforehand.
        plain = opdef.python is not None and isinstance(operand, int | float | complex | str)
        if isinstance(operand, HIDDEN) or plain:
            values.append(function.body.add_argument(type_of(operand), f"p{i}"))
            arguments.append(operand)
        else:
            values.append(constant(operand))
    types = infer_types(opdef, values)
    builder = Builder(function.body)
    operation = builder.insert(Operation(opdef.name, values, types, opdef=opdef))
    builder.terminate("return", [operation.results[-1]] if types else [constant(None)])
    program = Program()
    program.add_function(function)
    return program, arguments


def outcome(function: Any, arguments: list[Any]) -> Any:
    given = copy.deepcopy(arguments)
    np.random.seed(0)  # noqa: NPY002 - what the operations draw from
    try:
        result = function(*given)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        return type(error), None
    return shown(result), shown(given)


def shown(value: Any) -> Any:
    """Return something to compare: NaN equal to itself, arrays by content, iterators drained."""
    if isinstance(value, np.ndarray):
        return type(value), value.dtype, value.shape, repr(value.tolist())
    if isinstance(value, list | tuple):
        return type(value), [shown(part) for part in value]
    if hasattr(value, "__next__"):
        return "iterator", [shown(part) for part in value]
    return type(value), repr(value)


def cases() -> list[Any]:
    return [
        pytest.param(opdef, id=name)
        for name, opdef in REGISTRY.items()
        if opdef.samples is not None and (opdef.spellings or opdef.python)
    ]


@pytest.mark.parametrize("opdef", cases())
def test_source_does_what_the_kernel_does(opdef: OpDef, capsys: pytest.CaptureFixture[str]) -> None:
    assert opdef.samples is not None
    tried = 0
    for sample in opdef.samples():
        operands = opdef.schema.bind(list(sample.args), dict(sample.kwargs))
        try:
            program, arguments = build(opdef, operands)
        except RuleError:
            continue
        code = print_code(program.functions["f"], program)
        held = [part for operand in operands if type(operand) is tuple for part in pooled(operand)]
        constants = SimpleNamespace(**{f"c{i}": part for i, part in enumerate(held)})
        namespace: dict[str, Any] = {"np": np, "math": math, "CONSTANTS": constants}
        exec("from __future__ import annotations\n" + code, namespace)
        run = Executable(program).function("f")
        expected = outcome(run, arguments)
        if expected[0] is OverflowError:
            continue  # Python's ints go on
        written = outcome(namespace["f"], arguments)
        if opdef.name in UNINITIALISED and isinstance(expected[0], tuple):
            expected, written = expected[0][:3], written[0][:3]
        assert written == expected, code
        assert "ops." not in code
        tried += 1
    capsys.readouterr()
    assert tried or all(sample.raises for sample in opdef.samples())
