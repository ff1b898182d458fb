/* SPDX-License-Identifier: MIT */
/* Attacks that concern several parts at once, each with the number of its group in vidstore-access(7). */
#include "peek.h"
#include "work.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <vidstore/query.h>

static const char PASSWORD[] = "correct horse battery";
static struct id ann, bob;
static vidstore_session *as_ann, *as_bob;

static void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    bob = add_user("bob", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    as_ann = session_of(ann);
    as_bob = session_of(bob);
}

static void teardown_sessions(void) {
    vidstore_session_free(as_ann);
    vidstore_session_free(as_bob);
}

static void teardown(void) {
    teardown_sessions();
    end();
}

static vidstore_status log_in(const char *password, const char *ip, vidstore_error **e) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_origin *origin = vidstore_origin_new();
    vidstore_origin_set_text(origin, VIDSTORE_ORIGIN_IP, ip);
    vidstore_status status =
        vidstore_login_create(store, "ann", password, NULL, 0, origin, NULL, token, sizeof token, e);
    vidstore_origin_free(origin);
    return status;
}

static struct id put(vidstore_session *s, int32_t access, const char *video) {
    char path[128];
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    snprintf(path, sizeof path, "%s/source", folder);
    FILE *out = fopen(path, "w");
    fputs("the same bytes", out);
    fclose(out);
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_ACCESS, access);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_USER_ID, s == as_ann ? ann.text : bob.text);
    if (video)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    must(vidstore_file_put_path(sys, path, p, &file, e));
    vidstore_file_params_free(p);
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

