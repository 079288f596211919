import numpy as np


def main(x: np.ndarray):
    return np.reshape(x)
