/* SPDX-License-Identifier: MIT */
/* Uploads that are copied from a file, slice by slice. */
#include "uploads.h"

/* A file of the host with these bytes, opened as a host opens what it does not know. */
static int source_of(const char *name, const void *data, size_t size) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
    int fd = open(path, O_PATH | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(a_file_is_copied_in_slices) {
    int fd = source_of("slices", "0123456789", 10);
    int64_t left = -1;
    vidstore_upload *up = open_upload(sys, "slices");
    must(vidstore_upload_copy(up, fd, 4, &left, e));
    ck_assert_int_eq(left, 6);
    must(vidstore_upload_copy(up, fd, 4, NULL, e));
    ck_assert_int_eq(vidstore_upload_size(up), 8);
    must(vidstore_upload_copy(up, fd, INT64_MAX, &left, e));
    ck_assert_int_eq(left, 0);
    must(vidstore_upload_copy(up, fd, 1, &left, e)); /* nothing is left */
    ck_assert_int_eq(vidstore_upload_size(up), 10);
    must(vidstore_upload_seal(up, 10, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_copy(up, fd, 1, &left, e));
    holds(sys, publish(sys, up), "0123456789", 10);
    vidstore_upload_free(up);
    close(fd);
    fd = source_of("empty", "", 0);
    up = open_upload(sys, "empty");
    must(vidstore_upload_copy(up, fd, 1, &left, e));
    must(vidstore_upload_seal(up, 0, e));
    vidstore_upload_free(up);
    close(fd);
}
END_TEST

START_TEST(a_copy_goes_on_with_a_resumed_upload) {
    int fd = source_of("resumed", "0123456789", 10), other = source_of("shorter", "01", 2);
    int64_t left = -1;
    vidstore_upload *up = open_upload(sys, "resumed");
    must(vidstore_upload_copy(up, fd, 4, &left, e));
    struct id id = id_of(vidstore_upload_id(up));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(sys, id.text, &up, e));
    refused(VIDSTORE_INVALID, "fd", vidstore_upload_copy(up, other, 1, &left, e));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(sys, id.text, &up, e));
    must(vidstore_upload_copy(up, fd, INT64_MAX, &left, e));
    must(vidstore_upload_seal(up, 10, e));
    holds(sys, publish(sys, up), "0123456789", 10);
    vidstore_upload_free(up);
    close(fd);
    close(other);
}
END_TEST

/* What comes between two slices: it grows, it is overwritten, it is another file. */
START_TEST(what_changes_between_slices_is_given_up) {
    for (int how = 0; how < 3; how++) {
        char path[160];
        vidstore_error *error = NULL;
        int fd = source_of("changing", "0123456789", 10), other = source_of("other", "0123456789", 10);
        vidstore_upload *up = open_upload(sys, "changing");
        must(vidstore_upload_copy(up, fd, 4, NULL, e));
        snprintf(path, sizeof path, "%s/changing", folder);
        int writer = open(path, O_WRONLY | (how == 0 ? O_APPEND : 0));
        usleep(20000); /* a clock tick of the file system's times */
        if (how < 2)
            ck_assert_int_eq(write(writer, "x", 1), 1);
        close(writer);
        ck_assert_int_eq(vidstore_upload_copy(up, how == 2 ? other : fd, 4, NULL, &error), VIDSTORE_IO);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CHANGED);
        ck_assert_str_eq(vidstore_error_field(error), "fd");
        vidstore_error_free(error);
        refused(VIDSTORE_STATE, "upload", vidstore_upload_seal(up, 4, e));
        vidstore_upload_free(up);
        close(fd);
        close(other);
    }
}
END_TEST

START_TEST(only_plain_files_of_others_are_copied) {
    char path[160], fifo[160];
    snprintf(path, sizeof path, "%s/store.db", place);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    struct {
        const char *path;
        int flags;
        int32_t sub;
    } sources[] = {{path, O_PATH, VIDSTORE_SUB_NOT_A_FILE},
                   {fifo, O_PATH, VIDSTORE_SUB_NOT_A_FILE},
                   {"/dev/null", O_PATH, VIDSTORE_SUB_NOT_A_FILE},
                   {folder, O_PATH, VIDSTORE_SUB_NOT_A_FILE},
                   {"/dev/null", O_WRONLY, 0}};
    vidstore_upload *up = open_upload(sys, "x");
    int64_t left = -1;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        vidstore_error *error = NULL;
        int fd = open(sources[i].path, sources[i].flags | O_CLOEXEC);
        ck_assert_int_eq(vidstore_upload_copy(up, fd, 1, &left, &error), VIDSTORE_INVALID);
        ck_assert_int_eq(vidstore_error_subcode(error), sources[i].sub);
        ck_assert_str_eq(vidstore_error_field(error), "fd");
        ck_assert_int_eq(left, 0);
        vidstore_error_free(error);
        close(fd);
    }
    refused(VIDSTORE_INVALID, "fd", vidstore_upload_copy(up, -1, 1, &left, e));
    refused(VIDSTORE_INVALID, "size", vidstore_upload_copy(up, 0, 0, &left, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_copy(NULL, 0, 1, &left, e));
    refused(VIDSTORE_MISUSE, "upload", vidstore_upload_copy((vidstore_upload *)sys, 0, 1, &left, e));
    int fd = source_of("after", "abc", 3); /* a refusal costs nothing */
    must(vidstore_upload_copy(up, fd, 3, &left, e));
    must(vidstore_upload_seal(up, 3, e));
    vidstore_upload_free(up);
    close(fd);
}
END_TEST

Suite *uploads_copied_suite(void);

Suite *uploads_copied_suite(void) {
    Suite *suite = suite_create("uploads_copied");
    TCase *t = tcase_create("uploads");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_file_is_copied_in_slices);
    tcase_add_test(t, a_copy_goes_on_with_a_resumed_upload);
    tcase_add_test(t, what_changes_between_slices_is_given_up);
    tcase_add_test(t, only_plain_files_of_others_are_copied);
    suite_add_tcase(suite, t);
    return suite;
}
