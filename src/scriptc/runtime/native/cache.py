"""The cache of compiled code: one folder for each entry, named by the SHA-256 of all it depends on.

An entry holds the object, the C source beside it, and a record with the checksum of the object.
It is made in a folder of its own and renamed into place, so that it is there whole or not at all;
a reader checks it before it is loaded, and one that is damaged is made anew. Any number of
processes may use a cache at once, and be killed at any time: a lock for each key keeps them from
doing the same work twice, and nothing more depends on it.

Code from the cache is run, so its folder must be one that only the user can write into.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import json
import math
import os
import shutil
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scriptc.ir.diagnostic import Error
from scriptc.runtime.native.logs import get_logger
from scriptc.runtime.native.settings import read_cache_folder, read_cache_size

if sys.platform != "win32":
    import fcntl

LOCK_SECONDS = 330.0
"""How long to wait for another process that makes the same entry, before making it as well."""

SPARED_SECONDS = 60.0
"""An entry used so lately is not removed for space: somebody may be about to load it."""

STALE_SECONDS = 3600.0
"""Working folders as old as this were left by processes that were killed."""

_POLL_SECONDS = 0.02
_VERSION = "1"
_RECORD = "entry.json"
_FAILED = ".failed"
_NOTE = ".note"
_WORK = "work-"

ZIG_FOLDER = "zig"
"""Where the compiler of `ziglang` keeps the C library that it builds."""


class UnfitFolderError(Error):
    """A folder is one that others could put code into, or that code cannot be run from."""


class CacheError(Error):
    """There is no place at all to put compiled code."""


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """What a cache holds. `problem` says why it cannot be used, or is empty."""

    folder: Path
    entries: int
    size: int
    limit: int
    problem: str = ""


class Cache:
    """The compiled code in one folder, which is made if need be."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self._size = 0
        self._counted_at = -math.inf

    def prepare(self) -> None:
        """Make the folder if it is not there; raise if it cannot be used, or must not be."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        check_private(self.folder)
        if sys.platform == "linux" and os.statvfs(self.folder).f_flag & os.ST_NOEXEC:
            raise UnfitFolderError(f"code in {self.folder} cannot be run (mounted noexec)")

    def find(self, key: str) -> Path | None:
        """Return the object of an entry that is there and whole, and mark it as used."""
        folder = self.folder / key
        if not os.path.lexists(folder):
            return None
        try:
            path = _checked_object(folder, key)
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            get_logger("cache").warning("%s is damaged and made anew: %s", folder, error)
            remove_tree(folder)
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / _RECORD)
        return path

    def fetch(self, key: str, make: Callable[[Path], Path]) -> Path:
        """Return the object with that key; `make` it in the folder that it is given if need be.

        `make` returns the path of the object. Everything that it leaves in the folder is kept.
        """
        logger = get_logger("cache")
        if (found := self.find(key)) is not None:
            logger.debug("hit %s", found)
            return found
        with self._locked(key):
            if (found := self.find(key)) is not None:
                logger.debug("hit %s, made by another process", found)
                return found
            logger.debug("miss %s", self.folder / key)
            with self.working_folder() as work:
                path = self._store(key, work, make(work))
        self._make_room(path.parent)
        return path

    @contextlib.contextmanager
    def working_folder(self) -> Iterator[Path]:
        """Make a folder beside the entries for the time of the block."""
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=self.folder))
        try:
            yield work
        finally:
            if work.exists():
                remove_tree(work)

    def _store(self, key: str, work: Path, made: Path) -> Path:
        assert made.parent == work
        record = {
            "object": made.name,
            "key": key,
            "sha256": hashlib.sha256(_read(made)).hexdigest(),
        }
        (work / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        for path in (*work.iterdir(), work):
            _sync(path)
        target = self.folder / key
        for _ in range(100):
            try:
                work.rename(target)
            except OSError:
                # Another process was faster, and its entry is as good; or a damaged one is there,
                # which `find` removes.
                if not target.exists():
                    raise
                if (found := self.find(key)) is not None:
                    return found
            else:
                _sync(self.folder)
                return target / made.name
        raise OSError(f"{target} cannot be replaced")

    def read_note(self, key: str) -> dict[str, Any] | None:
        """Return the facts that `write_note` wrote, or None if they are not there or damaged."""
        try:
            note = json.loads(_read(self.folder / f"{key}{_NOTE}"))
        except (OSError, ValueError, RecursionError):
            return None
        if isinstance(note, dict) and note.pop("sha256", "") == _note_checksum(key, note):
            return note
        return None

    def write_note(self, key: str, facts: dict[str, Any]) -> None:
        """Keep a few facts, which can be found out again if they are lost."""
        text = json.dumps(facts | {"sha256": _note_checksum(key, facts)}, indent=1) + "\n"
        path = self.folder / f"{key}{_NOTE}"
        try:
            with self.working_folder() as work:
                (work / path.name).write_text(text, encoding="utf-8")
                _sync(work / path.name)
                (work / path.name).replace(path)
        except OSError as error:
            get_logger("cache").warning("%s cannot be written: %s", path, error)

    def keep_failed(self, key: str, work: Path) -> Path:
        """Keep what a failed compilation left, to be read by people; return where it is now."""
        target = self.folder / f"{key}{_FAILED}"
        with contextlib.suppress(OSError):
            remove_tree(target)
            work.rename(target)
        return target

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        """Hold the lock of a key, or go on without it where that takes too long.

        The system frees the lock of a process that ends, however it ends.
        """
        if sys.platform == "win32":  # the work may be done twice, and is as right
            yield
            return
        path = self.folder / f"{key}.lock"
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            deadline = time.monotonic() + LOCK_SECONDS
            while time.monotonic() < deadline:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    time.sleep(_POLL_SECONDS)
                except OSError:  # a file system without locks
                    break
                else:
                    break
            yield
        finally:
            # Those who wait hold this file, and find the entry when they have it. Those who come
            # later find the entry at once, or make a file of their own.
            path.unlink(missing_ok=True)
            # A process forked meanwhile shares the descriptor: closing ours would not be enough.
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def _entries(self) -> list[tuple[float, int, Path]]:
        """Return the time of the last use, the size and the folder of each entry, oldest first."""
        found = []
        with contextlib.suppress(OSError):
            for item in os.scandir(self.folder):
                entry = not item.name.startswith(_WORK) and item.name != ZIG_FOLDER
                if not entry or not item.is_dir(follow_symlinks=False):
                    continue
                path = Path(item.path)
                with contextlib.suppress(OSError):
                    record = path / _RECORD
                    used = (record if record.exists() else path).stat().st_mtime
                    found.append((used, tree_size(path), path))
        return sorted(found)

    def _make_room(self, added: Path) -> None:
        """Keep within the limit after an entry was added.

        Counting what is there takes long where that is much, and what was used in the last minute
        stays in any case: so what other processes add is counted once a minute.
        """
        self._size += tree_size(added)
        if self._size > self.limit or time.monotonic() - self._counted_at > SPARED_SECONDS:
            self.shrink(keep=added)

    def shrink(self, keep: Path | None = None) -> None:
        """Remove what was not used for the longest time, until the rest is within the limit."""
        now = time.time()
        self._counted_at = time.monotonic()
        entries = self._entries()
        size = sum(entry[1] for entry in entries)
        for used, entry_size, path in entries:
            if size <= self.limit:
                break
            if path != keep and abs(now - used) > SPARED_SECONDS:
                get_logger("cache").debug("removed for space: %s", path)
                remove_tree(path)
                size -= entry_size
        self._size = size
        with contextlib.suppress(OSError):
            for item in os.scandir(self.folder):
                left_over = item.name.startswith(_WORK) or item.name.endswith(".lock")
                if left_over and now - item.stat(follow_symlinks=False).st_mtime > STALE_SECONDS:
                    remove_tree(Path(item.path))

    def info(self) -> CacheInfo:
        """Return what the cache holds, without making its folder."""
        problem = ""
        try:
            check_private(self.folder)
        except FileNotFoundError:
            pass  # it is made when something is put into it
        except (OSError, UnfitFolderError) as error:
            problem = str(error)
        entries = self._entries()
        size = sum(entry[1] for entry in entries) + tree_size(self.folder / ZIG_FOLDER)
        compiled = [entry for entry in entries if not entry[2].name.endswith(_FAILED)]
        return CacheInfo(self.folder, len(compiled), size, self.limit, problem)

    def clear(self) -> CacheInfo:
        """Remove everything; return what was there."""
        before = self.info()
        if self.folder.is_symlink() or self.folder.exists():
            check_private(self.folder)
            for item in list(self.folder.iterdir()):
                remove_tree(item)
        return before


def _checked_object(folder: Path, key: str) -> Path:
    """Return the object of an entry; raise if anything about it is not as it was made."""
    if folder.is_symlink():
        raise ValueError("it is a link")
    record = json.loads(_read(folder / _RECORD))
    name = record["object"]
    if record["key"] != key or Path(name).name != name:
        raise ValueError("its record is of another entry")
    path = folder / str(name)
    if hashlib.sha256(_read(path)).hexdigest() != record["sha256"]:
        raise ValueError("the checksum does not fit")
    return path


def _note_checksum(key: str, facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps([key, facts], sort_keys=True).encode()).hexdigest()


def check_private(folder: Path) -> None:
    """Raise `UnfitFolderError` unless only the user can put something into a folder.

    Nor may others be able to put another folder in its place.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnfitFolderError(f"{folder} is not a folder")
    if not hasattr(os, "geteuid"):  # pragma: no cover - Windows: the profile is the user's own
        return
    if found.st_uid != os.geteuid():
        raise UnfitFolderError(f"{folder} belongs to another user")
    if found.st_mode & 0o077:
        raise UnfitFolderError(
            f"{folder} is open to other users (mode {stat.S_IMODE(found.st_mode):o}, must be 700)"
        )
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise UnfitFolderError(f"{parent} is writable by every user")


