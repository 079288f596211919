"""Arrays put together, written straight into the result, and taken apart again as views."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    List,
    NativeValue,
    Node,
    Scalar,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import add, multiply
from scriptc.runtime.native.lowerings.arguments import axes_of, dtype_of, is_none, known_int
from scriptc.runtime.native.lowerings.arrays import (
    at_least_1d,
    at_least_2d,
    at_least_3d,
    with_axes,
)
from scriptc.runtime.native.lowerings.loops import (
    as_array,
    element_rank,
    finished,
    flat,
    list_dtype,
    meeting,
    result_dtype,
    shifted,
)

_WHOLE = Static(None)

# --- joining --------------------------------------------------------------------------------------


def parts_of(e: FunctionEmitter, value: NativeValue) -> list[Array]:
    """Return the arrays of a sequence whose length is known; of an array, its rows."""
    if isinstance(value, Tuple):
        parts = [as_array(e, v) for v in value.items]
    elif isinstance(value, Array) and value.sizes and value.sizes[0].isdigit():
        buffer = force_one(e, value)
        parts = [_row(buffer, i) for i in range(int(value.sizes[0]))]
    else:
        raise Unsupported("arrays whose number is not known", e.location)
    if not parts:
        raise Unsupported("no arrays to join", e.location)
    return parts


def _row(buffer: Buffer, index: int) -> Buffer:
    part = shifted(buffer, 0, str(index), "1")
    return Buffer(
        part.dtype, part.sizes[1:], part.data, part.strides[1:], part.roots,
        contiguous=part.contiguous,
    )  # fmt: skip


def _checked_dtype(e: FunctionEmitter, dtype: str, sources: Sequence[str]) -> str:
    """Refuse what NumPy's casting rule `same_kind` does, or may."""
    for source in sources:
        if source.startswith("float") and not dtype.startswith("float"):
            raise Unsupported("floats joined as ints", e.location)
    return dtype


def joined(
    e: FunctionEmitter, op: Operation, parts: Sequence[Array], axis: int, dtype: str
) -> Buffer:
    """Return arrays of one rank joined along an axis of theirs."""
    rank = parts[0].rank
    if any(p.rank != rank for p in parts):
        raise Unsupported("arrays of several ranks are joined", e.location)
    for part in parts:
        if isinstance(part, Node) and part.uses > 1:
            force_one(e, part)
    sizes = list(parts[0].sizes)
    for part in parts[1:]:
        for i, size in enumerate(part.sizes):
            if i != axis:
                e.require_equal(sizes[i], size)
    starts = ["0"]
    for part in parts:
        starts.append(e.size(add(starts[-1], part.sizes[axis])))
    sizes[axis] = starts[-1]
    made = e.new_array(op, dtype, sizes)
    for part, start in zip(parts, starts, strict=False):
        copy_into(e, part, shifted(made, axis, start, part.sizes[axis]))
    return made


