"""What `Module` and the markers do, without PyTorch."""

import copy
import pickle

import numpy as np
import pytest

from scriptc import nn

F32 = np.float32


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(np.full(3, 2.0, F32))
        self.offset = np.ones(3, F32)
        self.scratch = nn.Buffer(np.zeros(2), persistent=False)
        self.first = nn.Linear(3, 3)
        self.again = self.first
        self.depth = 1

    def forward(self, x, gain=1.0):
        return self.first(x) * self.scale * gain + self.offset


@pytest.fixture
def net():
    return Net()


class TestRegistration:
    def test_by_type(self, net):
        assert list(net._parameters) == ["scale"]
        assert list(net._buffers) == ["offset", "scratch"]
        assert list(net._modules) == ["first", "again"]
        assert net.__dict__["depth"] == 1
        assert not {"scale", "offset", "first"} & set(net.__dict__)

    def test_reads_as_plain_array(self, net):
        assert type(net.scale) is np.ndarray
        assert type(net.scratch) is np.ndarray
        data = np.zeros(2)
        net.more = nn.Parameter(data)
        assert net.more is data

    def test_marker_is_array_like(self):
        marker = nn.Parameter([1, 2], dtype=np.float64)
        np.testing.assert_array_equal(np.asarray(marker), [1.0, 2.0])
        assert repr(marker) == "Parameter(array([1., 2.]))"
        assert np.asarray(nn.Buffer(marker.data)) is marker.data

    def test_array_replaces_value(self, net):
        new = np.zeros(3, F32)
        net.scale = new
        net.scratch = new
        assert net.scale is new
        assert list(net._parameters) == ["scale"]
        assert "scratch" not in net.state_dict()

    def test_scalar_of_0d_arithmetic_stays_array(self, net):
        net.count = np.zeros((), np.int64)
        net.count = net.count + 1
        assert type(net.count) is np.ndarray
        assert net.count.dtype == np.int64
        assert net.count == 1

    def test_none_keeps_name(self, net):
        net.scale = None
        net.offset = None
        net.again = None
        assert net.scale is None
        assert net.offset is None
        assert net.again is None
        assert list(net.state_dict()) == ["first.weight", "first.bias"]
        net.offset = np.zeros(1)
        assert "offset" in net.state_dict()

    def test_marker_moves_name(self, net):
        net.offset = nn.Parameter(np.zeros(1))
        assert "offset" in net._parameters
        assert "offset" not in net._buffers
        net.scale = np.zeros(1)
        net.depth = nn.Buffer(np.zeros(1))
        assert "depth" not in net.__dict__
        assert net.depth.shape == (1,)
        net.first = nn.Parameter(np.zeros(1))
        assert "first" not in net._modules

    def test_plain_name_stays_plain(self, net):
        class WithDefault(nn.Module):
            state = None

        other = WithDefault()
        net.depth = other.state = np.zeros(1)
        assert "depth" in net.__dict__
        assert "depth" not in net.state_dict()
        assert "state" in other.__dict__
        assert not other.state_dict()

    def test_persistence_follows_marker(self, net):
        net.scratch = nn.Buffer(np.zeros(2))
        assert "scratch" in net.state_dict()
        net.scratch = nn.Buffer(np.zeros(2), persistent=False)
        assert "scratch" not in net.state_dict()

    @pytest.mark.parametrize(
        ("name", "value"), [("scale", 1.0), ("scale", nn.Identity()), ("offset", "a"), ("first", 3)]
    )
    def test_wrong_kind(self, net, name, value):
        with pytest.raises(TypeError, match=rf"cannot assign .* '{name}' of Net; it takes"):
            setattr(net, name, value)

    def test_delete(self, net):
        for name in ["scale", "scratch", "again", "depth"]:
            delattr(net, name)
            assert not hasattr(net, name)
        assert not net._non_persistent_buffers_set
        with pytest.raises(AttributeError):
            del net.scale

    def test_dir(self, net):
        assert {"scale", "offset", "scratch", "first", "depth", "forward"} <= set(dir(net))

    def test_missing_attribute(self, net):
        with pytest.raises(AttributeError, match="'Net' object has no attribute 'nothing'"):
            _ = net.nothing

    def test_before_init(self):
        class Early(nn.Module):
            def __init__(self):
                self.size = 3

        with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\) first in Early"):
            Early()

    def test_register_before_init(self):
        class Early(nn.Module):
            def __init__(self):
                self.register_buffer("x", np.zeros(1))

        with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
            Early()

    def test_class_attribute_would_hide(self):
        class Hidden(nn.Module):
            weight = None

        with pytest.raises(AttributeError, match="class attribute"):
            Hidden().weight = nn.Parameter(np.zeros(1))

    def test_property_with_setter(self):
        class Doubled(nn.Module):
            @property
            def value(self):
                return self.stored * 2

            @value.setter
            def value(self, new):
                self.stored = new

        module = Doubled()
        module.value = np.ones(1)
        assert module.value == 2
        assert list(module.state_dict()) == ["stored"]

    @pytest.mark.parametrize(
        ("name", "error"), [("", KeyError), ("a.b", KeyError), ("depth", KeyError), (3, TypeError)]
    )
    @pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
    def test_register_checks_name(self, net, kind, name, error):
        with pytest.raises(error):
            getattr(net, f"register_{kind}")(name, None)

    def test_register_checks_value(self, net):
        with pytest.raises(TypeError):
            net.register_parameter("x", 3.0)
        with pytest.raises(TypeError):
            net.register_buffer("x", [1])
        with pytest.raises(TypeError):
            net.add_module("x", np.zeros(1))

    def test_register(self, net):
        net.register_parameter("absent", None)
        net.register_buffer("quiet", np.zeros(1), persistent=False)
        net.add_module("last", nn.Identity())
        assert net.absent is None
        assert "quiet" not in net.state_dict()
        assert isinstance(net.last, nn.Identity)


