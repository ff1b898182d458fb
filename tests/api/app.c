/* SPDX-License-Identifier: MIT */
/* A host's own tables: in one commit with ours, and no way out of them. */
#include "work.h"
#include <sqlite3.h>

static void migrate(const char *name, const char *sql) {
    int32_t applied = -1;
    must(vidstore_app_migrate(sys, name, sql, &applied, e));
    ck_assert_int_eq(applied, 1);
}

static int64_t change(vidstore_session *session, const char *sql, const char *params) {
    int64_t changes = -1;
    must(vidstore_app_exec(session, sql, params, &changes, e));
    return changes;
}

static char answer[1 << 16];

static const char *ask(vidstore_session *session, const char *sql, const char *params) {
    vidstore_text *text = NULL;
    must(vidstore_app_query(session, sql, params, 100, &text, e));
    snprintf(answer, sizeof answer, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    return answer;
}

static void expect(const char *sql, const char *rows) {
    char wanted[2048];
    snprintf(wanted, sizeof wanted, "\"rows\":%s,", rows);
    ck_assert_msg(strstr(ask(sys, sql, NULL), wanted) != NULL, "%s gave %s, not %s", sql, answer, rows);
}

static void begin_with_notes(void) {
    begin();
    migrate("0001", "CREATE TABLE app_notes (id INTEGER PRIMARY KEY, job BLOB, body TEXT NOT NULL, score REAL, "
                    "UNIQUE (body)); -- the host's\nCREATE INDEX app_notes_job ON app_notes(job);");
}

/* --- what it is for ----------------------------------------------------------------------------------------------- */

START_TEST(values_go_in_and_come_out) {
    ck_assert_int_eq(change(sys, "INSERT INTO app_notes (body, score) VALUES (?, ?), (?, ?)",
                            "[\"gr\\u00fc\\u00dfe\", 1.5, \"two\", null]"),
                     2);
    expect("SELECT body, score FROM app_notes ORDER BY id", "[[\"gr\xc3\xbc\xc3\x9f"
                                                            "e\",1.5],[\"two\",null]]");
    ask(sys, "SELECT ?1, ?2, ?3, :x AS named, ?5", "[true, 9007199254740993, {\"blob\": \"00fF\"}, -2.25, \"a\"]");
    ck_assert_str_eq(answer, "{\"columns\":[\"?1\",\"?2\",\"?3\",\"named\",\"?5\"],\"rows\":[[1,9007199254740993,"
                             "{\"blob\":\"00ff\"},-2.25,\"a\"]],\"truncated\":false}");
    expect("SELECT 9e999, CAST(x'ff41' AS TEXT), x''", "[[null,{\"blob\":\"ff41\"},{\"blob\":\"\"}]]");
    vidstore_text *text = NULL;
    must(vidstore_app_query(sys, "SELECT id FROM app_notes ORDER BY id;  -- and no more", NULL, 1, &text, e));
    ck_assert_str_eq(vidstore_text_data(text), "{\"columns\":[\"id\"],\"rows\":[[1]],\"truncated\":true}");
    vidstore_text_free(text);
    must(vidstore_app_query(sys, "SELECT id FROM app_notes", NULL, 2, &text, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"truncated\":false"));
    vidstore_text_free(text);
}
END_TEST

START_TEST(one_commit_for_both) {
    must(vidstore_begin(sys, 0, e));
    struct id job = submit(sys, "{\"kind\": \"download_only\"}");
    change(sys, "INSERT INTO app_notes (body) VALUES ('lost')", NULL);
    expect("SELECT count(*) FROM app_notes", "[[1]]");
    must(vidstore_rollback(sys, e));
    expect("SELECT count(*) FROM app_notes", "[[0]]");
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_job_get(sys, job.text, NULL, e));
    must(vidstore_begin(sys, 0, e));
    job = submit(sys, "{\"kind\": \"download_only\"}");
    char params[128], rows[128];
    snprintf(params, sizeof params, "[{\"uuid\": \"%s\"}]", job.text);
    change(sys, "INSERT INTO app_notes (job, body) VALUES (?, 'kept')", params);
    must(vidstore_commit(sys, e));
    snprintf(rows, sizeof rows, "[[\"%s\",\"kept\",\"ready\"]]", job.text);
    expect("SELECT j.id, n.body, j.state FROM app_notes AS n JOIN v_jobs AS j ON j.key = n.job", rows);
    vidstore_lease *lease = claim(NULL);
    vidstore_session *worker = vidstore_lease_session(lease);
    must(vidstore_begin(worker, 0, e));
    change(worker, "UPDATE app_notes SET body = 'done'", NULL);
    must(vidstore_lease_finish(lease, NULL, e));
    must(vidstore_commit(worker, e));
    vidstore_lease_free(lease);
    snprintf(rows, sizeof rows, "[[\"done\",\"completed\"]]");
    expect("SELECT n.body, j.state FROM app_notes AS n JOIN v_jobs AS j ON j.key = n.job", rows);
}
END_TEST

