/* The convolutions of scriptc_conv.h for one type: SC_GEMM_T, with names made by SC_GEMM_. */
#define SC_V SC_GEMM_(sc_gemm_v)
#define SC_LANES ((int64_t)(SC_GEMM_BYTES / sizeof(SC_GEMM_T)))
#define SC_PANEL (2 * SC_LANES)

/* The kernels. */
SC_KERNEL int SC_GEMM_(sc_conv_with)(
    sc_workspace *ws, int slot, int64_t outputs, const sc_windows *windows, const SC_GEMM_T *x,
    const SC_GEMM_T *packed, SC_GEMM_T *y, int64_t y_row);
SC_KERNEL int SC_GEMM_(sc_conv)(
    sc_workspace *ws, int slot, int64_t outputs, const sc_windows *windows, const SC_GEMM_T *x,
    const SC_GEMM_T *weights, int64_t weights_row, SC_GEMM_T *y, int64_t y_row);

/* How many elements packed weights have. */
SC_INLINE int64_t SC_GEMM_(sc_conv_packed)(int64_t outputs, int64_t size) {
    return SC_GEMM_(sc_gemm_packed)(size, outputs);
}

/* Packs weights: a row of `size` elements for each output channel. */
SC_INLINE void SC_GEMM_(sc_conv_pack)(
    int64_t outputs, int64_t size, const SC_GEMM_T *weights, int64_t weights_row, SC_GEMM_T *to) {
    SC_GEMM_(sc_gemm_pack)(size, outputs, weights, 1, weights_row, to);
}

#if !SC_KERNELS_ELSEWHERE

/* A tile: EACH pixels by the output channels of one vector, or of two. `place` says where elements of a
 * window lie from its first, `pixel` where the windows of the pixels begin. */
#define SC_PIXEL(i) const int64_t at##i = pixel[i];
#define SC_PIXEL_1(i) SC_V t##i = {0};
#define SC_PIXEL_ADD_1(i) t##i += from[at##i] * w;
#define SC_PIXEL_END_1(i)                                   \
    if (add) t##i += *(const SC_V *)(sums + i * SC_PANEL);  \
    *(SC_V *)(sums + i * SC_PANEL) = t##i;
