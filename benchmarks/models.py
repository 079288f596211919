"""The models that the benchmarks measure, how each is compiled, and the inputs of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import scriptc
from scriptc import nn


class Gate(nn.Module):
    """Lets its input pass, or turns its sign, as the sum of it decides."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        if x.sum() > 0:
            return x
        return -x


class Cell(nn.Module):
    """One step of a recurrent network."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        new_h = np.tanh(self.linear(x) + h)
        return new_h, new_h


class GatedCell(nn.Module):
    """The same with a gate behind its linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        new_h = np.tanh(self.gate(self.linear(x)) + h)
        return new_h, new_h


class Loop(nn.Module):
    """The gated cell over a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = GatedCell()

    def forward(self, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = np.zeros((3, 4), np.float32)
        h = np.zeros((3, 4), np.float32)
        for i in range(xs.shape[0]):
            y, h = self.cell(xs[i], h)
        return y, h


def count(n: int) -> int:
    """Return a sum of remainders: a loop over ints."""
    i = 0
    total = 0
    while i < n:
        total = (total * 31 + i) % 65521
        i = i + 1
    return total


def _convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
        nn.Softmax(-1),
    )


def _perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 128), nn.GELU(), nn.LayerNorm(128), nn.Linear(128, 10), nn.LogSoftmax(-1)
    )


@dataclass(frozen=True)
class Case:
    """A model or function, how it is compiled, and the arguments of a call.

    A trace knows nothing of control flow, so only models without it are traced.
    """

    title: str
    make: Callable[[], Callable[..., Any]]
    arguments: tuple[Any, ...]
    ways: tuple[str, ...] = ("script", "trace")

    def compile(self, way: str, model: Callable[..., Any]) -> Any:
        """Return the compiled form of what `make` returned."""
        if way == "script":
            return scriptc.script(model)
        return scriptc.trace(model, self.arguments, check_trace=False)


def cases() -> Iterator[Case]:
    """Give all models."""
    generator = np.random.default_rng(0)

    def floats(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    x, h = floats(3, 4), floats(3, 4)
    script = ("script",)
    yield Case("Linear(4, 4) + tanh cell, 3x4", Cell, (x, h))
    yield Case("decision gate, 3x4", Gate, (x,), script)
    yield Case("gated cell, 3x4", GatedCell, (x, h), script)
    yield Case("gated cell over 20 steps", Loop, (floats(20, 3, 4),), script)
    sequence = floats(20, 3, 16)
    yield Case("GRU(16, 32), 20 steps of 3", lambda: nn.GRU(16, 32), (sequence,))
    yield Case("LSTM(16, 32), 20 steps of 3", lambda: nn.LSTM(16, 32), (sequence,))
    yield Case("convolutional net, 8x1x8x8", _convolutional, (floats(8, 1, 8, 8),))
    yield Case("perceptron 64-128-10, 8x64", _perceptron, (floats(8, 64),))
    yield Case("1000 rounds of int arithmetic", lambda: count, (1000,), script)


def prepared(case: Case) -> Callable[..., Any]:
    """Return the model of a case, always with the same parameters, in evaluation mode."""
    nn.manual_seed(0)
    model = case.make()
    return model.eval() if isinstance(model, nn.Module) else model
