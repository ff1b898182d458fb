/* SPDX-License-Identifier: MIT */
/* Detection: how far the last run had looked, and whether what it saw last is there still. The marks stand in the
 * store, so that what is taken out between two runs is found, whichever processes they run in. */
#include "audit/audit_marks.h"
#include "db/bind.h"
#include "util/env.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "SEQ POSITION SEQ POSITION SEQ POSITION SEQ": the last event that was looked at, and the last one of each chain. */
#define WATCHED "audit.watched"

static const int64_t HOUR_US = INT64_C(3600000000);

struct seen {
    int64_t seq;
    struct vs_mark marks[VS_CHAINS];
};

static int read_seen(struct vs_conn *conn, struct seen *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = (struct seen){0};
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text(WATCHED));
    if (r != VS_ROW)
        return r < 0 ? r : 0;
    char *at = (char *)(uintptr_t)vs_col_text(s, 0, NULL);
    ret->seq = strtoll(at, &at, 10);
    for (int chain = VS_CHAIN_SECURITY; chain < VS_CHAINS; chain++) {
        ret->marks[chain].position = strtoll(at, &at, 10);
        ret->marks[chain].seq = strtoll(at, &at, 10);
        if (!ret->marks[chain].seq) /* left by a version that knew less */
            ret->marks[chain].position = 0;
    }
    return 0;
}

int vs_audit_marks_load(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e) {
    struct seen seen;
    int r = read_seen(conn, &seen, e);
    w->after_seq = seen.seq;
    memcpy(w->marks, seen.marks, sizeof seen.marks);
    return r;
}

int vs_audit_marks_are_same(struct vs_conn *conn, const struct vs_watch *w, int *ret, vidstore_error **e) {
    struct seen seen;
    int r = read_seen(conn, &seen, e);
    *ret = !r && seen.seq == w->after_seq;
    return r;
}

/* The segment of a position was removed as a whole, with an event that says so. */
static int was_pruned(struct vs_conn *conn, int chain, int64_t position, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_SEGMENT, &s, e, vs_int(chain), vs_int((position - 1) / VS_SEGMENT));
    *ret = r == VS_ROW && !vs_col_null(s, 8);
    return r < 0 ? r : 0;
}

/* Whoever cuts the end off and goes on gives the positions anew, but not the seq. */
static int is_there(struct vs_conn *conn, int chain, const struct vs_mark *mark, int *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_LINK_SEQ, &s, e, vs_int(chain), vs_int(mark->position));
    *ret = r == VS_ROW && vs_col_int(s, 0) == mark->seq;
    return r < 0 ? r : 0;
}

int vs_audit_marks_check(struct vs_conn *conn, struct vs_watch *w, vidstore_error **e) {
    int64_t cut = 0;
    for (int chain = VS_CHAIN_SECURITY; chain < VS_CHAINS; chain++) {
        struct vs_mark *mark = &w->marks[chain];
        int there = 1, pruned = 0;
        int r = mark->position ? is_there(conn, chain, mark, &there, e) : 0;
        if (!r && mark->position) /* of what follows, too: it may have come and gone since */
            r = was_pruned(conn, chain, mark->position + 1, &pruned, e);
        if (!r && !there && !pruned)
            r = was_pruned(conn, chain, mark->position, &pruned, e);
        if (r)
            return r;
        cut += !there && !pruned;
        if (!there || pruned)
            *mark = (struct vs_mark){0};
    }
    if (cut)
        vs_watch_note(w, "history_cut", "audit", 0, vs_now_us(), HOUR_US, cut);
    return 0;
}

static int ask_for_mark(struct vs_conn *conn, int chain, int64_t last_seq, struct vs_mark *mark, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_MARK, &s, e, vs_int(chain), vs_int(last_seq));
    if (r == VS_ROW)
        *mark = (struct vs_mark){vs_col_int(s, 0), vs_col_int(s, 1)};
    return r < 0 ? r : 0;
}

/* The last event of a chain that was looked at: among the rows, or the one before them. */
static int mark_of(struct vs_conn *conn, const struct vs_watch *w, int chain, int64_t last_seq, struct vs_mark *mark,
                   vidstore_error **e) {
    *mark = w->marks[chain];
    for (size_t i = w->whole; i < w->count; i++)
        if (w->rows[i].chain == chain && w->rows[i].position)
            *mark = (struct vs_mark){w->rows[i].position, w->rows[i].seq};
    return mark->position ? 0 : ask_for_mark(conn, chain, last_seq, mark, e);
}

int vs_audit_marks_keep(struct vs_conn *conn, const struct vs_watch *w, int64_t last_seq, vidstore_error **e) {
    char text[256];
    int len = snprintf(text, sizeof text, "%" PRId64, last_seq);
    for (int chain = VS_CHAIN_SECURITY; chain < VS_CHAINS; chain++) {
        struct vs_mark mark;
        int r = mark_of(conn, w, chain, last_seq, &mark, e);
        if (r)
            return r;
        len += snprintf(text + len, sizeof text - (size_t)len, " %" PRId64 " %" PRId64, mark.position, mark.seq);
    }
    return vs_exec(conn, VS_STMT_META_SET, NULL, e, vs_text(WATCHED), vs_text(text));
}
