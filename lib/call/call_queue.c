/* SPDX-License-Identifier: MIT */
/* Queues of results: a pipe that holds one byte exactly while there are results to fetch. */
#include "call/call_pool.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "vidstore/queue.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_DEFAULT = 1024, LIMIT_MAX = 65536, WAIT_MAX_MS = 86400000, FREE_WAIT_S = 5 };

/* --- results that wait -------------------------------------------------------------------------------------------- */

static void show(struct vidstore_queue *queue) {
    ssize_t n;
    do
        n = write(queue->fds[1], "", 1);
    while (n < 0 && errno == EINTR);
}

static void hide(struct vidstore_queue *queue) {
    char byte;
    ssize_t n;
    do
        n = read(queue->fds[0], &byte, 1);
    while (n < 0 && errno == EINTR);
}

/* Whatever makes room lets go on what was held back for the lack of it: a fetch, but also the end of a call whose
 * arguments were large. */
static void charge(struct vidstore_queue *queue, struct vidstore_result *op, int64_t bytes) {
    int room = queue->bytes > VS_QUEUE_BYTES && bytes < op->charged;
    queue->bytes += bytes - op->charged;
    op->charged = bytes;
    if (room)
        vs_call_pool_wake(queue->pool);
}

void vs_queue_put(struct vidstore_queue *queue, struct vidstore_result *op) {
    int empty = TAILQ_EMPTY(&queue->done);
    op->state = VS_OP_DONE;
    charge(queue, op, vs_invocation_result_bytes(&op->call));
    TAILQ_INSERT_TAIL(&queue->done, op, by_state);
    if (empty)
        show(queue);
}

static void free_op(struct vidstore_result *op) {
    vs_invocation_clear(&op->call);
    vidstore_session_free(op->actor);
    vidstore_session_free(op->session);
    vidstore_error_free(op->error);
    vs_quarantine(op, sizeof *op);
}

static void free_queue(struct vidstore_queue *queue) {
    struct vidstore *store = queue->store;
    vs_quarantine(queue, sizeof *queue);
    vs_store_unref(store);
}

void vs_queue_ran(struct vidstore_result *op) {
    struct vidstore_queue *queue = op->queue;
    struct vs_call_pool *pool = queue->pool;
    pthread_mutex_lock(&pool->lock);
    int dead = queue->dead, last = 0;
    if (!dead) {
        queue->running--;
        vs_queue_put(queue, op);
    }
    pthread_mutex_unlock(&pool->lock);
    if (!dead)
        return;
    free_op(op); /* before it counts as ended: who waits for that may end the process then */
    pthread_mutex_lock(&pool->lock);
    last = --queue->running == 0 && queue->abandoned;
    pthread_cond_broadcast(&pool->ended);
    pthread_mutex_unlock(&pool->lock);
    if (last)
        free_queue(queue);
}

/* What runs was interrupted. A host that goes on to exit() must not do so under the feet of our threads. 1 when all has
 * ended, else the last one frees the queue. */
static int wait_for_end(struct vidstore_queue *queue) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += FREE_WAIT_S;
    pthread_mutex_lock(&queue->pool->lock);
    while (queue->running && pthread_cond_timedwait(&queue->pool->ended, &queue->pool->lock, &until) != ETIMEDOUT)
        ;
    queue->abandoned = queue->running > 0;
    int ended = !queue->abandoned;
    pthread_mutex_unlock(&queue->pool->lock);
    return ended;
}

/* --- public ------------------------------------------------------------------------------------------------------- */

static int check_queue(const vidstore_queue *queue, vidstore_error **e) {
    if (e)
        *e = NULL;
    int r = vs_check_handle(queue, VS_MAGIC_QUEUE, "queue", e);
    if (!r)
        r = vs_db_check(queue->store->db, "queue", e);
    return r;
}

