/* SPDX-License-Identifier: MIT */
/* Putting videos into a collection, taking them out, and moving them in it: each a change of the collection. */
#include "collections/collection_order.h"
#include "collections/collections.h"
#include "record/block.h"
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/videos.h"
#include <stdio.h>
#include <string.h>

struct membership {
    vidstore_session *session;
    struct vs_uuid collection, video, before;
    int has_before;
    int64_t place; /* where the video stands by now; 0: nowhere */
    int32_t added;
};

static int parse(struct membership *m, const char *id, const char *video_id, const char *before, vidstore_error **e) {
    int r = vs_uuid_parse(id, "id", &m->collection, e);
    if (!r)
        r = vs_uuid_parse(video_id, "video_id", &m->video, e);
    if (!r && before)
        r = vs_uuid_parse(before, "before", &m->before, e);
    m->has_before = before != NULL;
    return r;
}

/* The collection, when the actor may change it, and where the video stands in it. */
static int look(struct vs_conn *conn, struct membership *m, vidstore_error **e) {
    vs_autorecord *collection = NULL;
    int r = vs_crud_load_for(conn, m->session, &vs_collection_rules, &m->collection, 0, VS_UPDATE, &collection, e);
    if (!r)
        r = vs_member_find(conn, &m->collection, &m->video, &m->place, e);
    return r < 0 ? r : 0;
}

static int describe(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct membership *m = arg;
    char text[VS_UUID_TEXT + 8] = "video ";
    vs_uuid_format(&m->video, text + 6);
    c->description = vs_block_text(c->block, text, strlen(text));
    return c->description ? 0 : vs_fail_nomem(e);
}

static int record(struct vs_conn *conn, struct membership *m, int32_t action, vidstore_error **e) {
    return vs_crud_touch(conn, m->session, &vs_collection_noun, &m->collection, action, describe, m, NULL, e);
}

/* Only what the actor may see: else a collection would be a way to learn of it. */
static int check_video(struct vs_conn *conn, const struct membership *m, vidstore_error **e) {
    vs_autorecord *video = NULL;
    int r = vs_crud_load_for(conn, m->session, &vs_video_rules, &m->video, 0, VS_READ, &video, e);
    if (r != VIDSTORE_NOT_FOUND)
        return r;
    vs_error_clear(e);
    return vs_fail(e, r, "video_id", "no such video");
}

static const struct vs_uuid *before_of(const struct membership *m) {
    return m->has_before ? &m->before : NULL;
}

static int add_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct membership *m = arg;
    int64_t place = 0;
    m->added = 0;
    int r = look(conn, m, e);
    if (!r)
        r = check_video(conn, m, e);
    if (r || m->place)
        return r;
    r = vs_member_make(conn, &m->collection, before_of(m), 0, &place, e);
    if (!r)
        r = vs_member_add(conn, &m->collection, &m->video, place, e);
    if (!r)
        r = record(conn, m, VIDSTORE_AUDIT_COLLECTION_VIDEO_ADDED, e);
    m->added = !r;
    return r;
}

static int is_in(const struct membership *m, vidstore_error **e) {
    return m->place ? 0 : vs_fail(e, VIDSTORE_NOT_FOUND, "video_id", "the video is not in the collection");
}

static int drop_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct membership *m = arg;
    int r = look(conn, m, e);
    if (!r)
        r = is_in(m, e);
    if (!r)
        r = vs_member_drop(conn, &m->collection, &m->video, e);
    return r ? r : record(conn, m, VIDSTORE_AUDIT_COLLECTION_VIDEO_DROPPED, e);
}

static int move_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct membership *m = arg;
    int64_t place = 0;
    int r = look(conn, m, e);
    if (!r)
        r = is_in(m, e);
    if (!r)
        r = vs_member_make(conn, &m->collection, before_of(m), m->place, &place, e);
    if (!r) /* places may have been spread meanwhile */
        r = vs_member_find(conn, &m->collection, &m->video, &m->place, e);
    if (r < 0 || place == m->place)
        return r < 0 ? r : 0;
    r = vs_member_set(conn, &m->collection, &m->video, place, e);
    return r ? r : record(conn, m, VIDSTORE_AUDIT_COLLECTION_VIDEO_MOVED, e);
}

static int write(struct membership *m, vs_op *op, vidstore_error **e) {
    int r = vs_session_write(m->session, op, m, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(m->session, VIDSTORE_AUDIT_ACCESS_DENIED, "collection", &m->collection, NULL, r);
    return r;
}

vidstore_status vidstore_collection_video_add(vidstore_session *session, const char *id, const char *video_id,
                                              const char *before, int32_t *ret_added, vidstore_error **reterr) {
    VS_ENTER(session, ret_added, reterr);
    struct membership m = {.session = session};
    int r = parse(&m, id, video_id, before, reterr);
    if (!r)
        r = write(&m, add_op, reterr);
    *ret_added = r ? 0 : m.added;
    return r;
}

vidstore_status vidstore_collection_video_drop(vidstore_session *session, const char *id, const char *video_id,
                                               vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct membership m = {.session = session};
    int r = parse(&m, id, video_id, NULL, reterr);
    return r ? r : write(&m, drop_op, reterr);
}

vidstore_status vidstore_collection_video_move(vidstore_session *session, const char *id, const char *video_id,
                                               const char *before, vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct membership m = {.session = session};
    int r = parse(&m, id, video_id, before, reterr);
    return r ? r : write(&m, move_op, reterr);
}
