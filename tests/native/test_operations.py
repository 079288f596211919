"""Each operation on the native back end against its kernel: every sample, in several layouts.

A sample that native code does not take (it refuses, or stops where the kernel has a result) is
served by the interpreter. How many each operation takes is kept in `coverage/`, so that no one
loses any unnoticed. What it does take has to be right: class, dtype, shape, memory and value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from native.accuracy import difference
from ops.helpers import Case, Outcome, attempt, cases, copied
from scriptc.ir.opdef import OpDef, RuleError, Trait
from scriptc.ir.ops import FAMILIES
from scriptc.runtime.native.emitter.values import Unsupported
from scriptc.runtime.native.lowerings import LOWERINGS
from support.native import NativeFunction, Program, Stopped, Unit, make_program

pytestmark = pytest.mark.kernels


COVERAGE = Path(__file__).with_name("coverage")
FLAGS = ("-O1",)
UNINITIALISED = {"empty", "empty_like"}

# --- layouts --------------------------------------------------------------------------------------


def _gaps(x: np.ndarray) -> np.ndarray:
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def _reversed(x: np.ndarray) -> np.ndarray:
    turned = (slice(None, None, -1),) * x.ndim
    return np.ascontiguousarray(x[turned])[turned]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "plain": lambda x: x,
    "gaps": _gaps,
    "reversed": _reversed,
    "columns": np.asfortranarray,
}


def laid_out(value: Any, layout: str) -> Any:
    """Return a value in which all arrays have another layout in memory."""
    if type(value) in (list, tuple):
        return type(value)(laid_out(v, layout) for v in value)
    if type(value) is not np.ndarray or not value.ndim or layout == "plain":
        return value
    made = LAYOUTS[layout](value)
    made.flags.writeable = value.flags.writeable
    return made


def has_arrays(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(has_arrays, value))
    return isinstance(value, np.ndarray) and value.ndim > 0


# --- one sample -----------------------------------------------------------------------------------


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays_in(item)


def memory_differs(got: Any, expected: Any, ours: Sequence[Any], theirs: Sequence[Any]) -> str:
    """Compare which operands the arrays of two results share memory with, or are."""
    mine, wanted = list(arrays_in(list(ours))), list(arrays_in(list(theirs)))
    for a, b in zip(arrays_in(got), arrays_in(expected), strict=True):
        for x, y in zip(mine, wanted, strict=True):
            if np.shares_memory(a, x) != np.shares_memory(b, y):
                return "shares memory with another operand"
            if (a is x) != (b is y):
                return "is another object"
    return ""


@dataclass
class Trial:
    """A sample of an operation in one layout, on its way through native code."""

    case: Case
    layout: str
    pass_numbers: bool
    key: str = ""

    def __str__(self) -> str:
        known = "" if self.pass_numbers else ", numbers known"
        return f"{self.case} ({self.layout}{known})"

    def operands(self) -> list[Any]:
        return laid_out(self.case.operands(), self.layout)

    def program(self, operands: list[Any]) -> Program:
        return make_program(self.case.opdef, operands, pass_numbers=self.pass_numbers)

    def run(self, function: NativeFunction) -> tuple[str, str]:
        """Return "native", "stopped" or "raises", and what is wrong, if anything is."""
        opdef = self.case.opdef
        theirs, ours = self.operands(), self.operands()
        before = copied(theirs)
        expected = attempt(opdef.kernel, *theirs)
        got = function(*self.program(ours).arguments)
        if isinstance(got, Stopped):
            return _stopped(got, expected)
        if expected[1] is not None:
            return "raises", f"{expected[1].__name__} is raised, and native code gives {got!r}"
        value = expected[0]
        if opdef.name in UNINITIALISED:
            got, value = np.zeros_like(got), np.zeros_like(value)
        wrong = difference(opdef.name, got, value, before)
        wrong = wrong or memory_differs(got, value, ours, theirs)
        if Trait.WRITES in opdef.traits:
            wrong = wrong or difference(opdef.name, ours[0], theirs[0], before)
        return "native", wrong and f"{wrong}: {got!r}, not {value!r}, of {before!r}"


def _stopped(got: Stopped, expected: Outcome) -> tuple[str, str]:
    if expected[1] is None:
        named = got.exception not in ("", "MemoryError")
        return "stopped", f"{got.exception} is raised, not {expected[0]!r}" if named else ""
    right = got.exception in ("", expected[1].__name__)
    return "raises", "" if right else f"{got.exception}, not {expected[1].__name__}"


# --- all of a family ------------------------------------------------------------------------------


@dataclass
class Coverage:
    """What became of the samples of one operation."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def line(self, name: str) -> str:
        words = [f"{self.counts[w]} {w}" for w in ("native", "raises", "stopped", "refused")]
        return f"{name}: {', '.join(w for w in words if not w.startswith('0 '))}"


