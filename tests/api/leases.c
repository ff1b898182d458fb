/* SPDX-License-Identifier: MIT */
/* Claiming, renewing, losing and ending leases: with threads, with processes, with kill -9. */
#include "leases.h"

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

Suite *leases_suite(void);

Suite *leases_suite(void) {
    Suite *suite = suite_create("leases");
    TCase *t = tcase_create("work");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, progress_is_kept_and_never_goes_back);
    tcase_add_test(t, bad_progress);
    tcase_add_test(t, a_checkpoint_outlives_the_attempt);
    tcase_add_test(t, finishing);
    tcase_add_test(t, failing_again_and_again);
    tcase_add_test(t, the_delay_ends_at_an_hour);
    tcase_add_test(t, a_failure_that_is_final);
    tcase_add_test(t, what_is_given_back_was_no_attempt);
    tcase_add_test(t, a_cancelled_job_is_not_tried_again);
    tcase_add_test(t, what_is_done_is_done_though_cancelled);
    tcase_add_test(t, the_outputs_and_the_end_are_one_commit);
    tcase_add_test(t, a_worker_acts_for_the_owner);
    tcase_add_test(t, a_path_that_an_admin_named_is_copied_for_the_owner);
    tcase_add_test(t, an_open_transaction_goes_with_the_lease);
    suite_add_tcase(suite, t);
    return suite;
}
