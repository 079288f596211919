"""Indices of arrays: ints and slices, which take a view, and how an index is laid out."""

from __future__ import annotations

from collections.abc import Callable

from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    List,
    NativeValue,
    Node,
    Scalar,
    Slice,
    Static,
    Tuple,
    Unsupported,
    View,
)
from scriptc.runtime.native.emitter.writer import add, multiply, subtract
from scriptc.runtime.native.lowerings.arguments import is_none, known_int
from scriptc.runtime.native.lowerings.loops import as_array, is_known


def place(e: FunctionEmitter, index: Scalar, size: str, axis: int) -> str:
    """Return a place counted from the front; one that does not exist stops."""
    code = index.code
    message = f"index %lld is out of bounds for axis {axis} with size %lld"
    if code.lstrip("-").isdigit():
        value = int(code)
        if size.isdigit():
            if not -int(size) <= value < int(size):
                e.stop_if("1", "IndexError", message, code, size)
                return "0"
            return str(value % int(size))
        test = f"{size} <= {value}" if value >= 0 else f"{size} < {-value}"
        e.stop_if(test, "IndexError", message, code, size)
        return code if value >= 0 else f"({size} - {-value})"
    if index.dtype not in ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32"):
        raise Unsupported(f"an index of type {index.dtype}", e.location)
    name = code
    if e.ranges.of(code)[0] < 0:
        name = e.writer.name("at")
        e.line(f"const int64_t {name} = {code} < 0 ? (int64_t){code} + {size} : (int64_t){code};")
    elif e.is_below(code, size):
        return name
    e.stop_if(f"(uint64_t){name} >= (uint64_t){size}", "IndexError", message, code, size)
    return name


def slice_bounds(e: FunctionEmitter, index: Slice, size: str) -> tuple[str, str, str]:
    """Return start, length and step of a slice, cut to the array as Python cuts it."""
    step = "1" if is_none(index.step) else str(known_int(e, index.step))
    if step == "0":
        raise Unsupported("a slice of step 0", e.location)
    if is_none(index.start) and is_none(index.stop) and step == "1":
        return "0", size, "1"
    simple = _simple_bounds(e, index, size, int(step))
    if simple is not None:
        return simple
    forward = int(step) > 0

    def cut(value: NativeValue, default: str) -> str:
        if is_none(value):
            return default
        if not isinstance(value, Scalar) or value.dtype.startswith("float"):
            raise Unsupported("a slice of these bounds", e.location)
        code = value.code
        low, high = ("0", size) if forward else ("-1", subtract(size, "1"))
        if code.lstrip("-").isdigit() and size.isdigit():
            number = int(code) + (int(size) if int(code) < 0 else 0)
            return str(max(int(low), min(number, int(high))))
        if code == "0" and forward:
            return "0"
        name = e.writer.name("cut")
        e.line(f"int64_t {name} = {code};")
        e.line(f"if ({name} < 0) {name} = {name} < -({size}) ? {low} : {name} + {size};")
        e.line(f"if ({name} > {high}) {name} = {high};")
        if not forward:
            e.line(f"if ({name} < -1) {name} = -1;")
        return name

    start = cut(index.start, "0" if forward else subtract(size, "1"))
    stop = cut(index.stop, size if forward else "-1")
    if start == "0" and step == "1":
        return start, stop, step
    if all(v.lstrip("-").isdigit() for v in (start, stop)):
        return start, str(len(range(int(start), int(stop), int(step)))), step
    return start, e.size(f"sc_range_length({start}, {stop}, {step})"), step


def _simple_bounds(
    e: FunctionEmitter, index: Slice, size: str, step: int
) -> tuple[str, str, str] | None:
    """Return the bounds of a slice whose length is the same for all slices like it.

    A part of an array and another one that is as long are then known to be so.
    """
    if size.isdigit():
        return None
    whole = is_none(index.start) and is_none(index.stop)
    if whole and step < 0:
        length = size if step == -1 else e.size_of(size, f"({{n}} + {-step - 1}) / {-step}")
        return subtract(size, "1"), length, str(step)
    if whole:
        return "0", e.size_of(size, f"({{n}} + {step - 1}) / {step}"), str(step)
    ends = [
        None if is_none(v) else int(v.code) if is_known(v) and isinstance(v, Scalar) else ...
        for v in (index.start, index.stop)
    ]
    start, stop = ends
    if step != 1 or ... in ends:
        return None
    first = start or 0
    assert isinstance(first, int)
    if (start, stop) == (-1, None) or (first == 0 and stop == 1):
        # One element, unless there is none.
        if e.externally_written:
            return None
        e.stop_if(f"{size} == 0")
        return "0" if stop == 1 else subtract(size, "1"), "1", "1"
    if first < 0:
        if stop is not None:
            return None
        begin = e.size_of(size, f"{{n}} > {-first} ? {{n}} - {-first} : 0")
        return begin, e.size_of(size, f"{{n}} < {-first} ? {{n}} : {-first}"), "1"
    if stop is None or (isinstance(stop, int) and stop < 0):
        gone = first - (stop or 0)
        return str(first), e.size_of(size, f"{{n}} > {gone} ? {{n}} - {gone} : 0"), "1"
    if first == 0:
        return "0", e.size_of(size, f"{{n}} < {stop} ? {{n}} : {stop}"), "1"
    return None


