/* SPDX-License-Identifier: MIT */
#include "upkeep/backup_place.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DAY_S = 86400, TRIES = 10 };

static int taken(vidstore_error **e, const char *path) {
    return vs_fail(e, VIDSTORE_EXISTS, "directory", "%s is there and not an empty directory", path);
}

/* 0 when nothing is there, or an empty directory, which *ret_there tells. */
static int check_free(const char *path, int *ret_there, vidstore_error **e) {
    struct dirent *entry;
    DIR *dir = opendir(path);
    *ret_there = dir != NULL;
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return errno == ENOTDIR ? taken(e, path) : vs_fail_errno(e, errno, "directory", "look at the directory");
    int empty = 1;
    while (empty && (entry = readdir(dir)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty ? 0 : taken(e, path);
}

static int resolve(const char *path, char **ret, vidstore_error **e) {
    char real[PATH_MAX];
    if (!realpath(path, real))
        return errno == ENOENT || errno == ENOTDIR
                   ? vs_fail(e, VIDSTORE_INVALID, "directory", "the directory in which it shall be is not there")
                   : vs_fail_errno(e, errno, "directory", "find the directory");
    *ret = vs_strdup(real);
    return *ret ? 0 : vs_fail_nomem(e);
}

/* "a/b/c//" is to become c in a/b, which must exist. */
static int split(const char *directory, struct vs_place *place, vidstore_error **e) {
    vs_autofree char *path = vs_strdup(directory);
    vs_autobuf final = {0};
    if (!path)
        return vs_fail_nomem(e);
    for (size_t len = strlen(path); len > 1 && path[len - 1] == '/';)
        path[--len] = '\0';
    char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return vs_fail(e, VIDSTORE_INVALID, "directory", "the directory has no name of its own");
    if (slash)
        *slash = '\0';
    int r = resolve(!slash ? "." : slash == path ? "/" : path, &place->parent, e);
    if (r)
        return r;
    vs_buf_fmt(&final, "%s/%s", strcmp(place->parent, "/") == 0 ? "" : place->parent, base);
    if (final.failed)
        return vs_fail_nomem(e);
    place->final = VS_TAKE(final.data);
    return 0;
}

/* An empty directory that is there already may be a link to one, or stand on a file system of its own. */
static int find(const char *directory, struct vs_place *place, vidstore_error **e) {
    int there = 0;
    struct stat st;
    int r = split(directory, place, e);
    if (!r)
        r = check_free(place->final, &there, e);
    if (!r && there && (lstat(place->final, &st) < 0 || !S_ISDIR(st.st_mode)))
        r = taken(e, place->final);
    return r;
}

/* The lock tells others that somebody is at work here; it goes with the process. -1: somebody else has it. A file
 * system without locks gives a descriptor all the same, and *ret_locked 0. */
static int lock_directory(const char *path, int *ret_locked) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    *ret_locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd < 0 || *ret_locked || errno != EWOULDBLOCK)
        return fd;
    close(fd);
    return -1;
}

static int is_still_there(const char *path, int fd) {
    struct stat here, mine;
    return fd >= 0 && fstat(fd, &mine) == 0 && lstat(path, &here) == 0 && here.st_ino == mine.st_ino &&
           here.st_dev == mine.st_dev;
}

/* nftw follows no link and leaves other file systems alone. */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)type, (void)where;
    remove(path);
    return 0;
}

static void remove_tree(const char *path) {
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int is_old(const char *path, int missing_is) {
    struct stat st;
    if (lstat(path, &st) < 0)
        return missing_is;
    return S_ISDIR(st.st_mode) && st.st_uid == geteuid() && vs_now_us() / 1000000 - st.st_mtime > DAY_S;
}

/* A name as make_temp makes them. */
static int is_temp(const struct vs_place *place, const char *name) {
    const char *base = strrchr(place->final, '/') + 1;
    size_t len = strlen(base);
    if (strncmp(name, base, len) != 0 || strncmp(name + len, ".tmp-", 5) != 0)
        return 0;
    name += len + 5;
    return strspn(name, "0123456789abcdef") == 16 && !name[16];
}

/* Left by somebody who was killed: nobody holds its lock. Where there are no locks, not touched for a day. */
static int is_left(const char *path, int fd, int locked) {
    struct stat st;
    vs_autobuf inside = {0};
    vs_buf_fmt(&inside, "%s/tmp", path); /* changes with each blob that is copied */
    if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || inside.failed)
        return 0;
    return locked ? is_still_there(path, fd) : is_old(path, 0) && is_old(inside.data, 1);
}

