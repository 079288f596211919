"""Strings that choose what a function does: it is compiled for each of them."""

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.runtime.native.call import NativeError
from support.road import outcome, save_and_load


def activated(x: np.ndarray, mode: str) -> np.ndarray:
    if mode == "relu":
        return np.maximum(x, 0)
    if mode in ("abs", "a"):
        return np.abs(x)
    if not mode:
        return x * 2
    raise ValueError(f"no activation {mode!r}")


def reduced(x: np.ndarray, how: str | None = None, *, axis: str = "rows") -> np.ndarray:
    """Through a call, with a default, by keyword, and none at all."""
    along = 0 if axis == "rows" else 1
    if how is None:
        return x.sum(axis=along)
    return activated(x.max(axis=along), how)


def spelled(word: str) -> list[int]:
    """Its letters are what counts: no code is made for each word."""
    found = [0]
    for letter in word:
        found += [ord(letter)]
    return found


class Layer(nn.Module):
    def forward(self, x: np.ndarray, mode: str = "relu") -> np.ndarray:
        return activated(x, mode) + x


pytestmark = pytest.mark.kernels
X = np.linspace(-2, 2, 12).reshape(3, 4)


@pytest.mark.parametrize("make", [lambda f: f, save_and_load], ids=["scripted", "loaded"])
def test_answers_and_exceptions(make, monkeypatch):
    monkeypatch.setenv("SCRIPTC_BACKEND", "auto")
    compiled = make(scriptc.script(activated))
    compiled(X, "a")
    assert "fabs" in compiled.c_source
    for _ in range(2):
        for mode in ("relu", "abs", "a", "", "relu", "tanh", "é", "x" * 50):
            assert outcome(compiled, (X, mode)) == outcome(activated, (X, mode)), mode


def test_defaults_and_keywords():
    compiled = scriptc.script(reduced, backend="native")
    for arguments in ((X,), (X, "relu"), (X, None), (X, "?")):
        assert outcome(compiled, arguments) == outcome(reduced, arguments)
    np.testing.assert_array_equal(compiled(X, axis="columns"), reduced(X, axis="columns"))
    layer = Layer()
    compiled = scriptc.script(layer, backend="native")
    for arguments in ((X,), (X, "abs")):
        assert outcome(compiled, arguments) == outcome(layer, arguments)


def test_a_word_is_no_choice(monkeypatch):
    monkeypatch.setenv("SCRIPTC_BACKEND", "auto")
    compiled = scriptc.script(spelled)
    for word in ("a", "few", "words"):
        assert compiled(word) == spelled(word)
    assert compiled.c_source == ""
    with pytest.raises(NativeError, match="`word` is a str"):
        scriptc.script(spelled, backend="native")("word")
