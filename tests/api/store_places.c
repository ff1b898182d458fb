/* SPDX-License-Identifier: MIT */
/* Where a store is made and what it finds there: nothing of another's is taken over. */
#include "store.h"

static void write_file(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

/* --- what is there
 * ----------------------------------------------------------------------------------------------------- */

START_TEST(created_once_for_good) {
    vidstore *vs = NULL, *again = NULL;
    struct stat st;
    char id[37];
    must(open_at(place, &vs, e));
    snprintf(id, sizeof id, "%s", vidstore_instance_id(vs));
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(in_place("store.db"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    must(open_at(place, &again, e));
    ck_assert_str_eq(vidstore_instance_id(again), id);
    add_one(vs, "ann");
    ck_assert_int_eq(users(again), 1);
    vidstore_close(vs);
    vidstore_close(again);
    must(open_at(place, &vs, e));
    ck_assert_str_eq(vidstore_instance_id(vs), id);
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

START_TEST(not_to_be_created) {
    vidstore *vs = NULL;
    char uri[160], below[160];
    snprintf(uri, sizeof uri, "vidstore:%s?mode=rw", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(uri, &vs, e));
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(uri, &vs, e));
    ck_assert_int_eq(access(place, F_OK), -1);
    snprintf(below, sizeof below, "%s/not/there", place);
    refused(VIDSTORE_NOT_FOUND, "location", open_at(below, &vs, e));
    ck_assert_int_eq(mkdir(place, 0700), 0); /* an empty folder is no store either */
    refused(VIDSTORE_NOT_FOUND, NULL, open_at(uri, &vs, e));
    ck_assert_int_eq(rmdir(place), 0); /* and nothing was left in it */
}
END_TEST

START_TEST(places_that_are_none) {
    vidstore *vs = NULL;
    char text[6000];
    write_file(place, "hello", 5);
    refused(VIDSTORE_INVALID, "location", open_at(place, &vs, e));
    unlink(place);
    memset(text, 'x', sizeof text);
    text[4097] = '\0';
    refused(VIDSTORE_INVALID, "location", open_at(text, &vs, e));
    ck_assert_int_eq(mkdir(place, 0700), 0);
    write_file(in_place("store.db"), "this is not a database, whatever its name says", 46);
    refused(VIDSTORE_SCHEMA, NULL, open_at(place, &vs, e));
    char back[64] = "";
    FILE *f = fopen(in_place("store.db"), "r");
    ck_assert_uint_eq(fread(back, 1, sizeof back, f), 46); /* untouched */
    fclose(f);
    ck_assert_str_eq(back, "this is not a database, whatever its name says");
    ck_assert_ptr_null(vs);
}
END_TEST

START_TEST(another_instances_bytes) {
    vidstore *vs = NULL;
    char other[96], from[160], to[160];
    snprintf(other, sizeof other, "%s/other", folder);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    must(open_at(other, &vs, e));
    vidstore_close(vs);
    snprintf(from, sizeof from, "%s/store.db", other);
    snprintf(to, sizeof to, "%s/store.db", place);
    ck_assert_int_eq(rename(from, to), 0);
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_open(place, NULL, &vs, &error), VIDSTORE_SCHEMA);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
    vidstore_error_free(error);
}
END_TEST

/* Bytes whose database is gone: nothing is made in its place, and with the database back all is as before. */
START_TEST(bytes_without_a_database) {
    static const char *const leftovers[] = {"store.db-wal", "store.db-shm"};
    vidstore *vs = NULL;
    struct stat st;
    char kept[96];
    must(open_at(place, &vs, e));
    add_one(vs, "someone");
    vidstore_close(vs);
    snprintf(kept, sizeof kept, "%s/kept", folder);
    ck_assert_int_eq(rename(in_place("store.db"), kept), 0);
    for (int empty = 0; empty < 2; empty++) {
        if (empty)
            write_file(in_place("store.db"), "", 0);
        vidstore_error *error = NULL;
        ck_assert_int_eq(vidstore_open(place, NULL, &vs, &error), VIDSTORE_SCHEMA);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
        ck_assert_ptr_nonnull(strstr(vidstore_error_message(error), "restore"));
        vidstore_error_free(error);
        ck_assert_ptr_null(vs);
        ck_assert_int_eq(stat(in_place("store.db"), &st), empty ? 0 : -1);
        ck_assert(!empty || st.st_size == 0);
        for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
            ck_assert_int_eq(stat(in_place(leftovers[i]), &st), -1);
    }
    ck_assert_int_eq(rename(kept, in_place("store.db")), 0);
    must(open_at(place, &vs, e));
    ck_assert_int_eq(users(vs), 1);
    vidstore_close(vs);
}
END_TEST

/* Cuts and scribbles: an error or a working store, never a crash, and never another store's silence. */
START_TEST(damaged) {
    vidstore *vs = NULL;
    must(open_at(place, &vs, e));
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", i);
        add_one(vs, name);
    }
    vidstore_close(vs);
    struct stat st;
    ck_assert_int_eq(stat(in_place("store.db"), &st), 0);
    size_t size = (size_t)st.st_size;
    char *good = malloc(size), *bad = malloc(size);
    FILE *f = fopen(in_place("store.db"), "r");
    ck_assert_uint_eq(fread(good, 1, size, f), size);
    fclose(f);
    for (int i = 0; i < 60; i++) {
        memcpy(bad, good, size);
        size_t length = i % 3 == 0 ? size * (size_t)i / 60 : size;
        for (int n = 0; i % 3 && n < 200; n++) {
            size_t at = (size_t)random() % (i % 3 == 1 ? 4096 : size);
            bad[at] = (char)random();
        }
        unlink(in_place("store.db-wal"));
        unlink(in_place("store.db-shm"));
        write_file(in_place("store.db"), bad, length);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_open(place, NULL, &vs, &error);
        if (status == VIDSTORE_OK) {
            vidstore_session *s = NULL;
            vidstore_page *page = NULL;
            must(vidstore_session_system(vs, "test", &s, e));
            status = vidstore_user_list(s, NULL, &page, NULL);
            ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_CORRUPT || status == VIDSTORE_IO ||
                              status == VIDSTORE_SCHEMA || status == VIDSTORE_INTERNAL,
                          "%s", vidstore_status_name(status));
            vidstore_page_free(page);
            vidstore_session_free(s);
        } else {
            ck_assert(status != VIDSTORE_CORRUPT || strstr(vidstore_error_message(error), "vidstore_restore"));
            ck_assert_msg(status == VIDSTORE_CORRUPT || status == VIDSTORE_SCHEMA || status == VIDSTORE_IO,
                          "round %d: %s: %s (%s)", i, vidstore_status_name(status), vidstore_error_message(error),
                          vidstore_error_cause(error));
        }
        vidstore_error_free(error);
        vidstore_close(vs);
    }
    free(good);
    free(bad);
}
END_TEST

