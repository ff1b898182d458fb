/* SPDX-License-Identifier: MIT */
/* The end of old events: whole segments that are sealed and covered by a checkpoint, one a transaction. Their roots
 * stay, so that what was exported can still be proven. */
#include "audit/audit.h"
#include "db/bind.h"
#include "store/checkpoints.h"
#include "trail/checkpoint.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include <inttypes.h>
#include <string.h>

static const int64_t DAY_US = INT64_C(86400) * 1000000;

struct prune {
    vidstore_session *session;
    int64_t before_us[VS_CHAINS]; /* of each chain; INT64_MIN: nothing */
    int64_t max_bytes;            /* 0: no limit */
    int exported;                 /* only what was exported */
    int called;                   /* somebody asked for it: not the settings */
    int dry;
    /* The segment that is next. */
    int chain;
    int64_t from[VS_CHAINS]; /* a dry run goes on after this segment */
    int64_t segment, bytes_left;
    uint8_t root[VS_SHA256_SIZE];
    int found;
    int64_t events; /* that went, or would */
};

/* The size of a chain that the last checkpoint speaks of; 0: none does. */
static int covered(struct vs_conn *conn, struct vs_checkpoint *ret, vidstore_error **e) {
    vs_autobuf text = {0};
    int r = vs_checkpoint_last(conn, &text, e);
    *ret = (struct vs_checkpoint){0};
    return r || !text.len ? r : vs_checkpoint_parse(text.data, text.len, "checkpoint", ret, e);
}

/* Whether the oldest segment of a chain may go. The one with the last event never does: the next link hangs on it. */
static int look(struct prune *p, struct vs_conn *conn, int chain, const struct vs_checkpoint *checkpoint, int too_large,
                vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t size = 0;
    int r = vs_ask(conn, VS_STMT_AUDIT_SEGMENT_NEXT, &s, e, vs_int(chain), vs_int(p->from[chain]));
    if (r != VS_ROW)
        return r;
    int64_t segment = vs_col_int(s, 0), end = (segment + 1) * VS_SEGMENT;
    const void *root = vs_col_blob(s, 1, &size);
    int due = vs_col_int(s, 2) < p->before_us[chain] || too_large;
    if (!due || size != VS_SHA256_SIZE || checkpoint->chains[chain].size <= end || (p->exported && vs_col_null(s, 4)))
        return 0;
    p->found = 1;
    p->chain = chain;
    p->segment = segment;
    memcpy(p->root, root, size);
    if (p->bytes_left != INT64_MIN) /* it was asked for */
        p->bytes_left -= vs_col_int(s, 3);
    return 0;
}

static int find_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct prune *p = arg;
    struct vs_checkpoint checkpoint;
    vs_autostmt *bytes = NULL;
    int r = covered(conn, &checkpoint, e);
    p->found = 0;
    if (!r && p->max_bytes && p->bytes_left == INT64_MIN) {
        r = vs_stmt(conn, VS_STMT_AUDIT_SEGMENT_BYTES, &bytes, e);
        if (!r && (r = vs_row(bytes, e)) == VS_ROW)
            p->bytes_left = vs_col_int(bytes, 0);
        r = r < 0 ? r : 0;
    }
    /* Of what is too large, the busiest chain goes first: work, upkeep, and security last. */
    static const int order[] = {VS_CHAIN_ACTIVITY, VS_CHAIN_SYSTEM, VS_CHAIN_SECURITY};
    for (size_t i = 0; !r && !p->found && i < sizeof order / sizeof *order; i++)
        r = look(p, conn, order[i], &checkpoint, p->max_bytes && p->bytes_left > p->max_bytes, e);
    return r;
}

static int remove_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct prune *p = arg;
    char root[2 * VS_SHA256_SIZE + 1], details[256];
    int64_t first = p->segment * VS_SEGMENT, marked = 0;
    int r = vs_exec(conn, VS_STMT_AUDIT_SEGMENT_PRUNED, &marked, e, vs_int(vs_now_us()), vs_int(p->chain),
                    vs_int(p->segment));
    if (r || !marked) /* somebody else was faster */
        return r;
    r = vs_exec(conn, VS_STMT_AUDIT_SEGMENT_REMOVE, NULL, e, vs_int(p->chain), vs_int(first),
                vs_int(first + VS_SEGMENT));
    vs_hex(p->root, sizeof p->root, root);
    snprintf(details, sizeof details,
             "{\"chain\":\"%s\",\"segment\":%" PRId64 ",\"first\":%" PRId64 ",\"last\":%" PRId64
             ",\"root\":\"%s\",\"by\":\"%s\"}",
             vs_word_name(vs_audit_chains, p->chain), p->segment, first + 1, first + VS_SEGMENT, root,
             p->called ? "call" : "settings");
    struct vs_event event = {.action = VIDSTORE_AUDIT_PRUNED, .noun = "audit", .details = details};
    return r ? r : vs_trail_append(conn, &p->session->actor, &event, e);
}

