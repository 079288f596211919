"""Functions without a native form as a whole: what has one becomes parts, the rest is interpreted.

A function that native code refuses is copied, and the runs of operations that it can do are taken
out of the copy (`ir/passes/outline.py`). The interpreter runs what is left and calls the parts,
each of which has a dispatcher of its own: it is compiled for what it is called with, as any
function. What a part turns out to have no native form for is taken out of it the next time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from scriptc.ir.clone import clone_program
from scriptc.ir.graph import Constant, Instance, Operation, Program
from scriptc.ir.location import Location
from scriptc.ir.opdef import Trait
from scriptc.ir.passes.inline import callee_name, keep_reachable
from scriptc.ir.passes.manager import inlined, optimized
from scriptc.ir.passes.outline import Outlined, outline
from scriptc.ir.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    STR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    is_optional,
    prune,
    resolve,
)
from scriptc.runtime.interpreter import Executable
from scriptc.runtime.native.call import Answer, Dispatcher, UnsupportedArgument
from scriptc.runtime.native.compile import has_form, is_choice, is_record
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.logs import get_logger
from scriptc.runtime.native.lowerings import LOWERINGS, windows

_MAX_ROUNDS = 12
"""How many times parts are made anew when some of them prove to have no native form."""
_SCALARS = (INT, FLOAT, BOOL)


@dataclass(frozen=True)
class Hosted:
    """A function whose parts are native: what is left of it, and the parts by their names."""

    program: Program
    call: Callable[..., Any]
    outlined: Outlined
    parts: Mapping[str, Dispatcher] = field(default_factory=dict)


class Regions:
    """Answers the calls of one function that native code refuses.

    `interpreter` answers where nothing in the function is worth a call. `lock` is what calls that
    change attributes take in turn.
    """

    def __init__(
        self,
        program: Program,
        entry: str,
        root: Instance | None,
        interpreter: Answer,
        *,
        traces: np.ndarray[Any, Any],
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        self.program = program
        self.entry = entry
        self.root = root
        self.interpreter = interpreter
        self.traces = traces
        self.hosted: Hosted | None = None
        self.refusals: dict[Location, str] = {}
        """Why operations at these places have no native form."""
        self._lock = lock
        self._making = threading.Lock()
        self._rounds = 0
        self._outdated = False

    def refused(self, refusal: Unsupported) -> Answer:
        """Take note of why the whole has no native form; return what answers its calls."""
        with self._making:
            self._outdated |= self.hosted is None
            self._note(refusal)
        return self.call

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Answer a call."""
        hosted = self.prepare() if self._outdated else self.hosted
        if hosted is None or not hosted.parts or self.traces[0]:
            return self.interpreter(*args, **kwargs)
        if self._lock is None:
            return hosted.call(*args, **kwargs)
        with self._lock:
            return hosted.call(*args, **kwargs)

    def prepare(self) -> Hosted:
        """Return the function with the parts that calls will find, made by now if need be."""
        self._outdated |= self.hosted is None
        if self._outdated:
            self._make()
        assert self.hosted is not None
        return self.hosted

    def operations(self) -> Iterator[Operation]:
        """Yield all operations of the function, those that it calls included."""
        return self._inlined.functions[self.entry].walk()

    @cached_property
    def always(self) -> bool:
        """Whether native code refuses the function for all arguments, whatever their types."""
        function = self._inlined.functions[self.entry]
        given = range(self.root is not None, len(function.parameters))
        return not all(map(self._may_be_taken, given)) or any(
            operation.opdef is not None and operation.name not in LOWERINGS
            for operation in function.body.operations
        )

    def _may_be_taken(self, index: int) -> bool:
        """Tell whether native code may take an argument."""
        type_ = resolve(self._inlined.functions[self.entry].parameters[index].type)
        if isinstance(type_, DictType):
            return is_record(self._inlined, self.entry, index)
        return has_form(type_) or (type_ == STR and is_choice(self._inlined, self.entry, index))

    @property
    def c_source(self) -> str:
        """The C of all parts, in the order of the text; empty before they are called."""
        hosted = self.hosted
        texts = []
        for dispatcher in hosted.parts.values() if hosted is not None else ():
            last = dispatcher.last
            if last is not None and last.source is not None:
                texts.append(last.source.text)
        return "\n".join(texts)

    # --- making ---------------------------------------------------------------------------------

    def _note(self, refusal: Unsupported, part: Sequence[Operation] = ()) -> None:
        """Take note of a refusal, of a part or of the whole.

        A refusal that names none of the operations of a part, or one that stays already, is one of
        the whole part.
        """
        places = {op.location for op in part if op.location is not None}
        if isinstance(refusal, UnsupportedArgument):
            named = {op.location for op in refusal.parameter.uses} & places
            reason = refusal.what
        else:
            named = {refusal.location} & (places if part else {refusal.location})
            reason = refusal.reason
        found = (named - self.refusals.keys()) or (places - self.refusals.keys())
        for location in found:
            if location is not None:
                self.refusals[location] = reason
        if not found:
            return
        self._outdated |= self._rounds < _MAX_ROUNDS

    @cached_property
    def _inlined(self) -> Program:
        return optimized(inlined(self.program, self.entry))

    def _make(self) -> None:
        with self._making:
            if not self._outdated:
                return
            self._outdated = False
            self._rounds += 1
            program = clone_program(self._inlined)
            found = outline(program, self.entry, _Judge(self.refusals))
            parts: dict[str, Dispatcher] = {}
            links = {
                name: partial(self._link, program, name, operations, parts)
                for name, operations in found.parts.items()
            }
            executable = Executable(program, links=links)
            call = executable.entry(self.entry, bound=self.root)
            # The functions are compiled here, so that `parts` is whole.
            executable.function(self.entry)
            self.hosted = Hosted(program, call, found, parts)
            name = self.program.functions[self.entry].origin
            get_logger("native").info("%s runs in %d native parts", name, len(parts))

    def _link(
        self,
        program: Program,
        name: str,
        operations: Sequence[Operation],
        parts: dict[str, Dispatcher],
        install: Callable[[Answer], None],
    ) -> Answer:
        """Return what answers the calls of a part."""
        own = Program()
        own.functions = dict(program.functions)
        own.classes = program.classes
        own.exceptions = program.exceptions
        own.functions = _reachable(own, name)
        executable = Executable(own)

        def interpreter(*args: Any) -> Any:
            return executable.function(name)(*args)

        def refused(refusal: Unsupported) -> Answer:
            # What is native for other arguments stays as it is for these few.
            if not (isinstance(refusal, UnsupportedArgument) and dispatcher.has_code):
                with self._making:
                    self._note(refusal, operations)
            return interpreter

        dispatcher = Dispatcher(
            own, name, None, interpreter, install, traces=self.traces, refused=refused
        )
        parts[name] = dispatcher
        return dispatcher


