"""What `scriptc run` does with the result: it shows it, and writes its arrays to a file."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scriptc.cli.errors import BadOutput, CommandError, Unwritable
from scriptc.runtime.archive.atomic import replacing

_PREVIEW = 60


def name_outputs(result: Any) -> dict[str, Any]:
    """Give every part of a result a name: `out0`, `out1`..., or its key in a dict.

    What stands deeper has the names on its way, with a dot between: `out1.0`, `state.hidden`.
    """
    if isinstance(result, tuple | list) and result:
        return {k: v for i, part in enumerate(result) for k, v in _flatten(f"out{i}", part)}
    if isinstance(result, dict) and result and all(isinstance(key, str) for key in result):
        return {k: v for key, part in result.items() for k, v in _flatten(key, part)}
    return {"out0": result}


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    numbers = isinstance(value, list) and all(isinstance(v, bool | int | float) for v in value)
    if isinstance(value, tuple | list) and not numbers:
        for i, part in enumerate(value):
            yield from _flatten(f"{name}.{i}", part)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _flatten(f"{name}.{key}", part)
    else:
        yield name, value


def describe_output(value: Any) -> tuple[str, str, str]:
    """Return type, shape and a look at the value."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        shown = np.array2string(array, precision=4, threshold=4, edgeitems=1, max_line_width=10_000)
        return str(array.dtype), str(array.shape), _shorten(" ".join(shown.split()))
    return type(value).__name__, "", _shorten(repr(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _PREVIEW else text[: _PREVIEW - 1] + "…"


def write_outputs(path: Path, outputs: dict[str, Any]) -> None:
    """Write arrays, numbers and strings to a `.npz`, or the one there is to a `.npy`."""
    arrays = {name: _as_array(name, value) for name, value in outputs.items()}
    if path.suffix == ".npy" and len(arrays) != 1:
        advice = "write them to a .npz file"
        what = f"a .npy file holds one array, and the program returned {len(arrays)}"
        raise CommandError(BadOutput(what=what, advice=advice))
    if path.suffix not in (".npy", ".npz"):
        advice = "name a .npz file, or a .npy file for one array"
        raise CommandError(BadOutput(what=f"`{path}` is no file of arrays", advice=advice))
    try:
        with replacing(path) as file:
            if path.suffix == ".npy":
                np.save(file, next(iter(arrays.values())), allow_pickle=False)
            else:
                _write_npz(file, arrays)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(Unwritable(path=f"`{path}`", reason=reason)) from None


def _write_npz(file: Any, arrays: dict[str, np.ndarray]) -> None:
    # As `np.savez` writes it, whose own parameters are names that an output may have.
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _as_array(name: str, value: Any) -> np.ndarray:
    array = None
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        array = np.asarray(value)
    if array is None or array.dtype.kind not in "biufcUS":
        what = f"the output `{name}` is {value!r:.40}, which is no array, number or string"
        raise CommandError(BadOutput(what=what, advice="leave out `-o` to see the result"))
    return array
