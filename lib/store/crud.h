/* SPDX-License-Identifier: MIT */
/* What every noun does alike: create, get, update, remove, restore, purge, list, count, bulk. A noun adds its rules. */
#ifndef VS_STORE_CRUD_H
#define VS_STORE_CRUD_H

#include "record/page.h"
#include "record/params.h"
#include "record/query.h"
#include "store/session.h"

/* One write of one record, while it is being made. */
struct vs_change {
    struct vs_conn *conn;
    vidstore_session *session;
    const struct vs_noun *noun;
    const struct vs_params *params;
    const struct vs_record *old; /* NULL: it is being created */
    struct vs_block *block;      /* memory for texts, as long as the change */
    struct vs_value *values;     /* all columns as they will be */
    struct vs_uuid id, owner;
    int64_t now_us;
    int32_t action;          /* of the audit; rules may choose a better one; 0: no event */
    int32_t mode;            /* VIDSTORE_REMOVE_… of a removal */
    struct vs_uuid removal;  /* of a removal, and of what is restored */
    int refind;              /* what it is found by has changed elsewhere than in the values */
    void *extra;             /* the noun's own */
    const char *description; /* for the audit, what its action does not say; NULL: nothing */
};

/* Fields that the policy looks at; 0: the noun has none. */
struct vs_reach_fields {
    int32_t access_level, expires, held;
    int32_t containers[2]; /* what it hangs on, one level up */
    int32_t parties[2];    /* users whom it concerns as much as its owner */
};

/* What a noun adds. Each may be NULL. Rules run in the write transaction: no slow work, no side effects outside. */
struct vs_rules {
    const struct vs_noun *noun;
    int32_t created, updated, removed, restored, purged;    /* actions of the audit */
    int (*create)(struct vs_change *c, vidstore_error **e); /* defaults and checks, before the row is written */
    int (*update)(struct vs_change *c, vidstore_error **e);
    int (*saved)(struct vs_change *c, vidstore_error **e);   /* after the row was inserted or updated */
    int (*remove)(struct vs_change *c, vidstore_error **e);  /* dependents, by c->mode; before the row is marked */
    int (*restore)(struct vs_change *c, vidstore_error **e); /* after the row was unmarked: what went with it */
    int (*purge)(struct vs_change *c, vidstore_error **e);   /* before the row goes */
    /* After a removal was committed, outside of any transaction: what takes too long for it, and is done by the upkeep
     * when it is not done here. */
    void (*after_remove)(vidstore_session *session);
    const struct vs_reach_fields *reach; /* for nouns that can be shared; NULL: none */
};

int vs_crud_create(vidstore_session *session, const struct vs_rules *rules, const struct vs_params *params, void *extra,
                   struct vs_record **ret, vidstore_error **e);
int vs_crud_get(vidstore_session *session, const struct vs_rules *rules, const char *id, struct vs_record **ret,
                vidstore_error **e);
int vs_crud_get_external(vidstore_session *session, const struct vs_rules *rules, const char *user_id,
                         const char *external_id, struct vs_record **ret, vidstore_error **e);
int vs_crud_exists(vidstore_session *session, const struct vs_rules *rules, const char *id, int32_t *ret,
                   vidstore_error **e);
int vs_crud_update(vidstore_session *session, const struct vs_rules *rules, const char *id,
                   const struct vs_params *params, void *extra, struct vs_record **ret, vidstore_error **e);
int vs_crud_remove(vidstore_session *session, const struct vs_rules *rules, const char *id, int32_t mode,
                   vidstore_error **e);
int vs_crud_restore(vidstore_session *session, const struct vs_rules *rules, const char *id, struct vs_record **ret,
                    vidstore_error **e);
int vs_crud_purge(vidstore_session *session, const struct vs_rules *rules, const char *id, vidstore_error **e);
int vs_crud_list(vidstore_session *session, const struct vs_noun *noun, const vidstore_query *query,
                 struct vs_page **ret, vidstore_error **e);
int vs_crud_count(vidstore_session *session, const struct vs_noun *noun, const vidstore_query *query, int64_t *ret,
                  vidstore_error **e);
