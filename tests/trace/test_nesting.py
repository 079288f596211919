"""Compiled objects in traces and traced ones in scripts, at any nesting; threads."""

import threading

import numpy as np
import pytest

import scriptc
from scriptc import nn
from support.tracing import check_program, same

X = np.array([[1.0, 2.0], [3.0, 4.0]])


@scriptc.script
def gate(x):
    if x[0, 0] > 0:
        return x
    return -x


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.array(2.0))

    def forward(self, x, power: int = 1):
        for _ in range(power):
            x = x * self.scale
        if x[0, 0] > 0:
            return x
        return -x


class Cell(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return np.tanh(self.inner(x)) + 1


def agree(compiled, eager):
    check_program(compiled)
    for x in (X, -X):
        assert same(compiled(x), eager(x))


def test_a_scripted_function_in_a_trace_keeps_its_branch():
    def run(x):
        return gate(x) * 2

    traced = scriptc.trace(run, X)
    agree(traced, run)
    assert "gate(x)" in traced.code


@pytest.mark.parametrize("outer", ["trace", "script"])
def test_a_scripted_module_in_a_module(outer):
    eager = Cell(Gate())
    cell = Cell(scriptc.script(Gate()))
    made = scriptc.trace(cell, X) if outer == "trace" else scriptc.script(cell)
    agree(made, eager)
    assert "if " in made.inner.code
    assert same(made.inner.scale, eager.inner.scale)


def test_towers():
    eager = Cell(Cell(Cell(Gate())))
    scripted_gate = scriptc.script(Gate())
    traced = scriptc.trace(Cell(scripted_gate), X)
    scripted = scriptc.script(Cell(traced))
    top = scriptc.trace(Cell(scripted), X)
    agree(top, eager)
    assert "if " in top.inner.inner.inner.code
    assert same(top.inner.inner.inner.scale, np.array(2.0))


def test_a_traced_function_called_from_a_script():
    traced = scriptc.trace(lambda x: np.tanh(gate(x)), X)

    def run(x, n: int):
        for _ in range(n):
            x = traced(x)
        return x

    scripted = scriptc.script(run)
    expected = np.tanh(np.tanh(gate(X)))
    assert same(scripted(X, 2), expected)
    again = scriptc.trace(lambda x: scripted(x, 2) + 1, X)
    assert same(again(X), expected + 1)


def test_keywords_and_defaults_of_a_scripted_module():
    class Model(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            return self.inner(x, power=3) + self.inner(power=2, x=x) + self.inner(x)

    eager, model = Model(Gate()), Model(scriptc.script(Gate()))
    agree(scriptc.trace(model, X), eager)


def test_a_scripted_module_that_is_not_a_submodule():
    compiled = scriptc.script(Gate())
    with pytest.raises(scriptc.TraceError, match="compiled Gate, which is not a submodule"):
        scriptc.trace(lambda x: compiled(x) + 1, X)


def test_state_of_a_scripted_submodule():
    class Counter(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = np.zeros((2, 2))

        def forward(self, x):
            self.h = self.h + x
            return self.h

    inner = scriptc.script(Counter())
    traced = scriptc.trace(Cell(inner), X)
    assert same(inner.h, np.zeros((2, 2)))
    first, second = traced(X), traced(X)
    assert same(first, np.tanh(X) + 1)
    assert same(second, np.tanh(X + X) + 1)


def test_compiled_objects_trace_to_themselves():
    assert scriptc.trace(gate, X) is gate
    module = scriptc.script(Gate())
    assert scriptc.trace(module, X) is module


def test_a_scripted_submodule_called_by_forward():
    class Model(Cell):
        def forward(self, x):
            return self.inner.forward(x)

    agree(scriptc.trace(Model(scriptc.script(Gate())), X), Gate())


def test_other_threads_do_not_notice_a_trace():
    started, done = threading.Event(), threading.Event()
    seen = {}
    dense = nn.Linear(2, 2, dtype=np.float64)

    def elsewhere():
        started.wait()
        try:
            seen["array"] = np.zeros(3)
            seen["ones"] = np.asarray([1.0, 2.0])
            seen["module"] = dense(X)
            seen["gate"] = gate(X)

            def made(n: int):
                return np.zeros(n)

            seen["script"] = scriptc.script(made)(3)
        except BaseException as error:  # noqa: BLE001 - reported below
            seen["error"] = error
        finally:
            done.set()

    def run(x):
        started.set()
        assert done.wait(20)
        return dense(x) + np.zeros(2)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    traced = scriptc.trace(run, X, check_trace=False)
    thread.join()
    assert "error" not in seen, seen["error"]
    assert type(seen["array"]) is np.ndarray
    assert type(seen["ones"]) is np.ndarray
    assert same(seen["module"], dense(X))
    assert same(seen["script"], np.zeros(3))
    assert same(traced(X), dense(X))


def test_a_recorded_value_in_another_thread_is_refused():
    caught = []

    def run(x):
        def work():
            try:
                x + 1
            except scriptc.TraceError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return x

    scriptc.trace(run, X, check_trace=False)
    assert "another thread" in str(caught[0])


def test_two_traces_at_once():
    def run(x):
        return np.tanh(x) + np.zeros(2)

    made = []
    threads = [
        threading.Thread(target=lambda: made.append(scriptc.trace(run, X))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert all(same(traced(X), np.tanh(X)) for traced in made)
    assert type(np.zeros(2)) is np.ndarray
