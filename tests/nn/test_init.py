"""Initial values: ranges, moments, seeds."""

import math

import numpy as np
import pytest

from scriptc import nn
from scriptc.nn import init


def within(array, bound):
    """Whether values fill the range from -bound to bound and do not leave it."""
    return 0.9 * bound < np.abs(array).max() <= bound and abs(array.mean()) < 0.1 * bound


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (lambda: nn.Linear(50, 40), 50),
        (lambda: nn.Conv1d(8, 60, 5, groups=2), 20),
        (lambda: nn.Conv2d(6, 60, (3, 2)), 36),
        (lambda: nn.GRUCell(10, 40), 40),
        (lambda: nn.LSTM(10, 40, 2, bidirectional=True), 40),
    ],
)
def test_layer_bounds(layer, fan_in):
    for array in layer().parameters():
        bound = 1 / math.sqrt(fan_in)
        assert np.abs(array).max() <= bound
        assert array.size < 500 or within(array, bound)


def test_embedding_is_normal():
    weight = nn.Embedding(200, 50).weight
    assert abs(weight.mean()) < 0.05
    assert abs(weight.std() - 1) < 0.05


def test_manual_seed():
    nn.manual_seed(3)
    first = nn.Linear(4, 4).weight
    assert not np.array_equal(first, nn.Linear(4, 4).weight)
    nn.manual_seed(3)
    np.testing.assert_array_equal(first, nn.Linear(4, 4).weight)


def test_generator_is_used():
    draw = [init.normal_(np.empty(3), generator=np.random.default_rng(5)) for _ in range(2)]
    np.testing.assert_array_equal(*draw)


def test_fills_in_place():
    array = np.empty((60, 50, 2), np.float32)
    for fill in [init.zeros_, init.ones_, init.uniform_, init.normal_, init.trunc_normal_]:
        assert fill(array) is array
    assert array.dtype == np.float32
    assert np.abs(array).max() <= 2
    assert within(init.kaiming_uniform_(array, nonlinearity="relu"), math.sqrt(6 / 100))
    assert within(init.kaiming_uniform_(array, mode="fan_out"), math.sqrt(6 / 120))
    assert within(init.xavier_uniform_(array, gain=2), 2 * math.sqrt(6 / 220))
    assert abs(init.kaiming_normal_(array).std() / math.sqrt(2 / 100) - 1) < 0.05
    assert abs(init.xavier_normal_(array).std() / math.sqrt(2 / 220) - 1) < 0.05
    assert (init.constant_(array, 3) == 3).all()


@pytest.mark.torch
def test_gains_as_torch():
    torch = pytest.importorskip("torch")
    for name in ["linear", "conv2d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"]:
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_errors():
    with pytest.raises(ValueError, match="at least 2 dimensions"):
        init.xavier_uniform_(np.empty(3))
    with pytest.raises(ValueError, match="unknown mode"):
        init.kaiming_uniform_(np.empty((3, 3)), mode="fan")
    with pytest.raises(ValueError, match="unknown nonlinearity"):
        init.calculate_gain("sine")
    with pytest.raises(ValueError, match="too little"):
        init.trunc_normal_(np.empty(3), a=50, b=60)
