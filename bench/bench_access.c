/* SPDX-License-Identifier: MIT */
/* Who comes: sessions from keys and from logins beside the same reads by hand, and logins beside the bare hash. */
#include "bench.h"
#include <argon2.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 20000, LOGINS = 10 };

static const char PASSWORD[] = "correct horse battery";

static void make_user(vidstore_session *session, char id[37]) {
    vidstore_error *error = NULL;
    vidstore_user *user = NULL;
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_set_text(params, VIDSTORE_USER_USERNAME, "ann");
    vidstore_user_params_set_text(params, VIDSTORE_USER_PASSWORD, PASSWORD);
    must(vidstore_user_create(session, params, &user, &error), error, "user");
    snprintf(id, 37, "%s", vidstore_user_id(user));
    vidstore_user_params_free(params);
    vidstore_user_free(user);
}

/* What a program of one's own would do: find the row by the id in the token, read it and the user's. */
static double raw_entries(sqlite3 *db, sqlite3_stmt *s, const char *token) {
    double start = now_s();
    int64_t sum = 0;
    for (int i = 0; i < ENTRIES; i++) {
        sqlite3_bind_text(s, 1, token + 4, 14, SQLITE_STATIC);
        if (sqlite3_step(s) != SQLITE_ROW)
            must_sql(SQLITE_ERROR, db, "read");
        sum += read_row(s);
        sqlite3_reset(s);
    }
    (void)sum;
    return ENTRIES / (now_s() - start);
}

typedef vidstore_status enter_fn(vidstore *store, const char *token, const vidstore_origin *origin,
                                 vidstore_session **ret, vidstore_error **reterr);

static double our_entries(vidstore *store, enter_fn *enter, const char *token) {
    vidstore_error *error = NULL;
    double start = now_s();
    for (int i = 0; i < ENTRIES; i++) {
        vidstore_session *session = NULL;
        must(enter(store, token, NULL, &session, &error), error, "session");
        vidstore_session_free(session);
    }
    return ENTRIES / (now_s() - start);
}

static void compare(const char *name, const char *where, vidstore *store, enter_fn *enter, const char *sql,
                    const char *token, report_fn *report) {
    double ours[ROUNDS], raw[ROUNDS];
    sqlite3 *db = open_raw(where);
    sqlite3_stmt *s = prepare(db, sql);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = our_entries(store, enter, token);
        raw[i] = raw_entries(db, s, token);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    struct result result = {.bench = name, .unit = "sessions/s", .target = 0.70};
    result.ours = median(ours, ROUNDS);
    result.baseline = median(raw, ROUNDS);
    result.ratio = result.ours / result.baseline;
    report(&result);
}

static void run_entries(const char *dir, report_fn *report) {
    const char *where = path(dir, "access");
    vidstore_error *error = NULL;
    vidstore *store = open_store(where);
    vidstore_session *session = system_session(store);
    char id[37], key[VIDSTORE_TOKEN_SIZE], login[VIDSTORE_TOKEN_SIZE];
    make_user(session, id);
    vidstore_key_params *params = vidstore_key_params_new();
    vidstore_key_params_set_text(params, VIDSTORE_KEY_NAME, "bench");
    vidstore_key_params_set_text(params, VIDSTORE_KEY_USER_ID, id);
    must(vidstore_key_create(session, params, NULL, key, sizeof key, &error), error, "key");
    vidstore_key_params_free(params);
    must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, NULL, NULL, login, sizeof login, &error), error,
         "login");
    compare("key-session", where, store, vidstore_session_key,
            "SELECT k.*, u.* FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.token_id = ?", key, report);
    compare("login-session", where, store, vidstore_session_resume,
            "SELECT l.*, u.* FROM logins AS l JOIN users AS u ON u.id = l.user_id WHERE l.token_id = ?", login, report);
    vidstore_session_free(session);
    vidstore_close(store);
}

static double our_logins(vidstore *store) {
    vidstore_error *error = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    double start = now_s();
    for (int i = 0; i < LOGINS; i++)
        must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, NULL, NULL, token, sizeof token, &error), error,
             "login");
    return LOGINS / (now_s() - start);
}

static double raw_hashes(void) {
    uint8_t tag[32], salt[16] = {0};
    double start = now_s();
    for (int i = 0; i < LOGINS; i++)
        if (argon2id_hash_raw(3, 65536, 1, PASSWORD, sizeof PASSWORD - 1, salt, sizeof salt, tag, sizeof tag))
            must(VIDSTORE_NOMEM, NULL, "argon2");
    return LOGINS / (now_s() - start);
}

static void run_logins(const char *dir, report_fn *report) {
    vidstore *store = open_store(path(dir, "logins"));
    vidstore_session *session = system_session(store);
    double ours[ROUNDS], raw[ROUNDS];
    char id[37];
    make_user(session, id);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = our_logins(store);
        raw[i] = raw_hashes();
    }
    struct result result = {.bench = "login", .unit = "logins/s", .target = 0.95};
    result.ours = median(ours, ROUNDS);
    result.baseline = median(raw, ROUNDS);
    result.ratio = result.ours / result.baseline;
    report(&result);
    vidstore_session_free(session);
    vidstore_close(store);
}

const struct bench bench_access[] = {
    {"sessions", "sessions from a key and from a login's token, beside the same rows read by their indexes",
     run_entries},
    {"login", "logins with a password, beside libargon2 called directly with the same parameters", run_logins},
    {NULL, NULL, NULL},
};
