/* SPDX-License-Identifier: MIT */
/* Public calls on a host's own tables. */
#include "vidstore/app.h"
#include "crypto/crypto.h"
#include "db/app.h"
#include "db/bind.h"
#include "store/session.h"
#include "trail/feed.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

enum { NAME_MAX_BYTES = 100, PARAMS_MAX = 4 << 20 };

/* A worker may what its claimer might: a key for nothing but work does not reach a host's tables through a lease. */
static int may(vidstore_session *session, enum vs_verb verb, vidstore_error **e) {
    return session->actor.kind == VS_ACTOR_WORKER && vs_policy_is_trusted(&session->actor)
               ? 0
               : vs_session_may(session, "app", verb, NULL, NULL, 0, e);
}

struct run {
    vidstore_session *session;
    struct vs_app app;
    struct vs_buf json;
    const char *name; /* of a migration */
    int applied;
};

static int check(struct run *run, enum vs_verb verb, vidstore_error **e) {
    int r = may(run->session, verb, e);
    return r ? r : vs_check_text(run->app.sql, "sql", VS_APP_SQL_MAX, e);
}

static int take_params(struct run *run, const char *params, vidstore_error **e) {
    int r = params ? vs_check_text(params, "params", PARAMS_MAX, e) : 0;
    if (!r && params)
        r = vs_json_parse(params, strlen(params), PARAMS_MAX, "params", &run->app.params, e);
    if (!r && params && !json_is_array(run->app.params))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "params", "params is no JSON array");
    return r;
}

/* Who follows the feed learns which tables to look at. */
static int tell(struct vs_conn *conn, const struct vs_buf *touched, vidstore_error **e) {
    int r = touched->failed ? vs_fail_nomem(e) : 0;
    for (size_t at = 0; !r && at < touched->len; at += strlen(touched->data + at) + 1)
        r = vs_feed_app(conn, touched->data + at, e);
    return r;
}

static int run_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct run *run = arg;
    vs_buf_free(&run->json); /* of a run that was not committed */
    vs_buf_free(&run->app.touched);
    run->app.json = &run->json;
    run->app.changes = 0;
    int r = vs_app_run(conn, &run->app, e);
    if (!r && run->app.changes)
        r = tell(conn, &run->app.touched, e);
    vs_buf_free(&run->app.touched);
    return r;
}

vidstore_status vidstore_app_exec(vidstore_session *session, const char *sql, const char *params, int64_t *ret_changes,
                                  vidstore_error **reterr) {
    VS_ENTER(session, ret_changes, reterr);
    struct run run = {.session = session, .app = {.mode = VS_APP_CHANGE, .sql = sql}};
    int r = check(&run, VS_UPDATE, reterr);
    if (!r)
        r = take_params(&run, params, reterr);
    if (!r)
        r = vs_session_write(session, run_op, &run, reterr);
    if (!r)
        *ret_changes = run.app.changes;
    json_decref(run.app.params);
    return r;
}

vidstore_status vidstore_app_query(vidstore_session *session, const char *sql, const char *params, int64_t max_rows,
                                   vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct run run = {.session = session, .app = {.mode = VS_APP_QUERY, .sql = sql, .max_rows = max_rows}};
    int r = check(&run, VS_READ, reterr);
    if (!r && (max_rows < 1 || max_rows > VS_APP_ROWS_MAX))
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max_rows", "max_rows is not between 1 and %d",
                        VS_APP_ROWS_MAX);
    if (!r)
        r = take_params(&run, params, reterr);
    if (!r)
        r = vs_session_read(session, run_op, &run, reterr);
    if (!r)
        r = vs_buf_to_text(&run.json, ret_json, reterr);
    vs_buf_free(&run.json);
    json_decref(run.app.params);
    vidstore_text_free(vs_unwanted_);
    return r;
}

/* --- migrations ----------------------------------------------------------------------------------------------------
 */

/* 1 when this text was applied under this name, 0 when nothing was. */
static int is_applied(struct vs_conn *conn, const struct run *run, const uint8_t checksum[VS_SHA256_SIZE],
                      vidstore_error **e) {
    size_t len = 0;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_APP_MIGRATION_GET, &s, e, vs_text(run->name));
    if (r != VS_ROW)
        return r;
    const void *found = vs_col_blob(s, 0, &len);
    if (len == VS_SHA256_SIZE && memcmp(found, checksum, len) == 0)
        return 1;
    return vs_fail_sub(e, VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_EDITED, "name",
                       "another text was applied as %s: write a new step instead of editing it", run->name);
}

static int record(struct vs_conn *conn, const struct run *run, const uint8_t checksum[VS_SHA256_SIZE],
                  vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_APP_MIGRATION_ADD, &s, e, vs_text(run->name), vs_bytes(checksum, VS_SHA256_SIZE),
                     vs_int(vs_now_us()));
    if (r)
        return r;
    struct vs_event event = {.action = VIDSTORE_AUDIT_MIGRATION, .noun = "app", .object_name = run->name};
    r = vs_run(s, NULL, e);
    return r ? r : vs_trail_append(conn, &run->session->actor, &event, e);
}

static int migrate_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct run *run = arg;
    uint8_t checksum[VS_SHA256_SIZE];
    run->applied = 0;
    if (vs_sha256(run->app.sql, strlen(run->app.sql), checksum))
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "the digest of a text could not be computed");
    int r = is_applied(conn, run, checksum, e);
    if (r)
        return r < 0 ? r : 0;
    r = vs_app_run(conn, &run->app, e);
    if (!r)
        r = tell(conn, &run->app.touched, e);
    vs_buf_free(&run->app.touched);
    if (!r)
        r = record(conn, run, checksum, e);
    run->applied = !r;
    return r;
}

vidstore_status vidstore_app_migrate(vidstore_session *session, const char *name, const char *sql, int32_t *ret_applied,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_applied, reterr);
    struct run run = {.session = session, .app = {.mode = VS_APP_SCHEMA, .sql = sql}, .name = name};
    int r = check(&run, VS_MANAGE, reterr);
    if (!r)
        r = vs_check_text(name, "name", NAME_MAX_BYTES, reterr);
    if (!r && !*name)
        r = vs_fail(reterr, VIDSTORE_INVALID, "name", "name is empty");
    if (!r)
        r = vs_session_write(session, migrate_op, &run, reterr);
    if (!r)
        *ret_applied = run.applied;
    return r;
}
