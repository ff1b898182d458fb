/* SPDX-License-Identifier: MIT */
/* Hashes as text, read strictly; one hash whatever the outcome; the budget of memory; the list of the first tried. */
#include "access/password.h"
#include "access/arena.h"
#include "access/blocklist.h"
#include "access/throttle.h"
#include "util/env.h"
#include "util/error.h"
#include <check.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct vs_cost cheap = {8, 1};
static const struct vs_call call = {0};
static const char GOOD[] = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

START_TEST(attack_9_and_10_one_text_for_a_hash) {
    static const char *const bad[] = {
        "",
        "$",
        "argon2id",
        "$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",          /* no version */
        "$argon2id$v=16$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",     /* another */
        "$argon2id$v=19$t=1,m=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",     /* another order */
        "$argon2id$v=19$m=8,m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", /* twice */
        "$argon2id$v=19$m=08,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",    /* a zero before it */
        "$argon2id$v=19$m=8,t=1,p=1,keyid=x$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA",      /* padded */
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHR$AAAAAAAAAAAAAAAAAAAAAA",       /* bits to spare that are set */
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA$",      /* something after it */
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNh$AAAAAAAAAAAAAAAAAAAAAA",          /* a short salt */
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAA",           /* a short tag */
        "$argon2id$v=19$m=8388608,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", /* attack 9: 8 GiB */
        "$argon2id$v=19$m=8,t=1000,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=255$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=0$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=1,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", /* m < 8 p */
        "$argon2id$v=19$m=18446744073709551624,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    };
    struct vs_phc phc;
    char text[VS_PHC_MAX], long_one[5000];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(vs_phc_read(bad[i], &phc) == -1, "%s", bad[i]);
    ck_assert_int_eq(vs_phc_read(GOOD, &phc), 0);
    vs_phc_write(&phc, text);
    ck_assert_str_eq(text, GOOD);
    for (size_t n = 0; n < sizeof GOOD - 1; n++) { /* cut off at every byte */
        memcpy(text, GOOD, n);
        text[n] = '\0';
        if (vs_phc_read(text, &phc) == 0)
            ck_assert_uint_lt(phc.tag_len, 32); /* a shorter tag is another hash */
    }
    memset(long_one, 'A', sizeof long_one);
    memcpy(long_one, GOOD, sizeof GOOD - 1);
    long_one[sizeof long_one - 1] = '\0';
    ck_assert_int_eq(vs_phc_read(long_one, &phc), -1);
}
END_TEST

START_TEST(attack_12_a_flipped_bit) {
    char hash[VS_HASH_MAX], text[VS_HASH_MAX];
    int fits = 0;
    ck_assert_int_eq(vs_password_hash("correct horse", cheap, &call, hash, NULL), 0);
    ck_assert_int_eq(vs_password_verify("correct horse", hash, cheap, 0, &call, &fits, NULL), 0);
    ck_assert_int_eq(fits, 1);
    for (size_t at = 0; hash[at]; at++)
        for (int bit = 0; bit < 7; bit++) {
            struct vs_phc phc;
            strcpy(text, hash);
            text[at] = (char)(text[at] ^ 1 << bit);
            if (vs_phc_read(text, &phc) == 0 && phc.memory_kib > 4096)
                continue; /* costs time, and tells nothing */
            ck_assert_int_eq(vs_password_verify("correct horse", text, cheap, 0, &call, &fits, NULL), 0);
            ck_assert_msg(!fits, "byte %zu, bit %d", at, bit);
        }
}
END_TEST

START_TEST(attack_13_one_hash_whatever_the_outcome) {
    static const char BCRYPT[] = "$2b$04$abcdefghijklmnopqrstuuWoB9cUBQeJS1R2l0Zu9y3zXq2kQ0oHe";
    char hash[VS_HASH_MAX];
    int fits = 0;
    ck_assert_int_eq(vs_password_hash("right", cheap, &call, hash, NULL), 0);
    const char *const stored[] = {hash, NULL, "rubbish", BCRYPT, ""};
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
        int64_t before = vs_password_computed();
        ck_assert_int_eq(vs_password_verify("wrong", stored[i], cheap, 0, &call, &fits, NULL), 0);
        ck_assert_int_eq(fits, 0);
        ck_assert_int_eq(vs_password_computed() - before, 1);
    }
}
END_TEST

