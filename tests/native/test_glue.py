"""The glue between Python and native code: what it takes, gives, passes on and raises.

The native functions are written by hand here. All is tested of generated extension modules and of
their replacement for Pythons without headers.
"""

import contextlib
import gc
import itertools
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scriptc.runtime.native import ctypes_glue
from scriptc.runtime.native.abi import (
    EntryPoint,
    ListSlot,
    NoneSlot,
    Parameter,
    ScalarSlot,
    Site,
    TensorSlot,
    TupleSlot,
)
from scriptc.runtime.native.call import load_module
from scriptc.runtime.native.compilers import NativeUnavailableError
from scriptc.runtime.native.glue import MODULE, emit_glue
from scriptc.runtime.native.toolchain import compile_shared

FLOAT = ScalarSlot("float64", python=True)
INT = ScalarSlot("int64", python=True)
BOOL = ScalarSlot("bool", python=True)
MATRIX = TensorSlot("float32", (None, None), contiguous=False)

# Adds one to each element, into an array with rows one after another.
INCREMENT = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, const sc_tensor *x, sc_tensor *y) {
    (void)ws;
    const int64_t n = x->shape[0], m = x->shape[1];
    float *out = (float *)sc_allocate(sc_bytes(x->shape, 2, 4));
    if (!out) return 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            out[i * m + j] = ((float *)x->data)[i * x->strides[0] + j * x->strides[1]] + 1;
    *y = (sc_tensor){out, {n, m}, {m, 1}, out, -1, 0};
    return 0;
}
"""
increment = EntryPoint("f", "f", (Parameter("x", MATRIX),), MATRIX, sites=(Site(restarts=True),))

Make = Callable[..., Any]


def missed(*args: Any, **kwargs: Any) -> Any:
    """Stand for what native code does not take."""
    return "missed", args, kwargs


def restarted(*args: Any, **kwargs: Any) -> Any:
    """Stand for the interpreter."""
    return "restarted", args, kwargs


def failed(site: int, message: str) -> None:
    """Stand for what raises the exception of a site."""
    raise KeyError(site, message)


def is_missed(answer: Any) -> bool:
    return isinstance(answer, tuple) and answer[:1] == ("missed",)


@pytest.fixture(scope="module", params=["extension", "ctypes"])
def make(request: pytest.FixtureRequest) -> Make:
    """`make(entry, source)` compiles; `.bind` has defaults for what a test does not need."""

    def make(entry: EntryPoint, source: str) -> Any:
        try:
            if request.param == "ctypes":
                text = ctypes_glue.emit_library(source)
                module: Any = ctypes_glue.load(entry, compile_shared(text, name="glue"))
            else:
                text = emit_glue(entry, source)
                extra = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
                path = compile_shared(text, name=MODULE, python=True, extra=extra)
                module = load_module(path)
        except NativeUnavailableError as error:
            pytest.skip(error.reason)
        count = sum(not p.path and not p.constant for p in entry.parameters)

        def bind(
            *,
            defaults: tuple[Any, ...] = (...,) * count,
            attributes: tuple[Any, ...] = (),
            lock: Any = None,
            tracing: int = 0,
        ) -> Any:
            return module.bind(missed, restarted, failed, defaults, attributes, lock, tracing, 1)

        return bind

    return make


def test_arrays_of_all_layouts(make: Make) -> None:
    f = make(increment, INCREMENT)()
    base = np.arange(120, dtype=np.float32).reshape(10, 12)
    readonly = base.copy()
    readonly.flags.writeable = False
    arrays = [
        base, base[::2, ::3], base[::-1, ::-1], base.T, base[:, 3:4][:, ::-1][:0], base[:0],
        np.asfortranarray(base), readonly, np.broadcast_to(np.float32(2), (3, 4)),
        np.broadcast_to(base[0], (5, 12)), np.zeros((0, 7), np.float32),
        np.lib.stride_tricks.sliding_window_view(base[0], 4),
    ]  # fmt: skip
    for array in arrays:
        if 1 in array.shape:
            continue
        y = f(array)
        assert type(y) is np.ndarray
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y, array + 1)
        assert y.flags.writeable
        assert y.flags.c_contiguous
        assert not np.shares_memory(y, array)


def test_arrays_that_are_not_taken(make: Make) -> None:
    f = make(increment, INCREMENT)()
    base = np.ones((4, 6), np.float32)

    class Sub(np.ndarray):
        pass

    unaligned = np.frombuffer(bytes(4 * 6 * 4 + 1), np.float32, 24, offset=1).reshape(4, 6)
    odd = np.zeros((4, 6), np.dtype({"names": ["x"], "formats": ["<f4"], "itemsize": 6}))["x"]
    assert not unaligned.flags.aligned
    values = [
        base.view(Sub), unaligned, odd, base.astype(">f4"), base.astype(np.float64), base[0],
        base[:1],
        base[:, :1], base[None], np.ma.masked_array(base), base.tolist(), None, 1.5, np.float32(1),
        base.astype(np.int32), np.ones((1,) * 12, np.float32),
    ]  # fmt: skip
    for value in values:
        kind, args, kwargs = f(value)
        assert kind == "missed"
        assert args == (value,) or args[0] is value
        assert kwargs == {}


def test_binding(make: Make) -> None:
    source = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, int64_t a, int64_t b, int64_t c, int64_t *y) {
    (void)ws;
    *y = 100 * a + 10 * b + c;
    return 0;
}
"""
    parameters = Parameter("a", INT), Parameter("b", INT), Parameter("c", INT, keyword_only=True)
    f = make(EntryPoint("f", "f", parameters, INT), source)(defaults=(..., 2, 3))
    assert f(1) == f(1, 2) == f(a=1) == f(b=2, a=1) == f(1, 2, c=3) == f(1, c=3, b=2) == 123
    assert f(1, **{str(b"c", "ascii"): 5}) == 125
    for args, kwargs in [
        ((), {}), ((1, 2, 3), {}), ((1, 2, 3, 4), {}), ((1,), {"a": 1}), ((1,), {"d": 1}),
        ((), {"b": 1}), ((2**63,), {}), ((-(2**63) - 1,), {}), ((True,), {}), ((1.0,), {}),
        ((np.int64(1),), {}), ((None,), {}),
    ]:  # fmt: skip
        assert f(*args, **kwargs) == ("missed", args, kwargs)
    assert f(-(2**55)) == -(2**55) * 100 + 23


