/* SPDX-License-Identifier: MIT */
#include "trail/feed.h"
#include "crypto/crypto.h"
#include "db/bind.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/job.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct vs_word vs_feed_kinds[] = {
    {VS_FEED_CREATED, "created"},   {VS_FEED_UPDATED, "updated"},
    {VS_FEED_REMOVED, "removed"},   {VS_FEED_RESTORED, "restored"},
    {VS_FEED_PURGED, "purged"},     {VS_FEED_STATE, "state"},
    {VS_FEED_PROGRESS, "progress"}, {0, NULL},
};

const struct vs_word vs_job_states[] = {
    {VIDSTORE_JOB_SCHEDULED, "scheduled"}, {VIDSTORE_JOB_READY, "ready"},         {VIDSTORE_JOB_BLOCKED, "blocked"},
    {VIDSTORE_JOB_RUNNING, "running"},     {VIDSTORE_JOB_COMPLETED, "completed"}, {VIDSTORE_JOB_FAILED, "failed"},
    {VIDSTORE_JOB_CANCELLED, "cancelled"}, {VIDSTORE_JOB_DEAD, "dead"},           {0, NULL},
};

static int get_meta(struct vs_conn *conn, const char *key, char *buf, size_t size, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text(key));
    snprintf(buf, size, "%s", r == VS_ROW ? vs_col_text(s, 0, NULL) : "");
    return r < 0 ? r : 0;
}

static int set_meta(struct vs_conn *conn, const char *key, const char *value, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_META_SET, NULL, e, vs_text(key), vs_text(value));
}

int vs_feed_span(struct vs_conn *conn, struct vs_feed_span *ret, vidstore_error **e) {
    char epoch[16], floor[32];
    vs_autostmt *s = NULL;
    *ret = (struct vs_feed_span){0};
    int r = get_meta(conn, "feed_epoch", epoch, sizeof epoch, e);
    if (!r)
        r = get_meta(conn, "feed_floor", floor, sizeof floor, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_FEED_LAST, &s, e);
    if (r)
        return r;
    ret->epoch = (uint32_t)strtoul(epoch, NULL, 16);
    ret->floor = strtoll(floor, NULL, 10);
    vs_bind_int(s, 1, ret->floor);
    r = vs_row(s, e);
    ret->last = r == VS_ROW ? vs_col_int(s, 0) : ret->floor;
    return r < 0 ? r : 0;
}

static void take_entry(struct vs_stmt *s, struct vs_feed_entry *entry) {
    entry->seq = vs_col_int(s, 0);
    entry->at_us = vs_col_int(s, 1);
    entry->kind = (int32_t)vs_col_int(s, 2);
    snprintf(entry->noun, sizeof entry->noun, "%s", vs_col_text(s, 3, NULL));
    vs_col_uuid(s, 4, &entry->object);
    vs_col_uuid(s, 5, &entry->owner);
    entry->version = vs_col_int(s, 6);
    entry->state = vs_col_int(s, 7);
    const char *name = vs_col_text(s, 8, NULL);
    snprintf(entry->name, sizeof entry->name, "%s", name ? name : "");
    entry->open = vs_col_null(s, 9) ? -1 : vs_col_int(s, 9) == 1;
    entry->twin = vs_col_int(s, 10) == 1;
}

int vs_feed_page(struct vs_conn *conn, int64_t after, int64_t max, struct vs_feed_entry *ret, int64_t *ret_count,
                 vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_count = 0;
    int r = vs_bound(conn, VS_STMT_FEED_PAGE, &s, e, vs_int(after), vs_int(max));
    if (r)
        return r;
    while (*ret_count < max && (r = vs_step(s, e)) == VS_ROW)
        take_entry(s, &ret[(*ret_count)++]);
    return r < 0 ? r : 0;
}

static int find_oldest(struct vs_conn *conn, enum vs_stmt_id which, int64_t first, int64_t second, int64_t *ret_upto,
                       int64_t *ret_count, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret_upto = *ret_count = 0;
    int r = vs_ask(conn, which, &s, e, vs_int(first), vs_int(second));
    if (r == VS_ROW && !vs_col_null(s, 0)) {
        *ret_upto = vs_col_int(s, 0);
        *ret_count = vs_col_int(s, 1);
    }
    return r < 0 ? r : 0;
}

int vs_feed_old(struct vs_conn *conn, int64_t before_us, int64_t limit, int64_t *ret_upto, int64_t *ret_count,
                vidstore_error **e) {
    return find_oldest(conn, VS_STMT_FEED_OLD, limit, before_us, ret_upto, ret_count, e);
}

int vs_feed_surplus(struct vs_conn *conn, int64_t keep, int64_t limit, int64_t *ret_upto, int64_t *ret_count,
                    vidstore_error **e) {
    struct vs_feed_span span;
    int r = vs_feed_span(conn, &span, e);
    return r ? r : find_oldest(conn, VS_STMT_FEED_SURPLUS, span.last - keep, limit, ret_upto, ret_count, e);
}

/* A name that does not fit stands for all of the host's tables. */
int vs_feed_app(struct vs_conn *conn, const char *table, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_FEED_APP, NULL, e, vs_int(vs_now_us()),
                   vs_text(strlen(table) < VS_FEED_NAME ? table : "app_*"));
}

int vs_feed_prune(struct vs_conn *conn, int64_t upto, int64_t *ret_count, vidstore_error **e) {
    char floor[32];
    struct vs_feed_span span;
    *ret_count = 0;
    int r = vs_feed_span(conn, &span, e);
    if (r || upto <= span.floor)
        return r;
    snprintf(floor, sizeof floor, "%" PRId64, upto);
    r = vs_exec(conn, VS_STMT_FEED_PRUNE, ret_count, e, vs_int(upto));
    return r ? r : set_meta(conn, "feed_floor", floor, e);
}

int vs_feed_restart(struct vs_conn *conn, vidstore_error **e) {
    uint32_t token;
    char epoch[16];
    if (vs_random(&token, sizeof token))
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the system gives no random numbers");
    snprintf(epoch, sizeof epoch, "%08" PRIx32, token);
    return set_meta(conn, "feed_epoch", epoch, e);
}
