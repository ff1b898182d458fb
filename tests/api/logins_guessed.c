/* SPDX-License-Identifier: MIT */
/* Passwords that are guessed: who waits, for how long, and who must not. Tests of attacks have the number of their
 * group in the name. */
#include "logins.h"

static int64_t throttled(const char *name, const char *password, const char *device, const char *ip) {
    vidstore_error *error = NULL;
    vidstore_status status = try(name, password, device, ip, 0, &error);
    int64_t wait = vidstore_error_retry_after_ms(error);
    ck_assert_msg(status == VIDSTORE_THROTTLED, "%s: %s", vidstore_status_name(status), vidstore_error_message(error));
    vidstore_error_free(error);
    return wait;
}

START_TEST(attack_17_nobody_locks_the_user_out) {
    log_in("ann", "192.0.2.1");
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, "198.51.100.7", 0, e));
    int64_t wait = throttled("ann", "wrong", NULL, "198.51.100.7");
    ck_assert_int_gt(wait, 20000);
    ck_assert_int_le(wait, 30001);
    throttled("ANN", PASSWORD, NULL, "203.0.113.9"); /* from any other strange place, and with the right one, too */
    throttled("ann", PASSWORD, NULL, NULL);
    log_in("ann", "192.0.2.1");                      /* from where it is known, as ever */
    throttled("ann", PASSWORD, NULL, "203.0.113.9"); /* which changes nothing for the others (attack 18) */
    ck_assert_int_eq(events("action = account_locked"), 1);
    ck_assert_int_eq(events("action = auth_failed"), 5); /* what was not tried is no failure */
    int64_t rows = sql("SELECT count(*) FROM audit_events");
    throttled("ann", "wrong", NULL, "198.51.100.7");
    ck_assert_int_eq(sql("SELECT count(*) FROM audit_events"), rows);
    must(try("ann", PASSWORD, NULL, "203.0.113.9", VIDSTORE_CHALLENGE_PASSED, e));
}
END_TEST

START_TEST(attack_17_a_trusted_device) {
    struct made made = log_in("ann", "192.0.2.1");
    vidstore_session *s = resume(made.token);
    char device[VIDSTORE_TOKEN_SIZE];
    must(vidstore_login_trust(s, device, sizeof device, e));
    ck_assert_int_eq(vidstore_token_kind(device), VIDSTORE_TOKEN_DEVICE);
    vidstore_session_free(s);
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, "198.51.100.7", 0, e));
    throttled("ann", PASSWORD, NULL, "203.0.113.9");
    must(try("ann", PASSWORD, device, "203.0.113.9", 0, e));
    throttled("ann", PASSWORD, "vsd_not_a_token", "203.0.113.10");
    for (int i = 0; i < 10; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", device, "203.0.113.11", 0, e));
    ck_assert_int_eq(sql("SELECT count(*) FROM login_devices"), 0); /* so many failures end the trust */
    throttled("ann", PASSWORD, device, "203.0.113.11");
}
END_TEST

/* The wait doubles; a clock that runs backwards makes it no longer than it can ever be. */
START_TEST(attack_20_waits_and_clocks) {
    static const int64_t waits[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, NULL, 0, e));
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        int64_t wait = throttled("ann", "wrong", NULL, NULL);
        ck_assert_msg(wait > waits[i] * 1000 - 5000 && wait <= waits[i] * 1000 + 1, "wait %zu is %lld ms", i,
                      (long long)wait);
        sql("UPDATE throttles SET wait_us = 1");
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, NULL, 0, e));
    }
    sql("UPDATE throttles SET wait_us = 9000000000000000000");
    ck_assert_int_le(throttled("ann", PASSWORD, NULL, NULL), 3600001);
    sql("UPDATE throttles SET wait_us = 1, failures = 99 WHERE failures > 10");
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, NULL, 0, e));
    sql("UPDATE throttles SET wait_us = 1 WHERE wait_us < 9000000000000000000");
    throttled("ann", PASSWORD, NULL, NULL);                               /* closed to strangers */
    must(try("ann", PASSWORD, NULL, NULL, VIDSTORE_CHALLENGE_PASSED, e)); /* but for who passed a challenge */
    must(try("ann", PASSWORD, NULL, NULL, 0, e));
}
END_TEST

