"""The diagnostics of the front end: one frozen dataclass each, with its code and its wording.

Wording lives here and checking elsewhere. A code is stable; the documentation page of a code is
`docs/errors.md#code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from scriptc.frontend.annotations import AnnotationError
from scriptc.ir.diagnostic import Diagnostic, Label
from scriptc.ir.location import Location
from scriptc.ir.schema import BindError
from scriptc.ir.types import Type


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return a question that names the candidate that a name is most like; nothing if none is."""
    found = difflib.get_close_matches(name, sorted(set(candidates)), 1, cutoff=0.65)
    return f"did you mean `{found[0]}`?" if found else ""


class CompileFailureError(Exception):
    """Carries a diagnostic from where it was found to the statement that recovers from it."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic.title_text if diagnostic is not None else "")
        self.diagnostic = diagnostic
        """None when the cause has already been reported elsewhere."""


@dataclass(frozen=True, kw_only=True)
class NoSource(Diagnostic):
    code = "no-source"
    title = "the source of `{name}` is not available"
    help = (
        "scriptc reads source code: define the function in a file or a notebook cell, or pass\n"
        "`example_inputs=` to trace it instead"
    )
    name: str


@dataclass(frozen=True, kw_only=True)
class SourceChanged(Diagnostic):
    code = "source-changed"
    title = "the file that defines `{name}` is not the one that was imported"
    help = "restart Python, or reload the module, so that the code that runs is the code on disk"
    name: str


@dataclass(frozen=True, kw_only=True)
class UnsupportedSyntax(Diagnostic):
    code = "unsupported-syntax"
    title = "{what} is outside the subset that scriptc compiles"
    label = "not supported"
    help = "{instead}"
    what: str
    instead: str = "pass `example_inputs=` to fall back to tracing, or keep this part in Python"


@dataclass(frozen=True, kw_only=True)
class UndefinedName(Diagnostic):
    code = "undefined-name"
    title = "`{name}` is not defined"
    label = "no local variable, constant, function or module of this name"
    help = "{hint}"
    name: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class UnsupportedValue(Diagnostic):
    code = "unsupported-value"
    title = "`{name}` holds something that scriptc has no type for"
    label = "{reason}"
    help = "pass what is needed of it as an argument, or as a number, string, array, list or dict"
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnsupportedCall(Diagnostic):
    code = "unsupported-call"
    title = "`{name}` cannot be called from a script"
    label = "{reason}"
    help = "{instead}"
    name: str
    reason: str = "scriptc has no operation for it and cannot compile it"
    instead: str = "see `docs/operations.md` for what there is"


@dataclass(frozen=True, kw_only=True)
class UnknownAttribute(Diagnostic):
    code = "unknown-attribute"
    title = "{type} has no attribute `{name}` that scriptc knows"
    label = "{reason}"
    help = "{hint}"
    type: str
    name: str
    reason: str = "not known"
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class RuleViolation(Diagnostic):
    code = "type-mismatch"
    title = "{message}"
    message: str


@dataclass(frozen=True, kw_only=True)
class RuleViolationWithHelp(RuleViolation):
    help = "{advice}"
    advice: str


@dataclass(frozen=True, kw_only=True)
class BadCall(Diagnostic):
    code = "bad-call"
    title = "{message}"
    label = "in this call"
    help = "{hint}"
    message: str
    hint: str = ""


def bad_call(
    location: Location | None, error: BindError, renamed: tuple[str, str] = ("", "")
) -> BadCall:
    """Return the diagnostic of a call whose arguments do not fit.

    `renamed` is what the function is called in the IR, and in the source.
    """
    hint = did_you_mean(error.unknown, error.known) if error.unknown else ""
    ours, theirs = renamed
    message = str(error)
    if ours and message.startswith(ours):
        message = theirs + message.removeprefix(ours)
    return BadCall(location=location, message=message, hint=hint)


@dataclass(frozen=True, kw_only=True)
class ArgumentType(Diagnostic):
    code = "argument-type"
    title = "`{function}` takes {expected} as `{name}`, not {actual}"
    label = "is {actual}"
    function: str
    name: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class LoopCarriedType(Diagnostic):
    code = "loop-carried-type"
    title = "`{name}` changes type inside the loop"
    label = "becomes {after}"
    help = "{advice}"
    name: str
    before: str
    after: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class BranchType(Diagnostic):
    code = "branch-type"
    title = "`{name}` is {one} in one branch and {other} in the other"
    label = "{here}"
    help = "give it one type in both branches, or use two names"
    name: str
    one: str
    other: str
    here: str


def branch_type(
    location: Location, name: str, one: Type, place: Location | None, other: Type,
    other_place: Location | None,
) -> BranchType:  # fmt: skip
    """Return the diagnostic of a variable with two types; it points at where each came from."""
    labels: tuple[Label, ...] = ()
    here = "must have one type after this"
    if place is not None and other_place is not None and place != other_place:
        location, here = other_place, f"is {other} here"
        labels = (Label(place, f"is {one} here"),)
    return BranchType(
        location=location, labels=labels, name=name, one=str(one), other=str(other), here=here
    )


@dataclass(frozen=True, kw_only=True)
class ReturnType(Diagnostic):
    code = "return-type"
    title = "`{name}` returns values of different types"
    label = "returns {actual}"
    help = "an earlier `return` gives {expected}; make all of them alike"
    name: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class DeclaredType(Diagnostic):
    code = "declared-type"
    title = "`{name}` is declared as {expected} and given {actual}"
    label = "is {actual}"
    name: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class UnknownAnnotation(Diagnostic):
    code = "unknown-annotation"
    title = "the annotation `{text}` does not name a type that scriptc knows"
    label = "not a type"
    help = "{advice}"
    text: str
    advice: str = (
        "use np.ndarray, NDArray[np.float32], int, float, bool, str, list[...], dict[...],\n"
        "tuple[...], Optional[...] or unions of these"
    )


def unknown_annotation(location: Location | None, error: AnnotationError) -> UnknownAnnotation:
    """Return the diagnostic of an annotation that names no type."""
    if not error.incomplete:
        return UnknownAnnotation(location=location, text=error.text)
    inside = "str, int" if "ict" in error.text or "apping" in error.text else "int"
    advice = f"say what it holds, as in `{error.text}[{inside}]`, or pass `example_inputs=`"
    return UnknownAnnotation(location=location, text=error.text, advice=advice)


@dataclass(frozen=True, kw_only=True)
class Recursion(Diagnostic):
    code = "recursion"
    title = "`{name}` calls itself"
    label = "recursive call"
    help = "write it as a loop"
    name: str


@dataclass(frozen=True, kw_only=True)
class AttributeType(Diagnostic):
    code = "attribute-type"
    title = "`{name}` is {expected} and cannot be assigned {actual}"
    label = "is {actual}"
    help = "give it one type, or declare both in the class body: `{short}: {expected} | {actual}`"
    name: str
    short: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class UnpackLength(Diagnostic):
    code = "unpack-length"
    title = "cannot unpack {actual} values into {expected} names"
    label = "{actual} values"
    expected: str
    actual: int


@dataclass(frozen=True, kw_only=True)
class UnassignedAttribute(Diagnostic):
    code = "unassigned-attribute"
    title = "`{name}` may not exist yet: no object has it before the script runs"
    label = "read here"
    help = "give it a value in `__init__`, as in `self.{short} = None`"
    name: str
    short: str


@dataclass(frozen=True, kw_only=True)
class FixedAttribute(Diagnostic):
    code = "fixed-attribute"
    title = "the {what} `{name}` cannot be assigned in a script"
    label = "assigned here"
    help = "keep what changes from call to call in another attribute, set up in `__init__`"
    what: str
    name: str


@dataclass(frozen=True, kw_only=True)
class TooDeep(Diagnostic):
    code = "too-deep"
    title = "`{name}`, or what it calls, is nested too deeply"
    label = "compiled from here"
    help = "split long expressions and long chains of `elif` into several statements or functions"
    name: str


@dataclass(frozen=True, kw_only=True)
class ObjectResult(Diagnostic):
    code = "object-result"
    title = "`{name}` returns an object of class {type}, which cannot leave the program"
    label = "compiled as the entry point"
    help = "return what is needed of the object: its arrays and numbers"
    name: str
    type: str
