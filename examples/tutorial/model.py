"""The modules of the tutorial, compiled: `scriptc compile examples/tutorial/model.py`."""

import numpy as np

import scriptc
from scriptc import nn


class MyDecisionGate(nn.Module):
    """Lets its input pass, or turns its sign, as the sum of it decides."""

    def forward(self, x):
        if x.sum() > 0:
            return x
        else:  # noqa: RET505 - as the introduction has it
            return -x


class MyCell(nn.Module):
    """One step of a recurrent network, with a gate in it."""

    def __init__(self, dg):
        super().__init__()
        self.dg = dg
        self.linear = nn.Linear(4, 4)

    def forward(self, x, h):
        new_h = np.tanh(self.dg(self.linear(x)) + h)
        return new_h, new_h


class MyRNNLoop(nn.Module):
    """The cell over a sequence; the loop is as long as the sequence of the call is."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, xs):
        h, y = np.zeros((3, 4), np.float32), np.zeros((3, 4), np.float32)
        for i in range(xs.shape[0]):
            y, h = self.cell(xs[i], h)
        return y, h


class WrapRNN(nn.Module):
    """The loop, with something after it."""

    def __init__(self, loop):
        super().__init__()
        self.loop = loop

    def forward(self, xs):
        y, _ = self.loop(xs)
        return np.maximum(y, 0)


@scriptc.script
def count_steps(xs: np.ndarray, threshold: float = 0.5) -> int:
    """Return how many steps of a sequence have a mean above the threshold."""
    count = 0
    for x in xs:
        if x.mean() > threshold:
            count += 1
    return count


nn.manual_seed(0)
rng = np.random.default_rng(0)
x, h = rng.random((3, 4), np.float32), rng.random((3, 4), np.float32)
xs = rng.random((10, 3, 4), np.float32)

# A trace has no branches of its own, but keeps those of what is scripted inside it.
scripted_gate = scriptc.script(MyDecisionGate())
traced_cell = scriptc.trace(MyCell(scripted_gate), (x, h))
rnn_loop = scriptc.script(MyRNNLoop(traced_cell))
wrapped_rnn = scriptc.trace(WrapRNN(rnn_loop), xs)
