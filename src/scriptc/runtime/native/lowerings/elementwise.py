"""Elementwise operations on arrays and NumPy scalars: one C expression for each kind of element.

The dtypes are those of the ufunc's own loop, as NumPy finds it: operands are cast to these first.
In a template `{a}`, `{b}`, `{c}` are the operands, each an identifier or a literal, and `{t}` is
the C type of the result; `{f}` is `f` for float32 and nothing for float64, and `{s}` is how our own
functions name the type of the last operand: `i8`, `f64`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from scriptc.ir.graph import Constant, Operation
from scriptc.ir.ops import REGISTRY
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.values import (
    Array,
    Map,
    NativeValue,
    Scalar,
    Unsupported,
)
from scriptc.runtime.native.toolchain import INCLUDE

KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float"}


@dataclass(frozen=True, slots=True)
class Elementwise:
    """C templates by the kind of the loop's operands, the ufunc, and about what it costs."""

    ufunc: np.ufunc
    templates: Mapping[str, str]
    cost: int = 1

    def template(self, dtypes: Sequence[str]) -> str | None:
        kind = KINDS[np.dtype(dtypes[-1]).kind]
        return self.templates.get(kind, self.templates.get("int" if kind == "uint" else ""))


_CALL = re.compile(r"\bsc_(\w+)")


@cache
def _own_functions() -> frozenset[str]:
    """Return the functions of our headers; what they lack is the C library's."""
    text = "".join((INCLUDE / f"scriptc_{n}.h").read_text("utf-8") for n in ("math", "scalars"))
    return frozenset(m[0] for m in _CALL.finditer(text))


def is_number(value: NativeValue) -> bool:
    """Tell whether a value is a plain Python number."""
    return isinstance(value, Scalar) and value.python


def loop_dtypes(e: FunctionEmitter, ufunc: np.ufunc, operands: Sequence[NativeValue]) -> list[str]:
    """Return the dtypes of the operands and the result of a ufunc's loop (NEP 50)."""
    given: list[Any] = []
    for operand in operands:
        if is_number(operand):
            assert isinstance(operand, Scalar)
            weak = {"int64": int, "float64": float, "bool": np.dtype(bool)}
            given.append(weak[operand.dtype])
        elif isinstance(operand, Scalar | Array):
            given.append(np.dtype(operand.dtype))
        else:
            raise Unsupported(f"a {type(operand).__name__.lower()} among numbers", e.location)
    if all(isinstance(g, type) for g in given):
        given[0] = np.dtype(given[0])
    try:
        found = ufunc.resolve_dtypes((*given, *([None] * ufunc.nout)))
    except TypeError as error:
        raise Unsupported(str(error), e.location) from None
    names = [d.name for d in found]
    for name in names:
        if name not in C_TYPES:
            raise Unsupported(f"the dtype {name}", e.location)
    return names


def cast(code: str, from_: str, to: str) -> str:
    """Return an element of another dtype. Floats become ints only by `conversion`."""
    if from_ == to:
        return code
    if to == "bool":
        return f"({code} != 0)"
    assert not (from_.startswith("float") and not to.startswith("float")), (from_, to)
    return f"(({C_TYPES[to]}){code})"


def cast_scalar(e: FunctionEmitter, value: Scalar, to: str) -> Scalar:
    """Return a number as an operand of a loop; a Python int has to fit."""
    if value.dtype == to:
        return value
    if value.python and value.dtype == "int64" and not to.startswith(("float", "bool")):
        info = np.iinfo(to)
        if value.code.lstrip("-").isdigit():
            if not info.min <= int(value.code) <= info.max:
                e.stop()  # the interpreter raises
        elif to == "uint64":
            e.stop_if(f"{value.code} < 0")
        else:
            e.stop_if(f"{value.code} < {info.min} || {value.code} > {info.max}")
    return e.scalar(to, cast(value.code, value.dtype, to), python=value.python)


def sizes_of(e: FunctionEmitter, operands: Sequence[NativeValue]) -> tuple[str, ...]:
    """Return the sizes that values broadcast to."""
    return e.broadcast([v.sizes if isinstance(v, Array) else () for v in operands])


def map_values(
    e: FunctionEmitter,
    operands: Sequence[NativeValue],
    dtypes: Sequence[str],
    result: str,
    write: Callable[[Sequence[str]], str],
    cost: int = 1,
) -> NativeValue:
    """Apply an expression to operands that broadcast, each cast to its dtype first.

    Numbers only give a NumPy scalar, evaluated at once.
    """
    prepared: list[NativeValue] = []
    sources: list[str] = []
    for operand, dtype in zip(operands, dtypes, strict=True):
        if isinstance(operand, Array) and not operand.sizes:
            operand = e.as_scalar(operand)
        if isinstance(operand, Scalar):
            operand = cast_scalar(e, operand, dtype)
        assert isinstance(operand, Array | Scalar), operand
        prepared.append(operand)
        sources.append(operand.dtype)

    def expression(codes: Sequence[str]) -> str:
        return write([cast(c, s, d) for c, s, d in zip(codes, sources, dtypes, strict=True)])

    sizes = sizes_of(e, prepared)
    if not sizes:
        codes = [v.code for v in prepared if isinstance(v, Scalar)]
        return e.scalar(result, expression(codes), python=False)
    return Map(result, sizes, prepared, expression, cost)


