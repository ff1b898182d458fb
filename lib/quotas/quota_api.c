/* SPDX-License-Identifier: MIT */
/* Public calls on quotas. */
#include "db/bind.h"
#include "quotas/quotas.h"
#include "store/standing.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "vidstore/audit.h"
#include "vidstore/quota.h"
#include <inttypes.h>

#define DAY_US (INT64_C(86400) * 1000000)
enum { DAYS_MAX = 3660, USERS_MAX = 1000 };

struct quota_call {
    vidstore_session *session;
    struct vs_uuid user;
    int64_t now_us;
    int64_t since;    /* of a list of days: the first */
    int64_t limit;    /* of a list of users */
    enum vs_quota of; /* of a change */
    int64_t value;    /* INT64_MIN: the default again */
    struct vs_buf b;
};

/* The user that is meant (NULL: who asks), when the session may do that with its quota. */
static int begin(struct quota_call *q, const char *user_id, enum vs_verb verb, vidstore_error **e) {
    int r = 0;
    q->now_us = vs_now_us();
    q->user = q->session->actor.user;
    if (user_id)
        r = vs_uuid_parse(user_id, "user_id", &q->user, e);
    else if (q->session->actor.kind == VS_ACTOR_ANONYMOUS)
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "user_id", "nobody has no quota");
    return r ? r : vs_session_may(q->session, "quota", verb, &q->user, &q->user, 0, e);
}

static int finish(struct quota_call *q, int r, vidstore_text **ret, vidstore_error **e) {
    if (!r && q->b.failed)
        r = vs_fail_nomem(e);
    if (!r)
        r = vs_buf_to_text(&q->b, ret, e);
    vs_buf_free(&q->b);
    return r;
}

static void restart(struct vs_buf *b) {
    vs_buf_free(b);
    *b = (struct vs_buf){0};
}

static int get_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct quota_call *q = arg;
    char id[VS_UUID_TEXT];
    restart(&q->b);
    vs_uuid_format(&q->user, id);
    vs_buf_fmt(&q->b, "{\"user_id\":\"%s\",", id);
    int r = vs_quota_json(conn, &q->user, q->now_us, &q->b, e);
    vs_buf_char(&q->b, '}');
    return r;
}

vidstore_status vidstore_quota_get(vidstore_session *session, const char *user_id, vidstore_text **ret_json,
                                   vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct quota_call q = {.session = session};
    int r = begin(&q, user_id, VS_READ, reterr);
    if (!r)
        r = vs_session_read(session, get_op, &q, reterr);
    r = finish(&q, r, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

/* Whose quotas come next, each with its quotas. */
static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct quota_call *q = arg;
    vs_autostmt *s = NULL;
    int count = 0, r = vs_bound(conn, VS_STMT_QUOTA_LIST, &s, e, vs_id(&q->user), vs_int(q->limit));
    restart(&q->b);
    vs_buf_char(&q->b, '[');
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        struct vs_uuid user;
        char id[VS_UUID_TEXT];
        size_t len = 0;
        const char *name = vs_col_text(s, 1, &len);
        vs_col_uuid(s, 0, &user);
        vs_uuid_format(&user, id);
        vs_buf_fmt(&q->b, "%s{\"user_id\":\"%s\",\"username\":", count++ ? "," : "", id);
        vs_json_string(&q->b, name, len);
        vs_buf_char(&q->b, ',');
        r = vs_quota_json(conn, &user, q->now_us, &q->b, e);
        vs_buf_char(&q->b, '}');
    }
    vs_buf_char(&q->b, ']');
    return r;
}

