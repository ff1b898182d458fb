/* SPDX-License-Identifier: MIT */
/* What a job has to be when it is submitted and changed. */
#include "db/bind.h"
#include "jobs/job_kinds.h"
#include "jobs/job_remove.h"
#include "jobs/job_season.h"
#include "jobs/job_sources.h"
#include "net/net.h"
#include "quotas/quotas.h"
#include "users/users.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 4, CRASHES = 5, BACKOFF_MS = 1000 };

static int at_least_one(const struct vs_change *c, int32_t field, const char *name, vidstore_error **e) {
    if (vs_change_int(c, field) >= 1)
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, name, "%s is not between 1 and 1000", name);
}

static int check_webhook(const struct vs_change *c, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    const char *url = vs_change_text(c, VIDSTORE_JOB_WEBHOOK);
    int r = url && vs_change_differs(c, VIDSTORE_JOB_WEBHOOK) ? vs_net_check_url(url, &why) : 0;
    return r ? vs_fail_sub(e, r, vidstore_error_subcode(why), "webhook", "%s", vidstore_error_message(why)) : 0;
}

/* A file of somebody else's would come out with the job, and can't be told from one that is not there. */
static int check_output(const struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    struct vs_uuid id;
    const char *text = vs_change_text(c, VIDSTORE_JOB_OUTPUT_FILE_ID);
    if (!text || !vs_change_differs(c, VIDSTORE_JOB_OUTPUT_FILE_ID))
        return 0;
    int r = vs_uuid_parse(text, "output_file_id", &id, e);
    if (!r)
        r = vs_stmt(c->conn, VS_STMT_JOB_OUTPUT_FILE, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &id);
    vs_bind_uuid(s, 2, &c->owner);
    r = vs_row(s, e);
    if (r < 0)
        return r;
    return vs_col_int(s, 0) ? 0 : vs_fail(e, VIDSTORE_NOT_FOUND, "output_file_id", "no such file of the job's owner");
}

static int check(const struct vs_change *c, vidstore_error **e) {
    const struct vs_value *kind = vs_change_value(c, VIDSTORE_JOB_KIND);
    int r = vs_kind_check(kind->text, kind->len, "kind", e);
    if (!r)
        r = at_least_one(c, VIDSTORE_JOB_MAX_ATTEMPTS, "max_attempts", e);
    if (!r)
        r = at_least_one(c, VIDSTORE_JOB_MAX_CRASHES, "max_crashes", e);
    if (!r)
        r = check_output(c, e);
    return r ? r : check_webhook(c, e);
}

static int set_defaults(struct vs_change *c, vidstore_error **e) {
    static const int32_t zeros[] = {
        VIDSTORE_JOB_ATTEMPTS,         VIDSTORE_JOB_CRASHES,  VIDSTORE_JOB_PROGRESS_DONE, VIDSTORE_JOB_ERROR_COUNT,
        VIDSTORE_JOB_CANCEL_REQUESTED, VIDSTORE_JOB_CHILDREN, VIDSTORE_JOB_CHILDREN_DONE, VIDSTORE_JOB_CHILDREN_FAILED};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++)
        vs_change_set_int(c, zeros[i], 0);
    vs_change_set_int(c, VIDSTORE_JOB_PROGRESS_TOTAL, VS_PROGRESS_WHOLE);
    vs_change_default_int(c, VIDSTORE_JOB_PRIORITY, VIDSTORE_PRIORITY_NORMAL);
    vs_change_default_int(c, VIDSTORE_JOB_MAX_ATTEMPTS, ATTEMPTS);
    vs_change_default_int(c, VIDSTORE_JOB_MAX_CRASHES, CRASHES);
    vs_change_default_int(c, VIDSTORE_JOB_BACKOFF_MS, BACKOFF_MS);
    if (vs_change_text(c, VIDSTORE_JOB_KIND))
        return 0;
    return vs_change_set_text(c, VIDSTORE_JOB_KIND, "full_pipeline", e);
}

/* Where a job begins that waits for nothing but its time. */
static int64_t idle_state(const struct vs_change *c) {
    return vs_change_int(c, VIDSTORE_JOB_RUN_AT_US) > c->now_us ? VIDSTORE_JOB_SCHEDULED : VIDSTORE_JOB_READY;
}

static int create(struct vs_change *c, vidstore_error **e) {
    vs_autojson *sources = NULL;
    const char *parent = vs_change_text(c, VIDSTORE_JOB_PARENT_ID);
    int r = set_defaults(c, e);
    if (!r)
        r = check(c, e);
    if (!r)
        r = vs_sources_read(vs_change_text(c, VIDSTORE_JOB_SOURCES), &c->session->actor, &sources, e);
    if (!r && parent)
        r = vs_season_check_parent(c, parent, e);
    if (r)
        return r;
    int64_t children = vs_season_size(vs_change_text(c, VIDSTORE_JOB_KIND), vs_sources_count(sources));
    vs_change_set_int(c, VIDSTORE_JOB_CHILDREN, children);
    vs_change_set_int(c, VIDSTORE_JOB_STATE, children ? VIDSTORE_JOB_BLOCKED : idle_state(c));
    return 0;
}

