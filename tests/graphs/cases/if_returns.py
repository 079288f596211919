import numpy as np


def main(x: np.ndarray, n: int):
    """One side leaves: what follows belongs to the other."""
    if n < 0:
        return x
    if n > 10:
        raise ValueError(f"too many: {n}")
    return x * n
