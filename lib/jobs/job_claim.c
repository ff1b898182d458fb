/* SPDX-License-Identifier: MIT */
/* Claiming the next job, and attaching to a lease that another process claimed. */
#include "db/bind.h"
#include "jobs/job_lease.h"
#include "jobs/job_nap.h"
#include "jobs/job_queue.h"
#include "quotas/quotas.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KINDS_MAX = 64, KINDS_TEXT = 4096, RECOVER = 64, SHORTEST_NAP_US = 1000 };

struct claim {
    vidstore_session *session;
    char *text; /* of the kinds, cut into words */
    const char *kinds[KINDS_MAX];
    size_t count; /* 0: any */
    int64_t lease_ms;
    vidstore_lease *lease;
    int any;               /* the probe saw something to do */
    int64_t due_us;        /* else: when the next scheduled job is due; INT64_MAX: none is */
    struct vs_record *job; /* what was claimed */
    int32_t role;          /* of its owner */
};

/* --- what to look for -------------------------------------------------------------------------------------------- */

static int split_kinds(struct claim *c, const char *kinds, vidstore_error **e) {
    char *rest, *kind;
    int r = kinds ? vs_check_text(kinds, "kinds", KINDS_TEXT, e) : 0;
    if (r || !kinds)
        return r;
    rest = c->text = vs_strdup(kinds);
    if (!c->text)
        return vs_fail_nomem(e);
    while (!r && (kind = strsep(&rest, ","))) {
        kind += strspn(kind, " ");
        kind[strcspn(kind, " ")] = '\0';
        r = vs_kind_check(kind, strlen(kind), "kinds", e);
        if (!r && c->count == KINDS_MAX)
            r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "kinds", "there are more than %d kinds",
                            KINDS_MAX);
        if (!r)
            c->kinds[c->count++] = kind;
    }
    return r;
}

struct found {
    int64_t seq;
    struct vs_uuid id, owner;
};

/* The oldest ready job of a priority and a kind (NULL: any): 1, 0, or a negative code. spread: of an owner who may have
 * one more at work, and who that is is not told. */
static int oldest(struct vs_conn *conn, const char *kind, int64_t priority, int spread, struct found *ret,
                  vidstore_error **e) {
    static const enum vs_stmt_id statements[2][2] = {{VS_STMT_JOB_NEXT_READY, VS_STMT_JOB_NEXT_READY_KIND},
                                                     {VS_STMT_JOB_NEXT_SPREAD, VS_STMT_JOB_NEXT_SPREAD_KIND}};
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, statements[spread][kind != NULL], &s, e);
    if (r)
        return r;
    if (kind)
        vs_bind_text(s, 1, kind, -1);
    vs_bind_int(s, kind ? 2 : 1, priority);
    r = vs_row(s, e);
    if (r == VS_ROW) {
        ret->seq = vs_col_int(s, 0);
        vs_col_uuid(s, 1, &ret->id);
        if (!spread)
            vs_col_uuid(s, 2, &ret->owner);
    }
    return r;
}

static int oldest_of(const struct claim *c, struct vs_conn *conn, int64_t priority, int spread, struct found *ret,
                     vidstore_error **e) {
    struct found found = {0};
    ret->seq = INT64_MAX;
    for (size_t i = 0; i < (c->count ? c->count : 1); i++) {
        int r = oldest(conn, c->count ? c->kinds[i] : NULL, priority, spread, &found, e);
        if (r < 0)
            return r;
        if (r == VS_ROW && found.seq < ret->seq)
            *ret = found;
    }
    return ret->seq != INT64_MAX;
}

/* One probe a priority level. Only when the next job's owner has as many at work as it may, all owners who have jobs
 * waiting are asked for theirs. 1 and the next job, 0, or a negative code. */
static int next_of(const struct claim *c, struct vs_conn *conn, int64_t priority, struct vs_uuid *ret,
                   vidstore_error **e) {
    struct found found = {0};
    int64_t left = 0;
    int r = oldest_of(c, conn, priority, 0, &found, e);
    if (r <= 0)
        return r;
    r = vs_quota_left(conn, VS_QUOTA_RUNNING, &found.owner, vs_now_us(), &left, e);
    if (r == VIDSTORE_NOT_FOUND) { /* the owner was purged: nothing limits it */
        vs_error_clear(e);
        left = 1;
        r = 0;
    }
    r = r || left ? r : oldest_of(c, conn, priority, 1, &found, e);
    *ret = found.id;
    return left && !r ? 1 : r;
}

