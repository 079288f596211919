/* scriptc_gemm.h: matrix products, C = A B, for float and double. No BLAS.
 *
 * A is m x k and B is k x n, each with any strides (in elements); C is row-major with a row stride.
 * A tile of C, MR rows by some vectors, stays in registers while k runs. B comes in panels of two
 * vectors: packed once for all rows of A, or read in place where few rows would not repay that.
 * Each element is a chain of fused multiply-adds, or a few whose sums are added up, in blocks of
 * SC_GEMM_KC; its error is within k * eps * sum |a| |b|.
 *
 * sc_gemm_f32(ws, slot, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row): three scratch slots from
 * `slot` on; returns 0, or 1 where there is no memory.
 * sc_gemm_pack_f32 packs a whole B, of sc_gemm_packed_f32(k, n) elements, for sc_gemm_with_f32.
 */
#ifndef SCRIPTC_GEMM_H
#define SCRIPTC_GEMM_H

#include "scriptc.h"

#define SC_GEMM_KC 256

#if defined(__AVX512F__)
#define SC_GEMM_BYTES 64
#define SC_GEMM_ROWS 12
#define SC_GEMM_WIDE 8
#elif defined(__AVX__)
#define SC_GEMM_BYTES 32
#define SC_GEMM_ROWS 6
#define SC_GEMM_WIDE 8
#else
#define SC_GEMM_BYTES 16
#define SC_GEMM_ROWS 6
#define SC_GEMM_WIDE 8
#endif

/* Multiplications and additions of these functions, and of no others, are fused. */
#if defined(__clang__)
#define SC_FUSED __attribute__((unused))
#define SC_FUSE _Pragma("clang fp contract(fast)")
#else
#define SC_FUSED __attribute__((unused, optimize("fp-contract=fast")))
#define SC_FUSE
#endif

#define SC_GEMM_T float
#define SC_GEMM_(name) name##_f32
#include "scriptc_gemm_of.h"
#undef SC_GEMM_T
#undef SC_GEMM_

#define SC_GEMM_T double
#define SC_GEMM_(name) name##_f64
#include "scriptc_gemm_of.h"
#undef SC_GEMM_T
#undef SC_GEMM_

#endif
