"""Methods of strings. None of them depends on the locale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scriptc.ir.opdef import (
    PURE,
    TOTAL,
    Args,
    InferRule,
    OpDef,
    RuleError,
    Sample,
    Trait,
    op,
    sample,
)
from scriptc.ir.ops.python_rules import check_strings, none_help, samples
from scriptc.ir.types import (
    BOOL,
    INT,
    STR,
    ListType,
    TupleType,
    Type,
    VariadicTupleType,
    members_of,
    prune,
    tuple_elements,
)

_TEXTS = ("", "abc", "Hello World", "  x\ty\n", "123", "½²", "ÀÉÎ straße", "aXbXc", "_id1", "ǅ")


def _texts(*more: Sample) -> Callable[[], Any]:
    return samples(*map(sample, _TEXTS), *more)


def _affixes(args: Args) -> Type:
    for member in members_of(args.types[1]):
        parts = tuple_elements(member) if member != STR else ()
        assert member == STR or isinstance(member, TupleType | VariadicTupleType)
        for part in map(prune, parts):
            if part != STR:
                raise RuleError(f"a tuple of strings is needed, not {member}", none_help(part))
    return BOOL


def _join(args: Args) -> Type:
    check_strings(args["strings"], "join")
    return STR


def _op(
    schema: str, doc: str, infer: InferRule | Type, made: Callable[[], Any], *traits: Trait
) -> OpDef:
    name = schema.partition("(")[0]
    rule = (lambda args: infer) if isinstance(infer, Type) else infer
    return op(
        f"str_{schema}",
        doc=doc,
        infer=rule,
        kernel=getattr(str, name),
        traits=(PURE, *traits),
        spellings=(f"str.{name}",),
        samples=made,
    )


def _is(name: str, doc: str) -> OpDef:
    return _op(f"{name}(x: str)", f"Whether {doc}.", BOOL, _texts(), TOTAL)


def _case(name: str, doc: str) -> OpDef:
    return _op(f"{name}(x: str)", doc, STR, _texts(), TOTAL)


def _strip(name: str, where: str) -> OpDef:
    return _op(
        f"{name}(x: str, chars: str | None = None)",
        f"The string without white space, or any of `chars`, {where}.",
        STR,
        _texts(sample("xxaxx", "x"), sample("abcba", "ab"), sample("abc", "")),
        TOTAL,
    )


def _split(name: str, side: str) -> OpDef:
    return _op(
        f"{name}(x: str, sep: str | None = None, maxsplit: int = -1)",
        f"The parts between white space, or between `sep`; at most so many splits, from {side}.",
        ListType(STR),
        _texts(
            sample("a,b,,c", ","), sample("a,b,c", ",", 1), sample("a b  c", None, 1),
            sample("abc", "", raises=ValueError), sample("a--b", sep="--"),
        ),
    )  # fmt: skip


def _find(name: str, doc: str, *more: Sample, fails: type[BaseException] | None = None) -> OpDef:
    return _op(
        f"{name}(x: str, sub: str, start: int | None = None, end: int | None = None)",
        doc,
        INT,
        samples(
            sample("abcabc", "b"), sample("abcabc", "b", 2), sample("abcabc", "c", -2, 6),
            sample("abc", ""), sample("abc", "z", raises=fails), *more,
        ),
    )  # fmt: skip


def _affix(name: str, what: str) -> OpDef:
    return _op(
        f"{name}(x: str, {what}: str | tuple, start: int | None = None, end: int | None = None)",
        f"Whether the string has a {what}, or one of several.",
        _affixes,
        samples(
            sample("abc", "ab"), sample("abc", "bc"), sample("abc", ("x", "a", "c")),
            sample("abc", ()), sample("abc", "b", 1), sample("abc", "b", 0, 2), sample("abc", ""),
            sample("abc", (1,), raises=TypeError),
        ),
    )  # fmt: skip


def _pad(name: str, doc: str) -> OpDef:
    return _op(
        f"{name}(x: str, width: int, fillchar: str = ' ')",
        doc,
        STR,
        samples(
            sample("ab", 5), sample("ab", 6, "*"), sample("ab", 1), sample("ab", -1),
            sample("ab", 5, "xy", raises=TypeError),
        ),
    )  # fmt: skip


def _partition(name: str, which: str) -> OpDef:
    return _op(
        f"{name}(x: str, sep: str)",
        f"What stands before, the separator itself, and what stands after its {which} occurrence.",
        TupleType((STR, STR, STR)),
        samples(
            sample("a=b=c", "="), sample("abc", "="), sample("", "x"),
            sample("abc", "", raises=ValueError),
        ),
    )  # fmt: skip


OPS = (
    _case("upper", "The string in upper case."),
    _case("lower", "The string in lower case."),
    _case("title", "The string with each word capitalised."),
    _case("capitalize", "The string with its first letter in upper case, the others in lower."),
    _case("swapcase", "The string with upper and lower case exchanged."),
    _case("casefold", "The string in a form for comparing without regard to case."),
    _strip("strip", "at both ends"),
    _strip("lstrip", "at the start"),
    _strip("rstrip", "at the end"),
    _split("split", "the left"),
    _split("rsplit", "the right"),
    _op(
        "splitlines(x: str, keepends: bool = False)", "The lines.", ListType(STR),
        _texts(sample("a\nb\r\nc\n", True), sample("a\n\nb")),
    ),
    _op(
        "join(x: str, strings: iterable)", "The strings joined, with `x` between them.", _join,
        lambda: [
            sample(", ", ["a", "b"]), sample("", ("a",)), sample("-", "abc"), sample("x", []),
            sample(",", {"a": 1, "b": 2}), sample(",", reversed(["a", "b"])),
            sample(",", [1], raises=TypeError),
        ],
    ),
    _op(
        "replace(x: str, old: str, new: str, count: int = -1)",
        "The string with `old` replaced by `new`, at most `count` times if that is not negative.",
        STR,
        samples(
            sample("aaa", "a", "b"), sample("aaa", "a", "bb", 2), sample("abc", "", "-"),
            sample("abc", "x", "y"),
        ),
    ),
    _affix("startswith", "prefix"),
    _affix("endswith", "suffix"),
    _find("find", "The first place of a substring, or -1."),
    _find("rfind", "The last place of a substring, or -1."),
    _find("index", "The first place of a substring, which must be there.", fails=ValueError),
    _find("rindex", "The last place of a substring, which must be there.", fails=ValueError),
    _find("count", "How often a substring occurs without overlap."),
    _is("isdigit", "all characters are digits, and there are some"),
    _is("isalpha", "all characters are letters, and there are some"),
    _is("isalnum", "all characters are letters or digits, and there are some"),
    _is("isspace", "all characters are white space, and there are some"),
    _is("isupper", "all letters are in upper case, and there are some"),
    _is("islower", "all letters are in lower case, and there are some"),
    _is("istitle", "each word is capitalised, and there are some"),
    _is("isnumeric", "all characters are numeric, and there are some"),
    _is("isdecimal", "all characters are decimal digits, and there are some"),
    _is("isidentifier", "the string is a name in Python"),
    _is("isascii", "all characters are ASCII"),
    _is("isprintable", "all characters can be printed"),
    _pad("center", "The string in the middle of a wider one."),
    _pad("ljust", "The string at the left of a wider one."),
    _pad("rjust", "The string at the right of a wider one."),
    _op(
        "zfill(x: str, width: int)", "The string with zeros before its digits, after a sign.", STR,
        samples(sample("42", 5), sample("-42", 5), sample("abc", 2), sample("", 2)),
    ),
    _partition("partition", "first"),
    _partition("rpartition", "last"),
    _op(
        "removeprefix(x: str, prefix: str)", "The string without a prefix, if it has it.", STR,
        samples(sample("abc", "ab"), sample("abc", "x"), sample("abc", "")), TOTAL,
    ),
    _op(
        "removesuffix(x: str, suffix: str)", "The string without a suffix, if it has it.", STR,
        samples(sample("abc", "bc"), sample("abc", "x"), sample("abc", "")), TOTAL,
    ),
    _op(
        "expandtabs(x: str, tabsize: int = 8)", "The string with tabs replaced by spaces.", STR,
        _texts(sample("a\tb", 4), sample("\t", 0)),
    ),
)  # fmt: skip
