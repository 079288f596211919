"""Taking archives apart, and putting them together again with changes and right hashes."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any


def saved(object_: Any, **options: Any) -> bytes:
    """Return the archive of a compiled object as bytes."""
    import scriptc

    buffer = io.BytesIO()
    scriptc.save(object_, buffer, **options)
    return buffer.getvalue()


def members_of(archive: bytes) -> dict[str, bytes]:
    """Return the members of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip file with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def rebuilt(archive: bytes, members: Mapping[str, Any], /, **manifest: Any) -> bytes:
    """Return an archive with some members and manifest entries changed, and hashes that fit.

    A member may be bytes, or a list of pairs of text to replace.
    """
    parts = members_of(archive)
    for name, change in members.items():
        if isinstance(change, bytes):
            parts[name] = change
            continue
        text = parts[name].decode()
        for old, new in change:
            assert old in text, f"{old!r} is not in {name}:\n{text}"
            text = text.replace(old, new)
        parts[name] = text.encode("utf-8", "surrogatepass")
    described = json.loads(parts.pop("manifest.json"))
    described["members"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in parts.items()
    }
    described.update(manifest)
    return zipped({"manifest.json": json.dumps(described).encode(), **parts})
