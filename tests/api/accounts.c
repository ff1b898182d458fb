/* SPDX-License-Identifier: MIT */
/* What is tried against accounts: names, the last admin, the first one, and calls of many at once. */
#include "harness.h"
#include <sqlite3.h>
#include <vidstore/query.h>

static const char PASSWORD[] = "correct horse battery";

static vidstore_status change(vidstore_session *s, struct id id, const char *json, vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, json);
    vidstore_status status = vidstore_user_update(s, id.text, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

static vidstore_status create(const char *name, const char *email, vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_text(p, VIDSTORE_USER_EMAIL, email);
    vidstore_status status = vidstore_user_create(sys, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

static vidstore_status log_in(const char *name, const char *password, vidstore_error **e) {
    char token[VIDSTORE_TOKEN_SIZE];
    return vidstore_login_create(store, name, password, NULL, 0, NULL, NULL, token, sizeof token, e);
}

static int64_t sql(const char *text) {
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t value = -1;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    int r = sqlite3_step(s);
    if (r == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    ck_assert_msg(r == SQLITE_ROW || r == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

/* --- the first admin, and the last ---------------------------------------------------------------------------------
 */

struct first {
    int made, late;
    pthread_mutex_t lock;
};

static void *be_first(void *arg) {
    struct first *first = arg;
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "setup", &s, e));
    vidstore_user_params *p = vidstore_user_params_new();
    char name[32];
    pthread_mutex_lock(&first->lock);
    static int count;
    snprintf(name, sizeof name, "root%d", count++);
    pthread_mutex_unlock(&first->lock);
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_bootstrap(s, p, NULL, NULL);
    vidstore_user_params_free(p);
    vidstore_session_free(s);
    pthread_mutex_lock(&first->lock);
    first->made += status == VIDSTORE_OK;
    first->late += status == VIDSTORE_STATE;
    pthread_mutex_unlock(&first->lock);
    return NULL;
}

START_TEST(one_is_first) {
    struct first first = {0, 0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, be_first, &first), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(first.made, 1);
    ck_assert_int_eq(first.late, 7);
    ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE role = 30 AND state = 20"), 1);
}
END_TEST

START_TEST(the_first_is_an_admin) {
    vidstore_user *user = NULL;
    vidstore_user_params *p = vidstore_user_params_new(), *other = vidstore_user_params_new();
    vidstore_user_params_set_json(other, "{\"username\":\"x\",\"role\":\"user\"}");
    refused(VIDSTORE_INVALID, "role", vidstore_user_bootstrap(sys, other, NULL, e));
    vidstore_user_params_set_json(other, "{\"role\":\"admin\",\"state\":\"pending\"}");
    refused(VIDSTORE_INVALID, "state", vidstore_user_bootstrap(sys, other, NULL, e));
    vidstore_user_params_set_json(p, "{\"id\":\"0190f5fe-7c00-7a00-8abc-012345678901\",\"username\":\"root\"}");
    vidstore_user_params_set_text(p, VIDSTORE_USER_PASSWORD, PASSWORD);
    must(vidstore_user_bootstrap(sys, p, &user, e));
    ck_assert_int_eq(vidstore_user_role(user), VIDSTORE_ROLE_ADMIN);
    struct id root = id_of(vidstore_user_id(user));
    vidstore_user_free(user);
    must(vidstore_user_bootstrap(sys, p, NULL, e)); /* the same again: its outcome was not known */
    must(log_in("root", PASSWORD, e));
    vidstore_session *s = session_of(root);
    vidstore_user_params_set_json(other, "{\"state\":\"active\"}");
    refused(VIDSTORE_STATE, NULL, vidstore_user_bootstrap(s, other, NULL, e));
    vidstore_session_free(s);
    vidstore_user_params_free(p);
    vidstore_user_params_free(other);
}
END_TEST

/* Who was there and is gone leaves a store that is not empty. */
START_TEST(nobody_is_first_twice) {
    vidstore_user_params *p = vidstore_user_params_new();
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "root");
    refused(VIDSTORE_STATE, NULL, vidstore_user_bootstrap(sys, p, NULL, e));
    vidstore_user_params_free(p);
}
END_TEST

static void all_refused(struct id id) {
    refused(VIDSTORE_STATE, "state", change(sys, id, "{\"role\":\"user\"}", e));
    refused(VIDSTORE_STATE, "state", change(sys, id, "{\"role\":\"viewer\"}", e));
    refused(VIDSTORE_STATE, "state", change(sys, id, "{\"state\":\"suspended\"}", e));
    refused(VIDSTORE_STATE, "state",
            change(sys, id, "{\"state\":\"suspended\",\"suspended_until\":4000000000000000}", e));
    refused(VIDSTORE_STATE, "state", change(sys, id, "{\"state\":\"pending\"}", e));
    refused(VIDSTORE_STATE, "state", vidstore_user_set_state(sys, id.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    for (int32_t mode = VIDSTORE_REMOVE_RESTRICT; mode <= VIDSTORE_REMOVE_DETACH; mode++)
        refused(VIDSTORE_STATE, "state", vidstore_user_remove(sys, id.text, mode, e));
    refused(VIDSTORE_STATE, NULL, vidstore_user_purge(sys, id.text, e));
}

START_TEST(attack_42_the_last_admin_stays) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN), bob = add_user("bob", VIDSTORE_ROLE_ADMIN);
    must(change(sys, bob, "{\"state\":\"suspended\",\"suspended_until\":4000000000000000}", e));
    all_refused(ann);
    /* The end of a suspension makes an admin who can act, and who is the last one when the other goes. */
    sql("UPDATE users SET suspended_until_us = 1000000 WHERE username = 'bob'");
    must(change(sys, ann, "{\"role\":\"user\"}", e));
    refused(VIDSTORE_STATE, "state", change(sys, bob, "{\"role\":\"user\"}", e));
    refused(VIDSTORE_STATE, "state", change(sys, bob, "{\"suspended_until\":4000000000000000}", e));
    must(change(sys, bob, "{\"state\":\"active\"}", e));
    all_refused(bob);
}
END_TEST

START_TEST(attack_42_in_bulk) {
    struct id ids[2] = {add_user("ann", VIDSTORE_ROLE_ADMIN), add_user("bob", VIDSTORE_ROLE_ADMIN)};
    const char *const texts[] = {ids[0].text, ids[1].text};
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_ROLE, "user");
    const vidstore_user_params *const params[] = {p, p};
    vidstore_page *page = NULL;
    refused(VIDSTORE_STATE, NULL, vidstore_user_bulk_update(sys, texts, params, 2, VIDSTORE_BULK_ATOMIC, NULL, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE role = 30"), 2);
    must(vidstore_user_bulk_update(sys, texts, params, 2, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 1), VIDSTORE_STATE);
    ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE role = 30"), 1);
    vidstore_page_free(page);
    vidstore_user_params_free(p);
}
END_TEST

struct demotion {
    struct id who, whom;
    vidstore_status status;
};

static void *demote(void *arg) {
    struct demotion *d = arg;
    vidstore_session *s = session_of(d->who);
    d->status = change(s, d->whom, "{\"role\":\"user\"}", NULL);
    vidstore_session_free(s);
    return NULL;
}

START_TEST(attack_42_two_demote_each_other) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN), bob = add_user("bob", VIDSTORE_ROLE_ADMIN);
    for (int round = 0; round < 10; round++) {
        struct demotion d[2] = {{ann, bob, -1}, {bob, ann, -1}};
        pthread_t threads[2];
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, demote, &d[i]), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE role = 30 AND state = 20"), 1);
        ck_assert_int_eq((d[0].status == VIDSTORE_OK) + (d[1].status == VIDSTORE_OK), 1);
        must(change(sys, ann, "{\"role\":\"admin\"}", e));
        must(change(sys, bob, "{\"role\":\"admin\"}", e));
    }
}
END_TEST

/* --- names ----------------------------------------------------------------------------------------------------------
 */

START_TEST(attack_36_names_that_look_alike) {
    static const char *const bad[] = {"\xE1\xB4\xAE\xE1\xB4\xB5\xE1\xB4\xB3",
                                      "\xD0\xB0nn",
                                      "an\xE2\x80\x8Bn",
                                      "an\xE2\x80\xAEn",
                                      "stra\xC3\x9F"
                                      "e",
                                      "\xC3\x84nn",
                                      "admin\n",
                                      "ann ",
                                      " ann",
                                      "ann.",
                                      ".ann",
                                      "a/b",
                                      "a@b.example",
                                      "an\x01n",
                                      "u\xCC\x88"
                                      "bel"};
    must(create("ann", NULL, e));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "username", create(bad[i], NULL, e));
    refused(VIDSTORE_EXISTS, "username", create("ANN", NULL, e));
    must(create("j\xC3\xB6rg", NULL, e));
    must(create("\xC4\xB1rmak", NULL, e)); /* a dotless i is another letter, and gets nobody else in */
    must(create("irmak", NULL, e));
    vidstore_user *user = NULL;
    must(vidstore_user_get_by_name(sys, "IRMAK", &user, e));
    ck_assert_str_eq(vidstore_user_username(user), "irmak");
    vidstore_user_free(user);
}
END_TEST

