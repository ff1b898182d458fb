/* SPDX-License-Identifier: MIT */
/* The ends of a lease: finished, failed, released. */
#include "db/bind.h"
#include "jobs/job_lease.h"
#include "jobs/job_state.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <inttypes.h>
#include <string.h>

enum { RESULT_MAX = 65536, ERROR_MAX = 4096 };
#define LONGEST_DELAY_MS INT64_C(3600000)

enum how { FINISH, FAIL, RELEASE };

struct end {
    vidstore_lease *lease;
    enum how how;
    const char *text; /* result or error */
    int retry;
    struct vs_progress progress;
};

/* The base doubled with each failure, an hour at most, give or take a fifth, so that what failed together is not tried
 * again together. */
static int64_t delay_ms(int64_t base_ms, int64_t failures) {
    int64_t ms = base_ms;
    uint32_t random = 0;
    for (int64_t i = 1; i < failures && ms < LONGEST_DELAY_MS; i++)
        ms *= 2;
    ms = ms < LONGEST_DELAY_MS ? ms : LONGEST_DELAY_MS;
    vs_random(&random, sizeof random);
    return ms - ms / 5 + random % (ms * 2 / 5 + 1);
}

/* --- the state that each end leads to ------------------------------------------------------------------------------
 */

static int64_t finished(struct vs_job_run *run, const struct end *end) {
    run->result = end->text;
    run->error = NULL;
    run->progress_done = VS_PROGRESS_WHOLE;
    return VIDSTORE_JOB_COMPLETED;
}

static int64_t failed(struct vs_job_run *run, const struct end *end) {
    int64_t failures = run->attempts - run->crashes;
    run->error = end->text;
    run->error_count++;
    if (run->cancel_requested)
        return VIDSTORE_JOB_CANCELLED;
    if (!end->retry || failures >= run->max_attempts)
        return VIDSTORE_JOB_FAILED;
    int64_t delay = delay_ms(run->backoff_ms, failures);
    if (delay <= 0)
        return VIDSTORE_JOB_READY;
    run->run_at_us = run->now_us + delay * 1000;
    return VIDSTORE_JOB_SCHEDULED;
}

static int64_t released(struct vs_job_run *run) {
    if (run->cancel_requested)
        return VIDSTORE_JOB_CANCELLED;
    run->attempts--;
    return VIDSTORE_JOB_READY;
}

static const char *outcome_word(enum how how, int64_t to) {
    if (how != FINISH && to == VIDSTORE_JOB_CANCELLED)
        return "cancelled";
    return how == FINISH ? "completed" : how == FAIL ? "failed" : "released";
}

static int32_t action_of(enum how how, int64_t to) {
    if (how == FINISH)
        return VIDSTORE_AUDIT_JOB_COMPLETED;
    if (to == VIDSTORE_JOB_CANCELLED)
        return VIDSTORE_AUDIT_JOB_CANCELLED;
    return how == FAIL ? VIDSTORE_AUDIT_JOB_FAILED : VIDSTORE_AUDIT_JOB_RELEASED;
}

static int note(const struct vs_job_run *run, const struct end *end, vidstore_error **e) {
    vs_autobuf details = {0};
    vs_buf_fmt(&details, "{\"attempt\":%" PRId64 ",\"worker\":", run->attempt);
    vs_json_string(&details, run->worker ? run->worker : "", run->worker ? strlen(run->worker) : 0);
    if (end->how == FAIL) {
        vs_buf_fmt(&details, ",\"final\":%s,\"error\":", run->state == VIDSTORE_JOB_FAILED ? "true" : "false");
        vs_json_string(&details, end->text, strlen(end->text));
    }
    vs_buf_char(&details, '}');
    return details.failed ? vs_fail_nomem(e) : vs_job_note(run, action_of(end->how, run->state), details.data, e);
}

static int forget_checkpoint(const struct vs_job_run *run, vidstore_error **e) {
    return vs_exec(run->conn, VS_STMT_JOB_CHECKPOINT_CLEAR, NULL, e, vs_id(&run->id));
}

/* What was reported and not written yet. */
static void add_progress(struct vs_job_run *run, const struct vs_progress *p) {
    if (!*p->stage)
        return;
    run->stage = p->stage;
    run->stage_done = p->done;
    run->stage_total = p->total;
    run->progress_done = p->whole > run->progress_done ? p->whole : run->progress_done;
}

