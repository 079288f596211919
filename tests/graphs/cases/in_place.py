import numpy as np


def main(x: np.ndarray, y: np.ndarray):
    """`+=` on an array changes it for all who hold it; on a number it makes another."""
    z = x
    z += y
    n = 1
    n += 2
    x[0] *= n
    return z
