"""The state of modules around a run: kept, compared and put back, so that a trace is not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scriptc.frontend.objects import vars_of

_CONTAINERS = (list, dict, set)


def modules_below(module: Any) -> Iterator[Any]:
    """Yield a module and all below it, each once; what is no module yields itself alone."""
    seen: set[int] = set()
    pending = [module]
    while pending:
        found = pending.pop()
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            children = getattr(found, "_modules", None)
            if isinstance(children, dict):
                pending += [child for child in children.values() if child is not None]


def _holders(module: Any) -> Iterator[Any]:
    """Yield the objects that hold attributes: each module, and what a compiled one runs on."""
    for found in modules_below(module):
        yield found
        root = vars_of(found).get("root")
        if hasattr(type(root), "scriptc_class"):
            yield root


class Snapshot:
    """The attributes of an object, of all modules below it, and the contents of their arrays."""

    def __init__(self, object_: Any) -> None:
        self._attributes: list[tuple[Any, dict[str, Any]]] = []
        self._containers: list[tuple[str, Any, Any]] = []
        self._arrays: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for holder in _holders(object_):
            attributes = vars_of(holder)
            self._attributes.append((holder, dict(attributes)))
            for name, value in attributes.items():
                self._keep(name, value)

    def _keep(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            if value.flags.writeable and id(value) not in self._arrays:
                self._arrays[id(value)] = (value, value.copy())
        elif type(value) in _CONTAINERS:
            if any(value is known for _, known, _ in self._containers):
                return
            self._containers.append((name, value, value.copy()))
            for part in value.values() if isinstance(value, dict) else value:
                self._keep(name, part)
        elif isinstance(value, tuple):
            for part in value:
                self._keep(name, part)

    def changed_container(self) -> str:
        """Return the name of a list, dict or set that the run changed, or nothing."""
        for name, value, kept in self._containers:
            before = list(kept.items()) if isinstance(kept, dict) else list(kept)
            after = list(value.items()) if isinstance(value, dict) else list(value)
            if name in ("_parameters", "_buffers", "_modules"):
                continue
            if len(before) != len(after) or not all(map(_same, before, after)):
                return name
        return ""

    def restore(self) -> None:
        """Put everything back as it was."""
        for holder, attributes in self._attributes:
            now = vars_of(holder)
            now.clear()
            now.update(attributes)
        for _, value, kept in self._containers:
            if isinstance(value, list):
                value[:] = kept
            else:
                value.clear()
                value.update(kept)
        for array, kept in self._arrays.values():
            array[...] = kept


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return all(map(_same, a, b))
    return a is b or (type(a) is type(b) and type(a) in (int, float, str, bool) and a == b)
