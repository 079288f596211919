"""Loading the archive that a command is about."""

from __future__ import annotations

import os

from scriptc.api import ScriptedObject
from scriptc.cli import console
from scriptc.cli.errors import BadArchive, CommandError, NoFile
from scriptc.ir.diagnostic import ArchiveError
from scriptc.scripted import load


def load_archive(path: str, backend: str | None = None) -> ScriptedObject:
    """Load an archive, for a back end; what is wrong with it ends the command."""
    if not os.path.lexists(path):
        raise CommandError(NoFile(path=path))
    try:
        with console.progress(f"loading {path}"):
            return load(path, backend=backend)
    except ArchiveError as error:
        raise CommandError(BadArchive(reason=str(error))) from None