START_TEST(views_tell_what_there_is) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *hers = session_of(anna);
    submit(hers, "{\"kind\": \"download_only\"}");
    expect("SELECT username, role, state FROM v_users", "[[\"anna\",\"user\",\"active\"]]");
    expect("SELECT u.username, count(*) FROM v_users AS u JOIN v_jobs AS j ON j.user_key = u.key GROUP BY 1",
           "[[\"anna\",1]]");
    expect("SELECT count(*) FROM v_users", "[[1]]");
    expect("SELECT count(*) FROM v_videos UNION ALL SELECT count(*) FROM v_files", "[[0],[0]]");
    expect("SELECT count(*) > 0 FROM v_audit WHERE object_id = (SELECT id FROM v_users)", "[[1]]");
    expect("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
           "[[15]]");
    expect("SELECT value FROM json_each('[1,2]')", "[[1],[2]]");
    expect("SELECT row_number() OVER (ORDER BY username) FROM v_users", "[[1]]");
    vidstore_session_free(hers);
}
END_TEST

START_TEST(steps_are_taken_once) {
    int32_t applied = -1;
    migrate("0002", "ALTER TABLE app_notes ADD COLUMN extra TEXT; CREATE TABLE app_more (id INTEGER PRIMARY KEY "
                    "AUTOINCREMENT, note INTEGER REFERENCES app_notes(id) ON DELETE CASCADE) STRICT;"
                    "INSERT INTO app_notes (body) VALUES ('first'); INSERT INTO app_more (note) VALUES (1)");
    must(vidstore_app_migrate(sys, "0001",
                              "CREATE TABLE app_notes (id INTEGER PRIMARY KEY, job BLOB, body TEXT NOT NULL, score "
                              "REAL, UNIQUE (body)); -- the host's\nCREATE INDEX app_notes_job ON app_notes(job);",
                              &applied, e));
    ck_assert_int_eq(applied, 0);
    refused(VIDSTORE_SCHEMA, "name", vidstore_app_migrate(sys, "0001", "CREATE TABLE app_x (y)", NULL, e));
    refused(VIDSTORE_INVALID, "sql", vidstore_app_migrate(sys, "0003", "CREATE TABLE app_y (z); CREATE TBLE", NULL, e));
    refused(VIDSTORE_INVALID, "sql", vidstore_app_query(sys, "SELECT * FROM app_y", NULL, 1, NULL, e));
    migrate("0003", "CREATE TABLE app_y (z)");
    ck_assert_int_eq(events("action = migration and noun = app"), 3);
    migrate("0004", "ALTER TABLE app_y RENAME TO app_z; ALTER TABLE app_z RENAME COLUMN z TO y; DROP INDEX "
                    "app_notes_job; CREATE UNIQUE INDEX app_z_y ON app_z(y) WHERE y > 0; DROP TABLE app_more; "
                    "ALTER TABLE app_notes DROP COLUMN extra;");
    change(sys, "DELETE FROM app_notes", NULL);
    migrate("0005", "DROP TABLE app_notes");
    must(vidstore_begin(sys, 0, e));
    migrate("0006", "CREATE TABLE app_gone (x)");
    must(vidstore_rollback(sys, e));
    migrate("0006", "CREATE TABLE app_there (x)");
}
END_TEST

