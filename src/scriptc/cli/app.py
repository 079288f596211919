"""The commands and their options. The work is done in the modules beside this one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import scriptc
from scriptc.cli import console
from scriptc.cli.cache import clear_cache, show_cache
from scriptc.cli.compile import check_file, compile_file
from scriptc.cli.doctor import examine
from scriptc.cli.errors import BadSetting, CommandError, Internal, Unwritable
from scriptc.cli.export import export_archive
from scriptc.cli.run import run_archive
from scriptc.cli.show import show_archive, show_native
from scriptc.ir.diagnostic import InternalError
from scriptc.runtime.native.settings import SettingError

app = typer.Typer(
    name="scriptc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _examples(*lines: str) -> str:
    # The backspace keeps the lines as they are.
    return "\n".join(["\b", f"Example{'s' * (len(lines) > 1)}:", *(f"  {line}" for line in lines)])


class Emit(StrEnum):
    """What `scriptc compile --emit` prints."""

    GRAPH = "graph"
    CODE = "code"


@contextlib.contextmanager
def _problems_shown() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        console.show_problems(error.problems)
        for note in error.notes:
            console.say("", error=True)
            console.show_problems([note])
    except InternalError as error:
        console.show_problems([Internal(reason=str(error))])
    except SettingError as error:
        console.show_problems([BadSetting(reason=str(error))])
    else:
        return
    raise typer.Exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.say(f"scriptc {scriptc.__version__}")
        raise typer.Exit


@app.callback(epilog="Exit status: 0 if all went well, 1 for problems in a program or its input, "
              "2 for a wrong command line.")  # fmt: skip
def _scriptc(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Turn Python on NumPy into typed programs that stand apart from Python."""


@app.command(
    "compile",
    epilog=_examples(
        "scriptc compile model.py",
        "scriptc compile model.py --entry encoder -o build",
        "scriptc compile model.py --entry encoder --emit graph",
    ),
)
def compile_command(
    file: Annotated[str, typer.Argument(metavar="MODEL.PY", help="The file to run.")],
    entry: Annotated[
        list[str] | None,
        typer.Option(
            "--entry",
            "-e",
            metavar="NAME",
            help="Compile this function, module or method only, as in `model.predict`. "
            "May be given several times.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="The folder for the archives, made if need be; or one file, NAME.scriptc. "
            "Default: the current folder.",
        ),
    ] = None,
    emit: Annotated[
        Emit | None, typer.Option("--emit", help="Print this, and write nothing.")
    ] = None,
) -> None:
    """Compile what a Python file scripts, and write an archive of each.

    The file is run, as an import runs it. Compiled are its `@scriptc.script` functions, its
    scripted and traced objects, and the modules it constructs; each goes to NAME.scriptc.
    """
    with _problems_shown():
        compile_file(file, entry or [], output, None if emit is None else emit.value)


@app.command("check", epilog=_examples("scriptc check model.py"))
def check_command(
    file: Annotated[str, typer.Argument(metavar="MODEL.PY", help="The file to run.")],
) -> None:
    """Report everything in a Python file that keeps it from compiling.

    The file is run, as an import runs it, and goes on after a problem, so that all are found at
    once. The exit status is 1 if there are any.
    """
    with _problems_shown():
        check_file(file)


