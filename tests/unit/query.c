/* SPDX-License-Identifier: MIT */
/* The query language, pages and cursors, on users in a database in memory. */
#include "record/query.h"
#include "access/policy.h"
#include "audit/audit.h"
#include "collections/collections.h"
#include "files/files.h"
#include "grants/grants.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "links/links.h"
#include "logins/logins.h"
#include "store/crud.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "videos/videos.h"
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vidstore/vidstore.h>

static vidstore *store;
static vidstore_session *sys;
static char said[1024];
static int32_t subcode;

#define must(call)                                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == 0, "%s: %s: %s (%s)", #call, vidstore_status_name(rc_), vidstore_error_message(e_),       \
                      vidstore_error_cause(e_));                                                                       \
    } while (0)

#define refused(code, field, call)                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == (code), "%s gave %s: %s", #call, vidstore_status_name(rc_), vidstore_error_message(e_));  \
        ck_assert_int_eq(vidstore_error_code(e_), (code));                                                             \
        ck_assert_str_eq(vidstore_error_field(e_), field);                                                             \
        snprintf(said, sizeof said, "%s", vidstore_error_message(e_));                                                 \
        subcode = vidstore_error_subcode(e_);                                                                          \
        vidstore_error_free(e_);                                                                                       \
    } while (0)

