"""Methods of dicts. What `keys`, `values` and `items` give is a view, which follows the dict."""

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
from scriptc.ir.ops.python_rules import check_holds, check_lookup, require_known
from scriptc.ir.types import (
    NONE,
    DictType,
    TupleType,
    Type,
    ViewType,
    accepts,
    join,
    optional,
    prune,
)


def _dict(args: Args) -> DictType:
    x = args["x"]
    assert isinstance(x, DictType)
    return x


def _or_default(value: Type, default: Type) -> Type:
    """Return the type of a value of a dict, or of what stands in for one that is missing."""
    value = prune(value)
    if default == NONE:
        require_known(value)
        return optional(value)
    if accepts(value, default):
        return value
    joined = join(value, default)
    if joined is None:
        raise RuleError(
            f"the values are {value} and the default is {default}",
            "use a default of the same type, or `None`",
        )
    return joined


def _get(args: Args) -> Type:
    check_lookup(_dict(args), args["key"])
    return _or_default(_dict(args).value, args["default"])


def _pop(args: Args) -> Type:
    check_lookup(_dict(args), args["key"])
    if len(args.rest) > 1:
        raise RuleError("`pop` takes one default at most")
    if args.rest:
        return _or_default(_dict(args).value, args.rest[0])
    require_known(_dict(args).value)
    return prune(_dict(args).value)


def _setdefault(args: Args) -> Type:
    x = _dict(args)
    check_lookup(x, args["key"])
    check_holds(f"dict with keys of type {x.key}", x.key, args["key"])
    check_holds(str(x), x.value, args["default"])
    return prune(x.value)


def _update(args: Args) -> Type:
    x, other = _dict(args), args["other"]
    assert isinstance(other, DictType)
    check_holds(f"dict with keys of type {x.key}", x.key, other.key)
    check_holds(str(x), x.value, other.value)
    return NONE


def _item(args: Args) -> TupleType:
    return TupleType((_dict(args).key, _dict(args).value))


def _popitem(args: Args) -> Type:
    require_known(_dict(args).key, _dict(args).value)
    return _item(args)


def _method(
    schema: str,
    doc: str,
    infer: InferRule | Type,
    kernel: Callable[..., Any],
    made: Callable[[], list[Sample]],
    *traits: Trait,
) -> OpDef:
    name = schema.partition("(")[0].removeprefix("dict_")
    rule = (lambda args: infer) if isinstance(infer, Type) else infer
    return op(
        schema, doc=doc, infer=rule, kernel=kernel, traits=traits, spellings=(f"dict.{name}",),
        samples=made,
    )  # fmt: skip


def _plain() -> list[Sample]:
    return [sample({"a": 1, "b": 2}), sample({}), sample({1: np.ones(2)})]


def _lookups() -> list[Sample]:
    return [
        sample({"a": 1}, "a"),
        sample({1: "x"}, 1.0),
        sample({1: "x"}, np.int64(1)),
        sample({"a": 1}, "b", 0),
        sample({"a": 1}, "a", 0),
        sample({"a": np.ones(2)}, "b", np.zeros(3)),
        sample({"a": 1}, [1], raises=TypeError),
    ]


OPS = (
    _method(
        "dict_get(x: dict, key: Any, default: Any = None)",
        "The value of a key, or `default` if the key is missing.", _get, dict.get,
        lambda: [*_lookups(), sample({"a": 1}, "b"), sample({}, "b", 1.5)], PURE, VIEW,
    ),
    _method(
        "dict_keys(x: dict)", "The keys, in the order in which they were put in.",
        lambda args: ViewType(_dict(args).key), dict.keys, _plain, PURE, VIEW,
    ),
    _method(
        "dict_values(x: dict)", "The values, in the order of the keys.",
        lambda args: ViewType(_dict(args).value), dict.values, _plain, PURE, VIEW,
    ),
    _method(
        "dict_items(x: dict)", "Pairs of a key and its value, in the order of the keys.",
        lambda args: ViewType(_item(args)), dict.items, _plain, PURE, VIEW,
    ),
    _method(
        "dict_pop(x: dict, key: Any, *default: Any)",
        "Takes a key out and gives its value; without one, the default if there is one.",
        _pop, dict.pop, lambda: [*_lookups(), sample({"a": 1}, "b", raises=KeyError)],
        WRITES, VIEW,
    ),
    _method(
        "dict_setdefault(x: dict, key: Any, default: Any = None)",
        "The value of a key, which is put in with the default if it is missing.",
        _setdefault, dict.setdefault,
        lambda: [
            sample({"a": 1}, "a", 2), sample({"a": 1}, "b", 2), sample({}, "a", [1]),
            sample({"a": None}, "b"),
        ],
        WRITES, CAPTURES, VIEW,
    ),
    _method(
        "dict_update(x: dict, other: dict)", "Puts in all keys and values of another dict.",
        _update, dict.update,
        lambda: [sample({"a": 1}, {"b": 2, "a": 3}), sample({}, {1: 2}), sample({"a": 1}, {})],
        WRITES, CAPTURES,
    ),
    _method(
        "dict_clear(x: dict)", "Takes all keys out.", NONE, dict.clear, _plain, WRITES,
    ),
    _method(
        "dict_copy(x: dict)", "A new dict of the same keys and values.", lambda args: args["x"],
        dict.copy, _plain, PURE, VIEW,
    ),
    _method(
        "dict_popitem(x: dict)", "Takes out the key that was put in last; gives it and its value.",
        _popitem, dict.popitem, lambda: [sample({"a": 1, "b": 2})], WRITES, VIEW,
    ),
)  # fmt: skip
