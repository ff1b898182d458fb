/* SPDX-License-Identifier: MIT */
/* Writing files: open, write, seal, publish, resume, give up. */
#include "harness.h"
#include <fcntl.h>
#include <sys/stat.h>

static vidstore_file_params *named_params(const char *name) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
    return p;
}

static vidstore_upload *open_upload(vidstore_session *s, const char *name) {
    vidstore_upload *up = NULL;
    vidstore_file_params *p = named_params(name);
    must(vidstore_upload_open(s, p, &up, e));
    vidstore_file_params_free(p);
    return up;
}

/* An upload of these bytes that is sealed. */
static vidstore_upload *sealed_upload(vidstore_session *s, const char *name, const void *data, int64_t size) {
    vidstore_upload *up = open_upload(s, name);
    must(vidstore_upload_write(up, data, size, e));
    must(vidstore_upload_seal(up, size, e));
    return up;
}

static struct id publish(vidstore_session *s, vidstore_upload *up) {
    vidstore_file *file = NULL;
    must(vidstore_upload_publish(s, up, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

static struct id store_file(vidstore_session *s, const char *name, const void *data, int64_t size) {
    vidstore_upload *up = sealed_upload(s, name, data, size);
    struct id id = publish(s, up);
    vidstore_upload_free(up);
    return id;
}

static int64_t count_files(vidstore_session *s) {
    int64_t count = -1;
    must(vidstore_file_count(s, NULL, &count, e));
    return count;
}

static vidstore_file *get(vidstore_session *s, struct id id) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(s, id.text, &file, e));
    return file;
}

static void holds(vidstore_session *s, struct id id, const void *data, int64_t size) {
    vidstore_reader *reader = NULL;
    int64_t got = -1;
    char *bytes = malloc((size_t)size + 16);
    must(vidstore_file_open(s, id.text, &reader, e));
    ck_assert_int_eq(vidstore_reader_size(reader), size);
    must(vidstore_reader_read(reader, 0, bytes, size + 16, &got, e));
    ck_assert_int_eq(got, size);
    ck_assert_int_eq(memcmp(bytes, data, (size_t)size), 0);
    vidstore_reader_free(reader);
    free(bytes);
}

static int parts, blobs;

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)where;
    if (type == FTW_F && strstr(path, "/tmp/"))
        parts += strstr(path, "/library.vidstore/tmp/") != NULL;
    if (type == FTW_F && strstr(path, "/library.vidstore/blobs/") && strlen(strrchr(path, '/') + 1) == 32)
        blobs++;
    return 0;
}

/* What lies on the disk: parts and sealed blobs. */
static void count_disk(void) {
    parts = blobs = 0;
    ck_assert_int_eq(nftw(place, count_entry, 16, FTW_PHYS), 0);
}

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

