/* SPDX-License-Identifier: MIT */
#include "source.h"
#include <errno.h>
#include <libavformat/avio.h>
#include <libavutil/error.h>
#include <time.h>
#include <unistd.h>

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

ptrdiff_t source_at(struct source *s, int64_t offset, void *buf, size_t size) {
    if (offset < 0 || offset >= s->size)
        return 0;
    if (stopped(s))
        return -1;
    if ((int64_t)size > s->budget - s->total)
        size = (size_t)(s->budget - s->total);
    ssize_t got;
    do
        got = pread(s->fd, buf, size, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        s->stop = SOURCE_FAILED;
        return -1;
    }
    s->total += got;
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
