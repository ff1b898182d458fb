/* SPDX-License-Identifier: MIT */
#include "rate.h"
#include "output.h"
#include <math.h>
#include <stdlib.h>

/* When the frames are shown. */
struct times {
    const int64_t *at; /* ascending, in ticks */
    int n;
    int64_t numerator, denominator; /* of a tick, in seconds */
    int64_t shortest, longest;
};

enum { SMALL = 4, LEAST = 3 };

/* Finds the lengths of all frames but the last, whose end nobody says. 0 when they are no lengths. */
static int measure(struct times *t) {
    t->shortest = INT64_MAX;
    t->longest = 0;
    for (int i = 1; i < t->n; i++) {
        int64_t length = t->at[i] - t->at[i - 1];
        if (length <= 0)
            return 0;
        t->shortest = length < t->shortest ? length : t->shortest;
        t->longest = length > t->longest ? length : t->longest;
    }
    return t->n >= LEAST && t->longest <= INT32_MAX;
}

/* Whether each frame is where an even rate puts it. Lengths that differ by one tick are the rounding of a rate that
 * does not fit the clock, when a tick is a small part of a frame, and roundings do not add up. */
static int is_even(const struct times *t) {
    if (t->longest == t->shortest)
        return 1;
    if (t->longest - t->shortest > 1 || t->shortest < SMALL)
        return 0;
    double length = (double)(t->at[t->n - 1] - t->at[0]) / (t->n - 1);
    for (int i = 1; i < t->n; i++)
        if (fabs((double)(t->at[i] - t->at[0]) - length * i) > 1.01)
            return 0;
    return 1;
}

static AVRational rate_of(const struct times *t, int64_t ticks) {
    AVRational r;
    av_reduce(&r.num, &r.den, t->denominator, ticks * t->numerator, INT32_MAX);
    return r;
}

static void put_extremes(json_t *o, const struct times *t) {
    put_ratio(o, "rate_min", rate_of(t, t->longest));
    put_ratio(o, "rate_max", rate_of(t, t->shortest));
}

static void put_mode(json_t *o, const char *mode, const char *source) {
    put_word(o, "rate_mode", mode);
    put_word(o, "rate_mode_source", source);
}

/* Exact, where the container lists the time of each frame. */
static void put_sampled(json_t *o, AVStream *st) {
    int n = avformat_index_get_entries_count(st);
    int64_t *at = n >= LEAST && st->time_base.num == 1 ? malloc((size_t)n * sizeof *at) : NULL;
    if (!at)
        return;
    for (int i = 0; i < n; i++)
        at[i] = avformat_index_get_entry(st, i)->timestamp;
    struct times t = {.at = at, .n = n, .numerator = 1, .denominator = st->time_base.den};
    if (measure(&t)) {
        put_extremes(o, &t);
        put_mode(o, is_even(&t) ? "cfr" : "vfr", "samples");
    }
    free(at);
}

/* Blocks have rounded times, some of them rounded twice, so that what differs by two ticks proves nothing. What was
 * seen of a file can prove that its rate varies, and only all of it that it does not. */
static void put_blocks(json_t *o, const struct frame_times *blocks, int64_t scale) {
    enum { ROUNDED = 2 };
    static const int64_t second = 1000000000;
    struct times t = {.at = blocks->at, .n = blocks->n, .numerator = scale, .denominator = second};
    if (scale > second || !measure(&t))
        return;
    if (is_even(&t)) {
        if (blocks->complete)
            put_mode(o, "cfr", "blocks");
        return;
    }
    if (t.longest - t.shortest <= ROUNDED)
        return;
    put_mode(o, "vfr", "blocks");
    if (blocks->complete)
        put_extremes(o, &t);
}

/* The same of the fragments that were seen: what does not vary in some may in others. */
static void put_pieces(json_t *o, AVStream *st, const struct frame_times *pieces) {
    struct times t = {.at = pieces->at, .n = pieces->n, .numerator = 1, .denominator = st->time_base.den};
    if (st->time_base.num != 1 || !measure(&t))
        return;
    int even = is_even(&t);
    if (even && !pieces->complete)
        return;
    put_mode(o, even ? "cfr" : "vfr", "samples");
    if (pieces->complete)
        put_extremes(o, &t);
}

void rate_facts(json_t *o, AVStream *st, const struct stream_extra *extra) {
    put_ratio(o, "avg_rate", st->avg_frame_rate);
    put_ratio(o, "r_rate", st->r_frame_rate);
    if (extra->sampled)
        put_sampled(o, st);
    else if (extra->times && extra->tick_ns == 0)
        put_pieces(o, st, extra->times);
    else if (extra->times)
        put_blocks(o, extra->times, extra->tick_ns);
}
