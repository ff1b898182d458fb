/* SPDX-License-Identifier: MIT */
/* SQLite's errors as ours. */
#include "db/sqlite/sqlite_internal.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FIELD_MAX = 64, CAUSE_MAX = 512 };

const char *vs_sqlite_constraint_field(const char *message, char *buf, size_t size) {
    const char *at = strstr(message, "constraint failed: ");
    if (!at)
        return NULL;
    at += strlen("constraint failed: ");
    if (strncmp(at, "index '", 7) == 0)
        at += 7; /* an index on an expression has no columns to name */
    const char *last = strrchr(at, ',');
    if (last)
        at = last + 1;
    while (*at == ' ')
        at++;
    const char *dot = strchr(at, '.');
    if (dot)
        at = dot + 1;
    size_t len = 0;
    while (isalnum((unsigned char)at[len]) || at[len] == '_')
        len++;
    int whole = at[len] == 0 || at[len] == '\'';
    if (len == 0 || len >= size || !whole)
        return NULL; /* an unnamed CHECK shows its expression */
    memcpy(buf, at, len);
    buf[len] = 0;
    return buf;
}

/* "cannot store TEXT value in INTEGER column jobs.season" */
static const char *datatype_field(const char *message, char *buf, size_t size) {
    const char *at = strstr(message, " column ");
    const char *dot = at ? strchr(at, '.') : NULL;
    int len = dot ? snprintf(buf, size, "%s", dot + 1) : -1;
    return len > 0 && (size_t)len < size ? buf : NULL;
}

static int fail_constraint(int extended, const char *message, vidstore_error **e) {
    char buf[FIELD_MAX];
    const char *field = vs_sqlite_constraint_field(message, buf, sizeof buf);
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return vs_fail(e, VIDSTORE_EXISTS, field, "%s is taken already", field ? field : "a unique value");
    case SQLITE_CONSTRAINT_NOTNULL:
        return vs_fail(e, VIDSTORE_INVALID, field, "%s is missing", field ? field : "a needed value");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return vs_fail(e, VIDSTORE_INVALID, NULL, "what this refers to does not exist, or is still referred to");
    case SQLITE_CONSTRAINT_DATATYPE:
        field = datatype_field(message, buf, sizeof buf);
        return vs_fail(e, VIDSTORE_INVALID, field, "a value is not of the column's type");
    case SQLITE_CONSTRAINT_TRIGGER:
        return vs_fail(e, VIDSTORE_STATE, NULL, "%s", message);
    default:
        return vs_fail(e, VIDSTORE_INVALID, field, "%s is not acceptable", field ? field : "a value");
    }
}

