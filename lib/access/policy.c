/* SPDX-License-Identifier: MIT */
#include "access/policy.h"
#include "access/policy_rules.h"
#include "access/scope.h"
#include "util/alloc.h"
#include "util/error.h"
#include "vidstore/file.h"
#include "vidstore/user.h"
#include <assert.h>
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
    M = 1 << VS_MANAGE,
    S = 1 << VS_SHARE
};
enum { ALL = (1 << VS_VERBS) - 1 };

/* The role masks: what a role may do at most, with what is its own and with what is not. */
static const struct {
    const char *noun;
    uint32_t may[RELATIONS]; /* NOBODY, STRANGER, OWNER_VIEWER, OWNER, ADMIN */
} table[] = {
    {"user", {0, 0, R | L | U, R | L | U, ALL}},
    {"key", {0, 0, C | R | L | U | D, C | R | L | U | D, ALL}},
    {"login", {0, 0, R | L | U | D, R | L | U | D, ALL}},
    {"job", {0, 0, R | L, C | R | L | U | D | T | P | S, ALL}},
    {"video", {0, 0, R | L, C | R | L | U | D | T | P | S, ALL}},
    {"collection", {0, 0, R | L, C | R | L | U | D | T | P, ALL}},
    {"file", {R | L, 0, R | L, C | R | L | U | D | T | P | S, ALL}},
    {"grant", {0, 0, R | L, C | R | L, ALL}},
    {"link", {0, 0, R | L | D, C | R | L | D, ALL}},
    {"quota", {0, 0, R | L, R | L, ALL}},
    {"audit", {0, 0, R | L, R | L, ALL}},
    {"stats", {0, 0, R, R, ALL}},
    {"setting", {0, R | L, R | L, R | L, ALL}},
    {"feed", {0, 0, L, L, ALL}},
    {"alert", {0, 0, 0, 0, ALL}},
    {"app", {0, 0, 0, 0, ALL}},
    {"store", {0, 0, 0, 0, ALL}},
    {"claim", {0, 0, 0, 0, ALL}},
};

int vs_policy_is_admin(const struct vs_actor *actor) {
    return actor->kind == VS_ACTOR_SYSTEM || (actor->kind == VS_ACTOR_USER && actor->role == VIDSTORE_ROLE_ADMIN);
}

int vs_policy_sees_all(const struct vs_actor *actor, const char *noun) {
    return vs_policy_is_admin(actor) && !vs_scopes_own(actor, noun);
}