static void begin(void) {
    must(vidstore_open(":memory:", NULL, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
}

static void end(void) {
    vidstore_session_free(sys);
    vidstore_close(store);
}

/* --- what compiles, and to what ------------------------------------------------------------------------------- */

static struct vs_query *query(const char *filter) {
    struct vs_query *q = (struct vs_query *)vidstore_query_new();
    q->filter = filter ? vs_strdup(filter) : NULL; /* past the check of the setter, which has a test of its own */
    vidstore_query_bind_text((vidstore_query *)q, 1, "one");
    vidstore_query_bind_int64((vidstore_query *)q, 2, 20);
    vidstore_query_bind_int64((vidstore_query *)q, 3, INT64_MIN);
    return q;
}

static const struct {
    const char *filter, *where; /* without the part about removed records */
    int values, indexed;
} good[] = {
    {"state = active", "state = 20", 0, 1},
    {"state=active", "state = 20", 0, 1},
    {"state != active", "state != 20", 0, 0},
    {"  state  =  active  ", "state = 20", 0, 1},
    {"role in (user, admin)", "role IN (20,30)", 0, 1},
    {"role not in (user)", "role NOT IN (20)", 0, 0},
    {"role >= user", "role >= 20", 0, 1},
    {"role = $2", "role = 20", 0, 1},
    {"username = Ann", "username_key = $1", 1, 1},
    {"username = \"Ann Lee\"", "username_key = $1", 1, 1},
    {"username = $1", "username_key = $1", 1, 1},
    {"username = $2", "username_key = $1", 1, 1},
    {"username ~ ann", "lower(username) LIKE $1 ESCAPE '!'", 1, 0},
    {"username is null", "username IS NULL", 0, 0},
    {"email is not null", "email IS NOT NULL", 0, 0},
    {"email_verified = true", "email_verified = $1", 1, 0},
    {"email_verified = 0", "email_verified = $1", 1, 0},
    {"job_count > 3 and state = active", "job_count > $1 AND state = 20", 1, 1},
    {"job_count > 3 or state = active", "job_count > $1 OR state = 20", 1, 0},
    {"state = active or job_count > 3", "state = 20 OR job_count > $1", 1, 0},
    {"state = active and (job_count > 3 or job_count = 0)", "state = 20 AND (job_count > $1 OR job_count = $2)", 2, 1},
    {"(job_count > 3 or job_count = 0) and state = active", "(job_count > $1 OR job_count = $2) AND state = 20", 2, 1},
    {"(state = active and job_count = 1) or full_name = x", "(state = 20 AND job_count = $1) OR full_name = $2", 2, 0},
    {"not state = active", "NOT state = 20", 0, 0},
    {"not not (state = active)", "NOT NOT (state = 20)", 0, 0},
    {"job_count = -9223372036854775807", "job_count = $1", 1, 0},
    {"job_count = 9223372036854775807", "job_count = $1", 1, 0},
    {"created > 2026-01-31", "created_us > $1", 1, 0},
    {"created > 2026-01-31Z", "created_us > $1", 1, 0},
    {"created > 2026-01-31T12:00", "created_us > $1", 1, 0},
    {"created > 2026-01-31T12:00Z", "created_us > $1", 1, 0},
    {"created > 2026-01-31T12:00:59", "created_us > $1", 1, 0},
    {"created > 2026-01-31T12:00:59Z", "created_us > $1", 1, 0},
    {"created > 2024-02-29", "created_us > $1", 1, 0},
    {"created > \"2026-01-31\"", "created_us > $1", 1, 0},
    {"created > 1700000000000000", "created_us > $1", 1, 0},
    {"created > -7d and created < -0s", "created_us > $1 AND created_us < $2", 2, 0},
    {"id = 0190F5FE-7C00-7A00-8ABC-012345678901", "id = $1", 1, 1},
    {"full_name = and", "full_name = $1", 1, 0},
    {"full_name = \"\"", "full_name = $1", 1, 0},
    {"full_name = \"a\\\"b\\\\c\\d\"", "full_name = $1", 1, 0},
    {"full_name = J\xC3\xBCrgen", "full_name = $1", 1, 0},
    {"full_name = https://example.org", NULL, 0, 0}, /* a slash is no part of a word */
};

START_TEST(compiles) {
    struct vs_query *q = query(good[_i].filter);
    vs_autocompiled c = {0};
    char where[512];
    vidstore_error *error = NULL;
    int rc = vs_query_compile(q, &vs_user_noun, &c, &error);
    if (!good[_i].where) {
        ck_assert_int_eq(rc, VIDSTORE_INVALID);
        vidstore_error_free(error);
    } else {
        ck_assert_msg(rc == 0, "%s: %s", good[_i].filter, vidstore_error_message(error));
        snprintf(where, sizeof where, "(%s) AND deleted_us IS NULL", good[_i].where);
        ck_assert_str_eq(c.where.data, where);
        ck_assert_int_eq(c.count, good[_i].values);
        ck_assert_msg(c.indexed == good[_i].indexed, "%s: indexed %d", good[_i].filter, c.indexed);
    }
    vidstore_query_free((vidstore_query *)q);
}
END_TEST

static const struct {
    const char *filter;
    int32_t sub;
} bad[] = {
    {"state", VIDSTORE_SUB_SYNTAX},
    {"state =", VIDSTORE_SUB_SYNTAX},
    {"state = ", VIDSTORE_SUB_SYNTAX},
    {"= active", VIDSTORE_SUB_SYNTAX},
    {"state == active", VIDSTORE_SUB_SYNTAX},
    {"state <> active", VIDSTORE_SUB_SYNTAX},
    {"state = active and", VIDSTORE_SUB_SYNTAX},
    {"state = active or or state = active", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"state = active state = active", VIDSTORE_SUB_SYNTAX},
    {"(state = active", VIDSTORE_SUB_SYNTAX},
    {"state = active)", VIDSTORE_SUB_SYNTAX},
    {"()", VIDSTORE_SUB_SYNTAX},
    {"not", VIDSTORE_SUB_SYNTAX},
    {"state in active", VIDSTORE_SUB_SYNTAX},
    {"state in ()", VIDSTORE_SUB_SYNTAX},
    {"state in (active", VIDSTORE_SUB_SYNTAX},
    {"state in (active,)", VIDSTORE_SUB_SYNTAX},
    {"state in (active active)", VIDSTORE_SUB_SYNTAX},
    {"state not = active", VIDSTORE_SUB_SYNTAX},
    {"state is active", VIDSTORE_SUB_SYNTAX},
    {"state is not", VIDSTORE_SUB_SYNTAX},
    {"state ~ act", VIDSTORE_SUB_SYNTAX},
    {"job_count ~ 1", VIDSTORE_SUB_SYNTAX},
    {"state = nothing", VIDSTORE_SUB_RANGE},
    {"state = 20", VIDSTORE_SUB_RANGE},
    {"state = Active", VIDSTORE_SUB_RANGE},
    {"nothing = 1", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"username_key = x", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"seq = 1", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"password = x", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"metadata = x", VIDSTORE_SUB_UNKNOWN_FIELD},
    {"STATE = active", VIDSTORE_SUB_SYNTAX},
    {"full_name = \"x", VIDSTORE_SUB_SYNTAX},
    {"full_name = \"x\\\"", VIDSTORE_SUB_SYNTAX},
    {"full_name = 'x'", VIDSTORE_SUB_SYNTAX},
    {"full_name = x; drop table users", VIDSTORE_SUB_SYNTAX},
    {"full_name = x -- y", VIDSTORE_SUB_SYNTAX},
    {"job_count = one", VIDSTORE_SUB_SYNTAX},
    {"job_count = 1.5", VIDSTORE_SUB_SYNTAX},
    {"job_count = 1e3", VIDSTORE_SUB_SYNTAX},
    {"job_count = +1", VIDSTORE_SUB_SYNTAX},
    {"job_count = \" 1\"", VIDSTORE_SUB_SYNTAX},
    {"job_count = \"\"", VIDSTORE_SUB_SYNTAX},
    {"job_count = --1", VIDSTORE_SUB_SYNTAX},
    {"job_count = 9223372036854775808", VIDSTORE_SUB_SYNTAX},
    {"job_count = -9223372036854775808", VIDSTORE_SUB_SYNTAX},
    {"email_verified = yes", VIDSTORE_SUB_SYNTAX},
    {"created > yesterday", VIDSTORE_SUB_SYNTAX},
    {"created > 2026-13-01", VIDSTORE_SUB_SYNTAX},
    {"created > 2026-02-30", VIDSTORE_SUB_SYNTAX},
    {"created > 2025-02-29", VIDSTORE_SUB_SYNTAX},
    {"created > 2026-01-31T25:00", VIDSTORE_SUB_SYNTAX},
    {"created > 2026-01-31T12", VIDSTORE_SUB_SYNTAX},
    {"created > 2026-01-31T12:00:00+01:00", VIDSTORE_SUB_SYNTAX},
    {"created > 1969-12-31", VIDSTORE_SUB_SYNTAX},
    {"created > \" 2026-01-31\"", VIDSTORE_SUB_SYNTAX},
    {"created > -d", VIDSTORE_SUB_SYNTAX},
    {"created > -7", VIDSTORE_SUB_SYNTAX},
    {"created > -7y", VIDSTORE_SUB_SYNTAX},
    {"created > -1000000d", VIDSTORE_SUB_SYNTAX},
    {"created > \"- 7d\"", VIDSTORE_SUB_SYNTAX},
    {"id = 1", VIDSTORE_SUB_SYNTAX},
    {"id = $2", VIDSTORE_SUB_SYNTAX},
    {"full_name = $", VIDSTORE_SUB_SYNTAX},
    {"full_name = $0", VIDSTORE_SUB_SYNTAX},
    {"full_name = $33", VIDSTORE_SUB_SYNTAX},
    {"full_name = $ 1", VIDSTORE_SUB_SYNTAX},
    {"full_name = $+1", VIDSTORE_SUB_SYNTAX},
    {"full_name = $-1", VIDSTORE_SUB_SYNTAX},
    {"full_name = $99999999999999999999", VIDSTORE_SUB_SYNTAX},
    {"full_name = $4", VIDSTORE_SUB_SYNTAX},
    {"full_name = $1x", VIDSTORE_SUB_SYNTAX},
    {"full_name = $3", VIDSTORE_SUB_RANGE},
    {"job_count = $3", VIDSTORE_SUB_RANGE},
    {"state = $3", VIDSTORE_SUB_RANGE},
    {"job_count = $1", VIDSTORE_SUB_SYNTAX},
    {"state = $1", VIDSTORE_SUB_RANGE},
};

START_TEST(does_not_compile) {
    struct vs_query *q = query(bad[_i].filter);
    vs_autocompiled c = {0};
    refused(VIDSTORE_INVALID, "filter", vs_query_compile(q, &vs_user_noun, &c, e));
    ck_assert_msg(subcode == bad[_i].sub, "%s: subcode %d: %s", bad[_i].filter, subcode, said);
    ck_assert_msg(strstr(said, " at byte ") || strstr(said, " at the end of the filter"), "%s: no place: %s",
                  bad[_i].filter, said);
    vidstore_query_free((vidstore_query *)q);
}
END_TEST

static int64_t bound(const char *filter) {
    struct vs_query *q = query(filter);
    vs_autocompiled c = {0};
    must(vs_query_compile(q, &vs_user_noun, &c, e));
    ck_assert_int_eq(c.count, 1);
    vidstore_query_free((vidstore_query *)q);
    return c.terms[0].value.i;
}

START_TEST(times) {
    ck_assert_int_eq(bound("created > 1970-01-01"), 0);
    ck_assert_int_eq(bound("created > 2026-01-31"), INT64_C(1769817600000000));
    ck_assert_int_eq(bound("created > 2026-01-31T12:00"), INT64_C(1769860800000000));
    ck_assert_int_eq(bound("created > 2026-01-31T12:00:01Z"), INT64_C(1769860801000000));
    ck_assert_int_eq(bound("created > 17"), 17);
    int64_t now = vs_now_us(), day = INT64_C(86400000000);
    ck_assert_int_le(llabs(now - 7 * day - bound("created > -7d")), 1000000);
    ck_assert_int_le(llabs(now - 7 * day - bound("created > -1w")), 1000000);
    ck_assert_int_le(llabs(now - day - bound("created > -24h")), 1000000);
    ck_assert_int_le(llabs(now - day - bound("created > -1440m")), 1000000);
    ck_assert_int_le(llabs(now - day - bound("created > -86400s")), 1000000);
}
END_TEST

START_TEST(values_are_bound_as_they_are_stored) {
    static const struct {
        const char *filter, *text;
    } rows[] = {
        {"username = ANN", "ann"},
        {"username = \"\xC3\x84NN\"", "\xC3\x84nn"},
        {"full_name = ANN", "ANN"},
        {"full_name = \"a\\\"b\\\\c\\d\"", "a\"b\\c\\d"},
        {"full_name ~ \"50% of_it!\"", "%50!% of!_it!!%"},
        {"full_name ~ \"\"", "%%"},
        {"full_name ~ ANN", "%ann%"},
        {"full_name = $2", "20"},
        {"id = 0190F5FE-7C00-7A00-8ABC-012345678901", "0190f5fe-7c00-7a00-8abc-012345678901"},
    };
    for (size_t i = 0; i < VS_COUNT(rows); i++) {
        struct vs_query *q = query(rows[i].filter);
        vs_autocompiled c = {0};
        must(vs_query_compile(q, &vs_user_noun, &c, e));
        ck_assert_str_eq(c.terms[0].value.text, rows[i].text);
        ck_assert_uint_eq(c.terms[0].value.len, strlen(rows[i].text));
        vidstore_query_free((vidstore_query *)q);
    }
}
END_TEST

/* --- limits ------------------------------------------------------------------------------------------------------ */

static char *repeat(const char *first, const char *more, int count) {
    size_t size = strlen(first) + strlen(more) * (size_t)count + 1;
    char *text = malloc(size), *at = text;
    at += sprintf(at, "%s", first);
    for (int i = 0; i < count; i++)
        at += sprintf(at, "%s", more);
    return text;
}

START_TEST(limits) {
    vs_autofree char *big = malloc((1 << 20) + 1);
    memset(big, ' ', 1 << 20);
    big[1 << 20] = '\0';
    vidstore_query *q = vidstore_query_new();
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, big, e));
    ck_assert_int_eq(subcode, VIDSTORE_SUB_TOO_LONG);
    big[VS_QUERY_MAX + 1] = '\0';
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, big, e));
    big[VS_QUERY_MAX] = '\0';
    must(vidstore_query_filter(q, big, e)); /* only space: no filter at all */
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, "full_name = \"\xC3\"", e));
    ck_assert_int_eq(subcode, VIDSTORE_SUB_UTF8);
    vidstore_query_free(q);
}
END_TEST

