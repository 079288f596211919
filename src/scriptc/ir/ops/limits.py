"""What `numpy.finfo` and `numpy.iinfo` say about a dtype.

Each attribute is an operation on the dtype, so that the object between never is a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scriptc.ir.opdef import INT_RANGE, METADATA, PURE, Args, InferRule, OpDef, op, sample
from scriptc.ir.ops.python_rules import fits_int
from scriptc.ir.ops.rules import dtype_of, real_part, returns
from scriptc.ir.types import DTYPE, DTYPES, INT, TensorType, Type

_FLOATS = (
    ("eps", "The distance from 1.0 to the next number."),
    ("epsneg", "The distance from 1.0 to the number before."),
    ("max", "The largest finite number."),
    ("min", "The most negative finite number."),
    ("resolution", "The decimal resolution: 10 to the power of minus the precision."),
    ("smallest_normal", "The smallest positive number of full precision."),
    ("smallest_subnormal", "The smallest positive number."),
    ("tiny", "The smallest positive number of full precision."),
)
_INTS = (
    ("bits", "The bits of one number."),
    ("maxexp", "The smallest power of 2 that is too large."),
    ("minexp", "The smallest power of 2 of full precision."),
    ("nmant", "The bits of the mantissa."),
    ("precision", "The decimal digits that are certain to be kept."),
)


def _real_scalar(args: Args) -> Type:
    return TensorType(real_part(dtype_of(args)), ())


def _attribute(info: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def kernel(dtype: Any) -> Any:
        value = getattr(info(dtype), name)
        return fits_int(value) if type(value) is int else value

    return kernel


def _declare(info: Callable[[Any], Any], name: str, doc: str, infer: InferRule) -> OpDef:
    root = info.__name__
    kinds = "iu" if root == "iinfo" else "fc"
    known = [np.dtype(d) for d in DTYPES if np.dtype(d).kind in kinds and d != "uint64"]
    return op(
        f"{root}_{name}(dtype: dtype)",
        doc=f"`numpy.{root}`: {doc[0].lower()}{doc[1:]}",
        infer=infer,
        kernel=_attribute(info, name),
        traits=(PURE, METADATA, INT_RANGE),
        spellings=(f"{root}.{name}",),
        samples=lambda: [*map(sample, known), sample(np.dtype("bool"), raises=ValueError)],
    )


OPS: tuple[OpDef, ...] = (
    *(_declare(np.finfo, name, doc, _real_scalar) for name, doc in _FLOATS),
    *(_declare(np.finfo, name, doc, returns(INT)) for name, doc in _INTS),
    _declare(np.finfo, "dtype", "The dtype of the parts of a number.", returns(DTYPE)),
    _declare(np.iinfo, "max", "The largest number.", returns(INT)),
    _declare(np.iinfo, "min", "The smallest number.", returns(INT)),
    _declare(np.iinfo, "bits", "The bits of one number.", returns(INT)),
    _declare(np.iinfo, "dtype", "The dtype itself.", returns(DTYPE)),
)
