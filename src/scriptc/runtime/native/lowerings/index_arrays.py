"""Arrays as indices: elements that arrays of ints, or masks, choose are read and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    IndexOf,
    Map,
    NativeValue,
    Scalar,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import add, multiply
from scriptc.runtime.native.lowerings.arguments import is_none
from scriptc.runtime.native.lowerings.elementwise import cast_scalar
from scriptc.runtime.native.lowerings.indexing import WHOLE, Parts, place, view
from scriptc.runtime.native.lowerings.loops import as_array, at, copied, nest

INDEXED = (
    "shape mismatch: value array of shape {0} could not be broadcast to indexing result of shape "
    "{1}"
)
"""What NumPy says where a value does not fit what an index takes."""
INDEX_DTYPES = ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32")

# --- where something is ---------------------------------------------------------------------------


def count_true(e: FunctionEmitter, mask: Buffer) -> str:
    """Write code that counts the elements that are not zero; return the number."""
    count = e.writer.name("n")
    e.line(f"int64_t {count} = 0;")
    with nest(e, mask.sizes) as names:
        e.line(f"{count} += {at(mask, names)} != 0;")
    return count


def nonzero(e: FunctionEmitter, mask: Buffer) -> tuple[Buffer, ...]:
    """Return the indices of the elements that are not zero, an array for each dimension."""
    count = count_true(e, mask)
    made = tuple(e.fresh("int64", (count,)) for _ in mask.sizes)
    turn = e.writer.name("k")
    e.line(f"int64_t {turn} = 0;")
    with nest(e, mask.sizes) as names, e.writer.braces(f"if ({at(mask, names)} != 0)"):
        for buffer, name in zip(made, names, strict=True):
            e.line(f"{buffer.data}[{turn}] = {name};")
        e.line(f"++{turn};")
    return made


def fit_mask(e: FunctionEmitter, mask: Array, sizes: Sequence[str]) -> Buffer:
    """Return a mask in memory, which has to have these sizes."""
    message = "boolean index did not match indexed array along axis {}; size of axis is %lld but "
    message += "size of corresponding boolean axis is %lld"
    held = force_one(e, mask)
    for axis, (a, b) in enumerate(zip(mask.sizes, sizes, strict=True)):
        if not e.same(a, b):
            e.stop_if(f"{a} != {b}", "IndexError", message.format(axis), b, a)
            e.assume_equal(a, b)
    return held


# --- places ---------------------------------------------------------------------------------------


def checked(
    e: FunctionEmitter, index: Array, size: str, axis: int = 0, mode: str = "raise"
) -> Buffer:
    """Return places in a dimension counted from the front, as int64, all of which exist."""
    if index.dtype not in INDEX_DTYPES:
        raise Unsupported(f"an index of {index.dtype}", e.location)
    held = force_one(e, index)
    made = e.fresh("int64", held.sizes)
    if mode != "raise":
        e.stop_if(f"{size} == 0" if not size.isdigit() or size == "0" else "0")
        with nest(e, held.sizes, "j") as names:
            to, from_ = at(made, names), f"(int64_t){at(held, names)}"
            if mode == "wrap":
                e.line(f"{to} = sc_floormod({from_}, {size});")
            else:
                e.line(f"{to} = {from_} < 0 ? 0 : {from_} >= {size} ? {size} - 1 : {from_};")
        return made
    bad, value = e.writer.name("bad"), e.writer.name("at")
    e.line(f"int {bad} = 0;")
    with nest(e, held.sizes, "j") as names:
        e.line(f"int64_t {value} = (int64_t){at(held, names)};")
        e.line(f"{value} += {value} < 0 ? {size} : 0;")
        e.line(f"{bad} |= (uint64_t){value} >= (uint64_t){size};")
        e.line(f"{at(made, names)} = {value};")
    if not e.externally_written:
        e.stop_if(bad)
        return made
    message = f"index %lld is out of bounds for axis {axis} with size %lld"
    with e.writer.braces(f"if ({bad})"), nest(e, held.sizes, "j") as names:
        e.line(f"const int64_t {value} = (int64_t){at(held, names)};")
        e.stop_if(f"{value} < -{size} || {value} >= {size}", "IndexError", message, value, size)
    return made


@dataclass(frozen=True)
class Places:
    """Which elements of an array an index takes: `sizes` of them.

    `codes` tells for each dimension of the array what its place is: a number, an array of places
    that broadcasts to the sizes, or a dimension of the result.
    """

    buffer: Buffer
    sizes: tuple[str, ...]
    codes: tuple[Scalar | Buffer | int, ...]

    def node(self) -> Map:
        """Return the elements, read where they are needed."""
        operands: list[NativeValue] = []
        rank = len(self.sizes)
        for code in self.codes:
            if isinstance(code, int):
                ones = [self.sizes[code] if i == code else "1" for i in range(rank)]
                operands.append(IndexOf(ones, code))
            else:
                operands.append(code)

        def read(codes: Sequence[str]) -> str:
            return f"{self.buffer.data}[{self._offset(codes)}]"

        return Map(self.buffer.dtype, self.sizes, [*operands, keep(self.buffer)], read, 3)

    def element(self, names: Sequence[str]) -> str:
        """Return the C expression of the element of the array for an index of the result."""
        found: list[str] = []
        for code in self.codes:
            if isinstance(code, int):
                found.append(names[code])
            elif isinstance(code, Scalar):
                found.append(code.code)
            else:
                found.append(at(code, broadcast_index(code, names)))
        return f"{self.buffer.data}[{self._offset(found)}]"

    def _offset(self, codes: Sequence[str]) -> str:
        return add(*(multiply(c, s) for c, s in zip(codes, self.buffer.strides, strict=False)))


def broadcast_index(buffer: Buffer, names: Sequence[str]) -> list[str]:
    """Return the index of an element in an array that broadcasts to more sizes."""
    inner = names[len(names) - buffer.rank :]
    return ["0" if s == "1" else n for s, n in zip(buffer.sizes, inner, strict=True)]


def keep(buffer: Buffer) -> Buffer:
    """Return a stand-in operand that keeps memory from being given to others."""
    return Buffer(buffer.dtype, (), buffer.data, (), buffer.roots)


def places(e: FunctionEmitter, x: Array, parts: Parts) -> Places:
    """Return which elements an index takes that holds arrays, by NumPy's rules."""
    unmasked = _without_masks(e, x, parts)
    positions = [i for i, p in enumerate(unmasked) if isinstance(p, Array | Scalar)]
    # What slices and None take is a view with one dimension for each part.
    base = view(e, x, [WHOLE if i in positions else p for i, p in enumerate(unmasked)])
    assert isinstance(base, Array)
    buffer = force_one(e, base)
    shapes = [p.sizes if isinstance(p, Array) else () for p in (unmasked[i] for i in positions)]
    listed = "".join(f"{{{i}}} " for i in range(len(shapes)))
    sizes = e.broadcast(
        shapes,
        f"shape mismatch: indexing arrays could not be broadcast together with shapes {listed}",
    )
    first, last = positions[0], positions[-1]
    together = last - first + 1 == len(positions)
    others = [i for i in range(buffer.rank) if i not in positions]
    lead = first if together else 0
    kept = [buffer.sizes[i] for i in others]
    result = (*kept[:lead], *sizes, *kept[lead:])
    behind = len(kept) - lead
    codes: list[Scalar | Buffer | int] = []
    axis = -1
    for position, part in enumerate(unmasked):
        size = buffer.sizes[position]
        axis += not is_none(part)
        if isinstance(part, Scalar):
            codes.append(Scalar("int64", place(e, part, size, axis), python=False))
        elif isinstance(part, Array):
            held = checked(e, part, size, axis)
            # Dimensions behind it: as 1, so that it broadcasts.
            codes.append(
                Buffer(
                    held.dtype, (*held.sizes, *["1"] * behind), held.data,
                    (*held.strides, *["0"] * behind), held.roots, contiguous=held.contiguous,
                )
            )  # fmt: skip
        else:
            rank = others.index(position)
            codes.append(rank if rank < lead else rank + len(sizes))
    return Places(buffer, result, tuple(codes))


