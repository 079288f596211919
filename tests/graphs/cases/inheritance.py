import numpy as np

from scriptc import nn


class Base(nn.Module):
    def step(self, x):
        return x + 1

    def forward(self, x):
        return self.step(x)


class Derived(Base):
    def step(self, x):
        return super().step(x) * 2

    def forward(self, x: np.ndarray):
        return super().forward(x) - self.size

    @property
    def size(self):
        return 3


main = Derived()
