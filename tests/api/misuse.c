/* SPDX-License-Identifier: MIT */
/* Input that no program should give, where there is more to say than every_call.c says of each function: ids of
 * nothing, handles in lists and of another store, the longest texts, numbers. None may crash, each names what was
 * wrong, and what it should have returned is NULL or 0. */
#include "harness.h"
#include <vidstore/query.h>

static vidstore_user *a_user;
static vidstore_video *a_video;
static vidstore_page *a_page;
static vidstore_query *a_query;
static vidstore_user_params *user_params;
static vidstore_video_params *video_params;
static struct id user_id, video_id;

static void setup(void) {
    begin();
    user_id = add_user("ann", VIDSTORE_ROLE_ADMIN);
    must(vidstore_user_get(sys, user_id.text, &a_user, e));
    must(vidstore_video_create(sys, NULL, &a_video, e));
    video_id = id_of(vidstore_video_id(a_video));
    must(vidstore_user_list(sys, NULL, &a_page, e));
    a_query = vidstore_query_new();
    user_params = vidstore_user_params_new();
    video_params = vidstore_video_params_new();
}

static void teardown(void) {
    vidstore_user_free(a_user);
    vidstore_video_free(a_video);
    vidstore_page_free(a_page);
    vidstore_query_free(a_query);
    vidstore_user_params_free(user_params);
    vidstore_video_params_free(video_params);
    end();
}

/* Where results go; a call that fails must write NULL or 0 here. */
static union {
    void *pointer;
    int64_t number;
    int32_t flag;
} out;

/* --- calls by their form
 * ------------------------------------------------------------------------------------------------ */

struct call {
    const char *name;
    vidstore_status (*run)(vidstore_session *s, const char *id, void *ret, vidstore_error **e);
};

#define BY_ID(name_, expression_)                                                                                      \
    static vidstore_status run_##name_(vidstore_session *s, const char *id, void *ret, vidstore_error **e) {           \
        (void)id, (void)ret;                                                                                           \
        return expression_;                                                                                            \
    }
#define CALLS_BY_ID(X)                                                                                                 \
    X(user_get, vidstore_user_get(s, id, ret, e))                                                                      \
    X(user_exists, vidstore_user_exists(s, id, ret, e))                                                                \
    X(user_update, vidstore_user_update(s, id, user_params, ret, e))                                                   \
    X(user_remove, vidstore_user_remove(s, id, VIDSTORE_REMOVE_RESTRICT, e))                                           \
    X(user_purge, vidstore_user_purge(s, id, e))                                                                       \
    X(user_set_state, vidstore_user_set_state(s, id, VIDSTORE_USER_ACTIVE, ret, e))                                    \
    X(user_set_password, vidstore_user_set_password(s, id, NULL, e))                                                   \
    X(user_link_identity, vidstore_user_link_identity(s, id, "p", "s", e))                                             \
    X(user_unlink_identity, vidstore_user_unlink_identity(s, id, "p", "s", e))                                         \
    X(user_stats, vidstore_user_stats(s, id, ret, e))                                                                  \
    X(video_get, vidstore_video_get(s, id, ret, e))                                                                    \
    X(video_exists, vidstore_video_exists(s, id, ret, e))                                                              \
    X(video_update, vidstore_video_update(s, id, video_params, ret, e))                                                \
    X(video_remove, vidstore_video_remove(s, id, VIDSTORE_REMOVE_RESTRICT, e))                                         \
    X(video_restore, vidstore_video_restore(s, id, ret, e))                                                            \
    X(video_purge, vidstore_video_purge(s, id, e))                                                                     \
    X(video_probe, vidstore_video_probe(s, id, ret, e))                                                                \
    X(video_probe_fd, vidstore_video_probe_fd(s, id, 0, ret, e))                                                       \
    X(video_facts, vidstore_video_facts(s, id, ret, e))                                                                \
    X(job_get, vidstore_job_get(s, id, ret, e))                                                                        \
    X(job_exists, vidstore_job_exists(s, id, ret, e))                                                                  \
    X(job_update, vidstore_job_update(s, id, NULL, ret, e))                                                            \
    X(job_remove, vidstore_job_remove(s, id, VIDSTORE_REMOVE_RESTRICT, e))                                             \
    X(job_restore, vidstore_job_restore(s, id, ret, e))                                                                \
    X(job_purge, vidstore_job_purge(s, id, e))                                                                         \
    X(file_get, vidstore_file_get(s, id, ret, e))                                                                      \
    X(file_exists, vidstore_file_exists(s, id, ret, e))                                                                \
    X(file_update, vidstore_file_update(s, id, NULL, ret, e))                                                          \
    X(file_remove, vidstore_file_remove(s, id, VIDSTORE_REMOVE_RESTRICT, e))                                           \
    X(file_restore, vidstore_file_restore(s, id, ret, e))                                                              \
    X(file_purge, vidstore_file_purge(s, id, e))                                                                       \
    X(job_cancel, vidstore_job_cancel(s, id, ret, e))                                                                  \
    X(job_retry, vidstore_job_retry(s, id, ret, e))                                                                    \
    X(job_history, vidstore_job_history(s, id, ret, e))                                                                \
    X(job_wait, vidstore_job_wait(s, id, 1, ret, e))                                                                   \
    X(file_open, vidstore_file_open(s, id, ret, e))                                                                    \
    X(file_path, vidstore_file_path(s, id, ret, e))                                                                    \
    X(file_save, vidstore_file_save(s, id, "/nonexistent/x", e))                                                       \
    X(file_verify, vidstore_file_verify(s, id, ret, e))                                                                \
    X(video_fetch, vidstore_video_fetch(s, id, ret, e))                                                                \
    X(audit_get, vidstore_audit_get(s, id, ret, e))

