"""The `scriptc` command: compile, run, show and check programs from a terminal."""

from scriptc.cli.app import app, main

__all__ = ["app", "main"]
