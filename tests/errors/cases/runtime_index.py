def pick(xs, i):
    return xs[i]


def main(xs: list[int], i: int):
    total = 0
    for k in range(3):
        total += pick(xs, i + k)
    return total


CALL = ([1, 2, 3], 1)
