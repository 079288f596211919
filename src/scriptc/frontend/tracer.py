"""Tracing: run a function on recording values, and build the IR of what it did.

A `TracedArray` stands in for an array. It holds the array, so that any Python code runs as usual,
and the IR value that stands for it. NumPy functions reach it through `__array_ufunc__` and
`__array_function__`, operators and methods directly; each becomes the operation that the same
spelling is in a script. Calls of modules become functions of their own, so the tree stays.
"""

from __future__ import annotations

import linecache
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from scriptc.frontend.dialects.tables import Entry, Gathered, bind, numpy_dialect
from scriptc.frontend.objects import Objects
from scriptc.frontend.statics import Scripted
from scriptc.ir.builder import Builder, constant, type_of
from scriptc.ir.clone import Copier, link
from scriptc.ir.diagnostic import Error
from scriptc.ir.graph import (
    Block,
    BlockArgument,
    Function,
    Instance,
    Linkable,
    Operation,
    OpResult,
    Program,
    Value,
    attribute_name,
)
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.opdef import RuleError
from scriptc.ir.ops import REGISTRY
from scriptc.ir.schema import BindError
from scriptc.ir.types import (
    TENSOR,
    ListType,
    Type,
    generalize,
    prune,
    resolve,
)

_OPERATORS_IN_PLACE = {
    np.add: "inplace_add", np.subtract: "inplace_subtract", np.multiply: "inplace_multiply",
    np.true_divide: "inplace_divide", np.floor_divide: "inplace_floor_divide",
    np.remainder: "inplace_remainder", np.power: "inplace_power", np.matmul: "inplace_matmul",
    np.bitwise_and: "inplace_bitwise_and", np.bitwise_or: "inplace_bitwise_or",
    np.bitwise_xor: "inplace_bitwise_xor", np.left_shift: "inplace_bitwise_left_shift",
    np.right_shift: "inplace_bitwise_right_shift",
}  # fmt: skip


class TraceError(Error):
    """The run did something that a trace cannot record; the message names it and the line."""


class TracerWarning(UserWarning):
    """A value of this run was burnt into the trace; another run may need another."""