/* Each of these must end in an answer or a refusal that names the filter; never in an error of the database. */
START_TEST(depth_and_size) {
    char *texts[] = {
        repeat("", "(", VS_QUERY_DEPTH + 1),
        repeat("", "(", 60000),
        repeat("", "not ", 60000 / 4),
        repeat("job_count = 1", " and job_count = 1", VS_QUERY_TERMS),
        repeat("state = active", " or state = active", VS_QUERY_TESTS),
        repeat("state = active", " and email is null", VS_QUERY_TESTS),
        repeat("state in (active", ",active", VS_QUERY_TESTS),
    };
    for (size_t i = 0; i < VS_COUNT(texts); i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_page *page = NULL;
        vidstore_error *error = NULL;
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        int rc = vidstore_query_filter(q, texts[i], &error);
        if (!rc)
            rc = vidstore_user_list(sys, q, &page, &error);
        ck_assert_msg(rc == VIDSTORE_INVALID, "row %zu gave %s", i, vidstore_status_name(rc));
        ck_assert_str_eq(vidstore_error_field(error), "filter");
        vidstore_error_free(error);
        vidstore_query_free(q);
        free(texts[i]);
    }
}
END_TEST

START_TEST(the_most_that_is_allowed_runs) {
    char *deep = repeat("", "(", VS_QUERY_DEPTH - 1), *nested = malloc(strlen(deep) * 2 + 64);
    sprintf(nested, "%sstate = active", deep);
    memset(nested + strlen(nested) + 1, 0, 1);
    for (int i = 0; i < VS_QUERY_DEPTH - 1; i++)
        strcat(nested, ")");
    char *text = malloc(VS_QUERY_VALUE + 64);
    int at = sprintf(text, "full_name ~ \"");
    memset(text + at, '%', VS_QUERY_VALUE / 2 - 1); /* each is escaped: twice as long, and one at either end */
    strcpy(text + at + VS_QUERY_VALUE / 2 - 1, "\"");
    char *texts[] = {
        nested,
        text,
        repeat("job_count = 1", " and job_count = 1", VS_QUERY_TERMS - 1),
        repeat("state = active", " or state = active", VS_QUERY_TESTS - 1),
        repeat("email is null", " or email is null", VS_QUERY_TESTS - 1),
        repeat("state in (active", ",active", VS_QUERY_TESTS - 1),
    };
    strcat(texts[5] = realloc(texts[5], strlen(texts[5]) + 2), ")");
    for (size_t i = 0; i < VS_COUNT(texts); i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_page *page = NULL;
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        must(vidstore_query_filter(q, texts[i], e));
        must(vidstore_user_list(sys, q, &page, e));
        ck_assert_int_eq(vidstore_page_count(page), 0);
        vidstore_page_free(page);
        vidstore_query_free(q);
        free(texts[i]);
    }
    free(deep);
}
END_TEST

