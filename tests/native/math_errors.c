/* How far the functions of scriptc_math.h are from the C library's in a wider type, in units in the last place. */
#include <float.h>

#include "scriptc_math.h"

/* The greatest error and where it is, and how many results are wrong in kind (NaN, or the sign of zero). */
typedef struct {
    double error;
    int64_t at, wrong, wrong_at;
} report;

enum { BLOCK = 1024 };

/* The error of `y` against the exact value `e` of a function in a wider type W. Beyond the greatest number
 * T(MAX) comes 2^EXPONENT in place of infinity, below the least normal one all units are the same; negative
 * is a result of another kind. */
#define ERROR(W, S, T, MAX, LEAST, DIGITS, FREXP, LDEXP)                                                        \
    static inline double error_##S(T y, W e) {                                                                 \
        if (e != e || y != y) return e != e && y != y ? 0 : -1;                                                \
        if (e == 0) return y == 0 && !signbit(e) == !signbit(y) ? 0 : -1;                                      \
        if (!signbit(e) != !signbit(y)) return -1;                                                             \
        const W beyond = (W)2 * LDEXP((W)1, MAX - 1);                                                          \
        W got = y < 0 ? -(W)y : (W)y, exact = e < 0 ? -e : e;                                                  \
        got = got > beyond ? beyond : got;                                                                     \
        exact = exact > beyond ? beyond : exact;                                                               \
        int exponent;                                                                                          \
        (void)FREXP(exact < beyond ? exact : beyond / 2, &exponent);                                           \
        exponent = exponent < LEAST ? LEAST : exponent;                                                        \
        const W difference = got > exact ? got - exact : exact - got;                                          \
        return (double)LDEXP(difference, DIGITS - exponent);                                                   \
    }
ERROR(double, f32, float, FLT_MAX_EXP, FLT_MIN_EXP, FLT_MANT_DIG, frexp, ldexp)
ERROR(long double, f64, double, DBL_MAX_EXP, DBL_MIN_EXP, DBL_MANT_DIG, frexpl, ldexpl)

static inline void add_error(report *r, double error, int64_t at) {
    if (error < 0 && !r->wrong++) r->wrong_at = at;
    if (error > r->error) r->error = error, r->at = at;
}

/* `compute_F(x, y, n)` as generated code has it, in a loop that becomes vector code. `check_F(x, n, r)`
 * compares with `EXACT`. */
#define UNARY(T, S, W, F, EXACT)                                                                               \
    SC_API __attribute__((noinline)) void compute_##F(const T *restrict x, T *restrict y, int64_t n) {                                   \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) y[i] = sc_##F(x[i]);                               \
    }                                                                                                          \
    SC_API void check_##F(const T *x, int64_t n, report *r) {                                                  \
        T y[BLOCK];                                                                                            \
        for (int64_t from = 0; from < n; from += BLOCK) {                                                      \
            const int64_t size = n - from < BLOCK ? n - from : BLOCK;                                          \
            compute_##F(x + from, y, size);                                                                    \
            for (int64_t i = 0; i < size; i++) {                                                               \
                const W v = x[from + i];                                                                       \
                add_error(r, error_##S(y[i], EXACT), from + i);                                                \
            }                                                                                                  \
        }                                                                                                      \
    }
/* The same of two numbers. */
#define BINARY(T, S, W, F, EXACT)                                                                              \
    SC_API __attribute__((noinline)) void compute_##F(const T *restrict x, const T *restrict y, T *restrict z, \
                                                      int64_t n) {                                             \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) z[i] = sc_##F(x[i], y[i]);                         \
    }                                                                                                          \
    SC_API void check_##F(const T *x, const T *y, int64_t n, report *r) {                                      \
        T z[BLOCK];                                                                                            \
        for (int64_t from = 0; from < n; from += BLOCK) {                                                      \
            const int64_t size = n - from < BLOCK ? n - from : BLOCK;                                          \
            compute_##F(x + from, y + from, z, size);                                                          \
            for (int64_t i = 0; i < size; i++) {                                                               \
                const W v = x[from + i], w = y[from + i];                                                      \
                add_error(r, error_##S(z[i], EXACT(v, w)), from + i);                                          \
            }                                                                                                  \
        }                                                                                                      \
    }
#define FLOAT(F, EXACT) UNARY(float, f32, double, F##f, EXACT(v))
#define FLOATS(F, EXACT) FLOAT(F, EXACT) UNARY(double, f64, long double, F, EXACT##l(v))

#define LOGISTIC(v) (1 / (1 + exp(-(v))))
#define LOGISTICl(v) (1 / (1 + expl(-(v))))

FLOATS(exp, exp)
FLOATS(exp2, exp2)
FLOATS(expm1, expm1)
FLOATS(log, log)
FLOATS(log2, log2)
FLOATS(log10, log10)
FLOATS(log1p, log1p)
FLOATS(tanh, tanh)
FLOATS(sinh, sinh)
FLOATS(cosh, cosh)
FLOATS(erf, erf)
FLOATS(sigmoid, LOGISTIC)
FLOAT(sin, sin)
FLOAT(cos, cos)
FLOAT(tan, tan)
FLOAT(asin, asin)
FLOAT(acos, acos)
FLOAT(atan, atan)
FLOAT(asinh, asinh)
FLOAT(acosh, acosh)
FLOAT(atanh, atanh)
FLOAT(cbrt, cbrt)

BINARY(float, f32, double, powf, pow)
BINARY(float, f32, double, atan2f, atan2)
BINARY(float, f32, double, hypotf, hypot)
