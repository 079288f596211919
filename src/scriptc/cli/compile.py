"""`scriptc compile` and `scriptc check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scriptc.cli import console
from scriptc.cli.errors import CommandError, NotSaved, OneFile, Unwritable
from scriptc.cli.targets import Target, find_targets, no_target
from scriptc.cli.userfile import UserFile, running
from scriptc.ir.diagnostic import ArchiveError, UnsupportedError

SUFFIX = ".scriptc"


def compile_file(path: str, entries: Sequence[str], output: Path | None, emit: str | None) -> None:
    """Compile what a file scripts, and write an archive of each, or print it."""
    with running(path) as file:
        targets = _targets(file, entries)
        if not targets:
            raise CommandError(no_target(file))
        if emit is not None:
            _print_targets(targets, emit)
            return
        paths = _archive_paths(targets, output)
        rows = []
        for target, destination in zip(targets, paths, strict=True):
            with console.progress(f"writing {destination}"):
                size = _write(target, destination)
            rows.append(_row(target, size))
    numbers = ("operations", "parameters", "archive", "time")
    console.show_table(("name", "kind", "signature", *numbers), rows, numbers)
    where = paths[0] if len(paths) == 1 else f"{paths[0].parent}/"
    console.say(f"wrote {console.plural(len(paths), 'archive')} to {where}")


def check_file(path: str) -> None:
    """Report everything that keeps a file from compiling."""
    with running(path) as file:
        targets = _targets(file, ())
    names = ", ".join(target.name for target in targets)
    if targets:
        console.say(f"{path}: no problems; {console.plural(len(targets), 'object')}: {names}")
    else:
        console.say(f"{path}: no problems, and nothing that is compiled")


def _targets(file: UserFile, entries: Sequence[str]) -> list[Target]:
    with console.progress(f"compiling {file.path}"):
        targets = find_targets(file, entries)
    if file.problems:
        raise CommandError(file.in_order(), file.notes)
    return targets


def _print_targets(targets: Sequence[Target], emit: str) -> None:
    comment, show = ("//", console.show_graph) if emit == "graph" else ("#", console.show_code)
    for i, target in enumerate(targets):
        if len(targets) > 1:
            show(f"{'' if i == 0 else chr(10)}{comment} {target.name}")
        text = str(target.object.graph) if emit == "graph" else target.object.code
        show(text.rstrip("\n"))


def _archive_paths(targets: Sequence[Target], output: Path | None) -> list[Path]:
    if output is not None and output.suffix == SUFFIX and not output.is_dir():
        if len(targets) > 1:
            names = ", ".join(f"`{target.name}`" for target in targets)
            raise CommandError(OneFile(path=str(output), count=len(targets), names=names))
        return [output]
    folder = Path() if output is None else output
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(_unwritable(folder, error)) from None
    return [folder / f"{target.name}{SUFFIX}" for target in targets]


def _write(target: Target, path: Path) -> int:
    try:
        target.object.save(path)
    except ArchiveError as error:
        if isinstance(error.__cause__, OSError):
            raise CommandError(_unwritable(path, error.__cause__)) from None
        raise CommandError(NotSaved(name=target.name, reason=str(error))) from None
    except UnsupportedError as error:
        raise CommandError(NotSaved(name=target.name, reason=str(error))) from None
    return path.stat().st_size


def _unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(path=f"`{path}`", reason=error.strerror or str(error))


def _row(target: Target, size: int) -> list[str]:
    parameters = target.parameters
    return [
        target.name,
        target.kind,
        target.signature,
        f"{target.operations:,}",
        "" if parameters is None else f"{parameters:,}",
        console.size_text(size),
        "" if target.seconds is None else console.time_text(target.seconds),
    ]
