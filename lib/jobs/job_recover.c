/* SPDX-License-Identifier: MIT */
/* Jobs whose time has come, jobs whose worker is gone, and what upkeep wants to know of jobs. */
#include "db/bind.h"
#include "jobs/job_queue.h"
#include "jobs/job_state.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <string.h>

enum { SLICE = 64 };

/* The ids that a statement gives, whose parameters but the limit are bound. */
static int ids_of(struct vs_stmt *s, int at, int64_t limit, struct vs_uuid *ret, int64_t *ret_count,
                  vidstore_error **e) {
    int64_t count = 0;
    int r;
    vs_bind_int(s, at, limit);
    while ((r = vs_step(s, e)) == VS_ROW && count < limit)
        vs_col_uuid(s, 0, &ret[count++]);
    *ret_count = count;
    return r < 0 ? r : 0;
}

static int due_ids(struct vs_conn *conn, int64_t limit, struct vs_uuid *ret, int64_t *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_JOB_DUE, &s, e, vs_int(vs_now_us()));
    if (r)
        return r;
    return ids_of(s, 2, limit, ret, ret_count, e);
}

/* A statement that judges leases: what it takes first is the same for all of them. */
static int judge(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e) {
    int r = vs_stmt(conn, id, ret, e);
    if (r)
        return r;
    vs_bind_text(*ret, 1, vs_boot_id(), -1);
    vs_bind_int(*ret, 2, vs_boot_us());
    vs_bind_int(*ret, 3, vs_now_us());
    return 0;
}

static int expired_ids(struct vs_conn *conn, int64_t limit, struct vs_uuid *ret, int64_t *ret_count,
                       vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = judge(conn, VS_STMT_JOB_EXPIRED, &s, e);
    return r ? r : ids_of(s, 4, limit, ret, ret_count, e);
}

/* The number that a statement gives whose parameters are bound. */
static int number(struct vs_stmt *s, int64_t *ret, vidstore_error **e) {
    int r = vs_row(s, e);
    if (r == VS_ROW)
        *ret = vs_col_int(s, 0);
    return r < 0 ? r : 0;
}

/* The latest end that a lease made now could have, and as much again for a setting that was longer or a clock that is
 * a little behind. */
static int64_t latest_end(int64_t lease_ms) {
    return vs_now_us() + 2 * lease_ms * 1000;
}

static int any_ahead(struct vs_conn *conn, int64_t lease_ms, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_JOB_LEASES_AHEAD, &s, e, vs_int(latest_end(lease_ms)), vs_text(vs_boot_id()));
    if (r)
        return r;
    return number(s, ret, e);
}

/* Such leases would hold for as long as the clock went back: they get one lease from now on. */
static int clamp_ahead(struct vs_conn *conn, int64_t lease_ms, vidstore_error **e) {
    int64_t ahead = 0;
    int r = any_ahead(conn, lease_ms, &ahead, e);
    if (r || !ahead)
        return r;
    return vs_exec(conn, VS_STMT_JOB_LEASES_CLAMP, NULL, e, vs_int(vs_now_us() + lease_ms * 1000),
                   vs_int(latest_end(lease_ms)), vs_text(vs_boot_id()));
}

static int promote_one(struct vs_conn *conn, vidstore_session *session, const struct vs_uuid *id, vidstore_error **e) {
    vs_autorecord *job = NULL;
    struct vs_job_run run;
    int r = vs_crud_load(conn, &vs_job_noun, id, 0, &job, e);
    if (r)
        return r;
    vs_job_run_of(&run, conn, &session->actor, job);
    return vs_job_move(&run, VIDSTORE_JOB_READY, e);
}

int vs_jobs_promote(struct vs_conn *conn, vidstore_session *session, vidstore_error **e) {
    struct vs_uuid ids[SLICE];
    int64_t count = 0;
    int r = due_ids(conn, SLICE, ids, &count, e);
    for (int64_t i = 0; !r && i < count; i++)
        r = promote_one(conn, session, &ids[i], e);
    return r;
}

static int note_crash(const struct vs_job_run *run, int32_t action, vidstore_error **e) {
    vs_autobuf details = {0};
    vs_buf_fmt(&details, "{\"reason\":\"the lease ran out\",\"attempt\":%" PRId64 ",\"worker\":", run->attempt);
    vs_json_string(&details, run->worker ? run->worker : "", run->worker ? strlen(run->worker) : 0);
    vs_buf_char(&details, '}');
    return details.failed ? vs_fail_nomem(e) : vs_job_note(run, action, details.data, e);
}

