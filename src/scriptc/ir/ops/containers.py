"""Making lists, tuples, dicts and slices, taking them apart, and their length.

An element of a container is the very object that was put in, so all of these are views.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    TOTAL,
    UNKNOWN,
    VIEW,
    Args,
    OpDef,
    RuleError,
    op,
    sample,
)
from scriptc.ir.ops.python_rules import (
    check_hashable,
    common_element,
    element_of,
    is_sequence,
    none_help,
    tuple_of,
    walked,
)
from scriptc.ir.types import (
    INT,
    NEVER,
    RANGE,
    SLICE,
    STR,
    DictType,
    IteratorType,
    ListType,
    TensorType,
    TupleType,
    Type,
    TypeVariable,
    ViewType,
    generalize,
    members_of,
    prune,
)

_MAX_TUPLE = 32


# --- rules --------------------------------------------------------------------------------------


def _list(args: Args) -> Type:
    return ListType(common_element(args.types, "list"))


def _dict(args: Args) -> Type:
    for key in args.types[::2]:
        check_hashable(key)
    if len(args.types) % 2:
        raise RuleError("`dict` takes keys and values in turn")
    key = common_element(args.types[::2], "dict's keys")
    return DictType(key, common_element(args.types[1::2], "dict"))


def _unpack(args: Args) -> Sequence[Type]:
    x, count = args["x"], args.constant("count")
    if count is UNKNOWN:
        raise RuleError("`unpack` needs a constant count")
    length: int | None = None
    if isinstance(x, TupleType):
        if len(x.elements) == count:
            return [prune(e) for e in x.elements]
        length = len(x.elements)
    elif isinstance(x, TensorType) and x.shape and isinstance(x.shape[0], int):
        length = x.shape[0]
    if length not in (None, count):
        raise RuleError(f"{length} values cannot be unpacked into {count}")
    return [walked(x)] * count


def _len(args: Args) -> Type:
    for member in members_of(args["x"]):
        if isinstance(member, TensorType):
            if member.rank == 0:
                raise RuleError("a 0-d tensor has no length", "use `x.size`")
        elif isinstance(member, IteratorType):
            raise RuleError("an iterator has no length", "take that of what is walked over")
        elif not (
            is_sequence(member)
            or isinstance(member, DictType | ViewType)
            or member in (STR, RANGE, NEVER)
        ):
            raise RuleError(f"a {member} has no length", none_help(args["x"]))
    return INT


def _to_tuple(args: Args) -> Type:
    x = args["x"]
    element = walked(x)
    if isinstance(x, TupleType):
        return x
    length = x.shape[0] if isinstance(x, TensorType) and x.shape else None
    if isinstance(length, int) and length <= _MAX_TUPLE:
        return TupleType((element,) * length)
    return tuple_of(element)


def _to_dict(args: Args) -> Type:
    x = args["x"]
    if isinstance(x, DictType):
        return x
    pair = walked(x)
    if pair == NEVER or isinstance(pair, TypeVariable):
        return DictType(TypeVariable(), TypeVariable())
    if not isinstance(pair, TupleType) or len(pair.elements) != 2:
        raise RuleError(f"`dict` takes pairs, not {pair}", "make tuples of a key and a value")
    key, value = (generalize(prune(e)) for e in pair.elements)
    check_hashable(key)
    return DictType(key, value)


# --- kernels ------------------------------------------------------------------------------------


def _make_list(*elements: Any) -> list[Any]:
    return list(elements)


def _make_tuple(*elements: Any) -> tuple[Any, ...]:
    return elements


def _make_dict(*parts: Any) -> dict[Any, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _take_apart(x: Iterable[Any], count: int) -> Any:
    """Unpack as Python's assignment does; a single result stands by itself, as in all kernels."""
    try:
        source = iter(x)
    except TypeError as error:
        if hasattr(type(x), "__iter__"):
            raise
        message = f"cannot unpack non-iterable {type(x).__name__} object"
        raise TypeError(message) from error
    taken: list[Any] = []
    for value in source:
        if len(taken) == count:
            raise ValueError(f"too many values to unpack (expected {count})")
        taken.append(value)
    if len(taken) < count:
        message = f"not enough values to unpack (expected {count}, got {len(taken)})"
        raise ValueError(message)
    return taken[0] if count == 1 else tuple(taken)


def _to_list(args: Args) -> Type:
    walked(args["x"])  # refuses what may be None
    return ListType(element_of(args["x"]))


