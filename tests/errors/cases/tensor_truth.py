import numpy as np


def main():
    x = np.ones((2, 3))
    if x:
        return 1
    return 0
