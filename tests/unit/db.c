/* SPDX-License-Identifier: MIT */
/* lib/db: opening, refusing, reading and writing. */
#include "db/migrate.h"
#include "db/sqlite/sqlite_internal.h"
#include "db_harness.h"
#include <fcntl.h>

/* --- opening ---------------------------------------------------------------------------------------------------- */

static int try_open(const char *path, int create, int read_only, vidstore_error **e) {
    struct vs_db *db = NULL;
    int rc = vs_db_open(&(struct vs_db_params){.path = path, .create = create, .read_only = read_only}, &db, e);
    ck_assert(rc == 0 || db == NULL);
    vs_db_close(db);
    return rc;
}

START_TEST(new_file_is_private) {
    static const mode_t masks[] = {0, 0777, 0077};
    char shm[128];
    snprintf(shm, sizeof shm, "%s-shm", file);
    struct stat st;
    umask(masks[_i]);
    struct vs_db *db = opened(file);
    set(db, "a", 1);
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(shm, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    vs_db_close(db);
    umask(022);
}
END_TEST

START_TEST(reopened_has_what_was_written) {
    struct vs_db *db = opened(file);
    set(db, "a", 7);
    vs_db_close(db);
    must(try_open(file, 0, 0, e));
    db = opened(file);
    ck_assert_int_eq(get(db, "a"), 7);
    struct vs_db_info info;
    must(vs_db_info(db, NULL, &info, e));
    ck_assert_int_eq(info.schema_version, vs_migration_count);
    ck_assert_int_eq(info.library_schema_version, vs_migration_count);
    ck_assert(info.compatible_version >= 1 && info.compatible_version <= info.schema_version);
    ck_assert(info.wal && info.page_count > 0 && info.file_bytes > 0);
    must(vs_db_schema_check(db, NULL, e));
    vs_db_close(db);
}
END_TEST

START_TEST(absent_is_not_found) {
    char other[160];
    refused(VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, try_open(file, 0, 0, e));
    refused(VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, try_open(file, 1, 1, e));
    ck_assert_int_eq(access(file, F_OK), -1);
    snprintf(other, sizeof other, "%s/none/store.db", folder);
    refused(VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, try_open(other, 1, 0, e));
    refused(VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, try_open(folder, 1, 0, e));
    ck_assert_str_eq(named, "path");
    refused(VIDSTORE_INVALID, 0, try_open("", 1, 0, e));
    refused(VIDSTORE_INVALID, 0, try_open(NULL, 1, 1, e));
    /* An empty file, as a crash right after creating it leaves it, is no store yet, but can become one. */
    close(open(file, O_CREAT | O_WRONLY, 0600));
    refused(VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, try_open(file, 0, 0, e));
    must(try_open(file, 1, 0, e));
}
END_TEST

static const struct {
    const char *sql;
    int code, sub;
} strangers[] = {
    {"CREATE TABLE t (x); INSERT INTO t VALUES (1)", VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE},
    {"PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)", VIDSTORE_SCHEMA,
     VIDSTORE_SUB_FOREIGN_FILE},
    {"PRAGMA application_id=77", VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE},
    {"PRAGMA user_version=3", VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE},
};

START_TEST(foreign_database_is_left_alone) {
    tamper(file, strangers[_i].sql);
    uint64_t before = digest(file);
    refused(strangers[_i].code, strangers[_i].sub, try_open(file, 1, 0, e));
    refused(strangers[_i].code, strangers[_i].sub, try_open(file, 0, 1, e));
    ck_assert(digest(file) == before);
}
END_TEST

START_TEST(foreign_log_is_left_alone) {
    /* A foreign program died with a full log: looking must not move it into the file. */
    if (fork() == 0) {
        sqlite3 *raw;
        sqlite3_open(file, &raw);
        sqlite3_exec(raw, "PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)", NULL, NULL, NULL);
        _exit(0);
    }
    wait(NULL);
    uint64_t before = digest(file);
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE, try_open(file, 1, 0, e));
    ck_assert(digest(file) == before);
}
END_TEST

