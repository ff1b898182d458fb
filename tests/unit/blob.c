/* SPDX-License-Identifier: MIT */
/* Where bytes live: what is sealed is whole, what is not sealed is not seen, and nothing leads out of the store. */
#include "blob/blob.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY  "0123456789abcdef0123456789abcdef"
#define KEY2 "0123ffffffffffff0123456789abcdef"
#define SIZE ((size_t)5 << 20 | 123)

static char store[64];
static struct vs_blobs *blobs;
static vidstore_error *error;
static uint8_t *bytes; /* SIZE of them */
static int walk;       /* the loop index of the fixtures that run with and without openat2 */

static void make_store(void) {
    strcpy(store, "/tmp/vidstore-blob-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(store));
    bytes = malloc(SIZE);
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24);
    }
}

static void open_store(void) {
    struct vs_blob_options options = {.no_openat2 = walk};
    ck_assert_int_eq(vs_blobs_open(store, &options, &blobs, &error), 0);
}

static void setup(void) {
    make_store();
    open_store();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
    return remove(path);
}

static void teardown(void) {
    vs_blobs_close(blobs);
    blobs = NULL;
    nftw(store, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(bytes);
    vs_error_clear(&error);
}

static void setup_walk(void) {
    walk = 1;
    setup();
}

static const char *in_store(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", store, name);
    return path;
}

static int exists(const char *name) {
    struct stat st;
    return lstat(in_store(name), &st) == 0;
}

static void put(const char *key, const void *data, size_t size) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, key, (int64_t)size, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, data, size, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, (int64_t)size, NULL, &error), 0);
}

static void assert_holds(const char *key, const void *data, size_t size) {
    uint8_t sha256[VS_SHA256_SIZE];
    ck_assert_int_eq(vs_sha256(data, size, sha256), 0);
    ck_assert_int_eq(vs_blob_verify(blobs, key, (int64_t)size, sha256, NULL, NULL, &error), 0);
}

#define assert_fails(call, code, sub)                                                                                  \
    do {                                                                                                               \
        ck_assert_int_eq((call), (code));                                                                              \
        ck_assert_ptr_nonnull(error);                                                                                  \
        ck_assert_int_eq(vidstore_error_code(error), (code));                                                          \
        ck_assert_int_eq(vidstore_error_subcode(error), (sub));                                                        \
        vs_error_clear(&error);                                                                                        \
    } while (0)

/* --- writing and reading --- */

