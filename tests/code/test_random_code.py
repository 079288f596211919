"""`.code` is Python that does what the program does."""

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from scriptc.ir.graph import Program
from scriptc.ir.python_code import print_code
from support.small_ops import note, outcome, programs, walk_function


@settings(max_examples=300)
@given(programs(unbound=False), st.integers(-5, 20), st.integers(-5, 20))
def test_the_code_does_what_a_walk_does(program: Program, a: int, b: int) -> None:
    expected = outcome(lambda *arguments: walk_function(program, "f", list(arguments)), a, b)
    namespace = {"tests": SimpleNamespace(note=note)}
    exec(print_code(program.functions["f"], program), namespace)
    assert outcome(namespace["f"], a, b) == expected
