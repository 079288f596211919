"""Dicts whose keys are known: what they hold are values of a function, like any other."""

import threading

import numpy as np
import pytest

import scriptc
from scriptc import nn
from scriptc.runtime.native.call import NativeError
from support.road import outcome

pytestmark = pytest.mark.kernels


def outputs(x: np.ndarray):
    y = np.abs(x)
    kept = {"y": y}
    kept["z"] = kept["y"] * 2
    kept["z2"] = kept["z"] + 1
    return {"z2": kept["z2"], "y": y, "rows": kept["z"].sum(axis=0)}


def changes(x: np.ndarray, n: int):
    """Values change in branches and rounds, and two names are one dict."""
    counts = {"up": 0, "down": 0, "both": n}
    same = counts
    best = {"x": x + 1}
    for i in range(n):
        if x[i] > 0:
            same["up"] += 1
            best["x"] = best["x"] * 2
        else:
            counts["down"] = counts["down"] + 1
        if counts["up"] > 2:
            break
    if "up" in same and "left" not in same:
        counts["both"] = counts["up"] + counts["down"] + len(same) + counts.get("right", 7)
    return counts, best["x"], (best, n)


def early(x: np.ndarray, sign: bool):
    if sign:
        return {"a": x, "b": x + 1}
    return {"a": -x, "b": x[:1] * 2}


def batch(data: dict[str, np.ndarray], scale: float = 2.0):
    y = data["x"] @ data["w"]
    if "b" in data:
        y = y + data["b"]
    return {"y": y * scale, "n": y * 0 + len(data)}


def numbers(table: dict[str, int], key: bool) -> int:
    return table["a"] + 1 if key else table["b"]


def written(data: dict[str, np.ndarray]):
    data["x"] += 1
    return data["x"]


def given_back(data: dict[str, np.ndarray]):
    return data


def by_word(table: dict[str, int], word: str) -> int:
    return table[word]


def counted(words: list[int]) -> int:
    seen: dict[int, int] = {}
    for word in words:
        seen[word] = seen.get(word, 0) + 1
    return len(seen)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(np.arange(6.0, dtype=np.float32).reshape(3, 2))
        self.steps = 0

    def forward(self, data: dict[str, np.ndarray]):
        self.steps += 1
        hidden = data["x"] @ self.weight
        return {"hidden": hidden, "shifted": hidden + self.steps}


X = np.array([0.5, -1.0, 2.0, 3.0, -2.0])
M = np.arange(6.0).reshape(2, 3)
CALLS = {
    outputs: [(M,), (M[:, ::2],), (np.zeros((0, 2)),)],
    changes: [(X, 5), (X, 2), (X, 0), (-X, 5), (X, 9)],
    early: [(X, True), (X, False)],
    batch: [({"x": M, "w": M.T},), ({"w": M.T, "x": M, "b": M[:, :2]}, 0.5), ({"x": M},)],
    numbers: [({"a": 3, "b": 4}, True), ({"b": 5, "a": 9}, True), ({"a": 1}, False)],
}


@pytest.mark.parametrize("headers", [True, False], ids=["extension", "ctypes"])
@pytest.mark.parametrize("program", CALLS, ids=lambda f: f.__name__)
def test_answers_and_exceptions(program, headers, monkeypatch):
    if not headers:
        from scriptc.runtime.native import call
        from scriptc.runtime.native.toolchain import MissingHeaders

        monkeypatch.setattr(call, "find_headers", lambda: MissingHeaders("none", "none"))
    compiled = scriptc.script(program, backend="auto", example_inputs=CALLS[program][0])
    compiled(*CALLS[program][0])
    assert "scriptc_entry" in compiled.c_source
    for arguments in CALLS[program]:
        for _ in range(2):
            assert outcome(compiled, arguments) == outcome(program, arguments)


def test_what_stays_with_the_interpreter():
    for program, arguments in (
        (written, ({"x": X.copy()},)),
        (given_back, ({"x": X},)),
        (by_word, ({"a": 1, "b": 2}, "b")),
        (counted, ([1, 2, 1],)),
    ):
        compiled = scriptc.script(program, backend="auto")
        assert outcome(compiled, arguments) == outcome(program, arguments)
        with pytest.raises(NativeError):
            scriptc.script(program, backend="native")(*arguments)
    data = {"x": X}
    assert scriptc.script(given_back)(data) is data


def test_a_module_with_state():
    layer = Net()
    compiled = scriptc.script(Net(), backend="native")
    for _ in range(3):
        data = {"x": np.ones((1, 3), np.float32)}
        assert outcome(compiled, (data,)) == outcome(layer, (data,))


def test_a_dict_that_changes_during_calls():
    """What a call has taken from a dict stays alive."""
    compiled = scriptc.script(batch, backend="native", example_inputs=CALLS[batch][0])
    wide = np.ones((200, 200))
    data = {"x": wide.copy(), "w": wide.copy()}
    expected = compiled(data)["y"]
    done = threading.Event()

    def replace() -> None:
        while not done.is_set():
            data["x"], data["w"] = wide.copy(), wide.copy()

    other = threading.Thread(target=replace)
    other.start()
    try:
        for _ in range(200):
            np.testing.assert_array_equal(compiled(data)["y"], expected)
    finally:
        done.set()
        other.join()
