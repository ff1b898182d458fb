/* SPDX-License-Identifier: MIT */
/* Opening files of the host that are to be taken in: nothing that blocks, and nothing that changes under way. */
#include "blob/blob.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int vs_blob_source_open(const char *path, int *ret_fd, struct stat *ret_before, vidstore_error **e) {
    *ret_fd = -1;
    *ret_before = (struct stat){0};
    if (!path || !*path)
        return vs_fail(e, VIDSTORE_INVALID, "path", "a path is needed");
    /* Looked at before it is opened too: opening a device can do things. */
    if (stat(path, ret_before) == 0 && !S_ISREG(ret_before->st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "path", "not a regular file");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == EACCES ? vs_fail(e, VIDSTORE_FORBIDDEN, "path", "the system does not let the file be read")
                               : vs_fail_errno(e, errno, "path", "open the source");
    int r = 0;
    if (fstat(fd, ret_before) != 0)
        r = vs_fail_errno(e, errno, "path", "look at the source");
    else if (!S_ISREG(ret_before->st_mode))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "path", "not a regular file");
    if (r != 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int same_time(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int vs_blob_source_unchanged(int fd, const struct stat *before, vidstore_error **e) {
    struct stat now;
    if (fstat(fd, &now) != 0)
        return vs_fail_errno(e, errno, "path", "look at the source");
    /* Not the change time: another link to the file, or a new mode, does not change its bytes. */
    if (now.st_dev != before->st_dev || now.st_ino != before->st_ino || now.st_size != before->st_size ||
        !same_time(&now.st_mtim, &before->st_mtim))
        return vs_fail_sub(e, VIDSTORE_IO, VIDSTORE_SUB_CHANGED, "path", "the source changed while it was read");
    return 0;
}
