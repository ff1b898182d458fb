/* SPDX-License-Identifier: MIT */
/* Where a store lies: found, made or refused before anything is written. */
#include "store/place.h"
#include "util/alloc.h"
#include "util/error.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

static void close_dir(DIR **dir) {
    if (*dir)
        closedir(*dir);
}

/* What a store consists of, and what any fresh volume has. Another process may be making the store right now. */
static int is_of_a_store(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "blobs") == 0 ||
           strcmp(name, "tmp") == 0 || strcmp(name, "lost+found") == 0 || strcmp(name, VS_PLACE_SEAL) == 0 ||
           strncmp(name, "store.db", sizeof "store.db" - 1) == 0;
}

static int check_no_others(int place, const char *path, vidstore_error **e) {
    int fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    VS_CLEANUP(close_dir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int why = errno;
        close_fd(&fd);
        return vs_fail_errno(e, why, "location", "read the store's directory");
    }
    for (struct dirent *entry; (entry = readdir(dir));)
        if (!is_of_a_store(entry->d_name))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_STORE, "location",
                               "%s has other things in it and is no store: name a new directory, or an empty one",
                               path);
    return 0;
}

/* vs_blobs_open refuses such a directory too, but by then there is a database. */
static int check_private(int place, const char *name, vidstore_error **e) {
    struct stat st;
    if (fstatat(place, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (geteuid() != 0 && st.st_uid != geteuid())
        return vs_fail(e, VIDSTORE_FORBIDDEN, "location", "%s belongs to another user", name);
    if (!S_ISLNK(st.st_mode) && (st.st_mode & (S_IWGRP | S_IWOTH)))
        return vs_fail(e, VIDSTORE_FORBIDDEN, "location", "%s can be written by other users", name);
    return 0;
}

/* A directory without a database is made a store only when it is nobody's else, and nothing's else. */
static int check_takeable(const char *path, vidstore_error **e) {
    struct stat st;
    VS_CLEANUP(close_fd) int place = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place < 0 || (fstatat(place, "store.db", &st, 0) == 0 && st.st_size > 0))
        return 0; /* whoever may not look at it may not open its database either */
    int r = check_no_others(place, path, e);
    if (!r)
        r = check_private(place, "blobs", e);
    if (!r)
        r = check_private(place, "tmp", e);
    if (r || fstat(place, &st) != 0)
        return r;
    if (st.st_uid != geteuid())
        return check_private(place, ".", e);
    if ((st.st_mode & 0777) != 0700 && fchmod(place, 0700) != 0)
        return vs_fail_errno(e, errno, "location", "make the store's directory private");
    return 0;
}

void vs_place_unseal(const char *path) {
    VS_CLEANUP(close_fd) int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place >= 0)
        unlinkat(place, VS_PLACE_SEAL, 0);
}

int vs_place_is_marked(const char *path) {
    VS_CLEANUP(close_fd) int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return place >= 0 && faccessat(place, "blobs/INSTANCE", F_OK, 0) == 0;
}

int vs_place_prepare(const struct vs_options *options, vidstore_error **e) {
    struct stat st;
    if (stat(options->path, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_STORE, "location", "%s is not a directory",
                               options->path);
        return options->create && !options->read_only ? check_takeable(options->path, e) : 0;
    }
    if (errno != ENOENT)
        return vs_fail_errno(e, errno, "location", "look at the store's directory");
    if (!options->create || options->read_only)
        return vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "location", "there is no store at %s",
                           options->path);
    if (mkdir(options->path, 0700) && errno != EEXIST)
        return vs_fail_errno(e, errno, "location", "make the store's directory");
    /* The umask may take away our own rights, from us or, this moment, from another process of ours. */
    if (stat(options->path, &st) == 0 && (st.st_mode & 0700) != 0700 && chmod(options->path, 0700))
        return vs_fail_errno(e, errno, "location", "make the store's directory ours");
    return 0;
}

static void close_blobs(struct vs_blobs **blobs) {
    vs_blobs_close(*blobs);
}

int vs_place_check_orphaned(const struct vs_options *options, const char *database, vidstore_error **e) {
    struct vs_blob_options look = {.read_only = 1};
    struct vs_uuid owner;
    struct stat st;
    VS_CLEANUP(close_blobs) struct vs_blobs *blobs = NULL;
    if (!options->create || options->read_only || (stat(database, &st) == 0 && st.st_size > 0))
        return 0;
    if (vs_blobs_open(options->path, &look, &blobs, NULL) || vs_blobs_marker_read(blobs, &owner, NULL))
        return 0;
    if (stat(database, &st) == 0 && st.st_size > 0)
        return 0; /* made by another process meanwhile */
    return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_BLOBS, "location",
                       "the database of this store is gone and its bytes are still there: restore a backup to another "
                       "directory, or put store.db back");
}
