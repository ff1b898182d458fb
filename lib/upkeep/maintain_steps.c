/* SPDX-License-Identifier: MIT */
/* The steps of the upkeep. Each asks first whether there is anything to do, so that idle upkeep takes no lock. */
#include "audit/audit.h"
#include "collections/collections.h"
#include "db/bind.h"
#include "files/files.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "links/links.h"
#include "record/search.h"
#include "trail/feed.h"
#include "upkeep/maintain.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "videos/videos.h"
#include <limits.h>
#include <string.h>

#define DAY_US    (INT64_C(86400) * 1000000)
#define COUNT_MAX 1000000 /* of a dry run */
#define SPARE_US  INT64_C(60000000)

enum {
    SLICE_MAX = 500,
    QUEUE_SLICE = 64, /* what the queue takes at a time */
    LEAST_MS = 50,    /* for files, however small the budget is */
};

const char *const vs_done_names[VS_DONE_KINDS] = {
    [VS_DONE_LEASES] = "leases_recovered", [VS_DONE_SCHEDULED] = "jobs_promoted", [VS_DONE_JOBS] = "jobs_purged",
    [VS_DONE_RECORDS] = "records_purged",  [VS_DONE_EXPIRED] = "files_expired",   [VS_DONE_UPLOADS] = "uploads_removed",
    [VS_DONE_BLOBS] = "blobs_deleted",     [VS_DONE_BYTES] = "bytes_freed",       [VS_DONE_AUDIT] = "audit_pruned",
    [VS_DONE_ALERTS] = "alerts_raised",    [VS_DONE_FEED] = "feed_pruned",        [VS_DONE_KEYS] = "keys_ended",
    [VS_DONE_KEYS_PURGED] = "keys_purged", [VS_DONE_LOGINS] = "logins_purged",    [VS_DONE_TOKENS] = "tokens_purged",
    [VS_DONE_USAGE] = "usage_purged",      [VS_DONE_INDEXED] = "records_indexed",
};

/* One slice of one step, while it runs. */
struct slice {
    struct vs_upkeep *u;
    const struct step *step;
    int64_t until_us; /* what is older is due */
    int64_t limit, found, done;
    int64_t lease_ms;
    int64_t keep, upto; /* of the feed: how many entries stay, and up to which they go */
    struct vs_uuid ids[SLICE_MAX];
};

struct step {
    enum vs_done kind;
    enum vs_setting_id days; /* after how many it is due; VS_SETTINGS: now */
    int64_t limit;           /* most rows of a slice */
    enum vs_stmt_id due;
    int32_t state; /* of the jobs that are meant */
    const struct vs_rules *rules;
    int (*find)(struct vs_conn *conn, struct slice *slice, vidstore_error **e);
    int (*run)(struct vs_conn *conn, struct slice *slice, vidstore_error **e);
    enum vs_stmt_id purge; /* takes away what the statement `due` counts */
};

/* --- finding -------------------------------------------------------------------------------------------------- */

/* A statement that counts what is due by a time. */
static int find_count(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, slice->step->due, &s, e, vs_int(slice->until_us), vs_int(slice->limit));
    slice->found = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

/* A statement that lists ids, of a state if the step has one. A dry run only counts them. */
static int find_ids(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int at = 1;
    int r = vs_stmt(conn, slice->step->due, &s, e);
    if (r)
        return r;
    slice->found = 0;
    if (slice->step->state)
        vs_bind_int(s, at++, slice->step->state);
    vs_bind_int(s, at++, slice->until_us);
    vs_bind_int(s, at, slice->limit);
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (slice->found < SLICE_MAX)
            vs_col_uuid(s, 0, &slice->ids[slice->found]);
        slice->found++;
    }
    return r;
}

