"""Programs as C projects: they build without a warning, and give the answers of Python."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-march=native"]
SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def cell(x: np.ndarray, h: np.ndarray, w: np.ndarray, b: np.ndarray):
    new = np.tanh(x @ w.T + b + h)
    return new, new


def decide(x: np.ndarray) -> np.ndarray:
    if x.sum() > 0:
        return x
    return -x


def collatz(n: int) -> int:
    best = 0
    for i in range(1, n):
        count = 0
        m = i
        while m != 1:
            m = m // 2 if m % 2 == 0 else 3 * m + 1
            count += 1
        best = max(best, count)
    return best


def distance(a: list[int], b: list[int]) -> int:
    row = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        row[i][0] = i
    for j in range(len(b) + 1):
        row[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            row[i][j] = min(row[i - 1][j] + 1, row[i][j - 1] + 1, row[i - 1][j - 1] + cost)
    return row[len(a)][len(b)]


def layer(data: dict[str, np.ndarray], mode: str):
    y = data["x"] @ data["a weight"]
    if mode == "relu":
        y = np.maximum(y, 0)
    return {"y": y, "total": y.sum(axis=0)}


class Memory(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.mean = np.zeros(4, np.float32)

    def forward(self, x: np.ndarray):
        self.count += 1
        self.mean = self.mean * 0.5 + x
        return self.mean.sum() + self.count, self.mean


def model() -> scriptc.ScriptModule:
    nn.manual_seed(0)
    layers = nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Linear(30, 3), nn.Softmax(-1))
    return scriptc.freeze(scriptc.script(layers))


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


CASES = {
    "cell": (lambda: scriptc.script(cell), (random(3, 4), random(3, 4), random(4, 4), random(4))),
    "decide": (lambda: scriptc.script(decide), (random(3, 4),)),
    "collatz": (lambda: scriptc.script(collatz), (300,)),
    "distance": (lambda: scriptc.script(distance), ([1, 2, 3, 4], [2, 3, 5])),
    "layer": (
        lambda: scriptc.script(layer),
        ({"x": random(2, 3), "a weight": random(3, 4)}, "relu"),
    ),
    "memory": (lambda: scriptc.script(Memory()), (random(4),)),
    "layers": (model, (random(2, 40),)),
}


def built(folder: Path, *flags: str, sources: str = "*.c") -> Path:
    command = [str(COMPILER), *STRICT, *flags, *map(str, folder.glob(sources)), "-o"]
    ran = subprocess.run(
        [*command, str(folder / "example"), "-lm"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return folder / "example"


def printed(result: Any) -> list[np.ndarray]:
    if isinstance(result, dict):
        result = tuple(result.values())
    parts: Sequence[Any] = result if isinstance(result, tuple) else (result,)
    return [np.asarray(part, np.float64).ravel() for part in parts]


def read(text: str) -> list[np.ndarray]:
    lines = [line.partition(":")[2] for line in text.splitlines()]
    return [np.array(re.findall(r"\S+", line), np.float64) for line in lines]


@pytest.mark.parametrize("embed", [False, True], ids=["file", "embedded"])
@pytest.mark.parametrize("name", CASES)
def test_a_project_gives_the_answers_of_python(tmp_path: Path, name: str, embed: bool) -> None:
    make, inputs = CASES[name]
    scripted = make()
    scriptc.export_c(scripted, tmp_path, inputs, name=name, embed=embed)
    assert (tmp_path / f"{name}.weights").exists() != embed
    program = built(tmp_path, *SANITIZERS)
    ran = subprocess.run([program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    for found, wanted in zip(read(ran.stdout), printed(scripted(*inputs)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_weights_that_are_missing_or_of_another_program_are_refused(tmp_path: Path) -> None:
    scriptc.export_c(model(), tmp_path, (random(2, 40),), name="layers")
    program = built(tmp_path)
    (tmp_path / "other.weights").write_bytes(b"x" * 300)
    for file, reason in (("none", "cannot be read"), ("other.weights", "not that of this")):
        ran = subprocess.run(
            [program, file], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 1
        assert reason in ran.stderr


def test_errors_are_codes_with_the_line_of_the_source(tmp_path: Path) -> None:
    def third(x: np.ndarray, i: int) -> float:
        return float(x[i])

    scriptc.export_c(scriptc.script(third), tmp_path, (random(3), 7), name="third")
    ran = subprocess.run(
        [built(tmp_path)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "IndexError" in ran.stderr
    assert "line" in ran.stderr


def test_a_program_of_cpp_calls_it(tmp_path: Path) -> None:
    scriptc.export_c(scriptc.script(collatz), tmp_path, (300,), name="collatz")
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("needs a C++ compiler")
    (tmp_path / "main.cpp").write_text(
        """
        #include "collatz.h"
        #include <cstdio>
        int main() {
            collatz *model = nullptr;
            if (collatz_open(&model, "collatz.weights")) return 1;
            static sc_workspace ws;
            int64_t best = 0;
            if (collatz_run(model, &ws, 300, &best)) return 1;
            std::printf("%lld", (long long)best);
            sc_workspace_free(&ws);
            collatz_close(model);
        }
        """
    )
    steps = [
        [COMPILER, *STRICT, "-c", "collatz.c"],
        [compiler, "-Wall", "-Wextra", "-Werror", "main.cpp", "collatz.o", "-lm", "-o", "main"],
        ["./main"],
    ]
    for step in steps:
        ran = subprocess.run(step, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) == collatz(300)


STREAMS = """
#include "memory.h"
#include <pthread.h>
#include <string.h>
enum { STREAMS = 8, CALLS = 500 };
static memory *model;
static float found[STREAMS][CALLS][5];

