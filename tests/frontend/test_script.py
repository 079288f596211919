"""The same programs as plain Python and scripted: values, mutation and exceptions agree."""

import numpy as np
import pytest

import scriptc
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import constants_of, print_program
from scriptc.ir.verifier import verify_program


def helper(x, k=2):
    return x * k + 1


def early_exits(x, n: int):
    total = x
    for i in range(n):
        if i == 3:
            break
        total = total + helper(x, i)
    while n > 0:
        n -= 1
        if n == 2:
            return total, n
    return total, -n


def containers(words: list[str], sizes: dict[str, int]):
    found = []
    for i, (key, value) in enumerate(sizes.items()):
        found.append(f"{i}:{key!r}={value:>3}")
    known = [sizes.get(word, 0) for word in words if word != "skip"]
    return found, known, {word: len(word) for word in words}, " ".join(words).upper()


def collatz(n: int):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def maybe_unbound(n: int):
    for i in range(n):
        last = i
    return last


def writes(x, start: int):
    y = x
    y += 1
    x[start:] = 7
    return y


def all_sides_leave(n: int):
    if n > 0:
        while True:
            n += 3
            if n > 7:
                return n
    else:
        raise KeyError("no")


def checked(n: int):
    assert n > 0, f"bad {n}"
    if n > 10:
        raise ValueError("too large")
    return [n] * 2


CASES = [
    (early_exits, (np.arange(3.0), 5)),
    (early_exits, (np.arange(3.0), 1)),
    (containers, (["a", "bb", "skip"], {"a": 5, "c": 12})),
    (collatz, (27,)),
    (maybe_unbound, (3,)),
    (maybe_unbound, (0,)),
    (writes, (np.zeros(4), 2)),
    (all_sides_leave, (1,)),
    (all_sides_leave, (0,)),
    (checked, (3,)),
    (checked, (0,)),
    (checked, (11,)),
]


def run(function, arguments):
    copies = [a.copy() if hasattr(a, "copy") else a for a in arguments]
    try:
        return "returned", repr(function(*copies)), repr(copies)
    except (ArithmeticError, AssertionError, KeyError, NameError, ValueError) as error:
        # pytest rewrites `assert` in the plain function and adds lines to its message.
        return type(error), str(error).partition("\nassert")[0], repr(copies)


@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_scripted_equals_plain(function, arguments):
    assert run(scriptc.script(function), arguments) == run(function, arguments)


@pytest.mark.parametrize("function", dict.fromkeys(function for function, _ in CASES))
def test_the_graph_is_valid_and_parses_back(function):
    scripted = scriptc.script(function)
    verify_program(scripted.program)
    text = print_program(scripted.program, locations=True)
    again = parse_program(text, REGISTRY, constants_of(scripted.program))
    assert print_program(again) == print_program(scripted.program)


def broken(x: int, y: str):
    z = x + y
    w = y.foo
    return undefined + z + w  # noqa: F821 - the error under test


def test_all_errors_of_a_function_are_reported_together():
    with pytest.raises(scriptc.CompileError) as caught:
        scriptc.script(broken)
    codes = [diagnostic.code for diagnostic in caught.value.diagnostics]
    assert codes == ["type-mismatch", "unknown-attribute", "undefined-name"]
    assert "z = x + y\n" in str(caught.value)
    assert "            ^^^^^" in str(caught.value)


def test_a_call_that_does_not_fit_is_refused():
    with pytest.raises(scriptc.ArgumentError, match="expects int as `n`"):
        scriptc.script(collatz)("x")


def test_an_int_beyond_64_bits_overflows():
    def grow(n: int):
        return n * n

    assert scriptc.script(grow)(2**31) == 2**62
    with pytest.raises(OverflowError):
        scriptc.script(grow)(2**32)


def test_a_function_may_call_one_of_the_same_name():
    inner = helper

    def helper_(x):
        return inner(x) * 2

    helper_.__name__ = "helper"
    scripted = scriptc.script(helper_)
    assert list(scripted.program.functions) == ["helper", "helper_1"]
    assert np.array_equal(scripted(np.ones(2)), inner(np.ones(2)) * 2)
