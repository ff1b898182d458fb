/* SPDX-License-Identifier: MIT */
/* Submitting jobs, seasons, the state machine, removing and restoring. */
#include "jobs.h"

START_TEST(a_job_of_nothing_has_its_defaults) {
    struct id id = submit(sys, "{}");
    vidstore_job *job = get_job(id);
    ck_assert_str_eq(vidstore_job_kind(job), "full_pipeline");
    ck_assert_int_eq(vidstore_job_state(job), VIDSTORE_JOB_READY);
    ck_assert_int_eq(vidstore_job_priority(job), VIDSTORE_PRIORITY_NORMAL);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_MAX_ATTEMPTS), 4);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_MAX_CRASHES), 5);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_BACKOFF_MS), 1000);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_ATTEMPTS), 0);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_DONE), 0);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_PROGRESS_TOTAL), 10000);
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CHILDREN), 0);
    ck_assert_int_eq(vidstore_job_version(job), 1);
    ck_assert_str_eq(vidstore_job_status(job), "pending");
    ck_assert_str_eq(vidstore_job_user_id(job), "00000000-0000-0000-0000-000000000000");
    ck_assert(vidstore_job_is_null(job, VIDSTORE_JOB_STARTED_US));
    vidstore_job_free(job);
    ck_assert_int_eq(events("action = job_created"), 1);
}
END_TEST

struct bad {
    const char *field, *json;
    vidstore_status code;
};

static const struct bad bad_inputs[] = {
    {"kind", "{\"kind\": \"\"}", VIDSTORE_INVALID},
    {"kind", "{\"kind\": \"two words\"}", VIDSTORE_INVALID},
    {"kind", "{\"kind\": \"a,b\"}", VIDSTORE_INVALID},
    {"priority", "{\"priority\": \"soon\"}", VIDSTORE_INVALID},
    {"priority", "{\"priority\": 6}", VIDSTORE_INVALID},
    {"state", "{\"state\": \"completed\"}", VIDSTORE_INVALID},
    {"max_attempts", "{\"max_attempts\": 0}", VIDSTORE_INVALID},
    {"max_attempts", "{\"max_attempts\": 1001}", VIDSTORE_INVALID},
    {"max_crashes", "{\"max_crashes\": 0}", VIDSTORE_INVALID},
    {"max_crashes", "{\"max_crashes\": 1001}", VIDSTORE_INVALID},
    {"backoff_ms", "{\"backoff_ms\": 86400001}", VIDSTORE_INVALID},
    {"compression_level", "{\"compression_level\": 64}", VIDSTORE_INVALID},
    {"use_gpu", "{\"use_gpu\": 2}", VIDSTORE_INVALID},
    {"run_at", "{\"run_at\": -1}", VIDSTORE_INVALID},
    {"season", "{\"season\": \"two\\nlines\"}", VIDSTORE_INVALID},
    {"metadata", "{\"metadata\": [1]}", VIDSTORE_INVALID},
    {"tags", "{\"tags\": {}}", VIDSTORE_INVALID},
    {"webhook", "{\"webhook\": \"ftp://example.org/\"}", VIDSTORE_INVALID},
    {"webhook", "{\"webhook\": \"https://user:secret@example.org/\"}", VIDSTORE_INVALID},
    {"position", "{\"position\": 1000001}", VIDSTORE_INVALID},
    {"parent_id", "{\"parent_id\": \"none\"}", VIDSTORE_INVALID},
    {"parent_id", "{\"parent_id\": \"01a20302-fc4d-702c-9476-6e03809155c0\"}", VIDSTORE_NOT_FOUND},
    {"parent_id",
     "{\"id\": \"01a20302-fc4d-702c-9476-6e03809155c0\", \"parent_id\": \"01a20302-fc4d-702c-9476-6e03809155c0\"}",
     VIDSTORE_INVALID},
    {"user_id", "{\"user_id\": \"11111111-2222-4333-8444-555555555555\"}", VIDSTORE_INVALID},
    {"sources", "{\"sources\": {}}", VIDSTORE_INVALID},
    {"sources[0]", "{\"sources\": [1]}", VIDSTORE_INVALID},
    {"sources[0]", "{\"sources\": [{}]}", VIDSTORE_INVALID},
    {"sources[1]", "{\"sources\": [{\"path\": \"/a\"}, {\"url\": \"https://example.org/\", \"path\": \"/a\"}]}",
     VIDSTORE_INVALID},
    {"sources[0].url", "{\"sources\": [{\"url\": \"ftp://example.org/a\"}]}", VIDSTORE_INVALID},
    {"sources[0].url", "{\"sources\": [{\"url\": 5}]}", VIDSTORE_INVALID},
    {"sources[0].path", "{\"sources\": [{\"path\": \"a/b\"}]}", VIDSTORE_INVALID},
    {"sources[0].path", "{\"sources\": [{\"path\": \"\"}]}", VIDSTORE_INVALID},
    {"sources[0].episode", "{\"sources\": [{\"path\": \"/a\", \"episode\": -1}]}", VIDSTORE_INVALID},
    {"sources[0].episode", "{\"sources\": [{\"path\": \"/a\", \"episode\": 1000001}]}", VIDSTORE_INVALID},
    {"sources[0].episode", "{\"sources\": [{\"path\": \"/a\", \"episode\": \"1\"}]}", VIDSTORE_INVALID},
    {"sources[0].sha256", "{\"sources\": [{\"path\": \"/a\", \"sha256\": \"12\"}]}", VIDSTORE_INVALID},
    {"sources[0].filename", "{\"sources\": [{\"path\": \"/a\", \"filename\": \"b/c\"}]}", VIDSTORE_INVALID},
    {"sources[0].filename", "{\"sources\": [{\"path\": \"/a\", \"filename\": \"..\"}]}", VIDSTORE_INVALID},
    {"sources[0].filename", "{\"sources\": [{\"path\": \"/a\", \"filename\": \"\"}]}", VIDSTORE_INVALID},
    {"sources[0].title", "{\"sources\": [{\"path\": \"/a\", \"title\": \"a\\u0001\"}]}", VIDSTORE_INVALID},
    {"sources[0].colour", "{\"sources\": [{\"path\": \"/a\", \"colour\": \"red\"}]}", VIDSTORE_INVALID},
    {"sources", "{\"sources\": [{\"path\": \"/a\", \"episode\": 2}, {\"path\": \"/b\", \"episode\": 2}]}",
     VIDSTORE_INVALID},
};