def _concat(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    arrays, axis, dtype = operands
    if isinstance(arrays, List):
        return _join_list(e, op, arrays, dtype, axis=axis)
    kind = dtype_of(e, dtype, result_dtype(e, op))
    parts = parts_of(e, arrays)
    _checked_dtype(e, kind, [p.dtype for p in parts])
    if is_none(axis):
        return joined(e, op, [flat(e, p) for p in parts], 0, kind)
    if not parts[0].rank:
        raise Unsupported("arrays without dimensions are joined", e.location)
    return joined(e, op, parts, axes_of(e, axis, parts[0].rank)[0], kind)


def _stack(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    arrays, axis, dtype = operands
    if isinstance(arrays, List):
        return _join_list(e, op, arrays, dtype, axis=axis, new=True)
    parts = parts_of(e, arrays)
    kind = _checked_dtype(e, dtype_of(e, dtype, result_dtype(e, op)), [p.dtype for p in parts])
    return stacked(e, op, parts, axes_of(e, axis, parts[0].rank + 1)[0], kind)


def stacked(
    e: FunctionEmitter, op: Operation, parts: Sequence[Array], axis: int, dtype: str
) -> Buffer:
    """Return arrays of one shape joined along a new axis."""
    wide: list[Array] = []
    for part in parts:
        kept: list[int | None] = [*range(part.rank)]
        kept.insert(axis, None)
        wide.append(with_axes(part, kept))
    for part in parts[1:]:
        if part.rank == parts[0].rank:
            for a, b in zip(parts[0].sizes, part.sizes, strict=True):
                e.require_equal(a, b)
    return joined(e, op, wide, axis, dtype)


def _grown(grow: Callable[[Array], Array], axis: Callable[[int], int]) -> Lowering:
    """Make the lowering of a function that gives its parts more dimensions and then joins them.

    `axis` maps the rank of the parts then to the axis along which they are joined.
    """

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        arrays, *dtype = operands
        if isinstance(arrays, List):
            return _join_grown_list(e, op, arrays, dtype[0] if dtype else _WHOLE)
        parts = [grow(p) for p in parts_of(e, arrays)]
        wanted = result_dtype(e, op)
        kind = dtype_of(e, dtype[0], wanted) if dtype else wanted
        _checked_dtype(e, kind, [p.dtype for p in parts])
        return joined(e, op, parts, axis(parts[0].rank), kind)

    return lower


def _columns(x: Array) -> Array:
    return x if x.rank >= 2 else with_axes(x, [0, None] if x.rank else [None, None])


# --- joining the arrays of a list -----------------------------------------------------------------


def _join_grown_list(
    e: FunctionEmitter, op: Operation, arrays: List, dtype: NativeValue
) -> NativeValue:
    """Join the arrays of a list that `vstack` and its like give more dimensions."""
    name, rank = op.name, element_rank(arrays)
    new_axis = {
        ("vstack", 1): 0, ("column_stack", 1): 1, ("dstack", 2): 2,
    }.get((name, rank))  # fmt: skip
    if new_axis is not None:
        return _join_list(e, op, arrays, dtype, axis=_number(new_axis), new=True)
    along = {"vstack": 0, "hstack": 0 if rank == 1 else 1, "column_stack": 1, "dstack": 2}[name]
    if rank <= along:
        raise Unsupported(f"`{name}` of a list of arrays of {rank} dimensions", e.location)
    return _join_list(e, op, arrays, dtype, axis=_number(along))


def _number(value: int) -> Scalar:
    return Scalar("int64", str(value), python=True)


def _join_list(
    e: FunctionEmitter,
    op: Operation,
    arrays: List,
    dtype: NativeValue,
    *,
    axis: NativeValue,
    new: bool = False,
) -> NativeValue:
    """Return the arrays of a list joined along an axis, or along a new one.

    They have no gaps, so what lies behind the axis is copied in one piece for each array.
    """
    kind, rank = list_dtype(e, arrays), element_rank(arrays)
    if dtype_of(e, dtype, kind) != kind:
        raise Unsupported("the arrays of a list are joined as another dtype", e.location)
    e.stop_if(f"{arrays.length} == 0", "ValueError", "need at least one array to join")
    count = e.size(arrays.length)
    if rank == 0:
        if is_none(axis) or new:
            return as_array(e, arrays)
        raise Unsupported("numbers are joined", e.location)
    first, k = e.element(arrays, "0"), e.writer.name("k")
    assert isinstance(first, Buffer)
    at = 0 if is_none(axis) else axes_of(e, axis, rank + new)[0]
    place, i = e.writer.name("at"), e.writer.name("i")
    total = count
    if is_none(axis) or not new:
        total = e.writer.name("n")
        e.line(f"int64_t {total} = 0;")
    with e.writer.braces(f"for (int64_t {k} = 0; {k} < {count}; ++{k})"), e.scope():
        part = e.element(arrays, k)
        assert isinstance(part, Buffer)
        if is_none(axis):
            e.line(f"{total} += {multiply(*part.sizes)};")
        else:
            for j, (a, b) in enumerate(zip(first.sizes, part.sizes, strict=True)):
                if new or j != at:
                    e.require_equal(a, b)
            if not new:
                e.line(f"{total} += {part.sizes[at]};")
    if is_none(axis):
        sizes, outer = [total], "1"
    else:
        sizes = [*first.sizes[:at], total, *first.sizes[at + (not new) :]]
        outer = multiply(*first.sizes[:at])
    made = e.new_array(op, kind, sizes)
    e.line(f"{C_TYPES[kind]} *{place} = {made.data};")
    with e.writer.braces(f"for (int64_t {k} = 0; {k} < {count}; ++{k})"):
        part = e.element(arrays, k)
        assert isinstance(part, Buffer)
        behind = part.sizes if is_none(axis) else part.sizes[at:]
        piece = e.size(multiply(*behind))
        row = multiply(*sizes[at:])
        bytes_ = f"(size_t){piece} * sizeof({C_TYPES[kind]})"
        with e.writer.braces(f"for (int64_t {i} = 0; {i} < {outer}; ++{i})"):
            to, from_ = multiply(i, row), multiply(i, piece)
            e.line(f"memcpy({place} + {to}, {part.data} + {from_}, {bytes_});")
        e.line(f"{place} += {piece};")
    return made


def _block(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    depth = _depth(e, operands[0])
    leaves = _leaves(operands[0])
    dtype = meeting(e, leaves)
    rank = max(depth, *(as_array(e, v).rank for v in leaves))
    if not rank:
        raise Unsupported("blocks without dimensions", e.location)
    made = _blocks(e, op, operands[0], depth, rank, dtype)
    return made if depth else joined(e, op, [made], 0, dtype)


def _depth(e: FunctionEmitter, value: NativeValue) -> int:
    if not isinstance(value, Tuple):
        return 0
    depths = {_depth(e, v) for v in value.items}
    if len(depths) != 1:
        raise Unsupported("blocks of several depths", e.location)
    return 1 + depths.pop()


def _leaves(value: NativeValue) -> list[NativeValue]:
    if isinstance(value, Tuple):
        return [leaf for item in value.items for leaf in _leaves(item)]
    return [value]


def _blocks(
    e: FunctionEmitter, op: Operation, value: NativeValue, depth: int, rank: int, dtype: str
) -> Array:
    if not isinstance(value, Tuple):
        x = as_array(e, value)
        return with_axes(x, [*[None] * (rank - x.rank), *range(x.rank)])
    parts = [_blocks(e, op, v, depth - 1, rank, dtype) for v in value.items]
    return joined(e, op, parts, rank - depth, dtype)


# --- taking apart ---------------------------------------------------------------------------------


def part(
    e: FunctionEmitter, x: Array, axis: int, start: str, size: str, *, drop: bool = False
) -> NativeValue:
    """Return a part of an array along an axis, or, with `drop`, what is at one place of it."""
    piece = shifted(force_one(e, x), axis, start, size)
    if not drop:
        return piece
    kept = [i for i in range(x.rank) if i != axis]
    sizes, strides = [piece.sizes[i] for i in kept], [piece.strides[i] for i in kept]
    return finished(
        e,
        Buffer(
            piece.dtype, sizes, piece.data, strides, piece.roots,
            contiguous=piece.contiguous and axis == 0, source=piece.source,
        ),
    )  # fmt: skip


def _unstack(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x = as_array(e, operands[0])
    (axis,) = axes_of(e, operands[1], x.rank)
    if not x.sizes[axis].isdigit():
        raise Unsupported("a number of parts that is not known", e.location)
    force_one(e, x)
    count = int(x.sizes[axis])
    return Tuple(tuple(part(e, x, axis, str(i), "1", drop=True) for i in range(count)))


def _split_at(
    e: FunctionEmitter, x: Array, axis: int, sections: NativeValue, *, equal: bool
) -> NativeValue:
    """Return the parts between indices, or so many parts; the list of them is not changed."""
    size = x.sizes[axis]
    if isinstance(sections, Tuple):
        places = [_cut(e, v, size) for v in sections.items]
        ends = [*places, size]
        starts = ["0", *places]
        parts = []
        for start, end in zip(starts, ends, strict=True):
            if start.isdigit() and end.isdigit():
                length = str(max(int(end) - int(start), 0))
            elif start == "0":
                length = end
            else:
                length = e.size(f"{end} > {start} ? {end} - {start} : 0")
            parts.append(part(e, x, axis, start, length))
        return Tuple(tuple(parts))
    count = known_int(e, sections)
    if count <= 0:
        raise Unsupported("no parts to split an array into", e.location)
    if size.isdigit() and (not equal or int(size) % count == 0):
        each, extra = divmod(int(size), count)
        lengths = [str(each + (i < extra)) for i in range(count)]
    elif equal:
        e.stop_if(
            f"{size} % {count} != 0", "ValueError",
            "array split does not result in an equal division",
        )  # fmt: skip
        lengths = [e.size(f"{size} / {count}")] * count
    else:
        lengths = [e.size(f"{size} / {count} + ({size} % {count} > {i})") for i in range(count)]
    parts, start = [], "0"
    for i, length in enumerate(lengths):
        if equal and i and not length.isdigit():
            start = multiply(str(i), length)
        parts.append(part(e, x, axis, start, length))
        start = e.size(add(start, length))
    return Tuple(tuple(parts))


def _cut(e: FunctionEmitter, value: NativeValue, size: str) -> str:
    """Return where an index cuts, as the end of a slice."""
    if not isinstance(value, Scalar) or value.dtype != "int64":
        raise Unsupported("an array is split at what is not an int", e.location)
    code = value.code
    if code.lstrip("-").isdigit() and size.isdigit():
        return str(slice(int(code)).indices(int(size))[1])
    if code == "0":
        return "0"
    name = e.writer.name("cut")
    e.line(f"int64_t {name} = {code};")
    e.line(f"if ({name} < 0) {name} = {name} < -({size}) ? 0 : {name} + {size};")
    e.line(f"if ({name} > {size}) {name} = {size};")
    return name


def _split(*, equal: bool) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        del op
        x = as_array(e, operands[0])
        (axis,) = axes_of(e, operands[2], x.rank)
        return _split_at(e, x, axis, operands[1], equal=equal)

    return lower


def _divided(axis: int) -> Lowering:
    """Make the lowering of `vsplit`, `hsplit` and `dsplit`."""

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        x = as_array(e, operands[0])
        at = 0 if op.name == "hsplit" and x.rank == 1 else axis
        if x.rank < max(at + 1, 2 if op.name == "vsplit" else 1):
            raise Unsupported(f"`{op.name}` of {x.rank} dimensions", e.location)
        return _split_at(e, x, at, operands[1], equal=True)

    return lower


LOWERINGS: Mapping[str, Lowering] = {
    "concat": _concat,
    "stack": _stack,
    "vstack": _grown(at_least_2d, lambda rank: 0),
    "hstack": _grown(at_least_1d, lambda rank: 0 if rank == 1 else 1),
    "dstack": _grown(at_least_3d, lambda rank: 2),
    "column_stack": _grown(_columns, lambda rank: 1),
    "block": _block,
    "split": _split(equal=True),
    "array_split": _split(equal=False),
    "vsplit": _divided(0),
    "hsplit": _divided(1),
    "dsplit": _divided(2),
    "unstack": _unstack,
}
