/* SPDX-License-Identifier: MIT */
/* The decision table as a predicate: CASE has its order, "the first that fits decides", by itself. */
#include "access/policy_rules.h"
#include "record/search.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/file.h"
#include <string.h>

/* A predicate under way. */
struct predicate {
    const struct vs_actor *actor;
    const struct vs_noun *noun;
    enum vs_verb verb;
    int me, now, opens; /* numbers of the values in the statement; 0: none */
    int is_file, is_shared, can_be_removed;
};

enum { FALSE_, TRUE_, ASK }; /* what is known of a test before a row is looked at */

static void put_grants(const struct predicate *p, struct vs_buf *b) {
    const char *table = p->noun->table;
    vs_buf_fmt(b, "EXISTS (SELECT 1 FROM grants AS g WHERE g.subject_id = $%d AND g.object_id IN (%s.id", p->me, table);
    if (p->is_file)
        vs_buf_fmt(b, ", %s.video_id", table);
    if (p->is_file || strcmp(p->noun->name, "video") == 0)
        vs_buf_fmt(b, ", %s.job_id", table);
    vs_buf_fmt(b, ") AND (g.expires_us IS NULL OR g.expires_us > $%d) AND g.denies = ", p->now);
}

static int ask_denied(const struct predicate *p, struct vs_buf *b) {
    int64_t reach = vs_rule_reach(p->verb);
    if (!p->is_shared || !p->me)
        return FALSE_;
    put_grants(p, b);
    vs_buf_fmt(b, "1 AND g.reach <= %d)", (int)(reach ? reach : VS_REACH_MANAGE));
    return ASK;
}

static int ask_granted(const struct predicate *p, struct vs_buf *b) {
    int64_t reach = vs_rule_reach(p->verb);
    if (!p->is_shared || !p->me || (!reach && p->verb != VS_SHARE))
        return FALSE_;
    put_grants(p, b);
    if (p->verb == VS_SHARE)
        vs_buf_str(b, "0 AND g.can_share = 1)");
    else
        vs_buf_fmt(b, "0 AND g.reach >= %d)", (int)reach);
    return ASK;
}

static int ask_level(const struct predicate *p, struct vs_buf *b, enum vs_test test) {
    if (!p->is_file)
        return test == VS_IS_SHARED && p->is_shared ? TRUE_ : FALSE_;
    if (test == VS_IS_OPEN)
        vs_buf_fmt(b, "%s.access IN (%d, %d)", p->noun->table, VIDSTORE_ACCESS_AUTHENTICATED, VIDSTORE_ACCESS_PUBLIC);
    else
        vs_buf_fmt(b, "%s.access = %d", p->noun->table,
                   test == VS_IS_PUBLIC ? VIDSTORE_ACCESS_PUBLIC : VIDSTORE_ACCESS_RESTRICTED);
    return ASK;
}

static int ask_gone(const struct predicate *p, struct vs_buf *b) {
    if (!p->can_be_removed)
        return FALSE_;
    vs_buf_fmt(b, p->is_file ? "(%s.deleted_us IS NOT NULL OR files.expires_us <= $%d)" : "%s.deleted_us IS NOT NULL",
               p->noun->table, p->now);
    return ASK;
}

/* A user owns itself; a grant concerns three. */
static const char *const *own_columns(const struct predicate *p) {
    static const char *const self[] = {"id", NULL}, *const owner[] = {"user_id", NULL},
                             *const parties[] = {"user_id", "subject_id", "granted_by", NULL};
    return strcmp(p->noun->name, "user") == 0 ? self : strcmp(p->noun->name, "grant") == 0 ? parties : owner;
}

static int ask_own(const struct predicate *p, struct vs_buf *b) {
    const char *const *columns = own_columns(p);
    if (!p->me)
        return FALSE_;
    for (int i = 0; columns[i]; i++)
        vs_buf_fmt(b, "%s%s.%s = $%d", i ? " OR " : columns[1] ? "(" : "", p->noun->table, columns[i], p->me);
    vs_buf_str(b, columns[1] ? ")" : "");
    return ASK;
}

