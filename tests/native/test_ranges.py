"""Tests that cannot fail are left out of the C, and those that can are not."""

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.emitter.ranges import ALL, Ranges, arithmetic, fits

pytestmark = pytest.mark.kernels


def test_arithmetic():
    """Bounds of results hold for all values within the bounds of the operands."""
    draw = np.random.default_rng(0)
    functions = {"add": int.__add__, "sub": int.__sub__, "mul": int.__mul__}
    for _ in range(200):
        a, b = (tuple(sorted(draw.integers(-9, 9, 2).tolist())) for _ in range(2))
        for name, function in functions.items():
            values = [function(x, y) for x in range(a[0], a[1] + 1) for y in range(b[0], b[1] + 1)]
            assert arithmetic(name, a, b) == (min(values), max(values))
    assert not fits(arithmetic("add", ALL, (1, 1)))
    ranges = Ranges()
    assert ranges.of("v0") == ALL
    assert ranges.of("-7") == (-7, -7)


def halves(n: int) -> tuple[int, int, int, int, int, int]:
    return n // 8, n % 8, n // 1, n % 1, n // 7, n % 7


def test_literal_divisors():
    scripted = scriptc.script(halves, backend="native")
    for n in (0, 1, -1, 7, 8, -8, -9, 2**62, -(2**63), 2**63 - 1):
        assert scripted(n) == halves(n)


def window(x: np.ndarray, n: int) -> float:
    total = 0.0
    for i in range(n):
        total += float(x[i - 1]) + float(x[i])
    for i in range(x.shape[0]):
        total += float(x[i])
    for i in range(x.shape[0] - 1, -1, -1):
        total -= float(x[i]) * i
    return total


def test_indices():
    """Those from the end, and those behind the end."""
    scripted = scriptc.script(window, backend="native")
    x = np.arange(5.0)
    for n in (-3, 0, 1, 5):
        assert scripted(x, n) == window(x, n)
    with pytest.raises(IndexError):
        scripted(x, 6)


def large(n: int) -> int:
    total = 0
    for i in range(n, n + 2):
        total = i + 1
    return total


def test_overflow():
    """A loop at the upper end of 64 bits is Python's."""
    scripted = scriptc.script(large, backend="native")
    for n in (0, 2**63 - 3):
        assert scripted(n) == large(n)


def counted(n: int, start: int) -> tuple[int, int, int, int]:
    """Counters alone, around each other, put back, and what only looks like one."""
    steps, inner, turns, given = 0, 0, 0, start
    while n > 1:
        steps += 1
        for i in range(n % 3):
            inner = inner + 2 if i else inner
            steps -= 1
        if steps % 5 == 4:
            turns = 0
        else:
            turns += 1
        given += 1
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    return steps, inner, turns, given


def not_counters(n: int) -> tuple[int, int, int]:
    fast, doubled, reset = 0, 1, 0
    for _ in range(n):
        fast += 2**57
        doubled = doubled + doubled
        reset = reset + 1 if n < 50 else 2**63 - 1
    return fast, doubled, reset + 1


def test_counters():
    """Tests of overflow are left out for counters only."""
    scripted = scriptc.script(counted, backend="native")
    assert scripted(27, 5) == counted(27, 5)
    assert scripted.c_source.count("__builtin_add_overflow") == 2  # of `given`, and of `3 * n`
    with pytest.raises(OverflowError):
        scripted(27, 2**63 - 20)
    other = scriptc.script(not_counters, backend="native")
    for n in (0, 1, 49):
        assert other(n) == not_counters(n)
    for n in (62, 63, 64, 100):
        with pytest.raises(OverflowError):
            other(n)


def tripled(x: int) -> int:
    return 3 * x


def test_products():
    scripted = scriptc.script(tripled, backend="native")
    edge = (2**63 - 1) // 3
    low = -(2**63 // 3)
    for x in (edge, edge - 1, low, low + 1):
        assert scripted(x) == 3 * x
    for x in (edge + 1, low - 1, 2**63 - 1, -(2**63)):
        with pytest.raises(OverflowError):
            scripted(x)
