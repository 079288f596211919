"""Modules whose attributes change: what a test shows holds no longer than it is true."""

from __future__ import annotations

import numpy as np

from scriptc import nn


class Cleared(nn.Module):
    """A method between the test and the use takes the value away."""

    def __init__(self):
        super().__init__()
        self.h = None

    def clear(self):
        self.h = None

    def forward(self, x, clear: bool):
        if self.h is None:
            self.h = x
        kept = self.h
        if clear:
            self.clear()
        if self.h is None:
            return kept * 2, "cleared"
        return self.h + kept, "kept"


class InLoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.best: float | None = None
        self.count: int | None = 0

    def step(self, value: float):
        if self.best is None or value > self.best:
            self.best = value
        if value < 0:
            self.best = None

    def forward(self, values: list[float]):
        seen = []
        for value in values:
            self.step(value)
            if self.best is not None:
                seen.append(self.best)
            else:
                seen.append(-1.0)
        while self.count is not None:
            self.count = self.count + 1
            if self.count > 3:
                self.count = None
        return seen, self.best


class Child(nn.Module):
    def __init__(self):
        super().__init__()
        self.total = 0.0
        self.cache: np.ndarray | None = None

    def forward(self, x):
        self.total += 1.5
        if self.cache is None:
            self.cache = x.copy()
        else:
            self.cache += x
        return self.cache


class Parent(nn.Module):
    """Reads and assigns attributes of submodules, and shares arrays with them."""

    def __init__(self):
        super().__init__()
        self.child = Child()
        self.other = Child()
        self.steps = [0]
        self.table = {"calls": 0}

    def forward(self, x):
        y = self.child(x)
        if self.other.cache is None:
            self.other.cache = y
        z = self.other(x)
        self.child.total = self.child.total + self.other.total
        self.steps.append(len(self.steps))
        self.table["calls"] += 1
        child = self.child
        if child.cache is not None and self.child.cache is not None:
            z = z + child.cache + self.child.cache
        return y, z, self.child.total, self.steps, self.table


class WithProperties(nn.Module):
    def __init__(self):
        super().__init__()
        self._scale = 2.0
        self.reads = 0

    @property
    def scale(self):
        self.reads += 1
        return self._scale

    @scale.setter
    def scale(self, value: float):
        self._scale = value * 2

    def forward(self, x):
        self.scale = 3.0
        self.scale += 1.0
        return x * self.scale, self.reads


class Buffers(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", np.zeros(3))
        self.register_buffer("steps", np.array(0))
        self.weight = nn.Parameter(np.ones(3))

    def forward(self, x):
        if self.training:
            self.mean = self.mean * 0.5 + x * 0.5
            self.steps += 1
        self.mean[0] = 7
        return (x - self.mean) * self.weight, self.steps


class NewAttributes(nn.Module):
    def forward(self, x, n: int):
        self.last = x
        self.size = n
        if n > 1:
            self.size = n * 2
        for i in range(n):
            self.size += i
        self.label = f"{n}"
        return self.last + self.size, self.label


class Shared(nn.Module):
    """One array under two names, and a list that both hold."""

    def __init__(self):
        super().__init__()
        self.a = np.zeros(3)
        self.b = self.a
        self.rows = [self.a]
        self.alias = self.rows

    def forward(self, x):
        self.a += x
        self.rows.append(x)
        self.b = self.b * 1.0
        self.a += 1
        return self.a, self.b, self.rows[0], len(self.alias)


class Delegates(nn.Module):
    """Calls with attributes of `self` as arguments, keywords and defaults."""

    def __init__(self, n=3):
        super().__init__()
        self.n = n
        self.sizes = (1, 2, 3)
        self.names = ["a", "b"]

    def scaled(self, x, by=2.0, *, plus: float = 0.0):
        return x * by + plus

    def twice(self, x, n):
        return self.scaled(self.scaled(x, n), plus=1.0)

    def forward(self, x):
        total = x * 0
        for size in self.sizes:
            total = total + self.twice(x, size)
        for name in self.names:
            if name == "b":
                return total, name
        return total, "none"
