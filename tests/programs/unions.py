"""Variables that hold a number on one way and another number, or an array, on another."""

import numpy as np

from programs.harness import program

X = np.array([1.0, -2.0, 4.0])
F32 = np.array([1.5, 2.5], np.float32)
EMPTY = np.zeros(0)


@program((X, [0.5, 0.25]), (EMPTY, [0.5]), (F32, [2.0]))
def weighted(x, weights: list[float]):
    out = np.zeros(len(x))
    for n in range(len(x)):
        total = 0.0
        for i, weight in enumerate(weights):
            if n - i >= 0:
                total += weight * x[n - i]
        out[n] = total
    return out


@program((X,), (EMPTY,), (F32,), (np.array([2, 3]),))
def accumulated(x):
    total = 0
    for value in x:
        total = total + value
    return total, total / 2, -total, abs(total), float(total), int(total), total == 3, not total


@program((X, True), (X, False), (F32, False))
def chosen(x, first: bool):
    y = 1 if first else x[0]
    z = y * 2 + 1
    return z if z > 2 else y


@program((True,), (False,))
def numbers(whole: bool):
    a = 1 if whole else 2.5
    return a // 1, a + 1, a * a, a - 0.5, a % 2, f"{a:.3f} {a}", max(a, 2), round(a, 1), str(a)


@program(([1.5, 2.0], [3, 4]), ([], []), ([0.5], [2]))
def folded(floats: list[float], ints: list[int]):
    largest = max(floats) if floats else 7
    return sum(floats), sum(ints), max(sum(floats), 3), min(2, 0.5), largest


@program(([X, X], 1.0), ([], 2.0))
def folded_arrays(arrays: list[np.ndarray], y: float):
    return sum(arrays), max(y, np.float64(0.5)), min(X[0], y)


@program((True,), (False,))
def aliases(array: bool):
    z = np.zeros(())
    y = z if array else 0.0
    y += 1
    return z, y


def zero_or_sum(x, nothing: bool):
    if nothing:
        return 0
    return x.sum()


@program((X, True), (X, False))
def returned(x, nothing: bool):
    return zero_or_sum(x, nothing) + 1, zero_or_sum(x, nothing)


@program((7,), (8,), (1,))
def halved(n: int):
    steps = 0
    while n > 1:
        n = n / 2
        steps += 1
    return n, steps


@program((3, True), (3, False))
def overflowing(n: int, whole: bool):
    a = n if whole else 1.5
    for _ in range(20):
        a = a * 2
    return a


@program((X,), (EMPTY,))
def broadcast(x):
    best = -1.0
    for row in range(len(x)):
        best = np.maximum(best, x[row])
    return best, np.sqrt(np.abs(best)), np.stack([x * best, x + best])


@program((X, 0.5), (X, 3.0))
def compared(x, limit: float):
    top = limit
    if x.max() > limit:
        top = x.max()
    while top > 1:
        top = top / 2
    return top, top < 1 and top > 0


@program((True, 0.0), (False, 0.0), (False, 2.0))
def divided(whole: bool, y: float):
    a = 1 if whole else 2.0
    return a / y
