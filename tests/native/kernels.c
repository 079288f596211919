/* Products and convolutions of many sizes in arrays without an element to spare, against plain loops. */
#include "scriptc_conv.h"

static uint32_t seed = 1;
static double next_number(void) {
    seed = seed * 1664525u + 1013904223u;
    return (double)(seed >> 8) / (1 << 24) - 0.5;
}

static int failures;
static void check(double found, double exact, double bound, const char *what, int64_t m, int64_t n, int64_t k) {
    if (fabs(found - exact) <= bound) return;
    printf("%s %d x %d x %d: %g, not %g\n", what, (int)m, (int)n, (int)k, found, exact);
    failures++;
}

#define KERNELS(T, S, EPS)                                                                             \
    static T *array_##S(int64_t n) {                                                                   \
        T *x = (T *)malloc((size_t)(n ? n : 1) * sizeof(T));                                           \
        if (!x) exit(2);                                                                               \
        for (int64_t i = 0; i < n; i++) x[i] = (T)next_number();                                       \
        return x;                                                                                      \
    }                                                                                                  \
    static void product_##S(sc_workspace *ws, int64_t m, int64_t n, int64_t k, int turned) {           \
        T *a = array_##S(m * k), *b = array_##S(k * n), *c = array_##S(m * n), *d = array_##S(m * n);  \
        T *p = array_##S(sc_gemm_packed_##S(k, n));                                                    \
        const int64_t ar = turned & 1 ? 1 : k, ac = turned & 1 ? m : 1;                                \
        const int64_t br = turned & 2 ? 1 : n, bc = turned & 2 ? k : 1;                                \
        sc_gemm_pack_##S(k, n, b, br, bc, p);                                                          \
        if (sc_gemm_##S(ws, 0, m, n, k, a, ar, ac, b, br, bc, c, n)) exit(2);                          \
        if (sc_gemm_with_##S(ws, 0, m, n, k, a, ar, ac, p, d, n)) exit(2);                             \
        for (int64_t i = 0; i < m; i++)                                                                \
            for (int64_t j = 0; j < n; j++) {                                                          \
                double s = 0, size = 0;                                                                \
                for (int64_t q = 0; q < k; q++) {                                                      \
                    const double x = (double)a[i * ar + q * ac] * (double)b[q * br + j * bc];          \
                    s += x;                                                                            \
                    size += fabs(x);                                                                   \
                }                                                                                      \
                check((double)c[i * n + j], s, (double)k * EPS * size, "product " #S, m, n, k);        \
                check((double)d[i * n + j], s, (double)k * EPS * size, "packed " #S, m, n, k);         \
            }                                                                                          \
        free(a), free(b), free(c), free(d), free(p);                                                   \
    }                                                                                                  \
    static void convolution_##S(                                                                       \
        sc_workspace *ws, int64_t c, int64_t o, int64_t h, int64_t w, int64_t kh, int64_t kw, int64_t step) { \
        const sc_windows v = {c, kh, kw, (h - kh) / step + 1, (w - kw) / step + 1, h * w, w, 1, step * w, step}; \
        const int64_t size = c * kh * kw, pixels = v.rows * v.columns;                                 \
        T *x = array_##S(c * h * w), *f = array_##S(o * size), *y = array_##S(o * pixels);             \
        T *z = array_##S(o * pixels), *p = array_##S(sc_conv_packed_##S(o, size));                       \
        if (sc_conv_##S(ws, 0, o, &v, x, f, size, y, pixels)) exit(2);                                 \
        sc_conv_pack_##S(o, size, f, size, p);                                                         \
        if (sc_conv_with_##S(ws, 0, o, &v, x, p, z, pixels)) exit(2);                                  \
        for (int64_t q = 0; q < o; q++)                                                                \
            for (int64_t at = 0; at < pixels; at++) {                                                  \
                const T *from = x + at / v.columns * v.row + at % v.columns * v.column;                \
                double s = 0, sum = 0;                                                                 \
                for (int64_t e = 0; e < size; e++) {                                                   \
                    const int64_t place = e / (kh * kw) * v.channel + e / kw % kh * w + e % kw;        \
                    const double t = (double)from[place] * (double)f[q * size + e];                    \
                    s += t;                                                                            \
                    sum += fabs(t);                                                                    \
                }                                                                                      \
                const double bound = (double)size * EPS * sum;                                         \
                check((double)y[q * pixels + at], s, bound, "convolution " #S, c, o, pixels);          \
                check((double)z[q * pixels + at], s, bound, "packed convolution " #S, c, o, pixels);   \
            }                                                                                          \
        free(x), free(f), free(y), free(z), free(p);                                                   \
    }                                                                                                  \
    static void all_##S(sc_workspace *ws) {                                                            \
        static const int64_t sizes[] = {1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 16, 17, 31, 32, 33, 65};  \
        for (int64_t m = 0; m < 28; m++)                                                               \
            for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)                                  \
                product_##S(ws, m, sizes[j], 1 + (m + (int64_t)j) % 19, (int)((m + (int64_t)j) % 4));  \
        for (int turned = 0; turned < 4; turned++) {                                                   \
            product_##S(ws, 61, 290, 70, turned);                                                      \
            product_##S(ws, 26, 40, 700, turned);                                                      \
            product_##S(ws, 150, 100, 101, turned);                                                    \
            product_##S(ws, 1, 100, 333, turned);                                                      \
            product_##S(ws, 100, 1, 333, turned);                                                      \
        }                                                                                              \
        convolution_##S(ws, 3, 32, 12, 13, 3, 3, 1);                                                   \
        convolution_##S(ws, 4, 33, 11, 9, 3, 2, 2);                                                    \
        convolution_##S(ws, 40, 50, 9, 9, 3, 3, 1);                                                    \
        convolution_##S(ws, 33, 34, 24, 23, 3, 3, 1);                                                  \
        convolution_##S(ws, 8, 10, 1, 30, 1, 5, 1);                                                    \
    }
KERNELS(float, f32, 1.1920928955078125e-7)
KERNELS(double, f64, 2.220446049250313e-16)

int main(void) {
    static sc_workspace ws;
    for (ws.threads = 1; ws.threads <= 3; ws.threads += 2) {
        all_f32(&ws);
        all_f64(&ws);
    }
    sc_workspace_free(&ws);
    return failures != 0;
}
