/* SPDX-License-Identifier: MIT */
/* The life of jobs: states, their order, and what is on record. */
#include "jobs.h"
#include "peek.h"

START_TEST(there_is_no_way_back_from_completed) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    refused(VIDSTORE_STATE, "state", vidstore_job_retry(sys, id.text, NULL, e));
    finish(claim("x"));
    refused(VIDSTORE_STATE, "state", vidstore_job_retry(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "state", vidstore_job_cancel(sys, id.text, NULL, e));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(time_decides_between_scheduled_and_ready) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"run_at\": 4102444800000000}");
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_SCHEDULED);
    vidstore_lease *none = claim_or_none("x");
    ck_assert_ptr_null(none);
    update(id, "{\"run_at\": 1}");
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_READY);
    update(id, "{\"run_at\": 4102444800000000}");
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_SCHEDULED);
    update(id, "{\"run_at\": null}");
    finish(claim("x"));
    update(id, "{\"run_at\": 4102444800000000}");
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
}
END_TEST

START_TEST(an_update_leaves_the_work_alone) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    update(id, "{\"season\": \"new\", \"priority\": \"urgent\"}");
    finish(lease);
    vidstore_job *job = get_job(id);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_COMPLETED);
    ck_assert_str_eq(vidstore_job_text(job, VIDSTORE_JOB_SEASON), "new");
    vidstore_job_params *p = params("{\"season\": \"newer\"}");
    vidstore_job_params_expect_version(p, 1);
    refused(VIDSTORE_CONFLICT, "version", vidstore_job_update(sys, id.text, p, NULL, e));
    vidstore_job_params_free(p);
    p = params("{\"kind\": \"y\"}");
    refused(VIDSTORE_INVALID, "kind", vidstore_job_update(sys, id.text, p, NULL, e));
    vidstore_job_params_free(p);
    vidstore_job_free(job);
}
END_TEST

/* --- who may ---------------------------------------------------------------------------------------------------- */

