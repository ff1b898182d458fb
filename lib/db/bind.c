/* SPDX-License-Identifier: MIT */
#include "db/bind.h"

static void bind(struct vs_stmt *s, const struct vs_arg *args, int count) {
    for (int i = 0; i < count; i++) {
        const struct vs_arg *arg = &args[i];
        if (arg->kind == VS_ARG_INT)
            vs_bind_int(s, i + 1, arg->number);
        else if (arg->kind == VS_ARG_TEXT)
            vs_bind_text(s, i + 1, arg->data, arg->number);
        else if (arg->kind == VS_ARG_BYTES)
            vs_bind_blob(s, i + 1, arg->data, arg->number);
        else
            vs_bind_uuid(s, i + 1, arg->data);
    }
}

int vs_bound_args(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e,
                  const struct vs_arg *args, int count) {
    int r = vs_stmt(conn, id, ret, e);
    if (!r)
        bind(*ret, args, count);
    return r;
}

int vs_ask_args(struct vs_conn *conn, enum vs_stmt_id id, struct vs_stmt **ret, vidstore_error **e,
                const struct vs_arg *args, int count) {
    int r = vs_bound_args(conn, id, ret, e, args, count);
    return r ? r : vs_row(*ret, e);
}

int vs_exec_args(struct vs_conn *conn, enum vs_stmt_id id, int64_t *ret_changes, vidstore_error **e,
                 const struct vs_arg *args, int count) {
    vs_autostmt *s = NULL;
    int r = vs_bound_args(conn, id, &s, e, args, count);
    return r ? r : vs_run(s, ret_changes, e);
}

int vs_exec_one_args(struct vs_conn *conn, enum vs_stmt_id id, int *ret_done, vidstore_error **e,
                     const struct vs_arg *args, int count) {
    int64_t changes = 0;
    int r = vs_exec_args(conn, id, &changes, e, args, count);
    if (ret_done)
        *ret_done = changes > 0;
    return r;
}
