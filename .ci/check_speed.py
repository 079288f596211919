"""Check that native code has not become slow: ratios to eager NumPy and to C by hand.

    python .ci/check_speed.py

Both are called in turn in short runs, and the median counts, so that a slow or a busy machine does
not matter. The limits are far above what was measured, since processors differ. It takes less than
a minute. Where there is no C compiler there is no native code either, and nothing to check.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["SCRIPTC_CACHE_DIR"] = tempfile.mkdtemp(prefix="scriptc-speed-")
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import run
from workloads import WORKLOADS

LIMITS = {
    "my_cell": ("numpy", 0.15),
    "gate_in_cell": ("numpy", 0.15),
    "rnn_loop_1": ("numpy", 0.6),
    "gelu_1e6": ("C", 3.0),
    "layernorm_softmax": ("C", 3.0),
    "mlp_1": ("numpy", 1.6),
    "mandelbrot": ("C", 3.0),
    "collatz": ("C", 3.0),
    "levenshtein": ("C", 6.0),
    "viterbi": ("C", 12.0),
    "greedy_decode_cached": ("numpy", 0.8),
    "convnet": ("numpy", 1.2),
}
"""The time of native code over that of another system, by workload: never more than this."""
ROUNDS = 15
SECONDS = 0.8
TRIES = 3
"""A workload fails when it is too slow in all of so many measurements."""


def ratio_of(prepared: dict[str, run.Prepared], system: str) -> float:
    """Return the time of native code over that of the other system."""
    times = run.measure(prepared, ROUNDS, SECONDS)
    return times["scriptc"] / times[system]


def main() -> int:
    """Print the ratios; return 1 if any is above its limit."""
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        print("no C compiler: nothing to check")
        return 0
    failed = 0
    for workload in WORKLOADS:
        if workload.name not in LIMITS:
            continue
        system, limit = LIMITS[workload.name]
        prepared = run.prepare(workload, [system, "scriptc"])
        runs = prepared["scriptc"].note
        ratio = ratio_of(prepared, system)
        for _ in range(TRIES - 1):
            if ratio > limit:
                ratio = min(ratio, ratio_of(prepared, system))
        bad = ratio > limit or runs != "native"
        failed += bad
        verdict = "TOO SLOW" if bad else "ok"
        print(f"{workload.name:22} {ratio:6.2f} of {system:6} (limit {limit}) {runs:12} {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(os.environ["SCRIPTC_CACHE_DIR"], ignore_errors=True)
