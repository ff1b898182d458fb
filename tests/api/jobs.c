/* SPDX-License-Identifier: MIT */
/* Submitting jobs, seasons, the state machine, removing and restoring. */
#include "harness.h"
#include "work.h"

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

/* {"kind": …, "sources": [{"path": "/a/1", …}, …]} */
static vidstore_job_params *many_sources(const char *kind, int count) {
    size_t size = 100 + (size_t)count * 64, used;
    char *json = malloc(size);
    used = (size_t)snprintf(json, size, "{\"kind\": \"%s\", \"season\": \"One\", \"sources\": [", kind);
    for (int i = 1; i <= count; i++)
        used += (size_t)snprintf(json + used, size - used, "%s{\"path\": \"/a/%d\", \"episode\": %d}", i > 1 ? "," : "",
                                 i, i);
    snprintf(json + used, size - used, "]}");
    vidstore_job_params *p = params(json);
    free(json);
    return p;
}

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

START_TEST(there_is_no_way_back_from_completed) {
    struct id id = submit(sys, "{\"kind\": \"x\"}");
    refused(VIDSTORE_STATE, "state", vidstore_job_retry(sys, id.text, NULL, e));
    finish(claim("x"));
    refused(VIDSTORE_STATE, "state", vidstore_job_retry(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "state", vidstore_job_cancel(sys, id.text, NULL, e));
    ck_assert_int_eq(job_int(id, VIDSTORE_JOB_STATE), VIDSTORE_JOB_COMPLETED);
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

START_TEST(the_priority_of_a_season_is_that_of_its_parts) {
    struct id id = submit_season("x");
    submit(sys, "{\"kind\": \"y\", \"priority\": \"high\"}");
    update(id, "{\"priority\": \"urgent\"}");
    vidstore_lease *lease = claim(NULL);
    ck_assert_str_eq(vidstore_job_kind(vidstore_lease_job(lease)), "x");
    finish(lease);
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
    TCase *input = tcase_create("submit");
    tcase_add_checked_fixture(input, begin, end);
    tcase_add_test(input, a_job_of_nothing_has_its_defaults);
    tcase_add_loop_test(input, bad_input_names_its_field, 0, sizeof bad_inputs / sizeof *bad_inputs);
    tcase_add_test(input, limits_are_where_they_say);
    tcase_add_test(input, a_path_is_for_the_host_to_name);
    tcase_add_test(input, a_source_is_a_video);
    tcase_add_test(input, the_same_id_is_the_same_job);
    tcase_add_test(input, many_jobs_in_one_commit);
    tcase_add_test(input, a_bulk_ends_at_its_deadline);
    tcase_add_test(input, a_call_takes_no_more_sources_than_it_may);
    tcase_add_test(input, a_failed_submit_leaves_nothing);
    tcase_add_test(input, null_is_answered_not_followed);
    suite_add_tcase(suite, input);
    TCase *season = tcase_create("seasons");
    tcase_add_checked_fixture(season, begin, end);
    tcase_add_loop_test(season, a_season_has_the_children_of_its_kind, 0, sizeof expansions / sizeof *expansions);
    tcase_add_test(season, a_season_goes_its_way);
    tcase_add_test(season, progress_of_a_part_is_progress_of_the_whole);
    tcase_add_test(season, a_season_fails_when_nothing_can_go_on);
    tcase_add_test(season, cancelling_a_waiting_season_ends_it_at_once);
    tcase_add_test(season, cancelling_a_running_season_waits_for_its_worker);
    tcase_add_test(season, a_part_may_be_added_while_its_whole_waits);
    tcase_add_test(season, jobs_lie_so_deep_and_no_deeper);
    tcase_add_test(season, a_parent_is_of_the_same_owner);
    tcase_add_test(season, the_priority_of_a_season_is_that_of_its_parts);
    suite_add_tcase(suite, season);
    TCase *life = tcase_create("life");
    tcase_add_checked_fixture(life, begin, end);
    tcase_add_test(life, there_is_no_way_back_from_completed);
    tcase_add_test(life, time_decides_between_scheduled_and_ready);
    tcase_add_test(life, an_update_leaves_the_work_alone);
    tcase_add_test(life, everybody_keeps_to_his_own);
    tcase_add_test(life, the_numbers_of_a_user_are_right);
    tcase_add_test(life, the_numbers_survive_the_removal_of_a_user);
    tcase_add_test(life, an_external_id_is_free_again_after_a_removal);
    tcase_add_test(life, what_comes_back_with_a_job_may_find_its_place_taken);
    tcase_add_test(life, what_hangs_on_a_job_holds_it);
    tcase_add_test(life, a_season_goes_and_comes_back_whole);
    tcase_add_test(life, restore_brings_back_no_more_than_the_removal_took);
    tcase_add_test(life, detached_parts_live_on);
    tcase_add_test(life, a_purge_takes_no_video_along);
    tcase_add_test(life, waiting_ends_with_the_job_or_the_time);
    tcase_add_test(life, nobody_waits_for_the_end_of_a_bulk_that_came_after_him);
    suite_add_tcase(suite, life);
    return suite;
}
