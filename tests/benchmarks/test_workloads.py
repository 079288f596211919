"""The programs of the benchmarks, on small inputs: compiled ones give eager's answers."""

import sys
from pathlib import Path

import numpy as np
import pytest

import scriptc

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from workloads import WORKLOADS  # noqa: E402 - from the path above
from workloads.workload import leaves  # noqa: E402 - from the path above


def answers(program, workload, seeds=(0, 1)):
    return [list(leaves(program(*workload.make_small_inputs(seed)))) for seed in seeds]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_interpreter(workload):
    """To the bit what eager NumPy gives."""
    program = workload.make()
    scripted = scriptc.script(program, backend="interpreter")
    for expected, found in zip(
        answers(program, workload), answers(scripted, workload), strict=True
    ):
        for a, b in zip(expected, found, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.kernels
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_native(workload):
    """Within the tolerance of the answer in float64, and of the dtypes of eager NumPy."""
    program = workload.make()
    scripted = scriptc.script(program, backend="auto")
    expected = answers(program, workload)
    for seed, found in enumerate(answers(scripted, workload)):
        workload.check(workload.reference(workload.make_small_inputs(seed)), found)
        assert [a.dtype for a in found] == [a.dtype for a in expected[seed]]
    assert scripted.c_source
