/* SPDX-License-Identifier: MIT */
/* Seasons: many jobs in one, and what becomes of them. */
#include "jobs.h"

static const struct expansion {
    const char *kind, *kinds[5];
} expansions[] = {
    {"full_pipeline", {"full_pipeline", "full_pipeline", "merge_episodes", "compress_only"}},
    {"download_only", {"download_only", "download_only"}},
    {"process_only", {"process_only", "process_only"}},
    {"compress_only", {"compress_only", "compress_only"}},
    {"merge_episodes", {"download_only", "download_only", "merge_episodes"}},
    {"my.own-kind", {"my.own-kind", "my.own-kind"}},
};

START_TEST(a_season_has_the_children_of_its_kind) {
    const struct expansion *it = &expansions[_i];
    vidstore_job *job = NULL;
    vidstore_job_params *p = many_sources(it->kind, 2);
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    struct id id = id_of(vidstore_job_id(job));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_BLOCKED);
    vidstore_page *page = children_of(id);
    int64_t count = vidstore_page_count(page);
    ck_assert_int_eq(count, vidstore_job_int64(job, VIDSTORE_JOB_CHILDREN));
    for (int i = 0; i < count; i++) {
        const vidstore_job *child = vidstore_page_job(page, count - 1 - i); /* newest first */
        ck_assert_ptr_nonnull(it->kinds[i]);
        ck_assert_str_eq(vidstore_job_kind(child), it->kinds[i]);
        ck_assert_int_eq(vidstore_job_int64(child, VIDSTORE_JOB_POSITION), i + 1);
        ck_assert_int_eq(vidstore_job_state(child), i < 2 ? VIDSTORE_JOB_READY : VIDSTORE_JOB_BLOCKED);
        ck_assert_str_eq(vidstore_job_text(child, VIDSTORE_JOB_SEASON), "One");
        vidstore_page *videos = videos_of(id_of(vidstore_job_id(child)));
        ck_assert_int_eq(vidstore_page_count(videos), i < 2 ? 1 : 0);
        vidstore_page_free(videos);
    }
    ck_assert_ptr_null(it->kinds[count]);
    vidstore_page_free(page);
    vidstore_job_free(job);
    ck_assert_int_eq(events("action = job_created"), 1);
}
END_TEST

START_TEST(a_season_goes_its_way) {
    static const char *const order[] = {"full_pipeline", "full_pipeline", "merge_episodes", "compress_only"};
    struct id id = submit_season("full_pipeline");
    for (int i = 0; i < 4; i++) {
        vidstore_lease *lease = claim(NULL);
        ck_assert_str_eq(vidstore_job_kind(vidstore_lease_job(lease)), order[i]);
        if (i == 2) { /* compressing waits for merging */
            vidstore_lease *none = claim_or_none(NULL);
            ck_assert_ptr_null(none);
        }
        ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING);
        ck_assert_int_eq(job_int(id, VIDSTORE_JOB_CHILDREN_DONE), i);
        ck_assert_int_eq(job_int(id, VIDSTORE_JOB_PROGRESS_DONE), i * 2500);
        finish(lease);
    }
    vidstore_job *job = get_job(id);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_DONE), 10000);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CHILDREN_DONE), 4);
    ck_assert(!vidstore_job_is_null(job, VIDSTORE_JOB_STARTED_US) &&
              !vidstore_job_is_null(job, VIDSTORE_JOB_COMPLETED_US));
    vidstore_job_free(job);
    ck_assert_int_eq(events("action = job_completed"), 5);
}
END_TEST

START_TEST(progress_of_a_part_is_progress_of_the_whole) {
    struct id id = submit_season("my-kind");
    vidstore_lease *lease = claim(NULL);
    must(vidstore_lease_progress(lease, "half", 1, 2, e));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_PROGRESS_DONE), 2500);
    finish(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_PROGRESS_DONE), 5000);
}
END_TEST

