"""Text of values: `str`, `repr`, f-strings, `str.format` and `print`.

The text of a tensor is NumPy's and follows `numpy.set_printoptions` of the process it runs in.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    EFFECT,
    PURE,
    TOTAL,
    UNKNOWN,
    Args,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.python_rules import check_printable
from scriptc.ir.types import NONE, STR, Type

_CONVERSIONS: dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


# --- rules --------------------------------------------------------------------------------------


def _text(args: Args) -> Type:
    check_printable(args["x"])
    return STR


def _format(args: Args) -> Type:
    check_printable(args["value"])
    conversion = args.constant("conversion")
    if conversion is not UNKNOWN and conversion not in ("", *_CONVERSIONS):
        raise RuleError(f"{conversion!r} is no conversion", "use `!s`, `!r` or `!a`")
    return STR


def _str_format(args: Args) -> Type:
    template = args.constant("x")
    if template is UNKNOWN:
        raise RuleError("`format` needs a constant string", "use an f-string")
    for type_ in args.rest:
        check_printable(type_)
    try:
        fields = _fields(template)
    except ValueError as error:
        raise RuleError(f"`format`: {error}") from error
    names = [field.partition("[")[0] for field in fields]
    for name in names:
        if name and not name.isdigit():
            raise RuleError(f"`format` has no value for the field {name!r}", "use an f-string")
    needed = max([names.count(""), *(int(name) + 1 for name in names if name)])
    if needed > len(args.rest):
        raise RuleError(f"`format` has {len(args.rest)} values, and needs {needed}")
    return STR


def _print(args: Args) -> Type:
    for type_ in args.rest:
        check_printable(type_)
    return NONE


@lru_cache(maxsize=256)
def _fields(template: str) -> tuple[str, ...]:
    """Return the names of the fields, nested ones too.

    Raises `ValueError` for a template that is malformed, or that reads attributes of its values,
    by which a string could reach anything in the process.
    """
    found: list[str] = []
    for _, name, spec, _ in string.Formatter().parse(template):
        if name is None:
            continue
        if "." in re.sub(r"\[[^\]]*\]", "", name):
            raise ValueError(f"the field {name!r} reads an attribute, which is not allowed")
        found.append(name)
        if spec:
            found += _fields(spec)
    return tuple(found)


# --- kernels ------------------------------------------------------------------------------------


def _format_value(value: Any, spec: str, conversion: str) -> str:
    if conversion:
        value = _CONVERSIONS[conversion](value)
    return format(value, spec)


def _concat(*parts: str) -> str:
    return "".join(parts)


def _format_template(template: str, *values: Any) -> str:
    _fields(template)
    return template.format(*values)


def _print_values(sep: str | None, end: str | None, *values: Any) -> None:
    print(*values, sep=sep, end=end)  # noqa: T201 - the operation itself


# --- samples ------------------------------------------------------------------------------------


def _values() -> list[Any]:
    return [
        0, -3, 2.5, 1e300, float("nan"), True, None, "it's", "", [1.5, 2.0], (1, "a"), (), {"a": 1},
        1 + 2j, range(3), slice(1, None), ..., np.float32(1.5), np.array([1.0, 2.0]),
        np.dtype("int8"), [np.float64(0.5)],
    ]  # fmt: skip


def _format_samples() -> list[Sample]:
    return [
        *(sample(value) for value in _values()),
        sample(3.14159, ".2f"),
        sample("a", ">5"),
        sample(255, "#x"),
        sample("it's", "", "r"),
        sample("é", "", "a"),
        sample([1], "", "s"),
        sample(1.5, "8", "r"),
        sample("a", "d", raises=ValueError),
        sample([1], "5", raises=TypeError),
        sample(np.float32(1.5), ".3f"),
    ]


def _template_samples() -> list[Sample]:
    return [
        sample("a"),
        sample("{} and {}", 1, "b"),
        sample("{1} {0!r:>5}", "a", 2.5),
        sample("{:.2f}{{}}", 1.234),
        sample("{:{}}", 5, 8),
        sample("{0[1]}", [1, 2]),
        sample("{:d}", 1.5, raises=ValueError),
        sample("{} {}", 1, raises=IndexError),
        sample("{0.real}", 1, raises=ValueError),
        sample("{0:{1.real}}", 1, 2, raises=ValueError),
        sample("{", raises=ValueError),
    ]


OPS: tuple[OpDef, ...] = (
    op(
        "str(x: Any = '')",
        doc="The text of a value.",
        infer=_text,
        kernel=str,
        traits=(PURE,),
        spellings=("builtins.str",),
        samples=lambda: [sample(), *map(sample, _values())],
    ),
    op(
        "repr(x: Any)",
        doc="The text of a value as Python would write it.",
        infer=_text,
        kernel=repr,
        traits=(PURE,),
        spellings=("builtins.repr",),
        samples=lambda: [*map(sample, _values())],
    ),
    op(
        "format(value: Any, spec: str = '', conversion: str = '')",
        doc="The text of a value in a format, as a part `{value!conversion:spec}` of an f-string.",
        infer=_format,
        kernel=_format_value,
        traits=(PURE,),
        spellings=(Spelling("builtins.format", order=("value", "spec")),),
        samples=_format_samples,
    ),
    op(
        "concat_str(*parts: str)",
        doc="The parts of an f-string, joined.",
        infer=lambda args: STR,
        kernel=_concat,
        traits=(PURE, TOTAL),
        samples=lambda: [sample(), sample("a"), sample("a", "", "bc")],
    ),
    op(
        "str_format(x: str, *values: Any)",
        doc="A constant template with its fields filled in by position; they read no attributes.",
        infer=_str_format,
        kernel=_format_template,
        traits=(PURE,),
        spellings=("str.format",),
        samples=_template_samples,
    ),
    op(
        "print(*values: Any, sep: str | None = ' ', end: str | None = '\\n')",
        doc="Writes the text of values to standard output.",
        infer=_print,
        kernel=_print_values,
        traits=(EFFECT,),
        spellings=("builtins.print",),
        samples=lambda: [
            sample(),
            sample(1, "a", None),
            sample(1, 2, sep="", end=";"),
            sample(np.ones(2), sep=None),
        ],
    ),
)
