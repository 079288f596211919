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
    int32_t source;   /* results: -1, or the index of the input leaf whose memory this is */
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

/* Returns memory of that many bytes, aligned for vectors, to be released with free(); or NULL. */
SC_INLINE void *sc_allocate(size_t bytes) {
#if defined(_WIN32)
    return malloc(bytes ? bytes : 1);
#else
    if (bytes < 256) return malloc(bytes ? bytes : 1);
    return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
#endif
}

/* Returns the memory of a slot, which is at least that large; NULL if there is none left. */
SC_INLINE void *sc_slot_reserve(sc_workspace *ws, int slot, size_t bytes) {
    sc_slot *s = &ws->slots[slot];
    if (SC_UNLIKELY(s->size < bytes || !s->data)) {
        size_t size = bytes + bytes / 2 + 64;
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

#ifdef __cplusplus
}
#endif
#endif
