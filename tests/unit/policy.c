/* SPDX-License-Identifier: MIT */
/* Who may do what: every actor, noun, verb, owner and access level against tables that were written out by hand. */
#include "access/policy.h"
#include "collections/collections.h"
#include "keys/keys.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/videos.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <vidstore/file.h>
#include <vidstore/query.h>

static const struct vs_uuid nil, me = {{1}}, other = {{2}};

/* Who asks. The order is that of the columns below. */
static const struct {
    const char *name;
    struct vs_actor actor;
} actors[] = {
    {"anonymous", {.kind = VS_ACTOR_ANONYMOUS, .role = VIDSTORE_ROLE_UNKNOWN}},
    {"viewer", {.kind = VS_ACTOR_USER, .role = VIDSTORE_ROLE_VIEWER, .user = {{1}}}},
    {"user", {.kind = VS_ACTOR_USER, .role = VIDSTORE_ROLE_USER, .user = {{1}}}},
    {"worker", {.kind = VS_ACTOR_WORKER, .role = VIDSTORE_ROLE_USER, .user = {{1}}}},
    {"worker of an admin", {.kind = VS_ACTOR_WORKER, .role = VIDSTORE_ROLE_ADMIN, .user = {{1}}}},
    {"admin", {.kind = VS_ACTOR_USER, .role = VIDSTORE_ROLE_ADMIN, .user = {{1}}}},
    {"system", {.kind = VS_ACTOR_SYSTEM, .role = VIDSTORE_ROLE_ADMIN}},
};

static const char verbs[] = "CRLUDTPMS"; /* create read list update remove restore purge manage share, as in enum */

