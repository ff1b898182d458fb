/* SPDX-License-Identifier: MIT */
/* Running a host's own statements behind the fence, within bounds, and giving what they find as JSON. */
#include "db/sqlite/sqlite_app.h"
#include "util/utf8.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- bounds --------------------------------------------------------------------------------------------------------
 */

static const struct {
    int what, value;
} bounds[] = {
    {SQLITE_LIMIT_LENGTH, VS_APP_VALUE_MAX},
    {SQLITE_LIMIT_SQL_LENGTH, VS_APP_SQL_MAX},
    {SQLITE_LIMIT_COLUMN, 500},
    {SQLITE_LIMIT_EXPR_DEPTH, 100},
    {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 100000},
    {SQLITE_LIMIT_FUNCTION_ARG, 64},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_VARIABLE_NUMBER, VS_APP_BINDS},
};

enum { AGAIN = 3 };

struct before {
    int value[VS_COUNT(bounds)];
};

static void weigh_anew(struct sqlite_fence *f) {
    f->memory = sqlite3_memory_used();
    f->memory_gone = 0;
}

static void close_fence(struct sqlite_conn *c, struct vs_app *app, struct before *before) {
    static const enum sqlite_fence_state states[] = {
        [VS_APP_QUERY] = FENCE_READS, [VS_APP_CHANGE] = FENCE_WRITES, [VS_APP_SCHEMA] = FENCE_SCHEMA};
    for (size_t i = 0; i < VS_COUNT(bounds); i++)
        before->value[i] = sqlite3_limit(c->db, bounds[i].what, bounds[i].value);
    c->fence->state = states[app->mode];
    c->fence->touched = &app->touched;
    weigh_anew(c->fence);
    c->watching = 1; /* a change too: it may run for ever */
}

static void open_fence(struct sqlite_conn *c, const struct before *before) {
    c->watching = 0;
    c->fence->state = FENCE_OPEN;
    c->fence->altering = 0;
    c->fence->touched = NULL;
    for (size_t i = 0; i < VS_COUNT(bounds); i++)
        sqlite3_limit(c->db, bounds[i].what, before->value[i]);
}

int vs_sqlite_app_over(struct sqlite_conn *c) {
    if (!c->fence || c->fence->state < FENCE_READS)
        return 0;
    struct sqlite_fence *f = c->fence;
    int64_t used = sqlite3_memory_used();
    f->memory = used < f->memory ? used : f->memory; /* what others gave back is not this one's to take */
    if (!f->memory_gone && used - f->memory > VS_APP_MEMORY_MAX)
        f->memory_gone = used;
    return f->memory_gone > 0;
}

/* SQLite counts the memory of a process, not of a connection: sorters and tables of a statement's own are in no figure
 * of it. So the statement is weighed by what its end gives back. 0: the memory that was wanted was mostly others'. */
static int wanted_too_much(const struct sqlite_fence *f) {
    return f->memory_gone - sqlite3_memory_used() >= VS_APP_MEMORY_MAX / 4 * 3;
}

/* --- what goes wrong -----------------------------------------------------------------------------------------------
 */

/* Before anything else is done on the connection: its message is the engine's last. */
static int fail(struct sqlite_conn *c, int rc, vidstore_error **e) {
    switch (rc & 0xff) {
    case SQLITE_AUTH:
        return vs_fail(e, VIDSTORE_FORBIDDEN, "sql",
                       "only tables app_* and, for reading, the views v_* can be used here: %.200s",
                       sqlite3_errmsg(c->db));
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_LOCKED:
    case SQLITE_READONLY:
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sql", "%.300s", sqlite3_errmsg(c->db));
    case SQLITE_TOOBIG:
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "sql",
                           "the statement, a value or a row has more than %d bytes", VS_APP_VALUE_MAX);
    case SQLITE_INTERRUPT:
        if (c->fence->memory_gone && wanted_too_much(c->fence))
            return vs_fail(e, VIDSTORE_NOMEM, "sql", "the statement wants more than %d MiB of memory",
                           VS_APP_MEMORY_MAX >> 20);
        if (c->fence->memory_gone)
            return vs_fail(e, VIDSTORE_BUSY, "sql", "others in the process took more than %d MiB for SQLite meanwhile",
                           VS_APP_MEMORY_MAX >> 20);
        break;
    default:
        break;
    }
    return vs_sqlite_fail(c, rc, "run a host's statement", e);
}

/* --- parameters ----------------------------------------------------------------------------------------------------
 */

