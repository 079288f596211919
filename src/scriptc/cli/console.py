"""The terminal: where text goes, when it is coloured, how tables and problems look.

Colours, line breaks at the width of the window, and progress are for terminals. In a pipe or a
file the same text stands plain, and no line is broken.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from scriptc.ir.diagnostic import Diagnostic, render_all
from scriptc.runtime.native.report import Answer, NativeReport, rows

_PIPE_WIDTH = 100_000
_THEME = Theme(
    {
        "ir.comment": "dim",
        "ir.function": "bold cyan",
        "ir.keyword": "magenta",
        "ir.string": "green",
        "ir.type": "yellow",
        "ir.value": "blue",
    }
)


class _GraphHighlighter(RegexHighlighter):
    base_style = "ir."
    highlights = (
        r"(?P<value>%[\w.]+)",
        r"(?P<function>@[\w.]+)",
        r"\b(?P<keyword>func|class|if|else|for|loop|carry|body|yield|return|raise|break|continue)\b",
        r"(?P<type>\b(Tensor|list|dict|tuple)\[[^\]]*\]|\b(Tensor|int|float|bool|str)\b)",
        r"(?P<string>\"(?:[^\"\\]|\\.)*\")",
        r"(?P<comment>//.*)",
    )


def console(*, error: bool = False) -> Console:
    """Return the console of the standard output, or of the standard error."""
    return Console(
        stderr=error,
        width=None if _is_window(error=error) else _PIPE_WIDTH,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        markup=False,
        emoji=False,
        highlight=False,
        theme=_THEME,
    )


def _is_window(*, error: bool) -> bool:
    return (sys.stderr if error else sys.stdout).isatty()


def in_color(target: Console) -> bool:
    """Tell whether a console is a terminal that is to have colours."""
    return target.is_terminal and target.color_system is not None


def say(text: str | Text, *, error: bool = False) -> None:
    """Print a line of text as it is."""
    console(error=error).print(text, soft_wrap=True)


def show_problems(problems: Sequence[Diagnostic]) -> None:
    """Print problems on the standard error."""
    target = console(error=True)
    print(render_all(problems, color=in_color(target)), file=sys.stderr)


def show_graph(text: str) -> None:
    """Print IR, in colours on a terminal."""
    target = console()
    if in_color(target):
        target.print(_GraphHighlighter()(text), soft_wrap=True)
    else:
        print(text)


def show_code(text: str) -> None:
    """Print Python source, in colours on a terminal."""
    target = console()
    if in_color(target):
        syntax = Syntax(text, "python", theme="ansi_dark", background_color="default")
        target.print(syntax.highlight(text), soft_wrap=True, end="")
    else:
        print(text)


_ANSWERS = {
    Answer.NATIVE: "green",
    Answer.BOTH: "yellow",
    Answer.INTERPRETER: "red",
    Answer.NOT_CALLED: "cyan",
}


def show_native_report(report: NativeReport) -> None:
    """Print what native code does of a program; on a terminal, who does it is coloured."""
    say(f"{report.function}: {report.summary}")
    for section in report.sections:
        say(f"\n{section.path}")
        for line, row in rows(section):
            text = Text(row)
            width = len(line.answer)
            text.stylize(_ANSWERS.get(line.answer, ""), 0, width)
            if line.reasons:
                text.stylize("dim", row.rindex("  # "))
            say(text)


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()
) -> None:
    """Print a table; the columns named in `numbers` stand to the right."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in columns:
        if name in numbers:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    target = console()
    if _is_window(error=False):
        target.print(table)
        return
    with target.capture() as captured:
        target.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something goes on, on a terminal, while it does."""
    if not _is_window(error=True):
        yield
        return
    with console(error=True).status(what):
        yield


def plural(count: int, noun: str, many: str = "") -> str:
    """Return the number and the noun: `1 archive`, `2 archives`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def size_text(count: int) -> str:
    """Return a number of bytes for people: `812 B`, `3.4 kB`."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def time_text(seconds: float) -> str:
    """Return a duration for people: `3.2 ms`, `1.50 s`."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
