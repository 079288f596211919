"""Arguments of a trace: arrays are inputs, containers are taken apart, the rest are constants."""

import functools

import numpy as np
import pytest

import scriptc
from support.tracing import check_program, check_trace, outcome, same

X = np.array([[1.0, 2.0], [3.0, 4.0]])
Y = np.array([[5.0, 6.0], [7.0, 8.0]])


def test_one_array_stands_alone():
    assert same(scriptc.trace(lambda x: x + 1, X)(X), X + 1)
    assert same(scriptc.trace(lambda x: x + 1, [X])(X), X + 1)


def test_containers_of_arrays():
    def run(pair, named, nested):
        a, b = pair
        c = named["c"]
        c += 1
        return a + b * c, {"sum": nested[0][1] + nested[1]["k"]}, pair[0]

    inputs = ([X, Y], {"c": X}, ((X, Y), {"k": Y}))
    others = [([Y, X], {"c": X * 2}, ((Y, Y), {"k": X}))]
    traced = check_trace(run, *inputs, others=others)
    with pytest.raises(ValueError, match=r"`pair` had 2 elements in the trace"):
        traced([X, Y, X], {"c": X}, ((X, Y), {"k": Y}))
    with pytest.raises(ValueError, match=r"`named` had 1 elements in the trace"):
        traced([X, Y], {"c": X, "d": X}, ((X, Y), {"k": Y}))
    with pytest.raises(KeyError):
        traced([X, Y], {"d": X}, ((X, Y), {"k": Y}))


def test_plain_arguments_are_constants():
    def run(x, n, mode, factor, flag, nothing, numbers):
        for _ in range(n):
            x = x + numbers[0]
        if mode == "double" and flag:
            x = x * 2
        return x * factor if nothing is None else x

    inputs = (X, 2, "double", 1.5, True, None, [1, 2])
    traced = check_trace(run, *inputs)
    for place, value in ((1, 3), (2, "single"), (3, 2.0), (4, False), (6, [2, 2])):
        given = list(inputs)
        given[place] = value
        with pytest.raises(ValueError, match="is a constant of the trace"):
            traced(*given)
    with pytest.raises(scriptc.ArgumentError):
        traced(X, 2, "double", 1.5, True, 3, [1, 2])


def test_numpy_scalars_are_inputs():
    check_trace(lambda x, s: x * s, X, np.float64(2.5), others=[(X, np.float64(3.5))])


def test_keyword_inputs_and_defaults():
    def run(x, scale=2.0, *, shift, **more):
        return x * scale + shift + more["bias"]

    kwargs = {"shift": Y, "bias": X}
    traced = scriptc.trace(run, X, example_kwarg_inputs=kwargs)
    check_program(traced)
    assert same(outcome(run, (Y,), kwargs), outcome(traced, (Y,), kwargs))
    assert traced.schema == "run(x: Tensor, shift: Tensor, bias: Tensor) -> Tensor"
    with pytest.raises(scriptc.ArgumentError):
        traced(X, Y)


def test_star_arguments():
    def run(*arrays):
        return arrays[0] + arrays[1]

    check_trace(run, X, Y)


def test_partial_functions_lambdas_builtins_and_callables():
    class Scale:
        def __call__(self, x):
            return x * 3

    def scaled(x, factor):
        return x * factor

    assert same(scriptc.trace(functools.partial(scaled, factor=2.0), X)(X), X * 2)
    assert same(scriptc.trace(np.tanh, X)(X), np.tanh(X))
    assert same(scriptc.trace(Scale(), X)(X), X * 3)
    local = Y * 2
    assert same(scriptc.trace(lambda x: x + local, X)(X), X + local)


def test_a_change_of_a_container_argument_is_refused():
    def grow(xs):
        xs.append(xs[0])
        return xs[0]

    def replace(d):
        d["a"] = d["a"] + 1
        return d["a"]

    with pytest.raises(scriptc.TraceError, match="a change of the list `xs`"):
        scriptc.trace(grow, ([X],))
    with pytest.raises(scriptc.TraceError, match="a change of the dict `d`"):
        scriptc.trace(replace, ({"a": X},))


def test_an_argument_that_no_program_can_take():
    with pytest.raises(scriptc.TraceError, match="the argument `f`"):
        scriptc.trace(lambda x, f: f(x), (X, np.tanh))


def test_results_of_all_kinds():
    def run(x):
        return {"a": [x, x + 1]}, (1, "two", None, True, 2.5), [], (), {"n": x.shape[0]}

    check_trace(run, X, others=[(np.ones((5, 1)),)])
