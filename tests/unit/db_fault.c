/* SPDX-License-Identifier: MIT */
/* lib/db with every call to the file system and every allocation failing in turn, and a commit that races a
 * checkpoint. The real file system lies underneath: only its answers are changed. */
#include "db_harness.h"
#include "util/alloc.h"

/* --- a file system that fails on request -------------------------------------------------------------------------- */

static sqlite3_vfs shim;
static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static sqlite3_io_methods patched[2]; /* of the database, and of all else: its log */
static const sqlite3_io_methods *real_of[2];
static atomic_long calls, fail_at, hits; /* of all threads */
static atomic_int sticky, fail_log_sync;
static void (*in_window)(void); /* called once, where SQLite before 3.51.3 lets a commit slip in */

static const sqlite3_io_methods *real(sqlite3_file *f) {
    return real_of[f->pMethods == &patched[1]];
}

static int broken(void) {
    long call = atomic_fetch_add(&calls, 1) + 1, at = atomic_load(&fail_at);
    int now = at && (call == at || (sticky && call > at));
    hits += now;
    return now;
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
    return broken() ? SQLITE_IOERR_READ : real(f)->xRead(f, p, n, at);
}
static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
    return broken() ? SQLITE_IOERR_WRITE : real(f)->xWrite(f, p, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 size) {
    return broken() ? SQLITE_IOERR_TRUNCATE : real(f)->xTruncate(f, size);
}
static int shim_sync(sqlite3_file *f, int flags) {
    if (fail_log_sync && f->pMethods == &patched[1])
        return SQLITE_IOERR_FSYNC;
    return broken() ? SQLITE_IOERR_FSYNC : real(f)->xSync(f, flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *ret) {
    return broken() ? SQLITE_IOERR_FSTAT : real(f)->xFileSize(f, ret);
}
static int shim_lock(sqlite3_file *f, int level) {
    return broken() ? SQLITE_IOERR_LOCK : real(f)->xLock(f, level);
}
static int shim_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret) {
    return broken() ? SQLITE_IOERR_SHMMAP : real(f)->xShmMap(f, page, size, extend, ret);
}
static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    /* Giving a lock back does not fail. */
    return (flags & SQLITE_SHM_LOCK) && broken() ? SQLITE_IOERR_SHMLOCK : real(f)->xShmLock(f, offset, n, flags);
}
static int shim_unfetch(sqlite3_file *f, sqlite3_int64 at, void *p) {
    void (*hook)(void) = in_window;
    in_window = NULL;
    if (hook)
        hook();
    return real(f)->xUnfetch(f, at, p);
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags) {
    if (broken())
        return SQLITE_CANTOPEN;
    int rc = real_open(vfs, name, f, flags, ret_flags);
    if (rc != SQLITE_OK)
        return rc;
    int which = !(flags & SQLITE_OPEN_MAIN_DB);
    if (!real_of[which]) {
        real_of[which] = f->pMethods;
        patched[which] = *f->pMethods;
        patched[which].xRead = shim_read;
        patched[which].xWrite = shim_write;
        patched[which].xTruncate = shim_truncate;
        patched[which].xSync = shim_sync;
        patched[which].xFileSize = shim_size;
        patched[which].xLock = shim_lock;
        patched[which].xShmMap = shim_map;
        patched[which].xShmLock = shim_shm_lock;
        patched[which].xUnfetch = shim_unfetch;
    }
    ck_assert_ptr_eq(f->pMethods, real_of[which]);
    f->pMethods = &patched[which];
    return rc;
}

