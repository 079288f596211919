"""What an array-like value holds as an array, and the dtypes that values meet in (NEP 50)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from scriptc.ir.opdef import RuleError
from scriptc.ir.ops.shapes import Shape, same_size
from scriptc.ir.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NEVER,
    TENSOR,
    ListType,
    TensorType,
    TupleType,
    Type,
    UnionType,
    VariadicTupleType,
    join,
    prune,
)

SCALAR_DTYPES: dict[Type, str] = {
    BOOL: "bool",
    INT: "int64",
    FLOAT: "float64",
    COMPLEX: "complex128",
}
_WEAK: dict[Type, Any] = {INT: 0, FLOAT: 0.0, COMPLEX: 0j}


def array_like_type(type_: Type) -> TensorType:
    """Return the type of `numpy.asarray` of a value: a number, a tensor, or nested sequences.

    The dtype of a list of `int` is not known: that of an empty list is `float64`.
    """
    type_ = prune(type_)
    match type_:
        case TensorType():
            return type_
        case ListType(element) | VariadicTupleType(element):
            inner = array_like_type(element)
            # An empty list ends the nesting and is float64, so only that dtype and rank 1 are sure.
            shape: Shape = (None,) if inner.shape == () else None
            return TensorType(inner.dtype if inner.dtype == "float64" else None, shape)
        case TupleType(elements) if elements:
            return _tuple_as_array(elements)
        case TupleType():
            return TensorType("float64", (0,))
        case UnionType(members):
            joined = join_all(map(array_like_type, members))
            return joined if isinstance(joined, TensorType) else TENSOR
    return TensorType(SCALAR_DTYPES[type_], ()) if type_ in SCALAR_DTYPES else TENSOR


def _tuple_as_array(elements: Sequence[Type]) -> TensorType:
    parts = [array_like_type(element) for element in elements]
    shape: Shape = parts[0].shape
    for part in parts[1:]:
        if shape is None or part.shape is None:
            shape = None
        elif len(shape) != len(part.shape):
            raise RuleError("an array is made of parts of one shape, not of nested ones and others")
        else:
            shape = tuple(map(same_size, shape, part.shape))
    # An empty part counts as float64, so the dtype is sure only where no part can be empty.
    solid = shape is not None and None not in shape and 0 not in shape
    dtypes = {part.dtype for part in parts}
    dtype = promote(*parts) if solid or dtypes == {"float64"} else None
    return TensorType(dtype, None if shape is None else (len(parts), *shape))


def join_all(types: Iterable[Type]) -> Type | None:
    """Return the narrowest type that holds values of all these types, or None."""
    result: Type | None = NEVER
    for type_ in types:
        result = None if result is None else join(result, type_)
    return result


def promote(*types: Type) -> str | None:
    """Return the dtype that values of these types meet in (NEP 50), or None if it is not known.

    Numbers on their own become arrays of their default dtype.
    """
    keys = [_promotion_key(t) for t in types]
    return None if None in keys else _result_type(tuple(keys))


def _promotion_key(type_: Type) -> str | None:
    type_ = prune(type_)
    if type_ in _WEAK:
        return str(type_)
    return array_like_type(type_).dtype


@cache
def _result_type(keys: tuple[str, ...]) -> str:
    weak = {str(t): value for t, value in _WEAK.items()}
    return np.result_type(*(weak.get(key, key) for key in keys)).name


def ufunc_dtypes(ufunc: np.ufunc, types: Sequence[Type]) -> tuple[str | None, ...]:
    """Return the dtypes of a ufunc's results; a dtype is None if it is not known.

    Raises `RuleError` where the ufunc has no loop for these operands.
    """
    keys = tuple(_promotion_key(t) for t in types)
    return _resolve(ufunc, keys)


@cache
def _resolve(ufunc: np.ufunc, keys: tuple[str | None, ...]) -> tuple[str | None, ...]:
    if None in keys:
        return _fixed_outputs(ufunc)
    weak = {str(t): type(value) for t, value in _WEAK.items()}
    operands: list[Any] = [weak.get(str(key)) or np.dtype(key) for key in keys]
    if all(key in weak or key == "bool" for key in keys):  # numbers alone count as arrays of theirs
        operands = [np.dtype(weak.get(str(key), key)) for key in keys]
    try:
        dtypes = ufunc.resolve_dtypes((*operands, *[None] * ufunc.nout))
    except TypeError as error:
        listed = " and ".join(str(key) for key in keys)
        raise RuleError(
            f"`numpy.{ufunc.__name__}` is not defined for {listed}",
            "convert an operand with `astype` first",
        ) from error
    return tuple(dtype.name for dtype in dtypes[ufunc.nin :])


@cache
def _fixed_outputs(ufunc: np.ufunc) -> tuple[str | None, ...]:
    """Return the dtypes of the results where all loops agree on them, as for `isnan`."""
    outputs = [loop.partition("->")[2] for loop in ufunc.types if "O" not in loop]
    outputs = [codes for codes in outputs if not set(codes) & set("MmgG")]
    return tuple(
        np.dtype(outputs[0][i]).name if len({codes[i] for codes in outputs}) == 1 else None
        for i in range(ufunc.nout)
    )


@cache
def _is_kind(dtype: str, kinds: str) -> bool:
    return np.dtype(dtype).kind in kinds


def is_integer(dtype: str) -> bool:
    """Tell whether a dtype is a signed or unsigned integer."""
    return _is_kind(dtype, "iu")


def inexact(dtype: str | None) -> str | None:
    """Return the dtype of a mean: that of the elements if they are inexact, else `float64`."""
    return dtype if dtype is None or _is_kind(dtype, "fc") else "float64"


def accumulated(dtype: str | None) -> str | None:
    """Return the dtype in which `sum` and `prod` add up: small integers widen to 64 bits."""
    if dtype is None or _is_kind(dtype, "fc"):
        return dtype
    return "uint64" if _is_kind(dtype, "u") else "int64"


def real_part(dtype: str | None) -> str | None:
    """Return the dtype of the absolute value or of a part of a number."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype or "", dtype)


def probed(function: Callable[..., Any], *types: Type, **options: Any) -> str | None:
    """Return the dtype of `function`'s result, found by a call on arrays of one element.

    For functions whose dtypes depend on nothing but the operands' dtypes, and are NumPy's to
    decide. `options` must be hashable. Raises `RuleError` where the function takes no such
    operands.
    """
    keys = tuple(_promotion_key(t) for t in types)
    return None if None in keys else _probe(function, keys, tuple(options.items()))


@cache
def _probe(
    function: Callable[..., Any], keys: tuple[str, ...], options: tuple[tuple[str, Any], ...]
) -> str:
    weak: dict[str, Any] = {"int": 1, "float": 1.0, "complex": 1 + 0j}
    operands = [weak[key] if key in weak else np.ones(1, key) for key in keys]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*operands, **dict(options))
    except TypeError as error:
        listed = " and ".join(keys)
        name = function.__name__.lstrip("_")
        raise RuleError(f"`numpy.{name}` is not defined for {listed}") from error
    dtype: str = np.asarray(result).dtype.name
    return dtype
