"""Comparison with PyTorch, and seeds."""

import numpy as np
import pytest

from scriptc import nn


@pytest.fixture(autouse=True)
def _seeds():
    nn.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - what layers draw from


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def _arrays(value):
    if isinstance(value, (tuple, list)):
        return [array for item in value for array in _arrays(item)]
    return [value]


def _same(ours, theirs, atol=1e-5):
    """Compares arrays, or nested tuples of them, with torch's: shape, dtype, values."""
    ours, theirs = _arrays(ours), _arrays(theirs)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        expected = other.detach().numpy()
        assert type(mine) is np.ndarray
        assert mine.shape == expected.shape
        assert mine.dtype == expected.dtype
        np.testing.assert_allclose(mine, expected, atol=atol, rtol=1e-5)


@pytest.fixture
def same():
    return _same


@pytest.fixture
def twin(same):
    """Gives a torch layer and ours the same random state, and compares all about them."""
    torch = pytest.importorskip("torch")

    def check(ours, theirs, *inputs, train=False):
        state = theirs.state_dict()
        assert list(ours.state_dict()) == list(state)
        for name, value in ours.state_dict().items():
            assert value.shape == tuple(state[name].shape), name
            assert str(value.dtype) == str(state[name].dtype).removeprefix("torch."), name
        if "bias" in repr(torch.nn.LayerNorm(1)) or "Norm" not in repr(theirs):
            assert repr(ours) == repr(theirs)  # before 2.13 torch did not print `bias` here
        ours.load_state_dict({name: value.numpy() for name, value in state.items()})
        ours.train(train)
        theirs.train(train)

        def tensors(value):
            if isinstance(value, tuple):
                return tuple(tensors(item) for item in value)
            return torch.from_numpy(value)

        result = ours(*inputs)
        same(result, theirs(*[tensors(value) for value in inputs]))
        same(list(ours.state_dict().values()), list(theirs.state_dict().values()))
        return result

    return check
