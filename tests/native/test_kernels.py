"""Kernels in objects of their own: which a program needs, and the answers of both ways."""

import ctypes

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NoCompiler, find_compiler
from scriptc.runtime.native.kernels import Kernel, headers_of, kernels_of
from scriptc.runtime.native.toolchain import compile_shared

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]

PRODUCT = """
#include "scriptc_gemm.h"
SC_API int product(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c) {
    sc_workspace ws = {0};
    const int status = sc_gemm_f32(&ws, 0, m, n, k, a, k, 1, b, n, 1, c, n);
    sc_workspace_free(&ws);
    return status;
}
"""


def test_what_a_program_needs() -> None:
    assert kernels_of("sc_tanh_f32(x)") == ()
    assert kernels_of("if (sc_gemm_with_f32(ws, 1") == (Kernel("gemm", "f32"),)
    text = "sc_gemm_f64(a); sc_conv_f32(b); sc_conv_pack_f32(c)"
    assert [k.name for k in kernels_of(text)] == ["conv_f32", "gemm_f32", "gemm_f64"]
    assert headers_of(text) == ["scriptc_gemm.h", "scriptc_conv.h"]
    assert headers_of("sc_exp(x)") == []


@pytest.mark.parametrize(("m", "n", "k"), [(1, 7, 9), (3, 4, 4), (40, 70, 90), (200, 33, 700)])
def test_both_ways_give_the_same_bits(m: int, n: int, k: int) -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=(m, k)).astype(np.float32)
    b = random.normal(size=(k, n)).astype(np.float32)
    answers = []
    for kernels in ((), kernels_of(PRODUCT)):
        library = ctypes.CDLL(str(compile_shared(PRODUCT, name="product", kernels=kernels)))
        library.product.argtypes = [ctypes.c_int64] * 3 + [ctypes.c_void_p] * 3
        c = np.empty((m, n), np.float32)
        assert library.product(m, n, k, a.ctypes.data, b.ctypes.data, c.ctypes.data) == 0
        answers.append(c)
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_allclose(answers[0], a @ b, rtol=1e-4, atol=1e-4)


def scaled_product(x, w):
    return x @ w * 2.0


def test_a_kernel_is_compiled_once_for_all_programs(cache_folder) -> None:
    x, w = np.ones((3, 4), np.float32), np.ones((4, 5), np.float32)
    first = scriptc.script(scaled_product, backend="native")
    first(x, w)
    first(x[:1], w)  # another kind of arguments, and so another program
    objects = sorted(path.name for path in cache_folder.glob("*/*.o"))
    assert objects == ["gemm_f32.o"]
    assert len(list(cache_folder.glob("*/scriptc_native.so"))) == 2
