"""`scriptc_scalars.h` against NumPy and Python."""

import ctypes
import math
import operator
import random
import struct
from platform import machine

import numpy as np
import pytest

from support.c_code import load_c

pytestmark = pytest.mark.kernels


INTEGERS = {
    "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
}  # fmt: skip
DTYPES = {s: np.dtype(s[0] + str(int(s[1:]) // 8)) for s in INTEGERS}
BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "minimum": np.minimum,
    "maximum": np.maximum, "left_shift": np.left_shift, "right_shift": np.right_shift,
    "floor_divide": np.floor_divide, "remainder": np.remainder, "fmod": np.fmod, "gcd": np.gcd,
    "lcm": np.lcm, "power": np.power,
}  # fmt: skip
UNARY = {
    "negative": np.negative, "square": np.square, "abs": np.abs, "sign": np.sign,
    "reciprocal": np.reciprocal, "bitwise_count": np.bitwise_count,
}  # fmt: skip
CHECKED = {
    "add_overflow": operator.add, "sub_overflow": operator.sub, "mul_overflow": operator.mul,
    "floordiv_overflow": operator.floordiv, "mod_overflow": operator.mod,
    "pow_overflow": operator.pow, "lshift_overflow": operator.lshift,
    "rshift_overflow": operator.rshift, "round": round,
}  # fmt: skip
COMPARED = {
    "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne,
    "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
FLOATS = {
    "truediv": operator.truediv, "mod": operator.mod, "floordiv": operator.floordiv, "pow": pow,
}  # fmt: skip
ROUNDED = {"int": int, "round": round, "floor": math.floor, "ceil": math.ceil}

X86 = machine() in {"x86_64", "AMD64"}


def _source() -> str:
    lines = ['#include "scriptc_scalars.h"']

    def loop(name: str, call: str, result: str, *operands: str) -> None:
        takes = ", ".join(f"const {t} *x{i}" for i, t in enumerate(operands))
        lines.append(
            f"SC_API void {name}({takes}, {result} *y, int64_t n) {{\n"
            f"    for (int64_t i = 0; i < n; i++) y[i] = {call};\n}}"
        )

    for s, t in INTEGERS.items():
        for name in BINARY:
            loop(f"{name}_{s}", f"sc_{name}_{s}(x0[i], x1[i])", t, t, t)
        for name in UNARY:
            loop(f"{name}_{s}", f"sc_{name}_{s}(x0[i])", "uint8_t" if "count" in name else t, t)
        for f, float_type in (("f32", "float"), ("f64", "double")):
            loop(f"{f}_to_{s}", f"sc_{f}_to_{s}(x0[i])", t, float_type)
    for f, float_type in (("f32", "float"), ("f64", "double")):
        loop(f"scalar_{f}_to_u32", f"sc_scalar_{f}_to_u32(x0[i])", "uint32_t", float_type)
        loop(f"{f}_to_f16", f"sc_{f}_to_f16(x0[i])", "uint16_t", float_type)
        loop(f"f16_to_{f}", f"sc_f16_to_{f}(x0[i])", float_type, "uint16_t")
    i64 = "int64_t"

    def checked(name: str, call: str, result: str, *operands: str) -> None:
        takes = ", ".join(f"{t} x{i}" for i, t in enumerate(operands))
        lines.append(f"SC_API bool {name}({takes}, {result} *r) {{ return {call}; }}")

    for name in CHECKED:
        checked(f"{name}_i64", f"sc_{name}_i64(x0, x1, r)", i64, i64, i64)
    for name in ("neg_overflow", "abs_overflow"):
        checked(f"{name}_i64", f"sc_{name}_i64(x0, r)", i64, i64)
    checked("truediv_i64", "sc_truediv_i64(x0, x1, r)", "double", i64, i64)
    for name in FLOATS:
        checked(f"{name}_f64", f"sc_{name}_f64(x0, x1, r)", "double", "double", "double")
    for name in ROUNDED:
        checked(f"{name}_f64", f"sc_{name}_f64(x0, r)", i64, "double")
    lines.extend(
        f"SC_API bool {name}_i64_f64(int64_t a, double b) {{ return sc_{name}_i64_f64(a, b); }}"
        for name in COMPARED
    )
    return "\n".join(lines)


@pytest.fixture(scope="module", params=["plain", "native"])
def code(request):
    flags = {"plain": ["-fno-wrapv", "-fstrict-aliasing"], "native": []}
    return load_c(_source(), *flags[request.param], name="scalars")


def _call(function, result, *arrays):
    y = np.empty(arrays[0].size, result)
    pointers = [np.ascontiguousarray(a).ctypes.data_as(ctypes.c_void_p) for a in arrays]
    function(*pointers, y.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(y.size))
    return y


def _values(dtype: np.dtype) -> np.ndarray:
    """All numbers of 8 bits; of more, the ends, small ones, powers of two and random ones."""
    info = np.iinfo(dtype)
    if info.bits == 8:
        return np.arange(info.min, info.max + 1).astype(dtype)
    pick = random.Random(info.bits)
    near = [s * (1 << k) + d for k in range(info.bits) for d in (-1, 0, 1) for s in (1, -1)]
    wide = [pick.randint(info.min, info.max) >> pick.randrange(info.bits) for _ in range(200)]
    fits = {v for v in [*range(-70, 71), *near, *wide] if info.min <= v <= info.max}
    return np.array(sorted(fits), dtype)


@pytest.mark.parametrize("s", INTEGERS)
def test_integers(code, s):
    values = _values(DTYPES[s])
    a, b = (np.ravel(v) for v in np.meshgrid(values, values, indexing="ij"))
    for name, ufunc in BINARY.items():
        x, y = (a, b) if name != "power" else (a[b >= 0], b[b >= 0])
        got = _call(getattr(code, f"{name}_{s}"), DTYPES[s], x, y)
        np.testing.assert_array_equal(got, ufunc(x, y), f"{name}_{s}")
    for name, ufunc in UNARY.items():
        want = ufunc(values)
        got = _call(getattr(code, f"{name}_{s}"), want.dtype, values)
        np.testing.assert_array_equal(got, want, f"{name}_{s}")


def _checked(function, kind, *operands):
    r = kind(7)
    failed = function(*operands, ctypes.byref(r))
    return None if failed & 255 else r.value


INTS = sorted(
    {0, 1, 2, 3, 5, 7, 10, 62, 63, 64, 65, 100, 10**9, 3037000499, 3037000500}
    | {2**k + d for k in (8, 31, 32, 52, 53, 54, 62) for d in (-1, 0, 1)}
    | {2**63 - 1, 2**63 - 2, 5 * 10**18, 15, 25, 35, 12345}
)
INTS = sorted({*INTS, *(-i for i in INTS), -(2**63)})


def _python(function, *operands):
    """Python's answer, None where it raises or has left the type."""
    try:
        value = function(*operands)
    except (ArithmeticError, ValueError):
        return None
    if type(value) is int and not -(2**63) <= value < 2**63:
        return None
    return value


def _same(got, want):
    if isinstance(got, float) and isinstance(want, float):
        return struct.pack("d", got) == struct.pack("d", want) or (
            math.isnan(got) and math.isnan(want)
        )
    return type(got) is type(want) and got == want


def test_python_ints(code):
    i64 = ctypes.c_int64
    for name, function in CHECKED.items():
        native = getattr(code, f"{name}_i64")
        for a in INTS:
            for b in INTS:
                if name in {"lshift_overflow", "pow_overflow"} and b > 100:
                    want = a if a in {0, 1} else None
                    if name == "pow_overflow" and a == -1:
                        want = 1 - 2 * (b % 2)
                    if name == "lshift_overflow" and a == 1:
                        want = None
                elif name == "round" and b < -100:
                    want = 0
                else:
                    want = _python(function, a, b)
                if isinstance(want, float):  # a power of negative exponent
                    want = None
                got = _checked(native, i64, i64(a), i64(b))
                assert _same(got, want), f"{name}({a}, {b}): {got}, {want}"
    for name, function in (("neg_overflow", operator.neg), ("abs_overflow", abs)):
        for a in INTS:
            got = _checked(getattr(code, f"{name}_i64"), i64, i64(a))
            assert got == _python(function, a), f"{name}({a})"


def test_true_division_of_ints_rounds_once(code):
    pick, i64 = random.Random(1), ctypes.c_int64
    pairs = [(a, b) for a in INTS for b in INTS]
    for _ in range(20000):
        a = pick.randint(-(2**63), 2**63 - 1) >> pick.randrange(63)
        b = pick.randint(-(2**63), 2**63 - 1) >> pick.randrange(63)
        pairs.append((a, b))
    for _ in range(2000):  # quotients half way between two floats, and next to that
        q = (pick.randint(2**52, 2**53) * 2 + 1) * pick.choice((1, -1))
        b = pick.randint(1, 2**9)
        pairs.extend((q * b + d, b) for d in (-1, 0, 1) if abs(q * b + d) < 2**63)
    for a, b in pairs:
        got = _checked(code.truediv_i64, ctypes.c_double, i64(a), i64(b))
        assert _same(got, _python(operator.truediv, a, b)), f"{a} / {b}: {got}"


REALS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, -3.0, 7.25, 0.1, -0.3, 1e-308, 5e-324,
    -5e-324, 1e308, -1e308, 2.0**52, 2.0**53, -(2.0**53), 2.0**62, 2.0**63, -(2.0**63), 2.0**64,
    9223372036854774784.0, 1e19, 1e-5, 1e16, 0.7, 1 / 3, math.inf, -math.inf, math.nan,
]  # fmt: skip


def test_ints_compare_with_floats_exactly(code):
    near = [float(i) + d for i in INTS for d in (0, 0.5, -0.5)]
    for name, function in COMPARED.items():
        native = getattr(code, f"{name}_i64_f64")
        native.restype = ctypes.c_bool
        native.argtypes = [ctypes.c_int64, ctypes.c_double]
        for a in INTS:
            for b in (*REALS, *near):
                assert native(a, b) is function(a, b), f"{a} {name} {b}"


def test_python_floats(code):
    pick, f64 = random.Random(2), ctypes.c_double
    pairs = [(a, b) for a in REALS for b in REALS]
    for _ in range(5000):
        a, b = pick.uniform(-100, 100), pick.choice((0.1, 0.3, 1.0, pick.uniform(-9, 9)))
        pairs += [(a, b), (round(a, 1), b), (a * 1e17, b)]
    for name, function in FLOATS.items():
        for a, b in pairs:
            want = _python(function, a, b)
            want = None if isinstance(want, complex) else want
            got = _checked(getattr(code, f"{name}_f64"), f64, f64(a), f64(b))
            assert _same(got, want), f"{name}({a}, {b}): {got}, {want}"
    for name, function in ROUNDED.items():
        for a in (*REALS, *(p[0] for p in pairs[:3000])):
            got = _checked(getattr(code, f"{name}_f64"), ctypes.c_int64, f64(a))
            assert _same(got, _python(function, a)), f"{name}({a}): {got}"


def _edges(dtype):
    rng = np.random.default_rng(3)
    ends = [s * 2.0**k + d for k in (7, 8, 15, 16, 31, 32, 63, 64) for d in (0, 1, -1, 0.5, -0.5)
            for s in (1, -1)]  # fmt: skip
    parts = [REALS, ends, rng.uniform(-300, 300, 500), rng.uniform(-(2.0**33), 2.0**33, 500),
             rng.uniform(-(2.0**65), 2.0**65, 500)]  # fmt: skip
    with np.errstate(all="ignore"):
        return np.concatenate(parts).astype(dtype)


@pytest.mark.skipif(not X86, reason="answers of this processor")
@pytest.mark.parametrize("f", ["f32", "f64"])
def test_casts_of_floats(code, f):
    x = _edges("float32" if f == "f32" else "float64")
    for s, dtype in DTYPES.items():
        got = _call(getattr(code, f"{f}_to_{s}"), dtype, x)
        # Long and repeated: the end of an array may be converted by other instructions.
        want = np.tile(x, 40).astype(dtype)[: x.size]
        np.testing.assert_array_equal(got, want, f"{f} to {s}")
    got = _call(getattr(code, f"scalar_{f}_to_u32"), "uint32", x)
    np.testing.assert_array_equal(got, [v.astype("uint32") for v in x])


def test_half_precision(code):
    halves = np.arange(2**16, dtype=np.uint16)
    for f, kind in (("f32", "float32"), ("f64", "float64")):
        got = _call(getattr(code, f"f16_to_{f}"), kind, halves)
        np.testing.assert_array_equal(got, halves.view("float16").astype(kind))
        assert (np.signbit(got) == (halves >= 0x8000)).all()
        exact = halves.view("float16").astype("float64")
        up = np.nextafter(exact, np.inf)
        middle = (exact[:-1] + exact[1:]) / 2
        rng = np.random.default_rng(4)
        x = np.concatenate([
            exact, up, -up, middle, np.nextafter(middle, 0), np.nextafter(middle, 1e9),
            rng.integers(0, 2**32, 10**5, dtype=np.uint32).view("float32").astype("float64"),
            [65519.999, 65520.0, 65520.001, 1e300, -1e300, 1e-300, np.inf, -np.inf],
        ]).astype(kind)  # fmt: skip
        want, got = x.astype("float16"), _call(getattr(code, f"{f}_to_f16"), "float16", x)
        number = ~np.isnan(want)
        np.testing.assert_array_equal(got[number].view("u2"), want[number].view("u2"))
        assert np.isnan(got[~number]).all()
