/* Workloads as one writes them in C for just these types and sizes, in an extension of Python. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>

#define DATA(type, array) ((type *)PyArray_DATA((PyArrayObject *)(array)))
#define DIM(array, axis) PyArray_DIM((PyArrayObject *)(array), axis)
#define NEW_LIKE(array)                                                                      \
    PyArray_SimpleNew(PyArray_NDIM((PyArrayObject *)(array)), PyArray_DIMS((PyArrayObject *)(array)), NPY_FLOAT)

/* Stops with an exception unless an argument is a float32 array without gaps, of this rank. */
static int is_floats(PyObject *x, int rank) {
    if (PyArray_Check(x)) {
        PyArrayObject *a = (PyArrayObject *)x;
        if (PyArray_TYPE(a) == NPY_FLOAT && PyArray_NDIM(a) == rank && PyArray_ISCARRAY_RO(a)) return 1;
    }
    PyErr_SetString(PyExc_TypeError, "not a float32 array of this rank without gaps");
    return 0;
}

/* Within 2e-7 of tanh: the rational function that minimises the error on [-9, 9]. */
static inline float fast_tanh(float x) {
    x = x > 7.90531110763549805f ? 7.90531110763549805f : x;
    x = x < -7.90531110763549805f ? -7.90531110763549805f : x;
    const float y = x * x;
    float p = -2.76076847742355e-16f;
    p = p * y + 2.00018790482477e-13f;
    p = p * y - 8.60467152213735e-11f;
    p = p * y + 5.12229709037114e-08f;
    p = p * y + 1.48572235717979e-05f;
    p = p * y + 6.37261928875436e-04f;
    p = p * y + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * y + 1.18534705686654e-04f;
    q = q * y + 2.26843463243900e-03f;
    q = q * y + 4.89352518554385e-03f;
    return x * p / q;
}

static PyObject *pair_of(PyObject *array) {
    PyObject *pair = PyTuple_Pack(2, array, array);
    Py_DECREF(array);
    return pair;
}

/* cell(x, h, weight, bias): 4 features */
static PyObject *cell(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    if (n != 4 || !is_floats(args[0], 2) || !is_floats(args[1], 2) || !is_floats(args[2], 2) || !is_floats(args[3], 1)) return NULL;
    if (DIM(args[0], 1) != 4 || DIM(args[1], 1) != 4 || DIM(args[0], 0) != DIM(args[1], 0)) return PyErr_Format(PyExc_ValueError, "shapes");
    PyObject *out = NEW_LIKE(args[1]);
    const float *x = DATA(float, args[0]), *h = DATA(float, args[1]), *w = DATA(float, args[2]), *b = DATA(float, args[3]);
    float *y = DATA(float, out);
    for (npy_intp i = 0; i < DIM(args[0], 0); i++)
        for (int j = 0; j < 4; j++) {
            float s = b[j] + h[4 * i + j];
            for (int k = 0; k < 4; k++) s += x[4 * i + k] * w[4 * j + k];
            y[4 * i + j] = fast_tanh(s);
        }
    return pair_of(out);
}

static PyObject *gate(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    if (n != 1 || !is_floats(args[0], 2)) return NULL;
    const float *x = DATA(float, args[0]);
    const npy_intp size = PyArray_SIZE((PyArrayObject *)args[0]);
    float s = 0;
    for (npy_intp i = 0; i < size; i++) s += x[i];
    if (s > 0) return Py_NewRef(args[0]);
    PyObject *out = NEW_LIKE(args[0]);
    float *y = DATA(float, out);
    for (npy_intp i = 0; i < size; i++) y[i] = -x[i];
    return out;
}

