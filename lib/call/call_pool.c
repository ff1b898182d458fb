/* SPDX-License-Identifier: MIT */
#include "call/call_pool.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <time.h>

enum { IDLE_S = 10 };
static const int64_t LOOK_US = 20000; /* deadlines are met so closely */
static const int64_t NAP_US = 1000000;
static const int limits[VS_CLASSES] = {
    [VS_CLASS_SHORT] = 16, [VS_CLASS_CPU] = 8, [VS_CLASS_LONG] = 8, [VS_CLASS_WAITING] = 32};

static void unref(struct vs_call_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    int last = --pool->refs == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!last)
        return;
    for (int i = 0; i < VS_CLASSES; i++)
        pthread_cond_destroy(&pool->classes[i].wake);
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->watch);
    pthread_mutex_destroy(&pool->lock);
    vs_free(pool);
}

/* The store goes, so nothing waits any more. One of our own threads may be what lets it go: none is waited for. They
 * touch nothing but the pool from here on. */
static void stop(void *state) {
    struct vs_call_pool *pool = state;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = 1;
    for (int i = 0; i < VS_CLASSES; i++)
        pthread_cond_broadcast(&pool->classes[i].wake);
    pthread_cond_broadcast(&pool->watch);
    pthread_mutex_unlock(&pool->lock);
    unref(pool);
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    (void)store;
    struct vs_call_pool *pool = vs_calloc(1, sizeof *pool);
    if (!pool)
        return vs_fail_nomem(e);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->ended, &attr);
    pthread_cond_init(&pool->watch, &attr);
    pool->refs = 1;
    for (int i = 0; i < VS_CLASSES; i++) {
        struct vs_call_class_pool *c = &pool->classes[i];
        c->pool = pool;
        c->limit = limits[i];
        TAILQ_INIT(&c->waiting);
        pthread_cond_init(&c->wake, &attr);
    }
    pthread_condattr_destroy(&attr);
    *ret = pool;
    return 0;
}

int vs_call_pool_of(struct vidstore *store, struct vs_call_pool **ret, vidstore_error **e) {
    void *state = NULL;
    int r = vs_store_service(store, VS_SLOT_CALLS, start, stop, &state, e);
    *ret = state;
    return r;
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

/* A queue that is full of results is not served until the host has taken some: what they hold is bounded. */
static struct vidstore_result *take(struct vs_call_class_pool *c) {
    struct vidstore_result *op;
    TAILQ_FOREACH(op, &c->waiting, by_state) {
        if (op->queue->bytes - op->charged > VS_QUEUE_BYTES)
            continue;
        TAILQ_REMOVE(&c->waiting, op, by_state);
        c->queued--;
        op->state = VS_OP_RUNNING;
        op->queue->running++;
        return op;
    }
    return NULL;
}

static int too_late(vidstore_error **e) {
    return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed before a thread was free");
}

/* A deadline counts from the start, whatever the wait for a thread. Where the host set none, calls that take as long as
 * their bytes do must go on finding none. */
static int begin(struct vidstore_result *op, vidstore_session **ret_actor, vidstore_error **e) {
    vidstore_session *session = op->session;
    int64_t left = op->until_us - vs_mono_us();
    if (atomic_load(&session->doomed))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "cancelled before it began");
    if (left < 1000)
        return too_late(e);
    if (session->deadline_ms)
        session->deadline_ms = left / 1000;
    return vs_invocation_actor(&op->call, session, ret_actor, e);
}

static void run(struct vs_call_pool *pool, struct vidstore_result *op) {
    vidstore_session *actor = NULL;
    op->status = begin(op, &actor, &op->error);
    pthread_mutex_lock(&pool->lock);
    op->actor = actor; /* from here on a cancel finds it */
    if (op->cancelled && actor)
        vs_session_doom(actor);
    pthread_mutex_unlock(&pool->lock);
    if (!op->status)
        op->status = vs_invocation_run(&op->call, actor ? actor : op->session, &op->error);
}

static int wait_on(pthread_cond_t *cond, struct vs_call_pool *pool, int64_t us) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + us * 1000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    return pthread_cond_timedwait(cond, &pool->lock, &until);
}

/* With the lock held: waits for work. 0: it is time to go. */
static int wait_for_work(struct vs_call_class_pool *c) {
    c->idle++;
    int rc = wait_on(&c->wake, c->pool, IDLE_S * INT64_C(1000000));
    c->idle--;
    return !c->pool->stopping && (rc != ETIMEDOUT || c->queued);
}

