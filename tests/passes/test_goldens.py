"""Each pass on programs written as text: where it fires, and where it must not.

A case is a file: what it shows and the passes, a line of dashes, the program, a line of dashes, and
what becomes of it. Pooled constants are those of `POOL`.
"""

from pathlib import Path

import numpy as np
import pytest

from scriptc.ir.graph import Program
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.passes.base import Pass
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.dead_code import DeadCode
from scriptc.ir.passes.inline import Inline
from scriptc.ir.passes.manager import PassManager
from scriptc.ir.printer import constants_of, print_program
from support.outlining import Outlining

CASES = sorted(Path(__file__).parent.glob("cases/*.txt"))
RULE = "-" * 80 + "\n"
PASSES: dict[str, Pass] = {
    "inline": Inline(),
    "constant_folding": ConstantFolding(),
    "constant_folding of arrays": ConstantFolding(arrays=True),
    "common_subexpressions": CommonSubexpressions(),
    "dead_code": DeadCode(),
    "outlining": Outlining(),
}
FROZEN = np.array([1.0, 4.0, 9.0])
FROZEN.flags.writeable = False
POOL = [FROZEN, np.array([1.0, 2.0, 3.0])]
"""An array that nobody can write, and one that anybody can."""


def read(text: str) -> Program:
    """Read a program; it must verify and print to itself."""
    program = parse_program(text, REGISTRY, POOL)
    renumbered = parse_program(print_program(program), REGISTRY, constants_of(program))
    assert print_program(renumbered) == print_program(program)
    return program


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case(path: Path, golden) -> None:
    head, source, *_ = path.read_text(encoding="utf-8").split(RULE)
    names = head.rstrip().splitlines()[-1].removeprefix("passes: ").split(", ")
    program = read(source)
    before = print_program(program)
    PassManager([PASSES[name] for name in names], verify=True).run(program)
    after = print_program(program)
    again = parse_program(after, REGISTRY, constants_of(program))
    assert print_program(again) == after
    golden(path, RULE.join((head, before, after)))


def test_every_pass_has_cases() -> None:
    used = {
        name
        for path in CASES
        for name in path.read_text(encoding="utf-8")
        .split(RULE)[0]
        .rstrip()
        .splitlines()[-1]
        .removeprefix("passes: ")
        .split(", ")
    }
    assert used == set(PASSES)
