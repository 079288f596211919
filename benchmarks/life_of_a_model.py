"""What each step in the life of a model costs, from the import to the second call.

    python benchmarks/life_of_a_model.py

Imports are timed in fresh processes, over an import of NumPy alone. The other steps are medians of
several models each, in one process that has compiled, saved, loaded and run something before.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models import Case, cases, prepared

import scriptc

IMPORTS = {
    "import scriptc": "import scriptc",
    "what `script` needs": "import scriptc; scriptc.script",
    "what `load` needs": "import scriptc; scriptc.load",
    "layers": "import scriptc.nn",
}
PROCESSES = 15
ROUNDS = 9


def import_seconds(statement: str, cache: str) -> float:
    """Return the time of a statement in a process that has imported NumPy.

    Python keeps its compiled modules in the folder `cache`, as it does beside an installed package.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    code = (
        "import time, numpy; start = time.perf_counter(); "
        f"{statement}; print(time.perf_counter() - start)"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    return float(run.stdout)


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Return what a call takes, in milliseconds, and what it gives."""
    start = time.perf_counter()
    result = function(*arguments)
    return (time.perf_counter() - start) * 1e3, result


def life(case: Case, folder: Path) -> dict[str, float]:
    """Return what the steps of one model take, in milliseconds, and the size of its archive."""
    times: dict[str, float] = {}
    path = folder / "model.scriptc"
    model = prepared(case)
    if "trace" in case.ways:
        times["trace"], _ = timed(case.compile, "trace", model)
    times["script"], compiled = timed(case.compile, "script", model)
    times["save"], _ = timed(compiled.save, path)
    times["load"], loaded = timed(scriptc.load, path)
    times["first call"], _ = timed(loaded, *case.arguments)
    times["second call"], _ = timed(loaded, *case.arguments)
    times["archive"] = path.stat().st_size / 1024
    return times


def main() -> None:
    """Print both tables."""
    print("| Import | ms over NumPy |\n|---|---:|")
    with tempfile.TemporaryDirectory() as cache:
        runs = [
            {name: import_seconds(code, cache) for name, code in IMPORTS.items()}
            for _ in range(PROCESSES + 1)
        ][1:]
    for name in IMPORTS:
        print(f"| {name} | {statistics.median(run[name] for run in runs) * 1e3:.0f} |")
    steps = ("script", "trace", "save", "load", "first call", "second call", "archive")
    print("\n| Model | " + " | ".join(steps) + " |\n|---|" + "---:|" * len(steps))
    with tempfile.TemporaryDirectory() as name:
        for case in cases():
            life(case, Path(name))
            lives = [life(case, Path(name)) for _ in range(ROUNDS)]
            cells = []
            for step in steps:
                if step not in lives[0]:
                    cells.append("")
                    continue
                value = statistics.median(one[step] for one in lives)
                unit, digits = ("KiB", 1) if step == "archive" else ("ms", 2 if value < 1 else 1)
                cells.append(f"{value:.{digits}f} {unit}")
            print(f"| {case.title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
