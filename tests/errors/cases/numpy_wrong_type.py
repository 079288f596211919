import numpy as np


def main(name: str, values: dict[str, int]):
    a = np.tanh(name)
    b = np.ones(name)
    c = np.exp(values)
    return a, b, c
