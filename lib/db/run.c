/* SPDX-License-Identifier: MIT */
/* Running an operation in a transaction of its own. */
#include "db/db_internal.h"

#include <stdio.h>

int vs_conn_begin(struct vs_conn *conn, int write, const struct vs_call *call, vidstore_error **e) {
    conn->call = call;
    if (conn->drv->in_transaction(conn)) /* an earlier rollback did not get through */
        conn->drv->rollback(conn, NULL);
    int rc = conn->drv->begin(conn, write, e);
    conn->changed = 0;
    conn->state = rc ? VS_CONN_IDLE : write ? VS_CONN_WRITING : VS_CONN_READING;
    if (rc)
        conn->call = NULL;
    return rc;
}

static int commit(struct vs_conn *conn, vidstore_error **e) {
    int unknown = 0;
    vs_autoerror vidstore_error *why = NULL;
    int rc = conn->drv->commit(conn, &unknown, &why);
    if (!rc)
        return 0;
    conn->drv->rollback(conn, NULL);
    if (unknown) {
        char cause[400];
        snprintf(cause, sizeof cause, "%s",
                 vidstore_error_cause(why) ? vidstore_error_cause(why) : vidstore_error_message(why));
        vs_fail(e, VIDSTORE_UNKNOWN_OUTCOME, NULL, "the commit may or may not have happened");
        vs_error_set_cause(e, cause);
        return VIDSTORE_UNKNOWN_OUTCOME;
    }
    if (e) {
        vs_error_clear(e);
        *e = VS_TAKE(why);
    }
    return rc;
}

int vs_conn_end(struct vs_conn *conn, int rc, vidstore_error **e) {
    vs_conn_reset_all(conn);
    vs_conn_check(conn);
    if (conn->state == VS_CONN_ABORTED)
        rc = rc ? rc : vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back by an earlier failure");
    else if (conn->state == VS_CONN_WRITING && !rc)
        rc = commit(conn, e);
    else
        conn->drv->rollback(conn, NULL);
    conn->state = VS_CONN_IDLE;
    conn->call = NULL;
    return rc;
}

int vs_conn_has_news(const struct vs_conn *conn, int rc) {
    return conn->changed && (!rc || rc == VIDSTORE_UNKNOWN_OUTCOME);
}

/* --- savepoints ------------------------------------------------------------------------------------------------ */

/* Outside a transaction a savepoint would begin one of its own. */
static int may_mark(struct vs_conn *conn, vidstore_error **e) {
    if (conn->state == VS_CONN_ABORTED)
        return vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back by an earlier failure");
    return conn->state == VS_CONN_WRITING ? 0 : vs_fail(e, VIDSTORE_INTERNAL, NULL, "a savepoint outside a write");
}

static int mark(struct vs_conn *conn, int (*move)(struct vs_conn *conn, vidstore_error **e), vidstore_error **e) {
    int rc = may_mark(conn, e);
    if (rc || !(rc = move(conn, e)))
        return rc;
    vs_conn_check(conn);
    return rc;
}

int vs_mark(struct vs_conn *conn, vidstore_error **e) {
    return mark(conn, conn->drv->savepoint, e);
}

int vs_mark_release(struct vs_conn *conn, vidstore_error **e) {
    return mark(conn, conn->drv->release, e);
}

int vs_mark_undo(struct vs_conn *conn, vidstore_error **e) {
    return mark(conn, conn->drv->undo, e);
}

/* --- the log --------------------------------------------------------------------------------------------------- */

/* With the gate held and the writer idle. The writer's own lock keeps every other process from committing, which is
 * what makes a checkpoint safe in SQLite before 3.51.3. */
static int guarded_checkpoint(struct vs_db *db, const struct vs_call *call, int64_t *ret_left, vidstore_error **e) {
    *ret_left = 0;
    int rc = db->checkpointer ? 0 : vs_conn_open(db, VS_ROLE_CHECKPOINT, call, &db->checkpointer, e);
    if (rc)
        return rc;
    if ((rc = vs_conn_begin(db->writer, 1, call, e)))
        return rc;
    db->checkpointer->call = call;
    rc = db->drv->checkpoint(db->checkpointer, ret_left, e);
    db->checkpointer->call = NULL;
    db->drv->rollback(db->writer, NULL);
    db->writer->state = VS_CONN_IDLE;
    db->writer->call = NULL;
    return rc;
}

