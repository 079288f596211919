"""From a specialised function to C source: the whole translation unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scriptc.ir.graph import Function
from scriptc.runtime.native.abi import EntryPoint, Parameter
from scriptc.runtime.native.emitter.function import FunctionEmitter
from scriptc.runtime.native.lowerings import LOWERINGS

_HEAD = """\
/* Written by scriptc from {origin}. */
#include "scriptc.h"
#include "scriptc_math.h"
#if __has_include("scriptc_scalars.h")
#include "scriptc_scalars.h"
#endif
#if __has_include("scriptc_gemm.h")
#include "scriptc_gemm.h"
#endif

"""


@dataclass(frozen=True)
class NativeSource:
    """C source of one entry point, and the arrays that it takes as constants."""

    entry: EntryPoint
    text: str
    constants: tuple[np.ndarray[Any, Any], ...]


def emit_source(function: Function, parameters: Sequence[Parameter], symbol: str) -> NativeSource:
    """Return the C of a specialised function. Raises `Unsupported` where there is none."""
    emitted = FunctionEmitter(function, LOWERINGS).emit(symbol, parameters)
    text = _HEAD.format(origin=function.origin.replace("*/", "* /")) + emitted.text
    return NativeSource(emitted.entry, text, emitted.constants)
