/* SPDX-License-Identifier: MIT */
#include "quotas/quotas.h"
#include "util/error.h"
#include <inttypes.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * 1000000)

const char *const vs_quota_names[VS_QUOTAS] = {
    [VS_QUOTA_BYTES] = "bytes",
    [VS_QUOTA_FILES] = "files",
    [VS_QUOTA_RUNNING] = "running_jobs",
    [VS_QUOTA_JOBS] = "jobs_per_day",
};

static const struct {
    enum vs_stmt_id look;
    const char *words; /* in a message */
} quotas[VS_QUOTAS] = {
    [VS_QUOTA_BYTES] = {VS_STMT_QUOTA_BYTES, "bytes"},
    [VS_QUOTA_FILES] = {VS_STMT_QUOTA_FILES, "files"},
    [VS_QUOTA_RUNNING] = {VS_STMT_QUOTA_RUNNING, "jobs at a time"},
    [VS_QUOTA_JOBS] = {VS_STMT_QUOTA_JOBS, "jobs a day"},
};

int vs_quota_find(const char *name) {
    for (int i = 0; i < VS_QUOTAS; i++)
        if (strcmp(vs_quota_names[i], name) == 0)
            return i;
    return -1;
}

/* The user's own, else the setting's; 0 is none. */
static int64_t limit_of(struct vs_stmt *s, int own) {
    int64_t limit = vs_col_int(s, own ? 0 : 1);
    return limit <= 0 ? INT64_MAX : limit;
}

int vs_quota_look(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t now_us,
                  struct vs_quota_state *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, quotas[which].look, &s, e);
    if (r)
        return r;
    if (which == VS_QUOTA_JOBS)
        vs_bind_int(s, 1, now_us / DAY_US);
    vs_bind_uuid(s, which == VS_QUOTA_JOBS ? 2 : 1, user);
    r = vs_row(s, e);
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_NOT_FOUND, "user_id", "no such user");
    if (r < 0)
        return r;
    ret->own = !vs_col_null(s, 0);
    ret->limit = vs_uuid_is_nil(user) ? INT64_MAX : limit_of(s, ret->own);
    ret->used = vs_col_int(s, 2);
    return 0;
}

static int refuse(enum vs_quota which, const struct vs_quota_state *state, int64_t taken, int64_t now_us,
                  vidstore_error **e) {
    int64_t before = state->used - taken, left = state->limit > before ? state->limit - before : 0;
    vs_fail(e, VIDSTORE_QUOTA, vs_quota_names[which],
            "the user's quota is %" PRId64 " %s: %" PRId64 " %s left, and this takes %" PRId64, state->limit,
            quotas[which].words, left, left == 1 ? "is" : "are", taken);
    if (which == VS_QUOTA_JOBS)
        vs_error_set_retry(e, (DAY_US - now_us % DAY_US) / 1000 + 1);
    return VIDSTORE_QUOTA;
}

int vs_quota_check(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t taken, int64_t now_us,
                   vidstore_error **e) {
    struct vs_quota_state state = {0};
    if (taken <= 0 || vs_uuid_is_nil(user))
        return 0;
    int r = vs_quota_look(conn, which, user, now_us, &state, e);
    return r || state.used <= state.limit ? r : refuse(which, &state, taken, now_us, e);
}

int vs_quota_left(struct vs_conn *conn, enum vs_quota which, const struct vs_uuid *user, int64_t now_us, int64_t *ret,
                  vidstore_error **e) {
    struct vs_quota_state state = {0};
    int r = vs_quota_look(conn, which, user, now_us, &state, e);
    if (state.limit == INT64_MAX)
        *ret = INT64_MAX;
    else
        *ret = state.limit > state.used ? state.limit - state.used : 0;
    return r;
}

int vs_quota_json(struct vs_conn *conn, const struct vs_uuid *user, int64_t now_us, struct vs_buf *b,
                  vidstore_error **e) {
    int r = 0;
    for (int i = 0; !r && i < VS_QUOTAS; i++) {
        struct vs_quota_state state = {0};
        r = vs_quota_look(conn, (enum vs_quota)i, user, now_us, &state, e);
        vs_buf_fmt(b, "%s\"%s\":{\"used\":%" PRId64 ",\"limit\":", i ? "," : "", vs_quota_names[i], state.used);
        if (state.limit == INT64_MAX)
            vs_buf_str(b, "null,\"left\":null");
        else
            vs_buf_fmt(b, "%" PRId64 ",\"left\":%" PRId64, state.limit,
                       state.limit > state.used ? state.limit - state.used : 0);
        vs_buf_fmt(b, ",\"own\":%s}", state.own ? "true" : "false");
    }
    return r;
}
