"""The Python side of native code without a compiled one: for Pythons that have no headers.

It does with `ctypes` what `glue` generates C for, and takes microseconds where that takes a
fraction of one. `load` returns what stands for the extension module. Results do not own their
memory here: something that does is their base.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scriptc.ir.builder import INT_MAX, INT_MIN
from scriptc.runtime.native.abi import (
    ITEM_SIZES,
    MAX_RANK,
    DictSlot,
    EntryPoint,
    ListSlot,
    NoneSlot,
    ScalarSlot,
    Slot,
    TensorSlot,
    TextSlot,
    TupleSlot,
    leaves,
)

Array = np.ndarray[Any, Any]

_HELPERS = r"""
SC_API sc_workspace *scriptc_open(void) { return (sc_workspace *)calloc(1, sizeof(sc_workspace)); }
SC_API void scriptc_begin(sc_workspace *ws, int threads) {
    ws->threads = threads;
    ws->message[0] = 0;
}
SC_API const char *scriptc_message(const sc_workspace *ws) { return ws->message; }
SC_API void scriptc_end(sc_workspace *ws) { sc_workspace_reset(ws); }
SC_API void scriptc_free(void *memory) { free(memory); }
"""

_CTYPES: dict[str, Any] = {
    "bool": ctypes.c_bool,
    "int8": ctypes.c_int8,
    "int16": ctypes.c_int16,
    "int32": ctypes.c_int32,
    "int64": ctypes.c_int64,
    "uint8": ctypes.c_uint8,
    "uint16": ctypes.c_uint16,
    "uint32": ctypes.c_uint32,
    "uint64": ctypes.c_uint64,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}
_PYTHON_TYPES: dict[str, type] = {"bool": bool, "int64": int, "float64": float}


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("shape", ctypes.c_int64 * MAX_RANK),
        ("strides", ctypes.c_int64 * MAX_RANK),
        ("allocation", ctypes.c_void_p),
        ("source", ctypes.c_int32),
        ("identity", ctypes.c_int32),
    )


class _List(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_int64),
        ("capacity", ctypes.c_int64),
    )


class _Miss(Exception):  # noqa: N818 - no error: the call is not for this code
    pass


def emit_library(source: str) -> str:
    """Return the C source of the shared object; `source` is that of the entry point."""
    return source + _HELPERS


def load(entry: EntryPoint, path: Path) -> Library:
    """Load a shared object that was compiled from what `emit_library` returns."""
    return Library(entry, path)


class Library:
    """One entry point in a shared object, with the interface of an extension module."""

    def __init__(self, entry: EntryPoint, path: Path) -> None:
        self.entry = entry
        loaded = ctypes.CDLL(str(path)) if entry.releases_gil else ctypes.PyDLL(str(path))
        self.run: Callable[..., int] = loaded[entry.symbol]
        self.pack: Callable[..., int] | None = None
        if entry.packs:
            self.pack = loaded[f"{entry.symbol}_pack"]
        self.begin, self.end, self.free = (
            loaded.scriptc_begin,
            loaded.scriptc_end,
            loaded.scriptc_free,
        )
        self.begin.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.begin.restype = self.end.restype = self.free.restype = None
        self.end.argtypes = self.free.argtypes = [ctypes.c_void_p]
        self.message = loaded.scriptc_message
        self.message.argtypes, self.message.restype = [ctypes.c_void_p], ctypes.c_char_p
        self._open = loaded.scriptc_open
        self._open.restype = ctypes.c_void_p
        self._pool: list[int] = []

    def take_workspace(self, threads: int) -> int:
        """Return a workspace that no other call uses."""
        try:
            workspace = self._pool.pop()
        except IndexError:
            workspace = self._open()
        if not workspace:
            raise MemoryError
        self.begin(workspace, threads)
        return workspace

    def give_workspace(self, workspace: int) -> None:
        """Take a workspace back, for the next call."""
        self.end(workspace)
        self._pool.append(workspace)

    def bind(
        self,
        miss: Callable[..., Any],
        restart: Callable[..., Any],
        fail: Callable[[int, str], object],
        defaults: tuple[Any, ...],
        attributes: tuple[tuple[dict[str, Any] | None, str, Any], ...],
        lock: Any,
        tracing: int,
        threads: int,
    ) -> Native:
        """Return the callable; see `bind` of the generated extension modules."""
        count = sum(bool(p.path or p.constant) for p in self.entry.parameters)
        count += len(self.entry.assigned) + len(self.entry.watched)
        if len(attributes) != count:
            raise ValueError("bind: another number of attributes")
        return Native(
            self, miss, restart, fail, defaults, attributes, lock, tracing, threads
        )  # fmt: skip


class Native:
    """A bound entry point. What it does not take is given to `miss`."""

    def __init__(
        self,
        library: Library,
        miss: Callable[..., Any],
        restart: Callable[..., Any],
        fail: Callable[[int, str], object],
        defaults: tuple[Any, ...],
        places: tuple[tuple[dict[str, Any] | None, str, Any], ...],
        lock: Any,
        tracing: int,
        threads: int,
    ) -> None:
        self.library = library
        self.entry = entry = library.entry
        self.miss, self.restart, self.fail = miss, restart, fail
        self.defaults, self.lock, self.threads = defaults, lock, threads
        self.tracing = ctypes.c_int.from_address(tracing) if tracing else ctypes.c_int(0)
        self.arguments = [p for p in entry.parameters if not p.path and not p.constant]
        self.read = [p for p in entry.parameters if p.path or p.constant]
        self.names = [p.name for p in self.arguments]
        self.positional = len(self.names)
        for i, parameter in reversed(list(enumerate(self.arguments))):
            if parameter.keyword_only:
                self.positional = i
        end = len(self.read) + len(entry.assigned)
        self.places = places[: len(self.read)]
        self.assigned = places[len(self.read) : end]
        self.watched = places[end:]
        self.packs: Any = None
        if library.pack is not None:
            self._pack(library.pack)

    def __del__(self) -> None:
        for pack in self.packs or ():
            if pack:
                self.library.free(pack)

    def _pack(self, pack: Callable[..., int]) -> None:
        taken = _Taken()
        for (_, _, held), parameter in zip(self.places, self.read, strict=True):
            if not parameter.path:
                try:
                    taken.take(parameter.slot, held)
                except _Miss:
                    raise ValueError("bind: a constant of another kind") from None
        self.packs = (ctypes.c_void_p * self.entry.packs)()
        if pack(self.packs, *taken.inputs):
            raise MemoryError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.tracing.value:
            return self.miss(*args, **kwargs)
        if self.lock is None:
            call = self._attempt(args, kwargs)
        else:
            with self.lock:
                call = self._attempt(args, kwargs)
        answer, instead = call
        return answer if instead is None else instead(*args, **kwargs)

    def _attempt(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Callable[..., Any] | None]:
        """Return the result and None, or None and what has to be called."""
        try:
            taken = self._take(args, kwargs)
        except _Miss:
            return None, self.miss
        library = self.library
        results = [
            *leaves(self.entry.result),
            *(leaf for _, slot in self.entry.assigned for leaf in leaves(slot)),
        ]
        outputs = [_output(leaf) for leaf in results]
        workspace = library.take_workspace(self.threads)
        packs = [] if self.packs is None else [self.packs]
        pointers = [ctypes.byref(output) for output in outputs]
        status = library.run(ctypes.c_void_p(workspace), *taken.inputs, *pointers, *packs)
        message = library.message(workspace).decode("utf-8", "replace") if status else ""
        library.give_workspace(workspace)
        if status:
            for output in outputs:
                self._free(output)
            if self.entry.sites[status - 1].restarts:
                return None, self.restart
            self.fail(status - 1, message)
            raise SystemError("native code failed without an exception")
        return self._give(results, outputs, taken.owners), None

    def _free(self, output: Any) -> None:
        memory = output.allocation if isinstance(output, _Tensor) else None
        memory = output.data if isinstance(output, _List) else memory
        if memory:
            self.library.free(memory)

    # --- arguments ------------------------------------------------------------------------------

    def _take(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Taken:
        taken = _Taken()
        for parameter, value in zip(self.arguments, self._given(args, kwargs), strict=True):
            taken.take(parameter.slot, value)
        for (owner, key, held), parameter in zip(self.places, self.read, strict=True):
            taken.take(parameter.slot, held if owner is None else _attribute(owner, key))
        for (owner, key, held), (_, slot) in zip(self.watched, self.entry.watched, strict=True):
            assert owner is not None
            now = _attribute(owner, key)
            if slot is not None:
                _Taken().take(slot, now)
            elif now is not held:
                raise _Miss
        taken.refuse_overlaps()
        return taken

    def _given(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[Any]:
        if len(args) > self.positional:
            raise _Miss
        if not kwargs and len(args) == len(self.names):
            return args
        found = dict(zip(self.names, args, strict=False))
        for name, value in kwargs.items():
            if name in found or name not in self.names:
                raise _Miss
            found[name] = value
        values = [found.get(n, d) for n, d in zip(self.names, self.defaults, strict=True)]
        if any(value is ... for value in values):
            raise _Miss
        return values

    # --- results --------------------------------------------------------------------------------

    def _give(
        self,
        results: Sequence[ScalarSlot | TensorSlot | ListSlot],
        outputs: Sequence[Any],
        owners: Sequence[Any],
    ) -> Any:
        made: list[Any] = []
        for leaf, output in zip(results, outputs, strict=True):
            if isinstance(leaf, TensorSlot):
                made.append(self._tensor(leaf, output, owners, made))
            elif isinstance(leaf, ListSlot):
                held = (_CTYPES[leaf.element.dtype] * output.length).from_address(output.data)
                made.append([_object(leaf.element, value) for value in held])
                self._free(output)
            else:
                made.append(_object(leaf, output.value))
        position = iter(made)
        result = _build(self.entry.result, position)
        for (owner, key, _), (_, slot) in zip(self.assigned, self.entry.assigned, strict=True):
            assert owner is not None
            owner[key] = _build(slot, position)
        return result

    def _tensor(
        self, slot: TensorSlot, output: _Tensor, owners: Sequence[Any], made: Sequence[Any]
    ) -> Any:
        if output.source < -1:
            return made[-2 - output.source]
        if output.identity:
            return owners[output.source]
        item = ITEM_SIZES[slot.dtype]
        shape = tuple(output.shape[: slot.rank])
        strides = tuple(n * item for n in output.strides[: slot.rank])
        owner = owners[output.source] if output.source >= 0 else None
        if owner is not None and owner.flags.c_contiguous and owner.size and 0 not in shape:
            offset = output.data - owner.ctypes.data
            return np.ndarray(shape, slot.dtype, owner, offset, strides)
        readonly = owner is not None and not owner.flags.writeable
        interface = {
            "version": 3,
            "typestr": np.dtype(slot.dtype).str,
            "shape": shape,
            "strides": strides,
            "data": (output.data, readonly),
        }
        free = self.library.free if owner is None else None
        return np.asarray(_Memory(interface, owner, free, output.allocation))


class _Memory:
    """The base of a result: it frees the memory, or keeps alive what the memory belongs to."""

    def __init__(
        self,
        interface: dict[str, Any],
        owner: Array | None,
        free: Callable[[int], None] | None,
        allocation: int,
    ) -> None:
        self.__array_interface__ = interface
        self.owner = owner
        self.free = free
        self.allocation = allocation

    def __del__(self) -> None:
        if self.free is not None:
            self.free(self.allocation)


class _Taken:
    """Inputs in the form that C takes, and the objects that they come from."""

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.owners: list[Any] = []
        self.arrays: list[tuple[Array, TensorSlot]] = []
        self._kept: list[Any] = []

    def take(self, slot: Slot, value: Any) -> None:
        """Add the leaves of a value; raise `_Miss` if it does not fit."""
        match slot:
            case NoneSlot():
                _require(value is None)
            case TextSlot(text):
                _require(type(value) is str and value == text)
            case DictSlot(elements, keys):
                held = dict(value) if type(value) is dict else {}  # another thread may change it
                _require(held.keys() == set(keys))
                for element, key in zip(elements, keys, strict=True):
                    self.take(element, held[key])
            case TupleSlot(elements):
                _require(type(value) is tuple and len(value) == len(elements))
                for element, part in zip(elements, value, strict=True):
                    self.take(element, part)
            case ScalarSlot(dtype):
                _require(_is_number(slot, value))
                self._add(_CTYPES[dtype](value.item() if not slot.python else value), None)
            case ListSlot(element):
                _require(type(value) is list)
                values = list(value)  # another thread may change it
                _require(all(_is_number(element, part) for part in values))
                held = (_CTYPES[element.dtype] * max(1, len(values)))(*values)
                self._kept.append(held)
                made = _List(ctypes.addressof(held), len(values), len(values))
                self._add_structure(made, None)
            case TensorSlot():
                self._take_array(slot, value)

    def _take_array(self, slot: TensorSlot, value: Any) -> None:
        item, dtype = ITEM_SIZES[slot.dtype], np.dtype(slot.dtype)
        _require(type(value) is np.ndarray and value.ndim == slot.rank)
        flags = value.flags
        _require(value.dtype.num == dtype.num and value.dtype.isnative and flags.aligned)
        _require(flags.c_contiguous or not slot.contiguous)
        _require(flags.writeable or not slot.writable)
        _require(not any(stride % item for stride in value.strides))
        for given, size in zip(value.shape, slot.sizes, strict=True):
            _require(given != 1 if size is None else given == size)
        made = _Tensor(value.ctypes.data)
        for axis in range(slot.rank):
            made.shape[axis] = value.shape[axis]
            made.strides[axis] = value.strides[axis] // item
        self.arrays.append((value, slot))
        self._add_structure(made, value)

    def _add_structure(self, made: Any, owner: Any) -> None:
        self._kept.append(made)
        self._add(ctypes.byref(made), owner)

    def _add(self, made: Any, owner: Any) -> None:
        self.inputs.append(made)
        self.owners.append(owner)

    def refuse_overlaps(self) -> None:
        """Raise `_Miss` if memory that is written is reached in two ways."""
        for i, (array, slot) in enumerate(self.arrays):
            if not slot.writable:
                continue
            _require(slot.contiguous or not _repeats(array))
            for j, (other, _) in enumerate(self.arrays):
                _require(i == j or not np.may_share_memory(array, other))


def _require(fits: bool) -> None:
    if not fits:
        raise _Miss


def _attribute(owner: dict[str, Any], key: str) -> Any:
    try:
        return owner[key]
    except KeyError:
        raise _Miss from None


def _is_number(slot: ScalarSlot, value: Any) -> bool:
    if not slot.python:
        return type(value) is np.dtype(slot.dtype).type
    if type(value) is not _PYTHON_TYPES[slot.dtype]:
        return False
    return type(value) is not int or INT_MIN <= value <= INT_MAX


def _repeats(array: Array) -> bool:
    """Tell whether two elements of an array may be one."""
    extent = 1
    item = array.itemsize
    if 0 in array.shape:
        return False
    for stride, size in sorted(zip(map(abs, array.strides), array.shape, strict=True)):
        if size == 1:
            continue
        if stride // item < extent:
            return True
        extent += (size - 1) * (stride // item)
    return False


def _output(leaf: ScalarSlot | TensorSlot | ListSlot) -> Any:
    if isinstance(leaf, TensorSlot):
        return _Tensor(source=-1)
    return _List() if isinstance(leaf, ListSlot) else _CTYPES[leaf.dtype]()


def _object(slot: ScalarSlot, value: Any) -> Any:
    return value if slot.python else np.dtype(slot.dtype).type(value)


def _build(slot: Slot, position: Iterator[Any]) -> Any:
    if isinstance(slot, NoneSlot):
        return None
    if isinstance(slot, DictSlot):
        parts = [_build(element, position) for element in slot.elements]
        return dict(zip(slot.keys, parts, strict=True))
    if isinstance(slot, TupleSlot):
        return tuple([_build(element, position) for element in slot.elements])
    return next(position)
