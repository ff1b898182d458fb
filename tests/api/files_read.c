/* SPDX-License-Identifier: MIT */
/* Reading files: ranges, who may, what is on record, and damage. */
#include "files.h"

/* Where the bytes lie. */
static void path_of(struct id id, char ret[512]) {
    vidstore_text *text = NULL;
    must(vidstore_file_path(sys, id.text, &text, e));
    snprintf(ret, 512, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
}

/* ---- reading ---- */

START_TEST(ranges_are_read) {
    struct id id = put(sys, "0123456789");
    vidstore_reader *r = NULL;
    char b[32] = "";
    int64_t got = -1;
    must(vidstore_file_open(sys, id.text, &r, e));
    ck_assert_int_eq(vidstore_reader_size(r), 10);
    must(vidstore_reader_read(r, 3, b, 4, &got, e));
    ck_assert_int_eq(got, 4);
    ck_assert_int_eq(memcmp(b, "3456", 4), 0);
    must(vidstore_reader_read(r, 8, b, 30, &got, e));
    ck_assert_int_eq(got, 2);
    must(vidstore_reader_read(r, 10, b, 30, &got, e));
    ck_assert_int_eq(got, 0);
    must(vidstore_reader_read(r, INT64_MAX, b, INT64_MAX, &got, e));
    ck_assert_int_eq(got, 0);
    must(vidstore_reader_read(r, 0, NULL, 0, &got, e));
    must(vidstore_reader_read(r, 0, b, 1, NULL, e));
    refused(VIDSTORE_INVALID, "offset", vidstore_reader_read(r, -1, b, 1, &got, e));
    refused(VIDSTORE_INVALID, "size", vidstore_reader_read(r, 0, b, -1, &got, e));
    refused(VIDSTORE_MISUSE, "buffer", vidstore_reader_read(r, 0, NULL, 1, &got, e));
    refused(VIDSTORE_MISUSE, "reader", vidstore_reader_read(NULL, 0, b, 1, &got, e));
    ck_assert_int_ge(vidstore_reader_fd(r), 0);
    ck_assert_int_eq(vidstore_reader_fd(NULL), -1);
    ck_assert_int_eq(vidstore_reader_size(NULL), 0);
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(sys, id.text, e));
    must(vidstore_reader_read(r, 0, b, 10, &got, e)); /* whatever becomes of the record */
    ck_assert_int_eq(got, 10);
    vidstore_reader *none = NULL;
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_open(sys, id.text, &none, e));
    close_store();
    must(vidstore_reader_read(r, 0, b, 10, &got, e)); /* and of the store's handle */
    vidstore_reader_free(r);
    vidstore_reader_free(NULL);
    open_store();
}
END_TEST

START_TEST(who_may_read) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), ben = add_user("ben", VIDSTORE_ROLE_USER);
    struct id root = add_user("root", VIDSTORE_ROLE_ADMIN);
    vidstore_session *owner = session_of(anna), *other = session_of(ben), *admin = session_of(root), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    static const char *const levels[] = {"private", "restricted", "authenticated", "public"};
    for (int i = 0; i < 4; i++) {
        struct id id = put_with(owner, levels[i], VIDSTORE_FILE_ACCESS, levels[i]);
        vidstore_session *all[] = {owner, admin, other, nobody};
        int may[] = {1, 1, i >= 2, i == 3};
        for (int k = 0; k < 4; k++) {
            vidstore_reader *r = NULL;
            vidstore_text *path = NULL;
            vidstore_file *file = NULL;
            if (may[k]) {
                holds(all[k], id, levels[i]);
                must(vidstore_file_get(all[k], id.text, &file, e));
                vidstore_file_free(file);
                continue;
            }
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_open(all[k], id.text, &r, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_path(all[k], id.text, &path, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(all[k], id.text, &file, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_save(all[k], id.text, "/tmp/never", e));
        }
        int may_not = i >= 2 ? VIDSTORE_FORBIDDEN : VIDSTORE_NOT_FOUND;
        refused(may_not, NULL, vidstore_file_verify(other, id.text, NULL, e));
        refused(may_not, NULL, vidstore_file_remove(other, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    }
    ck_assert_int_eq(count(owner), 4);
    ck_assert_int_eq(count(other), 2);  /* those for all who have logged in, and the public one */
    ck_assert_int_eq(count(nobody), 1); /* the public one */
    ck_assert_int_eq(count(admin), 4);
    vidstore_session_free(owner);
    vidstore_session_free(other);
    vidstore_session_free(admin);
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(handing_out_is_on_record) {
    struct id id = put(sys, "abc");
    char path[512];
    vidstore_file *file = get(id);
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_LAST_ACCESS_US));
    vidstore_file_free(file);
    holds(sys, id, "abc");
    path_of(id, path);
    ck_assert_int_eq(events("action = file_downloaded"), 2);
    file = get(id);
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_LAST_ACCESS_US), 0);
    ck_assert_int_eq(vidstore_file_version(file), 1);
    vidstore_file_free(file);
}
END_TEST

