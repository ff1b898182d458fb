/* SPDX-License-Identifier: MIT */
/* A host's own statements on its own tables, app_*, and on the views that are made for it, v_*. What else they try to
 * reach is refused by the engine while it compiles them, whatever they look like. */
#ifndef VS_DB_APP_H
#define VS_DB_APP_H

#include "db/db.h"
#include "util/json.h"

enum vs_app_mode {
    VS_APP_QUERY,  /* reads */
    VS_APP_CHANGE, /* writes rows of app_* */
    VS_APP_SCHEMA, /* makes, alters and drops tables and indexes app_*; any number of statements */
};

enum {
    VS_APP_SQL_MAX = 1 << 20,   /* bytes of a text of statements */
    VS_APP_VALUE_MAX = 1 << 20, /* of a value or a row */
    VS_APP_BINDS = 999,
    VS_APP_ROWS_MAX = 10000,
    VS_APP_ANSWER_MAX = 8 << 20, /* no further row is begun after so many bytes */
    VS_APP_MEMORY_MAX = 256 << 20,
};

struct vs_app {
    enum vs_app_mode mode;
    const char *sql;
    json_t *params; /* array or NULL */
    int64_t max_rows;
    struct vs_buf *json;   /* of a query: {"columns":[…],"rows":[[…],…],"truncated":…} */
    int64_t changes;       /* of a change */
    struct vs_buf touched; /* the tables that a change or a script names to change, each ended with a NUL */
};

/* Inside a read (a query) or write operation. INVALID (field sql or params), FORBIDDEN (sql), EXISTS, what a step can
 * give; NOMEM when it wants too much memory. A change that fails is undone with the operation it stands in. */
int vs_app_run(struct vs_conn *conn, struct vs_app *app, vidstore_error **e);

#endif