/* A directory that is no store and not empty is somebody's: nothing is put into it. */
START_TEST(no_directory_is_taken_over) {
    vidstore *vs = NULL;
    struct stat st;
    char other[160];
    ck_assert_int_eq(mkdir(place, 0755), 0);
    ck_assert_int_eq(chmod(place, 0755), 0);
    write_file(in_place("letter.txt"), "dear", 4);
    vidstore_error *error = NULL;
    ck_assert_int_eq(open_at(place, &vs, &error), VIDSTORE_INVALID);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_NOT_A_STORE);
    ck_assert_str_eq(vidstore_error_field(error), "location");
    vidstore_error_free(error);
    ck_assert_int_ne(access(in_place("store.db"), F_OK), 0);
    ck_assert_int_ne(access(in_place("blobs"), F_OK), 0);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0755);
    ck_assert_int_eq(unlink(in_place("letter.txt")), 0);
    ck_assert_int_eq(mkdir(in_place("tmp"), 0700), 0); /* what others may write is refused before a database is made */
    ck_assert_int_eq(chmod(in_place("tmp"), 0777), 0);
    refused(VIDSTORE_FORBIDDEN, "location", open_at(place, &vs, e));
    ck_assert_int_ne(access(in_place("store.db"), F_OK), 0);
    ck_assert_int_eq(rmdir(in_place("tmp")), 0);
    must(open_at(place, &vs, e)); /* empty: taken, and private from now on */
    vidstore_close(vs);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    write_file(in_place("letter.txt"), "dear", 4); /* what is a store stays one */
    ck_assert_int_eq(chmod(place, 0750), 0);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    ck_assert_int_eq(stat(place, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0750);
    snprintf(other, sizeof other, "%s/fresh", folder);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s/fresh/lost+found", folder); /* a volume of its own */
    ck_assert_int_eq(mkdir(other, 0700), 0);
    snprintf(other, sizeof other, "%s/fresh", folder);
    must(open_at(other, &vs, e));
    vidstore_close(vs);
}
END_TEST

