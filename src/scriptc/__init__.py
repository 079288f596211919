"""scriptc, a script compiler: plain Python on NumPy becomes a program apart from Python.

What the package offers is imported at its first use, so that a process which loads a program pays
nothing for the compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scriptc.version import __version__

if TYPE_CHECKING:
    from scriptc import nn
    from scriptc.api import FallbackWarning, script, trace
    from scriptc.frontend.annotations import Tensor
    from scriptc.frontend.tracing.errors import TraceError, TracerWarning
    from scriptc.ir.diagnostic import (
        ArchiveError,
        ArgumentError,
        CompileError,
        Error,
        InternalError,
        UnsupportedError,
    )
    from scriptc.scripted import ScriptFunction, ScriptModule, export_c, freeze, load, save

_HOMES = {
    "scriptc.api": ("FallbackWarning", "script", "trace"),
    "scriptc.frontend.annotations": ("Tensor",),
    "scriptc.frontend.tracing.errors": ("TraceError", "TracerWarning"),
    "scriptc.ir.diagnostic": (
        "ArchiveError",
        "ArgumentError",
        "CompileError",
        "Error",
        "InternalError",
        "UnsupportedError",
    ),
    "scriptc.scripted": ("ScriptFunction", "ScriptModule", "export_c", "freeze", "load", "save"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "nn":
        return importlib.import_module("scriptc.nn")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "ArchiveError",
    "ArgumentError",
    "CompileError",
    "Error",
    "FallbackWarning",
    "InternalError",
    "ScriptFunction",
    "ScriptModule",
    "Tensor",
    "TraceError",
    "TracerWarning",
    "UnsupportedError",
    "__version__",
    "export_c",
    "freeze",
    "load",
    "nn",
    "save",
    "script",
    "trace",
]
