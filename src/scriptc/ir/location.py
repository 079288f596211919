"""Where in the user's source a value, an operation or an error comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache


@lru_cache(maxsize=256)
def _lines(text: str) -> list[str]:
    """Return the lines of a text; each operation of a function asks for those of its source."""
    return text.splitlines()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A piece of source text: a whole file, or a function's lines cut out of one.

    `first_line` is the 1-based number that the first line of `text` has in the file `path`.
    Two source files are the same when they have the same path and the same place in it.
    """

    path: str
    text: str = field(repr=False, compare=False)
    first_line: int = 1

    def line(self, number: int) -> str | None:
        """Return the text of the line with that number in the file, or None when not held."""
        lines = _lines(self.text)
        index = number - self.first_line
        return lines[index] if 0 <= index < len(lines) else None


@dataclass(frozen=True, slots=True)
class InlinedCall:
    """The call in whose place the body of a function was put: its name, and where the call stood.

    The place may itself belong to a body that was inlined, and so on outwards.
    """

    function: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class Location:
    """A span of source text.

    Lines count from 1 and columns from 0, as in `ast`, but columns count characters, not UTF-8
    bytes. `end_column` is exclusive. `inlined` tells how an operation came here that stood in
    another function; the text form leaves it out.
    """

    file: SourceFile
    line: int
    column: int
    end_line: int
    end_column: int
    inlined: InlinedCall | None = None

    def __str__(self) -> str:
        return f"{self.file.path}:{self.line}:{self.column + 1}"
