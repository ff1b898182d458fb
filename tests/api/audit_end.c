/* SPDX-License-Identifier: MIT */
/* The end of events, by pruning and erasing, and events under way: many writers, and a death between two. Tests of
 * attacks have the number of their group in the name. */
#include "audit_chain.h"
#include "peek.h"

enum { SEGMENT = 4096 };

/* --- segments */

START_TEST(group_53_pruning) {
    int64_t count = -1;
    record(2 * SEGMENT + 10);
    forge("DELETE FROM audit_checkpoints");
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 0); /* no checkpoint covers them */
    char *anchor = checkpoint();
    must(vidstore_setting_set(sys, "audit.hold", "1", e));
    refused(VIDSTORE_STATE, NULL, vidstore_audit_prune(sys, INT64_MAX, &count, e));
    must(vidstore_setting_set(sys, "audit.hold", "0", e));
    must(vidstore_setting_set(sys, "audit.export_first", "1", e));
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 0);
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    must(vidstore_audit_export(sys, NULL, fd, NULL, e));
    close(fd);
    must(vidstore_audit_prune(sys, 1, &count, e));
    ck_assert_int_eq(count, 0); /* none is that old */
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 2 * SEGMENT);
    ck_assert_int_eq(events("action = audit_pruned"), 2);
    holds(anchor);
    record(SEGMENT);
    free(checkpoint());
    holds(anchor);
    forge("UPDATE audit_segments SET root = zeroblob(32) WHERE chain = 2 AND segment = 0");
    finds(anchor, "root", 2 * SEGMENT + 10);
    free(anchor);
}
END_TEST

/* What the last run of detection saw last is gone, and that is as it should be. */
START_TEST(group_53_pruned_is_not_cut) {
    int64_t count = 0;
    record(SEGMENT - 10);
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    record(SEGMENT + 20);
    free(checkpoint());
    must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
    ck_assert_int_eq(count, 2 * SEGMENT);
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    ck_assert_int_eq(events("action = alert and object_name = pruned_by_hand"), 1);
    ck_assert_int_eq(events("action = alert"), 1);
}
END_TEST

START_TEST(group_48_a_segment_made_anew) {
    record(SEGMENT + 1);
    free(checkpoint());
    forge("UPDATE audit_segments SET root = zeroblob(32)");
    finds(NULL, "segment", SEGMENT);
}
END_TEST

START_TEST(what_is_pruned_by_hand_is_missing) {
    record(SEGMENT + 10);
    free(checkpoint());
    forge("DELETE FROM audit_events WHERE chain = 2 AND position <= 4096");
    finds(NULL, "missing", 1);
}
END_TEST

/* Group 54: a person is erased, and the chain holds. */
START_TEST(group_54_an_erased_person) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, "browser/1");
    must(vidstore_session_on_behalf(store, ann.text, o, &s, e));
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Ann of Example");
    must(vidstore_user_update(s, ann.text, p, NULL, e));
    for (int i = 0; i < 250; i++)
        must(vidstore_audit_record(s, "host", NULL, "of ann", NULL, e));
    vidstore_session_free(s);
    char *anchor = checkpoint();
    ck_assert_int_eq(events("ip = 192.0.2.7"), 251);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    ck_assert_int_eq(events("ip = 192.0.2.7 or user_agent ~ browser or actor_name = ann or object_name = ann"), 0);
    ck_assert_int_eq(events("object_name = bob"), 1);
    holds(anchor);
    close_all();
    open_with_key(NULL);
    holds(anchor);
    /* What was erased can't be put back otherwise, nor more be erased unseen. */
    forge("UPDATE audit_events SET actor_salt = zeroblob(32), actor_name = NULL WHERE chain = 1 AND position = 2");
    finds(anchor, "edited", 2);
    vidstore_user_params_free(p);
    vidstore_origin_free(o);
    free(anchor);
}
END_TEST

/* Calling a loss an erasure or an end of its time wants more than a shell: history says itself who was deleted and what
 * was pruned. */
