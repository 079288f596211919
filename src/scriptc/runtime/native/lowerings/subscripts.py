"""Subscripts: views and elements of arrays, items of lists and tuples, and writing to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    IndexOf,
    List,
    Map,
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
from scriptc.runtime.native.lowerings import lists
from scriptc.runtime.native.lowerings.arguments import is_none, known_int
from scriptc.runtime.native.lowerings.loops import settled
from scriptc.runtime.native.lowerings.operators import write


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
    else:
        stop = e.ranges.stop_of(code)
        if stop is not None and e.same(stop, size):
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


Parts = list[NativeValue]


def split_index(e: FunctionEmitter, index: NativeValue, rank: int) -> Parts:
    """Return one part for each dimension, with None among them for new ones."""
    parts: Parts = list(index.items) if isinstance(index, Tuple) else [index]
    used = sum(not isinstance(p, Static) for p in parts)
    for part in parts:
        known = isinstance(part, Array | Scalar | Slice) or (
            isinstance(part, Static) and (part.value is None or part.value is ...)
        )
        if not known or (isinstance(part, Array | Scalar) and part.dtype == "bool"):
            raise Unsupported("an index of this kind", e.location)
    everything = Slice(Static(None), Static(None), Static(None))
    full: Parts = []
    seen = False
    for part in parts:
        if isinstance(part, Static) and part.value is ...:
            full += [everything] * (rank - used)
            seen = True
        else:
            full.append(part)
    if not seen:
        full += [everything] * (rank - used)
    if used > rank:
        raise Unsupported("too many indices", e.location)
    return full


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


def _getitem(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, index = operands
    if isinstance(x, Tuple):
        return _tuple_item(e, x, index)
    if isinstance(x, List):
        return lists.getitem(e, op, x, index)
    if not isinstance(x, Array):
        raise Unsupported("a subscript of this value", e.location)
    parts = split_index(e, index, x.rank)
    if is_basic(parts):
        return view(e, settled(e, op.operands[0], x), parts)
    return gather(e, op, x, parts)


def _tuple_item(e: FunctionEmitter, x: Tuple, index: NativeValue) -> NativeValue:
    if isinstance(index, Slice):
        bounds = [
            None if is_none(v) else known_int(e, v) for v in (index.start, index.stop, index.step)
        ]
        return Tuple(x.items[slice(*bounds)])
    position = known_int(e, index)
    if not -len(x.items) <= position < len(x.items):
        raise Unsupported("a place that the tuple does not have", e.location)
    return x.items[position]


def gather(e: FunctionEmitter, op: Operation, x: Array, parts: Parts) -> NativeValue:
    """Return elements at places that arrays of ints say; other dimensions are taken whole."""
    del op
    indices = [i for i, p in enumerate(parts) if isinstance(p, Array | Scalar)]
    arrays = [p for p in parts if isinstance(p, Array)]
    if any(is_none(p) for p in parts) or any(
        not _is_whole(p) for p in parts if isinstance(p, Slice)
    ):
        raise Unsupported("arrays and slices together as an index", e.location)
    if indices != list(range(indices[0], indices[0] + len(indices))):
        raise Unsupported("arrays as indices, apart from each other", e.location)
    if any(
        p.dtype.startswith(("float", "bool", "uint64"))
        for p in parts
        if isinstance(p, Array | Scalar)
    ):
        raise Unsupported("an index that is not an int", e.location)
    buffer = force_one(e, x)
    held = [force_one(e, p) for p in arrays]
    sizes = e.broadcast([h.sizes for h in held])
    # Check all places first, then the elements can be read wherever they are needed.
    checked: dict[int, NativeValue] = {}
    for position in indices:
        part = parts[position]
        size = buffer.sizes[position]
        if isinstance(part, Scalar):
            checked[position] = Scalar("int64", place(e, part, size, position), python=False)
        else:
            assert isinstance(part, Array)
            checked[position] = _checked(e, force_one(e, part), size)
    first, last = indices[0], indices[-1]
    result = (*buffer.sizes[:first], *sizes, *buffer.sizes[last + 1 :])
    lead = first

    source = _Gathered(buffer, parts, checked, sizes, lead)
    return source.node(result)


class _Gathered:
    """Reading by computed places, as an elementwise node over the checked places."""

    def __init__(
        self,
        buffer: Buffer,
        parts: Parts,
        checked: dict[int, NativeValue],
        sizes: Sequence[str],
        lead: int,
    ) -> None:
        self.buffer = buffer
        self.parts = parts
        self.checked = checked
        self.sizes = tuple(sizes)
        self.lead = lead

    def node(self, result: Sequence[str]) -> Map:
        buffer = self.buffer
        operands: list[NativeValue] = []
        rank = len(result)
        tail = rank - self.lead - len(self.sizes)
        offsets: list[str] = []
        for position in range(buffer.rank):
            if position in self.checked:
                held = self.checked[position]
                if isinstance(held, Buffer):
                    # Dimensions behind it: as 1, so that it broadcasts.
                    held = Buffer(
                        held.dtype, (*held.sizes, *["1"] * tail), held.data,
                        (*held.strides, *["0"] * tail), held.roots, contiguous=held.contiguous,
                    )  # fmt: skip
                operands.append(held)
            else:
                # The place in a dimension that is taken whole is the index itself.
                mine = position if position < self.lead else rank - (buffer.rank - position)
                sizes = [result[mine] if i == mine else "1" for i in range(rank)]
                operands.append(IndexOf(sizes, mine))
            offsets.append(buffer.strides[position])

        def write_(codes: Sequence[str]) -> str:
            where = add(*(multiply(c, s) for c, s in zip(codes, offsets, strict=True)))
            return f"{buffer.data}[{where}]"

        return Map(buffer.dtype, result, [*operands, _Keep(buffer)], lambda c: write_(c[:-1]), 3)


def _Keep(buffer: Buffer) -> Buffer:  # noqa: N802 - makes a value
    """Return a stand-in operand that keeps memory from being given to others."""
    ones = ["1"] * buffer.rank
    return Buffer(buffer.dtype, ones[:0], buffer.data, (), buffer.roots, contiguous=False)


def _checked(e: FunctionEmitter, index: Buffer, size: str) -> Buffer:
    """Return places counted from the front, as int64, all of which exist."""
    made = e.fresh("int64", index.sizes)
    names = [e.writer.name("j") for _ in index.sizes]
    bad = e.writer.name("bad")
    e.line(f"int {bad} = 0;")
    for name, length in zip(names, index.sizes, strict=True):
        e.line(f"for (int64_t {name} = 0; {name} < {length}; ++{name}) {{")
        e.writer.depth += 1
    value = e.writer.name("at")
    where = add(*(multiply(n, s) for n, s in zip(names, index.strides, strict=True)))
    to = add(*(multiply(n, s) for n, s in zip(names, made.strides, strict=True)))
    e.line(f"int64_t {value} = (int64_t){index.data}[{where}];")
    e.line(f"{value} += {value} < 0 ? {size} : 0;")
    e.line(f"{bad} |= (uint64_t){value} >= (uint64_t){size};")
    e.line(f"{made.data}[{to}] = {value};")
    for _ in names:
        e.writer.depth -= 1
        e.line("}")
    e.stop_if(bad)
    return made


def _setitem(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    x, index, value = operands
    if isinstance(x, List):
        lists.setitem(e, op, x, index, value)
        return
    if not isinstance(x, Array):
        raise Unsupported("an assignment to a part of this value", e.location)
    buffer = force_one(e, x)
    parts = split_index(e, index, buffer.rank)
    if not is_basic(parts):
        raise Unsupported("an assignment to places that an array says", e.location)
    if all(isinstance(p, Scalar) for p in parts):
        scalars = [p for p in parts if isinstance(p, Scalar)]
        pairs = zip(scalars, buffer.sizes, strict=True)
        places = [place(e, p, s, axis) for axis, (p, s) in enumerate(pairs)]
        where = add(*(multiply(a, s) for a, s in zip(places, buffer.strides, strict=True)))
        number = e.as_scalar(value)
        if number.dtype.startswith("float") and not buffer.dtype.startswith("float"):
            raise Unsupported("a float is written into an array of ints", e.location)
        if number.python and not buffer.dtype.startswith("float"):
            from scriptc.runtime.native.lowerings.elementwise import cast_scalar

            number = cast_scalar(e, number, buffer.dtype)
        e.before_write(buffer)
        e.line(f"{buffer.data}[{where}] = ({C_TYPES[buffer.dtype]}){number.code};")
        return
    target = view(e, buffer, parts)
    assert isinstance(target, Buffer)
    write(e, target, value)


LOWERINGS: Mapping[str, Lowering] = {"getitem": _getitem, "setitem": _setitem}
