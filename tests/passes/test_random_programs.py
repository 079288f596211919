"""Optimised programs do what the programs do that they were made from."""

import copy
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scriptc.ir.clone import clone_program
from scriptc.ir.graph import Program
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.dead_code import DeadCode
from scriptc.ir.passes.freeze import freeze_program
from scriptc.ir.passes.inline import Inline
from scriptc.ir.passes.manager import FREEZE, INLINE, INTERPRETER, PassManager
from scriptc.runtime.interpreter import Executable
from support.array_programs import new_box, random_program, run_on_box, run_random
from support.outlining import Outlining
from support.small_ops import outcome, programs, walk_function

PIPELINES: dict[str, Sequence[Pass]] = {
    "folding": [ConstantFolding()],
    "common subexpressions": [CommonSubexpressions()],
    "dead code": [DeadCode()],
    "interpreter": INTERPRETER,
    "inlining": INLINE,
    "inlining, common subexpressions": [Inline(), CommonSubexpressions()],
    "all": [*INLINE, *FREEZE],
    **{f"outlining {seed}": [*INLINE, Outlining(seed=seed)] for seed in range(4)},
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


def check_arrays(seed: int) -> None:
    program = random_program(Random(seed))
    case = seed % 12
    expected = run_random(lambda *args: walk_function(program, "f", list(args)), case)
    outlining = f"outlining {seed % 4}"
    for name in ("interpreter", "all", "inlining, common subexpressions", outlining):
        rewritten = clone_program(program)
        PassManager(PIPELINES[name], verify=True).run(rewritten)
        found = run_random(Executable(rewritten).function("f"), case)
        assert found == expected, f"{name}, seed {seed}"


def check_frozen(seed: int) -> None:
    program, box, case = random_program(Random(seed)), new_box(), seed % 12
    original = copy.deepcopy(box)
    frozen, root = freeze_program(program, "f", box, [])
    expected = run_on_box(Executable(program).function("f"), original, case)
    assert run_on_box(Executable(frozen).function("f"), root, case) == expected, f"seed {seed}"


@pytest.mark.kernels
def test_passes_change_nothing_where_arrays_share_memory() -> None:
    for seed in range(150):
        check_arrays(seed)


@pytest.mark.kernels
def test_freezing_changes_nothing() -> None:
    for seed in range(150):
        check_frozen(seed)


@pytest.mark.slow
def test_passes_change_nothing_in_many_programs_on_arrays() -> None:
    for seed in range(1_000, 6_000):
        check_arrays(seed)
        check_frozen(seed)
