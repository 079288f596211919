"""Functions that native code refuses as a whole: their parts are native, and nothing else changes.

Each program is called with the regions and as plain Python: results, what was written into
arguments and objects, exceptions and the lines that they come from are the same.
"""

import copy
import re
import threading
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.ir.verifier import verify_program
from scriptc.runtime.native import toolchain
from scriptc.runtime.native.call import NativeError
from scriptc.runtime.native.compilers import NoCompiler
from scriptc.runtime.native.report import Answer


@pytest.fixture(autouse=True)
def needs_compiler() -> None:
    if isinstance(toolchain.find_compiler(), NoCompiler):
        pytest.skip("needs a C compiler")


def regions(compiled: Any) -> Any:
    return compiled._calls.regions


def native_parts(compiled: Any) -> list[str]:
    """Return the names of the parts that have native code for the last call."""
    parts = regions(compiled).hosted.parts
    return [name for name, part in parts.items() if part.last and part.last.source]


def outcome(function: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
    """Return what a call gives, or what and where it raises, and the arguments afterwards."""
    args = copy.deepcopy(args)
    try:
        return "gives", function(*args), args
    except Exception as error:  # noqa: BLE001 - compared
        last = traceback.extract_tb(error.__traceback__)[-1]
        return "raises", (type(error), str(error), last.name, last.lineno, last.line), args


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        narrow = a.dtype.kind in "fc" and a.real.itemsize < 8
        rtol = 16 * np.finfo(a.dtype).eps if narrow else 1e-12
        close = np.allclose(a, b, rtol=rtol, atol=1e-12, equal_nan=True)
        return a.dtype == b.dtype and a.shape == b.shape and close
    if isinstance(a, float | np.floating):
        return bool(np.isclose(a, b, rtol=1e-12, equal_nan=True))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return bool(a == b)


def check(function: Callable[..., Any], *calls: tuple[Any, ...], parts: int) -> Any:
    """Call a function both ways; so many of its parts must end up native."""
    compiled = scriptc.script(function, backend="auto")
    for _ in range(2):
        for args in calls:
            expected, given = outcome(function, *args), outcome(compiled, *args)
            assert same(given, expected), (args, given, expected)
    verify_program(regions(compiled).hosted.program)
    assert len(native_parts(compiled)) == parts, native_parts(compiled)
    return compiled


X = np.linspace(-1.0, 1.0, 12)


def by_name(x: np.ndarray, table: dict[int, float]):
    y = np.tanh(x) * 2.0
    z = np.exp(y) + y
    total = 0.0
    for i in range(len(z)):
        total += float(z[i]) * i
    k = table[0]
    w = z * k + total
    return {"w": w}


def test_a_dict_stays_with_the_interpreter_and_arithmetic_does_not() -> None:
    compiled = check(by_name, (X, {0: 2.0}), (X, {1: 1.0}), (X[:0], {0: 0.5}), parts=2)
    assert compiled.c_source.count("SC_API int32_t scriptc_entry(") == 2


def spectrum(x: np.ndarray):
    y = np.tanh(x) * 0.5 + 1.0
    f = np.fft.rfft(y)
    p = np.abs(f)
    q = np.sqrt(p) * np.exp(-p)
    return q / (1.0 + q)


def test_what_stands_around_an_operation_without_native_form() -> None:
    check(spectrum, (X,), (X[::2],), (X.astype(np.float32),), parts=2)


def test_the_native_backend_still_refuses() -> None:
    compiled = scriptc.script(spectrum, backend="native")
    with pytest.raises(NativeError, match="rfft"):
        compiled(X)


def named(x: np.ndarray, mode: str):
    y = np.exp(x) + x * 2.0
    if mode.startswith("sum"):
        return np.sqrt(y) * y + 1.0
    if mode == "loop":
        for i in range(len(y)):
            if y[i] > 1.5:
                return y * float(i) - 1.0
        return y
    total = y.sum() * 2.0
    if total > 1e9:
        raise ValueError(f"unknown mode {mode}")
    return y - total


def test_early_returns_in_branches_and_loops() -> None:
    calls = [(X, "sum"), (X, "loop"), (X - 9.0, "loop"), (X, "else"), (X + 99.0, "else")]
    check(named, *calls, parts=4)


def raising(x: np.ndarray, table: dict[int, int]):
    n = table[0]
    y = np.tanh(x) + x
    z = y[n] * 2.0 + np.sin(y)
    if z[0] > 0.0:
        raise ValueError("positive")
    return {"z": z}


def test_exceptions_come_from_their_lines() -> None:
    calls = [(X, {0: 0}), (X, {0: 40}), (X, {0: -1}), (X + 3.0, {0: 1}), (X, {})]
    compiled = check(raising, *calls, parts=1)
    with pytest.raises(IndexError) as caught:
        compiled(X, {0: 40})
    names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
    assert names.count("raising") <= 2  # the entry, and the line: the part itself does not show
    assert not any("part" in name for name in names)


def helper(y, k: int):
    z = y * 2.0 + 1.0
    return z[k] + np.sqrt(z * z)


def calling(x: np.ndarray, table: dict[int, int]):
    a = helper(np.exp(x), table[0])
    return {"a": a}


def test_exceptions_of_inlined_functions_show_both_frames() -> None:
    compiled = check(calling, (X, {0: 1}), (X, {0: 99}), parts=1)
    with pytest.raises(IndexError) as caught:
        compiled(X, {0: 99})
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [(f.name, f.line) for f in frames[-2:]] == [
        ("calling", "a = helper(np.exp(x), table[0])"),
        ("helper", "return z[k] + np.sqrt(z * z)"),
    ]


def writing(x: np.ndarray, counts: dict[int, int]):
    y = x * 2.0 + 1.0
    x[0] = y[1] + np.tanh(y[2])
    x[2:5] += y[2:5] * 3.0
    counts[0] = counts[0] + 1
    v = x[1:]
    v[0] = 7.0
    z = np.exp(x) * v.sum() + y
    return z, v, x


def test_writes_into_arguments_and_views_of_them() -> None:
    compiled = check(writing, (X, {0: 1}), (X, {}), parts=2)
    x = X.copy()
    _, v, same_x = compiled(x, {0: 1})
    assert same_x is x
    assert np.shares_memory(v, x)


def viewing(x: np.ndarray, key: str):
    y = np.tanh(x) * 2.0 + x
    row = y[2:6]
    turned = y[::-1]
    if key == "write":
        y[3] = 100.0
    return {key: y, "row": row, "turned": turned}


def test_views_that_leave_with_their_array_share_its_memory() -> None:
    compiled = check(viewing, (X, "write"), (X, "read"), parts=1)
    found = compiled(X, "read")
    assert np.shares_memory(found["read"], found["row"])
    assert np.shares_memory(found["read"], found["turned"])


def listing(x: np.ndarray, words: list[str], weights: list[float]):
    kept = []
    total = np.exp(x) * 2.0 - 1.0
    for i in range(3):
        kept.append(float(i) * weights[0])
        total = total + np.tanh(total) * kept[i]
    weights.append(kept[1])
    n = 0
    for word in words:
        n += len(word)
    return total * float(n), kept, weights


def test_lists_that_change_are_one_object() -> None:
    compiled = check(listing, (X, ["a", "bc"], [0.5, 1.0]), (X, [], []), parts=2)
    weights = [0.5]
    assert compiled(X, ["a"], weights)[2] is weights


def unbound(x: np.ndarray, words: list[str]):
    for word in words:
        y = np.exp(x) * 2.0 + float(len(word))
    for i in range(len(words)):
        z = np.tanh(x) * float(i) + 1.0
    key = "sum" + words[0]
    return {key: y + z}


def test_variables_that_are_not_assigned() -> None:
    check(unbound, (X, ["a", "bcd"]), (X, ["a"]), (X, []), parts=2)


def odd_arguments(x, scale: float):
    y = np.sqrt(np.abs(x)) * scale + 1.0
    s = f"{len(y)}"
    return y * y - 1.0, s


def test_kinds_that_have_no_native_form() -> None:
    kinds = [X.astype(t) for t in (np.float64, np.float16, np.complex64, np.int32, ">f8")]
    compiled = check(odd_arguments, *[(x, 2.0) for x in kinds], parts=2)
    with pytest.raises(scriptc.ArgumentError):
        compiled(object(), 1.0)


class Counter(nn.Module):
    """Has weights, a state that it assigns, and a dict of results."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.h = nn.Buffer(np.zeros(3, np.float32))
        self.calls = 0

    def forward(self, x, tag: str):
        y = self.linear(x)
        self.h = np.tanh(y + self.h) * np.float32(0.5)
        self.calls += 1
        z = np.exp(self.h) + y
        return {tag: z}


def test_a_module_with_state() -> None:
    nn.manual_seed(0)
    original = Counter()
    compiled = scriptc.script(copy.deepcopy(original), backend="auto")
    rng = np.random.default_rng(0)
    for _ in range(4):
        x = rng.normal(size=4).astype(np.float32)
        expected, given = original(x, "z"), compiled(x, "z")
        np.testing.assert_allclose(given["z"], expected["z"], rtol=1e-5)
        np.testing.assert_allclose(compiled.h, original.h, rtol=1e-5)
        assert compiled.calls == original.calls
    assert native_parts(compiled)
    session = compiled.session()
    session(x, "z")
    assert (session.calls, compiled.calls) == (5, 4)


def test_calls_of_a_module_with_state_take_turns() -> None:
    compiled = scriptc.script(Counter(), backend="auto")
    x = np.ones(4, np.float32)
    compiled(x, "z")

    def call() -> None:
        for _ in range(200):
            compiled(x, "z")

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compiled.calls == 801


def test_a_trace_sees_the_whole_and_not_the_parts() -> None:
    compiled = scriptc.script(spectrum, backend="auto")
    compiled(X)
    traced = scriptc.trace(lambda x: compiled(x) + 1.0, (X,))
    np.testing.assert_allclose(traced(X * 2.0), spectrum(X * 2.0) + 1.0)


def test_copies_and_archives_have_regions_of_their_own(tmp_path) -> None:
    compiled = scriptc.script(spectrum, backend="auto")
    compiled(X)
    compiled.save(tmp_path / "f.scriptc")
    loaded = scriptc.load(tmp_path / "f.scriptc", backend="auto")
    loaded(X)  # shows that the spectrum is complex
    np.testing.assert_allclose(loaded(X), spectrum(X))
    assert len(native_parts(loaded)) == 2


def small(x: np.ndarray, table: dict[int, float]):
    return x * table[0]


def test_what_is_not_worth_a_call_stays() -> None:
    compiled = check(small, (X, {0: 2.0}), parts=0)
    assert compiled.c_source == ""


def test_the_report_says_who_does_each_line_and_why() -> None:
    compiled = scriptc.script(by_name, backend="auto")
    assert compiled.native_report.summary == "2 parts for native code, none of them compiled by now"
    compiled(X, {0: 2.0})
    report = compiled.native_report
    assert report.function == "by_name"
    assert report.summary.startswith("2 native parts, the rest is interpreted")
    (section,) = report.sections
    assert section.path == __file__
    found = {line.text.strip(): (line.answer, line.reasons) for line in section.lines}
    assert found == {
        "y = np.tanh(x) * 2.0": (Answer.NATIVE, ()),
        "z = np.exp(y) + y": (Answer.NATIVE, ()),
        "total = 0.0": (Answer.NOTHING, ()),
        "for i in range(len(z)):": (Answer.NATIVE, ()),
        "total += float(z[i]) * i": (Answer.NATIVE, ()),
        "k = table[0]": (Answer.INTERPRETER, ("a dict[int, float]",)),
        "w = z * k + total": (Answer.NATIVE, ()),
        'return {"w": w}': (Answer.INTERPRETER, ("a dict[str, Tensor]",)),
    }
    assert re.search(r"k = table\[0\] +# a dict\[int, float\]", str(report))


def test_reports_of_what_needs_no_parts() -> None:
    compiled = scriptc.script(small, backend="interpreter")
    assert compiled.native_report.summary == "all interpreted: the backend is the interpreter"
    compiled = scriptc.script(small, backend="auto")
    compiled(X, {0: 2.0})
    assert compiled.native_report.summary.startswith("all interpreted; as a whole")
    compiled = scriptc.script(helper, backend="auto")
    compiled(X, 1)
    report = compiled.native_report
    assert report.summary == "all native"
    assert {line.answer for line in report.sections[0].lines} == {Answer.NATIVE}


def test_reasons_name_library_functions_after_the_users_own() -> None:
    compiled = scriptc.script(Counter(), backend="auto")
    compiled(np.ones(4, np.float32), "z")
    paths = [section.path for section in compiled.native_report.sections]
    assert paths[0] == __file__
    assert paths[1].endswith("dense.py")
