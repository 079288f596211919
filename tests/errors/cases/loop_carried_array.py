import numpy as np


def main(x: np.ndarray):
    total = 0
    for row in x:
        total = total + row
    return total
