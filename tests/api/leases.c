/* SPDX-License-Identifier: MIT */
/* Claiming, renewing, losing and ending leases: with threads, with processes, with kill -9. */
#include "work.h"
#include <stdatomic.h>

/* --- claiming ---------------------------------------------------------------------------------------------------- */

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

/* --- progress and checkpoints ------------------------------------------------------------------------------------ */

START_TEST(progress_is_kept_and_never_goes_back) {
    struct id id = submit(sys, "{\"kind\": \"download_only\"}");
    vidstore_lease *lease = claim(NULL);
    int64_t version = job_int(id, VIDSTORE_JOB_VERSION), updated = job_int(id, VIDSTORE_JOB_UPDATED_US);
    must(vidstore_lease_progress(lease, "downloading", 50, 100, e));
    vidstore_job *job = get_job(id);
    ck_assert_str_eq(vidstore_job_stage(job), "downloading");
    ck_assert_str_eq(vidstore_job_status(job), "downloading");
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_STAGE_DONE), 50);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_STAGE_TOTAL), 100);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_DONE), 4800); /* 1 % and half of 94 % */
    vidstore_job_free(job);
    must(vidstore_lease_progress(lease, NULL, 60, 100, e)); /* the same stage: in memory until the next renewal */
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STAGE_DONE), 50);
    must(vidstore_lease_progress(lease, "initializing", 0, INT64_MIN, e));
    job = get_job(id);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_DONE), 5740);
    ck_assert(vidstore_job_is_null(job, VIDSTORE_JOB_STAGE_TOTAL));
    ck_assert_int_eq(vidstore_job_version(job), version);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_UPDATED_US), updated);
    vidstore_job_free(job);
    must(vidstore_lease_progress(lease, "thinking", INT64_MAX, 1, e)); /* a stage that the kind does not know */
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_PROGRESS_DONE), 5740);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_PROGRESS_DONE), 10000);
}
END_TEST

START_TEST(bad_progress) {
    char stage[52];
    memset(stage, 's', sizeof stage);
    stage[51] = '\0';
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    refused(VIDSTORE_INVALID, "stage", vidstore_lease_progress(lease, stage, 0, 1, e));
    must(vidstore_lease_progress(lease, stage + 1, 0, 1, e));
    refused(VIDSTORE_INVALID, "stage", vidstore_lease_progress(lease, "", 0, 1, e));
    refused(VIDSTORE_INVALID, "stage", vidstore_lease_progress(lease, "a\tb", 0, 1, e));
    refused(VIDSTORE_INVALID, "stage", vidstore_lease_progress(lease, "\xff", 0, 1, e));
    refused(VIDSTORE_INVALID, "done", vidstore_lease_progress(lease, NULL, -1, 1, e));
    refused(VIDSTORE_INVALID, "done", vidstore_lease_progress(lease, NULL, INT64_MIN, 1, e));
    refused(VIDSTORE_INVALID, "total", vidstore_lease_progress(lease, NULL, 0, -1, e));
    must(vidstore_lease_progress(lease, NULL, INT64_MAX, INT64_MAX, e));
    refused(VIDSTORE_MISUSE, "lease", vidstore_lease_progress((vidstore_lease *)sys, NULL, 0, 0, e));
    finish(lease);
}
END_TEST

