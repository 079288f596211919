"""Functions with loops, lists and writes in place: native code does what plain Python does.

Each is called with arguments of one kind, plain, interpreted and native: results, exceptions and
what the call leaves in its arguments are the same to the bit.
"""

import numpy as np
import pytest

import scriptc
from support.road import outcome

pytestmark = pytest.mark.kernels

GRID = np.arange(6.0).reshape(2, 3)


def views_of_what_was_just_computed(a):
    y, z = a + 1, a * 2
    column, flat, wide = y.T, z.reshape(-1), (a - 1)[None]
    column[0, 0] = 100
    flat[1] = 7
    wide[0, 1, 1] = 5
    return y, z, wide


def overlapping_writes(x, square):
    x[1:] = x[:-1]
    x[::-1] = x
    square += square.T
    square[:, ::-1] = square
    return x, square


def lists_of_arrays(x, n):
    outs, rows = [], []
    for i in range(n):
        outs.append(x * i)
        row = np.zeros(4)
        for j in range(4):
            row[j] = i * j
        rows.append(row)
    joined = np.concatenate(outs), np.concatenate(outs, axis=1), np.hstack(outs), np.vstack(outs)
    return np.stack(outs), np.stack(outs, axis=-1), np.stack(rows), joined, outs[-1] + outs[0]


def parts(x):
    a, b, c = np.split(x, 3, axis=-1)
    front, back = np.array_split(x[0], 2)
    return a + b * c, np.concatenate([a, c], axis=1), np.hstack([front, back]), np.stack([x, x])


def moved(x):
    bordered = np.pad(x, ((1, 2), (0, 3)), mode="reflect")
    turned = np.roll(x, (1, 2), (0, 1)), np.rot90(x), np.flip(x, 1) + x[::-1]
    return bordered, np.pad(x, 2), turned, np.tile(x, (2, 2)), np.repeat(x, 2, axis=1)


def masks(x, mask):
    x[mask] = x[mask] * 10
    x[x > 35] = -1.0
    return x[mask], x[:, mask[0]], np.nonzero(mask), np.where(x < 0)


def places(x, i):
    x[i] += 1
    x[[0, 1]] = x[[1, 0]]
    return x[i], x[:, i], x[1:, i], x[i, 0], np.take(x, i, axis=1), x[i, None]


def histogram(counts, i, weights):
    for k in i:
        counts[k] += 1.0
    np.add.at(counts, i, weights)
    np.subtract.at(counts, i[:2], 0.5)
    return counts


def written_by_places(x, i, values):
    x[0, 0] = 5.0
    x[i] = values
    x[:, i] -= 1
    return x


def written_by_a_mask(x, mask, values):
    x[0, 0] = 5.0
    x[mask] = values
    return x


INDEX = np.array([1, 0])
CALLS = {
    views_of_what_was_just_computed: [(GRID,)],
    overlapping_writes: [(np.arange(7.0), np.arange(9.0).reshape(3, 3))],
    lists_of_arrays: [(GRID, 3), (GRID, 1), (GRID, 0)],
    parts: [(np.arange(12.0).reshape(2, 6),), (np.arange(14.0).reshape(2, 7),)],
    moved: [(GRID,)],
    masks: [(GRID, GRID > 2), (GRID, GRID > 9), (GRID, np.ones((2, 2), bool))],
    places: [(GRID, INDEX), (GRID, np.array([0, 5])), (GRID, np.zeros(0, int))],
    histogram: [(np.zeros(4), np.array([0, 1, 1, 3]), np.arange(4.0))],
    written_by_places: [
        (GRID, INDEX, np.ones(3)),
        (GRID, INDEX, np.arange(6.0).reshape(2, 3)),
        (GRID, np.array([0, -3]), np.ones(3)),
        (GRID, np.array([0, 7]), np.ones(3)),
    ],
    written_by_a_mask: [
        (GRID, GRID > 2, np.ones(3)),
        (GRID, GRID > 3, np.ones(3)),
        (GRID, np.ones((2, 2), bool), np.ones(3)),
    ],
}


@pytest.mark.parametrize("program", CALLS, ids=lambda f: f.__name__)
def test_native_is_plain(program):
    interpreted = scriptc.script(program, backend="interpreter", example_inputs=CALLS[program][0])
    native = scriptc.script(program, backend="native", example_inputs=CALLS[program][0])
    for arguments in CALLS[program]:
        expected = outcome(program, arguments)
        assert outcome(interpreted, arguments) == expected
        assert outcome(native, arguments) == expected
