/* SPDX-License-Identifier: MIT */
/* Where bytes live: what is sealed is whole, and what is not sealed is not seen. */
#include "blob_harness.h"
#include <sys/file.h>

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

/* A name in a directory of the host beside the store. */
static const char *outside(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.host", store);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s.host/%s", store, name);
    return path;
}

static void remove_outside(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.host", store);
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

START_TEST(test_sources) {
    struct stat before;
    int fd;
    ck_assert_int_eq(mkfifo(outside("fifo"), 0600), 0);
    assert_fails(vs_blob_source_open(blobs, outside("fifo"), &fd, &before, &error), VIDSTORE_INVALID,
                 VIDSTORE_SUB_NOT_A_FILE);
    ck_assert_int_eq(fd, -1);
    assert_fails(vs_blob_source_open(blobs, "/dev/zero", &fd, &before, &error), VIDSTORE_INVALID,
                 VIDSTORE_SUB_NOT_A_FILE);
    assert_fails(vs_blob_source_open(blobs, "/tmp", &fd, &before, &error), VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE);
    assert_fails(vs_blob_source_open(blobs, outside("nothing"), &fd, &before, &error), VIDSTORE_NOT_FOUND, 0);
    assert_fails(vs_blob_source_open(blobs, "", &fd, &before, &error), VIDSTORE_INVALID, 0);
    assert_fails(vs_blob_source_open(blobs, NULL, &fd, &before, &error), VIDSTORE_INVALID, 0);

    int writer = open(outside("source"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(writer, bytes, 1000), 1000);
    const struct timespec old[2] = {{.tv_sec = 1600000000}, {.tv_sec = 1600000000}};
    futimens(writer, old);
    ck_assert_int_eq(vs_blob_source_open(blobs, outside("source"), &fd, &before, &error), 0);
    ck_assert_int_eq(before.st_size, 1000);
    ck_assert_int_eq(vs_blob_source_unchanged(fd, &before, "path", &error), 0);
    ck_assert_int_eq(pwrite(writer, "x", 1, 10), 1);
    assert_fails(vs_blob_source_unchanged(fd, &before, "path", &error), VIDSTORE_IO, VIDSTORE_SUB_CHANGED);
    futimens(writer, old);
    ck_assert_int_eq(vs_blob_source_unchanged(fd, &before, "path", &error), 0);
    ck_assert_int_eq(pwrite(writer, "x", 1, 1000), 1);
    futimens(writer, old);
    assert_fails(vs_blob_source_unchanged(fd, &before, "path", &error), VIDSTORE_IO, VIDSTORE_SUB_CHANGED);
    close(writer);
    close(fd);
    remove_outside();
}
END_TEST

/* 1 while this process has its lock: another one is asked. */
static int is_locked(const char *name) {
    char path[PATH_MAX];
    int status;
    snprintf(path, sizeof path, "%s", in_store(name));
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) != 0 ? 2 : lock.l_type != F_UNLCK);
    }
    waitpid(pid, &status, 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status);
}

static void refuse_source(const char *path) {
    struct stat before;
    int fd;
    assert_fails(vs_blob_source_open(blobs, path, &fd, &before, &error), VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE);
    ck_assert_int_eq(fd, -1);
}