START_TEST(group_48_an_erasure_of_the_living) {
    vidstore_text *report = NULL;
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(ann);
    must(vidstore_audit_record(s, "host", NULL, "of ann", NULL, e));
    vidstore_session_free(s);
    char *anchor = checkpoint();
    holds(anchor);
    forge("INSERT INTO audit_erasures (user_id, created_us) SELECT id, 0 FROM users WHERE username = 'ann'");
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, &report, e));
    vidstore_text_free(report);
    ck_assert_int_eq(events("object_name = ann"), 0); /* her parts are blank, each with its right hash */
    char *found = verify(anchor);
    ck_assert_ptr_nonnull(strstr(found, "\"code\":\"edited\""));
    ck_assert_ptr_nonnull(strstr(found, "no event says that its person was deleted"));
    free(found);
    free(anchor);
}
END_TEST

START_TEST(group_49_a_pruning_that_was_none) {
    record(5000);
    char *anchor = checkpoint();
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, 60000, VIDSTORE_MAINTAIN_ALL, &report, e)); /* seals the segment */
    vidstore_text_free(report);
    holds(anchor);
    forge("UPDATE audit_segments SET pruned_us = last_us + 1 WHERE chain = 2 AND segment = 0;"
          "DELETE FROM audit_events WHERE chain = 2 AND position <= 4096");
    finds(anchor, "missing", 1);
    free(anchor);
}
END_TEST

/* The person is gone from everywhere: words of the search, logins, keys, what others tried with them, and what a
 * session that was still open left behind. */