START_TEST(a_value_that_is_too_long) {
    char *text = malloc(VS_QUERY_VALUE + 64);
    int at = sprintf(text, "full_name = \"");
    memset(text + at, 'x', VS_QUERY_VALUE + 1);
    strcpy(text + at + VS_QUERY_VALUE + 1, "\"");
    vidstore_query *q = vidstore_query_new();
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_query_filter(q, text, e));
    refused(VIDSTORE_INVALID, "filter", vidstore_user_list(sys, q, NULL, e));
    ck_assert_int_eq(subcode, VIDSTORE_SUB_TOO_LONG);
    vidstore_query_free(q);
    free(text);
}
END_TEST

/* A host that does not look at the answer of the filter must not get all records. */
START_TEST(a_broken_filter_is_not_no_filter) {
    vidstore_query *q = vidstore_query_new();
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, "state = ", e));
    refused(VIDSTORE_INVALID, "filter", vidstore_user_list(sys, q, NULL, e));
    must(vidstore_query_filter(q, "state = active", e));
    must(vidstore_user_list(sys, q, NULL, e));
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, "\xFF", e));
    refused(VIDSTORE_INVALID, "filter", vidstore_user_list(sys, q, NULL, e));
    must(vidstore_query_filter(q, NULL, e));
    must(vidstore_user_list(sys, q, NULL, e));
    vidstore_query_free(q);
}
END_TEST

