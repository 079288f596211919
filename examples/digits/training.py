"""Training the two classifiers with gradients written by hand, in NumPy.

A layer's function here computes what the layer computes, and returns with it a function from the
gradient of the loss by the output to the gradient by the input, which also notes the gradients by
the layer's parameters.
"""

from collections.abc import Callable

import numpy as np
from models import ConvDigits, RecurrentDigits

Backward = Callable[[np.ndarray], np.ndarray]


class Gradients:
    """The gradient of the loss by each parameter, added up over the uses of the parameter."""

    def __init__(self) -> None:
        self.of: dict[int, np.ndarray] = {}

    def add(self, parameter: np.ndarray, gradient: np.ndarray) -> None:
        known = self.of.get(id(parameter))
        self.of[id(parameter)] = gradient if known is None else known + gradient


class Adam:
    """Kingma and Ba, Adam: a method for stochastic optimization, 2015."""

    def __init__(self, parameters: list[np.ndarray], rate: float) -> None:
        self.parameters = parameters
        self.rate = rate
        self.steps = 0
        self.means = [np.zeros_like(p) for p in parameters]
        self.squares = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Gradients) -> None:
        self.steps += 1
        for parameter, mean, square in zip(self.parameters, self.means, self.squares, strict=True):
            gradient = gradients.of[id(parameter)]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            mean_now = mean / (1 - 0.9**self.steps)
            square_now = square / (1 - 0.999**self.steps)
            parameter -= self.rate * mean_now / (np.sqrt(square_now) + 1e-8)


# --- layers ---------------------------------------------------------------------------------------


def linear(layer, x: np.ndarray, gradients: Gradients) -> tuple[np.ndarray, Backward]:
    def backward(dy: np.ndarray) -> np.ndarray:
        gradients.add(layer.weight, dy.T @ x)
        gradients.add(layer.bias, dy.sum(axis=0))
        return dy @ layer.weight

    return x @ layer.weight.T + layer.bias, backward


def conv3x3(layer, x: np.ndarray, gradients: Gradients) -> tuple[np.ndarray, Backward]:
    """A convolution with a 3 x 3 kernel and padding 1."""
    n, channels, height, width = x.shape
    outputs = layer.weight.shape[0]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, channels * 9)
    matrix = layer.weight.reshape(outputs, channels * 9)
    y = (columns @ matrix.T + layer.bias).reshape(n, height, width, outputs)

    def backward(dy: np.ndarray) -> np.ndarray:
        flat = dy.transpose(0, 2, 3, 1).reshape(-1, outputs)
        gradients.add(layer.weight, (flat.T @ columns).reshape(layer.weight.shape))
        gradients.add(layer.bias, flat.sum(axis=0))
        taps = (flat @ matrix).reshape(n, height, width, channels, 3, 3)
        dx = np.zeros_like(padded)
        for i in range(3):
            for j in range(3):
                tap = taps[:, :, :, :, i, j].transpose(0, 3, 1, 2)
                dx[:, :, i : i + height, j : j + width] += tap
        return dx[:, :, 1:-1, 1:-1]

    return y.transpose(0, 3, 1, 2), backward


