"""Distinct elements of arrays, and arrays as sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, Args, OpDef, RuleError, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import array_like_type, flag, normalize_axis, value_of
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import Dim, TensorType, TupleType, Type

_REPEATED = np.array([3, 1, 3, 2, 1])
_INDICES = TensorType("int64", (None,))


# --- distinct elements ----------------------------------------------------------------------------


def _unique_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    axis = value_of(args, "axis")
    if axis is UNKNOWN:
        raise RuleError(f"`{args.schema.name}` needs a constant as `axis`")
    if axis is None:
        values = TensorType(x.dtype, (None,))
        inverse = TensorType("int64", x.shape)
    else:
        sizes: list[Dim] | None = None if x.shape is None else list(x.shape)
        if sizes is not None:
            sizes[normalize_axis(axis, len(sizes))] = None
        values = TensorType(x.dtype, None if sizes is None else tuple(sizes))
        # Versions of NumPy differ in the shape.
        inverse = TensorType("int64")
    listed: list[Type] = [values]
    listed += [_INDICES] if flag(args, "return_index") else []
    listed += [inverse] if flag(args, "return_inverse") else []
    listed += [_INDICES] if flag(args, "return_counts") else []
    return values if len(listed) == 1 else TupleType(tuple(listed))


def _unique(
    x: Any,
    return_index: Any,
    return_inverse: Any,
    return_counts: Any,
    axis: Any,
    equal_nan: Any,
    sorted: Any,
) -> Any:
    more = {} if sorted else {"sorted": False}  # NumPy has it from 2.3 on
    return np.unique(
        x, return_index, return_inverse, return_counts, axis, equal_nan=equal_nan, **more
    )


def _results(*parts: str) -> Callable[[Args], Type]:
    """Make the rule of a function that always gives these of its possible results."""

    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        kinds: dict[str, Type] = {
            "values": TensorType(x.dtype, (None,)),
            "inverse": TensorType("int64", x.shape),
        }
        listed = tuple(kinds.get(part, _INDICES) for part in parts)
        return listed[0] if len(listed) == 1 else TupleType(listed)

    return infer


def _arrays(function: Callable[..., Any]) -> list[Sample]:
    return [
        tried(function, x)
        for x in (
            _REPEATED, matrix(), special(), np.array([np.nan, 1, np.nan]), matrix("bool"),
            np.array([1j, 1, 1j]), np.zeros((0, 3)), np.array(3), 2, 1.5, [2, 1, 2], (1.5, 1.5),
            matrix("int8").T, np.float32(1), cube("uint8") // 5,
        )
    ]  # fmt: skip


def _distinct(name: str, parts: tuple[str, ...], doc: str, fields: tuple[str, ...] = ()) -> OpDef:
    function = getattr(np, name)
    return op(
        f"{name}(x: ArrayLike)",
        doc=doc,
        infer=_results(*parts),
        kernel=function,
        traits=(PURE,),
        fields=fields,
        spellings=(f"numpy.{name}",),
        samples=lambda: _arrays(function),
    )


# --- sets -----------------------------------------------------------------------------------------


def _isin(element: Any, test_elements: Any, assume_unique: Any, invert: Any, kind: Any) -> Any:
    return np.isin(element, test_elements, assume_unique, invert, kind=kind)


def _isin_type(args: Args) -> Type:
    return TensorType("bool", array_like_type(args["element"]).shape)


def _joined_type(function: Callable[..., Any]) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        return TensorType(probed(function, args["ar1"], args["ar2"]), (None,))

    return infer


def _common_type(args: Args) -> Type:
    values = TensorType(probed(np.intersect1d, args["ar1"], args["ar2"]), (None,))
    if not flag(args, "return_indices"):
        return values
    return TupleType((values, _INDICES, _INDICES))


def _pairs(function: Callable[..., Any]) -> list[Sample]:
    return [
        tried(function, a, b)
        for a, b in (
            (_REPEATED, np.array([1, 4])), (matrix(), _REPEATED), (special(), special()),
            ([1, 2, 2], [2, 3]), (np.array([1, 2], "int8"), 2), (np.ones(1, "float32"), 2.5),
            (np.zeros(0), np.array([1.0])), (np.array([1, 2], "int8"), np.array([2], "uint8")),
            (3, [3, 4]), (np.array([True, False]), np.array([True])), (np.zeros((0, 2)), []),
            (np.array([1.0, np.nan]), np.array([np.nan])), ((1, 2), (2.5, 1.0)), (np.array(2), 2),
        )
    ]  # fmt: skip


def _joining(name: str, doc: str, *, options: bool = True) -> OpDef:
    function = getattr(np, name)
    more = ", assume_unique: bool = False" if options else ""
    return op(
        f"{name}(ar1: ArrayLike, ar2: ArrayLike{more})",
        doc=doc,
        infer=_joined_type(function),
        kernel=function,
        traits=(PURE,),
        spellings=(f"numpy.{name}",),
        samples=lambda: [
            *_pairs(function),
            *([sample(np.array([1, 3]), np.array([3, 2]), True)] if options else []),
        ],
    )


OPS: tuple[OpDef, ...] = (
    op(
        "unique(x: ArrayLike, return_index: bool = False, return_inverse: bool = False, "
        "return_counts: bool = False, axis: int | None = None, *, equal_nan: bool = True, "
        "sorted: bool = True)",
        doc="The distinct elements in order, or rows along an axis; where they stand first, which "
        "one each element is, and how often each occurs.",
        infer=_unique_type,
        kernel=_unique,
        traits=(PURE,),
        spellings=[Spelling("numpy.unique", {"ar": "x"})],
        samples=lambda: [
            *_arrays(np.unique),
            *(
                tried(np.unique, np.array([[2, 1], [2, 1], [0, 3]]), *flags, axis=axis)
                for flags in ((True,), (False, True), (False, False, True), (True, True, True))
                for axis in (None, 0, -1)
            ),
            tried(np.unique, matrix(), axis=2), sample(np.array([np.nan, np.nan]), equal_nan=False),
            sample(np.array([2]), sorted=False), tried(np.unique, cube(), axis=1),
            tried(np.unique, [1, 2, 1], return_counts=True),
        ],
    ),
    _distinct("unique_values", ("values",), "The distinct elements."),
    _distinct(
        "unique_counts", ("values", "counts"), "The distinct elements, and how often each occurs.",
        ("values", "counts"),
    ),
    _distinct(
        "unique_inverse", ("values", "inverse"),
        "The distinct elements, and which one each element is.", ("values", "inverse_indices"),
    ),
    _distinct(
        "unique_all", ("values", "indices", "inverse", "counts"),
        "The distinct elements, where they stand first, which one each element is, and counts.",
        ("values", "indices", "inverse_indices", "counts"),
    ),
    op(
        "isin(element: ArrayLike, test_elements: ArrayLike, assume_unique: bool = False, "
        "invert: bool = False, *, kind: str | None = None)",
        doc="Whether each element is one of the others, or with `invert` is none of them.",
        infer=_isin_type,
        kernel=_isin,
        traits=(PURE,),
        spellings=("numpy.isin",),
        samples=lambda: [
            *_pairs(np.isin), tried(np.isin, matrix("int32"), [1, 7], invert=True),
            tried(np.isin, [1, 2], [2], kind="table"), tried(np.isin, [1.5], [2], kind="table"),
            tried(np.isin, 2, [1, 2], True),
        ],
    ),
    _joining("union1d", "The distinct elements of two arrays, in order.", options=False),
    _joining("setdiff1d", "The distinct elements of the first array that the second has not."),
    _joining("setxor1d", "The distinct elements that just one of two arrays has."),
    op(
        "intersect1d(ar1: ArrayLike, ar2: ArrayLike, assume_unique: bool = False, "
        "return_indices: bool = False)",
        doc="The distinct elements that both arrays have; with `return_indices`, where.",
        infer=_common_type,
        kernel=np.intersect1d,
        traits=(PURE,),
        spellings=("numpy.intersect1d",),
        samples=lambda: [
            *_pairs(np.intersect1d), sample(_REPEATED, [1, 3, 9], return_indices=True),
            sample(np.array([1, 3]), np.array([3, 2]), True),
        ],
    ),
)  # fmt: skip