def test_numbers_of_every_dtype(make: Make) -> None:
    dtypes = [
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float32", "float64",
    ]  # fmt: skip
    ctypes = {"bool": "bool", "float32": "float", "float64": "double"}
    names = [ctypes.get(dtype, f"{dtype}_t") for dtype in dtypes]
    taken = ", ".join(f"{c} a{i}" for i, c in enumerate(names))
    given = ", ".join(f"{c} *r{i}" for i, c in enumerate(names))
    body = " ".join(f"*r{i} = a{i};" for i in range(len(names)))
    source = f"""
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, {taken}, {given}) {{ (void)ws; {body} return 0; }}
"""
    slots = [ScalarSlot(dtype, python=False) for dtype in dtypes]
    parameters = tuple(Parameter(f"a{i}", slot) for i, slot in enumerate(slots))
    f = make(EntryPoint("f", "f", parameters, TupleSlot(tuple(slots))), source)()
    for extreme in ("min", "max"):
        values = []
        for dtype in map(np.dtype, dtypes):
            limits = np.finfo if dtype.kind == "f" else np.iinfo
            value = extreme == "max" if dtype.kind == "b" else getattr(limits(dtype), extreme)
            values.append(dtype.type(value))
        answer = f(*values)
        assert list(map(type, answer)) == list(map(type, values))
        assert list(answer) == values
    assert is_missed(f(*values[:-1], 1.0))
    assert is_missed(f(*values[:-1], np.float32(1)))
    assert is_missed(f(*values[:-1], np.array(1.0)))
    special = f(*values[:-2], np.float32("-0"), np.float64("nan"))
    assert np.signbit(special[-2])
    assert np.isnan(special[-1])