START_TEST(an_upload_outlives_its_session) {
    vidstore_session *first = NULL;
    must(vidstore_session_system(store, "first", &first, e));
    vidstore_upload *up = open_upload(first, "x");
    must(vidstore_upload_write(up, "ab", 2, e));
    vidstore_session_free(first);
    must(vidstore_upload_write(up, "c", 1, e));
    must(vidstore_upload_seal(up, 3, e));
    holds(sys, publish(sys, up), "abc", 3);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(publishing_takes_part_in_a_transaction) {
    vidstore_upload *up = sealed_upload(sys, "x", "abc", 3), *other = NULL;
    vidstore_file_params *p = named_params("y");
    must(vidstore_begin(sys, 0, e));
    struct id id = publish(sys, up);
    vidstore_file *file = get(sys, id);
    vidstore_file_free(file);
    refused(VIDSTORE_STATE, "session", vidstore_upload_open(sys, p, &other, e));
    refused(VIDSTORE_STATE, "session", vidstore_upload_write(up, "x", 1, e));
    refused(VIDSTORE_STATE, "session", vidstore_upload_abort(up, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_put_path(sys, "/bin/sh", NULL, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_put_fd(sys, 0, 1, p, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_verify(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_file_save(sys, id.text, "/tmp/never", e));
    must(vidstore_rollback(sys, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(sys, id.text, &file, e));
    must(vidstore_begin(sys, 0, e));
    publish(sys, up);
    must(vidstore_commit(sys, e));
    holds(sys, id, "abc", 3);
    ck_assert_int_eq(events("action = file_uploaded"), 1);
    vidstore_file_params_free(p);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(publishing_again_gives_the_file_that_there_is) {
    vidstore_upload *up = sealed_upload(sys, "x", "abc", 3);
    struct id id = publish(sys, up);
    ck_assert_str_eq(id.text, vidstore_upload_id(up));
    ck_assert_str_eq(publish(sys, up).text, id.text);
    ck_assert_int_eq(count_files(sys), 1);
    ck_assert_int_eq(events("action = file_uploaded"), 1);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(up, e));
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    must(vidstore_file_purge(sys, id.text, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, up, NULL, e));
    vidstore_upload_free(up);
}
END_TEST

START_TEST(a_given_id_makes_a_put_repeatable) {
    static const char *const wanted = "018f0000-0000-7000-8000-00000000abcd";
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna);
    vidstore_upload *up[4] = {NULL};
    static const char *const data[4] = {"abc", "abc", "abd", "abc"};
    vidstore_file_params *p = named_params("x");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_ID, wanted);
    for (int i = 0; i < 4; i++) {
        must(vidstore_upload_open(i == 3 ? user : sys, p, &up[i], e));
        must(vidstore_upload_write(up[i], data[i], 3, e));
        must(vidstore_upload_seal(up[i], 3, e));
    }
    ck_assert_str_eq(publish(sys, up[0]).text, wanted);
    ck_assert_str_eq(publish(sys, up[1]).text, wanted); /* the same content: the file itself */
    refused(VIDSTORE_CONFLICT, "id", vidstore_upload_publish(sys, up[2], NULL, e));
    refused(VIDSTORE_CONFLICT, "id", vidstore_upload_publish(user, up[3], NULL, e)); /* not even its name */
    ck_assert_ptr_null(strstr(said, "x\""));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "y");
    vidstore_upload *renamed = NULL;
    must(vidstore_upload_open(sys, p, &renamed, e));
    must(vidstore_upload_write(renamed, "abc", 3, e));
    must(vidstore_upload_seal(renamed, 3, e));
    refused(VIDSTORE_CONFLICT, "name", vidstore_upload_publish(sys, renamed, NULL, e));
    ck_assert_int_eq(count_files(sys), 1);
    vidstore_upload_free(renamed);
    for (int i = 0; i < 4; i++)
        vidstore_upload_free(up[i]);
    vidstore_file_params_free(p);
    vidstore_session_free(user);
}
END_TEST

START_TEST(an_unfinished_upload_is_resumed) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), ben = add_user("ben", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna), *stranger = session_of(ben);
    vidstore_upload *up = NULL, *second = NULL;
    vidstore_file_params *p = named_params("long.mp4");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_ACCESS, "public");
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, INT64_C(4000000000000000));
    vidstore_file_params_set_text(p, VIDSTORE_FILE_METADATA, "{\"a\":[1,\"ü\"]}");
    vidstore_file_params_clear(p, VIDSTORE_FILE_STAGE);
    must(vidstore_upload_open(user, p, &up, e));
    must(vidstore_upload_write(up, "0123456789", 10, e));
    struct id id = id_of(vidstore_upload_id(up));
    refused(VIDSTORE_BUSY, NULL, vidstore_upload_resume(user, id.text, &second, e));
    vidstore_upload_free(up);
    vidstore_session_free(user);
    close_store();
    open_store();
    user = session_of(anna);
    vidstore_session_free(stranger);
    stranger = session_of(ben);
    refused(VIDSTORE_NOT_FOUND, "upload_id", vidstore_upload_resume(stranger, id.text, &up, e));
    refused(VIDSTORE_NOT_FOUND, "upload_id",
            vidstore_upload_resume(user, "018f0000-0000-7000-8000-00000000abcd", &up, e));
    refused(VIDSTORE_INVALID, "upload_id", vidstore_upload_resume(user, "x", &up, e));
    must(vidstore_upload_resume(sys, id.text, &up, e)); /* an admin may, and the file is still its owner's */
    ck_assert_int_eq(vidstore_upload_size(up), 10);
    must(vidstore_upload_write(up, "ab", 2, e));
    must(vidstore_upload_seal(up, 12, e));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(user, id.text, &up, e)); /* sealed: only to be published */
    ck_assert_int_eq(vidstore_upload_size(up), 12);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(up, "x", 1, e));
    ck_assert_str_eq(publish(sys, up).text, id.text);
    vidstore_upload_free(up);
    refused(VIDSTORE_STATE, "upload_id", vidstore_upload_resume(user, id.text, &up, e));
    vidstore_file *file = get(user, id);
    ck_assert_str_eq(vidstore_file_user_id(file), anna.text);
    ck_assert_int_eq(vidstore_file_access(file), VIDSTORE_ACCESS_PUBLIC);
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), INT64_C(4000000000000000));
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_METADATA), "{\"a\":[1,\"ü\"]}");
    holds(user, id, "0123456789ab", 12);
    vidstore_file_free(file);
    vidstore_file_params_free(p);
    vidstore_session_free(user);
    vidstore_session_free(stranger);
}
END_TEST

