/* SPDX-License-Identifier: MIT */
/* Public calls on sessions that need no noun: system and anonymous sessions, transactions, interrupt. */
#include "store/session.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/utf8.h"
#include "vidstore/user.h"

enum { DEADLINE_MAX_MS = 86400000, NAME_MAX_BYTES = 100, SNAPSHOT_MS = 5000, SNAPSHOT_MAX_MS = 60000 };

static int begin_session(vidstore *store, vidstore_session ***ret, vidstore_session **unwanted, vidstore_error **e) {
    if (!*ret)
        *ret = unwanted;
    **ret = NULL;
    if (e)
        *e = NULL;
    return vs_store_check(store, e);
}

vidstore_status vidstore_session_system(vidstore *store, const char *name, vidstore_session **ret_session,
                                        vidstore_error **reterr) {
    vidstore_session *unwanted = NULL;
    int r = begin_session(store, &ret_session, &unwanted, reterr);
    if (!r)
        r = vs_check_text(name, "name", NAME_MAX_BYTES, reterr);
    if (!r && !*name)
        r = vs_fail(reterr, VIDSTORE_INVALID, "name", "name is empty");
    if (!r)
        r = vs_session_new(store, VS_ACTOR_SYSTEM, NULL, VIDSTORE_ROLE_ADMIN, name, NULL, ret_session, reterr);
    vidstore_session_free(unwanted);
    return r;
}

vidstore_status vidstore_session_anonymous(vidstore *store, const vidstore_origin *origin,
                                           vidstore_session **ret_session, vidstore_error **reterr) {
    vidstore_session *unwanted = NULL;
    int r = begin_session(store, &ret_session, &unwanted, reterr);
    if (!r)
        r = vs_session_new(store, VS_ACTOR_ANONYMOUS, NULL, VIDSTORE_ROLE_UNKNOWN, NULL, origin, ret_session, reterr);
    vidstore_session_free(unwanted);
    return r;
}

void vidstore_session_free(vidstore_session *session) {
    if (!session || session->magic != VS_MAGIC_SESSION || session->lease)
        return;
    vs_session_destroy(session);
}

const char *vidstore_session_user_id(const vidstore_session *session) {
    if (!session || session->magic != VS_MAGIC_SESSION || session->actor.kind == VS_ACTOR_ANONYMOUS)
        return NULL;
    return session->user_id;
}

int32_t vidstore_session_role(const vidstore_session *session) {
    return session && session->magic == VS_MAGIC_SESSION ? session->actor.role : VIDSTORE_ROLE_UNKNOWN;
}

vidstore_status vidstore_session_set_deadline(vidstore_session *session, int64_t deadline_ms, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (deadline_ms != INT64_MIN && (deadline_ms < 1 || deadline_ms > DEADLINE_MAX_MS))
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "deadline_ms",
                           "deadline_ms is not between 1 and %d", DEADLINE_MAX_MS);
    session->deadline_ms = deadline_ms == INT64_MIN ? 0 : deadline_ms;
    return 0;
}

void vidstore_interrupt(vidstore_session *session) {
    if (session && session->magic == VS_MAGIC_SESSION && atomic_load(&session->busy))
        atomic_store(&session->interrupt, 1);
}

vidstore_status vidstore_begin(vidstore_session *session, uint32_t flags, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (flags)
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    if (session->snap)
        return vs_fail_sub(reterr, VIDSTORE_STATE, VIDSTORE_SUB_IN_TRANSACTION, "session",
                           "a snapshot only reads: end it first");
    return session->txn ? vs_txn_nest(session->txn, reterr) : vs_session_begin(session, reterr);
}

int vs_session_begin(vidstore_session *session, vidstore_error **e) {
    struct vs_call call = vs_session_call(session);
    return vs_txn_begin(session->store->db, &call, session->store->options.txn_max_age_ms, &session->txn, e);
}

static int no_transaction(vidstore_error **e) {
    return vs_fail(e, VIDSTORE_STATE, "session", "no transaction is open");
}

static void tell_ended(vidstore_session *session, int committed) {
    if (session->txn_ended)
        session->txn_ended(session, committed);
}

static void end_transaction(vidstore_session *session, int committed) {
    vs_txn_free(session->txn);
    session->txn = NULL;
    tell_ended(session, committed);
    vs_settings_forget(&session->store->settings);
}

int vs_session_end(vidstore_session *session, int r, vidstore_error **e) {
    if (r)
        vs_txn_rollback(session->txn, NULL);
    else
        r = vs_txn_commit(session->txn, e);
    end_transaction(session, !r);
    return r;
}

vidstore_status vidstore_commit(vidstore_session *session, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (!session->txn)
        return no_transaction(reterr);
    int outermost = vs_txn_depth(session->txn) <= 1;
    int r = vs_txn_commit(session->txn, reterr);
    if (outermost)
        end_transaction(session, !r);
    else if (!r)
        tell_ended(session, 1);
    return r;
}

vidstore_status vidstore_rollback(vidstore_session *session, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (!session->txn)
        return no_transaction(reterr);
    int depth = vs_txn_depth(session->txn);
    int r = vs_txn_rollback(session->txn, reterr);
    if (depth <= 1)
        end_transaction(session, 0);
    else if (vs_txn_depth(session->txn) < depth)
        tell_ended(session, 0);
    return r;
}

/* --- snapshots --------------------------------------------------------------------------------------------------- */

vidstore_status vidstore_snapshot_begin(vidstore_session *session, int64_t max_age_ms, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (max_age_ms != INT64_MIN && (max_age_ms < 1 || max_age_ms > SNAPSHOT_MAX_MS))
        return vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_age_ms",
                           "max_age_ms is not between 1 and %d", SNAPSHOT_MAX_MS);
    if (session->txn || session->snap)
        return vs_fail_sub(reterr, VIDSTORE_STATE, VIDSTORE_SUB_IN_TRANSACTION, "session", "a %s is open already",
                           session->txn ? "transaction" : "snapshot");
    struct vs_call call = vs_session_call(session);
    return vs_snap_begin(session->store->db, &call, max_age_ms == INT64_MIN ? SNAPSHOT_MS : max_age_ms, &session->snap,
                         reterr);
}

vidstore_status vidstore_snapshot_end(vidstore_session *session, vidstore_error **reterr) {
    VS_ENTER_PLAIN(session, reterr);
    if (!session->snap)
        return vs_fail(reterr, VIDSTORE_STATE, "session", "no snapshot is open");
    vs_snap_free(session->snap);
    session->snap = NULL;
    return 0;
}
