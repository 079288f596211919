import numpy as np


def main(n: int, name: str):
    total = n + name
    shape = np.zeroes((2, 3))
    later = total + 1
    if n > 0:
        count = name.uper()
    else:
        count = name
    print(missing)
    return shape, later, count
