"""Windows of arrays as strides, and triangles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    IndexOf,
    Map,
    NativeValue,
    Scalar,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import subtract
from scriptc.runtime.native.lowerings.arguments import axes_of, dtype_of, is_none, sizes_from


def _sliding(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    x, window, axis = operands
    if not isinstance(x, Array):
        raise Unsupported("windows of what is not an array", e.location)
    lengths = sizes_from(e, window)
    axes = axes_of(e, axis, x.rank)
    if len(axes) != len(lengths):
        raise Unsupported("windows of other axes", e.location)
    if e.aliases.is_written(op.operands[0]):
        raise Unsupported("windows of an array that is written into", e.location)
    buffer = force_one(e, x)
    sizes, strides = list(buffer.sizes), list(buffer.strides)
    for at, length in zip(axes, lengths, strict=True):
        size = sizes[at]
        if not (size.isdigit() and length.isdigit() and int(size) >= int(length)):
            e.stop_if(f"{size} < {length}")
        count = e.size(f"{subtract(size, length)} + 1")
        if size.isdigit() and length.isdigit():
            count = str(int(size) - int(length) + 1)
        sizes[at] = count
        sizes.append(length)
        strides.append(buffer.strides[at])
    return Buffer(
        buffer.dtype, sizes, buffer.data, strides, buffer.roots, source=buffer.source
    )  # fmt: skip


def _tri(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    from scriptc.runtime.native.lowerings.creation import own

    rows, columns, k, dtype = operands
    del op
    kind = dtype_of(e, dtype, "float64")
    sizes = sizes_from(e, Tuple((rows, rows if is_none(columns) else columns)))
    if not isinstance(k, Scalar):
        raise Unsupported("this diagonal", e.location)
    i, j = IndexOf((sizes[0], "1"), 0), IndexOf(("1", sizes[1]), 1)
    return own(e, Map(kind, sizes, [i, j, k], lambda c: f"{c[1]} - {c[0]} <= {c[2]}", 1))


LOWERINGS: Mapping[str, Lowering] = {"sliding_window_view": _sliding, "tri": _tri}