static int next_job(const struct claim *c, struct vs_conn *conn, struct vs_uuid *ret, vidstore_error **e) {
    static const int64_t priorities[] = {VIDSTORE_PRIORITY_URGENT, VIDSTORE_PRIORITY_HIGH, VIDSTORE_PRIORITY_NORMAL,
                                         VIDSTORE_PRIORITY_LOW};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(priorities); i++)
        r = next_of(c, conn, priorities[i], ret, e);
    return r;
}

static int probe_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct claim *c = arg;
    struct vs_uuid id;
    int r = vs_queue_is_due(conn, c->lease_ms, &c->any, e);
    if (!r && !c->any) {
        r = next_job(c, conn, &id, e);
        c->any = r == 1;
    }
    return r < 0 || c->any ? (r < 0 ? r : 0) : vs_queue_next_due(conn, &c->due_us, e);
}

/* --- taking it --------------------------------------------------------------------------------------------------- */

static int add_attempt(struct vs_job_run *run, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r =
        vs_ask(run->conn, VS_STMT_JOB_ATTEMPT_ADD, &s, e, vs_id(&run->id), vs_text(run->worker), vs_int(run->now_us));
    run->attempt = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

static int note_start(const struct vs_job_run *run, vidstore_error **e) {
    vs_autobuf details = {0};
    vs_buf_fmt(&details, "{\"attempt\":%" PRId64 ",\"worker\":", run->attempt);
    vs_json_string(&details, run->worker, strlen(run->worker));
    vs_buf_char(&details, '}');
    return details.failed ? vs_fail_nomem(e) : vs_job_note(run, VIDSTORE_AUDIT_JOB_STARTED, details.data, e);
}

static int start(struct claim *c, struct vs_job_run *run, vidstore_error **e) {
    run->attempts++;
    run->worker = c->session->store->options.worker;
    run->lease_until_us = run->now_us + c->lease_ms * 1000;
    run->lease_boot_us = vs_boot_us() + c->lease_ms * 1000;
    run->lease_hash = c->lease->hold->hash;
    run->started_us = run->started_us == INT64_MIN ? run->now_us : run->started_us;
    run->cancel_requested = 0;
    run->stage = NULL;
    run->stage_done = run->stage_total = INT64_MIN;
    run->progress_done = 0;
    int r = vs_job_move(run, VIDSTORE_JOB_RUNNING, e);
    if (!r)
        r = add_attempt(run, e);
    return r ? r : note_start(run, e);
}

static int claim_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct claim *c = arg;
    struct vs_uuid id;
    struct vs_job_run run;
    int64_t recovered = 0;
    vs_autorecord *job = NULL;
    vs_record_free(c->job);
    c->job = NULL;
    int r = vs_jobs_promote(conn, c->session, e);
    if (!r)
        r = vs_jobs_recover(conn, c->session, c->lease_ms, RECOVER, &recovered, e);
    if (!r)
        r = next_job(c, conn, &id, e);
    if (r <= 0)
        return r;
    r = vs_crud_load(conn, &vs_job_noun, &id, 0, &job, e);
    if (r)
        return r;
    vs_job_run_of(&run, conn, &c->session->actor, job);
    r = start(c, &run, e);
    if (!r)
        r = vs_crud_load(conn, &vs_job_noun, &id, 0, &c->job, e);
    return r ? r : vs_lease_owner_role(conn, c->job, &c->role, e);
}

/* Looks without writing, and writes only when there is something to do: whoever found a job the last time takes it that
 * there is another. */
static int try_once(struct claim *c, vidstore_error **e) {
    int r = 0;
    if (c->session->found_job)
        r = vs_session_write(c->session, claim_op, c, e);
    c->session->found_job = 0;
    if (r == VIDSTORE_MISUSE) { /* the thread holds a transaction, which may have ended when there is something to do */
        vs_error_clear(e);
        r = 0;
    }
    if (r || c->job)
        return r;
    r = vs_session_read(c->session, probe_op, c, e);
    return r || !c->any ? r : vs_session_write(c->session, claim_op, c, e);
}

