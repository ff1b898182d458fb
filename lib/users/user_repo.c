/* SPDX-License-Identifier: MIT */
#include "users/user_repo.h"
#include "db/bind.h"
#include "jobs/jobs.h"
#include "logins/logins.h"
#include "quotas/quotas.h"
#include "users/users.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <inttypes.h>
#include <string.h>

/* r: what asking gave. */
static int one(int r, struct vs_stmt *s, struct vs_record **ret, vidstore_error **e) {
    if (r == VS_DONE)
        return vs_fail(e, VIDSTORE_NOT_FOUND, NULL, "no such user");
    if (r < 0)
        return r;
    vs_autoblock *block = vs_block_new(2048);
    r = block ? vs_record_decode(block, &vs_user_noun, s, ret, e) : vs_fail_nomem(e);
    if (!r)
        VS_TAKE(block);
    return r;
}

int vs_user_repo_by_name(struct vs_conn *conn, const char *name, struct vs_record **ret, vidstore_error **e) {
    vs_autostmt *s = NULL, *by_email = NULL;
    vs_autofree char *key = vs_ascii_fold(name);
    if (!key)
        return vs_fail_nomem(e);
    int r = vs_ask(conn, VS_STMT_USER_BY_USERNAME, &s, e, vs_text(key));
    r = one(r, s, ret, e);
    if (r != VIDSTORE_NOT_FOUND || !strchr(name, '@'))
        return r;
    vs_error_clear(e);
    r = vs_ask(conn, VS_STMT_USER_BY_EMAIL, &by_email, e, vs_text(key));
    return one(r, by_email, ret, e);
}

int vs_user_repo_by_external(struct vs_conn *conn, const char *external_id, struct vs_record **ret,
                             vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_USER_BY_EXTERNAL_ID, &s, e, vs_text(external_id));
    return one(r, s, ret, e);
}

int vs_user_repo_by_identity(struct vs_conn *conn, const char *provider, const char *subject, struct vs_record **ret,
                             vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_USER_BY_IDENTITY, &s, e, vs_text(provider), vs_text(subject));
    return one(r, s, ret, e);
}

int vs_user_repo_link(struct vs_conn *conn, const struct vs_uuid *user, const char *provider, const char *subject,
                      int64_t now_us, vidstore_error **e) {
    return vs_exec(conn, VS_STMT_IDENTITY_ADD, NULL, e, vs_id(user), vs_text(provider), vs_text(subject),
                   vs_int(now_us));
}

int vs_user_repo_unlink(struct vs_conn *conn, const struct vs_uuid *user, const char *provider, const char *subject,
                        vidstore_error **e) {
    int64_t gone = 0;
    int r = vs_exec(conn, VS_STMT_IDENTITY_REMOVE, &gone, e, vs_text(provider), vs_text(subject), vs_id(user));
    return r || gone ? r : vs_fail(e, VIDSTORE_NOT_FOUND, "subject", "the user has no such identity");
}

int vs_user_repo_hash(struct vs_conn *conn, const struct vs_uuid *user, char **ret, int64_t *ret_pepper,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_USER_HASH, &s, e, vs_id(user));
    *ret = NULL;
    *ret_pepper = r == VS_ROW && !vs_col_null(s, 1) ? vs_col_int(s, 1) : 0;
    if (r == VS_ROW && !(*ret = vs_strdup(vs_col_text(s, 0, NULL))))
        return vs_fail_nomem(e);
    return r < 0 ? r : 0;
}

/* Runs a statement whose one parameter is the user. */
static int run_for(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *user, vidstore_error **e) {
    return vs_exec(conn, id, NULL, e, vs_id(user));
}

int vs_user_repo_set_hash(struct vs_conn *conn, const struct vs_uuid *user, const char *hash, int64_t pepper,
                          int64_t now_us, vidstore_error **e) {
    if (!*hash)
        return run_for(conn, VS_STMT_USER_HASH_CLEAR, user, e);
    return vs_exec(conn, VS_STMT_USER_HASH_SET, NULL, e, vs_id(user), vs_text(hash),
                   vs_int(pepper ? pepper : INT64_MIN), vs_int(now_us));
}

int vs_user_repo_next_epoch(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *keep,
                            const char *reason, vidstore_error **e) {
    int r = run_for(conn, VS_STMT_USER_NEXT_EPOCH, user, e);
    return r ? r : vs_logins_end_all(conn, user, keep, reason, NULL, e);
}

int vs_user_repo_distrust(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e) {
    return run_for(conn, VS_STMT_LOGIN_DEVICE_END_USER, user, e);
}

int vs_user_repo_forget(struct vs_conn *conn, const struct vs_uuid *user, vidstore_error **e) {
    static const enum vs_stmt_id all[] = {VS_STMT_USER_HASH_CLEAR,    VS_STMT_IDENTITY_CLEAR,
                                          VS_STMT_USER_SOURCES_CLEAR, VS_STMT_LOGIN_DEVICE_END_USER,
                                          VS_STMT_USER_LOGINS_BLANK,  VS_STMT_USER_KEYS_BLANK};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(all); i++)
        r = run_for(conn, all[i], user, e);
    return r;
}

