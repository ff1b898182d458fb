/* SPDX-License-Identifier: MIT */
#include "ebml_blocks.h"
#include "ebml_element.h"
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 4096,
    MOST_STEPS = 1 << 18,
    NEEDED = 32,    /* the heads of an element and of a block */
    REORDERED = 32, /* more frames than any codec sends before one that is shown earlier */
};

struct walk {
    struct source *source;
    const struct ebml_track *track;
    struct frame_times *times;
    int64_t at, cluster; /* the time of the cluster; -1: not said yet */
    struct frame_walk limits;
    int lost, cut; /* lost: not to be understood; cut: there was no room for all */
    int64_t window_at, window_size;
    uint8_t window[WINDOW];
};

/* What stands at the walk's place. 0 when no more may be read. */
static int look(struct walk *w, struct cursor *ret) {
    int64_t end = w->window_at + w->window_size;
    if (w->at < w->window_at || (w->at + NEEDED > end && end < w->source->size)) {
        if (!frame_walk_goes_on(&w->limits))
            return 0;
        ptrdiff_t got = source_at(w->source, w->at, w->window, WINDOW);
        if (got <= 0)
            return 0;
        w->window_at = w->at;
        w->window_size = got;
        end = w->at + got;
    }
    *ret = (struct cursor){w->window + (w->at - w->window_at), w->window + w->window_size};
    return w->at < end;
}

static int add_time(struct walk *w, int64_t time) {
    int added = frame_times_add(w->times, time);
    w->cut |= !added;
    return added;
}

/* Frames that are only decoded, never shown, have a time too: by the block's word, or the frame's own. */
static int is_hidden(const struct walk *w, uint8_t flags, struct cursor frame) {
    enum { INVISIBLE = 0x08, VP8_SHOWN = 0x10 };
    return (flags & INVISIBLE) || (w->track->is_vp8 && frame.p < frame.end && !(*frame.p & VP8_SHOWN));
}

/* 0 when the walk has come to what it can't understand. */
static int take_block(struct walk *w, struct cursor c) {
    enum { LACED = 0x06, HEAD = 3 };
    if (ebml_number(&c, 0) != w->track->number)
        return 1;
    if (w->cluster < 0 || c.end - c.p < HEAD || (c.p[2] & LACED)) {
        w->lost = 1;
        return 0;
    }
    int64_t time = w->cluster + (int16_t)((uint16_t)c.p[0] << 8 | c.p[1]);
    struct cursor frame = {c.p + HEAD, c.end};
    return is_hidden(w, c.p[2], frame) || add_time(w, time);
}

/* Over one element, or into one that holds blocks: what is in what does not matter here. 0 at the end. */
static int step(struct walk *w) {
    struct cursor c;
    if (!look(w, &c))
        return 0;
    const uint8_t *start = c.p;
    int64_t id = ebml_number(&c, 1), size = id < 0 ? -1 : ebml_number(&c, 0);
    if (size == -1 || id == ID_EBML || id == ID_SEGMENT)
        return 0;
    w->at += c.p - start;
    if (id == ID_CLUSTER)
        w->cluster = -1;
    if (id == ID_CLUSTER || id == ID_BLOCK_GROUP)
        return 1;
    if (size < 0 || size > w->source->size - w->at)
        return 0;
    w->at += size;
    if (size < c.end - c.p)
        c.end = c.p + size;
    if (id == ID_CLUSTER_TIME)
        w->cluster = ebml_unsigned(c);
    w->lost |= id == ID_ENCRYPTED_BLOCK;
    return id != ID_SIMPLE_BLOCK && id != ID_BLOCK ? !w->lost : take_block(w, c);
}

static int by_time(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int may_walk(const struct ebml *head, const struct ebml_track *track) {
    return head->segment_at > 0 && track->number > 0 && !(track->is_vp8 && track->encoded);
}

int ebml_block_times(struct source *s, const struct ebml *head, const struct ebml_track *track,
                     struct frame_times *ret) {
    *ret = (struct frame_times){0};
    struct walk w = {.source = s, .track = track, .times = ret, .at = head->segment_at, .cluster = -1};
    if (!may_walk(head, track) || !frame_walk_begin(&w.limits, s))
        return -1;
    for (int n = 0; n < MOST_STEPS && step(&w); n++)
        continue;
    frame_walk_end(&w.limits);
    if (ret->n > 0)
        qsort(ret->at, (size_t)ret->n, sizeof *ret->at, by_time);
    ret->complete = w.at == s->size && !w.cut && !head->truncated;
    /* those that are shown before some of these may come after them */
    if (!ret->complete)
        ret->n = ret->n > REORDERED ? ret->n - REORDERED : 0;
    if (!w.lost && ret->n > 0)
        return 0;
    free(ret->at);
    *ret = (struct frame_times){0};
    return -1;
}
