/* SPDX-License-Identifier: MIT */
#include "ebml.h"
#include "ebml_element.h"
#include <stdlib.h>
#include <string.h>

enum { HEAD = 1024, MAX_ELEMENTS = 64, MAX_BODY = 1 << 20, MAX_GUESSES = 64 };

struct element {
    int64_t id;
    struct cursor body;
};

int64_t ebml_number(struct cursor *c, int keep_marker) {
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
    return !keep_marker && v == ones ? EBML_UNKNOWN_SIZE : (int64_t)v;
}

/* The next element within c; one that is cut off or of unknown size ends at c's end. 1, or 0. */
static int next(struct cursor *c, struct element *ret) {
    ret->id = ebml_number(c, 1);
    int64_t size = ret->id < 0 ? -1 : ebml_number(c, 0);
    if (size == -1) {
        ret->id = -1;
        return 0;
    }
    if (size == EBML_UNKNOWN_SIZE || size > c->end - c->p)
        size = c->end - c->p;
    ret->body = (struct cursor){c->p, c->p + size};
    c->p += size;
    return 1;
}

int64_t ebml_unsigned(struct cursor c) {
    uint64_t v = 0;
    if (c.end - c.p > 7)
        return -1;
    while (c.p < c.end)
        v = v << 8 | *c.p++;
    return (int64_t)v;
}

static void text_of(struct cursor c, char ret[EBML_LANGUAGE]) {
    size_t n = (size_t)(c.end - c.p);
    if (n >= EBML_LANGUAGE)
        return;
    memcpy(ret, c.p, n);
    ret[n] = 0;
}

static void read_doctype(struct cursor c, struct ebml *ret) {
    struct element e;
    while (next(&c, &e))
        if (e.id == ID_DOCTYPE)
            ret->webm = e.body.end - e.body.p >= 4 && memcmp(e.body.p, "webm", 4) == 0;
}

static void read_picture(struct cursor c, struct ebml_track *t) {
    static const int64_t ids[] = {ID_CROP_LEFT, ID_CROP_TOP, ID_CROP_RIGHT, ID_CROP_BOTTOM};
    struct element e;
    while (next(&c, &e))
        for (int i = 0; i < 4; i++)
            if (e.id == ids[i])
                t->crop[i] = ebml_unsigned(e.body);
}

static void read_encodings(struct cursor c, struct ebml_track *t) {
    struct element encoding, e;
    while (next(&c, &encoding))
        while (encoding.id == ID_ENCODING && next(&encoding.body, &e)) {
            t->encoded = 1;
            t->encrypted |= e.id == ID_ENCRYPTION;
        }
}

static void read_codec(struct cursor c, struct ebml_track *t) {
    static const char vp8[] = "V_VP8";
    t->has_codec = c.end > c.p;
    t->is_vp8 = c.end - c.p == sizeof vp8 - 1 && memcmp(c.p, vp8, sizeof vp8 - 1) == 0;
}

static void read_track(struct cursor c, struct ebml_track *t) {
    struct element e;
    while (next(&c, &e)) {
        if (e.id == ID_TRACK_NUMBER)
            t->number = ebml_unsigned(e.body);
        else if (e.id == ID_TRACK_TYPE)
            t->type = (int)(ebml_unsigned(e.body) & 0xFF);
        else if (e.id == ID_CODEC)
            read_codec(e.body, t);
        else if (e.id == ID_LANGUAGE_BCP47)
            text_of(e.body, t->language);
        else if (e.id == ID_VIDEO)
            read_picture(e.body, t);
        else if (e.id == ID_ENCODINGS)
            read_encodings(e.body, t);
    }
}

static void read_tracks(struct cursor c, struct ebml *ret) {
    struct element e;
    while (ret->n_tracks < EBML_MAX_TRACKS && next(&c, &e))
        if (e.id == ID_TRACK)
            read_track(e.body, &ret->tracks[ret->n_tracks++]);
}

static void read_seek_head(struct cursor c, struct ebml *ret) {
    struct element seek, e;
    if (ret->has_cues < 0)
        ret->has_cues = 0;
    while (next(&c, &seek))
        while (seek.id == ID_SEEK && next(&seek.body, &e))
            ret->has_cues |= e.id == ID_SEEK_ID && ebml_unsigned(e.body) == ID_CUES;
}

static void read_info(struct cursor c, struct ebml *ret) {
    struct element e;
    while (next(&c, &e))
        if (e.id == ID_SCALE && ebml_unsigned(e.body) > 0)
            ret->scale = ebml_unsigned(e.body);
}

/* One of the elements of the segment that tell something. */
static void read_body(struct source *s, int64_t id, int64_t at, int64_t size, struct ebml *ret) {
    if (size <= 0 || size > MAX_BODY)
        return;
    uint8_t *bytes = malloc((size_t)size);
    ptrdiff_t got = bytes ? source_at(s, at, bytes, (size_t)size) : -1;
    struct cursor c = {bytes, bytes + (got > 0 ? got : 0)};
    if (got > 0 && id == ID_TRACKS)
        read_tracks(c, ret);
    else if (got > 0 && id == ID_SEEK_HEAD)
        read_seek_head(c, ret);
    else if (got > 0 && id == ID_INFO)
        read_info(c, ret);
    free(bytes);
}

