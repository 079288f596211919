"""Numbers that need no PyTorch, and the rules that keep the maths compilable."""

import ast
import inspect
import math
import re
from pathlib import Path

import numpy as np
import pytest

from scriptc import nn
from scriptc.nn import functional


class TestErf:
    def test_float64(self):
        x = np.concatenate([np.linspace(-7, 7, 20001), np.geomspace(1e-300, 0.5, 200)])
        expected = np.array([math.erf(value) for value in x])
        np.testing.assert_allclose(functional.erf(x), expected, atol=1e-15, rtol=1e-15)

    def test_float32(self):
        x = np.linspace(-5, 5, 2001, dtype=np.float32)
        expected = np.array([math.erf(value) for value in x])
        assert functional.erf(x).dtype == np.float32
        np.testing.assert_allclose(functional.erf(x), expected, atol=3e-7)

    def test_specials(self):
        x = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 30.0, -30.0])
        y = functional.erf(x)
        np.testing.assert_array_equal(y, [1, -1, np.nan, 0, 0, 1, -1])
        assert np.signbit(y[4])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(dtype):
    x = np.linspace(-20, 20, 24, dtype=dtype).reshape(1, 4, 6)
    w = np.ones((4, 4, 3), dtype)
    v = np.ones(4, dtype)
    m = np.ones((12, 6), dtype)
    results = [
        functional.sigmoid(x),
        functional.gelu(x, "tanh"),
        functional.softmax(x, -1),
        functional.log_softmax(x, -1),
        functional.leaky_relu(x),
        functional.layer_norm(x, (6,)),
        functional.batch_norm(x, v, v, v, v),
        functional.conv1d(x, w, v, padding=1),
        functional.max_pool1d(x, 3, padding=1),
        functional.avg_pool1d(x, 3, padding=1),
        functional.avg_pool2d(x, 2),
        functional.dropout(x, 0.5),
        functional.gru_cell(x[0], np.ones((4, 4), dtype), m, np.ones((12, 4), dtype)),
    ]
    assert [result.dtype for result in results] == [dtype] * len(results)


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        y = functional.sigmoid(np.array([-1e4, 0, 1e4], np.float32))
    np.testing.assert_array_equal(y, [0, 0.5, 1])


def test_kernel_of_one_copies_nothing():
    x = np.ones((2, 3, 4, 4), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x, (1, 1), axis=(2, 3))
    assert np.shares_memory(windows.transpose(0, 1, 4, 5, 2, 3).reshape(2, 1, 3, 16), x)


# Syntax that `scriptc.script` does not take.
OUTSIDE = (
    ast.Lambda,
    ast.Try,
    ast.With,
    ast.Starred,
    ast.Global,
    ast.Nonlocal,
    ast.ClassDef,
    ast.AsyncFunctionDef,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.Import,
    ast.ImportFrom,
    ast.Delete,
    ast.Set,
    ast.NamedExpr,
    ast.Match,
)


LAYERS = [
    "_recurrent",
    "activation",
    "cells",
    "containers",
    "convolution",
    "dropout",
    "embedding",
    "flatten",
    "linear",
    "normalization",
    "pooling",
    "recurrent",
]


def scripts():
    """What compiles: the functions of `functional`, and what `forward` may reach."""
    folder = Path(nn.__file__).parent
    for file in sorted((folder / "functional").glob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield pytest.param(node, id=node.name)
    for name in LAYERS:
        for owner in ast.parse((folder / f"{name}.py").read_text("utf-8")).body:
            for node in owner.body if isinstance(owner, ast.ClassDef) else []:
                if isinstance(node, ast.FunctionDef) and re.match("forward$|_[^_]", node.name):
                    yield pytest.param(node, id=f"{owner.name}.{node.name}")


@pytest.mark.parametrize("definition", list(scripts()))
def test_within_subset(definition):
    arguments = definition.args
    assert arguments.vararg is None
    assert arguments.kwarg is None
    for argument in [*arguments.args, *arguments.kwonlyargs]:
        assert argument.annotation is not None or argument.arg == "self", argument.arg
    for node in ast.walk(definition):
        assert not isinstance(node, OUTSIDE), ast.unparse(node)
        assert node is definition or not isinstance(node, ast.FunctionDef)


@pytest.mark.parametrize(
    "name", [n for n in nn.__all__ if hasattr(getattr(nn, n), "__constants__")]
)
def test_constants_name_attributes(name):
    layer = getattr(nn, name)
    needed = [
        parameter
        for parameter in inspect.signature(layer).parameters.values()
        if parameter.default is parameter.empty
    ]
    module = layer(*[2] * len(needed))
    for constant in layer.__constants__:
        assert constant in module.__dict__, constant


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("conv1d", [(4,), (1, 4, 1)]),
        ("conv1d", [(2, 3, 8), (1, 4, 1)]),
        ("conv2d", [(4, 4), (1, 4, 1, 1)]),
        ("conv2d", [(4, 4, 4), (1, 4, 5, 1)]),
        ("max_pool1d", [(4,), 2]),
        ("max_pool2d", [(4, 4), 2]),
        ("avg_pool1d", [(4,), 2]),
        ("avg_pool2d", [(4, 4), 2]),
        ("batch_norm", [(4, 3), None, None]),
        ("batch_normalize", [(3,), (3,), (3,)]),
        ("gelu", [(3,), "fast"]),
        ("flatten", [(2, 3), 1, 0]),
        ("pad1d", [(1, 2, 3), 4, 0, "circular"]),
        ("pad1d", [(1, 2, 3), 1, 1, "wrap"]),
        ("layer_norm", [(2, 3), (2,)]),
    ],
)
def test_errors(name, shapes):
    first, *rest = shapes
    arrays = [np.zeros(s) if isinstance(s, tuple) and name != "layer_norm" else s for s in rest]
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy words it
        getattr(functional, name)(np.zeros(first), *arrays)


def test_groups_must_divide_outputs():
    with pytest.raises(ValueError, match="do not divide into 2 groups"):
        functional.conv1d(np.zeros((1, 4, 3)), np.zeros((3, 2, 1)), groups=2)


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(2), nn.LayerNorm(2)])
def test_norms_reset(layer):
    before = {name: value.copy() for name, value in layer.state_dict().items()}
    for value in layer.state_dict().values():
        value[...] = 5
    layer.reset_parameters()
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_initialised_is_what_raises_when_read():
    class Early(nn.Module):
        def __init__(self):
            self._buffers["x"] = 1

    with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\) first"):
        Early()
