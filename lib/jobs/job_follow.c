/* SPDX-License-Identifier: MIT */
/* How a parent follows its children: always from what they are now, never by adding up what happened. */
#include "db/bind.h"
#include "jobs/job_kinds.h"
#include "jobs/job_machine.h"
#include "jobs/job_season.h"
#include "util/alloc.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

struct tally {
    int64_t all, done, failed, running, active, progress;
};

static int take_tally(struct vs_conn *conn, const struct vs_uuid *parent, struct tally *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_JOB_TALLY, &s, e, vs_id(parent));
    if (r < 0)
        return r;
    *ret = (struct tally){vs_col_int(s, 0), vs_col_int(s, 1), vs_col_int(s, 2), vs_col_int(s, 3), vs_col_int(s, 4), 0};
    ret->progress = ret->all ? vs_col_int(s, 5) / ret->all : 0;
    return 0;
}

static int write_tally(const struct vs_job_run *parent, vidstore_error **e) {
    return vs_exec(parent->conn, VS_STMT_JOB_TALLY_SET, NULL, e, vs_int(parent->children),
                   vs_int(parent->children_done), vs_int(parent->children_failed), vs_int(parent->progress_done),
                   vs_id(&parent->id));
}

/* A parent that is there and not held by a worker of its own. 1, 0 when there is none, or a negative code. */
static int load_parent(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_uuid *id,
                       struct vs_record **ret, struct vs_job_run *run, vidstore_error **e) {
    int r = vs_crud_load(conn, &vs_job_noun, id, 0, ret, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    if (r)
        return r;
    vs_job_run_of(run, conn, actor, *ret);
    return run->lease_until_us == INT64_MIN;
}

static int64_t state_of(const struct vs_job_run *parent, const struct tally *t) {
    if (t->all == 0)
        return parent->children && !vs_job_is_final(parent->state) ? VIDSTORE_JOB_CANCELLED : parent->state;
    if (t->done == t->all)
        return VIDSTORE_JOB_COMPLETED;
    if (t->failed && !t->active)
        return parent->cancel_requested ? VIDSTORE_JOB_CANCELLED : VIDSTORE_JOB_FAILED;
    return t->running || t->done || t->failed ? VIDSTORE_JOB_RUNNING : VIDSTORE_JOB_BLOCKED;
}

static int note_end(const struct vs_job_run *parent, vidstore_error **e) {
    char details[128];
    int32_t action = parent->state == VIDSTORE_JOB_COMPLETED ? VIDSTORE_AUDIT_JOB_COMPLETED
                     : parent->state == VIDSTORE_JOB_FAILED  ? VIDSTORE_AUDIT_JOB_FAILED
                                                             : VIDSTORE_AUDIT_JOB_CANCELLED;
    snprintf(details, sizeof details, "{\"children\":%" PRId64 ",\"completed\":%" PRId64 ",\"failed\":%" PRId64 "}",
             parent->children, parent->children_done, parent->children_failed);
    return vs_job_note(parent, action, details, e);
}

/* Takes the parent to where its children are. */
static int step_parent(struct vs_job_run *parent, const struct tally *t, int64_t to, vidstore_error **e) {
    char error[96];
    if (to == VIDSTORE_JOB_FAILED) {
        snprintf(error, sizeof error, "%" PRId64 " of %" PRId64 " parts were not completed", t->all - t->done, t->all);
        parent->error = error;
        parent->error_count++;
    }
    if (to == VIDSTORE_JOB_COMPLETED)
        parent->error = NULL;
    if (to == VIDSTORE_JOB_RUNNING && parent->started_us == INT64_MIN)
        parent->started_us = parent->now_us;
    int r = vs_job_step(parent, to, e);
    if (!r && vs_job_is_final(to))
        r = note_end(parent, e);
    if (!r && parent->has_parent)
        r = vs_season_follow(parent->conn, parent->actor, &parent->parent, e);
    return r;
}

/* 1 and the id of a child that has nothing left to wait for, or 0. */
static int next_unblocked(struct vs_conn *conn, const struct vs_uuid *parent, struct vs_uuid *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_JOB_UNBLOCKED, &s, e, vs_id(parent));
    return r == VS_ROW ? vs_col_uuid(s, 0, ret) : r;
}

static int unblock(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_uuid *parent,
                   vidstore_error **e) {
    struct vs_uuid id;
    int r;
    while ((r = next_unblocked(conn, parent, &id, e)) == 1) {
        vs_autorecord *child = NULL;
        struct vs_job_run run;
        r = vs_crud_load(conn, &vs_job_noun, &id, 0, &child, e);
        if (r)
            return r;
        vs_job_run_of(&run, conn, actor, child);
        r = vs_job_step(&run, run.run_at_us > run.now_us ? VIDSTORE_JOB_SCHEDULED : VIDSTORE_JOB_READY, e);
        if (r)
            return r;
    }
    return r;
}

