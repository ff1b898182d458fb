/* SPDX-License-Identifier: MIT */
/* Keys in the wrong hands: guessed, stolen, used too long or from elsewhere. Tests of attacks have the number of their
 * group in the name. */
#include "keys.h"

START_TEST(attack_26_texts_that_are_no_keys) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    char text[128];
    for (size_t at = 0; at < VIDSTORE_TOKEN_SIZE - 1; at++) { /* every character counts */
        strcpy(text, made.token);
        text[at] = text[at] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_UNKNOWN);
        if (at % 8 == 0)
            no_entry(text);
        strcpy(text, made.token);
        text[at] = '\0';
        ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_UNKNOWN);
    }
    snprintf(text, sizeof text, "%s\n", made.token);
    no_entry(text);
    for (char *c = strcpy(text, made.token); *c; c++)
        *c = (char)tolower(*c);
    no_entry(text);
    no_entry("");
    no_entry("vsk_\xFF");
    char *long_one = malloc(10000001);
    memset(long_one, 'A', 10000000);
    long_one[10000000] = '\0';
    memcpy(long_one, "vsk_", 4);
    no_entry(long_one);
    free(long_one);
    ck_assert_int_eq(vidstore_token_kind(NULL), VIDSTORE_TOKEN_UNKNOWN);
    refused(VIDSTORE_MISUSE, "token", vidstore_session_key(store, NULL, NULL, NULL, e));
    vidstore_session_free(enter(made.token));
    ck_assert_int_eq(events("action = auth_failed and noun = key"), 1); /* not one a try */
}
END_TEST

/* Checksum and form of a text put together from two keys. */
static void join(char ret[VIDSTORE_TOKEN_SIZE], const char *id, const char *secret) {
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc = 0xFFFFFFFF;
    memcpy(ret, id, 19);
    memcpy(ret + 19, secret + 19, 43);
    for (int i = 0; i < 62; i++) {
        crc ^= (unsigned char)ret[i];
        for (int b = 0; b < 8; b++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    crc = ~crc;
    for (int i = 67; i > 61; i--, crc /= 62)
        ret[i] = digits[crc % 62];
    ret[68] = '\0';
}

START_TEST(attack_27_the_id_of_one_and_the_secret_of_another) {
    struct made a = make_key(sys, ann.text, NULL, NULL), b = make_key(sys, ann.text, NULL, NULL);
    char text[VIDSTORE_TOKEN_SIZE];
    join(text, a.token, a.token);
    ck_assert_str_eq(text, a.token);
    join(text, a.token, b.token);
    ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_KEY);
    no_entry(text);
    ck_assert_int_eq(events("action = auth_failed and description = \"wrong secret\""), 1);
    memset(text + 4, 'z', 14);
    join(text, text, a.token);
    no_entry(text);
    ck_assert_int_eq(events("action = auth_failed and description = \"no such key\""), 1);
}
END_TEST

START_TEST(attack_29_ended_between_two_calls) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    vidstore_session *s = enter(made.token);
    must(vidstore_video_list(s, NULL, NULL, e));
    must(vidstore_key_revoke(sys, made.id.text, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    no_entry(made.token);
    must(vidstore_key_revoke(sys, made.id.text, e)); /* once is enough, twice is no harm */
    ck_assert_int_eq(events("action = api_key_revoked"), 1);
    made = make_key(sys, ann.text, NULL, NULL);
    s = enter(made.token);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    no_entry(made.token);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    must(vidstore_video_list(s, NULL, NULL, e));
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e)); /* nothing is revived */
    no_entry(made.token);
    vidstore_session_free(s);
    made = make_key(sys, ann.text, NULL, NULL);
    sql("UPDATE api_keys SET expires_us = 1000000 WHERE revoked_us IS NULL");
    no_entry(made.token);
    made = make_key(sys, ann.text, NULL, NULL);
    s = enter(made.token);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    no_entry(made.token);
}
END_TEST

