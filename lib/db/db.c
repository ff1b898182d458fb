/* SPDX-License-Identifier: MIT */
/* A database from opening to closing. */
#include "db/db.h"
#include "db/inherited.h"
#include "db/migrate.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_OPEN_MS = 30000, DEFAULT_READERS = 4, MAX_READERS = 64, LOG_LIMIT = 256 << 20 };

void vs_db_ref(struct vs_db *db) {
    atomic_fetch_add(&db->refs, 1);
}

void vs_db_unref(struct vs_db *db) {
    if (atomic_fetch_sub(&db->refs, 1) != 1)
        return;
    pthread_cond_destroy(&db->guard_wake);
    pthread_cond_destroy(&db->pool.freed);
    pthread_mutex_destroy(&db->ride_lock);
    pthread_mutex_destroy(&db->listen_lock);
    pthread_mutex_destroy(&db->lock);
    vs_free(db->path);
    vs_free(db);
}

int vs_db_forked(const struct vs_db *db) {
    return getpid() != db->pid;
}

int vs_db_read_only(const struct vs_db *db) {
    return db->read_only && !db->full;
}

int vs_db_may_write(const struct vs_db *db, vidstore_error **e) {
    int rc = vs_db_check(db, NULL, e);
    if (rc || !db->read_only)
        return rc;
    if (db->full)
        return vs_fail(e, VIDSTORE_FULL, NULL,
                       "the disk was full when the store was opened, so it can only be read: make room and open it "
                       "again");
    return vs_fail(e, VIDSTORE_READONLY, NULL, "the database is open for reading only");
}

int vs_db_in_memory(const struct vs_db *db) {
    return !db->path;
}

int vs_db_check(const struct vs_db *db, const char *field, vidstore_error **e) {
    return vs_db_forked(db) ? vs_fail(e, VIDSTORE_FORKED, field,
                                      "the store was opened before fork(): open it after fork only, or exec")
                            : 0;
}

static int make(const struct vs_db_params *params, struct vs_db **ret, vidstore_error **e) {
    struct vs_db *db = vs_calloc(1, sizeof *db);
    if (!db)
        return vs_fail_nomem(e);
    if (pthread_mutex_init(&db->lock, NULL) || pthread_mutex_init(&db->listen_lock, NULL) ||
        pthread_mutex_init(&db->ride_lock, NULL) || vs_cond_init(&db->pool.freed) || vs_cond_init(&db->guard_wake)) {
        vs_free(db);
        return vs_fail_nomem(e);
    }
    db->drv = &vs_driver_sqlite;
    db->pid = getpid();
    atomic_init(&db->refs, 1);
    db->read_only = params->read_only;
    db->relaxed = params->relaxed;
    db->log_limit = params->log_limit > 0 ? params->log_limit : LOG_LIMIT;
    db->checkpoint_at = VS_CHECKPOINT_PAGES;
    db->guard_until_us = INT64_MAX;
    int readers = params->readers > 0 ? params->readers : DEFAULT_READERS;
    db->pool.max = readers < MAX_READERS ? readers : MAX_READERS;
    *ret = db;
    return 0;
}

static int locate(struct vs_db *db, const struct vs_db_params *params, vidstore_error **e) {
    int rc = db->drv->usable(e);
    if (!rc)
        rc = db->drv->locate(params, &db->path, e);
    struct stat st;
    if (rc || !db->path)
        return rc;
    if (stat(db->path, &st) < 0)
        return vs_fail_errno(e, errno, "path", "look at the database");
    db->dev = st.st_dev;
    db->ino = st.st_ino;
    return 0;
}

/* Everything that can refuse comes before anything that writes. */
static int judge(struct vs_db *db, struct vs_conn *conn, const struct vs_db_params *params, const struct vs_call *call,
                 const struct vs_history *h, int *ret_empty, vidstore_error **e) {
    struct vs_admission found = {0};
    int rc = db->drv->admit(conn, &found, e);
    *ret_empty = found.empty;
    if (rc)
        return rc;
    if (found.empty) {
        int fresh = params->create && !params->read_only;
        return fresh || !db->path
                   ? 0
                   : vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "path", "the database is empty");
    }
    if (found.version == 0)
        return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_EDITED, "path",
                           "the database has lost its version: restore a backup from before it was edited");
    int64_t version = 0;
    if ((rc = vs_migrate_check(conn, call, h, &version, &db->newer, e)))
        return rc;
    conn->call = call;
    if (db->read_only && !params->older && version < h->count)
        return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_OLD, "path",
                           "the database has schema version %lld and must be migrated to %d: open it for writing once",
                           (long long)version, h->count);
    return 0;
}