@app.command(
    "run",
    epilog=_examples(
        "scriptc run cell.scriptc x.npy h.npy -o out.npz",
        "scriptc run decode.scriptc x.npy --arg steps=3 --arg word=hello",
        "scriptc run total.scriptc '[[1.5, 2], [3, 4]]'",
    ),
)
def run_command(
    archive: Annotated[str, typer.Argument(metavar="MODEL.SCRIPTC", help="The archive to run.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="The arguments in order: .npy files, .npz files (by the names of the parameters, "
            "else in order), or values in JSON.",
        ),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option(
            "--arg",
            "-a",
            metavar="[NAME=]VALUE",
            help="A value in JSON, after the inputs or for the parameter NAME; text for a string "
            "needs no quotes.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.NPZ",
            help="Write the results: out0, out1... or the keys of a dict. A .npy file takes one.",
        ),
    ] = None,
) -> None:
    """Run an archive on inputs, and show what it returns."""
    with _problems_shown():
        run_archive(archive, inputs or [], arg or [], output)


@app.command(
    "show",
    epilog=_examples(
        "scriptc show cell.scriptc",
        "scriptc show cell.scriptc --graph",
        "scriptc show cell.scriptc --module dg --code",
        "scriptc show cell.scriptc --native x.npy h.npy",
    ),
)
def show_command(
    archive: Annotated[str, typer.Argument(metavar="MODEL.SCRIPTC", help="The archive to show.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="INPUT", help="For --native: arguments, as for `scriptc run`."),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", "-a", metavar="[NAME=]VALUE", help="A value, as for `scriptc run`."),
    ] = None,
    module: Annotated[
        str | None,
        typer.Option("--module", "-m", metavar="NAME", help="Show this submodule, as in `cell.dg`"),
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="The modules.")] = False,
    signature: Annotated[bool, typer.Option("--signature", help="The typed signature.")] = False,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="Parameters and buffers, in a table.")
    ] = False,
    graph: Annotated[bool, typer.Option("--graph", help="The IR.")] = False,
    code: Annotated[bool, typer.Option("--code", help="The program as Python.")] = False,
    native: Annotated[
        bool,
        typer.Option(
            "--native",
            help="The lines of the source: which are native code, which are not, and why. It "
            "depends on the inputs, which the program is called with.",
        ),
    ] = False,
) -> None:
    """Show what an archive holds: all of it, or the parts that are asked for."""
    options = {
        "tree": tree,
        "signature": signature,
        "parameters": parameters,
        "graph": graph,
        "code": code,
    }
    chosen = [name for name, wanted in options.items() if wanted]
    if native and chosen:
        raise typer.BadParameter(f"--native stands alone, without --{chosen[0]}")
    if (inputs or arg) and not native:
        raise typer.BadParameter("inputs are for --native; `scriptc run` runs an archive")
    with _problems_shown():
        if native:
            show_native(archive, module, inputs or [], arg or [])
        else:
            show_archive(archive, module, chosen)


class Target(StrEnum):
    """What `scriptc export --to` writes."""

    C = "c"


@app.command(
    "export",
    epilog=_examples(
        "scriptc export cell.scriptc x.npy h.npy --to c -o cell",
        "scriptc export mlp.scriptc x.npy --to c -o mlp --embed",
    ),
)
def export_command(
    archive: Annotated[str, typer.Argument(metavar="MODEL.SCRIPTC", help="The archive to export.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="An example of the arguments, as for `scriptc run`: they decide dtypes and ranks; "
            "sizes stay open.",
        ),
    ] = None,
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", "-a", metavar="[NAME=]VALUE", help="A value, as for `scriptc run`."),
    ] = None,
    to: Annotated[Target, typer.Option("--to", help="What to write.")] = Target.C,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.")
    ] = None,
    embed: Annotated[
        bool, typer.Option("--embed", help="Put the weights into the code, not a file.")
    ] = False,
) -> None:
    """Write an archive as a C project that builds and runs without Python.

    A module is frozen first: what no code changes becomes a constant.
    """
    del to  # the only one there is
    with _problems_shown():
        folder = output if output is not None else Path(archive).with_suffix("")
        export_archive(archive, inputs or [], arg or [], folder, embed=embed)


cache_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cache_app, name="cache", epilog=_examples("scriptc cache info"))


@cache_app.callback()
def _cache() -> None:
    """Show or remove the native code that is kept from run to run."""


@cache_app.command("info", epilog=_examples("scriptc cache info"))
def cache_info_command() -> None:
    """Show where compiled code is kept, and how much there is."""
    with _problems_shown():
        show_cache()


@cache_app.command("clear", epilog=_examples("scriptc cache clear"))
def cache_clear_command() -> None:
    """Remove all compiled code; it is compiled again when it is needed."""
    with _problems_shown():
        clear_cache()


@app.command("doctor", epilog=_examples("scriptc doctor"))
def doctor_command() -> None:
    """Show what this machine has for native code, and what to do if something is missing.

    The exit status is 1 if native code does not work here.
    """
    with _problems_shown():
        examine()


def main() -> None:
    """Run the command with the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # whatever the terminal can show
    try:
        try:
            app(prog_name="scriptc")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno == errno.EPIPE:
            raise
        # A full disk, say. What is left in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = error.strerror or str(error)
        console.show_problems([Unwritable(path="the standard output", reason=reason)])
        sys.exit(1)