CALLS_BY_ID(BY_ID)
#define ROW(name_, expression_) {#name_, run_##name_},
static const struct call by_id[] = {CALLS_BY_ID(ROW)};

static void bad(const struct call *call, vidstore_session *s, const char *id, vidstore_status wanted,
                const char *field) {
    vidstore_error *error = NULL;
    out.pointer = NULL;
    out.number = 0;
    vidstore_status status = call->run(s, id, &out, &error);
    fails(call->name, wanted, field, status, error);
    ck_assert_msg(out.number == 0, "%s left something in its result", call->name);
    ck_assert_int_eq(call->run(s, id, &out, NULL), wanted); /* no error wanted */
    error = NULL;
    status = call->run(s, id, NULL, &error); /* no result wanted */
    fails(call->name, wanted, field, status, error);
}

/* --- handles
 * -------------------------------------------------------------------------------------------------------------- */

/* An id of the right form of nobody, or of an object of another noun. */
START_TEST(ids_of_nothing) {
    const struct call *call = &by_id[_i];
    if (strstr(call->name, "exists"))
        return; /* says 0 */
    const char *other = strncmp(call->name, "video", 5) == 0 ? user_id.text : video_id.text;
    bad(call, sys, "0190f5fe-7c00-7a00-8abc-012345678901", VIDSTORE_NOT_FOUND, NULL);
    bad(call, sys, "00000000-0000-0000-0000-000000000000", VIDSTORE_NOT_FOUND, NULL);
    bad(call, sys, "ffffffff-ffff-ffff-ffff-ffffffffffff", VIDSTORE_NOT_FOUND, NULL);
    bad(call, sys, other, VIDSTORE_NOT_FOUND, NULL);
}
END_TEST

