/* SPDX-License-Identifier: MIT */
#include "store/session.h"
#include "store/origin.h"
#include "store/standing.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include <string.h>

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

/* The texts of an actor whose other members are copied already. */
static int dup_actor(struct vs_actor *to, const struct vs_actor *from, vidstore_error **e) {
    if (from->name && !(to->name = vs_strdup(from->name)))
        return vs_fail_nomem(e);
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        if (from->origin[i] && !(to->origin[i] = vs_strdup(from->origin[i])))
            return vs_fail_nomem(e);
    return 0;
}

int vs_session_copy(const vidstore_session *session, vidstore_session **ret, vidstore_error **e) {
    vidstore_session *copy = vs_calloc(1, sizeof *copy);
    if (!copy)
        return vs_fail_nomem(e);
    copy->magic = VS_MAGIC_SESSION;
    atomic_init(&copy->refs, 1);
    copy->store = vs_store_ref(session->store);
    copy->actor = session->actor;
    copy->actor.name = NULL;
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        copy->actor.origin[i] = NULL;
    copy->deadline_ms = session->deadline_ms;
    copy->credential = session->credential;
    copy->claimer = session->claimer;
    memcpy(copy->user_id, session->user_id, sizeof copy->user_id);
    memcpy(copy->login_id, session->login_id, sizeof copy->login_id);
    memcpy(copy->file_id, session->file_id, sizeof copy->file_id);
    copy->fence = session->fence;
    copy->fence_arg = session->fence_arg;
    copy->fence_ref = session->fence_ref;
    copy->fence_owned = session->fence_ref != NULL;
    if (copy->fence_owned)
        copy->fence_ref(copy->fence_arg, 1);
    int r = dup_actor(&copy->actor, &session->actor, e);
    if (r)
        vs_session_destroy(copy);
    else
        *ret = copy;
    return r;
}

void vs_session_doom(vidstore_session *session) {
    atomic_store(&session->doomed, 1);
    atomic_store(&session->interrupt, 1);
}

void vs_session_destroy(vidstore_session *session) {
    if (session->txn) {
        vs_txn_free(session->txn);
        session->txn = NULL;
    }
    vs_snap_free(session->snap);
    vs_free(session->actor.name);
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vs_free(session->actor.origin[i]);
    struct vidstore *store = session->store;
    session->magic = VS_MAGIC_FREED;
    session->fence = NULL;
    if (session->fence_owned)
        session->fence_ref(session->fence_arg, -1);
    vs_session_unref(session);
    vs_store_unref(store);
}

vidstore_session *vs_session_ref(vidstore_session *session) {
    atomic_fetch_add_explicit(&session->refs, 1, memory_order_relaxed);
    return session;
}

void vs_session_unref(vidstore_session *session) {
    if (session && atomic_fetch_sub_explicit(&session->refs, 1, memory_order_acq_rel) == 1)
        vs_quarantine(session, sizeof *session);
}

/* What interrupted an earlier call is no matter to this one. */
static void begin_uninterrupted(vidstore_session *session) {
    atomic_store(&session->interrupt, 0);
    if (atomic_load(&session->doomed)) /* in this order: a cancel between the two is not lost */
        atomic_store(&session->interrupt, 1);
}

vidstore_session *vs_session_lend(vidstore_session *session) {
    if (!session || atomic_exchange(&session->busy, 1))
        return NULL;
    if (session->magic == VS_MAGIC_SESSION) {
        begin_uninterrupted(session);
        return session;
    }
    atomic_store(&session->busy, 0);
    return NULL;
}

int vs_session_enter(vidstore_session *session, vidstore_error **e) {
    int r = vs_check_handle(session, VS_MAGIC_SESSION, "session", e);
    if (!r)
        r = vs_db_check(session->store->db, "session", e);
    if (r)
        return r;
    if (atomic_exchange(&session->busy, 1))
        return vs_fail(e, VIDSTORE_MISUSE, "session", "the session is in use by another thread");
    begin_uninterrupted(session);
    session->noted.action = 0;
    return 0;
}

