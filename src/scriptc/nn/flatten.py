"""`Flatten`."""

from typing import ClassVar

import numpy as np

from scriptc.nn import functional
from scriptc.nn.module import Module


class Flatten(Module):
    """Makes one dimension of `start_dim` to `end_dim`, both included."""

    __constants__: ClassVar[list[str]] = ["start_dim", "end_dim"]

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The same elements in the same order, a view where NumPy can make one."""
        return functional.flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"
