"""A cache of its own for a test, and compilers of all kinds."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from scriptc.runtime.native import cache, compilers, toolchain

MakeProgram = Callable[[str, str], Path]


def _forget() -> None:
    cache._open.cache_clear()
    compilers._find.cache_clear()
    toolchain._warn.cache_clear()


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an empty cache; its path has a space and a letter beyond ASCII."""
    chosen = tmp_path / "the caché"
    monkeypatch.setenv("SCRIPTC_CACHE_DIR", str(chosen))
    _forget()
    yield chosen / "native-1"
    _forget()


@pytest.fixture
def programs(cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """`programs("cc", "exit 1")`: make a program. PATH has these only, and no compiler at first."""
    folder = tmp_path / "programs here"
    folder.mkdir()
    for name in ("sleep", "cat", "mkdir"):  # for the scripts themselves
        (folder / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compilers, "_find_zig", lambda: None)

    def make(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{dedent(script)}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


REAL_COMPILER = next(filter(None, map(shutil.which, ("cc", "clang", "gcc"))), None)


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> str:
    """A script that does what a compiler of this machine does."""
    if REAL_COMPILER is None:
        pytest.skip("needs a C compiler")
    # It finds its assembler and linker by the path.
    return f'PATH="/usr/local/bin:/usr/bin:/bin" exec {REAL_COMPILER} "$@"'
