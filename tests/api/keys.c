/* SPDX-License-Identifier: MIT */
/* API keys: making, using, narrowing, rotating, ending. */
#include "harness.h"
#include <ctype.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <vidstore/query.h>

static struct id ann;

static void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
}

struct made {
    struct id id;
    char token[VIDSTORE_TOKEN_SIZE];
};

static struct made make_key(vidstore_session *s, const char *user, const char *scopes, const char *json) {
    struct made made;
    vidstore_key *key = NULL;
    vidstore_key_params *p = vidstore_key_params_new();
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "backup");
    if (user)
        vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, user);
    if (scopes)
        vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, scopes);
    if (json)
        vidstore_key_params_set_json(p, json);
    must(vidstore_key_create(s, p, &key, made.token, sizeof made.token, e));
    vidstore_key_params_free(p);
    made.id = id_of(vidstore_key_id(key));
    vidstore_key_free(key);
    return made;
}

static vidstore_session *enter(const char *token) {
    vidstore_session *s = NULL;
    must(vidstore_session_key(store, token, NULL, &s, e));
    return s;
}

static void no_entry(const char *token) {
    vidstore_session *s = (vidstore_session *)-1;
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_session_key(store, token, NULL, &s, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_str_eq(vidstore_error_message(error), "the key does not count"); /* whatever is wrong */
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CREDENTIAL);
    ck_assert_ptr_null(s);
    vidstore_error_free(error);
}

static void sql(const char *text) {
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

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

START_TEST(attack_26_texts_that_are_no_keys) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    char text[128];
    for (size_t at = 0; at < VIDSTORE_TOKEN_SIZE - 1; at++) { /* every character counts */
        strcpy(text, made.token);
        text[at] = text[at] == 'A' ? 'B' : 'A';
        ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_UNKNOWN);
        if (at % 8 == 0)
            no_entry(text);
        strcpy(text, made.token);
        text[at] = '\0';
        ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_UNKNOWN);
    }
    snprintf(text, sizeof text, "%s\n", made.token);
    no_entry(text);
    for (char *c = strcpy(text, made.token); *c; c++)
        *c = (char)tolower(*c);
    no_entry(text);
    no_entry("");
    no_entry("vsk_\xFF");
    char *long_one = malloc(10000001);
    memset(long_one, 'A', 10000000);
    long_one[10000000] = '\0';
    memcpy(long_one, "vsk_", 4);
    no_entry(long_one);
    free(long_one);
    ck_assert_int_eq(vidstore_token_kind(NULL), VIDSTORE_TOKEN_UNKNOWN);
    refused(VIDSTORE_MISUSE, "token", vidstore_session_key(store, NULL, NULL, NULL, e));
    vidstore_session_free(enter(made.token));
    ck_assert_int_eq(events("action = auth_failed and noun = key"), 1); /* not one a try */
}
END_TEST