START_TEST(group_54_nothing_of_the_person_stays) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_origin *o = vidstore_origin_new();
    vidstore_key_params *kp = vidstore_key_params_new();
    vidstore_user *user = NULL;
    vidstore_session *s = NULL, *by_key = NULL;
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    char token[VIDSTORE_TOKEN_SIZE], key[VIDSTORE_TOKEN_SIZE];
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.7");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, "zebulonbrowser");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, "zebulonphone");
    vidstore_user_params_set_json(p, "{\"username\":\"zebulon\",\"full_name\":\"Zebulon Zander\",\"email\":"
                                     "\"zebulon@example.org\",\"password\":\"a long enough password\"}");
    must(vidstore_user_create(sys, p, &user, e));
    struct id who = id_of(vidstore_user_id(user));
    must(vidstore_login_create(store, "zebulon", "a long enough password", NULL, 0, o, NULL, token, sizeof token, e));
    must(vidstore_session_resume(store, token, o, &s, e));
    vidstore_key_params_set_json(kp, "{\"name\":\"zebulonkey\",\"scopes\":\"read\",\"addresses\":\"10.0.0.0/8\"}");
    must(vidstore_key_create(s, kp, NULL, key, sizeof key, e));
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, key, o, &by_key, e));
    must(vidstore_query_search(q, "zander", e)); /* the words are in the index */
    must(vidstore_user_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    ck_assert_int_gt(sql("SELECT count(*) FROM users_search_content WHERE quote(c0) || quote(c1) || quote(c2) LIKE "
                         "'%zander%' COLLATE NOCASE"),
                     0);
    must(vidstore_user_remove(sys, who.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    ck_assert_int_eq(sql("SELECT count(*) FROM users_search_content WHERE quote(c0) || quote(c1) || quote(c2) LIKE "
                         "'%zebulon%' COLLATE NOCASE"),
                     0);
    ck_assert_int_eq(sql("SELECT count(*) FROM logins WHERE ip IS NOT NULL OR user_agent IS NOT NULL OR device IS "
                         "NOT NULL OR last_ip IS NOT NULL"),
                     0);
    ck_assert_int_eq(sql("SELECT (SELECT count(*) FROM login_sources) + (SELECT count(*) FROM login_devices)"), 0);
    ck_assert_int_eq(sql("SELECT count(*) FROM api_keys WHERE name LIKE '%zebulon%' OR last_ip IS NOT NULL OR "
                         "addresses IS NOT NULL"),
                     0);
    ck_assert_int_eq(events("ip = 192.0.2.7 or user_agent ~ zebulon or device ~ zebulon"), 0);
    ck_assert_int_eq(events("actor_name ~ zebulon or object_name ~ zebulon"), 0);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_user_free(user);
    vidstore_user_params_free(p);
    vidstore_key_params_free(kp);
    vidstore_origin_free(o);
}
END_TEST

START_TEST(the_triggers_stop_accidents) {
    char path[128];
    sqlite3 *raw = NULL;
    record(3);
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    static const char *const sql[] = {"UPDATE audit_events SET noun = 'x'", "DELETE FROM audit_events",
                                      "UPDATE audit_checkpoints SET body = 'x'", "DELETE FROM audit_checkpoints"};
    free(checkpoint());
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        ck_assert_int_eq(sqlite3_exec(raw, sql[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(raw);
}
END_TEST

/* --- two processes, many threads: group 60 */

static void *write_some(void *arg) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(arg, "thread", &s, e));
    for (int i = 0; i < 40; i++) {
        must(vidstore_audit_record(s, "host", NULL, "an event", NULL, e));
        if (i % 5 == 0)
            refused(VIDSTORE_INVALID, NULL, vidstore_audit_record(s, "", NULL, "an event", NULL, e));
    }
    vidstore_session_free(s);
    return NULL;
}

static void write_in_threads(void) {
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_some, store), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(group_60_many_writers) {
    close_all();
    pid_t child = fork();
    if (!child) {
        open_with_key(NULL);
        write_in_threads();
        free(checkpoint());
        close_all();
        _exit(0);
    }
    open_with_key(NULL);
    for (int i = 0; i < 5; i++)
        free(checkpoint());
    write_in_threads();
    int status = 0;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(events("noun = host"), 640);
    char *report = verify(NULL);
    ck_assert_ptr_nonnull(strstr(report, "\"verdict\":\"ok\""));
    free(report);
}
END_TEST

/* Group 51: killed anywhere, what is there holds. */
START_TEST(group_51_killed) {
    for (int round = 0; round < 4; round++) {
        close_all();
        pid_t child = fork();
        if (!child) {
            open_with_key(NULL);
            for (;;) {
                write_in_threads();
                free(checkpoint());
            }
        }
        usleep(150000 + 40000 * (unsigned)round);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        open_with_key(NULL);
        char *report = verify(NULL);
        ck_assert_msg(!strstr(report, "\"verdict\":\"broken\""), "%s", report);
        free(report);
    }
}
END_TEST

/* --- no event, no change ---------------------------------------------------------------------------------------- */

static int64_t users_called(const char *name) {
    vidstore_query *q = vidstore_query_new();
    char filter[64];
    int64_t count = 0;
    snprintf(filter, sizeof filter, "username = %s", name);
    must(vidstore_query_filter(q, filter, e));
    must(vidstore_user_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

static vidstore_status try_user(const char *name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_create(sys, p, NULL, NULL);
    vidstore_user_params_free(p);
    return status;
}

START_TEST(group_52_no_event_no_change) {
    char sql[200];
    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no_event BEFORE INSERT ON audit_events WHEN NEW.action = %d "
             "BEGIN SELECT RAISE(ABORT, 'not this one'); END",
             VIDSTORE_AUDIT_USER_CREATED);
    forge(sql);
    ck_assert_int_lt(try_user("ann"), 0);
    ck_assert_int_eq(users_called("ann"), 0);
    must(vidstore_begin(sys, 0, e)); /* the transaction around it goes on without it */
    must(vidstore_audit_record(sys, "host", NULL, "before", NULL, e));
    must(vidstore_begin(sys, 0, e));
    ck_assert_int_lt(try_user("bob"), 0);
    must(vidstore_rollback(sys, e));
    must(vidstore_audit_record(sys, "host", NULL, "after", NULL, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(users_called("bob"), 0);
    ck_assert_int_eq(events("noun = host"), 2);
    holds(NULL);
    forge("DROP TRIGGER no_event");
    ck_assert_int_eq(try_user("ann"), 0);
    ck_assert_int_eq(users_called("ann"), 1);
    holds(NULL);
}
END_TEST

Suite *audit_end_suite(void);

Suite *audit_end_suite(void) {
    Suite *suite = suite_create("audit_end");
    TCase *t = tcase_create("attacks");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, group_53_pruning);
    tcase_add_test(t, group_53_pruned_is_not_cut);
    tcase_add_test(t, group_48_a_segment_made_anew);
    tcase_add_test(t, what_is_pruned_by_hand_is_missing);
    tcase_add_test(t, group_54_an_erased_person);
    tcase_add_test(t, group_54_nothing_of_the_person_stays);
    tcase_add_test(t, group_48_an_erasure_of_the_living);
    tcase_add_test(t, group_49_a_pruning_that_was_none);
    tcase_add_test(t, the_triggers_stop_accidents);
    tcase_add_test(t, group_52_no_event_no_change);
    tcase_add_test(t, group_60_many_writers);
    tcase_add_test(t, group_51_killed);
    suite_add_tcase(suite, t);
    return suite;
}
