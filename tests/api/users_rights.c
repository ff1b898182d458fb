/* SPDX-License-Identifier: MIT */
/* Who users are and what they may: passwords, identities, roles. */
#include "users.h"

START_TEST(the_last_admin) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN), bob = add_user("bob", VIDSTORE_ROLE_ADMIN);
    vidstore_session *s = session_of(ann);
    must(vidstore_user_set_state(sys, bob.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_STATE, "state", vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_STATE, "state", set_one(s, ann.text, VIDSTORE_USER_ROLE, "user", 0, e));
    refused(VIDSTORE_STATE, "state", vidstore_user_remove(s, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    must(set_one(s, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", 0, e));
    must(vidstore_user_set_state(sys, bob.text, VIDSTORE_USER_ACTIVE, NULL, e));
    must(set_one(s, ann.text, VIDSTORE_USER_ROLE, "user", 0, e));
    refused(VIDSTORE_STATE, "state", vidstore_user_remove(sys, bob.text, VIDSTORE_REMOVE_CASCADE, e));
    vidstore_session_free(s);
    refused(VIDSTORE_INVALID, "state", vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_DELETED, NULL, e));
    refused(VIDSTORE_INVALID, "state", vidstore_user_set_state(sys, ann.text, -1, NULL, e));
}
END_TEST

/* --- passwords
 * --------------------------------------------------------------------------------------------------------- */

START_TEST(passwords) {
    struct id ann = add_user("Ann", VIDSTORE_ROLE_USER);
    vidstore_user *user = NULL;
    vidstore_session *s = NULL;
    must(set_one(sys, ann.text, VIDSTORE_USER_EMAIL, "ann@example.org", 0, e));
    must(vidstore_setting_set(sys, "login.free_failures", "1000", e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL,
            vidstore_user_verify_password(sys, "ann", "correct horse", &user, e)); /* none is set */
    must(vidstore_user_set_password(sys, ann.text, "correct horse", e));
    static const struct {
        const char *name, *password;
        vidstore_status status;
    } tries[] = {
        {"ann", "correct horse", VIDSTORE_OK},
        {"ANN", "correct horse", VIDSTORE_OK},
        {"Ann@Example.Org", "correct horse", VIDSTORE_OK},
        {"ann", "correct horsf", VIDSTORE_UNAUTHENTICATED},
        {"ann", "correct hors", VIDSTORE_UNAUTHENTICATED},
        {"ann", "correct horse ", VIDSTORE_UNAUTHENTICATED},
        {"ann", "", VIDSTORE_UNAUTHENTICATED},
        {"bob", "correct horse", VIDSTORE_UNAUTHENTICATED},
        {"", "correct horse", VIDSTORE_UNAUTHENTICATED},
        {"ann@example.com", "correct horse", VIDSTORE_UNAUTHENTICATED},
        {"ann\xFF", "correct horse", VIDSTORE_INVALID},
        {"ann", "\xFF", VIDSTORE_INVALID},
        {NULL, "x", VIDSTORE_MISUSE},
        {"ann", NULL, VIDSTORE_MISUSE},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_user_verify_password(sys, tries[i].name, tries[i].password, &user, &error);
        ck_assert_msg(status == tries[i].status, "try %zu: %s", i, vidstore_status_name(status));
        ck_assert_int_eq(vidstore_error_code(error), status);
        ck_assert_int_eq(user != NULL, status == VIDSTORE_OK);
        if (status == VIDSTORE_UNAUTHENTICATED)
            ck_assert_str_eq(vidstore_error_message(error), "name and password do not fit"); /* whichever it was */
        vidstore_error_free(error);
        vidstore_user_free(user);
        status = vidstore_session_login(store, tries[i].name, tries[i].password, NULL, &s, NULL);
        ck_assert_int_eq(status, tries[i].status);
        ck_assert_int_eq(s != NULL, status == VIDSTORE_OK);
        vidstore_session_free(s);
    }
    ck_assert_int_eq(events("action = user_login"), 6);
    ck_assert_int_eq(events("action = auth_failed"), 15);
    user = get(ann.text);
    ck_assert_int_gt(vidstore_user_int64(user, VIDSTORE_USER_LAST_LOGIN_US), vidstore_user_created_us(user));
    ck_assert_int_gt(vidstore_user_int64(user, VIDSTORE_USER_PASSWORD_CHANGED_US), vidstore_user_created_us(user));
    vidstore_user_free(user);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_user_verify_password(sys, "ann", "correct horse", NULL, &error),
                     VIDSTORE_UNAUTHENTICATED);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_ACCOUNT);
    vidstore_error_free(error);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    must(vidstore_user_set_password(sys, ann.text, "battery staple", e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_verify_password(sys, "ann", "correct horse", NULL, e));
    must(vidstore_user_set_password(sys, ann.text, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_verify_password(sys, "ann", "battery staple", NULL, e));
    user = get(ann.text);
    ck_assert_int_eq(vidstore_user_is_null(user, VIDSTORE_USER_PASSWORD_CHANGED_US), 1);
    vidstore_user_free(user);
}
END_TEST

START_TEST(limits_of_passwords) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    char text[1026];
    memset(text, 'x', sizeof text);
    text[1025] = '\0';
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, text, e));
    text[1024] = '\0';
    must(vidstore_user_set_password(sys, ann.text, text, e));
    must(vidstore_user_verify_password(sys, "ann", text, NULL, e));
    text[12] = '\0';
    must(vidstore_user_set_password(sys, ann.text, text, e));
    text[11] = '\0';
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, text, e));
    must(vidstore_setting_set(sys, "password.min_length", "8", e));
    must(vidstore_user_set_password(sys, ann.text, text, e)); /* at once, in the process that set it */
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_set_password(sys, NOBODY, "correct horse", e));
}
END_TEST

