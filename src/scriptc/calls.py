"""Who answers calls of a compiled object: native code, the interpreter, a trace that records.

A compiled object has its `__call__` in a slot, and what stands there changes: at first what
decides, then the interpreter or native code itself: such a call runs no Python on its way.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import Instance, Program
from scriptc.nn.module import TraceHook, tracing
from scriptc.runtime.entry import signature_of
from scriptc.runtime.native.settings import Backend, read_backend

if TYPE_CHECKING:
    from scriptc.runtime.native.report import NativeReport

_traces = np.zeros(1, np.int32)
"""Native code looks here: while traces run, calls are recorded and not just made."""


@contextmanager
def trace_with(hook: TraceHook | None) -> Iterator[None]:
    """Have a hook see the calls that this thread or task makes; None has none see them."""
    token = tracing.set(hook)
    _traces[0] += 1
    try:
        yield
    finally:
        _traces[0] -= 1
        tracing.reset(token)


def backend_of(name: str | None) -> Backend | None:
    """Return the back end of that name; None is left to the environment."""
    if name is None:
        return None
    try:
        return Backend(name)
    except ValueError:
        names = ", ".join(repr(str(b)) for b in Backend)
        raise ArgumentError(f"the backend is one of {names}, not {name!r}") from None


class _Signature:
    """What `inspect.signature` asks an object for; the class itself has the usual one."""

    def __get__(self, called: Called | None, owner: type | None = None) -> inspect.Signature:
        if called is None:
            raise AttributeError("__signature__")
        return called._calls.signature()


class Called:
    """Base of what is called by way of a slot."""

    __slots__ = ("__call__",)

    __call__: Callable[..., Any]
    __signature__ = _Signature()
    _calls: Calls


class Calls:
    """The calls of one compiled object.

    `run` is the interpreter, and `lock` what calls take in turn, if they must.
    """

    def __init__(
        self,
        called: Called,
        program: Program,
        entry: str,
        run: Callable[[], Callable[..., Any]],
        *,
        root: Instance | None = None,
        lock: Callable[[], AbstractContextManager[object] | None] | None = None,
        backend: Backend | None = None,
    ) -> None:
        self.called = called
        self.program = program
        self.entry = entry
        self.root = root
        self.backend = backend
        self._run = run
        self._lock = lock
        self.dispatcher: Any = None
        """The `Dispatcher` of native code, once there is one."""
        self.regions: Any = None
        """The `Regions` of what native code refuses, once there is a dispatcher."""
        self._decided = False
        self._deciding = threading.Lock()
        self._install(self._decide)

    def attributes_changed(self) -> None:
        """Note that attributes of the object were assigned from outside."""
        if self.dispatcher is not None:
            self.dispatcher.forget_refusals()

    def _decide(self, *args: Any, **kwargs: Any) -> Any:
        self._settle()
        return self.called(*args, **kwargs)

    def _settle(self) -> None:
        """Choose who answers, once."""
        with self._deciding:
            if not self._decided:
                self._decided = True
                self._install(self._choose())

    def _choose(self) -> Callable[..., Any]:
        backend = self.backend or read_backend()
        if backend is Backend.INTERPRETER or not self.entry:
            return self._interpret
        from scriptc.runtime.native.call import Answer, Dispatcher
        from scriptc.runtime.native.emitter.values import Unsupported
        from scriptc.runtime.native.regions import Regions

        lock = None if self._lock is None else self._lock()
        self.regions = regions = Regions(
            self.program, self.entry, self.root, self._interpret, traces=_traces, lock=lock
        )
        must = backend is Backend.NATIVE

        def refused(refusal: Unsupported) -> Answer:
            answer = regions.refused(refusal)
            if regions.always and not must:
                self._install(answer)
            return answer

        self.dispatcher = Dispatcher(
            self.program,
            self.entry,
            self.root,
            self._interpret,
            self._install,
            must=must,
            traces=_traces,
            lock=lock,
            refused=refused,
        )
        return cast("Callable[..., Any]", self.dispatcher)

    def native_report(self) -> NativeReport:
        """Report what native code does of the calls, as far as one can tell by now."""
        from scriptc.runtime.native.report import NativeReport, report_on

        function = self.program.functions[self.entry]
        self._settle()
        if self.dispatcher is None:
            name = function.origin.rpartition(".")[2]
            return NativeReport(name, "all interpreted: the backend is the interpreter")
        return report_on(function, self.dispatcher, self.regions)

    def _interpret(self, *args: Any, **kwargs: Any) -> Any:
        hook = tracing.get()
        if hook is None:
            return self._run()(*args, **kwargs)
        return hook.call_scripted(self.called, self._run(), args, kwargs)

    def _install(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self.called, "__call__", call)

    def signature(self) -> inspect.Signature:
        """Return the signature of what is called."""
        if not self.entry:
            raise AttributeError("__signature__")
        original = getattr(self.called, "__wrapped__", None)
        if original is not None:
            return inspect.signature(original)
        return signature_of(self.program.functions[self.entry], self.root is not None)

    @property
    def c_source(self) -> str:
        """The C of the code that was made last; empty if there is none."""
        if self.dispatcher is None or self.dispatcher.last is None:
            return ""
        source = self.dispatcher.last.source
        return str(self.regions.c_source if source is None else source.text)
