"""What a traced function is called with: arrays become parameters, the rest are constants.

As in `torch.jit.trace`, arrays, and containers of arrays, are the inputs of a trace. A container is
taken apart: its length and its keys are part of the trace. Any other argument, such as a number, a
string or None, is a constant of it. So that no call is answered wrongly, the program raises
`ValueError` for another value, another length, or another key.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scriptc.frontend.tracing.places import trace_error
from scriptc.frontend.tracing.values import TracedArray, TracedNumber, concrete_of
from scriptc.ir.builder import constant, type_of
from scriptc.ir.graph import ExceptionRef, Function, Operation, Value
from scriptc.ir.opdef import RuleError
from scriptc.ir.types import generalize

if TYPE_CHECKING:
    from scriptc.frontend.tracing.recorder import Recorder

_GUARDED = (bool, int, float, complex, str)


def flattened(bound: inspect.BoundArguments, skip: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a call by name; those behind a star get numbers."""
    for name, value in list(bound.arguments.items())[skip:]:
        kind = bound.signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            yield from ((f"{name}_{i}", part) for i, part in enumerate(value))
        elif kind is inspect.Parameter.VAR_KEYWORD:
            yield from value.items()
        else:
            yield name, value


class Arguments:
    """The parameters of one function that is being recorded.

    That of a submodule has none for what no program can take; a `public` one must take all.
    """

    def __init__(self, recorder: Recorder, function: Function, *, public: bool = False) -> None:
        self.recorder = recorder
        self.function = function
        self.public = public
        self._containers: list[tuple[str, Any, list[Any]]] = []

    def give(self, bound: inspect.BoundArguments, skip: int = 0) -> None:
        """Add a parameter for each argument, and put recording values in their place."""
        keyword_only: list[str] = []
        for name, value in list(bound.arguments.items())[skip:]:
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                parts = tuple(self._given(f"{name}_{i}", part) for i, part in enumerate(value))
                bound.arguments[name] = parts
            elif kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {k: self._given(k, part) for k, part in value.items()}
                keyword_only += value
            else:
                bound.arguments[name] = self._given(name, value)
                keyword_only += [name] if kind is inspect.Parameter.KEYWORD_ONLY else []
        taken = [p.name for p in self.function.parameters]
        self.function.keyword_only = tuple(name for name in keyword_only if name in taken)

    def _given(self, name: str, value: Any) -> Any:
        try:
            type_ = generalize(type_of(concrete_of(value)))
        except RuleError as error:
            if self.public:
                advice = "bind it in the function, as with functools.partial"
                raise trace_error(f"the argument `{name}`: {error.message}", advice) from None
            return value
        return self._parts(name, value, self.function.body.add_argument(type_, name))

    def _parts(self, name: str, value: Any, ir: Value) -> Any:
        recorder = self.recorder
        if isinstance(value, TracedNumber | TracedArray):
            return type(value)(recorder, value.concrete, ir)
        if isinstance(value, np.ndarray | np.generic):
            return TracedArray(recorder, value, ir)
        if type(value) in _GUARDED:
            if value == value:  # noqa: PLR0124 - NaN, which no other value equals
                self._guard(ir, value, f"`{name}` is a constant of the trace, {value!r}")
            return value
        if not isinstance(value, list | tuple | dict):
            return value
        if not isinstance(value, tuple):
            length = recorder.emit("len", [ir])
            self._guard(length, len(value), f"`{name}` had {len(value)} elements in the trace")
        keys = list(value) if isinstance(value, dict) else range(len(value))
        parts = {
            key: self._parts(
                f"{name}[{key!r}]", value[key], recorder.emit("getitem", [ir, constant(key)])
            )
            for key in keys
        }
        if isinstance(value, tuple):
            return tuple(parts.values())
        made: Any = parts if isinstance(value, dict) else list(parts.values())
        self._containers.append((name, made, list(parts.items())))
        return made

    def _guard(self, value: Value, expected: Any, message: str) -> None:
        """Have the program raise if a value is not what it was in this run."""
        builder = self.recorder.frame.builder
        same = self.recorder.emit("equal", [value, constant(expected)])
        branch = builder.insert(Operation("if", [same], []))
        with builder.at(branch.add_block()):
            builder.terminate("yield")
        with builder.at(branch.add_block()):
            builder.terminate("raise", [constant(ExceptionRef("ValueError")), constant(message)])

    def check(self) -> None:
        """Raise `TraceError` if the run changed a container that it was given."""
        for name, container, kept in self._containers:
            items = container.items() if isinstance(container, dict) else enumerate(container)
            now = list(items)
            if len(now) != len(kept) or any(
                k != n or v is not m for (k, v), (n, m) in zip(now, kept, strict=True)
            ):
                raise trace_error(
                    f"a change of the {type(container).__name__} `{name}`",
                    "return the new elements instead, or use scriptc.script",
                )
