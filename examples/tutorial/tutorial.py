"""The introduction to TorchScript, on NumPy: trace, script, mix the two, save, load.

    python examples/tutorial/tutorial.py

prints what each step gives. The archive goes to a temporary folder.
"""

import tempfile
from pathlib import Path

import numpy as np
from model import MyCell, MyDecisionGate, MyRNNLoop, WrapRNN

import scriptc
from scriptc import nn

nn.manual_seed(0)
np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
x, h = rng.random((3, 4), np.float32), rng.random((3, 4), np.float32)
xs = rng.random((10, 3, 4), np.float32)


def title(text):
    print(f"\n=== {text}\n")


# A module: a constructor that prepares it, parameters and submodules, and a `forward`.


class SimpleCell(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x, h):
        new_h = np.tanh(self.linear(x) + h)
        return new_h, new_h


title("1. A module in plain Python")
my_cell = SimpleCell()
print(my_cell)
print(my_cell(x, h))

title("2. Traced: run once, and what ran is the program")
traced_cell = scriptc.trace(my_cell, (x, h))
print(traced_cell)
print(traced_cell.graph)
print(traced_cell.code)
print(traced_cell(x, h))

title("3. A trace of a branch keeps the side that ran, and warns")
gated_cell = MyCell(MyDecisionGate())
traced_gated = scriptc.trace(gated_cell, (x, h))
print(traced_gated.dg.code)
print(traced_gated.code)

title("4. Scripted: the source is compiled, with its branches")
scripted_gate = scriptc.script(MyDecisionGate())
scripted_cell = scriptc.script(MyCell(scripted_gate))
print(scripted_gate.code)
print(scripted_cell.code)
print(scripted_gate(x))
print(scripted_gate(-x))

title("5. The scripted gate in a traced cell, the traced cell in a scripted loop")
cell = scriptc.trace(MyCell(scripted_gate), (x, h))
print(cell.dg.code)
rnn_loop = scriptc.script(MyRNNLoop(cell))
print(rnn_loop.code)
print(rnn_loop.graph)

title("6. The scripted loop in a traced module")
traced = scriptc.trace(WrapRNN(rnn_loop), (xs,))
print(traced.code)

title("7. Saved, loaded, printed, run")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "wrapped_rnn.scriptc"
    traced.save(path)
    loaded = scriptc.load(path)
print(loaded)
print(loaded.code)
print(loaded(xs))
print("longer sequence:", loaded(rng.random((25, 3, 4), np.float32)).shape)
print("same as before saving:", np.array_equal(loaded(xs), traced(xs)))
