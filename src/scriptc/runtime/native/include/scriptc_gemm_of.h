/* The matrix products of scriptc_gemm.h for one type: SC_GEMM_T, with names made by SC_GEMM_. */
#define SC_V SC_GEMM_(sc_gemm_v)
#define SC_LANES ((int64_t)(SC_GEMM_BYTES / sizeof(SC_GEMM_T)))
#define SC_PANEL (2 * SC_LANES)
#define SC_GEMM_GAP (64 / (int64_t)sizeof(SC_GEMM_T)) /* keeps copied rows from evicting each other */

/* The kernels. */
SC_KERNEL void SC_GEMM_(sc_gemm_rows_2)(
    int64_t m, int64_t k, const SC_GEMM_T *a, int64_t a_row, const SC_GEMM_T *b, int64_t b_row,
    SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add);
SC_KERNEL void SC_GEMM_(sc_gemm_turn)(
    int64_t rows, int64_t length, const SC_GEMM_T *from, int64_t from_row, SC_GEMM_T *to, int64_t to_row);
SC_KERNEL void SC_GEMM_(sc_gemm_pack)(
    int64_t k, int64_t n, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *to);
SC_KERNEL void SC_GEMM_(sc_gemm_row)(
    int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_col, const SC_GEMM_T *b, SC_GEMM_T *c);
SC_KERNEL void SC_GEMM_(sc_gemm_dots)(
    int64_t n, int64_t k, const SC_GEMM_T *a, const SC_GEMM_T *b, int64_t b_col, SC_GEMM_T *c);
SC_KERNEL void SC_GEMM_(sc_gemm_sums)(
    int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_col, const SC_GEMM_T *b, int64_t b_row, SC_GEMM_T *c);
SC_KERNEL int SC_GEMM_(sc_gemm_run)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row,
    int64_t a_col, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *c, int64_t c_row, bool packed);

/* A tile of EACH rows by one vector, or by two; `columns` of the last one count. B is read at b with row
 * stride b_row. With `add`, C is added to. A tile of one vector loads no more of B than counts if there
 * are masks for that. The rows are written out, so that each vector of the tile has its register. */
