"""Calls of compiled programs: native code for what has been seen before, compiled for the rest.

A compiled object calls what `install` was last given, at first the dispatcher itself. Once there
is native code for the arguments, that is called directly: code for other arguments is behind it,
each passing on what does not fit, and the dispatcher is at the end.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import inspect
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from scriptc.ir.graph import BlockArgument, Function, Instance, Program
from scriptc.ir.location import Location
from scriptc.ir.passes.constant_folding import is_small
from scriptc.runtime.entry import signature_of
from scriptc.runtime.exceptions import BUILTIN_EXCEPTIONS, error_at
from scriptc.runtime.native.abi import DictSlot, EntryPoint, Slot, TensorSlot, TextSlot
from scriptc.runtime.native.background import Job, run_later
from scriptc.runtime.native.compile import (
    NativeSource,
    accepts,
    attribute,
    compile_call,
    is_choice,
    is_record,
    slot_of,
)
from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.glue import MODULE, emit_glue
from scriptc.runtime.native.kernels import kernels_of
from scriptc.runtime.native.logs import get_logger
from scriptc.runtime.native.settings import CompileMode, read_compile_mode, read_threads
from scriptc.runtime.native.toolchain import (
    CompilationError,
    MissingHeaders,
    compile_shared,
    find_headers,
    warn_unavailable,
)

SYMBOL = "scriptc_entry"
_MAX_CODES = 64
"""How many signatures of one function get native code; others are left to the interpreter."""
_MAX_CHAIN = 8


Answer = Callable[..., Any]
"""What answers calls: native code, the interpreter, or both."""


class NativeError(RuntimeError):
    """A program has no native form, and was to have one: what is missing, and where."""


class UnsupportedArgument(Unsupported):
    """An argument is what native code does not take."""

    def __init__(self, parameter: BlockArgument, what: str) -> None:
        super().__init__(f"the argument `{parameter.name}` is {what}")
        self.parameter = parameter
        self.what = what


Kind = Slot | np.dtype[Any] | type
"""What an argument is to native code; of what it cannot take, the dtype or the class."""


@dataclass(slots=True)
class Code:
    """Native code for one signature, or why there is none, and what answers then."""

    source: NativeSource | None = None
    module: Any = None
    call: Any = None
    watched: tuple[Any, ...] = ()
    """The objects that `call` expects in the attributes that it watches."""
    refusal: Unsupported | None = None
    answer: Answer | None = None


class Dispatcher:
    """Finds or makes native code for the calls of one function.

    `interpreter` answers what native code does not. `install` is told what a call should try first.
    `must` tells that a call without native code is an error. `traces` is an int32 that is not 0
    while traces run: calls are the interpreter's then, which records them. `lock` is what calls
    that change attributes take in turn. `refused` is told why there is no native code for some
    arguments, and returns what answers for those.
    """

    def __init__(
        self,
        program: Program,
        entry: str,
        root: Instance | None,
        interpreter: Answer,
        install: Callable[[Answer], object],
        *,
        must: bool = False,
        traces: np.ndarray[Any, Any],
        lock: object = None,
        refused: Callable[[Unsupported], Answer] | None = None,
    ) -> None:
        self.program = program
        self.entry = entry
        self.root = root
        self.interpreter = interpreter
        self.install = install
        self.must = must
        self.traces = traces
        self.lock = lock
        self.refused = refused
        self.codes: dict[tuple[Kind, ...], list[Code]] = {}
        self.last: Code | None = None
        function = program.functions[entry]
        self.parameters = function.parameters[root is not None :]
        self._chain: list[Code] = []
        """Those that calls try by themselves, the first one first."""
        self._has_state = False
        self._lock = threading.RLock()
        self._followed: dict[tuple[int, type], bool] = {}
        self._jobs: dict[tuple[Kind, ...], Job[Code]] = {}
        self._signature = signature_of(function, root is not None)
        self._is_plain = not function.keyword_only

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answer a call that no native code has taken yet."""
        if self.traces[0]:
            return self.interpreter(*args, **kwargs)
        plain = self._is_plain and not kwargs and len(args) == len(self.parameters)
        values = args if plain else self._bind(args, kwargs)
        if values is None:
            return self.interpreter(*args, **kwargs)  # which says what is wrong
        key = tuple([self._kind_of(i, value) for i, value in enumerate(values)])
        code = self._find(key)
        if code is None or (code.call is None and self.must):
            # An array of whatever dtype is one, to the interpreter.
            odd = any(isinstance(kind, np.dtype) for kind in key)
            if not odd and not accepts(self.program, self.entry, self.root, values):
                return self.interpreter(*args, **kwargs)  # whose it is to explain
            code = code or self._obtain(key)
            if code is None:
                return self.interpreter(*args, **kwargs)
            if code.call is not None:
                return code.call(*args, **kwargs)
        elif code.call is not None and (self._renew(code) or code not in self._chain):
            return code.call(*args, **kwargs)
        return self._without(args, kwargs, code)

    def _kind_of(self, index: int, value: Any) -> Kind:
        slot = slot_of(value)
        if isinstance(slot, TextSlot | DictSlot) and not self._is_known(index, slot):
            return type(value)
        if slot is not None:
            return slot
        return value.dtype if isinstance(value, np.ndarray | np.generic) else type(value)

    def _is_known(self, index: int, slot: TextSlot | DictSlot) -> bool:
        """Tell whether code is compiled for each string, or for the keys, that an argument has."""
        kind = index, type(slot)
        known = self._followed.get(kind)
        if known is None:
            ask = is_choice if isinstance(slot, TextSlot) else is_record
            known = ask(self.program, self.entry, index + (self.root is not None))
            self._followed[kind] = known
        return known

    def _find(self, key: tuple[Kind, ...]) -> Code | None:
        """Return the code for arguments of these kinds, and for the attributes as they are."""
        return next((c for c in self.codes.get(key, ()) if self._still_fits(c)), None)

    def _still_fits(self, code: Code) -> bool:
        if code.source is None:
            return True
        entry = code.source.entry
        for (path, slot), expected in zip(entry.watched, code.watched, strict=True):
            now = attribute(self.root, path)
            if not (_is_same(expected, now) if slot is None else _fits(slot, now)):
                return False
        return all(_fits(p.slot, attribute(self.root, p.path)) for p in entry.parameters if p.path)

    def _renew(self, code: Code) -> bool:
        """Bind code anew if other objects, equal ones, are in attributes; tell whether it was."""
        assert code.source is not None
        with self._lock:
            watched = tuple(attribute(self.root, path) for path, _ in code.source.entry.watched)
            if all(old is new for old, new in zip(code.watched, watched, strict=True)):
                return False
            if not self._still_fits(code):
                return False
            code.watched = watched
            self._bind_code(code)
            self._link()
            return True

    def _without(self, args: Sequence[Any], kwargs: Mapping[str, Any], code: Code) -> Any:
        if self.must and code.refusal is not None:
            raise NativeError(_explain(self.program.functions[self.entry], code.refusal)) from None
        answer = code.answer or self.interpreter
        return answer(*args, **kwargs)

    @property
    def has_code(self) -> bool:
        """Whether there is native code for some arguments."""
        return any(code.source is not None for codes in self.codes.values() for code in codes)

    def forget_refusals(self) -> None:
        """Try again what had no native form: attributes have changed."""
        with self._lock:
            for key, codes in list(self.codes.items()):
                self.codes[key] = [code for code in codes if code.source is not None]

    def _bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Sequence[Any] | None:
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError:
            return None
        bound.apply_defaults()
        return list(bound.arguments.values())

    # --- making ---------------------------------------------------------------------------------

    def _obtain(self, key: tuple[Kind, ...]) -> Code | None:
        """Return code that is made now, or None while somebody makes some."""
        if self.must:
            return self._compile(key)
        if read_compile_mode() is CompileMode.BACKGROUND:
            self._compile_later(key)
            return None
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return self._compile(key)
        finally:
            self._lock.release()

    def _compile_later(self, key: tuple[Kind, ...]) -> None:
        job = self._jobs.get(key)
        if job is not None and job.is_pending:
            return

        def done(outcome: Code | Exception) -> None:
            if isinstance(outcome, Exception):
                name = self.program.functions[self.entry].origin
                get_logger("native").error("%s stays in the interpreter: %s", name, outcome)
                with self._lock:
                    refusal = Unsupported(str(outcome))
                    self.codes[key] = [*self.codes.get(key, ()), Code(refusal=refusal)]

        self._jobs[key] = run_later(partial(self._compile, key), done)

    def _compile(self, key: tuple[Kind, ...]) -> Code:
        with self._lock:
            code = self._find(key)
            if code is not None:
                return code
            if sum(map(len, self.codes.values())) >= _MAX_CODES:
                name = self.program.functions[self.entry].origin
                _log_full(name)
                return Code(refusal=Unsupported(f"more than {_MAX_CODES} kinds of arguments"))
            self.last = code = self._make(key)
            self.codes[key] = [*self.codes.get(key, ()), code]
            if code.source is not None:
                self._take_in(code, code.source.entry)
            elif code.refusal is not None and self.refused is not None:
                code.answer = self.refused(code.refusal)
            return code

    def _take_in(self, code: Code, entry: EntryPoint) -> None:
        """Bind new code, and have calls try it first."""
        if _has_state(entry) and not self._has_state:
            self._has_state = True
            for codes in self.codes.values():
                for other in codes:
                    if other.source is not None:
                        self._bind_code(other)  # with the lock, from now on
        else:
            self._bind_code(code)
        if len(self._chain) >= _MAX_CHAIN:
            self._chain = [c for c in self._chain if self._still_fits(c)]
        if len(self._chain) < _MAX_CHAIN:
            self._chain.insert(0, code)
        self._link()

    def _link(self) -> None:
        """Have each code of the chain pass on what it does not take to the next one."""
        following: Any = self
        for code in reversed(self._chain):
            code.call.miss = following
            following = code.call
        self.install(following)

    def _make(self, key: tuple[Kind, ...]) -> Code:
        log = get_logger("native")
        name = self.program.functions[self.entry].origin
        began = time.perf_counter()
        try:
            source = compile_call(self.program, self.entry, self._slots(key), self.root, SYMBOL)
            module = make_module(source)
        except Unsupported as refusal:
            where = "" if refusal.location is None else f" ({refusal.location})"
            log.info("%s stays in the interpreter: %s%s", name, refusal.reason, where)
            return Code(refusal=refusal)
        except NativeUnavailableError as error:
            if not self.must:
                warn_unavailable(error)
            return Code(refusal=Unsupported(str(error)))
        except CompilationError as error:
            if self.must:
                raise
            warnings.warn(f"{name} stays in the interpreter: {error}", RuntimeWarning, stacklevel=4)
            return Code(refusal=Unsupported("the C compiler refuses it"))
        log.info("%s compiled in %.0f ms", name, 1e3 * (time.perf_counter() - began))
        return Code(source, module, watched=source.watched)

    def _slots(self, key: tuple[Kind, ...]) -> list[Slot]:
        """Return how arguments are taken. Raises `Unsupported` for what native code cannot take."""
        slots: list[Slot] = []
        for parameter, kind in zip(self.parameters, key, strict=True):
            if isinstance(kind, np.dtype):
                raise UnsupportedArgument(parameter, f"an array of {kind}")
            if isinstance(kind, type):
                raise UnsupportedArgument(parameter, f"a {kind.__name__}")
            slots.append(kind)
        return slots

    def _bind_code(self, code: Code) -> None:
        source = code.source
        assert source is not None
        entry = source.entry
        places: list[tuple[Any, str, Any]] = []
        constants = iter(source.constants)
        for parameter in entry.parameters:
            if parameter.path:
                places.append(self._place(parameter.path))
            elif parameter.constant:
                places.append((None, "", next(constants)))
        places += [self._place(path) for path, _ in entry.assigned]
        for (path, _), expected in zip(entry.watched, code.watched, strict=True):
            places.append(self._place(path, expected))
        defaults = tuple(
            ... if p.default is inspect.Parameter.empty else p.default
            for p in self._signature.parameters.values()
        )
        code.call = code.module.bind(
            self.interpreter,
            self.interpreter,
            _Failure(entry, self.program.functions[self.entry]),
            defaults,
            tuple(places),
            self.lock if self._has_state else None,
            self.traces.__array_interface__["data"][0],
            read_threads() or 1,
        )

    def _place(self, path: tuple[str, ...], expected: Any = None) -> tuple[Any, str, Any]:
        return attribute(self.root, path[:-1]).__dict__, path[-1], expected


