/* SPDX-License-Identifier: MIT */
/* When the frames of a stream come, as found by a walk over the file that is bounded for itself: what stops it stops
 * nothing else. */
#ifndef VS_HELPER_FRAME_TIMES_H
#define VS_HELPER_FRAME_TIMES_H

#include "source.h"

struct frame_times {
    int64_t *at; /* in ticks; for free() */
    int n, room;
    int complete; /* to the end of the file; else the first ones only, without a gap */
};

/* 0 when there is no room for more. */
int frame_times_add(struct frame_times *t, int64_t at);

/* How far a walk may go. */
struct frame_walk {
    struct source *source;
    int64_t until_us, until_total;
};

/* 0 when too little would be left for the rest of the probe. */
int frame_walk_begin(struct frame_walk *w, struct source *s);
/* Whether it may read on. */
int frame_walk_goes_on(const struct frame_walk *w);
void frame_walk_end(struct frame_walk *w);

#endif
