import numpy as np


def main(x: np.ndarray):
    return x.astype("floaty32")
