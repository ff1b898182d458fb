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
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DAY_S = 86400 };

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

static int make_temp(struct vs_place *place, vidstore_error **e) {
    uint64_t noise;
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
    place->temp = VS_TAKE(name.data);
    return chmod(place->temp, 0700) < 0 ? vs_fail_errno(e, errno, "directory", "make the directory") : 0;
}

int vs_place_make(const char *directory, struct vs_place *ret, vidstore_error **e) {
    *ret = (struct vs_place){0};
    int r = vs_check_text(directory, "directory", PATH_MAX - 64, e);
    if (!r && !*directory)
        r = vs_fail(e, VIDSTORE_INVALID, "directory", "the directory is empty");
    if (!r)
        r = find(directory, ret, e);
    return r ? r : make_temp(ret, e);
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

void vs_place_sweep(const struct vs_place *place) {
    struct dirent *entry;
    DIR *dir = opendir(place->parent);
    while (dir && (entry = readdir(dir))) {
        vs_autobuf path = {0}, inside = {0};
        vs_buf_fmt(&path, "%s/%s", place->parent, entry->d_name);
        vs_buf_fmt(&inside, "%s/%s/tmp", place->parent, entry->d_name); /* changes with each blob that is copied */
        if (!path.failed && !inside.failed && is_temp(place, entry->d_name) && is_old(path.data, 0) &&
            is_old(inside.data, 1))
            remove_tree(path.data);
    }
    if (dir)
        closedir(dir);
}

void vs_place_drop(struct vs_place *place) {
    if (place->temp && !place->kept)
        remove_tree(place->temp);
    vs_free(place->temp);
    vs_free(place->final);
    vs_free(place->parent);
    *place = (struct vs_place){0};
}
