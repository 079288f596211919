"""Operators, reflected and in place, methods, ufuncs: recorded as they are in eager NumPy."""

import operator

import numpy as np
import pytest

import scriptc
from support.tracing import check_trace

FLOATS = np.array([[1.5, -2.0, 3.25], [0.5, 4.0, -1.0]])
OTHER = np.array([[2.0, 0.5, -3.0], [1.0, -1.0, 2.0]])
INTS = np.array([[5, 3, 2], [7, 1, 4]])
TALL = np.arange(12.0).reshape(4, 3) + 1

ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow, operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
]  # fmt: skip
BITWISE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
IN_PLACE = [
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv,
    operator.imod, operator.ipow,
]  # fmt: skip
BITS_IN_PLACE = [operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift]


@pytest.mark.parametrize("function", ARITHMETIC, ids=lambda f: f.__name__)
def test_arithmetic(function):
    constant = np.array([1.0, 2.0, 3.0])
    check_trace(function, FLOATS, OTHER, others=[(INTS, OTHER), (TALL, TALL)])
    for other in (2, 2.5, True, constant, np.float32(1.5)):
        check_trace(lambda x, other=other: function(x, other), FLOATS, others=[(TALL,)])
        check_trace(lambda x, other=other: function(other, x), np.abs(FLOATS), others=[(TALL,)])


@pytest.mark.parametrize("function", BITWISE, ids=lambda f: f.__name__)
def test_bitwise(function):
    check_trace(function, INTS, INTS[::-1])
    check_trace(lambda x: function(x, 3), INTS)
    check_trace(lambda x: function(3, x), INTS)


@pytest.mark.parametrize("function", IN_PLACE, ids=lambda f: f.__name__)
def test_in_place(function):
    def run(x, y):
        before = x
        x = function(x, y)
        return x, before

    check_trace(run, FLOATS, np.abs(OTHER), others=[(TALL, TALL)])
    check_trace(lambda x: function(x, 2), FLOATS)


@pytest.mark.parametrize("function", BITS_IN_PLACE, ids=lambda f: f.__name__)
def test_bits_in_place(function):
    check_trace(lambda x, y: (function(x, y), x), INTS, INTS[::-1])


def test_unary_operators_and_builtins():
    check_trace(lambda x: (-x, +x, abs(x), divmod(x, 2), divmod(7, x)), FLOATS)
    check_trace(lambda x: (~x, -x), INTS)


def test_matmul():
    check_trace(lambda x, y: (x @ y, y @ x), FLOATS[:, :2], OTHER[:, :2])
    check_trace(lambda x: np.eye(2) @ x if False else x @ x, FLOATS[:, :2])


def test_a_scalar_in_place_is_a_new_value():
    def run(x):
        s = x[0]
        t = s
        s += 1
        return s, t

    check_trace(run, np.array([1.0, 2.0]))


def test_eager_exceptions_come_out_as_they_are():
    with pytest.raises(TypeError):
        scriptc.trace(lambda x: x + None, FLOATS)
    with pytest.raises(ValueError, match="broadcast"):
        scriptc.trace(lambda x, y: x + y, (FLOATS, TALL))
    with pytest.raises(IndexError):
        scriptc.trace(lambda x: x[9], FLOATS)
    with pytest.raises(AttributeError, match="has no attribute 'foo'"):
        scriptc.trace(lambda x: x.foo, FLOATS)
    with pytest.raises(ZeroDivisionError):
        scriptc.trace(lambda x: x / (1 // 0), FLOATS)


def test_ufuncs_that_write():
    def into(x, y):
        z = x + y
        result = np.add(x, y * 2, out=z)
        np.multiply(z, 2, z)
        np.tanh(x, out=x)
        return z, result is z

    check_trace(into, FLOATS, OTHER)

    def overlapping(x):
        np.add(x[:-1], x[1:], out=x[1:])
        return x

    check_trace(overlapping, np.arange(6.0))

    def narrow(x, y):
        np.add(x, y, out=y)
        return y

    check_trace(narrow, FLOATS, OTHER.astype(np.float32))
    with pytest.raises(TypeError, match="same_kind"):
        scriptc.trace(lambda x, y: np.add(x, y, out=y), (FLOATS, INTS))
    with pytest.raises(ValueError, match="broadcast"):
        scriptc.trace(lambda x, y: np.add(x, y, out=y[0]), (FLOATS, OTHER))


def test_methods_of_ufuncs():
    def run(x):
        y = x * 1
        np.add.at(y, (np.array([0, 0]), 1), 2.0)
        reduced = np.add.reduce(x), np.maximum.reduce(x, axis=1), np.logaddexp.reduce(x, axis=None)
        return y, reduced, np.multiply.accumulate(x, 1), np.subtract.outer(x[0], x[:, 0])

    check_trace(run, FLOATS)


def test_a_ufunc_that_cannot_be_recorded():
    with pytest.raises(scriptc.TraceError, match=r"np.add.reduceat with these arguments"):
        scriptc.trace(lambda x: np.add.reduceat(x, [0, 1]), FLOATS)
    with pytest.raises(scriptc.TraceError, match="constant of the trace"):
        scriptc.trace(lambda x: np.add(x, 1, out=np.ma.zeros(3).data), np.ones(3))


def test_isinstance_sees_an_array():
    def run(x):
        assert isinstance(x, np.ndarray)
        assert not isinstance(x, list)
        assert isinstance(x[0, 0], np.floating)
        return x * 2

    check_trace(run, FLOATS)
