"""Branches, loops, early exits, `raise`, `assert` and `print`."""

import numpy as np

from programs.harness import program


@program((3,), (0,), (-3,), (7,))
def if_elif_else(n: int):
    if n > 5:
        kind = "large"
    elif n > 0:
        kind = "small"
    elif n == 0:
        kind = "zero"
    else:
        kind = "negative"
    return kind


@program((3,), (-3,))
def branch_without_else(n: int):
    sign = 1
    if n < 0:
        sign = -1
        n = -n
    return sign, n


@program((3,), (-3,), (0,))
def maybe_unassigned(n: int):
    if n > 0:
        x = 1
    if n != 0:
        y = x + 1
        return y
    return -1


@program((2, 5), (5, 2), (2, 2))
def conditional_expressions(a: int, b: int):
    smaller = a if a < b else b
    text = "less" if a < b else "more" if a > b else "same"
    return smaller, text, (a if a else None)


@program((0,), (1,), (10,))
def for_range(n: int):
    total = 0
    for i in range(n):
        total += i
    for i in range(n, 0, -2):
        total = total * 2 + i
    for i in range(2, n):
        total -= i
    return total


@program((3,), (0,))
def loop_variable_after(n: int):
    i = -1
    for i in range(n):
        pass
    return i


@program(([1, 2, 3],), ([],))
def for_list(xs: list[int]):
    out = []
    for x in xs:
        out.append(x * x)
    return out


@program(((1, 2.5, "a"),), ((7, -0.0, ""),))
def for_mixed_tuple(xs: tuple[int, float, str]):
    out = []
    for x in xs:
        out.append(str(x))
    return out


@program((1, "b"), (2, "c"))
def for_mixed_display(a: int, b: str):
    out = ""
    for x in (a, b, 2.5, None, True):
        out += f"{x}|"
    return out


@program((2,), (5,), (1,))
def break_in_mixed_tuple(n: int):
    found = 0
    for x in (1, 2.5, "abc", n):
        if str(x) == str(n):
            break
        found += 1
    return found


@program((2,), (5,), (1,))
def continue_in_mixed_tuple(n: int):
    found = []
    for x in (1, 2.5, "abc", n):
        if str(x) == str(n):
            continue
        found.append(str(x))
    return found


@program((2,), (5,), (1,))
def return_in_mixed_tuple(n: int):
    for i, x in enumerate((1, 2.5, "abc", None)):
        if str(x) == str(n) or i == n:
            return f"{i}={x}"
    return "none"


@program((0,), (1,), (2,), (9,))
def nested_unrolled_exits(n: int):
    log = []
    for x in (1, "a"):
        for y in (2.5, "b", 3):
            if f"{x}{y}" == "12.5" and n == 0:
                continue
            if f"{y}" == "b" and n == 1:
                break
            if f"{x}{y}" == "a3" and n == 2:
                return log, "early"
            log.append(f"{x}{y}")
        else_ = len(log)
        log.append(str(else_))
    return log, "end"


@program((4,), (0,))
def unrolled_inside_loop(n: int):
    log = []
    for i in range(n):
        for x in (1, "a", 2.5):
            if i == 1:
                continue
            if i == 2 and f"{x}" == "a":
                break
            if i == 3:
                return log
            log.append(f"{i}{x}")
    return log


@program((4,), (0,))
def loop_inside_unrolled(n: int):
    log = []
    for x in (1, "a", 2.5):
        for i in range(n):
            if i == 1:
                continue
            if i == 3:
                break
            log.append(f"{i}{x}")
        if f"{x}" == "a":
            break
    return log


@program((np.arange(3),), (np.array([], np.int8),))
def for_array_scalars(x):
    out = []
    for v in x:
        out.append(v + 1)
    return out


@program(("hello",), ("",), ("äöü😀",))
def for_string(text: str):
    out = ""
    for c in text:
        out = c.upper() + out
    return out


@program((["a", "b"], [1, 2, 3]), ([], []))
def enumerate_and_zip(names: list[str], numbers: list[int]):
    out = []
    for i, name in enumerate(names):
        out.append(f"{i}{name}")
    for i, name in enumerate(names, 5):
        out.append(f"{i}{name}")
    for name, number in zip(names, numbers):
        out.append(name * number)
    for i, (name, number) in enumerate(zip(names, numbers), start=1):
        out.append(f"{i}{name}{number}")
    return out


@program((np.arange(4.0), [1.0, 2.0]), (np.zeros(0), []))
def zip_arrays(x, y: list[float]):
    total = 0.0
    for a, b in zip(x, y):
        total += float(a) * b
    return total


@program(({"a": 1, "b": 2},), ({},))
def dict_loops(d: dict[str, int]):
    keys, values, items = [], [], []
    for k in d:
        keys.append(k)
    for k in d.keys():
        keys.append(k)
    for v in d.values():
        values.append(v)
    for k, v in d.items():
        items.append((v, k))
    for item in d.items():
        items.append((item[1], item[0]))
    return keys, values, items


@program(({"a": 1, "b": 2},))
def dict_changes_size(d: dict[str, int]):
    for k in d:
        d[k + k] = 0
    return d


@program(([1, 2, 3],))
def list_grows_while_walked(xs: list[int]):
    for x in xs:
        if len(xs) < 6:
            xs.append(x * 10)
    return xs


@program((10,), (0,), (-1,))
def while_loop(n: int):
    steps = []
    while n > 0:
        n -= 3
        if n == 4:
            continue
        steps.append(n)
        if len(steps) > 10:
            break
    return n, steps


@program((7,), (0,))
def while_true(n: int):
    count = 0
    while True:
        if n <= 0:
            return count
        n -= 2
        count += 1