/* A source that tries many accounts waits, whichever they are; rotating inside a /64 is one source. */
START_TEST(attack_22_spraying) {
    char name[16], ip[40];
    int refusals = 0, i;
    for (i = 0; i < 60; i++) {
        vidstore_error *error = NULL;
        snprintf(name, sizeof name, "user%d", i);
        snprintf(ip, sizeof ip, "2001:db8:1:2::%x", i);
        vidstore_status status = try(name, "wrong", NULL, ip, 0, &error);
        refusals += status == VIDSTORE_THROTTLED;
        vidstore_error_free(error);
        if (status == VIDSTORE_THROTTLED)
            break;
        ck_assert_int_eq(status, VIDSTORE_UNAUTHENTICATED);
    }
    ck_assert_int_eq(refusals, 1);
    ck_assert_int_ge(i, 13);
    ck_assert_int_le(i, 30);
    refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, "2001:db8:1:3::1", 0, e));
    throttled("ann", "wrong", NULL, "2001:db8:1:2:ffff::1");
}
END_TEST

START_TEST(a_challenge_for_strangers) {
    log_in("ann", "192.0.2.1");
    must(vidstore_setting_set(sys, "login.challenge_rate", "3", e));
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "user%d", i);
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try(name, "wrong", NULL, NULL, 0, e));
    }
    vidstore_error *error = NULL;
    ck_assert_int_eq(try("ann", PASSWORD, NULL, "203.0.113.9", 0, &error), VIDSTORE_THROTTLED);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CHALLENGE);
    vidstore_error_free(error);
    log_in("ann", "192.0.2.1");
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", "wrong", NULL, "203.0.113.9", VIDSTORE_CHALLENGE_PASSED, e));
    ck_assert_int_eq(try("ann", "wrong", NULL, "203.0.113.9", VIDSTORE_CHALLENGE_PASSED, NULL),
                     VIDSTORE_THROTTLED); /* five an hour */
}
END_TEST

static void give_email(struct id user, const char *email) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_EMAIL, email);
    must(vidstore_user_update(sys, user.text, p, NULL, e));
    vidstore_user_params_free(p);
}

/* Five tries under one name and more under another: what a stranger sees is the same for an account with both names
 * and for two names that are nobody's. */
static void answers(const char *name, const char *other, char ret[16]) {
    int at = 0;
    for (int i = 0; i < 7; i++)
        ret[at++] = try(name, "wrong", NULL, "198.51.100.7", 0, NULL) == VIDSTORE_THROTTLED ? 't' : 'u';
    for (int i = 0; i < 7; i++)
        ret[at++] =
            try(other, i == 1 ? PASSWORD : "wrong", NULL, "198.51.100.7", 0, NULL) == VIDSTORE_THROTTLED ? 't' : 'u';
    ret[at] = '\0';
}

START_TEST(attack_14_two_names_of_one_account) {
    char known[16], unknown[16];
    give_email(ann, "ann@example.org");
    answers("ann", "ann@example.org", known);
    answers("nobody", "nobody@example.org", unknown);
    ck_assert_str_eq(known, "uuuuuttuuuuutt");
    ck_assert_str_eq(unknown, known);
    ck_assert_int_eq(sql("SELECT count(*) FROM throttles"), 9); /* two names and an account, or two; address, store */
}
END_TEST

