/* SPDX-License-Identifier: MIT */
/* Creating and updating one record. */
#include "db/bind.h"
#include "record/search.h"
#include "store/crud.h"
#include "store/crud_internal.h"
#include "store/index.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

enum { GRAVE = 3 };
enum { ID = 1, USER_ID, CREATED, UPDATED, VERSION, EXTERNAL, METADATA, DELETED, REMOVAL };

int vs_change_begin(struct vs_change *c, struct vs_conn *conn, vidstore_session *session, const struct vs_noun *noun,
                    const struct vs_record *old, vidstore_error **e) {
    c->conn = conn;
    c->session = session;
    c->noun = noun;
    c->old = old;
    c->now_us = vs_now_us();
    c->block = vs_block_new(noun->columns * sizeof *c->values + 512);
    c->values = c->block ? vs_block_alloc(c->block, noun->columns * sizeof *c->values) : NULL;
    if (!c->values)
        return vs_fail_nomem(e);
    if (old)
        memcpy(c->values, old->values, noun->columns * sizeof *c->values);
    else
        memset(c->values, 0, noun->columns * sizeof *c->values);
    if (old) {
        c->id = vs_record_uuid(old, noun->base + ID);
        c->owner = vs_record_uuid(old, noun->base + USER_ID);
    }
    return 0;
}

void vs_change_end(struct vs_change *c) {
    vs_block_unref(c->block);
    c->block = NULL;
}

/* What an admin alone may set, and what a grant to write does not reach: fields that its holder may not read, that end
 * the record's life, or that bring it under other grants. */
static int may_set(const struct vs_change *c, const struct vs_field *field, vidstore_error **e) {
    const struct vs_actor *actor = &c->session->actor;
    if ((field->use & VS_ADMIN) && !vs_policy_is_admin(actor))
        return vs_fail(e, VIDSTORE_FORBIDDEN, field->name, "only an admin may set %s", field->name);
    if (c->old && (field->use & (VS_OWNER | VS_OWN_SET)) && !vs_policy_owns(actor, &c->owner))
        return vs_fail(e, VIDSTORE_FORBIDDEN, field->name, "only the owner may change %s", field->name);
    return 0;
}

static int apply_params(struct vs_change *c, vidstore_error **e) {
    const struct vs_params *params = c->params;
    for (size_t i = 0; params && i < c->noun->columns; i++) {
        const struct vs_field *field = &c->noun->fields[i];
        struct vs_value value = params->state[i] == VS_PARAM_VALUE ? params->values[i] : (struct vs_value){0};
        if (params->state[i] == VS_PARAM_UNSET)
            continue;
        if (c->old && vs_value_equal(field, &c->old->values[i], &value))
            continue;
        if (c->old && (field->use & VS_ONCE))
            return vs_fail(e, VIDSTORE_INVALID, field->name, "%s can't be changed any more", field->name);
        int r = may_set(c, field, e);
        if (r)
            return r;
        c->values[i] = value;
    }
    return 0;
}

/* What people call the object; for a removal, what they called it before the name was taken away. */
static const char *label(const struct vs_change *c) {
    if (!c->noun->label)
        return NULL;
    if (c->old && vs_change_differs(c, c->noun->base + DELETED))
        return vs_record_text(c->old, c->noun->label);
    return vs_change_text(c, c->noun->label);
}

int vs_change_audit(struct vs_change *c, const char *details, vidstore_error **e) {
    struct vs_event event = {.action = c->action,
                             .noun = c->noun->name,
                             .object = &c->id,
                             .owner = &c->owner,
                             .object_name = label(c),
                             .details = details,
                             .description = c->description};
    /* A bulk call leaves one event; but what weighs as much as a change of rights stands by itself, with its values. */
    int alone = !c->session->bulk || vs_audit_severity(c->action, 0) >= GRAVE;
    return c->action && alone ? vs_trail_append(c->conn, &c->session->actor, &event, e) : 0;
}

/* The field of a constraint by the name that people know, where the database knows a column (or its folded twin). */
static int name_field(const struct vs_noun *noun, int r, vidstore_error **e) {
    const char *column = e && *e ? vidstore_error_field(*e) : NULL;
    if (!column || (r != VIDSTORE_EXISTS && r != VIDSTORE_INVALID))
        return r;
    if (r == VIDSTORE_EXISTS && strcmp(column, "user_id") == 0)
        column = "external_id"; /* what is unique an owner: the owner itself may stand in any number of rows */
    size_t len = strlen(column);
    if (len > 4 && strcmp(column + len - 4, "_key") == 0)
        len -= 4;
    for (size_t i = 0; i < noun->columns; i++) {
        const struct vs_field *field = &noun->fields[i];
        if (strlen(field->column) != len || memcmp(field->column, column, len) != 0)
            continue;
        vs_autoerror vidstore_error *database = VS_TAKE(*e);
        vs_fail(e, r, field->name, r == VIDSTORE_EXISTS ? "%s is taken already" : "%s is not acceptable", field->name);
        vs_error_set_cause(e, vidstore_error_cause(database));
        break;
    }
    return r;
}