Parts = list[NativeValue]
WHOLE = Slice(Static(None), Static(None), Static(None))
"""The slice that takes a dimension as it is."""


def split_index(e: FunctionEmitter, index: NativeValue, rank: int) -> Parts:
    """Return one part for each dimension, or for each that a mask takes; None makes a new one."""
    listed = index.items if isinstance(index, Tuple) else (index,)
    parts = [_part(e, part) for part in listed]
    used = sum(_taken(part) for part in parts)
    if used > rank:
        raise Unsupported("too many indices", e.location)
    rest: Parts = [WHOLE] * (rank - used)
    for i, part in enumerate(parts):
        if isinstance(part, Static) and part.value is ...:
            return [*parts[:i], *rest, *parts[i + 1 :]]
    return [*parts, *rest]


def _part(e: FunctionEmitter, part: NativeValue) -> NativeValue:
    """Return a part of an index: sequences are arrays."""
    if isinstance(part, List | Tuple):
        part = as_array(e, part)
        if part.sizes == ("0",):
            raise Unsupported("an empty sequence as an index", e.location)
    known = isinstance(part, Array | Scalar | Slice) or (
        isinstance(part, Static) and (part.value is None or part.value is ...)
    )
    if not known:
        raise Unsupported("an index of this kind", e.location)
    if isinstance(part, Array | Scalar):
        single = isinstance(part, Scalar) or not part.sizes
        if part.dtype.startswith(("float", "uint64")) or (single and part.dtype == "bool"):
            raise Unsupported(f"an index of {part.dtype}", e.location)
    return part


def _taken(part: NativeValue) -> int:
    """Return how many dimensions a part of an index stands for."""
    if isinstance(part, Static):
        return 0
    return part.rank if isinstance(part, Array) and part.dtype == "bool" else 1


def is_basic(parts: Parts) -> bool:
    """Tell whether an index gives a view: ints, slices and None only."""
    for part in parts:
        if isinstance(part, Scalar):
            if part.dtype in ("bool", "float32", "float64"):
                return False
        elif not (isinstance(part, Slice) or is_none(part)):
            return False
    return True


def view(e: FunctionEmitter, x: Array, parts: Parts) -> NativeValue:
    """Return what basic indices take of an array."""
    pending = isinstance(x, Node) and x.buffer is None
    if pending and all(isinstance(p, Slice | Static) for p in parts):
        whole = all(is_none(p) or _is_whole(p) for p in parts)
        if whole:
            return _new_axes(x, parts)
    buffer = force_one(e, x)
    sizes: list[str] = []
    strides: list[str] = []
    offset: list[str] = []
    axis = 0
    gaps = False
    for part in parts:
        if is_none(part):
            sizes.append("1")
            strides.append("0")
            continue
        size, stride = buffer.sizes[axis], buffer.strides[axis]
        if isinstance(part, Scalar):
            offset.append(multiply(place(e, part, size, axis), stride))
            gaps |= bool([s for s in sizes if s != "1"])
        else:
            assert isinstance(part, Slice)
            start, length, step = slice_bounds(e, part, size)
            offset.append(multiply(start, stride))
            if (start, length, step) != ("0", size, "1"):
                # A part of the first dimension still has no gaps.
                gaps |= step != "1" or bool([s for s in sizes if s != "1"])
            sizes.append(length)
            strides.append(multiply(stride, step))
        axis += 1
    where = add(*offset)
    if not sizes:
        return e.scalar(buffer.dtype, f"{buffer.data}[{where}]", python=False)
    data = buffer.data
    if where != "0":
        data = e.writer.name("p")
        e.line(f"{C_TYPES[buffer.dtype]} *const {data} = {buffer.data} + {where};")
    return Buffer(
        buffer.dtype, sizes, data, strides, buffer.roots,
        contiguous=buffer.contiguous and not gaps, source=buffer.source,
    )  # fmt: skip


def _is_whole(part: NativeValue) -> bool:
    return isinstance(part, Slice) and all(map(is_none, (part.start, part.stop, part.step)))


def _new_axes(x: Array, parts: Parts) -> View:
    sizes: list[str] = []
    axes: list[int | Callable[..., str]] = []
    for part in parts:
        if is_none(part):
            sizes.append("1")
        else:
            axes.append(len(sizes))
            sizes.append(x.sizes[len(axes) - 1])
    return View(sizes, x, axes)
