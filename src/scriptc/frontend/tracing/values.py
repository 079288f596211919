"""Recording values: what the running code holds in place of arrays and of numbers made from them.

A recording value holds the real one, so that any Python code runs as usual, and knows the value of
the IR that stands for it. To `isinstance` it is what it stands for. What Python itself has to know,
such as the truth of a condition, is taken from the real value and burnt into the trace, with a
warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from scriptc.frontend.tracing.places import trace_error
from scriptc.ir.graph import Value

_BINARY = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide",
    "floordiv": "floor_divide", "mod": "remainder", "pow": "power", "matmul": "matmul",
    "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
_COMPARISONS = {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal",
}  # fmt: skip
_UNARY = {"neg": "negative", "pos": "positive", "invert": "bitwise_invert"}
_METADATA = frozenset({"dtype", "ndim", "itemsize"})
"""Attributes that a trace keeps as they were: like the class of a value, they are Python's."""


class Source(Protocol):
    """How a value of the IR is had where the recorder is now."""

    def __call__(self) -> Value:
        """Return the value, emitting what makes it if need be."""


class Recorder(Protocol):
    """What recording values ask of the recorder."""

    def operate(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Run an operation and record it."""

    def call(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Run a library function and record it."""

    def call_ufunc(
        self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run a ufunc, or a method of it, and record it."""

    def member(self, array: TracedArray, name: str) -> Any:
        """Return a method or an attribute of an array."""

    def shape(self, array: TracedArray) -> tuple[int, ...]:
        """Return the shape of an array, whose sizes are recording values."""

    def rebind(self, array: TracedArray, result: TracedArray) -> None:
        """Let the value of an operation that changed an array stand for the array from now on."""

    def burn(self, value: Traced, what: str) -> None:
        """Warn that Python has to know a value now."""


class Traced:
    """A value of the run that is being recorded: `concrete` is it, `ir` the value for it.

    `source` makes `ir` where it is wanted, for what is worth an operation only if it is used.
    """

    __slots__ = ("_ir", "concrete", "recorder", "source")

    _ir: Value | None
    concrete: Any
    recorder: Recorder
    source: Source | None

    __array_priority__ = 1000

    def __init__(
        self, recorder: Recorder, concrete: Any, ir: Value | None, source: Source | None = None
    ) -> None:
        put = object.__setattr__
        put(self, "recorder", recorder)
        put(self, "concrete", concrete)
        put(self, "_ir", ir)
        put(self, "source", source)

    @property
    def ir(self) -> Value:
        if self._ir is not None:
            return self._ir
        assert self.source is not None
        return self.source()

    @property
    def __class__(self) -> Any:
        return type(self.concrete)

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise TypeError("the class of a recording value cannot be assigned")

    def __setattr__(self, name: str, value: Any) -> None:
        raise trace_error(f"the assignment of the attribute `{name}` of an array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self.recorder.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        del types
        return self.recorder.call(func, args, kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise trace_error(
            "how a recorded array becomes a plain one outside of the functions that it knows",
            "index a constant array with np.take(table, index, axis=0), make arrays that are "
            "written to with np.zeros and the like, call NumPy's functions as `np.name(...)`",
        )

    def __bool__(self) -> bool:
        self.recorder.burn(self, "a Python branch was decided by")
        return bool(self.concrete)

    def __int__(self) -> int:
        self.recorder.burn(self, "an int was made from")
        return int(self.concrete)

    def __float__(self) -> float:
        self.recorder.burn(self, "a float was made from")
        return float(self.concrete)

    def __complex__(self) -> complex:
        self.recorder.burn(self, "a complex was made from")
        return complex(self.concrete)

    def __index__(self) -> int:
        index = self.concrete.__index__()
        self.recorder.burn(self, "an index was made from")
        return int(index)

    def __hash__(self) -> int:
        return hash(self.concrete)

    def __abs__(self) -> Any:
        return self.recorder.call(abs, (self,), {})

    def __divmod__(self, other: Any) -> Any:
        return self.recorder.call(divmod, (self, other), {})

    def __rdivmod__(self, other: Any) -> Any:
        return self.recorder.call(divmod, (other, self), {})

    def __round__(self, ndigits: Any = None) -> Any:
        arguments = (self,) if ndigits is None else (self, ndigits)
        return self.recorder.call(round, arguments, {})

    def __format__(self, spec: str) -> str:
        return format(self.concrete, spec)

    def __str__(self) -> str:
        return str(self.concrete)

    def __repr__(self) -> str:
        return repr(self.concrete)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise trace_error("the pickling of a recorded value")


def _binary(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.recorder.operate(name, (self, other))


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self.recorder.operate(name, (other, self))


def _unary(name: str) -> Callable[[Any], Any]:
    return lambda self: self.recorder.operate(name, (self,))


for _name, _operation in _BINARY.items():
    setattr(Traced, f"__{_name}__", _binary(_operation))
    setattr(Traced, f"__r{_name}__", _reflected(_operation))
for _name, _operation in _COMPARISONS.items():
    setattr(Traced, f"__{_name}__", _binary(_operation))
for _name, _operation in _UNARY.items():
    setattr(Traced, f"__{_name}__", _unary(_operation))


class TracedNumber(Traced):
    """A Python number made from arrays: a size, an item, a comparison of such."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.concrete, name)
        self.recorder.burn(self, f"the attribute `{name}` was read of")
        return found


class TracedShape(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for slots
    """The shape of an array, as a tuple of its sizes, that still knows the array."""

    array: TracedArray


class TracedArray(Traced):
    """An array, or a NumPy scalar."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "shape":
            return self.recorder.shape(self)
        if name in _METADATA:
            return getattr(self.concrete, name)
        return self.recorder.member(self, name)

    def __getitem__(self, index: Any) -> Any:
        return self.recorder.operate("getitem", (self, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.recorder.operate("setitem", (self, index, value))

    def __len__(self) -> int:
        length = len(self.concrete)
        self.recorder.burn(self, "len() was taken of")
        return length

    def __iter__(self) -> Iterator[Any]:
        iter(self.concrete)  # which raises for what has no dimension
        self.recorder.burn(self, "a Python loop ran over")
        return (self[i] for i in range(len(self.concrete)))

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    operation = f"inplace_{name}"

    def assign(self: TracedArray, other: Any) -> Any:
        result = self.recorder.operate(operation, (self, other))
        if result.concrete is not self.concrete:  # a NumPy scalar is not changed
            return result
        self.recorder.rebind(self, result)
        return self

    return assign


for _name, _operation in _BINARY.items():
    setattr(TracedArray, f"__i{_name}__", _in_place(_operation))


def holds(values: Iterable[Any], test: Callable[[Any], bool]) -> bool:
    """Tell whether a container holds, at any depth, something that passes a test."""
    return any(
        test(v)
        or (isinstance(v, list | tuple) and holds(v, test))
        or (isinstance(v, dict) and holds(v.values(), test))
        or (isinstance(v, slice) and holds((v.start, v.stop, v.step), test))
        for v in values
    )


def is_traced(values: Iterable[Any]) -> bool:
    """Tell whether a container holds, at any depth, a recording value."""
    return holds(values, lambda value: isinstance(value, Traced))


def rebuilt(container: Any, parts: Sequence[Any]) -> Any:
    """Return a list or tuple, named or not, of the same kind with other elements."""
    if isinstance(container, list):
        return list(parts)
    return type(container)(*parts) if hasattr(container, "_fields") else tuple(parts)


def concrete_of(value: Any) -> Any:
    """Return the real value of anything that recorded code passes along."""
    if isinstance(value, Traced):
        return value.concrete
    if isinstance(value, TracedShape):
        return tuple(map(concrete_of, value))
    if type(value) is list or isinstance(value, tuple):
        return rebuilt(value, list(map(concrete_of, value))) if is_traced(value) else value
    if type(value) is dict:
        return {k: concrete_of(v) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*map(concrete_of, (value.start, value.stop, value.step)))
    return value
