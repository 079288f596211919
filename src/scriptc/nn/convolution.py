"""`Conv1d` and `Conv2d`."""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn._arguments import pair, single
from scriptc.nn.module import Module

_MODES = ("zeros", "reflect", "replicate", "circular")


def _sides(padding: str | tuple[int, ...], kernel: int, dilation: int, i: int) -> tuple[int, int]:
    """How much to pad before and after dimension `i`."""
    if padding == "valid":
        return (0, 0)
    if isinstance(padding, str):
        total = dilation * (kernel - 1)
        return (total // 2, total - total // 2)
    return (padding[i], padding[i])


class _Conv(Module):
    """What the convolutions share: checks, parameters, printing."""

    weight: np.ndarray
    bias: np.ndarray | None

    __constants__: ClassVar[list[str]] = [
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
        "in_channels",
        "out_channels",
        "kernel_size",
        "_pad_first",
        "_pads",
    ]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: str | tuple[int, ...],
        dilation: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: DTypeLike,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        if padding_mode not in _MODES:
            raise ValueError(f"{name}: padding_mode is one of {_MODES}, not {padding_mode!r}")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"{name}: padding is 'same', 'valid' or ints, not {padding!r}")
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(f"{name}: padding='same' needs stride 1, not {stride}")
        elif any(pad < 0 for pad in padding):
            raise ValueError(f"{name}: padding cannot be negative, got {padding}")
        if any(n < 1 for n in (*kernel_size, *stride, *dilation)):
            raise ValueError(f"{name}: kernel_size, stride and dilation are positive")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        self.padding_mode = padding_mode
        sides = [_sides(padding, k, dilation[i], i) for i, k in enumerate(kernel_size)]
        # The convolution itself pads both sides alike, with zeros.
        self._pad_first = padding_mode != "zeros" or any(a != b for a, b in sides)
        if all(a == 0 and b == 0 for a, b in sides):
            self._pad_first = False
        self._sides = sides
        shape = (out_channels, in_channels // groups, *kernel_size)
        self.register_parameter("weight", np.empty(shape, dtype))
        self.register_parameter("bias", np.empty(out_channels, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew: uniform within `1 / sqrt(fan_in)` of zero."""
        init.affine_(self.weight, self.bias)

    def extra_repr(self) -> str:
        stride, padding, dilation = self.stride, self.padding, self.dilation
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={stride}"
        if isinstance(padding, str) or any(padding):
            text += f", padding={padding}"
        if any(gap != 1 for gap in dilation):
            text += f", dilation={dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv1d(_Conv):
    """Convolution over the last dimension of `(N, C, L)` or `(C, L)`.

    Args:
        in_channels, out_channels: sizes of the channel dimension.
        kernel_size, stride, dilation: positive.
        padding: how much on both sides, or `same` (output as long as the input)
            or `valid` (none).
        groups: how many blocks the channels split into.
        bias: whether there is one.
        padding_mode: `zeros`, `reflect`, `replicate` or `circular`.
        dtype: of the parameters.

    Raises:
        ValueError: arguments that do not go together.

    State: `weight` `(out_channels, in_channels // groups, kernel_size)`, `bias`
    `(out_channels,)`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int],
        stride: int | tuple[int] = 1,
        padding: str | int | tuple[int] = 0,
        dilation: int | tuple[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        size = single(kernel_size, "Conv1d: kernel_size")
        step = single(stride, "Conv1d: stride")
        gap = single(dilation, "Conv1d: dilation")
        pads = padding if isinstance(padding, str) else single(padding, "Conv1d: padding")
        super().__init__(
            in_channels, out_channels, size, step, pads, gap, groups, bias, padding_mode, dtype
        )
        self.kernel_size = size
        self.stride = step
        self.dilation = gap
        self.padding = pads
        self._pads = self._sides[0]

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, L)` to `(N, O, M)`, or `(C, L)` to `(O, M)`."""
        if x.ndim == 2:
            return self._convolve(x[None])[0]
        if x.ndim != 3:
            raise ValueError(f"Conv1d takes (N, C, L) or (C, L), not shape {x.shape}")
        return self._convolve(x)

    def _convolve(self, x: np.ndarray) -> np.ndarray:
        """`forward` of a batch."""
        pad = self._pads[0]
        if self._pad_first:
            x = functional.pad1d(x, self._pads[0], self._pads[1], self.padding_mode)
            pad = 0
        return functional.conv1d(
            x, self.weight, self.bias, self.stride[0], pad, self.dilation[0], self.groups
        )


class Conv2d(_Conv):
    """Convolution over the last two dimensions of `(N, C, H, W)` or `(C, H, W)`.

    Args:
        in_channels, out_channels: sizes of the channel dimension.
        kernel_size, stride, dilation: positive; one number, or one for rows and
            one for columns.
        padding: how much on both sides, or `same` (output as large as the
            input) or `valid` (none).
        groups: how many blocks the channels split into.
        bias: whether there is one.
        padding_mode: `zeros`, `reflect`, `replicate` or `circular`.
        dtype: of the parameters.

    Raises:
        ValueError: arguments that do not go together.

    State: `weight` `(out_channels, in_channels // groups, *kernel_size)`, `bias`
    `(out_channels,)`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: str | int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        size = pair(kernel_size, "Conv2d: kernel_size")
        step = pair(stride, "Conv2d: stride")
        gap = pair(dilation, "Conv2d: dilation")
        pads = padding if isinstance(padding, str) else pair(padding, "Conv2d: padding")
        super().__init__(
            in_channels, out_channels, size, step, pads, gap, groups, bias, padding_mode, dtype
        )
        self.kernel_size = size
        self.stride = step
        self.dilation = gap
        self.padding = pads
        self._pads = (self._sides[0], self._sides[1])

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, H, W)` to `(N, O, OH, OW)`, or the same without `N`."""
        if x.ndim == 3:
            return self._convolve(x[None])[0]
        if x.ndim != 4:
            raise ValueError(f"Conv2d takes (N, C, H, W) or (C, H, W), not shape {x.shape}")
        return self._convolve(x)

    def _convolve(self, x: np.ndarray) -> np.ndarray:
        """`forward` of a batch."""
        pads = (self._pads[0][0], self._pads[1][0])
        if self._pad_first:
            x = functional.pad2d(x, self._pads[0], self._pads[1], self.padding_mode)
            pads = (0, 0)
        return functional.conv2d(
            x, self.weight, self.bias, self.stride, pads, self.dilation, self.groups
        )
