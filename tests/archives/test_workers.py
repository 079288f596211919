"""Compiled objects go to threads and other processes, through their archives."""

import multiprocessing

import joblib
import numpy as np

import scriptc
from archives.programs import Gate, Recurrent, X, double


def test_spawned_processes():
    function, module = scriptc.script(double), scriptc.script(Recurrent())
    module(X)
    expected = module.session()(X)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert [r.tolist() for r in pool.map(function, [X, X + 1])] == [[0, 2, 4, 6], [2, 4, 6, 8]]
        result = pool.apply(module, (X,))
    np.testing.assert_array_equal(result[0], expected[0], strict=True)
    assert result[1:3] == expected[1:3]
    assert module.calls == 2


def test_joblib_processes_and_threads():
    function, gate = scriptc.script(double), scriptc.script(Gate(4))
    inputs = [X + i for i in range(4)]
    for options in ({"backend": "loky"}, {"backend": "threading"}):
        with joblib.parallel_config(n_jobs=2, **options):
            doubled = joblib.Parallel()(joblib.delayed(function)(x) for x in inputs)
            gated = joblib.Parallel()(joblib.delayed(gate)(x) for x in inputs)
        for x, y, z in zip(inputs, doubled, gated, strict=True):
            np.testing.assert_array_equal(y, x * 2, strict=True)
            np.testing.assert_array_equal(z, gate(x), strict=True)
