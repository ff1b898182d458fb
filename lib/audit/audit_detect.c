/* SPDX-License-Identifier: MIT */
/* Detection: loading the latest events, running the rules, and raising each alert once. */
#include "audit/audit.h"
#include "audit/audit_canary.h"
#include "audit/audit_habits.h"
#include "audit/audit_marks.h"
#include "db/bind.h"
#include "trail/checkpoint.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_US = INT64_C(3600000000), SHORT_US = 600000000, KEEP_US = INT64_C(30) * 86400 * 1000000;
enum { HISTORY = 500, HISTORY_MIN = 5, LOOKS = 1000 };

/* The first event that is not older than a time; times follow the order of events but for a clock that was put back. */
static int seq_at(struct vs_conn *conn, int64_t time_us, int64_t last, int64_t *ret, vidstore_error **e) {
    int64_t low = 0, high = last;
    while (low < high) {
        vs_autostmt *s = NULL;
        int64_t middle = low + (high - low) / 2;
        int r = vs_ask(conn, VS_STMT_AUDIT_SEQ_AT, &s, e, vs_int(middle));
        if (r < 0)
            return r;
        if (r == VS_ROW && vs_col_int(s, 1) < time_us)
            low = vs_col_int(s, 0) + 1;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

struct detection {
    struct vs_watch w;
    int64_t last_seq;
    int64_t late_us; /* two checkpoints further apart than this are a gap */
    int more;        /* there were more events than one run looks at */
    struct vs_habit *habits;
    size_t habit_count;
    vidstore_session *session;
    int64_t raised;
};

static const char *keep(struct vs_watch *w, const char *text) {
    return text && *text ? vs_block_text(w->block, text, strlen(text)) : "";
}

static const char *keep_id(struct vs_watch *w, struct vs_stmt *row, int at) {
    char text[VS_UUID_TEXT];
    struct vs_uuid id;
    if (!vs_col_uuid(row, at, &id) || vs_uuid_is_nil(&id))
        return "";
    vs_uuid_format(&id, text);
    return vs_block_text(w->block, text, 36);
}

/* How many tries an event stands for: itself, and those that were only counted. */
static int64_t repeated(const struct vs_watched *row) {
    const char *at = strstr(row->details, "\"repeated\":");
    int64_t more = at ? strtoll(at + 11, NULL, 10) : 0;
    if (more <= 0 || more > 1000000)
        return 1;
    return 1 + more;
}

/* How much a file had that was handed out. */
static int64_t size_of(const struct vs_watched *row) {
    const char *at = row->action == VIDSTORE_AUDIT_FILE_DOWNLOADED ? strstr(row->details, "\"size\":") : NULL;
    int64_t size = at ? strtoll(at + 7, NULL, 10) : 0;
    return size > 0 && size < INT64_C(1) << 50 ? size : 0;
}

static int add_row(struct vs_watch *w, struct vs_stmt *s, vidstore_error **e) {
    struct vs_watched *row = &w->rows[w->count];
    char prefix[48] = "";
    const char *ip = vs_col_text(s, 5, NULL);
    if (ip)
        vs_watch_prefix(ip, prefix);
    *row = (struct vs_watched){.seq = vs_col_int(s, 0),
                               .at_us = vs_col_int(s, 1),
                               .action = (int32_t)vs_col_int(s, 2),
                               .ok = (int)vs_col_int(s, 3),
                               .noun = keep(w, vs_col_text(s, 4, NULL)),
                               .prefix = keep(w, prefix),
                               .agent = keep(w, vs_col_text(s, 6, NULL)),
                               .actor = keep_id(w, s, 7),
                               .object = keep_id(w, s, 8),
                               .credential = keep_id(w, s, 10),
                               .error = keep(w, vs_col_text(s, 11, NULL)),
                               .back_us = vs_col_int(s, 12),
                               .chain = vs_chain_of(vs_col_int(s, 13)),
                               .details = keep(w, vs_col_text(s, 14, NULL)),
                               .owner = keep_id(w, s, 15),
                               .position = vs_col_int(s, 16)};
    row->account = row->object && *row->object ? row->object : keep(w, vs_col_text(s, 9, NULL));
    row->weight = row->details ? repeated(row) : 1;
    row->bytes = row->details ? size_of(row) : 0;
    if (!row->noun || !row->prefix || !row->agent || !row->actor || !row->object || !row->credential || !row->error ||
        !row->details || !row->account || !row->owner)
        return vs_fail_nomem(e);
    w->count++;
    return 0;
}

static int load(struct detection *d, struct vs_conn *conn, enum vs_stmt_id id, int64_t from, int64_t to, size_t most,
                vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, id, &s, e, vs_int(from), vs_int(to), vs_int((int64_t)most + 1));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (d->w.count >= most) {
            d->more = 1;
            d->last_seq = d->w.rows[d->w.count - 1].seq; /* the rest is for the next run */
            return 0;
        }
        if ((r = add_row(&d->w, s, e)))
            return r;
    }
    return r;
}