static int fail_busy(struct sqlite_conn *c, int extended, vidstore_error **e) {
    const struct vs_call *call = c->base.call;
    if (call && call->interrupt && atomic_load(call->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted while waiting for the database");
    if (extended == SQLITE_BUSY_SNAPSHOT)
        return vs_fail(e, VIDSTORE_RETRY, NULL, "the database changed since this transaction began to read");
    char holder[160] = "", waited[48] = "";
    if (c->path)
        vs_sqlite_holder(c->path, holder, sizeof holder);
    if (c->waits_us)
        snprintf(waited, sizeof waited, ", for %lld ms at least", (long long)((vs_mono_us() - c->waits_us) / 1000));
    int code = vs_fail(e, VIDSTORE_BUSY, NULL, "the database is in use by %s%s", *holder ? holder : "somebody", waited);
    vs_error_set_retry(e, 100);
    return code;
}

static int fail_interrupt(struct sqlite_conn *c, const char *doing, vidstore_error **e) {
    const struct vs_call *call = c->base.call;
    if (call && call->interrupt && atomic_load(call->interrupt))
        return vs_fail(e, VIDSTORE_CANCELLED, NULL, "interrupted: could not %s", doing);
    if (c->cut)
        return vs_fail(e, VIDSTORE_RETRY, NULL,
                       "the log has grown too long during this read: could not %s; read in smaller pieces", doing);
    return vs_fail(e, VIDSTORE_TIMEOUT, NULL, "the deadline passed: could not %s", doing);
}

static int is_full(int err) {
    return err == ENOSPC || err == EDQUOT || err == EFBIG;
}

static int fail_full(const char *doing, vidstore_error **e) {
    return vs_fail(e, VIDSTORE_FULL, NULL,
                   "the disk is full: could not %s (even reading needs a little room: free some, or open the store for "
                   "reading only)",
                   doing);
}

static int fail_io(int extended, int err, const char *doing, vidstore_error **e) {
    if (extended == SQLITE_IOERR_NOMEM)
        return vs_fail_nomem(e);
    if (is_full(err) &&
        (extended == SQLITE_IOERR_SHMOPEN || extended == SQLITE_IOERR_SHMSIZE || extended == SQLITE_IOERR_SHMMAP))
        return fail_full(doing, e);
    if (is_full(err) && extended != SQLITE_IOERR_READ && extended != SQLITE_IOERR_SHORT_READ)
        return vs_fail(e, VIDSTORE_FULL, NULL, "the disk is full: could not %s", doing);
    if (extended == SQLITE_IOERR_CORRUPTFS || extended == SQLITE_IOERR_DATA)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the file system reports damage: could not %s", doing);
    if (err == EROFS)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the file system is read-only: could not %s", doing);
    return vs_fail(e, VIDSTORE_IO, NULL, "input or output failed: could not %s", doing);
}

/* Where a reader would have to write, and can't. */
static int fail_reader(const char *doing, vidstore_error **e) {
    return vs_fail(e, VIDSTORE_READONLY, NULL,
                   "the database is in use or was not closed, and then only who may write to its folder can read it: "
                   "could not %s",
                   doing);
}

static int fail_open(const struct sqlite_conn *c, int err, const char *doing, vidstore_error **e) {
    int denied = err == EACCES || err == EPERM || err == EROFS;
    int no_index = err == ENOENT && c->path && access(c->path, F_OK) == 0; /* of the log, and it may not be made */
    if (c->read_only && (denied || no_index))
        return fail_reader(doing, e);
    if (no_index || err == EROFS)
        return vs_fail(e, VIDSTORE_READONLY, NULL,
                       "the place of the database can't be written: open the store with mode=ro: could not %s", doing);
    if (denied)
        return vs_fail(e, VIDSTORE_READONLY, NULL, "no permission to write the database and its folder: could not %s",
                       doing);
    if (err == ENOENT)
        return vs_fail(e, VIDSTORE_NOT_FOUND, NULL, "the database file is gone: could not %s", doing);
    if (is_full(err))
        return fail_full(doing, e);
    return vs_fail(e, VIDSTORE_IO, NULL, "could not open the database: could not %s", doing);
}

static int is_syntax(const char *message) {
    return strncmp(message, "fts5:", 5) == 0 || strstr(message, "malformed JSON");
}

static int classify(struct sqlite_conn *c, int extended, int err, const char *message, const char *doing,
                    vidstore_error **e) {
    switch (extended & 0xff) {
    case SQLITE_BUSY:
        return fail_busy(c, extended, e);
    case SQLITE_INTERRUPT:
        return fail_interrupt(c, doing, e);
    case SQLITE_NOMEM:
        return vs_fail_nomem(e);
    case SQLITE_CONSTRAINT:
        return fail_constraint(extended, message, e);
    case SQLITE_FULL:
        return vs_fail(e, VIDSTORE_FULL, NULL, "the disk is full: could not %s", doing);
    case SQLITE_IOERR:
        return fail_io(extended, err, doing, e);
    case SQLITE_CORRUPT:
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the database is damaged: could not %s", doing);
    case SQLITE_NOTADB:
        return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE, NULL,
                           "the file is not a database, or its first page is damaged: could not %s", doing);
    case SQLITE_READONLY:
        if (extended == SQLITE_READONLY_DBMOVED)
            return vs_fail(e, VIDSTORE_IO, NULL, "the database file was moved or replaced while open");
        if (c->read_only && extended != SQLITE_READONLY)
            return fail_reader(doing, e);
        return vs_fail(e, VIDSTORE_READONLY, NULL, "the database can't be written: could not %s", doing);
    case SQLITE_PERM:
        return vs_fail(e, VIDSTORE_READONLY, NULL, "no permission: could not %s", doing);
    case SQLITE_CANTOPEN:
        return fail_open(c, err, doing, e);
    case SQLITE_TOOBIG:
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, NULL, "a value is too large to be stored");
    case SQLITE_ABORT:
        return vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back: could not %s", doing);
    default:
        if (is_syntax(message))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, NULL, "a text can't be read: could not %s",
                               doing);
        if (strstr(message, "unsupported file format")) /* a format number in the first page that no version writes */
            return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the database is damaged: could not %s", doing);
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "the database refused to %s", doing);
    }
}

/* What the system said. A failed COMMIT does not pass it on: then the log's own file is asked. */
static int system_error(struct sqlite_conn *c, int extended) {
    int err = c->db ? sqlite3_system_errno(c->db) : 0;
    sqlite3_file *log = NULL;
    if (err || !c->db || (extended & 0xff) != SQLITE_IOERR)
        return err;
    sqlite3_file_control(c->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &err);
    return err;
}

int vs_sqlite_fail(struct sqlite_conn *c, int rc, const char *doing, vidstore_error **e) {
    /* A code that SQLite returned without touching the connection (MISUSE, a bind) would be masked by an older one. */
    int own = c->db ? sqlite3_extended_errcode(c->db) : rc;
    int extended = (own & 0xff) == (rc & 0xff) ? own : rc;
    int err = system_error(c, extended);
    const char *message = c->db && extended == own ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);
    char cause[CAUSE_MAX];
    if (err &&
        ((extended & 0xff) == SQLITE_IOERR || (extended & 0xff) == SQLITE_CANTOPEN || (extended & 0xff) == SQLITE_FULL))
        snprintf(cause, sizeof cause, "SQLite %d: %s (errno %d: %s)", extended, message, err, strerrordesc_np(err));
    else
        snprintf(cause, sizeof cause, "SQLite %d: %s", extended, message);
    int code = classify(c, extended, err, message, doing, e);
    vs_error_set_cause(e, cause);
    return code;
}
