"""Python values in archives, as JSON: the attributes of objects, and constants without a literal.

What has an identity (lists, dicts, arrays, instances) stands once in a table of objects, and is
referred to by its number, so that what was shared stays shared. All else is written in place.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scriptc.ir.diagnostic import UnsupportedError
from scriptc.ir.graph import Instance
from scriptc.ir.text import is_attribute_name
from scriptc.ir.types import DTYPES
from scriptc.runtime.archive.format import DamagedError
from scriptc.runtime.archive.tensors import Layout, pack, unpack

_SAFE = 2**63
_MAX_DEPTH = 100
_MAX_WEIGHT = 2**24


class ValueWriter:
    """Collects values, and writes them out together.

    `classes` gives the names that the classes of instances have in the program, by `id`.
    """

    def __init__(self, classes: Mapping[int, str]) -> None:
        self._classes = classes
        self._numbers: dict[int, int] = {}
        self._objects: list[tuple[str, Any]] = []
        self._arrays: list[tuple[str, np.ndarray]] = []
        self._layouts: list[Layout] = []

    @property
    def instances(self) -> list[Instance]:
        """The instances met, under the names of their classes in the program."""
        return [
            object_.under(self._classes.get(id(object_), object_.scriptc_class))
            for _, object_ in self._objects
            if isinstance(object_, Instance)
        ]

    def emit(
        self, constants: Sequence[Any], root: Instance | None
    ) -> tuple[str, dict[str, np.ndarray]]:
        """Return the JSON text, and the storages of all arrays.

        Raises `UnsupportedError` for a value that an archive cannot hold.
        """
        encoded_root = None if root is None else self._value(root, "")
        encoded_constants = [self._value(c, f"constants.{i}") for i, c in enumerate(constants)]
        lines: list[Any] = []
        while len(lines) < len(self._objects):
            path, object_ = self._objects[len(lines)]
            lines.append(self._object(object_, path))
        storages, layouts = pack(self._arrays)
        for place, layout in zip(self._layouts, layouts, strict=True):
            place.update(layout)
        parts = [
            '"objects": [' + ",".join(f"\n{_dump(line)}" for line in lines) + "]",
            '"constants": [' + ",".join(f"\n{_dump(c)}" for c in encoded_constants) + "]",
            f'"root": {_dump(encoded_root)}',
        ]
        return "{" + ",\n".join(parts) + "}\n", storages

    def _value(self, value: Any, path: str) -> Any:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -_SAFE <= value < _SAFE else {"int": hex(value)}
        if kind is float:
            return _emit_float(value)
        if kind is str:
            return _emit_str(value)
        if kind in (list, dict, Instance) or isinstance(value, np.ndarray):
            return {"object": self._number(value, path)}
        if kind is tuple:
            return {"tuple": [self._value(v, f"{path}.{i}") for i, v in enumerate(value)]}
        if kind is complex:
            return {"complex": [_emit_float(value.real), _emit_float(value.imag)]}
        if kind in (slice, range):
            parts = (value.start, value.stop, value.step)
            return {kind.__name__: [self._value(part, path) for part in parts]}
        if value is ...:
            return {"ellipsis": None}
        if isinstance(value, np.dtype) and value.isnative and value.name in DTYPES:
            return {"dtype": value.name}
        if isinstance(value, type) and issubclass(value, np.generic):
            if np.dtype(value).name in DTYPES:
                return {"scalar_type": np.dtype(value).name}
        elif isinstance(value, np.generic) and value.dtype.name in DTYPES:
            return {"scalar": self._tensor(np.asarray(value), path)}
        raise UnsupportedError(
            f"an archive cannot hold {path or 'the object'}, which is of type {kind.__qualname__}"
        )

    def _number(self, object_: Any, path: str) -> int:
        number = self._numbers.get(id(object_))
        if number is None:
            number = self._numbers[id(object_)] = len(self._objects)
            self._objects.append((path, object_))
        return number

    def _tensor(self, array: np.ndarray, path: str) -> Layout:
        """Return the layout of an array; it is filled in when all arrays are known."""
        self._arrays.append((path or "tensor", array))
        self._layouts.append({})
        return self._layouts[-1]

    def _object(self, object_: Any, path: str) -> Any:
        if isinstance(object_, Instance):
            prefix = f"{path}." if path else ""
            values = {n: self._value(v, prefix + n) for n, v in object_.__dict__.items()}
            class_name = self._classes.get(id(object_), object_.scriptc_class)
            line = {"instance": class_name, "attributes": values}
            if object_.scriptc_repr:
                line["repr"] = "".join(map(_printable, object_.scriptc_repr))
            return line
        if isinstance(object_, list):
            return {"list": [self._value(v, f"{path}.{i}") for i, v in enumerate(object_)]}
        if isinstance(object_, dict):
            pairs = enumerate(object_.items())
            return {
                "dict": [
                    [self._value(k, f"{path}.key{i}"), self._value(v, f"{path}.{i}")]
                    for i, (k, v) in pairs
                ]
            }
        if type(object_) not in (np.ndarray, np.memmap):
            kind = type(object_).__qualname__
            raise UnsupportedError(
                f"an archive cannot hold {path}, a {kind}: assign np.asarray of it"
            )
        if object_.dtype.name not in DTYPES or not object_.dtype.isnative:
            raise UnsupportedError(f"an archive cannot hold {path}, of dtype {object_.dtype}")
        return {"tensor": self._tensor(object_, path)}


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


def _emit_float(value: float) -> Any:
    if math.isfinite(value):
        return value
    bits = struct.pack(">d", value).hex()
    return {"float": {_NAN: "nan"}.get(bits, bits) if math.isnan(value) else str(value)}


_NAN = struct.pack(">d", math.nan).hex()


def _emit_str(value: str) -> Any:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        # JSON would join two surrogates to one character.
        return {"str": list(map(ord, value))}
    return value


def _printable(char: str) -> str:
    return char if char.isprintable() or char == "\n" else ascii(char)[1:-1]


# --- reading --------------------------------------------------------------------------------------


class ValueReader:
    """Rebuilds values from their JSON. Every method raises `DamagedError`."""

    def __init__(self, content: Any, storages: Mapping[str, memoryview]) -> None:
        if not isinstance(content, dict) or set(content) != {"objects", "constants", "root"}:
            raise DamagedError("it has other parts than objects, constants and root")
        if not isinstance(content["objects"], list) or not isinstance(content["constants"], list):
            raise DamagedError("objects or constants are no lists")
        self._content = content
        self._parts: list[int] = []
        self._storages = storages
        self._lines = [self._line(line) for line in content["objects"]]
        self._objects = [self._make(kind, line) for kind, line in self._lines]

    @property
    def instances(self) -> list[Instance]:
        """All instances, also those that nothing refers to."""
        return [object_ for object_ in self._objects if isinstance(object_, Instance)]

    def read(self) -> tuple[list[Any], Instance | None]:
        """Return the constants and the root object."""
        nested: list[list[int]] = []
        for object_, (kind, line) in zip(self._objects, self._lines, strict=True):
            self._parts = []
            self._fill(object_, kind, line)
            nested.append(self._parts if kind in ("list", "dict") else [])
        self._check_nesting(nested)
        constants = [self._value(value) for value in self._content["constants"]]
        root = self._value(self._content["root"])
        if root is not None and not isinstance(root, Instance):
            raise DamagedError("the root is not an instance")
        return constants, root

    def _line(self, line: Any) -> tuple[str, dict[str, Any]]:
        if isinstance(line, dict):
            for kind, keys in _OBJECTS.items():
                if kind in line and set(line) <= keys:
                    return kind, line
        raise DamagedError(f"there is no object {_dump(line)[:80]}")

    def _make(self, kind: str, line: dict[str, Any]) -> Any:
        if kind == "tensor":
            return unpack(line["tensor"], self._storages)
        if kind == "instance":
            if not isinstance(line["instance"], str):
                raise DamagedError("the class of an instance has no name")
            instance = Instance(line["instance"])
            shown: object = line.get("repr", "")
            if not isinstance(shown, str) or not all(map(str.isprintable, shown.split("\n"))):
                raise DamagedError("what an instance shows of itself cannot be printed")
            instance.scriptc_repr = shown
            return instance
        return [] if kind == "list" else {}

    def _fill(self, object_: Any, kind: str, line: dict[str, Any]) -> None:
        if kind == "tensor":
            return
        if kind == "instance":
            attributes = line.get("attributes")
            if not isinstance(attributes, dict) or not all(map(is_attribute_name, attributes)):
                raise DamagedError("the attributes of an instance have no proper names")
            for name, value in attributes.items():
                object_.__dict__[name] = self._value(value)
            return
        entries = line[kind]
        if not isinstance(entries, list):
            raise DamagedError(f"the elements of a {kind} are no list")
        if kind == "list":
            object_.extend(map(self._value, entries))
            return
        for pair in entries:
            if not isinstance(pair, list) or len(pair) != 2:
                raise DamagedError("an entry of a dict is not a pair")
            key, value = map(self._value, pair)
            try:
                object_[key] = value
            except TypeError:
                raise DamagedError("a key of a dict cannot be one") from None
        if len(object_) != len(entries):
            raise DamagedError("a key stands twice in a dict")

    def _value(self, node: Any, depth: int = 0) -> Any:
        kind = type(node)
        if node is None or kind is bool or kind is float or kind is str:
            return node
        if kind is int:
            if -_SAFE <= node < _SAFE:
                return node
        elif kind is dict and len(node) == 1 and depth < _MAX_DEPTH:
            ((name, content),) = node.items()
            try:
                return self._special(name, content, depth + 1)
            except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
                raise DamagedError(f"{_dump(node)[:80]} is no value: {error}") from None
        raise DamagedError(f"{_dump(node)[:80]} is no value")

    def _special(self, name: str, content: Any, depth: int) -> Any:
        match name, content:
            case "object", int() if 0 <= content < len(self._objects):
                self._parts.append(content)
                return self._objects[content]
            case "int", str() if len(content) <= 4096:
                return int(content, 16)
            case "float", str():
                if content in ("nan", "inf", "-inf"):
                    return float(content)
                if len(content) != 16:
                    raise ValueError("it is not 64 bits")
                return struct.unpack(">d", bytes.fromhex(content))[0]
            case "str", list() if all(type(code) is int for code in content):
                return "".join(map(chr, content))
            case (("tuple" | "complex" | "slice" | "range"), list()):
                return self._composed(name, [self._value(part, depth) for part in content])
            case "ellipsis", None:
                return ...
            case "dtype", str() if content in DTYPES:
                return np.dtype(content)
            case "scalar_type", str() if content in DTYPES:
                return np.dtype(content).type
            case "scalar", dict():
                array = unpack(content, self._storages)
                if array.ndim == 0:
                    return array[()]
        raise ValueError("unknown")

    def _composed(self, name: str, parts: list[Any]) -> Any:
        kinds = list(map(type, parts))
        if name == "tuple":
            return tuple(parts)
        if name == "complex" and kinds == [float, float]:
            return complex(*parts)
        if name == "range" and kinds == [int, int, int]:
            return range(*parts)
        if name == "slice" and len(parts) == 3:
            return slice(*parts)
        raise ValueError("unknown")

    def _check_nesting(self, nested: list[list[int]]) -> None:
        """Refuse lists and dicts that hold themselves, or unfold to something huge."""
        known: dict[int, tuple[int, int]] = {}

        def measure(number: int, level: int) -> tuple[int, int]:
            """Return how deep an object is nested, and how many elements it has all in all."""
            if number in known:
                return known[number]
            if level > _MAX_DEPTH:
                raise DamagedError(f"a list is nested more than {_MAX_DEPTH} levels deep")
            object_ = self._objects[number]
            depth, weight = 0, len(object_) if isinstance(object_, list | dict) else 1
            for part in nested[number]:
                part_depth, part_weight = measure(part, level + 1)
                depth, weight = max(depth, part_depth + 1), weight + part_weight
            if depth > _MAX_DEPTH or weight > limit:
                raise DamagedError("lists are nested too deeply, or too large")
            known[number] = depth, weight
            return depth, weight

        limit = max(_MAX_WEIGHT, 4 * sum(map(len, nested)))
        for number in range(len(nested)):
            measure(number, 0)


_OBJECTS = {
    "tensor": {"tensor"},
    "list": {"list"},
    "dict": {"dict"},
    "instance": {"instance", "attributes", "repr"},
}