START_TEST(test_round_trip) {
    uint8_t expected[VS_SHA256_SIZE], got[VS_SHA256_SIZE], piece[1000];
    struct vs_blob_writer *w;
    struct vs_blob_stat stat;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    for (size_t at = 0; at < SIZE; at += 70001)
        ck_assert_int_eq(vs_blob_writer_write(w, bytes + at, SIZE - at < 70001 ? SIZE - at : 70001, &error), 0);
    ck_assert_int_eq(vs_blob_writer_size(w), SIZE);
    assert_fails(vs_blob_stat(blobs, KEY, &stat, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, SIZE, got, &error), 0);
    vs_sha256(bytes, SIZE, expected);
    ck_assert_mem_eq(expected, got, sizeof got);
    assert_fails(vs_blob_writer_write(w, "x", 1, &error), VIDSTORE_STATE, 0);
    assert_fails(vs_blob_writer_seal(w, SIZE, NULL, &error), VIDSTORE_STATE, 0);
    vs_blob_writer_abort(w); /* does not take back what is sealed */

    ck_assert_int_eq(vs_blob_stat(blobs, KEY, &stat, &error), 0);
    ck_assert_int_eq(stat.size, SIZE);
    ck_assert(llabs(stat.modified_us - vs_now_us()) < 60 * 1000000LL);
    ck_assert(!exists("tmp/" KEY ".part"));

    vs_autoreader *r = NULL;
    size_t len;
    ck_assert_int_eq(vs_blob_reader_open(blobs, KEY, &r, &error), 0);
    ck_assert_int_eq(vs_blob_reader_size(r), SIZE);
    ck_assert_int_eq(vs_blob_reader_pread(r, 12345, piece, sizeof piece, &len, &error), 0);
    ck_assert_uint_eq(len, sizeof piece);
    ck_assert_mem_eq(piece, bytes + 12345, len);
    ck_assert_int_eq(vs_blob_reader_pread(r, SIZE - 10, piece, sizeof piece, &len, &error), 0);
    ck_assert_uint_eq(len, 10);
    ck_assert_int_eq(vs_blob_reader_pread(r, INT64_MAX, piece, sizeof piece, &len, &error), 0);
    ck_assert_uint_eq(len, 0);
    assert_fails(vs_blob_reader_pread(r, -1, piece, sizeof piece, &len, &error), VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
    ck_assert_int_eq(pread(vs_blob_reader_fd(r), piece, 4, 0), 4);
    ck_assert_mem_eq(piece, bytes, 4);

    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
    ck_assert_int_eq(vs_blob_reader_pread(r, 0, piece, 4, &len, &error), 0); /* a reader can finish */
    ck_assert_uint_eq(len, 4);
    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
    assert_fails(vs_blob_stat(blobs, KEY, &stat, &error), VIDSTORE_NOT_FOUND, 0);
}
END_TEST

START_TEST(test_empty_blob) {
    put(KEY, "", 0);
    assert_holds(KEY, "", 0);
}
END_TEST

START_TEST(test_path) {
    char path[PATH_MAX], small[20], whole[PATH_MAX];
    assert_fails(vs_blob_path(blobs, KEY, path, sizeof path, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert_str_eq(path, "");
    put(KEY, "bytes", 5);
    ck_assert_int_eq(vs_blob_path(blobs, KEY, path, sizeof path, &error), 0);
    snprintf(whole, sizeof whole, "%s/blobs/01/23/" KEY, store);
    ck_assert_str_eq(path, whole);
    assert_fails(vs_blob_path(blobs, KEY, small, sizeof small, &error), VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG);
    ck_assert_str_eq(small, "");
}
END_TEST

START_TEST(test_verify_finds_damage) {
    uint8_t sha256[VS_SHA256_SIZE];
    put(KEY, bytes, SIZE);
    vs_sha256(bytes, SIZE, sha256);
    int fd = open(in_store("blobs/01/23/" KEY), O_WRONLY);
    uint8_t flipped = bytes[SIZE / 2] ^ 1;
    ck_assert_int_eq(pwrite(fd, &flipped, 1, SIZE / 2), 1);
    assert_fails(vs_blob_verify(blobs, KEY, SIZE, sha256, NULL, NULL, &error), VIDSTORE_CORRUPT, VIDSTORE_SUB_CHECKSUM);
    ck_assert_int_eq(ftruncate(fd, SIZE - 1), 0);
    assert_fails(vs_blob_verify(blobs, KEY, SIZE, sha256, NULL, NULL, &error), VIDSTORE_CORRUPT,
                 VIDSTORE_SUB_TRUNCATED);
    ck_assert_int_eq(ftruncate(fd, SIZE + 1), 0);
    assert_fails(vs_blob_verify(blobs, KEY, SIZE, sha256, NULL, NULL, &error), VIDSTORE_CORRUPT,
                 VIDSTORE_SUB_TOO_LARGE);
    close(fd);
    assert_fails(vs_blob_verify(blobs, KEY2, SIZE, sha256, NULL, NULL, &error), VIDSTORE_NOT_FOUND, 0);
}
END_TEST

START_TEST(test_seal_needs_the_total) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, 1000, &error), 0);
    assert_fails(vs_blob_writer_seal(w, 1001, NULL, &error), VIDSTORE_IO, VIDSTORE_SUB_TRUNCATED);
    assert_fails(vs_blob_writer_seal(w, 999, NULL, &error), VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE);
    assert_fails(vs_blob_writer_seal(w, -1, NULL, &error), VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
    ck_assert(!exists("blobs/01/23/" KEY));
    ck_assert_int_eq(vs_blob_writer_write(w, bytes + 1000, 1, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, 1001, NULL, &error), 0);
    assert_holds(KEY, bytes, 1001);
}
END_TEST

START_TEST(test_keys_are_not_reused) {
    struct vs_blob_writer *w, *other;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    assert_fails(vs_blob_writer_create(blobs, KEY, -1, &other, &error), VIDSTORE_EXISTS, 0);
    ck_assert_ptr_null(other);
    ck_assert_int_eq(vs_blob_writer_write(w, "first", 5, &error), 0);
    /* Somebody puts a file in its place: it is not replaced, and the part is still there. */
    ck_assert_int_eq(mkdir(in_store("blobs/01"), 0700), 0);
    ck_assert_int_eq(mkdir(in_store("blobs/01/23"), 0700), 0);
    close(open(in_store("blobs/01/23/" KEY), O_CREAT | O_WRONLY, 0600));
    assert_fails(vs_blob_writer_seal(w, 5, NULL, &error), VIDSTORE_EXISTS, 0);
    ck_assert_int_eq(vs_blob_writer_lost(w), 0);
    ck_assert_int_eq(vs_blob_delete(blobs, KEY, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, 5, NULL, &error), 0);
    vs_blob_writer_free(w);
    assert_holds(KEY, "first", 5);
    assert_fails(vs_blob_writer_create(blobs, KEY, -1, &w, &error), VIDSTORE_EXISTS, 0);
    assert_fails(vs_blob_writer_reopen(blobs, KEY, &w, &error), VIDSTORE_EXISTS, 0);
}
END_TEST

static void *put_key(void *key) {
    vs_autowriter *w = NULL;
    return vs_blob_writer_create(blobs, key, 32, &w, NULL) != 0 || vs_blob_writer_write(w, key, 32, NULL) != 0 ||
                   vs_blob_writer_seal(w, 32, NULL, NULL) != 0
               ? key
               : NULL;
}

START_TEST(test_many_threads_one_leaf) {
    /* The leaf directory does not exist yet, and sixteen threads want it at once. */
    pthread_t threads[16];
    char keys[16][VS_BLOB_KEY_TEXT];
    for (int i = 0; i < 16; i++) {
        snprintf(keys[i], sizeof keys[i], "abcd%028x", (unsigned)i);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_key, keys[i]), 0);
    }
    for (int i = 0; i < 16; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
        assert_holds(keys[i], keys[i], 32);
    }
}
END_TEST

