/* SPDX-License-Identifier: MIT */
/* Every statement of schema/queries against the schema that the migrations make, and every way up to that schema. */
#include "db/migrate.h"
#include <check.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sqlite3 *raw;
static json_t *holes;

static char *source_path(const char *name, char *buf, size_t size) {
    const char *root = getenv("VIDSTORE_SOURCE_ROOT");
    snprintf(buf, size, "%s/tests/schema/%s", root ? root : ".", name);
    return buf;
}

static void setup(void) {
    char path[4096], *message = NULL;
    ck_assert_int_eq(sqlite3_open(":memory:", &raw), SQLITE_OK);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_QPSG, 1, (int *)NULL);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    for (int i = 0; i < vs_migration_count; i++) {
        sqlite3_exec(raw, vs_migrations[i].sql[VS_ENGINE_SQLITE], NULL, NULL, &message);
        ck_assert_msg(message == NULL, "migration %s: %s", vs_migrations[i].name, message);
    }
    holes = json_load_file(source_path("holes.json", path, sizeof path), 0, NULL);
    ck_assert_msg(holes != NULL, "%s can't be read", path);
}

static void teardown(void) {
    json_decref(holes);
    sqlite3_close(raw);
}

/* The text with every {{hole}} filled by what holes.json gives for it. */
static void fill(const struct vs_statement *s, char *buf, size_t size) {
    const char *at = s->sql[VS_ENGINE_SQLITE];
    size_t used = 0;
    while (*at && used + 1 < size) {
        const char *end = strncmp(at, "{{", 2) == 0 ? strstr(at, "}}") : NULL;
        if (!end) {
            buf[used++] = *at++;
            continue;
        }
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)(end - at - 2), at + 2);
        json_t *value = json_object_get(holes, name);
        if (json_is_object(value))
            value = json_object_get(value, "sqlite");
        ck_assert_msg(json_is_string(value), "%s: tests/schema/holes.json has nothing for {{%s}}", s->name, name);
        used += (size_t)snprintf(buf + used, size - used, "%s", json_string_value(value));
        at = end + 2;
    }
    ck_assert_msg(used + 1 < size, "%s is too long", s->name);
    buf[used] = 0;
}

static sqlite3_stmt *prepared(const char *name, const char *sql) {
    sqlite3_stmt *s = NULL;
    ck_assert_msg(sqlite3_prepare_v2(raw, sql, -1, &s, NULL) == SQLITE_OK, "%s: %s", name, sqlite3_errmsg(raw));
    return s;
}

/* Pieces are taken before it is known which engine the statement goes to. */
START_TEST(pieces_are_the_same_for_all_engines) {
    static const enum vs_stmt_id pieces[] = {
        VS_STMT_GRANT_DENIED_ANY,    VS_STMT_GRANT_ON_ROW, VS_STMT_GRANT_OBJECTS, VS_STMT_VIDEO_IN_COLLECTION,
        VS_STMT_COLLECTION_OF_VIDEO, VS_STMT_PIECE_WAY,    VS_STMT_PIECE_WAYS,    VS_STMT_PIECE_WAYS_PAGE,
        VS_STMT_PIECE_GRANTED,       VS_STMT_PIECE_WORDS,  VS_STMT_PIECE_FRESH,   VS_STMT_PIECE_PLACES};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        const struct vs_statement *it = &vs_statements[pieces[i]];
        ck_assert_str_eq(it->sql[VS_ENGINE_SQLITE], it->sql[VS_ENGINE_POSTGRES]);
        ck_assert_ptr_null(strchr(it->sql[VS_ENGINE_SQLITE], ';'));
    }
}
END_TEST

