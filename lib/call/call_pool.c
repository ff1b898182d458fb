/* SPDX-License-Identifier: MIT */
#include "call/call_pool.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <time.h>

enum { IDLE_S = 10 };
static const int limits[VS_CLASSES] = {[VS_CLASS_SHORT] = 16, [VS_CLASS_LONG] = 8, [VS_CLASS_WAITING] = 32};

static void unref(struct vs_call_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    int last = --pool->refs == 0;
    pthread_mutex_unlock(&pool->lock);
    if (!last)
        return;
    for (int i = 0; i < VS_CLASSES; i++)
        pthread_cond_destroy(&pool->classes[i].wake);
    pthread_cond_destroy(&pool->ended);
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

/* The deadline counts from the start, whatever the wait for a thread. */
static int begin(struct vidstore_result *op, vidstore_session **ret_actor, vidstore_error **e) {
    vidstore_session *session = op->session;
    int64_t ms = session->deadline_ms ? session->deadline_ms : session->store->options.deadline_ms;
    int64_t left = ms - (vs_mono_us() - op->started_us) / 1000;
    if (atomic_load(&session->doomed))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "cancelled before it began");
    if (left < 1)
        return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed before a thread was free");
    session->deadline_ms = left;
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

/* With the lock held: waits for work. 0: it is time to go. */
static int wait_for_work(struct vs_call_class_pool *c) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += IDLE_S;
    c->idle++;
    int rc = pthread_cond_timedwait(&c->wake, &c->pool->lock, &until);
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

static int start_thread(struct vs_call_class_pool *c) {
    pthread_t thread;
    int rc = vs_env()->thread_start(work, c, &thread);
    if (rc)
        return rc;
    pthread_detach(thread);
    c->threads++;
    c->pool->refs++;
    return 0;
}

int vs_call_pool_add(struct vs_call_pool *pool, struct vidstore_result *op, vidstore_error **e) {
    struct vs_call_class_pool *c = &pool->classes[op->call.entry->class_];
    if (c->queued >= c->idle && c->threads < c->limit) {
        int rc = start_thread(c);
        if (rc && !c->threads)
            return vs_fail(e, VIDSTORE_UNAVAILABLE, "queue", "no thread can be started (error %d)", rc);
    }
    op->state = VS_OP_QUEUED;
    TAILQ_INSERT_TAIL(&c->waiting, op, by_state);
    c->queued++;
    pthread_cond_signal(&c->wake);
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
