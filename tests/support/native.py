"""Operations as native functions: one for each, compiled many at once, called by ctypes.

A function's parameters are the arrays and numbers that an operation is given, typed to the dtype,
the rank and the sizes that are 1. What else it is given (axes, flags, dtypes, names) is constant.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scriptc.ir.builder import Builder, constant, infer_types, type_of
from scriptc.ir.graph import Function, Operation, Value
from scriptc.ir.opdef import OpDef
from scriptc.ir.ops import REGISTRY
from scriptc.ir.printer import constants_of, print_function
from scriptc.ir.types import TensorType, Type
from scriptc.runtime.native.abi import (
    DictSlot,
    EntryPoint,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Slot,
    TensorSlot,
    TupleSlot,
    leaves,
)
from scriptc.runtime.native.compile import slot_of, with_head
from scriptc.runtime.native.ctypes_glue import emit_library
from scriptc.runtime.native.emitter.function import Emitted, emit_function
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.lowerings import LOWERINGS
from scriptc.runtime.native.toolchain import compile_shared

WARNINGS = ("-Wall", "-Wextra", "-Werror")
_NUMERIC_KINDS = {
    "Any", "Array", "ArrayLike", "Arrays", "Tensor", "number", "float", "complex", "iterable",
}  # fmt: skip

# --- making ---------------------------------------------------------------------------------------


def typed(value: Any, name: str) -> Type:
    """Return the type of a parameter: sizes are symbols, but for those that are 1."""
    if isinstance(value, np.ndarray):
        sizes = tuple(1 if n == 1 else f"{name}_{i}" for i, n in enumerate(value.shape))
        return TensorType(value.dtype.name, sizes)
    return type_of(value)


@dataclass
class Program:
    """A function that applies one operation, with the parameters and arguments that it takes.

    `operands` are those of the operation, in which an argument is the very same object.
    """

    opdef: OpDef
    function: Function
    parameters: list[Parameter]
    arguments: list[Any]
    operands: list[Any]

    def key(self) -> str:
        """Return a text that equals that of programs that become the same C."""
        slots = [p.slot for p in self.parameters]
        return f"{print_function(self.function)} {slots} {constants_of(self.function)}"


class _Maker:
    def __init__(self, opdef: OpDef, operands: Sequence[Any], *, pass_numbers: bool) -> None:
        self.function = Function("program", origin=opdef.name)
        self.builder = Builder(self.function.body)
        self.pass_numbers = pass_numbers
        self.parameters: list[Parameter] = []
        self.arguments: list[Any] = []

    def operand(self, value: Any, numeric: bool) -> Value:
        array = isinstance(value, np.ndarray)
        if array or (numeric and self.pass_numbers and _is_passed(value)):
            return self.passed(value)
        if isinstance(value, slice):
            ends = [self.operand(v, numeric) for v in (value.start, value.stop, value.step)]
            return self.builder.build(REGISTRY["slice"], ends).result
        if isinstance(value, list):
            return self.build("list", [self.operand(v, numeric) for v in value])
        if type(value) is tuple and not _is_plain(value):
            return self.build("tuple", [self.operand(v, numeric) for v in value])
        if isinstance(value, np.generic) and numeric:
            return self.passed(value)
        return constant(value)

    def build(self, name: str, operands: list[Value]) -> Value:
        return self.builder.build(REGISTRY[name], operands).result

    def passed(self, value: Any) -> Value:
        name = f"x{len(self.parameters)}"
        slot = slot_of(value)
        if slot is None:
            raise Unsupported(f"a value like {value!r}")
        self.parameters.append(Parameter(name, slot))
        self.arguments.append(value)
        return self.function.body.add_argument(typed(value, name), name)


def _is_passed(value: Any) -> bool:
    """Tell whether native code takes a value: a number, an array or a list of numbers."""
    return isinstance(slot_of(value), ScalarSlot | TensorSlot | ListSlot)


def _is_plain(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_plain, value))
    return not isinstance(value, np.ndarray | np.generic | list | slice)


def make_program(opdef: OpDef, operands: Sequence[Any], *, pass_numbers: bool) -> Program:
    """Return the function that applies an operation to operands like these.

    Raises `RuleError` where the operation takes none of these types.
    """
    maker = _Maker(opdef, operands, pass_numbers=pass_numbers)
    fixed = [p for p in opdef.schema.parameters if not p.variadic]
    variadic = opdef.schema.variadic
    values = []
    for i, operand in enumerate(operands):
        parameter = fixed[i] if i < len(fixed) else variadic
        assert parameter is not None
        kinds = {k.strip() for k in parameter.kind.split("|")}
        values.append(maker.operand(operand, i == 0 or not kinds.isdisjoint(_NUMERIC_KINDS)))
    types = infer_types(opdef, values)
    operation = maker.builder.insert(Operation(opdef.name, values, types, opdef=opdef))
    results: list[Value] = list(operation.results)
    returned = results[0] if len(results) == 1 else maker.build("tuple", results)
    if not results:
        returned = constant(None)
    maker.builder.terminate("return", [returned])
    maker.function.return_type = returned.type
    return Program(opdef, maker.function, maker.parameters, maker.arguments, list(operands))


# --- compiling ------------------------------------------------------------------------------------


@dataclass
class Unit:
    """Many functions of one C file. A program that has no native form has a reason instead."""

    name: str
    emitted: dict[str, Emitted] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, program: Program) -> str:
        """Write a program, unless it is there already; return its key.

        Raises `Unsupported` where it has no native form.
        """
        key = program.key()
        if key in self.refused:
            raise Unsupported(self.refused[key])
        if key not in self.emitted:
            symbol = f"f{len(self.emitted)}"
            program.function.name = symbol
            try:
                self.emitted[key] = emit_function(
                    program.function, LOWERINGS, symbol, program.parameters
                )
            except Unsupported as refusal:
                self.refused[key] = refusal.reason
                raise
        return key

    def source(self) -> str:
        """Return the C file."""
        texts = [emitted.text for emitted in self.emitted.values()]
        return with_head(self.name, "\n".join(texts))

    def compile(self, *flags: str) -> dict[str, NativeFunction]:
        """Compile all functions, and return them by their keys."""
        source = emit_library(self.source())
        path = compile_shared(source, name=self.name, extra=(*WARNINGS, *flags))
        library = Library(ctypes.CDLL(str(path)))
        return {key: NativeFunction(emitted, library) for key, emitted in self.emitted.items()}


# --- calling --------------------------------------------------------------------------------------

_C = {
    "bool": ctypes.c_bool,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
    **{f"int{n}": getattr(ctypes, f"c_int{n}") for n in (8, 16, 32, 64)},
    **{f"uint{n}": getattr(ctypes, f"c_uint{n}") for n in (8, 16, 32, 64)},
}
_RANK = 8


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("shape", ctypes.c_int64 * _RANK),
        ("strides", ctypes.c_int64 * _RANK),
        ("allocation", ctypes.c_void_p),
        ("source", ctypes.c_int32),
        ("identity", ctypes.c_int32),
    ]


class _List(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_int64),
        ("capacity", ctypes.c_int64),
    ]


@dataclass
class Stopped:
    """Native code did not finish: the exception that it names, or "" for the interpreter."""

    exception: str
    message: str


class Library:
    """What all functions of a shared object use."""

    def __init__(self, loaded: ctypes.CDLL) -> None:
        self.loaded = loaded
        self.free = loaded.scriptc_free
        self.end = loaded.scriptc_end
        self.free.argtypes = self.end.argtypes = [ctypes.c_void_p]
        loaded.scriptc_open.restype = ctypes.c_void_p
        loaded.scriptc_begin.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.workspace = loaded.scriptc_open()
        loaded.scriptc_begin(self.workspace, 1)


class NativeFunction:
    """One compiled function, as the glue calls it."""

    def __init__(self, emitted: Emitted, library: Library) -> None:
        self.entry: EntryPoint = emitted.entry
        self.constants = emitted.constants
        self.library = library
        self.function = getattr(library.loaded, self.entry.symbol)
        self.function.restype = ctypes.c_int32

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function returns; a `Stopped` if it stops."""
        assert not self.entry.packs, "constants in the form that products read"
        call = _Call(self.library)
        given = [*arguments, *self.constants]
        for parameter, value in zip(self.entry.parameters, given, strict=True):
            call.give(parameter.slot, value)
        results = [_space_for(leaf) for leaf in leaves(self.entry.result)]
        status = self.function(*call.arguments, *map(ctypes.byref, results))
        self.library.end(self.library.workspace)
        if status:
            for result in results:
                if isinstance(result, _Tensor) and result.allocation:
                    self.library.free(result.allocation)
            site = self.entry.sites[status - 1]
            return Stopped("" if site.restarts else site.exception, site.message)
        return call.take(self.entry.result, iter(results))


