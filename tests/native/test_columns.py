"""Reductions over dimensions in front of the last are those of NumPy, to the bit."""

import numpy as np
import pytest

import scriptc
from support.road import describe, outcome

pytestmark = pytest.mark.kernels


def columns(x: np.ndarray) -> tuple:
    """Places and extremes together, in both orders; places alone; of what is not in memory."""
    y = x + x
    first = y.argmax(axis=-2), y.max(axis=-2)
    last = x.min(axis=-2), x.argmin(axis=-2)
    return first, last, (x * 2).argmin(axis=0), x.max(axis=0, keepdims=True), (x > 0).sum(axis=-2)


def in_turn(x: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """What one step has found is read by the next, and the array is written between."""
    best = np.zeros(x.shape[1], x.dtype)
    places = np.zeros((n, x.shape[1]), np.int64)
    for i in range(n):
        y = x * (i + 1) - best
        places[i] = y.argmax(axis=0)
        best = y.max(axis=0)
        x[0] = best
        places[i] += x.argmin(axis=0)
        x[0, 0] = 3
        best = best + x.min(axis=0)
    return best, places


def arrays(dtype, rank):
    draw = np.random.default_rng(0)
    for rows, row in [(1, 1), (3, 5), (4, 16), (7, 17), (16, 16), (6, 1), (3, 0), (0, 3)]:
        shape = (rows, row) if rank == 2 else (rows, 2, row)
        yield draw.integers(-3, 4, shape).astype(dtype)
    x = draw.integers(-3, 4, (9, *([3] * (rank - 2)), 40)).astype(dtype)
    x[draw.random(x.shape) < 0.1] = np.nan
    x[draw.random(x.shape) < 0.1] = -np.inf
    x[..., 3] = -np.inf
    x[..., 4] = np.nan
    x[..., 5] = -0.0
    x[4, ..., 5] = 0.0
    yield x


@pytest.mark.parametrize(("dtype", "rank"), [("float32", 2), ("float64", 3)])
def test_all_shapes(dtype, rank):
    native = scriptc.script(
        columns, backend="native", example_inputs=(np.ones((2,) * rank, dtype),)
    )
    with np.errstate(all="ignore"):
        for x in arrays(dtype, rank):
            assert outcome(native, (x,)) == outcome(columns, (x,)), x.shape


def test_steps():
    native = scriptc.script(in_turn, backend="native")
    x = np.random.default_rng(1).standard_normal((6, 5), np.float32)
    mine, theirs = x.copy(), x.copy()
    assert describe(native(mine, 4)) == describe(in_turn(theirs, 4))
    assert describe(mine) == describe(theirs)
    with pytest.raises(ValueError, match="empty"):
        native(np.zeros((0, 3), np.float32), 1)
