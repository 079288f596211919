"""Sorting, and searching what is sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import PURE, UNKNOWN, WRITES, Args, OpDef, Sample, Spelling, op, sample
from scriptc.ir.ops.promotion import probed
from scriptc.ir.ops.rules import array_like_type, normalize_axis, size_of, value_of
from scriptc.ir.ops.samples import cube, matrix, special, tried
from scriptc.ir.types import NONE, TensorType, Type, members_of

_KINDS = ("x", "axis", "kind")


def _sorted_type(dtype: Callable[[str | None], str | None]) -> Callable[[Args], Type]:
    def infer(args: Args) -> Type:
        x = array_like_type(args["x"])
        axis = value_of(args, "axis")
        if x.shape == () and dtype is _indices:
            return TensorType("int64", (1,))
        if axis is None:
            return TensorType(dtype(x.dtype), (size_of(x.shape),))
        if x.shape is None or (axis is UNKNOWN and NONE in members_of(args["axis"])):
            return TensorType(dtype(x.dtype))
        if axis is not UNKNOWN:
            normalize_axis(axis, len(x.shape))
        return TensorType(dtype(x.dtype), x.shape)

    return infer


def _same(dtype: str | None) -> str | None:
    return dtype


def _indices(dtype: str | None) -> str | None:
    del dtype
    return "int64"


def _sort(x: Any, axis: Any, kind: Any, stable: Any) -> Any:
    return np.sort(x, axis, kind, stable=stable)


def _argsort(x: Any, axis: Any, kind: Any, stable: Any) -> Any:
    return np.argsort(x, axis, kind, stable=stable)


def _sort_in_place(x: Any, axis: Any, kind: Any, stable: Any) -> None:
    x.sort(axis, kind, stable=stable)


def _arrays(function: Callable[..., Any]) -> list[Sample]:
    return [
        *(
            tried(function, x)
            for x in (
                special(), matrix(), matrix("int8"), matrix("bool"), cube()[:, ::-1], [3, 1, 2],
                np.array([2 + 1j, 2 - 1j, 1]), np.zeros((0, 3)), np.array(1.5), matrix().T, (2, 1),
            )
        ),
        *(tried(function, cube()[::-1], axis) for axis in (0, 1, -1, None)),
        tried(function, matrix(), axis=2), tried(function, matrix(), kind="stable"),
        tried(function, np.array([2, 1, 2, 1]), stable=True),
    ]  # fmt: skip


def _in_place_samples() -> list[Sample]:
    return [
        sample(special()), sample(matrix()), sample(matrix("int8"), 0), sample(cube()[:, ::-1], 1),
        sample(np.array([2, 1, 2, 1]), kind="stable"), sample(np.zeros((0, 3))),
        sample(matrix(), 2, raises=np.exceptions.AxisError),
        sample(np.array([2.0, 1.0]), stable=True),
    ]  # fmt: skip


# --- partitions -----------------------------------------------------------------------------------


def _partition(x: Any, kth: Any, axis: Any, kind: Any) -> Any:
    return np.partition(x, kth, axis, kind)


def _argpartition(x: Any, kth: Any, axis: Any, kind: Any) -> Any:
    return np.argpartition(x, kth, axis, kind)


def _partitions(function: Callable[..., Any]) -> list[Sample]:
    return [
        tried(function, np.array([5, 1, 4, 2, 3]), 2), tried(function, matrix(), 1),
        tried(function, matrix(), 1, 0), tried(function, matrix(), (0, 2)),
        tried(function, matrix(), 3, axis=None), tried(function, special(), 4),
        tried(function, matrix(), 7),
    ]  # fmt: skip


def _partition_in_place(x: Any, kth: Any, axis: Any, kind: Any) -> None:
    x.partition(kth, axis, kind)


def _sorted_complex_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    return TensorType(probed(np.sort_complex, x), x.shape)


def _partitioning(
    name: str, kernel: Callable[..., Any], rule: Any, doc: str, *, method: bool = False
) -> OpDef:
    function = getattr(np, name)
    spelled = [f"ndarray.{name}"] if method else []
    return op(
        f"{name}(x: ArrayLike, kth: int | ints, axis: int | None = -1, kind: str = 'introselect')",
        doc=doc,
        infer=_sorted_type(rule),
        kernel=kernel,
        traits=(PURE,),
        spellings=[*spelled, Spelling(f"numpy.{name}", {"a": "x"})],
        samples=lambda: _partitions(function),
    )


# --- searching ------------------------------------------------------------------------------------


def _searched_type(args: Args) -> Type:
    values = args["v"]
    return TensorType("int64", array_like_type(values).shape)


def _searchsorted(x: Any, v: Any, side: Any, sorter: Any) -> Any:
    return np.searchsorted(x, v, side, sorter)


def _digitized_type(args: Args) -> Type:
    return TensorType("int64", array_like_type(args["x"]).shape)


def _lexsort_type(args: Args) -> Type:
    del args
    return TensorType("int64")


OPS: tuple[OpDef, ...] = (
    op(
        "sort(x: ArrayLike, axis: int | None = -1, kind: str | None = None, *, "
        "stable: bool | None = None)",
        doc="A sorted copy, NaN last; of the flat array if the axis is `None`.",
        infer=_sorted_type(_same),
        kernel=_sort,
        traits=(PURE,),
        spellings=[Spelling("numpy.sort", {"a": "x"}, _KINDS)],
        samples=lambda: _arrays(np.sort),
    ),
    op(
        "sort_in_place(x: Array, axis: int = -1, kind: str | None = None, *, "
        "stable: bool | None = None)",
        doc="Sorts the array itself, NaN last.",
        infer=lambda args: NONE,
        kernel=_sort_in_place,
        traits=(WRITES,),
        spellings=[Spelling("ndarray.sort", {}, _KINDS)],
        samples=_in_place_samples,
    ),
    op(
        "argsort(x: ArrayLike, axis: int | None = -1, kind: str | None = None, *, "
        "stable: bool | None = None)",
        doc="Indices that sort the array along an axis.",
        infer=_sorted_type(_indices),
        kernel=_argsort,
        traits=(PURE,),
        spellings=[
            Spelling("ndarray.argsort", {}, _KINDS),
            Spelling("numpy.argsort", {"a": "x"}, _KINDS),
        ],
        samples=lambda: _arrays(np.argsort),
    ),
    _partitioning(
        "partition", _partition, _same,
        "A copy in which the k-th element stands where sorting puts it, smaller ones before it.",
    ),
    _partitioning(
        "argpartition", _argpartition, _indices, "Indices that partition the array at k.",
        method=True,
    ),
    op(
        "partition_in_place(x: Array, kth: int | ints, axis: int = -1, kind: str = 'introselect')",
        doc="Partitions the array itself: the k-th element goes where sorting would put it.",
        infer=lambda args: NONE,
        kernel=_partition_in_place,
        traits=(WRITES,),
        spellings=("ndarray.partition",),
        samples=lambda: [
            sample(np.array([5, 1, 4, 2, 3]), 2), sample(matrix(), 1), sample(matrix(), 1, 0),
            sample(matrix(), (0, 2)), sample(special(), 4), sample(matrix(), 7, raises=ValueError),
            sample(matrix(), 0, 2, raises=np.exceptions.AxisError),
        ],
    ),
    op(
        "sort_complex(x: ArrayLike)",
        doc="The elements as complex numbers, sorted by the real part and then the other.",
        infer=_sorted_complex_type,
        kernel=np.sort_complex,
        traits=(PURE,),
        spellings=[Spelling("numpy.sort_complex", {"a": "x"})],
        samples=lambda: [
            tried(np.sort_complex, x)
            for x in (np.array([2 + 1j, 2 - 1j, 1]), [5, 3, 6], matrix(), matrix("int8"),
                      np.zeros(0), np.array(2.0), matrix("complex64"))
        ],
    ),
    op(
        "lexsort(keys: Arrays, axis: int = -1)",
        doc="Indices that sort by several keys, the last one first.",
        infer=_lexsort_type,
        kernel=np.lexsort,
        traits=(PURE,),
        spellings=[Spelling("numpy.lexsort", {}, ("keys", "axis"))],
        samples=lambda: [
            tried(np.lexsort, (np.array([3, 1, 2]), np.array([1, 1, 0]))),
            tried(np.lexsort, matrix()), tried(np.lexsort, [np.array([2, 1]), np.array([0, 0])]),
        ],
    ),
    op(
        "searchsorted(x: ArrayLike, v: ArrayLike, side: str = 'left', "
        "sorter: ArrayLike | None = None)",
        doc="Where in the sorted array values would be inserted to keep it sorted.",
        infer=_searched_type,
        kernel=_searchsorted,
        traits=(PURE,),
        spellings=[
            Spelling("ndarray.searchsorted", {}, ("x", "v", "side", "sorter")),
            Spelling("numpy.searchsorted", {"a": "x"}, ("x", "v", "side", "sorter")),
        ],
        samples=lambda: [
            tried(np.searchsorted, np.array([1, 2, 2, 5]), value, side)
            for value in (2, 2.5, np.array([0, 2, 9]), [[1, 2], [3, 4]], np.float32(5))
            for side in ("left", "right")
        ] + [
            tried(np.searchsorted, np.array([3.0, 1.0, 2.0]), 2.5, sorter=np.array([1, 2, 0])),
            tried(np.searchsorted, [1, 2, 3], 2), tried(np.searchsorted, matrix(), 2),
            tried(np.searchsorted, np.array([1, 2]), 1, "middle"),
        ],
    ),
    op(
        "digitize(x: ArrayLike, bins: ArrayLike, right: bool = False)",
        doc="The index of the bin that each value falls into.",
        infer=_digitized_type,
        kernel=np.digitize,
        traits=(PURE,),
        spellings=[Spelling("numpy.digitize", {}, ("x", "bins", "right"))],
        samples=lambda: [
            tried(np.digitize, np.array([0.2, 6.4, 3.0]), np.array([0.0, 1.0, 2.5, 4.0])),
            tried(np.digitize, matrix(), [2.0, 4.0], right=True), tried(np.digitize, 3, [1, 2, 5]),
            tried(np.digitize, matrix(), [3.0, 1.0]), tried(np.digitize, matrix(), [1, 3, 2]),
        ],
    ),
)  # fmt: skip
