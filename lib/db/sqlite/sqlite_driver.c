/* SPDX-License-Identifier: MIT */
/* The SQLite engine: transactions, statements, and the table that offers them. */
#include "db/sqlite/sqlite_internal.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { OLDEST_SQLITE = 3040000 };

static int usable(vidstore_error **e) {
    if (sqlite3_libversion_number() < OLDEST_SQLITE)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "SQLite %s is too old: 3.40 is needed", sqlite3_libversion());
    if (!sqlite3_threadsafe())
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "SQLite was built without threads");
    return 0;
}

int vs_sqlite_exec(struct sqlite_conn *c, const char *sql, const char *doing, vidstore_error **e) {
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, doing, e);
}

int vs_sqlite_number(struct sqlite_conn *c, const char *sql, int64_t *ret, vidstore_error **e) {
    *ret = 0;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    int code = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : vs_sqlite_fail(c, rc, "read the database", e);
    sqlite3_finalize(s);
    return code;
}

/* --- transactions ------------------------------------------------------------------------------------------- */

static int run_fixed(struct sqlite_conn *c, enum sqlite_fixed which) {
    static const char *const text[FIXED_COUNT] = {
        [FIXED_BEGIN_READ] = "BEGIN",    [FIXED_BEGIN_WRITE] = "BEGIN IMMEDIATE", [FIXED_COMMIT] = "COMMIT",
        [FIXED_ROLLBACK] = "ROLLBACK",   [FIXED_SAVEPOINT] = "SAVEPOINT vs",      [FIXED_RELEASE] = "RELEASE vs",
        [FIXED_UNDO] = "ROLLBACK TO vs",
    };
    c->watching = 0;
    if (!c->fixed[which]) {
        int rc = sqlite3_prepare_v3(c->db, text[which], -1, SQLITE_PREPARE_PERSISTENT, &c->fixed[which], NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    int rc = sqlite3_step(c->fixed[which]);
    /* The reset repeats the step's code, but must not run before the caller has read the message: it keeps both. */
    sqlite3_reset(c->fixed[which]);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int begin(struct vs_conn *conn, int write, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int changed = vs_sqlite_still_check(c, e);
    if (changed)
        return changed;
    if (!write) {
        c->reads_us = vs_mono_us();
        c->log_seen = -1;
        c->cut = 0;
        int rc = run_fixed(c, FIXED_BEGIN_READ);
        return rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, "begin a transaction", e);
    }
    if (!conn->call || !conn->call->keeps_turn)
        vs_sqlite_turn_offer(c);
    c->beginning = 1;
    int rc = run_fixed(c, FIXED_BEGIN_WRITE);
    int code = rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, "begin a transaction", e);
    vs_sqlite_turn_over(c, rc == SQLITE_OK);
    c->beginning = 0;
    c->waits_us = 0;
    return code;
}

/* A commit that failed while it wrote its frames has no commit mark on disk; after that, the mark may be there and come
 * back to life when the log is next recovered. */
static int is_unknown(int extended) {
    int rc = extended & 0xff;
    if (rc == SQLITE_IOERR)
        return extended != SQLITE_IOERR_WRITE;
    return rc == SQLITE_NOMEM || rc == SQLITE_CORRUPT || rc == SQLITE_PROTOCOL;
}

static int commit(struct vs_conn *conn, int *ret_unknown, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int rc = run_fixed(c, FIXED_COMMIT);
    vs_sqlite_turn_ended(c);
    *ret_unknown = rc != SQLITE_OK && conn->state == VS_CONN_WRITING && is_unknown(sqlite3_extended_errcode(c->db));
    return rc == SQLITE_OK ? vs_sqlite_still_check(c, e) : vs_sqlite_fail(c, rc, "commit", e);
}

static int rollback(struct vs_conn *conn, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    if (sqlite3_get_autocommit(c->db))
        return 0; /* SQLite has done it already */
    int rc = run_fixed(c, FIXED_ROLLBACK);
    vs_sqlite_turn_ended(c);
    return rc == SQLITE_OK || sqlite3_get_autocommit(c->db) ? 0 : vs_sqlite_fail(c, rc, "roll back", e);
}

static int savepoint(struct vs_conn *conn, vidstore_error **e) {
    int rc = run_fixed(sqlite_of(conn), FIXED_SAVEPOINT);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(sqlite_of(conn), rc, "set a savepoint", e);
}

static int release(struct vs_conn *conn, vidstore_error **e) {
    int rc = run_fixed(sqlite_of(conn), FIXED_RELEASE);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(sqlite_of(conn), rc, "release a savepoint", e);
}

static int undo(struct vs_conn *conn, vidstore_error **e) {
    int rc = run_fixed(sqlite_of(conn), FIXED_UNDO);
    if (rc == SQLITE_OK)
        rc = run_fixed(sqlite_of(conn), FIXED_RELEASE);
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(sqlite_of(conn), rc, "go back to a savepoint", e);
}

static int in_transaction(struct vs_conn *conn) {
    return !sqlite3_get_autocommit(sqlite_of(conn)->db);
}

/* --- statements --------------------------------------------------------------------------------------------- */

static void finalize(struct vs_stmt *s) {
    sqlite3_finalize(sqlite_raw(s));
    vs_free(s);
}

static int prepare(struct vs_conn *conn, const char *sql, size_t len, struct vs_stmt **ret, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    if (len > INT_MAX)
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a statement of %zu bytes", len);
    struct sqlite_statement *s = vs_calloc(1, sizeof *s);
    if (!s)
        return vs_fail_nomem(e);
    const char *rest = NULL;
    int rc = sqlite3_prepare_v3(c->db, sql, (int)len, SQLITE_PREPARE_PERSISTENT, &s->raw, &rest);
    int whole = rc == SQLITE_OK && s->raw && rest == sql + len;
    if (!whole) {
        int code = rc != SQLITE_OK ? vs_sqlite_fail(c, rc, "prepare a statement", e)
                                   : vs_fail(e, VIDSTORE_INTERNAL, NULL, "a text that is not one statement");
        finalize(&s->base);
        return code;
    }
    s->base.conn = conn;
    s->base.readonly = sqlite3_stmt_readonly(s->raw);
    *ret = &s->base;
    return 0;
}

static int bind_int(struct vs_stmt *s, int at, int64_t value) {
    return sqlite3_bind_int64(sqlite_raw(s), at, value);
}

static int bind_text(struct vs_stmt *s, int at, const char *text, int64_t len) {
    size_t size = len < 0 ? strlen(text) : (size_t)len;
    return sqlite3_bind_text64(sqlite_raw(s), at, text, size, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_blob(struct vs_stmt *s, int at, const void *bytes, int64_t len) {
    return sqlite3_bind_blob64(sqlite_raw(s), at, bytes, (sqlite3_uint64)len, SQLITE_STATIC);
}

static int bind_uuid(struct vs_stmt *s, int at, const struct vs_uuid *id) {
    return sqlite3_bind_blob(sqlite_raw(s), at, id->b, sizeof id->b, SQLITE_STATIC);
}

static int bind_null(struct vs_stmt *s, int at) {
    return sqlite3_bind_null(sqlite_raw(s), at);
}

static int step(struct vs_stmt *s, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(s->conn);
    if (s->bind_failure)
        return vs_sqlite_fail(c, s->bind_failure, "bind a value", e);
    c->watching = s->readonly;
    int rc = sqlite3_step(sqlite_raw(s));
    if (rc == SQLITE_ROW)
        return VS_ROW;
    return rc == SQLITE_DONE ? VS_DONE : vs_sqlite_fail(c, rc, s->readonly ? "read" : "write", e);
}

static void reset(struct vs_stmt *s) {
    sqlite3_reset(sqlite_raw(s));
    sqlite3_clear_bindings(sqlite_raw(s));
}

static int64_t changes(struct vs_stmt *s) {
    return s->readonly ? 0 : sqlite3_changes64(sqlite_of(s->conn)->db);
}

/* What triggers have inserted meanwhile does not count. */
static int64_t inserted(struct vs_stmt *s) {
    return sqlite3_last_insert_rowid(sqlite_of(s->conn)->db);
}

static int col_null(struct vs_stmt *s, int at) {
    return sqlite3_column_type(sqlite_raw(s), at) == SQLITE_NULL;
}

static int64_t col_int(struct vs_stmt *s, int at) {
    int64_t value = sqlite3_column_int64(sqlite_raw(s), at);
    return value || !col_null(s, at) ? value : INT64_MIN;
}

static const char *col_text(struct vs_stmt *s, int at, size_t *ret_len) {
    const char *text = (const char *)sqlite3_column_text(sqlite_raw(s), at);
    if (ret_len)
        *ret_len = text ? (size_t)sqlite3_column_bytes(sqlite_raw(s), at) : 0;
    return text;
}

static const void *col_blob(struct vs_stmt *s, int at, size_t *ret_len) {
    const void *bytes = sqlite3_column_blob(sqlite_raw(s), at);
    if (ret_len)
        *ret_len = bytes ? (size_t)sqlite3_column_bytes(sqlite_raw(s), at) : 0;
    return bytes || col_null(s, at) ? bytes : ""; /* no bytes are not NULL */
}

static int col_uuid(struct vs_stmt *s, int at, struct vs_uuid *ret) {
    const void *bytes = sqlite3_column_blob(sqlite_raw(s), at);
    if (!bytes || sqlite3_column_bytes(sqlite_raw(s), at) != (int)sizeof ret->b) {
        *ret = (struct vs_uuid){{0}};
        return 0;
    }
    memcpy(ret->b, bytes, sizeof ret->b);
    return 1;
}

/* --- migrations --------------------------------------------------------------------------------------------- */

static int exec(struct vs_conn *conn, const char *sql, vidstore_error **e) {
    sqlite_of(conn)->watching = 0;
    return vs_sqlite_exec(sqlite_of(conn), sql, "migrate", e);
}

static int get_version(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    return vs_sqlite_number(sqlite_of(conn), "PRAGMA user_version", ret, e);
}

static int set_version(struct vs_conn *conn, int64_t version, vidstore_error **e) {
    char sql[96]; /* a PRAGMA takes no bound values */
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%lld", SQLITE_STORE_ID,
             (long long)version);
    return vs_sqlite_exec(sqlite_of(conn), sql, "set the version", e);
}

const struct vs_driver vs_driver_sqlite = {
    .name = "sqlite",
    .engine = VS_ENGINE_SQLITE,
    .version = sqlite3_libversion,
    .usable = usable,
    .locate = vs_sqlite_locate,
    .open = vs_sqlite_open,
    .admit = vs_sqlite_admit,
    .adopt = vs_sqlite_adopt,
    .close = vs_sqlite_close,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .savepoint = savepoint,
    .release = release,
    .undo = undo,
    .in_transaction = in_transaction,
    .prepare = prepare,
    .finalize = finalize,
    .bind_int = bind_int,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .bind_uuid = bind_uuid,
    .bind_null = bind_null,
    .step = step,
    .reset = reset,
    .changes = changes,
    .inserted = inserted,
    .col_null = col_null,
    .col_int = col_int,
    .col_text = col_text,
    .col_blob = col_blob,
    .col_uuid = col_uuid,
    .exec = exec,
    .get_version = get_version,
    .set_version = set_version,
    .app = vs_sqlite_app,
    .info = vs_sqlite_info,
    .checkpoint = vs_sqlite_checkpoint,
    .integrity = vs_sqlite_integrity,
    .optimize = vs_sqlite_optimize,
    .backup = vs_sqlite_backup,
    .digest = vs_sqlite_digest,
    .holder = vs_sqlite_holder,
    .reader = vs_sqlite_reader,
    .log_bytes = vs_sqlite_log_bytes,
};