START_TEST(bad_input_names_its_field) {
    const struct bad *bad = &bad_inputs[_i];
    vidstore_job_params *p = params(bad->json);
    vidstore_job *job = (vidstore_job *)p;
    refused(bad->code, bad->field, vidstore_job_submit(sys, p, &job, e));
    ck_assert_ptr_null(job);
    vidstore_job_params_free(p);
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    ck_assert_int_eq(events("action = job_created"), 0);
}
END_TEST

START_TEST(limits_are_where_they_say) {
    char json[1200], word[70], title[600];
    memset(word, 'k', sizeof word);
    memset(title, 't', sizeof title);
    snprintf(json, sizeof json, "{\"kind\": \"%.64s\", \"max_attempts\": 1000, \"max_crashes\": 1}", word);
    submit(sys, json);
    snprintf(json, sizeof json, "{\"kind\": \"%.65s\"}", word);
    refuse_submit(VIDSTORE_INVALID, "kind", json);
    snprintf(json, sizeof json, "{\"sources\": [{\"path\": \"/a\", \"title\": \"%.500s\", \"episode\": 1000000}]}",
             title);
    submit(sys, json);
    snprintf(json, sizeof json, "{\"sources\": [{\"path\": \"/a\", \"title\": \"%.501s\"}]}", title);
    refuse_submit(VIDSTORE_INVALID, "sources[0].title", json);
    submit(sys, "{\"sources\": []}");
    vidstore_job *job = NULL;
    vidstore_job_params *p = many_sources("download_only", 1000);
    must(vidstore_job_submit(sys, p, &job, e));
    ck_assert_int_eq(vidstore_job_int64(job, VIDSTORE_JOB_CHILDREN), 1000);
    vidstore_job_free(job);
    vidstore_job_params_free(p);
    ck_assert_int_eq(count_jobs(sys, "kind = download_only"), 1001);
    p = many_sources("download_only", 1001);
    refused(VIDSTORE_INVALID, "sources", vidstore_job_submit(sys, p, NULL, e));
    vidstore_job_params_free(p);
    ck_assert_int_eq(events("action = job_created"), 4);
}
END_TEST

