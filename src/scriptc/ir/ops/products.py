"""Products of vectors and matrices, and sums over chosen axes of them."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, VIEW, Args, OpDef, RuleError, Spelling, op, sample
from scriptc.ir.ops.rules import (
    Shape,
    accumulated,
    array_like_type,
    dtype_of,
    normalize_axes,
    normalize_axis,
    promote,
    same_size,
    value_of,
)
from scriptc.ir.ops.samples import cube, matrix, tried
from scriptc.ir.ops.shapes import broadcast_shapes
from scriptc.ir.types import Dim, TensorType, Type

_VECTOR = np.array([1.0, -2.0, 0.5])


def _product_dtype(a: Type, b: Type) -> str | None:
    return promote(array_like_type(a), array_like_type(b))


def _dot_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = _product_dtype(args["a"], args["b"])
    if a.shape is None or b.shape is None:
        return TensorType(dtype)
    if not a.shape or not b.shape:
        return TensorType(dtype, (*a.shape, *b.shape))
    at = -2 if len(b.shape) > 1 else -1
    same_size(a.shape[-1], b.shape[at])
    rest = (*b.shape[:-2], b.shape[-1]) if len(b.shape) > 1 else ()
    return TensorType(dtype, (*a.shape[:-1], *rest))


def _vdot_type(args: Args) -> Type:
    return TensorType(_product_dtype(args["a"], args["b"]), ())


def _inner_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = _product_dtype(args["a"], args["b"])
    if a.shape is None or b.shape is None:
        return TensorType(dtype)
    if not a.shape or not b.shape:
        return TensorType(dtype, (*a.shape, *b.shape))
    same_size(a.shape[-1], b.shape[-1])
    return TensorType(dtype, (*a.shape[:-1], *b.shape[:-1]))


def _size(shape: Shape) -> Dim:
    total = 1
    for size in shape or ():
        if not isinstance(size, int):
            return None
        total *= size
    return None if shape is None else total


def _outer_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    return TensorType(_product_dtype(args["a"], args["b"]), (_size(a.shape), _size(b.shape)))


def _vecdot_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = _product_dtype(args["a"], args["b"])
    axis = value_of(args, "axis")
    if a.shape is None or b.shape is None or axis is UNKNOWN:
        return TensorType(dtype)
    i, j = normalize_axis(axis, len(a.shape)), normalize_axis(axis, len(b.shape))
    same_size(a.shape[i], b.shape[j])
    left = (*a.shape[:i], *a.shape[i + 1 :])
    right = (*b.shape[:j], *b.shape[j + 1 :])
    return TensorType(dtype, broadcast_shapes(left, right))


_VECDOT: Callable[..., Any] = np.linalg.vecdot


def _vecdot(a: Any, b: Any, axis: Any) -> Any:
    return _VECDOT(a, b, axis=axis)


def _tensordot_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = _product_dtype(args["a"], args["b"])
    axes = value_of(args, "axes")
    if a.shape is None or b.shape is None or axes is UNKNOWN:
        return TensorType(dtype)
    if isinstance(axes, int):
        left = list(range(len(a.shape) - axes, len(a.shape)))
        right = list(range(axes))
        if axes > min(len(a.shape), len(b.shape)):
            raise RuleError(f"{axes} axes to sum over, and fewer dimensions")
    else:
        if not isinstance(axes, tuple | list) or len(axes) != 2:
            raise RuleError("`axes` is a number, or a pair of axes or of sequences of axes")
        left = list(normalize_axes(axes[0], len(a.shape)))
        right = list(normalize_axes(axes[1], len(b.shape)))
        if len(left) != len(right):
            raise RuleError(f"{len(left)} axes of the first, and {len(right)} of the second")
    for i, j in zip(left, right, strict=True):
        same_size(a.shape[i], b.shape[j])
    rest = [s for i, s in enumerate(a.shape) if i not in left]
    rest += [s for i, s in enumerate(b.shape) if i not in right]
    return TensorType(dtype, tuple(rest))


def _kron_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = _product_dtype(args["a"], args["b"])
    if a.shape is None or b.shape is None:
        return TensorType(dtype)
    rank = max(len(a.shape), len(b.shape))
    x = (1,) * (rank - len(a.shape)) + a.shape
    y = (1,) * (rank - len(b.shape)) + b.shape
    sizes = [p * q if isinstance(p, int) and isinstance(q, int) else None
             for p, q in zip(x, y, strict=True)]  # fmt: skip
    return TensorType(dtype, tuple(sizes))


def _cross_type(args: Args) -> Type:
    return TensorType(_product_dtype(args["a"], args["b"]))


def _trace_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    shape = None if x.shape is None else (None,) * max(len(x.shape) - 2, 0)
    return TensorType(dtype_of(args, default=accumulated(x.dtype)), shape)


def _trace(x: Any, offset: Any, axis1: Any, axis2: Any, dtype: Any) -> Any:
    return np.trace(x, offset, axis1, axis2, dtype)


# --- Einstein's sums ------------------------------------------------------------------------------


def _einsum_type(args: Args) -> Type:
    subscripts = args.constant("subscripts")
    operands = [array_like_type(t) for t in args.rest]
    dtype = promote(*operands) if operands else None
    if subscripts is UNKNOWN or any(t.shape is None for t in operands) or "." in subscripts:
        return TensorType(dtype)
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    listed = inputs.split(",")
    if len(listed) != len(operands):
        raise RuleError(f"{len(listed)} groups of subscripts for {len(operands)} arrays")
    sizes: dict[str, Dim] = {}
    for letters, operand in zip(listed, operands, strict=True):
        shape = operand.shape or ()
        if len(letters) != len(shape):
            raise RuleError(f"the subscripts `{letters}` for an array of {len(shape)} dimensions")
        for letter, size in zip(letters, shape, strict=True):
            known = sizes.get(letter)
            # A size of 1 broadcasts against the others.
            sizes[letter] = size if known in (None, 1) else known
    if not arrow:
        once = [c for c in sorted(set(inputs) - {","}) if inputs.count(c) == 1]
        output = "".join(once)
    unknown = [c for c in output if c not in sizes or c not in string.ascii_letters]
    if unknown:
        raise RuleError(f"the result has the subscript `{unknown[0]}`, which no array has")
    return TensorType(dtype, tuple(_certain(c, listed, operands) for c in output))


def _certain(letter: str, listed: Sequence[str], operands: Sequence[TensorType]) -> Dim:
    """Return the size along a subscript: that of all axes that have it, unless they broadcast."""
    found = {
        (operand.shape or ())[i]
        for letters, operand in zip(listed, operands, strict=True)
        for i, c in enumerate(letters)
        if c == letter
    }
    larger = [size for size in found if isinstance(size, int) and size != 1]
    if len(set(larger)) > 1:
        raise RuleError(f"sizes {larger[0]} and {larger[1]} of the subscript `{letter}` differ")
    if larger:
        return larger[0]
    return 1 if found == {1} else None


def _einsum(subscripts: Any, optimize: Any, *operands: Any) -> Any:
    if optimize is False:
        return np.einsum(subscripts, *operands)
    return np.einsum(subscripts, *operands, optimize=optimize)


def _pairs(function: Callable[..., Any]) -> list[Any]:
    return [
        tried(function, _VECTOR, _VECTOR[::-1]), tried(function, matrix(), matrix().T),
        tried(function, matrix("int32"), np.array([1, 2, 3], "int8")),
        tried(function, np.array([1 + 2j, 3]), np.array([1j, 2])), tried(function, [1, 2], [3, 4]),
        tried(function, matrix(), matrix()), tried(function, 2, _VECTOR), tried(function, 2.5, 2),
        tried(function, np.zeros((0, 3)), np.zeros((3, 0))), tried(function, cube(), cube()[0].T),
        tried(function, np.array(2.0), np.array(3.0)), tried(function, _VECTOR, np.ones(2)),
    ]  # fmt: skip


def _binary(
    name: str, function: Callable[..., Any], rule: Any, doc: str, spellings: Sequence[Any]
) -> OpDef:
    return op(
        f"{name}(a: ArrayLike, b: ArrayLike)",
        doc=doc,
        infer=rule,
        kernel=function,
        traits=(PURE,),
        spellings=spellings,
        samples=lambda: _pairs(function),
    )


OPS: tuple[OpDef, ...] = (
    _binary(
        "dot", np.dot, _dot_type,
        "Sum of products over the last axis of the first and the last but one of the second.",
        ("numpy.dot", "ndarray.dot"),
    ),
    _binary(
        "vdot", np.vdot, _vdot_type,
        "Sum of products of all elements, those of the first conjugated.", ("numpy.vdot",),
    ),
    _binary(
        "inner", np.inner, _inner_type, "Sum of products over the last axes.", ("numpy.inner",)
    ),
    _binary(
        "outer", np.outer, _outer_type, "All products of elements of two flat arrays.",
        ("numpy.outer",),
    ),
    _binary("kron", np.kron, _kron_type, "Kronecker's product: the second array, times each "
            "element of the first.", ("numpy.kron",)),
    op(
        "vecdot(a: ArrayLike, b: ArrayLike, axis: int = -1)",
        doc="Sum of products along an axis, those of the first conjugated.",
        infer=_vecdot_type,
        kernel=_vecdot,
        traits=(PURE,),
        spellings=[
            Spelling(name, {"x1": "a", "x2": "b"}, ("a", "b"))
            for name in ("numpy.vecdot", "numpy.linalg.vecdot")
        ],
        samples=lambda: [
            sample(_VECTOR, _VECTOR), sample(matrix(), matrix() + 1),
            sample(cube(), _VECTOR, raises=ValueError), sample(matrix(), matrix(), axis=0),
            sample(np.array([1 + 2j, 3]), np.array([1j, 2])), sample(np.zeros((2, 0)), np.ones(0)),
        ],
    ),
    op(
        "tensordot(a: ArrayLike, b: ArrayLike, axes: Any = 2)",
        doc="Sum of products over several axes: the last of the first array and the first of the "
        "second, or the listed ones.",
        infer=_tensordot_type,
        kernel=np.tensordot,
        traits=(PURE,),
        spellings=("numpy.tensordot", Spelling("numpy.linalg.tensordot", {}, ("a", "b"))),
        samples=lambda: [
            sample(cube(), cube().T, 1), sample(cube(), cube(), 3), sample(matrix(), matrix()),
            sample(cube(), cube(), ((0, 1), (0, 1))), sample(matrix(), matrix(), (0, 0)),
            sample(_VECTOR, _VECTOR, 0), sample(matrix(), matrix(), 1, raises=ValueError),
        ],
    ),
    op(
        "cross(a: ArrayLike, b: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, "
        "axis: int | None = None)",
        doc="Cross product of vectors of three elements.",
        infer=_cross_type,
        kernel=np.cross,
        traits=(PURE,),
        spellings=("numpy.cross",),
        samples=lambda: [
            sample(_VECTOR, _VECTOR[::-1]), sample(matrix(), matrix()[::-1]),
            sample(matrix(), _VECTOR), sample(matrix().T, matrix().T, axis=0),
            sample(np.ones(4), np.ones(4), raises=ValueError),
        ],
    ),
    op(
        "trace(x: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, "
        "dtype: dtype | None = None)",
        doc="Sum along a diagonal.",
        infer=_trace_type,
        kernel=_trace,
        traits=(PURE,),
        spellings=[
            "ndarray.trace",
            Spelling("numpy.trace", {"a": "x"}),
            Spelling("numpy.linalg.trace", {}, ("x",), defaults={"axis1": -2, "axis2": -1}),
        ],
        samples=lambda: [
            sample(matrix()), sample(matrix("int8"), 1), sample(cube()),
            sample(cube(), axis1=1, axis2=2),
            sample(matrix(), dtype=np.dtype("float64")),
            sample([[1, 2], [3, 4]]), sample(_VECTOR, raises=ValueError), sample(np.zeros((0, 0))),
        ],
    ),
    op(
        "einsum(subscripts: str, *operands: ArrayLike, optimize: bool | str = False)",
        doc="Sums of products, by Einstein's convention: `einsum('ij,jk->ik', a, b)`.",
        infer=_einsum_type,
        kernel=_einsum,
        traits=(PURE, VIEW),
        spellings=("numpy.einsum",),
        samples=lambda: [
            sample("ij,kj->ik", matrix(), matrix()), sample("ij->ji", matrix()),
            sample("ij", matrix()), sample("ii", np.ones((3, 3))), sample("ii->i", np.eye(2)),
            sample("ij,kj", matrix(), matrix("int32")), sample("i,i->", _VECTOR, _VECTOR),
            sample("...j,j->...", cube(), np.ones(4)), sample("bij,bkj->bik", cube(), cube()),
            sample("bhi,hij,bhj->bh", np.ones((2, 3, 4)), np.ones((3, 4, 5)), np.ones((2, 3, 5)),
                   optimize=True),
            sample("i, j -> ij", _VECTOR, [1, 2]), sample("ij,jk", np.ones((2, 1)), matrix()),
            sample("ij,jk", matrix(), matrix(), raises=ValueError),
            sample("ij->ik", matrix(), raises=ValueError), sample("ij", _VECTOR, raises=ValueError),
        ],
    ),
)  # fmt: skip
