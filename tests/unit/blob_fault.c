/* SPDX-License-Identifier: MIT */
/* A full disk, no memory, a disk that fails: nothing half is ever visible, and nothing that was lost is trusted. */
#include "blob_harness.h"
#include "skip.h"
#include <errno.h>
#include <sys/syscall.h>

/* --- no room --- */

START_TEST(test_reserve) {
    struct vs_blob_writer *w;
    int64_t available;
    ck_assert_int_eq(vs_blobs_free_space(blobs, &available, &error), 0);
    ck_assert_int_gt(available, 0);
    assert_fails(vs_blob_writer_create(blobs, KEY, INT64_MAX, &w, &error), VIDSTORE_FULL, 0);
    ck_assert(!exists("tmp/" KEY ".part"));
    vs_blobs_close(blobs);
    struct vs_blob_options options = {.reserve = INT64_MAX, .no_openat2 = walk};
    ck_assert_int_eq(vs_blobs_open(store, &options, &blobs, &error), 0);
    assert_fails(vs_blob_writer_create(blobs, KEY, -1, &w, &error), VIDSTORE_FULL, 0);
    ck_assert_ptr_null(w);
}
END_TEST

/* A write that the limit cuts short leaves the part as it was before that write. */
START_TEST(test_size_limit) {
    vs_autowriter *w = NULL;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, 60000, &error), 0);
    struct rlimit before, small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &small);
    int r = vs_blob_writer_write(w, bytes + 60000, 60000, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_fails(r, VIDSTORE_FULL, 0);
    ck_assert_int_eq(vs_blob_writer_size(w), 60000);
    struct stat st;
    ck_assert_int_eq(stat(in_store("tmp/" KEY ".part"), &st), 0);
    ck_assert_int_eq(st.st_size, 60000);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes + 60000, 60000, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, 120000, NULL, &error), 0);
    assert_holds(KEY, bytes, 120000);
}
END_TEST

/* The same on a disk that is really full; only where we may mount one. */
START_TEST(test_full_disk) {
    vs_blobs_close(blobs);
    blobs = NULL;
    if (!own_mounts() || mount("none", store, "tmpfs", 0, "size=4m,mode=0700") != 0)
        skip_test("nothing can be mounted here");
    open_store();
    struct vs_blob_writer *w;
    int r = 0;
    size_t at = 0;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    for (; r == 0 && at + 100000 <= SIZE; at += r == 0 ? 100000 : 0)
        r = vs_blob_writer_write(w, bytes + at, 100000, &error);
    assert_fails(r, VIDSTORE_FULL, 0);
    ck_assert_int_eq(vs_blob_writer_size(w), (int64_t)at);
    assert_fails(vs_blob_writer_seal(w, SIZE, NULL, &error), VIDSTORE_IO, VIDSTORE_SUB_TRUNCATED);
    ck_assert(!exists("blobs/01/23/" KEY));
    vs_blob_writer_abort(w);
    put(KEY2, bytes, 3000000); /* the room came back */
    assert_holds(KEY2, bytes, 3000000);
    vs_blobs_close(blobs);
    blobs = NULL;
    ck_assert_int_eq(umount(store), 0);
}
END_TEST

static int no_random(void *buf, size_t size) {
    return -1;
}

static int allocations_left;

static void *few_allocations(void *p, size_t size) {
    return allocations_left-- > 0 ? vs_env_real.alloc(p, size) : NULL;
}

static int look(void *arg, const char *key, const struct vs_blob_stat *stat) {
    return 0;
}

static int put_and_read(void) {
    vs_autowriter *w = NULL;
    struct vs_blob_writer *part;
    int r = vs_blob_writer_create(blobs, KEY, -1, &w, &error);
    if (r == 0)
        r = vs_blob_writer_write(w, "abc", 3, &error);
    if (r == 0) {
        vs_blob_writer_free(VS_TAKE(w));
        r = vs_blob_writer_reopen(blobs, KEY, &part, &error);
        w = part;
    }
    if (r == 0)
        r = vs_blob_writer_truncate(w, 2, &error);
    if (r == 0)
        r = vs_blob_writer_seal(w, 2, NULL, &error);
    uint8_t sha256[VS_SHA256_SIZE];
    if (r == 0)
        r = vs_blob_list(blobs, NULL, look, NULL, &error);
    return r != 0 ? r : vs_blob_digest(blobs, KEY, NULL, NULL, NULL, sha256, &error);
}