START_TEST(every_statement_prepares) {
    const struct vs_statement *it = &vs_statements[_i];
    char sql[65536];
    fill(it, sql, sizeof sql);
    sqlite3_stmt *s = prepared(it->name, sql);
    if (it->columns >= 0)
        ck_assert_msg(sqlite3_column_count(s) == it->columns, "%s gives %d columns, the catalogue says %d", it->name,
                      sqlite3_column_count(s), it->columns);
    ck_assert_msg(sqlite3_bind_parameter_count(s) == it->params, "%s takes %d parameters, the catalogue says %d",
                  it->name, sqlite3_bind_parameter_count(s), it->params);
    for (int i = 1; i <= it->params; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "$%d", i);
        ck_assert_str_eq(sqlite3_bind_parameter_name(s, i), expected);
    }
    sqlite3_finalize(s);
}
END_TEST

/* A name that the plan makes itself (a subquery, a common table) may be read from end to end. */
static int is_derived(const char *plan, const char *name, size_t len) {
    static const char *const made[] = {"CO-ROUTINE ", "MATERIALIZE "};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        for (const char *at = strstr(plan, made[i]); at; at = strstr(at + 1, made[i]))
            if (strncmp(at + strlen(made[i]), name, len) == 0 && at[strlen(made[i]) + len] == '\n')
                return 1;
    return 0;
}

static int is_slow(const char *plan, const char *line) {
    if (strncmp(line, "USE TEMP B-TREE FOR ORDER BY", 28) == 0)
        return 1;
    if (strncmp(line, "SCAN ", 5) != 0 || strncmp(line, "SCAN CONSTANT ROW", 17) == 0)
        return 0;
    const char *name = line + 5;
    size_t len = strcspn(name, " \n");
    const char *rest = name + len;
    return strncmp(rest, " VIRTUAL TABLE INDEX", 20) != 0 && !is_derived(plan, name, len);
}

static void read_plan(const char *name, const char *sql, char *plan, size_t size) {
    char explain[70000];
    snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *s = prepared(name, explain);
    size_t used = 0;
    *plan = 0;
    while (sqlite3_step(s) == SQLITE_ROW)
        used += (size_t)snprintf(plan + used, size - used, "%s\n", sqlite3_column_text(s, 3));
    ck_assert_msg(used < size, "the plan of %s is too long", name);
    sqlite3_finalize(s);
}

static int allowed(const char *name) {
    char path[4096], line[512];
    size_t len = strlen(name);
    int found = 0;
    FILE *f = fopen(source_path("scans.txt", path, sizeof path), "r");
    ck_assert_msg(f != NULL, "%s can't be read", path);
    while (fgets(line, sizeof line, f))
        found |= strncmp(line, name, len) == 0 && line[len] == ':' && strlen(line) > len + 8;
    fclose(f);
    return found;
}

START_TEST(every_statement_uses_an_index) {
    const struct vs_statement *it = &vs_statements[_i];
    char sql[65536], plan[8192];
    fill(it, sql, sizeof sql);
    read_plan(it->name, sql, plan, sizeof plan);
    int slow = 0;
    for (const char *line = plan; *line; line = strchr(line, '\n') + 1)
        slow |= is_slow(plan, line);
    if (slow)
        ck_assert_msg(allowed(it->name), "%s reads or sorts a whole table and is not in scans.txt:\n%s", it->name,
                      plan);
    else
        ck_assert_msg(!allowed(it->name), "%s needs no entry in scans.txt", it->name);
}
END_TEST

START_TEST(a_scan_is_noticed) {
    char plan[1024];
    read_plan("a scan", "SELECT value FROM vs_meta WHERE value = 'x'", plan, sizeof plan);
    ck_assert_msg(is_slow(plan, plan), "%s", plan);
    read_plan("a sort", "SELECT value FROM vs_meta WHERE key > 'x' ORDER BY value", plan, sizeof plan);
    ck_assert_msg(is_slow(plan, strchr(plan, '\n') + 1), "%s", plan);
    read_plan("no scan", "SELECT value FROM vs_meta WHERE key = 'x'", plan, sizeof plan);
    ck_assert_msg(!is_slow(plan, plan), "%s", plan);
}
END_TEST

