/* SPDX-License-Identifier: MIT */
/* Leases while somebody sets the clock, with clocks that the test moves. */
#include "../api/work.h"
#include "call/call_leases.h"
#include "jobs/job_lease.h"
#include "jobs/jobs.h"
#include "store/session.h"
#include "util/env.h"
#include <inttypes.h>
#include <stdatomic.h>

#define SECOND_US INT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)

static _Atomic int64_t wall_ahead, boot_ahead; /* how far the clock, and the time since the start, are */

static int64_t moved_now(void) {
    return vs_env_real.now_us() + wall_ahead;
}

static int64_t moved_boot(void) {
    return vs_env_real.boot_us() + boot_ahead;
}

static void start(void) {
    static struct vs_env env;
    env = vs_env_real;
    env.now_us = moved_now;
    env.boot_us = moved_boot;
    wall_ahead = boot_ahead = 0;
    vs_env_set(&env);
    begin();
}

static void stop(void) {
    end();
    vs_env_set(NULL);
}

static void pass(int64_t us) {
    wall_ahead += us;
    boot_ahead += us;
}

static int change_op(struct vs_conn *conn, void *sql, vidstore_error **e) {
    struct vs_stmt *s = NULL;
    int r = vs_stmt_composed(conn, sql, strlen(sql), &s, e);
    return r ? r : vs_run(s, NULL, e);
}

/* As if the machine had been started anew since the last renewal. */
static void start_machine(void) {
    static char sql[] = "UPDATE jobs SET lease_boot = 'another', lease_boot_us = 1 WHERE lease_boot IS NOT NULL";
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_session_write(sys, change_op, sql, &error), 0);
}

static int count_op(struct vs_conn *conn, void *count, vidstore_error **e) {
    return vs_jobs_expired(conn, 100, count, e);
}

static int64_t expired(void) {
    int64_t count = -1;
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_session_read(sys, count_op, &count, &error), 0);
    return count;
}

static vidstore_status write_something(vidstore_lease *lease, vidstore_error **e) {
    return vidstore_lease_checkpoint(lease, "c", 1, e);
}

static void nobody_gets_it(void) {
    vidstore_lease *none = claim_or_none("x");
    ck_assert_ptr_null(none);
}

static void somebody_gets_it(struct id id) {
    vidstore_lease *lease = claim("x");
    ck_assert_str_eq(job_of(lease).text, id.text);
    ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(lease), VIDSTORE_JOB_CRASHES), 1);
    finish(lease);
}

START_TEST(a_step_of_the_clock_takes_no_job_from_its_worker) {
    static const int64_t steps[] = {HOUR_US, -HOUR_US};
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    wall_ahead = steps[_i];
    ck_assert_int_eq(expired(), 0);
    nobody_gets_it();
    must(write_something(lease, e));
    must(vidstore_lease_progress(lease, "going on", 1, 2, e));
    nobody_gets_it();
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_CRASHES), 0);
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(a_step_of_the_clock_saves_no_dead_worker) {
    static const int64_t steps[] = {HOUR_US, -HOUR_US};
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease_free(claim("x"));
    wall_ahead = steps[_i];
    pass(29 * SECOND_US);
    nobody_gets_it();
    pass(2 * SECOND_US);
    ck_assert_int_eq(expired(), 1);
    somebody_gets_it(id);
}
END_TEST

START_TEST(a_cancelled_job_is_left_to_its_worker_whatever_the_clock_says) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    wall_ahead = HOUR_US;
    must(vidstore_job_cancel(sys, id.text, NULL, e));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING);
    must(vidstore_lease_release(lease, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_CANCELLED);
}
END_TEST

START_TEST(a_lease_of_an_earlier_start_goes_by_the_clock) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease_free(claim("x"));
    start_machine();
    boot_ahead = 24 * HOUR_US; /* counts from another start */
    nobody_gets_it();
    pass(31 * SECOND_US);
    somebody_gets_it(id);
}
END_TEST