/* A dry run counts the parts of a season as well. */
static int find_ended(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    vs_autostmt *s = NULL;
    if (!slice->u->dry)
        return find_ids(conn, slice, e);
    int r = vs_ask(conn, VS_STMT_DUE_ENDED_COUNT, &s, e, vs_int(slice->step->state), vs_int(slice->until_us),
                   vs_int(slice->limit));
    slice->found = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

static int find_leases(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return vs_jobs_expired(conn, slice->limit, &slice->found, e);
}

static int find_old_entries(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return vs_feed_old(conn, slice->until_us, slice->limit, &slice->upto, &slice->found, e);
}

static int find_surplus_entries(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return slice->keep ? vs_feed_surplus(conn, slice->keep, slice->limit, &slice->upto, &slice->found, e) : 0;
}

/* Records whose words are not in the index yet. */
static int find_noted(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int64_t limit = slice->limit < SLICE_MAX ? slice->limit : SLICE_MAX, places[SLICE_MAX];
    int count = 0;
    int r = vs_search_notes(conn, slice->step->rules->noun, (int)limit, places, &count, e);
    slice->found = count;
    return r;
}

/* --- doing ---------------------------------------------------------------------------------------------------- */

static int recover_leases(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return vs_jobs_recover(conn, slice->u->session, slice->lease_ms, slice->limit, &slice->done, e);
}

static int promote(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int r = find_count(conn, slice, e);
    slice->done = slice->found;
    return r ? r : vs_jobs_promote(conn, slice->u->session, e);
}

/* Ends each record that was found; one that is not there any more went with another. */
static int purge_removed(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int r = find_ids(conn, slice, e);
    slice->done = 0;
    for (int64_t i = 0; !r && i < slice->found; i++) {
        vs_autoerror vidstore_error *why = NULL;
        r = vs_crud_purge_in(conn, slice->u->session, slice->step->rules, &slice->ids[i], &why);
        if (r && r != VIDSTORE_NOT_FOUND)
            return vs_fail(e, r, vidstore_error_field(why), "%s", vidstore_error_message(why));
        slice->done++;
        r = 0;
    }
    return r;
}

/* A job that was never removed still stands in the numbers by state. Its videos and files lose the tie, no more. */
static int end_job(struct vs_conn *conn, struct slice *slice, const struct vs_uuid *id, vidstore_error **e) {
    vs_autorecord *job = NULL;
    vs_autostmt *s = NULL;
    int r = vs_crud_load(conn, &vs_job_noun, id, 0, &job, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_JOB_COUNT_ADD, &s, e);
    if (r)
        return r;
    struct vs_uuid owner = vs_record_uuid(job, VIDSTORE_JOB_USER_ID);
    vs_bind_uuid(s, 1, &owner);
    vs_bind_int(s, 2, vs_record_int(job, VIDSTORE_JOB_STATE));
    vs_bind_int(s, 3, -1);
    r = vs_run(s, NULL, e);
    if (!r)
        r = vs_exec(conn, VS_STMT_UPKEEP_JOB_SPARE, NULL, e, vs_int(slice->u->now_us), vs_id(id));
    if (!r)
        r = vs_crud_purge_in(conn, slice->u->session, &vs_job_rules, id, e);
    slice->done += !r;
    return r;
}

/* The deepest first; a tree that is larger than a slice goes on in the next one. */
static int end_tree(struct vs_conn *conn, struct slice *slice, const struct vs_uuid *root, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_autofree struct vs_uuid *ids = vs_reallocarray(NULL, SLICE_MAX, sizeof *ids);
    int64_t count = 0;
    if (!ids)
        return vs_fail_nomem(e);
    int r = vs_bound(conn, VS_STMT_UPKEEP_JOB_TREE, &s, e, vs_id(root), vs_int(SLICE_MAX));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW && count < SLICE_MAX)
        vs_col_uuid(s, 0, &ids[count++]);
    vs_reset(s);
    if (r > 0)
        r = 0;
    for (int64_t i = 0; !r && i < count; i++)
        r = end_job(conn, slice, &ids[i], e);
    return r;
}

static int purge_ended(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int r = find_ids(conn, slice, e);
    slice->done = 0;
    for (int64_t i = 0; !r && i < slice->found && slice->done < slice->limit; i++)
        r = end_tree(conn, slice, &slice->ids[i], e);
    return r;
}

