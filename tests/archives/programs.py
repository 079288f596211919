"""Programs that the tests of archives save and load: functions and modules with their arguments."""

import math

import numpy as np

import scriptc
from scriptc import nn

TABLE = np.arange(12, dtype=np.float32).reshape(3, 4)
WORDS = ["eins", "zwei", "drei", "\ud800 alone", "größer"]
SIZES = {"a": 1, "b": 2}
PAIRS = {(1, 2): "x", (3, 4): "y"}
NESTED = [[1, 2], [], [3]]


class RangeExceededError(ValueError):
    pass


def double(x, k: int = 2):
    """Multiply."""
    return x * k


def constants(i: int):
    return TABLE[i], WORDS[i], SIZES["a"] + i, PAIRS[1, 2], NESTED[i]


def numbers(x: float):
    return x * math.inf, x - math.nan, -0.0 * x, 1e-320, 2**53 + 1, 1.5 - 2j, (1, (2.5, None, "a"))


def slices(x):
    return x[1:], x[..., None], x[::-1], x[-1]


def strings(words: list[str], n: int):
    text = ""
    for i, word in enumerate(words):
        text += f"{i:>3}:{word!r} ü\n"
    return text * n, [w.upper() for w in words if w], {w: len(w) for w in words}


def early(x, n: int):
    total = x
    for i in range(n):
        if i == 3:
            break
        total = total + double(x, i)
    while n > 0:
        n -= 1
        if n == 2:
            return total, n
    return total, -n


def raises(n: int):
    if n > 10:
        raise RangeExceededError("too large", n)
    if n < 0:
        raise KeyError(n)
    assert n != 7, f"bad {n}"
    return [n] * 2


def keyword_only(x, *, flip: bool = False, name: str = "n", bias=TABLE):
    if flip:
        x = -x
    return x + bias, name


class Dense(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.rows = rows
        self.weight = nn.Parameter(np.arange(rows * columns, dtype=np.float32).reshape(rows, -1))

    def extra_repr(self):
        return f"rows={self.rows}"

    def forward(self, x):
        return x @ self.weight


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Dense(4, 4)
        self.layers = nn.ModuleList([Dense(4, 4), Dense(4, 4), Dense(4, 4)])
        self.table = nn.ModuleDict({"a-b": Dense(4, 4)})
        self.nothing = None
        self.state = np.zeros(4, np.float32)
        self.scratch = nn.Buffer(np.zeros(4, np.float32), persistent=False)
        self.sizes = {"a": 1, "b": 2}
        self.log = [0.5]
        self.calls = 0

    def step(self, n: int):
        self.calls += n
        return self.calls

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) / 8
        self.state = self.state + self.inner(x)
        self.log.append(float(len(self.log)))
        if self.training:
            x = x * 2
        return self.state * 2 + x, self.step(self.sizes["b"]), self.log[-1], self.scratch


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Dense(3, 3)
        self.second = Dense(3, 3)
        self.second.weight = self.first.weight
        self.row = self.first.weight[1]
        self.names = ["a"]
        self.same_names = self.names

    def forward(self, x):
        self.names.append("b")
        self.row += 1
        return self.second(self.first(x)), len(self.same_names)


class Gate(nn.Module):
    def __init__(self, rows):
        super().__init__()
        self.dense = Dense(rows, rows)

    def forward(self, x):
        y = self.dense(x)
        if bool(y[0] > 0):
            return y
        return -y


class Outer(nn.Module):
    """Holds a module that was compiled for itself, whose class has a name that clashes."""

    def __init__(self):
        super().__init__()
        self.dense = Dense(2, 2)
        self.dense.bias = np.ones(2, np.float32)
        self.gate = scriptc.script(Gate(2))

    def forward(self, x):
        return self.gate(self.dense(x) + self.dense.bias)


class Counter:
    """No module: a bound method is compiled with its object."""

    def __init__(self):
        self.counts = {"x": 1}
        self.weights = np.ones(3)
        self.limit = 5

    def count(self, word: str, by: int = 1):
        self.counts[word] = self.counts.get(word, 0) + by
        return min(self.counts[word], self.limit), self.weights * by


X = np.arange(4, dtype=np.float32)

FUNCTIONS = [
    (double, [(np.arange(3.0),), (np.arange(3), 4)]),
    (constants, [(0,), (2,)]),
    (numbers, [(1.5,), (-0.0,)]),
    (slices, [(np.arange(6).reshape(2, 3),)]),
    (strings, [(["a", "", "größer"], 2), ([], 1)]),
    (early, [(np.arange(3.0), 5), (np.arange(3.0), 1)]),
    (raises, [(1,), (7,), (11,), (-1,)]),
    (keyword_only, [(X,)]),
]


def modules():
    """Return new modules and bound methods, each with calls to make."""
    return [
        (Recurrent(), [(X,), (X + 1,)]),
        (Tied(), [(X[:3],), (X[1:],)]),
        (Gate(3), [(X[:3],), (-X[:3],)]),
        (Outer(), [(X[:2],), (-X[:2],)]),
        (Counter().count, [("x",), ("y", 3), ("x", 9)]),
    ]


def scripted_programs():
    """Return all programs, compiled, with calls to make."""
    return [(scriptc.script(object_), calls) for object_, calls in [*FUNCTIONS, *modules()]]


def run(object_, arguments):
    """Return what a call gives, in a form that compares exactly."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    try:
        return "returned", exact(object_(*copies)), exact(copies)
    except (ArithmeticError, AssertionError, LookupError, ValueError) as error:
        return type(error), error.args, exact(copies)


def exact(value):
    """Return a text that tells values apart by type, dtype, shape and bits."""
    if isinstance(value, np.ndarray | np.generic):
        return f"{type(value).__name__} {value.dtype} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}[{', '.join(map(exact, value))}]"
    if isinstance(value, dict):
        return f"dict[{', '.join(exact(pair) for pair in value.items())}]"
    return f"{type(value).__name__} {value!r}"
