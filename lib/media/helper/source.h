/* SPDX-License-Identifier: MIT */
/* The bytes of the file, read through one door that keeps the byte budget and the deadline.
 * libavformat asks its interrupt callback only in its own protocols, never on a custom AVIO: the limits have to be
 * here. */
#ifndef VS_HELPER_SOURCE_H
#define VS_HELPER_SOURCE_H

#include <stddef.h>
#include <stdint.h>

enum source_stop { SOURCE_GOES_ON, SOURCE_OUT_OF_BUDGET, SOURCE_OUT_OF_TIME, SOURCE_FAILED };

struct source {
    int fd;
    int ranged;            /* fd is a socket to ask for ranges */
    const uint8_t *memory; /* or the bytes themselves */
    int64_t size, pos;
    int64_t total, budget;
    int64_t deadline_us;        /* monotonic */
    enum source_stop stop;      /* why reading ended; never goes back */
    struct source_block *block; /* of a ranged one: what was read last; for free() */
};

int64_t source_clock_us(void);
/* Bytes at a place, without moving the position. The number read, 0 at the end, or -1 once reading has stopped. */
ptrdiff_t source_at(struct source *s, int64_t offset, void *buf, size_t size);
/* The callbacks of an AVIOContext whose opaque is a struct source. */
int source_read(void *opaque, uint8_t *buf, int size);
int64_t source_seek(void *opaque, int64_t offset, int whence);
/* The interrupt callback. */
int source_interrupted(void *opaque);

#endif