static int read_checkpoint(struct vs_conn *conn, int64_t number, struct vs_checkpoint *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_ask(conn, VS_STMT_AUDIT_CHECKPOINT, &s, e, vs_int(number));
    if (r != VS_ROW)
        return r;
    const char *body = vs_col_text(s, 0, &len);
    return vs_checkpoint_parse(body, len, "checkpoint", ret, NULL) ? VS_DONE : VS_ROW;
}

/* The last two checkpoints were too far apart, and the store was not closed in between: nobody looked after it. */
static int find_gap(struct detection *d, struct vs_conn *conn, vidstore_error **e) {
    struct vs_checkpoint last = {0}, before = {0};
    vs_autobuf text = {0};
    char entity[32];
    int r = vs_checkpoint_last(conn, &text, e);
    if (r || !text.len || vs_checkpoint_parse(text.data, text.len, "checkpoint", &last, NULL))
        return r;
    r = read_checkpoint(conn, last.number - 1, &before, e);
    snprintf(entity, sizeof entity, "%" PRId64, last.number);
    if (r == VS_ROW && last.time_us - before.time_us > d->late_us &&
        strcmp(before.kind, vs_checkpoint_kinds[VS_CHECKPOINT_CLOSE]) != 0)
        vs_watch_note(&d->w, "late_checkpoint", entity, 0, last.time_us, 0, (last.time_us - before.time_us) / 60000000);
    return r < 0 ? r : 0;
}

/* Of the last hour before the news only what failed, which is what the long windows look at; of the last ten minutes
 * everything. The rows come in the order of events, because the second range begins where the first ends. */
static int load_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct detection *d = arg;
    int64_t hour = 0, recent = 0, time = vs_now_us();
    d->w.count = d->w.alert_count = 0;
    d->more = 0;
    int r = vs_audit_marks_load(conn, &d->w, e);
    int64_t after = d->w.after_seq;
    if (!r)
        r = vs_audit_last_seq(conn, &d->last_seq, e);
    if (r)
        return r;
    r = vs_audit_marks_check(conn, &d->w, e);
    if (!r)
        r = find_gap(d, conn, e);
    if (!r)
        r = vs_canaries_load(conn, &d->w, e);
    if (r || d->last_seq <= after)
        return r;
    if (after) { /* the time of the first event that is news */
        vs_autostmt *s = NULL;
        r = vs_ask(conn, VS_STMT_AUDIT_SEQ_AT, &s, e, vs_int(after + 1));
        if (r < 0)
            return r;
        time = r == VS_ROW ? vs_col_int(s, 1) : time;
    }
    r = seq_at(conn, time - HOUR_US, d->last_seq, &hour, e);
    if (!r)
        r = seq_at(conn, time - SHORT_US, d->last_seq, &recent, e);
    if (!r && after && recent > after + 1)
        recent = after + 1;
    if (!r && hour < recent)
        r = load(d, conn, VS_STMT_AUDIT_WATCH_FAILED_PAGE, hour - 1, recent - 1, VS_WATCH_ROWS / 2, e);
    d->more = 0; /* of the past the oldest half is enough */
    d->w.whole = d->w.count;
    if (!r)
        r = load(d, conn, VS_STMT_AUDIT_WATCH_PAGE, recent - 1, INT64_MAX, VS_WATCH_ROWS, e);
    if (r || !d->more || d->last_seq > after)
        return r;
    d->w.count = d->w.whole = 0; /* so much in ten minutes that there was no room for the news: they alone */
    d->more = 0;
    return load(d, conn, VS_STMT_AUDIT_WATCH_PAGE, after, INT64_MAX, VS_WATCH_ROWS, e);
}

