"""A recurrent network with the loop over time written out."""

from __future__ import annotations

import numpy as np

from scriptc import nn
from workloads.workload import Workload, normal, seeded


class RecurrentLoop(nn.Module):
    """A recurrent network: all states over time, from a sequence `(T, N, size)`."""

    def __init__(self, size: int) -> None:
        super().__init__()
        bound = size**-0.5
        draw = np.random.default_rng(0)
        self.input_weight = nn.Parameter(_uniform(draw, (size, size), bound))
        self.hidden_weight = nn.Parameter(_uniform(draw, (size, size), bound))
        self.bias = nn.Parameter(_uniform(draw, (size,), bound))

    def forward(self, xs: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        out = np.empty_like(xs)
        for t in range(xs.shape[0]):
            h = np.tanh(xs[t] @ self.input_weight + h @ self.hidden_weight + self.bias)
            out[t] = h
        return out, h


def _uniform(draw: np.random.Generator, shape: tuple[int, ...], bound: float) -> np.ndarray:
    return draw.uniform(-bound, bound, shape).astype(np.float32)


def _workload(batch: int, aim: float) -> Workload:
    return Workload(
        f"rnn_loop_{batch}",
        seeded(lambda: RecurrentLoop(128)),
        lambda seed: normal(seed, (100, batch, 128), (batch, 128)),
        lambda seed: normal(seed, (5, batch, 128), (batch, 128)),
        aim=aim,
        multiplications=100 * batch * 2 * 128 * 128,
    )


WORKLOADS = [_workload(1, 1.1), _workload(32, 0.65)]