/* Closing any descriptor of a file drops the locks that the process has on it. */
START_TEST(test_the_store_is_no_source) {
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    const char *name = names[_i];
    int db = source(name, "x", 1);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(fcntl(db, F_SETLK, &lock), 0);
    ck_assert(is_locked(name));
    refuse_source(in_store(name));
    ck_assert_int_eq(symlink(in_store(name), outside("link")), 0);
    refuse_source(outside("link"));
    ck_assert_int_eq(link(in_store(name), outside("hard")), 0);
    refuse_source(outside("hard"));
    assert_fails(vs_blob_source_check(blobs, db, "fd", &error), VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE);
    ck_assert(is_locked(name));
    put(KEY, bytes, 10);
    refuse_source(in_store("blobs/01/23/" KEY));
    remove_outside();

    /* another store of this process */
    struct vs_blobs *mine = blobs;
    char other[] = "/tmp/vidstore-blob-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(other));
    ck_assert_int_eq(vs_blobs_open(other, NULL, &blobs, &error), 0);
    refuse_source(in_store(name));
    ck_assert(is_locked(name));
    vs_blobs_close(blobs);
    blobs = mine;
    nftw(other, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    close(db);
}
END_TEST

START_TEST(test_targets) {
    int fd, dir;
    const char *name;
    ck_assert_int_eq(vs_blob_target_create(blobs, outside("copy"), &fd, &dir, &name, &error), 0);
    ck_assert_str_eq(name, "copy");
    ck_assert_int_eq(unlinkat(dir, name, 0), 0);
    close(fd);
    close(dir);
    assert_fails(vs_blob_target_create(blobs, outside(""), &fd, &dir, &name, &error), VIDSTORE_INVALID,
                 VIDSTORE_SUB_NOT_A_FILE);
    assert_fails(vs_blob_target_create(blobs, outside("no/copy"), &fd, &dir, &name, &error), VIDSTORE_NOT_FOUND, 0);
    assert_fails(vs_blob_target_create(blobs, outside("."), &fd, &dir, &name, &error), VIDSTORE_EXISTS, 0);
    static const char *const places[] = {"store.db-journal", "blobs/x", "tmp/" KEY ".part", "blobs/../new"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_fails(vs_blob_target_create(blobs, in_store(places[i]), &fd, &dir, &name, &error), VIDSTORE_INVALID,
                     VIDSTORE_SUB_NOT_A_FILE);
        ck_assert(!exists(places[i]));
        ck_assert_int_eq(fd, -1);
        ck_assert_int_eq(dir, -1);
    }
    ck_assert_int_eq(symlink(store, outside("link")), 0);
    assert_fails(vs_blob_target_create(blobs, outside("link/new"), &fd, &dir, &name, &error), VIDSTORE_INVALID,
                 VIDSTORE_SUB_NOT_A_FILE);
    remove_outside();
}
END_TEST

/* Who finds a sealed blob waits for the one who seals it, and sees to it that its name is on the disk. */
START_TEST(test_settle) {
    struct vs_blob_writer *w, *other;
    ck_assert_int_eq(vs_blob_writer_create(blobs, KEY, -1, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, bytes, 10, &error), 0);
    assert_fails(vs_blob_settle(blobs, KEY, &other, &error), VIDSTORE_NOT_FOUND, 0);
    ck_assert(!vs_blob_is_kept(blobs, KEY));
    ck_assert_int_eq(vs_blob_writer_seal(w, 10, NULL, &error), 0);
    ck_assert(vs_blob_is_kept(blobs, KEY));
    ck_assert_int_eq(vs_blob_settle(blobs, KEY, &other, &error), 0);
    vs_blob_writer_free(w);
    ck_assert(vs_blob_is_kept(blobs, KEY));
    assert_fails(vs_blob_writer_write(other, bytes, 1, &error), VIDSTORE_STATE, 0);
    vs_blob_writer_abort(other); /* of what is sealed nothing goes */
    ck_assert(!vs_blob_is_kept(blobs, KEY));
    int sealer = open(in_store("blobs/01/23/" KEY), O_RDONLY);
    ck_assert_int_eq(flock(sealer, LOCK_EX | LOCK_NB), 0); /* he is still at it */
    assert_fails(vs_blob_settle(blobs, KEY, &other, &error), VIDSTORE_BUSY, 0);
    ck_assert_ptr_null(other);
    close(sealer);
    assert_fails(vs_blob_settle(blobs, "x", &other, &error), VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX);
    assert_holds(KEY, bytes, 10);
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

Suite *blob_suite(void);
Suite *blob_suite(void) {
    Suite *s = suite_create("blob");
    TCase *t = tcase_create("blob");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_round_trip);
    tcase_add_test(t, test_empty_blob);
    tcase_add_test(t, test_path);
    tcase_add_test(t, test_verify_finds_damage);
    tcase_add_test(t, test_seal_needs_the_total);
    tcase_add_test(t, test_keys_are_not_reused);
    tcase_add_test(t, test_many_threads_one_leaf);
    tcase_add_test(t, test_resume);
    tcase_add_test(t, test_abort_and_missing);
    tcase_add_test(t, test_kill_leaves_nothing_half);
    tcase_add_test(t, test_copy_fd);
    tcase_add_test(t, test_copy_from_a_pipe_that_does_not_block);
    tcase_add_test(t, test_copy_from_what_cannot_be_read);
    tcase_add_test(t, test_sources);
    tcase_add_loop_test(t, test_the_store_is_no_source, 0, 3);
    tcase_add_test(t, test_targets);
    tcase_add_test(t, test_settle);
    tcase_add_test(t, test_temporary);
    suite_add_tcase(s, t);
    return s;
}