#define SC_PIXEL_2(i) SC_V t##i = {0}, u##i = {0};
#define SC_PIXEL_ADD_2(i)                 \
    {                                     \
        const SC_GEMM_T s = from[at##i];  \
        t##i += s * w;                    \
        u##i += s * v;                    \
    }
#define SC_PIXEL_END_2(i)                                             \
    if (add) {                                                        \
        t##i += *(const SC_V *)(sums + i * SC_PANEL);                 \
        u##i += *(const SC_V *)(sums + i * SC_PANEL + SC_LANES);      \
    }                                                                 \
    *(SC_V *)(sums + i * SC_PANEL) = t##i;                            \
    *(SC_V *)(sums + i * SC_PANEL + SC_LANES) = u##i;
#define SC_CONV_TILE(PIXELS)                                                                      \
    static SC_FUSED void SC_GEMM_(sc_conv_tile_##PIXELS##_1)(                                     \
        int64_t depth, const int64_t *place, const SC_GEMM_T *x, const int64_t *pixel,            \
        const SC_GEMM_T *weights, SC_GEMM_T *sums, bool add) {                                    \
        SC_FUSE                                                                                   \
        SC_EACH_##PIXELS(SC_PIXEL) SC_EACH_##PIXELS(SC_PIXEL_1)                                   \
        for (int64_t p = 0; p < depth; p++, weights += SC_PANEL) {                                \
            const SC_V w = *(const SC_V *)weights;                                                \
            const SC_GEMM_T *from = x + place[p];                                                 \
            SC_EACH_##PIXELS(SC_PIXEL_ADD_1)                                                      \
        }                                                                                         \
        SC_EACH_##PIXELS(SC_PIXEL_END_1)                                                          \
    }                                                                                             \
    static SC_FUSED void SC_GEMM_(sc_conv_tile_##PIXELS##_2)(                                     \
        int64_t depth, const int64_t *place, const SC_GEMM_T *x, const int64_t *pixel,            \
        const SC_GEMM_T *weights, SC_GEMM_T *sums, bool add) {                                    \
        SC_FUSE                                                                                   \
        SC_EACH_##PIXELS(SC_PIXEL) SC_EACH_##PIXELS(SC_PIXEL_2)                                   \
        for (int64_t p = 0; p < depth; p++, weights += SC_PANEL) {                                \
            const SC_V w = *(const SC_V *)weights, v = *(const SC_V *)(weights + SC_LANES);       \
            const SC_GEMM_T *from = x + place[p];                                                 \
            SC_EACH_##PIXELS(SC_PIXEL_ADD_2)                                                      \
        }                                                                                         \
        SC_EACH_##PIXELS(SC_PIXEL_END_2)                                                          \
    }

SC_CONV_TILE(1)
SC_CONV_TILE(2)
SC_CONV_TILE(3)
SC_CONV_TILE(4)
SC_CONV_TILE(6)
#if SC_GEMM_ROWS > 6
SC_CONV_TILE(8)
SC_CONV_TILE(12)
#endif

/* Any number of pixels. */
#define SC_CONV_TILES(VECTORS)                                                                            \
    static __attribute__((unused)) void SC_GEMM_(sc_conv_tiles_##VECTORS)(                                \
        int64_t pixels, int64_t depth, const int64_t *place, const SC_GEMM_T *x, const int64_t *pixel,    \
        const SC_GEMM_T *weights, SC_GEMM_T *sums, bool add) {                                            \
        while (pixels > 0) {                                                                              \
            const int64_t some = sc_gemm_height(pixels);                                                  \
            switch (some) {                                                                               \
                SC_CONV_HIGH(VECTORS)                                                                     \
                SC_CONV_CASE(6, VECTORS)                                                                  \
                SC_CONV_CASE(4, VECTORS)                                                                  \
                SC_CONV_CASE(3, VECTORS)                                                                  \
                SC_CONV_CASE(2, VECTORS)                                                                  \
                default: SC_GEMM_(sc_conv_tile_1_##VECTORS)(depth, place, x, pixel, weights, sums, add);  \
            }                                                                                             \
            pixel += some;                                                                                \
            sums += some * SC_PANEL;                                                                      \
            pixels -= some;                                                                               \
        }                                                                                                 \
    }
#define SC_CONV_CASE(PIXELS, VECTORS) \
    case PIXELS: SC_GEMM_(sc_conv_tile_##PIXELS##_##VECTORS)(depth, place, x, pixel, weights, sums, add); break;
#if SC_GEMM_ROWS > 6
#define SC_CONV_HIGH(VECTORS) SC_CONV_CASE(12, VECTORS) SC_CONV_CASE(8, VECTORS)
#else
#define SC_CONV_HIGH(VECTORS)
#endif
SC_CONV_TILES(1)
SC_CONV_TILES(2)

typedef struct SC_GEMM_(sc_conv_job) {
    const sc_windows *windows;
    const int64_t *place;
    const SC_GEMM_T *x, *packed;
    SC_GEMM_T *y;
    int64_t outputs, size, y_row, depth;
    int64_t block; /* how many pixels are done at a time */
    bool by_pixels; /* threads share the pixels, else the panels */
} SC_GEMM_(sc_conv_job);

/* Panels first..last of the pixels begin..end. */
static __attribute__((unused)) void SC_GEMM_(sc_conv_part)(
    const SC_GEMM_(sc_conv_job) * job, int64_t begin, int64_t end, int64_t first, int64_t last) {
    const sc_windows *w = job->windows;
    int64_t pixel[SC_CONV_PIXELS];
    SC_GEMM_T sums[SC_CONV_PIXELS * 2 * SC_GEMM_BYTES / sizeof(SC_GEMM_T)] __attribute__((aligned(64)));
    for (int64_t at = begin; at < end; at += job->block) {
        const int64_t pixels = end - at < job->block ? end - at : job->block;
        int64_t row = at / w->columns, column = at % w->columns;
        for (int64_t i = 0; i < pixels; i++) {
            pixel[i] = row * w->row + column * w->column;
            if (++column == w->columns) {
                column = 0;
                row++;
            }
        }
        for (int64_t j = first * SC_PANEL; j < last * SC_PANEL; j += SC_PANEL) {
            const int64_t channels = job->outputs - j < SC_PANEL ? job->outputs - j : SC_PANEL;
            for (int64_t p = 0; p < job->size; p += job->depth) {
                const int64_t depth = job->size - p < job->depth ? job->size - p : job->depth;
                const SC_GEMM_T *weights = job->packed + j * job->size + p * SC_PANEL;
                if (channels > SC_LANES)
                    SC_GEMM_(sc_conv_tiles_2)(pixels, depth, job->place + p, job->x, pixel, weights, sums, p > 0);
                else
                    SC_GEMM_(sc_conv_tiles_1)(pixels, depth, job->place + p, job->x, pixel, weights, sums, p > 0);
            }
            SC_GEMM_(sc_gemm_turn)(pixels, channels, sums, SC_PANEL, job->y + j * job->y_row + at, job->y_row);
        }
    }
}

static __attribute__((unused)) void SC_GEMM_(sc_conv_body)(void *arg, int64_t begin, int64_t end, int worker) {
    const SC_GEMM_(sc_conv_job) *job = (const SC_GEMM_(sc_conv_job) *)arg;
    const int64_t pixels = job->windows->rows * job->windows->columns;
    (void)worker;
    if (job->by_pixels) {
        const int64_t last = end * job->block < pixels ? end * job->block : pixels;
        SC_GEMM_(sc_conv_part)(job, begin * job->block, last, 0, (job->outputs + SC_PANEL - 1) / SC_PANEL);
    } else {
        SC_GEMM_(sc_conv_part)(job, 0, pixels, begin, end);
    }
}

/* A convolution with packed weights; returns 1 where there is no memory. */
SC_KERNEL int SC_GEMM_(sc_conv_with)(
    sc_workspace *ws, int slot, int64_t outputs, const sc_windows *windows, const SC_GEMM_T *x,
    const SC_GEMM_T *packed, SC_GEMM_T *y, int64_t y_row) {
    const int64_t size = sc_windows_size(windows), pixels = windows->rows * windows->columns;
    if (pixels == 0 || outputs == 0) return 0;
    if (size == 0) {
        for (int64_t o = 0; o < outputs; o++) memset(y + o * y_row, 0, (size_t)pixels * sizeof(SC_GEMM_T));
        return 0;
    }
    int64_t *place = (int64_t *)sc_slot_reserve(ws, slot, (size_t)size * sizeof(int64_t));
    if (!place) return 1;
    sc_windows_places(windows, place);
    const int64_t depth = sc_gemm_depth(size, SC_LANES), blocks = (pixels + SC_CONV_PIXELS - 1) / SC_CONV_PIXELS;
    const int64_t even = (pixels + blocks - 1) / blocks;
    int64_t block = (even + SC_GEMM_ROWS - 1) / SC_GEMM_ROWS * SC_GEMM_ROWS;
    if (block > SC_CONV_PIXELS) block = SC_CONV_PIXELS;
    SC_GEMM_(sc_conv_job) job = {windows, place, x, packed, y, outputs, size, y_row, depth, block, true};
    const int64_t panels = (outputs + SC_PANEL - 1) / SC_PANEL;
    if (SC_UNLIKELY(ws->threads > 1) && (double)pixels * (double)outputs * (double)size >= SC_GEMM_THREADED) {
        job.by_pixels = blocks >= panels || blocks >= 2 * ws->threads;
        sc_parallel_for(ws, job.by_pixels ? (pixels + block - 1) / block : panels, 1, SC_GEMM_(sc_conv_body), &job);
    } else {
        SC_GEMM_(sc_conv_part)(&job, 0, pixels, 0, panels);
    }
    return 0;
}

/* A convolution with weights as they are; returns 1 where there is no memory. */
SC_KERNEL int SC_GEMM_(sc_conv)(
    sc_workspace *ws, int slot, int64_t outputs, const sc_windows *windows, const SC_GEMM_T *x,
    const SC_GEMM_T *weights, int64_t weights_row, SC_GEMM_T *y, int64_t y_row) {
    const int64_t size = sc_windows_size(windows), pixels = windows->rows * windows->columns;
    const bool pack = pixels >= SC_CONV_FEW;
    const size_t elements = pack ? (size_t)SC_GEMM_(sc_gemm_packed)(size, outputs) : (size_t)(size * pixels);
    SC_GEMM_T *scratch = (SC_GEMM_T *)sc_slot_reserve(ws, slot + 1, elements * sizeof(SC_GEMM_T));
    if (!scratch) return 1;
    if (pack) {
        SC_GEMM_(sc_conv_pack)(outputs, size, weights, weights_row, scratch);
        return SC_GEMM_(sc_conv_with)(ws, slot, outputs, windows, x, scratch, y, y_row);
    }
    SC_GEMM_T *to = scratch;
    for (int64_t c = 0; c < windows->inputs; c++)
        for (int64_t i = 0; i < windows->high; i++)
            for (int64_t j = 0; j < windows->wide; j++) {
                const SC_GEMM_T *from =
                    x + c * windows->channel + i * windows->tap_row + j * windows->tap_column;
                for (int64_t r = 0; r < windows->rows; r++, from += windows->row)
                    for (int64_t q = 0; q < windows->columns; q++) *to++ = from[q * windows->column];
            }
    return SC_GEMM_(sc_gemm)(
        ws, slot, outputs, pixels, size, weights, weights_row, 1, scratch, pixels, 1, y, y_row);
}

#endif

#undef SC_PIXEL
#undef SC_PIXEL_1
#undef SC_PIXEL_2
#undef SC_PIXEL_ADD_1
#undef SC_PIXEL_ADD_2
#undef SC_PIXEL_END_1
#undef SC_PIXEL_END_2
#undef SC_CONV_TILE
#undef SC_CONV_TILES
#undef SC_CONV_CASE
#undef SC_CONV_HIGH
#undef SC_V
#undef SC_LANES
#undef SC_PANEL
