"""Convolutions in programs: windows that a product reads in place, against eager NumPy."""

from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.runtime.native.compilers import NoCompiler, find_compiler

pytestmark = [
    pytest.mark.kernels,
    pytest.mark.skipif(isinstance(find_compiler(), NoCompiler), reason="needs a C compiler"),
]


def assert_near(found: np.ndarray, expected: np.ndarray, where: str) -> None:
    assert found.dtype == expected.dtype, where
    assert found.shape == expected.shape, where
    tolerance = 2e-5 if expected.dtype == np.float32 else 1e-12
    np.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=where)


class Convolutions(nn.Module):
    """Layers of all kinds, each with an input of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = nn.Conv2d(3, 34, 3, padding=1)
        self.dilated = nn.Conv2d(3, 6, (3, 2), stride=(2, 1), dilation=(1, 2))
        self.grouped = nn.Conv2d(6, 8, 3, groups=2, bias=False)
        self.pointwise = nn.Conv2d(8, 40, 1)
        self.strided = nn.Conv2d(40, 9, 1, stride=2)
        self.double = nn.Conv2d(2, 3, 3, dtype=np.float64)
        self.line = nn.Conv1d(4, 6, 5, padding=2, dilation=2)
        self.lines = nn.Conv1d(6, 8, 3, groups=2, stride=3)
        self.depthwise = nn.Conv1d(8, 8, 3, groups=8)

    def forward(self, images: Any, doubles: Any, lines: Any) -> Any:
        plain = self.plain(images)
        grouped = self.grouped(self.dilated(images))
        pointwise = self.pointwise(grouped)
        ends = self.strided(pointwise), self.double(doubles)
        lines = self.line(lines)
        return plain, grouped, pointwise, *ends, lines, self.depthwise(self.lines(lines))


def test_layers_frozen_and_with_weights_as_inputs() -> None:
    random = np.random.default_rng(0)
    layers = Convolutions().eval()
    compiled = scriptc.script(layers, backend="native")
    for program in (compiled, scriptc.freeze(compiled)):
        for batch, high, wide, length in [(2, 9, 11, 30), (3, 40, 41, 200)]:
            images = random.standard_normal((batch, 3, high, wide)).astype(np.float32)
            doubles = random.standard_normal((batch, 2, high, wide))
            lines = random.standard_normal((batch, 4, length)).astype(np.float32)
            expected = layers(images, doubles, lines)
            for found, value in zip(program(images, doubles, lines), expected, strict=True):
                assert_near(found, value, f"{value.shape}")


def _windows(x: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(2, 3))
    return windows.transpose(0, 1, 4, 5, 2, 3)


def product(x, w):
    patches = _windows(x).reshape(2, 1, 12, 12)
    return np.matmul(w, patches)


def product_of_a_matrix(x, w):
    patches = _windows(x).reshape(2, 1, 12, 12)
    return np.matmul(w[0], patches)


def product_from_the_left(x, w):
    patches = _windows(x).reshape(2, 1, 12, 12)
    return np.matmul(patches, np.swapaxes(w, 1, 2))


def used_twice(x, w):
    patches = _windows(x).reshape(2, 1, 12, 12)
    return np.matmul(w, patches) + patches.sum()


def split_otherwise(x, w):
    """Rows of the matrices are not elements of windows."""
    patches = _windows(x).reshape(4, 1, 6, 12)
    return np.matmul(w[:, :, :6], patches)


def in_a_loop(x, w):
    patches = _windows(x).reshape(2, 1, 12, 12)
    y = np.zeros((2, 1, 5, 12), x.dtype)
    for _ in range(3):
        y = y + np.matmul(w, patches)
    return y


def unused(x, w):
    _windows(x).reshape(2, 1, 12, 12)
    return w


def all_of_them(x: Any, w: Any) -> Any:
    return (
        product(x, w),
        product_of_a_matrix(x, w),
        product_from_the_left(x, w),
        used_twice(x, w),
        split_otherwise(x, w),
        in_a_loop(x, w),
        unused(x, w),
    )


def test_products_with_windows() -> None:
    random = np.random.default_rng(1)
    native = scriptc.script(all_of_them, backend="native")
    x = random.standard_normal((2, 2, 4, 6)).astype(np.float32)
    for order in (1, -1):
        w = random.standard_normal((1, 5, 12)).astype(np.float32)[:, :, ::order]
        for found, expected in zip(native(x, w), all_of_them(x, w), strict=True):
            assert_near(found, expected, f"{expected.shape}")
    mixed = scriptc.script(product, backend="native")
    wide = random.standard_normal((1, 5, 12))
    assert_near(mixed(x, wide), product(x, wide), "two dtypes")


def test_windows_of_an_array_that_is_written_into() -> None:
    def function(x, w):
        y = x.copy()
        patches = _windows(y).reshape(2, 1, 12, 12)
        y[0] = 0
        return np.matmul(w, patches), y

    random = np.random.default_rng(2)
    x = random.standard_normal((2, 2, 4, 6)).astype(np.float32)
    w = random.standard_normal((1, 5, 12)).astype(np.float32)
    for found, expected in zip(scriptc.script(function)(x, w), function(x, w), strict=True):
        assert_near(found, expected, "written")


def test_shapes_that_do_not_fit_are_left_to_the_interpreter() -> None:
    native = scriptc.script(product, backend="native")
    x = np.ones((2, 2, 4, 6), np.float32)
    with pytest.raises(ValueError, match="reshape"):
        native(np.ones((2, 2, 5, 6), np.float32), np.ones((1, 5, 12), np.float32))
    with pytest.raises(ValueError, match="mismatch"):
        native(x, np.ones((1, 5, 11), np.float32))
    # Another shape of the input that the reshape takes as well: rows are no longer windows.
    y = np.arange(144, dtype=np.float32).reshape(1, 2, 8, 9)[:, :, :4, :6]
    wide = np.concatenate([y, y], 1)
    w = np.ones((1, 5, 12), np.float32)
    assert_near(native(wide, w), product(wide, w), "channels as batches")