/* A child of a season: its parent was checked. */
static int create_part(struct vs_change *c, vidstore_error **e) {
    const struct vs_job_part *part = c->extra;
    int r = set_defaults(c, e);
    vs_change_set_int(c, VIDSTORE_JOB_STATE, part->blocked ? VIDSTORE_JOB_BLOCKED : idle_state(c));
    return r;
}

/* One event for the whole, which says how many parts it has. */
static int note_season(struct vs_change *c, vidstore_error **e) {
    char details[64];
    int64_t children = vs_change_int(c, VIDSTORE_JOB_CHILDREN);
    struct vs_event event = {.action = c->action,
                             .noun = c->noun->name,
                             .object = &c->id,
                             .owner = &c->owner,
                             .object_name = vs_change_text(c, VIDSTORE_JOB_SEASON),
                             .details = details};
    if (!children || c->session->bulk)
        return 0;
    snprintf(details, sizeof details, "{\"children\":%" PRId64 "}", children);
    c->action = 0;
    return vs_trail_append(c->conn, &c->session->actor, &event, e);
}

static int created(struct vs_change *c, vidstore_error **e) {
    struct vs_uuid parent;
    const char *parent_id = vs_change_text(c, VIDSTORE_JOB_PARENT_ID);
    int r = vs_job_count_add(c->conn, &c->owner, vs_change_int(c, VIDSTORE_JOB_STATE), 1, e);
    if (!r)
        r = vs_user_count_job(c->conn, &c->owner, 1, 0, e);
    if (!r)
        r = vs_season_expand(c, e);
    if (!r)
        r = vs_quota_check(c->conn, VS_QUOTA_JOBS, &c->owner, 1 + vs_change_int(c, VIDSTORE_JOB_CHILDREN), c->now_us,
                           e);
    if (!r)
        r = note_season(c, e);
    if (r || !parent_id)
        return r;
    r = vs_uuid_parse(parent_id, "parent_id", &parent, e);
    return r ? r : vs_season_follow(c->conn, &c->session->actor, &parent, e);
}

static int created_part(struct vs_change *c, vidstore_error **e) {
    return vs_job_count_add(c->conn, &c->owner, vs_change_int(c, VIDSTORE_JOB_STATE), 1, e);
}

/* Another time makes a waiting job scheduled or ready; one that has begun is not held up any more. */
static int update(struct vs_change *c, vidstore_error **e) {
    int64_t state = vs_record_int(c->old, VIDSTORE_JOB_STATE);
    int idle = state == VIDSTORE_JOB_READY || state == VIDSTORE_JOB_SCHEDULED;
    if (idle && vs_change_differs(c, VIDSTORE_JOB_RUN_AT_US))
        vs_change_set_int(c, VIDSTORE_JOB_STATE, idle_state(c));
    return check(c, e);
}

static int hand_priority_down(struct vs_change *c, vidstore_error **e) {
    return vs_exec(c->conn, VS_STMT_JOB_CHILDREN_PRIORITY, NULL, e, vs_int(vs_change_int(c, VIDSTORE_JOB_PRIORITY)),
                   vs_int(c->now_us), vs_id(&c->id));
}

static int updated(struct vs_change *c, vidstore_error **e) {
    int r = 0;
    if (vs_change_differs(c, VIDSTORE_JOB_STATE)) {
        r = vs_job_count_add(c->conn, &c->owner, vs_record_int(c->old, VIDSTORE_JOB_STATE), -1, e);
        if (!r)
            r = vs_job_count_add(c->conn, &c->owner, vs_change_int(c, VIDSTORE_JOB_STATE), 1, e);
    }
    if (!r && vs_change_int(c, VIDSTORE_JOB_CHILDREN) > 0 && vs_change_differs(c, VIDSTORE_JOB_PRIORITY))
        r = hand_priority_down(c, e);
    return r;
}

static int saved(struct vs_change *c, vidstore_error **e) {
    return c->old ? updated(c, e) : created(c, e);
}

static const struct vs_reach_fields reach = {0};

const struct vs_rules vs_job_rules = {
    .reach = &reach,
    .noun = &vs_job_noun,
    .created = VIDSTORE_AUDIT_JOB_CREATED,
    .updated = VIDSTORE_AUDIT_JOB_UPDATED,
    .removed = VIDSTORE_AUDIT_JOB_DELETED,
    .restored = VIDSTORE_AUDIT_JOB_RESTORED,
    .purged = VIDSTORE_AUDIT_JOB_PURGED,
    .create = create,
    .update = update,
    .saved = saved,
    .remove = vs_job_rule_remove,
    .restore = vs_job_rule_restore,
    .purge = vs_job_rule_purge,
};

const struct vs_rules vs_job_part_rules = {
    .noun = &vs_job_noun,
    .create = create_part,
    .saved = created_part,
};
