"""scriptc, a script compiler: plain Python on NumPy becomes a program apart from Python."""

from scriptc.api import FallbackWarning, script, trace
from scriptc.frontend.annotations import Tensor
from scriptc.frontend.tracer import TraceError, TracerWarning
from scriptc.ir.diagnostic import (
    ArchiveError,
    ArgumentError,
    CompileError,
    Error,
    InternalError,
    UnsupportedError,
)
from scriptc.scripted import ScriptFunction, ScriptModule

__version__ = "0.1.0"

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
    "script",
    "trace",
]
