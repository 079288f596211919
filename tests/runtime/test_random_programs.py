"""Compiled functions do what a walk over the operations does, effects and errors included."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scriptc.ir.graph import Program
from scriptc.runtime.interpreter import Executable
from support.small_ops import outcome, programs, walk_function


@settings(max_examples=300)
@given(programs(), st.integers(-5, 20), st.integers(-5, 20))
def test_compiled_code_does_what_a_walk_does(program: Program, a: int, b: int) -> None:
    expected = outcome(lambda *arguments: walk_function(program, "f", list(arguments)), a, b)
    assert outcome(Executable(program).function("f"), a, b) == expected
