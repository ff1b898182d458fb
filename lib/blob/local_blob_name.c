/* SPDX-License-Identifier: MIT */
/* Names on the local disk: every one is resolved from a directory descriptor, through real directories only. */
#include "blob/local_blob.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One component after the other, none of which may be a link. */
static int open_by_component(int dir, const char *path, int flags) {
    vs_autofd at = -1;
    char name[VS_LOCAL_NAME];
    for (const char *slash; (slash = strchr(path, '/')); path = slash + 1) {
        size_t len = (size_t)(slash - path);
        if (len == 0 || len >= sizeof name || (len <= 2 && strncmp(path, "..", len) == 0)) {
            errno = EXDEV;
            return -1;
        }
        memcpy(name, path, len);
        name[len] = '\0';
        int next = openat(at >= 0 ? at : dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            return -1;
        vs_local_close(&at);
        at = next;
    }
    if (!*path || strcmp(path, ".") == 0 || strcmp(path, "..") == 0) {
        errno = EXDEV;
        return -1;
    }
    return openat(at >= 0 ? at : dir, path, flags | O_NOFOLLOW | O_CLOEXEC);
}

int vs_local_open(struct vs_local_blobs *lb, int dir, const char *path, int flags) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_NOFOLLOW | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    for (int tries = 0; tries < 8 && atomic_load_explicit(&lb->openat2_works, memory_order_relaxed); tries++) {
        int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
        if (fd >= 0)
            return fd;
        if (errno == ENOSYS || errno == EPERM) /* an old kernel; a sandbox that does not know the call */
            atomic_store_explicit(&lb->openat2_works, 0, memory_order_relaxed);
        else if (errno != EAGAIN && errno != EINTR) /* EAGAIN: something was renamed meanwhile */
            return -1;
    }
    return open_by_component(dir, path, flags);
}

int vs_local_fail(vidstore_error **e, int errnum, const char *what) {
    if (errnum != ELOOP && errnum != EXDEV && errnum != ENOTDIR)
        return vs_fail_errno(e, errnum, NULL, what);
    vs_fail(e, VIDSTORE_CORRUPT, NULL, "can't %s: something foreign lies among the blobs", what);
    vs_error_set_cause(e, strerrordesc_np(errnum));
    return VIDSTORE_CORRUPT;
}

int vs_local_open_dir(struct vs_local_blobs *lb, int dir, const char *name, int create, int *ret_made) {
    const int flags = O_RDONLY | O_DIRECTORY;
    int fd = vs_local_open(lb, dir, name, flags);
    *ret_made = 0;
    if (fd >= 0 || !create || (errno != ENOENT && errno != EACCES))
        return fd;
    if (errno == ENOENT && mkdirat(dir, name, 0700) == 0)
        *ret_made = 1;
    else if (errno == ENOENT || (errno != EEXIST && errno != EACCES))
        return -1;
    fd = *ret_made ? -1 : vs_local_open(lb, dir, name, flags);
    if (fd >= 0)
        return fd;
    /* The umask may take away our own rights, from us or, this moment, from another process of ours. */
    if (fchmodat(dir, name, 0700, 0) != 0)
        return -1;
    return vs_local_open(lb, dir, name, flags);
}

void vs_local_part_name(const char *key, char ret[VS_LOCAL_NAME]) {
    snprintf(ret, VS_LOCAL_NAME, "%s.part", key);
}

int vs_local_move(int from_dir, const char *from, int to_dir, const char *to) {
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* Not every file system knows the flag; a link never replaces either. */
    if (linkat(from_dir, from, to_dir, to, 0) != 0)
        return -1;
    if (unlinkat(from_dir, from, 0) == 0)
        return 0;
    int why = errno;
    unlinkat(to_dir, to, 0);
    errno = why;
    return -1;
}

static int leaf_number(const char *key) {
    uint8_t two[2];
    char hex[5] = {key[0], key[1], key[2], key[3], '\0'};
    return vs_unhex(hex, two, 2) == 0 ? two[0] << 8 | two[1] : 0;
}

/* That another thread or process has made a directory does not say that its name has reached the disk. */
static int make_leaf(struct vs_local_blobs *lb, const char *key, int *ret_fd, vidstore_error **e) {
    char upper[3] = {key[0], key[1], '\0'}, lower[3] = {key[2], key[3], '\0'};
    int made;
    vs_autofd dir = vs_local_open_dir(lb, lb->blobs, upper, 1, &made);
    vs_autofd leaf = dir < 0 ? -1 : vs_local_open_dir(lb, dir, lower, 1, &made);
    if (leaf < 0)
        return vs_local_fail(e, errno, "make a directory for the blob");
    if (fsync(dir) != 0 || fsync(lb->blobs) != 0)
        return vs_local_fail(e, errno, "write the blob's directory to the disk");
    int number = leaf_number(key);
    atomic_fetch_or_explicit(&lb->durable[number / 64], UINT64_C(1) << number % 64, memory_order_relaxed);
    *ret_fd = leaf;
    leaf = -1;
    return 0;
}

int vs_local_open_leaf(struct vs_local_blobs *lb, const char *key, int create, int *ret_fd, vidstore_error **e) {
    char path[] = {key[0], key[1], '/', key[2], key[3], '\0'};
    int number = leaf_number(key);
    uint64_t known = atomic_load_explicit(&lb->durable[number / 64], memory_order_relaxed);
    if (!create || (known >> number % 64 & 1)) {
        *ret_fd = vs_local_open(lb, lb->blobs, path, O_RDONLY | O_DIRECTORY);
        if (*ret_fd >= 0)
            return 0;
        if (!create)
            return vs_local_fail(e, errno, "find the blob");
    }
    return make_leaf(lb, key, ret_fd, e);
}
