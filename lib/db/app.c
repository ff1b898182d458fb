/* SPDX-License-Identifier: MIT */
#include "db/app.h"
#include "db/db_internal.h"

int vs_app_run(struct vs_conn *conn, struct vs_app *app, vidstore_error **e) {
    if (conn->state == VS_CONN_ABORTED)
        return vs_fail(e, VIDSTORE_ABORTED, NULL, "the transaction was rolled back by an earlier failure");
    if (conn->state != VS_CONN_WRITING && (app->mode != VS_APP_QUERY || conn->state != VS_CONN_READING))
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a host's statement outside a transaction");
    int r = conn->drv->app(conn, app, e);
    if (r)
        vs_conn_check(conn);
    return r;
}
