/* SPDX-License-Identifier: MIT */
/* Users: creating, changing, removing, passwords, identities, in bulk, and what a user may do itself. */
#include "users.h"

/* --- creating ----------------------------------------------------------------------------------------------------- */

START_TEST(create) {
    vidstore_user_params *p = named_params("Ann.Lee_1-2+y");
    vidstore_user *user = NULL;
    vidstore_user_params_set_text(p, VIDSTORE_USER_EMAIL, "Ann@Example.org");
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Ann Lee");
    vidstore_user_params_set_text(p, VIDSTORE_USER_METADATA, "{\"a\": [1, null, \"\xC3\xBC\"]}");
    vidstore_user_params_set_text(p, VIDSTORE_USER_EXTERNAL_ID, "ext-1");
    must(vidstore_user_create(sys, p, &user, e));
    ck_assert_str_eq(vidstore_user_username(user), "Ann.Lee_1-2+y");
    ck_assert_str_eq(vidstore_user_email(user), "Ann@Example.org");
    ck_assert_int_eq(vidstore_user_role(user), VIDSTORE_ROLE_USER);
    ck_assert_int_eq(vidstore_user_state(user), VIDSTORE_USER_ACTIVE);
    ck_assert_int_eq(vidstore_user_version(user), 1);
    ck_assert_int_gt(vidstore_user_created_us(user), INT64_C(1700000000000000));
    ck_assert_str_eq(vidstore_user_text(user, VIDSTORE_USER_USER_ID), vidstore_user_id(user));
    ck_assert_str_eq(vidstore_user_text(user, VIDSTORE_USER_ROLE), "user");
    ck_assert_int_eq(vidstore_user_is_null(user, VIDSTORE_USER_LAST_LOGIN_US), 1);
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_LAST_LOGIN_US), INT64_MIN);
    ck_assert_ptr_null(vidstore_user_text(user, VIDSTORE_USER_PASSWORD));
    ck_assert_ptr_null(vidstore_user_text(user, VIDSTORE_USER_VERSION)); /* a number is no text */
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_USERNAME), INT64_MIN);
    ck_assert_ptr_null(vidstore_user_text(user, 3001)); /* of another noun */
    vidstore_user *same = get(vidstore_user_id(user));
    vidstore_text *a = NULL, *b = NULL;
    must(vidstore_user_json(user, &a, e));
    must(vidstore_user_json(same, &b, e));
    ck_assert_str_eq(vidstore_text_data(a), vidstore_text_data(b)); /* what create gives is what is stored */
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(a), "\"metadata\":{\"a\": [1, null, \"\xC3\xBC\"]}"));
    ck_assert_ptr_null(strstr(vidstore_text_data(a), "password\""));
    vidstore_text_free(a);
    vidstore_text_free(b);
    vidstore_user_free(same);
    must(vidstore_user_get_external(sys, NULL, "ext-1", &same, e));
    ck_assert_str_eq(vidstore_user_id(same), vidstore_user_id(user));
    vidstore_user_free(same);
    must(vidstore_user_get_external(sys, vidstore_user_id(user), "ext-1", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_external(sys, NOBODY, "ext-1", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_external(sys, NULL, "ext-2", NULL, e));
    refused(VIDSTORE_INVALID, "user_id", vidstore_user_get_external(sys, "x", "ext-1", NULL, e));
    vidstore_user_params_free(p);
    vidstore_user_free(user);
}
END_TEST

static const struct {
    int32_t field;
    const char *text;
    int64_t number;
    vidstore_status status;
    const char *named;
} values[] = {
    {VIDSTORE_USER_USERNAME, "", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "a b", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "a/b", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "a\nb", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "\xC3", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "12345678901234567890123456789012345678901234567890", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_USERNAME, "123456789012345678901234567890123456789012345678901", 0, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, "J\xC3\xBCrgen", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_USERNAME, NULL, 7, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_USERNAME, NULL, INT64_MIN, VIDSTORE_INVALID, "username"},
    {VIDSTORE_USER_EMAIL, "a@b", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_EMAIL, "", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "ab", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "@b", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "a@", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "a@b@c", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "a b@c", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, "a@b\r\nBcc: c@d", 0, VIDSTORE_INVALID, "email"},
    {VIDSTORE_USER_EMAIL, NULL, INT64_MIN, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_ROLE, "admin", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_ROLE, "root", 0, VIDSTORE_INVALID, "role"},
    {VIDSTORE_USER_ROLE, NULL, VIDSTORE_ROLE_VIEWER, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_ROLE, NULL, 0, VIDSTORE_INVALID, "role"},
    {VIDSTORE_USER_ROLE, NULL, -1, VIDSTORE_INVALID, "role"},
    {VIDSTORE_USER_ROLE, NULL, INT64_MAX, VIDSTORE_INVALID, "role"},
    {VIDSTORE_USER_STATE, "pending", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_STATE, "deleted", 0, VIDSTORE_INVALID, "state"},
    {VIDSTORE_USER_EMAIL_VERIFIED, NULL, 1, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_EMAIL_VERIFIED, NULL, 2, VIDSTORE_INVALID, "email_verified"},
    {VIDSTORE_USER_EMAIL_VERIFIED, "true", 0, VIDSTORE_INVALID, "email_verified"},
    {VIDSTORE_USER_METADATA, "{}", 0, VIDSTORE_OK, NULL},
    {VIDSTORE_USER_METADATA, "[]", 0, VIDSTORE_INVALID, "metadata"},
    {VIDSTORE_USER_METADATA, "{\"a\":1,\"a\":2}", 0, VIDSTORE_INVALID, "metadata"},
    {VIDSTORE_USER_METADATA, "{\"a\":\"\\u0000\"}", 0, VIDSTORE_INVALID, "metadata"},
    {VIDSTORE_USER_METADATA, "{", 0, VIDSTORE_INVALID, "metadata"},
    {VIDSTORE_USER_CREATED_US, NULL, 1, VIDSTORE_INVALID, "created"},
    {VIDSTORE_USER_VERSION, NULL, 1, VIDSTORE_INVALID, "version"},
    {VIDSTORE_USER_USER_ID, "0190f5fe-7c00-7a00-8abc-012345678901", 0, VIDSTORE_INVALID, "user_id"},
    {VIDSTORE_USER_JOB_COUNT, NULL, 1, VIDSTORE_INVALID, "job_count"},
    {VIDSTORE_USER_PASSWORD, "short", 0, VIDSTORE_INVALID, "password"},
    {VIDSTORE_USER_PASSWORD, "\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC", 0, VIDSTORE_INVALID,
     "password"},
    {VIDSTORE_USER_PASSWORD, "123456789012", 0, VIDSTORE_OK, NULL},
    {9999, "x", 0, VIDSTORE_INVALID, ""},
    {0, "x", 0, VIDSTORE_INVALID, ""},
    {-1, NULL, 1, VIDSTORE_INVALID, ""},
};

enum { VALUES = sizeof values / sizeof *values };

/* Each value at creation, then each as a change: the same rules hold. */
START_TEST(acceptable_values) {
    int at = _i % VALUES, update = _i / VALUES;
    vidstore_user_params *p =
        update || values[at].field == VIDSTORE_USER_USERNAME ? vidstore_user_params_new() : named_params("ann");
    struct id before = {""};
    if (update)
        before = add_user("before", VIDSTORE_ROLE_USER);
    if (values[at].text)
        vidstore_user_params_set_text(p, values[at].field, values[at].text);
    else
        vidstore_user_params_set_int64(p, values[at].field, values[at].number);
    vidstore_error *error = NULL;
    vidstore_status status =
        update ? vidstore_user_update(sys, before.text, p, NULL, &error) : vidstore_user_create(sys, p, NULL, &error);
    if (values[at].status == VIDSTORE_OK)
        succeeds("create or update", status, error);
    else
        fails("create or update", values[at].status, values[at].named, status, error);
    vidstore_user_params_free(p);
}
END_TEST

START_TEST(unique_values) {
    struct id ann = add_user("Ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    must(set_one(sys, ann.text, VIDSTORE_USER_EMAIL, "Ann@Example.org", 0, e));
    must(set_one(sys, ann.text, VIDSTORE_USER_EXTERNAL_ID, "x", 0, e));
    refused(VIDSTORE_EXISTS, "username", set_one(sys, bob.text, VIDSTORE_USER_USERNAME, "ANN", 0, e));
    ck_assert_ptr_null(strstr(said, "_key"));
    refused(VIDSTORE_EXISTS, "email", set_one(sys, bob.text, VIDSTORE_USER_EMAIL, "aNN@example.ORG", 0, e));
    refused(VIDSTORE_EXISTS, "external_id", set_one(sys, bob.text, VIDSTORE_USER_EXTERNAL_ID, "x", 0, e));
    must(set_one(sys, ann.text, VIDSTORE_USER_USERNAME, "ANN", 0, e)); /* its own, in another case */
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(set_one(sys, bob.text, VIDSTORE_USER_USERNAME, "ann", 0, e)); /* all free again */
    must(set_one(sys, bob.text, VIDSTORE_USER_EMAIL, "ann@example.org", 0, e));
    must(set_one(sys, bob.text, VIDSTORE_USER_EXTERNAL_ID, "x", 0, e));
}
END_TEST

START_TEST(creating_again) {
    vidstore_user_params *p = named_params("ann");
    vidstore_user *user = NULL;
    vidstore_user_params_set_text(p, VIDSTORE_USER_ID, "0190F5FE-7C00-7A00-8ABC-012345678901");
    for (int i = 0; i < 3; i++) {
        must(vidstore_user_create(sys, p, &user, e));
        ck_assert_str_eq(vidstore_user_id(user), NOBODY);
        ck_assert_int_eq(vidstore_user_version(user), 1);
        vidstore_user_free(user);
    }
    ck_assert_int_eq(events("action = user_created"), 1);
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Ann");
    refused(VIDSTORE_CONFLICT, "full_name", vidstore_user_create(sys, p, &user, e));
    ck_assert_ptr_null(user);
    vidstore_user_params_clear(p, VIDSTORE_USER_FULL_NAME);
    must(vidstore_user_create(sys, p, NULL, e));
    must(vidstore_user_remove(sys, NOBODY, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_CONFLICT, "id", vidstore_user_create(sys, p, NULL, e)); /* not a removed one as if it were there */
    vidstore_user_params_free(p);
}
END_TEST

/* --- changing --------------------------------------------------------------------------------------------------------
 */

START_TEST(update) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user *user = NULL;
    must(vidstore_user_update(sys, ann.text, p, &user, e)); /* nothing set: nothing changes */
    ck_assert_int_eq(vidstore_user_version(user), 1);
    vidstore_user_free(user);
    must(vidstore_user_update(sys, ann.text, NULL, NULL, e));
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Ann");
    must(vidstore_user_update(sys, ann.text, p, &user, e));
    ck_assert_int_eq(vidstore_user_version(user), 2);
    vidstore_user_free(user);
    must(vidstore_user_update(sys, ann.text, p, &user, e)); /* the same again: no change, no event */
    ck_assert_int_eq(vidstore_user_version(user), 2);
    vidstore_user_free(user);
    ck_assert_int_eq(events("action = user_updated"), 1);
    vidstore_user_params_expect_version(p, 1);
    vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, "Anna");
    refused(VIDSTORE_CONFLICT, "version", vidstore_user_update(sys, ann.text, p, &user, e));
    ck_assert_ptr_null(user);
    vidstore_user_params_expect_version(p, 2);
    must(vidstore_user_update(sys, ann.text, p, &user, e));
    ck_assert_str_eq(vidstore_user_text(user, VIDSTORE_USER_FULL_NAME), "Anna");
    vidstore_user_free(user);
    vidstore_user_params_clear(p, VIDSTORE_USER_FULL_NAME);
    vidstore_user_params_expect_version(p, 3);
    must(vidstore_user_update(sys, ann.text, p, &user, e));
    ck_assert_int_eq(vidstore_user_is_null(user, VIDSTORE_USER_FULL_NAME), 1);
    vidstore_user_free(user);
    vidstore_user_params_clear(p, VIDSTORE_USER_USERNAME);
    refused(VIDSTORE_INVALID, "username", vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_ID, NOBODY);
    refused(VIDSTORE_INVALID, "id", vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
    p = vidstore_user_params_new();
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_update(sys, NOBODY, p, NULL, e));
    vidstore_user_params_expect_version(p, 0);
    refused(VIDSTORE_INVALID, "version", vidstore_user_update(sys, ann.text, p, NULL, e));
    vidstore_user_params_free(p);
}
END_TEST

START_TEST(json) {
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"", "json"},
        {"[]", "json"},
        {"null", "json"},
        {"{\"username\":\"x\"", "json"},
        {"{\"username\":\"x\"}}", "json"},
        {"{\"username\":\"x\",\"username\":\"y\"}", "json"},
        {"{\"nothing\":1}", "nothing"},
        {"{\"version\":1}", "version"},
        {"{\"username\":1}", "username"},
        {"{\"username\":[]}", "username"},
        {"{\"username\":null}", "username"},
        {"{\"role\":\"root\"}", "role"},
        {"{\"email_verified\":\"true\"}", "email_verified"},
        {"{\"email_verified\":1.0}", "email_verified"},
        {"{\"email_verified\":2}", "email_verified"},
        {"{\"email_verified\":9223372036854775808}", "json"},
        {"{\"metadata\":[]}", "metadata"},
        {"{\"metadata\":\"x\"}", "metadata"},
        {"{\"full_name\":\"\\u0000\"}", "json"},
        {"{\"full_name\":\"\\ud800\"}", "json"},
        {"{\"full_name\":\"\xFF\"}", "json"},
        {"{\"password\":\"x\"}", "password"},
    };
    vidstore_user *user = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_user_params *p = named_params("ann");
        vidstore_user_params_set_json(p, bad[i].json);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_user_create(sys, p, NULL, &error);
        fails(bad[i].json, VIDSTORE_INVALID, bad[i].field, status, error);
        vidstore_user_params_free(p);
    }
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, "{\"username\":\"ann\",\"role\":\"admin\",\"state\":20,\"email_verified\":true,"
                                     "\"metadata\":{\"b\":1,\"a\":{\"x\":[]}},\"email\":null}");
    must(vidstore_user_create(sys, p, &user, e));
    ck_assert_int_eq(vidstore_user_role(user), VIDSTORE_ROLE_ADMIN);
    ck_assert_str_eq(vidstore_user_text(user, VIDSTORE_USER_METADATA), "{\"b\":1,\"a\":{\"x\":[]}}");
    ck_assert_int_eq(vidstore_user_int64(user, VIDSTORE_USER_EMAIL_VERIFIED), 1);
    vidstore_user_params_free(p);
    vidstore_user_free(user);
}
END_TEST

