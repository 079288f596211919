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

/* The number nearest to x in [-limit, limit]; NaN of NaN. Clang makes a minimum and a maximum of the two choices; gcc
 * joins their conditions and needs twice what one choice takes. */
SC_MATH float sc_within_f32(float x, float limit) {
#if defined(__clang__)
    x = x < -limit ? -limit : x;
    return x > limit ? limit : x;
#else
    const float nearest = sc_copysignf(limit, x);
    return __builtin_fabsf(x) > limit ? nearest : x;
#endif
}

SC_MATH double sc_within_f64(double x, double limit) {
#if defined(__clang__)
    x = x < -limit ? -limit : x;
    return x > limit ? limit : x;
#else
    const double nearest = sc_copysign(limit, x);
    return __builtin_fabs(x) > limit ? nearest : x;
#endif
}

/* --- float: exponentials ------------------------------------------------------------------------------- */

/* Adding one of these to a float of magnitude below 2^21 rounds it to a whole number k, and k + 127 or k + 254
 * stands in the low bits of the sum: shifted to the place of the exponent they are the bits of 2^k, or of 2^k
 * as a product of two powers. */
#define SC_MAGIC_F32 (0x1.8p23f + 127.0f)
#define SC_WIDE_F32 (0x1.8p23f + 254.0f)

/* 2^k for the k held by `magic` = SC_MAGIC_F32 + k; k in [-126, 127]. */
SC_MATH float sc_scale_f32(float magic) { return sc_from_bits_f32((int32_t)((uint32_t)sc_bits_f32(magic) << 23)); }

/* p * 2^k for the k held by `wide` = SC_WIDE_F32 + k, in [-252, 254]; rounded once where the result has fewer
 * bits. */
