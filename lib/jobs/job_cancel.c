/* SPDX-License-Identifier: MIT */
/* Cancelling a job and trying it again, each with all that hangs below it. */
#include "jobs/job_cancel.h"
#include "jobs/job_keeper.h"
#include "jobs/job_machine.h"
#include "jobs/job_queue.h"
#include "jobs/job_season.h"
#include "util/alloc.h"
#include "util/error.h"

struct change {
    vidstore_session *session;
    struct vs_uuid id;
    int64_t lease_ms;
    struct vs_record *result;
};

/* The job, when this session may change it. */
static int load(struct change *c, struct vs_conn *conn, struct vs_record **ret, struct vs_job_run *run,
                vidstore_error **e) {
    vs_record_free(c->result);
    c->result = NULL;
    int r = vs_crud_load_for(conn, c->session, &vs_job_rules, &c->id, 0, VS_UPDATE, ret, e);
    if (r)
        return r;
    vs_job_run_of(run, conn, &c->session->actor, *ret);
    return 0;
}

static int write(struct change *c, const char *id, vs_op *op, struct vs_record **ret, vidstore_error **e) {
    int r = vs_uuid_parse(id, "id", &c->id, e);
    if (!r)
        r = vs_session_write(c->session, op, c, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(c->session, VIDSTORE_AUDIT_ACCESS_DENIED, vs_job_noun.name, &c->id, NULL, r);
    if (r)
        vs_record_free(c->result);
    else
        *ret = c->result;
    return r;
}

/* A statement that takes the time (when `timed`) and a job. */
static int run_on(const struct vs_job_run *run, enum vs_stmt_id id, int timed, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(run->conn, id, &s, e);
    if (r)
        return r;
    if (timed)
        vs_bind_int(s, 1, run->now_us);
    vs_bind_uuid(s, timed ? 2 : 1, &run->id);
    return vs_run(s, NULL, e);
}

/* Does something to each child; the parent follows once, at the end. */
static int each_child(const struct change *c, const struct vs_job_run *run,
                      int (*act)(const struct change *c, struct vs_job_run *child, vidstore_error **e),
                      vidstore_error **e) {
    vs_autofree struct vs_uuid *ids = NULL;
    size_t count = 0;
    int r = vs_season_children(run->conn, &run->id, &ids, &count, e);
    for (size_t i = 0; !r && i < count; i++) {
        vs_autorecord *record = NULL;
        struct vs_job_run child;
        r = vs_crud_load(run->conn, &vs_job_noun, &ids[i], 0, &record, e);
        if (r)
            return r;
        vs_job_run_of(&child, run->conn, run->actor, record);
        r = act(c, &child, e);
    }
    return r ? r : vs_season_follow(run->conn, run->actor, &run->id, e);
}

/* --- cancelling --------------------------------------------------------------------------------------------------- */

static int cancel_tree(const struct change *c, struct vs_job_run *run, vidstore_error **e) {
    int r = 0, over = 0;
    if (vs_job_is_final(run->state))
        return 0;
    if (run->children) {
        r = run_on(run, VS_STMT_JOB_ASK_CANCEL, 1, e);
        return r ? r : each_child(c, run, cancel_tree, e);
    }
    if (run->lease_until_us == INT64_MIN)
        return vs_job_step(run, VIDSTORE_JOB_CANCELLED, e);
    r = vs_queue_is_over(run, &over, e);
    if (r || !over)
        return r ? r : run_on(run, VS_STMT_JOB_ASK_CANCEL, 1, e);
    run->cancel_requested = 1; /* nobody is there any more to be told */
    return vs_queue_take_back(run, c->lease_ms, e);
}

/* Who asked is on record, whether it ends now or when its worker hears of it. A season that is over has said so. */
static int note_cancel(const struct change *c, const struct vs_job_run *run, vidstore_error **e) {
    int over = vs_record_int(c->result, VIDSTORE_JOB_STATE) == VIDSTORE_JOB_CANCELLED;
    if (over && (run->children || run->lease_until_us != INT64_MIN))
        return 0;
    return vs_job_note(run, VIDSTORE_AUDIT_JOB_CANCELLED, over ? NULL : "{\"requested\":true}", e);
}

static int cancel_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct change *c = arg;
    struct vs_job_run run;
    vs_autorecord *job = NULL;
    int r = load(c, conn, &job, &run, e);
    if (r)
        return r;
    if (run.state == VIDSTORE_JOB_CANCELLED)
        return vs_record_new(&vs_job_noun, job->seq, job->values, &c->result, e);
    if (vs_job_is_final(run.state))
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "state", "the job is %s already",
                           vs_job_state_name(run.state));
    struct vs_job_run before = run;
    r = cancel_tree(c, &run, e);
    if (!r)
        r = vs_crud_load(conn, &vs_job_noun, &c->id, 0, &c->result, e);
    if (!r)
        r = note_cancel(c, &before, e);
    return r ? r : vs_job_follow(&before, e);
}

int vs_job_cancel(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    struct change c = {.session = session, .lease_ms = vs_setting(session->store, VS_SETTING_JOB_LEASE_MS)};
    int r = write(&c, id, cancel_op, ret, e);
    if (!r)
        vs_keeper_poke(session->store);
    return r;
}

/* --- trying again --------------------------------------------------------------------------------------------------
 */

static int can_begin_again(const struct vs_job_run *run) {
    return vs_job_is_final(run->state) && run->state != VIDSTORE_JOB_COMPLETED;
}

static int retry_tree(const struct change *c, struct vs_job_run *run, vidstore_error **e) {
    int64_t to = 0;
    int r = 0;
    if (run->children) {
        r = run_on(run, VS_STMT_JOB_FORGET_END, 0, e);
        return r ? r : each_child(c, run, retry_tree, e);
    }
    if (!can_begin_again(run))
        return 0;
    run->attempts = run->crashes = run->cancel_requested = run->progress_done = 0;
    run->stage = run->result = NULL;
    run->stage_done = run->stage_total = INT64_MIN;
    r = vs_job_waiting_state(run, &to, e);
    return r ? r : vs_job_step(run, to, e);
}

static int retry_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct change *c = arg;
    struct vs_job_run run;
    vs_autorecord *job = NULL;
    int r = load(c, conn, &job, &run, e);
    if (r)
        return r;
    if (!can_begin_again(&run))
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "state",
                           "the job is %s: only what failed, died or was cancelled can be tried again",
                           vs_job_state_name(run.state));
    r = retry_tree(c, &run, e);
    if (!r)
        r = vs_job_note(&run, VIDSTORE_AUDIT_JOB_RETRIED, NULL, e);
    if (!r)
        r = vs_job_follow(&run, e);
    return r ? r : vs_crud_load(conn, &vs_job_noun, &c->id, 0, &c->result, e);
}

int vs_job_retry(vidstore_session *session, const char *id, struct vs_record **ret, vidstore_error **e) {
    struct change c = {.session = session};
    return write(&c, id, retry_op, ret, e);
}
