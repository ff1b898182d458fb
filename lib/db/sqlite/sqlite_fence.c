/* SPDX-License-Identifier: MIT */
/* The fence around a host's own statements: SQLite's authorizer asks here about everything that a statement would
 * touch, while it compiles it. What is not allowed here is refused. While no such statement runs the fence is open.
 *
 * The views v_* read tables of ours. Through them columns may be read, but only columns that one of them reads by
 * itself, which is found out once a connection: SQLite says on whose behalf a column is read, but takes the name of a
 * common table expression for that of a view, so that the name alone would prove nothing. */
#include "db/sqlite/sqlite_app.h"
#include "util/alloc.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const views[] = {"v_users", "v_jobs", "v_videos", "v_files", "v_audit"};
static const char *const lists[] = {"json_each", "json_tree"};

/* What computes, and nothing that reaches files, extensions or the connection. */
static const char functions[] =
    " abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling changes char coalesce concat concat_ws cos cosh count"
    " cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor "
    "format"
    " glob group_concat hex ifnull iif instr json json_array json_array_length json_each json_error_position "
    "json_extract"
    " json_group_array json_group_object json_insert json_object json_patch json_quote json_remove json_replace "
    "json_set"
    " json_tree json_type json_valid julianday lag last_insert_rowid last_value lead length like likelihood likely ln "
    "log"
    " log10 log2 lower ltrim max min mod nth_value ntile nullif octet_length percent_rank pi pow power printf quote"
    " radians random randomblob rank replace round row_number rtrim sign sin sinh sqrt strftime string_agg substr"
    " substring sum tan tanh time timediff total total_changes trim trunc typeof unhex unicode unixepoch unlikely upper"
    " zeroblob -> ->> ";

static int is_word(const char *list, const char *word) {
    char padded[64];
    int len = word ? snprintf(padded, sizeof padded, " %s ", word) : -1;
    return len > 2 && len < (int)sizeof padded && !strchr(word, ' ') && strcasestr(list, padded) != NULL;
}

int vs_sqlite_is_app(const char *name) {
    return name && strncasecmp(name, "app_", 4) == 0 && name[4];
}

static int is_view(const char *name) {
    for (size_t i = 0; name && i < VS_COUNT(views); i++)
        if (strcasecmp(name, views[i]) == 0)
            return 1;
    return 0;
}

static int is_schema_table(const char *name) {
    return name && (strcasecmp(name, "sqlite_master") == 0 || strcasecmp(name, "sqlite_schema") == 0);
}

static int is_sequence(const char *name) {
    return name && strcasecmp(name, "sqlite_sequence") == 0;
}

/* --- what the views read -------------------------------------------------------------------------------------------
 */

static int is_exposed(const struct sqlite_fence *f, const char *table, const char *column) {
    for (size_t i = 0; i < f->count; i++)
        if (strcasecmp(f->exposed[i].table, table) == 0 && (!*column || strcasecmp(f->exposed[i].column, column) == 0))
            return 1;
    return 0;
}

/* What is in the schema, or in the engine itself. */
static int is_real(const struct sqlite_fence *f, const char *name) {
    if (strncasecmp(name, "sqlite_", 7) == 0 || strncasecmp(name, "pragma_", 7) == 0 || strcasecmp(name, "dbstat") == 0)
        return 1;
    for (size_t i = 0; i < f->real_count; i++)
        if (strcasecmp(f->real[i], name) == 0)
            return 1;
    return 0;
}

static int expose(struct sqlite_fence *f, const char *table, const char *column) {
    if (is_exposed(f, table, column))
        return SQLITE_OK;
    struct sqlite_exposed *more = vs_reallocarray(f->exposed, f->count + 1, sizeof *more);
    f->nomem |= !more; /* an authorizer has no other word for it than that this is not allowed */
    if (!more)
        return SQLITE_DENY;
    f->exposed = more;
    snprintf(more[f->count].table, sizeof more->table, "%s", table);
    snprintf(more[f->count].column, sizeof more->column, "%s", column);
    f->count++;
    return SQLITE_OK;
}

/* --- the authorizer ------------------------------------------------------------------------------------------------
 */

static int may_read(struct sqlite_fence *f, const char *table, const char *column, const char *by) {
    if (!table || !column)
        return 0;
    if (vs_sqlite_is_app(table) || is_view(table) || strcmp(table, "json_each") == 0 || strcmp(table, "json_tree") == 0)
        return 1;
    if (f->state == FENCE_LEARNS)
        return expose(f, table, column) == SQLITE_OK;
    if (is_schema_table(table))
        return f->state == FENCE_SCHEMA;
    if (is_sequence(table))
        return f->altering;
    /* A statement that only counts names no column, and nobody on whose behalf it reads; nor is a common table
     * expression told from a table then. How many rows the views have is no secret. */
    if (!*column)
        return is_exposed(f, table, column) || !is_real(f, table);
    return is_view(by) && is_exposed(f, table, column);
}

/* A host's table that a statement changes, or makes, alters and drops: noted once. 1. */
static int touch(const struct sqlite_fence *f, const char *table) {
    struct vs_buf *b = f->touched;
    if (!b)
        return 1;
    for (size_t at = 0; at < b->len; at += strlen(b->data + at) + 1)
        if (strcasecmp(b->data + at, table) == 0)
            return 1;
    vs_buf_str(b, table);
    vs_buf_char(b, '\0');
    return 1;
}

