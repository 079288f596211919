"""What the writer and the reader of archives agree on: versions, members, limits, the manifest."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from scriptc.ir.diagnostic import ArchiveError
from scriptc.ir.graph import Instance, Program

FORMAT = "scriptc"
VERSION = 1
"""The version that is written, and the newest that is read."""

OLDEST_READER = 1
"""The oldest version whose readers understand what is written."""

OLDEST_SCRIPTC = "0.1.0"
"""The first release of scriptc that reads what is written; told to users of older ones."""

MANIFEST = "manifest.json"
PROGRAM = "program.graph"
VALUES = "values.json"
TENSORS = "tensors.safetensors"
SOURCES = "sources.json"
EXTRA = "extra/"
"""The folder of the user's own files."""

PARTS = (PROGRAM, VALUES, TENSORS, SOURCES)
"""The members that every archive has, beside the manifest."""

MAX_TEXT = 256 * 1024 * 1024
MAX_MANIFEST = 16 * 1024 * 1024
MAX_MEMBERS = 10_000
MAX_NAME = 200

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds: a program, its entry function, and the object it belongs to.

    `root` is None for a function. `extra_files` are the user's own, by name.
    """

    program: Program
    entry: str
    root: Instance | None
    extra_files: dict[str, str | bytes] = field(default_factory=dict)


class DamagedError(Exception):
    """What is wrong with the contents of a member; the reader says which file and member."""


@dataclass(frozen=True, slots=True)
class Member:
    """A line of the manifest: size and SHA-256 of a member, and whether it is the user's text."""

    size: int
    sha256: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """The first member of an archive, which describes all others."""

    producer: str
    entry: str
    is_module: bool
    operations: dict[str, int]
    members: dict[str, Member]
    version: int = VERSION
    oldest_reader: int = OLDEST_READER
    oldest_scriptc: str = OLDEST_SCRIPTC

    def to_text(self) -> str:
        """Return the manifest as JSON."""
        members = {
            name: {"size": m.size, "sha256": m.sha256} | ({"text": True} if m.text else {})
            for name, m in self.members.items()
        }
        content = {
            "format": FORMAT,
            "version": self.version,
            "oldest_reader": self.oldest_reader,
            "oldest_scriptc": self.oldest_scriptc,
            "producer": self.producer,
            "entry": self.entry,
            "is_module": self.is_module,
            "operations": self.operations,
            "members": members,
        }
        return json.dumps(content, indent=1) + "\n"


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest. Raises `DamagedError`, and `ArchiveError` for one that is too new."""
    content = parse_json(text)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DamagedError(f"it does not say that the format is {FORMAT!r}")
    version = _take(content, "version", int)
    oldest = _take(content, "oldest_reader", int)
    if oldest > VERSION:
        needed = _take(content, "oldest_scriptc", str)
        if not re.fullmatch(r"[0-9a-z.+]{1,40}", needed):
            needed = "of a later version"
        raise ArchiveError(
            f"it has format {version}, and this scriptc reads formats up to {VERSION}; "
            f"install scriptc {needed} or later: pip install 'scriptc>={needed}'"
        )
    operations = _take(content, "operations", dict)
    if not all(n.isidentifier() and type(v) is int for n, v in operations.items()):
        raise DamagedError("the operations are not names with versions")
    members: dict[str, Member] = {}
    for name, entry in _take(content, "members", dict).items():
        if not isinstance(entry, dict):
            raise DamagedError(f"the entry of {name!r} is not an object")
        member = Member(_take(entry, "size", int), _take(entry, "sha256", str), "text" in entry)
        if member.size < 0 or not _HASH.fullmatch(member.sha256):
            raise DamagedError(f"size or hash of {name!r} are not such")
        members[name] = member
    producer = _take(content, "producer", str)
    if not producer.isprintable():
        raise DamagedError("the producer cannot be printed")
    return Manifest(
        producer,
        _take(content, "entry", str),
        _take(content, "is_module", bool),
        operations,
        members,
        version,
        oldest,
        _take(content, "oldest_scriptc", str),
    )


def _take(content: dict[str, Any], key: str, kind: type) -> Any:
    value = content.get(key)
    if type(value) is not kind:
        raise DamagedError(f"{key!r} is missing, or no {kind.__name__}")
    return value


def parse_json(text: bytes) -> Any:
    """Read JSON strictly: UTF-8, no repeated keys, no NaN. Raises `DamagedError`."""
    try:
        return json.loads(
            text.decode("utf-8"), object_pairs_hook=_no_repeats, parse_constant=_no_constant
        )
    except RecursionError:
        raise DamagedError("it is nested too deeply") from None
    except ValueError as error:
        raise DamagedError(f"it is not JSON: {error}") from None


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def extra_file_problem(name: object) -> str | None:
    """Say why a name cannot be that of a user's own file; None if it can."""
    if not isinstance(name, str):
        return "is no str"
    parts = name.split("/")
    if not name or len(name) > MAX_NAME or not name.isprintable() or "\\" in name or ":" in name:
        return f"is empty, longer than {MAX_NAME} characters, or has signs that no path should have"
    if any(part in ("", ".", "..") for part in parts):
        return "is not a relative path in its simplest form"
    return None