@program((3, 4), (1, 1), (0, 3), (5, 5))
def nested_exits(n: int, m: int):
    log = []
    for i in range(n):
        for j in range(m):
            if j == 2:
                break
            if i == j:
                continue
            k = 0
            while True:
                k += 1
                if k > 2:
                    break
                if i * 10 + j + k == 33:
                    return log, i, j
            log.append(i * 10 + j)
        if i == 4:
            break
    return log, n, m


@program((5,), (-1,), (0,))
def raises(n: int):
    if n < 0:
        raise ValueError(f"negative: {n}")
    if n == 0:
        raise KeyError("zero")
    if n == 6:
        raise IndexError
    assert n != 5, "five"
    assert n
    return n


@program((0,), (1,))
def plain_assert(n: int):
    assert n, f"{n} is false"
    return n


class CustomError(ValueError):
    """An error of the user's own."""


@program((0,), (1,))
def custom_error(n: int):
    if n:
        raise CustomError("own", n)
    return n


@program((3, "a"))
def prints(n: int, text: str):
    print()
    print(n, text, 2.5, None, True, sep="-", end="!\n")
    print([n], {text: n}, (n, text), [text])
    for i in range(n):
        print(i, end=" ")


@program((0,), (3,), (5,))
def zero_division(n: int):
    total = 0
    for i in range(n):
        total += 10 // (3 - i)
    return total


@program((True, True), (True, False), (False, True), (False, False))
def and_or_values(a: bool, b: bool):
    x = a and 5 > 3 and b
    y = a or b
    return x, y, not a, (a and b) or (not a and not b)


@program((0, "", [1]), (3, "x", []))
def falsy_values(n: int, s: str, xs: list[int]):
    return n or 7, s or "default", xs or [0], n and 5, s and "yes", not xs, not s, bool(xs)


@program((None,), (0,), (5,))
def optional_values(x: int | None):
    y = x or 3
    z = 1 if x is None else x + 1
    if x is not None and x > 2:
        y = x
    if x is None or x == 0:
        return "none or zero", y, z
    return str(x), y, z


@program((None,), ("a",))
def optional_early_exit(x: str | None):
    if x is None:
        return 0
    return len(x)


@program((None,), ("a",))
def optional_raise(x: str | None):
    if x is None:
        raise ValueError("none")
    return len(x)


@program((None, 3), ("a", 2))
def optional_assigned(x: str | None, n: int):
    if x is None:
        x = "default"
    return x * n


@program((3,), (15,), (-1,), (10,))
def chained_comparisons(n: int):
    return 0 < n < 10, 0 < n <= 10 != n, 5 > n > -5 < n


def noisy(log: list[str], name: str, value: int):
    log.append(name)
    return value


@program((1, 2, 3), (3, 2, 1), (1, 1, 1))
def chained_evaluates_once(a: int, b: int, c: int):
    log: list[str] = []
    result = noisy(log, "a", a) < noisy(log, "b", b) < noisy(log, "c", c)
    other = noisy(log, "x", a) == 1 and noisy(log, "y", b) == 2 or noisy(log, "z", c) == 3
    return result, other, log


@program((1, 2))
def evaluation_order(a: int, b: int):
    log: list[str] = []
    xs = [0, 0, 0]
    xs[noisy(log, "index", a)] = noisy(log, "value", b)
    d = {noisy(log, "k1", 1): noisy(log, "v1", 2), noisy(log, "k2", 3): noisy(log, "v2", 4)}
    total = noisy(log, "l", a) + noisy(log, "m", b) * noisy(log, "r", a)
    xs[noisy(log, "i2", a)] += noisy(log, "v2", b)
    return xs, d, total, log


@program((5,), (0,))
def swap_and_fibonacci(n: int):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b


@program((5,))
def variable_changes_type(n: int):
    x = n
    x = str(x)
    x = [x]
    return x


@program((3,), (0,))
def variable_defined_in_loop(n: int):
    for i in range(n):
        last = i * 2
    if n > 0:
        return last
    return None


@program((3,), (0,))
def none_before_loop(n: int):
    best = None
    for i in range(n):
        if best is None or i > best:
            best = i
    return best


@program(([3.0, 1.0, 2.0],), ([],))
def best_of(xs: list[float]):
    best: float | None = None
    for x in xs:
        if best is None or x < best:
            best = x
    return best


@program((3,), (11,))
def pass_and_docstrings(n: int):
    """A docstring."""
    if n > 10:
        pass
    else:
        "a string"
        ...
    return n


@program((2**62,), (3,))
def walrus(n: int):
    if (half := n // 2) > 10:
        return half, 0
    total = (half := half + 1) + half
    return half, total


@program((8,), (0,))
def walrus_in_while(n: int):
    out = []
    while (n := n - 3) > 0:
        out.append(n)
    return n, out


@program((5,), (1,))
def for_else(n: int):
    for i in range(n):
        if i == 3:
            found = "found"
            break
    else:
        found = "not found"
    return found


@program((5,), (1,))
def while_else(n: int):
    while n > 0:
        n -= 1
        if n == 3:
            break
    else:
        n = 100
    return n


@program((1,), (3,))
def unreachable_code(n: int):
    if n == 1:
        return 7
        n = 2
    while True:
        n += 1
        if n > 5:
            break
        continue
        n = 100
    return n


@program((1,), (0,))
def all_paths_raise(n: int):
    if n:
        raise ValueError("one")
    raise TypeError("other")


@program((3,), (0,))
def returns_none_sometimes(n: int):
    if n:
        return n


@program((3,), (0,))
def bare_return(n: int):
    if n:
        return
    print("zero")