/* Whether a column differs from the old record. */
static int differs(const struct vs_change *c) {
    for (size_t i = 0; i < c->noun->columns; i++)
        if (!vs_value_equal(&c->noun->fields[i], &c->old->values[i], &c->values[i]))
            return 1;
    return 0;
}

static int note(struct vs_change *c, int64_t seq, vidstore_error **e) {
    if (c->noun->search.put)
        vs_index_noted(c->session->store, c->noun);
    return vs_search_note(c->conn, c->noun, seq, e);
}

static int insert(struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    vs_autofree uint8_t(*scratch)[64] = vs_malloc(c->noun->columns * sizeof *scratch);
    if (!scratch)
        return vs_fail_nomem(e);
    int r = vs_stmt(c->conn, c->noun->stmt.insert, &s, e);
    for (size_t i = 0; !r && i < c->noun->columns; i++)
        vs_value_bind(s, (int)i + 1, &c->noun->fields[i], &c->values[i], scratch[i]);
    int64_t seq = 0;
    r = r ? r : vs_insert(s, &seq, e);
    vs_reset(VS_TAKE(s)); /* before the bytes that were bound go */
    r = name_field(c->noun, r, e);
    return r ? r : note(c, seq, e);
}

/* UPDATE of the columns that differ; the same set of columns is the same text, and so the same statement. */
int vs_change_write(struct vs_change *c, vidstore_error **e) {
    static const char *const names[] = {"set", "id", NULL};
    vs_autobuf set = {0}, sql = {0};
    char id[16];
    int count = 0;
    for (size_t i = 0; i < c->noun->columns; i++)
        if (!vs_value_equal(&c->noun->fields[i], &c->old->values[i], &c->values[i])) {
            count++;
            vs_buf_fmt(&set, "%s%s = $%d", count > 1 ? ", " : "", c->noun->fields[i].column, count);
        }
    if (!count)
        return 0;
    snprintf(id, sizeof id, "$%d", count + 1);
    const char *const texts[] = {set.data, id, NULL};
    vs_autofree uint8_t(*scratch)[64] = vs_malloc((size_t)count * sizeof *scratch);
    if (set.failed || !scratch)
        return vs_fail_nomem(e);
    int r = vs_template_fill(&sql, vs_stmt_text(c->conn, c->noun->stmt.update), names, texts, e);
    struct vs_stmt *s = NULL;
    if (!r)
        r = vs_stmt_composed(c->conn, sql.data, sql.len, &s, e);
    if (r)
        return r;
    for (size_t i = 0, at = 0; i < c->noun->columns; i++)
        if (!vs_value_equal(&c->noun->fields[i], &c->old->values[i], &c->values[i])) {
            vs_value_bind(s, (int)at + 1, &c->noun->fields[i], &c->values[i], scratch[at]);
            at++;
        }
    vs_bind_uuid(s, count + 1, &c->id);
    r = vs_run(s, NULL, e);
    vs_reset(s);
    r = name_field(c->noun, r, e);
    if (!r && (c->refind || vs_search_differs(c->noun, c->old->values, c->values)))
        r = note(c, c->old->seq, e);
    return r;
}

int vs_crud_refind(struct vs_conn *conn, const struct vs_noun *noun, const struct vs_uuid *id, vidstore_error **e) {
    vs_autorecord *record = NULL;
    int r = vs_crud_load(conn, noun, id, 1, &record, e);
    return r ? r : vs_search_note(conn, noun, record->seq, e);
}

/* The id exists: the same content is the record itself, other content a conflict. */
static int existing(struct vs_change *c, const struct vs_record *record, vidstore_error **e) {
    struct vs_uuid owner = vs_record_uuid(record, c->noun->base + USER_ID);
    if (!vs_uuid_equal(&owner, &c->owner)) /* and not a word of what it holds */
        return vs_fail(e, VIDSTORE_CONFLICT, "id", "this id belongs to another %s", c->noun->name);
    if (!vs_record_is_null(record, c->noun->base + DELETED))
        return vs_fail(e, VIDSTORE_CONFLICT, "id", "the %s of this id was removed", c->noun->name);
    for (size_t i = 0; c->params && i < c->noun->columns; i++) {
        struct vs_value value = c->params->state[i] == VS_PARAM_VALUE ? c->params->values[i] : (struct vs_value){0};
        const struct vs_field *field = &c->noun->fields[i];
        if (c->params->state[i] != VS_PARAM_UNSET && !vs_value_equal(field, &value, &record->values[i]))
            return vs_fail(e, VIDSTORE_CONFLICT, field->name, "a %s of this id exists with another %s", c->noun->name,
                           field->name);
    }
    return 0;
}