/* From element to element, to the first cluster. */
static void walk_segment(struct source *s, struct ebml *ret) {
    int64_t at = ret->segment_at;
    for (int n = 0; n < MAX_ELEMENTS && at < s->size; n++) {
        uint8_t h[16];
        ptrdiff_t got = source_at(s, at, h, sizeof h);
        struct cursor c = {h, h + (got > 0 ? got : 0)};
        int64_t id = ebml_number(&c, 1), size = id < 0 ? -1 : ebml_number(&c, 0);
        if (size < 0 || id == ID_CLUSTER || size > s->size - at)
            return;
        at += c.p - h;
        if (id == ID_TRACKS || id == ID_SEEK_HEAD || id == ID_INFO)
            read_body(s, id, at, size, ret);
        if (id == ID_CUES)
            ret->has_cues = 1;
        at += size;
    }
}

void ebml_read_head(struct source *s, struct ebml *ret) {
    uint8_t head[HEAD];
    memset(ret, 0, sizeof *ret);
    ret->has_cues = -1;
    ret->scale = 1000000;
    ptrdiff_t got = source_at(s, 0, head, sizeof head);
    struct cursor c = {head, head + (got > 0 ? got : 0)};
    if (ebml_number(&c, 1) != ID_EBML)
        return;
    int64_t size = ebml_number(&c, 0);
    if (size < 0 || size > c.end - c.p)
        return;
    ret->found = 1;
    read_doctype((struct cursor){c.p, c.p + size}, ret);
    c.p += size;
    if (ebml_number(&c, 1) != ID_SEGMENT)
        return;
    int64_t length = ebml_number(&c, 0);
    ret->segment_at = c.p - head;
    ret->truncated = length > s->size - ret->segment_at;
    walk_segment(s, ret);
}

/* The time that a block adds to its cluster's; INT64_MIN: it is none. */
static int64_t block_time(struct cursor c) {
    if (ebml_number(&c, 0) < 0 || c.end - c.p < 3)
        return INT64_MIN;
    return (int16_t)((uint16_t)c.p[0] << 8 | c.p[1]);
}

static int64_t last_in_cluster(struct cursor c) {
    struct element e;
    int64_t cluster = -1, last = -1;
    while (next(&c, &e)) {
        if (e.id == ID_CLUSTER_TIME)
            cluster = ebml_unsigned(e.body);
        if (e.id == ID_CLUSTER)
            return last;
        struct cursor block = e.body;
        if (e.id == ID_BLOCK_GROUP) {
            struct element inner;
            while (next(&block, &inner) && inner.id != ID_BLOCK)
                continue;
            block = inner.id == ID_BLOCK ? inner.body : (struct cursor){0};
        } else if (e.id != ID_SIMPLE_BLOCK) {
            continue;
        }
        int64_t time = block_time(block);
        if (cluster >= 0 && time != INT64_MIN && cluster + time > last)
            last = cluster + time;
    }
    return last;
}

/* From the last thing in the bytes that looks like a cluster and is one. */
static int64_t last_cluster(const uint8_t *bytes, ptrdiff_t size) {
    static const uint8_t id[4] = {ID_CLUSTER >> 24, ID_CLUSTER >> 16 & 255, ID_CLUSTER >> 8 & 255, ID_CLUSTER & 255};
    int guesses = 0;
    for (ptrdiff_t at = size - 4; at >= 0 && guesses < MAX_GUESSES; at--) {
        struct cursor c = {bytes + at + 4, bytes + size};
        if (memcmp(bytes + at, id, 4) != 0 || ebml_number(&c, 0) == -1)
            continue;
        guesses++;
        int64_t last = last_in_cluster(c);
        if (last >= 0)
            return last;
    }
    return -1;
}

int64_t ebml_last_time(struct source *s, const struct ebml *head, int64_t most) {
    int64_t at = s->size > most ? s->size - most : 0;
    uint8_t *bytes = malloc((size_t)(s->size - at));
    ptrdiff_t got = 0;
    while (bytes && at + got < s->size) {
        ptrdiff_t n = source_at(s, at + got, bytes + got, (size_t)(s->size - at - got));
        if (n <= 0)
            break;
        got += n;
    }
    int64_t last = bytes && got == s->size - at ? last_cluster(bytes, got) : -1;
    free(bytes);
    return last < 0 || last > INT64_MAX / 1000 / head->scale ? -1 : last * head->scale / 1000;
}

int riff_truncated(struct source *s) {
    uint8_t h[12];
    if (source_at(s, 0, h, sizeof h) != sizeof h || memcmp(h, "RIFF", 4) != 0)
        return 0;
    uint32_t size = (uint32_t)h[4] | (uint32_t)h[5] << 8 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 24;
    /* 0 and the largest numbers are what a writer leaves that could not come back to fill them in */
    return size != 0 && size < 0xFFFFF000u && (int64_t)size > s->size - 8;
}

int flv_truncated(struct source *s) {
    static const char key[] = "\0\x08"
                              "filesize"; /* and a NUL, which says that a number follows */
    uint8_t h[HEAD];
    ptrdiff_t got = source_at(s, 0, h, sizeof h);
    if (got < 4 || memcmp(h, "FLV\1", 4) != 0)
        return 0;
    for (ptrdiff_t at = 0; at + (ptrdiff_t)sizeof key + 8 <= got; at++) {
        if (memcmp(h + at, key, sizeof key) != 0)
            continue;
        uint64_t bits = 0;
        double size = 0;
        for (int i = 0; i < 8; i++)
            bits = bits << 8 | h[at + (ptrdiff_t)sizeof key + i];
        memcpy(&size, &bits, sizeof size);
        return size > (double)s->size && size < 1e15; /* 0 is what a writer leaves that could not come back */
    }
    return 0;
}
