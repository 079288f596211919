"""How exact native results are: bit for bit, but for what stands in the tables here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_TRANSCENDENTAL = (
    "acos asin atan acosh asinh atanh sin cos tan sinh cosh tanh exp exp2 expm1 log log1p log2 "
    "log10 cbrt power pow float_power atan2 hypot logaddexp logaddexp2 inplace_power degrees "
    "radians math_acos math_asin math_atan math_acosh math_asinh math_atanh math_sin math_cos "
    "math_tan math_sinh math_cosh math_tanh math_exp math_exp2 math_expm1 math_log math_log1p "
    "math_log2 math_log10 math_cbrt math_pow math_atan2 math_hypot math_erf math_erfc math_gamma "
    "math_lgamma"
)
ULPS: dict[str, float] = dict.fromkeys(_TRANSCENDENTAL.split(), 4.0)
"""By operation: how many units in the last place a result may be off.

NumPy's functions, ours and the C library's are each within 2 of the exact value.
"""

Bound = Callable[[Any, Sequence[Any]], Any]
"""From the expected result and the operands to the absolute error that is allowed."""


def _float_arrays(operands: Sequence[Any]) -> list[np.ndarray]:
    arrays = [np.asarray(x) for x in operands if isinstance(x, np.ndarray | np.generic | float)]
    return [a for a in arrays if a.dtype.kind == "f"]


def _eps(value: Any) -> float:
    return float(np.finfo(np.asarray(value).dtype).eps)


def _finite(x: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(x), x, 0).astype(np.float64)


def sum_bound(expected: Any, operands: Sequence[Any]) -> Any:
    """Allow what adding up in another order changes: eps times the sum of the magnitudes."""
    total = sum(float(np.abs(_finite(a)).sum()) for a in _float_arrays(operands)[:1])
    return 4 * _eps(expected) * total


def product_bound(expected: Any, operands: Sequence[Any]) -> Any:
    """Allow eps for each factor."""
    count = max((a.size for a in _float_arrays(operands)), default=1)
    return (count + 1) * _eps(expected) * np.abs(_finite(np.asarray(expected)))


BOUNDS: dict[str, Bound] = {
    "sum": sum_bound,
    "mean": sum_bound,
    "var": product_bound,
    "std": product_bound,
    "prod": product_bound,
}
"""By operation: the error that adding or multiplying in another order makes."""


def difference(name: str, got: Any, expected: Any, operands: Sequence[Any]) -> str:
    """Return what is wrong with the result of an operation, "" if nothing is."""
    if type(got) is not type(expected):
        return f"{type(got).__name__}, not {type(expected).__name__}"
    if isinstance(expected, list | tuple):
        if len(got) != len(expected):
            return f"{len(got)} elements, not {len(expected)}"
        wrongs = [difference(name, a, b, operands) for a, b in zip(got, expected, strict=True)]
        return next(filter(None, wrongs), "")
    if isinstance(expected, np.ndarray | np.generic):
        if got.dtype != expected.dtype:
            return f"dtype {got.dtype}, not {expected.dtype}"
        if got.shape != expected.shape:
            return f"shape {got.shape}, not {expected.shape}"
    elif not isinstance(expected, float):
        return "" if got == expected else "another value"
    return _values_differ(name, np.asarray(got), np.asarray(expected), operands)


def _values_differ(name: str, got: Any, expected: Any, operands: Sequence[Any]) -> str:
    if expected.dtype.kind != "f":
        return "" if np.array_equal(got, expected) else "another value"
    if not np.array_equal(np.isnan(got), np.isnan(expected)):
        return "NaN in other places"
    real = ~np.isnan(expected)
    if not np.array_equal(np.isinf(got), np.isinf(expected)):
        return "infinite in other places"
    zero = real & (expected == 0) & (got == 0)
    if np.any(zero & (np.signbit(got) != np.signbit(expected))):
        return "a zero of another sign"
    finite = np.isfinite(expected)
    if np.any(~finite & real & (got != expected)):
        return "another infinity"
    error = np.abs(np.where(finite, got, 0).astype(np.float64) - np.where(finite, expected, 0))
    allowed = np.zeros(expected.shape)
    if name in ULPS:
        allowed = ULPS[name] * np.spacing(np.abs(np.where(finite, expected, 0)))
    elif name in BOUNDS:
        allowed = BOUNDS[name](expected, operands)
    if np.any(error > allowed):
        return f"off by up to {np.max(error):.3g}, {np.max(error - allowed):.3g} more than allowed"
    return ""
