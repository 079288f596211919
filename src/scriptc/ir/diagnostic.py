"""What scriptc says when something is wrong: error classes, diagnostics and how they are drawn.

A diagnostic is a frozen dataclass derived from `Diagnostic`. Its class holds the stable code and
the wording, its fields hold the facts; the words may name the fields, as in "`{name}` is not
defined". The front end's diagnostics stand in `frontend/errors.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scriptc.ir.location import Location


class Error(Exception):
    """Base of everything that scriptc raises about its own input."""


class ArgumentError(Error, TypeError):
    """A call does not fit the signature of the scripted function: number, name or type."""


class ArchiveError(Error):
    """A file is not a readable archive: damaged, foreign, too new, or refused for safety."""


class InternalError(Error):
    """A fault in scriptc itself. Please report it with the text it prints."""


class UnsupportedError(Error):
    """The request is well-formed, but scriptc cannot do it; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Label:
    """A second place in the source that belongs to a diagnostic, with a few words about it."""

    location: Location
    text: str


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One problem at one place in the user's source."""

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    label: ClassVar[str] = ""
    help: ClassVar[str] = ""
    severity: ClassVar[str] = "error"

    location: Location | None
    labels: tuple[Label, ...] = ()

    def _fill(self, template: str) -> str:
        return template.format_map(vars(self))

    @property
    def title_text(self) -> str:
        return self._fill(self.title)

    @property
    def label_text(self) -> str:
        return self._fill(self.label)

    @property
    def help_text(self) -> str:
        return self._fill(self.help)


class CompileError(Error):
    """One or more problems in source that was to be compiled; `diagnostics` holds them all."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n" + render_all(self.diagnostics))

    def __reduce__(self) -> tuple[type[CompileError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


_STYLES = {"error": "1;31", "warning": "1;33", "note": "1;34", "gutter": "34", "bold": "1"}


class _Painter:
    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.color and text else text


def render_all(diagnostics: Sequence[Diagnostic], *, color: bool = False) -> str:
    """Draw several diagnostics, and a closing line that counts them if there are more than one."""
    parts = [render(d, color=color) for d in diagnostics]
    if len(parts) > 1:
        parts.append(f"{len(parts)} problems found")
    return "\n\n".join(parts)


def render(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """Draw a diagnostic: code, title, source lines with the spans underlined, and help."""
    paint = _Painter(color)
    severity = diagnostic.severity
    head = paint(f"{severity}[{diagnostic.code}]", severity)
    lines = [f"{head}: {paint(diagnostic.title_text, 'bold')}"]
    location = diagnostic.location
    if location is not None:
        lines += _draw_source(location, diagnostic, paint)
    if diagnostic.help_text:
        pad = _gutter_width(diagnostic) * " "
        first, *more = diagnostic.help_text.splitlines()
        lines.append(f"{pad} {paint('=', 'gutter')} {paint('help', 'bold')}: {first}")
        lines += [f"{pad}         {line}" for line in more]
    return "\n".join(lines)


def _gutter_width(diagnostic: Diagnostic) -> int:
    places = [diagnostic.location, *(label.location for label in diagnostic.labels)]
    return max((len(str(place.line)) for place in places if place is not None), default=0)


_Mark = tuple[Location, str, str, str]
_MAX_LINES = 6


def _by_line(place: Location, text: str, sign: str, style: str) -> list[_Mark]:
    """Return the marks of the lines of a span, the words at the last; of a long span, its first."""
    if place.end_line - place.line >= _MAX_LINES:
        return [(place, f"{text} (to line {place.end_line})".strip(), sign, style)]
    found: list[_Mark] = []
    for number in range(place.line, place.end_line + 1):
        source = place.file.line(number) or ""
        start = place.column if number == place.line else len(source) - len(source.lstrip())
        stop = place.end_column if number == place.end_line else len(source)
        words = text if number == place.end_line else ""
        found.append((Location(place.file, number, start, number, stop), words, sign, style))
    return found


def _draw_source(location: Location, diagnostic: Diagnostic, paint: _Painter) -> list[str]:
    width = _gutter_width(diagnostic)
    bar = paint("|", "gutter")
    lines = [f"{' ' * width}{paint('-->', 'gutter')} {location}", f"{' ' * width} {bar}"]
    marks = [(location, diagnostic.label_text, "^", diagnostic.severity)]
    for label in diagnostic.labels:
        if label.location.file.path == location.file.path:
            marks.append((label.location, label.text, "-", "note"))
        else:
            lines.insert(1, f"{' ' * width}     also {label.location}: {label.text}")
    marks = [line for mark in marks for line in _by_line(*mark)]
    marks.sort(key=lambda mark: (mark[0].line, mark[0].column))
    drawn: int | None = None
    for place, text, sign, style in marks:
        source = place.file.line(place.line)
        if source is None:
            continue
        if drawn is not None and place.line > drawn + 1:
            if place.line == drawn + 2 and (between := place.file.line(drawn + 1)) is not None:
                lines.append(f"{paint(str(drawn + 1).rjust(width), 'gutter')} {bar} {between}")
            else:
                lines.append(paint("...".rjust(width), "gutter"))
        if drawn != place.line:
            lines.append(f"{paint(str(place.line).rjust(width), 'gutter')} {bar} {source}")
            drawn = place.line
        end = place.end_column if place.end_line == place.line else len(source)
        # Tabs stay tabs so that the underline stands under its text in any terminal.
        lead = "".join("\t" if c == "\t" else " " for c in source[: place.column])
        under = sign * max(1, end - place.column)
        lines.append(f"{' ' * width} {bar} {lead}{paint(f'{under} {text}'.rstrip(), style)}")
    return lines