START_TEST(copies_and_checks_know_them) {
    char copy[128], again[128];
    vidstore *other = NULL;
    vidstore_session *session = NULL;
    vidstore_text *text = NULL;
    change(sys, "INSERT INTO app_notes (body) VALUES ('kept')", NULL);
    must(vidstore_doctor(sys, 1, &text, e));
    ck_assert_msg(strstr(vidstore_text_data(text), "schema is not") == NULL, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    snprintf(again, sizeof again, "%s/again.vidstore", folder);
    must(vidstore_backup(sys, copy, 0, NULL, e));
    must(vidstore_restore(copy, again, 0, NULL, e));
    must(vidstore_open(again, NULL, &other, e));
    must(vidstore_session_system(other, "test", &session, e));
    ask(session, "SELECT body FROM app_notes", NULL);
    ck_assert_ptr_nonnull(strstr(answer, "[[\"kept\"]]"));
    vidstore_session_free(session);
    vidstore_close(other);
    close_store();
    open_store();
    expect("SELECT body FROM app_notes", "[[\"kept\"]]");
}
END_TEST

/* --- rights and bad input ------------------------------------------------------------------------------------------
 */

START_TEST(users_may_not) {
    vidstore_session *hers = session_of(add_user("anna", VIDSTORE_ROLE_USER));
    vidstore_session *admins = session_of(add_user("root", VIDSTORE_ROLE_ADMIN)), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_query(hers, "SELECT 1", NULL, 1, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_exec(hers, "DELETE FROM app_notes", NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_migrate(hers, "x", "DROP TABLE app_notes", NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_app_query(nobody, "SELECT 1", NULL, 1, NULL, e));
    ask(admins, "SELECT 1", NULL);
    vidstore_session_free(hers);
    vidstore_session_free(admins);
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(bad_input_names_the_field) {
    static const struct {
        const char *sql, *params, *field;
    } bad[] = {
        {"", NULL, "sql"},
        {"-- nothing", NULL, "sql"},
        {"SELECT 1; SELECT 2", NULL, "sql"},
        {"SELEC 1", NULL, "sql"},
        {"SELECT nothing FROM app_notes", NULL, "sql"},
        {"SELECT 1 FROM app_nowhere", NULL, "sql"},
        {"SELECT \"double\"", NULL, "sql"},
        {"DELETE FROM app_notes", NULL, "sql"},
        {"SELECT ?", NULL, "params"},
        {"SELECT ?", "[]", "params"},
        {"SELECT ?", "[1, 2]", "params"},
        {"SELECT ?", "{}", "params"},
        {"SELECT ?", "[", "params"},
        {"SELECT ?", "[[1]]", "params[0]"},
        {"SELECT ?, ?", "[1, {}]", "params[1]"},
        {"SELECT ?", "[{\"blob\": \"abc\"}]", "params[0]"},
        {"SELECT ?", "[{\"blob\": \"zz\"}]", "params[0]"},
        {"SELECT ?", "[{\"uuid\": \"zz\"}]", "params[0]"},
        {"SELECT ?", "[{\"uuid\": \"zz\", \"blob\": \"\"}]", "params[0]"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, bad[i].field, vidstore_app_query(sys, bad[i].sql, bad[i].params, 1, NULL, e));
    refused(VIDSTORE_INVALID, "max_rows", vidstore_app_query(sys, "SELECT 1", NULL, 0, NULL, e));
    refused(VIDSTORE_INVALID, "max_rows", vidstore_app_query(sys, "SELECT 1", NULL, 10001, NULL, e));
    refused(VIDSTORE_INVALID, "sql", vidstore_app_exec(sys, "SELECT 1", NULL, NULL, e));
    refused(VIDSTORE_INVALID, "body",
            vidstore_app_exec(sys, "INSERT INTO app_notes (body) VALUES (NULL)", NULL, NULL, e));
    change(sys, "INSERT INTO app_notes (body) VALUES ('a')", NULL);
    refused(VIDSTORE_EXISTS, "body",
            vidstore_app_exec(sys, "INSERT INTO app_notes (body) VALUES ('a')", NULL, NULL, e));
    refused(VIDSTORE_INVALID, "name", vidstore_app_migrate(sys, "", "CREATE TABLE app_q (x)", NULL, e));
    refused(VIDSTORE_MISUSE, "name", vidstore_app_migrate(sys, NULL, "CREATE TABLE app_q (x)", NULL, e));
    char *huge = malloc((1 << 20) + 64);
    memset(huge, ' ', (1 << 20) + 63);
    memcpy(huge, "SELECT 1", 8);
    huge[(1 << 20) + 63] = '\0';
    refused(VIDSTORE_INVALID, "sql", vidstore_app_query(sys, huge, NULL, 1, NULL, e));
    free(huge);
}
END_TEST

/* --- ways out ------------------------------------------------------------------------------------------------------
 */

static const char *const readings[] = {
    "SELECT * FROM users",
    "SELECT hash FROM user_passwords",
    "SELECT count(*) FROM user_passwords",
    "SELECT lease_hash FROM jobs",
    "SELECT 1 FROM app_notes WHERE EXISTS (SELECT 1 FROM user_passwords)",
    "SELECT (SELECT hash FROM user_passwords LIMIT 1)",
    "SELECT * FROM main.users",
    "SELECT * FROM \"users\"",
    "SELECT * FROM [users]",
    "SELECT * FROM `users`",
    "SELECT * FROM USERS AS app_users",
    "WITH app_x AS (SELECT * FROM user_passwords) SELECT * FROM app_x",
    "WITH v_users AS (SELECT hash FROM user_passwords) SELECT * FROM v_users",
    "WITH v_jobs AS (SELECT lease_hash FROM jobs) SELECT * FROM v_jobs",
    "WITH v_jobs AS (SELECT webhook FROM jobs) SELECT * FROM v_jobs",
    "WITH v_jobs AS MATERIALIZED (SELECT checkpoint FROM jobs) SELECT * FROM v_jobs",
    "WITH v_users(username) AS (SELECT hash FROM user_passwords) SELECT username FROM v_users",
    "SELECT * FROM (SELECT hash FROM user_passwords) AS v_users",
    "SELECT u.username FROM v_users AS u JOIN user_passwords AS p ON p.user_id = u.key",
    "SELECT lease_hash FROM v_jobs",
    "SELECT v_jobs.lease_hash FROM v_jobs",
    "SELECT rowid FROM user_passwords",
    "SELECT username FROM v_users UNION SELECT hash FROM user_passwords",
    "SELECT username FROM v_users WHERE username IN user_passwords",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM sqlite_temp_master",
    "SELECT * FROM sqlite_sequence",
    "SELECT * FROM sqlite_stat1",
    "SELECT * FROM pragma_table_info('users')",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_function_list",
    "SELECT * FROM dbstat",
    "SELECT * FROM feed",
    "SELECT * FROM settings",
    "SELECT * FROM vs_meta",
    "SELECT * FROM vs_app_migration",
    "SELECT * FROM audit_events",
    "SELECT load_extension('/tmp/x.so')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT sqlite_compileoption_get(0)",
    "SELECT sqlite_rename_table('main','table','app_notes','x','y','z',0)",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "PRAGMA user_version",
    "PRAGMA database_list",
    "PRAGMA table_info(users)",
    "PRAGMA main.journal_mode",
    "EXPLAIN SELECT * FROM users",
    "EXPLAIN QUERY PLAN SELECT hash FROM user_passwords",
};

static const char *const changes[] = {
    "INSERT INTO users (username) VALUES ('x')",
    "UPDATE users SET role = 30",
    "DELETE FROM audit_events",
    "UPDATE jobs SET state = 50",
    "UPDATE v_users SET role = 'admin'",
    "DELETE FROM feed",
    "DELETE FROM vs_app_migration",
    "UPDATE settings SET value = '1'",
    "UPDATE sqlite_master SET sql = 'x'",
    "DELETE FROM sqlite_master WHERE name = 'users'",
    "INSERT INTO sqlite_master VALUES ('table', 'app_x', 'app_x', 2, 'CREATE TABLE app_x (y)')",
    "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'feed'",
    "DELETE FROM sqlite_sequence",
    "DELETE FROM sqlite_stat1",
    "INSERT INTO app_notes (body) SELECT hash FROM user_passwords",
    "INSERT INTO app_notes (body) VALUES ('x') RETURNING (SELECT hash FROM user_passwords)",
    "UPDATE app_notes SET body = p.hash FROM user_passwords AS p",
    "WITH app_notes AS (SELECT 1) DELETE FROM users",
    "INSERT INTO app_notes (body) VALUES ('x') ON CONFLICT DO UPDATE SET body = (SELECT hash FROM user_passwords)",
    "CREATE TABLE app_x (y)",
    "DROP TABLE app_notes",
    "CREATE TEMP TABLE app_x (y)",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "END",
    "SAVEPOINT app_x",
    "RELEASE vs",
    "ROLLBACK TO vs",
    "PRAGMA writable_schema = 1",
    "PRAGMA defer_foreign_keys = 1",
    "PRAGMA foreign_keys = 0",
    "PRAGMA synchronous = 0",
    "PRAGMA trusted_schema = 1",
    "ATTACH '/tmp/x.db' AS app_x",
    "DETACH main",
    "VACUUM",
    "VACUUM INTO '/tmp/vidstore-leak.db'",
    "ANALYZE",
    "REINDEX",
};

static const char *const schemas[] = {
    "CREATE TABLE notes (x)",
    "CREATE TABLE app_ (x)",
    "CREATE TABLE appx (x)",
    "CREATE TABLE v_mine (x)",
    "CREATE TABLE sqlite_app_x (x)",
    "CREATE TEMP TABLE app_x (x)",
    "CREATE TABLE temp.app_x (x)",
    "CREATE TABLE app_x AS SELECT hash FROM user_passwords",
    "CREATE TABLE app_x (job REFERENCES jobs(id))",
    "CREATE TABLE app_x (job BLOB, FOREIGN KEY (job) REFERENCES jobs(id) ON DELETE RESTRICT)",
    "ALTER TABLE app_notes ADD COLUMN u BLOB REFERENCES users(id)",
    "ALTER TABLE app_notes RENAME TO mine",
    "ALTER TABLE users RENAME TO app_users",
    "ALTER TABLE users ADD COLUMN app_x",
    "ALTER TABLE users DROP COLUMN email",
    "DROP TABLE users",
    "DROP TABLE feed",
    "DROP VIEW v_users",
    "DROP TRIGGER feed_job_created",
    "DROP INDEX jobs_ready",
    "CREATE INDEX app_x ON users(username)",
    "CREATE INDEX notes_x ON app_notes(body)",
    "CREATE INDEX app_x ON app_notes(body) WHERE body IN (SELECT hash FROM user_passwords)",
    "CREATE VIEW app_x AS SELECT * FROM user_passwords",
    "CREATE VIEW app_x AS SELECT 1",
    "CREATE TEMP VIEW app_x AS SELECT 1",
    "CREATE TRIGGER app_x AFTER INSERT ON app_notes BEGIN UPDATE users SET role = 30; END",
    "CREATE TRIGGER app_x AFTER INSERT ON users BEGIN INSERT INTO app_notes (body) VALUES (NEW.username); END",
    "CREATE TEMP TRIGGER app_x AFTER INSERT ON main.users BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE app_x USING fts5(y)",
    "CREATE VIRTUAL TABLE app_x USING dbstat",
    "CREATE VIRTUAL TABLE app_x USING rtree(a, b, c)",
    "INSERT INTO app_notes (body) SELECT hash FROM user_passwords",
    "UPDATE sqlite_master SET sql = 'x'",
    "INSERT INTO sqlite_master VALUES ('table', 'app_x', 'app_x', 2, 'CREATE TABLE app_x (y)')",
    "CREATE TABLE app_x (y); DELETE FROM sqlite_sequence",
    "CREATE TABLE app_x (y); COMMIT; DROP TABLE users",
    "CREATE TABLE app_x (y); PRAGMA writable_schema = 1",
    "CREATE TABLE app_x (y); ATTACH '/tmp/x.db' AS z",
    "CREATE TABLE app_x (y CHECK (fts3_tokenizer(y) IS NOT NULL))",
    "ANALYZE",
    "REINDEX",
    "VACUUM",
};

/* Refused with a word about the statement, whichever: what counts is that it is not done. */
static void refuse(const char *sql, vidstore_status status, vidstore_error **reterr) {
    vidstore_error *error = *reterr;
    ck_assert_msg(status == VIDSTORE_FORBIDDEN || status == VIDSTORE_INVALID, "%s gave %s: %s (%s)", sql,
                  vidstore_status_name(status), vidstore_error_message(error), vidstore_error_cause(error));
    ck_assert_msg(vidstore_error_field(error) && strcmp(vidstore_error_field(error), "sql") == 0, "%s: %s", sql,
                  vidstore_error_message(error));
    ck_assert_ptr_null(strstr(vidstore_error_message(error), "argon2"));
    vidstore_error_free(error);
}

START_TEST(no_way_out) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    must(vidstore_user_set_password(sys, anna.text, "correct horse battery", e));
    submit(sys, "{\"kind\": \"download_only\", \"webhook\": \"https://example.com/secret\"}");
    change(sys, "INSERT INTO app_notes (body) VALUES ('there')", NULL);
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        vidstore_error *error = NULL;
        vidstore_text *text = NULL;
        refuse(readings[i], vidstore_app_query(sys, readings[i], NULL, 10, &text, &error), &error);
        ck_assert_ptr_null(text);
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        vidstore_error *error = NULL;
        refuse(changes[i], vidstore_app_exec(sys, changes[i], NULL, NULL, &error), &error);
        error = NULL;
        refuse(changes[i], vidstore_app_query(sys, changes[i], NULL, 1, NULL, &error), &error);
    }
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        vidstore_error *error = NULL;
        refuse(schemas[i], vidstore_app_migrate(sys, "9999", schemas[i], NULL, &error), &error);
    }
    expect("SELECT body FROM app_notes", "[[\"there\"]]");
    expect("SELECT username, role FROM v_users", "[[\"anna\",\"user\"]]");
    ck_assert_int_ne(access("/tmp/vidstore-leak.db", F_OK), 0);
    vidstore_text *text = NULL;
    must(vidstore_doctor(sys, 1, &text, e));
    ck_assert_msg(strstr(vidstore_text_data(text), "\"bad\"") == NULL, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    vidstore_user *user = NULL;
    must(vidstore_user_verify_password(sys, "anna", "correct horse battery", &user, e));
    vidstore_user_free(user);
}
END_TEST

/* A view's name for a common table gives no more than the view. */
START_TEST(a_views_name_gives_no_more_than_the_view) {
    add_user("anna", VIDSTORE_ROLE_USER);
    ask(sys, "SELECT * FROM v_users", NULL);
    ck_assert_ptr_null(strstr(answer, "hash"));
    ask(sys, "SELECT * FROM v_jobs", NULL);
    ck_assert_ptr_null(strstr(answer, "webhook"));
    ck_assert_ptr_null(strstr(answer, "\"request\""));
    ck_assert_ptr_null(strstr(answer, "lease_hash"));
    ck_assert_ptr_null(strstr(answer, "checkpoint"));
    ask(sys, "SELECT * FROM v_files", NULL);
    ck_assert_ptr_null(strstr(answer, "signed_url"));
    ck_assert_ptr_null(strstr(answer, "encryption"));
}
END_TEST

/* --- without end ----------------------------------------------------------------------------------------------------
 */

#define FOREVER "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

/* Takes a second or so, and next to no memory. */
#define LONG "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) SELECT count(*) FROM n"

START_TEST(bombs_go_off_within_the_deadline) {
    int64_t began = now_ms();
    must(vidstore_session_set_deadline(sys, 300, e));
    refused(VIDSTORE_TIMEOUT, NULL, vidstore_app_query(sys, FOREVER "SELECT count(*) FROM n", NULL, 1, NULL, e));
    refused(VIDSTORE_TIMEOUT, NULL,
            vidstore_app_exec(sys, "INSERT INTO app_notes (body) " FOREVER "SELECT 'x' || i FROM n", NULL, NULL, e));
    ck_assert_int_lt(now_ms() - began, 5000);
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    refused(VIDSTORE_INVALID, "sql", vidstore_app_query(sys, "SELECT zeroblob(2000000000)", NULL, 1, NULL, e));
    refused(VIDSTORE_INVALID, "sql",
            vidstore_app_query(sys, "SELECT replace(hex(zeroblob(400000)), '0', '00000')", NULL, 1, NULL, e));
    refused(VIDSTORE_NOMEM, "sql",
            vidstore_app_query(sys, FOREVER "SELECT zeroblob(900000) FROM n ORDER BY i", NULL, 1, NULL, e));
    vidstore_text *text = NULL;
    must(vidstore_app_query(sys, FOREVER "SELECT hex(zeroblob(200000)) FROM n LIMIT 1000", NULL, 10000, &text, e));
    ck_assert_int_lt(vidstore_text_size(text), 10 << 20);
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"truncated\":true"));
    vidstore_text_free(text);
    expect("SELECT count(*) FROM app_notes", "[[0]]");
    submit(sys, "{\"kind\": \"download_only\"}"); /* ours go on as ever */
}
END_TEST

/* What a host's own use of SQLite in the same process takes, at once or without end. It is never touched. */
enum { PIECES = 60, PIECE = 300 << 20 };

struct greedy {
    int pieces;
    _Atomic int stop;
    void *got[PIECES];
};

static void *take_memory(void *arg) {
    struct greedy *g = arg;
    for (int i = 0; i < g->pieces && !g->stop; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 25000000}, NULL);
        g->got[i] = sqlite3_malloc(PIECE);
    }
    return NULL;
}