static void holds(void) {
    vidstore_text *report = NULL;
    must(vidstore_audit_verify(sys, NULL, &report, e));
    ck_assert_msg(!strstr(vidstore_text_data(report), "\"verdict\":\"broken\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}

/* --- locking out ---------------------------------------------------------------------------------------------------
 */

/* What the victim does each day takes nothing off what the attacker has tried. */
START_TEST(attack_18_a_login_at_home_helps_no_stranger) {
    must(log_in(PASSWORD, "192.0.2.1", e));
    for (int i = 0; i < 5; i++)
        refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("wrong", "198.51.100.7", e));
    must(log_in(PASSWORD, "192.0.2.1", e));
    refused(VIDSTORE_THROTTLED, NULL, log_in("wrong", "198.51.100.7", e));
    sql("UPDATE throttles SET wait_us = 1");
    must(log_in(PASSWORD, "192.0.2.1", e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, log_in("wrong", "198.51.100.7", e)); /* the sixth, not the first */
    vidstore_error *error = NULL;
    ck_assert_int_eq(log_in("wrong", "198.51.100.7", &error), VIDSTORE_THROTTLED);
    ck_assert_int_gt(vidstore_error_retry_after_ms(error), 31000); /* the second wait */
    vidstore_error_free(error);
}
END_TEST

/* --- names and texts -----------------------------------------------------------------------------------------------
 */

static int64_t jobs_with(const char *filter, const char *text) {
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    vidstore_query_bind_text(q, 1, text);
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_job_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

/* A text is a value in every noun, whatever it looks like: stored as it is, found as it is, and nothing besides. */
START_TEST(attack_38_a_text_is_a_value) {
    static const char *const texts[] = {
        "'; DROP TABLE jobs; --", "%", "_", "a' OR '1'='1", "\") OR 1=1 --", "$1", "a\\", "*", "NEAR(a b)", "x AND y"};
    const int64_t many = (int64_t)(sizeof texts / sizeof *texts);
    for (int64_t i = 0; i < many; i++) {
        vidstore_job_params *p = vidstore_job_params_new();
        vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
        vidstore_job_params_set_text(p, VIDSTORE_JOB_SEASON, texts[i]);
        must(vidstore_job_submit(sys, p, NULL, e));
        vidstore_job_params_free(p);
    }
    for (int64_t i = 0; i < many; i++) {
        ck_assert_msg(jobs_with("season = $1", texts[i]) == 1, "%s", texts[i]);
        ck_assert_msg(jobs_with("season ~ $1", texts[i]) >= 1, "%s", texts[i]);
        vidstore_query *q = vidstore_query_new(); /* words to search for are no expression of the engine's */
        vidstore_query_search(q, texts[i], NULL);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_job_list(sys, q, NULL, &error);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_INVALID, "%s: %s", texts[i],
                      vidstore_error_message(error));
        vidstore_error_free(error);
        vidstore_query_free(q);
    }
    ck_assert_int_eq(jobs_with("season ~ $1", "%"), 1); /* no joker */
    ck_assert_int_eq(jobs_with("season ~ $1", "_"), 1);
    ck_assert_int_eq(jobs_with("season != $1", "nothing"), many);
}
END_TEST

/* Names that end a line or move a cursor where they are shown are refused in every noun that has one. */
START_TEST(attack_36_names_with_controls) {
    static const char *const bad[] = {"a\nb", "a\rb", "a\x1B[2Jb", "a\x7F", "a\tb", "\xC2\x85"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vidstore_user_params *user = vidstore_user_params_new();
        vidstore_user_params_set_text(user, VIDSTORE_USER_FULL_NAME, bad[i]);
        refused(VIDSTORE_INVALID, "full_name", vidstore_user_update(as_ann, ann.text, user, NULL, e));
        vidstore_user_params_free(user);
        vidstore_key_params *key = vidstore_key_params_new();
        char token[VIDSTORE_TOKEN_SIZE];
        vidstore_key_params_set_text(key, VIDSTORE_KEY_NAME, bad[i]);
        vidstore_key_params_set_text(key, VIDSTORE_KEY_USER_ID, ann.text);
        refused(VIDSTORE_INVALID, "name", vidstore_key_create(sys, key, NULL, token, sizeof token, e));
        vidstore_key_params_free(key);
        vidstore_file_params *file = vidstore_file_params_new();
        vidstore_file_params_set_text(file, VIDSTORE_FILE_NAME, bad[i]);
        refused(VIDSTORE_INVALID, "name", vidstore_upload_open(as_ann, file, NULL, e));
        vidstore_file_params_free(file);
    }
}
END_TEST

/* --- secrets -------------------------------------------------------------------------------------------------------
 */

static const char PEPPER[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                  AUDIT_KEY[] = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

struct kept {
    char text[12][80];
    int count;
};

static void keep(struct kept *kept, const char *secret, size_t from) {
    snprintf(kept->text[kept->count++], 80, "%s", secret + from);
}

static size_t unhex(const char *text, char ret[32]) {
    for (int i = 0; i < 32; i++)
        ret[i] = (char)strtol((char[]){text[2 * i], text[2 * i + 1], 0}, NULL, 16);
    return 32;
}

static void none_in(const char *where, const void *bytes, size_t size, const struct kept *kept) {
    char raw[32];
    for (int i = 0; i < kept->count; i++)
        ck_assert_msg(!memmem(bytes, size, kept->text[i], strlen(kept->text[i])), "secret %d is in %s", i, where);
    ck_assert_msg(!memmem(bytes, size, raw, unhex(PEPPER, raw)), "the pepper is in %s", where);
    ck_assert_msg(!memmem(bytes, size, raw, unhex(AUDIT_KEY, raw)), "the key of the audit is in %s", where);
}

static const struct kept *looked_for;
static int looked_at;

static int look_into(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)where;
    char *bytes = type == FTW_F ? malloc((size_t)st->st_size + 1) : NULL;
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    if (file) {
        none_in(path, bytes, fread(bytes, 1, (size_t)st->st_size, file), looked_for);
        fclose(file);
        looked_at++;
    }
    free(bytes);
    return 0;
}

static void none_in_text(const char *where, vidstore_text *text, const struct kept *kept) {
    none_in(where, vidstore_text_data(text), (size_t)vidstore_text_size(text), kept);
    vidstore_text_free(text);
}

/* What is told: reports, the feed, and the errors of those who come with the wrong thing. */
static void none_is_told(const struct kept *kept) {
    vidstore_text *text = NULL;
    vidstore_error *error = NULL;
    must(vidstore_doctor(sys, 1, &text, e));
    none_in_text("doctor", text, kept);
    must(vidstore_setting_list(sys, &text, e));
    none_in_text("settings", text, kept);
    must(vidstore_changes(sys, NULL, "start", 1000, &text, e));
    none_in_text("changes", text, kept);
    for (int i = 0; i < kept->count; i++) {
        log_in(kept->text[i], "198.51.100.7", &error);
        none_in("an error", vidstore_error_message(error), strlen(vidstore_error_message(error)), kept);
        vidstore_error_free(error);
        vidstore_session_key(store, kept->text[i], NULL, NULL, &error);
        none_in("an error", vidstore_error_message(error), strlen(vidstore_error_message(error)), kept);
        vidstore_error_free(error);
    }
    vidstore_open_params *p = vidstore_open_params_new();
    char wrong[100];
    snprintf(wrong, sizeof wrong, "1=%szz", PEPPER);
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_PEPPERS, wrong);
    ck_assert_int_eq(vidstore_open(place, p, NULL, &error), VIDSTORE_INVALID);
    none_in("an error", vidstore_error_message(error), strlen(vidstore_error_message(error)), kept);
    vidstore_error_free(error);
    vidstore_open_params_free(p);
}

static void open_with_secrets(void) {
    char peppers[80], key[128];
    vidstore_open_params *p = vidstore_open_params_new();
    snprintf(peppers, sizeof peppers, "1=%s", PEPPER);
    snprintf(key, sizeof key, "%s/key", folder);
    FILE *out = fopen(key, "w");
    fprintf(out, "%s\n", AUDIT_KEY);
    fclose(out);
    ck_assert_int_eq(chmod(key, 0600), 0);
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_PEPPERS, peppers);
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_AUDIT_KEY, key);
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_WEAK_HASHES, 1);
    must(vidstore_open(place, p, &store, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(store, "test", &sys, e));
}

