/* SPDX-License-Identifier: MIT */
/* What the policy wants to know of a record, looked up in the operation that acts on it. */
#include "store/crud.h"
#include "store/crud_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"

enum { ID = 1, USER_ID = 2, DELETED = 8 };

static void bind_container(struct vs_stmt *s, int at, const struct vs_record *record, int32_t field,
                           struct vs_uuid *keep) {
    if (field && !vs_record_is_null(record, field)) {
        *keep = vs_record_uuid(record, field);
        vs_bind_uuid(s, at, keep);
    } else {
        vs_bind_null(s, at);
    }
}

/* What was granted to the actor; record NULL: the same look, at nothing. */
static int look_at_grants(struct vs_conn *conn, const vidstore_session *session, const struct vs_rules *rules,
                          const struct vs_record *record, struct vs_object *object, vidstore_error **e) {
    struct vs_uuid ids[3] = {{{0}}};
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_GRANT_REACH, &s, e);
    if (r)
        return r;
    if (record)
        ids[0] = vs_record_uuid(record, rules->noun->base + ID);
    vs_bind_uuid(s, 1, &session->actor.user);
    vs_bind_uuid(s, 2, &ids[0]);
    for (int i = 0; i < 2; i++)
        bind_container(s, 3 + i, record, record ? rules->reach->containers[i] : 0, &ids[1 + i]);
    vs_bind_int(s, 5, vs_now_us());
    r = vs_row(s, e);
    if (r < 0)
        return r;
    object->granted = vs_col_null(s, 0) ? 0 : vs_col_int(s, 0);
    object->denied = vs_col_null(s, 1) ? 0 : vs_col_int(s, 1);
    object->handed = !vs_col_null(s, 2) && vs_col_int(s, 2) == 1;
    return 0;
}

static void look_at_record(const vidstore_session *session, const struct vs_reach_fields *reach,
                           const struct vs_record *record, struct vs_object *object) {
    struct vs_uuid id = vs_record_uuid(record, record->noun->base + ID);
    object->level = reach->access_level ? vs_record_int(record, reach->access_level) : 0;
    object->expired = reach->expires && !vs_record_is_null(record, reach->expires) &&
                      vs_record_int(record, reach->expires) <= vs_now_us();
    object->held = reach->held && !vs_record_is_null(record, reach->held);
    object->linked = !vs_uuid_is_nil(&session->actor.opens) && vs_uuid_equal(&session->actor.opens, &id);
}

static int judge(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                 const struct vs_record *record, enum vs_verb verb, vidstore_error **e) {
    struct vs_uuid id = {{0}}, owner = {{0}};
    struct vs_object object = {.noun = rules->noun->name, .owner = &owner};
    int r = 0;
    if (record) {
        id = vs_record_uuid(record, rules->noun->base + ID);
        owner = vs_record_uuid(record, rules->noun->base + USER_ID);
        object.removed = vs_field_by_id(rules->noun, rules->noun->base + DELETED) &&
                         !vs_record_is_null(record, rules->noun->base + DELETED);
        if (rules->reach)
            look_at_record(session, rules->reach, record, &object);
        for (int i = 0; rules->reach && i < 2; i++)
            if (rules->reach->parties[i]) {
                struct vs_uuid party = vs_record_uuid(record, rules->reach->parties[i]);
                owner = vs_uuid_equal(&party, &session->actor.user) ? party : owner;
            }
    }
    if (vs_policy_is_shared(object.noun) && session->actor.kind != VS_ACTOR_ANONYMOUS &&
        !vs_policy_is_admin(&session->actor))
        r = look_at_grants(conn, session, rules, record, &object, e);
    if (r)
        return r;
    r = vs_policy_judge(&session->actor, &object, verb, e);
    if (r)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, rules->noun->name, record ? &id : NULL,
                           record ? &owner : NULL, r);
    return r;
}

int vs_crud_may(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                const struct vs_record *record, enum vs_verb verb, vidstore_error **e) {
    return judge(conn, session, rules, record, verb, e);
}

/* Who asks for what is not there, and who may not see what is, get the same answer after the same work: a look at
 * grants, and a refusal on record. */
static int not_there(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                     const struct vs_uuid *id, vidstore_error **e) {
    vs_autoerror vidstore_error *unused = NULL;
    struct vs_object none = {0};
    int r = 0;
    if (vs_policy_is_admin(&session->actor) || session->actor.kind == VS_ACTOR_WORKER)
        return VIDSTORE_NOT_FOUND;
    if (vs_policy_is_shared(rules->noun->name) && session->actor.kind != VS_ACTOR_ANONYMOUS)
        r = look_at_grants(conn, session, rules, NULL, &none, &unused);
    vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, rules->noun->name, id, NULL, VIDSTORE_NOT_FOUND);
    if (!r || !e)
        return r ? r : VIDSTORE_NOT_FOUND;
    vs_error_clear(e);
    *e = VS_TAKE(unused);
    return r;
}

int vs_crud_load_for(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                     const struct vs_uuid *id, int deleted, enum vs_verb verb, struct vs_record **ret,
                     vidstore_error **e) {
    vs_autorecord *record = NULL;
    int r = vs_crud_load(conn, rules->noun, id, deleted, &record, e);
    if (r == VIDSTORE_NOT_FOUND)
        return not_there(conn, session, rules, id, e);
    if (!r)
        r = vs_crud_may(conn, session, rules, record, verb, e);
    if (!r)
        *ret = VS_TAKE(record);
    return r;
}
