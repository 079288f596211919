/* scriptc.h: what every C file that scriptc writes builds on. It needs the C library only. */
#ifndef SCRIPTC_H
#define SCRIPTC_H

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SC_MAX_RANK 8
#define SC_MAX_SLOTS 256

#if defined(_WIN32)
#define SC_API __declspec(dllexport)
#else
#define SC_API __attribute__((visibility("default")))
#endif
#define SC_INLINE static inline __attribute__((unused))
#define SC_LIKELY(x) __builtin_expect(!!(x), 1)
#define SC_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* An array. Strides count elements, not bytes. */
typedef struct sc_tensor {
    void *data;
    int64_t shape[SC_MAX_RANK];
    int64_t strides[SC_MAX_RANK];
    void *allocation; /* results: memory from sc_allocate that this owns, or NULL */
    int32_t source;   /* results: -1; the index of the input leaf whose memory this is; or -2 - k
                         where this is the very object that result leaf k is */
    int32_t identity; /* results: 1 if it is that very input */
} sc_tensor;

/* A list of numbers. */
typedef struct sc_list {
    void *data;
    int64_t length;
    int64_t capacity;
} sc_list;

/* Scratch memory that grows as it must and stays from call to call. One per call at a time. */
typedef struct sc_slot {
    void *data;
    size_t size;
} sc_slot;

typedef struct sc_block {
    struct sc_block *next;
    size_t size, used;
} sc_block;

typedef struct sc_workspace {
    sc_slot slots[SC_MAX_SLOTS];
    sc_block *blocks; /* of what lives until the call ends: lists */
    int32_t threads;
    char message[256];
    struct sc_workspace *next; /* for those who keep a pool of them */
} sc_workspace;

#if defined(__linux__) && !defined(__cplusplus)
#define SC_HUGE ((size_t)1 << 21)
/* Up to here glibc keeps memory that was released for the next one who asks; with the alignment of large
 * pages it would not, but ask the system for new pages each time. */
#define SC_KEPT ((size_t)31 << 20)
extern int madvise(void *address, size_t length, int advice);
#endif

/* Returns memory of that many bytes, aligned for vectors, to be released with free(); or NULL.
 * What is large comes in large pages where there are some: each first touch of one has its price. */
SC_INLINE void *sc_allocate(size_t bytes) {
    if (bytes > PTRDIFF_MAX - 2 * 64) return NULL;
#if defined(_WIN32)
    return malloc(bytes ? bytes : 1);
#else
    if (bytes < 256) return malloc(bytes ? bytes : 1);
#if defined(SC_HUGE)
    if (bytes > SC_KEPT && bytes <= SIZE_MAX / 2) {
        const size_t whole = (bytes + SC_HUGE - 1) & ~(SC_HUGE - 1);
        void *memory = aligned_alloc(SC_HUGE, whole);
        if (memory) (void)madvise(memory, whole, 14); /* MADV_HUGEPAGE; no harm if it is refused */
        return memory;
    }
    if (bytes >= 2 * SC_HUGE && bytes <= SC_KEPT) {
        void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
        const uintptr_t page = ((uintptr_t)memory + 4095) & ~(uintptr_t)4095;
        if (memory) (void)madvise((void *)page, bytes - 4096, 14);
        return memory;
    }
#endif
    return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
#endif
}

/* So many times as many bytes; SIZE_MAX if no object is so large, and there is no memory for it. */
SC_INLINE size_t sc_times(size_t bytes, int64_t count) {
    size_t product;
    if (count == 0) return 0;
    if (__builtin_mul_overflow(bytes, (size_t)count, &product) || product > PTRDIFF_MAX) return SIZE_MAX;
    return product;
}

/* Returns the memory of a slot, which is at least that large; NULL if there is none left. */
SC_INLINE void *sc_slot_reserve(sc_workspace *ws, int slot, size_t bytes) {
    sc_slot *s = &ws->slots[slot];
    if (SC_UNLIKELY(s->size < bytes || !s->data)) {
        const size_t size = bytes > PTRDIFF_MAX / 2 ? SIZE_MAX : bytes + bytes / 2 + 64;
        free(s->data);
        s->data = sc_allocate(size);
        s->size = s->data ? size : 0;
    }
    return s->data;
}

