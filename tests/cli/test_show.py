"""`scriptc show`: the parts of an archive."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def compiled(cli, model) -> None:
    assert cli("compile", model).status == 0
    Path("model.py").unlink()


def test_everything(cli) -> None:
    ran = cli("show", "scale.scriptc")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(
        "tree:\n"
        "Scale(\n"
        "  (relu): ReLU()\n"
        ")\n"
        "\n"
        "signature:\n"
        "forward(self: Scale, x: Tensor) -> tuple[Tensor, Tensor]\n"
        "\n"
        "parameters:\n"
    )
    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith("weight")]
    assert row == ["weight", "parameter", "float32", "(3,)", "3"]
    graph = ran.out.index("\ngraph:\nfunc @Scale.forward(")
    assert graph < ran.out.index("\ncode:\ndef forward(self, x: Tensor)")


def test_one_part_stands_alone(cli) -> None:
    ran = cli("show", "double.scriptc", "--code")
    assert ran.out == (
        "def double(x: Tensor, times: int=1) -> Tensor:\n"
        "    for _ in range(times):\n"
        "        x = x * 2\n"
        "    return x\n"
    )
    ran = cli("show", "double.scriptc", "--signature")
    assert ran.out == "double(x: Tensor, times: int = 1) -> Tensor\n"
    assert cli("show", "double.scriptc", "--graph").out.startswith("func @double(")
    assert cli("show", "double.scriptc", "--parameters").out == "none\n"
    assert cli("show", "scale.scriptc", "--tree").out == "Scale(\n  (relu): ReLU()\n)\n"
    two = cli("show", "double.scriptc", "--code", "--signature").out
    assert two.startswith("signature:\ndouble(x: Tensor")
    assert "\n\ncode:\ndef double" in two


def test_submodules(cli) -> None:
    ran = cli("show", "scale.scriptc", "--module", "relu", "--code")
    assert ran.status == 0
    assert ran.out.startswith("def forward(self, x: Tensor) -> Tensor:\n")
    ran = cli("show", "scale.scriptc", "--module", "gelu")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "error[unknown-part]: the archive has no submodule `gelu`\n = help: it has `relu`\n"
    )
    ran = cli("show", "double.scriptc", "--module", "relu")
    assert ran.err == (
        "error[unknown-part]: the archive has no submodule `relu`\n = help: it has none\n"
    )
