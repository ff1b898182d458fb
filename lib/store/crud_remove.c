/* SPDX-License-Identifier: MIT */
/* Removing, restoring and purging one record. What one removal took carries one removal id. */
#include "db/bind.h"
#include "record/search.h"
#include "store/crud.h"
#include "store/crud_internal.h"
#include "util/alloc.h"
#include "util/error.h"

enum { VERSION = 5, UPDATED = 4, DELETED = 8, REMOVAL = 9 };

struct removal {
    vidstore_session *session;
    const struct vs_rules *rules;
    struct vs_uuid id;
    int32_t mode;
    struct vs_record *result;
};

/* Loads the record and readies the change, with the actor's right to do it checked. */
static int begin(struct removal *w, struct vs_conn *conn, enum vs_verb verb, int32_t action, struct vs_record **old,
                 struct vs_change *c, vidstore_error **e) {
    const struct vs_noun *noun = w->rules->noun;
    *c = (struct vs_change){.action = action, .mode = w->mode};
    int r = vs_crud_load_for(conn, w->session, w->rules, &w->id, verb != VS_REMOVE, verb, old, e);
    if (r)
        return r;
    r = vs_change_begin(c, conn, w->session, noun, *old, e);
    if (!r && verb != VS_REMOVE && vs_record_is_null(*old, noun->base + DELETED))
        r = vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_TRANSITION, "id", "the %s is not removed", noun->name);
    return r;
}

static int mark(struct vs_change *c, int64_t deleted_us, const struct vs_uuid *removal, vidstore_error **e) {
    int32_t base = c->noun->base;
    vs_change_set_int(c, base + DELETED, deleted_us);
    vs_change_set_int(c, base + UPDATED, c->now_us);
    vs_change_set_int(c, base + VERSION, vs_record_int(c->old, base + VERSION) + 1);
    return vs_change_set_uuid(c, base + REMOVAL, removal, e);
}

/* What hangs on an object may be hidden from whom the object was shared with, so it is not his to touch. */
static int check_mode(const struct vs_change *c, vidstore_error **e) {
    if (c->mode == VIDSTORE_REMOVE_RESTRICT || vs_policy_is_admin(&c->session->actor) ||
        vs_uuid_equal(&c->owner, &c->session->actor.user))
        return 0;
    return vs_fail(e, VIDSTORE_FORBIDDEN, "mode", "only the owner may touch what hangs on the %s", c->noun->name);
}

/* Nothing that is on legal hold went along. */
static int check_held(const struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = c->mode == VIDSTORE_REMOVE_CASCADE ? vs_stmt(c->conn, VS_STMT_GRANT_HELD_REMOVED, &s, e) : 0;
    if (r || !s)
        return r;
    vs_bind_uuid(s, 1, &c->removal);
    r = vs_row(s, e);
    if (r == VS_ROW)
        return vs_fail_sub(e, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_HELD, "id",
                           "a file of the %s is on legal hold: nobody may remove it", c->noun->name);
    return r;
}

/* What he can't remove by itself he can't remove along with what it hangs on, nor cut off whose tie he can't change. */
static int refuse_denied(const struct vs_change *c, int found, vidstore_error **e) {
    return found == VS_ROW ? vs_fail(e, VIDSTORE_FORBIDDEN, "mode", "something that hangs on the %s is not yours to %s",
                                     c->noun->name, c->mode == VIDSTORE_REMOVE_CASCADE ? "remove" : "change")
                           : found;
}

static int check_cut_off(const struct vs_change *c, vidstore_error **e) {
    const struct vs_actor *actor = &c->session->actor;
    vs_autostmt *s = NULL;
    if (c->mode != VIDSTORE_REMOVE_DETACH || vs_policy_is_admin(actor))
        return 0;
    int r = vs_ask(c->conn, VS_STMT_GRANT_DENIED_BELOW, &s, e, vs_id(&actor->user), vs_int(VS_REACH_WRITE),
                   vs_int(c->now_us), vs_id(&c->id));
    return refuse_denied(c, r, e);
}

static int check_gone_along(const struct vs_change *c, vidstore_error **e) {
    const struct vs_actor *actor = &c->session->actor;
    vs_autostmt *s = NULL;
    if (c->mode != VIDSTORE_REMOVE_CASCADE || vs_policy_is_admin(actor))
        return 0;
    int r = vs_ask(c->conn, VS_STMT_GRANT_DENIED_REMOVED, &s, e, vs_id(&actor->user), vs_int(c->now_us),
                   vs_id(&c->removal));
    return refuse_denied(c, r, e);
}

