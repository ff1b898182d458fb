/* SPDX-License-Identifier: MIT */
/* Creating files of the host for bytes that leave the store. */
#include "blob/blob.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int fail(int why, vidstore_error **e) {
    if (why == EEXIST)
        return vs_fail(e, VIDSTORE_EXISTS, "path", "there is something at this path already");
    if (why == EACCES || why == EPERM)
        return vs_fail(e, VIDSTORE_FORBIDDEN, "path", "the system does not let the copy be written");
    return vs_fail_errno(e, why, "path", "create the copy");
}

/* The directory in which the last name of the path is to be made. */
static int open_dir(const char *path, const char *name, int *ret_dir, vidstore_error **e) {
    vs_autofree char *dir = name == path ? vs_strdup(".") : vs_strdup(path);
    if (!dir)
        return vs_fail_nomem(e);
    if (name != path)
        dir[name - path] = '\0'; /* the slash stays: the root is one, too */
    *ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_dir < 0 ? fail(errno, e) : 0;
}

int vs_blob_target_create(struct vs_blobs *blobs, const char *path, int *ret_fd, int *ret_dir, const char **ret_name,
                          vidstore_error **e) {
    *ret_fd = *ret_dir = -1;
    if (!path || !*path)
        return vs_fail(e, VIDSTORE_INVALID, "path", "a path is needed");
    const char *slash = strrchr(path, '/');
    const char *name = *ret_name = slash ? slash + 1 : path;
    if (!*name)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "path", "the path is that of a directory");
    int r = open_dir(path, name, ret_dir, e);
    if (!r)
        r = vs_blob_source_check(blobs, *ret_dir, "path", e);
    if (!r) {
        *ret_fd = openat(*ret_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
        r = *ret_fd < 0 ? fail(errno, e) : 0;
    }
    if (r && *ret_dir >= 0) {
        close(*ret_dir);
        *ret_dir = -1;
    }
    return r;
}
