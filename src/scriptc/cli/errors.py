"""What the command says when something is wrong: diagnostics, as the compiler's own are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scriptc.ir.diagnostic import Diagnostic
from scriptc.ir.location import Location


class CommandError(Exception):
    """Ends the command with exit status 1, after its problems have been shown."""

    def __init__(
        self, problems: Sequence[Diagnostic] | Diagnostic, notes: Sequence[Diagnostic] = ()
    ) -> None:
        self.problems = (problems,) if isinstance(problems, Diagnostic) else tuple(problems)
        self.notes = tuple(notes)
        super().__init__(*(problem.title_text for problem in self.problems))


@dataclass(frozen=True, kw_only=True)
class Problem(Diagnostic):
    """A problem that need not have a place in the source."""

    location: Location | None = None


@dataclass(frozen=True, kw_only=True)
class NoFile(Problem):
    code = "no-file"
    title = "there is no file `{path}`"
    path: str


@dataclass(frozen=True, kw_only=True)
class Unreadable(Problem):
    code = "unreadable-file"
    title = "`{path}` cannot be read: {reason}"
    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CannotExport(Problem):
    code = "cannot-export"
    title = "{reason}"
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotPython(Problem):
    code = "not-python"
    title = "`{path}` is not Python source: {reason}"
    help = "pass the file that defines the model; `scriptc show` and `scriptc run` take archives"
    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class InvalidSyntax(Problem):
    code = "invalid-syntax"
    title = "{reason}"
    label = "Python cannot read this"
    reason: str


@dataclass(frozen=True, kw_only=True)
class FileRaised(Problem):
    code = "file-raised"
    title = "`{path}` raised {error}"
    label = "while this ran"
    help = "`python {path}` shows the whole traceback"
    path: str
    error: str


@dataclass(frozen=True, kw_only=True)
class RaisedAfter(FileRaised):
    severity = "note"
    help = "this may follow from the problems before it, which end the file in a usual run"


@dataclass(frozen=True, kw_only=True)
class FileExited(Problem):
    code = "file-exited"
    title = "`{path}` ended itself with exit status {status}"
    help = "put what the file does as a command under `if __name__ == '__main__':`"
    path: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Warned(Problem):
    code = "trace"
    title = "{reason}"
    severity = "warning"
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotCompiled(Problem):
    code = "not-compiled"
    title = "{reason}"
    label = "{where}"
    reason: str
    where: str = "here"


@dataclass(frozen=True, kw_only=True)
class NothingToCompile(Problem):
    code = "nothing-to-compile"
    title = "`{path}` scripts nothing"
    help = "{advice}"
    path: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class UnknownEntry(Problem):
    code = "unknown-entry"
    title = "`{path}` has no `{name}` to compile"
    help = "{advice}"
    path: str
    name: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class WrongEntry(Problem):
    code = "wrong-entry"
    title = "`{name}` is {what}, which cannot be compiled"
    help = "{advice}"
    name: str
    what: str
    advice: str = "name a function, a module, or a method of an object"


@dataclass(frozen=True, kw_only=True)
class Unwritable(Problem):
    code = "unwritable"
    title = "{path} cannot be written: {reason}"
    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotSaved(Problem):
    code = "not-saved"
    title = "`{name}` cannot be saved: {reason}"
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class OneFile(Problem):
    code = "one-file"
    title = "`{path}` is one archive, and there are {count} objects to write"
    help = "give a folder to `-o`, or choose one object with `--entry`: {names}"
    path: str
    count: int
    names: str


@dataclass(frozen=True, kw_only=True)
class BadArchive(Problem):
    code = "bad-archive"
    title = "{reason}"
    reason: str


@dataclass(frozen=True, kw_only=True)
class BadInput(Problem):
    code = "bad-input"
    title = "{what}"
    help = "{advice}"
    what: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class BadArgument(Problem):
    code = "bad-argument"
    title = "{reason}"
    help = "the program is {signature}"
    reason: str
    signature: str


@dataclass(frozen=True, kw_only=True)
class BadOutput(Problem):
    code = "bad-output"
    title = "{what}"
    help = "{advice}"
    what: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class ProgramRaised(Problem):
    code = "program-raised"
    title = "the program raised {error}"
    label = "while this ran"
    error: str


@dataclass(frozen=True, kw_only=True)
class ProgramRaisedWithNotes(ProgramRaised):
    help = "{notes}"
    notes: str


@dataclass(frozen=True, kw_only=True)
class UnknownPart(Problem):
    code = "unknown-part"
    title = "the archive has no submodule `{name}`"
    help = "{advice}"
    name: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class BadSetting(Problem):
    code = "bad-setting"
    title = "{reason}"
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnusableCache(Problem):
    code = "unusable-cache"
    title = "the cache cannot be used: {reason}"
    help = "remove or mend that folder, or name another one in `SCRIPTC_CACHE_DIR`"
    reason: str


@dataclass(frozen=True, kw_only=True)
class NoNativeCode(Problem):
    code = "no-native-code"
    title = "native code does not work here: {reason}"
    help = "{advice}"
    reason: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Internal(Problem):
    code = "internal"
    title = "a fault in scriptc itself: {reason}"
    help = "please report it, with the program that shows it"
    reason: str
