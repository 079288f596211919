"""Annotations as in ordinary typed NumPy code; this module keeps them as text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Annotated, Any, Dict, Final, List, Optional, Tuple, TypeAlias, Union

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike, NDArray

from programs.harness import program

Vector: TypeAlias = NDArray[np.float64]
Names = List[str]
MaybeInt = Optional[int]
SIZE: Final = 3
X = np.arange(3.0)


@program((X, X.astype(np.float32), X, X.astype(np.int64)))
def arrays(
    a: np.ndarray, b: NDArray[np.float32], c: npt.NDArray[Any], d: "np.ndarray"
) -> np.ndarray:
    return a + b + c + d


@program((X, X, np.float32(2), X))
def more_arrays(a: npt.NDArray, b: np.ndarray[Any, np.dtype[np.float64]], c: np.float32, d: Vector):
    return a * b * c + d


@program((X, X.astype(np.float16)))
def loose_arrays(a: ArrayLike, b: NDArray[np.floating]):
    return a + b


@program((1, 2.5, True, "s", 2j, None))
def scalars(a: int, b: float, c: bool, d: str, e: complex, f: None) -> tuple:
    return a, b, c, d, e, f


@program(([1], ["a"], {"k": 2.5}, {1: [X]}))
def containers(a: list[int], b: Names, c: dict[str, float], d: Dict[int, List[np.ndarray]]):
    a.append(2)
    b.append("z")
    c["x"] = 1.0
    d[1].append(d[1][0] + 1)
    return a, b, c, d


@program(((1, "a"), (1, 2, 3), (2.5,), ()))
def tuples(a: tuple[int, str], b: tuple[int, ...], c: Tuple[float], d: tuple[()]):
    return a[1] * a[0], sum(b), c[0], d, b[1:], len(b)


@program((None, 1, "a", None), (2, None, None, 2.5))
def optionals(a: Optional[int], b: int | None, c: Union[str, None], d: "float | None" = None):
    x = 0 if a is None else a
    y = b if b is not None else -1
    if c is None:
        c = "none"
    return x + y, c, d


@program(([1, 2], {"a": 1}))
def abstract_containers(a: Sequence[int], b: Mapping[str, int]):
    return sum(a), b["a"], a[0]


def _walked(a: KeysView[str], b: ValuesView[int], c: Collection[int], d: Iterator[int]):
    return [*a], sum(b), len(c) + len(a), list(d)


@program(({"a": 1, "b": 2},))
def views_and_iterators(table: dict[str, int]):
    return _walked(table.keys(), table.values(), table.values(), reversed(table.values()))


@program((1, X))
def unknowns(a: Annotated[int, "a size"], b: Any):
    return b * a


@program((1, None))
def aliases(a: MaybeInt, b: MaybeInt):
    return a, b


@program((3,))
def locals_(n: int) -> list[int]:
    total: int = 0
    xs: list[int] = []
    maybe: Optional[str] = None
    later: float
    for i in range(n):
        total += i
        xs.append(total)
        if i == 1:
            maybe = "one"
    later = total * 1.5
    return total, xs, maybe, later


@program((3, 2.5))
def positional_only(a: int, b: float, /, c: int = 4, *, d: bool = True):
    return a, b, c, d


def untyped(a, b):
    return a * b


@program((2, "x"))
def types_from_the_call(n: int, s: str):
    return untyped(n, s), untyped(s, n), untyped([n], n), untyped(2.5, n)


@program((X,))
def types_from_defaults(x, scale=2.0, names=("a", "b"), flag=False, shift=None, table={"a": 1}):
    y = x * scale if not flag else x
    if shift is not None:
        y = y + shift
    return y, names[0], table["a"]