def test_containers(make: Make) -> None:
    source = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, int64_t a, const sc_list *l, double b, bool c,
                 const sc_list *e, sc_list *out, double *sum, bool *d) {
    (void)ws;
    *out = (sc_list){sc_allocate((size_t)l->length * 8), l->length, l->length};
    if (!out->data) return 1;
    for (int64_t i = 0; i < l->length; i++)
        ((int64_t *)out->data)[i] = ((int64_t *)l->data)[l->length - 1 - i] + a;
    *sum = b;
    for (int64_t i = 0; i < e->length; i++) *sum += ((double *)e->data)[i];
    *d = !c;
    return 0;
}
"""
    taken = TupleSlot((INT, NoneSlot(), TupleSlot((ListSlot(INT), FLOAT)), BOOL))
    given = TupleSlot((ListSlot(INT), TupleSlot((FLOAT, NoneSlot())), TupleSlot(()), BOOL))
    parameters = Parameter("t", taken), Parameter("e", ListSlot(FLOAT))
    f = make(EntryPoint("f", "f", parameters, given, sites=(Site(restarts=True),)), source)()
    assert f((1, None, ([1, 2, 3], 0.5), True), [0.25]) == ([4, 3, 2], (0.75, None), (), False)
    assert f((1, None, ([], 0.5), False), []) == ([], (0.5, None), (), True)
    good = (1, None, ([1], 0.5), True)
    for bad in [
        (1, None, ([1], 0.5)), (1, 2, ([1], 0.5), True), (1, None, ((1,), 0.5), True), list(good),
        (1, None, ([1, True], 0.5), True), (1, None, ([2**63], 0.5), True), (1, None, None, True),
        (1, None, ([1], 1), True), (1, None, ([1, None], 0.5), True),
    ]:  # fmt: skip
        assert f(bad, []) == ("missed", (bad, []), {})
    assert is_missed(f(good, [1]))
    assert is_missed(f(good, (1.0,)))


VIEWS = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, const sc_tensor *x, const sc_tensor *z, sc_tensor *same,
                 sc_tensor *row, sc_tensor *again, sc_tensor *inner) {
    (void)ws;
    *same = *x;
    same->allocation = NULL;
    same->source = 0;
    same->identity = 1;
    *row = (sc_tensor){(float *)x->data + x->strides[0] * (x->shape[0] - 1), {x->shape[1]},
                       {x->strides[1]}, NULL, 0, 0};
    *again = *row;
    again->source = -3;
    float *p = (float *)sc_allocate(64);
    if (!p) return 1;
    for (int i = 0; i < 16; i++) p[i] = (float)i + ((float *)z->data)[0];
    *inner = (sc_tensor){p + 1, {3, 5}, {5, 1}, p, -1, 0};
    return 0;
}
"""


def test_results_that_share_memory(make: Make) -> None:
    row = TensorSlot("float32", (None,), contiguous=False)
    results = TupleSlot((MATRIX, row, row, MATRIX))
    parameters = Parameter("x", MATRIX), Parameter("z", TensorSlot("float32", ()))
    f = make(EntryPoint("f", "f", parameters, results), VIEWS)()
    z = np.array(2, np.float32)
    fortran = np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4))
    for x in (np.arange(12, dtype=np.float32).reshape(3, 4), fortran, fortran[::-1, ::2]):
        same, row_, again, inner = f(x, z)
        assert same is x
        assert again is row_
        np.testing.assert_array_equal(row_, x[-1])
        assert np.shares_memory(row_, x)
        assert row_.base is not None
        row_[0] = 77
        assert x[-1, 0] == 77
        np.testing.assert_array_equal(inner, np.arange(1, 16).reshape(3, 5) + 2)
        inner[:] = 0
    del same, row_, again, inner
    gc.collect()
    before = sys.getrefcount(x)
    kept = [f(x, z) for _ in range(100)]
    assert sys.getrefcount(x) >= before + 100
    del kept
    gc.collect()
    assert sys.getrefcount(x) == before
    x.flags.writeable = False
    assert not f(x, z)[1].flags.writeable
    # A view keeps the memory alive.
    view = f(np.full((2, 3), 5, np.float32), z)[1]
    gc.collect()
    np.testing.assert_array_equal(view, [5, 5, 5])


