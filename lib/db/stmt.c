/* SPDX-License-Identifier: MIT */
/* Statements of a connection: found by id or text, kept, bound, stepped. */
#include "db/db_internal.h"
#include <string.h>

/* --- finding -------------------------------------------------------------------------------------------------- */

int vs_stmt(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e) {
    *ret = NULL;
    if ((unsigned)id >= VS_STMT_COUNT)
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "no statement %d", (int)id);
    /* One that stands on a row is in use further up: it gets a twin. */
    struct vs_stmt *s = conn->named[id];
    while (s && s->busy)
        s = s->next;
    if (!s) {
        const char *sql = vs_statements[id].sql[conn->drv->engine];
        int rc = conn->drv->prepare(conn, sql, strlen(sql), &s, e);
        if (rc) {
            vs_conn_check(conn);
            return rc;
        }
        s->id = (int)id;
        s->next = conn->named[id];
        conn->named[id] = s;
    }
    vs_reset(s);
    *ret = s;
    return 0;
}

int vs_stmt_composed(struct vs_conn *conn, const char *text, size_t len, struct vs_stmt **ret, vidstore_error **e) {
    *ret = NULL;
    struct vs_stmt **at = &conn->composed;
    while (*at && ((*at)->busy || (*at)->text_len != len || memcmp((*at)->text, text, len) != 0))
        at = &(*at)->next;
    struct vs_stmt *s = *at;
    if (s) {
        *at = s->next;
    } else {
        char *key = vs_memdup(text, len ? len : 1);
        int rc = key ? conn->drv->prepare(conn, text, len, &s, e) : vs_fail_nomem(e);
        if (rc) {
            vs_free(key);
            vs_conn_check(conn);
            return rc;
        }
        s->id = -1;
        s->text = key;
        s->text_len = len;
    }
    s->next = conn->composed;
    conn->composed = s;
    vs_reset(s);
    *ret = s;
    return 0;
}

const char *vs_stmt_text(const struct vs_conn *conn, enum vs_stmt_id id) {
    return vs_statements[id].sql[conn->drv->engine];
}

const char *vs_stmt_piece(enum vs_stmt_id id) {
    return vs_statements[id].sql[VS_ENGINE_SQLITE];
}

static void free_list(struct vs_stmt *s) {
    while (s) {
        struct vs_stmt *next = s->next;
        vs_free(s->text);
        s->conn->drv->finalize(s);
        s = next;
    }
}

void vs_conn_free_statements(struct vs_conn *conn) {
    for (int i = 0; i < VS_STMT_COUNT; i++)
        free_list(conn->named[i]);
    free_list(conn->composed);
    memset(conn->named, 0, sizeof conn->named);
    conn->composed = NULL;
}

void vs_conn_reset_all(struct vs_conn *conn) {
    for (int i = 0; conn->active && i < VS_STMT_COUNT; i++)
        for (struct vs_stmt *s = conn->named[i]; s; s = s->next)
            vs_reset(s);
    int kept = 0;
    struct vs_stmt *s = conn->composed;
    for (; s; s = s->next) {
        if (s->busy)
            vs_reset(s);
        /* Only here, where nobody holds one any more, may the cache shrink. */
        if (++kept == VS_COMPOSED_MAX) {
            free_list(s->next);
            s->next = NULL;
        }
    }
}

void vs_conn_check(struct vs_conn *conn) {
    int open = conn->state == VS_CONN_READING || conn->state == VS_CONN_WRITING;
    if (open && !conn->drv->in_transaction(conn))
        conn->state = VS_CONN_ABORTED;
}

/* --- binding -------------------------------------------------------------------------------------------------- */

static void bound(struct vs_stmt *s, int code) {
    if (code && !s->bind_failure)
        s->bind_failure = code;
}

void vs_bind_null(struct vs_stmt *s, int at) {
    bound(s, s->conn->drv->bind_null(s, at));
}

void vs_bind_int(struct vs_stmt *s, int at, int64_t value) {
    const struct vs_driver *drv = s->conn->drv;
    bound(s, value == INT64_MIN ? drv->bind_null(s, at) : drv->bind_int(s, at, value));
}

void vs_bind_text(struct vs_stmt *s, int at, const char *text, int64_t len) {
    const struct vs_driver *drv = s->conn->drv;
    bound(s, text ? drv->bind_text(s, at, text, len) : drv->bind_null(s, at));
}

void vs_bind_blob(struct vs_stmt *s, int at, const void *bytes, int64_t len) {
    const struct vs_driver *drv = s->conn->drv;
    bound(s, bytes ? drv->bind_blob(s, at, bytes, len) : drv->bind_null(s, at));
}

void vs_bind_uuid(struct vs_stmt *s, int at, const struct vs_uuid *id) {
    const struct vs_driver *drv = s->conn->drv;
    bound(s, id ? drv->bind_uuid(s, at, id) : drv->bind_null(s, at));
}

/* --- stepping ------------------------------------------------------------------------------------------------- */

static int may_step(struct vs_stmt *s, vidstore_error **e) {
    switch (s->conn->state) {
    case VS_CONN_WRITING:
        return 0;
    case VS_CONN_READING:
        return s->readonly ? 0 : vs_fail(e, VIDSTORE_INTERNAL, NULL, "a read operation tries to write");
    case VS_CONN_ABORTED:
        return vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back by an earlier failure");
    default:
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a statement outside a transaction");
    }
}

int vs_step(struct vs_stmt *s, vidstore_error **e) {
    int rc = may_step(s, e);
    if (!rc)
        rc = s->conn->drv->step(s, e);
    if (rc == VS_ROW) {
        s->conn->active += !s->busy;
        s->busy = 1;
        return rc;
    }
    vs_reset(s);
    if (rc < 0)
        vs_conn_check(s->conn);
    return rc;
}

int vs_run(struct vs_stmt *s, int64_t *ret_changes, vidstore_error **e) {
    if (ret_changes)
        *ret_changes = 0;
    int rc;
    do
        rc = vs_step(s, e);
    while (rc == VS_ROW);
    if (rc == VS_DONE && ret_changes)
        *ret_changes = s->conn->drv->changes(s);
    return rc;
}

int vs_insert(struct vs_stmt *s, int64_t *ret_seq, vidstore_error **e) {
    int r = vs_step(s, e);
    *ret_seq = r == VS_ROW ? vs_col_int(s, 0) : r == VS_DONE ? s->conn->drv->inserted(s) : 0;
    vs_reset(s);
    return r < 0 ? r : 0;
}

int vs_row(struct vs_stmt *s, vidstore_error **e) {
    return vs_step(s, e);
}

void vs_reset(struct vs_stmt *s) {
    if (!s)
        return;
    s->conn->drv->reset(s);
    s->conn->active -= s->busy;
    s->busy = 0;
    s->bind_failure = 0;
}

int vs_col_null(struct vs_stmt *s, int at) {
    return s->conn->drv->col_null(s, at);
}

int64_t vs_col_int(struct vs_stmt *s, int at) {
    return s->conn->drv->col_int(s, at);
}

const char *vs_col_text(struct vs_stmt *s, int at, size_t *ret_len) {
    return s->conn->drv->col_text(s, at, ret_len);
}

const void *vs_col_blob(struct vs_stmt *s, int at, size_t *ret_len) {
    return s->conn->drv->col_blob(s, at, ret_len);
}

int vs_col_uuid(struct vs_stmt *s, int at, struct vs_uuid *ret) {
    return s->conn->drv->col_uuid(s, at, ret);
}