START_TEST(a_checkpoint_outlives_the_attempt) {
    enum { MOST = 1 << 20 };
    char *bytes = calloc(1, MOST + 1);
    vidstore_text *found = NULL;
    submit(sys, "{\"kind\": \"x\", \"backoff_ms\": 0}");
    vidstore_lease *lease = claim("x");
    must(vidstore_lease_checkpoint_get(lease, &found, e));
    ck_assert_ptr_null(found);
    refused(VIDSTORE_INVALID, "size", vidstore_lease_checkpoint(lease, bytes, MOST + 1, e));
    refused(VIDSTORE_INVALID, "size", vidstore_lease_checkpoint(lease, bytes, -1, e));
    refused(VIDSTORE_MISUSE, "data", vidstore_lease_checkpoint(lease, NULL, 1, e));
    must(vidstore_lease_checkpoint(lease, bytes, MOST, e));
    must(vidstore_lease_checkpoint(lease, "at \0 five", 9, e));
    must(vidstore_lease_fail(lease, "again", 1, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_checkpoint(lease, "x", 1, e));
    vidstore_lease_free(lease);
    lease = claim("x");
    must(vidstore_lease_checkpoint_get(lease, &found, e));
    ck_assert_int_eq(vidstore_text_size(found), 9);
    ck_assert_int_eq(memcmp(vidstore_text_data(found), "at \0 five", 9), 0);
    vidstore_text_free(found);
    must(vidstore_lease_checkpoint(lease, NULL, 0, e));
    must(vidstore_lease_checkpoint_get(lease, &found, e));
    ck_assert_ptr_null(found);
    finish(lease);
    free(bytes);
}
END_TEST

/* --- the ends ----------------------------------------------------------------------------------------------------- */

START_TEST(finishing) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    refused(VIDSTORE_INVALID, "result_json", vidstore_lease_finish(lease, "[1]", e));
    refused(VIDSTORE_INVALID, "result_json", vidstore_lease_finish(lease, "{", e));
    char *big = malloc(65538);
    memset(big, ' ', 65537);
    big[0] = '{', big[65535] = '}', big[65536] = ' ', big[65537] = '\0';
    refused(VIDSTORE_INVALID, "result_json", vidstore_lease_finish(lease, big, e));
    big[65536] = '\0';
    must(vidstore_lease_finish(lease, big, e));
    free(big);
    refused(VIDSTORE_STATE, "lease", vidstore_lease_finish(lease, NULL, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_fail(lease, "no", 1, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_release(lease, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_progress(lease, NULL, 1, 1, e));
    vidstore_job *job = NULL;
    must(vidstore_job_get(vidstore_lease_session(lease), id.text, &job, e)); /* looking is still allowed */
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_COMPLETED);
    ck_assert(!vidstore_job_is_null(job, VIDSTORE_JOB_COMPLETED_US) &&
              vidstore_job_is_null(job, VIDSTORE_JOB_LEASE_UNTIL_US));
    vidstore_job_free(job);
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_job_cancel(vidstore_lease_session(lease), id.text, NULL, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(events("action = job_completed"), 1);
}
END_TEST

/* The failed attempt's job, and when it comes again. */
static int64_t delay_after(vidstore_lease *lease) {
    struct id id = job_of(lease);
    must(vidstore_lease_fail(lease, "no", 1, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_SCHEDULED);
    return (job_int(id, VIDSTORE_JOB_RUN_AT_US) - job_int(id, VIDSTORE_JOB_UPDATED_US)) / 1000;
}

START_TEST(failing_again_and_again) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"max_attempts\": 3, \"backoff_ms\": 100000}");
    for (int attempt = 1; attempt < 3; attempt++) {
        int64_t delay = delay_after(claim("x"));
        ck_assert_int_ge(delay, 80000 * attempt);
        ck_assert_int_le(delay, 120000 * attempt);
        update(id, "{\"run_at\": null}");
    }
    vidstore_lease *lease = claim("x");
    must(vidstore_lease_fail(lease, "for the last time", 1, e));
    vidstore_lease_free(lease);
    vidstore_job *job = get_job(id);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_FAILED);
    ck_assert_str_eq(vidstore_job_text(job, VIDSTORE_JOB_ERROR), "for the last time");
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_ERROR_COUNT), 3);
    vidstore_job_free(job);
    ck_assert_int_eq(events("action = job_failed"), 3);
    must(vidstore_job_retry(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_READY);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_ATTEMPTS), 0);
    vidstore_job_free(job);
    ck_assert_int_eq(events("action = job_retried"), 1);
}
END_TEST

