"""`scriptc cache`: the compiled code that is kept."""

from __future__ import annotations

from scriptc.cli import console
from scriptc.cli.errors import CommandError, UnusableCache
from scriptc.runtime.native.cache import UnfitFolderError, user_cache


def show_cache() -> None:
    """Show the folder of the cache, how many entries it has, their size and the limit."""
    info = user_cache().info()
    rows = (
        ("folder", str(info.folder)),
        ("entries", f"{info.entries:,}"),
        ("size", console.size_text(info.size)),
        ("limit", console.size_text(info.limit)),
    )
    for name, value in rows:
        console.say(f"{name:<8} {value}")
    if info.problem:
        raise CommandError(UnusableCache(reason=info.problem))


def clear_cache() -> None:
    """Remove everything from the cache."""
    try:
        before = user_cache().clear()
    except (OSError, UnfitFolderError) as error:
        raise CommandError(UnusableCache(reason=str(error))) from error
    entries = console.plural(before.entries, "entry", "entries")
    console.say(f"removed {entries}, {console.size_text(before.size)}")
