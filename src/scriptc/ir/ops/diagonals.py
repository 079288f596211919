"""Triangles and diagonals of matrices, and the indices of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    VIEW,
    WRITES,
    Args,
    OpDef,
    RuleError,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.rules import array_like_type, normalize_axes, size_of, value_of
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import NONE, Dim, TensorType, TupleType, Type, VariadicTupleType

_INDEX = TensorType("int64", (None,))


def _triangle_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.shape == ():
        raise RuleError(f"`{args.schema.name}` takes a tensor of one dimension at least")
    if x.shape is not None and len(x.shape) == 1:
        return TensorType(x.dtype, x.shape * 2)
    return x


def _diagonal_length(rows: Dim, columns: Dim, offset: Any) -> Dim:
    if not (isinstance(rows, int) and isinstance(columns, int) and type(offset) is int):
        return None
    return max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)


def _diag_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    k = value_of(args, "k")
    if x.shape is None:
        return x
    if len(x.shape) == 1:
        size = x.shape[0]
        side = size + abs(k) if isinstance(size, int) and type(k) is int else None
        return TensorType(x.dtype, (side, side))
    if len(x.shape) != 2:
        raise RuleError(f"`diag` takes a tensor of one or two dimensions, not {x}")
    return TensorType(x.dtype, (_diagonal_length(*x.shape, k),))


def _diagflat_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    size, k = size_of(x.shape), value_of(args, "k")
    side = size + abs(k) if isinstance(size, int) and type(k) is int else None
    return TensorType(x.dtype, (side, side))


def _diagonal_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.shape is None:
        return x
    if len(x.shape) < 2:
        raise RuleError(f"`diagonal` takes a tensor of two dimensions or more, not {x}")
    offset, axes = value_of(args, "offset"), (value_of(args, "axis1"), value_of(args, "axis2"))
    if UNKNOWN in axes:
        return TensorType(x.dtype, (None,) * (len(x.shape) - 1))
    rows, columns = normalize_axes(axes, len(x.shape))
    rest = tuple(size for i, size in enumerate(x.shape) if i not in (rows, columns))
    return TensorType(x.dtype, (*rest, _diagonal_length(x.shape[rows], x.shape[columns], offset)))


def _fill_diagonal_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.rank is not None and x.rank < 2:
        raise RuleError(f"`fill_diagonal` takes a tensor of two dimensions or more, not {x}")
    return NONE


def _fill_diagonal(x: Any, val: Any, wrap: Any) -> None:
    np.fill_diagonal(x, val, wrap)


def _diag_indices_type(args: Args) -> Type:
    n, count = value_of(args, "n"), value_of(args, "ndim")
    indices = TensorType("int64", (max(n, 0) if type(n) is int else None,))
    return TupleType((indices,) * count) if type(count) is int else VariadicTupleType(indices)


def _diag_indices_from_type(args: Args) -> Type:
    rank = array_like_type(args["x"]).rank
    return VariadicTupleType(_INDEX) if rank is None else TupleType((_INDEX,) * rank)


def _pair_type(args: Args) -> Type:
    return TupleType((_INDEX, _INDEX))


def _triangle(name: str, doc: str) -> OpDef:
    kernel = getattr(np, name)
    return op(
        f"{name}(x: ArrayLike, k: int = 0)",
        doc=doc,
        infer=_triangle_type,
        kernel=kernel,
        traits=(PURE,),
        spellings=named(name, first="m"),
        samples=lambda: [
            sample(matrix()), sample(matrix(), 1), sample(cube("int8"), -1), sample(matrix(), k=2),
            sample(special()), sample([[1, 2], [3, 4]]), sample(np.zeros((0, 2))), sample([1, 2]),
            sample(matrix("bool")), sample(np.array(3), raises=TypeError),
        ],
    )  # fmt: skip


def _triangle_indices(name: str, doc: str) -> OpDef:
    return op(
        f"{name}(n: int, k: int = 0, m: int | None = None)",
        doc=doc,
        infer=_pair_type,
        kernel=getattr(np, name),
        traits=(PURE,),
        spellings=(f"numpy.{name}",),
        samples=lambda: [
            sample(3), sample(3, 1), sample(3, -1, 4), sample(2, m=3), sample(0),
            sample(np.int64(2)),
        ],
    )  # fmt: skip


def _triangle_indices_from(name: str, doc: str) -> OpDef:
    return op(
        f"{name}(x: Array, k: int = 0)",
        doc=doc,
        infer=_pair_type,
        kernel=getattr(np, name),
        traits=(PURE,),
        spellings=named(name, first="arr"),
        samples=lambda: [
            sample(matrix()), sample(matrix(), 1), sample(np.eye(3), k=-1),
            sample(special(), raises=ValueError),
        ],
    )  # fmt: skip


OPS: tuple[OpDef, ...] = (
    _triangle("tril", "A new array with zeros above the `k`th diagonal."),
    _triangle("triu", "A new array with zeros below the `k`th diagonal."),
    op(
        "diag(x: ArrayLike, k: int = 0)",
        doc="The `k`th diagonal of a matrix as a view for reading; of a vector the matrix with it.",
        infer=_diag_type,
        kernel=np.diag,
        traits=(PURE, VIEW),
        spellings=named("diag", first="v"),
        samples=lambda: [
            sample(matrix()), sample(matrix(), 1), sample(matrix(), -1), sample(matrix(), k=5),
            sample(np.arange(3)), sample(special()[:3], -2), sample([1, 2], 1),
            sample([[1, 2], [3, 4]]), sample(cube(), raises=ValueError),
        ],
    ),
    op(
        "diagflat(x: ArrayLike, k: int = 0)",
        doc="The matrix whose `k`th diagonal holds the elements.",
        infer=_diagflat_type,
        kernel=np.diagflat,
        traits=(PURE,),
        spellings=named("diagflat", first="v"),
        samples=lambda: [
            sample(matrix()), sample(np.arange(3), 1), sample([1, 2], k=-1), sample(3),
            sample(np.zeros(0)),
        ],
    ),
    op(
        "diagonal(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1)",
        doc="A view, for reading, of the diagonals of the matrices that two axes span.",
        infer=_diagonal_type,
        kernel=np.diagonal,
        traits=(PURE, VIEW),
        spellings=(
            "ndarray.diagonal", *named("diagonal"),
            Spelling("numpy.linalg.diagonal", {}, ("x",), defaults={"axis1": -2, "axis2": -1}),
        ),
        samples=lambda: [
            sample(matrix()), sample(matrix(), 1), sample(matrix(), -1),
            sample(cube(), axis1=1, axis2=2),
            sample(cube(), axis1=2, axis2=0), sample(matrix(), offset=7), sample([[1, 2], [3, 4]]),
            sample(special(), raises=ValueError), sample(cube()),
            sample(matrix(), axis1=1, axis2=1, raises=ValueError),
        ],
    ),
    op(
        "fill_diagonal(x: Array, val: ArrayLike, wrap: bool = False)",
        doc="Set the main diagonal to a value or to values in turn.",
        infer=_fill_diagonal_type,
        kernel=_fill_diagonal,
        traits=(WRITES,),
        spellings=named("fill_diagonal"),
        samples=lambda: [
            sample(matrix(), 9), sample(np.zeros((3, 3)), [1, 2, 3]), sample(np.eye(2, 2), -1.5),
            sample(np.zeros((5, 2), "int8"), 4, True), sample(np.zeros((5, 2)), 4, wrap=False),
            sample(np.zeros((2, 2, 2)), np.array([7, 8])), sample(np.zeros((3, 3)), (1, 2)),
            sample(special(), 1, raises=ValueError),
        ],
    ),
    op(
        "diag_indices(n: int, ndim: int = 2)",
        doc="The indices of the main diagonal of an array of size `n` in all dimensions.",
        infer=_diag_indices_type,
        kernel=np.diag_indices,
        traits=(PURE,),
        spellings=("numpy.diag_indices",),
        samples=lambda: [sample(3), sample(2, 3), sample(0), sample(np.int64(2), ndim=1)],
    ),
    op(
        "diag_indices_from(x: Array)",
        doc="The indices of the main diagonal of an array.",
        infer=_diag_indices_from_type,
        kernel=np.diag_indices_from,
        traits=(PURE,),
        spellings=named("diag_indices_from", first="arr"),
        samples=lambda: [
            sample(np.eye(3)), sample(np.zeros((2, 2, 2))), sample(matrix(), raises=ValueError),
        ],
    ),
    _triangle_indices("tril_indices", "The indices of the elements on a diagonal and below."),
    _triangle_indices("triu_indices", "The indices of the elements on a diagonal and above."),
    _triangle_indices_from("tril_indices_from", "The indices of a matrix on a diagonal and below."),
    _triangle_indices_from("triu_indices_from", "The indices of a matrix on a diagonal and above."),
)  # fmt: skip