START_TEST(bad_setters_stick) {
    for (int i = 0; i < 12; i++) {
        static const char *const fields[] = {"limit", "limit", "limit", "flags", "number", "number",
                                             "value", "value", "value", "sort",  "cursor", "limit"};
        char *big = repeat("", "x", 9000);
        vidstore_query *q = vidstore_query_new();
        switch (i) {
        case 0:
            vidstore_query_limit(q, 0);
            break;
        case 1:
            vidstore_query_limit(q, 1001);
            break;
        case 2:
            vidstore_query_limit(q, 1000000000);
            break;
        case 3:
            vidstore_query_flags(q, 1u << 31);
            break;
        case 4:
            vidstore_query_bind_int64(q, 0, 1);
            break;
        case 5:
            vidstore_query_bind_text(q, 33, "x");
            break;
        case 6:
            vidstore_query_bind_text(q, 1, big);
            break;
        case 7:
            vidstore_query_bind_text(q, 1, "\xED\xA0\x80");
            break;
        case 8:
            vidstore_query_bind_text(q, 1, NULL);
            break;
        case 9:
            vidstore_query_sort(q, big);
            break;
        case 10:
            vidstore_query_cursor(q, big);
            break;
        default:
            vidstore_query_limit(q, -1);
            break;
        }
        vidstore_query_limit(q, 10); /* does not mend it */
        vidstore_error *error = NULL;
        int rc = vidstore_user_list(sys, q, NULL, &error);
        ck_assert_msg(rc == VIDSTORE_INVALID || (i == 8 && rc == VIDSTORE_MISUSE), "setter %d gave %s", i,
                      vidstore_status_name(rc));
        ck_assert_str_eq(vidstore_error_field(error), fields[i]);
        vidstore_error_free(error);
        vidstore_query_free(q);
        free(big);
    }
}
END_TEST

START_TEST(orders) {
    static const char *const ok[] = {"username", "username asc", " username  desc ", "created", "created asc", NULL};
    static const char *const not [] = {"",
                                       " ",
                                       "nothing",
                                       "full_name",
                                       "username up",
                                       "username asc asc",
                                       "username ascending",
                                       "username,created",
                                       "seq",
                                       "username;--"};
    for (size_t i = 0; i < VS_COUNT(ok); i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_query_sort(q, ok[i]);
        must(vidstore_user_list(sys, q, NULL, e));
        vidstore_query_free(q);
    }
    for (size_t i = 0; i < VS_COUNT(not ); i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_query_sort(q, not [i]);
        refused(VIDSTORE_INVALID, "sort", vidstore_user_list(sys, q, NULL, e));
        vidstore_query_free(q);
    }
}
END_TEST

/* --- the promise of an index ---------------------------------------------------------------------------------- */

struct plan {
    struct vs_compiled *c;
    char text[512];
    const char *order; /* NULL: newest first */
};

static int plan_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct plan *plan = arg;
    vs_autobuf sql = {0};
    vs_autostmt *s = NULL;
    static const char *const names[] = {"where", "order", "from", "limit", NULL};
    const char *const texts[] = {plan->c->where.data, plan->order ? plan->order : "seq DESC", "", "100", NULL};
    vs_buf_str(&sql, "EXPLAIN QUERY PLAN ");
    int r = vs_template_fill(&sql, vs_stmt_text(conn, plan->c->noun->stmt.list), names, texts, e);
    if (!r)
        r = vs_stmt_composed(conn, sql.data, sql.len, &s, e);
    plan->text[0] = '\0';
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        size_t at = strlen(plan->text);
        snprintf(plan->text + at, sizeof plan->text - at, "%s; ", vs_col_text(s, 3, NULL));
        r = 0;
    }
    return r < 0 ? r : 0;
}

/* An index is promised for = and in, and for less and more where the list is sorted by the field. */
static void expect_index(const struct vs_noun *noun, const struct vs_field *field, const char *value) {
    static const char *const ops[] = {"=", "in", "<", "<=", ">", ">="};
    for (size_t i = 0; i < (field->use & VS_SORT ? VS_COUNT(ops) : 2); i++) {
        char filter[400];
        snprintf(filter, sizeof filter, i == 1 ? "%s %s (%s)" : "%s %s %s", field->name, ops[i], value);
        struct vs_query *q = query(filter);
        vs_autocompiled c = {0};
        must(vs_query_compile(q, noun, &c, e));
        char order[100];
        snprintf(order, sizeof order, "%s%s DESC, seq DESC", field->column, field->use & VS_FOLDED ? "_key" : "");
        struct plan plan = {&c, "", i < 2 ? NULL : order};
        ck_assert_msg(c.indexed, "%s: %s", noun->name, filter);
        must(vs_session_read(sys, plan_op, &plan, e));
        ck_assert_msg(strstr(plan.text, "SEARCH"), "%s: %s: %s", noun->name, filter, plan.text);
        vidstore_query_free((vidstore_query *)q);
    }
}

START_TEST(what_is_said_to_be_indexed_is) {
    static const struct vs_noun *const nouns[] = {&vs_user_noun, &vs_video_noun,     &vs_audit_noun, &vs_job_noun,
                                                  &vs_file_noun, &vs_key_noun,       &vs_login_noun, &vs_grant_noun,
                                                  &vs_link_noun, &vs_collection_noun};
    const struct vs_noun *noun = nouns[_i];
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *field = &noun->fields[i];
        if (!(field->use & VS_INDEX))
            continue;
        if (noun == &vs_job_noun && field->id == VIDSTORE_JOB_STATE)
            continue; /* an index of it would lead the queue astray; jobs are found newest first */
        char digits[129] = "";
        memset(digits, '1', field->type == VS_HASH ? (size_t)field->max * 2 : 1);
        if (field->type != VS_ENUM)
            expect_index(noun, field, field->type == VS_UUID ? "0190f5fe-7c00-7a00-8abc-012345678901" : digits);
        for (const struct vs_word *word = field->words; field->type == VS_ENUM && word->name; word++)
            expect_index(noun, field, word->name);
    }
}
END_TEST

