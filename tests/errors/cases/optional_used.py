import numpy as np


def main(x: np.ndarray | None, name: str | None, n: int | None):
    a = x + 1
    b = name.upper()
    c = n + 1
    d = np.tanh(x)
    for part in name:
        print(part)
    return a, b, c, d
