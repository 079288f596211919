import numpy as np
import scriptc
from scriptc import nn


@scriptc.script
def first(x):
    import os
    y = undefined + x
    return y


print(first.graph)


@scriptc.script
def second(n: int):
    with open("été") as f:
        return n


class Broken(nn.Module):
    def forward(self, x):
        return x.nope()


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Broken()

    def forward(self, x):
        while len(x) > 3:
            x = self.inner(x)
            yield x
        return x


broken = Broken()
outer = Outer()
traced = scriptc.trace(lambda x: np.array2string(x), np.ones(3))
scriptc.script(5)
