/* SPDX-License-Identifier: MIT */
/* Alerts: what the audit finds out by itself. Tests of attacks have the number of their group in the name. */
#include "audit_chain.h"

static void try_login(const char *name, const char *password, const char *ip) {
    vidstore_origin *o = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, ip);
    vidstore_session_login(store, name, password, o, &s, NULL);
    vidstore_session_free(s);
    vidstore_origin_free(o);
}

static void maintain(void) {
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
}

START_TEST(group_56_alerts_are_raised_once) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, ann.text, "correct horse battery", e));
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    for (int i = 0; i < 4; i++)
        try_login("ann", "wrong", "192.0.2.1");
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    try_login("ann", "wrong", "192.0.2.1"); /* the fifth: the four before are looked at again */
    try_login("ann", "correct horse battery", "192.0.2.1");
    maintain();
    if (events("action = user_login") == 1) /* it was not made to wait */
        ck_assert_int_eq(events("action = alert and object_name = success_after_failures"), 1);
    int64_t raised = events("action = alert");
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert"), raised);
    holds(NULL);
}
END_TEST

START_TEST(group_56_refusals) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *a = session_of(ann);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "x");
    for (int i = 0; i < 4; i++)
        refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_update(a, bob.text, p, NULL, e));
    vidstore_session_free(a); /* what was held back is told */
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    a = session_of(ann);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_update(a, bob.text, p, NULL, e));
    vidstore_session_free(a);
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = denied"), 1);
    vidstore_user_params_free(p);
}
END_TEST

static int told(vidstore_session *session) {
    vidstore_text *text = NULL;
    int count = 0;
    must(vidstore_changes(session, NULL, "start", 1000, &text, e));
    for (const char *at = vidstore_text_data(text); (at = strstr(at, "\"noun\":\"alert\"")); at++)
        count++;
    vidstore_text_free(text);
    return count;
}

START_TEST(group_56_late_checkpoints) {
    const int64_t late = 3 * INT64_C(15) * 60000000;
    for (int i = 0; i < 2; i++) {
        record(1);
        free(checkpoint());
    }
    record(1);
    part(late, "call");
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(1);
    part(late + 1, "close"); /* nobody was there, and that was said */
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(1);
    part(late + 1, "call");
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = late_checkpoint"), 1);
    ck_assert_int_eq(told(sys), 1);
}
END_TEST

START_TEST(group_56_a_cut_end) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    record(5);
    maintain();
    close_all();
    open_with_key(NULL);
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    record(5);
    maintain();
    forge("DELETE FROM audit_events WHERE seq > (SELECT max(seq) - 3 FROM audit_events)");
    record(5);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_cut"), 1);
    ck_assert_int_eq(told(sys), 1);
    vidstore_session *a = session_of(ann); /* whom it is about shall not learn of it */
    ck_assert_int_eq(told(a), 0);
    vidstore_session_free(a);
}
END_TEST

START_TEST(group_56_a_hole) {
    record(5);
    maintain();
    record(5);
    forge("DELETE FROM audit_events WHERE chain = 2 AND position = (SELECT max(position) - 2 FROM audit_events WHERE "
          "chain = 2)");
    ck_assert_int_eq(events("action = alert"), 0);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_gap"), 1);
    ck_assert_int_eq(events("action = alert"), 1);
}
END_TEST

/* The events before it are an hour old, so that no run looks at them again. */
START_TEST(group_56_a_hole_between_two_runs) {
    record(5);
    maintain();
    forge("UPDATE audit_events SET created_us = created_us - 3600000000");
    record(5);
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
    forge("UPDATE audit_events SET created_us = created_us - 3600000000");
    record(5);
    forge("DELETE FROM audit_events WHERE chain = 2 AND position IN (SELECT position FROM audit_events WHERE chain = 2 "
          "ORDER BY position DESC LIMIT 2 OFFSET 3)"); /* the first two of the five */
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_gap"), 1);
    ck_assert_int_eq(events("action = alert"), 1);
}
END_TEST

/* What a version left that knew the last event of all chains only is no mark of any. */
START_TEST(group_56_marks_of_before) {
    record(5);
    maintain();
    forge("UPDATE vs_meta SET value = (SELECT max(seq) FROM audit_events) || ' 1795000000000000' WHERE key = "
          "'audit.watched'");
    record(5);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert"), 0);
}
END_TEST

/* Of one chain, while others go on; and its positions are given anew. */
START_TEST(group_56_a_cut_end_of_one_chain) {
    add_user("ann", VIDSTORE_ROLE_USER);
    record(5);
    maintain();
    record(5);
    forge("DELETE FROM audit_events WHERE chain = 1 AND position = (SELECT max(position) FROM audit_events WHERE "
          "chain = 1)");
    add_user("bob", VIDSTORE_ROLE_USER);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_cut"), 1);
}
END_TEST

/* What was looked at is gone, but neither the first nor the last. */
START_TEST(group_56_a_hole_in_what_was_seen) {
    record(9);
    maintain();
    forge("DELETE FROM audit_events WHERE chain = 2 AND position = (SELECT max(position) - 3 FROM audit_events WHERE "
          "chain = 2)");
    record(1);
    maintain();
    maintain();
    ck_assert_int_eq(events("action = alert and object_name = history_gap"), 1);
}
END_TEST

Suite *audit_alerts_suite(void);

Suite *audit_alerts_suite(void) {
    Suite *suite = suite_create("audit_alerts");
    TCase *t = tcase_create("attacks");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, group_56_alerts_are_raised_once);
    tcase_add_test(t, group_56_refusals);
    tcase_add_test(t, group_56_late_checkpoints);
    tcase_add_test(t, group_56_a_cut_end);
    tcase_add_test(t, group_56_a_hole);
    tcase_add_test(t, group_56_a_hole_between_two_runs);
    tcase_add_test(t, group_56_marks_of_before);
    tcase_add_test(t, group_56_a_cut_end_of_one_chain);
    tcase_add_test(t, group_56_a_hole_in_what_was_seen);
    suite_add_tcase(suite, t);
    return suite;
}