int vs_session_outside(const vidstore_session *session, vidstore_error **e) {
    if (!session->txn && !session->snap)
        return 0;
    return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_IN_TRANSACTION, "session",
                       "this may take long and can't run inside a %s", session->txn ? "transaction" : "snapshot");
}

struct vs_call vs_session_call(const vidstore_session *session) {
    int64_t ms = session->deadline_ms ? session->deadline_ms : session->store->options.deadline_ms;
    return (struct vs_call){.deadline_us = vs_mono_us() + ms * 1000,
                            .interrupt = &session->interrupt,
                            .what = session->doing,
                            .alone = session->bulk};
}

int64_t vs_session_limit_us(const vidstore_session *session) {
    return session->deadline_ms ? vs_mono_us() + session->deadline_ms * 1000 : 0;
}

int vs_session_standing(vidstore_session *session, vidstore_error **e) {
    return vs_standing_look(session, e);
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

static int in_snapshot(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    struct vs_conn *conn = NULL;
    int r = vs_snap_enter(session->snap, &call, &conn, e);
    if (r)
        return r;
    r = op(conn, arg, e);
    int left = vs_snap_leave(session->snap, r ? NULL : e);
    return r ? r : left;
}

int vs_session_read(vidstore_session *session, vs_op *op, void *arg, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    if (session->snap)
        return in_snapshot(session, op, arg, e);
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
    atomic_fetch_add_explicit(&session->store->writes, 1, memory_order_relaxed);
    struct fenced fenced = {session, op, arg};
    if (session->snap)
        return vs_fail_sub(e, VIDSTORE_STATE, VIDSTORE_SUB_IN_TRANSACTION, "session",
                           "a snapshot only reads: end it first");
    if (session->txn)
        return in_txn(session, op, arg, 1, e);
    int r = session->fence ? vs_db_write(session->store->db, &call, fenced_op, &fenced, e)
                           : vs_db_write(session->store->db, &call, op, arg, e);
    session->wrote |= !r;
    return r;
}

/* --- refusals ------------------------------------------------------------------------------------------------- */

static const int64_t SETTLE_US = 500000; /* what is not written by then is read later */

void vs_session_refused(vidstore_session *session, int32_t action, const char *noun, const struct vs_uuid *object,
                        const struct vs_uuid *owner, int code) {
    struct vs_refusal *noted = &session->noted;
    if (!noted->action) {
        *noted = (struct vs_refusal){.action = action, .code = code};
        strncpy(noted->noun, noun, sizeof noted->noun - 1);
    }
    if (object && !noted->has_object) {
        noted->object = *object;
        noted->has_object = 1;
    }
    if (owner && !noted->has_owner) {
        noted->owner = *owner;
        noted->has_owner = 1;
    }
}

/* At the end of a call. A read that is refused is still a read: it does not wait for the writer. */
static void record_noted(vidstore_session *session) {
    struct vs_refusal refusal = session->noted;
    session->noted.action = 0;
    if (!refusal.action || !vs_refusals_note(session->store, &session->actor, &refusal) || session->txn)
        return;
    struct vs_call call = vs_session_call(session);
    vs_refusals_flush(session->store, &call, 0);
}

void vs_session_settle_refusals(vidstore_session *session) {
    struct vs_call call = vs_session_call(session);
    int64_t latest = vs_mono_us() + SETTLE_US;
    call.deadline_us = call.deadline_us < latest ? call.deadline_us : latest;
    if (!session->txn && !session->snap)
        vs_refusals_flush(session->store, &call, vs_policy_is_trusted(&session->actor));
}

void vs_session_leave(vidstore_session **session) {
    record_noted(*session);
    if (!(*session)->txn)
        vs_store_checkpoint_if_due((*session)->store);
    atomic_store(&(*session)->busy, 0);
}

int vs_session_may(vidstore_session *session, const char *noun, enum vs_verb verb, const struct vs_uuid *object,
                   const struct vs_uuid *owner, int64_t access_level, vidstore_error **e) {
    int r = vs_policy_check(&session->actor, noun, verb, owner, access_level, e);
    if (r)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, noun, object, owner, r);
    return r;
}
