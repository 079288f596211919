"""The functions of `math`. They take numbers and 0-d tensors, and give plain Python numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    INT_RANGE,
    PURE,
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
    check_real,
    is_tensor,
    none_help,
    raised_by,
    require_known,
    too_big,
    walked,
)
from scriptc.ir.types import BOOL, FLOAT, INT, NEVER, TupleType, Type

_INF, _NAN = math.inf, math.nan
_POINTS: tuple[Any, ...] = (
    0, 1, -2, 0.5, -0.0, 2.5, -1.5, 30.0, 1e308, _INF, -_INF, _NAN, True, np.float32(0.25),
    np.int8(2), np.array(0.75),
)  # fmt: skip
_PAIRS: tuple[tuple[Any, Any], ...] = (
    (1, 2), (-2.5, 2.0), (0.0, -0.0), (_INF, 1), (1, _INF), (_NAN, 1.0), (2, 0), (-8, 1 / 3),
    (np.float32(1.5), 2), (1e308, 10.0), (True, 2),
)  # fmt: skip


def _returns(result: Type) -> InferRule:
    def infer(args: Args) -> Type:
        check_real(args)
        return result

    return infer


def _tried(
    function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]
) -> Callable[[], list[Sample]]:
    """Return samples of these arguments, with what `function` raises for them."""
    return lambda: [sample(*args, raises=raised_by(function, args)) for args in arguments]


def _math(
    schema: str,
    doc: str,
    result: Type | InferRule,
    arguments: Iterable[tuple[Any, ...]],
    *traits: Trait,
    kernel: Callable[..., Any] | None = None,
) -> OpDef:
    name = schema.partition("(")[0]
    function = getattr(math, name)
    return op(
        f"math_{schema}",
        doc=doc,
        infer=_returns(result) if isinstance(result, Type) else result,
        kernel=kernel or function,
        traits=(PURE, *traits),
        spellings=(f"math.{name}",),
        samples=_tried(function, arguments),
    )


def _unary(name: str, doc: str, result: Type = FLOAT, *traits: Trait) -> OpDef:
    points = [(x,) for x in _POINTS]
    return _math(f"{name}(x: number)", doc, result, points, *traits)


def _binary(name: str, doc: str, names: str = "xy") -> OpDef:
    a, b = names[0], names[1]
    return _math(f"{name}({a}: number, {b}: number)", doc, FLOAT, _PAIRS)


# --- rules --------------------------------------------------------------------------------------


def _trunc_type(args: Args) -> Type:
    check_real(args)
    if is_tensor(args["x"]):
        raise RuleError("`math.trunc` does not take every NumPy number", "use `int(x)`")
    return INT


def _fsum_type(args: Args) -> Type:
    element = walked(args["values"])
    require_known(element)
    if element != NEVER and not check_kind("number", element):
        raise RuleError(f"`math.fsum` adds up numbers, not {element}", none_help(element))
    return FLOAT


# --- kernels ------------------------------------------------------------------------------------


def _log(x: Any, base: Any) -> float:
    return math.log(x) if base is None else math.log(x, base)


def _isclose(a: Any, b: Any, rel_tol: Any, abs_tol: Any) -> bool:
    return math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol)


# The results of these grow beyond all bounds, so what cannot fit in 64 bits is not computed.


def _factorial(n: Any) -> int:
    if isinstance(n, int) and n > 20:
        raise too_big()
    return math.factorial(n)


def _comb(n: Any, k: Any) -> int:
    if isinstance(n, int) and isinstance(k, int) and 34 <= k <= n - 34:
        raise too_big()
    return math.comb(n, k)


def _perm(n: Any, k: Any) -> int:
    if isinstance(n, int) and n > 20 and (k is None or (isinstance(k, int) and 20 < k <= n)):
        raise too_big()
    return math.perm(n, k)


OPS = (
    _unary("sqrt", "Square root."),
    _unary("cbrt", "Cube root."),
    _unary("exp", "e to the power `x`."),
    _unary("exp2", "2 to the power `x`."),
    _unary("expm1", "e to the power `x`, less 1, exact near 0."),
    _math(
        "log(x: number, base: number | None = None)", "Logarithm to a base, or the natural one.",
        FLOAT, [*((x,) for x in _POINTS), (8, 2), (100, 10.0), (2, 1), (2, 0), (3.0, -1)],
        kernel=_log,
    ),
    _unary("log2", "Logarithm to the base 2."),
    _unary("log10", "Logarithm to the base 10."),
    _unary("log1p", "Natural logarithm of `1 + x`, exact near 0."),
    _binary("pow", "Power, as a float."),
    _unary("sin", "Sine of an angle in radians."),
    _unary("cos", "Cosine of an angle in radians."),
    _unary("tan", "Tangent of an angle in radians."),
    _unary("asin", "Inverse sine, in radians."),
    _unary("acos", "Inverse cosine, in radians."),
    _unary("atan", "Inverse tangent, in radians."),
    _binary("atan2", "Angle of the point (x, y), in radians.", "yx"),
    _unary("sinh", "Hyperbolic sine."),
    _unary("cosh", "Hyperbolic cosine."),
    _unary("tanh", "Hyperbolic tangent."),
    _unary("asinh", "Inverse hyperbolic sine."),
    _unary("acosh", "Inverse hyperbolic cosine."),
    _unary("atanh", "Inverse hyperbolic tangent."),
    _unary("floor", "The largest int that is not greater.", INT, INT_RANGE),
    _unary("ceil", "The smallest int that is not less.", INT, INT_RANGE),
    _math(
        "trunc(x: number)", "The int without the fraction.", _trunc_type,
        [(x,) for x in _POINTS if not isinstance(x, np.ndarray | np.generic)], INT_RANGE,
    ),
    _unary("fabs", "Absolute value, as a float."),
    _binary("fmod", "Remainder with the sign of the dividend, as in C."),
    _binary("remainder", "Remainder of the division that rounds to the nearest, as in IEEE 754."),
    _binary("copysign", "The size of the first number with the sign of the second."),
    _binary("nextafter", "The next float after the first number towards the second."),
    _unary("ulp", "The distance from a float to the next one."),
    _math(
        "hypot(*coordinates: number)", "Length of a vector.", FLOAT,
        [(), (3, 4), (1.0, -2.0, 2), (_INF, _NAN), (1e308, 1e308), (np.float32(3), 4)],
    ),
    _unary("isnan", "Whether a number is not a number.", BOOL),
    _unary("isinf", "Whether a number is infinite.", BOOL),
    _unary("isfinite", "Whether a number is neither infinite nor not a number.", BOOL),
    op(
        "math_isclose(a: number, b: number, *, rel_tol: number = 1e-09, abs_tol: number = 0.0)",
        doc="Whether two numbers differ by no more than a relative or an absolute tolerance.",
        infer=_returns(BOOL),
        kernel=_isclose,
        traits=(PURE,),
        spellings=("math.isclose",),
        samples=lambda: [
            sample(1.0, 1.0 + 1e-10), sample(1, 2), sample(0.0, 1e-12), sample(_INF, _INF),
            sample(1.0, 1.1, rel_tol=0.2), sample(0.0, 0.1, abs_tol=0.5), sample(_NAN, _NAN),
            sample(1, 2, rel_tol=-1.0, raises=ValueError),
        ],
    ),
    _math(
        "gcd(*integers: int)", "Greatest common divisor.", INT,
        [(), (12, 18), (0, 0), (-4,), (12, 18, 27), (np.int64(4), 6), (True, 2), (1.5, 2)],
        INT_RANGE,
    ),
    _math(
        "lcm(*integers: int)", "Least common multiple.", INT,
        [(), (4, 6), (0, 3), (-4, 6), (2, 3, 5), (np.int64(4), 6), (1.5, 2)], INT_RANGE,
    ),
    _math(
        "factorial(x: int)", "Product of the ints from 1 to `x`.", INT,
        [(0,), (5,), (20,), (True,), (np.int64(4),), (-1,), (2.5,)], INT_RANGE, kernel=_factorial,
    ),
    _math(
        "comb(n: int, k: int)", "Number of ways to choose `k` of `n` things.", INT,
        [(5, 2), (5, 0), (5, 6), (60, 30), (100, 99), (-1, 2), (2, -1), (np.int64(5), 2)],
        INT_RANGE, kernel=_comb,
    ),
    _math(
        "perm(n: int, k: int | None = None)",
        "Number of ways to choose `k` of `n` things in order; without `k`, all of them.", INT,
        [(5, 2), (5,), (5, None), (5, 6), (20, 20), (1000, 3), (-1, 2), (2, -1), (0, 0)],
        INT_RANGE, kernel=_perm,
    ),
    _math(
        "isqrt(n: int)", "The int part of the square root.", INT,
        [(0,), (15,), (16,), (2**62,), (-1,), (np.int64(9),), (2.5,)],
    ),
    _unary("degrees", "Radians in degrees."),
    _unary("radians", "Degrees in radians."),
    _unary("erf", "Error function."),
    _unary("erfc", "Complementary error function, `1 - erf(x)`."),
    _unary("gamma", "Gamma function."),
    _unary("lgamma", "Natural logarithm of the absolute value of the gamma function."),
    _math(
        "ldexp(x: number, i: int)", "`x * 2**i`.", FLOAT,
        [(1.5, 3), (1, -2), (_INF, 5), (1.0, 2000), (1.0, -2000), (True, 1), (1.0, 1.5)],
    ),
    _unary("modf", "Fraction and whole part, both signed as `x`.", TupleType((FLOAT, FLOAT))),
    _unary("frexp", "Mantissa and exponent: `m * 2**e`.", TupleType((FLOAT, INT))),
    op(
        "math_fsum(values: iterable)",
        doc="Sum of numbers without loss in between, as a float.",
        infer=_fsum_type,
        kernel=math.fsum,
        traits=(PURE,),
        spellings=("math.fsum",),
        samples=lambda: [
            sample([0.1] * 10), sample([]), sample((1, 2.5)), sample(range(4)),
            sample(np.array([1e16, 1.0, -1e16])), sample([True]),
            sample([_INF, -_INF], raises=ValueError), sample(["a"], raises=TypeError),
        ],
    ),
)  # fmt: skip