OPS: tuple[OpDef, ...] = (
    op(
        "list(*elements: Any)",
        doc="A new list of the operands.",
        infer=_list,
        kernel=_make_list,
        traits=(PURE, TOTAL, VIEW),
        samples=lambda: [
            sample(),
            sample(1, 2),
            sample("a"),
            sample(None, 1.5),
            sample(np.ones(2), np.zeros((1, 1))),
            sample([1], []),
            sample((1, "a"), (2, "b")),
        ],
    ),
    op(
        "tuple(*elements: Any)",
        doc="A new tuple of the operands.",
        infer=lambda args: TupleType(args.types),
        kernel=_make_tuple,
        traits=(PURE, TOTAL, VIEW),
        samples=lambda: [sample(), sample(1), sample(1, "a", np.ones(2), None, [1])],
    ),
    op(
        "dict(*keys_and_values: Any)",
        doc="A new dict of keys and values, which follow each other in turn.",
        infer=_dict,
        kernel=_make_dict,
        traits=(PURE, VIEW),
        samples=lambda: [
            sample(),
            sample("a", 1, "b", 2),
            sample(1, "x", 1, "y"),
            sample((1, 2), np.ones(2)),
            sample([1], 2, raises=TypeError),
        ],
    ),
    op(
        "slice(start: int | None, stop: int | None, step: int | None)",
        doc="A slice, as an index takes it.",
        infer=lambda args: SLICE,
        kernel=slice,
        traits=(PURE, TOTAL),
        spellings=("builtins.slice",),
        samples=lambda: [
            sample(None, None, None),
            sample(1, 5, 2),
            sample(None, -1, None),
            sample(np.int64(1), None, -1),
        ],
    ),
    op(
        "unpack(x: iterable, count: int)",
        doc="The elements of an iterable, which has exactly `count`, as that many results.",
        infer=_unpack,
        kernel=_take_apart,
        traits=(VIEW,),
        samples=lambda: [
            sample((1, "a"), 2),
            sample([1, 2, 3], 3),
            sample("ab", 2),
            sample(np.arange(4).reshape(2, 2), 2),
            sample({"a": 1}, 1),
            sample([], 0),
            sample([1, 2], 3, raises=ValueError),
            sample([1, 2, 3], 2, raises=ValueError),
            sample((1, 2, 3), 2, raises=ValueError),
            sample(5, 2, raises=TypeError),
        ],
    ),
    op(
        "len(x: Any)",
        doc="The number of elements; of a tensor, the size of its first dimension.",
        infer=_len,
        kernel=len,
        traits=(PURE,),
        spellings=("builtins.len",),
        samples=lambda: [
            *map(sample, ("", "abc", [], [1, 2], (), (1, "a"), {}, {"a": 1}, range(5))),
            sample({"a": 1}.values()),
            sample({1: 2, 3: 4}.items()),
            sample({}.keys()),
            sample(np.zeros((3, 2))),
            sample(np.array(1.0), raises=TypeError),
            sample(3, raises=TypeError),
        ],
    ),
    op(
        "to_list(x: iterable = ())",
        doc="A new list of what walking over `x` gives.",
        infer=_to_list,
        kernel=list,
        traits=(PURE, VIEW),
        spellings=("builtins.list",),
        samples=lambda: [
            sample(),
            *map(sample, ("abc", [1, 2], (1, 2), (1, "a"), {"a": 1}, range(3), np.arange(3))),
            sample(np.ones((2, 2))),
            sample(enumerate("ab")),
            sample(3, raises=TypeError),
            sample(np.array(3), raises=TypeError),
        ],
    ),
    op(
        "to_tuple(x: iterable = ())",
        doc="A tuple of what walking over `x` gives.",
        infer=_to_tuple,
        kernel=tuple,
        traits=(PURE, VIEW),
        spellings=("builtins.tuple",),
        samples=lambda: [
            sample(),
            *map(sample, ("abc", [1, 2], (1, "a"), {"a": 1}, range(3), np.arange(3))),
            sample(np.ones((2, 2))),
            sample(zip([1], "a", strict=True)),
            sample(3, raises=TypeError),
        ],
    ),
    op(
        "to_dict(x: iterable = ())",
        doc="A new dict, of another one or of pairs of a key and a value.",
        infer=_to_dict,
        kernel=dict,
        traits=(PURE, VIEW),
        spellings=("builtins.dict",),
        samples=lambda: [
            sample(),
            sample({"a": 1}),
            sample([("a", 1), ("b", 2)]),
            sample(zip("ab", [1, 2], strict=True)),
            sample(((1, 2.5),)),
            sample([1], raises=TypeError),
        ],
    ),
)
