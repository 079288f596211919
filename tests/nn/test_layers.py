"""Every layer against its namesake in PyTorch: state, print, values, dtype, shape."""

import numpy as np
import pytest

from scriptc import nn

torch = pytest.importorskip("torch")
tnn = torch.nn
pytestmark = pytest.mark.torch

F32 = np.float32


def floats(rng, *shape, dtype=F32):
    return rng.standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (0, 4)])
def test_linear(twin, rng, bias, shape):
    twin(nn.Linear(4, 5, bias=bias), tnn.Linear(4, 5, bias=bias), floats(rng, *shape))


def test_float64(twin, rng):
    twin(
        nn.Linear(4, 5, dtype=np.float64),
        tnn.Linear(4, 5, dtype=torch.float64),
        floats(rng, 3, 4, dtype=np.float64),
    )


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_embedding(twin, rng, padding_idx, shape):
    ours = nn.Embedding(10, 4, padding_idx=padding_idx)
    if padding_idx is not None:
        assert not ours.weight[padding_idx].any()
        assert ours.weight[0].any()
    twin(
        ours, tnn.Embedding(10, 4, padding_idx=padding_idx), np.asarray(rng.integers(0, 10, shape))
    )


def test_embedding_from_pretrained():
    table = np.arange(6, dtype=F32).reshape(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert layer.weight is table
    assert list(layer.state_dict()) == ["weight"]
    assert repr(layer) == "Embedding(3, 2)"


ACTIVATIONS = [
    ("ReLU", {}),
    ("LeakyReLU", {}),
    ("LeakyReLU", {"negative_slope": 0.2}),
    ("GELU", {}),
    ("GELU", {"approximate": "tanh"}),
    ("SiLU", {}),
    ("Tanh", {}),
    ("Sigmoid", {}),
    ("Softmax", {"dim": -1}),
    ("Softmax", {"dim": 0}),
    ("LogSoftmax", {"dim": 1}),
    ("Identity", {}),
]


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_activation(twin, rng, name, options, dtype):
    x = floats(rng, 5, 7, dtype=dtype) * 8
    x[0, :3] = [0, 100, -100]
    twin(getattr(nn, name)(**options), getattr(tnn, name)(**options), x)


@pytest.mark.parametrize("name", ["ReLU", "GELU", "Sigmoid", "Tanh", "SiLU"])
def test_activation_specials(twin, name):
    # In float64, since the library behind float32 on some CPUs makes NaN of GELU(inf).
    x = np.array([np.nan, np.inf, -0.0, 0.0, 1e-30, -1e-30])
    twin(getattr(nn, name)(), getattr(tnn, name)(), x)


def test_inplace(rng):
    x = floats(rng, 4)
    assert nn.ReLU(inplace=True)(x) is x
    assert (x >= 0).all()
    assert repr(nn.ReLU(inplace=True)) == repr(tnn.ReLU(inplace=True))


CONV1D = [
    ((4, 6, 3), {}),
    ((4, 6, 3), {"stride": 2, "padding": 1, "bias": False}),
    ((4, 6, 3), {"dilation": 2, "padding": 2, "groups": 2}),
    ((4, 8, 3), {"groups": 4, "stride": 2, "dilation": 2}),
    ((4, 4, 5), {"groups": 4, "padding": 2}),
    ((4, 6, 1), {}),
    ((4, 6, 1), {"stride": 3}),
    ((4, 6, 4), {"padding": "same"}),
    ((4, 6, 3), {"padding": "same", "dilation": 2}),
    ((4, 6, 3), {"padding": "valid"}),
    ((4, 6, 3), {"padding": 2, "padding_mode": "reflect"}),
    ((4, 6, 3), {"padding": 2, "padding_mode": "replicate", "stride": 2}),
    ((4, 6, 3), {"padding": 2, "padding_mode": "circular"}),
    ((4, 6, 4), {"padding": "same", "padding_mode": "circular"}),
]


@pytest.mark.parametrize(("sizes", "options"), CONV1D)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_conv1d(twin, rng, sizes, options):
    for shape in [(2, 4, 11), (4, 11)]:
        twin(nn.Conv1d(*sizes, **options), tnn.Conv1d(*sizes, **options), floats(rng, *shape))


CONV2D = [
    ((4, 6, 3), {}),
    ((4, 6, (3, 2)), {"stride": (1, 2), "padding": (0, 1), "bias": False}),
    ((4, 6, 3), {"dilation": (2, 1), "padding": 2, "groups": 2}),
    ((4, 8, 3), {"groups": 4, "stride": 2, "dilation": 2}),
    ((4, 4, (3, 1)), {"groups": 4, "padding": (1, 0)}),
    ((4, 6, 1), {}),
    ((4, 6, 1), {"stride": 2, "groups": 2}),
    ((4, 6, (4, 3)), {"padding": "same"}),
    ((4, 6, 3), {"padding": "same", "dilation": 2}),
    ((4, 6, 3), {"padding": "valid"}),
    ((4, 6, 3), {"padding": (2, 1), "padding_mode": "reflect"}),
    ((4, 6, 3), {"padding": 2, "padding_mode": "replicate"}),
    ((4, 6, 3), {"padding": (1, 2), "padding_mode": "circular"}),
    ((4, 6, (2, 4)), {"padding": "same", "padding_mode": "reflect"}),
]


@pytest.mark.parametrize(("sizes", "options"), CONV2D)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_conv2d(twin, rng, sizes, options):
    for shape in [(2, 4, 9, 8), (4, 9, 8)]:
        twin(nn.Conv2d(*sizes, **options), tnn.Conv2d(*sizes, **options), floats(rng, *shape))


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        (4, {}),
        ((4,), {"eps": 1e-3, "bias": False}),
        ((3, 4), {}),
        ((2, 3, 4), {"elementwise_affine": False}),
    ],
)
def test_layer_norm(twin, rng, shape, options):
    theirs = tnn.LayerNorm(shape, **options)
    for value in theirs.parameters():
        torch.nn.init.uniform_(value)
    twin(nn.LayerNorm(shape, **options), theirs, floats(rng, 2, 3, 4))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"affine": False, "eps": 1e-3},
        {"bias": False},
        {"momentum": None},
        {"momentum": 0.3},
        {"track_running_stats": False},
    ],
)
@pytest.mark.parametrize(
    ("name", "shape"),
    [("BatchNorm1d", (6, 3)), ("BatchNorm1d", (4, 3, 5)), ("BatchNorm2d", (2, 3, 4, 5))],
)
def test_batch_norm(twin, rng, name, shape, options):
    ours = getattr(nn, name)(3, **options)
    try:
        theirs = getattr(tnn, name)(3, **options)
    except TypeError:
        pytest.skip("this torch has no BatchNorm without bias")
    for value in theirs.parameters():
        torch.nn.init.uniform_(value)
    for _ in range(2):
        twin(ours, theirs, floats(rng, *shape) + 2, train=True)
    twin(ours, theirs, floats(rng, *shape))


