/* SPDX-License-Identifier: MIT */
/* A store of blobs in a new directory, for the suites of lib/blob. */
#ifndef TESTS_BLOB_HARNESS_H
#define TESTS_BLOB_HARNESS_H

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
#define SIZE ((size_t)9 << 20 | 123)

static char store[64];
static struct vs_blobs *blobs;
static vidstore_error *error;
static uint8_t *bytes; /* SIZE of them */
static int walk;       /* the loop index of the fixtures that run with and without openat2 */

static inline void make_store(void) {
    strcpy(store, "/tmp/vidstore-blob-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(store));
    bytes = malloc(SIZE);
    uint32_t x = 1;
    for (size_t i = 0; i < SIZE; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24);
    }
}

static inline void open_store(void) {
    struct vs_blob_options options = {.no_openat2 = walk};
    ck_assert_int_eq(vs_blobs_open(store, &options, &blobs, &error), 0);
}

static inline void setup(void) {
    make_store();
    open_store();
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
    return remove(path);
}

static inline void teardown(void) {
    vs_blobs_close(blobs);
    blobs = NULL;
    nftw(store, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(bytes);
    vs_error_clear(&error);
}

static inline void setup_walk(void) {
    walk = 1;
    setup();
}

static inline const char *in_store(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", store, name);
    return path;
}

static inline int exists(const char *name) {
    struct stat st;
    return lstat(in_store(name), &st) == 0;
}

static inline void put(const char *key, const void *data, size_t size) {
    vs_autowriter *w = NULL;
    ck_assert_int_eq(vs_blob_writer_create(blobs, key, (int64_t)size, &w, &error), 0);
    ck_assert_int_eq(vs_blob_writer_write(w, data, size, &error), 0);
    ck_assert_int_eq(vs_blob_writer_seal(w, (int64_t)size, NULL, &error), 0);
}

static inline void assert_holds(const char *key, const void *data, size_t size) {
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

static inline int source(const char *name, const void *data, size_t size) {
    int fd = open(in_store(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

#endif
