/* SPDX-License-Identifier: MIT */
/* Where videos stand in a collection. Called in a write. */
#ifndef VS_COLLECTIONS_COLLECTION_ORDER_H
#define VS_COLLECTIONS_COLLECTION_ORDER_H

#include "db/db.h"
#include "util/uuid.h"

enum { VS_COLLECTION_VIDEOS = 10000 };

/* The place of a video: 1, or 0 when it is not in the collection. */
int vs_member_find(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t *ret,
                   vidstore_error **e);
/* Which numbering the places of a collection have by now. */
int vs_members_turn(struct vs_conn *conn, const struct vs_uuid *collection, int64_t *ret, vidstore_error **e);
/* Where a list goes on in the numbering of now that ended on a place of another: those that stayed where they were
 * stand in front of it and behind it as they did. INVALID (cursor) when that is not the numbering before, since nothing
 * is known of others. */
int vs_members_behind(struct vs_conn *conn, const struct vs_uuid *collection, int64_t of, int64_t now, int64_t *place,
                      vidstore_error **e);
/* A free place before a video that is there, or after all (before NULL), for a video that stands on `own` by now (0:
 * nowhere); that place when it is the right one. NOT_FOUND names `before`. */
int vs_member_make(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *before, int64_t own,
                   int64_t *ret, vidstore_error **e);
/* Puts a video on a place. QUOTA. */
int vs_member_add(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t place,
                  vidstore_error **e);
int vs_member_set(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t place,
                  vidstore_error **e);
int vs_member_drop(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video,
                   vidstore_error **e);

#endif
