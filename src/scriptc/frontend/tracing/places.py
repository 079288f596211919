"""Where in the user's code the run is, and warnings that name the place once."""

from __future__ import annotations

import itertools
import linecache
import sys
import warnings
from types import FrameType

from scriptc.frontend.tracing.errors import TraceError, TracerWarning
from scriptc.ir.location import Location, SourceFile

_LIBRARIES = ("scriptc", "numpy")


def user_location() -> Location | None:
    """Return the place in the user's code that is running."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _LIBRARIES:
            return _frame_location(frame)
        frame = frame.f_back
    return None


def _frame_location(frame: FrameType) -> Location:
    path = frame.f_code.co_filename
    at = itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    line, end_line, start, end = next(at, (None, None, None, None))
    line = frame.f_lineno if line is None else line
    text = linecache.getline(path, line).rstrip("\n")
    file = SourceFile(path, text, line)
    if start is None or end is None or end_line != line:
        start, end = len(text) - len(text.lstrip()), len(text)
    else:
        start, end = _column(text, start), _column(text, end)
    return Location(file, line, start, line, end)


def _column(text: str, offset: int) -> int:
    return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))


def describe_place(location: Location | None) -> str:
    """Return the lines of a message that show a place; nothing if there is none."""
    if location is None:
        return ""
    line = (location.file.line(location.line) or "").strip()
    return f"\n  {location.file.path}:{location.line}: {line}".rstrip()


def trace_error(what: str, advice: str = "", kind: type[TraceError] = TraceError) -> TraceError:
    """Return the error that says what could not be recorded, what to do, and where."""
    advice = f"; {advice}" if advice else ""
    return kind(f"a trace cannot record {what}{advice}{describe_place(user_location())}")


class Warner:
    """Warns of what is burnt into one trace: once for each thing at each place."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int]] = set()

    def warn(self, what: str, advice: str = "use scriptc.script to keep the decision") -> None:
        """Say what of this run the trace keeps."""
        location = user_location()
        path, line = ("<trace>", 0) if location is None else (location.file.path, location.line)
        if (what, path, line) in self._seen:
            return
        self._seen.add((what, path, line))
        warnings.warn_explicit(
            f"{what}; the trace keeps what it was in this run: {advice}{describe_place(location)}",
            TracerWarning,
            path,
            line,
        )
