"""The workloads that are natural in Numba: loops, and NumPy on small arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from workloads import scalar_loops


@numba.njit(fastmath=True)
def cell(x, h, weight, bias):
    out = np.empty_like(h)
    for i in range(x.shape[0]):
        for j in range(weight.shape[0]):
            total = bias[j] + h[i, j]
            for k in range(weight.shape[1]):
                total += x[i, k] * weight[j, k]
            out[i, j] = math.tanh(total)
    return out, out


@numba.njit(fastmath=True)
def gate(x):
    total = np.float32(0.0)
    for value in x.flat:
        total += value
    return x if total > 0 else -x


@numba.njit(fastmath=True)
def recurrent(xs, h, input_weight, hidden_weight, bias):
    out = np.empty_like(xs)
    for t in range(xs.shape[0]):
        state = np.dot(xs[t], input_weight) + np.dot(h, hidden_weight)
        for i in range(state.shape[0]):
            for j in range(state.shape[1]):
                state[i, j] = math.tanh(state[i, j] + bias[j])
        out[t] = state
        h = state
    return out, h


@numba.njit(fastmath=True)
def gelu(x):
    out = np.empty_like(x)
    scale = np.float32(math.sqrt(2.0 / math.pi))
    for i in range(x.size):
        v = x[i]
        inner = scale * (v + np.float32(0.044715) * v * v * v)
        out[i] = np.float32(0.5) * v * (np.float32(1.0) + math.tanh(inner))
    return out


@numba.njit
def levenshtein(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), np.int64)
    for i in range(len(a) + 1):
        table[i, 0] = i
    for j in range(len(b) + 1):
        table[0, j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            change = table[i - 1, j - 1] + (0 if a[i - 1] == b[j - 1] else 1)
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, change)
    return table[len(a), len(b)]


@numba.njit
def viterbi(start, transitions, emissions):
    steps, states = emissions.shape
    before = np.zeros((steps, states), np.int64)
    score = start + emissions[0]
    for t in range(1, steps):
        new = np.empty_like(score)
        for j in range(states):
            best = score[0] + transitions[0, j]
            place = 0
            for i in range(1, states):
                value = score[i] + transitions[i, j]
                if value > best:
                    best = value
                    place = i
            new[j] = best + emissions[t, j]
            before[t, j] = place
        score = new
    path = np.zeros(steps, np.int64)
    path[steps - 1] = score.argmax()
    for t in range(steps - 1, 0, -1):
        path[t - 1] = before[t, path[t]]
    return path, score.max()


def _with(function: Any, *names: str) -> Callable[[Any, tuple[Any, ...]], Any]:
    """Return what makes `function` with the parameters of these names as its last arguments."""

    def make(program: Any, inputs: tuple[Any, ...]) -> Any:
        state = program.state_dict() if names else {}
        return function, (*inputs, *(np.ascontiguousarray(state[name]) for name in names))

    return make


def _arrays(program: Any, inputs: tuple[Any, ...]) -> Any:
    del program
    return levenshtein, tuple(np.array(value) for value in inputs)


_LOOP = ("input_weight", "hidden_weight", "bias")
MAKERS = {
    "my_cell": _with(cell, "linear.weight", "linear.bias"),
    "decision_gate": _with(gate),
    "rnn_loop_1": _with(recurrent, *_LOOP),
    "rnn_loop_32": _with(recurrent, *_LOOP),
    "gelu_1e6": _with(gelu),
    "gelu_1.6e7": _with(gelu),
    "mandelbrot": _with(numba.njit(scalar_loops.mandelbrot)),
    "collatz": _with(numba.njit(scalar_loops.collatz)),
    "levenshtein": _arrays,
    "viterbi": _with(viterbi),
}
