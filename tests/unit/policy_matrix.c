/* SPDX-License-Identifier: MIT */
/* The decision in its three forms, on every cell: 6 actors, 4 access levels, 4 relations, 8 verbs, 5 states of the
 * object and 2 of the credential. What the function and the database say is held against a table written out by hand
 * (attack group 39); and lists are what a check of each row leaves (attack group 45). */
#include "access/policy.h"
#include "db_harness.h"
#include "files/files.h"
#include "util/alloc.h"
#include "videos/videos.h"
#include <vidstore/file.h>
#include <vidstore/query.h>
#include <vidstore/user.h>

enum { ANONYMOUS, VIEWER, USER, ADMIN, SYSTEM, LINK, ACTORS };
enum { OWNER, GRANTEE, DENIED, NONE, RELATIONS };
enum { FRESH, REMOVED, EXPIRED, HELD, HELD_AND_REMOVED, STATES };
enum { LEVELS = 4, NOW = 1000000 };
static const int64_t levels[LEVELS] = {VIDSTORE_ACCESS_PRIVATE, VIDSTORE_ACCESS_RESTRICTED,
                                       VIDSTORE_ACCESS_AUTHENTICATED, VIDSTORE_ACCESS_PUBLIC};
static const enum vs_verb verbs[] = {VS_READ, VS_LIST, VS_UPDATE, VS_REMOVE, VS_RESTORE, VS_PURGE, VS_MANAGE, VS_SHARE};
static const char letters[] = "RLUDTPMS";
static const char *const names[] = {"anonymous", "viewer", "user", "admin", "system", "link"},
                         *const relations[] = {"owner", "grantee", "denied", "none"},
                         *const states[] = {"fresh", "removed", "expired", "held", "held and removed"};
static const struct vs_uuid ids[ACTORS] = {{{0}}, {{1}}, {{2}}, {{3}}, {{0}}, {{0}}}, stranger = {{9}},
                            elsewhere = {{7}};

/* What may be done with a fresh object: by actor, relation, level. A grantee was granted all, with the right to hand
 * on, or came by a link to it; a denied one was denied reading. */
