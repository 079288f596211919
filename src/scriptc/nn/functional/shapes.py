"""Reshaping, and arguments that are an int or a pair."""

import numpy as np


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """`(value, value)` for an int; a pair as it is."""
    if isinstance(value, int):
        return (value, value)
    return value


def flatten(x: np.ndarray, start_dim: int = 0, end_dim: int = -1) -> np.ndarray:
    """Makes one dimension of `start_dim` to `end_dim`, both included.

    Raises:
        ValueError: `start_dim` comes after `end_dim`.
    """
    first = start_dim if start_dim >= 0 else start_dim + x.ndim
    last = end_dim if end_dim >= 0 else end_dim + x.ndim
    if first > last or last >= x.ndim:
        raise ValueError(f"cannot flatten {start_dim} to {end_dim} of shape {x.shape}")
    size = 1
    for length in x.shape[first : last + 1]:
        size = size * length
    shape = x.shape[:first] + (size,) + x.shape[last + 1 :]  # noqa: RUF005 - scripts have no star
    return x.reshape(shape)
