/* SPDX-License-Identifier: MIT */
/* Snapshots: read transactions that a host holds across calls, on a connection of their own. */
#include "db/db_internal.h"
#include <unistd.h>

enum { SNAPS_MAX = 64, SPARE_MAX = 4 };

/* --- connections ---------------------------------------------------------------------------------------------------
 */

static struct vs_conn *take_spare(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    struct vs_conn *conn = db->spare;
    if (conn) {
        db->spare = conn->next;
        db->spares--;
        conn->next = NULL;
    }
    pthread_mutex_unlock(&db->lock);
    return conn;
}

/* Ends its transaction. One that could not would hold an old snapshot for ever. */
static void give_back(struct vs_db *db, struct vs_conn *conn) {
    vs_conn_end(conn, 0, NULL);
    int whole = !conn->drv->in_transaction(conn);
    pthread_mutex_lock(&db->lock);
    int kept = whole && db->spares < SPARE_MAX && !db->gate.closed;
    if (kept) {
        conn->next = db->spare;
        db->spare = conn;
        db->spares++;
    }
    pthread_mutex_unlock(&db->lock);
    if (!kept)
        vs_conn_close(conn);
}

/* A transaction begins to see the database with its first query, a snapshot at once. */
static int begin(struct vs_db *db, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e) {
    int64_t version;
    *ret = take_spare(db);
    int rc = *ret ? 0 : vs_conn_open(db, VS_ROLE_READER, call, ret, e);
    if (rc || ((rc = vs_conn_begin(*ret, 0, call, e)) == 0 && (rc = db->drv->get_version(*ret, &version, e)) == 0)) {
        if (!rc)
            (*ret)->call = NULL;
        return rc;
    }
    give_back(db, *ret);
    return rc;
}

/* --- the list, under the lock ---------------------------------------------------------------------------------------
 */

static int list(struct vs_db *db, struct vs_snap *snap) {
    if (db->gate.closed)
        return VIDSTORE_MISUSE;
    if (db->snaps >= SNAPS_MAX)
        return VIDSTORE_BUSY;
    snap->next = db->snap;
    db->snap = snap;
    db->snaps++;
    return 0;
}

static void unlist(struct vs_db *db, const struct vs_snap *snap) {
    struct vs_snap **at = &db->snap;
    while (*at != snap)
        at = &(*at)->next;
    *at = snap->next;
    db->snaps--;
}

/* With the lock held, which it gives up meanwhile; nobody is in a call of the snapshot. */
static void finish(struct vs_snap *snap, enum vs_txn_state state) {
    struct vs_db *db = snap->db;
    struct vs_conn *conn = snap->conn;
    snap->state = state;
    snap->conn = NULL;
    unlist(db, snap);
    pthread_mutex_unlock(&db->lock);
    give_back(db, conn);
    pthread_mutex_lock(&db->lock);
}

int64_t vs_snaps_expire(struct vs_db *db, int *ret_awaits_call) {
    int64_t next = INT64_MAX;
    for (struct vs_snap *s = db->snap; s;) {
        int late = vs_mono_us() >= s->expires_us;
        if (late && !s->in_call) {
            finish(s, VS_TXN_EXPIRED);
            s = db->snap; /* the list has changed */
            next = INT64_MAX;
            continue;
        }
        *ret_awaits_call |= late;
        next = !late && s->expires_us < next ? s->expires_us : next;
        s = s->next;
    }
    return next;
}

void vs_snaps_drop(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    while (db->snap)
        if (db->snap->in_call)
            vs_wait(db, &db->pool.freed, NULL);
        else
            finish(db->snap, VS_TXN_ABORTED);
    pthread_mutex_unlock(&db->lock);
    for (struct vs_conn *conn; (conn = take_spare(db));)
        vs_conn_close(conn);
}

/* --- begin and end ---------------------------------------------------------------------------------------------------
 */

static int refuse(int code, vidstore_error **e) {
    if (code == VIDSTORE_BUSY)
        return vs_fail(e, code, NULL, "%d snapshots are open", SNAPS_MAX);
    return vs_fail(e, code, NULL, "the database is closed");
}

/* A database in memory has one connection: its snapshot is a transaction that writes nothing. */
static int in_memory(struct vs_snap *snap, const struct vs_call *call, vidstore_error **e) {
    int rc = vs_txn_begin(snap->db, call, snap->max_age_ms, &snap->txn, e);
    if (!rc)
        snap->expires_us = snap->txn->expires_us;
    return rc;
}

