"""Calls of compiled objects with native code: who answers, when code is made, and what it sees."""

import copy
import functools
import inspect
import itertools
import logging
import pickle
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.ir.diagnostic import ArgumentError
from scriptc.runtime.native import call, toolchain
from scriptc.runtime.native.call import NativeError
from scriptc.runtime.native.compilers import NoCompiler
from scriptc.runtime.native.toolchain import MissingHeaders

Tensor = np.ndarray


@pytest.fixture(autouse=True)
def needs_compiler() -> None:
    if isinstance(toolchain.find_compiler(), NoCompiler):
        pytest.skip("needs a C compiler")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that code has been made for, in order."""
    names: list[str] = []
    compile_call = call.compile_call

    def counted(program: Any, entry: str, *rest: Any) -> Any:
        names.append(entry)
        return compile_call(program, entry, *rest)

    monkeypatch.setattr(call, "compile_call", counted)
    return names


def native(obj: Any) -> Any:
    """Compile for native code, or an error where there is none."""
    return scriptc.script(obj, backend="native")


def is_direct(obj: Any) -> bool:
    """Tell whether a call goes to native code without any Python on its way."""
    return type(obj.__call__).__name__ == "Native"


def scaled(x, s: float = 2.0):
    return x * s + 1.0


def keyword(x, *, s: float):
    return x * s


X = np.arange(12, dtype=np.float32).reshape(3, 4)


# --- code for what comes ------------------------------------------------------------------------


def test_the_second_call_goes_straight_to_native_code(made: list[str]) -> None:
    f = native(scaled)
    assert f.c_source == ""
    np.testing.assert_array_equal(f(X), X * 2 + 1)
    assert is_direct(f)
    np.testing.assert_array_equal(f(X + 1), (X + 1) * 2 + 1)
    np.testing.assert_array_equal(f(X[:2, :2], 3.0), X[:2, :2] * 3 + 1)
    np.testing.assert_array_equal(f(s=3.0, x=X), X * 3 + 1)
    assert len(made) == 2  # rows without gaps, and with gaps
    assert "sc_tensor" in f.c_source


def test_kinds_of_arguments(made: list[str]) -> None:
    f = native(scaled)
    values = [
        X, X.astype(np.float64), X[0], X[:, :1], X[:1], X[:1, :1], np.float32(3), np.float64(3),
        np.array(3.0), X.astype(np.int32), X[None], X[:, None], X > 3, X.astype(np.int8), X.T,
    ]  # fmt: skip
    for _ in range(3):
        for value in values:
            answer, expected = f(value), scaled(value)
            assert type(answer) is type(expected)
            assert answer.dtype == expected.dtype
            np.testing.assert_array_equal(answer, expected)
    assert len(made) == len(values)


def test_what_the_interpreter_takes_over(made: list[str]) -> None:
    f = native(scaled)
    f(X)
    memmap = np.memmap(Path(__file__), np.uint8, "r")[:8]
    unaligned = np.frombuffer(bytes(17), np.float32, 4, offset=1)
    np.testing.assert_array_equal(f(unaligned), scaled(unaligned))
    np.testing.assert_array_equal(f(memmap), scaled(np.asarray(memmap)))
    swapped = X.astype(">f4")
    np.testing.assert_array_equal(f(swapped), scaled(X))
    for bad in (np.ma.masked_array(X), X.tolist(), None, "x"):
        with pytest.raises(ArgumentError, match=r"scaled\(\) expects"):
            f(bad)
    with pytest.raises(NativeError, match="the argument `x` is an array of object"):
        f(X.astype("O"))
    for args, kwargs in [
        ((X, 1), {}), ((X, True), {}), ((X, np.float64(1)), {}), ((), {}), ((X, 1.0, 1.0), {}),
        ((X,), {"t": 1.0}),
    ]:  # fmt: skip
        with pytest.raises(ArgumentError):
            f(*args, **kwargs)
    with pytest.raises(TypeError):
        f(X, x=X)


def test_keyword_only_parameters() -> None:
    f = native(keyword)
    np.testing.assert_array_equal(f(X, s=2.0), X * 2)
    assert is_direct(f)
    np.testing.assert_array_equal(f(s=3.0, x=X), X * 3)
    with pytest.raises(ArgumentError, match="takes 1 positional argument"):
        f(X, 2.0)


def test_there_is_an_end_to_kinds(
    made: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(call, "_MAX_CODES", 3)
    f = scriptc.script(scaled, backend="auto")
    values = [np.full((2,) * rank, 3.0) for rank in range(1, 6)]
    with caplog.at_level(logging.WARNING, "scriptc.native"):
        for _ in range(2):
            for value in values:
                np.testing.assert_array_equal(f(value), scaled(value))
    assert len(made) == 3
    assert sum("the interpreter takes all others" in text for text in caplog.messages) == 1


def test_many_kinds_are_found_in_the_table(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "_MAX_CHAIN", 2)
    f = native(scaled)
    values = [np.full((2,) * rank, 3.0) for rank in range(1, 5)]
    for _ in range(3):
        for value in values:
            np.testing.assert_array_equal(f(value), scaled(value))
    assert len(made) == 4


# --- who answers --------------------------------------------------------------------------------


def unsupported(x):
    y = x + 1.0
    print(y.shape)
    return y


def test_no_native_form(capsys: pytest.CaptureFixture[str], made: list[str]) -> None:
    f = native(unsupported)
    with pytest.raises(NativeError, match=r"`unsupported` has no native form: .*test_call.py"):
        f(X)
    # What the interpreter would not take either is its to refuse.
    with pytest.raises(ArgumentError):
        f([1.0])
    g = scriptc.script(unsupported, backend="auto")
    for _ in range(3):
        np.testing.assert_array_equal(g(X), X + 1)
    assert capsys.readouterr().out == "(3, 4)\n" * 3
    assert len(made) == 2  # one for each
    assert g.c_source == ""


def test_without_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "find_compiler", NoCompiler)
    toolchain._warn.cache_clear()
    f, g = scriptc.script(scaled, backend="auto"), scriptc.script(keyword, backend="auto")
    with pytest.warns(UserWarning, match="the interpreter answers, which is slower"):
        np.testing.assert_array_equal(f(X), scaled(X))
    for _ in range(3):  # and no warning any more, which would be an error
        np.testing.assert_array_equal(f(X), scaled(X))
        np.testing.assert_array_equal(g(X, s=2.0), X * 2)
    toolchain._warn.cache_clear()
    with pytest.raises(NativeError, match="no C compiler"):
        native(scaled)(X)


def test_without_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = MissingHeaders(Path("Python.h"), "install it")
    monkeypatch.setattr(call, "find_headers", lambda: missing)
    f = native(scaled)
    for value in (X, X[:, 1:], np.float32(2), np.array(2.0)):
        answer, expected = f(value), scaled(value)
        assert type(answer) is type(expected)
        np.testing.assert_array_equal(answer, expected)
    assert is_direct(f)
    m = native(Counting())
    for step in range(1, 5):
        np.testing.assert_array_equal(m(X), X + step)


@pytest.mark.parametrize("backend", ["auto", "native", "interpreter"])
def test_backends_agree(backend: str) -> None:
    f = scriptc.script(scaled, backend=backend)
    np.testing.assert_array_equal(f(X), scaled(X))
    assert bool(f.c_source) == (backend != "interpreter")


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTC_BACKEND", "native")
    f = scriptc.script(scaled)
    f(X)
    assert f.c_source
    with pytest.raises(ArgumentError, match="the backend is one of"):
        scriptc.script(scaled, backend="fast")


# --- objects ------------------------------------------------------------------------------------


def test_functions_stay_functions() -> None:
    f = native(scaled)
    for _ in range(2):
        assert callable(f)
        assert str(inspect.signature(f)) == "(x, s: float = 2.0)"
        assert copy.copy(f) is f
        assert copy.deepcopy(f) is f
        again = pickle.loads(pickle.dumps(f))
        np.testing.assert_array_equal(again(X), scaled(X))
        assert str(inspect.signature(again)) == "(x, s=2.0)"
        np.testing.assert_array_equal(functools.partial(f, X)(3.0), scaled(X, 3.0))
        np.testing.assert_array_equal(list(map(f, [X, X]))[1], scaled(X))
    assert isinstance(inspect.signature(type(f)), inspect.Signature)


def caller(x):
    return native_scaled(x) * 2.0


native_scaled = scriptc.script(scaled, backend="native")


def test_calls_in_traces_and_programs() -> None:
    native_scaled(X)
    assert is_direct(native_scaled)
    traced = scriptc.trace(caller, (X,))
    text = str(traced.graph)
    assert "call" in text
    np.testing.assert_array_equal(traced(X + 1), scaled(X + 1) * 2)
    f = native(caller)
    np.testing.assert_array_equal(f(X), scaled(X) * 2)
    assert is_direct(native_scaled)
    np.testing.assert_array_equal(native_scaled(X), scaled(X))


def traced_constant(x):
    # This call has no argument of the trace.
    return x + native_scaled(X)[0, 0]


def test_calls_with_plain_arrays_are_recorded() -> None:
    native_scaled(X)
    traced = scriptc.trace(traced_constant, (X,))
    assert str(traced.graph).count("call @scaled") == 1
    np.testing.assert_array_equal(traced(X), X + scaled(X)[0, 0])


# --- modules ------------------------------------------------------------------------------------


class Flagged(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flag = True
        self.scale = 2.0
        self.weight = nn.Parameter(np.ones(4, np.float32))

    def forward(self, x):
        if self.flag:
            return x * self.weight
        return x * self.scale


class Around(nn.Module):
    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) + 0.0


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0.0

    def forward(self, x):
        self.count = self.count + 1.0
        return x + self.count


class Remembering(nn.Module):
    h: np.ndarray | None

    def __init__(self) -> None:
        super().__init__()
        self.h = None

    def forward(self, x):
        h = self.h
        h = np.zeros_like(x) if h is None else h
        h = h + x
        self.h = h
        return h


def test_attributes_that_code_takes_for_granted(made: list[str]) -> None:
    m = native(Flagged())
    other = copy.copy(m)  # the same attributes
    outer = native(Around(m))
    for _ in range(2):
        for obj in (m, other, outer):
            np.testing.assert_array_equal(obj(X), X)
        other.flag = False
        for obj in (m, other, outer):
            np.testing.assert_array_equal(obj(X), X * 2)
        outer.inner.flag = True
    assert len(made) == 6  # a pair for each object
    m.flag = False
    for scale in (3.0, float("3.0"), 4.0):
        m.scale = scale
        for obj in (m, other, outer):
            np.testing.assert_array_equal(obj(X), X * np.float32(scale))
    assert len(made) == 12  # equal is equal, if another object
    m.scale = float("4.0")
    m(X)
    assert is_direct(m)
    before = len(made)
    m(X)
    assert len(made) == before


def test_zeros_of_both_signs_are_two(made: list[str]) -> None:
    m = native(Flagged())
    m.flag = False
    for scale in (0.0, -0.0, 0.0):
        m.scale = scale
        np.testing.assert_array_equal(np.signbit(m(X)), np.signbit(X * np.float32(scale)))


def test_weights_are_live(made: list[str]) -> None:
    m = native(Flagged())
    m(X)
    m.weight[:] = 3
    np.testing.assert_array_equal(m(X), X * 3)
    m.weight = np.full(4, 5, np.float32)
    np.testing.assert_array_equal(m(X), X * 5)
    assert len(made) == 1
    assert is_direct(m)
    m.weight = np.full(1, 2, np.float32)
    np.testing.assert_array_equal(m(X), X * 2)
    assert len(made) == 2
    m.weight = np.full(4, 3, np.float32)
    np.testing.assert_array_equal(m(X), X * 3)
    assert len(made) == 2


def test_state(made: list[str]) -> None:
    m = native(Remembering())
    for round_ in range(3):
        for step in range(1, 4):
            np.testing.assert_array_equal(m(X), X * step)
        np.testing.assert_array_equal(m.h, X * 3)
        session = m.session()
        np.testing.assert_array_equal(session(X), X * 4)
        np.testing.assert_array_equal(m.h, X * 3)
        restored = pickle.loads(pickle.dumps(m))
        np.testing.assert_array_equal(restored(X), X * 4)
        np.testing.assert_array_equal(copy.deepcopy(m)(X), X * 4)
        m.h = None
        if round_ == 0:
            count = len(made)
    m(X)
    assert is_direct(m)
    assert count == 4  # without and with `h`; one for the session; one for the copy


def test_a_module_in_many_threads() -> None:
    m = native(Counting())
    seen: list[float] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        seen.extend(float(m(np.zeros(3))[0]) for _ in range(500))

    run_threads(work, 8)
    assert sorted(seen) == list(range(1, 4001))
    assert m.count == 4000


def run_threads(work: Callable[[], object], count: int) -> None:
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_code_is_made_once_for_many_threads(made: list[str]) -> None:
    f = native(scaled)
    start = threading.Barrier(16)
    inputs = [X, X[0], X.astype(np.float64)]

    def work() -> None:
        start.wait()
        for value in inputs:
            np.testing.assert_array_equal(f(value), scaled(value))

    run_threads(work, 16)
    assert len(made) == len(inputs)


def mixed(x):
    return np.tanh(x) * 2.0 - np.sum(x, axis=-1, keepdims=True)


def test_threads_get_what_one_gets() -> None:
    f = native(mixed)
    random = np.random.default_rng(3)
    shapes = [(3, 4), (1, 4), (40, 17), (0, 3), (7,), (2, 3, 4), (300, 200)]
    inputs = [random.standard_normal(s).astype(d) for s in shapes for d in (np.float32, np.float64)]
    expected = [f(x).tobytes() for x in inputs]
    seeds: Iterator[int] = itertools.count()

    def work() -> None:
        for i in np.random.default_rng(next(seeds)).integers(0, len(inputs), 400):
            assert f(inputs[i]).tobytes() == expected[i]

    run_threads(work, 16)


# --- exceptions ---------------------------------------------------------------------------------


def pick(x, i: int):
    if i > 90:
        raise ValueError("too far")
    return x[i]


def write_then_pick(x, i: int):
    x[0] = 7.0
    return x[i]


def test_exceptions_name_their_line() -> None:
    f = native(pick)
    vector = np.arange(5.0)
    assert f(vector, 2) == 2.0
    for i, kind in ((91, ValueError), (5, IndexError)):
        with pytest.raises(kind) as ours:
            f(vector, i)
        with pytest.raises(kind) as theirs:
            pick(vector, i)
        assert str(ours.value) == str(theirs.value)
        last = traceback.extract_tb(ours.value.__traceback__)[-1]
        expected = traceback.extract_tb(theirs.value.__traceback__)[-1]
        assert (last.filename, last.lineno, last.name) == (
            expected.filename,
            expected.lineno,
            expected.name,
        )
    assert f(vector, 4) == 4.0
    assert is_direct(f)


def test_exceptions_after_a_change_name_their_line() -> None:
    f = native(write_then_pick)
    vector = np.arange(5.0)
    assert f(vector, 0) == 7.0
    vector = np.arange(5.0)
    with pytest.raises(IndexError) as ours:
        f(vector, 5)
    assert vector[0] == 7.0
    last = traceback.extract_tb(ours.value.__traceback__)[-1]
    assert last.lineno == inspect.getsourcelines(write_then_pick)[1] + 2
    assert last.name == "write_then_pick"
    # One that cannot be written raises what NumPy raises, and changes nothing.
    vector.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        f(vector, 0)


def in_place(x, y):
    x[:] = x + y
    return x


def test_arrays_over_each_other() -> None:
    f = native(in_place)
    for a, b in (
        (slice(0, 4), slice(1, 5)), (slice(1, 5), slice(0, 4)), (slice(0, 4), slice(0, 4)),
        (slice(0, 4), slice(5, 9)), (slice(3, None, -1), slice(0, 4)),
    ):  # fmt: skip
        ours, theirs = np.arange(10.0), np.arange(10.0)
        given = ours[a]
        assert f(given, ours[b]) is given
        in_place(theirs[a], theirs[b])
        np.testing.assert_array_equal(ours, theirs)


def test_no_warnings_of_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = native(scaled)
        f(X)
        f(np.array([np.inf, np.nan]))


def test_the_interpreter_answers_while_another_thread_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_module, begun, go_on = call.make_module, threading.Event(), threading.Event()

    def slow(source: Any) -> Any:
        begun.set()
        assert go_on.wait(30)
        return make_module(source)

    monkeypatch.setattr(call, "make_module", slow)
    f = scriptc.script(scaled, backend="auto")
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(f(X)))
    first.start()
    assert begun.wait(30)
    np.testing.assert_array_equal(f(X, 3.0), scaled(X, 3.0))  # does not wait
    assert not is_direct(f)
    go_on.set()
    first.join()
    np.testing.assert_array_equal(answers[0], scaled(X))
    assert is_direct(f)


def test_compiling_in_the_background(monkeypatch: pytest.MonkeyPatch, made: list[str]) -> None:
    monkeypatch.setenv("SCRIPTC_COMPILE", "background")
    f = scriptc.script(scaled, backend="auto")
    dispatcher = None
    for _ in range(3):  # which do not wait, and ask for one compilation
        np.testing.assert_array_equal(f(X), scaled(X))
        dispatcher = dispatcher or f._calls.dispatcher
    (job,) = dispatcher._jobs.values()
    assert job.wait(60)
    np.testing.assert_array_equal(f(X), scaled(X))
    assert is_direct(f)
    assert len(made) == 1
    must = native(scaled)  # is never answered by the interpreter
    must(X)
    assert is_direct(must)


def test_what_fails_in_the_background_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SCRIPTC_COMPILE", "background")
    tried: list[object] = []

    def broken(source: object) -> None:
        tried.append(source)
        raise OSError("no space")

    monkeypatch.setattr(call, "make_module", broken)
    f = scriptc.script(scaled, backend="auto")
    with caplog.at_level(logging.ERROR, "scriptc.native"):
        for _ in range(3):
            np.testing.assert_array_equal(f(X), scaled(X))
            for job in f._calls.dispatcher._jobs.values():
                assert job.wait(60)
    assert len(tried) == 1
    assert "stays in the interpreter: no space" in caplog.text


class Scaled(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x):
        return x @ self.weight


def test_constants_in_another_byte_order():
    """They are the interpreter's, in frozen modules too."""
    weight = np.arange(900.0).reshape(30, 30).astype(">f8")
    x = np.arange(30.0)
    compiled = scriptc.freeze(scriptc.script(Scaled(weight)))
    np.testing.assert_array_equal(compiled(x), x @ weight)