int vs_season_follow(struct vs_conn *conn, const struct vs_actor *actor, const struct vs_uuid *parent,
                     vidstore_error **e) {
    vs_autorecord *record = NULL;
    struct vs_job_run run;
    struct tally t;
    int r = load_parent(conn, actor, parent, &record, &run, e);
    if (r <= 0)
        return r;
    r = unblock(conn, actor, parent, e);
    if (!r)
        r = take_tally(conn, parent, &t, e);
    if (r)
        return r;
    int64_t to = state_of(&run, &t);
    int differs = run.children != t.all || run.children_done != t.done || run.children_failed != t.failed ||
                  run.progress_done != t.progress;
    run.children = t.all;
    run.children_done = t.done;
    run.children_failed = t.failed;
    run.progress_done = t.all ? t.progress : run.progress_done;
    if (to != run.state && vs_job_may_step(run.state, to))
        return step_parent(&run, &t, to, e);
    return differs ? write_tally(&run, e) : 0;
}

int vs_season_progress(struct vs_conn *conn, const struct vs_uuid *parent, vidstore_error **e) {
    vs_autorecord *record = NULL;
    struct vs_job_run run;
    struct tally t;
    int r = load_parent(conn, NULL, parent, &record, &run, e);
    if (r <= 0)
        return r;
    r = take_tally(conn, parent, &t, e);
    if (r || !t.all || t.progress == run.progress_done)
        return r;
    run.progress_done = t.progress;
    r = write_tally(&run, e);
    return r || !run.has_parent ? r : vs_season_progress(conn, &run.parent, e);
}

int vs_season_children(struct vs_conn *conn, const struct vs_uuid *parent, struct vs_uuid **ret, size_t *ret_count,
                       vidstore_error **e) {
    vs_autofree struct vs_uuid *ids = NULL;
    vs_autostmt *s = NULL;
    size_t count = 0, room = 0;
    int r = vs_bound(conn, VS_STMT_JOB_CHILDREN, &s, e, vs_id(parent));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (count == room) {
            struct vs_uuid *more = vs_reallocarray(ids, room = room ? room * 2 : 16, sizeof *ids);
            if (!more)
                return vs_fail_nomem(e);
            ids = more;
        }
        vs_col_uuid(s, 0, &ids[count++]);
    }
    *ret_count = r ? 0 : count;
    *ret = r ? NULL : VS_TAKE(ids);
    return r;
}

static int check_depth(struct vs_conn *conn, const struct vs_record *parent, vidstore_error **e) {
    struct vs_uuid id = vs_record_uuid(parent, VIDSTORE_JOB_PARENT_ID);
    int r = 0, depth = 1;
    for (; !r && !vs_uuid_is_nil(&id); depth++) {
        vs_autorecord *above = NULL;
        if (depth >= DEPTH_MAX)
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "parent_id",
                               "jobs lie at most %d deep in one another", DEPTH_MAX);
        r = vs_crud_load(conn, &vs_job_noun, &id, 1, &above, e);
        if (!r)
            id = vs_record_uuid(above, VIDSTORE_JOB_PARENT_ID);
    }
    return r;
}

int vs_season_check_parent(struct vs_change *c, const char *text, vidstore_error **e) {
    vs_autorecord *parent = NULL;
    struct vs_uuid id;
    int r = vs_uuid_parse(text, "parent_id", &id, e);
    if (!r && vs_uuid_equal(&id, &c->id))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_CYCLE, "parent_id", "a job can't be its own parent");
    if (!r)
        r = vs_crud_load(c->conn, &vs_job_noun, &id, 0, &parent, e);
    if (r && r != VIDSTORE_NOT_FOUND)
        return r;
    struct vs_uuid owner = vs_record_uuid(parent, VIDSTORE_JOB_USER_ID);
    if (r || !vs_uuid_equal(&owner, &c->owner))
        return vs_fail(e, VIDSTORE_NOT_FOUND, "parent_id", "no such job of this owner");
    if (vs_job_is_final(vs_record_int(parent, VIDSTORE_JOB_STATE)) ||
        !vs_record_is_null(parent, VIDSTORE_JOB_LEASE_UNTIL_US))
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "parent_id",
                           "the parent is %s, and can't get another part any more",
                           vs_record_text(parent, VIDSTORE_JOB_STATE));
    return check_depth(c->conn, parent, e);
}
