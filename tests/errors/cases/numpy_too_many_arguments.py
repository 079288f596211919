import numpy as np


def main(x: np.ndarray):
    return np.tanh(x, x, x, x)
