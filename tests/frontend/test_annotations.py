"""Annotations as typed NumPy code has them."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import scriptc

Floats = NDArray[np.float64]
Pairs = list[tuple[int, float]]
Anything = tuple[Any, ...]


def aliases(x: Floats, pairs: Pairs) -> tuple[Floats, int]:
    return x * 2, pairs[0][0]


def unknown(x: Anything) -> int:
    return len(x)


def half(x: float, n: int = 2) -> float:
    return x / n


def halves_of_elements(x: NDArray[np.int64]):
    return half(x[0]), half(3), half(True, x[1])


def half_of_all(x: NDArray[np.float32]):
    return half(1.0, x[0])


def test_an_alias_of_an_array_type():
    scripted = scriptc.script(aliases)
    assert scripted.schema.startswith("aliases(x: Tensor[float64], pairs: list[tuple[int, float]])")
    assert scripted(np.ones(2), [(3, 1.0)])[1] == 3
    with pytest.raises(scriptc.ArgumentError):
        scripted(np.ones(2, np.float32), [(3, 1.0)])


def test_an_alias_that_is_no_type():
    with pytest.raises(scriptc.CompileError, match="Anything"):
        scriptc.script(unknown)


def test_an_element_of_an_array_stands_for_a_number():
    x = np.array([7, 2])
    found = scriptc.script(halves_of_elements)(x)
    expected = halves_of_elements(x)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))
    with pytest.raises(scriptc.CompileError, match="takes int as `n`, not Tensor"):
        scriptc.script(half_of_all)


def with_key(x, key=len):
    return key(x)


def test_a_default_or_an_example_without_a_type():
    with pytest.raises(scriptc.CompileError, match="`key` holds something"):
        scriptc.script(with_key)
    with pytest.raises(scriptc.ArgumentError, match=r"the example for `x`: .*object"):
        scriptc.script(half_of_all_examples, example_inputs=(object(),))


def half_of_all_examples(x):
    return x / 2
