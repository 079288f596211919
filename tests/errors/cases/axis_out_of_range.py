import numpy as np


def main():
    a = np.ones((3, 4))
    return np.flip(a, axis=2)
