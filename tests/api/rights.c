/* SPDX-License-Identifier: MIT */
/* What a user's session must not reach, each by the way in which it once could. */
#include "harness.h"

static char alice[40], bob[40];
static vidstore_session *as_alice, *as_bob;

static void add(const char *name, int32_t role, char id[40]) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user *user = NULL;
    char email[80];
    snprintf(email, sizeof email, "%s@example.org", name);
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_user_params_set_text(p, VIDSTORE_USER_EMAIL, email);
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, role);
    vidstore_user_params_set_int64(p, VIDSTORE_USER_EMAIL_VERIFIED, 1);
    must(vidstore_user_create(sys, p, &user, e));
    snprintf(id, 40, "%s", vidstore_user_id(user));
    vidstore_user_free(user);
    vidstore_user_params_free(p);
}

static void start(void) {
    make_folder();
    open_store();
    add("alice", VIDSTORE_ROLE_USER, alice);
    add("bob", VIDSTORE_ROLE_USER, bob);
    must(vidstore_session_on_behalf(store, alice, NULL, &as_alice, e));
    must(vidstore_session_on_behalf(store, bob, NULL, &as_bob, e));
}

static void stop(void) {
    vidstore_session_free(as_alice);
    vidstore_session_free(as_bob);
    close_store();
    remove_folder();
}

static void put(vidstore_session *session, int32_t access, char id[40]) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_upload *upload = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "secret.mp4");
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, access);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_METADATA, "{\"note\":\"for me\"}");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_SIGNED_URL, "https://cdn.example.org/x?signature=abc");
    must(vidstore_upload_open(session, p, &upload, e));
    must(vidstore_upload_write(upload, "bytes", 5, e));
    must(vidstore_upload_seal(upload, 5, e));
    must(vidstore_upload_publish(session, upload, &file, e));
    snprintf(id, 40, "%s", vidstore_file_id(file));
    vidstore_file_free(file);
    vidstore_upload_free(upload);
    vidstore_file_params_free(p);
}

static int64_t denials(void) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    must(vidstore_query_filter(q, "action = access_denied", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

START_TEST(a_video_names_only_files_of_its_owner) {
    static const int32_t links[] = {VIDSTORE_VIDEO_SOURCE_FILE_ID, VIDSTORE_VIDEO_PROCESSED_FILE_ID};
    char hers[40], his[40];
    put(as_alice, VIDSTORE_ACCESS_PRIVATE, hers);
    put(as_bob, VIDSTORE_ACCESS_PRIVATE, his);
    for (size_t i = 0; i < 2; i++) {
        vidstore_video_params *p = vidstore_video_params_new();
        vidstore_video_params_set_text(p, links[i], hers);
        refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_create(as_bob, p, NULL, e));
        vidstore_video_params_set_text(p, links[i], his);
        must(vidstore_video_create(as_bob, p, NULL, e));
        vidstore_video_params_free(p);
    }
}
END_TEST

START_TEST(a_name_is_nobodys_address) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, "alice@example.org");
    refused(VIDSTORE_INVALID, "username", vidstore_user_update(sys, bob, p, NULL, e));
    vidstore_user_params_free(p);
}
END_TEST

static int64_t verified(vidstore_user_params *p) {
    vidstore_user *user = NULL;
    must(vidstore_user_update(sys, bob, p, &user, e));
    int64_t value = vidstore_user_int64(user, VIDSTORE_USER_EMAIL_VERIFIED);
    vidstore_user_free(user);
    return value;
}

/* Names to log in with are not a user's own to choose: it would learn which are taken, and could take another's address
 * without having it. */
START_TEST(a_new_address_is_not_verified) {
    vidstore_user_params *p = vidstore_user_params_new(), *both = vidstore_user_params_new();
    vidstore_user_params_set_int64(both, VIDSTORE_USER_EMAIL_VERIFIED, 1);
    ck_assert_int_eq(verified(both), 1);
    vidstore_user_params_set_text(p, VIDSTORE_USER_EMAIL, "ceo@example.com");
    refused(VIDSTORE_FORBIDDEN, "email", vidstore_user_update(as_bob, bob, p, NULL, e));
    ck_assert_int_eq(verified(p), 0);
    vidstore_user_params_set_text(both, VIDSTORE_USER_EMAIL, "bob@example.com");
    ck_assert_int_eq(verified(both), 1); /* an admin may say so */
    vidstore_user_params_set_text(both, VIDSTORE_USER_EMAIL, "bob@example.net");
    ck_assert_int_eq(verified(both), 1);
    vidstore_user_params_free(p);
    vidstore_user_params_free(both);
}
END_TEST

