"""Optimised programs do what the programs do that they were made from."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptc.ir.clone import clone_program
from scriptc.ir.graph import Program
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.dead_code import DeadCode
from scriptc.ir.passes.manager import FREEZE, INLINE, INTERPRETER, PassManager
from scriptc.runtime.interpreter import Executable
from support.small_ops import outcome, programs, walk_function

PIPELINES: dict[str, Sequence[Pass]] = {
    "folding": [ConstantFolding()],
    "common subexpressions": [CommonSubexpressions()],
    "dead code": [DeadCode()],
    "interpreter": INTERPRETER,
    "all": [*INLINE, *FREEZE],
}


def check(program: Program, passes: Sequence[Pass], a: int, b: int) -> None:
    expected = outcome(lambda *arguments: walk_function(program, "f", list(arguments)), a, b)
    copy = clone_program(program)
    PassManager(passes, verify=True).run(copy)
    assert outcome(lambda *args: walk_function(copy, "f", list(args)), a, b) == expected
    assert outcome(Executable(copy).function("f"), a, b) == expected


@settings(max_examples=150)
@given(
    programs(), st.sampled_from(sorted(PIPELINES)), st.integers(-5, 20), st.integers(-5, 20)
)  # fmt: skip
def test_passes_change_nothing(program: Program, name: str, a: int, b: int) -> None:
    check(program, PIPELINES[name], a, b)


@pytest.mark.slow
@settings(max_examples=5_000)
@given(
    programs(), st.sampled_from(sorted(PIPELINES)), st.integers(-5, 20), st.integers(-5, 20)
)  # fmt: skip
def test_passes_change_nothing_in_many_programs(
    program: Program, name: str, a: int, b: int
) -> None:
    check(program, PIPELINES[name], a, b)