static void *work(void *arg) {
    struct vs_call_class_pool *c = arg;
    struct vs_call_pool *pool = c->pool;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct vidstore_result *op = take(c);
        if (op) {
            pthread_mutex_unlock(&pool->lock);
            run(pool, op);
            vs_queue_ran(op);
            pthread_mutex_lock(&pool->lock);
        } else if (!wait_for_work(c)) {
            break;
        }
    }
    c->threads--;
    pthread_mutex_unlock(&pool->lock);
    unref(pool);
    return NULL;
}

/* --- deadlines ---------------------------------------------------------------------------------------------------- */

/* With the lock held: ends what has waited for a thread up to its deadline. When the next one is due. */
static int64_t end_late(struct vs_call_pool *pool) {
    int64_t now = vs_mono_us(), next = INT64_MAX;
    for (int i = 0; i < VS_CLASSES; i++) {
        struct vidstore_result *op, *following;
        for (op = TAILQ_FIRST(&pool->classes[i].waiting); op; op = following) {
            following = TAILQ_NEXT(op, by_state);
            if (op->until_us > now) {
                next = op->until_us < next ? op->until_us : next;
                continue;
            }
            vs_call_pool_remove(pool, op);
            op->status = too_late(&op->error);
            vs_queue_put(op->queue, op);
        }
    }
    return next;
}

static void *watch(void *arg) {
    struct vs_call_pool *pool = arg;
    int rc = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->stopping && !(rc == ETIMEDOUT && pool->watch_us == INT64_MAX)) {
        pool->watch_us = end_late(pool);
        int64_t left = pool->watch_us == INT64_MAX ? IDLE_S * INT64_C(1000000) : pool->watch_us - vs_mono_us();
        if (pool->watch_us != INT64_MAX) /* the clock may be simulated */
            left = left < LOOK_US ? LOOK_US : left > NAP_US ? NAP_US : left;
        rc = wait_on(&pool->watch, pool, left);
    }
    pool->watching = 0;
    pthread_mutex_unlock(&pool->lock);
    unref(pool);
    return NULL;
}

/* --- taking over -------------------------------------------------------------------------------------------------- */

static int start_thread(struct vs_call_pool *pool, void *(*run_it)(void *), void *arg) {
    pthread_t thread;
    int rc = vs_env()->thread_start(run_it, arg, &thread);
    if (rc)
        return rc;
    pthread_detach(thread);
    pool->refs++;
    return 0;
}

/* Without a thread for it, what is late is found out when one of the others is free. */
static void watch_for(struct vs_call_pool *pool, const struct vidstore_result *op) {
    if (!pool->watching) {
        pool->watch_us = INT64_MAX;
        pool->watching = !start_thread(pool, watch, pool);
    }
    if (op->until_us < pool->watch_us) {
        pool->watch_us = op->until_us;
        pthread_cond_signal(&pool->watch);
    }
}

int vs_call_pool_add(struct vs_call_pool *pool, struct vidstore_result *op, vidstore_error **e) {
    struct vs_call_class_pool *c = &pool->classes[op->call.entry->class_];
    int wanted = c->queued >= c->idle;
    if (wanted && c->threads < c->limit) {
        int rc = start_thread(pool, work, c);
        if (rc && !c->threads)
            return vs_fail(e, VIDSTORE_UNAVAILABLE, "queue", "no thread can be started (error %d)", rc);
        c->threads += !rc;
        wanted = rc != 0;
    }
    op->state = VS_OP_QUEUED;
    TAILQ_INSERT_TAIL(&c->waiting, op, by_state);
    c->queued++;
    pthread_cond_signal(&c->wake);
    if (wanted && op->until_us != INT64_MAX)
        watch_for(pool, op);
    return 0;
}

void vs_call_pool_remove(struct vs_call_pool *pool, struct vidstore_result *op) {
    struct vs_call_class_pool *c = &pool->classes[op->call.entry->class_];
    TAILQ_REMOVE(&c->waiting, op, by_state);
    c->queued--;
}

void vs_call_pool_wake(struct vs_call_pool *pool) {
    for (int i = 0; i < VS_CLASSES; i++)
        if (pool->classes[i].queued)
            pthread_cond_broadcast(&pool->classes[i].wake);
}
