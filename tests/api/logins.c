/* SPDX-License-Identifier: MIT */
/* Logins: proving a password, resuming by token, confirming, ending; and what failed tries lead to. */
#include "logins.h"

static void no_entry(const char *token) {
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_session_resume(store, token, NULL, NULL, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_str_eq(vidstore_error_message(error), "the login does not count");
    vidstore_error_free(error);
}

START_TEST(in_and_out) {
    struct made made = log_in("Ann", "192.0.2.1");
    ck_assert_int_eq(vidstore_token_kind(made.token), VIDSTORE_TOKEN_LOGIN);
    vidstore_session *s = resume(made.token);
    ck_assert_str_eq(vidstore_session_user_id(s), ann.text);
    ck_assert_str_eq(vidstore_session_login_id(s), made.id.text);
    ck_assert_ptr_null(vidstore_session_login_id(sys));
    vidstore_page *page = NULL;
    must(vidstore_login_list(s, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    const vidstore_login *login = vidstore_page_login(page, 0);
    ck_assert_str_eq(vidstore_login_text(login, VIDSTORE_LOGIN_METHOD), "password");
    ck_assert_str_eq(vidstore_login_text(login, VIDSTORE_LOGIN_IP), "192.0.2.1");
    ck_assert_str_eq(vidstore_login_text(login, VIDSTORE_LOGIN_USER_AGENT), "a browser");
    ck_assert_int_eq(vidstore_login_int64(login, VIDSTORE_LOGIN_IDLE_MS), 86400000);
    ck_assert_int_eq(vidstore_login_expires_us(login) - vidstore_login_created_us(login), INT64_C(2592000000000));
    vidstore_page_free(page);
    must(vidstore_login_end(s, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_login_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    no_entry(made.token);
    ck_assert_int_eq(events("action = user_login and actor_name = ann"), 1);
    ck_assert_int_eq(events("action = user_logout and actor_name = ann"), 1);
}
END_TEST

START_TEST(bad_arguments) {
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    refused(VIDSTORE_MISUSE, "store", vidstore_login_create(NULL, "a", "b", NULL, 0, NULL, NULL, token, 69, e));
    refused(VIDSTORE_MISUSE, "name", vidstore_login_create(store, NULL, "b", NULL, 0, NULL, NULL, token, 69, e));
    refused(VIDSTORE_MISUSE, "password", vidstore_login_create(store, "a", NULL, NULL, 0, NULL, NULL, token, 69, e));
    refused(VIDSTORE_INVALID, "token_size", vidstore_login_create(store, "a", "b", NULL, 0, NULL, NULL, token, 68, e));
    refused(VIDSTORE_MISUSE, "ret_token", vidstore_login_create(store, "a", "b", NULL, 0, NULL, NULL, NULL, 69, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_login_create(store, "a", "b", NULL, 6, NULL, NULL, token, 69, e));
    refused(VIDSTORE_INVALID, "name", vidstore_login_create(store, "\xFF", "b", NULL, 0, NULL, NULL, token, 69, e));
    refused(VIDSTORE_MISUSE, "token", vidstore_session_resume(store, NULL, NULL, NULL, e));
    refused(VIDSTORE_STATE, "session", vidstore_login_end(sys, e));
    refused(VIDSTORE_STATE, "session", vidstore_login_confirm(sys, PASSWORD, token, 69, e));
    refused(VIDSTORE_STATE, "session", vidstore_login_trust(sys, token, 69, e));
    refused(VIDSTORE_STATE, "session", vidstore_login_revoke_others(sys, NULL, e));
    ck_assert_str_eq(token, "");
}
END_TEST

/* The same code, message and number of rows, whatever is wrong; the reason is for the audit. */
START_TEST(attack_13_unknown_or_not) {
    struct id gone = add_user("gone", VIDSTORE_ROLE_USER), off = add_user("off", VIDSTORE_ROLE_USER);
    add_user("none", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, gone.text, PASSWORD, e));
    must(vidstore_user_set_password(sys, off.text, PASSWORD, e));
    must(vidstore_user_set_state(sys, off.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    must(vidstore_user_remove(sys, gone.text, VIDSTORE_REMOVE_RESTRICT, e));
    static const char *const names[] = {"ann", "nobody", "none", "off", "gone", "a@b.example"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        vidstore_error *error = NULL;
        int64_t before = sql("SELECT (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM throttles)");
        ck_assert_int_eq(try(names[i], "wrong", NULL, NULL, 0, &error), VIDSTORE_UNAUTHENTICATED);
        int64_t after = sql("SELECT (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM throttles)");
        ck_assert_str_eq(vidstore_error_message(error), "name and password do not fit");
        ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_PASSWORD);
        vidstore_error_free(error);
        if (i)
            ck_assert_int_eq(after - before, 3); /* an event, the counts of name and account; the store's is there */
    }
    ck_assert_int_eq(events("action = auth_failed"), 6);
    ck_assert_int_eq(events("action = auth_failed and object_name = \"nobody\""), 0); /* it may be a password */
    vidstore_error *error = NULL;
    ck_assert_int_eq(try("off", PASSWORD, NULL, NULL, 0, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_ACCOUNT); /* told only to who knows the password */
    vidstore_error_free(error);
}
END_TEST

START_TEST(attack_29_ended_between_two_calls) {
    struct made a = log_in("ann", "192.0.2.1"), b = log_in("ann", "192.0.2.1"), c = log_in("ann", "192.0.2.1");
    vidstore_session *sa = resume(a.token), *sb = resume(b.token), *sc = resume(c.token);
    int64_t count = -1;
    must(vidstore_login_revoke(sa, b.id.text, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(sb, NULL, NULL, e));
    must(vidstore_login_revoke_others(sa, &count, e));
    ck_assert_int_eq(count, 1);
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(sc, NULL, NULL, e));
    must(vidstore_video_list(sa, NULL, NULL, e));
    vidstore_session_free(sb);
    vidstore_session_free(sc);
    b = log_in("ann", "192.0.2.1");
    sb = resume(b.token);
    /* Its own new password: this login stays, the others go. */
    must(vidstore_user_set_password(sa, ann.text, "battery horse correct", e));
    must(vidstore_video_list(sa, NULL, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(sb, NULL, NULL, e));
    vidstore_session_free(sb);
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(sa, NULL, NULL, e));
    vidstore_session_free(sa);
    static const char *const changes[] = {"{\"role\":\"viewer\"}", "{\"state\":\"suspended\"}"};
    for (size_t i = 0; i < 2; i++) {
        a = log_in("ann", "192.0.2.1");
        vidstore_user_params *p = vidstore_user_params_new();
        vidstore_user_params_set_json(p, changes[i]);
        must(vidstore_user_update(sys, ann.text, p, NULL, e));
        vidstore_user_params_free(p);
        no_entry(a.token);
    }
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    no_entry(a.token); /* nothing is revived */
    a = log_in("ann", "192.0.2.1");
    must(vidstore_login_revoke_all(sys, ann.text, &count, e));
    ck_assert_int_eq(count, 1);
    no_entry(a.token);
    a = log_in("ann", "192.0.2.1");
    must(vidstore_login_revoke_all(sys, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    no_entry(a.token);
    a = log_in("ann", "192.0.2.1");
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    no_entry(a.token);
}
END_TEST

START_TEST(attack_29_too_old_or_idle) {
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    sql("UPDATE logins SET last_seen_us = last_seen_us - 86399000000");
    must(vidstore_video_list(s, NULL, NULL, e));
    close_store(); /* writes what was noted */
    open_store();
    vidstore_session_free(s);
    ck_assert_int_gt(sql("SELECT last_seen_us - created_us FROM logins"), -10000000);
    sql("UPDATE logins SET last_seen_us = last_seen_us - 86401000000");
    no_entry(made.token);
    made = log_in("ann", "192.0.2.1");
    sql("UPDATE logins SET expires_us = 1000000 WHERE revoked_us IS NULL");
    no_entry(made.token);
    made = log_in("ann", "192.0.2.1");
    sql("UPDATE logins SET created_us = created_us + 400000000 WHERE revoked_us IS NULL"); /* a clock set back */
    no_entry(made.token);
}
END_TEST

START_TEST(attack_28_what_is_stored_opens_nothing) {
    struct made made = log_in("ann", "192.0.2.1");
    char text[VIDSTORE_TOKEN_SIZE];
    strcpy(text, made.token);
    text[30] = text[30] == 'a' ? 'b' : 'a';
    no_entry(text);
    no_entry("");
    vidstore_key_params *p = vidstore_key_params_new();
    char key[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_key_create(sys, p, NULL, key, sizeof key, e));
    vidstore_key_params_free(p);
    no_entry(key); /* of another kind */
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, made.token, NULL, NULL, e));
}
END_TEST

START_TEST(attack_30_confirming_replaces_the_token) {
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    char token[VIDSTORE_TOKEN_SIZE];
    must(vidstore_user_set_password(s, ann.text, PASSWORD, e)); /* the password was given a moment ago */
    sql("UPDATE logins SET proved_us = proved_us - 601000000");
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_user_set_password(s, ann.text, PASSWORD, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CONFIRM);
    vidstore_error_free(error);
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_login_trust(s, token, sizeof token, e));
    must(vidstore_video_list(s, NULL, NULL, e)); /* all the rest goes on */
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_login_confirm(s, "wrong", token, sizeof token, e));
    ck_assert_str_eq(token, "");
    must(vidstore_login_confirm(s, PASSWORD, token, sizeof token, e));
    no_entry(made.token);
    vidstore_session_free(resume(token));
    must(vidstore_user_set_password(s, ann.text, PASSWORD, e));
    vidstore_session_free(s);
    ck_assert_int_eq(events("action = login_confirmed"), 1);
}
END_TEST

/* Many at once is no way around giving the password again. */
START_TEST(attack_30_bulk_calls_want_it_too) {
    add_user("boss", VIDSTORE_ROLE_ADMIN);
    struct id boss = ann;
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_ADMIN);
    must(vidstore_user_update(sys, boss.text, p, NULL, e));
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    const vidstore_user_params *list[1] = {p};
    sql("UPDATE logins SET proved_us = proved_us - 601000000");
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "mallory");
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_user_bulk_create(s, list, 1, 0, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session",
            vidstore_user_bulk_update(s, (const char *const[]){boss.text}, list, 1, 0, NULL, e));
    vidstore_user_params_free(p);
    vidstore_session_free(s);
}
END_TEST

START_TEST(outside_identities) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_login *login = NULL;
    must(vidstore_user_link_identity(sys, ann.text, "https://id.example", "4711", e));
    must(vidstore_login_external(store, "https://id.example", "4711", NULL, &login, token, sizeof token, e));
    ck_assert_str_eq(vidstore_login_text(login, VIDSTORE_LOGIN_METHOD), "https://id.example");
    vidstore_login_free(login);
    vidstore_session_free(resume(token));
    refused(VIDSTORE_UNAUTHENTICATED, NULL,
            vidstore_login_external(store, "https://id.example", "4712", NULL, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL,
            vidstore_login_external(store, "https://id.example", "4711", NULL, NULL, token, sizeof token, e));
    ck_assert_int_eq(events("action = auth_failed"), 2);
}
END_TEST

static void act(vidstore_session *s, const char *filter) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, filter);
    must(vidstore_user_update(s, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    vidstore_session_free(s);
    ck_assert_int_eq(events(filter), 1);
}

START_TEST(how_it_was_proved_is_on_record) {
    vidstore_session *s = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    struct made made = log_in("ann", "192.0.2.1");
    act(resume(made.token), "action = user_updated and method = login");
    act(session_of(ann), "action = user_updated and method = host");
    must(vidstore_session_login(store, "ann", PASSWORD, NULL, &s, e));
    act(s, "action = user_updated and method = password");
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_json(p, "{\"name\":\"k\",\"scopes\":\"admin\"}");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    must(vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    vidstore_key_params_free(p);
    must(vidstore_session_key(store, token, NULL, &s, e));
    vidstore_session_free(s);
    token[20] = token[20] == 'a' ? 'b' : 'a';
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_session_key(store, token, NULL, &s, e));
    must(vidstore_user_link_identity(sys, ann.text, "oidc", "4711", e));
    must(vidstore_login_external(store, "oidc", "4711", NULL, NULL, token, sizeof token, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, NULL, 0, e));
    ck_assert_int_eq(events("action = user_login and method = password"), 2);
    ck_assert_int_eq(events("action = user_login and method = external"), 1);
    ck_assert_int_eq(events("action = auth_failed and method = password"), 1);
    ck_assert_int_eq(events("action = auth_failed and method = key"), 1);
}
END_TEST

START_TEST(suspended_until) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_STATE, "suspended");
    vidstore_user_params_set_int64(p, VIDSTORE_USER_SUSPENDED_UNTIL_US, INT64_C(4000000000000000));
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", PASSWORD, NULL, NULL, 0, e));
    sql("UPDATE users SET suspended_until_us = 1000000 WHERE username = 'ann'");
    must(try("ann", PASSWORD, NULL, NULL, 0, e)); /* it ends by itself */
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    ck_assert_int_eq(sql("SELECT suspended_until_us IS NULL FROM users WHERE username = 'ann'"), 1);
    p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_SUSPENDED_UNTIL_US, INT64_C(4000000000000000));
    refused(VIDSTORE_INVALID, "suspended_until", vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
}
END_TEST

static const char *upkeep(void) {
    static char report[2048];
    vidstore_text *json = NULL;
    must(vidstore_maintain(sys, 1000, 0, &json, e));
    snprintf(report, sizeof report, "%s", vidstore_text_data(json));
    vidstore_text_free(json);
    return report;
}

START_TEST(what_ended_long_ago_is_purged) {
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key *key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    must(vidstore_key_create(s, p, &key, token, sizeof token, e));
    must(vidstore_key_create(s, p, NULL, token, sizeof token, e));
    vidstore_key_params_free(p);
    must(vidstore_login_trust(s, token, sizeof token, e));
    must(vidstore_key_revoke(s, vidstore_key_id(key), e));
    vidstore_key_free(key);
    must(vidstore_login_end(s, e));
    vidstore_session_free(s);
    sql("UPDATE logins SET expires_us = expires_us - (30 + 89) * 86400000000"); /* a day too early */
    sql("UPDATE api_keys SET revoked_us = revoked_us - 364 * 86400000000");
    ck_assert_ptr_nonnull(strstr(upkeep(), "\"keys_purged\":0,\"logins_purged\":0,\"tokens_purged\":0"));
    sql("UPDATE logins SET expires_us = expires_us - 2 * 86400000000");
    sql("UPDATE api_keys SET revoked_us = revoked_us - 2 * 86400000000");
    sql("UPDATE login_devices SET expires_us = created_us - 1");
    must(vidstore_setting_set(sys, "retention.logins_days", "0", e));
    ck_assert_ptr_nonnull(strstr(upkeep(), "\"keys_purged\":1,\"logins_purged\":0,\"tokens_purged\":1"));
    must(vidstore_setting_set(sys, "retention.logins_days", NULL, e));
    ck_assert_ptr_nonnull(strstr(upkeep(), "\"logins_purged\":1"));
    ck_assert_int_eq(sql("SELECT count(*) FROM logins"), 0);
    ck_assert_int_eq(sql("SELECT count(*) FROM api_keys"), 1); /* the one that is alive */
}
END_TEST

START_TEST(at_most_twenty) {
    struct made first = log_in("ann", "192.0.2.1"), second = log_in("ann", "192.0.2.1");
    sql("UPDATE logins SET last_seen_us = last_seen_us - 10000000 WHERE seq = 1");
    for (int i = 0; i < 19; i++)
        log_in("ann", "192.0.2.1");
    no_entry(first.token);
    vidstore_session_free(resume(second.token));
    ck_assert_int_eq(sql("SELECT count(*) FROM logins WHERE revoked_us IS NULL"), 20);
}
END_TEST

static int64_t count_hashes(const char *like) {
    char text[128];
    snprintf(text, sizeof text, "SELECT count(*) FROM user_passwords WHERE hash LIKE '%s'", like);
    return sql(text);
}

/* What another system kept is taken over, and gives way to a hash of this store's own at the first login. */
START_TEST(attack_8_bcrypt_is_replaced) {
    must(vidstore_user_import_hash(sys, ann.text, "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", PASSWORD, NULL, NULL, 0, e));
    ck_assert_int_eq(count_hashes("$2a$%"), 1);
    must(try("ann", "U*U*U", NULL, NULL, 0, e));
    ck_assert_int_eq(count_hashes("$argon2id$v=19$m=8,t=1,p=1$%"), 1);
    must(try("ann", "U*U*U", NULL, NULL, 0, e));
    static const char *const bad[] = {"$2x$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "",
                                      "$argon2id$v=19$m=8388608,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "hash", vidstore_user_import_hash(sys, ann.text, bad[i], e));
    vidstore_session *s = session_of(ann);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_import_hash(s, ann.text, bad[0], e));
    vidstore_session_free(s);
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "password1234", e));
}
END_TEST

