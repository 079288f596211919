"""NumPy's computing functions as people call them: plain, scripted and traced, all the same."""

# ruff: noqa: NPY002 - the functions that scriptc has are those of the global generator

import warnings

import numpy as np
import pytest

import scriptc
from support.tracing import outcome, same

X = np.array([[3.0, -1.0, 2.5], [0.5, 4.0, -2.0]])
HOLES = np.array([[1.0, np.nan, 3.0], [np.nan, -2.0, 0.5]])
COUNTS = np.array([2, 0, 1, 2, 2, 5])
SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]])


def totals(x):
    axis = -1
    return (
        np.sum(x), x.sum(axis), x.sum(axis=(0, 1)), np.sum(x, 0, keepdims=True), x.prod(0),
        np.sum(a=x, axis=1, dtype=np.float32), x.sum(initial=2.0), np.sum(x, where=x > 0),
        x.mean(), x.mean(axis, keepdims=True), np.mean(x, axis=0, dtype=np.float32),
        x.std(), np.std(x, 0, ddof=1), np.std(x, axis=1, correction=1), x.var(ddof=1),
        np.var(x, axis=0, keepdims=True), np.ptp(x, 0), np.count_nonzero(x > 0),
        np.count_nonzero(x, axis=1),
    )  # fmt: skip


def extremes(x):
    return (
        x.max(), x.min(axis=0), np.amax(x, 1), np.amin(x), np.max(x, initial=9.0),
        np.min(x, where=x > 0, initial=5.0), x.max(-1, keepdims=True), x.argmax(), x.argmin(1),
        np.argmax(x, axis=0), np.argmin(x, axis=1, keepdims=True), (x > 3).any(), np.all(x),
        (x > 0).all(axis=0), np.any(x > 3, 1, keepdims=True),
    )  # fmt: skip


def without_nan(x):
    return (
        np.nansum(x), np.nansum(x, axis=0), np.nanprod(x, 1), np.nanmean(x, keepdims=True),
        np.nanmean(x, axis=1), np.nanstd(x, ddof=1), np.nanvar(x, 0), np.nanmin(x), np.nanmax(x, 1),
        np.nanargmax(x), np.nanargmin(x, axis=1), np.nanmedian(x), np.nanpercentile(x, 30, axis=1),
        np.nanquantile(x, [0.25, 0.5]), np.nancumsum(x, axis=1), np.isnan(x).sum(),
    )  # fmt: skip


def statistics(x, counts):
    hist, edges = np.histogram(x, bins=4, range=(-3.0, 5.0))
    mean, weight = np.average(x, axis=1, weights=np.array([1.0, 2.0, 3.0]), returned=True)
    return (
        np.median(x), np.median(x, axis=0), np.median(x, 1, keepdims=True), np.percentile(x, 40),
        np.percentile(x, q=[10, 90], axis=0), np.quantile(x, 0.5, axis=1, method="nearest"),
        np.average(x), np.average(x, 0, [1.0, 3.0]), mean, weight, np.cov(x), np.cov(x[0], x[1]),
        np.corrcoef(x), np.corrcoef(x, rowvar=False), hist, edges, np.histogram(counts)[0],
        np.bincount(counts), np.bincount(counts, minlength=9), np.bincount(counts, counts * 0.5),
        np.digitize(x, [0.0, 1.0, 3.0]), np.digitize(x, bins=[0.0, 1.0], right=True),
    )  # fmt: skip


def running(x):
    return (
        x.cumsum(), np.cumsum(x, axis=0), x.cumprod(1), np.cumprod(x), np.cumulative_sum(x, axis=1),
        np.cumulative_sum(x[0], include_initial=True), np.cumulative_prod(x, axis=0), np.diff(x),
        np.diff(x, n=2), np.diff(x, axis=0), np.diff(x[0], prepend=0.0), np.ediff1d(x),
        np.gradient(x[0], axis=0), np.gradient(x, axis=1), np.trapezoid(x, dx=0.5),
        np.trapezoid(x[0], x[1]),
        np.convolve(x[0], x[1]), np.convolve(x[0], [1.0, 2.0], "same"),
        np.correlate(x[0], x[1], mode="full"), np.interp(1.5, [1.0, 2.0], [10.0, 20.0]),
        np.interp(x, np.array([0.0, 1.0]), np.array([3.0, 4.0]), left=-1.0),
        np.unwrap(x[0] * 3), np.polyval(x[0], x[1]), np.polyfit(x[0], x[1], 1), np.polyder(x[0]),
    )  # fmt: skip


