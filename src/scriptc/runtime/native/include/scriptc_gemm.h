/* scriptc_gemm.h: matrix products, C = A B, for float and double. No BLAS.
 *
 * A is m x k and B is k x n, each with any strides (in elements); C is row-major with a row stride.
 * A tile of C, SC_GEMM_ROWS rows by two vectors, stays in registers while k runs. B comes in panels
 * of two vectors: packed once for all rows of A, or read in place where few rows would not repay
 * that. Rows of A are copied side by side where their place in memory would make them evict each other.
 * Each element is a chain of fused multiply-adds in the order of k, in blocks of about SC_GEMM_KC
 * that are then added up (a single row or column: in as many chains as a vector has elements). Its
 * error is within k * eps * sum |a| |b|. No result depends on the number of threads.
 *
 * sc_gemm_f32(ws, slot, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row) needs one scratch slot
 * and returns 0, or 1 where there is no memory.
 * sc_gemm_pack_f32(k, n, b, b_row, b_col, to) packs a whole B, of sc_gemm_packed_f32(k, n) elements,
 * for sc_gemm_with_f32(ws, slot, m, n, k, a, a_row, a_col, packed, c, c_row).
 * What follows a product (a bias, an activation) is best done on blocks of SC_GEMM_BLOCK rows, each
 * a call of sc_gemm_with_f32 for these rows: their part of C is then still in the cache. An element
 * has the same bits whatever rows its call has, but for calls with one row alone.
 */
#ifndef SCRIPTC_GEMM_H
#define SCRIPTC_GEMM_H

/* Kernels take long to compile and depend on no program. They are static functions as a rule; with
 * SC_KERNELS_APART they are in objects of their own, which are linked: SC_KERNELS_gemm_f32 makes the object
 * of those for float, and so on. */
#if defined(SC_KERNELS_APART)
#define SC_KERNEL __attribute__((visibility("hidden")))
#else
#define SC_KERNEL static __attribute__((unused))
#endif

#include "scriptc.h"
#include "scriptc_threads.h"

/* Where sizes are known, gcc finds loops in copies of these functions that would leave memory, and that
 * the sizes keep from being reached. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Waggressive-loop-optimizations"
#endif

#define SC_GEMM_KC 320
#define SC_GEMM_BLOCK 144
#define SC_GEMM_THREADED 1000000 /* products with fewer multiplications stay in one thread */

/* With masks, vectors are loaded and stored in part. */
#if defined(__AVX512F__)
#include <immintrin.h>
#define SC_GEMM_BYTES 64
#define SC_GEMM_ROWS 12
#define SC_GEMM_MASKS 1
#elif defined(__AVX__)
#define SC_GEMM_BYTES 32
#define SC_GEMM_ROWS 6
#define SC_GEMM_MASKS 0
#else
#define SC_GEMM_BYTES 16
#define SC_GEMM_ROWS 6
#define SC_GEMM_MASKS 0
#endif

/* Multiplications and additions of these functions, and of no others, are fused. */
#if defined(__clang__)
#define SC_FUSED __attribute__((unused))
#define SC_FUSE _Pragma("clang fp contract(fast)")
#else
#define SC_FUSED __attribute__((unused, optimize("fp-contract=fast")))
#define SC_FUSE
#endif

/* The rows of a tile, one by one. */
#define SC_EACH_1(f) f(0)
#define SC_EACH_2(f) SC_EACH_1(f) f(1)
#define SC_EACH_3(f) SC_EACH_2(f) f(2)
#define SC_EACH_4(f) SC_EACH_3(f) f(3)
#define SC_EACH_6(f) SC_EACH_4(f) f(4) f(5)
#define SC_EACH_8(f) SC_EACH_6(f) f(6) f(7)
#define SC_EACH_12(f) SC_EACH_8(f) f(8) f(9) f(10) f(11)

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define SC_GEMM_SHUFFLES 1
#endif
#endif
#ifndef SC_GEMM_SHUFFLES
#define SC_GEMM_SHUFFLES 0
#endif

typedef float sc_gemm_v_f32 __attribute__((vector_size(SC_GEMM_BYTES), aligned(4), may_alias));
typedef double sc_gemm_v_f64 __attribute__((vector_size(SC_GEMM_BYTES), aligned(8), may_alias));

/* The first `count` elements of a vector: from memory, with zeros behind them; to memory. */
#if SC_GEMM_MASKS
SC_INLINE sc_gemm_v_f32 sc_gemm_load_f32(const float *from, int64_t count) {
    return (sc_gemm_v_f32)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}
