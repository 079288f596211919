"""Pooling, as running maxima and sums over strided slices.

Both are separable: rows are pooled first and columns then, so that a window of
`h` by `w` costs `h + w` passes.
"""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np

from scriptc.nn.functional.shapes import pair


def pooled_length(
    length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """How many windows there are along a dimension.

    With `ceil_mode` the last one may reach over the end, if it starts before.

    Raises:
        ValueError: there is none, or the padding exceeds half of the kernel.
    """
    span = dilation * (kernel - 1) + 1
    if padding < 0 or 2 * padding > span:
        raise ValueError(f"padding {padding} is not between 0 and half of the kernel, {span}")
    room = length + 2 * padding - span
    if not ceil_mode:
        count = room // stride + 1
    else:
        count = -(-room // stride) + 1
        if (count - 1) * stride >= length + padding:
            count = count - 1
    if count < 1:
        raise ValueError(f"a kernel of {span} does not fit {length} elements, padded {padding}")
    return count


def max_pool1d(
    x: np.ndarray,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """The largest element of each window of the last dimension.

    Args:
        x: `(N, C, L)` or `(C, L)`, floating where it is padded (with -inf).
        kernel_size: size of a window.
        stride: distance of windows; None for `kernel_size`.
        padding: on both sides, at most half of the kernel.
        dilation: distance of the elements of a window.
        ceil_mode: let the last window reach over the end.

    Returns:
        `(N, C, M)` or `(C, M)`, same dtype.

    Raises:
        ValueError: the rank, or no window fits.
    """
    step = kernel_size if stride is None else stride
    if x.ndim == 2:
        return _max_pool1d(x[None], kernel_size, step, padding, dilation, ceil_mode)[0]
    if x.ndim != 3:
        raise ValueError(f"max_pool1d takes (N, C, L) or (C, L), not shape {x.shape}")
    return _max_pool1d(x, kernel_size, step, padding, dilation, ceil_mode)


def _max_pool1d(
    x: np.ndarray, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> np.ndarray:
    """`max_pool1d` of a batch."""
    length = x.shape[2]
    count = pooled_length(length, kernel, stride, padding, dilation, ceil_mode)
    after = max((count - 1) * stride + dilation * (kernel - 1) + 1 - length - padding, 0)
    if padding > 0 or after > 0:
        widths = ((0, 0), (0, 0), (padding, after))
        x = np.pad(x, widths, mode="constant", constant_values=-np.inf)
    reach = (count - 1) * stride + 1
    y = x[:, :, :reach:stride]
    for k in range(1, kernel):
        start = k * dilation
        y = np.maximum(y, x[:, :, start : start + reach : stride])
    return y


def max_pool2d(
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """The largest element of each window of the last two dimensions.

    Args:
        x: `(N, C, H, W)` or `(C, H, W)`, floating where it is padded (with -inf).
        kernel_size: size of a window; one number, or one for rows and one for columns.
        stride: as for `max_pool1d`; likewise.
        padding: likewise.
        dilation: likewise.
        ceil_mode: let the last window reach over the end.

    Returns:
        `(N, C, OH, OW)` or `(C, OH, OW)`, same dtype.

    Raises:
        ValueError: the rank, or no window fits.
    """
    size = pair(kernel_size)
    step = size if stride is None else pair(stride)
    pads = pair(padding)
    gaps = pair(dilation)
    if x.ndim == 3:
        return _max_pool2d(x[None], size, step, pads, gaps, ceil_mode)[0]
    if x.ndim != 4:
        raise ValueError(f"max_pool2d takes (N, C, H, W) or (C, H, W), not shape {x.shape}")
    return _max_pool2d(x, size, step, pads, gaps, ceil_mode)


def _max_pool2d(
    x: np.ndarray,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    ceil_mode: bool,
) -> np.ndarray:
    """`max_pool2d` of a batch."""
    rows = pooled_length(x.shape[2], kernel[0], stride[0], padding[0], dilation[0], ceil_mode)
    columns = pooled_length(x.shape[3], kernel[1], stride[1], padding[1], dilation[1], ceil_mode)
    high = (rows - 1) * stride[0] + 1
    wide = (columns - 1) * stride[1] + 1
    below = max(high + dilation[0] * (kernel[0] - 1) - x.shape[2] - padding[0], 0)
    right = max(wide + dilation[1] * (kernel[1] - 1) - x.shape[3] - padding[1], 0)
    if padding[0] > 0 or padding[1] > 0 or below > 0 or right > 0:
        widths = ((0, 0), (0, 0), (padding[0], below), (padding[1], right))
        x = np.pad(x, widths, mode="constant", constant_values=-np.inf)
    bands = x[:, :, : high : stride[0]]
    for i in range(1, kernel[0]):
        top = i * dilation[0]
        bands = np.maximum(bands, x[:, :, top : top + high : stride[0]])
    y = bands[:, :, :, : wide : stride[1]]
    for j in range(1, kernel[1]):
        left = j * dilation[1]
        y = np.maximum(y, bands[:, :, :, left : left + wide : stride[1]])
    return y


def avg_pool1d(
    x: np.ndarray,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> np.ndarray:
    """The mean of each window of the last dimension.

    Args:
        x: `(N, C, L)` or `(C, L)`, floating.
        kernel_size: size of a window.
        stride: distance of windows; None for `kernel_size`.
        padding: zeros added on both sides, at most half of the kernel.
        ceil_mode: let the last window reach over the end.
        count_include_pad: whether the padding counts in the mean, as zeros.

    Returns:
        `(N, C, M)` or `(C, M)`, same dtype.

    Raises:
        ValueError: the rank, or no window fits.
    """
    step = kernel_size if stride is None else stride
    if x.ndim == 2:
        return _avg_pool1d(x[None], kernel_size, step, padding, ceil_mode, count_include_pad)[0]
    if x.ndim != 3:
        raise ValueError(f"avg_pool1d takes (N, C, L) or (C, L), not shape {x.shape}")
    return _avg_pool1d(x, kernel_size, step, padding, ceil_mode, count_include_pad)


def _avg_pool1d(
    x: np.ndarray,
    kernel: int,
    stride: int,
    padding: int,
    ceil_mode: bool,
    count_include_pad: bool,
) -> np.ndarray:
    """`avg_pool1d` of a batch."""
    count = pooled_length(x.shape[2], kernel, stride, padding, 1, ceil_mode)
    sizes = window_sizes(x.shape[2], count, kernel, stride, padding, count_include_pad)
    reach = (count - 1) * stride + 1
    after = max(reach + kernel - 1 - x.shape[2] - padding, 0)
    if padding > 0 or after > 0:
        x = np.pad(x, ((0, 0), (0, 0), (padding, after)), mode="constant")
    y = x[:, :, :reach:stride]
    for k in range(1, kernel):
        y = y + x[:, :, k : k + reach : stride]
    return y / sizes.astype(x.dtype)


def avg_pool2d(
    x: np.ndarray,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """The mean of each window of the last two dimensions.

    Args:
        x: `(N, C, H, W)` or `(C, H, W)`, floating.
        kernel_size: size of a window; one number, or one for rows and one for columns.
        stride: as for `avg_pool1d`; likewise.
        padding: likewise.
        ceil_mode: let the last window reach over the end.
        count_include_pad: whether the padding counts in the mean, as zeros.
        divisor_override: what to divide each sum by instead.

    Returns:
        `(N, C, OH, OW)` or `(C, OH, OW)`, same dtype.

    Raises:
        ValueError: the rank, or no window fits.
    """
    size = pair(kernel_size)
    step = size if stride is None else pair(stride)
    pads = pair(padding)
    over = 0 if divisor_override is None else divisor_override
    if x.ndim == 3:
        return _avg_pool2d(x[None], size, step, pads, ceil_mode, count_include_pad, over)[0]
    if x.ndim != 4:
        raise ValueError(f"avg_pool2d takes (N, C, H, W) or (C, H, W), not shape {x.shape}")
    return _avg_pool2d(x, size, step, pads, ceil_mode, count_include_pad, over)


def _avg_pool2d(
    x: np.ndarray,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int,
) -> np.ndarray:
    """`avg_pool2d` of a batch; a `divisor` of 0 stands for the window's size."""
    h = x.shape[2]
    w = x.shape[3]
    rows = pooled_length(h, kernel[0], stride[0], padding[0], 1, ceil_mode)
    columns = pooled_length(w, kernel[1], stride[1], padding[1], 1, ceil_mode)
    high = (rows - 1) * stride[0] + 1
    wide = (columns - 1) * stride[1] + 1
    below = max(high + kernel[0] - 1 - h - padding[0], 0)
    right = max(wide + kernel[1] - 1 - w - padding[1], 0)
    if padding[0] > 0 or padding[1] > 0 or below > 0 or right > 0:
        widths = ((0, 0), (0, 0), (padding[0], below), (padding[1], right))
        x = np.pad(x, widths, mode="constant")
    bands = x[:, :, : high : stride[0]]
    for i in range(1, kernel[0]):
        bands = bands + x[:, :, i : i + high : stride[0]]
    y = bands[:, :, :, : wide : stride[1]]
    for j in range(1, kernel[1]):
        y = y + bands[:, :, :, j : j + wide : stride[1]]
    if divisor != 0:
        return y / divisor
    heights = window_sizes(h, rows, kernel[0], stride[0], padding[0], count_include_pad)
    breadths = window_sizes(w, columns, kernel[1], stride[1], padding[1], count_include_pad)
    return y / (heights[:, None] * breadths).astype(x.dtype)


def window_sizes(
    length: int, count: int, kernel: int, stride: int, padding: int, include_pad: bool
) -> np.ndarray:
    """How many elements each window holds: an int64 array `(count,)`.

    What `ceil_mode` adds beyond the padding never counts.
    """
    first = np.arange(count) * stride - padding
    if include_pad:
        return np.minimum(first + kernel, length + padding) - first
    return np.minimum(first + kernel, length) - np.maximum(first, 0)