START_TEST(attack_16_two_names_are_one_account) {
    give_email(ann, "ann@example.org");
    log_in("ann", "192.0.2.1");
    for (int i = 0; i < 5; i++) /* in turns: five tries, not ten */
        refused(VIDSTORE_UNAUTHENTICATED, NULL,
                try(i % 2 ? "ann" : "ANN@example.org", "wrong", NULL, "198.51.100.7", 0, e));
    vidstore_error *error = NULL; /* the right one does not count either, and looks like any other */
    ck_assert_int_eq(try("ann", PASSWORD, NULL, "203.0.113.9", 0, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_str_eq(vidstore_error_message(error), "name and password do not fit");
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_PASSWORD);
    ck_assert_int_eq(vidstore_error_retry_after_ms(error), 0);
    vidstore_error_free(error);
    ck_assert_int_eq(events("action = auth_failed and description ~ \"another name\""), 1);
    ck_assert_int_eq(events("action = account_locked"), 1);
    log_in("ann", "192.0.2.1"); /* where the user is known nothing has changed */
    log_in("ann@example.org", "192.0.2.1");
    must(try("ann@example.org", PASSWORD, NULL, "203.0.113.9", VIDSTORE_CHALLENGE_PASSED, e));
    log_in("ann", "203.0.113.10"); /* which has cleared the account of it */
}
END_TEST

START_TEST(attack_16_the_wait_of_two_names) {
    give_email(ann, "ann@example.org");
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann@example.org", "wrong", NULL, NULL, 0, e));
    for (int i = 0; i < 4; i++) /* tries that count for nothing make it no longer */
        refused(VIDSTORE_UNAUTHENTICATED, NULL, try("ann", PASSWORD, NULL, NULL, 0, e));
    sql("UPDATE throttles SET wait_us = wait_us - 31000000 WHERE wait_us > 0");
    must(try("ann", PASSWORD, NULL, NULL, 0, e));
}
END_TEST

START_TEST(attack_14_names_are_not_tried_out) {
    static const int32_t fields[] = {VIDSTORE_USER_USERNAME, VIDSTORE_USER_EMAIL};
    static const char *const values[][2] = {{"root", "unused"}, {"root@example.org", "unused@example.org"}};
    vidstore_session *s = session_of(ann);
    give_email(ann, "root@example.org"); /* and another has it: */
    give_email(ann, "ann@example.org");
    struct id bob = add_user("bob", VIDSTORE_ROLE_USER);
    give_email(bob, "root@example.org");
    for (int i = 0; i < 4; i++) { /* taken or not, the answer is the same */
        vidstore_user_params *p = vidstore_user_params_new();
        vidstore_user_params_set_text(p, fields[i / 2], values[i / 2][i % 2]);
        refused(VIDSTORE_FORBIDDEN, i / 2 ? "email" : "username", vidstore_user_update(s, ann.text, p, NULL, e));
        vidstore_user_params_free(p);
    }
    vidstore_session_free(s);
}
END_TEST

struct guess {
    int hashed;
    pthread_mutex_t lock;
};

static void *guess(void *arg) {
    struct guess *g = arg;
    for (int i = 0; i < 10; i++)
        if (try("ann", "wrong", NULL, NULL, 0, NULL) == VIDSTORE_UNAUTHENTICATED) {
            pthread_mutex_lock(&g->lock);
            g->hashed++;
            pthread_mutex_unlock(&g->lock);
        }
    return NULL;
}

START_TEST(attack_16_many_guesses_at_once) {
    struct guess g = {0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[20];
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, guess, &g), 0);
    for (int i = 0; i < 20; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(g.hashed, 5);
}
END_TEST

Suite *logins_guessed_suite(void);

Suite *logins_guessed_suite(void) {
    Suite *suite = suite_create("logins_guessed");
    TCase *t = tcase_create("logins");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, end);
    tcase_add_test(t, attack_17_nobody_locks_the_user_out);
    tcase_add_test(t, attack_17_a_trusted_device);
    tcase_add_test(t, attack_20_waits_and_clocks);
    tcase_add_test(t, attack_22_spraying);
    tcase_add_test(t, a_challenge_for_strangers);
    tcase_add_test(t, attack_14_two_names_of_one_account);
    tcase_add_test(t, attack_14_names_are_not_tried_out);
    tcase_add_test(t, attack_16_two_names_are_one_account);
    tcase_add_test(t, attack_16_the_wait_of_two_names);
    tcase_add_test(t, attack_16_many_guesses_at_once);
    suite_add_tcase(suite, t);
    return suite;
}
