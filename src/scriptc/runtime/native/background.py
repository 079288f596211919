"""Compiling in worker threads, so that the interpreter can answer meanwhile."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from scriptc.runtime.native.compilers import processes
from scriptc.runtime.native.cpu import usable_cpus
from scriptc.runtime.native.logs import get_logger

T = TypeVar("T")

EXIT_SECONDS = 5.0
"""How long the end of Python waits for work in progress; compilers are stopped at once."""


class Job(Generic[T]):
    """Work that goes on in another thread, and what to call with its result or exception."""

    def __init__(self, work: Callable[[], T], done: Callable[[T | Exception], None]) -> None:
        self._work = work
        self._done = done
        self._process = os.getpid()
        self._finished = threading.Event()

    @property
    def is_pending(self) -> bool:
        """Whether `done` is still to be called. A forked process does not inherit the work."""
        return not self._finished.is_set() and self._process == os.getpid()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until `done` has returned, or so long; return whether it has."""
        return self._finished.wait(seconds)

    def run(self) -> None:
        """Do the work and call `done`, in the thread of the caller."""
        outcome: T | Exception
        try:
            outcome = self._work()
        except Exception as error:  # noqa: BLE001 - handed on
            outcome = error
        try:
            if not _workers.closed:
                self._done(outcome)
        except Exception:  # noqa: BLE001 - nobody is there to take it
            get_logger("native").exception("what follows a compilation failed")
        finally:
            self._finished.set()


class _Workers:
    """A few threads, started when there is work, that end when Python does."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked process has none of the threads."""
        self.closed = False
        self._waiting: deque[Job[Any]] = deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle = 0

    def submit(self, job: Job[Any]) -> None:
        with self._changed:
            if self.closed:
                return
            self._waiting.append(job)
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif len(self._threads) < worker_limit():
                # Threads of this kind do not hold up the end of Python; `close` ends them.
                thread = threading.Thread(target=self._serve, name="scriptc-compile", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._waiting or self.closed)
                self._idle -= 1
                if self.closed:
                    return
                job = self._waiting.popleft()
            job.run()

    def close(self) -> None:
        """Drop what waits, stop the compilers that run, and wait for the threads to end."""
        with self._changed:
            self.closed = True
            self._waiting.clear()
            self._changed.notify_all()
        processes.stop()
        for thread in self._threads:
            thread.join(EXIT_SECONDS)


_workers = _Workers()
atexit.register(_workers.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.forget)


def worker_limit() -> int:
    """Return how many jobs run at once: half of the processors, at least one."""
    return max(1, usable_cpus() // 2)


def run_later(work: Callable[[], T], done: Callable[[T | Exception], None]) -> Job[T]:
    """Do `work` in a worker thread, then call `done` there with its result or its exception.

    When Python ends, what has not begun is dropped, compilers that run are stopped, and `done` is
    called no more.
    """
    job = Job(work, done)
    _workers.submit(job)
    return job