START_TEST(a_user_does_not_choose_its_external_id) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_EXTERNAL_ID, "sso|admin-42");
    refused(VIDSTORE_FORBIDDEN, "external_id", vidstore_user_update(as_bob, bob, p, NULL, e));
    vidstore_user_params_free(p);
}
END_TEST

START_TEST(a_suspended_account_is_out_at_the_next_call) {
    vidstore_session *admin = NULL;
    char carol[40];
    add("carol", VIDSTORE_ROLE_ADMIN, carol);
    add("dora", VIDSTORE_ROLE_ADMIN, (char[40]){0});
    must(vidstore_session_on_behalf(store, carol, NULL, &admin, e));
    must(vidstore_setting_set(admin, "fetch.tries", "3", e));
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_USER);
    must(vidstore_user_update(sys, carol, p, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(admin, "fetch.tries", "4", e));
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_ADMIN);
    refused(VIDSTORE_FORBIDDEN, "role", vidstore_user_update(admin, carol, p, NULL, e));
    vidstore_user_params_free(p);
    must(vidstore_user_set_state(sys, carol, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_get(admin, carol, NULL, e));
    vidstore_session_free(admin);
}
END_TEST

START_TEST(a_public_file_does_not_tell_all) {
    static const int32_t hidden[] = {VIDSTORE_FILE_USER_ID,     VIDSTORE_FILE_METADATA, VIDSTORE_FILE_SIGNED_URL,
                                     VIDSTORE_FILE_STORAGE_KEY, VIDSTORE_FILE_BLOB_ID,  VIDSTORE_FILE_EXTERNAL_ID};
    char id[40];
    vidstore_session *nobody = NULL;
    vidstore_file *got = NULL;
    vidstore_page *page = NULL;
    put(as_alice, VIDSTORE_ACCESS_PUBLIC, id);
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    must(vidstore_file_get(nobody, id, &got, e));
    must(vidstore_file_list(nobody, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        ck_assert_int_eq(vidstore_file_is_null(got, hidden[i]), 1);
        ck_assert_int_eq(vidstore_file_is_null(vidstore_page_file(page, 0), hidden[i]), 1);
    }
    ck_assert_str_eq(vidstore_file_name(got), "secret.mp4");
    vidstore_file_free(got);
    must(vidstore_file_get(as_alice, id, &got, e));
    ck_assert_str_eq(vidstore_file_text(got, VIDSTORE_FILE_METADATA), "{\"note\":\"for me\"}");
    vidstore_file_free(got);
    vidstore_page_free(page);
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(the_same_refusal_again_is_counted) {
    int64_t before = denials(), times = refusals();
    for (int i = 0; i < 200; i++)
        refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(as_bob, "fetch.tries", "4", e));
    vidstore_session_free(as_bob);
    as_bob = NULL;
    ck_assert_int_eq(refusals() - times, 200);
    ck_assert_int_le(denials() - before, 3);
}
END_TEST

/* Whoever asks for what is not there fills no audit, however many ids it has and sessions it makes. */
START_TEST(refusals_at_many_objects_leave_few_events) {
    int64_t before = denials(), times = refusals();
    char id[40];
    for (int i = 0; i < 300; i++) {
        vidstore_session *s = NULL;
        must(vidstore_session_on_behalf(store, bob, NULL, &s, e));
        snprintf(id, sizeof id, "01a20422-f9d0-707c-abfb-%012x", i);
        refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(s, id, NULL, e));
        vidstore_session_free(s);
    }
    ck_assert_int_eq(refusals() - times, 300);
    ck_assert_int_ge(denials() - before, 20); /* so many objects raise an alert */
    ck_assert_int_le(denials() - before, 40);
}
END_TEST