/* One action has an index of its own; only = on it is served, and not as one of several ways. */
START_TEST(alerts_have_an_index) {
    static const struct {
        const char *filter;
        int indexed;
    } cases[] = {{"action = alert", 1},      {"action = alert and created > 1970-01-02", 1},
                 {"action = checkpoint", 0}, {"action != alert", 0},
                 {"not action = alert", 0},  {"action = alert or noun = user", 0}};
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        struct vs_query *q = query(cases[i].filter);
        vs_autocompiled c = {0};
        must(vs_query_compile(q, &vs_audit_noun, &c, e));
        ck_assert_msg(c.indexed == cases[i].indexed, "%s", cases[i].filter);
        struct plan plan = {&c, ""};
        must(vs_session_read(sys, plan_op, &plan, e));
        ck_assert_msg(!c.indexed == !strstr(plan.text, "audit_events_alerts"), "%s: %s", cases[i].filter, plan.text);
        vidstore_query_free((vidstore_query *)q);
    }
}
END_TEST

START_TEST(what_no_index_serves_is_refused) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    must(vidstore_query_filter(q, "full_name = x", e));
    refused(VIDSTORE_UNSUPPORTED, "filter", vidstore_user_list(sys, q, NULL, e));
    ck_assert_int_eq(subcode, VIDSTORE_SUB_NO_INDEX);
    refused(VIDSTORE_UNSUPPORTED, "filter", vidstore_user_count(sys, q, &count, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_user_list(sys, q, NULL, e));
    vidstore_query_free(q);
}
END_TEST

/* --- cursors -------------------------------------------------------------------------------------------------- */

static void add(const char *name, const char *full_name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, full_name);
    must(vidstore_user_create(sys, p, NULL, e));
    vidstore_user_params_free(p);
}

static void add_many(int count) {
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c%c-%04d", i % 3 ? 'a' : 'B', i % 7 ? 'x' : 'Y', (i * 7919) % count);
        add(name, i % 2 ? "odd" : "even");
    }
    must(vidstore_commit(sys, e));
}

static vidstore_page *page_of(vidstore_query *q) {
    vidstore_page *page = NULL;
    must(vidstore_user_list(sys, q, &page, e));
    return page;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Walks all pages and checks that all of the first `count` records are there once, in order, though more are added. */
static void walk(const char *sort, const char *filter, int count, int size) {
    char **seen = calloc((size_t)count * 2 + 64, sizeof *seen), *cursor = NULL, last[256] = "";
    int n = 0, pages = 0;
    do {
        vidstore_query *q = vidstore_query_new();
        vidstore_query_sort(q, sort);
        vidstore_query_limit(q, size);
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        vidstore_query_cursor(q, cursor);
        must(vidstore_query_filter(q, filter, e));
        vidstore_page *page = page_of(q);
        for (int64_t i = 0; i < vidstore_page_count(page); i++) {
            const vidstore_user *user = vidstore_page_user(page, i);
            int down = !sort || strstr(sort, "asc") == NULL;
            if (sort && strstr(sort, "username")) {
                vs_autofree char *key = vs_strdup(vidstore_user_username(user));
                for (char *c = key; *c; c++)
                    *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
                ck_assert_msg(!*last || (down ? strcmp(last, key) >= 0 : strcmp(last, key) <= 0), "%s after %s", key,
                              last);
                snprintf(last, sizeof last, "%s", key);
            }
            if (strncmp(vidstore_user_username(user), "late", 4) != 0)
                seen[n++] = strdup(vidstore_user_id(user));
            ck_assert_int_le(n, count);
        }
        free(cursor);
        cursor = vidstore_page_cursor(page) ? strdup(vidstore_page_cursor(page)) : NULL;
        ck_assert_msg(!cursor || vidstore_page_count(page) == size, "a page that is not the last is full");
        vidstore_page_free(page);
        vidstore_query_free(q);
        char name[32];
        snprintf(name, sizeof name, "late-%d-%ld", pages++, random());
        add(name, "even"); /* somebody else goes on writing */
    } while (cursor && pages < 400);
    ck_assert_int_eq(n, count);
    qsort(seen, (size_t)n, sizeof *seen, by_text);
    for (int i = 1; i < n; i++)
        ck_assert_msg(strcmp(seen[i - 1], seen[i]) != 0, "%s twice", seen[i]);
    for (int i = 0; i < n; i++)
        free(seen[i]);
    free(seen);
}

START_TEST(paging_misses_and_repeats_nothing) {
    static const char *const sorts[] = {NULL,           "created asc",   "created desc",
                                        "username asc", "username desc", "username"};
    add_many(1000);
    walk(sorts[_i], NULL, 1000, 37);
    walk(sorts[_i], "full_name = even", 500, 100);
    walk(sorts[_i], "full_name = odd", 500, 499);
    walk(sorts[_i], NULL, 1000, 1000);
}
END_TEST

/* Tombstones keep names that live users may have too: a sort by name has duplicates. */
START_TEST(duplicates_in_the_sorted_column) {
    static const char *const sorts[] = {"username asc", "username desc"};
    for (int i = 0; i < 40; i++) {
        vidstore_user *user = NULL;
        vidstore_user_params *p = vidstore_user_params_new();
        char id[37];
        snprintf(id, sizeof id, "%08x-0000-4000-8000-0123456789ab", (unsigned)i);
        vidstore_user_params_set_text(p, VIDSTORE_USER_ID, id);
        vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "twin");
        must(vidstore_user_create(sys, p, &user, e));
        must(vidstore_user_remove(sys, id, VIDSTORE_REMOVE_RESTRICT, e));
        vidstore_user_params_free(p);
        vidstore_user_free(user);
    }
    for (int s = 0; s < 2; s++) {
        char *cursor = NULL;
        int n = 0, seen[40] = {0};
        do {
            vidstore_query *q = vidstore_query_new();
            vidstore_query_sort(q, sorts[s]);
            vidstore_query_limit(q, 7);
            vidstore_query_flags(q, VIDSTORE_QUERY_ONLY_DELETED);
            vidstore_query_cursor(q, cursor);
            vidstore_page *page = page_of(q);
            for (int64_t i = 0; i < vidstore_page_count(page); i++, n++) {
                ck_assert_str_eq(vidstore_user_username(vidstore_page_user(page, i)), "deleted-0123456789ab");
                seen[strtol(vidstore_user_id(vidstore_page_user(page, i)), NULL, 16)]++;
            }
            free(cursor);
            cursor = vidstore_page_cursor(page) ? strdup(vidstore_page_cursor(page)) : NULL;
            vidstore_page_free(page);
            vidstore_query_free(q);
        } while (cursor);
        ck_assert_int_eq(n, 40);
        for (int i = 0; i < 40; i++)
            ck_assert_int_eq(seen[i], 1);
    }
}
END_TEST