/* A query as this session may ask it: compiled, and narrowed to what it may see. */
int vs_crud_compile(vidstore_session *session, const struct vs_noun *noun, const struct vs_query *query,
                    struct vs_compiled *ret, vidstore_error **e);
/* Before a compiled query is read, and before its cursor is applied: indexes what changes have left to be done, if it
 * goes through the index of words and that can be done at once. What is left is found all the same, but each query has
 * to look at it; where it is too much, a query without words goes through the rows instead. */
int vs_crud_settle(vidstore_session *session, struct vs_compiled *c, vidstore_error **e);
enum { VS_BULK_MAX = 10000 };
int vs_crud_bulk_create(vidstore_session *session, const struct vs_rules *rules, const struct vs_params *const *params,
                        void *const *extras, int64_t count, uint32_t flags, struct vs_page **ret, vidstore_error **e);
int vs_crud_bulk_update(vidstore_session *session, const struct vs_rules *rules, const char *const *ids,
                        const struct vs_params *const *params, int64_t count, uint32_t flags, struct vs_page **ret,
                        vidstore_error **e);

/* Whether a failure in a bulk call is that of its item, and the others go on: what it asked for, not what the machine
 * could not do. */
int vs_crud_is_of_item(int code);

/* The same inside a write operation that is under way. The actor's rights are checked. */
int vs_crud_create_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                      const struct vs_params *params, void *extra, const struct vs_uuid *new_id, struct vs_record **ret,
                      vidstore_error **e);
int vs_crud_update_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                      const struct vs_uuid *id, const struct vs_params *params, void *extra, struct vs_record **ret,
                      vidstore_error **e);
/* Whether the actor may do that to the record, as it stands and with what was granted on it by now: vs_session_may for
 * an object. */
int vs_crud_may(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                const struct vs_record *record, enum vs_verb verb, vidstore_error **e);
/* The record, when the actor may do that to it. One that it may not see is not there, and costs as much. */
int vs_crud_load_for(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                     const struct vs_uuid *id, int deleted, enum vs_verb verb, struct vs_record **ret,
                     vidstore_error **e);
/* A record as it is now, whoever may see it. NOT_FOUND. Removed ones only when asked for. */
int vs_crud_load(struct vs_conn *conn, const struct vs_noun *noun, const struct vs_uuid *id, int deleted,
                 struct vs_record **ret, vidstore_error **e);
/* Ends a record for good, removed or not: the noun's rule and the row; no rights, no event. NOT_FOUND. */
int vs_crud_purge_in(struct vs_conn *conn, vidstore_session *session, const struct vs_rules *rules,
                     const struct vs_uuid *id, vidstore_error **e);
/* Writes what the library itself knows about a record (no rights, no params): `set` changes the values of c; version
 * and updated time follow, and the audit when action is not 0. */
int vs_crud_touch(struct vs_conn *conn, vidstore_session *session, const struct vs_noun *noun, const struct vs_uuid *id,
                  int32_t action, int (*set)(struct vs_change *c, void *arg, vidstore_error **e), void *arg,
                  struct vs_record **ret, vidstore_error **e);

/* Stores anew what a record can be found by, after a change that took another way. */
int vs_crud_refind(struct vs_conn *conn, const struct vs_noun *noun, const struct vs_uuid *id, vidstore_error **e);

/* Values of a change, by field id. */
const struct vs_value *vs_change_value(const struct vs_change *c, int32_t field);
int64_t vs_change_int(const struct vs_change *c, int32_t field);      /* NULL: INT64_MIN */
const char *vs_change_text(const struct vs_change *c, int32_t field); /* NULL: NULL */
int vs_change_differs(const struct vs_change *c, int32_t field); /* from the old record; 1 when created with a value */
void vs_change_set_int(struct vs_change *c, int32_t field, int64_t value); /* INT64_MIN: NULL */
int vs_change_set_text(struct vs_change *c, int32_t field, const char *value,
                       vidstore_error **e); /* copied; NULL: NULL */
int vs_change_set_uuid(struct vs_change *c, int32_t field, const struct vs_uuid *value, vidstore_error **e);
void vs_change_default_int(struct vs_change *c, int32_t field, int64_t value); /* only when NULL */

#endif
