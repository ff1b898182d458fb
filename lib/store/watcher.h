/* SPDX-License-Identifier: MIT */
/* The watcher: one thread a store, started with the first who wants to know of changes, that notices commits of this
 * process (it is told) and of others (it watches the log, and looks), reads the new entries of the feed once for all,
 * and wakes those whom they concern. While nobody wants to know it sleeps. */
#ifndef VS_STORE_WATCHER_H
#define VS_STORE_WATCHER_H

#include "store/watch_reading.h"

struct vs_watcher;

/* Somebody who is told through a pipe. All but the filter is the watcher's, under its lock. */
struct vs_watch_post {
    const struct vs_watch_filter *filter;
    struct vs_uuid only; /* of entries of this owner, unless `all`, and of those that anybody may see */
    int all;
    int guest;     /* and of what may have been granted */
    int signalled; /* a byte stands in the pipe */
    int pipe[2];   /* reading end, writing end; neither blocks */
    struct vs_watch_post *next;
};

/* The store's watcher, started when it does not run yet. */
int vs_watcher_of(struct vidstore *store, struct vs_watcher **ret, vidstore_error **e);
/* From here on the post is told of entries after `seen`, which was the newest a moment ago. */
void vs_watcher_join(struct vs_watcher *w, struct vs_watch_post *post, int64_t seen);
void vs_watcher_part(struct vs_watcher *w, struct vs_watch_post *post);
/* Makes the pipe readable, or not. */
void vs_watcher_signal(struct vs_watcher *w, struct vs_watch_post *post, int on);
/* From now on only entries of this owner, or all. */
void vs_watcher_narrow(struct vs_watcher *w, struct vs_watch_post *post, const struct vs_uuid *only, int all);
/* Something was granted to the post's user. It stays so: whoever takes it back tells nobody in vain for long. */
void vs_watcher_invite(struct vs_watcher *w, struct vs_watch_post *post);

/* For those who wait for a job: a turn changes whenever one may have become ready, or has ended. Between begin and end
 * the watcher is awake. */
enum vs_turn { VS_TURN_READY, VS_TURN_ENDED, VS_TURNS };
int vs_watcher_turns_begin(struct vs_watcher *w, enum vs_turn which, uint64_t *ret_turn, vidstore_error **e);
void vs_watcher_turns_end(struct vs_watcher *w);
/* Waits until the turn is not *turn any more (and gives the new one), or until a monotonic time: 1 or 0. */
int vs_watcher_turn_wait(struct vs_watcher *w, enum vs_turn which, uint64_t *turn, int64_t until_us);

#endif
