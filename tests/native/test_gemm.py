"""Matrix products of `scriptc_gemm.h`, against products in higher precision."""

import ctypes
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.toolchain import compile_shared

pytestmark = pytest.mark.kernels


SOURCE = """
#include "scriptc_gemm.h"
#define OF(T, S) \\
    SC_API int product_##S(sc_workspace *ws, int64_t m, int64_t n, int64_t k, const T *a, \\
        int64_t ar, int64_t ac, const T *b, int64_t br, int64_t bc, T *c, int64_t cr) { \\
        return sc_gemm_##S(ws, 0, m, n, k, a, ar, ac, b, br, bc, c, cr); } \\
    SC_API int packed_##S(sc_workspace *ws, int64_t m, int64_t n, int64_t k, const T *a, \\
        int64_t ar, int64_t ac, const T *b, int64_t br, int64_t bc, T *c, int64_t cr) { \\
        T *p = (T *)sc_allocate((size_t)sc_gemm_packed_##S(k, n) * sizeof(T)); \\
        if (!p) return 1; \\
        sc_gemm_pack_##S(k, n, b, br, bc, p); \\
        sc_gemm_with_##S(ws, 0, m, n, k, a, ar, ac, p, c, cr); \\
        free(p); \\
        return 0; }
OF(float, f32)
OF(double, f64)
SC_API void *workspace(void) { return calloc(1, sizeof(sc_workspace)); }
"""
SUFFIX = {"float32": "f32", "float64": "f64"}
SIZES = [
    (1, 1, 1), (3, 4, 4), (5, 7, 9), (12, 32, 64), (13, 33, 257), (1, 512, 300), (2, 40, 50),
    (64, 64, 64), (100, 300, 600), (40, 3, 5), (4, 4, 0), (0, 4, 3), (3, 0, 2), (61, 290, 70),
]  # fmt: skip


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        made = ctypes.CDLL(str(compile_shared(SOURCE, name="gemm")))
    except NativeUnavailableError as error:
        pytest.skip(error.reason)
    made.workspace.restype = ctypes.c_void_p
    return made


def run(function: Callable[..., int], ws: int, a: Any, b: Any) -> np.ndarray:
    c = np.full((a.shape[0], b.shape[1]), np.nan, a.dtype)
    item = a.itemsize

    def described(x: np.ndarray) -> list[Any]:
        strides = [ctypes.c_int64(s // item) for s in x.strides]
        return [ctypes.c_void_p(x.ctypes.data), *strides]

    sizes = [ctypes.c_int64(s) for s in (a.shape[0], b.shape[1], a.shape[1])]
    to = ctypes.c_void_p(c.ctypes.data), ctypes.c_int64(c.shape[1])
    status = function(ctypes.c_void_p(ws), *sizes, *described(a), *described(b), *to)
    assert status == 0
    return c


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_are_within_the_bound(library: ctypes.CDLL, dtype: str) -> None:
    random = np.random.default_rng(0)
    ws = library.workspace()
    kinds = {kind: getattr(library, f"{kind}_{SUFFIX[dtype]}") for kind in ("product", "packed")}
    for m, n, k in SIZES:
        a = random.standard_normal((m, k)).astype(dtype)
        b = random.standard_normal((k, n)).astype(dtype)
        exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
        size = np.abs(a).astype(np.longdouble) @ np.abs(b).astype(np.longdouble)
        bound = max(k, 1) * np.finfo(dtype).eps * size
        for kind, turned, back in itertools.product(kinds, range(4), range(4)):
            found = run(kinds[kind], ws, _laid(a, turned), _laid(b, back))
            assert (np.abs(found - exact) <= bound).all(), (kind, m, n, k, turned, back)


def _laid(x: np.ndarray, how: int) -> np.ndarray:
    """Return the same matrix with other strides: row by row, by columns, with gaps, backwards."""
    if how == 1:
        return np.asfortranarray(x)
    if how == 2:
        wide = np.zeros((x.shape[0], 2 * x.shape[1]), x.dtype)
        wide[:, ::2] = x
        return wide[:, ::2]
    return x[::-1].copy()[::-1] if how == 3 else x


def test_nan_and_infinity_go_through(library: ctypes.CDLL) -> None:
    a = np.ones((13, 40), np.float32)
    b = np.ones((40, 33), np.float32)
    a[2, 3], b[5, 6] = np.nan, np.inf
    found = run(library.product_f32, library.workspace(), a, b)
    assert np.isnan(found[2]).all()
    assert np.isinf(np.delete(found[:, 6], 2)).all()
    assert np.isfinite(np.delete(np.delete(found, 2, 0), 6, 1)).all()
