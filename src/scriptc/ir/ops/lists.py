"""Methods of lists and tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    CAPTURES,
    PURE,
    VIEW,
    WRITES,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Trait,
    op,
    sample,
)
from scriptc.ir.ops.python_rules import check_holds, require_known, walked
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    VariadicTupleType,
    prune,
)

_LAST = 2**63 - 1


def _element(args: Args) -> Type:
    x = args["x"]
    assert isinstance(x, ListType)
    return prune(x.element)


def _stores(name: str) -> InferRule:
    def infer(args: Args) -> Type:
        check_holds(str(args["x"]), _element(args), args[name])
        return NONE

    return infer


def _extend(args: Args) -> Type:
    check_holds(str(args["x"]), _element(args), walked(args["values"]))
    return NONE


def _pop(args: Args) -> Type:
    require_known(_element(args))
    return _element(args)


def check_sortable(element: Type) -> None:
    """Raise `RuleError` unless `<` orders values of a type."""
    element = prune(element)
    if isinstance(element, ListType | TupleType | VariadicTupleType | TensorType | TypeVariable):
        return
    if element not in (INT, FLOAT, BOOL, STR):
        hint = "sort by the absolute value" if element == COMPLEX else ""
        raise RuleError(f"values of type {element} have no order", hint)


def _sort(args: Args) -> Type:
    check_sortable(_element(args))
    return NONE


def _sort_kernel(x: list[Any], reverse: bool) -> None:
    x.sort(reverse=reverse)


def _method(
    schema: str,
    doc: str,
    infer: InferRule | Type,
    kernel: Callable[..., Any],
    made: Callable[[], list[Sample]],
    *traits: Trait,
    owner: str = "list",
) -> OpDef:
    name = schema.partition("(")[0].removeprefix(f"{owner}_")
    rule = (lambda args: infer) if isinstance(infer, Type) else infer
    return op(
        schema, doc=doc, infer=rule, kernel=kernel, traits=traits, spellings=(f"{owner}.{name}",),
        samples=made,
    )  # fmt: skip


def _append_samples() -> list[Sample]:
    return [
        sample([1, 2], 3),
        sample([], "a"),
        sample([np.ones(2)], np.zeros((1, 1), np.int8)),
        sample([[1]], [2]),
        sample([None, 1], None),
    ]


def _searched() -> list[Sample]:
    return [
        sample([1, 2, 1], 1),
        sample([1.5, 2.0], 2),
        sample(["a", "b"], "b"),
        sample([1, 2], np.int64(2)),
        sample([True, False], 0),
    ]


def _index_samples() -> list[Sample]:
    return [
        *_searched(),
        sample([1, 2, 1], 1, 1),
        sample([1, 2, 1], 1, -2, 3),
        sample([1, 2], 3, raises=ValueError),
        sample([], 3, raises=ValueError),
    ]


OPS = (
    _method(
        "list_append(x: list, value: Any)", "Adds a value at the end.", _stores("value"),
        list.append, _append_samples, WRITES, CAPTURES,
    ),
    _method(
        "list_extend(x: list, values: iterable)", "Adds the elements of an iterable at the end.",
        _extend, list.extend,
        lambda: [
            sample([1], [2, 3]), sample([], (1.5,)), sample(["a"], "bc"), sample([1], range(3)),
            sample([np.zeros(2)], np.ones((2, 2))), sample([1], []), sample(["a"], {"b": 1}),
            sample([1], 2, raises=TypeError),
        ],
        WRITES, CAPTURES,
    ),
    _method(
        "list_insert(x: list, index: int, value: Any)", "Puts a value before an index.",
        _stores("value"), list.insert,
        lambda: [
            sample([1, 2], 0, 3), sample([1, 2], -1, 3), sample([], 9, "a"),
            sample([1], np.int64(1), 2),
        ],
        WRITES, CAPTURES,
    ),
    _method(
        "list_pop(x: list, index: int = -1)", "Takes an element out, and gives it.",
        _pop, list.pop,
        lambda: [
            sample([1, 2]), sample(["a", "b"], 0), sample([1.5], np.int64(0)),
            sample([1], 3, raises=IndexError),
        ],
        WRITES, VIEW,
    ),
    _method(
        "list_remove(x: list, value: Any)", "Takes the first element out that equals a value.",
        NONE, list.remove, lambda: [*_searched(), sample([1], 2, raises=ValueError)], WRITES,
    ),
    _method(
        "list_clear(x: list)", "Takes all elements out.", NONE, list.clear,
        lambda: [sample([1, 2]), sample([])], WRITES,
    ),
    _method(
        f"list_index(x: list, value: Any, start: int = 0, stop: int = {_LAST})",
        "The place of the first element that equals a value, from `start` to before `stop`.",
        INT, list.index, _index_samples, PURE,
    ),
    _method(
        "list_count(x: list, value: Any)", "How many elements equal a value.", INT, list.count,
        lambda: [*_searched(), sample([], 1), sample([1], "a")], PURE,
    ),
    _method(
        "list_reverse(x: list)", "Turns the order around, in place.", NONE, list.reverse,
        lambda: [sample([1, 2, 3]), sample([])], WRITES,
    ),
    op(
        "list_sort(x: list, *, reverse: bool = False)",
        doc="Sorts in place, and stably.",
        infer=_sort,
        kernel=_sort_kernel,
        traits=(WRITES,),
        spellings=("list.sort",),
        samples=lambda: [
            sample([3, 1, 2]), sample([1.5, -2.0], reverse=True), sample(["b", "a"]), sample([]),
            sample([(2, "a"), (1, "b")]), sample([1j, 2j], raises=TypeError),
        ],
    ),
    _method(
        "list_copy(x: list)", "A new list of the same elements.", lambda args: args["x"],
        list.copy, lambda: [sample([1, 2]), sample([])], PURE, VIEW,
    ),
    _method(
        f"tuple_index(x: tuple, value: Any, start: int = 0, stop: int = {_LAST})",
        "The place of the first element that equals a value, from `start` to before `stop`.",
        INT, tuple.index,
        lambda: [
            sample((1, "a", 1), "a"), sample((1, 2, 1), 1, 1), sample((1,), 2, raises=ValueError),
        ],
        PURE, owner="tuple",
    ),
    _method(
        "tuple_count(x: tuple, value: Any)", "How many elements equal a value.", INT,
        tuple.count, lambda: [sample((1, "a", 1), 1), sample((), 1)], PURE, owner="tuple",
    ),
)  # fmt: skip
