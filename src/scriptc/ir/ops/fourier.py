"""Fourier transforms, their frequencies and shifts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, Args, OpDef, RuleError, Sample, Spelling, op
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import array_like_type, normalize_axis, value_of
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import COMPLEX, NONE, Dim, TensorType, Type, members_of

Sizes = Callable[[Dim, Any], Dim]
"""How many elements a transform gives for so many, if `n` is left out, or for `n`."""


def transform(name: str) -> Callable[..., Any]:
    """Return a function of `numpy.fft`, looked up when it runs.

    NumPy imports that package at its first use.
    """

    def run(*operands: Any, **options: Any) -> Any:
        return getattr(np.fft, name)(*operands, **options)

    run.__name__ = name
    return run


# --- along one axis -------------------------------------------------------------------------------


def _full(size: Dim, n: Any) -> Dim:
    return size if n is None else n


def _half(size: Dim, n: Any) -> Dim:
    length = _full(size, n)
    return length // 2 + 1 if isinstance(length, int) else None


def _doubled(size: Dim, n: Any) -> Dim:
    if n is not None:
        return int(n)
    return 2 * (size - 1) if isinstance(size, int) else None


def _along_axis(run: Callable[..., Any], sizes: Sizes) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        x, n, axis = array_like_type(args["x"]), value_of(args, "n"), value_of(args, "axis")
        dtype = probed(run, x, n=2)
        if x.shape is None:
            return TensorType(dtype)
        if axis is UNKNOWN:
            return TensorType(dtype, (None,) * len(x.shape))
        at = normalize_axis(int(axis), len(x.shape))
        size = None if n is UNKNOWN else sizes(x.shape[at], n)
        return TensorType(dtype, (*x.shape[:at], size, *x.shape[at + 1 :]))

    return infer


def _signals(run: Callable[..., Any]) -> list[Sample]:
    return [
        *(
            tried(run, x)
            for x in (
                np.arange(5.0), matrix(), matrix("int32"), matrix("bool"), matrix("float16"),
                matrix("int8"), matrix("complex64"), cube() * 1j, special(), [1, 2, 3, 4], (1.0, 2),
                np.zeros((2, 0)), np.array(2.0), np.arange(6.0)[::-2], np.ones(1),
            )
        ),
        tried(run, np.arange(5.0), 3), tried(run, np.arange(5.0), 8), tried(run, matrix(), axis=0),
        tried(run, cube(), 4, 1), tried(run, matrix(), norm="ortho"), tried(run, matrix(), n=0),
        tried(run, matrix(), None, -1, "forward"), tried(run, matrix(), axis=2),
        tried(run, matrix(), norm="x"),
    ]  # fmt: skip


def _one_axis(name: str, sizes: Sizes, doc: str) -> OpDef:
    run = transform(name)
    return op(
        f"fft_{name}(x: ArrayLike, n: int | None = None, axis: int = -1, norm: str | None = None)",
        doc=doc,
        infer=_along_axis(run, sizes),
        kernel=run,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.fft.{name}", {"a": "x"})],
        samples=lambda: _signals(run),
    )


# --- along several axes ---------------------------------------------------------------------------


def _several(name: str, axes: str, doc: str, *, same: bool) -> OpDef:
    """Declare a transform over several axes; `same` if it keeps the shape."""
    run = transform(name)
    one = transform(name.rstrip("2n"))

    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        dtype = probed(one, x, n=2)
        if same and args["s"] == NONE:
            return TensorType(dtype, x.shape)
        return TensorType(dtype, None if x.shape is None else (None,) * len(x.shape))

    return op(
        f"fft_{name}(x: ArrayLike, s: ints | None = None, axes: {axes}, norm: str | None = None)",
        doc=doc,
        infer=infer,
        kernel=run,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.fft.{name}", {"a": "x"})],
        samples=lambda: [
            *(tried(run, x) for x in (matrix(), matrix("int32"), cube(), cube() * 1j,
                                      matrix("complex64"), np.ones(3), [[1, 2], [3, 4]])),
            tried(run, matrix(), (4, 2), (0, 1)), tried(run, cube(), axes=(0, 2)),
            tried(run, cube(), (3, 3), (1, 2), norm="ortho"), tried(run, cube(), axes=(0, 5)),
        ],
    )  # fmt: skip


# --- frequencies and shifts -----------------------------------------------------------------------


def _length(args: Args, name: str) -> Dim:
    value = value_of(args, name)
    return None if value is UNKNOWN else max(int(value), 0)


def _frequencies(name: str, sizes: Sizes, doc: str) -> OpDef:
    run = transform(name)

    def infer(args: Args) -> Type:
        n, d = value_of(args, "n"), args["d"]
        real = not any(t == COMPLEX or isinstance(t, TensorType) for t in members_of(d))
        if n is not UNKNOWN and int(n) < 1:
            raise RuleError(f"`{name}` takes a number of samples of 1 at least, not {n}")
        return TensorType("float64" if real else None, (sizes(_length(args, "n"), None),))

    return op(
        f"fft_{name}(n: int, d: float = 1.0)",
        doc=doc,
        infer=infer,
        kernel=run,
        traits=(PURE,),
        spellings=[Spelling(f"numpy.fft.{name}", {}, ("n", "d"))],
        samples=lambda: [
            tried(run, 8), tried(run, 5, 0.1), tried(run, n=1, d=2), tried(run, np.int64(4)),
            tried(run, 4, np.float32(0.5)), tried(run, 0),
        ],
    )  # fmt: skip


def _shifted(name: str, doc: str) -> OpDef:
    run = transform(name)
    return op(
        f"fft_{name}(x: ArrayLike, axes: int | ints | None = None)",
        doc=doc,
        infer=lambda args: array_like_type(args["x"]),
        kernel=run,
        traits=(PURE,),
        spellings=(f"numpy.fft.{name}",),
        samples=lambda: [
            tried(run, np.arange(5.0)), tried(run, cube()), tried(run, cube(), 1),
            tried(run, matrix("int8"), (0, 1)), tried(run, [1, 2, 3]), tried(run, matrix(), 2),
        ],
    )  # fmt: skip


OPS: tuple[OpDef, ...] = (
    _one_axis("fft", _full, "Fourier transform along an axis."),
    _one_axis("ifft", _full, "Inverse of the Fourier transform along an axis."),
    _one_axis("rfft", _half, "The first half of the Fourier transform of real numbers."),
    _one_axis("irfft", _doubled, "Inverse of `rfft`: real numbers, an even count unless told."),
    _one_axis("hfft", _doubled, "Fourier transform of a signal that is its own mirror image."),
    _one_axis("ihfft", _half, "Inverse of `hfft`."),
    _several("fft2", "ints = (-2, -1)", "Fourier transform over two axes.", same=True),
    _several("ifft2", "ints = (-2, -1)", "Inverse of `fft2`.", same=True),
    _several("rfft2", "ints = (-2, -1)", "Fourier transform of real numbers over two axes.",
             same=False),
    _several("irfft2", "ints = (-2, -1)", "Inverse of `rfft2`.", same=False),
    _several("fftn", "ints | None = None", "Fourier transform over several axes, or all.",
             same=True),
    _several("ifftn", "ints | None = None", "Inverse of `fftn`.", same=True),
    _several("rfftn", "ints | None = None", "Fourier transform of real numbers over several axes.",
             same=False),
    _several("irfftn", "ints | None = None", "Inverse of `rfftn`.", same=False),
    _frequencies("fftfreq", _full, "The frequencies that the elements of `fft` belong to."),
    _frequencies("rfftfreq", _half, "The frequencies that the elements of `rfft` belong to."),
    _shifted("fftshift", "The frequency zero moved to the middle."),
    _shifted("ifftshift", "The frequency zero moved from the middle to the front."),
)  # fmt: skip