WRITE = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, const sc_tensor *x, const sc_tensor *z) {
    (void)ws;
    const float *from = (const float *)z->data;
    for (int64_t i = 0; i < x->shape[0]; i++)
        for (int64_t j = 0; j < x->shape[1]; j++)
            ((float *)x->data)[i * x->strides[0] + j * x->strides[1]] += from[j * z->strides[0]];
    return 0;
}
"""


def test_arrays_that_are_written(make: Make) -> None:
    written = TensorSlot("float32", (None, None), contiguous=False, writable=True)
    parameters = (
        Parameter("x", written),
        Parameter("z", TensorSlot("float32", (None,), contiguous=False)),
    )
    f = make(EntryPoint("f", "f", parameters, NoneSlot()), WRITE)()
    x, z = np.zeros((3, 4), np.float32), np.arange(4, dtype=np.float32)
    assert f(x, z) is None
    np.testing.assert_array_equal(x, np.broadcast_to(z, (3, 4)))
    big = np.zeros((6, 8), np.float32)
    assert f(big[::2, ::-2], z) is None
    np.testing.assert_array_equal(big[4, ::-2], z)
    assert f(big.T[:4], np.ones(6, np.float32)) is None
    before = big.copy()
    assert is_missed(f(big[:, :4], big[1, 2:6]))
    assert is_missed(f(big[:, :4], big[:4, 1]))
    assert is_missed(f(np.broadcast_to(z, (3, 4)), z))
    repeated = np.lib.stride_tricks.as_strided(big, (3, 4), (0, 4), writeable=True)
    assert is_missed(f(repeated, z))
    windows = np.lib.stride_tricks.sliding_window_view(big.ravel(), 4, writeable=True)
    assert is_missed(f(windows, z))
    readonly = big.copy()
    readonly.flags.writeable = False
    assert is_missed(f(readonly[:, :4], z))
    np.testing.assert_array_equal(big, before)
    assert f(np.zeros((0, 4), np.float32), z) is None
    # Beside each other is not over each other.
    assert f(big[:3, :4], big[3, :4]) is None


STATE = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, const sc_tensor *h, int64_t n, const sc_tensor *k,
                 sc_tensor *out, sc_tensor *state, int64_t *count) {
    (void)ws;
    double *p = (double *)sc_allocate((size_t)h->shape[0] * 8);
    if (!p) return 1;
    for (int64_t i = 0; i < h->shape[0]; i++)
        p[i] = ((double *)h->data)[i * h->strides[0]] + ((double *)k->data)[0];
    *state = (sc_tensor){p, {h->shape[0]}, {1}, p, -1, 0};
    *out = *h;
    out->allocation = NULL;
    out->source = 0;
    out->identity = 1;
    *count = n + 1;
    return 0;
}
"""


def make_state(make: Make) -> Any:
    vector = TensorSlot("float64", (None,), contiguous=False)
    entry = EntryPoint(
        "f",
        "f",
        (
            Parameter("h", vector, ("h",)),
            Parameter("n", INT, ("sub", "n")),
            Parameter("k", TensorSlot("float64", (1,)), constant=True),
        ),
        vector,
        assigned=((("h",), vector), (("sub", "n"), INT)),
        watched=((("flag",), None), (("w",), TensorSlot("float32", (2,), contiguous=False))),
    )
    return make(entry, STATE)


def state_of(root: dict[str, Any], sub: dict[str, Any]) -> tuple[Any, ...]:
    """The attributes of the entry point of `make_state`, in two dicts."""
    return (
        (root, "h", None),
        (sub, "n", None),
        (None, "", np.ones(1)),
        (root, "h", None),
        (sub, "n", None),
        (root, "flag", True),
        (root, "w", None),
    )


