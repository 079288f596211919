"""`scriptc run`: an archive, its inputs, its result."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Sequence
from pathlib import Path

import scriptc
from scriptc.api import ScriptedObject
from scriptc.cli import console
from scriptc.cli.archives import load_archive
from scriptc.cli.errors import (
    BadArgument,
    CommandError,
    ProgramRaised,
    ProgramRaisedWithNotes,
)
from scriptc.cli.inputs import read_arguments
from scriptc.cli.outputs import describe_output, name_outputs, write_outputs
from scriptc.ir.diagnostic import ArgumentError, InternalError
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.types import Type
from scriptc.runtime.exceptions import INFO
from scriptc.scripted import ScriptModule

_OWN_FOLDER = str(Path(scriptc.__file__).parent)


def run_archive(
    path: str, inputs: Sequence[str], literals: Sequence[str], output: Path | None
) -> None:
    """Run an archive on inputs; show the result, and write it where `output` says."""
    program = load_archive(path)
    parameters = _parameters(program)
    positional, named = read_arguments(parameters, inputs, literals)
    twice = [name for name, _ in parameters[: len(positional)] if name in named]
    if twice:
        reason = f"`{twice[0]}` is given twice, by its name and in order"
        raise CommandError(BadArgument(reason=reason, signature=program.schema))
    try:
        result = program(*positional, **named)
    except ArgumentError as error:
        raise CommandError(BadArgument(reason=str(error), signature=program.schema)) from None
    except InternalError:
        raise
    except Exception as error:
        raise CommandError(_raised(error)) from error
    outputs = name_outputs(result)
    if output is not None:
        with console.progress(f"writing {output}"):
            write_outputs(output, outputs)
    rows = [(name, *describe_output(value)) for name, value in outputs.items()]
    console.show_table(("output", "type", "shape", "value"), rows)
    if output is not None:
        console.say(f"wrote {console.plural(len(outputs), 'output')} to {output}")


def _parameters(program: ScriptedObject) -> list[tuple[str, Type]]:
    parameters = program.graph.function.parameters
    first = 1 if isinstance(program, ScriptModule) else 0
    return [(p.name, p.type) for p in parameters[first:]]


def _raised(error: Exception) -> ProgramRaised:
    """Return the problem for what a program raised, at the line of its Python source."""
    name = type(error).__name__
    text = f"{name}: {error}" if str(error) else name
    notes = "\n".join(getattr(error, "__notes__", ()))  # places in other files, among others
    location = _place(error)
    if notes:
        return ProgramRaisedWithNotes(location=location, error=text, notes=notes)
    return ProgramRaised(location=location, error=text)


def _place(error: Exception) -> Location | None:
    """Return the innermost line of the program, not of our library, that an exception passed."""
    found = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = frame.f_code.co_filename
        text = linecache.getline(path, line).rstrip("\n")
        if text and INFO in frame.f_globals and not path.startswith(_OWN_FOLDER):
            start = len(text) - len(text.lstrip())
            found = Location(SourceFile(path, text, line), line, start, line, len(text))
    return found
