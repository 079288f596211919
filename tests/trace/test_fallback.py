"""`script` falls back to a trace where it has example inputs, and says once what forced it."""

import linecache
import warnings

import numpy as np
import pytest

import scriptc
from scriptc import nn
from support.tracing import check_program, same

X = np.array([[1.0, -2.0], [3.0, 4.0]])


def outside(x):
    with np.errstate(all="ignore"):
        return np.tanh(x) * 2


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.array(3.0))

    def forward(self, x):
        with np.errstate(all="ignore"):
            return x * self.scale


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Identity(), Inner()])

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x

    def encode(self, x):
        return self.blocks[1](x) + 1


class Plain:
    def __init__(self):
        self.table = np.ones(2)

    def run(self, x):
        with np.errstate(all="ignore"):
            return x + self.table


def fall_back(obj, *inputs):
    """Script with example inputs: exactly one warning, which stands at the call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = scriptc.script(obj, example_inputs=inputs)
    (warning,) = caught
    assert warning.category is scriptc.FallbackWarning
    assert warning.filename == __file__
    check_program(made)
    return made, str(warning.message)


def line_of(text, start=0):
    lines = linecache.getlines(__file__)
    return next(i for i, line in enumerate(lines, 1) if text in line and i > start)


def test_a_function():
    made, message = fall_back(outside, X)
    assert "a `with` block is outside the subset" in message
    assert f"test_fallback.py:{line_of('np.errstate')}" in message
    assert same(made(X), outside(X))


def test_a_module_names_the_submodule():
    module = Outer()
    made, message = fall_back(module, X)
    line = line_of("np.errstate", line_of("class Inner"))
    assert f"test_fallback.py:{line}" in message
    assert "in the submodule `blocks.1`, a Inner" in message
    assert same(made(X), module(X))
    assert "self.scale" in made.blocks[1].code


def test_bound_methods():
    module = Outer()
    made, message = fall_back(module.encode, X)
    assert "`blocks.1`" in message
    assert same(made(X), module.encode(X))

    plain = Plain()
    made, message = fall_back(plain.run, X)
    assert "a `with` block" in message
    assert same(made(X), plain.run(X))


def test_no_source():
    function = eval("lambda x: x * 2")
    made, message = fall_back(function, X)
    assert "the source of `<lambda>` is not available (<string>:1)" in message
    assert same(made(X), X * 2)
    made, message = fall_back(np.tanh, X)
    assert "the source of `tanh` is not available" in message
    assert same(made(X), np.tanh(X))


def test_one_array_need_not_be_in_a_tuple():
    with pytest.warns(scriptc.FallbackWarning):
        made = scriptc.script(outside, example_inputs=X)
    assert same(made(X), outside(X))


def test_without_example_inputs_the_error_stands_and_says_what_would_help():
    for obj in (outside, Outer(), Outer().encode, Plain().run):
        with pytest.raises(scriptc.CompileError, match="a `with` block") as caught:
            scriptc.script(obj)
        assert "example_inputs" in "\n".join(caught.value.__notes__)


def test_where_tracing_fails_too_both_are_told():
    def impossible(x):
        with np.errstate(all="ignore"):
            return object()

    with pytest.raises(scriptc.CompileError, match="a `with` block") as caught:
        scriptc.script(impossible, example_inputs=(X,))
    assert "tracing it instead failed too" in "\n".join(caught.value.__notes__)


def test_what_is_in_the_subset_is_not_traced():
    def branches(x):
        if x[0, 0] > 0:
            return x
        return -x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = scriptc.script(branches, example_inputs=(X,))
    assert same(made(-X), branches(-X))