START_TEST(cursors_that_are_none) {
    add_many(20);
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 5);
    vidstore_query_sort(q, "username asc");
    vidstore_page *page = page_of(q);
    char cursor[256], broken[512];
    snprintf(cursor, sizeof cursor, "%s", vidstore_page_cursor(page));
    vidstore_page_free(page);
    vidstore_query_cursor(q, cursor);
    vidstore_page_free(page_of(q));
    static const char *const none[] = {
        "", "1", "1-", "2-0000000000000000", "garbage", "1-zz", "1-0123456789abcdef0123456789abcdef"};
    for (size_t i = 0; i < VS_COUNT(none); i++) {
        vidstore_query_cursor(q, none[i]);
        refused(VIDSTORE_INVALID, "cursor", vidstore_user_list(sys, q, NULL, e));
    }
    for (size_t i = 0; i < strlen(cursor); i++) { /* cut anywhere, and spoilt anywhere */
        snprintf(broken, sizeof broken, "%.*s", (int)i, cursor);
        vidstore_query_cursor(q, broken);
        vidstore_error *error = NULL;
        int rc = vidstore_user_list(sys, q, NULL, &error);
        ck_assert_msg(rc == VIDSTORE_INVALID, "cut at %zu: %s", i, vidstore_status_name(rc));
        vidstore_error_free(error);
        snprintf(broken, sizeof broken, "%s", cursor);
        broken[i] = broken[i] == '0' ? '1' : '0'; /* a digit where one may stand, but not the one that was sealed */
        vidstore_query_cursor(q, broken);
        refused(VIDSTORE_INVALID, "cursor", vidstore_user_list(sys, q, NULL, e));
        broken[i] = 'g';
        vidstore_query_cursor(q, broken);
        refused(VIDSTORE_INVALID, "cursor", vidstore_user_list(sys, q, NULL, e));
    }
    snprintf(broken, sizeof broken, "%s00", cursor);
    vidstore_query_cursor(q, broken);
    refused(VIDSTORE_INVALID, "cursor", vidstore_user_list(sys, q, NULL, e));
    vidstore_query_free(q);
}
END_TEST

/* Where a page ends is the same text for all who ask the same, and says nothing of where that is. */
START_TEST(cursors_tell_nothing) {
    char seen[10][256], *cursor = NULL;
    add_many(10);
    for (int i = 0; i < 9; i++) {
        vidstore_query *q = vidstore_query_new();
        vidstore_query_limit(q, 1);
        vidstore_query_cursor(q, cursor);
        vidstore_page *page = page_of(q), *again = page_of(q);
        snprintf(seen[i], sizeof seen[i], "%s", vidstore_page_cursor(page));
        ck_assert_str_eq(vidstore_page_cursor(again), seen[i]);
        vidstore_page_free(page);
        vidstore_page_free(again);
        vidstore_query_free(q);
        cursor = seen[i];
        ck_assert_uint_eq(strlen(cursor), strlen(seen[0]));
        for (int k = 0; k < i; k++) /* past the digest of the query, which is the same */
            ck_assert_int_ne(strncmp(seen[k] + 18, cursor + 18, 6), 0);
    }
}
END_TEST

