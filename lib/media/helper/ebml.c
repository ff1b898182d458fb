/* SPDX-License-Identifier: MIT */
#include "ebml.h"
#include <string.h>

enum { ID_EBML = 0x1A45DFA3, ID_DOCTYPE = 0x4282, ID_SEGMENT = 0x18538067 };

struct cursor {
    const uint8_t *p, *end;
};

/* A variable-length number; keep_marker for ids. -1: cut off or too long; -2: "unknown size". */
static int64_t number(struct cursor *c, int keep_marker) {
    if (c->p >= c->end || !*c->p)
        return -1;
    int length = __builtin_clz((unsigned int)*c->p) - 23;
    if (length > c->end - c->p)
        return -1;
    uint64_t v = keep_marker ? *c->p : *c->p & (0xFFu >> length), ones = 0xFFu >> length;
    for (int i = 1; i < length; i++) {
        v = v << 8 | c->p[i];
        ones = ones << 8 | 0xFF;
    }
    c->p += length;
    return !keep_marker && v == ones ? -2 : (int64_t)v;
}

static void read_header(struct cursor c, struct ebml *ret) {
    while (c.p < c.end) {
        int64_t id = number(&c, 1), size = number(&c, 0);
        if (id < 0 || size < 0 || size > c.end - c.p)
            return;
        if (id == ID_DOCTYPE)
            ret->webm = size >= 4 && memcmp(c.p, "webm", 4) == 0;
        c.p += size;
    }
}

void ebml_read_head(struct source *s, struct ebml *ret) {
    uint8_t head[1024];
    *ret = (struct ebml){0};
    ptrdiff_t got = source_at(s, 0, head, sizeof head);
    struct cursor c = {head, head + (got > 0 ? got : 0)};
    if (number(&c, 1) != ID_EBML)
        return;
    int64_t size = number(&c, 0);
    if (size < 0 || size > c.end - c.p)
        return;
    ret->found = 1;
    read_header((struct cursor){c.p, c.p + size}, ret);
    c.p += size;
    if (number(&c, 1) != ID_SEGMENT)
        return;
    int64_t length = number(&c, 0);
    ret->truncated = length > s->size - (c.p - head);
}

int riff_truncated(struct source *s) {
    uint8_t h[12];
    if (source_at(s, 0, h, sizeof h) != sizeof h || memcmp(h, "RIFF", 4) != 0)
        return 0;
    uint32_t size = (uint32_t)h[4] | (uint32_t)h[5] << 8 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 24;
    /* 0 and the largest numbers are what a writer leaves that could not come back to fill them in */
    return size != 0 && size < 0xFFFFF000u && (int64_t)size > s->size - 8;
}
