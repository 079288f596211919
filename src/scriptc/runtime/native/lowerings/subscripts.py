"""Subscripts: views and elements of arrays, items of lists and tuples, and writing to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scriptc.ir.graph import Operation
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter, Lowering
from scriptc.runtime.native.emitter.kernels import force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    Buffer,
    List,
    NativeValue,
    Scalar,
    Slice,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import add, multiply
from scriptc.runtime.native.lowerings import index_arrays, lists
from scriptc.runtime.native.lowerings.arguments import is_none, known_int
from scriptc.runtime.native.lowerings.indexing import is_basic, place, split_index, view
from scriptc.runtime.native.lowerings.loops import settled
from scriptc.runtime.native.lowerings.operators import write


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
    return index_arrays.gather(e, op, x, parts)


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
        index_arrays.scatter(e, buffer, parts, value)
        return
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