def _without_masks(e: FunctionEmitter, x: Array, parts: Parts) -> Parts:
    """Return an index with the places where masks hold instead of these."""
    made: Parts = []
    axis = 0
    for part in parts:
        if isinstance(part, Array) and part.dtype == "bool":
            mask = fit_mask(e, part, x.sizes[axis : axis + part.rank])
            made += nonzero(e, mask)
            axis += part.rank
        else:
            made.append(part)
            axis += not is_none(part)
    return made


# --- reading and writing --------------------------------------------------------------------------


def whole_mask(x: Array, parts: Parts) -> Array | None:
    """Return the mask of all elements that an index is, if it is one."""
    if len(parts) == 1 and isinstance(parts[0], Array) and parts[0].dtype == "bool":
        return parts[0] if parts[0].rank == x.rank else None
    return None


def gather(e: FunctionEmitter, op: Operation, x: Array, parts: Parts) -> NativeValue:
    """Return the elements that an index with arrays takes."""
    mask = whole_mask(x, parts)
    if mask is None:
        taken = places(e, x, parts)
        if not taken.sizes:
            return e.scalar(x.dtype, taken.element(()), python=False)
        return taken.node()
    return masked(e, op, x, fit_mask(e, mask, x.sizes))


def masked(e: FunctionEmitter, op: Operation, x: Array, mask: Buffer) -> Buffer:
    """Return the elements where a mask holds."""
    buffer = force_one(e, x)
    made = e.new_array(op, buffer.dtype, (count_true(e, mask),))
    turn = e.writer.name("k")
    e.line(f"int64_t {turn} = 0;")
    with nest(e, buffer.sizes) as names:
        e.line(f"if ({at(mask, names)} != 0) {made.data}[{turn}++] = {at(buffer, names)};")
    return made


