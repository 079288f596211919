"""The tutorial in `docs/getting-started.md` is run, and must print what it shows.

Blocks of `python` run one after another in one namespace, those of `console` as commands in the
same folder; a block of `text` after the first, and all after the first line of the second, is
what they print. `--update-golden` writes it.
"""

import contextlib
import io
import linecache
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import Golden
from scriptc.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "getting-started.md"
BLOCK = re.compile(
    r"```python\n(?P<python>.*?)```\n(?P<between>\n+```text\n)?(?(between)(?P<text>.*?)```\n)"
    r"|```console\n\$ scriptc (?P<command>[^\n]*)\n(?P<shown>.*?)```\n",
    re.DOTALL,
)


class Session:
    """The `python` blocks of the page, which together are the file `model.py`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, object] = {"__name__": "model"}

    def run(self, source: str) -> str:
        """Run a block, and return what it prints."""
        first = len(self.lines)
        self.lines += source.splitlines(keepends=True)
        # Without a modification time, `linecache` asks no file for it.
        linecache.cache["model.py"] = (len("".join(self.lines)), None, self.lines, "model.py")
        code = compile("\n" * first + source, "model.py", "exec")
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, self.namespace)
        return printed.getvalue()


@pytest.mark.filterwarnings("ignore::scriptc.TracerWarning")
def test_the_page_shows_what_is_printed(
    golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session()
    count = 0

    def run_block(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        if match["command"] is not None:
            result = CliRunner().invoke(app, match["command"].split())
            assert result.exit_code == 0, result.output
            return f"```console\n$ scriptc {match['command']}\n{result.stdout}```\n"
        printed = session.run(match["python"])
        shown = f"\n```text\n{printed}```\n" if printed else ""
        return f"```python\n{match['python']}```\n{shown}"

    text = PAGE.read_text(encoding="utf-8")
    rebuilt = BLOCK.sub(run_block, text)
    del linecache.cache["model.py"]
    assert count >= 8
    golden(PAGE, rebuilt)