START_TEST(test_no_memory) {
    struct vs_env env = vs_env_real;
    char key[VS_BLOB_KEY_TEXT];
    env.alloc = few_allocations;
    env.random = no_random;
    allocations_left = 1000;
    vs_env_set(&env);
    assert_fails(vs_blob_key_make(key, &error), VIDSTORE_IO, 0);
    int n = 0, r = VIDSTORE_NOMEM;
    for (; r == VIDSTORE_NOMEM && n < 100; n++) {
        allocations_left = n;
        vs_error_clear(&error);
        r = put_and_read();
        vs_blob_part_delete(blobs, KEY, NULL);
        vs_blob_delete(blobs, KEY, NULL);
    }
    vs_env_set(NULL);
    ck_assert_int_eq(r, 0);
    ck_assert_int_gt(n, 5);
}
END_TEST

/* --- calls of the system that fail --- */

static int fail_fdatasync, fail_fsync, fail_flush, fail_rename; /* errno; 0: do the real thing */
static int fsync_after;                                         /* how many go well before fail_fsync */

/* These stand before the C library's, for this program only. */
int fdatasync(int fd) {
    errno = fail_fdatasync;
    return fail_fdatasync ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd) {
    int fail = fail_fsync && fsync_after-- <= 0;
    errno = fail_fsync;
    return fail ? -1 : (int)syscall(SYS_fsync, fd);
}

int sync_file_range(int fd, off_t from, off_t len, unsigned flags) {
    errno = fail_flush;
    return fail_flush ? -1 : (int)syscall(SYS_sync_file_range, fd, from, len, flags);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    errno = fail_rename;
    return fail_rename ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static void assert_lost(struct vs_blob_writer *w) {
    struct vs_blob_stat stat;
    ck_assert_int_eq(vs_blob_writer_lost(w), 1);
    fail_fdatasync = fail_fsync = fail_flush = 0;
    assert_fails(vs_blob_writer_write(w, "x", 1, &error), VIDSTORE_IO, 0);
    assert_fails(vs_blob_writer_sync(w, &error), VIDSTORE_IO, 0);
    assert_fails(vs_blob_writer_truncate(w, 0, &error), VIDSTORE_IO, 0);
    assert_fails(vs_blob_writer_seal(w, vs_blob_writer_size(w), NULL, &error), VIDSTORE_IO, 0);
    assert_fails(vs_blob_stat(blobs, KEY, &stat, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert(!exists("tmp/" KEY ".part"));
    ck_assert(!exists("blobs/01/23/" KEY));
}

/* Whoever adopts what another one moved must not trust that it got as far as the disk. */
START_TEST(test_settling_fails_with_the_disk) {
    struct vs_blob_writer *settled;
    put(KEY, bytes, 10);
    vs_blobs_close(blobs);
    open_store(); /* a process that has not made the directories */
    for (int good = 0; good < 3; good++) {
        fail_fsync = EIO;
        fsync_after = good;
        assert_fails(vs_blob_settle(blobs, KEY, &settled, &error), VIDSTORE_IO, 0);
        fail_fsync = 0;
        vs_blobs_close(blobs);
        open_store();
    }
    ck_assert_int_eq(vs_blob_settle(blobs, KEY, &settled, &error), 0);
    vs_blob_writer_free(settled);
    assert_holds(KEY, bytes, 10);
}
END_TEST

/* A second fsync may well succeed, and would lie: the first failure is final. */
START_TEST(test_failed_flush_is_final) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, 1000, &error), 0);
    switch (_i) {
    case 0:
        fail_fdatasync = EIO;
        assert_fails(vs_blob_writer_seal(w, 1000, NULL, &error), VIDSTORE_IO, 0);
        break;
    case 1:
        fail_fdatasync = ENOSPC;
        assert_fails(vs_blob_writer_sync(w, &error), VIDSTORE_FULL, 0);
        break;
    case 2:
        fail_flush = EIO;
        assert_fails(vs_blob_writer_write(w, bytes, SIZE, &error), VIDSTORE_IO, 0);
        break;
    default: /* the directory, after the move: two parents come first */
        fail_fsync = EIO;
        fsync_after = 2;
        assert_fails(vs_blob_writer_seal(w, 1000, NULL, &error), VIDSTORE_IO, 0);
    }
    assert_lost(w);
}
END_TEST

