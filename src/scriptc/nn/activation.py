"""Activation layers: the functions of `functional.activation` as modules."""

from typing import ClassVar

import numpy as np

from scriptc.nn import functional
from scriptc.nn.module import Module


class ReLU(Module):
    """`max(x, 0)`. With `inplace`, the argument is overwritten."""

    __constants__: ClassVar[list[str]] = ["inplace"]

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        return functional.relu(x, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """`x` where it is positive, else `negative_slope * x`."""

    __constants__: ClassVar[list[str]] = ["negative_slope"]

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        return functional.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class GELU(Module):
    """`x` times the normal distribution at `x`.

    Args:
        approximate: `none` (exact) or `tanh`.

    Raises:
        ValueError: `approximate` is neither.
    """

    __constants__: ClassVar[list[str]] = ["approximate"]

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU's approximate is 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays; float32 or float64."""
        return functional.gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """`x * sigmoid(x)`."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        return functional.silu(x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        return functional.tanh(x)


class Sigmoid(Module):
    """`1 / (1 + exp(-x))`."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        return functional.sigmoid(x)


class Softmax(Module):
    """`exp(x)` divided by its sum along `dim`, which must be given."""

    __constants__: ClassVar[list[str]] = ["dim"]

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape with the dimension `dim`, which stays."""
        return functional.softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of `Softmax`."""

    __constants__: ClassVar[list[str]] = ["dim"]

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape with the dimension `dim`, which stays."""
        return functional.log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
