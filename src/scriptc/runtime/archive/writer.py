"""Writing archives. The same program gives the same bytes, on any machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from scriptc.ir.diagnostic import ArchiveError, ArgumentError, UnsupportedError
from scriptc.ir.graph import Instance, Program
from scriptc.ir.location import SourceFile
from scriptc.ir.printer import constants_of, files_of, print_program
from scriptc.ir.types import ClassType, members_of
from scriptc.runtime.archive.atomic import replacing
from scriptc.runtime.archive.checks import check_attributes, check_program, check_sources
from scriptc.runtime.archive.format import (
    EXTRA,
    MANIFEST,
    PROGRAM,
    SOURCES,
    TENSORS,
    VALUES,
    Contents,
    DamagedError,
    Manifest,
    Member,
    extra_file_problem,
)
from scriptc.runtime.archive.tensors import emit_safetensors
from scriptc.runtime.archive.values import ValueWriter

if TYPE_CHECKING:
    from zipfile import ZipFile

Target = str | os.PathLike[str] | BinaryIO


def save_archive(contents: Contents, target: Target, producer: str) -> None:
    """Write an archive to a path, whole or not at all, or to a file open for writing bytes.

    Raises `ArchiveError` if the file cannot be written, and `UnsupportedError` for a value that
    an archive cannot hold.
    """
    if not isinstance(target, str | os.PathLike) and not hasattr(target, "write"):
        raise ArgumentError(
            f"save() takes a path or a file object, not a {type(target).__qualname__}"
        )
    members = emit_members(contents, producer)
    try:
        if isinstance(target, str | os.PathLike):
            with replacing(Path(target)) as stream:
                _write_zip(members, stream)
        else:
            buffer = io.BytesIO()
            _write_zip(members, buffer)
            target.write(buffer.getvalue())
    except (OSError, ValueError) as error:
        name = getattr(target, "name", "the file") if hasattr(target, "write") else target
        reason = getattr(error, "strerror", None) or error
        raise ArchiveError(f"cannot write {name}: {reason}") from error


def emit_archive(contents: Contents, producer: str) -> bytes:
    """Return an archive as bytes."""
    buffer = io.BytesIO()
    _write_zip(emit_members(contents, producer), buffer)
    return buffer.getvalue()


def emit_members(contents: Contents, producer: str) -> dict[str, bytes]:
    """Return the content of every member by name, the manifest first."""
    program = contents.program
    classes = _class_names(program, contents.root)
    values = ValueWriter(classes)
    text, storages = values.emit(constants_of(program), contents.root)
    sources = _sources(program)
    try:
        check_program(program, contents.entry, contents.root)
        check_sources(sources)
        check_attributes(program, values.instances, classes)
    except DamagedError as error:
        raise UnsupportedError(f"cannot save this: {error}") from None
    members = {
        PROGRAM: print_program(program, locations=True).encode(),
        VALUES: text.encode(),
        TENSORS: emit_safetensors(storages),
        SOURCES: _emit_sources(sources),
    }
    for name, content in sorted(contents.extra_files.items()):
        problem = extra_file_problem(name)
        if problem is not None or not isinstance(content, str | bytes):
            raise ArgumentError(
                f"extra_files maps relative paths to str or bytes, and {name!r} "
                f"{problem or 'is mapped to ' + type(content).__qualname__}"
            )
        members[EXTRA + name] = content.encode() if isinstance(content, str) else content
    texts = {EXTRA + name for name, data in contents.extra_files.items() if isinstance(data, str)}
    manifest = Manifest(
        producer=producer,
        entry=contents.entry,
        is_module=contents.root is not None,
        operations=operations_of(program),
        members={
            name: Member(len(data), hashlib.sha256(data).hexdigest(), name in texts)
            for name, data in members.items()
        },
    )
    return {MANIFEST: manifest.to_text().encode(), **members}


def operations_of(program: Program) -> dict[str, int]:
    """Return the declared operations that a program uses, with their versions."""
    found = {
        operation.opdef.name: operation.opdef.version
        for function in program.functions.values()
        for operation in function.walk()
        if operation.opdef is not None
    }
    return dict(sorted(found.items()))


def _class_names(program: Program, root: Instance | None) -> dict[int, str]:
    """Return the names of the classes of all instances, by `id`, as attributes declare them.

    An instance that was compiled for itself, and linked in, names its class as it was there.
    """
    names: dict[int, str] = {}
    pending = [] if root is None else [(root, root.scriptc_class)]
    while pending:
        instance, name = pending.pop()
        if id(instance) in names:
            continue
        names[id(instance)] = name
        definition = program.classes.get(name)
        for attribute, type_ in definition.attributes.items() if definition else ():
            child = instance.__dict__.get(attribute)
            classes = [t.name for t in members_of(type_) if isinstance(t, ClassType)]
            if isinstance(child, Instance) and len(classes) == 1:
                pending.append((child, classes[0]))
    return names


def _sources(program: Program) -> list[SourceFile]:
    """Return the source files in the order of the text; of equal ones that with most text."""
    longest: dict[SourceFile, SourceFile] = {}
    for function in program.functions.values():
        places = [function.location, *(operation.location for operation in function.walk())]
        for place in places:
            if place is not None:
                held = longest.setdefault(place.file, place.file)
                if len(place.file.text) > len(held.text):
                    longest[held] = place.file
    return [longest[file] for file in files_of(program)]


def _emit_sources(sources: list[SourceFile]) -> bytes:
    lines: list[dict[str, Any]] = [
        {"path": s.path, "first_line": s.first_line, "text": s.text} for s in sources
    ]
    return ("[" + ",".join(f"\n{json.dumps(line)}" for line in lines) + "]\n").encode()


def _write_zip(members: Mapping[str, bytes], stream: BinaryIO) -> None:
    from zipfile import ZipFile

    with ZipFile(stream, "w") as archive:
        for name, data in members.items():
            _write_member(archive, name, data)


def _write_member(archive: ZipFile, name: str, data: bytes) -> None:
    """Write a member as it is: not compressed, so that bytes do not depend on a library."""
    from zipfile import ZIP_STORED, ZipInfo

    info = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = ZIP_STORED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    archive.writestr(info, data)
