"""Attributes of arrays: shape, size, dtype and the like, and the transposed views."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    METADATA,
    PURE,
    TOTAL,
    VIEW,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.rules import array_like_type, returns
from scriptc.ir.ops.samples import cube, matrix, named, special
from scriptc.ir.types import DTYPE, INT, TensorType, TupleType, Type, VariadicTupleType


def _shape_type(args: Args) -> Type:
    rank = array_like_type(args["x"]).rank
    return VariadicTupleType(INT) if rank is None else TupleType((INT,) * rank)


def _transposed(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(x.dtype, None if x.shape is None else x.shape[::-1])


def _matrix_transposed(args: Args) -> Type:
    x = array_like_type(args["x"])
    if x.shape is None:
        return x
    if len(x.shape) < 2:
        raise RuleError(f"`mT` takes a tensor of two dimensions or more, not {x}", "use `.T`")
    return TensorType(x.dtype, (*x.shape[:-2], x.shape[-1], x.shape[-2]))


def _arrays() -> list[Sample]:
    return [
        *map(sample, (matrix(), special(), cube("int16"), np.array(2.5), np.float32(1))),
        sample(np.zeros((0, 3), bool)), sample(matrix("complex64").T), sample(cube()[:, ::2]),
    ]  # fmt: skip


def _matrix_transpose(x: Any) -> Any:
    return x.mT


def _attribute(
    name: str,
    doc: str,
    infer: InferRule,
    spellings: Iterable[str | Spelling] = (),
) -> OpDef:
    """Declare an attribute that says something about an array and not of its elements."""
    return op(
        f"{name}(x: Array)",
        doc=doc,
        infer=infer,
        kernel=operator.attrgetter(name),
        traits=(PURE, TOTAL, METADATA),
        python=f"x.{name}",
        spellings=(f"ndarray.{name}", *spellings),
        samples=_arrays,
    )


OPS: tuple[OpDef, ...] = (
    _attribute("shape", "The sizes of the dimensions.", _shape_type, named("shape")),
    _attribute("ndim", "The number of dimensions.", returns(INT), named("ndim")),
    _attribute("size", "The number of elements.", returns(INT), named("size")),
    _attribute("dtype", "The type of the elements.", returns(DTYPE)),
    _attribute("itemsize", "The bytes of one element.", returns(INT)),
    _attribute("nbytes", "The bytes of all elements.", returns(INT)),
    op(
        "T(x: Array)",
        doc="A view with the dimensions in reverse order.",
        infer=_transposed,
        kernel=operator.attrgetter("T"),
        traits=(PURE, TOTAL, VIEW),
        python="x.T",
        spellings=("ndarray.T",),
        samples=_arrays,
    ),
    op(
        "matrix_transpose(x: Array)",
        doc="A view with the last two dimensions swapped.",
        infer=_matrix_transposed,
        kernel=_matrix_transpose,
        traits=(PURE, VIEW),
        python="x.mT",
        spellings=("ndarray.mT", "numpy.matrix_transpose", "numpy.linalg.matrix_transpose"),
        samples=lambda: [
            *map(sample, (matrix(), cube("int16"), np.zeros((0, 3), bool), cube()[:, ::2])),
            sample(special(), raises=ValueError),
            sample(np.array(1), raises=ValueError),
        ],
    ),
)  # fmt: skip