vidstore_status vidstore_quota_list(vidstore_session *session, const char *after, int64_t limit,
                                    vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct quota_call q = {.session = session, .now_us = vs_now_us(), .limit = limit};
    int r = after ? vs_uuid_parse(after, "after", &q.user, reterr) : 0;
    if (!r && (limit < 1 || limit > USERS_MAX))
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "limit", "limit is not between 1 and %d",
                        USERS_MAX);
    if (!r)
        r = vs_session_may(session, "quota", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_session_read(session, list_op, &q, reterr);
    r = finish(&q, r, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

/* "2026-03-01" of a number of days since 1970, by the calendar that goes on for ever both ways. */
static void put_day(struct vs_buf *b, int64_t day) {
    int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t month = (5 * doy + 2) / 153, year = yoe + era * 400 + (month >= 10);
    vs_buf_fmt(b, "\"%04d-%02d-%02d\"", (int)year, (int)(month < 10 ? month + 3 : month - 9),
               (int)(doy - (153 * month + 2) / 5 + 1));
}

static int usage_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct quota_call *q = arg;
    struct vs_quota_state there;
    vs_autostmt *s = NULL;
    restart(&q->b);
    int r = vs_quota_look(conn, VS_QUOTA_BYTES, &q->user, q->now_us, &there, e), count = 0;
    if (!r)
        r = vs_stmt(conn, VS_STMT_USAGE_DAY_LIST, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &q->user);
    vs_bind_int(s, 2, q->since);
    vs_bind_int(s, 3, DAYS_MAX + 1); /* and tomorrow, of whose clock is ahead */
    vs_buf_char(&q->b, '[');
    while ((r = vs_step(s, e)) == VS_ROW) {
        vs_buf_str(&q->b, count++ ? ",{\"day\":" : "{\"day\":");
        put_day(&q->b, vs_col_int(s, 0));
        vs_buf_fmt(&q->b, ",\"jobs\":%" PRId64 ",\"files\":%" PRId64 ",\"bytes\":%" PRId64 "}", vs_col_int(s, 1),
                   vs_col_int(s, 2), vs_col_int(s, 3));
    }
    vs_buf_char(&q->b, ']');
    return r;
}

vidstore_status vidstore_quota_usage(vidstore_session *session, const char *user_id, int64_t days,
                                     vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct quota_call q = {.session = session};
    int r = days < 1 || days > DAYS_MAX ? vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "days",
                                                      "days is not between 1 and %d", DAYS_MAX)
                                        : begin(&q, user_id, VS_READ, reterr);
    q.since = q.now_us / DAY_US - days + 1;
    if (!r)
        r = vs_session_read(session, usage_op, &q, reterr);
    r = finish(&q, r, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id all[VS_QUOTAS] = {
        [VS_QUOTA_BYTES] = VS_STMT_QUOTA_SET_BYTES,
        [VS_QUOTA_FILES] = VS_STMT_QUOTA_SET_FILES,
        [VS_QUOTA_RUNNING] = VS_STMT_QUOTA_SET_RUNNING,
        [VS_QUOTA_JOBS] = VS_STMT_QUOTA_SET_JOBS,
    };
    struct quota_call *q = arg;
    struct vs_quota_state before = {0};
    vs_autostmt *s = NULL;
    int r = vs_quota_look(conn, q->of, &q->user, q->now_us, &before, e);
    if (!r)
        r = vs_stmt(conn, all[q->of], &s, e);
    if (r)
        return r;
    vs_bind_int(s, 1, q->value);
    vs_bind_int(s, 2, q->now_us);
    vs_bind_uuid(s, 3, &q->user);
    r = vs_run(s, NULL, e);
    restart(&q->b);
    vs_buf_fmt(&q->b, "{\"%s\":[", vs_quota_names[q->of]);
    if (before.own)
        vs_buf_int(&q->b, before.limit == INT64_MAX ? 0 : before.limit);
    else
        vs_buf_str(&q->b, "null");
    vs_buf_char(&q->b, ',');
    if (q->value == INT64_MIN)
        vs_buf_str(&q->b, "null]}");
    else
        vs_buf_fmt(&q->b, "%" PRId64 "]}", q->value);
    if (!r && q->b.failed)
        r = vs_fail_nomem(e);
    struct vs_event event = {.action = VIDSTORE_AUDIT_QUOTA_CHANGED,
                             .noun = "quota",
                             .object = &q->user,
                             .owner = &q->user,
                             .details = q->b.data};
    return r ? r : vs_trail_append(conn, &q->session->actor, &event, e);
}

static int check_change(struct quota_call *q, const char *name, vidstore_error **e) {
    int r = vs_check_text(name, "name", 64, e), at = r ? -1 : vs_quota_find(name);
    if (r)
        return r;
    if (at < 0)
        return vs_fail(e, VIDSTORE_INVALID, "name", "there is no quota \"%.40s\": %s, %s, %s and %s are", name,
                       vs_quota_names[0], vs_quota_names[1], vs_quota_names[2], vs_quota_names[3]);
    if (q->value < 0 && q->value != INT64_MIN)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "value", "value is negative");
    if (vs_uuid_is_nil(&q->user))
        return vs_fail(e, VIDSTORE_INVALID, "user_id", "the system has no limits");
    q->of = (enum vs_quota)at;
    return 0;
}

vidstore_status vidstore_quota_set(vidstore_session *session, const char *user_id, const char *name, int64_t value,
                                   vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct quota_call q = {.session = session, .value = value};
    int r = user_id ? begin(&q, user_id, VS_UPDATE, reterr)
                    : vs_fail(reterr, VIDSTORE_MISUSE, "user_id", "user_id is NULL");
    if (!r)
        r = check_change(&q, name, reterr);
    if (!r)
        r = vs_standing_recent(session, reterr);
    if (!r)
        r = vs_session_write(session, set_op, &q, reterr);
    vs_buf_free(&q.b);
    return r;
}
