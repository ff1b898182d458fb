/* SPDX-License-Identifier: MIT */
/* Migrations: the history of a database compared with that of the library, and brought up to it. */
#include "db/migrate.h"
#include "vidstore/version.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int edited(vidstore_error **e, const char *what, int version) {
    return vs_fail_sub(
        e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_EDITED, "path",
        "%s %d of the database is not the one of this library: use the library that made the database, or "
        "restore a backup from before it was edited",
        what, version);
}

static int read_compatible(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = 0;
    int rc = vs_stmt(conn, VS_STMT_META_GET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, "compatible_version", -1);
    if ((rc = vs_row(s, e)) == VS_ROW) {
        const char *text = vs_col_text(s, 0, NULL);
        *ret = text ? strtoll(text, NULL, 10) : 0;
    }
    return rc < 0 ? rc : 0;
}

/* Every migration in the ledger that we know must be the one that we know. */
static int check_ledger(struct vs_conn *conn, const struct vs_history *h, int64_t version, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_MIGRATION_LIST, &s, e);
    if (rc)
        return rc;
    int known = version < h->count ? (int)version : h->count, seen = 0;
    vs_bind_int(s, 1, 0);
    vs_bind_int(s, 2, known);
    while ((rc = vs_step(s, e)) == VS_ROW) {
        size_t len;
        const void *sum = vs_col_blob(s, 2, &len);
        const struct vs_migration *m = &h->list[seen++];
        if (vs_col_int(s, 0) != m->version || len != sizeof m->sha256 || memcmp(sum, m->sha256, len) != 0)
            return edited(e, "migration", m->version);
    }
    if (rc)
        return rc;
    return seen == known ? 0 : edited(e, "migration", seen + 1);
}

/* In a transaction: may this library work with it, and from which version on? */
static int judge(struct vs_conn *conn, const struct vs_history *h, int64_t *ret_version, int *ret_newer,
                 vidstore_error **e) {
    *ret_newer = 0;
    int rc = conn->drv->get_version(conn, ret_version, e);
    if (rc || *ret_version == 0)
        return rc;
    if (*ret_version < 0)
        return edited(e, "version", (int)*ret_version);
    if (*ret_version > h->count) {
        int64_t compatible = 0;
        if ((rc = read_compatible(conn, &compatible, e)))
            return rc;
        if (compatible == 0 || compatible > h->count)
            return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_NEWER, "path",
                               "the database has schema version %lld, this library knows %d: use a newer one",
                               (long long)*ret_version, h->count);
        *ret_newer = 1;
    }
    return check_ledger(conn, h, *ret_version, e);
}

int vs_migrate_check(struct vs_conn *conn, const struct vs_call *call, const struct vs_history *h, int64_t *ret_version,
                     int *ret_newer, vidstore_error **e) {
    int rc = vs_conn_begin(conn, 0, call, e);
    return rc ? rc : vs_conn_end(conn, judge(conn, h, ret_version, ret_newer, e), e);
}

/* A copy beside the database before stored data is rewritten. The writer holds its lock: nothing changes meanwhile. */
static int snapshot(struct vs_conn *conn, const struct vs_call *call, int64_t version, vidstore_error **e) {
    struct vs_db *db = conn->db;
    if (!db->path)
        return 0;
    size_t size = strlen(db->path) + 40;
    vs_autofree char *final = vs_malloc(size);
    vs_autofree char *temp = vs_malloc(size);
    if (!final || !temp)
        return vs_fail_nomem(e);
    snprintf(final, size, "%s.v%lld.bak", db->path, (long long)version);
    snprintf(temp, size, "%s.new", final);
    unlink(temp); /* of a migration that was interrupted; the lock that we hold keeps others from making one now */
    struct vs_conn *reader;
    int rc = vs_conn_open(db, VS_ROLE_READER, call, &reader, e);
    if (rc)
        return rc;
    if (!(rc = vs_conn_begin(reader, 0, call, e)))
        rc = vs_conn_end(reader, db->drv->backup(reader, temp, NULL, NULL, e), e);
    vs_conn_close(reader);
    if (!rc && rename(temp, final) < 0)
        rc = vs_fail_errno(e, errno, "path", "keep a copy of the database before migrating it");
    return rc;
}

static int record(struct vs_conn *conn, const struct vs_migration *m, int64_t took_us, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_MIGRATION_ADD, &s, e);
    if (rc)
        return rc;
    vs_bind_int(s, 1, m->version);
    vs_bind_text(s, 2, m->name, -1);
    vs_bind_blob(s, 3, m->sha256, sizeof m->sha256);
    vs_bind_int(s, 4, vs_now_us());
    vs_bind_int(s, 5, took_us);
    vs_bind_text(s, 6, VIDSTORE_VERSION, -1);
    return vs_run(s, NULL, e);
}

static int write_compatible(struct vs_conn *conn, int64_t compatible, vidstore_error **e) {
    vs_autostmt *s = NULL;
    char text[24];
    int rc = vs_stmt(conn, VS_STMT_META_SET, &s, e);
    if (rc)
        return rc;
    snprintf(text, sizeof text, "%lld", (long long)compatible);
    vs_bind_text(s, 1, "compatible_version", -1);
    vs_bind_text(s, 2, text, -1);
    return vs_run(s, NULL, e);
}

static int apply(struct vs_conn *conn, const struct vs_call *call, const struct vs_history *h, int64_t from,
                 vidstore_error **e) {
    int64_t compatible = 0;
    int rc = from ? read_compatible(conn, &compatible, e) : 0, rewrite = 0;
    for (int64_t i = from; i < h->count; i++)
        rewrite |= h->list[i].rewrite;
    if (!rc && rewrite && from)
        rc = snapshot(conn, call, from, e);
    for (int64_t i = from; !rc && i < h->count; i++) {
        const struct vs_migration *m = &h->list[i];
        int64_t began = vs_mono_us();
        if (!(rc = conn->drv->exec(conn, m->sql[conn->drv->engine], e)))
            rc = record(conn, m, vs_mono_us() - began, e);
        compatible = m->compatible > compatible ? m->compatible : compatible;
    }
    if (!rc)
        rc = write_compatible(conn, compatible, e);
    return rc ? rc : conn->drv->set_version(conn, h->count, e);
}

int vs_migrate(struct vs_conn *conn, const struct vs_call *call, const struct vs_history *h, int *ret_newer,
               vidstore_error **e) {
    int64_t version;
    int rc = vs_migrate_check(conn, call, h, &version, ret_newer, e);
    if (rc || version >= h->count)
        return rc;
    if ((rc = vs_conn_begin(conn, 1, call, e)))
        return rc;
    /* Another process may have done it while we waited for the lock. */
    rc = judge(conn, h, &version, ret_newer, e);
    if (!rc && version < h->count)
        rc = apply(conn, call, h, version, e);
    return vs_conn_end(conn, rc, e);
}
