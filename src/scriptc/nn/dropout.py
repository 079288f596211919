"""`Dropout`."""

from typing import ClassVar

import numpy as np

from scriptc.nn import functional
from scriptc.nn.module import Module


class Dropout(Module):
    """Zeros each element with probability `p` in training; nothing in evaluation.

    Draws from NumPy's global generator: `numpy.random.seed` makes runs repeat.

    Args:
        p: between 0 and 1.
        inplace: overwrite the argument.

    Raises:
        ValueError: `p` is no probability.
    """

    __constants__: ClassVar[list[str]] = ["p", "inplace"]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout's p is a probability between 0 and 1, not {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Any shape, which stays."""
        if self.inplace:
            x[...] = functional.dropout(x, self.p, self.training)
            return x
        return functional.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
