"""`.code` scripts to the program that it was printed from, and runs as plain Python as well."""

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc.frontend.annotations import Tensor

HEADER = """\
import math
import numpy as np
from collections.abc import Collection, Iterator
from scriptc.frontend.annotations import Tensor


"""


def fib(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def first_even(xs: list[int]) -> int:
    for i, x in enumerate(xs):
        if x % 2 == 0:
            return i
    return -1


def nested(n: int) -> int:
    count = 0
    for i in range(n):
        for j in range(i):
            if (i + j) % 3 == 0:
                continue
            if j > 4:
                break
            count += i * j
        before = count
        count = before + 1
    return count


def optional(x: int | None, d: dict[str, int]) -> int:
    if x is None:
        x = d.get("a", 3)
    y = x if x > 2 else -x
    d["b"] = y
    return y


def text(name: str, n: int) -> str:
    out = ""
    while n > 0 and len(out) < 20:
        out = out + name[n % 3 :]
        n -= 1
    return f"{out!r}: {n:>4}"


def unbound(c: bool) -> int:
    if c:
        q = 4
    return q


def collatz(n: int) -> list[int]:
    seen = [n]
    while True:
        if n == 1:
            break
        if n % 2 == 0:  # noqa: SIM108 - as people write it
            n = n // 2
        else:
            n = 3 * n + 1
        seen.append(n)
    return seen


def helper(a: int, b: int = 3) -> int:
    return a * b


def calls(n: int) -> int:
    return helper(n) + helper(n, 4) + helper(b=n, a=2)


def lists(xs: list[int]) -> list[int]:
    ys = xs
    ys += [1]
    xs[0] += 5
    del ys[1]
    return [x * 2 for x in xs if x > 1]


def tensors(x: Tensor, y: Tensor) -> Tensor:
    z = x
    z += y
    for i in range(3):
        z = z * 2 - x
        if i == 1:
            x[0] = i
    return z[:2, None] @ y


def swap(a: int, b: int, n: int) -> tuple[int, int]:
    while n:
        a, b = b, a
        n -= 1
    return a, b


def refuse(n: int) -> int:
    if n > 100:
        return -1
    elif n == 50:  # noqa: RET505 - as people write it
        raise ValueError("no", n)
    return n**5 + (n << 3)


def total_of(numbers):  # type: ignore[no-untyped-def]  # compiled for what it is given
    total = 0
    for number in numbers:
        total += number
    return total


def walks(d: dict[str, int]) -> int:
    values = d.values()
    return total_of(values) + total_of(reversed(values)) + total_of(d.values()) + len(values)


CASES: list[tuple[Callable[..., Any], list[tuple[Any, ...]]]] = [
    (fib, [(0,), (10,), (90,)]),
    (first_even, [([1, 3, 4],), ([],)]),
    (nested, [(9,)]),
    (optional, [(None, {}), (None, {"a": 1}), (5, {})]),
    (text, [("abc", 4), ("", 30)]),
    (unbound, [(True,), (False,)]),
    (collatz, [(7,)]),
    (calls, [(3,)]),
    (lists, [([1, 2, 3],)]),
    (tensors, [(np.ones(3), np.arange(3.0)), (np.ones((3, 3)), np.ones(3))]),
    (walks, [({},), ({"a": 3, "b": 4},)]),
    (swap, [(1, 2, 3), (1, 2, 4)]),
    (refuse, [(101,), (50,), (3,)]),
]


def load(code: str, path: Path) -> Any:
    path.write_text(HEADER + code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcome(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """Return what a call gives or raises, and what it leaves in its arguments, as text."""
    given = copy.deepcopy(arguments)
    try:
        result = function(*given)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        result = (type(error), error.args)
    return repr((result, given))


@pytest.mark.parametrize(
    ("function", "calls"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_code_scripts_to_the_same_program(
    function: Callable[..., Any], calls: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    scripted: Any = scriptc.script(function)
    module = load(scripted.code, tmp_path / f"printed_{function.__name__}.py")
    printed = getattr(module, function.__name__)
    again: Any = scriptc.script(printed)
    assert again.code == scripted.code
    for arguments in calls:
        expected = outcome(function, arguments)
        assert outcome(scripted, arguments) == expected
        assert outcome(printed, arguments) == expected
        assert outcome(again, arguments) == expected
