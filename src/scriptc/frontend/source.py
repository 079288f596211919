"""Finding the source of a function, and turning `ast` positions into locations.

A file is parsed once and kept while its text stays the same, so that compiling many functions of
one file costs one parse. Columns of `ast` are UTF-8 byte offsets; they become character columns
here and nowhere else.
"""

from __future__ import annotations

import ast
import linecache
import threading
import types
import warnings
from dataclasses import dataclass, field
from typing import Any

from scriptc.frontend.errors import CompileFailureError, NoSource, SourceChanged
from scriptc.ir.location import Location, SourceFile

_LOCK = threading.Lock()
_PARSED: dict[str, tuple[str, _ParsedFile]] = {}
_MAX_PARSED = 256


@dataclass(slots=True)
class _ParsedFile:
    lines: list[str]
    functions: dict[tuple[int, str], ast.FunctionDef]


@dataclass(slots=True)
class FunctionSource:
    """The syntax tree of a function, where it stands, and what its names mean.

    `globals` and `closure` give the values of names that are not local.
    """

    node: ast.FunctionDef
    file: SourceFile
    name: str
    qualname: str
    globals: dict[str, Any]
    closure: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)

    def locate(self, node: ast.AST) -> Location:
        """Return the location of a node of this function."""
        line = getattr(node, "lineno", self.node.lineno)
        end_line = getattr(node, "end_lineno", None) or line
        start = self._column(line, getattr(node, "col_offset", 0))
        end = self._column(end_line, getattr(node, "end_col_offset", None) or 0)
        return Location(self.file, line, start, end_line, end)

    def locate_name(self) -> Location:
        """Return the location of the function's name in its `def` line."""
        location = self.locate(self.node)
        text = self.file.line(location.line) or ""
        start = max(text.find(self.node.name, location.column), location.column)
        return Location(self.file, location.line, start, location.line, start + len(self.node.name))

    def _column(self, line: int, offset: int) -> int:
        text = self.file.line(line)
        if text is None or text.isascii():
            return offset
        return len(text.encode()[:offset].decode(errors="replace"))


def _parse(path: str) -> _ParsedFile | None:
    linecache.checkcache(path)
    lines = linecache.getlines(path)
    text = "".join(lines)
    with _LOCK:
        known = _PARSED.get(path)
        if known is not None and known[0] == text:
            return known[1]
    try:
        with warnings.catch_warnings():
            # What Python warns of in a source, it warned of when it compiled it. Where warnings
            # are errors, `"\-"` in a package would hide the source of all that the file holds.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    functions: dict[tuple[int, str], ast.FunctionDef] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            functions[first, node.name] = node
    parsed = _ParsedFile(text.splitlines(), functions)
    with _LOCK:
        if len(_PARSED) >= _MAX_PARSED:
            _PARSED.pop(next(iter(_PARSED)))
        _PARSED[path] = (text, parsed)
    return parsed


def source_of(function: types.FunctionType) -> FunctionSource:
    """Return the source of a Python function.

    Raises `CompileFailureError`, with `NoSource` where there is none (built-ins, `exec`, lambdas),
    and with `SourceChanged` where the file no longer holds the code that is running.
    """
    code = function.__code__
    parsed = _parse(code.co_filename)
    node = parsed.functions.get((code.co_firstlineno, code.co_name)) if parsed else None
    if parsed is None or not parsed.lines:
        raise CompileFailureError(NoSource(location=None, name=function.__qualname__))
    if node is None:
        kind = NoSource if code.co_name == "<lambda>" else SourceChanged
        raise CompileFailureError(kind(location=None, name=function.__qualname__))
    first, last = code.co_firstlineno, node.end_lineno or node.lineno
    file = SourceFile(code.co_filename, "\n".join(parsed.lines[first - 1 : last]), first)
    closure: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
        except ValueError:  # the variable is not assigned yet
            continue
    return FunctionSource(
        node, file, function.__name__, function.__qualname__, function.__globals__, closure,
        default_values(function),
    )  # fmt: skip


def default_values(function: types.FunctionType) -> dict[str, Any]:
    """Return the default values of a function's parameters by name."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    found = dict(zip(names[len(names) - len(values) :], values, strict=True))
    return found | (function.__kwdefaults__ or {})


def sources_in_text(
    text: str, path: str, namespace: dict[str, Any], first_line: int = 1
) -> dict[str, FunctionSource]:
    """Return the top-level functions of a piece of source text, without running any of it.

    Their names resolve in `namespace`. Defaults must be literals. Raises `SyntaxError`.
    """
    found: dict[str, FunctionSource] = {}
    file = SourceFile(path, text, first_line)
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = FunctionSource(
                node, file, node.name, node.name, namespace, {}, _literal_defaults(node)
            )
    return found


def _literal_defaults(node: ast.FunctionDef) -> dict[str, Any]:
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    pairs = list(
        zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True)
    )
    pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d]
    return {arg.arg: ast.literal_eval(default) for arg, default in pairs}
