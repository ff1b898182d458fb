/* SPDX-License-Identifier: MIT */
/* Reading, and what creating and updating share. */
#include "store/crud.h"
#include "db/bind.h"
#include "record/search.h"
#include "store/crud_internal.h"
#include "store/index.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include <string.h>

static int index_of(const struct vs_change *c, int32_t field) {
    int at = vs_field_index(c->noun, field);
    return at >= 0 && (size_t)at < c->noun->columns ? at : -1;
}

const struct vs_value *vs_change_value(const struct vs_change *c, int32_t field) {
    static const struct vs_value none;
    int at = index_of(c, field);
    return at < 0 ? &none : &c->values[at];
}

int64_t vs_change_int(const struct vs_change *c, int32_t field) {
    const struct vs_value *value = vs_change_value(c, field);
    return value->set ? value->i : INT64_MIN;
}

const char *vs_change_text(const struct vs_change *c, int32_t field) {
    const struct vs_value *value = vs_change_value(c, field);
    return value->set ? value->text : NULL;
}

int vs_change_differs(const struct vs_change *c, int32_t field) {
    int at = index_of(c, field);
    if (at < 0)
        return 0;
    return c->old ? !vs_value_equal(&c->noun->fields[at], &c->old->values[at], &c->values[at]) : c->values[at].set;
}

void vs_change_set_int(struct vs_change *c, int32_t field, int64_t value) {
    int at = index_of(c, field);
    if (at >= 0)
        c->values[at] = value == INT64_MIN ? (struct vs_value){0} : (struct vs_value){.i = value, .set = VS_VALUE_SET};
}

int vs_change_set_text(struct vs_change *c, int32_t field, const char *value, vidstore_error **e) {
    int at = index_of(c, field);
    if (at < 0)
        return vs_fail(e, VIDSTORE_INTERNAL, NULL, "a %s has no column for field %d", c->noun->name, (int)field);
    c->values[at] = (struct vs_value){0};
    if (!value)
        return 0;
    size_t len = strlen(value);
    char *copy = vs_block_text(c->block, value, len);
    if (!copy)
        return vs_fail_nomem(e);
    c->values[at] = (struct vs_value){.text = copy, .len = (uint32_t)len, .set = VS_VALUE_SET};
    return 0;
}

int vs_change_set_uuid(struct vs_change *c, int32_t field, const struct vs_uuid *value, vidstore_error **e) {
    char text[VS_UUID_TEXT];
    if (value)
        vs_uuid_format(value, text);
    return vs_change_set_text(c, field, value ? text : NULL, e);
}

void vs_change_default_int(struct vs_change *c, int32_t field, int64_t value) {
    if (!vs_change_value(c, field)->set)
        vs_change_set_int(c, field, value);
}

static int one_record(struct vs_stmt *s, const struct vs_noun *noun, struct vs_record **ret, vidstore_error **e) {
    int r = vs_row(s, e);
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_NOT_FOUND, "id", "no such %s", noun->name);
    if (r < 0)
        return r;
    vs_autoblock *block = vs_block_new(noun->columns * sizeof(struct vs_value) + 1024);
    if (!block)
        return vs_fail_nomem(e);
    r = vs_record_decode(block, noun, s, ret, e);
    if (!r)
        VS_TAKE(block);
    return r;
}

static int is_removed(const struct vs_record *record) {
    return !vs_record_is_null(record, record->noun->base + 8);
}

int vs_crud_load(struct vs_conn *conn, const struct vs_noun *noun, const struct vs_uuid *id, int deleted,
                 struct vs_record **ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_autorecord *record = NULL;
    int r = vs_bound(conn, noun->stmt.by_id, &s, e, vs_id(id));
    if (r)
        return r;
    r = one_record(s, noun, &record, e);
    if (!r && !deleted && is_removed(record))
        r = vs_fail(e, VIDSTORE_NOT_FOUND, "id", "no such %s", noun->name);
    if (!r)
        *ret = VS_TAKE(record);
    return r;
}

struct get {
    vidstore_session *session;
    const struct vs_rules *rules;
    struct vs_uuid id;
    const char *external; /* NULL: by id */
    struct vs_record *found;
};

