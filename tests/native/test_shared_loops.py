"""Generated loops in threads: the same bits for any number of them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import scriptc
from scriptc.runtime.native.compilers import NativeUnavailableError, NoCompiler, find_compiler

pytestmark = pytest.mark.kernels


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1.0 + np.tanh(0.7978846 * (x + 0.044715 * x * x * x)))


def _softmax(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    y = (x - x.mean(axis=-1, keepdims=True)) * weight
    exponentials = np.exp(y - y.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _wide(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return x * weight + 1.0


def _inputs() -> list:
    random = np.random.default_rng(0)
    x = random.standard_normal((3001, 257)).astype("float32")
    weight = random.standard_normal(257).astype("float32")
    return [
        (_gelu, (x.reshape(-1),)),
        (_gelu, (x,)),
        (_softmax, (x, weight)),
        (_softmax, (x[:2], weight)),
        (_wide, (x.astype("float64"), weight)),
        (_wide, (x[::2, ::-1], weight)),
        (_gelu, (x[:0],)),
    ]


@pytest.fixture(autouse=True)
def _needs_compiler() -> None:
    try:
        find_compiler()
    except (NativeUnavailableError, NoCompiler) as reason:
        pytest.skip(str(reason))


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    for function, inputs in _inputs():
        answers = []
        for threads in (1, 2, 4, 7):
            monkeypatch.setenv("SCRIPTC_THREADS", str(threads))
            compiled = scriptc.script(function, backend="native")
            answers.append(compiled(*inputs))
            assert "sc_parallel_for" in compiled.c_source
        for answer in answers:
            assert answer.tobytes() == answers[0].tobytes()
        np.testing.assert_allclose(answers[0], function(*inputs), rtol=1e-4, atol=1e-6)


def test_threads_of_python_may_share_loops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTC_THREADS", "3")
    for function, inputs in _inputs()[:3]:
        compiled = scriptc.script(function, backend="native")
        expected = compiled(*inputs).tobytes()
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(compiled, *inputs) for _ in range(24)]
            assert all(c.result().tobytes() == expected for c in calls)