def written_value(e: FunctionEmitter, value: NativeValue, target: Buffer) -> Scalar | Buffer:
    """Return what is written into an array, as it is before that."""
    if isinstance(value, Scalar):
        if value.dtype.startswith("float") and not target.dtype.startswith("float"):
            raise Unsupported("a float is written into an array of ints", e.location)
        return cast_scalar(e, value, target.dtype) if value.python else value
    array = as_array(e, value)
    if array.dtype.startswith("float") and not target.dtype.startswith("float"):
        raise Unsupported("floats are written into an array of ints", e.location)
    if not array.sizes:
        return e.as_scalar(array)
    buffer = force_one(e, array)
    return copied(e, buffer) if any(r in target.roots for r in buffer.roots) else buffer


def element_of(value: Scalar | Buffer, names: Sequence[str]) -> str:
    """Return the C expression of an element of what broadcasts to an index."""
    if isinstance(value, Scalar):
        return value.code
    return at(value, broadcast_index(value, names))


def scatter(e: FunctionEmitter, x: Buffer, parts: Parts, value: NativeValue) -> None:
    """Write `x[index] = value` where the index holds arrays."""
    held = written_value(e, value, x)
    mask = whole_mask(x, parts)
    if mask is not None:
        _write_masked(e, x, fit_mask(e, mask, x.sizes), held)
        return
    update(e, x, parts, held, lambda old, new: new)


def update(
    e: FunctionEmitter,
    x: Buffer,
    parts: Parts,
    value: Scalar | Buffer,
    step: Callable[[str, str], str],
    message: str = INDEXED,
) -> None:
    """Write into each place in turn what `step` makes of the old element and the value's."""
    taken = places(e, x, parts)
    fit_value(e, value, taken.sizes, message)
    e.before_write(x)
    with nest(e, taken.sizes) as names:
        place_ = taken.element(names)
        code = step(place_, element_of(value, names))
        e.line(f"{place_} = ({C_TYPES[x.dtype]})({code});")


def fit_value(
    e: FunctionEmitter, value: Scalar | Buffer, sizes: Sequence[str], message: str = INDEXED
) -> None:
    """Stop where a value does not broadcast to these sizes."""
    if isinstance(value, Scalar):
        return
    if value.rank > len(sizes):
        raise Unsupported("a larger array is written into a smaller one", e.location)
    if not e.same_sizes(e.broadcast([value.sizes, sizes], message), sizes):
        raise Unsupported("a larger array is written into a smaller one", e.location)


def _write_masked(e: FunctionEmitter, x: Buffer, mask: Buffer, value: Scalar | Buffer) -> None:
    if any(r in x.roots for r in mask.roots):
        mask = copied(e, mask)
    type_ = C_TYPES[x.dtype]
    if isinstance(value, Buffer):
        if value.rank != 1:
            raise Unsupported("an array of several dimensions is written by a mask", e.location)
        if value.sizes[0] == "1":
            value = e.scalar(value.dtype, f"{value.data}[0]", python=False)
        else:
            count, given = count_true(e, mask), value.sizes[0]
            message = "NumPy boolean array indexing assignment cannot assign %lld input values to "
            message += "the %lld output values where the mask is true"
            e.stop_if(f"{count} != {given}", "ValueError", message, given, count)
    e.before_write(x)
    turn = e.writer.name("k")
    if isinstance(value, Buffer):
        e.line(f"int64_t {turn} = 0;")
    with nest(e, x.sizes) as names:
        code = value.code if isinstance(value, Scalar) else at(value, [f"{turn}++"])
        e.line(f"if ({at(mask, names)} != 0) {at(x, names)} = ({type_}){code};")
