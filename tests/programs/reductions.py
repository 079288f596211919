"""Programs that reduce arrays."""

import numpy as np

from programs.harness import program


def cube():
    return np.arange(24.0).reshape(2, 3, 4)


@program((cube(),))
def masks(x):
    mask = x > 10
    y = x[mask]
    z = x[x.sum(axis=(1, 2)) > 100]
    x[mask] = -1
    x[x == 0] += 5
    x[~mask] *= 2
    return y, z, x


@program((np.arange(9.0).reshape(3, 3),))
def diagonal_updates(x):
    n = x.shape[0]
    for i in range(n):
        x[i, i] = x[i].sum()
        x[i, :i] = 0
    return x, x.T, x.shape, x.ndim, x.size


@program((np.array([3, 1, 2]),))
def scalars_of_arrays(x):
    a = x[0]
    b = int(x[1])
    c = x[2] + 1
    d = x[0] / 2
    return a, b, c, d, x.max(), float(x.sum()), x[0] > x[1], bool(x[0] > 2), a == 3


@program((np.array([3.0, 1.0, 2.0]),), (np.array([0.5]),))
def array_conditions(x):
    if x[0] > 1:
        return "first"
    if (x > 0.4).all() and x.any():
        return "all"
    return "none"


@program((cube(), 2))
def loop_fills(x, n: int):
    out = np.zeros((n, 3))
    for i in range(n):
        out[i] = x[i].mean(axis=-1)
        out[i, 0] = -1
    return out


@program((np.arange(3),))
def zero_dimensional(x):
    total = x.sum()
    total += 1
    y = np.array(5)
    z = y
    z += 1
    return total, y, z, y[()], total[()]


@program((np.arange(6.0).reshape(2, 3),), (np.zeros((0, 3)),))
def for_array(x):
    rows = []
    for row in x:
        row += 1
        rows.append(row.sum())
    return rows, x


@program((np.arange(3.0),))
def comprehension_over_array(x):
    return [v * 2 for v in x], np.array([v + 1 for v in x]), [row.sum() for row in x.reshape(3, 1)]
