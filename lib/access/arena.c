/* SPDX-License-Identifier: MIT */
#include "access/arena.h"
#include "access/password.h"
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { WAITING_MAX = 64, KEPT = 2, KEPT_MIN = 1 << 20, RESERVED_KIB = 64 << 10 };
static const int64_t WAIT_US = 2000000;

struct pool {
    pid_t process;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int64_t taken_kib;
    int waiting;
    struct {
        void *memory;
        size_t size;
    } kept[KEPT];
};

/* One for the process, whatever stores it opens. A child of fork() begins with one of its own: in its parent's, threads
 * that it has not may hold the lock and count memory as taken for ever. */
static _Atomic(struct pool *) current;

static struct pool *pool_of_process(void) {
    struct pool *old = atomic_load(&current);
    if (old && old->process == getpid())
        return old;
    struct pool *pool = vs_calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->process = getpid();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->freed, NULL);
    if (atomic_compare_exchange_strong(&current, &old, pool))
        return pool;
    vs_free(pool); /* another thread was faster */
    return old;
}

static int busy(vidstore_error **e) {
    vs_fail(e, VIDSTORE_BUSY, NULL, "too many passwords are being checked");
    vs_error_set_retry(e, 1000);
    return VIDSTORE_BUSY;
}

/* In short naps: an interrupt has nobody to wake us. */
static void nap(struct pool *pool) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&pool->freed, &pool->lock, &until);
}

/* Something is let in always when nothing else is there, however large. */
static int fits(const struct pool *pool, uint32_t memory_kib, int known) {
    int64_t budget = VS_HASH_BUDGET_KIB - (known ? 0 : RESERVED_KIB);
    return !pool->taken_kib || pool->taken_kib + memory_kib <= budget;
}

int vs_arena_take(uint32_t memory_kib, int known, const struct vs_call *call, vidstore_error **e) {
    struct pool *pool = pool_of_process();
    int64_t until = vs_mono_us() + WAIT_US;
    int r = 0;
    if (!pool)
        return vs_fail_nomem(e);
    pthread_mutex_lock(&pool->lock);
    if (!fits(pool, memory_kib, known) && pool->waiting >= WAITING_MAX)
        r = busy(e);
    pool->waiting++;
    while (!r && !fits(pool, memory_kib, known)) {
        nap(pool);
        int64_t now = vs_mono_us();
        if (call->interrupt && atomic_load(call->interrupt))
            r = vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted");
        else if (!fits(pool, memory_kib, known) && (now > until || (call->deadline_us && now > call->deadline_us)))
            r = busy(e);
    }
    pool->waiting--;
    pool->taken_kib += r ? 0 : memory_kib;
    pthread_mutex_unlock(&pool->lock);
    return r;
}

void vs_arena_give(uint32_t memory_kib) {
    struct pool *pool = atomic_load(&current); /* that it was taken from */
    pthread_mutex_lock(&pool->lock);
    pool->taken_kib -= memory_kib;
    pthread_cond_broadcast(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

int vs_arena_memory(uint8_t **ret, size_t size) {
    struct pool *pool = atomic_load(&current);
    void *memory = NULL;
    pthread_mutex_lock(&pool->lock);
    for (int i = 0; !memory && i < KEPT; i++)
        if (pool->kept[i].memory && pool->kept[i].size == size) {
            memory = pool->kept[i].memory;
            pool->kept[i].memory = NULL;
        }
    pthread_mutex_unlock(&pool->lock);
    *ret = memory ? memory : vs_malloc(size);
    return *ret ? 0 : -1;
}

/* libargon2 has wiped it. A place of another size is not of use any more. */
void vs_arena_memory_done(uint8_t *memory, size_t size) {
    struct pool *pool = atomic_load(&current);
    void *old = memory;
    pthread_mutex_lock(&pool->lock);
    for (int i = 0; size >= KEPT_MIN && old && i < KEPT; i++)
        if (!pool->kept[i].memory || pool->kept[i].size != size) {
            void *evicted = pool->kept[i].memory;
            pool->kept[i].memory = old;
            pool->kept[i].size = size;
            old = evicted;
            break;
        }
    pthread_mutex_unlock(&pool->lock);
    vs_free(old);
}
