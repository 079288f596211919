"""Elements at places that arrays or conditions say: read, found, and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    Map,
    NativeValue,
    Scalar,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.lowerings.arguments import axes_of, is_none
from scriptc.runtime.native.lowerings.elementwise import cast
from scriptc.runtime.native.lowerings.index_arrays import (
    Places,
    broadcast_index,
    checked,
    count_true,
    element_of,
    fit_mask,
    fit_value,
    masked,
    nonzero,
    update,
    written_value,
)
from scriptc.runtime.native.lowerings.indexing import Parts, is_basic, place, split_index, view
from scriptc.runtime.native.lowerings.joining import parts_of
from scriptc.runtime.native.lowerings.loops import (
    as_array,
    at,
    compact,
    copied,
    flat,
    nest,
    result_dtype,
    text_of,
)
from scriptc.runtime.native.lowerings.operators import write

# --- reading --------------------------------------------------------------------------------------


def _take(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, indices, axis, mode = operands
    array = as_array(e, x)
    how = text_of(e, mode)
    if is_none(axis):
        array, axis_at = flat(e, array), 0
    else:
        if not array.rank:
            raise Unsupported("a part of an array without dimensions", e.location)
        (axis_at,) = axes_of(e, axis, array.rank)
    buffer = force_one(e, array)
    size = buffer.sizes[axis_at]
    code: Scalar | Buffer
    wanted: tuple[str, ...] = ()
    if isinstance(indices, Scalar) and how == "raise":
        code = Scalar("int64", place(e, indices, size, axis_at), python=False)
    else:
        found = checked(e, as_array(e, indices), size, axis_at, how)
        wanted = found.sizes
        behind = buffer.rank - axis_at - 1
        code = Buffer(
            found.dtype, (*found.sizes, *["1"] * behind), found.data,
            (*found.strides, *["0"] * behind), found.roots, contiguous=found.contiguous,
        )  # fmt: skip
    sizes = (*buffer.sizes[:axis_at], *wanted, *buffer.sizes[axis_at + 1 :])
    codes = [
        code if i == axis_at else i if i < axis_at else i - 1 + len(wanted)
        for i in range(buffer.rank)
    ]
    taken = Places(buffer, sizes, tuple(codes))
    if sizes:
        return taken.node()
    return e.scalar(buffer.dtype, taken.element(()), python=False)


def _along(
    e: FunctionEmitter, x: Array, indices: Array, axis: NativeValue
) -> tuple[Places, Buffer]:
    """Return which elements indices along an axis take, each beside its own index."""
    if is_none(axis):
        if indices.rank != 1:
            raise Unsupported("indices of several dimensions along no axis", e.location)
        x, axis_at = flat(e, x), 0
    else:
        (axis_at,) = axes_of(e, axis, x.rank)
    if indices.rank != x.rank:
        e.stop("ValueError", "`indices` and `arr` must have the same number of dimensions")
        raise Unsupported("indices of another rank", e.location)
    buffer = force_one(e, x)
    beside = [["1" if i == axis_at else s for i, s in enumerate(buffer.sizes)], indices.sizes]
    sizes = e.broadcast(beside)
    found = checked(e, indices, buffer.sizes[axis_at], axis_at)
    codes: list[Scalar | Buffer | int] = []
    for i, size in enumerate(buffer.sizes):
        if i == axis_at:
            codes.append(found)
        else:
            codes.append(Scalar("int64", "0", python=False) if size == "1" else i)
    return Places(buffer, sizes, tuple(codes)), buffer


def _take_along_axis(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> NativeValue:
    del op
    x, indices, axis = operands
    return _along(e, as_array(e, x), as_array(e, indices), axis)[0].node()


def _compress(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, condition, axis = operands
    array, mask = as_array(e, x), compact(e, as_array(e, condition))
    if mask.rank != 1:
        raise Unsupported("a condition of several dimensions", e.location)
    if is_none(axis):
        array, axis_at = flat(e, array), 0
    else:
        (axis_at,) = axes_of(e, axis, array.rank)
    buffer = force_one(e, array)
    size = buffer.sizes[axis_at]
    (found,) = nonzero(e, mask)
    if not e.same(mask.sizes[0], size):
        count = found.sizes[0]
        e.stop_if(f"{count} && {found.data}[{count} - 1] >= {size}")
    sizes = [found.sizes[0] if i == axis_at else s for i, s in enumerate(buffer.sizes)]
    made = e.new_array(op, buffer.dtype, sizes)
    with nest(e, sizes) as names:
        source = list(names)
        source[axis_at] = f"{found.data}[{names[axis_at]}]"
        e.line(f"{at(made, names)} = {at(buffer, source)};")
    return made


def _extract(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    condition, x = operands
    array, mask = flat(e, as_array(e, x)), flat(e, as_array(e, condition))
    return masked(e, op, array, fit_mask(e, mask, array.sizes))


def _choose(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, choices, mode = operands
    kind, parts = result_dtype(e, op), parts_of(e, choices)
    index = checked_choice(e, as_array(e, x), len(parts), text_of(e, mode))
    sizes = e.broadcast([index.sizes, *(p.sizes for p in parts)])
    sources = [p.dtype for p in parts]

    def write_(codes: Sequence[str]) -> str:
        text = cast(codes[-1], sources[-1], kind)
        for i in range(len(parts) - 2, -1, -1):
            text = f"{codes[0]} == {i} ? {cast(codes[i + 1], sources[i], kind)} : {text}"
        return text

    return Map(kind, sizes, [index, *parts], write_, 2 * len(parts))


def checked_choice(e: FunctionEmitter, x: Array, count: int, mode: str) -> Buffer:
    """Return which of so many arrays are chosen; negative numbers choose none."""
    if mode == "raise":
        held = force_one(e, x)
        bad = e.writer.name("bad")
        e.line(f"int {bad} = 0;")
        with nest(e, held.sizes) as names:
            e.line(f"{bad} |= {at(held, names)} < 0 || {at(held, names)} >= {count};")
        e.stop_if(bad, "ValueError", "invalid entry in choice array")
    return checked(e, x, str(count), 0, mode)


def _select(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    conditions, choices, default = operands
    kind = result_dtype(e, op)
    tests, values = parts_of(e, conditions), parts_of(e, choices)
    if len(tests) != len(values) or any(t.dtype != "bool" for t in tests):
        raise Unsupported("these conditions", e.location)
    other = as_array(e, default)
    if other.dtype.startswith("float") and not kind.startswith("float"):
        raise Unsupported("this default", e.location)
    sizes = e.broadcast([x.sizes for x in (*tests, *values, other)])
    if not sizes:
        raise Unsupported("a selection of numbers", e.location)
    count = len(tests)
    sources = [v.dtype for v in values]

    def write_(codes: Sequence[str]) -> str:
        text = cast(codes[-1], other.dtype, kind)
        for i in range(count - 1, -1, -1):
            text = f"{codes[i]} ? {cast(codes[count + i], sources[i], kind)} : {text}"
        return text

    return Map(kind, sizes, [*tests, *values, other], write_, 2 * count)


# --- where something is ---------------------------------------------------------------------------


def _nonzero(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x = as_array(e, operands[0])
    if not x.rank:
        raise Unsupported("`nonzero` of an array without dimensions", e.location)
    return Tuple(nonzero(e, force_one(e, x)))


def _flatnonzero(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    return nonzero(e, flat(e, as_array(e, operands[0])))[0]


def _argwhere(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = force_one(e, as_array(e, operands[0]))
    if not x.rank:
        raise Unsupported("`argwhere` of an array without dimensions", e.location)
    made = e.new_array(op, "int64", (count_true(e, x), str(x.rank)))
    turn = e.writer.name("k")
    e.line(f"int64_t {turn} = 0;")
    with nest(e, x.sizes) as names, e.writer.braces(f"if ({at(x, names)} != 0)"):
        for i, name in enumerate(names):
            e.line(f"{made.data}[{turn} + {i}] = {name};")
        e.line(f"{turn} += {x.rank};")
    return made


# --- writing --------------------------------------------------------------------------------------


def _target(e: FunctionEmitter, value: NativeValue) -> Buffer:
    if not isinstance(value, Array):
        raise Unsupported("this value is written into", e.location)
    return force_one(e, value)


def _put_along_axis(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    del op
    x, indices, values, axis = operands
    target = _target(e, x)
    if is_none(axis) and not target.contiguous:
        raise Unsupported("elements of a strided array by their number", e.location)
    held = written_value(e, values, target)
    taken, _ = _along(e, target, as_array(e, indices), axis)
    fit_value(e, held, taken.sizes)
    e.before_write(target)
    with nest(e, taken.sizes) as names:
        code = element_of(held, names)
        e.line(f"{taken.element(names)} = ({C_TYPES[target.dtype]}){code};")


def _put(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    del op
    x, indices, values, mode = operands
    target = _target(e, x)
    if not target.contiguous:
        raise Unsupported("elements of a strided array by their number", e.location)
    line = flat(e, target)
    held = written_value(e, values, target)
    if isinstance(held, Buffer):
        held = flat(e, held)
        if not held.sizes[0].isdigit() or held.sizes[0] == "0":
            e.stop_if(f"{held.sizes[0]} == 0")
    found = flat(e, checked(e, as_array(e, indices), line.sizes[0], 0, text_of(e, mode)))
    e.before_write(target)
    with nest(e, found.sizes) as (i,):
        code = held.code if isinstance(held, Scalar) else at(held, [f"{i} % {held.sizes[0]}"])
        e.line(f"{line.data}[{at(found, [i])}] = ({C_TYPES[target.dtype]}){code};")


def _putmask(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    del op
    x, mask, values = operands
    target = _target(e, x)
    where = as_array(e, mask)
    if where.rank != target.rank:
        raise Unsupported("a mask of another rank", e.location)
    held = written_value(e, values, target)
    if isinstance(held, Buffer) and not e.same_sizes(held.sizes, target.sizes):
        raise Unsupported("values of another shape beside a mask", e.location)
    _write_where(e, target, fit_mask(e, where, target.sizes), held)


def _write_where(e: FunctionEmitter, target: Buffer, mask: Buffer, value: Scalar | Buffer) -> None:
    """Write what broadcasts to the target where a mask, which does so too, holds."""
    if any(r in target.roots for r in mask.roots):
        mask = copied(e, mask)
    e.before_write(target)
    with nest(e, target.sizes) as names:
        test = at(mask, broadcast_index(mask, names))
        code = element_of(value, names)
        e.line(f"if ({test}) {at(target, names)} = ({C_TYPES[target.dtype]}){code};")


def _copyto(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
    del op
    target_, source, casting, where = operands
    target = _target(e, target_)
    held = written_value(e, source, target)
    if text_of(e, casting) not in ("same_kind", "unsafe") or not np.can_cast(
        np.dtype(held.dtype), np.dtype(target.dtype), "same_kind"
    ):
        raise Unsupported("a copy by this rule of casting", e.location)
    if isinstance(where, Scalar) and where.code == "1":
        write(e, target, held)
        return
    mask = as_array(e, where)
    if mask.dtype != "bool":
        raise Unsupported("a mask that is not of bools", e.location)
    fit_value(e, held, target.sizes)
    buffer = force_one(e, mask)
    fit_value(e, buffer, target.sizes)
    _write_where(e, target, buffer, held)


_NOT_BROADCAST = "array is not broadcastable to correct shape"


def _at(
    step: Callable[[str, str], str], *, wraps: bool = False, keeps_nan: bool = False
) -> Lowering:
    """Make the lowering of `ufunc.at`, by which a repeated index counts each time."""

    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> None:
        del op
        x, indices, values = operands
        target = _target(e, x)
        held = written_value(e, values, target)
        common = np.result_type(np.dtype(target.dtype), np.dtype(held.dtype)).name
        weak = isinstance(held, Scalar) and held.python
        if not weak and common != target.dtype:
            raise Unsupported("an update by a wider dtype", e.location)
        type_, floating = C_TYPES[target.dtype], target.dtype.startswith("float")
        parts: Parts = split_index(e, indices, target.rank)
        if target.dtype == "bool":
            raise Unsupported("an update of bools", e.location)

        def cast_step(old: str, new: str) -> str:
            if wraps and target.dtype.startswith("int"):  # around, as unsigned ints do in C
                return step(f"1u * (u{type_}){old}", f"1u * (u{type_}){new}")
            text = step(old, f"({type_}){new}")
            return f"{old} != {old} ? {old} : {text}" if keeps_nan and floating else text

        if is_basic(parts):
            part = view(e, target, parts)
            if not isinstance(part, Buffer):
                raise Unsupported("an update of one element", e.location)
            fit_value(e, held, part.sizes, _NOT_BROADCAST)
            e.before_write(target)
            with nest(e, part.sizes) as names:
                code = cast_step(at(part, names), element_of(held, names))
                e.line(f"{at(part, names)} = ({type_})({code});")
            return
        update(e, target, parts, held, cast_step, _NOT_BROADCAST)

    return lower


def _extreme(sign: str) -> Lowering:
    return _at(lambda a, b: f"{a} {sign} {b} ? {a} : {b}", keeps_nan=True)


LOWERINGS: Mapping[str, Lowering] = {
    "take": _take,
    "take_along_axis": _take_along_axis,
    "compress": _compress,
    "extract": _extract,
    "choose": _choose,
    "select": _select,
    "nonzero": _nonzero,
    "flatnonzero": _flatnonzero,
    "argwhere": _argwhere,
    "put": _put,
    "put_along_axis": _put_along_axis,
    "putmask": _putmask,
    "copyto": _copyto,
    "add_at": _at(lambda a, b: f"{a} + {b}", wraps=True),
    "subtract_at": _at(lambda a, b: f"{a} - {b}", wraps=True),
    "multiply_at": _at(lambda a, b: f"{a} * {b}", wraps=True),
    "maximum_at": _extreme(">"),
    "minimum_at": _extreme("<"),
}
