"""`Embedding`."""

from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module


class Embedding(Module):
    """A table of vectors, looked up by integers.

    Args:
        num_embeddings: rows of the table.
        embedding_dim: width of the table.
        padding_idx: the row that starts as zeros, counted from the end where it
            is negative.
        dtype: of the table.

    Raises:
        ValueError: `padding_idx` is no row.

    State: `weight` `(num_embeddings, embedding_dim)`, normal.
    """

    weight: np.ndarray

    __constants__: ClassVar[list[str]] = ["num_embeddings", "embedding_dim", "padding_idx"]

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise ValueError(
                    f"padding_idx {padding_idx} is no row of an Embedding of {num_embeddings}"
                )
            padding_idx = padding_idx % num_embeddings
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx
        self.register_parameter("weight", np.empty((num_embeddings, embedding_dim), dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight[self.padding_idx] = 0

    @classmethod
    def from_pretrained(cls, embeddings: ArrayLike, padding_idx: int | None = None) -> Self:
        """A layer whose table is `embeddings`, not copied if it is an array.

        Raises:
            ValueError: it has not two dimensions.
        """
        table = np.asarray(embeddings)
        if table.ndim != 2:
            raise ValueError(f"a table of embeddings has 2 dimensions, not {table.ndim}")
        layer = cls(table.shape[0], 0, padding_idx, dtype=table.dtype)
        layer.embedding_dim = table.shape[1]
        layer.weight = table
        return layer

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Integers of any shape to `(*x.shape, embedding_dim)`."""
        return functional.embedding(x, self.weight)

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text
