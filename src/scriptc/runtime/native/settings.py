"""What users set about native code, by environment variables.

Each function reads its variable anew, and raises `SettingError` for a value that makes no sense.
"""

from __future__ import annotations

import os
import re
import sys
from enum import StrEnum
from pathlib import Path

from scriptc.ir.diagnostic import Error

LOG_TOPICS = ("native", "cache")
"""What `SCRIPTC_LOGS` may name: each is a logger below "scriptc"."""

DEFAULT_CACHE_SIZE = 1 << 30

_MAX_THREADS = 1024
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class SettingError(Error, ValueError):
    """An environment variable of scriptc has a value that makes no sense."""


class Backend(StrEnum):
    """Who answers calls: native code where it can, native code or an error, the interpreter."""

    AUTO = "auto"
    NATIVE = "native"
    INTERPRETER = "interpreter"


class CompileMode(StrEnum):
    """When native code is made: by the call that is the first to need it, or beside the calls."""

    WAIT = "wait"
    BACKGROUND = "background"


def _value(name: str) -> str:
    return os.environ.get(name, "").strip()


def read_backend() -> Backend:
    """Return what `SCRIPTC_BACKEND` asks for; `auto` if it is not set."""
    text = _value("SCRIPTC_BACKEND")
    try:
        return Backend(text.lower() or "auto")
    except ValueError:
        raise SettingError(f"SCRIPTC_BACKEND is {text!r}; it may be {', '.join(Backend)}") from None


def read_compile_mode() -> CompileMode:
    """Return what `SCRIPTC_COMPILE` asks for; `wait` if it is not set."""
    text = _value("SCRIPTC_COMPILE")
    try:
        return CompileMode(text.lower() or "wait")
    except ValueError:
        modes = ", ".join(CompileMode)
        raise SettingError(f"SCRIPTC_COMPILE is {text!r}; it may be {modes}") from None


def read_log_topics() -> frozenset[str]:
    """Return the topics that `SCRIPTC_LOGS` asks for."""
    text = _value("SCRIPTC_LOGS")
    topics = {part.strip().lower() for part in text.split(",")} - {""}
    if unknown := topics - {*LOG_TOPICS, "all"}:
        raise SettingError(
            f"SCRIPTC_LOGS names {min(unknown)!r}; it may name "
            f"{', '.join(LOG_TOPICS)}, several with commas between, or all"
        )
    return frozenset(LOG_TOPICS if "all" in topics else topics)


def read_threads() -> int | None:
    """Return how many threads one call may use, or None if `SCRIPTC_THREADS` does not say."""
    text = _value("SCRIPTC_THREADS")
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= _MAX_THREADS:
        raise SettingError(
            f"SCRIPTC_THREADS is {text!r}; it may be a number from 1 to {_MAX_THREADS}"
        )
    return int(text)


def read_cache_folder() -> Path:
    """Return the folder of the cache: `SCRIPTC_CACHE_DIR`, or the place the system has for it."""
    chosen = os.environ.get("SCRIPTC_CACHE_DIR")
    if chosen:
        if "\0" in chosen or not Path(chosen).is_absolute():
            raise SettingError(f"SCRIPTC_CACHE_DIR is {chosen!r}; it must be an absolute path")
        return Path(chosen)
    return _cache_home() / "scriptc"


def _cache_home() -> Path:
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local) if local else Path("~/AppData/Local").expanduser()
    home = os.environ.get("XDG_CACHE_HOME", "")
    # The specification of XDG has relative paths ignored.
    return Path(home) if Path(home).is_absolute() else Path("~/.cache").expanduser()


def read_cache_size() -> int:
    """Return how many bytes the cache may hold: `SCRIPTC_CACHE_SIZE`, or 1 GiB."""
    text = _value("SCRIPTC_CACHE_SIZE")
    if not text:
        return DEFAULT_CACHE_SIZE
    match = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,9})?) *([kmgt]?)(?:i?b)?", text.lower())
    if match is None:
        raise SettingError(
            f"SCRIPTC_CACHE_SIZE is {text!r}; it may be a number of bytes, or as in 500M, 2G"
        )
    return int(float(match[1]) * _UNITS[match[2]])
