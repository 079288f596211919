"""Comparisons, identity, membership and truth values, as Python's operators give them.

A comparison with a tensor is elementwise and gives a bool tensor; any other one gives a `bool`.
For plain numbers the spelling `numpy.less` differs, as said in `operators`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    COMMUTATIVE,
    ELEMENTWISE,
    IDENTITY,
    METADATA,
    PURE,
    TOTAL,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Trait,
    op,
    sample,
)
from scriptc.ir.ops.operators import tensor_result
from scriptc.ir.ops.python_rules import (
    check_hashable,
    is_sequence,
    is_tensor,
    none_help,
    not_defined,
    number_result,
    require_known,
    samples,
)
from scriptc.ir.ops.rules import array_like_type
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NEVER,
    NONE,
    RANGE,
    STR,
    ClassType,
    DictType,
    IteratorType,
    ListType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    ViewType,
    members_of,
)


def _equality(sign: str, ufunc: np.ufunc) -> InferRule:
    def infer(args: Args) -> Type:
        a, b = args.types
        if is_tensor(a) or is_tensor(b):
            if NONE in (a, b):
                raise RuleError(
                    f"`{sign}` of a tensor with None compares each element with it",
                    "write `is None` or `is not None`",
                )
            found = tensor_result(ufunc, sign, (a, b))
            assert found is not None
            return found
        for type_ in (a, b):
            _refuse_instances(sign, type_)
            if isinstance(type_, UnionType) and any(map(is_tensor, type_.members)):
                raise not_defined(sign, a, b)
        return BOOL

    return infer


def _refuse_instances(sign: str, type_: Type) -> None:
    for member in members_of(type_):
        if isinstance(member, ClassType | IteratorType | ViewType):
            raise RuleError(
                f"`{sign}` is not defined for {type_}",
                "compare parts of it, or use `is` to ask whether it is the same object",
            )


def _ordering(sign: str, function: Callable[..., Any], ufunc: np.ufunc) -> InferRule:
    def infer(args: Args) -> Type:
        a, b = args.types
        if NEVER in (a, b):
            return BOOL
        require_known(a, b)
        found = tensor_result(ufunc, sign, (a, b)) or number_result(function, a, b)
        tuples = TupleType | VariadicTupleType
        if (
            found is None
            and (a, b) != (STR, STR)
            and not (isinstance(a, ListType) and isinstance(b, ListType))
            and not (isinstance(a, tuples) and isinstance(b, tuples))
        ):
            raise not_defined(sign, a, b)
        return found or BOOL

    return infer


def _identity(args: Args) -> Type:
    a, b = args.types
    identified = (NONE, BOOL)
    if not any(m in identified for t in (a, b) for m in members_of(t)):
        by_value = (INT, FLOAT, COMPLEX, STR, RANGE, TupleType, VariadicTupleType)
        for type_ in (a, b):
            if any(m in by_value or type(m) in by_value for m in members_of(type_)):
                raise RuleError(
                    f"whether two values of type {type_} are one object has no meaning",
                    "compare them with `==`",
                )
    return BOOL


def _contains(args: Args) -> Type:
    container, item = args.types
    for member in members_of(container):
        if member == STR:
            if item not in (STR, NEVER):
                raise RuleError(f"`in` of a str takes a str, not {item}", none_help(item))
        elif is_tensor(member):
            if array_like_type(member).rank == 0:
                raise RuleError("`in` needs a tensor of at least one dimension", "use `==`")
            if not is_tensor(array_like_type(item)) or item in (STR, NONE):
                raise not_defined("in", item, container)
        elif isinstance(member, DictType):
            check_hashable(item)
        elif isinstance(member, IteratorType):
            raise RuleError("`in` would use up the iterator", "make it a list first: `list(...)`")
        elif not (is_sequence(member) or isinstance(member, ViewType) or member == RANGE):
            raise not_defined("in", item, container)
    return BOOL


def _truth(args: Args) -> Type:
    for member in members_of(args["x"]):
        if isinstance(member, ClassType | IteratorType):
            raise RuleError(f"the truth value of a {member} is not defined", "write `is not None`")
        shape = array_like_type(member).shape if is_tensor(member) else None
        if shape is not None and any(isinstance(n, int) and n > 1 for n in shape):
            raise RuleError(
                f"the truth value of a {member} is ambiguous", "use `.any()` or `.all()`"
            )
    return BOOL


# --- samples ------------------------------------------------------------------------------------


def _compared() -> list[tuple[Any, Any]]:
    x = np.array([1.0, np.nan, -2.0], np.float32)
    return [
        (1, 2), (2, 2.0), (True, 1), (-1.5, float("nan")), ("a", "b"), ("b", "a"),
        ([1, 2], [1, 3]), ((1, "a"), (1, "b")), ((1,), (1, 2)), ([], [1]),
        (x, x), (x, 1), (0.5, x), (np.float64(2), 1), (np.int8(3), np.array([3, 4])),
        (np.zeros((0, 2)), 1.0), (np.array([1, 2], np.uint8), 300), (x, [1, 2, 3]),
        (np.array([1 + 1j, 2]), np.array([1, 2])), (np.array(3), 3),
    ]  # fmt: skip


def _equal_samples() -> list[Sample]:
    more: list[tuple[Any, Any]] = [
        (1j, 1), (None, 3), (None, None), ("1", 1), ({"a": 1}, {"a": 1}), ({"a": 1}, {}),
        (np.dtype("float32"), np.dtype("float32")), (np.dtype("float32"), "float32"),
        (range(3), range(0, 3, 1)), (slice(1), slice(1)), (..., ...), ((), ()),
    ]  # fmt: skip
    return [sample(*args) for args in _compared() + more]


def _order_samples() -> list[Sample]:
    refused = [(1j, 1), ("1", 1), (None, 1), ({}, {}), ((1,), [1])]
    return [
        *(sample(*args) for args in _compared()),
        *(sample(*args, raises=TypeError) for args in refused),
    ]


def _contains_samples() -> list[Sample]:
    return [
        sample("abc", "bc"), sample("abc", ""), sample("abc", 1, raises=TypeError),
        sample([1, 2], 2), sample([1, 2], 2.5), sample([], "a"), sample((1, "a"), "a"),
        sample(range(0, 9, 3), 6), sample({"a": 1}, "a"), sample({1: 1}, 2.0),
        sample({1: 1}, [1], raises=TypeError), sample([1, 2], np.int64(2)),
        sample(np.array([1.0, 2.0]), 2), sample(np.array([1.0, np.nan]), np.nan),
        sample(np.zeros((0,)), 1), sample([None, 1], None), sample(3, 3, raises=TypeError),
        sample({3: 1}, np.int64(3)), sample({"a": 1}.values(), 1.0), sample({"a": 1}.keys(), "b"),
        sample({"a": 1}.items(), ("a", 1)), sample({"a": [1]}.values(), [1]),
        sample({"a": 1}.keys(), ["a"], raises=TypeError),
    ]  # fmt: skip


def _truth_samples() -> list[Sample]:
    return [
        *map(sample, (0, 3, 0.0, float("nan"), 0j, True, "", "a", None, [], [0], (), (1,))),
        *map(sample, ({}, {1: 2}, range(0), range(2), ..., np.float32(0), np.array(1))),
        *map(sample, (np.array([2.0]), np.array([[0]]), np.dtype("int8"), slice(1))),
        sample({}.keys()),
        sample({1: 2}.items()),
        sample(np.array([1, 2]), raises=ValueError),
        sample(np.zeros((0,)), raises=ValueError),
    ]


_identical = samples(
    sample(None, None), sample(3, None), sample("a", None), sample(True, True),
    sample(True, False), sample(False, None), sample(True, 1),
)  # fmt: skip


# --- operations ---------------------------------------------------------------------------------


def _compare(
    name: str,
    sign: str,
    rule: InferRule,
    function: Callable[..., Any],
    doc: str,
    made: Callable[[], Iterable[Sample]],
    *traits: Trait,
) -> OpDef:
    return op(
        f"{name}(a: Any, b: Any)",
        doc=doc,
        infer=rule,
        kernel=function,
        traits=(PURE, ELEMENTWISE, *traits),
        python=f"a {sign} b",
        spellings=(f"numpy.{name}",),
        samples=made,
    )


def _ordered(name: str, sign: str, function: Callable[..., Any], ufunc: np.ufunc) -> OpDef:
    words = name.replace("_", " than or ") if "_" in name else f"{name} than"
    return _compare(
        name, sign, _ordering(sign, function, ufunc), function,
        f"Whether the first operand is {words} the second.", _order_samples,
    )  # fmt: skip


OPS = (
    _compare(
        "equal", "==", _equality("==", np.equal), operator.eq, "Whether both are equal.",
        _equal_samples, COMMUTATIVE,
    ),
    _compare(
        "not_equal", "!=", _equality("!=", np.not_equal), operator.ne, "Whether both differ.",
        _equal_samples, COMMUTATIVE,
    ),
    _ordered("less", "<", operator.lt, np.less),
    _ordered("less_equal", "<=", operator.le, np.less_equal),
    _ordered("greater", ">", operator.gt, np.greater),
    _ordered("greater_equal", ">=", operator.ge, np.greater_equal),
    op(
        "is(a: Any, b: Any)",
        doc="Whether both are one object; asked of `None`, bools and mutable objects.",
        infer=_identity,
        kernel=operator.is_,
        traits=(PURE, TOTAL, METADATA, IDENTITY, COMMUTATIVE),
        python="a is b",
        samples=_identical,
    ),
    op(
        "is_not(a: Any, b: Any)",
        doc="Whether both are different objects; asked of `None`, bools and mutable objects.",
        infer=_identity,
        kernel=operator.is_not,
        traits=(PURE, TOTAL, METADATA, IDENTITY, COMMUTATIVE),
        python="a is not b",
        samples=_identical,
    ),
    op(
        "contains(container: Any, item: Any)",
        doc="Whether a container holds a value equal to `item`, or a string another one.",
        infer=_contains,
        kernel=operator.contains,
        traits=(PURE,),
        python="item in container",
        samples=_contains_samples,
    ),
    op(
        "not(x: Any)",
        doc="The negated truth value.",
        infer=_truth,
        kernel=operator.not_,
        traits=(PURE,),
        python="not x",
        samples=_truth_samples,
    ),
    op(
        "bool(x: Any = False)",
        doc="The truth value; of a tensor with one element, that of the element.",
        infer=_truth,
        kernel=bool,
        traits=(PURE,),
        spellings=("builtins.bool",),
        samples=lambda: [sample(), *_truth_samples()],
    ),
)  # fmt: skip