int vs_policy_is_trusted(const struct vs_actor *actor) {
    if (actor->kind == VS_ACTOR_WORKER)
        return actor->trusted;
    return vs_policy_is_admin(actor) && (vs_scopes_verbs(actor, "store") & 1u << VS_MANAGE);
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

/* The decision table: the first line that fits decides. */
const struct vs_rule vs_rules_table[] = {
    {VS_SCOPE_LACKS, ALL, VS_DENY},
    {VS_IS_HELD, D | P, VS_DENY_HELD},
    {VS_IS_GONE | VS_IS_OWN | VS_ROLE_MAY, L | D | T | P, VS_ALLOW},
    {VS_IS_GONE | VS_IS_ADMIN | VS_ROLE_MAY, L | D | T | P, VS_ALLOW},
    {VS_IS_GONE, ALL, VS_DENY},
    {VS_IS_LINKED | VS_IS_SHARED, R, VS_ALLOW},
    {VS_IS_LINKED | VS_IS_OPEN, R, VS_ALLOW},
    {VS_BY_LINK, ALL, VS_DENY},
    {VS_NO_ADMIN | VS_IS_DENIED, ALL, VS_DENY},
    {VS_IS_ADMIN | VS_ROLE_MAY, ALL, VS_ALLOW},
    {VS_IS_OWN | VS_ROLE_MAY, ALL, VS_ALLOW},
    {VS_ANYBODYS, ALL, VS_ALLOW},
    {VS_ROLE_LACKS, ALL, VS_DENY},
    {VS_IS_PUBLIC, R | L, VS_ALLOW},
    {VS_IS_OPEN | VS_IS_KNOWN, R | L, VS_ALLOW},
    {VS_IS_SHARED | VS_IS_GRANTED, ALL, VS_ALLOW},
    {VS_IS_OPEN | VS_IS_USER | VS_IS_GRANTED, U, VS_ALLOW},
    {0, ALL, VS_DENY},
};

int vs_rule_actor(const struct vs_actor *actor, const char *noun, enum vs_verb verb, enum vs_test test) {
    enum relation own = relation(actor, &actor->user);
    if (own == ADMIN && !vs_policy_sees_all(actor, noun))
        own = OWNER;
    switch ((int)test) {
    case VS_SCOPE_LACKS:
        return !(vs_scopes_verbs(actor, noun) & 1u << verb);
    case VS_IS_ADMIN:
        return own == ADMIN;
    case VS_NO_ADMIN:
        return own != ADMIN;
    case VS_ROLE_MAY:
        return (allowed(noun, own) & 1u << verb) != 0;
    case VS_ROLE_LACKS:
        return !(allowed(noun, own) & 1u << verb);
    case VS_ANYBODYS:
        return own != NOBODY && (allowed(noun, STRANGER) & 1u << verb);
    case VS_IS_KNOWN:
        return own != NOBODY;
    case VS_IS_USER:
        return own == OWNER || own == ADMIN;
    case VS_BY_LINK:
        return !vs_uuid_is_nil(&actor->opens);
    default:
        return 0;
    }
}

int64_t vs_rule_reach(enum vs_verb verb) {
    static const int64_t reach[VS_VERBS] = {[VS_READ] = VS_REACH_READ,
                                            [VS_LIST] = VS_REACH_READ,
                                            [VS_UPDATE] = VS_REACH_WRITE,
                                            [VS_REMOVE] = VS_REACH_MANAGE};
    return reach[verb];
}

int vs_rule_lists(const struct vs_actor *actor, const char *noun) {
    return vs_uuid_is_nil(&actor->opens) &&
           (allowed(noun, relation(actor, &actor->user)) & vs_scopes_verbs(actor, noun) & L) != 0;
}

int vs_policy_is_shared(const char *noun) {
    return strcmp(noun, "file") == 0 || strcmp(noun, "video") == 0 || strcmp(noun, "job") == 0;
}

/* The last grant of a verb that can't be granted is that of a denial: it takes all. */
static int is_denied(const struct vs_object *o, enum vs_verb verb) {
    int64_t reach = vs_rule_reach(verb);
    return o->denied && o->denied <= (reach ? reach : VS_REACH_MANAGE);
}

static int is_granted(const struct vs_object *o, enum vs_verb verb) {
    int64_t reach = vs_rule_reach(verb);
    return verb == VS_SHARE ? o->handed : reach && o->granted >= reach;
}

/* A hold outlasts the time that a file was given: else its owner could put evidence out of everybody's reach. */
static int is_gone(const struct vs_object *o) {
    return o->removed || (o->expired && !o->held);
}

static int is_file(const struct vs_object *o) {
    return strcmp(o->noun, "file") == 0;
}

static int holds(const struct vs_actor *actor, const struct vs_object *o, enum vs_verb verb, enum vs_test test) {
    switch ((int)test) {
    case VS_IS_OWN:
        return actor->kind != VS_ACTOR_ANONYMOUS && o->owner && vs_uuid_equal(o->owner, &actor->user);
    case VS_IS_GONE:
        return is_gone(o);
    case VS_IS_HELD:
        return o->held;
    case VS_IS_DENIED:
        return is_denied(o, verb);
    case VS_IS_PUBLIC:
        return is_file(o) && o->level == VIDSTORE_ACCESS_PUBLIC;
    case VS_IS_OPEN:
        return is_file(o) && (o->level == VIDSTORE_ACCESS_PUBLIC || o->level == VIDSTORE_ACCESS_AUTHENTICATED);
    case VS_IS_SHARED: /* what has no level is open to grants */
        return is_file(o) ? o->level == VIDSTORE_ACCESS_RESTRICTED : vs_policy_is_shared(o->noun);
    case VS_IS_GRANTED:
        return is_granted(o, verb);
    case VS_IS_LINKED:
        return o->linked;
    default:
        return vs_rule_actor(actor, o->noun, verb, test);
    }
}

enum vs_decision vs_policy_decide(const struct vs_actor *actor, const struct vs_object *object, enum vs_verb verb) {
    for (const struct vs_rule *rule = vs_rules_table;; rule++) {
        int fits = (rule->verbs & 1u << verb) != 0;
        for (int i = 0; fits && i < VS_TESTS; i++)
            fits = !(rule->when & 1u << i) || holds(actor, object, verb, (enum vs_test)(1 << i));
        if (fits)
            return rule->then;
        if (!rule->when)
            return VS_DENY;
    }
}

/* A noun as people speak of it. */
static const char *in_words(const char *noun) {
    static const char *const words[][2] = {{"user", "a user"},
                                           {"job", "a job"},
                                           {"video", "a video"},
                                           {"file", "a file"},
                                           {"audit", "the audit"},
                                           {"stats", "the statistics"},
                                           {"setting", "the settings"},
                                           {"store", "the store"},
                                           {"claim", "the queue of jobs"},
                                           {"feed", "the change feed"},
                                           {"key", "a key"},
                                           {"login", "a login"},
                                           {"grant", "a grant"},
                                           {"link", "a link"},
                                           {"quota", "a quota"},
                                           {"app", "the host's tables"},
                                           {"collection", "a collection"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], noun) == 0)
            return words[i][1];
    return noun;
}

