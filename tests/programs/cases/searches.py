"""Backtracking, dynamic programming, graphs and numbers, in loops over integers."""

import math

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def queens(n: int) -> list[list[int]]:
    """All ways to put n queens on a board, by backtracking without recursion."""
    solutions: list[list[int]] = []
    columns = [-1] * n
    row = 0
    while row >= 0:
        columns[row] += 1
        while columns[row] < n and any(
            columns[r] == columns[row] or abs(columns[r] - columns[row]) == row - r
            for r in range(row)
        ):
            columns[row] += 1
        if columns[row] >= n:
            columns[row] = -1
            row -= 1
        elif row == n - 1:
            solutions.append(columns.copy())
        else:
            row += 1
    return solutions


def fits(grid: Ints, row: int, column: int, digit: int) -> bool:
    top, left = row // 3 * 3, column // 3 * 3
    block = grid[top : top + 3, left : left + 3]
    return not (
        np.any(grid[row] == digit) or np.any(grid[:, column] == digit) or (block == digit).any()
    )


def sudoku(grid: Ints) -> tuple[Ints, int]:
    """Solve in place; the number is how many digits were tried."""
    free = [(r, c) for r in range(9) for c in range(9) if grid[r, c] == 0]
    position = tried = 0
    while position < len(free):
        row, column = free[position]
        digit = grid[row, column] + 1
        grid[row, column] = 0
        while digit <= 9 and not fits(grid, row, column, digit):
            digit += 1
            tried += 1
        if digit <= 9:
            grid[row, column] = digit
            position += 1
            continue
        position -= 1
        if position < 0:
            raise ValueError("no solution")
    return grid, tried


def primes(n: int) -> list[int]:
    sieve = [True] * (n + 1)
    sieve[0:2] = [False, False]
    for i in range(2, int(math.sqrt(n)) + 1):
        if sieve[i]:
            for j in range(i * i, n + 1, i):
                sieve[j] = False
    return [i for i, prime in enumerate(sieve) if prime]


def primes_in_numpy(n: int) -> Ints:
    sieve = np.ones(n + 1, dtype=bool)
    sieve[:2] = False
    for i in range(2, math.isqrt(n) + 1):
        if sieve[i]:
            sieve[i * i :: i] = False
    return np.nonzero(sieve)[0]


def knapsack(weights: list[int], values: list[int], capacity: int) -> tuple[int, list[int]]:
    best = [[0] * (capacity + 1) for _ in range(len(weights) + 1)]
    for i, (weight, value) in enumerate(zip(weights, values)):
        for c in range(capacity + 1):
            best[i + 1][c] = best[i][c]
            if weight <= c and best[i][c - weight] + value > best[i + 1][c]:
                best[i + 1][c] = best[i][c - weight] + value
    chosen: list[int] = []
    c = capacity
    for i in reversed(range(len(weights))):
        if best[i + 1][c] != best[i][c]:
            chosen.append(i)
            c -= weights[i]
    return best[-1][-1], chosen[::-1]


def dijkstra(graph: dict[str, dict[str, float]], source: str) -> dict[str, float]:
    distance = {node: math.inf for node in graph}
    distance[source] = 0.0
    todo = list(graph)
    while todo:
        nearest = todo[0]
        for node in todo:
            if distance[node] < distance[nearest]:
                nearest = node
        todo.remove(nearest)
        for node, length in graph[nearest].items():
            distance[node] = min(distance[node], distance[nearest] + length)
    return distance


def breadth_first(maze: list[str], start: tuple[int, int], goal: tuple[int, int]) -> int | None:
    queue = [(start, 0)]
    seen = {start: True}
    while queue:
        (row, column), steps = queue.pop(0)
        if (row, column) == goal:
            return steps
        for dr, dc in [(0, 1), (1, 0), (0, -1), (-1, 0)]:
            place = (row + dr, column + dc)
            inside = 0 <= place[0] < len(maze) and 0 <= place[1] < len(maze[0])
            if inside and maze[place[0]][place[1]] != "#" and place not in seen:
                seen[place] = True
                queue.append((place, steps + 1))
    return None


def quicksort(values: list[float]) -> list[float]:
    values = values[:]
    todo = [(0, len(values) - 1)]
    while todo:
        low, high = todo.pop()
        if low >= high:
            continue
        pivot, i = values[high], low
        for j in range(low, high):
            if values[j] < pivot:
                values[i], values[j] = values[j], values[i]
                i += 1
        values[i], values[high] = values[high], values[i]
        todo.append((low, i - 1))
        todo.append((i + 1, high))
    return values


def gcd_and_bezout(a: int, b: int) -> tuple[int, int, int]:
    x, y, u, v = 1, 0, 0, 1
    while b:
        q, r = divmod(a, b)
        a, b, x, y, u, v = b, r, u, v, x - q * u, y - q * v
    return a, x, y


def mandelbrot(height: int, width: int, limit: int) -> Ints:
    ys, xs = np.linspace(-1.2, 1.2, height), np.linspace(-2.0, 0.8, width)
    c = xs[None, :] + 1j * ys[:, None]
    z = np.zeros(c.shape, dtype=complex)
    count = np.zeros(c.shape, dtype=np.int64)
    for _ in range(limit):
        inside = np.abs(z) <= 2
        if not inside.any():
            break
        z[inside] = z[inside] ** 2 + c[inside]
        count[inside] += 1
    return count


PUZZLE = (
    "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
)
