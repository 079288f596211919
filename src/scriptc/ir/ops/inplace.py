"""Augmented assignments: `x += y` and the like, on tensors, lists and dicts.

The result is the first operand itself, changed, where that is mutable. A NumPy scalar is not: there
the result is a new value, which may have another dtype or shape. So is it of a number, which stands
here where a variable may hold a number or a tensor.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    CAPTURES,
    INT_RANGE,
    VIEW,
    WRITES,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Trait,
    check_kind,
    op,
    sample,
)
from scriptc.ir.ops.operators import binary_rule, tensor_result
from scriptc.ir.ops.python_rules import check_holds, check_lookup, not_defined, raised_by, walked
from scriptc.ir.ops.rules import broadcast_shapes
from scriptc.ir.types import NUMBERS, DictType, ListType, TensorType, Type


def _tensor_rule(sign: str, ufunc: np.ufunc, x: TensorType, y: Type) -> Type:
    result = tensor_result(ufunc, sign, (x, y))
    assert result is not None
    if not x.rank:
        # Perhaps a NumPy scalar, and then the name is bound to a new value.
        return TensorType(x.dtype if x.dtype == result.dtype else None, result.shape)
    if x.shape != result.shape and x.shape is not None and result.shape is not None:
        _check_shape(sign, x, result)
    if None not in (x.dtype, result.dtype) and not np.can_cast(
        str(result.dtype), str(x.dtype), "same_kind"
    ):
        raise RuleError(
            f"`{sign}` cannot store {result.dtype} in a tensor of {x.dtype}",
            f"write `x = x {sign[:-1]} y`, or convert with `astype` first",
        )
    return x


def _check_shape(sign: str, x: TensorType, result: TensorType) -> None:
    assert x.shape is not None
    assert result.shape is not None
    differ = any(
        isinstance(a, int) and isinstance(b, int) and a != b
        for a, b in zip(x.shape, result.shape, strict=False)
    )
    if len(x.shape) != len(result.shape) or differ:
        raise RuleError(
            f"`{sign}` cannot store a result of type {result} in a {x}",
            f"write `x = x {sign[:-1]} y`",
        )


def _rule(sign: str, ufunc: np.ufunc, plain: InferRule | None) -> InferRule:
    def infer(args: Args) -> Type:
        x, y = args.types
        if x in NUMBERS and plain is not None:
            return plain(args)  # type: ignore[return-value]  # operators have one result
        if isinstance(x, TensorType):
            return _tensor_rule(sign, ufunc, x, y)
        if isinstance(y, TensorType) and isinstance(x, ListType):
            raise RuleError(
                f"`{sign}` of a list with a tensor makes a tensor of it",
                "write `x = np.asarray(x)` before, or use `extend`",
            )
        if isinstance(x, ListType) and sign == "+=":
            check_holds(f"{x}", x.element, walked(y))
            return x
        if isinstance(x, ListType) and sign == "*=" and check_kind("int", y):
            return x
        if isinstance(x, DictType) and isinstance(y, DictType) and sign == "|=":
            check_lookup(x, y.key)
            check_holds(f"{x}", x.key, y.key)
            check_holds(f"{x}", x.value, y.value)
            return x
        raise not_defined(sign, x, y)

    return infer


def _matmul(args: Args) -> Type:
    x, y = args["x"], args["y"]
    assert isinstance(x, TensorType)
    if not check_kind("ArrayLike", y) or y in NUMBERS:
        raise not_defined("@=", x, y)
    if x.rank is not None and x.rank < 2:
        raise RuleError(
            f"`@=` takes a tensor of two dimensions or more, not {x}", "write `x = x @ y`"
        )
    if x.rank is None:
        return TensorType(x.dtype)
    if isinstance(y, TensorType) and y.rank == x.rank == 2:
        broadcast_shapes((x.shape or ())[-1:], y.shape[:1] if y.shape else None)
    return x


def _samples(
    function: Callable[..., Any], more: Callable[[], list[tuple[Any, Any]]]
) -> Callable[[], list[Sample]]:
    def pairs() -> list[tuple[Any, Any]]:
        return [
            (np.array([4.0, -2.0, 3.0]), 2),
            (np.array([4, -2, 3]), 2),
            (np.array([4, 2, 3], np.int8), np.array([1, 2, 3], np.int8)),
            (np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array([2.0, 1.0])),
            (np.array([True, False]), np.array([True, True])),
            (np.array([4, -2, 3]), 1.5),
            (np.array([1.0, 2.0]), np.ones((3, 2))),
            (np.float32(3.0), np.float64(2.0)),
            (np.int64(3), 2),
            (np.array(3), 2),
            (np.int64(3), np.array([1, 2])),
            (np.zeros((0, 2)), np.ones(2)),
            *more(),
        ]

    def made() -> list[Sample]:
        tried = [raised_by(function, args) for args in pairs()]
        return [sample(*args, raises=e) for args, e in zip(pairs(), tried, strict=True)]

    return made


def _op(
    name: str,
    sign: str,
    function: Callable[..., Any],
    ufunc: np.ufunc,
    *traits: Trait,
    plain: Callable[..., Any] | None = None,
    x: str = "Array",
    doc: str = "The first operand is changed in place.",
    rule: InferRule | None = None,
    more: Callable[[], list[tuple[Any, Any]]] = list,
) -> OpDef:
    return op(
        f"inplace_{name}(x: {x}, y: Any)",
        doc=f"`x {sign} y`. {doc}",
        infer=rule or _rule(sign, ufunc, binary_rule(sign[:-1], plain, ufunc) if plain else None),
        kernel=function,
        traits=(WRITES, VIEW, INT_RANGE, *traits) if plain else (WRITES, VIEW, *traits),
        samples=_samples(function, more),
    )


def _products() -> list[tuple[Any, Any]]:
    return [
        (np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])),
        (np.ones((3, 2, 2), np.float32), np.ones((2, 2), np.float32)),
        (np.ones((2, 3)), np.ones((2, 2))),
    ]


OPS = (
    _op(
        "add", "+=", operator.iadd, np.add, CAPTURES, plain=operator.add, x="Tensor | list",
        doc="A tensor is added to in place, a list extended.",
        more=lambda: [([1], [2, 3]), ([], (1.5,)), ([1], range(3)), (["a"], "bc"), ([1], 2)],
    ),
    _op("subtract", "-=", operator.isub, np.subtract, plain=operator.sub, x="Tensor"),
    _op(
        "multiply", "*=", operator.imul, np.multiply, plain=operator.mul, x="Tensor | list",
        doc="A tensor is multiplied in place, a list repeated.",
        more=lambda: [([1, 2], 2), ([1], 0), ([1], 1.5)],
    ),
    _op("divide", "/=", operator.itruediv, np.divide, plain=operator.truediv, x="Tensor"),
    _op(
        "floor_divide", "//=", operator.ifloordiv, np.floor_divide, plain=operator.floordiv,
        x="Tensor",
    ),
    _op("remainder", "%=", operator.imod, np.remainder, plain=operator.mod, x="Tensor"),
    _op("power", "**=", operator.ipow, np.power),
    _op("matmul", "@=", operator.imatmul, np.matmul, rule=_matmul, more=_products),
    _op("bitwise_and", "&=", operator.iand, np.bitwise_and),
    _op(
        "bitwise_or", "|=", operator.ior, np.bitwise_or, CAPTURES, x="Array | dict",
        doc="A tensor is changed in place, a dict updated.",
        more=lambda: [({"a": 1}, {"b": 2}), ({}, {"a": 1}), ({"a": 1}, {"a": 2})],
    ),
    _op("bitwise_xor", "^=", operator.ixor, np.bitwise_xor),
    _op("bitwise_left_shift", "<<=", operator.ilshift, np.left_shift),
    _op("bitwise_right_shift", ">>=", operator.irshift, np.right_shift),
)  # fmt: skip