/* --- going on --- */

START_TEST(test_resume) {
    struct vs_blob_writer *w, *other;
    uint8_t expected[VS_SHA256_SIZE], got[VS_SHA256_SIZE];
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, SIZE, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, SIZE / 2, &error), 0);
    ck_assert_int_eq(vs_blob_writer_sync(w, &error), 0);
    assert_fails(vs_blob_writer_reopen(blobs, KEY, &other, &error), VIDSTORE_BUSY, 0);
    assert_fails(vs_blob_part_delete(blobs, KEY, &error), VIDSTORE_BUSY, 0);
    vs_blob_writer_free(w);

    vs_blobs_close(blobs);
    open_store();
    ck_assert_int_eq(vs_blob_writer_reopen(blobs, KEY, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_size(w), SIZE / 2);
    vs_sha256(bytes, SIZE / 2, expected);
    ck_assert_int_eq(vs_blob_writer_digest(w, got, &error), 0);
    ck_assert_mem_eq(expected, got, sizeof got);

    ck_assert_int_eq(vs_blob_writer_truncate(w, 1000, &error), 0);
    assert_fails(vs_blob_writer_truncate(w, 1001, &error), VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
    assert_fails(vs_blob_writer_truncate(w, -1, &error), VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
    ck_assert_int_eq(vs_blob_writer_size(w), 1000);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes + 1000, SIZE - 1000, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, SIZE, got, &error), 0);
    vs_blob_writer_free(w);
    vs_sha256(bytes, SIZE, expected);
    ck_assert_mem_eq(expected, got, sizeof got);
    assert_holds(KEY, bytes, SIZE);
}
END_TEST