static int bad_param(size_t at, const char *why, vidstore_error **e) {
    char field[32];
    snprintf(field, sizeof field, "params[%zu]", at);
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s %s", field, why);
}

static int from_hex(const char *hex, size_t len, unsigned char *ret) {
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef", *at = hex[i] ? strchr(digits, hex[i] | 0x20) : NULL;
        if (!at || (hex[i] >= '0' && hex[i] <= '9' ? at - digits > 9 : at - digits < 10))
            return 0;
        ret[i / 2] = (unsigned char)(i % 2 ? ret[i / 2] | (at - digits) : (at - digits) << 4);
    }
    return 1;
}

/* {"blob": "…hex…"} or {"uuid": "…"}: the two that JSON has no form for. */
static int bind_object(sqlite3_stmt *s, size_t at, const json_t *value, vidstore_error **e) {
    const char *uuid = json_string_value(json_object_get(value, "uuid"));
    const json_t *blob = json_object_get(value, "blob");
    const char *hex = json_string_value(blob);
    struct vs_uuid id;
    if (json_object_size(value) != 1 || (!uuid && !hex))
        return bad_param(at, "is an object, but neither {\"blob\": hex digits} nor {\"uuid\": an id}", e);
    if (uuid) {
        if (vs_uuid_parse(uuid, "params", &id, NULL))
            return bad_param(at, "holds no UUID", e);
        return sqlite3_bind_blob(s, (int)at + 1, id.b, sizeof id.b, SQLITE_TRANSIENT) ? vs_fail_nomem(e) : 0;
    }
    size_t len = json_string_length(blob);
    vs_autofree unsigned char *bytes = vs_malloc(len / 2 + 1);
    if (!bytes)
        return vs_fail_nomem(e);
    if (len % 2 || !from_hex(hex, len, bytes))
        return bad_param(at, "holds no pairs of hex digits", e);
    int rc = sqlite3_bind_blob(s, (int)at + 1, bytes, (int)(len / 2), SQLITE_TRANSIENT);
    return rc == SQLITE_TOOBIG ? bad_param(at, "is too long", e) : rc ? vs_fail_nomem(e) : 0;
}

static int bind_one(sqlite3_stmt *s, size_t at, json_t *value, vidstore_error **e) {
    int rc, n = (int)at + 1;
    switch (json_typeof(value)) {
    case JSON_NULL:
        rc = sqlite3_bind_null(s, n);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        rc = sqlite3_bind_int(s, n, json_is_true(value));
        break;
    case JSON_INTEGER:
        rc = sqlite3_bind_int64(s, n, json_integer_value(value));
        break;
    case JSON_REAL:
        rc = sqlite3_bind_double(s, n, json_real_value(value));
        break;
    case JSON_STRING: /* the array lives as long as the statement */
        rc = sqlite3_bind_text64(s, n, json_string_value(value), json_string_length(value), SQLITE_STATIC, SQLITE_UTF8);
        break;
    case JSON_OBJECT:
        return bind_object(s, at, value, e);
    default:
        return bad_param(at, "is a list", e);
    }
    return rc == SQLITE_TOOBIG ? bad_param(at, "is too long", e) : rc ? vs_fail_nomem(e) : 0;
}

static int bind_all(sqlite3_stmt *s, json_t *params, vidstore_error **e) {
    size_t count = params ? json_array_size(params) : 0;
    int r = 0;
    int wanted = sqlite3_bind_parameter_count(s);
    if ((int)count != wanted)
        return vs_fail(e, VIDSTORE_INVALID, "params", "the statement has %d parameter%s, and %zu value%s given", wanted,
                       wanted == 1 ? "" : "s", count, count == 1 ? " was" : "s were");
    for (size_t i = 0; i < count && !r; i++)
        r = bind_one(s, i, json_array_get(params, i), e);
    return r;
}

/* --- rows ----------------------------------------------------------------------------------------------------------
 */

static void put_bytes(struct vs_buf *b, const unsigned char *bytes, int len) {
    static const char digits[] = "0123456789abcdef";
    vs_buf_str(b, "{\"blob\":\"");
    for (int i = 0; i < len; i++) {
        vs_buf_char(b, digits[bytes[i] >> 4]);
        vs_buf_char(b, digits[bytes[i] & 15]);
    }
    vs_buf_str(b, "\"}");
}

/* Text that is none (a cast makes it) is given as bytes. */
static void put_text(struct vs_buf *b, sqlite3_stmt *s, int at) {
    const char *text = (const char *)sqlite3_column_text(s, at);
    int len = sqlite3_column_bytes(s, at);
    if (!text)
        b->failed = VIDSTORE_NOMEM;
    else if (vs_utf8_valid(text, (size_t)len))
        vs_json_string(b, text, (size_t)len);
    else
        put_bytes(b, (const unsigned char *)text, len);
}

