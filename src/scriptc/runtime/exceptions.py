"""Exception classes that programs raise, and what is added to exceptions on their way out."""

from __future__ import annotations

import builtins
import linecache
import os
import sys
import threading
from dataclasses import dataclass, field
from types import ModuleType, TracebackType

from scriptc.ir.diagnostic import UnsupportedError
from scriptc.ir.graph import ExceptionRef, Program
from scriptc.ir.location import Location, SourceFile

RESERVED_LINE = 1_000_000
"""Lines from this one on stand for operations that come from another file, or from none."""

INFO = "scriptc frame"
"""Where the globals of a compiled function hold its `FrameInfo`; no program can name it."""

BUILTIN_EXCEPTIONS = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type)
    and issubclass(value, Exception)
    and not issubclass(value, BaseExceptionGroup)
}
"""What a program may raise by name. `SystemExit` and its kind are not among them."""

_made: dict[ExceptionRef, type[Exception]] = {}
_lock = threading.Lock()


def exception_class(reference: ExceptionRef, program: Program) -> type[BaseException]:
    """Return the class that a program raises.

    A user's class is taken as it was compiled with, else, after loading, from a module that is
    imported already; nothing is imported for it. Where that has none, one of the same qualified
    name and built-in base is made, once. Raises `UnsupportedError` for a class that programs may
    not raise.
    """
    known = program.exceptions.get(reference.name)
    if known is not None:
        return known
    base = BUILTIN_EXCEPTIONS.get(reference.base or reference.name)
    if base is None:
        raise UnsupportedError(
            f"a program cannot raise {reference.base or reference.name}, "
            "which is not a built-in subclass of Exception"
        )
    if not reference.base:
        return base
    found = _imported_class(reference.name)
    if found is not None and issubclass(found, base):
        return found
    with _lock:
        if reference not in _made:
            module, _, name = reference.name.rpartition(".")
            _made[reference] = type(name, (base,), {"__module__": module or "__main__"})
        return _made[reference]


def _imported_class(qualified: str) -> type[BaseException] | None:
    """Return the exception class of that qualified name, if its module is imported.

    Nothing is looked up but what modules and classes hold themselves: no code runs.
    """
    parts = qualified.split(".")
    for count in range(len(parts) - 1, 0, -1):
        holder: object = sys.modules.get(".".join(parts[:count]))
        if type(holder) is not ModuleType:
            continue
        for part in parts[count:]:
            held = vars(holder) if isinstance(holder, ModuleType | type) else {}
            holder = held.get(part)
        if isinstance(holder, type) and issubclass(holder, Exception):
            return holder
    return None


@dataclass(slots=True)
class FrameInfo:
    """What tracebacks need to know of a compiled function. `hidden` frames are ours alone."""

    function: str = ""
    file: SourceFile | None = None
    foreign: list[Location | None] = field(default_factory=list)
    hidden: bool = False


def add_places(error: BaseException) -> None:
    """Complete the traceback of an exception that leaves a program.

    Source text that is not on this machine is made known to `linecache`. For operations that come
    from another file a note says where. Frames of our own helpers are taken out. Class, message,
    cause and context stay as they are.
    """
    previous: TracebackType | None = None
    entry = error.__traceback__
    while entry is not None:
        info = entry.tb_frame.f_globals.get(INFO)
        if isinstance(info, FrameInfo):
            if info.hidden and previous is not None:
                previous.tb_next = entry = entry.tb_next
                continue
            if info.file is not None:
                _remember(info.file)
            _add_note(error, info, entry.tb_lineno)
        previous, entry = entry, entry.tb_next


def _add_note(error: BaseException, info: FrameInfo, line: int) -> None:
    index = line - RESERVED_LINE
    if not 0 <= index < len(info.foreign):
        return
    place = info.foreign[index]
    if place is None:
        note = f"raised by an operation of `{info.function}` that stands nowhere in the source"
    else:
        note = f'in `{info.function}`, from File "{place.file.path}", line {place.line}'
        text = place.file.line(place.line)
        if text is not None:
            note += f"\n    {text.strip()}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _remember(file: SourceFile) -> None:
    """Let tracebacks show the lines of a file that is not here."""
    held = linecache.cache.get(file.path)
    lines = file.text.splitlines(keepends=True)
    if held is None:
        if os.path.exists(file.path):  # noqa: PTH110 - of a path that cannot be, it only says no
            return
        known: list[str] = []
    elif len(held) == 4 and held[1] is None and held[3] == f"scriptc:{file.path}":
        known = list(held[2])
    else:
        return
    first = file.first_line - 1
    known += ["\n"] * (first + len(lines) - len(known))
    known[first : first + len(lines)] = lines
    # Without a modification time `linecache.checkcache` keeps the entry.
    size = sum(map(len, known))
    linecache.cache[file.path] = (size, None, known, f"scriptc:{file.path}")