static void look_into_all(void *unused) {
    (void)unused;
    ck_assert_int_eq(nftw(place, look_into, 16, FTW_PHYS), 0);
    ck_assert_int_ge(looked_at, 3); /* database, marker, blob */
}

/* A dump of all files of a store, its export, its reports and its errors hold nothing that was issued or given. */
START_TEST(attack_35_nothing_is_told) {
    static const int32_t kinds[] = {VIDSTORE_ONCE_RESET, VIDSTORE_ONCE_EMAIL};
    struct kept kept = {.count = 0};
    char text[VIDSTORE_TOKEN_SIZE], path[128];
    teardown_sessions();
    close_store();
    open_with_secrets();
    must(vidstore_user_set_password(sys, ann.text, PASSWORD, e));
    must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, NULL, NULL, text, sizeof text, e));
    keep(&kept, text, 19);
    for (size_t i = 0; i < 2; i++) {
        must(vidstore_once_create(store, sys, kinds[i], ann.text, i ? "a@example.org" : NULL, NULL, text, sizeof text,
                                  e));
        keep(&kept, text, 19);
    }
    struct id file = put(NULL, VIDSTORE_ACCESS_RESTRICTED, NULL);
    vidstore_link_params *lp = vidstore_link_params_new();
    vidstore_link_params_set_text(lp, VIDSTORE_LINK_FILE_ID, file.text);
    must(vidstore_link_create(sys, lp, NULL, text, sizeof text, e));
    vidstore_link_params_free(lp);
    keep(&kept, text, 19);
    submit(sys, "{\"kind\": \"work\"}");
    vidstore_lease *lease = claim("work");
    keep(&kept, vidstore_lease_token(lease), 0);
    finish(lease);
    keep(&kept, PASSWORD, 0);
    keep(&kept, PEPPER, 0);
    keep(&kept, AUDIT_KEY, 0);
    must(vidstore_audit_checkpoint(sys, NULL, e));
    none_is_told(&kept);
    snprintf(path, sizeof path, "%s/export", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    must(vidstore_audit_export(sys, NULL, fd, NULL, e));
    close(fd);
    looked_for = &kept;
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    look_into(path, &st, FTW_F, NULL);
    for (int closed = 0; closed < 2; closed++) { /* with the log, and without */
        looked_at = 0;
        in_child(look_into_all, NULL); /* closing a file of the database would drop the locks on it */
        if (!closed)
            close_store();
    }
    open_with_secrets();
    as_ann = session_of(ann);
    as_bob = session_of(bob);
}
END_TEST

