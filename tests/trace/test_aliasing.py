"""Views, writes and aliases: a trace changes what eager NumPy changes."""

import numpy as np
import pytest

from support.tracing import check_trace

X = np.arange(12.0).reshape(3, 4)
OTHERS = [(np.ones((5, 4)),)]


def row_view(x):
    y = x[0]
    y += 1
    return x, y


def nested_views(x):
    x[1:][0][2:] *= 3
    return x


def set_items(x):
    x[0, 1] = 7
    x[..., 2] = x[..., 0]
    x[None, 1:, ::2] = -1
    x[[0, 2]] += 10
    x[x > 5] = 0
    x[x == 0] += 1
    return x


def same_object_twice(x):
    y = x
    y *= 2
    return x + y


def returned_argument(x):
    return x, x[1:], x + 0


def written_through_a_copy(x):
    y = x + 0
    y[0] = 100
    return x, y


def a_view_before_a_write(x):
    y = x[1]
    z = y * 1
    x[1] = 5
    return y, z


def swap(x):
    x[[0, 1]] = x[[1, 0]]
    return x


def mask_of_itself(x):
    mask = x > 3
    mask[0] = True
    mask |= x < 1
    mask &= ~(x == 2)
    return x[mask], mask


def with_index_array(x):
    i = np.argsort(x[0]) if False else np.array([2, 0])
    return x[i], x[i, 1]


@pytest.mark.parametrize(
    "function",
    [
        row_view, nested_views, set_items, same_object_twice, returned_argument,
        written_through_a_copy, a_view_before_a_write, swap, mask_of_itself, with_index_array,
    ],
)  # fmt: skip
def test_writes_and_views(function):
    check_trace(function, X, others=OTHERS)


def test_inputs_that_are_one_array():
    def run(x, y):
        x += 1
        return x + y

    traced = check_trace(run, X, X.copy())
    both = np.ones(3)
    assert np.array_equal(traced(both, both), [4, 4, 4])


TABLE = np.array([1.0, 2.0, 3.0, 4.0])


def test_module_level_arrays_are_constants():
    def run(x):
        return x * TABLE, TABLE

    traced = check_trace(run, X)
    assert traced(X)[1] is TABLE
