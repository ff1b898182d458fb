/* SPDX-License-Identifier: MIT */
#include "jobs/job_state.h"
#include "crypto/crypto.h"
#include "db/bind.h"
#include "jobs/job_machine.h"
#include "jobs/job_season.h"
#include "users/users.h"
#include "util/env.h"
#include <string.h>

void vs_job_run_of(struct vs_job_run *run, struct vs_conn *conn, const struct vs_actor *actor,
                   const struct vs_record *job) {
    *run = (struct vs_job_run){
        .conn = conn,
        .actor = actor,
        .now_us = vs_now_us(),
        .id = vs_record_uuid(job, VIDSTORE_JOB_ID),
        .owner = vs_record_uuid(job, VIDSTORE_JOB_USER_ID),
        .parent = vs_record_uuid(job, VIDSTORE_JOB_PARENT_ID),
        .has_parent = !vs_record_is_null(job, VIDSTORE_JOB_PARENT_ID),
        .removed = !vs_record_is_null(job, VIDSTORE_JOB_DELETED_US),
        .was = vs_record_int(job, VIDSTORE_JOB_STATE),
        .state = vs_record_int(job, VIDSTORE_JOB_STATE),
        .run_at_us = vs_record_int(job, VIDSTORE_JOB_RUN_AT_US),
        .attempts = vs_record_int(job, VIDSTORE_JOB_ATTEMPTS),
        .max_attempts = vs_record_int(job, VIDSTORE_JOB_MAX_ATTEMPTS),
        .crashes = vs_record_int(job, VIDSTORE_JOB_CRASHES),
        .max_crashes = vs_record_int(job, VIDSTORE_JOB_MAX_CRASHES),
        .backoff_ms = vs_record_int(job, VIDSTORE_JOB_BACKOFF_MS),
        .error_count = vs_record_int(job, VIDSTORE_JOB_ERROR_COUNT),
        .progress_done = vs_record_int(job, VIDSTORE_JOB_PROGRESS_DONE),
        .stage_done = vs_record_int(job, VIDSTORE_JOB_STAGE_DONE),
        .stage_total = vs_record_int(job, VIDSTORE_JOB_STAGE_TOTAL),
        .started_us = vs_record_int(job, VIDSTORE_JOB_STARTED_US),
        .completed_us = vs_record_int(job, VIDSTORE_JOB_COMPLETED_US),
        .lease_until_us = vs_record_int(job, VIDSTORE_JOB_LEASE_UNTIL_US),
        .cancel_requested = vs_record_int(job, VIDSTORE_JOB_CANCEL_REQUESTED),
        .children = vs_record_int(job, VIDSTORE_JOB_CHILDREN),
        .children_done = vs_record_int(job, VIDSTORE_JOB_CHILDREN_DONE),
        .children_failed = vs_record_int(job, VIDSTORE_JOB_CHILDREN_FAILED),
        .name = vs_record_text(job, VIDSTORE_JOB_SEASON),
        .stage = vs_record_text(job, VIDSTORE_JOB_STAGE),
        .result = vs_record_text(job, VIDSTORE_JOB_RESULT),
        .error = vs_record_text(job, VIDSTORE_JOB_ERROR),
        .was_error = vs_record_text(job, VIDSTORE_JOB_ERROR),
        .worker = vs_record_text(job, VIDSTORE_JOB_WORKER),
    };
}

int vs_job_count_add(struct vs_conn *conn, const struct vs_uuid *owner, int64_t state, int64_t jobs,
                     vidstore_error **e) {
    return vs_exec(conn, VS_STMT_JOB_COUNT_ADD, NULL, e, vs_id(owner), vs_int(state), vs_int(jobs));
}

static int write_row(const struct vs_job_run *run, vidstore_error **e) {
    int r = vs_exec(
        run->conn, VS_STMT_JOB_MOVE, NULL, e, vs_int(run->state), vs_text(run->stage), vs_int(run->run_at_us),
        vs_int(run->attempts), vs_int(run->crashes), vs_int(run->progress_done), vs_int(run->stage_done),
        vs_int(run->stage_total), vs_text(run->result), vs_text(run->error), vs_int(run->error_count),
        vs_int(run->started_us), vs_int(run->completed_us), vs_int(run->lease_until_us), vs_text(run->worker),
        vs_int(run->cancel_requested), vs_int(run->children), vs_int(run->children_done), vs_int(run->children_failed),
        vs_bytes(run->lease_hash, VS_SHA256_SIZE), vs_text(run->lease_hash && *vs_boot_id() ? vs_boot_id() : NULL),
        vs_int(run->lease_hash ? run->lease_boot_us : INT64_MIN), vs_int(run->now_us), vs_id(&run->id));
    if (!r && strcmp(run->error ? run->error : "", run->was_error ? run->was_error : "") != 0)
        r = vs_crud_refind(run->conn, &vs_job_noun, &run->id, e);
    return r;
}

int vs_job_step(struct vs_job_run *run, int64_t to, vidstore_error **e) {
    int r = vs_job_check_step(run->was, to, e);
    if (r)
        return r;
    run->state = to;
    run->completed_us = vs_job_is_final(to) ? run->now_us : INT64_MIN;
    if (to != VIDSTORE_JOB_RUNNING) {
        run->lease_until_us = INT64_MIN;
        run->lease_hash = NULL;
    }
    r = write_row(run, e);
    if (!r && !run->removed)
        r = vs_job_count_add(run->conn, &run->owner, run->was, -1, e);
    if (!r && !run->removed)
        r = vs_job_count_add(run->conn, &run->owner, to, 1, e);
    run->was = to;
    return r;
}

int vs_job_follow(const struct vs_job_run *run, vidstore_error **e) {
    return run->has_parent ? vs_season_follow(run->conn, run->actor, &run->parent, e) : 0;
}

int vs_job_move(struct vs_job_run *run, int64_t to, vidstore_error **e) {
    int r = vs_job_step(run, to, e);
    return r ? r : vs_job_follow(run, e);
}

int vs_job_waiting_state(const struct vs_job_run *run, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(run->conn, VS_STMT_JOB_WAITS, &s, e, vs_id(&run->id));
    if (r < 0)
        return r;
    if (vs_col_int(s, 0) > 0)
        *ret = VIDSTORE_JOB_BLOCKED;
    else
        *ret = run->run_at_us > run->now_us ? VIDSTORE_JOB_SCHEDULED : VIDSTORE_JOB_READY;
    return 0;
}

int vs_job_note(const struct vs_job_run *run, int32_t action, const char *details, vidstore_error **e) {
    struct vs_event event = {.action = action,
                             .noun = vs_job_noun.name,
                             .object = &run->id,
                             .owner = &run->owner,
                             .object_name = run->name,
                             .details = details};
    return vs_trail_append(run->conn, run->actor, &event, e);
}

int vs_job_close_attempt(struct vs_job_run *run, const char *outcome, int64_t ended_us, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(run->conn, VS_STMT_JOB_ATTEMPT_END, &s, e, vs_int(ended_us), vs_text(outcome), vs_text(run->error),
                   vs_text(run->stage), vs_int(run->progress_done), vs_id(&run->id));
    if (r != VS_ROW)
        return r;
    int64_t took_us = ended_us - vs_col_int(s, 0);
    run->attempt = vs_col_int(s, 1);
    vs_reset(s);
    return took_us < 1000 ? 0 : vs_user_count_job(run->conn, &run->owner, 0, took_us / 1000, e);
}
