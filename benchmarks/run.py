"""Native code beside its peers: one table, measured side by side in one run.

    python benchmarks/run.py                        # everything
    python benchmarks/run.py --only mlp --quick     # workloads whose name holds `mlp`, roughly
    python benchmarks/run.py --systems numpy,scriptc

Every system first answers once, and the answer is compared with eager NumPy in float64. Then all
of them are called in turn, in short runs, so that each meets the same states of the machine; what
counts is the median. One thread each. `--json FILE` and `--plot FILE` write the figures and a
picture of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "SCRIPTC_THREADS"):
    os.environ[_variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from limits import make_probes  # noqa: E402 - after the threads are settled
from systems import SYSTEMS, Missing, Prepared  # noqa: E402 - after the threads are settled
from workloads import WORKLOADS  # noqa: E402 - after the threads are settled
from workloads.workload import Workload  # noqa: E402 - after the threads are settled

RUN_SECONDS = 0.002
"""How long a system runs at a time, if a call is shorter."""

_LEAST_LIMIT = 0.01
"""Where memory and products take less of the best time than this, they are not what limits it."""


def time_call(prepared: Prepared, number: int) -> float:
    """Return the seconds of one of `number` calls."""
    function, inputs = prepared.function, prepared.inputs
    repeats = range(number)
    start = time.perf_counter()
    for _ in repeats:
        function(*inputs)
    return (time.perf_counter() - start) / number


def prepare(workload: Workload, systems: list[str]) -> dict[str, Prepared]:
    """Return what is timed, by system; each has answered right."""
    inputs = workload.make_inputs(0)
    reference = workload.reference(inputs)
    prepared = {}
    for name in systems:
        try:
            candidate = SYSTEMS[name](workload, inputs)
        except Missing as reason:
            print(f"  {name}: {reason}", file=sys.stderr)
            continue
        workload.check(reference, candidate.function(*candidate.inputs))
        prepared[name] = candidate
    return prepared


def measure(prepared: dict[str, Prepared], rounds: int, seconds: float) -> dict[str, float]:
    """Return the median seconds of a call of each system, from interleaved short runs.

    It stops after `rounds`, or after `seconds` and five rounds. Systems that take more than ten
    times as long as the fastest are in the first five only.
    """
    once = {
        name: min(time_call(candidate, 1) for _ in range(3)) for name, candidate in prepared.items()
    }
    fastest = min(once.values())
    times: dict[str, list[float]] = {name: [] for name in prepared}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= 5 and time.perf_counter() - start > seconds:
            break
        for name, candidate in prepared.items():
            if done < 5 or once[name] < 10 * fastest:
                number = max(1, round(RUN_SECONDS / once[name]))
                times[name].append(time_call(candidate, number))
    return {name: statistics.median(column) for name, column in times.items()}


def measure_limits(workload: Workload) -> dict[str, float]:
    """Return the seconds that memory and the products of a call take at the least."""
    probes = make_probes(workload, workload.make_inputs(0))
    return {
        name: probe.share * min(time_call(probe.prepared, probe.calls) for _ in range(25))
        for name, probe in probes.items()
    }


def row_of(
    workload: Workload,
    prepared: dict[str, Prepared],
    times: dict[str, float],
    limits: dict[str, float],
) -> Any:
    """Return the record of one workload."""
    peers = {name: value for name, value in times.items() if name != "scriptc"}
    best = min(peers, key=lambda name: peers[name]) if peers else ""
    ours = times.get("scriptc")
    return {
        "workload": workload.name,
        "seconds": times,
        "limits": limits,
        "best": best,
        "ratio": ours / peers[best] if best and ours else None,
        "aim": workload.aim,
        "runs": prepared["scriptc"].note if "scriptc" in prepared else "",
    }


def show_time(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, scale in (("µs", 1e6), ("ms", 1e3)):
        if seconds * scale < 1000:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def table(rows: list[Any], systems: list[str]) -> str:
    """Return the Markdown table: times over the best peer's, and ours beside the aim."""
    peers = [name for name in systems if name != "scriptc"]
    lines = [
        f"| workload | {' | '.join(peers)} | limit | best peer | scriptc | runs | ratio | aim |",
        f"|---|{'---:|' * (len(peers) + 1)}---:|---:|---|---:|---:|",
    ]
    for row in rows:
        times = row["seconds"]
        best = times.get(row["best"], times["scriptc"])
        cells = [f"{times[name] / best:.2g}" if name in times else "-" for name in peers]
        limit = max(row["limits"].values(), default=0.0) / best
        cells.append(f"{limit:.2g}" if limit >= _LEAST_LIMIT else "-")
        ratio = "-"
        if row["ratio"] is not None:
            ratio = f"{row['ratio']:.2f}" + ("" if row["ratio"] <= row["aim"] else " ✗")
        lines.append(
            f"| `{row['workload']}` | {' | '.join(cells)} | {row['best']} {show_time(best)} "
            f"| {show_time(times['scriptc'])} | {row['runs']} | {ratio} | {row['aim']} |"
        )
    return "\n".join(lines)


def plot(rows: list[Any], path: Path) -> None:
    """Draw the ratios to the best peer, and the aims."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    names = [row["workload"] for row in rows]
    figure, axes = plt.subplots(figsize=(9, 0.32 * len(rows) + 1.2), layout="constrained")
    systems = sorted({name for row in rows for name in row["seconds"]} - {"scriptc"})
    markers = "ovs^D<>p*h"
    for name, marker in zip(systems, markers, strict=False):
        points = [
            (row["seconds"][name] / row["seconds"][row["best"]], i)
            for i, row in enumerate(rows)
            if name in row["seconds"]
        ]
        axes.scatter(*zip(*points, strict=True), marker=marker, s=22, alpha=0.55, label=name)
    places = range(len(rows))
    axes.scatter(
        [r["ratio"] for r in rows], places, marker="X", s=55, color="black", label="scriptc"
    )
    axes.scatter([r["aim"] for r in rows], places, marker="|", s=120, color="red", label="aim")
    axes.set_xscale("log")
    axes.set_yticks(places, names)
    axes.invert_yaxis()
    axes.axvline(1.0, color="grey", linewidth=0.8)
    axes.set_xlabel("time over that of the best peer (less is better)")
    axes.legend(fontsize=7, ncols=2)
    figure.savefig(path)


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="workloads whose names hold this")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="names, with commas")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--plot", type=Path, help="a file for the picture (SVG)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # peers' deprecations and their remarks on tracing
    systems = options.systems.split(",")
    rounds, seconds = (25, 1.5) if options.quick else (201, 8.0)
    rows = []
    for workload in WORKLOADS:
        if options.only not in workload.name:
            continue
        print(workload.name, file=sys.stderr)
        prepared = prepare(workload, systems)
        times = measure(prepared, rounds, seconds)
        rows.append(row_of(workload, prepared, times, measure_limits(workload)))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows, systems))
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
