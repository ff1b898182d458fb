/* SPDX-License-Identifier: MIT */
/* Starting calls in the background, by name and with typed values. */
#include "call/call_pool.h"
#include "store/origin.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "vidstore/queue.h"
#include "vidstore/user.h"
#include <string.h>

enum { RETRY_MS = 10 };

static int full(struct vidstore_queue *queue, vidstore_error **e) {
    vs_fail(e, VIDSTORE_BUSY, "queue", "the queue is full: %lld operations, %lld bytes", (long long)queue->count,
            (long long)queue->bytes);
    vs_error_set_retry(e, RETRY_MS);
    return VIDSTORE_BUSY;
}

/* What takes as long as its bytes do has a deadline when the host set one; all else has the store's. */
static int64_t deadline_of(const struct vidstore_result *op) {
    int64_t ms = op->session->deadline_ms;
    if (!ms && op->call.entry->class_ == VS_CLASS_LONG)
        return INT64_MAX;
    return vs_mono_us() + (ms ? ms : op->session->store->options.deadline_ms) * 1000;
}

/* Takes the operation over when it succeeds. */
static int submit(struct vidstore_queue *queue, struct vidstore_result *op, int64_t *ret_op, vidstore_error **e) {
    struct vs_call_pool *pool = queue->pool;
    int r = 0;
    pthread_mutex_lock(&pool->lock);
    if (queue->count >= queue->limit || (queue->count && queue->bytes + op->call.bytes > VS_QUEUE_BYTES))
        r = full(queue, e);
    op->queue = queue;
    op->op = queue->next_op;
    op->until_us = deadline_of(op);
    if (!r)
        r = vs_call_pool_add(pool, op, e);
    if (!r) {
        TAILQ_INSERT_TAIL(&queue->all, op, by_queue);
        queue->next_op++;
        queue->count++;
        op->charged = op->call.bytes;
        queue->bytes += op->charged;
        *ret_op = op->op;
    }
    pthread_mutex_unlock(&pool->lock);
    return r;
}

static void free_unstarted(struct vidstore_result **op) {
    if (!*op)
        return;
    vs_invocation_clear(&(*op)->call);
    vidstore_session_free((*op)->session);
    vs_free(*op);
}
#define autoop VS_CLEANUP(free_unstarted) struct vidstore_result

static struct vidstore_result *new_op(int64_t tag) {
    struct vidstore_result *op = vs_calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->magic = VS_MAGIC_RESULT;
    op->tag = tag;
    return op;
}

static int check_queue(const vidstore_queue *queue, vidstore_error **e) {
    int r = vs_check_handle(queue, VS_MAGIC_QUEUE, "queue", e);
    if (!r)
        r = vs_db_check(queue->store->db, "queue", e);
    return r;
}

/* The arguments: a JSON text, or typed values. */
static int start(vidstore_session *session, vidstore_queue *queue, int64_t tag, const char *name, const char *json,
                 const union vs_call_slot *in, int64_t *ret_op, vidstore_error **e) {
    int64_t unwanted = 0;
    if (!ret_op)
        ret_op = &unwanted;
    *ret_op = 0;
    VS_ENTER_PLAIN(session, e);
    int r = check_queue(queue, e);
    if (!r && queue->store != session->store)
        r = vs_fail_sub(e, VIDSTORE_MISUSE, VIDSTORE_SUB_WRONG_HANDLE, "queue", "the queue is of another store");
    if (r)
        return r;
    autoop *op = new_op(tag);
    if (!op)
        return vs_fail_nomem(e);
    r = in ? vs_invocation_copy(&op->call, name, in, e) : vs_invocation_read(&op->call, name, json, e);
    if (!r && op->call.entry->here_only)
        r = vs_fail(e, VIDSTORE_UNSUPPORTED, "name", "%s is of the session alone, and can't run in the background",
                    name);
    if (!r)
        r = vs_invocation_check(&op->call, session, e);
    if (!r)
        r = vs_invocation_keep_fds(&op->call, session->store, e);
    if (!r)
        r = vs_session_copy(session, &op->session, e);
    if (!r)
        r = submit(queue, op, ret_op, e);
    if (!r)
        op = NULL;
    return r;
}

vidstore_status vidstore_call_start(vidstore_session *session, vidstore_queue *queue, int64_t tag, const char *name,
                                    const char *args_json, int64_t *ret_op, vidstore_error **reterr) {
    return start(session, queue, tag, name, args_json, NULL, ret_op, reterr);
}

