"""The functions of `scriptc_math.h` are within the errors that docs/native-math.md states."""

from __future__ import annotations

import ctypes
import platform
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError, NoCompiler, find_compiler
from scriptc.runtime.native.toolchain import INCLUDE, compile_shared

pytestmark = pytest.mark.kernels

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

    @property
    def c_type(self) -> str:
        return "float" if self.dtype == "float32" else "double"

    @property
    def is_binary(self) -> bool:
        return self.name in ("pow", "atan2", "hypot")

    def __str__(self) -> str:
        return f"{self.name}-{self.dtype}"


FUNCTIONS = [Function(n, d, float(b)) for n, d, b in ROW.findall(PAGE.read_text("utf-8"))]
EVEN = {"cos", "cosh"}
ODD = {"sin", "tan", "tanh", "sinh", "asin", "atan", "asinh", "atanh", "cbrt", "erf"}
OF_ONE_FLOAT = [f for f in FUNCTIONS if f.dtype == "float32" and not f.is_binary]


class Report(ctypes.Structure):
    _fields_ = (
        ("error", ctypes.c_double),
        ("at", ctypes.c_int64),
        ("wrong", ctypes.c_int64),
        ("wrong_at", ctypes.c_int64),
    )


Operands = tuple[np.ndarray, ...]


class Library:
    """`math_errors.c`, compiled."""

    def __init__(self, *extra: str) -> None:
        try:
            self._library = ctypes.CDLL(str(compile_shared(ERRORS, name="math", extra=extra)))
        except NativeUnavailableError as error:
            pytest.skip(error.reason)

    def compute(self, function: Function, x: np.ndarray) -> np.ndarray:
        """Return the results for numbers."""
        y = np.empty_like(x)
        compute = getattr(self._library, f"compute_{function.c_name}")
        compute(
            ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_int64(x.size)
        )
        return y

    def worst(
        self, function: Function, blocks: Iterator[Operands]
    ) -> tuple[float, tuple[float, ...]]:
        """Return the greatest error, in units in the last place, and for which numbers."""
        check = getattr(self._library, f"check_{function.c_name}")
        worst: tuple[float, tuple[float, ...]] = (0.0, ())
        for operands in blocks:
            report = Report()
            pointers = [ctypes.c_void_p(x.ctypes.data) for x in operands]
            check(*pointers, ctypes.c_int64(operands[0].size), ctypes.byref(report))
            wrong = [x[report.wrong_at] for x in operands]
            assert not report.wrong, f"another kind of result for {wrong}"
            worst = max(worst, (report.error, tuple(float(x[report.at]) for x in operands)))
        return worst


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan]


def _floats(step: int) -> Iterator[Operands]:
    """Yield float32 numbers of all magnitudes, all of them for a step of 1."""
    for first in range(0, 1 << 32, step << 22):
        bits = np.arange(first, min(first + (step << 22), 1 << 32), step, dtype=np.uint64)
        yield (bits.astype(np.uint32).view(np.float32),)


def _samples(function: Function) -> Iterator[Operands]:
    """Yield numbers of all magnitudes, of usual ones, and near and at special ones."""
    if function.is_binary:
        yield from _pairs()
        return
    random = np.random.default_rng(0)
    dtype, info = function.dtype, np.finfo(function.dtype)
    yield (np.array(SPECIAL, dtype),)
    around = np.ldexp(np.ones(1), np.arange(info.minexp - info.nmant, info.maxexp)).astype(dtype)
    around = np.concatenate([around, info.max - around, 3 * around[:-2]])
    near = np.concatenate([np.nextafter(around, np.array(t, dtype)) for t in (0, np.inf)])
    yield from ((x,) for a in (around, near) for x in (a, -a))
    with np.errstate(over="ignore"):
        for scale in (1, 20, info.maxexp):
            yield ((random.standard_normal(100_000) * scale).astype(dtype),)
        near = 1 + random.standard_normal(100_000) * 2.0 ** random.uniform(-30, 0)
        yield (near.astype(dtype),)
    if dtype == "float32":
        yield from _floats(9973)
    else:
        yield (random.integers(0, 1 << 64, 200_000, np.uint64).view(np.float64),)


