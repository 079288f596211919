"""Distances between texts, tokenizers, statistics, small parsers."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def edit_distance(a: str, b: str) -> int:
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, start=1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y)))
        previous = current
    return previous[-1]


def edit_matrix(a: str, b: str) -> tuple[int, Ints]:
    d = np.zeros((len(a) + 1, len(b) + 1), dtype=np.int64)
    d[:, 0] = np.arange(len(a) + 1)
    d[0, :] = np.arange(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return int(d[-1, -1]), d


def pairs_of(tokens: list[str]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for left, right in zip(tokens[:-1], tokens[1:]):
        counts[left, right] = counts.get((left, right), 0) + 1
    return counts


def merge(tokens: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    i = 0
    while i < len(tokens):
        if i + 1 < len(tokens) and tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(tokens[i])
            i += 1
    return out


def learn_bpe(text: str, merges: int) -> tuple[list[tuple[str, str]], list[str]]:
    tokens = list(text)
    rules: list[tuple[str, str]] = []
    for _ in range(merges):
        counts = pairs_of(tokens)
        best: tuple[str, str] | None = None
        for pair, count in counts.items():
            if count < 2:
                continue
            if best is None or count > counts[best] or (count == counts[best] and pair < best):
                best = pair
        if best is None:
            break
        tokens = merge(tokens, best)
        rules.append(best)
    return rules, tokens


def apply_bpe(word: str, ranks: dict[tuple[str, str], int], ids: dict[str, int]):
    tokens = list(word)
    while True:
        best: tuple[str, str] | None = None
        lowest = len(ranks)
        for pair in pairs_of(tokens):
            rank = ranks.get(pair)
            if rank is not None and rank < lowest:
                best, lowest = pair, rank
        if best is None:
            return [ids.get(token, ids["<unk>"]) for token in tokens]
        tokens = merge(tokens, best)


def text_statistics(text: str, top: int = 3):
    words = [word.strip(".,;:!?\"'").lower() for word in text.split()]
    counts: dict[str, int] = {}
    for word in words:
        if not word:
            continue
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    ranked = sorted((-count, word) for word, count in counts.items())
    lengths = [len(word) for word in words if word]
    mean = sum(lengths) / len(lengths) if lengths else 0.0
    common = {word: -negative for negative, word in ranked[:top]}
    vowels = sum(1 for char in text.lower() if char in "aeiou")
    return common, round(mean, 3), max(lengths), vowels, text.count(" ")


def caesar(text: str, shift: int) -> str:
    out = []
    for char in text:
        if char.isalpha() and char.isascii():
            base = ord("A") if char.isupper() else ord("a")
            out.append(chr((ord(char) - base + shift) % 26 + base))
        else:
            out.append(char)
    return "".join(out)


def run_lengths(text: str) -> str:
    if not text:
        return ""
    out = ""
    count = 1
    for previous, char in zip(text, text[1:] + "\n"):
        if char == previous:
            count += 1
            continue
        out += f"{count}{previous}" if count > 1 else previous
        count = 1
    return out


def balanced(text: str) -> bool:
    closing = {")": "(", "]": "[", "}": "{"}
    stack: list[str] = []
    for char in text:
        if char in closing.values():
            stack.append(char)
        elif char in closing:
            if not stack or stack.pop() != closing[char]:
                return False
    return not stack


def evaluate(expression: str) -> float:
    """A calculator in reverse Polish notation."""
    stack: list[float] = []
    for token in expression.split():
        if token in ("+", "-", "*", "/"):
            right, left = stack.pop(), stack.pop()
            if token == "+":
                stack.append(left + right)
            elif token == "-":
                stack.append(left - right)
            elif token == "*":
                stack.append(left * right)
            else:
                stack.append(left / right)
        else:
            stack.append(float(token))
    if len(stack) != 1:
        raise ValueError("unbalanced expression: %d values are left" % len(stack))
    return stack[0]

