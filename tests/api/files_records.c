/* SPDX-License-Identifier: MIT */
/* Records of files: changed, expired, removed and restored, and found to be doubles. */
#include "files.h"

START_TEST(a_removed_file_gives_up_its_external_id) {
    struct id first = put_with(sys, "one", VIDSTORE_FILE_EXTERNAL_ID, "x");
    must(vidstore_file_remove(sys, first.text, VIDSTORE_REMOVE_RESTRICT, e));
    struct id second = put_with(sys, "two", VIDSTORE_FILE_EXTERNAL_ID, "x");
    refused(VIDSTORE_EXISTS, "external_id", vidstore_file_restore(sys, first.text, NULL, e));
    must(vidstore_file_remove(sys, second.text, VIDSTORE_REMOVE_RESTRICT, e));
    vidstore_file *file = NULL;
    must(vidstore_file_restore(sys, first.text, NULL, e));
    must(vidstore_file_get_external(sys, NULL, "x", &file, e));
    ck_assert_str_eq(vidstore_file_id(file), first.text);
    vidstore_file_free(file);
}
END_TEST

/* ---- the record ---- */

static void update(struct id id, int32_t field, const char *value, vidstore_file **ret) {
    vidstore_file_params *p = params(field, value);
    must(vidstore_file_update(sys, id.text, p, ret, e));
    vidstore_file_params_free(p);
}

static void refuse_update(struct id id, int32_t field, const char *value, int32_t code, const char *name) {
    vidstore_file_params *p = params(field, value);
    refused(code, name, vidstore_file_update(sys, id.text, p, NULL, e));
    vidstore_file_params_free(p);
}

#define HOUR_US INT64_C(3600000000)

START_TEST(a_record_is_changed) {
    struct id id = put(sys, "abc");
    vidstore_file *file = NULL;
    update(id, VIDSTORE_FILE_NAME, "new.SRT", &file);
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_EXTENSION), "srt");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_ORIGINAL_NAME), "clip.mp4");
    ck_assert_int_eq(vidstore_file_version(file), 2);
    vidstore_file_free(file);
    update(id, VIDSTORE_FILE_CATEGORY, "temporary", &file);
    int64_t left =
        vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US) - vidstore_file_int64(file, VIDSTORE_FILE_UPDATED_US);
    ck_assert_int_eq(left, 24 * HOUR_US);
    vidstore_file_free(file);
    must(vidstore_setting_set(sys, "file.processed_hours", "2", e));
    update(id, VIDSTORE_FILE_CATEGORY, "processed", &file);
    left = vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US) - vidstore_file_int64(file, VIDSTORE_FILE_UPDATED_US);
    ck_assert_int_eq(left, 2 * HOUR_US);
    vidstore_file_free(file);
    update(id, VIDSTORE_FILE_CATEGORY, "permanent", &file);
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_EXPIRES_US));
    vidstore_file_free(file);
    refuse_update(id, VIDSTORE_FILE_NAME, "a/b", VIDSTORE_INVALID, "name");
    refuse_update(id, VIDSTORE_FILE_NAME, NULL, VIDSTORE_INVALID, "name");
    refuse_update(id, VIDSTORE_FILE_TYPE, "film", VIDSTORE_INVALID, "type");
    refuse_update(id, VIDSTORE_FILE_CONTENT_TYPE, "nonsense", VIDSTORE_INVALID, "content_type");
    refuse_update(id, VIDSTORE_FILE_JOB_ID, "018f0000-0000-7000-8000-00000000abcd", VIDSTORE_INVALID, "job_id");
    refuse_update(id, VIDSTORE_FILE_SHA256, "00", VIDSTORE_INVALID, "sha256");
    refuse_update(id, VIDSTORE_FILE_SHA256, "0000000000000000000000000000000000000000000000000000000000000000",
                  VIDSTORE_INVALID, "sha256");
    refuse_update(id, VIDSTORE_FILE_STORAGE_KEY, "../../etc/passwd", VIDSTORE_INVALID, "storage_key");
    vidstore_file_params *p = params(VIDSTORE_FILE_STAGE, "cut");
    vidstore_file_params_expect_version(p, 1);
    refused(VIDSTORE_CONFLICT, "version", vidstore_file_update(sys, id.text, p, NULL, e));
    vidstore_file_params_free(p);
    ck_assert_int_eq(events("action = file_updated"), 4);
}
END_TEST

