import numpy as np


def main(x: np.ndarray, mask: np.ndarray | None, n: int | None):
    """A test narrows the type where it holds."""
    if mask is not None:
        x = x * mask
    if n is None:
        n = 1
    return x + n