/* Keys that nobody may use any more, each with its event; what they could do they could not since their time was up. */
static int end_keys(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int expired = slice->step->due == VS_STMT_DUE_EXPIRED_KEYS;
    int r = find_ids(conn, slice, e);
    slice->done = 0;
    for (int64_t i = 0; !r && i < slice->found && i < SLICE_MAX; i++) {
        r = vs_key_end(conn, slice->u->session, &slice->ids[i],
                       expired ? VIDSTORE_AUDIT_KEY_EXPIRED : VIDSTORE_AUDIT_API_KEY_REVOKED,
                       expired ? "expired" : "unused", e);
        slice->done += !r;
    }
    return r;
}

/* Rows that have done their part and carry nothing else. */
static int purge_rows(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return vs_exec(conn, slice->step->purge, &slice->done, e, vs_int(slice->until_us), vs_int(slice->limit));
}

/* What was found stays the oldest, whoever else prunes. */
static int prune_feed(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    return vs_feed_prune(conn, slice->upto, &slice->done, e);
}

static int index_noted(struct vs_conn *conn, struct slice *slice, vidstore_error **e) {
    int left = 0;
    int r = find_noted(conn, slice, e);
    slice->done = slice->found;
    return r ? r : vs_search_settle(conn, slice->step->rules->noun, (int)slice->limit, 0, &left, e);
}

/* --- the list ------------------------------------------------------------------------------------------------- */

#define ENDED(state_, days_)                                                                                           \
    { VS_DONE_JOBS, days_, SLICE_MAX, VS_STMT_DUE_ENDED_JOBS, state_, NULL, find_ended, purge_ended }

#define ROWS(kind_, days_, what_)                                                                                      \
    { kind_, days_, SLICE_MAX, VS_STMT_DUE_##what_, 0, NULL, find_count, purge_rows, VS_STMT_PURGE_##what_ }

#define INDEX(rules_)                                                                                                  \
    { VS_DONE_INDEXED, VS_SETTINGS, QUEUE_SLICE, 0, 0, rules_, find_noted, index_noted }

static const struct step steps[] = {
    {VS_DONE_LEASES, VS_SETTINGS, QUEUE_SLICE, 0, 0, NULL, find_leases, recover_leases},
    {VS_DONE_SCHEDULED, VS_SETTINGS, QUEUE_SLICE, VS_STMT_DUE_SCHEDULED, 0, NULL, find_count, promote},
    {VS_DONE_RECORDS, VS_SETTING_REMOVED_RETENTION_DAYS, SLICE_MAX, VS_STMT_DUE_REMOVED_JOBS, 0, &vs_job_rules,
     find_ids, purge_removed},
    {VS_DONE_RECORDS, VS_SETTING_REMOVED_RETENTION_DAYS, SLICE_MAX, VS_STMT_DUE_REMOVED_VIDEOS, 0, &vs_video_rules,
     find_ids, purge_removed},
    {VS_DONE_RECORDS, VS_SETTING_REMOVED_RETENTION_DAYS, SLICE_MAX, VS_STMT_DUE_REMOVED_COLLECTIONS, 0,
     &vs_collection_rules, find_ids, purge_removed},
    ENDED(VIDSTORE_JOB_COMPLETED, VS_SETTING_JOB_RETENTION_DAYS),
    ENDED(VIDSTORE_JOB_CANCELLED, VS_SETTING_JOB_RETENTION_DAYS),
    ENDED(VIDSTORE_JOB_FAILED, VS_SETTING_FAILED_RETENTION_DAYS),
    ENDED(VIDSTORE_JOB_DEAD, VS_SETTING_FAILED_RETENTION_DAYS),
    {VS_DONE_KEYS, VS_SETTINGS, SLICE_MAX, VS_STMT_DUE_EXPIRED_KEYS, 0, NULL, find_ids, end_keys},
    {VS_DONE_KEYS, VS_SETTING_KEY_UNUSED_DAYS, SLICE_MAX, VS_STMT_DUE_UNUSED_KEYS, 0, NULL, find_ids, end_keys},
    ROWS(VS_DONE_KEYS_PURGED, VS_SETTING_KEYS_DAYS, ENDED_KEYS),
    ROWS(VS_DONE_LOGINS, VS_SETTING_LOGINS_DAYS, ENDED_LOGINS),
    ROWS(VS_DONE_USAGE, VS_SETTING_USAGE_DAYS, OLD_USAGE),
    ROWS(VS_DONE_TOKENS, VS_SETTINGS, TOKENS),
    ROWS(VS_DONE_TOKENS, VS_SETTINGS, DEVICES),
    {VS_DONE_RECORDS, VS_SETTING_REMOVED_RETENTION_DAYS, SLICE_MAX, VS_STMT_DUE_ENDED_LINKS, 0, &vs_link_rules,
     find_ids, purge_removed},
    {VS_DONE_FEED, VS_SETTING_FEED_DAYS, SLICE_MAX, 0, 0, NULL, find_old_entries, prune_feed},
    {VS_DONE_FEED, VS_SETTINGS, SLICE_MAX, 0, 0, NULL, find_surplus_entries, prune_feed},
    INDEX(&vs_user_rules),
    INDEX(&vs_job_rules),
    INDEX(&vs_video_rules),
    INDEX(&vs_file_rules),
};

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct slice *slice = arg;
    return slice->step->find(conn, slice, e);
}

