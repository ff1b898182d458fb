/* SPDX-License-Identifier: MIT */
#include "access/policy.h"
#include "access/scope.h"
#include "record/search.h"
#include "util/error.h"
#include "vidstore/file.h"
#include "vidstore/user.h"
#include <string.h>

/* Who an actor is to an object. */
enum relation { NOBODY, STRANGER, OWNER_VIEWER, OWNER, ADMIN, RELATIONS };

enum {
    C = 1 << VS_CREATE,
    R = 1 << VS_READ,
    L = 1 << VS_LIST,
    U = 1 << VS_UPDATE,
    D = 1 << VS_REMOVE,
    T = 1 << VS_RESTORE,
    P = 1 << VS_PURGE,
    M = 1 << VS_MANAGE
};
enum { ALL = (1 << VS_VERBS) - 1 };

/* The policy. What stands here is allowed; all else is not. */
static const struct {
    const char *noun;
    uint32_t may[RELATIONS]; /* NOBODY, STRANGER, OWNER_VIEWER, OWNER, ADMIN */
} table[] = {
    {"user", {0, 0, R | L | U, R | L | U, ALL}},
    {"key", {0, 0, C | R | L | U | D, C | R | L | U | D, ALL}},
    {"login", {0, 0, R | L | U | D, R | L | U | D, ALL}},
    {"job", {0, 0, R | L, C | R | L | U | D | T | P, ALL}},
    {"video", {0, 0, R | L, C | R | L | U | D | T | P, ALL}},
    {"file", {L, 0, R | L, C | R | L | U | D | T | P, ALL}},
    {"audit", {0, 0, R | L, R | L, ALL}},
    {"stats", {0, 0, R, R, ALL}},
    {"setting", {0, R | L, R | L, R | L, ALL}},
    {"feed", {0, 0, L, L, ALL}},
    {"store", {0, 0, 0, 0, ALL}},
    {"claim", {0, 0, 0, 0, ALL}},
};

int vs_policy_is_admin(const struct vs_actor *actor) {
    return actor->kind == VS_ACTOR_SYSTEM || (actor->kind == VS_ACTOR_USER && actor->role == VIDSTORE_ROLE_ADMIN);
}

static enum relation relation(const struct vs_actor *actor, const struct vs_uuid *owner) {
    if (vs_policy_is_admin(actor))
        return ADMIN;
    if (actor->kind == VS_ACTOR_ANONYMOUS)
        return NOBODY;
    if (!owner || !vs_uuid_equal(owner, &actor->user))
        return STRANGER;
    return actor->role == VIDSTORE_ROLE_VIEWER ? OWNER_VIEWER : OWNER;
}

static uint32_t allowed(const char *noun, enum relation who) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].noun, noun) == 0)
            return table[i].may[who];
    return 0;
}

/* A noun as people speak of it. */
static const char *in_words(const char *noun) {
    static const char *const words[][2] = {
        {"user", "a user"},          {"job", "a job"},       {"video", "a video"},
        {"file", "a file"},          {"audit", "the audit"}, {"stats", "the statistics"},
        {"setting", "the settings"}, {"store", "the store"}, {"claim", "the queue of jobs"},
        {"feed", "the change feed"}, {"key", "a key"},       {"login", "a login"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], noun) == 0)
            return words[i][1];
    return noun;
}

int vs_policy_check(const struct vs_actor *actor, const char *noun, enum vs_verb verb, const struct vs_uuid *owner,
                    int64_t access_level, vidstore_error **e) {
    enum relation who = relation(actor, owner);
    uint32_t may = allowed(noun, who);
    if (access_level == VIDSTORE_ACCESS_PUBLIC || (access_level == VIDSTORE_ACCESS_AUTHENTICATED && who != NOBODY))
        may |= R;
    may &= vs_scopes_verbs(actor, noun);
    if (may & (1u << verb))
        return 0;
    /* Only who may see the object may learn that it is there. */
    if (owner && verb != VS_CREATE && verb != VS_LIST && !(may & R))
        return vs_fail(e, VIDSTORE_NOT_FOUND, "id", "no such %s", noun);
    return vs_fail(e, VIDSTORE_FORBIDDEN, NULL, "this session may not do that to %s", in_words(noun));
}

