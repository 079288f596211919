"""Indexing and slicing of arrays to read and to assign, and augmented assignment with aliases."""

import numpy as np

from programs.harness import program


def cube():
    return np.arange(24.0).reshape(2, 3, 4)


@program((cube(), 1), (cube(), -1), (cube(), 5))
def integers(x, i: int):
    return x[0], x[i], x[i, 0], x[0, i, -1], x[0][1], x[i][0, 1]


@program((cube(), 1), (cube(), 3))
def slices(x, n: int):
    return (
        x[:1],
        x[n:],
        x[::-1],
        x[:, ::2],
        x[..., n],
        x[..., ::-1, :],
        x[:, None],
        x[None, ..., None],
        x[0, :, n:],
        x[:, 1:-1],
        x[n::-1],
        x[:, :, -1:0:-2],
        x[:, 5:],
        x[...],
        x[:],
    )


@program((cube(),))
def views_share_memory(x):
    a = x[0]
    b = x[:, 1:]
    c = x[..., 0]
    a[0, 0] = 100
    b[0, 0, 0] = 200
    c += 1000
    return a, b, c, x


@program((cube(), np.array([0, 1, 1])), (cube(), np.array([[0], [1]])), (cube(), np.array([7])))
def integer_arrays(x, index):
    y = x[index]
    z = x[:, index]
    w = x[index, index]
    x[index] = 3
    return y, z, w, x


@program((cube(), [0, 2]))
def lists_as_indices(x, index: list[int]):
    return x[:, index], x[0, index, 1:], x[:, [0, 1], [2, 3]], x[[1]], x[..., [0]]


@program((cube(), 1), (cube(), 0))
def combined(x, n: int):
    mask = np.array([True, False, True])
    return x[n, mask], x[:, mask, n], x[n, :, [0, 1]], x[None, n, 1:, ::-1], x[[0, 1], mask[:2]]


@program((cube(), 1))
def assigning(x, n: int):
    x[0] = 1
    x[n, :, 0] = [1, 2, 3]
    x[:, n] = np.arange(4)
    x[..., -1] = 9
    x[0, 0, 0] = n
    x[0, :, ::-2] = np.array([[5.0], [6.0], [7.0]])
    x[1, [0, 2], [1, 1]] = -1
    x[1][2][3] = 77
    return x


@program((np.zeros(3),), (np.zeros(3, np.int8),), (np.zeros((3, 1)),))
def broken_assignment(x):
    x[:] = np.arange(4)
    return x


@program((np.arange(4),), (np.arange(4, dtype=np.uint8),))
def assignment_casts(x):
    x[0] = 2.9
    x[1:3] = np.array([1.5, 2.5])
    return x


@program((np.arange(4.0),))
def augmented_names(x):
    y = x
    y += 1
    y -= 0.5
    y *= 2
    y /= 3
    y //= 0.1
    y **= 2
    y %= 7
    z = y
    z = z + 1
    return x, y, z


@program((np.arange(4), 3), (np.arange(4), 0))
def augmented_integers(x, n: int):
    x += n
    x <<= 1
    x |= 1
    x &= 7
    x ^= 2
    x >>= 1
    return x


@program((np.arange(4),))
def augmented_cast_fails(x):
    x += 1.5
    return x


@program((np.arange(12.0).reshape(3, 4),))
def augmented_elements(x):
    x[0] += 1
    x[1, 2] -= 5
    x[:, 1] *= 2
    x[x > 8] /= 2
    x[[0, 1, 0]] += 10
    row = x[2]
    row += 100
    x[2, 0] **= 2
    return x, row


@program((np.arange(3.0),), (np.float64(2.5),), (np.array(3.0),))
def augmented_scalars(x):
    y = x
    y += 1
    return x, y


@program((np.arange(6.0).reshape(2, 3),), (np.zeros((0, 4)),))
def shapes(x):
    n, m = x.shape
    rows = x.shape[0]
    return n, m, rows * m, len(x), x.reshape(m, n), x.reshape(-1), x.T @ x, x.ndim


@program((np.array([3.0, 1.0]),), (np.array([3.0]),))
def ambiguous_truth(x):
    if x > 1:
        return 1
    return 0


@program((np.array([1, 2, 3]),))
def membership(x):
    return 2 in x, 7 in x, 7 not in x


@program((np.arange(4, dtype=np.float32), np.arange(4)))
def promotion(x, n):
    return (
        x + 1,
        x + 1.5,
        x + n,
        n + 1,
        n / 2,
        n * 1.5,
        x * True,
        n + np.int8(1),
        x.astype(np.int32),
        2 - x,
    )


@program((cube(),))
def slice_objects(x):
    s = slice(0, 2)
    i = (0, slice(None), 1)
    return x[s], x[i], x[:, s, s]


@program((np.zeros(3), 0), (np.zeros(3), 7), (np.zeros((2, 2)), 1))
def index_errors(x, i: int):
    x[i] = 1
    return x[i]


@program((np.arange(3.0), np.arange(3.0)))
def same_array_twice(x, y):
    x[1:] = x[:-1]
    y[:] = y[::-1]
    z = x
    z[0] = 50
    return x, y, z is x


@program((np.arange(3.0), True), (np.arange(3.0), False))
def conditional_aliasing(x, copied: bool):
    y = x.copy() if copied else x
    y += 1
    return x, y


@program((np.float32(1.5), np.arange(3)))
def f_strings_of_arrays(x, y):
    return f"{x} {y} {x:.3f} {y!r} {y.shape}"
