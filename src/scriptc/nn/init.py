"""Initialisation of parameters, in place.

Functions end in an underscore, fill the array they are given and return it, as
in `torch.nn.init`. Each takes a `generator`; without one they draw from a
generator of this module, which `manual_seed` restarts. (`Dropout` draws from
`numpy.random` instead, because it runs inside scripts.)
"""

from __future__ import annotations

import math

import numpy as np

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}

_generator: np.random.Generator | None = None


def manual_seed(seed: int | None) -> np.random.Generator:
    """Restarts the generator that layers initialise their parameters from.

    Args:
        seed: a non-negative integer, or None for one that the system draws.

    Returns:
        The new generator.
    """
    global _generator  # noqa: PLW0603 - one default per process, as in torch
    _generator = np.random.default_rng(seed)
    return _generator


def _default() -> np.random.Generator:
    # Made at the first use: NumPy imports its random numbers then, and that takes a while.
    return manual_seed(None) if _generator is None else _generator


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity asks for larger weights.

    Args:
        nonlinearity: `linear`, `conv1d`, `conv2d`, `sigmoid`, `tanh`, `relu`,
            `selu` or `leaky_relu`.
        param: the negative slope of `leaky_relu`, 0.01 where it is None.

    Raises:
        ValueError: the nonlinearity is not known.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(f"unknown nonlinearity {nonlinearity!r}; use one of {known}")
    return _GAINS[nonlinearity]


def _fans(array: np.ndarray) -> tuple[int, int]:
    """Inputs and outputs per unit of a weight `(out, in, *kernel)`."""
    if array.ndim < 2:
        raise ValueError(
            f"fan in and fan out need an array of at least 2 dimensions, not {array.ndim}"
        )
    receptive = math.prod(array.shape[2:])
    return array.shape[1] * receptive, array.shape[0] * receptive


def _fan(array: np.ndarray, mode: str) -> int:
    fan_in, fan_out = _fans(array)
    if mode == "fan_in":
        return fan_in
    if mode == "fan_out":
        return fan_out
    raise ValueError(f"unknown mode {mode!r}; use 'fan_in' or 'fan_out'")


def constant_(array: np.ndarray, val: float) -> np.ndarray:
    """Fills with `val`."""
    array[...] = val
    return array


def zeros_(array: np.ndarray) -> np.ndarray:
    """Fills with zeros."""
    return constant_(array, 0.0)


def ones_(array: np.ndarray) -> np.ndarray:
    """Fills with ones."""
    return constant_(array, 1.0)


def uniform_(
    array: np.ndarray,
    a: float = 0.0,
    b: float = 1.0,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Fills with values drawn uniformly from `[a, b)`."""
    array[...] = (generator or _default()).uniform(a, b, array.shape)
    return array


def normal_(
    array: np.ndarray,
    mean: float = 0.0,
    std: float = 1.0,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Fills with values of a normal distribution."""
    array[...] = (generator or _default()).normal(mean, std, array.shape)
    return array


def trunc_normal_(
    array: np.ndarray,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Fills with values of a normal distribution, redrawn until they lie in `[a, b]`.

    Raises:
        ValueError: the range is empty or more than four `std` away from `mean`.
    """
    if a >= b or mean < a - 4.0 * std or mean > b + 4.0 * std:
        raise ValueError(f"[{a}, {b}] holds too little of a normal around {mean}, std {std}")
    rng = generator or _default()
    values = rng.normal(mean, std, array.shape)
    outside = (values < a) | (values > b)
    while outside.any():
        values[outside] = rng.normal(mean, std, int(outside.sum()))
        outside = (values < a) | (values > b)
    array[...] = values
    return array


def xavier_uniform_(
    array: np.ndarray, gain: float = 1.0, generator: np.random.Generator | None = None
) -> np.ndarray:
    """Uniform values of variance `gain² · 2 / (fan_in + fan_out)`.

    Glorot and Bengio, Understanding the difficulty of training deep feedforward
    neural networks, 2010.

    Raises:
        ValueError: the array has fewer than 2 dimensions.
    """
    bound = gain * math.sqrt(6.0 / sum(_fans(array)))
    return uniform_(array, -bound, bound, generator)


def xavier_normal_(
    array: np.ndarray, gain: float = 1.0, generator: np.random.Generator | None = None
) -> np.ndarray:
    """Normal values of the variance that `xavier_uniform_` has.

    Raises:
        ValueError: the array has fewer than 2 dimensions.
    """
    return normal_(array, 0.0, gain * math.sqrt(2.0 / sum(_fans(array))), generator)


def kaiming_uniform_(
    array: np.ndarray,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Uniform values of variance `gain² / fan`.

    He et al., Delving deep into rectifiers, 2015. With `a = sqrt(5)`, which
    linear layers and convolutions use, the bound is `1 / sqrt(fan_in)`.

    Raises:
        ValueError: the array has fewer than 2 dimensions, or an unknown name.
    """
    std = calculate_gain(nonlinearity, a) / math.sqrt(max(_fan(array, mode), 1))
    bound = math.sqrt(3.0) * std
    return uniform_(array, -bound, bound, generator)


def kaiming_normal_(
    array: np.ndarray,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Normal values of the variance that `kaiming_uniform_` has.

    Raises:
        ValueError: the array has fewer than 2 dimensions, or an unknown name.
    """
    std = calculate_gain(nonlinearity, a) / math.sqrt(max(_fan(array, mode), 1))
    return normal_(array, 0.0, std, generator)


def affine_(weight: np.ndarray, bias: np.ndarray | None) -> None:
    """What a linear layer or convolution does to its parameters when it is made.

    Weight and bias are uniform within `1 / sqrt(fan_in)` of zero.
    """
    kaiming_uniform_(weight, a=math.sqrt(5.0))
    fan_in = _fan(weight, "fan_in")
    if bias is not None and fan_in > 0:
        bound = 1.0 / math.sqrt(fan_in)
        uniform_(bias, -bound, bound)
