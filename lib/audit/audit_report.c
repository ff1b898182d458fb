/* SPDX-License-Identifier: MIT */
/* Statistics. */
#include "audit/audit.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>

struct stats {
    int64_t since_us;
    struct vs_buf b;
};

static int by_action(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int64_t ok = 0, failed = 0;
    int r = vs_stmt(conn, VS_STMT_AUDIT_STATS_ACTIONS, &s, e), count = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, stats->since_us);
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

static int by_address(struct vs_conn *conn, struct stats *stats, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_STATS_ADDRESSES, &s, e), count = 0;
    if (r)
        return r;
    vs_bind_int(s, 1, stats->since_us);
    vs_buf_str(&stats->b, ",\"addresses\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        size_t len = 0;
        const char *ip = vs_col_text(s, 0, &len);
        vs_buf_str(&stats->b, count++ ? ",{\"ip\":" : "{\"ip\":");
        vs_json_string(&stats->b, ip, len);
        vs_buf_fmt(&stats->b, ",\"events\":%" PRId64 ",\"failures\":%" PRId64 "}", vs_col_int(s, 1), vs_col_int(s, 2));
    }
    vs_buf_char(&stats->b, ']');
    return r;
}

static int stats_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct stats *stats = arg;
    vs_buf_free(&stats->b);
    vs_buf_fmt(&stats->b, "{\"since\":%" PRId64 ",", stats->since_us);
    int r = by_action(conn, stats, e);
    if (!r)
        r = by_address(conn, stats, e);
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