/* --- rights --------------------------------------------------------------------------------------------------------
 */

static struct id carol;

static void *demote(void *done) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_session *s = NULL;
    vidstore_user_params_set_int64(p, VIDSTORE_USER_ROLE, VIDSTORE_ROLE_VIEWER);
    must(vidstore_session_system(store, "demote", &s, e));
    must(vidstore_user_update(s, carol.text, p, NULL, e));
    vidstore_session_free(s);
    vidstore_user_params_free(p);
    *(atomic_int *)done = 1;
    return NULL;
}

/* Who is demoted while its transaction is open ends that one as it began it, and nothing after it; a snapshot gives
 * what it was made of to nobody who may not see it any more. */
START_TEST(attack_43_demoted_in_an_open_transaction) {
    vidstore_session *as_carol = NULL;
    pthread_t thread;
    atomic_int done = 0;
    carol = add_user("carol", VIDSTORE_ROLE_ADMIN);
    as_carol = session_of(carol);
    struct id job = submit(sys, "{\"kind\": \"work\"}");
    must(vidstore_begin(as_carol, 0, e));
    must(vidstore_setting_set(as_carol, "fetch.tries", "7", e));
    ck_assert_int_eq(pthread_create(&thread, NULL, demote, &done), 0);
    sleep_ms(100);
    ck_assert_int_eq(done, 0); /* one writer at a time: the change waits for the end */
    must(vidstore_setting_set(as_carol, "fetch.tries", "8", e));
    must(vidstore_commit(as_carol, e));
    pthread_join(thread, NULL);
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(as_carol, "fetch.tries", "9", e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_job_get(as_carol, job.text, NULL, e));
    vidstore_session_free(as_carol);
    must(vidstore_snapshot_begin(as_ann, 5000, e));
    must(vidstore_user_get(as_ann, ann.text, NULL, e));
    must(vidstore_user_set_state(sys, ann.text, VIDSTORE_USER_SUSPENDED, NULL, e));
    refused(VIDSTORE_UNAUTHENTICATED, NULL, vidstore_user_get(as_ann, ann.text, NULL, e));
}
END_TEST

static int64_t file_int(struct id id, int32_t field) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, id.text, &file, e));
    int64_t value = vidstore_file_int64(file, field);
    vidstore_file_free(file);
    return value;
}

/* Owner and level in one commit: whoever may not do each of them alone may not do both, and nothing of it stays. */
START_TEST(attack_44_owner_and_level_in_one_batch) {
    struct id file = put(as_ann, VIDSTORE_ACCESS_RESTRICTED, NULL);
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "file");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, file.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, bob.text);
    vidstore_grant_params_set_json(p, "{\"reach\":\"write\"}");
    must(vidstore_grant_create(as_ann, p, NULL, e));
    vidstore_grant_params_free(p);
    int64_t before = sql("SELECT count(*) FROM audit_events WHERE success = 1");
    for (int together = 0; together < 2; together++) {
        char json[600], owner[80];
        snprintf(owner, sizeof owner, "\"user_id\":\"%s\"", bob.text);
        snprintf(json, sizeof json,
                 "[{\"name\":\"file.update\",\"args\":{\"id\":\"%s\",\"params\":{\"access\":\"public\"%s%s}}},"
                 "{\"name\":\"file.update\",\"args\":{\"id\":\"%s\",\"params\":{%s}}}]",
                 file.text, together ? "," : "", together ? owner : "", file.text, together ? "" : owner);
        vidstore_error *error = NULL;
        vidstore_status status = vidstore_batch(as_bob, json, VIDSTORE_BULK_ATOMIC, NULL, &error);
        ck_assert_msg(status == VIDSTORE_FORBIDDEN || status == VIDSTORE_INVALID, "%s", vidstore_status_name(status));
        vidstore_error_free(error);
    }
    ck_assert_int_eq(file_int(file, VIDSTORE_FILE_ACCESS), VIDSTORE_ACCESS_RESTRICTED);
    vidstore_file *now = NULL;
    must(vidstore_file_get(sys, file.text, &now, e));
    ck_assert_str_eq(vidstore_file_user_id(now), ann.text);
    ck_assert_int_eq(vidstore_file_version(now), 1);
    vidstore_file_free(now);
    ck_assert_int_eq(sql("SELECT count(*) FROM audit_events WHERE success = 1"), before);
}
END_TEST

