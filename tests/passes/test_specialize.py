"""Specialised programs do what eager Python does, and know their types."""

import pytest

import scriptc
from programs import (  # noqa: F401 - each registers its programs
    annotations,
    arrays,
    containers,
    control_flow,
    functions,
    reductions,
    unions,
)
from programs.harness import PROGRAMS, observe
from support.specialized import run_specialized

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("part", range(8))
def test_programs_do_the_same(part):
    for function, arguments in PROGRAMS[part::8]:
        scripted = scriptc.script(function)
        run = run_specialized(scripted.program, scripted.entry)
        for given in arguments:
            expected = observe(function, given)
            assert observe(run, given) == expected, f"{function.__name__}{given}"