vidstore_status vidstore_queue_new(vidstore *store, int64_t limit, vidstore_queue **ret_queue,
                                   vidstore_error **reterr) {
    struct vs_call_pool *pool = NULL;
    if (reterr)
        *reterr = NULL;
    if (ret_queue)
        *ret_queue = NULL;
    int r = vs_store_check(store, reterr);
    if (!r && !ret_queue)
        r = vs_fail(reterr, VIDSTORE_MISUSE, "ret_queue", "ret_queue is NULL");
    if (!r && (limit < 0 || limit > LIMIT_MAX))
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "limit", "limit is not between 0 and %d",
                        LIMIT_MAX);
    if (!r)
        r = vs_call_pool_of(store, &pool, reterr);
    if (r)
        return r;
    vs_autofree struct vidstore_queue *queue = vs_calloc(1, sizeof *queue);
    if (!queue)
        return vs_fail_nomem(reterr);
    if (pipe2(queue->fds, O_CLOEXEC | O_NONBLOCK))
        return vs_fail_errno(reterr, errno, "queue", "make a pipe");
    queue->magic = VS_MAGIC_QUEUE;
    queue->store = vs_store_ref(store);
    queue->pool = pool;
    queue->limit = limit ? limit : LIMIT_DEFAULT;
    queue->next_op = 1;
    TAILQ_INIT(&queue->all);
    TAILQ_INIT(&queue->done);
    *ret_queue = VS_TAKE(queue);
    return 0;
}

int32_t vidstore_queue_fd(const vidstore_queue *queue) {
    return queue && queue->magic == VS_MAGIC_QUEUE ? queue->fds[0] : -1;
}

int64_t vidstore_queue_count(const vidstore_queue *queue) {
    if (check_queue(queue, NULL))
        return 0;
    pthread_mutex_lock(&queue->pool->lock);
    int64_t count = queue->count;
    pthread_mutex_unlock(&queue->pool->lock);
    return count;
}

/* The next result, with all of its queue behind it; NULL when none waits. */
static struct vidstore_result *fetch(struct vidstore_queue *queue) {
    pthread_mutex_lock(&queue->pool->lock);
    struct vidstore_result *op = TAILQ_FIRST(&queue->done);
    if (op) {
        TAILQ_REMOVE(&queue->done, op, by_state);
        TAILQ_REMOVE(&queue->all, op, by_queue);
        queue->count--;
        charge(queue, op, 0);
        op->state = VS_OP_FETCHED;
        op->queue = NULL;
        if (TAILQ_EMPTY(&queue->done))
            hide(queue);
    }
    pthread_mutex_unlock(&queue->pool->lock);
    return op;
}

static int begin_fetch(vidstore_queue *queue, vidstore_result **ret, vidstore_error **e) {
    if (ret)
        *ret = NULL;
    int r = check_queue(queue, e);
    return r || ret ? r : vs_fail(e, VIDSTORE_MISUSE, "ret_result", "ret_result is NULL");
}

vidstore_status vidstore_queue_next(vidstore_queue *queue, vidstore_result **ret_result, vidstore_error **reterr) {
    int r = begin_fetch(queue, ret_result, reterr);
    if (!r)
        *ret_result = fetch(queue);
    return r;
}

vidstore_status vidstore_queue_wait(vidstore_queue *queue, int64_t wait_ms, vidstore_result **ret_result,
                                    vidstore_error **reterr) {
    int r = begin_fetch(queue, ret_result, reterr);
    if (!r && (wait_ms < 0 || wait_ms > WAIT_MAX_MS))
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "wait_ms", "wait_ms is not between 0 and %d",
                        WAIT_MAX_MS);
    int64_t until = vs_mono_us() + wait_ms * 1000;
    while (!r && !(*ret_result = fetch(queue))) {
        int64_t left = (until - vs_mono_us() + 999) / 1000;
        struct pollfd look = {.fd = queue->fds[0], .events = POLLIN};
        if (left <= 0)
            break;
        if (poll(&look, 1, (int)left) < 0 && errno != EINTR)
            r = vs_fail_errno(reterr, errno, "queue", "wait for a result");
    }
    return r;
}

static void cancel_queued(struct vidstore_queue *queue, struct vidstore_result *op) {
    vs_call_pool_remove(queue->pool, op);
    op->status = vs_fail(&op->error, VIDSTORE_CANCELLED, NULL, "cancelled before it began");
    vs_queue_put(queue, op);
}

static void cancel_running(struct vidstore_result *op) {
    op->cancelled = 1;
    if (op->session)
        vs_session_doom(op->session);
    if (op->actor)
        vs_session_doom(op->actor);
}

