/* SPDX-License-Identifier: MIT */
/* A look into the database of an open store, or a change behind its back. */
#ifndef TESTS_API_PEEK_H
#define TESTS_API_PEEK_H

#include "harness.h"
#include <sqlite3.h>

/* Runs a statement: the first number that it gives, -1: none. */
static inline int64_t sql(const char *text) {
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t value = -1;
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    int r = sqlite3_step(s);
    if (r == SQLITE_ROW)
        value = sqlite3_column_int64(s, 0);
    ck_assert_msg(r == SQLITE_ROW || r == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

#endif
