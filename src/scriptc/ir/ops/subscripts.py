"""Subscripts: reading, assigning and deleting `x[index]`."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    CAPTURES,
    PURE,
    UNKNOWN,
    VIEW,
    WRITES,
    Args,
    OpDef,
    RuleError,
    Sample,
    check_kind,
    op,
    sample,
)
from scriptc.ir.ops.index_shapes import indexed
from scriptc.ir.ops.python_rules import check_holds, check_lookup, none_help, require_known, walked
from scriptc.ir.ops.rules import element_type
from scriptc.ir.types import (
    INT,
    NEVER,
    NONE,
    RANGE,
    SLICE,
    STR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    ViewType,
    prune,
)


def _check_position(x: Type, index: Type) -> bool:
    """Tell whether an index of a sequence is a slice; raise `RuleError` if it is no index."""
    if index == SLICE:
        return True
    if not check_kind("int", index):
        raise RuleError(f"a {x} is indexed by an int or a slice, not {index}", none_help(index))
    return False


def _getitem(args: Args) -> Type:
    x, index, value = args["x"], args["index"], args.constant("index")
    if x == NEVER:
        return NEVER
    require_known(x, index)
    match x:
        case TensorType():
            return indexed(x, index, value)
        case ListType(element):
            return x if _check_position(x, index) else prune(element)
        case TupleType(elements):
            return _tuple_item(x, elements, index, value)
        case VariadicTupleType(element):
            return x if _check_position(x, index) else prune(element)
        case DictType(_, item):
            check_lookup(x, index)
            return prune(item)
        case IteratorType() | ViewType():
            raise RuleError(f"a {x} cannot be indexed", "make it a list first: `list(...)`")
    if x == STR:
        _check_position(x, index)
        return STR
    if x == RANGE:
        return RANGE if _check_position(x, index) else INT
    raise RuleError(f"a value of type {x} cannot be indexed", none_help(x))


def _tuple_item(x: Type, elements: tuple[Type, ...], index: Type, value: Any) -> Type:
    if _check_position(x, index):
        if value is UNKNOWN:
            return VariadicTupleType(element_type(x))
        return TupleType(elements[value])
    if value is UNKNOWN:
        if not elements:
            raise RuleError("an empty tuple has no elements")
        return element_type(x)
    position = operator.index(value)
    if not -len(elements) <= position < len(elements):
        raise RuleError(
            f"a tuple of {len(elements)} has no element {position}",
            f"use an index from {-len(elements)} to {len(elements) - 1}" if elements else "",
        )
    return prune(elements[position])


def _setitem(args: Args) -> Type:
    x, index, value = args["x"], args["index"], args["value"]
    require_known(x, index)
    match x:
        case TensorType():
            indexed(x, index, args.constant("index"))
            if not check_kind("ArrayLike", value):
                raise RuleError(f"a tensor cannot hold a {value}", none_help(value))
        case ListType(element):
            if _check_position(x, index):
                check_holds(str(x), element, walked(value))
            else:
                check_holds(str(x), element, value)
        case DictType(key, item):
            check_lookup(x, index)
            check_holds(f"dict with keys of type {key}", key, index)
            check_holds(str(x), item, value)
        case _:
            raise RuleError(
                f"an element of a {x} cannot be assigned", none_help(x) or "make a new one"
            )
    return NONE


def _delitem(args: Args) -> Type:
    x, index = args["x"], args["index"]
    require_known(x, index)
    match x:
        case ListType():
            _check_position(x, index)
        case DictType():
            check_lookup(x, index)
        case TensorType():
            raise RuleError("elements of a tensor cannot be deleted", "use `np.delete`")
        case _:
            raise RuleError(f"an element of a {x} cannot be deleted", none_help(x))
    return NONE


# --- samples ------------------------------------------------------------------------------------


def _tensor_indices() -> list[Any]:
    mask = np.array([[True, False, True], [False, False, True]])
    return [
        0, -1, (1, 2), (0, np.int64(1)), np.int64(1), np.array(1), (), ..., None, slice(None),
        slice(1, None), (slice(None), 0), (slice(0, 2), slice(None, None, -1)), (..., 0),
        (None, ..., None), (0, ..., slice(1)), [0, 1], [], np.array([1, 0, 1]), mask, [True, False],
        np.array([[0, 1], [1, 0]]), ([0, 1], [1, 2]), (np.array([0, 1]), slice(None)),
        (slice(None), np.array([2, 0])), (0, np.array([1, 2])), (np.array([True, False]), 1),
        (np.array([[0], [1]]), np.array([0, 2])), ((0, 1),), (slice(0, 0), None, [0]),
    ]  # fmt: skip


def _cube() -> np.ndarray[Any, Any]:
    return np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def _getitem_samples() -> list[Sample]:
    matrix = np.arange(6).reshape(2, 3)
    cube = [0, (0, 1, 2), (0, slice(None), [1, 2]), ([0, 1], slice(None), [1, 2]), (..., [0, 1])]
    more = [([0], [1], slice(2)), (slice(None), [0, 1], [1, 2]), np.ones((2, 3), bool)]
    separated = [([0, 1], None, [0, 1]), (None, [0, 1], slice(None), 0)]
    plain: list[tuple[Any, Any]] = [
        ([1, 2, 3], 1), ([1, 2, 3], -1), ([1, 2, 3], slice(1, None)), ([1, 2], True),
        ([[1], [2]], 0), (["a"], np.int64(0)), ([np.ones(2)], 0),
        ((1, "a", 2.5), 1), ((1, "a", 2.5), -1), ((1, "a", 2.5), slice(1, None)), ((1, 2), True),
        ("abc", 1), ("abc", slice(None, None, -1)), (range(0, 9, 3), 1), (range(9), slice(2, 4)),
        ({"a": 1}, "a"), ({1: "x"}, 1), ({1: "x"}, 1.0), ({1: "x"}, np.int64(1)),
        ({(1, 2): 3}, (1, 2)),
    ]  # fmt: skip
    failing: list[tuple[Any, Any, type[BaseException]]] = [
        ([1], 3, IndexError), ((1,), 3, IndexError), ("a", 5, IndexError),
        ({"a": 1}, "b", KeyError),
        ([1], 1.5, TypeError), ([1], "a", TypeError), (matrix, 2, IndexError),
        (matrix, 1.5, IndexError), (matrix, (0, 0, 0), IndexError), (matrix, "a", IndexError),
        (np.float64(1), 0, IndexError), (3, 0, TypeError), (None, 0, TypeError),
        (matrix, [0.5], IndexError), ({1: 2}, [1], TypeError), (range(3), 7, IndexError),
    ]  # fmt: skip
    return [
        *(sample(matrix, index) for index in _tensor_indices()),
        *(sample(_cube(), index) for index in cube + more + separated),
        sample(np.float64(1.5), ()),
        *(sample(*args) for args in plain),
        *(sample(x, index, raises=error) for x, index, error in failing),
    ]


def _setitem_samples() -> list[Sample]:
    return [
        *(sample(np.arange(6).reshape(2, 3), index, 7) for index in _tensor_indices()),
        sample(np.zeros((2, 3)), 0, np.array([1, 2, 3])),
        sample(np.zeros((2, 3)), slice(None), [1, 2, 3]),
        sample(np.zeros((2, 3)), 0, np.ones(2), raises=ValueError),
        sample(np.zeros((2, 3)), 5, 1, raises=IndexError),
        sample(np.zeros(2), 0, "a", raises=ValueError),
        sample([1, 2], 0, 5),
        sample([1, 2], slice(0, 1), [7, 8, 9]),
        sample([1, 2], 7, 5, raises=IndexError),
        sample([None, 1], 0, 3),
        sample({"a": 1}, "b", 2),
        sample({}, "b", 2.5),
        sample({(1, 2): "x"}, (3, 4), "y"),
        sample((1, 2), 0, 5, raises=TypeError),
        sample("ab", 0, "c", raises=TypeError),
        sample({"a": 1}, [1], 2, raises=TypeError),
    ]


def _delitem_samples() -> list[Sample]:
    return [
        sample([1, 2, 3], 1),
        sample([1, 2, 3], slice(0, 2)),
        sample([1, 2, 3], 5, raises=IndexError),
        sample({"a": 1, "b": 2}, "a"),
        sample({"a": 1}, "c", raises=KeyError),
        sample((1, 2), 0, raises=TypeError),
        sample(np.zeros(3), 0, raises=ValueError),
    ]


OPS: tuple[OpDef, ...] = (
    op(
        "getitem(x: Any, index: Any)",
        doc="The element or part of a tensor, sequence, dict, string or range at an index.",
        infer=_getitem,
        kernel=operator.getitem,
        traits=(PURE, VIEW),
        python="x[index]",
        samples=_getitem_samples,
    ),
    op(
        "setitem(x: Any, index: Any, value: Any)",
        doc="Assigns the element or part of a tensor, list or dict at an index.",
        infer=_setitem,
        kernel=operator.setitem,
        traits=(WRITES, CAPTURES),
        samples=_setitem_samples,
    ),
    op(
        "delitem(x: Any, index: Any)",
        doc="Deletes an element or a part of a list, or a key of a dict.",
        infer=_delitem,
        kernel=operator.delitem,
        traits=(WRITES,),
        samples=_delitem_samples,
    ),
)
