"""Elementwise functions of one operand: NumPy's ufuncs, and what is made of them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from scriptc.ir.opdef import ELEMENTWISE, PURE, TOTAL, VIEW, Args, OpDef, RuleError, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import (
    array_like_type,
    elementwise,
    flag,
    inexact,
    real_part,
    ufunc_dtypes,
)
from scriptc.ir.ops.samples import each, matrix, named, operands, special
from scriptc.ir.types import BOOL, COMPLEX, FLOAT, INT, TensorType, TupleType, Type

# Our name, the ufunc, NumPy's names with the one for writing first, and the meaning.
_UFUNCS: tuple[tuple[str, np.ufunc, str, str], ...] = (
    ("abs", np.absolute, "abs absolute", "Absolute value; of a complex number its modulus."),
    ("fabs", np.fabs, "fabs", "Absolute value as a floating-point number."),
    ("acos", np.arccos, "arccos acos", "Angle in [0, pi] with this cosine; NaN outside [-1, 1]."),
    ("asin", np.arcsin, "arcsin asin", "Angle in [-pi/2, pi/2] with this sine."),
    ("atan", np.arctan, "arctan atan", "Angle in [-pi/2, pi/2] with this tangent."),
    ("acosh", np.arccosh, "arccosh acosh", "Inverse of the hyperbolic cosine; NaN below 1."),
    ("asinh", np.arcsinh, "arcsinh asinh", "Inverse of the hyperbolic sine."),
    ("atanh", np.arctanh, "arctanh atanh", "Inverse of the hyperbolic tangent."),
    ("sin", np.sin, "sin", "Sine of an angle in radians."),
    ("cos", np.cos, "cos", "Cosine of an angle in radians."),
    ("tan", np.tan, "tan", "Tangent of an angle in radians."),
    ("sinh", np.sinh, "sinh", "Hyperbolic sine."),
    ("cosh", np.cosh, "cosh", "Hyperbolic cosine."),
    ("tanh", np.tanh, "tanh", "Hyperbolic tangent."),
    ("exp", np.exp, "exp", "e to the power of each element."),
    ("exp2", np.exp2, "exp2", "2 to the power of each element."),
    ("expm1", np.expm1, "expm1", "exp(x) - 1, exact also near 0."),
    ("log", np.log, "log", "Natural logarithm: -inf of 0, NaN of negative numbers."),
    ("log1p", np.log1p, "log1p", "log(1 + x), exact also near 0."),
    ("log2", np.log2, "log2", "Logarithm to base 2."),
    ("log10", np.log10, "log10", "Logarithm to base 10."),
    ("sqrt", np.sqrt, "sqrt", "Square root; NaN of negative numbers."),
    ("cbrt", np.cbrt, "cbrt", "Cube root, also of negative numbers."),
    ("square", np.square, "square", "Each element times itself."),
    ("reciprocal", np.reciprocal, "reciprocal", "1 / x, in the element's own dtype."),
    ("sign", np.sign, "sign", "-1, 0 or 1, as the sign says; a complex number over its modulus."),
    ("signbit", np.signbit, "signbit", "Whether the sign bit is set, also that of -0.0."),
    ("ceil", np.ceil, "ceil", "Smallest whole number that is not less."),
    ("floor", np.floor, "floor", "Largest whole number that is not greater."),
    ("trunc", np.trunc, "trunc", "Whole part, the fraction cut off."),
    ("rint", np.rint, "rint", "Nearest whole number, halves to even, as a float."),
    ("degrees", np.degrees, "degrees rad2deg", "Radians as degrees."),
    ("radians", np.radians, "radians deg2rad", "Degrees as radians."),
    ("isnan", np.isnan, "isnan", "Whether an element is not a number."),
    ("isinf", np.isinf, "isinf", "Whether an element is infinite."),
    ("isfinite", np.isfinite, "isfinite", "Whether an element is neither infinite nor NaN."),
    ("logical_not", np.logical_not, "logical_not", "Whether an element is zero."),
    ("bitwise_count", np.bitwise_count, "bitwise_count", "Number of bits set in the magnitude."),
    ("spacing", np.spacing, "spacing", "Distance to the next number away from zero."),
)


def _declare(name: str, ufunc: np.ufunc, names: str, doc: str) -> OpDef:
    return op(
        f"{name}(x: ArrayLike)",
        doc=doc,
        infer=elementwise(ufunc),
        kernel=ufunc,
        traits=(PURE, ELEMENTWISE),
        spellings=named(*names.split(), first="x"),
        samples=lambda: each(ufunc, [(x,) for x in operands()]),
    )


# --- parts of complex numbers -------------------------------------------------------------------


def _part_type(args: Args) -> Type:
    x = args["x"]
    if x in (INT, BOOL):
        return INT
    if x in (FLOAT, COMPLEX):
        return FLOAT
    tensor = array_like_type(x)
    return TensorType(real_part(tensor.dtype), tensor.shape)


def _angle_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(probed(np.angle, args["x"]), x.shape)


def _angle(x: Any, deg: Any) -> Any:
    return np.angle(x, deg)


# --- rounding and replacing -----------------------------------------------------------------------


def _round(x: Any, decimals: Any) -> Any:
    return x.round(decimals) if type(x) is np.ndarray else np.round(x, decimals)


def _round_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    # NumPy rounds bool to float16, and only to no decimals.
    return TensorType("float16" if x.dtype == "bool" else x.dtype, x.shape)


def _nan_to_num(x: Any, copy: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    return np.nan_to_num(x, copy, nan, posinf, neginf)


def _nan_to_num_type(args: Args) -> Type:
    if not flag(args, "copy"):
        raise RuleError(
            "`nan_to_num` always makes a new array here", "assign its result: `x[...] = ...`"
        )
    return array_like_type(args["x"])


def _same_inexact(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(inexact(x.dtype), x.shape)


def _sinc_type(args: Args) -> Type:
    return TensorType(probed(np.sinc, args["x"]), array_like_type(args["x"]).shape)


def _two_results(ufunc: np.ufunc) -> Any:
    def infer(args: Args) -> Type:
        shape = array_like_type(args["x"]).shape
        return TupleType(tuple(TensorType(d, shape) for d in ufunc_dtypes(ufunc, (args["x"],))))

    return infer


def _boolean(args: Args) -> Type:
    return TensorType("bool", array_like_type(args["x"]).shape)


OPS: tuple[OpDef, ...] = (
    *(_declare(*row) for row in _UFUNCS),
    op(
        "conj(x: ArrayLike)",
        doc="Complex conjugate; other numbers stay.",
        infer=elementwise(np.conjugate),
        kernel=np.conjugate,
        traits=(PURE, ELEMENTWISE),
        spellings=named("conj", "conjugate", first="x"),
        samples=lambda: each(np.conjugate, [(x,) for x in operands()]),
    ),
    op(
        "conj_of(x: Array)",
        doc="Complex conjugate as a method: an array that is not complex is returned itself.",
        infer=lambda args: args["x"],
        kernel=operator.methodcaller("conj"),
        traits=(PURE, VIEW, TOTAL, ELEMENTWISE),
        spellings=("ndarray.conj", "ndarray.conjugate"),
        samples=lambda: [
            sample(np.array([1 + 2j])), sample(matrix()), sample(np.float32(1)),
            sample(np.array([True])),
        ],
    ),
    op(
        "real(x: Tensor)",
        doc="Real part; a view of a complex array, and a real array itself.",
        infer=_part_type,
        kernel=operator.attrgetter("real"),
        traits=(PURE, TOTAL, VIEW, ELEMENTWISE),
        python="x.real",
        spellings=named("ndarray.real", "real", first="val"),
        samples=lambda: [sample(x) for x in operands() if not isinstance(x, list | tuple)],
    ),
    op(
        "imag(x: Tensor)",
        doc="Imaginary part; a view of a complex array, zeros of a real one.",
        infer=_part_type,
        kernel=operator.attrgetter("imag"),
        traits=(PURE, TOTAL, VIEW, ELEMENTWISE),
        python="x.imag",
        spellings=named("ndarray.imag", "imag", first="val"),
        samples=lambda: [sample(x) for x in operands() if not isinstance(x, list | tuple)],
    ),
    op(
        "angle(x: ArrayLike, deg: bool = False)",
        doc="Angle of a complex number in radians, or in degrees.",
        infer=_angle_type,
        kernel=_angle,
        traits=(PURE, ELEMENTWISE),
        spellings=named("angle", first="z"),
        samples=lambda: [
            sample(np.array([1j, -1, 1 + 1j])), sample(np.array([1j]), deg=True),
            sample(special()), sample(matrix("int32")), sample(-1.0),
            sample(np.array([1j], "complex64")),
        ],
    ),
    op(
        "round(x: ArrayLike, decimals: int = 0)",
        doc="Nearest number of that many decimals, halves to even.",
        infer=_round_type,
        kernel=_round,
        traits=(PURE, ELEMENTWISE),
        spellings=named("round", "around", "ndarray.round"),
        samples=lambda: [
            *(sample(x) for x in operands()),
            sample(special() * 1.37, 1),
            sample(np.array([1234, -1250]), -2),
            sample(matrix() / 7, decimals=2),
        ],
    ),
    op(
        "sinc(x: ArrayLike)",
        doc="sin(pi x) / (pi x), and 1 at 0.",
        infer=_sinc_type,
        kernel=np.sinc,
        traits=(PURE, ELEMENTWISE),
        spellings=named("sinc", first="x"),
        samples=lambda: each(np.sinc, [(x,) for x in operands()]),
    ),
    op(
        "nan_to_num(x: ArrayLike, copy: bool = True, nan: ArrayLike = 0.0, "
        "posinf: ArrayLike | None = None, neginf: ArrayLike | None = None)",
        doc="NaN and infinities replaced by finite numbers: 0 and the largest ones by default.",
        infer=_nan_to_num_type,
        kernel=_nan_to_num,
        traits=(PURE, ELEMENTWISE),
        spellings=named("nan_to_num", first="x"),
        samples=lambda: [
            sample(special()), sample(special(), nan=1.0, posinf=2.0, neginf=-2.0),
            sample(matrix("int32")), sample(np.float32(np.nan)), sample(np.array(np.inf)),
            sample(np.nan), sample([1, 2]), sample(np.array([np.nan + 1j])),
            sample(np.array([np.nan, 1], "float32"), True, 7),
        ],
    ),
    op(
        "isposinf(x: ArrayLike)",
        doc="Whether an element is positive infinity.",
        infer=_boolean,
        kernel=np.isposinf,
        traits=(PURE, ELEMENTWISE),
        spellings=named("isposinf", first="x"),
        samples=lambda: each(np.isposinf, [(x,) for x in operands()]),
    ),
    op(
        "isneginf(x: ArrayLike)",
        doc="Whether an element is negative infinity.",
        infer=_boolean,
        kernel=np.isneginf,
        traits=(PURE, ELEMENTWISE),
        spellings=named("isneginf", first="x"),
        samples=lambda: each(np.isneginf, [(x,) for x in operands()]),
    ),
    op(
        "modf(x: ArrayLike)",
        doc="Fractional part and whole part, both with the sign of x.",
        infer=_two_results(np.modf),
        kernel=np.modf,
        traits=(PURE, ELEMENTWISE),
        spellings=named("modf", first="x"),
        samples=lambda: each(np.modf, [(x,) for x in operands()]),
    ),
    op(
        "frexp(x: ArrayLike)",
        doc="Mantissa in [0.5, 1) and exponent of 2.",
        infer=_two_results(np.frexp),
        kernel=np.frexp,
        traits=(PURE, ELEMENTWISE),
        spellings=named("frexp", first="x"),
        samples=lambda: each(np.frexp, [(x,) for x in operands()]),
    ),
    op(
        "i0(x: ArrayLike)",
        doc="Modified Bessel function of the first kind, order 0.",
        infer=_same_inexact,
        kernel=np.i0,
        traits=(PURE, ELEMENTWISE),
        spellings=named("i0", first="x"),
        samples=lambda: each(np.i0, [(x,) for x in (special()[:6], matrix(), 0.5, [1, 2])]),
    ),
)  # fmt: skip
