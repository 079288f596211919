"""Plain Python numbers by Python's rules: ints that leave 64 bits and zero divisors raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.ir.types import members_of
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.ranges import ALL, arithmetic, fits
from scriptc.runtime.native.emitter.values import (
    Array,
    List,
    NativeValue,
    Scalar,
    Static,
    Tuple,
    Unsupported,
)

_SIGNS = {
    "add": "+", "subtract": "-", "multiply": "*", "equal": "==", "not_equal": "!=", "less": "<",
    "less_equal": "<=", "greater": ">", "greater_equal": ">=", "bitwise_and": "&",
    "bitwise_or": "|", "bitwise_xor": "^",
}  # fmt: skip
_COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_BUILTINS = {"add": "add", "subtract": "sub", "multiply": "mul"}
_OPERATORS = {"add": "+", "sub": "-", "mul": "*"}
_OVERFLOW = ("",)
"""The message of an overflow says the number, which takes more than 64 bits."""


def as_int(e: FunctionEmitter, value: Scalar) -> Scalar:
    """Return a bool as the int that it is."""
    if value.dtype == "int64":
        return value
    assert value.dtype == "bool", value
    return e.scalar("int64", f"(int64_t){value.code}", python=True)


def as_float(value: Scalar) -> str:
    """Return the C expression of a number as a double."""
    return value.code if value.dtype == "float64" else f"(double){value.code}"


def operator(e: FunctionEmitter, name: str, operands: Sequence[Scalar]) -> Scalar:
    """Apply an operator to plain numbers."""
    if len(operands) == 1:
        return _unary(e, name, operands[0])
    a, b = operands
    floats = "float64" in (a.dtype, b.dtype)
    if name in _COMPARISONS:
        return _compare(e, name, a, b)
    if name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        if a.dtype == b.dtype == "bool":
            return e.scalar("bool", f"{a.code} {_SIGNS[name]} {b.code}", python=True)
        a, b = as_int(e, a), as_int(e, b)
        return e.scalar("int64", f"{a.code} {_SIGNS[name]} {b.code}", python=True)
    if name == "divide":
        return _divide(e, a, b)
    if floats:
        return _of_floats(e, name, as_float(a), as_float(b))
    return _of_ints(e, name, as_int(e, a), as_int(e, b))


def _compare(e: FunctionEmitter, name: str, a: Scalar, b: Scalar) -> Scalar:
    sign = _SIGNS[name]
    if {a.dtype, b.dtype} == {"int64", "float64"}:
        for x in (a, b):
            # A literal is exact; else an int beyond 2**53 would be rounded before it is compared.
            if x.dtype == "int64" and not _is_small(x.code):
                e.stop_if(f"{x.code} > ((int64_t)1 << 53) || {x.code} < -((int64_t)1 << 53)")
        return e.scalar("bool", f"{as_float(a)} {sign} {as_float(b)}", python=True)
    return e.scalar("bool", f"{a.code} {sign} {b.code}", python=True)


def _is_small(code: str) -> bool:
    return code.lstrip("-").isdigit()


def _of_floats(e: FunctionEmitter, name: str, a: str, b: str) -> Scalar:
    if name in ("add", "subtract", "multiply"):
        return e.scalar("float64", f"{a} {_SIGNS[name]} {b}", python=True)
    if name in ("floor_divide", "remainder"):
        function = "sc_floordiv_f64" if name == "floor_divide" else "sc_mod_f64"
        made_name = e.writer.name("v")
        e.line(f"double {made_name};")
        e.stop_if(f"{function}({a}, {b}, &{made_name})")
        return Scalar("float64", made_name, python=True)
    if name == "power":
        made = e.scalar("float64", f"pow({a}, {b})", python=True)
        # A finite base that leaves the range, 0 to a negative power, a negative to a fraction.
        e.stop_if(f"!isfinite({made.code}) && isfinite({a}) && isfinite({b})")
        return made
    raise Unsupported(f"`{name}` of floats", e.location)


def _of_ints(e: FunctionEmitter, name: str, a: Scalar, b: Scalar) -> Scalar:
    if name in _BUILTINS:
        return _checked(e, _BUILTINS[name], a.code, b.code)
    if name in ("floor_divide", "remainder"):
        what = "division or modulo" if name == "floor_divide" else "modulo"
        e.stop_if(_is_zero(b), "ZeroDivisionError", f"integer {what} by zero")
        if not _is_small(b.code):
            e.stop_if(f"{b.code} == -1 && {a.code} == INT64_MIN")
        elif b.code == "-1":
            e.stop_if(f"{a.code} == INT64_MIN")
        if _is_small(b.code) and int(b.code) > 0:
            return _by_literal(e, name, a, int(b.code))
        function = "sc_floordiv" if name == "floor_divide" else "sc_floormod"
        return e.scalar("int64", f"{function}({a.code}, {b.code})", python=True)
    shifts = name in ("bitwise_left_shift", "bitwise_right_shift")
    if shifts and _is_small(b.code) and not 0 <= int(b.code) <= 62:
        raise Unsupported("a shift by this number", e.location)
    if name == "bitwise_left_shift":
        e.stop_if(f"{b.code} < 0", "ValueError", "negative shift count")
        e.stop_if(f"{b.code} > 62 && {a.code} != 0", *_OVERFLOW)
        made = e.scalar(
            "int64", f"{b.code} > 62 ? 0 : (int64_t)((uint64_t){a.code} << {b.code})", python=True
        )
        e.stop_if(f"{b.code} <= 62 && ({made.code} >> {b.code}) != {a.code}", *_OVERFLOW)
        return made
    if name == "bitwise_right_shift":
        e.stop_if(f"{b.code} < 0", "ValueError", "negative shift count")
        return e.scalar("int64", f"{a.code} >> ({b.code} > 63 ? 63 : {b.code})", python=True)
    if name == "power":
        return _int_power(e, a, b)
    raise Unsupported(f"`{name}` of ints", e.location)


def _by_literal(e: FunctionEmitter, name: str, a: Scalar, by: int) -> Scalar:
    """Return the floor division by a positive number, or its remainder."""
    low, high = e.ranges.of(a.code)
    quotient = name == "floor_divide"
    if by & (by - 1) == 0:
        # Two's complement, whose right shift rounds down.
        shift = by.bit_length() - 1
        text = f"{a.code} >> {shift}" if quotient else f"{a.code} & {by - 1}"
    elif low >= 0:
        text = f"{a.code} {'/' if quotient else '%'} {by}"
    else:
        text = f"{'sc_floordiv' if quotient else 'sc_floormod'}({a.code}, {by})"
    made = e.scalar("int64", text, python=True)
    e.ranges.note(made.code, *((low // by, high // by) if quotient else (0, by - 1)))
    return made


def _is_zero(value: Scalar) -> str:
    if _is_small(value.code):
        return "1" if value.code == "0" else "0"
    return f"{value.code} == 0"


def _checked(e: FunctionEmitter, name: str, a: str, b: str) -> Scalar:
    if _is_small(a) and _is_small(b):
        value = {"add": int(a) + int(b), "sub": int(a) - int(b), "mul": int(a) * int(b)}[name]
        if abs(value) < 2**31:
            return Scalar("int64", str(value), python=True)
    found = arithmetic(name, e.ranges.of(a), e.ranges.of(b))
    if fits(found):
        plain = e.scalar("int64", f"{a} {_OPERATORS[name]} {b}", python=True)
        e.ranges.note(plain.code, *found)
        _note_sum(e, plain.code, name, a, b)
        return plain
    factor, x = (a, b) if _is_small(a) else (b, a)
    if name == "mul" and _is_small(factor) and int(factor) > 1:
        # Beside the product, which does not wait for the test.
        low, high = e.ranges.of(x)
        tests = [f"{x} > INT64_MAX / {factor}"] if high > ALL[1] // int(factor) else []
        tests += [f"{x} < INT64_MIN / {factor}"] if low < -(-ALL[0] // int(factor)) else []
        e.stop_if(" || ".join(tests), *_OVERFLOW)
        product = e.scalar("int64", f"{a} * {b}", python=True)
        e.ranges.note(product.code, *found)
        return product
    made = e.writer.name("v")
    e.line(f"int64_t {made};")
    e.stop_if(f"__builtin_{name}_overflow((int64_t){a}, (int64_t){b}, &{made})", *_OVERFLOW)
    e.ranges.note(made, *found)
    _note_sum(e, made, name, a, b)
    return Scalar("int64", made, python=True)


def _note_sum(e: FunctionEmitter, made: str, name: str, a: str, b: str) -> None:
    """Note that a result is one of the operands plus a number, if it is."""
    if name == "add" and _is_small(a):
        a, b = b, a
    if name in ("add", "sub") and _is_small(b):
        e.ranges.note_sum(made, a, int(b) if name == "add" else -int(b))


def _int_power(e: FunctionEmitter, a: Scalar, b: Scalar) -> Scalar:
    made = e.writer.name("v")
    e.line(f"int64_t {made};")
    e.stop_if(f"{b.code} < 0" if not _is_small(b.code) else "0")
    e.stop_if(f"sc_pow_overflow_i64({a.code}, {b.code}, &{made})", *_OVERFLOW)
    return Scalar("int64", made, python=True)


def _divide(e: FunctionEmitter, a: Scalar, b: Scalar) -> Scalar:
    zero = _is_zero(b) if b.dtype != "float64" else f"{b.code} == 0"
    e.stop_if(zero)
    for x in (a, b):
        # CPython divides ints exactly and rounds once; below 2**53 both give the same.
        if x.dtype == "int64" and not _is_small(x.code) and "float64" not in (a.dtype, b.dtype):
            e.stop_if(f"{x.code} > ((int64_t)1 << 53) || {x.code} < -((int64_t)1 << 53)")
    return e.scalar("float64", f"{as_float(a)} / {as_float(b)}", python=True)


def _unary(e: FunctionEmitter, name: str, x: Scalar) -> Scalar:
    if name == "negative":
        if x.dtype == "float64":
            return e.scalar("float64", f"-({x.code})", python=True)
        return _checked(e, "sub", "0", as_int(e, x).code)
    if name == "positive":
        return x if x.dtype == "float64" else as_int(e, x)
    if name == "bitwise_invert":
        return e.scalar("int64", f"~{as_int(e, x).code}", python=True)
    raise Unsupported(f"`{name}` of a number", e.location)


# --- truth and conversions ------------------------------------------------------------------------


def truth(e: FunctionEmitter, value: NativeValue) -> Scalar:
    """Return whether a value counts as true."""
    match value:
        case Scalar(dtype, code, _):
            if dtype == "bool":
                return Scalar("bool", code, python=True)
            return e.scalar("bool", f"{code} != 0", python=True)
        case Static(held):
            return Scalar("bool", "1" if held else "0", python=True)
        case Tuple(items):
            return Scalar("bool", "1" if items else "0", python=True)
        case List():
            return e.scalar("bool", f"{value.length} != 0", python=True)
        case Array():
            if value.sizes and set(value.sizes) != {"1"}:
                raise Unsupported("the truth of an array of several elements", e.location)
            return truth(e, element_of(e, value))
    raise Unsupported("the truth of this value", e.location)


def element_of(e: FunctionEmitter, value: Array) -> Scalar:
    """Return the only element of an array."""
    from scriptc.runtime.native.emitter.kernels import force_one

    buffer = force_one(e, value)
    return e.scalar(buffer.dtype, f"{buffer.data}[0]", python=False)


def _bool(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    return truth(e, operands[0])


def _not(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    found = truth(e, operands[0])
    if found.code in ("0", "1"):
        return Scalar("bool", "1" if found.code == "0" else "0", python=True)
    return e.scalar("bool", f"!{found.code}", python=True)


def _number(e: FunctionEmitter, value: NativeValue) -> Scalar:
    if isinstance(value, Array):
        if value.sizes and set(value.sizes) != {"1"}:
            raise Unsupported("an array where a number is wanted", e.location)
        return element_of(e, value)
    if not isinstance(value, Scalar):
        raise Unsupported("this value as a number", e.location)
    return value


def _int(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    if len(operands) > 1 and not (isinstance(operands[1], Static) and operands[1].value is None):
        raise Unsupported("int() with a base", e.location)
    del op
    x = _number(e, operands[0])
    if x.dtype.startswith("float"):
        # NaN fails the test too.
        e.stop_if(f"!({x.code} >= -9223372036854775808.0 && {x.code} < 9223372036854775808.0)")
    elif x.dtype == "uint64":
        e.stop_if(f"{x.code} > INT64_MAX")
    if x.dtype == "int64":
        return Scalar("int64", x.code, python=True)
    return e.scalar("int64", f"(int64_t){x.code}", python=True)


def _float(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x = _number(e, operands[0])
    if x.dtype == "float64":
        return Scalar("float64", x.code, python=True)
    return e.scalar("float64", f"(double){x.code}", python=True)


def _identity(*, negate: bool) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        a, b = operands
        known: bool | None = None
        if isinstance(a, Static) and isinstance(b, Static):
            known = a.value is b.value
        elif isinstance(a, Static) or isinstance(b, Static):
            static = a if isinstance(a, Static) else b
            if isinstance(static, Static) and static.value is None:
                known = False
        if known is None or any(len(members_of(v.type)) > 1 for v in op.operands):
            raise Unsupported("`is` between these values", e.location)
        return Scalar("bool", "1" if known != negate else "0", python=True)

    return lower


def _extreme(sign: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        del op
        if len(operands) < 2:
            raise Unsupported("min or max of one value", e.location)
        scalars = [v for v in operands if isinstance(v, Scalar)]
        if len(scalars) != len(operands) or len({(s.dtype, s.python) for s in scalars}) != 1:
            raise Unsupported("min or max of values of several types", e.location)
        best = scalars[0]
        for other in scalars[1:]:
            text = f"{other.code} {sign} {best.code} ? {other.code} : {best.code}"
            best = e.scalar(best.dtype, text, python=best.python)
        return best

    return lower


def _abs(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    (x,) = operands
    if isinstance(x, Scalar) and x.python:
        if x.dtype == "float64":
            return e.scalar("float64", f"fabs({x.code})", python=True)
        x = as_int(e, x)
        e.stop_if(f"{x.code} == INT64_MIN", *_OVERFLOW)
        return e.scalar("int64", f"{x.code} < 0 ? -({x.code}) : {x.code}", python=True)
    made = e.lowerings["abs"](e, op, operands)
    assert isinstance(made, NativeValue)
    return made


LOWERINGS: Mapping[str, Lowering] = {
    "bool": _bool,
    "not": _not,
    "int": _int,
    "float": _float,
    "is": _identity(negate=False),
    "is_not": _identity(negate=True),
    "builtin_min": _extreme("<"),
    "builtin_max": _extreme(">"),
    "builtin_abs": _abs,
}
