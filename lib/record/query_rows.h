/* SPDX-License-Identifier: MIT */
/* The rows of a page, in the order of the list. */
#ifndef VS_RECORD_QUERY_ROWS_H
#define VS_RECORD_QUERY_ROWS_H

#include "record/query.h"

enum { VS_OBJECTS_FOLLOWED = 12, VS_HEADS = VS_QUERY_WAYS * VS_OBJECTS_FOLLOWED };

/* A way that is being followed, and where it stands. */
struct vs_head {
    struct vs_stmt *row; /* NULL: at its end */
    int64_t seq;
    struct vs_uuid object; /* of what was granted and leads to these rows */
};

struct vs_rows {
    struct vs_compiled *c;
    struct vs_conn *conn;
    struct vs_head heads[VS_HEADS];
    int count;
    int merged;  /* each head stands on its next row; else there is one, and it is before it */
    int64_t seq; /* of the row that was given last; INT64_MIN: none was */
    vs_scratch scratch;
};

/* Begins to read a page of a list, or of what a search finds. Close it whatever this returns. */
int vs_rows_open(struct vs_rows *rows, struct vs_compiled *c, struct vs_conn *conn, enum vs_how how,
                 vidstore_error **e);
/* VS_ROW and the statement that stands on the next row, VS_DONE, or a negative code. */
int vs_rows_next(struct vs_rows *rows, struct vs_stmt **ret, vidstore_error **e);
void vs_rows_close(struct vs_rows *rows);

#endif
