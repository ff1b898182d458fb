/* SPDX-License-Identifier: MIT */
/* What the tests of the chains share. */
#ifndef TESTS_API_AUDIT_CHAIN_H
#define TESTS_API_AUDIT_CHAIN_H

#include "harness.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <vidstore/query.h>

static inline void close_all(void) {
    vidstore_session_free(sys);
    vidstore_close(store);
    sys = NULL;
    store = NULL;
}

static inline void open_with_key(const char *key) {
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_DURABILITY, "relaxed");
    vidstore_open_params_set_text(p, VIDSTORE_OPEN_AUDIT_KEY, key);
    must(vidstore_open(place, p, &store, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(store, "test", &sys, e));
}

/* Changes the closed store by hand, without the triggers in the way, and opens it again. */
static inline void forge(const char *sql) {
    char path[128], *message = NULL;
    sqlite3 *raw = NULL;
    snprintf(path, sizeof path, "%s/store.db", place);
    close_all();
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    sqlite3_exec(raw,
                 "DROP TRIGGER IF EXISTS audit_events_fixed; DROP TRIGGER IF EXISTS audit_events_kept;"
                 "DROP TRIGGER IF EXISTS audit_checkpoints_fixed; DROP TRIGGER IF EXISTS audit_checkpoints_kept",
                 NULL, NULL, NULL);
    sqlite3_exec(raw, sql, NULL, NULL, &message);
    ck_assert_msg(!message, "%s: %s", sql, message);
    sqlite3_close(raw);
    open_with_key(NULL);
}

static inline void record(int count) {
    for (int i = 0; i < count;) {
        must(vidstore_begin(sys, 0, e));
        for (int part = 0; part < 500 && i < count; part++, i++) /* within its age, under a sanitizer too */
            must(vidstore_audit_record(sys, "host", NULL, "an event", "{\"n\":1}", e));
        must(vidstore_commit(sys, e));
    }
}

static inline char *verify(const char *anchor) {
    vidstore_text *text = NULL;
    must(vidstore_audit_verify(sys, anchor, &text, e));
    char *copy = strdup(vidstore_text_data(text));
    vidstore_text_free(text);
    return copy;
}

static inline void holds(const char *anchor) {
    char *report = verify(anchor);
    ck_assert_msg(strstr(report, "{\"verdict\":\"ok\"") == report, "%s", report);
    free(report);
}

/* Expects the first finding to be of a code, at a position (0: any). */
static inline void finds(const char *anchor, const char *code, int position) {
    char *report = verify(anchor), want[64];
    const char *first = strstr(report, "\"findings\":[{");
    ck_assert_msg(strstr(report, "{\"verdict\":\"broken\"") == report, "%s: %s", code, report);
    ck_assert_ptr_nonnull(first);
    snprintf(want, sizeof want, "{\"code\":\"%s\"", code);
    ck_assert_msg(strncmp(first + 12, want, strlen(want)) == 0, "not %s first: %s", code, report);
    snprintf(want, sizeof want, "\"position\":%d,", position);
    char *end = strchr(first, '}');
    const char *at = position ? strstr(first, want) : first;
    ck_assert_msg(at && at < end, "not at %d: %s", position, report);
    free(report);
}

static inline char *checkpoint(void) {
    vidstore_text *text = NULL;
    must(vidstore_audit_checkpoint(sys, &text, e));
    char *copy = strdup(vidstore_text_data(text));
    vidstore_text_free(text);
    return copy;
}

/* Puts the last but one checkpoint so many microseconds before the last, as one that was asked for or a close. */
static inline void part(int64_t us, const char *kind) {
    char sql[900];
    snprintf(sql, sizeof sql,
             "UPDATE audit_checkpoints SET body = replace(replace(substr(body, 1, instr(body, 'time_us ') + 7) || "
             "(SELECT CAST(substr(b.body, instr(b.body, 'time_us ') + 8, 16) AS INTEGER) - %lld FROM audit_checkpoints "
             "AS b WHERE b.number = audit_checkpoints.number + 1) || substr(body, instr(body, 'time_us ') + 24), "
             "'kind call', 'kind %s'), 'kind close', 'kind %s') WHERE number = (SELECT max(number) - 1 FROM "
             "audit_checkpoints)",
             (long long)us, kind, kind);
    forge(sql);
}

#endif
