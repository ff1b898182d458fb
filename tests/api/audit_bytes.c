/* SPDX-License-Identifier: MIT */
/* The chains of the audit, byte by byte: each byte of each field of an event, and each end that a power cut can give
 * the log. The numbers are those of the groups of attacks. */
#include "audit_chain.h"
#include <sys/stat.h>

static sqlite3 *raw;

static sqlite3_stmt *prepared(const char *sql) {
    sqlite3_stmt *s = NULL;
    ck_assert_msg(sqlite3_prepare_v2(raw, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(raw));
    return s;
}

/* --- an event ----------------------------------------------------------------------------------------------------- */

/* With something in every field that a host can fill. */
static void record_all(void) {
    vidstore_session *session = NULL;
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_origin *o = vidstore_origin_new();
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_IP, "192.0.2.1");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_USER_AGENT, "agent/1");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_REQUEST_ID, "request-1");
    vidstore_origin_set_text(o, VIDSTORE_ORIGIN_DEVICE, "device");
    must(vidstore_session_on_behalf(store, ann.text, o, &session, e));
    vidstore_origin_free(o);
    must(vidstore_audit_record(session, "order", ann.text, "an event", "{\"n\":1}", e));
    vidstore_session_free(session);
}

static int64_t seq_of_order(int64_t *ret_position) {
    sqlite3_stmt *s = prepared("SELECT seq, position FROM audit_events WHERE noun = 'order'");
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int64_t seq = sqlite3_column_int64(s, 0);
    *ret_position = sqlite3_column_int64(s, 1);
    sqlite3_finalize(s);
    return seq;
}

/* 0: what came of it stands there already. */
static int set(const char *column, int64_t seq, int type, const void *value, int64_t number, int size) {
    char sql[120];
    snprintf(sql, sizeof sql, "UPDATE audit_events SET %s = ? WHERE seq = ?", column);
    sqlite3_stmt *s = prepared(sql);
    if (type == SQLITE_INTEGER)
        sqlite3_bind_int64(s, 1, number);
    else if (type == SQLITE_TEXT)
        sqlite3_bind_text(s, 1, value, size, SQLITE_STATIC);
    else
        sqlite3_bind_blob(s, 1, value, size, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, seq);
    int r = sqlite3_step(s);
    ck_assert_msg(r == SQLITE_DONE || r == SQLITE_CONSTRAINT, "%s: %s", column, sqlite3_errmsg(raw));
    sqlite3_finalize(s);
    return r == SQLITE_DONE;
}

/* at: the byte, or the bit of a number. */
static void is_found(const char *column, int at, int64_t position) {
    char want[40], *report = verify(NULL);
    snprintf(want, sizeof want, "\"position\":%lld,", (long long)position);
    ck_assert_msg(strstr(report, "{\"verdict\":\"broken\"") == report, "%s, %d: %s", column, at, report);
    /* which event it was is not to be told any more once its place has changed */
    int moved = strcmp(column, "chain") == 0 || strcmp(column, "position") == 0;
    ck_assert_msg(moved || strstr(report, want), "%s, %d: %s", column, at, report);
    free(report);
}

static int flip_each(const char column[32], int64_t seq, int64_t position) {
    char sql[80 + 32];
    uint8_t bytes[512];
    snprintf(sql, sizeof sql, "SELECT %.31s FROM audit_events WHERE seq = %lld", column, (long long)seq);
    sqlite3_stmt *s = prepared(sql);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int type = sqlite3_column_type(s, 0), size = type == SQLITE_INTEGER ? 63 : sqlite3_column_bytes(s, 0), count = 0;
    int64_t number = sqlite3_column_int64(s, 0);
    ck_assert_int_lt(size, (int)sizeof bytes);
    if (size && type != SQLITE_INTEGER && type != SQLITE_NULL)
        memcpy(bytes, type == SQLITE_TEXT ? sqlite3_column_text(s, 0) : sqlite3_column_blob(s, 0), (size_t)size);
    sqlite3_finalize(s);
    for (int i = 0; type != SQLITE_NULL && i < size; i += type == SQLITE_INTEGER ? 9 : 1, count++) {
        if (type != SQLITE_INTEGER)
            bytes[i] ^= 1;
        if (set(column, seq, type, bytes, number ^ INT64_C(1) << i, size))
            is_found(column, i, position);
        if (type != SQLITE_INTEGER)
            bytes[i] ^= 1;
    }
    if (count)
        set(column, seq, type, bytes, number, size);
    return count;
}