static int set_identity(struct vs_change *c, const struct vs_uuid *new_id, vidstore_error **e) {
    const char *id = vs_change_text(c, c->noun->base + ID), *user = vs_change_text(c, c->noun->base + USER_ID);
    int r = 0;
    c->id = *new_id;
    c->owner = c->session->actor.user;
    if (id)
        r = vs_uuid_parse(id, "id", &c->id, e);
    if (!r && user)
        r = vs_uuid_parse(user, "user_id", &c->owner, e);
    if (!r && strcmp(c->noun->name, "user") == 0)
        c->owner = c->id; /* a user owns itself */
    if (!r)
        r = vs_change_set_uuid(c, c->noun->base + ID, &c->id, e);
    if (!r)
        r = vs_change_set_uuid(c, c->noun->base + USER_ID, &c->owner, e);
    vs_change_set_int(c, c->noun->base + CREATED, c->now_us);
    vs_change_set_int(c, c->noun->base + UPDATED, c->now_us);
    vs_change_set_int(c, c->noun->base + VERSION, 1);
    return r;
}

/* The record of an id that the caller gave, when it is there already: 1 and the record, 0, or why it can't be. */
static int find_existing(struct vs_change *c, struct vs_record **ret, vidstore_error **e) {
    const struct vs_value *given = NULL;
    vs_autorecord *found = NULL;
    if (vs_params_get(c->params, c->noun->base + ID, &given) != VS_PARAM_VALUE)
        return 0;
    int r = vs_crud_load(c->conn, c->noun, &c->id, 1, &found, e);
    if (r == VIDSTORE_NOT_FOUND) {
        vs_error_clear(e);
        return 0;
    }
    if (!r)
        r = existing(c, found, e);
    if (r)
        return r;
    *ret = VS_TAKE(found);
    return 1;
}

/* Whom a record is made for, when that is somebody else: the maker's own standing was looked at when the call began. */
static int check_owner(const struct vs_change *c, vidstore_error **e) {
    vs_autostmt *s = NULL;
    if (strcmp(c->noun->name, "user") == 0 || vs_uuid_is_nil(&c->owner) ||
        vs_uuid_equal(&c->owner, &c->session->actor.user))
        return 0;
    int r = vs_ask(c->conn, VS_STMT_USER_STANDING, &s, e, vs_id(&c->owner));
    return r == VS_DONE ? vs_fail(e, VIDSTORE_INVALID, "user_id", "there is no such user") : r < 0 ? r : 0;
}

static int create_record(struct vs_change *c, const struct vs_rules *rules, const struct vs_uuid *new_id,
                         struct vs_record **ret, vidstore_error **e) {
    int r = apply_params(c, e);
    if (!r)
        r = set_identity(c, new_id, e);
    if (!r)
        r = vs_session_may(c->session, c->noun->name, VS_CREATE, NULL, &c->owner, 0, e);
    if (!r && (r = find_existing(c, ret, e)) == 1)
        return 0;
    if (!r)
        r = check_owner(c, e);
    if (!r && rules->create)
        r = rules->create(c, e);
    if (!r)
        r = insert(c, e);
    if (!r && rules->saved)
        r = rules->saved(c, e);
    if (!r)
        r = vs_change_audit(c, NULL, e);
    return r ? r : vs_record_new(c->noun, 0, c->values, ret, e);
}

int vs_crud_create_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                      const struct vs_params *params, void *extra, const struct vs_uuid *new_id, struct vs_record **ret,
                      vidstore_error **e) {
    struct vs_change c = {.params = params, .action = rules->created, .extra = extra};
    int r = vs_change_begin(&c, conn, session, rules->noun, NULL, e);
    if (!r)
        r = create_record(&c, rules, new_id, ret, e);
    vs_change_end(&c);
    return r;
}

static int update_record(struct vs_change *c, const struct vs_rules *rules, struct vs_record **ret,
                         vidstore_error **e) {
    vs_autobuf diff = {0};
    int64_t version = vs_record_int(c->old, c->noun->base + VERSION);
    if (c->params && c->params->expect_version != INT64_MIN && c->params->expect_version != version)
        return vs_fail(e, VIDSTORE_CONFLICT, "version", "the %s has version %lld by now", c->noun->name,
                       (long long)version);
    int r = apply_params(c, e);
    if (!r && rules && rules->update)
        r = rules->update(c, e);
    if (r)
        return r;
    if (differs(c)) {
        int seen = vs_values_diff(&diff, c->noun, c->old->values, c->values);
        vs_change_set_int(c, c->noun->base + VERSION, version + 1);
        vs_change_set_int(c, c->noun->base + UPDATED, c->now_us);
        r = vs_change_write(c, e);
        if (!r && rules && rules->saved)
            r = rules->saved(c, e);
        if (!r && (seen || (rules && c->action != rules->updated)))
            r = diff.failed ? vs_fail_nomem(e) : vs_change_audit(c, diff.data, e);
    } else if (rules && rules->saved && c->extra) {
        r = rules->saved(c, e); /* something that is no column may have changed: a password */
        if (!r)
            r = vs_change_audit(c, NULL, e);
    }
    return r ? r : vs_record_new(c->noun, c->old->seq, c->values, ret, e);
}