/* Checksum and form of a text put together from two keys. */
static void join(char ret[VIDSTORE_TOKEN_SIZE], const char *id, const char *secret) {
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint32_t crc = 0xFFFFFFFF;
    memcpy(ret, id, 19);
    memcpy(ret + 19, secret + 19, 43);
    for (int i = 0; i < 62; i++) {
        crc ^= (unsigned char)ret[i];
        for (int b = 0; b < 8; b++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    crc = ~crc;
    for (int i = 67; i > 61; i--, crc /= 62)
        ret[i] = digits[crc % 62];
    ret[68] = '\0';
}

START_TEST(attack_27_the_id_of_one_and_the_secret_of_another) {
    struct made a = make_key(sys, ann.text, NULL, NULL), b = make_key(sys, ann.text, NULL, NULL);
    char text[VIDSTORE_TOKEN_SIZE];
    join(text, a.token, a.token);
    ck_assert_str_eq(text, a.token);
    join(text, a.token, b.token);
    ck_assert_int_eq(vidstore_token_kind(text), VIDSTORE_TOKEN_KEY);
    no_entry(text);
    ck_assert_int_eq(events("action = auth_failed and description = \"wrong secret\""), 1);
    memset(text + 4, 'z', 14);
    join(text, text, a.token);
    no_entry(text);
    ck_assert_int_eq(events("action = auth_failed and description = \"no such key\""), 1);
}
END_TEST

START_TEST(attack_29_ended_between_two_calls) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    vidstore_session *s = enter(made.token);
    must(vidstore_video_list(s, NULL, NULL, e));
    must(vidstore_key_revoke(sys, made.id.text, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    no_entry(made.token);
    must(vidstore_key_revoke(sys, made.id.text, e)); /* once is enough, twice is no harm */
    ck_assert_int_eq(events("action = api_key_revoked"), 1);
    made = make_key(sys, ann.text, NULL, NULL);
    s = enter(made.token);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    no_entry(made.token);
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    must(vidstore_video_list(s, NULL, NULL, e));
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_DEACTIVATED, NULL, e));
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_ACTIVE, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e)); /* nothing is revived */
    no_entry(made.token);
    vidstore_session_free(s);
    made = make_key(sys, ann.text, NULL, NULL);
    sql("UPDATE api_keys SET expires_us = 1000000 WHERE revoked_us IS NULL");
    no_entry(made.token);
    made = make_key(sys, ann.text, NULL, NULL);
    s = enter(made.token);
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    refused(VIDSTORE_UNAUTHENTICATED, "session", vidstore_video_list(s, NULL, NULL, e));
    vidstore_session_free(s);
    no_entry(made.token);
}
END_TEST