START_TEST(categories_and_given_times_expire) {
    vidstore_file_params *p = params(VIDSTORE_FILE_CATEGORY, "archive");
    vidstore_file *file = NULL;
    write_source("x", 1);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US),
                     vidstore_file_created_us(file) + 8760 * HOUR_US);
    vidstore_file_free(file);
    vidstore_file_params_clear(p, VIDSTORE_FILE_EXPIRES_US);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_EXPIRES_US));
    vidstore_file_free(file);
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, 1);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), 1);
    struct id id = take_id(file);
    vidstore_file_params_free(p);
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_restore(sys, id.text, &file, e)); /* with a new life, or it would go again at once */
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), vidstore_file_created_us(file));
    int64_t expires = vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US);
    vidstore_file_free(file);
    file = get(id);
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), expires);
    vidstore_file_free(file);
}
END_TEST

/* Or the next clean-up would take them again. */
START_TEST(files_that_come_back_with_a_job_have_a_new_life) {
    for (int with_video = 0; with_video < 2; with_video++) {
        vidstore_job_params *jp = vidstore_job_params_new();
        vidstore_video_params *vp = vidstore_video_params_new();
        vidstore_job *job = NULL;
        vidstore_video *video = NULL;
        vidstore_file *file = NULL;
        vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "x");
        must(vidstore_job_submit(sys, jp, &job, e));
        must(vidstore_video_create(sys, vp, &video, e));
        vidstore_file_params *p = params(VIDSTORE_FILE_CATEGORY, "temporary");
        if (with_video)
            vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, vidstore_video_id(video));
        else
            vidstore_file_params_set_text(p, VIDSTORE_FILE_JOB_ID, vidstore_job_id(job));
        vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, 1);
        write_source("x", 1);
        must(vidstore_file_put_path(sys, source, p, &file, e));
        struct id id = take_id(file);
        if (with_video) {
            must(vidstore_video_remove(sys, vidstore_video_id(video), VIDSTORE_REMOVE_CASCADE, e));
            must(vidstore_video_restore(sys, vidstore_video_id(video), NULL, e));
        } else {
            must(vidstore_job_remove(sys, vidstore_job_id(job), VIDSTORE_REMOVE_CASCADE, e));
            must(vidstore_job_restore(sys, vidstore_job_id(job), NULL, e));
        }
        file = get(id);
        ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US),
                         vidstore_file_created_us(file) + 23 * HOUR_US);
        vidstore_file_free(file);
        vidstore_file_params_free(p);
        vidstore_job_free(job);
        vidstore_video_free(video);
        vidstore_job_params_free(jp);
        vidstore_video_params_free(vp);
    }
}
END_TEST

START_TEST(files_are_removed_restored_and_ended) {
    struct id id = put(sys, "abc");
    vidstore_file *file = NULL;
    int32_t exists = -1;
    for (int32_t mode = VIDSTORE_REMOVE_RESTRICT; mode <= VIDSTORE_REMOVE_DETACH; mode++) {
        must(vidstore_file_remove(sys, id.text, mode, e));
        must(vidstore_file_exists(sys, id.text, &exists, e));
        ck_assert_int_eq(exists, 0);
        refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_remove(sys, id.text, mode, e));
        must(vidstore_file_restore(sys, id.text, &file, e));
        ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_DELETED_US));
        vidstore_file_free(file);
        holds(sys, id, "abc");
    }
    refused(VIDSTORE_INVALID, "mode", vidstore_file_remove(sys, id.text, 3, e));
    refused(VIDSTORE_INVALID, "mode", vidstore_file_remove(sys, id.text, -1, e));
    refused(VIDSTORE_STATE, "id", vidstore_file_restore(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "id", vidstore_file_purge(sys, id.text, e));
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_file_purge(sys, id.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_restore(sys, id.text, NULL, e));
    ck_assert_int_eq(events("action = file_deleted"), 4);
    ck_assert_int_eq(events("action = file_restored"), 3);
    ck_assert_int_eq(events("action = file_purged"), 1);
}
END_TEST

