"""Convolutions of `scriptc_conv.h`, against sums in higher precision."""

import ctypes
import itertools
from typing import Any

import numpy as np
import pytest

from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.toolchain import compile_shared

pytestmark = pytest.mark.kernels


SOURCE = """
#include "scriptc_conv.h"
#define OF(T, S) \\
    SC_API int plain_##S(sc_workspace *ws, int64_t o, const sc_windows *w, const T *x, \\
        const T *weights, T *y, int64_t y_row) { \\
        return sc_conv_##S(ws, 0, o, w, x, weights, sc_windows_size(w), y, y_row); } \\
    SC_API int packed_##S(sc_workspace *ws, int64_t o, const sc_windows *w, const T *x, \\
        const T *weights, T *y, int64_t y_row) { \\
        const int64_t size = sc_windows_size(w); \\
        T *p = (T *)sc_allocate((size_t)sc_conv_packed_##S(o, size) * sizeof(T)); \\
        if (!p) return 1; \\
        sc_conv_pack_##S(o, size, weights, size, p); \\
        const int status = sc_conv_with_##S(ws, 0, o, w, x, p, y, y_row); \\
        free(p); \\
        return status; }
OF(float, f32)
OF(double, f64)
SC_API void *workspace(int threads) {
    sc_workspace *ws = (sc_workspace *)calloc(1, sizeof(sc_workspace));
    if (ws) ws->threads = threads;
    return ws;
}
"""
SUFFIX = {"float32": "f32", "float64": "f64"}
CASES = [  # channels, outputs, height, width, kernel, stride, dilation
    (1, 1, 1, 1, (1, 1), (1, 1), (1, 1)),
    (3, 32, 12, 13, (3, 3), (1, 1), (1, 1)),
    (4, 33, 11, 9, (3, 2), (2, 1), (1, 2)),
    (2, 16, 30, 30, (7, 7), (2, 2), (1, 1)),
    (40, 50, 9, 9, (3, 3), (1, 1), (1, 1)),
    (64, 10, 6, 7, (1, 1), (1, 1), (1, 1)),
    (64, 40, 6, 7, (1, 1), (2, 2), (1, 1)),
    (5, 20, 1, 70, (1, 5), (1, 2), (1, 3)),
    (36, 48, 23, 22, (3, 3), (1, 1), (1, 1)),
    (33, 35, 14, 14, (3, 3), (1, 1), (1, 1)),
    (32, 32, 5, 4, (3, 3), (1, 1), (1, 1)),
    (0, 3, 4, 4, (1, 1), (1, 1), (1, 1)),
    (3, 0, 4, 4, (3, 3), (1, 1), (1, 1)),
]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    try:
        made = ctypes.CDLL(str(compile_shared(SOURCE, name="conv")))
    except NativeUnavailableError as error:
        pytest.skip(error.reason)
    made.workspace.restype = ctypes.c_void_p
    return made


def windows_of(x: np.ndarray, kernel: Any, stride: Any, dilation: Any) -> np.ndarray:
    span = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, span, axis=(1, 2))
    return view[:, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def run(
    library: ctypes.CDLL, name: str, ws: int, windows: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the convolution; more rows than are there lie between the channels of the result."""
    channels, rows, columns, high, wide = windows.shape
    channel, row, column, tap_row, tap_column = (s // windows.itemsize for s in windows.strides)
    sizes = channels, high, wide, rows, columns, channel, tap_row, tap_column, row, column
    described = (ctypes.c_int64 * 10)(*sizes)
    outputs = weights.shape[0]
    y = np.full((outputs, rows * columns + 3), 7, windows.dtype)
    status = getattr(library, f"{name}_{SUFFIX[windows.dtype.name]}")(
        ctypes.c_void_p(ws),
        ctypes.c_int64(outputs),
        described,
        ctypes.c_void_p(windows.ctypes.data),
        ctypes.c_void_p(weights.ctypes.data),
        ctypes.c_void_p(y.ctypes.data),
        ctypes.c_int64(rows * columns + 3),
    )
    assert status == 0
    assert (y[:, rows * columns :] == 7).all()
    return y[:, : rows * columns].reshape(outputs, rows, columns)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["plain", "packed"])
def test_convolutions_are_within_the_bound(library: ctypes.CDLL, dtype: str, name: str) -> None:
    random = np.random.default_rng(0)
    ws = library.workspace(1)
    for (channels, outputs, height, width, kernel, stride, dilation), turned in itertools.product(
        CASES, [False, True]
    ):
        x = random.standard_normal((channels, height, width)).astype(dtype)
        if turned:
            x = x[:, ::-1].copy()[:, ::-1]
        weights = random.standard_normal((outputs, channels, *kernel)).astype(dtype)
        windows = windows_of(x, kernel, stride, dilation)
        path = np.einsum_path("crqij,ocij->orq", windows, weights)[0]
        wide = np.longdouble
        exact = np.einsum(
            "crqij,ocij->orq", windows.astype(wide), weights.astype(wide), optimize=path
        )
        size = np.einsum("crqij,ocij->orq", abs(windows).astype(wide), abs(weights).astype(wide))
        bound = max(weights[:1].size, 1) * np.finfo(dtype).eps * size
        found = run(library, name, ws, windows, weights)
        assert (abs(found - exact) <= bound).all(), (channels, outputs, kernel, stride, dilation)


def test_threads_change_no_bit(library: ctypes.CDLL) -> None:
    random = np.random.default_rng(1)
    for channels, outputs, size in [(40, 64, 40), (64, 300, 9)]:
        x = random.standard_normal((channels, size, size)).astype(np.float32)
        weights = random.standard_normal((outputs, channels, 3, 3)).astype(np.float32)
        windows = windows_of(x, (3, 3), (1, 1), (1, 1))
        for name in ("plain", "packed"):
            alone, *others = (
                run(library, name, library.workspace(threads), windows, weights)
                for threads in (1, 2, 3, 8)
            )
            assert all((alone == other).all() for other in others)


def test_nan_and_infinity_stay_where_their_windows_are(library: ctypes.CDLL) -> None:
    x = np.ones((32, 12, 12), np.float32)
    x[3, 5, 6], x[2, 0, 0] = np.nan, np.inf
    windows = windows_of(x, (3, 3), (1, 1), (1, 1))
    expected = windows.sum((0, 3, 4))
    for name in ("plain", "packed"):
        found = run(
            library, name, library.workspace(1), windows, np.ones((40, 32, 3, 3), np.float32)
        )
        np.testing.assert_array_equal(found, np.broadcast_to(expected, found.shape))
