"""The recorder: runs operations on the real values, and records them into a program."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from scriptc.frontend.compiler import Compiler
from scriptc.frontend.dialects.tables import Entry, Gathered, choose, numpy_dialect
from scriptc.frontend.tracing import library
from scriptc.frontend.tracing.errors import TraceError, UnrecordedError
from scriptc.frontend.tracing.objects import TraceObjects
from scriptc.frontend.tracing.places import Warner, trace_error, user_location
from scriptc.frontend.tracing.values import (
    Traced,
    TracedArray,
    TracedNumber,
    TracedShape,
    concrete_of,
    holds,
    is_traced,
    rebuilt,
)
from scriptc.ir.builder import Builder, constant
from scriptc.ir.graph import Block, BlockArgument, Constant, Function, Operation, OpResult, Value
from scriptc.ir.opdef import RuleError, Trait
from scriptc.ir.ops import REGISTRY
from scriptc.ir.schema import BindError
from scriptc.ir.types import TENSOR, TensorType, Type, generalize, members_of, prune, resolve

_NUMBERS = (int, float, bool, complex)

Suspend = Callable[[], AbstractContextManager[None]]
"""Makes code run as if nothing was recorded, while it lasts."""


@dataclass(slots=True, eq=False)
class Frame:
    """A function that is being recorded.

    `receivers` are the modules whose methods run, with the values that stand for them here.
    `captured` are the arrays of outer functions that it turned out to need: extra parameters.
    `sizes` keeps what was emitted for sizes.
    """

    function: Function
    builder: Builder
    receivers: list[tuple[Any, Value]] = field(default_factory=list)
    captured: dict[Value, tuple[Traced, Value]] = field(default_factory=dict)
    sizes: dict[Any, Value] = field(default_factory=dict)


class Recorder:
    """Records one run into a program."""

    def __init__(self, suspend: Suspend, overrides: dict[tuple[str, str], Type]) -> None:
        self.compiler = Compiler(overrides, TraceObjects)
        self.program = self.compiler.program
        self.objects = self.compiler.objects
        self.warner = Warner()
        self.suspend = suspend
        self.frames: list[Frame] = []
        self._thread = threading.get_ident()

    # --- functions ------------------------------------------------------------------------------

    @contextmanager
    def recording(self, function: Function) -> Iterator[Frame]:
        """Record into the body of a function."""
        frame = Frame(function, Builder(function.body))
        self.frames.append(frame)
        try:
            yield frame
        finally:
            self.frames.pop()

    @property
    def frame(self) -> Frame:
        """The function that is being recorded. Raises `TraceError` if the trace has ended."""
        if not self.frames:
            raise trace_error(
                "a value of a run that has ended",
                "return it from the traced function instead of keeping it elsewhere",
            )
        if threading.get_ident() != self._thread:
            raise trace_error("what another thread does", "call it in this thread")
        return self.frames[-1]

    def finish(self, result: Any) -> None:
        """End the function that is being recorded with what it returned."""
        function, builder = self.frame.function, self.frame.builder
        try:
            value = self.lift(result)
        except TraceError as error:
            raise TraceError(f"{error}\n  in what `{function.origin}` returned") from None
        builder.location = user_location()
        builder.terminate("return", [value])
        for operation in function.walk():
            for made in operation.results:
                made.type = resolve(made.type)
        function.return_type = resolve(value.type)

    def add(self, function: Function) -> None:
        """Add a finished function to the program, under a name that is free by now."""
        function.name = self.program.unique_name(function.name)
        self.program.add_function(function)

    # --- values ---------------------------------------------------------------------------------

    def wrap(self, concrete: Any, ir: Value) -> Any:
        """Return what the running code sees for a value of the IR."""
        if isinstance(concrete, np.ndarray | np.generic):
            return TracedArray(self, concrete, self.refined(ir, TENSOR))
        if type(concrete) in _NUMBERS:
            return TracedNumber(self, concrete, self.refined(ir, constant(concrete).type))
        if type(concrete) is dict and holds(concrete.values(), _recordable):
            return {
                key: self.wrap(part, self.emit("getitem", [ir, constant(key)]))
                for key, part in concrete.items()
            }
        if isinstance(concrete, list | tuple) and holds(concrete, _recordable):
            parts = [
                self.wrap(part, self.emit("getitem", [ir, constant(i)]))
                for i, part in enumerate(concrete)
            ]
            return rebuilt(concrete, parts)
        return concrete

    def refined(self, ir: Value, type_: Type) -> Value:
        """Return a value under the type that it has in this run, if it could have several."""
        found = prune(ir.type)
        if len(members_of(found)) == 1 or isinstance(found, TensorType):
            return ir
        operation = Operation("refine", [ir], [type_], result_names=[ir.name] if ir.name else ())
        operation.location = user_location()
        return self.frame.builder.insert(operation).result

    def lift(self, value: Any) -> Value:
        """Return the IR value for anything that recorded code passes along."""
        if isinstance(value, Traced):
            return self.localized(value)
        if isinstance(value, TracedShape):
            return self._shape_value(value.array)
        if type(value) is list:
            return self.emit("list", [self.lift(part) for part in value])
        if isinstance(value, tuple) and holds(value, _is_made):
            return self.emit("tuple", [self.lift(part) for part in value])
        if type(value) is dict:
            return self.emit("dict", [self.lift(part) for pair in value.items() for part in pair])
        if isinstance(value, slice):
            parts = (value.start, value.stop, value.step)
            return self.emit("slice", [self.lift(part) for part in parts])
        if isinstance(value, type) and value in _NUMBERS:
            value = np.dtype(value)
        if isinstance(value, np.ndarray) and (held := self.held(value)) is not None:
            return held
        if isinstance(value, tuple):
            value = tuple(value)
        try:
            made = self.compiler.constant(value)
        except RuleError as error:
            raise trace_error(error.message) from None
        made.type = generalize(made.type)
        return made

    def held(self, array: np.ndarray) -> Value | None:
        """Return the value for an array that a module holds, met other than by its name."""
        del array
        return None

    def localized(self, value: Traced) -> Value:
        """Return the value here; one of an outer function becomes an extra parameter."""
        frame = self.frame
        ir = value.ir
        owner = _owner(ir)
        if owner is None or owner is frame.function:
            return ir
        return self._captured(value, ir, owner, len(self.frames) - 1)

    def _captured(self, value: Traced, ir: Value, owner: Function, depth: int) -> Value:
        if owner not in [frame.function for frame in self.frames]:
            raise trace_error(
                "an array that a submodule made and did not return", "return it from there"
            )
        for frame in self.frames[: depth + 1]:
            if frame.function is owner or ir in frame.captured:
                continue
            name = f"outer_{len(frame.captured)}"
            frame.captured[ir] = (value, frame.function.body.add_argument(ir.type, name))
        return self.frames[depth].captured[ir][1]

    def captured_here(self, inner: Frame) -> list[Value]:
        """Return the values of what a function that was called from here needs besides."""
        return [self.localized(value) for value, _ in inner.captured.values()]

    def emit(self, name: str, operands: Sequence[Value]) -> Value:
        """Record an operation with a result, without running it."""
        builder = self.frame.builder
        builder.location = user_location()
        try:
            return builder.build(REGISTRY[name], operands).result
        except RuleError as error:
            raise trace_error(error.message, error.help) from None

    # --- operations -----------------------------------------------------------------------------

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Record the call of a library function."""
        if kwargs.get("out") is not None:
            return library.call_into(self, function, args, kwargs)
        entry = numpy_dialect().function(function)
        if entry is None:
            name = getattr(function, "__name__", str(function))
            raise trace_error(f"`{name}`, which scriptc has no operation for")
        return self.apply(entry, args, kwargs)

    def call_ufunc(
        self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Record the call of a ufunc, or of a method of one."""
        return library.call_ufunc(self, ufunc, method, inputs, kwargs)

    def intercepted(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        """Record the call of a function that does not ask its arguments."""
        recorded = is_traced((*args, *kwargs.values()))
        entry = numpy_dialect().function(function)
        if entry is None or (entry.spelling.name.startswith("math.") and not recorded):
            return function(*args, **kwargs)
        if recorded:
            return self.call(function, args, kwargs)
        try:
            return self.apply(entry, args, kwargs)
        except TraceError:
            # What scriptc does not know is made by the library, and is a constant of the trace.
            return function(*args, **kwargs)

    def member(self, array: TracedArray, name: str) -> Any:
        """Return a method or an attribute of an array."""
        entry = numpy_dialect().member(TENSOR, name)
        if entry is not None and entry.is_property:
            return self.apply(entry, (array,), {})
        found = getattr(array.concrete, name)
        if entry is None and name not in ("item", "tolist"):
            raise trace_error(f"the attribute `{name}` of an array")
        return lambda *args, **kwargs: self._method(array, name, entry, found, args, kwargs)

    def _method(
        self,
        array: TracedArray,
        name: str,
        entry: Entry | None,
        found: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if name in ("item", "tolist"):
            # The type of what these give depends on the array, which only this run knows.
            try:
                if entry is not None:
                    return self.apply(entry, (array, *args), kwargs)
            except UnrecordedError:
                pass
            self.burn(array, f"{name}() took out")
            return found(*map(concrete_of, args))
        assert entry is not None
        if kwargs.get("out") is not None:
            return library.method_into(self, entry, array, args, kwargs)
        return self.apply(entry, (array, *args), kwargs)

    def apply(self, entry: Entry, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Record an operation called by one of its spellings."""
        try:
            entry, bound = choose(entry, args, kwargs)
        except BindError as error:
            raise _unrecorded(str(error)) from None
        return self.operate(
            entry.opdef.name, [a.items if isinstance(a, Gathered) else a for a in bound]
        )

    def operate(self, name: str, arguments: Sequence[Any]) -> Any:
        """Run an operation on the real values, which may raise as it does, and record it."""
        opdef = REGISTRY[name]
        frame = self.frame
        if Trait.WRITES in opdef.traits and (
            not isinstance(arguments[0], Traced) or isinstance(arguments[0].ir, Constant)
        ):
            raise trace_error(
                "a write to an array that is a constant of the trace",
                "make the array in the function with np.zeros, np.array or the like, or pass it",
            )
        with self.suspend():
            concrete = opdef.kernel(*map(concrete_of, arguments))
            operands = [self._operand(argument, name) for argument in arguments]
            frame.builder.location = user_location()
            try:
                operation = frame.builder.build(opdef, operands)
            except RuleError as error:
                if any(isinstance(a, TracedNumber) for a in arguments) and not holds(
                    arguments, lambda a: isinstance(a, TracedArray)
                ):
                    self.warner.warn("a number of another type was made from sizes of arrays")
                    return concrete
                raise _unrecorded(error.message, error.help) from None
            return self.wrap(concrete, operation.results[0]) if operation.results else None

    def _operand(self, value: Any, name: str) -> Value:
        """Return the IR value for something that is only read: plain lists need no copy.

        To NumPy's functions, not to indexing, a tuple is the same as a list, and may mix types.
        """
        if type(value) is not list:
            return self.lift(value)
        try:
            return self.lift(value) if is_traced([value]) else self.compiler.constant(value)
        except (RuleError, TraceError):
            if name in ("getitem", "setitem"):
                raise
            return self.lift(_as_tuples(value))

    def rebind(self, array: TracedArray, result: TracedArray) -> None:
        """Let the value of an operation that changed an array stand for the array from now on."""
        if _owner(array.ir) is self.frame.function:
            object.__setattr__(array, "_ir", result.ir)

    def shape(self, array: TracedArray) -> tuple[int, ...]:
        """Return the shape of an array; its sizes are recorded where they are used."""
        sizes = enumerate(array.concrete.shape)
        shape = TracedShape(
            TracedNumber(self, size, None, partial(self._size, array, axis)) for axis, size in sizes
        )
        shape.array = array
        return shape

    def _shape_value(self, array: TracedArray) -> Value:
        sizes, ir = self.frame.sizes, self.localized(array)
        if ir not in sizes:
            entry = numpy_dialect().member(TENSOR, "shape")
            assert entry is not None
            sizes[ir] = self.emit(entry.opdef.name, [ir])
        return sizes[ir]

    def _size(self, array: TracedArray, axis: int) -> Value:
        sizes, ir = self.frame.sizes, self.localized(array)
        if (ir, axis) not in sizes:
            shape = self._shape_value(array)
            sizes[ir, axis] = self.emit("getitem", [shape, constant(axis)])
        return sizes[ir, axis]

    def burn(self, value: Traced, what: str) -> None:
        """Warn that Python has to know a value now."""
        kind = "an array" if isinstance(value, TracedArray) else "a number made from arrays"
        self.warner.warn(f"{what} the value of {kind}")


def _unrecorded(message: str, advice: str = "") -> TraceError:
    return trace_error(message, advice, UnrecordedError)


def _recordable(value: Any) -> bool:
    return isinstance(value, Traced | np.ndarray | np.generic) or type(value) in _NUMBERS


def _is_made(value: Any) -> bool:
    """Tell whether a value in a tuple keeps it from being a plain constant."""
    return isinstance(value, Traced | np.ndarray | np.generic | list | dict | slice)


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if type(value) is list else value


def _owner(value: Value) -> Function | None:
    block: Block | None = None
    if isinstance(value, Constant):
        return None
    if isinstance(value, BlockArgument):
        block = value.block
    elif isinstance(value, OpResult):
        block = value.operation.parent
    while block is not None:
        owner = block.owner
        if isinstance(owner, Function):
            return owner
        block = owner.parent
    return None
