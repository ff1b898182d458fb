/* SPDX-License-Identifier: MIT */
#include "store/watch_rights.h"
#include "db/bind.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

int vs_watch_is_guest(struct vs_conn *conn, const vidstore_session *session, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = 0;
    if (session->actor.kind == VS_ACTOR_ANONYMOUS || vs_policy_is_admin(&session->actor))
        return 0;
    int r = vs_ask(conn, VS_STMT_FEED_GUEST, &s, e, vs_id(&session->actor.user));
    *ret = r == VS_ROW;
    return r < 0 ? r : 0;
}

/* The record as it is now, and what it hangs on; VS_DONE when it is gone for good, and all grants with it. */
static int look_at_record(struct vs_conn *conn, const struct vs_feed_entry *entry, struct vs_object *object,
                          struct vs_uuid containers[2], vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn,
                    strcmp(entry->noun, "file") == 0    ? VS_STMT_FEED_FILE
                    : strcmp(entry->noun, "video") == 0 ? VS_STMT_FEED_VIDEO
                                                        : VS_STMT_FEED_JOB,
                    &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &entry->object);
    r = vs_row(s, e);
    if (r != VS_ROW)
        return r;
    object->removed = !vs_col_null(s, 0) && entry->kind != VS_FEED_REMOVED;
    object->level = vs_col_int(s, 1);
    object->expired = !vs_col_null(s, 2) && vs_col_int(s, 2) <= vs_now_us();
    vs_col_uuid(s, 3, &containers[0]);
    vs_col_uuid(s, 4, &containers[1]);
    return VS_ROW;
}

static int look_at_grants(struct vs_conn *conn, const vidstore_session *session, const struct vs_feed_entry *entry,
                          const struct vs_uuid containers[2], struct vs_object *object, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_GRANT_REACH, &s, e, vs_id(&session->actor.user), vs_id(&entry->object));
    if (r)
        return r;
    for (int i = 0; i < 2; i++)
        vs_bind_uuid(s, 3 + i, vs_uuid_is_nil(&containers[i]) ? NULL : &containers[i]);
    vs_bind_int(s, 5, vs_now_us());
    r = vs_row(s, e);
    if (r == VS_ROW) {
        object->granted = vs_col_null(s, 0) ? 0 : vs_col_int(s, 0);
        object->denied = vs_col_null(s, 1) ? 0 : vs_col_int(s, 1);
    }
    return r < 0 ? r : 0;
}

int vs_watch_may_see(struct vs_conn *conn, const vidstore_session *session, const struct vs_feed_entry *entry,
                     int guest, int *ret, vidstore_error **e) {
    const struct vs_actor *actor = &session->actor;
    struct vs_object object = {.noun = entry->noun, .owner = &entry->owner};
    struct vs_uuid containers[2] = {{{0}}};
    *ret = !(entry->twin && vs_policy_is_admin(actor)) && vs_policy_decide(actor, &object, VS_LIST) == VS_ALLOW;
    int others = !*ret && !entry->twin && vs_policy_is_shared(entry->noun);
    if (!others || (!guest && !entry->open) || (!guest && strcmp(entry->noun, "file") != 0))
        return 0;
    int r = look_at_record(conn, entry, &object, containers, e);
    if (r == VS_ROW)
        r = look_at_grants(conn, session, entry, containers, &object, e);
    else if (r == VS_DONE)
        return 0;
    *ret = !r && vs_policy_decide(actor, &object, VS_LIST) == VS_ALLOW;
    return r;
}