/* Returns memory that lives until the call ends, or NULL. */
SC_INLINE void *sc_block_allocate(sc_workspace *ws, size_t bytes) {
    sc_block *b = ws->blocks;
    bytes = (bytes + 15) & ~(size_t)15;
    if (!b || b->size - b->used < bytes) {
        size_t size = b ? b->size * 2 : 4096;
        if (size > (size_t)1 << 24) size = (size_t)1 << 24;
        if (size < bytes) size = bytes;
        b = (sc_block *)malloc(sizeof(sc_block) + 16 + size);
        if (!b) return NULL;
        b->next = ws->blocks;
        b->size = size;
        b->used = 0;
        ws->blocks = b;
    }
    void *p = (char *)(((uintptr_t)(b + 1) + 15) & ~(uintptr_t)15) + b->used;
    b->used += bytes;
    return p;
}

/* Forgets what lives until the call ends; the largest block is kept for the next call. */
SC_INLINE void sc_workspace_reset(sc_workspace *ws) {
    sc_block *b = ws->blocks;
    if (!b) return;
    for (sc_block *next = b->next; next;) {
        sc_block *after = next->next;
        free(next);
        next = after;
    }
    b->next = NULL;
    b->used = 0;
}

SC_INLINE void sc_workspace_free(sc_workspace *ws) {
    for (int i = 0; i < SC_MAX_SLOTS; i++) free(ws->slots[i].data);
    sc_workspace_reset(ws);
    free(ws->blocks);
    memset(ws, 0, sizeof *ws);
}

/* The size of an array in bytes, or SIZE_MAX if that does not fit. */
SC_INLINE size_t sc_bytes(const int64_t *shape, int rank, size_t item) {
    size_t n = item;
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0 || __builtin_mul_overflow(n, (size_t)shape[i], &n)) return SIZE_MAX;
    }
    return n > (size_t)PTRDIFF_MAX ? SIZE_MAX : n;
}

