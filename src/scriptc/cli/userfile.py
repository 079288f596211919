"""Running the user's file, and noting what it compiles and what is wrong with it.

The file runs as `python FILE` runs it, but its `__name__` is not `__main__`. A `script` or `trace`
that fails hands back the object as it was, so that the file goes on, and all its problems are
found in one run. Such a run has left Python's own way at the first problem; an exception after it
ends its top-level statement only. Where a `try` or a `with` of the file may take the error, the
file gets it.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import dataclasses
import importlib.util
import linecache
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import scriptc
from scriptc.api import ScriptedObject, watching
from scriptc.cli import console
from scriptc.cli.errors import (
    CommandError,
    FileExited,
    FileRaised,
    Internal,
    InvalidSyntax,
    NoFile,
    NotCompiled,
    NotPython,
    RaisedAfter,
    Unreadable,
    Warned,
)
from scriptc.ir.diagnostic import (
    CompileError,
    Diagnostic,
    Error,
    InternalError,
)
from scriptc.ir.location import Location, SourceFile

_OWN_FOLDER = str(Path(scriptc.__file__).parent)


@dataclass(slots=True)
class Compiled:
    """What one call of `script` or `trace` made, and how long it took."""

    source: Any
    result: ScriptedObject
    how: str
    seconds: float


@dataclass(slots=True)
class UserFile:
    """A file that is being run, or has been: its names, what it compiled, its problems."""

    path: str
    text: str
    tree: ast.Module
    names: dict[str, Any] = field(default_factory=dict)
    compiled: list[Compiled] = field(default_factory=list)
    failed: list[Any] = field(default_factory=list)
    """The objects that do not compile."""
    problems: list[Diagnostic] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)
    _depth: int = 0

    def report(self, problem: Diagnostic) -> None:
        """Note a problem once, from wherever it was reached: its labels tell of the way there."""
        bare = dataclasses.replace(problem, labels=())
        if all(dataclasses.replace(other, labels=()) != bare for other in self.problems):
            self.problems.append(problem)

    @contextmanager
    def compiling(self, obj: Any, how: str) -> Iterator[Callable[[ScriptedObject], object]]:
        """See one compilation; its errors become problems of the file."""
        start = time.perf_counter()

        def done(result: ScriptedObject) -> None:
            seconds = time.perf_counter() - start
            if self.record(result) is None:
                self.compiled.append(Compiled(obj, result, how, seconds))

        self._depth += 1
        try:
            yield done
        except Error as error:
            if self._depth > 1 or _is_guarded():  # `script` itself or the file may take it
                raise
            self.failed.append(obj)
            for problem in self.problems_of(error):
                self.report(problem)
        finally:
            self._depth -= 1

    def in_order(self) -> list[Diagnostic]:
        """Return the problems in the order of their lines; those of other files come last."""

        def place(problem: Diagnostic) -> tuple[bool, int]:
            location = problem.location
            if location is None or location.file.path != self.path:
                return True, 0
            return False, location.line

        return sorted(self.problems, key=place)

    def record(self, result: Any) -> Compiled | None:
        """Return what is known of the making of a compiled object."""
        return next((c for c in self.compiled if c.result is result), None)

    def has_failed(self, obj: Any) -> bool:
        return any(other is obj for other in self.failed)

    # --- from exceptions to diagnostics ----------------------------------------------------------

    def problems_of(self, error: Error) -> tuple[Diagnostic, ...]:
        """Return the problems that an error of scriptc stands for."""
        if isinstance(error, CompileError):
            return error.diagnostics
        if isinstance(error, InternalError):
            return (Internal(reason=str(error)),)
        reason = str(error).partition("\n  ")[0]  # the place, which is drawn, follows
        return (NotCompiled(reason=reason, location=self.place_of(error)),)

    def place_of(self, error: BaseException) -> Location | None:
        """Return the innermost place in the file that an exception came through."""
        entry, found = error.__traceback__, None
        while entry is not None:
            if entry.tb_frame.f_code.co_filename == self.path:
                found = self._place(entry.tb_frame.f_code, entry.tb_lasti, entry.tb_lineno)
            entry = entry.tb_next
        frame = sys._getframe() if found is None else None
        while frame is not None:  # the error was met on its way: who called stands below us
            if frame.f_code.co_filename == self.path:
                return self._place(frame.f_code, frame.f_lasti, frame.f_lineno)
            frame = frame.f_back
        return found

    def _place(self, code: types.CodeType, instruction: int, line: int) -> Location:
        positions = list(code.co_positions())
        first, last, start, end = positions[instruction // 2] if instruction >= 0 else (None,) * 4
        if first is None or last is None or start is None or end is None:
            text = self.text.splitlines()[line - 1]
            first = last = line
            start, end = len(text) - len(text.lstrip()), len(text.encode())
        file = SourceFile(self.path, self.text)
        return Location(file, first, self._column(first, start), last, self._column(last, end))

    def _column(self, line: int, offset: int) -> int:
        """Turn an offset in UTF-8 into one in characters."""
        text = self.text.splitlines()[line - 1]
        return len(text.encode()[:offset].decode(errors="replace"))


def read_user_file(path: str) -> UserFile:
    """Read and parse a Python file, without running it."""
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise CommandError(NoFile(path=path)) from None
    except OSError as error:
        raise CommandError(Unreadable(path=path, reason=error.strerror or str(error))) from None
    try:
        text = importlib.util.decode_source(content)
    except (UnicodeDecodeError, SyntaxError, LookupError):
        reason = "it is no text in its encoding"
        raise CommandError(NotPython(path=path, reason=reason)) from None
    if "\0" in text:
        raise CommandError(NotPython(path=path, reason="it holds null bytes"))
    try:
        tree = ast.parse(text, path)
        compile(text, path, "exec", dont_inherit=True)  # finds what the parser lets pass
    except SyntaxError as error:
        raise CommandError(_syntax_problem(error, path, text)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise CommandError(NotPython(path=path, reason=str(error))) from None
    return UserFile(path, text, tree)


def _syntax_problem(error: SyntaxError, path: str, text: str) -> InvalidSyntax:
    line, column = max(error.lineno or 1, 1), max((error.offset or 1) - 1, 0)
    end_line, end = error.end_lineno or line, (error.end_offset or 0) - 1
    if end_line == line and end <= column:
        end = column + 1
    location = Location(SourceFile(path, text), line, column, end_line, end)
    return InvalidSyntax(location=location, reason=error.msg)


@contextmanager
def running(path: str) -> Iterator[UserFile]:
    """Run a file, and give what it left: its names, what it compiled, and its problems.

    The file's own prints go to the standard error, since the standard output is the command's.
    Compilations inside the context are seen, too.
    """
    file = read_user_file(path)
    module = types.ModuleType(_module_name(path), ast.get_docstring(file.tree, clean=False))
    module.__file__ = path
    file.names = module.__dict__
    # Without a modification time, `linecache` keeps the text that is compiled here.
    lines = file.text.splitlines(keepends=True)
    linecache.cache[path] = (len(file.text), None, lines, path)
    token = watching.set(file)  # type: ignore[arg-type]  # `compiling` does take errors
    try:
        with _as_program(path, module), _own_warnings():
            with (
                console.progress(f"running {path}"),
                contextlib.redirect_stdout(sys.stderr),
                contextlib.chdir("."),  # comes back here, wherever the file goes
            ):
                _run_statements(file)
            yield file
    finally:
        watching.reset(token)


def _module_name(path: str) -> str:
    name = Path(path).stem
    return f"{name}_" if name in sys.modules or name == "__main__" else name


@contextmanager
def _as_program(path: str, module: types.ModuleType) -> Iterator[None]:
    """Let the interpreter look as it does to a file that it was started with."""
    argv, search = sys.argv, list(sys.path)
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).resolve().parent))
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.argv, sys.path[:] = argv, search
        del sys.modules[module.__name__]


@contextmanager
def _own_warnings() -> Iterator[None]:
    """Draw the warnings of scriptc as its problems are drawn; leave others to Python."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        if category.__module__.partition(".")[0] == "scriptc":
            text = linecache.getline(filename, lineno).rstrip("\n")
            source = SourceFile(filename, text, lineno)
            start = len(text) - len(text.lstrip())
            location = Location(source, lineno, start, lineno, len(text)) if text else None
            reason = str(message).partition("\n  ")[0]  # the place, which is drawn, follows
            console.show_problems([Warned(location=location, reason=reason)])
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _run_statements(file: UserFile) -> None:
    imports = imports_of(file.tree)
    flags = sum(
        getattr(__future__, alias.name).compiler_flag
        for node in imports
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    )
    others = [n for n in imports if getattr(n, "module", "") != "__future__"]
    for statement in file.tree.body:
        # Python compiles `np.zeros(...)` otherwise where the file imports `np`, and the compiler
        # compares the code that runs with that of the file. So each statement sees the imports.
        seen = ast.copy_location(ast.If(ast.Constant(False), [*others, ast.Pass()], []), statement)
        tree = ast.Module([statement, ast.fix_missing_locations(seen)], [])
        code = compile(tree, file.path, "exec", flags=flags, dont_inherit=True)
        try:
            exec(code, file.names)  # noqa: S102 - running the user's file is what was asked for
        except SystemExit as stop:
            if stop.code not in (None, 0):
                file.report(FileExited(path=file.path, status=str(stop.code)))
            return
        except CompileError as error:  # it came through a `try` or a `with`
            for problem in error.diagnostics:
                file.report(problem)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the user's file raises
            if not file.problems:
                file.report(_raised(FileRaised, file, error))
                return
            file.notes.append(_raised(RaisedAfter, file, error))


def imports_of(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports of a file outside of its functions and classes."""
    found: list[ast.Import | ast.ImportFrom] = []
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            nodes += ast.iter_child_nodes(node)
    return found


def _is_guarded() -> bool:
    """Tell whether the file, as it runs now, has a `try` or a `with` around what it does."""
    places: list[tuple[str, int]] = []
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _run_statements.__code__:
            return any(line in lines for path, line in places for lines in _guarded_lines(path))
        path = frame.f_code.co_filename
        if path != contextlib.__file__ and not path.startswith(_OWN_FOLDER):
            places.append((path, frame.f_lineno))
        frame = frame.f_back
    return False  # the file has ended


def _guarded_lines(path: str) -> Iterator[range]:
    try:
        tree = ast.parse("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.With) or (isinstance(node, ast.Try) and node.handlers):
            yield range(node.lineno, (node.body[-1].end_lineno or node.lineno) + 1)


def _raised(kind: type[FileRaised], file: UserFile, error: BaseException) -> FileRaised:
    name = type(error).__name__
    text = f"{name}: {error}" if str(error) else name
    return kind(location=file.place_of(error), path=file.path, error=text)
