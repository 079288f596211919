import numpy as np


def main(x: np.ndarray, n: int):
    total = x
    for i in range(1, n, 2):
        total = total + x * i
    return total
