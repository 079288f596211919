"""Lists: they live in memory that the call gives back at its end. See `scriptc.h`."""

from __future__ import annotations

from collections.abc import Sequence

from scriptc.ir.graph import Operation, Value
from scriptc.ir.types import ListType, TensorType, Type, prune
from scriptc.runtime.native.abi import C_TYPES
from scriptc.runtime.native.emitter.context import contiguous
from scriptc.runtime.native.emitter.function import PYTHON_DTYPES, FunctionEmitter
from scriptc.runtime.native.emitter.kernels import copy_into, force_one
from scriptc.runtime.native.emitter.values import (
    Array,
    List,
    NativeValue,
    Root,
    Scalar,
    Slice,
    Unsupported,
)
from scriptc.runtime.native.lowerings.indexing import slice_bounds


def c_element(e: FunctionEmitter, element: Type) -> str:
    """Return the C type of what stands in a list."""
    kind = prune(element)
    if kind in PYTHON_DTYPES:
        return C_TYPES[PYTHON_DTYPES[kind]]
    match kind:
        case ListType():
            return "sc_list *"
        case TensorType(dtype, shape) if dtype in C_TYPES and shape is not None:
            return "sc_tensor" if shape else C_TYPES[dtype]
    raise Unsupported(f"a list of {kind}", e.location)


Source = tuple[Operation, Value]
"""The operation that puts something into a list, and what that is in the program."""


def as_list(e: FunctionEmitter, value: NativeValue) -> List:
    """Return a value that has to be a list with memory of its own."""
    if not isinstance(value, List):
        raise Unsupported("this value as a list", e.location)
    return value


def item_size(e: FunctionEmitter, element: Type) -> str:
    """Return the C expression of the size of an element."""
    return f"sizeof({c_element(e, element)})"


def new(e: FunctionEmitter, element: Type, length: str = "0") -> List:
    """Write code that makes a list; its elements are not set."""
    name = e.writer.name("l")
    e.line(f"sc_list *const {name} = sc_list_new(ws, {length}, {item_size(e, element)});")
    e.stop_if(f"!{name}", "MemoryError", "out of memory")
    return List(name, element)


def store(e: FunctionEmitter, target: List, index: str, value: NativeValue, source: Source) -> None:
    """Put a value at a place that exists."""
    type_ = c_element(e, target.element)
    if isinstance(value, List):
        e.line(f"((sc_list **){target.data})[{index}] = {value.code};")
    elif type_ == "sc_tensor":
        _store_array(e, target, index, value, source)
    else:
        if isinstance(value, Array):
            raise Unsupported("an array without dimensions in a list", e.location)
        scalar = e.as_scalar(value)
        kind = prune(target.element)
        wanted = PYTHON_DTYPES.get(kind) or getattr(kind, "dtype", None)
        if scalar.dtype != wanted or scalar.python != (kind in PYTHON_DTYPES):
            raise Unsupported(f"a {scalar.dtype} in a list of {kind}", e.location)
        e.line(f"(({type_} *){target.data})[{index}] = {scalar.code};")


def _store_array(
    e: FunctionEmitter, target: List, index: str, value: NativeValue, source: Source
) -> None:
    if not isinstance(value, Array):
        raise Unsupported("this value in a list of arrays", e.location)
    if not e.final(*source):
        # The list holds a copy, which would not see what is written later.
        raise Unsupported("an array in a list is written into", e.location)
    kind = prune(target.element)
    assert isinstance(kind, TensorType)
    if value.dtype != kind.dtype or value.rank != kind.rank:
        raise Unsupported("an array of another kind in the list", e.location)
    buffer = force_one(e, value)
    type_ = C_TYPES[buffer.dtype]
    data = e.writer.name("p")
    size = e.bytes(buffer.dtype, buffer.sizes)
    e.line(f"{type_} *const {data} = ({type_} *)sc_block_allocate(ws, {size});")
    e.stop_if(f"!{data}", "MemoryError", "out of memory")
    copy_into(e, buffer, contiguous(buffer.dtype, buffer.sizes, data, (Root(),)))
    place = e.writer.name("e")
    e.line(f"sc_tensor *const {place} = &((sc_tensor *){target.data})[{index}];")
    e.line(f"{place}->data = {data};")
    for axis, (size, known) in enumerate(zip(buffer.sizes, kind.shape or (), strict=True)):
        if isinstance(known, int):
            e.require_equal(size, str(known))
        e.line(f"{place}->shape[{axis}] = {size};")


def append(e: FunctionEmitter, target: List, value: NativeValue, source: Source) -> None:
    """Add a value at the end of a list."""
    size = item_size(e, target.element)
    e.stop_if(f"!sc_list_room(ws, {target.code}, {size})", "MemoryError", "out of memory")
    store(e, target, f"{target.code}->length", value, source)
    e.line(f"{target.code}->length++;")


