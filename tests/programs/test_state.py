"""What a module holds is the same plain and compiled: before, between and after calls."""

import copy
import pickle

import numpy as np
import pytest

import scriptc
from programs import stateful
from programs.harness import describe_all
from scriptc import nn
from support.road import save_and_load

X = np.arange(3.0)
CALLS = [(X,), (X + 1,), (X * -2,)]
MODULES = [
    stateful.FirstIsKept,
    stateful.ClassValues,
    stateful.PlainValues,
    stateful.Made,
    stateful.Family,
    stateful.Buffers,
]
FORMS = {
    "scripted": lambda scripted: scripted,
    "loaded": save_and_load,
    "copied": copy.deepcopy,
    "session": lambda scripted: scripted.session(),
    "pickled": lambda scripted: pickle.loads(pickle.dumps(scripted)),
}


def state(module):
    """Return everything that tells what a module and all below it hold."""
    described = {
        "state": list(module.state_dict().items()),
        "buffers": list(module.named_buffers()),
        "all buffers": list(module.named_buffers(remove_duplicate=False)),
        "parameters": list(module.named_parameters()),
        "all parameters": list(module.named_parameters(remove_duplicate=False)),
    }
    found = {name: describe_all(list(map(list, pairs))) for name, pairs in described.items()}
    found["modules"] = [name for name, _ in module.named_modules(remove_duplicate=False)]
    found["training"] = [each.training for each in module.modules()]
    return found


def attributes(plain):
    """Yield the paths and names of what a plain module and all below it hold."""
    for path, module in plain.named_modules():
        held = [n for n in vars(module) if not n.startswith("_")]
        for name in [*held, *module._parameters, *module._buffers]:
            yield path, name


def assert_same(plain, compiled):
    assert state(compiled) == state(plain)
    for path, name in attributes(plain):
        expected = getattr(plain.get_submodule(path), name)
        actual = getattr(compiled.get_submodule(path), name)
        assert describe_all(actual) == describe_all(expected), (path, name)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", MODULES)
def test_state_is_that_of_plain_python(make, form):
    plain = make()
    compiled = FORMS[form](scriptc.script(copy.deepcopy(plain)))
    assert state(compiled) == state(plain)
    for arguments in CALLS:
        expected = plain(*copy.deepcopy(arguments))
        actual = compiled(*copy.deepcopy(arguments))
        assert describe_all(actual) == describe_all(expected)
        assert_same(plain, compiled)
    # And from the middle of a run, in every form.
    compiled = FORMS[form](compiled)
    plain.eval()
    compiled.eval()
    assert_same(plain, compiled)
    assert describe_all(compiled(X)) == describe_all(plain(X))
    assert_same(plain, compiled)


@pytest.mark.parametrize("make", MODULES)
def test_states_load_across(make):
    plain, other = make(), make()
    compiled = scriptc.script(make())
    for arguments in copy.deepcopy(CALLS):
        plain(*arguments)
    # Loading writes into what a module holds, which may be the argument itself.
    other(X.copy())
    compiled(X.copy())
    assert compiled.load_state_dict(plain.state_dict()) == ([], [])
    other.load_state_dict(plain.state_dict())
    assert_same(other, compiled)
    assert describe_all(compiled(X)) == describe_all(other(X))
    fresh = scriptc.script(make())
    assert state(fresh) == state(make())


class Sums(nn.Module):
    """Buffers that 0-d arithmetic, which gives NumPy scalars, assigns."""

    def __init__(self):
        super().__init__()
        self.register_buffer("total", np.array(0.0))
        self.rows = np.zeros(3)

    def forward(self, x):
        self.total = self.total + x.sum()
        before = self.total
        self.total += 1
        self.rows = self.rows + x
        self.rows[0] += 1
        self.last = x
        self.largest = x.max()
        return self.total, before, self.rows, self.last + self.largest


@pytest.mark.parametrize("form", FORMS)
def test_a_trace_keeps_state_as_plain_python_does(form):
    plain = Sums()
    compiled = FORMS[form](scriptc.trace(copy.deepcopy(plain), (X,)))
    for arguments in CALLS:
        expected = plain(*copy.deepcopy(arguments))
        assert describe_all(compiled(*copy.deepcopy(arguments))) == describe_all(expected)
        assert_same(plain, compiled)


