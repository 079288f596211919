"""Recurrent cells and networks against PyTorch."""

import itertools

import numpy as np
import pytest

from scriptc import nn

torch = pytest.importorskip("torch")
tnn = torch.nn
pytestmark = pytest.mark.torch


def floats(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("name", ["RNNCell", "GRUCell", "LSTMCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_cell(twin, rng, name, bias, batch):
    ours, theirs = (getattr(library, name)(4, 5, bias=bias) for library in (nn, tnn))
    x, h = floats(rng, *batch, 4), floats(rng, *batch, 5)
    twin(ours, theirs, x)
    twin(ours, theirs, x, (h, floats(rng, *batch, 5)) if name == "LSTMCell" else h)


def test_relu_cell(twin, rng):
    options = {"nonlinearity": "relu"}
    twin(nn.RNNCell(4, 5, **options), tnn.RNNCell(4, 5, **options), floats(rng, 3, 4))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize(
    ("layers", "two_ways", "batch_first"),
    list(itertools.product([1, 2], [True, False], [True, False])),
)
def test_network(twin, rng, name, layers, two_ways, batch_first):
    options = {
        "num_layers": layers,
        "bidirectional": two_ways,
        "batch_first": batch_first,
        "bias": layers == 2,
    }
    ours, theirs = (getattr(library, name)(4, 5, **options) for library in (nn, tnn))
    entries = layers * (2 if two_ways else 1)
    for batch in [(3,), ()]:
        x = floats(rng, 6, *batch, 4)
        if batch and batch_first:
            x = np.ascontiguousarray(x.swapaxes(0, 1))
        h, c = floats(rng, entries, *batch, 5), floats(rng, entries, *batch, 5)
        twin(ours, theirs, x)
        twin(ours, theirs, x, (h, c) if name == "LSTM" else h)


def test_relu_network(twin, rng):
    options = {"nonlinearity": "relu", "num_layers": 2}
    twin(nn.RNN(4, 5, **options), tnn.RNN(4, 5, **options), floats(rng, 6, 3, 4))


def test_dropout_between_layers(twin, rng):
    options = {"num_layers": 2, "dropout": 1.0}
    x = floats(rng, 6, 3, 4)
    ours = nn.GRU(4, 5, **options)
    twin(ours, tnn.GRU(4, 5, **options), x)
    # All of what the first layer hands on is dropped, so the input does not matter.
    ours.train()
    np.testing.assert_array_equal(ours(x)[0], ours(2 * x)[0])


def test_initial_state_is_checked(rng):
    with pytest.raises(ValueError, match="initial state"):
        nn.GRU(4, 5)(floats(rng, 6, 3, 4), floats(rng, 1, 2, 5))