/* JSON has no infinity. */
static void put_real(struct vs_buf *b, double value) {
    vs_autojson *number = isfinite(value) ? json_real(value) : json_null();
    if (number)
        vs_json_dump(b, number);
    else
        b->failed = VIDSTORE_NOMEM;
}

static void put_value(struct vs_buf *b, sqlite3_stmt *s, int at) {
    switch (sqlite3_column_type(s, at)) {
    case SQLITE_INTEGER:
        vs_buf_int(b, sqlite3_column_int64(s, at));
        break;
    case SQLITE_FLOAT:
        put_real(b, sqlite3_column_double(s, at));
        break;
    case SQLITE_TEXT:
        put_text(b, s, at);
        break;
    case SQLITE_BLOB:
        put_bytes(b, sqlite3_column_blob(s, at), sqlite3_column_bytes(s, at));
        break;
    default:
        vs_buf_str(b, "null");
    }
}

static void put_columns(struct vs_buf *b, sqlite3_stmt *s) {
    vs_buf_str(b, "{\"columns\":[");
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        const char *name = sqlite3_column_name(s, i);
        vs_autofree char *clean = name ? vs_utf8_scrub(name, strlen(name)) : NULL;
        if (!clean) {
            b->failed = VIDSTORE_NOMEM;
            return;
        }
        if (i)
            vs_buf_char(b, ',');
        vs_json_string(b, clean, strlen(clean));
    }
    vs_buf_str(b, "],\"rows\":[");
}

static int take_rows(struct sqlite_conn *c, sqlite3_stmt *s, struct vs_app *app, vidstore_error **e) {
    struct vs_buf *b = app->json;
    int64_t rows = 0;
    int rc, truncated = 0;
    put_columns(b, s);
    while (!truncated && !b->failed && (rc = sqlite3_step(s)) != SQLITE_DONE) {
        if (rc != SQLITE_ROW)
            return fail(c, rc, e);
        truncated = rows == app->max_rows || b->len > VS_APP_ANSWER_MAX;
        for (int i = 0; !truncated && i < sqlite3_column_count(s); i++) {
            vs_buf_str(b, i ? "," : rows ? ",[" : "[");
            put_value(b, s, i);
        }
        if (!truncated)
            vs_buf_char(b, ']');
        rows++;
    }
    vs_buf_str(b, truncated ? "],\"truncated\":true}" : "],\"truncated\":false}");
    return b->failed == VIDSTORE_INVALID ? vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "sql",
                                                       "the answer is too large: ask for fewer rows or columns")
           : b->failed                   ? vs_fail_nomem(e)
                                         : 0;
}

/* Begins again when it was ended for memory that others took. */
static int take_all(struct sqlite_conn *c, sqlite3_stmt *s, struct vs_app *app, vidstore_error **e) {
    const size_t start = app->json->len;
    vidstore_error *why = NULL;
    int r = take_rows(c, s, app, &why);
    for (int left = AGAIN; left > 0 && r == VIDSTORE_BUSY && c->fence->memory_gone; left--) {
        vidstore_error_free(why);
        why = NULL;
        sqlite3_reset(s);
        app->json->len = start;
        weigh_anew(c->fence);
        r = take_rows(c, s, app, &why);
    }
    if (e)
        *e = why;
    else
        vidstore_error_free(why);
    return r;
}

static int run_through(struct sqlite_conn *c, sqlite3_stmt *s, vidstore_error **e) {
    int rc, pending = 0, highest = 0;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        continue;
    if (rc != SQLITE_DONE)
        return fail(c, rc, e);
    /* A reference that is left open would fail the commit, and with it whatever others have in it. */
    sqlite3_db_status(c->db, SQLITE_DBSTATUS_DEFERRED_FKS, &pending, &highest, 0);
    return pending ? vs_fail(e, VIDSTORE_INVALID, "sql", "what this refers to does not exist, or is still referred to")
                   : 0;
}

/* --- statements ----------------------------------------------------------------------------------------------------
 */

static int prepare(struct sqlite_conn *c, const char *sql, sqlite3_stmt **ret, const char **rest, vidstore_error **e) {
    c->fence->altering = 0;
    int rc = sqlite3_prepare_v3(c->db, sql, -1, 0, ret, rest);
    return rc == SQLITE_OK ? 0 : fail(c, rc, e);
}

