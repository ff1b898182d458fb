/* SPDX-License-Identifier: MIT */
/* A host's own statements on SQLite, shared by sqlite_app.c and sqlite_fence.c. */
#ifndef VS_DB_SQLITE_APP_H
#define VS_DB_SQLITE_APP_H

#include "db/app.h"
#include "db/sqlite/sqlite_internal.h"

enum sqlite_fence_state { FENCE_OPEN, FENCE_LEARNS, FENCE_READS, FENCE_WRITES, FENCE_SCHEMA };

struct sqlite_exposed {
    char table[32], column[64];
};

struct sqlite_fence {
    enum sqlite_fence_state state;
    struct sqlite_exposed *exposed; /* columns of ours that a view reads */
    size_t count;
    char **real; /* tables and views of ours */
    size_t real_count;
    int nomem;              /* while it was made */
    int altering;           /* the statement that is compiled alters or drops a table of the host's */
    int64_t memory;         /* SQLite's in the process, when the statement began, or the least since */
    int64_t memory_gone;    /* the same when it was ended for it; 0: it was not */
    struct vs_buf *touched; /* see vs_app; NULL: nobody asks */
};

/* Makes the connection's fence if it has none; it stays open. */
int vs_sqlite_fence(struct sqlite_conn *c, vidstore_error **e);
void vs_sqlite_fence_free(struct sqlite_conn *c);
int vs_sqlite_is_app(const char *name);

#endif