class TestWalk:
    def test_shared_things_once(self, net):
        assert [name for name, _ in net.named_modules()] == ["", "first"]
        assert [name for name, _ in net.named_children()] == ["first"]
        names = ["scale", "first.weight", "first.bias"]
        assert [name for name, _ in net.named_parameters()] == names
        assert len(list(net.parameters())) == 3
        assert list(net.modules()) == [net, net.first]
        assert list(net.children()) == [net.first]
        assert len(list(net.buffers())) == 2

    def test_shared_things_each_time(self, net):
        names = [name for name, _ in net.named_modules(prefix="p", remove_duplicate=False)]
        assert names == ["p", "p.first", "p.again"]
        names = [name for name, _ in net.named_parameters(remove_duplicate=False)]
        assert "again.weight" in names

    def test_prefix_and_recurse(self, net):
        assert [name for name, _ in net.named_parameters("p", recurse=False)] == ["p.scale"]
        assert [name for name, _ in net.named_buffers("p")] == ["p.offset", "p.scratch"]

    def test_tied_array(self):
        pair = nn.ModuleList([nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)])
        pair[1].weight = pair[0].weight
        assert [name for name, _ in pair.named_parameters()] == ["0.weight"]
        assert list(pair.state_dict()) == ["0.weight", "1.weight"]

    def test_get_submodule(self):
        model = nn.Sequential(nn.Sequential(nn.Identity()))
        assert model.get_submodule("") is model
        assert model.get_submodule("0.0") is model[0][0]
        with pytest.raises(AttributeError, match="Sequential has no submodule '1'"):
            model.get_submodule("0.1")

    def test_apply(self, net):
        seen = []
        assert net.apply(seen.append) is net
        assert seen == [net.first, net]

    def test_train_and_eval(self, net):
        assert net.eval() is net
        assert not net.training
        assert not net.first.training
        assert net.train().first.training
        with pytest.raises(TypeError):
            net.train(1)