class TracedArray(NDArrayOperatorsMixin):
    """An array of the run that is being recorded: `concrete` is it, `ir` the value for it."""

    __array_priority__ = 1000

    def __init__(self, tracer: Tracer, concrete: Any, ir: Value) -> None:
        self._tracer = tracer
        self.concrete = concrete
        self.ir = ir

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        outputs = kwargs.pop("out", None)
        if method == "__call__" and outputs is not None and outputs[0] is inputs[0] and not kwargs:
            return self._tracer.in_place(_OPERATORS_IN_PLACE[ufunc], inputs)
        if method != "__call__" or outputs is not None:
            raise self._tracer.error(f"np.{ufunc.__name__}.{method} with these arguments")
        return self._tracer.call(ufunc, inputs, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        del types
        return self._tracer.call(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise self._tracer.error("turning a traced array into a plain one")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        entry = numpy_dialect().member(TENSOR, name)
        if entry is None:
            raise self._tracer.error(f"the attribute `{name}` of an array")
        if not entry.is_property:
            return lambda *args, **kwargs: self._tracer.apply(entry, (self, *args), kwargs)
        return self._tracer.apply(entry, (self,), {})

    def __getitem__(self, index: Any) -> Any:
        return self._tracer.operate("getitem", (self, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._tracer.operate("setitem", (self, index, value))

    def __len__(self) -> int:
        return len(self.concrete)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self.concrete)))

    def __bool__(self) -> bool:
        return bool(self._burn("a Python branch was decided by", bool))

    def __int__(self) -> int:
        return int(self._burn("an int was made from", int))

    def __float__(self) -> float:
        return float(self._burn("a float was made from", float))

    def __index__(self) -> int:
        return int(self._burn("an index was made from", int))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    def __repr__(self) -> str:
        return f"traced({self.concrete!r})"

    def _burn(self, what: str, convert: Callable[[Any], Any]) -> Any:
        location = self._tracer.user_location()
        line = "" if location is None else (location.file.line(location.line) or "").strip()
        place = "" if location is None else f"\n  {location.file.path}:{location.line}: {line}"
        warnings.warn_explicit(
            f"{what} the value of an array; the trace keeps what it was in this run. Use "
            f"scriptc.script to keep the decision.{place}",
            TracerWarning,
            "<trace>" if location is None else location.file.path,
            0 if location is None else location.line,
        )
        return convert(self.concrete)


class Tracer:
    """Records one run into a program."""

    def __init__(self) -> None:
        self.program = Program()
        self.objects = Objects(self.program, self._link)
        self._stack: list[tuple[Function, Builder, dict[int, Value]]] = []
        self._links: dict[int, Copier] = {}
        self._kept: list[Any] = []
        self._receivers: list[tuple[Any, Value]] = []

    # --- functions ------------------------------------------------------------------------------

    @contextmanager
    def recording(self, function: Function) -> Iterator[Builder]:
        """Record into the body of a function."""
        builder = Builder(function.body)
        self._stack.append((function, builder, {}))
        try:
            yield builder
        finally:
            self._stack.pop()

    @property
    def builder(self) -> Builder:
        return self._stack[-1][1]

    def wrap(self, concrete: Any, ir: Value) -> Any:
        """Return what the running code sees for a result: a recorded array, or plain Python."""
        type_ = prune(ir.type)
        if isinstance(concrete, np.ndarray | np.generic):
            return TracedArray(self, concrete, ir)
        if isinstance(concrete, list | tuple) and _holds_arrays(concrete):
            parts = [
                self.wrap(part, self._emit("getitem", [ir, constant(i)]))
                for i, part in enumerate(concrete)
            ]
            return parts if isinstance(type_, ListType) else tuple(parts)
        return concrete

    def lift(self, value: Any) -> Value:
        """Return the IR value for anything that recorded code passes along."""
        if isinstance(value, TracedArray):
            return self._localized(value)
        if isinstance(value, list | tuple) and _holds_traced(value):
            parts = [self.lift(part) for part in value]
            return self._emit("list" if isinstance(value, list) else "tuple", parts)
        if isinstance(value, dict) and _holds_traced(value.values()):
            parts = [self.lift(part) for pair in value.items() for part in pair]
            return self._emit("dict", parts)
        if isinstance(value, slice):
            return self._emit(
                "slice", [self.lift(p) for p in (value.start, value.stop, value.step)]
            )
        if isinstance(value, tuple):
            parts = [self.lift(part) for part in value]
            return self._emit("tuple", parts)
        if isinstance(value, type) and value in (int, float, bool, complex):
            value = np.dtype(value)
        try:
            made = constant(value)
        except RuleError as error:
            raise self.error(error.message) from None
        made.type = generalize(made.type)
        return made

    def _localized(self, array: TracedArray) -> Value:
        """Return the value of an array here; one of an outer function becomes a parameter."""
        function, _, captured = self._stack[-1]
        owner = _owner(array.ir)
        if owner is None or owner is function:
            return array.ir
        if id(array.ir) not in captured:
            raise self.error("a submodule that uses an array of its caller without taking it")
        return captured[id(array.ir)]

    def _emit(self, name: str, operands: Sequence[Value]) -> Value:
        builder = self.builder
        builder.location = self.user_location()
        try:
            return builder.build(REGISTRY[name], operands).result
        except RuleError as error:
            raise self.error(error.message) from None

    # --- operations -----------------------------------------------------------------------------

    def call(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Record the call of a library function."""
        entry = numpy_dialect().function(function)
        if entry is None:
            name = getattr(function, "__name__", str(function))
            raise self.error(f"`{name}`, which scriptc has no operation for")
        return self.apply(entry, args, kwargs)

    def apply(self, entry: Entry, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Record an operation called by one of its spellings."""
        try:
            bound = bind(entry, args, kwargs)
        except BindError as error:
            raise self.error(str(error)) from None
        arguments = [a.items if isinstance(a, Gathered) else a for a in bound]
        return self.operate(entry.opdef.name, arguments)

    def operate(self, name: str, arguments: Sequence[Any]) -> Any:
        """Run an operation on the arrays and record it."""
        opdef = REGISTRY[name]
        concrete = opdef.kernel(*map(_concrete, arguments))
        operands = [self.lift(argument) for argument in arguments]
        builder = self.builder
        builder.location = self.user_location()
        try:
            operation = builder.build(opdef, operands)
        except RuleError as error:
            raise self.error(error.message) from None
        return self.wrap(concrete, operation.results[0]) if operation.results else None

    def in_place(self, name: str, inputs: Sequence[Any]) -> Any:
        """Record `x += y`: the array object stays, its value in the IR is the new one."""
        target: TracedArray = inputs[0]
        result = self.operate(name, inputs)
        target.concrete, target.ir = result.concrete, result.ir
        return target

    # --- modules: the hook of `scriptc.nn` ------------------------------------------------------

    def call_scripted(
        self, object_: Any, run: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Record a call of a compiled object as a call of its program, which keeps its branches."""
        linkable = object_.__scriptc_link__()
        first = [] if linkable.root is None else [self.instance_value(object_)]
        function = self.program.functions[self._copier(linkable).functions[linkable.entry]]
        names = [p.name for p in function.parameters[len(first) :]]
        given = dict(zip(names, args, strict=False)) | dict(kwargs)
        result = run(*map(_concrete, args), **{k: _concrete(v) for k, v in kwargs.items()})
        missing = [n for n in names if n not in given and n not in function.defaults]
        if missing:
            raise self.error(f"a call without `{missing[0]}`")
        operands = [self.lift(given[n] if n in given else function.defaults[n]) for n in names]
        self.builder.location = self.user_location()
        return self.wrap(result, self.builder.call(function, [*first, *operands]))

    def call_module(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a call of a module as a call of a function of its own."""
        receiver = self.instance_value(module)
        definition = self.objects.info(module).definition
        function = Function(
            self.program.unique_name(f"{definition.name}.forward"),
            origin=f"{definition.origin}.forward",
        )
        self_value = function.body.add_argument(definition.type, "self")
        values = [*args, *kwargs.values()]
        names = parameter_names(type(module).forward, [module, *args])[1:]
        operands = [receiver, *map(self.lift, values)]
        inner = self.parameters(function, [*names, *kwargs], values)
        named = dict(zip(kwargs, inner[len(args) :], strict=True))
        with self.receiving(module, self_value), self.recording(function):
            result = module.forward(*inner[: len(args)], **named)
            self.finish(function, result)
        self.program.add_function(function)
        definition.methods.setdefault("forward", function.name)
        call = self.builder.call(function, operands)
        return self.wrap(_concrete(result), call)

    @contextmanager
    def receiving(self, module: Any, value: Value) -> Iterator[None]:
        """Let `value` stand for a module while its `forward` runs."""
        self._receivers.append((module, value))
        try:
            yield
        finally:
            self._receivers.pop()

    def parameters(
        self, function: Function, names: Sequence[str], values: Sequence[Any]
    ) -> list[Any]:
        """Add parameters to a function, and return what the running code gets for them."""
        with self.recording(function):
            return [
                self.wrap(_concrete(v), function.body.add_argument(_general_type(v), name))
                for name, v in zip(names, values, strict=True)
            ]

    def finish(self, function: Function, result: Any) -> None:
        """End a function with what it returned."""
        value = self.lift(result)
        self.builder.terminate("return", [value])
        for operation in function.walk():
            for made in operation.results:
                made.type = resolve(made.type)
        function.return_type = resolve(value.type)

    def instance_value(self, module: Any) -> Value:
        """Return the value that stands for a module where the recorder is now."""
        receiver: Value
        for owner, receiver in reversed(self._receivers):
            if owner is module:
                return receiver
            for name, child in getattr(owner, "_modules", {}).items():
                if child is module:
                    return self._get_attribute(receiver, attribute_name(name), self._class(child))
        raise self.error(f"a {type(module).__name__} that is not a submodule of its caller")

    def _class(self, module: Any) -> Type:
        return self.objects.info(module).definition.type

    def _get_attribute(self, owner: Value, name: str, type_: Type) -> Value:
        operation = Operation("get_attr", [owner, constant(name)], [type_], result_names=[name])
        operation.location = self.user_location()
        return self.builder.insert(operation).result

    def read_attribute(self, module: Any, name: str, value: Any) -> Any:
        """Record the reading of a parameter or buffer."""
        if not isinstance(value, np.ndarray | np.generic):
            return value
        owner = self.instance_value(module)
        definition = self.objects.info(module).definition
        return TracedArray(
            self, value, self._get_attribute(owner, name, definition.attributes[name])
        )

    def write_attribute(self, module: Any, name: str, value: Any) -> bool:
        """Record the assignment of an array to an attribute."""
        if not isinstance(value, TracedArray):
            return False
        owner = self.instance_value(module)
        operation = Operation("set_attr", [owner, constant(name), self.lift(value)], [])
        operation.location = self.user_location()
        self.builder.insert(operation)
        return True

    # --- linking, places and errors -------------------------------------------------------------

    def _copier(self, linkable: Linkable) -> Copier:
        if id(linkable.program) not in self._links:
            self._links[id(linkable.program)] = link(self.program, linkable.program)
            self._kept.append(linkable.program)
        return self._links[id(linkable.program)]

    def _link(self, object_: Scripted) -> Instance:
        linkable = object_.__scriptc_link__()
        assert linkable.root is not None
        return linkable.root.under(self._copier(linkable).classes[linkable.root.scriptc_class])

    def user_location(self) -> Location | None:
        """Return the line of the user's code that is running."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if package not in ("scriptc", "numpy"):
                return _frame_location(frame)
            frame = frame.f_back
        return None

    def error(self, what: str) -> TraceError:
        """Return the error that says what could not be recorded, and where."""
        location = self.user_location()
        place = "" if location is None else f"\n  {location.file.path}:{location.line}"
        return TraceError(f"a trace cannot record {what}{place}")


def _frame_location(frame: Any) -> Location:
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line).rstrip("\n")
    file = SourceFile(path, text, line)
    return Location(file, line, len(text) - len(text.lstrip()), line, len(text))


def _general_type(value: Any) -> Type:
    return generalize(type_of(_concrete(value)))


def _holds_arrays(values: Sequence[Any]) -> bool:
    return any(
        isinstance(v, np.ndarray | np.generic) or (isinstance(v, list | tuple) and _holds_arrays(v))
        for v in values
    )


def _holds_traced(values: Any) -> bool:
    return any(
        isinstance(v, TracedArray) or (isinstance(v, list | tuple) and _holds_traced(v))
        for v in values
    )


def _concrete(value: Any) -> Any:
    if isinstance(value, TracedArray):
        return value.concrete
    if type(value) in (list, tuple):
        return type(value)(map(_concrete, value))
    if type(value) is dict:
        return {k: _concrete(v) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(_concrete(value.start), _concrete(value.stop), _concrete(value.step))
    return value


def _owner(value: Value) -> Function | None:
    block: Block | None = None
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


def trace_function(
    function: Callable[..., Any],
    example_inputs: Sequence[Any],
    install: Callable[[Tracer], AbstractContextManager[None]],
) -> tuple[Program, str]:
    """Run a function on recording values; return the program and its entry function.

    Raises `TraceError` for what cannot be recorded, and whatever the function raises.
    """
    tracer = Tracer()
    name = getattr(function, "__name__", type(function).__name__)
    made = Function(tracer.program.unique_name(name), origin=_origin(function, name))
    arguments = tracer.parameters(made, parameter_names(function, example_inputs), example_inputs)
    with install(tracer), tracer.recording(made):
        tracer.finish(made, function(*arguments))
    tracer.program.add_function(made)
    return tracer.program, made.name


def trace_module(
    module: Any,
    example_inputs: Sequence[Any],
    install: Callable[[Tracer], AbstractContextManager[None]],
) -> tuple[Program, str, Instance]:
    """Run a module on recording values; return program, entry function and object.

    `install` makes the modules call the tracer's hook while it lasts.
    """
    tracer = Tracer()
    root = tracer.objects.instance(module)
    definition = tracer.objects.info(module).definition
    function = Function(f"{definition.name}.forward", origin=f"{definition.origin}.forward")
    receiver = function.body.add_argument(definition.type, "self")
    names = parameter_names(type(module).forward, [module, *example_inputs])[1:]
    arguments = tracer.parameters(function, names, example_inputs)
    with install(tracer), tracer.receiving(module, receiver), tracer.recording(function):
        tracer.finish(function, module.forward(*arguments))
    tracer.program.add_function(function)
    definition.methods["forward"] = function.name
    tracer.objects.fill()
    return tracer.program, function.name, root


def _origin(function: Any, name: str) -> str:
    return f"{getattr(function, '__module__', '')}.{name}"


def parameter_names(function: Any, inputs: Sequence[Any]) -> list[str]:
    """Return names for the inputs: those of the function's parameters where it has such."""
    code = getattr(function, "__code__", None)
    known = [] if code is None else list(code.co_varnames[: code.co_argcount])
    return [known[i] if i < len(known) else f"input_{i}" for i in range(len(inputs))]