/* recurrent(xs, h, input_weight, hidden_weight, bias): batch 1, 128 features */
static PyObject *recurrent(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    enum { SIZE = 128 };
    if (n != 5 || !is_floats(args[0], 3) || !is_floats(args[1], 2) || DIM(args[0], 1) != 1 || DIM(args[0], 2) != SIZE) return NULL;
    PyObject *out = NEW_LIKE(args[0]), *last = NEW_LIKE(args[1]);
    const float *x = DATA(float, args[0]), *h = DATA(float, args[1]);
    const float *u = DATA(float, args[2]), *w = DATA(float, args[3]), *b = DATA(float, args[4]);
    float *y = DATA(float, out);
    Py_BEGIN_ALLOW_THREADS;
    for (npy_intp t = 0; t < DIM(args[0], 0); t++, x += SIZE, y += SIZE) {
        float s[SIZE];
        memcpy(s, b, sizeof s);
        for (int k = 0; k < SIZE; k++)
            for (int j = 0; j < SIZE; j++) s[j] += x[k] * u[SIZE * k + j] + h[k] * w[SIZE * k + j];
        for (int j = 0; j < SIZE; j++) y[j] = fast_tanh(s[j]);
        h = y;
    }
    memcpy(DATA(float, last), h, SIZE * sizeof(float));
    Py_END_ALLOW_THREADS;
    return Py_BuildValue("NN", out, last);
}

static PyObject *gelu(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    if (n != 1 || !is_floats(args[0], 1)) return NULL;
    PyObject *out = NEW_LIKE(args[0]);
    const float *x = DATA(float, args[0]);
    float *y = DATA(float, out);
    const npy_intp size = PyArray_SIZE((PyArrayObject *)args[0]);
    Py_BEGIN_ALLOW_THREADS;
    for (npy_intp i = 0; i < size; i++) {
        const float v = x[i];
        y[i] = 0.5f * v * (1.0f + fast_tanh(0.797884561f * (v + 0.044715f * v * v * v)));
    }
    Py_END_ALLOW_THREADS;
    return out;
}