START_TEST(stats) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_text *text = NULL;
    add_video(ann);
    vidstore_session *her = session_of(ann);
    vidstore_job_params *job = vidstore_job_params_new();
    vidstore_job_params_set_text(job, VIDSTORE_JOB_KIND, "encode");
    must(vidstore_job_submit(her, job, NULL, e));
    vidstore_job_params_free(job);
    vidstore_session_free(her);
    must(vidstore_user_stats(sys, ann.text, &text, e));
    ck_assert_msg(strstr(vidstore_text_data(text), "\"jobs\":{\"ready\":1}"), "%s", vidstore_text_data(text));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"videos\":{\"count\":1,\"total\":0}"));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"last_login\":null"));
    vidstore_text_free(text);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_stats(sys, NOBODY, &text, e));
    refused(VIDSTORE_INVALID, "id", vidstore_user_stats(sys, "x", &text, e));
    ck_assert_ptr_null(text);
}
END_TEST

/* --- many at once
 * ------------------------------------------------------------------------------------------------------------ */

static struct id contended;

static void *count_up(void *arg) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "thread", &s, e));
    for (int done = 0; done < 20;) {
        vidstore_user *user = NULL;
        vidstore_error *error = NULL;
        must(vidstore_user_get(s, contended.text, &user, e));
        const char *was = vidstore_user_text(user, VIDSTORE_USER_FULL_NAME);
        char name[32];
        snprintf(name, sizeof name, "%ld", (was ? strtol(was, NULL, 10) : 0) + 1);
        vidstore_user_params *p = vidstore_user_params_new();
        vidstore_user_params_set_text(p, VIDSTORE_USER_FULL_NAME, name);
        vidstore_user_params_expect_version(p, vidstore_user_version(user));
        vidstore_status status = vidstore_user_update(s, contended.text, p, NULL, &error);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_CONFLICT, "%s", vidstore_error_message(error));
        done += status == VIDSTORE_OK;
        vidstore_error_free(error);
        vidstore_user_params_free(p);
        vidstore_user_free(user);
    }
    vidstore_session_free(s);
    return arg;
}

START_TEST(no_update_is_lost) {
    pthread_t threads[8];
    contended = add_user("ann", VIDSTORE_ROLE_USER);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, count_up, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    vidstore_user *user = get(contended.text);
    ck_assert_str_eq(vidstore_user_text(user, VIDSTORE_USER_FULL_NAME), "160");
    ck_assert_int_eq(vidstore_user_version(user), 161);
    vidstore_user_free(user);
}
END_TEST

Suite *users_suite(void);

Suite *users_suite(void) {
    Suite *suite = suite_create("users");
    TCase *t = tcase_create("users");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, create);
    tcase_add_loop_test(t, acceptable_values, 0, 2 * VALUES);
    tcase_add_test(t, unique_values);
    tcase_add_test(t, creating_again);
    tcase_add_test(t, update);
    tcase_add_test(t, json);
    tcase_add_test(t, stats);
    tcase_add_test(t, no_update_is_lost);
    suite_add_tcase(suite, t);
    return suite;
}
