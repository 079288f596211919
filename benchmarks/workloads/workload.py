"""What a workload is, and its reference in float64."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc import nn

Program = Callable[..., Any]
"""A function, or a module."""


@dataclass(frozen=True)
class Workload:
    """A program as a user writes it, the inputs of a call, and what it is compared with.

    `make` returns the program, always with the same parameters. `make_inputs` draws the inputs of
    the sizes measured, `make_small_inputs` those of a test. `tolerance` is the greatest difference
    from the answer in float64, relative to the greatest number there. `aim` is the time over that
    of the best peer in the same run that is to be reached; the peers are in `peers/`, by name.
    `multiplications` are the multiply-adds of the matrix products and convolutions of a call.
    """

    name: str
    make: Callable[[], Program]
    make_inputs: Callable[[int], tuple[Any, ...]]
    make_small_inputs: Callable[[int], tuple[Any, ...]]
    aim: float
    tolerance: float = 1e-5
    multiplications: int = 0

    def reference(self, inputs: tuple[Any, ...]) -> list[np.ndarray]:
        """Return the arrays and numbers of the answer, from eager NumPy in float64."""
        program = in_double(self.make())
        return list(leaves(program(*(as_double(value) for value in inputs))))

    def check(self, reference: list[np.ndarray], answer: Any) -> None:
        """Raise `AssertionError` unless an answer is what the reference says."""
        found = list(leaves(answer))
        assert len(found) == len(reference), f"{self.name}: {len(found)} results"
        for expected, value in zip(reference, found, strict=True):
            assert value.shape == expected.shape, f"{self.name}: {value.shape}"
            if expected.dtype.kind != "f":
                np.testing.assert_array_equal(value, expected, self.name)
                continue
            scale = float(np.abs(expected).max(initial=1e-30))
            worst = float(np.abs(value - expected).max(initial=0.0))
            assert worst <= self.tolerance * scale, (
                f"{self.name}: off by {worst:.3g} of {scale:.3g}"
            )


def leaves(value: Any) -> Iterator[np.ndarray]:
    """Give the arrays and numbers of an answer of any system, as arrays."""
    if isinstance(value, tuple | list):
        for part in value:
            yield from leaves(part)
    else:
        yield np.asarray(value)


def as_double(value: Any) -> Any:
    """Return an input with float64 in place of float32; arrays are copied."""
    if not isinstance(value, np.ndarray):
        return copy.deepcopy(value)
    return value.astype(np.float64 if value.dtype.kind == "f" else value.dtype)


def in_double(program: Program) -> Program:
    """Return a program with float64 parameters and buffers."""
    if not isinstance(program, nn.Module):
        return program
    program = copy.deepcopy(program)
    for _, module in program.named_modules():
        for table in (module._parameters, module._buffers):
            for name, value in table.items():
                table[name] = None if value is None else as_double(value)
    return program


def seeded(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Return what makes a module for evaluation, with the same parameters each time."""

    def make_seeded() -> nn.Module:
        nn.manual_seed(0)
        return make().eval()

    return make_seeded


def normal(seed: int, *shapes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Return float32 arrays of these shapes, normally distributed."""
    draw = np.random.default_rng(seed)
    return tuple(draw.standard_normal(shape, np.float32) for shape in shapes)