static int remove_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct removal *w = arg;
    struct vs_change c;
    vs_autorecord *old = NULL;
    int r = begin(w, conn, VS_REMOVE, w->rules->removed, &old, &c, e);
    if (!r)
        r = check_mode(&c, e);
    if (!r)
        r = check_cut_off(&c, e);
    if (!r)
        r = vs_uuid_make(&c.removal, e);
    if (!r && w->rules->remove)
        r = w->rules->remove(&c, e);
    if (!r)
        r = check_held(&c, e);
    if (!r)
        r = check_gone_along(&c, e);
    if (!r)
        r = mark(&c, c.now_us, &c.removal, e);
    if (!r)
        r = vs_change_write(&c, e);
    if (!r)
        r = vs_change_audit(&c, NULL, e);
    vs_change_end(&c);
    return r;
}

static int restore_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct removal *w = arg;
    struct vs_change c;
    vs_autorecord *old = NULL;
    vs_record_free(VS_TAKE(w->result)); /* of a run that was not committed */
    int r = begin(w, conn, VS_RESTORE, w->rules->restored, &old, &c, e);
    if (!r) {
        c.removal = vs_record_uuid(old, c.noun->base + REMOVAL);
        r = mark(&c, INT64_MIN, NULL, e);
    }
    if (!r)
        r = vs_change_write(&c, e);
    if (!r && w->rules->restore)
        r = w->rules->restore(&c, e);
    if (!r)
        r = vs_change_audit(&c, NULL, e);
    if (!r)
        r = vs_record_new(c.noun, old->seq, c.values, &w->result, e);
    vs_change_end(&c);
    return r;
}

static int end_row(struct vs_change *c, const struct vs_rules *rules, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = rules->purge ? rules->purge(c, e) : 0;
    if (!r)
        r = vs_stmt(c->conn, c->noun->stmt.purge, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &c->id);
    r = vs_run(s, NULL, e);
    return r ? r : vs_search_drop(c->conn, c->noun, c->old->seq, e);
}

int vs_crud_purge_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                     const struct vs_uuid *id, vidstore_error **e) {
    struct vs_change c = {.action = 0};
    vs_autorecord *old = NULL;
    int r = vs_crud_load(conn, rules->noun, id, 1, &old, e);
    if (r)
        return r;
    r = vs_change_begin(&c, conn, session, rules->noun, old, e);
    if (!r)
        r = end_row(&c, rules, e);
    vs_change_end(&c);
    return r;
}

static int purge_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct removal *w = arg;
    struct vs_change c;
    vs_autorecord *old = NULL;
    int r = begin(w, conn, VS_PURGE, w->rules->purged, &old, &c, e);
    if (!r)
        r = end_row(&c, w->rules, e);
    if (!r)
        r = vs_change_audit(&c, NULL, e);
    vs_change_end(&c);
    return r;
}

static int run(struct removal *w, const char *id, vs_op *op, vidstore_error **e) {
    int r = vs_uuid_parse(id, "id", &w->id, e);
    if (!r)
        r = vs_session_write(w->session, op, w, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(w->session, VIDSTORE_AUDIT_ACCESS_DENIED, w->rules->noun->name, &w->id, NULL, r);
    return r;
}

int vs_crud_remove(vidstore_session *session, const struct vs_rules *rules, const char *id, int32_t mode,
                   vidstore_error **e) {
    struct removal w = {session, rules, {{0}}, mode, NULL};
    if (mode < VIDSTORE_REMOVE_RESTRICT || mode > VIDSTORE_REMOVE_DETACH)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "mode",
                           "mode is none of restrict, cascade and detach");
    int r = run(&w, id, remove_op, e);
    if (!r && rules->after_remove && !session->txn)
        rules->after_remove(session);
    return r;
}

int vs_crud_restore(vidstore_session *session, const struct vs_rules *rules, const char *id, struct vs_record **ret,
                    vidstore_error **e) {
    struct removal w = {session, rules, {{0}}, 0, NULL};
    int r = run(&w, id, restore_op, e);
    if (r)
        vs_record_free(w.result);
    else
        *ret = w.result;
    return r;
}

int vs_crud_purge(vidstore_session *session, const struct vs_rules *rules, const char *id, vidstore_error **e) {
    struct removal w = {session, rules, {{0}}, 0, NULL};
    return run(&w, id, purge_op, e);
}
