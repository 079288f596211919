import numpy as np


def main(x: np.ndarray):
    return np.arrange(3) + x