static void shim_install(void) {
    shim = *sqlite3_vfs_find(NULL);
    real_open = shim.xOpen;
    shim.zName = "shim";
    shim.pNext = NULL;
    shim.xOpen = shim_open;
    ck_assert_int_eq(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
}

/* --- a commit that races a checkpoint ------------------------------------------------------------------------------
 */

static sqlite3 *racer;
static int racer_rc;

static void commit_in_window(void) {
    racer_rc = sqlite3_exec(racer, "INSERT INTO settings VALUES ('raced', '1', 1, NULL)", NULL, NULL, NULL);
}

static void fill(struct vs_db *db, int from, int to) {
    static char value[3000];
    memset(value, 'v', sizeof value - 1);
    for (int i = from; i < to; i++) {
        char name[16];
        snprintf(name, sizeof name, "row %d", i);
        struct setting it = {name, value, i};
        must(vs_db_write(db, NULL, op_set, &it, e));
    }
}

START_TEST(no_commit_during_a_checkpoint) {
    shim_install();
    struct vs_db *db = opened(file);
    int64_t left;
    fill(db, 0, 60);
    must(vs_db_checkpoint(db, NULL, &left, e));
    set(db, "row 0", 0);
    must(vs_db_checkpoint(db, NULL, &left, e)); /* from here on everything is copied */
    ck_assert_int_eq(sqlite3_open(file, &racer), SQLITE_OK);
    sqlite3_exec(racer, "PRAGMA wal_autocheckpoint=0; SELECT count(*) FROM settings", NULL, NULL, NULL);
    in_window = commit_in_window;
    racer_rc = -1;
    must(vs_db_checkpoint(db, NULL, &left, e));
    ck_assert_int_eq(racer_rc, SQLITE_BUSY);
    fill(db, 5, 25);
    fill(db, 100, 160);
    must(vs_db_checkpoint(db, NULL, &left, e));
    set(db, "row 1", 1);
    must(vs_db_integrity(db, NULL, 1, e));
    ck_assert_int_eq(get(db, "raced"), -1);
    /* Without the guard the commit does slip in: the window is where we think it is. */
    sqlite3 *careless;
    ck_assert_int_eq(sqlite3_open(file, &careless), SQLITE_OK);
    sqlite3_exec(careless, "PRAGMA wal_autocheckpoint=0; SELECT count(*) FROM settings", NULL, NULL, NULL);
    set(db, "row 0", 1);
    sqlite3_wal_checkpoint_v2(careless, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    in_window = commit_in_window;
    ck_assert_int_eq(sqlite3_wal_checkpoint_v2(careless, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(racer_rc, SQLITE_OK);
    sqlite3_close(careless);
    sqlite3_close(racer);
    vs_db_close(db);
}
END_TEST

/* --- a commit of which nobody knows --------------------------------------------------------------------------------
 */

START_TEST(failed_sync_is_an_unknown_outcome) {
    shim_install();
    struct vs_db *db = opened(file);
    set(db, "a", 1);
    fail_log_sync = 1;
    struct setting it = {"a", "1", 2};
    refused(VIDSTORE_UNKNOWN_OUTCOME, 0, vs_db_write(db, NULL, op_set, &it, e));
    struct vs_txn *txn;
    struct vs_conn *conn;
    must(vs_txn_begin(db, NULL, 0, &txn, e));
    must(vs_txn_enter(txn, NULL, 1, &conn, e));
    must(op_set(conn, &it, e));
    must(vs_txn_leave(txn, 0, e));
    refused(VIDSTORE_UNKNOWN_OUTCOME, 0, vs_txn_commit(txn, e));
    vs_txn_free(txn);
    fail_log_sync = 0;
    ck_assert_int_eq(get(db, "a"), 1);
    set(db, "a", 3);
    ck_assert_int_eq(get(db, "a"), 3);
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
}
END_TEST

struct member {
    struct vs_db *db;
    const char *name;
    atomic_int *let_go;
    int rc;
    pthread_t thread;
};

static int op_wait(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct member *m = arg;
    struct setting it = {m->name, "1", 1};
    while (m->let_go && !atomic_load(m->let_go))
        usleep(1000);
    return op_set(conn, &it, e);
}

static void *write_it(void *arg) {
    struct member *m = arg;
    m->rc = vs_db_write(m->db, NULL, op_wait, m, NULL);
    return NULL;
}

START_TEST(unknown_outcome_is_told_to_all) {
    shim_install();
    struct vs_db *db = opened(file);
    atomic_int let_go = 0;
    struct member m[] = {
        {db, "holds", &let_go, 0, 0}, {db, "a", NULL, 0, 0}, {db, "b", NULL, 0, 0}, {db, "c", NULL, 0, 0}};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&m[i].thread, NULL, write_it, &m[i]), 0);
        usleep(20000);
    }
    fail_log_sync = 1;
    atomic_store(&let_go, 1);
    for (int i = 0; i < 4; i++) {
        pthread_join(m[i].thread, NULL);
        ck_assert_int_eq(m[i].rc, VIDSTORE_UNKNOWN_OUTCOME);
        ck_assert_int_eq(get(db, m[i].name), -1);
    }
    fail_log_sync = 0;
    set(db, "a", 3);
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
}
END_TEST

/* --- everything fails once ------------------------------------------------------------------------------------------
 */

/* What a run did, by what it was told. */
struct outcome {
    int opened, write[4];
};

static int typed(int rc) {
    return rc == 0 || (rc != VIDSTORE_INTERNAL && rc != VIDSTORE_MISUSE && rc != VIDSTORE_STATE);
}

static void run(struct outcome *o, const char *target) {
    static const char *const names[] = {"w0", "w1", "w2", "w3"};
    struct vs_db *db = NULL;
    struct vs_call call = within_ms(2000);
    memset(o, 0, sizeof *o);
    for (int i = 0; i < 4; i++)
        o->write[i] = VIDSTORE_CANCELLED;
    o->opened = vs_db_open(&(struct vs_db_params){.path = file, .create = 1, .deadline_ms = 500}, &db, NULL);
    if (o->opened)
        return;
    for (int i = 0; i < 4; i++) {
        struct setting it = {names[i], "1", i};
        o->write[i] = vs_db_write(db, &call, op_set, &it, NULL);
        ck_assert(typed(o->write[i]));
        int rc = vs_db_read(db, &call, op_get, &it, NULL);
        ck_assert(typed(rc));
        if (rc == 0 && o->write[i] == 0)
            ck_assert_int_eq(it.number, i);
        if (i == 1)
            ck_assert(typed(vs_db_checkpoint(db, &call, NULL, NULL)));
        if (i == 2 && target)
            ck_assert(typed(vs_db_backup(db, &call, target, NULL, NULL, NULL)));
    }
    vs_db_close(db);
}

/* Every object of the schema with its text; to be freed. */
static char *schema_of(const char *path) {
    sqlite3 *raw = NULL;
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_int_eq(
        sqlite3_prepare_v2(raw,
                           "SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), char(10)) "
                           "FROM (SELECT * FROM sqlite_schema ORDER BY type, name)",
                           -1, &s, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    char *text = strdup((const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(raw);
    return text;
}

/* What the migrations make, told by the library once: to make it anew after each fault would take most of the time. */
static char *wanted;

static void learn_schema(void) {
    struct vs_db *db = opened(file);
    must(vs_db_schema_check(db, NULL, e));
    vs_db_close(db);
    wanted = schema_of(file);
    folder_remove();
    folder_make();
}

/* Told so: there. Told of a failure: not there. Told that nobody knows: either. */
static void check_outcome(const struct outcome *o, long at) {
    struct vs_db *db = opened(file);
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        int64_t there = get(db, name);
        if (o->write[i] == 0)
            ck_assert_msg(there == i, "fault %ld: acknowledged write %d is gone", at, i);
        else if (o->write[i] != VIDSTORE_UNKNOWN_OUTCOME)
            ck_assert_msg(there == -1, "fault %ld: write %d said %s and is there", at, i,
                          vidstore_status_name(o->write[i]));
    }
    must(vs_db_integrity(db, NULL, 1, e));
    vs_db_close(db);
    char *schema = schema_of(file);
    ck_assert_msg(strcmp(schema, wanted) == 0, "fault %ld: the schema is not what the migrations make", at);
    free(schema);
}

static void empty_folder(void) {
    folder_remove();
    folder_make();
}

START_TEST(every_file_operation_fails) {
    char target[128];
    struct outcome o;
    learn_schema();
    shim_install();
    sticky = _i;
    long at = 1;
    for (;; at += 1 + at / 50) {
        snprintf(target, sizeof target, "%s/copy.db", folder);
        calls = hits = 0;
        fail_at = at;
        run(&o, target);
        fail_at = 0;
        if (!hits)
            break;
        ck_assert(typed(o.opened));
        check_outcome(&o, at);
        empty_folder();
    }
    ck_assert_int_gt(at, 100);
    ck_assert_int_eq(o.opened, 0);
    free(wanted);
}
END_TEST

/* --- out of memory ---------------------------------------------------------------------------------------------------
 */

static sqlite3_mem_methods engine;
static struct vs_env env;
static long allocations, starve_at, starved;

static int starve(void) {
    allocations++;
    int now = starve_at && allocations == starve_at;
    starved += now;
    return now;
}
static void *engine_malloc(int n) {
    return starve() ? NULL : engine.xMalloc(n);
}
static void *engine_realloc(void *p, int n) {
    return starve() ? NULL : engine.xRealloc(p, n);
}
static void *own_alloc(void *p, size_t n) {
    return starve() ? NULL : vs_env_real.alloc(p, n);
}

START_TEST(every_allocation_fails) {
    struct outcome o;
    sqlite3_mem_methods hooked;
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &engine), SQLITE_OK);
    hooked = engine;
    hooked.xMalloc = engine_malloc;
    hooked.xRealloc = engine_realloc;
    ck_assert_int_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &hooked), SQLITE_OK);
    env = vs_env_real;
    env.alloc = own_alloc;
    vs_env_set(&env);
    ck_assert_int_eq(sqlite3_initialize(), SQLITE_OK);
    learn_schema();
    long at = 1, seen = 0;
    for (;; at += 1 + at / 25) {
        allocations = starved = 0;
        starve_at = at;
        run(&o, NULL);
        starve_at = 0;
        if (!starved)
            break;
        ck_assert_msg(o.opened == 0 || o.opened == VIDSTORE_NOMEM || o.opened == VIDSTORE_UNKNOWN_OUTCOME,
                      "allocation %ld: %s", at, vidstore_status_name(o.opened));
        seen++;
        check_outcome(&o, at);
        empty_folder();
    }
    ck_assert_int_gt(seen, 100);
    ck_assert_int_eq(o.opened, 0);
    vs_env_set(NULL);
    free(wanted);
}
END_TEST

Suite *db_fault_suite(void);

Suite *db_fault_suite(void) {
    Suite *suite = suite_create("db_fault");
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(faults, folder_make, folder_remove);
    tcase_set_timeout(faults, 100);
    tcase_add_test(faults, no_commit_during_a_checkpoint);
    tcase_add_test(faults, failed_sync_is_an_unknown_outcome);
    tcase_add_test(faults, unknown_outcome_is_told_to_all);
    tcase_add_loop_test(faults, every_file_operation_fails, 0, 2); /* once; from then on */
    tcase_add_test(faults, every_allocation_fails);
    suite_add_tcase(suite, faults);
    return suite;
}
