"""Linear maps and table look-up."""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """`x @ weight.T + bias`.

    Args:
        x: `(..., in)`.
        weight: `(out, in)`.
        bias: `(out,)` or None.

    Returns:
        `(..., out)`.
    """
    y = x @ weight.T
    if bias is None:
        return y
    return y + bias


def embedding(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The rows of `weight` that `x` names.

    Args:
        x: integers of any shape. As always in NumPy, negative ones count from
            the end.
        weight: `(rows, width)`.

    Returns:
        `(*x.shape, width)`.

    Raises:
        IndexError: a row that does not exist.
    """
    return weight[x]
