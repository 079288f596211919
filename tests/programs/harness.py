"""Running one program body as plain Python and scripted, and comparing all that can be seen of it.

`@program(arguments, ...)` registers a function with tuples of arguments to try it with. What a run
shows is its result or exception, what it printed, and its arguments afterwards: values with their
exact types, dtypes and shapes, and which of them are the same object or share memory.
"""

import contextlib
import copy
import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

import scriptc

Case = tuple[Callable[..., Any], list[tuple[Any, ...]]]
PROGRAMS: list[Case] = []


def program(*arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Register a function as a program to be run with each of these tuples of arguments."""

    def register(function: Any) -> Any:
        PROGRAMS.append((function, list(arguments) or [()]))
        return function

    return register


class _Describer:
    """Describes values so that equal descriptions mean that nobody could tell them apart."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.arrays: list[np.ndarray[Any, Any]] = []

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list | dict | np.ndarray):
            if id(value) in self.numbers:
                return f"same as object {self.numbers[id(value)]}"
            number = self.numbers[id(value)] = len(self.numbers)
            return number, self._contents(value)
        if isinstance(value, tuple):
            return "tuple", *map(self, value)
        if type(value) is float:
            return "float", "nan" if value != value else struct.pack("d", value).hex()  # noqa: PLR0124 - asks for NaN
        return type(value).__name__, repr(value)

    def _contents(self, value: Any) -> Any:
        if isinstance(value, list):
            return "list", *map(self, value)
        if isinstance(value, dict):
            return "dict", *((self(k), self(v)) for k, v in value.items())
        shared = [i for i, other in enumerate(self.arrays) if np.shares_memory(value, other)]
        self.arrays.append(value)
        return "array", str(value.dtype), value.shape, repr(value.tolist()), shared


def observe(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Run a function on copies of arguments, and return all that can be seen of the run."""
    copies = copy.deepcopy(arguments)
    describe = _Describer()
    out = io.StringIO()
    outcome: Any
    with contextlib.redirect_stdout(out):
        try:
            outcome = "returned", function(*copies)
        except Exception as error:  # noqa: BLE001 - whatever the program raises is compared
            # pytest rewrites `assert` in the plain function and adds lines to its message.
            outcome = "raised", type(error), str(error).partition("\nassert")[0]
    arguments_after = describe(copies)
    if outcome[0] == "returned":
        outcome = "returned", describe(outcome[1])
    return outcome, out.getvalue(), arguments_after


def check(function: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> None:
    """Assert that a program does the same plain and scripted, on each tuple of arguments."""
    scripted = scriptc.script(function)
    for given in arguments:
        expected, actual = observe(function, given), observe(scripted, given)
        assert actual == expected, f"{function.__name__}{given}\n{expected}\n{actual}"


def describe_all(value: Any) -> Any:
    """Describe a value so that equal descriptions mean that nobody could tell them apart."""
    return _Describer()(value)
