import numpy as np


def main(path: str):
    return np.genfromtxt(path)