static vidstore_upload *resume(struct id id) {
    vidstore_upload *up = NULL;
    must(vidstore_upload_resume(sys, id.text, &up, e));
    return up;
}

START_TEST(who_was_succeeded_ends_nothing) {
    vidstore_upload *late = sealed_upload(sys, "x", "abc", 3);
    struct id id = id_of(vidstore_upload_id(late));
    vidstore_upload *next = resume(id);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(late, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, late, NULL, e));
    vidstore_upload *last = resume(id);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(next, e));
    holds(sys, publish(sys, last), "abc", 3);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(late, e));
    ck_assert_str_eq(publish(sys, late).text, id.text); /* it is a file now: that file */
    holds(sys, id, "abc", 3);
    vidstore_upload_free(late);
    vidstore_upload_free(next);
    vidstore_upload_free(last);
}
END_TEST

/* A lease ends what was begun under it, whether its session is at hand, at work or gone. */
START_TEST(a_lost_lease_ends_its_uploads) {
    vidstore_job *job = NULL;
    vidstore_lease *lease = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    must(vidstore_job_submit(sys, p, &job, e));
    must(vidstore_job_claim(sys, "x", 0, &lease, e));
    ck_assert_ptr_nonnull(lease);
    vidstore_upload *open = open_upload(vidstore_lease_session(lease), "open");
    vidstore_upload *sealed = sealed_upload(vidstore_lease_session(lease), "sealed", "abc", 3);
    must(vidstore_upload_write(open, "ab", 2, e));
    must(vidstore_lease_release(lease, e));
    if (_i == 0)
        refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_seal(open, 2, e));
    vidstore_lease_free(lease); /* and its session with it */
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_abort(open, e));
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_abort(sealed, e));
    refused(VIDSTORE_LEASE_LOST, NULL, vidstore_upload_seal(open, 2, e));
    struct id ids[] = {id_of(vidstore_upload_id(open)), id_of(vidstore_upload_id(sealed))};
    vidstore_upload_free(open);
    vidstore_upload_free(sealed);
    vidstore_upload *next = resume(ids[0]); /* its bytes are there, for whoever comes next */
    must(vidstore_upload_seal(next, 2, e));
    holds(sys, publish(sys, next), "ab", 2);
    vidstore_upload_free(next);
    next = resume(ids[1]);
    holds(sys, publish(sys, next), "abc", 3);
    vidstore_upload_free(next);
    vidstore_job_params_free(p);
    vidstore_job_free(job);
}
END_TEST

