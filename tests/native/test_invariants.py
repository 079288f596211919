"""What is the same in all rounds of a loop stands in front of it, and no answer changes by that."""

import numpy as np
import pytest

import scriptc
from support.road import outcome

pytestmark = pytest.mark.kernels


def distance(a: list[int], b: list[int]) -> int:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for j in range(len(b) + 1):
        table[0][j] = j
    for i in range(1, len(a) + 1):
        table[i][0] = i
        for j in range(1, len(b) + 1):
            change = table[i - 1][j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, change)
    return table[-1][-1]


def no_rounds(a: list[int], k: int) -> int:
    """What would fail is never carried out."""
    total = 0
    for i in range(k):
        for j in range(i, k - 1):
            total += a[i + 1] * j
    while k > 100:
        total += a[100]
        k -= 1
    return total


def from_the_end(a: list[int], n: int) -> int:
    total = 0
    for i in range(n):
        total = 3 * total + a[i - 2] - a[i]
    for i in range(n - 1, -1, -1):
        total = 3 * total + a[i]
    return total


def rows_change(n: int) -> list[int]:
    """Another row stands where one stood, all rows are one, and rows grow."""
    table = [[i] for i in range(n)]
    first = table[0]
    found = []
    for i in range(n):
        found.append(table[0][0])
        table[0] = table[i]
        first.append(i)
    same = [[0, 1]] * 3
    for i in range(3):
        for j in range(2):
            same[i][j] = same[0][j] + same[1][1] + i
            found.append(same[2][j])
    for i in range(len(first)):
        table[n - 1].append(table[n - 1][i] + 1)
        found.append(len(table[n - 1]))
    return found


def leaves(a: list[int], n: int) -> tuple[int, int]:
    """Loops that end, or go on, before their counter is at the end."""
    seen = 0
    for i in range(n):
        if i == 3:
            break
        seen += a[i]
    for i in range(n):
        if i >= len(a):
            continue
        seen += 2 * a[i] + a[0]
    for i in range(n):
        if a[i] < 0:
            return seen, i
    return seen, -1


def fails_in_the_middle(a: list[int], n: int) -> list[int]:
    found = [0] * n
    for i in range(n):
        found[i] = 100 // a[0] + a[i]
    return found


def grows(n: int) -> list[int]:
    """A loop asks each time for the length of a list that it makes longer."""
    queue = [0]
    k = 0
    while k < len(queue):
        if len(queue) < n:
            queue.append(queue[k] + 1)
            queue.append(queue[k] + 2)
        k += 1
    for i in range(n):
        if i % 2 == 0:
            queue += [i]
        queue[i] = queue[-1] + len(queue)
    return queue


def grid(x: np.ndarray, n: int) -> float:
    """Places of arrays: the test that all exist stands in front."""
    rows, columns = x.shape
    total = 0.0
    for i in range(1, rows - 1):
        for j in range(n):
            total += float(x[i - 1, j] + x[i + 1, j + 1] - x[i, -1])
    for j in range(columns):
        for i in range(n):
            total -= float(x[i, j])
    return total


def writes(x: np.ndarray, k: int) -> np.ndarray:
    """An argument holds what was written before a place that is not there."""
    for i in range(k):
        x[i] = x[i] + x[k - 1]
    return x


LISTS = [
    ([3, 1, 2, 7], 4),
    ([3, 1, 2, 7], 2),
    ([5], 0),
    ([], 0),
    ([], 1),
    ([0, 1], 2),
    ([4, -1], 5),
]
ARRAY = np.arange(20.0).reshape(4, 5)
CALLS = {
    distance: [([1, 2, 3, 4], [2, 3, 5]), ([], [1, 2]), ([1], []), ([], [])],
    no_rounds: [([1, 2, 3], 3), ([1, 2, 3], 4), ([], 1), ([], 0), ([1], 101), ([0] * 101, 103)],
    from_the_end: LISTS,
    rows_change: [(1,), (2,), (5,), (0,)],
    leaves: LISTS,
    fails_in_the_middle: LISTS,
    grows: [(1,), (6,), (40,)],
    grid: [(ARRAY, 4), (ARRAY, 5), (ARRAY, 0), (ARRAY[:1], 9), (np.zeros((0, 0)), 1)],
    writes: [(np.arange(4.0), 4), (np.arange(4.0), 6), (np.arange(4.0), 0), (np.zeros(0), 1)],
}


@pytest.mark.parametrize("program", CALLS, ids=lambda f: f.__name__)
def test_native_is_plain(program):
    native = scriptc.script(program, backend="native")
    for arguments in CALLS[program]:
        assert outcome(native, arguments) == outcome(program, arguments), arguments


def test_where_tests_stand():
    """The innermost rounds of a table of lists are free of tests of places."""
    native = scriptc.script(distance, backend="native", example_inputs=([1], [2]))
    native([1], [2])
    rounds = native.c_source.rsplit("for (int64_t", 1)[1].split("continue;")[0]
    assert "items" in rounds
    assert "length" not in rounds
    assert "(uint64_t)" not in rounds
