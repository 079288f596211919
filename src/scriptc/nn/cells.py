"""Single recurrent steps: `RNNCell`, `GRUCell` and `LSTMCell`."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module


class _Cell(Module):
    """What the cells share. Every parameter is uniform within `1 / sqrt(hidden_size)`."""

    weight_ih: np.ndarray
    weight_hh: np.ndarray
    bias_ih: np.ndarray | None
    bias_hh: np.ndarray | None

    __constants__: ClassVar[list[str]] = ["input_size", "hidden_size", "bias"]

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, gates: int, dtype: DTypeLike
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = gates * hidden_size
        self.register_parameter("weight_ih", np.empty((rows, input_size), dtype))
        self.register_parameter("weight_hh", np.empty((rows, hidden_size), dtype))
        self.register_parameter("bias_ih", np.empty(rows, dtype) if bias else None)
        self.register_parameter("bias_hh", np.empty(rows, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for array in self.parameters():
            init.uniform_(array, -bound, bound)

    def _zeros(self, x: np.ndarray) -> np.ndarray:
        """The state that a call without one starts from."""
        shape = x.shape[:-1] + (self.hidden_size,)  # noqa: RUF005 - scripts have no star
        return np.zeros(shape, x.dtype)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        return text if self.bias else f"{text}, bias={self.bias}"


class RNNCell(_Cell):
    """`tanh` or `relu` of `w_ih x + b_ih + w_hh h + b_hh`.

    Args:
        input_size, hidden_size: sizes of the last dimension of `x` and state.
        bias: whether there are biases.
        nonlinearity: `tanh` or `relu`.
        dtype: of the parameters.

    Raises:
        ValueError: another nonlinearity.

    State: `weight_ih` `(hidden, input)`, `weight_hh` `(hidden, hidden)`,
    `bias_ih` and `bias_hh` `(hidden,)`.
    """

    __constants__: ClassVar[list[str]] = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, dtype)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell: nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        self.nonlinearity = nonlinearity

    def forward(self, x: np.ndarray, hx: np.ndarray | None = None) -> np.ndarray:
        """`x` `(N, input)` or `(input,)`, state `(N, hidden)` or `(hidden,)` to the next state.

        Without a state it is zeros.
        """
        h = self._zeros(x) if hx is None else hx
        if self.nonlinearity == "relu":
            return functional.rnn_relu_cell(
                x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
            )
        return functional.rnn_tanh_cell(
            x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class GRUCell(_Cell):
    """A step of a gated recurrent unit; see `functional.gru_cell`.

    Args:
        input_size, hidden_size: sizes of the last dimension of `x` and state.
        bias: whether there are biases.
        dtype: of the parameters.

    State: `weight_ih` `(3 hidden, input)`, `weight_hh` `(3 hidden, hidden)`,
    `bias_ih` and `bias_hh` `(3 hidden,)`; gates in the order r, z, n.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, dtype)

    def forward(self, x: np.ndarray, hx: np.ndarray | None = None) -> np.ndarray:
        """`x` `(N, input)` or `(input,)`, state `(N, hidden)` or `(hidden,)` to the next state.

        Without a state it is zeros.
        """
        h = self._zeros(x) if hx is None else hx
        return functional.gru_cell(x, h, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)


class LSTMCell(_Cell):
    """A step of a long short-term memory; see `functional.lstm_cell`.

    Args:
        input_size, hidden_size: sizes of the last dimension of `x` and state.
        bias: whether there are biases.
        dtype: of the parameters.

    State: `weight_ih` `(4 hidden, input)`, `weight_hh` `(4 hidden, hidden)`,
    `bias_ih` and `bias_hh` `(4 hidden,)`; gates in the order i, f, g, o.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, dtype)

    def forward(
        self, x: np.ndarray, hx: tuple[np.ndarray, np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`x` `(N, input)` or `(input,)` and `(h, c)`, each `(N, hidden)` or `(hidden,)`.

        Without `hx` both are zeros. Returns the next `(h, c)`.
        """
        if hx is None:
            h = self._zeros(x)
            c = self._zeros(x)
        else:
            h, c = hx
        return functional.lstm_cell(
            x, h, c, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
