"""Finding a C compiler, and compiling with it, on machines of all kinds."""

import ctypes
from pathlib import Path

import pytest

from scriptc.runtime.native.toolchain import CompilationError, compile_shared

ANSWER = '#include "scriptc.h"\nSC_API int answer(void) { return 42; }\n'


def test_source_becomes_a_shared_object_beside_its_source() -> None:
    path = compile_shared(ANSWER, name="the answer")
    assert ctypes.CDLL(str(path)).answer() == 42
    assert path.name.startswith("the_answer.")
    assert path.with_suffix(".c").read_text() == ANSWER
    made = path.stat()
    assert compile_shared(ANSWER, name="the answer") == path
    assert path.stat().st_mtime_ns == made.st_mtime_ns


def test_what_the_compiler_refuses_is_kept_to_be_read() -> None:
    with pytest.raises(CompilationError, match="missing") as caught:
        compile_shared("int answer(void) { return missing; }\n", name="refused")
    assert Path(caught.value.source).read_text() == "int answer(void) { return missing; }\n"
    assert str(caught.value.source) in str(caught.value)
