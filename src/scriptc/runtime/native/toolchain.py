"""From C source to a shared object: the compiler, the headers, the flags and the cache.

    path = compile_shared(source, name="my_cell")

raises `NativeUnavailableError` where native code cannot be made on this machine, which callers
turn into one warning with `warn_unavailable`, and `CompilationError` where the compiler refuses
the source, which is a fault of ours.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import sys
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scriptc.ir.diagnostic import InternalError
from scriptc.runtime.native.cache import Cache, CacheError, open_cache, temporary_cache
from scriptc.runtime.native.compilers import (
    NativeUnavailableError,
    NoCompiler,
    find_compiler,
    processes,
)
from scriptc.runtime.native.cpu import machine_identity
from scriptc.runtime.native.kernels import APART, Kernel
from scriptc.runtime.native.logs import get_logger
from scriptc.version import __version__

COMPILE_SECONDS = 300.0
"""How long one compilation may take."""

INCLUDE = Path(__file__).with_name("include")
"""The folder of our own headers."""

SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")

_FULL_DISK_BYTES = 4 << 20


class CompilationError(InternalError):
    """The compiler refused or crashed on generated C. `source` is where that is kept."""

    def __init__(self, reason: str, output: str, source: Path) -> None:
        super().__init__(f"{reason}; the C source is {source}\n{output}".rstrip())
        self.output = output
        self.source = source


@dataclass(frozen=True, slots=True)
class PythonHeaders:
    """The folders of the headers of Python and of NumPy, and what their layout depends on."""

    folders: tuple[Path, ...]
    identity: str


@dataclass(frozen=True, slots=True)
class MissingHeaders:
    """A header is not there: glue for Python cannot be compiled."""

    path: Path
    advice: str

    def error(self) -> NativeUnavailableError:
        """Return the error that says so."""
        return NativeUnavailableError(f"there is no {self.path}", self.advice)


@functools.cache
def find_headers() -> PythonHeaders | MissingHeaders:
    """Look for the headers of this Python and its NumPy."""
    import sysconfig

    import numpy as np

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folders = []
    for name in ("include", "platinclude"):
        folder = Path(sysconfig.get_path(name))
        if folder not in folders:
            folders.append(folder)
    if not any((folder / "Python.h").is_file() for folder in folders):
        advice = f"install the package with the headers of Python (python{version}-dev)"
        return MissingHeaders(folders[0] / "Python.h", advice)
    arrays = Path(np.get_include())
    if not (arrays / "numpy" / "arrayobject.h").is_file():
        return MissingHeaders(arrays / "numpy" / "arrayobject.h", "reinstall numpy")
    abi = f"{sysconfig.get_config_var('SOABI')} {sys.implementation.cache_tag} {np.__version__}"
    return PythonHeaders((*folders, arrays), abi)


def compile_shared(
    source: str,
    *,
    name: str,
    python: bool = False,
    extra: Sequence[str] = (),
    kernels: Sequence[Kernel] = (),
) -> Path:
    """Compile C source to a shared object, unless the cache has it, and return its path.

    `name` makes the file easy to recognise. `python` is for source that includes the headers of
    Python and NumPy. `extra` are further flags. `kernels` are those that the source calls; they are
    compiled once for all programs, and linked.
    """
    compiler = find_compiler()
    if isinstance(compiler, NoCompiler):
        raise compiler.error()
    flags = [*compiler.flags, *extra, "-I", str(INCLUDE)]
    depends = [__version__, compiler.identity, machine_identity(), _headers_checksum()]
    name = re.sub(r"\W", "_", name, flags=re.ASCII)[:80] or "code"
    objects = _compile_kernels(kernels, [*compiler.command, *flags], depends) if kernels else ()
    if python:
        headers = find_headers()
        if isinstance(headers, MissingHeaders):
            raise headers.error()
        for folder in headers.folders:
            flags += ["-I", str(folder)]
        if sys.platform == "darwin":
            flags += ["-undefined", "dynamic_lookup"]  # Python's symbols are those of the process
        depends.append(headers.identity)
    if objects:
        flags.append(f"-D{APART}")
        depends += [kernel.name for kernel in kernels]
    unit = _Unit(source, name, SUFFIX, (*compiler.command, *flags), objects)
    return unit.fetch(*depends, name, *flags, source)


def _compile_kernels(
    kernels: Sequence[Kernel], command: Sequence[str], depends: Sequence[str]
) -> tuple[Path, ...]:
    """Return the objects of kernels; those that are new are compiled beside each other."""
    command = [part for part in command if part != "-shared"]
    units = [_Unit(k.source, k.name, ".o", (*command, "-c"), ()) for k in kernels]
    with ThreadPoolExecutor(len(units)) as pool:
        return tuple(pool.map(lambda unit: unit.fetch(*depends, *command, unit.source), units))


@dataclass(frozen=True, slots=True)
class _Unit:
    """A C file, and what is to be made of it: the command, and objects that are linked."""

    source: str
    name: str
    suffix: str
    command: tuple[str, ...]
    objects: tuple[Path, ...]

    def fetch(self, *depends: str) -> Path:
        """Return what is made, from the cache if it is there; `depends` is all that decides it."""
        key = _checksum(*depends)
        cache = open_cache()
        try:
            return cache.fetch(key, lambda folder: self._make(folder, key, cache))
        except OSError as error:
            # The disk is full, or the folder has changed its owner: there may be another place.
            get_logger("cache").warning("%s cannot be used: %s", cache.folder, error)
        other = temporary_cache()
        try:
            return other.fetch(key, lambda folder: self._make(folder, key, other))
        except OSError as error:
            raise CacheError(f"there is no place for compiled code: {error}") from error

    def _make(self, folder: Path, key: str, cache: Cache) -> Path:
        logger = get_logger("native")
        name, begin = self.name, time.perf_counter()
        (folder / f"{name}.c").write_text(self.source, encoding="utf-8")
        made = folder / f"{name}{self.suffix}"
        # Names without a folder: the path of the cache may be one that a compiler cannot read.
        for path in self.objects:
            shutil.copyfile(path, folder / path.name)
        objects = [path.name for path in self.objects]
        whole = [*self.command, "-o", made.name, f"{name}.c", *objects, "-lm"]
        ran = processes.run(whole, folder, COMPILE_SECONDS)
        for linked in objects:
            (folder / linked).unlink()
        seconds = time.perf_counter() - begin
        if ran.status == 0 and made.is_file() and made.stat().st_size:
            logger.info("%s compiled in %.2f s", name, seconds)
            return made
        if shutil.disk_usage(folder).free < _FULL_DISK_BYTES:
            raise OSError("the disk is full")
        if ran.status is None:
            reason = f"the C compiler took longer than {COMPILE_SECONDS:g} s for {name}"
        elif ran.status:
            reason = f"the C compiler failed on {name} (exit status {ran.status})"
        else:
            reason = f"the C compiler said that it compiled {name}, and wrote nothing"
        (folder / "output.txt").write_text(ran.output, encoding="utf-8")
        kept = cache.keep_failed(key, folder) / f"{name}.c"
        logger.warning("%s; its source is %s", reason, kept)
        raise CompilationError(reason, ran.output, kept)


def _checksum(*parts: str) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


@functools.cache
def _headers_checksum() -> str:
    paths = sorted(INCLUDE.glob("*.h"))
    return _checksum(*(part for p in paths for part in (p.name, p.read_text(encoding="utf-8"))))


@functools.cache
def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=3)


def warn_unavailable(error: NativeUnavailableError) -> None:
    """Warn that the interpreter serves instead of native code, once for each reason."""
    _warn(f"the interpreter answers, which is slower, since {error}")
