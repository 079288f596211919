"""Tuples, lists, dicts, strings, f-strings, comprehensions and unpacking."""

import numpy as np

from programs.harness import program


@program(([3, 1, 2],), ([],))
def list_methods(xs: list[int]):
    ys = xs.copy()
    ys.append(4)
    ys.extend([5, 6])
    ys.insert(0, -1)
    last = ys.pop()
    first = ys.pop(0)
    ys.sort()
    ys.reverse()
    return ys, last, first, ys.index(4), ys.count(3), len(ys), xs, sorted(ys), 4 in ys, 9 not in ys


@program(([3, 1, 2, 5],))
def list_slices(xs: list[int]):
    a, b, c = xs[1:], xs[:-1], xs[::-1]
    xs[1:3] = [9]
    xs[0] += 10
    xs[-1] *= 2
    del xs[1]
    return a, b, c, xs, xs[-1], [*a, 0] if len(a) > 1 else a


@program(([1, 2],))
def list_aliasing(xs: list[int]):
    ys = xs
    ys += [3]
    ys = ys + [4]
    ys.append(5)
    zs = [xs, ys, xs]
    zs[0].append(6)
    return xs, ys, zs


@program(([1], 3), ([1, 2], 0))
def list_operators(xs: list[int], n: int):
    return xs * n, xs + xs, xs == [1], xs < [2], xs != [1, 2], n * xs


@program(([1], 3), ([1, 2], 0))
def index_errors(xs: list[int], n: int):
    return xs[n]


@program(({"a": 1},), ({},))
def dict_methods(d: dict[str, int]):
    d["b"] = 2
    d["b"] += 5
    d.update({"c": 3})
    e = d.copy()
    popped = e.pop("b")
    missing = e.pop("zz", -1)
    default = d.setdefault("q", 9)
    return d, e, popped, missing, default, d.get("b"), d.get("zz"), d.get("zz", 0), "b" in d, len(d)


@program(({"a": 1}, "b"), ({"b": 2}, "b"))
def key_errors(d: dict[str, int], key: str):
    del d[key]
    return d


@program(({"b": 2},))
def dict_views(d: dict[str, int]):
    return (
        list(d),
        list(d.keys()),
        list(d.values()),
        list(d.items()),
        sorted(d.items()),
        max(d.values()),
    )


@program((2, "x"))
def tuples(n: int, s: str):
    t = (n, s, 2.5)
    a, b, c = t
    (d, e), f = (n, s), c
    single = (n,)
    return t[0], t[-1], t[1:], len(t), t + single, (n, 1) < (n, 2), a, b, c, d, e, f, single * 3


@program(([1, 2, 3, 4],), ([1, 2],), ([1],))
def star_unpacking_lists(xs: list[int]):
    a, *b = xs
    *c, d = xs
    e, *f, g = xs
    return a, b, c, d, e, f, g


@program((1, "a", 2.5))
def star_unpacking_tuples(a: int, b: str, c: float):
    t = (a, b, c, 4.5, 5.5)
    first, second, *rest = t
    *head, tail = (a, 2, 3, "end")
    return first, second, rest, head, tail


@program(("abc",), ("a",))
def unpacking_strings(s: str):
    a, b, c = s
    return a, b, c


@program((np.arange(6).reshape(3, 2),), (np.arange(4).reshape(2, 2),))
def unpacking_arrays(x):
    a, b, c = x
    a += 1
    return a, b, c, x


@program(([(1, "a"), (2, "b")],))
def nested_targets(pairs: list[tuple[int, str]]):
    out = []
    for n, s in pairs:
        [a, b] = n, s
        out.append(b * a)
    x = y = out
    y.append("z")
    return x, y


@program(([1, 2, 3, 4],), ([],))
def list_comprehensions(xs: list[int]):
    a = [x * 2 for x in xs]
    b = [x for x in xs if x % 2 == 0 if x > 2]
    c = [(x, y) for x in xs for y in xs if x < y]
    d = [[x + y for y in range(x)] for x in xs]
    e = [x if x > 2 else -x for x in xs]
    f = [i + x for i, x in enumerate(xs)]
    x = "outer"
    g = [x for x in xs]
    return a, b, c, d, e, f, g, x


@program((["a", "bb", "a"],), ([],))
def dict_comprehensions(words: list[str]):
    a = {w: len(w) for w in words}
    b = {w: i for i, w in enumerate(words) if w != "bb"}
    c = {i: [w] * i for i, w in enumerate(words)}
    return a, b, c, {v: k for k, v in a.items()}