typedef vidstore_status update_fn(const char *id, const char *json, vidstore_error **e);

static vidstore_status update_user(const char *id, const char *json, vidstore_error **e) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_json(p, json);
    vidstore_status status = vidstore_user_update(as_ann, id, p, NULL, e);
    vidstore_user_params_free(p);
    return status;
}

static vidstore_status update_job(const char *id, const char *json, vidstore_error **e) {
    vidstore_job_params *p = params(json);
    vidstore_status status = vidstore_job_update(as_ann, id, p, NULL, e);
    vidstore_job_params_free(p);
    return status;
}

static vidstore_status update_file(const char *id, const char *json, vidstore_error **e) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_json(p, json);
    vidstore_status status = vidstore_file_update(as_ann, id, p, NULL, e);
    vidstore_file_params_free(p);
    return status;
}

/* Nobody becomes what it is not by sending fields that are not its own to set. */
START_TEST(attack_46_fields_that_are_not_ones_own) {
    static const char *const of_user[] = {"id",         "user_id",          "created",    "updated",       "version",
                                          "deleted",    "removal_id",       "role",       "state",         "username",
                                          "email",      "email_verified",   "last_login", "external_id",   "job_count",
                                          "auth_epoch", "password_changed", "seq",        "processing_ms", "hash"};
    static const char *const of_job[] = {"id",      "user_id",    "created",   "updated",  "version",
                                         "deleted", "removal_id", "state",     "attempts", "lease_hash",
                                         "started", "completed",  "parent_id", "seq",      "worker"};
    static const char *const of_file[] = {"id",      "user_id", "created", "updated",     "version",
                                          "deleted", "size",    "sha256",  "removal_id",  "held",
                                          "blob_id", "backend", "path",    "storage_key", "verified"};
    static const char *const values[] = {"\"admin\"", "1", "null", "\"0190f5fe-7c00-7a00-8abc-012345678901\""};
    struct id job = submit(as_ann, "{\"kind\": \"work\"}"), file = put(as_ann, VIDSTORE_ACCESS_PRIVATE, NULL);
    const struct {
        update_fn *update;
        const char *id;
        const char *const *names;
        size_t count;
    } nouns[] = {{update_user, ann.text, of_user, sizeof of_user / sizeof *of_user},
                 {update_job, job.text, of_job, sizeof of_job / sizeof *of_job},
                 {update_file, file.text, of_file, sizeof of_file / sizeof *of_file}};
    int64_t before = sql("SELECT count(*) FROM audit_events WHERE success = 1");
    for (size_t n = 0; n < 3; n++)
        for (size_t i = 0; i < nouns[n].count * 4; i++) {
            char json[160];
            vidstore_error *error = NULL;
            snprintf(json, sizeof json, "{\"%s\":%s}", nouns[n].names[i / 4], values[i % 4]);
            vidstore_status status = nouns[n].update(nouns[n].id, json, &error);
            if (status == VIDSTORE_OK && i % 4 == 2)
                continue; /* clears what is empty; that nothing has changed is seen below */
            ck_assert_msg(status == VIDSTORE_INVALID || status == VIDSTORE_FORBIDDEN, "%s of noun %zu: %s", json, n,
                          vidstore_status_name(status));
            vidstore_error_free(error);
        }
    ck_assert_int_eq(sql("SELECT count(*) FROM audit_events WHERE success = 1"), before);
    vidstore_user *user = NULL;
    must(vidstore_user_get(sys, ann.text, &user, e));
    ck_assert_int_eq(vidstore_user_role(user), VIDSTORE_ROLE_USER);
    vidstore_user_free(user);
    /* metadata is a host's own, and means nothing here */
    must(update_user(ann.text, "{\"metadata\":{\"role\":\"admin\",\"user_id\":\"x\",\"level\":9}}", e));
    must(vidstore_user_get(sys, ann.text, &user, e));
    ck_assert_int_eq(vidstore_user_role(user), VIDSTORE_ROLE_USER);
    vidstore_user_free(user);
}
END_TEST

