/* scriptc_conv.h: convolutions for float and double, without a copy of the windows.
 *
 * The input is described by its windows: element (i, j) of the window of channel c that gives the output
 * at row r and column q lies at x[c * channel + i * tap_row + j * tap_column + r * row + q * column].
 * Strides, dilation, and inputs of one or two dimensions are all a matter of these strides; padding is
 * up to the caller, who pads the input. Batches and groups are calls of their own.
 * The output has, for each output channel, its rows and columns without gaps, and y_row elements from a
 * channel to the next. Weights are a matrix: a row for each output channel, and in it channel, row and
 * column of the window in this order.
 *
 * A tile is some pixels of the output by two vectors of output channels, which stays in registers while
 * the elements of the window run; it is turned on its way to the output. Each element of the output is a
 * chain of fused multiply-adds in the order of the window, in blocks of at most SC_GEMM_KC that are then
 * added up; its error is within size * eps * sum |x| |w|. No result depends on the number of threads.
 *
 * sc_conv_pack_f32(outputs, size, weights, weights_row, to) packs weights into sc_conv_packed_f32(outputs,
 * size) elements, for sc_conv_with_f32(ws, slot, outputs, &windows, x, packed, y, y_row).
 * sc_conv_f32(ws, slot, outputs, &windows, x, weights, weights_row, y, y_row) takes them as they are.
 * Both return 0, or 1 where there is no memory, and need the scratch slots `slot` and, the second,
 * `slot` + 1. What follows a convolution is best done on blocks of some rows of the output, each a call
 * for these rows: y_row is then still that of the whole output. An element has the same bits for all.
 */
#ifndef SCRIPTC_CONV_H
#define SCRIPTC_CONV_H

#include "scriptc_gemm.h"

#define SC_CONV_PIXELS 168       /* how many pixels are done at a time */
#define SC_CONV_FEW 400          /* with fewer pixels, weights are not packed for one call */

typedef struct sc_windows {
    int64_t inputs, high, wide; /* a window */
    int64_t rows, columns;      /* the output */
    int64_t channel, tap_row, tap_column, row, column; /* strides */
} sc_windows;

/* How many elements a window has. */
SC_INLINE int64_t sc_windows_size(const sc_windows *w) { return w->inputs * w->high * w->wide; }

/* Writes where each element of the first window lies. */
SC_INLINE void sc_windows_places(const sc_windows *w, int64_t *to) {
    for (int64_t c = 0; c < w->inputs; c++)
        for (int64_t i = 0; i < w->high; i++)
            for (int64_t j = 0; j < w->wide; j++) *to++ = c * w->channel + i * w->tap_row + j * w->tap_column;
}

#if defined(SC_KERNELS_APART) && !defined(SC_KERNELS_conv_f32)
#define SC_KERNELS_ELSEWHERE 1
#else
#define SC_KERNELS_ELSEWHERE 0
#endif
#define SC_GEMM_T float
#define SC_GEMM_(name) name##_f32
#include "scriptc_conv_of.h"
#undef SC_KERNELS_ELSEWHERE
#undef SC_GEMM_T
#undef SC_GEMM_

#if defined(SC_KERNELS_APART) && !defined(SC_KERNELS_conv_f64)
#define SC_KERNELS_ELSEWHERE 1
#else
#define SC_KERNELS_ELSEWHERE 0
#endif
#define SC_GEMM_T double
#define SC_GEMM_(name) name##_f64
#include "scriptc_conv_of.h"
#undef SC_KERNELS_ELSEWHERE
#undef SC_GEMM_T
#undef SC_GEMM_

#endif
