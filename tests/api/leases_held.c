/* SPDX-License-Identifier: MIT */
/* Leases that are kept: what renews them, and what must not cost one. */
#include "leases.h"

START_TEST(a_held_lease_is_renewed) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    int64_t until = job_int(id, VIDSTORE_JOB_LEASE_UNTIL_US);
    for (int i = 0; i < 15; i++) {
        vidstore_lease *none = NULL;
        must(vidstore_job_claim(sys, "x", 100, &none, e));
        ck_assert_ptr_null(none);
        must(vidstore_lease_progress(lease, NULL, i, 15, e));
    }
    ck_assert_int_gt(job_int(id, VIDSTORE_JOB_LEASE_UNTIL_US), until + 1000000);
    ck_assert_int_ge(job_int(id, VIDSTORE_JOB_STAGE_DONE), 8); /* the renewals wrote it */
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_VERSION), 2);
    finish(lease);
}
END_TEST

/* Long before its lease is renewed: any commit of the process takes it along. */
START_TEST(progress_rides_with_the_commits_of_others) {
    enum { LEASES = 3 };
    struct id id[LEASES];
    vidstore_lease *lease[LEASES];
    set("job.lease_ms", "600000");
    for (int i = 0; i < LEASES; i++) {
        id[i] = submit(sys, "{\"kind\": \"x\"}");
        lease[i] = claim("x");
    }
    int64_t version = job_int(id[0], VIDSTORE_JOB_VERSION), until = job_int(id[0], VIDSTORE_JOB_LEASE_UNTIL_US);
    sleep_ms(30);
    for (int i = 0; i < LEASES; i++)
        must(vidstore_lease_progress(lease[i], NULL, 10 + i, 100, e));
    ck_assert_int_ne(job_int(id[0], VIDSTORE_JOB_STAGE_DONE), 10);
    submit(sys, "{\"kind\": \"y\"}");
    for (int i = 0; i < LEASES; i++)
        ck_assert_int_eq(job_int(id[i], VIDSTORE_JOB_STAGE_DONE), 10 + i);
    ck_assert_int_eq(job_int(id[0], VIDSTORE_JOB_VERSION), version);
    ck_assert_int_gt(job_int(id[0], VIDSTORE_JOB_LEASE_UNTIL_US), until); /* renewed in passing */
    must(vidstore_job_cancel(sys, id[1].text, NULL, e));
    sleep_ms(30);
    for (int i = 0; i < LEASES; i++)
        vidstore_lease_progress(lease[i], NULL, 20 + i, 100, NULL); /* of the cancelled one it may be told already */
    submit(sys, "{\"kind\": \"y\"}");
    ck_assert_int_eq(job_int(id[2], VIDSTORE_JOB_STAGE_DONE), 22);
    ck_assert_uint_eq(vidstore_lease_signals(lease[1]), VIDSTORE_SIGNAL_CANCEL);
    for (int i = 0; i < LEASES; i++)
        vidstore_lease_free(lease[i]);
}
END_TEST

/* All but the one that stands still. */
START_TEST(leases_are_renewed_together) {
    enum { LEASES = 5, STILL = 3 };
    struct id id[LEASES];
    vidstore_lease *lease[LEASES];
    int64_t until[LEASES];
    set("job.lease_ms", "600");
    set("job.stall_ms", "1000");
    for (int i = 0; i < LEASES; i++) {
        id[i] = submit(sys, "{\"kind\": \"x\"}");
        lease[i] = claim("x");
        until[i] = job_int(id[i], VIDSTORE_JOB_LEASE_UNTIL_US);
    }
    must(vidstore_job_cancel(sys, id[1].text, NULL, e));
    for (int n = 0; n < 12; n++) {
        sleep_ms(100);
        for (int i = 0; i < LEASES; i++)
            if (i != STILL && i != 1)
                must(vidstore_lease_progress(lease[i], NULL, 100 * i + n, 1000, e));
    }
    ck_assert_uint_eq(vidstore_lease_signals(lease[1]), VIDSTORE_SIGNAL_CANCEL);
    for (int i = 0; i < LEASES; i++) {
        if (i != STILL && i != 1) {
            ck_assert_int_gt(job_int(id[i], VIDSTORE_JOB_LEASE_UNTIL_US), until[i] + 300000);
            ck_assert_int_ge(job_int(id[i], VIDSTORE_JOB_STAGE_DONE), 100 * i + 3);
            ck_assert_uint_eq(vidstore_lease_signals(lease[i]), 0);
        }
        vidstore_lease_free(lease[i]);
    }
}
END_TEST

