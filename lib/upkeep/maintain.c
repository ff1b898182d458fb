/* SPDX-License-Identifier: MIT */
/* Doing the upkeep for a while, and saying what was done. */
#include "upkeep/maintain.h"
#include "db/bind.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "vidstore/upkeep.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_MAX_MS 3600000
#define DAY_US        (INT64_C(86400) * 1000000)
#define FLAGS         ((uint32_t)(VIDSTORE_MAINTAIN_DRY_RUN | VIDSTORE_MAINTAIN_ALL))
#define OPTIMIZED     "upkeep.optimized" /* when the planner's statistics were last refreshed */

enum { FIRST_ROWS = 50, ROWS = 500, VACUUM_PAGES = 4000, VACUUM_PAGES_ALL = 100000 };

/* Every step gets its turn, however small the budget is; then all go on until nothing is left or time is up. */
static int do_all(struct vs_upkeep *u, int *ret_more, vidstore_error **e) {
    int r;
    u->limit = FIRST_ROWS;
    do {
        r = vs_upkeep_pass(u, ret_more, e);
        u->limit = ROWS;
    } while (!r && *ret_more && vs_mono_us() < u->end_us);
    return r;
}

/* --- on record ------------------------------------------------------------------------------------------------ */

static void put_done(const struct vs_upkeep *u, struct vs_buf *b) {
    vs_buf_char(b, '{');
    for (int i = 0; i < VS_DONE_KINDS; i++)
        vs_buf_fmt(b, "%s\"%s\":%" PRId64, i ? "," : "", vs_done_names[i], u->done[i]);
    vs_buf_char(b, '}');
}

struct note {
    vidstore_session *session;
    const char *details;
};

static int note_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct note *note = arg;
    struct vs_event event = {.action = VIDSTORE_AUDIT_RETENTION_RUN, .noun = "store", .details = note->details};
    return vs_trail_append(conn, &note->session->actor, &event, e);
}

static int note_run(const struct vs_upkeep *u, vidstore_error **e) {
    vs_autobuf details = {0};
    int64_t any = 0;
    for (int i = 0; i < VS_DONE_KINDS; i++)
        any |= u->done[i];
    if (u->dry || !any)
        return 0;
    put_done(u, &details);
    if (details.failed)
        return vs_fail_nomem(e);
    struct note note = {u->session, details.data};
    return vs_session_write(u->session, note_op, &note, e);
}

/* --- the database itself -------------------------------------------------------------------------------------- */

static int optimized_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text(OPTIMIZED));
    *(int64_t *)arg = r == VS_ROW ? strtoll(vs_col_text(s, 0, NULL), NULL, 10) : 0;
    return r < 0 ? r : 0;
}

static int set_optimized_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    char text[24];
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_META_SET, &s, e);
    if (r)
        return r;
    snprintf(text, sizeof text, "%" PRId64, *(int64_t *)arg);
    vs_bind_text(s, 1, OPTIMIZED, -1);
    vs_bind_text(s, 2, text, -1);
    return vs_run(s, NULL, e);
}

static int optimize(struct vs_upkeep *u, vidstore_error **e) {
    int64_t last = 0;
    struct vs_call call = vs_session_call(u->session);
    int r = vs_session_read(u->session, optimized_op, &last, e);
    if (r || (!u->all && last <= u->now_us && u->now_us - last < DAY_US))
        return r;
    r = vs_db_optimize(u->session->store->db, &call, u->all ? VACUUM_PAGES_ALL : VACUUM_PAGES, e);
    return r ? r : vs_session_write(u->session, set_optimized_op, &u->now_us, e);
}

static int look_after_database(struct vs_upkeep *u, int64_t *ret_left, vidstore_error **e) {
    struct vs_call call = vs_session_call(u->session);
    int r = u->dry ? 0 : optimize(u, e);
    if (!r && !u->dry) {
        call = vs_session_call(u->session);
        r = vs_db_checkpoint(u->session->store->db, &call, ret_left, e);
    }
    return r;
}

/* --- the call ------------------------------------------------------------------------------------------------- */

static int maintain(struct vs_upkeep *u, vidstore_text **ret, vidstore_error **e) {
    int64_t began = vs_mono_us(), left = 0;
    int more = 0;
    vs_autobuf b = {0};
    int r = do_all(u, &more, e);
    /* What was done before something failed was done all the same. */
    int noted = note_run(u, r ? NULL : e);
    if (!r)
        r = noted ? noted : look_after_database(u, &left, e);
    if (r)
        return r;
    vs_buf_fmt(&b, "{\"dry_run\":%s,\"done\":", u->dry ? "true" : "false");
    put_done(u, &b);
    if (!u->dry)
        vs_buf_fmt(&b, ",\"checkpoint\":{\"left_pages\":%" PRId64 "}", left);
    if (u->failed) {
        vs_buf_fmt(&b, ",\"undeleted\":{\"blobs\":%" PRId64 ",\"why\":", u->failed);
        vs_json_string(&b, u->why, strlen(u->why));
        vs_buf_char(&b, '}');
    }
    vs_buf_fmt(&b, ",\"more\":%s,\"took_ms\":%" PRId64 "}", more ? "true" : "false", (vs_mono_us() - began) / 1000);
    return vs_buf_to_text(&b, ret, e);
}

static int check(vidstore_session *session, int64_t budget_ms, uint32_t flags, vidstore_error **e) {
    if (flags & ~FLAGS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    if (budget_ms < 1 || budget_ms > BUDGET_MAX_MS)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "budget_ms", "budget_ms is not between 1 and %d",
                           BUDGET_MAX_MS);
    int r = vs_session_outside(session, e);
    if (!r)
        r = vs_session_may(session, "store", VS_MANAGE, NULL, NULL, 0, e);
    struct vs_call call = vs_session_call(session);
    if (!r) /* what an admin said to keep must not go because a default stood in */
        r = vs_settings_read(session->store, &call, e);
    if (!r && !(flags & VIDSTORE_MAINTAIN_DRY_RUN) && vs_db_read_only(session->store->db))
        r = vs_fail(e, VIDSTORE_READONLY, "session", "the store was opened for reading only");
    return r;
}

vidstore_status vidstore_maintain(vidstore_session *session, int64_t budget_ms, uint32_t flags,
                                  vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_session_settle_refusals(session);
    int r = check(session, budget_ms, flags, reterr);
    struct vs_upkeep u = {.session = session,
                          .now_us = vs_now_us(),
                          .dry = (flags & VIDSTORE_MAINTAIN_DRY_RUN) != 0,
                          .all = (flags & VIDSTORE_MAINTAIN_ALL) != 0};
    u.end_us = r ? 0 : vs_mono_us() + budget_ms * 1000;
    if (!r)
        r = maintain(&u, ret_json, reterr);
    vidstore_text_free(vs_unwanted_);
    return r;
}