def relu_and_pool(x: np.ndarray) -> tuple[np.ndarray, Backward]:
    """ReLU, then the largest of each 2 x 2 window."""
    n, channels, height, width = x.shape
    shape = (n, channels, height // 2, 2, width // 2, 2)
    windows = np.maximum(x, 0).reshape(shape)
    largest = windows.max(axis=(3, 5), keepdims=True)

    def backward(dy: np.ndarray) -> np.ndarray:
        chosen = (windows == largest) & (windows > 0)
        return (chosen * dy[:, :, :, None, :, None]).reshape(x.shape)

    return largest[:, :, :, 0, :, 0], backward


def gru_cell(
    cell, x: np.ndarray, h: np.ndarray, gradients: Gradients
) -> tuple[np.ndarray, Backward]:
    """One step; `backward` gives the gradient by the state before it."""
    size = cell.hidden_size
    from_x = x @ cell.weight_ih.T + cell.bias_ih
    from_h = h @ cell.weight_hh.T + cell.bias_hh
    reset, update = np.split(1 / (1 + np.exp(-(from_x + from_h)[:, : 2 * size])), 2, axis=1)
    new_h = from_h[:, 2 * size :]
    new = np.tanh(from_x[:, 2 * size :] + reset * new_h)

    def backward(dy: np.ndarray) -> np.ndarray:
        d_new = dy * (1 - update) * (1 - new**2)
        d_update = dy * (h - new) * update * (1 - update)
        d_reset = d_new * new_h * reset * (1 - reset)
        d_from_x = np.concatenate([d_reset, d_update, d_new], axis=1)
        d_from_h = np.concatenate([d_reset, d_update, d_new * reset], axis=1)
        gradients.add(cell.weight_ih, d_from_x.T @ x)
        gradients.add(cell.bias_ih, d_from_x.sum(axis=0))
        gradients.add(cell.weight_hh, d_from_h.T @ h)
        gradients.add(cell.bias_hh, d_from_h.sum(axis=0))
        return dy * update + d_from_h @ cell.weight_hh

    return (1 - update) * new + update * h, backward


def cross_entropy(logits: np.ndarray, digits: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean loss, and its gradient by the logits."""
    exps = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exps / exps.sum(axis=1, keepdims=True)
    rows = np.arange(len(digits))
    loss = -np.log(probabilities[rows, digits]).mean()
    probabilities[rows, digits] -= 1
    return float(loss), probabilities / len(digits)


# --- losses ---------------------------------------------------------------------------------------


def conv_loss(model: ConvDigits, images: np.ndarray, digits: np.ndarray) -> tuple[float, Gradients]:
    """Both heads learn to tell every image."""
    gradients = Gradients()
    n = len(images)
    first, back_first = conv3x3(model.stem[0], images, gradients)
    features, back_stem = relu_and_pool(first)
    early, back_early = linear(model.early, features.reshape(n, -1), gradients)
    second, back_second = conv3x3(model.body[0], features, gradients)
    rest, back_body = relu_and_pool(second)
    late, back_late = linear(model.late, rest.reshape(n, -1), gradients)
    early_loss, d_early = cross_entropy(early, digits)
    late_loss, d_late = cross_entropy(late, digits)
    d_features = back_second(back_body(back_late(d_late).reshape(rest.shape)))
    d_features = d_features + back_early(d_early).reshape(features.shape)
    back_first(back_stem(d_features))
    return early_loss + late_loss, gradients


def recurrent_loss(
    model: RecurrentDigits, images: np.ndarray, digits: np.ndarray
) -> tuple[float, Gradients]:
    """The digit shall be told after every row; the more rows, the more it counts."""
    gradients = Gradients()
    h = np.zeros((len(images), model.cell.hidden_size), images.dtype)
    steps: list[tuple[Backward, np.ndarray]] = []
    total = 0.0
    rows = images.shape[1]
    for i in range(rows):
        h, back_cell = gru_cell(model.cell, images[:, i], h, gradients)
        logits, back_head = linear(model.head, h, gradients)
        loss, d_logits = cross_entropy(logits, digits)
        weight = (i + 1) / rows
        total += weight * loss
        steps.append((back_cell, back_head(weight * d_logits)))
    d_h = np.zeros_like(h)
    for back_cell, d_head in reversed(steps):
        d_h = back_cell(d_h + d_head)
    return total, gradients


def train(model, loss, images: np.ndarray, digits: np.ndarray, epochs: int, rate: float) -> float:
    """Train in batches of 32, with a rate that falls to nothing; return the last epoch's loss."""
    random = np.random.default_rng(0)
    optimizer = Adam(list(model.parameters()), rate)
    mean = 0.0
    for epoch in range(epochs):
        optimizer.rate = rate * (1 - epoch / epochs)
        losses = []
        order = random.permutation(len(images))
        for start in range(0, len(order), 32):
            batch = order[start : start + 32]
            value, gradients = loss(model, images[batch], digits[batch])
            optimizer.step(gradients)
            losses.append(value)
        mean = sum(losses) / len(losses)
    return mean
