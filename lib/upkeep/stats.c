/* SPDX-License-Identifier: MIT */
/* Numbers of the whole store, or of what one user owns. */
#include "audit/audit.h"
#include "files/files.h"
#include "jobs/jobs.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "videos/videos.h"
#include "vidstore/upkeep.h"
#include <string.h>

#define RECENT_US (INT64_C(30) * 86400 * 1000000)

static const struct vs_word blob_states[] = {
    {10, "reserved"}, {20, "stored"}, {30, "doomed"}, {40, "deleting"}, {0, NULL},
};

struct stats {
    const struct vs_uuid *owner; /* NULL: of everybody */
    int64_t now_us;
    json_t *all; /* what was found */
};

/* --- adding up ------------------------------------------------------------------------------------------------ */

static int64_t number(const json_t *object, const char *key) {
    return json_integer_value(json_object_get(object, key));
}

static int put(json_t *object, const char *key, int64_t value, vidstore_error **e) {
    return json_object_set_new(object, key, json_integer(value)) ? vs_fail_nomem(e) : 0;
}

static int add(json_t *object, const char *key, int64_t value, vidstore_error **e) {
    return put(object, key, number(object, key) + value, e);
}

static const char *word(const struct vs_word *words, int64_t value) {
    const char *name = vs_word_name(words, value);
    return name ? name : "unknown";
}

/* A new object in `in`, with a 0 for each word (NULL: none yet). */
static int begin(json_t *in, const char *key, const struct vs_word *words, json_t **ret, vidstore_error **e) {
    *ret = json_object();
    if (json_object_set_new(in, key, *ret))
        return vs_fail_nomem(e);
    int r = 0;
    for (; !r && words && words->name; words++)
        r = put(*ret, words->name, 0, e);
    return r;
}

static int add_files(json_t *groups, const char *key, int64_t files, int64_t bytes, vidstore_error **e) {
    json_t *group = json_object_get(groups, key);
    int r = group ? 0 : begin(groups, key, NULL, &group, e);
    if (!r)
        r = add(group, "files", files, e);
    return r ? r : add(group, "bytes", bytes, e);
}

/* --- asking --------------------------------------------------------------------------------------------------- */

/* A template with its where filled; the owner is parameter `at` of `where`. */
static int ask(struct vs_conn *conn, const struct stats *stats, enum vs_stmt_id tmpl, const char *where, int at,
               struct vs_stmt **ret, vidstore_error **e) {
    static const char *const names[] = {"where", NULL};
    const char *const texts[] = {stats->owner ? where : "seq > 0", NULL};
    vs_autobuf sql = {0};
    int r = vs_template_fill(&sql, vs_stmt_text(conn, tmpl), names, texts, e);
    if (!r)
        r = vs_stmt_composed(conn, sql.data, sql.len, ret, e);
    if (!r && stats->owner)
        vs_bind_uuid(*ret, at, stats->owner);
    return r;
}

static int users(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *roles = NULL, *states = NULL;
    int r = ask(conn, stats, VS_STMT_STATS_USERS, "id = $2", 2, &s, e);
    if (!r)
        r = put(in, "total", 0, e);
    if (!r)
        r = put(in, "active", 0, e);
    if (!r)
        r = put(in, "recent", 0, e);
    if (!r)
        r = begin(in, "by_role", vs_user_roles, &roles, e);
    if (!r)
        r = begin(in, "by_state", vs_user_states, &states, e);
    if (r)
        return r;
    vs_bind_int(s, 1, stats->now_us - RECENT_US);
    while ((r = vs_step(s, e)) == VS_ROW) {
        int64_t role = vs_col_int(s, 0), state = vs_col_int(s, 1), count = vs_col_int(s, 2);
        r = add(in, "total", count, e);
        if (!r && state == VIDSTORE_USER_ACTIVE)
            r = add(in, "active", count, e);
        if (!r)
            r = add(in, "recent", vs_col_int(s, 3), e);
        if (!r)
            r = add(roles, word(vs_user_roles, role), count, e);
        if (!r)
            r = add(states, word(vs_user_states, state), count, e);
        if (r)
            return r;
    }
    return r;
}

