/* SPDX-License-Identifier: MIT */
/* The bytes of what lies in no file, given range by range to a process that is not trusted. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* A range costs this much at least, so that there can't be too many of them. The child keeps to the budget itself, and
 * says so when it is used up; this is for one that does not, hence a little wider. */
enum { LEAST = 4096, SLACK = 1 << 20 };

int vs_media_ranges_begin(struct vs_media_ranges *r, const struct vs_probe_bytes *bytes, int64_t max_read,
                          int *ret_child, vidstore_error **e) {
    int pair[2];
    *ret_child = -1;
    *r = (struct vs_media_ranges){.bytes = bytes, .sock = -1, .left = max_read};
    if (max_read < INT64_MAX / 2)
        r->left += max_read / 4 + SLACK;
    if (!(r->buffer = vs_malloc(sizeof(int32_t) + VS_MEDIA_RANGE_MAX)))
        return vs_fail_nomem(e);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        vs_media_ranges_end(r);
        return vs_fail_errno(e, errno, NULL, "make a socket for the probe");
    }
    r->sock = pair[0];
    *ret_child = pair[1];
    return 0;
}

static void hang_up(struct vs_media_ranges *r) {
    if (r->sock >= 0)
        close(r->sock);
    r->sock = -1;
}

void vs_media_ranges_end(struct vs_media_ranges *r) {
    if (!r->buffer)
        return; /* never begun */
    hang_up(r);
    vs_free(r->buffer);
    vidstore_error_free(r->error);
    *r = (struct vs_media_ranges){.sock = -1};
}

/* 0, or -1 when it does not take it by then. */
static int send_all(int sock, const char *data, size_t size, int64_t deadline_us) {
    while (size > 0) {
        ssize_t sent = send(sock, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
            continue;
        }
        int64_t left_us = deadline_us - vs_mono_us();
        if ((errno != EAGAIN && errno != EINTR) || left_us <= 0)
            return -1;
        struct pollfd p = {.fd = sock, .events = POLLOUT};
        poll(&p, 1, (int)(left_us / 1000) + 1);
    }
    return 0;
}

/* What there is of a range, behind its length: negative when it can't be read. */
static int32_t read_range(struct vs_media_ranges *r, int64_t offset, size_t size) {
    size_t got = 0;
    if (offset >= r->bytes->size)
        return 0;
    if ((int64_t)size > r->bytes->size - offset)
        size = (size_t)(r->bytes->size - offset);
    int rc =
        r->bytes->read(r->bytes->arg, offset, r->buffer + sizeof(int32_t), size, &got, r->error ? NULL : &r->error);
    if (rc && !r->failed)
        r->failed = rc;
    return rc || got > size ? -1 : (int32_t)got;
}

static int answer(struct vs_media_ranges *r, int64_t deadline_us) {
    const struct vs_media_range *range = &r->request;
    if (range->offset < 0 || range->size == 0 || range->size > VS_MEDIA_RANGE_MAX || r->left <= 0)
        return -1;
    int32_t got = read_range(r, range->offset, range->size);
    r->left -= got > LEAST ? got : LEAST;
    memcpy(r->buffer, &got, sizeof got);
    return send_all(r->sock, r->buffer, sizeof got + (got > 0 ? (size_t)got : 0), deadline_us);
}

void vs_media_ranges_serve(struct vs_media_ranges *r, int64_t deadline_us) {
    ssize_t got = recv(r->sock, (char *)&r->request + r->have, sizeof r->request - r->have, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        hang_up(r);
        return;
    }
    r->have += (size_t)got;
    if (r->have < sizeof r->request)
        return;
    r->have = 0;
    if (answer(r, deadline_us))
        hang_up(r);
}
