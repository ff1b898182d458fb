/* SPDX-License-Identifier: MIT */
/* Listing the local disk in the order of keys. The fan-out keeps what has to be sorted at a time small. */
#include "blob/local_blob.h"
#include "util/alloc.h"
#include "util/error.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct listing {
    struct vs_local_blobs *lb;
    const char *after; /* never NULL: "" comes before every key */
    vs_blob_each each;
    void *arg;
};

struct keys {
    char (*keys)[VS_BLOB_KEY_TEXT];
    size_t count, cap;
};

static void keys_cleanup(struct keys *k) {
    vs_free(k->keys);
}

static void dir_cleanup(DIR **dir) {
    if (*dir)
        closedir(*dir);
}
#define autodir __attribute__((cleanup(dir_cleanup))) DIR

/* A directory stream that starts at the beginning, whatever was read through fd before. */
static DIR *open_stream(struct vs_local_blobs *lb, int dir, const char *path) {
    int fd = path ? vs_local_open(lb, dir, path, O_RDONLY | O_DIRECTORY)
                  : openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (!stream && fd >= 0)
        close(fd);
    return stream;
}

/* Which of the names 00 to ff a directory has. */
static int read_fan(struct vs_local_blobs *lb, const char *path, uint8_t present[256], vidstore_error **e) {
    autodir *stream = open_stream(lb, lb->blobs, path);
    struct dirent *entry;
    memset(present, 0, 256);
    if (!stream)
        return path && errno == ENOENT ? 0 : vs_local_fail(e, errno, "list the blobs");
    while (errno = 0, (entry = readdir(stream))) {
        uint8_t number;
        if (strlen(entry->d_name) == 2 && strspn(entry->d_name, "0123456789abcdef") == 2 &&
            vs_unhex(entry->d_name, &number, 1) == 0)
            present[number] = 1;
    }
    return errno == 0 ? 0 : vs_local_fail(e, errno, "list the blobs");
}

static int add_key(struct keys *k, const char *name, vidstore_error **e) {
    if (k->count == k->cap) {
        size_t cap = k->cap ? 2 * k->cap : 64;
        void *bigger = vs_reallocarray(k->keys, cap, sizeof *k->keys);
        if (!bigger)
            return vs_fail_nomem(e);
        k->keys = bigger;
        k->cap = cap;
    }
    memcpy(k->keys[k->count], name, VS_BLOB_KEY_TEXT - 1);
    k->keys[k->count++][VS_BLOB_KEY_TEXT - 1] = '\0';
    return 0;
}

static int compare_keys(const void *a, const void *b) {
    return memcmp(a, b, VS_BLOB_KEY_TEXT);
}

/* The keys in a directory whose names begin with prefix and end with suffix, sorted. */
static int read_keys(DIR *stream, const char *prefix, const char *suffix, const char *after, struct keys *k,
                     vidstore_error **e) {
    struct dirent *entry;
    const size_t len = VS_BLOB_KEY_TEXT - 1;
    while (errno = 0, (entry = readdir(stream))) {
        const char *name = entry->d_name;
        if (strlen(name) != len + strlen(suffix) || strspn(name, "0123456789abcdef") != len ||
            strcmp(name + len, suffix) != 0 || strncmp(name, prefix, strlen(prefix)) != 0 ||
            strncmp(name, after, len) <= 0)
            continue;
        int r = add_key(k, name, e);
        if (r != 0)
            return r;
    }
    if (errno != 0)
        return vs_local_fail(e, errno, "list the blobs");
    if (k->count > 0)
        qsort(k->keys, k->count, sizeof *k->keys, compare_keys);
    return 0;
}

static int list_dir(const struct listing *l, DIR *stream, const char *prefix, const char *suffix, vidstore_error **e) {
    __attribute__((cleanup(keys_cleanup))) struct keys k = {0};
    char name[VS_LOCAL_NAME];
    int r = read_keys(stream, prefix, suffix, l->after, &k, e);
    for (size_t i = 0; r == 0 && i < k.count; i++) {
        struct stat st;
        snprintf(name, sizeof name, "%s%s", k.keys[i], suffix);
        if (fstatat(dirfd(stream), name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT) /* gone meanwhile */
                r = vs_local_fail(e, errno, "look at a blob");
            continue;
        }
        struct vs_blob_stat stat = vs_local_stat_of(&st);
        if (S_ISREG(st.st_mode))
            r = l->each(l->arg, k.keys[i], &stat);
    }
    return r;
}

static int list_leaf(const struct listing *l, const char *leaf, vidstore_error **e) {
    autodir *stream = open_stream(l->lb, l->lb->blobs, leaf);
    if (!stream)
        return errno == ENOENT ? 0 : vs_local_fail(e, errno, "list the blobs");
    const char prefix[] = {leaf[0], leaf[1], leaf[3], leaf[4], '\0'};
    return list_dir(l, stream, prefix, "", e);
}

int vs_local_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e) {
    const struct listing l = {vs_local(blobs), after ? after : "", each, arg};
    uint8_t upper[256], lower[256];
    char leaf[VS_LOCAL_NAME], prefix[VS_LOCAL_NAME];
    int r = read_fan(l.lb, NULL, upper, e);
    for (unsigned i = 0; r == 0 && i < 256; i++) {
        snprintf(leaf, sizeof leaf, "%02x", i);
        if (!upper[i] || strncmp(leaf, l.after, 2) < 0)
            continue;
        r = read_fan(l.lb, leaf, lower, e);
        for (unsigned j = 0; r == 0 && j < 256; j++) {
            snprintf(prefix, sizeof prefix, "%02x%02x", i, j);
            if (!lower[j] || strncmp(prefix, l.after, 4) < 0)
                continue;
            snprintf(leaf, sizeof leaf, "%02x/%02x", i, j);
            r = list_leaf(&l, leaf, e);
        }
    }
    return r;
}

int vs_local_part_list(struct vs_blobs *blobs, const char *after, vs_blob_each each, void *arg, vidstore_error **e) {
    const struct listing l = {vs_local(blobs), after ? after : "", each, arg};
    autodir *stream = open_stream(l.lb, l.lb->tmp, NULL);
    if (!stream)
        return vs_local_fail(e, errno, "list the parts");
    return list_dir(&l, stream, "", ".part", e);
}
