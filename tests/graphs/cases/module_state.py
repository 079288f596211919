import numpy as np

from scriptc import nn


class Accumulator(nn.Module):
    """What a test shows of an attribute holds until something may assign it."""

    def __init__(self):
        super().__init__()
        self.total = None
        self.calls = 0

    def reset(self):
        self.total = None

    def forward(self, x: np.ndarray, reset: bool = False):
        if reset:
            self.reset()
        if self.total is None:
            self.total = x
        else:
            self.total = self.total + x
        self.calls += 1
        return self.total * 2


main = Accumulator()
