"""What became native of a function, line by line of its source, and why the rest did not."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scriptc.ir.graph import Function, Operation
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.passes.outline import TOO_LITTLE
from scriptc.runtime.native.call import Dispatcher
from scriptc.runtime.native.regions import Hosted, Regions

_GAP = 6
"""Lines without operations up to this many are shown between others."""


_UNTOLD = frozenset(("get_attr", "set_attr", "refine", "unpack", "call", "if"))
"""What the interpreter does around parts, which says nothing of a line."""


class Answer(enum.StrEnum):
    """Who does what stands in a line."""

    NATIVE = "native"
    INTERPRETER = "interpreter"
    BOTH = "both"
    NOT_CALLED = "not called"
    """It is for native code, and no call has come here yet: some forms show only then."""
    NOTHING = ""


@dataclass(frozen=True)
class Line:
    """A line of the source: its number in the file, who does it, and why native code does not."""

    number: int
    text: str
    answer: Answer
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """Lines of one file that follow each other."""

    path: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class NativeReport:
    """What native code does of a function. `str(report)` is a text for people."""

    function: str
    summary: str
    sections: tuple[Section, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.function}: {self.summary}"]
        for section in self.sections:
            lines += ["", section.path]
            lines += [row for _, row in rows(section)]
        return "\n".join(lines)


def rows(section: Section) -> Iterator[tuple[Line, str]]:
    """Yield the lines of a section, and how they are written: who, number, source, reasons."""
    width = max(len(str(line.number)) for line in section.lines)
    longest = max((len(line.text) for line in section.lines if line.reasons), default=0)
    for line in section.lines:
        row = f"{line.answer:<11} {line.number:>{width}} | {line.text}"
        if line.reasons:
            row += " " * (longest - len(line.text)) + f"  # {'; '.join(line.reasons)}"
        yield line, row.rstrip()


def report_on(function: Function, dispatcher: Dispatcher, regions: Regions) -> NativeReport:
    """Report on a function, for the kind of arguments that it was last called with first.

    Where it has not been called, that is what one can tell without types.
    """
    name = function.origin.rpartition(".")[2]
    marks = _Marks()
    last = dispatcher.last
    if last is not None and last.source is not None:
        summary = "all native"
        marks.add(regions.operations(), Answer.NATIVE)
    else:
        hosted = regions.prepare()
        native = [p for p in hosted.parts.values() if p.has_code]
        called = [p for p in hosted.parts.values() if p.last is not None]
        summary = _summary(len(hosted.parts), len(native), len(called))
        if last is not None and last.refusal is not None:
            summary += f"; as a whole it has no native form: {last.refusal.reason}"
        _mark_parts(marks, hosted, regions.entry)
    own = None if function.location is None else function.location.file
    return NativeReport(name, summary, tuple(marks.sections(own)))


def _summary(parts: int, native: int, called: int) -> str:
    if not parts:
        return "all interpreted"
    if called < parts:
        count = f"{parts} part{'s' * (parts > 1)}"
        return f"{count} for native code, {native or 'none'} of them compiled by now"
    return f"{native} native part{'s' * (native != 1)}, the rest is interpreted"


def _mark_parts(marks: _Marks, hosted: Hosted, entry: str) -> None:
    for name, operations in hosted.outlined.parts.items():
        part = hosted.parts[name]
        if part.has_code:
            marks.add(operations, Answer.NATIVE)
        elif part.last is None:
            marks.add(operations, Answer.NOT_CALLED)
        else:
            refusal = part.last.refusal
            reason = "" if refusal is None else refusal.reason
            marks.add(operations, Answer.INTERPRETER, reason)
    rest = [
        op
        for op in hosted.program.functions[entry].walk()
        if not op.is_terminator and op.name not in _UNTOLD
    ]
    marks.add(rest, Answer.INTERPRETER)
    for location, reason in hosted.outlined.stays:
        if reason:
            marks.add_place(location, Answer.INTERPRETER, reason)


@dataclass
class _Marks:
    """What has been found out of lines, by file and number."""

    found: dict[SourceFile, dict[int, tuple[set[Answer], dict[str, None]]]] = field(
        default_factory=dict
    )

    def add(self, operations: Iterable[Operation], answer: Answer, reason: str = "") -> None:
        for operation in operations:
            if operation.location is not None:
                self.add_place(operation.location, answer, reason)

    def add_place(self, location: Location, answer: Answer, reason: str = "") -> None:
        lines = self.found.setdefault(location.file, {})
        answers, reasons = lines.setdefault(location.line, (set(), {}))
        answers.add(answer)
        if reason:
            reasons[reason] = None

    def sections(self, first: SourceFile | None) -> Iterator[Section]:
        """Yield what was found, that of one file before all others."""
        for file in sorted(self.found, key=lambda file: file != first):
            lines = self.found[file]
            numbers = sorted(lines)
            start = 0
            for i, number in enumerate(numbers):
                if i + 1 == len(numbers) or numbers[i + 1] - number > _GAP:
                    shown = range(numbers[start], number + 1)
                    yield Section(file.path, tuple(self._line(file, n) for n in shown))
                    start = i + 1

    def _line(self, file: SourceFile, number: int) -> Line:
        answers, reasons = self.found[file].get(number, (set(), {}))
        text = file.line(number) or ""
        answer = Answer.NOTHING
        if Answer.INTERPRETER in answers:
            answer = Answer.BOTH if len(answers) > 1 else Answer.INTERPRETER
        elif answers:
            answer = Answer.NOT_CALLED if Answer.NOT_CALLED in answers else Answer.NATIVE
        told = [r for r in reasons if r != TOO_LITTLE] or list(reasons)
        return Line(number, text, answer, tuple(told))
