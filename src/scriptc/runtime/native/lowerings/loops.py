"""Loop nests that lowerings write themselves, and arrays made of whatever stands for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from scriptc.ir.graph import Operation, Value
from scriptc.ir.types import TensorType, prune
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.context import contiguous, in_memory
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    List,
    Map,
    NativeValue,
    Node,
    Range,
    Scalar,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import add, multiply


@contextmanager
def nest(e: FunctionEmitter, sizes: Sequence[str], prefix: str = "i") -> Iterator[list[str]]:
    """Write loops over these sizes; yield the index in each."""
    names: list[str] = []
    opened = 0
    for size in sizes:
        if size == "1":
            names.append("0")
            continue
        name = e.writer.name(prefix)
        e.line(f"for (int64_t {name} = 0; {name} < {size}; ++{name}) {{")
        e.writer.depth += 1
        opened += 1
        names.append(name)
    yield names
    for _ in range(opened):
        e.writer.depth -= 1
        e.line("}")


def offset(strides: Sequence[str], index: Sequence[str]) -> str:
    """Return where an element is, counted from the first."""
    return add(*(multiply(i, s) for i, s in zip(index, strides, strict=True)))


def at(buffer: Buffer, index: Sequence[str]) -> str:
    """Return the C expression of an element."""
    return f"{buffer.data}[{offset(buffer.strides, index)}]"


def shifted(buffer: Buffer, axis: int, start: str, size: str) -> Buffer:
    """Return the part of an array in memory that begins at a place of one dimension."""
    move = multiply(start, buffer.strides[axis])
    data = buffer.data if move == "0" else f"({buffer.data} + {move})"
    sizes = [size if i == axis else s for i, s in enumerate(buffer.sizes)]
    whole = buffer.contiguous and not any(s != "1" for s in buffer.sizes[:axis])
    return Buffer(
        buffer.dtype, sizes, data, buffer.strides, buffer.roots,
        contiguous=whole, source=buffer.source,
    )  # fmt: skip


def split_sizes(buffer: Buffer, sizes: Sequence[str]) -> Buffer:
    """Return an array without gaps with other sizes, whose product is the same."""
    return contiguous(buffer.dtype, sizes, buffer.data, buffer.roots, buffer.source)


def static_tuple(value: NativeValue) -> bool:
    """Tell whether a value is nested tuples of numbers."""
    return isinstance(value, Scalar) or (
        isinstance(value, Tuple) and all(map(static_tuple, value.items))
    )


def result_dtype(e: FunctionEmitter, op: Operation) -> str:
    """Return the dtype that the result of an operation has by its type rule."""
    kind = prune(op.results[0].type)
    if isinstance(kind, TensorType) and kind.dtype in C_TYPES:
        return kind.dtype
    raise Unsupported(f"a result of type {kind}", e.location)


def as_array(e: FunctionEmitter, value: NativeValue) -> Array:
    """Return an array; numbers and sequences of numbers become one, as NumPy makes it."""
    match value:
        case Array():
            return value
        case Scalar(dtype):
            return Map(dtype, (), [value], lambda c: c[0], 0)
        case Tuple():
            return _from_tuple(e, value)
        case List():
            return _from_list(e, value)
        case Range(start, stop, step):
            return _from_range(e, start, stop, step)
    raise Unsupported(f"a {type(value).__name__.lower()} as an array", e.location)


def _from_range(e: FunctionEmitter, start: str, stop: str, step: str) -> Buffer:
    length = e.size(f"sc_range_length({start}, {stop}, {step})")
    made = e.fresh("int64", (length,))
    with nest(e, (length,)) as (i,):
        e.line(f"{made.data}[{i}] = {start} + {i} * ({step});")
    return made


def _from_tuple(e: FunctionEmitter, value: Tuple) -> Array:
    parts = [as_array(e, v) for v in value.items]
    if not parts:
        return contiguous("float64", ("0",), "((double *)0)", ())
    dtype = meeting(e, value.items)
    sizes = parts[0].sizes
    for part in parts[1:]:
        if part.rank != parts[0].rank:
            raise Unsupported("an array of parts of several ranks", e.location)
        for a, b in zip(sizes, part.sizes, strict=True):
            e.require_equal(a, b)
    made = e.fresh(dtype, (str(len(parts)), *sizes))
    for i, part in enumerate(parts):
        place = multiply(str(i), made.strides[0])
        data = made.data if place == "0" else f"({made.data} + {place})"
        copy_into(e, part, contiguous(dtype, sizes, data, made.roots))
    return made


def meeting(e: FunctionEmitter, values: Sequence[NativeValue]) -> str:
    """Return the dtype of an array of these values: numbers count as arrays of theirs."""
    found = {_own_dtype(e, v) for v in values}
    result: str = np.result_type(*map(np.dtype, found)).name
    if result not in C_TYPES:
        raise Unsupported(f"the dtype {result}", e.location)
    return result


def _own_dtype(e: FunctionEmitter, value: NativeValue) -> str:
    match value:
        case Array() | Scalar():
            return value.dtype
        case Tuple(items) if items:
            return meeting(e, items)
        case Tuple():
            return "float64"
        case List():
            return list_dtype(e, value)
        case Range():
            return "int64"
    raise Unsupported(f"a {type(value).__name__.lower()} as an array", e.location)


def list_dtype(e: FunctionEmitter, value: List) -> str:
    """Return the dtype of the numbers, or of the elements of the arrays, in a list."""
    kind = prune(value.element)
    if isinstance(kind, TensorType) and kind.dtype in C_TYPES:
        return kind.dtype
    return e.element_dtype(value)


def element_rank(value: List) -> int:
    """Return how many dimensions the elements of a list have."""
    kind = prune(value.element)
    if isinstance(kind, TensorType):
        assert kind.shape is not None
        return len(kind.shape)
    return 0


def _from_list(e: FunctionEmitter, value: List) -> Array:
    dtype = list_dtype(e, value)
    if element_rank(value):
        raise Unsupported("an array of a list of arrays", e.location)
    # That of an empty list is float64, whatever was to be in it.
    e.stop_if(f"{value.length} <= 0")
    length = e.size(value.length)
    made = e.fresh(dtype, (length,))
    size = f"(size_t){length} * sizeof({C_TYPES[dtype]})"
    e.line(f"memcpy({made.data}, {value.data}, {size});")
    return made


def flat(e: FunctionEmitter, x: Array) -> Buffer:
    """Return the elements of an array in order, in one dimension; they may be its own memory."""
    buffer = compact(e, x)
    return contiguous(
        buffer.dtype, (e.size(multiply(*buffer.sizes)),), buffer.data, buffer.roots, buffer.source
    )


def compact(e: FunctionEmitter, x: Array) -> Buffer:
    """Return an array without gaps: itself, or a copy."""
    buffer = force_one(e, x)
    return buffer if buffer.contiguous else copied(e, buffer)


def copied(e: FunctionEmitter, x: NativeValue, dtype: str = "") -> Buffer:
    """Return a copy of an array in memory of its own."""
    assert isinstance(x, Array)
    made = e.fresh(dtype or x.dtype, x.sizes)
    copy_into(e, x, made)
    return made


def settled(e: FunctionEmitter, value: Value, x: Array) -> Array:
    """Return an array of which a view is taken.

    A view of what is not computed yet would be computed by itself: it has to be in memory where
    something is written into one of both.
    """
    if isinstance(x, Node) and in_memory(x) is None and e.aliases.is_written(value):
        return force_one(e, x)
    return x


def refuse_written(e: FunctionEmitter, op: Operation) -> None:
    """Stop where a program writes into what NumPy makes read-only."""
    if any(map(e.origins.may_be_written, op.results)):
        raise Unsupported("a view that can only be read is written into", e.location)


def is_known(value: NativeValue) -> bool:
    """Tell whether a number is a literal."""
    return isinstance(value, Scalar) and value.code.lstrip("-").isdigit()


def text_of(e: FunctionEmitter, value: NativeValue) -> str:
    """Return a string that is known."""
    if isinstance(value, Static) and isinstance(value.value, str):
        return value.value
    raise Unsupported("a string that has to be known when the program is compiled", e.location)


def finished(e: FunctionEmitter, made: Buffer) -> NativeValue:
    """Return a result: what has no dimensions is a NumPy scalar."""
    if made.sizes:
        return made
    return e.scalar(made.dtype, f"{made.data}[0]", python=False)
