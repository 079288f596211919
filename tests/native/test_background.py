"""Compiling in worker threads: calls back, keeps to its bound, and ends cleanly with Python."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scriptc.runtime.native import background
from scriptc.runtime.native.background import Job, run_later, worker_limit
from scriptc.runtime.native.compilers import find_compiler
from scriptc.runtime.native.toolchain import CompilationError, compile_shared


def compile_later(source: str, name: str, done: Callable[[Path | Exception], None]) -> Job[Path]:
    return run_later(lambda: compile_shared(source, name=name), done)


def test_the_result_comes_in_another_thread(cache_folder: Path) -> None:
    outcomes: list[tuple[Path | Exception, str]] = []

    def done(outcome: Path | Exception) -> None:
        outcomes.append((outcome, threading.current_thread().name))

    good = compile_later("int answer(void) { return 42; }", "good", done)
    assert good.wait(60)
    assert not good.is_pending
    bad = compile_later("int answer(void) { return x; }", "bad", done)
    assert bad.wait(60)
    (path, thread), (error, _) = outcomes
    assert thread == "scriptc-compile"
    assert isinstance(path, Path)
    assert ctypes.CDLL(str(path)).answer() == 42
    assert isinstance(error, CompilationError)


def test_no_more_at_once_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "worker_limit", lambda: 2)
    monkeypatch.setattr(background, "_workers", background._Workers())
    lock, running, most, results = threading.Lock(), 0, 0, []

    def work() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return most

    jobs = [run_later(work, results.append) for _ in range(12)]
    assert all(job.wait(20) for job in jobs)
    assert (most, len(results)) == (2, 12)
    assert worker_limit() >= 1
    background._workers.closed = True  # its threads end, without those of the other tests
    with background._workers._changed:
        background._workers._changed.notify_all()


def test_a_callback_that_raises_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fail(outcome: object) -> None:
        raise ZeroDivisionError(outcome)

    for _ in range(5):
        assert run_later(lambda: 1, fail).wait(20)
    results: list[object] = []
    assert run_later(lambda: 2, results.append).wait(20)
    assert results == [2]
    assert "ZeroDivisionError" in caplog.text


def test_a_forked_process_does_not_wait_for_work_it_has_not() -> None:
    go = threading.Event()
    job = run_later(go.wait, lambda _: None)
    child = os.fork()
    if not child:
        status = 1
        try:
            again = run_later(lambda: 3, lambda _: None)
            status = 0 if not job.is_pending and again.wait(10) else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert job.is_pending
    go.set()
    assert job.wait(20)


EXIT = """
import sys, time
from pathlib import Path
from scriptc.runtime.native.background import run_later
from scriptc.runtime.native.toolchain import compile_shared
started = Path(sys.argv[1])
for i in range(5):
    run_later(lambda i=i: compile_shared(f"int x{i};", name="answer"), print)
while not (started.exists() and started.read_text().strip()):
    time.sleep(0.01)
"""


def test_python_ends_while_a_compiler_runs(
    programs, real: str, tmp_path: Path, cache_folder: Path
) -> None:
    started = tmp_path / "started"
    programs(
        "cc",
        f'for a in "$@"; do [ "$a" = answer.c ] && {{ echo $$ >> "{started}"; sleep 60; }}; done\n'
        f"{real}",
    )
    find_compiler()
    begin = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", EXIT, str(started)],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert time.monotonic() - begin < 20
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    for process in started.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)
    assert [path.name[64:] for path in cache_folder.iterdir()] == [".note"]