START_TEST(not_a_database) {
    FILE *f = fopen(file, "w");
    for (int i = 0; i < 1000; i++)
        fprintf(f, "This is a letter to somebody, line %d.\n", i);
    fclose(f);
    uint64_t before = digest(file);
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_FOREIGN_FILE, try_open(file, 1, 0, e));
    ck_assert(digest(file) == before);
}
END_TEST

static const struct {
    const char *sql;
    int sub;
} edits[] = {
    {"PRAGMA user_version=1000; UPDATE vs_meta SET value='999' WHERE key='compatible_version'",
     VIDSTORE_SUB_SCHEMA_NEWER},
    {"PRAGMA user_version=1000; DELETE FROM vs_meta", VIDSTORE_SUB_SCHEMA_NEWER},
    {"UPDATE vs_migration SET checksum=x'00' WHERE version=1", VIDSTORE_SUB_SCHEMA_EDITED},
    {"DELETE FROM vs_migration WHERE version=1", VIDSTORE_SUB_SCHEMA_EDITED},
    {"PRAGMA user_version=0", VIDSTORE_SUB_SCHEMA_EDITED},
    {"PRAGMA user_version=-5", VIDSTORE_SUB_SCHEMA_EDITED},
};

START_TEST(other_history_is_left_alone) {
    vs_db_close(opened(file));
    tamper(file, edits[_i].sql);
    uint64_t before = digest(file);
    refused(VIDSTORE_SCHEMA, edits[_i].sub, try_open(file, 1, 0, e));
    refused(VIDSTORE_SCHEMA, edits[_i].sub, try_open(file, 0, 1, e));
    vidstore_error *advice = NULL;
    ck_assert_int_eq(try_open(file, 1, 0, &advice), VIDSTORE_SCHEMA);
    ck_assert(strstr(vidstore_error_message(advice),
                     edits[_i].sub == VIDSTORE_SUB_SCHEMA_EDITED ? "restore a backup" : "use a newer one"));
    vidstore_error_free(advice);
    ck_assert(digest(file) == before);
}
END_TEST

START_TEST(newer_but_compatible_opens) {
    char sql[160];
    vs_db_close(opened(file));
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d; UPDATE vs_meta SET value='1'", vs_migration_count + 1);
    tamper(file, sql);
    struct vs_db *db = opened(file);
    set(db, "a", 3);
    ck_assert_int_eq(get(db, "a"), 3);
    struct vs_db_info info;
    must(vs_db_info(db, NULL, &info, e));
    ck_assert_int_eq(info.schema_version, vs_migration_count + 1);
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_NEWER, vs_db_schema_check(db, NULL, e));
    vs_db_close(db);
}
END_TEST

START_TEST(read_only_changes_nothing) {
    struct vs_db *db = opened(file);
    set(db, "a", 5);
    vs_db_close(db);
    uint64_t before = digest(file);
    must(vs_db_open(&(struct vs_db_params){.path = file, .read_only = 1}, &db, e));
    ck_assert_int_eq(vs_db_read_only(db), 1);
    ck_assert_int_eq(get(db, "a"), 5);
    struct setting it = {"a", "1", 6};
    struct vs_txn *txn;
    int64_t left;
    refused(VIDSTORE_READONLY, 0, vs_db_write(db, NULL, op_set, &it, e));
    refused(VIDSTORE_READONLY, 0, vs_txn_begin(db, NULL, 0, &txn, e));
    refused(VIDSTORE_READONLY, 0, vs_db_checkpoint(db, NULL, &left, e));
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
    ck_assert(digest(file) == before);
}
END_TEST

/* A step that a later library could bring: it makes a table, and says that it rewrites data. */
static struct vs_migration later(const char *sql) {
    struct vs_migration m = {
        .version = vs_migration_count + 1, .compatible = vs_migration_count + 1, .rewrite = 1, .name = "later"};
    m.sql[VS_ENGINE_SQLITE] = sql;
    return m;
}

static int migrate_to_later(const char *sql, vidstore_error **e) {
    struct vs_db *db = opened(file);
    struct vs_migration list[64];
    memcpy(list, vs_migrations, sizeof *list * (size_t)vs_migration_count);
    list[vs_migration_count] = later(sql);
    struct vs_history history = {list, vs_migration_count + 1};
    int newer;
    int rc = vs_migrate(db->writer, NULL, &history, &newer, e);
    vs_db_close(db);
    return rc;
}