/* What each may do: with its own, with another's, with what belongs to nobody. */
static const struct {
    const char *noun;
    const char *own[7], *others[7], *none[7];
} table[] = {
    {"user",
     {"", "RLU", "RLU", "RLU", "RLU", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"key",
     {"", "CRLUD", "CRLUD", "CRLUD", "CRLUD", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"login",
     {"", "RLUD", "RLUD", "RLUD", "RLUD", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"job",
     {"", "RL", "CRLUDTPS", "CRLUDTPS", "CRLUDTPS", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"video",
     {"", "RL", "CRLUDTPS", "CRLUDTPS", "CRLUDTPS", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"file",
     {"", "RL", "CRLUDTPS", "CRLUDTPS", "CRLUDTPS", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"collection",
     {"", "RL", "CRLUDTP", "CRLUDTP", "CRLUDTP", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"audit",
     {"", "RL", "RL", "RL", "RL", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"stats",
     {"", "R", "R", "R", "R", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"setting",
     {"", "RL", "RL", "RL", "RL", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "RL", "RL", "RL", "RL", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "RL", "RL", "RL", "RL", "CRLUDTPMS", "CRLUDTPMS"}},
    {"store",
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"claim",
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"},
     {"", "", "", "", "", "CRLUDTPMS", "CRLUDTPMS"}},
    {"nothing of this name", {"", "", "", "", "", "", ""}, {"", "", "", "", "", "", ""}, {"", "", "", "", "", "", ""}},
};

static const int64_t levels[] = {0, VIDSTORE_ACCESS_PRIVATE, VIDSTORE_ACCESS_RESTRICTED, VIDSTORE_ACCESS_AUTHENTICATED,
                                 VIDSTORE_ACCESS_PUBLIC};

static int expected(const char *noun, const char *may, size_t actor, int verb, int64_t level) {
    if (strchr(may, verbs[verb]))
        return 1;
    if (strcmp(noun, "file") != 0 || (verb != VS_READ && verb != VS_LIST))
        return 0;
    return level == VIDSTORE_ACCESS_PUBLIC || (level == VIDSTORE_ACCESS_AUTHENTICATED && actor != 0);
}

static void compare(size_t row, size_t actor, int verb, const struct vs_uuid *owner, const char *may, int64_t level) {
    vidstore_error *error = NULL;
    int rc = vs_policy_check(&actors[actor].actor, table[row].noun, (enum vs_verb)verb, owner, level, &error);
    int allowed = expected(table[row].noun, may, actor, verb, level);
    ck_assert_msg((rc == 0) == allowed, "%s, %s, %c, level %d: %s", actors[actor].name, table[row].noun, verbs[verb],
                  (int)level, vidstore_status_name(rc));
    ck_assert_int_eq(vidstore_error_code(error), rc);
    if (rc) { /* who may not see an object does not learn that it is there */
        int hidden =
            owner && verb != VS_CREATE && verb != VS_LIST && !expected(table[row].noun, may, actor, VS_READ, level);
        ck_assert_msg(rc == (hidden ? VIDSTORE_NOT_FOUND : VIDSTORE_FORBIDDEN), "%s, %s, %c, level %d: %s",
                      actors[actor].name, table[row].noun, verbs[verb], (int)level, vidstore_status_name(rc));
    }
    vidstore_error_free(error);
}

START_TEST(decisions) {
    ck_assert_uint_eq(sizeof verbs - 1, VS_VERBS);
    for (size_t a = 0; a < VS_COUNT(actors); a++)
        for (int verb = 0; verb < VS_VERBS; verb++)
            for (size_t l = 0; l < VS_COUNT(levels); l++) {
                compare((size_t)_i, a, verb, &me, a == 0 || a == 6 ? table[_i].others[a] : table[_i].own[a], levels[l]);
                compare((size_t)_i, a, verb, &other, table[_i].others[a], levels[l]);
                compare((size_t)_i, a, verb, NULL, table[_i].none[a], levels[l]);
            }
}
END_TEST

/* Nobody is the nil user: a session without a user must not pass for the owner of what the system owns. */
START_TEST(nil_is_nobodys_own) {
    static const char *const nouns[] = {"user", "job", "video", "collection", "file", "audit", "stats"};
    for (size_t i = 0; i < VS_COUNT(nouns); i++) {
        ck_assert_int_eq(vs_policy_check(&actors[0].actor, nouns[i], VS_READ, &nil, 0, NULL), VIDSTORE_NOT_FOUND);
        ck_assert_int_eq(vs_policy_check(&actors[1].actor, nouns[i], VS_READ, &nil, 0, NULL), VIDSTORE_NOT_FOUND);
        ck_assert_int_eq(vs_policy_check(&actors[3].actor, nouns[i], VS_READ, &nil, 0, NULL), VIDSTORE_NOT_FOUND);
    }
}
END_TEST

/* --- lists: what the query is narrowed to ----------------------------------------------------------------------- */

extern const struct vs_noun vs_audit_noun;

START_TEST(lists) {
    static const struct {
        const struct vs_noun *noun;
        const char *where;
    } rows[] = {
        {&vs_user_noun, "users.id = $1 AND CASE WHEN users.deleted_us IS NOT NULL THEN 1 WHEN users.deleted_us IS NOT "
                        "NULL THEN 0 ELSE 1 END = 1"},
        {&vs_key_noun, "api_keys.user_id = $1 AND CASE WHEN 1 = 1 THEN 1 END = 1"},
        {&vs_collection_noun, "collections.user_id = $1 AND CASE WHEN collections.deleted_us IS NOT NULL THEN 1 WHEN "
                              "collections.deleted_us IS NOT NULL THEN 0 ELSE 1 END = 1"},
        {&vs_audit_noun, "(owner_id = $1 OR user_id = $1)"},
    };
    for (size_t i = 0; i < VS_COUNT(rows); i++)
        for (size_t a = 0; a < VS_COUNT(actors); a++) {
            vs_autocompiled c = {0};
            ck_assert_int_eq(vs_query_compile(NULL, rows[i].noun, &c, NULL), 0);
            int rc = vs_policy_narrow(&actors[a].actor, &c, NULL);
            if (a == 0) {
                ck_assert_int_eq(rc, VIDSTORE_FORBIDDEN);
                continue;
            }
            ck_assert_int_eq(rc, 0);
            if (a >= 5) { /* admins and the system see all */
                ck_assert_int_eq(c.count, 0);
                continue;
            }
            ck_assert_str_eq(c.n_ways ? c.ways[0].when.data : c.where.data, rows[i].where);
            ck_assert_int_eq(c.count, 1);
            ck_assert_str_eq(c.terms[0].value.text, "01000000-0000-0000-0000-000000000000");
        }
}
END_TEST

/* An or in the caller's filter must not lead around what narrows it. */
START_TEST(a_filter_does_not_widen) {
    vidstore_query *q = vidstore_query_new();
    vs_autocompiled c = {0};
    ck_assert_int_eq(vidstore_query_filter(q, "title = a or title = b", NULL), 0);
    vidstore_query_flags(q, VIDSTORE_QUERY_DELETED);
    ck_assert_int_eq(vs_query_compile((struct vs_query *)q, &vs_video_noun, &c, NULL), 0);
    ck_assert_int_eq(vs_policy_narrow(&actors[2].actor, &c, NULL), 0);
    static const char begins[] = "videos.user_id = $3 AND CASE WHEN ";
    ck_assert_str_eq(c.where.data, "(title = $1 OR title = $2)");
    ck_assert_int_eq(c.n_ways, 3);
    ck_assert_int_eq(strncmp(c.ways[0].when.data, begins, sizeof begins - 1), 0);
    vidstore_query_free(q);
}
END_TEST

Suite *policy_suite(void);
Suite *policy_suite(void) {
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("policy");
    tcase_add_loop_test(tests, decisions, 0, VS_COUNT(table));
    tcase_add_test(tests, nil_is_nobodys_own);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, a_filter_does_not_widen);
    suite_add_tcase(suite, tests);
    return suite;
}
