"""Passes over memory: gelu written out, and layer norm followed by softmax."""

from __future__ import annotations

import math

import numpy as np

from workloads.workload import Workload, normal


def gelu(x: np.ndarray) -> np.ndarray:
    """Return gelu in its form with tanh."""
    inner = math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)
    return 0.5 * x * (1.0 + np.tanh(inner))


def layernorm_softmax(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return softmax over the last dimension of what layer norm gives."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    y = centred / np.sqrt(variance + 1e-5) * weight + bias
    exponentials = np.exp(y - y.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


WORKLOADS = [
    Workload(
        "gelu_1e6",
        lambda: gelu,
        lambda seed: normal(seed, (1_000_000,)),
        lambda seed: normal(seed, (1000,)),
        aim=1.1,
    ),
    Workload(
        "gelu_1.6e7",
        lambda: gelu,
        lambda seed: normal(seed, (16_000_000,)),
        lambda seed: normal(seed, (1001,)),
        aim=1.1,
    ),
    Workload(
        "layernorm_softmax",
        lambda: layernorm_softmax,
        lambda seed: normal(seed, (4096, 512), (512,), (512,)),
        lambda seed: normal(seed, (7, 33), (33,), (33,)),
        aim=0.8,
    ),
]