static vidstore_status beside_greed(int pieces, int writes, char ret[64]) {
    struct greedy g = {.pieces = pieces};
    pthread_t thread;
    vidstore_error *error = NULL;
    vidstore_text *text = NULL;
    ck_assert_int_eq(pthread_create(&thread, NULL, take_memory, &g), 0);
    vidstore_status status = writes ? vidstore_app_exec(sys, "INSERT INTO app_notes (body) " LONG, NULL, NULL, &error)
                                    : vidstore_app_query(sys, LONG, NULL, 1, &text, &error);
    g.stop = 1;
    pthread_join(thread, NULL);
    for (int i = 0; i < pieces; i++)
        sqlite3_free(g.got[i]);
    snprintf(ret, 64, "%s", text ? vidstore_text_data(text) : vidstore_error_field(error));
    vidstore_text_free(text);
    vidstore_error_free(error);
    return status;
}

START_TEST(the_memory_of_others_is_not_its_own) {
    char said_of[64];
    ck_assert_int_eq(beside_greed(1, 0, said_of), VIDSTORE_OK);
    ck_assert_ptr_nonnull(strstr(said_of, "[[3000000]]"));
    ck_assert_int_eq(beside_greed(PIECES, 0, said_of), VIDSTORE_BUSY);
    ck_assert_str_eq(said_of, "sql");
    ck_assert_int_eq(beside_greed(PIECES, 1, said_of), VIDSTORE_BUSY);
    ck_assert_str_eq(said_of, "sql");
    expect("SELECT count(*) FROM app_notes", "[[0]]");
    submit(sys, "{\"kind\": \"download_only\"}");
}
END_TEST

