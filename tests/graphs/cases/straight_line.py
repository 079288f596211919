import numpy as np


def main(x: np.ndarray, y: np.ndarray):
    """Straight-line code: one operation after the other."""
    z = np.tanh(x @ y) * 2 + 1
    return z, z.T
