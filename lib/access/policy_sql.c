/* SPDX-License-Identifier: MIT */
/* The decision table as a predicate: CASE has its order, "the first that fits decides", by itself. */
#include "access/policy_rules.h"
#include "record/search.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/file.h"
#include <stdio.h>
#include <string.h>

/* A predicate under way. */
struct predicate {
    const struct vs_actor *actor;
    const struct vs_noun *noun;
    enum vs_verb verb;
    int me, now, opens; /* numbers of the values in the statement; 0: none */
    char me_text[16], now_text[16];
    int is_file, is_shared, can_be_removed;
    uint32_t certain; /* tests that hold for all rows on the way under way */
    uint32_t asked;   /* tests whose conditions are there already, for the next line and the next way */
    struct asked {
        int known;
        size_t at, len;
    } answers[VS_TESTS];
    struct vs_buf texts;
};

enum { FALSE_, TRUE_, ASK }; /* what is known of a test before a row is looked at */
enum { ROOM = 1000 };        /* for a predicate, mostly */

static void free_predicate(struct predicate *p) {
    vs_buf_free(&p->texts);
}
#define autopredicate VS_CLEANUP(free_predicate) struct predicate

/* What fills a piece of schema/queries/grants.sql, besides who asks and when; NULL where it has no such hole. */
struct filling {
    const char *objects, *denies, *reach, *noun;
};

static void put_piece(const struct predicate *p, enum vs_stmt_id id, struct filling with, struct vs_buf *b) {
    static const char *const names[] = {"me", "now", "objects", "denies", "reach", "noun", NULL};
    const char *const texts[] = {p->me_text, p->now_text, with.objects, with.denies, with.reach, with.noun, NULL};
    vs_piece_put(b, id, names, texts);
}

static void put_grants(const struct predicate *p, const char *denies, const char *reach, struct vs_buf *b) {
    const char *objects = p->is_file                            ? "files.id, files.video_id, files.job_id"
                          : strcmp(p->noun->name, "video") == 0 ? "videos.id, videos.job_id"
                                                                : "jobs.id";
    vs_buf_str(b, "EXISTS (");
    put_piece(p, VS_STMT_GRANT_ON_ROW, (struct filling){.objects = objects, .denies = denies, .reach = reach}, b);
    vs_buf_char(b, ')');
}

/* That nothing at all is denied to the actor is seen once, before a row is looked at. */
static int ask_denied(const struct predicate *p, struct vs_buf *b) {
    int64_t least = vs_rule_reach(p->verb);
    char reach[40];
    if (!p->is_shared || !p->me)
        return FALSE_;
    snprintf(reach, sizeof reach, "g.reach <= %d", (int)(least ? least : VS_REACH_MANAGE));
    vs_buf_str(b, "EXISTS (");
    put_piece(p, VS_STMT_GRANT_DENIED_ANY, (struct filling){NULL}, b);
    vs_buf_str(b, ") AND ");
    put_grants(p, "1", reach, b);
    return ASK;
}

static int ask_granted(const struct predicate *p, struct vs_buf *b) {
    int64_t least = vs_rule_reach(p->verb);
    char reach[40];
    if (!p->is_shared || !p->me || (!least && p->verb != VS_SHARE))
        return FALSE_;
    snprintf(reach, sizeof reach, p->verb == VS_SHARE ? "g.can_share = 1" : "g.reach >= %d", (int)least);
    put_grants(p, "0", reach, b);
    return ASK;
}

_Static_assert(VIDSTORE_ACCESS_RESTRICTED == 20 && VIDSTORE_ACCESS_AUTHENTICATED == 30 && VIDSTORE_ACCESS_PUBLIC == 40,
               "conditions and ways say so");

static int ask_level(const struct predicate *p, struct vs_buf *b, enum vs_test test) {
    if (!p->is_file)
        return test == VS_IS_SHARED && p->is_shared ? TRUE_ : FALSE_;
    vs_buf_str(b, test == VS_IS_OPEN     ? "files.access IN (30, 40)"
                  : test == VS_IS_PUBLIC ? "files.access = 40"
                                         : "files.access = 20");
    return ASK;
}

