"""What arrays say of themselves, and other views of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scriptc.ir.graph import Operation
from scriptc.runtime.native.emitter.context import contiguous, in_memory
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    NativeValue,
    Scalar,
    Static,
    Tuple,
    Unsupported,
    View,
)
from scriptc.runtime.native.emitter.writer import multiply
from scriptc.runtime.native.lowerings.arguments import (
    axes_of,
    is_none,
    known_int,
    known_ints,
    sizes_from,
)
from scriptc.runtime.native.lowerings.convolutions import patches_of
from scriptc.runtime.native.lowerings.loops import as_array, copied, refuse_written, settled


def viewed(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> Array:
    """Return the first operand, of which a view is taken, as an array."""
    return settled(e, op.operands[0], as_array(e, operands[0]))


def _shape(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x = operands[0]
    sizes = x.sizes if isinstance(x, Array) else ()
    return Tuple(tuple(Scalar("int64", e.canonical(s), python=True) for s in sizes))


def _ndim(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op, e
    x = operands[0]
    return Scalar("int64", str(x.rank if isinstance(x, Array) else 0), python=True)


def _size(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op
    x = operands[0]
    sizes = x.sizes if isinstance(x, Array) else ()
    return Scalar("int64", e.size(multiply(*sizes)), python=True)


def _dtype(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    del op, e
    x = operands[0]
    assert isinstance(x, Array | Scalar)
    return Static(np.dtype(x.dtype))


def permuted(x: Array, axes: Sequence[int]) -> Array:
    """Return a view whose dimension i is dimension `axes[i]` of the array."""
    sizes = [x.sizes[a] for a in axes]
    found = in_memory(x)
    if found is None:
        return View(sizes, x, [list(axes).index(a) for a in range(len(axes))])
    same = [a for a in axes if x.sizes[a] != "1"] == [
        a for a in range(len(axes)) if x.sizes[a] != "1"
    ]
    return Buffer(
        found.dtype, sizes, found.data, [found.strides[a] for a in axes], found.roots,
        contiguous=found.contiguous and same, source=found.source,
    )  # fmt: skip


def _transpose(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    if isinstance(operands[0], Scalar) and not operands[0].python:
        return operands[0]
    x = viewed(e, op, operands)
    if len(operands) == 1 or is_none(operands[1]):
        return permuted(x, range(x.rank)[::-1])
    return permuted(x, axes_of(e, operands[1], x.rank))


def _matrix_transpose(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> NativeValue:
    x = viewed(e, op, operands)
    axes = list(range(x.rank))
    axes[-2:] = axes[:-3:-1]
    return permuted(x, axes)


def _swapaxes(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    a, b = (axes_of(e, v, x.rank)[0] for v in operands[1:])
    axes = list(range(x.rank))
    axes[a], axes[b] = axes[b], axes[a]
    return permuted(x, axes)


def _moveaxis(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    source, destination = (axes_of(e, v, x.rank) for v in operands[1:])
    order = [a for a in range(x.rank) if a not in source]
    for to, from_ in sorted(zip(destination, source, strict=True)):
        order.insert(to, from_)
    return permuted(x, order)


def _expand_dims(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    given = known_ints(e, operands[1])
    axes = axes_of(e, operands[1], x.rank + len(given))
    rest = iter(range(x.rank))
    order = [None if i in axes else next(rest) for i in range(x.rank + len(axes))]
    return with_axes(x, order)


def with_axes(x: Array, order: Sequence[int | None]) -> Array:
    """Return a view with these dimensions of the array in their order; None is a new one."""
    sizes = ["1" if a is None else x.sizes[a] for a in order]
    found = in_memory(x)
    if found is None:
        places: list[object] = []
        places += [order.index(a) if a in order else (lambda *_: "0") for a in range(x.rank)]
        return View(sizes, x, places)  # type: ignore[arg-type]  # ints and functions of places
    strides = ["0" if a is None else found.strides[a] for a in order]
    return Buffer(
        found.dtype, sizes, found.data, strides, found.roots,
        contiguous=found.contiguous, source=found.source,
    )  # fmt: skip


def _squeeze(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    if isinstance(operands[0], Scalar) and not operands[0].python:
        return operands[0]
    x = viewed(e, op, operands)
    if is_none(operands[1]):
        if any(not s.isdigit() for s in x.sizes):
            # A size that is not known here is taken not to be 1.
            for size in x.sizes:
                if not size.isdigit():
                    e.stop_if(f"{size} == 1")
        gone = [i for i, s in enumerate(x.sizes) if s == "1"]
        if not gone:
            return x
    else:
        gone = axes_of(e, operands[1], x.rank)
        for axis in gone:
            e.require_equal(x.sizes[axis], "1")
    return with_axes(x, [i for i in range(x.rank) if i not in gone])


def reshaped(
    e: FunctionEmitter, x: Array, sizes: Sequence[str], op: Operation | None = None
) -> NativeValue:
    """Return an array with other sizes, whose product is the same.

    `op` is the operation of which it is the result: where somebody writes into that, or may do so
    later, NumPy's view has to be one.
    """
    before, after = [s for s in x.sizes if s != "1"], [s for s in sizes if s != "1"]
    if e.same_sizes(before, after):
        kept = iter(i for i, s in enumerate(x.sizes) if s != "1")
        return with_axes(x, [None if s == "1" else next(kept) for s in sizes])
    buffer = force_one(e, x)
    if not buffer.contiguous:
        shared = e.origins.writes_arrays or buffer.source != "-1"
        if op is not None:
            escapes = buffer.source != "-1" and e.aliases.escapes(op.result)
            shared = escapes or e.aliases.is_written(op.operands[0])
        if shared:
            raise Unsupported("a reshaped array that may be a view or a copy", e.location)
        buffer = copied(e, buffer)
    return contiguous(buffer.dtype, sizes, buffer.data, buffer.roots, buffer.source)


def _reshape(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    if isinstance(operands[2], Static) and operands[2].value != "C":
        raise Unsupported("another order than C", e.location)
    sizes = wanted_sizes(e, x, operands[1])
    return patches_of(e, op, x, sizes) or reshaped(e, x, sizes, op)


def wanted_sizes(e: FunctionEmitter, x: Array, shape: NativeValue) -> list[str]:
    """Return the sizes of a reshaped array; -1 stands for what is left."""
    items = shape.items if isinstance(shape, Tuple) else (shape,)
    sizes: list[str] = []
    for item in items:
        if not isinstance(item, Scalar) or item.dtype != "int64":
            raise Unsupported("a shape that is not made of ints", e.location)
        sizes.append(e.canonical(item.code))
    total = multiply(*x.sizes)
    if "-1" in sizes:
        if sizes.count("-1") > 1:
            raise Unsupported("two unknown sizes", e.location)
        at = sizes.index("-1")
        rest = [s for s in sizes if s != "-1"]
        for size in rest:
            if not size.isdigit():
                e.stop_if(f"{size} < 0")
        _stop_if_huge(e, x, rest)
        sizes[at] = _quotient(e, list(x.sizes), rest)
        return sizes
    for size in sizes:
        if not size.isdigit():
            e.stop_if(f"{size} < 0")
    _stop_if_huge(e, x, sizes)
    product = multiply(*sizes)
    if sorted(map(e.canonical, x.sizes)) != sorted(sizes) and total != product:
        if total.isdigit() and product.isdigit():
            raise Unsupported("a shape of another size", e.location)
        e.stop_if(f"{total} != {product}")
    return sizes


def _stop_if_huge(e: FunctionEmitter, x: Array, sizes: Sequence[str]) -> None:
    """Leave the function where the product of sizes, none negative, is beyond 64 bits."""
    own = [e.canonical(s) for s in x.sizes]
    other = [s for s in sizes if s not in own]
    if len(sizes) > 1 and not all(s.isdigit() for s in other):
        factors = sorted(sizes, key=lambda s: not s.isdigit())  # as `multiply` orders them
        shape = f"(const int64_t[]){{{', '.join(factors)}}}"
        e.stop_if(f"sc_bytes({shape}, {len(factors)}, 1) == SIZE_MAX")


def _quotient(e: FunctionEmitter, sizes: list[str], divisors: list[str]) -> str:
    """Return the product of sizes over that of others, which has to divide it."""
    above, below = [e.canonical(s) for s in sizes], []
    for divisor in map(e.canonical, divisors):
        if divisor in above:
            above.remove(divisor)
        else:
            below.append(divisor)
    if not below or set(below) == {"1"}:
        return e.size(multiply(*above))
    top, bottom = multiply(*above), multiply(*below)
    if top.isdigit() and bottom.isdigit() and int(bottom) and int(top) % int(bottom) == 0:
        return str(int(top) // int(bottom))
    e.stop_if(f"({bottom}) == 0 || ({top}) % ({bottom}) != 0")
    return e.size(f"({top}) / ({bottom})")


def _ravel(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    if isinstance(operands[1], Static) and operands[1].value != "C":
        raise Unsupported("another order than C", e.location)
    if x.rank == 1:
        return x
    return reshaped(e, x, [e.size(multiply(*x.sizes))], op)


def _broadcast_to(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> NativeValue:
    refuse_written(e, op)
    return broadcast_to(e, viewed(e, op, operands), sizes_from(e, operands[1]))


def broadcast_to(e: FunctionEmitter, x: Array, sizes: Sequence[str]) -> Buffer:
    """Return a view of these sizes, in which dimensions of 1 are repeated."""
    full = e.broadcast([x.sizes, sizes])
    if not e.same_sizes(full, sizes):
        raise Unsupported("a smaller shape to broadcast to", e.location)
    lead = len(sizes) - x.rank
    buffer = force_one(e, x)
    strides = ["0"] * lead + [
        "0" if s == "1" else stride for s, stride in zip(x.sizes, buffer.strides, strict=True)
    ]
    return Buffer(buffer.dtype, sizes, buffer.data, strides, buffer.roots, source=buffer.source)


def _broadcast_arrays(
    e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]
) -> NativeValue:
    refuse_written(e, op)
    arrays = [settled(e, v, as_array(e, x)) for v, x in zip(op.operands, operands, strict=True)]
    if not arrays:
        return Tuple(())
    sizes = e.broadcast([x.sizes for x in arrays])
    return Tuple(
        tuple(x if e.same_sizes(x.sizes, sizes) else broadcast_to(e, x, sizes) for x in arrays)
    )


def _at_least(grow: Callable[[Array], Array]) -> Lowering:
    def lower(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
        made = [
            grow(settled(e, v, as_array(e, x))) for v, x in zip(op.operands, operands, strict=True)
        ]
        return made[0] if len(made) == 1 else Tuple(tuple(made))

    return lower


def at_least_1d(x: Array) -> Array:
    """Return an array of one dimension at least."""
    return x if x.rank else with_axes(x, [None])


def at_least_2d(x: Array) -> Array:
    """Return an array of two dimensions at least, new ones in front."""
    return with_axes(x, [*[None] * (2 - x.rank), *range(x.rank)]) if x.rank < 2 else x


def at_least_3d(x: Array) -> Array:
    """Return an array of three dimensions at least: columns become the middle one."""
    forms: Mapping[int, list[int | None]] = {
        0: [None, None, None], 1: [None, 0, None], 2: [0, 1, None],
    }  # fmt: skip
    return with_axes(x, forms[x.rank]) if x.rank in forms else x


def _rollaxis(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = viewed(e, op, operands)
    (axis,) = axes_of(e, operands[1], x.rank)
    start = known_int(e, operands[2])
    start += x.rank if start < 0 else 0
    if not 0 <= start <= x.rank:
        raise Unsupported("a place for an axis that there is not", e.location)
    order = [a for a in range(x.rank) if a != axis]
    order.insert(start - (axis < start), axis)
    return permuted(x, order)


def _flatten(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x = as_array(e, operands[0])
    if not isinstance(operands[1], Static) or operands[1].value != "C":
        raise Unsupported("another order than C", e.location)
    made = e.new_array(op, x.dtype, (e.size(multiply(*x.sizes)),))
    copy_into(e, x, contiguous(x.dtype, x.sizes, made.data, made.roots))
    return made


def _len(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    from scriptc.runtime.native.lowerings.containers import length

    del op
    return length(e, operands[0])


LOWERINGS: Mapping[str, Lowering] = {
    "shape": _shape,
    "ndim": _ndim,
    "size": _size,
    "dtype": _dtype,
    "T": _transpose,
    "matrix_transpose": _matrix_transpose,
    "permute_dims": _transpose,
    "swapaxes": _swapaxes,
    "moveaxis": _moveaxis,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "reshape": _reshape,
    "ravel": _ravel,
    "broadcast_to": _broadcast_to,
    "broadcast_arrays": _broadcast_arrays,
    "atleast_1d": _at_least(at_least_1d),
    "atleast_2d": _at_least(at_least_2d),
    "atleast_3d": _at_least(at_least_3d),
    "rollaxis": _rollaxis,
    "flatten": _flatten,
    "len": _len,
}
