"""What native code costs before it is fast, and what threads and fresh processes get from it.

    python benchmarks/first_calls.py

Three tables: the compile time from source, the first call and the second; two threads on one
program; and loading a saved perceptron and its first answer in a fresh process, beside
`torch.jit.load` where PyTorch is installed. Everything is written into a cache of its own.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "SCRIPTC_THREADS"):
    os.environ[_variable] = "1"
_FOLDER = tempfile.TemporaryDirectory(prefix="scriptc-benchmarks-")
os.environ["SCRIPTC_CACHE_DIR"] = f"{_FOLDER.name}/cache"

import numpy as np  # noqa: E402 - after the threads are settled
from workloads import WORKLOADS  # noqa: E402 - after the threads are settled

import scriptc  # noqa: E402 - after the cache is settled

NAMES = {workload.name: workload for workload in WORKLOADS}


def since(start: float) -> float:
    return time.perf_counter() - start


def processor_time() -> float:
    """Return the seconds of a processor that this process and the compilers it ran have had."""
    return sum(os.times()[:4])


def compiled(name: str) -> Any:
    """Return a workload compiled for native code, and frozen if it is a module."""
    program = NAMES[name].make()
    made = scriptc.script(program, backend="native")
    return scriptc.freeze(made) if hasattr(program, "forward") else made


def first_calls() -> None:
    """Print the first table. Each workload has another program, so none finds its code made."""
    print("| workload | front end, s | first call, s | its processor time, s | second call, ms |")
    print("|---|---:|---:|---:|---:|")
    for name, workload in NAMES.items():
        inputs = workload.make_inputs(0)
        start = time.perf_counter()
        program = compiled(name)
        front = since(start)
        start, used = time.perf_counter(), processor_time()
        program(*inputs)
        first, used = since(start), processor_time() - used
        start = time.perf_counter()
        program(*inputs)
        second = since(start) * 1e3
        print(f"| `{name}` | {front:.3f} | {first:.2f} | {used:.2f} | {second:.3g} |")


def calls_in(seconds: float, work: Callable[[], object], threads: int) -> int:
    """Return how many calls some threads make together in a time."""
    counts = [0] * threads
    gate = threading.Barrier(threads)

    def loop(place: int) -> None:
        gate.wait()
        start = time.perf_counter()
        while since(start) < seconds:
            work()
            counts[place] += 1

    workers = [threading.Thread(target=loop, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts)


def scaling() -> None:
    """Print the second table. SHA-256 of a large text shows what the machine has to give."""
    print("\n| work | calls of two threads over those of one |")
    print("|---|---:|")
    works: dict[str, Callable[[], object]] = {}
    for name in ("rnn_loop_1", "collatz"):
        works[f"`{name}`"] = partial(compiled(name), *NAMES[name].make_inputs(0))
    works["`hashlib.sha256`"] = partial(hashlib.sha256, bytes(10_000_000))
    for name, work in works.items():
        work()
        ratios = [calls_in(0.3, work, 2) / calls_in(0.3, work, 1) for _ in range(9)]
        print(f"| {name} | {statistics.median(ratios):.2f} |")


_LOAD = """
import time
start = time.perf_counter()
import numpy as np
x = np.load({x!r})
{load}
"""
_OURS = "import scriptc; model = scriptc.load({path!r}); y = model(x)"
_THEIRS = """
import torch
torch.set_num_threads(1)
with torch.no_grad():
    model = torch.jit.load({path!r}); y = model(torch.from_numpy(x))
"""
_END = "\nprint(time.perf_counter() - start)\nassert y.shape == (1, 10)\n"


def fresh_process(load: str, x: Path) -> float:
    """Return the seconds from the first import to the first answer, in a process of its own."""
    code = _LOAD.format(x=str(x), load=load) + _END
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "SCRIPTC_BACKEND": "native"}
    environment["PYTHONPYCACHEPREFIX"] = f"{_FOLDER.name}/bytecode"
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        for _ in range(8)
    ]
    return statistics.median(float(run.stdout) for run in runs[1:])


def loading() -> None:
    """Print the third table."""
    workload = NAMES["mlp_1"]
    folder = Path(_FOLDER.name)
    x = folder / "x.npy"
    np.save(x, workload.make_inputs(0)[0])
    program = workload.make()
    scriptc.script(program).save(folder / "model.scriptc")
    print("\n| load a saved `mlp_1` in a fresh process, and its first answer | ms |")
    print("|---|---:|")
    ours = fresh_process(_OURS.format(path=str(folder / "model.scriptc")), x)
    print(f"| `scriptc.load`, the cache warm | {ours * 1e3:.0f} |")
    try:
        import torch
        from peers import torch_programs
    except ImportError:
        return
    model = torch_programs.make("mlp_1", program)
    torch.jit.save(torch.jit.script(model), str(folder / "model.pt"))
    theirs = fresh_process(_THEIRS.format(path=str(folder / "model.pt")), x)
    print(f"| `torch.jit.load` | {theirs * 1e3:.0f} |")
    print(f"\nRatio: {ours / theirs:.2f}")


if __name__ == "__main__":
    first_calls()
    scaling()
    loading()