/* No secret that was issued stands in any table, in the log, or in the audit (attack 35). */
START_TEST(attack_35_no_secret_is_kept) {
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    char secrets[5][VIDSTORE_TOKEN_SIZE];
    strcpy(secrets[0], made.token);
    must(vidstore_login_trust(s, secrets[1], VIDSTORE_TOKEN_SIZE, e));
    must(vidstore_login_confirm(s, PASSWORD, secrets[2], VIDSTORE_TOKEN_SIZE, e));
    vidstore_key *key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    must(vidstore_key_create(s, p, &key, secrets[3], VIDSTORE_TOKEN_SIZE, e));
    must(vidstore_key_rotate(s, vidstore_key_id(key), 0, NULL, secrets[4], VIDSTORE_TOKEN_SIZE, e));
    vidstore_key_free(key);
    vidstore_key_params_free(p);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "a secret that is wrong", NULL, NULL, 0, e));
    ck_assert_ptr_null(strstr(said, "a secret"));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("a password as a name", "x", NULL, NULL, 0, e));
    vidstore_session_free(s);
    static const char *const files[] = {"store.db", "store.db-wal"};
    for (int pass = 0; pass < 2; pass++) { /* with the log, and after the close */
        for (size_t f = 0; f < 2; f++) {
            char path[160];
            snprintf(path, sizeof path, "%s/%s", place, files[f]);
            FILE *file = fopen(path, "rb");
            if (!file)
                continue;
            fseek(file, 0, SEEK_END);
            size_t size = (size_t)ftell(file);
            char *bytes = malloc(size + 1);
            rewind(file);
            ck_assert_uint_eq(fread(bytes, 1, size, file), size);
            fclose(file);
            for (int i = 0; i < 5; i++)
                ck_assert_ptr_null(memmem(bytes, size, secrets[i] + 19, 20));
            ck_assert_ptr_null(memmem(bytes, size, PASSWORD, strlen(PASSWORD)));
            ck_assert_ptr_null(memmem(bytes, size, "a secret that", 13));
            ck_assert_ptr_null(memmem(bytes, size, "a password as", 13));
            if (f == 0 && pass == 1)
                ck_assert_ptr_nonnull(memmem(bytes, size, secrets[4] + 4, 14)); /* the public part is there */
            free(bytes);
        }
        if (!pass)
            close_store();
    }
    open_store();
}
END_TEST

Suite *logins_suite(void);

Suite *logins_suite(void) {
    Suite *suite = suite_create("logins");
    TCase *t = tcase_create("logins");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, end);
    tcase_add_test(t, in_and_out);
    tcase_add_test(t, bad_arguments);
    tcase_add_test(t, attack_13_unknown_or_not);
    tcase_add_test(t, attack_29_ended_between_two_calls);
    tcase_add_test(t, attack_29_too_old_or_idle);
    tcase_add_test(t, attack_28_what_is_stored_opens_nothing);
    tcase_add_test(t, attack_30_confirming_replaces_the_token);
    tcase_add_test(t, attack_30_bulk_calls_want_it_too);
    tcase_add_test(t, outside_identities);
    tcase_add_test(t, how_it_was_proved_is_on_record);
    tcase_add_test(t, suspended_until);
    tcase_add_test(t, what_ended_long_ago_is_purged);
    tcase_add_test(t, at_most_twenty);
    tcase_add_test(t, attack_8_bcrypt_is_replaced);
    tcase_add_test(t, attack_35_no_secret_is_kept);
    suite_add_tcase(suite, t);
    return suite;
}
