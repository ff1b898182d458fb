/* SPDX-License-Identifier: MIT */
#include "boxes.h"
#include "box.h"
#include <string.h>

uint64_t box_number(const uint8_t *p, int bytes) {
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
    *ret = (struct box){.type = (uint32_t)box_number(h + 4, 4), .size = (int64_t)box_number(h, 4), .header = 8};
    if (ret->size == 1) {
        uint64_t large = got == 16 ? box_number(h + 8, 8) : 0;
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

/* Four printable characters, without the blanks at their end. 1, or 0. */
static int take_brand(const uint8_t b[4], char ret[5]) {
    for (int i = 0; i < 4; i++)
        if (b[i] < 0x20 || b[i] > 0x7E)
            return 0;
    memcpy(ret, b, 4);
    ret[4] = 0;
    for (int i = 3; i >= 0 && ret[i] == ' '; i--)
        ret[i] = 0;
    return ret[0] != 0;
}

static void read_brands(struct source *s, int64_t at, int64_t size, struct boxes *ret) {
    uint8_t b[8 + 4 * BOXES_MAX_BRANDS];
    ptrdiff_t got = size < 4 ? 0 : source_at(s, at, b, size < (int64_t)sizeof b ? (size_t)size : sizeof b);
    if (got < 4 || !take_brand(b, ret->major_brand))
        return;
    for (ptrdiff_t i = 8; i + 4 <= got; i += 4)
        ret->n_brands += take_brand(b + i, ret->brands[ret->n_brands]);
}

int box_step(struct source *s, int64_t *at, int64_t end, int *left, struct box *ret, int64_t *ret_at) {
    if (*at >= end || (*left)-- <= 0 || !read_box(s, *at, ret))
        return 0;
    if (ret->size == 0 || ret->size > end - *at)
        ret->size = end - *at;
    *ret_at = *at;
    *at += ret->size;
    return ret->size >= ret->header;
}

static void read_samples(struct source *s, int64_t at, struct boxes_track *t) {
    struct box b;
    if (read_box(s, at + 8, &b)) /* the first description; version and count stand before it */
        t->encrypted |= b.type == FOURCC('e', 'n', 'c', 'v') || b.type == FOURCC('e', 'n', 'c', 'a') ||
                        b.type == FOURCC('e', 'n', 'c', 't') || b.type == FOURCC('e', 'n', 'c', 's') ||
                        b.type == FOURCC('d', 'r', 'm', 's') || b.type == FOURCC('d', 'r', 'm', 'i');
}

static void read_track_id(struct source *s, int64_t at, struct boxes_track *t) {
    uint8_t b[24];
    if (source_at(s, at, b, sizeof b) == sizeof b)
        t->id = (uint32_t)box_number(b + (b[0] == 1 ? 20 : 12), 4);
}

/* Down from trak to the descriptions of its samples. */
static void read_track(struct source *s, int64_t at, int64_t end, int *left, struct boxes_track *t) {
    static const uint32_t way[] = {FOURCC('m', 'd', 'i', 'a'), FOURCC('m', 'i', 'n', 'f'), FOURCC('s', 't', 'b', 'l'),
                                   FOURCC('s', 't', 's', 'd')};
    struct box b;
    int64_t here;
    for (size_t depth = 0; depth < sizeof way / sizeof *way && box_step(s, &at, end, left, &b, &here);) {
        if (b.type == FOURCC('t', 'k', 'h', 'd') && depth == 0)
            read_track_id(s, here + b.header, t);
        if (b.type != way[depth])
            continue;
        if (++depth == sizeof way / sizeof *way)
            read_samples(s, here + b.header, t);
        end = here + b.size;
        at = here + b.header;
    }
}

static void read_moov(struct source *s, int64_t at, int64_t end, struct boxes *ret) {
    struct box b;
    int64_t here;
    int left = BOXES_MAX;
    while (box_step(s, &at, end, &left, &b, &here)) {
        if (b.type == FOURCC('m', 'v', 'e', 'x'))
            ret->fragmented = 1;
        if (b.type == FOURCC('p', 's', 's', 'h'))
            ret->encrypted = 1;
        if (b.type != FOURCC('t', 'r', 'a', 'k') || ret->n_tracks == BOXES_MAX_TRACKS)
            continue;
        struct boxes_track *t = &ret->tracks[ret->n_tracks++];
        read_track(s, here + b.header, here + b.size, &left, t);
        ret->encrypted |= t->encrypted;
    }
}

static void note_box(struct source *s, struct boxes *ret, const struct box *b, int64_t at, int *seen_data) {
    switch (b->type) {
    case FOURCC('f', 't', 'y', 'p'):
        if (!ret->major_brand[0])
            read_brands(s, at + b->header, b->size - b->header, ret);
        break;
    case FOURCC('m', 'o', 'o', 'v'):
        ret->has_moov = 1;
        if (ret->faststart < 0)
            ret->faststart = !*seen_data;
        if (ret->n_tracks == 0)
            read_moov(s, at + b->header, b->size > 0 && b->size < s->size - at ? at + b->size : s->size, ret);
        break;
    case FOURCC('m', 'o', 'o', 'f'):
        ret->fragmented = 1;
        break;
    case FOURCC('s', 'i', 'd', 'x'):
    case FOURCC('m', 'f', 'r', 'a'):
        ret->has_index = 1;
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
    memset(ret, 0, sizeof *ret);
    ret->faststart = ret->fragmented = -1;
    if (!read_box(s, 0, &b) || !is_known(b.type))
        return;
    ret->found = 1;
    for (int n = 0; n < BOXES_MAX && at < s->size; n++) {
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
