/* SPDX-License-Identifier: MIT */
/* Transactions that a host holds open across calls, and the thread that ends those it forgets. */
#include "db/db_internal.h"

enum { DEFAULT_AGE_MS = 5000 };

/* --- the guard ------------------------------------------------------------------------------------------------ */

/* With the lock held; it is given up while the engine works. */
static void expire(struct vs_db *db, struct vs_txn *txn) {
    txn->state = VS_TXN_EXPIRED;
    db->gate.txn = NULL;
    db->gate.owner = pthread_self();
    db->gate.what = "the rollback of an expired transaction";
    pthread_mutex_unlock(&db->lock);
    vs_conn_end(db->writer, VIDSTORE_TXN_EXPIRED, NULL);
    vs_gate_give(db);
    pthread_mutex_lock(&db->lock);
}

static void *guard_run(void *arg) {
    struct vs_db *db = arg;
    pthread_mutex_lock(&db->lock);
    while (!db->guard_stop) {
        int awaits_call = 0;
        int64_t next = vs_snaps_expire(db, &awaits_call);
        struct vs_txn *txn = db->gate.txn;
        int late = txn && vs_mono_us() >= txn->expires_us;
        if (late && !txn->in_call) {
            expire(db, txn);
            continue;
        }
        db->guard_awaits_call = awaits_call || late;
        if (txn && !late)
            next = txn->expires_us < next ? txn->expires_us : next;
        db->guard_until_us = next;
        struct vs_call until = {.deadline_us = next};
        if (next == INT64_MAX)
            pthread_cond_wait(&db->guard_wake, &db->lock);
        else
            vs_wait(db, &db->guard_wake, &until);
    }
    pthread_mutex_unlock(&db->lock);
    return NULL;
}

int vs_guard_start(struct vs_db *db, vidstore_error **e) {
    pthread_mutex_lock(&db->lock);
    int err = db->guard_running || db->gate.closed ? 0 : vs_env()->thread_start(guard_run, db, &db->guard);
    if (!err && !db->gate.closed)
        db->guard_running = 1;
    pthread_mutex_unlock(&db->lock);
    return err ? vs_fail_errno(e, err, NULL, "start the thread that ends expired transactions") : 0;
}

/* Waking it for each transaction would cost more than many a transaction does. */
void vs_guard_expects(struct vs_db *db, int64_t expires_us) {
    if (expires_us < db->guard_until_us)
        pthread_cond_signal(&db->guard_wake);
}

void vs_guard_stop(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    int running = db->guard_running;
    db->guard_stop = 1;
    db->guard_running = 0;
    pthread_cond_broadcast(&db->guard_wake);
    pthread_mutex_unlock(&db->lock);
    if (running)
        pthread_join(db->guard, NULL);
}

/* --- begin and end -------------------------------------------------------------------------------------------- */

int vs_txn_begin(struct vs_db *db, const struct vs_call *call, int64_t max_age_ms, struct vs_txn **ret,
                 vidstore_error **e) {
    *ret = NULL;
    int rc = vs_db_may_write(db, e);
    if (!rc)
        rc = vs_guard_start(db, e);
    if (rc)
        return rc;
    struct vs_txn *txn = vs_calloc(1, sizeof *txn);
    if (!txn)
        return vs_fail_nomem(e);
    if (!(rc = vs_gate_take(db, call, "a transaction", e)) && (rc = vs_conn_begin(db->writer, 1, call, e)))
        vs_gate_give(db);
    if (rc) {
        vs_free(txn);
        return rc;
    }
    db->writer->call = NULL;
    vs_db_ref(db);
    txn->db = db;
    txn->depth = 1;
    txn->max_age_ms = max_age_ms > 0 ? max_age_ms : DEFAULT_AGE_MS;
    txn->expires_us = vs_mono_us() + txn->max_age_ms * 1000;
    pthread_mutex_lock(&db->lock);
    db->gate.txn = txn;
    vs_guard_expects(db, txn->expires_us);
    pthread_mutex_unlock(&db->lock);
    *ret = txn;
    return 0;
}

static int why_not(struct vs_txn *txn, enum vs_txn_state state, vidstore_error **e) {
    switch (state) {
    case VS_TXN_EXPIRED:
        return vs_fail(e, VIDSTORE_TXN_EXPIRED, NULL,
                       "the transaction was open for more than %lld ms and was rolled back",
                       (long long)txn->max_age_ms);
    case VS_TXN_ABORTED:
        return vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back by an earlier failure");
    default:
        return vs_fail(e, VIDSTORE_STATE, NULL, "the transaction has ended");
    }
}

/* Keeps the guard away and makes this thread the owner. */
static int claim(struct vs_txn *txn, vidstore_error **e) {
    struct vs_db *db = txn->db;
    int rc = vs_db_check(db, NULL, e);
    if (rc)
        return rc;
    pthread_mutex_lock(&db->lock);
    if (txn->state == VS_TXN_ACTIVE && !txn->in_call && vs_mono_us() >= txn->expires_us)
        expire(db, txn);
    enum vs_txn_state state = txn->state;
    int taken = txn->in_call;
    if (state == VS_TXN_ACTIVE && !taken) {
        txn->in_call = 1;
        db->gate.owner = pthread_self();
    }
    pthread_mutex_unlock(&db->lock);
    if (state != VS_TXN_ACTIVE)
        return why_not(txn, state, e);
    return taken ? vs_fail(e, VIDSTORE_MISUSE, NULL, "another call is inside this transaction") : 0;
}

