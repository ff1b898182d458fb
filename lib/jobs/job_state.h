/* SPDX-License-Identifier: MIT */
/* The one way in which a job changes its state: row, counters and season in step. Inside a write operation. */
#ifndef VS_JOBS_JOB_STATE_H
#define VS_JOBS_JOB_STATE_H

#include "jobs/jobs.h"

/* A job on its way from one state to another: what may change on the way, as it will be. Texts are borrowed. */
struct vs_job_run {
    struct vs_conn *conn;
    const struct vs_actor *actor;
    int64_t now_us;
    struct vs_uuid id, owner, parent;
    int has_parent, removed;
    int64_t was; /* the state as it stands in the row */
    int64_t state, run_at_us, attempts, max_attempts, crashes, max_crashes, backoff_ms, error_count;
    int64_t progress_done, stage_done, stage_total, started_us, completed_us, lease_until_us, cancel_requested;
    int64_t children, children_done, children_failed;
    const char *name, *stage, *result, *error, *worker;
    const char *was_error;     /* as it stands in the row */
    const uint8_t *lease_hash; /* 32 bytes; NULL: none */
    int64_t lease_boot_us;     /* the lease's end on the clock of vs_boot_us(); set with the hash */
    int64_t attempt;           /* number of the attempt that began or ended last; 0: of none */
};

/* Readies the run of a record; it borrows the record's texts. */
void vs_job_run_of(struct vs_job_run *run, struct vs_conn *conn, const struct vs_actor *actor,
                   const struct vs_record *job);
/* Takes the job to a state and writes the row and the counters. The season of the job is left alone. STATE when there
 * is no such step. */
int vs_job_step(struct vs_job_run *run, int64_t to, vidstore_error **e);
/* What a step means for the parent and the siblings. Last of all, so that the trail tells of the part before the whole.
 */
int vs_job_follow(const struct vs_job_run *run, vidstore_error **e);
/* Both at once, for a step that has no event of its own. */
int vs_job_move(struct vs_job_run *run, int64_t to, vidstore_error **e);
/* The state in which a job waits that may begin again: ready, scheduled, or blocked by its siblings. */
int vs_job_waiting_state(const struct vs_job_run *run, int64_t *ret, vidstore_error **e);
/* Adds to the number of jobs of an owner in a state. */
int vs_job_count_add(struct vs_conn *conn, const struct vs_uuid *owner, int64_t state, int64_t jobs,
                     vidstore_error **e);
/* An event of the audit about the job; details: a JSON object, or NULL. */
int vs_job_note(const struct vs_job_run *run, int32_t action, const char *details, vidstore_error **e);
/* Closes the attempt that is open, if there is one, and counts its time for the owner. */
int vs_job_close_attempt(struct vs_job_run *run, const char *outcome, int64_t ended_us, vidstore_error **e);

#endif