static int ask_gone(const struct predicate *p, struct vs_buf *b) {
    if (!p->can_be_removed)
        return FALSE_;
    if (p->is_file)
        vs_buf_all(b, "(files.deleted_us IS NOT NULL OR (files.expires_us <= ", p->now_text,
                   " AND files.held_us IS NULL))");
    else
        vs_buf_all(b, p->noun->table, ".deleted_us IS NOT NULL");
    return ASK;
}

/* A user owns itself; a grant concerns three. */
static int ask_own(const struct predicate *p, struct vs_buf *b) {
    const char *noun = p->noun->name, *table = p->noun->table;
    if (!p->me)
        return FALSE_;
    if (strcmp(noun, "grant") == 0)
        vs_buf_all(b, p->me_text, " IN (grants.user_id, grants.subject_id, grants.granted_by)");
    else
        vs_buf_all(b, table, strcmp(noun, "user") == 0 ? ".id = " : ".user_id = ", p->me_text);
    return ASK;
}

static int ask_test(const struct predicate *p, enum vs_test test, struct vs_buf *b) {
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

static int ask(struct predicate *p, int number, struct vs_buf *b) {
    struct asked *answer = &p->answers[number];
    uint32_t test = 1u << number;
    if (p->certain & test)
        return TRUE_;
    if (!(p->asked & test)) {
        answer->at = p->texts.len;
        answer->known = ask_test(p, (enum vs_test)test, &p->texts);
        answer->len = p->texts.len - answer->at;
        p->asked |= test;
    }
    if (answer->known == ASK && !p->texts.failed)
        vs_buf_add(b, p->texts.data + answer->at, answer->len);
    return answer->known;
}

static void cut(struct vs_buf *b, size_t len) {
    if (b->data)
        b->data[b->len = len] = '\0';
}

/* A line of the table that concerns the verb: FALSE_, TRUE_ or ASK with the condition. */
static int ask_rule(struct predicate *p, const struct vs_rule *rule, struct vs_buf *b) {
    int all = TRUE_;
    for (int i = 0; i < VS_TESTS; i++) {
        size_t before = b->len;
        if (!(rule->when & 1u << i))
            continue;
        vs_buf_str(b, all == ASK ? " AND " : "");
        int known = ask(p, i, b);
        if (known == FALSE_)
            return FALSE_;
        if (known == ASK)
            all = ASK;
        else
            cut(b, before);
    }
    return all;
}

/* Lines that end with nothing are left out, those that follow a certain one too, and those before the end that say
 * what the end says. */
static int put_rules(struct predicate *p, struct vs_buf *b, vidstore_error **e) {
    vs_buf_str(b, "CASE");
    size_t first = b->len, end = first; /* end: where the lines begin that all say the same up to here */
    int said = -1;
    for (const struct vs_rule *rule = vs_rules_table;; rule++) {
        size_t line = b->len;
        if (!(rule->verbs & 1u << p->verb))
            continue;
        vs_buf_str(b, " WHEN ");
        int known = ask_rule(p, rule, b), then = rule->then == VS_ALLOW;
        if (b->failed || p->texts.failed)
            return vs_fail_nomem(e);
        if (known != ASK)
            cut(b, line);
        if (known == FALSE_)
            continue;
        if (then != said)
            end = line;
        said = then;
        if (known == TRUE_)
            break;
        vs_buf_str(b, then ? " THEN 1" : " THEN 0");
    }
    if (!b->failed)
        cut(b, end);
    vs_buf_all(b, end == first ? " WHEN 1 = 1 THEN " : " ELSE ", said ? "1 END = 1" : "0 END = 1");
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
    if (p->actor->kind != VS_ACTOR_ANONYMOUS && !vs_policy_sees_all(p->actor, p->noun->name))
        p->me = add_uuid(query, &p->actor->user, e);
    else if (p->is_file && !vs_uuid_is_nil(&p->actor->opens))
        p->opens = add_uuid(query, &p->actor->opens, e);
    if (p->me < 0 || p->opens < 0)
        return p->me < 0 ? p->me : p->opens;
    if (p->is_shared)
        p->now = vs_compiled_value(query, &time, (struct vs_value){.i = now_us, .set = VS_VALUE_SET}, e);
    snprintf(p->me_text, sizeof p->me_text, "$%d", p->me);
    snprintf(p->now_text, sizeof p->now_text, "$%d", p->now);
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

static int add_predicate(struct predicate *p, struct vs_compiled *query, vidstore_error **e) {
    vs_buf_str(&query->where, query->where.len ? " AND " : "");
    return put_rules(p, &query->where, e);
}

int vs_policy_where(const struct vs_actor *actor, struct vs_compiled *query, enum vs_verb verb, int64_t now_us,
                    vidstore_error **e) {
    autopredicate p = {0};
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
    if (query->owners) /* from where others came is not to be asked for */
        vs_buf_fmt(&query->where, " AND (user_id = $%d OR user_id IS NULL)", me);
    return query->where.failed ? vs_fail_nomem(e) : 0;
}

_Static_assert(VS_REACH_READ == 10, "grant_objects says so");

enum { SOMEBODY, NOBODY };

/* Ways to what may be visible, each through an index: rows on none of them are not. Some of the tests are certain on a
 * way, which leaves little of the predicate. Those that were granted come last: the index of words does not know them.
 */
static const struct way {
    const char *noun; /* NULL: those that are not named */
    int who;
    enum vs_test certain;
    const char *granted; /* the noun of what was granted and leads there; NULL: none */
    const char *seq, *when;
    const char *object; /* instead of when: the column of what was granted */
} ways[] = {
    {"user", SOMEBODY, VS_IS_OWN, NULL, "users.seq", "users.id = {{me}}", NULL},
    {"grant", SOMEBODY, VS_IS_OWN, NULL, "grants.seq", "grants.user_id = {{me}}", NULL},
    {"grant", SOMEBODY, VS_IS_OWN, NULL, "grants.seq", "grants.subject_id = {{me}}", NULL},
    {"grant", SOMEBODY, VS_IS_OWN, NULL, "grants.seq", "grants.granted_by = {{me}}", NULL},
    {"job", SOMEBODY, VS_IS_OWN, NULL, "jobs.seq", "jobs.user_id = {{me}}", NULL},
    {"job", SOMEBODY, VS_IS_GRANTED, "job", "g_seq", "jobs.seq = g_seq", NULL},
    {"video", SOMEBODY, VS_IS_OWN, NULL, "videos.seq", "videos.user_id = {{me}}", NULL},
    {"video", SOMEBODY, VS_IS_GRANTED, "video", "g_seq", "videos.seq = g_seq", NULL},
    {"video", SOMEBODY, VS_IS_GRANTED, "job", "videos.seq", NULL, "videos.job_id"},
    {"file", SOMEBODY, VS_IS_OWN, NULL, "files.seq", "files.user_id = {{me}}", NULL},
    {"file", SOMEBODY, VS_IS_OPEN, NULL, "files.seq", "files.access IN (30, 40) AND files.deleted_us IS NULL", NULL},
    {"file", SOMEBODY, VS_IS_GRANTED, "file", "g_seq", "files.seq = g_seq", NULL},
    {"file", SOMEBODY, VS_IS_GRANTED, "video", "files.seq", NULL, "files.video_id"},
    {"file", SOMEBODY, VS_IS_GRANTED, "job", "files.seq", NULL, "files.job_id"},
    {"file", NOBODY, VS_IS_PUBLIC, NULL, "files.seq", "files.access = 40 AND files.deleted_us IS NULL", NULL},
    {NULL, SOMEBODY, VS_IS_OWN, NULL, "seq", "{{table}}.user_id = {{me}}", NULL},
};

static int put_when(const struct predicate *p, const struct way *way, struct vs_buf *b, vidstore_error **e) {
    static const char *const names[] = {"table", "me", NULL};
    const char *const texts[] = {p->noun->table, p->me_text, NULL};
    if (!way->object)
        return vs_template_fill(b, way->when, names, texts, e);
    vs_buf_all(b, way->object, " = g_object");
    return 0;
}

/* What is asked of the rows is the same for all that was granted. */
static int put_rest(struct predicate *p, const struct vs_compiled *query, struct vs_way *way, vidstore_error **e) {
    const struct vs_way *before = way > query->ways ? way - 1 : way;
    way->rest = way->when.len;
    if (way->granted && before->granted && before != way) {
        vs_buf_add(&way->when, before->when.data + before->rest, before->when.len - before->rest);
        return way->when.failed ? vs_fail_nomem(e) : 0;
    }
    vs_buf_reserve(&way->when, ROOM);
    vs_buf_str(&way->when, " AND ");
    return put_rules(p, &way->when, e);
}

static int add_way(struct predicate *p, struct vs_compiled *query, const struct way *way, vidstore_error **e) {
    struct vs_way *ret = vs_compiled_way(query);
    ret->seq = way->seq;
    ret->granted = way->granted;
    ret->object = way->object;
    p->certain = way->certain;
    query->marked += way->certain != VS_IS_GRANTED;
    if (way->granted) {
        vs_buf_char(&ret->from, '(');
        put_piece(p, VS_STMT_GRANT_OBJECTS, (struct filling){.noun = way->granted}, &ret->from);
        vs_buf_str(&ret->from, ") AS g");
    }
    int r = ret->from.failed ? vs_fail_nomem(e) : put_when(p, way, &ret->when, e);
    return r ? r : put_rest(p, query, ret, e);
}

static int add_ways(struct predicate *p, struct vs_compiled *query, int64_t now_us, vidstore_error **e) {
    int r = 0, found = 0, who = p->me ? SOMEBODY : NOBODY;
    for (size_t i = 0; !r && i < VS_COUNT(ways); i++) {
        int here = ways[i].noun ? strcmp(ways[i].noun, p->noun->name) == 0 : !found;
        found |= here;
        if (here && ways[i].who == who)
            r = add_way(p, query, &ways[i], e);
    }
    p->certain = 0;
    query->others = VS_STMT_GRANT_ANY;
    query->objects = VS_STMT_GRANT_OBJECT_LIST;
    query->holder = p->actor->user;
    query->now_us = now_us;
    return r;
}

/* A filter on what only owners see finds no others: what it finds would tell what is hidden. */
static int add_own(const struct predicate *p, struct vs_compiled *query, vidstore_error **e) {
    vs_buf_fmt(&query->where, "%s%s.user_id = $%d", query->where.len ? " AND " : "", p->noun->table, p->me);
    return query->where.failed ? vs_fail_nomem(e) : 0;
}

/* The index of words knows owners and levels, but not grants. */
static void add_marks(const struct predicate *p, struct vs_compiled *query) {
    if (p->me)
        vs_mark_scope(query, &p->actor->user, p->is_file ? VIDSTORE_ACCESS_AUTHENTICATED : 0);
    if (!p->me || p->is_file)
        vs_mark_scope(query, NULL, VIDSTORE_ACCESS_PUBLIC);
}

/* For conditions on another noun: what the actor may list of that one. */
static int tell_asker(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e) {
    struct vs_term *me = &query->terms[query->me - 1], *all = &query->terms[query->all - 1];
    char text[VS_UUID_TEXT];
    if (!vs_rule_lists(actor, query->related))
        return 0;
    if (vs_policy_sees_all(actor, query->related)) {
        all->value = (struct vs_value){.i = 1, .set = VS_VALUE_SET};
        return 0;
    }
    vs_uuid_format(&actor->user, text);
    if (!(me->text = vs_strdup(text)))
        return vs_fail_nomem(e);
    me->value = (struct vs_value){.text = me->text, .len = VS_UUID_TEXT - 1, .set = VS_VALUE_SET};
    return 0;
}

int vs_policy_narrow(const struct vs_actor *actor, struct vs_compiled *query, vidstore_error **e) {
    autopredicate p = {0};
    const char *noun = query->noun->name;
    int r = query->related ? tell_asker(actor, query, e) : 0;
    if (r)
        return r;
    if (!vs_rule_lists(actor, noun))
        return vs_fail(e, VIDSTORE_FORBIDDEN, NULL, "this session may not list %ss", noun);
    if (vs_policy_sees_all(actor, noun))
        return 0;
    query->indexed = 1; /* each way is an index */
    if (strcmp(noun, "audit") == 0)
        return narrow_audit(actor, query, e);
    if (query->owners && actor->kind == VS_ACTOR_ANONYMOUS)
        return vs_fail(e, VIDSTORE_FORBIDDEN, "filter", "this filter asks for what only owners see");
    int64_t now_us = vs_now_us();
    r = begin(&p, actor, query, VS_LIST, now_us, e);
    if (!r && query->owners)
        r = add_own(&p, query, e);
    if (!r && !query->owners && (!query->near || query->matched))
        r = add_ways(&p, query, now_us, e);
    if (!r && (!query->n_ways || query->matched))
        r = add_predicate(&p, query, e);
    if (!r)
        add_marks(&p, query);
    return r;
}
