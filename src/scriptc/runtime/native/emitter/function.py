"""Walking a specialised function: blocks, control flow, parameters and results.

What an operation becomes is said in `lowerings`. Here is what every program has: values that change
in loops and differ between branches stand in C variables, arrays among them as pointer and sizes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from scriptc.ir.graph import (
    UNBOUND,
    Block,
    BlockArgument,
    Constant,
    ExceptionRef,
    Function,
    Operation,
    Value,
)
from scriptc.ir.opdef import Trait
from scriptc.ir.passes.aliases import Aliases, loop_around
from scriptc.ir.types import (
    BOOL,
    FLOAT,
    INT,
    NEVER,
    NONE,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    either,
    prune,
    resolve,
)
from scriptc.runtime.native.abi import (
    C_TYPES,
    ITEM_SIZES,
    MAX_RANK,
    DictSlot,
    EntryPoint,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Slot,
    TensorSlot,
    TextSlot,
    TupleSlot,
    leaves,
    parts_of,
)
from scriptc.runtime.native.emitter.context import Context, contiguous
from scriptc.runtime.native.emitter.counters import range_of_counter
from scriptc.runtime.native.emitter.invariants import Access, Invariants
from scriptc.runtime.native.emitter.invariants import find as find_invariants
from scriptc.runtime.native.emitter.kernels import copy_into, force, force_one
from scriptc.runtime.native.emitter.origins import Origins
from scriptc.runtime.native.emitter.values import (
    Array,
    BehindChange,
    Buffer,
    Iteration,
    List,
    Maybe,
    NativeValue,
    Node,
    Range,
    Root,
    Scalar,
    Slice,
    Static,
    Tuple,
    Unsupported,
)
from scriptc.runtime.native.emitter.writer import is_literal, multiply

PYTHON_DTYPES: Mapping[Type, str] = {INT: "int64", FLOAT: "float64", BOOL: "bool"}
Lowering = Callable[["FunctionEmitter", Operation, Sequence[NativeValue]], Any]
MAX_LENGTH = 2**60
"""No list is longer."""
_EMBEDDED = 64
"""Constant arrays up to this many elements stand in the C text."""


class _SizeChanges(Exception):  # noqa: N818 - not an error: the loop is written anew
    """A carried array has another size in a later round than at the start."""

    def __init__(self, carried: _Variable, axis: int) -> None:
        super().__init__()
        self.key = (carried.key, axis)


@dataclass(slots=True)
class _Variable:
    """What stands in C variables of its own: a result of an `if`, or a carried value.

    `pair` is two slots of memory in turn, for a carried array that each round makes anew, and
    `flip` the variable that says whose turn it is. `named` are the values of the program that it
    is.
    """

    value: NativeValue
    key: object = None
    named: tuple[Value, ...] = ()
    pair: int = -1
    flip: str = ""
    root: Root | None = None


@dataclass(slots=True)
class _Loop:
    """A loop that is being written. `unbound` are carried values that a `break` may leave so."""

    variables: list[_Variable]
    one_way: bool
    unbound: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a loop in C, and how to write what a round gets.

    `runs` is the test that there is a round, if that has to be asked. `counter` is the variable
    that goes from one end of a range to the other.
    """

    text: str
    item: Callable[[], NativeValue] | None = None
    runs: str = ""
    counter: str = ""


@dataclass(frozen=True)
class Emitted:
    """The C function of a program, what it takes and gives, and arrays that are constants of it."""

    entry: EntryPoint
    text: str
    constants: tuple[np.ndarray[Any, Any], ...]


_UNKNOWN = TensorSlot("float64", ())
"""Stands for a result of a type that does not tell dtype and rank."""


class _ResultKind(Exception):  # noqa: N818 - not an error: the function is written anew
    """A leaf of the result has another form than its type tells."""

    def __init__(self, leaf: int, slot: ScalarSlot | TensorSlot) -> None:
        super().__init__()
        self.leaf = leaf
        self.slot = slot


def emit_function(
    function: Function,
    lowerings: Mapping[str, Lowering],
    symbol: str,
    parameters: Sequence[Parameter],
    assigned: Sequence[tuple[str, ...]] = (),
) -> Emitted:
    """Return the C of a function. Raises `Unsupported` where it has no native form.

    With `assigned`, it returns a tuple of its result and of what these attributes hold then.
    """
    known: dict[int, Slot] = {}
    guarded = False
    while True:
        emitter = FunctionEmitter(function, lowerings, known, guarded=guarded)
        try:
            return emitter.emit(symbol, parameters, assigned)
        except BehindChange:
            if guarded:
                raise
            guarded = True
        except _ResultKind as found:
            if found.leaf in known:
                raise Unsupported("a result of several kinds", function.location) from None
            known[found.leaf] = found.slot


