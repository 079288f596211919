"""Ranges, iterators, and the built-ins that walk over an iterable.

`enumerate`, `zip` and `reversed` give an iterator, which can be walked over once. Two of them on
the same operands are not interchangeable, so they are not `PURE`. An operation that takes an
iterator uses it up: passes must not repeat, drop or move one with an operand of `IteratorType`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    INT_RANGE,
    PURE,
    UNKNOWN,
    VIEW,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    check_kind,
    op,
    sample,
)
from scriptc.ir.ops.lists import check_sortable
from scriptc.ir.ops.operators import binary_rule
from scriptc.ir.ops.python_rules import element_of, not_defined, walked
from scriptc.ir.ops.sequences import concatenation
from scriptc.ir.schema import parse_schema
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NEVER,
    RANGE,
    STR,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    either,
    generalize,
    members_of,
    prune,
)

# --- rules --------------------------------------------------------------------------------------


def _reversed(args: Args) -> Type:
    x = args["x"]
    if isinstance(x, IteratorType):
        raise RuleError("an iterator cannot be reversed", "make it a list first: `list(...)`")
    return IteratorType(walked(x))


def _sorted(args: Args) -> Type:
    element = element_of(args["x"])
    check_sortable(element)
    return ListType(element)


def _extreme(name: str) -> InferRule:
    def infer(args: Args) -> Type:
        if not args.types:
            raise RuleError(f"`{name}` takes at least one value")
        if len(args.types) == 1:
            (x,) = args.types
            if not check_kind("iterable", x):
                raise RuleError(f"`{name}` of one {x}", "pass several values, or an iterable")
            parts: Sequence[Type] = x.elements if isinstance(x, TupleType) else [walked(x)]
        else:
            parts = args.types
        result: Type | None = NEVER
        for part in parts:
            result = None if result is None else either(result, part)
        if result is None:
            help_ = f"use `np.{name}imum`" if any(map(_is_tensor, parts)) else ""
            listed = " and ".join(str(t) for t in dict.fromkeys(parts))
            raise RuleError(f"`{name}` of {listed} has no single type", help_)
        if result == COMPLEX:
            raise not_defined(name, result)
        return result

    return infer


def _is_tensor(type_: Type) -> bool:
    return isinstance(prune(type_), TensorType)


def _folded(sign: str, start: Type, parts: Sequence[Type]) -> Type:
    """Return the type of `start + a + b...`, all parts being there."""
    rule = _ADD if sign == "+" else _MULTIPLY
    for part in parts:
        found = rule(Args(_PAIR, (start, part), (UNKNOWN, UNKNOWN)))
        assert isinstance(found, Type)
        start = found
    return start


def _folded_often(sign: str, start: Type, part: Type) -> Type | None:
    """Return the type of `start + part + part...`, or None if it depends on how many there are."""
    result: Type | None = start
    for _ in range(3):
        before = result
        for member in () if before is None else members_of(before):
            added = generalize(_folded(sign, member, [part]))
            result = None if result is None else either(result, added)
    return result if result == before else None


def _accumulation(sign: str, name: str) -> InferRule:
    def infer(args: Args) -> Type:
        x, start = args["x"], args["start"]
        if start == STR:
            raise RuleError(f"`{name}` takes no strings", 'use `"".join(...)`')
        if isinstance(x, TupleType):
            return _folded(sign, start, x.elements)
        element = prune(walked(x))
        if element == NEVER:
            return start
        result = _folded_often(sign, start, element)
        if result is None:
            number, array = ("0", "np.zeros(())") if sign == "+" else ("1", "np.ones(())")
            starts: dict[Type, str] = {FLOAT: f"{number}.0", COMPLEX: f"{number} + 0j"}
            first = starts.get(element, array)
            raise RuleError(
                f"`{name}` of {x} is the {start} it starts from if nothing is there to add up",
                f"start from a value of the same type: `{name}(x, start={first})`",
            )
        return result

    return infer


_PAIR = parse_schema("pair(a: Any, b: Any)")
_ADD = binary_rule("+", operator.add, np.add, concatenation)
_MULTIPLY = binary_rule("*", operator.mul, np.multiply)


def _truths(args: Args) -> Type:
    element = prune(walked(args["x"]))
    if isinstance(element, TensorType) and element.rank:
        raise RuleError(
            f"the truth value of a {element} is ambiguous", "use `x.any()` or `x.all()`"
        )
    return BOOL


# --- kernels ------------------------------------------------------------------------------------


def _range(start: Any, stop: Any, step: Any) -> range:
    return range(start) if stop is None else range(start, stop, step)


def _sorted_kernel(x: Iterable[Any], reverse: bool) -> list[Any]:
    return sorted(x, reverse=reverse)


def _prod(x: Iterable[Any], start: Any) -> Any:
    return math.prod(x, start=start)


# --- samples ------------------------------------------------------------------------------------


def _iterables() -> list[Any]:
    return [[1, 2], "abc", (1, 2), range(4), np.arange(3), {"a": 1}, [], np.ones((2, 2)), [1.5]]


def _extremes() -> list[Sample]:
    return [
        sample(1, 2), sample(2.5, 1.5, -0.0), sample("b", "a"), sample([3, 1]), sample((1, 2)),
        sample(np.array([1.0, 2.0])), sample(np.float32(1), np.float32(2)), sample("hello"),
        sample({"b": 1, "a": 2}), sample([1], [0, 5]), sample((1, "a"), (1, "b")),
        sample(float("nan"), 1.0), sample([], raises=ValueError), sample(3, raises=TypeError),
        sample(1, "a", raises=TypeError), sample([np.ones(2), np.ones(2)], raises=ValueError),
        sample(1j, 2j, raises=TypeError),
    ]  # fmt: skip


def _sums(start: Any) -> Callable[[], list[Sample]]:
    def made() -> list[Sample]:
        return [
            sample([1, 2, 3]), sample([]), sample((1, 2.5)), sample([0.1] * 10, start=1.0),
            sample([True, False]), sample(range(5)), sample((1.5, 2.5), start=start),
            sample((np.ones(2), np.zeros(2))), sample([np.ones(2)], start=np.zeros(2)),
            sample([2**62] * 2, start=1), sample([1j], start=1j), sample((1, np.int8(3))),
            sample(["a"], raises=TypeError), sample(3, raises=TypeError),
        ]  # fmt: skip

    return made


def _truth_samples() -> list[Sample]:
    return [
        sample([True, False]), sample([]), sample((1, "", None)), sample("a"), sample([0.0, 1.0]),
        sample(np.array([True, True])), sample({"": 1}), sample(np.zeros(0)),
        sample(3, raises=TypeError), sample(np.ones((2, 2)), raises=ValueError),
    ]  # fmt: skip


# --- operations ---------------------------------------------------------------------------------

OPS: tuple[OpDef, ...] = (
    op(
        "range(start: int, stop: int | None = None, step: int = 1)",
        doc="The ints from `start` to before `stop`; with `start` alone, from 0 to before it.",
        infer=lambda args: RANGE,
        kernel=_range,
        traits=(PURE,),
        spellings=("builtins.range",),
        samples=lambda: [
            sample(5), sample(2, 5), sample(5, 0, -2), sample(np.int64(3)), sample(0, np.int8(3)),
            sample(-1), sample(0, 1, 0, raises=ValueError),
        ],
    ),
    op(
        "enumerate(x: iterable, start: int = 0)",
        doc="Walks over pairs of a number, counted from `start`, and an element.",
        infer=lambda args: IteratorType(TupleType((INT, walked(args["x"])))),
        kernel=enumerate,
        traits=(VIEW,),
        spellings=("builtins.enumerate",),
        samples=lambda: [*map(sample, _iterables()), sample("ab", 3), sample(3, raises=TypeError)],
    ),
    op(
        "zip(*iterables: iterable)",
        doc="Walks over several iterables at once, to the end of the shortest.",
        infer=lambda args: IteratorType(TupleType(tuple(map(walked, args.types)))),
        kernel=zip,
        traits=(VIEW,),
        spellings=("builtins.zip",),
        samples=lambda: [
            sample(), sample([1, 2], "abc"), sample(range(3), np.ones((3, 2)), (1.5, 2.5)),
            *map(sample, _iterables()), sample([1], 3, raises=TypeError),
        ],
    ),
    op(
        "reversed(x: iterable)",
        doc="Walks over the elements from the last to the first.",
        infer=_reversed,
        kernel=reversed,
        traits=(VIEW,),
        spellings=("builtins.reversed",),
        samples=lambda: [*map(sample, _iterables()), sample(3, raises=TypeError)],
    ),
    op(
        "sorted(x: iterable, *, reverse: bool = False)",
        doc="A new list of the elements in order; equal ones stay as they were.",
        infer=_sorted,
        kernel=_sorted_kernel,
        traits=(PURE, VIEW),
        spellings=("builtins.sorted",),
        samples=lambda: [
            sample([3, 1, 2]), sample("hello"), sample((2.5, -1.0), reverse=True),
            sample({"b": 1, "a": 2}), sample([(2, "a"), (1, "b")]), sample(np.array([3, 1])),
            sample([]), sample(range(3), reverse=True), sample([1j, 2j], raises=TypeError),
            sample(3, raises=TypeError),
        ],
    ),
    op(
        "builtin_min(*values: Any)",
        doc="The smallest of several values, or of the elements of one iterable.",
        infer=_extreme("min"),
        kernel=min,
        traits=(PURE, VIEW),
        spellings=("builtins.min",),
        samples=_extremes,
    ),
    op(
        "builtin_max(*values: Any)",
        doc="The largest of several values, or of the elements of one iterable.",
        infer=_extreme("max"),
        kernel=max,
        traits=(PURE, VIEW),
        spellings=("builtins.max",),
        samples=_extremes,
    ),
    op(
        "builtin_sum(x: iterable, start: Any = 0)",
        doc="The sum of `start` and the elements, which is `start` if there are none.",
        infer=_accumulation("+", "sum"),
        kernel=sum,
        traits=(PURE, VIEW, INT_RANGE),
        spellings=("builtins.sum",),
        samples=lambda: [*_sums(0.0)(), sample([[1], [2]], []), sample([(1,)], (2.5,))],
    ),
    op(
        "math_prod(x: iterable, *, start: number = 1)",
        doc="The product of `start` and the elements, which is `start` if there are none.",
        infer=_accumulation("*", "math.prod"),
        kernel=_prod,
        traits=(PURE, INT_RANGE),
        spellings=("math.prod",),
        samples=lambda: [
            s for s in _sums(1.0)() if not isinstance(s.kwargs.get("start"), np.ndarray)
            and s.args != (["a"],)
        ],
    ),
    op(
        "builtin_any(x: iterable)",
        doc="Whether an element is true; elements after it are not looked at.",
        infer=_truths,
        kernel=any,
        traits=(PURE,),
        spellings=("builtins.any",),
        samples=_truth_samples,
    ),
    op(
        "builtin_all(x: iterable)",
        doc="Whether all elements are true; elements after a false one are not looked at.",
        infer=_truths,
        kernel=all,
        traits=(PURE,),
        spellings=("builtins.all",),
        samples=_truth_samples,
    ),
)  # fmt: skip
