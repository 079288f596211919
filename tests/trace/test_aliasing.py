"""Views, writes and aliases: a trace changes what eager NumPy changes."""

import numpy as np
import pytest

import scriptc
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


def test_a_write_to_a_constant_is_refused():
    def run(x):
        TABLE[:] = x[0]
        return x

    def add(x):
        table = TABLE
        table += x[0]
        return table

    kept = TABLE.copy()
    for function in (run, add):
        with pytest.raises(scriptc.TraceError, match=r"np\.zeros"):
            scriptc.trace(function, X)
    assert np.array_equal(TABLE, kept)


def test_arrays_made_in_the_run_are_made_anew_by_each_call():
    def run(x):
        total = np.zeros(4)
        total += x[0]
        fixed = np.ones(2)
        return total, fixed

    traced = check_trace(run, X)
    first, second = traced(X), traced(X)
    assert first[0] is not second[0]
    assert first[1] is not second[1]
    assert np.array_equal(first[0], second[0])


def test_asarray_and_array():
    def run(x):
        x = np.asarray(x)
        y = np.array(x)
        y += 1
        z = np.asarray(x, dtype=np.float32)
        w = np.array([x[0, 0], 2.0, x[1, 1]])
        return x, y, z, w

    check_trace(run, X, others=[(np.arange(6).reshape(2, 3),)])


def test_sizes_stay_open():
    def run(x):
        n, m = x.shape
        total = np.zeros((n, m + 1))
        total[:, : x.shape[1]] += x
        return total.reshape(-1), x.reshape(x.shape[0] * 2, -1), x / n, np.full(x.shape, 2.0), n

    check_trace(run, X, others=[(np.ones((6, 2)),), (np.ones((1, 6), np.float32),)])


def test_square_root_of_a_size():
    import math

    def run(x):
        return x / math.sqrt(x.shape[-1]), x * math.sqrt(2)

    check_trace(run, X, others=[(np.ones((6, 2)),)])
