/* SPDX-License-Identifier: MIT */
/* The audit: one event a change, refusals, reading, export, statistics, a host's own events. */
#include "harness.h"
#include <fcntl.h>
#include <jansson.h>
#include <vidstore/query.h>

static vidstore_status set_text(vidstore_session *s, const char *id, int32_t field, const char *value,
                                vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, field, value);
    vidstore_status status = vidstore_user_update(s, id, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

/* The newest event, kept. */
static vidstore_audit_event *newest(vidstore_session *s) {
    vidstore_page *page = NULL;
    must(vidstore_audit_list(s, NULL, &page, e));
    vidstore_audit_event *event = vidstore_audit_event_ref(vidstore_page_audit_event(page, 0));
    vidstore_page_free(page);
    ck_assert_ptr_nonnull(event);
    return event;
}

static const char *text_of(const vidstore_audit_event *event, int32_t field) {
    return vidstore_audit_event_text(event, field);
}

static int64_t count_all(void) {
    int64_t count = -1;
    must(vidstore_audit_count(sys, NULL, &count, e));
    return count;
}

START_TEST(one_event_a_change) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    ck_assert_int_eq(count_all(), 1);
    must(set_text(sys, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", e));
    ck_assert_int_eq(count_all(), 2);
    vidstore_audit_event *event = newest(sys);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTION), "user_updated");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_DETAILS), "{\"full_name\":[null,\"Ann\"]}");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_OBJECT_ID), ann.text);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_OWNER_ID), ann.text);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_OBJECT_NAME), "ann");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTOR), "system");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTOR_NAME), "test");
    ck_assert_int_eq(vidstore_audit_event_int64(event, VIDSTORE_AUDIT_SUCCESS), 1);
    vidstore_audit_event *same = NULL;
    must(vidstore_audit_get(sys, text_of(event, VIDSTORE_AUDIT_ID), &same, e));
    ck_assert_str_eq(text_of(same, VIDSTORE_AUDIT_DETAILS), text_of(event, VIDSTORE_AUDIT_DETAILS));
    vidstore_audit_event_free(same);
    vidstore_audit_event_free(event);
    must(set_text(sys, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", e)); /* no change, no event */
    must(vidstore_user_get(sys, ann.text, NULL, e));
    refused(VIDSTORE_INVALID, NULL, set_text(sys, ann.text, VIDSTORE_USER_EMAIL, "x", e));
    ck_assert_int_eq(count_all(), 2);
    must(set_text(sys, ann.text, VIDSTORE_USER_ROLE, "admin", e));
    event = newest(sys);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTION), "role_changed");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_DETAILS), "{\"role\":[\"user\",\"admin\"]}");
    vidstore_audit_event_free(event);
    must(set_text(sys, ann.text, VIDSTORE_USER_PASSWORD, "correct horse", e));
    event = newest(sys);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTION), "password_changed");
    ck_assert(!text_of(event, VIDSTORE_AUDIT_DETAILS) || !strstr(text_of(event, VIDSTORE_AUDIT_DETAILS), "horse"));
    vidstore_audit_event_free(event);
    ck_assert_int_eq(count_all(), 4);
}
END_TEST

/* What an event holds is JSON, whatever it tells of: a refusal that came once, and one that was repeated. */
START_TEST(refusals_are_json) {
    vidstore_session *s = session_of(add_user("ann", VIDSTORE_ROLE_USER));
    vidstore_page *page = NULL;
    vidstore_text *text = NULL;
    for (int times = 1; times <= 3; times++) {
        for (int i = 0; i < times; i++)
            refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "quota.files", "1", e));
        must(vidstore_audit_list(sys, NULL, &page, e));
        must(vidstore_page_json(page, &text, e));
        json_t *value = json_loads(vidstore_text_data(text), JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(value != NULL, "no JSON: %s", vidstore_text_data(text));
        ck_assert_int_eq(json_array_size(json_object_get(value, "items")), (size_t)vidstore_page_count(page));
        json_decref(value);
        vidstore_text_free(text);
        vidstore_page_free(page);
    }
    vidstore_session_free(s);
}
END_TEST

START_TEST(refusals_are_recorded) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_VIEWER);
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.1");
    must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
    refused(VIDSTORE_FORBIDDEN, "role", set_text(s, ann.text, VIDSTORE_USER_ROLE, "admin", e));
    vidstore_audit_event *event = newest(sys);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ACTION), "access_denied");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_ERROR), "FORBIDDEN");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_USER_ID), ann.text);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_OBJECT_ID), ann.text);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_IP), "192.0.2.1");
    ck_assert_int_eq(vidstore_audit_event_int64(event, VIDSTORE_AUDIT_SUCCESS), 0);
    vidstore_audit_event_free(event);
    vidstore_origin_free(o);
    vidstore_session_free(s);
}
END_TEST

