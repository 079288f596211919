"""New arrays, and arrays of another dtype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.ir.types import TensorType
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    IndexOf,
    List,
    Map,
    NativeValue,
    Scalar,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.lowerings.arguments import (
    dtype_of,
    is_none,
    known_bool,
    known_int,
    sizes_from,
)
from scriptc.runtime.native.lowerings.elementwise import as_zero_d, cast, cast_scalar


def filled(
    e: FunctionEmitter, op: Operation, dtype: str, sizes: Sequence[str], value: Scalar
) -> NativeValue:
    """Return a new array full of one number."""
    number = cast_scalar(e, value, dtype) if value.dtype != dtype else value
    if not sizes:
        return as_zero_d(e, number)
    node = Map(dtype, sizes, [number], lambda c: f"({C_TYPES[dtype]}){c[0]}", 1)
    if not e.origins.writes_arrays:
        return node
    made = e.new_array(op, dtype, sizes)
    copy_into(e, node, made)
    return made


def _empty(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    shape, dtype = operands[:2]
    sizes = sizes_from(e, shape)
    kind = dtype_of(e, dtype, "float64")
    return e.new_array(op, kind, sizes) if sizes else filled(e, op, kind, (), _zero(kind))


def _zero(dtype: str) -> Scalar:
    return Scalar(dtype, "0", python=False)


def _empty_like(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, dtype, _, shape = operands
    if not isinstance(x, Array) or not x.sizes or not is_none(shape):
        raise Unsupported("an array like this value", e.location)
    return e.new_array(op, dtype_of(e, dtype, x.dtype), x.sizes)


def _constant(code: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        shape, dtype = operands[:2]
        kind = dtype_of(e, dtype, "float64")
        return filled(e, op, kind, sizes_from(e, shape), Scalar(kind, code, python=False))

    return lower


def _like(code: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x, dtype, _, shape = operands
        if not isinstance(x, Array) or not is_none(shape):
            raise Unsupported("an array like this value", e.location)
        kind = dtype_of(e, dtype, x.dtype)
        return filled(e, op, kind, x.sizes, Scalar(kind, code, python=False))

    return lower


def _number(e: FunctionEmitter, value: NativeValue) -> Scalar:
    if not isinstance(value, Scalar):
        raise Unsupported("filled with what is not a number", e.location)
    return value


def _full(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    shape, value, dtype = operands[:3]
    number = _number(e, value)
    kind = dtype_of(e, dtype, number.dtype)
    if number.dtype.startswith("float") and not kind.startswith("float"):
        raise Unsupported("ints filled with a float", e.location)
    return filled(e, op, kind, sizes_from(e, shape), number)


def _full_like(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, value, dtype, _, shape = operands
    if not isinstance(x, Array) or not is_none(shape):
        raise Unsupported("an array like this value", e.location)
    number = _number(e, value)
    kind = dtype_of(e, dtype, x.dtype)
    if number.dtype.startswith("float") and not kind.startswith("float"):
        raise Unsupported("ints filled with a float", e.location)
    return filled(e, op, kind, x.sizes, number)


def _arange(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    start, stop, step, dtype = operands
    if is_none(stop):
        start, stop = Scalar("int64", "0", python=True), start
    if not all(isinstance(v, Scalar) and v.dtype == "int64" for v in (start, stop, step)):
        raise Unsupported("arange of floats", e.location)
    assert isinstance(start, Scalar)
    assert isinstance(stop, Scalar)
    assert isinstance(step, Scalar)
    kind = dtype_of(e, dtype, "int64")
    if step.code == "0":
        raise Unsupported("a step of 0", e.location)
    if not step.code.lstrip("-").isdigit():
        e.stop_if(f"{step.code} == 0")
    length = e.size(f"sc_range_length({start.code}, {stop.code}, {step.code})")
    e.stop_if(f"{length} > ((int64_t)1 << 40)")
    del op

    def write(codes: Sequence[str]) -> str:
        return cast(f"({codes[1]} + {codes[0]} * {codes[2]})", "int64", kind)

    return Map(kind, (length,), [IndexOf((length,), 0), start, step], write, 2)


def _astype(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, dtype, copy = operands
    if not isinstance(x, Array | Scalar):
        raise Unsupported("this value as another dtype", e.location)
    kind = dtype_of(e, dtype, x.dtype)
    if x.dtype == kind and not known_bool(e, copy):
        return x
    del op
    return converted(e, x, kind)


def converted(e: FunctionEmitter, x: Array | Scalar, kind: str) -> NativeValue:
    """Return an array or a NumPy scalar with its elements as another dtype."""
    source = x.dtype

    def write(codes: Sequence[str]) -> str:
        return convert(codes[0], source, kind)

    if isinstance(x, Scalar):
        return e.scalar(kind, write([x.code]), python=False)
    if not x.sizes:
        return as_zero_d(e, e.scalar(kind, write([e.as_scalar(x).code]), python=False))
    made = Map(kind, x.sizes, [x], write, 1)
    return own(e, made)


def own(e: FunctionEmitter, made: Map) -> NativeValue:
    """Compute at once what the program may write into."""
    if e.origins.writes_arrays:
        return force_one(e, made)
    return made


def convert(code: str, from_: str, to: str) -> str:
    """Return an element of another dtype, also a float as an int, as `astype` does it."""
    if from_.startswith("float") and not to.startswith(("float", "bool")):
        return f"sc_{_SHORT[from_]}_to_{_SHORT[to]}({code})"
    return cast(code, from_, to)


_SHORT = {
    "float32": "f32", "float64": "f64", "int8": "i8", "int16": "i16", "int32": "i32",
    "int64": "i64", "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64",
}  # fmt: skip


def _scalar_type(name: str) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x = operands[0]
        del op
        if not isinstance(x, Array | Scalar):
            raise Unsupported("this value as a NumPy scalar", e.location)
        if isinstance(x, Scalar):
            if x.python and x.dtype == "int64" and not name.startswith(("float", "bool")):
                return Scalar(name, cast_scalar(e, x, name).code, python=False)
            return e.scalar(name, convert(x.code, x.dtype, name), python=False)
        if not x.sizes:
            number = e.as_scalar(x)
            return e.scalar(name, convert(number.code, number.dtype, name), python=False)
        # An array that has the dtype already is given back itself.
        return x if x.dtype == name else converted(e, x, name)

    return lower


def _copy(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = operands[0]
    if not isinstance(x, Array) or not x.sizes:
        raise Unsupported("a copy of this value", e.location)
    order = operands[1]
    found = force_one(e, x)
    if isinstance(order, Static) and order.value not in ("C", "K"):
        raise Unsupported("another order than C", e.location)
    del op
    made = e.fresh(found.dtype, found.sizes)
    copy_into(e, found, made)
    return made


def _asarray(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, dtype = operands[:2]
    kind = op.result.type
    assert isinstance(kind, TensorType)
    if isinstance(x, Array):
        wanted = dtype_of(e, dtype, x.dtype)
        return x if wanted == x.dtype else converted(e, x, wanted)
    return from_parts(e, op, x, dtype)


def _array(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, dtype, copy, order, ndmin = operands
    if known_int(e, ndmin) or not known_bool(e, copy):
        raise Unsupported("an array that is no plain copy", e.location)
    if isinstance(order, Static) and order.value not in ("K", "C", "A"):
        raise Unsupported("another order than C", e.location)
    if isinstance(x, Array):
        return converted(e, x, dtype_of(e, dtype, x.dtype))
    return from_parts(e, op, x, dtype)


def from_parts(
    e: FunctionEmitter, op: Operation, x: NativeValue, dtype: NativeValue
) -> NativeValue:
    """Return an array of numbers that stand in a tuple or a list, or are one."""
    del op
    if isinstance(x, Scalar):
        kind = dtype_of(e, dtype, x.dtype)
        return as_zero_d(e, e.scalar(kind, convert(x.code, x.dtype, kind), python=False))
    if isinstance(x, Tuple) and x.items and all(isinstance(v, Scalar) for v in x.items):
        scalars = [v for v in x.items if isinstance(v, Scalar)]
        if len({s.dtype for s in scalars}) > 1:
            raise Unsupported("an array of numbers of several types", e.location)
        kind = dtype_of(e, dtype, scalars[0].dtype)
        buffer = e.fresh(kind, (str(len(scalars)),))
        for i, scalar in enumerate(scalars):
            e.line(f"{buffer.data}[{i}] = {convert(scalar.code, scalar.dtype, kind)};")
        return buffer
    if isinstance(x, List):
        return _from_list(e, x, dtype)
    raise Unsupported("an array of these values", e.location)


def _from_list(e: FunctionEmitter, x: List, dtype: NativeValue) -> NativeValue:
    source = e.element_dtype(x)
    kind = dtype_of(e, dtype, source)
    # That of an empty list is float64, whatever was to be in it.
    e.stop_if(f"{x.length} <= 0")
    length = e.size(x.length)
    buffer = e.fresh(kind, (length,))
    j = e.writer.name("j")
    item = convert(f"(({C_TYPES[source]} *){x.data})[{j}]", source, kind)
    e.line(f"for (int64_t {j} = 0; {j} < {length}; ++{j}) {buffer.data}[{j}] = {item};")
    return buffer


LOWERINGS: Mapping[str, Lowering] = {
    "zeros": _constant("0"),
    "ones": _constant("1"),
    "empty": _empty,
    "full": _full,
    "zeros_like": _like("0"),
    "ones_like": _like("1"),
    "empty_like": _empty_like,
    "full_like": _full_like,
    "arange": _arange,
    "astype": _astype,
    "copy": _copy,
    "array_copy": _copy,
    "asarray": _asarray,
    "array": _array,
    **{
        name: _scalar_type(name)
        for name in (
            "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
            "float64",
        )
    },
    "bool_": _scalar_type("bool"),
}  # fmt: skip