def test_assignments_from_outside():
    plain, compiled = stateful.FirstIsKept(), scriptc.script(stateful.FirstIsKept())
    for module in (plain, compiled):
        module.total = np.float64(3)
        module.cache = nn.Buffer(np.ones(3), persistent=False)
        module.h = X
    assert_same(plain, compiled)
    assert describe_all(compiled(X)) == describe_all(plain(X))
    for module in (plain, compiled):
        module.total = module.h = None
        with pytest.raises(TypeError, match="cannot assign float as buffer 'total'"):
            module.total = 1.0
    assert_same(plain, compiled)
    assert describe_all(compiled(X)) == describe_all(plain(X))
    family = scriptc.script(stateful.Family())
    family.first.weight = nn.Parameter(np.ones(3))
    assert type(family.again.weight) is np.ndarray
    assert describe_all(family.first(X)) == describe_all(X)


@pytest.mark.parametrize(
    "change",
    [
        lambda module: setattr(module, "h", 1.0),
        lambda module: setattr(module, "h", [1.0]),
        lambda module: setattr(module, "training", 1),
        lambda module: module.train("yes"),
    ],
)
def test_a_value_of_another_type_is_refused(change):
    compiled = scriptc.script(stateful.FirstIsKept())
    with pytest.raises(TypeError, match=r"is Tensor \| None|is bool|takes a bool"):
        change(compiled)


@pytest.mark.parametrize(
    "change",
    [
        lambda module: delattr(module, "h"),
        lambda module: module.register_buffer("more", X),
        lambda module: module.register_parameter("more", X),
        lambda module: module.add_module("more", nn.Tanh()),
    ],
)
def test_what_a_compiled_module_has_is_fixed(change):
    compiled = scriptc.script(stateful.FirstIsKept())
    before = state(compiled)
    with pytest.raises(
        AttributeError, match="the compiled FirstIsKept, whose attributes are fixed"
    ):
        change(compiled)
    assert state(compiled) == before


def test_class_values_stay_those_of_the_class():
    compiled = scriptc.script(stateful.ClassValues())
    compiled(X)
    compiled(X)
    assert stateful.ClassValues.count == 0
    assert stateful.ClassValues.last is None
    np.testing.assert_array_equal(stateful.ClassValues.scale, [1.0, 2.0, 3.0])


class ArrayThenScalar(nn.Module):
    def forward(self, x, whole: bool):
        if whole:
            self.last = x
        else:
            self.last = x.sum()
        return self.last


@pytest.mark.xfail(
    strict=True, reason="a name that a call makes, which holds an array first and a scalar later"
)
def test_a_made_attribute_that_changes_its_kind():
    plain, compiled = ArrayThenScalar(), scriptc.script(ArrayThenScalar())
    for whole in (True, False):
        assert describe_all(compiled(X, whole)) == describe_all(plain(X, whole))


@pytest.mark.torch
def test_registration_follows_torch():
    torch = pytest.importorskip("torch")

    def kinds(base, parameter, buffer, array):
        class Model(base):
            default = None

            def __init__(self):
                super().__init__()
                self.h = None
                self.weight = parameter
                self.cache = buffer
                self.register_buffer("slot", None)
                self.register_parameter("bias", None)

        model = Model()
        seen = []

        def look():
            seen.append((list(model.state_dict()), [n for n, _ in model.named_buffers()]))

        look()
        model.h = array
        model.default = array
        model.slot = array
        look()
        model.slot = None
        model.h = 3
        look()
        model.h = parameter
        look()
        model.h = None
        model.weight = None
        look()
        del model.cache
        look()
        return seen

    tensor = torch.zeros(3)
    expected = kinds(
        torch.nn.Module,
        torch.nn.Parameter(tensor),
        torch.nn.Buffer(torch.ones(3), persistent=False),
        tensor,
    )
    array = np.zeros(3)
    marker = nn.Parameter(array)
    cache = nn.Buffer(np.ones(3), persistent=False)
    assert kinds(nn.Module, marker, cache, array) == expected