POOL1D = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
    {"kernel_size": (1,), "stride": 3},
]


@pytest.mark.parametrize("options", [*POOL1D, {"kernel_size": 3, "dilation": 2, "padding": 1}])
def test_max_pool1d(twin, rng, options):
    for shape in [(2, 3, 11), (3, 10)]:
        x = floats(rng, *shape)
        x[0, 0] = np.nan
        twin(nn.MaxPool1d(**options), tnn.MaxPool1d(**options), x)


@pytest.mark.parametrize("options", [*POOL1D, {**POOL1D[3], "count_include_pad": False}])
def test_avg_pool1d(twin, rng, options):
    for shape in [(2, 3, 11), (3, 10)]:
        twin(nn.AvgPool1d(**options), tnn.AvgPool1d(**options), floats(rng, *shape))


POOL2D = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
    {"kernel_size": 3, "stride": 2, "ceil_mode": True},
    {"kernel_size": (4, 3), "stride": 3, "padding": (2, 1), "ceil_mode": True},
]


@pytest.mark.parametrize("options", [*POOL2D, {"kernel_size": 3, "dilation": (1, 2), "padding": 1}])
def test_max_pool2d(twin, rng, options):
    for shape in [(2, 3, 10, 9), (3, 8, 10)]:
        twin(nn.MaxPool2d(**options), tnn.MaxPool2d(**options), floats(rng, *shape))


