/* SPDX-License-Identifier: MIT */
/* The change feed of what is not work: accounts, settings, a host's tables; and what is another's but may be seen. */
#include "objects.h"
#include "watched.h"

static void rename_file(vidstore_session *s, struct id file, const char *name) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
    must(vidstore_file_update(s, file.text, p, NULL, e));
    vidstore_file_params_free(p);
}

static struct id give(vidstore_session *s, const char *noun, struct id object, struct id subject) {
    vidstore_grant *grant = NULL;
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, noun);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, object.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, subject.text);
    must(vidstore_grant_create(s, p, &grant, e));
    struct id id = id_of(vidstore_grant_id(grant));
    vidstore_grant_free(grant);
    vidstore_grant_params_free(p);
    return id;
}

/* --- accounts ----------------------------------------------------------------------------------------------------- */

START_TEST(keys_leave_entries) {
    char token[VIDSTORE_TOKEN_SIZE];
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob), *by_key = NULL;
    vidstore_watch *w = watch_from(as_ann, "{\"noun\": \"key\"}", NULL), *of_bob = watch_from(as_bob, NULL, NULL);
    vidstore_key *key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "backup");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read");
    must(vidstore_key_create(as_ann, p, &key, token, sizeof token, e));
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "key:created ");
    ck_assert_ptr_nonnull(strstr(last_json, vidstore_key_id(key)));
    ck_assert_ptr_nonnull(strstr(last_json, ann.text));
    ck_assert_ptr_null(strstr(last_json, "backup"));
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "other");
    must(vidstore_key_update(as_ann, vidstore_key_id(key), p, NULL, e));
    must(vidstore_session_key(store, token, NULL, &by_key, e)); /* its use is no change */
    vidstore_session_free(by_key);
    expect(w, "key:updated ");
    must(vidstore_key_revoke(as_ann, vidstore_key_id(key), e));
    expect(w, "key:state ");
    expect(of_bob, "");
    vidstore_key_free(key);
    vidstore_key_params_free(p);
    vidstore_watch_free(w);
    vidstore_watch_free(of_bob);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

START_TEST(logins_leave_entries) {
    char token[VIDSTORE_TOKEN_SIZE];
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_watch *w = watch_from(sys, "{\"noun\": [\"login\", \"key\"]}", NULL);
    must(vidstore_user_set_password(sys, ann.text, "correct horse battery", e));
    must(vidstore_login_create(store, "ann", "correct horse battery", NULL, 0, NULL, NULL, token, sizeof token, e));
    expect(w, "login:created ");
    ck_assert_ptr_nonnull(strstr(last_json, ann.text));
    must(vidstore_login_revoke_all(sys, ann.text, NULL, e));
    expect(w, "login:state ");
    vidstore_watch_free(w);
}
END_TEST

/* A key with few rights learns of what it may list, and no more. */
START_TEST(a_scope_narrows_the_feed) {
    char token[VIDSTORE_TOKEN_SIZE];
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *by_key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "reader");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read");
    must(vidstore_key_create(as_ann, p, NULL, token, sizeof token, e));
    must(vidstore_session_key(store, token, NULL, &by_key, e));
    vidstore_watch *w = watch_from(by_key, NULL, NULL);
    must(vidstore_key_create(as_ann, p, NULL, token, sizeof token, e));
    put_video(as_ann);
    expect(w, "video:created ");
    vidstore_watch_free(w);
    vidstore_key_params_free(p);
    vidstore_session_free(by_key);
    vidstore_session_free(as_ann);
}
END_TEST

/* --- settings and a host's tables ----------------------------------------------------------------------------------
 */

START_TEST(settings_leave_entries) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann);
    vidstore_watch *w = watch_from(as_ann, "{\"noun\": \"setting\", \"kind\": \"updated\"}", NULL);
    set("job.lease_ms", "20000");
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "setting:updated ");
    ck_assert_ptr_nonnull(strstr(last_json, "\"name\":\"job.lease_ms\""));
    ck_assert_ptr_null(strstr(last_json, "\"value\""));
    ck_assert_ptr_null(strstr(last_json, "\"20000\"")); /* quoted: digits alone may stand in an id or a time */
    set("job.lease_ms", "21000");
    set("job.lease_ms", "21000"); /* no change */
    expect(w, "setting:updated ");
    must(vidstore_setting_set(sys, "job.lease_ms", NULL, e));
    expect(w, "setting:updated ");
    vidstore_watch_free(w);
    vidstore_session_free(as_ann);
}
END_TEST