static int ask(const struct predicate *p, enum vs_test test, struct vs_buf *b) {
    switch ((int)test) {
    case VS_IS_OWN: /* a user owns itself */
        return ask_own(p, b);
    case VS_IS_GONE:
        return ask_gone(p, b);
    case VS_IS_HELD:
        vs_buf_str(b, p->is_file ? "files.held_us IS NOT NULL" : "");
        return p->is_file ? ASK : FALSE_;
    case VS_IS_DENIED:
        return ask_denied(p, b);
    case VS_IS_GRANTED:
        return ask_granted(p, b);
    case VS_IS_PUBLIC:
    case VS_IS_OPEN:
    case VS_IS_SHARED:
        return ask_level(p, b, test);
    case VS_IS_LINKED:
        if (p->opens)
            vs_buf_fmt(b, "files.id = $%d", p->opens);
        return p->opens ? ASK : FALSE_;
    default:
        return vs_rule_actor(p->actor, p->noun->name, p->verb, test) ? TRUE_ : FALSE_;
    }
}

/* A line of the table: FALSE_, TRUE_ or ASK with the condition. */
static int ask_rule(const struct predicate *p, const struct vs_rule *rule, struct vs_buf *b) {
    int all = TRUE_;
    if (!(rule->verbs & 1u << p->verb))
        return FALSE_;
    for (int i = 0; i < VS_TESTS; i++) {
        size_t before = b->len;
        if (!(rule->when & 1u << i))
            continue;
        vs_buf_str(b, all == ASK ? " AND " : "");
        int known = ask(p, (enum vs_test)(1 << i), b);
        if (known == FALSE_)
            return FALSE_;
        if (known == ASK)
            all = ASK;
        else if (b->data)
            b->data[b->len = before] = '\0';
    }
    return all;
}

/* Lines that end with nothing are left out, those that follow a certain one too. */
static int put_rules(const struct predicate *p, struct vs_buf *b, vidstore_error **e) {
    vs_buf_str(b, "CASE");
    int whens = 0, last = 0;
    for (const struct vs_rule *rule = vs_rules_table;; rule++) {
        vs_autobuf when = {0};
        int known = ask_rule(p, rule, &when);
        if (when.failed)
            return vs_fail_nomem(e);
        if (known == ASK) {
            vs_buf_fmt(b, " WHEN %s THEN %d", when.data, rule->then == VS_ALLOW);
            whens++;
        }
        last = rule->then == VS_ALLOW;
        if (known == TRUE_)
            break;
    }
    vs_buf_fmt(b, whens ? " ELSE %d END = 1" : " WHEN 1 = 1 THEN %d END = 1", last);
    return b->failed ? vs_fail_nomem(e) : 0;
}

static int add_uuid(struct vs_compiled *query, const struct vs_uuid *id, vidstore_error **e) {
    static const struct vs_field field = {0, "id", "id", VS_UUID, 0, 36, NULL};
    char text[VS_UUID_TEXT];
    vs_uuid_format(id, text);
    return vs_compiled_value(query, &field, (struct vs_value){.text = text, .len = 36, .set = VS_VALUE_SET}, e);
}

static int add_values(struct predicate *p, struct vs_compiled *query, int64_t now_us, vidstore_error **e) {
    static const struct vs_field time = {0, "now", "now", VS_TIME, 0, 0, NULL};
    if (p->actor->kind != VS_ACTOR_ANONYMOUS && !vs_policy_is_admin(p->actor))
        p->me = add_uuid(query, &p->actor->user, e);
    else if (p->is_file && !vs_uuid_is_nil(&p->actor->opens))
        p->opens = add_uuid(query, &p->actor->opens, e);
    if (p->me < 0 || p->opens < 0)
        return p->me < 0 ? p->me : p->opens;
    if (p->is_shared)
        p->now = vs_compiled_value(query, &time, (struct vs_value){.i = now_us, .set = VS_VALUE_SET}, e);
    return p->now < 0 ? p->now : 0;
}

static int begin(struct predicate *p, const struct vs_actor *actor, struct vs_compiled *query, enum vs_verb verb,
                 int64_t now_us, vidstore_error **e) {
    *p = (struct predicate){.actor = actor, .noun = query->noun, .verb = verb};
    p->is_file = strcmp(query->noun->name, "file") == 0;
    p->is_shared = vs_policy_is_shared(query->noun->name);
    p->can_be_removed = vs_field_by_id(query->noun, query->noun->base + 8) != NULL;
    return add_values(p, query, now_us, e);
}

