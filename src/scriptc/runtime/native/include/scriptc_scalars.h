/* scriptc_scalars.h: whole numbers as NumPy computes with them, Python's own `int` and `float`, and casts.
 *
 * Nothing here is undefined in C, whatever the operands, with or without -fwrapv. Names end in the type: i8
 * ... i64, u8 ... u64, f16, f32, f64. A function that returns `bool` and takes a pointer returns true where it
 * has no answer (the value does not fit, or Python raises), and then it has not written the result.
 */
#ifndef SCRIPTC_SCALARS_H
#define SCRIPTC_SCALARS_H

#include "scriptc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SC_SCALAR static inline __attribute__((always_inline, unused))

/* --- NumPy's integers ---------------------------------------------------------------------------------- */

/* Sums, differences and products wrap around; dividing by zero gives 0, and the least number divided by -1
 * itself. A shift by the width or more, or by less than zero, moves every bit out. W is unsigned and at least
 * as wide as `int`: small types would be promoted to `int`, in which their products can overflow. */
#define SC_INTEGERS(S, T, W, BITS)                                                                           \
    SC_SCALAR T sc_add_##S(T a, T b) { return (T)((W)a + (W)b); }                                            \
    SC_SCALAR T sc_subtract_##S(T a, T b) { return (T)((W)a - (W)b); }                                       \
    SC_SCALAR T sc_multiply_##S(T a, T b) { return (T)((W)a * (W)b); }                                       \
    SC_SCALAR T sc_negative_##S(T a) { return (T)((W)0 - (W)a); }                                            \
    SC_SCALAR T sc_square_##S(T a) { return (T)((W)a * (W)a); }                                              \
    SC_SCALAR T sc_minimum_##S(T a, T b) { return a < b ? a : b; }                                           \
    SC_SCALAR T sc_maximum_##S(T a, T b) { return a > b ? a : b; }                                           \
    SC_SCALAR T sc_left_shift_##S(T a, T b) {                                                                \
        W count = (W)b;                                                                                      \
        return count < BITS ? (T)((W)a << (count & (BITS - 1))) : (T)0;                                      \
    }                                                                                                        \
    /* b is not negative: NumPy raises then. */                                                              \
    SC_SCALAR T sc_power_##S(T a, T b) {                                                                     \
        W result = 1, base = (W)a;                                                                           \
        for (W left = (W)b; left; left >>= 1, base *= base) {                                                \
            if (left & 1) result *= base;                                                                    \
        }                                                                                                    \
        return (T)result;                                                                                    \
    }                                                                                                        \
    SC_SCALAR T sc_gcd_##S(T a, T b) {                                                                       \
        W x = (W)sc_abs_##S(a) & SC_MASK(W, BITS), y = (W)sc_abs_##S(b) & SC_MASK(W, BITS);                  \
        while (y) {                                                                                          \
            W r = x % y;                                                                                     \
            x = y;                                                                                           \
            y = r;                                                                                           \
        }                                                                                                    \
        return (T)x;                                                                                         \
    }                                                                                                        \
    SC_SCALAR T sc_lcm_##S(T a, T b) {                                                                       \
        W x = (W)sc_abs_##S(a) & SC_MASK(W, BITS), y = (W)sc_abs_##S(b) & SC_MASK(W, BITS);                  \
        W d = (W)sc_gcd_##S(a, b) & SC_MASK(W, BITS);                                                        \
        return d ? (T)(x / d * y) : (T)0;                                                                    \
    }                                                                                                        \
    SC_SCALAR uint8_t sc_bitwise_count_##S(T a) {                                                            \
        return (uint8_t)__builtin_popcountll((uint64_t)((W)sc_abs_##S(a) & SC_MASK(W, BITS)));               \
    }

#define SC_MASK(W, BITS) ((W) ~(W)0 >> (sizeof(W) * 8 - BITS))

#define SC_SIGNED_INTEGERS(S, T, W, BITS, LEAST)                                                             \
    SC_SCALAR T sc_abs_##S(T a) { return (T)(a < 0 ? (W)0 - (W)a : (W)a); }                                  \
    SC_SCALAR T sc_sign_##S(T a) { return (T)((a > 0) - (a < 0)); }                                          \
    SC_SCALAR T sc_floor_divide_##S(T a, T b) {                                                              \
        bool none = b == 0 || (b == -1 && a == LEAST);                                                       \
        T d = none ? (T)1 : b, q = (T)(a / d), r = (T)(a % d);                                               \
        q = (T)(q - (r != 0 && (r < 0) != (d < 0)));                                                         \
        return b == 0 ? (T)0 : q;                                                                            \
    }                                                                                                        \
    SC_SCALAR T sc_remainder_##S(T a, T b) {                                                                 \
        T d = b == 0 || b == -1 ? (T)1 : b, r = (T)(a % d);                                                  \
        return (T)(r != 0 && (r < 0) != (d < 0) ? r + d : r);                                                \
    }                                                                                                        \
    SC_SCALAR T sc_fmod_##S(T a, T b) { return (T)(a % (b == 0 || b == -1 ? (T)1 : b)); }                    \
    SC_SCALAR T sc_right_shift_##S(T a, T b) {                                                               \
        W count = (W)b;                                                                                      \
        return (T)(a >> (count < BITS ? count : BITS - 1));                                                  \
    }                                                                                                        \
    SC_INTEGERS(S, T, W, BITS)

