/* scriptc_math.h: elementary functions of one number each, in C that compilers turn into vector code.
 *
 * No function here branches, looks up a table or calls the C library, unless its comment says so: a loop over
 * one of them under `#pragma omp simd` becomes vector instructions on every compiler and processor. Choices
 * are written as `?:` with both sides computed. Names are those of the C library after `sc_`; an `f` at the
 * end is float.
 */
#ifndef SCRIPTC_MATH_H
#define SCRIPTC_MATH_H

#include "scriptc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SC_MATH static inline __attribute__((always_inline, unused))

/* a * b + c: in one rounding where the processor does that as fast as a product. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || (defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF))
#define SC_HAS_FMA 1
#define SC_FMA(a, b, c) __builtin_fma((a), (b), (c))
#define SC_FMAF(a, b, c) __builtin_fmaf((a), (b), (c))
#else
#define SC_HAS_FMA 0
#define SC_FMA(a, b, c) ((a) * (b) + (c))
#define SC_FMAF(a, b, c) ((a) * (b) + (c))
#endif

/* --- bits ---------------------------------------------------------------------------------------------- */

SC_MATH int32_t sc_bits_f32(float x) {
    int32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

SC_MATH float sc_from_bits_f32(int32_t i) {
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
}

SC_MATH int64_t sc_bits_f64(double x) {
    int64_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

SC_MATH double sc_from_bits_f64(int64_t i) {
    double x;
    memcpy(&x, &i, sizeof x);
    return x;
}

/* The magnitude of the first with the sign of the second. */
SC_MATH float sc_copysignf(float x, float sign) { return __builtin_copysignf(x, sign); }
SC_MATH double sc_copysign(double x, double sign) { return __builtin_copysign(x, sign); }

/* --- float: exponentials ------------------------------------------------------------------------------- */

/* Adding this to a float of magnitude below 2^22 rounds it to a whole number, which then stands in the low
 * bits: shifted to the place of the exponent they are that number times 2^23, modulo 2^32. */
#define SC_MAGIC_F32 0x1.8p23f
#define SC_MAGIC_F64 0x1.8p52

/* 2^k for the k held by `magic` = SC_MAGIC_F32 + k; k in [-126, 127]. */
SC_MATH float sc_scale_f32(float magic) {
    return sc_from_bits_f32((int32_t)(((uint32_t)sc_bits_f32(magic) << 23) + 0x3f800000u));
}

/* p * 2^k for every k in [-252, 254], rounded once where the result has fewer bits. */
SC_MATH float sc_scale_by_f32(float p, float magic) {
    uint32_t whole = (uint32_t)sc_bits_f32(magic) << 23;
    uint32_t half = (uint32_t)((int32_t)whole >> 1) & 0xff800000u;
    return p * sc_from_bits_f32((int32_t)(half + 0x3f800000u)) *
           sc_from_bits_f32((int32_t)(whole - half + 0x3f800000u));
}

/* e^r for |r| <= log(2) / 2. */
SC_MATH float sc_exp_poly_f32(float r) {
    float p = 0x1.6af488p-10f;
    p = SC_FMAF(p, r, 0x1.124244p-7f);
    p = SC_FMAF(p, r, 0x1.555838p-5f);
    p = SC_FMAF(p, r, 0x1.555486p-3f);
    p = SC_FMAF(p, r, 0x1.fffffcp-2f);
    p = SC_FMAF(p, r, 1.0f);
    return SC_FMAF(p, r, 1.0f);
}

/* 2^r for |r| <= 1/2. */
SC_MATH float sc_exp2_poly_f32(float r) {
    float p = 0x1.4bb2ecp-13f;
    p = SC_FMAF(p, r, 0x1.5fbe62p-10f);
    p = SC_FMAF(p, r, 0x1.3b21cep-7f);
    p = SC_FMAF(p, r, 0x1.c6ada8p-5f);
    p = SC_FMAF(p, r, 0x1.ebfbe6p-3f);
    p = SC_FMAF(p, r, 0x1.62e432p-1f);
    return SC_FMAF(p, r, 1.0f);
}

/* x - k log(2) for the k nearest to x / log(2), which stays in `*magic`. */
SC_MATH float sc_exp_reduce_f32(float x, float *magic) {
    float m = SC_FMAF(x, 0x1.715476p0f, SC_MAGIC_F32);
    float k = m - SC_MAGIC_F32;
    *magic = m;
    return SC_FMAF(k, -0x1.7f7d1cp-20f, SC_FMAF(k, -0x1.62e4p-1f, x));
}

SC_MATH float sc_expf(float x) {
    float m;
    x = x < -104.0f ? -104.0f : x;
    x = x > 89.0f ? 89.0f : x;
    float r = sc_exp_reduce_f32(x, &m);
    return sc_scale_by_f32(sc_exp_poly_f32(r), m);
}

/* 1 / (1 + e^-x), to the last bit for negative x too, where the value is about e^x. */
SC_MATH float sc_sigmoidf(float x) {
    float m, a = __builtin_fabsf(x);
    a = a > 104.0f ? 104.0f : a;
    float r = sc_exp_reduce_f32(-a, &m);
    float e = sc_scale_by_f32(sc_exp_poly_f32(r), m);
    float d = 1.0f + e, n = x < 0.0f ? e : 1.0f;
    float y = n / d;
    /* What rounding took from d and from y, times about 1 / d. */
    float lost = e - (d - 1.0f);
#if SC_HAS_FMA
    float rest = SC_FMAF(-y, lost, SC_FMAF(-y, d, n));
#else
    float rest = -y * lost;
#endif
    return SC_FMAF(rest, SC_FMAF(e, -0.5f, 1.0f), y);
}

SC_MATH float sc_tanhf(float x) {
    float a = __builtin_fabsf(x);
    /* From 0.6 on: 1 - 2 / (e^2a + 1). */
    float c = a > 9.25f ? 9.25f : a;
    float m = SC_FMAF(c, 0x1.715476p1f, SC_MAGIC_F32);
    float r = SC_FMAF(c, 0x1.715476p1f, -(m - SC_MAGIC_F32));
    float big = 1.0f - 2.0f / SC_FMAF(sc_exp2_poly_f32(r), sc_scale_f32(m), 1.0f);
    /* Below: x + x^3 P(x^2). */
    float t = x * x, p = -0x1.828774p-8f;
    p = SC_FMAF(p, t, 0x1.54c3c2p-6f);
    p = SC_FMAF(p, t, -0x1.b89abap-5f);
    p = SC_FMAF(p, t, 0x1.1109bep-3f);
    p = SC_FMAF(p, t, -0x1.55553ep-2f);
    return a < 0.6f ? SC_FMAF(p * t, x, x) : __builtin_copysignf(big, x);
}

/* --- float: logarithms --------------------------------------------------------------------------------- */

/* log(1 + f) - f for f in [-1/3, 1/3]. */
SC_MATH float sc_log_poly_f32(float f) {
    float p = -0x1.ff8ff4p-4f;
    p = SC_FMAF(p, f, 0x1.1fed02p-3f);
    p = SC_FMAF(p, f, -0x1.f6b7dap-4f);
    p = SC_FMAF(p, f, 0x1.1e829ep-3f);
    p = SC_FMAF(p, f, -0x1.557e22p-3f);
    p = SC_FMAF(p, f, 0x1.99d58cp-3f);
    p = SC_FMAF(p, f, -0x1.ffff94p-3f);
    p = SC_FMAF(p, f, 0x1.5554fap-2f);
    p = SC_FMAF(p, f, -0.5f);
    return p * (f * f);
}

/* For x > 0: `*k` and f in [-1/3, 1/3] with x = 2^(k / 2^23) (1 + f). */
SC_MATH float sc_log_reduce_f32(float x, float *k) {
    float scale = x < 0x1p-126f ? 0x1p23f : 1.0f;
    int32_t i = sc_bits_f32(x * scale);
    int32_t whole = (i - 0x3f2aaaab) & ~0x7fffff;
    *k = (float)(whole - (sc_bits_f32(scale) - 0x3f800000));
    return sc_from_bits_f32(i - whole) - 1.0f;
}

/* What every logarithm gives where x has none: -inf of zero, NaN of less and of NaN, inf of inf; else y. */
SC_MATH float sc_log_special_f32(float x, float y) {
    float none = x == 0.0f ? -__builtin_inff() : __builtin_nanf("");
    y = x == __builtin_inff() ? x : y;
    return x > 0.0f ? y : none;
}

SC_MATH float sc_logf(float x) {
    float k, f = sc_log_reduce_f32(x, &k);
    float y = SC_FMAF(k, 0x1.62e4p-24f, SC_FMAF(k, 0x1.7f7d1cp-43f, sc_log_poly_f32(f)) + f);
    return sc_log_special_f32(x, y);
}

/* --- float: the error function ------------------------------------------------------------------------- */

SC_MATH float sc_erff(float x) {
    float a = __builtin_fabsf(x);
    /* From 0.95 on: 1 - 2^P(a). */
    float c = a > 4.0f ? 4.0f : a, p = 0x1.231b6cp-12f;
    p = SC_FMAF(p, c, -0x1.1c74e4p-8f);
    p = SC_FMAF(p, c, 0x1.050b9ap-5f);
    p = SC_FMAF(p, c, -0x1.32385ap-3f);
    p = SC_FMAF(p, c, -0x1.d6e880p-1f);
    p = SC_FMAF(p, c, -0x1.a06906p0f);
    p = SC_FMAF(p, c, -0x1.723838p-12f);
    float m = p + SC_MAGIC_F32;
    float r = p - (m - SC_MAGIC_F32);
    float big = SC_FMAF(-sc_scale_f32(m), sc_exp2_poly_f32(r), 1.0f);
    /* Below: x + x P(x^2). */
    float t = x * x, q = 0x1.579776p-14f;
    q = SC_FMAF(q, t, -0x1.a8a9b2p-11f);
    q = SC_FMAF(q, t, 0x1.549a84p-8f);
    q = SC_FMAF(q, t, -0x1.b809f2p-6f);
    q = SC_FMAF(q, t, 0x1.ce2dd4p-4f);
    q = SC_FMAF(q, t, -0x1.812742p-2f);
    q = SC_FMAF(q, t, 0x1.06eba8p-3f);
    return a < 0.95f ? SC_FMAF(q, x, x) : __builtin_copysignf(big, x);
}

#ifdef __cplusplus
}
#endif
#endif
