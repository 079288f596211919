"""Activation functions. Floating dtypes are preserved."""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np

from scriptc.nn.functional.special import erf


def relu(x: np.ndarray, inplace: bool = False) -> np.ndarray:
    """`max(x, 0)`; NaN stays NaN. `inplace` writes the result into `x`."""
    if inplace:
        x[...] = np.maximum(x, 0)
        return x
    return np.maximum(x, 0)


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    """`x` where it is positive, else `negative_slope * x`."""
    return np.where(x > 0, x, x * negative_slope)


def tanh(x: np.ndarray) -> np.ndarray:
    """The hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """`1 / (1 + exp(-x))`, without overflow for any `x`."""
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, z) / (1.0 + z)


def silu(x: np.ndarray) -> np.ndarray:
    """`x * sigmoid(x)`."""
    return x * sigmoid(x)


def gelu(x: np.ndarray, approximate: str = "none") -> np.ndarray:
    """The Gaussian error linear unit, `x` times the normal distribution at `x`.

    Hendrycks and Gimpel, Gaussian error linear units, 2016.

    Args:
        x: any shape, float32 or float64.
        approximate: `none` for the exact function, `tanh` for the paper's
            approximation by a hyperbolic tangent.

    Raises:
        ValueError: `approximate` is neither.
    """
    if approximate == "tanh":
        # 0.797... = sqrt(2 / pi)
        inner = 0.7978845608028654 * (x + 0.044715 * x * x * x)
        return 0.5 * x * (1.0 + np.tanh(inner))
    if approximate != "none":
        raise ValueError(f"approximate is 'none' or 'tanh', not '{approximate}'")
    return 0.5 * x * (1.0 + erf(x * 0.7071067811865476))


def softmax(x: np.ndarray, dim: int) -> np.ndarray:
    """`exp(x)` divided by its sum along `dim`, without overflow."""
    e = np.exp(x - np.max(x, axis=dim, keepdims=True))
    return e / np.sum(e, axis=dim, keepdims=True)


def log_softmax(x: np.ndarray, dim: int) -> np.ndarray:
    """The logarithm of `softmax`, without overflow and without log(0)."""
    shifted = x - np.max(x, axis=dim, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=dim, keepdims=True))
