/* SPDX-License-Identifier: MIT */
#include "store/session.h"
#include <string.h>
#include "store/origin.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"

static int copy_actor(struct vs_actor *actor, const char *name, const struct vs_origin *origin, vidstore_error **e) {
    if (name && !(actor->name = vs_strdup(name)))
        return vs_fail_nomem(e);
    for (int i = 0; origin && i < VS_ORIGIN_FACTS; i++)
        if (origin->facts[i] && !(actor->origin[i] = vs_strdup(origin->facts[i])))
            return vs_fail_nomem(e);
    return 0;
}

int vs_session_new(struct vidstore *store, enum vs_actor_kind kind, const struct vs_uuid *user, int32_t role,
    const char *name, const vidstore_origin *origin, vidstore_session **ret, vidstore_error **e) {
    const struct vs_origin *from = NULL;
    int r = vs_origin_check(origin, &from, e);
    if (r)
        return r;
    vidstore_session *session = vs_calloc(1, sizeof *session);
    if (!session)
        return vs_fail_nomem(e);
    session->magic = VS_MAGIC_SESSION;
    atomic_init(&session->refs, 1);
    session->store = vs_store_ref(store);
    session->actor.kind = kind;
    session->actor.role = role;
    if (user)
        session->actor.user = *user;
    vs_uuid_format(&session->actor.user, session->user_id);
    r = copy_actor(&session->actor, name, from, e);
    if (r)
        vs_session_destroy(session);
    else
        *ret = session;
    return r;
}

static void forget_refusals(vidstore_session *session) {
    for (struct vs_refusal *at = session->refusals, *next; at; at = next) {
        next = at->next;
        vs_free(at);
    }
    session->refusals = NULL;
}

void vs_session_destroy(vidstore_session *session) {
    if (session->txn) {
        vs_txn_free(session->txn);
        session->txn = NULL;
    }
    vs_session_flush_refusals(session);
    forget_refusals(session);
    vs_free(session->actor.name);
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vs_free(session->actor.origin[i]);
    struct vidstore *store = session->store;
    session->magic = VS_MAGIC_FREED;
    session->fence = NULL;
    vs_session_unref(session);
    vs_store_unref(store);
}

vidstore_session *vs_session_ref(vidstore_session *session) {
    atomic_fetch_add_explicit(&session->refs, 1, memory_order_relaxed);
    return session;
}

void vs_session_unref(vidstore_session *session) {
    if (session && atomic_fetch_sub_explicit(&session->refs, 1, memory_order_acq_rel) == 1)
        vs_free(session);
}

vidstore_session *vs_session_lend(vidstore_session *session) {
    if (!session || atomic_exchange(&session->busy, 1))
        return NULL;
    if (session->magic == VS_MAGIC_SESSION)
        return session;
    atomic_store(&session->busy, 0);
    return NULL;
}

int vs_session_enter(vidstore_session *session, vidstore_error **e) {
    int r = vs_check_handle(session, VS_MAGIC_SESSION, "session", e);
    if (r)
        return r;
    if (vs_db_forked(session->store->db))
        return vs_fail(e, VIDSTORE_FORKED, "session", "the store was opened before fork(): open it again in the child");
    if (atomic_exchange(&session->busy, 1))
        return vs_fail(e, VIDSTORE_MISUSE, "session", "the session is in use by another thread");
    atomic_store(&session->interrupt, 0);
    return 0;
}

void vs_session_leave(vidstore_session **session) {
    atomic_store(&(*session)->busy, 0);
}

int vs_session_outside(const vidstore_session *session, vidstore_error **e) {
    if (!session->txn)
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_IN_TRANSACTION, "session",
        "this may take long and can't run inside a transaction");
}

struct vs_call vs_session_call(const vidstore_session *session) {
    int64_t ms = session->deadline_ms ? session->deadline_ms : session->store->options.deadline_ms;
    return (struct vs_call){ vs_mono_us() + ms * 1000, &session->interrupt };
}

static int in_txn(vidstore_session *session, vs_op *op, void *arg, int write, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    struct vs_conn *conn = NULL;
    int r = vs_txn_enter(session->txn, &call, write, &conn, e);
    if (r)
        return r;
    if (write && session->fence)
        r = session->fence(conn, session->fence_arg, e);
    if (!r)
        r = op(conn, arg, e);
    int left = vs_txn_leave(session->txn, r != 0, r ? NULL : e);
    return r ? r : left;
}

int vs_session_read(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    return session->txn ? in_txn(session, op, arg, 0, e) : vs_db_read(session->store->db, &call, op, arg, e);
}

struct fenced {
    vidstore_session *session;
    vs_op *op;
    void *arg;
};

static int fenced_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct fenced *f = arg;
    int r = f->session->fence(conn, f->session->fence_arg, e);
    return r ? r : f->op(conn, f->arg, e);
}

int vs_session_write(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    struct fenced fenced = { session, op, arg };
    if (session->txn)
        return in_txn(session, op, arg, 1, e);
    if (session->fence)
        return vs_db_write(session->store->db, &call, fenced_op, &fenced, e);
    return vs_db_write(session->store->db, &call, op, arg, e);
}

struct refusal_write {
    const struct vs_actor *actor;
    const struct vs_refusal *first;
};

static int refusal_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct refusal_write *w = arg;
    int r = 0;
    for (const struct vs_refusal *at = w->first; at && !r; at = at->next) {
        struct vs_event event = { .action = at->action, .noun = at->noun, .object = at->has_object ? &at->object : NULL,
            .owner = at->has_owner ? &at->owner : NULL, .failed = at->code };
        r = vs_trail_append(conn, w->actor, &event, e);
    }
    return r;
}

void vs_session_flush_refusals(vidstore_session *session) {
    if (!session->refusals || session->txn)
        return;
    struct vs_call call = vs_session_call(session);
    struct refusal_write w = { &session->actor, session->refusals };
    vs_db_write(session->store->db, &call, refusal_op, &w, NULL);
    forget_refusals(session);
}

void vs_session_refused(vidstore_session *session, int32_t action, const char *noun, const struct vs_uuid *object,
    const struct vs_uuid *owner, int code) {
    struct vs_refusal *refusal = vs_db_read_only(session->store->db) ? NULL : vs_calloc(1, sizeof *refusal);
    if (!refusal)
        return;
    refusal->action = action;
    refusal->code = code;
    strncpy(refusal->noun, noun, sizeof refusal->noun - 1);
    if (object) {
        refusal->object = *object;
        refusal->has_object = 1;
    }
    if (owner) {
        refusal->owner = *owner;
        refusal->has_owner = 1;
    }
    struct vs_refusal **end = &session->refusals;
    while (*end)
        end = &(*end)->next;
    *end = refusal;
    vs_session_flush_refusals(session);
}

int vs_session_may(vidstore_session *session, const char *noun, enum vs_verb verb, const struct vs_uuid *object,
    const struct vs_uuid *owner, int64_t access_level, vidstore_error **e) {
    int r = vs_policy_check(&session->actor, noun, verb, owner, access_level, e);
    if (r)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, noun, object, owner, r);
    return r;
}