START_TEST(giving_up_leaves_nothing) {
    vidstore_upload *open = open_upload(sys, "x"), *sealed = sealed_upload(sys, "y", "abc", 3), *again = NULL;
    must(vidstore_upload_write(open, "abc", 3, e));
    count_disk();
    ck_assert_int_eq(blobs, 1);
    ck_assert_int_eq(parts, 1);
    must(vidstore_upload_abort(open, e));
    must(vidstore_upload_abort(sealed, e));
    must(vidstore_upload_abort(sealed, e)); /* nothing is left to be given up */
    refused(VIDSTORE_STATE, "upload", vidstore_upload_write(open, "x", 1, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_seal(open, 3, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_publish(sys, sealed, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "upload_id", vidstore_upload_resume(sys, vidstore_upload_id(open), &again, e));
    count_disk();
    ck_assert_int_eq(parts + blobs, 0);
    vidstore_upload_free(open);
    vidstore_upload_free(sealed);
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

static void upload_once(void *arg) {
    (void)arg;
    static char data[200000];
    open_store();
    store_file(sys, "first", data, sizeof data);
}

/* A writer that is killed wherever it happens to be. */
static void upload_for_ever(void) {
    static char data[200000];
    open_store();
    for (int i = 0;; i++) {
        memset(data, i, sizeof data);
        store_file(sys, "victim", data, sizeof data);
    }
}

START_TEST(a_killed_writer_leaves_no_file_without_bytes) {
    int64_t one = now_ms();
    in_child(upload_once, NULL);
    one = now_ms() - one;
    for (int round = 0; round < 12; round++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            upload_for_ever();
        sleep_ms(one + one * (round * 17 % 60) / 30);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    open_store();
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1000);
    must(vidstore_file_list(sys, q, &page, e));
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        must(vidstore_file_verify(sys, vidstore_file_id(vidstore_page_file(page, i)), NULL, e));
    ck_assert_int_gt(vidstore_page_count(page), 1);
    vidstore_page_free(page);
    vidstore_query_free(q);
    store_file(sys, "after", "x", 1);
    close_store();
}
END_TEST

Suite *uploads_suite(void) {
    Suite *s = suite_create("uploads");
    TCase *t = tcase_create("uploads");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, nothing_is_visible_before_it_is_published);
    tcase_add_test(t, an_empty_file_is_a_file);
    tcase_add_test(t, another_total_is_found_out);
    tcase_add_test(t, a_demanded_checksum_is_held_against_the_bytes);
    tcase_add_test(t, names_are_taken_as_they_are_or_not_at_all);
    tcase_add_test(t, bad_params_are_refused_before_the_first_byte);
    tcase_add_test(t, handles_are_checked);
    tcase_add_test(t, a_file_is_copied_in_slices);
    tcase_add_test(t, a_copy_goes_on_with_a_resumed_upload);
    tcase_add_test(t, what_changes_between_slices_is_given_up);
    tcase_add_test(t, only_plain_files_of_others_are_copied);
    tcase_add_test(t, an_upload_outlives_its_session);
    tcase_add_test(t, publishing_takes_part_in_a_transaction);
    tcase_add_test(t, publishing_again_gives_the_file_that_there_is);
    tcase_add_test(t, a_given_id_makes_a_put_repeatable);
    tcase_add_test(t, an_unfinished_upload_is_resumed);
    tcase_add_test(t, who_was_succeeded_ends_nothing);
    tcase_add_loop_test(t, a_lost_lease_ends_its_uploads, 0, 2);
    tcase_add_test(t, giving_up_leaves_nothing);
    tcase_add_test(t, the_same_bytes_of_an_owner_are_kept_once);
    tcase_add_test(t, external_ids_are_unique_an_owner);
    tcase_add_test(t, a_child_can_not_use_it);
    tcase_add_test(t, eight_threads_upload_at_once);
    suite_add_tcase(s, t);
    t = tcase_create("crash");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, a_killed_writer_leaves_no_file_without_bytes);
    suite_add_tcase(s, t);
    return s;
}
