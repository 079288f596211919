"""Colours for `.graph` on the pages of the documentation."""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
)

from scriptc.ir.graph import CONTROL, STRUCTURAL_TRAITS, TERMINATORS
from scriptc.ir.types import ATOMS, DTYPES

_WORDS = ("func", "class", "file", "method", "else", "in", "carry", "from", "composite", "rules")
_TYPES = ("Tensor", "list", "tuple", "dict", "iterator", "view", *ATOMS, *DTYPES)


class GraphLexer(RegexLexer):
    """Splits the text form of the IR into words to colour."""

    name = "graph"
    aliases: ClassVar[list[str]] = ["graph"]
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"//[^\n]*", Comment.Single),
            (r'"(?:[^"\\\n]|\\.)*"', String.Double),
            (r"[%][\w.]+", Name.Variable),
            (r"@[\w.]*", Name.Function),
            (r"#\d+", Name.Constant),
            (r"loc\([^)]*\)", Comment.Special),
            (
                words(
                    (*_WORDS, *CONTROL, *TERMINATORS, *STRUCTURAL_TRAITS),
                    prefix=r"\b", suffix=r"\b",
                ),
                Keyword,
            ),
            (words(_TYPES, prefix=r"\b", suffix=r"\b"), Keyword.Type),
            (r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", Number),
            (r"[^\W\d]\w*", Name),
            (r"->|[=|*?]", Operator),
            (r"[{}()\[\],:.-]", Punctuation),
            (r"\s+", Text),
        ]
    }  # fmt: skip