static void put_bytes(vidstore *vs) {
    vidstore_session *s = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    must(vidstore_session_system(vs, "test", &s, e));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a");
    must(vidstore_upload_open(s, p, &upload, e));
    must(vidstore_upload_write(upload, "bytes", 5, e));
    must(vidstore_upload_seal(upload, 5, e));
    must(vidstore_upload_publish(s, upload, NULL, e));
    vidstore_upload_free(upload);
    vidstore_file_params_free(p);
    vidstore_session_free(s);
}

/* The volume with the bytes is not mounted: nothing is written below its mount point, least of all a mark. */
START_TEST(lost_bytes_are_told) {
    vidstore *vs = NULL;
    char first[160], away[160], uri[160];
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(away, sizeof away, "%s/away", folder);
    snprintf(uri, sizeof uri, "vidstore:%s?lost_blobs=1", place);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
    ck_assert_int_eq(rename(in_place("blobs"), first), 0);
    must(open_at(place, &vs, e)); /* there were none yet */
    put_bytes(vs);
    vidstore_close(vs);
    ck_assert_int_eq(rename(in_place("blobs"), away), 0);
    for (int mounted = 0; mounted < 2; mounted++) { /* gone, and an empty mount point */
        vidstore_error *error = NULL;
        if (mounted)
            ck_assert_int_eq(mkdir(in_place("blobs"), 0700), 0);
        ck_assert_int_eq(open_at(place, &vs, &error), VIDSTORE_SCHEMA);
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_FOREIGN_BLOBS);
        vidstore_error_free(error);
        ck_assert_int_eq(access(in_place("blobs"), F_OK) == 0, mounted);
        ck_assert_int_ne(access(in_place("blobs/INSTANCE"), F_OK), 0);
    }
    ck_assert_int_eq(rmdir(in_place("blobs")), 0);
    char there[160];
    snprintf(there, sizeof there, "%s", in_place("blobs"));
    ck_assert_int_eq(rename(away, there), 0);
    must(open_at(place, &vs, e)); /* mounted again */
    vidstore_close(vs);
    ck_assert_int_eq(rename(there, away), 0);
    must(open_at(uri, &vs, e)); /* gone for good */
    vidstore_close(vs);
    must(open_at(place, &vs, e));
    vidstore_close(vs);
}
END_TEST

START_TEST(umasks) {
    static const mode_t masks[] = {0777, 0000, 0277};
    char path[128];
    struct stat st;
    ck_assert_int_eq(chmod(folder, 0777), 0);
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        snprintf(path, sizeof path, "%s/store-%zu", folder, i);
        mode_t before = umask(masks[i]);
        if (geteuid() == 0)
            as_somebody(open_and_write, path);
        else
            in_child(open_and_write, path);
        umask(before);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0700);
        strcat(path, "/store.db");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0777, 0600);
    }
}
END_TEST

/* What the host's files are and where is only known with /proc: without it they are neither missing nor trusted. */
static void take_in(void *arg) {
    vidstore *vs = NULL;
    vidstore_session *session = NULL;
    vidstore_file *file = NULL;
    vidstore_error *error = NULL;
    ck_assert(chroot(arg) == 0 && chdir("/") == 0);
    FILE *f = fopen("/clip.mp4", "w");
    ck_assert(f && fputs("bytes", f) >= 0 && fclose(f) == 0);
    must(open_at("/store", &vs, e));
    must(vidstore_session_system(vs, "test", &session, e));
    ck_assert_int_eq(vidstore_file_put_path(session, "/clip.mp4", NULL, &file, &error), VIDSTORE_IO);
    ck_assert_ptr_nonnull(strstr(vidstore_error_message(error), "/proc"));
    ck_assert_str_eq(vidstore_error_field(error), "path");
    vidstore_error_free(error);
    int fd = open("/store/blobs/INSTANCE", O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(vidstore_file_put_fd(session, fd, INT64_MIN, NULL, &file, NULL), VIDSTORE_IO);
    close(fd);
    vidstore_session_free(session);
    vidstore_close(vs);
}

START_TEST(a_system_without_proc) {
    if (geteuid() == 0) /* who may change the root */
        in_child(take_in, folder);
}
END_TEST

Suite *store_places_suite(void);

Suite *store_places_suite(void) {
    Suite *suite = suite_create("store_places");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, created_once_for_good);
    tcase_add_test(t, not_to_be_created);
    tcase_add_test(t, places_that_are_none);
    tcase_add_test(t, another_instances_bytes);
    tcase_add_test(t, bytes_without_a_database);
    tcase_add_test(t, damaged);
    tcase_add_test(t, no_directory_is_taken_over);
    tcase_add_test(t, lost_bytes_are_told);
    tcase_add_test(t, umasks);
    tcase_add_test(t, a_system_without_proc);
    suite_add_tcase(suite, t);
    return suite;
}