START_TEST(the_delay_ends_at_an_hour) {
    submit(sys, "{\"kind\": \"x\", \"backoff_ms\": 86400000}");
    int64_t delay = delay_after(claim("x"));
    ck_assert_int_ge(delay, 2880000);
    ck_assert_int_le(delay, 4320000);
}
END_TEST

START_TEST(a_failure_that_is_final) {
    char message[4098];
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    memset(message, 'm', sizeof message);
    message[4097] = '\0';
    refused(VIDSTORE_INVALID, "message", vidstore_lease_fail(lease, message, 0, e));
    refused(VIDSTORE_INVALID, "retry", vidstore_lease_fail(lease, "no", 2, e));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING);
    message[4096] = '\0';
    must(vidstore_lease_fail(lease, message, 0, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_FAILED);
}
END_TEST

START_TEST(what_is_given_back_was_no_attempt) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"max_attempts\": 1}");
    for (int i = 0; i < 3; i++) {
        vidstore_lease *lease = claim("x");
        must(vidstore_lease_release(lease, e));
        vidstore_lease_free(lease);
        ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_READY);
        ck_assert_int_eq(job_int(id, VIDSTORE_JOB_ATTEMPTS), 0);
    }
    finish(claim("x"));
    vidstore_text *json = NULL;
    must(vidstore_job_history(sys, id.text, &json, e));
    const char *text = vidstore_text_data(json), *at = text;
    for (int i = 0; i < 3; i++, at++)
        ck_assert_msg((at = strstr(at, "\"outcome\":\"released\"")) != NULL, "%s", text);
    ck_assert_ptr_nonnull(strstr(at, "\"outcome\":\"completed\""));
    at = text;
    for (int i = 1; i <= 4; i++, at++) { /* numbered all the same */
        char number[32];
        snprintf(number, sizeof number, "{\"number\":%d,", i);
        ck_assert_msg((at = strstr(at, number)) != NULL, "%s", text);
    }
    vidstore_text_free(json);
    ck_assert_int_eq(events("action = job_released"), 3);
}
END_TEST

static void expect_cancel(vidstore_lease *lease) {
    int64_t began = now_ms();
    while (!(vidstore_lease_signals(lease) & VIDSTORE_SIGNAL_CANCEL)) {
        ck_assert_msg(now_ms() - began < 10000, "the worker is not told");
        sleep_ms(2);
    }
}

START_TEST(a_cancelled_job_is_not_tried_again) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"backoff_ms\": 0}");
    vidstore_lease *lease = claim("x");
    must(vidstore_job_cancel(sys, id.text, NULL, e));
    expect_cancel(lease);
    refused(VIDSTORE_CANCELLED, "lease", vidstore_lease_progress(lease, NULL, 1, 2, e));
    must(vidstore_lease_fail(lease, "stopped", 1, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_CANCELLED);
}
END_TEST

START_TEST(what_is_done_is_done_though_cancelled) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    must(vidstore_job_cancel(sys, id.text, NULL, e));
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

/* --- the lease's session ------------------------------------------------------------------------------------------ */

static vidstore_status make_video(vidstore_session *session, vidstore_error **e) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, "made");
    vidstore_status status = vidstore_video_create(session, p, NULL, e);
    vidstore_video_params_free(p);
    return status;
}

