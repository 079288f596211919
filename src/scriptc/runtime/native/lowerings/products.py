"""Matrix products, by `scriptc_gemm.h`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scriptc.ir.graph import Operation, Value
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import Array, Buffer, NativeValue, Patches, Unsupported
from scriptc.runtime.native.emitter.writer import add, multiply
from scriptc.runtime.native.lowerings.convolutions import columns_of, convolution
from scriptc.runtime.native.lowerings.reductions import converted

_SUFFIX = {"float32": "f32", "float64": "f64"}
_FEW = 1
"""With up to so many rows a product reads its right operand as it is, unless that is constant."""


def matrix_product(e: FunctionEmitter, op: Operation, a: Array, b: Array) -> NativeValue:
    """Return `a @ b` by NumPy's rules for vectors, matrices and stacks of matrices."""
    dtype = np.result_type(np.dtype(a.dtype), np.dtype(b.dtype)).name
    if dtype not in _SUFFIX:
        raise Unsupported(f"a matrix product of {dtype}", e.location)
    x, y = force_one(e, converted(a, dtype)), force_one(e, converted(b, dtype))
    if 0 in (x.rank, y.rank):
        raise Unsupported("a matrix product of a number", e.location)
    x_sizes, x_strides = (
        (("1", *x.sizes), ("0", *x.strides)) if x.rank == 1 else (x.sizes, x.strides)
    )
    y_sizes, y_strides = (
        ((*y.sizes, "1"), (*y.strides, "0")) if y.rank == 1 else (y.sizes, y.strides)
    )
    e.require_equal(x_sizes[-1], y_sizes[-2])
    m, k, n = x_sizes[-2], x_sizes[-1], y_sizes[-1]
    batch = e.broadcast([x_sizes[:-2], y_sizes[:-2]])
    matrix = (*batch, *((m,) if x.rank > 1 else ()), *((n,) if y.rank > 1 else ()))
    result = e.new_array(op, dtype, matrix)
    names = [e.writer.name("i") for _ in batch]
    for name, size in zip(names, batch, strict=True):
        e.line(f"for (int64_t {name} = 0; {name} < {size}; ++{name}) {{")
        e.writer.depth += 1
    left = _place(x.data, x_sizes[:-2], x_strides[:-2], names)
    right = _place(y.data, y_sizes[:-2], y_strides[:-2], names)
    # The strides of the result as matrices: batch, m, n without gaps.
    position = add(*(multiply(n_, *batch[i + 1 :], m, n) for i, n_ in enumerate(names)))
    to = result.data if position == "0" else f"{result.data} + {position}"
    slot = e.new_slots(4)
    suffix = _SUFFIX[dtype]
    plain = (
        f"sc_gemm_{suffix}(ws, {slot}, {m}, {n}, {k}, {left}, {x_strides[-2]}, {x_strides[-1]}, "
        f"{right}, {y_strides[-2]}, {y_strides[-1]}, {to}, {n})"
    )
    packed = None
    constant = e.is_constant(y) and k.isdigit() and n.isdigit()
    if y.rank == 2 and (m != "1" or constant):
        packed = _packed(e, op.operands[1], y, dtype, slot + 3)
    with_packed = (
        f"sc_gemm_with_{suffix}(ws, {slot}, {m}, {n}, {k}, {left}, {x_strides[-2]}, "
        f"{x_strides[-1]}, {{form}}, {to}, {n})"
    )
    if packed is None:
        e.stop_if(plain, "MemoryError", "out of memory")
    elif constant:
        e.stop_if(with_packed.format(form=packed()), "MemoryError", "out of memory")
    else:
        few = f"{m} <= {_FEW}"
        with e.writer.braces(f"if ({few})", "} else {"):
            e.stop_if(plain, "MemoryError", "out of memory")
        e.writer.depth += 1
        form = packed()
        e.stop_if(with_packed.format(form=form), "MemoryError", "out of memory")
        e.writer.depth -= 1
        e.line("}")
    for _ in names:
        e.writer.depth -= 1
        e.line("}")
    if not matrix:
        return e.scalar(dtype, f"{result.data}[0]", python=False)
    return result


def _packed(
    e: FunctionEmitter, value: Value, y: Buffer, dtype: str, slot: int
) -> Callable[[], str] | None:
    """Return what writes the packed form of a right operand, where it serves more than once.

    A constant is packed once and for all; what does not change while a loop runs, once for it.
    """
    k, n = y.sizes
    type_, suffix = C_TYPES[dtype], _SUFFIX[dtype]
    fill = f"sc_gemm_pack_{suffix}({k}, {n}, {{from_}}, {y.strides[0]}, {y.strides[1]}, {{to}});"
    if e.is_constant(y) and k.isdigit() and n.isdigit():
        constant = y.data.removesuffix("_p")
        count = f"(size_t)sc_gemm_packed_{suffix}({k}, {n})"
        to = e.pack(
            [
                f"{{to}} = sc_allocate({count} * sizeof({type_}));",
                "if (!{to}) return 1;",
                fill.format(from_=f"(const {type_} *){constant}->data", to=f"({type_} *){{to}}"),
            ]
        )
        return lambda: f"(const {type_} *){to}"
    if e.innermost is None or not e.is_input(y) or e.aliases.is_written(value):
        return None
    name = e.writer.name("packed")
    e.prologue.append(f"    {type_} *{name} = NULL;")

    def write() -> str:
        with e.writer.braces(f"if (!{name})"):
            size = f"(size_t)sc_gemm_packed_{suffix}({k}, {n}) * sizeof({type_})"
            e.line(f"{name} = ({type_} *)sc_slot_reserve(ws, {slot}, {size});")
            e.stop_if(f"!{name}", "MemoryError", "out of memory")
            e.line(fill.format(from_=y.data, to=name))
        return name

    return write


def _place(data: str, sizes: Sequence[str], strides: Sequence[str], names: Sequence[str]) -> str:
    lead = len(names) - len(sizes)
    terms = [
        multiply(names[lead + i], "0" if s == "1" else strides[i]) for i, s in enumerate(sizes)
    ]
    offset = add(*terms)
    return data if offset == "0" else f"{data} + {offset}"


def _matmul(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    a, b = operands
    if not isinstance(a, Array) or not isinstance(b, Array):
        raise Unsupported("a matrix product of what is not arrays", e.location)
    if isinstance(b, Patches):
        return convolution(e, op, a, b) or matrix_product(e, op, a, columns_of(e, b))
    return matrix_product(e, op, a, b)


def _dot(e: FunctionEmitter, op: Operation, operands: Sequence[NativeValue]) -> NativeValue:
    a, b = operands
    if not isinstance(a, Array) or not isinstance(b, Array) or a.rank > 2 or b.rank > 2:
        raise Unsupported("`dot` of these values", e.location)
    return matrix_product(e, op, a, b)


LOWERINGS: Mapping[str, Lowering] = {"matmul": _matmul, "dot": _dot}
__all__ = ["C_TYPES", "LOWERINGS", "Buffer", "matrix_product"]
