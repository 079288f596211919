"""What an element costs in a loop over an elementary function of float32.

    python benchmarks/elementary_functions.py

Compared are the functions of `scriptc_math.h`, NumPy's, and the C library's: a call for each
element, and where there is `libmvec`, its vector functions, in a loop with `-ffast-math`. The array
is in the first cache; printed is the shortest time of many, in nanoseconds.
"""

from __future__ import annotations

import ctypes
import time
import warnings
from functools import partial

import numpy as np

from scriptc.runtime.native.toolchain import compile_shared

SAME = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "tanh", "sinh", "cosh"),
    *("sin", "cos", "tan", "cbrt"),
)
INVERSE = ("asin", "acos", "atan", "asinh", "acosh", "atanh")
NAMES = {**{n: n for n in SAME}, **{n: n.replace("a", "arc", 1) for n in INVERSE}}
"""The C library's names, and NumPy's."""

SIZE = 4096
ROUNDS = 1000


def compile_loops(prefix: str, *flags: str) -> ctypes.CDLL:
    """Compile a loop over each function, named as that."""
    loops = "".join(
        f"SC_API void loop_{n}(const float *restrict x, float *restrict y) {{\n"
        f'_Pragma("omp simd") for (int i = 0; i < {SIZE}; i++) y[i] = {prefix}{n}f(x[i]); }}\n'
        for n in NAMES
    )
    source = f'#include "scriptc_math.h"\n{loops}'
    return ctypes.CDLL(str(compile_shared(source, name="elementary", extra=flags)))


def main() -> None:
    """Print the table."""
    libraries = {"scriptc": compile_loops("sc_"), "C library": compile_loops("")}
    try:
        ctypes.CDLL("libmvec.so.1", ctypes.RTLD_GLOBAL)
        libraries["libmvec"] = compile_loops("", "-ffast-math")
    except OSError:
        print("there is no libmvec")
    print(f"{'':8}", *(f"{name:>9}" for name in [*libraries, "NumPy"]))
    for name, spelling in NAMES.items():
        x = np.random.default_rng(0).uniform(0, 1, SIZE).astype(np.float32)
        x += name == "acosh"
        y = np.empty_like(x)
        places = [ctypes.c_void_p(a.ctypes.data) for a in (x, y)]
        runs = [partial(library[f"loop_{name}"], *places) for library in libraries.values()]
        runs.append(partial(getattr(np, spelling), x, y))
        shortest = [float("inf")] * len(runs)
        for _ in range(ROUNDS):
            for i, run in enumerate(runs):
                start = time.perf_counter()
                run()
                shortest[i] = min(shortest[i], time.perf_counter() - start)
        print(f"{name:8}", *(f"{s / SIZE * 1e9:9.2f}" for s in shortest))


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        main()
