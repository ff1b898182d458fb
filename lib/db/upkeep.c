/* SPDX-License-Identifier: MIT */
/* Looking after a database: figures, checks, copies. */
#include "db/migrate.h"
#include "util/buf.h"
#include <stdlib.h>
#include <string.h>

enum { VACUUM_CHUNK_PAGES = 500 };

/* --- figures -------------------------------------------------------------------------------------------------- */

static int read_info(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_db_info *info = arg;
    vs_autostmt *s = NULL;
    int rc = conn->drv->get_version(conn, &info->schema_version, e);
    if (!rc)
        rc = conn->drv->info(conn, info, e);
    if (!rc)
        rc = vs_stmt(conn, VS_STMT_META_GET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, "compatible_version", -1);
    if ((rc = vs_row(s, e)) == VS_ROW) {
        const char *text = vs_col_text(s, 0, NULL);
        info->compatible_version = text ? strtoll(text, NULL, 10) : 0;
    }
    return rc < 0 ? rc : 0;
}

int vs_db_info(struct vs_db *db, const struct vs_call *call, struct vs_db_info *ret, vidstore_error **e) {
    *ret = (struct vs_db_info){
        .engine = db->drv->name, .engine_version = db->drv->version(), .library_schema_version = vs_migration_count};
    return vs_db_read(db, call, read_info, ret, e);
}

/* --- checks --------------------------------------------------------------------------------------------------- */

static int check_integrity(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return conn->drv->integrity(conn, *(int *)arg, e);
}

int vs_db_integrity(struct vs_db *db, const struct vs_call *call, int full, vidstore_error **e) {
    return vs_db_read(db, call, check_integrity, &full, e);
}

/* The schema as a list of texts, "type name sql", sorted by the statement. */
struct listing {
    char **line;
    size_t count, cap;
};

static void listing_free(struct listing *l) {
    for (size_t i = 0; i < l->count; i++)
        vs_free(l->line[i]);
    vs_free(l->line);
}

static int listing_add(struct listing *l, struct vs_stmt *s, vidstore_error **e) {
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        char **line = vs_reallocarray(l->line, cap, sizeof *line);
        if (!line)
            return vs_fail_nomem(e);
        l->line = line;
        l->cap = cap;
    }
    vs_autobuf b = {0};
    for (int i = 0; i < 3; i++) {
        const char *part = vs_col_text(s, i, NULL);
        vs_buf_str(&b, part ? part : "");
        vs_buf_char(&b, ' ');
    }
    if (b.failed)
        return vs_fail_nomem(e);
    l->line[l->count++] = VS_TAKE(b.data);
    return 0;
}

static int list_schema(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_SCHEMA_LIST, &s, e);
    while (!rc && (rc = vs_step(s, e)) == VS_ROW)
        rc = listing_add(arg, s, e);
    return rc;
}

static int fresh_schema(struct listing *ret, vidstore_error **e) {
    struct vs_db *fresh;
    struct vs_db_params params = {.create = 1};
    int rc = vs_db_open(&params, &fresh, e);
    if (rc)
        return rc;
    rc = vs_db_read(fresh, NULL, list_schema, ret, e);
    vs_db_close(fresh);
    return rc;
}

static int compare(const struct listing *live, const struct listing *wanted, vidstore_error **e) {
    size_t i = 0;
    while (i < live->count && i < wanted->count && strcmp(live->line[i], wanted->line[i]) == 0)
        i++;
    if (i == live->count && i == wanted->count)
        return 0;
    return vs_fail_sub(
        e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_EDITED, NULL,
        "the schema is not what the migrations make: \"%.200s\" instead of \"%.200s\"; undo the edit, or "
        "restore a backup from before it",
        i < live->count ? live->line[i] : "nothing", i < wanted->count ? wanted->line[i] : "nothing");
}

int vs_db_schema_check(struct vs_db *db, const struct vs_call *call, vidstore_error **e) {
    int rc = vs_db_check(db, NULL, e);
    if (!rc && db->newer)
        rc = vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_NEWER, NULL,
                         "a newer library has migrated the database: only it can compare the schema");
    if (rc)
        return rc;
    VS_CLEANUP(listing_free) struct listing live = {0}, wanted = {0};
    rc = vs_db_read(db, call, list_schema, &live, e);
    if (!rc)
        rc = fresh_schema(&wanted, e);
    return rc ? rc : compare(&live, &wanted, e);
}

/* --- copies and room ------------------------------------------------------------------------------------------ */

struct backup {
    const char *target;
    int (*progress)(void *arg, int64_t done_pages, int64_t all_pages);
    void *arg;
};

static int copy(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct backup *b = arg;
    return conn->drv->backup(conn, b->target, b->progress, b->arg, e);
}

int vs_db_backup(struct vs_db *db, const struct vs_call *call, const char *target,
                 int (*progress)(void *arg, int64_t done_pages, int64_t all_pages), void *arg, vidstore_error **e) {
    if (!target || !*target)
        return vs_fail(e, VIDSTORE_INVALID, "target", "the target is empty");
    struct backup b = {target, progress, arg};
    return vs_db_read(db, call, copy, &b, e);
}

struct digest {
    uint8_t *sha256;
    int64_t *size;
};

static int digest(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct digest *d = arg;
    return conn->drv->digest(conn, d->sha256, d->size, e);
}

int vs_db_digest(struct vs_db *db, const struct vs_call *call, uint8_t *ret_sha256, int64_t *ret_size,
                 vidstore_error **e) {
    struct digest d = {ret_sha256, ret_size};
    return vs_db_read(db, call, digest, &d, e);
}

static int optimize(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return conn->drv->optimize(conn, *(int64_t *)arg, e);
}

int vs_db_optimize(struct vs_db *db, const struct vs_call *call, int64_t max_pages, vidstore_error **e) {
    struct vs_db_info info;
    struct vs_call alone = call ? *call : (struct vs_call){0};
    int64_t analyse = 0;
    alone.alone = 1;
    int rc = vs_db_write(db, &alone, optimize, &analyse, e);
    if (!rc)
        rc = vs_db_info(db, call, &info, e);
    if (rc)
        return rc;
    /* Short transactions: a writer must not wait for all of it. */
    int64_t left = max_pages < info.freelist_count ? max_pages : info.freelist_count;
    while (!rc && left > 0) {
        int64_t chunk = left < VACUUM_CHUNK_PAGES ? left : VACUUM_CHUNK_PAGES;
        rc = vs_db_write(db, &alone, optimize, &chunk, e);
        left -= chunk;
    }
    return rc;
}
