/* SPDX-License-Identifier: MIT */
/* The end of users: what stays of them, and of what they owned. */
#include "users.h"

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

Suite *users_ends_suite(void);

Suite *users_ends_suite(void) {
    Suite *suite = suite_create("users_ends");
    TCase *t = tcase_create("users");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, remove_leaves_a_tombstone);
    tcase_add_test(t, what_a_user_owns);
    tcase_add_test(t, records_outlive_everything);
    suite_add_tcase(suite, t);
    return suite;
}