/* What others that were killed left when they built for the same place. */
static void sweep(const struct vs_place *place) {
    struct dirent *entry;
    DIR *dir = opendir(place->parent);
    while (dir && (entry = readdir(dir))) {
        vs_autobuf path = {0};
        int locked = 0;
        if (!is_temp(place, entry->d_name))
            continue;
        vs_buf_fmt(&path, "%s/%s", place->parent, entry->d_name);
        int fd = path.failed ? -1 : lock_directory(path.data, &locked);
        if (fd >= 0 && is_left(path.data, fd, locked))
            remove_tree(path.data);
        if (fd >= 0)
            close(fd);
    }
    if (dir)
        closedir(dir);
}

/* 1: made and locked; 0: somebody took it for one that was left, before it was locked. */
static int try_temp(struct vs_place *place, vidstore_error **e) {
    uint64_t noise;
    int locked;
    vs_autobuf name = {0};
    if (vs_random(&noise, sizeof noise))
        return vs_fail(e, VIDSTORE_IO, NULL, "no random bytes to be had");
    vs_buf_fmt(&name, "%s.tmp-%016" PRIx64, place->final, noise);
    if (name.failed)
        return vs_fail_nomem(e);
    if (mkdir(name.data, 0700) < 0) {
        if (errno == EACCES || errno == EPERM)
            return vs_fail(e, VIDSTORE_READONLY, "directory", "no permission to make a directory in %s", place->parent);
        return vs_fail_errno(e, errno, "directory", "make the directory");
    }
    if (chmod(name.data, 0700) < 0 && errno != ENOENT) {
        int why = errno;
        rmdir(name.data);
        return vs_fail_errno(e, why, "directory", "make the directory");
    }
    int fd = lock_directory(name.data, &locked);
    if (!is_still_there(name.data, fd)) {
        if (fd >= 0)
            close(fd);
        rmdir(name.data);
        return 0;
    }
    place->lock = fd;
    place->temp = VS_TAKE(name.data);
    return 1;
}

static int make_temp(struct vs_place *place, vidstore_error **e) {
    for (int i = 0; i < TRIES; i++) {
        int r = try_temp(place, e);
        if (r)
            return r < 0 ? r : 0;
    }
    return vs_fail(e, VIDSTORE_IO, "directory", "the directory was taken away while it was being made");
}

int vs_place_make(const char *directory, struct vs_place *ret, vidstore_error **e) {
    *ret = (struct vs_place){.lock = -1};
    int r = vs_check_text(directory, "directory", PATH_MAX - 64, e);
    if (!r && !*directory)
        r = vs_fail(e, VIDSTORE_INVALID, "directory", "the directory is empty");
    if (!r)
        r = find(directory, ret, e);
    if (r)
        return r;
    sweep(ret); /* what lies there may take the room that is needed now */
    return make_temp(ret, e);
}

char *vs_place_name(const struct vs_place *place, const char *name) {
    size_t size = strlen(place->temp) + strlen(name) + 2;
    char *path = vs_malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", place->temp, name);
    return path;
}

int vs_place_free_space(const struct vs_place *place, int64_t *ret, vidstore_error **e) {
    struct statvfs fs;
    if (statvfs(place->temp, &fs) < 0)
        return vs_fail_errno(e, errno, "directory", "ask for the free space");
    if (__builtin_mul_overflow((int64_t)fs.f_bavail, (int64_t)fs.f_frsize, ret))
        *ret = INT64_MAX;
    return 0;
}

static int sync_directory(const char *path, vidstore_error **e) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vs_fail_errno(e, errno, "directory", "open the directory");
    int failed = fsync(fd) < 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return failed ? vs_fail_errno(e, failed, "directory", "write the directory to the disk") : 0;
}

int vs_place_keep(struct vs_place *place, vidstore_error **e) {
    int r = sync_directory(place->temp, e);
    if (r)
        return r;
    /* rename() takes an empty directory's place, and no other's. */
    if (rename(place->temp, place->final) < 0)
        return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
                   ? taken(e, place->final)
                   : vs_fail_errno(e, errno, "directory", "put the directory in its place");
    place->kept = 1;
    r = sync_directory(place->parent, e);
    if (r)
        vs_place_take_back(place);
    return r;
}

void vs_place_take_back(struct vs_place *place) {
    if (place->kept && rename(place->final, place->temp) == 0)
        place->kept = 0;
}

void vs_place_drop(struct vs_place *place) {
    if (place->temp && !place->kept)
        remove_tree(place->temp);
    if (place->lock >= 0)
        close(place->lock);
    vs_free(place->temp);
    vs_free(place->final);
    vs_free(place->parent);
    *place = (struct vs_place){.lock = -1};
}
