"""Recurrent networks over sequences: `RNN`, `GRU` and `LSTM`."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module

_Names = tuple[str, str, str, str]


class _Recurrent(Module):
    """What the networks share: parameters, their names, shapes of sequences and states.

    Parameters of layer `k` are `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk` and
    `bias_hh_lk`, those of the backward direction end in `_reverse`. All are
    uniform within `1 / sqrt(hidden_size)` of zero.
    """

    __constants__: ClassVar[list[str]] = [
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "_layer_names",
    ]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        gates: int,
        dtype: DTypeLike,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if hidden_size < 1 or num_layers < 1:
            raise ValueError(f"{name}: hidden_size and num_layers are positive")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout is a probability between 0 and 1, not {dropout}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        # One entry per layer and direction, in the order of the states.
        names: list[_Names] = []
        rows = gates * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * (2 if bidirectional else 1)
            for suffix in ("", "_reverse") if bidirectional else ("",):
                end = f"_l{layer}{suffix}"
                self.register_parameter(f"weight_ih{end}", np.empty((rows, width), dtype))
                self.register_parameter(f"weight_hh{end}", np.empty((rows, hidden_size), dtype))
                for kind in ("bias_ih", "bias_hh"):
                    self.register_parameter(kind + end, np.empty(rows, dtype) if bias else None)
                names.append(
                    (f"weight_ih{end}", f"weight_hh{end}", f"bias_ih{end}", f"bias_hh{end}")
                )
        self._layer_names = tuple(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size)
        for array in self.parameters():
            init.uniform_(array, -bound, bound)

    def _sequence(self, x: np.ndarray) -> np.ndarray:
        """`x` as `(time, batch, input)`.

        Raises:
            ValueError: the rank or the last size of `x`.
        """
        if x.ndim != 2 and x.ndim != 3:
            raise ValueError(f"expected a sequence of 2 or 3 dimensions, got shape {x.shape}")
        if x.shape[-1] != self.input_size:
            raise ValueError(f"expected inputs of size {self.input_size}, got shape {x.shape}")
        if x.ndim == 2:
            return np.expand_dims(x, 1)
        if self.batch_first:
            return np.swapaxes(x, 0, 1)
        return x

    def _state(self, hx: np.ndarray, batched: bool, batch: int) -> np.ndarray:
        """A state as `(layers * directions, batch, hidden)`.

        Raises:
            ValueError: its shape is another.
        """
        h = hx if batched else np.expand_dims(hx, 1)
        shape = (len(self._layer_names), batch, self.hidden_size)
        if h.shape != shape:
            raise ValueError(f"expected an initial state like {shape}, got shape {hx.shape}")
        return h

    def _zeros(self, x: np.ndarray) -> np.ndarray:
        """The state before a sequence `(time, batch, input)`."""
        return np.zeros((len(self._layer_names), x.shape[1], self.hidden_size), x.dtype)

    def _output(self, y: np.ndarray, batched: bool) -> np.ndarray:
        """`(time, batch, width)` as the caller had `x`."""
        if not batched:
            return y[:, 0]
        if self.batch_first:
            return np.swapaxes(y, 0, 1)
        return y

    def _between(self, y: np.ndarray, entry: int) -> np.ndarray:
        """What the layer that ends with `entry` hands on: dropout, except from the last."""
        if self.dropout > 0.0 and entry + 1 < len(self._layer_names):
            return functional.dropout(y, self.dropout, self.training)
        return y

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if not self.bias:
            text += f", bias={self.bias}"
        if self.batch_first:
            text += f", batch_first={self.batch_first}"
        if self.dropout != 0:
            text += f", dropout={self.dropout}"
        if self.bidirectional:
            text += f", bidirectional={self.bidirectional}"
        return text


class _OneState(_Recurrent):
    """A network whose cell has one state array. Subclasses define `_run`."""

    def _run(
        self,
        x: np.ndarray,
        h: np.ndarray,
        w_ih: np.ndarray,
        w_hh: np.ndarray,
        b_ih: np.ndarray | None,
        b_hh: np.ndarray | None,
        reverse: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One direction of one layer: all states and the last."""
        raise NotImplementedError

    def forward(self, x: np.ndarray, hx: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Runs over a sequence.

        Args:
            x: `(T, N, input)`, `(N, T, input)` with `batch_first`, or `(T, input)`.
            hx: the initial states `(layers * directions, N, hidden)`, without `N`
                where `x` is; None for zeros.

        Returns:
            The last layer's states of all steps, in the layout of `x` with
            `directions * hidden` in the last dimension; and all last states, in
            the layout of `hx`.

        Raises:
            ValueError: a shape that does not fit.
        """
        batched = x.ndim == 3
        y = self._sequence(x)
        h0 = self._zeros(y) if hx is None else self._state(hx, batched, y.shape[1])
        ahead = y
        lasts: list[np.ndarray] = []
        k = 0
        for w_ih, w_hh, b_ih, b_hh in self._layer_names:
            backward = self.bidirectional and k % 2 == 1
            states, h = self._run(
                y,
                h0[k],
                getattr(self, w_ih),
                getattr(self, w_hh),
                getattr(self, b_ih),
                getattr(self, b_hh),
                backward,
            )
            lasts.append(h)
            if not self.bidirectional:
                y = self._between(states, k)
            elif backward:
                y = self._between(np.concatenate([ahead, states], axis=-1), k)
            else:
                ahead = states
            k = k + 1
        h_n = np.stack(lasts)
        if not batched:
            h_n = h_n[:, 0]
        return self._output(y, batched), h_n


class RNN(_OneState):
    """Layers of `RNNCell` over a sequence.

    Args:
        input_size: size of the last dimension of `x`.
        hidden_size: size of the last dimension of a state.
        num_layers: how many run on top of each other.
        nonlinearity: `tanh` or `relu`.
        bias: whether there are biases.
        batch_first: `x` and the output are `(N, T, ...)` instead of `(T, N, ...)`.
        dropout: probability of `Dropout` after each layer but the last.
        bidirectional: run backwards too, and join the outputs.
        dtype: of the parameters.

    Raises:
        ValueError: arguments out of range.

    State: `weight_ih_l0` `(hidden, input)`, `weight_hh_l0` `(hidden, hidden)`,
    `bias_ih_l0` and `bias_hh_l0` `(hidden,)`, and so on for layers and directions.
    """

    __constants__: ClassVar[list[str]] = [*_Recurrent.__constants__, "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            1,
            dtype,
        )
        self.nonlinearity = nonlinearity

    def _run(
        self,
        x: np.ndarray,
        h: np.ndarray,
        w_ih: np.ndarray,
        w_hh: np.ndarray,
        b_ih: np.ndarray | None,
        b_hh: np.ndarray | None,
        reverse: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.nonlinearity == "relu":
            return functional.rnn_relu(x, h, w_ih, w_hh, b_ih, b_hh, reverse)
        return functional.rnn_tanh(x, h, w_ih, w_hh, b_ih, b_hh, reverse)


class GRU(_OneState):
    """Layers of `GRUCell` over a sequence.

    Args:
        input_size: size of the last dimension of `x`.
        hidden_size: size of the last dimension of a state.
        num_layers: how many run on top of each other.
        bias: whether there are biases.
        batch_first: `x` and the output are `(N, T, ...)` instead of `(T, N, ...)`.
        dropout: probability of `Dropout` after each layer but the last.
        bidirectional: run backwards too, and join the outputs.
        dtype: of the parameters.

    Raises:
        ValueError: arguments out of range.

    State: `weight_ih_l0` `(3 hidden, input)`, `weight_hh_l0` `(3 hidden, hidden)`,
    `bias_ih_l0` and `bias_hh_l0` `(3 hidden,)`, and so on for layers and directions;
    gates in the order r, z, n.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            3,
            dtype,
        )

    def _run(
        self,
        x: np.ndarray,
        h: np.ndarray,
        w_ih: np.ndarray,
        w_hh: np.ndarray,
        b_ih: np.ndarray | None,
        b_hh: np.ndarray | None,
        reverse: bool,
    ) -> tuple[np.ndarray, np.ndarray]:
        return functional.gru(x, h, w_ih, w_hh, b_ih, b_hh, reverse)


