/* SPDX-License-Identifier: MIT */
/* What is tried against accounts: names, the last admin, the first one, and calls of many at once. */
#include "harness.h"
#include "peek.h"
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
    size_t size = 1000000;
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

/* --- peppers ---------------------------------------------------------------------------------------------------------
 */

#define KEY_1 "1=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_2 "2=1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"

static vidstore_status open_with(int32_t option, const char *value, vidstore_error **e) {
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_WEAK_HASHES, 1);
    vidstore_open_params_set_text(p, option, value);
    vidstore_status status = vidstore_open(place, p, &store, e);
    vidstore_open_params_free(p);
    if (status == VIDSTORE_OK)
        ck_assert_int_eq(vidstore_session_system(store, "test", &sys, NULL), VIDSTORE_OK);
    return status;
}

static void reopen(const char *peppers) {
    close_store();
    must(open_with(VIDSTORE_OPEN_PEPPERS, peppers, e));
}

static struct id add_account(const char *name) {
    struct id id = add_user(name, VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, id.text, PASSWORD, e));
    return id;
}

static void doctor_says(const char *what) {
    vidstore_text *report = NULL;
    must(vidstore_doctor(sys, 0, &report, e));
    ck_assert_msg(strstr(vidstore_text_data(report), what) != NULL, "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}

START_TEST(attack_11_rotation_of_peppers) {
    struct id ann = add_account("ann");
    ck_assert_int_eq(sql("SELECT count(*) FROM user_passwords WHERE pepper IS NULL"), 1);
    reopen(KEY_1);
    add_account("bob");
    ck_assert_int_eq(sql("SELECT pepper FROM user_passwords ORDER BY updated_us DESC LIMIT 1"), 1);
    must(log_in("ann", PASSWORD, e)); /* what has none goes on, and gets one */
    ck_assert_int_eq(sql("SELECT count(*) FROM user_passwords WHERE pepper = 1"), 2);
    reopen(KEY_1 "," KEY_2);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", "wrong", e));
    ck_assert_int_eq(sql("SELECT count(*) FROM user_passwords WHERE pepper = 1"), 2);
    must(log_in("ann", PASSWORD, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM user_passwords WHERE pepper = 2"), 1);
    doctor_says("\"no password is under a pepper that was not given\"");
    reopen(KEY_2); /* the old one is given no more: bob has not come since */
    doctor_says(
        "\"peppers\",\"verdict\":\"warning\",\"text\":\"1 password was made under a pepper that was not given, such "
        "as number 1:");
    must(log_in("ann", PASSWORD, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("bob", PASSWORD, e));
    ck_assert_str_eq(said, "name and password do not fit");
    ck_assert_int_eq(events("action = auth_failed and description ~ \"pepper\""), 1);
    must(vidstore_user_set_password(sys, ann.text, "another long password", e));
    must(log_in("ann", "another long password", e));
    /* The same number with another key fits nothing. */
    reopen("2=ff1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100");
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", "another long password", e));
    reopen(KEY_2 "\n" KEY_1);
    must(log_in("bob", PASSWORD, e));
    must(log_in("ann", "another long password", e));
    ck_assert_int_eq(sql("SELECT count(*) FROM user_passwords WHERE pepper = 1"), 2);
}
END_TEST

/* Without any pepper nothing goes on by itself, and nothing is set that is weaker than before: alike for all names. */
START_TEST(attack_11_no_pepper_given) {
    reopen(KEY_1);
    struct id ann = add_account("ann");
    char token[VIDSTORE_TOKEN_SIZE];
    must(vidstore_once_create(store, sys, VIDSTORE_ONCE_RESET, ann.text, NULL, NULL, token, sizeof token, e));
    close_store();
    open_store();
    refused(VIDSTORE_STATE, "peppers", log_in("ann", PASSWORD, e));
    refused(VIDSTORE_STATE, "peppers", log_in("nobody", PASSWORD, e));
    refused(VIDSTORE_STATE, "peppers", vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    refused(VIDSTORE_STATE, "peppers", change(sys, ann, "{\"password\":\"correct horse battery\"}", e));
    refused(VIDSTORE_STATE, "peppers", vidstore_once_use(store, VIDSTORE_ONCE_RESET, token, PASSWORD, NULL, NULL, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM throttles"), 0);
    must(change(sys, ann, "{\"full_name\":\"Ann\"}", e)); /* all the rest goes on */
    reopen(KEY_1);
    must(vidstore_once_use(store, VIDSTORE_ONCE_RESET, token, PASSWORD, NULL, NULL, e));
    must(log_in("ann", PASSWORD, e));
}
END_TEST

START_TEST(peppers_that_are_none) {
    static const char *const bad[] = {"",
                                      " ",
                                      "1",
                                      "1=",
                                      "=00",
                                      "0="
                                      "00",
                                      "x" KEY_1,
                                      KEY_1 "," KEY_1,
                                      KEY_1 "00",
                                      "01=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                      "9999999999=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                                      "1=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1ezz"};
    char many[9 * 70] = "", path[128];
    close_store();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(VIDSTORE_INVALID, "peppers", open_with(VIDSTORE_OPEN_PEPPERS, bad[i], e));
        ck_assert_ptr_null(strstr(said, "0001"));
    }
    for (int i = 1; i <= 9; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%d%s ", i, KEY_1 + 1);
    refused(VIDSTORE_INVALID, "peppers", open_with(VIDSTORE_OPEN_PEPPERS, many, e));
    *strstr(many, " 9=") = '\0';
    must(open_with(VIDSTORE_OPEN_PEPPERS, many, e));
    close_store();
    must(open_with(VIDSTORE_OPEN_PEPPERS,
                   "2147483647"
                   "=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                   e));
    close_store();
    refused(VIDSTORE_INVALID, "peppers",
            open_with(VIDSTORE_OPEN_PEPPERS,
                      "2147483648"
                      "=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                      e));
    refused(VIDSTORE_NOT_FOUND, "pepper_file", open_with(VIDSTORE_OPEN_PEPPER_FILE, "/nowhere/at/all", e));
    snprintf(path, sizeof path, "%s/peppers", folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "%s\n%s\n", KEY_1, KEY_2);
    fclose(file);
    must(open_with(VIDSTORE_OPEN_PEPPER_FILE, path, e));
    add_account("ann");
    ck_assert_int_eq(sql("SELECT pepper FROM user_passwords"), 2);
}
END_TEST

/* --- the list of passwords that everybody tries ----------------------------------------------------------------------
 */

static void write_list(const char *path, int lines, const char *more) {
    char next[160];
    snprintf(next, sizeof next, "%s.new", path);
    FILE *file = fopen(next, "w");
    for (int i = 0; i < lines; i++)
        fprintf(file, lines > 100000 ? "%d\n" : "Common Password %d\n", i);
    fputs(more, file);
    fclose(file);
    ck_assert_int_eq(rename(next, path), 0);
}

START_TEST(attack_7_a_list_of_the_hosts) {
    char path[128];
    snprintf(path, sizeof path, "%s/list", folder);
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    close_store();
    refused(VIDSTORE_NOT_FOUND, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    refused(VIDSTORE_INVALID, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, folder, e));
    write_list(path, 2999, "\n\n");
    refused(VIDSTORE_INVALID, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    write_list(path, 3000, "0123456789012345678901234567890123456789012345678901234567890123x\n");
    refused(VIDSTORE_INVALID, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    write_list(path, 1000000, "one more\n");
    refused(VIDSTORE_INVALID, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    write_list(path, 1, "");
    ck_assert_int_eq(truncate(path, (16 << 20) + 1), 0);
    refused(VIDSTORE_INVALID, "blocklist", open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    write_list(path, 3000, "012345678901234567890123456789012345678901234567890123456789012x\n");
    must(open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    close_store();
    write_list(path, 2999, "Zebra crossing\r\nlast one of all");
    must(open_with(VIDSTORE_OPEN_BLOCKLIST, path, e));
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "common password 77", e));
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "ZEBRA crossing99!", e));
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "last one of all", e));
    must(vidstore_user_set_password(sys, ann.text, "password1234", e)); /* the library's own is replaced */
    write_list(path, 3000, "password1234\n");
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "password1234", e));
    must(vidstore_user_set_password(sys, ann.text, "zebra crossing", e));
    /* A list that is gone or broken stops the setting of passwords: it never counts as none. */
    ck_assert_int_eq(unlink(path), 0);
    refused(VIDSTORE_NOT_FOUND, "blocklist", vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    write_list(path, 10, "");
    refused(VIDSTORE_INVALID, "blocklist", vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    write_list(path, 3000, "");
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
}
END_TEST

/* --- texts that are no passwords -------------------------------------------------------------------------------------
 */

START_TEST(attack_1_to_6_texts_as_passwords) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    size_t size = 100 << 20;
    char *large = malloc(size + 1);
    memset(large, 'p', size);
    large[size] = '\0';
    static const char *const bad[] = {"",
                                      "elevenchars",
                                      "\xFF\xFE not a text",
                                      "\xED\xA0\x80 a lone surrogate",
                                      "\xC0\xAF an overlong slash",
                                      "\xF4\x90\x80\x80 too far up"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, bad[i], e));
        ck_assert_int_ne(log_in("ann", bad[i], NULL), VIDSTORE_OK);
    }
    refused(VIDSTORE_INVALID, NULL, vidstore_user_set_password(sys, ann.text, large, e));
    refused(VIDSTORE_INVALID, "password", log_in("ann", large, e));
    large[1025] = '\0';
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, large, e));
    large[1024] = '\0';
    must(vidstore_user_set_password(sys, ann.text, large, e));
    large[1023] = '\0';
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", large, e)); /* all of it counts */
    large[1023] = 'p';
    must(log_in("ann", large, e));
    /* Twelve characters of four bytes; and one letter under 200 marks. */
    static const char twelve[] = "\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC"
                                 "\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC"
                                 "\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC";
    must(vidstore_user_set_password(sys, ann.text, twelve, e));
    must(log_in("ann", twelve, e));
    strcpy(large, "a");
    for (int i = 0; i < 200; i++)
        strcat(large, "\xCC\x81");
    must(vidstore_user_set_password(sys, ann.text, large, e));
    must(log_in("ann", large, e));
    free(large);
}
END_TEST

/* --- in masses -------------------------------------------------------------------------------------------------------
 */

/* What nobody is called is counted, and forgotten again: no number of names fills the disk. The rows are put there by
 * hand, a try then tidies in one of 64 cases. */
START_TEST(attack_21_random_names_are_bounded) {
    sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO throttles "
        "SELECT randomblob(32), 1, 0, 0, 0, 0, 4000000000000000 + i FROM n");
    char name[32];
    must(vidstore_setting_set(sys, "login.challenge_rate", "0", e));
    for (int i = 0; i < 2000 && sql("SELECT count(*) FROM throttles") > 50100; i++) {
        snprintf(name, sizeof name, "random%d", i);
        refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in(name, "x", e));
    }
    ck_assert_int_le(sql("SELECT count(*) FROM throttles"), 50100);
    ck_assert_int_ge(sql("SELECT count(*) FROM throttles"), 49900);
}
END_TEST

struct caller {
    const char *name;
    pthread_t thread;
    vidstore_status status;
};

static void *call_in(void *arg) {
    struct caller *c = arg;
    c->status = log_in(c->name, PASSWORD, NULL);
    return NULL;
}

static void in_the_child(void *arg) {
    (void)arg;
    vidstore_error *error = NULL;
    if (log_in("ann", PASSWORD, &error) != VIDSTORE_FORKED)
        _exit(1);
    vidstore_error_free(error);
    vidstore_session_free(sys);
    vidstore_close(store);
}

START_TEST(attack_24_fork_while_passwords_are_checked) {
    static const char *const names[] = {"bob", "eve", "ivy", "joe", "kim", "leo", "max", "sue"};
    struct caller callers[8];
    add_account("ann");
    for (int i = 0; i < 8; i++) {
        add_account(names[i]);
        callers[i].name = names[i];
    }
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&callers[i].thread, NULL, call_in, &callers[i]), 0);
    }
    in_child(in_the_child, NULL);
    for (int i = 0; i < 8; i++) {
        pthread_join(callers[i].thread, NULL);
        ck_assert_int_eq(callers[i].status, VIDSTORE_OK);
    }
    must(log_in("ann", PASSWORD, e));
}
END_TEST

/* A locked account is locked on every way in that takes a password, and on no other. */
START_TEST(attack_19_every_way_into_a_locked_account) {
    struct id ann = add_account("ann");
    char token[VIDSTORE_TOKEN_SIZE], fresh[VIDSTORE_TOKEN_SIZE], key[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL, *other = NULL;
    vidstore_login *login = NULL;
    must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, NULL, &login, token, sizeof token, e));
    vidstore_login_free(login);
    must(vidstore_session_resume(store, token, NULL, &s, e));
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    must(vidstore_key_create(s, p, NULL, key, sizeof key, e));
    vidstore_key_params_free(p);
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("ann", "wrong", e));
    refused(VIDSTORE_THROTTLED, "name", log_in("ann", PASSWORD, e));
    refused(VIDSTORE_THROTTLED, "name", vidstore_session_login(store, "ann", PASSWORD, NULL, NULL, e));
    refused(VIDSTORE_THROTTLED, "name", vidstore_user_verify_password(sys, "ann", PASSWORD, NULL, e));
    refused(VIDSTORE_THROTTLED, "name", vidstore_login_confirm(s, PASSWORD, fresh, sizeof fresh, e));
    must(vidstore_video_list(s, NULL, NULL, e)); /* who is in stays in */
    must(vidstore_session_key(store, key, NULL, &other, e));
    vidstore_session_free(other);
    must(vidstore_session_on_behalf(store, ann.text, NULL, &other, e));
    vidstore_session_free(other);
    must(vidstore_user_link_identity(sys, ann.text, "oidc", "4711", e));
    must(vidstore_login_external(store, "oidc", "4711", NULL, NULL, fresh, sizeof fresh, e));
    must(vidstore_user_set_password(s, ann.text, "another long password", e)); /* proved a moment ago */
    vidstore_session_free(s);
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
    tcase_add_test(tests, attack_11_rotation_of_peppers);
    tcase_add_test(tests, attack_11_no_pepper_given);
    tcase_add_test(tests, peppers_that_are_none);
    tcase_add_test(tests, attack_7_a_list_of_the_hosts);
    tcase_add_test(tests, attack_1_to_6_texts_as_passwords);
    tcase_add_test(tests, attack_21_random_names_are_bounded);
    tcase_add_test(tests, attack_24_fork_while_passwords_are_checked);
    tcase_add_test(tests, attack_19_every_way_into_a_locked_account);
    suite_add_tcase(suite, tests);
    return suite;
}
