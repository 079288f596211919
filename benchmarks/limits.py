"""The machine's limit: what a workload's traffic with memory and its products take at the least.

Memory has to carry the inputs, the parameters and the answer once; the multiply-adds of matrix
products and convolutions have to be done. How fast the machine can do either is measured beside
the workload: by a copy that moves as many bytes, and by NumPy's product of large matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from systems import Inputs, Prepared
from workloads.workload import Workload, leaves

from scriptc import nn

_SIDE = 768
"""The sides of the matrices whose product shows the peak; they stay in a cache."""

_LEAST_COPY = 1 << 18
"""Copies of fewer bytes would show what a call costs."""

_COPIED = 10_000_000
"""How many bytes are copied at a time, by short copies one after the other."""


@dataclass(frozen=True)
class Probe:
    """What is timed, in how many calls at a time, and how much of one the workload takes."""

    prepared: Prepared
    calls: int
    share: float


def make_probes(workload: Workload, inputs: Inputs) -> dict[str, Probe]:
    """Return what shows the limits of a workload, by name: `copy`, and `product` if it has any."""
    probes = {}
    half = sum(array.nbytes for array in _arrays(workload, inputs)) // 2
    if half:
        size = max(half, _LEAST_COPY)
        source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
        probes["copy"] = Probe(
            Prepared(np.copyto, (target, source)), 1 + _COPIED // size, half / size
        )
    if workload.multiplications:
        matrices = tuple(np.ones((_SIDE, _SIDE), np.float32) for _ in range(3))
        probes["product"] = Probe(
            Prepared(np.matmul, matrices), 1, workload.multiplications / _SIDE**3
        )
    return probes


def _arrays(workload: Workload, inputs: Inputs) -> Iterator[np.ndarray[Any, Any]]:
    program = workload.make()
    if isinstance(program, nn.Module):
        yield from (parameter for parameter in program.parameters())
    yield from (value for value in inputs if isinstance(value, np.ndarray))
    yield from leaves(program(*inputs))