static int in_file(struct vs_snap *snap, const struct vs_call *call, vidstore_error **e) {
    struct vs_db *db = snap->db;
    int rc = vs_guard_start(db, e);
    pthread_mutex_lock(&db->lock);
    vs_pool_await_drain(db, call);
    pthread_mutex_unlock(&db->lock);
    if (!rc)
        rc = begin(db, call, &snap->conn, e);
    if (rc)
        return rc;
    snap->what = call && call->what ? call->what : "a snapshot";
    snap->thread = gettid();
    snap->since_us = vs_mono_us();
    snap->expires_us = snap->since_us + snap->max_age_ms * 1000;
    pthread_mutex_lock(&db->lock);
    rc = list(db, snap);
    if (!rc)
        vs_guard_expects(db, snap->expires_us);
    pthread_mutex_unlock(&db->lock);
    if (!rc)
        return 0;
    give_back(db, snap->conn);
    return refuse(rc, e);
}

int vs_snap_begin(struct vs_db *db, const struct vs_call *call, int64_t max_age_ms, struct vs_snap **ret,
                  vidstore_error **e) {
    *ret = NULL;
    int rc = vs_db_check(db, NULL, e);
    if (rc)
        return rc;
    struct vs_snap *snap = vs_calloc(1, sizeof *snap);
    if (!snap)
        return vs_fail_nomem(e);
    snap->db = db;
    snap->max_age_ms = max_age_ms;
    rc = db->path ? in_file(snap, call, e) : in_memory(snap, call, e);
    if (rc) {
        vs_free(snap);
        return rc;
    }
    vs_db_ref(db);
    *ret = snap;
    return 0;
}

static int expired(const struct vs_snap *snap, vidstore_error **e) {
    if (snap->state == VS_TXN_EXPIRED)
        return vs_fail(e, VIDSTORE_TXN_EXPIRED, NULL, "the snapshot was open for more than %lld ms and was ended",
                       (long long)snap->max_age_ms);
    return vs_fail(e, VIDSTORE_ABORTED, NULL, "the database was closed");
}

int vs_snap_enter(struct vs_snap *snap, const struct vs_call *call, struct vs_conn **ret, vidstore_error **e) {
    struct vs_db *db = snap->db;
    *ret = NULL;
    int rc = vs_db_check(db, NULL, e);
    if (rc)
        return rc;
    snap->turn = call ? *call : (struct vs_call){0};
    if (!snap->turn.deadline_us || snap->turn.deadline_us > snap->expires_us)
        snap->turn.deadline_us = snap->expires_us;
    if (snap->txn)
        return vs_txn_enter(snap->txn, &snap->turn, 0, ret, e);
    pthread_mutex_lock(&db->lock);
    if (snap->state == VS_TXN_ACTIVE && vs_mono_us() >= snap->expires_us)
        finish(snap, VS_TXN_EXPIRED);
    snap->in_call = snap->state == VS_TXN_ACTIVE;
    pthread_mutex_unlock(&db->lock);
    if (!snap->in_call)
        return expired(snap, e);
    snap->conn->call = &snap->turn;
    *ret = snap->conn;
    return 0;
}

int vs_snap_leave(struct vs_snap *snap, vidstore_error **e) {
    struct vs_db *db = snap->db;
    if (snap->txn)
        return vs_txn_leave(snap->txn, 0, e);
    vs_conn_reset_all(snap->conn);
    snap->conn->call = NULL;
    pthread_mutex_lock(&db->lock);
    snap->in_call = 0;
    if (db->guard_awaits_call)
        pthread_cond_signal(&db->guard_wake);
    pthread_mutex_unlock(&db->lock);
    return 0;
}

void vs_snap_free(struct vs_snap *snap) {
    if (!snap || vs_db_forked(snap->db))
        return;
    struct vs_db *db = snap->db;
    vs_txn_free(snap->txn);
    pthread_mutex_lock(&db->lock);
    if (snap->conn)
        finish(snap, VS_TXN_ENDED);
    pthread_mutex_unlock(&db->lock);
    vs_pool_drained(db);
    vs_free(snap);
    vs_db_unref(db);
}
