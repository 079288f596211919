"""Random programs as Python source: numbers, arrays, views, writes, lists, branches and loops.

Each is a function of two arrays, an int and a float, which gives back all that it has. Names say
types: `i` and `j` are ints, `s` and `t` floats, `b` a bool, `x`, `y` and `z` arrays of four floats,
`m` one of four by four, `l` a list of ints, `g` a list of such lists, `d` a dict of two ints, and
`k` counts rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_INTS, _FLOATS = ("i", "j"), ("s", "t")
_ROWS, _MATRIX, _LIST = ("x", "y", "z"), "m", "l"


def random_source(seed: int) -> str:
    """Return the source of a function `f{seed}`."""
    return _Writer(Random(seed)).write(f"f{seed}")


class _Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []
        self.loops = 0
        self.counted = 0

    def write(self, name: str) -> str:
        self.lines = [
            f"def {name}(x: np.ndarray, m: np.ndarray, i: int, s: float):",
            "    j = i + 1",
            "    t = s * 0.5",
            "    y = x + 1.0",
            "    z = m[1]" if self.random.random() < 0.5 else "    z = m[1] * 2.0",
            "    l = [i, 3, 5]",
            "    g = [[0] * 3 for _ in range(3)]",
            "    d = {'a': i, 'b': 2}",
        ]
        for _ in range(self.random.randint(3, 9)):
            self.statement(1)
        self.lines.append(
            "    return x, y, z, m, i, j, s, t, l[0], len(l), g[0][1], g[-1][-1], len(g[1])"
        )
        return "\n".join([*self.lines, ""])

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def pick(self, *options: Callable[[], str]) -> str:
        return self.random.choice(options)()

    def one(self, names: tuple[str, ...]) -> str:
        return self.random.choice(names)

    def place(self) -> str:
        """Return a place in a list or an array, which may not be there."""
        r = self.random
        if self.counted and r.random() < 0.8:
            return r.choice(["k", "k", "k - 1", "k + 1", "2 - k"])
        return r.choice(["0", "1", "2", "-1", "i", "j - 1"])

    # --- expressions ----------------------------------------------------------------------------

    def int_(self) -> str:
        r = self.random
        return self.pick(
            lambda: self.one(_INTS),
            lambda: self.one(_INTS),
            lambda: str(r.randint(-2, 5)),
            lambda: f"({self.one(_INTS)} {r.choice(['+', '-', '*'])} {r.randint(1, 4)})",
            lambda: f"({self.one(_INTS)} {r.choice(['//', '%'])} {r.choice(['3', '-2', 'j'])})",
            lambda: f"({self.one(_INTS)} {r.choice(['&', '|', '^', '>>'])} {r.randint(1, 3)})",
            lambda: "len(l)",
            lambda: f"d['{r.choice('ab')}']",
            lambda: f"l[{r.randint(-1, 2)}]",
            lambda: f"l[{self.place()}]",
            lambda: f"g[{self.place()}][{self.place()}]",
            lambda: f"len(g[{self.place()}])",
            lambda: f"int(m.{r.choice(['argmax', 'argmin'])}(axis=0)[{self.place()}])",
            lambda: "x.shape[0]",
            lambda: f"min({self.one(_INTS)}, {r.randint(0, 9)})",
            lambda: f"int({self.one(_ROWS)}.argmax())",
        )

    def float_(self) -> str:
        r = self.random
        return self.pick(
            lambda: self.one(_FLOATS),
            lambda: f"{r.choice([0.5, 2.0, -1.25])}",
            lambda: f"({self.one(_FLOATS)} {r.choice(['+', '-', '*'])} {self.one(_FLOATS)})",
            lambda: f"float({self.one(_ROWS)}[{r.randint(-4, 3)}])",
            lambda: f"float({self.one(_ROWS)}.{r.choice(['sum', 'max', 'min', 'mean'])}())",
            lambda: f"float(m[{self.place()}, {self.place()}])",
            lambda: f"float({self.one(_ROWS)}[{self.place()}])",
            lambda: f"abs({self.one(_FLOATS)})",
            lambda: f"({self.one(_INTS)} / 4)",
            lambda: f"float(m[{r.randint(0, 3)}, {r.randint(-1, 3)}])",
        )

    def bool_(self) -> str:
        r = self.random
        sign = r.choice(["<", "<=", ">", ">=", "==", "!="])
        return self.pick(
            lambda: f"{self.int_()} {sign} {self.int_()}",
            lambda: f"{self.float_()} {sign} {self.float_()}",
            lambda: f"{self.int_()} > 2 and {self.float_()} < 1.0",
            lambda: f"({self.one(_ROWS)} > 0.0).any()",
            lambda: f"not ({self.int_()} == 1)",
        )

    def row(self) -> str:
        r = self.random
        a, b = self.one(_ROWS), self.one(_ROWS)
        return self.pick(
            lambda: f"{a} {r.choice(['+', '-', '*'])} {b}",
            lambda: f"{a} {r.choice(['+', '-', '*'])} {self.float_()}",
            lambda: f"np.maximum({a}, {b})",
            lambda: f"np.where({a} > {b}, {a}, 0.5)",
            lambda: f"m[{r.randint(-4, 3)}]",
            lambda: f"m[:, {r.randint(-4, 3)}]",
            lambda: f"{a}[::-1]",
            lambda: f"m.{r.choice(['sum', 'max'])}(axis={r.randint(0, 1)})",
            lambda: f"-{a}",
            lambda: f"{a}.copy()",
            lambda: f"np.abs({a}) + np.floor({b})",
            lambda: "np.zeros(4)",
            lambda: f"{a} / 4.0",
            lambda: f"({a} - {a}.max()) * {b}",
        )

    # --- statements -----------------------------------------------------------------------------

    def statement(self, depth: int) -> None:
        kinds = [
            self.assign, self.assign, self.assign, self.assign, self.write_into, self.write_into,
            self.update, self.lists, self.lists,
        ]  # fmt: skip
        if depth < 3:
            kinds += [self.branch, self.branch, self.for_, self.while_]
        if self.loops:
            kinds.append(self.leave)
        self.random.choice(kinds)(depth)

    def assign(self, depth: int) -> None:
        text = self.pick(
            lambda: f"{self.one(_INTS)} = {self.int_()}",
            lambda: f"{self.one(_FLOATS)} = {self.float_()}",
            lambda: f"{self.one(_ROWS)} = {self.row()}",
            lambda: f"{self.one(_ROWS)} = {self.row()}",
            lambda: "s, t = t, s",
            lambda: "x, y = y, x",
            lambda: "m = m * 0.5 + y",
        )
        self.line(depth, text)

    def write_into(self, depth: int) -> None:
        r = self.random
        text = self.pick(
            lambda: f"{self.one(_ROWS)}[{self.int_()}] = {self.float_()}",
            lambda: f"{self.one(_ROWS)}[{self.place()}] = {self.float_()}",
            lambda: f"{self.one(_ROWS)}[1:] = {self.one(_ROWS)}[:-1]",
            lambda: f"{self.one(_ROWS)}[:] = {self.row()}",
            lambda: f"m[{r.randint(0, 3)}] = {self.row()}",
            lambda: f"m[:, {r.randint(0, 3)}] = {self.float_()}",
            lambda: f"m[{r.randint(0, 3)}, {r.randint(0, 3)}] = {self.float_()}",
        )
        self.line(depth, text)

    def update(self, depth: int) -> None:
        r = self.random
        text = self.pick(
            lambda: f"{self.one(_ROWS)} {r.choice(['+=', '*=', '-='])} {self.row()}",
            lambda: f"m {r.choice(['+=', '*='])} {self.one(_ROWS)}",
            lambda: f"{self.one(_INTS)} += {self.int_()}",
            lambda: f"{self.one(_FLOATS)} {r.choice(['+=', '*='])} 0.5",
        )
        self.line(depth, text)

    def lists(self, depth: int) -> None:
        text = self.pick(
            lambda: f"l.append({self.int_()})",
            lambda: f"l[{self.random.randint(-1, 2)}] = {self.int_()}",
            lambda: f"l[{self.place()}] = {self.int_()}",
            lambda: (
                f"d['{self.random.choice('ab')}'] {self.random.choice(['=', '+='])} {self.int_()}"
            ),
            lambda: f"g[{self.place()}][{self.place()}] = {self.int_()}",
            lambda: f"g[{self.place()}][{self.place()}] += {self.int_()}",
            lambda: f"g[{self.place()}] = {self.random.choice(['l', 'g[0]', '[i, j, 3]'])}",
            lambda: f"g[{self.place()}].append({self.int_()})",
            lambda: f"l = [{self.int_()}, {self.int_()}, {self.int_()}]",
            lambda: f"l = g[{self.place()}]",
        )
        self.line(depth, text)

    def branch(self, depth: int) -> None:
        self.line(depth, f"if {self.bool_()}:")
        self.body(depth)
        if self.random.random() < 0.6:
            self.line(depth, "else:")
            self.body(depth)

    def for_(self, depth: int) -> None:
        head = self.pick(
            lambda: f"for k in range({self.random.randint(0, 4)}):",
            lambda: "for k in range(1, 6, 2):",
            lambda: "for k in range(len(l)):",
            lambda: "for k in range(1, len(g)):",
            lambda: "for k in range(2, -1, -1):",
            lambda: f"for v in {self.one(_ROWS)}.copy():",
            lambda: "for k, v in enumerate(m[0].copy()):",
        )
        self.line(depth, head)
        self.loops += 1
        if " v in" in head or "v in" in head:
            self.line(depth + 1, "t = t + float(v)")
        counted = "k" in head.partition(" in ")[0]
        if counted and self.random.random() < 0.5:
            self.line(depth + 1, "j = j + k")
        self.counted += counted
        self.body(depth)
        self.counted -= counted
        self.loops -= 1

    def while_(self, depth: int) -> None:
        name = f"w{len(self.lines)}"
        self.line(depth, f"{name} = 0")
        self.line(depth, f"while {name} < {self.random.randint(1, 4)}:")
        self.line(depth + 1, f"{name} += 1")
        self.loops += 1
        self.body(depth)
        self.loops -= 1

    def leave(self, depth: int) -> None:
        self.line(depth, f"if {self.bool_()}:")
        self.line(depth + 1, self.random.choice(["break", "continue"]))

    def body(self, depth: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth + 1)
