"""Convolutions, by `scriptc_conv.h`: products of a matrix and windows that nobody copies."""

from __future__ import annotations

from collections.abc import Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.context import in_memory
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import Array, Buffer, NativeValue, Patches
from scriptc.runtime.native.emitter.writer import multiply
from scriptc.runtime.native.lowerings.loops import copied

_SUFFIX = {"float32": "f32", "float64": "f64"}
_RANKS = {4: 1, 6: 2}
"""How many dimensions the windows of an array of this rank have."""


def patches_of(e: FunctionEmitter, op: Operation, x: Array, sizes: Sequence[str]) -> Patches | None:
    """Return windows reshaped to matrices for a product, or None if these are not such.

    The windows are `(batch, channel, window..., place...)`, as a transposed `sliding_window_view`
    is; a matrix has a row for each element of a window, and a column for each place.
    """
    buffer = in_memory(x)
    if buffer is None or buffer.contiguous or buffer.rank not in _RANKS or len(sizes) != 4:
        return None
    if buffer.dtype not in _SUFFIX or e.aliases.is_written(op.operands[0]):
        return None
    if len(op.result.uses) != 1:
        return None
    (user,) = op.result.uses
    if user.name != "matmul" or user.parent is not op.parent or user.operands[1] is not op.result:
        return None
    taps = multiply(*buffer.sizes[2 : 2 + _RANKS[buffer.rank]])
    groups, size = sizes[1:3]
    known = groups.isdigit() and size.isdigit() and taps.isdigit() and int(taps) > 0
    if not known or int(size) % int(taps) or not e.same(buffer.sizes[0], sizes[0]):
        return None
    e.require_equal(buffer.sizes[1], multiply(groups, str(int(size) // int(taps))))
    e.require_equal(sizes[3], e.size(multiply(*buffer.sizes[2 + _RANKS[buffer.rank] :])))
    return Patches(sizes, buffer)


def columns_of(e: FunctionEmitter, patches: Patches) -> Buffer:
    """Return the matrices in memory."""
    copy = copied(e, patches.windows)
    strides = [multiply(*patches.sizes[i + 1 :]) for i in range(4)]
    return Buffer(copy.dtype, patches.sizes, copy.data, strides, copy.roots, contiguous=True)


def convolution(
    e: FunctionEmitter, op: Operation, weights: Array, patches: Patches
) -> NativeValue | None:
    """Return the product of a matrix for each group and patches; None if it has another form."""
    if weights.dtype != patches.dtype or weights.rank != 3:
        return None
    if not e.same(weights.sizes[0], patches.sizes[1]):
        return None
    matrix = force_one(e, weights)
    if matrix.strides[2] != "1":
        return None
    e.require_equal(matrix.sizes[2], patches.sizes[2])
    dtype, suffix = patches.dtype, _SUFFIX[patches.dtype]
    batch, groups, size, count = patches.sizes
    outputs = matrix.sizes[1]
    result = e.new_array(op, dtype, (batch, groups, outputs, count))
    windows, name, slot = patches.windows, e.writer.name("windows"), e.new_slots(2)
    described = ", ".join(_described(windows, groups))
    e.line(f"const sc_windows {name} = {{{described}}};")
    loops = [(e.writer.name("i"), n) for n in (batch, groups)]
    for i, n in loops:
        e.line(f"for (int64_t {i} = 0; {i} < {n}; ++{i}) {{")
        e.writer.depth += 1
    (i, _), (g, _) = loops
    inputs = multiply(f"(({windows.sizes[1]}) / {groups})" if groups != "1" else "0", g)
    x = f"{windows.data} + {i} * ({windows.strides[0]}) + {inputs} * ({windows.strides[1]})"
    y = f"{result.data} + ({i} * {groups} + {g}) * ({multiply(outputs, count)})"
    if e.is_constant(matrix) and outputs.isdigit() and matrix.strides[1].isdigit():
        each = f"sc_conv_packed_{suffix}({outputs}, {size})"
        form = _packed(e, matrix, each)
        call = f"sc_conv_with_{suffix}(ws, {slot}, {outputs}, &{name}, {x}, {form} + {g} * {each}, "
    else:
        rows = f"{matrix.data} + {g} * ({matrix.strides[0]})"
        call = (
            f"sc_conv_{suffix}(ws, {slot}, {outputs}, &{name}, {x}, {rows}, {matrix.strides[1]}, "
        )
    e.stop_if(f"{call}{y}, {count})", "MemoryError", "out of memory")
    for _ in loops:
        e.writer.depth -= 1
        e.line("}")
    return result


def _described(windows: Buffer, groups: str) -> list[str]:
    """Return the fields of an `sc_windows`."""
    n, s = list(windows.sizes), list(windows.strides)
    if windows.rank == 4:  # in one dimension: a single row
        n = [*n[:2], "1", n[2], "1", n[3]]
        s = [*s[:2], "0", s[2], "0", s[3]]
    inputs = n[1] if groups == "1" else f"({n[1]}) / {groups}"
    return [inputs, *n[2:], s[1], *s[2:]]


def _packed(e: FunctionEmitter, matrix: Buffer, each: str) -> str:
    """Have constant weights packed, group by group; return where."""
    groups, outputs, size = matrix.sizes
    type_, suffix = C_TYPES[matrix.dtype], _SUFFIX[matrix.dtype]
    constant = matrix.data.removesuffix("_p")
    rows = f"(const {type_} *){constant}->data + g * ({matrix.strides[0]})"
    part = f"({type_} *){{to}} + g * {each}"
    to = e.pack(
        [
            f"{{to}} = sc_allocate((size_t)({groups} * {each}) * sizeof({type_}));",
            "if (!{to}) return 1;",
            f"for (int64_t g = 0; g < {groups}; g++)",
            f"    sc_conv_pack_{suffix}({outputs}, {size}, {rows}, {matrix.strides[1]}, {part});",
        ]
    )
    return f"(const {type_} *){to}"