START_TEST(attack_40_wrong_handles) {
    vidstore_session *s = NULL;
    vidstore_text *text = NULL;
    vidstore_page *page = NULL;
    /* params of another noun */
    refused(VIDSTORE_MISUSE, "params", vidstore_user_create(sys, (vidstore_user_params *)video_params, NULL, e));
    refused(VIDSTORE_MISUSE, "params", vidstore_video_create(sys, (vidstore_video_params *)user_params, NULL, e));
    refused(VIDSTORE_MISUSE, "params",
            vidstore_user_update(sys, user_id.text, (vidstore_user_params *)a_query, NULL, e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_video_params_set_text((vidstore_video_params *)p, VIDSTORE_VIDEO_TITLE,
                                   "x"); /* a setter of another noun */
    refused(VIDSTORE_MISUSE, "params", vidstore_user_create(sys, p, NULL, e));
    vidstore_user_params_free(p);
    const vidstore_user_params *mixed[] = {(vidstore_user_params *)video_params};
    refused(VIDSTORE_MISUSE, "items[0].params",
            vidstore_user_bulk_create(sys, mixed, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    must(vidstore_user_bulk_create(sys, mixed, 1, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 0), VIDSTORE_MISUSE);
    vidstore_page_free(page);
    const vidstore_job_params *others[] = {(vidstore_job_params *)video_params, (vidstore_job_params *)a_page};
    for (int i = 0; i < 2; i++)
        refused(VIDSTORE_MISUSE, "items[0].params",
                vidstore_job_bulk_create(sys, &others[i], 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    /* queries */
    refused(VIDSTORE_MISUSE, "query", vidstore_user_list(sys, (vidstore_query *)a_page, &page, e));
    ck_assert_ptr_null(page);
    refused(VIDSTORE_MISUSE, "query", vidstore_user_count(sys, (vidstore_query *)sys, NULL, e));
    refused(VIDSTORE_MISUSE, "query", vidstore_audit_export(sys, (vidstore_query *)sys, 1, NULL, e));
    refused(VIDSTORE_MISUSE, "query", vidstore_query_filter((vidstore_query *)a_user, "x = 1", e));
    refused(VIDSTORE_MISUSE, "query", vidstore_query_filter(NULL, "x = 1", e));
    /* stores, origins, options */
    refused(VIDSTORE_MISUSE, "store", vidstore_session_system((vidstore *)sys, "x", &s, e));
    refused(VIDSTORE_MISUSE, "store", vidstore_session_on_behalf(NULL, user_id.text, NULL, &s, e));
    refused(VIDSTORE_MISUSE, "store", vidstore_session_login(NULL, "x", "y", NULL, &s, e));
    refused(VIDSTORE_MISUSE, "store", vidstore_session_anonymous((vidstore *)a_page, NULL, &s, e));
    refused(VIDSTORE_MISUSE, "origin",
            vidstore_session_on_behalf(store, user_id.text, (vidstore_origin *)a_query, &s, e));
    refused(VIDSTORE_MISUSE, "origin", vidstore_session_anonymous(store, (vidstore_origin *)store, &s, e));
    refused(VIDSTORE_MISUSE, "params", vidstore_open(place, (vidstore_open_params *)a_query, (vidstore **)&text, e));
    ck_assert_ptr_null(s);
    /* records and pages */
    refused(VIDSTORE_MISUSE, NULL, vidstore_user_json(NULL, &text, e));
    refused(VIDSTORE_MISUSE, NULL, vidstore_user_json((vidstore_user *)a_video, &text, e));
    refused(VIDSTORE_MISUSE, NULL, vidstore_video_json((vidstore_video *)a_page, &text, e));
    refused(VIDSTORE_MISUSE, NULL, vidstore_audit_event_json((vidstore_audit_event *)a_user, &text, e));
    refused(VIDSTORE_MISUSE, "page", vidstore_page_json(NULL, &text, e));
    refused(VIDSTORE_MISUSE, "page", vidstore_page_json((vidstore_page *)a_query, &text, e));
    ck_assert_ptr_null(text);
    ck_assert_int_eq(vidstore_page_count((vidstore_page *)a_query), 0);
    ck_assert_ptr_null(vidstore_page_cursor((vidstore_page *)a_user));
    ck_assert_ptr_null(vidstore_page_user((vidstore_page *)a_user, 0));
    ck_assert_ptr_null(vidstore_user_ref((vidstore_user *)a_video));
    ck_assert_ptr_null(vidstore_user_text((vidstore_user *)a_query, VIDSTORE_USER_ID));
    ck_assert_ptr_null(vidstore_session_user_id((vidstore_session *)a_query));
    ck_assert_ptr_null(vidstore_location((vidstore *)a_query));
    ck_assert_ptr_null(vidstore_instance_id((vidstore *)a_query));
}
END_TEST

/* What has no way to complain must do nothing: with NULL, and with a handle of another kind. */
START_TEST(silent_calls) {
    void *const handles[] = {NULL, store, sys, a_page, a_user, a_query, user_params};
    const size_t count = sizeof handles / sizeof *handles;
    for (size_t i = 0; i < count; i++) {
        void *h = handles[i];
        if (h != store)
            vidstore_close(h);
        if (h != sys)
            vidstore_session_free(h);
        if (h != a_page)
            vidstore_page_free(h);
        if (h != a_user) {
            vidstore_user_free(h);
            vidstore_video_free(h);
            vidstore_audit_event_free(h);
        }
        vidstore_text_free(h);
        vidstore_error_free(h);
        ck_assert_str_eq(vidstore_text_data(h), "");
        ck_assert_int_eq(vidstore_text_size(h), 0);
        ck_assert_int_eq(vidstore_error_code(h), h ? VIDSTORE_MISUSE : VIDSTORE_OK);
        ck_assert_ptr_null(vidstore_error_field(h));
        ck_assert_ptr_null(vidstore_error_cause(h));
        if (h != a_query)
            vidstore_query_free(h);
        if (h != user_params) {
            vidstore_user_params_free(h);
            vidstore_user_params_set_text(h, VIDSTORE_USER_USERNAME, "x");
            vidstore_user_params_set_int64(h, VIDSTORE_USER_ROLE, 1);
            vidstore_user_params_clear(h, VIDSTORE_USER_EMAIL);
            vidstore_user_params_set_json(h, "{}");
            vidstore_user_params_expect_version(h, 1);
        }
        vidstore_origin_free(h);
        vidstore_open_params_free(h);
        vidstore_origin_set_text(h, VIDSTORE_ORIGIN_IP, "x");
        vidstore_open_params_set_int64(h, VIDSTORE_OPEN_READERS, 1);
        if (h != a_query) {
            vidstore_query_bind_text(h, 1, "x");
            vidstore_query_bind_int64(h, 1, 1);
            vidstore_query_sort(h, "x");
            vidstore_query_limit(h, 1);
            vidstore_query_cursor(h, "x");
            vidstore_query_flags(h, 1);
        }
        if (h != sys)
            vidstore_interrupt(h);
    }
    vidstore_error_free(NULL);
    vidstore_text_free(NULL);
    ck_assert_str_eq(vidstore_text_data(NULL), "");
    ck_assert_int_eq(vidstore_text_size(NULL), 0);
    ck_assert_int_eq(vidstore_error_code(NULL), VIDSTORE_OK);
    ck_assert_int_eq(vidstore_error_subcode(NULL), VIDSTORE_SUB_NONE);
    ck_assert_str_eq(vidstore_error_message(NULL), "");
    ck_assert_ptr_null(vidstore_error_field(NULL));
    ck_assert_ptr_null(vidstore_error_cause(NULL));
    ck_assert_int_eq(vidstore_error_retryable(NULL), 0);
    ck_assert_int_eq(vidstore_error_retry_after_ms(NULL), 0);
    ck_assert_int_eq(vidstore_page_count(NULL), 0);
    ck_assert_ptr_null(vidstore_page_error(NULL, 0));
    ck_assert_int_eq(vidstore_user_int64(NULL, VIDSTORE_USER_ROLE), INT64_MIN);
    ck_assert_int_eq(vidstore_user_is_null(NULL, VIDSTORE_USER_ID), 1);
    ck_assert_int_eq(vidstore_user_role(NULL), VIDSTORE_ROLE_UNKNOWN);
    must(vidstore_user_get(sys, user_id.text, NULL, e)); /* all of it is still there */
    ck_assert_str_eq(vidstore_user_username(a_user), "ann");
}
END_TEST

/* A session of one store and objects of another: they are simply not there. */
START_TEST(attack_40_two_stores) {
    vidstore *other = NULL;
    vidstore_session *s = NULL;
    vidstore_page *page = NULL;
    must(vidstore_open(":memory:", NULL, &other, e));
    must(vidstore_session_system(other, "x", &s, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_get(s, user_id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "user_id", vidstore_session_on_behalf(other, user_id.text, NULL, NULL, e));
    must(vidstore_user_list(s, a_query, &page, e)); /* queries and params belong to no store */
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    vidstore_session_free(s);
    vidstore_close(other);
}
END_TEST

/* --- texts
 * ----------------------------------------------------------------------------------------------------------------- */

static char *filled(size_t size) {
    char *text = malloc(size + 1);
    memset(text, 'a', size);
    text[size] = '\0';
    return text;
}

static vidstore_status text_call(int which, const char *text, vidstore_error **e) {
    switch (which) {
    case 0:
        return vidstore_user_get_by_name(sys, text, NULL, e);
    case 1:
        return vidstore_user_get_external(sys, NULL, text, NULL, e);
    case 2:
        return vidstore_user_get_by_identity(sys, text, "s", NULL, e);
    case 3:
        return vidstore_user_get_by_identity(sys, "p", text, NULL, e);
    case 4:
        return vidstore_user_link_identity(sys, user_id.text, text, "s", e);
    case 5:
        return vidstore_user_link_identity(sys, user_id.text, "p", text, e);
    case 6:
        return vidstore_user_verify_password(sys, text, "x", NULL, e);
    case 7:
        return vidstore_user_verify_password(sys, "x", text, NULL, e);
    case 8:
        return vidstore_video_get_external(sys, NULL, text, NULL, e);
    case 9:
        return vidstore_audit_record(sys, text, NULL, "x", NULL, e);
    case 10:
        return vidstore_audit_record(sys, "host", NULL, text, NULL, e);
    case 11:
        return vidstore_setting_get(sys, text, NULL, e);
    case 12:
        return vidstore_setting_set(sys, text, "1", e);
    case 13:
        return vidstore_session_system(store, text, NULL, e);
    case 14:
        return vidstore_query_filter(a_query, text ? text : "\xFF", e);
    default:
        return vidstore_open(text, NULL, NULL, e);
    }
}

static const struct {
    const char *field;
    size_t max;
} texts[] = {
    {"name", 254},        {"external_id", 255}, {"provider", 100},     {"subject", 255},
    {"provider", 100},    {"subject", 255},     {"name", 254},         {"password", 1024},
    {"external_id", 255}, {"noun", 50},         {"description", 4096}, {"name", 100},
    {"name", 100},        {"name", 100},        {"filter", 65536},     {"location", 4096},
};

START_TEST(texts_that_are_none) {
    static const char *const broken[] = {
        "\xFF", "a\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xF8\x88\x80\x80\x80"};
    if (_i != 14)
        refused(VIDSTORE_MISUSE, texts[_i].field, text_call(_i, NULL, e));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refused(VIDSTORE_INVALID, texts[_i].field, text_call(_i, broken[i], e));
    for (size_t more = 0; more < 2; more++) {
        char *text = filled(texts[_i].max + more);
        vidstore_error *error = NULL;
        vidstore_status status = text_call(_i, text, &error);
        if (more) {
            fails("too long", VIDSTORE_INVALID, texts[_i].field, status, error);
        } else { /* long enough to be looked at */
            ck_assert_msg(vidstore_error_subcode(error) != VIDSTORE_SUB_TOO_LONG, "%s", vidstore_error_message(error));
            vidstore_error_free(error);
        }
        free(text);
    }
    char *huge = filled(1 << 20);
    refused(VIDSTORE_INVALID, texts[_i].field, text_call(_i, huge, e));
    free(huge);
}
END_TEST

/* An error's message is one line of UTF-8, whatever was quoted in it. */
START_TEST(messages_are_text) {
    static const char *const filters[] = {"nothing\xC3\xBC = 1",
                                          "a = "
                                          "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2"
                                          "\x82\xAC\xE2\x82\xAC\xE2\x82\xAC (",
                                          "a = 1\n\tb", "\x01\x02"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        vidstore_query *q = vidstore_query_new();
        refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, filters[i], e));
        for (const char *c = said; *c; c++)
            ck_assert_msg((unsigned char)*c >= 0x20, "a control character in \"%s\"", said);
        size_t size = strlen(said);
        vidstore_query_bind_text(q, 1, said); /* which refuses what is not UTF-8 */
        must(vidstore_query_filter(q, "full_name = $1", e));
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
        must(vidstore_user_list(sys, q, NULL, e));
        ck_assert_uint_gt(size, 10);
        vidstore_query_free(q);
    }
    char json[400], name[300];
    memset(name, 'x', sizeof name);
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "\xE2\x82\xAC", 3);
    name[297] = '\0';
    snprintf(json, sizeof json, "{\"x%s\":1}", name);
    vidstore_user_params_set_json(user_params, json);
    refused(VIDSTORE_INVALID, "json", vidstore_user_create(sys, user_params, NULL, e));
    vidstore_query_bind_text(a_query, 1, said);
    must(vidstore_user_list(sys, a_query, NULL, e));
}
END_TEST

/* --- numbers
 * --------------------------------------------------------------------------------------------------------------- */

START_TEST(numbers) {
    static const int64_t wild[] = {INT64_MIN, INT64_MIN + 1, -1, INT64_C(1) << 31, INT64_C(1) << 32, INT64_MAX};
    for (size_t i = 0; i < sizeof wild / sizeof *wild; i++) {
        int32_t half = (int32_t)(wild[i] >> 1);
        if (half < 0 || half > 2)
            refused(VIDSTORE_INVALID, "mode", vidstore_user_remove(sys, user_id.text, half, e));
        ck_assert_ptr_null(vidstore_user_text(a_user, half));
        ck_assert_int_eq(vidstore_user_int64(a_user, half), INT64_MIN);
        ck_assert_int_eq(vidstore_user_is_null(a_user, half), 1);
        ck_assert_ptr_null(vidstore_page_user(a_page, wild[i]));
        ck_assert_int_eq(vidstore_page_status(a_page, wild[i]), VIDSTORE_NOT_FOUND);
        refused(VIDSTORE_INVALID, "count",
                vidstore_user_bulk_create(sys, (const vidstore_user_params *const *)&user_params, wild[i], 0, NULL, e));
        refused(VIDSTORE_INVALID, "count",
                vidstore_video_bulk_update(sys, (const char *const[]){""},
                                           (const vidstore_video_params *const *)&video_params, wild[i], 0, NULL, e));
        if (wild[i] < 0)
            refused(VIDSTORE_INVALID, "since_us", vidstore_audit_stats(sys, wild[i], NULL, e));
        else
            must(vidstore_audit_stats(sys, wild[i], NULL, e));
    }
    static const uint32_t flags[] = {2, 4, 0x80000000u, UINT32_MAX};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        refused(VIDSTORE_INVALID, "flags", vidstore_begin(sys, flags[i], e));
        refused(
            VIDSTORE_INVALID, "flags",
            vidstore_user_bulk_create(sys, (const vidstore_user_params *const *)&user_params, 1, flags[i], NULL, e));
    }
    static const int32_t descriptors[] = {-1, INT32_MIN, INT32_MAX, 12345};
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++) {
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_audit_export(sys, NULL, descriptors[i], NULL, &error);
        fails("export", VIDSTORE_INVALID, "fd", status, error);
        error = NULL;
        status = vidstore_video_probe_fd(sys, video_id.text, descriptors[i], NULL, &error);
        fails("probe", VIDSTORE_INVALID, "fd", status, error);
    }
}
END_TEST

Suite *misuse_suite(void);
Suite *misuse_suite(void) {
    Suite *suite = suite_create("misuse");
    TCase *tests = tcase_create("misuse");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, ids_of_nothing, 0, sizeof by_id / sizeof *by_id);
    tcase_add_test(tests, attack_40_wrong_handles);
    tcase_add_test(tests, silent_calls);
    tcase_add_test(tests, attack_40_two_stores);
    tcase_add_loop_test(tests, texts_that_are_none, 0, sizeof texts / sizeof *texts);
    tcase_add_test(tests, messages_are_text);
    tcase_add_test(tests, numbers);
    suite_add_tcase(suite, tests);
    return suite;
}
