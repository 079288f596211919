"""Many threads on one compiled instance get, bit for bit, what one thread gets."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.runtime.native.compilers import NoCompiler, find_compiler

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]

THREADS = 16
SHORT = 3_200
FULL = 100_000


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        random = np.random.default_rng(1)
        self.first = nn.Parameter(random.standard_normal((24, 40), np.float32))
        self.second = nn.Parameter(random.standard_normal((40, 5), np.float32))

    def forward(self, x):
        return np.tanh(x @ self.first) @ self.second


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        random = np.random.default_rng(2)
        self.inward = nn.Parameter(random.standard_normal((24, 16), np.float32) / 5)
        self.again = nn.Parameter(random.standard_normal((16, 16), np.float32) / 5)

    def forward(self, x):
        h = np.zeros(16, np.float32)
        for t in range(x.shape[0]):
            h = np.tanh(x[t] @ self.inward + h @ self.again)
        return h


def running_total(x):
    """Write into an array of its own."""
    total = np.zeros_like(x)
    for i in range(x.shape[0]):
        total[i] = x[i] * 2.0
        if i > 0:
            total[i] += total[i - 1]
    return total


class Counter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0.0

    def forward(self, x):
        self.total = self.total + 1.0
        return x + self.total


SHAPES = ((1, 24), (2, 24), (17, 24), (0, 24), (64, 24))
INPUTS = [
    np.random.default_rng(i).standard_normal(shape, np.float32) for i, shape in enumerate(SHAPES)
]
SUBJECTS: dict[str, Callable[[], Any]] = {
    "frozen network": lambda: scriptc.freeze(scriptc.script(Network(), backend="native")),
    "recurrent": lambda: scriptc.script(Recurrent(), backend="native"),
    "written array": lambda: scriptc.script(running_total, backend="native"),
}


def call_from_threads(work: Callable[[int], None]) -> None:
    """Run `work(thread)` in all threads at once; what one raises is raised."""
    start = threading.Barrier(THREADS)

    def wait_then_work(thread: int) -> None:
        start.wait()
        work(thread)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(wait_then_work, range(THREADS)))


def check(make: Callable[[], Any], calls: int) -> None:
    one, many = make(), make()
    expected = [one(x).tobytes() for x in INPUTS]

    def work(thread: int) -> None:
        # Each thread meets each kind of argument first at another time: code is made meanwhile.
        order = np.random.default_rng(thread).integers(0, len(INPUTS), calls // THREADS)
        for i in order:
            assert many(INPUTS[i]).tobytes() == expected[i]

    call_from_threads(work)
    assert many.c_source


def check_state(calls: int) -> None:
    counter = scriptc.script(Counter(), backend="native")
    seen: list[list[float]] = [[] for _ in range(THREADS)]

    def work(thread: int) -> None:
        x = np.zeros(1 + thread % 3)
        for _ in range(calls // THREADS):
            answer = counter(x)
            assert np.all(answer == answer[0])
            seen[thread].append(float(answer[0]))

    call_from_threads(work)
    # Each call had its turn, and each thread saw the count grow.
    assert all(each == sorted(each) for each in seen)
    assert sorted(itertools.chain(*seen)) == list(range(1, calls + 1))
    assert counter.total == calls


@pytest.mark.parametrize("subject", SUBJECTS)
def test_threads(subject: str) -> None:
    check(SUBJECTS[subject], SHORT)


def test_state_in_threads() -> None:
    check_state(SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("subject", SUBJECTS)
def test_threads_for_long(subject: str) -> None:
    check(SUBJECTS[subject], FULL)


@pytest.mark.slow
def test_state_in_threads_for_long() -> None:
    check_state(FULL)
