"""The command, run in this process, and files for it to work on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from typer.testing import CliRunner

from scriptc.cli import app

MODEL = """
    import numpy as np
    import scriptc
    from scriptc import nn


    @scriptc.script
    def double(x: np.ndarray, times: int = 1) -> np.ndarray:
        for _ in range(times):
            x = x * 2
        return x


    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(np.array([1.0, 2.0, 3.0], np.float32))
            self.relu = nn.ReLU()

        def forward(self, x):
            if len(x) > 3:
                raise ValueError(f"{len(x)} rows are too many")
            return self.relu(x * self.weight), x


    scale = Scale()
"""


@dataclass
class Ran:
    """A run of the command: its exit status, and what it printed."""

    status: int
    out: str
    err: str


Cli = Callable[..., Ran]
Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test runs in an empty folder, on no terminal."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def cli() -> Cli:
    """`cli("compile", "model.py")`: run the command; no traceback of ours may come out of it."""

    def run(*arguments: str | os.PathLike[str]) -> Ran:
        result = CliRunner().invoke(app, [str(a) for a in arguments], prog_name="scriptc")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.stderr
        return Ran(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def write(folder: Path) -> Write:
    """`write("model.py", text)`: make a file in the folder of the test."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(dedent(text), encoding="utf-8")
        return Path(name)

    return write


@pytest.fixture
def model(write: Write) -> Path:
    """A file with a scripted function and a module."""
    return write("model.py", MODEL)