def _pairs() -> Iterator[Operands]:
    """Yield bases and exponents: all pairs of special ones, any ones, and with finite powers."""
    random = np.random.default_rng(0)
    info = np.finfo(np.float32)
    whole = [1, 2, 3, 149, 1 << 22, (1 << 23) - 1, (1 << 23) + 1, (1 << 24) - 1, 1 << 24, 1 << 25]
    finite = [*whole, 0.5, 1.5, (1 << 22) + 0.5, info.max, info.tiny, info.smallest_subnormal]
    one = [np.nextafter(np.float32(1), np.float32(to)) for to in (0, 2)]
    special = np.array([*SPECIAL, *finite, *(-x for x in finite), *one], np.float32)
    x, y = np.meshgrid(special, special)
    yield np.ascontiguousarray(x.ravel()), np.ascontiguousarray(y.ravel())
    x, y = random.integers(0, 1 << 32, (2, 200_000), np.uint32).view(np.float32)
    yield x, y
    with np.errstate(all="ignore"):
        for base in (np.abs(x), 1 + random.uniform(-0.5, 0.5, x.size), 1 + y / info.max / 1024):
            base = base.astype(np.float32)
            yield base, (random.uniform(-150, 150, x.size) / np.log2(base)).astype(np.float32)


def test_every_function_is_in_the_table() -> None:
    tested = re.findall(r"^FLOATS?\((\w+)", ERRORS, re.MULTILINE)
    assert sorted({f.name for f in FUNCTIONS if not f.is_binary}) == sorted(tested)


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_samples_are_within_the_bound(library: Library, function: Function) -> None:
    error, at = library.worst(function, _samples(function))
    assert error <= function.bound, f"{error:.3f} at {at!r}"


def _loop(function: Function) -> str:
    """Return a C function on one line that computes results of a function in a loop."""
    names = ("x", "y") if function.is_binary else ("x",)
    parameters = "".join(f"const {function.c_type} *restrict {n}, " for n in names)
    arguments = ", ".join(f"{n}[i]" for n in names)
    return (
        f"void loop_{function.c_name}({parameters}{function.c_type} *restrict z, int64_t n) {{ "
        f'_Pragma("omp simd") for (int64_t i = 0; i < n; i++) '
        f"z[i] = sc_{function.c_name}({arguments}); }}"
    )


@pytest.mark.parametrize("processor", [pytest.param("any", marks=pytest.mark.slow), "native"])
def test_every_loop_becomes_vector_code(tmp_path: Path, processor: str) -> None:
    compiler = find_compiler()
    if isinstance(compiler, NoCompiler):
        pytest.skip(compiler.error().reason)
    loops = map(_loop, FUNCTIONS)
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
        samples = _samples(function)
        if function in OF_ONE_FLOAT:
            samples = chain(samples, _floats(97))
        error, at = library.worst(function, samples)
        assert error <= function.bound, f"{function}: {error:.3f} at {at!r}"


@pytest.mark.slow
@pytest.mark.parametrize("function", OF_ONE_FLOAT, ids=str)
def test_all_floats_are_within_the_bound(library: Library, function: Function) -> None:
    blocks = _floats(1)
    if function.name in EVEN | ODD:
        blocks = islice(blocks, 512)  # those without a sign
    error, at = library.worst(function, blocks)
    print(f"{function}: {error:.3f} at {at}")
    assert error <= function.bound
    if function.name in EVEN | ODD:
        sign = np.uint32(0 if function.name in EVEN else 1 << 31)
        for (x,) in islice(_floats(1), 512):
            y, mirrored = library.compute(function, x), library.compute(function, -x)
            same = y.view(np.uint32) ^ mirrored.view(np.uint32) == sign
            assert np.all(same | np.isnan(y) & np.isnan(mirrored))
