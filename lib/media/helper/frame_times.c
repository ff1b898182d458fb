/* SPDX-License-Identifier: MIT */
#include "frame_times.h"
#include <stdlib.h>

enum {
    MOST_BYTES = 8 << 20,
    SPARE_BYTES = 1 << 20, /* a range may bring more than was asked for */
    MOST_FRAMES = 1 << 16,
    MOST_US = 500000,
    LEFT_US = 2000000, /* that the rest of the probe may need */
};

int frame_times_add(struct frame_times *t, int64_t at) {
    if (t->n == t->room) {
        int room = t->room ? 2 * t->room : 256;
        int64_t *grown = t->n < MOST_FRAMES ? realloc(t->at, (size_t)room * sizeof *grown) : NULL;
        if (!grown)
            return 0;
        t->at = grown;
        t->room = room;
    }
    t->at[t->n++] = at;
    return 1;
}

int frame_walk_begin(struct frame_walk *w, struct source *s) {
    int64_t now = source_clock_us();
    *w = (struct frame_walk){.source = s, .until_us = now + MOST_US, .until_total = s->total + MOST_BYTES};
    return s->stop == SOURCE_GOES_ON && s->budget - s->total > MOST_BYTES + SPARE_BYTES &&
           s->deadline_us - now > LEFT_US;
}

int frame_walk_goes_on(const struct frame_walk *w) {
    return w->source->total < w->until_total && source_clock_us() <= w->until_us;
}

void frame_walk_end(struct frame_walk *w) {
    if (w->source->stop == SOURCE_OUT_OF_TIME) /* nothing that was asked for has been left out by that */
        w->source->stop = SOURCE_GOES_ON;
}
