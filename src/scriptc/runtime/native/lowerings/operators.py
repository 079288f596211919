"""Python's operators: on plain numbers by Python's rules, on anything else elementwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from scriptc.ir.graph import Operation
from scriptc.runtime.native.emitter.context import in_memory
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    List,
    Map,
    NativeValue,
    Node,
    Scalar,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.lowerings import lists, numbers
from scriptc.runtime.native.lowerings.elementwise import Elementwise, apply, is_number
from scriptc.runtime.native.lowerings.loops import copied

_ALL = ("float", "int", "bool")


def _both(sign: str) -> dict[str, str]:
    """Return templates of an operator whose ints wrap around, as unsigned ones do in C."""
    wide = f"({{t}})(1u * (u{{t}}){{a}} {sign} 1u * (u{{t}}){{b}})"
    unsigned = f"({{t}})(1u * {{a}} {sign} 1u * {{b}})"
    return {"float": f"{{a}} {sign} {{b}}", "int": wide, "uint": unsigned}


def _compare(sign: str) -> dict[str, str]:
    return dict.fromkeys(_ALL, f"{{a}} {sign} {{b}}")


def _power_float() -> str:
    return "sc_pow{f}({a}, {b})"


ELEMENTWISE: Mapping[str, Elementwise] = {
    "add": Elementwise(np.add, {**_both("+"), "bool": "{a} | {b}"}),
    "subtract": Elementwise(np.subtract, _both("-")),
    "multiply": Elementwise(np.multiply, {**_both("*"), "bool": "{a} & {b}"}),
    "divide": Elementwise(np.divide, {"float": "{a} / {b}"}, 2),
    "floor_divide": Elementwise(
        np.floor_divide, dict.fromkeys(("float", "int"), "sc_floor_divide_{s}({a}, {b})"), 20
    ),
    "remainder": Elementwise(
        np.remainder, dict.fromkeys(("float", "int"), "sc_remainder_{s}({a}, {b})"), 20
    ),
    "bitwise_left_shift": Elementwise(np.left_shift, {"int": "sc_left_shift_{s}({a}, {b})"}, 2),
    "bitwise_right_shift": Elementwise(np.right_shift, {"int": "sc_right_shift_{s}({a}, {b})"}, 2),
    "power": Elementwise(np.power, {"float": _power_float()}, 30),
    "negative": Elementwise(
        np.negative, {"float": "-({a})", "int": "({t})(0u - (u{t}){a})", "uint": "({t})(0u - {a})"}
    ),
    "positive": Elementwise(np.positive, {"float": "{a}", "int": "{a}"}),
    "bitwise_and": Elementwise(np.bitwise_and, {"int": "{a} & {b}", "bool": "{a} & {b}"}),
    "bitwise_or": Elementwise(np.bitwise_or, {"int": "{a} | {b}", "bool": "{a} | {b}"}),
    "bitwise_xor": Elementwise(np.bitwise_xor, {"int": "{a} ^ {b}", "bool": "{a} ^ {b}"}),
    "bitwise_invert": Elementwise(np.invert, {"int": "~{a}", "bool": "!{a}"}),
    "equal": Elementwise(np.equal, _compare("==")),
    "not_equal": Elementwise(np.not_equal, _compare("!=")),
    "less": Elementwise(np.less, _compare("<")),
    "less_equal": Elementwise(np.less_equal, _compare("<=")),
    "greater": Elementwise(np.greater, _compare(">")),
    "greater_equal": Elementwise(np.greater_equal, _compare(">=")),
}


def _operator(name: str) -> Lowering:
    spec = ELEMENTWISE.get(name)

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        if all(map(is_number, operands)):
            scalars = [v for v in operands if isinstance(v, Scalar)]
            return numbers.operator(e, name, scalars)
        if any(isinstance(v, List) for v in operands):
            return lists.operator(e, op, name, operands)
        if any(isinstance(v, Tuple | Static) for v in operands):
            return _of_parts(e, name, operands)
        if name == "power":
            special = _power(e, operands)
            if special is not None:
                return special
        if spec is None:
            raise Unsupported(f"`{name}` of arrays", e.location)
        return apply(e, spec, operands)

    return lower


def _of_parts(e: FunctionEmitter, name: str, operands: Sequence[NativeValue]) -> NativeValue:
    """Operators on tuples and on values that are known."""
    a, b = operands if len(operands) == 2 else (operands[0], operands[0])
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        if name == "add":
            return Tuple((*a.items, *b.items))
        if name in ("equal", "not_equal"):
            return _equal_tuples(e, a, b, negate=name == "not_equal")
    if isinstance(a, Static) and isinstance(b, Static) and name in ("equal", "not_equal"):
        same = a.value == b.value
        return Scalar("bool", "1" if same == (name == "equal") else "0", python=True)
    raise Unsupported(f"`{name}` of these values", e.location)


def _equal_tuples(e: FunctionEmitter, a: Tuple, b: Tuple, *, negate: bool) -> Scalar:
    if len(a.items) != len(b.items):
        return Scalar("bool", "1" if negate else "0", python=True)
    tests = []
    for x, y in zip(a.items, b.items, strict=True):
        if not (is_number(x) and is_number(y)):
            raise Unsupported("tuples of these values are compared", e.location)
        assert isinstance(x, Scalar)
        assert isinstance(y, Scalar)
        tests.append(numbers.operator(e, "equal", [x, y]).code)
    text = " && ".join(tests) or "1"
    return e.scalar("bool", f"!({text})" if negate else text, python=True)


def _power(e: FunctionEmitter, operands: Sequence[NativeValue]) -> NativeValue | None:
    """NumPy's own short cuts: it squares, takes roots and inverts where the exponent says so."""
    x, y = operands
    if not isinstance(x, Array | Scalar) or not is_number(y):
        return None
    assert isinstance(y, Scalar)
    if not x.dtype.startswith("float"):
        if y.code == "2" and x.dtype != "bool":
            return apply(e, ELEMENTWISE["multiply"], [x, x])
        return None
    if not _is_known(y.code) and isinstance(x, Array) and y.dtype == "float64":
        e.stop_if(f"{y.code} == 0.5")  # NumPy takes the root then, which differs for -inf
    match y.code:
        case "2" | "2.0":
            return apply(e, ELEMENTWISE["multiply"], [x, x])
        case "1" | "1.0":
            return apply(e, ELEMENTWISE["positive"], [x])
        case "0.5" if isinstance(x, Array):
            return apply(e, Elementwise(np.sqrt, {"float": "sqrt{f}({a})"}, 6), [x])
        case "3" | "3.0" if x.dtype == "float32":
            # In double the product is exact but for its last rounding.
            cube = "({t})((double){a} * {a} * {a})"
            return apply(e, Elementwise(np.square, {"float": cube}, 3), [x])
        case "(-1.0)" | "-1" if isinstance(x, Array):
            return apply(e, Elementwise(np.reciprocal, {"float": "1 / {a}"}, 2), [x])
    return None


