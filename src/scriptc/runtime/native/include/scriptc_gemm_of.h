/* The matrix products of scriptc_gemm.h for one type: SC_GEMM_T, with names made by SC_GEMM_. */
#define SC_V SC_GEMM_(sc_gemm_v)
#define SC_LANES ((int64_t)(SC_GEMM_BYTES / sizeof(SC_GEMM_T)))
#define SC_PANEL (2 * SC_LANES)

typedef SC_GEMM_T SC_V __attribute__((vector_size(SC_GEMM_BYTES), aligned(sizeof(SC_GEMM_T)), may_alias));

/* A tile of ROWS x (VECTORS * lanes): B is read at b with row stride b_row. With `add`, C is added
 * to. Only `columns` of the tile are written. */
#define SC_GEMM_TILE(NAME, ROWS, VECTORS)                                                           \
    static SC_FUSED void SC_GEMM_(NAME)(                                                            \
        int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col, const SC_GEMM_T *b,            \
        int64_t b_row, SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {                    \
        SC_FUSE                                                                                     \
        SC_V t[ROWS][VECTORS];                                                                      \
        for (int i = 0; i < ROWS; i++)                                                              \
            for (int v = 0; v < VECTORS; v++) t[i][v] = (SC_V){0};                                  \
        for (int64_t p = 0; p < k; p++) {                                                           \
            SC_V x[VECTORS];                                                                        \
            for (int v = 0; v < VECTORS; v++) x[v] = *(const SC_V *)(b + p * b_row + v * SC_LANES); \
            for (int i = 0; i < ROWS; i++) {                                                        \
                const SC_GEMM_T s = a[i * a_row + p * a_col];                                       \
                for (int v = 0; v < VECTORS; v++) t[i][v] += s * x[v];                              \
            }                                                                                       \
        }                                                                                           \
        if (SC_LIKELY(columns == VECTORS * SC_LANES)) {                                             \
            for (int i = 0; i < ROWS; i++)                                                          \
                for (int v = 0; v < VECTORS; v++) {                                                 \
                    SC_V *to = (SC_V *)(c + i * c_row + v * SC_LANES);                              \
                    if (add) t[i][v] += *to;                                                        \
                    *to = t[i][v];                                                                  \
                }                                                                                   \
            return;                                                                                 \
        }                                                                                           \
        for (int i = 0; i < ROWS; i++) {                                                            \
            SC_GEMM_T row[VECTORS * SC_GEMM_BYTES / sizeof(SC_GEMM_T)];                             \
            memcpy(row, t[i], sizeof row);                                                          \
            for (int64_t j = 0; j < columns; j++)                                                   \
                c[i * c_row + j] = add ? c[i * c_row + j] + row[j] : row[j];                        \
        }                                                                                           \
    }

SC_GEMM_TILE(sc_tile_high, SC_GEMM_ROWS, 2)
SC_GEMM_TILE(sc_tile_four, 4, 2)
SC_GEMM_TILE(sc_tile_wide, 1, SC_GEMM_WIDE)

/* One row of a panel: k runs in four chains, since one would wait for each sum. */
static SC_FUSED void SC_GEMM_(sc_tile_one)(
    int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col, const SC_GEMM_T *b, int64_t b_row,
    SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {
    SC_FUSE
    SC_V t[4][2];
    (void)a_row, (void)c_row;
    for (int i = 0; i < 4; i++) t[i][0] = t[i][1] = (SC_V){0};
    int64_t p = 0;
    for (; p + 4 <= k; p += 4)
        for (int i = 0; i < 4; i++) {
            const SC_GEMM_T s = a[(p + i) * a_col];
            t[i][0] += s * *(const SC_V *)(b + (p + i) * b_row);
            t[i][1] += s * *(const SC_V *)(b + (p + i) * b_row + SC_LANES);
        }
    for (; p < k; p++) {
        const SC_GEMM_T s = a[p * a_col];
        t[0][0] += s * *(const SC_V *)(b + p * b_row);
        t[0][1] += s * *(const SC_V *)(b + p * b_row + SC_LANES);
    }
    SC_GEMM_T row[2 * SC_GEMM_BYTES / sizeof(SC_GEMM_T)];
    for (int v = 0; v < 2; v++) {
        const SC_V both = (t[0][v] + t[1][v]) + (t[2][v] + t[3][v]);
        memcpy(row + v * SC_LANES, &both, sizeof both);
    }
    for (int64_t j = 0; j < columns; j++) c[j] = add ? c[j] + row[j] : row[j];
}

/* Rows of C in one panel. Where `tiles` is given, it has the rows of A of each whole tile. */
static __attribute__((unused)) void SC_GEMM_(sc_gemm_rows)(
    int64_t m, int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col, const SC_GEMM_T *tiles,
    const SC_GEMM_T *b, int64_t b_row, SC_GEMM_T *c, int64_t c_row, int64_t columns, bool add) {
    int64_t i = 0;
    for (; i + SC_GEMM_ROWS <= m; i += SC_GEMM_ROWS)
        if (tiles)
            SC_GEMM_(sc_tile_high)(
                k, tiles + i * k, 1, SC_GEMM_ROWS, b, b_row, c + i * c_row, c_row, columns, add);
        else
            SC_GEMM_(sc_tile_high)(
                k, a + i * a_row, a_row, a_col, b, b_row, c + i * c_row, c_row, columns, add);
    for (; i + 4 <= m; i += 4)
        SC_GEMM_(sc_tile_four)(k, a + i * a_row, a_row, a_col, b, b_row, c + i * c_row, c_row, columns, add);
    for (; i < m; i++)
        SC_GEMM_(sc_tile_one)(k, a + i * a_row, a_row, a_col, b, b_row, c + i * c_row, c_row, columns, add);
}

/* Copies a panel of B, k x columns, with zeros behind it. */
SC_INLINE void SC_GEMM_(sc_gemm_panel)(
    int64_t k, int64_t columns, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *to) {
    if (columns < SC_PANEL) memset(to, 0, (size_t)(k * SC_PANEL) * sizeof(SC_GEMM_T));
    if (b_col == 1) {
        for (int64_t p = 0; p < k; p++)
            memcpy(to + p * SC_PANEL, b + p * b_row, (size_t)columns * sizeof(SC_GEMM_T));
        return;
    }
    /* Eight rows of the panel at a time: each column is read along k. */
    int64_t p = 0;
    for (; p + 8 <= k; p += 8)
        for (int64_t j = 0; j < columns; j++) {
            const SC_GEMM_T *from = b + j * b_col + p * b_row;
            for (int64_t q = 0; q < 8; q++) to[(p + q) * SC_PANEL + j] = from[q * b_row];
        }
    for (; p < k; p++)
        for (int64_t j = 0; j < columns; j++) to[p * SC_PANEL + j] = b[j * b_col + p * b_row];
}

/* Copies A so that the rows of a tile lie side by side; NULL where that does not pay. */
SC_INLINE const SC_GEMM_T *SC_GEMM_(sc_gemm_tiles)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row,
    int64_t a_col) {
    if (m < 4 * SC_GEMM_ROWS || n < 8 * SC_PANEL || k < 64) return NULL;
    SC_GEMM_T *to = (SC_GEMM_T *)sc_slot_reserve(ws, slot, (size_t)(m * k) * sizeof(SC_GEMM_T));
    if (!to) return NULL;
    for (int64_t i = 0; i + SC_GEMM_ROWS <= m; i += SC_GEMM_ROWS)
        for (int64_t p = 0; p < k; p++)
            for (int64_t r = 0; r < SC_GEMM_ROWS; r++)
                to[i * k + p * SC_GEMM_ROWS + r] = a[(i + r) * a_row + p * a_col];
    return to;
}

/* How many elements a packed B has. */
SC_INLINE int64_t SC_GEMM_(sc_gemm_packed)(int64_t k, int64_t n) {
    return (n + SC_PANEL - 1) / SC_PANEL * SC_PANEL * k;
}

/* Packs B: panel by panel, each k x SC_PANEL. */
SC_INLINE void SC_GEMM_(sc_gemm_pack)(
    int64_t k, int64_t n, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *to) {
    for (int64_t j = 0; j < n; j += SC_PANEL)
        SC_GEMM_(sc_gemm_panel)(
            k, n - j < SC_PANEL ? n - j : SC_PANEL, b + j * b_col, b_row, b_col, to + j * k);
}

/* C = A B with B packed. */
static __attribute__((unused)) void SC_GEMM_(sc_gemm_with)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col,
    const SC_GEMM_T *packed, SC_GEMM_T *c, int64_t c_row) {
    if (k == 0)
        for (int64_t i = 0; i < m; i++) memset(c + i * c_row, 0, (size_t)n * sizeof(SC_GEMM_T));
    for (int64_t p = 0; p < k; p += SC_GEMM_KC) {
        const int64_t depth = k - p < SC_GEMM_KC ? k - p : SC_GEMM_KC;
        const SC_GEMM_T *tiles = SC_GEMM_(sc_gemm_tiles)(ws, slot, m, n, depth, a + p * a_col, a_row, a_col);
        for (int64_t j = 0; j < n; j += SC_PANEL) {
            const int64_t columns = n - j < SC_PANEL ? n - j : SC_PANEL;
            SC_GEMM_(sc_gemm_rows)(
                m, depth, a + p * a_col, a_row, a_col, tiles, packed + j * k + p * SC_PANEL,
                SC_PANEL, c + j, c_row, columns, p > 0);
        }
    }
}

