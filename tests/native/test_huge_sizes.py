"""Sizes whose product does not fit into 64 bits: NumPy's exception, not a wrapped product."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NoCompiler, find_compiler

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]


def rows(x, n: int):
    return np.reshape(x, (n, 8))


def two_sizes(x, n: int, m: int):
    return np.reshape(x, (n, m))


def what_is_left(x, n: int):
    return np.reshape(x, (n, 8, -1))


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        answer = function(*arguments)
    except (ValueError, MemoryError) as error:
        return str(error)
    return answer.shape, answer.tobytes()


def test_reshape() -> None:
    x, none = np.arange(8.0), np.zeros(0)
    for function, cases in (
        (rows, [(x, 2**61 + 1), (none, 2**61), (x, 1), (none, 0), (x, 2**62)]),
        (two_sizes, [(x, 2**61 + 1, 8), (none, 2**32, 2**32), (x, 2, 4), (none, 0, 2**62)]),
        (what_is_left, [(x, 2**61 + 1), (x, 1), (none, 2**61 + 1), (none, 3)]),
    ):
        compiled = scriptc.script(function, backend="native")
        for array, *sizes in cases:
            expected, ours = outcome(function, array, *sizes), outcome(compiled, array, *sizes)
            assert ours == expected, (function.__name__, sizes)


def table(a, b, c):
    return a + b + c


def total(a, b, c):
    return (a * b * c).sum()


def test_broadcasting_to_more_elements_than_there_can_be() -> None:
    for length in (3, 2**22):
        x = np.broadcast_to(np.ones(1, np.int8), (length,))
        arguments = x[:, None, None], x[None, :, None], x[None, None, :]
        for function in (table, total):
            compiled = scriptc.script(function, backend="native")
            assert outcome(compiled, *arguments) == outcome(function, *arguments)
