"""`scriptc doctor`: what this machine has for native code."""

from __future__ import annotations

import ctypes
import importlib.metadata
import platform
import shlex
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.text import Text

import scriptc
from scriptc.cli import console
from scriptc.cli.errors import CommandError, NoNativeCode
from scriptc.ir.diagnostic import Error
from scriptc.runtime.native import settings
from scriptc.runtime.native.cache import UnfitFolderError, remove_tree, user_cache
from scriptc.runtime.native.compilers import ADVICE, Compiler, find_compiler
from scriptc.runtime.native.cpu import describe_cpu, vector_features
from scriptc.runtime.native.toolchain import MissingHeaders, compile_shared, find_headers

OPTIONAL_PACKAGES = ("torch", "onnx", "onnxruntime", "ziglang")

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red", "": ""}
_TRIAL = """\
#include "scriptc.h"
SC_API int32_t scriptc_trial(int32_t x) { return x + 1; }
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. The advice is for what is not well; `problem` ends in status 1."""

    name: str
    detail: str
    state: str = ""
    advice: str = ""


def examine() -> None:
    """Show what there is; raise `CommandError` if native code does not work."""
    problems = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they would say of the cache, a finding says
        for find in _SECTIONS:
            for finding in find():
                _show(finding)
                if finding.state == "problem":
                    problems.append(finding)
    if problems:
        raise CommandError([NoNativeCode(reason=p.detail, advice=p.advice) for p in problems])


def _show(finding: Finding) -> None:
    text = Text(f"{finding.name:<12} ")
    text.append(f"{finding.state:<8} ", style=_STYLES[finding.state])
    text.append(finding.detail)
    if finding.advice and finding.state == "warning":
        text.append(f"; {finding.advice}")
    console.say(text)


def _find_python() -> Iterator[Finding]:
    yield Finding("scriptc", scriptc.__version__)
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("NumPy", importlib.metadata.version("numpy"))
    for name in OPTIONAL_PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = "not installed (optional)"
        yield Finding(name, version)


def _find_machine() -> Iterator[Finding]:
    yield Finding("system", f"{platform.system()} {platform.release()}")
    yield Finding("processor", describe_cpu()[0])
    yield Finding("vectors", " ".join(vector_features()) or "unknown")


def _find_settings() -> Iterator[Finding]:
    readers: tuple[tuple[str, Callable[[], object]], ...] = (
        ("backend", settings.read_backend),
        ("compile", settings.read_compile_mode),
        ("threads", lambda: settings.read_threads() or 1),
        ("logs", lambda: ", ".join(sorted(settings.read_log_topics())) or "none"),
    )
    for name, read in readers:
        try:
            yield Finding(name, str(read()))
        except settings.SettingError as error:
            yield Finding(name, str(error), "problem", "unset that variable, or mend it")


def _find_cache() -> Iterator[Finding]:
    try:
        cache = user_cache()
    except settings.SettingError as error:
        yield Finding("cache", str(error), "problem", "unset that variable, or mend it")
        return
    try:
        cache.prepare()
        with cache.working_folder():
            pass
    except (OSError, UnfitFolderError) as error:
        advice = "code is compiled anew in each process; SCRIPTC_CACHE_DIR names another folder"
        yield Finding("cache", str(error), "warning", advice)
        return
    info = cache.info()
    entries = console.plural(info.entries, "entry", "entries")
    sizes = f"{console.size_text(info.size)} of {console.size_text(info.limit)}"
    yield Finding("cache", f"{info.folder}: {entries}, {sizes}", "ok")


def _find_compiler() -> Iterator[Finding]:
    try:
        found = find_compiler()
    except settings.SettingError:
        return  # that of the cache, which is shown with it
    except Error as error:
        yield Finding("compiler", str(error), "problem", ADVICE)
        return
    for other in found.rejected:
        yield Finding("compiler", f"{other.name}: {other.reason}", "warning")
    if not isinstance(found, Compiler):
        yield Finding("compiler", "there is no C compiler that works", "problem", ADVICE)
        return
    yield Finding("compiler", f"{found.name}: {shlex.join(found.command)}, {found.version}", "ok")
    yield Finding("target", found.target)
    yield Finding("flags", " ".join(found.flags))
    headers = find_headers()
    if isinstance(headers, MissingHeaders):
        advice = f"calls take a slower way; {headers.advice}"
        yield Finding("headers", f"there is no {headers.path}", "warning", advice)
    else:
        yield Finding("headers", ", ".join(map(str, headers.folders)), "ok")
    yield _try_native(python=not isinstance(headers, MissingHeaders))


def _try_native(*, python: bool) -> Finding:
    """Compile, load and call a function."""
    # The time is in it so that it is compiled, and not found in the cache.
    source = f"/* {time.time_ns()} */\n{_TRIAL}"
    if python:
        source = f"#include <Python.h>\n#include <numpy/arrayobject.h>\n{source}"
    begin = time.perf_counter()
    try:
        path = compile_shared(source, name="scriptc_trial", python=python)
        answer = ctypes.CDLL(str(path)).scriptc_trial(41)
        remove_tree(path.parent)
    except (OSError, Error) as error:
        return Finding("trial", str(error), "problem", ADVICE)
    if answer != 42:
        return Finding("trial", f"the function returned {answer}, not 42", "problem", ADVICE)
    seconds = console.time_text(time.perf_counter() - begin)
    return Finding("trial", f"a function was compiled and called in {seconds}", "ok")


_SECTIONS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _find_python,
    _find_machine,
    _find_settings,
    _find_cache,
    _find_compiler,
)
