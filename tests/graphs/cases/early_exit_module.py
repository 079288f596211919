import numpy as np

from scriptc import nn


class Model(nn.Module):
    """A loop over modules is taken apart."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Tanh(), nn.ReLU()])
        self.threshold = 0.5

    def forward(self, x: np.ndarray):
        for layer in self.layers:
            x = layer(x)
            if x[0] > self.threshold:
                break
        return x


main = Model()
