"""What the recurrent networks share."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module

_Names = tuple[str, str, str, str]


class Recurrent(Module):
    """A network over sequences: parameters, their names, shapes of sequences and states.

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
        functional.check_sequence(x, self.input_size)
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
        functional.check_state(h, len(self._layer_names), batch, self.hidden_size)
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
