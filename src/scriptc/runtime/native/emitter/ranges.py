"""What is known about the values of ints, so that tests that cannot fail are not written."""

from __future__ import annotations

from scriptc.runtime.native.emitter.writer import is_literal

Range = tuple[int, int]
ALL: Range = (-(2**63), 2**63 - 1)


class Ranges:
    """The least and the greatest value of C variables that are int64, constants and loops'."""

    def __init__(self) -> None:
        self._of: dict[str, Range] = {}
        self._below: dict[str, str] = {}

    def of(self, code: str) -> Range:
        """Return the bounds of a literal or a variable."""
        if is_literal(code):
            return int(code), int(code)
        return self._of.get(code, ALL)

    def note(self, code: str, low: int, high: int) -> None:
        """Say between what a variable always is."""
        self._of[code] = (max(low, ALL[0]), min(high, ALL[1]))

    def note_below(self, code: str, stop: str) -> None:
        """Say that a variable is less than what another, or a literal, holds."""
        self._below[code] = stop

    def stop_of(self, code: str) -> str | None:
        """Return what a variable is known to be less than."""
        return self._below.get(code)


def arithmetic(name: str, a: Range, b: Range) -> Range:
    """Return the bounds of `a + b`, `a - b` or `a * b`, which may be beyond 64 bits."""
    if name == "add":
        return a[0] + b[0], a[1] + b[1]
    if name == "sub":
        return a[0] - b[1], a[1] - b[0]
    products = [x * y for x in a for y in b]
    return min(products), max(products)


def fits(found: Range) -> bool:
    """Tell whether all values between two bounds have 64 bits."""
    return ALL[0] <= found[0] and found[1] <= ALL[1]