/* --- typed -------------------------------------------------------------------------------------------------------- */

vidstore_status vidstore_user_verify_password_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                    const char *name, const char *password, int64_t *ret_op,
                                                    vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = name}, {.text = password}};
    return start(session, queue, tag, "user.verify_password", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_file_put_path_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                             const char *path, const vidstore_file_params *params, int64_t *ret_op,
                                             vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = path}, {.p = (void *)(uintptr_t)params}};
    return start(session, queue, tag, "file.put_path", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_file_put_fd_start(vidstore_session *session, vidstore_queue *queue, int64_t tag, int32_t fd,
                                           int64_t size, const vidstore_file_params *params, int64_t *ret_op,
                                           vidstore_error **reterr) {
    union vs_call_slot in[] = {{.i = fd}, {.i = size}, {.p = (void *)(uintptr_t)params}};
    return start(session, queue, tag, "file.put_fd", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_file_save_start(vidstore_session *session, vidstore_queue *queue, int64_t tag, const char *id,
                                         const char *path, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = id}, {.text = path}};
    return start(session, queue, tag, "file.save", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_file_verify_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                           const char *id, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = id}};
    return start(session, queue, tag, "file.verify", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_video_probe_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                           const char *id, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = id}};
    return start(session, queue, tag, "video.probe", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_video_probe_many_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                                const char *const *ids, int64_t count, uint32_t flags, int64_t *ret_op,
                                                vidstore_error **reterr) {
    union vs_call_slot in[] = {{.p = (void *)(uintptr_t)ids}, {.i = count}, {.i = flags}};
    return start(session, queue, tag, "video.probe_many", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_video_fetch_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                           const char *id, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = id}};
    return start(session, queue, tag, "video.fetch", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_backup_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                      const char *directory, uint32_t flags, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = directory}, {.i = flags}};
    return start(session, queue, tag, "backup", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_job_claim_start(vidstore_session *session, vidstore_queue *queue, int64_t tag,
                                         const char *kinds, int64_t wait_ms, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = kinds}, {.i = wait_ms}};
    return start(session, queue, tag, "job.claim", NULL, in, ret_op, reterr);
}

vidstore_status vidstore_job_wait_start(vidstore_session *session, vidstore_queue *queue, int64_t tag, const char *id,
                                        int64_t wait_ms, int64_t *ret_op, vidstore_error **reterr) {
    union vs_call_slot in[] = {{.text = id}, {.i = wait_ms}};
    return start(session, queue, tag, "job.wait", NULL, in, ret_op, reterr);
}

/* --- logging in --------------------------------------------------------------------------------------------------- */

/* It runs for nobody, from where the request came; what it gives is a session. */
static int run_login(void *self, const union vs_call_slot *in, union vs_call_slot *out, vidstore_error **e) {
    vidstore_session *session = self, *ret_session = NULL;
    vidstore_origin *origin = vidstore_origin_new();
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP + i, session->actor.origin[i]);
    int r = vidstore_session_login(session->store, in[0].text, in[1].text, origin, &ret_session, e);
    vidstore_origin_free(origin);
    out[0].p = ret_session;
    return r;
}

static const struct vs_call_arg login_args[] = {{"name", VS_ARG_TEXT}, {"password", VS_ARG_TEXT}};
static const struct vs_call_out login_outs[] = {{"session", VS_OUT_SESSION, "vidstore_session", NULL}};
static const struct vs_call_entry login = {"session.login", run_login, VS_SELF_SESSION, VS_CLASS_CPU, 0, 2, 1,
                                           login_args,      login_outs};

vidstore_status vidstore_session_login_start(vidstore_queue *queue, int64_t tag, const char *name, const char *password,
                                             const vidstore_origin *origin, int64_t *ret_op, vidstore_error **reterr) {
    int64_t unwanted = 0;
    union vs_call_slot in[] = {{.text = name}, {.text = password}};
    if (!ret_op)
        ret_op = &unwanted;
    *ret_op = 0;
    if (reterr)
        *reterr = NULL;
    int r = check_queue(queue, reterr);
    if (r)
        return r;
    autoop *op = new_op(tag);
    if (!op)
        return vs_fail_nomem(reterr);
    op->call.entry = &login;
    r = vs_session_new(queue->store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, &op->session,
                       reterr);
    if (!r)
        r = vs_invocation_copy(&op->call, NULL, in, reterr);
    if (!r)
        r = submit(queue, op, ret_op, reterr);
    if (!r)
        op = NULL;
    return r;
}
