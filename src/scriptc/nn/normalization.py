"""`LayerNorm`, `BatchNorm1d` and `BatchNorm2d`."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from scriptc.nn import functional, init
from scriptc.nn.module import Module


class LayerNorm(Module):
    """Normalises over the last dimensions.

    Args:
        normalized_shape: their sizes; an int for the last one only.
        eps: added to the variance.
        elementwise_affine: whether there is a weight, and with `bias` a bias.
        bias: whether there is one.
        dtype: of the parameters.

    State: `weight` (ones) and `bias` (zeros), both `normalized_shape`.
    """

    weight: np.ndarray | None
    bias: np.ndarray | None

    __constants__: ClassVar[list[str]] = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        if isinstance(normalized_shape, int):
            normalized_shape = (normalized_shape,)
        shape = tuple(normalized_shape)
        if not shape:
            raise ValueError("LayerNorm: normalized_shape names at least one dimension")
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", np.empty(shape, dtype) if elementwise_affine else None)
        self.register_parameter(
            "bias", np.empty(shape, dtype) if elementwise_affine and bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to ones and the bias to zeros."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(..., *normalized_shape)`, which stays."""
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class _BatchNorm(Module):
    """What the batch normalisations share."""

    weight: np.ndarray | None
    bias: np.ndarray | None
    running_mean: np.ndarray | None
    running_var: np.ndarray | None
    num_batches_tracked: np.ndarray | None

    __constants__: ClassVar[list[str]] = [
        "num_features",
        "eps",
        "momentum",
        "affine",
        "track_running_stats",
    ]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_parameter("weight", np.ones(num_features, dtype) if affine else None)
        self.register_parameter("bias", np.zeros(num_features, dtype) if affine and bias else None)
        track = track_running_stats
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if track else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if track else None)
        self.register_buffer("num_batches_tracked", np.zeros((), np.int64) if track else None)

    def reset_running_stats(self) -> None:
        """Forgets what was seen in training."""
        if self.running_mean is not None:
            init.zeros_(self.running_mean)
        if self.running_var is not None:
            init.ones_(self.running_var)
        if self.num_batches_tracked is not None:
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Sets the weight to ones, the bias to zeros, and forgets the statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _normalize(self, x: np.ndarray) -> np.ndarray:
        """`forward` once the rank of `x` was checked."""
        functional.check_channels(x, self.num_features)
        if not self.training:
            if self.running_mean is not None and self.running_var is not None:
                return functional.batch_normalize(
                    x, self.running_mean, self.running_var, self.weight, self.bias, self.eps
                )
            mean, var = functional.batch_moments(x)
            return functional.batch_normalize(x, mean, var, self.weight, self.bias, self.eps)
        factor = functional.unbiased_factor(x)
        mean, var = functional.batch_moments(x)
        self._track(mean, var * factor)
        return functional.batch_normalize(x, mean, var, self.weight, self.bias, self.eps)

    def _track(self, mean: np.ndarray, var: np.ndarray) -> None:
        """Moves the running statistics towards the moments of a batch."""
        if (
            self.running_mean is not None
            and self.running_var is not None
            and self.num_batches_tracked is not None
        ):
            self.num_batches_tracked = self.num_batches_tracked + 1
            if self.momentum is None:
                share = functional.plain_share(self.num_batches_tracked)
            else:
                share = self.momentum
            self.running_mean = (1.0 - share) * self.running_mean + share * mean
            self.running_var = (1.0 - share) * self.running_var + share * var

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each channel of `(N, C)` or `(N, C, L)`.

    In training by the moments of the batch, in evaluation by the running ones,
    if there are any. Training assigns new arrays to the running statistics.

    Args:
        num_features: channels.
        eps: added to the variance.
        momentum: share of a new batch in the running statistics; None for their
            plain average.
        affine: whether there is a weight, and with `bias` a bias.
        track_running_stats: whether there are running statistics.
        bias: whether there is one.
        dtype: of the parameters and statistics.

    State: `weight` (ones), `bias` (zeros), `running_mean`, `running_var`, all
    `(num_features,)`, and `num_batches_tracked`, int64 `()`.
    """

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C)` or `(N, C, L)`, which stays.

        Raises:
            ValueError: the shape, or one value per channel in training.
        """
        if x.ndim != 2 and x.ndim != 3:
            raise ValueError(f"BatchNorm1d takes (N, C) or (N, C, L), not shape {x.shape}")
        return self._normalize(x)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of `(N, C, H, W)`; see `BatchNorm1d`."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        """`(N, C, H, W)`, which stays.

        Raises:
            ValueError: the shape, or one value per channel in training.
        """
        if x.ndim != 4:
            raise ValueError(f"BatchNorm2d takes (N, C, H, W), not shape {x.shape}")
        return self._normalize(x)