def _space_for(leaf: Slot) -> Any:
    if isinstance(leaf, TensorSlot):
        return _Tensor(source=-3)
    return _List() if isinstance(leaf, ListSlot) else _C[leaf.dtype]()


class _Call:
    """The arguments of one call, and how its results become values."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.arguments: list[Any] = [ctypes.c_void_p(library.workspace)]
        self.leaves: list[Any] = []
        self.results: list[Any] = []
        self.kept: list[Any] = []

    def give(self, slot: Slot, value: Any) -> None:
        if isinstance(slot, TupleSlot):
            for inner, item in zip(slot.elements, value, strict=True):
                self.give(inner, item)
            return
        if isinstance(slot, NoneSlot):
            return
        self.leaves.append(value)
        match slot:
            case ScalarSlot(dtype, _):
                self.arguments.append(_C[dtype](value))
            case ListSlot(element):
                items = np.array(value, dtype=element.dtype)
                made: Any = _List(items.ctypes.data, len(value), len(value))
                self._by_reference(made, items)
            case TensorSlot():
                made = _Tensor(data=value.ctypes.data)
                for i in range(value.ndim):
                    made.shape[i] = value.shape[i]
                    made.strides[i] = value.strides[i] // value.itemsize
                self._by_reference(made, value)

    def _by_reference(self, made: Any, value: Any) -> None:
        self.kept += [made, value]
        self.arguments.append(ctypes.byref(made))

    def take(self, slot: Slot, results: Iterator[Any]) -> Any:
        match slot:
            case NoneSlot():
                return None
            case DictSlot(elements, keys):
                return {k: self.take(e, results) for k, e in zip(keys, elements, strict=True)}
            case TupleSlot(elements):
                return tuple(self.take(inner, results) for inner in elements)
        made = next(results)
        match slot:
            case ScalarSlot(dtype, python):
                value = made.value if python else np.dtype(dtype).type(made.value)
            case ListSlot(element):
                kind = ctypes.POINTER(_C[element.dtype])
                items = ctypes.cast(made.data, kind)[: made.length]
                self.library.free(made.data)
                value = list(items)
            case TensorSlot():
                value = self._array(slot, made)
        self.results.append(value)
        return value

    def _array(self, slot: TensorSlot, made: Any) -> Any:
        if made.source <= -2:
            return self.results[-2 - made.source]
        shape = tuple(made.shape[: slot.rank])
        dtype = np.dtype(slot.dtype)
        strides = tuple(n * dtype.itemsize for n in made.strides[: slot.rank])
        if made.source >= 0:
            leaf = self.leaves[made.source]
            if made.identity:
                return leaf
            return _view(leaf, made.data, shape, strides)
        value = np.empty(shape, dtype)
        if value.size:
            memory = (ctypes.c_char * dtype.itemsize).from_address(made.data)
            first = np.ndarray((1,), dtype, memory)
            value[...] = np.lib.stride_tricks.as_strided(first, shape, strides)
        self.library.free(made.allocation)
        return value


def _view(
    leaf: np.ndarray, address: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> np.ndarray:
    """Return an array that lies in the memory of another one."""
    if 0 in shape:
        return np.empty(shape, leaf.dtype)
    item = leaf.itemsize
    memory = (ctypes.c_char * item).from_address(address)
    first = np.ndarray((1,), leaf.dtype, memory)
    return np.lib.stride_tricks.as_strided(first, shape, strides)