@program(([1, 2, 3],), ([],))
def generators(xs: list[int]):
    return (
        sum(x * x for x in xs),
        any(x > 2 for x in xs),
        all(x > 0 for x in xs),
        ",".join(str(x) for x in xs),
        sorted(-x for x in xs),
        tuple(x for x in xs),
        list(x for x in xs if x > 1),
    )


@program(([],), ([[1, 2], [3]],))
def flatten(rows: list[list[int]]):
    return [x for row in rows for x in row]


@program((3,), (0,))
def growing_lists(n: int):
    xs = []
    d = {}
    for i in range(n):
        xs.append(i)
        d[i] = xs[-1] * 2
    empty: list[str] = []
    return xs, d, empty


@program(("Hello, World", "l"), ("", "x"))
def string_methods(s: str, part: str):
    return (
        s.upper(),
        s.lower(),
        s.title(),
        s.capitalize(),
        s.swapcase(),
        s.strip(),
        s.lstrip("H"),
        s.rstrip("d"),
        s.split(),
        s.split(","),
        s.split(part, 1),
        s.replace(part, "L"),
        s.replace(part, "", 1),
        s.find(part),
        s.rfind(part),
        s.count(part),
        s.startswith("He"),
        s.endswith(("d", "e")),
        s.zfill(15),
        s.center(20, "*"),
        s.ljust(15, "."),
        s.rjust(15),
        s.isalpha(),
        s.isdigit(),
        s.isspace(),
        s.isupper(),
        s.partition(","),
        s.rpartition(","),
        s.splitlines(),
        part in s,
        part not in s,
        part * 2,
        s + part,
        s[::-1],
        s[1:4],
        s == part,
        s < part,
        len(s),
    )


@program(("abc", 1), ("abc", 5))
def string_index(s: str, i: int):
    return s[i], s[-1], s.index("b")


@program((3, 2.5, "text", True), (-300, 1e10, "", False))
def f_strings(n: int, x: float, s: str, b: bool):
    width = 10
    return (
        f"{n}",
        f"{n:5d}|{n:<6}|{n:>6}|{n:^6}|{n:06}|{n:+d}|{n:,}|{n:x}|{n:b}|{n:e}",
        f"{x}|{x:.2f}|{x:10.3e}|{x:g}|{x:%}|{x!r}|{x:{width}.{2}f}",
        f"{s:>8}|{s!r:<10}|{s!s}|{s:.2}",
        f"{b}|{b:d}|{b!r}",
        f"{{literal}} {n=} {x = }",
        f"{n + 1}{s.upper()}{[n, 1]}{(s, n)}{None}",
        f"{{'a': 1}}",
        f"{n:{width}}",
        "%d items" % n,
        "{} and {}".format(n, s),
    )


@program((7, 2), (-7, 2), (7, -2), (0, 5))
def integers(a: int, b: int):
    return (
        a + b,
        a - b,
        a * b,
        a / b,
        a // b,
        a % b,
        a**2,
        -a,
        +a,
        ~a,
        a & b,
        a | b,
        a ^ b,
        a << 2,
        a >> 1,
        divmod(a, b),
        abs(a),
        min(a, b),
        max(a, b),
        pow(a, 2),
        int(a / b),
        float(a),
        str(a),
        bool(a),
        round(a / b),
        a == b,
        a != b,
        a.bit_length(),
    )


@program((7.5, 2.0), (-7.5, 0.3), (float("inf"), 1.0), (0.0, -0.0))
def floats(a: float, b: float):
    return (
        a + b,
        a - b,
        a * b,
        a**2,
        -a,
        abs(a),
        a < b,
        a == b,
        min(a, b),
        max(b, a),
        a.is_integer(),
    )


@program((1.5, 0.0), (1.0, 0.5))
def float_errors(a: float, b: float):
    return a / b, a // b, a % b


@program((5,))
def mixed_numbers(n: int):
    return n + 1.5, n * True, n / 2, 1.5 // 1, n + 2j, abs(3 + 4j), True + True, -True, 2**-1


@program((["x", "y"], [1, 2]))
def conversions(names: list[str], numbers: list[int]):
    return (
        dict(zip(names, numbers)),
        list(range(3)),
        tuple(names),
        list("abc"),
        list(enumerate(names)),
        int("12"),
        float("1.5"),
        str(1.5),
        list(reversed(numbers)),
        sum(numbers),
        [str(n) for n in numbers],
    )


@program(("12",), ("x",), ("",))
def int_of_string(s: str):
    return int(s)