static int get_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct get *get = arg;
    const struct vs_noun *noun = get->rules->noun;
    vs_autorecord *record = NULL;
    int r;
    if (get->external) {
        vs_autostmt *s = NULL;
        r = vs_bound(conn, noun->stmt.by_external, &s, e, vs_id(&get->id), vs_text(get->external));
        if (r)
            return r;
        r = one_record(s, noun, &record, e);
        if (!r)
            r = vs_crud_may(conn, get->session, get->rules, record, VS_READ, e);
        if (!r) {
            struct vs_uuid owner = vs_record_uuid(record, noun->base + 2);
            if (!vs_policy_owns(&get->session->actor, &owner)) /* external ids are shown to owners only */
                r = vs_fail(e, VIDSTORE_NOT_FOUND, "id", "no such %s", noun->name);
        }
    } else {
        r = vs_crud_load_for(conn, get->session, get->rules, &get->id, 0, VS_READ, &record, e);
    }
    if (r)
        return r;
    vs_policy_hide(&get->session->actor, record);
    get->found = VS_TAKE(record);
    return 0;
}

int vs_crud_get(vidstore_session *session, const struct vs_rules *rules, const char *id, struct vs_record **ret,
                vidstore_error **e) {
    struct get get = {session, rules, {{0}}, NULL, NULL};
    int r = vs_uuid_parse(id, "id", &get.id, e);
    if (!r)
        r = vs_session_read(session, get_op, &get, e);
    if (r)
        vs_record_free(get.found);
    else
        *ret = get.found;
    return r;
}

int vs_crud_get_external(vidstore_session *session, const struct vs_rules *rules, const char *user_id,
                         const char *external_id, struct vs_record **ret, vidstore_error **e) {
    struct get get = {session, rules, session->actor.user, external_id, NULL};
    int r = user_id ? vs_uuid_parse(user_id, "user_id", &get.id, e) : 0;
    if (!r)
        r = vs_check_text(external_id, "external_id", 255, e);
    if (!r)
        r = vs_session_read(session, get_op, &get, e);
    if (r)
        vs_record_free(get.found);
    else
        *ret = get.found;
    return r;
}

int vs_crud_exists(vidstore_session *session, const struct vs_rules *rules, const char *id, int32_t *ret,
                   vidstore_error **e) {
    vs_autorecord *record = NULL;
    int r = vs_crud_get(session, rules, id, &record, e);
    *ret = r == 0;
    if (r != VIDSTORE_NOT_FOUND)
        return r;
    vs_error_clear(e);
    return 0;
}

/* Facts can be asked of the rows as well. */
static int leave_index_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_compiled *c = arg;
    int behind = 0, r = vs_search_is_behind(conn, c->noun, &behind, e);
    c->matched = !behind;
    return r;
}

int vs_crud_settle(vidstore_session *session, struct vs_compiled *c, vidstore_error **e) {
    if (!c->matched || !vs_index_settle(session, c->noun) || c->searched)
        return 0;
    return vs_session_read(session, leave_index_op, c, e);
}

struct list {
    struct vs_compiled *query;
    struct vs_page *page;
    int64_t count;
};

static int list_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct list *list = arg;
    return vs_compiled_page(list->query, conn, &list->page, e);
}

static int count_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct list *list = arg;
    return vs_compiled_count(list->query, conn, &list->count, e);
}

int vs_crud_compile(vidstore_session *session, const struct vs_noun *noun, const struct vs_query *query,
                    struct vs_compiled *ret, vidstore_error **e) {
    int r = vs_query_compile(query, noun, ret, e);
    ret->seal = session->store->seal;
    if (!r)
        r = vs_policy_narrow(&session->actor, ret, e);
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(session, VIDSTORE_AUDIT_ACCESS_DENIED, noun->name, NULL, NULL, r);
    return r;
}

int vs_crud_list(vidstore_session *session, const struct vs_noun *noun, const vidstore_query *query,
                 struct vs_page **ret, vidstore_error **e) {
    const struct vs_query *q = (const struct vs_query *)query;
    vs_autocompiled compiled = {0};
    struct list list = {&compiled, NULL, 0};
    int r = vs_crud_compile(session, noun, q, &compiled, e);
    if (!r)
        r = vs_crud_settle(session, &compiled, e);
    if (!r && q && q->cursor)
        r = vs_cursor_apply(&compiled, q->cursor, e);
    if (!r)
        r = vs_session_read(session, list_op, &list, e);
    if (r) {
        vs_page_free(list.page);
        return r;
    }
    vs_policy_hide_page(&session->actor, list.page);
    *ret = list.page;
    return 0;
}

int vs_crud_count(vidstore_session *session, const struct vs_noun *noun, const vidstore_query *query, int64_t *ret,
                  vidstore_error **e) {
    vs_autocompiled compiled = {0};
    struct list list = {&compiled, NULL, 0};
    int r = vs_crud_compile(session, noun, (const struct vs_query *)query, &compiled, e);
    if (!r)
        r = vs_crud_settle(session, &compiled, e);
    if (!r)
        r = vs_session_read(session, count_op, &list, e);
    *ret = r ? 0 : list.count;
    return r;
}