int vs_policy_judge(const struct vs_actor *actor, const struct vs_object *object, enum vs_verb verb,
                    vidstore_error **e) {
    enum vs_decision decision = vs_policy_decide(actor, object, verb);
    if (decision == VS_ALLOW)
        return 0;
    int gone = is_gone(object);
    int seen = vs_policy_decide(actor, object, gone ? VS_LIST : VS_READ) == VS_ALLOW;
    /* Only who may see the object may learn that it is there; and what is gone is gone, but for its way back and out.
     */
    if (object->owner && verb != VS_CREATE && verb != VS_LIST && (!seen || (gone && !(1u << verb & (T | P)))))
        return vs_fail(e, VIDSTORE_NOT_FOUND, "id", "no such %s", object->noun);
    if (decision == VS_DENY_HELD)
        return vs_fail_sub(e, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_HELD, "id",
                           "the %s is on legal hold: nobody may remove it", object->noun);
    return vs_fail(e, VIDSTORE_FORBIDDEN, NULL, "this session may not do that to %s", in_words(object->noun));
}

int vs_policy_check(const struct vs_actor *actor, const char *noun, enum vs_verb verb, const struct vs_uuid *owner,
                    int64_t access_level, vidstore_error **e) {
    struct vs_object object = {.noun = noun, .owner = owner, .level = access_level};
    return vs_policy_judge(actor, &object, verb, e);
}

int vs_policy_owns(const struct vs_actor *actor, const struct vs_uuid *owner) {
    return relation(actor, owner) >= OWNER_VIEWER;
}

/* What is to be hidden of records of a noun, and from whom. */
struct hiding {
    char me[VS_UUID_TEXT]; /* "": nobody */
    size_t fields[64];
    int count;
};

static void begin_hiding(struct hiding *h, const struct vs_actor *actor, const struct vs_noun *noun) {
    h->count = 0;
    h->me[0] = '\0';
    if (actor->kind != VS_ACTOR_ANONYMOUS)
        vs_uuid_format(&actor->user, h->me);
    for (size_t i = 0; i < noun->columns; i++)
        if (noun->fields[i].use & VS_OWNER) {
            assert(h->count < (int)VS_COUNT(h->fields));
            h->fields[h->count++] = i;
        }
}

static void hide(const struct hiding *h, struct vs_record *record) {
    const char *owner = vs_record_text(record, record->noun->base + 2);
    /* What nobody known did stands in the audit of whom it was done to. */
    if (!owner || (*h->me && strcmp(owner, h->me) == 0))
        return;
    for (int i = 0; i < h->count; i++)
        record->values[h->fields[i]] = (struct vs_value){0};
}

void vs_policy_hide(const struct vs_actor *actor, struct vs_record *record) {
    struct hiding h;
    if (vs_policy_is_admin(actor))
        return;
    begin_hiding(&h, actor, record->noun);
    hide(&h, record);
}

void vs_policy_hide_page(const struct vs_actor *actor, struct vs_page *page) {
    struct hiding h;
    if (vs_policy_is_admin(actor))
        return;
    begin_hiding(&h, actor, page->noun);
    for (int64_t i = 0; i < page->count; i++)
        hide(&h, page->items[i].record);
}