START_TEST(who_sees_what) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *a = session_of(ann), *b = session_of(bob), *nobody = NULL;
    must(set_text(sys, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", e));
    must(set_text(b, bob.text, VIDSTORE_USER_FULL_NAME, "Bob", e));
    vidstore_audit_event *his = newest(sys);
    int64_t count = -1;
    must(vidstore_audit_count(a, NULL, &count, e));
    ck_assert_int_eq(count, 2); /* what the system did with what is hers */
    must(vidstore_audit_get(b, text_of(his, VIDSTORE_AUDIT_ID), NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_audit_get(a, text_of(his, VIDSTORE_AUDIT_ID), NULL, e));
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "success = true or success = false", e));
    must(vidstore_audit_count(a, q, &count, e));
    ck_assert_int_eq(count, 3); /* and that she was refused a look at his */
    vidstore_query_free(q);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_stats(a, 0, NULL, e));
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_list(nobody, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_record(nobody, "host", NULL, "x", NULL, e));
    vidstore_audit_event_free(his);
    vidstore_session_free(a);
    vidstore_session_free(b);
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(events_of_the_host) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_audit_record(sys, "invoice", ann.text, "sent \"it\"\n", "{\"n\":1}", e));
    vidstore_audit_event *event = newest(sys);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_NOUN), "invoice");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_OBJECT_ID), ann.text);
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_DESCRIPTION), "sent \"it\"\n");
    ck_assert_str_eq(text_of(event, VIDSTORE_AUDIT_DETAILS), "{\"n\":1}");
    vidstore_audit_event_free(event);
    must(vidstore_audit_record(sys, "invoice", NULL, "", NULL, e));
    refused(VIDSTORE_INVALID, "noun", vidstore_audit_record(sys, "", NULL, "x", NULL, e));
    refused(VIDSTORE_INVALID, "details", vidstore_audit_record(sys, "x", NULL, "x", "[]", e));
    refused(VIDSTORE_INVALID, "details", vidstore_audit_record(sys, "x", NULL, "x", "{", e));
    refused(VIDSTORE_INVALID, "object_id", vidstore_audit_record(sys, "x", "y", "x", NULL, e));
    must(vidstore_begin(sys, 0, e));
    must(vidstore_audit_record(sys, "invoice", NULL, "undone", NULL, e));
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(events("noun = invoice"), 2);
}
END_TEST

/* --- export
 * ------------------------------------------------------------------------------------------------------------- */

static char *exported(const char *filter, int64_t *ret_count) {
    char path[160];
    snprintf(path, sizeof path, "%s/export", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_export(sys, filter ? q : NULL, fd, ret_count, e));
    vidstore_query_free(q);
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    ck_assert_int_eq(pread(fd, text, (size_t)size, 0), size);
    close(fd);
    return text;
}

/* Names and texts that would end a line or forge another, if they could. */
START_TEST(attack_55_export_is_one_object_a_line) {
    static const char *const evil[] = {"a\nb",
                                       "\r\n{\"action\":\"user_deleted\"}",
                                       "\"}\n{\"x\":\"",
                                       "\x01\x1B[2J\x7F",
                                       "\xE2\x80\xA8",
                                       "\\",
                                       "\\\"",
                                       "{}",
                                       "\t"};
    const int many = (int)(sizeof evil / sizeof *evil);
    for (int i = 0; i < many; i++)
        must(vidstore_audit_record(sys, "host", NULL, evil[i], NULL, e));
    int64_t count = -1;
    char *text = exported(NULL, &count), *save = NULL;
    ck_assert_int_eq(count, many);
    int lines = 0, events_seen = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save), lines++) {
        size_t size = strlen(line);
        ck_assert(line[0] == '{' && line[size - 1] == '}');
        for (size_t i = 0; i < size; i++)
            ck_assert(line[i] >= 0x20 && line[i] < 0x7F); /* all that is treacherous is not ASCII, and escaped */
        events_seen += strstr(line, "\"type\":\"event\"") == line + 1;
        /* The library's own reader, as strict as any: the line is one object of JSON. */
        must(vidstore_audit_record(sys, "check", NULL, "x", line, e));
    }
    ck_assert_int_eq(events_seen, many);
    ck_assert_int_eq(lines, many + 2); /* the header, the trailer */
    free(text);
}
END_TEST

START_TEST(export_of_many) {
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < 2500; i++)
        must(vidstore_audit_record(sys, i % 2 ? "odd" : "even", NULL, "x", NULL, e));
    must(vidstore_commit(sys, e));
    int64_t count = -1;
    char *text = exported(NULL, &count);
    int lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    ck_assert_int_eq(count, 2500);
    ck_assert_int_eq(lines, 2502);
    ck_assert_ptr_nonnull(strstr(text, "\"even\""));
    free(text);
    text = exported("noun = odd", &count);
    ck_assert_int_eq(count, 1250);
    ck_assert_ptr_null(strstr(text, "\"even\""));
    free(text);
}
END_TEST

