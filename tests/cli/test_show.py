"""`scriptc show`: the parts of an archive."""

from pathlib import Path

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NoCompiler, find_compiler


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


NATIVE = """
    import numpy as np
    import scriptc


    @scriptc.script
    def spectrum(x: np.ndarray, mode: str = "power") -> np.ndarray:
        y = np.tanh(x) * 0.5 + 1.0
        p = np.abs(np.fft.rfft(y))
        if mode == "power":
            p = np.sqrt(p) * np.exp(-p)
        return p


    @scriptc.script
    def cubed(x: np.ndarray) -> np.ndarray:
        return x * x * x
"""


@pytest.fixture
def archives(cli, write) -> None:
    if isinstance(find_compiler(), NoCompiler):
        pytest.skip("needs a C compiler")
    write("native.py", NATIVE)
    assert cli("compile", "native.py").status == 0


def answers(out: str) -> dict[str, tuple[str, str]]:
    """Return who does each line, and what stands behind it."""
    found = {}
    for row in out.splitlines():
        who, bar, rest = row.partition(" | ")
        if bar:
            source, _, reasons = rest.partition("  # ")
            found[source.strip()] = " ".join(who.split()[:-1]), reasons
    return found


def test_what_is_native_line_by_line(cli, archives) -> None:
    np.save("x.npy", np.linspace(0.0, 1.0, 8))
    ran = cli("show", "spectrum.scriptc", "--native", "x.npy")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("spectrum: 2 native parts, the rest is interpreted")
    assert answers(ran.out) == {
        "y = np.tanh(x) * 0.5 + 1.0": ("native", ""),
        "p = np.abs(np.fft.rfft(y))": ("interpreter", "the operation `fft_rfft`"),
        'if mode == "power":': ("both", "a str"),
        "p = np.sqrt(p) * np.exp(-p)": ("native", ""),
    }
    ran = cli("show", "cubed.scriptc", "--native", "x.npy")
    assert ran.out.startswith("cubed: all native\n")
    assert answers(ran.out) == {"return x * x * x": ("native", "")}


def test_what_may_become_native_without_inputs(cli, archives) -> None:
    ran = cli("show", "spectrum.scriptc", "--native")
    assert ran.out.startswith("spectrum: 2 parts for native code, none of them compiled by now\n")
    assert answers(ran.out)["y = np.tanh(x) * 0.5 + 1.0"] == ("not called", "")


def test_native_takes_inputs_and_stands_alone(cli, archives) -> None:
    ran = cli("show", "spectrum.scriptc", "--native", "[1.5, 2]", "--arg", "mode=other")
    assert ran.out.startswith("spectrum: 2 native parts")
    ran = cli("show", "spectrum.scriptc", "--native", "--code")
    assert (ran.status, ran.out) == (2, "")
    assert "--native stands alone, without --code" in ran.err
    ran = cli("show", "spectrum.scriptc", "x.npy")
    assert (ran.status, ran.out) == (2, "")
    assert "inputs are for --native" in ran.err
    ran = cli("show", "spectrum.scriptc", "--native", "--arg", "x=1", "--arg", "no=2")
    assert ran.status == 1
    assert "error[bad-argument]" in ran.err