START_TEST(a_cursor_of_another_query) {
    add_many(20);
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 5);
    must(vidstore_query_filter(q, "full_name = $1 and state = active", e));
    vidstore_query_bind_text(q, 1, "even");
    vidstore_page *page = page_of(q);
    ck_assert_ptr_nonnull(vidstore_page_cursor(page));
    for (int i = 0; i < 7; i++) {
        vidstore_query *other = vidstore_query_new();
        vidstore_query_cursor(other, vidstore_page_cursor(page));
        must(vidstore_query_filter(
            other, i == 0 ? "full_name = $1 and state = pending" : "full_name = $1 and state = active", e));
        if (i == 2)
            vidstore_query_bind_int64(other, 1, 7);
        else
            vidstore_query_bind_text(other, 1, i == 1 ? "odd" : "even");
        if (i == 3)
            vidstore_query_sort(other, "created asc");
        if (i == 4)
            vidstore_query_sort(other, "username");
        if (i == 5)
            vidstore_query_flags(other, VIDSTORE_QUERY_DELETED);
        if (i < 6) {
            refused(VIDSTORE_INVALID, "cursor", vidstore_user_list(sys, other, NULL, e));
            ck_assert_ptr_nonnull(strstr(said, "another query"));
        } else {
            vidstore_query_limit(other, 3); /* the size of a page may change */
            must(vidstore_user_list(sys, other, NULL, e));
        }
        vidstore_query_free(other);
    }
    vidstore_query *videos = vidstore_query_new();
    vidstore_query_cursor(videos, vidstore_page_cursor(page));
    refused(VIDSTORE_INVALID, "cursor", vidstore_video_list(sys, videos, NULL, e));
    vidstore_query_free(videos);
    vidstore_page_free(page);
    vidstore_query_free(q);
}
END_TEST

START_TEST(finds_text_as_it_is) {
    static const char *const names[] = {"50% off", "50 off",      "a_b",          "axb",
                                        "wow!",    "back\\slash", "\xC3\x84rger", "quote\"s"};
    for (size_t i = 0; i < VS_COUNT(names); i++) {
        char name[16];
        snprintf(name, sizeof name, "u%zu", i);
        add(name, names[i]);
    }
    static const struct {
        const char *needle;
        int found;
    } rows[] = {{"%", 1},   {"50%", 1},      {"_", 1},  {"a_b", 1}, {"!", 1}, {"\\", 1},
                {"OFF", 2}, {"\xC3\x84", 1}, {"\"", 1}, {"", 8},    {"zz", 0}};
    for (size_t i = 0; i < VS_COUNT(rows); i++) {
        vidstore_query *q = vidstore_query_new();
        int64_t count = -1;
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        must(vidstore_query_filter(q, "full_name ~ $1", e));
        vidstore_query_bind_text(q, 1, rows[i].needle);
        must(vidstore_user_count(sys, q, &count, e));
        ck_assert_msg(count == rows[i].found, "\"%s\": %d", rows[i].needle, (int)count);
        vidstore_query_free(q);
    }
}
END_TEST

START_TEST(counts_are_capped_unless_asked) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    add_many(30);
    vidstore_query_limit(q, 5); /* does not count */
    must(vidstore_user_count(sys, q, &count, e));
    ck_assert_int_eq(count, 30);
    vidstore_query_flags(q, VIDSTORE_QUERY_EXACT_COUNT | VIDSTORE_QUERY_DELETED);
    must(vidstore_user_count(sys, q, &count, e));
    ck_assert_int_eq(count, 30);
    vidstore_query_flags(q, VIDSTORE_QUERY_ONLY_DELETED);
    must(vidstore_user_count(sys, q, &count, e));
    ck_assert_int_eq(count, 0);
    vidstore_query_free(q);
}
END_TEST

Suite *query_suite(void);
Suite *query_suite(void) {
    Suite *suite = suite_create("query");
    TCase *language = tcase_create("language");
    tcase_add_checked_fixture(language, begin, end);
    tcase_add_loop_test(language, compiles, 0, VS_COUNT(good));
    tcase_add_loop_test(language, does_not_compile, 0, VS_COUNT(bad));
    tcase_add_test(language, times);
    tcase_add_test(language, values_are_bound_as_they_are_stored);
    tcase_add_test(language, limits);
    tcase_add_test(language, depth_and_size);
    tcase_add_test(language, the_most_that_is_allowed_runs);
    tcase_add_test(language, a_value_that_is_too_long);
    tcase_add_test(language, a_broken_filter_is_not_no_filter);
    tcase_add_test(language, bad_setters_stick);
    tcase_add_test(language, orders);
    tcase_add_loop_test(language, what_is_said_to_be_indexed_is, 0, 10);
    tcase_add_test(language, alerts_have_an_index);
    tcase_add_test(language, what_no_index_serves_is_refused);
    tcase_add_test(language, finds_text_as_it_is);
    tcase_add_test(language, counts_are_capped_unless_asked);
    suite_add_tcase(suite, language);
    TCase *pages = tcase_create("pages");
    tcase_add_checked_fixture(pages, begin, end);
    tcase_add_loop_test(pages, paging_misses_and_repeats_nothing, 0, 6);
    tcase_add_test(pages, duplicates_in_the_sorted_column);
    tcase_add_test(pages, cursors_that_are_none);
    tcase_add_test(pages, cursors_tell_nothing);
    tcase_add_test(pages, a_cursor_of_another_query);
    suite_add_tcase(suite, pages);
    return suite;
}
