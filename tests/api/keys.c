/* SPDX-License-Identifier: MIT */
/* API keys: making, using, narrowing, rotating, ending. */
#include "keys.h"

/* A key for something is no way to more, not even an admin's, and not through the lease that it claims. */
START_TEST(a_narrow_key_of_an_admin) {
    vidstore_user *root = NULL;
    vidstore_file_params *fp = vidstore_file_params_new();
    vidstore_lease *lease = NULL;
    vidstore_text *rows = NULL;
    int64_t count = -1;
    must(vidstore_user_get_by_name(sys, "root", &root, e));
    struct made work = make_key(sys, vidstore_user_id(root), "work", NULL),
                files = make_key(sys, vidstore_user_id(root), "files:write", NULL),
                jobs = make_key(sys, vidstore_user_id(root), "jobs:read", NULL),
                all = make_key(sys, vidstore_user_id(root), "admin", NULL);
    vidstore_file_params_set_text(fp, VIDSTORE_FILE_NAME, "x");
    vidstore_job_params *jp = vidstore_job_params_new();
    vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "full_pipeline");
    vidstore_session *s = session_of(ann);
    for (int i = 0; i < 2; i++)
        must(vidstore_job_submit(s, jp, NULL, e));
    vidstore_session_free(s);
    s = enter(work.token);
    must(vidstore_job_claim(s, "full_pipeline", 0, &lease, e));
    vidstore_session *w = vidstore_lease_session(lease);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_query(w, "SELECT email FROM v_users", NULL, 10, &rows, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_exec(w, "DELETE FROM app_x", NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(w, "/etc/passwd", fp, NULL, e));
    vidstore_lease_free(lease);
    vidstore_session_free(s);
    s = enter(files.token);
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(s, "/etc/passwd", fp, NULL, e));
    vidstore_session_free(s);
    s = enter(jobs.token);
    int null = open("/dev/null", O_WRONLY);
    ck_assert_int_ge(null, 0);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_export(s, NULL, null, &count, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_record(s, "user", NULL, "made up", NULL, e));
    close(null);
    vidstore_session_free(s);
    s = enter(all.token);
    must(vidstore_job_claim(s, "full_pipeline", 0, &lease, e));
    must(vidstore_app_query(vidstore_lease_session(lease), "SELECT email FROM v_users", NULL, 10, &rows, e));
    must(vidstore_file_put_path(vidstore_lease_session(lease), "/etc/passwd", fp, NULL, e));
    must(vidstore_lease_release(lease, e));
    vidstore_text_free(rows);
    vidstore_lease_free(lease);
    vidstore_session_free(s);
    vidstore_user_free(root);
    vidstore_file_params_free(fp);
    vidstore_job_params_free(jp);
}
END_TEST