static int64_t files_with(vidstore_session *s, const char *filter, const char *value) {
    int64_t count = -1;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, filter, e));
    vidstore_query_bind_text(q, 1, value);
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_file_count(s, q, &count, e));
    vidstore_query_free(q);
    return count;
}

/* A private file is not seen through what it hangs on, nor by who has the same bytes. */
START_TEST(attack_47_a_private_file_of_a_shared_video) {
    vidstore_video *made = NULL;
    vidstore_text *report = NULL;
    must(vidstore_video_create(as_ann, NULL, &made, e));
    struct id video = id_of(vidstore_video_id(made));
    vidstore_video_free(made);
    struct id hidden = put(as_ann, VIDSTORE_ACCESS_PRIVATE, video.text);
    put(as_ann, VIDSTORE_ACCESS_RESTRICTED, video.text);
    vidstore_grant_params *p = vidstore_grant_params_new();
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_NOUN, "video");
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_OBJECT_ID, video.text);
    vidstore_grant_params_set_text(p, VIDSTORE_GRANT_SUBJECT_ID, bob.text);
    vidstore_grant_params_set_json(p, "{\"reach\":\"manage\"}");
    must(vidstore_grant_create(as_ann, p, NULL, e));
    vidstore_grant_params_free(p);
    put(as_bob, VIDSTORE_ACCESS_PRIVATE, NULL);                           /* the same bytes */
    ck_assert_int_eq(files_with(as_bob, "video_id = $1", video.text), 0); /* what it hangs on is its owner's to ask */
    ck_assert_int_eq(files_with(as_ann, "video_id = $1", video.text), 2);
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, hidden.text, &file, e));
    ck_assert_int_eq(files_with(as_bob, "sha256 = $1", vidstore_file_text(file, VIDSTORE_FILE_SHA256)), 2);
    vidstore_file_free(file);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(as_bob, hidden.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_open(as_bob, hidden.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_verify(as_bob, hidden.text, NULL, e));
    must(vidstore_file_duplicates(as_bob, NULL, &report, e));
    ck_assert_msg(!strstr(vidstore_text_data(report), hidden.text), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
    must(vidstore_video_facts(as_bob, video.text, &report, e));
    ck_assert_msg(!strstr(vidstore_text_data(report), hidden.text), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}
END_TEST

/* --- no event, no change -------------------------------------------------------------------------------------------
 */

static void disk_ends_at(rlim_t size) {
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size ? size : limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int64_t size_of(const char *name) {
    char path[160];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", place, name);
    return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

static vidstore_status add_quietly(const char *name) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_user_params_set_text(p, VIDSTORE_USER_USERNAME, name);
    vidstore_status status = vidstore_user_create(sys, p, NULL, NULL);
    vidstore_user_params_free(p);
    return status;
}

/* The disk ends at each page that a change and its event want: both are there or neither. */
START_TEST(attack_52_a_disk_that_is_full_at_each_page) {
    int full = 0, made = 0;
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "user%d", i);
        int64_t log = size_of("store.db-wal"), database = size_of("store.db");
        disk_ends_at((rlim_t)((log > database ? log : database) + (i % 20) * 4120));
        vidstore_status status = add_quietly(name);
        disk_ends_at(0);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_FULL, "%s", vidstore_status_name(status));
        full += status == VIDSTORE_FULL;
        made += status == VIDSTORE_OK;
        ck_assert_int_eq(sql("SELECT count(*) FROM users WHERE username LIKE 'user%'"), made);
        ck_assert_int_eq(events("action = user_created"), 3 + made);
    }
    ck_assert_int_ge(full, 2);
    ck_assert_int_ge(made, 2);
    holds();
}
END_TEST

/* Nobody gets in whose login can't be recorded; and a refusal that can't be is told all the same, and recorded when
 * there is room again. */
