"""Calls of compiled programs: native code for what has been seen before, compiled for the rest.

A compiled object calls what `install` was last given, at first the dispatcher itself. Once there
is native code for the arguments, that is called directly: code for other arguments is behind it,
each passing on what does not fit, and the dispatcher is at the end.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from scriptc.ir.graph import Function, Instance, Program
from scriptc.ir.location import Location
from scriptc.runtime.exceptions import BUILTIN_EXCEPTIONS, error_at
from scriptc.runtime.native.abi import EntryPoint, Slot, TensorSlot
from scriptc.runtime.native.compile import (
    NativeSource,
    accepts,
    attribute,
    compile_call,
    slot_of,
)
from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.glue import MODULE, emit_glue
from scriptc.runtime.native.logs import get_logger
from scriptc.runtime.native.settings import read_threads
from scriptc.runtime.native.toolchain import CompilationError, compile_shared, warn_unavailable

SYMBOL = "scriptc_entry"
_MAX_CODES = 64
"""How many signatures of one function get native code; others are left to the interpreter."""
_MAX_CHAIN = 8


class NativeError(RuntimeError):
    """A program has no native form, and was to have one: what is missing, and where."""


@dataclass(slots=True)
class Code:
    """Native code for one signature, or why there is none."""

    source: NativeSource | None = None
    call: Callable[..., Any] | None = None
    refusal: Unsupported | None = None
    chained: bool = False


class Dispatcher:
    """Finds or makes native code for the calls of one function.

    `interpreter` answers what native code does not. `install` is told what a call should try first.
    `must` tells that a call without native code is an error. `traces` is an int32 that is not 0
    while traces run: calls are the interpreter's then, which records them.
    """

    def __init__(
        self,
        program: Program,
        entry: str,
        root: Instance | None,
        interpreter: Callable[..., Any],
        install: Callable[[Callable[..., Any]], object],
        *,
        must: bool = False,
        traces: np.ndarray[Any, Any],
    ) -> None:
        self.program = program
        self.entry = entry
        self.root = root
        self.interpreter = interpreter
        self.install = install
        self.must = must
        self.traces = traces
        self.codes: dict[tuple[Slot, ...], list[Code]] = {}
        self.last: Code | None = None
        self.has_state = False
        """Whether native code changes what others may see: such calls are made in turn."""
        function = program.functions[entry]
        self.parameters = function.parameters[root is not None :]
        self._first: Callable[..., Any] = self
        self._chain = 0
        self._lock = threading.RLock()
        self._signature = _signature(function, root is not None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer a call that no native code has taken yet."""
        if self.traces[0]:
            return self.interpreter(*args, **kwargs)
        plain = not kwargs and len(args) == len(self.parameters)
        values: Sequence[Any] | None = args if plain else self._bind(args, kwargs)
        if values is None:
            return self.interpreter(*args, **kwargs)  # which says what is wrong
        slots = [slot_of(v) for v in values]
        known = self.codes.get(tuple(slots))  # type: ignore[arg-type]  # with None, it has none
        if known and all(c.call is None for c in known) and not self.must:
            return self.interpreter(*args, **kwargs)
        if None in slots or not accepts(self.program, self.entry, self.root, values):
            return self._without(args, kwargs, Unsupported("arguments of these types"))
        key = tuple(s for s in slots if s is not None)
        code = self._find(key)
        if code is None:
            code = self._compile(key)
            if code.call is not None:
                return code.call(*args, **kwargs)
        elif code.call is not None and not code.chained:
            return code.call(*args, **kwargs)
        return self._without(args, kwargs, code.refusal)

    def _find(self, key: tuple[Slot, ...]) -> Code | None:
        """Return the code for arguments of these kinds, and for the attributes as they are."""
        return next((c for c in self.codes.get(key, ()) if self._still_fits(c)), None)

    def _still_fits(self, code: Code) -> bool:
        if code.source is None:
            return True
        for parameter in code.source.entry.parameters:
            if parameter.path:
                slot = slot_of(attribute(self.root, parameter.path))
                if slot is None or not _matches(parameter.slot, slot):
                    return False
        return True

    def _without(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], refusal: Unsupported | None
    ) -> Any:
        if self.must and refusal is not None:
            raise NativeError(_explain(self.program.functions[self.entry], refusal)) from None
        return self.interpreter(*args, **kwargs)

    def reset(self) -> None:
        """Forget all native code: what it was made for has changed."""
        with self._lock:
            self.codes.clear()
            self._first, self._chain = self, 0
            self.install(self)

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any] | None:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None
        bound.apply_defaults()
        return list(bound.arguments.values())

    # --- making ---------------------------------------------------------------------------------

    def _compile(self, key: tuple[Slot, ...]) -> Code:
        with self._lock:
            code = self._find(key)
            if code is None:
                made = sum(map(len, self.codes.values()))
                code = self._make(key) if made < _MAX_CODES else Code()
                self.codes.setdefault(key, []).append(code)
                if code.source is not None:
                    self.last = code
                    self.has_state |= _has_state(code.source.entry)
                    self._chain_in(code)
            return code

    def _make(self, key: tuple[Slot, ...]) -> Code:
        log = get_logger("native")
        name = self.program.functions[self.entry].origin
        began = time.perf_counter()
        try:
            source = compile_call(self.program, self.entry, key, self.root, SYMBOL)
            text = emit_glue(source.entry, source.text)
            module = load_module(compile_shared(text, name=MODULE, python=True))
        except Unsupported as refusal:
            where = "" if refusal.location is None else f" ({refusal.location})"
            log.info("%s stays in the interpreter: %s%s", name, refusal.reason, where)
            return Code(refusal=refusal)
        except NativeUnavailableError as error:
            warn_unavailable(error)
            return Code(refusal=Unsupported(error.reason))
        except CompilationError as error:
            if self.must:
                raise
            warnings.warn(f"{name} stays in the interpreter: {error}", RuntimeWarning, stacklevel=4)
            return Code(refusal=Unsupported("the C compiler refuses it"))
        log.info("%s compiled in %.0f ms", name, 1e3 * (time.perf_counter() - began))
        return Code(source, self._bound(module, source))

    def _bound(self, module: ModuleType, source: NativeSource) -> Callable[..., Any]:
        entry = source.entry
        places: list[tuple[Any, Any]] = []
        constants = iter(source.constants)
        for parameter in entry.parameters:
            if parameter.path:
                places.append(self._place(parameter.path))
            elif parameter.constant:
                places.append((None, next(constants)))
        places += [self._place(path) for path, _ in entry.assigned]
        defaults = tuple(
            ... if p.default is inspect.Parameter.empty else p.default
            for p in self._signature.parameters.values()
        )
        made: Callable[..., Any] = module.bind(
            self.interpreter,
            self.interpreter,
            _Failure(entry, self.program.functions[self.entry]),
            defaults,
            tuple(places),
            self.traces.__array_interface__["data"][0],
            read_threads() or 1,
        )
        return made

    def _place(self, path: tuple[str, ...]) -> tuple[dict[str, Any], str]:
        owner = attribute(self.root, path[:-1])
        return owner.__dict__, path[-1]

    def _chain_in(self, code: Code) -> None:
        """Have calls try this code first."""
        call: Any = code.call
        if self._chain >= _MAX_CHAIN:
            return  # found by this dispatcher, in its table
        call.miss = self._first
        code.chained = True
        self._first = call
        self._chain += 1
        self.install(call)


