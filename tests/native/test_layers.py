"""Every layer of `scriptc.nn` by native code: the eager layer's answers within rounding."""

import copy
import warnings

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NoCompiler, find_compiler
from support.layers import layers, randomize

pytestmark = pytest.mark.skipif(
    isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"
)


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