def apply(e: FunctionEmitter, spec: Elementwise, operands: Sequence[NativeValue]) -> NativeValue:
    """Apply an elementwise operation."""
    dtypes = loop_dtypes(e, spec.ufunc, operands)
    template = spec.template(dtypes[: len(operands)])
    if template is None:
        raise Unsupported(f"{spec.ufunc.__name__} on {dtypes[0]}", e.location)
    result = dtypes[-1]

    def write(codes: Sequence[str]) -> str:
        names = dict(zip("abc", codes, strict=False))
        kind = dtypes[len(operands) - 1]
        f = "f" if kind == "float32" else ""
        text = template.format(**names, t=C_TYPES[result], f=f, s=short_name(kind))
        text = _CALL.sub(lambda m: m[0] if _is_own(m[0]) else m[1], text)
        # What C computes in int goes back to the narrower type.
        small = result in ("int8", "int16", "uint8", "uint16", "bool")
        return f"({C_TYPES[result]})({text})" if small else text

    return map_values(e, operands, dtypes[:-1], result, write, spec.cost)


def _ufunc(name: str) -> np.ufunc:
    kernel = REGISTRY[name].kernel
    assert isinstance(kernel, np.ufunc), name
    return kernel


def _is_own(function: str) -> bool:
    """Tell whether a function is one of ours; those made for each type have a name with `_`."""
    family = function[: function.rfind("_") + 1]
    return function in _own_functions() or family in _own_functions()


def short_name(dtype: str) -> str:
    """Return how our own functions name a dtype: `i8`, `u32`, `f64`."""
    return f"{np.dtype(dtype).kind}{8 * np.dtype(dtype).itemsize}"


def unary(name: str, templates: Mapping[str, str], cost: int) -> Lowering:
    """Make the lowering of a ufunc."""
    spec = Elementwise(_ufunc(name), templates, cost)

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        del op
        return apply(e, spec, operands)

    return lower


def _float(text: str) -> dict[str, str]:
    return {"float": text}


_UNARY: Mapping[str, tuple[Mapping[str, str], int]] = {
    "exp": (_float("sc_exp{f}({a})"), 20),
    "exp2": (_float("sc_exp2{f}({a})"), 20),
    "expm1": (_float("sc_expm1{f}({a})"), 20),
    "log": (_float("sc_log{f}({a})"), 20),
    "log2": (_float("sc_log2{f}({a})"), 20),
    "log10": (_float("sc_log10{f}({a})"), 20),
    "log1p": (_float("sc_log1p{f}({a})"), 20),
    "tanh": (_float("sc_tanh{f}({a})"), 20),
    "sin": (_float("sc_sin{f}({a})"), 20),
    "cos": (_float("sc_cos{f}({a})"), 20),
    "tan": (_float("sc_tan{f}({a})"), 20),
    "sinh": (_float("sc_sinh{f}({a})"), 20),
    "cosh": (_float("sc_cosh{f}({a})"), 20),
    "asin": (_float("sc_asin{f}({a})"), 20),
    "acos": (_float("sc_acos{f}({a})"), 20),
    "atan": (_float("sc_atan{f}({a})"), 20),
    "asinh": (_float("sc_asinh{f}({a})"), 20),
    "acosh": (_float("sc_acosh{f}({a})"), 20),
    "atanh": (_float("sc_atanh{f}({a})"), 20),
    "cbrt": (_float("sc_cbrt{f}({a})"), 20),
    "sqrt": (_float("sqrt{f}({a})"), 6),
    "floor": ({"float": "floor{f}({a})", "int": "{a}", "bool": "{a}"}, 1),
    "ceil": ({"float": "ceil{f}({a})", "int": "{a}", "bool": "{a}"}, 1),
    "trunc": ({"float": "trunc{f}({a})", "int": "{a}", "bool": "{a}"}, 1),
    "rint": (_float("rint{f}({a})"), 1),
    "fabs": (_float("fabs{f}({a})"), 1),
    "abs": (
        {
            "float": "fabs{f}({a})",
            "int": "{a} < 0 ? ({t})(0u - (u{t}){a}) : {a}",
            "uint": "{a}",
            "bool": "{a}",
        },
        1,
    ),
    "square": (
        {
            "float": "{a} * {a}",
            "int": "({t})(1u * (u{t}){a} * (u{t}){a})",
            "uint": "({t})(1u * {a} * {a})",
            "bool": "{a}",
        },
        1,
    ),
    "reciprocal": (_float("1 / {a}"), 2),
    "sign": (
        {
            "float": "{a} > 0 ? 1 : {a} < 0 ? -1 : {a} == 0 ? 0 : {a}",
            "int": "({a} > 0) - ({a} < 0)",
            "uint": "{a} > 0",
        },
        1,
    ),
    "bitwise_count": ({"int": "sc_bitwise_count_{s}({a})"}, 3),
    "signbit": (_float("(signbit({a}) != 0)"), 1),
    "isnan": ({"float": "{a} != {a}", "int": "0", "bool": "0"}, 1),
    "isinf": ({"float": "fabs{f}({a}) == INFINITY", "int": "0", "bool": "0"}, 1),
    "isfinite": ({"float": "fabs{f}({a}) < INFINITY", "int": "1", "bool": "1"}, 1),
    "logical_not": ({"float": "{a} == 0", "int": "{a} == 0", "bool": "!{a}"}, 1),
    "degrees": (_float("{a} * ({t})(180.0 / 3.14159265358979323846)"), 1),
    "radians": (_float("{a} * ({t})(3.14159265358979323846 / 180.0)"), 1),
}