@pytest.mark.parametrize(
    "options",
    [*POOL2D, {**POOL2D[3], "count_include_pad": False}, {"kernel_size": 2, "divisor_override": 3}],
)
def test_avg_pool2d(twin, rng, options):
    for shape in [(2, 3, 10, 9), (3, 8, 10)]:
        twin(nn.AvgPool2d(**options), tnn.AvgPool2d(**options), floats(rng, *shape))


@pytest.mark.parametrize("dims", [(), (0,), (1, 2), (-2, -1)])
def test_flatten(twin, rng, dims):
    twin(nn.Flatten(*dims), tnn.Flatten(*dims), floats(rng, 2, 3, 4, 5))


def test_functional_takes_plain_numbers(same, rng):
    x, w = floats(rng, 2, 3, 6, 6), floats(rng, 4, 3, 3, 3)
    tx, tw = torch.from_numpy(x), torch.from_numpy(w)
    f, tf = nn.functional, torch.nn.functional
    same(f.conv2d(x, w, stride=2, padding=1), tf.conv2d(tx, tw, stride=2, padding=1))
    same(f.max_pool2d(x, 2), tf.max_pool2d(tx, 2))
    same(f.avg_pool2d(x, 2, 1), tf.avg_pool2d(tx, 2, 1))


@pytest.mark.parametrize("training", [True, False])
def test_functional_batch_norm_updates_in_place(same, rng, training):
    x = floats(rng, 4, 3, 5)
    mean, var = np.zeros(3, F32), np.ones(3, F32)
    tmean, tvar = torch.zeros(3), torch.ones(3)
    same(
        nn.functional.batch_norm(x, mean, var, training=training),
        torch.nn.functional.batch_norm(torch.from_numpy(x), tmean, tvar, training=training),
    )
    same([mean, var], [tmean, tvar])


class TestErrors:
    @pytest.mark.parametrize(
        ("layer", "shape"),
        [
            (nn.Conv1d(4, 6, 3), (2, 5, 9)),
            (nn.Conv1d(4, 6, 3), (2, 4, 2)),
            (nn.Conv2d(4, 6, 3), (2, 4)),
            (nn.Conv1d(4, 6, 3, padding=3, padding_mode="reflect"), (1, 4, 3)),
            (nn.LayerNorm(4), (2, 3)),
            (nn.BatchNorm1d(3), (2, 4)),
            (nn.BatchNorm1d(3), (1, 3)),
            (nn.BatchNorm2d(3), (2, 3, 4)),
            (nn.MaxPool1d(5), (1, 1, 3)),
            (nn.MaxPool1d(2, padding=2), (1, 1, 8)),
            (nn.AvgPool2d(3), (2, 3)),
            (nn.GRU(3, 4), (5, 2, 4)),
            (nn.LSTM(3, 4), (3,)),
            (nn.Linear(3, 4), (5, 2)),
        ],
    )
    def test_shapes(self, layer, shape):
        with pytest.raises(ValueError):  # noqa: PT011 - NumPy words it
            layer(np.zeros(shape, F32))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: nn.Conv1d(4, 6, 3, groups=3),
            lambda: nn.Conv1d(4, 6, 3, padding="some"),
            lambda: nn.Conv1d(4, 6, 3, padding="same", stride=2),
            lambda: nn.Conv2d(4, 6, (1, 2, 3)),
            lambda: nn.Conv2d(4, 6, 0),
            lambda: nn.Conv2d(4, 6, 3, padding=-1),
            lambda: nn.Conv2d(4, 6, 3, padding_mode="wrap"),
            lambda: nn.Embedding(3, 4, padding_idx=3),
            lambda: nn.Dropout(1.5),
            lambda: nn.GELU("fast"),
            lambda: nn.LayerNorm(()),
            lambda: nn.RNN(3, 4, nonlinearity="sin"),
            lambda: nn.LSTM(3, 0),
            lambda: nn.GRU(3, 4, dropout=2),
            lambda: nn.AvgPool2d(2, divisor_override=0),
        ],
    )
    def test_arguments(self, make):
        with pytest.raises(ValueError):  # noqa: PT011 - NumPy words it
            make()
