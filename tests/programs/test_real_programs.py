"""Programs as people write them, over the whole road: script, save, load, and run as eager does."""

import math

import numpy as np
import pytest

import scriptc
from programs.cases import decoding, learning, numerics, searches, signals, text
from scriptc import nn
from support.road import road


def random(seed=7):
    return np.random.default_rng(seed)


# --- decoding -------------------------------------------------------------------------------------


def test_ctc_greedy():
    draw = random()
    calls = [(draw.normal(size=(12, 5)), "abcd"), (draw.normal(size=(40, 4)), "xyz", 1)]
    road(decoding.ctc_greedy, *calls, (np.zeros((0, 3)), "ab"))


def test_beam_search():
    start, transitions = random().normal(size=5), random(8).normal(size=(5, 5)) * 2
    road(
        decoding.beam_search,
        (start, transitions, 6),
        (start, transitions, 3, 8, 2),
        (start, transitions, 0),
    )


def test_viterbi():
    draw = random()

    def stochastic(*shape):
        x = draw.random(shape) + 0.1
        return x / x.sum(axis=-1, keepdims=True)

    model = (stochastic(4), stochastic(4, 4), stochastic(4, 6))
    seen = draw.integers(0, 6, 30)
    road(decoding.viterbi, (seen, *model), (seen[:1], *model), (seen[:0], *model), examples=True)
    road(decoding.viterbi, (seen.tolist(), *model), ([3, 3], *model), examples=True)


# --- numerics -------------------------------------------------------------------------------------


def test_kmeans():
    draw = random()
    points = np.concatenate([draw.normal(size=(20, 2)) + 4 * k for k in range(3)])
    road(numerics.kmeans, (points, points[::20].copy()), (points, points[:3].copy(), 1))


def test_non_maximum_suppression():
    draw = random()
    corner = draw.random((40, 2)).astype(np.float32)
    boxes = np.concatenate([corner, corner + draw.random((40, 2)).astype(np.float32)], axis=1)
    scores = draw.random(40).astype(np.float32)
    road(numerics.nms, (boxes, scores, 0.5), (boxes, scores, 0.1), (boxes[:0], scores[:0], 0.5))


def test_kalman():
    calls = [(float(z),) for z in random().normal(size=8)]
    road(numerics.Kalman(0.1, 0.5).step, *calls, examples=True)


def test_averages():
    x = random().normal(size=20)
    road(numerics.moving_average, (x,), (x, 7), (x, 20), (x, 25), (x, 0))
    road(numerics.exponential_average, ([1.0, 2.0, 4.0], 0.5), ([], 0.1))


def test_pagerank():
    links = {"a": ["b", "c"], "b": ["c"], "c": ["a"], "d": []}
    road(numerics.pagerank, (links,), (links, 0.5, 1e-3), ({"x": ["missing"]},))


def test_life():
    board = (random().random((9, 11)) < 0.4).astype(np.uint8)
    road(numerics.life, (board, 5), (board, 0))


# --- text -----------------------------------------------------------------------------------------

TEXT = "The cat sat. The dog, too, sat; the cat: 'Sat!' -- and then the END of the cat."


def test_edit_distances():
    road(text.edit_distance, ("kitten", "sitting"), ("", "abc"), ("abc", ""), ("äöü", "aöu"))
    road(text.edit_matrix, ("kitten", "sitting"), ("", ""), ("flaw", "lawn"))


def test_byte_pair_encoding():
    loaded = road(text.learn_bpe, ("low lower lowest newer wider", 8), ("", 3), ("abc", 5))
    rules, tokens = loaded("low lower lowest newer wider", 8)
    ranks = {pair: i for i, pair in enumerate(rules)}
    ids = {token: i for i, token in enumerate(["<unk>", *dict.fromkeys(tokens)])}
    road(text.apply_bpe, *((word, ranks, ids) for word in ("lower", "newest", "x", "")))


def test_text():
    road(text.text_statistics, (TEXT,), (TEXT, 1), ("",))
    road(text.caesar, (TEXT, 3), ("Zürich zoo", -5))
    road(text.run_lengths, ("aaabccd",), ("",), ("zz",))
    road(text.evaluate, ("3 4 + 2 *",), ("1 0 /",), ("1 2",), ("+",), ("1 x +",))