/* How many steps a range has; the caller has made sure that step is not 0. */
SC_INLINE int64_t sc_range_length(int64_t start, int64_t stop, int64_t step) {
    if (step > 0) return start < stop ? (int64_t)(((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step) + 1 : 0;
    return start > stop ? (int64_t)(((uint64_t)start - (uint64_t)stop - 1) / (0 - (uint64_t)step)) + 1 : 0;
}

/* Quotient and remainder rounded down, as Python's; b is not 0, and not -1 beside INT64_MIN. */
SC_INLINE int64_t sc_floordiv(int64_t a, int64_t b) {
    int64_t q = a / b;
    return q - ((a % b != 0) & ((a ^ b) < 0));
}
SC_INLINE int64_t sc_floormod(int64_t a, int64_t b) {
    int64_t r = a % b;
    return ((r != 0) & ((r ^ b) < 0)) ? r + b : r;
}

/* Which of n elements a mirror at each end shows at a place that may be outside; `edge` is 1 where the
 * outermost elements are shown twice, and else 0. n is not 0. */
SC_INLINE int64_t sc_mirrored(int64_t i, int64_t n, int64_t edge) {
    const int64_t period = 2 * n - 2 + 2 * edge;
    if (period == 0) return 0;
    const int64_t r = sc_floormod(i, period);
    return r < n ? r : period - edge - r;
}

/* Whether an array lies in memory without gaps. */
SC_INLINE bool sc_is_contiguous(const sc_tensor *x, int rank) {
    int64_t expected = 1;
    for (int i = rank - 1; i >= 0; i--) {
        if (x->shape[i] == 0) return true;
        if (x->shape[i] != 1 && x->strides[i] != expected) return false;
        expected *= x->shape[i];
    }
    return true;
}

/* The elements of an array in one piece: itself, or a copy in a slot; NULL if there is no memory. */
SC_INLINE void *sc_contiguous(sc_workspace *ws, int slot, const sc_tensor *x, int rank, size_t item) {
    if (SC_LIKELY(sc_is_contiguous(x, rank))) return x->data;
    char *to = (char *)sc_slot_reserve(ws, slot, sc_bytes(x->shape, rank, item));
    if (!to) return NULL;
    int64_t index[SC_MAX_RANK] = {0};
    const char *from = (const char *)x->data;
    const int last = rank - 1;
    char *out = to;
    for (;;) {
        const int64_t step = x->strides[last] * (int64_t)item;
        const int64_t n = x->shape[last];
        if (item == 4) {
            for (int64_t i = 0; i < n; i++) memcpy(out + 4 * i, from + i * step, 4);
        } else if (item == 8) {
            for (int64_t i = 0; i < n; i++) memcpy(out + 8 * i, from + i * step, 8);
        } else {
            for (int64_t i = 0; i < n; i++) memcpy(out + (int64_t)item * i, from + i * step, item);
        }
        out += n * (int64_t)item;
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            from += x->strides[axis] * (int64_t)item;
            if (++index[axis] < x->shape[axis]) break;
            from -= x->strides[axis] * (int64_t)item * x->shape[axis];
            index[axis] = 0;
        }
        if (axis < 0) return to;
    }
}

/* Copies the elements of an array into a slot; NULL if there is no memory. */
SC_INLINE void *sc_save(sc_workspace *ws, int slot, const sc_tensor *x, int rank, size_t item) {
    const size_t bytes = sc_bytes(x->shape, rank, item);
    void *data = sc_contiguous(ws, slot, x, rank, item);
    if (!data || data != x->data) return data;
    void *saved = sc_slot_reserve(ws, slot, bytes);
    if (saved && bytes) memcpy(saved, data, bytes);
    return saved;
}

/* Puts saved elements back. */
SC_INLINE void sc_restore(const sc_tensor *x, int rank, size_t item, const void *saved) {
    int64_t index[SC_MAX_RANK] = {0};
    const char *from = (const char *)saved;
    char *to = (char *)x->data;
    for (int i = 0; i < rank; i++)
        if (!x->shape[i]) return;
    for (;;) {
        memcpy(to, from, item);
        from += item;
        int axis = rank - 1;
        for (; axis >= 0; axis--) {
            to += x->strides[axis] * (int64_t)item;
            if (++index[axis] < x->shape[axis]) break;
            to -= x->strides[axis] * (int64_t)item * x->shape[axis];
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}

/* Lists. They live until the call ends; NULL or false means that there is no memory. */
SC_INLINE sc_list *sc_list_new(sc_workspace *ws, int64_t length, size_t item) {
    size_t bytes;
    if (length < 0) length = 0;
    if (__builtin_mul_overflow((size_t)(length < 4 ? 4 : length), item, &bytes)) return NULL;
    sc_list *l = (sc_list *)sc_block_allocate(ws, sizeof(sc_list));
    void *data = l ? sc_block_allocate(ws, bytes) : NULL;
    if (!data) return NULL;
    l->data = data;
    l->length = length;
    l->capacity = length < 4 ? 4 : length;
    return l;
}
SC_INLINE bool sc_list_room(sc_workspace *ws, sc_list *l, size_t item) {
    if (SC_LIKELY(l->length < l->capacity)) return true;
    int64_t capacity = l->capacity * 2 < 8 ? 8 : l->capacity * 2;
    void *data = sc_block_allocate(ws, (size_t)capacity * item);
    if (!data) return false;
    if (l->length) memcpy(data, l->data, (size_t)l->length * item);
    l->data = data;
    l->capacity = capacity;
    return true;
}
/* Copies a list of numbers into memory of its own, for the caller of an entry point. */
SC_INLINE bool sc_list_give(sc_list *to, const sc_list *from, size_t item) {
    to->data = sc_allocate((size_t)from->length * item);
    if (!to->data) return false;
    if (from->length) memcpy(to->data, from->data, (size_t)from->length * item);
    to->length = to->capacity = from->length;
    return true;
}

#ifdef __cplusplus
}
#endif
#endif
