"""Methods, attributes, modules, properties, inheritance: objects run plain and scripted."""

import functools

import numpy as np

from scriptc import nn


class Counter:
    """A plain object with state."""

    step = 2
    LABELS = ("even", "odd")

    def __init__(self, start):
        self.count = start
        self.log = []
        self.seen = {}

    def bump(self, by: int = 1):
        self.count += by * self.step
        self.log.append(self.count)
        self.seen[str(self.count)] = by
        return self.LABELS[self.count % 2], self.half, self.twice(self.count), self.describe("x")

    @property
    def half(self):
        return self.count / 2

    @staticmethod
    def twice(x):
        return x * 2

    @classmethod
    def make(cls, n):
        return n + 1

    def describe(self, prefix: str, *, suffix: str = "!"):
        return f"{prefix}{self.count}{suffix}"


class Lazy(nn.Module):
    """Keeps a state that the first call makes."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.h = None
        self.calls = 0

    def forward(self, x):
        if self.h is None:
            self.h = np.zeros_like(x)
        self.h = self.h + self.linear(x)
        self.calls += 1
        self.last = x
        return self.h * 2


class LazyOtherWays(nn.Module):
    def __init__(self):
        super().__init__()
        self.h = None
        self.best: float | None = None
        self.history = []

    def remember(self, x):
        self.history.append(x)

    def reset(self):
        self.h = None

    def forward(self, x, reset: bool = False):
        if reset:
            self.reset()
        if self.h is not None and self.h.shape == x.shape:
            x = x + self.h
        self.remember(x)
        h = self.h
        if h is None:
            h = x
        self.h = h
        for i in range(3):
            if self.best is None or self.best < i:
                self.best = i * 1.0
        total = self.h[0] if self.h is not None else 0.0
        while self.h is not None and total > 10:
            self.h = None
        return x


class Base(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.linear = nn.Linear(n, n)

    def prepare(self, x):
        return self.linear(x)

    def forward(self, x):
        return self.prepare(x) + 1


class Derived(Base):
    def prepare(self, x):
        return super().prepare(x) * 2

    def forward(self, x):
        y = super().forward(x)
        return y + Base.prepare(self, x)


class Gate(nn.Module):
    def forward(self, x):
        if x[0] > 0:
            return x
        return -x


class Stack(nn.Module):
    """Module lists, dicts, sequences, exits of loops over them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)])
        self.named = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.ReLU()})
        self.sequence = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), Gate())
        self.gate = Gate()
        self.threshold = 0.5

    def forward(self, x, limit: int = 10):
        steps = 0
        for layer in self.layers:
            x = layer(x)
            steps += 1
            if steps == limit:
                break
        for i, layer in enumerate(self.layers):
            if i == 1:
                continue
            x = x + layer(x)
            if steps > 5:
                return x, -1
        for name, module in self.named.items():
            x = module(x) if name != "c" else x
        for first, second in zip(self.layers, self.layers):
            x = first(second(x))
        x = self.sequence(x)
        if self.training:
            x = x * self.threshold
        return self.gate(self.layers[0](self.named["a"](x))), len(self.layers) + steps


class Scaler:
    """An object with `__call__`."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


class UsesObjects(nn.Module):
    def __init__(self):
        super().__init__()
        self.scaler = Scaler(3.0)
        self.activation = np.tanh
        self.function = Counter.twice
        self.partial = functools.partial(Counter.twice, 4)
        self.sizes = (3, 4)
        self.names = {"a": 1}
        self.dtype = np.float32
        self.items = [1, 2]
        self.optional = None

    def forward(self, x):
        y = self.scaler(x)
        z = self.activation(y)
        if self.optional is not None:
            z = z + self.optional
        return (
            self.function(z),
            y.astype(self.dtype),
            self.sizes[1] * self.names["a"],
            len(self.items),
        )
