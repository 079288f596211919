"""The tutorial runs as a reader runs it, prints what it is known to print, and is right."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from typer.testing import CliRunner

import scriptc
from conftest import Golden
from scriptc.cli import app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "tutorial"


@pytest.fixture
def model() -> Iterator[ModuleType]:
    """The file that the command compiles, imported: its classes are the eager model."""
    spec = importlib.util.spec_from_file_location("tutorial_model", FOLDER / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[spec.name]


def test_the_tutorial_prints_what_it_printed(golden: Golden, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, FOLDER / "tutorial.py"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )
    assert ran.returncode == 0, ran.stderr
    golden(Path(__file__).parent / "tutorial.out", ran.stdout)
    assert ran.stderr.count("TracerWarning") == 1
    assert "model.py" in ran.stderr
    assert "if x.sum() > 0:" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_compiles_the_model(model: ModuleType, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["compile", str(FOLDER / "model.py"), "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    names = {path.stem for path in tmp_path.iterdir()}
    assert names == {"count_steps", "rnn_loop", "scripted_gate", "traced_cell", "wrapped_rnn"}
    archives = {name: scriptc.load(tmp_path / f"{name}.scriptc") for name in names}

    rng = np.random.default_rng(7)
    xs = rng.random((25, 3, 4), np.float32)
    assert archives["count_steps"](xs, 0.6) == sum(x.mean() > 0.6 for x in xs)
    gate = model.MyDecisionGate()
    for x in (xs[0], -xs[0]):
        np.testing.assert_array_equal(archives["scripted_gate"](x), gate(x))

    loop = model.MyRNNLoop(model.MyCell(gate))
    loop.load_state_dict(archives["rnn_loop"].state_dict())
    np.testing.assert_array_equal(archives["rnn_loop"](xs), loop(xs))
    wrapped = model.WrapRNN(loop)
    np.testing.assert_array_equal(archives["wrapped_rnn"](xs), wrapped(xs))
    for x in (xs[0], -10 * xs[0]):  # both sides of the gate, which the trace of the cell kept
        np.testing.assert_array_equal(archives["traced_cell"](x, xs[1]), loop.cell(x, xs[1]))


def test_a_traced_branch_is_burnt_in(model: ModuleType) -> None:
    cell = model.MyCell(model.MyDecisionGate())
    with pytest.warns(scriptc.TracerWarning, match="branch"):
        traced = scriptc.trace(cell, (model.x, model.h))
    assert "if" not in traced.dg.code
    kept = scriptc.trace(model.MyCell(model.scripted_gate), (model.x, model.h))
    assert "if" in kept.dg.code
