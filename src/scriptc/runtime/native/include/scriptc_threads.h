/* scriptc_threads.h: loops split over threads.
 *
 * sc_parallel_for(ws, n, grain, body, arg) calls body(arg, begin, end, worker) for parts of 0..n that
 * together are the whole, each at least `grain` long (but the last). `worker` counts from 0 and is below
 * sc_workers(ws, n, grain), which is how many scratch areas the caller provides. Bodies must give each
 * element the same bits whichever part it falls into; then no result depends on the number of threads.
 *
 * With ws->threads <= 1 or few elements, all runs in the caller. Else threads that are started at first
 * use and kept take a share. One loop has them at a time: a second caller meanwhile runs its loop alone.
 * After a fork the child starts threads of its own. A library that has run a loop in threads is not to
 * be unloaded.
 */
#ifndef SCRIPTC_THREADS_H
#define SCRIPTC_THREADS_H

#include "scriptc.h"

#if defined(_WIN32) || defined(SC_NO_THREADS)
#define SC_THREADS 0
#else
#define SC_THREADS 1
#include <pthread.h>
#include <unistd.h>
#endif

#define SC_MAX_THREADS 64

typedef void (*sc_body)(void *arg, int64_t begin, int64_t end, int worker);

/* How many parts a loop of n elements has. */
SC_INLINE int sc_workers(const sc_workspace *ws, int64_t n, int64_t grain) {
    if (!SC_THREADS || ws->threads <= 1) return 1;
    const int64_t parts = n / (grain > 0 ? grain : 1);
    const int64_t most = ws->threads < SC_MAX_THREADS ? ws->threads : SC_MAX_THREADS;
    return (int)(parts < 1 ? 1 : parts < most ? parts : most);
}

#if SC_THREADS
/* The threads of one shared object. All fields but `process` are guarded by `lock`. */
typedef struct sc_pool {
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    pid_t process;    /* whose threads they are */
    int started;      /* how many there are */
    bool busy;        /* a loop has them */
    int parts;        /* of the loop, the first being the caller's */
    int left;         /* parts that have not ended, without the caller's */
    int next;         /* the next part that nobody has taken */
    sc_body body;
    void *arg;
    int64_t n;
} sc_pool;

static __attribute__((unused)) sc_pool sc_the_pool = {
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false, 0, 0, 0,
    NULL, NULL, 0};

SC_INLINE int64_t sc_part_begin(int64_t n, int parts, int part) {
    const int64_t each = n / parts, more = n % parts;
    return each * part + (part < more ? part : more);
}

/* Takes parts of the running loop until none is left. The lock is held on entry and on return. */
SC_INLINE void sc_pool_take(sc_pool *pool) {
    while (pool->next < pool->parts) {
        const int part = pool->next++;
        const sc_body body = pool->body;
        void *arg = pool->arg;
        const int64_t begin = sc_part_begin(pool->n, pool->parts, part);
        const int64_t end = sc_part_begin(pool->n, pool->parts, part + 1);
        pthread_mutex_unlock(&pool->lock);
        body(arg, begin, end, part);
        pthread_mutex_lock(&pool->lock);
        if (--pool->left == 0) pthread_cond_signal(&pool->end);
    }
}

static __attribute__((unused)) void *sc_pool_main(void *arg) {
    sc_pool *pool = (sc_pool *)arg;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        sc_pool_take(pool);
        pthread_cond_wait(&pool->begin, &pool->lock);
    }
    return NULL;
}

/* In a child the parent's threads are gone, and the lock may have been held. */
SC_INLINE void sc_pool_renew(sc_pool *pool) {
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begin, NULL);
    pthread_cond_init(&pool->end, NULL);
    pool->started = pool->parts = pool->left = pool->next = 0;
    pool->busy = false;
}
static __attribute__((unused)) void sc_pool_child(void) { sc_pool_renew(&sc_the_pool); }

/* Has so many threads running, or as many as there can be. The lock is held. */
SC_INLINE void sc_pool_start(sc_pool *pool, int count) {
    if (pool->process == 0) {
        pool->process = getpid();
        pthread_atfork(NULL, NULL, sc_pool_child);
    }
    for (; pool->started < count; pool->started++) {
        pthread_t thread;
        pthread_attr_t detached;
        if (pthread_attr_init(&detached)) return;
        pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
        const int failed = pthread_create(&thread, &detached, sc_pool_main, pool);
        pthread_attr_destroy(&detached);
        if (failed) return;
    }
}
#endif

/* Inlined even in part, it would make a second copy of each body, which takes as long to compile as the first. */
static __attribute__((unused, noinline)) void sc_parallel_for(
    sc_workspace *ws, int64_t n, int64_t grain, sc_body body, void *arg) {
    const int parts = sc_workers(ws, n, grain);
    if (parts <= 1) {
        if (n > 0) body(arg, 0, n, 0);
        return;
    }
#if SC_THREADS
    sc_pool *pool = &sc_the_pool;
    pthread_mutex_lock(&pool->lock);
    if (pool->busy) {
        pthread_mutex_unlock(&pool->lock);
        body(arg, 0, n, 0);
        return;
    }
    pool->busy = true;
    sc_pool_start(pool, parts - 1);
    pool->body = body;
    pool->arg = arg;
    pool->n = n;
    pool->parts = pool->left = parts;
    pool->next = 0;
    pthread_cond_broadcast(&pool->begin);
    sc_pool_take(pool);
    while (pool->left > 0) pthread_cond_wait(&pool->end, &pool->lock);
    pool->busy = false;
    pthread_mutex_unlock(&pool->lock);
#endif
}

#endif
