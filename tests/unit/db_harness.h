/* SPDX-License-Identifier: MIT */
/* What the tests of lib/db share: a folder of their own, a few operations on settings, a digest of a file. */
#ifndef TESTS_DB_HARNESS_H
#define TESTS_DB_HARNESS_H

#include "db/db.h"
#include "util/env.h"
#include "util/error.h"
#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vidstore/error.h>

static char folder[64];
static char file[96]; /* the database in it */

static inline void folder_make(void) {
    snprintf(folder, sizeof folder, "/tmp/vs-db-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(file, sizeof file, "%s/store.db", folder);
}

static inline void folder_remove(void) {
    DIR *d = opendir(folder);
    ck_assert(d != NULL);
    for (struct dirent *it = readdir(d); it; it = readdir(d))
        unlinkat(dirfd(d), it->d_name, 0);
    closedir(d);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* Expects 0, and shows the error otherwise. */
#define must(call)                                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == 0, "%s: %s: %s (%s)", #call, vidstore_status_name(rc_), vidstore_error_message(e_),       \
                      vidstore_error_cause(e_));                                                                       \
        ck_assert_ptr_null(e_);                                                                                        \
    } while (0)

/* Expects this code and subcode, with an error object that says the same. */
#define refused(code, sub, call)                                                                                       \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == (code), "%s gave %s: %s (%s)", #call, vidstore_status_name(rc_),                          \
                      vidstore_error_message(e_), vidstore_error_cause(e_));                                           \
        ck_assert_int_eq(vidstore_error_code(e_), (code));                                                             \
        ck_assert_int_eq(vidstore_error_subcode(e_), (sub));                                                           \
        snprintf(said, sizeof said, "%s", vidstore_error_message(e_));                                                 \
        snprintf(named, sizeof named, "%s", vidstore_error_field(e_) ? vidstore_error_field(e_) : "");                 \
        vidstore_error_free(e_);                                                                                       \
    } while (0)

__attribute__((unused)) static char said[512], named[64]; /* message and field of the last refusal */

static inline struct vs_db *opened(const char *path) {
    struct vs_db *db = NULL;
    must(vs_db_open(&(struct vs_db_params){.path = path, .create = 1}, &db, e));
    return db;
}

struct setting {
    const char *name, *value;
    int64_t number;
};

static inline int op_set(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct setting *it = arg;
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_SETTING_SET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, it->name, -1);
    vs_bind_text(s, 2, it->value, -1);
    vs_bind_int(s, 3, it->number);
    return vs_run(s, NULL, e);
}

/* Like op_set, but a name that is there already is an error. */
static inline int op_add(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct setting *it = arg;
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_SETTING_ADD, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, it->name, -1);
    vs_bind_text(s, 2, it->value, -1);
    vs_bind_int(s, 3, it->number);
    return vs_run(s, NULL, e);
}

/* The number of a setting, -1 when it is not there. */
static inline int op_get(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting *it = arg;
    vs_autostmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_SETTING_GET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, it->name, -1);
    it->number = -1;
    if ((rc = vs_row(s, e)) == VS_ROW)
        it->number = vs_col_int(s, 2);
    return rc < 0 ? rc : 0;
}

static inline void set(struct vs_db *db, const char *name, int64_t number) {
    struct setting it = {name, "1", number};
    must(vs_db_write(db, NULL, op_set, &it, e));
}

static inline int64_t get(struct vs_db *db, const char *name) {
    struct setting it = {name, NULL, 0};
    must(vs_db_read(db, NULL, op_get, &it, e));
    return it.number;
}

/* A statement given as text, run to its end. */
static inline int op_text(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int rc = vs_stmt_composed(conn, arg, strlen(arg), &s, e);
    return rc ? rc : vs_run(s, NULL, e);
}

/* For op_text, which can't take a constant. */
#define SQL(text) ((char[]){text})

/* Runs for ever, unless somebody stops it. */
#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

/* Changes a database behind the library's back. */
static inline void tamper(const char *path, const char *sql) {
    sqlite3 *raw;
    char *message = NULL;
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    sqlite3_busy_timeout(raw, 5000);
    sqlite3_exec(raw, sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s: %s", sql, message);
    sqlite3_close(raw);
}

/* FNV-1a over a file's bytes; 0 when there is none. */
static inline uint64_t digest(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    uint64_t h = 14695981039346656037u;
    for (int c = fgetc(f); c != EOF; c = fgetc(f))
        h = (h ^ (uint64_t)c) * 1099511628211u;
    fclose(f);
    return h;
}

static inline struct vs_call within_ms(int64_t ms) {
    return (struct vs_call){.deadline_us = vs_mono_us() + ms * 1000};
}

#endif