/* The directories could not be made durable: nothing is lost, and the next time they are written again. */
START_TEST(test_failed_flush_of_parents) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, 1000, &error), 0);
    fail_fsync = EIO;
    fsync_after = _i;
    assert_fails(vs_blob_writer_seal(w, 1000, NULL, &error), VIDSTORE_IO, 0);
    ck_assert_int_eq(vs_blob_writer_lost(w), 0);
    ck_assert(!exists("blobs/01/23/" KEY));
    fail_fsync = 0;
    ck_assert_int_eq(vs_blob_writer_seal(w, 1000, NULL, &error), 0);
    assert_holds(KEY, bytes, 1000);
}
END_TEST

START_TEST(test_file_system_without_noreplace) {
    struct vs_uuid one = {{1}}, two = {{2}};
    fail_rename = EINVAL;
    put(KEY, bytes, 1000);
    assert_holds(KEY, bytes, 1000);
    ck_assert(!exists("tmp/" KEY ".part"));
    ck_assert_int_eq(vs_blobs_marker_write(blobs, &one, 0, &error), 0);
    assert_fails(vs_blobs_marker_write(blobs, &two, 0, &error), VIDSTORE_EXISTS, 0);
}
END_TEST

START_TEST(test_killed_between_link_and_unlink) {
    struct vs_blob_writer *w;
    put(KEY, bytes, 1000);
    char sealed[120];
    strcpy(sealed, in_store("blobs/01/23/" KEY));
    ck_assert_int_eq(link(sealed, in_store("tmp/" KEY ".part")), 0);
    assert_fails(vs_blob_writer_reopen(blobs, KEY, &w, &error), VIDSTORE_EXISTS, 0);
    ck_assert(!exists("tmp/" KEY ".part"));
    assert_holds(KEY, bytes, 1000);
}
END_TEST

START_TEST(test_failed_flush_of_a_delete) {
    put(KEY, bytes, 1000);
    fail_fsync = EIO;
    assert_fails(vs_blob_delete(blobs, KEY, &error), VIDSTORE_IO, 0);
    fail_fsync = 0;
    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
}
END_TEST

static int no_thread(void *(*run)(void *), void *arg, void *ret_pthread_t) {
    return EAGAIN;
}

START_TEST(test_without_threads) {
    struct vs_env env = vs_env_real;
    vs_autowriter *w = NULL;
    int fd = source("source", bytes, SIZE);
    env.thread_start = no_thread;
    vs_env_set(&env);
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_copy_fd(w, fd, -1, NULL, NULL, NULL, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, SIZE, NULL, &error), 0);
    assert_holds(KEY, bytes, SIZE);
    vs_env_set(NULL);
    close(fd);
}
END_TEST

Suite *blob_fault_suite(void);
Suite *blob_fault_suite(void) {
    Suite *s = suite_create("blob_fault");
    TCase *t = tcase_create("fault");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_reserve);
    tcase_add_test(t, test_size_limit);
    tcase_add_test(t, test_full_disk);
    tcase_add_test(t, test_no_memory);
    tcase_add_loop_test(t, test_failed_flush_is_final, 0, 4);
    tcase_add_test(t, test_settling_fails_with_the_disk);
    tcase_add_loop_test(t, test_failed_flush_of_parents, 0, 2);
    tcase_add_test(t, test_file_system_without_noreplace);
    tcase_add_test(t, test_killed_between_link_and_unlink);
    tcase_add_test(t, test_failed_flush_of_a_delete);
    tcase_add_test(t, test_without_threads);
    suite_add_tcase(s, t);
    return s;
}