/* --- what needs a look into the past ---------------------------------------------------------------------------- */

struct history {
    const struct vs_watched *row;
    const char *user;
    int logins, prefix, agent; /* earlier ones; those from the same prefix, with the same agent */
    int64_t last_us;
};

static int history_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct history *h = arg;
    struct vs_uuid user;
    vs_autostmt *s = NULL;
    int r = vs_uuid_parse(h->user, "user", &user, e);
    if (!r)
        r = vs_stmt(conn, VS_STMT_AUDIT_LOGIN_PAGE, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, &user);
    vs_bind_int(s, 2, h->row->seq);
    vs_bind_int(s, 3, HISTORY);
    while ((r = vs_step(s, e)) == VS_ROW) {
        char prefix[48] = "";
        const char *ip = vs_col_text(s, 1, NULL), *agent = vs_col_text(s, 2, NULL);
        if (ip)
            vs_watch_prefix(ip, prefix);
        h->last_us = h->logins++ ? h->last_us : vs_col_int(s, 0);
        h->prefix += strcmp(prefix, h->row->prefix) == 0;
        h->agent += strcmp(agent ? agent : "", h->row->agent) == 0;
    }
    return r;
}

/* A login from a new address with a new agent, of somebody with a history; and one after three months without any. */
static void judge_login(struct vs_watch *w, const struct history *h) {
    static const int64_t dormant_us = INT64_C(90) * 86400 * 1000000;
    const struct vs_watched *row = h->row;
    if (h->logins >= HISTORY_MIN && !h->prefix && !h->agent)
        vs_watch_note(w, "new_origin", h->user, 1, row->at_us, HOUR_US, h->logins);
    if (h->logins && row->at_us - h->last_us > dormant_us)
        vs_watch_note(w, "dormant", h->user, 1, row->at_us, HOUR_US, (row->at_us - h->last_us) / 86400000000);
}

/* More rights, given from an address that who gave them never came from. */
static void judge_raise(struct vs_watch *w, const struct history *h) {
    if (*h->row->prefix && h->logins >= HISTORY_MIN && !h->prefix)
        vs_watch_note(w, "escalation", h->user, 1, h->row->at_us, SHORT_US, 1);
}

static int look_back(struct detection *d, vidstore_error **e) {
    int r = 0;
    for (size_t i = 0, looked = 0; !r && i < d->w.count && looked < LOOKS; i++) {
        const struct vs_watched *row = &d->w.rows[i];
        int came = row->action == VIDSTORE_AUDIT_USER_LOGIN && row->ok;
        struct history h = {.row = row, .user = came ? row->account : row->actor};
        if (row->seq <= d->w.after_seq || !(came || vs_watch_raises_rights(row)) || !vs_uuid_is_text(h.user))
            continue;
        looked++;
        r = vs_session_read(d->session, history_op, &h, e);
        if (!r)
            (came ? judge_login : judge_raise)(&d->w, &h);
    }
    return r;
}

/* What is much or little is not the same for everybody. */
static int look_at_habits(struct detection *d, vidstore_error **e) {
    int r = vs_habits_count(&d->w, &d->habits, &d->habit_count, e);
    if (!r)
        r = vs_habits_judge(d->session, &d->w, d->habits, d->habit_count, e);
    return r ? r : vs_habits_shares(d->session, &d->w, e);
}

/* --- raising ---------------------------------------------------------------------------------------------------- */

/* On the change feed, as an event that belongs to nobody: only admins see it. */
static int tell(struct vs_conn *conn, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_AUDIT_ALERT_TELL, &s, e);
    return r ? r : vs_run(s, NULL, e);
}

