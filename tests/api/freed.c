/* SPDX-License-Identifier: MIT */
/* Handles that were freed. A debug build keeps their memory back for a while, so that each call that is given one says
 * so, and a second free does nothing. Elsewhere this would be a test of the allocator, and is not built. */
#include "harness.h"
#include <vidstore/file.h>
#include <vidstore/query.h>
#include <vidstore/queue.h>
#include <vidstore/watch.h>

/* The same memory would soon be somebody else's, were it not kept back. */
static void allocate_a_lot(void) {
    for (int i = 0; i < 50; i++) {
        vidstore_user_params *params = vidstore_user_params_new();
        vidstore_query *query = vidstore_query_new();
        vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, "filler");
        vidstore_query_free(query);
        vidstore_user_params_free(params);
    }
}

#define told_as_freed(field, call)                                                                                     \
    do {                                                                                                               \
        refused(VIDSTORE_MISUSE, field, call);                                                                         \
        ck_assert_msg(strstr(said, "has been freed"), "%s says %s", #call, said);                                      \
    } while (0)

START_TEST(attack_40_freed_sessions) {
    vidstore_session *session = session_of(add_user("ann", VIDSTORE_ROLE_USER));
    int64_t count = -1;
    vidstore_session_free(session);
    allocate_a_lot();
    told_as_freed("session", vidstore_user_count(session, NULL, &count, e));
    vidstore_session_free(session);
}
END_TEST

START_TEST(attack_40_freed_queries) {
    vidstore_query *query = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_query_free(query);
    allocate_a_lot();
    told_as_freed("query", vidstore_user_list(sys, query, &page, e));
    told_as_freed("query", vidstore_query_filter(query, "role = admin", e));
    vidstore_query_free(query);
}
END_TEST

START_TEST(attack_40_freed_params_of_a_record) {
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_free(params);
    allocate_a_lot();
    vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, "late");
    told_as_freed("params", vidstore_user_create(sys, params, NULL, e));
    vidstore_user_params_free(params);
}
END_TEST

START_TEST(attack_40_freed_records_and_pages) {
    struct id id = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_user *user = NULL;
    vidstore_page *page = NULL;
    must(vidstore_user_get(sys, id.text, &user, e));
    must(vidstore_user_list(sys, NULL, &page, e));
    const vidstore_user *borrowed = vidstore_page_user(page, 0);
    ck_assert_str_eq(vidstore_user_id(borrowed), id.text);
    vidstore_user_free(user);
    vidstore_page_free(page);
    allocate_a_lot();
    ck_assert_ptr_null(vidstore_user_id(user));
    ck_assert_ptr_null(vidstore_user_id(borrowed));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_user_free(user);
    vidstore_page_free(page);
}
END_TEST

START_TEST(attack_40_freed_uploads_and_readers) {
    vidstore_file *file = NULL;
    vidstore_upload *upload = NULL;
    vidstore_reader *reader = NULL;
    vidstore_file_params *params = vidstore_file_params_new();
    int64_t got = -1;
    char bytes[4];
    vidstore_file_params_set_text(params, VIDSTORE_FILE_NAME, "a");
    must(vidstore_upload_open(sys, params, &upload, e));
    must(vidstore_upload_write(upload, "abcd", 4, e));
    must(vidstore_upload_seal(upload, 4, e));
    must(vidstore_upload_publish(sys, upload, &file, e));
    vidstore_upload_free(upload);
    must(vidstore_file_open(sys, vidstore_file_id(file), &reader, e));
    vidstore_reader_free(reader);
    allocate_a_lot();
    told_as_freed("upload", vidstore_upload_write(upload, "abcd", 4, e));
    told_as_freed("upload", vidstore_upload_copy(upload, 0, 1, &got, e));
    told_as_freed("reader", vidstore_reader_read(reader, 0, bytes, sizeof bytes, &got, e));
    ck_assert_int_eq(vidstore_reader_size(reader), 0);
    vidstore_upload_free(upload);
    vidstore_reader_free(reader);
    vidstore_file_free(file);
    vidstore_file_params_free(params);
}
END_TEST

