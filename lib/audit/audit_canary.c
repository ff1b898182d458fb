/* SPDX-License-Identifier: MIT */
/* Canaries: accounts, keys and objects that nobody has a reason to touch. The host says which; whatever happens to one
 * raises an alert. */
#include "audit/audit_canary.h"
#include "audit/audit.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CANARIES_MAX = 1000 };
static const int64_t TEN_MINUTES_US = 600000000;

/* --- the rule ---------------------------------------------------------------------------------------------------- */

static int by_id(const void *id, const void *canary) {
    return strcmp(id, ((const struct vs_canary *)canary)->id);
}

static void touched(struct vs_watch *w, const struct vs_watched *row, const char *id) {
    const struct vs_canary *canary = *id ? bsearch(id, w->canaries, w->canary_count, sizeof *w->canaries, by_id) : NULL;
    if (canary && row->seq > canary->since_seq)
        vs_watch_note(w, "canary", id, 0, row->at_us, TEN_MINUTES_US, row->weight);
}

/* What the library does by itself, and what is told of a canary, touch none. */
static int is_of_the_house(const struct vs_watched *row) {
    static const int32_t actions[] = {VIDSTORE_AUDIT_ALERT, VIDSTORE_AUDIT_CANARY_SET, VIDSTORE_AUDIT_CANARY_CLEARED,
                                      VIDSTORE_AUDIT_FILE_VERIFIED, VIDSTORE_AUDIT_KEY_EXPIRED};
    for (size_t i = 0; i < VS_COUNT(actions); i++)
        if (row->action == actions[i])
            return 1;
    return 0;
}

/* A bulk call has the ids of what it changed in its details, each between quotes. */
static void touched_in_bulk(struct vs_watch *w, const struct vs_watched *row) {
    if (*row->object || strncmp(row->details, "{\"ids\":[", 8) != 0)
        return;
    for (const char *at = row->details + 8; *at == '"' && strlen(at) > 37; at += at[38] == ',' ? 39 : 38) {
        char id[37];
        memcpy(id, at + 1, 36);
        id[36] = '\0';
        touched(w, row, id);
    }
}

void vs_watch_canaries(struct vs_watch *w) {
    for (size_t i = 0; w->canary_count && i < w->count; i++) {
        const struct vs_watched *row = &w->rows[i];
        if (row->seq <= w->after_seq || is_of_the_house(row))
            continue;
        touched(w, row, row->object);
        touched(w, row, row->credential);
        touched_in_bulk(w, row);
    }
}

int vs_canaries_load(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e) {
    struct vs_canary *list = vs_block_alloc(w->block, CANARIES_MAX * sizeof *list);
    vs_autostmt *s = NULL;
    struct vs_uuid id;
    int r = list ? vs_bound(conn, VS_STMT_AUDIT_CANARY_LIST, &s, e, vs_int(CANARIES_MAX)) : vs_fail_nomem(e);
    w->canaries = list;
    w->canary_count = 0;
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        struct vs_canary *canary = &list[w->canary_count++];
        vs_col_uuid(s, 0, &id);
        vs_uuid_format(&id, canary->id);
        snprintf(canary->noun, sizeof canary->noun, "%s", vs_col_text(s, 1, NULL));
        canary->since_seq = vs_col_int(s, 3);
        r = 0;
    }
    return r;
}

const char *vs_canary_noun(const struct vs_watch *w, const struct vs_alert *alert) {
    for (size_t i = 0; strcmp(alert->rule, "canary") == 0 && i < w->canary_count; i++)
        if (strcmp(w->canaries[i].id, alert->entity) == 0)
            return w->canaries[i].noun;
    return NULL;
}

/* --- public calls ------------------------------------------------------------------------------------------------ */

struct canary_call {
    vidstore_session *session;
    struct vs_uuid id;
    int on;
    struct vs_buf b;
};

static int note(struct vs_conn *conn, const struct canary_call *c, const char *noun, vidstore_error **e) {
    struct vs_event event = {
        .action = c->on ? VIDSTORE_AUDIT_CANARY_SET : VIDSTORE_AUDIT_CANARY_CLEARED, .noun = noun, .object = &c->id};
    return vs_trail_append(conn, &c->session->actor, &event, e);
}

