"""Recurrent networks over sequences: `RNN`, `GRU` and `LSTM`."""

from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional
from scriptc.nn._recurrent import Recurrent


class _OneState(Recurrent):
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

    __constants__: ClassVar[list[str]] = [*Recurrent.__constants__, "nonlinearity"]

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


class LSTM(Recurrent):
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
