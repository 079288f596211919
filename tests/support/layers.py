"""Every layer of `scriptc.nn` in several configurations, each with the arguments of calls."""

import numpy as np

from scriptc import nn

F32, F64 = np.float32, np.float64


def floats(*shape, dtype=F32):
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(dtype)


IMAGE, SIGNAL, ROWS = floats(2, 4, 9, 8), floats(2, 4, 11), floats(3, 4)


def recurrent(name, steps=3, **options):
    """Return a recurrent network, and calls without and with a state."""
    network = getattr(nn, name)(4, 5, **options)
    dtype = options.get("dtype", F32)
    entries = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    x = floats(steps, 2, 4, dtype=dtype)
    if options.get("batch_first"):
        x = x.swapaxes(0, 1)
    h, c = floats(entries, 2, 5, dtype=dtype), floats(entries, 2, 5, dtype=dtype) / 2
    flat = floats(steps, 4, dtype=dtype)
    if name == "LSTM":
        return network, (x,), (x, (h, c)), (flat,), (flat, (h[:, 0], c[:, 0]))
    return network, (x,), (x, h), (flat,), (flat, h[:, 0])


def cell(name, **options):
    """Return a recurrent cell, and calls without and with a state, of a batch and of one."""
    dtype = options.get("dtype", F32)
    x, h, c = (floats(3, n, dtype=dtype) for n in (4, 5, 5))
    state, one = (h, (h[0])) if name != "LSTMCell" else ((h, c), (h[0], c[0]))
    layer = getattr(nn, name)(4, 5, **options)
    return layer, (x,), (x, state), (x[0],), (x[0], one)


def layers():
    """Give each layer in several configurations, each with the arguments of calls."""
    yield from tables()
    yield from convolutions()
    yield from normalizations()
    yield from activations()
    yield from recurrences()
    yield from poolings()
    yield from containers()


def tables():
    for dtype in F32, F64:
        for bias in True, False:
            linear = nn.Linear(4, 5, bias=bias, dtype=dtype)
            shapes = [(4,), (3, 4), (2, 3, 4), (0, 4)]
            yield linear, *[(floats(*shape, dtype=dtype),) for shape in shapes]
    for padding_idx, dtype in (None, F32), (2, F32), (-1, F64):
        table = nn.Embedding(10, 4, padding_idx=padding_idx, dtype=dtype)
        yield table, (np.array([[1, 2], [9, 2]]),), (np.array(3),), (np.arange(4, dtype=np.int32),)


def convolutions():
    for options in (
        {},
        {"bias": False, "dtype": F64},
        {"stride": 2, "padding": 1},
        {"padding": "same"},
        {"padding": "same", "dilation": 3, "padding_mode": "reflect"},
        {"padding": "valid", "groups": 2},
        {"dilation": 2, "padding": 2, "padding_mode": "circular"},
        {"groups": 4, "stride": 3},
        {"padding": 3, "padding_mode": "replicate", "groups": 2, "bias": False},
    ):
        x = SIGNAL.astype(options.get("dtype", F32))
        yield nn.Conv1d(4, 8, 3, **options), (x,), (x[0],)
    for options in (
        {},
        {"bias": False, "dtype": F64},
        {"stride": (2, 1), "padding": (0, 2)},
        {"padding": "same", "dilation": (1, 2)},
        {"padding": "valid", "groups": 2, "stride": 2},
        {"groups": 4, "padding": 1, "dilation": 2},
        {"padding": (2, 1), "padding_mode": "reflect"},
        {"padding": 1, "padding_mode": "circular", "groups": 2},
        {"padding": 2, "padding_mode": "replicate", "bias": False},
    ):
        x = IMAGE.astype(options.get("dtype", F32))
        yield nn.Conv2d(4, 8, (3, 2), **options), (x,), (x[0],)
    yield nn.Conv2d(4, 3, 1), (IMAGE,)


def normalizations():
    for options in (
        {},
        {"eps": 0.1, "dtype": F64},
        {"elementwise_affine": False},
        {"bias": False},
    ):
        x = ROWS.astype(options.get("dtype", F32))
        yield nn.LayerNorm(4, **options), (x,), (x[0],), (floats(2, 3, 4),)
    yield nn.LayerNorm([9, 8]), (IMAGE,), (IMAGE[0, 0],)
    for layer, inputs in (nn.BatchNorm1d, [ROWS, SIGNAL]), (nn.BatchNorm2d, [IMAGE]):
        for options in (
            {},
            {"eps": 0.1, "momentum": None},
            {"affine": False, "dtype": F64},
            {"bias": False},
            {"track_running_stats": False},
        ):
            yield layer(4, **options), *[(x.astype(options.get("dtype", F32)),) for x in inputs]


