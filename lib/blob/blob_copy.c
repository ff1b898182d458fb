/* SPDX-License-Identifier: MIT */
/* Moving a descriptor's bytes into a part. */
#include "blob/blob.h"
#include "blob/blob_driver.h"
#include "blob/blob_hasher.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_MS 200 /* how long a descriptor without bytes may hold us before progress is asked whether to go on */

/* The host's own descriptor may be one that blocks, which no deadline and no interrupt would end. */
enum way { PLAIN, SOCKET, BLOCKS };

static enum way way_of(int fd) {
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
        return PLAIN;
    if (S_ISSOCK(st.st_mode))
        return SOCKET;
    return flags >= 0 && (flags & O_NONBLOCK) ? PLAIN : BLOCKS;
}

/* 1: there are bytes, or the end; 0: not yet. */
static int await(int fd, vidstore_error **e) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int n = poll(&p, 1, WAIT_MS);
    if (n < 0 && errno != EINTR)
        return vs_fail_errno(e, errno, NULL, "wait for the source");
    return n > 0;
}

/* One read, as soon as there are bytes. *ret_len 0: the end, or nothing came yet and *ret_waiting is 1. */
static int read_piece(int fd, enum way way, void *buf, size_t len, size_t *ret_len, int *ret_waiting,
                      vidstore_error **e) {
    int ready = way == BLOCKS ? await(fd, e) : 1;
    *ret_len = 0;
    *ret_waiting = 1;
    if (ready <= 0)
        return ready;
    ssize_t n = way == SOCKET ? recv(fd, buf, len, MSG_DONTWAIT) : read(fd, buf, len);
    if (n >= 0) {
        *ret_waiting = 0;
        *ret_len = (size_t)n;
        return 0;
    }
    if (errno == EAGAIN)
        return (ready = await(fd, e)) < 0 ? ready : 0;
    return errno == EINTR ? 0 : vs_fail_errno(e, errno, NULL, "read the source");
}

static int copy_pieces(struct vs_blob_writer *w, struct vs_blob_hasher *h, int fd, int64_t max,
                       vs_blob_progress progress, void *arg, int64_t *done, vidstore_error **e) {
    enum way way = way_of(fd);
    while (max < 0 || *done < max) {
        uint8_t *piece = vs_blob_hasher_piece(h);
        size_t len = VS_BLOB_PIECE, got;
        int waiting;
        if (max >= 0 && max - *done < (int64_t)len)
            len = (size_t)(max - *done);
        int r = read_piece(fd, way, piece, len, &got, &waiting, e);
        if (r == 0 && got > 0)
            r = vs_blob_append(w, piece, got, e);
        if (r != 0)
            return r;
        if (got == 0 && !waiting)
            return 0;
        if (got > 0)
            vs_blob_hasher_add(h, got);
        *done += (int64_t)got;
        if (progress && progress(arg, *done) != 0)
            return vs_fail(e, VIDSTORE_CANCELLED, NULL, "copying was stopped");
    }
    return 0;
}

int vs_blob_writer_copy_fd(struct vs_blob_writer *w, int fd, int64_t max, vs_blob_progress progress, void *arg,
                           int64_t *ret_copied, vidstore_error **e) {
    struct vs_blob_hasher h;
    int64_t copied = 0;
    int64_t *done = ret_copied ? ret_copied : &copied;
    *done = 0;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only advice: pipes and sockets refuse it */
    int r = vs_blob_hasher_start(&h, w->digest, e);
    if (r == 0)
        r = copy_pieces(w, &h, fd, max, progress, arg, done, e);
    return vs_blob_hasher_finish(&h) == 0 ? r : vs_blob_digest_failed(w, e);
}
