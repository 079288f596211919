"""The programs of the benchmarks, on small inputs: compiled ones give eager's answers."""

import sys
from pathlib import Path

import numpy as np
import pytest

import scriptc

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(BENCHMARKS))

from limits import make_probes  # noqa: E402 - from the path above
from workloads import WORKLOADS  # noqa: E402 - from the path above
from workloads.workload import leaves, normal  # noqa: E402 - from the path above


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


def copied(probe):
    return probe.share * sum(array.nbytes for array in probe.prepared.inputs)


def test_limits():
    """Memory carries inputs, parameters and the answer; products are those that papers count."""
    found = {w.name: w for w in WORKLOADS}
    passes = make_probes(found["layernorm_softmax"], normal(0, (7, 33), (33,), (33,)))
    assert list(passes) == ["copy"]
    assert copied(passes["copy"]) == pytest.approx(4 * (2 * 7 * 33 + 2 * 33))
    network = found["mlp_1"]
    probes = make_probes(network, network.make_inputs(0))
    parameters = 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
    assert copied(probes["copy"]) == 4 * (784 + parameters + 10)
    assert probes["product"].share == network.multiplications / 768**3
    assert found["resnet18"].multiplications == 1_814_073_344