def _reachable(program: Program, name: str) -> dict[str, Any]:
    """Return a function and those that it calls, over any number of calls."""
    kept = Program()
    kept.functions = program.functions
    keep_reachable(kept, [name])
    return kept.functions


class _Judge:
    """What native code can do, as far as one can tell before types are known."""

    def __init__(self, refusals: Mapping[Location, str]) -> None:
        self.refusals = refusals

    def refusal(self, operation: Operation) -> str | None:
        if operation.opdef is None:
            match operation.name:
                case "call":
                    return f"a call of `{callee_name(operation)}`"
                case "get_attr" | "set_attr":
                    return ""  # the interpreter hands attributes over
        elif operation.name not in LOWERINGS:
            return f"the operation `{operation.name}`"
        values = [*operation.operands, *operation.results]
        for block in operation.blocks:
            values += block.arguments
        for value in values:
            type_ = resolve(value.type)
            if not isinstance(value, Constant) and not has_form(type_):
                return f"a {type_}"
        return None if operation.location is None else self.refusals.get(operation.location)

    def takes(self, type_: Type) -> bool:
        if isinstance(type_, TupleType):
            return all(map(self.takes, type_.elements))
        if isinstance(type_, UnionType):
            return all(map(self.takes, type_.members))
        if isinstance(type_, ListType):
            return type_.element in _SCALARS
        return has_form(type_) and (isinstance(type_, TensorType) or type_ in (*_SCALARS, NONE))

    def gives(self, type_: Type) -> bool:
        if isinstance(type_, TupleType):
            return all(map(self.gives, type_.elements))
        if is_optional(type_):
            return False
        return self.takes(type_)

    def weight(self, operation: Operation) -> int:
        if operation.opdef is None:
            return 2 if operation.name in ("for", "loop") else 0
        if operation.name in windows.LOWERINGS:
            return 2  # NumPy has no such operations of its own
        traits = operation.traits
        if Trait.METADATA in traits or (Trait.VIEW in traits and Trait.FRESH not in traits):
            return 0
        values = operation.results or operation.operands[:1]
        return int(any(isinstance(prune(value.type), TensorType) for value in values))