static int is_final(int64_t state) {
    return state == VIDSTORE_JOB_COMPLETED || state == VIDSTORE_JOB_FAILED || state == VIDSTORE_JOB_CANCELLED ||
           state == VIDSTORE_JOB_DEAD;
}

static int job_states(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *states = NULL;
    int r = vs_stmt(conn, stats->owner ? VS_STMT_STATS_JOB_STATES_OF : VS_STMT_STATS_JOB_STATES, &s, e);
    if (!r)
        r = put(in, "total", 0, e);
    if (!r)
        r = put(in, "active", 0, e);
    if (!r)
        r = begin(in, "by_state", vs_job_states, &states, e);
    if (r)
        return r;
    if (stats->owner)
        vs_bind_uuid(s, 1, stats->owner);
    while ((r = vs_step(s, e)) == VS_ROW) {
        int64_t state = vs_col_int(s, 0), count = vs_col_int(s, 1);
        r = add(in, "total", count, e);
        if (!r && !is_final(state))
            r = add(in, "active", count, e);
        if (!r)
            r = add(states, word(vs_job_states, state), count, e);
        if (r)
            return r;
    }
    return r;
}

static int jobs(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *kinds = NULL;
    int64_t timed = 0, took_us = 0;
    int r = job_states(conn, stats, in, e);
    if (!r)
        r = ask(conn, stats, VS_STMT_STATS_JOB_KINDS, "user_id = $1", 1, &s, e);
    if (!r)
        r = begin(in, "by_kind", NULL, &kinds, e);
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        r = put(kinds, vs_col_text(s, 0, NULL), vs_col_int(s, 1), e);
        if (r)
            return r;
        timed += vs_col_int(s, 2);
        took_us += vs_col_int(s, 3);
    }
    return r ? r : put(in, "average_processing_ms", timed ? took_us / timed / 1000 : 0, e);
}

static int videos(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *downloads = NULL, *works = NULL;
    int64_t sized = 0, bytes = 0;
    int r = ask(conn, stats, VS_STMT_STATS_VIDEOS, "user_id = $1", 1, &s, e);
    if (!r)
        r = put(in, "total", 0, e);
    if (!r)
        r = begin(in, "by_download_state", vs_video_work, &downloads, e);
    if (!r)
        r = begin(in, "by_processing_state", vs_video_work, &works, e);
    if (!r)
        r = put(in, "duration_us", 0, e);
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        int64_t count = vs_col_int(s, 2);
        r = add(in, "total", count, e);
        if (!r)
            r = add(downloads, word(vs_video_work, vs_col_int(s, 0)), count, e);
        if (!r)
            r = add(works, word(vs_video_work, vs_col_int(s, 1)), count, e);
        if (!r)
            r = add(in, "duration_us", vs_col_int(s, 5), e);
        if (r)
            return r;
        sized += vs_col_int(s, 3);
        bytes += vs_col_int(s, 4);
    }
    return r ? r : put(in, "average_size", sized ? bytes / sized : 0, e);
}

static int begin_files(json_t *in, json_t *groups[3], vidstore_error **e) {
    static const char *const totals[] = {"total", "bytes", "temporary", "expired"};
    static const char *const names[] = {"by_backend", "by_category", "by_type"};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(totals); i++)
        r = put(in, totals[i], 0, e);
    for (size_t i = 0; !r && i < VS_COUNT(names); i++)
        r = begin(in, names[i], NULL, &groups[i], e);
    return r;
}

