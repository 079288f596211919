"""What is known about the values of ints, so that tests that cannot fail are not written."""

from __future__ import annotations

from scriptc.runtime.native.emitter.writer import is_literal

Range = tuple[int, int]
Sum = tuple[str, int]
"""A variable, and a number that is added to it."""
ALL: Range = (-(2**63), 2**63 - 1)


class Ranges:
    """The least and the greatest value of C variables that are int64, constants and loops'."""

    def __init__(self) -> None:
        self._of: dict[str, Range] = {}
        self._sums: dict[str, Sum] = {}
        self._below: dict[str, Sum] = {}
        self._shown: dict[tuple[str, str], int] = {}

    def of(self, code: str) -> Range:
        """Return the bounds of a literal or a variable."""
        if is_literal(code):
            return int(code), int(code)
        return self._of.get(code, ALL)

    def note(self, code: str, low: int, high: int) -> None:
        """Say between what a variable always is."""
        self._of[code] = (max(low, ALL[0]), min(high, ALL[1]))

    def note_sum(self, code: str, base: str, offset: int) -> None:
        """Say that a variable is another one plus a number."""
        root, more = self.sum_of(base)
        self._sums[code] = root, more + offset

    def note_below(self, code: str, stop: str, offset: int = 0) -> None:
        """Say that a variable is less than `stop + offset`."""
        self._below[code] = stop, offset

    def sum_of(self, code: str) -> Sum:
        """Return what a variable is known to be: another one plus a number."""
        return self._sums.get(code, (code, 0))

    def limit_of(self, code: str) -> Sum | None:
        """Return the sum that a variable is known to be less than."""
        base, offset = self.sum_of(code)
        below = self._below.get(base)
        if below is None:
            return None
        stop, more = self.sum_of(below[0])
        return stop, below[1] + more + offset

    def note_shown(self, limit: Sum, size: str) -> None:
        """Say that a sum is not above a size, until `forget`."""
        key = limit[0], size
        self._shown[key] = max(limit[1], self._shown.get(key, limit[1]))

    def is_shown(self, limit: Sum, size: str) -> bool:
        """Tell whether a sum was said not to be above a size."""
        return limit[1] <= self._shown.get((limit[0], size), ALL[0])

    def shown(self) -> dict[tuple[str, str], int]:
        """Return what `forget` needs to come back to what is known now."""
        return dict(self._shown)

    def forget(self, shown: dict[tuple[str, str], int]) -> None:
        """Forget which sums were said not to be above a size since then."""
        self._shown = shown


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
