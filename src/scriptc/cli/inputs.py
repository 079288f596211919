"""The inputs of `scriptc run`: arrays from files, and values in JSON, as the program wants them."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from scriptc.cli.errors import BadInput, CommandError, NoFile, Unreadable
from scriptc.ir.types import (
    DTYPE,
    FLOAT,
    STR,
    DictType,
    ListType,
    TensorType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
)

_NAMED = re.compile(r"(?P<name>[^\W\d]\w*)=(?P<value>.*)", re.DOTALL)
_SUFFIXES = (".npy", ".npz")


def read_arguments(
    parameters: Sequence[tuple[str, Type]], inputs: Sequence[str], literals: Sequence[str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and the named arguments of the call.

    Each of `inputs` is a file or a value; `literals`, which follow them, are values, and may name
    their parameter: `steps=3`.
    """
    types = dict(parameters)
    positional: list[Any] = []
    named: dict[str, Any] = {}

    def append(text: str, *, files: bool) -> None:
        if files and text.lower().endswith(".npz"):
            arrays = _read_npz(text)
            if arrays and all(name in types for name in arrays):
                named.update(arrays)
            else:
                positional.extend(arrays.values())
        elif files and text.lower().endswith(".npy"):
            positional.append(_read_npy(text))
        else:
            place = len(positional)
            type_ = parameters[place][1] if place < len(parameters) else None
            positional.append(_parse(text, type_))

    for text in inputs:
        append(text, files=True)
    for text in literals:
        match = _NAMED.fullmatch(text)
        if match is None:
            append(text, files=False)
        else:
            name, value = match["name"], match["value"]
            is_file = value.lower().endswith(".npy") and types.get(name) != STR
            named[name] = _read_npy(value) if is_file else _parse(value, types.get(name))
    return positional, named


# --- values --------------------------------------------------------------------------------------


def _parse(text: str, type_: Type | None) -> Any:
    if type_ == STR and not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        shown = json.dumps(text, ensure_ascii=False)
        advice = f"pass a .npy or .npz file, or a value in JSON; a string is written '{shown}'"
        raise CommandError(
            BadInput(what=f"`{text}` is neither a file of arrays nor JSON", advice=advice)
        ) from None
    return value if type_ is None else _convert(value, type_)


def _convert(value: Any, type_: Type) -> Any:
    """Give a JSON value the Python form that a parameter's type asks for, if it has one.

    What does not fit stays as it is: the program's own check says what it expects.
    """
    members = members_of(type_)
    tensor = next((m for m in members if isinstance(m, TensorType)), None)
    if tensor is not None and isinstance(value, bool | int | float | list):
        others = [m for m in members if m is not tensor]
        return _array(value, tensor) if not _fits_other(value, others) else value
    if type(value) is int and FLOAT in members and len(members) == 1:
        return float(value)
    for member in members:
        match member, value:
            case ListType(element), list():
                return [_convert(part, element) for part in value]
            case VariadicTupleType(element), list():
                return tuple(_convert(part, element) for part in value)
            case TupleType(elements), list() if len(elements) == len(value):
                return tuple(_convert(p, e) for p, e in zip(value, elements, strict=True))
            case DictType(key, item), dict():
                return {_key(k, key): _convert(v, item) for k, v in value.items()}
            case _ if member == DTYPE and isinstance(value, str):
                return _dtype(value)
    return value


def _fits_other(value: Any, others: Sequence[Type]) -> bool:
    if isinstance(value, list):
        return any(isinstance(o, ListType | TupleType | VariadicTupleType) for o in others)
    return any(str(other) == type(value).__name__ for other in others)


def _array(value: Any, type_: TensorType) -> Any:
    try:
        return np.asarray(value, type_.dtype)
    except (TypeError, ValueError, OverflowError) as error:
        what = f"{json.dumps(value)} makes no array: {error}"
        advice = "all rows of an array have the same length, and all elements the same kind"
        raise CommandError(BadInput(what=what, advice=advice)) from None


def _key(text: str, type_: Type) -> Any:
    if type_ == STR:
        return text
    return _parse(text, type_)


def _dtype(name: str) -> Any:
    try:
        return np.dtype(name)
    except TypeError:
        return name


# --- files ---------------------------------------------------------------------------------------


def _read_npy(path: str) -> np.ndarray:
    with _opened(path) as array:
        if isinstance(array, np.ndarray):
            return _native(array)
        raise CommandError(_unreadable(path, "it is an archive of arrays, not one array"))


def _read_npz(path: str) -> dict[str, np.ndarray]:
    with _opened(path) as file:
        if isinstance(file, np.ndarray):
            raise CommandError(_unreadable(path, "it is one array, not an archive of them"))
        arrays = {name: file[name] for name in file.files}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):
                raise CommandError(_unreadable(path, f"its member {name} is no array"))
        return {name: _native(array) for name, array in arrays.items()}


def _native(array: np.ndarray) -> np.ndarray:
    """Return the array in the byte order of this machine; that of a file says nothing of it."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """Open a file of arrays; whatever is wrong with it in the context ends the command."""
    try:
        with Path(path).open("rb") as stream:
            yield np.load(stream, allow_pickle=False)
    except FileNotFoundError:
        raise CommandError(NoFile(path=path)) from None
    except OSError as error:
        raise CommandError(_unreadable(path, error.strerror or str(error))) from None
    except (ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise CommandError(_unreadable(path, str(error))) from None


def _unreadable(path: str, reason: str) -> Unreadable:
    if "allow_pickle" in reason or "Object arrays" in reason:
        # NumPy suggests to allow pickles, which run code of the file.
        reason = "it is no array of numbers; files that hold pickled objects are refused"
    return Unreadable(path=path, reason=reason)