START_TEST(export_that_fails) {
    int64_t count = -1;
    int pipes[2];
    for (int i = 0; i < 300; i++)
        must(vidstore_audit_record(sys, "host", NULL, "x", NULL, e));
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    refused(VIDSTORE_FULL, "fd", vidstore_audit_export(sys, NULL, full, &count, e));
    ck_assert_int_eq(count, 0);
    close(full);
    signal(SIGPIPE, SIG_DFL);
    ck_assert_int_eq(pipe(pipes), 0);
    close(pipes[0]);
    refused(VIDSTORE_IO, "fd", vidstore_audit_export(sys, NULL, pipes[1], &count, e)); /* and we are still here */
    close(pipes[1]);
    ck_assert_int_eq(pipe2(pipes, O_NONBLOCK), 0); /* nobody reads: until the deadline */
    must(vidstore_session_set_deadline(sys, 300, e));
    refused(VIDSTORE_TIMEOUT, "fd", vidstore_audit_export(sys, NULL, pipes[1], &count, e));
    ck_assert_int_eq(count, 0);
    close(pipes[0]);
    close(pipes[1]);
    ck_assert_int_eq(pipe(pipes), 0); /* and through one that blocks */
    refused(VIDSTORE_TIMEOUT, "fd", vidstore_audit_export(sys, NULL, pipes[1], &count, e));
    close(pipes[0]);
    close(pipes[1]);
}
END_TEST

/* Whoever names a descriptor of the database must not write over it. */
START_TEST(export_spares_the_store) {
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm", "owner"};
    char path[160], head[16] = "";
    struct id ann = add_user("ann", VIDSTORE_ROLE_VIEWER);
    vidstore_session *as_ann = session_of(ann);
    vidstore_error *error = NULL;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        int fd =
            open(path, i < 3 ? O_RDWR | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* closed with the store */
        ck_assert_int_ge(fd, 0);
        refused(VIDSTORE_INVALID, "fd", vidstore_audit_export(as_ann, NULL, fd, NULL, e));
        ck_assert_int_eq(vidstore_audit_export(sys, NULL, fd, NULL, &error), VIDSTORE_INVALID);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_NOT_A_FILE);
        vidstore_error_free(error);
    }
    snprintf(path, sizeof path, "%s/store.db", place);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, head, 15, 0), 15);
    ck_assert_str_eq(head, "SQLite format 3");
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    refused(VIDSTORE_INVALID, "fd", vidstore_audit_export(sys, NULL, null, NULL, e));
    close(null);
    vidstore_session_free(as_ann);
}
END_TEST

START_TEST(statistics) {
    vidstore_text *text = NULL;
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "\"192.0.2.1\n");
    must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
    must(set_text(s, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", e));
    refused(VIDSTORE_FORBIDDEN, NULL, set_text(s, ann.text, VIDSTORE_USER_ROLE, "admin", e));
    must(vidstore_audit_stats(sys, 0, &text, e));
    const char *json = vidstore_text_data(text);
    ck_assert_ptr_nonnull(strstr(json, "\"user_created\":{\"success\":1,\"failure\":0}"));
    ck_assert_ptr_nonnull(strstr(json, "\"access_denied\":{\"success\":0,\"failure\":1}"));
    ck_assert_ptr_nonnull(strstr(json, "\"total\":3,\"success\":2,\"failure\":1"));
    ck_assert_ptr_nonnull(strstr(json, "{\"ip\":\"\\\"192.0.2.1\\u000a\",\"events\":2,\"failures\":1}"));
    ck_assert_ptr_nonnull(strstr(json, "\"errors\":[{\"error\":\"FORBIDDEN\",\"failures\":1}]"));
    char want[128];
    snprintf(want, sizeof want, "\"actors\":[{\"user_id\":\"%s\",\"name\":\"ann\",\"events\":2,\"failures\":1}]",
             ann.text);
    ck_assert_msg(strstr(json, want) != NULL, "%s", json);
    const char *days = strstr(json, "\"days\":[{\"day\":\"20");
    ck_assert_ptr_nonnull(days);
    ck_assert_ptr_nonnull(strstr(days, "\"user_created\":{\"success\":1,\"failure\":0}"));
    vidstore_text_free(text);
    must(vidstore_audit_stats(sys, INT64_MAX, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"total\":0"));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"days\":[],\"actors\":[],\"errors\":[],\"addresses\":[]"));
    vidstore_text_free(text);
    vidstore_origin_free(o);
    vidstore_session_free(s);
}
END_TEST

Suite *audit_suite(void);
Suite *audit_suite(void) {
    Suite *suite = suite_create("audit");
    TCase *tests = tcase_create("audit");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, one_event_a_change);
    tcase_add_test(tests, refusals_are_recorded);
    tcase_add_test(tests, refusals_are_json);
    tcase_add_test(tests, who_sees_what);
    tcase_add_test(tests, events_of_the_host);
    tcase_add_test(tests, attack_55_export_is_one_object_a_line);
    tcase_add_test(tests, export_of_many);
    tcase_add_test(tests, export_that_fails);
    tcase_add_test(tests, export_spares_the_store);
    tcase_add_test(tests, statistics);
    suite_add_tcase(suite, tests);
    return suite;
}