static int run_claim(struct claim *c, int64_t wait_ms, vidstore_error **e) {
    vs_autonap nap;
    int r = vs_nap_begin(&nap, c->session, VS_TURN_READY, wait_ms, e);
    while (!r) {
        r = try_once(c, e);
        if (r || c->job)
            return r;
        if (c->any)
            continue; /* somebody was faster, or time has moved something: look again at once */
        int64_t due_us = c->due_us - vs_now_us();
        if (due_us < nap.longest_us)
            nap.longest_us = due_us > SHORTEST_NAP_US ? due_us : SHORTEST_NAP_US;
        r = vs_nap(&nap, e);
        if (r <= 0)
            return r;
        r = 0;
    }
    return r;
}

static int check_worker(vidstore_session *session, vidstore_error **e) {
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_session_may(session, "claim", VS_UPDATE, NULL, NULL, 0, e);
    if (!r && vs_db_read_only(session->store->db))
        r = vs_fail(e, VIDSTORE_READONLY, NULL, "the store is open for reading only");
    return r;
}

vidstore_status vidstore_job_claim(vidstore_session *session, const char *kinds, int64_t wait_ms,
                                   vidstore_lease **ret_lease, vidstore_error **reterr) {
    VS_ENTER(session, ret_lease, reterr);
    struct claim c = {.session = session};
    vs_autolease *lease = NULL;
    int r = ret_lease == &vs_unwanted_ ? vs_fail(reterr, VIDSTORE_MISUSE, "ret_lease", "ret_lease is NULL")
                                       : check_worker(session, reterr);
    if (!r)
        r = split_kinds(&c, kinds, reterr);
    if (!r)
        r = vs_lease_new(session, NULL, &lease, reterr);
    if (!r) {
        c.lease = lease;
        c.lease_ms = vs_setting(session->store, VS_SETTING_JOB_LEASE_MS);
        r = run_claim(&c, wait_ms, reterr);
    }
    vs_free(c.text);
    if (r || !c.job) {
        vs_record_free(c.job);
        return r;
    }
    session->found_job = 1;
    vs_lease_begin(lease, c.job, c.role, vs_keeper_first_due(lease->keeper, c.lease_ms));
    *ret_lease = VS_TAKE(lease);
    return 0;
}

/* --- from another process ----------------------------------------------------------------------------------------- */

static int attach_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct claim *c = arg;
    vs_autostmt *s = NULL;
    vs_record_free(c->job);
    c->job = NULL;
    vs_autoblock *block = vs_block_new(4096);
    int r = block ? vs_stmt(conn, VS_STMT_JOB_BY_LEASE, &s, e) : vs_fail_nomem(e);
    if (r)
        return r;
    vs_bind_blob(s, 1, c->lease->hold->hash, VS_SHA256_SIZE);
    r = vs_row(s, e);
    if (r == VS_ROW && (r = vs_record_decode(block, &vs_job_noun, s, &c->job, e)) == 0)
        VS_TAKE(block);
    if (r)
        return r;
    if (!c->job)
        return vs_fail(e, VIDSTORE_LEASE_LOST, "token", "no lease of this token holds any more");
    vs_reset(s);
    return vs_lease_owner_role(conn, c->job, &c->role, e);
}

static int check_token(const char *token, vidstore_error **e) {
    int r = vs_check_text(token, "token", VS_TOKEN_TEXT - 1, e);
    if (!r && (strlen(token) != VS_TOKEN_TEXT - 1 || strspn(token, "0123456789abcdef") != VS_TOKEN_TEXT - 1))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "token", "token is not that of a lease");
    return r;
}

vidstore_status vidstore_lease_attach(vidstore_session *session, const char *token, vidstore_lease **ret_lease,
                                      vidstore_error **reterr) {
    VS_ENTER(session, ret_lease, reterr);
    struct claim c = {.session = session};
    vs_autolease *lease = NULL;
    int r = check_worker(session, reterr);
    if (!r)
        r = check_token(token, reterr);
    if (!r)
        r = vs_lease_new(session, token, &lease, reterr);
    if (r)
        return r;
    c.lease = lease;
    r = vs_session_read(session, attach_op, &c, reterr);
    if (r || ret_lease == &vs_unwanted_) {
        vs_record_free(c.job);
        return r;
    }
    vs_lease_begin(lease, c.job, c.role, 0);
    *ret_lease = VS_TAKE(lease);
    return 0;
}
