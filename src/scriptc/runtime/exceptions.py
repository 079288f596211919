"""Exception classes that programs raise, and what is added to exceptions on their way out."""

from __future__ import annotations

import ast
import builtins
import itertools
import linecache
import os
import sys
import threading
from dataclasses import dataclass, field
from types import CodeType, FunctionType, ModuleType, TracebackType

from scriptc.ir.diagnostic import UnsupportedError
from scriptc.ir.graph import ExceptionRef, Program
from scriptc.ir.location import Location, SourceFile

RESERVED_LINE = 1_000_000
"""Lines from this one on stand for operations that come from another file, or from none."""

MAX_COLUMN = 1 << 20
"""Columns from this one on stand for operations that come from an inlined function."""

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
    """What tracebacks need to know of a compiled function. `hidden` frames are ours alone.

    `foreign` and `inlined` are the places that reserved lines and columns stand for. The frame of
    an `outlined` part of a function stands for the frame of that function, which called it.
    """

    function: str = ""
    file: SourceFile | None = None
    foreign: list[Location | None] = field(default_factory=list)
    inlined: list[Location] = field(default_factory=list)
    hidden: bool = False
    outlined: bool = False


def add_places(error: BaseException) -> None:
    """Complete the traceback of an exception that leaves a program.

    Source text that is not on this machine is made known to `linecache`. For operations that come
    from another file a note says where. Frames of our own helpers are taken out, and those of calls
    that were inlined put in. Class, message, cause and context stay as they are.
    """
    _take_out_callers(error)
    previous: TracebackType | None = None
    entry = error.__traceback__
    while entry is not None:
        info = _info(entry)
        if info is not None:
            if info.hidden and previous is not None:
                previous.tb_next = entry = entry.tb_next
                continue
            if info.file is not None:
                _remember(info.file)
            inlined = _inlined_place(info, entry)
            if inlined is not None and previous is not None:
                previous.tb_next, entry = _unfolded(info.function, inlined, entry.tb_next)
            else:
                _add_note(error, info, entry.tb_lineno)
        previous, entry = entry, entry.tb_next


def _info(entry: TracebackType) -> FrameInfo | None:
    info = entry.tb_frame.f_globals.get(INFO)
    return info if isinstance(info, FrameInfo) else None


def _take_out_callers(error: BaseException) -> None:
    """Take out the frames of functions whose parts stand for them, and all between the two."""
    kept: list[TracebackType] = []
    entry = error.__traceback__
    changed = False
    while entry is not None:
        info = _info(entry)
        if info is not None and info.outlined:
            while len(kept) > 1:
                caller = _info(kept.pop())
                if caller is not None and not caller.hidden:
                    break
            changed = True
        kept.append(entry)
        entry = entry.tb_next
    if changed:
        for before, after in itertools.pairwise(kept):
            before.tb_next = after


def _inlined_place(info: FrameInfo, entry: TracebackType) -> Location | None:
    """Return where an operation stands that came from an inlined function, if this is one."""
    if not info.inlined:
        return None
    positions = list(entry.tb_frame.f_code.co_positions())
    column = positions[entry.tb_lasti // 2][2]
    index = -1 if column is None else column - MAX_COLUMN
    return info.inlined[index] if 0 <= index < len(info.inlined) else None


def _unfolded(
    function: str, place: Location, rest: TracebackType | None
) -> tuple[TracebackType, TracebackType]:
    """Return the first and the last entry of a traceback as it would be without inlining."""
    location: Location | None = place
    first: TracebackType | None = rest
    last: TracebackType | None = None
    while location is not None:
        call = location.inlined
        entry = _entry_at(location, function if call is None else call.function)
        entry.tb_next, first = first, entry
        last = last or entry
        location = None if call is None else call.location
    assert first is not None
    assert last is not None
    return first, last


class _MarkError(Exception):
    """Raised to make a frame."""


def _entry_at(location: Location, function: str, *, outlined: bool = False) -> TracebackType:
    """Return an entry of a traceback, for a function of that name that raises at a place."""
    _remember(location.file)
    position = python_position(location)
    raised: ast.stmt = ast.Raise(ast.Name("mark", ast.Load()), None)
    definition = ast.FunctionDef("f", ast.arguments([], [], None, [], [], None, []), [raised], [])
    for node in ast.walk(definition):
        if "lineno" in node._attributes:
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = position  # type: ignore[attr-defined]  # those with `lineno` have all four
    module = compile(ast.Module([definition], []), path_of(location.file), "exec")
    (code,) = (c for c in module.co_consts if isinstance(c, CodeType))
    code = code.replace(co_name=function, co_qualname=function)
    try:
        info = FrameInfo(function, location.file, outlined=outlined)
        FunctionType(code, {"mark": _MarkError, INFO: info}, function)()
    except _MarkError as mark:
        made = mark.__traceback__
    assert made is not None
    assert made.tb_next is not None
    return made.tb_next


def error_at(
    error: Exception, location: Location | None, function: str, *, outlined: bool = False
) -> Exception:
    """Return an exception whose traceback ends at a place of a function of that name."""
    if location is None:
        return error
    return error.with_traceback(_entry_at(location, function, outlined=outlined))


def path_of(file: SourceFile | None) -> str:
    """Return the path that the code of a function names."""
    return "<scriptc>" if file is None else file.path.replace("\0", "?")


def python_position(location: Location) -> tuple[int, int, int, int]:
    """Return a place as `ast` counts it: line and column, end of both, columns in bytes.

    Nonsense, as text from elsewhere may have it, becomes line 1.
    """
    file = location.file
    lines = [] if file.text.isascii() else file.text.splitlines()

    def byte_column(line: int, column: int) -> int:
        index = line - file.first_line
        if 0 <= index < len(lines):
            return len(lines[index][: max(column, 0)].encode("utf-8", "replace"))
        return column

    line, end_line = location.line, location.end_line
    first, last = byte_column(line, location.column), byte_column(end_line, location.end_column)
    if not is_sound(line, first, end_line, last):
        return 1, 0, 1, 0
    return line, first, end_line, last


def is_sound(line: int, column: int, end_line: int, end_column: int) -> bool:
    """Tell whether Python's code can hold a place, and it is none of the reserved ones."""
    return (
        0 < line <= end_line < RESERVED_LINE
        and 0 <= column < MAX_COLUMN
        and 0 <= end_column < MAX_COLUMN
        and (line < end_line or column <= end_column)
    )


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
