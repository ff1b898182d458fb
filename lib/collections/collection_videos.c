/* SPDX-License-Identifier: MIT */
/* What stands in a collection, in its order, and in which collections a video stands: to each only what it may see. */
#include "collections/collection_order.h"
#include "collections/collections.h"
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/videos.h"
#include "vidstore/query.h"
#include <string.h>

struct listing {
    vidstore_session *session;
    const struct vs_rules *rules; /* of what is looked into, which the session must see */
    struct vs_uuid id;
    struct vs_compiled *query;
    struct vs_page *page;
};

/* A cursor belongs to one collection, or one video. */
static void add_to_digest(struct vs_compiled *c, const struct vs_uuid *id) {
    uint64_t half[2];
    memcpy(half, id->b, sizeof half);
    c->digest ^= half[0] ^ half[1];
}

static int narrow(const struct listing *l, const struct vs_query *q, vidstore_error **e) {
    struct vs_compiled *c = l->query;
    c->seal = l->session->store->seal;
    int r = vs_policy_narrow(&l->session->actor, c, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(l->session, VIDSTORE_AUDIT_ACCESS_DENIED, c->noun->name, NULL, NULL, r);
    add_to_digest(c, &l->id);
    return r || !q || !q->cursor ? r : vs_cursor_apply(c, q->cursor, e);
}

static int compile_videos(const struct listing *l, const struct vs_query *q, vidstore_error **e) {
    static const struct vs_field id = {0, "collection", "collection", VS_UUID, 0, 36, NULL};
    struct vs_compiled *c = l->query;
    char text[VS_UUID_TEXT];
    int r = vs_query_compile(q, &vs_video_noun, c, e);
    if (!r && q && (q->sort || q->search))
        r = vs_fail(e, VIDSTORE_UNSUPPORTED, q->sort ? "sort" : "search",
                    "a collection has an order of its own; list videos with the filter collection = ID instead");
    if (r)
        return r;
    c->place = "g_place";
    c->listing = VS_STMT_COLLECTION_VIDEO_LIST;
    c->ascending = c->near = c->indexed = 1;
    c->matched = 0;
    vs_uuid_format(&l->id, text);
    r = vs_compiled_and(c, "g_collection = ", &id, (struct vs_value){.text = text, .len = 36, .set = VS_VALUE_SET}, e);
    return r ? r : narrow(l, q, e);
}

static int compile_collections(const struct listing *l, const struct vs_query *q, vidstore_error **e) {
    int r = vs_query_compile(q, &vs_collection_noun, l->query, e);
    if (!r)
        r = vs_compiled_related(l->query, &vs_collection_noun.related[0], &l->id, e);
    l->query->indexed = 1;
    return r ? r : narrow(l, q, e);
}

/* The cursor's place was read before the places are, so it is looked up again each time that this runs. */
static int find_start(const struct listing *l, struct vs_conn *conn, vidstore_error **e) {
    struct vs_compiled *c = l->query;
    int64_t place = c->start.place;
    int r = vs_members_turn(conn, &l->id, &c->turn, e);
    if (r || !c->start.value)
        return r;
    r = vs_members_behind(conn, &l->id, c->start.turn, c->turn, &place, e);
    c->terms[c->start.value - 1].value.i = place;
    return r;
}

static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct listing *l = arg;
    vs_autorecord *container = NULL;
    vs_page_free(VS_TAKE(l->page));
    int r = vs_crud_load_for(conn, l->session, l->rules, &l->id, 0, VS_READ, &container, e);
    if (!r && l->query->place)
        r = find_start(l, conn, e);
    return r ? r : vs_compiled_page(l->query, conn, &l->page, e);
}

static int list(vidstore_session *session, const struct vs_rules *rules, const char *id,
                int (*compile)(const struct listing *l, const struct vs_query *q, vidstore_error **e),
                const vidstore_query *query, vidstore_page **ret, vidstore_error **e) {
    vs_autocompiled compiled = {0};
    struct listing l = {session, rules, {{0}}, &compiled, NULL};
    int r = vs_uuid_parse(id, "id", &l.id, e);
    if (!r)
        r = compile(&l, (const struct vs_query *)query, e);
    if (!r)
        r = vs_session_read(session, list_op, &l, e);
    if (r) {
        vs_page_free(l.page);
        return r;
    }
    for (int64_t i = 0; i < l.page->count; i++)
        vs_policy_hide(&session->actor, l.page->items[i].record);
    *ret = (vidstore_page *)l.page;
    return 0;
}

vidstore_status vidstore_collection_videos(vidstore_session *session, const char *id, const vidstore_query *query,
                                           vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = list(session, &vs_collection_rules, id, compile_videos, query, ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}

vidstore_status vidstore_video_collections(vidstore_session *session, const char *id, const vidstore_query *query,
                                           vidstore_page **ret_page, vidstore_error **reterr) {
    VS_ENTER(session, ret_page, reterr);
    int r = list(session, &vs_video_rules, id, compile_collections, query, ret_page, reterr);
    vidstore_page_free(vs_unwanted_);
    return r;
}