START_TEST(attack_37_a_name_is_nobodys_address) {
    must(create("ann", "ann@example.org", e));
    refused(VIDSTORE_INVALID, "username", create("ann@example.org", NULL, e));
    refused(VIDSTORE_EXISTS, "email", create("eve", "ANN@EXAMPLE.ORG", e));
    refused(VIDSTORE_INVALID, "email", create("eve", "ann", e));
    vidstore_user *user = NULL;
    must(vidstore_user_get_by_name(sys, "ann@example.org", &user, e));
    ck_assert_str_eq(vidstore_user_username(user), "ann");
    vidstore_user_free(user);
}
END_TEST

/* What is asked for is a value, whatever it looks like. */
START_TEST(attack_38_text_that_looks_like_sql) {
    static const char *const texts[] = {"'; DROP TABLE users; --", "%", "_%", "a' OR '1'='1",
                                        "\"; DELETE FROM users; --"};
    must(create("ann", NULL, e));
    must(create("abc", NULL, e));
    size_t size = 1 << 20;
    char *large = malloc(size + 1);
    memset(large, 'a', size);
    large[size] = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        refused(VIDSTORE_INVALID, "username", create(texts[i], NULL, e));
        refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_name(sys, texts[i], NULL, e));
        refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in(texts[i], texts[i], e));
        int64_t count = -1;
        vidstore_query *q = vidstore_query_new();
        must(vidstore_query_filter(q, "username = $1", e));
        vidstore_query_bind_text(q, 1, texts[i]);
        must(vidstore_user_count(sys, q, &count, e));
        ck_assert_int_eq(count, 0);
        vidstore_query_free(q);
    }
    refused(VIDSTORE_INVALID, "username", create(large, NULL, e));
    refused(VIDSTORE_INVALID, "name", log_in(large, PASSWORD, e));
    refused(VIDSTORE_INVALID, "password", log_in("ann", large, e));
    refused(VIDSTORE_INVALID, "name", vidstore_user_get_by_name(sys, large, NULL, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM users"), 2);
    free(large);
}
END_TEST

Suite *accounts_suite(void) {
    Suite *suite = suite_create("accounts");
    TCase *tests = tcase_create("accounts");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, one_is_first);
    tcase_add_test(tests, the_first_is_an_admin);
    tcase_add_test(tests, nobody_is_first_twice);
    tcase_add_test(tests, attack_42_the_last_admin_stays);
    tcase_add_test(tests, attack_42_in_bulk);
    tcase_add_test(tests, attack_42_two_demote_each_other);
    tcase_add_test(tests, attack_36_names_that_look_alike);
    tcase_add_test(tests, attack_37_a_name_is_nobodys_address);
    tcase_add_test(tests, attack_38_text_that_looks_like_sql);
    suite_add_tcase(suite, tests);
    return suite;
}
