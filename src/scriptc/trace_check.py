"""Whether a trace does what the traced object does: both run once more, and are compared."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scriptc.calls import trace_with
from scriptc.frontend.tracing.state import Snapshot
from scriptc.ir.graph import Instance, attribute_name
from scriptc.scripted import ScriptFunction, ScriptModule


def find_difference(
    obj: Any,
    traced: ScriptFunction | ScriptModule,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> str:
    """Run an object and its trace on copies of the inputs; say where they differ, if they do.

    Results, changes of the inputs and of the state are compared. Both draw the same random
    numbers from NumPy's global generator. The object is left as it was.
    """
    module = getattr(obj, "__self__", obj)
    snapshot = Snapshot(module)
    seed = np.random.get_state()  # noqa: NPY002 - the generator that traced code draws from
    try:
        expected = _outcome(obj, args, kwargs)
        state = copy.deepcopy(_state(module)) if isinstance(traced, ScriptModule) else {}
        snapshot.restore()
        np.random.set_state(seed)  # noqa: NPY002 - the same
        program = traced.session() if isinstance(traced, ScriptModule) else traced
        try:
            actual = _outcome(program, args, kwargs)
        except Exception as error:  # noqa: BLE001 - whatever the program raises is a difference
            return f"the trace raised {type(error).__name__}: {error}"
        found = difference(expected, actual, ("the result", "an input"))
        if found or not isinstance(program, ScriptModule):
            return found
        return _state_difference(state, program.root, "")
    finally:
        snapshot.restore()


def _outcome(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any]:
    given, named = copy.deepcopy((args, kwargs))
    # Without a hook and without native code, whose sums may be rounded otherwise.
    with trace_with(None):
        result = function(*given, **named)
    return copy.deepcopy(result), (given, named)


def difference(expected: Any, actual: Any, names: Sequence[str]) -> str:
    """Return the first place where two tuples of named things differ, or nothing."""
    found = (_differs(e, a, n) for e, a, n in zip(expected, actual, names, strict=True))
    return next(filter(None, found), "")


def _differs(expected: Any, actual: Any, where: str) -> str:
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        if len(expected) != len(actual):
            return f"{where} has {len(actual)} elements, not {len(expected)}"
        pairs = enumerate(zip(expected, actual, strict=True))
        found = (_differs(e, a, f"{where}[{i}]") for i, (e, a) in pairs)
        return next(filter(None, found), "")
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            return f"{where} has the keys {list(actual)}, not {list(expected)}"
        found = (_differs(expected[k], actual[k], f"{where}[{k!r}]") for k in expected)
        return next(filter(None, found), "")
    arrays = [isinstance(v, np.ndarray | np.generic) for v in (expected, actual)]
    if not any(arrays):
        same = type(expected) is type(actual) and (
            expected == actual or (expected != expected and actual != actual)  # noqa: PLR0124 - NaN
        )
        return "" if same else f"{where} is {actual!r}, not {expected!r}"
    if not all(arrays):
        return f"{where} is a {type(actual).__name__}, not a {type(expected).__name__}"
    if (expected.shape, expected.dtype) != (actual.shape, actual.dtype):
        return (
            f"{where} is {actual.dtype} of shape {actual.shape}, "
            f"not {expected.dtype} of shape {expected.shape}"
        )
    same = np.array_equal(expected, actual, equal_nan=expected.dtype.kind in "fc")
    return "" if same else f"{where} has other values"


def _state(module: Any) -> dict[str, Any]:
    """Return the attributes of a module, with those of its submodules nested."""
    found = dict(vars(module))
    if isinstance(module, ScriptModule):
        return dict(vars(module.root))
    for registry in ("_parameters", "_buffers"):
        found.update(found.pop(registry))
    for name, child in found.pop("_modules").items():
        found[attribute_name(name)] = None if child is None else _Nested(_state(child))
    return found


class _Nested(dict[str, Any]):
    """The attributes of a submodule."""


def _state_difference(state: Mapping[str, Any], root: Instance, path: str) -> str:
    for name, actual in vars(root).items():
        expected = state.get(name)
        if isinstance(actual, Instance):
            found = ""
            if isinstance(expected, _Nested):
                found = _state_difference(expected, actual, f"{path}{name}.")
        else:
            found = _differs(expected, actual, f"the attribute `{path}{name}`")
        if found:
            return found
    return ""
