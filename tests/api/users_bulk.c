/* SPDX-License-Identifier: MIT */
/* Many users in one call. */
#include "users.h"

/* --- in bulk
 * --------------------------------------------------------------------------------------------------------------- */

enum { MANY = 5 };

static void many(vidstore_user_params *list[MANY], const char *const names[MANY]) {
    for (int i = 0; i < MANY; i++)
        list[i] = names[i] ? named_params(names[i]) : NULL;
}

static void free_many(vidstore_user_params *list[MANY]) {
    for (int i = 0; i < MANY; i++)
        vidstore_user_params_free(list[i]);
}

static int64_t count_users(void) {
    int64_t count = -1;
    must(vidstore_user_count(sys, NULL, &count, e));
    return count;
}

START_TEST(bulk_all_or_nothing) {
    vidstore_user_params *list[MANY];
    vidstore_page *page = NULL;
    const vidstore_user_params *const *in = (const vidstore_user_params *const *)list;
    many(list, (const char *const[]){"a", "b", "A", "d", "e"});
    refused(VIDSTORE_EXISTS, "items[2].username",
            vidstore_user_bulk_create(sys, in, MANY, VIDSTORE_BULK_ATOMIC, &page, e));
    ck_assert_ptr_null(page);
    ck_assert_int_eq(count_users(), 0);
    vidstore_user_params_set_text(list[2], VIDSTORE_USER_USERNAME, "c");
    must(vidstore_user_bulk_create(sys, in, MANY, VIDSTORE_BULK_ATOMIC, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), MANY);
    ck_assert_str_eq(vidstore_user_username(vidstore_page_user(page, 2)), "c");
    ck_assert_int_eq(events("action = user_created"), 1); /* one for all */
    const char *ids[MANY];
    for (int i = 0; i < MANY; i++)
        ids[i] = vidstore_user_id(vidstore_page_user(page, i));
    free_many(list);
    many(list, (const char *const[]){"a1", "b1", "c1", "d1", "a1"});
    refused(VIDSTORE_EXISTS, "items[4].username",
            vidstore_user_bulk_update(sys, ids, in, MANY, VIDSTORE_BULK_ATOMIC, NULL, e));
    ids[1] = "x";
    refused(VIDSTORE_INVALID, "items[1].id",
            vidstore_user_bulk_update(sys, ids, in, MANY, VIDSTORE_BULK_ATOMIC, NULL, e));
    ids[1] = NULL;
    refused(VIDSTORE_MISUSE, "items[1].id",
            vidstore_user_bulk_update(sys, ids, in, MANY, VIDSTORE_BULK_ATOMIC, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_name(sys, "a1", NULL, e));
    vidstore_page_free(page);
    must(vidstore_user_bulk_create(sys, NULL, 0, 0, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    refused(VIDSTORE_INVALID, "count", vidstore_user_bulk_create(sys, in, -1, 0, &page, e));
    refused(VIDSTORE_INVALID, "count", vidstore_user_bulk_create(sys, in, 10001, 0, &page, e));
    refused(VIDSTORE_INVALID, "count", vidstore_user_bulk_create(sys, in, INT64_MAX, 0, &page, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_user_bulk_create(sys, in, MANY, 2, &page, e));
    refused(VIDSTORE_MISUSE, "params", vidstore_user_bulk_create(sys, NULL, 1, 0, &page, e));
    refused(VIDSTORE_MISUSE, "ids", vidstore_user_bulk_update(sys, NULL, in, 1, 0, &page, e));
    free_many(list);
}
END_TEST

/* What changes rights stands in the audit by itself, with the old and the new value. */
START_TEST(bulk_roles_are_on_record) {
    struct id ids[2] = {add_user("ann", VIDSTORE_ROLE_USER), add_user("bob", VIDSTORE_ROLE_USER)};
    vidstore_user_params *list[2] = {vidstore_user_params_new(), vidstore_user_params_new()};
    for (int i = 0; i < 2; i++)
        vidstore_user_params_set_int64(list[i], VIDSTORE_USER_ROLE, VIDSTORE_ROLE_ADMIN);
    must(vidstore_user_bulk_update(sys, (const char *const[]){ids[0].text, ids[1].text},
                                   (const vidstore_user_params *const *)list, 2, VIDSTORE_BULK_ATOMIC, NULL, e));
    ck_assert_int_eq(events("action = user_updated"), 1);
    ck_assert_int_eq(events("action = role_changed and severity = 3"), 2);
    vidstore_user_params_free(list[0]);
    vidstore_user_params_free(list[1]);
}
END_TEST

/* Names, addresses and identities can be guessed: who may not see them learns nothing by it. */
START_TEST(who_is_there_is_not_to_be_guessed) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(bob);
    must(vidstore_user_link_identity(sys, ann.text, "oidc", "a1", e));
    char there[sizeof said];
    refused(VIDSTORE_NOT_FOUND, "name", vidstore_user_get_by_name(s, "ann", NULL, e));
    snprintf(there, sizeof there, "%s", said);
    refused(VIDSTORE_NOT_FOUND, "name", vidstore_user_get_by_name(s, "nobody", NULL, e));
    ck_assert_str_eq(there, said);
    refused(VIDSTORE_NOT_FOUND, "subject", vidstore_user_get_by_identity(s, "oidc", "a1", NULL, e));
    refused(VIDSTORE_NOT_FOUND, "subject", vidstore_user_get_by_identity(s, "oidc", "a2", NULL, e));
    char about[100];
    snprintf(about, sizeof about, "action = access_denied and object_id = %s", ann.text);
    ck_assert_int_eq(events(about), 0);
    ck_assert_int_gt(events("action = access_denied"), 0);
    must(vidstore_user_get_by_name(s, "bob", NULL, e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(bulk_each) {
    vidstore_user_params *list[MANY];
    vidstore_page *page = NULL;
    vidstore_text *text = NULL;
    const vidstore_user_params *const *in = (const vidstore_user_params *const *)list;
    many(list, (const char *const[]){"a", "b b", "A", NULL, "e"});
    vidstore_user_params_set_text(list[4], VIDSTORE_USER_PASSWORD, "short");
    must(vidstore_user_bulk_create(sys, in, MANY, VIDSTORE_BULK_EACH, &page, e));
    static const struct {
        vidstore_status status;
        const char *field;
    } rows[MANY] = {{VIDSTORE_OK, NULL},
                    {VIDSTORE_INVALID, "username"},
                    {VIDSTORE_EXISTS, "username"},
                    {VIDSTORE_INVALID, "username"},
                    {VIDSTORE_INVALID, "password"}};
    ck_assert_int_eq(vidstore_page_count(page), MANY);
    for (int i = 0; i < MANY; i++) {
        ck_assert_msg(vidstore_page_status(page, i) == rows[i].status, "item %d: %s: %s", i,
                      vidstore_status_name(vidstore_page_status(page, i)),
                      vidstore_error_message(vidstore_page_error(page, i)));
        ck_assert_int_eq(vidstore_page_user(page, i) != NULL, rows[i].status == VIDSTORE_OK);
        if (rows[i].field)
            ck_assert_str_eq(vidstore_error_field(vidstore_page_error(page, i)), rows[i].field);
    }
    ck_assert_int_eq(vidstore_page_status(page, MANY), VIDSTORE_NOT_FOUND);
    ck_assert_int_eq(vidstore_page_status(page, -1), VIDSTORE_NOT_FOUND);
    must(vidstore_page_json(page, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), ",null,null,null,null]"));
    vidstore_text_free(text);
    vidstore_page_free(page);
    ck_assert_int_eq(count_users(), 1);
    free_many(list);
}
END_TEST

START_TEST(bulk_with_passwords) {
    vidstore_user_params *list[2] = {named_params("a"), named_params("b")};
    const vidstore_user_params *const *in = (const vidstore_user_params *const *)list;
    vidstore_user_params_set_text(list[0], VIDSTORE_USER_PASSWORD, "correct horse");
    vidstore_user_params_set_text(list[1], VIDSTORE_USER_PASSWORD, "short");
    refused(VIDSTORE_INVALID, "items[1].password",
            vidstore_user_bulk_create(sys, in, 2, VIDSTORE_BULK_ATOMIC, NULL, e));
    must(vidstore_user_bulk_create(sys, in, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    must(vidstore_user_verify_password(sys, "a", "correct horse", NULL, e));
    vidstore_user_params_free(list[0]);
    vidstore_user_params_free(list[1]);
}
END_TEST

Suite *users_bulk_suite(void);

Suite *users_bulk_suite(void) {
    Suite *suite = suite_create("users_bulk");
    TCase *t = tcase_create("users");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, bulk_all_or_nothing);
    tcase_add_test(t, bulk_each);
    tcase_add_test(t, bulk_roles_are_on_record);
    tcase_add_test(t, who_is_there_is_not_to_be_guessed);
    tcase_add_test(t, bulk_with_passwords);
    suite_add_tcase(suite, t);
    return suite;
}
