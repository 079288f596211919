"""Loops in threads, by `scriptc_threads.h`; and kernels under the sanitizers, in threads too."""

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError, NoCompiler, find_compiler
from scriptc.runtime.native.toolchain import INCLUDE, compile_shared

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(sys.platform == "win32", reason="loops run in one thread there"),
]

SOURCE = """
#include "scriptc_threads.h"
#include <sys/wait.h>

typedef struct job { sc_workspace *ws; int32_t *counts, *workers; int nested; } job;

static void body(void *arg, int64_t begin, int64_t end, int worker) {
    job *j = (job *)arg;
    for (int64_t i = begin; i < end; i++) {
        j->counts[i]++;
        j->workers[i] = worker;
        if (j->nested) {
            job inner = {j->ws, j->counts + i, j->workers + i, 0};
            sc_parallel_for(j->ws, 1, 1, body, &inner);
            int32_t counts[64] = {0}, workers[64];
            job other = {j->ws, counts, workers, 0};
            sc_parallel_for(j->ws, 64, 1, body, &other);
            for (int k = 0; k < 64; k++) j->counts[i] += counts[k] - 1;
        }
    }
}

SC_API int count(
    int threads, int64_t n, int64_t grain, int nested, int32_t *counts, int32_t *workers) {
    static _Thread_local sc_workspace ws;
    ws.threads = threads;
    job j = {&ws, counts, workers, nested};
    sc_parallel_for(&ws, n, grain, body, &j);
    return sc_workers(&ws, n, grain);
}

/* Runs a loop in a child; 0 if each element has had its turn. */
SC_API int forked(int threads, int32_t *counts, int32_t *workers) {
    const pid_t child = fork();
    if (child == 0) {
        count(threads, 1000, 1, 0, counts, workers);
        for (int i = 0; i < 1000; i++)
            if (counts[i] != 1) _exit(1);
        _exit(0);
    }
    int status;
    return waitpid(child, &status, 0) == child ? status : -1;
}
"""


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(compile_shared(SOURCE, name="threads")))
    except NativeUnavailableError as error:
        pytest.skip(error.reason)


def pointers(*arrays: np.ndarray) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(x.ctypes.data) for x in arrays]


def run(
    library: ctypes.CDLL, threads: int, n: int, grain: int, nested: bool = False
) -> tuple[np.ndarray, np.ndarray, int]:
    counts, workers = np.zeros(n, np.int32), np.full(n, -1, np.int32)
    most = library.count(
        threads, ctypes.c_int64(n), ctypes.c_int64(grain), nested, *pointers(counts, workers)
    )
    return counts, workers, most


def test_each_element_has_one_turn(library: ctypes.CDLL) -> None:
    for threads in (0, 1, 2, 3, 8, 1000):
        for n in (0, 1, 2, 7, 100, 1001):
            for grain in (0, 1, 10, 5000):
                counts, workers, most = run(library, threads, n, grain)
                assert (counts == 1).all()
                assert ((workers >= 0) & (workers < most)).all()
                assert most <= max(threads, 1)
                assert (np.diff(workers) >= 0).all()  # parts are in order, and whole


def test_loops_in_loops(library: ctypes.CDLL) -> None:
    counts, _, _ = run(library, 4, 50, 1, nested=True)
    assert (counts == 2).all()


def test_many_callers_at_once(library: ctypes.CDLL) -> None:
    with ThreadPoolExecutor(8) as callers:
        for counts, _, _ in callers.map(lambda _: run(library, 3, 500, 1), range(400)):
            assert (counts == 1).all()


def test_a_child_process_has_threads_of_its_own(library: ctypes.CDLL) -> None:
    run(library, 4, 1000, 1)
    for _ in range(3):
        assert library.forked(4, *pointers(np.zeros(1000, np.int32), np.zeros(1000, np.int32))) == 0
    counts, _, _ = run(library, 4, 1000, 1)
    assert (counts == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("flags", [["-march=native"], []], ids=["vectors", "any-machine"])
def test_kernels_under_the_sanitizers(tmp_path: Path, flags: list[str]) -> None:
    """Exact sizes: what is read or written beside an array is found."""
    compiler = find_compiler()
    if isinstance(compiler, NoCompiler):
        pytest.skip("needs a C compiler")
    source, program = Path(__file__).with_name("kernels.c"), tmp_path / "kernels"
    whole = [
        *compiler.command,
        *("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off", *flags),
        *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{INCLUDE}"),
        *(str(source), "-o", str(program), "-lm", "-pthread"),
    ]
    made = subprocess.run(whole, capture_output=True, text=True, check=False)
    if made.returncode and "sanitize" in made.stderr + made.stdout:
        pytest.skip("the compiler has no sanitizers")
    assert made.returncode == 0, made.stderr
    ran = subprocess.run([program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
