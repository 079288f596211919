"""The functions of `scriptc_math.h` are within the errors that docs/native-math.md states."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError, NoCompiler, find_compiler
from scriptc.runtime.native.toolchain import INCLUDE, compile_shared

HERE = Path(__file__).parent
ERRORS = (HERE / "math_errors.c").read_text("utf-8")
PAGE = HERE.parents[1] / "docs" / "native-math.md"
ROW = re.compile(r"^\| `(\w+)` \| (float(?:32|64)) \| ([\d.]+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """A row of the table of the page."""

    name: str
    dtype: str
    bound: float

    @property
    def c_name(self) -> str:
        return f"{self.name}f" if self.dtype == "float32" else self.name

    def __str__(self) -> str:
        return f"{self.name}-{self.dtype}"


FUNCTIONS = [Function(n, d, float(b)) for n, d, b in ROW.findall(PAGE.read_text("utf-8"))]
FLOATS = [f for f in FUNCTIONS if f.dtype == "float32"]


class Report(ctypes.Structure):
    _fields_ = (
        ("error", ctypes.c_double),
        ("at", ctypes.c_int64),
        ("wrong", ctypes.c_int64),
        ("wrong_at", ctypes.c_int64),
    )


class Library:
    """`math_errors.c`, compiled."""

    def __init__(self, *extra: str) -> None:
        try:
            self._library = ctypes.CDLL(str(compile_shared(ERRORS, name="math", extra=extra)))
        except NativeUnavailableError as error:
            pytest.skip(error.reason)

    def worst(self, function: Function, blocks: Iterator[np.ndarray]) -> tuple[float, float]:
        """Return the greatest error, in units in the last place, and for which number."""
        check = getattr(self._library, f"check_{function.c_name}")
        worst = (0.0, 0.0)
        for x in blocks:
            report = Report()
            check(ctypes.c_void_p(x.ctypes.data), ctypes.c_int64(x.size), ctypes.byref(report))
            assert not report.wrong, f"another kind of result for {x[report.wrong_at]!r}"
            worst = max(worst, (report.error, float(x[report.at])))
        return worst


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan]


def _floats(step: int) -> Iterator[np.ndarray]:
    """Yield float32 numbers of all magnitudes, all of them for a step of 1."""
    for first in range(0, 1 << 32, step << 22):
        bits = np.arange(first, min(first + (step << 22), 1 << 32), step, dtype=np.uint64)
        yield bits.astype(np.uint32).view(np.float32)


def _samples(dtype: str) -> Iterator[np.ndarray]:
    """Yield numbers of all magnitudes, of usual ones, and near and at special ones."""
    random = np.random.default_rng(0)
    info = np.finfo(dtype)
    yield np.array(SPECIAL, dtype)
    around = np.ldexp(np.ones(1), np.arange(info.minexp - info.nmant, info.maxexp)).astype(dtype)
    around = np.concatenate([around, info.max - around, 3 * around[:-2]])
    near = np.concatenate([np.nextafter(around, np.array(t, dtype)) for t in (0, np.inf)])
    yield from (x for a in (around, near) for x in (a, -a))
    with np.errstate(over="ignore"):
        for scale in (1, 20, info.maxexp):
            yield (random.standard_normal(100_000) * scale).astype(dtype)
        yield (1 + random.standard_normal(100_000) * 2.0 ** random.uniform(-30, 0)).astype(dtype)
    if dtype == "float32":
        yield from _floats(9973)
    else:
        yield random.integers(0, 1 << 64, 200_000, np.uint64).view(np.float64)


def test_every_function_is_in_the_table() -> None:
    ours = re.findall(r"^FLOATS?\((\w+)", ERRORS, re.MULTILINE)
    assert sorted({f.name for f in FUNCTIONS}) == sorted(ours)


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_samples_are_within_the_bound(library: Library, function: Function) -> None:
    error, at = library.worst(function, _samples(function.dtype))
    assert error <= function.bound, f"{error:.3f} at {at!r}"


LOOP = """\
void loop_{name}(const {type} *restrict x, {type} *restrict y, int64_t n) {{ \
_Pragma("omp simd") for (int64_t i = 0; i < n; i++) y[i] = sc_{name}(x[i]); }}"""


@pytest.mark.parametrize("processor", [pytest.param("any", marks=pytest.mark.slow), "native"])
def test_every_loop_becomes_vector_code(tmp_path: Path, processor: str) -> None:
    compiler = find_compiler()
    if isinstance(compiler, NoCompiler):
        pytest.skip(compiler.error().reason)
    loops = [
        LOOP.format(name=f.c_name, type={"float32": "float", "float64": "double"}[f.dtype])
        for f in FUNCTIONS
    ]
    source = tmp_path / "loops.c"
    source.write_text("\n".join(('#include "scriptc_math.h"', *loops, "")), "utf-8")
    gcc = "clang" not in compiler.version
    report = "-fopt-info-vec-optimized" if gcc else "-Rpass=loop-vectorize"
    flags = [f for f in compiler.flags if processor == "native" or "native" not in f]
    command = [*compiler.command, *flags, report, "-I", INCLUDE, "-S", source]
    to = ("-o", tmp_path / "loops.s")
    ran = subprocess.run([*command, *to], capture_output=True, text=True, check=True)
    done = {int(n) for n in re.findall(r"loops\.c:(\d+):\d+: .*vectorized", ran.stderr)}
    scalar = [str(f) for i, f in enumerate(FUNCTIONS) if i + 2 not in done]
    assert not scalar, f"loops over {', '.join(scalar)} are not vector code"


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="a flag of x86")
def test_samples_are_within_the_bound_without_fma() -> None:
    library = Library("-mno-fma")
    for function in FUNCTIONS:
        error, at = library.worst(function, _samples(function.dtype))
        assert error <= function.bound, f"{function}: {error:.3f} at {at!r}"


@pytest.mark.slow
@pytest.mark.parametrize("function", FLOATS, ids=str)
def test_all_floats_are_within_the_bound(library: Library, function: Function) -> None:
    error, at = library.worst(function, _floats(1))
    print(f"{function}: {error:.3f} at {at.hex()}")
    assert error <= function.bound
