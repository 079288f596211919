"""Two classifiers of 8 x 8 digits that stop as soon as they are sure.

Both are plain modules. Their `forward` branches on what the network computed, so no trace could
hold it: the branch has to be compiled.
"""

import numpy as np
from numpy.typing import NDArray

from scriptc import nn
from scriptc.nn import functional


class ConvDigits(nn.Module):
    """Two convolutions. Behind the first there is a small head, the early exit.

    A whole batch leaves by it where every image of the batch is told with confidence; otherwise
    those images that are not go on alone.
    """

    def __init__(self, threshold: float = 0.9) -> None:
        super().__init__()
        self.threshold = threshold
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.early = nn.Linear(8 * 4 * 4, 10)
        self.body = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.late = nn.Linear(16 * 2 * 2, 10)

    def forward(self, images: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """`(N, 1, 8, 8)` to the digit of each image, and whether the early exit told it."""
        features = self.stem(images)
        logits = self.early(features.reshape(features.shape[0], -1))
        probabilities = functional.softmax(logits, -1)
        digits = probabilities.argmax(axis=1)
        sure = probabilities.max(axis=1) > self.threshold
        if sure.all():
            return digits, sure
        rest = self.body(features[~sure])
        digits[~sure] = self.late(rest.reshape(rest.shape[0], -1)).argmax(axis=1)
        return digits, sure


class RecurrentDigits(nn.Module):
    """A gated recurrent cell reads an image row by row, and stops when it is sure."""

    def __init__(self, threshold: float = 0.9, hidden_size: int = 48) -> None:
        super().__init__()
        self.threshold = threshold
        self.cell = nn.GRUCell(8, hidden_size)
        self.head = nn.Linear(hidden_size, 10)

    def forward(self, image: NDArray[np.float32]) -> tuple[int, int]:
        """`(8, 8)` to the digit, and how many rows were read."""
        h = np.zeros((1, self.cell.hidden_size), np.float32)
        digit = -1
        for i, row in enumerate(image):
            h = self.cell(row[None], h)
            probabilities = functional.softmax(self.head(h), -1)
            digit = int(probabilities.argmax())
            if probabilities.max() > self.threshold:
                return digit, i + 1
        return digit, len(image)