START_TEST(attack_52_no_room_for_logins_and_refusals) {
    signal(SIGXFSZ, SIG_IGN);
    must(log_in(PASSWORD, "192.0.2.1", e)); /* the key of the counts is there */
    int64_t logins = sql("SELECT count(*) FROM logins"), recorded = events("action = user_login");
    disk_ends_at(4096);
    vidstore_status right = log_in(PASSWORD, "192.0.2.1", NULL), wrong = log_in("wrong", "192.0.2.1", NULL),
                    denied = vidstore_setting_set(as_ann, "fetch.tries", "7", NULL);
    disk_ends_at(0);
    ck_assert_msg(right == VIDSTORE_FULL, "%s", vidstore_status_name(right));
    ck_assert_msg(wrong == VIDSTORE_FULL || wrong == VIDSTORE_UNAUTHENTICATED, "%s", vidstore_status_name(wrong));
    ck_assert_int_eq(denied, VIDSTORE_FORBIDDEN);
    ck_assert_int_eq(sql("SELECT count(*) FROM logins"), logins);
    ck_assert_int_eq(events("action = user_login"), recorded);
    ck_assert_int_eq(events("action = access_denied and noun = setting"), 1);
    must(log_in(PASSWORD, "192.0.2.1", e));
    holds();
}
END_TEST

/* Another process keeps the writer: the change is not made, nor recorded; what was refused meanwhile is. */
START_TEST(attack_52_a_writer_that_does_not_let_go) {
    char path[128];
    sqlite3 *raw = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    must(vidstore_session_set_deadline(sys, 200, e));
    refused(VIDSTORE_BUSY, NULL, vidstore_setting_set(sys, "fetch.tries", "7", e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_setting_set(as_ann, "fetch.tries", "7", e));
    ck_assert_int_eq(sqlite3_exec(raw, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
    must(vidstore_session_set_deadline(sys, 30000, e));
    ck_assert_int_eq(events("action = config_changed"), 0);
    ck_assert_int_eq(events("action = access_denied and noun = setting"), 1);
    vidstore_text *value = NULL;
    must(vidstore_setting_get(sys, "fetch.tries", &value, e));
    ck_assert_str_eq(vidstore_text_data(value), "5");
    vidstore_text_free(value);
    holds();
}
END_TEST

/* --- old events, and what others read ------------------------------------------------------------------------------
 */

static void *verify_again_and_again(void *stop) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "check", &s, e));
    for (int round = 0; round < 2 || !*(atomic_int *)stop; round++) {
        vidstore_text *report = NULL;
        must(vidstore_audit_verify(s, NULL, &report, e));
        ck_assert_msg(!strstr(vidstore_text_data(report), "\"verdict\":\"broken\""), "%s", vidstore_text_data(report));
        vidstore_text_free(report);
    }
    vidstore_session_free(s);
    return NULL;
}

START_TEST(attack_53_pruned_while_it_is_checked) {
    pthread_t thread;
    atomic_int stop = 0;
    int64_t count = 0, all = 0;
    for (int i = 0; i < 9000;) {
        must(vidstore_begin(sys, 0, e));
        for (int part = 0; part < 500; part++, i++)
            must(vidstore_audit_record(sys, "host", NULL, "an event", NULL, e));
        must(vidstore_commit(sys, e));
    }
    vidstore_text *text = NULL;
    must(vidstore_audit_checkpoint(sys, &text, e));
    ck_assert_int_eq(pthread_create(&thread, NULL, verify_again_and_again, &stop), 0);
    for (int i = 0; i < 20 && all < 8192; i++, all += count) {
        must(vidstore_audit_prune(sys, INT64_MAX, &count, e));
        sleep_ms(5);
    }
    stop = 1;
    pthread_join(thread, NULL);
    ck_assert_int_eq(all, 8192);
    must(vidstore_audit_verify(sys, vidstore_text_data(text), NULL, e));
    vidstore_text_free(text);
}
END_TEST