static int number(struct vs_stmt *s, int64_t *ret, vidstore_error **e) {
    int r = vs_row(s, e);
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

int vs_user_repo_other_admins(struct vs_conn *conn, const struct vs_uuid *user, int64_t now_us, int64_t *ret,
                              vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_USER_OTHER_ADMINS, &s, e, vs_int(now_us), vs_id(user));
    if (r)
        return r;
    return number(s, ret, e);
}

int vs_user_repo_any(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_USER_ANY, &s, e);
    return r ? r : number(s, ret, e);
}

int vs_user_repo_peppered(struct vs_conn *conn, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_USER_PEPPERED, &s, e);
    return r ? r : number(s, ret, e);
}

int vs_user_repo_owned(struct vs_conn *conn, const struct vs_uuid *user, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_USER_OWNED, &s, e, vs_id(user));
    if (r)
        return r;
    return number(s, ret, e);
}

int vs_user_repo_remove_owned(struct vs_conn *conn, const struct vs_uuid *user, const struct vs_uuid *removal,
                              int64_t now_us, vidstore_error **e) {
    static const enum vs_stmt_id all[] = {VS_STMT_USER_REMOVE_FILES, VS_STMT_USER_REMOVE_VIDEOS,
                                          VS_STMT_USER_REMOVE_COLLECTIONS, VS_STMT_USER_REMOVE_JOBS};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(all); i++) {
        r = vs_exec(conn, all[i], NULL, e, vs_int(now_us), vs_id(removal), vs_id(user));
    }
    return r ? r : vs_jobs_recount(conn, user, e);
}

int vs_user_count_job(struct vs_conn *conn, const struct vs_uuid *user, int64_t jobs, int64_t processing_ms,
                      vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_uuid_is_nil(user) ? 0 : vs_stmt(conn, VS_STMT_USER_ADD_WORK, &s, e);
    if (r || !s)
        return r;
    vs_bind_int(s, 1, jobs);
    vs_bind_int(s, 2, processing_ms);
    vs_bind_uuid(s, 3, user);
    return vs_run(s, NULL, e);
}

/* "videos":{"count":…,"duration_us":…} from a statement that gives two numbers. */
static int pair(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *user, const char *form,
                struct vs_buf *b, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, id, &s, e, vs_id(user));
    if (r < 0)
        return r;
    vs_buf_str(b, form);
    vs_buf_fmt(b, "{\"count\":%" PRId64 ",\"total\":%" PRId64 "}", vs_col_int(s, 0), vs_col_int(s, 1));
    return 0;
}

static int identities(struct vs_conn *conn, const struct vs_uuid *user, struct vs_buf *b, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_IDENTITY_LIST, &s, e, vs_id(user)), count = 0;
    if (r)
        return r;
    vs_buf_str(b, ",\"identities\":[");
    while ((r = vs_step(s, e)) == VS_ROW) {
        size_t len = 0;
        const char *text = vs_col_text(s, 0, &len);
        vs_buf_str(b, count++ ? ",{\"provider\":" : "{\"provider\":");
        vs_json_string(b, text, len);
        text = vs_col_text(s, 1, &len);
        vs_buf_str(b, ",\"subject\":");
        vs_json_string(b, text, len);
        vs_buf_fmt(b, ",\"created\":%" PRId64 "}", vs_col_int(s, 2));
    }
    vs_buf_char(b, ']');
    return r;
}

/* The words of the states are the jobs' own. */
static int jobs(struct vs_conn *conn, const struct vs_uuid *user, struct vs_buf *b, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, VS_STMT_USER_JOBS_STATS, &s, e, vs_id(user)), count = 0;
    if (r)
        return r;
    vs_buf_str(b, ",\"jobs\":{");
    while ((r = vs_step(s, e)) == VS_ROW) {
        const char *state = vs_word_name(vs_job_states, vs_col_int(s, 0));
        vs_buf_fmt(b, "%s\"%s\":%" PRId64, count++ ? "," : "", state ? state : "unknown", vs_col_int(s, 1));
    }
    vs_buf_char(b, '}');
    return r;
}

int vs_user_repo_stats(struct vs_conn *conn, const struct vs_uuid *user, struct vs_buf *b, vidstore_error **e) {
    int r = pair(conn, VS_STMT_USER_VIDEOS_STATS, user, "\"videos\":", b, e);
    if (!r)
        r = pair(conn, VS_STMT_USER_FILES_STATS, user, ",\"files\":", b, e);
    if (!r)
        r = jobs(conn, user, b, e);
    if (!r)
        r = identities(conn, user, b, e);
    vs_buf_str(b, ",\"quota\":{");
    if (!r)
        r = vs_quota_json(conn, user, vs_now_us(), b, e);
    vs_buf_char(b, '}');
    return r;
}
