"""Convolution (cross-correlation) as one matrix product.

The windows of the input become the columns of a matrix per image and group,
with the window's position along the last, contiguous dimension, so that the
product with the weights comes out in its final layout. A kernel of size 1
copies nothing. Where every group has a single input channel (depthwise) the
product would be thin; then the taps of the kernel are added up instead.
"""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np

from scriptc.nn.functional.padding import pad1d, pad2d
from scriptc.nn.functional.shapes import pair


def conv1d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> np.ndarray:
    """Convolution over the last dimension.

    Args:
        x: `(N, C, L)` or `(C, L)`.
        weight: `(O, C // groups, K)`.
        bias: `(O,)` or None.
        stride: distance of windows.
        padding: zeros added on both sides.
        dilation: distance of the elements of a window.
        groups: how many blocks the channels split into.

    Returns:
        `(N, O, M)` or `(O, M)`, `M = (L + 2 padding - dilation (K - 1) - 1) // stride + 1`.

    Raises:
        ValueError: shapes that do not go together.
    """
    if x.ndim == 2:
        return _conv1d(x[None], weight, bias, stride, padding, dilation, groups)[0]
    if x.ndim != 3:
        raise ValueError(f"conv1d takes (N, C, L) or (C, L), not shape {x.shape}")
    return _conv1d(x, weight, bias, stride, padding, dilation, groups)


def _conv1d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: int,
    padding: int,
    dilation: int,
    groups: int,
) -> np.ndarray:
    """`conv1d` of a batch."""
    outputs = weight.shape[0]
    inputs = weight.shape[1]
    kernel = weight.shape[2]
    span = dilation * (kernel - 1) + 1
    check_channels(x.shape[1], inputs, outputs, groups)
    check_span(x.shape[2] + 2 * padding, span)
    if padding > 0:
        x = pad1d(x, padding, padding)
    if inputs == 1 and groups > 1:
        y = _depthwise1d(x, weight, stride, dilation)
    else:
        windows = np.lib.stride_tricks.sliding_window_view(x, span, axis=2)
        windows = windows[:, :, ::stride, ::dilation]
        count = windows.shape[2]
        columns = windows.transpose(0, 1, 3, 2)
        columns = columns.reshape(x.shape[0], groups, inputs * kernel, count)
        matrix = weight.reshape(groups, outputs // groups, inputs * kernel)
        y = np.matmul(matrix, columns).reshape(x.shape[0], outputs, count)
    if bias is None:
        return y
    return y + bias[:, None]


def _depthwise1d(x: np.ndarray, weight: np.ndarray, stride: int, dilation: int) -> np.ndarray:
    """Convolution where each input channel is a group of its own, unpadded."""
    channels = x.shape[1]
    kernel = weight.shape[2]
    count = (x.shape[2] - dilation * (kernel - 1) - 1) // stride + 1
    taps = weight.reshape(channels, weight.shape[0] // channels, kernel)
    length = (count - 1) * stride + 1
    y = x[:, :, None, :length:stride] * taps[:, :, :1]
    for k in range(1, kernel):
        start = k * dilation
        y = y + x[:, :, None, start : start + length : stride] * taps[:, :, k : k + 1]
    return y.reshape(x.shape[0], weight.shape[0], count)


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> np.ndarray:
    """Convolution over the last two dimensions.

    Args:
        x: `(N, C, H, W)` or `(C, H, W)`.
        weight: `(O, C // groups, KH, KW)`.
        bias: `(O,)` or None.
        stride: as for `conv1d`; one number, or one for rows and one for columns.
        padding: likewise.
        dilation: likewise.
        groups: as for `conv1d`.

    Returns:
        `(N, O, OH, OW)` or `(O, OH, OW)`; each size as in `conv1d`.

    Raises:
        ValueError: shapes that do not go together.
    """
    steps = pair(stride)
    pads = pair(padding)
    gaps = pair(dilation)
    if x.ndim == 3:
        return _conv2d(x[None], weight, bias, steps, pads, gaps, groups)[0]
    if x.ndim != 4:
        raise ValueError(f"conv2d takes (N, C, H, W) or (C, H, W), not shape {x.shape}")
    return _conv2d(x, weight, bias, steps, pads, gaps, groups)


def _conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> np.ndarray:
    """`conv2d` of a batch."""
    outputs = weight.shape[0]
    inputs = weight.shape[1]
    high = dilation[0] * (weight.shape[2] - 1) + 1
    wide = dilation[1] * (weight.shape[3] - 1) + 1
    size = inputs * weight.shape[2] * weight.shape[3]
    check_channels(x.shape[1], inputs, outputs, groups)
    check_span(x.shape[2] + 2 * padding[0], high)
    check_span(x.shape[3] + 2 * padding[1], wide)
    if padding[0] > 0 or padding[1] > 0:
        x = pad2d(x, (padding[0], padding[0]), (padding[1], padding[1]))
    if inputs == 1 and groups > 1:
        y = _depthwise2d(x, weight, stride, dilation)
    else:
        windows = np.lib.stride_tricks.sliding_window_view(x, (high, wide), axis=(2, 3))
        windows = windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
        rows = windows.shape[2]
        columns = windows.shape[3]
        patches = windows.transpose(0, 1, 4, 5, 2, 3)
        patches = patches.reshape(x.shape[0], groups, size, rows * columns)
        matrix = weight.reshape(groups, outputs // groups, size)
        y = np.matmul(matrix, patches).reshape(x.shape[0], outputs, rows, columns)
    if bias is None:
        return y
    return y + bias[:, None, None]


def _depthwise2d(
    x: np.ndarray, weight: np.ndarray, stride: tuple[int, int], dilation: tuple[int, int]
) -> np.ndarray:
    """Convolution where each input channel is a group of its own, unpadded."""
    channels = x.shape[1]
    kernel_h = weight.shape[2]
    kernel_w = weight.shape[3]
    many = weight.shape[0] // channels
    rows = (x.shape[2] - dilation[0] * (kernel_h - 1) - 1) // stride[0] + 1
    columns = (x.shape[3] - dilation[1] * (kernel_w - 1) - 1) // stride[1] + 1
    taps = weight.reshape(channels, many, kernel_h, kernel_w)
    high = (rows - 1) * stride[0] + 1
    wide = (columns - 1) * stride[1] + 1
    y = np.zeros((x.shape[0], channels, many, rows, columns), x.dtype)
    for i in range(kernel_h):
        top = i * dilation[0]
        band = x[:, :, None, top : top + high : stride[0], :]
        for j in range(kernel_w):
            left = j * dilation[1]
            part = band[:, :, :, :, left : left + wide : stride[1]]
            y = y + part * taps[:, :, i : i + 1, j : j + 1]
    return y.reshape(x.shape[0], weight.shape[0], rows, columns)


def check_channels(channels: int, inputs: int, outputs: int, groups: int) -> None:
    """Checks the channels of an input against those of a weight.

    Raises:
        ValueError: they do not go together.
    """
    if channels != inputs * groups:
        raise ValueError(
            f"the input has {channels} channels; the weight takes {inputs} in each of "
            f"{groups} groups"
        )
    if outputs % groups != 0:
        raise ValueError(f"{outputs} output channels do not divide into {groups} groups")


def check_span(length: int, span: int) -> None:
    """Checks that a window fits.

    Raises:
        ValueError: it is longer than the padded input.
    """
    if length < span:
        raise ValueError(f"the padded input is {length} long, the kernel {span}")
