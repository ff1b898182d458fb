/* SPDX-License-Identifier: MIT */
/* What a try of a password costs, and when a suspension ends, with a clock that the test moves. Whoever counts hashes
 * or written rows learns nothing from a try that failed. */
#include "../api/peek.h"
#include "access/password.h"
#include "moved_clock.h"

static const char PASSWORD[] = "correct horse battery", WRONG[] = "battery horse correct";

static struct id add(const char *name, const char *password) {
    struct id id = add_user(name, VIDSTORE_ROLE_USER);
    if (password)
        must(vidstore_user_set_password(sys, id.text, password, e));
    return id;
}

static void start(void) {
    begin_moved();
    add_user("root", VIDSTORE_ROLE_ADMIN);
}

/* --- what a try costs ----------------------------------------------------------------------------------------------
 */

/* From now on each row that is written in these tables is counted. The index of the search merges when it likes. */
static void count_rows(void) {
    static const char *const tables[] = {"audit_events", "throttles",     "users",         "user_passwords", "logins",
                                         "feed",         "login_sources", "login_devices", "vs_meta"};
    static const char *const ways[] = {"INSERT", "UPDATE", "DELETE"};
    sql("CREATE TABLE written (n INTEGER)");
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
            char text[200];
            snprintf(text, sizeof text,
                     "CREATE TRIGGER written_%s_%s AFTER %s ON %s BEGIN INSERT INTO written VALUES (1); END", tables[t],
                     ways[w], ways[w], tables[t]);
            sql(text);
        }
}

static vidstore_status log_in(const char *name, const char *password) {
    char token[VIDSTORE_TOKEN_SIZE];
    return vidstore_login_create(store, name, password, NULL, 0, NULL, NULL, token, sizeof token, NULL);
}

static vidstore_status verify(const char *name, const char *password) {
    return vidstore_user_verify_password(sys, name, password, NULL, NULL);
}

static void same_cost(vidstore_status (*try)(const char *, const char *)) {
    static const struct {
        const char *name, *password;
    } tries[] = {{"ann", WRONG},     {"nobody", WRONG},  {"none", WRONG},        {"off", WRONG},    {"away", WRONG},
                 {"gone", WRONG},    {"old", WRONG},     {"no name!", WRONG},    {"off", PASSWORD}, {"away", PASSWORD},
                 {"gone", PASSWORD}, {"none", PASSWORD}, {"no@b.example", WRONG}};
    for (int round = 0; round < 2; round++) /* the first of a name makes its rows, the second changes them */
        for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
            int64_t hashes = vs_password_computed(), rows = sql("SELECT count(*) FROM written");
            ck_assert_int_eq(try(tries[i].name, tries[i].password), VIDSTORE_UNAUTHENTICATED);
            ck_assert_msg(vs_password_computed() - hashes == 1, "%s: %d hashes", tries[i].name,
                          (int)(vs_password_computed() - hashes));
            rows = sql("SELECT count(*) FROM written") - rows;
            ck_assert_msg(rows == 4, "%s: %d rows", tries[i].name, (int)rows); /* an event and three counts */
        }
}

START_TEST(attack_13_one_hash_and_the_same_rows) {
    static const char BCRYPT[] = "$2b$04$abcdefghijklmnopqrstuuWoB9cUBQeJS1R2l0Zu9y3zXq2kQ0oHe";
    must(vidstore_setting_set(sys, "login.free_failures", "1000", e));
    must(vidstore_setting_set(sys, "login.challenge_rate", "1000", e));
    struct id off = add("off", PASSWORD), away = add("away", PASSWORD), gone = add("gone", PASSWORD);
    struct id old = add("old", NULL);
    add("ann", PASSWORD);
    add("none", NULL);
    must(vidstore_user_import_hash(sys, old.text, BCRYPT, e));
    must(vidstore_user_set_state(sys, off.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    must(vidstore_user_set_state(sys, away.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    must(vidstore_user_remove(sys, gone.text, VIDSTORE_REMOVE_RESTRICT, e));
    ck_assert_int_eq(log_in("root", WRONG), VIDSTORE_UNAUTHENTICATED); /* makes what a store has one of */
    count_rows();
    same_cost(log_in);
    same_cost(verify);
    int64_t hashes = vs_password_computed();
    ck_assert_int_eq(log_in("ann", PASSWORD), VIDSTORE_OK);
    ck_assert_int_eq(vs_password_computed() - hashes, 1);
}
END_TEST

START_TEST(attack_16_who_has_to_wait_costs_no_hash) {
    vidstore_status status = VIDSTORE_OK;
    add("ann", PASSWORD);
    for (int i = 0; i < 20 && status != VIDSTORE_THROTTLED; i++)
        status = log_in("ann", WRONG);
    ck_assert_int_eq(status, VIDSTORE_THROTTLED);
    int64_t hashes = vs_password_computed();
    ck_assert_int_eq(log_in("ann", PASSWORD), VIDSTORE_THROTTLED);
    ck_assert_int_eq(log_in("ann", WRONG), VIDSTORE_THROTTLED);
    ck_assert_int_eq(vs_password_computed(), hashes);
}
END_TEST

/* --- a suspension and the clock ------------------------------------------------------------------------------------
 */

START_TEST(attack_20_suspended_while_the_clock_is_set) {
    static const int64_t hour = INT64_C(3600000000);
    static const struct {
        int64_t ahead;
        vidstore_status then;
    } steps[] = {
        {0, VIDSTORE_UNAUTHENTICATED}, {hour - 60000000, VIDSTORE_UNAUTHENTICATED}, {hour + 1, VIDSTORE_OK},
        {0, VIDSTORE_UNAUTHENTICATED}, {-24 * hour, VIDSTORE_UNAUTHENTICATED},      {24 * 365 * hour, VIDSTORE_OK}};
    struct id ann = add("ann", NULL);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_STATE, "suspended");
    vidstore_user_params_set_int64(p, VIDSTORE_USER_SUSPENDED_UNTIL_US, moved_now() + hour);
    must(vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        vidstore_session *s = NULL;
        ahead = steps[i].ahead;
        vidstore_status status = vidstore_session_on_behalf(store, ann.text, NULL, &s, NULL);
        if (!status)
            status = vidstore_video_list(s, NULL, NULL, NULL);
        ck_assert_msg(status == steps[i].then, "step %zu gives %s", i, vidstore_status_name(status));
        vidstore_session_free(s);
    }
}
END_TEST

Suite *login_cost_suite(void);

Suite *login_cost_suite(void) {
    Suite *suite = suite_create("login_cost");
    TCase *t = tcase_create("cost");
    tcase_add_checked_fixture(t, start, end_moved);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, attack_13_one_hash_and_the_same_rows);
    tcase_add_test(t, attack_16_who_has_to_wait_costs_no_hash);
    tcase_add_test(t, attack_20_suspended_while_the_clock_is_set);
    suite_add_tcase(suite, t);
    return suite;
}