START_TEST(rewriting_migration_keeps_a_copy) {
    char copy[128];
    struct vs_db *db = opened(file);
    set(db, "a", 5);
    vs_db_close(db);
    must(migrate_to_later("UPDATE settings SET updated_us = 9; CREATE TABLE later (x INTEGER) STRICT", e));
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_NEWER, try_open(file, 1, 0, e));
    snprintf(copy, sizeof copy, "%s.v%d.bak", file, vs_migration_count);
    db = opened(copy);
    ck_assert_int_eq(get(db, "a"), 5);
    vs_db_close(db);
}
END_TEST

START_TEST(failed_migration_leaves_the_old_one) {
    struct vs_db *db = opened(file);
    set(db, "a", 5);
    vs_db_close(db);
    refused(VIDSTORE_INTERNAL, 0, migrate_to_later("UPDATE settings SET updated_us = 9; CREATE TABLE settings (x)", e));
    db = opened(file);
    ck_assert_int_eq(get(db, "a"), 5);
    must(vs_db_schema_check(db, NULL, e));
    vs_db_close(db);
}
END_TEST

START_TEST(schema_drift_is_seen) {
    struct vs_db *db = opened(file);
    tamper(file, "CREATE TABLE intruder (x)");
    refused(VIDSTORE_SCHEMA, VIDSTORE_SUB_SCHEMA_EDITED, vs_db_schema_check(db, NULL, e));
    ck_assert_msg(strstr(said, "intruder") != NULL, "%s", said);
    vs_db_close(db);
}
END_TEST

static void as_nobody(void) {
    if (geteuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 0), 0);
}

START_TEST(no_permission_is_read_only) {
    char other[128];
    vs_db_close(opened(file));
    snprintf(other, sizeof other, "%s/new.db", folder);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    ck_assert_int_eq(chmod(file, 0444), 0);
    as_nobody();
    refused(VIDSTORE_READONLY, 0, try_open(file, 1, 0, e));
    refused(VIDSTORE_READONLY, 0, try_open(other, 1, 0, e));
    if (geteuid() == 65534)
        ck_assert_int_eq(setresuid(0, 0, 0), 0);
    chmod(folder, 0755);
    chmod(file, 0600);
}
END_TEST

START_TEST(network_file_systems_are_known) {
    ck_assert(vs_sqlite_is_network_fs(0x6969));
    ck_assert(vs_sqlite_is_network_fs(0xFF534D42));
    ck_assert(vs_sqlite_is_network_fs(0xFFFFFFFFFF534D42u)); /* sign-extended, as some systems give it */
    ck_assert(vs_sqlite_is_network_fs(0x65735546));
    ck_assert(!vs_sqlite_is_network_fs(0xEF53));     /* ext4 */
    ck_assert(!vs_sqlite_is_network_fs(0x58465342)); /* XFS */
    ck_assert(!vs_sqlite_is_network_fs(0x9123683E)); /* btrfs */
    ck_assert(!vs_sqlite_is_network_fs(0x01021994)); /* tmpfs */
    ck_assert(!vs_sqlite_is_network_fs(0x794C7630)); /* overlay */
}
END_TEST

START_TEST(names_mean_themselves) {
    static const char *const names[] = {"file:x?mode=memory", ":memory:", "a%41.db", "with space.db", "-rf"};
    ck_assert_int_eq(chdir(folder), 0);
    struct vs_db *db = opened(names[_i]);
    /* A relative name holds for the folder in which it was given. */
    ck_assert_int_eq(chdir("/"), 0);
    set(db, "a", 1);
    ck_assert_int_eq(get(db, "a"), 1);
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, names[_i]);
    ck_assert_int_eq(access(path, F_OK), 0);
    vs_db_close(db);
}
END_TEST

START_TEST(two_handles_of_one_file) {
    struct vs_db *a = opened(file), *b = opened(file);
    set(a, "a", 1);
    ck_assert_int_eq(get(b, "a"), 1);
    set(b, "a", 2);
    vs_db_close(b);
    ck_assert_int_eq(get(a, "a"), 2);
    set(a, "a", 3);
    vs_db_close(a);
}
END_TEST

