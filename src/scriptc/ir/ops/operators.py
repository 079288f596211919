"""Python's arithmetic and bitwise operators, on numbers, strings, sequences, dicts and tensors.

What an operator does is Python's: its template is run as it stands. With a tensor among the
operands the result is a tensor by NumPy's promotion (NEP 50) and broadcasting; the spelling
`numpy.add` then means the same. For plain numbers it does not: `numpy.add(1, 2)` is a NumPy scalar.
So a front end that meets such a spelling with no tensor among the operands converts the first one
with `asarray`, and lists and tuples always.

`ELEMENTWISE` speaks of tensors. `VIEW` stands where lists, tuples and dicts are joined, since the
elements of the result are those of the operands; an elementwise result that is a tensor is new.
`GUARDED` operators are run by their kernel unless the result is a tensor, since the bare operator
could build a huge int before its range is checked, or give a complex number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    COMMUTATIVE,
    ELEMENTWISE,
    FRESH,
    GUARDED,
    INT_RANGE,
    PURE,
    UNKNOWN,
    VIEW,
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
from scriptc.ir.ops.python_rules import (
    is_tensor,
    not_defined,
    number_result,
    raised_by,
    require_known,
    too_big,
)
from scriptc.ir.ops.rules import array_like_type, broadcast_shapes, ufunc_dtypes
from scriptc.ir.ops.sequences import concatenation, formatted, merged, repetition
from scriptc.ir.types import BOOL, COMPLEX, FLOAT, INT, NEVER, NUMBERS, TensorType, Type

Special = Callable[[Type, Type, Any, Any], Type | None]
"""A rule for some operands, given types and constant values; None where it does not apply."""


# --- rules --------------------------------------------------------------------------------------


def tensor_result(ufunc: np.ufunc, sign: str, types: Sequence[Type]) -> TensorType | None:
    """Return the type of an operator on tensors, or None if no operand is certainly a tensor.

    Raises `RuleError` if another operand cannot stand beside a tensor.
    """
    if not any(map(is_tensor, types)):
        return None
    if not all(check_kind("ArrayLike", t) for t in types):
        raise not_defined(sign, *types)
    shape = broadcast_shapes(*(array_like_type(t).shape for t in types))
    return TensorType(ufunc_dtypes(ufunc, types)[0], shape)


def binary_rule(
    sign: str, function: Callable[..., Any], ufunc: np.ufunc, special: Special | None = None
) -> InferRule:
    """Make the rule of a binary operator on numbers and tensors, and on what `special` takes."""

    def infer(args: Args) -> Type:
        a, b = args.types
        if NEVER in (a, b):
            return NEVER
        require_known(a, b)
        found = special and special(a, b, *args.constants)
        result = found or tensor_result(ufunc, sign, (a, b)) or number_result(function, a, b)
        if result is None:
            raise not_defined(sign, a, b)
        return result

    return infer


def unary_rule(sign: str, function: Callable[..., Any], ufunc: np.ufunc) -> InferRule:
    """Make the rule of a unary operator on numbers and tensors."""

    def infer(args: Args) -> Type:
        (x,) = args.types
        if x == NEVER:
            return NEVER
        require_known(x)
        result = tensor_result(ufunc, sign, (x,)) or number_result(function, x)
        if result is None:
            raise not_defined(sign, x)
        return result

    return infer


def _power_type(a: Type, b: Type, x: Any, y: Any) -> Type | None:
    """Return the type of `a ** b` where it depends on the value of the exponent."""
    del x
    if a in (INT, BOOL) and b == INT:
        if y is UNKNOWN:
            raise RuleError(
                "int ** int is an int or a float, as the exponent's sign decides",
                "write `float(x) ** y`, a constant exponent, or `1 << y` for a power of two",
            )
        return INT if y >= 0 else FLOAT
    if {a, b} <= NUMBERS and COMPLEX not in (a, b) and FLOAT in (a, b):
        return FLOAT
    if isinstance(a, TensorType) and a.dtype in (None, "bool") and b in NUMBERS:
        # NumPy squares an array of bool as int8, and raises it to other powers as int64.
        return TensorType(None, a.shape)
    return None


def _matmul_type(args: Args) -> Type:
    a, b = args.types
    if NEVER in (a, b):
        return NEVER
    require_known(a, b)
    if not (is_tensor(a) or is_tensor(b)) or not all(
        check_kind("ArrayLike", t) and t not in NUMBERS for t in (a, b)
    ):
        raise not_defined("@", a, b)
    x, y = array_like_type(a), array_like_type(b)
    (dtype,) = ufunc_dtypes(np.matmul, (a, b))
    if 0 in (x.rank, y.rank):
        raise RuleError("`@` takes no 0-d tensor", "use `*`")
    if x.shape is None or y.shape is None:
        return TensorType(dtype)
    inner, other = x.shape[-1], y.shape[0 if len(y.shape) == 1 else -2]
    if isinstance(inner, int) and isinstance(other, int) and inner != other:
        raise RuleError(
            f"`@` of shapes {_listed(x)} and {_listed(y)}: {inner} and {other} differ",
            "the last size of the first operand must be the second-last of the other",
        )
    batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
    assert batch is not None
    rows = x.shape[-2:-1]
    columns = y.shape[-1:] if len(y.shape) > 1 else ()
    return TensorType(dtype, (*batch, *rows, *columns))


def _listed(x: TensorType) -> str:
    return f"({', '.join('?' if size is None else str(size) for size in x.shape or ())})"


# --- kernels ------------------------------------------------------------------------------------


def _power(a: Any, b: Any) -> Any:
    if type(b) is int and b > 64 and type(a) is int and not -1 <= a <= 1:
        raise too_big()
    result = a**b
    if type(result) is complex and type(a) is not complex and type(b) is not complex:
        raise ValueError("a negative number to a fractional power is complex: use complex(x) ** y")
    return result


def _left_shift(a: Any, b: Any) -> Any:
    if type(b) is int and b > 64 and isinstance(a, int) and a:
        raise too_big()
    return a << b


# --- samples ------------------------------------------------------------------------------------

_NUMBERS = ((7, 2), (-7, 2), (7, -2), (True, 3), (7.5, 2), (2, -0.5), (-7.5, 2.0), (False, True))
_ZEROS = ((1, 0), (1.5, 0.0))


def _arrays() -> list[tuple[Any, Any]]:
    x = np.array([[1.0, np.nan, -2.0], [np.inf, 0.0, 3.0]], np.float32)
    ints = np.array([3, -4, 5], np.int32)
    return [
        (x, np.array([2.0, 3.0, -1.0], np.float32)),
        (x, 2),
        (2.5, x),
        (ints, ints),
        (ints, 2),
        (ints, True),
        (ints, x),
        (np.array([1, 2], np.uint8), np.array([3, 4], np.int64)),
        (np.float32(1.5), 2),
        (np.float32(1.5), np.float64(2.5)),
        (np.int64(7), 2.5),
        (np.array(3.0), np.array(2.0)),
        (np.zeros((0, 3)), np.ones(3)),
        (np.array([1 + 2j, 3j]), 2),
        (np.array([True, False]), 1),
        (x, [1, 2, 3]),
    ]


def _all_samples(
    function: Callable[..., Any], more: Callable[[], Iterable[tuple[Any, ...]]]
) -> Callable[[], list[Sample]]:
    """Return the samples that an operator takes, with what eager Python raises for them."""

    def made() -> list[Sample]:
        return [
            sample(*args, raises=raised_by(function, args))
            for args in (*_NUMBERS, *_ZEROS, *_arrays(), *more())
        ]

    return made


def _unary_samples(function: Callable[..., Any]) -> Callable[[], list[Sample]]:
    def made() -> list[Sample]:
        values = [3, -3, 2.5, True, 1 + 2j, np.array([1, -2], np.int8), np.float32(-1.5)]
        values += [np.array(2.0), np.array([np.nan, -0.0]), np.zeros((0, 2), np.int64)]
        values += [np.array([True, False]), -(2**63)]
        kept = [v for v in values if not (function is operator.invert and v is True)]
        return [sample(v, raises=raised_by(function, (v,))) for v in kept]

    return made


# --- operations ---------------------------------------------------------------------------------


def _binary(
    name: str,
    sign: str,
    function: Callable[..., Any],
    ufunc: np.ufunc,
    names: Iterable[str],
    doc: str,
    *traits: Trait,
    special: Special | None = None,
    kernel: Callable[..., Any] | None = None,
    more: Callable[[], Iterable[tuple[Any, ...]]] = tuple,
) -> OpDef:
    return op(
        f"{name}(a: Any, b: Any)",
        doc=doc,
        infer=binary_rule(sign, function, ufunc, special),
        kernel=kernel or function,
        traits=(PURE, ELEMENTWISE, *traits),
        python=f"a {sign} b",
        spellings=[n if "." in n else f"numpy.{n}" for n in names],
        samples=_all_samples(function, more),
    )


def _unary(
    name: str,
    sign: str,
    function: Callable[..., Any],
    ufunc: np.ufunc,
    names: Iterable[str],
    doc: str,
) -> OpDef:
    return op(
        f"{name}(x: Any)",
        doc=doc,
        infer=unary_rule(sign, function, ufunc),
        kernel=function,
        traits=(PURE, ELEMENTWISE, INT_RANGE),
        python=f"{sign}x",
        spellings=[f"numpy.{n}" for n in names],
        samples=_unary_samples(function),
    )


def _matmul_samples() -> list[Sample]:
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    return [
        sample(x, x.T),
        sample(x, np.array([1, 2, 3])),
        sample(np.ones(3), np.ones(3)),
        sample(np.ones((4, 2, 3)), x.T),
        sample(x, [1.0, 2.0, 3.0]),
        sample(np.zeros((2, 0)), np.zeros((0, 3))),
        sample(np.array([[True]]), np.array([[True]])),
        sample(x, x, raises=ValueError),
        sample(x, 2.0, raises=ValueError),
    ]


OPS = (
    _binary(
        "add", "+", operator.add, np.add, ("add",),
        "Sum of numbers or tensors; strings, lists and tuples are concatenated.",
        VIEW, FRESH, INT_RANGE, special=concatenation,
        more=lambda: [
            (2**63 - 2, 1), ("ab", "c"), ([1], [2, 3]), ([], [1]), ((1, "a"), (2.5,)), ((), (1,)),
            ([None], [2]), ("a", 1), ([1], (2,)), (None, 1),
        ],
    ),
    _binary("subtract", "-", operator.sub, np.subtract, ("subtract",), "Difference.", INT_RANGE),
    _binary(
        "multiply", "*", operator.mul, np.multiply, ("multiply",),
        "Product of numbers or tensors; a string, list or tuple is repeated an int of times.",
        VIEW, FRESH, INT_RANGE, COMMUTATIVE, special=repetition,
        more=lambda: [
            ("ab", 3), (2, "ab"), ([1, 2], 2), (0, [1]), ((1, "a"), 2), (True, (1,)), ((1,), -1),
            ("a", "b"), ("a", 1.5), ([1, 2], np.array([3, 4])), ("ab", np.int64(2)),
        ],
    ),
    _binary(
        "divide", "/", operator.truediv, np.divide, ("divide", "true_divide"),
        "Quotient; of ints a float. `ZeroDivisionError` for plain numbers, inf or nan in tensors.",
    ),
    _binary(
        "floor_divide", "//", operator.floordiv, np.floor_divide, ("floor_divide",),
        "Quotient rounded down.", INT_RANGE,
    ),
    _binary(
        "remainder", "%", operator.mod, np.remainder, ("remainder", "mod"),
        "Remainder with the sign of the divisor; of a string, `%` formatting.",
        special=formatted,
        more=lambda: [
            ("%d of %s", (3, "x")), ("%5.2f", 2.5), ("%s", "a"), ("%r %%", [1]), ("%d", "x"),
            ("%s %s", ("a",)), ("%(k)s", {"k": 1}),
        ],
    ),
    _binary(
        "power", "**", operator.pow, np.power, ("builtins.pow",),
        "Power. int ** int needs a constant exponent; plain numbers never give a complex one.",
        INT_RANGE, GUARDED, special=_power_type, kernel=_power,
        more=lambda: [
            (2, 10), (2, -1), (0, -1), (2.0, 0.5), (-1, 3), (10.0, 400), (1j, 2),
            (np.array([True, False]), 2), (np.array([4.0, -np.inf]), 0.5),
            (np.array([1, 2], np.int8), -1), (2, np.array([1, 3])),
        ],
    ),
    op(
        "matmul(a: Any, b: Any)",
        doc="Product of matrices, or of stacks of them; a 1-d operand is a vector.",
        infer=_matmul_type,
        kernel=operator.matmul,
        traits=(PURE,),
        python="a @ b",
        spellings=("numpy.matmul", "numpy.linalg.matmul"),
        samples=_matmul_samples,
    ),
    _binary(
        "bitwise_and", "&", operator.and_, np.bitwise_and, ("bitwise_and",), "Bits set in both.",
        COMMUTATIVE,
    ),
    _binary(
        "bitwise_or", "|", operator.or_, np.bitwise_or, ("bitwise_or",),
        "Bits set in either; dicts are merged, the second one's values counting.",
        VIEW, FRESH, special=merged,
        more=lambda: [({"a": 1}, {"b": 2}), ({}, {"a": 1}), ({"a": 1}, {"a": 2}), ({1: 2}, 3)],
    ),
    _binary(
        "bitwise_xor", "^", operator.xor, np.bitwise_xor, ("bitwise_xor",),
        "Bits set in one of the two.", COMMUTATIVE,
    ),
    _binary(
        "bitwise_left_shift", "<<", operator.lshift, np.left_shift,
        ("left_shift", "bitwise_left_shift"), "Bits moved up.", INT_RANGE, GUARDED,
        kernel=_left_shift, more=lambda: [(1, 62), (0, 1000), (1, -1), (True, 3)],
    ),
    _binary(
        "bitwise_right_shift", ">>", operator.rshift, np.right_shift,
        ("right_shift", "bitwise_right_shift"), "Bits moved down, the sign kept.",
        more=lambda: [(-5, 1), (1, 1000), (1, -1)],
    ),
    _unary("negative", "-", operator.neg, np.negative, ("negative",), "The negated value."),
    _unary("positive", "+", operator.pos, np.positive, ("positive",), "The value itself."),
    _unary(
        "bitwise_invert", "~", operator.invert, np.invert,
        ("invert", "bitwise_invert", "bitwise_not"),
        "All bits flipped; of bool tensors the logical negation.",
    ),
    op(
        "pow(a: Tensor | ArrayLike, b: Tensor | ArrayLike)",
        doc="Elementwise power of arrays, as `numpy.power`; its result is always NumPy's.",
        infer=lambda args: TensorType(
            ufunc_dtypes(np.power, args.types)[0],
            broadcast_shapes(*(array_like_type(t).shape for t in args.types)),
        ),
        kernel=np.power,
        traits=(PURE, ELEMENTWISE),
        spellings=("numpy.power", "numpy.pow"),
        samples=lambda: [
            sample(*args, raises=raised_by(np.power, args))
            for args in [*_NUMBERS, *_arrays(), (np.array([4.0, -np.inf]), 0.5)]
        ],
    ),
)  # fmt: skip
