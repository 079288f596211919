"""Recurrent cells and their runs over a sequence.

A cell takes `x` `(batch, in)` or `(in,)`, a state `(batch, hidden)` or
`(hidden,)`, weights `(gates * hidden, in)` and `(gates * hidden, hidden)`, and
biases `(gates * hidden,)` or None. A run takes `x` `(time, batch, in)`, does the
product of all its steps with the input weights at once, and returns the states
of all steps `(time, batch, hidden)` and the last one. With `reverse` it goes from
the last step to the first, and its results keep the order of the input.
"""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np

from scriptc.nn.functional.activation import sigmoid
from scriptc.nn.functional.dense import linear


def check_sequence(x: np.ndarray, size: int) -> None:
    """Checks the shape of a sequence.

    Raises:
        ValueError: the rank, or a last dimension that is not `size`.
    """
    if x.ndim != 2 and x.ndim != 3:
        raise ValueError(f"expected a sequence of 2 or 3 dimensions, got shape {x.shape}")
    if x.shape[-1] != size:
        raise ValueError(f"expected inputs of size {size}, got shape {x.shape}")


def check_state(h: np.ndarray, entries: int, batch: int, size: int) -> None:
    """Checks that an initial state is `(entries, batch, size)`.

    Raises:
        ValueError: it is not.
    """
    shape = (entries, batch, size)
    if h.shape != shape:
        raise ValueError(f"expected an initial state like {shape}, got shape {h.shape}")


def rnn_tanh_cell(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> np.ndarray:
    """`tanh(w_ih x + b_ih + w_hh h + b_hh)`: the next state. Elman, 1990."""
    return np.tanh(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh))


def rnn_relu_cell(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> np.ndarray:
    """`max(w_ih x + b_ih + w_hh h + b_hh, 0)`: the next state."""
    return np.maximum(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh), 0)


def gru_cell(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> np.ndarray:
    """The next state of a gated recurrent unit; gates in the order r, z, n.

    Cho et al., Learning phrase representations using RNN encoder-decoder, 2014,
    with the reset gate after the product, as in cuDNN and PyTorch.
    """
    return _gru_update(linear(x, w_ih, b_ih), linear(h, w_hh, b_hh), h)


def _gru_update(from_x: np.ndarray, from_h: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The next state, from the gates' shares of input and state."""
    n = h.shape[-1]
    reset = sigmoid(from_x[..., :n] + from_h[..., :n])
    update = sigmoid(from_x[..., n : 2 * n] + from_h[..., n : 2 * n])
    new = np.tanh(from_x[..., 2 * n :] + reset * from_h[..., 2 * n :])
    return (1.0 - update) * new + update * h


def lstm_cell(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The next `(h, c)` of a long short-term memory; gates in the order i, f, g, o.

    Hochreiter and Schmidhuber, Long short-term memory, 1997; with the forget
    gate of Gers et al., 2000.
    """
    return _lstm_update(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh), c)


def _lstm_update(gates: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The next `(h, c)`, from the gates' sums."""
    n = c.shape[-1]
    enter = sigmoid(gates[..., :n])
    forget = sigmoid(gates[..., n : 2 * n])
    new = np.tanh(gates[..., 2 * n : 3 * n])
    leave = sigmoid(gates[..., 3 * n :])
    c = forget * c + enter * new
    return leave * np.tanh(c), c


def rnn_tanh(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
    reverse: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Runs `rnn_tanh_cell` over a sequence: all states and the last."""
    steps = x.shape[0]
    from_x = linear(x, w_ih, b_ih)
    states = np.empty((steps, x.shape[1], w_hh.shape[1]), x.dtype)
    for i in range(steps):
        t = steps - 1 - i if reverse else i
        h = np.tanh(from_x[t] + linear(h, w_hh, b_hh))
        states[t] = h
    return states, h


def rnn_relu(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
    reverse: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Runs `rnn_relu_cell` over a sequence: all states and the last."""
    steps = x.shape[0]
    from_x = linear(x, w_ih, b_ih)
    states = np.empty((steps, x.shape[1], w_hh.shape[1]), x.dtype)
    for i in range(steps):
        t = steps - 1 - i if reverse else i
        h = np.maximum(from_x[t] + linear(h, w_hh, b_hh), 0)
        states[t] = h
    return states, h


def gru(
    x: np.ndarray,
    h: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
    reverse: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Runs `gru_cell` over a sequence: all states and the last."""
    steps = x.shape[0]
    from_x = linear(x, w_ih, b_ih)
    states = np.empty((steps, x.shape[1], w_hh.shape[1]), x.dtype)
    for i in range(steps):
        t = steps - 1 - i if reverse else i
        h = _gru_update(from_x[t], linear(h, w_hh, b_hh), h)
        states[t] = h
    return states, h


def lstm(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None = None,
    b_hh: np.ndarray | None = None,
    reverse: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs `lstm_cell` over a sequence: all `h`, the last `h` and the last `c`."""
    steps = x.shape[0]
    from_x = linear(x, w_ih, b_ih)
    states = np.empty((steps, x.shape[1], w_hh.shape[1]), x.dtype)
    for i in range(steps):
        t = steps - 1 - i if reverse else i
        h, c = _lstm_update(from_x[t] + linear(h, w_hh, b_hh), c)
        states[t] = h
    return states, h, c
