"""Random zeros."""

import numpy as np


def dropout(x: np.ndarray, p: float = 0.5, training: bool = True) -> np.ndarray:
    """Sets each element to zero with probability `p` and scales the rest by `1 / (1 - p)`.

    Draws from NumPy's global generator (`numpy.random.seed`). Without
    `training`, `x` itself.
    """
    if not training or p == 0.0:
        return x
    if p == 1.0:
        return np.zeros_like(x)
    keep = np.random.random(x.shape) >= p  # noqa: NPY002 - a script holds no generator
    return np.where(keep, x / (1.0 - p), 0.0)