def orders(x, counts):
    y = x.copy()
    y.sort()
    z = x.copy()
    z.sort(axis=0)
    z.partition(1, axis=1)
    table = np.sort(counts)
    return (
        y, z, np.sort(x), np.sort(x, axis=None), np.sort(x, 0, kind="stable"), x.argsort(),
        np.argsort(x, axis=0), np.argsort(counts, stable=True), np.argsort(-counts, kind="stable"),
        np.partition(counts, 2), np.argpartition(x, 1, axis=1)[:, 1], np.lexsort((counts, -counts)),
        np.searchsorted(table, 2), table.searchsorted(counts, side="right"),
        np.sort_complex(counts),
        np.searchsorted(table, [0, 3], "right"),
    )  # fmt: skip


def sets(x, counts):
    values, first, inverse, repeats = np.unique(counts, True, True, True)
    named = np.unique_all(counts)
    counted = np.unique_counts(x)
    return (
        np.unique(counts), values, first, inverse, repeats, np.unique(x > 0),
        np.unique(counts, return_counts=True)[1], np.unique(np.array([[1, 2], [1, 2]]), axis=0),
        named.values, named.indices, named.inverse_indices, named.counts, counted.counts.sum(),
        np.unique_values(x), np.unique_inverse(counts).inverse_indices, np.isin(counts, [2, 5]),
        np.isin(x, counts, invert=True), np.union1d(counts, [7]), np.intersect1d(counts, [2, 7]),
        np.setdiff1d(counts, [2]), np.setxor1d(counts, np.array([0, 9])),
    )  # fmt: skip


def products(x):
    subscripts = "ij,kj->ik"
    return (
        np.dot(x, x.T), x.dot(x[0]), np.matmul(x, x.T), x @ x.T, np.linalg.matmul(x, x.T),
        np.vdot(x, x), np.inner(x, x), np.outer(x[0], x[1]), np.linalg.outer(x[0], x[1]),
        np.tensordot(x, x, 2), np.tensordot(x, x, axes=((1,), (1,))), np.kron(x, [1, 2]),
        np.einsum("ij,ij->", x, x), np.einsum(subscripts, x, x), np.einsum("ij->ji", x),
        np.einsum("...j,j", x, x[0], optimize=True), np.trace(x), x.trace(1),
        np.linalg.trace(x, offset=1), np.cross(x, x[::-1]), np.linalg.cross(x[0], x[1]),
        np.vecdot(x, x), np.linalg.vecdot(x, x, axis=0), np.linalg.multi_dot([x, x.T, x]),
        np.linalg.diagonal(x), np.linalg.matrix_transpose(x), np.multiply.outer(x[0], x[1]),
    )  # fmt: skip


def linear_algebra(a, b):
    q, r = np.linalg.qr(a)
    named = np.linalg.qr(a, mode="complete")
    u, s, vh = np.linalg.svd(b, full_matrices=False)
    decomposed = np.linalg.svd(b)
    eigen = np.linalg.eigh(a)
    sign, logdet = np.linalg.slogdet(a)
    solution, residuals, rank, singular = np.linalg.lstsq(a, b.T, rcond=None)
    return (
        np.linalg.inv(a), np.linalg.pinv(b), np.linalg.det(a), sign, logdet,
        np.linalg.slogdet(a).logabsdet, np.linalg.solve(a, b[0]), np.linalg.solve(a, b.T), q, r,
        named.Q @ named.R, (u * s) @ vh, decomposed.U, decomposed.S, decomposed.Vh,
        eigen.eigenvalues, eigen.eigenvectors, np.linalg.eigvalsh(a), np.linalg.eig(a).eigenvalues,
        np.linalg.eigvals(a), np.linalg.svdvals(b), np.linalg.cholesky(a), np.linalg.norm(b),
        np.linalg.norm(b, axis=1), np.linalg.norm(b, "fro"), np.linalg.norm(b[0], ord=1),
        np.linalg.norm(b, None, 0, True), np.linalg.vector_norm(b, axis=0, ord=np.inf),
        np.linalg.matrix_norm(a, ord=2), np.linalg.matrix_power(a, 3), np.linalg.matrix_rank(b),
        np.linalg.cond(a), solution, residuals, rank, singular,
    )  # fmt: skip


def spectra(x):
    f = np.fft.fft(x)
    return (
        f, np.fft.ifft(f), np.fft.fft(x, n=4, axis=0), np.fft.rfft(x, norm="ortho"),
        np.fft.irfft(np.fft.rfft(x), n=3), np.fft.fft2(x), np.fft.fftn(x, axes=(0,)),
        np.fft.fftfreq(4, d=0.5), np.fft.rfftfreq(5), np.fft.fftshift(x, axes=1),
        np.fft.ifftshift(x), np.abs(f).argmax(axis=-1),
    )  # fmt: skip