class FunctionEmitter(Context):
    """Writes one function.

    `known` are leaves of the result whose type does not tell their form. A `guarded` function saves
    the arguments that it writes into, and puts them back where it stops, so that the interpreter
    can take over at any place.
    """

    def __init__(
        self,
        function: Function,
        lowerings: Mapping[str, Lowering],
        known: Mapping[int, Slot] = MappingProxyType({}),
        *,
        guarded: bool = False,
    ) -> None:
        super().__init__()
        self._guarded = guarded
        self._known = known
        self.function = function
        self.lowerings = lowerings
        self.values: dict[Value, NativeValue] = {}
        self.constants: list[np.ndarray[Any, Any]] = []
        self.embedded: list[str] = []
        self.origins = Origins(function)
        self.aliases = Aliases(function)
        self._loops: list[_Loop] = []
        self._yields: list[list[_Variable]] = []
        self._allocators: dict[Value, Callable[[Node], Buffer]] = {}
        self._leaf_count = 0
        self._leaf_names = 0
        self._constant_leaves: list[str] = []
        self._packing: list[str] = []
        self._packs = 0
        self._leaf_of: dict[BlockArgument, str] = {}
        self._dying: Sequence[Value] = ()
        self._slots_made = -1
        self._moving: set[object] = set()
        self._moved: set[Operation] = set()
        self._computed: dict[Operation, NativeValue] = {}
        self._assigned: Value = Constant(None, NONE)
        self._returned: dict[int, str] = {}
        self._given: list[tuple[str, Buffer]] = []
        self._kept_roots: list[Root] = []
        self._results: list[str] = []
        self.result: Slot | None = None

    # --- the whole ------------------------------------------------------------------------------

    def emit(
        self,
        symbol: str,
        parameters: Sequence[Parameter],
        assigned: Sequence[tuple[str, ...]] = (),
    ) -> Emitted:
        """Return the function. See `emit_function`."""
        self.symbol = symbol
        signature: list[str] = []
        # Further parameters are tests of the caller's: they have no argument here.
        arguments = iter(self.function.parameters)
        for slot in (slot for p in parameters for slot in parts_of(p.slot)):
            argument = next(arguments)
            self.values[argument] = self._parameter(argument, slot, signature)
        self._input_count = self._leaf_count
        self.result = self._result_slot()
        for i, leaf in enumerate(leaves(self.result)):
            signature.append(f"{_result_type(leaf)} *out{i}")
            self._results.append(f"out{i}")
        self._hint_results()
        self.block(self.function.body)
        constants = [f"const sc_tensor *k{i}" for i in range(len(self.constants))]
        listed = ["sc_workspace *ws", *signature[: self._leaf_names], *constants]
        listed += signature[self._leaf_names :]
        if self._packing:
            listed.append("void *const *packs")
        lines = [*self.prologue, *self.writer.lines]
        taken = ", ".join(listed)
        head = f"SC_API int32_t {symbol}({taken}) {{"
        if self._guarded:
            head = f"static int32_t {symbol}_body({taken}) {{"
        text = "\n".join([*self.embedded, *self.functions, head, "    (void)ws;", *lines, "}", ""])
        if self._guarded:
            text += self._guard(symbol, listed, parameters)
        if self._packing:
            taken = ", ".join(["void **packs", *constants])
            text += f"\nSC_API int32_t {symbol}_pack({taken}) {{\n"
            text += "".join(f"    (void)k{i};\n" for i in range(len(constants)))
            text += "\n".join([*self._packing, "    return 0;", "}", ""])
        extra = tuple(
            Parameter(
                f"constant {i}",
                TensorSlot(a.dtype.name, a.shape, a.flags.c_contiguous),
                constant=True,
            )
            for i, a in enumerate(self.constants)
        )
        arguments = iter(self.function.parameters)
        marked = tuple(
            _mark_written(p, [next(arguments) in self.origins.written for _ in parts_of(p.slot)])
            for p in parameters
        )
        result: Slot = self.result
        state: Sequence[Slot] = ()
        if assigned:
            assert isinstance(result, TupleSlot)
            result, *state = result.elements
        entry = EntryPoint(
            symbol,
            self.function.origin.rpartition(".")[2],
            (*marked, *extra),
            result,
            tuple(zip(assigned, state, strict=True)),
            tuple(self.sites),
            packs=self._packs,
        )
        return Emitted(entry, text, tuple(self.constants))

    def _guard(self, symbol: str, listed: Sequence[str], parameters: Sequence[Parameter]) -> str:
        """Return the function around a guarded one."""
        before, after = [], []
        for argument, parameter in zip(self.function.parameters, parameters, strict=False):
            if argument not in self.origins.written:
                continue
            if not isinstance(parameter.slot, TensorSlot):
                raise Unsupported("a change of this argument", self.location)
            name = self._leaf_of[argument]
            kind = f"{parameter.slot.rank}, {ITEM_SIZES[parameter.slot.dtype]}"
            saved = f"saved_{name}"
            status = self.site("MemoryError", "out of memory")
            before += [
                f"    void *const {saved} = sc_save(ws, {self.new_slots(1)}, {name}, {kind});",
                f"    if (!{saved}) return {status};",
            ]
            after.append(f"        sc_restore({name}, {kind}, {saved});")
        names = ", ".join(text.rpartition(" ")[2].lstrip("*") for text in listed)
        return "\n".join(
            [
                f"\nSC_API int32_t {symbol}({', '.join(listed)}) {{",
                *before,
                f"    const int32_t status = {symbol}_body({names});",
                "    if (SC_UNLIKELY(status)) {",
                *after,
                "    }",
                "    return status;",
                "}",
                "",
            ]
        )

    def _parameter(self, argument: BlockArgument, slot: Slot, signature: list[str]) -> NativeValue:
        made = self._input(argument, slot, _c_name(argument.name), signature)
        self._leaf_names = len(signature)
        return made

    def _input(
        self, argument: BlockArgument, slot: Slot, name: str, signature: list[str]
    ) -> NativeValue:
        match slot:
            case NoneSlot():
                return Static(None)
            case TextSlot(value):
                return Static(value)
            case TupleSlot(elements):
                return Tuple(
                    tuple(
                        self._input(argument, e, f"{name}_{i}", signature)
                        for i, e in enumerate(elements)
                    )
                )
        leaf = self._leaf_count
        self._leaf_count += 1
        name = (
            f"{name}_{leaf}"
            if name in {s.rpartition(" ")[2].lstrip("*") for s in signature}
            else name
        )
        match slot:
            case ScalarSlot(dtype, python):
                signature.append(f"{C_TYPES[dtype]} {name}")
                self.line(f"(void){name};")
                return Scalar(dtype, name, python)
            case ListSlot(element):
                signature.append(f"const sc_list *{name}")
                kind = (
                    INT
                    if element.dtype == "int64"
                    else FLOAT
                    if element.dtype == "float64"
                    else BOOL
                )
                if argument in self.origins.written:
                    raise Unsupported(f"the list `{argument.name}` is changed", self.location)
                local = self.writer.name("l")
                self.line(f"sc_list *const {local} = (sc_list *){name};")
                made, declared = self._fix(List(local, kind))
                for variable in declared:
                    self.line(f"(void){variable};")
                return made
        assert isinstance(slot, TensorSlot)
        signature.append(f"const sc_tensor *{name}")
        self._leaf_of[argument] = name
        return self._tensor_input(argument, slot, name, str(leaf))

    def _tensor_input(
        self, argument: BlockArgument, slot: TensorSlot, name: str, leaf: str
    ) -> Buffer:
        sizes = []
        for axis, known in enumerate(slot.sizes):
            if known is not None:
                sizes.append(str(known))
            else:
                size = f"{name}_n{axis}"
                self.line(f"const int64_t {size} = {name}->shape[{axis}];")
                self.ranges.note(size, 0, 2**63 - 1)
                self.line(f"(void){size};")
                sizes.append(size)
        type_ = C_TYPES[slot.dtype]
        free = argument in self.origins.written or argument in self.origins.returned
        data = f"{name}_p"
        if slot.contiguous:
            self.line(f"{type_} *const {data} = ({type_} *){name}->data;")
            self.line(f"(void){data};")
            return contiguous(slot.dtype, sizes, data, (Root(),), leaf, "1")
        if free or not sizes:
            strides = []
            for axis in range(len(sizes)):
                self.line(f"const int64_t {name}_s{axis} = {name}->strides[{axis}];")
                self.line(f"(void){name}_s{axis};")
                strides.append(f"{name}_s{axis}")
            self.line(f"{type_} *const {data} = ({type_} *){name}->data;")
            return Buffer(
                slot.dtype,
                sizes,
                data,
                strides,
                (Root(),),
                contiguous=not sizes,
                source=leaf,
                identity="1",
            )
        scratch = self.new_slot()
        self.line(
            f"{type_} *const {data} = ({type_} *)sc_contiguous"
            f"(ws, {scratch}, {name}, {len(sizes)}, {ITEM_SIZES[slot.dtype]});"
        )
        self.stop_if(f"!{data}", "MemoryError", "out of memory")
        return contiguous(slot.dtype, sizes, data, (Root(),), leaf, "1")

    # --- results --------------------------------------------------------------------------------

    def _result_slot(self) -> Slot:
        type_ = self.function.return_type
        assert type_ is not None
        returns = [op for op in self.function.walk() if op.name == "return" and op.opdef is None]
        return self._slot_of_values([op.operands[0] for op in returns], type_)

    def _slot_of_values(self, values: Sequence[Value], type_: Type) -> Slot:
        """Return how values of a type, one of which is returned, are given back.

        What makes dicts tells their keys, and the types of their values, which the type does not.
        """
        type_ = prune(type_)
        makers = [getattr(value, "operation", None) for value in values]
        made = [m for m in makers if m is not None and m.name in ("tuple", "dict")]
        if not values or len(made) < len(values) or not isinstance(type_, TupleType | DictType):
            return self.slot_of(type_)
        if isinstance(type_, TupleType):
            parts = list(zip(*(m.operands for m in made), strict=True))
            kinds = list(type_.elements)
            return TupleSlot(tuple(map(self._slot_of_values, parts, kinds)))
        keys, *others = [tuple(map(self._key, m.operands[::2])) for m in made]
        if any(other != keys for other in others):
            raise Unsupported("dicts of different keys are returned", self.function.location)
        parts = list(zip(*(m.operands[1::2] for m in made), strict=True))
        kinds = [_joined(part, type_.value) for part in parts]
        return DictSlot(tuple(map(self._slot_of_values, parts, kinds)), keys)

    def _key(self, value: Value) -> str:
        if isinstance(value, Constant) and type(value.value) is str and value.value.isascii():
            return value.value
        raise Unsupported("a dict whose keys are not known strings", self.function.location)

    def slot_of(self, type_: Type) -> Slot:
        """Return how a value of a type is given back."""
        type_ = prune(type_)
        if not isinstance(type_, TupleType) and type_ != NONE:
            self._slots_made += 1
            if self._slots_made in self._known:
                return self._known[self._slots_made]
        if type_ in PYTHON_DTYPES:
            return ScalarSlot(PYTHON_DTYPES[type_], python=True)
        if type_ in (NONE, NEVER):  # what always raises gives nothing
            return NoneSlot()
        match type_:
            case TensorType(str(dtype), shape) if dtype in C_TYPES and shape is not None:
                if not shape:
                    return ScalarSlot(dtype, python=False)
                return TensorSlot(dtype, (None,) * len(shape))
            case TensorType():
                return _UNKNOWN
            case TupleType(elements):
                return TupleSlot(tuple(map(self.slot_of, elements)))
            case ListType(element) if prune(element) in PYTHON_DTYPES:
                return ListSlot(ScalarSlot(PYTHON_DTYPES[prune(element)], python=True))
        raise Unsupported(f"a result of type {type_}", self.function.location)

    def _hint_results(self) -> None:
        """Have arrays that are only returned computed in the memory that is handed over."""
        returns = [op for op in self.function.walk() if op.name == "return" and op.opdef is None]
        if len(returns) != 1 or returns[0].parent is not self.function.body:
            return
        assert self.result is not None
        names = iter(self._results)

        def visit(value: Value, slot: Slot) -> None:
            if isinstance(slot, TupleSlot):
                made = getattr(value, "operation", None)
                named = made is not None and made.name == "dict"
                if made is not None and (named or made.name == "tuple") and len(value.uses) == 1:
                    parts = made.operands[1::2] if named else made.operands
                    for operand, inner in zip(parts, slot.elements, strict=True):
                        visit(operand, inner)
                else:
                    for _ in leaves(slot):
                        next(names)
            elif isinstance(slot, TensorSlot):
                name = next(names)
                made = getattr(value, "operation", None)
                if made is not None and made.parent is self.function.body:
                    self._allocators.setdefault(value, self._result_allocator(name))
            else:
                for _ in leaves(slot):
                    next(names)

        visit(returns[0].operands[0], self.result)

    def _result_allocator(self, name: str) -> Callable[[Node], Buffer]:
        def allocate(node: Node) -> Buffer:
            type_ = C_TYPES[node.dtype]
            pointer = self.writer.name("p")
            size = self.bytes(node.dtype, node.sizes)
            self.line(f"{type_} *const {pointer} = ({type_} *)sc_allocate({size});")
            self.stop_if(f"!{pointer}", "MemoryError", "out of memory")
            self.line(f"{name}->allocation = {pointer};")
            made = contiguous(node.dtype, node.sizes, pointer, (Root(),))
            self._returned[id(made.roots[0])] = name
            self._kept_roots.append(made.roots[0])
            return made

        return allocate

    def give(self, value: NativeValue, slot: Slot, names: list[str]) -> None:
        """Write a result into the variables of the caller."""
        if slot is _UNKNOWN:
            raise _ResultKind(int(names[0].removeprefix("out")), self._kind_of(value))
        match slot:
            case TupleSlot(elements):
                if not isinstance(value, Tuple):
                    raise Unsupported("a tuple that is not made here is returned", self.location)
                for item, inner in zip(value.items, elements, strict=True):
                    self.give(item, inner, names)
            case ScalarSlot(dtype, _):
                if isinstance(value, Array):
                    raise _ResultKind(int(names[0].removeprefix("out")), self._kind_of(value))
                scalar = self.as_scalar(value)
                if scalar.dtype != dtype:
                    raise Unsupported(f"a {scalar.dtype} is returned as {dtype}", self.location)
                self.line(f"*{names.pop(0)} = {scalar.code};")
            case ListSlot():
                if not isinstance(value, List):
                    raise Unsupported("this value is returned as a list", self.location)
                self.stop_if(
                    f"!sc_list_give({names.pop(0)}, {value.code}, {self.item_size(value)})",
                    "MemoryError", "out of memory",
                )  # fmt: skip
            case TensorSlot():
                self._give_array(value, slot, names.pop(0))

    def _kind_of(self, value: NativeValue) -> ScalarSlot | TensorSlot:
        """Return how a number or an array is given back."""
        if isinstance(value, Scalar):
            return ScalarSlot(value.dtype, value.python)
        if not isinstance(value, Array):
            raise Unsupported("a result of no known type", self.location)
        return TensorSlot(value.dtype, (None,) * value.rank)

    def _give_array(self, value: NativeValue, slot: TensorSlot, name: str) -> None:
        if isinstance(value, Scalar):
            raise Unsupported("a number is returned as an array", self.location)
        assert isinstance(value, Array), value
        if value.dtype != slot.dtype or value.rank != slot.rank:
            raise Unsupported("an array of another kind is returned", self.location)
        if isinstance(value, Node) and value.buffer is None and value.allocate is None:
            value.allocate = self._result_allocator(name)
        buffer = force_one(self, value)
        for axis, size in enumerate(buffer.sizes):
            self.line(f"{name}->shape[{axis}] = {size};")
        for other_name, other in self._given:
            if other is buffer:  # the same object twice
                self.line(f"{name}->source = {-2 - int(other_name.removeprefix('out'))};")
                return
            shared = any(root in other.roots for root in buffer.roots)
            if shared and not (is_literal(buffer.source) and buffer.source != "-1"):
                raise Unsupported("two results share their memory", self.location)
        self._given.append((name, buffer))
        own = [self._returned[id(r)] for r in buffer.roots if id(r) in self._returned]
        if own and own != [name]:
            raise Unsupported("two results share their memory", self.location)
        if own or is_literal(buffer.source):
            if not own and buffer.source == "-1":
                buffer = self._handed_over(buffer, name)
            self._describe(buffer, name)
            return
        # Which it is shows when the code runs.
        with self.writer.braces(f"if ({buffer.source} < 0)", "} else {"):
            self._describe(self._handed_over(buffer, name), name)
        self.writer.depth += 1
        self._describe(buffer, name)
        self.writer.depth -= 1
        self.line("}")

    def _handed_over(self, buffer: Buffer, name: str) -> Buffer:
        """Write code that copies an array to memory of its own, which the caller gets."""
        type_ = C_TYPES[buffer.dtype]
        size = self.bytes(buffer.dtype, buffer.sizes)
        data = self.writer.name("p")
        self.line(f"{type_} *const {data} = ({type_} *)sc_allocate({size});")
        self.stop_if(f"!{data}", "MemoryError", "out of memory")
        self.line(f"{name}->allocation = {data};")
        made = contiguous(buffer.dtype, buffer.sizes, data, (Root(),))
        copy_into(self, buffer, made)
        return made

    def _describe(self, buffer: Buffer, name: str) -> None:
        self.line(f"{name}->data = {buffer.data};")
        for axis, stride in enumerate(buffer.strides):
            self.line(f"{name}->strides[{axis}] = {stride};")
        self.line(f"{name}->source = {buffer.source};")
        if buffer.identity != "0":
            self.line(f"{name}->identity = {buffer.identity};")

    # --- blocks -----------------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """Write the operations of a block, its terminator included."""
        end = block.terminator
        if end is not None and end.name == "raise" and _only_raises(block):
            self.location = end.location or self.location
            self._raise(end)
            return
        last = _last_uses(block)
        for position, operation in enumerate(block.operations):
            self.location = operation.location or self.location
            if operation.is_terminator:
                self._terminator(operation)
            elif operation not in self._moved:
                self._dying = last.get(position, ())
                self.operation(operation)
            for value in last.get(position, ()):
                self.values.pop(value, None)

    def operation(self, operation: Operation) -> None:
        if operation.opdef is None:
            handler = _STRUCTURAL.get(operation.name)
            if handler is None:
                raise Unsupported(f"`{operation.name}`", operation.location)
            handler(self, operation)
            return
        lowering = self.lowerings.get(operation.name)
        if lowering is None:
            raise Unsupported(f"the operation `{operation.name}`", operation.location)
        known = self._computed.pop(operation, None)
        if known is not None:
            self.bind(operation.result, known)
            return
        operands = [self.value(v) for v in operation.operands]
        result = lowering(self, operation, operands)
        if result is None:  # like `x.append(...)`
            result = [Static(None)] * len(operation.results)
        results = result if isinstance(result, list) else [result]
        for value, made in zip(operation.results, results, strict=True):
            self.bind(value, made)

    def computed(self, operation: Operation, made: NativeValue, *, along: Operation) -> None:
        """Say what the result of a later operation is, which an earlier one has computed with its.

        What only these two use is not wanted any more.
        """
        self._computed[operation] = made
        for value in operation.operands:
            maker = getattr(value, "operation", None)
            near = maker is not None and maker.parent is operation.parent
            if near and not set(value.uses) - {operation, along}:
                self.values.pop(value, None)

    def bind(self, value: Value, made: NativeValue) -> None:
        """Say what a value of the program is."""
        if isinstance(made, Node) and made.buffer is None:
            made.uses = max(made.uses, sum(value.uses.values()))
            allocate = self._allocators.get(value)
            if allocate is not None:
                made.allocate = allocate
        self.values[value] = made

    def value(self, value: Value) -> NativeValue:
        if isinstance(value, Constant):
            return self.constant(value.value, value.type)
        return self.values[value]

    def constant(self, value: Any, type_: Type | None = None) -> NativeValue:
        """Return the form of a value that is known."""
        kind = type(value)
        if kind is bool:
            return Scalar("bool", "1" if value else "0", python=True)
        if kind is int:
            return Scalar("int64", int_literal(value), python=True)
        if kind is float:
            return Scalar("float64", float_literal(value, "float64"), python=True)
        if kind is tuple:
            return Tuple(tuple(self.constant(v) for v in value))
        if kind is range:
            return Range(*map(int_literal, (value.start, value.stop, value.step)))
        if kind is slice:
            return Slice(*(self.constant(v) for v in (value.start, value.stop, value.step)))
        if isinstance(value, np.generic):
            if value.dtype.name not in C_TYPES:
                raise Unsupported(f"the dtype {value.dtype}", self.location)
            return Scalar(value.dtype.name, scalar_literal(value), python=False)
        if isinstance(value, np.ndarray):
            return self._constant_array(value)
        if value is UNBOUND:
            return Static(UNBOUND)
        if value is None or kind in (str, type(...)) or isinstance(value, np.dtype | ExceptionRef):
            return Static(value)
        raise Unsupported(f"a constant of type {type_ or kind.__name__}", self.location)

    def _constant_array(self, array: np.ndarray[Any, Any]) -> Buffer:
        dtype = array.dtype.name
        if dtype not in C_TYPES:
            raise Unsupported(f"the dtype {dtype}", self.location)
        sizes = [str(s) for s in array.shape]
        type_ = C_TYPES[dtype]
        if 0 < array.size <= _EMBEDDED:
            name = f"constant_{len(self.embedded)}"
            elements = ", ".join(scalar_literal(x) for x in array.ravel())
            self.embedded.append(f"static const {type_} {name}[] = {{{elements}}};")
            return contiguous(dtype, sizes, f"(({type_} *){name})", (Root(),))
        steps = all(stride % array.itemsize == 0 for stride in array.strides)
        usual = array.dtype.isnative and array.flags.aligned and steps
        if not usual or array.ndim > MAX_RANK:
            raise Unsupported("a constant array that is not in memory as usual", self.location)
        index = next((i for i, a in enumerate(self.constants) if a is array), None)
        if index is None:
            index = len(self.constants)
            self.constants.append(array)
            self.prologue.append(f"    {type_} *const k{index}_p = ({type_} *)k{index}->data;")
            self.prologue.append(f"    (void)k{index}_p;")
        return Buffer(
            dtype,
            sizes,
            f"k{index}_p",
            [str(s // array.itemsize) for s in array.strides],
            (Root(),),
            contiguous=array.flags.c_contiguous,
        )

    # --- values -----------------------------------------------------------------------------------

    def as_scalar(self, value: NativeValue) -> Scalar:
        """Return a number; of an array without dimensions, its element."""
        if isinstance(value, Scalar):
            return value
        if isinstance(value, Array) and not value.sizes:
            buffer = force_one(self, value)
            return self.scalar(buffer.dtype, f"{buffer.data}[0]", python=False)
        raise Unsupported(
            f"a {type(value).__name__.lower()} where a number is wanted", self.location
        )

    def item_size(self, value: List) -> int:
        return ITEM_SIZES[self.element_dtype(value)]

    def element_dtype(self, value: List) -> str:
        kind = prune(value.element)
        if kind in PYTHON_DTYPES:
            return PYTHON_DTYPES[kind]
        raise Unsupported(f"a list of {kind}", self.location)

    def new_array(self, operation: Operation, dtype: str, sizes: Sequence[str]) -> Buffer:
        """Write code that gets the memory for the result of an operation."""
        node = Node(dtype, sizes)
        node.allocate = self._allocators.get(operation.results[0])
        return self.memory_for(node)

    def is_constant(self, buffer: Buffer) -> bool:
        """Tell whether an array is a constant of the program that the caller holds, or a view."""
        return re.fullmatch(r"k\d+_p", buffer.data) is not None

    def is_input(self, buffer: Buffer) -> bool:
        """Tell whether an array is all of an argument or a constant, in whatever order."""
        names = (*buffer.sizes, *buffer.strides)
        own = all(n.isdigit() or re.fullmatch(r"x_\w+", n) for n in names)
        return own and re.fullmatch(r"(k\d+|x_\w+)_p", buffer.data) is not None

    def pack(self, lines: Sequence[str]) -> str:
        """Have something made of constants once and for all; return where it is.

        `lines` allocate and fill `{to}`, and return 1 where there is no memory.
        """
        to = f"packs[{self._packs}]"
        self._packs += 1
        self._packing += [f"    {line.format(to=to)}" for line in lines]
        return to

    def before_write(self, target: Buffer) -> None:
        """Compute all that is pending and may read what is about to be written."""
        force(self, self.pending())
        if target.source != "-1" and not self._guarded:
            self.externally_written = True

    def final(self, operation: Operation, value: Value) -> bool:
        """Tell whether nothing is written into an array once an operation has stored it.

        It is so where the array is made anew in each round of the innermost loop around the
        operation, and all that is written into its kind goes to itself, earlier in the text.
        """
        places = {op: i for i, op in enumerate(self.function.walk())}
        root = self.aliases.root(value)
        writes = [
            op
            for op in places
            if Trait.WRITES in op.traits
            and isinstance(prune(op.operands[0].type), TensorType)
            and self.aliases.root(op.operands[0]) is root
        ]
        made = getattr(value, "operation", None)
        if not writes or made is None or made.opdef is None or Trait.VIEW in made.traits:
            return not writes
        return loop_around(made) is loop_around(operation) and all(
            _viewed(op.operands[0]) is value and places[op] < places[operation] for op in writes
        )

    def pending(self) -> list[Node]:
        """Return what is not computed yet and used later."""
        found: list[Node] = []

        def visit(value: NativeValue) -> None:
            if isinstance(value, Node) and value.buffer is None:
                found.append(value)
            elif isinstance(value, Tuple):
                for item in value.items:
                    visit(item)

        for value, held in self.values.items():
            if value not in self._dying:
                visit(held)
        return found

    # --- variables -------------------------------------------------------------------------------

    def declare(self, type_: Type, start: NativeValue | None, key: object) -> _Variable:
        """Declare the C variables that a value of a type stands in.

        `start` is what a carried value starts from; of it an array takes the sizes that all
        rounds are expected to have.
        """
        type_ = prune(type_)
        name = self.writer.name("c")
        unbound = isinstance(start, Static) and start.value is UNBOUND
        if unbound or isinstance(start, Maybe):
            bound = f"{name}_bound"
            self.line(f"bool {bound} = 0;")
            inner = self.declare(type_, start.value if isinstance(start, Maybe) else None, key)
            inner.value = Maybe(inner.value, bound)
            return inner
        if type_ in PYTHON_DTYPES:
            dtype = PYTHON_DTYPES[type_]
            self.line(f"{C_TYPES[dtype]} {name} = 0;")
            return _Variable(Scalar(dtype, name, python=True), key)
        match type_:
            case TensorType(str(kind), shape) if kind in C_TYPES and shape is not None:
                if not shape:
                    self.line(f"{C_TYPES[kind]} {name} = 0;")
                    return _Variable(Scalar(kind, name, python=False), key)
                return self._declare_array(type_, start, key, name)
            case ListType(element):
                self.line(f"sc_list *{name} = NULL;")
                return _Variable(List(name, element), key)
            case TupleType(elements):
                starts: Sequence[NativeValue | None] = [None] * len(elements)
                if isinstance(start, Tuple):
                    starts = start.items
                parts = [
                    self.declare(e, s, (key, i))
                    for i, (e, s) in enumerate(zip(elements, starts, strict=True))
                ]
                return _Variable(Tuple(tuple(p.value for p in parts)), parts)
        if type_ == NONE:
            return _Variable(Static(None), key)
        raise Unsupported(f"a variable of type {type_}", self.location)

    def _declare_array(
        self, type_: TensorType, start: NativeValue | None, key: object, name: str
    ) -> _Variable:
        assert type_.dtype is not None
        assert type_.shape is not None
        sizes = []
        for axis, dim in enumerate(type_.shape):
            if isinstance(dim, int):
                sizes.append(str(dim))
            elif isinstance(start, Array) and (key, axis) not in self._moving:
                sizes.append(start.sizes[axis])
            else:
                self.line(f"int64_t {name}_n{axis} = 0;")
                sizes.append(f"{name}_n{axis}")
        self.line(f"{C_TYPES[type_.dtype]} *{name} = NULL;")
        self.line(f"int32_t {name}_source = -1; bool {name}_same = 0;")
        self.line(f"(void){name}_source; (void){name}_same;")
        buffer = contiguous(type_.dtype, sizes, name, (), f"{name}_source", f"{name}_same")
        return _Variable(buffer, key)

    def assign(self, variables: Sequence[_Variable], values: Sequence[Value]) -> None:
        """Write assignments, as if all were made at once."""
        moves: list[tuple[str, str, str]] = []
        for variable, value in zip(variables, values, strict=True):
            self._assigned = value
            self._collect(variable, self.value(value), moves)
        targets = {target for _, target, _ in moves}
        moves = [m for m in moves if m[1] != m[2]]
        if sum(code in targets for _, _, code in moves):
            held = []
            for type_, target, code in moves:
                if code in targets:
                    name = self.writer.name("t")
                    self.line(f"{type_} {name} = {code};")
                    code = name
                held.append((type_, target, code))
            moves = held
        for _, target, code in moves:
            self.line(f"{target} = {code};")

    def _collect(
        self, variable: _Variable, value: NativeValue, moves: list[tuple[str, str, str]]
    ) -> None:
        target = variable.value
        if isinstance(target, Maybe):
            self._collect_maybe(variable, target, value, moves)
            return
        match target:
            case Scalar(dtype, code, python):
                if isinstance(value, Array):
                    raise Unsupported("an array without dimensions on one way", self.location)
                scalar = self.as_scalar(value)
                if scalar.dtype != dtype or scalar.python != python:
                    raise Unsupported("a number of another type on another way", self.location)
                moves.append((C_TYPES[dtype], code, scalar.code))
            case Static(held):
                if not (isinstance(value, Static) and value.value is held):
                    raise Unsupported("another value on another way", self.location)
            case List(code, element):
                if not isinstance(value, List):
                    raise Unsupported("another value on another way", self.location)
                del element
                moves.append(("sc_list *", code, value.code))
            case Tuple(_):
                if not isinstance(value, Tuple):
                    raise Unsupported("another value on another way", self.location)
                parts: Any = variable.key
                for part, item in zip(parts, value.items, strict=True):
                    self._collect(part, item, moves)
            case Buffer():
                self._collect_array(variable, target, value, moves)
            case _:
                raise Unsupported("a value on several ways", self.location)

    def _collect_maybe(
        self,
        variable: _Variable,
        target: Maybe,
        value: NativeValue,
        moves: list[tuple[str, str, str]],
    ) -> None:
        if isinstance(value, Static) and value.value is UNBOUND:
            moves.append(("bool", target.bound, "0"))
            return
        flag = "1"
        if isinstance(value, Maybe):
            flag = value.bound
            value = value.value
        moves.append(("bool", target.bound, flag))
        inner = replace(variable, value=target.value)
        self._collect(inner, value, moves)

    def _collect_array(
        self,
        variable: _Variable,
        target: Buffer,
        value: NativeValue,
        moves: list[tuple[str, str, str]],
    ) -> None:
        if not isinstance(value, Array) or value.rank != target.rank or value.dtype != target.dtype:
            raise Unsupported("an array of another kind on another way", self.location)
        buffer = force_one(self, value)
        for axis, (wanted, size) in enumerate(zip(target.sizes, buffer.sizes, strict=True)):
            if wanted.startswith(f"{target.data}_n"):
                moves.append(("int64_t", wanted, size))
            elif not self.same(wanted, size):
                if wanted.isdigit():
                    self.require_equal(size, wanted)
                else:
                    raise _SizeChanges(variable, axis)
        if buffer.data != target.data:
            buffer = self._lasting(variable, buffer)
        moves.append((f"{C_TYPES[target.dtype]} *", target.data, buffer.data))
        moves.append(("int32_t", target.source, buffer.source))
        moves.append(("bool", target.identity, buffer.identity))
        target.roots = (*target.roots, *(r for r in buffer.roots if r not in target.roots))

    def _lasting(self, variable: _Variable, buffer: Buffer) -> Buffer:
        """Return the same array where no later round writes over it, without gaps."""
        loops = variable.flip != ""
        if buffer.contiguous and not loops:
            return buffer
        if loops and variable.root in buffer.roots and len(buffer.roots) == 1 and buffer.contiguous:
            self.line(f"{variable.flip} = 1 - {variable.flip};")
            return buffer
        if buffer.contiguous and all(r.slot < 0 for r in buffer.roots) and buffer.roots:
            return buffer  # an input, a constant or a result
        if buffer.source != "-1" and self.origins.of(self._assigned) & self.origins.returned:
            raise Unsupported("an argument that changes hands and is returned", self.location)
        local = loops and all(root.loop is self.innermost for root in buffer.roots)
        if any(map(self.origins.may_be_written, variable.named)) or (
            not local and self.aliases.is_written(self._assigned)
        ):
            # A copy would not see what is written into the other one.
            raise Unsupported("an array that changes hands and is written into", self.location)
        if not loops:
            made = self.fresh(buffer.dtype, buffer.sizes)
            copy_into(self, buffer, made)
            return made
        slot = f"{variable.pair} + {variable.flip}"
        data = self.reserve(slot, buffer.dtype, buffer.sizes)
        assert variable.root is not None
        made = contiguous(buffer.dtype, buffer.sizes, data, (variable.root,))
        copy_into(self, buffer, made)
        self.line(f"{variable.flip} = 1 - {variable.flip};")
        return made

    def _give_pair(self, variable: _Variable) -> None:
        """Give a carried array two pieces of memory to be made in, in turn."""
        target = variable.value.value if isinstance(variable.value, Maybe) else variable.value
        if isinstance(target, Tuple):
            parts: Any = variable.key
            for part in parts:
                self._give_pair(part)
        if not isinstance(target, Buffer):
            return
        first = self.new_slots(2)
        variable.pair = first
        variable.flip = f"{target.data}_turn"
        variable.root = Root(first)
        self.line(f"int {variable.flip} = 0;")
        self.line(f"(void){variable.flip};")

    def new_slots(self, count: int) -> int:
        """Return the first of some slots in a row, which nothing else ever uses."""
        first = self._slots
        self._slots += count
        return first

    # --- control flow --------------------------------------------------------------------------

    def _settle(self, operation: Operation) -> None:
        """Compute what the blocks of an operation use, so that it is there on every way."""
        used = []
        for inner in operation.walk():
            for operand in inner.operands:
                found = self.values.get(operand)
                if isinstance(found, Node):
                    used.append(found)
                elif isinstance(found, Tuple):
                    used += [v for v in found.items if isinstance(v, Node)]
        force(self, used)
        if any(Trait.WRITES in inner.traits for inner in operation.walk()):
            # What is computed inside, before a write, would be there on that way only.
            force(self, self.pending())
        if operation.name != "if" and not self._guarded and self.origins.writes_outside(operation):
            # What comes later in the text may come earlier in the next round.
            self.externally_written = True

    def if_(self, operation: Operation) -> None:
        self._settle(operation)
        condition = self.as_scalar(self.value(operation.operands[0]))
        if condition.code in ("0", "1"):
            self._only(operation, operation.blocks[condition.code == "0"])
            return
        variables = [
            self.declare(r.type, _UNKNOWN_START if self._may_be_unbound(operation, i) else None, r)
            for i, r in enumerate(operation.results)
        ]
        for variable, result in zip(variables, operation.results, strict=True):
            _name(variable, (result,))
        self._yields.append(variables)
        before = self.externally_written
        after = before
        with self.writer.braces(f"if ({condition.code})", "} else {"), self.scope():
            self.block(operation.blocks[0])
        after |= self.externally_written
        self.externally_written = before
        self.writer.depth += 1
        with self.scope():
            self.block(operation.blocks[1])
        self.writer.depth -= 1
        self.line("}")
        self.externally_written |= after
        self._yields.pop()
        for result, variable in zip(operation.results, variables, strict=True):
            self.values[result] = variable.value

    def _may_be_unbound(self, operation: Operation, index: int) -> bool:
        for block in operation.blocks:
            end = block.terminator
            if end is None or end.name != "yield":
                continue
            value = end.operands[index]
            if isinstance(value, Constant) and value.value is UNBOUND:
                return True
            if isinstance(self.values.get(value), Maybe):
                return True
            made = getattr(value, "operation", None)
            if (
                made is not None
                and made.name in ("if", "for", "loop")
                and self._unbound_result(made, value)
            ):
                return True
        return False

    def _unbound_result(self, made: Operation, value: Value) -> bool:
        index = made.results.index(value)  # type: ignore[arg-type]  # it is one of its results
        if made.name == "if":
            return self._may_be_unbound(made, index)
        start = made.operands[index + (made.name == "for")]
        return isinstance(start, Constant) and start.value is UNBOUND

    def _only(self, operation: Operation, block: Block) -> None:
        """Write the one block of an `if` that is ever taken."""
        last = _last_uses(block)
        for position, inner in enumerate(block.operations):
            self.location = inner.location or self.location
            if inner.is_terminator:
                if inner.name == "yield":
                    for result, operand in zip(operation.results, inner.operands, strict=True):
                        self.bind(result, self.value(operand))
                else:
                    self._terminator(inner)
            else:
                self.operation(inner)
            for value in last.get(position, ()):
                self.values.pop(value, None)

    def for_(self, operation: Operation) -> None:
        iterable = self.value(operation.operands[0])
        self._loop(operation, operation.operands[1:], iterable)

    def loop(self, operation: Operation) -> None:
        self._loop(operation, operation.operands, None)

    def _loop(
        self, operation: Operation, starts: Sequence[Value], iterable: NativeValue | None
    ) -> None:
        self._settle(operation)
        if isinstance(iterable, Node):
            force(self, [iterable])
            iterable = iterable.buffer
        first = [self.value(v) for v in starts]
        force(self, [v for v in first if isinstance(v, Node)])
        while True:
            mark = self.writer.mark()
            written = self.externally_written
            try:
                self._write_loop(operation, starts, first, iterable)
            except _SizeChanges as change:
                if change.key in self._moving:
                    raise
                self._moving.add(change.key)
                self.writer.back(mark)
                self.externally_written = written
                continue
            return

    def _write_loop(
        self,
        operation: Operation,
        starts: Sequence[Value],
        first: Sequence[NativeValue],
        iterable: NativeValue | None,
    ) -> None:
        body = operation.blocks[0]
        is_for = operation.name == "for"
        depth = len(self._loops), len(self._yields)
        carried = body.arguments[is_for:]
        variables = [
            self.declare(a.type, v, (operation, i))
            for i, (a, v) in enumerate(zip(carried, first, strict=True))
        ]
        for variable, argument, result in zip(variables, carried, operation.results, strict=True):
            _name(variable, (argument, result))
        self.assign(variables, starts)
        for argument, variable, value in zip(carried, variables, first, strict=True):
            if isinstance(variable.value, Scalar) and isinstance(value, Scalar):
                found = range_of_counter(argument, self.ranges.of(value.code))
                if found is not None:
                    self.ranges.note(variable.value.code, *found)
        jumps = list(_jumps(operation))
        if any(j.name == "continue" for j in jumps) or is_for:
            for variable in variables:
                self._give_pair(variable)
        one_way = sum(j.name == "continue" for j in jumps) == 1
        if one_way:
            self._hint_rounds(body, jumps, variables)
        for argument, variable in zip(carried, variables, strict=True):
            self.values[argument] = variable.value
        self._loops.append(_Loop(variables, one_way))
        written = self._loops[-1]
        outside, self.innermost = self.innermost, written
        try:
            head = self._loop_head(iterable)
            with self.scope(), self._in_front(operation, head):
                self.line(f"{head.text} {{")
                self.writer.depth += 1
                if head.item is not None:
                    self.bind(body.arguments[0], head.item())
                self.block(body)
                self.writer.depth -= 1
                self.line("}")
        finally:
            del self._loops[depth[0] :]
            self.innermost = outside
            del self._yields[depth[1] :]
        for i, (result, variable) in enumerate(zip(operation.results, variables, strict=True)):
            value = variable.value
            if isinstance(value, Maybe) and not is_for and i not in written.unbound:
                value = value.value  # only a `break` leads here, and each one assigns it
            self.values[result] = value

    def _hint_rounds(
        self, body: Block, jumps: Sequence[Operation], variables: Sequence[_Variable]
    ) -> None:
        """Have what the next round takes over computed where that round expects it."""
        (jump,) = [j for j in jumps if j.name == "continue"]
        if jump.parent is not body:
            return
        for value, variable in zip(jump.operands, variables, strict=True):
            made = getattr(value, "operation", None)
            if made is None or made.parent is not body or not variable.flip:
                continue
            if sum(v is value for v in jump.operands) > 1:
                continue
            self._allocators[value] = self._round_allocator(variable)

    def _round_allocator(self, variable: _Variable) -> Callable[[Node], Buffer]:
        def allocate(node: Node) -> Buffer:
            slot = f"{variable.pair} + {variable.flip}"
            data = self.reserve(slot, node.dtype, node.sizes)
            assert variable.root is not None
            return contiguous(node.dtype, node.sizes, data, (variable.root,))

        return allocate

    @contextmanager
    def _in_front(self, loop: Operation, head: _Head) -> Iterator[None]:
        """Write in front of a loop what is the same in all its rounds; the rounds stand inside.

        Where the interpreter cannot repeat the call any more, nothing that may fail is moved.
        """
        found = find_invariants(loop, self.aliases)
        if self.externally_written:
            found = Invariants(lists=found.lists)
        start = self.writer.mark()
        location = self.location
        outer = self._fix_lists(found.lists)
        outside = self.writer.mark()
        if head.runs:
            self.line(f"if ({head.runs}) {{")
            self.writer.depth += 1
        inside = self.writer.mark()
        inner = []
        for operation, earlier in found.moved:
            self.location = operation.location or self.location
            if earlier is None:
                self.operation(operation)
                inner += self._fix_lists([v for v in operation.results if v in found.lists])
            else:
                self.values[operation.result] = self.values[earlier.result]
            self._moved.add(operation)
        for access in sorted(found.accesses, key=lambda a: -a.offset):
            self._require_places(access, head.counter)
        guarded = bool(head.runs)
        if guarded and self.writer.mark() == inside:
            self.writer.back(outside)
            guarded = False
        self.location = location
        try:
            yield
        finally:
            for operation, _ in found.moved:
                self._moved.discard(operation)
                for result in operation.results:
                    self.values.pop(result, None)
            for value, held, _ in outer:
                self.values[value] = held
        if guarded:
            self.writer.depth -= 1
            self.line("}")
        declared = {name: line for *_, lines in (*outer, *inner) for name, line in lines.items()}
        self.writer.drop_unused(start, declared)

    def _fix_lists(self, lists: Sequence[Value]) -> list[tuple[Value, List, dict[str, str]]]:
        """Write where lists are that stay there; return what they were, and the lines by name."""
        done = []
        for value in lists:
            held = self.values.get(value)
            if isinstance(held, List) and held.fixed is None:
                self.values[value], lines = self._fix(held)
                done.append((value, held, lines))
        return done

    def _fix(self, held: List) -> tuple[List, dict[str, str]]:
        """Write the length of a list and its place into variables; return the lines by name."""
        length, data = self.writer.name("n"), self.writer.name("items")
        lines = {
            length: f"const int64_t {length} = {held.length};",
            data: f"void *const {data} = {held.data};",
        }
        for text in lines.values():
            self.line(text)
        self.ranges.note(length, 0, MAX_LENGTH)
        return replace(held, fixed=(length, data)), lines

    def _require_places(self, access: Access, counter: str) -> None:
        """Write the test that a loop gets to no place behind the end of a container."""
        held = self.value(access.container)
        limit = self.ranges.limit_of(counter)
        if isinstance(held, List) and held.fixed is not None:
            sizes: Sequence[str] = held.fixed[:1]
        elif isinstance(held, Array):
            sizes = held.sizes
        else:
            return
        if limit is None or access.axis >= len(sizes):
            return
        if self.ranges.of(counter)[0] + access.offset < 0 or access.offset > MAX_LENGTH:
            return
        size = sizes[access.axis]
        limit = limit[0], limit[1] + access.offset
        if not self.is_within(limit, size):
            self.require_within(limit, size)

    def _loop_head(self, iterable: NativeValue | None) -> _Head:
        if iterable is None:
            return _Head("for (;;)")
        name = self.writer.name("i")
        if not isinstance(iterable, Range):
            length, item_at = self.walked(iterable)
            text = f"for (int64_t {name} = 0; {name} < {length}; ++{name})"
            return _Head(text, lambda: item_at(name), f"0 < {length}")
        start, stop, step = iterable.start, iterable.stop, iterable.step
        item = lambda: Scalar("int64", name, python=True)  # noqa: E731 - as the others
        if step == "1":
            self.ranges.note(name, self.ranges.of(start)[0], self.ranges.of(stop)[1] - 1)
            self.ranges.note_below(name, stop)
            text = f"for (int64_t {name} = {start}; {name} < {stop}; ++{name})"
            known = is_literal(start) and is_literal(stop) and int(start) < int(stop)
            return _Head(text, item, "" if known else f"{start} < {stop}", name)
        count = self.size(f"sc_range_length({start}, {stop}, {step})")
        if is_literal(step) and int(step) < 0:
            self.ranges.note(name, self.ranges.of(stop)[0] + 1, self.ranges.of(start)[1])
            self.ranges.note_below(name, start, 1)
        turn = self.writer.name("i")
        text = (
            f"for (int64_t {turn} = 0, {name} = {start}; {turn} < {count}; "
            f"++{turn}, {name} = (int64_t)((uint64_t){name} + (uint64_t)({step})))"
        )
        return _Head(text, item, f"0 < {count}", name)

    def walked(self, iterable: NativeValue) -> tuple[str, Callable[[str], NativeValue]]:
        """Return the length of what a loop walks over, and its items by their place."""
        match iterable:
            case Iteration(length, item):
                return length, item
            case Range(start, stop, step):
                count = self.size(f"sc_range_length({start}, {stop}, {step})")
                return count, lambda i: self.scalar(
                    "int64", f"{start} + {i} * ({step})", python=True
                )
            case Array() if iterable.sizes:
                buffer = force_one(self, iterable)
                return buffer.sizes[0], lambda i: self.row(buffer, i)
            case List():
                return iterable.length, lambda i: self.element(iterable, i)
            case Tuple():
                raise Unsupported("a loop over a tuple", self.location)
        raise Unsupported(f"a loop over a {type(iterable).__name__.lower()}", self.location)

    def row(self, buffer: Buffer, index: str) -> NativeValue:
        """Return what stands at a place of the first dimension."""
        offset = multiply(index, buffer.strides[0])
        if buffer.rank == 1:
            return self.scalar(buffer.dtype, f"{buffer.data}[{offset}]", python=False)
        name = self.writer.name("p")
        self.line(f"{C_TYPES[buffer.dtype]} *const {name} = {buffer.data} + {offset};")
        return Buffer(
            buffer.dtype, buffer.sizes[1:], name, buffer.strides[1:], buffer.roots,
            contiguous=buffer.contiguous, source=buffer.source,
        )  # fmt: skip

    def element(self, value: List, index: str) -> NativeValue:
        """Return the element of a list at a place that exists."""
        kind = prune(value.element)
        if kind in PYTHON_DTYPES:
            dtype = PYTHON_DTYPES[kind]
            code = f"(({C_TYPES[dtype]} *){value.data})[{index}]"
            return self.scalar(dtype, code, python=True)
        match kind:
            case ListType(inner):
                local = self.writer.name("l")
                self.line(f"sc_list *const {local} = ((sc_list **){value.data})[{index}];")
                return List(local, inner)
            case TensorType(str(name), shape) if name in C_TYPES and shape is not None:
                if not shape:
                    code = f"(({C_TYPES[name]} *){value.data})[{index}]"
                    return self.scalar(name, code, python=False)
                return self._element_array(value, kind, index)
        raise Unsupported(f"a list of {kind}", self.location)

    def _element_array(self, value: List, kind: TensorType, index: str) -> Buffer:
        assert kind.dtype is not None
        assert kind.shape is not None
        name = self.writer.name("e")
        self.line(f"const sc_tensor *const {name} = &((sc_tensor *){value.data})[{index}];")
        sizes = [
            str(d) if isinstance(d, int) else self.size(f"{name}->shape[{i}]")
            for i, d in enumerate(kind.shape)
        ]
        data = self.writer.name("p")
        self.line(f"{C_TYPES[kind.dtype]} *const {data} = ({C_TYPES[kind.dtype]} *){name}->data;")
        return contiguous(kind.dtype, sizes, data, (Root(),))

    def check_bound(self, operation: Operation) -> None:
        value = self.value(operation.operands[0])
        if isinstance(value, Maybe):
            self.stop_if(f"!{value.bound}", "UnboundLocalError", "a variable is not assigned")
            value = value.value
        elif isinstance(value, Static) and value.value is UNBOUND:
            self.stop("UnboundLocalError", "a variable is not assigned")
            raise Unsupported("a variable that is never assigned", operation.location)
        self.values[operation.result] = value

    def refine(self, operation: Operation) -> None:
        self.values[operation.result] = self.value(operation.operands[0])

    def _terminator(self, operation: Operation) -> None:
        match operation.name:
            case "yield":
                self.assign(self._yields[-1], operation.operands)
            case "continue" | "break":
                loop = self._loops[-1]
                if operation.name == "break":
                    loop.unbound |= {
                        i for i, v in enumerate(operation.operands) if self._is_maybe(v)
                    }
                self.assign(loop.variables, operation.operands)
                self.line(f"{operation.name};")
            case "return":
                assert self.result is not None
                self._given = []
                self.give(self.value(operation.operands[0]), self.result, list(self._results))
                self.line("return 0;")
            case "raise":
                self._raise(operation)
            case "unreachable":
                self.line("return -1;")

    def _is_maybe(self, value: Value) -> bool:
        held = self.value(value)
        return isinstance(held, Maybe) or (isinstance(held, Static) and held.value is UNBOUND)

    def _raise(self, operation: Operation) -> None:
        reference = operation.operands[0] if operation.operands else None
        message = operation.operands[1] if len(operation.operands) > 1 else None
        name = ""
        if isinstance(reference, Constant) and isinstance(reference.value, ExceptionRef):
            name = "" if reference.value.base else reference.value.name
        text = message.value if isinstance(message, Constant) else None
        if not isinstance(text, str):
            name = name if message is None else ""
        self.stop(name, text if isinstance(text, str) else "")


def _joined(values: Sequence[Value], otherwise: Type) -> Type:
    """Return the type of a value that is one of these."""
    found: Type | None = NEVER
    for value in values:
        found = None if found is None else either(found, value.type)
    return otherwise if found is None else resolve(found)


def _viewed(value: Value) -> Value:
    """Return the array that a value is a view of, as far as operations in a row tell."""
    while True:
        made = getattr(value, "operation", None)
        if made is None or made.opdef is None or Trait.VIEW not in made.traits:
            return value
        value = made.operands[0]


def _name(variable: _Variable, values: tuple[Value, ...]) -> None:
    """Say which values of the program a variable, and its parts, are."""
    variable.named = values
    if isinstance(variable.value, Tuple):
        parts: Any = variable.key
        for part in parts:
            _name(part, values)


_UNKNOWN_START = Static(UNBOUND)
_STRUCTURAL: Mapping[str, Callable[[FunctionEmitter, Operation], None]] = {
    "if": FunctionEmitter.if_,
    "for": FunctionEmitter.for_,
    "loop": FunctionEmitter.loop,
    "check_bound": FunctionEmitter.check_bound,
    "refine": FunctionEmitter.refine,
}


def _mark_written(parameter: Parameter, written: Sequence[bool]) -> Parameter:
    slot = parameter.slot
    if not any(written):
        return parameter
    if isinstance(slot, DictSlot):
        raise Unsupported(f"an array in the dict `{parameter.name}` is written into")
    if not isinstance(slot, TensorSlot):
        return parameter
    made = replace(slot, writable=True)
    return Parameter(parameter.name, made, parameter.path, parameter.constant)


def _result_type(leaf: ScalarSlot | TensorSlot | ListSlot) -> str:
    if isinstance(leaf, ScalarSlot):
        return C_TYPES[leaf.dtype]
    return "sc_tensor" if isinstance(leaf, TensorSlot) else "sc_list"


def _c_name(name: str) -> str:
    """Return a name of C for a name of the program, which may be anything."""
    text = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return f"x_{text}"


def _only_raises(block: Block) -> bool:
    """Tell whether a block does nothing but raise: the message is left to the interpreter."""
    return not any(op.blocks or op.traits & {Trait.WRITES, Trait.EFFECT} for op in block.operations)


def _last_uses(block: Block) -> dict[int, list[Value]]:
    """Return the values of a block by the position behind which nothing uses them."""
    own = {r for op in block.operations for r in op.results} | set(block.arguments)
    seen: set[Value] = set()
    found: dict[int, list[Value]] = {}
    for position in range(len(block.operations) - 1, -1, -1):
        operation = block.operations[position]
        for result in operation.results:
            if result not in seen:
                found.setdefault(position, []).append(result)
        for inner in operation.walk():
            for value in inner.operands:
                if value in own and value not in seen:
                    seen.add(value)
                    found.setdefault(position, []).append(value)
    return found


def _jumps(loop: Operation) -> list[Operation]:
    """Return the `continue` and `break` operations of a loop, those of inner loops left out."""
    found: list[Operation] = []
    pending = list(loop.blocks)
    while pending:
        for operation in pending.pop().operations:
            if operation.opdef is not None:
                continue
            if operation.name in ("continue", "break"):
                found.append(operation)
            elif operation.name == "if":
                pending += operation.blocks
    return found


def int_literal(value: int) -> str:
    """Return an int as C writes it."""
    if -(2**31) < value < 2**31:
        return str(value)
    return "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"


def float_literal(value: float, dtype: str) -> str:
    """Return a float as C writes it, to the bit."""
    if math.isnan(value):
        return "((float)NAN)" if dtype == "float32" else "((double)NAN)"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    text = repr(float(value))
    if dtype == "float32":
        text = f"{float(value):.9g}"
        if not any(c in text for c in ".en"):
            text += ".0"
        text += "f"
    return f"({text})" if text.startswith("-") else text


def scalar_literal(value: Any) -> str:
    """Return a NumPy scalar as C writes it."""
    dtype = value.dtype.name
    if dtype == "bool":
        return "1" if value else "0"
    if dtype.startswith("float"):
        return float_literal(float(value), dtype)
    if dtype == "uint64":
        return f"UINT64_C({int(value)})"
    return f"({C_TYPES[dtype]}){int_literal(int(value))}"
