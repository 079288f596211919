"""Arrays made of the elements of one: repeated, turned, shifted, padded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.context import in_memory
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    NativeValue,
    Scalar,
    Tuple,
    Unsupported,
    View,
)
from scriptc.runtime.native.emitter.writer import add, multiply, subtract
from scriptc.runtime.native.lowerings.arguments import axes_of, is_none, known_int, known_ints
from scriptc.runtime.native.lowerings.arrays import permuted, with_axes
from scriptc.runtime.native.lowerings.elementwise import cast_scalar
from scriptc.runtime.native.lowerings.joining import joined
from scriptc.runtime.native.lowerings.loops import (
    as_array,
    at,
    compact,
    flat,
    nest,
    result_dtype,
    settled,
    shifted,
    split_sizes,
    text_of,
)

# --- repeating ------------------------------------------------------------------------------------


def _count(e: FunctionEmitter, value: NativeValue) -> str:
    """Return a number of times; a negative one is left to the interpreter."""
    if not isinstance(value, Scalar) or value.dtype not in ("int64", "int32"):
        raise Unsupported("a number of times that is not an int", e.location)
    if value.code.lstrip("-").isdigit():
        if int(value.code) < 0:
            e.stop()
            return "0"
    else:
        e.stop_if(f"{value.code} < 0 || {value.code} > ((int64_t)1 << 40)")
    return value.code


def _tile(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = as_array(e, operands[0])
    reps = operands[1]
    items = reps.items if isinstance(reps, Tuple) else (reps,)
    times = [_count(e, v) for v in items]
    rank = max(x.rank, len(times))
    if not rank:
        raise Unsupported("an array without dimensions is tiled", e.location)
    times = ["1"] * (rank - len(times)) + times
    if x.rank < rank:
        x = with_axes(x, [*[None] * (rank - x.rank), *range(x.rank)])
    x = force_one(e, x) if any(t != "1" for t in times) else x
    sizes = [e.size(multiply(t, s)) for t, s in zip(times, x.sizes, strict=True)]
    made = e.new_array(op, x.dtype, sizes)
    parted = [s for t, size in zip(times, x.sizes, strict=True) for s in (t, size)]
    wide = with_axes(x, [a for i in range(rank) for a in (None, i)])
    copy_into(e, wide, split_sizes(made, parted))
    return made


def _repeat(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, repeats, axis = operands
    array = as_array(e, x)
    if is_none(axis) or not array.rank:
        array = flat(e, array)
        place = 0
    else:
        (place,) = axes_of(e, axis, array.rank)
    if not isinstance(repeats, Scalar):
        return _repeat_each(e, op, array, repeats, place)
    times = _count(e, repeats)
    kept: list[int | None] = list(range(array.rank))
    kept.insert(place + 1, None)
    sizes = list(array.sizes)
    parted = [*sizes[: place + 1], times, *sizes[place + 1 :]]
    sizes[place] = e.size(multiply(sizes[place], times))
    made = e.new_array(op, array.dtype, sizes)
    copy_into(e, with_axes(force_one(e, array), kept), split_sizes(made, parted))
    return made


def _repeat_each(
    e: FunctionEmitter, op: Operation, array: Array, repeats: NativeValue, axis: int
) -> NativeValue:
    """Repeat each element so many times as its own number says."""
    counts = compact(e, as_array(e, repeats))
    if counts.rank != 1 or counts.dtype.startswith(("float", "uint64", "bool")):
        raise Unsupported("these numbers of times", e.location)
    if counts.sizes[0] == "1":
        raise Unsupported("a number of times in an array", e.location)
    e.require_equal(counts.sizes[0], array.sizes[axis])
    buffer = force_one(e, array)
    total, k = e.writer.name("n"), e.writer.name("k")
    size = buffer.sizes[axis]
    e.line(f"int64_t {total} = 0;")
    with e.writer.braces(f"for (int64_t {k} = 0; {k} < {size}; ++{k})"):
        e.stop_if(f"{counts.data}[{k}] < 0")
        e.line(f"{total} += {counts.data}[{k}];")
    sizes = list(buffer.sizes)
    sizes[axis] = total
    made = e.new_array(op, buffer.dtype, sizes)
    to, j = e.writer.name("to"), e.writer.name("j")
    e.line(f"int64_t {to} = 0;")
    head = f"for (int64_t {k} = 0; {k} < {size}; ++{k})"
    turn = f"for (int64_t {j} = 0; {j} < {counts.data}[{k}]; ++{j}, ++{to})"
    inner = [s for i, s in enumerate(buffer.sizes) if i != axis]
    with e.writer.braces(head), e.writer.braces(turn), nest(e, inner) as names:
        source, target = list(names), list(names)
        source.insert(axis, k)
        target.insert(axis, to)
        e.line(f"{at(made, target)} = {at(buffer, source)};")
    return made


# --- turning and shifting -------------------------------------------------------------------------


def flipped(e: FunctionEmitter, x: Array, axes: Sequence[int]) -> Array:
    """Return a view in reverse order along axes."""
    axes = [a for a in axes if x.sizes[a] != "1"]
    if not axes:
        return with_axes(x, range(x.rank))
    found = in_memory(x)
    if found is None:
        return View(x.sizes, x, [_back(x.sizes[a], a) if a in axes else a for a in range(x.rank)])
    strides = [multiply("-1", s) if a in axes else s for a, s in enumerate(found.strides)]
    name = e.writer.name("p")
    # Of no elements the first one may be anywhere.
    last = add(*(multiply(subtract(found.sizes[a], "1"), found.strides[a]) for a in axes))
    e.line(f"{C_TYPES[found.dtype]} *const {name} = {found.data} + ({last});")
    return Buffer(found.dtype, found.sizes, name, strides, found.roots, source=found.source)


def _back(size: str, axis: int) -> Callable[..., str]:
    return lambda *index: f"({size} - 1 - {index[axis]})"


def _flip(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = settled(e, op.operands[0], as_array(e, operands[0]))
    return flipped(e, x, axes_of(e, operands[1], x.rank))


def _flip_along(axis: int) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x = settled(e, op.operands[0], as_array(e, operands[0]))
        if x.rank <= axis:
            raise Unsupported(f"`{op.name}` of {x.rank} dimensions", e.location)
        return flipped(e, x, [axis])

    return lower


def _rot90(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = settled(e, op.operands[0], as_array(e, operands[0]))
    turns = known_int(e, operands[1]) % 4
    a, b = axes_of(e, operands[2], x.rank)
    order = list(range(x.rank))
    order[a], order[b] = b, a
    match turns:
        case 0:
            return with_axes(x, range(x.rank))
        case 1:
            return permuted(flipped(e, x, [b]), order)
        case 2:
            return flipped(e, x, [a, b])
    return flipped(e, permuted(x, order), [b])


def _roll(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, shift, axis = operands
    array = as_array(e, x)
    whole = array.sizes
    if is_none(axis):
        array = flat(e, array)
    if not array.rank:
        raise Unsupported("an array without dimensions is rolled", e.location)
    axes = [0] if is_none(axis) else [a % array.rank for a in known_ints(e, axis)]
    if isinstance(axis, Tuple):
        axes_of(e, axis, array.rank)
    shifts = list(shift.items) if isinstance(shift, Tuple) else [shift]
    if len(shifts) == 1:
        shifts *= len(axes)
    if len(axes) == 1:
        axes *= len(shifts)
    buffer = force_one(e, array)
    for i, (by, at_) in enumerate(zip(shifts, axes, strict=True)):
        if not isinstance(by, Scalar) or by.dtype != "int64":
            raise Unsupported("a shift that is not an int", e.location)
        size = buffer.sizes[at_]
        n = e.size(f"{size} ? sc_floormod({by.code}, {size}) : 0") if size != "0" else "0"
        rest = e.size(subtract(size, n))
        last = i == len(axes) - 1
        made = (
            e.new_array(op, buffer.dtype, buffer.sizes) if last
            else e.fresh(buffer.dtype, buffer.sizes)
        )  # fmt: skip
        copy_into(e, shifted(buffer, at_, "0", rest), shifted(made, at_, n, rest))
        copy_into(e, shifted(buffer, at_, rest, n), shifted(made, at_, "0", n))
        buffer = made
    return split_sizes(buffer, whole) if is_none(axis) else buffer


# --- padding --------------------------------------------------------------------------------------


def _widths(e: FunctionEmitter, value: NativeValue, rank: int) -> list[tuple[str, str]]:
    """Return how much is added before and after each dimension."""
    if not isinstance(value, Tuple):
        width = _count(e, value)
        return [(width, width)] * rank
    items = value.items
    if all(isinstance(v, Scalar) for v in items):
        pair = [_count(e, v) for v in items]
        if len(pair) == 1:
            pair *= 2
        if len(pair) != 2:
            raise Unsupported("this width of a border", e.location)
        return [(pair[0], pair[1])] * rank
    pairs = []
    for item in items:
        if not isinstance(item, Tuple) or len(item.items) not in (1, 2):
            raise Unsupported("this width of a border", e.location)
        pairs.append((_count(e, item.items[0]), _count(e, item.items[-1])))
    if len(pairs) == 1:
        pairs *= rank
    if len(pairs) != rank:
        raise Unsupported("this width of a border", e.location)
    return pairs


def _pad(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = as_array(e, operands[0])
    widths = _widths(e, operands[1], x.rank)
    mode = text_of(e, operands[2])
    fill, *others = operands[3:]
    if not all(map(is_none, others)) or not (is_none(fill) or mode == "constant"):
        raise Unsupported("these options of `pad`", e.location)
    sizes = [
        e.size(add(before, size, after))
        for (before, after), size in zip(widths, x.sizes, strict=True)
    ]
    if mode == "constant":
        return _pad_constant(e, op, x, widths, sizes, fill)
    write = _PLACES.get(mode)
    if write is None:
        raise Unsupported(f"`pad` by {mode!r}", e.location)
    buffer = force_one(e, x)
    axes: list[int | Callable[..., str]] = []
    for axis, ((before, after), size) in enumerate(zip(widths, buffer.sizes, strict=True)):
        if (before, after) == ("0", "0"):
            axes.append(axis)
            continue
        if not size.isdigit() or size == "0":
            e.stop_if(f"{size} == 0 && {before} + {after} > 0")
        axes.append(_table(e, axis, before, sizes[axis], size, write))
    made = e.new_array(op, buffer.dtype, sizes)
    copy_into(e, View(sizes, buffer, axes), made)
    return made


def _table(
    e: FunctionEmitter,
    axis: int,
    before: str,
    total: str,
    size: str,
    write: Callable[[str, str], str],
) -> Callable[..., str]:
    """Write a table of the places that the elements along an axis come from."""
    table = e.fresh("int64", (total,))
    with nest(e, (total,), "j") as (j,):
        place = e.writer.name("at")
        e.line(f"int64_t {place} = {j} - {before};")
        e.line(f"{table.data}[{j}] = {write(place, size)};")
    # The table has to last as long as what reads it.
    return lambda *index: f"{table.data}[{index[axis]}]"


_PLACES: Mapping[str, Callable[[str, str], str]] = {
    "edge": lambda i, n: f"{i} < 0 ? 0 : {i} >= {n} ? {n} - 1 : {i}",
    "wrap": lambda i, n: f"sc_floormod({i}, {n})",
    "reflect": lambda i, n: f"sc_mirrored({i}, {n}, 0)",
    "symmetric": lambda i, n: f"sc_mirrored({i}, {n}, 1)",
}


def _pad_constant(
    e: FunctionEmitter,
    op: Operation,
    x: Array,
    widths: Sequence[tuple[str, str]],
    sizes: Sequence[str],
    fill: NativeValue,
) -> NativeValue:
    number = Scalar(x.dtype, "0", python=False)
    if not is_none(fill):
        if not isinstance(fill, Scalar):
            raise Unsupported("several values to pad with", e.location)
        if fill.dtype.startswith("float") and not x.dtype.startswith("float"):
            raise Unsupported("ints padded with a float", e.location)
        number = cast_scalar(e, fill, x.dtype)
    made = e.new_array(op, x.dtype, sizes)
    copy_into(e, number, made)
    inner: Buffer = made
    for axis, ((before, _), size) in enumerate(zip(widths, x.sizes, strict=True)):
        inner = shifted(inner, axis, before, size)
    copy_into(e, x, inner)
    return made


def _append(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, values, axis = operands
    dtype = result_dtype(e, op)
    parts = [as_array(e, x), as_array(e, values)]
    if any(p.dtype.startswith("float") and not dtype.startswith("float") for p in parts):
        raise Unsupported("floats joined as ints", e.location)
    if is_none(axis):
        return joined(e, op, [flat(e, p) for p in parts], 0, dtype)
    if not parts[0].rank:
        raise Unsupported("arrays without dimensions are joined", e.location)
    return joined(e, op, parts, axes_of(e, axis, parts[0].rank)[0], dtype)


LOWERINGS: Mapping[str, Lowering] = {
    "tile": _tile,
    "repeat": _repeat,
    "flip": _flip,
    "fliplr": _flip_along(1),
    "flipud": _flip_along(0),
    "rot90": _rot90,
    "roll": _roll,
    "pad": _pad,
    "append": _append,
}
