/* SPDX-License-Identifier: MIT */
/* The local disk: opening and closing. */
#include "blob/local_blob.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* nftw keeps our names in its hands, one level at a time; it follows no link. */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)type, (void)where;
    remove(path);
    return 0;
}

static void local_close(struct vs_blobs *blobs) {
    struct vs_local_blobs *lb = vs_local(blobs);
    if (lb->temporary != 0 && lb->temporary == getpid() && lb->path)
        nftw(lb->path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    vs_local_close(&lb->blobs);
    vs_local_close(&lb->tmp);
    vs_local_close(&lb->root);
    vs_free(lb->path);
    vs_free(lb);
}

static void blobs_cleanup(struct vs_local_blobs **lb) {
    if (*lb)
        local_close(&(*lb)->base);
}

/* Whoever else may write here could put anything in our place. What is only read may be another user's own. */
static int check_private(const struct vs_local_blobs *lb, int fd, const char *what, vidstore_error **e) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return vs_fail_errno(e, errno, "path", "look at the directory");
    if (!lb->base.options.read_only && geteuid() != 0 && st.st_uid != geteuid())
        return vs_fail(e, VIDSTORE_FORBIDDEN, "path", "%s belongs to another user", what);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return vs_fail(e, VIDSTORE_FORBIDDEN, "path", "%s can be written by other users", what);
    return 0;
}

static int open_root(struct vs_local_blobs *lb, const char *store_path, vidstore_error **e) {
    char path[PATH_MAX];
    lb->root = open(store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lb->root < 0 && (errno == ENOENT || errno == ENOTDIR))
        return vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "path", "there is no such directory");
    if (lb->root < 0 || !realpath(store_path, path))
        return errno == EACCES ? vs_fail(e, VIDSTORE_FORBIDDEN, "path", "the system does not let the directory be read")
                               : vs_fail_errno(e, errno, "path", "open the directory");
    lb->path = vs_strdup(path);
    return lb->path ? check_private(lb, lb->root, "the store's directory", e) : vs_fail_nomem(e);
}

static int open_part_of(struct vs_local_blobs *lb, const char *name, int *ret_fd, vidstore_error **e) {
    int made;
    *ret_fd = vs_local_open_dir(lb, lb->root, name, !lb->base.options.read_only, &made);
    if (*ret_fd < 0 && errno == ENOENT)
        return vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "path", "the directory has no %s in it",
                           name);
    if (*ret_fd < 0)
        return vs_local_fail(e, errno, "open a directory of the store");
    if (made && fsync(lb->root) != 0)
        return vs_local_fail(e, errno, "write the store's directory to the disk");
    return check_private(lb, *ret_fd, name, e);
}

static int check_one_file_system(const struct vs_local_blobs *lb, vidstore_error **e) {
    struct stat blobs, tmp;
    if (fstat(lb->blobs, &blobs) != 0 || fstat(lb->tmp, &tmp) != 0)
        return vs_fail_errno(e, errno, "path", "look at the directory");
    if (blobs.st_dev != tmp.st_dev)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, "path", "blobs and tmp must lie on one file system");
    return 0;
}

int vs_blobs_open(const char *store_path, const struct vs_blob_options *options, struct vs_blobs **ret,
                  vidstore_error **e) {
    *ret = NULL;
    if (!store_path || !*store_path)
        return vs_fail(e, VIDSTORE_INVALID, "path", "a path is needed");
    __attribute__((cleanup(blobs_cleanup))) struct vs_local_blobs *lb = vs_calloc(1, sizeof *lb);
    if (!lb)
        return vs_fail_nomem(e);
    lb->base.driver = &vs_local_driver;
    lb->root = lb->blobs = lb->tmp = -1;
    if (options)
        lb->base.options = *options;
    if (lb->base.options.reserve < 0)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "reserve", "the reserve can't be negative");
    atomic_init(&lb->openat2_works, !lb->base.options.no_openat2);
    int r = open_root(lb, store_path, e);
    if (r == 0)
        r = open_part_of(lb, "blobs", &lb->blobs, e);
    if (r == 0)
        r = open_part_of(lb, "tmp", &lb->tmp, e);
    if (r == 0)
        r = check_one_file_system(lb, e);
    if (r == 0)
        *ret = &VS_TAKE(lb)->base;
    return r;
}

int vs_blobs_open_temporary(const struct vs_blob_options *options, struct vs_blobs **ret, vidstore_error **e) {
    char path[PATH_MAX];
    const char *tmpdir = secure_getenv("TMPDIR");
    *ret = NULL;
    if (options && options->read_only)
        return vs_fail(e, VIDSTORE_INVALID, "read_only", "a temporary store that can't be written makes no sense");
    int n = snprintf(path, sizeof path, "%s/vidstore-XXXXXX", tmpdir && *tmpdir ? tmpdir : "/tmp");
    if (n < 0 || (size_t)n >= sizeof path)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "TMPDIR", "the path is too long");
    if (!mkdtemp(path))
        return vs_fail_errno(e, errno, "TMPDIR", "make a temporary directory");
    int r = chmod(path, 0700) == 0 ? vs_blobs_open(path, options, ret, e)
                                   : vs_fail_errno(e, errno, "TMPDIR", "make a temporary directory");
    if (r != 0) {
        nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        return r;
    }
    vs_local(*ret)->temporary = getpid();
    return 0;
}

static int local_free_space(struct vs_blobs *blobs, int64_t *ret, vidstore_error **e) {
    struct statvfs fs;
    if (fstatvfs(vs_local(blobs)->root, &fs) != 0)
        return vs_fail_errno(e, errno, NULL, "ask for the free space");
    int64_t bytes;
    if (__builtin_mul_overflow((int64_t)fs.f_bavail, (int64_t)fs.f_frsize, &bytes))
        bytes = INT64_MAX;
    *ret = bytes;
    return 0;
}

const struct vs_blob_driver vs_local_driver = {
    .name = "local",
    .close = local_close,
    .marker_read = vs_local_marker_read,
    .marker_write = vs_local_marker_write,
    .free_space = local_free_space,
    .writer_create = vs_local_writer_create,
    .writer_reopen = vs_local_writer_reopen,
    .writer_append = vs_local_writer_append,
    .writer_read = vs_local_writer_read,
    .writer_truncate = vs_local_writer_truncate,
    .writer_sync = vs_local_writer_sync,
    .writer_seal = vs_local_writer_seal,
    .writer_discard = vs_local_writer_discard,
    .writer_free = vs_local_writer_free,
    .reader_open = vs_local_reader_open,
    .reader_pread = vs_local_reader_pread,
    .reader_fd = vs_local_reader_fd,
    .reader_done_with = vs_local_reader_done_with,
    .reader_close = vs_local_reader_close,
    .path = vs_local_path,
    .settle = vs_local_settle,
    .is_kept = vs_local_is_kept,
    .owns = vs_local_owns,
    .stat = vs_local_stat,
    .remove = vs_local_remove,
    .part_stat = vs_local_part_stat,
    .part_remove = vs_local_part_remove,
    .list = vs_local_list,
    .part_list = vs_local_part_list,
};
