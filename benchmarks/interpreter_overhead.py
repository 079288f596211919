"""What the interpreter costs over eager NumPy, on small models where every microsecond shows.

    python benchmarks/interpreter_overhead.py

Calls of the eager and the compiled model alternate in short runs, so that both meet the same state
of the machine; printed is the median of each, in microseconds, and the median of the ratios. The
results are compared first, to the bit. The aim is a ratio of at most 1.3 for the models.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from models import cases, prepared

ROUNDS = 101
ROUND_SECONDS = 0.002


def flat(value: Any) -> list[Any]:
    """Return the arrays and numbers of a result."""
    if isinstance(value, tuple | list):
        return [part for item in value for part in flat(item)]
    return [value]


def check_same(expected: Any, found: Any) -> None:
    """Raise `AssertionError` unless two results are the same to the bit."""
    for a, b in zip(flat(expected), flat(found), strict=True):
        assert type(a) is type(b), (type(a), type(b))
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).dtype == np.asarray(b).dtype


def seconds(function: Callable[..., Any], arguments: tuple[Any, ...], number: int) -> float:
    """Return the time of one of `number` calls."""
    repeats = range(number)
    start = time.perf_counter()
    for _ in repeats:
        function(*arguments)
    return (time.perf_counter() - start) / number


def compare(
    eager: Callable[..., Any], compiled: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[float, float, float]:
    """Return the median times of the two, in microseconds, and the median of their ratios."""
    once = seconds(eager, arguments, 5)
    number = max(1, round(ROUND_SECONDS / once))
    pairs = [
        (seconds(eager, arguments, number), seconds(compiled, arguments, number))
        for _ in range(ROUNDS)
    ]
    ratio = statistics.median(second / first for first, second in pairs)
    first, second = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    return first, second, ratio


def main(wanted: str = "") -> None:
    """Print the table, of the models whose title holds `wanted`."""
    print("| Model | Compiled by | Eager, µs | Compiled, µs | Ratio |")
    print("|---|---|---:|---:|---:|")
    for case in cases():
        if wanted not in case.title:
            continue
        for way in case.ways:
            model = prepared(case)
            compiled = case.compile(way, model)
            check_same(model(*case.arguments), compiled(*case.arguments))
            first, second, ratio = compare(model, compiled, case.arguments)
            print(f"| {case.title} | {way} | {first:.1f} | {second:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