START_TEST(a_path_is_for_the_host_to_name) {
    const char *json = "{\"sources\": [{\"path\": \"/etc/passwd\"}]}";
    vidstore_session *user = session_of(add_user("ada", VIDSTORE_ROLE_USER));
    vidstore_session *admin = session_of(add_user("root", VIDSTORE_ROLE_ADMIN));
    vidstore_job_params *p = params(json);
    refused(VIDSTORE_FORBIDDEN, "sources[0].path", vidstore_job_submit(user, p, NULL, e));
    vidstore_job_params_free(p);
    submit(admin, json);
    submit(sys, json);
    vidstore_session_free(user);
    vidstore_session_free(admin);
}
END_TEST

START_TEST(a_source_is_a_video) {
    struct id id = submit(
        sys, "{\"season\": \"S\", \"sources\": [{\"url\": \"https://example.org/1.mkv\", \"episode\": 7, \"title\": "
             "\"Seven\", \"filename\": \"7.mkv\"}]}");
    vidstore_page *page = videos_of(id);
    ck_assert_int_eq(vidstore_page_count(page), 1);
    const vidstore_video *video = vidstore_page_video(page, 0);
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_URL), "https://example.org/1.mkv");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_TITLE), "Seven");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_SEASON), "S");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_FILE_NAME), "7.mkv");
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_EPISODE), 7);
    vidstore_page_free(page);
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_CHILDREN), 0);
    ck_assert_int_eq(events("action = video_created"), 0);
}
END_TEST

START_TEST(the_same_id_is_the_same_job) {
    const char *json =
        "{\"id\": \"01a20302-fc4d-702c-9476-6e03809155c0\", \"season\": \"One\", \"sources\": [{\"path\": \"/1\"}, "
        "{\"path\": \"/2\"}]}";
    submit(sys, json);
    submit(sys, json);
    ck_assert_int_eq(count_jobs(sys, NULL), 5);
    ck_assert_int_eq(events("action = job_created"), 1);
    refuse_submit(VIDSTORE_CONFLICT, "season",
                  "{\"id\": \"01a20302-fc4d-702c-9476-6e03809155c0\", \"season\": \"Two\"}");
}
END_TEST

/* --- many at once ------------------------------------------------------------------------------------------------ */

