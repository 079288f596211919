"""Which C compiler there is, and what it can do.

Looked for are, in order, what `CC` names, `cc`, `clang` and `gcc`, and last the compiler in the
`ziglang` wheel. The first that compiles a small file is taken. What was found out about it is kept
in the cache, so that a process that finds its code there starts no compiler at all.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import importlib.util
import os
import shlex
import shutil
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scriptc.ir.diagnostic import Error, UnsupportedError
from scriptc.runtime.native.cache import ZIG_FOLDER, Cache, open_cache
from scriptc.runtime.native.logs import get_logger

if TYPE_CHECKING:
    import subprocess

PROBE_SECONDS = 60.0
"""How long a compiler may take for a small file."""

ADVICE = (
    "install a C compiler (the package gcc or clang of the system), name one in the environment "
    "variable CC, or run `pip install scriptc[native]`"
)

REQUIRED_FLAGS = (
    "-std=c11",
    "-O3",
    "-fno-strict-aliasing",
    "-Werror=implicit-function-declaration",  # found when it is compiled, not when it is loaded
    "-ffp-contract=off",  # else a * b + c is not what NumPy answers
    "-shared",
    "-fPIC",
    "-pthread",
)
"""Flags without which the code would be wrong: a compiler that does not know one is not taken."""

OPTIONAL_FLAGS = (
    ("-march=native", "-mcpu=native"),
    ("-fno-math-errno",),
    ("-fno-trapping-math",),
    ("-fopenmp-simd",),
)
"""Flags that make the code faster; of each group the first that the compiler knows is taken."""

_PROBE = """\
#include <math.h>
#include <stdint.h>
int64_t scriptc_probe(const double *x, int64_t n) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += sqrt(x[i]);
    return (int64_t)floor(sum);
}
"""
_OUTPUT_LIMIT = 65536


class NativeUnavailableError(UnsupportedError):
    """Native code cannot be made on this machine; `advice` says what to do about it."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}: {advice}")
        self.reason = reason
        self.advice = advice


class PythonEndsError(Error):
    """Python ends while a compiler runs, so that has been stopped."""

    def __init__(self) -> None:
        super().__init__("Python ends: nothing is compiled any more")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A compiler that is there, or that was asked for, but cannot be used."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler that works. `name` says how it was found: "CC", "cc"... or "ziglang"."""

    name: str
    command: tuple[str, ...]
    version: str
    target: str
    flags: tuple[str, ...]
    rejected: tuple[Rejected, ...] = ()

    @property
    def identity(self) -> str:
        """Text that is another for every compiler whose code may be another."""
        return "\n".join((*self.command, self.version, self.target))


@dataclass(frozen=True, slots=True)
class NoCompiler:
    """There is no C compiler that works; `rejected` are those that do not."""

    rejected: tuple[Rejected, ...] = ()

    def error(self) -> NativeUnavailableError:
        """Return the error that says so, and how to get one."""
        reasons = "".join(f" ({r.name}: {r.reason})" for r in self.rejected)
        return NativeUnavailableError(f"there is no C compiler that works{reasons}", ADVICE)


@dataclass(frozen=True, slots=True)
class Completed:
    """What a process left: its exit status (None if it took too long), and what it printed."""

    status: int | None
    output: str


class Processes:
    """The compilers that run now, to be stopped when Python ends."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, without stopping those that run."""
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, command: Sequence[str], folder: Path, seconds: float) -> Completed:
        """Run a program in a folder, without a shell; raise OSError if it cannot be started."""
        import subprocess

        with (
            tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as temporary,
            tempfile.TemporaryFile(dir=temporary) as output,
        ):
            # Zig keeps the C library that it builds, and should not keep our code as well.
            environment = os.environ | {"TMPDIR": temporary, "ZIG_LOCAL_CACHE_DIR": temporary}
            environment.setdefault("ZIG_GLOBAL_CACHE_DIR", str(folder.parent / ZIG_FOLDER))
            with self._lock:
                if self._closed:
                    raise PythonEndsError
                process = subprocess.Popen(  # noqa: S603 - no shell; the user's compiler
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that what it starts can be stopped with it
                )
                self._running.add(process)
            status: int | None
            try:
                status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                _stop(process)
                with self._lock:
                    self._running.discard(process)
            if self._closed:
                raise PythonEndsError  # it was stopped, and what it says means nothing
            output.seek(0)
            text = output.read(_OUTPUT_LIMIT).decode("utf-8", "replace")
        return Completed(status, text)

    def stop(self) -> None:
        """Stop all of them, and let none begin."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that still runs, and what it has started."""
    if process.returncode is not None:
        return
    import signal

    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:  # pragma: no cover - Windows
            process.kill()
    process.wait()


processes = Processes()
atexit.register(processes.stop)
if hasattr(os, "register_at_fork"):
    # A forked process has none of the compilers of its parent.
    os.register_at_fork(after_in_child=processes.forget)


def find_compiler() -> Compiler | NoCompiler:
    """Return the compiler to use; what is found is remembered as long as CC and PATH stay."""
    return _find(os.environ.get("CC", ""), os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=8)
