"""Decoding what networks say: best paths, beams, hidden states."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ctc_greedy(log_probs: np.ndarray, alphabet: str, blank: int = 0) -> str:
    """Best path decoding: repeated labels count once, blanks not at all."""
    best = np.argmax(log_probs, axis=-1)
    text = ""
    previous = blank
    for label in best:
        if label != previous and label != blank:
            text += alphabet[label - 1]
        previous = label
    return text


def log_softmax(x: Floats) -> Floats:
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def beam_search(
    start: Floats, transitions: Floats, steps: int, width: int = 3, end: int = 0
) -> list[tuple[list[int], float]]:
    beams: list[tuple[list[int], float]] = []
    first = log_softmax(start)
    for token in range(len(first)):
        beams.append(([token], float(first[token])))
    for _ in range(steps):
        candidates: list[tuple[list[int], float]] = []
        for tokens, score in beams:
            if tokens[-1] == end and len(tokens) > 1:
                candidates.append((tokens, score))
                continue
            row = log_softmax(transitions[tokens[-1]])
            for token in range(row.shape[0]):
                candidates.append((tokens + [token], score + float(row[token])))
        scores = np.array([score for _, score in candidates])
        order = np.argsort(-scores, kind="stable")[:width]
        beams = [candidates[i] for i in order]
        if all(tokens[-1] == end for tokens, _ in beams):
            break
    return beams


def viterbi(observations, start: Floats, transition: Floats, emission: Floats):
    """The likeliest states of a hidden Markov model, and their log probability."""
    steps, states = len(observations), start.shape[0]
    score = np.log(start) + np.log(emission[:, observations[0]])
    back = np.zeros((steps, states), dtype=np.int64)
    for t in range(1, steps):
        options = score[:, np.newaxis] + np.log(transition)
        back[t] = options.argmax(axis=0)
        score = options.max(axis=0) + np.log(emission[:, observations[t]])
    path = [int(score.argmax())]
    for t in range(steps - 1, 0, -1):
        path.append(int(back[t, path[-1]]))
    return path[::-1], float(score.max())
