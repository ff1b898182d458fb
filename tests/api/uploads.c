/* SPDX-License-Identifier: MIT */
/* Writing files: open, write, seal, publish, resume, give up. */
#include "uploads.h"

START_TEST(nothing_is_visible_before_it_is_published) {
    vidstore_upload *up = open_upload(sys, "one.mkv");
    ck_assert_int_eq(vidstore_upload_size(up), 0);
    must(vidstore_upload_write(up, "abc", 3, e));
    must(vidstore_upload_write(up, NULL, 0, e));
    must(vidstore_upload_write(up, "defg", 4, e));
    ck_assert_int_eq(vidstore_upload_size(up), 7);
    ck_assert_int_eq(count_files(sys), 0);
    must(vidstore_upload_seal(up, 7, e));
    ck_assert_int_eq(vidstore_upload_size(up), 7);
    ck_assert_int_eq(count_files(sys), 0);
    struct id id = publish(sys, up);
    ck_assert_int_eq(count_files(sys), 1);
    holds(sys, id, "abcdefg", 7);
    vidstore_file *file = get(sys, id);
    ck_assert_str_eq(vidstore_file_sha256(file), "7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_EXTENSION), "mkv");
    ck_assert_str_eq(vidstore_file_content_type(file), "video/x-matroska");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_TYPE), "video");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_BACKEND), "local");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_CATEGORY), "permanent");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_ORIGINAL_NAME), "one.mkv");
    ck_assert_int_eq(vidstore_file_access(file), VIDSTORE_ACCESS_PRIVATE);
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_ENCRYPTED), 0);
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_EXPIRES_US));
    ck_assert_int_le(vidstore_file_int64(file, VIDSTORE_FILE_UPLOAD_STARTED_US),
                     vidstore_file_int64(file, VIDSTORE_FILE_UPLOAD_COMPLETED_US));
    ck_assert_int_eq(events("action = file_uploaded"), 1);
    vidstore_file_free(file);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(an_empty_file_is_a_file) {
    struct id id = store_file(sys, "empty", "", 0);
    holds(sys, id, "", 0);
}
END_TEST