static struct id add_video(vidstore_session *s, const char *json) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_json(p, json);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

static int exists(struct id id) {
    int32_t there = -1;
    must(vidstore_file_exists(sys, id.text, &there, e));
    return there;
}

START_TEST(a_video_comes_back_with_its_own_files) {
    vidstore_job *job = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    struct id videos[2], files[2];
    for (int i = 0; i < 2; i++) {
        char json[160];
        snprintf(json, sizeof json, "{\"title\": \"%d\", \"job_id\": \"%s\"}", i, vidstore_job_id(job));
        videos[i] = add_video(sys, json);
        files[i] = put_with(sys, i ? "one" : "zero", VIDSTORE_FILE_VIDEO_ID, videos[i].text);
    }
    must(vidstore_job_cancel(sys, vidstore_job_id(job), NULL, e));
    must(vidstore_job_remove(sys, vidstore_job_id(job), VIDSTORE_REMOVE_CASCADE, e));
    ck_assert(!exists(files[0]) && !exists(files[1]));
    must(vidstore_video_restore(sys, videos[0].text, NULL, e));
    ck_assert(exists(files[0]) && !exists(files[1]));
    vidstore_job_free(job);
}
END_TEST

/* What a video says of its file may name any file of its owner. */
START_TEST(a_fetch_gives_no_file_of_another_video) {
    char json[512];
    vidstore_file *file = NULL;
    write_source("right", 5);
    struct id other = add_video(sys, "{\"title\": \"other\"}");
    struct id wrong = put_with(sys, "wrong", VIDSTORE_FILE_VIDEO_ID, other.text);
    write_source("right", 5);
    snprintf(json, sizeof json,
             "{\"title\": \"x\", \"url\": \"%s\", \"source_file_id\": \"%s\", \"download_state\": \"completed\"}",
             source, wrong.text);
    struct id video = add_video(sys, json);
    must(vidstore_video_fetch(sys, video.text, &file, e));
    ck_assert_str_ne(vidstore_file_id(file), wrong.text);
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_VIDEO_ID), video.text);
    struct id right = take_id(file);
    holds(sys, right, "right");
    must(vidstore_video_fetch(sys, video.text, &file, e)); /* again: that one */
    ck_assert_str_eq(vidstore_file_id(file), right.text);
    vidstore_file_free(file);
}
END_TEST

START_TEST(files_are_listed_and_changed_in_bulk) {
    struct id ids[3] = {put(sys, "a"), put(sys, "bb"), put(sys, "ccc")};
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "size >= 2 and access = private", e));
    vidstore_query_sort(q, "size asc");
    must(vidstore_file_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 2);
    ck_assert_str_eq(vidstore_file_id(vidstore_page_file(page, 0)), ids[1].text);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_file_params *p[3];
    const char *texts[3] = {ids[0].text, "018f0000-0000-7000-8000-00000000abcd", ids[2].text};
    for (int i = 0; i < 3; i++)
        p[i] = params(VIDSTORE_FILE_ACCESS, "public");
    refused(VIDSTORE_NOT_FOUND, "items[1].id",
            vidstore_file_bulk_update(sys, texts, (const vidstore_file_params *const *)p, 3, VIDSTORE_BULK_ATOMIC,
                                      &page, e));
    must(
        vidstore_file_bulk_update(sys, texts, (const vidstore_file_params *const *)p, 3, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 0), VIDSTORE_OK);
    ck_assert_int_eq(vidstore_page_status(page, 1), VIDSTORE_NOT_FOUND);
    ck_assert_int_eq(vidstore_file_access(vidstore_page_file(page, 2)), VIDSTORE_ACCESS_PUBLIC);
    vidstore_page_free(page);
    for (int i = 0; i < 3; i++)
        vidstore_file_params_free(p[i]);
}
END_TEST