#define SC_UNSIGNED_INTEGERS(S, T, W, BITS)                                                                  \
    SC_SCALAR T sc_abs_##S(T a) { return a; }                                                                \
    SC_SCALAR T sc_sign_##S(T a) { return (T)(a > 0); }                                                      \
    SC_SCALAR T sc_floor_divide_##S(T a, T b) { return b ? (T)(a / b) : (T)0; }                              \
    SC_SCALAR T sc_remainder_##S(T a, T b) { return b ? (T)(a % b) : (T)0; }                                 \
    SC_SCALAR T sc_fmod_##S(T a, T b) { return b ? (T)(a % b) : (T)0; }                                      \
    SC_SCALAR T sc_right_shift_##S(T a, T b) { return b < BITS ? (T)((W)a >> b) : (T)0; }                    \
    SC_INTEGERS(S, T, W, BITS)

/* Elements of float arrays: nothing raises. A floor division is off by no more than the last rounding. */
#define SC_FLOATS(S, T, F)                                                                                   \
    SC_SCALAR T sc_remainder_##S(T a, T b) {                                                                 \
        T m = fmod##F(a, b);                                                                                 \
        if (b == 0) return m;                                                                                \
        if (m == 0) return copysign##F((T)0, b);                                                             \
        return (b < 0) != (m < 0) ? m + b : m;                                                               \
    }                                                                                                        \
    SC_SCALAR T sc_floor_divide_##S(T a, T b) {                                                              \
        if (b == 0) return a / b;                                                                            \
        T m = fmod##F(a, b), q = (a - m) / b;                                                                \
        if (m != 0 && (b < 0) != (m < 0)) q -= 1;                                                            \
        if (q == 0) return copysign##F((T)0, a / b);                                                         \
        T whole = floor##F(q);                                                                               \
        return q - whole > (T)0.5 ? whole + 1 : whole;                                                       \
    }

SC_FLOATS(f32, float, f)
SC_FLOATS(f64, double, )
SC_SIGNED_INTEGERS(i8, int8_t, uint32_t, 8, INT8_MIN)
SC_SIGNED_INTEGERS(i16, int16_t, uint32_t, 16, INT16_MIN)
SC_SIGNED_INTEGERS(i32, int32_t, uint32_t, 32, INT32_MIN)
SC_SIGNED_INTEGERS(i64, int64_t, uint64_t, 64, INT64_MIN)
SC_UNSIGNED_INTEGERS(u8, uint8_t, uint32_t, 8)
SC_UNSIGNED_INTEGERS(u16, uint16_t, uint32_t, 16)
SC_UNSIGNED_INTEGERS(u32, uint32_t, uint32_t, 32)
SC_UNSIGNED_INTEGERS(u64, uint64_t, uint64_t, 64)

/* 1 / a. Of zero it is what the processor makes of infinity in that type, see the casts below. */
SC_SCALAR int8_t sc_reciprocal_i8(int8_t a) { return (int8_t)(a == 1 || a == -1 ? a : 0); }
SC_SCALAR int16_t sc_reciprocal_i16(int16_t a) { return (int16_t)(a == 1 || a == -1 ? a : 0); }
SC_SCALAR uint8_t sc_reciprocal_u8(uint8_t a) { return (uint8_t)(a == 1); }
SC_SCALAR uint16_t sc_reciprocal_u16(uint16_t a) { return (uint16_t)(a == 1); }

/* --- Python's int, as far as it fits in 64 bits --------------------------------------------------------- */