def _matches(taken: Slot, given: Slot) -> bool:
    """Tell whether code that takes one slot takes a value of another."""
    if isinstance(taken, TensorSlot) and isinstance(given, TensorSlot):
        return (
            taken.dtype == given.dtype
            and taken.contiguous == given.contiguous
            and all(
                (t is None and g is None) or t == g or (t is not None and g is None)
                for t, g in zip(taken.sizes, given.sizes, strict=False)
            )
        )
    return taken == given


def _has_state(entry: EntryPoint) -> bool:
    written = (
        isinstance(p.slot, TensorSlot) and p.slot.writable for p in entry.parameters if p.path
    )
    return bool(entry.assigned) or any(written)


class _Failure:
    """Raises the exception of the site where native code stopped for good."""

    def __init__(self, entry: EntryPoint, function: Function) -> None:
        self.entry = entry
        self.function = function

    def __call__(self, site: int, message: str) -> NoReturn:
        place = self.entry.sites[site]
        class_ = BUILTIN_EXCEPTIONS.get(place.exception, RuntimeError)
        error = class_(message or place.message)
        raise error_at(error, place.location, self.entry.function)


def _signature(function: Function, bound: bool) -> inspect.Signature:
    kinds = inspect.Parameter
    found = []
    for parameter in function.parameters[bound:]:
        default = function.defaults.get(parameter.name, kinds.empty)
        only = parameter.name in function.keyword_only
        kind = kinds.KEYWORD_ONLY if only else kinds.POSITIONAL_OR_KEYWORD
        found.append(kinds(parameter.name, kind, default=default))
    return inspect.Signature(found, __validate_parameters__=False)


def load_module(path: Path) -> ModuleType:
    """Load an extension module of ours from its file."""
    loader = importlib.machinery.ExtensionFileLoader(MODULE, str(path))
    spec = importlib.util.spec_from_file_location(MODULE, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _explain(function: Function, refusal: Unsupported) -> str:
    name = function.origin.rpartition(".")[2]
    place: Location | None = refusal.location
    where = "" if place is None else f" ({place})"
    return (
        f"`{name}` has no native form: {refusal.reason}{where}; "
        'take the backend "auto" to have the interpreter run it'
    )
