/* SPDX-License-Identifier: MIT */
/* The change feed: one entry for each change of each record, in the order of the commits. The schema's triggers write
 * it in the transaction of the change, and the writer's connection notices (vs_db_mark_changed); here it is read and
 * shortened. */
#ifndef VS_TRAIL_FEED_H
#define VS_TRAIL_FEED_H

#include "db/db.h"
#include "record/field.h"

enum vs_feed_kind {
    VS_FEED_CREATED = 10,
    VS_FEED_UPDATED = 20,
    VS_FEED_REMOVED = 30,
    VS_FEED_RESTORED = 40,
    VS_FEED_PURGED = 50,
    VS_FEED_STATE = 60,
    VS_FEED_PROGRESS = 70,
};
extern const struct vs_word vs_feed_kinds[];
extern const struct vs_word vs_job_states[]; /* here, because entries tell them */

enum { VS_FEED_NOUN = 16, VS_FEED_NAME = 129 };

struct vs_feed_entry {
    int64_t seq, at_us, version;
    int64_t state; /* of a job; INT64_MIN: none */
    int32_t kind;
    char noun[VS_FEED_NOUN];
    int8_t open;             /* of a file: 1 every user may see it, 0 not, -1 not known */
    int8_t twin;             /* it tells another user what the entry before it told its own */
    char name[VS_FEED_NAME]; /* of a setting or a host's table; "": none */
    struct vs_uuid object, owner;
};

/* Where the feed begins and ends: entries up to `floor` are gone, `last` is the newest position that was given out. */
struct vs_feed_span {
    int64_t floor, last;
    uint32_t epoch; /* positions of another epoch mean nothing here; 0: the store was never restored */
};
int vs_feed_span(struct vs_conn *conn, struct vs_feed_span *ret, vidstore_error **e);
/* At most `max` entries after a position, oldest first. */
int vs_feed_page(struct vs_conn *conn, int64_t after, int64_t max, struct vs_feed_entry *ret, int64_t *ret_count,
                 vidstore_error **e);
/* Of the oldest `limit` entries those that are older than before_us, or those past the newest `keep`: the position up
 * to which they reach, and how many they are. */
int vs_feed_old(struct vs_conn *conn, int64_t before_us, int64_t limit, int64_t *ret_upto, int64_t *ret_count,
                vidstore_error **e);
int vs_feed_surplus(struct vs_conn *conn, int64_t keep, int64_t limit, int64_t *ret_upto, int64_t *ret_count,
                    vidstore_error **e);
/* In a write: a host's table was changed. */
int vs_feed_app(struct vs_conn *conn, const char *table, vidstore_error **e);
/* In a write: forgets the entries up to a position. Who stands before it has to start anew. */
int vs_feed_prune(struct vs_conn *conn, int64_t upto, int64_t *ret_count, vidstore_error **e);
/* In a write: no position that was given out so far means anything from here on. */
int vs_feed_restart(struct vs_conn *conn, vidstore_error **e);

#endif
