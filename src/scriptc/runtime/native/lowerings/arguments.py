"""Reading operands that have to be known when the code is written: axes, flags, dtypes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.emitter.values import NativeValue, Scalar, Static, Tuple, Unsupported


def is_none(value: NativeValue) -> bool:
    """Tell whether a value is None."""
    return isinstance(value, Static) and value.value is None


def known_int(e: FunctionEmitter, value: NativeValue) -> int:
    """Return an int that is a literal."""
    if isinstance(value, Scalar) and value.code.lstrip("-").isdigit():
        return int(value.code)
    raise Unsupported("a number that has to be known when the program is compiled", e.location)


def known_bool(e: FunctionEmitter, value: NativeValue) -> bool:
    """Return a bool that is a literal."""
    return known_int(e, value) != 0


def known_ints(e: FunctionEmitter, value: NativeValue) -> list[int]:
    """Return one int or several that are literals."""
    if isinstance(value, Tuple):
        return [known_int(e, v) for v in value.items]
    return [known_int(e, value)]


def axes_of(e: FunctionEmitter, value: NativeValue, rank: int) -> list[int]:
    """Return axes counted from the front; None stands for all."""
    if is_none(value):
        return list(range(rank))
    axes = []
    for axis in known_ints(e, value):
        if not -rank <= axis < rank:
            raise Unsupported(f"axis {axis} of {rank} dimensions", e.location)
        axes.append(axis % rank)
    if len(set(axes)) != len(axes):
        raise Unsupported("an axis twice", e.location)
    return axes


def dtype_of(e: FunctionEmitter, value: NativeValue, default: str) -> str:
    """Return the name of a dtype that is known."""
    if is_none(value):
        return default
    if not isinstance(value, Static):
        raise Unsupported("a dtype that is not known", e.location)
    name: str = np.dtype(value.value).name
    if name not in C_TYPES:
        raise Unsupported(f"the dtype {name}", e.location)
    return name


def sizes_from(e: FunctionEmitter, value: NativeValue) -> list[str]:
    """Return the sizes that a shape operand says; negative ones stop."""
    items: Sequence[NativeValue] = value.items if isinstance(value, Tuple) else [value]
    sizes = []
    for item in items:
        if not isinstance(item, Scalar) or item.dtype != "int64":
            raise Unsupported("a shape that is not made of ints", e.location)
        if item.code.lstrip("-").isdigit():
            if int(item.code) < 0:
                e.stop()
                sizes.append("0")
                continue
        else:
            e.stop_if(f"{item.code} < 0 || {item.code} > ((int64_t)1 << 40)")
        sizes.append(e.canonical(item.code))
    dynamic = [s for s in sizes if not s.isdigit()]
    if len(dynamic) > 1:
        name = e.writer.name("count")
        e.line(f"int64_t {name} = 1;")
        for size in sizes:
            e.stop_if(f"__builtin_mul_overflow({name}, (int64_t)({size} ? {size} : 1), &{name})")
        e.stop_if(f"{name} > ((int64_t)1 << 44)")
    return sizes
