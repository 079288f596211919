"""Each program of this folder does the same under plain Python and the interpreter."""

import pytest

from programs import (  # noqa: F401 - each registers its programs
    annotations,
    arrays,
    containers,
    control_flow,
    functions,
    reductions,
    unions,
)
from programs.harness import PROGRAMS, check


@pytest.mark.parametrize(("function", "arguments"), PROGRAMS, ids=[f.__name__ for f, _ in PROGRAMS])
def test_scripted_equals_plain(function, arguments):
    check(function, arguments)
