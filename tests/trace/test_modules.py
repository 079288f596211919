"""Modules in a trace: the tree stays, state is kept, and the module is left as it was."""

import copy

import numpy as np
import pytest

import scriptc
from scriptc import nn
from support.tracing import check_program, outcome, same

X = np.arange(12.0).reshape(3, 4) / 10


def check_module(module, *inputs, others=(), kwargs=None):
    """Trace a module, and compare a sequence of calls: results, arguments and state."""
    before = copy.deepcopy(module)
    traced = scriptc.trace(module, copy.deepcopy(inputs), example_kwarg_inputs=kwargs)
    assert same(state(before), state(module)), "the trace left a mark"
    check_program(traced)
    eager = copy.deepcopy(module)
    ours = traced.session()
    for given in (inputs, *others, inputs):
        expected, actual = outcome(eager, given, kwargs), outcome(ours, given, kwargs)
        assert same(expected, actual), f"\n{expected}\n{actual}\n{traced.code}"
        assert same(state(eager), ours.state_dict())
    return traced


def state(module):
    return {name: np.array(value) for name, value in module.state_dict().items()}


class Gate(nn.Module):
    def forward(self, x):
        if np.abs(x)[0, 0] > 0.5:
            return x
        return -x


class Dense(nn.Module):
    def __init__(self, n=4):
        super().__init__()
        self.weight = nn.Parameter(np.arange(n * n, dtype=float).reshape(n, n) / 7)
        self.bias = nn.Parameter(np.ones(n))

    def forward(self, x):
        return x @ self.weight + self.bias


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense()
        self.gate = Gate()

    def forward(self, x, h=None):
        y = self.gate(self.dense(x))
        return np.tanh(y if h is None else y + h)


@pytest.mark.filterwarnings("ignore::scriptc.TracerWarning")
def test_the_tree_stays():
    traced = check_module(Cell(), X, others=[(X[:2],)])
    assert "dense.forward(x)" in traced.code
    assert "self.weight" in traced.dense.code
    assert traced.gate.graph.function.name == "Gate.forward"
    assert traced.dense.schema == "forward(self: Dense, x: Tensor) -> Tensor"
    assert list(dict(traced.named_modules())) == ["", "dense", "gate"]
    assert traced.dense.weight is not None
    assert "(dense): Dense()" in str(traced)
    assert same(traced.dense(X), Dense()(X))


@pytest.mark.filterwarnings("ignore::scriptc.TracerWarning")
def test_keyword_inputs():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = Cell()

        def forward(self, x, *, scale, h=None):
            return self.cell(h=h, x=x) * scale

    traced = check_module(Scaled(), X, kwargs={"h": X[0], "scale": np.array(2.0)})
    with pytest.raises(scriptc.ArgumentError):
        traced(X)


def test_a_module_called_twice_has_one_function():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = Dense()

        def forward(self, x):
            for _ in range(3):
                x = self.dense(x)
            return x

    traced = check_module(Twice(), X)
    assert list(traced.program.functions) == ["Dense.forward", "Twice.forward"]


def test_shared_submodules_and_parameters():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = Dense()
            self.b = self.a
            self.c = Dense()
            self.c.weight = self.a.weight

        def forward(self, x):
            return self.a(x) + self.b(x) * self.c(x) + self.c.weight

    module = Shared()
    traced = check_module(module, np.ones((4, 4)))
    assert len(list(traced.parameters())) == len(list(module.parameters()))


def test_modules_that_differ_in_a_constant_are_told_apart():
    class Power(nn.Module):
        def __init__(self, n):
            super().__init__()
            self.n = n

        def forward(self, x):
            for _ in range(self.n):
                x = x * 2
            return x

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.items = nn.ModuleList([Power(1), Power(3)])

        def forward(self, x):
            for item in self.items:
                x = item(x) + 1
            return x

    traced = check_module(Model(), X)
    assert same(traced.items[0](X), X * 2)
    assert same(traced.items[1](X), X * 8)


def test_containers():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.list = nn.ModuleList([Dense(), Dense()])
            self.dict = nn.ModuleDict({"one": Dense(), "two": nn.Sequential(Dense(), nn.Tanh())})
            self.seq = nn.Sequential(nn.Tanh(), nn.Identity())

        def forward(self, x):
            for i, module in enumerate(self.list):
                x = module(x) * (i + 1)
            for name in self.dict:
                x = x + self.dict[name](x)
            for name, module in self.dict.items():
                x = module(x) + len(name)
            return self.seq(self.list[-1](x))

    traced = check_module(Model(), X)
    assert "tanh(x)" in traced.dict["two"][1].code
    assert "self.weight" in traced.list[-1].code
    assert [m.original_name for m in traced.seq] == ["Tanh", "Identity"]
    assert list(traced.dict) == ["one", "two"]
    assert len(traced.list) == 2


