"""The manager verifies and shows; graphs stay what was written; tracebacks are those of calls."""

import traceback
from dataclasses import dataclass
from typing import Any

import pytest

import scriptc
from scriptc.ir.diagnostic import InternalError
from scriptc.ir.graph import Function
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.passes.base import FunctionPass
from scriptc.ir.passes.common_subexpressions import CommonSubexpressions
from scriptc.ir.passes.constant_folding import ConstantFolding
from scriptc.ir.passes.manager import PassManager, optimized
from scriptc.ir.printer import print_program

TEXT = """func @f(%x: int) -> int {
  %0 = add 1, 2 : int
  %1 = add %x, %0 : int
  return %1
}
"""


@dataclass(frozen=True)
class Breaks(FunctionPass):
    """Leaves a block without its end."""

    def apply_to_function(self, function: Function) -> bool:
        function.body.operations.pop()
        return True


def test_the_verifier_names_the_pass_that_broke_the_program() -> None:
    program = parse_program(TEXT, REGISTRY)
    with pytest.raises(InternalError, match=r"after Breaks\(\): @f"):
        PassManager([ConstantFolding(), Breaks()], verify=True).run(program)
    with pytest.raises(InternalError, match="before the first pass"):
        PassManager([ConstantFolding()], verify=True).run(program)


def test_programs_are_shown_between_passes() -> None:
    program = parse_program(TEXT, REGISTRY)
    shown: list[str] = []
    assert PassManager([ConstantFolding(), CommonSubexpressions()], show=shown.append).run(program)
    heads = [text.partition("\n")[0] for text in shown]
    # What changed nothing is not shown again.
    assert heads == [
        "# before the first pass",
        "# after ConstantFolding(arrays=False, max_elements=4194304)",
    ]
    assert shown[0].partition("\n")[2] == TEXT
    assert "add %x, 3" in shown[1]


def test_environment_variables_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCRIPTC_PRINT_PASSES", "1")
    monkeypatch.setenv("SCRIPTC_VERIFY_PASSES", "0")
    program = parse_program(TEXT, REGISTRY)
    text = print_program(program)
    optimized(program)
    assert "# after ConstantFolding" in capsys.readouterr().err
    assert print_program(program) == text
    assert not PassManager([]).verify


def inner(x: list[int], i: int) -> int:
    y = x[i]
    return y + x[i +
        y]  # fmt: skip


def middle(x: list[int], i: int) -> int:
    if i > 100:
        raise ValueError(
            "big", i
        )  # fmt: skip
    return inner(x, i) * 2


def outer(x: list[int], i: int) -> int:
    n = len(x)
    return middle(x, i) + n


def frames(function: Any, *arguments: Any) -> Any:
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
        found = traceback.extract_tb(error.__traceback__)
        places = [
            (f.name, f.lineno, f.end_lineno, f.colno, f.end_colno, f.line)
            for f in found
            if f.filename == __file__
        ]
        return type(error), error.args, getattr(error, "__notes__", []), places[1:]
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("x", "i"), [([1, 2], 5), ([5], 0), ([1], 200)], ids=["first", "over two lines", "raise"]
)
def test_tracebacks_of_inlined_functions_are_those_of_the_calls(x: list[int], i: int) -> None:
    scripted = scriptc.script(outer)
    for _ in range(2):
        expected = frames(outer, x, i)
        assert len(expected[3]) > 1
        assert frames(scripted, x, i) == expected
    program = optimized(scripted.program)
    assert "call" not in print_program(program).partition("func @outer")[2]


def test_graphs_show_what_was_written() -> None:
    scripted = scriptc.script(outer)
    before = str(scripted.graph), scripted.code
    assert scripted([1, 2, 3], 0) == outer([1, 2, 3], 0)
    assert (str(scripted.graph), scripted.code) == before
    assert "call @middle" in before[0]
    assert "call" not in str(scripted.inlined_graph)
    assert list(scripted.inlined_graph.program.functions) == ["outer"]