START_TEST(tables_of_the_host_leave_entries) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann);
    vidstore_watch *w = watch_from(sys, "{\"noun\": \"app\"}", NULL), *hers = watch_from(as_ann, NULL, NULL);
    int64_t changes = 0;
    must(vidstore_app_migrate(sys, "0001",
                              "CREATE TABLE app_a (x INTEGER PRIMARY KEY);"
                              "CREATE TABLE app_b (y INTEGER REFERENCES app_a(x) ON DELETE CASCADE)",
                              NULL, e));
    expect(w, "app:updated app:updated ");
    ck_assert_ptr_nonnull(strstr(last_json, "\"name\":\"app_a\""));
    ck_assert_ptr_nonnull(strstr(last_json, "\"name\":\"app_b\""));
    must(vidstore_app_migrate(sys, "0001",
                              "CREATE TABLE app_a (x INTEGER PRIMARY KEY);"
                              "CREATE TABLE app_b (y INTEGER REFERENCES app_a(x) ON DELETE CASCADE)",
                              NULL, e)); /* was applied */
    must(vidstore_app_exec(sys, "INSERT INTO app_a VALUES (1), (2)", NULL, NULL, e));
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "app:updated ");
    ck_assert_ptr_nonnull(strstr(last_json, "\"name\":\"app_a\""));
    must(vidstore_app_exec(sys, "DELETE FROM app_a WHERE x = 7", NULL, &changes, e)); /* none */
    expect(w, "");
    must(vidstore_begin(sys, 0, e));
    must(vidstore_app_exec(sys, "INSERT INTO app_b VALUES (1)", NULL, NULL, e));
    must(vidstore_rollback(sys, e));
    expect(w, "");
    must(vidstore_app_exec(sys, "DELETE FROM app_a", NULL, NULL, e)); /* and perhaps what refers to it */
    expect_within(w, "app:updated ");
    expect(hers, "");
    vidstore_watch_free(w);
    vidstore_watch_free(hers);
    vidstore_session_free(as_ann);
}
END_TEST

/* --- what is another's -------------------------------------------------------------------------------------------- */

START_TEST(a_grant_opens_the_feed) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    vidstore_watch *w = watch_from(as_bob, "{\"noun\": [\"file\", \"grant\"]}", NULL),
                   *all = watch_from(sys, NULL, NULL);
    rename_file(as_ann, file, "one.mp4");
    ck_assert_int_eq(wait_ready(w, 30), 0);
    expect(w, "");
    struct id grant = give(as_ann, "file", file, bob);
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    drain(w);
    ck_assert_ptr_nonnull(strstr(last_json, grant.text));
    rename_file(as_ann, file, "two.mp4");
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "file:updated ");
    ck_assert_ptr_nonnull(strstr(last_json, ann.text));
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    expect(w, "file:removed ");
    must(vidstore_file_restore(as_ann, file.text, NULL, e));
    expect(w, "file:restored ");
    must(vidstore_grant_revoke(as_ann, grant.text, e));
    expect(w, "grant:purged ");
    rename_file(as_ann, file, "three.mp4");
    expect(w, "");
    /* who sees all sees each once */
    expect(all, "file:updated grant:created file:updated file:removed file:restored grant:purged file:updated ");
    vidstore_watch_free(w);
    vidstore_watch_free(all);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

/* A watch that asks for no grants is woken all the same, and one that began before there were any. */
START_TEST(a_grant_on_a_container_reaches_what_hangs_on_it) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    struct id video = put_video(as_ann);
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_RESTRICTED, video.text);
    struct id locked = put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, video.text);
    vidstore_watch *w = watch_from(as_bob, "{\"noun\": [\"file\", \"video\"]}", NULL);
    give(as_ann, "video", video, bob);
    rename_file(as_ann, file, "one.mp4");
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "file:updated ");
    rename_file(as_ann, locked, "mine.mp4");
    expect(w, "");
    vidstore_watch_free(w);
    w = watch_from(as_bob, "{\"noun\": \"file\"}", NULL); /* one that begins later */
    rename_file(as_ann, file, "two.mp4");
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "file:updated ");
    vidstore_watch_free(w);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

START_TEST(open_files_are_seen_by_all_users) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_VIEWER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_watch *w = watch_from(as_bob, NULL, NULL);
    put_file(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL);
    ck_assert_int_eq(wait_ready(w, 30), 0);
    struct id file = put_file(as_ann, VIDSTORE_ACCESS_AUTHENTICATED, NULL);
    ck_assert_int_eq(wait_ready(w, 1000), 1);
    expect(w, "file:created ");
    ck_assert_ptr_nonnull(strstr(last_json, file.text));
    must(vidstore_file_remove(as_ann, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    expect(w, "file:removed ");
    vidstore_watch_free(w);
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}
END_TEST

Suite *watch_rights_suite(void) {
    Suite *suite = suite_create("watch_rights");
    TCase *c = tcase_create("watch_rights");
    tcase_add_checked_fixture(c, begin, end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, keys_leave_entries);
    tcase_add_test(c, logins_leave_entries);
    tcase_add_test(c, a_scope_narrows_the_feed);
    tcase_add_test(c, settings_leave_entries);
    tcase_add_test(c, tables_of_the_host_leave_entries);
    tcase_add_test(c, a_grant_opens_the_feed);
    tcase_add_test(c, a_grant_on_a_container_reaches_what_hangs_on_it);
    tcase_add_test(c, open_files_are_seen_by_all_users);
    suite_add_tcase(suite, c);
    return suite;
}
