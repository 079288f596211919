"""The workloads that are written in C by hand: `gcc -O3 -march=native -ffast-math`."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


@cache
def load() -> ModuleType:
    """Compile and load `c_programs.c`."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise OSError("no C compiler")
    source = Path(__file__).with_suffix(".c")
    folder = tempfile.mkdtemp(prefix="scriptc-benchmarks-")
    made = Path(folder) / "c_programs_native.so"
    includes = (f"-I{sysconfig.get_path('include')}", f"-I{np.get_include()}")
    command = [compiler, *FLAGS, *includes, str(source), "-o", str(made), "-lm"]
    subprocess.run(command, check=True)
    loader = importlib.machinery.ExtensionFileLoader("c_programs_native", str(made))
    spec = importlib.util.spec_from_file_location("c_programs_native", made, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _with(function: str, *names: str) -> Callable[[Any, tuple[Any, ...]], Any]:
    """Return what makes `function` with the parameters of these names as its last arguments."""

    def make(program: Any, inputs: tuple[Any, ...]) -> Any:
        state = program.state_dict() if names else {}
        parameters = (np.ascontiguousarray(state[name]) for name in names)
        return getattr(load(), function), (*inputs, *parameters)

    return make


MAKERS = {
    "my_cell": _with("cell", "linear.weight", "linear.bias"),
    "decision_gate": _with("gate"),
    "rnn_loop_1": _with("recurrent", "input_weight", "hidden_weight", "bias"),
    "gelu_1e6": _with("gelu"),
    "gelu_1.6e7": _with("gelu"),
    "layernorm_softmax": _with("layernorm_softmax"),
    "mandelbrot": _with("mandelbrot"),
    "collatz": _with("collatz"),
    "levenshtein": _with("levenshtein"),
    "viterbi": _with("viterbi"),
}
