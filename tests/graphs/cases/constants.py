import numpy as np

WEIGHTS = np.ones((2, 2))
NAMES = ["a", "b"]
LIMIT = 3


def main(x: np.ndarray):
    """Numbers stand inline; arrays, lists and dicts are held by reference."""
    return x @ WEIGHTS * LIMIT, NAMES[0], (1, 2, LIMIT)