static int open_first(struct vs_db *db, const struct vs_db_params *params, const struct vs_call *call,
                      vidstore_error **e) {
    static const enum vs_role roles[] = {VS_ROLE_WRITER, VS_ROLE_READER};
    struct vs_driver_open how = {db->path, roles[db->read_only != 0], db->read_only, db->relaxed, db->log_limit, call};
    struct vs_history h = {vs_migrations, vs_migration_count};
    struct vs_conn *conn = NULL;
    int empty = 0;
    int rc = db->drv->open(&how, &conn, e);
    if (rc)
        return rc;
    conn->db = db;
    if (db->read_only) {
        db->pool.idle = conn;
        db->pool.open = 1;
    } else {
        db->writer = conn;
    }
    rc = judge(db, conn, params, call, &h, &empty, e);
    if (!rc)
        rc = db->drv->adopt(conn, empty, e);
    if (!rc && !db->read_only)
        rc = vs_migrate(conn, call, &h, &db->newer, e);
    conn->call = NULL;
    return rc;
}

static int open_once(const struct vs_db_params *params, struct vs_db **ret, vidstore_error **e) {
    *ret = NULL;
    if (params->path && !*params->path)
        return vs_fail(e, VIDSTORE_INVALID, "path", "the path is empty");
    if (!params->path && params->read_only)
        return vs_fail(e, VIDSTORE_INVALID, "read_only", "a database in memory can't be opened for reading only");
    struct vs_db *db = NULL;
    int rc = make(params, &db, e);
    if (rc)
        return rc;
    struct vs_call call = {.deadline_us =
                               vs_mono_us() + (params->deadline_ms > 0 ? params->deadline_ms : DEFAULT_OPEN_MS) * 1000};
    rc = locate(db, params, e);
    if (!rc && vs_is_inherited(db->path))
        rc = vs_fail(e, VIDSTORE_FORKED, "path",
                     "the process that this one was forked from has the store open: open it after fork only, or exec");
    if (!rc) /* before, for a fork while it is opened, which may take a migration; after, when it was made just now */
        rc = vs_open_file_add(db->path, &db->file, e);
    if (!rc)
        rc = open_first(db, params, &call, e);
    if (!rc && !db->file)
        rc = vs_open_file_add(db->path, &db->file, e);
    if (rc) {
        vs_db_close(db);
        return rc;
    }
    *ret = db;
    return 0;
}

/* Even to read needs some room where one means to write, for the index of the log. Without it what is there can still
 * be read as by who means to read only. */
int vs_db_open(const struct vs_db_params *params, struct vs_db **ret, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    struct vs_db_params reading = *params;
    int rc = open_once(params, ret, &why);
    reading.read_only = 1;
    if (rc == VIDSTORE_FULL && params->path && !params->read_only && open_once(&reading, ret, NULL) == 0) {
        (*ret)->full = 1;
        return 0;
    }
    if (rc && e)
        *e = VS_TAKE(why);
    return rc;
}

/* A transaction that the host left open: a call inside it is waited for. */
static void drop_transaction(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    while (db->gate.txn && db->gate.txn->in_call)
        vs_wait(db, &db->pool.freed, NULL);
    struct vs_txn *txn = db->gate.txn;
    if (txn) {
        txn->state = VS_TXN_ABORTED;
        db->gate.txn = NULL;
    }
    pthread_mutex_unlock(&db->lock);
    if (!txn)
        return;
    vs_conn_end(db->writer, VIDSTORE_ABORTED, NULL);
    vs_gate_give(db);
}

/* No new calls from here on; those under way are waited for. */
static void drain(struct vs_db *db) {
    pthread_mutex_lock(&db->lock);
    db->gate.closed = 1;
    pthread_cond_broadcast(&db->pool.freed);
    while (db->gate.held || db->gate.first || db->pool.busy)
        vs_wait(db, &db->pool.freed, NULL);
    pthread_mutex_unlock(&db->lock);
}

void vs_db_close(struct vs_db *db) {
    if (!db || vs_db_forked(db))
        return;
    vs_guard_stop(db);
    drop_transaction(db);
    drain(db);
    vs_snaps_drop(db);
    while (db->pool.idle) {
        struct vs_conn *conn = db->pool.idle;
        db->pool.idle = conn->next;
        vs_conn_close(conn);
    }
    vs_conn_close(db->checkpointer);
    vs_conn_close(db->writer); /* last: it may write, and so may move the log into the database */
    db->checkpointer = db->writer = NULL;
    vs_open_file_drop(db->file);
    vs_db_unref(db);
}
