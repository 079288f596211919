"""What tests of tracing share: a trace does what the function does, and is a good program."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import scriptc
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import constants_of, print_program
from scriptc.ir.verifier import verify_program


def same(expected: Any, actual: Any) -> bool:
    """Tell whether two results are alike: classes, dtypes, shapes, bits."""
    if type(expected) is not type(actual):
        return False
    if isinstance(expected, np.ndarray | np.generic):
        return (
            expected.dtype == actual.dtype
            and expected.shape == actual.shape
            and expected.tobytes() == actual.tobytes()
        )
    if isinstance(expected, list | tuple):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    if isinstance(expected, dict):
        return list(expected) == list(actual) and all(map(same, expected.values(), actual.values()))
    return bool(expected == actual) or expected != expected  # noqa: PLR0124 - NaN


def outcome(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None
) -> tuple[Any, Any, list[int]]:
    """Return what a call gives, what it leaves in its arguments, and which of them it returns."""
    given, named = copy.deepcopy((args, dict(kwargs or {})))
    try:
        result = function(*given, **named)
    except scriptc.Error:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        return (type(error).__name__, str(error)), given, []
    parts = result if isinstance(result, tuple | list) else [result]
    shared = [
        i
        for i, argument in enumerate(given)
        for part in parts
        if isinstance(argument, np.ndarray)
        and isinstance(part, np.ndarray)
        and np.shares_memory(argument, part)
    ]
    return result, (given, named), shared


def check_program(scripted: Any) -> None:
    """Check that the program of a compiled object verifies, and that its text parses back."""
    verify_program(scripted.program)
    text = print_program(scripted.program, locations=True)
    again = parse_program(text, REGISTRY, constants_of(scripted.program))
    assert print_program(again) == print_program(scripted.program)
    assert scripted.code


def check_trace(function: Callable[..., Any], *inputs: Any, others: Any = ()) -> Any:
    """Trace on some inputs, and compare with eager Python on these and on others."""
    traced: Any = scriptc.trace(function, copy.deepcopy(inputs))
    check_program(traced)
    for given in (inputs, *others):
        expected, actual = outcome(function, given), outcome(traced, given)
        assert same(expected, actual), f"\nexpected {expected}\nbut got {actual}\n{traced.code}"
    return traced
