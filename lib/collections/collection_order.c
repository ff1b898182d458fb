/* SPDX-License-Identifier: MIT */
#include "collections/collection_order.h"
#include "db/bind.h"
#include "util/env.h"
#include "util/error.h"

#define GAP   (INT64_C(1) << 32) /* between neighbours, as long as nobody is put between them */
#define FIRST (INT64_C(1) << 62) /* as much room in front as behind */

int vs_member_find(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t *ret,
                   vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_COLLECTION_PLACE, &s, e, vs_id(video), vs_id(collection));
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : r == VS_ROW;
}

/* The last place below another one; 0: there is none. */
static int last_below(struct vs_conn *conn, const struct vs_uuid *collection, int64_t place, int64_t *ret,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_COLLECTION_PLACE_BEFORE, &s, e, vs_id(collection), vs_int(place));
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

int vs_members_turn(struct vs_conn *conn, const struct vs_uuid *collection, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_COLLECTION_TURN, &s, e, vs_id(collection));
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

/* A turn is not a count, but 31 bits by chance behind those of the turn before: after a rollback, or in a backup that
 * goes on, there may be another one in its place, and no cursor may take the one for the other. */
static int64_t name_of(int64_t turn) {
    return turn & INT32_MAX;
}

static int64_t name_before(int64_t turn) {
    return turn >> 31;
}

static int turn(struct vs_conn *conn, const struct vs_uuid *collection, vidstore_error **e) {
    int64_t before = 0;
    uint32_t chance = 0;
    int r = vs_members_turn(conn, collection, &before, e);
    if (!r && vs_random(&chance, sizeof chance))
        r = vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    if (r)
        return r;
    return vs_exec(conn, VS_STMT_COLLECTION_TURNED, NULL, e, vs_int(name_of(before) << 31 | name_of(chance)),
                   vs_id(collection));
}

/* Neighbours are a gap apart again. */
static int spread(struct vs_conn *conn, const struct vs_uuid *collection, vidstore_error **e) {
    int r = vs_exec(conn, VS_STMT_COLLECTION_PLACES_TURN, NULL, e, vs_id(collection));
    if (!r)
        r = vs_exec(conn, VS_STMT_COLLECTION_PLACES_SPREAD, NULL, e, vs_int(FIRST), vs_int(GAP), vs_id(collection));
    return r ? r : turn(conn, collection, e);
}

int vs_members_behind(struct vs_conn *conn, const struct vs_uuid *collection, int64_t of, int64_t now, int64_t *place,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    if (of == now)
        return 0;
    if (name_of(of) != name_before(now))
        return vs_fail(e, VIDSTORE_INVALID, "cursor",
                       "the collection has been put in order anew since that page: begin with the first one");
    int r = vs_ask(conn, VS_STMT_COLLECTION_PLACE_BY_NOW, &s, e, vs_id(collection), vs_int(*place));
    *place = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

/* Below what stands at `above`, and above what stands at `below`, if anything does (0). */
static int64_t room_between(int64_t below, int64_t above) {
    if (!below && above > GAP)
        return above - GAP;
    return above - below > 1 ? below + (above - below) / 2 : 0;
}

static int64_t room_behind(int64_t below) {
    if (!below)
        return FIRST;
    return below < INT64_MAX - GAP ? below + GAP : 0;
}

/* 0 when there is no room left. */
static int find_room(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *before, int64_t own,
                     int64_t *ret, vidstore_error **e) {
    int64_t above = INT64_MAX, below = 0;
    int r = before ? vs_member_find(conn, collection, before, &above, e) : 1;
    if (r == 0)
        return vs_fail(e, VIDSTORE_NOT_FOUND, "before", "before names no video of the collection");
    if (r > 0)
        r = last_below(conn, collection, above, &below, e);
    if (r < 0)
        return r;
    if (own && (own == below || own == above))
        *ret = own;
    else
        *ret = before ? room_between(below, above) : room_behind(below);
    return 0;
}

int vs_member_make(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *before, int64_t own,
                   int64_t *ret, vidstore_error **e) {
    int r = find_room(conn, collection, before, own, ret, e);
    if (r || *ret)
        return r;
    r = spread(conn, collection, e);
    return r ? r : find_room(conn, collection, before, 0, ret, e);
}

int vs_member_add(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t place,
                  vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_COLLECTION_SIZE, &s, e, vs_id(collection));
    if (r == VS_ROW && vs_col_int(s, 0) >= VS_COLLECTION_VIDEOS)
        return vs_fail(e, VIDSTORE_QUOTA, "id", "there are %d videos in it already", VS_COLLECTION_VIDEOS);
    return r < 0 ? r
                 : vs_exec(conn, VS_STMT_COLLECTION_VIDEO_ADD, NULL, e, vs_id(collection), vs_id(video), vs_int(place));
}

int vs_member_set(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video, int64_t place,
                  vidstore_error **e) {
    return vs_exec(conn, VS_STMT_COLLECTION_VIDEO_PLACE, NULL, e, vs_int(place), vs_id(video), vs_id(collection));
}

int vs_member_drop(struct vs_conn *conn, const struct vs_uuid *collection, const struct vs_uuid *video,
                   vidstore_error **e) {
    return vs_exec(conn, VS_STMT_COLLECTION_VIDEO_DROP, NULL, e, vs_id(video), vs_id(collection));
}
