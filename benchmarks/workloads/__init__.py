"""The programs that are measured: plain NumPy, not code shaped for the compiler."""

from workloads import (
    cells,
    convolutional,
    dynamic_programming,
    elementwise,
    mlp,
    recurrent,
    scalar_loops,
    transformer,
)
from workloads.workload import Workload

WORKLOADS: list[Workload] = [
    *cells.WORKLOADS,
    *recurrent.WORKLOADS,
    *elementwise.WORKLOADS,
    *mlp.WORKLOADS,
    *scalar_loops.WORKLOADS,
    *dynamic_programming.WORKLOADS,
    *transformer.WORKLOADS,
    *convolutional.WORKLOADS,
]
"""All of them, in the order of the tables."""