vidstore_status vidstore_queue_cancel(vidstore_queue *queue, int64_t op, vidstore_error **reterr) {
    int r = check_queue(queue, reterr);
    if (r)
        return r;
    pthread_mutex_lock(&queue->pool->lock);
    struct vidstore_result *at;
    TAILQ_FOREACH_REVERSE(at, &queue->all, vs_op_list, by_queue) {
        if (at->op == op)
            break;
    }
    enum vs_op_state state = at ? at->state : VS_OP_DONE;
    if (state == VS_OP_QUEUED)
        cancel_queued(queue, at);
    else if (state == VS_OP_RUNNING)
        cancel_running(at);
    pthread_mutex_unlock(&queue->pool->lock);
    if (state == VS_OP_QUEUED || state == VS_OP_RUNNING)
        return 0;
    return vs_fail(reterr, VIDSTORE_NOT_FOUND, "op", "operation %lld has ended, or never was", (long long)op);
}

void vidstore_queue_free(vidstore_queue *queue) {
    if (!queue || queue->magic != VS_MAGIC_QUEUE || vs_db_forked(queue->store->db))
        return;
    struct vs_op_list idle = TAILQ_HEAD_INITIALIZER(idle);
    struct vidstore_result *op, *next;
    pthread_mutex_lock(&queue->pool->lock);
    queue->magic = VS_MAGIC_FREED;
    queue->dead = 1;
    for (op = TAILQ_FIRST(&queue->all); op; op = next) {
        next = TAILQ_NEXT(op, by_queue);
        if (op->state == VS_OP_RUNNING) {
            cancel_running(op);
            continue;
        }
        if (op->state == VS_OP_QUEUED)
            vs_call_pool_remove(queue->pool, op);
        TAILQ_REMOVE(&queue->all, op, by_queue);
        TAILQ_INSERT_TAIL(&idle, op, by_queue);
    }
    close(queue->fds[0]);
    close(queue->fds[1]);
    pthread_mutex_unlock(&queue->pool->lock);
    for (op = TAILQ_FIRST(&idle); op; op = next) {
        next = TAILQ_NEXT(op, by_queue);
        free_op(op);
    }
    if (wait_for_end(queue))
        free_queue(queue);
}

/* --- results ------------------------------------------------------------------------------------------------------ */

static int is_result(const vidstore_result *result) {
    return result && result->magic == VS_MAGIC_RESULT;
}

int64_t vidstore_result_op(const vidstore_result *result) {
    return is_result(result) ? result->op : 0;
}

int64_t vidstore_result_tag(const vidstore_result *result) {
    return is_result(result) ? result->tag : 0;
}

vidstore_status vidstore_result_status(const vidstore_result *result) {
    return is_result(result) ? result->status : VIDSTORE_MISUSE;
}

const vidstore_error *vidstore_result_error(const vidstore_result *result) {
    return is_result(result) ? result->error : NULL;
}

vidstore_status vidstore_result_json(vidstore_result *result, vidstore_text **ret_json, vidstore_error **reterr) {
    vidstore_text *unwanted = NULL, **ret = ret_json ? ret_json : &unwanted;
    vs_autobuf b = {0};
    *ret = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_check_handle(result, VS_MAGIC_RESULT, "result", reterr);
    if (!r && (result->status || !result->call.entry))
        r = vs_fail(reterr, VIDSTORE_STATE, "result", "there is no result: %s",
                    result->status ? "the operation failed" : "it was taken");
    if (!r)
        r = vs_invocation_render(&result->call, result->session->store, &b, reterr);
    if (!r)
        r = vs_buf_to_text(&b, ret, reterr);
    vidstore_text_free(unwanted);
    return r;
}

void *vidstore_result_take(vidstore_result *result, const char *type) {
    const struct vs_call_entry *entry = is_result(result) && !result->status ? result->call.entry : NULL;
    if (is_result(result) && type && strcmp(type, "vidstore_error") == 0)
        return VS_TAKE(result->error);
    for (size_t i = 0; type && entry && i < entry->outs_count; i++)
        if (entry->outs[i].type && strcmp(entry->outs[i].type, type) == 0)
            return VS_TAKE(result->call.out[i].p);
    return NULL;
}

void vidstore_result_free(vidstore_result *result) {
    if (!is_result(result) || vs_db_forked(result->session->store->db))
        return;
    free_op(result);
}
