"""Every layer of `scriptc.nn` by native code: the eager layer's answers within rounding."""

import copy
import warnings

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NoCompiler, find_compiler
from support.layers import layers, randomize

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]


def assert_near(actual, expected, where: str) -> None:
    assert type(actual) is type(expected), where
    if isinstance(expected, tuple | list):
        assert len(actual) == len(expected), where
        for a, e in zip(actual, expected, strict=True):
            assert_near(a, e, where)
        return
    assert actual.dtype == expected.dtype, where
    assert actual.shape == expected.shape, where
    tolerance = 2e-5 if expected.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(actual, expected, tolerance, tolerance, err_msg=where)


@pytest.mark.slow
def test_layers_give_the_answers_of_eager_ones() -> None:
    refused: dict[str, str] = {}
    count = 0
    for layer, *calls in layers():
        randomize(layer)
        layer.eval()
        count += 1
        native = scriptc.script(copy.deepcopy(layer), backend="native")
        for arguments in calls:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                expected = layer(*copy.deepcopy(arguments))
            try:
                actual = native(*copy.deepcopy(arguments))
            except RuntimeError as error:
                refused[f"{layer}"] = str(error)
                break
            assert_near(actual, expected, f"{layer}")
    print("\n".join(f"{name}: {reason}" for name, reason in refused.items()))
    assert len(refused) <= count // 4, refused


def gated(x, w):
    h = np.zeros((1, 3))
    for t in range(len(x)):
        r, z = np.split(np.tanh(x[t] + h @ w), 2, -1)
        h = (1.0 - z) * h + z * r
    return h


def mixed_parts(x, w):
    h = x[:1, :3]
    for t in range(len(x)):
        parts = np.split(h @ w, 2, -1)
        parts.append(np.arange(3))
        parts[0] = np.arange(3.0)
        h = parts[t % 2] * 2.0 + parts[2]
    return h


def test_parts_of_arrays_that_loops_carry() -> None:
    random = np.random.default_rng(0)
    x, w = random.normal(size=(5, 6)), random.normal(size=(3, 6))
    native = scriptc.script(gated, backend="native")
    np.testing.assert_allclose(native(x, w), gated(x, w), rtol=1e-12)
    some = scriptc.script(mixed_parts, backend="auto")
    for length in (1, 2, 5):
        found, expected = some(x[:length], w), mixed_parts(x[:length], w)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-12)
