"""Loading the archive that a command is about."""

from __future__ import annotations

import os

from scriptc.api import ScriptedObject
from scriptc.cli import console
from scriptc.cli.errors import BadArchive, CommandError, NoFile
from scriptc.ir.diagnostic import ArchiveError
from scriptc.scripted import load


def load_archive(path: str) -> ScriptedObject:
    """Load an archive; what is wrong with it ends the command."""
    if not os.path.lexists(path):
        raise CommandError(NoFile(path=path))
    try:
        with console.progress(f"loading {path}"):
            return load(path)
    except ArchiveError as error:
        raise CommandError(BadArchive(reason=str(error))) from None
