/* SPDX-License-Identifier: MIT */
#include "boxes.h"
#include <string.h>

enum { MAX_BOXES = 4096 };

struct box {
    uint32_t type;
    int64_t size; /* with its header; 0: to the end of the file */
    int header;
};

#define FOURCC(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static uint64_t big_endian(const uint8_t *p, int bytes) {
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

/* The header at a place. 1, or 0 when there is none that makes sense. */
static int read_box(struct source *s, int64_t at, struct box *ret) {
    uint8_t h[16];
    ptrdiff_t got = source_at(s, at, h, sizeof h);
    if (got < 8)
        return 0;
    *ret = (struct box){.type = (uint32_t)big_endian(h + 4, 4), .size = (int64_t)big_endian(h, 4), .header = 8};
    if (ret->size == 1) {
        uint64_t large = got == 16 ? big_endian(h + 8, 8) : 0;
        if (large > INT64_MAX)
            return 0;
        ret->size = (int64_t)large;
        ret->header = 16;
    }
    return ret->size == 0 || ret->size >= ret->header;
}

static int is_known(uint32_t type) {
    static const uint32_t known[] = {
        FOURCC('f', 't', 'y', 'p'), FOURCC('m', 'o', 'o', 'v'), FOURCC('m', 'd', 'a', 't'), FOURCC('f', 'r', 'e', 'e'),
        FOURCC('w', 'i', 'd', 'e'), FOURCC('s', 'k', 'i', 'p'), FOURCC('s', 't', 'y', 'p'), FOURCC('p', 'n', 'o', 't'),
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == type)
            return 1;
    return 0;
}

static void read_brand(struct source *s, int64_t at, char ret[5]) {
    uint8_t b[4];
    if (source_at(s, at, b, sizeof b) != sizeof b)
        return;
    for (int i = 0; i < 4; i++)
        if (b[i] < 0x20 || b[i] > 0x7E)
            return;
    memcpy(ret, b, 4);
    for (int i = 3; i > 0 && ret[i] == ' '; i--)
        ret[i] = 0;
}

/* Whether the index announces fragments: a box mvex directly within moov. */
static int has_mvex(struct source *s, int64_t at, int64_t end) {
    struct box b;
    for (int n = 0; n < 256 && at < end && read_box(s, at, &b) && b.size > 0; n++, at += b.size) {
        if (b.type == FOURCC('m', 'v', 'e', 'x'))
            return 1;
        if (b.size > end - at)
            return 0;
    }
    return 0;
}

static void note_box(struct source *s, struct boxes *ret, const struct box *b, int64_t at, int *seen_data) {
    switch (b->type) {
    case FOURCC('f', 't', 'y', 'p'):
        if (!ret->major_brand[0])
            read_brand(s, at + b->header, ret->major_brand);
        break;
    case FOURCC('m', 'o', 'o', 'v'):
        ret->has_moov = 1;
        if (ret->faststart < 0)
            ret->faststart = !*seen_data;
        if (b->size > 0 && has_mvex(s, at + b->header, at + b->size))
            ret->fragmented = 1;
        break;
    case FOURCC('m', 'o', 'o', 'f'):
        ret->fragmented = 1;
        break;
    case FOURCC('m', 'd', 'a', 't'):
        *seen_data = 1;
        break;
    default:
        break;
    }
}

void boxes_walk(struct source *s, struct boxes *ret) {
    struct box b;
    int64_t at = 0;
    int seen_data = 0;
    *ret = (struct boxes){.faststart = -1, .fragmented = -1};
    if (!read_box(s, 0, &b) || !is_known(b.type))
        return;
    ret->found = 1;
    for (int n = 0; n < MAX_BOXES && at < s->size; n++) {
        if (!read_box(s, at, &b)) {
            /* fewer bytes than a header are a cut; anything else is rubbish after the last box */
            ret->truncated = s->size - at < 8 && s->stop == SOURCE_GOES_ON;
            break;
        }
        note_box(s, ret, &b, at, &seen_data);
        if (b.size == 0 || b.size >= s->size - at) {
            ret->truncated = b.size > s->size - at;
            at = s->size;
            break;
        }
        at += b.size;
    }
    ret->complete = at >= s->size;
    if (!seen_data)
        ret->faststart = -1;
    if (ret->fragmented < 0 && ret->has_moov && ret->complete)
        ret->fragmented = 0;
}