START_TEST(a_clock_that_went_back_with_the_start_costs_one_lease) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease_free(claim("x"));
    start_machine();
    wall_ahead = -HOUR_US;
    nobody_gets_it(); /* but the time runs from now on */
    ck_assert_int_le(job_int(id, VIDSTORE_JOB_LEASE_UNTIL_US), moved_now() + 30 * SECOND_US);
    pass(28 * SECOND_US);
    nobody_gets_it();
    pass(3 * SECOND_US);
    somebody_gets_it(id);
}
END_TEST

START_TEST(late_is_not_lost) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x"), *same = NULL;
    pass(40 * SECOND_US);
    ck_assert_int_eq(expired(), 1);
    must(write_something(lease, e));
    must(vidstore_lease_attach(sys, vidstore_lease_token(lease), &same, e));
    vidstore_lease_free(same);
    must(vidstore_lease_progress(lease, "late", 1, 2, e)); /* renews */
    ck_assert_int_eq(expired(), 0);
    nobody_gets_it();
    pass(40 * SECOND_US);
    somebody_gets_it(id);
    refused(VIDSTORE_LEASE_LOST, "lease", write_something(lease, e));
    ck_assert_uint_eq(vidstore_lease_signals(lease), VIDSTORE_SIGNAL_LOST);
    vidstore_lease_free(lease);
}
END_TEST

START_TEST(an_attempt_ends_no_earlier_than_it_began) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_text *json = NULL;
    int64_t began = 0, ended = 0;
    wall_ahead = -HOUR_US;
    finish(lease);
    must(vidstore_job_history(sys, id.text, &json, e));
    const char *at = strstr(vidstore_text_data(json), "\"started\":");
    ck_assert_msg(at && sscanf(at, "\"started\":%" SCNd64 ",\"ended\":%" SCNd64, &began, &ended) == 2, "%s",
                  vidstore_text_data(json));
    ck_assert_int_eq(began, ended);
    vidstore_text_free(json);
}
END_TEST

/* Whoever claimed them has forgotten them: nobody will ever use the tokens again. */
START_TEST(lost_leases_are_not_kept_by_name) {
    enum { LEASES = 80 };
    int before = atomic_load(&store->refs);
    for (int i = 0; i < LEASES; i++) {
        vidstore_text *text = NULL;
        char token[80] = "";
        struct vs_kept_lease *kept = NULL;
        submit(sys, "{\"kind\": \"x\"}");
        must(vidstore_call(sys, "job.claim", "{\"kinds\": \"x\"}", &text, e));
        const char *at = strstr(vidstore_text_data(text), "\"token\":\"");
        ck_assert(at && sscanf(at, "\"token\":\"%70[0-9a-f]", token) == 1);
        vidstore_text_free(text);
        vidstore_error *error = NULL;
        ck_assert_int_eq(vs_call_lease_use(sys, token, &kept, &error), 0);
        vs_hold_lost(kept->lease->hold);
        vs_call_lease_done(store, kept, 0);
    }
    ck_assert_int_lt(atomic_load(&store->refs), before + LEASES / 2);
}
END_TEST

Suite *jobs_clock_suite(void);
Suite *jobs_clock_suite(void) {
    Suite *suite = suite_create("jobs_clock");
    TCase *clock = tcase_create("clock");
    tcase_add_checked_fixture(clock, start, stop);
    tcase_add_loop_test(clock, a_step_of_the_clock_takes_no_job_from_its_worker, 0, 2);
    tcase_add_loop_test(clock, a_step_of_the_clock_saves_no_dead_worker, 0, 2);
    tcase_add_test(clock, a_cancelled_job_is_left_to_its_worker_whatever_the_clock_says);
    tcase_add_test(clock, a_lease_of_an_earlier_start_goes_by_the_clock);
    tcase_add_test(clock, a_clock_that_went_back_with_the_start_costs_one_lease);
    tcase_add_test(clock, late_is_not_lost);
    tcase_add_test(clock, an_attempt_ends_no_earlier_than_it_began);
    tcase_add_test(clock, lost_leases_are_not_kept_by_name);
    suite_add_tcase(suite, clock);
    return suite;
}
