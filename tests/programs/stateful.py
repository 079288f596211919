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


class FirstIsKept(nn.Module):
    """Attributes that are None until a call has something to keep in them."""

    best = None

    def __init__(self):
        super().__init__()
        self.h = None
        self.register_buffer("total", None)
        self.cache = nn.Buffer(np.zeros(3), persistent=False)

    def forward(self, x):
        if self.h is None:
            self.h = x
        else:
            self.h = self.h + x
        total = self.total
        if total is None:
            self.total = x.sum()
        else:
            self.total = total + x.sum()
        if self.best is None or x.max() > self.best:
            self.best = x.max()
        self.cache = self.cache * 0.5 + self.h
        return self.h, self.total, self.best, self.cache


class ClassValues(nn.Module):
    """What the class holds is what instances start from."""

    count = 0
    rate: float = 0.5
    last: np.ndarray | None = None
    name = None
    scale = np.array([1.0, 2.0, 3.0])

    def seen(self):
        return self.count

    def forward(self, x):
        before = self.seen()
        self.count += 1
        if self.last is not None:
            x = x * self.rate + self.last
        self.last = x
        if self.count == 2:
            self.scale = self.scale + 1
        return x * self.scale, before, self.seen(), self.name is None


class PlainValues(nn.Module):
    """Attributes of every plain type, assigned in each call."""

    def __init__(self):
        super().__init__()
        self.number = 0.0
        self.count = 0
        self.flag = False
        self.text = "a"
        self.pair = (0, 1)
        self.rows = [0]
        self.table = {"a": 1}
        self.scalar = np.float32(2)
        self.emptied = np.ones(2)
        self.scalar_first = np.float64(0)

    def forward(self, x):
        self.number += 0.5
        self.count += 1
        self.flag = not self.flag
        self.text = self.text + "b"
        self.pair = (self.count, self.pair[0])
        self.rows.append(self.count)
        self.table[self.text] = self.count
        self.scalar = self.scalar * x.sum()
        self.scalar_first = x
        if self.emptied is None:
            self.emptied = x
        else:
            self.emptied = None
        return self.number, self.count, self.flag, self.text, self.pair, self.scalar


class Made(nn.Module):
    """Attributes that the first call makes: an array registers a buffer, a NumPy scalar does not."""

    def forward(self, x):
        self.last = x
        self.size = x.sum()
        self.length = len(x)
        return self.last * self.size


class Leaf(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = None
        self.k = 0
        self.weight = nn.Parameter(np.arange(3.0))
        self.register_buffer("running", np.zeros(3))

    def forward(self, x):
        self.k += 1
        self.running = self.running * 0.5 + x
        return self.running * self.weight


class Family(nn.Module):
    """A submodule under two names, tied parameters, attributes that the parent assigns."""

    def __init__(self):
        super().__init__()
        self.first = Leaf()
        self.again = self.first
        self.other = Leaf()
        self.other.weight = self.first.weight

    def forward(self, x):
        self.first.h = x
        self.other.k = self.again.k + 5
        self.again.running += 1
        self.first.running = self.other(x)
        self.other.running = self.first.running.sum() + self.other.running
        return self.first(x), self.again(x), self.other.k, self.again.h
