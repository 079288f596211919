"""Markers that tell `Module` how to register an array."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

if TYPE_CHECKING:
    # To a type checker a marker is an array, because that is what an attribute
    # which was assigned one reads as. At run time it is a plain object.
    _Marker = np.ndarray[Any, np.dtype[Any]]
else:
    _Marker = object


class _Wrapped(_Marker):
    """Holds an array until a module registers it."""

    # `ndarray.data` is a memory view; ours is the array, as in torch.
    data: np.ndarray  # type: ignore[assignment]  # a property there

    if not TYPE_CHECKING:
        __slots__ = ("data",)

        def __array__(self, dtype=None, copy=None):
            """The array, for `np.asarray` and friends."""
            return np.array(self.data, dtype=dtype, copy=copy)

        def __repr__(self):
            return f"{type(self).__name__}({self.data!r})"


class Parameter(_Wrapped):
    """Marks an array as a parameter: `self.weight = Parameter(array)`.

    The module stores `data` itself, so that `self.weight` reads as a plain
    `numpy.ndarray` and nothing but plain arrays takes part in arithmetic.

    Args:
        data: an array, kept without a copy, or anything `numpy.asarray` takes.
        dtype: converts `data` where given.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __new__(cls, data: ArrayLike, *, dtype: DTypeLike | None = None) -> "Parameter": ...  # noqa: PYI034 - overloads name the class

    else:

        def __init__(self, data, *, dtype=None):
            self.data = np.asarray(data, dtype=dtype)


class Buffer(_Wrapped):
    """Marks an array as a buffer: state that is no parameter.

    Args:
        data: an array, kept without a copy, or anything `numpy.asarray` takes.
        persistent: whether `state_dict` holds the buffer.
        dtype: converts `data` where given.
    """

    persistent: bool

    if TYPE_CHECKING:

        def __new__(  # noqa: PYI034 - overloads name the class
            cls, data: ArrayLike, *, persistent: bool = True, dtype: DTypeLike | None = None
        ) -> "Buffer": ...

    else:
        __slots__ = ("persistent",)

        def __init__(self, data, *, persistent=True, dtype=None):
            self.data = np.asarray(data, dtype=dtype)
            self.persistent = persistent
