"""What Python had to know of an array is burnt in, with one warning for each place; and checks."""

import itertools
import linecache
import warnings

import numpy as np
import pytest

import scriptc
from scriptc import nn
from support.tracing import same

X = np.array([3.0, 1.0, 2.0])
INTS = np.array([2, 1, 0])


def branch(x):
    if x[0] > 1:
        x = x * 2
    return x


def loop(x):
    total = x[0] * 0
    for item in x:
        total = total + item
    return total


def length(x):
    return x * len(x)


def as_float(x):
    return x * float(x[0])


def as_int(x):
    return x * int(x[1])


def as_range(x):
    for _ in range(x[0]):
        x = x + 1
    return x


def to_list(x):
    return x * sum(x.tolist())


def size_branch(x):
    if x.shape[0] > 2:
        return x * 2
    return x


def size_range(x):
    for i in range(x.shape[0]):
        x = x + i
    return x


@pytest.mark.parametrize(
    ("function", "x", "message", "line"),
    [
        (branch, X, "a Python branch was decided by the value of an array", "if x[0] > 1:"),
        (loop, X, "a Python loop ran over the value of an array", "for item in x:"),
        (length, X, r"len\(\) was taken of", "return x * len(x)"),
        (as_float, X, "a float was made from", "return x * float(x[0])"),
        (as_int, X, "an int was made from", "return x * int(x[1])"),
        (as_range, INTS, "an index was made from", "for _ in range(x[0]):"),
        (to_list, X, r"tolist\(\) took out", "return x * sum(x.tolist())"),
        (size_branch, X, "a number made from arrays", "if x.shape[0] > 2:"),
        (size_range, X, "an index was made from", "for i in range(x.shape[0]):"),
    ],
)
def test_a_warning_names_the_line(function, x, message, line):
    with pytest.warns(scriptc.TracerWarning, match=message) as caught:
        traced = scriptc.trace(function, x)
    assert len(caught) == 1
    assert line in str(caught[0].message)
    assert caught[0].filename == __file__
    assert line in linecache.getline(__file__, caught[0].lineno)
    assert same(traced(x.copy()), function(x.copy()))


def test_each_place_warns_once():
    def run(x):
        for _ in range(5):
            if x[0] > 1:
                x = x * 2
        return x if x[1] > 0 else -x

    with pytest.warns(scriptc.TracerWarning) as caught:
        scriptc.trace(run, X)
    assert len(caught) == 2


def test_no_warning_where_nothing_is_burnt_in():
    def run(x):
        n = x.shape[0]
        y = x.reshape(n, 1) if x.ndim == 1 else x
        return y / n, y[: n - 1] * x[0].item(), x.dtype == np.float64, f"{n}"

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        traced = scriptc.trace(run, X)
    assert same(traced(X[:2] + 4)[:2], run(X[:2] + 4)[:2])


def test_a_nondeterministic_function_is_found_out():
    numbers = itertools.count()

    def run(x):
        return x + next(numbers)

    with pytest.warns(scriptc.TracerWarning, match="differs from a second run: the result has"):
        scriptc.trace(run, X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scriptc.trace(run, X, check_trace=False)


def test_the_check_looks_at_inputs_and_state():
    flip = itertools.cycle([1.0, 2.0])

    def run(x):
        x += next(flip)
        return x.shape[0]

    with pytest.warns(scriptc.TracerWarning, match="an input"):
        scriptc.trace(run, X)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = np.zeros(3)

        def forward(self, x):
            self.h = x * next(flip)
            return x

    with pytest.warns(scriptc.TracerWarning, match="the attribute `h`"):
        scriptc.trace(Model(), X)


def test_the_check_restores_inputs_and_random_state():
    def run(x):
        x += 1
        return x

    x = X.copy()
    before = np.random.get_state()  # noqa: NPY002 - what layers draw from
    scriptc.trace(run, x)
    after = np.random.get_state()  # noqa: NPY002 - the same
    assert all(map(np.array_equal, before, after))
    assert same(x, X)


def test_what_cannot_be_recorded_names_line_and_remedy():
    table = np.arange(10.0)
    with pytest.raises(scriptc.TraceError, match=r"np.take\(table, index, axis=0\)") as caught:
        scriptc.trace(lambda x: table[x], INTS)
    assert "test_warnings.py" in str(caught.value)
    with pytest.raises(scriptc.TraceError, match="the attribute `shape`"):
        scriptc.trace(lambda x: setattr(x, "shape", (3, 1)), X)
    with pytest.raises(scriptc.TraceError, match=r"`vectorize|plain one"):
        scriptc.trace(lambda x: np.vectorize(lambda a: a + 1)(x) + 1, X)
    with pytest.raises(scriptc.TraceError, match="type object is not supported"):
        scriptc.trace(lambda x: object(), X)


def test_a_value_kept_beyond_the_run_is_refused_later():
    kept = []
    scriptc.trace(lambda x: kept.append(x) or x, X, check_trace=False)
    with pytest.raises(scriptc.TraceError, match="a run that has ended"):
        kept[0] + 1


def test_what_cannot_be_traced():
    for thing in (3, "text", int, None):
        with pytest.raises(scriptc.ArgumentError, match="takes a function, a module"):
            scriptc.trace(thing, X)
    with pytest.raises(scriptc.ArgumentError, match="do not fit branch"):
        scriptc.trace(branch, (X, X))