def activations():
    yield nn.Dropout(0.3), (ROWS,), (ROWS.astype(F64),)
    yield nn.Dropout(0.0), (ROWS,)
    yield nn.Dropout(1.0), (ROWS,)
    yield nn.Dropout(0.5, inplace=True), (ROWS,)
    special = np.array([[np.nan, np.inf, -np.inf, -0.0], [0.0, 90.0, -90.0, 1e-30]])
    for activation in (
        nn.ReLU(),
        nn.LeakyReLU(0.2),
        nn.GELU(),
        nn.GELU(approximate="tanh"),
        nn.SiLU(),
        nn.Tanh(),
        nn.Sigmoid(),
        nn.Identity(),
    ):
        yield activation, (ROWS,), (special,), (special.astype(F32),), (floats(2, 0),), (ROWS[0],)
    for normalizer in nn.Softmax(-1), nn.Softmax(0), nn.LogSoftmax(1):
        yield normalizer, (ROWS,), (special[1:],), (floats(2, 3, 4, dtype=F64),)


def recurrences():
    for name in "RNNCell", "GRUCell", "LSTMCell":
        for options in {}, {"bias": False, "dtype": F64}:
            yield cell(name, **options)
    yield cell("RNNCell", nonlinearity="relu")
    for name in "RNN", "GRU", "LSTM":
        for options in (
            {},
            {"bias": False, "dtype": F64},
            {"num_layers": 2, "batch_first": True},
            {"bidirectional": True},
            {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
            {"num_layers": 2, "dropout": 0.5},
        ):
            yield recurrent(name, **options)
    yield recurrent("RNN", nonlinearity="relu", num_layers=2)


def poolings():
    for pool in (
        nn.MaxPool1d(3),
        nn.MaxPool1d(3, stride=2, padding=1, dilation=2),
        nn.MaxPool1d(2, ceil_mode=True),
        nn.AvgPool1d(3),
        nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False),
        nn.AvgPool1d(2, ceil_mode=True),
    ):
        yield pool, (SIGNAL,), (SIGNAL[0].astype(F64),)
    for pool in (
        nn.MaxPool2d(2),
        nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), dilation=(2, 1)),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.AvgPool2d(2),
        nn.AvgPool2d((3, 2), stride=2, padding=1, count_include_pad=False),
        nn.AvgPool2d(2, ceil_mode=True, divisor_override=3),
    ):
        yield pool, (IMAGE,), (IMAGE[0].astype(F64),)


def containers():
    yield nn.Flatten(), (IMAGE,), (ROWS,)
    yield nn.Flatten(0), (IMAGE,), (ROWS,)
    yield nn.Flatten(1, 2), (IMAGE,)
    yield nn.Flatten(-2), (IMAGE,), (ROWS,)
    yield nn.Sequential(), (ROWS,)
    dense = nn.Linear(4, 4)
    yield nn.Sequential(dense, nn.Tanh(), nn.Sequential(dense, nn.ReLU())), (ROWS,)
    convolutional = nn.Sequential(
        nn.Conv2d(4, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(6 * 4 * 4, 3),
        nn.Softmax(-1),
    )
    yield convolutional, (IMAGE,), (IMAGE[:1],)
    yield Listed(), (ROWS,)
    yield Named(), (ROWS,), (ROWS, "second")


class Listed(nn.Module):
    """A list of layers that are run one after the other, and one by its place."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([nn.Linear(4, 4), nn.LayerNorm(4), nn.GRUCell(4, 4)])

    def forward(self, x: np.ndarray) -> np.ndarray:
        for i, stage in enumerate(self.stages):
            x = stage(x) + i
        return self.stages[-1](x) * len(self.stages)


class Named(nn.Module):
    """Layers by name, of which an argument picks one."""

    def __init__(self):
        super().__init__()
        self.choices = nn.ModuleDict({"first": nn.Linear(4, 4), "second": nn.Tanh()})

    def forward(self, x: np.ndarray, name: str = "first") -> np.ndarray:
        for key, choice in self.choices.items():
            if key == name:
                return choice(x)
        raise KeyError(name)


def randomize(module):
    """Give parameters and buffers that start as zeros or ones values that matter."""
    generator = np.random.default_rng(7)
    for array in (*module.parameters(), *module.buffers()):
        if array.dtype.kind == "f":
            array[...] = generator.random(array.shape) + 0.1
