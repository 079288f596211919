"""`MaxPool1d`, `MaxPool2d`, `AvgPool1d` and `AvgPool2d`."""

from typing import ClassVar

import numpy as np

from scriptc.nn import functional
from scriptc.nn._arguments import pair, single
from scriptc.nn.module import Module


class _MaxPool(Module):
    """What the maximum poolings share: printing as given."""

    __constants__: ClassVar[list[str]] = [
        "_kernel",
        "_stride",
        "_padding",
        "_dilation",
        "ceil_mode",
    ]

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        if return_indices:
            raise NotImplementedError(f"{type(self).__name__} does not return indices")
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window of the last dimension.

    Args:
        kernel_size: size of a window.
        stride: distance of windows; None for `kernel_size`.
        padding: -inf added on both sides, at most half of the kernel.
        dilation: distance of the elements of a window.
        return_indices: must be false.
        ceil_mode: let the last window reach over the end.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, return_indices, ceil_mode)
        self._kernel = single(kernel_size, "MaxPool1d: kernel_size")[0]
        self._stride = single(self.stride, "MaxPool1d: stride")[0]
        self._padding = single(padding, "MaxPool1d: padding")[0]
        self._dilation = single(dilation, "MaxPool1d: dilation")[0]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, L)` to `(N, C, M)`, or `(C, L)` to `(C, M)`."""
        return functional.max_pool1d(
            x, self._kernel, self._stride, self._padding, self._dilation, self.ceil_mode
        )


class MaxPool2d(_MaxPool):
    """The largest element of each window of the last two dimensions.

    Args:
        kernel_size, stride, padding, dilation, return_indices, ceil_mode: as for
            `MaxPool1d`; sizes are one number, or one for rows and one for columns.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation, return_indices, ceil_mode)
        self._kernel = pair(kernel_size, "MaxPool2d: kernel_size")
        self._stride = pair(self.stride, "MaxPool2d: stride")
        self._padding = pair(padding, "MaxPool2d: padding")
        self._dilation = pair(dilation, "MaxPool2d: dilation")

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, H, W)` to `(N, C, OH, OW)`, or the same without `N`."""
        return functional.max_pool2d(
            x, self._kernel, self._stride, self._padding, self._dilation, self.ceil_mode
        )


class AvgPool1d(Module):
    """The mean of each window of the last dimension.

    Args:
        kernel_size: size of a window.
        stride: distance of windows; None for `kernel_size`.
        padding: zeros added on both sides, at most half of the kernel.
        ceil_mode: let the last window reach over the end.
        count_include_pad: whether the padding counts in the mean.
    """

    __constants__: ClassVar[list[str]] = [
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
    ]

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = single(kernel_size, "AvgPool1d: kernel_size")
        self.stride = self.kernel_size if stride is None else single(stride, "AvgPool1d: stride")
        self.padding = single(padding, "AvgPool1d: padding")
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, L)` to `(N, C, M)`, or `(C, L)` to `(C, M)`."""
        return functional.avg_pool1d(
            x,
            self.kernel_size[0],
            self.stride[0],
            self.padding[0],
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """The mean of each window of the last two dimensions.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad: as for
            `AvgPool1d`; sizes are one number, or one for rows and one for columns.
        divisor_override: what to divide the sums by instead of the window's size.
    """

    __constants__: ClassVar[list[str]] = [
        "_kernel",
        "_stride",
        "_padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    ]

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | tuple[int, ...] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        if divisor_override == 0:
            raise ValueError("AvgPool2d: divisor_override cannot be 0")
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override
        self._kernel = pair(kernel_size, "AvgPool2d: kernel_size")
        self._stride = pair(self.stride, "AvgPool2d: stride")
        self._padding = pair(padding, "AvgPool2d: padding")

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, H, W)` to `(N, C, OH, OW)`, or the same without `N`."""
        return functional.avg_pool2d(
            x,
            self._kernel,
            self._stride,
            self._padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
