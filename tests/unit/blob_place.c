/* SPDX-License-Identifier: MIT */
/* The local disk as a place: nothing leads out of it, others can't write to it, and its contents can be listed. Once
 * with openat2 and once without. */
#include "blob_harness.h"
#include "skip.h"

/* --- hostile names and places --- */

static int look(void *arg, const char *key, const struct vs_blob_stat *stat) {
    return 0;
}

static const char *const bad_keys[] = {
    "",
    "0",
    "0123456789ABCDEF0123456789abcdef",
    "0123456789abcdef0123456789abcdeg",
    "0123456789abcdef0123456789abcde",
    "0123456789abcdef0123456789abcdef0",
    "../../../../../../../../etc/pass",
    "..23456789abcdef0123456789abcdef",
    "01/./56789abcdef0123456789abcdef",
};

START_TEST(test_bad_keys) {
    const char *key = _i < (int)VS_COUNT(bad_keys) ? bad_keys[_i] : NULL;
    struct vs_blob_writer *w;
    struct vs_blob_reader *r;
    struct vs_blob_stat stat;
    char path[PATH_MAX];
    const int sub = VIDSTORE_SUB_SYNTAX;
    assert_fails(vs_blob_writer_create(blobs, key, -1, &w, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_writer_reopen(blobs, key, &w, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_reader_open(blobs, key, &r, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_stat(blobs, key, &stat, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_path(blobs, key, path, sizeof path, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_delete(blobs, key, &error), VIDSTORE_INVALID, sub);
    assert_fails(vs_blob_part_delete(blobs, key, &error), VIDSTORE_INVALID, sub);
    if (key)
        assert_fails(vs_blob_list(blobs, key, look, NULL, &error), VIDSTORE_INVALID, sub);
}
END_TEST

START_TEST(test_links_lead_nowhere) {
    char outside[80], target[120];
    struct vs_blob_reader *r;
    vs_autowriter *w = NULL;
    snprintf(outside, sizeof outside, "%s-outside", store);
    ck_assert_int_eq(mkdir(outside, 0700), 0);
    snprintf(target, sizeof target, "%s/" KEY, outside);
    close(open(target, O_CREAT | O_WRONLY, 0600));

    /* the fan-out directory is a link: nothing is read, written or removed through it */
    struct vs_blob_writer *other;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY2, -1, &w, &error), 0);
    ck_assert_int_eq(mkdir(in_store("blobs/01"), 0700), 0);
    ck_assert_int_eq(symlink(outside, in_store("blobs/01/23")), 0);
    assert_fails(vs_blob_reader_open(blobs, KEY, &r, &error), VIDSTORE_CORRUPT, 0);
    assert_fails(vs_blob_delete(blobs, KEY, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(access(target, F_OK), 0);
    assert_fails(vs_blob_writer_create(blobs, KEY, -1, &other, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(vs_blob_writer_write(w, "x", 1, &error), 0);
    assert_fails(vs_blob_writer_seal(w, 1, NULL, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(vs_blob_writer_lost(w), 0);
    ck_assert_int_eq(unlink(in_store("blobs/01/23")), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, 1, NULL, &error), 0);

    /* the blob itself is a link, a directory, a FIFO */
    ck_assert_int_eq(symlink(target, in_store("blobs/01/23/" KEY)), 0);
    assert_fails(vs_blob_reader_open(blobs, KEY, &r, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
    ck_assert_int_eq(access(target, F_OK), 0);
    ck_assert_int_eq(mkfifo(in_store("blobs/01/23/" KEY), 0600), 0);
    assert_fails(vs_blob_reader_open(blobs, KEY, &r, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
    ck_assert_int_eq(mkdir(in_store("blobs/01/23/" KEY), 0700), 0);
    assert_fails(vs_blob_reader_open(blobs, KEY, &r, &error), VIDSTORE_CORRUPT, 0);

    /* so is a part */
    ck_assert_int_eq(symlink(target, in_store("tmp/ffff456789abcdef0123456789abcdef.part")), 0);
    const char *key = "ffff456789abcdef0123456789abcdef";
    assert_fails(vs_blob_writer_create(blobs, key, -1, &other, &error), VIDSTORE_EXISTS, 0);
    assert_fails(vs_blob_writer_reopen(blobs, key, &other, &error), VIDSTORE_CORRUPT, 0);
    ck_assert_int_eq(vs_blob_part_delete(blobs, key, &error), 0);
    ck_assert_int_eq(access(target, F_OK), 0);
    nftw(outside, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
END_TEST

START_TEST(test_open_refuses_what_others_can_write) {
    struct vs_blobs *other;
    ck_assert_int_eq(chmod(store, 0720), 0);
    assert_fails(vs_blobs_open(store, NULL, &other, &error), VIDSTORE_FORBIDDEN, 0);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(chmod(store, 0702), 0);
    assert_fails(vs_blobs_open(store, NULL, &other, &error), VIDSTORE_FORBIDDEN, 0);
    ck_assert_int_eq(chmod(store, 0755), 0);
    ck_assert_int_eq(chmod(in_store("blobs"), 0770), 0);
    assert_fails(vs_blobs_open(store, NULL, &other, &error), VIDSTORE_FORBIDDEN, 0);
    ck_assert_int_eq(chmod(in_store("blobs"), 0700), 0);
    ck_assert_int_eq(vs_blobs_open(store, NULL, &other, &error), 0);
    vs_blobs_close(other);
    assert_fails(vs_blobs_open(in_store("nothing"), NULL, &other, &error), VIDSTORE_NOT_FOUND,
                 VIDSTORE_SUB_NOT_A_STORE);
    assert_fails(vs_blobs_open("/dev/null", NULL, &other, &error), VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE);
    assert_fails(vs_blobs_open(NULL, NULL, &other, &error), VIDSTORE_INVALID, 0);
    struct vs_blob_options bad = {.reserve = -1};
    assert_fails(vs_blobs_open(store, &bad, &other, &error), VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
}
END_TEST

START_TEST(test_open_refuses_the_directory_of_another) {
    struct vs_blobs *other;
    if (geteuid() != 0)
        skip_test("only root can give directories away, or become another");
    ck_assert_int_eq(chmod(store, 0755), 0);
    ck_assert_int_eq(vs_blobs_open(store, NULL, &other, &error), 0);
    vs_blobs_close(other);
    ck_assert_int_eq(seteuid(65534), 0);
    int r = vs_blobs_open(store, NULL, &other, &error);
    ck_assert_int_eq(seteuid(0), 0);
    assert_fails(r, VIDSTORE_FORBIDDEN, 0);
}
END_TEST

START_TEST(test_modes_whatever_the_umask) {
    static const mode_t masks[] = {0, 022, 0777};
    struct stat st;
    vs_blobs_close(blobs);
    rmdir(in_store("blobs"));
    rmdir(in_store("tmp"));
    uid_t user = geteuid();
    if (user == 0) { /* root would not notice that its rights are missing */
        ck_assert_int_eq(chown(store, 65534, 65534), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    umask(masks[_i]);
    open_store();
    put(KEY, "bytes", 5);
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY2, -1, &w, &error), 0);
    umask(077);
    static const char *const dirs[] = {"blobs", "tmp", "blobs/01", "blobs/01/23"};
    for (size_t i = 0; i < VS_COUNT(dirs); i++) {
        ck_assert_int_eq(stat(in_store(dirs[i]), &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0700);
    }
    ck_assert_int_eq(stat(in_store("blobs/01/23/" KEY), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(in_store("tmp/" KEY2 ".part"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(seteuid(user), 0);
}
END_TEST

START_TEST(test_read_only) {
    struct vs_blob_options options = {.read_only = 1, .no_openat2 = walk};
    struct vs_blobs *other;
    struct vs_blob_writer *w;
    struct vs_uuid id = {{1}};
    put(KEY, "bytes", 5);
    vs_blobs_close(blobs);
    ck_assert_int_eq(vs_blobs_open(store, &options, &blobs, &error), 0);
    assert_holds(KEY, "bytes", 5);
    assert_fails(vs_blob_writer_create(blobs, KEY2, -1, &w, &error), VIDSTORE_READONLY, 0);
    assert_fails(vs_blob_writer_reopen(blobs, KEY2, &w, &error), VIDSTORE_READONLY, 0);
    assert_fails(vs_blob_delete(blobs, KEY, &error), VIDSTORE_READONLY, 0);
    assert_fails(vs_blob_part_delete(blobs, KEY, &error), VIDSTORE_READONLY, 0);
    assert_fails(vs_blobs_marker_write(blobs, &id, 0, &error), VIDSTORE_READONLY, 0);
    assert_holds(KEY, "bytes", 5);
    assert_fails(vs_blobs_open(in_store("tmp"), &options, &other, &error), VIDSTORE_NOT_FOUND,
                 VIDSTORE_SUB_NOT_A_STORE);
    ck_assert(!exists("tmp/blobs"));
}
END_TEST

/* --- the marker --- */

START_TEST(test_marker) {
    struct vs_uuid one = {{1}}, two = {{2}}, got;
    assert_fails(vs_blobs_marker_read(blobs, &got, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert_int_eq(vs_blobs_marker_write(blobs, &one, 0, &error), 0);
    ck_assert_int_eq(vs_blobs_marker_read(blobs, &got, &error), 0);
    ck_assert(vs_uuid_equal(&one, &got));
    ck_assert_int_eq(vs_blobs_marker_write(blobs, &one, 0, &error), 0);
    assert_fails(vs_blobs_marker_write(blobs, &two, 0, &error), VIDSTORE_EXISTS, 0);
    ck_assert_int_eq(vs_blobs_marker_write(blobs, &two, 1, &error), 0);
    ck_assert_int_eq(vs_blobs_marker_read(blobs, &got, &error), 0);
    ck_assert(vs_uuid_equal(&two, &got));
    ck_assert_int_eq(rmdir(in_store("tmp")), 0); /* nothing was left in it */
    close(source("blobs/INSTANCE", "00000000-0000-0000-0000-00000000000x\n", 37));
    assert_fails(vs_blobs_marker_read(blobs, &got, &error), VIDSTORE_CORRUPT, 0);
    close(source("blobs/INSTANCE", "", 0));
    assert_fails(vs_blobs_marker_read(blobs, &got, &error), VIDSTORE_CORRUPT, 0);
    unlink(in_store("blobs/INSTANCE"));
    ck_assert_int_eq(symlink("/etc/passwd", in_store("blobs/INSTANCE")), 0);
    assert_fails(vs_blobs_marker_read(blobs, &got, &error), VIDSTORE_CORRUPT, 0);
}
END_TEST

/* --- listing --- */

struct seen {
    char keys[300][VS_BLOB_KEY_TEXT];
    int count, stop_at;
};

static int see(void *arg, const char *key, const struct vs_blob_stat *stat) {
    struct seen *seen = arg;
    ck_assert_int_eq(stat->size, 3);
    ck_assert_int_lt(seen->count, 300);
    strcpy(seen->keys[seen->count++], key);
    return seen->count == seen->stop_at ? 77 : 0;
}

static int compare(const void *a, const void *b) {
    return memcmp(a, b, VS_BLOB_KEY_TEXT);
}

START_TEST(test_list) {
    static struct seen put_ones, all, some;
    memset(&all, 0, sizeof all);
    memset(&some, 0, sizeof some);
    for (int i = 0; i < 200; i++) {
        char *key = put_ones.keys[i];
        ck_assert_int_eq(vs_blob_key_make(key, &error), 0);
        if (i % 2) /* some in one leaf */
            memcpy(key, "77aa", 4);
        put(key, "abc", 3);
    }
    qsort(put_ones.keys, 200, VS_BLOB_KEY_TEXT, compare);
    close(source("blobs/lost+found", "abc", 3));
    close(source("blobs/77/aa/stray", "abc", 3));
    close(source("blobs/77/aa/" KEY, "abc", 3)); /* not where it belongs */
    ck_assert_int_eq(vs_blob_list(blobs, NULL, see, &all, &error), 0);
    ck_assert_int_eq(all.count, 200);
    ck_assert_mem_eq(all.keys, put_ones.keys, 200 * VS_BLOB_KEY_TEXT);
    for (int from = 0; from < 200; from += 49) {
        some.count = 0;
        ck_assert_int_eq(vs_blob_list(blobs, all.keys[from], see, &some, &error), 0);
        ck_assert_int_eq(some.count, 199 - from);
        ck_assert_mem_eq(some.keys, all.keys[from + 1], (size_t)some.count * VS_BLOB_KEY_TEXT);
    }
    some.count = 0;
    some.stop_at = 10;
    ck_assert_int_eq(vs_blob_list(blobs, NULL, see, &some, &error), 77);
    ck_assert_int_eq(some.count, 10);

    struct vs_blob_writer *w;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY2, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, "abc", 3, &error), 0);
    vs_blob_writer_free(w);
    some.count = some.stop_at = 0;
    ck_assert_int_eq(vs_blob_part_list(blobs, NULL, see, &some, &error), 0);
    ck_assert_int_eq(some.count, 1);
    ck_assert_str_eq(some.keys[0], KEY2);
}
END_TEST

static void add_tests(Suite *s, const char *name, void (*set_up)(void)) {
    TCase *t = tcase_create(name);
    tcase_add_checked_fixture(t, set_up, teardown);
    tcase_add_loop_test(t, test_bad_keys, 0, VS_COUNT(bad_keys) + 1);
    tcase_add_test(t, test_links_lead_nowhere);
    tcase_add_test(t, test_open_refuses_what_others_can_write);
    tcase_add_test(t, test_open_refuses_the_directory_of_another);
    tcase_add_loop_test(t, test_modes_whatever_the_umask, 0, 3);
    tcase_add_test(t, test_read_only);
    tcase_add_test(t, test_marker);
    tcase_add_test(t, test_list);
    suite_add_tcase(s, t);
}

Suite *blob_place_suite(void);
Suite *blob_place_suite(void) {
    Suite *s = suite_create("blob_place");
    add_tests(s, "openat2", setup);
    add_tests(s, "component walk", setup_walk);
    return s;
}