static void *stream(void *place) {
    float(*to)[5] = (float(*)[5])place, data[4];
    sc_workspace *ws = (sc_workspace *)calloc(1, sizeof *ws);
    sc_tensor x = {0}, mean;
    memory_state state;
    x.data = data;
    x.shape[0] = 4;
    x.strides[0] = 1;
    if (!ws || memory_state_open(model, &state)) abort();
    for (int i = 0; i < CALLS; i++) {
        for (int j = 0; j < 4; j++) data[j] = (float)((i * 7 + j * 3) % 11) - 5.0f;
        if (memory_run(model, &state, ws, &x, &to[i][4], &mean)) abort();
        memcpy(to[i], mean.data, sizeof data);
        free(mean.allocation);
    }
    memory_state_close(&state);
    sc_workspace_free(ws);
    free(ws);
    return NULL;
}

int main(void) {
    pthread_t threads[STREAMS];
    if (memory_open(&model, NULL)) return 1;
    stream(found[0]);
    for (int i = 1; i < STREAMS; i++) pthread_create(&threads[i], NULL, stream, found[i]);
    for (int i = 1; i < STREAMS; i++) pthread_join(threads[i], NULL);
    memory_close(model);
    for (int i = 1; i < STREAMS; i++)
        if (memcmp(found[0], found[i], sizeof found[0])) return 2;
    for (int j = 0; j < 5; j++) printf(" %.9g", found[0][CALLS - 1][j]);
    return 0;
}
"""


def test_threads_with_states_of_their_own_get_what_one_gets(tmp_path: Path) -> None:
    """Nothing is shared behind the caller's back: the thread sanitizer finds no race."""
    scripted = CASES["memory"][0]()
    scriptc.export_c(scripted, tmp_path, (random(4),), name="memory", embed=True)
    (tmp_path / "main.c").write_text(STREAMS)
    program = built(tmp_path, "-g", "-fsanitize=thread", "-pthread")
    ran = subprocess.run([program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    for i in range(500):
        x = np.array([(i * 7 + j * 3) % 11 - 5 for j in range(4)], np.float32)
        total, mean = scripted(x)
    np.testing.assert_allclose(np.array(ran.stdout.split(), np.float64), [*mean, total], rtol=1e-6)
