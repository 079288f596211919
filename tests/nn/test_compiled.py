"""Every layer compiled: scripted, traced, saved and loaded, it is the eager layer to the bit."""

import copy
import inspect
import warnings
from functools import cache

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.ir.ops import REGISTRY
from scriptc.ir.parser import parse_program
from scriptc.ir.printer import constants_of, print_program
from scriptc.ir.verifier import verify_program
from support.layers import layers, randomize
from support.road import describe, save_and_load

pytestmark = [
    pytest.mark.filterwarnings("error::scriptc.FallbackWarning"),
    pytest.mark.filterwarnings("error::scriptc.TracerWarning"),
    pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning"),  # of NaN and infinities
]


@cache
def compiled():
    """Return each layer, in evaluation mode, scripted, and its calls."""
    nn.manual_seed(0)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", scriptc.FallbackWarning)
        for module, *calls in layers():
            randomize(module)
            module.eval()
            found.append((module, scriptc.script(module), calls))
    return found


def trace(module, arguments):
    """Trace a layer on what a test compares it with itself, without the check of `trace`."""
    return scriptc.trace(module, arguments, check_trace=False)


def one_of_each():
    """Return the first configuration of each layer."""
    return {type(module): found for *found, module in ((*f, f[0]) for f in reversed(compiled()))}


def run(module, calls):
    """Return what calls give, from the same random numbers, and the state that they leave."""
    module = copy.deepcopy(module)
    np.random.seed(3)  # noqa: NPY002 - what layers draw from
    results = [describe(module(*copy.deepcopy(arguments))) for arguments in calls]
    return results, state(module)


def state(module):
    return {name: describe(np.asarray(value)) for name, value in module.state_dict().items()}


def test_a_scripted_layer_equals_the_eager_one():
    for module, scripted, calls in compiled():
        assert run(scripted, calls) == run(module, calls), module


def test_a_traced_layer_equals_the_eager_one(monkeypatch):
    monkeypatch.setenv("SCRIPTC_VERIFY_PASSES", "")  # those of the scripted layer are verified
    for module, _, calls in compiled():
        traced = trace(module, calls[-1])
        assert run(traced, calls[-1:]) == run(module, calls[-1:]), module


def test_a_layer_traced_in_training_equals_the_eager_one():
    for module, _, calls in one_of_each().values():
        layer = copy.deepcopy(module).train()
        for arguments in calls:
            traced = trace(layer, arguments)
            assert run(traced, [arguments]) == run(layer, [arguments]), module


def test_each_layer_is_here():
    exported = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name))}
    modules = {name for name in exported if issubclass(getattr(nn, name), nn.Module)}
    tested = {type(part).__name__ for module, *_ in compiled() for part in module.modules()}
    assert modules - tested == {"Module"}


def test_training_can_be_switched_on_a_scripted_layer():
    for module, scripted, calls in compiled():
        expected = run(copy.deepcopy(module).train(), calls)
        ours = scripted.session()
        assert run(ours.train(), calls) == expected, module
        assert run(ours.eval(), calls) == run(module, calls), module


def test_a_compiled_layer_shows_names_and_state_of_the_eager_one():
    for module, scripted, calls in one_of_each().values():
        for ours in scripted, trace(module, calls[0]):
            assert repr(ours) == repr(module)
            assert state(ours) == state(module)
            assert list(ours.state_dict()) == list(module.state_dict())
            for names in "named_parameters", "named_buffers", "named_modules", "named_children":
                mine, theirs = (getattr(m, names)() for m in (ours, module))
                assert [name for name, _ in mine] == [name for name, _ in theirs], (names, module)
            for (_, a), (_, b) in zip(
                scripted.named_parameters(), module.named_parameters(), strict=True
            ):
                assert a is b, "a compiled module has the arrays of the eager one"


def test_state_of_another_layer_can_be_loaded():
    for module, scripted, calls in compiled():
        changed = copy.deepcopy(module)
        for array in changed.parameters():
            array *= 0.75
        ours = copy.deepcopy(scripted)
        ours.load_state_dict(changed.state_dict())
        assert run(ours, calls) == run(changed, calls), module


def test_the_text_of_a_layer_parses_back_to_itself():
    for _, scripted, _ in compiled():
        text = print_program(scripted.program)
        again = parse_program(text, REGISTRY, constants_of(scripted.program))
        assert print_program(again) == text


def test_each_module_of_a_layer_can_be_looked_at():
    for module, scripted, calls in one_of_each().values():
        for ours in scripted, trace(module, calls[0]):
            for part in ours.modules():
                if not part.entry:
                    check_what_is_not_called(part)
                    continue
                assert part.schema.startswith("forward(")
                assert str(part.graph).startswith(f"func @{part.entry}(")
                inlined = part.inlined_graph
                verify_program(inlined.program)
                assert " = call " not in str(inlined)
                assert "def forward(self" in part.code
                compile(part.code, "printed", "exec")


def check_what_is_not_called(part):
    for look in "graph", "inlined_graph", "code", "schema":
        with pytest.raises(scriptc.ArgumentError, match="does not call this module"):
            getattr(part, look)
    with pytest.raises(scriptc.ArgumentError, match="does not call this module"):
        part(1)


def test_a_saved_layer_gives_the_same(monkeypatch):
    monkeypatch.setenv("SCRIPTC_VERIFY_PASSES", "")  # they ran on the same programs above
    for module, scripted, calls in compiled():
        loaded = save_and_load(scripted)
        assert repr(loaded) == repr(module)
        assert loaded.code == scripted.code
        assert run(loaded, calls) == run(module, calls), module