/* The automatic indexes of constraints have names of the engine's. */
static int is_app_index(const char *index, const char *table) {
    return vs_sqlite_is_app(table) &&
           (vs_sqlite_is_app(index) || (index && strncasecmp(index, "sqlite_autoindex_app_", 21) == 0));
}

static int may_alter(struct sqlite_fence *f, int what, const char *a, const char *b) {
    if (f->state != FENCE_SCHEMA)
        return 0;
    switch (what) {
    case SQLITE_CREATE_TABLE:
        return vs_sqlite_is_app(a) && touch(f, a);
    case SQLITE_DROP_TABLE:
        return f->altering = vs_sqlite_is_app(a) && touch(f, a);
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
    case SQLITE_REINDEX: /* of the index that is being made */
        return what == SQLITE_REINDEX ? vs_sqlite_is_app(a) : is_app_index(a, b);
    case SQLITE_ALTER_TABLE:
        return f->altering = vs_sqlite_is_app(b) && touch(f, b);
    default:
        return 0;
    }
}

/* Statements that write are refused by the caller where they may only read. The rows of the schema itself are written
 * by statements of the kinds above only: the connection is defensive. */
static int may_write(const struct sqlite_fence *f, const char *table) {
    if (vs_sqlite_is_app(table))
        return touch(f, table);
    return (f->state == FENCE_SCHEMA && is_schema_table(table)) || (f->altering && is_sequence(table));
}

/* What comes with altering or dropping a table: a look for temporary views and triggers that speak of it. */
static int is_aside(const struct sqlite_fence *f, int what, const char *table) {
    return f->altering && (what == SQLITE_READ || what == SQLITE_UPDATE) && table &&
           (is_schema_table(table) || strcasecmp(table, "sqlite_temp_master") == 0 ||
            strcasecmp(table, "sqlite_temp_schema") == 0);
}

static int judge(struct sqlite_fence *f, int what, const char *a, const char *b, const char *schema, const char *by) {
    if (what == SQLITE_ALTER_TABLE) /* which says things in another order */
        return a && strcmp(a, "main") == 0 && may_alter(f, what, a, b);
    if (schema && strcmp(schema, "main") != 0)
        return is_aside(f, what, a);
    switch (what) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return 1;
    case SQLITE_READ:
        return may_read(f, a, b, by);
    case SQLITE_FUNCTION:
        return is_word(functions, b) || (f->state == FENCE_SCHEMA && b && strncmp(b, "sqlite_", 7) == 0);
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        return may_write(f, a);
    default:
        return may_alter(f, what, a, b);
    }
}

int vs_sqlite_authorize(void *arg, int what, const char *a, const char *b, const char *schema, const char *by) {
    struct sqlite_conn *c = arg;
    struct sqlite_fence *f = c->fence;
    if (!f || f->state == FENCE_OPEN)
        return SQLITE_OK;
    return judge(f, what, a, b, schema, by) ? SQLITE_OK : SQLITE_DENY;
}

/* --- setting it up -------------------------------------------------------------------------------------------------
 */

static int learn(struct sqlite_conn *c, const char *name, const char *arguments) {
    char sql[64];
    sqlite3_stmt *s = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM %s%s LIMIT 0", name, arguments);
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
    sqlite3_finalize(s);
    return rc;
}

static int learn_names(struct sqlite_conn *c, struct sqlite_fence *f) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", -1, &s, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        char **more = vs_reallocarray(f->real, f->real_count + 1, sizeof *more);
        f->real = more ? more : f->real;
        rc = more && (more[f->real_count] = vs_strdup((const char *)sqlite3_column_text(s, 0))) ? SQLITE_OK
                                                                                                : SQLITE_NOMEM;
        f->real_count += rc == SQLITE_OK;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int vs_sqlite_fence(struct sqlite_conn *c, vidstore_error **e) {
    if (c->fence)
        return 0;
    struct sqlite_fence *f = c->fence = vs_calloc(1, sizeof *f);
    if (!f)
        return vs_fail_nomem(e);
    int rc = learn_names(c, f);
    f->state = FENCE_LEARNS;
    for (size_t i = 0; i < VS_COUNT(views) && rc == SQLITE_OK; i++)
        rc = learn(c, views[i], "");
    f->state = FENCE_OPEN; /* these make their own tables, when they are used first */
    for (size_t i = 0; i < VS_COUNT(lists) && rc == SQLITE_OK; i++)
        rc = learn(c, lists[i], "('[]')");
    f->state = FENCE_OPEN;
    if (rc == SQLITE_OK)
        return 0;
    int r = f->nomem ? vs_fail_nomem(e) : vs_sqlite_fail(c, rc, "read the views", e);
    vs_sqlite_fence_free(c);
    return r;
}

void vs_sqlite_fence_free(struct sqlite_conn *c) {
    for (size_t i = 0; c->fence && i < c->fence->real_count; i++)
        vs_free(c->fence->real[i]);
    if (c->fence) {
        vs_free(c->fence->real);
        vs_free(c->fence->exposed);
    }
    vs_free(c->fence);
    c->fence = NULL;
}
