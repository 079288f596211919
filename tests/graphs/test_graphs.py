"""What programs are lowered to: each program of `cases/` beside its graph."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import scriptc
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import constants_of, print_program
from scriptc.ir.verifier import verify_program

CASES = sorted(Path(__file__).with_name("cases").glob("*.py"))
NAMES = [path.stem for path in CASES]
HEADER = "import math\nimport numpy as np\nfrom scriptc.frontend.annotations import Tensor\n\n\n"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=CASES, ids=NAMES)
def path(request):
    return request.param


def test_graph(path, golden):
    program = scriptc.script(load(path).main).program
    golden(path.with_suffix(".graph"), print_program(program))


def test_a_graph_verifies_and_parses_back_to_itself(path):
    program = scriptc.script(load(path).main).program
    verify_program(program)
    text = path.with_suffix(".graph").read_text()
    again = parse_program(text, REGISTRY, constants_of(program))
    verify_program(again)
    assert print_program(again) == text


def shape_of(program):
    """Return the text of a program without names of values, and without what names its source."""
    text = re.sub(r' from "[^"]*"', "", print_program(program))
    names = {}
    return re.sub(r"%[\w.]+", lambda found: f"%{names.setdefault(found[0], len(names))}", text)


def test_code_scripts_to_the_same_graph(path, tmp_path):
    scripted = scriptc.script(load(path).main)
    if isinstance(scripted, scriptc.nn.Module):
        pytest.skip("a method needs its class")
    printed = tmp_path / "printed.py"
    printed.write_text(HEADER + scripted.code)
    module = load(printed)
    pool = {f"c{i}": value for i, value in enumerate(constants_of(scripted.program))}
    module.CONSTANTS = type("CONSTANTS", (), pool)
    again = scriptc.script(module.main)
    assert shape_of(again.program) == shape_of(scripted.program)


def straight(x, y):
    z = np.tanh(x @ y) * 2 + 1
    w = np.concatenate([z, x], axis=0)
    w[0] = 7
    return w[:, 1:].sum(axis=0, keepdims=True), z.T, np.where(z > 0, z, -z)


def test_straight_line_code_is_the_same_scripted_and_traced():
    examples = (np.arange(9.0).reshape(3, 3), np.ones((3, 3)))
    scripted = scriptc.script(straight, example_inputs=examples)
    traced = scriptc.trace(straight, examples)
    assert shape_of(traced.program) == shape_of(scripted.program)
