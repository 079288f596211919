"""The README shows what its commands print; sizes and times may be those of another machine."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import Golden
from scriptc.cli import app

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(
    r"```console\nscriptc (?P<command>[^\n]*)\n```\n(?P<between>[^`]*)```text\n(?P<shown>.*?)```\n",
    re.DOTALL,
)
MEASURED = re.compile(r"[\d.]+ (ms|s|kB|B)\b| +|─+")
"""What depends on the machine: figures, and with them the widths of columns."""


def test_the_readme_shows_what_its_commands_print(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = []

    def run(match: re.Match[str]) -> str:
        commands.append(match["command"])
        result = CliRunner().invoke(app, match["command"].split())
        assert result.exit_code == 0, result.output
        shown = result.stdout.rstrip() + "\n"
        if MEASURED.sub("", shown) == MEASURED.sub("", match["shown"]):
            shown = match["shown"]
        return (
            f"```console\nscriptc {match['command']}\n```\n{match['between']}```text\n{shown}```\n"
        )

    rebuilt = SHOWN.sub(run, readme)
    assert commands[0] == "compile examples/tutorial/model.py"
    assert len(commands) == 2
    golden(ROOT / "README.md", rebuilt)
