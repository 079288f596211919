"""Elementwise functions of two or more operands that are not Python's operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import COMMUTATIVE, ELEMENTWISE, PURE, Args, OpDef, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    array_like_type,
    broadcast_shapes,
    elementwise,
    promote,
)
from scriptc.ir.ops.samples import each, matrix, named, pairs, special
from scriptc.ir.types import BOOL, NONE, TensorType, Type, members_of

# Our name, the ufunc, NumPy's names with the one for writing first, whether the operands may be
# swapped (to the bit: the larger of 0.0 and -0.0 is the first one), and the meaning.
_UFUNCS: tuple[tuple[str, np.ufunc, str, bool, str], ...] = (
    ("maximum", np.maximum, "maximum", False, "Larger of the two; NaN if either is."),
    ("minimum", np.minimum, "minimum", False, "Smaller of the two; NaN if either is."),
    ("fmax", np.fmax, "fmax", False, "Larger of the two; the other one where one is NaN."),
    ("fmin", np.fmin, "fmin", False, "Smaller of the two; the other one where one is NaN."),
    ("fmod", np.fmod, "fmod", False, "Remainder with the sign of the dividend, as in C."),
    ("float_power", np.float_power, "float_power", False, "Power, computed in float64 at least."),
    ("atan2", np.arctan2, "arctan2 atan2", False, "Angle of the point (x, y), from y and x."),
    ("hypot", np.hypot, "hypot", False, "Length of the hypotenuse, without needless overflow."),
    ("copysign", np.copysign, "copysign", False, "Magnitude of the first, sign of the second."),
    ("nextafter", np.nextafter, "nextafter", False, "Next number from the first to the second."),
    ("ldexp", np.ldexp, "ldexp", False, "The first times 2 to the power of the second."),
    ("logaddexp", np.logaddexp, "logaddexp", False, "log(exp(a) + exp(b)), without overflow."),
    ("logaddexp2", np.logaddexp2, "logaddexp2", False, "log2(2**a + 2**b), without overflow."),
    ("heaviside", np.heaviside, "heaviside", False, "0 or 1 by the sign; the second at 0."),
    ("gcd", np.gcd, "gcd", True, "Greatest common divisor of integers."),
    ("lcm", np.lcm, "lcm", True, "Least common multiple of integers."),
    ("logical_and", np.logical_and, "logical_and", True, "Whether both are other than zero."),
    ("logical_or", np.logical_or, "logical_or", True, "Whether one of them is other than zero."),
    ("logical_xor", np.logical_xor, "logical_xor", True, "Whether just one is other than zero."),
)


def _declare(name: str, ufunc: np.ufunc, names: str, swaps: bool, doc: str) -> OpDef:
    return op(
        f"{name}(x1: ArrayLike, x2: ArrayLike)",
        doc=doc,
        infer=elementwise(ufunc),
        kernel=ufunc,
        traits=(PURE, ELEMENTWISE, COMMUTATIVE) if swaps else (PURE, ELEMENTWISE),
        spellings=[f"numpy.{n}" for n in names.split()],
        samples=lambda: each(ufunc, [*pairs(), (np.ones(2), np.ones(3))]),
    )


# --- choosing and limiting ------------------------------------------------------------------------


def _where_type(args: Args) -> Type:
    shape = broadcast_shapes(*(array_like_type(t).shape for t in args.types))
    return TensorType(promote(args["x"], args["y"]), shape)


def _limits(args: Args, low: str, high: str) -> list[Type] | None:
    """Return the types of the limits that are given; None where that is not known."""
    limits = [args[low], args[high]]
    if any(NONE in members_of(t) and t != NONE for t in limits):
        return None
    return [t for t in limits if t != NONE]


def _clip_type(args: Args) -> Type:
    limits = _limits(args, "min", "max")
    if limits is None:
        return TensorType()
    shape = broadcast_shapes(*(array_like_type(t).shape for t in (args["x"], *limits)))
    return TensorType(probed(_clipped, args["x"], *limits), shape)


def _clipped(x: Any, low: Any = None, high: Any = None) -> Any:
    # Which limit is missing does not change the dtype.
    return np.clip(x, low, high)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return x.clip(low, high) if type(x) is np.ndarray else np.clip(x, low, high)


# --- comparing with a tolerance -------------------------------------------------------------------


def _isclose(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: Any) -> Any:
    return np.isclose(a, b, rtol, atol, equal_nan)


def _isclose_type(args: Args) -> Type:
    shapes = [array_like_type(args[name]).shape for name in ("a", "b", "rtol", "atol")]
    return TensorType("bool", broadcast_shapes(*shapes))


def _close_pairs() -> Sequence[tuple[Any, Any]]:
    return [
        (special(), special()),
        (matrix(), matrix() + np.float32(1e-6)),
        (np.array([1, 2]), np.array([1, 3])),
        (1.0, 1.0 + 1e-9),
        (np.float32(1), 2),
        (np.zeros((0, 2)), np.zeros((1, 2))),
        (np.array([1j]), np.array([1j + 1e-12])),
        ([1.0, 2.0], [1.0, 2.5]),
    ]


OPS: tuple[OpDef, ...] = (
    *(_declare(*row) for row in _UFUNCS),
    op(
        "where(condition: ArrayLike, x: ArrayLike, y: ArrayLike)",
        doc="Elements of `x` where the condition holds, of `y` elsewhere.",
        infer=_where_type,
        kernel=np.where,
        traits=(PURE, ELEMENTWISE),
        spellings=("numpy.where",),
        samples=lambda: [
            sample(matrix() > 1, matrix(), 0), sample(matrix() > 1, matrix(), -np.inf),
            sample(np.array([True, False]), np.array([[1], [2]], "int8"), np.array([3, 4], "int8")),
            sample(np.array([1, 0]), np.array([1, 2], "int32"), np.array([1.5, 2], "float32")),
            sample(True, 1, 2.5), sample(np.bool_(False), 1, 2), sample([True, False], [1, 2], 3),
            sample(np.array(True), np.float32(1), np.float32(2)),
            sample(np.zeros((0, 2), bool), 1.0, np.ones(2)),
            sample(np.array([True, False]), np.ones(3), 0, raises=ValueError),
        ],
    ),
    op(
        "clip(x: ArrayLike, min: ArrayLike | None = None, max: ArrayLike | None = None)",
        doc="Elements below `min` raised to it, those above `max` lowered to it; NaN stays.",
        infer=_clip_type,
        kernel=_clip,
        traits=(PURE, ELEMENTWISE),
        spellings=(
            "ndarray.clip", *named("clip", a_min="min", a_max="max"),
        ),
        samples=lambda: [
            sample(special(), -1, 1), sample(matrix(), 1, 2), sample(matrix("int32"), 1, 2.5),
            sample(matrix("int8"), None, 3), sample(matrix("uint8"), 2, None),
            sample(matrix(), np.array([1, 2, 3]), None), sample(matrix(), None, np.float64(2)),
            sample(np.float32(5), 0, 1), sample(5, 0, 3), sample(2.5, 0, 1), sample([1, 5], 2, 3),
            sample(np.array(5.0), 0, 1), sample(matrix(), 3, 1), sample(np.zeros((0, 2)), 0, 1),
            sample(matrix(), np.zeros(2), np.zeros(3), raises=ValueError),
            *each(np.clip, [(matrix("int8"), 0, 300)]),
        ],
    ),
    op(
        "isclose(a: ArrayLike, b: ArrayLike, rtol: ArrayLike = 1e-05, atol: ArrayLike = 1e-08, "
        "equal_nan: bool = False)",
        doc="Whether |a - b| <= atol + rtol * |b|; infinities of one sign are close.",
        infer=_isclose_type,
        kernel=_isclose,
        traits=(PURE, ELEMENTWISE),
        spellings=("numpy.isclose",),
        samples=lambda: [
            *each(np.isclose, _close_pairs()),
            sample(special(), special(), equal_nan=True), sample(1.0, 1.1, 0.2, 0.0),
        ],
    ),
    op(
        "allclose(a: ArrayLike, b: ArrayLike, rtol: ArrayLike = 1e-05, atol: ArrayLike = 1e-08, "
        "equal_nan: bool = False)",
        doc="Whether all elements are close, as `isclose` says.",
        infer=lambda args: BOOL,
        kernel=np.allclose,
        traits=(PURE,),
        spellings=("numpy.allclose",),
        samples=lambda: [
            *each(np.allclose, _close_pairs()), sample(special(), special(), equal_nan=True),
        ],
    ),
    op(
        "array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False)",
        doc="Whether shapes and all elements are equal.",
        infer=lambda args: BOOL,
        kernel=np.array_equal,
        traits=(PURE,),
        spellings=("numpy.array_equal",),
        samples=lambda: [
            *each(np.array_equal, _close_pairs()), sample(special(), special(), equal_nan=True),
            sample(matrix(), matrix("int32")), sample(np.ones(2), np.ones(3)),
        ],
    ),
    op(
        "array_equiv(a1: ArrayLike, a2: ArrayLike)",
        doc="Whether all elements are equal once the shapes are broadcast.",
        infer=lambda args: BOOL,
        kernel=np.array_equiv,
        traits=(PURE,),
        spellings=("numpy.array_equiv",),
        samples=lambda: [
            *each(np.array_equiv, _close_pairs()), sample(np.ones(2), 1),
            sample(np.ones(2), np.ones(3)),
        ],
    ),
)  # fmt: skip