START_TEST(what_a_host_does_wrong_costs_nobody_else) {
    migrate("0002", "CREATE TABLE app_parts (note INTEGER REFERENCES app_notes(id) DEFERRABLE INITIALLY DEFERRED)");
    refused(VIDSTORE_INVALID, "sql", vidstore_app_exec(sys, "INSERT INTO app_parts VALUES (99)", NULL, NULL, e));
    change(sys, "INSERT INTO app_notes (body) VALUES ('a')", NULL);
    must(vidstore_begin(sys, 0, e));
    submit(sys, "{\"kind\": \"download_only\"}");
    refused(VIDSTORE_INVALID, "sql", vidstore_app_exec(sys, "INSERT INTO app_parts VALUES (99)", NULL, NULL, e));
    refused(VIDSTORE_EXISTS, "body",
            vidstore_app_exec(sys, "INSERT OR FAIL INTO app_notes (body) VALUES ('b'), ('a')", NULL, NULL, e));
    must(vidstore_commit(sys, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 1);
    expect("SELECT body FROM app_notes", "[[\"a\"]]");
    vidstore_error *error = NULL;
    ck_assert_int_lt(
        vidstore_app_exec(sys, "INSERT OR ROLLBACK INTO app_notes (body) VALUES ('a')", NULL, NULL, &error), 0);
    vidstore_error_free(error);
    must(vidstore_begin(sys, 0, e));
    submit(sys, "{\"kind\": \"download_only\"}");
    error = NULL;
    ck_assert_int_lt(
        vidstore_app_exec(sys, "INSERT OR ROLLBACK INTO app_notes (body) VALUES ('a')", NULL, NULL, &error), 0);
    vidstore_error_free(error);
    refused(VIDSTORE_ABORTED, NULL, vidstore_commit(sys, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 1);
}
END_TEST

static void lose_the_transaction(void) {
    vidstore_error *error = NULL;
    ck_assert_int_lt(
        vidstore_app_exec(sys, "INSERT OR ROLLBACK INTO app_notes (body) VALUES ('a')", NULL, NULL, &error), 0);
    vidstore_error_free(error);
}

START_TEST(a_lost_transaction_is_lost_at_each_level) {
    change(sys, "INSERT INTO app_notes (body) VALUES ('a')", NULL);
    for (int level = 0; level < 3; level++)
        must(vidstore_begin(sys, 0, e));
    change(sys, "INSERT INTO app_notes (body) VALUES ('b')", NULL);
    lose_the_transaction();
    for (int level = 0; level < 3; level++) {
        refused(VIDSTORE_ABORTED, NULL,
                vidstore_app_exec(sys, "INSERT INTO app_notes (body) VALUES ('c')", NULL, NULL, e));
        refused(VIDSTORE_ABORTED, NULL, vidstore_begin(sys, 0, e));
        refused(VIDSTORE_ABORTED, NULL, vidstore_rollback(sys, e));
    }
    refused(VIDSTORE_STATE, "session", vidstore_rollback(sys, e));
    expect("SELECT body FROM app_notes", "[[\"a\"]]");
    change(sys, "INSERT INTO app_notes (body) VALUES ('d')", NULL);
    expect("SELECT body FROM app_notes", "[[\"a\"],[\"d\"]]");
}
END_TEST

/* A call by name takes parameters as JSON, as text that holds it, or not at all. */
START_TEST(parameters_by_name) {
    static const char *const calls[] = {
        "{\"sql\":\"SELECT body FROM app_notes WHERE score = ?\",\"max_rows\":9,\"params\":[1.5]}",
        "{\"sql\":\"SELECT body FROM app_notes WHERE score = ?\",\"max_rows\":9,\"params\":\"[1.5]\"}",
        "{\"sql\":\"SELECT body FROM app_notes\",\"max_rows\":9}",
        "{\"sql\":\"SELECT body FROM app_notes\",\"max_rows\":9,\"params\":null}"};
    vidstore_text *text = NULL;
    must(vidstore_call(sys, "app.exec",
                       "{\"sql\":\"INSERT INTO app_notes (body, score) VALUES (?, ?)\",\"params\":[\"a\", 1.5]}", NULL,
                       e));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        must(vidstore_call(sys, "app.query", calls[i], &text, e));
        ck_assert_ptr_nonnull(strstr(vidstore_text_data(text), "\"rows\":[[\"a\"]]"));
        vidstore_text_free(text);
    }
    refused(VIDSTORE_INVALID, "params",
            vidstore_call(sys, "app.query", "{\"sql\":\"SELECT 1\",\"max_rows\":9,\"params\":7}", NULL, e));
}
END_TEST

/* What was said to have been done must not go while what came later stays. */
START_TEST(a_batch_that_lost_its_transaction_has_done_nothing) {
    change(sys, "INSERT INTO app_notes (body) VALUES ('a')", NULL);
    refused(VIDSTORE_ABORTED, "items[1]",
            vidstore_batch(sys,
                           "[{\"name\":\"job.submit\",\"args\":{\"kind\":\"x\"}},"
                           "{\"name\":\"app.exec\",\"args\":"
                           "{\"sql\":\"INSERT OR ROLLBACK INTO app_notes (body) VALUES ('a')\"}},"
                           "{\"name\":\"job.submit\",\"args\":{\"kind\":\"x\"}}]",
                           VIDSTORE_BULK_EACH, NULL, e));
    ck_assert_int_eq(count_jobs(sys, NULL), 0);
    refused(VIDSTORE_STATE, "session", vidstore_rollback(sys, e));
}
END_TEST

enum { WRITERS = 8, EACH = 20 };

static void *write_both(void *arg) {
    vidstore_session *session = NULL;
    char params[64];
    must(vidstore_session_system(store, "writer", &session, e));
    for (int i = 0; i < EACH; i++) {
        snprintf(params, sizeof params, "[\"%d of %d\"]", i, (int)(intptr_t)arg);
        change(session, "INSERT INTO app_notes (body) VALUES (?)", params);
        vidstore_error *error = NULL;
        ck_assert_int_eq(
            vidstore_app_exec(session, "INSERT OR ROLLBACK INTO app_notes (body) VALUES (?)", params, NULL, &error),
            VIDSTORE_EXISTS);
        vidstore_error_free(error);
        error = NULL;
        ck_assert_int_eq(/* one row is there already when the other fails */
                         vidstore_app_exec(session, "INSERT OR FAIL INTO app_notes (body) VALUES ('left ' || ?1), (?1)",
                                           params, NULL, &error),
                         VIDSTORE_EXISTS);
        vidstore_error_free(error);
        submit(session, "{\"kind\": \"download_only\"}");
    }
    vidstore_session_free(session);
    return NULL;
}

START_TEST(beside_many_writers) {
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_both, (void *)(intptr_t)i), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    expect("SELECT count(*) FROM app_notes", "[[160]]");
    ck_assert_int_eq(count_jobs(sys, NULL), WRITERS * EACH);
}
END_TEST

Suite *app_suite(void) {
    Suite *suite = suite_create("app");
    TCase *c = tcase_create("app");
    tcase_add_checked_fixture(c, begin_with_notes, end);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, values_go_in_and_come_out);
    tcase_add_test(c, one_commit_for_both);
    tcase_add_test(c, views_tell_what_there_is);
    tcase_add_test(c, steps_are_taken_once);
    tcase_add_test(c, copies_and_checks_know_them);
    tcase_add_test(c, users_may_not);
    tcase_add_test(c, bad_input_names_the_field);
    tcase_add_test(c, no_way_out);
    tcase_add_test(c, a_views_name_gives_no_more_than_the_view);
    tcase_add_test(c, bombs_go_off_within_the_deadline);
    tcase_add_test(c, the_memory_of_others_is_not_its_own);
    tcase_add_test(c, what_a_host_does_wrong_costs_nobody_else);
    tcase_add_test(c, a_lost_transaction_is_lost_at_each_level);
    tcase_add_test(c, a_batch_that_lost_its_transaction_has_done_nothing);
    tcase_add_test(c, parameters_by_name);
    tcase_add_test(c, beside_many_writers);
    suite_add_tcase(suite, c);
    return suite;
}