START_TEST(another_total_is_found_out) {
    vidstore_upload *up = open_upload(sys, "x");
    must(vidstore_upload_write(up, "12345", 5, e));
    refused(VIDSTORE_INVALID, "total", vidstore_upload_seal(up, 6, e));
    refused(VIDSTORE_INVALID, "total", vidstore_upload_seal(up, 4, e));
    refused(VIDSTORE_INVALID, "total", vidstore_upload_seal(up, -1, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    must(vidstore_upload_write(up, "6", 1, e)); /* it can go on */
    must(vidstore_upload_seal(up, 6, e));
    must(vidstore_upload_seal(up, 6, e));
    refused(VIDSTORE_INVALID, "total", vidstore_upload_seal(up, 7, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(up, "7", 1, e));
    struct id id = publish(sys, up);
    holds(sys, id, "123456", 6);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(a_demanded_checksum_is_held_against_the_bytes) {
    vidstore_upload *up = NULL;
    vidstore_error *error = NULL;
    vidstore_file_params *p = named_params("sum");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_SHA256,
                                  "7D1A54127B222502F5B79B5FB0803061152A44F92B37E23C6527BAF665D4DA9A");
    must(vidstore_upload_open(sys, p, &up, e));
    must(vidstore_upload_write(up, "abcdefG", 7, e));
    ck_assert_int_eq(vidstore_upload_seal(up, 7, &error), VIDSTORE_INVALID);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CHECKSUM);
    ck_assert_str_eq(vidstore_error_field(error), "sha256");
    vidstore_error_free(error);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(up, "x", 1, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    vidstore_upload_free(up);
    count_disk();
    ck_assert_int_eq(parts + blobs, 0);
    must(vidstore_upload_open(sys, p, &up, e));
    must(vidstore_upload_write(up, "abcdefg", 7, e));
    must(vidstore_upload_seal(up, 7, e));
    publish(sys, up);
    vidstore_upload_free(up);
    vidstore_file_params_free(p);
}
END_TEST

START_TEST(names_are_taken_as_they_are_or_not_at_all) {
    static const char *const bad[] = {"",          ".",      "..",      "a/b",        "/",       "tab\there",
                                      "new\nline", "bell\a", "del\x7f", "c1\xc2\x85", "utf\xff", "\xc0\xaf"};
    static const char *const good[] = {"a", "...", ".hidden", "ümläut 日本.mp4", "back\\slash", "a b", "nbsp\xc2\xa0"};
    char longest[258];
    vidstore_upload *up = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_file_params *p = named_params(bad[i]);
        refused(VIDSTORE_INVALID, "name", vidstore_upload_open(sys, p, &up, e));
        ck_assert_ptr_null(up);
        vidstore_file_params_free(p);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct id id = store_file(sys, good[i], "x", 1);
        vidstore_file *file = get(sys, id);
        ck_assert_str_eq(vidstore_file_name(file), good[i]);
        vidstore_file_free(file);
    }
    memset(longest, 'n', sizeof longest);
    longest[256] = '\0';
    vidstore_file_params *p = named_params(longest);
    refused(VIDSTORE_INVALID, "name", vidstore_upload_open(sys, p, &up, e));
    vidstore_file_params_free(p);
    longest[255] = '\0';
    store_file(sys, longest, "x", 1);
    refused(VIDSTORE_INVALID, "name", vidstore_upload_open(sys, NULL, &up, e));
    p = vidstore_file_params_new();
    refused(VIDSTORE_INVALID, "name", vidstore_upload_open(sys, p, &up, e));
    vidstore_file_params_free(p);
}
END_TEST

static void refuse_text(vidstore_session *s, int32_t code, int32_t field, const char *value, const char *name) {
    vidstore_upload *up = NULL;
    vidstore_file_params *p = named_params("x");
    vidstore_file_params_set_text(p, field, value);
    refused(code, name, vidstore_upload_open(s, p, &up, e));
    ck_assert_ptr_null(up);
    vidstore_file_params_free(p);
}

START_TEST(bad_params_are_refused_before_the_first_byte) {
    static const char *const nobody = "00000000-0000-7000-8000-000000000001";
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), ben = add_user("ben", VIDSTORE_ROLE_VIEWER);
    vidstore_session *user = session_of(anna), *viewer = session_of(ben), *nameless = NULL;
    vidstore_upload *up = NULL;
    must(vidstore_session_anonymous(store, NULL, &nameless, e));
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_JOB_ID, nobody, "job_id");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_VIDEO_ID, nobody, "video_id");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_VIDEO_ID, "no uuid", "video_id");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_USER_ID, nobody, "user_id");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_TYPE, "game", "type");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_CONTENT_TYPE, "video", "content_type");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_ACCESS, "everybody", "access");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_CATEGORY, "junk", "category");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_SHA256, "abc", "sha256");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_METADATA, "[]", "metadata");
    refuse_text(sys, VIDSTORE_INVALID, VIDSTORE_FILE_SIZE, "1", "size");
    refuse_text(user, VIDSTORE_FORBIDDEN, VIDSTORE_FILE_USER_ID, ben.text, "user_id");
    refuse_text(viewer, VIDSTORE_FORBIDDEN, VIDSTORE_FILE_STAGE, "x", NULL);
    refuse_text(nameless, VIDSTORE_FORBIDDEN, VIDSTORE_FILE_STAGE, "x", NULL);
    vidstore_user_params *wrong = vidstore_user_params_new();
    refused(VIDSTORE_MISUSE, "params", vidstore_upload_open(sys, (void *)wrong, &up, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_upload_open(NULL, NULL, &up, e));
    vidstore_user_params_free(wrong);
    count_disk();
    ck_assert_int_eq(parts, 0);
    ck_assert_int_ge(events("action = access_denied"), 2);
    vidstore_session_free(user);
    vidstore_session_free(viewer);
    vidstore_session_free(nameless);
}
END_TEST

