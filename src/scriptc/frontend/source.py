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

from scriptc.frontend.errors import (
    CompileFailureError,
    NoSource,
    SourceChanged,
    UnsupportedSyntax,
)
from scriptc.frontend.subset import describe
from scriptc.ir.location import Location, SourceFile

_LOCK = threading.Lock()
_PARSED: dict[str, tuple[str, _ParsedFile]] = {}
_MAX_PARSED = 256


@dataclass(slots=True)
class _ParsedFile:
    """A file: its functions by the line and name that code objects give them, and its code."""

    lines: list[str]
    functions: dict[tuple[int, str], ast.FunctionDef | ast.AsyncFunctionDef]
    lambdas: dict[int, list[ast.Lambda]]
    code: dict[tuple[int, str], list[types.CodeType]]


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

    def locate_head(self, node: ast.AST) -> Location:
        """Return the location of a node; of a statement with a body, that of its first line."""
        found = self.locate(node)
        if not isinstance(node, ast.stmt) or not hasattr(node, "body"):
            return found
        text = (self.file.line(found.line) or "").rstrip()
        return Location(self.file, found.line, found.column, found.line, len(text))

    def locate_name(self) -> Location:
        """Return the location of the function's name in its `def` line."""
        location = self.locate(self.node)
        text = self.file.line(location.line) or ""
        keyword = text.find("def ", location.column)
        start = max(text.find(self.node.name, max(keyword, 0) + 4), location.column)
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
            compiled = compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    functions: dict[tuple[int, str], ast.FunctionDef | ast.AsyncFunctionDef] = {}
    lambdas: dict[int, list[ast.Lambda]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            functions[first, node.name] = node
        elif isinstance(node, ast.Lambda):
            lambdas.setdefault(node.lineno, []).append(node)
    code: dict[tuple[int, str], list[types.CodeType]] = {}
    _collect_code(compiled, code)
    parsed = _ParsedFile(text.splitlines(), functions, lambdas, code)
    with _LOCK:
        if len(_PARSED) >= _MAX_PARSED:
            _PARSED.pop(next(iter(_PARSED)))
        _PARSED[path] = (text, parsed)
    return parsed


def _collect_code(code: types.CodeType, found: dict[tuple[int, str], list[types.CodeType]]) -> None:
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found.setdefault((inner.co_firstlineno, inner.co_name), []).append(inner)
            _collect_code(inner, found)


def _find(
    parsed: _ParsedFile, code: types.CodeType
) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the function that code was compiled from; None if the file does not hold it."""
    key = (code.co_firstlineno, code.co_name)
    node: ast.FunctionDef | ast.AsyncFunctionDef | None
    if code.co_name == "<lambda>":
        node = _find_lambda(parsed.lambdas.get(code.co_firstlineno, []), code)
    else:
        node = parsed.functions.get(key)
    if node is None:
        return None
    others = parsed.code.get(key, ())
    if any(_same_code(code, other, rewritten=False) for other in others):
        return node
    if not any(isinstance(part, ast.Assert) for part in ast.walk(node)):
        return None
    return node if any(_same_code(code, other, rewritten=True) for other in others) else None


def _find_lambda(candidates: list[ast.Lambda], code: types.CodeType) -> ast.FunctionDef | None:
    """Return the one of the lambdas of a line that code was compiled from, as a function."""
    places = set(code.co_positions())
    matching = [
        node
        for node in candidates
        if len(candidates) == 1
        or (
            node.body.lineno, node.body.end_lineno, node.body.col_offset, node.body.end_col_offset
        ) in places
    ]  # fmt: skip
    if len(matching) != 1:
        return None
    (found,) = matching
    value = ast.copy_location(ast.Return(found.body), found.body)
    function = ast.FunctionDef("<lambda>", found.args, [value], [])
    return ast.fix_missing_locations(ast.copy_location(function, found))


def _same_code(one: types.CodeType, other: types.CodeType, rewritten: bool) -> bool:
    """Tell whether two code objects do the same.

    Test runners rewrite `assert`; `rewritten` code is compared by the names that it uses.
    """
    if rewritten:
        return set(other.co_varnames) <= set(one.co_varnames) and (
            set(other.co_names) - {"AssertionError"} <= set(one.co_names)
        )
    if one.co_code != other.co_code or len(one.co_consts) != len(other.co_consts):
        return False
    if (one.co_names, one.co_varnames) != (other.co_names, other.co_varnames):
        return False
    pairs = zip(one.co_consts, other.co_consts, strict=True)
    return all(
        _same_code(a, b, rewritten)
        if isinstance(a, types.CodeType) and isinstance(b, types.CodeType)
        else repr(a) == repr(b) or (isinstance(a, frozenset) and a == b)
        for a, b in pairs
    )


def source_of(function: types.FunctionType) -> FunctionSource:
    """Return the source of a Python function.

    Raises `CompileFailureError`, with `NoSource` where there is none (built-ins, `exec`), and with
    `SourceChanged` where the file no longer holds the code that is running.
    """
    code = function.__code__
    parsed = _parse(code.co_filename)
    if parsed is None or not parsed.lines:
        raise CompileFailureError(NoSource(location=None, name=function.__qualname__))
    node = _find(parsed, code)
    if node is None:
        raise CompileFailureError(SourceChanged(location=None, name=function.__qualname__))
    first, last = code.co_firstlineno, node.end_lineno or node.lineno
    if isinstance(node, ast.AsyncFunctionDef):
        what, instead = describe(node)
        text = parsed.lines[node.lineno - 1]
        place = SourceFile(code.co_filename, text, node.lineno)
        location = Location(place, node.lineno, node.col_offset, node.lineno, len(text))
        raise CompileFailureError(UnsupportedSyntax(location=location, what=what, instead=instead))
    file = SourceFile(code.co_filename, "\n".join(parsed.lines[first - 1 : last]), first)
    closure: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            closure[name] = cell.cell_contents
        except ValueError:  # the variable is not assigned yet
            continue
    # A lambda has no name that a program could give its function.
    name, qualname = (
        text.replace("<lambda>", "lambda_") for text in (function.__name__, function.__qualname__)
    )
    return FunctionSource(
        node, file, name, qualname, function.__globals__, closure, default_values(function)
    )


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
