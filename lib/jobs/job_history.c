/* SPDX-License-Identifier: MIT */
#include "jobs/job_cancel.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <string.h>

struct history {
    vidstore_session *session;
    struct vs_uuid id;
    struct vs_buf json;
};

static void put_text(struct vs_buf *b, const char *name, struct vs_stmt *s, int at) {
    size_t len = 0;
    const char *text = vs_col_text(s, at, &len);
    vs_buf_fmt(b, ",\"%s\":", name);
    if (text)
        vs_json_string(b, text, len);
    else
        vs_buf_str(b, "null");
}

static void put_int(struct vs_buf *b, const char *name, struct vs_stmt *s, int at) {
    if (vs_col_null(s, at))
        vs_buf_fmt(b, ",\"%s\":null", name);
    else
        vs_buf_fmt(b, ",\"%s\":%" PRId64, name, vs_col_int(s, at));
}

static void put_attempt(struct vs_buf *b, struct vs_stmt *s) {
    vs_buf_fmt(b, "%s{\"number\":%" PRId64, b->len > 1 ? "," : "", vs_col_int(s, 0));
    put_text(b, "worker", s, 1);
    put_int(b, "started", s, 2);
    put_int(b, "ended", s, 3);
    put_text(b, "outcome", s, 4);
    put_text(b, "error", s, 5);
    put_text(b, "stage", s, 6);
    put_int(b, "progress_done", s, 7);
    vs_buf_char(b, '}');
}

static int history_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct history *h = arg;
    vs_autorecord *job = NULL;
    vs_autostmt *s = NULL;
    vs_buf_free(&h->json);
    int r = vs_crud_load_for(conn, h->session, &vs_job_rules, &h->id, 0, VS_READ, &job, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_JOB_ATTEMPT_LIST, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &h->id);
    vs_buf_char(&h->json, '[');
    while ((r = vs_step(s, e)) == VS_ROW)
        put_attempt(&h->json, s);
    vs_buf_char(&h->json, ']');
    return r;
}

int vs_job_history(vidstore_session *session, const char *id, vidstore_text **ret, vidstore_error **e) {
    struct history h = {.session = session};
    int r = vs_uuid_parse(id, "id", &h.id, e);
    if (!r)
        r = vs_session_read(session, history_op, &h, e);
    if (!r)
        r = vs_buf_to_text(&h.json, ret, e);
    vs_buf_free(&h.json);
    return r;
}