SC_INLINE void sc_gemm_store_f32(float *to, sc_gemm_v_f32 v, int64_t count) {
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)v);
}
SC_INLINE sc_gemm_v_f64 sc_gemm_load_f64(const double *from, int64_t count) {
    return (sc_gemm_v_f64)_mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), from);
}
SC_INLINE void sc_gemm_store_f64(double *to, sc_gemm_v_f64 v, int64_t count) {
    _mm512_mask_storeu_pd(to, (__mmask8)((1u << count) - 1), (__m512d)v);
}
#else
SC_INLINE sc_gemm_v_f32 sc_gemm_load_f32(const float *from, int64_t count) {
    if (count == SC_GEMM_BYTES / 4) return *(const sc_gemm_v_f32 *)from;
    sc_gemm_v_f32 v = {0};
    memcpy(&v, from, (size_t)count * sizeof *from);
    return v;
}
SC_INLINE void sc_gemm_store_f32(float *to, sc_gemm_v_f32 v, int64_t count) {
    if (count == SC_GEMM_BYTES / 4)
        *(sc_gemm_v_f32 *)to = v;
    else
        memcpy(to, &v, (size_t)count * sizeof *to);
}
SC_INLINE sc_gemm_v_f64 sc_gemm_load_f64(const double *from, int64_t count) {
    if (count == SC_GEMM_BYTES / 8) return *(const sc_gemm_v_f64 *)from;
    sc_gemm_v_f64 v = {0};
    memcpy(&v, from, (size_t)count * sizeof *from);
    return v;
}
SC_INLINE void sc_gemm_store_f64(double *to, sc_gemm_v_f64 v, int64_t count) {
    if (count == SC_GEMM_BYTES / 8)
        *(sc_gemm_v_f64 *)to = v;
    else
        memcpy(to, &v, (size_t)count * sizeof *to);
}
#endif

/* Two vectors zipped: the elements of their lower halves in turn, and those of their upper halves. */
#if SC_GEMM_SHUFFLES
#define SC_ZIP_2(x, y, f) __builtin_shufflevector(x, y, f, (f) + 2)
#define SC_ZIP_4(x, y, f) __builtin_shufflevector(x, y, f, (f) + 4, (f) + 1, (f) + 5)
#define SC_ZIP_8(x, y, f) \
    __builtin_shufflevector(x, y, f, (f) + 8, (f) + 1, (f) + 9, (f) + 2, (f) + 10, (f) + 3, (f) + 11)
#define SC_ZIP_16(x, y, f)                                                                           \
    __builtin_shufflevector(                                                                         \
        x, y, f, (f) + 16, (f) + 1, (f) + 17, (f) + 2, (f) + 18, (f) + 3, (f) + 19, (f) + 4, (f) + 20, \
        (f) + 5, (f) + 21, (f) + 6, (f) + 22, (f) + 7, (f) + 23)
#if SC_GEMM_BYTES == 64
#define SC_ZIP_f32(x, y, high) SC_ZIP_16(x, y, (high) * 8)
#define SC_ZIP_f64(x, y, high) SC_ZIP_8(x, y, (high) * 4)
#elif SC_GEMM_BYTES == 32
#define SC_ZIP_f32(x, y, high) SC_ZIP_8(x, y, (high) * 4)
#define SC_ZIP_f64(x, y, high) SC_ZIP_4(x, y, (high) * 2)
#else
#define SC_ZIP_f32(x, y, high) SC_ZIP_4(x, y, (high) * 2)
#define SC_ZIP_f64(x, y, high) SC_ZIP_2(x, y, high)
#endif
#endif

/* How many rows the next tile has, of those that are left. */
SC_INLINE int64_t sc_gemm_height(int64_t left) {
#if SC_GEMM_ROWS > 6
    if (left >= 12) return 12;
    if (left == 8 || left == 11) return 8;
#endif
    return left >= 6 ? 6 : left == 5 ? 3 : left;
}

/* In how large even blocks k is done. */
SC_INLINE int64_t sc_gemm_depth(int64_t k, int64_t lanes) {
    if (k <= SC_GEMM_KC) return k;
    const int64_t blocks = (k + SC_GEMM_KC - 1) / SC_GEMM_KC;
    return ((k + blocks - 1) / blocks + lanes - 1) / lanes * lanes;
}

#if defined(SC_KERNELS_APART) && !defined(SC_KERNELS_gemm_f32)
#define SC_KERNELS_ELSEWHERE 1
#else
#define SC_KERNELS_ELSEWHERE 0
#endif
#define SC_GEMM_T float
#define SC_GEMM_(name) name##_f32
#define SC_GEMM_ZIP SC_ZIP_f32
#include "scriptc_gemm_of.h"
#undef SC_KERNELS_ELSEWHERE
#undef SC_GEMM_T
#undef SC_GEMM_
#undef SC_GEMM_ZIP

#if defined(SC_KERNELS_APART) && !defined(SC_KERNELS_gemm_f64)
#define SC_KERNELS_ELSEWHERE 1
#else
#define SC_KERNELS_ELSEWHERE 0
#endif
#define SC_GEMM_T double
#define SC_GEMM_(name) name##_f64
#define SC_GEMM_ZIP SC_ZIP_f64
#include "scriptc_gemm_of.h"
#undef SC_KERNELS_ELSEWHERE
#undef SC_GEMM_T
#undef SC_GEMM_
#undef SC_GEMM_ZIP

#endif
