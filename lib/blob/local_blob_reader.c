/* SPDX-License-Identifier: MIT */
/* Sealed blobs on the local disk: reading, finding, removing. */
#include "blob/local_blob.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct local_reader {
    struct vs_blob_reader base;
    int fd;
};

static struct local_reader *local(struct vs_blob_reader *r) {
    return (struct local_reader *)r;
}

int vs_local_pread(int fd, int64_t offset, void *buf, size_t len, size_t *ret_len) {
    *ret_len = 0;
    while (*ret_len < len) {
        ssize_t n = pread(fd, (char *)buf + *ret_len, len - *ret_len, offset + (int64_t)*ret_len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n == 0)
            break;
        if (n > 0)
            *ret_len += (size_t)n;
    }
    return 0;
}

/* Opens the sealed blob; flags O_PATH to look only. */
static int open_blob(struct vs_local_blobs *lb, const char *key, int flags, int *ret_fd, struct stat *ret_stat,
                     vidstore_error **e) {
    char path[VS_LOCAL_NAME];
    snprintf(path, sizeof path, "%.2s/%.2s/%s", key, key + 2, key);
    vs_autofd fd = vs_local_open(lb, lb->blobs, path, flags);
    if (fd < 0 && (errno == EACCES || errno == EPERM)) /* says nothing about the bytes */
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the system does not let the blob be read");
    if (fd < 0)
        return errno == ENOENT ? vs_fail(e, VIDSTORE_NOT_FOUND, "key", "there is no blob under this key")
                               : vs_local_fail(e, errno, "open the blob");
    if (fstat(fd, ret_stat) != 0)
        return vs_local_fail(e, errno, "look at the blob");
    if (!S_ISREG(ret_stat->st_mode))
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "what lies in the blob's place is not a file");
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int vs_local_reader_open(struct vs_blobs *blobs, const char *key, struct vs_blob_reader **ret, vidstore_error **e) {
    struct stat st;
    int fd;
    int r = open_blob(vs_local(blobs), key, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, &st, e);
    if (r != 0)
        return r;
    struct local_reader *reader = vs_calloc(1, sizeof *reader);
    if (!reader) {
        close(fd);
        return vs_fail_nomem(e);
    }
    reader->fd = fd;
    reader->base.size = st.st_size;
    *ret = &reader->base;
    return 0;
}

int vs_local_reader_pread(struct vs_blob_reader *r, int64_t offset, void *buf, size_t len, size_t *ret_len,
                          vidstore_error **e) {
    return vs_local_pread(local(r)->fd, offset, buf, len, ret_len) == 0 ? 0 : vs_local_fail(e, errno, "read the blob");
}

int vs_local_reader_fd(const struct vs_blob_reader *r) {
    return ((const struct local_reader *)r)->fd;
}

void vs_local_reader_done_with(struct vs_blob_reader *r, int64_t from, int64_t to) {
    posix_fadvise(local(r)->fd, from, to - from, POSIX_FADV_DONTNEED);
}

void vs_local_reader_close(struct vs_blob_reader *r) {
    vs_local_close(&local(r)->fd);
    vs_free(r);
}

int vs_local_stat(struct vs_blobs *blobs, const char *key, struct vs_blob_stat *ret, vidstore_error **e) {
    struct stat st;
    vs_autofd fd = -1;
    int r = open_blob(vs_local(blobs), key, O_PATH, &fd, &st, e);
    if (r == 0)
        *ret = vs_local_stat_of(&st);
    return r;
}

int vs_local_path(struct vs_blobs *blobs, const char *key, char *ret, size_t size, vidstore_error **e) {
    struct vs_local_blobs *lb = vs_local(blobs);
    struct vs_blob_stat stat;
    int r = vs_local_stat(blobs, key, &stat, e);
    if (r != 0)
        return r;
    int n = snprintf(ret, size, "%s/blobs/%.2s/%.2s/%s", lb->path, key, key + 2, key);
    if (n < 0 || (size_t)n >= size) {
        if (size > 0)
            ret[0] = '\0';
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "path", "the path needs %d bytes", n + 1);
    }
    return 0;
}

int vs_local_remove(struct vs_blobs *blobs, const char *key, vidstore_error **e) {
    vs_autofd leaf = -1;
    int r = vs_local_open_leaf(vs_local(blobs), key, 0, &leaf, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    if (r != 0)
        return r;
    if (unlinkat(leaf, key, 0) != 0 && errno != ENOENT)
        return vs_local_fail(e, errno, "remove the blob");
    /* After this the row is dropped: the name must not come back from a power cut. Also when it was gone already, for
     * whoever removed it may have died before this line. */
    return fsync(leaf) == 0 ? 0 : vs_local_fail(e, errno, "write the blob's directory to the disk");
}