/* exp for arguments up to 0, within 2 ULP. */
static inline float fast_exp(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = nearbyintf(x * 1.44269504f);
    const float r = x - n * 0.693147180559945f;
    float p = 1.98412698e-4f;
    p = p * r + 1.38888889e-3f;
    p = p * r + 8.33333333e-3f;
    p = p * r + 4.16666667e-2f;
    p = p * r + 0.166666667f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

static PyObject *layernorm_softmax(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    if (n != 3 || !is_floats(args[0], 2) || !is_floats(args[1], 1) || !is_floats(args[2], 1)) return NULL;
    PyObject *out = NEW_LIKE(args[0]);
    const float *x = DATA(float, args[0]), *w = DATA(float, args[1]), *b = DATA(float, args[2]);
    float *y = DATA(float, out);
    const npy_intp rows = DIM(args[0], 0), size = DIM(args[0], 1);
    Py_BEGIN_ALLOW_THREADS;
    for (npy_intp i = 0; i < rows; i++, x += size, y += size) {
        float mean = 0, variance = 0, top = -INFINITY, total = 0;
        for (npy_intp j = 0; j < size; j++) mean += x[j];
        mean /= size;
        for (npy_intp j = 0; j < size; j++) variance += (x[j] - mean) * (x[j] - mean);
        const float scale = 1 / sqrtf(variance / size + 1e-5f);
        for (npy_intp j = 0; j < size; j++) {
            y[j] = (x[j] - mean) * scale * w[j] + b[j];
            top = y[j] > top ? y[j] : top;
        }
        for (npy_intp j = 0; j < size; j++) {
            y[j] = fast_exp(y[j] - top);
            total += y[j];
        }
        for (npy_intp j = 0; j < size; j++) y[j] *= 1 / total;
    }
    Py_END_ALLOW_THREADS;
    return out;
}

/* Points at the rim tell each rounding apart, so this one keeps to the text. */
__attribute__((optimize("no-fast-math", "fp-contract=off")))
static PyObject *mandelbrot(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    const long width = PyLong_AsLong(args[0]), height = PyLong_AsLong(args[1]), limit = PyLong_AsLong(args[2]);
    npy_intp dims[] = {height, width};
    PyObject *out = PyArray_SimpleNew(2, dims, NPY_INT64);
    int64_t *counts = DATA(int64_t, out);
    Py_BEGIN_ALLOW_THREADS;
    for (long row = 0; row < height; row++)
        for (long column = 0; column < width; column++) {
            const double a = -2.0 + 2.5 * column / width, b = -1.25 + 2.5 * row / height;
            double x = 0, y = 0;
            long steps = 0;
            while (steps < limit && x * x + y * y <= 4.0) {
                const double next = x * x - y * y + a;
                y = 2.0 * x * y + b;
                x = next;
                steps++;
            }
            counts[row * width + column] = steps;
        }
    Py_END_ALLOW_THREADS;
    return out;
}

static PyObject *collatz(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    const int64_t limit = PyLong_AsLongLong(args[0]);
    int64_t best = 0, longest = 0;
    Py_BEGIN_ALLOW_THREADS;
    for (int64_t start = 1; start < limit; start++) {
        int64_t steps = 0;
        for (int64_t m = start; m != 1; steps++) m = m % 2 == 0 ? m / 2 : 3 * m + 1;
        if (steps > longest) best = start, longest = steps;
    }
    Py_END_ALLOW_THREADS;
    return Py_BuildValue("LL", (long long)best, (long long)longest);
}

static int64_t *numbers_of(PyObject *list) {
    const Py_ssize_t length = PyList_GET_SIZE(list);
    int64_t *numbers = malloc((size_t)(length + 1) * sizeof *numbers);
    for (Py_ssize_t i = 0; i < length; i++) numbers[i] = PyLong_AsLongLong(PyList_GET_ITEM(list, i));
    return numbers;
}

static PyObject *levenshtein(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    const Py_ssize_t rows = PyList_GET_SIZE(args[0]), columns = PyList_GET_SIZE(args[1]);
    int64_t *a = numbers_of(args[0]), *b = numbers_of(args[1]);
    int64_t *table = malloc((size_t)((rows + 1) * (columns + 1)) * sizeof *table);
    for (Py_ssize_t j = 0; j <= columns; j++) table[j] = j;
    for (Py_ssize_t i = 1; i <= rows; i++) {
        int64_t *above = table + (i - 1) * (columns + 1), *row = above + columns + 1;
        row[0] = i;
        for (Py_ssize_t j = 1; j <= columns; j++) {
            int64_t least = above[j] < row[j - 1] ? above[j] + 1 : row[j - 1] + 1;
            const int64_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = change < least ? change : least;
        }
    }
    const int64_t distance = table[rows * (columns + 1) + columns];
    free(a);
    free(b);
    free(table);
    return PyLong_FromLongLong(distance);
}

/* viterbi(start, transitions, emissions): up to 64 states */
static PyObject *viterbi(PyObject *self, PyObject *const *args, Py_ssize_t n) {
    if (n != 3 || !is_floats(args[0], 1) || !is_floats(args[1], 2) || !is_floats(args[2], 2) || DIM(args[2], 1) > 64) return NULL;
    const npy_intp steps = DIM(args[2], 0), states = DIM(args[2], 1);
    const float *start = DATA(float, args[0]), *moves = DATA(float, args[1]), *emissions = DATA(float, args[2]);
    PyObject *out = PyArray_SimpleNew(1, &steps, NPY_INT64);
    int64_t *path = DATA(int64_t, out);
    int32_t *before = malloc((size_t)(steps * states) * sizeof *before);
    float score[64], best[64];
    for (npy_intp j = 0; j < states; j++) score[j] = start[j] + emissions[j];
    for (npy_intp t = 1; t < steps; t++) {
        int32_t *from = before + t * states;
        for (npy_intp j = 0; j < states; j++) best[j] = score[0] + moves[j], from[j] = 0;
        for (npy_intp i = 1; i < states; i++)
            for (npy_intp j = 0; j < states; j++) {
                const float value = score[i] + moves[i * states + j];
                from[j] = value > best[j] ? (int32_t)i : from[j];
                best[j] = value > best[j] ? value : best[j];
            }
        for (npy_intp j = 0; j < states; j++) score[j] = best[j] + emissions[t * states + j];
    }
    npy_intp last = 0;
    for (npy_intp j = 1; j < states; j++)
        if (score[j] > score[last]) last = j;
    path[steps - 1] = last;
    for (npy_intp t = steps - 1; t > 0; t--) path[t - 1] = before[t * states + path[t]];
    free(before);
    return Py_BuildValue("Nf", out, score[last]);
}

#define METHOD(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}
static PyMethodDef methods[] = {
    METHOD(cell),       METHOD(gate),    METHOD(recurrent),   METHOD(gelu),    METHOD(layernorm_softmax),
    METHOD(mandelbrot), METHOD(collatz), METHOD(levenshtein), METHOD(viterbi), {NULL},
};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "c_programs_native", NULL, -1, methods};

PyMODINIT_FUNC PyInit_c_programs_native(void) {
    import_array();
    return PyModule_Create(&module);
}