START_TEST(attack_40_freed_queues_and_watches) {
    vidstore_queue *queue = NULL;
    vidstore_watch *watch = NULL;
    vidstore_text *changes = NULL;
    int64_t op = 0;
    must(vidstore_queue_new(store, 0, &queue, e));
    must(vidstore_watch_open(sys, NULL, NULL, &watch, e));
    vidstore_queue_free(queue);
    vidstore_watch_free(watch);
    allocate_a_lot();
    told_as_freed("queue", vidstore_call_start(sys, queue, 0, "user.count", "{}", &op, e));
    told_as_freed("watch", vidstore_watch_next(watch, 10, &changes, e));
    vidstore_queue_free(queue);
    vidstore_watch_free(watch);
}
END_TEST

/* They can't complain of themselves; what they say is nothing, and freeing them again does nothing. */
START_TEST(attack_40_freed_texts_and_errors) {
    vidstore_text *text = NULL;
    vidstore_error *error = NULL;
    must(vidstore_stats(sys, &text, e));
    ck_assert_int_eq(vidstore_user_get(sys, "x", NULL, &error), VIDSTORE_INVALID);
    vidstore_text_free(text);
    vidstore_error_free(error);
    allocate_a_lot();
    ck_assert_str_eq(vidstore_text_data(text), "");
    ck_assert_int_eq(vidstore_text_size(text), 0);
    ck_assert_int_eq(vidstore_error_code(error), VIDSTORE_MISUSE);
    ck_assert_ptr_nonnull(strstr(vidstore_error_message(error), "has been freed"));
    ck_assert_ptr_null(vidstore_error_field(error));
    ck_assert_ptr_null(vidstore_error_cause(error));
    vidstore_text_free(text);
    vidstore_error_free(error);
}
END_TEST

START_TEST(attack_40_freed_params_in_bulk) {
    vidstore_user_params *user = vidstore_user_params_new();
    vidstore_job_params *job = vidstore_job_params_new();
    vidstore_video_params *video = vidstore_video_params_new();
    vidstore_user_params_free(user);
    vidstore_job_params_free(job);
    vidstore_video_params_free(video);
    allocate_a_lot();
    const vidstore_user_params *users[] = {user};
    const vidstore_job_params *jobs[] = {job};
    const vidstore_video_params *videos[] = {video};
    told_as_freed("items[0].params", vidstore_user_bulk_create(sys, users, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    told_as_freed("items[0].params", vidstore_job_bulk_create(sys, jobs, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    told_as_freed("items[0].params", vidstore_video_bulk_create(sys, videos, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
}
END_TEST

START_TEST(attack_40_freed_the_store) {
    vidstore *closed = store;
    vidstore_session *session = NULL;
    close_store();
    allocate_a_lot();
    told_as_freed("store", vidstore_session_system(closed, "late", &session, e));
    vidstore_close(closed);
    open_store();
}
END_TEST

Suite *freed_suite(void);
Suite *freed_suite(void) {
    Suite *suite = suite_create("freed");
    TCase *tests = tcase_create("freed");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, attack_40_freed_sessions);
    tcase_add_test(tests, attack_40_freed_queries);
    tcase_add_test(tests, attack_40_freed_params_of_a_record);
    tcase_add_test(tests, attack_40_freed_records_and_pages);
    tcase_add_test(tests, attack_40_freed_uploads_and_readers);
    tcase_add_test(tests, attack_40_freed_queues_and_watches);
    tcase_add_test(tests, attack_40_freed_texts_and_errors);
    tcase_add_test(tests, attack_40_freed_params_in_bulk);
    tcase_add_test(tests, attack_40_freed_the_store);
    suite_add_tcase(suite, tests);
    return suite;
}