class TestState:
    def test_order_and_identity(self, net):
        state = net.state_dict(prefix="m.")
        assert list(state) == [
            "m.scale",
            "m.offset",
            "m.first.weight",
            "m.first.bias",
            "m.again.weight",
            "m.again.bias",
        ]
        assert state["m.scale"] is net.scale

    def test_load_copies_in_place(self, net):
        state = {name: np.full_like(value, 7) for name, value in net.state_dict().items()}
        before = net.scale
        assert net.load_state_dict(state) == ([], [])
        assert net.scale is before
        assert (before == 7).all()
        assert net.scale is not state["scale"]

    def test_load_converts(self, net):
        state = {name: value.astype(np.float64) for name, value in net.state_dict().items()}
        net.load_state_dict(state)
        assert net.scale.dtype == F32

    def test_all_problems_in_one_error(self, net):
        state = dict(net.state_dict())
        state["scale"] = np.zeros(4)
        state["offset"] = np.zeros(3, complex)
        state["extra"] = np.zeros(1)
        state["first.weight"] = np.full((3, 3), 9)
        del state["first.bias"]
        old = net.first.weight.copy()
        with pytest.raises(ValueError, match="cannot load the state of Net") as caught:
            net.load_state_dict(state)
        text = str(caught.value)
        for part in ["scale: ", "(4,)", "(3,)", "offset: ", "complex128", "extra", "first.bias"]:
            assert part in text
        np.testing.assert_array_equal(net.first.weight, old)

    def test_not_strict(self, net):
        result = net.load_state_dict({"scale": [5, 5, 5], "extra": 1}, strict=False)
        assert result.unexpected_keys == ["extra"]
        assert "offset" in result.missing_keys
        assert (net.scale == 5).all()
        with pytest.raises(ValueError, match="shape"):
            net.load_state_dict({"scale": np.zeros(1)}, strict=False)

    def test_read_only_and_no_mapping(self, net):
        net.scale.flags.writeable = False
        with pytest.raises(ValueError, match="read-only"):
            net.load_state_dict(net.state_dict())
        with pytest.raises(TypeError):
            net.load_state_dict([1])

    @pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
    def test_clone(self, net, clone):
        other = clone(net)
        x = np.ones((2, 3), F32)
        np.testing.assert_array_equal(net(x), other(x))
        assert other.first is other.again
        other.scale[...] = 0
        assert (net.scale == 2).all()
        assert other._non_persistent_buffers_set == {"scratch"}


class TestCall:
    def test_keyword(self, net):
        x = np.ones((2, 3), F32)
        np.testing.assert_allclose(net(x, gain=0.0), np.ones((2, 3)))

    def test_no_forward(self):
        with pytest.raises(NotImplementedError, match="forward"):
            nn.Module()(1)
        with pytest.raises(NotImplementedError):
            nn.ModuleList()(1)

    def test_hook(self, net):
        class Hook:
            def __init__(self):
                self.calls, self.reads, self.writes = [], [], []

            def call_module(self, module, args, kwargs):
                self.calls.append((type(module).__name__, len(args), sorted(kwargs)))
                return module.forward(*args, **kwargs)

            def read_attribute(self, module, name, value):
                self.reads.append(name)
                return value * 0

            def write_attribute(self, module, name, value):
                self.writes.append(name)
                return name == "caught"

        hook = Hook()
        token = nn.tracing.set(hook)
        try:
            result = net(np.ones((1, 3), F32), gain=2.0)
            net.caught = object()
            net.plain = 3
        finally:
            nn.tracing.reset(token)
        assert (result == 0).all()
        assert hook.calls == [("Net", 1, ["gain"]), ("Linear", 1, [])]
        assert hook.reads == ["weight", "bias", "scale", "offset"]
        assert hook.writes == ["caught", "plain"]
        assert not hasattr(net, "caught")
        assert net.plain == 3
        assert nn.tracing.get() is None


def test_dropout():
    x = np.ones((100, 100), F32)
    layer = nn.Dropout(0.25)
    y = layer(x)
    assert y.dtype == F32
    assert set(np.unique(y)) == {F32(0), F32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.02
    assert layer.eval()(x) is x
    assert not nn.Dropout(1.0)(x).any()
    assert nn.Dropout(0.0)(x) is x
    assert nn.Dropout(1.0, inplace=True)(x) is x
    assert not x.any()