START_TEST(a_transaction_of_the_host_costs_no_lease) {
    set("job.lease_ms", "3000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    for (int i = 0; i < 2; i++) {
        must(vidstore_begin(sys, 0, e));
        submit(sys, "{\"kind\": \"y\"}");
        sleep_ms(1800); /* longer than a renewal can wait */
        must(vidstore_commit(sys, e));
        sleep_ms(300);
    }
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

/* The settings that a renewal needs are read behind what the host reads. */
START_TEST(long_reads_cost_no_lease) {
    int64_t ms = 2500;
    pthread_t thread;
    vidstore *other = NULL;
    vidstore_session *rival = NULL;
    close_store();
    open_store_with(VIDSTORE_OPEN_READERS, 1);
    must(vidstore_open(place, NULL, &other, e));
    must(vidstore_session_system(other, "rival", &rival, e));
    set("job.lease_ms", "800");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x"), *stolen = NULL;
    ck_assert_int_eq(pthread_create(&thread, NULL, read_for, &ms), 0);
    must(vidstore_job_claim(rival, "x", 2000, &stolen, e));
    ck_assert_ptr_null(stolen);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    finish(lease);
    vidstore_session_free(rival);
    vidstore_close(other);
}
END_TEST

START_TEST(a_freed_lease_runs_out) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\", \"max_crashes\": 2, \"max_attempts\": 1}");
    for (int crash = 1; crash <= 2; crash++) {
        vidstore_lease *lease = NULL;
        must(vidstore_job_claim(sys, "x", 10000, &lease, e));
        ck_assert_ptr_nonnull(lease);
        ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(lease), VIDSTORE_JOB_CRASHES), crash - 1);
        vidstore_lease_free(lease);
    }
    vidstore_lease *none = NULL;
    must(vidstore_job_claim(sys, "x", 1000, &none, e));
    ck_assert_ptr_null(none);
    vidstore_job *job = get_job(id);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_DEAD);
    ck_assert_str_eq(vidstore_job_status(job), "failed");
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CRASHES), 2);
    vidstore_job_free(job);
    must(vidstore_job_retry(sys, id.text, NULL, e));
    finish(claim("x"));
}
END_TEST

START_TEST(another_process_goes_on_with_the_token) {
    set("job.lease_ms", "1000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x"), *second = NULL;
    char token[65];
    snprintf(token, sizeof token, "%s", vidstore_lease_token(lease));
    vidstore *again = NULL;
    vidstore_session *there = NULL;
    must(vidstore_open(place, NULL, &again, e));
    must(vidstore_session_system(again, "second", &there, e));
    must(vidstore_lease_attach(there, token, &second, e));
    ck_assert_str_eq(job_of(second).text, id.text);
    vidstore_lease_free(lease); /* no crash: the other one renews it */
    sleep_ms(1500);
    must(vidstore_lease_progress(second, "going on", 1, 2, e));
    finish(second);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_ATTEMPTS), 1);
    second = (vidstore_lease *)sys;
    refused(VIDSTORE_LEASE_LOST, "token", vidstore_lease_attach(there, token, &second, e));
    ck_assert_ptr_null(second);
    token[0] = 'g';
    refused(VIDSTORE_INVALID, "token", vidstore_lease_attach(there, token, &second, e));
    refused(VIDSTORE_INVALID, "token", vidstore_lease_attach(there, "", &second, e));
    refused(VIDSTORE_MISUSE, "token", vidstore_lease_attach(there, NULL, &second, e));
    vidstore_session_free(there);
    vidstore_close(again);
}
END_TEST

START_TEST(a_closing_store_asks_its_workers_to_end) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    close_store();
    ck_assert_uint_eq(vidstore_lease_signals(lease), VIDSTORE_SIGNAL_DRAIN);
    must(vidstore_lease_progress(lease, "last words", 1, 1, e));
    finish(lease); /* the last one to hold the store closes it */
    open_store();
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

/* --- all at once ----------------------------------------------------------------------------------------------------
 */

static atomic_int stop_reporting;

static void *report(void *lease) {
    for (int64_t i = 0; !atomic_load(&stop_reporting); i++) {
        vidstore_lease_progress(lease, i % 100 ? NULL : i % 200 ? "odd" : "even", i, INT64_MIN, NULL);
        vidstore_lease_signals(lease);
    }
    return NULL;
}

START_TEST(progress_from_many_threads) {
    set("job.lease_ms", "500");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    pthread_t threads[4];
    atomic_store(&stop_reporting, 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, report, lease);
    for (int i = 0; i < 20; i++) {
        must(vidstore_lease_checkpoint(lease, &i, sizeof i, e));
        sleep_ms(20);
    }
    atomic_store(&stop_reporting, 1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    finish(lease);
}
END_TEST

Suite *leases_held_suite(void);

Suite *leases_held_suite(void) {
    Suite *suite = suite_create("leases_held");
    TCase *t = tcase_create("losing");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_held_lease_is_renewed);
    tcase_add_test(t, progress_rides_with_the_commits_of_others);
    tcase_add_test(t, leases_are_renewed_together);
    tcase_add_test(t, a_transaction_of_the_host_costs_no_lease);
    tcase_add_test(t, long_reads_cost_no_lease);
    tcase_add_test(t, a_freed_lease_runs_out);
    tcase_add_test(t, another_process_goes_on_with_the_token);
    tcase_add_test(t, a_closing_store_asks_its_workers_to_end);
    tcase_add_test(t, progress_from_many_threads);
    suite_add_tcase(suite, t);
    return suite;
}