START_TEST(attack_8_bcrypt) {
    /* From other implementations: crypt_blowfish's test vectors. */
    static const struct {
        const char *hash, *password;
    } vectors[] = {{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
                   {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
                   {"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"}};
    int fits = 0;
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(vs_password_check_hash(vectors[i].hash, NULL), 0);
        ck_assert_int_eq(vs_password_verify(vectors[i].password, vectors[i].hash, cheap, 0, &call, &fits, NULL), 0);
        ck_assert_msg(fits, "%s", vectors[i].hash);
        ck_assert_int_eq(vs_password_verify("U", vectors[i].hash, cheap, 0, &call, &fits, NULL), 0);
        ck_assert_int_eq(fits, 0);
        ck_assert_int_eq(vs_password_outdated(vectors[i].hash, cheap), 1);
    }
    static const char *const bad[] = {"$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                                      "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                                      "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
                                      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
                                      "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWW",
                                      "$1$abc$def",
                                      "*0",
                                      ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(vs_password_check_hash(bad[i], NULL), VIDSTORE_INVALID);
    char text[74];
    memset(text, 'a', 73);
    text[73] = '\0';
    static const char SEVENTY_TWO[] = "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6";
    char with_aa[73];
    memset(with_aa, '\xAA', 72);
    with_aa[72] = '\0'; /* the vector's password is no UTF-8: bcrypt takes it all the same */
    ck_assert_int_eq(vs_password_verify(with_aa, SEVENTY_TWO, cheap, 0, &call, &fits, NULL), 0);
    ck_assert_int_eq(fits, 1);
    char longer[80];
    snprintf(longer, sizeof longer, "%schars", with_aa);
    ck_assert_int_eq(vs_password_verify(longer, SEVENTY_TWO, cheap, 0, &call, &fits, NULL), 0);
    ck_assert_int_eq(fits, 0);
}
END_TEST

START_TEST(attack_5_the_same_text) {
    char hash[VS_HASH_MAX];
    int fits = 0;
    ck_assert_int_eq(vs_password_hash("caf\xC3\xA9 cr\xC3\xA8me", cheap, &call, hash, NULL), 0);
    ck_assert_int_eq(vs_password_verify("cafe\xCC\x81 cre\xCC\x80me", hash, cheap, 0, &call, &fits, NULL), 0);
    ck_assert_int_eq(fits, 1);
}
END_TEST

static int has(const char *password, const char *name) {
    int found = -1;
    ck_assert_int_eq(vs_blocklist_has(NULL, password, name, &found, NULL), 0);
    return found;
}

START_TEST(attack_7_what_everybody_tries) {
    ck_assert_int_eq(has("password", NULL), 1);
    ck_assert_int_eq(has("PassWord2024!", NULL), 1);
    ck_assert_int_eq(has("qwertyuiop", NULL), 1);
    ck_assert_int_eq(has("correct horse battery", NULL), 0);
    ck_assert_int_eq(has("annabelle.lee", "AnnaBelle.Lee"), 1);
    ck_assert_int_eq(has("eel.ellebanna", "annabelle.lee"), 1);
    ck_assert_int_eq(has("annabelle.lee99", "annabelle.lee"), 1);
    ck_assert_int_eq(has("", ""), 0);
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(has(text, text), 0);
    vidstore_error *e = NULL;
    ck_assert_int_eq(vs_password_check(NULL, "password12345", NULL, 12, &e), VIDSTORE_INVALID);
    ck_assert_str_eq(vidstore_error_field(e), "password");
    vidstore_error_free(e);
    /* attack 6: a character is a character, however many bytes it has */
    ck_assert_int_eq(vs_password_check(NULL, "\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC\xF0\x9F\x8E\xAC", NULL, 8, NULL),
                     VIDSTORE_INVALID);
}
END_TEST

static void *hold(void *arg) {
    (void)arg;
    static const struct vs_call patient = {0};
    return (void *)(intptr_t)vs_arena_take(64 << 10, 1, &patient, NULL);
}

/* attack 23: a flood waits, then is refused; memory stays within the budget. */
START_TEST(attack_23_the_budget) {
    vidstore_error *e = NULL;
    struct vs_call hurry = {0};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(vs_arena_take(64 << 10, 1, &call, NULL), 0);
    hurry.deadline_us = vs_mono_us() + 50000;
    ck_assert_int_eq(vs_arena_take(8, 1, &hurry, &e), VIDSTORE_BUSY);
    ck_assert_int_gt(vidstore_error_retry_after_ms(e), 0);
    vidstore_error_free(e);
    vs_arena_give(64 << 10);
    hurry.deadline_us = vs_mono_us() + 50000;
    ck_assert_int_eq(vs_arena_take(64 << 10, 0, &hurry, NULL), VIDSTORE_BUSY); /* the last place is not for strangers */
    ck_assert_int_eq(vs_arena_take(64 << 10, 1, &hurry, NULL), 0);
    pthread_t threads[64];
    for (int i = 0; i < 64; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hold, NULL), 0);
    struct timespec t = {0, 300000000};
    nanosleep(&t, NULL);
    int64_t start = vs_mono_us();
    ck_assert_int_eq(vs_arena_take(64 << 10, 1, &call, NULL), VIDSTORE_BUSY); /* sixty-four wait already */
    ck_assert_int_lt(vs_mono_us() - start, 500000);
    for (int i = 0; i < 64; i++) {
        void *code;
        pthread_join(threads[i], &code);
        ck_assert_int_eq((int)(intptr_t)code, VIDSTORE_BUSY);
    }
    for (int i = 0; i < 4; i++)
        vs_arena_give(64 << 10);
}
END_TEST

START_TEST(attack_20_sums_do_not_run_over) {
    static const struct vs_throttle_settings settings = {5, 50};
    static const int64_t clocks[] = {INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (int kind = 0; kind < VS_THROTTLE_KINDS; kind++)
        for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
            struct vs_throttle t = {INT64_MAX - 1, 0, 0, 0, 0};
            for (int n = 0; n < 3; n++)
                vs_throttle_count(&t, (enum vs_throttle_kind)kind, &settings, 7, clocks[i] < 0 ? 0 : clocks[i]);
            ck_assert_int_ge(t.failures, 1);
            ck_assert_int_ge(vs_throttle_wait(&t, (enum vs_throttle_kind)kind, clocks[i] < 0 ? 0 : clocks[i]), 0);
            ck_assert_int_ge(vs_throttle_expiry(&t, (enum vs_throttle_kind)kind, clocks[i]), clocks[i]);
        }
}
END_TEST

Suite *password_suite(void) {
    Suite *suite = suite_create("password");
    TCase *tests = tcase_create("password");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, attack_9_and_10_one_text_for_a_hash);
    tcase_add_test(tests, attack_12_a_flipped_bit);
    tcase_add_test(tests, attack_13_one_hash_whatever_the_outcome);
    tcase_add_test(tests, attack_8_bcrypt);
    tcase_add_test(tests, attack_5_the_same_text);
    tcase_add_test(tests, attack_7_what_everybody_tries);
    tcase_add_test(tests, attack_23_the_budget);
    tcase_add_test(tests, attack_20_sums_do_not_run_over);
    suite_add_tcase(suite, tests);
    return suite;
}