#define SC_ROW_1(i) SC_V t##i = {0};
#define SC_ROW_ADD_1(i) t##i += a[i * a_row + p] * x;
#define SC_ROW_END_1(i)                                                          \
    if (add) t##i += SC_GEMM_(sc_gemm_load)(c + i * c_row, columns);             \
    SC_GEMM_(sc_gemm_store)(c + i * c_row, t##i, columns);
#define SC_ROW_2(i) SC_V t##i = {0}, u##i = {0};
#define SC_ROW_ADD_2(i)                       \
    {                                         \
        const SC_GEMM_T s = a[i * a_row + p]; \
        t##i += s * x;                        \
        u##i += s * y;                        \
    }
#define SC_ROW_END_2(i)                                                                    \
    if (add) {                                                                             \
        t##i += *(const SC_V *)(c + i * c_row);                                            \
        u##i += SC_GEMM_(sc_gemm_load)(c + i * c_row + SC_LANES, columns);                 \
    }                                                                                      \
    *(SC_V *)(c + i * c_row) = t##i;                                                       \
    SC_GEMM_(sc_gemm_store)(c + i * c_row + SC_LANES, u##i, columns);
#define SC_GEMM_TILE_1(ROWS)                                                                      \
    static SC_FUSED void SC_GEMM_(sc_tile_##ROWS##_1)(                                            \
        int64_t k, const SC_GEMM_T *a, int64_t a_row, const SC_GEMM_T *b, int64_t b_row,          \
        SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {                                 \
        SC_FUSE                                                                                   \
        SC_EACH_##ROWS(SC_ROW_1)                                                                  \
        for (int64_t p = 0; p < k; p++, b += b_row) {                                             \
            const SC_V x = SC_GEMM_MASKS ? SC_GEMM_(sc_gemm_load)(b, columns) : *(const SC_V *)b; \
            SC_EACH_##ROWS(SC_ROW_ADD_1)                                                          \
        }                                                                                         \
        SC_EACH_##ROWS(SC_ROW_END_1)                                                              \
    }
#define SC_GEMM_TILE_2(ROWS)                                                                      \
    static SC_FUSED void SC_GEMM_(sc_tile_##ROWS##_2)(                                            \
        int64_t k, const SC_GEMM_T *a, int64_t a_row, const SC_GEMM_T *b, int64_t b_row,          \
        SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {                                 \
        SC_FUSE                                                                                   \
        SC_EACH_##ROWS(SC_ROW_2)                                                                  \
        for (int64_t p = 0; p < k; p++, b += b_row) {                                             \
            const SC_V x = *(const SC_V *)b, y = *(const SC_V *)(b + SC_LANES);                   \
            SC_EACH_##ROWS(SC_ROW_ADD_2)                                                          \
        }                                                                                         \
        SC_EACH_##ROWS(SC_ROW_END_2)                                                              \
    }

/* Any number of rows of C, in one panel of up to two vectors. */
#define SC_GEMM_ROWS_OF(VECTORS, LINKAGE)                                                              \
    LINKAGE void SC_GEMM_(sc_gemm_rows_##VECTORS)(                                                     \
        int64_t m, int64_t k, const SC_GEMM_T *a, int64_t a_row, const SC_GEMM_T *b, int64_t b_row,    \
        SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {                                      \
        while (m > 0) {                                                                                \
            const int64_t rows = sc_gemm_height(m);                                                    \
            switch (rows) {                                                                            \
                SC_GEMM_HIGH(VECTORS)                                                                  \
                SC_GEMM_CASE(6, VECTORS)                                                               \
                SC_GEMM_CASE(4, VECTORS)                                                               \
                SC_GEMM_CASE(3, VECTORS)                                                               \
                SC_GEMM_CASE(2, VECTORS)                                                               \
                default: SC_GEMM_(sc_tile_1_##VECTORS)(k, a, a_row, b, b_row, c, c_row, columns, add); \
            }                                                                                          \
            a += rows * a_row;                                                                         \
            c += rows * c_row;                                                                         \
            m -= rows;                                                                                 \
        }                                                                                              \
    }
#define SC_GEMM_CASE(ROWS, VECTORS) \
    case ROWS: SC_GEMM_(sc_tile_##ROWS##_##VECTORS)(k, a, a_row, b, b_row, c, c_row, columns, add); break;
#if SC_GEMM_ROWS > 6
#define SC_GEMM_HIGH(VECTORS) SC_GEMM_CASE(12, VECTORS) SC_GEMM_CASE(8, VECTORS)
#else
#define SC_GEMM_HIGH(VECTORS)
#endif
/* Small products are done in place. */
SC_GEMM_TILE_1(1)
SC_GEMM_TILE_1(2)
SC_GEMM_TILE_1(3)
SC_GEMM_TILE_1(4)
SC_GEMM_TILE_1(6)
#if SC_GEMM_ROWS > 6
SC_GEMM_TILE_1(8)
SC_GEMM_TILE_1(12)
#endif

SC_GEMM_ROWS_OF(1, static __attribute__((unused)))

SC_INLINE void SC_GEMM_(sc_gemm_rows)(
    int64_t m, int64_t k, const SC_GEMM_T *a, int64_t a_row, const SC_GEMM_T *b, int64_t b_row,
    SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {
    if (columns > SC_LANES)
        SC_GEMM_(sc_gemm_rows_2)(m, k, a, a_row, b, b_row, c, c_row, columns - SC_LANES, add);
    else
        SC_GEMM_(sc_gemm_rows_1)(m, k, a, a_row, b, b_row, c, c_row, columns, add);
}

/* How many elements a packed B has. */
SC_INLINE int64_t SC_GEMM_(sc_gemm_packed)(int64_t k, int64_t n) {
    return (n + SC_PANEL - 1) / SC_PANEL * SC_PANEL * k;
}

#if !SC_KERNELS_ELSEWHERE

SC_GEMM_TILE_2(1)
SC_GEMM_TILE_2(2)
SC_GEMM_TILE_2(3)
SC_GEMM_TILE_2(4)
SC_GEMM_TILE_2(6)
#if SC_GEMM_ROWS > 6
SC_GEMM_TILE_2(8)
SC_GEMM_TILE_2(12)
#endif

SC_GEMM_ROWS_OF(2, SC_KERNEL)

/* Transposes: `rows` runs of `length` elements become `length` rows of `rows` elements. */
SC_KERNEL void SC_GEMM_(sc_gemm_turn)(
    int64_t rows, int64_t length, const SC_GEMM_T *from, int64_t from_row, SC_GEMM_T *to, int64_t to_row) {
    int64_t i = 0;
#if SC_GEMM_SHUFFLES
    for (; i + SC_LANES <= rows; i += SC_LANES) {
        int64_t j = 0;
        for (; j + SC_LANES <= length; j += SC_LANES) {
            SC_V x[SC_GEMM_BYTES / sizeof(SC_GEMM_T)], y[SC_GEMM_BYTES / sizeof(SC_GEMM_T)];
            for (int r = 0; r < SC_LANES; r++) x[r] = *(const SC_V *)(from + (i + r) * from_row + j);
            for (int round = 1; round < SC_LANES; round *= 2) {
                for (int r = 0; r < SC_LANES / 2; r++) {
                    y[2 * r] = SC_GEMM_ZIP(x[r], x[r + SC_LANES / 2], 0);
                    y[2 * r + 1] = SC_GEMM_ZIP(x[r], x[r + SC_LANES / 2], 1);
                }
                memcpy(x, y, sizeof x);
            }
            for (int r = 0; r < SC_LANES; r++) *(SC_V *)(to + (j + r) * to_row + i) = x[r];
        }
        for (; j < length; j++)
            for (int64_t r = i; r < i + SC_LANES; r++) to[j * to_row + r] = from[r * from_row + j];
    }
#endif
    for (int64_t j = 0; j < length; j++)
        for (int64_t r = i; r < rows; r++) to[j * to_row + r] = from[r * from_row + j];
}

/* Copies a matrix so that its rows lie in memory. */
SC_INLINE void SC_GEMM_(sc_gemm_copy)(
    int64_t rows, int64_t columns, const SC_GEMM_T *from, int64_t from_row, int64_t from_column,
    SC_GEMM_T *to, int64_t to_row) {
    if (from_column == 1)
        for (int64_t i = 0; i < rows; i++) {
            const SC_GEMM_T *x = from + i * from_row;
            SC_GEMM_T *y = to + i * to_row;
            int64_t j = 0;
            for (; j + SC_LANES <= columns; j += SC_LANES) *(SC_V *)(y + j) = *(const SC_V *)(x + j);
            for (; j < columns; j++) y[j] = x[j];
        }
    else if (from_row == 1)
        SC_GEMM_(sc_gemm_turn)(columns, rows, from, from_column, to, to_row);
    else
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++) to[i * to_row + j] = from[i * from_row + j * from_column];
}

/* Copies a panel of B, k x columns, with zeros behind it. */
SC_INLINE void SC_GEMM_(sc_gemm_panel)(
    int64_t k, int64_t columns, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *to) {
    if (columns < SC_PANEL) memset(to, 0, (size_t)(k * SC_PANEL) * sizeof(SC_GEMM_T));
    SC_GEMM_(sc_gemm_copy)(k, columns, b, b_row, b_col, to, SC_PANEL);
}

/* Packs B: panel by panel, each k x SC_PANEL. */
SC_KERNEL void SC_GEMM_(sc_gemm_pack)(
    int64_t k, int64_t n, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *to) {
    for (int64_t j = 0; j < n; j += SC_PANEL)
        SC_GEMM_(sc_gemm_panel)(
            k, n - j < SC_PANEL ? n - j : SC_PANEL, b + j * b_col, b_row, b_col, to + j * k);
}

/* A row times packed panels: four chains of multiply-adds for each element. */
SC_KERNEL SC_FUSED void SC_GEMM_(sc_gemm_row)(
    int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_col, const SC_GEMM_T *b, SC_GEMM_T *c) {
    SC_FUSE
    for (int64_t j = 0; j < n; j += SC_PANEL, b += k * SC_PANEL) {
        SC_V t[4][2];
        for (int i = 0; i < 4; i++) t[i][0] = t[i][1] = (SC_V){0};
        int64_t p = 0;
        for (; p + 4 <= k; p += 4)
            for (int i = 0; i < 4; i++) {
                const SC_GEMM_T s = a[(p + i) * a_col];
                t[i][0] += s * *(const SC_V *)(b + (p + i) * SC_PANEL);
                t[i][1] += s * *(const SC_V *)(b + (p + i) * SC_PANEL + SC_LANES);
            }
        for (; p < k; p++) {
            const SC_GEMM_T s = a[p * a_col];
            t[0][0] += s * *(const SC_V *)(b + p * SC_PANEL);
            t[0][1] += s * *(const SC_V *)(b + p * SC_PANEL + SC_LANES);
        }
        const SC_V low = (t[0][0] + t[1][0]) + (t[2][0] + t[3][0]);
        const SC_V high = (t[0][1] + t[1][1]) + (t[2][1] + t[3][1]);
        if (n - j >= SC_PANEL) {
            *(SC_V *)(c + j) = low;
            *(SC_V *)(c + j + SC_LANES) = high;
        } else if (n - j >= SC_LANES) {
            *(SC_V *)(c + j) = low;
            SC_GEMM_(sc_gemm_store)(c + j + SC_LANES, high, n - j - SC_LANES);
        } else {
            SC_GEMM_(sc_gemm_store)(c + j, low, n - j);
        }
    }
}

/* Dot products of a row and each column of B, where the columns lie in memory. */
SC_KERNEL SC_FUSED void SC_GEMM_(sc_gemm_dots)(
    int64_t n, int64_t k, const SC_GEMM_T *a, const SC_GEMM_T *b, int64_t b_col, SC_GEMM_T *c) {
    SC_FUSE
    int64_t j = 0;
    for (; j + 4 <= n; j += 4) {
        SC_V t[4] = {{0}, {0}, {0}, {0}}, u[4] = {{0}, {0}, {0}, {0}};
        int64_t p = 0;
        for (; p + 2 * SC_LANES <= k; p += 2 * SC_LANES) {
            const SC_V x = *(const SC_V *)(a + p), y = *(const SC_V *)(a + p + SC_LANES);
            for (int i = 0; i < 4; i++) {
                t[i] += x * *(const SC_V *)(b + (j + i) * b_col + p);
                u[i] += y * *(const SC_V *)(b + (j + i) * b_col + p + SC_LANES);
            }
        }
        for (int i = 0; i < 4; i++) {
            SC_V both = t[i] + u[i];
            SC_GEMM_T s = 0;
            for (int l = 0; l < SC_LANES; l++) s += both[l];
            for (int64_t q = p; q < k; q++) s += a[q] * b[(j + i) * b_col + q];
            c[j + i] = s;
        }
    }
    for (; j < n; j++) {
        SC_V t = {0};
        int64_t p = 0;
        for (; p + SC_LANES <= k; p += SC_LANES) t += *(const SC_V *)(a + p) * *(const SC_V *)(b + j * b_col + p);
        SC_GEMM_T s = 0;
        for (int l = 0; l < SC_LANES; l++) s += t[l];
        for (; p < k; p++) s += a[p] * b[j * b_col + p];
        c[j] = s;
    }
}

/* A row times B, where the rows of B lie in memory: eight of them at a time are added to C. */
SC_KERNEL SC_FUSED void SC_GEMM_(sc_gemm_sums)(
    int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_col, const SC_GEMM_T *b, int64_t b_row, SC_GEMM_T *c) {
    SC_FUSE
    memset(c, 0, (size_t)n * sizeof(SC_GEMM_T));
    int64_t p = 0;
    for (; p + 8 <= k; p += 8, a += 8 * a_col, b += 8 * b_row) {
        SC_GEMM_T s[8];
        for (int i = 0; i < 8; i++) s[i] = a[i * a_col];
        int64_t j = 0;
        for (; j + SC_LANES <= n; j += SC_LANES) {
            SC_V t = *(const SC_V *)(c + j), u = s[4] * *(const SC_V *)(b + 4 * b_row + j);
            for (int i = 0; i < 4; i++) t += s[i] * *(const SC_V *)(b + i * b_row + j);
            for (int i = 5; i < 8; i++) u += s[i] * *(const SC_V *)(b + i * b_row + j);
            *(SC_V *)(c + j) = t + u;
        }
        for (; j < n; j++) {
            SC_GEMM_T t = c[j], u = s[4] * b[4 * b_row + j];
            for (int i = 0; i < 4; i++) t += s[i] * b[i * b_row + j];
            for (int i = 5; i < 8; i++) u += s[i] * b[i * b_row + j];
            c[j] = t + u;
        }
    }
    for (; p < k; p++, a += a_col, b += b_row) {
        const SC_GEMM_T s = *a;
        int64_t j = 0;
        for (; j + SC_LANES <= n; j += SC_LANES) *(SC_V *)(c + j) += s * *(const SC_V *)(b + j);
        for (; j < n; j++) c[j] += s * b[j];
    }
}

/* A product, and how it is done. */
typedef struct SC_GEMM_(sc_gemm_job) {
    int64_t m, n, k, a_row, a_col, b_row, b_col, c_row;
    const SC_GEMM_T *a, *b;
    SC_GEMM_T *c, *scratch;
    int64_t depth;           /* how much of k is done at a time */
    int64_t block;           /* how many rows are done at a time */
    int64_t a_size, b_size;  /* elements of scratch for copies of A and B, 0 where none are made */
    bool packed;             /* b is packed */
    bool by_rows;            /* threads share the rows, else the panels */
} SC_GEMM_(sc_gemm_job);

/* Panels first..last of rows begin..end. */
static __attribute__((unused)) void SC_GEMM_(sc_gemm_part)(
    const SC_GEMM_(sc_gemm_job) * job, int64_t begin, int64_t end, int64_t first, int64_t last, int worker) {
    SC_GEMM_T *rows_copy = job->scratch + worker * (job->a_size + job->b_size);
    SC_GEMM_T *panel_copy = rows_copy + job->a_size;
    for (int64_t i = begin; i < end; i += job->block) {
        const int64_t rows = end - i < job->block ? end - i : job->block;
        for (int64_t p = 0; p < job->k; p += job->depth) {
            const int64_t depth = job->k - p < job->depth ? job->k - p : job->depth;
            const SC_GEMM_T *a = job->a + i * job->a_row + p * job->a_col;
            int64_t a_row = job->a_row;
            if (job->a_size) {
                SC_GEMM_(sc_gemm_copy)(rows, depth, a, a_row, job->a_col, rows_copy, job->depth + SC_GEMM_GAP);
                a = rows_copy;
                a_row = job->depth + SC_GEMM_GAP;
            }
            for (int64_t j = first * SC_PANEL; j < last * SC_PANEL; j += SC_PANEL) {
                const int64_t columns = job->n - j < SC_PANEL ? job->n - j : SC_PANEL;
                const SC_GEMM_T *b;
                int64_t b_row = SC_PANEL;
                if (job->packed) {
                    b = job->b + j * job->k + p * SC_PANEL;
                } else {
                    b = job->b + j * job->b_col + p * job->b_row;
                    if (job->b_size) {
                        SC_GEMM_(sc_gemm_panel)(depth, columns, b, job->b_row, job->b_col, panel_copy);
                        b = panel_copy;
                    } else {
                        b_row = job->b_row;
                    }
                }
                SC_GEMM_T *c = job->c + i * job->c_row + j;
                if (columns > SC_LANES && columns < SC_PANEL && b_row != SC_PANEL) {
                    SC_GEMM_(sc_gemm_rows)(rows, depth, a, a_row, b, b_row, c, job->c_row, SC_LANES, p > 0);
                    SC_GEMM_(sc_gemm_rows)(
                        rows, depth, a, a_row, b + SC_LANES, b_row, c + SC_LANES, job->c_row,
                        columns - SC_LANES, p > 0);
                } else {
                    SC_GEMM_(sc_gemm_rows)(rows, depth, a, a_row, b, b_row, c, job->c_row, columns, p > 0);
                }
            }
        }
    }
}

static __attribute__((unused)) void SC_GEMM_(sc_gemm_body)(void *arg, int64_t begin, int64_t end, int worker) {
    const SC_GEMM_(sc_gemm_job) *job = (const SC_GEMM_(sc_gemm_job) *)arg;
    if (job->by_rows) {
        const int64_t last = end * SC_GEMM_ROWS < job->m ? end * SC_GEMM_ROWS : job->m;
        SC_GEMM_(sc_gemm_part)(job, begin * SC_GEMM_ROWS, last, 0, (job->n + SC_PANEL - 1) / SC_PANEL, worker);
    } else {
        SC_GEMM_(sc_gemm_part)(job, 0, job->m, begin, end, worker);
    }
}

/* Decides how a product is done, and does it. */
SC_KERNEL int SC_GEMM_(sc_gemm_run)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row,
    int64_t a_col, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *c, int64_t c_row, bool packed) {
    SC_GEMM_(sc_gemm_job) job = {m, n, k, a_row, a_col, b_row, b_col, c_row, a, b, c, NULL, k, m, 0, 0, packed, true};
    job.depth = sc_gemm_depth(k, SC_LANES);
    /* Rows of A are copied if they are not in memory as rows, or if that pays. */
    const bool copy_a = a_col != 1 || (m >= SC_GEMM_ROWS && n >= 8 * SC_PANEL && k >= 64);
    const bool copy_b = !packed && (b_col != 1 || (m > 2 * SC_GEMM_ROWS && b_row * k > 4096) ||
                                    (!SC_GEMM_MASKS && n % SC_PANEL));
    const int64_t most = packed ? SC_GEMM_BLOCK : 5 * SC_GEMM_BLOCK;
    if (job.block > most) job.block = most;
    if (copy_a) job.a_size = (job.block + 1) * (job.depth + SC_GEMM_GAP);
    if (copy_b) job.b_size = job.depth * SC_PANEL;
    const int64_t panels = (n + SC_PANEL - 1) / SC_PANEL, tiles = (m + SC_GEMM_ROWS - 1) / SC_GEMM_ROWS;
    int workers = 1;
    if (SC_UNLIKELY(ws->threads > 1) && (double)m * (double)n * (double)k >= SC_GEMM_THREADED) {
        job.by_rows = tiles >= 2 * panels || tiles >= 4 * ws->threads;
        workers = sc_workers(ws, job.by_rows ? tiles : panels, 1);
    }
    if (copy_a || copy_b) {
        const size_t each = (size_t)(job.a_size + job.b_size) * sizeof(SC_GEMM_T);
        job.scratch = (SC_GEMM_T *)sc_slot_reserve(ws, slot, each * (size_t)workers);
        if (!job.scratch) return 1;
    }
    if (workers > 1)
        sc_parallel_for(ws, job.by_rows ? tiles : panels, 1, SC_GEMM_(sc_gemm_body), &job);
    else
        SC_GEMM_(sc_gemm_part)(&job, 0, m, 0, panels, 0);
    return 0;
}

#endif

/* C = A B with B packed; returns 1 where there is no memory. */
static __attribute__((unused)) int SC_GEMM_(sc_gemm_with)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col,
    const SC_GEMM_T *packed, SC_GEMM_T *c, int64_t c_row) {
    if (m == 1) {
        SC_GEMM_(sc_gemm_row)(n, k, a, a_col, packed, c);
        return 0;
    }
    if (k == 0) {
        for (int64_t i = 0; i < m; i++) memset(c + i * c_row, 0, (size_t)n * sizeof(SC_GEMM_T));
        return 0;
    }
    if (n <= SC_PANEL && k <= SC_GEMM_KC && a_col == 1 && m <= SC_GEMM_BLOCK) {
        SC_GEMM_(sc_gemm_rows)(m, k, a, a_row, packed, SC_PANEL, c, c_row, n, false);
        return 0;
    }
    return SC_GEMM_(sc_gemm_run)(ws, slot, m, n, k, a, a_row, a_col, packed, 0, 0, c, c_row, true);
}

static __attribute__((unused)) int SC_GEMM_(sc_gemm)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row,
    int64_t a_col, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *c, int64_t c_row) {
    if (m == 0 || n == 0) return 0;
    if (k == 0) {
        for (int64_t i = 0; i < m; i++) memset(c + i * c_row, 0, (size_t)n * sizeof(SC_GEMM_T));
        return 0;
    }
    if (n == 1 && m > 1 && c_row == 1) { /* a column is the row of the transposed product */
        const SC_GEMM_T *column = b;
        const int64_t step = b_row;
        n = m;
        m = 1;
        b = a;
        b_row = a_col;
        b_col = a_row;
        a = column;
        a_row = 0;
        a_col = step;
    }
    if (m == 1 && b_col == 1 && n >= SC_LANES) {
        SC_GEMM_(sc_gemm_sums)(n, k, a, a_col, b, b_row, c);
        return 0;
    }
    if (m == 1 && b_row == 1) {
        if (a_col != 1) {
            SC_GEMM_T *copy = (SC_GEMM_T *)sc_slot_reserve(ws, slot, (size_t)k * sizeof(SC_GEMM_T));
            if (!copy) return 1;
            for (int64_t p = 0; p < k; p++) copy[p] = a[p * a_col];
            a = copy;
        }
        SC_GEMM_(sc_gemm_dots)(n, k, a, b, b_col, c);
        return 0;
    }
    if (a_col == 1 && n <= SC_LANES && k <= 64 && m <= SC_GEMM_BLOCK) {
        if (SC_GEMM_MASKS && b_col == 1) {
            SC_GEMM_(sc_gemm_rows_1)(m, k, a, a_row, b, b_row, c, c_row, n, false);
            return 0;
        }
        if (k * n <= 256) {
            SC_GEMM_T rows[64 * SC_GEMM_BYTES / sizeof(SC_GEMM_T)];
            for (int64_t p = 0; p < k; p++) {
                int64_t j = 0;
                for (; j < n; j++) rows[p * SC_LANES + j] = b[p * b_row + j * b_col];
                if (!SC_GEMM_MASKS) /* whole vectors are loaded */
                    for (; j < SC_LANES; j++) rows[p * SC_LANES + j] = 0;
            }
            SC_GEMM_(sc_gemm_rows_1)(m, k, a, a_row, rows, SC_LANES, c, c_row, n, false);
            return 0;
        }
    }
    return SC_GEMM_(sc_gemm_run)(ws, slot, m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row, false);
}

#undef SC_GEMM_TILE_1
#undef SC_GEMM_TILE_2
#undef SC_ROW_1
#undef SC_ROW_2
#undef SC_ROW_ADD_1
#undef SC_ROW_ADD_2
#undef SC_ROW_END_1
#undef SC_ROW_END_2
#undef SC_GEMM_ROWS_OF
#undef SC_GEMM_CASE
#undef SC_GEMM_HIGH
#undef SC_GEMM_GAP
#undef SC_V
#undef SC_LANES
#undef SC_PANEL