START_TEST(replaced_file_is_noticed) {
    char other[128];
    struct vs_db *db = opened(file);
    snprintf(other, sizeof other, "%s/moved.db", folder);
    ck_assert_int_eq(rename(file, other), 0);
    struct setting it = {"a", NULL, 0};
    refused(VIDSTORE_IO, 0, vs_db_read(db, NULL, op_get, &it, e));
    vs_db_close(db);
}
END_TEST

/* --- reading and writing ---------------------------------------------------------------------------------------- */

struct roundtrip {
    struct vs_uuid id;
    int64_t number;
};

static int write_values(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct roundtrip *it = arg;
    vs_autostmt *s = NULL;
    int64_t changes = 0;
    int rc = vs_stmt(conn, VS_STMT_SETTING_SET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, "name and more", 4);
    vs_bind_text(s, 2, "", 0);
    vs_bind_int(s, 3, it->number);
    vs_bind_uuid(s, 4, &it->id);
    rc = vs_run(s, &changes, e);
    ck_assert_int_eq(changes, 1);
    return rc;
}

static int read_values(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct roundtrip *it = arg;
    vs_autostmt *s = NULL;
    struct vs_uuid id;
    size_t len = 99;
    int rc = vs_stmt(conn, VS_STMT_SETTING_GET, &s, e);
    if (rc)
        return rc;
    vs_bind_text(s, 1, "name", -1);
    ck_assert_int_eq(vs_row(s, e), VS_ROW);
    ck_assert_str_eq(vs_col_text(s, 0, NULL), "name");
    ck_assert_str_eq(vs_col_text(s, 1, &len), "");
    ck_assert_uint_eq(len, 0);
    ck_assert(!vs_col_null(s, 1));
    ck_assert_int_eq(vs_col_int(s, 2), it->number);
    ck_assert_int_eq(vs_col_uuid(s, 3, &id), 1);
    ck_assert(vs_uuid_equal(&id, &it->id));
    return 0;
}

START_TEST(values_come_back) {
    struct roundtrip it = {.number = INT64_MAX};
    must(vs_uuid_make(&it.id, e));
    struct vs_db *db = opened(_i ? file : NULL);
    must(vs_db_write(db, NULL, write_values, &it, e));
    must(vs_db_read(db, NULL, read_values, &it, e));
    it.number = INT64_MIN + 1;
    must(vs_db_write(db, NULL, write_values, &it, e));
    must(vs_db_read(db, NULL, read_values, &it, e));
    vs_db_close(db);
}
END_TEST

START_TEST(violations_are_typed) {
    struct vs_db *db = opened(file);
    struct setting it = {"a", "1", 1};
    must(vs_db_write(db, NULL, op_add, &it, e));
    refused(VIDSTORE_EXISTS, 0, vs_db_write(db, NULL, op_add, &it, e));
    ck_assert_str_eq(named, "name");
    struct setting no_value = {"b", NULL, 1}, no_number = {"b", "1", INT64_MIN};
    refused(VIDSTORE_INVALID, 0, vs_db_write(db, NULL, op_set, &no_value, e));
    ck_assert_str_eq(named, "value");
    refused(VIDSTORE_INVALID, 0, vs_db_write(db, NULL, op_set, &no_number, e));
    ck_assert_str_eq(named, "updated_us");
    refused(VIDSTORE_INVALID, 0,
            vs_db_write(db, NULL, op_text, SQL("INSERT INTO settings VALUES ('c', '1', 'x', NULL)"), e));
    ck_assert_str_eq(named, "updated_us");
    refused(VIDSTORE_INTERNAL, 0, vs_db_write(db, NULL, op_text, SQL("SELECT nothing FROM nowhere"), e));
    ck_assert_int_eq(get(db, "b"), -1);
    vs_db_close(db);
}
END_TEST