START_TEST(a_store_that_is_only_read_gives_files) {
    struct id id = put(sys, "abc");
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_reader *r = NULL;
    vidstore_file_params *fp = params(VIDSTORE_FILE_NAME, "x");
    close_store();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "reader", &sys, e));
    holds(sys, id, "abc");
    refused(VIDSTORE_READONLY, NULL, vidstore_file_put_path(sys, source, NULL, NULL, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_file_verify(sys, id.text, NULL, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_file_update(sys, id.text, fp, NULL, e));
    vidstore_reader_free(r);
    vidstore_file_params_free(fp);
    vidstore_open_params_free(p);
}
END_TEST

static void flip(const char *path, off_t at) {
    char byte;
    ck_assert_int_eq(chmod(path, 0600), 0);
    int fd = open(path, O_RDWR);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 4;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

START_TEST(a_copy_is_saved_whole_or_not_at_all) {
    struct id id = put(sys, "0123456789");
    char target[160], path[512], bytes[16] = "";
    snprintf(target, sizeof target, "%s/copy", folder);
    must(vidstore_file_save(sys, id.text, target, e));
    FILE *f = fopen(target, "r");
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, f), 10);
    fclose(f);
    ck_assert_int_eq(memcmp(bytes, "0123456789", 10), 0);
    refused(VIDSTORE_EXISTS, "path", vidstore_file_save(sys, id.text, target, e));
    refused(VIDSTORE_INVALID, "path", vidstore_file_save(sys, id.text, "", e));
    refused(VIDSTORE_MISUSE, "path", vidstore_file_save(sys, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "path", vidstore_file_save(sys, id.text, "/tmp/no/such/folder/x", e));
    refused(VIDSTORE_INVALID, "id", vidstore_file_save(sys, "x", target, e));
    unlink(target);
    path_of(id, path);
    flip(path, 5);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_save(sys, id.text, target, e));
    ck_assert_int_ne(access(target, F_OK), 0);
    ck_assert_int_eq(truncate(path, 4), 0);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_save(sys, id.text, target, e));
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

static void is_corrupt(struct id id, int32_t sub) {
    vidstore_error *error = NULL;
    vidstore_file *file = (vidstore_file *)-1;
    ck_assert_int_eq(vidstore_file_verify(sys, id.text, &file, &error), VIDSTORE_CORRUPT);
    ck_assert_int_eq(vidstore_error_subcode(error), sub);
    ck_assert_ptr_null(file);
    vidstore_error_free(error);
}

START_TEST(damage_is_found) {
    struct id id = put(sys, "0123456789");
    vidstore_file *file = NULL;
    vidstore_reader *r = NULL;
    char path[512], b[16];
    int64_t got = -1;
    must(vidstore_file_verify(sys, id.text, &file, e));
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_VERIFIED_US), 0);
    vidstore_file_free(file);
    ck_assert_int_eq(events("action = file_verified and success = true"), 1);
    path_of(id, path);
    flip(path, 3);
    is_corrupt(id, VIDSTORE_SUB_CHECKSUM);
    ck_assert_int_eq(events("action = file_verified and success = false"), 1);
    struct id again = put(sys, "0123456789"); /* damaged bytes are no twins */
    holds(sys, again, "0123456789");
    must(vidstore_file_verify(sys, again.text, NULL, e));
    flip(path, 3);
    must(vidstore_file_verify(sys, id.text, NULL, e)); /* whole again */
    ck_assert_int_eq(truncate(path, 4), 0);
    is_corrupt(id, VIDSTORE_SUB_TRUNCATED);
    must(vidstore_file_open(sys, id.text, &r, e));
    refused(VIDSTORE_CORRUPT, NULL, vidstore_reader_read(r, 0, b, sizeof b, &got, e));
    ck_assert_int_eq(got, 4); /* what there is */
    vidstore_reader_free(r);
    ck_assert_int_eq(unlink(path), 0);
    is_corrupt(id, VIDSTORE_SUB_TRUNCATED);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_open(sys, id.text, &r, e));
    ck_assert_ptr_null(r);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_verify(sys, "018f0000-0000-7000-8000-00000000abcd", NULL, e));
}
END_TEST

Suite *files_read_suite(void);

Suite *files_read_suite(void) {
    Suite *suite = suite_create("files_read");
    TCase *t = tcase_create("reading");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, ranges_are_read);
    tcase_add_test(t, who_may_read);
    tcase_add_test(t, handing_out_is_on_record);
    tcase_add_test(t, a_store_that_is_only_read_gives_files);
    tcase_add_test(t, a_copy_is_saved_whole_or_not_at_all);
    tcase_add_test(t, damage_is_found);
    suite_add_tcase(suite, t);
    return suite;
}
