"""freeze(): what becomes a constant, what stays state, and that nothing else changes."""

import copy
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn


class Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(np.full(4, 2.0))
        self.register_buffer("mean", np.ones(4))
        self.sizes = [1, 2]
        self.bias = None
        self.count = 0

    def forward(self, x: np.ndarray) -> np.ndarray:
        if self.training:
            self.mean = self.mean * 0.9
        scale = self.gamma * np.tanh(self.mean)
        if self.bias is not None:
            x = x + 1.0
        self.count = self.count + 1
        return (x - self.mean) * scale * self.sizes[1]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = Norm()
        self.b = Norm()
        self.b.gamma[...] = 3.0
        self.handed_out = nn.Parameter(np.zeros(4))
        self.written = nn.Parameter(np.zeros(4))
        self.tied = self.written
        self.scale = 2.0

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.written[0] += 1.0
        return self.b(self.a(x)) * self.scale + self.tied, self.handed_out


X = np.array([0.5, -1.0, 2.0, 0.0])


@pytest.fixture
def module() -> Any:
    return scriptc.script(Net())


def test_a_frozen_module_gives_what_the_module_gives(module: Any) -> None:
    frozen, expected = scriptc.freeze(module), Net().eval()
    for _ in range(3):
        np.testing.assert_array_equal(frozen(X)[0], expected(X)[0])
    assert (frozen.a.count, frozen.b.count) == (3, 3)
    assert isinstance(frozen, scriptc.ScriptModule)


def test_what_code_does_not_change_is_a_constant(module: Any) -> None:
    frozen = scriptc.freeze(module)
    assert [n for n, _ in frozen.named_parameters()] == ["handed_out", "written"]
    assert "a.mean" not in dict(frozen.named_buffers())
    assert set(frozen.program.classes["Norm"].attributes) == {"count"}
    # `tied` is the same array as `written`, so it is state as well.
    assert set(frozen.program.classes["Net"].attributes) == {
        "a", "b", "handed_out", "written", "tied",
    }  # fmt: skip
    text = str(frozen.graph)
    assert "call" not in text
    assert "tanh" not in text
    assert "if" not in text
    assert list(frozen.program.functions) == [frozen.entry]


def test_the_module_itself_does_not_change(module: Any) -> None:
    graph, state = str(module.graph), copy.deepcopy(dict(module.state_dict()))
    frozen = scriptc.freeze(module)
    frozen(X)
    assert str(module.graph) == graph
    assert module.a.count == 0
    assert module.a.training
    for name, value in module.state_dict().items():
        np.testing.assert_array_equal(value, state[name])
    before = frozen(X)[0] - frozen.written
    module.a.gamma[...] = 100.0
    np.testing.assert_array_equal(frozen(X)[0] - frozen.written, before)


def test_what_a_caller_gets_it_may_write(module: Any) -> None:
    frozen = scriptc.freeze(module)
    _, first = frozen(X)
    first[0] = 7.0
    _, second = frozen(X)
    assert second is first
    assert second[0] == 7.0


def test_preserved_attributes_stay(module: Any) -> None:
    frozen = scriptc.freeze(module, preserved_attrs=["scale", "a.gamma"])
    expected = Net().eval()
    np.testing.assert_array_equal(frozen(X)[0], expected(X)[0])
    frozen.scale = expected.scale = 5.0
    frozen.a.gamma[...] = 4.0
    expected.a.gamma[...] = 4.0
    np.testing.assert_array_equal(frozen(X)[0], expected(X)[0])
    assert "a.gamma" in dict(frozen.named_parameters())


class Two(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(np.arange(3.0))

    def shift(self, x: np.ndarray) -> np.ndarray:
        self.w[...] = x
        return x

    def forward(self, x: np.ndarray) -> np.ndarray:
        if len(x) == 0:
            return self.shift(x)
        return x * self.w


def test_what_an_inlined_method_writes_stays() -> None:
    module = scriptc.script(Two())
    frozen = scriptc.freeze(module)
    np.testing.assert_array_equal(frozen(np.ones(3)), np.arange(3.0))
    assert dict(frozen.named_parameters()).keys() == {"w"}


def test_preserved_methods_stay_and_keep_what_they_change() -> None:
    class Plain(Two):
        def forward(self, x: np.ndarray) -> np.ndarray:
            return x * self.w

    frozen = scriptc.freeze(scriptc.script(Plain()))
    assert not dict(frozen.named_parameters())
    module = scriptc.script(Two())
    frozen = scriptc.freeze(module, preserved_attrs=["shift"])
    assert "shift" in frozen.class_definition.methods


def test_a_frozen_module_saves_and_loads(module: Any, tmp_path: Any) -> None:
    frozen = scriptc.freeze(module)
    frozen.save(tmp_path / "net.scriptc")
    loaded = scriptc.load(tmp_path / "net.scriptc")
    np.testing.assert_array_equal(loaded(X)[0], frozen(X)[0])
    np.testing.assert_array_equal(copy.deepcopy(frozen)(X)[0], loaded(X)[0])


def test_freezing_twice_changes_nothing_more(module: Any) -> None:
    once = scriptc.freeze(module)
    twice = scriptc.freeze(once)
    assert str(once.graph) == str(twice.graph)
    np.testing.assert_array_equal(once(X)[0], twice(X)[0])


def test_an_error_in_a_frozen_module_names_the_function_and_the_line(module: Any) -> None:
    import traceback

    frozen = scriptc.freeze(module)
    with pytest.raises(ValueError, match="broadcast") as caught:
        frozen(np.ones(3))
    frames = traceback.extract_tb(caught.value.__traceback__)
    lines = [(f.name, f.line) for f in frames if f.filename == __file__][1:]
    assert lines == [
        ("forward", "return self.b(self.a(x)) * self.scale + self.tied, self.handed_out"),
        ("forward", "return (x - self.mean) * scale * self.sizes[1]"),
    ]


def test_what_cannot_be_frozen_is_refused(module: Any) -> None:
    with pytest.raises(scriptc.ArgumentError, match="takes a compiled module, not Net"):
        scriptc.freeze(Net())
    with pytest.raises(scriptc.ArgumentError, match="'weight'; there are"):
        scriptc.freeze(module, ["weight"])
    with pytest.raises(scriptc.ArgumentError, match="has no 'c'"):
        scriptc.freeze(module, ["c.gamma"])
    with pytest.raises(scriptc.ArgumentError, match="takes a list of names"):
        scriptc.freeze(module, "scale")
