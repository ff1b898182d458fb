/* SPDX-License-Identifier: MIT */
/* Named statements with their values in one call: bind and run, bind and read one row, or bind and step. */
#ifndef VS_DB_BIND_H
#define VS_DB_BIND_H

#include "db/db.h"

enum vs_arg_kind { VS_ARG_INT, VS_ARG_TEXT, VS_ARG_BYTES, VS_ARG_ID };

/* A value for a parameter. Text, bytes and ids are borrowed until the statement is reset. */
struct vs_arg {
    enum vs_arg_kind kind;
    int64_t number; /* the number, or the length */
    const void *data;
};

static inline struct vs_arg vs_int(int64_t value) { /* INT64_MIN: NULL */
    return (struct vs_arg){VS_ARG_INT, value, NULL};
}
static inline struct vs_arg vs_text(const char *text) { /* NULL: NULL */
    return (struct vs_arg){VS_ARG_TEXT, -1, text};
}
static inline struct vs_arg vs_text_n(const char *text, int64_t len) {
    return (struct vs_arg){VS_ARG_TEXT, len, text};
}
static inline struct vs_arg vs_bytes(const void *bytes, int64_t len) { /* NULL: NULL */
    return (struct vs_arg){VS_ARG_BYTES, len, bytes};
}
static inline struct vs_arg vs_id(const struct vs_uuid *id) { /* NULL: NULL */
    return (struct vs_arg){VS_ARG_ID, 0, id};
}

int vs_bound_args(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e,
                  const struct vs_arg *args, int count);
int vs_ask_args(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e,
                const struct vs_arg *args, int count);
int vs_exec_args(struct vs_conn *conn, enum vs_stmt_id id, int64_t *ret_changes, vidstore_error **e,
                 const struct vs_arg *args, int count);
int vs_exec_one_args(struct vs_conn *conn, enum vs_stmt_id id, int *ret_done, vidstore_error **e,
                     const struct vs_arg *args, int count);

#define VS_ARGS(...)                                                                                                   \
    (const struct vs_arg[]){__VA_ARGS__}, (int)(sizeof((const struct vs_arg[]){__VA_ARGS__}) / sizeof(struct vs_arg))

/* 0 and the statement, its parameters bound in the order given, to be stepped; or a negative code. */
#define vs_bound(conn, id, ret, e, ...) vs_bound_args(conn, id, ret, e, VS_ARGS(__VA_ARGS__))
/* The same, and stepped: VS_ROW (read the columns, then reset), VS_DONE, or a negative code. */
#define vs_ask(conn, id, ret, e, ...) vs_ask_args(conn, id, ret, e, VS_ARGS(__VA_ARGS__))
/* Runs a statement that gives no rows: 0, and in *ret_changes (may be NULL) how many rows changed. */
#define vs_exec(conn, id, ret_changes, e, ...) vs_exec_args(conn, id, ret_changes, e, VS_ARGS(__VA_ARGS__))
/* The same for a statement that changes one row or none: *ret_done (may be NULL) is 1 or 0. */
#define vs_exec_one(conn, id, ret_done, e, ...) vs_exec_one_args(conn, id, ret_done, e, VS_ARGS(__VA_ARGS__))

#endif
