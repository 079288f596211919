"""Saving and loading: what comes back is what was saved, and works without the source."""

import copy
import io
import pickle

import numpy as np
import pytest

import scriptc
from scriptc import nn


class Dense(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.rows = rows
        self.weight = nn.Parameter(np.arange(rows * columns, dtype=np.float32).reshape(rows, -1))

    def extra_repr(self):
        return f"rows={self.rows}"

    def forward(self, x):
        return x @ self.weight


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Dense(4, 4)
        self.layers = nn.ModuleList([Dense(4, 4), Dense(4, 4)])
        self.state = np.zeros(4, np.float32)
        self.sizes = {"a": 1, "b": 2}
        self.calls = 0

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        self.state = self.state + self.inner(x)
        self.calls += self.sizes["b"]
        return self.state * 2, self.calls


def double(x, k: int = 2):
    """Multiply."""
    return x * k


def saved(object_):
    buffer = io.BytesIO()
    scriptc.save(object_, buffer)
    return buffer.getvalue()


def test_a_function_comes_back(tmp_path):
    path = tmp_path / "double.scriptc"
    function = scriptc.script(double)
    function.save(path)
    loaded = scriptc.load(path)
    assert isinstance(loaded, scriptc.ScriptFunction)
    assert str(loaded.graph) == str(function.graph)
    assert loaded.graph.to_text(locations=True) == function.graph.to_text(locations=True)
    assert (loaded.code, loaded.schema) == (function.code, function.schema)
    np.testing.assert_array_equal(loaded(np.arange(3.0), k=3), [0, 3, 6])
    with pytest.raises(scriptc.ArgumentError, match="needs an argument for `x`"):
        loaded()


def test_a_module_comes_back_with_its_state():
    module = Recurrent()
    scripted = scriptc.script(module)
    x = np.ones(4, np.float32)
    scripted(x)
    loaded = scriptc.load(saved(scripted))
    assert repr(loaded) == repr(scripted) == repr(module)
    assert loaded.calls == 2
    assert str(loaded.graph) == str(scripted.graph)
    assert loaded.code == scripted.code
    assert loaded.inner.code == scripted.inner.code
    assert loaded.inner.schema == scripted.inner.schema
    assert list(loaded.state_dict()) == list(module.state_dict())
    for name, array in loaded.state_dict().items():
        np.testing.assert_array_equal(array, scripted.state_dict()[name], strict=True)
    expected, actual = scripted(x), loaded(x)
    np.testing.assert_array_equal(actual[0], expected[0], strict=True)
    assert actual[1] == expected[1] == 4


def test_pickle_and_deepcopy():
    scripted = scriptc.script(Recurrent())
    x = np.ones(4, np.float32)
    scripted(x)
    expected = scripted.session()(x)
    for again in (pickle.loads(pickle.dumps(scripted)), copy.deepcopy(scripted)):
        result = again(x)
        np.testing.assert_array_equal(result[0], expected[0], strict=True)
        assert not np.shares_memory(again.inner.weight, scripted.inner.weight)
    assert scripted.calls == 2
    assert copy.deepcopy(scripted).program is scripted.program