def user_cache() -> Cache:
    """Return the cache that the settings name, whether or not it can be used."""
    return Cache(read_cache_folder() / f"native-{_VERSION}", read_cache_size())


def open_cache() -> Cache:
    """Return the cache of the user, or a private one for this process where that cannot be used."""
    cache = user_cache()
    return _open(cache.folder, cache.limit)


@functools.lru_cache(maxsize=8)
def _open(folder: Path, limit: int) -> Cache:
    cache = Cache(folder, limit)
    try:
        cache.prepare()
        with cache.working_folder():
            pass  # so that a folder that cannot be written into is known now
    except (OSError, UnfitFolderError) as error:
        warnings.warn(
            f"scriptc keeps no compiled code, because its cache cannot be used: {error}. "
            "SCRIPTC_CACHE_DIR names another folder",
            stacklevel=2,
        )
        return temporary_cache()
    return cache


def temporary_cache() -> Cache:
    """Return the cache of this process, which goes with it."""
    return _temporary.cache()


class _Temporary:
    """The private cache of each process: a forked one makes its own."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._cache: Cache | None = None
        self._lock = threading.Lock()

    def cache(self) -> Cache:
        with self._lock:
            if self._cache is None:
                try:
                    # The name is not to be guessed, and the folder is the user's alone.
                    folder = Path(tempfile.mkdtemp(prefix="scriptc-"))
                except OSError as error:
                    raise CacheError(f"there is no place for compiled code: {error}") from error
                self._cache = Cache(folder, read_cache_size())
            return self._cache

    def remove(self) -> None:
        if self._cache is not None:
            remove_tree(self._cache.folder)


_temporary = _Temporary()
atexit.register(_temporary.remove)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_temporary.forget)


def remove_tree(path: Path) -> None:
    """Remove a file or folder, as far as that is possible; links are not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def tree_size(folder: Path) -> int:
    """Return how many bytes the files in a folder hold."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - many files
    return size


def _read(path: Path) -> bytes:
    """Read a regular file; a link in its place is an error."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path.name} is not a file")
        return file.read()


def _sync(path: Path) -> None:
    if path.is_symlink() or (os.name == "nt" and path.is_dir()):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
