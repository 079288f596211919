"""Objects do the same plain and scripted, call after call, and end in the same state."""

import copy

import numpy as np
import pytest

import scriptc
from programs import objects, stateful
from programs.harness import describe_all

X = np.arange(3.0)
SEQUENCES = [
    (lambda: objects.Counter(3).bump, [(), (2,), (5,)], ["count", "log", "seen"]),
    (objects.Lazy, [(X,), (X + 1,), (X,)], ["h", "calls", "last"]),
    (objects.LazyOtherWays, [(X,), (X,), (X, True), (X * 5,)], ["h", "best", "history"]),
    (lambda: objects.Derived(3), [(X,), (-X,)], []),
    (objects.Stack, [(X,), (X, 1), (X, 2), (-X, 3)], []),
    (objects.UsesObjects, [(X,)], []),
    (lambda: objects.Scaler(2.0), [(X,)], ["factor"]),
    (stateful.Cleared, [(X, False), (X, True), (X, False), (X + 1, True)], ["h"]),
    (stateful.InLoop, [([1.0, 3.0, -1.0, 2.0],), ([],)], ["best", "count"]),
    (stateful.Parent, [(X,), (X,)], ["steps", "table"]),
    (stateful.WithProperties, [(X,), (X,)], ["_scale", "reads"]),
    (stateful.Buffers, [(X,), (X,)], ["mean", "steps"]),
    (lambda: stateful.Buffers().eval(), [(X,), (X,)], ["mean", "steps"]),
    (stateful.NewAttributes, [(X, 1), (X, 3)], ["last", "size", "label"]),
    (stateful.Shared, [(X,), (X,)], ["a", "b", "rows", "alias"]),
    (stateful.Delegates, [(X,)], []),
]


@pytest.mark.parametrize(("make", "calls", "state"), SEQUENCES)
def test_scripted_object_equals_plain(make, calls, state):
    plain = make()
    scripted = scriptc.script(copy.deepcopy(plain))
    owner = getattr(plain, "__self__", plain)
    for arguments in calls:
        expected = plain(*copy.deepcopy(arguments))
        actual = scripted(*copy.deepcopy(arguments))
        assert describe_all(actual) == describe_all(expected)
    for name in state:
        assert describe_all(getattr(scripted, name)) == describe_all(getattr(owner, name)), name


def test_modules_of_one_structure_share_their_code():
    program = scriptc.script(stateful.Parent()).program
    assert [name for name in program.classes if name.startswith("Child")] == ["Child"]
    assert [name for name in program.functions if name.startswith("Child")] == ["Child.forward"]
