"""Calling an archived program with the inputs of a command line."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import scriptc
from scriptc.api import ScriptedObject
from scriptc.cli.errors import (
    BadArgument,
    CommandError,
    ProgramRaised,
    ProgramRaisedWithNotes,
)
from scriptc.cli.inputs import read_arguments
from scriptc.ir.diagnostic import ArgumentError, InternalError
from scriptc.ir.location import Location, SourceFile
from scriptc.ir.types import Type
from scriptc.runtime.exceptions import INFO
from scriptc.scripted import ScriptModule

_OWN_FOLDER = str(Path(scriptc.__file__).parent)


def bind_inputs(
    program: ScriptedObject, inputs: Sequence[str], literals: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments by position and by name that a command line gives for a program."""
    parameters = _parameters(program)
    positional, named = read_arguments(parameters, inputs, literals)
    twice = [name for name, _ in parameters[: len(positional)] if name in named]
    if twice:
        reason = f"`{twice[0]}` is given twice, by its name and in order"
        raise CommandError(BadArgument(reason=reason, signature=program.schema))
    return positional, named


def call_program(program: ScriptedObject, positional: Sequence[Any], named: dict[str, Any]) -> Any:
    """Return what a program returns; what it raises, or refuses, ends the command."""
    try:
        return program(*positional, **named)
    except ArgumentError as error:
        raise CommandError(BadArgument(reason=str(error), signature=program.schema)) from None
    except InternalError:
        raise
    except Exception as error:
        raise CommandError(_raised(error)) from error


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