START_TEST(duplicates_are_those_that_one_may_see) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna);
    vidstore_text *json = NULL;
    struct id a = put(user, "same bytes"), b = put(user, "same bytes");
    put(sys, "same bytes");
    put(sys, "more of the same bytes, and longer");
    put(sys, "more of the same bytes, and longer");
    put(sys, "alone");
    must(vidstore_file_duplicates(user, NULL, &json, e));
    const char *text = vidstore_text_data(json);
    ck_assert_ptr_nonnull(strstr(text, "\"size\":10,\"count\":2"));
    ck_assert_ptr_nonnull(strstr(text, a.text));
    ck_assert_ptr_nonnull(strstr(text, b.text));
    ck_assert_ptr_null(strstr(text, "},{"));
    vidstore_text_free(json);
    must(vidstore_file_duplicates(sys, NULL, &json, e));
    text = vidstore_text_data(json);
    const char *large = strstr(text, "\"size\":34,\"count\":2"), *small = strstr(text, "\"size\":10,\"count\":3");
    ck_assert(large && small && large < small); /* the largest waste first */
    vidstore_text_free(json);
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1);
    must(vidstore_file_duplicates(sys, q, &json, e));
    ck_assert_ptr_null(strstr(vidstore_text_data(json), "\"size\":10"));
    vidstore_text_free(json);
    vidstore_query_free(q);
    must(vidstore_file_remove(user, a.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_duplicates(user, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    vidstore_session_free(user);
}
END_TEST

static struct id video_with(vidstore_session *s, const char *title, const char *data) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    put_with(s, data, VIDSTORE_FILE_VIDEO_ID, id.text);
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

START_TEST(videos_with_the_same_bytes) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), bert = add_user("bert", VIDSTORE_ROLE_USER);
    vidstore_session *as_anna = session_of(anna), *as_bert = session_of(bert);
    vidstore_text *json = NULL;
    struct id one = video_with(as_anna, "One \"a\"", "same bytes"), two = video_with(as_anna, "Two", "same bytes");
    put_with(as_anna, "same bytes", VIDSTORE_FILE_VIDEO_ID, two.text); /* twice in one video is no second video */
    put(as_anna, "same bytes");                                        /* nor is a file without one */
    video_with(as_anna, "Three", "others");
    video_with(as_bert, "Four", "same bytes"); /* nor a stranger's */
    must(vidstore_video_duplicates(as_anna, NULL, &json, e));
    char expected[512];
    snprintf(expected, sizeof expected,
             "\"size\":10,\"count\":2,\"user_id\":\"%s\",\"videos\":[{\"id\":\"%s\",\"title\":\"One \\\"a\\\"\"},"
             "{\"id\":\"%s\",\"title\":\"Two\"}]}]",
             anna.text, one.text, two.text);
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(json), expected));
    vidstore_text_free(json);
    must(vidstore_video_duplicates(as_bert, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    video_with(as_bert, "Five", "longer bytes than those");
    video_with(as_bert, "Six", "longer bytes than those");
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1);
    must(vidstore_video_duplicates(sys, q, &json, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(json), "\"size\":23,\"count\":2"));
    ck_assert_ptr_null(strstr(vidstore_text_data(json), "\"size\":10"));
    vidstore_text_free(json);
    vidstore_query_free(q);
    must(vidstore_video_remove(as_anna, one.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_duplicates(as_anna, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    vidstore_session_free(as_anna);
    vidstore_session_free(as_bert);
}
END_TEST

Suite *files_records_suite(void);

Suite *files_records_suite(void) {
    Suite *suite = suite_create("files_records");
    TCase *t = tcase_create("records");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_record_is_changed);
    tcase_add_test(t, categories_and_given_times_expire);
    tcase_add_test(t, files_that_come_back_with_a_job_have_a_new_life);
    tcase_add_test(t, files_are_removed_restored_and_ended);
    tcase_add_test(t, a_removed_file_gives_up_its_external_id);
    tcase_add_test(t, a_video_comes_back_with_its_own_files);
    tcase_add_test(t, a_fetch_gives_no_file_of_another_video);
    tcase_add_test(t, files_are_listed_and_changed_in_bulk);
    tcase_add_test(t, duplicates_are_those_that_one_may_see);
    tcase_add_test(t, videos_with_the_same_bytes);
    suite_add_tcase(suite, t);
    return suite;
}
