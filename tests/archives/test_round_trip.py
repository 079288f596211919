"""What is loaded is what was saved: text, tree, results, state, sharing."""

import copy
import io
import pickle

import numpy as np
import pytest

import scriptc
from archives.programs import (
    Counter,
    Dense,
    Outer,
    Recurrent,
    Tied,
    X,
    constants,
    double,
    run,
    scripted_programs,
)
from scriptc import nn
from scriptc.ir.printer import print_program


def saved(object_, **options):
    buffer = io.BytesIO()
    scriptc.save(object_, buffer, **options)
    return buffer.getvalue()


def again(object_):
    return scriptc.load(saved(object_))


def test_programs_come_back():
    for scripted, calls in scripted_programs():
        loaded = again(scripted)
        assert type(loaded) is type(scripted)
        assert str(loaded.graph) == str(scripted.graph)
        assert loaded.graph.to_text(locations=True) == scripted.graph.to_text(locations=True)
        assert print_program(loaded.program) == print_program(scripted.program)
        assert (loaded.code, loaded.schema) == (scripted.code, scripted.schema)
        assert repr(loaded) == repr(scripted)
        assert saved(loaded) == saved(scripted)
        for arguments in calls:
            assert run(loaded, arguments) == run(scripted, arguments)
        # The state that the calls left is that of both.
        assert saved(loaded) == saved(scripted)


def test_saving_does_not_change_the_object():
    scripted = scriptc.script(Recurrent())
    before = saved(scripted)
    assert saved(scripted) == before
    scripted(X)
    assert saved(scripted) != before