START_TEST(a_season_fails_when_nothing_can_go_on) {
    struct id id = submit_season("full_pipeline");
    give_up(claim(NULL), "no such episode");
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_RUNNING); /* the other one may still be done */
    finish(claim(NULL));
    vidstore_job *job = get_job(id);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_FAILED);
    ck_assert_str_eq(vidstore_job_text(job, VIDSTORE_JOB_ERROR), "3 of 4 parts were not completed");
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CHILDREN_FAILED), 1);
    vidstore_job_free(job);
    vidstore_lease *none = claim_or_none(NULL);
    ck_assert_ptr_null(none);

    must(vidstore_job_retry(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_RUNNING);
    ck_assert(vidstore_job_is_null(job, VIDSTORE_JOB_ERROR) && vidstore_job_is_null(job, VIDSTORE_JOB_COMPLETED_US));
    vidstore_job_free(job);
    for (int i = 0; i < 3; i++)
        finish(claim(NULL));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(cancelling_a_waiting_season_ends_it_at_once) {
    struct id id = submit_season("full_pipeline");
    vidstore_job *job = NULL;
    must(vidstore_job_cancel(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_CANCELLED);
    vidstore_job_free(job);
    ck_assert_int_eq(count_jobs(sys, "state = cancelled"), 5);
    ck_assert_int_eq(events("action = job_cancelled"), 1);
    must(vidstore_job_cancel(sys, id.text, NULL, e)); /* it is what was asked for */
    ck_assert_int_eq(events("action = job_cancelled"), 1);

    must(vidstore_job_retry(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_BLOCKED);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CANCEL_REQUESTED), 0);
    vidstore_job_free(job);
    ck_assert_int_eq(count_jobs(sys, "state = ready"), 2);
    ck_assert_int_eq(count_jobs(sys, "state = blocked"), 3); /* merging and compressing wait again */
    for (int i = 0; i < 4; i++)
        finish(claim(NULL));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(cancelling_a_running_season_waits_for_its_worker) {
    struct id id = submit_season("full_pipeline");
    vidstore_lease *lease = claim(NULL);
    vidstore_job *job = NULL;
    must(vidstore_job_cancel(sys, id.text, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_RUNNING);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CANCEL_REQUESTED), 1);
    vidstore_job_free(job);
    must(vidstore_lease_release(lease, e));
    vidstore_lease_free(lease);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_CANCELLED);
    ck_assert_int_eq(count_jobs(sys, "state = cancelled"), 5);
}
END_TEST

START_TEST(a_part_may_be_added_while_its_whole_waits) {
    char json[128];
    struct id whole = submit(sys, "{\"kind\": \"whole\"}");
    snprintf(json, sizeof json, "{\"kind\": \"part\", \"parent_id\": \"%s\"}", whole.text);
    submit(sys, json);
    submit(sys, json);
    ck_assert_int_eq(job_int(whole, VIDSTORE_JOB_STATE), VIDSTORE_JOB_BLOCKED);
    ck_assert_int_eq(job_int(whole, VIDSTORE_JOB_CHILDREN), 2);
    vidstore_lease *none = claim_or_none("whole");
    ck_assert_ptr_null(none);
    finish(claim("part"));
    finish(claim("part"));
    ck_assert_int_eq(job_int(whole, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    refuse_submit(VIDSTORE_STATE, "parent_id", json);

    struct id running = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    snprintf(json, sizeof json, "{\"parent_id\": \"%s\"}", running.text);
    refuse_submit(VIDSTORE_STATE, "parent_id", json);
    finish(lease);
}
END_TEST

START_TEST(jobs_lie_so_deep_and_no_deeper) {
    char json[128] = "{\"kind\": \"x\"}";
    for (int depth = 0; depth < 9; depth++) {
        struct id id = submit(sys, json);
        snprintf(json, sizeof json, "{\"kind\": \"x\", \"parent_id\": \"%s\"}", id.text);
    }
    refuse_submit(VIDSTORE_INVALID, "parent_id", json);
    finish(claim("x")); /* only the lowest can be done, and with it all above */
    ck_assert_int_eq(count_jobs(sys, "state = completed"), 9);
}
END_TEST

START_TEST(a_parent_is_of_the_same_owner) {
    char json[128];
    struct id ada = add_user("ada", VIDSTORE_ROLE_USER);
    vidstore_session *hers = session_of(ada);
    snprintf(json, sizeof json, "{\"parent_id\": \"%s\"}", submit(sys, "{}").text);
    vidstore_job_params *p = params(json);
    refused(VIDSTORE_NOT_FOUND, "parent_id", vidstore_job_submit(hers, p, NULL, e));
    vidstore_job_params_free(p);
    vidstore_session_free(hers);
}
END_TEST

START_TEST(the_priority_of_a_season_is_that_of_its_parts) {
    struct id id = submit_season("x");
    submit(sys, "{\"kind\": \"y\", \"priority\": \"high\"}");
    update(id, "{\"priority\": \"urgent\"}");
    vidstore_lease *lease = claim(NULL);
    ck_assert_str_eq(vidstore_job_kind(vidstore_lease_job(lease)), "x");
    finish(lease);
}
END_TEST

Suite *seasons_suite(void);

Suite *seasons_suite(void) {
    Suite *suite = suite_create("seasons");
    TCase *t = tcase_create("seasons");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_loop_test(t, a_season_has_the_children_of_its_kind, 0, sizeof expansions / sizeof *expansions);
    tcase_add_test(t, a_season_goes_its_way);
    tcase_add_test(t, progress_of_a_part_is_progress_of_the_whole);
    tcase_add_test(t, a_season_fails_when_nothing_can_go_on);
    tcase_add_test(t, cancelling_a_waiting_season_ends_it_at_once);
    tcase_add_test(t, cancelling_a_running_season_waits_for_its_worker);
    tcase_add_test(t, a_part_may_be_added_while_its_whole_waits);
    tcase_add_test(t, jobs_lie_so_deep_and_no_deeper);
    tcase_add_test(t, a_parent_is_of_the_same_owner);
    tcase_add_test(t, the_priority_of_a_season_is_that_of_its_parts);
    suite_add_tcase(suite, t);
    return suite;
}
