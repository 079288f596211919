"""`scriptc export`: an archive as a C project."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from scriptc.cli import console
from scriptc.cli.archives import load_archive
from scriptc.cli.errors import BadArgument, CannotExport, CommandError, Unwritable
from scriptc.cli.inputs import read_arguments
from scriptc.ir.diagnostic import ArgumentError, UnsupportedError
from scriptc.scripted import ScriptModule, export_c, freeze


def export_archive(
    path: str, inputs: Sequence[str], literals: Sequence[str], folder: Path, *, embed: bool
) -> None:
    """Write the C project of an archive; `inputs` and `literals` are those of `scriptc run`."""
    program = load_archive(path)
    parameters = [(p.name, p.type) for p in program.graph.function.parameters]
    parameters = parameters[isinstance(program, ScriptModule) :]
    positional, named = read_arguments(parameters, inputs, literals)
    defaults = program.graph.function.defaults
    for name, _ in parameters[len(positional) :]:
        if name in named:
            positional.append(named[name])
        elif name in defaults:
            positional.append(defaults[name])
        else:
            reason = f"an example for `{name}` is missing"
            raise CommandError(BadArgument(reason=reason, signature=program.schema))
    name = re.sub(r"\W", "_", Path(path).stem, flags=re.ASCII)
    name = name if name[:1].isalpha() else f"model_{name}"
    try:
        if isinstance(program, ScriptModule):
            program = freeze(program)
        export_c(program, folder, positional, name=name, embed=embed)
    except (ArgumentError, UnsupportedError) as error:
        raise CommandError(CannotExport(reason=str(error))) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(Unwritable(path=str(folder), reason=reason)) from None
    console.say(f"wrote {name}.c, {name}.h and what they need to {folder}")
