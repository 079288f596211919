"""A perceptron with two hidden layers."""

from __future__ import annotations

from scriptc import nn
from workloads.workload import Workload, normal, seeded


def perceptron() -> nn.Module:
    """Return the network for digits of 28x28."""
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def _workload(batch: int, aim: float) -> Workload:
    return Workload(
        f"mlp_{batch}",
        seeded(perceptron),
        lambda seed: normal(seed, (batch, 784)),
        lambda seed: normal(seed, (min(batch, 5), 784)),
        aim=aim,
        multiplications=batch * (784 * 512 + 512 * 512 + 512 * 10),
    )


WORKLOADS = [_workload(1, 0.9), _workload(64, 0.95), _workload(1024, 1.0)]
