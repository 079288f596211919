"""What users set by environment variables."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scriptc.runtime.native import settings
from scriptc.runtime.native.settings import Backend, CompileMode, SettingError


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch):
    def set_to(**values: str | None) -> None:
        for name, value in values.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)

    return set_to


def test_values(set_to) -> None:
    cases = [
        ("SCRIPTC_BACKEND", settings.read_backend, {
            None: Backend.AUTO, "": Backend.AUTO, "auto": Backend.AUTO, " Native ": Backend.NATIVE,
            "interpreter": Backend.INTERPRETER,
        }),
        ("SCRIPTC_LOGS", settings.read_log_topics, {
            None: set(), "": set(), "native": {"native"}, "cache, native,": {"cache", "native"},
            "ALL": {"cache", "native"},
        }),
        ("SCRIPTC_COMPILE", settings.read_compile_mode, {
            None: CompileMode.WAIT, "wait": CompileMode.WAIT,
            " Background": CompileMode.BACKGROUND,
        }),
        ("SCRIPTC_THREADS", settings.read_threads, {None: None, "": None, "1": 1, " 16 ": 16}),
        ("SCRIPTC_CACHE_SIZE", settings.read_cache_size, {
            None: 1 << 30, "": 1 << 30, "0": 0, "4096": 4096, "500k": 500 << 10, "1.5M": 3 << 19,
            "2GiB": 2 << 30, "3 GB": 3 << 30,
        }),
    ]  # fmt: skip
    for name, read, values in cases:
        for text, value in values.items():
            set_to(**{name: text})
            assert read() == value, (name, text)


def test_values_that_make_no_sense(set_to) -> None:
    cases = [
        ("SCRIPTC_BACKEND", settings.read_backend, ["fast", "auto,native"], "interpreter"),
        ("SCRIPTC_LOGS", settings.read_log_topics, ["nativ", "all,x"], "native, cache"),
        ("SCRIPTC_COMPILE", settings.read_compile_mode, ["later", "1"], "wait, background"),
        ("SCRIPTC_THREADS", settings.read_threads, ["0", "-1", "2.0", "two", "9" * 30], "1024"),
        ("SCRIPTC_CACHE_SIZE", settings.read_cache_size, ["-1", "big", "1X", "nan", "1e9"], "500M"),
        ("SCRIPTC_CACHE_DIR", settings.read_cache_folder, ["cache", "./cache"], "absolute"),
    ]  # fmt: skip
    for name, read, texts, says in cases:
        for text in texts:
            set_to(**{name: text})
            with pytest.raises(SettingError) as caught:
                read()
            assert name in str(caught.value), text
            assert says in str(caught.value), text


def test_the_folder_of_the_cache(set_to, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to(SCRIPTC_CACHE_DIR="/some where/é")
    assert settings.read_cache_folder() == Path("/some where/é")
    set_to(SCRIPTC_CACHE_DIR=None, HOME="/home/me", XDG_CACHE_HOME=None)
    monkeypatch.setattr(sys, "platform", "linux")
    assert settings.read_cache_folder() == Path("/home/me/.cache/scriptc")
    set_to(XDG_CACHE_HOME="/var/me")
    assert settings.read_cache_folder() == Path("/var/me/scriptc")
    set_to(XDG_CACHE_HOME="relative")
    assert settings.read_cache_folder() == Path("/home/me/.cache/scriptc")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert settings.read_cache_folder() == Path("/home/me/Library/Caches/scriptc")
    monkeypatch.setattr(sys, "platform", "win32")
    set_to(LOCALAPPDATA="/data/local")
    assert settings.read_cache_folder() == Path("/data/local/scriptc")


PRINT_LOGS = """
import logging
from scriptc.runtime.native.logs import get_logger
logging.basicConfig(level="ERROR")
for topic in ("native", "cache"):
    get_logger(topic).debug("about %s", topic)
"""


@pytest.mark.parametrize(
    ("topics", "printed"),
    [
        ("", ""),
        ("cache", "scriptc.cache: about cache\n"),
        ("all", "scriptc.native: about native\nscriptc.cache: about cache\n"),
    ],
)
def test_logs_go_to_the_standard_error_once(topics: str, printed: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PRINT_LOGS],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"SCRIPTC_LOGS": topics},
    )
    assert (ran.stdout, ran.stderr) == ("", printed)


def test_without_the_setting_a_program_has_its_own_way_with_logs(caplog) -> None:
    with caplog.at_level(logging.INFO, "scriptc"):
        logging.getLogger("scriptc.native").info("compiled")
    assert caplog.messages == ["compiled"]