def _is_known(code: str) -> bool:
    """Tell whether a number is a literal."""
    return re.fullmatch(r"\(?-?[0-9.e+-]+\)?", code) is not None


def _inplace(name: str) -> Lowering:
    plain = _operator(name)

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        target, other = operands
        if isinstance(target, List):
            return lists.inplace(e, op, name, target, other)
        if isinstance(target, Scalar):
            made = plain(e, op, operands)
            assert isinstance(made, NativeValue)
            return made
        assert isinstance(target, Array)
        buffer = force_one(e, target)
        value = plain(e, op, [buffer, other])
        write(e, buffer, value)
        return buffer

    return lower


def write(e: FunctionEmitter, target: Buffer, value: NativeValue) -> None:
    """Write elements into an array that is there, as `target[...] = value` does."""
    if isinstance(value, Array):
        if value.dtype.startswith("float") and not target.dtype.startswith("float"):
            raise Unsupported("floats are written into an array of ints", e.location)
        held = in_memory(value)
        if held is not None and _is_order_shown(held, target):
            raise Unsupported("memory is copied onto itself with other strides", e.location)
        overlaps = _reads(value, target)
        if value.rank > target.rank:
            raise Unsupported("a larger array is written into a smaller one", e.location)
        message = "could not broadcast input array from shape {0} into shape {1}"
        sizes = e.broadcast([value.sizes, target.sizes], message)
        if not e.same_sizes(sizes, target.sizes):
            raise Unsupported("a larger array is written into a smaller one", e.location)
        if overlaps:
            value = force_one(e, value) if in_memory(value) is None else copied(e, value)
    elif isinstance(value, Scalar):
        if value.dtype.startswith("float") and not target.dtype.startswith("float"):
            raise Unsupported("a float is written into an array of ints", e.location)
    else:
        raise Unsupported("this value is written into an array", e.location)
    e.before_write(target)
    copy_into(e, value, target)


def _is_order_shown(value: Buffer, target: Buffer) -> bool:
    """Tell whether NumPy's answer depends on the order in which it goes through the elements.

    It copies a value that overlaps first, but not onto one dimension with strides of one sign,
    which is right for equal strides only.
    """
    if target.rank != 1 or not value.strides or value.strides == target.strides:
        return False
    if not any(root in target.roots for root in value.roots):
        return False
    signs = [re.fullmatch(r"\(?(-?)\d+\)?", s) for s in (value.strides[-1], target.strides[0])]
    known = [m[1] for m in signs if m is not None]
    return len(known) < 2 or known[0] == known[1]


def _reads(value: NativeValue, target: Buffer) -> bool:
    """Tell whether a value that is not computed yet reads the target at another place."""
    if isinstance(value, Buffer):
        same = value.data == target.data and value.strides == target.strides
        return not same and any(r in target.roots for r in value.roots)
    if isinstance(value, Node):
        if value.buffer is not None:
            return _reads(value.buffer, target)
        direct = isinstance(value, Map)
        return any(_reads(i, target) or (not direct and _touches(i, target)) for i in value.inputs)
    return False


def _touches(value: NativeValue, target: Buffer) -> bool:
    if isinstance(value, Buffer):
        return any(r in target.roots for r in value.roots)
    if isinstance(value, Node):
        if value.buffer is not None:
            return _touches(value.buffer, target)
        return any(_touches(i, target) for i in value.inputs)
    return False


_NAMES = (
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift",
    "negative", "positive", "bitwise_invert",
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
)  # fmt: skip
_INPLACE = (
    "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power",
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift",
)  # fmt: skip

LOWERINGS: Mapping[str, Lowering] = {
    **{name: _operator(name) for name in _NAMES},
    **{f"inplace_{name}": _inplace(name) for name in _INPLACE},
}