static int run_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct slice *slice = arg;
    return slice->step->run(conn, slice, e);
}

static int run_step(struct vs_upkeep *u, const struct step *step, struct slice *slice, int *more, vidstore_error **e) {
    struct vidstore *store = u->session->store;
    int64_t days = step->days == VS_SETTINGS ? 0 : vs_setting(store, step->days);
    if (step->days != VS_SETTINGS && days == 0)
        return 0; /* never */
    slice->u = u;
    slice->step = step;
    slice->until_us = u->now_us - days * DAY_US;
    slice->keep = vs_setting(store, VS_SETTING_FEED_ENTRIES);
    slice->lease_ms = vs_setting(store, VS_SETTING_JOB_LEASE_MS);
    slice->limit = u->dry ? COUNT_MAX : u->limit < step->limit ? u->limit : step->limit;
    slice->found = slice->done = 0;
    int r = vs_session_read(u->session, find_op, slice, e);
    if (!r && slice->found && !u->dry)
        r = vs_session_write(u->session, run_op, slice, e);
    if (r)
        return r;
    u->done[step->kind] += u->dry ? slice->found : slice->done;
    *more |= !u->dry && slice->found >= slice->limit;
    return 0;
}

/* Files and their bytes: the noun knows how. */
static int run_files(struct vs_upkeep *u, int *more, vidstore_error **e) {
    struct vs_files_gc gc = {0};
    int64_t least = vs_mono_us() + LEAST_MS * 1000;
    struct vs_files_gc_options options = {
        .deadline_us = u->end_us > least ? u->end_us : least, .dry_run = u->dry, .all = u->all, .spare_us = SPARE_US};
    int r = vs_files_gc(u->session, &options, &gc, e);
    u->done[VS_DONE_EXPIRED] += gc.expired;
    u->done[VS_DONE_RECORDS] += gc.purged;
    u->done[VS_DONE_UPLOADS] += gc.uploads;
    u->done[VS_DONE_BLOBS] += gc.deleted;
    u->done[VS_DONE_BYTES] += gc.bytes;
    u->failed = gc.failed;
    memcpy(u->why, gc.why, sizeof u->why);
    *more |= gc.more;
    return r;
}

int vs_upkeep_pass(struct vs_upkeep *u, int *ret_more, vidstore_error **e) {
    *ret_more = 0;
    vs_autofree struct slice *slice = vs_calloc(1, sizeof *slice);
    if (!slice)
        return vs_fail_nomem(e);
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(steps); i++)
        r = run_step(u, &steps[i], slice, ret_more, e);
    if (!r)
        r = run_files(u, ret_more, e);
    if (!r)
        r = vs_audit_upkeep(u->session, u->dry, u->end_us, &u->done[VS_DONE_AUDIT], ret_more, e);
    return r || u->dry ? r : vs_audit_detect(u->session, &u->done[VS_DONE_ALERTS], ret_more, e);
}