def _find(cc: str, path: str) -> Compiler | NoCompiler:
    rejected: list[Rejected] = []
    for name, command in _candidates(cc, path, rejected):
        found = _examine(name, command)
        if isinstance(found, Compiler):
            get_logger("native").info(
                "compiler %s: %s (%s)", found.name, shlex.join(found.command), found.version
            )
            return _with_rejected(found, rejected)
        rejected.append(found)
    return NoCompiler(tuple(rejected))


def _with_rejected(found: Compiler, rejected: list[Rejected]) -> Compiler:
    for other in rejected:
        get_logger("native").warning("compiler %s is not used: %s", other.name, other.reason)
    return Compiler(
        found.name, found.command, found.version, found.target, found.flags, tuple(rejected)
    )


def _candidates(cc: str, path: str, rejected: list[Rejected]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    if cc.strip():
        command, reason = _split_cc(cc.strip(), path)
        if command:
            found.append(("CC", command))
        else:
            rejected.append(Rejected("CC", reason))
    programs = ((name, shutil.which(name, path=path)) for name in ("cc", "clang", "gcc"))
    found += [(name, (str(Path(program).absolute()),)) for name, program in programs if program]
    if zig := _find_zig():
        found.append(("ziglang", (zig, "cc")))
    return found


def _split_cc(cc: str, path: str) -> tuple[tuple[str, ...], str]:
    """Split what `CC` holds: the path of a compiler, spaces and all, or a command of words."""
    if program := shutil.which(cc, path=path):
        return (str(Path(program).absolute()),), ""
    try:
        words = shlex.split(cc)
    except ValueError as error:
        return (), f"{cc!r} cannot be read: {error}"
    program = shutil.which(words[0], path=path) if words else None
    if program is None:
        return (), f"there is no program {words[0] if words else cc!r}"
    return (str(Path(program).absolute()), *words[1:]), ""


def _find_zig() -> str | None:
    try:
        spec = importlib.util.find_spec("ziglang")
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        # The program itself: `python -m ziglang` would only start it, and there may be no
        # `python` where Python is part of another program.
        program = Path(folder) / ("zig.exe" if sys.platform == "win32" else "zig")
        if os.access(program, os.X_OK):
            return str(program)
    return None


def _examine(name: str, command: tuple[str, ...]) -> Compiler | Rejected:
    """Find out about a compiler, from the cache if it has not changed since."""
    cache = open_cache()
    key = _examination_key(command)
    known = cache.read_note(key)
    if known is not None:
        with contextlib.suppress(KeyError, TypeError):
            return Compiler(name, command, known["version"], known["target"], tuple(known["flags"]))
    found = _probe(name, command, cache)
    if isinstance(found, Compiler):
        cache.write_note(key, asdict(found))
    return found


def _examination_key(command: tuple[str, ...]) -> str:
    real = os.path.realpath(command[0])
    try:
        facts = Path(real).stat()
        state = f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ino}"
    except OSError:
        state = ""
    parts = (
        *command,
        real,
        state,
        *REQUIRED_FLAGS,
        *(f for group in OPTIONAL_FLAGS for f in group),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _probe(name: str, command: tuple[str, ...], cache: Cache) -> Compiler | Rejected:
    with cache.working_folder() as folder:
        (folder / "probe.c").write_text(_PROBE, encoding="ascii")
        if problem := _try_flags(command, REQUIRED_FLAGS, folder):
            return Rejected(name, problem)
        flags: tuple[str, ...] = REQUIRED_FLAGS
        first = tuple(group[0] for group in OPTIONAL_FLAGS)
        if not _try_flags(command, (*flags, *first), folder):
            flags = (*flags, *first)
        else:
            for group in OPTIONAL_FLAGS:
                for flag in group:
                    if not _try_flags(command, (*flags, flag), folder):
                        flags = (*flags, flag)
                        break
        version = processes.run((*command, "--version"), folder, PROBE_SECONDS)
        target = processes.run((*command, "-dumpmachine"), folder, PROBE_SECONDS)
    lines = [line.strip()[:200] for line in version.output.splitlines() if line.strip()]
    if version.status != 0 or not lines:
        lines = ["unknown"]
    # That of Clang is exact here, where Zig's -dumpmachine names another.
    targets = [line.removeprefix("Target: ") for line in lines if line.startswith("Target: ")]
    if not targets and target.status == 0:
        targets = target.output.split()[:1]
    return Compiler(name, command, lines[0], targets[0] if targets else "unknown", flags)


def _try_flags(command: tuple[str, ...], flags: tuple[str, ...], folder: Path) -> str:
    """Compile a small file with these flags; return what went wrong, or ""."""
    made = folder / "probe.so"
    made.unlink(missing_ok=True)
    # Some compilers only warn about a flag that they do not know.
    whole = (*command, *flags, "-Werror", "-o", made.name, "probe.c", "-lm")
    try:
        ran = processes.run(whole, folder, PROBE_SECONDS)
    except OSError as error:
        return f"it cannot be started: {error.strerror or error}"
    if ran.status is None:
        return f"it took longer than {PROBE_SECONDS:g} s to compile a small file"
    if ran.status != 0:
        lines = ran.output.strip().splitlines()
        said = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "")
        return f"it cannot compile a small file: {said[:300] or f'exit status {ran.status}'}"
    if not made.is_file() or made.stat().st_size == 0:
        return "it compiled nothing"
    return ""
