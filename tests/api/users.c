/* SPDX-License-Identifier: MIT */
/* Users: creating, changing, removing, passwords, identities, in bulk, and what a user may do itself. */
#include "harness.h"
#include <vidstore/query.h>

static const char NOBODY[] = "0190f5fe-7c00-7a00-8abc-012345678901";

static vidstore_user_params *named_params(const char *name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    return p;
}

static vidstore_user *get(const char *id) {
    vidstore_user *user = NULL;
    must(vidstore_user_get(sys, id, &user, e));
    return user;
}

/* A create or update with one field set. */
static vidstore_status set_one(vidstore_session *s, const char *id, int32_t field, const char *text, int64_t number,
                               vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    if (text)
        vidstore_user_params_set_text(p, field, text);
    else
        vidstore_user_params_set_int64(p, field, number);
    vidstore_status status = vidstore_user_update(s, id, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

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

/* --- removing
 * ---------------------------------------------------------------------------------------------------------- */

static struct id add_video(struct id owner) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, owner.text);
    must(vidstore_video_create(sys, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

START_TEST(remove_leaves_a_tombstone) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(set_one(sys, ann.text, VIDSTORE_USER_EMAIL, "ann@example.org", 0, e));
    must(set_one(sys, ann.text, VIDSTORE_USER_FULL_NAME, "Ann", 0, e));
    must(set_one(sys, ann.text, VIDSTORE_USER_METADATA, "{\"secret\":1}", 0, e));
    must(vidstore_user_set_password(sys, ann.text, "correct horse", e));
    must(vidstore_user_link_identity(sys, ann.text, "oidc", "ann", e));
    refused(VIDSTORE_STATE, "id", vidstore_user_purge(sys, ann.text, e));
    refused(VIDSTORE_INVALID, "mode", vidstore_user_remove(sys, ann.text, 3, e));
    refused(VIDSTORE_INVALID, "mode", vidstore_user_remove(sys, ann.text, -1, e));
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_get(sys, ann.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_name(sys, "ann", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_name(sys, "ann@example.org", NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_get_by_identity(sys, "oidc", "ann", NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_verify_password(sys, "ann", "correct horse", NULL, e));
    must(vidstore_user_list(sys, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    vidstore_query_flags(q, VIDSTORE_QUERY_ONLY_DELETED);
    must(vidstore_user_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    const vidstore_user *gone = vidstore_page_user(page, 0);
    ck_assert_int_eq(vidstore_user_state(gone), VIDSTORE_USER_DELETED);
    ck_assert_ptr_null(vidstore_user_email(gone));
    ck_assert_ptr_null(vidstore_user_text(gone, VIDSTORE_USER_FULL_NAME));
    ck_assert_ptr_null(vidstore_user_text(gone, VIDSTORE_USER_METADATA));
    ck_assert_ptr_null(vidstore_user_text(gone, VIDSTORE_USER_EXTERNAL_ID));
    ck_assert_ptr_nonnull(strstr(vidstore_user_username(gone), "deleted-"));
    ck_assert_int_gt(vidstore_user_int64(gone, VIDSTORE_USER_DELETED_US), 0);
    vidstore_page_free(page);
    vidstore_query_free(q);
    must(vidstore_user_purge(sys, ann.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_purge(sys, ann.text, e));
    ck_assert_int_eq(events("action in (user_deleted, user_purged)"), 2);
    ck_assert_int_eq(events("action in (user_deleted, user_purged) and object_name ~ ann"), 0);
}
END_TEST

START_TEST(what_a_user_owns) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    struct id hers = add_video(ann), his = add_video(bob);
    int32_t there = -1;
    refused(VIDSTORE_STATE, "id", vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_exists(sys, hers.text, &there, e));
    ck_assert_int_eq(there, 0);
    must(vidstore_user_remove(sys, bob.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_video_exists(sys, his.text, &there, e));
    ck_assert_int_eq(there, 1);
    refused(VIDSTORE_STATE, "id", vidstore_user_purge(sys, bob.text, e));
    must(vidstore_video_remove(sys, his.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_user_purge(sys, bob.text, e));
}
END_TEST

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

/* --- snapshots
 * -------------------------------------------------------------------------------------------------------------- */

START_TEST(records_outlive_everything) {
    add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_page *page = NULL;
    must(vidstore_user_list(sys, NULL, &page, e));
    vidstore_user *kept = vidstore_user_ref(vidstore_page_user(page, 0)), *again = vidstore_user_ref(kept);
    ck_assert_ptr_null(vidstore_user_ref(NULL));
    ck_assert_ptr_null(vidstore_page_user(page, 1));
    ck_assert_ptr_null(vidstore_page_user(page, -1));
    ck_assert_ptr_null(vidstore_page_video(page, 0)); /* a page of users has no videos */
    close_store();
    vidstore_page_free(page);
    vidstore_user_free(again);
    ck_assert_str_eq(vidstore_user_username(kept), "ann");
    vidstore_user_free(kept);
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
    TCase *tests = tcase_create("users");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, create);
    tcase_add_loop_test(tests, acceptable_values, 0, 2 * VALUES);
    tcase_add_test(tests, unique_values);
    tcase_add_test(tests, creating_again);
    tcase_add_test(tests, update);
    tcase_add_test(tests, json);
    tcase_add_test(tests, remove_leaves_a_tombstone);
    tcase_add_test(tests, what_a_user_owns);
    tcase_add_test(tests, the_last_admin);
    tcase_add_test(tests, passwords);
    tcase_add_test(tests, limits_of_passwords);
    tcase_add_test(tests, known_and_unknown_names_cost_the_same);
    tcase_add_test(tests, identities);
    tcase_add_test(tests, bulk_all_or_nothing);
    tcase_add_test(tests, bulk_each);
    tcase_add_test(tests, bulk_roles_are_on_record);
    tcase_add_test(tests, who_is_there_is_not_to_be_guessed);
    tcase_add_test(tests, bulk_with_passwords);
    tcase_add_test(tests, a_user_sees_only_itself);
    tcase_add_test(tests, rights_are_those_of_now);
    tcase_add_test(tests, stats);
    tcase_add_test(tests, records_outlive_everything);
    tcase_add_test(tests, no_update_is_lost);
    suite_add_tcase(suite, tests);
    return suite;
}
