/* SPDX-License-Identifier: MIT */
/* Many writes in one commit: all or nothing, or a status an item. */
#include "store/crud.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

struct bulk {
    vidstore_session *session;
    const struct vs_rules *rules;
    const char *const *ids; /* NULL: create */
    const struct vs_params *const *params;
    void *const *extras;
    int64_t count;
    uint32_t flags;
    struct vs_page *page;
};

static int one(struct bulk *b, struct vs_conn *conn, int64_t i, struct vs_record **ret, vidstore_error **e) {
    struct vs_uuid id;
    void *extra = b->extras ? b->extras[i] : NULL;
    int r = vs_params_check(b->params[i], b->rules->noun, e);
    if (!r)
        r = b->ids ? vs_uuid_parse(b->ids[i], "id", &id, e) : vs_uuid_make(&id, e);
    if (r)
        return r;
    if (b->ids) {
        r = vs_crud_update_in(conn, b->session, b->rules, &id, b->params[i], extra, ret, e);
        if (!r)
            vs_policy_hide(&b->session->actor, *ret);
        return r;
    }
    return vs_crud_create_in(conn, b->session, b->rules, b->params[i], extra, &id, ret, e);
}

/* The error with its item before the field: items[3].username */
static int name_item(int64_t i, int code, vidstore_error *why, vidstore_error **e) {
    char field[160];
    const char *of = vidstore_error_field(why);
    snprintf(field, sizeof field, "items[%lld]%s%s", (long long)i, of ? "." : "", of ? of : "");
    int r = vs_fail_sub(e, code, vidstore_error_subcode(why), field, "%s", vidstore_error_message(why));
    vidstore_error_free(why);
    return r;
}

int vs_crud_is_of_item(int code) {
    switch (code) {
    case VIDSTORE_INVALID:
    case VIDSTORE_NOT_FOUND:
    case VIDSTORE_EXISTS:
    case VIDSTORE_CONFLICT:
    case VIDSTORE_FORBIDDEN:
    case VIDSTORE_QUOTA:
    case VIDSTORE_STATE:
    case VIDSTORE_MISUSE:
        return 1;
    default:
        return 0;
    }
}

/* One event for all of them, with their ids. */
static int audit(const struct bulk *b, struct vs_conn *conn, vidstore_error **e) {
    const struct vs_noun *noun = b->rules->noun;
    vs_autobuf details = {0};
    int64_t done = 0;
    vs_buf_str(&details, "{\"ids\":[");
    for (int64_t i = 0; i < b->page->count; i++) {
        const struct vs_record *record = b->page->items[i].record;
        if (record)
            vs_buf_fmt(&details, "%s\"%s\"", done++ ? "," : "", vs_record_text(record, noun->base + 1));
    }
    vs_buf_fmt(&details, "],\"count\":%lld}", (long long)done);
    struct vs_event event = {.action = b->ids ? b->rules->updated : b->rules->created,
                             .noun = noun->name,
                             .details = details.data,
                             .owner = &b->session->actor.user};
    if (!done)
        return 0;
    return details.failed ? vs_fail_nomem(e) : vs_trail_append(conn, &b->session->actor, &event, e);
}

static int run_items(struct bulk *b, struct vs_conn *conn, vidstore_error **e);

static int bulk_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct bulk *b = arg;
    int r = run_items(b, conn, e);
    return r ? r : audit(b, conn, e);
}

static int run_items(struct bulk *b, struct vs_conn *conn, vidstore_error **e) {
    vs_page_free(b->page);
    b->page = NULL;
    int r = vs_page_new(b->rules->noun, b->count, &b->page, e);
    for (int64_t i = 0; !r && i < b->count; i++) {
        vs_autorecord *record = NULL;
        vidstore_error *why = NULL;
        int each = (b->flags & VIDSTORE_BULK_EACH) != 0;
        r = each ? vs_mark(conn, e) : 0;
        if (r)
            break;
        int outcome = one(b, conn, i, &record, &why);
        if (each) {
            r = outcome ? vs_mark_undo(conn, e) : vs_mark_release(conn, e);
            if (r) {
                vidstore_error_free(why);
                break;
            }
        }
        if (outcome && (!each || !vs_crud_is_of_item(outcome)))
            return name_item(i, outcome, why, e);
        r = vs_page_add_outcome(b->page, outcome ? NULL : record, why, e);
    }
    return r;
}

static int bulk(struct bulk *b, struct vs_page **ret, vidstore_error **e) {
    if (b->count < 0 || b->count > VS_BULK_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "count", "count is not between 0 and %d",
                           VS_BULK_MAX);
    if (b->count && !b->params)
        return vs_fail(e, VIDSTORE_MISUSE, "params", "params is NULL");
    if (b->flags & ~(uint32_t)VIDSTORE_BULK_EACH)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "flags", "flags has unknown bits");
    b->session->bulk = 1; /* before the write is queued: others must not have to wait for its end */
    int r = vs_session_write(b->session, bulk_op, b, e);
    b->session->bulk = 0;
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(b->session, VIDSTORE_AUDIT_ACCESS_DENIED, b->rules->noun->name, NULL, NULL, r);
    if (r)
        vs_page_free(b->page);
    else
        *ret = b->page;
    return r;
}

int vs_crud_bulk_create(vidstore_session *session, const struct vs_rules *rules, const struct vs_params *const *params,
                        void *const *extras, int64_t count, uint32_t flags, struct vs_page **ret, vidstore_error **e) {
    struct bulk b = {session, rules, NULL, params, extras, count, flags, NULL};
    return bulk(&b, ret, e);
}

int vs_crud_bulk_update(vidstore_session *session, const struct vs_rules *rules, const char *const *ids,
                        const struct vs_params *const *params, int64_t count, uint32_t flags, struct vs_page **ret,
                        vidstore_error **e) {
    struct bulk b = {session, rules, ids, params, NULL, count, flags, NULL};
    if (count && !ids)
        return vs_fail(e, VIDSTORE_MISUSE, "ids", "ids is NULL");
    return bulk(&b, ret, e);
}