def place(
    e: FunctionEmitter, x: List, index: NativeValue, missing: str = "list index out of range"
) -> str:
    """Return the place of an index; one that does not exist stops, with the message `missing`."""
    if not isinstance(index, Scalar) or index.dtype.startswith("float"):
        raise Unsupported("an index that is not an int", e.location)
    code = index.code
    if code.lstrip("-").isdigit():
        value = int(code)
        test = f"{x.length} <= {value}" if value >= 0 else f"{x.length} < {-value}"
        e.stop_if(test, "IndexError", missing)
        return code if value >= 0 else f"{x.length} - {-value}"
    name = code
    if index.dtype.startswith("int") and e.ranges.of(code)[0] < 0:
        name = e.writer.name("at")
        e.line(f"const int64_t {name} = {code} < 0 ? {code} + {x.length} : {code};")
    elif e.is_below(code, x.length):
        return name
    e.stop_if(f"(uint64_t){name} >= (uint64_t){x.length}", "IndexError", missing)
    return name


def getitem(e: FunctionEmitter, op: Operation, x: List, index: NativeValue) -> NativeValue:
    """Return the element of a list, or the list that a slice takes."""
    del op
    if isinstance(index, Slice):
        return _slice(e, x, index)
    return e.element(x, place(e, x, index))


def _slice(e: FunctionEmitter, x: List, index: Slice) -> NativeValue:
    size = e.size(x.length)
    start, length, step = slice_bounds(e, index, size)
    made = new(e, x.element, length)
    to, from_ = _elements(e, made), _elements(e, x)
    j = e.writer.name("j")
    e.line(
        f"for (int64_t {j} = 0; {j} < {length}; ++{j}) "
        f"{to}[{j}] = {from_}[{start} + {j} * ({step})];"
    )
    return made


def setitem(
    e: FunctionEmitter, op: Operation, x: List, index: NativeValue, value: NativeValue
) -> None:
    """Write an element of a list."""
    if isinstance(index, Slice):
        raise Unsupported("an assignment to a slice of a list", e.location)
    at = place(e, x, index, "list assignment index out of range")
    store(e, x, at, value, (op, op.operands[2]))


def operator(
    e: FunctionEmitter, op: Operation, name: str, operands: Sequence[NativeValue]
) -> NativeValue:
    """Return what `+` and `*` of lists give."""
    del op
    if name == "multiply":
        x, times = operands if isinstance(operands[0], List) else operands[::-1]
        if isinstance(x, List) and isinstance(times, Scalar) and times.dtype == "int64":
            return _repeat(e, x, times.code)
    if name == "add" and all(isinstance(v, List) for v in operands):
        a, b = (v for v in operands if isinstance(v, List))
        return _concatenate(e, a, b)
    raise Unsupported(f"`{name}` of lists", e.location)


def _repeat(e: FunctionEmitter, x: List, times: str) -> List:
    e.stop_if(f"{times} > 0 && {x.length} > ((int64_t)1 << 36) / {times}" if times != "0" else "0")
    length = e.size(f"{times} > 0 ? {x.length} * {times} : 0")
    made = new(e, x.element, length)
    to, from_ = _elements(e, made), _elements(e, x)
    j, k = e.writer.name("j"), e.writer.name("k")
    with e.writer.braces(f"if ({x.length} == 1)", "} else {"):
        e.line(f"{c_element(e, x.element)} const {k} = {from_}[0];")
        e.line(f"for (int64_t {j} = 0; {j} < {length}; ++{j}) {to}[{j}] = {k};")
    e.writer.depth += 1
    with e.writer.braces(f"for (int64_t {j} = 0, {k} = 0; {j} < {length}; ++{j})"):
        e.line(f"{to}[{j}] = {from_}[{k}];")
        e.line(f"if (++{k} == {x.length}) {k} = 0;")
    e.writer.depth -= 1
    e.line("}")
    return made


def _elements(e: FunctionEmitter, x: List) -> str:
    """Put where the elements are into a variable: a loop that writes elements then knows it."""
    type_ = c_element(e, x.element)
    name = e.writer.name("items")
    e.line(f"{type_} *const {name} = ({type_} *){x.data};")
    return name


def _concatenate(e: FunctionEmitter, a: List, b: List) -> List:
    made = new(e, a.element, f"{a.length} + {b.length}")
    size = item_size(e, a.element)
    e.line(f"memcpy({made.data}, {a.data}, (size_t){a.length} * {size});")
    e.line(
        f"memcpy((char *){made.data} + (size_t){a.length} * {size}, {b.data}, "
        f"(size_t){b.length} * {size});"
    )
    return made


def inplace(
    e: FunctionEmitter, op: Operation, name: str, target: List, other: NativeValue
) -> NativeValue:
    """Write `x += y` of lists."""
    del op
    if name != "add" or not isinstance(other, List):
        raise Unsupported(f"in-place `{name}` of a list", e.location)
    count = e.size(other.length)
    j = e.writer.name("j")
    type_ = c_element(e, target.element)
    size = item_size(e, target.element)
    with e.writer.braces(f"for (int64_t {j} = 0; {j} < {count}; ++{j})"):
        e.stop_if(f"!sc_list_room(ws, {target.code}, {size})", "MemoryError", "out of memory")
        e.line(
            f"(({type_} *){target.code}->data)[{target.code}->length++] = "
            f"(({type_} *){other.data})[{j}];"
        )
    return target