SC_SCALAR bool sc_add_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    int64_t v;
    if (SC_UNLIKELY(__builtin_add_overflow(a, b, &v))) return true;
    *r = v;
    return false;
}

SC_SCALAR bool sc_sub_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    int64_t v;
    if (SC_UNLIKELY(__builtin_sub_overflow(a, b, &v))) return true;
    *r = v;
    return false;
}

SC_SCALAR bool sc_mul_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    int64_t v;
    if (SC_UNLIKELY(__builtin_mul_overflow(a, b, &v))) return true;
    *r = v;
    return false;
}

SC_SCALAR bool sc_neg_overflow_i64(int64_t a, int64_t *r) { return sc_sub_overflow_i64(0, a, r); }

SC_SCALAR bool sc_abs_overflow_i64(int64_t a, int64_t *r) {
    if (SC_UNLIKELY(a == INT64_MIN)) return true;
    *r = a < 0 ? -a : a;
    return false;
}

/* a // b; true of b = 0, and of the quotient 2^63. */
SC_SCALAR bool sc_floordiv_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    if (SC_UNLIKELY(b == 0 || (b == -1 && a == INT64_MIN))) return true;
    int64_t q = a / b, m = a % b;
    *r = q - (m != 0 && (m ^ b) < 0);
    return false;
}

/* a % b; true of b = 0. */
SC_SCALAR bool sc_mod_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    if (SC_UNLIKELY(b == 0)) return true;
    int64_t m = b == -1 ? 0 : a % b;
    *r = m != 0 && (m ^ b) < 0 ? m + b : m;
    return false;
}

/* a ** b; true of b < 0 too, where the result is a float. */
SC_SCALAR bool sc_pow_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    if (SC_UNLIKELY(b < 0)) return true;
    int64_t result = 1, base = a;
    for (;;) {
        if ((b & 1) && __builtin_mul_overflow(result, base, &result)) return true;
        b >>= 1;
        if (b == 0) break;
        if (__builtin_mul_overflow(base, base, &base)) return true;
    }
    *r = result;
    return false;
}

/* a << b; true of b < 0. */
SC_SCALAR bool sc_lshift_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    if (SC_UNLIKELY(b < 0)) return true;
    if (a == 0) {
        *r = 0;
        return false;
    }
    if (SC_UNLIKELY(b > 63)) return true;
    int64_t v = (int64_t)((uint64_t)a << b);
    if (SC_UNLIKELY(v >> b != a)) return true;
    *r = v;
    return false;
}

/* a >> b; true of b < 0. */
SC_SCALAR bool sc_rshift_overflow_i64(int64_t a, int64_t b, int64_t *r) {
    if (SC_UNLIKELY(b < 0)) return true;
    *r = a >> (b > 63 ? 63 : b);
    return false;
}

SC_SCALAR int sc_bit_length_u64(uint64_t x) { return x ? 64 - __builtin_clzll(x) : 0; }

/* a / b of two whole numbers, rounded once; true of b = 0. */
static inline __attribute__((unused)) bool sc_truediv_i64(int64_t a, int64_t b, double *r) {
    if (SC_UNLIKELY(b == 0)) return true;
    const int64_t exact = (int64_t)1 << 53; /* up to here an int is a double */
    if (SC_LIKELY(a >= -exact && a <= exact && b >= -exact && b <= exact)) {
        *r = (double)a / (double)b;
        return false;
    }
    uint64_t ua = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, ub = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    if (ua == 0) {
        *r = b < 0 ? -0.0 : 0.0;
        return false;
    }
    /* A quotient of at least 55 bits, the last of them set where more bits follow. */
    int shift = sc_bit_length_u64(ub) + 56 - sc_bit_length_u64(ua);
    if (shift < 0) shift = 0;
    __extension__ typedef unsigned __int128 wide;
    wide n = (wide)ua << shift, q = n / ub;
    uint64_t bits = (uint64_t)q | (q * ub != n);
    double v = ldexp((double)bits, -shift);
    *r = (a < 0) != (b < 0) ? -v : v;
    return false;
}

