/* SPDX-License-Identifier: MIT */
/* Opening files of the host that are to be taken in: nothing that blocks, and nothing that changes under way. */
#include "blob/blob_driver.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int fail_without_proc(const char *field, vidstore_error **e) {
    return vs_fail(e, VIDSTORE_IO, field, "the system doesn't say where the file is: /proc is not mounted");
}

int vs_blob_source_check(struct vs_blobs *blobs, int fd, const char *field, vidstore_error **e) {
    struct stat st;
    if (fstat(fd, &st) != 0)
        return vs_fail_errno(e, errno, field, "look at the file");
    int owned = blobs->driver->owns ? blobs->driver->owns(blobs, fd, &st) : 0;
    if (!owned)
        return 0;
    if (owned < 0)
        return fail_without_proc(field, e);
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, field, "what belongs to a store is out of bounds");
}

int vs_blob_source_readable(struct vs_blobs *blobs, int fd, const char *field, vidstore_error **e) {
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return vs_fail(e, VIDSTORE_INVALID, field, "%s is not an open descriptor", field);
    if ((flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH))
        return vs_fail(e, VIDSTORE_INVALID, field, "%s is not open for reading", field);
    if (fstat(fd, &st) != 0)
        return vs_fail_errno(e, errno, field, "look at the file");
    if (!S_ISREG(st.st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, field, "%s is not on a regular file", field);
    return vs_blob_source_check(blobs, fd, field, e);
}

static int fail_to_open(int why, const char *field, vidstore_error **e) {
    return why == EACCES ? vs_fail(e, VIDSTORE_FORBIDDEN, field, "the system does not let the file be read")
                         : vs_fail_errno(e, why, field, "open the source");
}

/* What may be opened at all is found out through a descriptor that can do nothing else. */
static int check(struct vs_blobs *blobs, int handle, const char *field, vidstore_error **e) {
    struct stat st;
    if (fstat(handle, &st) != 0)
        return vs_fail_errno(e, errno, field, "look at the source");
    if (!S_ISREG(st.st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, field, "not a regular file");
    return vs_blob_source_check(blobs, handle, field, e);
}

static int open_handle(int handle, const char *field, int *ret_fd, struct stat *ret_before, vidstore_error **e) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    *ret_fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*ret_fd < 0) /* the handle is there, so what is not is the way to it */
        return errno == ENOENT ? fail_without_proc(field, e) : fail_to_open(errno, field, e);
    if (fstat(*ret_fd, ret_before) == 0)
        return 0;
    int r = vs_fail_errno(e, errno, field, "look at the source");
    close(*ret_fd);
    *ret_fd = -1;
    return r;
}

int vs_blob_source_open(struct vs_blobs *blobs, const char *path, int *ret_fd, struct stat *ret_before,
                        vidstore_error **e) {
    *ret_fd = -1;
    *ret_before = (struct stat){0};
    if (!path || !*path)
        return vs_fail(e, VIDSTORE_INVALID, "path", "a path is needed");
    int handle = open(path, O_PATH | O_CLOEXEC);
    if (handle < 0)
        return fail_to_open(errno, "path", e);
    int r = check(blobs, handle, "path", e);
    if (r == 0)
        r = open_handle(handle, "path", ret_fd, ret_before, e);
    close(handle);
    return r;
}

int vs_blob_source_reopen(struct vs_blobs *blobs, int handle, int *ret_fd, struct stat *ret_before,
                          vidstore_error **e) {
    *ret_fd = -1;
    *ret_before = (struct stat){0};
    int flags = handle < 0 ? -1 : fcntl(handle, F_GETFL);
    if (flags < 0)
        return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not an open descriptor");
    if (!(flags & O_PATH) && (flags & O_ACCMODE) == O_WRONLY)
        return vs_fail(e, VIDSTORE_INVALID, "fd", "fd is not open for reading");
    int r = check(blobs, handle, "fd", e);
    return r ? r : open_handle(handle, "fd", ret_fd, ret_before, e);
}

static int same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int vs_blob_source_unchanged(int fd, const struct stat *before, const char *field, vidstore_error **e) {
    struct stat now;
    if (fstat(fd, &now) != 0)
        return vs_fail_errno(e, errno, field, "look at the source");
    /* Not the change time: another link to the file, or a new mode, does not change its bytes. */
    if (now.st_dev != before->st_dev || now.st_ino != before->st_ino || now.st_size != before->st_size ||
        !same_time(&now.st_mtim, &before->st_mtim))
        return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, field, "the source changed while it was read");
    return 0;
}