START_TEST(attack_31_a_key_widens_nothing) {
    struct id boss = add_user("boss", VIDSTORE_ROLE_ADMIN);
    vidstore_session *s = enter(make_key(sys, boss.text, "read", NULL).token);
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "n");
    vidstore_video_list(s, NULL, NULL, NULL);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_key_create(s, p, NULL, token, sizeof token, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_video_create(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_list(s, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(s, "job.lease_ms", "1000", e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_user_set_password(s, ann.text, "correct horse battery", e));
    vidstore_session_free(s);
    struct made iam = make_key(sys, boss.text, "iam,read", NULL);
    s = enter(iam.token);
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read");
    must(vidstore_key_create(s, p, NULL, token, sizeof token, e));
    vidstore_key_params_set_text(p, VIDSTORE_KEY_SCOPES, "read,admin");
    refused(VIDSTORE_FORBIDDEN, "scopes", vidstore_key_create(s, p, NULL, token, sizeof token, e));
    refused(VIDSTORE_FORBIDDEN, "scopes", vidstore_key_update(s, iam.id.text, p, NULL, e));
    vidstore_key_params_free(p);
    p = vidstore_key_params_new();
    vidstore_key_params_set_int64(p, VIDSTORE_KEY_EXPIRES_US, INT64_C(9000000000000000));
    refused(VIDSTORE_INVALID, "expires", vidstore_key_update(s, iam.id.text, p, NULL, e));
    /* What only an admin may do ends with the role, on the next call. */
    vidstore_key_params_free(p);
    must(vidstore_user_list(s, NULL, NULL, e));
    vidstore_user_params *u = vidstore_user_params_new();
    vidstore_user_params_set_text(u, VIDSTORE_USER_ROLE, "user");
    must(vidstore_user_update(sys, boss.text, u, NULL, e));
    vidstore_user_params_free(u);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_user_list(s, NULL, NULL, e));
    vidstore_session_free(s);
}
END_TEST

START_TEST(attack_33_rotation) {
    struct made old = make_key(sys, ann.text, "jobs:write", "{\"addresses\": \"127.0.0.0/8\"}");
    vidstore_key *key = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    vidstore_origin *here = vidstore_origin_new();
    vidstore_origin_set_text(here, VIDSTORE_ORIGIN_IP, "127.1.2.3");
    must(vidstore_key_rotate(sys, old.id.text, INT64_MIN, &key, token, sizeof token, e));
    ck_assert_str_eq(vidstore_key_scopes(key), "jobs:write");
    ck_assert_str_eq(vidstore_key_text(key, VIDSTORE_KEY_ADDRESSES), "127.0.0.0/8");
    vidstore_key_free(key);
    must(vidstore_session_key(store, token, here, &s, e));
    vidstore_session_free(s);
    must(vidstore_session_key(store, old.token, here, &s, e)); /* for a day both are good */
    vidstore_session_free(s);
    must(vidstore_key_get(sys, old.id.text, &key, e));
    ck_assert_int_lt(vidstore_key_expires_us(key),
                     vidstore_key_int64(key, VIDSTORE_KEY_UPDATED_US) + INT64_C(86400000001));
    vidstore_key_free(key);
    refused(VIDSTORE_CONFLICT, "id", vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    ck_assert_str_eq(token, "");
    old = make_key(sys, ann.text, NULL, NULL);
    must(vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    no_entry(old.token);
    vidstore_session_free(enter(token));
    refused(VIDSTORE_INVALID, "overlap_ms",
            vidstore_key_rotate(sys, old.id.text, INT64_C(604800001), NULL, token, sizeof token, e));
    refused(VIDSTORE_CONFLICT, "id", vidstore_key_rotate(sys, old.id.text, 0, NULL, token, sizeof token, e));
    ck_assert_int_eq(events("action = api_key_rotated"), 2);
    vidstore_origin_free(here);
}
END_TEST

static const struct {
    const char *addresses, *ip;
    int good;
} sources[] = {
    {"10.0.0.0/8", "10.255.0.1", 1},
    {"10.0.0.0/8", "11.0.0.1", 0},
    {"10.0.0.0/8", NULL, 0},
    {"10.0.0.0/8", "ten", 0},
    {"10.0.0.0/8", "::ffff:10.1.1.1", 1},
    {"192.0.2.7", "192.0.2.7", 1},
    {"192.0.2.7", "192.0.2.8", 0},
    {"2001:db8::/33", "2001:db8:7fff::1", 1},
    {"2001:db8::/33", "2001:db8:8000::1", 0},
    {"0.0.0.0/0", "2001:db8::1", 0},
    {"10.0.0.0/8, ::/0", "2001:db8::1", 1},
    {NULL, NULL, 1},
    {"10.0.0.0/8", "10.0.0.1 ", 0},
};

START_TEST(attack_22_networks) {
    char json[100] = "{}", token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    vidstore_origin *from = vidstore_origin_new();
    if (sources[_i].addresses)
        snprintf(json, sizeof json, "{\"addresses\":\"%s\"}", sources[_i].addresses);
    strcpy(token, make_key(sys, ann.text, NULL, json).token);
    vidstore_origin_set_text(from, VIDSTORE_ORIGIN_IP, sources[_i].ip);
    if (sources[_i].good)
        must(vidstore_session_key(store, token, from, &s, e));
    else
        refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_key(store, token, from, &s, e));
    vidstore_session_free(s);
    vidstore_origin_free(from);
}
END_TEST

/* Reading with a key writes nothing; the uses are there when the store was closed. */
START_TEST(attack_34_last_use) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    vidstore_key *key = NULL;
    for (int i = 0; i < 3; i++) {
        vidstore_session *s = enter(made.token);
        must(vidstore_video_list(s, NULL, NULL, e));
        vidstore_session_free(s);
    }
    must(vidstore_key_get(sys, made.id.text, &key, e));
    ck_assert_int_eq(vidstore_key_is_null(key, VIDSTORE_KEY_LAST_USED_US), 1);
    vidstore_key_free(key);
    close_store();
    open_store();
    must(vidstore_key_get(sys, made.id.text, &key, e));
    ck_assert_int_eq(vidstore_key_int64(key, VIDSTORE_KEY_USE_COUNT), 6);
    ck_assert_int_ge(vidstore_key_int64(key, VIDSTORE_KEY_LAST_USED_US),
                     vidstore_key_int64(key, VIDSTORE_KEY_CREATED_US));
    vidstore_key_free(key);
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    vidstore_session_free(enter(made.token)); /* also where nothing can be written */
    vidstore_open_params_free(p);
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

START_TEST(junk_in_masses) {
    vidstore_error *error = NULL;
    for (int i = 0; i < 100; i++)
        no_entry("vsk_junk");
    ck_assert_int_eq(vidstore_session_key(store, "vsk_junk", NULL, NULL, &error), VIDSTORE_THROTTLED);
    ck_assert_int_gt(vidstore_error_retry_after_ms(error), 0);
    vidstore_error_free(error);
    vidstore_session_free(enter(make_key(sys, ann.text, NULL, NULL).token)); /* a key is a key all the same */
}
END_TEST

/* --- at once, and cut off */

struct rotations {
    struct id key;
    int won, lost;
    pthread_mutex_t lock;
};

static void *rotate(void *arg) {
    struct rotations *all = arg;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "rotate", &s, e));
    vidstore_status status = vidstore_key_rotate(s, all->key.text, 0, NULL, token, sizeof token, NULL);
    vidstore_session_free(s);
    pthread_mutex_lock(&all->lock);
    all->won += status == VIDSTORE_OK;
    all->lost += status == VIDSTORE_CONFLICT && !*token;
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

/* One key has one successor, however many ask for it at the same time. */
START_TEST(attack_33_many_rotations_at_once) {
    struct made old = make_key(sys, ann.text, NULL, NULL);
    struct rotations all = {old.id, 0, 0, PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[16];
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, rotate, &all), 0);
    for (int i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(all.won, 1);
    ck_assert_int_eq(all.lost, 15);
    no_entry(old.token);
    ck_assert_int_eq(events("action = api_key_rotated"), 1);
}
END_TEST

static int64_t use_count(struct id id) {
    vidstore_key *key = NULL;
    must(vidstore_key_get(sys, id.text, &key, e));
    int64_t count = vidstore_key_int64(key, VIDSTORE_KEY_USE_COUNT);
    vidstore_key_free(key);
    return count;
}

/* A process that is killed loses what it had not written yet of the last uses, and nothing else. */
START_TEST(attack_34_killed_before_it_is_written) {
    struct made made = make_key(sys, ann.text, NULL, NULL);
    close_store();
    pid_t pid = fork();
    if (pid == 0) {
        open_store();
        for (int i = 0; i < 3; i++)
            vidstore_session_free(enter(made.token));
        raise(SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    open_store();
    ck_assert_int_eq(use_count(made.id), 0);
    vidstore_session_free(enter(made.token));
    close_store();
    open_store();
    ck_assert_int_eq(use_count(made.id), 1);
}
END_TEST

/* --- canaries: group 56 */

static int64_t canary_alerts(void) {
    must(vidstore_maintain(sys, 1000, 0, NULL, e));
    return events("action = alert and object_name = canary");
}

START_TEST(group_56_a_key_that_nobody_uses) {
    struct made made = make_key(sys, ann.text, "read", NULL), other = make_key(sys, ann.text, "read", NULL);
    vidstore_session_free(enter(made.token)); /* an honest use, before */
    must(vidstore_audit_canary_set(sys, made.id.text, 1, e));
    refused(VIDSTORE_EXISTS, "id", vidstore_audit_canary_set(sys, made.id.text, 1, e));
    vidstore_session_free(enter(other.token));
    ck_assert_int_eq(canary_alerts(), 0);
    no_entry(made.token); /* as any key that does not count */
    ck_assert_int_eq(canary_alerts(), 1);
    no_entry(made.token);
    ck_assert_int_eq(canary_alerts(), 1);
    ck_assert_int_eq(events("action = auth_failed and noun = key"), 1);
    must(vidstore_audit_canary_set(sys, made.id.text, 0, e));
    vidstore_session_free(enter(made.token));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_audit_canary_set(sys, made.id.text, 0, e));
}
END_TEST

START_TEST(group_56_things_that_nobody_touches) {
    struct id bob = add_user("bob", VIDSTORE_ROLE_USER);
    vidstore_session *as_ann = session_of(ann), *as_bob = session_of(bob);
    vidstore_text *list = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job *job = NULL;
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
    must(vidstore_job_submit(as_ann, p, &job, e));
    vidstore_job_params_free(p);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_canary_set(as_ann, vidstore_job_id(job), 1, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_audit_canary_list(as_ann, NULL, e));
    refused(VIDSTORE_INVALID, "on", vidstore_audit_canary_set(sys, vidstore_job_id(job), 2, e));
    refused(VIDSTORE_INVALID, "id", vidstore_audit_canary_set(sys, "job", 1, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_audit_canary_set(sys, "0190f5fe-7c00-7a00-8abc-012345678901", 1, e));
    must(vidstore_audit_canary_set(sys, vidstore_job_id(job), 1, e));
    must(vidstore_audit_canary_set(sys, bob.text, 1, e));
    must(vidstore_audit_canary_list(sys, &list, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(list), "\"noun\":\"job\""));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(list), bob.text));
    vidstore_text_free(list);
    ck_assert_int_eq(canary_alerts(), 0); /* and what upkeep does is no touch */
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_job_get(as_bob, vidstore_job_id(job), NULL, e));
    vidstore_session_free(as_bob);
    ck_assert_int_eq(canary_alerts(), 1);
    must(vidstore_user_set_password(sys, bob.text, "correct horse battery", e));
    ck_assert_int_eq(canary_alerts(), 2); /* of the account */
    ck_assert_int_eq(events("action = canary_set and chain = security and severity = 3"), 0);
    ck_assert_int_eq(events("action = canary_set and chain = security"), 2);
    vidstore_query *q = vidstore_query_new(); /* whose it is learns nothing */
    int64_t count = -1;
    must(vidstore_query_filter(q, "action in (canary_set, alert)", e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_audit_count(as_ann, q, &count, e));
    ck_assert_int_eq(count, 0);
    vidstore_query_free(q);
    vidstore_session_free(as_ann);
    vidstore_job_free(job);
}
END_TEST

START_TEST(group_56_a_thousand_canaries) {
    struct id jobs[1001];
    must(vidstore_begin(sys, 0, e));
    for (int i = 0; i <= 1000; i++) {
        vidstore_job_params *p = vidstore_job_params_new();
        vidstore_job *job = NULL;
        vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
        must(vidstore_job_submit(sys, p, &job, e));
        jobs[i] = id_of(vidstore_job_id(job));
        vidstore_job_free(job);
        vidstore_job_params_free(p);
        if (i < 1000)
            must(vidstore_audit_canary_set(sys, jobs[i].text, 1, e));
    }
    refused(VIDSTORE_QUOTA, "id", vidstore_audit_canary_set(sys, jobs[1000].text, 1, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(canary_alerts(), 0);
    must(vidstore_job_remove(sys, jobs[999].text, VIDSTORE_REMOVE_RESTRICT, e));
    ck_assert_int_eq(canary_alerts(), 1);
}
END_TEST

Suite *keys_suite(void) {
    Suite *suite = suite_create("keys");
    TCase *tests = tcase_create("keys");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, end);
    tcase_add_test(tests, a_key_opens_a_session);
    tcase_add_test(tests, a_narrow_key_of_an_admin);
    tcase_add_test(tests, a_network_knocks_as_one);
    tcase_add_test(tests, a_bound_key_does_not_free_itself);
    tcase_add_test(tests, a_profile_is_ones_own);
    tcase_add_test(tests, what_is_revoked_is_out_at_once);
    tcase_add_test(tests, whose_keys);
    tcase_add_loop_test(tests, attack_31_bad_values, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tests, buffers);
    tcase_add_test(tests, attack_26_texts_that_are_no_keys);
    tcase_add_test(tests, attack_27_the_id_of_one_and_the_secret_of_another);
    tcase_add_test(tests, attack_29_ended_between_two_calls);
    tcase_add_test(tests, attack_31_a_key_widens_nothing);
    tcase_add_test(tests, attack_33_rotation);
    tcase_add_test(tests, attack_33_many_rotations_at_once);
    tcase_add_test(tests, attack_34_killed_before_it_is_written);
    tcase_add_loop_test(tests, attack_22_networks, 0, sizeof sources / sizeof *sources);
    tcase_add_test(tests, attack_34_last_use);
    tcase_add_test(tests, at_most_fifty);
    tcase_add_test(tests, creating_again);
    tcase_add_test(tests, undone);
    tcase_add_test(tests, upkeep_ends_keys);
    tcase_add_test(tests, junk_in_masses);
    tcase_add_test(tests, group_56_a_key_that_nobody_uses);
    tcase_add_test(tests, group_56_things_that_nobody_touches);
    tcase_add_test(tests, group_56_a_thousand_canaries);
    suite_add_tcase(suite, tests);
    return suite;
}