/* Until nothing is due or time is up. *more: something was left. */
static int run(struct prune *p, int64_t end_us, int *more, vidstore_error **e) {
    int r = 0;
    p->bytes_left = INT64_MIN;
    while (!r) {
        r = vs_session_read(p->session, find_op, p, e);
        if (r || !p->found)
            break;
        struct vs_call call = vs_session_call(p->session);
        call.alone = 1; /* it takes a while: nobody else shall wait for its end */
        if (!p->dry)
            r = vs_db_write(p->session->store->db, &call, remove_op, p, e);
        p->from[p->chain] = p->segment + 1;
        p->events += r ? 0 : VS_SEGMENT;
        if (!p->dry && vs_mono_us() >= end_us) {
            *more = 1;
            break;
        }
    }
    return r;
}

int vs_audit_upkeep(vidstore_session *session, int dry, int64_t end_us, int64_t *ret_pruned, int *ret_more,
                    vidstore_error **e) {
    static const enum vs_setting_id days[VS_CHAINS] = {[VS_CHAIN_SECURITY] = VS_SETTING_AUDIT_SECURITY_DAYS,
                                                       [VS_CHAIN_ACTIVITY] = VS_SETTING_AUDIT_ACTIVITY_DAYS,
                                                       [VS_CHAIN_SYSTEM] = VS_SETTING_AUDIT_SYSTEM_DAYS};
    struct vidstore *store = session->store;
    struct vs_call call = vs_session_call(session);
    struct prune p = {.session = session,
                      .max_bytes = vs_setting(store, VS_SETTING_AUDIT_MAX_BYTES),
                      .exported = (int)vs_setting(store, VS_SETTING_AUDIT_EXPORT_FIRST),
                      .dry = dry};
    int r = dry ? 0 : vs_checkpoint_on_time(store, &call, e);
    if (r || vs_setting(store, VS_SETTING_AUDIT_HOLD))
        return r;
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++) {
        int64_t keep = vs_setting(store, days[i]);
        p.before_us[i] = keep ? vs_now_us() - keep * DAY_US : INT64_MIN;
    }
    if (!dry)
        r = vs_audit_erase(session, end_us, ret_more, e);
    if (!r)
        r = run(&p, end_us, ret_more, e);
    *ret_pruned += p.events;
    return r;
}

vidstore_status vidstore_audit_prune(vidstore_session *session, int64_t before_us, int64_t *ret_count,
                                     vidstore_error **reterr) {
    VS_ENTER(session, ret_count, reterr);
    struct vidstore *store = session->store;
    struct prune p = {.session = session, .called = 1};
    int more = 0, r = vs_session_outside(session, reterr);
    if (!r)
        r = vs_session_may(session, "audit", VS_MANAGE, NULL, NULL, 0, reterr);
    if (!r && before_us < 0)
        r = vs_fail_sub(reterr, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "before_us", "before_us is negative");
    struct vs_call call = vs_session_call(session);
    if (!r) /* what an admin said to keep must not go because a default stood in */
        r = vs_settings_read(store, &call, reterr);
    if (!r && vs_setting(store, VS_SETTING_AUDIT_HOLD))
        r = vs_fail(reterr, VIDSTORE_STATE, NULL, "the audit is under a legal hold (setting audit.hold)");
    if (!r)
        r = vs_segments_seal(store->db, &call, reterr);
    if (r)
        return r;
    p.exported = (int)vs_setting(store, VS_SETTING_AUDIT_EXPORT_FIRST);
    for (int i = VS_CHAIN_SECURITY; i < VS_CHAINS; i++)
        p.before_us[i] = before_us;
    r = run(&p, INT64_MAX, &more, reterr);
    *ret_count = r ? 0 : p.events;
    return r;
}
