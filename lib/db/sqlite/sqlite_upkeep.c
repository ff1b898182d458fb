/* SPDX-License-Identifier: MIT */
/* Looking after an SQLite database. */
#include "db/sqlite/sqlite_internal.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int vs_sqlite_has_checkpoint_race(int version) {
    if (version >= 3051003)
        return 0;
    int patched = (version >= 3044006 && version < 3045000) || (version >= 3050007 && version < 3051000);
    return !patched;
}

int64_t vs_sqlite_size_of(const char *path, const char *suffix) {
    size_t len = strlen(path) + strlen(suffix) + 1;
    vs_autofree char *name = vs_malloc(len);
    struct stat st;
    if (!name)
        return 0;
    snprintf(name, len, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

int64_t vs_sqlite_log_bytes(const char *path) {
    return vs_sqlite_size_of(path, "-wal");
}

int vs_sqlite_info(struct vs_conn *conn, struct vs_db_info *ret, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int64_t fts5 = 0;
    int rc = vs_sqlite_number(c, "PRAGMA page_count", &ret->page_count, e);
    if (!rc)
        rc = vs_sqlite_number(c, "PRAGMA page_size", &ret->page_size, e);
    if (!rc)
        rc = vs_sqlite_number(c, "PRAGMA freelist_count", &ret->freelist_count, e);
    if (!rc)
        rc = vs_sqlite_number(c, "SELECT count(*) FROM pragma_module_list WHERE name='fts5'", &fts5, e);
    ret->fts5 = fts5 != 0;
    ret->wal = c->path != NULL;
    ret->threadsafe = sqlite3_threadsafe() != 0;
    ret->checkpoint_race = vs_sqlite_has_checkpoint_race(sqlite3_libversion_number());
    ret->file_bytes = c->path ? vs_sqlite_size_of(c->path, "") : ret->page_count * ret->page_size;
    ret->wal_bytes = c->path ? vs_sqlite_log_bytes(c->path) : 0;
    return rc;
}

int vs_sqlite_checkpoint(struct vs_conn *conn, int64_t *ret_left, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    int in_log = 0, copied = 0;
    *ret_left = 0;
    int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (rc != SQLITE_OK)
        return vs_sqlite_fail(c, rc, "checkpoint", e);
    *ret_left = in_log > copied ? in_log - copied : 0;
    return 0;
}

/* One finding a row; "ok" is none. */
static int check(struct sqlite_conn *c, const char *sql, vidstore_error **e) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    int code = 0;
    if (rc == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(s, 0);
        if (!said || strcmp(said, "ok") != 0)
            code = vs_fail(e, VIDSTORE_CORRUPT, NULL, "the database is damaged: %.300s", said ? said : "?");
    } else if (rc != SQLITE_DONE) {
        code = vs_sqlite_fail(c, rc, "check the database", e);
    }
    sqlite3_finalize(s);
    return code;
}

int vs_sqlite_integrity(struct vs_conn *conn, int full, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    c->watching = 1;
    int rc = check(c, full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", e);
    if (!rc)
        rc = check(c,
                   "SELECT 'row ' || coalesce(rowid, '?') || ' of ' || \"table\" || ' refers to nothing in ' || parent "
                   "FROM pragma_foreign_key_check LIMIT 1",
                   e);
    c->watching = 0;
    return rc;
}

int vs_sqlite_optimize(struct vs_conn *conn, int64_t max_pages, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    c->watching = 0;
    if (max_pages == 0)
        return vs_sqlite_exec(c, "PRAGMA analysis_limit=400; PRAGMA optimize", "analyse the database", e);
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%lld)", (long long)max_pages);
    return vs_sqlite_exec(c, sql, "free unused pages", e);
}
