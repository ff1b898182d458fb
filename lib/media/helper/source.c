/* SPDX-License-Identifier: MIT */
#include "source.h"
#include "media/media_wire.h"
#include <errno.h>
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Asking costs a way to somewhere else: small reads are served from a larger one. */
enum { BLOCK = 64 << 10 };

struct source_block {
    int64_t at, size;
    uint8_t bytes[BLOCK];
};

int64_t source_clock_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static int stopped(struct source *s) {
    if (s->stop != SOURCE_GOES_ON)
        return 1;
    if (s->total >= s->budget)
        s->stop = SOURCE_OUT_OF_BUDGET;
    else if (source_clock_us() > s->deadline_us)
        s->stop = SOURCE_OUT_OF_TIME;
    return s->stop != SOURCE_GOES_ON;
}

static int transfer(int fd, void *buf, size_t size, int out) {
    for (size_t done = 0; done < size;) {
        ssize_t n = out ? write(fd, (char *)buf + done, size - done) : read(fd, (char *)buf + done, size - done);
        if (n == 0 || (n < 0 && errno != EINTR))
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* As pread, from the other end of the socket. */
static ssize_t ask(int fd, void *buf, size_t size, int64_t offset) {
    struct vs_media_range range = {.offset = offset, .size = (uint32_t)size};
    int32_t got = -1;
    if (transfer(fd, &range, sizeof range, 1) != 0 || transfer(fd, &got, sizeof got, 0) != 0 || got < 0 ||
        (size_t)got > size || transfer(fd, buf, (size_t)got, 0) != 0)
        return -1;
    return got;
}

static ssize_t read_ranged(struct source *s, void *buf, size_t size, int64_t offset, int64_t *ret_fetched) {
    if (size > VS_MEDIA_RANGE_MAX)
        size = VS_MEDIA_RANGE_MAX;
    if (size > BLOCK / 2 || (!s->block && !(s->block = calloc(1, sizeof *s->block))))
        return *ret_fetched = ask(s->fd, buf, size, offset);
    struct source_block *b = s->block;
    if (offset < b->at || offset + (int64_t)size > b->at + b->size) {
        ssize_t got = ask(s->fd, b->bytes, BLOCK, offset);
        b->at = offset;
        b->size = got > 0 ? got : 0;
        if (got <= 0)
            return got;
        *ret_fetched = got;
    }
    int64_t there = b->at + b->size - offset;
    if ((int64_t)size > there)
        size = (size_t)there;
    memcpy(buf, b->bytes + (offset - b->at), size);
    return (ssize_t)size;
}

static ssize_t read_somewhere(struct source *s, void *buf, size_t size, int64_t offset, int64_t *ret_fetched) {
    ssize_t got;
    if (s->memory) {
        got = (int64_t)size < s->size - offset ? (ssize_t)size : (ssize_t)(s->size - offset);
        memcpy(buf, s->memory + offset, (size_t)got);
        return *ret_fetched = got;
    }
    if (s->ranged)
        return read_ranged(s, buf, size, offset, ret_fetched);
    do
        got = pread(s->fd, buf, size, offset);
    while (got < 0 && errno == EINTR);
    return *ret_fetched = got;
}

ptrdiff_t source_at(struct source *s, int64_t offset, void *buf, size_t size) {
    if (offset < 0 || offset >= s->size)
        return 0;
    if (stopped(s))
        return -1;
    if ((int64_t)size > s->budget - s->total)
        size = (size_t)(s->budget - s->total);
    int64_t fetched = 0;
    ssize_t got = read_somewhere(s, buf, size, offset, &fetched);
    if (got < 0) {
        s->stop = SOURCE_FAILED;
        return -1;
    }
    s->total += fetched;
    return got;
}

int source_read(void *opaque, uint8_t *buf, int size) {
    struct source *s = opaque;
    ptrdiff_t got = source_at(s, s->pos, buf, (size_t)size);
    if (got < 0)
        return s->stop == SOURCE_FAILED ? AVERROR(EIO) : AVERROR_EXIT;
    if (got == 0)
        return AVERROR_EOF;
    s->pos += got;
    return (int)got;
}

int64_t source_seek(void *opaque, int64_t offset, int whence) {
    struct source *s = opaque;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE)
        return s->size;
    int64_t base = whence == SEEK_CUR ? s->pos : whence == SEEK_END ? s->size : 0;
    if (offset < -base || offset > INT64_MAX - base)
        return AVERROR(EINVAL);
    s->pos = base + offset;
    return s->pos;
}

int source_interrupted(void *opaque) {
    return stopped(opaque);
}