/* One group of files: a backend, a category and a type. */
static int add_group(struct vs_stmt *s, json_t *in, json_t *groups[3], vidstore_error **e) {
    int64_t category = vs_col_int(s, 1), count = vs_col_int(s, 3), bytes = vs_col_int(s, 4);
    int r = add(in, "total", count, e);
    if (!r)
        r = add(in, "bytes", bytes, e);
    if (!r && category == VIDSTORE_CATEGORY_TEMPORARY)
        r = add(in, "temporary", count, e);
    if (!r)
        r = add(in, "expired", vs_col_int(s, 5), e);
    if (!r)
        r = add_files(groups[0], word(vs_file_backends, vs_col_int(s, 0)), count, bytes, e);
    if (!r)
        r = add_files(groups[1], word(vs_file_categories, category), count, bytes, e);
    return r ? r : add_files(groups[2], vs_col_text(s, 2, NULL), count, bytes, e);
}

/* Bytes on the disk: files that are alike share them. */
static int blobs(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *states = NULL;
    int r = ask(conn, stats, VS_STMT_STATS_BLOBS, "user_id = $1", 1, &s, e);
    if (!r)
        r = begin(in, "blobs", NULL, &states, e);
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        json_t *state = NULL;
        r = begin(states, word(blob_states, vs_col_int(s, 0)), NULL, &state, e);
        if (!r)
            r = put(state, "count", vs_col_int(s, 1), e);
        if (!r)
            r = put(state, "bytes", vs_col_int(s, 2), e);
    }
    return r;
}

static int files(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    vs_autostmt *s = NULL;
    json_t *groups[3] = {NULL, NULL, NULL};
    int r = ask(conn, stats, VS_STMT_STATS_FILES, "user_id = $2", 2, &s, e);
    if (!r)
        r = begin_files(in, groups, e);
    if (r)
        return r;
    vs_bind_int(s, 1, stats->now_us);
    while (!r && (r = vs_step(s, e)) == VS_ROW)
        r = add_group(s, in, groups, e);
    return r ? r : blobs(conn, stats, in, e);
}

static int total(struct vs_conn *conn, struct stats *stats, enum vs_stmt_id id, const char *of_owner, json_t *in,
                 vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = ask(conn, stats, id, of_owner, 1, &s, e);
    if (!r)
        r = vs_row(s, e);
    return r == VS_ROW ? put(in, "total", vs_col_int(s, 0), e) : r;
}

static int collections(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    return total(conn, stats, VS_STMT_STATS_COLLECTIONS, "user_id = $1", in, e);
}

static int audit(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e) {
    return total(conn, stats, VS_STMT_STATS_AUDIT, "(owner_id = $1 OR user_id = $1)", in, e);
}

static int stats_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const struct {
        const char *name;
        int (*count)(struct vs_conn *conn, struct stats *stats, json_t *in, vidstore_error **e);
    } parts[] = {{"users", users}, {"jobs", jobs}, {"videos", videos}, {"files", files}, {"collections", collections},
                 {"audit", audit}};
    struct stats *stats = arg;
    json_t *part = NULL;
    json_object_clear(stats->all);
    int r =
        json_object_set_new(stats->all, "scope", json_string(stats->owner ? "user" : "store")) ? vs_fail_nomem(e) : 0;
    for (size_t i = 0; !r && i < VS_COUNT(parts); i++) {
        r = begin(stats->all, parts[i].name, NULL, &part, e);
        if (!r)
            r = parts[i].count(conn, stats, part, e);
    }
    return r;
}

vidstore_status vidstore_stats(vidstore_session *session, vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    const struct vs_actor *actor = &session->actor;
    const struct vs_uuid *self = actor->kind == VS_ACTOR_ANONYMOUS ? NULL : &actor->user;
    vs_autojson *all = json_object();
    struct stats stats = {vs_policy_is_admin(actor) ? NULL : self, vs_now_us(), all};
    int r = all ? vs_session_may(session, "stats", VS_READ, NULL, self, 0, reterr) : vs_fail_nomem(reterr);
    if (!r)
        r = vs_session_read(session, stats_op, &stats, reterr);
    if (!r)
        r = vs_json_to_text(all, JSON_COMPACT, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