START_TEST(test_abort_and_missing) {
    struct vs_blob_writer *w;
    assert_fails(vs_blob_writer_reopen(blobs, KEY, &w, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert(exists("tmp/" KEY ".part"));
    vs_blob_writer_abort(w);
    ck_assert(!exists("tmp/" KEY ".part"));
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    vs_blob_writer_free(w);
    ck_assert(exists("tmp/" KEY ".part"));
    ck_assert_int_eq(vs_blob_part_delete(blobs, KEY, &error), 0);
    ck_assert_int_eq(vs_blob_part_delete(blobs, KEY, &error), 0);
    ck_assert(!exists("tmp/" KEY ".part"));
}
END_TEST

/* Puts blob after blob, one of them from a continued part, until it is killed. */
static void put_until_killed(unsigned seed) {
    for (unsigned i = 0;; i++) {
        struct vs_blob_writer *w;
        char key[VS_BLOB_KEY_TEXT];
        snprintf(key, sizeof key, "%04x%028x", (seed * 7919 + i * 31) & 0xffff, i);
        int r = vs_blob_writer_create(blobs, key, -1, &w, NULL);
        for (size_t at = 0; r == 0 && at < 300000; at += 10000)
            r = vs_blob_writer_write(w, bytes + at, 10000, NULL);
        if (r != 0 || vs_blob_writer_seal(w, 300000, NULL, NULL) != 0)
            _exit(1);
        vs_blob_writer_free(w);
    }
}

static int check_whole(void *arg, const char *key, const struct vs_blob_stat *stat) {
    ck_assert_int_eq(stat->size, 300000);
    assert_holds(key, bytes, 300000);
    ++*(int *)arg;
    return 0;
}

static int finish_part(void *arg, const char *key, const struct vs_blob_stat *stat) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_reopen(blobs, key, &w, &error), 0);
    int64_t have = vs_blob_writer_size(w);
    ck_assert_int_eq(have, stat->size);
    ck_assert_int_le(have, 300000);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes + have, (size_t)(300000 - have), &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, 300000, NULL, &error), 0);
    ++*(int *)arg;
    return 0;
}

START_TEST(test_kill_leaves_nothing_half) {
    int sealed = 0, continued = 0;
    for (unsigned i = 0; i < 24; i++) {
        pid_t pid = fork();
        if (pid == 0)
            put_until_killed(i);
        usleep(500 + 1371 * i);
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        sealed = 0;
        ck_assert_int_eq(vs_blob_list(blobs, NULL, check_whole, &sealed, &error), 0);
        ck_assert_int_eq(vs_blob_part_list(blobs, NULL, finish_part, &continued, &error), 0);
        if (i % 4 == 3) { /* each child uses its keys again */
            vs_blobs_close(blobs);
            nftw(in_store("blobs"), remove_one, 8, FTW_DEPTH | FTW_PHYS);
            open_store();
        }
    }
    ck_assert_int_gt(sealed, 0);
    ck_assert_int_gt(continued, 0);
}
END_TEST

/* --- copying --- */

