"""One step of a recurrent network on 3x4 numbers: what a call costs beside little work."""

from __future__ import annotations

import numpy as np

from scriptc import nn
from workloads.workload import Workload, normal, seeded


class Cell(nn.Module):
    """One step of a recurrent network."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        new_h = np.tanh(self.linear(x) + h)
        return new_h, new_h


class Gate(nn.Module):
    """Lets its input pass, or turns its sign, as the sum of it decides."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        if x.sum() > 0:
            return x
        return -x


class GatedCell(nn.Module):
    """The cell with a gate behind its linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        new_h = np.tanh(self.gate(self.linear(x)) + h)
        return new_h, new_h


def _two(seed: int) -> tuple[np.ndarray, ...]:
    return normal(seed, (3, 4), (3, 4))


def _one(seed: int) -> tuple[np.ndarray, ...]:
    return normal(seed, (3, 4))


WORKLOADS = [
    Workload("my_cell", seeded(Cell), _two, _two, aim=1.1),
    Workload("decision_gate", seeded(Gate), _one, _one, aim=1.1),
    Workload("gate_in_cell", seeded(GatedCell), _two, _two, aim=0.25),
]
