"""Ints that are known to fit are not checked, and those that may not are."""

from typing import Any

import pytest

from scriptc.ir.graph import Function, Program
from scriptc.ir.types import BOOL, INT
from scriptc.runtime.interpreter import Executable
from support.small_ops import Make, make_function


def compiled(function: Function) -> Any:
    program = Program()
    program.add_function(function)
    return Executable(program).function(function.name)


def is_checked(function: Function) -> bool:
    return any(name.startswith("h") for name in compiled(function).__code__.co_names)


def counting(step: Any, start: Any = 0) -> Function:
    """`while c: i = step(i)`, from a start."""
    function, make, (c, n) = make_function("f", {"c": BOOL, "n": INT})
    first = start(make, n) if callable(start) else start
    loop, (i,) = make.loop([first])
    with make.at(loop.blocks[0]):
        test = make.choose(c, [])
        with make.at(test.blocks[0]):
            make.end("yield")
        with make.at(test.blocks[1]):
            make.end("break", i)
        make.end("continue", step(make, i, n))
    make.end("return", loop.results[0])
    return function


def _sometimes(make: Make, i: Any, n: Any) -> Any:
    chosen = make.choose(make("less", i, n), [INT])
    for block, value in zip(chosen.blocks, (1, -7), strict=True):
        with make.at(block):
            make.end("yield", make("add", i, value))
    return chosen.result


BOUNDED = {
    "counter": (lambda make, i, n: make("add", i, 1), 0),
    "down": (lambda make, i, n: make("subtract", i, 5), 100),
    "reversed sum": (lambda make, i, n: make("add", 3, i), 0),
    "in a branch": (_sometimes, 5),
    "remainder": (
        lambda make, i, n: make("remainder", make("add", make("multiply", i, 31), 7), 65521),
        0,
    ),
    "start": (lambda make, i, n: make("add", i, 1), lambda make, n: make("remainder", n, 10)),
}
UNBOUNDED = {
    "doubling": (lambda make, i, n: make("multiply", i, 2), 1),
    "unknown step": (lambda make, i, n: make("add", i, n), 0),
    "large step": (lambda make, i, n: make("add", i, 2**40), 0),
    "unknown start": (lambda make, i, n: make("add", i, 1), lambda make, n: n),
    "large start": (lambda make, i, n: make("add", i, 1), 2**62),
    "turned round": (lambda make, i, n: make("subtract", 1, i), 0),
    "itself": (lambda make, i, n: make("add", i, i), 1),
    "remainder of nothing known": (
        lambda make, i, n: make("add", make("remainder", i, n), 1),
        0,
    ),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_bounded(name: str) -> None:
    assert not is_checked(counting(*BOUNDED[name]))


@pytest.mark.parametrize("name", UNBOUNDED)
def test_unbounded(name: str) -> None:
    assert is_checked(counting(*UNBOUNDED[name]))


def test_items_of_ranges() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    loop, (i, _) = make.loop([0], make("range", n))
    with make.at(loop.blocks[0]):
        make.end("continue", make("add", make("multiply", i, 3), 1))
    make.end("return", make("multiply", 2, 3))
    assert not is_checked(function)


def test_sums_of_items_are_checked() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    loop, (i, total) = make.loop([0], make("range", n))
    with make.at(loop.blocks[0]):
        make.end("continue", make("add", total, i))
    make.end("return", loop.results[0])
    assert is_checked(function)


def test_products_of_bounded_values_may_leave() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    small = make("remainder", n, 2**40)
    make.end("return", make("multiply", small, small))
    with pytest.raises(OverflowError):
        compiled(function)(2**40 - 1)
    assert compiled(function)(2**31) == 2**62


def test_a_long_chain_of_doublings_is_looked_at_once() -> None:
    function, make, (n,) = make_function("f", {"n": INT})
    value: Any = make("remainder", n, 3)
    for _ in range(300):
        value = make("add", value, value)
    make.end("return", value)
    with pytest.raises(OverflowError):
        compiled(function)(1)
    assert compiled(function)(0) == 0