def test_a_search_in_the_values_of_a_dict():
    road(text.balanced, ("{[()]}()",), ("([)]",), ("((",), (")",))


# --- searches -------------------------------------------------------------------------------------


def test_searches():
    road(searches.queens, (4,), (5,), (6,), (1,), (3,))
    road(searches.knapsack, ([2, 3, 4, 5], [3, 4, 5, 6], 5), ([], [], 3))
    graph = {"a": {"b": 1.0, "c": 5.0}, "b": {"c": 2.0}, "c": {"a": 1.0}, "d": {}}
    road(searches.dijkstra, (graph, "a"), (graph, "d"), (graph, "x"))
    maze = ["..#.", ".##.", "...."]
    calls = [(maze, start, goal) for start in ((0, 0), (1, 1)) for goal in ((0, 3), (0, 2), (1, 1))]
    road(searches.breadth_first, *calls)


def test_sudoku():
    grid = np.array(list(searches.PUZZLE), dtype=np.int64).reshape(9, 9)
    impossible = grid.copy()
    impossible[0, 2:] = [1, 2, 0, 7, 4, 6, 8]  # 9 alone is left for the row, and its block has it
    loaded = road(searches.sudoku, (grid,), (impossible,))
    assert 0 not in loaded(grid)[0]


def test_numbers():
    road(searches.primes, (30,), (2,))
    road(searches.primes_in_numpy, (100,), (1,))
    road(searches.quicksort, ([3.0, 1.0, 2.0, 1.5],), ([],), ([math.inf, -1.0, 5.0],))
    road(searches.gcd_and_bezout, (240, 46), (-7, 3), (0, 5))
    road(searches.mandelbrot, (12, 20, 15), (3, 3, 1))


# --- signals --------------------------------------------------------------------------------------


def test_signals():
    signal = np.sin(np.arange(300) * 0.3) + random().normal(size=300) * 0.1
    road(signals.mel_filterbank, (12, 64, 8000), (4, 128, 16000))
    road(signals.dct_matrix, (6, 12))
    road(signals.spectrum, (signal,))
    road(signals.zero_crossings, (signal,), (np.zeros(3),))
    road(signals.peaks, (signal,), (signal, 1.0), (signal[:2], None))


def test_a_filter():
    signal = random().normal(size=40)
    road(signals.iir, ([0.2, 0.3], [1.0, -0.5], signal), ([1.0], [2.0], signal[:3]))


def test_mfcc():
    signal = np.sin(np.arange(300) * 0.3) + random().normal(size=300) * 0.1
    road(signals.mfcc, (signal,), (signal, 16000, 128, 64, 4))


# --- linear algebra and learning ------------------------------------------------------------------


def test_linear_algebra():
    a, b = random().normal(size=(5, 5)), random(8).normal(size=5)
    road(learning.gauss, (a, b), (np.ones((2, 2)), b[:2]), (a[::-1], b))
    symmetric = a @ a.T
    road(learning.power_iteration, (symmetric,), (symmetric, 1e-10, 2), (symmetric * 0,))
    road(learning.newton, ([1.0, 0.0, -2.0], 1.0), ([1.0, 0.0, 1.0], 0.5), ([3.0], 1.0))
    road(learning.runge_kutta, (np.array([1.0, 0.0]), 0.0, 1.0, 0.05))


@pytest.mark.xfail(raises=scriptc.CompileError, reason="a `list[float]` takes no NumPy float")
def test_logistic_regression():
    x = random().normal(size=(40, 3))
    y = (x @ np.array([1.0, -2.0, 0.5]) > 0).astype(float)
    road(learning.logistic_regression, (x, y), (x, y, 0.1, 3))


def test_confusion():
    expected, found = random().integers(0, 4, 50), random(8).integers(0, 4, 50)
    road(learning.confusion, (expected, found, 4), (expected, found, 2))


def test_attention():
    q, k, v = (random(seed).normal(size=(2, 5, 4)) for seed in range(3))
    mask = np.tril(np.ones((5, 5), dtype=bool))
    road(learning.attention, (q, k, v), (q[0], k[0], v[0]), (q, k, v, mask))


def test_generator():
    nn.manual_seed(3)
    model = learning.Generator("abcdefgh .").eval()
    road(model, ("a",), ("bad", 12), ("", 3), ("x",))
