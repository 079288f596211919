import numpy as np


def main(x: np.ndarray):
    return np.expand_dims(x, axsi=0)
