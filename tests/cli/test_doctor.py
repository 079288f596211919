"""`scriptc doctor`: what it finds, what it advises, and its exit status."""

import re
from pathlib import Path

import pytest

from scriptc.runtime.native import cache, compilers
from scriptc.runtime.native.compilers import NoCompiler, find_compiler


@pytest.fixture(autouse=True)
def own_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTC_CACHE_DIR", str(folder / "cache"))
    monkeypatch.delenv("CC", raising=False)
    for remembered in (cache._open, compilers._find):
        remembered.cache_clear()


def found(text: str, name: str) -> str:
    return "\n".join(re.findall(rf"^{name} +(.*)$", text, re.MULTILINE))


def test_a_machine_where_all_is_well(cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRIPTC_BACKEND", raising=False)
    if isinstance(find_compiler(), NoCompiler):
        pytest.skip("needs a C compiler")
    ran = cli("doctor")
    assert (ran.status, ran.err) == (0, "")
    assert re.match(r"3\.\d+", found(ran.out, "Python"))
    assert found(ran.out, "NumPy")
    assert found(ran.out, "cache").startswith(f"ok       {folder}/cache/native-1: 0 entries")
    assert found(ran.out, "compiler").startswith("ok ")
    assert "-ffp-contract=off" in found(ran.out, "flags")
    assert "was compiled and called" in found(ran.out, "trial")
    assert found(ran.out, "backend") == "auto"
    assert "\x1b" not in ran.out
    # What it tried is gone; the next run tries anew.
    assert cli("cache", "info").out.splitlines()[1] == "entries  0"


def test_a_machine_without_a_compiler(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(compilers, "_find_zig", lambda: None)
    ran = cli("doctor")
    assert ran.status == 1
    assert found(ran.out, "compiler") == "problem  there is no C compiler that works"
    assert not found(ran.out, "trial")
    assert "error[no-native-code]" in ran.err
    assert "pip install scriptc[native]" in ran.err


def test_a_compiler_that_is_passed_over(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    ran = cli("doctor")
    assert "warning  CC: there is no program 'no-such-compiler'" in found(ran.out, "compiler")


def test_code_that_cannot_be_loaded(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(find_compiler(), NoCompiler):
        pytest.skip("needs a C compiler")

    def refuse(name: str) -> None:
        raise OSError(f"{name}: failed to map segment")

    monkeypatch.setattr("ctypes.CDLL", refuse)
    ran = cli("doctor")
    assert ran.status == 1
    assert "failed to map segment" in found(ran.out, "trial")
    assert "failed to map segment" in ran.err


def test_settings_that_make_no_sense(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTC_BACKEND", "fast")
    monkeypatch.setenv("SCRIPTC_CACHE_SIZE", "lots")
    ran = cli("doctor")
    assert ran.status == 1
    assert found(ran.out, "backend").startswith("problem  SCRIPTC_BACKEND is 'fast'")
    assert found(ran.out, "cache").startswith("problem  SCRIPTC_CACHE_SIZE is 'lots'")
    assert ran.err.count("error[") == 2


def test_a_cache_that_is_refused_is_a_warning(cli, folder: Path) -> None:
    (folder / "cache" / "native-1").mkdir(parents=True)
    (folder / "cache" / "native-1").chmod(0o755)
    ran = cli("doctor")
    assert found(ran.out, "cache").startswith("warning ")
    assert "open to other users" in found(ran.out, "cache")
    assert "SCRIPTC_CACHE_DIR" in found(ran.out, "cache")
    assert ran.status == (1 if isinstance(find_compiler(), NoCompiler) else 0)
