"""Normalisation by mean and variance."""

# NumPy types the elements of a plain `ndarray`, and arithmetic on them, as Any.
# mypy: disable-error-code="no-any-return"

import numpy as np


def layer_norm(
    x: np.ndarray,
    normalized_shape: tuple[int, ...],
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalises over the last dimensions, which `normalized_shape` lists.

    Ba et al., Layer normalization, 2016.

    Args:
        x: `(..., *normalized_shape)`, floating.
        normalized_shape: sizes of the dimensions to normalise over.
        weight: `normalized_shape`, or None.
        bias: `normalized_shape`, or None.
        eps: added to the variance.

    Returns:
        Same shape and dtype as `x`.

    Raises:
        ValueError: `x` does not end in `normalized_shape`.
    """
    if x.shape[-len(normalized_shape) :] != normalized_shape:
        raise ValueError(f"the shape {x.shape} does not end in {normalized_shape}")
    if len(normalized_shape) == 1:
        y = _standardize(x, eps)
    else:
        size = 1
        for length in normalized_shape:
            size = size * length
        lead = x.shape[: -len(normalized_shape)]
        flat = lead + (size,)  # noqa: RUF005 - scripts have no star
        y = _standardize(x.reshape(flat), eps).reshape(x.shape)
    if weight is not None:
        y = y * weight
    if bias is not None:
        y = y + bias
    return y


def _standardize(x: np.ndarray, eps: float) -> np.ndarray:
    """Mean 0 and variance 1 along the last dimension."""
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + eps)


def batch_moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and (biased) variance of each channel, dimension 1.

    Args:
        x: `(N, C, ...)`, floating.

    Returns:
        Two arrays `(C,)`.
    """
    flat = x.reshape(x.shape[0], x.shape[1], -1)
    mean = np.mean(flat, axis=(0, 2))
    centred = flat - mean[:, None]
    return mean, np.mean(centred * centred, axis=(0, 2))


def batch_norm(
    x: np.ndarray,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalises each channel, dimension 1.

    Ioffe and Szegedy, Batch normalization, 2015.

    Args:
        x: `(N, C)`, `(N, C, L)` or `(N, C, H, W)`, floating.
        running_mean: `(C,)`. Without `training` it is what `x` is normalised by;
            with it, it is updated in place, where there is one.
        running_var: the same for the variance.
        weight: `(C,)` or None.
        bias: `(C,)` or None.
        training: normalise by the moments of `x` instead.
        momentum: share of the new values in the update.
        eps: added to the variance.

    Returns:
        Same shape and dtype as `x`.

    Raises:
        ValueError: the rank of `x`, absent statistics, or a single value per
            channel with `training`.
    """
    if training:
        mean, var = batch_moments(x)
        if running_mean is not None:
            running_mean[...] = (1.0 - momentum) * running_mean + momentum * mean
        if running_var is not None:
            unbiased = var * unbiased_factor(x)
            running_var[...] = (1.0 - momentum) * running_var + momentum * unbiased
        return batch_normalize(x, mean, var, weight, bias, eps)
    if running_mean is None or running_var is None:
        raise ValueError("batch_norm without training needs running_mean and running_var")
    return batch_normalize(x, running_mean, running_var, weight, bias, eps)


def check_channels(x: np.ndarray, count: int) -> None:
    """Checks the number of channels, dimension 1.

    Raises:
        ValueError: there are not `count`.
    """
    if x.shape[1] != count:
        raise ValueError(f"expected {count} channels, got shape {x.shape}")


def plain_share(batches: np.ndarray) -> float:
    """The share of the last of so many batches in their plain average."""
    return 1.0 / float(batches)


def unbiased_factor(x: np.ndarray) -> float:
    """`n / (n - 1)` for the `n` values per channel, dimension 1.

    Raises:
        ValueError: there is one value per channel, which has no variance.
    """
    count = x.size // x.shape[1]
    if count < 2:
        raise ValueError(f"training needs more than 1 value per channel, got shape {x.shape}")
    return count / (count - 1)


def batch_normalize(
    x: np.ndarray,
    mean: np.ndarray,
    var: np.ndarray,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalises each channel by the given moments, as one multiply and one add."""
    scale = 1.0 / np.sqrt(var + eps)
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale
    if bias is not None:
        shift = shift + bias
    if x.ndim == 2:
        return x * scale + shift
    if x.ndim == 3:
        return x * scale[:, None] + shift[:, None]
    if x.ndim == 4:
        return x * scale[:, None, None] + shift[:, None, None]
    raise ValueError(f"batch_norm takes 2, 3 or 4 dimensions, not {x.ndim}")