int vs_crud_update_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                      const struct vs_uuid *id, const struct vs_params *params, void *extra, struct vs_record **ret,
                      vidstore_error **e) {
    struct vs_change c = {.params = params, .action = rules->updated, .extra = extra};
    vs_autorecord *old = NULL;
    int r = vs_crud_load_for(conn, session, rules, id, 0, VS_UPDATE, &old, e);
    if (r)
        return r;
    r = vs_change_begin(&c, conn, session, rules->noun, old, e);
    if (!r)
        r = update_record(&c, rules, ret, e);
    vs_change_end(&c);
    return r;
}

int vs_crud_touch(struct vs_conn *conn, vidstore_session *session, const struct vs_noun *noun, const struct vs_uuid *id,
                  int32_t action, int (*set)(struct vs_change *c, void *arg, vidstore_error **e), void *arg,
                  struct vs_record **ret, vidstore_error **e) {
    struct vs_change c = {.action = action};
    struct vs_record *after = NULL;
    vs_autorecord *old = NULL;
    vs_autobuf diff = {0};
    int r = vs_crud_load(conn, noun, id, 1, &old, e);
    if (r)
        return r;
    r = vs_change_begin(&c, conn, session, noun, old, e);
    if (!r)
        r = set(&c, arg, e);
    if (!r) {
        vs_values_diff(&diff, noun, old->values, c.values);
        vs_change_set_int(&c, noun->base + VERSION, vs_record_int(old, noun->base + VERSION) + 1);
        vs_change_set_int(&c, noun->base + UPDATED, c.now_us);
        r = diff.failed ? vs_fail_nomem(e) : vs_change_write(&c, e);
    }
    if (!r)
        r = vs_change_audit(&c, diff.data, e);
    if (!r && ret)
        r = vs_record_new(noun, old->seq, c.values, &after, e);
    if (!r && ret)
        vs_policy_hide(&session->actor, *ret = after);
    vs_change_end(&c);
    return r;
}

struct write {
    vidstore_session *session;
    const struct vs_rules *rules;
    const struct vs_params *params;
    void *extra;
    struct vs_uuid id;
    struct vs_record *result;
};

static int create_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct write *w = arg;
    vs_record_free(VS_TAKE(w->result)); /* of a run that was not committed */
    return vs_crud_create_in(conn, w->session, w->rules, w->params, w->extra, &w->id, &w->result, e);
}

static int update_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct write *w = arg;
    vs_record_free(VS_TAKE(w->result));
    return vs_crud_update_in(conn, w->session, w->rules, &w->id, w->params, w->extra, &w->result, e);
}

/* Who tried what in vain is on record, after the transaction that failed. */
static void record_refusal(struct write *w, int r, const struct vs_uuid *object) {
    if (r == VIDSTORE_FORBIDDEN)
        vs_session_refused(w->session, VIDSTORE_AUDIT_ACCESS_DENIED, w->rules->noun->name, object, NULL, r);
}

static int run(struct write *w, vs_op *op, const struct vs_uuid *object, struct vs_record **ret, vidstore_error **e) {
    int r = vs_session_write(w->session, op, w, e);
    record_refusal(w, r, object);
    if (r)
        vs_record_free(w->result);
    else
        vs_policy_hide(&w->session->actor, *ret = w->result);
    return r;
}

int vs_crud_create(vidstore_session *session, const struct vs_rules *rules, const struct vs_params *params, void *extra,
                   struct vs_record **ret, vidstore_error **e) {
    struct write w = {session, rules, params, extra, {{0}}, NULL};
    int r = vs_params_check(params, rules->noun, e);
    if (!r)
        r = vs_uuid_make(&w.id, e);
    return r ? r : run(&w, create_op, NULL, ret, e);
}

int vs_crud_update(vidstore_session *session, const struct vs_rules *rules, const char *id,
                   const struct vs_params *params, void *extra, struct vs_record **ret, vidstore_error **e) {
    struct write w = {session, rules, params, extra, {{0}}, NULL};
    int r = vs_params_check(params, rules->noun, e);
    if (!r)
        r = vs_uuid_parse(id, "id", &w.id, e);
    return r ? r : run(&w, update_op, &w.id, ret, e);
}