def test_attributes(make: Make) -> None:
    bind = make_state(make)
    first: tuple[dict[str, Any], dict[str, Any]]
    first = {"h": np.zeros(3), "flag": True, "w": np.ones(2, np.float32)}, {"n": 0}
    second: tuple[dict[str, Any], dict[str, Any]]
    second = {"h": np.ones(4), "flag": True, "w": np.ones(2, np.float32)}, {"n": 7}
    f, g = bind(attributes=state_of(*first)), bind(attributes=state_of(*second))
    for step in range(5):
        before = first[0]["h"]
        assert f() is before
        np.testing.assert_array_equal(first[0]["h"], np.full(3, step + 1.0))
        assert first[1]["n"] == step + 1
    g()
    np.testing.assert_array_equal(second[0]["h"], np.full(4, 2.0))
    np.testing.assert_array_equal(first[0]["h"], np.full(3, 5.0))
    first[0]["h"] = np.arange(6.0)[::2]  # of another size, and with gaps
    f()
    np.testing.assert_array_equal(first[0]["h"], [1, 3, 5])
    for key, bad in [
        ("h", np.zeros(3, np.float32)), ("h", np.zeros((3, 3))), ("h", None), ("flag", 1),
        ("flag", False), ("w", np.ones(3, np.float32)), ("w", np.ones(2)), ("w", 1.5),
    ]:  # fmt: skip
        kept = first[0][key]
        first[0][key] = bad
        assert is_missed(f())
        del first[0][key]
        assert is_missed(f())
        first[0][key] = kept
    assert not is_missed(f())


def test_calls_in_turn(make: Make) -> None:
    root: dict[str, Any] = {"h": np.zeros(3), "flag": True, "w": np.ones(2, np.float32)}
    sub = {"n": 0}
    lock = threading.RLock()
    f = make_state(make)(attributes=state_of(root, sub), lock=lock)
    count = 2000

    def work() -> None:
        for _ in range(count):
            f()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sub["n"] == 8 * count
    np.testing.assert_array_equal(root["h"], np.full(3, 8.0 * count))
    root["flag"] = False
    assert is_missed(f())
    # What has been missed holds nothing.
    held = []
    thread = threading.Thread(target=lambda: held.append(lock.acquire(timeout=5)))
    thread.start()
    thread.join()
    assert held == [True]


STOP = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, int64_t site, const sc_list *l, sc_tensor *y) {
    (void)l;
    y->allocation = sc_allocate(1 << 20);
    if (!y->allocation) return 1;
    y->data = y->allocation;
    if (site == 2) snprintf(ws->message, sizeof ws->message, "it says \\xc3\\xa9");
    if (site == 3) memset(ws->message, 0xff, 3), ws->message[3] = 0;
    y->shape[0] = 1 << 18;
    y->strides[0] = 1;
    return (int32_t)site;
}
"""


def test_sites(make: Make) -> None:
    slot = TensorSlot("float32", (None,))
    sites = Site(restarts=True), Site("ValueError", "x"), Site("KeyError", "y")
    parameters = Parameter("site", INT), Parameter("l", ListSlot(INT))
    f = make(EntryPoint("f", "f", parameters, slot, sites=sites), STOP)()
    assert f(0, [1]).shape == (1 << 18,)
    assert f(1, l=[1]) == ("restarted", (1,), {"l": [1]})
    with pytest.raises(KeyError) as caught:
        f(2, [])
    assert caught.value.args == (1, "it says é")
    with pytest.raises(KeyError) as caught:
        f(3, [])
    assert caught.value.args == (2, "���")
    # The message of one call does not reach the next.
    assert f(1, []) == ("restarted", (1, []), {})
    before = memory_in_use()
    for site in itertools.islice(itertools.cycle((0, 1, 2)), 600):
        with contextlib.suppress(KeyError):
            f(site, [1])
    assert memory_in_use() < before + (50 << 20)


def memory_in_use() -> int:
    """Return how many bytes of memory this process has."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - of the system
            return int(file.read().split()[1]) * 4096
    except OSError:
        pytest.skip("needs /proc")