/* Whether a name is known must not show in what a try leaves behind: one event, one write. */
START_TEST(known_and_unknown_names_cost_the_same) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, ann.text, "correct horse", e));
    int64_t took[2] = {INT64_MAX, INT64_MAX};
    for (int round = 0; round < 5; round++)
        for (int known = 0; known < 2; known++) {
            int64_t start = now_ms();
            refused(VIDSTORE_UNAUTHENTICATED, NULL,
                    vidstore_user_verify_password(sys, known ? "ann" : "bob", "wrong horse 1", NULL, e));
            int64_t t = now_ms() - start;
            took[known] = t < took[known] ? t : took[known];
        }
    ck_assert_int_eq(events("action = auth_failed"), 10);
    ck_assert_msg(took[0] * 2 + 10 >= took[1] && took[1] * 2 + 10 >= took[0], "unknown %d ms, known %d ms",
                  (int)took[0], (int)took[1]);
}
END_TEST

/* --- identities
 * ---------------------------------------------------------------------------------------------------------- */

START_TEST(identities) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_user *user = NULL;
    vidstore_text *text = NULL;
    must(vidstore_user_link_identity(sys, ann.text, "https://issuer.example", "42", e));
    must(vidstore_user_link_identity(sys, ann.text, "ldap", "42\"\\", e));
    refused(VIDSTORE_EXISTS, "subject", vidstore_user_link_identity(sys, bob.text, "https://issuer.example", "42", e));
    refused(VIDSTORE_EXISTS, "subject", vidstore_user_link_identity(sys, ann.text, "https://issuer.example", "42", e));
    must(vidstore_user_get_by_identity(sys, "https://issuer.example", "42", &user, e));
    ck_assert_str_eq(vidstore_user_id(user), ann.text);
    vidstore_user_free(user);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_identity(sys, "https://issuer.example", "43", &user, e));
    must(vidstore_user_stats(sys, ann.text, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "{\"provider\":\"ldap\",\"subject\":\"42\\\"\\\\\""));
    vidstore_text_free(text);
    refused(VIDSTORE_NOT_FOUND, "subject", vidstore_user_unlink_identity(sys, bob.text, "ldap", "42\"\\", e));
    must(vidstore_user_unlink_identity(sys, ann.text, "https://issuer.example", "42", e));
    refused(VIDSTORE_NOT_FOUND, "subject",
            vidstore_user_unlink_identity(sys, ann.text, "https://issuer.example", "42", e));
    must(vidstore_user_link_identity(sys, bob.text, "https://issuer.example", "42", e));
    refused(VIDSTORE_INVALID, "provider", vidstore_user_link_identity(sys, bob.text, "", "42", e));
    refused(VIDSTORE_INVALID, "subject", vidstore_user_link_identity(sys, bob.text, "x", "", e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_link_identity(sys, NOBODY, "x", "y", e));
    ck_assert_int_eq(events("action = identity_linked"), 3);
    ck_assert_int_eq(events("action = identity_unlinked"), 1);
    vidstore_session *s = session_of(ann); /* nobody gives itself another's identity */
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_link_identity(s, ann.text, "x", "y", e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_link_identity(s, bob.text, "x", "y", e));
    vidstore_session_free(s);
}
END_TEST

