"""Where C has no answer: overflow, division by zero, shifts, indices and sizes out of range.

Python's answer, or Python's exception, never a signal. CI runs these tests with the sanitizers of
the compiler too, so that undefined behaviour that happens to give the right answer is found.
"""

import itertools
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

LEAST, MOST = -(2**63), 2**63 - 1
INTS = [LEAST, LEAST + 1, -(2**32), -3, -1, 0, 1, 2, 5, 63, 64, 65, 2**31, 2**62, MOST - 1, MOST]


def outcome(function: Callable[..., Any], *args: Any) -> Any:
    copies = [a.copy() if isinstance(a, np.ndarray | list) else a for a in args]
    try:
        with np.errstate(all="ignore"):
            result = function(*copies)
    except Exception as error:  # noqa: BLE001 - compared
        return type(error), str(error), [describe(c) for c in copies]
    return describe(result), [describe(c) for c in copies]


def describe(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, tuple | list):
        return type(value), [describe(v) for v in value]
    return type(value), repr(value)


def check(function: Callable[..., Any], calls: Any) -> None:
    """The interpreter, which is plain Python but that an int overflows, is what to agree with."""
    native = scriptc.script(function, backend="native")
    interpreted = scriptc.script(function, backend="interpreter")
    for args in calls:
        expected, given = outcome(interpreted, *args), outcome(native, *args)
        assert given == expected, (function.__name__, args)


def arithmetic(a: int, b: int, what: int):
    if what == 0:
        return a + b, 0
    if what == 1:
        return a - b, 0
    if what == 2:
        return a * b, -a
    if what == 3:
        return a // b, a % b
    if what == 4:
        return abs(a), a ^ b
    return a & b, ~a | b


def test_ints() -> None:
    check(arithmetic, itertools.product(INTS, INTS, range(6)))


def shifts(a: int, b: int, left: bool):
    if left:
        return a << b
    return a >> b


def powers(a: int, b: int):
    total = 1
    for i in range(3):
        total = total * (a + i) - b
    return total, -total


def test_shifts_and_what_grows() -> None:
    check(shifts, itertools.product(INTS, INTS, [False, True]))
    check(powers, itertools.product(INTS, INTS))


def converted(x: float):
    return int(x), x // 2.0, x % 3.0


def test_floats_that_are_no_ints() -> None:
    nan, inf = float("nan"), float("inf")
    floats = [0.0, -0.0, 2.5, -2.5, 2.0**63, -(2.0**63), 2.0**62, 1e300, -1e300, nan, inf, -inf]
    check(converted, [(x,) for x in floats])


def of_arrays(a: np.ndarray, b: np.ndarray):
    return a + b, a - b, a * b, a // b, a % b, a << b, a >> b, -a, abs(a), a.sum(), (a * b).max()


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint32"])
def test_arrays_of_ints(dtype: str) -> None:
    info = np.iinfo(dtype)
    values = [info.min, info.min + 1, -1, 0, 1, 7, 8, 31, 32, 63, 64, info.max - 1, info.max]
    all_values = np.array([v for v in values if info.min <= v <= info.max], dtype)
    a, b = (grid.ravel() for grid in np.meshgrid(all_values, all_values))
    check(of_arrays, [(a, b), (a[::-1], b[::-1]), (a[:1], b)])


def cast(x: np.ndarray):
    return x.astype(np.int32), x.astype(np.uint8), x.astype(np.int64), x.astype(bool)


def test_casts_of_floats_in_range() -> None:
    check(cast, [(np.array([0.0, 1.5, -0.0, 100.7, 255.0]),), (np.zeros(0),)])


def indexed(x: np.ndarray, numbers: list[int], i: int, j: int, what: int):
    if what == 0:
        return x[i, j], numbers[i]
    if what == 1:
        x[i, j] = 5.0
        own = [1, 2, 3]
        own[j] = 4
        return x[0, 0], own[0]
    if what == 2:
        y = x[i:j]
        return y.sum(), len(y)
    z = x[:, i:j:2]
    return z.sum(), z.shape[1]


def test_indices_and_slices() -> None:
    x, numbers = np.arange(12.0).reshape(3, 4), [7, 8, 9]
    places = [LEAST, -5, -4, -3, -1, 0, 2, 3, 4, MOST]
    check(indexed, ((x, numbers, i, j, k) for i in places for j in places for k in range(4)))
    check(indexed, [(x[:0], numbers, 0, 0, k) for k in range(4)])


def made(n: int, m: int, what: int):
    if what == 0:
        return np.zeros((n, m)).size
    if what == 1:
        return np.arange(n, m).size
    if what == 2:
        return np.ones(n).reshape(m, -1).shape[1]
    total = 0
    for i in range(n, m, 3):
        total += i
        if total > 100 or total < -100:
            break
    return total


def test_sizes() -> None:
    sizes = [LEAST, -(2**40), -1, 0, 1, 6, 2**40, 2**62, MOST]
    small = [(n, m, k) for n in (0, 1, 6) for m in (-1, 0, 1, 3, 4) for k in range(4)]
    # Only sizes that no machine has memory for: what is large and fits may take long.
    large = [(n, m, k) for n, m in itertools.product(sizes, sizes) for k in (0, 3)]
    check(made, small)
    check(made, [(n, m, k) for n, m, k in large if k == 3 or n * m > 2**50 or min(n, m) <= 0])


def taken(x: np.ndarray, index: np.ndarray):
    return x[index], np.take(x, index, axis=0)


def test_index_arrays() -> None:
    x = np.arange(5.0)
    indices = [[0, 4], [-5, -1], [5], [-6], [MOST], [LEAST], []]
    check(taken, [(x, np.array(i, np.int64)) for i in indices])
