"""The tokens of `.graph`, and the error for text that does not fit the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scriptc.ir.diagnostic import Error

MAX_CHARACTERS = 256 * 1024 * 1024
MAX_DEPTH = 100
"""How deep types, tuples and blocks may nest."""
_MAX_NUMBER = 64


class ParseError(Error):
    """Text that is not a program: where (line and column count from 1), and what was expected."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line = line
        self.column = column
        self.message = message

    def __reduce__(self) -> tuple[type[ParseError], tuple[int, int, str]]:
        return type(self), (self.line, self.column, self.message)


@dataclass(frozen=True, slots=True)
class Token:
    """A token: `kind` is the name of a group below, the sign itself, or `end`."""

    kind: str
    text: str
    offset: int


# Alternatives exclude each other by their first characters, so matching takes linear time.
_PATTERN = re.compile(
    r"""
      (?P<blank>[ \t\r]+|//[^\n]*)
    | (?P<newline>\n)
    | (?P<place>loc\(f[0-9]{1,9}:[0-9]{1,9}:[0-9]{1,9}-[0-9]{1,9}:[0-9]{1,9}\))
    | (?P<name>[^\W\d]\w*)
    | (?P<value>%(?:[0-9]+|[^\W\d]\w*(?:\.[0-9]+)?))
    | (?P<function>@(?:[^\W\d]\w*(?:\.[^\W\d]\w*)*)?)
    | (?P<pooled>\#[0-9]{1,9})
    | (?P<string>"(?:[^"\\\n]|\\.)*")
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<sign>->|\.\.\.|[{}()\[\],=:|*?-])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r'\\(?:(["\\nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))|(\\.?)', re.DOTALL
)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Tokens:
    """A stream of tokens with one token of lookahead; every `expect` raises `ParseError`."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ParseError(1, 1, f"the text has more than {MAX_CHARACTERS} characters")
        self._text = text
        self._position = 0
        self._depth = 0
        self.token = self._scan()

    def advance(self) -> Token:
        """Return the current token and go on to the next one."""
        token = self.token
        self.token = self._scan()
        return token

    def _scan(self) -> Token:
        while True:
            start = self._position
            if start >= len(self._text):
                return Token("end", "", start)
            match = _PATTERN.match(self._text, start)
            if match is None:
                raise self.error(f"unexpected character {self._text[start]!r}", start)
            self._position = match.end()
            kind = match.lastgroup
            if kind == "blank":
                continue
            text = match.group()
            return Token(text if kind == "sign" else str(kind), text, start)

    def error(self, message: str, place: Token | int | None = None) -> ParseError:
        """Return the error for a token, an offset, or the current token."""
        if place is None:
            place = self.token
        offset = place.offset if isinstance(place, Token) else place
        line = self._text.count("\n", 0, offset) + 1
        column = offset - (self._text.rfind("\n", 0, offset) + 1) + 1
        return ParseError(line, column, message)

    def expected(self, what: str) -> ParseError:
        """Return the error that says what should have been where the current token is."""
        found = {"end": "the end of the text", "newline": "the end of the line"}.get(
            self.token.kind, repr(self.token.text[:40])
        )
        return self.error(f"expected {what}, found {found}")

    def at(self, kind: str) -> bool:
        return self.token.kind == kind

    def at_word(self, word: str) -> bool:
        return self.token.kind == "name" and self.token.text == word

    def next_is(self, kind: str) -> bool:
        """Tell whether the token after the current one is of that kind."""
        position = self._position
        found = self._scan()
        self._position = position
        return found.kind == kind

    def accept(self, kind: str) -> Token | None:
        """Take the current token if it is of that kind."""
        return self.advance() if self.token.kind == kind else None

    def accept_word(self, word: str) -> bool:
        if self.at_word(word):
            self.advance()
            return True
        return False

    def expect(self, kind: str, what: str = "") -> Token:
        """Take a token of that kind, or raise."""
        if self.token.kind != kind:
            raise self.expected(what or f"`{kind}`")
        return self.advance()

    def expect_word(self, word: str) -> None:
        if not self.accept_word(word):
            raise self.expected(f"`{word}`")

    def skip_newlines(self) -> None:
        while self.token.kind == "newline":
            self.advance()

    def end_line(self) -> None:
        """Take the end of a line, and empty lines after it."""
        if self.token.kind not in ("newline", "end"):
            raise self.expected("the end of the line")
        self.skip_newlines()

    def enter(self) -> None:
        """Go one level of nesting deeper; `leave` goes back."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep")

    def leave(self) -> None:
        self._depth -= 1

    # --- literals that are one token ------------------------------------------------------------

    def string(self, what: str = "a string") -> str:
        """Take a string literal and return its value."""
        token = self.expect("string", what)
        return _ESCAPE.sub(lambda match: self._unescape(match, token), token.text[1:-1])

    def _unescape(self, match: re.Match[str], token: Token) -> str:
        simple, *codes, wrong = match.groups()
        if simple is not None:
            return _SIMPLE[simple]
        digits = next((code for code in codes if code is not None), None)
        if wrong is not None or digits is None or int(digits, 16) > 0x10FFFF:
            raise self.error(f"unknown escape {match.group()}", token)
        return chr(int(digits, 16))

    def integer(self, what: str, *, low: int, high: int) -> int:
        """Take an integer literal within bounds and return its value."""
        token = self.expect("number", what)
        digits = token.text.removeprefix("-")
        if not digits.isdecimal():
            raise self.error(f"expected {what}, found {token.text[:40]!r}", token)
        if len(digits) > _MAX_NUMBER or not low <= int(token.text) <= high:
            raise self.error(f"{what} out of range: {token.text[:40]}", token)
        return int(token.text)

    def float_(self, token: Token) -> float:
        """Return the value of a float literal."""
        if len(token.text) > _MAX_NUMBER:
            raise self.error("a number with too many digits", token)
        return float(token.text)