@program((np.ones(2), [np.zeros(2)]))
def arrays_in_lists(x, xs: list[np.ndarray]):
    xs.append(x)
    xs[0] += 5
    xs[-1][0] = 7
    ys = [x, x]
    ys[0] = ys[1] + 1
    return xs, ys, x


@program((np.ones(2), {"a": np.zeros(2)}))
def arrays_in_dicts(x, d: dict[str, np.ndarray]):
    d["b"] = x
    d["a"] += 1
    d["b"][:] = 3
    return d, x


@program((2,))
def list_of_tuples(n: int):
    pairs = [(i, str(i)) for i in range(n)]
    pairs.append((9, "nine"))
    pairs.sort()
    lookup = {(i, i + 1): i for i in range(n)}
    return pairs, lookup, pairs[0][1], lookup[0, 1]


@program((3,))
def star_arguments(n: int):
    t = (n, 2)
    return divmod(*t), max(*t, 7), [*t, 5], (*t, *t), [*range(n)], print(*t, sep=",")


@program(("a", 1), ("c", 7), ("", 3))
def constant_sets(s: str, n: int):
    found = [c for c in "abc" if c in {"a", "b"}]
    return s in {"a", "b"}, n not in {1, 2, 3}, found


@program((1,), (-1,))
def declared_union_result(n: int) -> int | str:
    if n > 0:
        return n
    return "negative"


@program(([1, 2],))
def bare_annotations(xs: list[int]):
    return count(xs, (1, 2), {"a": 1})


def count(xs: list, t: tuple, d: dict, f: object = None) -> int:
    ys: list = [0, *xs]
    return len(ys) + len(t) + len(d)


@program(({"b": 2, "a": 1, "c": 3}, "b", 3), ({}, "x", 0), ({"x": 0}, "x", 1))
def kept_views(table: dict[str, int], key: str, value: int):
    """A view can be walked over again and again, and follows the dict."""
    keys, values, items = table.keys(), table.values(), table.items()
    seen = []
    for _ in range(2):
        for k in keys:
            seen.append(k)
        seen += [f"{k}{v}" for k, v in items]
    asked = [key in keys, value in values, (key, value) in items, key not in table.keys()]
    before = len(values), len(table.items()), len(keys)
    table["new"] = 7
    after = len(values), len(keys), 7 in values, "new" in keys, ("new", 7) in items
    del table["new"]
    gone = 7 in values, len(values), sorted(values), sorted(table.keys())
    lists = list(items), list(values), tuple(keys), list(reversed(keys))
    return seen, asked, before, after, gone, lists, bool(values), f"{keys} {values}"


@program(({"a": 1, "b": 5},), ({},))
def functions_of_views(table: dict[str, int]):
    values = table.values()
    total = sum(values) + sum(values)
    if values:
        total += max(values) - min(table.values())
    if not table.keys():
        total -= 1
    pairs = list(zip(table, values)) + list(zip(table.keys(), values))
    numbered = [(i, k, v) for i, (k, v) in enumerate(table.items())]
    return total, pairs, numbered, any(values), all(v > 1 for v in values), dict(table.items())


def _count(view, wanted: int):
    found = 0
    for v in view:
        if v == wanted:
            found += 1
    return found + (wanted in view)


@program(({"a": 1, "b": 1}, True), ({"a": 2}, False))
def views_handed_on(table: dict[str, int], other: bool):
    """Through calls, branches and loops; each is an object of its own."""
    spare = {"z": 1}
    view = table.values() if other else spare.values()
    first = _count(view, 1)
    rounds = 0
    while 9 not in view and rounds < 5:
        spare[f"{rounds}"] = 8 + rounds
        rounds += 1
    kept = table.keys()
    return first, _count(view, 1), rounds, kept is table.keys(), kept is kept, len(view)


@program(({"a": 1, "b": 2},))
def grows_while_walked(table: dict[str, int]):
    for key in table.keys():
        table[key + "x"] = 1


@program(({"a": 1},))
def unpacked_views(table: dict[str, int]):
    (key,) = table.keys()
    ((k, v),) = table.items()
    first, *rest = table.values()
    return key, k, v, first, rest


@program(({"a": np.arange(3.0)},))
def views_of_arrays(table: dict[str, np.ndarray]):
    """What a view gives is the dict's own object."""
    values = table.values()
    total = np.zeros(3)
    for array in values:
        array += 1
        total += array
    for _, array in table.items():
        array *= 2
    for array in values:
        total += array
    return total, list(values)


@program(({"a": np.arange(3.0)},))
def search_in_a_view_of_arrays(table: dict[str, np.ndarray]):
    return np.zeros(3) in table.values()