static int add(struct vs_conn *conn, struct canary_call *c, vidstore_error **e) {
    vs_autostmt *s = NULL, *total = NULL;
    char noun[16];
    int r = vs_ask(conn, VS_STMT_AUDIT_CANARY_OF, &s, e, vs_id(&c->id));
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_NOT_FOUND, "id", "there is no user, key, job, video, file or link with this id");
    if (r < 0)
        return r;
    snprintf(noun, sizeof noun, "%s", vs_col_text(s, 0, NULL));
    r = vs_stmt(conn, VS_STMT_AUDIT_CANARY_TOTAL, &total, e);
    if (!r && (r = vs_row(total, e)) == VS_ROW)
        r = vs_col_int(total, 0) < CANARIES_MAX
                ? 0
                : vs_fail(e, VIDSTORE_QUOTA, "id", "there are %d canaries already", CANARIES_MAX);
    if (!r) /* first the event, so that it is not taken for a touch */
        r = note(conn, c, noun, e);
    return r ? r : vs_exec(conn, VS_STMT_AUDIT_CANARY_ADD, NULL, e, vs_id(&c->id), vs_text(noun), vs_int(vs_now_us()));
}

static int set_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct canary_call *c = arg;
    vs_autostmt *s = NULL;
    char noun[16];
    int r = vs_ask(conn, VS_STMT_AUDIT_CANARY_GET, &s, e, vs_id(&c->id));
    if (r < 0)
        return r;
    if (r == VS_DONE)
        return c->on ? add(conn, c, e) : vs_fail(e, VIDSTORE_NOT_FOUND, "id", "this is no canary");
    if (c->on)
        return vs_fail(e, VIDSTORE_EXISTS, "id", "this is a canary already");
    snprintf(noun, sizeof noun, "%s", vs_col_text(s, 0, NULL));
    vs_reset(VS_TAKE(s));
    r = vs_exec(conn, VS_STMT_AUDIT_CANARY_REMOVE, NULL, e, vs_id(&c->id));
    return r ? r : note(conn, c, noun, e);
}

vidstore_status vidstore_audit_canary_set(vidstore_session *session, const char *id, int32_t on,
                                          vidstore_error **reterr) {
    VS_ENTER_VOID(session, reterr);
    struct canary_call c = {.session = session, .on = on != 0};
    int r = vs_uuid_parse(id, "id", &c.id, reterr);
    if (!r && on != 0 && on != 1)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "on", "on is neither 0 nor 1");
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    return r ? r : vs_session_write(session, set_op, &c, reterr);
}

static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct canary_call *c = arg;
    vs_autostmt *s = NULL;
    struct vs_uuid id;
    char text[VS_UUID_TEXT];
    int count = 0, r = vs_bound(conn, VS_STMT_AUDIT_CANARY_LIST, &s, e, vs_int(CANARIES_MAX));
    vs_buf_free(&c->b);
    c->b = (struct vs_buf){0};
    vs_buf_char(&c->b, '[');
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        vs_col_uuid(s, 0, &id);
        vs_uuid_format(&id, text);
        vs_buf_fmt(&c->b, "%s{\"id\":\"%s\",\"noun\":\"%s\",\"created\":%" PRId64 "}", count++ ? "," : "", text,
                   vs_col_text(s, 1, NULL), vs_col_int(s, 2));
        r = 0;
    }
    vs_buf_char(&c->b, ']');
    return r;
}

vidstore_status vidstore_audit_canary_list(vidstore_session *session, vidstore_text **ret_json,
                                           vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    struct canary_call c = {.session = session};
    int r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r)
        r = vs_session_read(session, list_op, &c, reterr);
    if (!r)
        r = c.b.failed ? vs_fail_nomem(reterr) : vs_buf_to_text(&c.b, ret_json, reterr);
    vs_buf_free(&c.b);
    vidstore_text_free(vs_unwanted_);
    return r;
}
