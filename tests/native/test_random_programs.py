"""Random programs by native code: answers, exceptions, writes and aliasing of plain Python."""

import importlib.util
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NoCompiler, find_compiler
from support.python_programs import random_source

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]


def functions(folder: Path, seeds: range) -> list[Callable[..., Any]]:
    path = folder / f"programs_{seeds.start}.py"
    sources = [random_source(seed) for seed in seeds]
    path.write_text("\n\n".join(["import numpy as np", *sources]))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [getattr(module, f"f{seed}") for seed in seeds]


def inputs(case: int) -> tuple[Any, ...]:
    random = np.random.default_rng(case)
    matrix = random.integers(-4, 5, (4, 4)) / 2.0
    return random.integers(-4, 5, 4) / 2.0, matrix, case, 0.75


def outcome(function: Callable[..., Any], case: int) -> Any:
    arguments = inputs(case)
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - whichever it is, the other has to raise it too
        return type(error), str(error), [describe(a) for a in arguments]
    values = [*result, *arguments]
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    shared = [np.shares_memory(a, b) for a, b in itertools.combinations(arrays, 2)]
    return [describe(v) for v in values], shared


def describe(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        # Zeros compare equal whatever their sign, and sums may be rounded otherwise.
        rounded = np.round(value, 6) + 0.0
        return value.dtype.str, value.shape, rounded.tobytes()
    if isinstance(value, float):
        return type(value), np.round(value, 6) + 0.0 if np.isfinite(value) else str(value)
    return type(value), value


def check(folder: Path, seeds: range) -> int:
    """Return how many of the programs ran natively."""
    native = 0
    for function in functions(folder, seeds):
        try:
            scripted = scriptc.script(function, backend="auto")
        except scriptc.CompileError:
            continue  # outside the language, as a variable of two types
        for case in (1, 3):
            assert outcome(scripted, case) == outcome(function, case), (function.__name__, case)
        native += scripted.c_source != ""
    return native


@pytest.mark.parametrize("start", range(0, 24, 3))
def test_random_programs(tmp_path: Path, start: int) -> None:
    assert check(tmp_path, range(start, start + 3)) >= 1


@pytest.mark.slow
def test_many_random_programs(tmp_path: Path) -> None:
    for start in range(1_000, 4_000, 100):
        check(tmp_path, range(start, start + 100))
