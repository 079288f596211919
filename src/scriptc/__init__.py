"""scriptc, a script compiler: plain Python on NumPy becomes a program apart from Python."""

from scriptc.api import FallbackWarning, load, save, script, trace
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
from scriptc.scripted import ScriptFunction, ScriptModule
from scriptc.version import __version__

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
    "load",
    "save",
    "script",
    "trace",
]