static void unclaim(struct vs_txn *txn) {
    struct vs_db *db = txn->db;
    pthread_mutex_lock(&db->lock);
    txn->in_call = 0;
    if (db->guard_awaits_call) /* rarely: waking it at every call would cost more than the call */
        pthread_cond_signal(&db->guard_wake);
    pthread_mutex_unlock(&db->lock);
}

/* Ends the outermost level of a claimed transaction and gives the writer back. */
static int finish(struct vs_txn *txn, enum vs_txn_state state, int rc, vidstore_error **e) {
    struct vs_db *db = txn->db;
    rc = vs_conn_end(db->writer, rc, e);
    int news = vs_conn_has_news(db->writer, rc);
    if (!rc)
        vs_checkpoint_if_due(db);
    pthread_mutex_lock(&db->lock);
    txn->state = state;
    txn->in_call = 0;
    db->gate.txn = NULL;
    pthread_mutex_unlock(&db->lock);
    vs_gate_give(db);
    if (news)
        vs_listeners_wake(db);
    return rc;
}

/* After a failure of the engine: either the transaction is still there, or it is over for good. */
static int survive(struct vs_txn *txn, int rc) {
    vs_conn_check(txn->db->writer);
    if (txn->db->writer->state == VS_CONN_ABORTED)
        finish(txn, VS_TXN_ABORTED, rc, NULL);
    else
        unclaim(txn);
    return rc;
}

/* --- one call inside ------------------------------------------------------------------------------------------- */

int vs_txn_enter(struct vs_txn *txn, const struct vs_call *call, int savepoint, struct vs_conn **ret,
                 vidstore_error **e) {
    *ret = NULL;
    int rc = claim(txn, e);
    if (rc)
        return rc;
    struct vs_conn *conn = txn->db->writer;
    conn->call = call;
    if (savepoint && (rc = conn->drv->savepoint(conn, e)))
        return survive(txn, rc);
    txn->savepoint = savepoint;
    *ret = conn;
    return 0;
}

int vs_txn_leave(struct vs_txn *txn, int failed, vidstore_error **e) {
    struct vs_conn *conn = txn->db->writer;
    vs_conn_reset_all(conn);
    vs_conn_check(conn);
    conn->call = NULL;
    int rc = 0;
    if (conn->state != VS_CONN_ABORTED && txn->savepoint)
        rc = failed ? conn->drv->undo(conn, e) : conn->drv->release(conn, e);
    txn->savepoint = 0;
    vs_conn_check(conn);
    if (rc || conn->state == VS_CONN_ABORTED) {
        /* Without its savepoint the call can't be undone alone: then nothing of the transaction may stay. */
        finish(txn, VS_TXN_ABORTED, VIDSTORE_ABORTED, NULL);
        return why_not(txn, VS_TXN_ABORTED, e);
    }
    if (vs_mono_us() >= txn->expires_us) {
        finish(txn, VS_TXN_EXPIRED, VIDSTORE_TXN_EXPIRED, NULL);
        return why_not(txn, VS_TXN_EXPIRED, e);
    }
    unclaim(txn);
    return 0;
}

int vs_txn_nest(struct vs_txn *txn, vidstore_error **e) {
    int rc = claim(txn, e);
    if (rc)
        return rc;
    rc = txn->db->drv->savepoint(txn->db->writer, e);
    if (rc)
        return survive(txn, rc);
    txn->depth++;
    unclaim(txn);
    return 0;
}

int vs_txn_depth(const struct vs_txn *txn) {
    return txn->depth;
}

static int end_outermost(struct vs_txn *txn, int keep, vidstore_error **e) {
    int rc = claim(txn, e);
    if (rc)
        return rc;
    rc = finish(txn, VS_TXN_ENDED, keep ? 0 : VIDSTORE_CANCELLED, keep ? e : NULL);
    return keep ? rc : 0;
}

static int release_inner(struct vs_txn *txn, vidstore_error **e) {
    int rc = claim(txn, e);
    if (rc)
        return rc;
    if ((rc = txn->db->drv->release(txn->db->writer, e)))
        return survive(txn, rc);
    txn->depth--;
    unclaim(txn);
    return 0;
}

/* The levels of a transaction that is lost are counted down like any other's: the host ends each that it began, and
 * until it has ended the last one nothing it writes may stand alone. */
static int undo_inner(struct vs_txn *txn, vidstore_error **e) {
    int rc = claim(txn, e);
    if (rc == VIDSTORE_TXN_EXPIRED || rc == VIDSTORE_ABORTED)
        txn->depth--;
    if (rc)
        return rc;
    txn->depth--;
    if ((rc = txn->db->drv->undo(txn->db->writer, e))) /* what can't be undone alone may not stay */
        finish(txn, VS_TXN_ABORTED, VIDSTORE_ABORTED, NULL);
    else
        unclaim(txn);
    return rc;
}

int vs_txn_commit(struct vs_txn *txn, vidstore_error **e) {
    return txn->depth > 1 ? release_inner(txn, e) : end_outermost(txn, 1, e);
}

int vs_txn_rollback(struct vs_txn *txn, vidstore_error **e) {
    return txn->depth > 1 ? undo_inner(txn, e) : end_outermost(txn, 0, e);
}

void vs_txn_free(struct vs_txn *txn) {
    if (!txn || vs_db_forked(txn->db))
        return;
    struct vs_db *db = txn->db;
    if (claim(txn, NULL) == 0)
        finish(txn, VS_TXN_ENDED, VIDSTORE_CANCELLED, NULL);
    vs_free(txn);
    vs_db_unref(db);
}
