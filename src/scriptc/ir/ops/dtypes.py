"""Dtypes as values: making one, what it is, and the dtype that others meet in."""

from __future__ import annotations

import operator

import numpy as np

from scriptc.ir.opdef import METADATA, PURE, TOTAL, UNKNOWN, Args, OpDef, RuleError, op, sample
from scriptc.ir.ops.rules import dtype_of, returns
from scriptc.ir.ops.samples import matrix
from scriptc.ir.types import BOOL, DTYPE, DTYPES, INT, STR, Type

_ISDTYPE_KINDS = (
    "bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating",
    "numeric",
)  # fmt: skip
_KNOWN = tuple(map(np.dtype, DTYPES))


def _dtype_type(args: Args) -> Type:
    dtype_of(args, "dtype")
    return DTYPE


def _check_texts(args: Args) -> None:
    """Raise `RuleError` for a string among the operands that does not name a known dtype."""
    for type_, value in zip(args.types, args.constants, strict=True):
        if type_ != STR:
            continue
        try:
            known = value is not UNKNOWN and np.dtype(value).name in DTYPES
        except TypeError:
            known = False
        if not known:
            raise RuleError(
                f"`{args.schema.name}` needs a constant that names a dtype, if it is a string",
                "pass a dtype, as `np.float32`",
            )


def _result_type(args: Args) -> Type:
    if not args.types:
        raise RuleError("`result_type` takes one array or dtype at least")
    _check_texts(args)
    return DTYPE


def _promote_type(args: Args) -> Type:
    _check_texts(args)
    return DTYPE


def _isdtype_type(args: Args) -> Type:
    kind = args.constant("kind")
    if isinstance(kind, str) and kind not in _ISDTYPE_KINDS:
        raise RuleError(
            f"there is no kind {kind!r} of dtypes", f"use one of {', '.join(_ISDTYPE_KINDS)}"
        )
    return BOOL


def _can_cast_type(args: Args) -> Type:
    if args["from_"] == STR or args["to"] == STR:
        texts = [n for n in ("from_", "to") if args[n] == STR]
        for name in texts:
            dtype_of(args, name)
    return BOOL


def _property(name: str, doc: str, type_: Type) -> OpDef:
    return op(
        f"dtype_{name}(x: dtype)",
        doc=doc,
        infer=returns(type_),
        kernel=operator.attrgetter(name),
        traits=(PURE, TOTAL, METADATA),
        python=f"x.{name}",
        spellings=(f"dtype.{name}",),
        samples=lambda: [*map(sample, _KNOWN)],
    )


OPS: tuple[OpDef, ...] = (
    op(
        "to_dtype(dtype: dtype | str)",
        doc="The dtype of that name.",
        infer=_dtype_type,
        kernel=np.dtype,
        traits=(PURE,),
        spellings=("numpy.dtype",),
        samples=lambda: [
            *map(sample, _KNOWN), *map(sample, DTYPES), sample("f4"), sample("int"),
            sample("nothing", raises=TypeError),
        ],
    ),
    _property("name", "The name of a dtype, as `float32`.", STR),
    _property("kind", "The kind of a dtype: `b`, `i`, `u`, `f` or `c`.", STR),
    _property("itemsize", "The bytes of one element of a dtype.", INT),
    op(
        "result_type(*arrays_and_dtypes: Tensor | dtype | str)",
        doc="The dtype that arrays, numbers and dtypes meet in; Python numbers are weak.",
        infer=_result_type,
        kernel=np.result_type,
        traits=(PURE, METADATA),
        spellings=("numpy.result_type",),
        samples=lambda: [
            sample(matrix(), 1.5), sample(matrix("int8"), matrix("uint8")), sample(1, 2.5),
            sample(np.dtype("float32"), "int64"), sample(np.float32(1), 3), sample("int8"),
            sample(np.dtype("int8"), 1j), sample(matrix(), matrix("bool"), np.dtype("float16")),
            sample(raises=ValueError),
        ],
    ),
    op(
        "isdtype(dtype: dtype, kind: dtype | str | tuple)",
        doc="Whether a dtype is of a kind, as `real floating`, or of one of several.",
        infer=_isdtype_type,
        kernel=np.isdtype,
        traits=(PURE, METADATA),
        spellings=("numpy.isdtype",),
        samples=lambda: [
            *(sample(a, kind) for a in _KNOWN for kind in _ISDTYPE_KINDS),
            sample(np.dtype("int8"), np.dtype("int8")), sample(np.dtype("int8"), np.dtype("int16")),
            sample(np.dtype("bool"), ("numeric", "bool")),
            sample(np.dtype("float32"), (np.dtype("float32"), np.dtype("float64"))),
            sample(np.dtype("int8"), "whole", raises=ValueError),
        ],
    ),
    op(
        "promote_types(type1: dtype | str, type2: dtype | str)",
        doc="The smallest dtype that both can be cast to.",
        infer=_promote_type,
        kernel=np.promote_types,
        traits=(PURE, METADATA),
        spellings=("numpy.promote_types",),
        samples=lambda: [
            *(sample(a, b) for a in _KNOWN[::3] for b in _KNOWN[::2]), sample("int8", "uint8"),
            sample(np.dtype("float32"), "complex64"),
        ],
    ),
    op(
        "can_cast(from_: Array | dtype | str, to: dtype | str, casting: str = 'safe')",
        doc="Whether a cast of one dtype to another is allowed under a casting rule.",
        infer=_can_cast_type,
        kernel=np.can_cast,
        traits=(PURE, METADATA),
        spellings=("numpy.can_cast",),
        samples=lambda: [
            *(sample(a, b) for a in _KNOWN[::3] for b in _KNOWN[::2]), sample("int8", "uint8"),
            sample(np.dtype("float64"), np.dtype("float32"), "same_kind"),
            sample(np.dtype("float64"), np.dtype("int8"), casting="unsafe"),
            sample(matrix(), np.dtype("int8")), sample(np.float32(1), "float64"),
            sample("int8", "int8", "nonsense", raises=ValueError),
        ],
    ),
)  # fmt: skip
