"""Containers, and the picture of a tree, with PyTorch's beside it where it is there."""

import numpy as np
import pytest

from scriptc import nn


def layers(count):
    return [nn.Linear(2, 2) for _ in range(count)]


class TestSequential:
    def test_call(self):
        a, b = layers(2)
        x = np.ones((1, 2), np.float32)
        np.testing.assert_array_equal(nn.Sequential(a, b)(x), b(a(x)))
        assert nn.Sequential()(x) is x

    def test_names(self):
        a, b = layers(2)
        model = nn.Sequential({"in": a, "out": b})
        assert list(model.state_dict()) == ["in.weight", "in.bias", "out.weight", "out.bias"]
        assert model[1] is b
        assert model[-2] is a
        assert isinstance(model[1:], nn.Sequential)
        assert list(model[1:]._modules) == ["out"]

    def test_edit(self):
        a, b, c = layers(3)
        model = nn.Sequential(a).append(c).insert(1, b).extend([a])
        assert list(model) == [a, b, c, a]
        model[0] = c
        del model[-1]
        assert list(model) == [c, b, c]
        assert list(model._modules) == ["0", "1", "2"]

    def test_errors(self):
        with pytest.raises(TypeError, match="argument 1 is int"):
            nn.Sequential(nn.Identity(), 3)
        with pytest.raises(IndexError, match="out of range for Sequential of 0"):
            nn.Sequential()[0]


class TestModuleList:
    def test_list(self):
        a, b, c = layers(3)
        items = nn.ModuleList([a])
        items += [c]
        items.insert(1, b)
        assert list(items + nn.ModuleList([a])) == [a, b, c, a]
        assert len(items) == 3
        assert items[-1] is c
        assert list(items[:2]) == [a, b]
        assert isinstance(items[:2], nn.ModuleList)
        assert items.pop() is c
        assert items.pop(0) is a
        assert list(items._modules) == ["0"]
        items[0] = c
        assert list(items) == [c]
        del items[0]
        assert len(items) == 0
        with pytest.raises(IndexError):
            items[0]
        with pytest.raises(TypeError):
            items.append(3)


class TestModuleDict:
    def test_dict(self):
        a, b, c = layers(3)
        items = nn.ModuleDict({"a": a, "b": b})
        items["c"] = c
        assert list(items) == list(items.keys()) == ["a", "b", "c"]
        assert dict(items.items()) == {"a": a, "b": b, "c": c}
        assert list(items.values()) == [a, b, c]
        assert "a" in items
        assert len(items) == 3
        assert items.pop("a") is a
        del items["b"]
        items.update([("c", a)])
        assert items["c"] is a
        items.clear()
        assert not items._modules
        with pytest.raises(KeyError):
            items["a"]


def build(nn):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(4)
            self.linear = nn.Linear(4, 4, bias=False)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(9, 4, padding_idx=0)
            self.blocks = nn.ModuleList([Block(), Block(), nn.Identity(), Block()])
            self.same = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
            self.heads = nn.ModuleDict({"a": nn.Linear(4, 1), "b": nn.Sequential()})
            self.stem = nn.Sequential(
                nn.Conv2d(1, 8, 3, padding="same"),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
                nn.Dropout(0.1),
            )
            self.none = nn.ModuleList()

    return Net()


def test_tree_without_torch():
    assert repr(build(nn).blocks) == (
        "ModuleList(\n"
        "  (0-1): 2 x Block(\n"
        "    (norm): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)\n"
        "    (linear): Linear(in_features=4, out_features=4, bias=False)\n"
        "  )\n"
        "  (2): Identity()\n"
        "  (3): Block(\n"
        "    (norm): LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)\n"
        "    (linear): Linear(in_features=4, out_features=4, bias=False)\n"
        "  )\n"
        ")"
    )


@pytest.mark.torch
def test_tree_as_torch():
    torch = pytest.importorskip("torch", minversion="2.13")
    ours, theirs = build(nn), build(torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    names = [name for name, _ in theirs.named_modules()]
    assert [name for name, _ in ours.named_modules()] == names


@pytest.mark.torch
def test_extra_lines_as_torch():
    torch = pytest.importorskip("torch")

    def make(library):
        class Odd(library.Module):
            def __init__(self, child):
                super().__init__()
                if child:
                    self.child = library.Identity()

            def extra_repr(self):
                return "one\ntwo"

        return Odd(True), Odd(False)

    assert [repr(m) for m in make(nn)] == [repr(m) for m in make(torch.nn)]