def test_the_tree_is_that_of_the_module():
    module = Recurrent()
    loaded = again(scriptc.script(module))
    assert repr(loaded) == repr(module)
    assert "(0-2): 3 x Dense(rows=4)" in repr(loaded)
    names = [name for name, _ in module.named_modules()]
    assert [name for name, _ in loaded.named_modules()] == names
    assert list(loaded.state_dict()) == list(module.state_dict())
    assert "scratch" not in loaded.state_dict()
    for ours, theirs in zip(loaded.parameters(), module.parameters(), strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    assert loaded.original_name == "Recurrent"
    assert loaded.inner.original_name == "Dense"


def test_submodules_of_a_loaded_module_work_by_themselves():
    scripted = scriptc.script(Recurrent())
    loaded = again(scripted)
    assert loaded.inner.code == scripted.inner.code
    assert loaded.inner.schema == scripted.inner.schema
    assert str(loaded.inner.graph) == str(scripted.inner.graph)
    np.testing.assert_array_equal(loaded.inner(X), scripted.inner(X), strict=True)
    alone = again(loaded.inner)
    np.testing.assert_array_equal(alone(X), scripted.inner(X), strict=True)
    assert repr(alone) == "Dense(rows=4)"
    assert set(loaded.class_definition.methods) == {"forward", "step"}


def test_what_a_printed_module_shows_stays_text():
    class Loud(nn.Module):
        def extra_repr(self):
            return "one\ntwo\x1b[31m\ud800"

        def forward(self, x):
            return x

    loaded = again(scriptc.script(Loud()))
    assert repr(loaded) == "Loud(\n  one\n  two\\x1b[31m\\ud800\n)"


def test_train_eval_and_session():
    scripted = scriptc.script(Recurrent())
    loaded = again(scripted)
    assert run(loaded.eval(), (X,)) == run(scripted.eval(), (X,))
    assert not loaded.inner.training
    session = loaded.session()
    assert session.inner.weight is loaded.inner.weight
    assert session.state is not loaded.state
    session(X)
    assert (session.calls, loaded.calls) == (4, 2)
    assert not again(loaded).training


def test_state_dicts_are_checked_and_copied_in_place():
    source, target = scriptc.script(Recurrent()), again(scriptc.script(Recurrent()))
    source.inner.weight[...] = 7
    held = target.inner.weight
    result = target.load_state_dict(source.state_dict())
    assert not result.missing_keys
    assert target.inner.weight is held
    assert (held == 7).all()
    wrong = {**source.state_dict(), "inner.weight": np.zeros((2, 2)), "more": X}
    held[...] = 3
    with pytest.raises(ValueError, match=r"inner\.weight: the state has shape \(2, 2\)"):
        target.load_state_dict(wrong)
    assert (held == 3).all()


def test_what_was_shared_stays_shared():
    loaded = again(scriptc.script(Tied()))
    assert loaded.first.weight is loaded.second.weight
    assert len(list(loaded.parameters())) == 1
    assert np.shares_memory(loaded.row, loaded.first.weight)
    loaded.row[...] = 9
    assert loaded.first.weight[1].tolist() == [9, 9, 9]
    assert loaded.names is loaded.same_names


def test_shared_modules_stay_shared():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = Dense(4, 4)
            self.b = self.a

        def forward(self, x):
            return self.b(self.a(x))

    scripted = scriptc.script(Twice())
    loaded = again(scripted)
    for module in (scripted, loaded):
        assert module.a is module.b
        assert [name for name, _ in module.named_modules()] == ["", "a"]
    np.testing.assert_array_equal(loaded(X), scripted(X), strict=True)


def test_constants_are_one_object():
    loaded = again(scriptc.script(constants))
    assert loaded(0)[4] is loaded(0)[4]
    assert not hasattr(loaded, "weight")


def test_a_linked_module_keeps_its_classes():
    scripted = scriptc.script(Outer())
    loaded = again(scripted)
    for module in (scripted, loaded):
        assert set(module.dense.class_definition.attributes) >= {"weight", "bias"}
        assert "bias" not in module.gate.dense.class_definition.attributes
        assert repr(module.gate.dense) == "Dense(rows=2)"
    assert run(loaded, (X[:2],)) == run(scripted, (X[:2],))
    gate = again(scripted.gate)
    assert run(gate, (X[:2],)) == run(scripted.gate, (X[:2],))


def test_a_loaded_module_is_compiled_into_others():
    class Around(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = again(scriptc.script(Recurrent()))

        def forward(self, x):
            return self.inner(x)[0] + 1

    module = Around()
    expected = module.inner.session()(X)[0] + 1
    np.testing.assert_array_equal(again(scriptc.script(module))(X), expected, strict=True)


def test_traced_programs():
    traced = scriptc.trace(Outer(), (X[:2],))
    loaded = again(traced)
    assert str(loaded.graph) == str(traced.graph)
    assert run(loaded, (X[:2],)) == run(traced, (X[:2],))
    assert loaded.gate.code == traced.gate.code
    function = scriptc.trace(lambda x: x * 2 + 1, (X,))
    assert run(again(function), (X,)) == run(function, (X,))


def test_a_bound_method_of_any_object():
    scripted = scriptc.script(Counter().count)
    scripted("z", 4)
    loaded = again(scripted)
    assert loaded.counts == {"x": 1, "z": 4}
    assert run(loaded, ("z", 3)) == run(scripted, ("z", 3))


def test_files_and_paths(tmp_path):
    function = scriptc.script(double)
    path = tmp_path / "a.scriptc"
    function.save(path)
    function.save(str(tmp_path / "b.scriptc"))
    with (tmp_path / "c.scriptc").open("wb") as stream:
        function.save(stream)
    files = sorted(tmp_path.iterdir())
    assert len({file.read_bytes() for file in files}) == 1
    assert len(files) == 3
    with path.open("rb") as stream:
        assert str(scriptc.load(stream).graph) == str(function.graph)
    assert str(scriptc.load(path.read_bytes()).graph) == str(function.graph)
    assert str(scriptc.load(str(path)).graph) == str(function.graph)


def test_extra_files():
    files = {"labels.txt": "eins\nzwei ü", "a/b.bin": b"\0\xff"}
    archive = saved(scriptc.script(double), extra_files=files)
    everything: dict[str, str | bytes] = {}
    scriptc.load(archive, extra_files=everything)
    assert everything == files
    wanted = {"labels.txt": ""}
    scriptc.load(archive, extra_files=wanted)
    assert wanted == {"labels.txt": "eins\nzwei ü"}
    with pytest.raises(scriptc.ArchiveError, match=r"no extra file 'x'; it has 'a/b\.bin', 'lab"):
        scriptc.load(archive, extra_files={"x": ""})


@pytest.mark.parametrize("name", ["", "/a", "../a", "a//b", "a/.", "a\\b", "c:x", "a\n", "x" * 999])
def test_extra_files_have_proper_names(name):
    with pytest.raises(scriptc.ArgumentError, match="relative paths"):
        saved(scriptc.script(double), extra_files={name: "x"})
    with pytest.raises(scriptc.ArgumentError, match="is mapped to int"):
        saved(scriptc.script(double), extra_files={"a": 3})


def test_pickles_hold_state():
    scripted = scriptc.script(Recurrent())
    scripted(X)
    loaded = pickle.loads(pickle.dumps(scripted))
    assert saved(loaded) == saved(scripted)
    assert run(loaded, (X,)) == run(scripted, (X,))
    function = pickle.loads(pickle.dumps(scriptc.script(double)))
    assert function(3.0 * X, 2).tolist() == [0, 6, 12, 18]


def test_copies():
    scripted = scriptc.script(Tied())
    deep, shallow = copy.deepcopy(scripted), copy.copy(scripted)
    assert deep.program is shallow.program is scripted.program
    assert not np.shares_memory(deep.first.weight, scripted.first.weight)
    assert deep.first.weight is deep.second.weight
    assert shallow.first.weight is scripted.first.weight
    scripted.names.append("c")
    assert (len(deep.names), len(shallow.names)) == (1, 2)
    first, second = copy.deepcopy([scripted, scripted])
    assert first is second
    function = scriptc.script(double)
    assert copy.deepcopy(function) is copy.copy(function) is function


def test_what_cannot_be_saved_says_so():
    with pytest.raises(scriptc.ArgumentError, match="script or trace it first"):
        scriptc.save(double, io.BytesIO())
    with pytest.raises(scriptc.ArgumentError, match="a path or a file object, not a int"):
        scriptc.script(double).save(3)
    scripted = scriptc.script(Recurrent())
    attributes = vars(scripted.root)  # an assignment to the module itself is checked
    attributes["calls"] = "many"
    with pytest.raises(scriptc.UnsupportedError, match="`calls` of Recurrent is declared int"):
        saved(scripted)
    attributes["calls"] = object()
    with pytest.raises(scriptc.UnsupportedError, match="cannot hold calls, which is of type obje"):
        saved(scripted)
    attributes["calls"] = 1
    attributes["state"] = np.zeros(4, np.float32).view(np.recarray)
    with pytest.raises(scriptc.UnsupportedError, match=r"state, a recarray: assign np\.asarray"):
        saved(scripted)