int vs_queue_take_back(struct vs_job_run *run, int64_t lease_ms, vidstore_error **e) {
    /* The last sign of life is as old as the renewal that the lease ended after. */
    int64_t alive_us = run->lease_until_us - lease_ms * 1000;
    const char *before = run->error;
    int64_t to = VIDSTORE_JOB_READY;
    int32_t action = VIDSTORE_AUDIT_JOB_RELEASED;
    run->error = NULL;
    int r = vs_job_close_attempt(run, "crashed", alive_us < run->now_us ? alive_us : run->now_us, e);
    run->error = before;
    run->crashes++;
    if (run->cancel_requested) {
        to = VIDSTORE_JOB_CANCELLED;
        action = VIDSTORE_AUDIT_JOB_CANCELLED;
    } else if (run->crashes >= run->max_crashes) {
        to = VIDSTORE_JOB_DEAD;
        action = VIDSTORE_AUDIT_JOB_FAILED;
        run->error = "too many workers died of it";
        run->error_count++;
    }
    if (!r)
        r = vs_job_step(run, to, e);
    if (!r)
        r = note_crash(run, action, e);
    return r ? r : vs_job_follow(run, e);
}

static int recover_one(struct vs_conn *conn, vidstore_session *session, int64_t lease_ms, const struct vs_uuid *id,
                       vidstore_error **e) {
    vs_autorecord *job = NULL;
    struct vs_job_run run;
    int r = vs_crud_load(conn, &vs_job_noun, id, 1, &job, e);
    if (r)
        return r;
    vs_job_run_of(&run, conn, &session->actor, job);
    return vs_queue_take_back(&run, lease_ms, e);
}

int vs_jobs_recover(struct vs_conn *conn, vidstore_session *session, int64_t lease_ms, int64_t limit,
                    int64_t *ret_recovered, vidstore_error **e) {
    struct vs_uuid ids[SLICE];
    int64_t count = 0;
    int r = clamp_ahead(conn, lease_ms, e);
    if (!r)
        r = expired_ids(conn, limit < SLICE ? limit : SLICE, ids, &count, e);
    for (int64_t i = 0; !r && i < count; i++)
        r = recover_one(conn, session, lease_ms, &ids[i], e);
    *ret_recovered = r ? 0 : count;
    return r;
}

int vs_jobs_expired(struct vs_conn *conn, int64_t limit, int64_t *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = judge(conn, VS_STMT_JOB_EXPIRED_COUNT, &s, e);
    if (r)
        return r;
    vs_bind_int(s, 4, limit);
    return number(s, ret_count, e);
}

int vs_queue_is_over(const struct vs_job_run *run, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t over = 0;
    int r = judge(run->conn, VS_STMT_JOB_LEASE_OVER, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 4, &run->id);
    r = number(s, &over, e);
    *ret = over > 0;
    return r;
}

int vs_queue_is_due(struct vs_conn *conn, int64_t lease_ms, int *ret, vidstore_error **e) {
    struct vs_uuid id;
    int64_t due = 0, expired = 0, ahead = 0;
    int r = due_ids(conn, 1, &id, &due, e);
    if (!r)
        r = expired_ids(conn, 1, &id, &expired, e);
    if (!r)
        r = any_ahead(conn, lease_ms, &ahead, e);
    *ret = due || expired || ahead;
    return r;
}

int vs_queue_next_due(struct vs_conn *conn, int64_t *ret_us, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_us = INT64_MAX;
    int r = vs_stmt(conn, VS_STMT_JOB_NEXT_DUE, &s, e);
    return r ? r : number(s, ret_us, e);
}

int vs_jobs_ended(struct vs_conn *conn, int32_t state, int64_t before_us, int64_t limit, struct vs_uuid *ret_ids,
                  int64_t *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t count = 0;
    int r = vs_bound(conn, VS_STMT_JOB_ENDED_LIST, &s, e, vs_int(state), vs_int(before_us), vs_int(limit));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW && count < limit)
        vs_col_uuid(s, 0, &ret_ids[count++]);
    *ret_count = count;
    return r < 0 ? r : 0;
}

int vs_jobs_count(struct vs_conn *conn, const struct vs_uuid *owner, int32_t state, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, owner ? VS_STMT_JOB_COUNT_STATE_OF : VS_STMT_JOB_COUNT_STATE, &s, e);
    if (r)
        return r;
    if (owner)
        vs_bind_uuid(s, 1, owner);
    vs_bind_int(s, owner ? 2 : 1, state);
    r = vs_row(s, e);
    if (r == VS_ROW)
        *ret = vs_col_int(s, 0);
    return r < 0 ? r : 0;
}

static int on_owner(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *owner, vidstore_error **e) {
    return vs_exec(conn, id, NULL, e, vs_id(owner));
}

int vs_jobs_recount(struct vs_conn *conn, const struct vs_uuid *owner, vidstore_error **e) {
    int r = on_owner(conn, VS_STMT_JOB_RECOUNT_CLEAR, owner, e);
    return r ? r : on_owner(conn, VS_STMT_JOB_RECOUNT, owner, e);
}
