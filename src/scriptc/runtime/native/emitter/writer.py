"""The text of a C function while it is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_LITERAL = re.compile(r"-?\d+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ATOM = re.compile(r"[A-Za-z_]\w*|\d+")


class Writer:
    """Lines of C with their indentation, and names that are used once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self._counts: dict[str, int] = {}

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def name(self, prefix: str) -> str:
        """Return a name that nothing else has."""
        count = self._counts.get(prefix, 0)
        self._counts[prefix] = count + 1
        return f"{prefix}{count}"

    @contextmanager
    def braces(self, head: str, tail: str = "}") -> Iterator[None]:
        """Write `head {`, the lines inside one step further in, and `}`."""
        self.line(f"{head} {{" if head else "{")
        self.depth += 1
        yield
        self.depth -= 1
        self.line(tail)

    def mark(self) -> tuple[int, int]:
        """Return the place where the text is now, for `back`."""
        return len(self.lines), self.depth

    def back(self, mark: tuple[int, int]) -> None:
        """Forget what was written since `mark`."""
        count, self.depth = mark
        del self.lines[count:]

    def drop_unused(self, mark: tuple[int, int], declared: Mapping[str, str]) -> None:
        """Take out lines written since `mark` that declare what no other line names.

        `declared` has the lines by what they declare.
        """
        since = self.lines[mark[0] :]
        named = Counter(name for line in since for name in _NAME.findall(line))
        unused = {line for name, line in declared.items() if named[name] == 1}
        self.lines[mark[0] :] = [line for line in since if line.strip() not in unused]


def is_literal(code: str) -> bool:
    """Tell whether an expression is an int literal."""
    return _LITERAL.fullmatch(code) is not None


def _wrapped(code: str) -> str:
    return code if _ATOM.fullmatch(code) or _is_group(code) else f"({code})"


def _is_group(code: str) -> bool:
    if not (code.startswith("(") and code.endswith(")")):
        return False
    depth = 0
    for i, c in enumerate(code):
        depth += (c == "(") - (c == ")")
        if depth == 0 and i < len(code) - 1:
            return False
    return True


def add(*terms: str) -> str:
    """Return the sum of int expressions; literals are added up here."""
    constant = sum(int(t) for t in terms if is_literal(t))
    rest = [t for t in terms if not is_literal(t)]
    if not rest:
        return str(constant)
    text = " + ".join(_wrapped(t) if "?" in t else t for t in rest)
    if constant:
        text += f" + {constant}" if constant > 0 else f" - {-constant}"
    return text


def subtract(a: str, b: str) -> str:
    """Return the difference of int expressions."""
    if b == "0":
        return a
    if is_literal(a) and is_literal(b):
        return str(int(a) - int(b))
    if a == b:
        return "0"
    return f"{_wrapped(a)} - {_wrapped(b)}"


def multiply(*factors: str) -> str:
    """Return the product of int expressions; literals are multiplied here."""
    constant, rest = 1, []
    for factor in factors:
        if is_literal(factor):
            constant *= int(factor)
        else:
            rest.append(_wrapped(factor))
    if constant == 0 or not rest:
        return str(constant)
    if constant == 1:
        return " * ".join(rest) if len(rest) > 1 else rest[0]
    return " * ".join([str(constant) if constant > 0 else f"({constant})", *rest])
