import numpy as np

from scriptc import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.hidden_state = np.zeros(3)

    def forward(self, x):
        return self.liner(x) + self.hidden_stat


main = Model()