_NAN_WINS = {
    "maximum": "{a} > {b} || {a} != {a} ? {a} : {b}",
    "minimum": "{a} < {b} || {a} != {a} ? {a} : {b}",
    "fmax": "{a} > {b} || {b} != {b} ? {a} : {b}",
    "fmin": "{a} < {b} || {b} != {b} ? {a} : {b}",
}
_BINARY: Mapping[str, tuple[Mapping[str, str], int]] = {
    "maximum": (
        {"float": _NAN_WINS["maximum"], "int": "{a} > {b} ? {a} : {b}", "bool": "{a} | {b}"},
        1,
    ),
    "minimum": (
        {"float": _NAN_WINS["minimum"], "int": "{a} < {b} ? {a} : {b}", "bool": "{a} & {b}"},
        1,
    ),
    "fmax": ({"float": _NAN_WINS["fmax"], "int": "{a} > {b} ? {a} : {b}", "bool": "{a} | {b}"}, 1),
    "fmin": ({"float": _NAN_WINS["fmin"], "int": "{a} < {b} ? {a} : {b}", "bool": "{a} & {b}"}, 1),
    "atan2": (_float("sc_atan2{f}({a}, {b})"), 20),
    "hypot": (_float("sc_hypot{f}({a}, {b})"), 20),
    "copysign": (_float("copysign{f}({a}, {b})"), 1),
    "nextafter": (_float("nextafter{f}({a}, {b})"), 20),
    "fmod": ({"float": "fmod{f}({a}, {b})", "int": "sc_fmod_{s}({a}, {b})"}, 20),
    "gcd": ({"int": "sc_gcd_{s}({a}, {b})"}, 30),
    "lcm": ({"int": "sc_lcm_{s}({a}, {b})"}, 30),
    "logical_and": (dict.fromkeys(("float", "int", "bool"), "({a} != 0) & ({b} != 0)"), 1),
    "logical_or": (dict.fromkeys(("float", "int", "bool"), "({a} != 0) | ({b} != 0)"), 1),
    "logical_xor": (dict.fromkeys(("float", "int", "bool"), "({a} != 0) ^ ({b} != 0)"), 1),
}


def _where(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    condition, x, y = operands
    # `where` is no ufunc; its values meet as those of any other function do.
    result = _meet(e, x, y)
    kind = condition.dtype if isinstance(condition, Array | Scalar) else "bool"
    made = map_values(
        e, [condition, x, y], [kind, result, result], result,
        lambda c: f"{c[0]} ? {c[1]} : {c[2]}",
    )  # fmt: skip
    return made if isinstance(made, Array) else as_zero_d(e, made)


def as_zero_d(e: FunctionEmitter, value: NativeValue) -> NativeValue:
    """Return an array without dimensions that holds a number."""
    scalar = e.as_scalar(value)
    buffer = e.fresh(scalar.dtype, ())
    e.line(f"{buffer.data}[0] = {scalar.code};")
    return buffer


def _meet(e: FunctionEmitter, x: NativeValue, y: NativeValue) -> str:
    """Return the dtype that two values meet in."""
    dtypes: list[Any] = []
    for value in (x, y):
        if is_number(value):
            assert isinstance(value, Scalar)
            dtypes.append({"int64": 0, "float64": 0.0, "bool": np.dtype(bool)}[value.dtype])
        elif isinstance(value, Array | Scalar):
            dtypes.append(np.dtype(value.dtype))
        else:
            raise Unsupported("no number", e.location)
    result: str = np.result_type(*dtypes).name
    if result not in C_TYPES:
        raise Unsupported(f"the dtype {result}", e.location)
    return result


def _is_none(op: Operation, index: int) -> bool:
    operand = op.operands[index]
    return isinstance(operand, Constant) and operand.value is None


def _clip(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, low, high = operands
    for i, (bound, name) in enumerate(((low, "maximum"), (high, "minimum"))):
        if not _is_none(op, i + 1):
            templates, cost = _BINARY[name]
            x = apply(e, Elementwise(_ufunc(name), templates, cost), [x, bound])
    return x


LOWERINGS: Mapping[str, Lowering] = {
    **{name: unary(name, *spec) for name, spec in _UNARY.items()},
    **{name: unary(name, *spec) for name, spec in _BINARY.items()},
    "where": _where,
    "clip": _clip,
}
