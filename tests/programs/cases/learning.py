"""Linear algebra, differential equations, and learning."""

import numpy as np
from numpy.typing import NDArray

from scriptc import nn

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def gauss(a: Floats, b: Floats) -> Floats:
    """Solve by elimination with pivots; the arguments are kept."""
    a, b = a.astype(float), b.astype(float)
    n = len(b)
    for i in range(n):
        pivot = i + int(np.argmax(np.abs(a[i:, i])))
        if abs(a[pivot, i]) < 1e-12:
            raise ValueError("the matrix is singular")
        if pivot != i:
            a[[i, pivot]] = a[[pivot, i]]
            b[[i, pivot]] = b[[pivot, i]]
        for j in range(i + 1, n):
            factor = a[j, i] / a[i, i]
            a[j, i:] -= factor * a[i, i:]
            b[j] -= factor * b[i]
    x = np.zeros(n)
    for i in range(n - 1, -1, -1):
        x[i] = (b[i] - a[i, i + 1 :] @ x[i + 1 :]) / a[i, i]
    return x


def power_iteration(a: Floats, tolerance: float = 1e-10, limit: int = 1000):
    v = np.ones(a.shape[0]) / np.sqrt(a.shape[0])
    value = 0.0
    for count in range(limit):
        w = a @ v
        norm = np.linalg.norm(w)
        if norm == 0:
            return 0.0, v, count
        w = w / norm
        new_value = float(w @ a @ w)
        if abs(new_value - value) < tolerance:
            return new_value, w, count
        v, value = w, new_value
    else:
        return value, v, limit


def newton(coefficients: list[float], x: float, tolerance: float = 1e-12) -> float:
    for _ in range(50):
        value = slope = 0.0
        for c in coefficients:
            slope = slope * x + value
            value = value * x + c
        if slope == 0:
            raise ZeroDivisionError("flat")
        step = value / slope
        x -= step
        if abs(step) < tolerance:
            return x
    raise ArithmeticError("no convergence")


def logistic_regression(x: Floats, y: Floats, rate: float = 0.5, epochs: int = 20):
    w, b = np.zeros(x.shape[1]), 0.0
    losses: list[float] = []
    for _ in range(epochs):
        p = 1 / (1 + np.exp(-(x @ w + b)))
        losses.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
        error = p - y
        w -= rate * x.T @ error / len(y)
        b -= rate * error.mean()
    return w, b, losses


def confusion(expected: Ints, found: Ints, classes: int) -> Ints:
    matrix = np.zeros((classes, classes), dtype=np.int64)
    for e, f in zip(expected, found):
        matrix[e, f] += 1
    return matrix


def runge_kutta(y: Floats, t: float, end: float, h: float) -> tuple[Floats, int]:
    """A pendulum."""
    steps = 0
    while t < end - 1e-12:
        k1 = pendulum(y)
        k2 = pendulum(y + h / 2 * k1)
        k3 = pendulum(y + h / 2 * k2)
        k4 = pendulum(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
        steps += 1
    return y, steps


def pendulum(y):
    return np.array([y[1], -9.81 * np.sin(y[0]) - 0.1 * y[1]])


def attention(q, k, v, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v


class Generator(nn.Module):
    """A language model of characters that writes until it meets the end."""

    def __init__(self, alphabet: str, hidden: int = 16):
        super().__init__()
        self.alphabet = alphabet
        self.index = {char: i for i, char in enumerate(alphabet)}
        self.embedding = nn.Embedding(len(alphabet), 8)
        self.cells = nn.ModuleList([nn.GRUCell(8, hidden), nn.GRUCell(hidden, hidden)])
        self.head = nn.Linear(hidden, len(alphabet))

    def forward(self, start: str, limit: int = 30) -> tuple[str, int]:
        states = [np.zeros((1, cell.hidden_size), np.float32) for cell in self.cells]
        text = start
        tokens = [self.index[char] for char in start]
        for step in range(limit):
            token = tokens[step] if step < len(tokens) else self.index[text[-1]]
            x = self.embedding(np.array([token]))
            for i, cell in enumerate(self.cells):
                states[i] = cell(x, states[i])
                x = states[i]
            if step < len(tokens) - 1:
                continue
            best = int(self.head(x).argmax(axis=-1)[0])
            if self.alphabet[best] == ".":
                return text, step
            text += self.alphabet[best]
        return text, limit