def _is_same(expected: Any, now: Any) -> bool:
    """Tell whether a value that code takes for granted is the same still."""
    if expected is now:
        return True
    # Its text tells a constant from all others: -0.0 from 0.0, and True from 1 in a tuple.
    return type(expected) is type(now) and is_small(now) and repr(expected) == repr(now)


def _fits(slot: Slot, value: Any) -> bool:
    given = slot_of(value)
    return given is not None and _matches(slot, given)


@functools.cache
def _log_full(name: str) -> None:
    get_logger("native").warning(
        "%s has native code for %d kinds of arguments; the interpreter takes all others",
        name,
        _MAX_CODES,
    )


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
        outlined = self.function.outlined
        raise error_at(error, place.location, self.entry.function, outlined=outlined)


def make_module(source: NativeSource) -> Any:
    """Compile C, and return the module whose `bind` makes a callable of it."""
    kernels = kernels_of(source.text)
    if isinstance(find_headers(), MissingHeaders):
        from scriptc.runtime.native import ctypes_glue

        text = ctypes_glue.emit_library(source.text)
        return ctypes_glue.load(source.entry, compile_shared(text, name=MODULE, kernels=kernels))
    text = emit_glue(source.entry, source.text)
    return load_module(compile_shared(text, name=MODULE, python=True, kernels=kernels))


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