static const char *const fresh[ACTORS][RELATIONS][LEVELS] = {
    /*           private      restricted   authenticated public */
    [ANONYMOUS] = {{"", "", "", "RL"}, {"", "", "", "RL"}, {"", "", "", "RL"}, {"", "", "", "RL"}},
    [VIEWER] = {{"RL", "RL", "RL", "RL"}, {"", "RL", "RL", "RL"}, {"", "", "", ""}, {"", "", "RL", "RL"}},
    [USER] = {{"RLUDTPS", "RLUDTPS", "RLUDTPS", "RLUDTPS"},
              {"", "RLUDS", "RLU", "RLU"},
              {"", "", "", ""},
              {"", "", "RL", "RL"}},
    [ADMIN] = {{"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
               {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
               {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
               {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"}},
    [SYSTEM] = {{"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
                {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
                {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"},
                {"RLUDTPMS", "RLUDTPMS", "RLUDTPMS", "RLUDTPMS"}},
    [LINK] = {{"", "", "", ""}, {"", "R", "R", "R"}, {"", "", "", ""}, {"", "", "", ""}},
};

/* Of what is gone: its owner lists it, takes it away when only its time was over, and brings it back or ends it; a
 * viewer sees that it was; admins and the clean-up as the owner; nobody else. */
static const char *const gone[ACTORS][RELATIONS] = {
    [ANONYMOUS] = {"", "", "", ""},
    [VIEWER] = {"L", "", "", ""},
    [USER] = {"LDTP", "", "", ""},
    [ADMIN] = {"LDTP", "LDTP", "LDTP", "LDTP"},
    [SYSTEM] = {"LDTP", "LDTP", "LDTP", "LDTP"},
    [LINK] = {"", "", "", ""},
};

static int is_in(const char *set, char letter) {
    return strchr(set, letter) != NULL;
}

/* By hand. narrowed: the credential leaves reading only. */
static int oracle(int actor, int relation, int level, int state, int narrowed, char letter) {
    if (narrowed && letter != 'R' && letter != 'L')
        return 0;
    if ((state == HELD || state == HELD_AND_REMOVED) && (letter == 'D' || letter == 'P'))
        return 0;
    if (state == REMOVED || state == EXPIRED || state == HELD_AND_REMOVED)
        return is_in(gone[actor][relation], letter);
    return is_in(fresh[actor][relation][level], letter);
}

static struct vs_actor actor_of(int actor, int narrowed) {
    static const enum vs_actor_kind kinds[ACTORS] = {VS_ACTOR_ANONYMOUS, VS_ACTOR_USER,   VS_ACTOR_USER,
                                                     VS_ACTOR_USER,      VS_ACTOR_SYSTEM, VS_ACTOR_ANONYMOUS};
    static const int32_t roles[ACTORS] = {VIDSTORE_ROLE_UNKNOWN, VIDSTORE_ROLE_VIEWER, VIDSTORE_ROLE_USER,
                                          VIDSTORE_ROLE_ADMIN,   VIDSTORE_ROLE_ADMIN,  VIDSTORE_ROLE_UNKNOWN};
    return (struct vs_actor){.kind = kinds[actor],
                             .role = roles[actor],
                             .user = ids[actor],
                             .opens = actor == LINK ? elsewhere : ids[ANONYMOUS],
                             .scopes = narrowed ? 1 : 0 /* read */};
}

/* Nobody is anonymous and yet owns, was granted or denied anything: there these relations are those of a stranger. */
static int is_somebody(int actor) {
    return actor != ANONYMOUS && actor != SYSTEM && actor != LINK;
}

static struct vs_uuid file_id(int actor, int relation, int level, int state) {
    return (struct vs_uuid){{0xf0, (uint8_t)actor, (uint8_t)relation, (uint8_t)level, (uint8_t)state}};
}

/* --- the function ------------------------------------------------------------------------------------------------- */

static int said_by_function(int actor, int relation, int level, int state, int narrowed, enum vs_verb verb) {
    struct vs_actor who = actor_of(actor, narrowed);
    int somebody = is_somebody(actor);
    struct vs_object object = {
        .noun = "file",
        .owner = somebody && relation == OWNER ? &ids[actor] : &stranger,
        .level = levels[level],
        .removed = state == REMOVED || state == HELD_AND_REMOVED,
        .expired = state == EXPIRED,
        .held = state == HELD || state == HELD_AND_REMOVED,
        .granted = somebody && relation == GRANTEE ? VS_REACH_MANAGE : 0,
        .handed = somebody && relation == GRANTEE,
        .denied = somebody && relation == DENIED ? VS_REACH_READ : 0,
        .linked = actor == LINK && relation == GRANTEE,
    };
    return vs_policy_decide(&who, &object, verb) == VS_ALLOW;
}

/* --- the database ------------------------------------------------------------------------------------------------- */

static struct vs_db *db;

static void put(struct vs_conn *conn, const char *sql, const struct vs_uuid *a, const struct vs_uuid *b, int64_t n1,
                int64_t n2, int64_t n3, int64_t n4) {
    struct vs_stmt *s = NULL;
    must(vs_stmt_composed(conn, sql, strlen(sql), &s, e));
    vs_bind_uuid(s, 1, a);
    vs_bind_uuid(s, 2, b);
    vs_bind_int(s, 3, n1);
    vs_bind_int(s, 4, n2);
    vs_bind_int(s, 5, n3);
    vs_bind_int(s, 6, n4);
    must(vs_run(s, NULL, e));
}

static const char insert_file[] =
    "INSERT INTO files (id, user_id, access, deleted_us, expires_us, held_us, created_us, updated_us, version, name, "
    "size, extension, sha256, backend, storage_key, category, type, encrypted, upload_started_us, "
    "upload_completed_us, blob_id) SELECT $1, $2, $3, $4, $5, $6, 1, 1, 1, 'x', 1, '', id, 10, 'k', 10, 'other', 0, "
    "1, 1, id FROM blobs";
static const char insert_user[] =
    "INSERT INTO users (id, user_id, created_us, updated_us, version, username, role, state, email_verified, "
    "job_count, processing_ms) SELECT $1, $2, $3, $4, $5, hex($1), $6, 20, 0, 0, 0";
static const char insert_grant[] =
    "INSERT INTO grants (id, user_id, created_us, updated_us, version, noun, object_id, subject_id, reach, denies, "
    "can_share, granted_by) SELECT $1, (SELECT user_id FROM files WHERE id = $1), 1, 1, 1, 'file', $1, $2, $3, $4, $5, "
    "$1 WHERE $6 = 1";

static void put_cell(struct vs_conn *conn, int actor, int relation, int level, int state) {
    struct vs_uuid id = file_id(actor, relation, level, state);
    int somebody = is_somebody(actor);
    put(conn, insert_file, &id, somebody && relation == OWNER ? &ids[actor] : &stranger, levels[level],
        state == REMOVED || state == HELD_AND_REMOVED ? 5 : INT64_MIN, state == EXPIRED ? NOW : INT64_MIN,
        state == HELD || state == HELD_AND_REMOVED ? 5 : INT64_MIN);
    if (somebody && relation == GRANTEE)
        put(conn, insert_grant, &id, &ids[actor], VS_REACH_MANAGE, 0, 1, 1);
    if (somebody && relation == DENIED)
        put(conn, insert_grant, &id, &ids[actor], VS_REACH_READ, 1, 0, 1);
}

static int fill_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const char insert_blob[] =
        "INSERT INTO blobs (id, user_id, state, backend, storage_key, refs, params, synced, epoch, created_us, "
        "touched_us) SELECT $1, $2, $3, 10, 'k', 1, '{}', 0, 1, $4, $5 WHERE $6 = 1";
    (void)arg, (void)e;
    put(conn, insert_blob, &stranger, &stranger, 20, 1, 1, 1);
    for (int actor = VIEWER; actor <= ADMIN; actor++)
        put(conn, insert_user, &ids[actor], &ids[actor], 1, 1, 1, 10);
    for (int actor = 0; actor < ACTORS; actor++)
        for (int relation = 0; relation < RELATIONS; relation++)
            for (int level = 0; level < LEVELS; level++)
                for (int state = 0; state < STATES; state++)
                    put_cell(conn, actor, relation, level, state);
    return 0;
}

static struct vs_call call(void) {
    return (struct vs_call){.deadline_us = vs_mono_us() + 30000000};
}

static void setup(void) {
    struct vs_db_params params = {.path = NULL, .create = 1};
    struct vs_call c = call();
    must(vs_db_open(&params, &db, e));
    must(vs_db_write(db, &c, fill_op, NULL, e));
}

static void teardown(void) {
    vs_db_close(db);
}

struct asked {
    struct vs_compiled *query;
    struct vs_page *page;
};

static int page_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct asked *asked = arg;
    return vs_compiled_page(asked->query, conn, &asked->page, e);
}

static struct vs_page *rows(struct vs_compiled *query) {
    struct asked asked = {query, NULL};
    struct vs_call c = call();
    query->limit = 1000;
    query->indexed = 1;
    must(vs_db_read(db, &c, page_op, &asked, e));
    return asked.page;
}

static int is_there(const struct vs_page *page, const struct vs_uuid *id) {
    for (int64_t i = 0; i < page->count; i++) {
        struct vs_uuid row = vs_record_uuid(page->items[i].record, VIDSTORE_FILE_ID);
        if (vs_uuid_equal(&row, id))
            return 1;
    }
    return 0;
}

/* opens: the file of the actor's link; NULL: as it is. */
static struct vs_page *said_by_database(int actor, int narrowed, enum vs_verb verb, const struct vs_uuid *opens) {
    vs_autocompiled query = {0};
    struct vs_actor who = actor_of(actor, narrowed);
    if (opens)
        who.opens = *opens;
    vidstore_query *all = vidstore_query_new();
    vidstore_query_flags(all, VIDSTORE_QUERY_DELETED);
    must(vs_query_compile((struct vs_query *)all, &vs_file_noun, &query, e));
    must(vs_policy_where(&who, &query, verb, NOW, e));
    struct vs_page *page = rows(&query);
    vidstore_query_free(all);
    return page;
}

/* --- held against each other -------------------------------------------------------------------------------------- */

static int cells;

static void compare_rows(int actor, int narrowed, int verb) {
    struct vs_page *page = said_by_database(actor, narrowed, verbs[verb], NULL);
    for (int relation = 0; relation < RELATIONS; relation++)
        for (int level = 0; level < LEVELS; level++)
            for (int state = 0; state < STATES; state++, cells++) {
                struct vs_uuid id = file_id(actor, relation, level, state);
                int wanted = oracle(actor, relation, level, state, narrowed, letters[verb]);
                int c = said_by_function(actor, relation, level, state, narrowed, verbs[verb]);
                struct vs_page *own =
                    actor == LINK && relation == GRANTEE ? said_by_database(actor, narrowed, verbs[verb], &id) : NULL;
                int sql = is_there(own ? own : page, &id);
                ck_assert(!own || own->count == sql); /* and no other */
                vs_page_free(own);
                ck_assert_msg(c == wanted && sql == wanted, "%s, %s, level %d, %s, %c%s: %d, function %d, database %d",
                              names[actor], relations[relation], (int)levels[level], states[state], letters[verb],
                              narrowed ? " with a read key" : "", wanted, c, sql);
            }
    vs_page_free(page);
}

START_TEST(attack_39_every_cell) {
    for (int actor = 0; actor < ACTORS; actor++)
        for (int narrowed = 0; narrowed < 2; narrowed++)
            for (int verb = 0; verb < (int)VS_COUNT(verbs); verb++)
                compare_rows(actor, narrowed, verb);
    ck_assert_int_eq(cells, 7680); /* the 6,400 of the five actors, and those of the link */
}
END_TEST

/* The ways that lead to the rows lose none, and let none in: of all files of all actors the list has just those that
 * the predicate has, in the order of the list. */
START_TEST(attack_45_a_list_is_what_a_check_leaves) {
    for (int actor = 0; actor < LINK; actor++) /* who came by a link lists nothing */
        for (int sorted = 0; sorted < 2; sorted++) {
            vs_autocompiled list = {0}, check = {0};
            struct vs_actor who = actor_of(actor, 0);
            vidstore_query *all = vidstore_query_new();
            vidstore_query_flags(all, VIDSTORE_QUERY_DELETED);
            if (sorted)
                vidstore_query_sort(all, "size");
            must(vs_query_compile((struct vs_query *)all, &vs_file_noun, &list, e));
            must(vs_query_compile((struct vs_query *)all, &vs_file_noun, &check, e));
            must(vs_policy_narrow(&who, &list, e));
            must(vs_policy_where(&who, &check, VS_LIST, vs_now_us(), e));
            struct vs_page *listed = rows(&list), *checked = rows(&check);
            ck_assert_int_eq(listed->count, checked->count);
            for (int64_t i = 0; i < listed->count; i++)
                ck_assert_int_eq(listed->items[i].record->seq, checked->items[i].record->seq);
            vs_page_free(listed);
            vs_page_free(checked);
            vidstore_query_free(all);
        }
}
END_TEST

Suite *policy_matrix_suite(void);
Suite *policy_matrix_suite(void) {
    Suite *suite = suite_create("policy_matrix");
    TCase *tests = tcase_create("policy_matrix");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, attack_39_every_cell);
    tcase_add_test(tests, attack_45_a_list_is_what_a_check_leaves);
    suite_add_tcase(suite, tests);
    return suite;
}