START_TEST(everybody_keeps_to_his_own) {
    struct id ada = add_user("ada", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *hers = session_of(ada), *his = session_of(bob),
                     *viewer = session_of(add_user("eve", VIDSTORE_ROLE_VIEWER));
    struct id id = submit(hers, "{\"kind\": \"x\"}");
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_get(his, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_cancel(his, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_retry(his, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_history(his, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_wait(his, id.text, 0, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_remove(his, id.text, VIDSTORE_REMOVE_CASCADE, e));
    ck_assert_int_eq(count_jobs(his, NULL), 0);
    ck_assert_int_eq(count_jobs(hers, NULL), 1);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_job_submit(viewer, NULL, NULL, e));
    vidstore_lease *lease = NULL;
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_job_claim(hers, NULL, 0, &lease, e));
    ck_assert_ptr_null(lease);
    must(vidstore_job_cancel(hers, id.text, NULL, e));
    vidstore_session_free(hers);
    vidstore_session_free(his);
    vidstore_session_free(viewer);
}
END_TEST

START_TEST(the_numbers_of_a_user_are_right) {
    struct id ada = add_user("ada", VIDSTORE_ROLE_USER);
    vidstore_session *hers = session_of(ada);
    for (int i = 0; i < 4; i++)
        submit(hers, "{\"kind\": \"x\"}");
    submit(
        hers,
        "{\"kind\": \"y\", \"sources\": [{\"url\": \"https://example.org/1\"}, {\"url\": \"https://example.org/2\"}]}");
    struct id gone = submit(hers, "{\"kind\": \"z\"}");
    finish(claim("x"));
    give_up(claim("x"), "no");
    must(vidstore_job_remove(hers, gone.text, VIDSTORE_REMOVE_RESTRICT, e));
    vidstore_text *json = NULL;
    must(vidstore_stats(hers, &json, e));
    const char *text = vidstore_text_data(json);
    ck_assert_msg(strstr(text, "\"ready\":4") && strstr(text, "\"blocked\":1") && strstr(text, "\"completed\":1") &&
                      strstr(text, "\"failed\":1") && strstr(text, "\"running\":0,"),
                  "%s", text);
    vidstore_text_free(json);
    vidstore_user *user = NULL;
    must(vidstore_user_get(sys, ada.text, &user, e));
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_JOB_COUNT), 6); /* those that were submitted */
    vidstore_user_free(user);
    vidstore_session_free(hers);
}
END_TEST

static void states(vidstore_session *session, const char *wanted) {
    vidstore_text *json = NULL;
    must(vidstore_stats(session, &json, e));
    ck_assert_msg(strstr(vidstore_text_data(json), wanted), "%s", vidstore_text_data(json));
    vidstore_text_free(json);
}

START_TEST(the_numbers_survive_the_removal_of_a_user) {
    struct id ada = add_user("ada", VIDSTORE_ROLE_USER);
    vidstore_session *hers = session_of(ada);
    struct id first = submit(hers, "{\"kind\": \"x\"}");
    submit(hers, "{\"kind\": \"x\"}");
    submit(sys, "{\"kind\": \"x\"}");
    states(sys, "\"ready\":3");
    vidstore_session_free(hers);
    must(vidstore_user_remove(sys, ada.text, VIDSTORE_REMOVE_CASCADE, e));
    states(sys, "\"ready\":1");
    must(vidstore_job_restore(sys, first.text, NULL, e)); /* all that the removal took with it */
    int64_t there = count_jobs(sys, "state = ready");
    ck_assert_int_eq(there, 3);
    states(sys, "\"ready\":3");
}
END_TEST

START_TEST(an_external_id_is_free_again_after_a_removal) {
    struct id first = submit(sys, "{\"kind\": \"x\", \"external_id\": \"e\"}");
    refuse_submit(VIDSTORE_EXISTS, "external_id", "{\"kind\": \"x\", \"external_id\": \"e\"}");
    must(vidstore_job_remove(sys, first.text, VIDSTORE_REMOVE_CASCADE, e));
    struct id second = submit(sys, "{\"kind\": \"x\", \"external_id\": \"e\"}");
    refused(VIDSTORE_EXISTS, "external_id", vidstore_job_restore(sys, first.text, NULL, e));
    states(sys, "\"ready\":1");
    must(vidstore_job_remove(sys, second.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_restore(sys, first.text, NULL, e));
    states(sys, "\"ready\":1");
}
END_TEST

START_TEST(what_comes_back_with_a_job_may_find_its_place_taken) {
    struct id parent = submit(sys, "{\"kind\": \"x\"}");
    char json[160];
    snprintf(json, sizeof json, "{\"kind\": \"x\", \"external_id\": \"e\", \"parent_id\": \"%s\"}", parent.text);
    submit(sys, json);
    must(vidstore_job_remove(sys, parent.text, VIDSTORE_REMOVE_CASCADE, e));
    submit(sys, "{\"kind\": \"x\", \"external_id\": \"e\"}");
    refused(VIDSTORE_EXISTS, "external_id", vidstore_job_restore(sys, parent.text, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 1);
    states(sys, "\"ready\":1");
}
END_TEST

/* --- removing --------------------------------------------------------------------------------------------------- */

START_TEST(what_hangs_on_a_job_holds_it) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"sources\": [{\"url\": \"https://example.org/1\"}]}");
    refused(VIDSTORE_STATE, "id", vidstore_job_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    struct id season = submit_season("x");
    refused(VIDSTORE_STATE, "id", vidstore_job_remove(sys, season.text, VIDSTORE_REMOVE_RESTRICT, e));
    vidstore_lease *lease = claim("x");
    refused(VIDSTORE_STATE, "id", vidstore_job_remove(sys, id.text, VIDSTORE_REMOVE_CASCADE, e));
    vidstore_lease *part = claim("x");
    refused(VIDSTORE_STATE, "id", vidstore_job_remove(sys, season.text, VIDSTORE_REMOVE_CASCADE, e));
    finish(lease);
    finish(part);
    refused(VIDSTORE_INVALID, "mode", vidstore_job_remove(sys, id.text, 3, e));
    refused(VIDSTORE_STATE, "id", vidstore_job_purge(sys, id.text, e));
    refused(VIDSTORE_STATE, "id", vidstore_job_restore(sys, id.text, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 4);
}
END_TEST

START_TEST(a_season_goes_and_comes_back_whole) {
    struct id season = submit_season("full_pipeline");
    finish(claim(NULL));
    must(vidstore_job_remove(sys, season.text, VIDSTORE_REMOVE_CASCADE, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    ck_assert_int_eq(count_videos(), 0);
    vidstore_lease *none = claim_or_none(NULL);
    ck_assert_ptr_null(none);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_get(sys, season.text, NULL, e));
    must(vidstore_job_restore(sys, season.text, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 5);
    ck_assert_int_eq(count_videos(), 2);
    for (int i = 0; i < 3; i++)
        finish(claim(NULL));
    ck_assert_int_eq(job_int(season, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
    ck_assert_int_eq(events("action = job_deleted"), 1);
    ck_assert_int_eq(events("action = job_restored"), 1);
}
END_TEST

START_TEST(restore_brings_back_no_more_than_the_removal_took) {
    struct id season = submit_season("x");
    vidstore_page *page = children_of(season);
    struct id second = id_of(vidstore_job_id(vidstore_page_job(page, 0)));
    vidstore_page_free(page);
    must(vidstore_job_remove(sys, second.text, VIDSTORE_REMOVE_CASCADE, e));
    ck_assert_int_eq(job_int(season, VIDSTORE_JOB_CHILDREN), 1);
    must(vidstore_job_remove(sys, season.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_restore(sys, season.text, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 2);
    must(vidstore_job_restore(sys, second.text, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 3);
    ck_assert_int_eq(job_int(season, VIDSTORE_JOB_CHILDREN), 2);
}
END_TEST

START_TEST(detached_parts_live_on) {
    struct id season = submit_season("full_pipeline");
    must(vidstore_job_remove(sys, season.text, VIDSTORE_REMOVE_DETACH, e));
    ck_assert_int_eq(count_jobs(sys, "parent_id is null and state = ready"), 2);
    ck_assert_int_eq(count_jobs(sys, "state = cancelled"), 2); /* nothing is left that they could merge or compress */
    ck_assert_int_eq(count_videos(), 2);
    finish(claim(NULL));
    finish(claim(NULL));
    must(vidstore_job_purge(sys, season.text, e));
    ck_assert_int_eq(count_jobs(sys, "state = completed"), 2);
}
END_TEST

START_TEST(a_purge_takes_no_video_along) {
    struct id id = submit(sys, "{\"kind\": \"x\", \"sources\": [{\"url\": \"https://example.org/1\"}]}");
    vidstore_page *page = videos_of(id);
    struct id video = id_of(vidstore_video_id(vidstore_page_video(page, 0)));
    vidstore_page_free(page);
    finish(claim("x"));
    must(vidstore_job_remove(sys, id.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_purge(sys, id.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_job_restore(sys, id.text, NULL, e));
    must(vidstore_video_restore(sys, video.text, NULL, e));
    vidstore_video *left = NULL;
    must(vidstore_video_get(sys, video.text, &left, e));
    ck_assert(vidstore_video_is_null(left, VIDSTORE_VIDEO_JOB_ID));
    vidstore_video_free(left);
    ck_assert_int_eq(events("action = job_purged"), 1);
}
END_TEST

/* A job that came back below removed ones is not theirs any more, and what the index knows of the others goes too. */
START_TEST(a_purge_takes_what_is_removed_and_no_more) {
    char json[160];
    struct id top = submit(sys, "{\"kind\": \"x\"}");
    snprintf(json, sizeof json, "{\"kind\": \"x\", \"season\": \"secret\", \"parent_id\": \"%s\"}", top.text);
    struct id middle = submit(sys, json);
    snprintf(json, sizeof json, "{\"kind\": \"x\", \"parent_id\": \"%s\"}", middle.text);
    struct id low = submit(sys, json);
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM jobs_search"), 3);
    must(vidstore_job_remove(sys, low.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_remove(sys, top.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_job_restore(sys, low.text, NULL, e));
    must(vidstore_job_purge(sys, top.text, e));
    must(vidstore_job_get(sys, low.text, NULL, e));
    states(sys, "\"ready\":1");
    ck_assert_int_eq(sql("SELECT count(*) FROM jobs"), 1);
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM jobs_search"), 1);
}
END_TEST

/* --- waiting ------------------------------------------------------------------------------------------------------ */

struct waiting {
    vidstore_session *session;
    int64_t ended_ms;
};

static void *write_little(void *arg) {
    struct waiting *w = arg;
    must(vidstore_setting_set(w->session, "job.stall_ms", "600000", e));
    w->ended_ms = now_ms();
    return NULL;
}

static void *write_much(void *arg) {
    enum { JOBS = 2000 };
    static const vidstore_job_params *all[JOBS];
    struct waiting *w = arg;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    for (int i = 0; i < JOBS; i++)
        all[i] = p;
    must(vidstore_job_bulk_create(w->session, all, JOBS, VIDSTORE_BULK_ATOMIC, NULL, e));
    w->ended_ms = now_ms();
    vidstore_job_params_free(p);
    return NULL;
}

/* Both wait for the writer, so that they could be committed together: but the small one would wait for the other. */
START_TEST(nobody_waits_for_the_end_of_a_bulk_that_came_after_him) {
    pthread_t threads[2];
    struct waiting little = {0}, much = {0};
    must(vidstore_session_system(store, "little", &little.session, e));
    must(vidstore_session_system(store, "much", &much.session, e));
    must(vidstore_begin(sys, 0, e));
    ck_assert_int_eq(pthread_create(&threads[0], NULL, write_little, &little), 0);
    sleep_ms(100);
    ck_assert_int_eq(pthread_create(&threads[1], NULL, write_much, &much), 0);
    sleep_ms(200);
    int64_t free_ms = now_ms();
    must(vidstore_commit(sys, e));
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_lt(little.ended_ms - free_ms, (much.ended_ms - free_ms) / 2);
    vidstore_session_free(little.session);
    vidstore_session_free(much.session);
}
END_TEST

static void *finish_soon(void *lease) {
    sleep_ms(60);
    finish(lease);
    return NULL;
}

START_TEST(waiting_ends_with_the_job_or_the_time) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    vidstore_job *job = NULL;
    int64_t began = now_ms();
    must(vidstore_job_wait(sys, id.text, 100, &job, e));
    ck_assert_int_ge(now_ms() - began, 99);
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_READY);
    vidstore_job_free(job);
    pthread_t thread;
    pthread_create(&thread, NULL, finish_soon, claim("x"));
    must(vidstore_job_wait(sys, id.text, 20000, &job, e));
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_COMPLETED);
    ck_assert_str_eq(vidstore_job_status(job), "completed");
    vidstore_job_free(job);
    pthread_join(thread, NULL);
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_job_wait(sys, id.text, -1, &job, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_job_wait(sys, id.text, 86400001, &job, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, "session", vidstore_job_wait(sys, id.text, 0, &job, e));
    must(vidstore_rollback(sys, e));
}
END_TEST

Suite *jobs_life_suite(void);

Suite *jobs_life_suite(void) {
    Suite *suite = suite_create("jobs_life");
    TCase *t = tcase_create("life");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, there_is_no_way_back_from_completed);
    tcase_add_test(t, time_decides_between_scheduled_and_ready);
    tcase_add_test(t, an_update_leaves_the_work_alone);
    tcase_add_test(t, everybody_keeps_to_his_own);
    tcase_add_test(t, the_numbers_of_a_user_are_right);
    tcase_add_test(t, the_numbers_survive_the_removal_of_a_user);
    tcase_add_test(t, an_external_id_is_free_again_after_a_removal);
    tcase_add_test(t, what_comes_back_with_a_job_may_find_its_place_taken);
    tcase_add_test(t, what_hangs_on_a_job_holds_it);
    tcase_add_test(t, a_season_goes_and_comes_back_whole);
    tcase_add_test(t, restore_brings_back_no_more_than_the_removal_took);
    tcase_add_test(t, detached_parts_live_on);
    tcase_add_test(t, a_purge_takes_no_video_along);
    tcase_add_test(t, a_purge_takes_what_is_removed_and_no_more);
    tcase_add_test(t, waiting_ends_with_the_job_or_the_time);
    tcase_add_test(t, nobody_waits_for_the_end_of_a_bulk_that_came_after_him);
    suite_add_tcase(suite, t);
    return suite;
}