START_TEST(fields_of_violations) {
    char buf[64];
    const char *f = vs_sqlite_constraint_field("UNIQUE constraint failed: users.username", buf, sizeof buf);
    ck_assert_str_eq(f, "username");
    f = vs_sqlite_constraint_field("UNIQUE constraint failed: jobs.user_id, jobs.external_id", buf, sizeof buf);
    ck_assert_str_eq(f, "external_id");
    f = vs_sqlite_constraint_field("UNIQUE constraint failed: index 'users_mail'", buf, sizeof buf);
    ck_assert_str_eq(f, "users_mail");
    f = vs_sqlite_constraint_field("CHECK constraint failed: progress", buf, sizeof buf);
    ck_assert_str_eq(f, "progress");
    ck_assert_ptr_null(vs_sqlite_constraint_field("CHECK constraint failed: done <= total", buf, sizeof buf));
    ck_assert_ptr_null(vs_sqlite_constraint_field("FOREIGN KEY constraint failed", buf, sizeof buf));
    ck_assert_ptr_null(vs_sqlite_constraint_field("UNIQUE constraint failed: t.too_long", buf, 4));
}
END_TEST

static int set_then_fail(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int rc = op_set(conn, arg, e);
    return rc ? rc : vs_fail(e, VIDSTORE_STATE, NULL, "changed my mind");
}

START_TEST(failed_write_leaves_nothing) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct setting it = {"a", "1", 1};
    refused(VIDSTORE_STATE, 0, vs_db_write(db, NULL, set_then_fail, &it, e));
    ck_assert_int_eq(get(db, "a"), -1);
    set(db, "a", 2);
    vs_db_close(db);
}
END_TEST

/* The engine rolls everything away, and the operation goes on as if nothing had happened. */
static int ignore_a_rollback(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct setting *it = arg, other = {"other", "1", 1};
    int rc = op_set(conn, it, NULL);
    ck_assert_int_eq(rc, 0);
    rc = op_text(conn, SQL("INSERT OR ROLLBACK INTO settings VALUES ('a', '1', 1, NULL)"), NULL);
    ck_assert_int_eq(rc, VIDSTORE_EXISTS);
    ck_assert_int_eq(op_set(conn, &other, NULL), VIDSTORE_ABORTED);
    return 0;
}

START_TEST(lost_transaction_is_noticed) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct setting it = {"a", "1", 1};
    refused(VIDSTORE_ABORTED, 0, vs_db_write(db, NULL, ignore_a_rollback, &it, e));
    ck_assert_int_eq(get(db, "a"), -1);
    ck_assert_int_eq(get(db, "other"), -1);
    set(db, "a", 2);
    vs_db_close(db);
}
END_TEST

START_TEST(read_can_not_write) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct setting it = {"a", "1", 1};
    refused(VIDSTORE_INTERNAL, 0, vs_db_read(db, NULL, op_set, &it, e));
    ck_assert_int_eq(get(db, "a"), -1);
    vs_db_close(db);
}
END_TEST

struct nested {
    struct vs_db *db;
    int write;
    int64_t seen;
};

static int run_inside(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct nested *n = arg;
    struct setting it = {"a", "1", 1};
    int rc = n->write ? vs_db_write(n->db, NULL, op_set, &it, e) : vs_db_read(n->db, NULL, op_get, &it, e);
    n->seen = it.number;
    return rc;
}

START_TEST(nested_calls) {
    struct vs_db *db = opened(_i ? file : NULL);
    struct nested reading = {db, 0, 0}, writing = {db, 1, 0};
    set(db, "a", 4);
    must(vs_db_read(db, NULL, run_inside, &reading, e));
    ck_assert_int_eq(reading.seen, 4);
    must(vs_db_write(db, NULL, run_inside, &reading, e));
    ck_assert_int_eq(reading.seen, 4);
    refused(VIDSTORE_MISUSE, 0, vs_db_write(db, NULL, run_inside, &writing, e));
    set(db, "a", 5);
    vs_db_close(db);
}
END_TEST