static int raise_alert(struct vs_conn *conn, struct detection *d, const struct vs_alert *alert, vidstore_error **e) {
    vs_autobuf details = {0}, says = {0};
    struct vs_uuid user;
    int64_t is_new = 0;
    int known = alert->is_user && vs_uuid_is_text(alert->entity) && !vs_uuid_parse(alert->entity, "id", &user, NULL);
    int r = vs_exec(conn, VS_STMT_AUDIT_ALERT_ADD, &is_new, e, vs_text(alert->rule), vs_text(alert->entity),
                    vs_int(alert->window_us), vs_int(vs_now_us()));
    if (r || !is_new)
        return r;
    vs_buf_fmt(&details, "{\"rule\":\"%s\",\"entity\":", alert->rule);
    vs_json_string(&details, alert->entity, strlen(alert->entity));
    vs_buf_fmt(&details, ",\"count\":%" PRId64 ",\"at\":%" PRId64 "}", alert->count, alert->at_us);
    const char *canary = vs_canary_noun(&d->w, alert);
    if (canary)
        vs_buf_fmt(&says, "canary touched: %s %s, %" PRId64 " time%s", canary, alert->entity, alert->count,
                   alert->count == 1 ? "" : "s");
    else
        vs_buf_fmt(&says, "%s: %" PRId64 " (%s)", vs_watch_says(alert->rule), alert->count, alert->entity);
    if (details.failed || says.failed)
        return vs_fail_nomem(e);
    d->raised++;
    struct vs_event event = {.action = VIDSTORE_AUDIT_ALERT,
                             .noun = alert->is_user ? "user" : "audit",
                             .object = known ? &user : NULL,
                             .object_name = alert->rule,
                             .details = details.data,
                             .description = says.data};
    r = vs_trail_append(conn, &d->session->actor, &event, e);
    return r ? r : tell(conn, e);
}

static int raise_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct detection *d = arg;
    int is_same = 0;
    int r = vs_audit_marks_are_same(conn, &d->w, &is_same, e);
    d->raised = 0;
    if (r || !is_same) /* somebody else has looked at the same events meanwhile */
        return r;
    for (size_t i = 0; !r && i < d->w.alert_count; i++)
        r = raise_alert(conn, d, &d->w.alerts[i], e);
    if (!r)
        r = vs_habits_keep(conn, d->habits, d->habit_count, e);
    if (!r)
        r = vs_exec(conn, VS_STMT_AUDIT_ALERT_PRUNE, NULL, e, vs_int(vs_now_us() - KEEP_US));
    return r ? r : vs_audit_marks_keep(conn, &d->w, d->last_seq, e);
}

static void free_detection(struct detection **d) {
    if (!*d)
        return;
    vs_block_unref((*d)->w.block);
    vs_free((*d)->habits);
    vs_free((*d)->w.rows);
    vs_free(*d);
}

int vs_audit_detect(vidstore_session *session, int64_t *ret_alerts, int *ret_more, vidstore_error **e) {
    VS_CLEANUP(free_detection) struct detection *d = vs_calloc(1, sizeof *d);
    if (!d)
        return vs_fail_nomem(e);
    d->session = session;
    d->w.block = vs_block_new(65536);
    d->w.rows = vs_reallocarray(NULL, VS_WATCH_ROWS, sizeof *d->w.rows);
    if (!d->w.block || !d->w.rows)
        return vs_fail_nomem(e);
    d->late_us = 3 * vs_setting(session->store, VS_SETTING_AUDIT_CHECKPOINT_MINUTES) * 60000000;
    int r = vs_session_read(session, load_op, d, e);
    if (r || (d->last_seq == d->w.after_seq && !d->w.alert_count))
        return r;
    if (d->last_seq > d->w.after_seq)
        r = vs_watch_rules(&d->w, e);
    if (!r)
        r = look_back(d, e);
    if (!r)
        r = look_at_habits(d, e);
    if (!r)
        r = vs_session_write(session, raise_op, d, e);
    *ret_alerts += r ? 0 : d->raised;
    *ret_more |= !r && d->more;
    return r;
}