/* Compares as numbers, exactly, as Python does: -1 less, 0 equal, 1 greater, 2 if b is NaN. */
SC_SCALAR int sc_compare_i64_f64(int64_t a, double b) {
    if (b != b) return 2;
    if (b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    int64_t whole = (int64_t)b;
    if (a != whole) return a < whole ? -1 : 1;
    double rest = b - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

SC_SCALAR bool sc_lt_i64_f64(int64_t a, double b) { return sc_compare_i64_f64(a, b) == -1; }
SC_SCALAR bool sc_gt_i64_f64(int64_t a, double b) { return sc_compare_i64_f64(a, b) == 1; }
SC_SCALAR bool sc_eq_i64_f64(int64_t a, double b) { return sc_compare_i64_f64(a, b) == 0; }
SC_SCALAR bool sc_ne_i64_f64(int64_t a, double b) { return sc_compare_i64_f64(a, b) != 0; }
SC_SCALAR bool sc_le_i64_f64(int64_t a, double b) { return sc_compare_i64_f64(a, b) <= 0; }
SC_SCALAR bool sc_ge_i64_f64(int64_t a, double b) {
    int order = sc_compare_i64_f64(a, b);
    return order == 0 || order == 1;
}

/* --- Python's float ------------------------------------------------------------------------------------- */

/* a / b; true of b = 0. */
SC_SCALAR bool sc_truediv_f64(double a, double b, double *r) {
    if (SC_UNLIKELY(b == 0)) return true;
    *r = a / b;
    return false;
}

/* a % b; true of b = 0. */
SC_SCALAR bool sc_mod_f64(double a, double b, double *r) {
    if (SC_UNLIKELY(b == 0)) return true;
    double m = fmod(a, b);
    if (m != 0) {
        if ((b < 0) != (m < 0)) m += b;
    } else {
        m = copysign(0.0, b);
    }
    *r = m;
    return false;
}

/* divmod(a, b); true of b = 0. */
SC_SCALAR bool sc_divmod_f64(double a, double b, double *quotient, double *remainder) {
    if (SC_UNLIKELY(b == 0)) return true;
    double m = fmod(a, b), q = (a - m) / b;
    if (m != 0) {
        if ((b < 0) != (m < 0)) {
            m += b;
            q -= 1.0;
        }
    } else {
        m = copysign(0.0, b);
    }
    if (q != 0) {
        double whole = floor(q);
        if (q - whole > 0.5) whole += 1.0;
        q = whole;
    } else {
        q = copysign(0.0, a / b);
    }
    *quotient = q;
    *remainder = m;
    return false;
}

/* a // b; true of b = 0. */
SC_SCALAR bool sc_floordiv_f64(double a, double b, double *r) {
    double m;
    return sc_divmod_f64(a, b, r, &m);
}

/* a ** b by the C library, whose bits Python gives; true where Python raises or answers with a complex number. */
SC_SCALAR bool sc_pow_f64(double a, double b, double *r) {
    double v = pow(a, b);
    bool finite = __builtin_isfinite(a) && __builtin_isfinite(b);
    if (SC_UNLIKELY(finite && !__builtin_isfinite(v))) return true;
    *r = v;
    return false;
}

/* int(x); true of NaN, infinities and what does not fit. */
SC_SCALAR bool sc_int_f64(double x, int64_t *r) {
    if (SC_UNLIKELY(!(x >= -0x1p63 && x < 0x1p63))) return true;
    *r = (int64_t)x;
    return false;
}

/* The nearest whole number, halves to even; true of NaN, infinities and what does not fit. */
SC_SCALAR bool sc_round_f64(double x, int64_t *r) { return sc_int_f64(__builtin_rint(x), r); }
SC_SCALAR bool sc_floor_f64(double x, int64_t *r) { return sc_int_f64(__builtin_floor(x), r); }
SC_SCALAR bool sc_ceil_f64(double x, int64_t *r) { return sc_int_f64(__builtin_ceil(x), r); }

/* round(a, digits) of an int for digits >= 0 is a; below it goes to the nearest multiple of 10^-digits, halves
 * to the even multiple; true where that does not fit. */
SC_SCALAR bool sc_round_i64(int64_t a, int64_t digits, int64_t *r) {
    if (digits >= 0) {
        *r = a;
        return false;
    }
    if (digits < -19) {
        *r = 0;
        return false;
    }
    uint64_t unit = 1, u = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    for (int64_t i = digits; i < 0; i++) unit *= 10;
    uint64_t q = u / unit, rest = u - q * unit;
    if (rest > unit - rest || (rest == unit - rest && (q & 1))) q += 1;
    uint64_t v;
    if (__builtin_mul_overflow(q, unit, &v) || v > (uint64_t)INT64_MAX + (a < 0)) return true;
    *r = (int64_t)(a < 0 ? 0 - v : v);
    return false;
}

/* --- casts ---------------------------------------------------------------------------------------------- */

/* From floating point to whole numbers C defines nothing where the whole part does not fit. These give what
 * NumPy's `astype` gives: what the processor's own instruction does. On x86 that is the least number; a type
 * of at most 16 bits takes the low bits of 32, and an unsigned one those of the signed type where there is one
 * that reaches. Elsewhere it is the nearest number there is, and 0 of NaN. */

#if defined(__x86_64__) || defined(__i386__)
SC_SCALAR int32_t sc_f64_to_i32(double x) {
    bool fits = x > -0x1.00000002p31 && x < 0x1p31;
    int32_t whole = (int32_t)(fits ? x : 0.0);
    return fits ? whole : INT32_MIN;
}

SC_SCALAR int64_t sc_f64_to_i64(double x) {
    bool fits = x >= -0x1p63 && x < 0x1p63;
    int64_t whole = (int64_t)(fits ? x : 0.0);
    return fits ? whole : INT64_MIN;
}

SC_SCALAR int32_t sc_f32_to_i32(float x) {
    bool fits = x >= -0x1p31f && x < 0x1p31f;
    int32_t whole = (int32_t)(fits ? x : 0.0f);
    return fits ? whole : INT32_MIN;
}

SC_SCALAR int64_t sc_f32_to_i64(float x) {
    bool fits = x >= -0x1p63f && x < 0x1p63f;
    int64_t whole = (int64_t)(fits ? x : 0.0f);
    return fits ? whole : INT64_MIN;
}

/* What NumPy's vector code gives. One number, or the rest at an array's end, it converts by way of int64_t, with
 * another answer below -2^31 and from 2^32 on. */
SC_SCALAR uint32_t sc_f64_to_u32(double x) {
    return x >= 0x1p31 ? (uint32_t)sc_f64_to_i32(x - 0x1p31) ^ 0x80000000u : (uint32_t)sc_f64_to_i32(x);
}

SC_SCALAR uint32_t sc_f32_to_u32(float x) {
    return x >= 0x1p31f ? (uint32_t)sc_f32_to_i32(x - 0x1p31f) ^ 0x80000000u : (uint32_t)sc_f32_to_i32(x);
}

SC_SCALAR uint64_t sc_f64_to_u64(double x) {
    return x >= 0x1p63 ? (uint64_t)sc_f64_to_i64(x - 0x1p63) ^ ((uint64_t)1 << 63) : (uint64_t)sc_f64_to_i64(x);
}

SC_SCALAR uint64_t sc_f32_to_u64(float x) {
    return x >= 0x1p63f ? (uint64_t)sc_f32_to_i64(x - 0x1p63f) ^ ((uint64_t)1 << 63) : (uint64_t)sc_f32_to_i64(x);
}

/* The same of one number rather than an array. */
SC_SCALAR uint32_t sc_scalar_f64_to_u32(double x) { return (uint32_t)sc_f64_to_i64(x); }
SC_SCALAR uint32_t sc_scalar_f32_to_u32(float x) { return (uint32_t)sc_f32_to_i64(x); }
#else
#define SC_SATURATING_CAST(NAME, F, T, LOW, HIGH, LEAST, MOST)                                               \
    SC_SCALAR T NAME(F x) {                                                                                  \
        bool fits = x >= (LOW) && x < (HIGH);                                                                \
        T whole = (T)(fits ? x : (F)0);                                                                      \
        return fits ? whole : x >= (HIGH) ? (MOST) : x < (LOW) ? (LEAST) : (T)0;                             \
    }
SC_SATURATING_CAST(sc_f64_to_i32, double, int32_t, -0x1p31, 0x1p31, INT32_MIN, INT32_MAX)
SC_SATURATING_CAST(sc_f64_to_i64, double, int64_t, -0x1p63, 0x1p63, INT64_MIN, INT64_MAX)
SC_SATURATING_CAST(sc_f32_to_i32, float, int32_t, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
SC_SATURATING_CAST(sc_f32_to_i64, float, int64_t, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
SC_SATURATING_CAST(sc_f64_to_u32, double, uint32_t, 0.0, 0x1p32, 0, UINT32_MAX)
SC_SATURATING_CAST(sc_f64_to_u64, double, uint64_t, 0.0, 0x1p64, 0, UINT64_MAX)
SC_SATURATING_CAST(sc_f32_to_u32, float, uint32_t, 0.0f, 0x1p32f, 0, UINT32_MAX)
SC_SATURATING_CAST(sc_f32_to_u64, float, uint64_t, 0.0f, 0x1p64f, 0, UINT64_MAX)
SC_SCALAR uint32_t sc_scalar_f64_to_u32(double x) { return sc_f64_to_u32(x); }
SC_SCALAR uint32_t sc_scalar_f32_to_u32(float x) { return sc_f32_to_u32(x); }
#endif

#define SC_NARROW_CASTS(F, T)                                                                                \
    SC_SCALAR int8_t sc_##F##_to_i8(T x) { return (int8_t)sc_##F##_to_i32(x); }                              \
    SC_SCALAR int16_t sc_##F##_to_i16(T x) { return (int16_t)sc_##F##_to_i32(x); }                           \
    SC_SCALAR uint8_t sc_##F##_to_u8(T x) { return (uint8_t)sc_##F##_to_i32(x); }                            \
    SC_SCALAR uint16_t sc_##F##_to_u16(T x) { return (uint16_t)sc_##F##_to_i32(x); }
SC_NARROW_CASTS(f64, double)
SC_NARROW_CASTS(f32, float)

/* NumPy divides as double: infinity of zero. */
SC_SCALAR int32_t sc_reciprocal_i32(int32_t a) { return a == 1 || a == -1 ? a : a ? 0 : sc_f64_to_i32(1e300); }
SC_SCALAR int64_t sc_reciprocal_i64(int64_t a) { return a == 1 || a == -1 ? a : a ? 0 : sc_f64_to_i64(1e300); }
SC_SCALAR uint32_t sc_reciprocal_u32(uint32_t a) { return a ? a == 1 : sc_f64_to_u32(1e300); }
SC_SCALAR uint64_t sc_reciprocal_u64(uint64_t a) { return a ? a == 1 : sc_f64_to_u64(1e300); }

/* --- half precision ------------------------------------------------------------------------------------- */

SC_SCALAR float sc_f16_to_f32(uint16_t h) {
    uint32_t bits = (uint32_t)(h & 0x7fffu) << 13, sign = (uint32_t)(h & 0x8000u) << 16;
    /* The exponent is off by 112; multiplying mends that, denormal numbers included. */
    float x, most;
    memcpy(&x, &bits, sizeof x);
    x *= 0x1p112f;
    uint32_t result;
    memcpy(&result, &x, sizeof result);
    most = x;
    result |= most >= 65536.0f ? 0x7f800000u : 0u;
    result |= sign;
    memcpy(&x, &result, sizeof x);
    return x;
}

/* To nearest, halves to even. */
SC_SCALAR uint16_t sc_f32_to_f16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = (bits >> 16) & 0x8000u, size = bits & 0x7fffffffu;
    /* Normal: drop 13 bits of the fraction, 112 of the exponent. */
    uint32_t normal = (size + 0xfffu + ((size >> 13) & 1u) - ((uint32_t)112 << 23)) >> 13;
    /* Below 2^-14: adding 1/2 puts the last bit that stays at the end of a float. */
    float f;
    memcpy(&f, &size, sizeof f);
    f += 0.5f;
    uint32_t small;
    memcpy(&small, &f, sizeof small);
    small -= 0x3f000000u;
    uint32_t h = size < 0x38800000u ? small : normal;
    h = size >= 0x477ff000u ? 0x7c00u : h;
    /* The payload of a NaN stays; one whose upper bits are all zero gets a bit. */
    uint32_t nan = 0x7c00u | ((size >> 13) & 0x3ffu);
    nan |= nan == 0x7c00u;
    h = size > 0x7f800000u ? nan : h;
    return (uint16_t)(sign | h);
}

/* Rounded once: by way of a float whose last bit is set where bits were cut off. */
SC_SCALAR uint16_t sc_f64_to_f16(double x) {
    float f = (float)x;
    double back = (double)f;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    /* Away from zero was too far: the float before it, made odd; else made odd. */
    bool more = __builtin_fabs(back) > __builtin_fabs(x), less = __builtin_fabs(back) < __builtin_fabs(x);
    bits -= more && !(bits & 1u) ? 1u : 0u;
    bits |= more || less ? 1u : 0u;
    memcpy(&f, &bits, sizeof f);
    return sc_f32_to_f16(f);
}

SC_SCALAR double sc_f16_to_f64(uint16_t h) { return (double)sc_f16_to_f32(h); }

#ifdef __cplusplus
}
#endif
#endif
