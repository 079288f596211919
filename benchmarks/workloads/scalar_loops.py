"""Loops over Python's own numbers."""

from __future__ import annotations

import numpy as np

from workloads.workload import Workload


def mandelbrot(width: int, height: int, limit: int) -> np.ndarray:
    """Return for each point of the usual window after how many steps it leaves the circle."""
    counts = np.zeros((height, width), np.int64)
    for row in range(height):
        for column in range(width):
            a = -2.0 + 2.5 * column / width
            b = -1.25 + 2.5 * row / height
            x = 0.0
            y = 0.0
            n = 0
            while n < limit and x * x + y * y <= 4.0:
                x, y = x * x - y * y + a, 2.0 * x * y + b
                n += 1
            counts[row, column] = n
    return counts


def collatz(limit: int) -> tuple[int, int]:
    """Return the number below `limit` with the longest Collatz sequence, and how long that is."""
    best = 0
    longest = 0
    for start in range(1, limit):
        n = start
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        if steps > longest:
            best = start
            longest = steps
    return best, longest


WORKLOADS = [
    Workload(
        "mandelbrot",
        lambda: mandelbrot,
        lambda seed: (200, 150, 100),
        lambda seed: (20, 15, 30),
        aim=1.1,
    ),
    Workload("collatz", lambda: collatz, lambda seed: (50_000,), lambda seed: (300,), aim=1.1),
]
