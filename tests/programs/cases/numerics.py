"""Clusters, boxes, filters, ranks, and the game of life."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def kmeans(points: Floats, centers: Floats, limit: int = 50):
    for iteration in range(limit):
        distances = ((points[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2)
        labels = distances.argmin(axis=1)
        moved = centers.copy()
        for k in range(centers.shape[0]):
            members = points[labels == k]
            if len(members) > 0:
                moved[k] = members.mean(axis=0)
        if np.allclose(moved, centers):
            return moved, labels, iteration
        centers = moved
    raise RuntimeError(f"no convergence in {limit} rounds")


def nms(boxes: NDArray[np.float32], scores: NDArray[np.float32], threshold: float) -> list[int]:
    """Keep the best box of each heap of overlapping ones."""
    x1, y1, x2, y2 = boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]
    areas = (x2 - x1) * (y2 - y1)
    order = scores.argsort()[::-1]
    keep = []
    while order.size > 0:
        i = order[0]
        keep.append(int(i))
        w = np.maximum(0.0, np.minimum(x2[i], x2[order[1:]]) - np.maximum(x1[i], x1[order[1:]]))
        h = np.maximum(0.0, np.minimum(y2[i], y2[order[1:]]) - np.maximum(y1[i], y1[order[1:]]))
        overlap = w * h
        union = areas[i] + areas[order[1:]] - overlap
        order = order[np.where(overlap / union <= threshold)[0] + 1]
    return keep


class Kalman:
    """A filter for position and velocity; `step` changes its state."""

    def __init__(self, dt: float, noise: float):
        self.F = np.array([[1.0, dt], [0.0, 1.0]])
        self.H = np.array([[1.0, 0.0]])
        self.Q = np.eye(2) * 0.01
        self.R = np.array([[noise]])
        self.x = np.zeros((2, 1))
        self.P = np.eye(2)
        self.steps = 0

    def predict(self):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q

    def update(self, z):
        y = z - self.H @ self.x
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        self.x = self.x + K @ y
        self.P = (np.eye(2) - K @ self.H) @ self.P

    def step(self, z):
        self.predict()
        self.update(z)
        self.steps += 1
        return self.x[0, 0], self.steps


def moving_average(x: Floats, window: int = 3) -> Floats:
    if window < 1:
        raise ValueError(f"window must be positive, got {window}")
    total = np.cumsum(x, dtype=float)
    total[window:] = total[window:] - total[:-window]
    return total[window - 1 :] / window


def exponential_average(values: list[float], alpha: float) -> list[float]:
    out: list[float] = []
    for value in values:
        out.append(value if not out else alpha * value + (1 - alpha) * out[-1])
    return out


def pagerank(links: dict[str, list[str]], damping: float = 0.85, tol: float = 1e-9):
    names = sorted(links)
    index = {name: i for i, name in enumerate(names)}
    n = len(names)
    matrix = np.zeros((n, n))
    for name, targets in links.items():
        if not targets:
            matrix[:, index[name]] = 1.0 / n
        for target in targets:
            matrix[index[target], index[name]] += 1.0 / len(targets)
    rank = np.full(n, 1.0 / n)
    rounds = 0
    while True:
        rounds += 1
        following = (1 - damping) / n + damping * matrix @ rank
        if np.abs(following - rank).sum() < tol:
            break
        rank = following
    return {name: float(rank[index[name]]) for name in names}, rounds


def life(board: NDArray[np.uint8], generations: int) -> NDArray[np.uint8]:
    for _ in range(generations):
        around = np.zeros(board.shape, dtype=np.int64)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if dy or dx:
                    around += np.roll(np.roll(board, dy, axis=0), dx, axis=1)
        board = ((around == 3) | ((board == 1) & (around == 2))).astype(np.uint8)
    return board