SC_MATH float sc_scale_by_f32(float p, float wide) {
    uint32_t whole = (uint32_t)sc_bits_f32(wide) << 23, half = (whole >> 1) & 0x7f800000u;
    return p * sc_from_bits_f32((int32_t)half) * sc_from_bits_f32((int32_t)(whole - half));
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

/* x - k log(2) for the k nearest to x / log(2), which stays in `*wide`. */
SC_MATH float sc_exp_reduce_f32(float x, float *wide) {
    float m = SC_FMAF(x, 0x1.715476p0f, SC_WIDE_F32);
    float k = m - SC_WIDE_F32;
    *wide = m;
    return SC_FMAF(k, -0x1.7f7d1cp-20f, SC_FMAF(k, -0x1.62e4p-1f, x));
}

SC_MATH float sc_expf(float x) {
    float m, r = sc_exp_reduce_f32(sc_within_f32(x, 104.0f), &m);
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

/* With u = (e^-2|x| - 1) / 2, which is r + r^2 Q(r) where |x| is below log(2) / 4: |tanh x| = -u / (1 + u). Both
 * are sums of one rounding each, so that their errors do not meet. */
SC_MATH float sc_tanhf(float x) {
    float c = -__builtin_fabsf(x);
    c = c < -9.25f ? -9.25f : c;
    float m = SC_FMAF(c, 0x1.715476p1f, SC_MAGIC_F32), s = sc_scale_f32(m);
    float r = SC_FMAF(m - SC_MAGIC_F32, -0x1.62e43p-2f, c), q = 0x1.6d568ep-5f;
    q = SC_FMAF(q, r, 0x1.1227a6p-3f);
    q = SC_FMAF(q, r, 0x1.5554ep-2f);
    q = SC_FMAF(q, r, 0x1.5554bp-1f);
    q = SC_FMAF(q, r, 1.0f);
    float h = SC_FMAF(q, r * r, r);
    float y = SC_FMAF(s, h, SC_FMAF(s, 0.5f, -0.5f)) / SC_FMAF(s, h, SC_FMAF(s, 0.5f, 0.5f));
    return __builtin_copysignf(y, x);
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

/* --- float: more exponentials -------------------------------------------------------------------------- */

SC_MATH float sc_exp2f(float x) {
    x = sc_within_f32(x, 151.0f);
    float m = x + SC_WIDE_F32;
    return sc_scale_by_f32(sc_exp2_poly_f32(x - (m - SC_WIDE_F32)), m);
}

/* (e^r - 1 - r) / r^2 for |r| <= log(2) / 2. */
SC_MATH float sc_exp_rest_f32(float r) {
    float p = 0x1.6af488p-10f;
    p = SC_FMAF(p, r, 0x1.124244p-7f);
    p = SC_FMAF(p, r, 0x1.555838p-5f);
    p = SC_FMAF(p, r, 0x1.555486p-3f);
    return SC_FMAF(p, r, 0x1.fffffcp-2f);
}

SC_MATH float sc_expm1f(float x) {
    float c = x < -20.0f ? -20.0f : x;
    c = c > 89.0f ? 89.0f : c;
    float m = SC_FMAF(c, 0x1.715476p0f, SC_MAGIC_F32);
    float k = m - SC_MAGIC_F32;
    /* r + low = c - k log(2), and e^x - 1 = 2^k (r + low + r^2 (...)) + 2^k - 1; all of it halved. */
    float t = SC_FMAF(k, -0x1.62e4p-1f, c);
    float r = SC_FMAF(k, -0x1.7f7d1cp-20f, t);
    float low = SC_FMAF(k, -0x1.7f7d1cp-20f, t - r);
    float s = sc_scale_f32(m - 1.0f);
    float y = SC_FMAF(s, SC_FMAF(r * r, sc_exp_rest_f32(r), low), SC_FMAF(s, r, s - 0.5f));
    return __builtin_fabsf(x) < 0x1p-25f ? x : y + y;
}

/* e^a / 2 for a >= 0. */
SC_MATH float sc_half_exp_f32(float a) {
    float m, c = a > 90.0f ? 90.0f : a, r = sc_exp_reduce_f32(c, &m);
    return sc_scale_by_f32(sc_exp_poly_f32(r), m - 1.0f);
}

SC_MATH float sc_coshf(float x) {
    float e = sc_half_exp_f32(__builtin_fabsf(x));
    return e + 0.25f / e;
}

SC_MATH float sc_sinhf(float x) {
    float a = __builtin_fabsf(x), e = sc_half_exp_f32(a), t = x * x;
    float p = 0x1.756c1ep-19f;
    p = SC_FMAF(p, t, 0x1.a022bcp-13f);
    p = SC_FMAF(p, t, 0x1.1110ep-7f);
    p = SC_FMAF(p, t, 0x1.555556p-3f);
    return a < 1.0f ? SC_FMAF(p * t, x, x) : __builtin_copysignf(e - 0.25f / e, x);
}

/* --- float: more logarithms ---------------------------------------------------------------------------- */

SC_MATH float sc_log2f(float x) {
    float k, f = sc_log_reduce_f32(x, &k);
    float p = -0x1.5da07ep-3f;
    p = SC_FMAF(p, f, 0x1.a1fbbep-3f);
    p = SC_FMAF(p, f, -0x1.6e686ep-3f);
    p = SC_FMAF(p, f, 0x1.9cb3cap-3f);
    p = SC_FMAF(p, f, -0x1.ec72bp-3f);
    p = SC_FMAF(p, f, 0x1.27a934p-2f);
    p = SC_FMAF(p, f, -0x1.7154bap-2f);
    p = SC_FMAF(p, f, 0x1.ec6fep-2f);
    p = SC_FMAF(p, f, -0x1.715476p-1f);
    /* log2(1 + f) = f + f (log2(e) - 1) + f^2 P(f). */
    float y = SC_FMAF(f, 0x1.c551d9b5p-2f, p * (f * f)) + f;
    return sc_log_special_f32(x, SC_FMAF(k, 0x1p-23f, y));
}

SC_MATH float sc_log10f(float x) {
    float k, f = sc_log_reduce_f32(x, &k);
    float p = -0x1.cec222p-5f;
    p = SC_FMAF(p, f, 0x1.fc189ep-5f);
    p = SC_FMAF(p, f, -0x1.b09cecp-5f);
    p = SC_FMAF(p, f, 0x1.effc4ep-5f);
    p = SC_FMAF(p, f, -0x1.28c0d8p-4f);
    p = SC_FMAF(p, f, 0x1.6408ecp-4f);
    p = SC_FMAF(p, f, -0x1.bcb688p-4f);
    p = SC_FMAF(p, f, 0x1.287a04p-3f);
    p = SC_FMAF(p, f, -0x1.bcb7b2p-3f);
    float y = SC_FMAF(k, 0x1.3509f8p-41f, SC_FMAF(f, -0x1.0d213ap-4f, p * (f * f)));
    return sc_log_special_f32(x, SC_FMAF(k, 0x1.344p-25f, SC_FMAF(f, 0.5f, y)));
}

SC_MATH float sc_log1pf(float x) {
    float u = 1.0f + x, k, f = sc_log_reduce_f32(u, &k);
    /* What u lost. */
    float c = (x > 1.0f ? 1.0f - (u - x) : x - (u - 1.0f)) / u;
    float y = SC_FMAF(k, 0x1.7f7d1cp-43f, c + sc_log_poly_f32(f)) + f;
    y = sc_log_special_f32(u, SC_FMAF(k, 0x1.62e4p-24f, y));
    return __builtin_fabsf(x) < 0x1p-25f ? x : y;
}

/* --- float: trigonometric functions, in double --------------------------------------------------------- */

/* The product of doubles that has no more than 53 bits, less the nearest multiple of 4. A product from 2^54 on is a
 * multiple of 4, and so is what is left of it. */
SC_MATH double sc_product_modulo_4(double x, double y) {
    return SC_FMA(x, y, -(SC_FMA(x, y, 0x1.8p54) - 0x1.8p54));
}

/* The distance of |x|, of any size, from the nearest multiple of pi / 2, in [-1/2, 1/2] of pi / 2. Which multiple
 * that is, modulo 4, stands in the low bits of `*quadrant`.
 *
 * 2 / pi is the sum of three numbers of 29 bits, whose products with x are exact, and a rest. Bits of 2 / pi that
 * make multiples of 4 of every x from 2^76 on are left out there: so four numbers are enough for all. */
SC_MATH double sc_quadrant_f32(float x, int64_t *quadrant) {
    const float a = __builtin_fabsf(x);
    const double v = (double)a;
    const bool huge = a >= 0x1p76f;
    /* All choices come first: compilers copy what stands between them to both sides. */
    const double c0 = huge ? 0x1.529fc27p-52 : 0x1.45f306dp-1, c1 = huge ? 0x1.5f47d4cp-82 : 0x1.9391054p-30;
    const double c2 = huge ? 0x1.377036dp-110 : 0x1.4fe13abp-59;
    const double c3 = huge ? 0x1.14acc9e21c821p-139 : 0x1.d1f534ddc0db6p-88;
    const double high = sc_product_modulo_4(v, c0), middle = sc_product_modulo_4(v, c1);
    const double low = sc_product_modulo_4(v, c2), m = high + middle + low + 0x1.8p52;
    *quadrant = sc_bits_f64(m);
    /* Where a sum is rounded, what comes after it is too small to cancel it. */
    return SC_FMA(v, c3, high - (m - 0x1.8p52) + middle + low);
}

/* sin(r pi / 2) and cos(r pi / 2) for |r| <= 1/2. */
SC_MATH double sc_sine_of(double r) {
    const double t = r * r, high = SC_FMA(t, -0x1.2d92789fa533p-8, 0x1.465e8f374707cp-4);
    return r * SC_FMA(t * t, high, SC_FMA(t, -0x1.4abbb8f99b16bp-1, 0x1.921fb52e61047p0));
}

SC_MATH double sc_cosine_of(double r) {
    const double t = r * r, high = SC_FMA(t, 0x1.d99e767da0a21p-11, -0x1.55c4e6a97bc29p-6);
    const double low = SC_FMA(t, -0x1.3bd3cc6e69d7bp0, 0x1.ffffffff8475ep-1);
    return SC_FMA(t * t, SC_FMA(t, high, 0x1.03c1daa627e06p-2), low);
}

/* The sine where `quadrant` is 0 or 2, the cosine where it is 1 or 3; the other sign in 2 and 3. */
SC_MATH float sc_in_quadrant_f32(float r, int32_t quadrant) {
    float t = r * r, s = -0x1.9954e8p-13f, c = 0x1.99e914p-16f;
    s = SC_FMAF(s, t, 0x1.11077ap-7f);
    s = SC_FMAF(s, t, -0x1.555546p-3f);
    s = SC_FMAF(s, r * t, r);
    c = SC_FMAF(c, t, -0x1.6c0c2ap-10f);
    c = SC_FMAF(c, t, 0x1.55554ap-5f);
    c = SC_FMAF(c, t, -0.5f);
    c = SC_FMAF(c, t, 1.0f);
    s = quadrant & 1 ? c : s;
    return sc_from_bits_f32(sc_bits_f32(s) ^ (int32_t)((uint32_t)(quadrant & 2) << 30));
}

SC_MATH float sc_sinf(float x) {
    int64_t quadrant;
    double r = sc_quadrant_f32(x, &quadrant);
    float y = sc_in_quadrant_f32((float)(r * 0x1.921fb54442d18p0), (int32_t)(uint32_t)quadrant);
    return sc_from_bits_f32(sc_bits_f32(y) ^ (sc_bits_f32(x) & INT32_MIN));
}

SC_MATH float sc_cosf(float x) {
    int64_t quadrant;
    double r = sc_quadrant_f32(x, &quadrant);
    return sc_in_quadrant_f32((float)(r * 0x1.921fb54442d18p0), (int32_t)((uint32_t)quadrant + 1));
}

SC_MATH float sc_tanf(float x) {
    int64_t quadrant;
    double r = sc_quadrant_f32(x, &quadrant), s = sc_sine_of(r), c = sc_cosine_of(r);
    const int32_t is_odd = (int32_t)(uint32_t)quadrant & 1;
    float y = (float)((is_odd ? -c : s) / (is_odd ? s : c));
    return sc_from_bits_f32(sc_bits_f32(y) ^ (sc_bits_f32(x) & INT32_MIN));
}

/* --- double: exponentials ------------------------------------------------------------------------------ */

/* The same for doubles of magnitude below 2^50. */
#define SC_MAGIC_F64 (0x1.8p52 + 1023.0)
#define SC_WIDE_F64 (0x1.8p52 + 2046.0)

SC_MATH double sc_scale_f64(double magic) { return sc_from_bits_f64((int64_t)((uint64_t)sc_bits_f64(magic) << 52)); }

/* p * 2^k for every k in [-2044, 2046], rounded once where the result has fewer bits. */
SC_MATH double sc_scale_by_f64(double p, double wide) {
    uint64_t whole = (uint64_t)sc_bits_f64(wide) << 52, half = (whole >> 1) & ((uint64_t)0x7ff << 52);
    return p * sc_from_bits_f64((int64_t)half) * sc_from_bits_f64((int64_t)(whole - half));
}

/* (e^r - 1 - r) / r^2 for |r| <= log(2) / 2. */
SC_MATH double sc_exp_rest_f64(double r) {
    double p = 0x1.ad7e70353ed68p-26;
    p = SC_FMA(p, r, 0x1.28ae32a968ad1p-22);
    p = SC_FMA(p, r, 0x1.71df272ed63d7p-19);
    p = SC_FMA(p, r, 0x1.a019994647c62p-16);
    p = SC_FMA(p, r, 0x1.a01a0128f717fp-13);
    p = SC_FMA(p, r, 0x1.6c16c1846f071p-10);
    p = SC_FMA(p, r, 0x1.1111111128186p-7);
    p = SC_FMA(p, r, 0x1.5555555550758p-5);
    p = SC_FMA(p, r, 0x1.55555555554f8p-3);
    p = SC_FMA(p, r, 0x1.000000000000ap-1);
    return p;
}

SC_MATH double sc_exp_poly_f64(double r) {
    return SC_FMA(SC_FMA(sc_exp_rest_f64(r), r, 1.0), r, 1.0);
}

SC_MATH double sc_exp_reduce_f64(double x, double *wide) {
    double m = SC_FMA(x, 0x1.71547652b82fep0, SC_WIDE_F64);
    double k = m - SC_WIDE_F64;
    *wide = m;
    return SC_FMA(k, -0x1.a39ef35793c76p-33, SC_FMA(k, -0x1.62e42feep-1, x));
}

SC_MATH double sc_exp(double x) {
    double m, r = sc_exp_reduce_f64(sc_within_f64(x, 746.0), &m);
    return sc_scale_by_f64(sc_exp_poly_f64(r), m);
}

SC_MATH double sc_exp2(double x) {
    x = sc_within_f64(x, 1080.0);
    double m = x + SC_WIDE_F64, f = x - (m - SC_WIDE_F64);
    /* f log(2) as r + low. */
    double r = f * 0x1.62e42fefa39efp-1;
#if SC_HAS_FMA
    double low = SC_FMA(f, 0x1.62e42fefa39efp-1, -r);
#else
    double low = 0.0;
#endif
    double p = 1.0 + (r + SC_FMA(r * r, sc_exp_rest_f64(r), low));
    return sc_scale_by_f64(p, m);
}

/* e^x - 1 for x in [-50, 710], halved. Loses bits of denormal numbers. */
SC_MATH double sc_half_expm1_f64(double x) {
    double m = SC_FMA(x, 0x1.71547652b82fep0, SC_MAGIC_F64);
    double k = m - SC_MAGIC_F64;
    double t = SC_FMA(k, -0x1.62e42feep-1, x);
    double r = SC_FMA(k, -0x1.a39ef35793c76p-33, t);
    double low = SC_FMA(k, -0x1.a39ef35793c76p-33, t - r);
    double s = sc_scale_f64(m - 1.0);
    return SC_FMA(s, SC_FMA(r * r, sc_exp_rest_f64(r), low), SC_FMA(s, r, s - 0.5));
}

SC_MATH double sc_expm1(double x) {
    double c = x < -50.0 ? -50.0 : x;
    c = c > 710.0 ? 710.0 : c;
    double y = sc_half_expm1_f64(c);
    return __builtin_fabs(x) < 0x1p-54 ? x : y + y;
}

SC_MATH double sc_sigmoid(double x) {
    double m, a = __builtin_fabs(x);
    a = a > 746.0 ? 746.0 : a;
    double r = sc_exp_reduce_f64(-a, &m);
    double e = sc_scale_by_f64(sc_exp_poly_f64(r), m);
    double d = 1.0 + e, n = x < 0.0 ? e : 1.0;
    double y = n / d;
    /* What rounding took from d and from y, times about 1 / d. */
    double lost = e - (d - 1.0);
#if SC_HAS_FMA
    double rest = SC_FMA(-y, lost, SC_FMA(-y, d, n));
#else
    double rest = -y * lost;
#endif
    return SC_FMA(rest, SC_FMA(e, -0.5, 1.0), y);
}

/* As sc_tanhf. */
SC_MATH double sc_tanh(double x) {
    double a = __builtin_fabs(x), c = a > 20.0 ? -40.0 : -(a + a);
    double m = SC_FMA(c, 0x1.71547652b82fep0, SC_MAGIC_F64), k = m - SC_MAGIC_F64;
    double t = SC_FMA(k, -0x1.62e42feep-1, c);
    double r = SC_FMA(k, -0x1.a39ef35793c76p-33, t);
    double low = SC_FMA(k, -0x1.a39ef35793c76p-33, t - r);
    double s = sc_scale_f64(m - 1.0), h = SC_FMA(r * r, sc_exp_rest_f64(r), low) + r;
    double y = SC_FMA(s, h, s - 0.5) / SC_FMA(s, h, s + 0.5);
    return a < 0x1p-28 ? x : __builtin_copysign(y, x);
}

/* e^a / 2 for a >= 0. */
SC_MATH double sc_half_exp_f64(double a) {
    double m, c = a > 711.0 ? 711.0 : a, r = sc_exp_reduce_f64(c, &m);
    return sc_scale_by_f64(sc_exp_poly_f64(r), m - 1.0);
}

SC_MATH double sc_cosh(double x) {
    double e = sc_half_exp_f64(__builtin_fabs(x));
    return e + 0.25 / e;
}

SC_MATH double sc_sinh(double x) {
    double a = __builtin_fabs(x), e = sc_half_exp_f64(a), t = x * x;
    double p = 0x1.b4c756659af7ap-41;
    p = SC_FMA(p, t, 0x1.611a562b381d3p-33);
    p = SC_FMA(p, t, 0x1.ae64671af7512p-26);
    p = SC_FMA(p, t, 0x1.71de3a465b465p-19);
    p = SC_FMA(p, t, 0x1.a01a01a02899ap-13);
    p = SC_FMA(p, t, 0x1.11111111110a6p-7);
    p = SC_FMA(p, t, 0x1.5555555555556p-3);
    return a < 1.0 ? SC_FMA(p * t, x, x) : __builtin_copysign(e - 0.25 / e, x);
}

/* --- double: logarithms -------------------------------------------------------------------------------- */

/* For x > 0: `*k` and f in [-1/3, 1/3] with x = 2^k (1 + f). */
SC_MATH double sc_log_reduce_f64(double x, double *k) {
    double scale = x < 0x1p-1022 ? 0x1p52 : 1.0;
    uint64_t i = (uint64_t)sc_bits_f64(x * scale), third = (uint64_t)0x3fe5555555555555;
    uint64_t whole = (i - third) & ~(((uint64_t)1 << 52) - 1);
    /* The exponent plus 2048 in the low bits of 2^52. */
    uint64_t one = (uint64_t)1023 << 52, count = whole - ((uint64_t)sc_bits_f64(scale) - one);
    count = (count + ((uint64_t)1 << 63)) >> 52 | (uint64_t)1075 << 52;
    *k = sc_from_bits_f64((int64_t)count) - (0x1p52 + 2048.0);
    return sc_from_bits_f64((int64_t)(i - whole)) - 1.0;
}

/* What every logarithm gives where x has none: -inf of zero, NaN of less and of NaN, inf of inf; else y. */
SC_MATH double sc_log_special_f64(double x, double y) {
    double none = x == 0.0 ? -__builtin_inf() : __builtin_nan("");
    y = x == __builtin_inf() ? x : y;
    return x > 0.0 ? y : none;
}

/* log(1 + f) - (f - f^2 / 2) for f in [-1/3, 1/3], with `*half` = f^2 / 2. */
SC_MATH double sc_log_rest_f64(double f, double *half) {
    double s = f / (2.0 + f), z = s * s, h = 0.5 * f * f;
    double p = 0x1.3af2d95707016p-3;
    p = SC_FMA(p, z, 0x1.384c1957e3aa2p-3);
    p = SC_FMA(p, z, 0x1.74753871dd321p-3);
    p = SC_FMA(p, z, 0x1.c71bff50b4a32p-3);
    p = SC_FMA(p, z, 0x1.249249b55b6cbp-2);
    p = SC_FMA(p, z, 0x1.99999998ec383p-2);
    p = SC_FMA(p, z, 0x1.5555555555787p-1);
    *half = h;
    return s * SC_FMA(p, z, h);
}

SC_MATH double sc_log(double x) {
    double k, h, f = sc_log_reduce_f64(x, &k), rest = sc_log_rest_f64(f, &h);
    double y = SC_FMA(k, 0x1.a39ef35793c76p-33, rest);
    y = SC_FMA(k, 0x1.62e42feep-1, f - (h - y));
    return sc_log_special_f64(x, y);
}

SC_MATH double sc_log1p(double x) {
    double u = 1.0 + x, k, h, f = sc_log_reduce_f64(u, &k), rest = sc_log_rest_f64(f, &h);
    /* What u lost. */
    double c = (x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
    double y = SC_FMA(k, 0x1.a39ef35793c76p-33, c + rest);
    y = SC_FMA(k, 0x1.62e42feep-1, f - (h - y));
    y = sc_log_special_f64(u, y);
    return __builtin_fabs(x) < 0x1p-54 ? x : y;
}

/* log(1 + f) as a number of few bits, so that products with it are exact, and the rest. */
SC_MATH double sc_log_split_f64(double f, double *low) {
    double h, rest = sc_log_rest_f64(f, &h);
    double high = sc_from_bits_f64(sc_bits_f64(f - h) & (int64_t)0xffffffff00000000);
    *low = ((f - high) - h) + rest;
    return high;
}

SC_MATH double sc_log2(double x) {
    double k, low, f = sc_log_reduce_f64(x, &k), high = sc_log_split_f64(f, &low);
    double b = high * 0x1.715476p0, w = k + b;
    double y = SC_FMA(low, 0x1.715476p0, (low + high) * 0x1.4ae0bf85ddf44p-26);
    y = w + (y + ((k - w) + b));
    return sc_log_special_f64(x, y);
}

SC_MATH double sc_log10(double x) {
    double k, low, f = sc_log_reduce_f64(x, &k), high = sc_log_split_f64(f, &low);
    double a = k * 0x1.34413509fp-2, b = high * 0x1.bcb7b1p-2, w = a + b;
    double y = SC_FMA(low, 0x1.bcb7b1p-2, (low + high) * 0x1.49b9438ca9aaep-28);
    y = w + (SC_FMA(k, 0x1.e7fbcc47c4acdp-40, y) + ((a - w) + b));
    return sc_log_special_f64(x, y);
}

/* --- double: the error function ------------------------------------------------------------------------ */

SC_MATH double sc_erf(double x) {
    double a = __builtin_fabs(x), t = x * x;
    /* From 1 on: 1 - 2^P(a). */
    double c = a > 6.0 ? 6.0 : a;
    double p = 0x1.24b737abcf0f6p-45;
    p = SC_FMA(p, c, -0x1.fa6e6abb9d4d1p-40);
    p = SC_FMA(p, c, 0x1.9ed59c1ce02c9p-35);
    p = SC_FMA(p, c, -0x1.ac05a4a9140efp-31);
    p = SC_FMA(p, c, 0x1.37fcd34eec139p-27);
    p = SC_FMA(p, c, -0x1.5561c89a0c438p-24);
    p = SC_FMA(p, c, 0x1.2271c8a6c79b8p-21);
    p = SC_FMA(p, c, -0x1.87f3f3b1af642p-19);
    p = SC_FMA(p, c, 0x1.a67119a273d5p-17);
    p = SC_FMA(p, c, -0x1.687e5a271b21p-15);
    p = SC_FMA(p, c, 0x1.d4c4486489ed5p-14);
    p = SC_FMA(p, c, -0x1.978060bd46891p-13);
    p = SC_FMA(p, c, 0x1.629fd8b7c2bf9p-14);
    p = SC_FMA(p, c, 0x1.7f7cf307893ap-11);
    p = SC_FMA(p, c, -0x1.3434e1ad6f2bfp-9);
    p = SC_FMA(p, c, 0x1.f912f0dd6b90ap-13);
    p = SC_FMA(p, c, 0x1.c4a33a3c60a7cp-6);
    p = SC_FMA(p, c, -0x1.2faddc0bfd805p-3);
    p = SC_FMA(p, c, -0x1.d63e7354930cep-1);
    p = SC_FMA(p, c, -0x1.a0be8c2234b04p0);
    p = SC_FMA(p, c, 0x1.4cab6fb71b622p-25);
    double m = p + SC_MAGIC_F64, r = (p - (m - SC_MAGIC_F64)) * 0x1.62e42fefa39efp-1;
    double big = SC_FMA(-sc_scale_f64(m), sc_exp_poly_f64(r), 1.0);
    /* Below: x + x P(x^2). */
    double q = -0x1.abae41df98bf3p-31;
    q = SC_FMA(q, t, 0x1.d71b0944a2c73p-27);
    q = SC_FMA(q, t, -0x1.5c072592b3a6ep-23);
    q = SC_FMA(q, t, 0x1.b97fd389c348dp-20);
    q = SC_FMA(q, t, -0x1.f4ca4d64cee1ap-17);
    q = SC_FMA(q, t, 0x1.f9a2baa82a6fbp-14);
    q = SC_FMA(q, t, -0x1.c02db03dccb51p-11);
    q = SC_FMA(q, t, 0x1.565bccf92ae08p-8);
    q = SC_FMA(q, t, -0x1.b82ce311fa912p-6);
    q = SC_FMA(q, t, 0x1.ce2f21a040d15p-4);
    q = SC_FMA(q, t, -0x1.812746b0379bdp-2);
    q = SC_FMA(q, t, 0x1.06eba8214db69p-3);
    return a < 1.0 ? SC_FMA(q, x, x) : __builtin_copysign(big, x);
}

/* --- float: powers, in double -------------------------------------------------------------------------- */

/* log2(x) for a finite float x > 0, within 2^-37 of itself; some number for any other. */
SC_MATH double sc_log2_of_f32(float x) {
    uint64_t i = (uint64_t)sc_bits_f64((double)x), root = (uint64_t)0x3fe6a09e667f3bcd;
    uint64_t whole = (i - root) & ~(((uint64_t)1 << 52) - 1);
    /* The exponent plus 2048 in the low bits of 2^52. */
    uint64_t count = (whole + ((uint64_t)1 << 63)) >> 52 | (uint64_t)1075 << 52;
    double k = sc_from_bits_f64((int64_t)count) - (0x1p52 + 2048.0);
    double f = sc_from_bits_f64((int64_t)(i - whole)) - 1.0, s = f / (2.0 + f), z = s * s;
    double p = 0x1.5ce8454994023p-2;
    p = SC_FMA(p, z, 0x1.a58d898b023dp-2);
    p = SC_FMA(p, z, 0x1.27777fe716773p-1);
    p = SC_FMA(p, z, 0x1.ec709d12d0f56p-1);
    p = SC_FMA(p, z, 0x1.71547652bedf3p1);
    return SC_FMA(p, s, k);
}

/* 2^x, rounded to float. */
SC_MATH float sc_exp2_to_f32(double x) {
    x = sc_within_f64(x, 160.0);
    double m = x + SC_MAGIC_F64, r = x - (m - SC_MAGIC_F64);
    double p = 0x1.41d333d34ccd5p-13;
    p = SC_FMA(p, r, 0x1.5f456a8ef562dp-10);
    p = SC_FMA(p, r, 0x1.3b2dbbc066705p-7);
    p = SC_FMA(p, r, 0x1.c6aed4b946d84p-5);
    p = SC_FMA(p, r, 0x1.ebfbdadcb1701p-3);
    p = SC_FMA(p, r, 0x1.62e430c7e92d5p-1);
    p = SC_FMA(p, r, 0x1.0000000261508p0);
    return (float)(p * sc_scale_f64(m));
}

/* Special values are those of annex F of the C standard. */
SC_MATH float sc_powf(float x, float y) {
    const float a = __builtin_fabsf(x), b = __builtin_fabsf(y), infinity = __builtin_inff();
    double logarithm = sc_log2_of_f32(a);
    logarithm = a == 0.0f ? -__builtin_inf() : logarithm;
    logarithm = a < infinity ? logarithm : (double)a;
    float z = sc_exp2_to_f32((double)y * logarithm);
    z = a == 1.0f ? 1.0f : z;
    /* Below 2^23 the last bit of b + 2^23 is that of b's whole part; from 2^24 on all numbers are even. */
    const float u = b < 0x1p23f ? b + 0x1p23f : b, whole = b < 0x1p23f ? u - 0x1p23f : b;
    uint32_t odd = b < 0x1p24f ? (uint32_t)sc_bits_f32(u) : 0u;
    odd = whole == b ? odd : 0u;
    float of_less = whole == b ? z : __builtin_nanf("");
    of_less = a < infinity ? of_less : z;
    z = x < 0.0f ? of_less : z;
    z = sc_from_bits_f32(sc_bits_f32(z) ^ (int32_t)(odd << 31 & (uint32_t)sc_bits_f32(x)));
    return y == 0.0f ? 1.0f : z;
}

SC_MATH float sc_cbrtf(float x) {
    const float a = __builtin_fabsf(x);
    float y = sc_copysignf(sc_exp2_to_f32(sc_log2_of_f32(a) * (1.0 / 3.0)), x);
    y = a < __builtin_inff() ? y : x;
    return a > 0.0f ? y : x;
}

/* Infinity if one is infinite, even if the other is NaN. */
SC_MATH float sc_hypotf(float x, float y) {
    const double v = (double)x, w = (double)y;
    float z = (float)__builtin_sqrt(SC_FMA(v, v, w * w));
    z = __builtin_fabsf(x) == __builtin_inff() ? __builtin_inff() : z;
    return __builtin_fabsf(y) == __builtin_inff() ? __builtin_inff() : z;
}

/* --- float: inverse functions, in double --------------------------------------------------------------- */

/* The angle of the point (x, y), its signed zeros and infinities as in annex F of the C standard. */
SC_MATH double sc_angle_of(double y, double x) {
    const double a = __builtin_fabs(x), b = __builtin_fabs(y);
    const double less = b > a ? a : b, more = b > a ? b : a;
    /* Of two zeros 0, of two infinities 1. */
    const double same = less == 0.0 ? 0.0 : 1.0, t = less == more ? same : less / more, z = t * t;
    double p = -0x1.cbc83ba9ed065p-10;
    p = SC_FMA(p, z, 0x1.5f801cff4fff1p-7);
    p = SC_FMA(p, z, -0x1.f8b3d481f2e4cp-6);
    p = SC_FMA(p, z, 0x1.d7777f85b83e7p-5);
    p = SC_FMA(p, z, -0x1.57228450f4f32p-4);
    p = SC_FMA(p, z, 0x1.c02f81ae82f1bp-4);
    p = SC_FMA(p, z, -0x1.24159a8e7ec8dp-3);
    p = SC_FMA(p, z, 0x1.999082511d747p-3);
    p = SC_FMA(p, z, -0x1.555533fc59362p-2);
    p = SC_FMA(p, z, 0x1.ffffffeba5a3p-1) * t;
    p = b > a ? 0x1.921fb54442d18p0 - p : p;
    p = sc_copysign(1.0, x) < 0.0 ? 0x1.921fb54442d18p1 - p : p;
    return sc_copysign(p, y);
}

SC_MATH float sc_atan2f(float y, float x) { return (float)sc_angle_of((double)y, (double)x); }
SC_MATH float sc_atanf(float x) { return (float)sc_angle_of((double)x, 1.0); }

SC_MATH float sc_asinf(float x) {
    const double v = (double)x;
    return (float)sc_angle_of(v, __builtin_sqrt((1.0 - v) * (1.0 + v)));
}

SC_MATH float sc_acosf(float x) {
    const double v = (double)x;
    return (float)sc_angle_of(__builtin_sqrt((1.0 - v) * (1.0 + v)), v);
}

SC_MATH float sc_asinhf(float x) {
    const double a = (double)__builtin_fabsf(x);
    const float y = sc_copysignf((float)sc_log(a + __builtin_sqrt(SC_FMA(a, a, 1.0))), x);
    return a < 0x1p-14 ? x : y;
}

SC_MATH float sc_acoshf(float x) {
    const double v = (double)x;
    const float y = (float)sc_log(v + __builtin_sqrt((v - 1.0) * (v + 1.0)));
    return x < 1.0f ? __builtin_nanf("") : y;
}

SC_MATH float sc_atanhf(float x) {
    const double a = (double)__builtin_fabsf(x);
    const float y = sc_copysignf((float)(0.5 * sc_log((1.0 + a) / (1.0 - a))), x);
    return a < 0x1p-13 ? x : y;
}

#ifdef __cplusplus
}
#endif
#endif