class Family:
    """The operations of a family that have a lowering, as one C file."""

    def __init__(self, name: str, flags: Sequence[str]) -> None:
        self.ops: list[OpDef] = [o for o in FAMILIES[name] if o.name in LOWERINGS]
        self.unit = Unit(f"operations_{name}")
        self.failures: list[str] = []
        self.coverage = {opdef.name: Coverage() for opdef in self.ops}
        self.trials = [t for case in cases(self.ops) for t in self._trials(case)]
        self.functions = self.unit.compile(*flags)

    def _trials(self, case: Case) -> list[Trial]:
        """Write the functions for a sample; return what there is to run."""
        layouts = LAYOUTS if has_arrays(case.operands()) else ["plain"]
        # A list of numbers that are known is made by the program, and no caller sees it change.
        passed = (True,) if Trait.WRITES in case.opdef.traits else (True, False)
        trials = [Trial(case, layout, known) for layout in layouts for known in passed]
        made: dict[tuple[str, str], Trial] = {}
        reasons: list[str] = []
        for trial in trials:
            try:
                program = trial.program(trial.operands())
                trial.key = self.unit.add(program)
            except (RuleError, Unsupported) as refusal:
                reasons.append(str(refusal))
            except Exception as error:  # noqa: BLE001 - a failure like others
                self.failures.append(f"{trial} is not written: {error!r}")
            else:
                made.setdefault((trial.key, trial.layout), trial)
        if not made:
            coverage = self.coverage[case.opdef.name]
            coverage.counts["refused"] += 1
            coverage.reasons[reasons[0] if reasons else ""] += 1
        return list(made.values())

    def run(self) -> list[str]:
        """Run all samples in all layouts; return what is wrong."""
        outcomes: dict[str, set[str]] = {}
        for trial in self.trials:
            kind, wrong = trial.run(self.functions[trial.key])
            outcomes.setdefault(str(trial.case), set()).add(kind)
            if wrong:
                self.failures.append(f"{trial}: {wrong}")
        for name, kinds in outcomes.items():
            kind = next(k for k in ("native", "stopped", "raises") if k in kinds)
            self.coverage[name.rpartition("-")[0]].counts[kind] += 1
        return self.failures

    def report(self) -> str:
        lines = [coverage.line(name) for name, coverage in sorted(self.coverage.items())]
        return "".join(f"{line}\n" for line in lines)


NAMES = [name for name, ops in FAMILIES.items() if any(o.name in LOWERINGS for o in ops)]


@pytest.mark.parametrize("name", NAMES)
def test_samples_come_out_as_by_the_kernel(name: str, golden: Callable[[Path, str], None]) -> None:
    family = Family(name, FLAGS)
    failures = family.run()
    assert not failures, f"{len(failures)} failures\n" + "\n".join(failures)
    golden(COVERAGE / f"{name}.txt", family.report())


@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O2", "-O3"])
@pytest.mark.parametrize("name", NAMES)
def test_no_level_of_optimisation_has_a_warning(name: str, level: str) -> None:
    Family(name, (level,))
