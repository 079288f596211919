"""`Linear` and `Identity`."""

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module


class Linear(Module):
    """`x @ weight.T + bias`: `(..., in_features)` to `(..., out_features)`.

    Args:
        in_features, out_features: sizes of the last dimension.
        bias: whether there is one.
        dtype: of the parameters.

    State: `weight` `(out_features, in_features)` and `bias` `(out_features,)`,
    both uniform within `1 / sqrt(in_features)` of zero.
    """

    weight: np.ndarray
    bias: np.ndarray | None

    __constants__: ClassVar[list[str]] = ["in_features", "out_features"]

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.register_parameter("weight", np.empty((out_features, in_features), dtype))
        self.register_parameter("bias", np.empty(out_features, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        init.affine_(self.weight, self.bias)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(..., in_features)` to `(..., out_features)`."""
        return functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """Returns its argument. Takes and ignores any arguments at construction."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__()

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`x` itself."""
        return x
