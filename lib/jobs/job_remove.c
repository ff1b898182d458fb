/* SPDX-License-Identifier: MIT */
#include "jobs/job_remove.h"
#include "db/bind.h"
#include "files/files.h"
#include "jobs/job_season.h"
#include "util/alloc.h"
#include "util/error.h"

/* A statement whose parameters are the time, the removal, the job: in that order, as far as it has them. */
static int run_on_job(const struct vs_change *c, enum vs_stmt_id id, int with_removal, const struct vs_uuid *job,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(c->conn, id, &s, e, vs_int(c->now_us));
    if (r)
        return r;
    if (with_removal)
        vs_bind_uuid(s, 2, &c->removal);
    vs_bind_uuid(s, with_removal ? 3 : 2, job);
    return vs_run(s, NULL, e);
}

static int check_not_running(const struct vs_record *job, vidstore_error **e) {
    if (vs_record_is_null(job, VIDSTORE_JOB_LEASE_UNTIL_US))
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "id", "job %s is running: cancel it first",
                       vs_record_text(job, VIDSTORE_JOB_ID));
}

static int check_no_dependents(const struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(c->conn, VS_STMT_JOB_HAS_DEPENDENTS, &s, e, vs_id(&c->id));
    if (r < 0)
        return r;
    if (vs_col_int(s, 0) == 0)
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_DEPENDENTS, "id", "the job has parts, videos or files");
}

/* The row itself. The generic removal writes it once more, alike, after the parent has looked at its children. */
static int mark(const struct vs_change *c, const struct vs_record *job, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(job, VIDSTORE_JOB_ID), owner = vs_record_uuid(job, VIDSTORE_JOB_USER_ID);
    int r = run_on_job(c, VS_STMT_JOB_MARK_REMOVED, 1, &id, e);
    return r ? r : vs_job_count_add(c->conn, &owner, vs_record_int(job, VIDSTORE_JOB_STATE), -1, e);
}

static int remove_below(const struct vs_change *c, const struct vs_uuid *job, vidstore_error **e);

static int remove_child(const struct vs_change *c, const struct vs_uuid *id, vidstore_error **e) {
    vs_autorecord *child = NULL;
    int r = vs_crud_load(c->conn, &vs_job_noun, id, 0, &child, e);
    if (!r)
        r = check_not_running(child, e);
    if (!r)
        r = remove_below(c, id, e);
    return r ? r : mark(c, child, e);
}

/* Children, videos and files go along. */
static int remove_below(const struct vs_change *c, const struct vs_uuid *job, vidstore_error **e) {
    vs_autofree struct vs_uuid *children = NULL;
    size_t count = 0;
    int r = vs_season_children(c->conn, job, &children, &count, e);
    for (size_t i = 0; !r && i < count; i++)
        r = remove_child(c, &children[i], e);
    if (!r)
        r = run_on_job(c, VS_STMT_JOB_REMOVE_VIDEOS, 1, job, e);
    if (!r)
        r = run_on_job(c, VS_STMT_JOB_REMOVE_VIDEO_FILES, 1, job, e);
    return r ? r : run_on_job(c, VS_STMT_JOB_REMOVE_FILES, 1, job, e);
}

/* A child that waits for its siblings makes no sense without them. */
static int cancel_follower(const struct vs_change *c, const struct vs_uuid *id, vidstore_error **e) {
    vs_autorecord *child = NULL;
    struct vs_job_run run;
    int64_t waiting = 0;
    int r = vs_crud_load(c->conn, &vs_job_noun, id, 0, &child, e);
    if (r)
        return r;
    vs_job_run_of(&run, c->conn, &c->session->actor, child);
    r = vs_job_waiting_state(&run, &waiting, e);
    return r || waiting != VIDSTORE_JOB_BLOCKED || run.state != VIDSTORE_JOB_BLOCKED
               ? r
               : vs_job_step(&run, VIDSTORE_JOB_CANCELLED, e);
}

static int detach(const struct vs_change *c, vidstore_error **e) {
    vs_autofree struct vs_uuid *children = NULL;
    size_t count = 0;
    int r = vs_season_children(c->conn, &c->id, &children, &count, e);
    for (size_t i = 0; !r && i < count; i++)
        r = cancel_follower(c, &children[i], e);
    if (!r)
        r = run_on_job(c, VS_STMT_JOB_DETACH_CHILDREN, 0, &c->id, e);
    if (!r)
        r = run_on_job(c, VS_STMT_JOB_DETACH_VIDEOS, 0, &c->id, e);
    return r ? r : run_on_job(c, VS_STMT_JOB_DETACH_FILES, 0, &c->id, e);
}

static int follow_parent(const struct vs_change *c, vidstore_error **e) {
    struct vs_uuid parent = vs_record_uuid(c->old, VIDSTORE_JOB_PARENT_ID);
    return vs_uuid_is_nil(&parent) ? 0 : vs_season_follow(c->conn, &c->session->actor, &parent, e);
}

int vs_job_rule_remove(struct vs_change *c, vidstore_error **e) {
    int r = check_not_running(c->old, e);
    if (!r && c->mode == VIDSTORE_REMOVE_RESTRICT)
        r = check_no_dependents(c, e);
    if (!r && c->mode == VIDSTORE_REMOVE_CASCADE)
        r = remove_below(c, &c->id, e);
    if (!r && c->mode == VIDSTORE_REMOVE_DETACH)
        r = detach(c, e);
    if (!r)
        r = mark(c, c->old, e);
    return r ? r : follow_parent(c, e);
}

/* Counts what the removal took besides the job itself, while it can still be told apart. */
static int count_removed(const struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(c->conn, VS_STMT_JOB_REMOVED_STATES, &s, e, vs_id(&c->removal));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        struct vs_uuid owner;
        vs_col_uuid(s, 0, &owner);
        r = vs_job_count_add(c->conn, &owner, vs_col_int(s, 1), vs_col_int(s, 2), e);
        if (r)
            return r;
    }
    return r;
}

/* Brings back what went with the job. The host's own id may belong to another record by now. */
static int bring_back(const struct vs_change *c, enum vs_stmt_id id, const char *what, vidstore_error **e) {
    int r = run_on_job(c, id, 0, &c->removal, e);
    if (r != VIDSTORE_EXISTS)
        return r;
    vs_error_clear(e);
    return vs_fail(e, r, "external_id", "the external_id of a %s that comes back is taken already", what);
}

int vs_job_rule_restore(struct vs_change *c, vidstore_error **e) {
    int r = count_removed(c, e);
    if (!r)
        r = vs_job_count_add(c->conn, &c->owner, vs_record_int(c->old, VIDSTORE_JOB_STATE), 1, e);
    if (!r)
        r = bring_back(c, VS_STMT_JOB_RESTORE_JOBS, "job", e);
    if (!r)
        r = bring_back(c, VS_STMT_JOB_RESTORE_VIDEOS, "video", e);
    if (!r)
        r = vs_files_renew_removed(c->conn, &c->removal, c->now_us, e);
    if (!r)
        r = bring_back(c, VS_STMT_JOB_RESTORE_FILES, "file", e);
    return r ? r : follow_parent(c, e);
}

/* Removed children go with the job; one that came back stays, on its own. Videos and files only lose the tie. */
int vs_job_rule_purge(struct vs_change *c, vidstore_error **e) {
    return run_on_job(c, VS_STMT_JOB_DETACH_CHILDREN, 0, &c->id, e);
}
