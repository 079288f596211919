"""Reading archives. What is in a file is hostile until checked, and nothing of it runs."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from scriptc.ir.diagnostic import ArchiveError, ArgumentError, Error
from scriptc.ir.graph import Program
from scriptc.ir.location import SourceFile
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.runtime.archive.checks import (
    check_attributes,
    check_program,
    check_sources,
    check_tree,
)
from scriptc.runtime.archive.foreign import identify_head, identify_zip
from scriptc.runtime.archive.format import (
    EXTRA,
    MANIFEST,
    MAX_MANIFEST,
    MAX_MEMBERS,
    MAX_TEXT,
    PARTS,
    PROGRAM,
    SOURCES,
    TENSORS,
    VALUES,
    VERSION,
    Contents,
    DamagedError,
    Manifest,
    Member,
    extra_file_problem,
    parse_json,
    parse_manifest,
)
from scriptc.runtime.archive.tensors import parse_safetensors
from scriptc.runtime.archive.values import ValueReader
from scriptc.runtime.archive.writer import operations_of

if TYPE_CHECKING:
    from zipfile import ZipFile

Source = str | os.PathLike[str] | BinaryIO | bytes

_AGAIN = "the file is damaged: copy it anew, or save the program again"


def load_archive(source: Source) -> Contents:
    """Read an archive from a path, a file open for reading bytes, or the bytes themselves.

    Raises `ArchiveError` for whatever is not a whole, sound archive.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return _load(io.BytesIO(source), "these bytes")
    if not isinstance(source, str | os.PathLike):
        name = str(getattr(source, "name", "the file object"))
        return _load(io.BytesIO(_read_all(source, name)), name)
    path = Path(source)
    try:
        with path.open("rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise ArchiveError(f"{path} is not a regular file")
            return _load(stream, str(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArchiveError(f"cannot read {path}: {reason}") from error


def _read_all(stream: BinaryIO, name: str) -> bytes:
    if not callable(getattr(stream, "read", None)):
        raise ArgumentError(
            f"load() takes a path, a file object or bytes, not a {type(stream).__qualname__}"
        )
    try:
        data = stream.read()
    except (OSError, ValueError) as error:
        raise ArchiveError(f"cannot read {name}: {error}") from error
    if not isinstance(data, bytes):
        raise ArgumentError(f"{name} is open for text: open it in mode 'rb'")
    return data


def _load(stream: BinaryIO, name: str) -> Contents:
    try:
        members, manifest = _read_members(stream)
        return _build(members, manifest)
    except ArchiveError as error:
        raise ArchiveError(f"{name}: {error}") from error.__cause__


# --- the zip file ---------------------------------------------------------------------------------


def _read_members(stream: BinaryIO) -> tuple[dict[str, bytes], Manifest]:
    """Return the members that the manifest lists, each checked against its hash."""
    with _open_zip(stream) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if MANIFEST not in names:
            what = identify_zip(names)
            if what.startswith("a TorchScript"):
                what += "; this scriptc cannot read those yet"
            raise ArchiveError(f"this is {what}" if what else "this zip file is no scriptc archive")
        if len(names) > MAX_MEMBERS or len(set(names)) != len(names):
            raise ArchiveError(f"it has too many members, or one twice; {_AGAIN}")
        if sum(info.compress_size for info in infos) > stream.seek(0, os.SEEK_END):
            raise ArchiveError(f"its members are larger than the file; {_AGAIN}")
        with _blaming(MANIFEST):
            manifest = parse_manifest(_read(archive, MANIFEST, MAX_MANIFEST))
            _check_members(manifest, names)
        members = {
            name: _checked(archive, name, member) for name, member in manifest.members.items()
        }
    return members, manifest


@contextmanager
def _open_zip(stream: BinaryIO) -> Iterator[ZipFile]:
    """Open a zip file. Whatever `zipfile` makes of a damaged one becomes an `ArchiveError`."""
    from zipfile import BadZipFile, ZipFile

    head = stream.read(16)
    if not head:
        raise ArchiveError("the file is empty")
    if not head.startswith(b"PK\x03\x04"):
        what = identify_head(head)
        raise ArchiveError(f"this is {what}" if what else "this is not a scriptc archive")
    stream.seek(0)
    try:
        with ZipFile(stream) as archive:
            yield archive
    except (
        BadZipFile,
        EOFError,
        MemoryError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ArchiveError(f"the zip file is cut off or damaged ({error}); {_AGAIN}") from error


@contextmanager
def _blaming(member: str) -> Iterator[None]:
    """Say which member was being read when a fault was found."""
    try:
        yield
    except DamagedError as error:
        raise ArchiveError(f"`{member}` is not sound: {error}; {_AGAIN}") from error
    except Error as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(
            f"`{member}` is not sound, though it is what was written: save the program again with "
            f"this scriptc. {error}"
        ) from error
    except RecursionError as error:
        raise ArchiveError(f"`{member}` is nested too deeply; {_AGAIN}") from error


def _check_members(manifest: Manifest, names: list[str]) -> None:
    listed = {MANIFEST, *manifest.members}
    for name in PARTS:
        if name not in manifest.members:
            raise DamagedError(f"it lists no {name!r}")
    missing, unknown = listed.difference(names), set(names) - listed
    if missing or unknown:
        what = "is missing" if missing else "does not belong to it"
        raise DamagedError(f"the member {min(missing or unknown)!r} {what}")
    for name in manifest.members:
        if name.startswith(EXTRA):
            problem = extra_file_problem(name.removeprefix(EXTRA))
            if problem is not None:
                raise DamagedError(f"the name {name!r} {problem}")
        elif name not in PARTS and manifest.version <= VERSION:
            raise DamagedError(f"the member {name!r} is unknown")


def _checked(archive: ZipFile, name: str, member: Member) -> bytes:
    limit = member.size if name == TENSORS or name.startswith(EXTRA) else MAX_TEXT
    data = _read(archive, name, limit)
    if len(data) != member.size or hashlib.sha256(data).hexdigest() != member.sha256:
        raise ArchiveError(f"`{name}` does not have the SHA-256 that the manifest says; {_AGAIN}")
    return data


def _read(archive: ZipFile, name: str, limit: int) -> bytes:
    """Return a member. It is not compressed, so its size cannot exceed that of the file."""
    info = archive.getinfo(name)
    if info.compress_type or info.flag_bits & 0x1:
        raise ArchiveError(f"`{name}` is compressed or encrypted, which scriptc never writes")
    if info.file_size != info.compress_size or info.file_size > limit:
        raise ArchiveError(f"`{name}` is larger than it may be: {info.file_size} bytes; {_AGAIN}")
    return archive.read(info)


# --- what the members hold ------------------------------------------------------------------------


def _build(members: Mapping[str, bytes], manifest: Manifest) -> Contents:
    with _blaming(TENSORS):
        storages = parse_safetensors(members[TENSORS])
    with _blaming(VALUES):
        reader = ValueReader(parse_json(members[VALUES]), storages)
        constants, root = reader.read()
        if (root is not None) != manifest.is_module:
            raise DamagedError("root and manifest contradict each other")
    with _blaming(SOURCES):
        sources = _parse_sources(members[SOURCES])
    with _blaming(MANIFEST):
        _check_versions(manifest)
    with _blaming(PROGRAM):
        program = _parse_program(members[PROGRAM], constants, sources)
        check_program(program, manifest.entry, root)
    with _blaming(VALUES):
        check_attributes(program, reader.instances)
        if root is not None:
            check_tree(program, root)
    with _blaming(MANIFEST):
        if operations_of(program) != manifest.operations:
            raise DamagedError("the operations listed are not those of the program")
    extra: dict[str, str | bytes] = {}
    for name, member in manifest.members.items():
        if name.startswith(EXTRA):
            with _blaming(name):
                extra[name.removeprefix(EXTRA)] = _extra(members[name], member)
    return Contents(program, manifest.entry, root, extra)


def _check_versions(manifest: Manifest) -> None:
    for name, version in manifest.operations.items():
        known = REGISTRY.get(name)
        if known is None or version > known.version:
            raise ArchiveError(
                f"the program uses `{name}` (version {version}), which this scriptc does not have; "
                f"install the version that wrote it ({manifest.producer[:40]}), or a later one"
            )
        if version != known.version:
            raise ArchiveError(
                f"the program uses version {version} of `{name}`, and this scriptc has "
                f"{known.version}, which means something else; save the program again"
            )


def _parse_sources(data: bytes) -> list[SourceFile]:
    content = parse_json(data)
    if not isinstance(content, list):
        raise DamagedError("it is no list")
    sources: list[SourceFile] = []
    for entry in content:
        match entry:
            case {"path": str(path), "first_line": int(line), "text": str(text), **more} if (
                not more and 1 <= line <= 10**9
            ):
                sources.append(SourceFile(path, text, line))
            case _:
                raise DamagedError("an entry is not a path, a line and a text")
    check_sources(sources)
    return sources


def _parse_program(data: bytes, constants: list[Any], sources: list[SourceFile]) -> Program:
    if len(data) > MAX_TEXT:
        raise DamagedError("it is too large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedError(f"it is not UTF-8: {error}") from None
    return parse_program(text, REGISTRY, constants, sources=sources)


def _extra(data: bytes, member: Member) -> str | bytes:
    if not member.text:
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedError(f"it is not UTF-8: {error}") from None