START_TEST(the_outputs_and_the_end_are_one_commit) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    must(vidstore_begin(session, 0, e));
    must(make_video(session, e));
    must(vidstore_lease_finish(lease, NULL, e));
    refused(VIDSTORE_LEASE_LOST, "lease", make_video(session, e)); /* after the end nothing more */
    must(vidstore_rollback(session, e));
    ck_assert_int_eq(count_videos(), 0);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING);
    must(vidstore_begin(session, 0, e));
    must(make_video(session, e));
    must(vidstore_lease_progress(lease, "uploading", 1, 1, e)); /* can't be written now; nothing is lost by it */
    must(vidstore_lease_finish(lease, NULL, e));
    must(vidstore_commit(session, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(count_videos(), 1);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(a_worker_acts_for_the_owner) {
    struct id eve = add_user("eve", VIDSTORE_ROLE_VIEWER);
    char json[100];
    snprintf(json, sizeof json, "{\"kind\": \"x\", \"user_id\": \"%s\"}", eve.text);
    submit(sys, json);
    submit(sys, "{\"kind\": \"y\"}");
    vidstore_lease *lease = claim("x"), *none = NULL;
    vidstore_session *session = vidstore_lease_session(lease);
    ck_assert_str_eq(vidstore_session_user_id(session), eve.text);
    must(make_video(session, e)); /* a viewer may not, her worker must */
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_job_claim(session, "y", 0, &none, e));
    ck_assert_int_eq(count_jobs(session, NULL), 1);
    vidstore_session_free(session); /* is the lease's: stays */
    finish(lease);
    vidstore_session *hers = session_of(eve);
    int64_t count = 0;
    must(vidstore_video_count(hers, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    vidstore_session_free(hers);
    lease = claim("y");
    must(make_video(vidstore_lease_session(lease), e));
    finish(lease);
}
END_TEST

START_TEST(an_open_transaction_goes_with_the_lease) {
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    must(vidstore_begin(vidstore_lease_session(lease), 0, e));
    must(make_video(vidstore_lease_session(lease), e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(count_videos(), 0);
}
END_TEST

/* --- renewing and losing -------------------------------------------------------------------------------------------
 */

static void expect_lost(vidstore_lease *lease) {
    int64_t began = now_ms();
    while (!(vidstore_lease_signals(lease) & VIDSTORE_SIGNAL_LOST)) {
        ck_assert_msg(now_ms() - began < 10000, "the loss is not noticed");
        sleep_ms(5);
    }
}

static void expect_refusals(vidstore_lease *lease) {
    refused(VIDSTORE_LEASE_LOST, "lease", make_video(vidstore_lease_session(lease), e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_progress(lease, "late", 1, 1, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_checkpoint(lease, "late", 4, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_checkpoint_get(lease, NULL, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_fail(lease, "late", 1, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_release(lease, e));
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_finish(lease, NULL, e));
    ck_assert_int_eq(count_videos(), 0);
}

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

START_TEST(work_that_stands_still_is_given_to_another) {
    set("job.lease_ms", "500");
    set("job.stall_ms", "1000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x"), *next = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &next, e));
    ck_assert_ptr_nonnull(next);
    ck_assert_str_eq(job_of(next).text, id.text);
    ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(next), VIDSTORE_JOB_CRASHES), 1);
    expect_lost(lease);
    expect_refusals(lease);
    vidstore_lease_free(lease);
    finish(next);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(events("action = job_completed"), 1);
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

START_TEST(a_crash_is_no_failure) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\", \"max_attempts\": 2, \"backoff_ms\": 0}");
    vidstore_lease *lease = claim("x");
    vidstore_lease_free(lease);
    lease = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    must(vidstore_lease_fail(lease, "once", 1, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_READY); /* one failure is left */
    finish(claim("x"));
}
END_TEST

START_TEST(cancelling_what_nobody_works_at) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease_free(claim("x"));
    sleep_ms(600);
    vidstore_job *job = NULL;
    must(vidstore_job_cancel(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_CANCELLED);
    vidstore_job_free(job);
}
END_TEST

/* Somebody else gets the job of a worker that does not move. */
static vidstore_lease *replace(vidstore_lease *lease) {
    vidstore_lease *next = NULL;
    must(vidstore_job_claim(sys, "x", 10000, &next, e));
    ck_assert_ptr_nonnull(next);
    ck_assert_str_eq(job_of(next).text, job_of(lease).text);
    return next;
}

/* How a transaction that a lease was to end with comes to nothing. */
static void roll_back(vidstore_session *session) {
    must(vidstore_rollback(session, e));
}

static void roll_back_inner(vidstore_session *session) {
    must(vidstore_rollback(session, e));
    must(vidstore_commit(session, e));
}

static void expire_unnoticed(vidstore_session *session) {
    (void)session;
}

static void expire(vidstore_session *session) {
    sleep_ms(400);
    refused(VIDSTORE_TXN_EXPIRED, NULL, vidstore_commit(session, e));
}

static const struct undoing {
    int depth;
    void (*undo)(vidstore_session *session);
} undoings[] = {{1, roll_back}, {2, roll_back_inner}, {1, expire}, {1, expire_unnoticed}};

START_TEST(a_loss_is_told_after_an_end_that_was_undone) {
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_TXN_MAX_AGE_MS, 200);
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 3000);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_open_params_free(p);
    set("job.lease_ms", "500");
    set("job.stall_ms", "1000");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    for (int i = 0; i < undoings[_i].depth; i++)
        must(vidstore_begin(session, 0, e));
    must(vidstore_lease_finish(lease, NULL, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_finish(lease, NULL, e)); /* once is enough */
    undoings[_i].undo(session);
    vidstore_lease *next = replace(lease);
    expect_lost(lease);
    refused(VIDSTORE_LEASE_LOST, "lease", vidstore_lease_progress(lease, NULL, 1, 2, e));
    vidstore_lease_free(lease);
    finish(next);
}
END_TEST

START_TEST(an_end_that_was_committed_is_no_loss) {
    set("job.lease_ms", "500");
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    vidstore_session *session = vidstore_lease_session(lease);
    must(vidstore_begin(session, 0, e));
    must(vidstore_begin(session, 0, e));
    must(vidstore_lease_finish(lease, NULL, e));
    must(vidstore_commit(session, e)); /* now it is the outer one's */
    must(vidstore_begin(session, 0, e));
    must(vidstore_rollback(session, e));
    must(vidstore_commit(session, e));
    refused(VIDSTORE_STATE, "lease", vidstore_lease_progress(lease, NULL, 1, 2, e));
    sleep_ms(600);
    ck_assert_uint_eq(vidstore_lease_signals(lease), 0);
    vidstore_lease_free(lease);
}
END_TEST

START_TEST(a_path_that_an_admin_named_is_copied_for_the_owner) {
    struct id eve = add_user("eve", VIDSTORE_ROLE_USER);
    char json[400], path[100];
    snprintf(path, sizeof path, "%s/movie.mkv", folder);
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs("movie", f) >= 0 && fclose(f) == 0);
    snprintf(json, sizeof json, "{\"kind\": \"x\", \"user_id\": \"%s\", \"sources\": [{\"path\": \"%s\"}]}", eve.text,
             path);
    struct id id = submit(sys, json);
    vidstore_page *page = videos_of(id);
    const char *video = vidstore_video_id(vidstore_page_video(page, 0));
    vidstore_session *hers = session_of(eve);
    refused(VIDSTORE_FORBIDDEN, "url", vidstore_video_fetch(hers, video, NULL, e));
    vidstore_lease *lease = claim("x");
    vidstore_file *file = NULL;
    must(vidstore_video_fetch(vidstore_lease_session(lease), video, &file, e));
    ck_assert_int_eq(vidstore_file_size(file), 5);
    ck_assert_str_eq(vidstore_file_user_id(file), eve.text);
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_OUTPUT_FILE_ID, vidstore_file_id(file));
    must(vidstore_job_update(vidstore_lease_session(lease), id.text, p, NULL, e));
    finish(lease);
    struct id other = submit(sys, "{\"kind\": \"y\"}"); /* the system's: her file is none of it */
    refused(VIDSTORE_NOT_FOUND, "output_file_id", vidstore_job_update(sys, other.text, p, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "output_file_id", vidstore_job_submit(sys, p, NULL, e));
    must(vidstore_job_submit(hers, p, NULL, e));
    vidstore_job_params_free(p);
    vidstore_file_free(file);
    vidstore_page_free(page);
    vidstore_session_free(hers);
}
END_TEST

/* --- other processes ------------------------------------------------------------------------------------------------
 */

struct worker_child {
    pid_t pid;
    int said; /* a byte a step */
};

/* A process with a store of its own that claims a job, says so, and then lives until it is killed or continued. */
static struct worker_child start_worker(void (*then)(vidstore_lease *lease)) {
    struct worker_child child;
    int pipes[2];
    close_store();
    ck_assert_int_eq(pipe(pipes), 0);
    child.pid = fork();
    ck_assert_int_ge(child.pid, 0);
    if (child.pid == 0) {
        open_store();
        vidstore_lease *lease = claim("x");
        ck_assert_int_eq(write(pipes[1], "c", 1), 1);
        then(lease);
        _exit(0);
    }
    close(pipes[1]);
    child.said = pipes[0];
    char byte = 0;
    ck_assert_int_eq(read(child.said, &byte, 1), 1);
    open_store();
    return child;
}

static int end_of(struct worker_child *child) {
    int status = 0;
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    close(child->said);
    return status;
}

static void live_on(vidstore_lease *lease) {
    must(vidstore_lease_progress(lease, "deep in work", 1, 2, e));
    for (;;)
        sleep_ms(1000);
}

START_TEST(a_killed_worker_is_replaced) {
    set("job.lease_ms", "1000");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(live_on);
    vidstore_lease *lease = NULL;
    must(vidstore_job_claim(sys, "x", 2500, &lease, e)); /* it lives: nobody takes its job */
    ck_assert_ptr_null(lease);
    kill(child.pid, SIGKILL);
    ck_assert(WIFSIGNALED(end_of(&child)));
    int64_t began = now_ms();
    must(vidstore_job_claim(sys, "x", 20000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    ck_assert_int_lt(now_ms() - began, 2000); /* the lease, and a second */
    ck_assert_int_eq(vidstore_job_int64(vidstore_lease_job(lease), VIDSTORE_JOB_ATTEMPTS), 2);
    finish(lease);
    vidstore_text *json = NULL;
    must(vidstore_job_history(sys, id.text, &json, e));
    const char *crashed = strstr(vidstore_text_data(json), "\"outcome\":\"crashed\"");
    ck_assert_msg(crashed && strstr(crashed, "\"stage\":\"deep in work\"") &&
                      strstr(crashed, "\"outcome\":\"completed\""),
                  "%s", vidstore_text_data(json));
    vidstore_text_free(json);
}
END_TEST

static void stop_and_try(vidstore_lease *lease) {
    raise(SIGSTOP);
    vidstore_error *error = NULL;
    vidstore_status made = make_video(vidstore_lease_session(lease), NULL);
    vidstore_status ended = vidstore_lease_finish(lease, "{\"late\": true}", &error);
    _exit(made == VIDSTORE_LEASE_LOST && ended == VIDSTORE_LEASE_LOST ? 7 : 1);
}

START_TEST(a_worker_that_slept_changes_nothing) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(stop_and_try);
    vidstore_lease *lease = NULL;
    must(vidstore_job_claim(sys, "x", 20000, &lease, e));
    ck_assert_ptr_nonnull(lease);
    kill(child.pid, SIGCONT);
    int status = end_of(&child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the late worker was not told: %x", (unsigned)status);
    must(vidstore_lease_finish(lease, "{\"late\": false}", e));
    vidstore_lease_free(lease);
    vidstore_job *job = get_job(id);
    ck_assert_str_eq(vidstore_job_text(job, VIDSTORE_JOB_RESULT), "{\"late\": false}");
    vidstore_job_free(job);
    ck_assert_int_eq(count_videos(), 0);
}
END_TEST

static void sleep_and_finish(vidstore_lease *lease) {
    raise(SIGSTOP);
    sleep_ms(300); /* time enough for the renewal that is late */
    _exit(vidstore_lease_finish(lease, NULL, NULL) == VIDSTORE_OK ? 7 : 1);
}

START_TEST(who_is_late_but_not_replaced_goes_on) {
    set("job.lease_ms", "500");
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    struct worker_child child = start_worker(sleep_and_finish);
    sleep_ms(700);
    kill(child.pid, SIGCONT);
    int status = end_of(&child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the late worker was stopped: %x", (unsigned)status);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_CRASHES), 0);
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

static void use_in_child(void *arg) {
    vidstore_lease *lease = arg;
    refused(VIDSTORE_FORKED, "lease", vidstore_lease_progress(lease, "forked", 1, 2, e));
    refused(VIDSTORE_FORKED, "lease", vidstore_lease_finish(lease, NULL, e));
    ck_assert_str_eq(vidstore_job_kind(vidstore_lease_job(lease)), "x");
    vidstore_lease_free(lease);
}

START_TEST(a_fork_has_no_lease) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    in_child(use_in_child, lease);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
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

Suite *leases_suite(void);
Suite *leases_suite(void) {
    Suite *suite = suite_create("leases");
    TCase *claiming = tcase_create("claims");
    tcase_add_checked_fixture(claiming, begin, end);
    tcase_add_test(claiming, the_most_urgent_then_the_oldest);
    tcase_add_test(claiming, only_of_the_kinds_asked_for);
    tcase_add_test(claiming, bad_claims);
    tcase_add_test(claiming, waiting_for_a_job);
    tcase_add_test(claiming, a_claim_says_what_it_did);
    tcase_add_test(claiming, nobody_gets_what_another_has);
    suite_add_tcase(suite, claiming);
    TCase *working = tcase_create("work");
    tcase_add_checked_fixture(working, begin, end);
    tcase_add_test(working, progress_is_kept_and_never_goes_back);
    tcase_add_test(working, bad_progress);
    tcase_add_test(working, a_checkpoint_outlives_the_attempt);
    tcase_add_test(working, finishing);
    tcase_add_test(working, failing_again_and_again);
    tcase_add_test(working, the_delay_ends_at_an_hour);
    tcase_add_test(working, a_failure_that_is_final);
    tcase_add_test(working, what_is_given_back_was_no_attempt);
    tcase_add_test(working, a_cancelled_job_is_not_tried_again);
    tcase_add_test(working, what_is_done_is_done_though_cancelled);
    tcase_add_test(working, the_outputs_and_the_end_are_one_commit);
    tcase_add_test(working, a_worker_acts_for_the_owner);
    tcase_add_test(working, a_path_that_an_admin_named_is_copied_for_the_owner);
    tcase_add_test(working, an_open_transaction_goes_with_the_lease);
    suite_add_tcase(suite, working);
    TCase *losing = tcase_create("losing");
    tcase_add_checked_fixture(losing, begin, end);
    tcase_add_test(losing, a_held_lease_is_renewed);
    tcase_add_test(losing, progress_rides_with_the_commits_of_others);
    tcase_add_test(losing, leases_are_renewed_together);
    tcase_add_test(losing, a_transaction_of_the_host_costs_no_lease);
    tcase_add_test(losing, long_reads_cost_no_lease);
    tcase_add_test(losing, work_that_stands_still_is_given_to_another);
    tcase_add_test(losing, a_freed_lease_runs_out);
    tcase_add_test(losing, a_crash_is_no_failure);
    tcase_add_test(losing, cancelling_what_nobody_works_at);
    tcase_add_loop_test(losing, a_loss_is_told_after_an_end_that_was_undone, 0, sizeof undoings / sizeof *undoings);
    tcase_add_test(losing, an_end_that_was_committed_is_no_loss);
    tcase_add_test(losing, a_killed_worker_is_replaced);
    tcase_add_test(losing, a_worker_that_slept_changes_nothing);
    tcase_add_test(losing, who_is_late_but_not_replaced_goes_on);
    tcase_add_test(losing, another_process_goes_on_with_the_token);
    tcase_add_test(losing, a_fork_has_no_lease);
    tcase_add_test(losing, a_closing_store_asks_its_workers_to_end);
    tcase_add_test(losing, progress_from_many_threads);
    suite_add_tcase(suite, losing);
    return suite;
}
