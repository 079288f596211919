"""Arrays in archives: as safetensors, with what that format lacks beside them.

A *storage* is one tensor of the safetensors file. A *layout* says how an array lies in it: dtype,
shape, strides and offset. Arrays whose memory overlaps share a storage, and so share memory again
after loading. Any other array has a storage of its own, packed in the order of its memory.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc.ir.diagnostic import UnsupportedError
from scriptc.ir.types import DTYPES
from scriptc.runtime.archive.format import DamagedError

_COMPLEX = {"complex64": "float32", "complex128": "float64"}
"""Complex numbers are stored as pairs, since not every reader of safetensors knows them."""

_CODES = {
    "BOOL": 1, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "U8": 1, "U16": 2, "U32": 4, "U64": 8,
    "F16": 2, "F32": 4, "F64": 8,
}  # fmt: skip
_MAX_DIMENSIONS = 32
_MAX_NUMBER = 2**62

Layout = dict[str, Any]


def check_byte_order() -> None:
    """Refuse machines whose memory is not what archives hold."""
    if sys.byteorder != "little":  # pragma: no cover - no such machine in CI
        raise UnsupportedError("archives need a little-endian machine")


# --- writing --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Packed:
    storage: np.ndarray
    strides: tuple[int, ...]
    offset: int


def pack(arrays: Sequence[tuple[str, np.ndarray]]) -> tuple[dict[str, np.ndarray], list[Layout]]:
    """Return the storages for the arrays, by name, and the layout of each array.

    The names given are wishes; a storage that several arrays share has the name of the first.
    """
    check_byte_order()
    storages: dict[str, np.ndarray] = {}
    layouts: list[Layout | None] = [None] * len(arrays)
    for group in _groups([array for _, array in arrays]):
        name = _unique(arrays[group[0]][0], storages)
        members = [arrays[i][1] for i in group]
        alone = _pack_alone(members[0]) if len(members) == 1 else None
        packed = [alone] if alone is not None else _pack_together(members)
        storages[name] = packed[0].storage
        for i, one in zip(group, packed, strict=True):
            layouts[i] = _layout(name, arrays[i][1], one)
    return storages, [layout for layout in layouts if layout is not None]


def _unique(wanted: str, taken: Mapping[str, Any]) -> str:
    name, count = wanted, 0
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name


def _groups(arrays: Sequence[np.ndarray]) -> list[list[int]]:
    """Return which arrays overlap in memory, in the order of the first of each group."""
    spans = [
        (*np.lib.array_utils.byte_bounds(array), i) for i, array in enumerate(arrays) if array.size
    ]
    groups: list[list[int]] = [[i] for i, array in enumerate(arrays) if not array.size]
    end = 0
    for low, high, i in sorted(spans):
        if low < end:
            groups[-1].append(i)
        else:
            groups.append([i])
        end = max(end, high)
    return sorted(sorted(group) for group in groups)


def _pack_alone(array: np.ndarray) -> _Packed | None:
    """Pack an array without gaps, its axes in the order in which they lie in memory.

    None for one whose own elements overlap.
    """
    if array.flags.c_contiguous:
        return _Packed(array, array.strides, 0)
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    moves = [(array.strides[a], array.shape[a]) for a in order if array.shape[a] > 1]
    extent = array.itemsize
    for stride, size in reversed(moves):
        if stride:
            if abs(stride) < extent:
                return None
            extent = abs(stride) * size
    part: list[Any] = []
    for stride, size in zip(array.strides, array.shape, strict=True):
        repeated = stride == 0 and size > 1
        part.append(slice(0, 1) if repeated else slice(None, None, -1 if stride < 0 else 1))
    storage = np.ascontiguousarray(array[tuple(part)].transpose(order))
    strides, offset = [0] * array.ndim, 0
    for place, axis in enumerate(order):
        stride = storage.strides[place]
        if array.strides[axis] < 0:
            offset += stride * max(array.shape[axis] - 1, 0)
            stride = -stride
        strides[axis] = 0 if array.strides[axis] == 0 and array.shape[axis] > 1 else stride
    return _Packed(storage, tuple(strides), offset)


def _pack_together(arrays: Sequence[np.ndarray]) -> list[_Packed]:
    """Pack arrays into one piece of memory in which they lie as they do now; gaps are zero."""
    bounds = [np.lib.array_utils.byte_bounds(array) for array in arrays]
    start = min(low for low, _ in bounds)
    memory = np.zeros(max(high for _, high in bounds) - start, np.uint8)
    offsets = [array.__array_interface__["data"][0] - start for array in arrays]
    for array, offset in zip(arrays, offsets, strict=True):
        np.ndarray(array.shape, array.dtype, memory, offset, array.strides)[...] = array
    dtype = arrays[0].dtype
    alike = all(array.dtype == dtype for array in arrays)
    storage = memory
    if alike and memory.size % dtype.itemsize == 0:
        storage = memory.view(dtype)
    return [_Packed(storage, a.strides, o) for a, o in zip(arrays, offsets, strict=True)]


def _layout(name: str, array: np.ndarray, packed: _Packed) -> Layout:
    layout: Layout = {"storage": name, "dtype": array.dtype.name, "shape": list(array.shape)}
    if packed.strides != _row_major(array.shape, array.itemsize):
        layout["strides"] = list(packed.strides)
    if packed.offset:
        layout["offset"] = packed.offset
    if not array.flags.writeable:
        layout["writable"] = False
    return layout


def _row_major(shape: Sequence[int], itemsize: int) -> tuple[int, ...]:
    strides: list[int] = []
    for size in reversed(shape):
        strides.append(itemsize)
        itemsize *= size
    return tuple(reversed(strides))


def emit_safetensors(storages: Mapping[str, np.ndarray]) -> bytes:
    """Return the storages as the bytes of a safetensors file."""
    from safetensors.numpy import save

    plain: dict[str, np.ndarray] = {}
    for name, storage in storages.items():
        parts = _COMPLEX.get(storage.dtype.name)
        array = storage
        if parts is not None:
            array = storage.reshape(*storage.shape, 1).view(parts)
        plain[name] = np.asarray(array, order="C")
    return save(plain)


# --- reading --------------------------------------------------------------------------------------


def parse_safetensors(data: bytes) -> dict[str, memoryview]:
    """Return the bytes of each storage, by name. Raises `DamagedError`."""
    from safetensors import SafetensorError, deserialize

    check_byte_order()
    try:
        found = deserialize(data)  # type: ignore[no-untyped-call]  # its stub has no types
    except (SafetensorError, ValueError, MemoryError, OverflowError) as error:
        raise DamagedError(f"it is not a safetensors file: {error}") from None
    storages: dict[str, memoryview] = {}
    for name, tensor in found:
        size = _CODES.get(tensor["dtype"])
        if size is None:
            raise DamagedError(f"the dtype {tensor['dtype']} is unknown")
        content = tensor["data"]
        if not isinstance(content, bytearray):
            content = bytearray(content)
        storages[name] = memoryview(content)
    return storages


def unpack(layout: object, storages: Mapping[str, memoryview]) -> np.ndarray:
    """Return the array of a layout. Raises `DamagedError` for one that does not fit its storage."""
    if not isinstance(layout, dict) or not set(layout) <= _KEYS:
        raise DamagedError("a tensor has no such layout")
    storage = storages.get(layout.get("storage", ""))
    dtype = layout.get("dtype")
    if storage is None or dtype not in DTYPES:
        raise DamagedError(f"there is no storage {layout.get('storage')!r} of dtype {dtype!r}")
    shape = _numbers(layout.get("shape"), low=0)
    itemsize = np.dtype(dtype).itemsize
    strides = _row_major(shape, itemsize)
    if "strides" in layout:
        strides = _numbers(layout["strides"], low=-_MAX_NUMBER)
    (offset,) = _numbers([layout.get("offset", 0)], low=0)
    low = high = offset
    if len(strides) != len(shape):
        raise DamagedError("shape and strides differ in length")
    if 0 not in shape:
        moves = [(size - 1) * stride for size, stride in zip(shape, strides, strict=True)]
        low += sum(move for move in moves if move < 0)
        high += sum(move for move in moves if move > 0) + itemsize
    if low < 0 or high > storage.nbytes:
        raise DamagedError(f"a tensor reaches beyond the storage {layout['storage']!r}")
    try:
        array = np.ndarray(shape, dtype, storage, offset, strides)
    except (ValueError, TypeError) as error:
        raise DamagedError(f"a tensor has an impossible layout: {error}") from None
    if dtype == "bool" and array.size:
        # Elements that overlap may be too many to look at one by one; their bytes are not.
        few = array.size <= storage.nbytes
        content = array.view(np.uint8) if few else np.frombuffer(storage, np.uint8)[low:high]
        if int(content.max()) > 1:
            raise DamagedError("a bool tensor holds something else")
    writable = layout.get("writable", True)
    if type(writable) is not bool:
        raise DamagedError(f"a tensor is writable or not, and not {writable!r:.80}")
    array.flags.writeable = writable
    return array


_KEYS = frozenset({"storage", "dtype", "shape", "strides", "offset", "writable"})


def _numbers(value: object, *, low: int) -> tuple[int, ...]:
    if (
        not isinstance(value, list)
        or len(value) > _MAX_DIMENSIONS
        or not all(type(n) is int and low <= n <= _MAX_NUMBER for n in value)
    ):
        raise DamagedError(f"{str(value)[:80]} are no sizes or strides")
    return tuple(value)
