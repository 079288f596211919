"""Who answers calls of a compiled object: native code, the interpreter, a trace that records.

A compiled object has its `__call__` in a slot, and what stands there changes: at first what
decides, then the interpreter or native code itself: such a call runs no Python on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from scriptc.ir.diagnostic import ArgumentError
from scriptc.ir.graph import Instance, Program
from scriptc.nn.module import TraceHook, tracing
from scriptc.runtime.native.settings import Backend, read_backend

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


class Called:
    """Base of what is called by way of a slot."""

    __slots__ = ("__call__",)

    __call__: Callable[..., Any]


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
        self.start()

    def start(self) -> None:
        """Decide anew at the next call who answers."""
        self.dispatcher = None
        object.__setattr__(self.called, "__call__", self._decide)

    def _decide(self, *args: Any, **kwargs: Any) -> Any:
        backend = self.backend or read_backend()
        if backend is Backend.INTERPRETER or not self.entry:
            self._install(self._interpret)
        else:
            from scriptc.runtime.native.call import Dispatcher

            self.dispatcher = Dispatcher(
                self.program,
                self.entry,
                self.root,
                self._interpret,
                self._install_native,
                must=backend is Backend.NATIVE,
                traces=_traces,
            )
            self._install_native(self.dispatcher)
        return self.called(*args, **kwargs)

    def _interpret(self, *args: Any, **kwargs: Any) -> Any:
        hook = tracing.get()
        if hook is None:
            return self._run()(*args, **kwargs)
        return hook.call_scripted(self.called, self._run(), args, kwargs)

    def _install(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self.called, "__call__", call)

    def _install_native(self, call: Callable[..., Any]) -> None:
        lock = self._lock() if self._lock is not None and self.dispatcher.has_state else None
        if lock is None:
            self._install(call)
            return

        def one_at_a_time(*args: Any, **kwargs: Any) -> Any:
            with lock:
                return call(*args, **kwargs)

        self._install(one_at_a_time)

    @property
    def c_source(self) -> str:
        """The C of the code that was made last; empty if there is none."""
        last = self.dispatcher.last if self.dispatcher is not None else None
        return last.source.text if last is not None else ""
