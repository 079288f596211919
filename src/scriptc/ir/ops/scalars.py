"""Conversions between numbers and strings, and the built-ins and methods of single numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    INT_RANGE,
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
    check_real,
    fits_int,
    is_tensor,
    none_help,
    not_defined,
    number_result,
    require_known,
    samples,
)
from scriptc.ir.ops.rules import array_like_type, broadcast_shapes, ufunc_dtypes
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    ClassType,
    IteratorType,
    TensorType,
    TupleType,
    Type,
    ViewType,
    members_of,
)

# --- rules --------------------------------------------------------------------------------------


def _to_int(args: Args) -> Type:
    check_real(args, "x")
    text = members_of(args["x"]) == (STR,)
    if args["base"] != NONE and not text:
        raise RuleError("`int` takes a base with a string only", "leave the base out")
    return INT


def _to_float(args: Args) -> Type:
    check_real(args, "x")
    return FLOAT


def _to_complex(args: Args) -> Type:
    if args["real"] == STR and args["imag"] != NONE:
        raise RuleError("`complex` of a string takes no imaginary part", "leave it out")
    return COMPLEX


def _abs(args: Args) -> Type:
    x = args["x"]
    require_known(x)
    result = tensor_result(np.absolute, "abs", (x,)) or number_result(abs, x)
    if result is None:
        raise not_defined("abs", x)
    return result


def _round(args: Args) -> Type:
    x, digits = args["x"], args["ndigits"]
    if is_tensor(x):
        raise RuleError(
            "`round` of a NumPy number depends on its dtype, and an array has none",
            "use `np.round(x, n)`, or `round(float(x), n)`",
        )
    if x not in (INT, FLOAT, BOOL):
        raise not_defined("round", x)
    if x == FLOAT and digits != NONE:
        if NONE in members_of(digits):
            raise RuleError("`round` gives an int without digits, and a float with", "test them")
        return FLOAT
    return INT


def _divmod(args: Args) -> Type:
    a, b = args.types
    require_known(a, b)
    if tensor_result(np.floor_divide, "divmod", (a, b)) is not None:
        shape = broadcast_shapes(*(array_like_type(t).shape for t in (a, b)))
        first, second = ufunc_dtypes(np.divmod, (a, b))
        return TupleType((TensorType(first, shape), TensorType(second, shape)))
    result = number_result(_quotient, a, b)
    if result is None:
        raise not_defined("divmod", a, b)
    return TupleType((result, result))


def _quotient(a: Any, b: Any) -> Any:
    return divmod(a, b)[0]


def _method_of(owner: Type, result: Type) -> InferRule:
    """Make the rule of a method of Python's own numbers, which NumPy's do not have."""

    def infer(args: Args) -> Type:
        (x,) = args.types
        if x != owner and (x, owner) != (BOOL, INT):
            raise RuleError(f"`{args.schema.name}` takes {owner}, not {x}", none_help(x))
        return result

    return infer


def _hash(args: Args) -> Type:
    check_hashable(args["x"])
    for member in members_of(args["x"]):
        if isinstance(member, ClassType | IteratorType | ViewType):
            raise RuleError(f"a {member} has no hash that lasts", none_help(args["x"]))
    return INT


# --- kernels ------------------------------------------------------------------------------------


def _int(x: Any, base: Any) -> int:
    return int(x) if base is None else int(x, base)


def _complex(real: Any, imag: Any) -> complex:
    return complex(real) if imag is None else complex(real, imag)


def _divmod_kernel(a: Any, b: Any) -> Any:
    result = divmod(a, b)
    if type(result[0]) is int:
        fits_int(result[0])
    return result


def _real(x: complex) -> float:
    return x.real


def _imag(x: complex) -> float:
    return x.imag


def _start(x: range) -> int:
    return x.start


def _stop(x: range) -> int:
    return x.stop


def _step(x: range) -> int:
    return x.step


# --- operations ---------------------------------------------------------------------------------


def _op(
    schema: str,
    doc: str,
    infer: InferRule | Type,
    kernel: Callable[..., Any],
    spelling: str,
    made: Callable[[], Any],
    *traits: Trait,
) -> OpDef:
    rule = (lambda args: infer) if isinstance(infer, Type) else infer
    return op(
        schema, doc=doc, infer=rule, kernel=kernel, traits=(PURE, *traits), spellings=(spelling,),
        samples=made,
    )  # fmt: skip


_INTS = (0, 1, -7, 255, True, -(2**63))


def _ints(*more: Sample) -> Callable[[], Any]:
    return samples(*map(sample, _INTS), *more)


def _numbers() -> list[Sample]:
    values = (0, -3, 2.5, -0.0, float("inf"), True, np.float32(1.5), np.int8(-3), np.array(2.5))
    return [*map(sample, values), sample("x y", raises=ValueError), sample(None, raises=TypeError)]


OPS = (
    _op(
        "int(x: number | str = 0, base: int | None = None)",
        "The int of a number, cut towards zero, or of the digits of a string.",
        _to_int, _int, "builtins.int",
        lambda: [
            sample(), *(s for s in _numbers() if s.args != (float("inf"),)), sample("12"),
            sample(" -7_0 "), sample("ff", 16), sample("0b11", 0), sample(2.9),
            sample("9", 8, raises=ValueError), sample(-2.9), sample(1e18), sample(True),
            sample("1.5", raises=ValueError),
            sample(float("inf"), raises=OverflowError), sample(float("nan"), raises=ValueError),
            sample(1j, raises=TypeError), sample(5, 10, raises=TypeError),
        ],
        INT_RANGE,
    ),
    _op(
        "float(x: number | str = 0.0)", "The float of a number or of the text of one.",
        _to_float, float, "builtins.float",
        lambda: [
            sample(), *_numbers(), sample("1.5e3"), sample(" nan "), sample("-inf"), sample(2**60),
            sample(1j, raises=TypeError),
        ],
    ),
    _op(
        "complex(real: number | str = 0, imag: number | None = None)",
        "The complex number of its parts, or of the text of one.",
        _to_complex, _complex, "builtins.complex",
        lambda: [
            sample(), sample(1, 2), sample(1.5), sample("1+2j"), sample(1j, 2j), sample(True),
            sample(np.float32(2), 1), sample("x", raises=ValueError),
            sample("1", 2, raises=TypeError),
        ],
    ),
    _op(
        "builtin_abs(x: Any)", "The absolute value.", _abs, abs, "builtins.abs",
        lambda: [
            *map(sample, (-3, 2.5, -0.0, True, 3 + 4j, np.array([-1, 2], np.int8))),
            sample(np.array([3 + 4j], np.complex64)), sample(np.float32(-1)),
            sample("a", raises=TypeError),
        ],
        INT_RANGE,
    ),
    _op(
        "builtin_round(x: Any, ndigits: int | None = None)",
        "The nearest int, or number of so many digits; halves go to the even neighbour.",
        _round, round, "builtins.round",
        lambda: [
            *map(sample, (0.5, 1.5, -2.5, 7, True, 1e15)), sample(2.675, 2), sample(1234, -2),
            sample(1234.5, -2), sample(1.5, 0), sample(True, 1), sample(25, -1),
            sample(float("inf"), raises=OverflowError), sample(float("nan"), raises=ValueError),
            sample(1j, raises=TypeError), sample("a", raises=TypeError),
        ],
        INT_RANGE,
    ),
    _op(
        "divmod(a: Any, b: Any)", "The quotient rounded down, and the remainder.",
        _divmod, _divmod_kernel, "builtins.divmod",
        lambda: [
            sample(7, 2), sample(-7, 2), sample(7.5, 2), sample(True, 2), sample(-0.0, 3.0),
            sample(np.array([7, -7]), 2), sample(7.5, np.array([2.0, np.nan], np.float32)),
            sample(np.float32(7), np.int8(2)), sample(1, 0, raises=ZeroDivisionError),
            sample("a", 1, raises=TypeError), sample(1j, 2, raises=TypeError),
        ],
    ),
    _op(
        "hex(x: int)", "Hexadecimal digits, after `0x`.", STR, hex, "builtins.hex", _ints(),
    ),
    _op("bin(x: int)", "Binary digits, after `0b`.", STR, bin, "builtins.bin", _ints()),
    _op("oct(x: int)", "Octal digits, after `0o`.", STR, oct, "builtins.oct", _ints()),
    _op(
        "chr(x: int)", "The character of a Unicode number.", STR, chr, "builtins.chr",
        samples(
            sample(97), sample(0x1F600), sample(True), sample(-1, raises=ValueError),
            sample(0x110000, raises=ValueError),
        ),
    ),
    _op(
        "ord(x: str)", "The Unicode number of a character.", INT, ord, "builtins.ord",
        samples(sample("a"), sample("\U0001f600"), sample("ab", raises=TypeError)),
    ),
    op(
        "hash(x: Any)",
        doc="Python's hash; that of a string differs from process to process, so it is not pure.",
        infer=_hash,
        kernel=hash,
        spellings=("builtins.hash",),
        samples=lambda: [
            *map(sample, (1, -1, 2.5, "a", True, None, (1, "a"), 1j, np.float32(1.5))),
            sample([1], raises=TypeError),
        ],
    ),
    _op(
        "int_bit_length(x: int)", "How many bits the absolute value has.", _method_of(INT, INT),
        int.bit_length, "int.bit_length", _ints(), TOTAL,
    ),
    _op(
        "int_bit_count(x: int)", "How many bits of the absolute value are set.",
        _method_of(INT, INT), int.bit_count, "int.bit_count", _ints(), TOTAL,
    ),
    _op(
        "float_is_integer(x: float)", "Whether a float is a whole number.", _method_of(FLOAT, BOOL),
        float.is_integer, "float.is_integer",
        samples(*map(sample, (1.0, 1.5, float("inf"), float("nan"), -0.0))), TOTAL,
    ),
    _op(
        "complex_real(x: complex)", "The real part of a complex number.",
        _method_of(COMPLEX, FLOAT), _real,
        "complex.real", samples(sample(1 + 2j), sample(-0.0 + 1j)), TOTAL,
    ),
    _op(
        "complex_imag(x: complex)", "The imaginary part of a complex number.",
        _method_of(COMPLEX, FLOAT), _imag,
        "complex.imag", samples(sample(1 + 2j), sample(1 - 0j)), TOTAL,
    ),
    _op(
        "complex_conjugate(x: complex)", "The complex conjugate.",
        _method_of(COMPLEX, COMPLEX), complex.conjugate,
        "complex.conjugate", samples(sample(1 + 2j), sample(1 - 0j)), TOTAL,
    ),
    _op(
        "range_start(x: range)", "The first number of a range.", INT, _start, "range.start",
        samples(sample(range(2, 9, 3)), sample(range(0))), TOTAL,
    ),
    _op(
        "range_stop(x: range)", "The number that a range stops before.", INT, _stop,
        "range.stop", samples(sample(range(2, 9, 3)), sample(range(0))), TOTAL,
    ),
    _op(
        "range_step(x: range)", "The distance of the numbers of a range.", INT, _step,
        "range.step", samples(sample(range(2, 9, 3)), sample(range(9, 0, -1))), TOTAL,
    ),
)  # fmt: skip