/* --- what a user may do
 * ---------------------------------------------------------------------------------------------------- */

START_TEST(a_user_sees_only_itself) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_VIEWER);
    must(set_one(sys, bob.text, VIDSTORE_USER_EXTERNAL_ID, "b", 0, e));
    must(vidstore_user_link_identity(sys, bob.text, "p", "b", e));
    vidstore_session *s = session_of(ann);
    vidstore_page *page = NULL;
    int32_t there = -1;
    int64_t count = -1;
    must(vidstore_user_get(s, ann.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get(s, bob.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_name(s, "bob", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_external(s, NULL, "b", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_identity(s, "p", "b", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_stats(s, bob.text, NULL, e));
    must(vidstore_user_exists(s, bob.text, &there, e));
    ck_assert_int_eq(there, 0);
    must(vidstore_user_list(s, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    ck_assert_str_eq(vidstore_user_id(vidstore_page_user(page, 0)), ann.text);
    vidstore_page_free(page);
    vidstore_query *q = vidstore_query_new(); /* whatever it asks for */
    must(vidstore_query_filter(q, "state = active or username = bob", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_DELETED | VIDSTORE_QUERY_EXACT_COUNT);
    must(vidstore_user_count(s, q, &count, e));
    ck_assert_int_eq(count, 1);
    vidstore_query_free(q);
    refused(VIDSTORE_NOT_FOUND, NULL, set_one(s, bob.text, VIDSTORE_USER_FULL_NAME, "B", 0, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_set_password(s, bob.text, "correct horse", e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_remove(s, bob.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(set_one(s, ann.text, VIDSTORE_USER_FULL_NAME, "A", 0, e));
    must(vidstore_user_set_password(s, ann.text, "correct horse", e));
    refused(VIDSTORE_FORBIDDEN, "role", set_one(s, ann.text, VIDSTORE_USER_ROLE, "admin", 0, e));
    refused(VIDSTORE_FORBIDDEN, "state", set_one(s, ann.text, VIDSTORE_USER_STATE, "pending", 0, e));
    refused(VIDSTORE_FORBIDDEN, "state", vidstore_user_set_state(s, ann.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "email_verified", set_one(s, ann.text, VIDSTORE_USER_EMAIL_VERIFIED, NULL, 1, e));
    must(set_one(s, ann.text, VIDSTORE_USER_ROLE, "user", 0, e)); /* as it is: no change */
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_remove(s, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_purge(s, ann.text, e));
    vidstore_user_params *p = named_params("eve");
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_create(s, p, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL,
            vidstore_user_bulk_create(s, (const vidstore_user_params *const *)&p, 1, 0, NULL, e));
    vidstore_user_params_free(p);
    ck_assert_int_gt(events("action = access_denied and actor_name = ann"), 2);
    ck_assert_int_gt(refusals(), 6);
    vidstore_session_free(s);
}
END_TEST

START_TEST(rights_are_those_of_now) {
    add_user("root", VIDSTORE_ROLE_ADMIN);
    struct id ann = add_user("ann", VIDSTORE_ROLE_ADMIN);
    vidstore_session *s = session_of(ann);
    must(vidstore_user_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    must(set_one(sys, ann.text, VIDSTORE_USER_ROLE, "viewer", 0, e));
    s = session_of(ann);
    ck_assert_int_eq(vidstore_session_role(s), VIDSTORE_ROLE_VIEWER);
    vidstore_session_free(s);
}
END_TEST

Suite *users_rights_suite(void);

Suite *users_rights_suite(void) {
    Suite *suite = suite_create("users_rights");
    TCase *t = tcase_create("users");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, the_last_admin);
    tcase_add_test(t, passwords);
    tcase_add_test(t, limits_of_passwords);
    tcase_add_test(t, known_and_unknown_names_cost_the_same);
    tcase_add_test(t, identities);
    tcase_add_test(t, a_user_sees_only_itself);
    tcase_add_test(t, rights_are_those_of_now);
    suite_add_tcase(suite, t);
    return suite;
}