START_TEST(handles_are_checked) {
    vidstore_upload *up = open_upload(sys, "x");
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_write(NULL, "x", 1, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_seal(NULL, 1, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_abort(NULL, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_publish(sys, NULL, NULL, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_upload_publish(NULL, up, NULL, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_write((vidstore_upload *)sys, "x", 1, e));
    refused(VIDSTORE_MISUSE, "data", vidstore_upload_write(up, NULL, 1, e));
    refused(VIDSTORE_INVALID, "size", vidstore_upload_write(up, "x", -1, e));
    ck_assert_ptr_null(vidstore_upload_id(NULL));
    ck_assert_int_eq(vidstore_upload_size(NULL), 0);
    vidstore_upload_free(NULL);
    ck_assert_int_eq(vidstore_upload_open(sys, NULL, NULL, NULL), VIDSTORE_INVALID);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(the_same_bytes_of_an_owner_are_kept_once) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna);
    struct id one = store_file(sys, "one", "same", 4), two = store_file(sys, "two", "same", 4);
    struct id hers = store_file(user, "hers", "same", 4), other = store_file(sys, "other", "Same", 4);
    struct id all[] = {one, two, hers, other};
    char blob[4][37];
    for (int i = 0; i < 4; i++) {
        vidstore_file *file = get(sys, all[i]);
        snprintf(blob[i], sizeof blob[i], "%s", vidstore_file_text(file, VIDSTORE_FILE_BLOB_ID));
        vidstore_file_free(file);
    }
    ck_assert_str_eq(blob[0], blob[1]);
    ck_assert_str_ne(blob[0], blob[2]); /* that somebody else has it is nobody's business */
    ck_assert_str_ne(blob[0], blob[3]);
    must(vidstore_file_remove(sys, one.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_file_purge(sys, one.text, e));
    holds(sys, two, "same", 4);
    vidstore_session_free(user);
}
END_TEST

START_TEST(external_ids_are_unique_an_owner) {
    vidstore_file_params *p = named_params("x");
    vidstore_upload *up[2];
    vidstore_file *file = NULL;
    vidstore_file_params_set_text(p, VIDSTORE_FILE_EXTERNAL_ID, "e-1");
    for (int i = 0; i < 2; i++) {
        must(vidstore_upload_open(sys, p, &up[i], e));
        must(vidstore_upload_seal(up[i], 0, e));
    }
    struct id id = publish(sys, up[0]);
    refused(VIDSTORE_EXISTS, "external_id", vidstore_upload_publish(sys, up[1], &file, e));
    ck_assert_ptr_null(file);
    must(vidstore_upload_abort(up[1], e)); /* it was undone whole */
    must(vidstore_file_get_external(sys, NULL, "e-1", &file, e));
    ck_assert_str_eq(vidstore_file_id(file), id.text);
    vidstore_file_free(file);
    vidstore_upload_free(up[0]);
    vidstore_upload_free(up[1]);
    vidstore_file_params_free(p);
}
END_TEST

static void use_in_child(void *arg) {
    vidstore_upload *up = arg;
    refused(VIDSTORE_FORKED, "upload", vidstore_upload_write(up, "x", 1, e));
    refused(VIDSTORE_FORKED, "upload", vidstore_upload_seal(up, 0, e));
}

START_TEST(a_child_can_not_use_it) {
    vidstore_upload *up = open_upload(sys, "x");
    in_child(use_in_child, up);
    must(vidstore_upload_write(up, "x", 1, e));
    vidstore_upload_free(up);
}
END_TEST

static void *upload_many(void *arg) {
    vidstore_session *s = NULL;
    char data[5000], name[32];
    must(vidstore_session_system(store, "thread", &s, e));
    for (int i = 0; i < 6; i++) {
        memset(data, 'a' + i, sizeof data);
        snprintf(data, sizeof data, "%p %d", arg, i);
        snprintf(name, sizeof name, "%d", i);
        struct id id = store_file(s, name, data, sizeof data);
        holds(s, id, data, sizeof data);
    }
    vidstore_session_free(s);
    return NULL;
}

START_TEST(eight_threads_upload_at_once) {
    pthread_t threads[8];
    char which[8];
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, upload_many, &which[i]), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(count_files(sys), 48);
    ck_assert_int_eq(events("action = file_uploaded"), 48);
    count_disk();
    ck_assert_int_eq(parts, 0);
    ck_assert_int_eq(blobs, 48);
}
END_TEST

Suite *uploads_suite(void);

Suite *uploads_suite(void) {
    Suite *suite = suite_create("uploads");
    TCase *t = tcase_create("uploads");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, nothing_is_visible_before_it_is_published);
    tcase_add_test(t, an_empty_file_is_a_file);
    tcase_add_test(t, another_total_is_found_out);
    tcase_add_test(t, a_demanded_checksum_is_held_against_the_bytes);
    tcase_add_test(t, names_are_taken_as_they_are_or_not_at_all);
    tcase_add_test(t, bad_params_are_refused_before_the_first_byte);
    tcase_add_test(t, handles_are_checked);
    tcase_add_test(t, the_same_bytes_of_an_owner_are_kept_once);
    tcase_add_test(t, external_ids_are_unique_an_owner);
    tcase_add_test(t, a_child_can_not_use_it);
    tcase_add_test(t, eight_threads_upload_at_once);
    suite_add_tcase(suite, t);
    return suite;
}