static int add_predicate(const struct predicate *p, struct vs_compiled *query, vidstore_error **e) {
    vs_buf_str(&query->where, query->where.len ? " AND " : "");
    return put_rules(p, &query->where, e);
}

int vs_policy_where(const struct vs_actor *actor, struct vs_compiled *query, enum vs_verb verb, int64_t now_us,
                    vidstore_error **e) {
    struct predicate p;
    int r = begin(&p, actor, query, verb, now_us, e);
    return r ? r : add_predicate(&p, query, e);
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

/* The events of a user: those of what it owns, and those of what it did. */
static int narrow_audit(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e) {
    vs_mark_scope(query, &actor->user, 0);
    int me = add_uuid(query, &actor->user, e);
    if (me < 0)
        return me;
    vs_buf_fmt(&query->where, "%s(owner_id = $%d OR user_id = $%d)", query->where.len ? " AND " : "", me, me);
    return query->where.failed ? vs_fail_nomem(e) : 0;
}

/* Indexes that lead to what may be visible: rows on none of these ways are not. The predicate decides. */
static int add_ways(const struct predicate *p, struct vs_compiled *query, vidstore_error **e) {
    static const char *const held[] = {"id", "job_id", "video_id"};
    const char *table = p->noun->table;
    int columns = p->is_file ? 3 : strcmp(p->noun->name, "video") == 0 ? 2 : p->is_shared;
    if (p->me) {
        for (const char *const *own = own_columns(p); *own; own++)
            vs_buf_fmt(vs_compiled_way(query), "%s.%s = $%d", table, *own, p->me);
        for (int i = 0; i < columns; i++)
            vs_buf_fmt(vs_compiled_way(query),
                       "%s.%s IN (SELECT g.object_id FROM grants AS g WHERE g.subject_id = $%d AND g.denies = 0)",
                       table, held[i], p->me);
    }
    if (p->is_file && p->me)
        vs_buf_fmt(vs_compiled_way(query), "%s.access IN (%d, %d) AND %s.deleted_us IS NULL", table,
                   VIDSTORE_ACCESS_AUTHENTICATED, VIDSTORE_ACCESS_PUBLIC, table);
    if (p->is_file && !p->me)
        vs_buf_fmt(vs_compiled_way(query), "%s.access = %d AND %s.deleted_us IS NULL", table, VIDSTORE_ACCESS_PUBLIC,
                   table);
    for (int i = 0; i < query->n_ways; i++)
        if (query->ways[i].failed)
            return vs_fail_nomem(e);
    return 0;
}

/* A filter on what only owners see finds no others: what it finds would tell what is hidden. */
static int add_own(const struct predicate *p, struct vs_compiled *query, vidstore_error **e) {
    vs_buf_fmt(&query->where, "%s%s.user_id = $%d", query->where.len ? " AND " : "", p->noun->table, p->me);
    return query->where.failed ? vs_fail_nomem(e) : 0;
}

/* The index of words knows owners and levels, but not grants. */
static void add_marks(const struct predicate *p, struct vs_compiled *query) {
    if (!p->me)
        vs_mark_scope(query, NULL, VIDSTORE_ACCESS_PUBLIC);
    else if (!p->is_shared)
        vs_mark_scope(query, &p->actor->user, 0);
}

int vs_policy_narrow(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e) {
    struct predicate p;
    const char *noun = query->noun->name;
    if (!vs_rule_lists(actor, noun))
        return vs_fail(e, VIDSTORE_FORBIDDEN, NULL, "this session may not list %ss", noun);
    if (vs_policy_is_admin(actor))
        return 0;
    query->indexed = 1; /* each way is an index */
    if (strcmp(noun, "audit") == 0)
        return narrow_audit(actor, query, e);
    if (query->owners && actor->kind == VS_ACTOR_ANONYMOUS)
        return vs_fail(e, VIDSTORE_FORBIDDEN, "filter", "this filter asks for what only owners see");
    int r = begin(&p, actor, query, VS_LIST, vs_now_us(), e);
    if (!r && query->owners)
        r = add_own(&p, query, e);
    if (!r)
        r = add_predicate(&p, query, e);
    if (!r && !query->owners)
        r = add_ways(&p, query, e);
    if (!r)
        add_marks(&p, query);
    return r;
}
