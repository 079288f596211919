"""Polynomials as arrays of coefficients, the highest power first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, VIEW, Args, OpDef, Spelling, op
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import array_like_type, value_of
from scriptc.ir.ops.samples import matrix, tried
from scriptc.ir.types import Dim, TensorType, Type

_CUBIC = np.array([2.0, 0.0, -1.0, 3.0])


def _pair(name: str, doc: str) -> OpDef:
    """Declare a function of two polynomials that gives a polynomial."""
    function: Callable[..., Any] = getattr(np, name)

    def infer(args: Args) -> Type:
        kinds = [array_like_type(args["a1"]), array_like_type(args["a2"])]
        vectors = all(t.rank in (0, 1) for t in kinds)
        dtype = probed(function, args["a1"], args["a2"])
        return TensorType(dtype, (None,) if vectors else None)

    return op(
        f"{name}(a1: ArrayLike, a2: ArrayLike)",
        doc=doc,
        infer=infer,
        kernel=function,
        traits=(PURE,),
        spellings=(f"numpy.{name}",),
        samples=lambda: [
            tried(function, a, b)
            for a, b in (
                (_CUBIC, np.array([1.0, 2.0])), ([1, 2], [3, 4]), (np.array([1, 2], "int8"), 3),
                (_CUBIC.astype("float32"), _CUBIC[::-1].astype("float32")), (2, 3.5),
                (np.array([1j]), _CUBIC), (np.zeros(2), [0, 0]), (matrix(), matrix()),
            )
        ],
    )  # fmt: skip


def _calculus_type(args: Args) -> Type:
    return TensorType(None, (None,) if array_like_type(args["p"]).rank == 1 else None)


def _calculus(name: str, doc: str, more: str = "") -> OpDef:
    """Declare the derivative or the integral, which is the polynomial itself for `m=0`."""
    function: Callable[..., Any] = getattr(np, name)
    return op(
        f"{name}(p: ArrayLike, m: int = 1{more})",
        doc=doc,
        infer=_calculus_type,
        kernel=function,
        traits=(PURE, VIEW),
        spellings=(f"numpy.{name}",),
        samples=lambda: [
            tried(function, p, m)
            for p in (_CUBIC, [1, 2, 3], np.array([1, 2], "int8"), 2.0, matrix())
            for m in (0, 1, 2, -1)
        ],
    )


def _fit_type(args: Args) -> Type:
    x, y = array_like_type(args["x"]), array_like_type(args["y"])
    degree = value_of(args, "deg")
    count: Dim = None if degree is UNKNOWN else int(degree) + 1
    dtype = "float64" if x.dtype == y.dtype == "float64" else None
    return TensorType(dtype, None if y.shape is None else (count, *y.shape[1:]))


def _polyfit(x: Any, y: Any, deg: Any, rcond: Any, w: Any) -> Any:
    return np.polyfit(x, y, deg, rcond, w=w)


OPS: tuple[OpDef, ...] = (
    _pair("polyadd", "Sum of two polynomials."),
    _pair("polysub", "Difference of two polynomials."),
    _pair("polymul", "Product of two polynomials."),
    _calculus("polyder", "The m-th derivative."),
    _calculus(
        "polyint", "The m-th integral, with these constants.", ", k: ArrayLike | None = None"
    ),
    op(
        "roots(p: ArrayLike)",
        doc="The roots of a polynomial.",
        infer=lambda args: TensorType(None, (None,)),
        kernel=np.roots,
        traits=(PURE,),
        spellings=("numpy.roots",),
        samples=lambda: [
            tried(np.roots, p)
            for p in (_CUBIC, [1, -3, 2], np.array([1.0, 0.0]), [0, 0], 2.0, matrix(), np.zeros(0))
        ],
    ),
    op(
        "polyfit(x: ArrayLike, y: ArrayLike, deg: int, rcond: float | None = None, "
        "w: ArrayLike | None = None)",
        doc="The polynomial of a degree that is closest to the points.",
        infer=_fit_type,
        kernel=_polyfit,
        traits=(PURE,),
        spellings=[Spelling("numpy.polyfit", {}, ("x", "y", "deg", "rcond", "-", "w"))],
        samples=lambda: [
            tried(np.polyfit, np.arange(5.0), np.arange(5.0) ** 2, 2),
            tried(np.polyfit, [0, 1, 2], [1, 3, 5], 1),
            tried(np.polyfit, np.arange(3.0), matrix("float64").T, 1),
            tried(np.polyfit, np.arange(4.0), np.ones(4), 1, w=[1, 2, 1, 2]),
            tried(np.polyfit, np.arange(3, dtype="float32"), np.ones(3, "float32"), 0),
            tried(np.polyfit, np.arange(3.0), np.ones(4), 1), tried(np.polyfit, [1.0], [1.0], -1),
        ],
    ),
)  # fmt: skip
