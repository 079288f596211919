"""`scriptc cache`: what is kept, and its removal."""

from pathlib import Path

import pytest

from scriptc.runtime.native.cache import open_cache


@pytest.fixture(autouse=True)
def cache_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCRIPTC_CACHE_DIR", str(folder / "cache"))
    return folder / "cache" / "native-1"


def make(folder: Path) -> Path:
    (folder / "code.so").write_bytes(bytes(4000))
    return folder / "code.so"


def test_info_and_clear(cli, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def info(entries: int, size: str, limit: str) -> str:
        return f"folder   {cache_folder}\nentries  {entries}\nsize     {size}\nlimit    {limit}\n"

    ran = cli("cache", "info")
    assert (ran.status, ran.out, ran.err) == (0, info(0, "0 B", "1.1 GB"), "")
    assert not cache_folder.exists()
    assert cli("cache", "clear").out == "removed 0 entries, 0 B\n"
    for i in range(2):
        open_cache().fetch(f"{i:064}", make)
    monkeypatch.setenv("SCRIPTC_CACHE_SIZE", "500k")
    assert cli("cache", "info").out == info(2, "8.4 kB", "512.0 kB")
    ran = cli("cache", "clear")
    assert (ran.status, ran.out, ran.err) == (0, "removed 2 entries, 8.4 kB\n", "")
    assert list(cache_folder.iterdir()) == []


def test_a_folder_that_is_not_ours_alone(cli, cache_folder: Path) -> None:
    cache_folder.mkdir(parents=True)
    cache_folder.chmod(0o777)
    (cache_folder / "file").write_text("")
    for command in ("info", "clear"):
        ran = cli("cache", command)
        assert ran.status == 1
        assert "error[unusable-cache]" in ran.err
        assert "open to other users" in ran.err
    assert (cache_folder / "file").exists()


def test_a_setting_that_makes_no_sense(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTC_CACHE_SIZE", "lots")
    ran = cli("cache", "info")
    assert (ran.status, ran.out) == (1, "")
    assert "error[bad-setting]: SCRIPTC_CACHE_SIZE is 'lots'" in ran.err