START_TEST(many_jobs_in_one_commit) {
    vidstore_job_params *p[] = {params("{\"kind\": \"x\"}"), params("{\"kind\": \"\"}"),
                                params("{\"kind\": \"x\", \"sources\": [{\"path\": \"/1\"}, {\"path\": \"/2\"}]}")};
    const vidstore_job_params *const *all = (const vidstore_job_params *const *)p;
    vidstore_page *page = NULL;
    refused(VIDSTORE_INVALID, "items[1].kind", vidstore_job_bulk_create(sys, all, 3, VIDSTORE_BULK_ATOMIC, &page, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    must(vidstore_job_bulk_create(sys, all, 3, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_ptr_nonnull(vidstore_page_job(page, 0));
    ck_assert_ptr_null(vidstore_page_job(page, 1));
    ck_assert_int_eq(vidstore_job_int64(vidstore_page_job(page, 2), VIDSTORE_JOB_CHILDREN), 2);
    vidstore_page_free(page);
    ck_assert_int_eq(count_jobs(sys, NULL), 4);
    ck_assert_int_eq(events("action = job_created"), 1);
    for (int i = 0; i < 3; i++)
        vidstore_job_params_free(p[i]);
}
END_TEST

static vidstore_job_params *with_sources(int count) {
    char *json = malloc(64 + 64 * (size_t)count), *at = json;
    at += sprintf(at, "{\"kind\": \"x\", \"sources\": [");
    for (int i = 0; i < count; i++)
        at += sprintf(at, "%s{\"url\": \"https://example.org/%d\"}", i ? "," : "", i);
    sprintf(at, "]}");
    vidstore_job_params *p = params(json);
    free(json);
    return p;
}

START_TEST(a_call_takes_no_more_sources_than_it_may) {
    vidstore_job_params *p[12], *season = with_sources(1000), *one = with_sources(1),
                                *none = params("{\"kind\": \"x\"}");
    const vidstore_job_params *const *all = (const vidstore_job_params *const *)p;
    vidstore_error *error = NULL;
    for (int i = 0; i < 10; i++)
        p[i] = season;
    p[10] = none;
    p[11] = one;
    for (uint32_t flags = VIDSTORE_BULK_ATOMIC; flags <= VIDSTORE_BULK_EACH; flags++) {
        ck_assert_int_eq(vidstore_job_bulk_create(sys, all, 12, flags, NULL, &error), VIDSTORE_INVALID);
        ck_assert_str_eq(vidstore_error_field(error), "items[11].sources");
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_TOO_LARGE);
        vidstore_error_free(error);
        error = NULL;
    }
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    vidstore_job_params_free(season);
    vidstore_job_params_free(one);
    vidstore_job_params_free(none);
}
END_TEST

START_TEST(a_failed_submit_leaves_nothing) {
    must(vidstore_begin(sys, 0, e));
    submit_season("full_pipeline");
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    ck_assert_int_eq(count_videos(), 0);
    ck_assert_int_eq(events("action = job_created"), 0);
}
END_TEST

START_TEST(null_is_answered_not_followed) {
    ck_assert_ptr_null(vidstore_job_status(NULL));
    ck_assert_int_eq(vidstore_job_state(NULL), -1);
    ck_assert_int_eq(vidstore_lease_signals(NULL), 0);
    ck_assert_ptr_null(vidstore_lease_job(NULL));
    ck_assert_ptr_null(vidstore_lease_token(NULL));
    ck_assert_ptr_null(vidstore_lease_session(NULL));
    vidstore_lease_free(NULL);
    vidstore_job_free(NULL);
    refused(VIDSTORE_MISUSE, "lease", vidstore_lease_finish(NULL, NULL, e));
    refused(VIDSTORE_MISUSE, "lease", vidstore_lease_progress(NULL, NULL, 0, 0, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_job_claim(NULL, NULL, 0, NULL, e));
    refused(VIDSTORE_MISUSE, "ret_lease", vidstore_job_claim(sys, NULL, 0, NULL, e));
    refused(VIDSTORE_MISUSE, "id", vidstore_job_get(sys, NULL, NULL, e));
    must(vidstore_job_submit(sys, NULL, NULL, e));
}
END_TEST

/* The writer is not held beyond the deadline of whoever asked, by so many items that take longer. */
START_TEST(a_bulk_ends_at_its_deadline) {
    enum { MOST = 10000 };
    vidstore_job_params *p = params("{\"kind\": \"full_pipeline\", \"season\": \"S\"}");
    const vidstore_job_params **all = calloc(MOST, sizeof *all);
    for (int i = 0; i < MOST; i++)
        all[i] = p;
    must(vidstore_session_set_deadline(sys, 100, e));
    int64_t began = now_ms();
    refused(VIDSTORE_TIMEOUT, NULL, vidstore_job_bulk_create(sys, all, MOST, VIDSTORE_BULK_ATOMIC, NULL, e));
    refused(VIDSTORE_TIMEOUT, NULL, vidstore_job_bulk_create(sys, all, MOST, VIDSTORE_BULK_EACH, NULL, e));
    ck_assert_int_lt(now_ms() - began, 2000);
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    must(vidstore_job_bulk_create(sys, all, 10, VIDSTORE_BULK_ATOMIC, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 10);
    vidstore_job_params_free(p);
    free(all);
}
END_TEST

Suite *jobs_suite(void);

Suite *jobs_suite(void) {
    Suite *suite = suite_create("jobs");
    TCase *t = tcase_create("submit");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_job_of_nothing_has_its_defaults);
    tcase_add_loop_test(t, bad_input_names_its_field, 0, sizeof bad_inputs / sizeof *bad_inputs);
    tcase_add_test(t, limits_are_where_they_say);
    tcase_add_test(t, a_path_is_for_the_host_to_name);
    tcase_add_test(t, a_source_is_a_video);
    tcase_add_test(t, the_same_id_is_the_same_job);
    tcase_add_test(t, many_jobs_in_one_commit);
    tcase_add_test(t, a_bulk_ends_at_its_deadline);
    tcase_add_test(t, a_call_takes_no_more_sources_than_it_may);
    tcase_add_test(t, a_failed_submit_leaves_nothing);
    tcase_add_test(t, null_is_answered_not_followed);
    suite_add_tcase(suite, t);
    return suite;
}