static int source(const char *name, const void *data, size_t size) {
    int fd = open(in_store(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static int stop_after(void *arg, int64_t done) {
    return done >= *(int64_t *)arg;
}

START_TEST(test_copy_fd) {
    vs_autowriter *w = NULL;
    int64_t copied, limit = 2 << 20;
    int fd = source("source", bytes, SIZE);
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, SIZE, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_copy_fd(w, fd, 1000, NULL, NULL, &copied, &error), 0);
    ck_assert_int_eq(copied, 1000);
    assert_fails(vs_blob_writer_copy_fd(w, fd, -1, stop_after, &limit, &copied, &error), VIDSTORE_CANCELLED, 0);
    ck_assert_int_eq(vs_blob_writer_size(w), 1000 + copied);
    ck_assert_int_eq(vs_blob_writer_copy_fd(w, fd, -1, NULL, NULL, NULL, &error), 0);
    close(fd);
    ck_assert_int_eq(vs_blob_writer_seal(w, SIZE, NULL, &error), 0);
    assert_holds(KEY, bytes, SIZE);
    assert_fails(vs_blob_digest(blobs, KEY, stop_after, &limit, NULL, NULL, &error), VIDSTORE_CANCELLED, 0);
}
END_TEST

static void *feed(void *arg) {
    int fd = *(int *)arg;
    for (size_t at = 0; at < SIZE; at += 65536) {
        size_t len = SIZE - at < 65536 ? SIZE - at : 65536;
        if (write(fd, bytes + at, len) != (ssize_t)len)
            break;
    }
    close(fd);
    return NULL;
}

START_TEST(test_copy_from_a_pipe_that_does_not_block) {
    vs_autowriter *w = NULL;
    int ends[2];
    pthread_t thread;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    pthread_create(&thread, NULL, feed, &ends[1]);
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_copy_fd(w, ends[0], -1, NULL, NULL, NULL, &error), 0);
    pthread_join(thread, NULL);
    close(ends[0]);
    ck_assert_int_eq(vs_blob_writer_seal(w, SIZE, NULL, &error), 0);
    assert_holds(KEY, bytes, SIZE);
}
END_TEST

START_TEST(test_copy_from_what_cannot_be_read) {
    vs_autowriter *w = NULL;
    int64_t copied;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
    assert_fails(vs_blob_writer_copy_fd(w, fd, -1, NULL, NULL, &copied, &error), VIDSTORE_IO, 0);
    close(fd);
    ck_assert_int_eq(copied, 0);
}
END_TEST

/* --- sources --- */

START_TEST(test_sources) {
    struct stat before;
    int fd;
    ck_assert_int_eq(mkfifo(in_store("fifo"), 0600), 0);
    assert_fails(vs_blob_source_open(in_store("fifo"), &fd, &before, &error), VIDSTORE_INVALID,
                 VIDSTORE_SUB_NOT_A_FILE);
    ck_assert_int_eq(fd, -1);
    assert_fails(vs_blob_source_open("/dev/zero", &fd, &before, &error), VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE);
    assert_fails(vs_blob_source_open(store, &fd, &before, &error), VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE);
    assert_fails(vs_blob_source_open(in_store("nothing"), &fd, &before, &error), VIDSTORE_NOT_FOUND, 0);
    assert_fails(vs_blob_source_open("", &fd, &before, &error), VIDSTORE_INVALID, 0);
    assert_fails(vs_blob_source_open(NULL, &fd, &before, &error), VIDSTORE_INVALID, 0);

    int writer = source("source", bytes, 1000);
    const struct timespec old[2] = {{.tv_sec = 1600000000}, {.tv_sec = 1600000000}};
    futimens(writer, old);
    ck_assert_int_eq(vs_blob_source_open(in_store("source"), &fd, &before, &error), 0);
    ck_assert_int_eq(before.st_size, 1000);
    ck_assert_int_eq(vs_blob_source_unchanged(fd, &before, &error), 0);
    ck_assert_int_eq(pwrite(writer, "x", 1, 10), 1);
    assert_fails(vs_blob_source_unchanged(fd, &before, &error), VIDSTORE_IO, VIDSTORE_SUB_CHANGED);
    futimens(writer, old);
    ck_assert_int_eq(vs_blob_source_unchanged(fd, &before, &error), 0);
    ck_assert_int_eq(pwrite(writer, "x", 1, 1000), 1);
    futimens(writer, old);
    assert_fails(vs_blob_source_unchanged(fd, &before, &error), VIDSTORE_IO, VIDSTORE_SUB_CHANGED);
    close(writer);
    close(fd);
}
END_TEST

/* --- hostile names and places --- */

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
        assert_fails(vs_blob_list(blobs, key, check_whole, NULL, &error), VIDSTORE_INVALID, sub);
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
        return; /* only root can give directories away, or become another */
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

/* --- no room, no memory, no randomness --- */

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
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return;
    vs_blobs_close(blobs);
    blobs = NULL;
    if (mount("none", store, "tmpfs", 0, "size=4m,mode=0700") != 0)
        return;
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
    struct seen none = {0};
    uint8_t sha256[VS_SHA256_SIZE];
    if (r == 0)
        r = vs_blob_part_list(blobs, NULL, see, &none, &error);
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

START_TEST(test_temporary) {
    struct vs_blobs *temporary;
    char path[PATH_MAX];
    ck_assert_int_eq(setenv("TMPDIR", store, 1), 0);
    ck_assert_int_eq(vs_blobs_open_temporary(NULL, &temporary, &error), 0);
    vs_blobs_close(blobs);
    blobs = temporary;
    put(KEY, bytes, 1000);
    assert_holds(KEY, bytes, 1000);
    ck_assert_int_eq(vs_blob_path(blobs, KEY, path, sizeof path, &error), 0);
    ck_assert_ptr_nonnull(strstr(path, store));
    pid_t pid = fork();
    if (pid == 0) { /* a child does not take the directory away from its parent */
        vs_blobs_close(blobs);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    vs_blobs_close(blobs);
    blobs = NULL;
    ck_assert_int_ne(access(path, F_OK), 0);
    *strstr(path, "/blobs/") = '\0';
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_int_eq(setenv("TMPDIR", in_store("nothing"), 1), 0);
    assert_fails(vs_blobs_open_temporary(NULL, &temporary, &error), VIDSTORE_NOT_FOUND, 0);
}
END_TEST

static void add_disk_tests(TCase *t) {
    tcase_add_test(t, test_round_trip);
    tcase_add_test(t, test_empty_blob);
    tcase_add_test(t, test_path);
    tcase_add_test(t, test_keys_are_not_reused);
    tcase_add_test(t, test_many_threads_one_leaf);
    tcase_add_test(t, test_resume);
    tcase_add_test(t, test_links_lead_nowhere);
    tcase_add_loop_test(t, test_modes_whatever_the_umask, 0, 3);
    tcase_add_test(t, test_read_only);
    tcase_add_test(t, test_marker);
    tcase_add_test(t, test_list);
}

Suite *blob_suite(void);
Suite *blob_suite(void) {
    Suite *s = suite_create("blob");
    TCase *disk = tcase_create("disk"), *old = tcase_create("component walk"), *rest = tcase_create("rest");
    tcase_add_checked_fixture(disk, setup, teardown);
    tcase_add_checked_fixture(old, setup_walk, teardown);
    tcase_add_checked_fixture(rest, setup, teardown);
    add_disk_tests(disk);
    add_disk_tests(old);
    tcase_add_test(rest, test_verify_finds_damage);
    tcase_add_test(rest, test_seal_needs_the_total);
    tcase_add_test(rest, test_abort_and_missing);
    tcase_add_test(rest, test_kill_leaves_nothing_half);
    tcase_add_test(rest, test_copy_fd);
    tcase_add_test(rest, test_copy_from_a_pipe_that_does_not_block);
    tcase_add_test(rest, test_copy_from_what_cannot_be_read);
    tcase_add_test(rest, test_sources);
    tcase_add_loop_test(rest, test_bad_keys, 0, VS_COUNT(bad_keys) + 1);
    tcase_add_test(rest, test_open_refuses_what_others_can_write);
    tcase_add_test(rest, test_open_refuses_the_directory_of_another);
    tcase_add_test(rest, test_reserve);
    tcase_add_test(rest, test_size_limit);
    tcase_add_test(rest, test_full_disk);
    tcase_add_test(rest, test_no_memory);
    tcase_add_test(rest, test_temporary);
    suite_add_tcase(s, disk);
    suite_add_tcase(s, old);
    suite_add_tcase(s, rest);
    return s;
}