int vs_checkpoint_is_due(struct vs_db *db) {
    if (db->writer->log_pages < VS_CHECKPOINT_PAGES)
        db->checkpoint_at = VS_CHECKPOINT_PAGES;
    return db->path && db->writer->log_pages >= db->checkpoint_at;
}

/* Where other processes always write, a checkpoint that gives way each time would never be made: the more there is to
 * copy, the longer it waits for its turn. */
int64_t vs_log_checkpoint(struct vs_db *db) {
    int64_t pages = db->writer->log_pages, left = 0;
    int64_t patience_us = pages < 2 * VS_CHECKPOINT_PAGES ? 20000 : 1000000;
    struct vs_call brief = {.deadline_us = vs_mono_us() + patience_us, .keeps_turn = 1};
    int rc = guarded_checkpoint(db, &brief, &left, NULL);
    /* A reader in an old snapshot keeps the log: trying again at each commit would only cost. */
    db->checkpoint_at = rc || left ? pages + VS_CHECKPOINT_PAGES / 4 : VS_CHECKPOINT_PAGES;
    if (!rc && !left)
        db->writer->log_pages = 0; /* the next commit begins the log anew, unless somebody reads in it */
    return rc ? -1 : left;
}

void vs_checkpoint_if_due(struct vs_db *db) {
    int64_t pages = db->writer->log_pages;
    if (!vs_checkpoint_is_due(db))
        return;
    vs_log_checkpoint(db);
    if (pages >= db->log_limit / VS_PAGE_BYTES)
        vs_pool_drain(db);
}

int vs_db_checkpoint(struct vs_db *db, const struct vs_call *call, int64_t *ret_left_pages, vidstore_error **e) {
    int64_t left = 0;
    int rc = vs_db_may_write(db, e);
    if (!rc && db->path && !(rc = vs_gate_take(db, call, "a checkpoint", e))) {
        rc = guarded_checkpoint(db, call, &left, e);
        vs_gate_give(db);
    }
    if (ret_left_pages)
        *ret_left_pages = left;
    return rc;
}

/* --- reading and writing --------------------------------------------------------------------------------------- */

/* A :memory: database has one connection. Who holds it already reads what he has written so far. */
static int read_in_memory(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e) {
    if (!vs_gate_mine(db)) {
        int rc = vs_gate_take(db, call, "a read", e);
        if (rc)
            return rc;
        if (!(rc = vs_conn_begin(db->writer, 0, call, e)))
            rc = vs_conn_end(db->writer, op(db->writer, arg, e), e);
        vs_gate_give(db);
        return rc;
    }
    pthread_mutex_lock(&db->lock);
    struct vs_txn *txn = db->gate.txn && !db->gate.txn->in_call ? db->gate.txn : NULL;
    pthread_mutex_unlock(&db->lock);
    if (!txn)
        return op(db->writer, arg, e);
    struct vs_conn *conn;
    int rc = vs_txn_enter(txn, call, 0, &conn, e);
    if (rc)
        return rc;
    rc = op(conn, arg, e);
    int left = vs_txn_leave(txn, 0, rc ? NULL : e);
    return rc ? rc : left;
}

int vs_db_peek(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e) {
    int rc = vs_db_check(db, NULL, e);
    if (rc || db->read_only || !db->path)
        return rc ? rc : vs_db_read(db, call, op, arg, e);
    if ((rc = vs_gate_take(db, call, "a short read", e)))
        return rc;
    if (!(rc = vs_conn_begin(db->writer, 0, call, e)))
        rc = vs_conn_end(db->writer, op(db->writer, arg, e), e);
    vs_gate_give(db);
    return rc;
}

int vs_db_read(struct vs_db *db, const struct vs_call *call, vs_op *op, void *arg, vidstore_error **e) {
    int rc = vs_db_check(db, NULL, e);
    if (rc)
        return rc;
    if (!db->path)
        return read_in_memory(db, call, op, arg, e);
    struct vs_conn *conn;
    if ((rc = vs_pool_take(db, call, &conn, e)))
        return rc;
    if (conn->depth > 1) { /* within a read of this thread: the same snapshot */
        const struct vs_call *outer = conn->call;
        conn->call = call;
        rc = op(conn, arg, e);
        conn->call = outer;
    } else if (!(rc = vs_conn_begin(conn, 0, call, e))) {
        rc = vs_conn_end(conn, op(conn, arg, e), e);
    }
    vs_pool_give(db, conn);
    return rc;
}
