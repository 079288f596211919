"""NumPy's ways of calling that are not operations: `out=`, `where=`, `ufunc.reduce` and its kin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scriptc.frontend.dialects.tables import numpy_dialect
from scriptc.frontend.tracing.places import trace_error
from scriptc.frontend.tracing.values import TracedArray

if TYPE_CHECKING:
    from scriptc.frontend.dialects.tables import Entry
    from scriptc.frontend.tracing.recorder import Recorder


def call_ufunc(
    recorder: Recorder,
    ufunc: np.ufunc,
    method: str,
    inputs: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """Record the call of a ufunc, or of a method of one."""
    given = dict(kwargs)
    out = given.pop("out", None)
    where = given.pop("where", True)
    if method == "__call__" and out is None and where is True:
        return recorder.call(ufunc, inputs, given)
    if method == "__call__" and out is not None and len(out) == 1:
        return _write(recorder, ufunc, inputs, given, out[0], where)
    bound = getattr(ufunc, method)
    if method != "__call__" and out is None and numpy_dialect().function(bound) is not None:
        return recorder.call(bound, inputs, given if where is True else {**given, "where": where})
    sign = "" if method == "__call__" else f".{method}"
    raise trace_error(f"np.{ufunc.__name__}{sign} with these arguments")


def _write(
    recorder: Recorder,
    ufunc: np.ufunc,
    inputs: Sequence[Any],
    kwargs: dict[str, Any],
    target: Any,
    where: Any,
) -> Any:
    """Record `ufunc(..., out=target)` as the same without `out` and an assignment."""
    if not isinstance(target, TracedArray):
        raise trace_error(
            f"np.{ufunc.__name__} with an `out` that is a constant of the trace",
            "make it in the function with np.zeros, np.empty or the like",
        )
    index: Any = ...
    if where is not True:
        shape = target.shape
        index = recorder.call(np.broadcast_to, (where, shape), {})
        inputs = [recorder.call(np.broadcast_to, (x, shape), {})[index] for x in inputs]
    result = recorder.call(ufunc, inputs, kwargs)
    with recorder.suspend():
        made, kept = result.concrete, target.concrete
        if not np.can_cast(made.dtype, kept.dtype, "same_kind"):
            raise TypeError(
                f"Cannot cast ufunc '{ufunc.__name__}' output from {made.dtype!r} to "
                f"{kept.dtype!r} with casting rule 'same_kind'"
            )
        if where is True and np.broadcast_shapes(made.shape, kept.shape) != kept.shape:
            raise ValueError(
                f"non-broadcastable output operand with shape {kept.shape} doesn't match the "
                f"broadcast shape {made.shape}"
            )
    target[index] = result
    return target


def call_into(
    recorder: Recorder, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Record `function(..., out=target)` as the same without `out` and an assignment."""
    given = dict(kwargs)
    target = given.pop("out")
    result = recorder.call(function, args, given)
    return _assign(function.__name__, target, result)


def method_into(
    recorder: Recorder,
    entry: Entry,
    array: TracedArray,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    """Record `array.method(..., out=target)` likewise."""
    given = dict(kwargs)
    target = given.pop("out")
    result = recorder.apply(entry, (array, *args), given)
    return _assign(entry.spelling.name, target, result)


def _assign(name: str, target: Any, result: Any) -> Any:
    if not isinstance(target, TracedArray) or not isinstance(result, TracedArray):
        raise trace_error(f"`{name}` with this `out`", "assign its result: `x[...] = ...`")
    made, kept = result.concrete, target.concrete
    if (made.dtype, made.shape) != (kept.dtype, kept.shape):
        raise trace_error(
            f"`{name}` with an `out` of another dtype or shape", "assign its result instead"
        )
    target[...] = result
    return target