def test_state_assigned_in_forward():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = np.zeros(4)
            self.register_buffer("calls", np.zeros(()))
            self.register_buffer("total", np.zeros((3, 4)))

        def forward(self, x):
            self.calls += 1
            self.total[0] += x[0]
            self.h = np.tanh(self.h + x[0])
            before = self.h
            self.h = self.h * 2
            return before + self.calls, self.h

    check_module(Counter(), X)


def test_state_read_in_another_module():
    class Writer(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = np.zeros(4)

        def forward(self, x):
            self.last = x[0] * 2
            return x + self.last

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.writer = Writer()

        def forward(self, x):
            y = self.writer(x)
            return y + self.writer.last

    check_module(Model(), X)


def test_an_attribute_that_was_none():
    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = None

        def forward(self, x):
            self.h = np.tanh(x)
            return self.h + 1

    with pytest.warns(scriptc.TracerWarning, match="`h` was None and got a value"):
        traced = scriptc.trace(Memory(), X)
    assert same(traced(X), np.tanh(X) + 1)
    assert same(traced.h, np.tanh(X))


def test_a_number_assigned_in_forward_warns():
    class Steps(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps = 0

        def forward(self, x):
            self.steps += 1
            return x * self.steps

    module = Steps()
    with pytest.warns(scriptc.TracerWarning, match="1 was assigned to `steps`"):
        traced = scriptc.trace(module, X)
    assert module.steps == 0
    assert traced.steps == 0
    traced(X)
    assert traced.steps == 1


def test_state_that_cannot_be_kept_is_refused():
    class Lists(nn.Module):
        def __init__(self):
            super().__init__()
            self.history = []

        def forward(self, x):
            self.history.append(x)
            return x

    module = Lists()
    with pytest.raises(scriptc.TraceError, match="`history`"):
        scriptc.trace(module, X)
    assert module.history == []


def test_parameters_used_directly():
    class Direct(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = Dense()
            self.scale = nn.Parameter(np.array(3.0))

        def helper(self, x):
            return x * self.scale

        def forward(self, x):
            first, *_ = list(self.parameters())
            return self.helper(x) @ self.dense.weight + first

    traced = check_module(Direct(), np.ones((4, 4)))
    assert "weight = dense.weight" in traced.code
    assert "CONSTANTS" not in traced.code


def test_parameters_are_shared_with_the_traced_module():
    module = Dense()
    traced = scriptc.trace(module, X)
    module.bias[0] = 50
    assert same(traced(X), module(X))


def test_unregistered_modules_are_constants():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [Dense(), Dense()]

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

    check_module(Model(), X)
    dense = Dense()
    traced = scriptc.trace(lambda x: dense(x) * 2, X)
    assert same(traced(X), dense(X) * 2)


def test_non_array_arguments_and_results():
    class Sub(nn.Module):
        def forward(self, x, mode, pair, named=None, f=np.tanh):
            assert mode == "add"
            a, (b, c) = pair
            result = {"sum": a + b, "x": f(x) if named is None else x}
            return result, [b, c], None, 3

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.sub = Sub()

        def forward(self, x, y):
            result, parts, none, number = self.sub(x, "add", (y, (x, y * 2)))
            assert none is None
            again, *_ = self.sub(x, mode="add", pair=(y, (x, y)), named={"k": y}, f=np.sin)
            return result["sum"] + again["x"], parts, number, {"out": (parts[0], None)}

    check_module(Model(), X, X + 1)


def test_bound_methods():
    class Model(Cell):
        def encode(self, x, twice=False):
            y = self.dense(x)
            return self.dense(y) if twice else y

    module = Model()
    traced = scriptc.trace(module.encode, X)
    check_program(traced)
    assert same(traced(X), module.encode(X))
    assert "dense.forward(x)" in traced.code

    class Plain:
        def __init__(self):
            self.table = np.ones(4)

        def run(self, x):
            return x + self.table

        def keep(self, x):
            self.last = x * 2
            return x

    plain = Plain()
    assert same(scriptc.trace(plain.run, X)(X), plain.run(X))
    with pytest.raises(scriptc.TraceError, match="`last` of a Plain"):
        scriptc.trace(plain.keep, X)
    assert not hasattr(plain, "last")


def test_a_captured_array_of_the_caller_becomes_a_parameter():
    class Inner(nn.Module):
        def forward(self, x):
            return x + notes["h"]

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            notes["h"] = x * 2
            return self.inner(x)

    notes = {}
    traced = check_module(Outer(), X)
    assert "outer_0" in traced.inner.code


def test_an_exception_leaves_the_module_as_it_was():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = np.zeros(4)
            self.n = 0

        def forward(self, x):
            self.h = x[0]
            self.h += 1
            self.n = 5
            raise KeyError("mine")

    module = Model()
    with pytest.raises(KeyError, match="mine"), pytest.warns(scriptc.TracerWarning):
        scriptc.trace(module, X)
    assert same(module.h, np.zeros(4))
    assert module.n == 0
    assert np.zeros is not None
    assert type(np.zeros(3)) is np.ndarray