/* One statement, with blanks and comments after it at the most. */
static int prepare_only(struct sqlite_conn *c, const char *sql, sqlite3_stmt **ret, vidstore_error **e) {
    const char *rest = NULL;
    sqlite3_stmt *next = NULL;
    int r = prepare(c, sql, ret, &rest, e);
    if (!r && !*ret)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sql", "there is no statement");
    if (!r && *rest)
        r = prepare(c, rest, &next, &rest, e);
    if (!r && (next || *rest))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sql", "there is more than one statement");
    sqlite3_finalize(next);
    return r;
}

static int run_one(struct sqlite_conn *c, struct vs_app *app, vidstore_error **e) {
    sqlite3_stmt *s = NULL;
    int r = prepare_only(c, app->sql, &s, e);
    int reads = !r && sqlite3_stmt_readonly(s);
    if (!r && reads != (app->mode == VS_APP_QUERY))
        r = vs_fail(e, VIDSTORE_INVALID, "sql", reads ? "this only reads: query it" : "this changes something");
    if (!r)
        r = bind_all(s, app->params, e);
    if (!r)
        r = app->mode == VS_APP_QUERY ? take_all(c, s, app, e) : run_through(c, s, e);
    if (!r && app->mode == VS_APP_CHANGE)
        app->changes = sqlite3_changes64(c->db);
    sqlite3_finalize(s);
    return r;
}

static int run_script(struct sqlite_conn *c, const struct vs_app *app, vidstore_error **e) {
    const char *sql = app->sql;
    int r = 0;
    while (!r && *sql) {
        sqlite3_stmt *s = NULL;
        r = prepare(c, sql, &s, &sql, e);
        if (!r && s)
            r = bind_all(s, NULL, e);
        if (!r && s)
            r = run_through(c, s, e);
        sqlite3_finalize(s);
    }
    return r;
}

/* --- what the authorizer is not asked about ------------------------------------------------------------------------
 */

/* New names of tables, and references from a host's tables to ours. */
static const char strangers[] = "SELECT count(*), coalesce(sum(length(name) + length(sql)), 0) FROM sqlite_schema "
                                "WHERE tbl_name NOT LIKE 'app\\_%' ESCAPE '\\' OR (type <> 'index' AND name NOT LIKE "
                                "'app\\_%' ESCAPE '\\')";
static const char references[] = "SELECT m.name FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f "
                                 "WHERE m.type = 'table' AND m.name LIKE 'app\\_%' ESCAPE '\\' "
                                 "AND f.\"table\" NOT LIKE 'app\\_%' ESCAPE '\\' LIMIT 1";

struct ours {
    int64_t objects, bytes;
};

static int count_ours(struct sqlite_conn *c, struct ours *ret, vidstore_error **e) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, strangers, -1, &s, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        *ret = (struct ours){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1)};
    int r = rc == SQLITE_ROW ? 0 : vs_sqlite_fail(c, rc, "read the schema", e);
    sqlite3_finalize(s);
    return r;
}

static int check_references(struct sqlite_conn *c, vidstore_error **e) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, references, -1, &s, NULL);
    int r = 0;
    if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "sql", "%.60s refers to a table that is not the host's: keep the id alone",
                    (const char *)sqlite3_column_text(s, 0));
    else if (rc != SQLITE_DONE)
        r = vs_sqlite_fail(c, rc, "read the schema", e);
    sqlite3_finalize(s);
    return r;
}

static int run_schema(struct sqlite_conn *c, struct vs_app *app, vidstore_error **e) {
    struct ours before = {0}, after = {0};
    struct before limits;
    int r = count_ours(c, &before, e);
    if (r)
        return r;
    close_fence(c, app, &limits);
    r = run_script(c, app, e);
    open_fence(c, &limits);
    if (!r)
        r = count_ours(c, &after, e);
    if (!r && (before.objects != after.objects || before.bytes != after.bytes))
        r = vs_fail(e, VIDSTORE_FORBIDDEN, "sql", "only names that begin with app_ can be given");
    return r ? r : check_references(c, e);
}

int vs_sqlite_app(struct vs_conn *conn, struct vs_app *app, vidstore_error **e) {
    struct sqlite_conn *c = sqlite_of(conn);
    struct before limits;
    int r = vs_sqlite_fence(c, e);
    if (r)
        return r;
    if (app->mode == VS_APP_SCHEMA)
        return run_schema(c, app, e);
    close_fence(c, app, &limits);
    r = run_one(c, app, e);
    open_fence(c, &limits);
    return r;
}
