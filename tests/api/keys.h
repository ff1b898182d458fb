/* SPDX-License-Identifier: MIT */
/* What the tests of keys share. */
#ifndef TESTS_API_KEYS_H
#define TESTS_API_KEYS_H

#include "harness.h"
#include <ctype.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <vidstore/query.h>

static struct id ann;

static inline void setup(void) {
    begin();
    add_user("root", VIDSTORE_ROLE_ADMIN);
    ann = add_user("ann", VIDSTORE_ROLE_USER);
}

struct made {
    struct id id;
    char token[VIDSTORE_TOKEN_SIZE];
};

static inline struct made make_key(vidstore_session *s, const char *user, const char *scopes, const char *json) {
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

static inline vidstore_session *enter(const char *token) {
    vidstore_session *s = NULL;
    must(vidstore_session_key(store, token, NULL, &s, e));
    return s;
}

static inline void no_entry(const char *token) {
    vidstore_session *s = (vidstore_session *)-1;
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_session_key(store, token, NULL, &s, &error), VIDSTORE_UNAUTHENTICATED);
    ck_assert_str_eq(vidstore_error_message(error), "the key does not count"); /* whatever is wrong */
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CREDENTIAL);
    ck_assert_ptr_null(s);
    vidstore_error_free(error);
}

static inline void sql(const char *text) {
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

#endif