class LSTM(_Recurrent):
    """Layers of `LSTMCell` over a sequence.

    Args:
        input_size: size of the last dimension of `x`.
        hidden_size: size of the last dimension of a state.
        num_layers: how many run on top of each other.
        bias: whether there are biases.
        batch_first: `x` and the output are `(N, T, ...)` instead of `(T, N, ...)`.
        dropout: probability of `Dropout` after each layer but the last.
        bidirectional: run backwards too, and join the outputs.
        dtype: of the parameters.

    Raises:
        ValueError: arguments out of range.

    State: `weight_ih_l0` `(4 hidden, input)`, `weight_hh_l0` `(4 hidden, hidden)`,
    `bias_ih_l0` and `bias_hh_l0` `(4 hidden,)`, and so on for layers and directions;
    gates in the order i, f, g, o.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            4,
            dtype,
        )

    def forward(
        self, x: np.ndarray, hx: tuple[np.ndarray, np.ndarray] | None = None
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Runs over a sequence.

        Args:
            x: `(T, N, input)`, `(N, T, input)` with `batch_first`, or `(T, input)`.
            hx: the initial `(h, c)`, each `(layers * directions, N, hidden)`, without
                `N` where `x` is; None for zeros.

        Returns:
            The last layer's states of all steps, in the layout of `x` with
            `directions * hidden` in the last dimension; and all last `(h, c)`,
            in the layout of `hx`.

        Raises:
            ValueError: a shape that does not fit.
        """
        batched = x.ndim == 3
        y = self._sequence(x)
        if hx is None:
            h0 = self._zeros(y)
            c0 = self._zeros(y)
        else:
            h0 = self._state(hx[0], batched, y.shape[1])
            c0 = self._state(hx[1], batched, y.shape[1])
        ahead = y
        hidden: list[np.ndarray] = []
        cells: list[np.ndarray] = []
        k = 0
        for w_ih, w_hh, b_ih, b_hh in self._layer_names:
            backward = self.bidirectional and k % 2 == 1
            states, h, c = functional.lstm(
                y,
                h0[k],
                c0[k],
                getattr(self, w_ih),
                getattr(self, w_hh),
                getattr(self, b_ih),
                getattr(self, b_hh),
                backward,
            )
            hidden.append(h)
            cells.append(c)
            if not self.bidirectional:
                y = self._between(states, k)
            elif backward:
                y = self._between(np.concatenate([ahead, states], axis=-1), k)
            else:
                ahead = states
            k = k + 1
        h_n = np.stack(hidden)
        c_n = np.stack(cells)
        if not batched:
            h_n = h_n[:, 0]
            c_n = c_n[:, 0]
        return self._output(y, batched), (h_n, c_n)
