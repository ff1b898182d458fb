/* SPDX-License-Identifier: MIT */
/* Progress and checkpoints of a lease. */
#include "db/bind.h"
#include "jobs/job_lease.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <stdio.h>
#include <string.h>

enum { CHECKPOINT_MAX = 1 << 20, STAGE_WAIT_MS = 2000 };

static int check_stage(const char *stage, vidstore_error **e) {
    int r = vs_check_text(stage, "stage", VS_STAGE_MAX, e);
    if (!r && !*stage)
        r = vs_fail(e, VIDSTORE_INVALID, "stage", "stage is empty");
    for (const char *c = stage; !r && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "stage", "stage has a control character in it");
    return r;
}

static int check_numbers(int64_t done, int64_t total, vidstore_error **e) {
    if (done < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "done", "done is negative");
    if (total < 0 && total != INT64_MIN)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "total", "total is negative");
    return 0;
}

/* Keeps it in memory. 1 when the stage is another one. */
static int keep(struct vs_hold *hold, const char *stage, int64_t done, int64_t total) {
    struct vs_progress *p = &hold->progress;
    pthread_mutex_lock(&hold->lock);
    int other = stage && strcmp(stage, p->stage) != 0;
    int moved = other || done != p->done || total != p->total;
    if (other)
        snprintf(p->stage, sizeof p->stage, "%s", stage);
    p->done = done;
    p->total = total;
    int64_t whole = vs_kind_progress(hold->kind, p->stage, done, total);
    p->whole = whole > p->whole ? whole : p->whole;
    hold->serial += (uint64_t)moved;
    if (moved)
        hold->moved_us = vs_mono_us();
    pthread_mutex_unlock(&hold->lock);
    return other;
}

/* A new stage is written at once when that is possible; when somebody holds the store, with the next renewal. */
static int write_now(const vidstore_lease *lease, vidstore_error **e) {
    int r = vs_keeper_renew(lease->session->store, lease->hold, STAGE_WAIT_MS, e);
    if (r == VIDSTORE_BUSY || r == VIDSTORE_TIMEOUT || r == VIDSTORE_MISUSE || r == VIDSTORE_RETRY) {
        vs_error_clear(e);
        return 0;
    }
    return r;
}

vidstore_status vidstore_lease_progress(vidstore_lease *lease, const char *stage, int64_t done, int64_t total,
                                        vidstore_error **reterr) {
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    if (!r && stage)
        r = check_stage(stage, reterr);
    if (!r)
        r = check_numbers(done, total, reterr);
    if (!r && (vidstore_lease_signals(lease) & VIDSTORE_SIGNAL_LOST))
        r = vs_fail(reterr, VIDSTORE_LEASE_LOST, "lease", "the job was taken back");
    if (r)
        return r;
    if (keep(lease->hold, stage, done, total))
        r = write_now(lease, reterr);
    if (!r && (vidstore_lease_signals(lease) & VIDSTORE_SIGNAL_CANCEL))
        r = vs_fail(reterr, VIDSTORE_CANCELLED, "lease", "the job was cancelled");
    return r;
}

int vs_lease_report(vidstore_session *session, const char *stage, int64_t done, int64_t total, vidstore_error **e) {
    return session->lease ? vidstore_lease_progress(session->lease, stage, done, total, e) : 0;
}

struct checkpoint {
    const struct vs_hold *hold;
    const void *data;
    int64_t size;
    vidstore_text *found;
};

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct checkpoint *c = arg;
    return vs_exec(conn, VS_STMT_JOB_CHECKPOINT_SET, NULL, e, vs_bytes(c->size ? c->data : NULL, c->size),
                   vs_id(&c->hold->job));
}

vidstore_status vidstore_lease_checkpoint(vidstore_lease *lease, const void *data, int64_t size,
                                          vidstore_error **reterr) {
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    if (r)
        return r;
    if (size < 0 || size > CHECKPOINT_MAX)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "size", "size is not between 0 and %d",
                           CHECKPOINT_MAX);
    if (size && !data)
        return vs_fail(reterr, VIDSTORE_MISUSE, "data", "data is NULL");
    VS_ENTER_VOID(lease->session, reterr);
    struct checkpoint c = {lease->hold, data, size, NULL};
    return vs_session_write(lease->session, set_op, &c, reterr);
}

static int get_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct checkpoint *c = arg;
    vs_autostmt *s = NULL;
    size_t len = 0;
    vidstore_text_free(c->found);
    c->found = NULL;
    int r =
        vs_ask(conn, VS_STMT_JOB_CHECKPOINT_GET, &s, e, vs_id(&c->hold->job), vs_bytes(c->hold->hash, VS_SHA256_SIZE));
    if (r < 0)
        return r;
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_LEASE_LOST, "lease", "the job was taken back");
    const void *data = vs_col_blob(s, 0, &len);
    return data ? vs_text_new(data, len, &c->found, e) : 0;
}

vidstore_status vidstore_lease_checkpoint_get(vidstore_lease *lease, vidstore_text **ret_data,
                                              vidstore_error **reterr) {
    vidstore_text *unwanted = NULL;
    if (!ret_data)
        ret_data = &unwanted;
    *ret_data = NULL;
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    if (r)
        return r;
    VS_ENTER_VOID(lease->session, reterr);
    struct checkpoint c = {.hold = lease->hold};
    r = vs_session_read(lease->session, get_op, &c, reterr);
    if (r || ret_data == &unwanted)
        vidstore_text_free(c.found);
    else
        *ret_data = c.found;
    return r;
}