/* For each of two rows the same statement once more: it must get a twin. */
static int within_itself(struct vs_conn *conn, void *arg, vidstore_error **e) {
    int *pairs = arg;
    vs_autostmt *outer = NULL;
    int rc = vs_stmt(conn, VS_STMT_SETTING_LIST, &outer, e);
    vs_bind_text(outer, 1, "", 0);
    vs_bind_int(outer, 2, 10);
    while (!rc && (rc = vs_step(outer, e)) == VS_ROW) {
        vs_autostmt *inner = NULL;
        rc = vs_stmt(conn, VS_STMT_SETTING_LIST, &inner, e);
        ck_assert_ptr_ne(inner, outer);
        vs_bind_text(inner, 1, "", 0);
        vs_bind_int(inner, 2, 10);
        while (!rc && (rc = vs_step(inner, e)) == VS_ROW) {
            rc = 0;
            ++*pairs;
        }
    }
    return rc;
}

static int many_texts(struct vs_conn *conn, void *arg, vidstore_error **e) {
    char sql[64];
    for (int i = 0; i < 200; i++) {
        vs_autostmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT %d", i % 100);
        int rc = vs_stmt_composed(conn, sql, strlen(sql), &s, e);
        if (rc)
            return rc;
        ck_assert_int_eq(vs_row(s, e), VS_ROW);
        ck_assert_int_eq(vs_col_int(s, 0), i % 100);
    }
    return 0;
}

/* Leaves a statement on a row: the snapshot must end all the same. */
static int forget_reset(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_stmt *s = NULL;
    int rc = vs_stmt(conn, VS_STMT_SETTING_GET, &s, e);
    vs_bind_text(s, 1, "a", -1);
    return rc ? rc : vs_row(s, e) == VS_ROW ? 0 : VIDSTORE_INTERNAL;
}

START_TEST(statements_are_kept) {
    struct vs_db *db = opened(_i ? file : NULL);
    int pairs = 0;
    set(db, "a", 1);
    set(db, "b", 2);
    must(vs_db_read(db, NULL, within_itself, &pairs, e));
    ck_assert_int_eq(pairs, 4);
    must(vs_db_read(db, NULL, many_texts, NULL, e));
    must(vs_db_read(db, NULL, forget_reset, NULL, e));
    set(db, "a", 3);
    ck_assert_int_eq(get(db, "a"), 3);
    vs_db_close(db);
}
END_TEST

Suite *db_suite(void);

Suite *db_suite(void) {
    Suite *suite = suite_create("db");
    TCase *opening = tcase_create("opening");
    tcase_add_checked_fixture(opening, folder_make, folder_remove);
    tcase_add_loop_test(opening, new_file_is_private, 0, 3);
    tcase_add_test(opening, reopened_has_what_was_written);
    tcase_add_test(opening, absent_is_not_found);
    tcase_add_loop_test(opening, foreign_database_is_left_alone, 0, 4);
    tcase_add_test(opening, foreign_log_is_left_alone);
    tcase_add_test(opening, not_a_database);
    tcase_add_loop_test(opening, other_history_is_left_alone, 0, 6);
    tcase_add_test(opening, newer_but_compatible_opens);
    tcase_add_test(opening, read_only_changes_nothing);
    tcase_add_test(opening, rewriting_migration_keeps_a_copy);
    tcase_add_test(opening, failed_migration_leaves_the_old_one);
    tcase_add_test(opening, schema_drift_is_seen);
    tcase_add_test(opening, no_permission_is_read_only);
    tcase_add_test(opening, network_file_systems_are_known);
    tcase_add_loop_test(opening, names_mean_themselves, 0, 5);
    tcase_add_test(opening, two_handles_of_one_file);
    tcase_add_test(opening, replaced_file_is_noticed);
    suite_add_tcase(suite, opening);
    TCase *running = tcase_create("running"); /* the loops: 0 in memory, 1 in a file */
    tcase_add_checked_fixture(running, folder_make, folder_remove);
    tcase_add_loop_test(running, values_come_back, 0, 2);
    tcase_add_test(running, violations_are_typed);
    tcase_add_test(running, fields_of_violations);
    tcase_add_loop_test(running, failed_write_leaves_nothing, 0, 2);
    tcase_add_loop_test(running, lost_transaction_is_noticed, 0, 2);
    tcase_add_loop_test(running, read_can_not_write, 0, 2);
    tcase_add_loop_test(running, nested_calls, 0, 2);
    tcase_add_loop_test(running, statements_are_kept, 0, 2);
    suite_add_tcase(suite, running);
    return suite;
}