void vs_policy_hide(const struct vs_actor *actor, struct vs_record *record) {
    struct vs_uuid owner = vs_record_uuid(record, record->noun->base + 2);
    if (relation(actor, &owner) >= OWNER_VIEWER)
        return;
    for (size_t i = 0; i < record->noun->columns; i++)
        if (record->noun->fields[i].use & VS_OWNER)
            record->values[i] = (struct vs_value){0};
}

static const struct vs_field *owner_field(const struct vs_noun *noun) {
    return vs_field_by_name(noun, "user_id", 7);
}

/* The events of a user: those of what it owns, and those of what it did. */
static int narrow_audit(const struct vs_actor *actor, struct vs_compiled *query, struct vs_value me,
                        vidstore_error **e) {
    const struct vs_field *owner = vs_field_by_name(query->noun, "owner_id", 8);
    int r = vs_compiled_and(query, "(owner_id = ", owner, me, e);
    vs_mark_scope(query, &actor->user, 0);
    if (r)
        return r;
    vs_buf_fmt(&query->where, " OR user_id = $%d)", query->count);
    return query->where.failed ? vs_fail_nomem(e) : 0;
}

/* The files of a user, and those that are open to all who have logged in. A filter on what only owners see finds no
 * others: what it finds would tell what is hidden. */
static int narrow_files(struct vs_compiled *query, struct vs_value me, vidstore_error **e) {
    int r = vs_compiled_and(query, "(user_id = ", owner_field(query->noun), me, e);
    vs_buf_fmt(&query->where, " OR (access IN (%d, %d) AND deleted_us IS NULL))", VIDSTORE_ACCESS_AUTHENTICATED,
               VIDSTORE_ACCESS_PUBLIC);
    vs_mark_scope(query, NULL, VIDSTORE_ACCESS_AUTHENTICATED);
    vs_mark_scope(query, NULL, VIDSTORE_ACCESS_PUBLIC);
    query->open = 1;
    if (!r && query->where.failed)
        r = vs_fail_nomem(e);
    return r;
}

int vs_policy_narrow(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e) {
    char id[VS_UUID_TEXT];
    enum relation who = relation(actor, &actor->user);
    const char *noun = query->noun->name;
    if (!(allowed(noun, who) & vs_scopes_verbs(actor, noun) & L))
        return vs_fail(e, VIDSTORE_FORBIDDEN, NULL, "this session may not list %ss", noun);
    if (who == ADMIN)
        return 0;
    query->indexed = 1; /* every noun has an index by owner, and one of public files */
    if (who == NOBODY && query->owners)
        return vs_fail(e, VIDSTORE_FORBIDDEN, "filter", "this filter asks for what only owners see");
    if (who == NOBODY) {
        vs_mark_scope(query, NULL, VIDSTORE_ACCESS_PUBLIC);
        vs_buf_fmt(&query->where, "%saccess = %d AND deleted_us IS NULL", query->where.len ? " AND " : "",
                   VIDSTORE_ACCESS_PUBLIC);
        return query->where.failed ? vs_fail_nomem(e) : 0;
    }
    vs_uuid_format(&actor->user, id);
    if (strcmp(noun, "audit") != 0)
        vs_mark_scope(query, &actor->user, 0);
    struct vs_value me = {.text = id, .len = 36, .set = VS_VALUE_SET};
    if (strcmp(noun, "audit") == 0)
        return narrow_audit(actor, query, me, e);
    if (strcmp(noun, "user") == 0) /* a user owns itself */
        return vs_compiled_and(query, "id = ", vs_field_by_name(query->noun, "id", 2), me, e);
    if (strcmp(noun, "file") == 0 && !query->owners)
        return narrow_files(query, me, e);
    return vs_compiled_and(query, "user_id = ", owner_field(query->noun), me, e);
}
