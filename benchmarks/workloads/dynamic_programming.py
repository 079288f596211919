"""Tables filled step by step: the edit distance of two texts, the best path through states."""

from __future__ import annotations

import numpy as np

from workloads.workload import Workload


def levenshtein(a: list[int], b: list[int]) -> int:
    """Return how many insertions, deletions and changes make one sequence of the other."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        table[i][0] = i
    for j in range(len(b) + 1):
        table[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            change = table[i - 1][j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, change)
    return table[len(a)][len(b)]


def viterbi(
    start: np.ndarray, transitions: np.ndarray, emissions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the likeliest states over time, and the logarithm of their likelihood."""
    steps = emissions.shape[0]
    before = np.zeros(emissions.shape, np.int64)
    score = start + emissions[0]
    for t in range(1, steps):
        candidates = score[:, None] + transitions
        before[t] = candidates.argmax(axis=0)
        score = candidates.max(axis=0) + emissions[t]
    path = np.zeros(steps, np.int64)
    path[steps - 1] = score.argmax()
    for t in range(steps - 1, 0, -1):
        path[t - 1] = before[t, path[t]]
    return path, score.max()


def _texts(length: int, seed: int) -> tuple[list[int], list[int]]:
    draw = np.random.default_rng(seed)
    first = draw.integers(0, 26, length).tolist()
    second = draw.integers(0, 26, length + 5).tolist()
    return first, second


def _model(steps: int, states: int, seed: int) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)

    def logarithms(*shape: int) -> np.ndarray:
        chances = draw.random(shape, np.float32) + np.float32(0.01)
        return np.log(chances / chances.sum(axis=-1, keepdims=True))

    return logarithms(states), logarithms(states, states), logarithms(steps, states)


WORKLOADS = [
    Workload(
        "levenshtein",
        lambda: levenshtein,
        lambda seed: _texts(200, seed),
        lambda seed: _texts(15, seed),
        aim=1.5,
    ),
    Workload(
        "viterbi",
        lambda: viterbi,
        lambda seed: _model(100, 16, seed),
        lambda seed: _model(9, 5, seed),
        aim=1.5,
    ),
]