/* A row times B where the columns of B lie in memory one behind the other: dot products. */
static SC_FUSED void SC_GEMM_(sc_gemm_dots)(
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

/* Small products, by plain loops along the rows of B. */
static SC_FUSED void SC_GEMM_(sc_gemm_small)(
    int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row, int64_t a_col,
    const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *c, int64_t c_row) {
    SC_FUSE
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            SC_GEMM_T s = 0;
            for (int64_t p = 0; p < k; p++) s += a[i * a_row + p * a_col] * b[p * b_row + j * b_col];
            c[i * c_row + j] = s;
        }
}

static __attribute__((unused)) int SC_GEMM_(sc_gemm)(
    sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const SC_GEMM_T *a, int64_t a_row,
    int64_t a_col, const SC_GEMM_T *b, int64_t b_row, int64_t b_col, SC_GEMM_T *c, int64_t c_row) {
    if (m == 0 || n == 0) return 0;
    if (k == 0) {
        for (int64_t i = 0; i < m; i++) memset(c + i * c_row, 0, (size_t)n * sizeof(SC_GEMM_T));
        return 0;
    }
    if (m * n * k <= 512 && n < SC_LANES) {
        SC_GEMM_(sc_gemm_small)(m, n, k, a, a_row, a_col, b, b_row, b_col, c, c_row);
        return 0;
    }
    if (m <= 2 && b_row == 1 && a_col == 1 && k >= SC_LANES) {
        for (int64_t i = 0; i < m; i++)
            SC_GEMM_(sc_gemm_dots)(n, k, a + i * a_row, b, b_col, c + i * c_row);
        return 0;
    }
    if (a_col != 1 && m > 1 && m < 4 * SC_GEMM_ROWS && n > SC_PANEL) { /* walk along k in memory */
        SC_GEMM_T *copy = (SC_GEMM_T *)sc_slot_reserve(ws, slot, (size_t)(m * k) * sizeof(SC_GEMM_T));
        if (!copy) return 1;
        for (int64_t p = 0; p < k; p++)
            for (int64_t i = 0; i < m; i++) copy[i * k + p] = a[i * a_row + p * a_col];
        a = copy;
        a_row = k;
        a_col = 1;
    }
    const bool direct = b_col == 1 && m <= SC_GEMM_ROWS;
    SC_GEMM_T *panel = NULL;
    int64_t j = 0;
    if (direct && m == 1) {
        const int64_t wide = SC_GEMM_WIDE * SC_LANES;
        for (; j + wide <= n; j += wide)
            SC_GEMM_(sc_tile_wide)(k, a, a_row, a_col, b + j, b_row, c + j, c_row, wide, false);
    }
    if (direct)
        for (; j + SC_PANEL <= n; j += SC_PANEL)
            SC_GEMM_(sc_gemm_rows)(m, k, a, a_row, a_col, NULL, b + j, b_row, c + j, c_row, SC_PANEL, false);
    if (j < n) {
        panel = (SC_GEMM_T *)sc_slot_reserve(
            ws, slot + 1, (size_t)((k < SC_GEMM_KC ? k : SC_GEMM_KC) * SC_PANEL) * sizeof(SC_GEMM_T));
        if (!panel) return 1;
    }
    for (int64_t p = 0; j < n && p < k; p += SC_GEMM_KC) {
        const int64_t depth = k - p < SC_GEMM_KC ? k - p : SC_GEMM_KC;
        const SC_GEMM_T *tiles = SC_GEMM_(sc_gemm_tiles)(ws, slot + 2, m, n, depth, a + p * a_col, a_row, a_col);
        for (int64_t h = j; h < n; h += SC_PANEL) {
            const int64_t columns = n - h < SC_PANEL ? n - h : SC_PANEL;
            SC_GEMM_(sc_gemm_panel)(depth, columns, b + h * b_col + p * b_row, b_row, b_col, panel);
            SC_GEMM_(sc_gemm_rows)(
                m, depth, a + p * a_col, a_row, a_col, tiles, panel, SC_PANEL, c + h, c_row, columns,
                p > 0);
        }
    }
    return 0;
}

#undef SC_GEMM_TILE
#undef SC_V
#undef SC_LANES
#undef SC_PANEL