START_TEST(attack_31_a_key_widens_nothing) {
    struct id boss = add_user("boss", VIDSTORE_ROLE_ADMIN);
    vidstore_session *s = enter(make_key(sys, boss.text, "read", NULL).token);
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "n");
    vidstore_video_list(s, NULL, NULL, NULL);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_key_create(s, p, NULL, token, sizeof token, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_video_create(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_list(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_set_password(s, ann.text, "correct horse battery", e));
    vidstore_session_free(s);
    struct made iam = make_key(sys, boss.text, "iam,read", NULL);
    s = enter(iam.token);
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read");
    must(vidstore_key_create(s, p, NULL, token, sizeof token, e));
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read,admin");
    refused(VIDSTORE_FORBIDDEN, "scopes", vidstore_key_create(s, p, NULL, token, sizeof token, e));
    refused(VIDSTORE_FORBIDDEN, "scopes", vidstore_key_update(s, iam.id.text, p, NULL, e));
    vidstore_key_params_free(p);
    p = vidstore_key_params_new();
    vidstore_key_params_set_int64(p, VIDSTORE_KEY_EXPIRES_US, INT64_C(9000000000000000));
    refused(VIDSTORE_INVALID, "expires", vidstore_key_update(s, iam.id.text, p, NULL, e));
    /* What only an admin may do ends with the role, on the next call. */
    vidstore_key_params_free(p);
    must(vidstore_user_list(s, NULL, NULL, e));
    vidstore_user_params *u = vidstore_user_params_new();
    vidstore_user_params_set_text(u, VIDSTORE_USER_ROLE, "user");
    must(vidstore_user_update(sys, boss.text, u, NULL, e));
    vidstore_user_params_free(u);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_list(s, NULL, NULL, e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(attack_33_rotation) {
    struct made old = make_key(sys, ann.text, "jobs:write", "{\"addresses\": \"127.0.0.0/8\"}");
    vidstore_key *key = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    vidstore_origin *here = vidstore_origin_new();
    vidstore_origin_set_text(here, VIDSTORE_ORIGIN_IP, "127.1.2.3");
    must(vidstore_key_rotate(sys, old.id.text, INT64_MIN, &key, token, sizeof token, e));
    ck_assert_str_eq(vidstore_key_scopes(key), "jobs:write");
    ck_assert_str_eq(vidstore_key_text(key, VIDSTORE_KEY_ADDRESSES), "127.0.0.0/8");
    vidstore_key_free(key);
    must(vidstore_session_key(store, token, here, &s, e));
    vidstore_session_free(s);
    must(vidstore_session_key(store, old.token, here, &s, e)); /* for a day both are good */
    vidstore_session_free(s);
    must(vidstore_key_get(sys, old.id.text, &key, e));
    ck_assert_int_lt(vidstore_key_expires_us(key),
                     vidstore_key_int64(key, VIDSTORE_KEY_UPDATED_US) + INT64_C(86400000001));
    vidstore_key_free(key);
    refused(VIDSTORE_CONFLICT, "id", vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    old = make_key(sys, ann.text, NULL, NULL);
    must(vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    no_entry(old.token);
    vidstore_session_free(enter(token));
    refused(VIDSTORE_INVALID, "overlap_ms",
            vidstore_key_rotate(sys, old.id.text, INT64_C(604800001), NULL, token, sizeof token, e));
    refused(VIDSTORE_CONFLICT, "id", vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    ck_assert_int_eq(events("action = api_key_rotated"), 2);
    vidstore_origin_free(here);
}
END_TEST

static const struct {
    const char *addresses, *ip;
    int good;
} sources[] = {
    {"10.0.0.0/8", "10.255.0.1", 1},
    {"10.0.0.0/8", "11.0.0.1", 0},
    {"10.0.0.0/8", NULL, 0},
    {"10.0.0.0/8", "ten", 0},
    {"10.0.0.0/8", "::ffff:10.1.1.1", 1},
    {"192.0.2.7", "192.0.2.7", 1},
    {"192.0.2.7", "192.0.2.8", 0},
    {"2001:db8::/33", "2001:db8:7fff::1", 1},
    {"2001:db8::/33", "2001:db8:8000::1", 0},
    {"0.0.0.0/0", "2001:db8::1", 0},
    {"10.0.0.0/8, ::/0", "2001:db8::1", 1},
    {NULL, NULL, 1},
    {"10.0.0.0/8", "10.0.0.1 ", 0},
};

START_TEST(attack_22_networks) {
    char json[100] = "{}", token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    vidstore_origin *from = vidstore_origin_new();
    if (sources[_i].addresses)
        snprintf(json, sizeof json, "{\"addresses\":\"%s\"}", sources[_i].addresses);
    strcpy(token, make_key(sys, ann.text, NULL, json).token);
    vidstore_origin_set_text(from, VIDSTORE_ORIGIN_IP, sources[_i].ip);
    if (sources[_i].good)
        must(vidstore_session_key(store, token, from, &s, e));
    else
        refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, token, from, &s, e));
    vidstore_session_free(s);
    vidstore_origin_free(from);
}
END_TEST

/* Reading with a key writes nothing; the uses are there when the store was closed. */
START_TEST(attack_34_last_use) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    vidstore_key *key = NULL;
    for (int i = 0; i < 3; i++) {
        vidstore_session *s = enter(made.token);
        must(vidstore_video_list(s, NULL, NULL, e));
        vidstore_session_free(s);
    }
    must(vidstore_key_get(sys, made.id.text, &key, e));
    ck_assert_int_eq(vidstore_key_is_null(key, VIDSTORE_KEY_LAST_USED_US), 1);
    vidstore_key_free(key);
    close_store();
    open_store();
    must(vidstore_key_get(sys, made.id.text, &key, e));
    ck_assert_int_eq(vidstore_key_int64(key, VIDSTORE_KEY_USE_COUNT), 6);
    ck_assert_int_ge(vidstore_key_int64(key, VIDSTORE_KEY_LAST_USED_US),
                     vidstore_key_int64(key, VIDSTORE_KEY_CREATED_US));
    vidstore_key_free(key);
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_session_free(enter(made.token)); /* also where nothing can be written */
    vidstore_open_params_free(p);
}
END_TEST

START_TEST(junk_in_masses) {
    vidstore_error *error = NULL;
    for (int i = 0; i < 100; i++)
        no_entry("vsk_junk");
    ck_assert_int_eq(vidstore_session_key(store, "vsk_junk", NULL, NULL, &error), VIDSTORE_THROTTLED);
    ck_assert_int_gt(vidstore_error_retry_after_ms(error), 0);
    vidstore_error_free(error);
    vidstore_session_free(enter(make_key(sys, ann.text, NULL, NULL).token)); /* a key is a key all the same */
}
END_TEST

/* --- at once, and cut off */

struct rotations {
    struct id key;
    int won, lost;
    pthread_mutex_t lock;
};

static void *rotate(void *arg) {
    struct rotations *all = arg;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "rotate", &s, e));
    vidstore_status status = vidstore_key_rotate(s, all->key.text, 0, NULL, token, sizeof token, NULL);
    vidstore_session_free(s);
    pthread_mutex_lock(&all->lock);
    all->won += status == VIDSTORE_OK;
    all->lost += status == VIDSTORE_CONFLICT && !*token;
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* One key has one successor, however many ask for it at the same time. */
START_TEST(attack_33_many_rotations_at_once) {
    struct made old = make_key(sys, ann.text, NULL, NULL);
    struct rotations all = {old.id, 0, 0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[16];
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, rotate, &all), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(all.won, 1);
    ck_assert_int_eq(all.lost, 15);
    no_entry(old.token);
    ck_assert_int_eq(events("action = api_key_rotated"), 1);
}
END_TEST

static int64_t use_count(struct id id) {
    vidstore_key *key = NULL;
    must(vidstore_key_get(sys, id.text, &key, e));
    int64_t count = vidstore_key_int64(key, VIDSTORE_KEY_USE_COUNT);
    vidstore_key_free(key);
    return count;
}

/* A process that is killed loses what it had not written yet of the last uses, and nothing else. */
START_TEST(attack_34_killed_before_it_is_written) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    close_store();
    pid_t pid = fork();
    if (pid == 0) {
        open_store();
        for (int i = 0; i < 3; i++)
            vidstore_session_free(enter(made.token));
        raise(SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    open_store();
    ck_assert_int_eq(use_count(made.id), 0);
    vidstore_session_free(enter(made.token));
    close_store();
    open_store();
    ck_assert_int_eq(use_count(made.id), 1);
}
END_TEST

Suite *keys_stolen_suite(void);

Suite *keys_stolen_suite(void) {
    Suite *suite = suite_create("keys_stolen");
    TCase *t = tcase_create("keys");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, end);
    tcase_add_test(t, attack_26_texts_that_are_no_keys);
    tcase_add_test(t, attack_27_the_id_of_one_and_the_secret_of_another);
    tcase_add_test(t, attack_29_ended_between_two_calls);
    tcase_add_test(t, attack_31_a_key_widens_nothing);
    tcase_add_test(t, attack_33_rotation);
    tcase_add_test(t, attack_33_many_rotations_at_once);
    tcase_add_test(t, attack_34_killed_before_it_is_written);
    tcase_add_loop_test(t, attack_22_networks, 0, sizeof sources / sizeof *sources);
    tcase_add_test(t, attack_34_last_use);
    tcase_add_test(t, junk_in_masses);
    suite_add_tcase(suite, t);
    return suite;
}