static void *hold_the_writer(void *session) {
    must(vidstore_begin(session, 0, e));
    sleep_ms(1500);
    must(vidstore_rollback(session, e));
    return NULL;
}

START_TEST(a_refusal_waits_for_nobody) {
    char id[40];
    pthread_t holder;
    vidstore_session *s = NULL;
    put(as_alice, VIDSTORE_ACCESS_PRIVATE, id);
    int64_t times = refusals();
    must(vidstore_session_system(store, "holder", &s, e));
    ck_assert_int_eq(pthread_create(&holder, NULL, hold_the_writer, s), 0);
    sleep_ms(200);
    int64_t began = now_ms();
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, id, NULL, e));
    vidstore_session_free(as_bob);
    as_bob = NULL;
    ck_assert_int_lt(now_ms() - began, 800);
    pthread_join(holder, NULL);
    vidstore_session_free(s);
    ck_assert_int_eq(refusals() - times, 1);
}
END_TEST

START_TEST(closing_writes_what_was_refused) {
    int64_t times = refusals();
    for (int i = 0; i < 3; i++)
        refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(as_bob, "fetch.tries", "4", e));
    vidstore_session_free(as_bob);
    vidstore_session_free(as_alice);
    as_alice = as_bob = NULL;
    close_store();
    open_store();
    ck_assert_int_eq(refusals() - times, 3);
}
END_TEST

START_TEST(what_is_told_as_absent_is_on_record_as_refused) {
    char id[40];
    put(as_alice, VIDSTORE_ACCESS_PRIVATE, id);
    int64_t before = denials();
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, id, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_remove(as_bob, id, VIDSTORE_REMOVE_RESTRICT, e));
    ck_assert_int_ge(denials() - before, 1);
}
END_TEST

START_TEST(a_refusal_survives_anothers_transaction) {
    int64_t before = denials();
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(as_bob, "fetch.tries", "4", e));
    must(vidstore_rollback(sys, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_create(as_bob, NULL, NULL, e));
    ck_assert_int_eq(denials() - before, 2);
}
END_TEST

START_TEST(rights_come_before_work) {
    vidstore_session *nobody = NULL;
    vidstore_user_params *p[100];
    struct timespec from, to;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    for (int i = 0; i < 100; i++) {
        p[i] = vidstore_user_params_new();
        vidstore_user_params_set_text(p[i], VIDSTORE_USER_PASSWORD, "correct horse battery");
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    refused(VIDSTORE_FORBIDDEN, NULL,
            vidstore_user_bulk_create(nobody, (const vidstore_user_params *const *)p, 100, 0, NULL, e));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    ck_assert_msg(to.tv_sec - from.tv_sec < 2, "a hundred passwords were hashed for nobody");
    for (int i = 0; i < 100; i++)
        vidstore_user_params_free(p[i]);
    vidstore_session_free(nobody);
}
END_TEST

Suite *rights_suite(void) {
    Suite *s = suite_create("rights");
    TCase *c = tcase_create("rights");
    tcase_add_checked_fixture(c, start, stop);
    tcase_add_test(c, a_video_names_only_files_of_its_owner);
    tcase_add_test(c, a_name_is_nobodys_address);
    tcase_add_test(c, a_new_address_is_not_verified);
    tcase_add_test(c, a_user_does_not_choose_its_external_id);
    tcase_add_test(c, a_suspended_account_is_out_at_the_next_call);
    tcase_add_test(c, a_public_file_does_not_tell_all);
    tcase_add_test(c, the_same_refusal_again_is_counted);
    tcase_add_test(c, refusals_at_many_objects_leave_few_events);
    tcase_add_test(c, a_refusal_waits_for_nobody);
    tcase_add_test(c, closing_writes_what_was_refused);
    tcase_add_test(c, what_is_told_as_absent_is_on_record_as_refused);
    tcase_add_test(c, a_refusal_survives_anothers_transaction);
    tcase_add_test(c, rights_come_before_work);
    suite_add_tcase(s, c);
    return s;
}
