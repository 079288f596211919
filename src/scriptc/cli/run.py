"""`scriptc run`: an archive, its inputs, its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scriptc.cli import console
from scriptc.cli.archives import load_archive
from scriptc.cli.calling import bind_inputs, call_program
from scriptc.cli.outputs import describe_output, name_outputs, write_outputs


def run_archive(
    path: str, inputs: Sequence[str], literals: Sequence[str], output: Path | None
) -> None:
    """Run an archive on inputs; show the result, and write it where `output` says."""
    program = load_archive(path)
    positional, named = bind_inputs(program, inputs, literals)
    outputs = name_outputs(call_program(program, positional, named))
    if output is not None:
        with console.progress(f"writing {output}"):
            write_outputs(output, outputs)
    rows = [(name, *describe_output(value)) for name, value in outputs.items()]
    console.show_table(("output", "type", "shape", "value"), rows)
    if output is not None:
        console.say(f"wrote {console.plural(len(outputs), 'output')} to {output}")
