/* SPDX-License-Identifier: MIT */
/* Claiming: which job is next, and that nobody gets what another has. */
#include "leases.h"

START_TEST(the_most_urgent_then_the_oldest) {
    static const char *const priorities[] = {"low", "normal", "urgent", "high", "normal", "urgent"};
    static const int order[] = {2, 5, 3, 1, 4, 0};
    struct id ids[6];
    char json[64];
    for (int i = 0; i < 6; i++) {
        snprintf(json, sizeof json, "{\"kind\": \"x\", \"priority\": \"%s\"}", priorities[i]);
        ids[i] = submit(sys, json);
    }
    for (int i = 0; i < 6; i++) {
        vidstore_lease *lease = claim(NULL);
        ck_assert_str_eq(job_of(lease).text, ids[order[i]].text);
        finish(lease);
    }
}
END_TEST

START_TEST(only_of_the_kinds_asked_for) {
    struct id a = submit(sys, "{\"kind\": \"a\"}"), b = submit(sys, "{\"kind\": \"b\"}");
    submit(sys, "{\"kind\": \"c\", \"priority\": \"urgent\"}");
    vidstore_lease *first = claim("b, a"), *second = claim("b, a");
    ck_assert_str_eq(job_of(first).text, a.text);
    ck_assert_str_eq(job_of(second).text, b.text);
    vidstore_lease *none = claim_or_none("b, a");
    ck_assert_ptr_null(none);
    finish(first);
    finish(second);
}
END_TEST

START_TEST(bad_claims) {
    vidstore_lease *lease = (vidstore_lease *)sys;
    char kinds[4200];
    memset(kinds, 'k', sizeof kinds);
    refused(VIDSTORE_INVALID, "kinds", vidstore_job_claim(sys, "", 0, &lease, e));
    ck_assert_ptr_null(lease);
    refused(VIDSTORE_INVALID, "kinds", vidstore_job_claim(sys, "a,,b", 0, &lease, e));
    refused(VIDSTORE_INVALID, "kinds", vidstore_job_claim(sys, "a/b", 0, &lease, e));
    kinds[4197] = '\0';
    refused(VIDSTORE_INVALID, "kinds", vidstore_job_claim(sys, kinds, 0, &lease, e));
    for (int i = 0; i < 130; i += 2)
        memcpy(kinds + i, "k,", 2);
    kinds[129] = '\0'; /* 65 of them */
    refused(VIDSTORE_INVALID, "kinds", vidstore_job_claim(sys, kinds, 0, &lease, e));
    kinds[127] = '\0';
    must(vidstore_job_claim(sys, kinds, 0, &lease, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_job_claim(sys, NULL, -1, &lease, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_job_claim(sys, NULL, 86400001, &lease, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, "session", vidstore_job_claim(sys, NULL, 0, &lease, e));
    must(vidstore_rollback(sys, e));
}
END_TEST

static void *submit_soon(void *arg) {
    vidstore_session *session = NULL;
    (void)arg;
    must(vidstore_session_system(store, "late", &session, e));
    sleep_ms(100);
    submit(session, "{\"kind\": \"x\"}");
    vidstore_session_free(session);
    return NULL;
}

static void *interrupt_soon(void *session) {
    sleep_ms(100);
    vidstore_interrupt(session);
    return NULL;
}

START_TEST(waiting_for_a_job) {
    vidstore_lease *lease = NULL;
    pthread_t thread;
    int64_t began = now_ms();
    must(vidstore_job_claim(sys, "x", 200, &lease, e));
    ck_assert_ptr_null(lease);
    ck_assert_int_ge(now_ms() - began, 199);
    pthread_create(&thread, NULL, submit_soon, NULL);
    must(vidstore_job_claim(sys, "x", 20000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    finish(lease);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, interrupt_soon, sys);
    refused(VIDSTORE_CANCELLED, NULL, vidstore_job_claim(sys, "x", 20000, &lease, e));
    pthread_join(thread, NULL);
    ck_assert_int_lt(now_ms() - began, 15000);
}
END_TEST

START_TEST(a_claim_says_what_it_did) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    const vidstore_job *job = vidstore_lease_job(lease);
    ck_assert_str_eq(vidstore_job_id(job), id.text);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_RUNNING);
    ck_assert_str_eq(vidstore_job_status(job), "initializing");
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_ATTEMPTS), 1);
    ck_assert(!vidstore_job_is_null(job, VIDSTORE_JOB_WORKER) && !vidstore_job_is_null(job, VIDSTORE_JOB_STARTED_US));
    int64_t length =
        vidstore_job_int64(job, VIDSTORE_JOB_LEASE_UNTIL_US) - vidstore_job_int64(job, VIDSTORE_JOB_STARTED_US);
    ck_assert_int_eq(length, 30000000);
    ck_assert_uint_eq(strlen(vidstore_lease_token(lease)), 64);
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    ck_assert_int_eq(events("action = job_started"), 1);
    finish(lease);
}
END_TEST

static atomic_int worked[400], claimed;

static void *work_off(void *arg) {
    vidstore_session *session = NULL;
    (void)arg;
    must(vidstore_session_system(store, "worker", &session, e));
    for (;;) {
        vidstore_lease *lease = NULL;
        must(vidstore_job_claim(session, NULL, 0, &lease, e));
        if (!lease)
            break;
        atomic_fetch_add(&claimed, 1);
        atomic_fetch_add(&worked[vidstore_job_int64(vidstore_lease_job(lease), VIDSTORE_JOB_POSITION)], 1);
        finish(lease);
    }
    vidstore_session_free(session);
    return NULL;
}

START_TEST(nobody_gets_what_another_has) {
    enum { THREADS = 8, JOBS = 400 };
    pthread_t threads[THREADS];
    char json[64];
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i < JOBS; i++) {
        snprintf(json, sizeof json, "{\"kind\": \"x\", \"position\": %d}", i);
        submit(sys, json);
    }
    must(vidstore_commit(sys, e));
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work_off, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(claimed, JOBS);
    for (int i = 0; i < JOBS; i++)
        ck_assert_int_eq(worked[i], 1);
    ck_assert_int_eq(count_jobs(sys, "state = completed and attempts = 1"), JOBS);
}
END_TEST

Suite *leases_claim_suite(void);

Suite *leases_claim_suite(void) {
    Suite *suite = suite_create("leases_claim");
    TCase *t = tcase_create("claims");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, the_most_urgent_then_the_oldest);
    tcase_add_test(t, only_of_the_kinds_asked_for);
    tcase_add_test(t, bad_claims);
    tcase_add_test(t, waiting_for_a_job);
    tcase_add_test(t, a_claim_says_what_it_did);
    tcase_add_test(t, nobody_gets_what_another_has);
    suite_add_tcase(suite, t);
    return suite;
}
