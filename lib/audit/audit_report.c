/* SPDX-License-Identifier: MIT */
/* Statistics. */
#include "audit/audit.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <time.h>

struct stats {
    int64_t since_us;
    struct vs_buf b;
};

static int by_action(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t ok = 0, failed = 0;
    int r = vs_bound(conn, VS_STMT_AUDIT_STATS_ACTIONS, &s, e, vs_int(stats->since_us)), count = 0;
    if (r)
        return r;
    vs_buf_str(&stats->b, "\"actions\":{");
    while ((r = vs_step(s, e)) == VS_ROW) {
        const char *name = vs_word_name(vs_audit_actions, vs_col_int(s, 0));
        vs_buf_fmt(&stats->b, "%s\"%s\":{\"success\":%" PRId64 ",\"failure\":%" PRId64 "}", count++ ? "," : "",
                   name ? name : "unknown", vs_col_int(s, 1), vs_col_int(s, 2));
        ok += vs_col_int(s, 1);
        failed += vs_col_int(s, 2);
    }
    vs_buf_fmt(&stats->b, "},\"total\":%" PRId64 ",\"success\":%" PRId64 ",\"failure\":%" PRId64, ok + failed, ok,
               failed);
    return r;
}

static void put_counts(struct vs_buf *b, struct vs_stmt *s, int at) {
    vs_buf_fmt(b, ",\"events\":%" PRId64 ",\"failures\":%" PRId64 "}", vs_col_int(s, at), vs_col_int(s, at + 1));
}

static void put_name(struct vs_buf *b, const char *key, struct vs_stmt *s, int at) {
    size_t len = 0;
    const char *text = vs_col_text(s, at, &len);
    vs_buf_fmt(b, "\"%s\":", key);
    if (text)
        vs_json_string(b, text, len);
    else
        vs_buf_str(b, "null");
}

static int by_address(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_AUDIT_STATS_ADDRESSES, &s, e, vs_int(stats->since_us)), count = 0;
    if (r)
        return r;
    vs_buf_str(&stats->b, ",\"addresses\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_buf_str(&stats->b, count++ ? ",{" : "{");
        put_name(&stats->b, "ip", s, 0);
        put_counts(&stats->b, s, 1);
    }
    vs_buf_char(&stats->b, ']');
    return r;
}

static int by_actor(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    char id[VS_UUID_TEXT];
    struct vs_uuid user;
    int r = vs_bound(conn, VS_STMT_AUDIT_STATS_ACTORS, &s, e, vs_int(stats->since_us)), count = 0;
    if (r)
        return r;
    vs_buf_str(&stats->b, ",\"actors\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_col_uuid(s, 0, &user);
        vs_uuid_format(&user, id);
        vs_buf_fmt(&stats->b, "%s{\"user_id\":\"%s\",", count++ ? "," : "", id);
        put_name(&stats->b, "name", s, 1);
        put_counts(&stats->b, s, 2);
    }
    vs_buf_char(&stats->b, ']');
    return r;
}

static int by_error(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_AUDIT_STATS_ERRORS, &s, e, vs_int(stats->since_us)), count = 0;
    if (r)
        return r;
    vs_buf_str(&stats->b, ",\"errors\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_buf_str(&stats->b, count++ ? ",{" : "{");
        put_name(&stats->b, "error", s, 0);
        vs_buf_fmt(&stats->b, ",\"failures\":%" PRId64 "}", vs_col_int(s, 1));
    }
    vs_buf_char(&stats->b, ']');
    return r;
}

/* Days of UTC, oldest first, each with its actions; a row is an action of a day. */
static int by_day(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t open = INT64_MIN;
    int r = vs_bound(conn, VS_STMT_AUDIT_STATS_DAYS, &s, e, vs_int(stats->since_us)), actions = 0;
    if (r)
        return r;
    vs_buf_str(&stats->b, ",\"days\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        int64_t day = vs_col_int(s, 0);
        const char *name = vs_word_name(vs_audit_actions, vs_col_int(s, 1));
        if (day != open) {
            char date[16];
            struct tm tm = {0};
            time_t seconds = (time_t)(day * 86400);
            gmtime_r(&seconds, &tm);
            strftime(date, sizeof date, "%Y-%m-%d", &tm);
            vs_buf_fmt(&stats->b, "%s{\"day\":\"%s\",\"actions\":{", open == INT64_MIN ? "" : "}},", date);
            actions = 0;
        }
        open = day;
        vs_buf_fmt(&stats->b, "%s\"%s\":{\"success\":%" PRId64 ",\"failure\":%" PRId64 "}", actions++ ? "," : "",
                   name ? name : "unknown", vs_col_int(s, 2) - vs_col_int(s, 3), vs_col_int(s, 3));
    }
    vs_buf_str(&stats->b, open == INT64_MIN ? "]" : "}}]");
    return r;
}

static int stats_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct stats *stats = arg;
    vs_buf_free(&stats->b);
    vs_buf_fmt(&stats->b, "{\"since\":%" PRId64 ",", stats->since_us);
    static int (*const parts[])(struct vs_conn *, struct stats *, vidstore_error **) = {by_action, by_day, by_actor,
                                                                                        by_error, by_address};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(parts); i++)
        r = parts[i](conn, stats, e);
    vs_buf_char(&stats->b, '}');
    return r;
}

vidstore_status vidstore_audit_stats(vidstore_session *session, int64_t since_us, vidstore_text **ret_json,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_session_settle_refusals(session);
    struct stats stats = {since_us, {0}};
    int r = since_us < 0 ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "since_us", "since_us is negative")
                         : 0;
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_session_read(session, stats_op, &stats, reterr);
    if (!r)
        r = vs_buf_to_text(&stats.b, ret_json, reterr);
    vs_buf_free(&stats.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