START_TEST(group_48_each_byte_of_each_field) {
    char path[128], columns[40][32];
    int64_t position = 0;
    int n = 0, count = 0;
    record(3);
    record_all();
    record(3);
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    sqlite3_exec(raw, "PRAGMA ignore_check_constraints = ON; DROP TRIGGER audit_events_fixed", NULL, NULL, NULL);
    int64_t seq = seq_of_order(&position);
    sqlite3_stmt *s = prepared("SELECT name FROM pragma_table_info('audit_events') WHERE name <> 'seq'");
    for (; n < 40 && sqlite3_step(s) == SQLITE_ROW; n++)
        snprintf(columns[n], sizeof columns[n], "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    for (int i = 0; i < n; i++)
        count += flip_each(columns[i], seq, position);
    ck_assert_int_gt(count, 200);
    sqlite3_close(raw);
    holds(NULL);
}
END_TEST

/* --- a power cut -------------------------------------------------------------------------------------------------- */

/* What a power cut leaves: the database as it was, and so much of the log. */
static void cut_at(const char *from, const char *to, int64_t size) {
    char command[600];
    snprintf(command, sizeof command,
             "rm -rf %s && cp -r %s %s && rm -f %s/store.db-shm && truncate -s %lld %s/store.db-wal", to, from, to, to,
             (long long)size, to);
    ck_assert_int_eq(system(command), 0);
}

static int64_t count_of(const char *noun, const char *filter) {
    vidstore_query *q = vidstore_query_new();
    int64_t count = -1;
    must(vidstore_query_filter(q, filter, e));
    must(strcmp(noun, "user") == 0 ? vidstore_user_count(sys, q, &count, e) : vidstore_audit_count(sys, q, &count, e));
    vidstore_query_free(q);
    return count;
}

START_TEST(group_51_the_log_cut_anywhere) {
    enum { USERS = 4, FRAME = 24 + 4096, HEAD = 32 };
    char from[128], log[160], name[16];
    struct stat st;
    int64_t before = -1;
    close_all();
    snprintf(from, sizeof from, "%s", place);
    pid_t child = fork();
    if (!child) {
        open_with_key(NULL);
        for (int i = 0; i < USERS; i++) {
            snprintf(name, sizeof name, "user%d", i);
            add_user(name, VIDSTORE_ROLE_USER);
        }
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    snprintf(log, sizeof log, "%s/store.db-wal", from);
    ck_assert_int_eq(stat(log, &st), 0);
    ck_assert_int_gt(st.st_size, HEAD + 4 * FRAME);
    snprintf(place, sizeof place, "%s/cut", folder);
    for (int64_t size = 0; size <= st.st_size; size += size ? FRAME / 2 : HEAD) {
        cut_at(from, place, size);
        open_with_key(NULL);
        int64_t users = count_of("user", "role = user"),
                events = count_of("audit", "chain = security and action = user_created");
        ck_assert_int_eq(users, events);
        ck_assert_int_ge(users, before);
        before = users;
        char *report = verify(NULL);
        ck_assert_msg(!strstr(report, "\"verdict\":\"broken\""), "%lld bytes: %s", (long long)size, report);
        free(report);
        close_all();
    }
    ck_assert_int_eq(before, USERS);
    open_with_key(NULL);
}
END_TEST

Suite *audit_bytes_suite(void);

Suite *audit_bytes_suite(void) {
    Suite *suite = suite_create("audit_bytes");
    TCase *t = tcase_create("attacks");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, group_48_each_byte_of_each_field);
    tcase_add_test(t, group_51_the_log_cut_anywhere);
    suite_add_tcase(suite, t);
    return suite;
}
