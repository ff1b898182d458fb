/* SPDX-License-Identifier: MIT */
/* Reading the change feed for one session: what is asked for, what may be seen, from where on. */
#ifndef VS_STORE_WATCH_READING_H
#define VS_STORE_WATCH_READING_H

#include "store/session.h"
#include "store/watch_position.h"
#include "trail/feed.h"
#include "util/json.h"

enum { VS_WATCH_MAX = 1000 };

/* What is asked for. Immutable once it is made. */
struct vs_watch_filter {
    uint32_t nouns, kinds; /* bits, by their places in the tables; 0: any */
    int has_owner, has_object;
    struct vs_uuid owner, object;
    json_t *names; /* a list of texts; NULL: any, or none */
};
/* NULL: everything. INVALID names "filter" or the key. To be freed even then. */
int vs_watch_filter_make(const char *json, struct vs_watch_filter *ret, vidstore_error **e);
void vs_watch_filter_free(struct vs_watch_filter *filter);
int vs_watch_filter_match(const struct vs_watch_filter *filter, const struct vs_feed_entry *entry);

/* One reading: it starts after `seq`, and leaves there where it ended. */
struct vs_watch_reading {
    vidstore_session *session;
    const struct vs_watch_filter *filter;
    int64_t seq;
    uint32_t epoch;                   /* of seq */
    char position[VS_WATCH_POSITION]; /* seq and epoch as they are handed out */
    int64_t max;
    int guest;          /* something of another's was granted to the session's user */
    int more;           /* something is left that may be of interest */
    struct vs_buf json; /* the answer */
};
/* Gives seq and epoch their values by a position as it was handed out (NULL: now), and guest. INVALID or RESYNC. */
int vs_watch_locate(struct vs_watch_reading *reading, const char *position, vidstore_error **e);
/* Reads. RESYNC: seq and epoch stand at the end of the feed now. */
int vs_watch_read(struct vs_watch_reading *reading, vidstore_error **e);
/* Whether the session may follow the feed at all. */
int vs_watch_may(vidstore_session *session, vidstore_error **e);

#endif
