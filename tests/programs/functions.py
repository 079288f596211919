"""Calls of functions: helpers, defaults, keywords, closures, lambdas, decorators, constants."""

import enum
import functools
import math
from collections.abc import Callable
from math import sqrt as root

import numpy as np

from programs.harness import program

SCALE = 2.5
NAMES = ["a", "b"]
TABLE = {"a": 1, "b": 2}
WEIGHTS = np.arange(3.0)
PAIR = (1, "x")
LIMIT: int = 3
NESTED = {"k": [1, 2, 3]}


class Color(enum.IntEnum):
    RED = 1
    BLUE = 2


class Config:
    size = 4
    name = "config"
    factors = (1, 2, 3)


@program((2,))
def constants(n: int):
    return (
        n * SCALE,
        NAMES[0],
        TABLE["b"],
        PAIR,
        LIMIT,
        NESTED["k"][1],
        math.pi,
        math.inf,
        Config.size,
        Config.name,
    )


@program()
def constants_are_shared():
    TABLE["new"] = 3
    del TABLE["new"]
    return WEIGHTS, NAMES, "b" in NAMES


@program((1,), (2,))
def enums(n: int):
    return n == Color.RED.value, n + Color.BLUE.value, Color.RED.name, Color.RED is Color.BLUE


@program((9.0,))
def imported_names(x: float):
    return root(x), math.floor(x / 2), sum([1, 2]), functools.reduce is None


def double(x):
    return x * 2


def describe(x, name="value", *, width: int = 8, fill="."):
    return f"{name}={x}".ljust(width, fill)


def first_of(xs, default=None):
    for x in xs:
        return x
    return default


@program((3, "ab", 2.5))
def helper_with_many_types(n: int, s: str, f: float):
    return double(n), double(s), double(f), double([n]), double((n, s)), double(True)


@program((3,))
def defaults_and_keywords(n: int):
    return (
        describe(n),
        describe(n, "n"),
        describe(x=n, name="k"),
        describe(n, width=12, fill="*"),
        describe("s", fill="-", name="t"),
        describe(2.5, width=n),
    )


@program(([1, 2],), ([],))
def early_return_of_helper(xs: list[int]):
    found = first_of(xs)
    if found is None:
        return "nothing"
    return str(found + 1)


def fill(x, value: float):
    x[:] = value


def append_to(xs: list[int], value: int):
    xs.append(value)
    return xs


@program((np.zeros(3), [1]))
def helpers_mutate(x, xs: list[int]):
    fill(x, 2.0)
    ys = append_to(xs, 5)
    return x, xs, ys, fill(x[1:], 3.0)


def a(n: int):
    return b(n) + 1


def b(n: int):
    return c(n) * 2 if n > 0 else 0


def c(n: int):
    if n > 5:
        raise ValueError(f"too deep: {n}")
    return n


@program((3,), (0,), (9,))
def chain_of_calls(n: int):
    return a(n)


def make_adder(amount, label):
    def add(x: int):
        return x + amount, label

    return add


add_five = make_adder(5, "five")
add_half = make_adder(0.5, "half")
program((3,))(add_five)
program((3,))(add_half)


@program((3,))
def calls_closures(n: int):
    return add_five(n), add_half(n)


square = lambda x: x * x  # noqa: E731 - as people write it
affine = lambda x, k=3: x * k + 1  # noqa: E731 - as people write it


@program((3,))
def calls_lambdas(n: int):
    return square(n), square(2.5), affine(n), affine(n, k=2)


def traced(function):
    @functools.wraps(function)
    def wrapper(x):
        print("calling")
        return function(x) + 1

    return wrapper


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        print("before")
        result = function(*args, **kwargs)
        print("after")
        return result

    return wrapper


@traced
def decorated(x):
    return x * 10


@logged
@traced
def twice_decorated(x):
    return x * 100


@program((3,))
def calls_decorated(n: int):
    return decorated(n), decorated(2.5), twice_decorated(n)


def collect(*values, sep="-"):
    return sep.join([str(v) for v in values])


@program((3, "x"))
def variadic_helper(n: int, s: str):
    return collect(), collect(n), collect(n, s, 2.5), collect(s, s, sep="+")


partial_affine = functools.partial(affine, k=7)


@program((3,))
def calls_partial(n: int):
    return partial_affine(n)


def pick(flag: bool):
    return 1 if flag else None


@program((True,), (False,))
def optional_result(flag: bool):
    value = pick(flag)
    return 0 if value is None else value + 1


@program((3,))
def local_alias(n: int):
    f = double
    g = math.sqrt
    if n > 100:
        h = double
    else:
        h = double
    return f(n), g(9.0), h(n)


@program((0,), (1,))
def raises_in_helper(n: int):
    return c(n * 9)


def duplicate(x):
    return x + 1


first_duplicate = duplicate


def duplicate(x):  # noqa: F811 - two functions of one name
    return x + 100


@program((1,))
def functions_of_one_name(n: int):
    return first_duplicate(n), duplicate(n)


def returns_pair(x, y):
    return y, x


@program((1, "a"))
def unpacks_results(n: int, s: str):
    (p, q), r = returns_pair(n, s), returns_pair(*returns_pair(s, n))
    return p, q, r


def shape_of(x: np.ndarray) -> tuple[int, ...]:
    return x.shape


def ratio(x: float, y: float = 2) -> float:
    return x // y


@program((7,), (9,))
def float_given_an_int(n: int):
    return ratio(n), ratio(n, 2), ratio(7.5), ratio(True)


def apply(function, x, times: int = 1, dtype=np.float32):
    for _ in range(times):
        x = function(x)
    return x, np.zeros(2, dtype), np.ones(1).astype(dtype)


def named_apply(x, *, function: Callable[[int], int] = square):
    return function(x)


@program((3,))
def functions_as_arguments(n: int):
    return (
        apply(double, n),
        apply(square, 2.5, 2),
        apply(math.sqrt, 16.0),
        apply(lambda_square, n, dtype=np.int8),
        named_apply(n),
        named_apply(n, function=double),
    )


lambda_square = square


@program((np.zeros(2, np.float32),), (np.zeros(2, np.int64),))
def classes_as_dtypes(x):
    kind = np.float64
    same = x.dtype == np.float32
    if x.dtype in (np.float32, np.float64):
        x = x.astype(kind)
    return x, same, x.dtype != float, np.zeros(3, dtype=int), np.array([1, 2], dtype=kind), x.dtype