/* A key is no way round its own bounds. */
START_TEST(a_bound_key_does_not_free_itself) {
    vidstore_user *root = NULL;
    vidstore_key *child = NULL;
    vidstore_origin *here = vidstore_origin_new();
    vidstore_session *s = NULL;
    vidstore_user_params *up = vidstore_user_params_new();
    vidstore_key_params *kp = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE];
    must(vidstore_user_get_by_name(sys, "root", &root, e));
    struct made iam = make_key(sys, vidstore_user_id(root), "iam", "{\"addresses\":\"10.0.0.0/8\"}");
    vidstore_origin_set_text(here, VIDSTORE_ORIGIN_IP, "10.1.2.3");
    must(vidstore_session_key(store, iam.token, here, &s, e));
    vidstore_key *own = NULL;
    must(vidstore_key_get(sys, iam.id.text, &own, e));
    int64_t ends = vidstore_key_expires_us(own);
    vidstore_key_free(own);
    vidstore_key_params_set_json(kp, "{\"name\":\"child\",\"scopes\":\"iam\"}");
    must(vidstore_key_create(s, kp, &child, token, sizeof token, e)); /* bound as its maker is */
    ck_assert_str_eq(vidstore_key_text(child, VIDSTORE_KEY_ADDRESSES), "10.0.0.0/8");
    vidstore_key_free(child);
    vidstore_key_params_set_text(kp, VIDSTORE_KEY_ADDRESSES, "10.2.0.0/16, 10.0.0.1");
    must(vidstore_key_create(s, kp, NULL, token, sizeof token, e));
    vidstore_key_params_set_text(kp, VIDSTORE_KEY_ADDRESSES, "10.2.0.0/16, 192.0.2.0/24");
    refused(VIDSTORE_FORBIDDEN, "addresses", vidstore_key_create(s, kp, NULL, token, sizeof token, e));
    vidstore_key_params_set_text(kp, VIDSTORE_KEY_ADDRESSES, "0.0.0.0/0");
    refused(VIDSTORE_FORBIDDEN, "addresses", vidstore_key_create(s, kp, NULL, token, sizeof token, e));
    vidstore_key_params_set_json(kp, "{\"addresses\":\"10.3.0.0/16\",\"expires\":null}");
    vidstore_key_params_set_int64(kp, VIDSTORE_KEY_EXPIRES_US, 1);
    refused(VIDSTORE_INVALID, "expires", vidstore_key_create(s, kp, NULL, token, sizeof token, e));
    vidstore_key_params_set_int64(kp, VIDSTORE_KEY_EXPIRES_US, (time(NULL) + 360 * 86400) * INT64_C(1000000));
    refused(VIDSTORE_FORBIDDEN, "expires", vidstore_key_create(s, kp, NULL, token, sizeof token, e));
    vidstore_key_params_free(kp);
    kp = vidstore_key_params_new();
    vidstore_key_params_set_json(kp, "{\"addresses\":null}");
    refused(VIDSTORE_FORBIDDEN, "addresses", vidstore_key_update(s, iam.id.text, kp, NULL, e));
    must(vidstore_key_rotate(s, iam.id.text, INT64_MIN, &child, token, sizeof token, e)); /* within its own time */
    ck_assert_str_eq(vidstore_key_text(child, VIDSTORE_KEY_ADDRESSES), "10.0.0.0/8");
    ck_assert_int_le(vidstore_key_expires_us(child), ends);
    vidstore_key_free(child);
    vidstore_user_params_set_json(up, "{\"username\":\"mallory\",\"role\":\"admin\"}");
    refused(VIDSTORE_FORBIDDEN, "role", vidstore_user_create(s, up, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "role", vidstore_user_update(s, ann.text, up, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "role",
            vidstore_user_set_password(s, vidstore_user_id(root), "a long password here", e));
    refused(VIDSTORE_FORBIDDEN, "role", vidstore_user_link_identity(s, vidstore_user_id(root), "oidc", "me", e));
    must(vidstore_user_set_password(s, ann.text, "a long password here", e));
    vidstore_session_free(s);
    vidstore_user_free(root);
    vidstore_user_params_free(up);
    vidstore_key_params_free(kp);
    vidstore_origin_free(here);
}
END_TEST

/* The scope "profile" is the owner's own record, for admins, too. */
START_TEST(a_profile_is_ones_own) {
    vidstore_user *root = NULL;
    vidstore_page *page = NULL;
    int64_t count = -1;
    must(vidstore_user_get_by_name(sys, "root", &root, e));
    struct made made = make_key(sys, vidstore_user_id(root), "profile", NULL);
    vidstore_session *s = enter(made.token);
    must(vidstore_user_get(s, vidstore_user_id(root), NULL, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_user_get(s, ann.text, NULL, e));
    must(vidstore_user_list(s, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    must(vidstore_user_count(s, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    vidstore_page_free(page);
    vidstore_session_free(s);
    vidstore_user_free(root);
}
END_TEST

/* Neither a lease nor a snapshot outlives the key that it came by. */
START_TEST(what_is_revoked_is_out_at_once) {
    vidstore_user *root = NULL;
    vidstore_lease *lease = NULL;
    vidstore_job_params *jp = vidstore_job_params_new();
    must(vidstore_user_get_by_name(sys, "root", &root, e));
    struct made work = make_key(sys, vidstore_user_id(root), "work", NULL),
                all = make_key(sys, vidstore_user_id(root), "admin", NULL);
    vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "full_pipeline");
    must(vidstore_job_submit(sys, jp, NULL, e));
    vidstore_session *worker = enter(work.token), *reader = enter(all.token);
    must(vidstore_job_claim(worker, "full_pipeline", 0, &lease, e));
    must(vidstore_video_create(vidstore_lease_session(lease), NULL, NULL, e));
    must(vidstore_snapshot_begin(reader, 10000, e));
    must(vidstore_user_list(reader, NULL, NULL, e));
    must(vidstore_key_revoke(sys, work.id.text, e));
    must(vidstore_key_revoke(sys, all.id.text, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_create(vidstore_lease_session(lease), NULL, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_user_list(reader, NULL, NULL, e));
    vidstore_lease_free(lease);
    vidstore_session_free(worker);
    vidstore_session_free(reader);
    vidstore_user_free(root);
    vidstore_job_params_free(jp);
}
END_TEST

/* Whoever has one address of a network of IPv6 has all of them. */
START_TEST(a_network_knocks_as_one) {
    vidstore_origin *from = vidstore_origin_new();
    int throttled = 0;
    for (int i = 0; i < 200; i++) {
        char ip[64];
        vidstore_session *s = NULL;
        snprintf(ip, sizeof ip, "2001:db8:1:2::%x", i + 1);
        vidstore_origin_set_text(from, VIDSTORE_ORIGIN_IP, ip);
        throttled += vidstore_session_key(store, "rubbish", from, &s, NULL) == VIDSTORE_THROTTLED;
    }
    ck_assert_int_ge(throttled, 99);
    ck_assert_int_le(events("action = auth_failed"), 2);
    vidstore_origin_free(from);
}
END_TEST

START_TEST(a_key_opens_a_session) {
    struct made made = make_key(sys, ann.text, "write, jobs:read", NULL);
    ck_assert_uint_eq(strlen(made.token), VIDSTORE_TOKEN_SIZE - 1);
    ck_assert_int_eq(vidstore_token_kind(made.token), VIDSTORE_TOKEN_KEY);
    vidstore_session *s = enter(made.token);
    ck_assert_str_eq(vidstore_session_user_id(s), ann.text);
    ck_assert_int_eq(vidstore_session_role(s), VIDSTORE_ROLE_USER);
    must(vidstore_video_create(s, NULL, NULL, e));
    must(vidstore_video_list(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    vidstore_key *key = NULL;
    must(vidstore_key_get(sys, made.id.text, &key, e));
    ck_assert_str_eq(vidstore_key_scopes(key), "write,jobs:read");
    ck_assert_str_eq(vidstore_key_name(key), "backup");
    ck_assert_str_eq(vidstore_key_user_id(key), ann.text);
    ck_assert_int_gt(vidstore_key_expires_us(key), vidstore_key_int64(key, VIDSTORE_KEY_CREATED_US));
    ck_assert_int_eq(strncmp(vidstore_key_text(key, VIDSTORE_KEY_TOKEN_ID), made.token + 4, 14), 0);
    vidstore_text *json = NULL;
    must(vidstore_key_json(key, &json, e));
    ck_assert_ptr_null(strstr(vidstore_text_data(json), made.token + 19)); /* nothing of the secret */
    vidstore_text_free(json);
    vidstore_key_free(key);
    ck_assert_int_eq(events("action = api_key_created"), 1);
}
END_TEST

/* A person makes keys for itself, and for nobody else. */
START_TEST(whose_keys) {
    struct id bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(ann);
    struct made mine = make_key(s, NULL, NULL, NULL), his = make_key(sys, bob.text, NULL, NULL);
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "n");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, bob.text);
    refused(VIDSTORE_FORBIDDEN, "user_id", vidstore_key_create(s, p, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    vidstore_key_params_free(p);
    vidstore_page *page = NULL;
    must(vidstore_key_list(s, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 1);
    ck_assert_str_eq(vidstore_key_id(vidstore_page_key(page, 0)), mine.id.text);
    vidstore_page_free(page);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_key_get(s, his.id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_key_revoke(s, his.id.text, e));
    must(vidstore_key_revoke(s, mine.id.text, e));
    vidstore_session_free(s);
}
END_TEST

static const struct {
    const char *json, *field;
    vidstore_status status;
} bad[] = {
    {"{}", "name", VIDSTORE_INVALID},
    {"{\"name\":\"\"}", "name", VIDSTORE_INVALID},
    {"{\"name\":\"a\\nb\"}", "name", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"scopes\":\"everything\"}", "scopes", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"scopes\":\"  , \"}", "scopes", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"addresses\":\"10.0.0.0/33\"}", "addresses", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"addresses\":\"10.0.0.0/-1\"}", "addresses", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"addresses\":\"ten\"}", "addresses", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"addresses\":\"\"}", "addresses", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"expires\":null}", "expires", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"expires\":1000}", "expires", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"expires\":200000000000000000}", "expires", VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"revoked\":null}", NULL, VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"digest\":\"00\"}", NULL, VIDSTORE_INVALID},
    {"{\"name\":\"a\",\"user_id\":\"0190f5fe-7c00-7a00-8abc-012345678901\"}", "user_id", VIDSTORE_INVALID},
};

START_TEST(attack_31_bad_values) {
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_key_params_set_json(p, bad[_i].json);
    refused(bad[_i].status, bad[_i].field, vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    vidstore_key_params_free(p);
}
END_TEST

START_TEST(buffers) {
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "n");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    refused(VIDSTORE_INVALID, "token_size", vidstore_key_create(sys, p, NULL, token, sizeof token - 1, e));
    ck_assert_str_eq(token, "");
    refused(VIDSTORE_INVALID, "token_size", vidstore_key_create(sys, p, NULL, token, -1, e));
    refused(VIDSTORE_MISUSE, "ret_token", vidstore_key_create(sys, p, NULL, NULL, sizeof token, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_key_create(NULL, p, NULL, token, sizeof token, e));
    vidstore_key_params_clear(p, VIDSTORE_KEY_USER_ID);
    refused(VIDSTORE_INVALID, "user_id", vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    vidstore_key_params_free(p);
    int64_t count = -1;
    must(vidstore_key_count(sys, NULL, &count, e));
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(at_most_fifty) {
    struct made made = {0};
    for (int i = 0; i < 50; i++)
        made = make_key(sys, ann.text, NULL, NULL);
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "one more");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    refused(VIDSTORE_QUOTA, "user_id", vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    must(vidstore_key_rotate(sys, made.id.text, 0, NULL, token, sizeof token, e));
    must(vidstore_key_revoke(sys, made.id.text, e));
    refused(VIDSTORE_QUOTA, "user_id", vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    vidstore_key_params_free(p);
}
END_TEST

/* The outcome of a create that was not seen can be asked for; the secret can not. */
START_TEST(creating_again) {
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE], again[VIDSTORE_TOKEN_SIZE] = "x";
    vidstore_key *key = NULL;
    vidstore_key_params_set_json(p, "{\"id\":\"0190f5fe-7c00-7a00-8abc-012345678901\",\"name\":\"n\"}");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, ann.text);
    must(vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    must(vidstore_key_create(sys, p, &key, again, sizeof again, e));
    ck_assert_str_eq(again, "");
    ck_assert_str_eq(vidstore_key_name(key), "n");
    vidstore_key_free(key);
    vidstore_session_free(enter(token));
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "another");
    refused(VIDSTORE_CONFLICT, "name", vidstore_key_create(sys, p, NULL, again, sizeof again, e));
    vidstore_key_params_free(p);
}
END_TEST

/* What is made in a transaction that is undone was never good. */
START_TEST(undone) {
    must(vidstore_begin(sys, 0, e));
    struct made made = make_key(sys, ann.text, NULL, NULL);
    must(vidstore_rollback(sys, e));
    no_entry(made.token);
}
END_TEST

START_TEST(upkeep_ends_keys) {
    struct made expired = make_key(sys, ann.text, NULL, NULL), unused = make_key(sys, ann.text, NULL, NULL);
    vidstore_text *report = NULL;
    char text[200];
    snprintf(text, sizeof text, "UPDATE api_keys SET expires_us = 1000000 WHERE token_id = '%.14s'", expired.token + 4);
    sql(text);
    snprintf(text, sizeof text, "UPDATE api_keys SET created_us = created_us - 15552001000000 WHERE token_id = '%.14s'",
             unused.token + 4);
    sql(text);
    vidstore_session_free(enter(make_key(sys, ann.text, NULL, NULL).token));
    must(vidstore_maintain(sys, 1000, 0, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "\"keys_ended\":2"));
    vidstore_text_free(report);
    no_entry(unused.token);
    ck_assert_int_eq(events("action = key_expired"), 1);
    ck_assert_int_eq(events("action = api_key_revoked"), 1);
}
END_TEST

Suite *keys_suite(void);

Suite *keys_suite(void) {
    Suite *suite = suite_create("keys");
    TCase *t = tcase_create("keys");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, end);
    tcase_add_test(t, a_key_opens_a_session);
    tcase_add_test(t, a_narrow_key_of_an_admin);
    tcase_add_test(t, a_network_knocks_as_one);
    tcase_add_test(t, a_bound_key_does_not_free_itself);
    tcase_add_test(t, a_profile_is_ones_own);
    tcase_add_test(t, what_is_revoked_is_out_at_once);
    tcase_add_test(t, whose_keys);
    tcase_add_loop_test(t, attack_31_bad_values, 0, sizeof bad / sizeof *bad);
    tcase_add_test(t, buffers);
    tcase_add_test(t, at_most_fifty);
    tcase_add_test(t, creating_again);
    tcase_add_test(t, undone);
    tcase_add_test(t, upkeep_ends_keys);
    suite_add_tcase(suite, t);
    return suite;
}
