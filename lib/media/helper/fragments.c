/* SPDX-License-Identifier: MIT */
#include "fragments.h"
#include "box.h"
#include <stdlib.h>

struct walk {
    struct frame_walk limits;
    uint32_t track;
    struct frame_times *times;
    int64_t next;               /* when the next frame comes */
    uint32_t usual, usual_here; /* how long one lasts, in the file and in a fragment */
    int here;                   /* the fragment is of this track */
    int broken, stopped;        /* not to be understood; not all was seen */
};

/* Numbers of 32 bits, one after another. */
struct table {
    struct walk *walk;
    int64_t at, end;
    int have, used;
    uint8_t bytes[4096];
};

static struct table table_of(struct walk *w, int64_t at, int64_t end) {
    return (struct table){.walk = w, .at = at, .end = end};
}

/* 0 when there is none any more, which nobody expects. */
static int take(struct table *t, uint32_t *ret) {
    struct walk *w = t->walk;
    if (t->used + 4 > t->have) {
        int64_t size = t->end - t->at;
        w->stopped |= !frame_walk_goes_on(&w->limits);
        ptrdiff_t got = size < 4 || w->stopped
                            ? 0
                            : source_at(w->limits.source, t->at, t->bytes,
                                        size < (int64_t)sizeof t->bytes ? (size_t)size : sizeof t->bytes);
        if (got < 4) {
            w->broken = 1;
            return 0;
        }
        t->have = (int)(got / 4) * 4;
        t->used = 0;
        t->at += t->have;
    }
    *ret = (uint32_t)box_number(t->bytes + t->used, 4);
    t->used += 4;
    return 1;
}

/* The next number but some. */
static uint32_t take_after(struct table *t, int skipped) {
    uint32_t value = 0;
    for (int i = 0; i <= skipped; i++)
        if (!take(t, &value))
            return 0;
    return value;
}

static int add_frame(struct walk *w, uint32_t length) {
    if (!frame_times_add(w->times, w->next)) {
        w->stopped = 1;
        return 0;
    }
    w->next += length;
    return 1;
}

/* The list of the first piece: so many frames of such a length. */
static void read_list(struct walk *w, int64_t at, int64_t end) {
    struct table t = table_of(w, at, end);
    uint32_t entries = take_after(&t, 1), count, length;
    for (uint32_t i = 0; i < entries && take(&t, &count) && take(&t, &length); i++)
        for (uint32_t n = 0; n < count; n++)
            if (!add_frame(w, length))
                return;
}

static void read_run(struct walk *w, int64_t at, int64_t end) {
    enum { PLACE = 0x1, FIRST = 0x4, LENGTH = 0x100, SIZE = 0x200, FLAGS = 0x400, SHIFT = 0x800 };
    struct table t = table_of(w, at, end);
    uint32_t flags = take_after(&t, 0), count = take_after(&t, 0), length = w->usual_here;
    int head = !!(flags & PLACE) + !!(flags & FIRST), rest = !!(flags & SIZE) + !!(flags & FLAGS) + !!(flags & SHIFT);
    if (head)
        take_after(&t, head - 1);
    for (uint32_t i = 0; i < count && !w->broken; i++) {
        if (flags & LENGTH)
            length = take_after(&t, 0);
        if (rest)
            take_after(&t, rest - 1);
        if (!w->broken && !add_frame(w, length))
            return;
    }
}

static void read_fragment_head(struct walk *w, int64_t at, int64_t end) {
    enum { PLACE = 0x1, DESCRIPTION = 0x2, LENGTH = 0x8 };
    struct table t = table_of(w, at, end);
    uint32_t flags = take_after(&t, 0);
    w->here = take_after(&t, 0) == w->track;
    w->usual_here = w->usual;
    if (flags & LENGTH)
        w->usual_here = take_after(&t, (flags & PLACE ? 2 : 0) + (flags & DESCRIPTION ? 1 : 0));
}

static void read_fragment_time(struct walk *w, int64_t at, int64_t end) {
    struct table t = table_of(w, at, end);
    int wide = take_after(&t, 0) >> 24 == 1;
    uint64_t high = wide ? take_after(&t, 0) : 0;
    uint64_t time = high << 32 | take_after(&t, 0);
    w->broken |= time > INT64_MAX / 4;
    w->next = w->broken ? 0 : (int64_t)time;
}

static void read_track_head(struct walk *w, int64_t at, int64_t end) {
    struct table t = table_of(w, at, end);
    int wide = take_after(&t, 0) >> 24 == 1;
    w->here = take_after(&t, wide ? 4 : 2) == w->track;
}

static void read_usual(struct walk *w, int64_t at, int64_t end) {
    struct table t = table_of(w, at, end);
    take_after(&t, 0);
    if (take_after(&t, 0) == w->track)
        w->usual = take_after(&t, 1);
}

/* The boxes that matter, and in which others they are: those with no reader of their own. */
static const struct {
    uint32_t type;
    int of_track; /* of the wanted one only */
    void (*read)(struct walk *w, int64_t at, int64_t end);
} known[] = {
    {FOURCC('m', 'o', 'o', 'v'), 0, NULL},
    {FOURCC('m', 'v', 'e', 'x'), 0, NULL},
    {FOURCC('t', 'r', 'e', 'x'), 0, read_usual},
    {FOURCC('t', 'r', 'a', 'k'), 0, NULL},
    {FOURCC('t', 'k', 'h', 'd'), 0, read_track_head},
    {FOURCC('m', 'd', 'i', 'a'), 1, NULL},
    {FOURCC('m', 'i', 'n', 'f'), 1, NULL},
    {FOURCC('s', 't', 'b', 'l'), 1, NULL},
    {FOURCC('s', 't', 't', 's'), 1, read_list},
    {FOURCC('m', 'o', 'o', 'f'), 0, NULL},
    {FOURCC('t', 'r', 'a', 'f'), 0, NULL},
    {FOURCC('t', 'f', 'h', 'd'), 0, read_fragment_head},
    {FOURCC('t', 'f', 'd', 't'), 1, read_fragment_time},
    {FOURCC('t', 'r', 'u', 'n'), 1, read_run},
};

static void read_box(struct walk *w, const struct box *b, int64_t at) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == b->type && known[i].read && (w->here || !known[i].of_track))
            known[i].read(w, at + b->header, at + b->size);
}

static int is_entered(const struct walk *w, uint32_t type) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == type)
            return !known[i].read && (w->here || !known[i].of_track);
    return 0;
}

int fragments_times(struct source *s, const struct boxes *boxes, uint32_t track, struct frame_times *ret) {
    struct walk w = {.track = track, .times = ret};
    struct box b;
    int64_t at = 0, here;
    int left = 4 * BOXES_MAX;
    *ret = (struct frame_times){0};
    if (!frame_walk_begin(&w.limits, s))
        return -1;
    /* all boxes in one row, as if there was only one level: what is in what does not matter here */
    while (!w.broken && !w.stopped && frame_walk_goes_on(&w.limits) && box_step(s, &at, s->size, &left, &b, &here)) {
        if (is_entered(&w, b.type))
            at = here + b.header;
        else
            read_box(&w, &b, here);
    }
    frame_walk_end(&w.limits);
    ret->complete = at >= s->size && boxes->complete && !boxes->truncated && !w.stopped;
    if (ret->n > 0 && (!w.broken || w.stopped))
        return 0;
    free(ret->at);
    *ret = (struct frame_times){0};
    return -1;
}