START_TEST(allow_list_names_statements) {
    char path[4096], line[512];
    FILE *f = fopen(source_path("scans.txt", path, sizeof path), "r");
    ck_assert(f != NULL);
    while (fgets(line, sizeof line, f)) {
        size_t len = strcspn(line, ":\n");
        int known = *line == '#' || *line == '\n';
        for (int i = 0; i < VS_STMT_COUNT && !known; i++)
            known = strlen(vs_statements[i].name) == len && strncmp(vs_statements[i].name, line, len) == 0;
        ck_assert_msg(known, "scans.txt speaks of %.*s, which is no statement", (int)len, line);
    }
    fclose(f);
}
END_TEST

/* --- upgrades ------------------------------------------------------------------------------------------------- */

/* A database as a library left it that knew only the first `version` migrations. */
static void make_old(const char *path, int version) {
    vidstore_error *e = NULL;
    struct vs_db_params params = {.path = path, .create = 1};
    char *real = NULL;
    ck_assert_int_eq(vs_driver_sqlite.locate(&params, &real, &e), 0);
    struct vs_driver_open how = {.path = real, .role = VS_ROLE_WRITER};
    struct vs_conn *conn = NULL;
    struct vs_admission found;
    struct vs_history history = {vs_migrations, version};
    int newer;
    ck_assert_int_eq(vs_driver_sqlite.open(&how, &conn, &e), 0);
    ck_assert_int_eq(vs_driver_sqlite.admit(conn, &found, &e), 0);
    ck_assert_int_eq(found.empty, 1);
    ck_assert_int_eq(vs_driver_sqlite.adopt(conn, 1, &e), 0);
    int rc = vs_migrate(conn, NULL, &history, &newer, &e);
    ck_assert_msg(rc == 0, "version %d: %s (%s)", version, vidstore_error_message(e), vidstore_error_cause(e));
    conn->drv->get_version(conn, &(int64_t){0}, NULL);
    vs_conn_free_statements(conn);
    conn->drv->close(conn);
    vs_free(real);
}

START_TEST(upgraded_equals_fresh) {
    char folder[] = "/tmp/vs-schema-XXXXXX", path[64], other[80];
    ck_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/store.db", folder);
    make_old(path, _i);
    vidstore_error *e = NULL;
    struct vs_db *db = NULL;
    struct vs_db_info info;
    int rc = vs_db_open(&(struct vs_db_params){.path = path}, &db, &e);
    ck_assert_msg(rc == 0, "from version %d: %s (%s)", _i, vidstore_error_message(e), vidstore_error_cause(e));
    ck_assert_int_eq(vs_db_info(db, NULL, &info, NULL), 0);
    ck_assert_int_eq(info.schema_version, vs_migration_count);
    rc = vs_db_schema_check(db, NULL, &e);
    ck_assert_msg(rc == 0, "from version %d: %s", _i, vidstore_error_message(e));
    ck_assert_int_eq(vs_db_integrity(db, NULL, 1, &e), 0);
    vs_db_close(db);
    unlink(path);
    snprintf(other, sizeof other, "%s-turn", path);
    unlink(other);
    for (int v = 1; v <= _i; v++) {
        snprintf(other, sizeof other, "%s.v%d.bak", path, v);
        unlink(other);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *statements_suite(void);

Suite *statements_suite(void) {
    Suite *suite = suite_create("statements");
    TCase *texts = tcase_create("texts");
    tcase_add_unchecked_fixture(texts, setup, teardown);
    tcase_add_loop_test(texts, every_statement_prepares, 0, VS_STMT_COUNT);
    tcase_add_test(texts, pieces_are_the_same_for_all_engines);
    tcase_add_loop_test(texts, every_statement_uses_an_index, 0, VS_STMT_COUNT);
    tcase_add_test(texts, a_scan_is_noticed);
    tcase_add_test(texts, allow_list_names_statements);
    suite_add_tcase(suite, texts);
    TCase *upgrades = tcase_create("upgrades");
    tcase_add_loop_test(upgrades, upgraded_equals_fresh, 1, vs_migration_count + 1);
    suite_add_tcase(suite, upgrades);
    return suite;
}
