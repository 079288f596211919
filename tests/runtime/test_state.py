"""What a module keeps between calls: which programs have state, threads, sessions."""

import sys
import threading

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.scripted import _is_stateful


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, n: int):
        for _ in range(n):
            self.count = self.count + 1
        return self.count


class Ring(nn.Module):
    """Writes into a view of what an attribute holds."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kept", np.zeros((2, 3)))

    def forward(self, x):
        row = self.kept[0]
        row += x
        return self.kept.sum()


def bump(array):
    array += 1


class Lent(nn.Module):
    """Lends what an attribute holds to a function that writes into it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kept", np.zeros(3))

    def forward(self, x):
        bump(self.kept)
        return x + self.kept


class Fresh(nn.Module):
    """Writes, but only into what it has made."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.ones(3))

    def forward(self, x):
        made = np.zeros(3)
        for i in range(3):
            made[i] = x[i] * self.weight[i]
        made += 1
        return made


@pytest.mark.parametrize(
    ("module", "stateful"), [(Counter, True), (Ring, True), (Lent, True), (Fresh, False)]
)
def test_state_is_what_outlives_a_call(module, stateful):
    assert _is_stateful(scriptc.script(module()).program) is stateful


@pytest.mark.parametrize("module", [Ring, Lent, Fresh])
def test_repeated_calls_are_those_of_plain_python(module):
    plain = module()
    scripted = scriptc.script(module())
    for i in range(3):
        x = np.arange(3.0) + i
        np.testing.assert_array_equal(scripted(x), plain(x))


def test_threads_take_turns_on_a_module_with_state():
    scripted = scriptc.script(Counter())
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda: scripted(2000)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert scripted.count == 8000


def test_sessions_have_state_of_their_own_and_share_parameters():
    scripted = scriptc.script(Counter())
    other = scripted.session()
    assert (scripted(3), other(1), scripted(1), other(1)) == (3, 1, 4, 2)
    fresh = scriptc.script(Fresh())
    assert fresh.session().weight is fresh.weight
