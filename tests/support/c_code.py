"""Small shared objects from C text, for tests of the headers that generated code includes."""

from __future__ import annotations

import ctypes

import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.toolchain import compile_shared


def load_c(source: str, *flags: str, name: str) -> ctypes.CDLL:
    """Compiles C text as generated code is compiled, and loads it; skips without a compiler."""
    try:
        path = compile_shared(source, name=name, extra=("-Wall", "-Wextra", "-Werror", *flags))
    except NativeUnavailableError as error:
        pytest.skip(str(error))
    return ctypes.CDLL(str(path))
