"""A block of a transformer, and a small language model that writes tokens greedily."""

from __future__ import annotations

import math

import numpy as np

from scriptc import nn
from workloads.workload import Workload, normal, seeded


class Attention(nn.Module):
    """Attention of each position to those up to it, by several heads."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)

    def split(self, x: np.ndarray) -> np.ndarray:
        """`(T, size)` to `(heads, T, size / heads)`."""
        steps, size = x.shape
        return x.reshape(steps, self.heads, size // self.heads).transpose(1, 0, 2)

    def forward(self, x: np.ndarray) -> np.ndarray:
        steps, size = x.shape
        projected = self.queries_keys_values(x)
        q = self.split(projected[:, :size])
        k = self.split(projected[:, size : 2 * size])
        v = self.split(projected[:, 2 * size :])
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(size // self.heads)
        allowed = np.tri(steps, dtype=np.bool_)
        scores = np.where(allowed, scores, -1e9)
        weights = nn.functional.softmax(scores, -1)
        mixed = (weights @ v).transpose(1, 0, 2).reshape(steps, size)
        return self.out(mixed)

    def step(
        self, x: np.ndarray, keys: np.ndarray, values: np.ndarray, position: int
    ) -> np.ndarray:
        """One position `(size,)`, with the keys and values `(heads, T, size / heads)` so far."""
        size = x.shape[0]
        width = size // self.heads
        projected = self.queries_keys_values(x)
        q = projected[:size].reshape(self.heads, 1, width)
        keys[:, position] = projected[size : 2 * size].reshape(self.heads, width)
        values[:, position] = projected[2 * size :].reshape(self.heads, width)
        seen = keys[:, : position + 1]
        scores = q @ seen.transpose(0, 2, 1) / math.sqrt(width)
        weights = nn.functional.softmax(scores, -1)
        mixed = (weights @ values[:, : position + 1]).reshape(size)
        return self.out(mixed)


class Block(nn.Module):
    """Attention and a perceptron, each behind a layer norm and added to what came in."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.first_norm = nn.LayerNorm(size)
        self.attention = Attention(size, heads)
        self.second_norm = nn.LayerNorm(size)
        self.up = nn.Linear(size, 4 * size)
        self.gelu = nn.GELU("tanh")
        self.down = nn.Linear(4 * size, size)

    def forward(self, x: np.ndarray) -> np.ndarray:
        x = x + self.attention(self.first_norm(x))
        return x + self.down(self.gelu(self.up(self.second_norm(x))))

    def step(
        self, x: np.ndarray, keys: np.ndarray, values: np.ndarray, position: int
    ) -> np.ndarray:
        """`forward` of one position."""
        x = x + self.attention.step(self.first_norm(x), keys, values, position)
        return x + self.down(self.gelu(self.up(self.second_norm(x))))


class LanguageModel(nn.Module):
    """A tiny GPT. Its `forward` runs it over the whole text again for each new token."""

    def __init__(self, tokens: int, size: int, heads: int, layers: int, longest: int) -> None:
        super().__init__()
        self.size = size
        self.heads = heads
        self.embedding = nn.Embedding(tokens, size)
        self.positions = nn.Embedding(longest, size)
        self.blocks = nn.ModuleList([Block(size, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, tokens, bias=False)

    def logits(self, text: np.ndarray) -> np.ndarray:
        """The logits of the token that follows a text."""
        x = self.embedding(text) + self.positions(np.arange(text.shape[0]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[-1]))

    def forward(self, first: int, count: int) -> np.ndarray:
        text = np.zeros(count + 1, np.int64)
        text[0] = first
        for i in range(count):
            text[i + 1] = self.logits(text[: i + 1]).argmax()
        return text


class CachingLanguageModel(LanguageModel):
    """The same, keeping the keys and values of what it has seen."""

    def forward(self, first: int, count: int) -> np.ndarray:
        text = np.zeros(count + 1, np.int64)
        text[0] = first
        shape = (len(self.blocks), self.heads, count, self.size // self.heads)
        keys = np.zeros(shape, self.embedding.weight.dtype)
        values = np.zeros(shape, self.embedding.weight.dtype)
        for i in range(count):
            x = self.embedding.weight[text[i]] + self.positions.weight[i]
            for n, block in enumerate(self.blocks):
                x = block.step(x, keys[n], values[n], i)
            text[i + 1] = self.head(self.norm(x)).argmax()
        return text


def _multiplications(size: int, steps: int, seen: int) -> int:
    """Return those of a block for some positions, each of which attends to some."""
    return 12 * steps * size * size + 2 * steps * seen * size


WORKLOADS = [
    Workload(
        "transformer_block",
        seeded(lambda: Block(256, 8)),
        lambda seed: normal(seed, (128, 256)),
        lambda seed: normal(seed, (6, 256)),
        aim=0.9,
        multiplications=_multiplications(256, 128, 128),
    ),
    Workload(
        "greedy_decode",
        seeded(lambda: LanguageModel(256, 128, 4, 4, 64)),
        lambda seed: (seed % 256, 32),
        lambda seed: (seed % 256, 3),
        aim=0.6,
        multiplications=sum(4 * _multiplications(128, n, n) + 256 * 128 for n in range(1, 33)),
    ),
    Workload(
        "greedy_decode_cached",
        seeded(lambda: CachingLanguageModel(256, 128, 4, 4, 64)),
        lambda seed: (seed % 256, 32),
        lambda seed: (seed % 256, 3),
        aim=0.2,
        multiplications=sum(4 * _multiplications(128, 1, n) + 256 * 128 for n in range(1, 33)),
    ),
]