def test_nothing_is_left_behind(make: Make) -> None:
    f = make(increment, INCREMENT)()
    x = np.ones((50, 60), np.float32)
    wrong = x.astype(np.float64)
    for _ in range(1000):
        f(x)
        f(wrong)
    gc.collect()
    references = sys.getrefcount(x), sys.getrefcount(wrong), sys.getrefcount(np.dtype(np.float32))
    before = memory_in_use()
    for _ in range(20_000):
        f(x)
        f(x=x)
        f(wrong)
    gc.collect()
    assert memory_in_use() < before + (8 << 20)
    after = sys.getrefcount(x), sys.getrefcount(wrong), sys.getrefcount(np.dtype(np.float32))
    assert after == references


def test_bound_code_is_collected(make: Make) -> None:
    bind = make(increment, INCREMENT)

    class Cell:
        f: Any

    alive = []
    for _ in range(3):
        cell = Cell()
        f = bind()
        cell.f = f
        f.miss = lambda *args, cell=cell: cell
        alive.append(weakref.ref(cell))
        del cell, f
    gc.collect()
    assert [reference() for reference in alive] == [None] * 3


def test_results_can_be_changed_as_others(make: Make) -> None:
    f = make(increment, INCREMENT)()
    y = f(np.zeros((2, 3), np.float32))
    y += 1
    y = y.reshape(6)
    np.testing.assert_array_equal(np.concatenate([y, y]), np.full(12, 2.0))
    for shape in ((0, 300), (300, 0), (0, 0)):
        for _ in range(50):
            assert f(np.zeros(shape, np.float32)).shape == shape


def test_traces_pass_by(make: Make) -> None:
    traces = np.zeros(1, np.int32)
    f = make(increment, INCREMENT)(tracing=traces.ctypes.data)
    x = np.zeros((2, 3), np.float32)
    assert not is_missed(f(x))
    traces[0] = 1
    assert is_missed(f(x))
    traces[0] = 0
    assert not is_missed(f(x))


def test_threads_get_the_same(make: Make) -> None:
    f = make(increment, INCREMENT)()
    random = np.random.default_rng(1)
    inputs = [random.random((n, m), np.float32) for n, m in ((2, 3), (40, 50), (0, 4), (200, 300))]
    expected = [x + 1 for x in inputs]
    wrong: list[int] = []

    def work(seed: int) -> None:
        order = np.random.default_rng(seed).integers(0, len(inputs), 150)
        wrong.extend(i for i in order if not np.array_equal(f(inputs[i]), expected[i]))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


WAIT = """
#include "scriptc.h"
SC_API int32_t f(sc_workspace *ws, const sc_tensor *x, int64_t turns, int64_t *y) {
    (void)ws;
    volatile int32_t *at = (volatile int32_t *)x->data;
    int64_t i = 0;
    *at = 1; /* here we are */
    while (i < turns && !at[1]) i++;
    *y = i < turns;
    return 0;
}
"""


def test_others_run_meanwhile(make: Make) -> None:
    slot = TensorSlot("int32", (2,), writable=True)
    parameters = Parameter("x", slot), Parameter("turns", INT)
    entry = EntryPoint("f", "f", parameters, INT)
    f = make(entry, WAIT)()
    x = np.zeros(2, np.int32)
    seen: list[int] = []
    # This only ends early if the thread that waits and the one that tells run at the same time.
    thread = threading.Thread(target=lambda: seen.append(f(x, 20_000_000_000)))
    thread.start()
    while not x[0]:
        time.sleep(0.001)
    x[1] = 1
    thread.join(60)
    assert seen == [1]


def test_bind_checks_what_it_is_given(make: Make) -> None:
    bind = make_state(make)
    with pytest.raises(ValueError, match="another number of attributes"):
        bind(attributes=())
