/* SPDX-License-Identifier: MIT */
/* What the audit watches besides: keys that nobody uses, and things that nobody should touch. */
#include "keys.h"

static int64_t canary_alerts(void) {
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    return events("action = alert and object_name = canary");
}

START_TEST(group_56_a_key_that_nobody_uses) {
    struct made made = make_key(sys, ann.text, "read", NULL), other = make_key(sys, ann.text, "read", NULL);
    vidstore_session_free(enter(made.token)); /* an honest use, before */
    must(vidstore_audit_canary_set(sys, made.id.text, 1, e));
    refused(VIDSTORE_EXISTS, "id", vidstore_audit_canary_set(sys, made.id.text, 1, e));
    vidstore_session_free(enter(other.token));
    ck_assert_int_eq(canary_alerts(), 0);
    no_entry(made.token); /* as any key that does not count */
    ck_assert_int_eq(canary_alerts(), 1);
    no_entry(made.token);
    ck_assert_int_eq(canary_alerts(), 1);
    ck_assert_int_eq(events("action = auth_failed and noun = key"), 1);
    must(vidstore_audit_canary_set(sys, made.id.text, 0, e));
    vidstore_session_free(enter(made.token));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_audit_canary_set(sys, made.id.text, 0, e));
}
END_TEST

START_TEST(group_56_things_that_nobody_touches) {
    struct id bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_text *list = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job *job = NULL;
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
    must(vidstore_job_submit(as_ann, p, &job, e));
    vidstore_job_params_free(p);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_canary_set(as_ann, vidstore_job_id(job), 1, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_canary_list(as_ann, NULL, e));
    refused(VIDSTORE_INVALID, "on", vidstore_audit_canary_set(sys, vidstore_job_id(job), 2, e));
    refused(VIDSTORE_INVALID, "id", vidstore_audit_canary_set(sys, "job", 1, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_audit_canary_set(sys, "0190f5fe-7c00-7a00-8abc-012345678901", 1, e));
    must(vidstore_audit_canary_set(sys, vidstore_job_id(job), 1, e));
    must(vidstore_audit_canary_set(sys, bob.text, 1, e));
    must(vidstore_audit_canary_list(sys, &list, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(list), "\"noun\":\"job\""));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(list), bob.text));
    vidstore_text_free(list);
    ck_assert_int_eq(canary_alerts(), 0); /* and what upkeep does is no touch */
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_job_get(as_bob, vidstore_job_id(job), NULL, e));
    vidstore_session_free(as_bob);
    ck_assert_int_eq(canary_alerts(), 1);
    must(vidstore_user_set_password(sys, bob.text, "correct horse battery", e));
    ck_assert_int_eq(canary_alerts(), 2); /* of the account */
    ck_assert_int_eq(events("action = canary_set and chain = security and severity = 3"), 0);
    ck_assert_int_eq(events("action = canary_set and chain = security"), 2);
    vidstore_query *q = vidstore_query_new(); /* whose it is learns nothing */
    int64_t count = -1;
    must(vidstore_query_filter(q, "action in (canary_set, alert)", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_count(as_ann, q, &count, e));
    ck_assert_int_eq(count, 0);
    vidstore_query_free(q);
    vidstore_session_free(as_ann);
    vidstore_job_free(job);
}
END_TEST

START_TEST(group_56_a_thousand_canaries) {
    struct id jobs[1001];
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i <= 1000; i++) {
        vidstore_job_params *p = vidstore_job_params_new();
        vidstore_job *job = NULL;
        vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
        must(vidstore_job_submit(sys, p, &job, e));
        jobs[i] = id_of(vidstore_job_id(job));
        vidstore_job_free(job);
        vidstore_job_params_free(p);
        if (i < 1000)
            must(vidstore_audit_canary_set(sys, jobs[i].text, 1, e));
    }
    refused(VIDSTORE_QUOTA, "id", vidstore_audit_canary_set(sys, jobs[1000].text, 1, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(canary_alerts(), 0);
    must(vidstore_job_remove(sys, jobs[999].text, VIDSTORE_REMOVE_RESTRICT, e));
    ck_assert_int_eq(canary_alerts(), 1);
}
END_TEST

Suite *keys_watched_suite(void);

Suite *keys_watched_suite(void) {
    Suite *suite = suite_create("keys_watched");
    TCase *t = tcase_create("keys");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, end);
    tcase_add_test(t, group_56_a_key_that_nobody_uses);
    tcase_add_test(t, group_56_things_that_nobody_touches);
    tcase_add_test(t, group_56_a_thousand_canaries);
    suite_add_tcase(suite, t);
    return suite;
}