/* The fence has been asked: the job is this lease's. */
static int end_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct end *end = arg;
    struct vs_job_run run;
    vs_autorecord *job = NULL;
    int r = vs_crud_load(conn, &vs_job_noun, &end->lease->hold->job, 0, &job, e);
    if (r)
        return r;
    vs_job_run_of(&run, conn, &end->lease->session->actor, job);
    const char *before = run.error;
    add_progress(&run, &end->progress);
    int64_t to = end->how == FINISH ? finished(&run, end) : end->how == FAIL ? failed(&run, end) : released(&run);
    const char *after = run.error;
    run.error = end->how == FAIL ? end->text : NULL; /* the attempt's own */
    r = vs_job_close_attempt(&run, outcome_word(end->how, to), run.now_us, e);
    run.error = end->how == RELEASE ? before : after;
    if (!r)
        r = vs_job_step(&run, to, e);
    if (!r && end->how == FINISH)
        r = forget_checkpoint(&run, e);
    if (!r)
        r = note(&run, end, e);
    return r ? r : vs_job_follow(&run, e);
}

/* --- public --------------------------------------------------------------------------------------------------------
 */

/* How long it can take at most until what is written now stands or is undone. */
static int64_t longest_us(const vidstore_session *session) {
    const struct vs_options *options = &session->store->options;
    int64_t deadline_ms = session->deadline_ms ? session->deadline_ms : options->deadline_ms;
    return ((session->txn ? options->txn_max_age_ms : 0) + deadline_ms + 1000) * 1000;
}

static int end_lease(struct end *end, vidstore_error **e) {
    vidstore_lease *lease = end->lease;
    struct vs_hold *hold = lease->hold;
    VS_ENTER_VOID(lease->session, e);
    pthread_mutex_lock(&hold->lock);
    end->progress = hold->progress;
    pthread_mutex_unlock(&hold->lock);
    if (atomic_load(&hold->end) == VS_HOLD_ENDING)
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "lease", "the lease ends with its transaction");
    /* Before the commit, or the keeper might take the end for a loss. */
    hold->ending_depth = lease->session->txn ? vs_txn_depth(lease->session->txn) : 0;
    atomic_store(&hold->ending_until_us, vs_mono_us() + longest_us(lease->session));
    atomic_store(&hold->end, VS_HOLD_ENDING);
    int r = vs_session_write(lease->session, end_op, end, e);
    if (r)
        atomic_store(&hold->end, VS_HOLD_LIVE);
    if (r == VIDSTORE_LEASE_LOST)
        vs_hold_lost(hold);
    if (r || lease->session->txn)
        return r;
    atomic_store(&hold->end, VS_HOLD_ENDED);
    vs_keeper_drop(lease->keeper, hold);
    return 0;
}

vidstore_status vidstore_lease_finish(vidstore_lease *lease, const char *result_json, vidstore_error **reterr) {
    struct end end = {.lease = lease, .how = FINISH, .text = result_json};
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    if (!r && result_json)
        r = vs_check_text(result_json, "result_json", RESULT_MAX, reterr);
    if (!r && result_json)
        r = vs_json_check(result_json, strlen(result_json), RESULT_MAX, JSON_OBJECT, "result_json", reterr);
    return r ? r : end_lease(&end, reterr);
}

vidstore_status vidstore_lease_fail(vidstore_lease *lease, const char *message, int32_t retry,
                                    vidstore_error **reterr) {
    struct end end = {.lease = lease, .how = FAIL, .text = message, .retry = retry};
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    if (!r)
        r = vs_check_text(message, "message", ERROR_MAX, reterr);
    if (!r && retry != 0 && retry != 1)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "retry", "retry is neither 0 nor 1");
    return r ? r : end_lease(&end, reterr);
}

vidstore_status vidstore_lease_release(vidstore_lease *lease, vidstore_error **reterr) {
    struct end end = {.lease = lease, .how = RELEASE};
    if (reterr)
        *reterr = NULL;
    int r = vs_lease_check(lease, reterr);
    return r ? r : end_lease(&end, reterr);
}