/* Every text that a stranger or a user can bring into an event comes out of the export as one line of safe ASCII. */
START_TEST(attack_55_every_text_of_an_event) {
    static const int32_t facts[] = {VIDSTORE_ORIGIN_IP, VIDSTORE_ORIGIN_USER_AGENT, VIDSTORE_ORIGIN_REQUEST_ID,
                                    VIDSTORE_ORIGIN_DEVICE};
    static const char *const evil[] = {"a\r\n{\"type\":\"event\"}",
                                       "\"}\n",
                                       "\x1B[2J\x1B]0;x\x07",
                                       "\xE2\x80\xA8\xE2\x80\xAE",
                                       "\xFF\xC0\x80\xED\xA0\x80",
                                       "\\u000a",
                                       "\xF0\x9F\x8E\xAC",
                                       "\xC2\x9B"
                                       "31m"};
    const size_t many = sizeof evil / sizeof *evil;
    char *large = malloc(1 << 20);
    memset(large, 'a', (1 << 20) - 1);
    large[(1 << 20) - 1] = '\0';
    for (size_t i = 0; i < many; i++) {
        vidstore_origin *o = vidstore_origin_new();
        vidstore_session *s = NULL;
        for (size_t f = 0; f < 4; f++)
            vidstore_origin_set_text(o, facts[f], evil[i]);
        vidstore_error *error = NULL;
        if (!vidstore_session_on_behalf(store, bob.text, o, &s, &error)) {
            vidstore_audit_record(s, "host", NULL, evil[i], NULL, NULL);
            vidstore_setting_set(s, evil[i], evil[i], NULL);
        }
        vidstore_error_free(error);
        vidstore_session_free(s);
        vidstore_session_login(store, evil[i], evil[i], o, NULL, NULL);
        vidstore_origin_free(o);
        vidstore_job_params *p = vidstore_job_params_new();
        vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "work");
        vidstore_job_params_set_text(p, VIDSTORE_JOB_SEASON, evil[i]);
        vidstore_job_submit(as_bob, p, NULL, NULL);
        vidstore_job_params_free(p);
    }
    vidstore_origin *o = vidstore_origin_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, large);
    ck_assert_int_ne(vidstore_session_on_behalf(store, bob.text, o, NULL, NULL), VIDSTORE_OK);
    vidstore_origin_free(o);
    free(large);
    char path[160], line[70000];
    snprintf(path, sizeof path, "%s/export", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int64_t count = 0, seen = 0;
    must(vidstore_audit_export(sys, NULL, fd, &count, e));
    FILE *in = fdopen(fd, "r");
    rewind(in);
    while (fgets(line, sizeof line, in)) {
        size_t len = strlen(line);
        ck_assert(len > 2 && line[0] == '{' && line[len - 2] == '}' && line[len - 1] == '\n');
        seen += strncmp(line, "{\"type\":\"event\"", 15) == 0;
        for (size_t i = 0; i + 1 < len; i++)
            ck_assert_msg((unsigned char)line[i] >= 0x20 && line[i] != 0x7F, "%zu of %s", i, line);
        ck_assert_msg(!strstr(line, "\xE2\x80\xA8") && !strstr(line, "\xE2\x80\xAE") && !strstr(line, "\xC2\x9B"), "%s",
                      line);
    }
    fclose(in);
    ck_assert_int_eq(seen, count);
    ck_assert_int_gt(seen, (int64_t)many * 2);
    holds();
}
END_TEST

Suite *attacks_suite(void);
Suite *attacks_suite(void) {
    Suite *suite = suite_create("attacks");
    TCase *tests = tcase_create("attacks");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, attack_18_a_login_at_home_helps_no_stranger);
    tcase_add_test(tests, attack_35_nothing_is_told);
    tcase_add_test(tests, attack_36_names_with_controls);
    tcase_add_test(tests, attack_38_a_text_is_a_value);
    tcase_add_test(tests, attack_43_demoted_in_an_open_transaction);
    tcase_add_test(tests, attack_44_owner_and_level_in_one_batch);
    tcase_add_test(tests, attack_46_fields_that_are_not_ones_own);
    tcase_add_test(tests, attack_47_a_private_file_of_a_shared_video);
    tcase_add_test(tests, attack_52_a_disk_that_is_full_at_each_page);
    tcase_add_test(tests, attack_52_no_room_for_logins_and_refusals);
    tcase_add_test(tests, attack_52_a_writer_that_does_not_let_go);
    tcase_add_test(tests, attack_53_pruned_while_it_is_checked);
    tcase_add_test(tests, attack_55_every_text_of_an_event);
    suite_add_tcase(suite, tests);
    return suite;
}