def ufunc_methods(x):
    y = np.zeros(3)
    np.add.at(y, np.array([0, 2, 2]), x[0])
    m = np.maximum.reduce(x, axis=1, keepdims=True)
    return (
        y, m + np.log(np.add.reduce(np.exp(x - m), axis=1, keepdims=True)), np.add.reduce(x),
        np.logaddexp.reduce(x, axis=None), np.maximum.accumulate(x, axis=1), np.fmin.reduce(x, 1),
        np.minimum.reduce(x), np.multiply.reduce(x, axis=None), np.logical_or.reduce(x > 3, axis=1),
    )  # fmt: skip


def draws(x):
    np.random.seed(3)
    keep = np.random.rand(2, 3) < 0.5
    y = x.copy()
    np.random.shuffle(y)
    return (
        x * keep, y, np.random.random(), np.random.random((2, 2)), np.random.randn(3),
        np.random.normal(1.0, 2.0, size=(2,)), np.random.uniform(-1.0, 1.0),
        np.random.uniform(size=3),
        np.random.randint(5), np.random.randint(0, 9, size=(2, 2)), np.random.choice(4),
        np.random.choice(np.arange(5), 3, replace=False), np.random.permutation(4),
        np.random.permutation(x), np.random.standard_normal((1, 2)), np.random.exponential(),
        np.random.binomial(4, 0.5, 3), np.random.poisson(2.0), np.random.beta(1.0, 2.0),
        np.random.randint(3, size=2, dtype=np.int32), np.random.multinomial(3, [0.5, 0.5]),
    )  # fmt: skip


def in_a_loop(x, n: int):
    best = x[0].sum()
    order = np.zeros(2, dtype=np.int64)
    for i in range(n):
        row = np.sort(x[i % 2])
        order[i % 2] = row.argmax()
        if row.sum() > best or np.any(np.isnan(row)):
            best = np.linalg.norm(row)
    return best, order, order.cumsum()[-1]


def refused_by_numpy(x):
    return np.linalg.inv(x)


PROGRAMS = [
    (totals, (X,)),
    (totals, (X.astype("float32"),)),
    (extremes, (X,)),
    (extremes, (X.astype("int8"),)),
    (without_nan, (HOLES,)),
    (statistics, (X, COUNTS)),
    (running, (X,)),
    (orders, (X, COUNTS)),
    (sets, (X, COUNTS)),
    (products, (X,)),
    (products, (X.astype("int32"),)),
    (linear_algebra, (SQUARE, X)),
    (spectra, (X,)),
    (ufunc_methods, (X,)),
    (draws, (X,)),
    (in_a_loop, (X, 5)),
    (refused_by_numpy, (np.zeros((2, 2)),)),
    (refused_by_numpy, (X,)),
]


@pytest.mark.parametrize(
    ("function", "arguments"),
    PROGRAMS,
    ids=[f"{f.__name__}-{i}" for i, (f, _) in enumerate(PROGRAMS)],
)
def test_scripted_and_traced_equal_plain(function, arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = outcome(function, arguments)
        scripted = outcome(scriptc.script(function), arguments)
        assert_same(expected, scripted)
        if (
            isinstance(expected[0], tuple)
            and type(expected[0][0]) is not str
            and function is not in_a_loop
        ):
            traced = scriptc.trace(function, arguments)
            assert_same(expected, outcome(traced, arguments))


def assert_same(expected, actual):
    if isinstance(expected[0], tuple):
        assert len(expected[0]) == len(actual[0]), (expected[0], actual[0])
        for i, (a, b) in enumerate(zip(expected[0], actual[0], strict=True)):
            assert same(a, b), (i, a, b)
    assert same(expected, actual), (expected, actual)


def test_a_named_tuple_is_one_for_the_caller():
    def decompose(x):
        return np.linalg.qr(x)

    scripted = scriptc.script(decompose)(X)
    assert type(scripted) is type(np.linalg.qr(X))
    np.testing.assert_array_equal(scripted.Q, np.linalg.qr(X).Q)


def test_an_unknown_field_of_a_named_tuple_is_refused():
    def decompose(x):
        return np.linalg.svd(x).V

    with pytest.raises(scriptc.CompileError, match="has no attribute `V`"):
        scriptc.script(decompose)


def branching(x, flag: bool):
    result = np.linalg.qr(x) if flag else np.linalg.qr(x + 1)
    return result.Q


@pytest.mark.xfail(strict=True, reason="types do not tell the names of a named tuple's elements")
def test_a_named_tuple_keeps_its_names_behind_a_branch():
    assert same(scriptc.script(branching)(X, True), branching(X, True))
